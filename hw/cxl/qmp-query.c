/*
 * QMP's view into CXL: windows, ports, decoders, and where they lead
 *
 * Nothing here changes any state: a query can be made at any time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/qapi-commands-cxl-query.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/cxl-host.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/cxl/decode/window-explain.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pcie.h"
#include "qmp-query.h"

/* Port numbers are bytes */
#define QUERY_PORTS     (UINT8_MAX + 1)

/**
 * Query: what is being put together
 * @ports, @devices: where the next one is to be linked in
 * @seen: memory devices that have been
 */
typedef struct Query {
    CXLInfo *info;
    CXLPortInfoList **ports;
    CXLDeviceInfoList **devices;
    GHashTable *seen;
} Query;

/* Decoders */

static uint8List *query_targets(const CXLDecoder *d)
{
    uint8List *head = NULL, **tail = &head;

    for (unsigned way = 0; way < MIN(d->ways, 8); way++) {
        QAPI_LIST_APPEND(tail, d->targets[way]);
    }
    return head;
}

CXLDecoderInfo *cxl_query_decoder(unsigned n, const CXLDecoderState *state)
{
    CXLDecoderInfo *info = g_new0(CXLDecoderInfo, 1);
    const CXLDecoder *d = &state->d;

    info->index = n;
    info->base = d->base;
    info->size = d->size;
    info->has_ways = d->ways;
    info->ways = d->ways;
    info->has_granularity = d->granularity;
    info->granularity = d->granularity;
    info->has_targets = !state->endpoint;
    info->targets = state->endpoint ? NULL : query_targets(d);
    info->has_dpa = info->has_skip = state->endpoint;
    info->dpa = d->dpa;
    info->skip = state->skip;
    info->control = state->control;
    info->committed = state->committed;
    info->locked = state->locked;
    info->error = state->error;
    if (state->refusal) {
        info->why = g_strdup_printf("%s (CXL r3.1 %s)", state->refusal,
                                    state->section);
    }
    return info;
}

CXLDecoderInfoList *cxl_query_decoders(Object *obj)
{
    CXLDecoderInfoList *head = NULL, **tail = &head;
    CXLDecoderState state;

    for (unsigned n = 0; cxl_window_decoder_state(obj, n, &state); n++) {
        QAPI_LIST_APPEND(tail, cxl_query_decoder(n, &state));
    }
    return head;
}

/* Windows and regions */

CXLWindowInfo *cxl_query_window(unsigned index)
{
    const CXLHost *host = cxl_host_current();
    const CXLFixedMemoryWindowOptions *options =
        cxl_host_window_options(host, index);
    const CXLWindow *w = &host->windows[index];
    CXLWindowInfo *info = g_new0(CXLWindowInfo, 1);
    const CXLDecoder *d = &w->spec.decoder;
    strList **tail = &info->targets;

    info->index = w->index;
    info->base = d->base;
    info->size = d->size;
    info->granularity = d->granularity;
    info->arithmetic = w->spec.arithmetic == CXL_ARITHMETIC_XOR
                           ? CXL_INTERLEAVE_ARITHMETIC_XOR
                           : CXL_INTERLEAVE_ARITHMETIC_MODULO;
    info->restrictions = cxl_host_restrictions(options);
    info->qtg_id = cxl_host_qtg_id(options);
    for (unsigned way = 0; way < d->ways; way++) {
        Object *bridge = OBJECT(w->spec.bridges[d->targets[way]]);

        QAPI_LIST_APPEND(tail, cxl_name(bridge));
    }
    return info;
}

static CXLRegionMember *query_member(const CXLSegment *s, const CXLPosition *p)
{
    CXLRegionMember *info = g_new0(CXLRegionMember, 1);

    info->device = cxl_name(OBJECT(p->mem));
    info->dpa = p->dpa + cxl_interleave_to_device(s->hpa - p->base, p->ways,
                                                  p->granularity);
    info->ways = p->ways;
    info->granularity = p->granularity;
    return info;
}

/* Devices in the order of their turns; XOR has them in an order of its own */
static void query_members(CXLRegionInfo *info, const CXLSegment *s)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    CXLRegionMemberList **tail = &info->members;

    for (uint32_t i = 0; i < 2 * s->nr; i++) {
        uint64_t hpa = s->hpa + (uint64_t)i * s->granularity;
        uint32_t turn = i < s->nr ? cxl_segment_position(s, hpa) : i - s->nr;
        const CXLPosition *p = &s->positions[turn];

        if (p->mem && g_hash_table_add(seen, p->mem)) {
            QAPI_LIST_APPEND(tail, query_member(s, p));
        }
    }
    for (uint32_t i = 0; i < s->nr; i++) {
        info->missing += !s->positions[i].mem;
    }
}

static void query_mapping(CXLRegionInfo *info, const CXLWindow *w)
{
    const char *how = cxl_window_how(w, info->base, &info->holes);

    if (g_str_equal(how, "alias")) {
        info->mapping = CXL_REGION_MAPPING_ALIAS;
    } else if (g_str_equal(how, "view")) {
        info->mapping = CXL_REGION_MAPPING_VIEW;
    } else {
        info->mapping = CXL_REGION_MAPPING_IO;
        info->why = g_strdup(how + strlen("io: "));
        info->holes = 0;
    }
}

static CXLRegionInfo *query_region(const CXLWindow *w, const CXLSegment *s)
{
    CXLRegionInfo *info = g_new0(CXLRegionInfo, 1);

    info->window = w->index;
    info->base = s->hpa;
    info->size = s->size;
    info->granularity = s->granularity;
    info->turns = s->nr;
    query_members(info, s);
    info->whole = !info->missing;
    query_mapping(info, w);
    return info;
}

static void query_windows(CXLInfo *info, const CXLHost *host)
{
    CXLWindowInfoList **windows = &info->windows;
    CXLRegionInfoList **regions = &info->regions;

    for (unsigned i = 0; i < host->nr_windows; i++) {
        const CXLWindow *w = &host->windows[i];
        const CXLRoute *route = cxl_window_route(w);

        QAPI_LIST_APPEND(windows, cxl_query_window(i));
        for (unsigned n = 0; n < route->nr; n++) {
            QAPI_LIST_APPEND(regions, query_region(w, &route->segments[n]));
        }
    }
}

/* Ports and devices */

/* What is plugged into a root port or downstream port */
static PCIDevice *query_below(PCIDevice *port)
{
    return pci_bridge_get_sec_bus(PCI_BRIDGE(port))->devices[0];
}

static CXLPortInfo *query_port_new(Query *q, Object *obj, Object *parent,
                                   CXLPortType type)
{
    CXLPortInfo *info = g_new0(CXLPortInfo, 1);

    info->name = cxl_name(obj);
    info->qom_path = object_get_canonical_path(obj);
    info->type = type;
    info->parent = parent ? cxl_name(parent) : NULL;
    QAPI_LIST_APPEND(q->ports, info);
    return info;
}

static void query_device(Query *q, Object *obj, Object *parent)
{
    if (g_hash_table_add(q->seen, obj)) {
        QAPI_LIST_APPEND(q->devices, cxl_query_device(obj, parent));
    }
}

static void query_component(Query *q, Object *obj, Object *parent,
                            CXLPortType type);

/* The root port or downstream port @via of @parent, and all below */
static void query_port(Query *q, Object *via, Object *parent, Object *target)
{
    PCIDevice *pdev = PCI_DEVICE(via);
    PCIDevice *below = query_below(pdev);
    bool root = pcie_cap_get_type(pdev) == PCI_EXP_TYPE_ROOT_PORT;
    CXLPortInfo *info = query_port_new(q, via, parent,
                                       root ? CXL_PORT_TYPE_ROOT_PORT
                                            : CXL_PORT_TYPE_DOWNSTREAM_PORT);

    info->has_number = true;
    info->number = cxl_pcie_port_get_number(pdev);
    info->below = below ? cxl_name(OBJECT(below)) : NULL;
    info->has_below_cxl = below;
    info->below_cxl = target;
    if (target) {
        query_component(q, target, via, CXL_PORT_TYPE_UPSTREAM_PORT);
    }
}

/* A host bridge or an upstream port, and all below it */
static void query_ports(Query *q, Object *obj, unsigned nr)
{
    for (unsigned number = 0; number < nr; number++) {
        Object *target, *via;

        cxl_window_target(CXL_PORT(obj), number, &target, &via);
        if (target && !via) {
            via = OBJECT(pci_get_bus(PCI_DEVICE(target))->parent_dev);
        }
        if (via) {
            query_port(q, via, obj, target);
        }
    }
}

static void query_component(Query *q, Object *obj, Object *parent,
                            CXLPortType type)
{
    if (object_dynamic_cast(obj, TYPE_CXL_MEM)) {
        query_device(q, obj, parent);
    } else {
        CXLPortInfo *info = query_port_new(q, obj, parent, type);

        info->decoders = cxl_query_decoders(obj);
        query_ports(q, obj, QUERY_PORTS);
    }
}

static void query_bridge(Query *q, const CXLHostBridge *bridge)
{
    CXLPortInfo *info = query_port_new(q, bridge->obj, NULL,
                                       CXL_PORT_TYPE_HOST_BRIDGE);
    CXLPort *port = CXL_PORT(bridge->obj);

    info->has_uid = info->has_registers = info->has_passthrough = true;
    info->uid = bridge->uid;
    info->registers = bridge->regs;
    info->passthrough = !CXL_PORT_GET_CLASS(port)->nr_decoders(port);
    info->decoders = cxl_query_decoders(bridge->obj);
    query_ports(q, bridge->obj, info->passthrough ? 1 : QUERY_PORTS);
}

/* A memory device that no CXL port leads to */
static int query_stray(Object *obj, void *opaque)
{
    if (object_dynamic_cast(obj, TYPE_CXL_MEM) &&
        qdev_is_realized(DEVICE(obj))) {
        query_device(opaque, obj, NULL);
    }
    return 0;
}

CXLInfo *qmp_query_cxl(Error **errp)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    CXLInfo *info = g_new0(CXLInfo, 1);
    const CXLHost *host = cxl_host_current();
    Query q = {
        .info = info, .ports = &info->ports, .devices = &info->devices,
        .seen = seen,
    };

    if (!host) {
        return info;
    }
    query_windows(info, host);
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        query_bridge(&q, &host->bridges[i]);
    }
    object_child_foreach_recursive(object_get_root(), query_stray, &q);
    return info;
}

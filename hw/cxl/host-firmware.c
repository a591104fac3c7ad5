/*
 * What the platform's firmware does to decoders before a guest runs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "hw/cxl/cxl-host.h"
#include "hw/cxl/decode/region.h"
#include "hw/cxl/trace.h"
#include "hw/qdev-core.h"

/**
 * FirmwareDevice: what firmware has made of a memory device so far
 * @decoders: how many are in use
 * @dpa: where the next one would begin without DPA Skip
 * @vmem, @pmem: how much of each kind of memory regions have
 * @base: CXL r3.1 8.1.3.8: where the DVSEC's ranges are to begin
 */
typedef struct FirmwareDevice {
    unsigned decoders;
    uint64_t dpa;
    uint64_t vmem;
    uint64_t pmem;
    uint64_t base[2];
    bool lock;
    bool unready;
} FirmwareDevice;

/**
 * Firmware: while regions are mapped
 * @dry: nothing is written; errors are found
 * @ports: number of decoders in use of each port
 * @devices: FirmwareDevice of each device
 */
typedef struct Firmware {
    CXLHost *host;
    bool dry;
    GHashTable *ports;
    GHashTable *devices;
} Firmware;

static CXLDecoderSetup firmware_setup(const CXLHostRegion *r, bool commit)
{
    return (CXLDecoderSetup) {
        .decoder.base = r->hpa,
        .decoder.size = r->size,
        .commit = commit,
        .lock = commit && r->options->locked,
    };
}

static FirmwareDevice *firmware_device(Firmware *f, void *mem)
{
    FirmwareDevice *d = g_hash_table_lookup(f->devices, mem);

    if (!d) {
        d = g_new0(FirmwareDevice, 1);
        g_hash_table_insert(f->devices, mem, d);
    }
    return d;
}

/* Where in the device's memory its part of @r begins */
static uint64_t firmware_dpa(FirmwareDevice *d, const CXLHostRegion *r,
                             const CXLMemCapacity *capacity)
{
    uint64_t share = r->size / r->ways, dpa;
    bool persistent = r->options->persistent;
    /* CXL r3.1 8.1.3.8: ranges of kinds that a device lacks are left out */
    unsigned range = persistent && capacity->vmem;

    if (persistent) {
        dpa = capacity->vmem + d->pmem;
        d->pmem += share;
    } else {
        dpa = d->vmem;
        d->vmem += share;
    }
    if (!d->base[range]) {
        d->base[range] = r->hpa;
    }
    return dpa;
}

/* Whether memory is there: a guest can have partitioned it anew */
static bool firmware_fits(const FirmwareDevice *d,
                          const CXLMemCapacity *capacity)
{
    return d->vmem <= capacity->vmem && d->pmem <= capacity->pmem;
}

static bool firmware_map_device(Firmware *f, const CXLHostRegion *r, void *mem,
                                bool commit, Error **errp)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);
    CXLMemCapacity capacity = mc->capacity(CXL_MEM(mem));
    FirmwareDevice *d = firmware_device(f, mem);
    CXLDecoderSetup setup = firmware_setup(r, commit);
    uint64_t dpa = firmware_dpa(d, r, &capacity);
    const char *name = DEVICE(mem)->id ?: object_get_typename(mem);

    setup.decoder.ways = r->ways;
    setup.decoder.granularity = r->granularity;
    setup.skip = dpa - d->dpa;
    d->lock |= setup.lock;
    d->unready |= r->options->state == CXL_REGION_STATE_NOT_READY;
    if (d->decoders >= mc->nr_decoders(CXL_MEM(mem))) {
        error_setg(errp, "cxl-region.%u: '%s' has only %u HDM decoders",
                   r->index, name, d->decoders);
        return false;
    }
    if (dpa < d->dpa) {
        error_setg(errp, "cxl-region.%u: on '%s' a region of volatile memory "
                   "cannot follow one of persistent memory", r->index, name);
        return false;
    }
    d->dpa = dpa + r->size / r->ways;
    if (!firmware_fits(d, &capacity) ||
        (!f->dry && !mc->program(CXL_MEM(mem), d->decoders, &setup))) {
        error_setg(errp, "cxl-region.%u: '%s' does not take the region",
                   r->index, name);
        return false;
    }
    d->decoders++;
    return true;
}

static bool firmware_map_port(Firmware *f, const CXLHostRegion *r,
                              const CXLRegionPort *part, Error **errp)
{
    CXLPort *port = CXL_PORT(part->node);
    CXLPortClass *pc = CXL_PORT_GET_CLASS(port);
    CXLDecoderSetup setup = firmware_setup(r, true);
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(f->ports, port));
    const char *name = DEVICE(port)->id ?: object_get_typename(OBJECT(port));

    if (n >= pc->nr_decoders(port)) {
        error_setg(errp, "cxl-region.%u: '%s' has only %u HDM decoders",
                   r->index, name, n);
        return false;
    }
    setup.decoder.ways = part->ways;
    setup.decoder.granularity = part->granularity;
    memcpy(setup.decoder.targets, part->targets, sizeof(part->targets));
    if (!f->dry && !pc->program(port, n, &setup)) {
        error_setg(errp, "cxl-region.%u: '%s' does not take the region",
                   r->index, name);
        return false;
    }
    g_hash_table_insert(f->ports, port, GUINT_TO_POINTER(n + 1));
    return true;
}

static bool firmware_map_devices(Firmware *f, const CXLHostRegion *r,
                                 const CXLRegionPlan *plan, Error **errp)
{
    bool missing = r->options->state == CXL_REGION_STATE_MEMBER_MISSING;

    for (unsigned i = 0; i < plan->ways; i++) {
        bool commit = !missing || i + 1u < plan->ways;

        if (!firmware_map_device(f, r, plan->members[i], commit, errp)) {
            return false;
        }
    }
    return true;
}

/* Those next to the devices come first, so that nothing is whole too early */
static bool firmware_map_ports(Firmware *f, const CXLHostRegion *r,
                               const CXLRegionPlan *plan, Error **errp)
{
    for (unsigned i = plan->ports->len; i-- > 0; ) {
        if (!firmware_map_port(f, r, &g_array_index(plan->ports, CXLRegionPort,
                                                    i), errp)) {
            return false;
        }
    }
    return true;
}

/* Devices can have gone or moved since the region was placed */
static CXLRegionPlan *firmware_plan(const Firmware *f, const CXLHostRegion *r,
                                    Error **errp)
{
    const CXLWindowSpec *window = &f->host->windows[r->window].spec;
    void *members[CXL_WAYS_MAX];
    g_autofree char *why = NULL;
    CXLRegionPlan *plan;

    for (unsigned i = 0; i < r->ways; i++) {
        members[i] = cxl_host_region_member(r, i);
        if (!members[i]) {
            error_setg(errp, "cxl-region.%u: '%s' has gone", r->index,
                       r->paths[i]);
            return NULL;
        }
    }
    plan = cxl_region_plan(window, &cxl_window_topology, members, r->ways,
                           r->granularity, &why);
    if (!plan) {
        error_setg(errp, "cxl-region.%u: %s", r->index, why);
    }
    return plan;
}

static bool firmware_map(Firmware *f, const CXLHostRegion *r, Error **errp)
{
    CXLRegionPlan *plan = firmware_plan(f, r, errp);
    CXLRegionState state = r->options->state;
    bool ok = plan;

    if (ok && state != CXL_REGION_STATE_PORTS_ONLY) {
        ok = firmware_map_devices(f, r, plan, errp);
    }
    if (ok && state != CXL_REGION_STATE_DEVICES_ONLY) {
        ok = firmware_map_ports(f, r, plan, errp);
    }
    cxl_region_plan_free(plan);
    return ok;
}

static void firmware_enable(void *mem, void *opaque, void *unused)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);
    const FirmwareDevice *d = opaque;

    mc->enable(CXL_MEM(mem), d->base, d->lock);
    if (d->unready) {
        mc->unready(CXL_MEM(mem));
    }
}

static void firmware_begin(Firmware *f, CXLHost *host, bool dry)
{
    *f = (Firmware) {
        .host = host,
        .dry = dry,
        .ports = g_hash_table_new(NULL, NULL),
        .devices = g_hash_table_new_full(NULL, NULL, NULL, g_free),
    };
}

static void firmware_end(Firmware *f)
{
    g_hash_table_unref(f->ports);
    g_hash_table_unref(f->devices);
}

bool cxl_host_check_regions(CXLHost *host, Error **errp)
{
    Firmware f;
    bool ok = true;

    firmware_begin(&f, host, true);
    for (unsigned i = 0; ok && i < host->nr_regions; i++) {
        ok = firmware_map(&f, &host->regions[i], errp);
    }
    firmware_end(&f);
    return ok;
}

/* A saved state comes with decoders of its own */
void cxl_host_reset(CXLHost *host, ResetType type)
{
    Firmware f;

    if (!host || !host->nr_regions || type == RESET_TYPE_SNAPSHOT_LOAD) {
        return;
    }
    firmware_begin(&f, host, false);
    for (unsigned i = 0; i < host->nr_regions; i++) {
        const CXLHostRegion *r = &host->regions[i];
        Error *err = NULL;

        if (firmware_map(&f, r, &err)) {
            trace_cxl_host_region_mapped(r->index, r->hpa);
        } else {
            warn_report_err(err);
        }
    }
    g_hash_table_foreach(f.devices, firmware_enable, NULL);
    firmware_end(&f);
}

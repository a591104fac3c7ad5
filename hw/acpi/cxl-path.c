/*
 * What accesses to CXL memory cost, all the way from a processor
 *
 * An OS adds up the same: the generic port of the host bridge, the links as
 * Link Status has them, SSLBIS of switches and DSLBIS of devices. Latencies
 * on a way add up, and of ways that interleave the longest counts; bandwidths
 * of ways that interleave add up, as far as what they share lets them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "qapi/error.h"
#include "cxl_internal.h"

/* Port numbers are bytes (CXL r3.1 8.2.4.20.8) */
#define PATH_PORTS              256

/* PCIe r6.0 7.5.3.20: Flit Mode Status of Link Status 2 */
#define LNKSTA2_FLIT            0x0400

/**
 * Walk: through a tree of ports
 * @region: whose members' memory matters; NULL: all devices' does
 * @unknown: the performance of what matters is not known
 */
typedef struct Walk {
    const CXLHostRegion *region;
    bool unknown;
} Walk;

/* PCIe r6.0 7.5.3.8: megatransfers a second of Current Link Speed */
static uint32_t path_speed(uint16_t status)
{
    static const uint32_t mts[] = {
        [1] = 2500, [2] = 5000, [3] = 8000, [4] = 16000, [5] = 32000,
        [6] = 64000,
    };
    unsigned speed = status & PCI_EXP_LNKSTA_CLS;

    return speed < ARRAY_SIZE(mts) ? mts[speed] : 0;
}

static unsigned path_width(uint16_t status)
{
    return (status & PCI_EXP_LNKSTA_NLW) >> PCI_EXP_LNKSTA_NLW_SHIFT;
}

/* As the guest reads it: a port takes it over from the device below */
static uint16_t path_status(PCIDevice *pdev, unsigned offset)
{
    return pci_default_read_config(pdev, pdev->exp.exp_cap + offset, 2);
}

/* The link that @below is at the lower end of */
static CXLPerf path_link(Object *below)
{
    PCIDevice *pdev = PCI_DEVICE(below);
    PCIDevice *port = pci_get_bus(pdev)->parent_dev;
    uint16_t lower = path_status(pdev, PCI_EXP_LNKSTA);
    uint16_t upper = path_status(port, PCI_EXP_LNKSTA);

    return cxl_perf_link(MIN(path_speed(lower), path_speed(upper)),
                         MIN(path_width(lower), path_width(upper)),
                         path_status(pdev, PCI_EXP_LNKSTA2) & LNKSTA2_FLIT);
}

/* Where in @mem's memory @region is, or would be; or its beginning */
static uint64_t path_dpa(CXLMem *mem, const CXLHostRegion *region)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);
    CXLDecoder decoder;

    for (unsigned n = 0; region && n < mc->nr_decoders(mem); n++) {
        if (mc->decoder(mem, n, &decoder) && decoder.base == region->hpa) {
            return decoder.dpa;
        }
    }
    return region && region->options->persistent ? mc->capacity(mem).vmem : 0;
}

static bool path_matters(const Walk *walk, const Object *mem)
{
    for (unsigned i = 0; walk->region && i < walk->region->ways; i++) {
        if (cxl_host_region_member(walk->region, i) == mem) {
            return true;
        }
    }
    return !walk->region;
}

static bool path_mem(Walk *walk, CXLMem *mem, CXLPerf *perf)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);

    if (!path_matters(walk, OBJECT(mem))) {
        return false;
    }
    if (!mc->perf || !mc->perf(mem, path_dpa(mem, walk->region), perf)) {
        walk->unknown = true;
        *perf = (CXLPerf) { };
    }
    return true;
}

static bool path_below(Walk *walk, Object *obj, CXLPerf *perf);

/* All that matters below the ports of a switch, with the way through it */
static bool path_switch(Walk *walk, CXLPort *port, CXLPerf *perf)
{
    CXLPortClass *pc = CXL_PORT_GET_CLASS(port);
    bool found = false;

    *perf = (CXLPerf) { };
    for (unsigned n = 0; n < PATH_PORTS; n++) {
        Object *target = pc->target(port, n);
        CXLPerf way, hop;

        if (!target || !path_below(walk, target, &way)) {
            continue;
        }
        if (pc->perf && pc->perf(port, n, &hop)) {
            cxl_perf_in_series(&way, &hop);
        } else {
            walk->unknown = true;
        }
        cxl_perf_beside(perf, &way);
        found = true;
    }
    return found;
}

/* What matters of @obj, device or switch, with the link to the port above */
static bool path_below(Walk *walk, Object *obj, CXLPerf *perf)
{
    CXLPerf link = path_link(obj);
    bool found;

    if (object_dynamic_cast(obj, TYPE_CXL_MEM)) {
        found = path_mem(walk, CXL_MEM(obj), perf);
    } else {
        found = path_switch(walk, CXL_PORT(obj), perf);
    }
    if (found) {
        cxl_perf_in_series(perf, &link);
    }
    return found;
}

/* All that matters below the root ports of a host bridge */
static bool path_bridge(Walk *walk, CXLPort *bridge, CXLPerf *perf)
{
    CXLPortClass *pc = CXL_PORT_GET_CLASS(bridge);
    unsigned ports = pc->nr_decoders(bridge) ? PATH_PORTS : 1;
    bool found = false;

    *perf = (CXLPerf) { };
    for (unsigned n = 0; n < ports; n++) {
        Object *target = pc->target(bridge, n);
        CXLPerf way;

        if (target && path_below(walk, target, &way)) {
            cxl_perf_beside(perf, &way);
            found = true;
        }
    }
    return found;
}

/* Add what it takes to get to the NUMA node that the host bridge is near to */
static void path_add_distance(const NumaState *numa, unsigned initiator,
                              const CXLHostBridge *bridge, CXLPerf *perf)
{
    unsigned node = object_property_find(bridge->obj, "numa_node") ?
        object_property_get_uint(bridge->obj, "numa_node", &error_abort) :
        NUMA_NODE_UNASSIGNED;
    CXLPerf way = { };

    if (node >= numa->num_nodes) {
        return;
    }
    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        unsigned distance = cxl_numa_distance(numa, initiator, node);

        way.latency[d] = CXL_DRAM_NS * (distance - NUMA_DISTANCE_MIN) /
                         NUMA_DISTANCE_MIN;
    }
    cxl_perf_in_series(perf, &way);
}

CXLPerf cxl_path_to_bridge(const NumaState *numa, unsigned initiator,
                           const CXLHostBridge *bridge)
{
    CXLPort *port = CXL_PORT(bridge->obj);
    CXLPortClass *pc = CXL_PORT_GET_CLASS(port);
    CXLPerf perf = { }, user = { };
    unsigned node;

    if (pc->perf && pc->perf(port, 0, &perf)) {
        path_add_distance(numa, initiator, bridge, &perf);
    }
    if (cxl_domain_of_user(bridge, &node)) {
        user = cxl_hmat_of_user(numa, initiator, node);
    }
    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        perf.latency[d] = user.latency[d] ?: perf.latency[d];
        perf.bandwidth[d] = user.bandwidth[d] ?: perf.bandwidth[d];
    }
    return perf;
}

void cxl_path_find(const CXLHost *host, const CXLHostRegion *region,
                   CXLPaths *paths)
{
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        Walk walk = { .region = region };
        CXLPort *port = CXL_PORT(host->bridges[i].obj);

        paths->found[i] = path_bridge(&walk, port, &paths->below[i]);
        paths->unknown[i] = walk.unknown;
    }
}

static bool path_leads_to(const CXLWindow *window, const CXLHostBridge *bridge)
{
    for (unsigned i = 0; i < window->spec.decoder.ways; i++) {
        if ((Object *)window->spec.bridges[i] == bridge->obj) {
            return true;
        }
    }
    return false;
}

bool cxl_path_through_window(const CXLHost *host, const NumaState *numa,
                             unsigned initiator, unsigned window,
                             const CXLPaths *paths, CXLPerf *perf)
{
    *perf = (CXLPerf) { };
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        const CXLHostBridge *bridge = &host->bridges[i];
        CXLPerf way = paths->below[i], to;

        if (!paths->found[i] ||
            !path_leads_to(&host->windows[window], bridge)) {
            continue;
        }
        if (paths->unknown[i]) {
            return false;
        }
        to = cxl_path_to_bridge(numa, initiator, bridge);
        cxl_perf_in_series(&way, &to);
        cxl_perf_beside(perf, &way);
    }
    return cxl_perf_known(perf);
}

/* From the device up to the root port that it is below */
static bool path_up(Object *mem, CXLPerf *perf)
{
    Walk walk = { };
    PCIDevice *pdev = PCI_DEVICE(mem), *port;
    PCIBus *above;

    for (path_mem(&walk, CXL_MEM(mem), perf); ; pdev = above->parent_dev) {
        CXLPerf link = path_link(OBJECT(pdev)), hop;
        CXLPort *usp;

        cxl_perf_in_series(perf, &link);
        port = pci_get_bus(pdev)->parent_dev;
        above = pci_get_bus(port);
        if (pci_bus_is_root(above)) {
            return !walk.unknown;
        }
        usp = CXL_PORT(above->parent_dev);
        if (!CXL_PORT_GET_CLASS(usp)->perf ||
            !CXL_PORT_GET_CLASS(usp)->perf(usp, cxl_pcie_port_get_number(port),
                                           &hop)) {
            return false;
        }
        cxl_perf_in_series(perf, &hop);
    }
}

/* Memory devices below @port, switches included */
static void path_collect(CXLPort *port, GPtrArray *devices)
{
    CXLPortClass *pc = CXL_PORT_GET_CLASS(port);
    unsigned ports = pc->nr_decoders(port) ? PATH_PORTS : 1;

    for (unsigned n = 0; n < ports; n++) {
        Object *target = pc->target(port, n);

        if (target && object_dynamic_cast(target, TYPE_CXL_MEM)) {
            g_ptr_array_add(devices, target);
        } else if (target) {
            path_collect(CXL_PORT(target), devices);
        }
    }
}

/* From the processors that have the least latency to it */
static CXLPerf path_nearest(const NumaState *numa, const CXLHostBridge *bridge)
{
    CXLPerf best = { };

    for (unsigned i = 0; i < numa->num_nodes; i++) {
        if (cxl_numa_has_cpu(i)) {
            CXLPerf perf = cxl_path_to_bridge(numa, i, bridge);

            if (!cxl_perf_known(&best) || perf.latency[CXL_PERF_READ] <
                                          best.latency[CXL_PERF_READ]) {
                best = perf;
            }
        }
    }
    return best;
}

/* Sums of what devices have, and how many they are */
typedef struct Mean {
    uint64_t latency[CXL_PERF_DIRECTIONS];
    uint64_t bandwidth[CXL_PERF_DIRECTIONS];
    unsigned nr;
} Mean;

static void mean_add_bridge(Mean *mean, const NumaState *numa,
                            const CXLHostBridge *bridge)
{
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    CXLPerf to = path_nearest(numa, bridge);

    path_collect(CXL_PORT(bridge->obj), devices);
    for (unsigned i = 0; i < devices->len; i++) {
        CXLPerf perf;

        if (path_up(g_ptr_array_index(devices, i), &perf)) {
            cxl_perf_in_series(&perf, &to);
            for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
                mean->latency[d] += perf.latency[d];
                mean->bandwidth[d] += perf.bandwidth[d];
            }
            mean->nr++;
        }
    }
}

bool cxl_path_mean(const CXLHost *host, const NumaState *numa,
                   unsigned window, CXLPerf *perf)
{
    Mean mean = { };

    for (unsigned i = 0; i < host->nr_bridges; i++) {
        if (path_leads_to(&host->windows[window], &host->bridges[i])) {
            mean_add_bridge(&mean, numa, &host->bridges[i]);
        }
    }
    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        perf->latency[d] = mean.nr ? mean.latency[d] / mean.nr : 0;
        perf->bandwidth[d] = mean.nr ? mean.bandwidth[d] / mean.nr : 0;
    }
    return mean.nr;
}

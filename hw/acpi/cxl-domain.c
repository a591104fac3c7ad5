/*
 * Proximity domains of CXL: generic ports, windows and mapped regions
 *
 * They are numbered behind the machine's NUMA nodes and are none of them:
 * QEMU gives them neither memory nor processors. Windows come first, so that
 * an OS that numbers its nodes as it finds memory has the same numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/acpi/pci.h"
#include "hw/boards.h"
#include "cxl_internal.h"

/* CXL r3.1 9.18.2: the HID by which a generic port names a host bridge */
#define HOST_BRIDGE_HID         "ACPI0016"

/*
 * ACPI 6.5 5.2.16: QEMU's SRAT is one of revision 1, of which an OS takes
 * eight bits of a proximity domain
 */
#define DOMAINS_MAX             256

bool cxl_domain_of_user(const CXLHostBridge *bridge, unsigned *node)
{
    return acpi_generic_port_node(bridge->uid, node);
}

bool cxl_numa_has_cpu(unsigned node)
{
    MachineState *machine = MACHINE(qdev_get_machine());
    const CPUArchIdList *cpus =
        MACHINE_GET_CLASS(machine)->possible_cpu_arch_ids(machine);

    for (unsigned i = 0; i < cpus->len; i++) {
        if (cpus->cpus[i].props.node_id == node) {
            return true;
        }
    }
    return false;
}

unsigned cxl_numa_distance(const NumaState *numa, unsigned from, unsigned to)
{
    if (from == to) {
        return NUMA_DISTANCE_MIN;
    }
    return numa->have_numa_distance ? numa->nodes[from].distance[to]
                                    : NUMA_DISTANCE_DEFAULT;
}

/**
 * Gap: addresses of a window that no region covers
 */
typedef struct Gap {
    hwaddr base;
    uint64_t size;
} Gap;

/* The @n-th gap of window @index; false when there are not so many */
static bool domain_gap(const CXLHost *host, unsigned index, unsigned n,
                       Gap *gap)
{
    const CXLDecoder *window = &host->windows[index].spec.decoder;
    hwaddr at = window->base, end = window->base + window->size;

    for (unsigned r = 0; r <= host->nr_regions; r++) {
        const CXLHostRegion *region = r < host->nr_regions ?
                                      &host->regions[r] : NULL;
        hwaddr next = region ? region->hpa : end;

        if (region && (region->window != index || region->hpa < at ||
                       region->hpa >= end)) {
            continue;
        }
        if (next > at && !n--) {
            *gap = (Gap) { at, next - at };
            return true;
        }
        at = region ? region->hpa + region->size : end;
    }
    return false;
}

static void domain_add(GArray *domains, const NumaState *numa,
                       CXLDomainKind kind, unsigned index)
{
    CXLDomain domain = {
        .kind = kind,
        .index = index,
        .pxm = numa->num_nodes + domains->len,
    };

    g_array_append_val(domains, domain);
}

/* Whether a domain can be had without one that a generic port needs */
static bool domain_left(const CXLHost *host, const NumaState *numa,
                        const GArray *domains, const char *what)
{
    if (numa->num_nodes + domains->len + host->nr_bridges < DOMAINS_MAX) {
        return true;
    }
    warn_report_once("no proximity domain is left for a %s: there are %u",
                     what, DOMAINS_MAX);
    return false;
}

GArray *cxl_domains_new(const CXLHost *host, const NumaState *numa)
{
    GArray *domains = g_array_new(false, false, sizeof(CXLDomain));
    unsigned node;
    Gap gap;

    for (unsigned i = 0; i < host->nr_windows; i++) {
        if (domain_gap(host, i, 0, &gap) &&
            domain_left(host, numa, domains, "CXL window")) {
            domain_add(domains, numa, CXL_DOMAIN_WINDOW, i);
        }
    }
    for (unsigned i = 0; i < host->nr_regions; i++) {
        if (domain_left(host, numa, domains, "CXL region")) {
            domain_add(domains, numa, CXL_DOMAIN_REGION, i);
        }
    }
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        if (!cxl_domain_of_user(&host->bridges[i], &node)) {
            domain_add(domains, numa, CXL_DOMAIN_PORT, i);
        }
    }
    return domains;
}

/*
 * ACPI 6.5 5.2.16.2: a window is empty until an OS makes regions in it, and
 * again after it has destroyed them
 */
static void srat_add_window(GArray *table, const CXLHost *host,
                            const CXLDomain *domain)
{
    Gap gap;

    for (unsigned n = 0; domain_gap(host, domain->index, n, &gap); n++) {
        build_srat_memory(table, gap.base, gap.size, domain->pxm,
                          MEM_AFFINITY_ENABLED | MEM_AFFINITY_HOTPLUGGABLE);
    }
}

/* What is ordinary memory from the start does not go; drivers may add others */
static void srat_add_region(GArray *table, const CXLHost *host,
                            const CXLDomain *domain)
{
    const CXLHostRegion *region = &host->regions[domain->index];
    MemoryAffinityFlags flags = MEM_AFFINITY_ENABLED;

    if (region->memory_map != CXL_REGION_MEMORY_MAP_RAM) {
        flags |= MEM_AFFINITY_HOTPLUGGABLE;
    }
    if (region->options->persistent) {
        flags |= MEM_AFFINITY_NON_VOLATILE;
    }
    build_srat_memory(table, region->hpa, region->size, domain->pxm, flags);
}

void cxl_acpi_build_srat(const CXLHost *host, const NumaState *numa,
                         GArray *table)
{
    g_autoptr(GArray) domains = cxl_domains_new(host, numa);

    for (unsigned i = 0; i < domains->len; i++) {
        const CXLDomain *domain = &g_array_index(domains, CXLDomain, i);

        switch (domain->kind) {
        case CXL_DOMAIN_WINDOW:
            srat_add_window(table, host, domain);
            break;
        case CXL_DOMAIN_REGION:
            srat_add_region(table, host, domain);
            break;
        case CXL_DOMAIN_PORT:
            build_srat_acpi_generic_port(table, domain->pxm, HOST_BRIDGE_HID,
                                         host->bridges[domain->index].uid);
            break;
        }
    }
}

/*
 * ACPI tables that describe CXL: what their parts ask of one another
 *
 * cxl.c makes the CEDT and the devices of the DSDT, cxl-osc.c and cxl-qtg.c
 * their methods, cxl-domain.c the proximity domains and where SRAT and SLIT
 * have them, cxl-hmat.c what accesses to them cost, and cxl-path.c computes
 * that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_CXL_INTERNAL_H
#define HW_ACPI_CXL_INTERNAL_H

#include "hw/cxl/cxl-host.h"
#include "system/numa.h"

/*
 * Implementation defined: what local DRAM costs where the user does not say.
 * Farther nodes have it in proportion to their distance.
 */
#define CXL_DRAM_NS             100
#define CXL_DRAM_MBS            100000

/* Which of a host bridge, a window and a region a proximity domain is for */
typedef enum CXLDomainKind {
    CXL_DOMAIN_WINDOW,
    CXL_DOMAIN_REGION,
    CXL_DOMAIN_PORT,
} CXLDomainKind;

/**
 * CXLDomain: a proximity domain that no NUMA node of the machine has
 * @index: of the host's windows, regions or bridges
 */
typedef struct CXLDomain {
    CXLDomainKind kind;
    unsigned index;
    uint32_t pxm;
} CXLDomain;

/* The CXLDomains of @host in ascending order of @pxm, without a gap */
GArray *cxl_domains_new(const CXLHost *host, const NumaState *numa);

/*
 * ACPI 6.5 5.2.16.7: the NUMA node that the user has made the generic port
 * of @bridge; false when there is none
 */
bool cxl_domain_of_user(const CXLHostBridge *bridge, unsigned *node);

/*
 * Whether SRAT has processors in NUMA node @node, be they plugged in or not;
 * NodeInfo.has_cpu is about what the user said, and with hmat=on only
 */
bool cxl_numa_has_cpu(unsigned node);

/* Distance as SLIT, or an OS without one, has it; 10 is none */
unsigned cxl_numa_distance(const NumaState *numa, unsigned from, unsigned to);

/* What the user's hmat-lb says about @target as seen from @initiator */
CXLPerf cxl_hmat_of_user(const NumaState *numa, unsigned initiator,
                         unsigned target);

/* What the way from a processor of @initiator to @bridge's ports costs */
CXLPerf cxl_path_to_bridge(const NumaState *numa, unsigned initiator,
                           const CXLHostBridge *bridge);
/**
 * CXLPaths: what accesses to memory cost below each host bridge
 * @found: there is such memory
 * @below: up to the root ports, that of all devices together
 * @unknown: what one of them costs is not known
 */
typedef struct CXLPaths {
    bool found[CXL_HOST_BRIDGES_MAX];
    bool unknown[CXL_HOST_BRIDGES_MAX];
    CXLPerf below[CXL_HOST_BRIDGES_MAX];
} CXLPaths;

/* To the memory of @region, or to all memory where it is NULL */
void cxl_path_find(const CXLHost *host, const CXLHostRegion *region,
                   CXLPaths *paths);
/*
 * What accesses from @initiator through window @window to that memory cost;
 * false when that is not known
 */
bool cxl_path_through_window(const CXLHost *host, const NumaState *numa,
                             unsigned initiator, unsigned window,
                             const CXLPaths *paths, CXLPerf *perf);
/* The mean of what each device below @window has by itself */
bool cxl_path_mean(const CXLHost *host, const NumaState *numa,
                   unsigned window, CXLPerf *perf);

/*
 * CXL r3.1 9.18.2: _OSC of a CXL host bridge, which grants control of hot-plug
 * by PCI Express if @hotplug
 */
Aml *cxl_acpi_build_osc(bool hotplug);
/* CXL r3.1 9.18.3.1: what Retrieve QTG ID does, as statements of @dsm */
void cxl_acpi_build_qtg(const CXLHost *host, Aml *dsm);

#endif /* HW_ACPI_CXL_INTERNAL_H */

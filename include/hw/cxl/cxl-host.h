/*
 * What a machine calls to have CXL: options, host bridges, windows, ACPI
 *
 * A machine without CXL has no CXLHost: every function that takes one takes
 * NULL as well, and does nothing then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_HOST_H
#define HW_CXL_HOST_H

#include "exec/memory.h"
#include "hw/acpi/aml-build.h"
#include "hw/acpi/bios-linker-loader.h"
#include "hw/cxl/decode/window.h"
#include "hw/pci/pci.h"
#include "hw/resettable.h"
#include "qapi/qapi-types-cxl.h"
#include "system/numa.h"

/* CXL r3.1 9.18.1.2: a host bridge has 64 KiB of component registers */
#define CXL_HOST_BRIDGE_REGS_SIZE   0x10000
/* Implementation defined: the block of 1 MiB that holds those of all */
#define CXL_HOST_BRIDGES_MAX        16
#define CXL_HOST_REGS_SIZE          (CXL_HOST_BRIDGES_MAX * \
                                     CXL_HOST_BRIDGE_REGS_SIZE)
/* An option ROM with what UEFI lacks: a driver that soft-reserves memory */
#define CXL_HOST_DRIVER             "cxl-memory-map.rom"
/* By which windows name the main root bus: the name of the bus */
#define CXL_HOST_MAIN_ID            "pcie.0"

/**
 * CXLHostBridge: a host bridge as the machine sees it
 * @obj: an object with TYPE_CXL_HOST_BRIDGE: a pxb-cxl, or the main one
 * @uid: its ACPI _UID
 * @regs: where its component registers are mapped
 */
typedef struct CXLHostBridge {
    Object *obj;
    uint32_t uid;
    hwaddr regs;
} CXLHostBridge;

/**
 * CXLHostRegion: a region that the machine's firmware maps before a guest
 * runs, as the machine option cxl-region asks
 * @window: index of the window that holds it
 * @hpa, @size: bytes of host physical address space
 * @ways, @granularity: of the region as a whole, as its endpoints have them
 * @memory_map: how the guest's memory map describes it
 * @paths: QOM paths of its @ways memory devices, in the order of their turns;
 *         cxl_host_region_member() finds the device, unless it has gone
 * @index: of the options that asked for it
 * @options: what they ask for
 */
typedef struct CXLHostRegion {
    unsigned window;
    hwaddr hpa;
    uint64_t size;
    unsigned ways;
    unsigned granularity;
    CXLRegionMemoryMap memory_map;
    char *paths[CXL_WAYS_MAX];
    unsigned index;
    const CXLRegionOptions *options;
} CXLHostRegion;

/**
 * CXLHost: CXL as one machine has it
 * @enabled: the machine option cxl
 * @main_enabled: the machine option cxl-main-host
 * @main: the main root bus as a host bridge; NULL where it is none
 * @options: the machine options cxl-fmw
 * @regs: holds each host bridge's component registers
 * @regs_base: where @regs is mapped
 * @bridges: in ascending order of @uid
 * @windows: one for each element of @options, in their order
 * @region_options: the machine options cxl-region
 * @regions: mapped by firmware, in ascending order of @hpa; complete before
 *           ACPI tables are built
 */
typedef struct CXLHost {
    Object *machine;
    bool enabled;
    bool main_enabled;
    Object *main;
    CXLFixedMemoryWindowOptionsList *options;
    MemoryRegion regs;
    hwaddr regs_base;
    unsigned nr_bridges;
    CXLHostBridge bridges[CXL_HOST_BRIDGES_MAX];
    unsigned nr_windows;
    CXLWindow *windows;
    CXLRegionOptionsList *region_options;
    unsigned nr_regions;
    CXLHostRegion *regions;
} CXLHost;

/* Add the properties cxl, cxl-... to @machine; lives as long as it does */
CXLHost *cxl_host_new(Object *machine);
/* Whether the machine option cxl is on */
bool cxl_host_enabled(const CXLHost *host);
/* CXL of the machine that runs, once all of it is there; NULL without CXL */
const CXLHost *cxl_host_current(void);
/* The options of window @index, which is one of cxl-fmw */
const CXLFixedMemoryWindowOptions *
cxl_host_window_options(const CXLHost *host, unsigned index);
/* CXL r3.1 9.18.1.3: Window Restrictions and QTG ID of a window */
uint16_t cxl_host_restrictions(const CXLFixedMemoryWindowOptions *window);
uint16_t cxl_host_qtg_id(const CXLFixedMemoryWindowOptions *window);
/* The first address above all that CXL needs when it is placed from @base on */
uint64_t cxl_host_end(const CXLHost *host, uint64_t base);
/* The first address above it that the guest's firmware can place BARs at */
uint64_t cxl_host_bars_base(const CXLHost *host, uint64_t base);

/*
 * Called before the machine realizes @chipset, which makes the main root bus
 * and has a property "cxl" that says whether it is of type CXL: let it be a
 * host bridge with the _UID @uid, if the machine option cxl-main-host is on
 */
void cxl_host_make_main(CXLHost *host, Object *chipset, uint32_t uid);
/*
 * Called on machines with UEFI, before @function of PCI is realized: give it
 * the option ROM that UEFI needs, if any
 */
void cxl_host_add_driver(CXLHost *host, Object *function);
/*
 * Called when the machine lays out its memory: reserve the block of
 * registers, which begins at the first 256 MiB boundary from @base on.
 */
bool cxl_host_map_regs(CXLHost *host, MemoryRegion *system, hwaddr base,
                       Error **errp);
/*
 * Called when all devices of the command line exist: give each host bridge
 * below @root its registers, link windows to their targets and map them.
 */
bool cxl_host_machine_done(CXLHost *host, MemoryRegion *system, PCIBus *root,
                           Error **errp);

/* The first element of @list that stands in it before, or NULL */
const strList *cxl_host_listed_twice(const strList *list);
/*
 * CXL r3.1 8.2.4.20.7, 9.18.1.3: whether @bytes are a legal granularity;
 * otherwise an error that names @option, such as cxl-fmw, and its @index
 */
bool cxl_host_check_granularity(const char *option, unsigned index,
                                uint64_t bytes, Error **errp);
/* Add the property cxl-region to the machine; cxl_host_new() calls it */
void cxl_host_add_regions(CXLHost *host);
/* Whether a region is to be soft-reserved; known before there are regions */
bool cxl_host_soft_reserves(const CXLHost *host);
/* Place the regions that options ask for; cxl_host_machine_done() calls it */
bool cxl_host_place_regions(CXLHost *host, Error **errp);
/* Whether there are decoders enough for all regions */
bool cxl_host_check_regions(CXLHost *host, Error **errp);
/* The @n-th member of @region, an object with TYPE_CXL_MEM, or NULL */
Object *cxl_host_region_member(const CXLHostRegion *region, unsigned n);
/*
 * Called at each reset of the machine, when all devices have been reset: do
 * what the platform's firmware does before it starts an operating system.
 */
void cxl_host_reset(CXLHost *host, ResetType type);

/* CXL r3.1 9.18.1: CXL Early Discovery Table */
void cxl_acpi_build_cedt(const CXLHost *host, GArray *table_data,
                         BIOSLinker *linker, const char *oem_id,
                         const char *oem_table_id);
/*
 * ACPI 6.5 5.2.16: append to SRAT a generic port for each host bridge, and
 * the memory of each window, in proximity domains behind @numa's nodes
 */
void cxl_acpi_build_srat(const CXLHost *host, const NumaState *numa,
                         GArray *table);
/* ACPI 6.5 5.2.28, 5.2.17: HMAT and SLIT with these domains */
void cxl_acpi_build_hmat(const CXLHost *host, const NumaState *numa,
                         GArray *table_data, BIOSLinker *linker,
                         const char *oem_id, const char *oem_table_id);
void cxl_acpi_build_slit(const CXLHost *host, const NumaState *numa,
                         GArray *table_data, BIOSLinker *linker,
                         const char *oem_id, const char *oem_table_id);
/*
 * CXL r3.1 9.18.2: what makes @dev an ACPI0016: _HID, _CID and _OSC, which
 * grants control of hot-plug by PCI Express if @hotplug
 */
void cxl_acpi_build_host_bridge(Aml *dev, bool hotplug);
/* CXL r3.1 9.18.3: the ACPI0017 device, with its _DSM */
void cxl_acpi_build_root(const CXLHost *host, Aml *scope);

#endif /* HW_CXL_HOST_H */

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
#include "qapi/qapi-types-cxl.h"

/* CXL r3.1 9.18.1.2: a host bridge has 64 KiB of component registers */
#define CXL_HOST_BRIDGE_REGS_SIZE   0x10000
/* Implementation defined: the block of 1 MiB that holds those of all */
#define CXL_HOST_BRIDGES_MAX        16
#define CXL_HOST_REGS_SIZE          (CXL_HOST_BRIDGES_MAX * \
                                     CXL_HOST_BRIDGE_REGS_SIZE)

/**
 * CXLHostBridge: a host bridge as the machine sees it
 * @obj: the pxb-cxl device
 * @uid: its ACPI _UID
 * @regs: where its component registers are mapped
 */
typedef struct CXLHostBridge {
    Object *obj;
    uint32_t uid;
    hwaddr regs;
} CXLHostBridge;

/**
 * CXLHost: CXL as one machine has it
 * @enabled: the machine option cxl
 * @options: the machine options cxl-fmw
 * @regs: holds each host bridge's component registers
 * @regs_base: where @regs is mapped
 * @bridges: in ascending order of @uid
 * @windows: one for each element of @options, in their order
 */
typedef struct CXLHost {
    Object *machine;
    bool enabled;
    CXLFixedMemoryWindowOptionsList *options;
    MemoryRegion regs;
    hwaddr regs_base;
    unsigned nr_bridges;
    CXLHostBridge bridges[CXL_HOST_BRIDGES_MAX];
    unsigned nr_windows;
    CXLWindow *windows;
} CXLHost;

/* Add the properties cxl and cxl-fmw to @machine; lives as long as it does */
CXLHost *cxl_host_new(Object *machine);
/* Whether the machine option cxl is on */
bool cxl_host_enabled(const CXLHost *host);
/* CXL r3.1 9.18.1.3: Window Restrictions and QTG ID of a window */
uint16_t cxl_host_restrictions(const CXLFixedMemoryWindowOptions *window);
uint16_t cxl_host_qtg_id(const CXLFixedMemoryWindowOptions *window);
/* The first address above all that CXL needs when it is placed from @base on */
uint64_t cxl_host_end(const CXLHost *host, uint64_t base);

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

/* CXL r3.1 9.18.1: CXL Early Discovery Table */
void cxl_acpi_build_cedt(const CXLHost *host, GArray *table_data,
                         BIOSLinker *linker, const char *oem_id,
                         const char *oem_table_id);
/* CXL r3.1 9.18.2: what makes @dev an ACPI0016: _HID, _CID and _OSC */
void cxl_acpi_build_host_bridge(Aml *dev);
/* CXL r3.1 9.18.3: the ACPI0017 device, with its _DSM */
void cxl_acpi_build_root(const CXLHost *host, Aml *scope);

#endif /* HW_CXL_HOST_H */

/*
 * CXL r3.1 8.1: CXL DVSECs in configuration space
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_DVSEC_H
#define HW_CXL_REGS_DVSEC_H

#include "hw/pci/pci_device.h"

struct CXLDvsecReg;

/* Most DVSECs that one function can have: one of each kind */
#define CXL_DVSECS_MAX 8

/**
 * CXLDvsecs: the DVSECs of one function
 * @pdev: the function whose configuration space holds them
 * @next: offset where the next extended capability may start
 * @device: offset of the CXL Device DVSEC, 0 without one
 * @port: offset of the Port Extensions DVSEC, 0 without one
 * @gpf: offset of the GPF DVSEC, of a port or of a device
 * @flex_bus: offset of the Flex Bus Port DVSEC
 * @locator: offset of the Register Locator DVSEC
 * @reset_initiated: see cxl_dvsec_add_reset()
 * @inactive: the ranges' memory is not there yet
 * @parts: the registers of each DVSEC that software can write
 *
 * Masks live in the PCIDevice, so that any access width is right; the
 * function's config_write calls cxl_dvsec_written() after the default one.
 */
typedef struct CXLDvsecs {
    PCIDevice *pdev;
    uint16_t next;
    uint16_t device;
    uint16_t port;
    uint16_t gpf;
    uint16_t flex_bus;
    uint16_t locator;
    bool inactive;
    void (*reset_initiated)(void *opaque, bool clear);
    void *opaque;
    unsigned nr_parts;
    struct {
        uint16_t offset;
        const struct CXLDvsecReg *regs;
        unsigned nr;
    } parts[CXL_DVSECS_MAX];
} CXLDvsecs;

/* One block of the Register Locator; @id as CXL r3.1 8.1.9.1 lists them */
typedef struct CXLRegBlock {
    uint8_t bar;
    uint8_t id;
    uint64_t offset;
} CXLRegBlock;

/* DVSECs are added from @offset of @pdev's extended configuration space on */
void cxl_dvsec_init(CXLDvsecs *d, PCIDevice *pdev, uint16_t offset);

/**
 * cxl_dvsec_add_device: CXL r3.1 8.1.3: PCIe DVSEC for CXL Devices
 * @range_size: sizes in bytes of the one or two ranges (HDM_Count); a size
 *              of 0 ends the list; multiples of 256 MiB
 */
void cxl_dvsec_add_device(CXLDvsecs *d, const uint64_t range_size[2]);
/*
 * CXL r3.1 8.1.3.8: the ranges have become others; also called after a load,
 * which does not check them
 */
void cxl_dvsec_set_ranges(CXLDvsecs *d, const uint64_t range_size[2]);
/* CXL r3.1 8.1.3.8.2: Memory_Active of all ranges that there are */
void cxl_dvsec_set_active(CXLDvsecs *d, bool active);
/**
 * cxl_dvsec_add_reset: CXL r3.1 9.7: let software initiate a CXL Reset, which
 * the device carries out within 100 ms
 * @initiated: starts it; @clear asks that volatile memory is cleared, too. Its
 *             end is told by cxl_dvsec_reset_done().
 */
void cxl_dvsec_add_reset(CXLDvsecs *d,
                         void (*initiated)(void *opaque, bool clear),
                         void *opaque);
/* CXL r3.1 8.1.3.5: show that a CXL Reset has completed, or failed */
void cxl_dvsec_reset_done(CXLDvsecs *d, bool ok);
/* CXL r3.1 8.1.5: CXL Extensions DVSEC for Ports */
void cxl_dvsec_add_port(CXLDvsecs *d);
/* CXL r3.1 8.1.6: GPF DVSEC for CXL Port */
void cxl_dvsec_add_gpf_port(CXLDvsecs *d);
/* CXL r3.1 8.1.7: GPF DVSEC for CXL Device */
void cxl_dvsec_add_gpf_device(CXLDvsecs *d);
/* CXL r3.1 8.1.8: PCIe DVSEC for Flex Bus Port; @mem says CXL.mem capable */
void cxl_dvsec_add_flex_bus(CXLDvsecs *d, bool mem);
/* CXL r3.1 8.1.9: Register Locator DVSEC */
void cxl_dvsec_add_locator(CXLDvsecs *d, const CXLRegBlock *blocks,
                           unsigned nr);

/* Act on a guest's write that the PCI core has carried out: locks, resets */
void cxl_dvsec_written(CXLDvsecs *d, uint32_t addr, int len);
/* Back to reset values, locked or not; @mem_only: only state of CXL.mem */
void cxl_dvsec_reset(CXLDvsecs *d, bool mem_only);
/* After a load: masks as the registers say */
void cxl_dvsec_sync(CXLDvsecs *d);

/*
 * CXL r3.1 8.1.3: what firmware does to a device that it maps: where its
 * ranges begin, Mem_Enable, and with @lock CONFIG_LOCK
 */
void cxl_dvsec_enable(CXLDvsecs *d, const uint64_t base[2], bool lock);

/* CXL r3.1 8.1.3.2: Mem_Enable of a device */
bool cxl_dvsec_mem_enabled(const CXLDvsecs *d);

#endif /* HW_CXL_REGS_DVSEC_H */

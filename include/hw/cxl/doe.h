/*
 * CXL r3.1 8.1.11: Table Access DOE
 *
 * The mailbox is QEMU's (hw/pci/pcie_doe.h); this serves a CDAT through it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DOE_H
#define HW_CXL_DOE_H

#include "hw/pci/pci_device.h"
#include "hw/cxl/cdat.h"

typedef struct CXLDoe CXLDoe;

/**
 * cxl_doe_new: add the DOE capability at @offset of @pdev
 * @cdat: the table; it outlives the DOE
 * @vector: vector of MSI-X and of MSI, which @pdev has; -1 for none
 */
CXLDoe *cxl_doe_new(PCIDevice *pdev, uint16_t offset, const CXLCdat *cdat,
                    int vector);
void cxl_doe_free(CXLDoe *doe);
/* @pdev knows the vector by message number @message now */
void cxl_doe_set_message(CXLDoe *doe, unsigned message);
/* Abort whatever goes on; PCIe r6.0 7.9.24: no register is sticky */
void cxl_doe_reset(CXLDoe *doe);

/* The function's config accesses; a read that is not the DOE's is false */
bool cxl_doe_config_read(CXLDoe *doe, uint32_t addr, int len, uint32_t *value);
void cxl_doe_config_write(CXLDoe *doe, uint32_t addr, uint32_t value, int len);

extern const VMStateDescription vmstate_cxl_doe;
#define VMSTATE_CXL_DOE(_field, _state) \
    VMSTATE_STRUCT_POINTER(_field, _state, vmstate_cxl_doe, CXLDoe)

#endif /* HW_CXL_DOE_H */

/*
 * PCI Expander Bridge that is a CXL host bridge
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PCI_BRIDGE_PXB_CXL_H
#define HW_PCI_BRIDGE_PXB_CXL_H

#include "exec/memory.h"
#include "qom/object.h"

#define TYPE_PXB_CXL "pxb-cxl"
OBJECT_DECLARE_SIMPLE_TYPE(PXBCXLState, PXB_CXL)

/* CXL r3.1 9.18.1.2: the _UID by which ACPI tables name the host bridge */
uint32_t pxb_cxl_uid(const PXBCXLState *pxb);

/*
 * Make the component registers, whose layout depends on the root ports that
 * are plugged in; called once, when all devices of the command line exist,
 * by the machine, which maps the region that is returned.
 */
MemoryRegion *pxb_cxl_make_registers(PXBCXLState *pxb);

/* Whether the host bridge routes without HDM decoders of its own */
bool pxb_cxl_is_passthrough(const PXBCXLState *pxb);

#endif /* HW_PCI_BRIDGE_PXB_CXL_H */

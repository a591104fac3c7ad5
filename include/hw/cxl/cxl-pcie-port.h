/*
 * What root ports and switch ports add to the PCIe ports that they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CXL_PCIE_PORT_H
#define HW_CXL_CXL_PCIE_PORT_H

#include "hw/pci/pci_bridge.h"
#include "hw/cxl/regs/component.h"
#include "hw/cxl/regs/dvsec.h"

/* CXL r3.1 8.1.9: where a port's Register Locator points */
#define CXL_PCIE_PORT_BAR       0

/**
 * CXLPciePort: registers of a port that speaks CXL
 * @pdev: the port, a PCIBridge
 */
typedef struct CXLPciePort {
    PCIDevice *pdev;
    CXLComponent component;
    CXLDvsecs dvsecs;
} CXLPciePort;

extern const VMStateDescription vmstate_cxl_pcie_port;
#define VMSTATE_CXL_PCIE_PORT(_field, _state) \
    VMSTATE_STRUCT(_field, _state, 1, vmstate_cxl_pcie_port, CXLPciePort)

/*
 * Add component registers of @config in BAR 0, and the DVSECs of a port from
 * @offset of configuration space on, to a port that is a PCIe port already
 */
void cxl_pcie_port_init(CXLPciePort *port, PCIDevice *pdev,
                        const CXLComponentConfig *config, uint16_t offset);
void cxl_pcie_port_destroy(CXLPciePort *port);
void cxl_pcie_port_reset(CXLPciePort *port, bool cold);

/*
 * Around the PCI bridge's own write to configuration space: what the port's
 * registers forbid is kept from it, then the port's registers follow
 */
void cxl_pcie_port_before_write(CXLPciePort *port, uint32_t addr,
                                uint32_t value, int len);
void cxl_pcie_port_written(CXLPciePort *port, uint32_t addr, int len);

#endif /* HW_CXL_CXL_PCIE_PORT_H */

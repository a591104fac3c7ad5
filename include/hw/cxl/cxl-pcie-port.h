/*
 * What root ports and switch ports add to the PCIe ports that they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CXL_PCIE_PORT_H
#define HW_CXL_CXL_PCIE_PORT_H

#include "hw/pci/pcie_port.h"
#include "hw/cxl/cxl-decoder.h"
#include "hw/cxl/cxl-power.h"
#include "hw/cxl/regs/component.h"
#include "hw/cxl/regs/dvsec.h"

#define TYPE_CXL_UPSTREAM       "cxl-upstream"
#define TYPE_CXL_DOWNSTREAM     "cxl-downstream"

/* Whose device IDs switch ports have */
#define CXL_SWITCH_VENDOR_ID    0x19e5

/* CXL r3.1 8.1.9: where a port's Register Locator points */
#define CXL_PCIE_PORT_BAR       0

/* Port numbers are bytes; this one, the default, asks for the first free */
#define CXL_PCIE_PORT_AUTO      UINT8_MAX

/* Implementation defined: AER comes first, in all ports */
#define CXL_PCIE_PORT_AER       PCI_CONFIG_SPACE_SIZE
#define CXL_PCIE_PORT_AER_END   (CXL_PCIE_PORT_AER + PCI_ERR_SIZEOF)

/**
 * CXLPciePort: registers of a port that speaks CXL
 * @pdev: the port, a PCIBridge
 */
typedef struct CXLPciePort {
    PCIDevice *pdev;
    CXLPower power;
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
/* In phase 'hold' of a reset, after the port of PCI Express was reset */
void cxl_pcie_port_reset(CXLPciePort *port, ResetType type);

/*
 * Around the PCI bridge's own write to configuration space: what the port's
 * registers forbid is kept from it, then the port's registers follow
 */
void cxl_pcie_port_before_write(CXLPciePort *port, uint32_t addr,
                                uint32_t value, int len);
void cxl_pcie_port_written(CXLPciePort *port, uint32_t addr, int len);

/* Events of a port share a vector of MSI: BARs leave no room for MSI-X */
#define CXL_PCIE_PORT_VECTOR    0
int cxl_pcie_port_init_msi(PCIDevice *pdev, Error **errp);

/*
 * CXL r3.1 8.2.4.20.8: decoders name their targets by the Port Number of Link
 * Capabilities, which must tell the ports of a bus apart. Give @port the
 * first free one if it has none; false if another port has it.
 */
bool cxl_pcie_port_number(PCIEPort *port, Error **errp);
/* That number of a root port or downstream port */
uint8_t cxl_pcie_port_get_number(const PCIDevice *pdev);
/*
 * The CXLPort or CXLMem below the root port or downstream port of @bus with
 * the number @number, or below the first one if it is -1; NULL without one
 */
Object *cxl_pcie_port_target(PCIBus *bus, int number);
/* As CXLPortClass.target_kind(): what that found, or why it found nothing */
CXLTargetKind cxl_pcie_port_target_kind(PCIBus *bus, int number, Object **via);

/*
 * Fill in Link Capabilities and Link Status of @pdev, at the lower end of a
 * link: PCIe r6.0 4.2.6: a link trains to what both of its ends can do
 */
void cxl_pcie_link_init(PCIDevice *pdev, PCIExpLinkWidth width,
                        PCIExpLinkSpeed speed);

/* The PCI Express half of a switch port of type @type; undone by the other */
bool cxl_switch_port_init(PCIDevice *pdev, uint8_t type, Error **errp);
void cxl_switch_port_exit(PCIDevice *pdev);

#endif /* HW_CXL_CXL_PCIE_PORT_H */

/*
 * What root ports and switch ports add to the PCIe ports that they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/range.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/trace.h"
#include "migration/vmstate.h"

static void port_decoders_changed(void *opaque)
{
    cxl_windows_update();
}

/* CXL r3.1 Table 8-2: the DVSECs that a port must have */
static void port_init_dvsecs(CXLPciePort *port, uint16_t offset)
{
    static const CXLRegBlock component = {
        .id = CXL_LOCATOR_ID_COMPONENT,
        .bar = CXL_PCIE_PORT_BAR,
    };

    cxl_dvsec_init(&port->dvsecs, port->pdev, offset);
    cxl_dvsec_add_port(&port->dvsecs);
    cxl_dvsec_add_gpf_port(&port->dvsecs);
    cxl_dvsec_add_flex_bus(&port->dvsecs, true);
    cxl_dvsec_add_locator(&port->dvsecs, &component, 1);
}

void cxl_pcie_port_init(CXLPciePort *port, PCIDevice *pdev,
                        const CXLComponentConfig *config, uint16_t offset)
{
    port->pdev = pdev;
    cxl_component_init(&port->component, OBJECT(pdev), "cxl-port-component",
                       config, port_decoders_changed, port);
    pci_register_bar(pdev, CXL_PCIE_PORT_BAR, PCI_BASE_ADDRESS_MEM_TYPE_64,
                     &port->component.mr);
    port_init_dvsecs(port, offset);
}

void cxl_pcie_port_destroy(CXLPciePort *port)
{
    cxl_component_destroy(&port->component);
}

void cxl_pcie_port_reset(CXLPciePort *port, bool cold)
{
    cxl_dvsec_reset(&port->dvsecs, cold);
    cxl_component_reset(&port->component, cold);
}

/* Whether the link of the port runs CXL: a port without one runs PCIe */
static bool port_link_is_cxl(CXLPciePort *port)
{
    PCIBus *bus = pci_bridge_get_sec_bus(PCI_BRIDGE(port->pdev));
    PCIDevice *below = bus->devices[0];

    return below && object_dynamic_cast(OBJECT(below), INTERFACE_CXL_DEVICE);
}

/*
 * CXL r3.1 8.1.5.2: while Unmask SBR is clear, Secondary Bus Reset of the
 * Bridge Control register has no effect on a link that runs CXL
 */
static bool port_sbr_masked(CXLPciePort *port)
{
    uint16_t control = pci_get_word(port->pdev->config + port->dvsecs.port +
                                    CXL_PORT_CONTROL);

    return !FIELD_EX32(control, CXL_PORT_CONTROL, UNMASK_SBR) &&
           port_link_is_cxl(port);
}

void cxl_pcie_port_before_write(CXLPciePort *port, uint32_t addr,
                                uint32_t value, int len)
{
    uint8_t *control = port->pdev->config + PCI_BRIDGE_CONTROL;
    unsigned shift = (PCI_BRIDGE_CONTROL - addr) * BITS_PER_BYTE;

    if (!range_covers_byte(addr, len, PCI_BRIDGE_CONTROL) ||
        !(value >> shift & PCI_BRIDGE_CTL_BUS_RESET) ||
        !port_sbr_masked(port)) {
        return;
    }
    trace_cxl_port_masked_sbr(DEVICE(port->pdev)->id ?: port->pdev->name);
    /* The bridge resets its bus when the bit goes from 0 to 1 */
    pci_word_test_and_set_mask(control, PCI_BRIDGE_CTL_BUS_RESET);
}

void cxl_pcie_port_written(CXLPciePort *port, uint32_t addr, int len)
{
    cxl_dvsec_written(&port->dvsecs, addr, len);
}

static int port_post_load(void *opaque, int version_id)
{
    cxl_dvsec_sync(&((CXLPciePort *)opaque)->dvsecs);
    return 0;
}

const VMStateDescription vmstate_cxl_pcie_port = {
    .name = "cxl-pcie-port",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = port_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_CXL_COMPONENT(component, CXLPciePort),
        VMSTATE_END_OF_LIST()
    },
};

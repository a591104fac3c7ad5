/*
 * What root ports and switch ports add to the PCIe ports that they are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/range.h"
#include "qapi/error.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/cxl/cxl-port.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/reset-table.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/trace.h"
#include "hw/pci/msi.h"
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
    if (pci_is_express_downstream_port(port->pdev)) {
        cxl_dvsec_add_gpf_port(&port->dvsecs);
    }
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
    cxl_power_init(&port->power, pdev);
    port_init_dvsecs(port, offset);
}

void cxl_pcie_port_destroy(CXLPciePort *port)
{
    cxl_component_destroy(&port->component);
}

/* Resets */

static const CXLResetRow port_reset_rows[] = {
    CXL_RESET_TABLE_PORT(CXL_RESET_ROW)
};

/* What makes it a port of PCI Express is reset by the type of the port */
static void port_reset_pcie(CXLPciePort *port)
{
}

static void port_reset_aer(CXLPciePort *port)
{
    cxl_power_reset_aer(&port->power);
}

static void port_reset_dvsecs(CXLPciePort *port)
{
    cxl_dvsec_reset(&port->dvsecs, false);
}

static void port_reset_ras(CXLPciePort *port)
{
    cxl_component_reset_sticky(&port->component);
}

static void port_reset_hdm(CXLPciePort *port)
{
    cxl_component_reset(&port->component);
}

static void (*const port_reset_functions[])(CXLPciePort *port) = {
    [CXL_PORT_STATE_PCI] = port_reset_pcie,
    [CXL_PORT_STATE_PCIE] = port_reset_pcie,
    [CXL_PORT_STATE_AER] = port_reset_aer,
    [CXL_PORT_STATE_DVSECS] = port_reset_dvsecs,
    [CXL_PORT_STATE_RAS] = port_reset_ras,
    [CXL_PORT_STATE_HDM] = port_reset_hdm,
};

void cxl_pcie_port_reset(CXLPciePort *port, ResetType type)
{
    CXLResetKind kind = cxl_power_reset(&port->power, type);

    trace_cxl_port_reset(DEVICE(port->pdev)->id ?: port->pdev->name, kind);
    for (unsigned n = 0; n < CXL_PORT_STATES; n++) {
        if (port_reset_rows[n].fate[kind] == CXL_FATE_RESET) {
            port_reset_functions[n](port);
        }
    }
}

/*
 * Whether the link of the port runs CXL: one with nothing below runs PCIe.
 * That of an upstream port goes up to a port that speaks CXL.
 */
static bool port_link_is_cxl(CXLPciePort *port)
{
    PCIBus *bus = pci_bridge_get_sec_bus(PCI_BRIDGE(port->pdev));
    PCIDevice *below = bus->devices[0];

    return !pci_is_express_downstream_port(port->pdev) ||
           (below && object_dynamic_cast(OBJECT(below), INTERFACE_CXL_DEVICE));
}

/*
 * CXL r3.1 8.1.5.2: while Unmask SBR is clear, Secondary Bus Reset of the
 * Bridge Control register has no effect on a port that runs CXL
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

int cxl_pcie_port_init_msi(PCIDevice *pdev, Error **errp)
{
    return msi_init(pdev, 0, CXL_PCIE_PORT_VECTOR + 1, true, true, errp);
}

/* Targets */

bool cxl_pcie_port_number(PCIEPort *port, Error **errp)
{
    PCIBus *bus = pci_get_bus(PCI_DEVICE(port));
    PCIDevice *other;

    if (port->port == CXL_PCIE_PORT_AUTO) {
        port->port = 0;
        while (pcie_find_port_by_pn(bus, port->port)) {
            port->port++;
        }
    }
    other = pcie_find_port_by_pn(bus, port->port);
    if (other) {
        error_setg(errp, "%s: property 'port': %u is the number of '%s' "
                   "already; each port of %s needs its own, from 0 to %u",
                   object_get_typename(OBJECT(port)), port->port,
                   DEVICE(other)->id ?: other->name, BUS(bus)->name,
                   CXL_PCIE_PORT_AUTO - 1);
        return false;
    }
    return true;
}

uint8_t cxl_pcie_port_get_number(const PCIDevice *pdev)
{
    return pci_get_long(pdev->config + pdev->exp.exp_cap + PCI_EXP_LNKCAP) >>
           PCI_EXP_LNKCAP_PN_SHIFT;
}

static bool port_has_number(const PCIDevice *pdev, int number)
{
    return number < 0 || cxl_pcie_port_get_number(pdev) == number;
}

static PCIDevice *port_find(PCIBus *bus, int number)
{
    for (unsigned devfn = 0; devfn < ARRAY_SIZE(bus->devices); devfn++) {
        PCIDevice *pdev = bus->devices[devfn];

        if (pdev && pci_is_express_downstream_port(pdev) &&
            port_has_number(pdev, number)) {
            return pdev;
        }
    }
    return NULL;
}

Object *cxl_pcie_port_target(PCIBus *bus, int number)
{
    PCIDevice *port = port_find(bus, number);
    PCIBus *below = port ? pci_bridge_get_sec_bus(PCI_BRIDGE(port)) : NULL;
    Object *target;

    if (!below || !pci_bus_is_cxl(below)) {
        return NULL;
    }
    target = (Object *)below->devices[0];
    return object_dynamic_cast(target, TYPE_CXL_MEM) ||
           object_dynamic_cast(target, TYPE_CXL_PORT) ? target : NULL;
}

CXLTargetKind cxl_pcie_port_target_kind(PCIBus *bus, int number, Object **via)
{
    PCIDevice *port = port_find(bus, number);

    *via = (Object *)port;
    if (!port) {
        return CXL_TARGET_NO_PORT;
    }
    if (cxl_pcie_port_target(bus, number)) {
        return CXL_TARGET_CXL;
    }
    return pci_bridge_get_sec_bus(PCI_BRIDGE(port))->devices[0]
               ? CXL_TARGET_NOT_CXL : CXL_TARGET_EMPTY;
}

/* Links */

void cxl_pcie_link_init(PCIDevice *pdev, PCIExpLinkWidth width,
                        PCIExpLinkSpeed speed)
{
    uint8_t *status = pdev->config + pdev->exp.exp_cap + PCI_EXP_LNKSTA;
    PCIDevice *port = pci_get_bus(pdev)->parent_dev;
    uint32_t above, own;

    pcie_cap_fill_link_ep_usp(pdev, width, speed);
    if (!port || !pci_is_express_downstream_port(port)) {
        return;
    }
    /* Fields of Link Status are where those of Link Capabilities are */
    above = pci_get_long(port->config + port->exp.exp_cap + PCI_EXP_LNKCAP);
    own = pci_get_word(status);
    pci_set_word(status, (own & ~(PCI_EXP_LNKSTA_CLS | PCI_EXP_LNKSTA_NLW)) |
                 MIN(own & PCI_EXP_LNKSTA_CLS, above & PCI_EXP_LNKCAP_SLS) |
                 MIN(own & PCI_EXP_LNKSTA_NLW, above & PCI_EXP_LNKCAP_MLW));
}

/* Switches */

bool cxl_switch_port_init(PCIDevice *pdev, uint8_t type, Error **errp)
{
    pci_bridge_initfn(pdev, TYPE_CXL_BUS);
    pcie_port_init_reg(pdev);
    if (pcie_cap_init(pdev, 0, type, PCIE_PORT(pdev)->port, errp) < 0) {
        goto no_express;
    }
    if (cxl_pcie_port_init_msi(pdev, errp) < 0) {
        goto no_msi;
    }
    if (pcie_aer_init(pdev, PCI_ERR_VER, CXL_PCIE_PORT_AER, PCI_ERR_SIZEOF,
                      errp) < 0) {
        goto no_aer;
    }
    pcie_cap_deverr_init(pdev);
    return true;

no_aer:
    msi_uninit(pdev);
no_msi:
    pcie_cap_exit(pdev);
no_express:
    pci_bridge_exitfn(pdev);
    return false;
}

void cxl_switch_port_exit(PCIDevice *pdev)
{
    pcie_aer_exit(pdev);
    msi_uninit(pdev);
    pcie_cap_exit(pdev);
    pci_bridge_exitfn(pdev);
}

/* State */

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

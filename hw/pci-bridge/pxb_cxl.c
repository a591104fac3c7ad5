/*
 * PCI Expander Bridge that is a CXL host bridge
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/boards.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/cxl/cxl-port.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/regs/component.h"
#include "hw/pci-bridge/pci_expander_bridge.h"
#include "hw/pci-bridge/pxb_cxl.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"

#define TYPE_PXB_CXL_BUS "pxb-cxl-bus"

/* Implementation defined: Target Count, the most there is */
#define PXB_CXL_TARGETS         8

/**
 * PXBCXLState: a CXL host bridge
 * @component: from pxb_cxl_make_registers() on
 * @passthrough: there are no decoders, the only root port gets everything
 */
struct PXBCXLState {
    PXBDev parent_obj;

    bool hdm_for_passthrough;
    uint8_t hdm_decoders;

    CXLComponent component;
    bool has_component;
    bool passthrough;
};

uint32_t pxb_cxl_uid(const PXBCXLState *pxb)
{
    return pxb->parent_obj.bus_nr;
}

bool pxb_cxl_is_passthrough(const PXBCXLState *pxb)
{
    return pxb->passthrough;
}

/* The root bus that this host bridge is the parent of */
static PCIBus *pxb_cxl_bus(PXBCXLState *pxb)
{
    PCIDevice *pdev = PCI_DEVICE(pxb);
    PCIBus *bus;

    QLIST_FOREACH(bus, &pci_get_bus(pdev)->child, sibling) {
        if (bus->parent_dev == pdev) {
            return bus;
        }
    }
    g_assert_not_reached();
}

static bool pxb_cxl_is_root_port(const PCIDevice *pdev)
{
    return pdev && pci_is_express(pdev) && pdev->exp.exp_cap &&
           pcie_cap_get_type(pdev) == PCI_EXP_TYPE_ROOT_PORT;
}

static unsigned pxb_cxl_nr_root_ports(PXBCXLState *pxb)
{
    PCIBus *bus = pxb_cxl_bus(pxb);
    unsigned nr = 0;

    for (unsigned devfn = 0; devfn < ARRAY_SIZE(bus->devices); devfn++) {
        nr += pxb_cxl_is_root_port(bus->devices[devfn]);
    }
    return nr;
}

static void pxb_cxl_decoders_changed(void *opaque)
{
    cxl_windows_update();
}

MemoryRegion *pxb_cxl_make_registers(PXBCXLState *pxb)
{
    CXLComponentConfig config = {
        .kind = CXL_COMPONENT_HOST_BRIDGE,
        .hdm.targets = PXB_CXL_TARGETS,
    };

    assert(!pxb->has_component);
    /*
     * CXL r3.1 8.2.4.20: a host bridge with one root port has no choice to
     * make, and need not have decoders.
     */
    pxb->passthrough = !pxb->hdm_for_passthrough &&
                       pxb_cxl_nr_root_ports(pxb) == 1;
    config.hdm.count = pxb->passthrough ? 0 : pxb->hdm_decoders;
    cxl_component_init(&pxb->component, OBJECT(pxb), "pxb-cxl-registers",
                       &config, pxb_cxl_decoders_changed, pxb);
    pxb->has_component = true;
    return &pxb->component.mr;
}

static unsigned pxb_cxl_nr_decoders(CXLPort *port)
{
    PXBCXLState *pxb = PXB_CXL(port);

    return pxb->passthrough ? 0 : pxb->hdm_decoders;
}

static bool pxb_cxl_decoder(CXLPort *port, unsigned n, CXLDecoder *out)
{
    return cxl_hdm_decoder(&PXB_CXL(port)->component.hdm, n, out);
}

static Object *pxb_cxl_target(CXLPort *port, uint8_t target)
{
    PXBCXLState *pxb = PXB_CXL(port);

    return cxl_pcie_port_target(pxb_cxl_bus(pxb),
                                pxb->passthrough ? -1 : target);
}

/* Machines that know CXL have the option; they make the registers, too. */
static bool pxb_cxl_machine_has_cxl(void)
{
    Object *machine = qdev_get_machine();

    return object_property_find(machine, "cxl") &&
           object_property_get_bool(machine, "cxl", &error_abort);
}

static bool pxb_cxl_check_node(const PXBCXLState *pxb, Error **errp)
{
    const NumaState *numa = MACHINE(qdev_get_machine())->numa_state;
    unsigned node = pxb->parent_obj.numa_node;
    unsigned nodes = numa ? numa->num_nodes : 0;

    if (node != NUMA_NODE_UNASSIGNED && node >= nodes) {
        error_setg(errp, "Property 'numa_node' cannot be %u; the machine has "
                   "%u NUMA nodes, which count from 0, and %u stands for none "
                   "of them", node, nodes, NUMA_NODE_UNASSIGNED);
        return false;
    }
    return true;
}

static void pxb_cxl_realize(PCIDevice *pdev, Error **errp)
{
    PXBCXLState *pxb = PXB_CXL(pdev);

    if (!pxb_cxl_machine_has_cxl()) {
        error_setg(errp, "pxb-cxl needs the machine option cxl=on");
    } else if (!pci_bus_is_express(pci_get_bus(pdev))) {
        error_setg(errp, "pxb-cxl must be plugged into a PCI Express bus");
    } else if (!pxb->parent_obj.bus_nr) {
        error_setg(errp, "Property 'bus_nr' must be 1 to 255");
    } else if (!cxl_hdm_count_valid(pxb->hdm_decoders, false)) {
        error_setg(errp, "Property 'hdm-decoders' must be %s",
                   cxl_hdm_count_legal(false));
    } else if (pxb_cxl_check_node(pxb, errp)) {
        pxb_dev_realize_bus(pdev, TYPE_PXB_CXL_BUS, errp);
    }
}

static void pxb_cxl_finalize(Object *obj)
{
    PXBCXLState *pxb = PXB_CXL(obj);

    if (pxb->has_component) {
        cxl_component_destroy(&pxb->component);
    }
}

static void pxb_cxl_reset_hold(Object *obj, ResetType type)
{
    PXBCXLState *pxb = PXB_CXL(obj);

    if (pxb->has_component) {
        cxl_component_reset(&pxb->component);
    }
}

static const VMStateDescription vmstate_pxb_cxl = {
    .name = TYPE_PXB_CXL,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj.parent_obj, PXBCXLState),
        VMSTATE_CXL_COMPONENT(component, PXBCXLState),
        VMSTATE_END_OF_LIST()
    }
};

static const Property pxb_cxl_properties[] = {
    DEFINE_PROP_BOOL("hdm_for_passthrough", PXBCXLState, hdm_for_passthrough,
                     false),
    DEFINE_PROP_UINT8("hdm-decoders", PXBCXLState, hdm_decoders, 10),
};

static void pxb_cxl_class_init(ObjectClass *klass, void *data)
{
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    CXLPortClass *port = CXL_PORT_CLASS(klass);
    DeviceClass *dc = DEVICE_CLASS(klass);

    port->nr_decoders = pxb_cxl_nr_decoders;
    port->decoder = pxb_cxl_decoder;
    port->target = pxb_cxl_target;

    /* In configuration space it is a PCI Express expander bridge. */
    pc->device_id = PCI_DEVICE_ID_REDHAT_PXB_PCIE;
    pc->realize = pxb_cxl_realize;

    dc->desc = "CXL Host Bridge";
    dc->vmsd = &vmstate_pxb_cxl;
    device_class_set_props(dc, pxb_cxl_properties);
    RESETTABLE_CLASS(klass)->phases.hold = pxb_cxl_reset_hold;
}

static const TypeInfo pxb_cxl_types[] = {
    {
        .name = TYPE_PXB_CXL_BUS,
        .parent = TYPE_CXL_BUS,
        .class_init = pxb_bus_class_init,
        .instance_size = sizeof(PXBBus),
    },
    {
        .name = TYPE_PXB_CXL,
        .parent = TYPE_PXB_DEV,
        .class_init = pxb_cxl_class_init,
        .instance_size = sizeof(PXBCXLState),
        .instance_finalize = pxb_cxl_finalize,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_CXL_PORT },
            { },
        },
    },
};

DEFINE_TYPES(pxb_cxl_types)

/*
 * PCI Expander Bridge that is a CXL host bridge
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/boards.h"
#include "hw/pci-bridge/cxl_host_bridge.h"
#include "hw/pci-bridge/pci_expander_bridge.h"
#include "hw/qdev-properties.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"

#define TYPE_PXB_CXL_BUS "pxb-cxl-bus"

OBJECT_DECLARE_SIMPLE_TYPE(PXBCXLState, PXB_CXL)

struct PXBCXLState {
    PXBDev parent_obj;

    CXLRootPorts ports;
};

static CXLRootPorts *pxb_cxl_root_ports(Object *obj)
{
    return &PXB_CXL(obj)->ports;
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
    } else if (cxl_root_ports_check(&pxb->ports, errp) &&
               pxb_cxl_check_node(pxb, errp) &&
               pxb_dev_realize_bus(pdev, TYPE_PXB_CXL_BUS, errp)) {
        pxb->ports.bus = pxb_cxl_bus(pxb);
        pxb->ports.uid = pxb->parent_obj.bus_nr;
    }
}

static void pxb_cxl_finalize(Object *obj)
{
    cxl_root_ports_destroy(&PXB_CXL(obj)->ports);
}

static void pxb_cxl_reset_hold(Object *obj, ResetType type)
{
    cxl_root_ports_reset(&PXB_CXL(obj)->ports);
}

static const VMStateDescription vmstate_pxb_cxl = {
    .name = TYPE_PXB_CXL,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj.parent_obj, PXBCXLState),
        VMSTATE_CXL_COMPONENT(ports.component, PXBCXLState),
        VMSTATE_END_OF_LIST()
    }
};

static const Property pxb_cxl_properties[] = {
    DEFINE_PROP_CXL_ROOT_PORTS(PXBCXLState, ports),
};

static void pxb_cxl_class_init(ObjectClass *klass, void *data)
{
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    DeviceClass *dc = DEVICE_CLASS(klass);

    CXL_HOST_BRIDGE_CLASS(klass)->root_ports = pxb_cxl_root_ports;

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
            { TYPE_CXL_HOST_BRIDGE },
            { },
        },
    },
};

DEFINE_TYPES(pxb_cxl_types)

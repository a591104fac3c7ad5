/*
 * Downstream port of a CXL switch
 *
 * A slot on the bus of a cxl-upstream, for a CXL device, another switch, or
 * a PCI Express device.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/cxl/cxl-error-source.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"

OBJECT_DECLARE_SIMPLE_TYPE(CXLDownstreamPort, CXL_DOWNSTREAM)

#define DOWNSTREAM_DEVICE_ID    0xa129

/* Implementation defined: what stands where */
#define DOWNSTREAM_ACS_OFFSET   CXL_PCIE_PORT_AER_END
#define DOWNSTREAM_DVSEC_OFFSET (DOWNSTREAM_ACS_OFFSET + PCI_ACS_SIZEOF)

struct CXLDownstreamPort {
    PCIESlot parent_obj;

    CXLPciePort cxl;
};

static void downstream_config_write(PCIDevice *pdev, uint32_t addr,
                                    uint32_t value, int len)
{
    CXLDownstreamPort *dsp = CXL_DOWNSTREAM(pdev);
    uint16_t slot_control, slot_status;

    cxl_pcie_port_before_write(&dsp->cxl, addr, value, len);
    pcie_cap_slot_get(pdev, &slot_control, &slot_status);
    pci_bridge_write_config(pdev, addr, value, len);
    pcie_cap_slot_write_config(pdev, slot_control, slot_status, addr, value,
                               len);
    pcie_aer_write_config(pdev, addr, value, len);
    cxl_pcie_port_written(&dsp->cxl, addr, len);
}

static bool downstream_check(PCIDevice *pdev, Error **errp)
{
    PCIBus *bus = pci_get_bus(pdev);

    if (!object_dynamic_cast((Object *)bus->parent_dev, TYPE_CXL_UPSTREAM)) {
        error_setg(errp, "cxl-downstream must be plugged into a switch; set "
                   "'bus' to a cxl-upstream, not to %s", BUS(bus)->name);
        return false;
    }
    return cxl_pcie_port_number(PCIE_PORT(pdev), errp);
}

static bool downstream_init_slot(PCIDevice *pdev, Error **errp)
{
    PCIESlot *slot = PCIE_SLOT(pdev);

    pcie_chassis_create(slot->chassis);
    if (pcie_chassis_add_slot(slot) < 0) {
        error_setg(errp, "cxl-downstream: properties 'chassis' and 'slot': "
                   "slot %u of chassis %u exists already; each slot of a "
                   "chassis needs a number of its own", slot->slot,
                   slot->chassis);
        return false;
    }
    pcie_cap_slot_init(pdev, slot);
    pcie_cap_arifwd_init(pdev);
    pcie_acs_init(pdev, DOWNSTREAM_ACS_OFFSET);
    return true;
}

static void downstream_realize(PCIDevice *pdev, Error **errp)
{
    const CXLComponentConfig config = {
        .kind = CXL_COMPONENT_DOWNSTREAM_PORT,
    };

    if (!downstream_check(pdev, errp) ||
        !cxl_switch_port_init(pdev, PCI_EXP_TYPE_DOWNSTREAM, errp)) {
        return;
    }
    if (!downstream_init_slot(pdev, errp)) {
        cxl_switch_port_exit(pdev);
        return;
    }
    cxl_pcie_port_init(&CXL_DOWNSTREAM(pdev)->cxl, pdev, &config,
                       DOWNSTREAM_DVSEC_OFFSET);
}

static void downstream_exit(PCIDevice *pdev)
{
    cxl_pcie_port_destroy(&CXL_DOWNSTREAM(pdev)->cxl);
    pcie_chassis_del_slot(PCIE_SLOT(pdev));
    cxl_switch_port_exit(pdev);
}

static void downstream_reset_hold(Object *obj, ResetType type)
{
    PCIDevice *pdev = PCI_DEVICE(obj);

    pci_bridge_reset(DEVICE(obj));
    pci_bridge_disable_base_limit(pdev);
    pcie_cap_slot_reset(pdev);
    pcie_cap_deverr_reset(pdev);
    pcie_cap_arifwd_reset(pdev);
    pcie_acs_reset(pdev);
    cxl_pcie_port_reset(&CXL_DOWNSTREAM(obj)->cxl, type);
}

static void downstream_instance_init(Object *obj)
{
    PCIE_PORT(obj)->port = CXL_PCIE_PORT_AUTO;
}

static const VMStateDescription vmstate_downstream = {
    .name = TYPE_CXL_DOWNSTREAM,
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_PCI_BUS,
    .post_load = pcie_cap_slot_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj.parent_obj.parent_obj.parent_obj,
                           CXLDownstreamPort),
        VMSTATE_STRUCT(parent_obj.parent_obj.parent_obj.parent_obj.exp.aer_log,
                       CXLDownstreamPort, 0, vmstate_pcie_aer_log,
                       PCIEAERLog),
        VMSTATE_CXL_PCIE_PORT(cxl, CXLDownstreamPort),
        VMSTATE_END_OF_LIST()
    },
};

static const Property downstream_properties[] = {
    DEFINE_PROP_BIT(COMPAT_PROP_PCP, PCIDevice, cap_present,
                    QEMU_PCIE_SLTCAP_PCP_BITNR, true),
    DEFINE_PROP_PCIE_LINK_SPEED("x-speed", PCIESlot, speed,
                                PCIE_LINK_SPEED_64),
    DEFINE_PROP_PCIE_LINK_WIDTH("x-width", PCIESlot, width,
                                PCIE_LINK_WIDTH_16),
};

static CXLComponent *downstream_component(CXLErrorSource *source)
{
    return &CXL_DOWNSTREAM(source)->cxl.component;
}

static void downstream_class_init(ObjectClass *oc, void *data)
{
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
    DeviceClass *dc = DEVICE_CLASS(oc);

    dc->desc = "CXL Switch Downstream Port";
    dc->vmsd = &vmstate_downstream;
    set_bit(DEVICE_CATEGORY_BRIDGE, dc->categories);
    device_class_set_props(dc, downstream_properties);
    RESETTABLE_CLASS(oc)->phases.hold = downstream_reset_hold;

    pc->vendor_id = CXL_SWITCH_VENDOR_ID;
    pc->device_id = DOWNSTREAM_DEVICE_ID;
    pc->config_write = downstream_config_write;
    pc->realize = downstream_realize;
    pc->exit = downstream_exit;
    CXL_ERROR_SOURCE_CLASS(oc)->component = downstream_component;
}

static const TypeInfo downstream_types[] = {
    {
        .name = TYPE_CXL_DOWNSTREAM,
        .parent = TYPE_PCIE_SLOT,
        .class_init = downstream_class_init,
        .instance_init = downstream_instance_init,
        .instance_size = sizeof(CXLDownstreamPort),
        .interfaces = (InterfaceInfo[]) {
            { TYPE_CXL_ERROR_SOURCE },
            { INTERFACE_CXL_DEVICE },
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(downstream_types)

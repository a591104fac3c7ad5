/*
 * CXL Root Port
 *
 * A PCI Express root port of a CXL host bridge, with the registers of a CXL
 * port. CXL devices and PCI Express devices can be plugged below it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/pci/msi.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"
#include "hw/cxl/cxl-error-source.h"
#include "hw/cxl/cxl-pcie-port.h"

#define TYPE_CXL_ROOT_PORT      "cxl-rp"
OBJECT_DECLARE_SIMPLE_TYPE(CXLRootPort, CXL_ROOT_PORT)

#define ROOT_PORT_DEVICE_ID     0x7075

/* Implementation defined: what stands where */
#define ROOT_PORT_ACS_OFFSET    CXL_PCIE_PORT_AER_END
#define ROOT_PORT_DVSEC_OFFSET  (ROOT_PORT_ACS_OFFSET + PCI_ACS_SIZEOF)

struct CXLRootPort {
    PCIESlot parent_obj;

    CXLPciePort cxl;
    PCIResReserve reserve;
};

static PCIDeviceClass *root_port_base(void)
{
    return PCI_DEVICE_CLASS(object_class_by_name(TYPE_PCIE_ROOT_PORT));
}

static uint8_t root_port_aer_vector(const PCIDevice *pdev)
{
    return CXL_PCIE_PORT_VECTOR;
}

static void root_port_config_write(PCIDevice *pdev, uint32_t addr,
                                   uint32_t value, int len)
{
    CXLRootPort *rp = CXL_ROOT_PORT(pdev);

    cxl_pcie_port_before_write(&rp->cxl, addr, value, len);
    root_port_base()->config_write(pdev, addr, value, len);
    cxl_pcie_port_written(&rp->cxl, addr, len);
}

static bool root_port_check(PCIDevice *pdev, Error **errp)
{
    PCIBus *bus = pci_get_bus(pdev);
    CXLRootPort *rp = CXL_ROOT_PORT(pdev);
    PCIESlot *slot = PCIE_SLOT(pdev);

    if (!pci_bus_is_cxl(bus) || !pci_bus_is_root(bus)) {
        error_setg(errp, "cxl-rp must be plugged into a host bridge's bus of "
                   "type CXL; set 'bus' to that of a pxb-cxl, not to %s, or "
                   "the machine option cxl-main-host=on", BUS(bus)->name);
        return false;
    }
    if (rp->reserve.mem_pref_32 != (uint64_t)-1 &&
        rp->reserve.mem_pref_64 != (uint64_t)-1) {
        error_setg(errp, "cxl-rp: properties 'pref32-reserve' and "
                   "'pref64-reserve' exclude each other; give only one");
        return false;
    }
    /* Only tried: the base class takes it, and does not say what is wrong */
    pcie_chassis_create(slot->chassis);
    if (pcie_chassis_add_slot(slot) < 0) {
        error_setg(errp, "cxl-rp: properties 'chassis' and 'slot': slot %u of "
                   "chassis %u exists already; each slot of a chassis needs a "
                   "number of its own", slot->slot, slot->chassis);
        return false;
    }
    pcie_chassis_del_slot(slot);
    return cxl_pcie_port_number(PCIE_PORT(pdev), errp);
}

/* PCI firmware then need not look for room that was not asked for */
static void root_port_hide_io(PCIDevice *pdev)
{
    pci_word_test_and_clear_mask(pdev->wmask + PCI_COMMAND, PCI_COMMAND_IO);
    pdev->wmask[PCI_IO_BASE] = 0;
    pdev->wmask[PCI_IO_LIMIT] = 0;
}

static void root_port_realize(PCIDevice *pdev, Error **errp)
{
    ERRP_GUARD();
    CXLRootPort *rp = CXL_ROOT_PORT(pdev);
    CXLComponentConfig config = { .kind = CXL_COMPONENT_ROOT_PORT };

    if (!root_port_check(pdev, errp)) {
        return;
    }
    root_port_base()->realize(pdev, errp);
    if (*errp) {
        return;
    }
    if (pci_bridge_qemu_reserve_cap_init(pdev, 0, rp->reserve, errp) < 0) {
        root_port_base()->exit(pdev);
        return;
    }
    if (!rp->reserve.io) {
        root_port_hide_io(pdev);
    }
    cxl_pcie_port_init(&rp->cxl, pdev, &config, ROOT_PORT_DVSEC_OFFSET);
}

static void root_port_exit(PCIDevice *pdev)
{
    cxl_pcie_port_destroy(&CXL_ROOT_PORT(pdev)->cxl);
    root_port_base()->exit(pdev);
}

static void root_port_reset_hold(Object *obj, ResetType type)
{
    PCIERootPortClass *rpc = PCIE_ROOT_PORT_GET_CLASS(obj);

    if (rpc->parent_phases.hold) {
        rpc->parent_phases.hold(obj, type);
    }
    cxl_pcie_port_reset(&CXL_ROOT_PORT(obj)->cxl, type);
}

static void root_port_instance_init(Object *obj)
{
    PCIE_PORT(obj)->port = CXL_PCIE_PORT_AUTO;
}

static const VMStateDescription vmstate_root_port = {
    .name = TYPE_CXL_ROOT_PORT,
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_PCI_BUS,
    .post_load = pcie_cap_slot_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj.parent_obj.parent_obj.parent_obj,
                           CXLRootPort),
        VMSTATE_STRUCT(parent_obj.parent_obj.parent_obj.parent_obj.exp.aer_log,
                       CXLRootPort, 0, vmstate_pcie_aer_log, PCIEAERLog),
        VMSTATE_CXL_PCIE_PORT(cxl, CXLRootPort),
        VMSTATE_END_OF_LIST()
    },
};

#define ROOT_PORT_PROP_RESERVE(name, field) \
    DEFINE_PROP_SIZE(name, CXLRootPort, reserve.field, -1)

static const Property root_port_properties[] = {
    DEFINE_PROP_PCIE_LINK_WIDTH("x-width", PCIESlot, width,
                                PCIE_LINK_WIDTH_32),
    DEFINE_PROP_PCIE_LINK_SPEED("x-speed", PCIESlot, speed,
                                PCIE_LINK_SPEED_64),
    ROOT_PORT_PROP_RESERVE("io-reserve", io),
    ROOT_PORT_PROP_RESERVE("mem-reserve", mem_non_pref),
    ROOT_PORT_PROP_RESERVE("pref32-reserve", mem_pref_32),
    ROOT_PORT_PROP_RESERVE("pref64-reserve", mem_pref_64),
    DEFINE_PROP_UINT32("bus-reserve", CXLRootPort, reserve.bus, -1),
};

static CXLComponent *root_port_component(CXLErrorSource *source)
{
    return &CXL_ROOT_PORT(source)->cxl.component;
}

static void root_port_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
    PCIERootPortClass *rpc = PCIE_ROOT_PORT_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    dc->desc = "CXL Root Port";
    dc->vmsd = &vmstate_root_port;
    device_class_set_props(dc, root_port_properties);
    resettable_class_set_parent_phases(rc, NULL, root_port_reset_hold, NULL,
                                       &rpc->parent_phases);

    pc->device_id = ROOT_PORT_DEVICE_ID;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->config_write = root_port_config_write;
    pc->realize = root_port_realize;
    pc->exit = root_port_exit;

    rpc->bus_type = TYPE_CXL_BUS;
    rpc->aer_offset = CXL_PCIE_PORT_AER;
    rpc->acs_offset = ROOT_PORT_ACS_OFFSET;
    rpc->aer_vector = root_port_aer_vector;
    rpc->interrupts_init = cxl_pcie_port_init_msi;
    rpc->interrupts_uninit = msi_uninit;
    CXL_ERROR_SOURCE_CLASS(oc)->component = root_port_component;
}

static const TypeInfo root_port_types[] = {
    {
        .name = TYPE_CXL_ROOT_PORT,
        .parent = TYPE_PCIE_ROOT_PORT,
        .class_init = root_port_class_init,
        .instance_init = root_port_instance_init,
        .instance_size = sizeof(CXLRootPort),
        .interfaces = (InterfaceInfo[]) {
            { TYPE_CXL_ERROR_SOURCE },
            { INTERFACE_CXL_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(root_port_types)

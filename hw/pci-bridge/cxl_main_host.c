/*
 * The main root bus of a machine as a CXL host bridge
 *
 * The bus and its host bridge are the chipset's. What is added here is what
 * every CXL host bridge has; in configuration space it is nowhere to be seen.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci-bridge/cxl_host_bridge.h"
#include "hw/qdev-properties.h"
#include "hw/resettable.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"

OBJECT_DECLARE_SIMPLE_TYPE(CXLMainHost, CXL_MAIN_HOST)

struct CXLMainHost {
    SysBusDevice parent_obj;

    CXLRootPorts ports;
};

static CXLRootPorts *main_host_root_ports(Object *obj)
{
    return &CXL_MAIN_HOST(obj)->ports;
}

Object *cxl_main_host_new(const char *id, uint32_t uid)
{
    DeviceState *dev = qdev_new(TYPE_CXL_MAIN_HOST);

    /* By which windows name their targets */
    dev->id = g_strdup(id);
    CXL_MAIN_HOST(dev)->ports.uid = uid;
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
    return OBJECT(dev);
}

void cxl_main_host_set_bus(Object *obj, PCIBus *bus)
{
    CXLRootPorts *ports = &CXL_MAIN_HOST(obj)->ports;

    ports->bus = bus;
    /* Where QEMU looks for the _UID of the bus of a generic port */
    object_property_add_uint32_ptr(OBJECT(bus), "acpi_uid", &ports->uid,
                                   OBJ_PROP_FLAG_READ);
}

static void main_host_realize(DeviceState *dev, Error **errp)
{
    cxl_root_ports_check(&CXL_MAIN_HOST(dev)->ports, errp);
}

static void main_host_finalize(Object *obj)
{
    cxl_root_ports_destroy(&CXL_MAIN_HOST(obj)->ports);
}

static void main_host_reset_hold(Object *obj, ResetType type)
{
    cxl_root_ports_reset(&CXL_MAIN_HOST(obj)->ports);
}

static const VMStateDescription vmstate_main_host = {
    .name = TYPE_CXL_MAIN_HOST,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_CXL_COMPONENT(ports.component, CXLMainHost),
        VMSTATE_END_OF_LIST()
    }
};

static const Property main_host_properties[] = {
    DEFINE_PROP_CXL_ROOT_PORTS(CXLMainHost, ports),
};

static void main_host_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    CXL_HOST_BRIDGE_CLASS(klass)->root_ports = main_host_root_ports;

    dc->desc = "CXL Host Bridge of the main root bus";
    dc->realize = main_host_realize;
    dc->vmsd = &vmstate_main_host;
    device_class_set_props(dc, main_host_properties);
    RESETTABLE_CLASS(klass)->phases.hold = main_host_reset_hold;
}

static const TypeInfo main_host_types[] = {
    {
        .name = TYPE_CXL_MAIN_HOST,
        .parent = TYPE_SYS_BUS_DEVICE,
        .class_init = main_host_class_init,
        .instance_size = sizeof(CXLMainHost),
        .instance_finalize = main_host_finalize,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_CXL_HOST_BRIDGE },
            { },
        },
    },
};

DEFINE_TYPES(main_host_types)

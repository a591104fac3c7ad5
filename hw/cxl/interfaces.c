/*
 * The interfaces by which windows and command sets see devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/qdev-core.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/cxl-port.h"

char *cxl_name(Object *obj)
{
    DeviceState *dev = (DeviceState *)object_dynamic_cast(obj, TYPE_DEVICE);

    return dev && dev->id ? g_strdup(dev->id) : object_get_canonical_path(obj);
}

static const TypeInfo cxl_interfaces[] = {
    {
        .name = TYPE_CXL_MEM,
        .class_size = sizeof(CXLMemClass),
        .parent = TYPE_INTERFACE,
    }, {
        .name = TYPE_CXL_PORT,
        .class_size = sizeof(CXLPortClass),
        .parent = TYPE_INTERFACE,
    },
};

DEFINE_TYPES(cxl_interfaces)

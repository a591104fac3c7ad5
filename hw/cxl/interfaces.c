/*
 * The interfaces by which windows and command sets see devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/cxl-port.h"

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

/*
 * PCIe r6.0 7.9.3: Device Serial Numbers of CXL functions
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/error-report.h"
#include "hw/cxl/serial.h"

/* Numbers that nobody chose: EUI-64s of QEMU's OUI and a hash */
#define SERIAL_OUI      (0x525400ULL << 40)
#define SERIAL_MASK     MAKE_64BIT_MASK(0, 40)

static QLIST_HEAD(, CXLSerial) serials = QLIST_HEAD_INITIALIZER(serials);

/* The pmem cookie of an OS holds the serial number: it must stay the same */
static uint64_t serial_of_position(DeviceState *dev)
{
    g_autofree char *path = qdev_get_dev_path(dev);
    uint64_t hash = 0xcbf29ce484222325;     /* FNV-1a, 64 bits */

    for (const char *c = path; c && *c; c++) {
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3;
    }
    return SERIAL_OUI | ((hash ^ hash >> 40) & SERIAL_MASK);
}

static CXLSerial *serial_find(uint64_t number)
{
    CXLSerial *other;

    QLIST_FOREACH(other, &serials, next) {
        if (other->number == number) {
            break;
        }
    }
    return other;
}

static const char *serial_owner(const CXLSerial *serial)
{
    return serial->dev->id ?: object_get_typename(OBJECT(serial->dev));
}

void cxl_serial_take(CXLSerial *serial, DeviceState *dev, uint64_t sn)
{
    CXLSerial *other = sn ? serial_find(sn) : NULL;

    serial->dev = dev;
    serial->number = sn ?: serial_of_position(dev);
    while (!sn && serial_find(serial->number)) {
        serial->number = SERIAL_OUI | ((serial->number + 1) & SERIAL_MASK);
    }
    if (other) {
        warn_report("%s: property 'sn': 0x%" PRIx64 " is the number of %s "
                    "too; an OS tells devices apart by it",
                    serial_owner(serial), sn, serial_owner(other));
    }
    QLIST_INSERT_HEAD(&serials, serial, next);
}

void cxl_serial_release(CXLSerial *serial)
{
    QLIST_REMOVE(serial, next);
}

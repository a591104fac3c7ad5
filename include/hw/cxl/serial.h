/*
 * PCIe r6.0 7.9.3: Device Serial Numbers of CXL functions
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SERIAL_H
#define HW_CXL_SERIAL_H

#include "hw/qdev-core.h"
#include "qemu/queue.h"

/**
 * CXLSerial: the number of one function, from take to release
 * @number: not 0
 */
typedef struct CXLSerial {
    uint64_t number;
    DeviceState *dev;
    QLIST_ENTRY(CXLSerial) next;
} CXLSerial;

/*
 * Give @dev the number @sn, its property, or one of its own that depends on
 * its position only if that is 0; warns when another device has it as well
 */
void cxl_serial_take(CXLSerial *serial, DeviceState *dev, uint64_t sn);
void cxl_serial_release(CXLSerial *serial);

#endif /* HW_CXL_SERIAL_H */

/*
 * Fuzzing CXL: the rows of the command sets
 *
 * Opcodes and lengths come from the rows themselves, those of a device that
 * is made for this in the test's own process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "../../unit/cxl-fake-device.h"
#include "fuzz.h"

const CXLCmd *fuzz_row(unsigned n)
{
    static Device *device;

    if (!device) {
        module_call_init(MODULE_INIT_QOM);
        type_register_static(&fake_mem_info);
        init_clocks(NULL);
        device = new_device();
    }
    return cxl_cci_command(&device->cci, n);
}

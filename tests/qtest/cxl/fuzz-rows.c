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

/* With memory that is volatile or persistent, which takes a command more */
static Device *device_with_all(void)
{
    FakeMem *fake;

    module_call_init(MODULE_INIT_QOM);
    type_register_static(&fake_mem_info);
    init_clocks(NULL);
    fake = FAKE_MEM(object_new(TYPE_FAKE_MEM));
    fake->partitionable = CXL_CAPACITY_UNIT;
    return new_device_on(fake);
}

const CXLCmd *fuzz_row(unsigned n)
{
    static Device *device;

    if (!device) {
        device = device_with_all();
    }
    return cxl_cci_command(&device->cci, n);
}

const CXLCmd *fuzz_any_row(Fuzz *f)
{
    static unsigned nr;

    while (fuzz_row(nr)) {
        nr++;
    }
    return fuzz_row(fuzz_below(f, nr));
}

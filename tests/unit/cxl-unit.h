/*
 * What unit tests of stateful CXL code need: virtual time that stands still
 * until it is told to go on, and a way to save and load a state.
 *
 * To be included once in a test, which links migration and io.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CXL_UNIT_H
#define TESTS_UNIT_CXL_UNIT_H

#include "qemu/module.h"
#include "qemu/timer.h"
#include "system/cpu-timers.h"
#include "io/channel-buffer.h"
#include "migration/vmstate.h"
#include "migration/qemu-file-types.h"
#include "../migration/qemu-file.h"
#include "../migration/savevm.h"

static int64_t virtual_ns;

int64_t cpus_get_virtual_clock(void)
{
    return virtual_ns;
}

void cpus_set_virtual_clock(int64_t new_time)
{
    virtual_ns = new_time;
}

static inline void cxl_unit_init(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    module_call_init(MODULE_INIT_QOM);
    init_clocks(NULL);
    qemu_clock_enable(QEMU_CLOCK_VIRTUAL, true);
}

/* Let @ms milliseconds go by, and run the timers that expire in them */
static inline void cxl_unit_sleep(int64_t ms)
{
    virtual_ns += ms * SCALE_MS;
    qemu_clock_run_timers(QEMU_CLOCK_VIRTUAL);
}

/* Save @from and load it into @to; returns what the load returned */
static inline int cxl_unit_migrate(const VMStateDescription *vmsd, void *from,
                                   void *to)
{
    QIOChannelBuffer *out = qio_channel_buffer_new(4096);
    QIOChannelBuffer *in;
    QEMUFile *f = qemu_file_new_output(QIO_CHANNEL(out));
    int ret;

    g_assert_cmpint(vmstate_save_state(f, vmsd, from, NULL), ==, 0);
    qemu_put_byte(f, QEMU_VM_EOF);
    g_assert_cmpint(qemu_fflush(f), ==, 0);
    in = qio_channel_buffer_new(out->usage);
    memcpy(in->data, out->data, out->usage);
    in->usage = out->usage;
    qemu_fclose(f);
    object_unref(OBJECT(out));

    f = qemu_file_new_input(QIO_CHANNEL(in));
    ret = vmstate_load_state(f, vmsd, to, vmsd->version_id);
    qemu_fclose(f);
    object_unref(OBJECT(in));
    return ret;
}

#endif /* TESTS_UNIT_CXL_UNIT_H */

/*
 * All pieces of state of a machine at once
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "pieces.h"
#include "reset-drivers.h"

static bool is_port(const QCXLFn *fn)
{
    return fn->device == QCXL_ROOT_PORT || fn->device == QCXL_UPSTREAM_PORT ||
           fn->device == QCXL_DOWNSTREAM_PORT;
}

/*
 * Pieces of state that resets are tested with, so that none of them is what it
 * always is; but those that would be in the way of what comes after
 */
static void set_pieces(QCXLFn *fn, const ResetDriver *drivers, unsigned nr,
                       uint64_t in_the_way, GRand *rand)
{
    const ResetTarget t = { .q = fn->q, .fn = fn, .comp = &fn->comp };

    for (unsigned row = 0; row < nr; row++) {
        uint32_t token = 1 + (g_rand_int(rand) >> 1);

        if (!(in_the_way & 1ull << row) && token % 4) {
            drivers[row].set(&t, token);
        }
    }
}

void pieces_set(QCXL *q, uint32_t seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    const ResetTarget mem = { .q = q, .fn = qcxl_mem_at(q, 0) };

    reset_complete_sanitize(&mem);
    for (unsigned i = 0; i < q->functions->len; i++) {
        QCXLFn *fn = g_ptr_array_index(q->functions, i);

        if (is_port(fn)) {
            set_pieces(fn, reset_port_drivers, CXL_PORT_STATES,
                       1ull << CXL_PORT_STATE_HDM, rand);
        }
    }
    set_pieces(mem.fn, reset_device_drivers, CXL_STATES,
               1ull << CXL_STATE_BACKGROUND | 1ull << CXL_STATE_MEDIA |
               1ull << CXL_STATE_DOORBELL | 1ull << CXL_STATE_NOT_READY |
               1ull << CXL_STATE_CONFIG_LOCK |
               1ull << CXL_STATE_HDM, rand);
}

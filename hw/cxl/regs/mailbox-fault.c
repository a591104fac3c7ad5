/*
 * A mailbox that keeps its doorbell set, because a fault is wanted
 *
 * Implementation defined: while the doorbell is set, it can only be read, and
 * Command Register and payload registers take no writes: the command that runs
 * in the end is the one that it was rung for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "mailbox-internal.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"

static int64_t after(uint32_t ms)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + (int64_t)ms * SCALE_MS;
}

bool cxl_mailbox_held(const CXLMailbox *m)
{
    return m->held.waits || m->held.stuck;
}

void cxl_mailbox_show_doorbell(CXLMailbox *m)
{
    uint32_t at = m->offset + CXL_MBOX_CONTROL;
    bool held = cxl_mailbox_held(m);
    uint32_t control = cxl_regfile_get(m->rf, at, 4);

    cxl_regfile_set(m->rf, at, 4, FIELD_DP32(control, CXL_MBOX_CONTROL,
                                             DOORBELL, held));
    cxl_regfile_set_writable(m->rf, at, 4, R_CXL_MBOX_CONTROL_DOORBELL_MASK,
                             !held);
    cxl_regfile_set_writable(m->rf, m->offset + CXL_MBOX_COMMAND, 8,
                             UINT64_MAX, !held);
}

void cxl_mailbox_hold(CXLMailbox *m, const CXLFault *fault)
{
    CXLMailboxHeld *h = &m->held;

    assert(!cxl_mailbox_held(m));
    h->waits = true;
    h->fault = *fault;
    h->end_ns = fault->hang ? 0 : after(fault->delay_ms);
    trace_cxl_mailbox_hold(fault->opcode, fault->hang, fault->delay_ms);
    if (!fault->hang) {
        timer_mod(h->timer, h->end_ns);
    }
    cxl_mailbox_show_doorbell(m);
}

/* Whatever a fault made the command wait for is over */
static void cxl_mailbox_go_on(void *opaque)
{
    CXLMailbox *m = opaque;

    m->held.waits = false;
    cxl_mailbox_answer(m, &m->held.fault);
}

void cxl_mailbox_stick(CXLMailbox *m, uint32_t ms)
{
    CXLMailboxHeld *h = &m->held;

    trace_cxl_mailbox_stick(ms);
    h->stuck = true;
    h->stuck_end_ns = ms ? after(ms) : 0;
    timer_del(h->stuck_timer);
    if (ms) {
        timer_mod(h->stuck_timer, h->stuck_end_ns);
    }
    cxl_mailbox_show_doorbell(m);
}

/* CXL r3.1 8.2.8.4.4: the doorbell is cleared, unless a command waits */
static void cxl_mailbox_unstick(void *opaque)
{
    CXLMailbox *m = opaque;

    m->held.stuck = false;
    m->held.stuck_end_ns = 0;
    timer_del(m->held.stuck_timer);
    cxl_mailbox_show_doorbell(m);
    if (!cxl_mailbox_held(m)) {
        cxl_mailbox_interrupt(m, R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK);
    }
}

void cxl_mailbox_clear_faults(CXLMailbox *m)
{
    if (m->held.stuck) {
        cxl_mailbox_unstick(m);
    }
    if (m->held.waits) {
        timer_del(m->held.timer);
        m->held.fault = (CXLFault) { .opcode = m->held.fault.opcode };
        cxl_mailbox_go_on(m);
    }
}

void cxl_mailbox_init_held(CXLMailbox *m)
{
    m->held.timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, cxl_mailbox_go_on, m);
    m->held.stuck_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL,
                                       cxl_mailbox_unstick, m);
}

void cxl_mailbox_destroy_held(CXLMailbox *m)
{
    g_clear_pointer(&m->held.timer, timer_free);
    g_clear_pointer(&m->held.stuck_timer, timer_free);
}

void cxl_mailbox_forget_held(CXLMailbox *m)
{
    CXLMailboxHeld *h = &m->held;

    timer_del(h->timer);
    timer_del(h->stuck_timer);
    *h = (CXLMailboxHeld) {
        .timer = h->timer, .stuck_timer = h->stuck_timer,
    };
    cxl_mailbox_show_doorbell(m);
}

/* Whether what was loaded can be; the commands are not known here */
static bool cxl_mailbox_held_plausible(const CXLMailboxHeld *h)
{
    return h->end_ns >= 0 && h->stuck_end_ns >= 0 &&
           (!h->waits || (cxl_fault_valid(&h->fault, true) &&
                          (h->fault.hang || h->fault.delay_ms)));
}

int cxl_mailbox_resume(CXLMailbox *m)
{
    CXLMailboxHeld *h = &m->held;

    timer_del(h->timer);
    timer_del(h->stuck_timer);
    if (!cxl_mailbox_held_plausible(h)) {
        cxl_mailbox_forget_held(m);
        return -EINVAL;
    }
    if (h->waits && !h->fault.hang) {
        timer_mod(h->timer, h->end_ns);
    }
    if (h->stuck && h->stuck_end_ns) {
        timer_mod(h->stuck_timer, h->stuck_end_ns);
    }
    cxl_mailbox_show_doorbell(m);
    return 0;
}

/* Timers and registers follow, see cxl_mailbox_resume() */
const VMStateDescription vmstate_cxl_mailbox_held = {
    .name = "cxl-mailbox-held",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(waits, CXLMailboxHeld),
        VMSTATE_STRUCT(fault, CXLMailboxHeld, 1, vmstate_cxl_fault, CXLFault),
        VMSTATE_INT64(end_ns, CXLMailboxHeld),
        VMSTATE_BOOL(stuck, CXLMailboxHeld),
        VMSTATE_INT64(stuck_end_ns, CXLMailboxHeld),
        VMSTATE_END_OF_LIST()
    }
};

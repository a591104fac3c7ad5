/*
 * CXL r3.1 8.2.8.4.7: the background operation of a CCI, in virtual time
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/background.h"
#include "hw/cxl/trace.h"

/* The longest operation that a row can estimate */
#define DURATION_MAX_NS ((int64_t)UINT32_MAX * SCALE_MS)

static int64_t now(void)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

/* The time is up: let the command act, then tell the owner */
static void finished(void *opaque)
{
    CXLCCI *cci = opaque;
    CXLBackground *b = &cci->background;
    void *state;
    const CXLCmd *row = cxl_cci_find(cci, b->opcode, &state);

    b->ret = row->finish(state);
    b->running = false;
    trace_cxl_cci_background_done(b->opcode, row->name, b->ret);
    if (cci->ops->background_done) {
        cci->ops->background_done(cci->opaque);
    }
}

static void forget(CXLBackground *b)
{
    b->running = false;
    b->hangs = false;
    b->opcode = 0;
    b->ret = CXL_RET_SUCCESS;
    b->start_ns = 0;
    b->end_ns = 0;
}

void cxl_background_init(CXLCCI *cci)
{
    CXLBackground *b = &cci->background;

    forget(b);
    b->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, finished, cci);
}

void cxl_background_destroy(CXLCCI *cci)
{
    g_clear_pointer(&cci->background.timer, timer_free);
}

/* End the operation early; its command undoes what it has begun */
static void cancel(CXLCCI *cci)
{
    CXLBackground *b = &cci->background;
    void *state;
    const CXLCmd *row = cxl_cci_find(cci, b->opcode, &state);

    timer_del(b->timer);
    b->running = false;
    b->hangs = false;
    b->ret = CXL_RET_ABORTED;
    trace_cxl_cci_background_done(b->opcode, row->name, b->ret);
    if (row->cancel) {
        row->cancel(state);
    }
}

void cxl_background_reset(CXLCCI *cci)
{
    if (cci->background.running) {
        cancel(cci);
    }
    forget(&cci->background);
}

bool cxl_cci_background_abort(CXLCCI *cci)
{
    CXLBackground *b = &cci->background;

    if (!b->running) {
        return true;
    }
    if (!(cxl_cci_find(cci, b->opcode, NULL)->flags & CXL_CMD_ABORTABLE)) {
        return false;
    }
    cancel(cci);
    if (cci->ops->background_done) {
        cci->ops->background_done(cci->opaque);
    }
    return true;
}

void cxl_background_start(CXLCCI *cci, const CXLCmd *row, void *state)
{
    CXLBackground *b = &cci->background;
    uint32_t ms;

    /* The dispatcher answers Busy before a second one gets here */
    assert((row->flags & CXL_CMD_BACKGROUND) && !b->running);
    ms = row->estimate_ms(state);
    b->running = true;
    b->opcode = row->opcode;
    b->ret = CXL_RET_SUCCESS;
    b->start_ns = now();
    b->end_ns = b->start_ns + (int64_t)ms * SCALE_MS;
    trace_cxl_cci_background_start(row->opcode, row->name, ms);
    timer_mod(b->timer, b->end_ns);
}

void cxl_cci_background_hang(CXLCCI *cci, bool on)
{
    CXLBackground *b = &cci->background;

    if (!b->running || b->hangs == on) {
        return;
    }
    b->hangs = on;
    trace_cxl_cci_background_hang(b->opcode, on);
    if (on) {
        timer_del(b->timer);
    } else {
        timer_mod(b->timer, b->end_ns);
    }
}

unsigned cxl_cci_background_percent(const CXLCCI *cci)
{
    const CXLBackground *b = &cci->background;
    int64_t elapsed, total;

    if (!b->running) {
        return b->opcode ? 100 : 0;
    }
    /* 100 is for the end alone, which comes with the timer */
    elapsed = now() - b->start_ns;
    total = b->end_ns - b->start_ns;
    if (elapsed >= total) {
        return 99;
    }
    return elapsed > 0 ? MIN(elapsed / DIV_ROUND_UP(total, 100), 99) : 0;
}

/* Whether a loaded operation is one that this CCI could have started */
static bool plausible(const CXLCCI *cci)
{
    const CXLBackground *b = &cci->background;
    const CXLCmd *row = cxl_cci_find(cci, b->opcode, NULL);

    if (b->hangs && !b->running) {
        return false;
    }
    if (!b->opcode) {
        return !b->running;
    }
    return row && (row->flags & CXL_CMD_BACKGROUND) &&
           b->start_ns >= 0 && b->end_ns >= b->start_ns &&
           b->end_ns - b->start_ns <= DURATION_MAX_NS;
}

int cxl_background_resume(CXLCCI *cci)
{
    CXLBackground *b = &cci->background;

    timer_del(b->timer);
    if (!plausible(cci)) {
        forget(b);
        return -EINVAL;
    }
    if (b->running && !b->hangs) {
        timer_mod(b->timer, b->end_ns);
    }
    return 0;
}

/* The timer follows from @end_ns, see cxl_background_resume() */
const VMStateDescription vmstate_cxl_background = {
    .name = "cxl-background",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(running, CXLBackground),
        VMSTATE_BOOL(hangs, CXLBackground),
        VMSTATE_UINT16(opcode, CXLBackground),
        VMSTATE_UINT16(ret, CXLBackground),
        VMSTATE_INT64(start_ns, CXLBackground),
        VMSTATE_INT64(end_ns, CXLBackground),
        VMSTATE_END_OF_LIST()
    }
};

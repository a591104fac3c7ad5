/*
 * A device that is a mailbox with two commands, for unit tests
 *
 * To be included once in a test, which links migration and io, the dispatcher,
 * the register engine and the mailbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CXL_MAILBOX_FIXTURE_H
#define TESTS_UNIT_CXL_MAILBOX_FIXTURE_H

#include "hw/cxl/regs/device.h"
#include "hw/cxl/spec/registers.h"
#include "cxl-unit.h"

#define PAYLOAD     256
#define AT          0x40
#define MSGNUM      3
#define ESTIMATE_MS 200
#define IRQ         R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK
#define DOORBELL    R_CXL_MBOX_CONTROL_DOORBELL_MASK

enum {
    OP_ECHO = 0x1000,   /* answers its four bytes */
    OP_BACKGROUND,
};

/* A device that is a mailbox, and what it heard of */
typedef struct Fixture {
    CXLCCI cci;
    CXLRegFile rf;
    CXLMailbox mbox;
    unsigned calls;
    unsigned finishes;
    unsigned interrupts;
    unsigned told;
    CXLRet told_ret;
} Fixture;

static CXLRet cmd_echo(const CXLCall *call, CXLRsp *rsp)
{
    ((Fixture *)call->state)->calls++;
    memcpy(cxl_rsp_add(rsp, 4), call->req, 4);
    return CXL_RET_SUCCESS;
}

static CXLRet cmd_background(const CXLCall *call, CXLRsp *rsp)
{
    ((Fixture *)call->state)->calls++;
    return CXL_RET_BACKGROUND_STARTED;
}

static CXLRet finish(void *state)
{
    ((Fixture *)state)->finishes++;
    return CXL_RET_SUCCESS;
}

static uint32_t estimate(void *state)
{
    return ESTIMATE_MS;
}

static const CXLCmd rows[] = {
    { .opcode = OP_ECHO, .name = "echo", .in_min = 4, .out_max = 4,
      .handler = cmd_echo },
    { .opcode = OP_BACKGROUND, .name = "background",
      .flags = CXL_CMD_BACKGROUND | CXL_CMD_ABORTABLE,
      .handler = cmd_background, .finish = finish, .estimate_ms = estimate },
};

static void background_done(void *opaque)
{
    cxl_mailbox_show_background(&((Fixture *)opaque)->mbox, true);
}

static const CXLCCIOps ops = { .background_done = background_done };

static void interrupt(void *opaque, unsigned msgnum)
{
    g_assert_cmpuint(msgnum, ==, MSGNUM);
    ((Fixture *)opaque)->interrupts++;
}

static void observe(void *opaque, uint16_t opcode, uint32_t in_len, CXLRet ret)
{
    Fixture *f = opaque;

    f->told++;
    f->told_ret = ret;
}

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    const CXLDeviceRegsConfig config = {
        .payload_size = PAYLOAD, .mailbox_msgnum = MSGNUM,
        .interrupt = interrupt, .opaque = f,
    };

    cxl_cci_init(&f->cci, &ops, f, PAYLOAD);
    cxl_cci_add(&f->cci, rows, ARRAY_SIZE(rows), f);
    cxl_cci_observe(&f->cci, observe, f);
    cxl_regfile_init(&f->rf, AT + CXL_MBOX_PAYLOAD);
    cxl_mailbox_init(&f->mbox, &f->rf, AT, &f->cci, &config);
    return f;
}

static void fixture_free(Fixture *f)
{
    cxl_cci_reset(&f->cci);
    cxl_mailbox_destroy(&f->mbox);
    cxl_regfile_destroy(&f->rf);
    cxl_cci_destroy(&f->cci);
    g_free(f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* What a driver does */

static inline uint64_t get(Fixture *f, uint32_t reg, unsigned size)
{
    if (reg == CXL_MBOX_BACKGROUND) {
        cxl_mailbox_refresh(&f->mbox);
    }
    return cxl_regfile_read(&f->rf, AT + reg, size);
}

static inline void put(Fixture *f, uint32_t reg, unsigned size, uint64_t value)
{
    cxl_mailbox_payload_write(&f->mbox, AT + reg, value, size);
    cxl_regfile_write(&f->rf, AT + reg, value, size);
}

static inline uint32_t payload(Fixture *f)
{
    return cxl_mailbox_payload_read(&f->mbox, AT + CXL_MBOX_PAYLOAD, 4);
}

static inline bool busy(Fixture *f)
{
    return get(f, CXL_MBOX_CONTROL, 4) & DOORBELL;
}

static inline uint16_t ret(Fixture *f)
{
    return FIELD_EX64(get(f, CXL_MBOX_STATUS, 8), CXL_MBOX_STATUS,
                      RETURN_CODE);
}

static inline uint32_t length(Fixture *f)
{
    return FIELD_EX64(get(f, CXL_MBOX_COMMAND, 8), CXL_MBOX_COMMAND, LENGTH);
}

static inline unsigned percent(Fixture *f)
{
    return FIELD_EX64(get(f, CXL_MBOX_BACKGROUND, 8), CXL_MBOX_BACKGROUND,
                      PERCENT);
}

static inline void ring(Fixture *f, uint16_t opcode, uint32_t len, uint32_t in)
{
    uint64_t command = FIELD_DP64(0, CXL_MBOX_COMMAND, OPCODE, opcode);

    put(f, CXL_MBOX_PAYLOAD, 4, in);
    put(f, CXL_MBOX_COMMAND, 8,
        FIELD_DP64(command, CXL_MBOX_COMMAND, LENGTH, len));
    put(f, CXL_MBOX_CONTROL, 4, IRQ | DOORBELL);
}

static inline void echo(Fixture *f, uint32_t in)
{
    ring(f, OP_ECHO, 4, in);
}

/* The answer that there is without a fault */
static inline void expect_echo(Fixture *f, uint32_t in)
{
    g_assert_false(busy(f));
    g_assert_cmphex(ret(f), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(length(f), ==, 4);
    g_assert_cmphex(payload(f), ==, in);
}

static inline void add(Fixture *f, CXLFault fault)
{
    fault.opcode = fault.opcode ?: OP_ECHO;
    fault.count = fault.count ?: 1;
    g_assert_true(cxl_fault_valid(&fault, fault.opcode == OP_BACKGROUND));
    g_assert_true(cxl_faults_add(&f->cci.faults, &fault));
}

/* Whatever the guest writes while the doorbell is set */
static inline void meddle(Fixture *f)
{
    put(f, CXL_MBOX_CONTROL, 4, IRQ);
    put(f, CXL_MBOX_CONTROL, 1, 0);
    put(f, CXL_MBOX_CONTROL, 4, IRQ | DOORBELL);
    put(f, CXL_MBOX_COMMAND, 8, UINT64_MAX);
    put(f, CXL_MBOX_COMMAND + 1, 2, 0);
    put(f, CXL_MBOX_PAYLOAD, 8, 0);
    put(f, CXL_MBOX_PAYLOAD - 4, 8, UINT64_MAX);
    put(f, CXL_MBOX_STATUS, 8, UINT64_MAX);
}

static inline void reset(Fixture *f)
{
    cxl_cci_reset(&f->cci);
    cxl_regfile_reset(&f->rf, false);
    cxl_mailbox_reset(&f->mbox);
}

/* A background operation that does not end by itself */
static inline void start(Fixture *f)
{
    add(f, (CXLFault) { .opcode = OP_BACKGROUND, .background_hangs = true });
    ring(f, OP_BACKGROUND, 0, 0);
    g_assert_false(busy(f));
    g_assert_cmphex(ret(f), ==, CXL_RET_BACKGROUND_STARTED);
}

#endif /* TESTS_UNIT_CXL_MAILBOX_FIXTURE_H */

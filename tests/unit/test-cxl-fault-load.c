/*
 * Faults of commands, and a mailbox that is under them, saved and loaded
 *
 * Sources: hw/cxl/cci/fault.c hw/cxl/regs/mailbox.c hw/cxl/regs/mailbox-fault.c
 * Needs: migration, io (for VMState), the dispatcher, the register engine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-mailbox-fixture.h"

static const VMStateDescription vmstate_fixture = {
    .name = "fixture",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(rf.size, Fixture, NULL),
        VMSTATE_VBUFFER_UINT32(rf.value, Fixture, 1, NULL, rf.size),
        VMSTATE_VBUFFER_UINT32(mbox.payload, Fixture, 1, NULL,
                               mbox.payload_size),
        VMSTATE_STRUCT(mbox.held, Fixture, 1, vmstate_cxl_mailbox_held,
                       CXLMailboxHeld),
        VMSTATE_CXL_CCI(cci, Fixture),
        VMSTATE_END_OF_LIST()
    }
};

static int migrate(Fixture *from, Fixture *to)
{
    int ret = cxl_unit_migrate(&vmstate_fixture, from, to);
    int resumed = cxl_mailbox_resume(&to->mbox);

    return ret ?: resumed;
}

static void test_migrate(void)
{
    g_autoptr(Fixture) a = fixture_new();
    g_autoptr(Fixture) b = fixture_new();

    add(a, (CXLFault) { .delay_ms = 100, .count = 2 });
    add(a, (CXLFault) { .fails = true, .ret = CXL_RET_ABORTED });
    start(a);
    cxl_unit_sleep(ESTIMATE_MS);
    echo(a, 0x42);
    cxl_mailbox_stick(&a->mbox, 80);
    cxl_unit_sleep(60);
    g_assert_cmpint(migrate(a, b), ==, 0);
    reset(a);
    g_assert_true(busy(b));
    meddle(b);
    cxl_unit_sleep(39);
    g_assert_true(busy(b));
    cxl_unit_sleep(1);
    expect_echo(b, 0x42);
    g_assert_cmpuint(percent(b), ==, 99);
    g_assert_cmpuint(b->finishes, ==, 0);
    echo(b, 1);
    g_assert_true(busy(b));
    cxl_unit_sleep(100);
    expect_echo(b, 1);
    echo(b, 2);
    g_assert_cmphex(ret(b), ==, CXL_RET_ABORTED);
    g_assert_cmpuint(b->cci.faults.nr, ==, 0);
    cxl_cci_background_hang(&b->cci, false);
    cxl_unit_sleep(0);
    g_assert_cmpuint(b->finishes, ==, 1);
}

/* Loaded over a state that has a fault of its own */
static void test_migrate_over(void)
{
    g_autoptr(Fixture) a = fixture_new();
    g_autoptr(Fixture) b = fixture_new();

    add(b, (CXLFault) { .delay_ms = 100 });
    echo(b, 1);
    cxl_mailbox_stick(&b->mbox, 100);
    g_assert_cmpint(migrate(a, b), ==, 0);
    g_assert_false(busy(b));
    cxl_unit_sleep(1000);
    g_assert_cmpuint(b->calls, ==, 0);
    echo(b, 2);
    expect_echo(b, 2);
}

static const CXLFault good = {
    .opcode = OP_ECHO, .count = 1, .fails = true, .ret = CXL_RET_BUSY,
};

static void spoil_nr(Fixture *f)
{
    f->cci.faults.nr = CXL_FAULTS_MAX + 1;
}

static void spoil_nr_much(Fixture *f)
{
    f->cci.faults.nr = UINT32_MAX;
}

static void spoil_count(Fixture *f)
{
    f->cci.faults.fault[0].count = 0;
}

static void spoil_opcode(Fixture *f)
{
    f->cci.faults.fault[0].opcode = 0x7777;
}

static void spoil_code(Fixture *f)
{
    f->cci.faults.fault[0].ret = CXL_RET_BACKGROUND_STARTED;
}

static void spoil_background(Fixture *f)
{
    f->cci.faults.fault[0].fails = false;
    f->cci.faults.fault[0].background_hangs = true;
}

static void spoil_waiting(Fixture *f)
{
    f->mbox.held.waits = true;
    f->mbox.held.fault = good;
}

static void spoil_waiting_code(Fixture *f)
{
    f->mbox.held.waits = true;
    f->mbox.held.fault = good;
    f->mbox.held.fault.delay_ms = 1;
    f->mbox.held.fault.ret = 1;
}

static void spoil_end(Fixture *f)
{
    f->mbox.held.end_ns = -1;
}

static void spoil_stuck_end(Fixture *f)
{
    f->mbox.held.stuck = true;
    f->mbox.held.stuck_end_ns = INT64_MIN;
}

static void spoil_hang(Fixture *f)
{
    f->cci.background.hangs = true;
}

static void spoil_hang_unknown(Fixture *f)
{
    f->cci.background.hangs = true;
    f->cci.background.running = true;
    f->cci.background.opcode = 0x7777;
}

/* A stream that cannot be is refused, and what it is loaded into stays sane */
static void test_hostile(void)
{
    static void (*const spoil[])(Fixture *f) = {
        spoil_nr, spoil_nr_much, spoil_count, spoil_opcode, spoil_code,
        spoil_background, spoil_waiting, spoil_waiting_code, spoil_end,
        spoil_stuck_end, spoil_hang, spoil_hang_unknown,
    };

    for (unsigned n = 0; n < ARRAY_SIZE(spoil); n++) {
        Fixture *a = fixture_new();
        g_autoptr(Fixture) b = fixture_new();

        add(a, good);
        spoil[n](a);
        g_assert_cmpint(migrate(a, b), <, 0);
        /* Nothing of it is real */
        a->cci.background.running = false;
        fixture_free(a);
        cxl_unit_sleep(1000000);
        reset(b);
        cxl_faults_clear(&b->cci.faults);
        echo(b, n);
        expect_echo(b, n);
    }
}

int main(int argc, char **argv)
{
    cxl_unit_init(&argc, &argv);
    g_test_add_func("/cxl/fault-load/migrate", test_migrate);
    g_test_add_func("/cxl/fault-load/migrate-over", test_migrate_over);
    g_test_add_func("/cxl/fault-load/hostile", test_hostile);
    return g_test_run();
}

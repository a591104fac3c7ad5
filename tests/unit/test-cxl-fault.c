/*
 * Faults of commands, and a mailbox that is under them
 *
 * Sources: hw/cxl/cci/fault.c hw/cxl/regs/mailbox.c hw/cxl/regs/mailbox-fault.c
 * Needs: migration, io (for VMState), the dispatcher, the register engine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-mailbox-fixture.h"

/* The table */

static void test_order(void)
{
    CXLFaults s = { };
    CXLFault fault;

    for (unsigned n = 0; n < CXL_FAULTS_MAX; n++) {
        fault = (CXLFault) {
            .opcode = n % 2, .count = 2, .fails = true, .ret = 2 + n,
        };
        g_assert_true(cxl_faults_add(&s, &fault));
    }
    g_assert_false(cxl_faults_add(&s, &fault));
    /* Those of one opcode come in turn, and leave those of another alone */
    for (unsigned n = 0; n < CXL_FAULTS_MAX; n++) {
        g_assert_true(cxl_faults_take(&s, 1, &fault));
        g_assert_cmpuint(fault.ret, ==, 3 + n / 2 * 2);
        g_assert_cmpuint(s.nr, ==, CXL_FAULTS_MAX - (n + 1) / 2);
    }
    g_assert_false(cxl_faults_take(&s, 1, &fault));
    g_assert_false(fault.fails);
    g_assert_true(cxl_faults_take(&s, 0, &fault));
    g_assert_cmpuint(fault.ret, ==, 2);
    g_assert_true(cxl_faults_add(&s, &fault));
    cxl_faults_clear(&s);
    g_assert_false(cxl_faults_take(&s, 0, &fault));
}

/* CXL r3.1 8.2.8.4.5.1: 00h to 20h; 01h says that something has begun */
static void test_codes(void)
{
    for (uint32_t code = 0; code < 0x10100; code++) {
        const CXLFault fault = { .fails = true, .ret = code };

        g_assert_cmpint(cxl_fault_ret_valid(code), ==,
                        code != 1 && code <= 0x20);
        if (code <= UINT16_MAX) {
            g_assert_cmpint(cxl_fault_valid(&fault, false), ==,
                            code != 1 && code <= 0x20);
        }
    }
}

static void test_valid(void)
{
    /* By delay 1, hang 2, fails 4, background_hangs 8 */
    const unsigned good = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5;
    const unsigned good_background = good | 1 << 8 | 1 << 9;

    for (unsigned bits = 0; bits < 16; bits++) {
        const CXLFault fault = {
            .delay_ms = bits & 1, .hang = bits & 2, .fails = bits & 4,
            .ret = bits & 4 ? CXL_RET_BUSY : 0, .background_hangs = bits & 8,
        };

        g_assert_cmpint(cxl_fault_valid(&fault, false), ==, good >> bits & 1);
        g_assert_cmpint(cxl_fault_valid(&fault, true), ==,
                        good_background >> bits & 1);
    }
}

/* Return codes */

static void test_return_code(void)
{
    for (unsigned code = 0; code <= 0x20; code++) {
        g_autoptr(Fixture) f = fixture_new();

        if (code == 1) {
            continue;
        }
        add(f, (CXLFault) { .fails = true, .ret = code, .count = 3 });
        for (unsigned n = 1; n <= 3; n++) {
            echo(f, 0x1234 + n);
            g_assert_false(busy(f));
            g_assert_cmphex(ret(f), ==, code);
            g_assert_cmpuint(length(f), ==, 0);
            g_assert_cmpuint(f->calls, ==, 0);
            g_assert_cmpuint(f->told, ==, n);
            g_assert_cmphex(f->told_ret, ==, code);
            g_assert_cmpuint(f->interrupts, ==, n);
        }
        echo(f, 0x5678);
        expect_echo(f, 0x5678);
        g_assert_cmpuint(f->calls, ==, 1);
    }
}

/* It does not depend on what the request is like */
static void test_bad_request(void)
{
    g_autoptr(Fixture) f = fixture_new();

    add(f, (CXLFault) { .fails = true, .ret = CXL_RET_BUSY });
    ring(f, OP_ECHO, PAYLOAD + 1, 0);
    g_assert_cmphex(ret(f), ==, CXL_RET_BUSY);
    ring(f, OP_ECHO, PAYLOAD + 1, 0);
    g_assert_cmphex(ret(f), ==, CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmpuint(f->calls, ==, 0);
}

/* Delays */

static void test_delay(void)
{
    g_autoptr(Fixture) f = fixture_new();

    add(f, (CXLFault) { .delay_ms = 5000, .count = 2 });
    for (unsigned n = 1; n <= 2; n++) {
        echo(f, 0xabcd + n);
        g_assert_true(busy(f));
        meddle(f);
        cxl_unit_sleep(4999);
        g_assert_true(busy(f));
        g_assert_cmpuint(f->calls, ==, n - 1);
        g_assert_cmpuint(f->interrupts, ==, n - 1);
        cxl_unit_sleep(1);
        expect_echo(f, 0xabcd + n);
        g_assert_cmpuint(f->calls, ==, n);
        g_assert_cmpuint(f->interrupts, ==, n);
    }
    echo(f, 1);
    expect_echo(f, 1);
    cxl_unit_sleep(100000);
    g_assert_cmpuint(f->calls, ==, 3);
}

static void test_delay_longest(void)
{
    g_autoptr(Fixture) f = fixture_new();

    add(f, (CXLFault) { .delay_ms = UINT32_MAX });
    echo(f, 7);
    cxl_unit_sleep(UINT32_MAX - 1ll);
    g_assert_true(busy(f));
    cxl_unit_sleep(1);
    expect_echo(f, 7);
}

static void test_delay_and_code(void)
{
    g_autoptr(Fixture) f = fixture_new();

    add(f, (CXLFault) { .delay_ms = 10, .fails = true, .ret = 0x0f });
    echo(f, 1);
    g_assert_true(busy(f));
    cxl_unit_sleep(10);
    g_assert_false(busy(f));
    g_assert_cmphex(ret(f), ==, 0x0f);
    g_assert_cmpuint(f->calls, ==, 0);
}

/* Reset and clearing end each of them, and faults to come outlive a reset */
static void test_end(const void *opaque)
{
    const CXLFault fault = *(const CXLFault *)opaque;
    g_autoptr(Fixture) f = fixture_new();

    add(f, fault);
    add(f, fault);
    echo(f, 1);
    g_assert_true(busy(f));
    reset(f);
    g_assert_false(busy(f));
    g_assert_cmphex(payload(f), ==, 0);
    cxl_unit_sleep(1000000);
    g_assert_false(busy(f));
    g_assert_cmpuint(f->told, ==, 0);
    g_assert_cmphex(get(f, CXL_MBOX_STATUS, 8), ==, 0);
    g_assert_cmpuint(f->interrupts, ==, 0);

    echo(f, 2);
    g_assert_true(busy(f));
    cxl_mailbox_clear_faults(&f->mbox);
    expect_echo(f, 2);
    g_assert_cmpuint(f->interrupts, ==, 1);
    cxl_unit_sleep(1000000);
    g_assert_cmpuint(f->calls, ==, 1);
    echo(f, 3);
    expect_echo(f, 3);
}

static void test_hang(void)
{
    g_autoptr(Fixture) f = fixture_new();

    add(f, (CXLFault) { .hang = true });
    echo(f, 1);
    meddle(f);
    cxl_unit_sleep(1ll << 40);
    g_assert_true(busy(f));
    g_assert_cmpuint(f->calls, ==, 0);
}

/* Background operations */

static void test_background_hang(void)
{
    g_autoptr(Fixture) f = fixture_new();

    start(f);
    cxl_unit_sleep(ESTIMATE_MS / 2);
    g_assert_cmpuint(percent(f), ==, 50);
    cxl_unit_sleep(1ll << 40);
    g_assert_cmpuint(percent(f), ==, 99);
    g_assert_cmpuint(f->finishes, ==, 0);
    ring(f, OP_BACKGROUND, 0, 0);
    g_assert_cmphex(ret(f), ==, CXL_RET_BUSY);
    g_assert_cmpuint(percent(f), ==, 99);
    echo(f, 9);
    expect_echo(f, 9);

    cxl_cci_background_hang(&f->cci, false);
    cxl_unit_sleep(0);
    g_assert_cmpuint(percent(f), ==, 100);
    g_assert_cmpuint(f->finishes, ==, 1);
}

static void test_background_end(void)
{
    g_autoptr(Fixture) f = fixture_new();

    start(f);
    g_assert_true(cxl_cci_background_abort(&f->cci));
    g_assert_cmpuint(f->cci.background.ret, ==, CXL_RET_ABORTED);
    g_assert_false(f->cci.background.hangs);
    cxl_cci_background_hang(&f->cci, false);
    cxl_unit_sleep(1000000);
    start(f);
    reset(f);
    cxl_unit_sleep(1000000);
    g_assert_cmpuint(f->finishes, ==, 0);
    /* The next one ends as ever */
    ring(f, OP_BACKGROUND, 0, 0);
    cxl_unit_sleep(ESTIMATE_MS);
    g_assert_cmpuint(f->finishes, ==, 1);
    /* What does not start does not hang */
    cxl_cci_background_hang(&f->cci, true);
    g_assert_false(f->cci.background.hangs);
}

/* The doorbell that sticks */

static void test_stuck(void)
{
    g_autoptr(Fixture) f = fixture_new();

    echo(f, 5);
    cxl_mailbox_stick(&f->mbox, 300);
    g_assert_true(busy(f));
    meddle(f);
    echo(f, 6);
    g_assert_true(busy(f));
    cxl_unit_sleep(299);
    g_assert_true(busy(f));
    g_assert_cmpuint(f->interrupts, ==, 1);
    cxl_unit_sleep(1);
    expect_echo(f, 5);
    g_assert_cmpuint(f->calls, ==, 1);
    g_assert_cmpuint(f->interrupts, ==, 2);
    echo(f, 7);
    expect_echo(f, 7);

    cxl_mailbox_stick(&f->mbox, 0);
    cxl_mailbox_stick(&f->mbox, 10);
    cxl_mailbox_stick(&f->mbox, 0);
    cxl_unit_sleep(1ll << 40);
    g_assert_true(busy(f));
    reset(f);
    g_assert_false(busy(f));
    put(f, CXL_MBOX_CONTROL, 4, IRQ);
    cxl_mailbox_stick(&f->mbox, 0);
    cxl_mailbox_clear_faults(&f->mbox);
    g_assert_false(busy(f));
    g_assert_cmpuint(f->interrupts, ==, 4);
    cxl_mailbox_stick(&f->mbox, 10);
    cxl_mailbox_clear_faults(&f->mbox);
    g_assert_cmpuint(f->interrupts, ==, 5);
    cxl_unit_sleep(1000);
    g_assert_cmpuint(f->interrupts, ==, 5);
}

/* The command that runs is done, and the doorbell is set all the same */
static void test_stuck_after(void)
{
    g_autoptr(Fixture) f = fixture_new();

    add(f, (CXLFault) { .delay_ms = 10 });
    echo(f, 5);
    cxl_mailbox_stick(&f->mbox, 20);
    cxl_unit_sleep(10);
    g_assert_true(busy(f));
    g_assert_cmpuint(f->calls, ==, 1);
    g_assert_cmpuint(f->interrupts, ==, 0);
    cxl_unit_sleep(10);
    expect_echo(f, 5);
    g_assert_cmpuint(f->interrupts, ==, 1);

    add(f, (CXLFault) { .delay_ms = 20 });
    echo(f, 6);
    cxl_mailbox_stick(&f->mbox, 10);
    cxl_unit_sleep(10);
    g_assert_true(busy(f));
    g_assert_cmpuint(f->interrupts, ==, 1);
    cxl_unit_sleep(10);
    expect_echo(f, 6);
    g_assert_cmpuint(f->interrupts, ==, 2);
}

int main(int argc, char **argv)
{
    static const CXLFault delay = { .delay_ms = 100000 };
    static const CXLFault hang = { .hang = true };

    cxl_unit_init(&argc, &argv);
    g_test_add_func("/cxl/fault/order", test_order);
    g_test_add_func("/cxl/fault/codes", test_codes);
    g_test_add_func("/cxl/fault/valid", test_valid);
    g_test_add_func("/cxl/fault/return-code", test_return_code);
    g_test_add_func("/cxl/fault/bad-request", test_bad_request);
    g_test_add_func("/cxl/fault/delay", test_delay);
    g_test_add_func("/cxl/fault/delay-longest", test_delay_longest);
    g_test_add_func("/cxl/fault/delay-and-code", test_delay_and_code);
    g_test_add_data_func("/cxl/fault/end/delay", &delay, test_end);
    g_test_add_data_func("/cxl/fault/end/hang", &hang, test_end);
    g_test_add_func("/cxl/fault/hang", test_hang);
    g_test_add_func("/cxl/fault/background-hang", test_background_hang);
    g_test_add_func("/cxl/fault/background-end", test_background_end);
    g_test_add_func("/cxl/fault/stuck", test_stuck);
    g_test_add_func("/cxl/fault/stuck-after", test_stuck_after);
    return g_test_run();
}

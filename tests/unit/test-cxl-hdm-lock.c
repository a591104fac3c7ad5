/*
 * HDM decoders: what protects a committed one, from writes, resets and loads
 *
 * Sources: hw/cxl/regs/hdm.c hw/cxl/regs/regfile.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-hdm-driver.h"

/* Write all over decoder @n but for Commit; nothing may change */
static void check_frozen(unsigned n, CXLHdmRefusal why)
{
    uint32_t keep = why == CXL_HDM_IGNORED_LOCKED ? 0 :
                    R_CXL_HDM_CONTROL_COMMIT_MASK;
    uint64_t first = HDM + CXL_HDM_DECODER(n);
    unsigned was = changes;

    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned at = 0; at < CXL_HDM_DECODER_STRIDE; at += size) {
            uint64_t value = cxl_regfile_read(&rf, first + at, size);
            uint64_t kept = 0;

            if (at <= CXL_HDM_CONTROL && at + size > CXL_HDM_CONTROL) {
                kept = (uint64_t)keep << (8 * (CXL_HDM_CONTROL - at));
            } else if (at > CXL_HDM_CONTROL && at < CXL_HDM_CONTROL + 4) {
                kept = keep >> (8 * (at - CXL_HDM_CONTROL));
            }
            refusals = 0;
            cxl_regfile_write(&rf, first + at, value ^ ~kept, size);
            g_assert_cmphex(cxl_regfile_read(&rf, first + at, size), ==,
                            value);
            if (at < CXL_HDM_TARGET_HIGH + 4) {
                g_assert_cmpuint(refusals, >, 0);
                g_assert_cmpuint(last_decoder, ==, n);
                g_assert_cmpint(last_refusal, ==, why);
            }
        }
    }
    g_assert_cmpuint(changes, ==, was);
}

static void test_committed(void)
{
    Program p = { .base = 8, .size = 1, .targets = TARGETS };

    set_up_endpoint(2, 8);
    must_commit(0, &p);
    check_frozen(0, CXL_HDM_IGNORED_COMMITTED);
    uncommit(0);
    g_assert_false(committed(0));
    p.size = 2;
    must_commit(0, &p);
    tear_down();
    set_up_port(2, 8);
    must_commit(0, &p);
    check_frozen(0, CXL_HDM_IGNORED_COMMITTED);
    tear_down();
}

/* CXL r3.1 8.2.4.20.13: until the next reset, and for one decoder only */
static void test_lock(void)
{
    const Program locked = { .base = 8, .size = 1, .lock = true };
    const Program open = { .base = 16, .size = 1 };
    const Program bad = { .base = 8, .lock = true };
    CXLDecoder d;

    set_up_endpoint(4, 8);
    /* Lock On Commit has no effect on a commit that fails */
    must_fail(0, &bad, CXL_HDM_REFUSED_ZERO_SIZE);
    must_commit(0, &locked);
    check_frozen(0, CXL_HDM_IGNORED_LOCKED);
    must_commit(1, &open);
    uncommit(0);
    g_assert_true(cxl_hdm_decoder(&hdm, 0, &d));
    uncommit(1);
    g_assert_false(cxl_hdm_decoder(&hdm, 1, &d));
    for (int cold = 0; cold < 2; cold++) {
        cxl_regfile_reset(&rf, cold);
        cxl_hdm_sync(&hdm);
        g_assert_cmphex(get(0, CXL_HDM_CONTROL), ==, 0);
        g_assert_cmphex(get(0, CXL_HDM_BASE_LOW), ==, 0);
        g_assert_false(cxl_hdm_enabled(&hdm));
        must_commit(0, &locked);
    }
    tear_down();
}

/* CXL r3.1 8.2.4.20.2: a device without Enable does not decode; a port does */
static void test_global_enable(void)
{
    const Program p = { .base = 8, .size = 1 };
    CXLDecoder d;

    set_up_endpoint(1, 1);
    must_commit(0, &p);
    g_assert_true(cxl_hdm_decoder(&hdm, 0, &d));
    changes = 0;
    cxl_regfile_write(&rf, HDM + CXL_HDM_GLOBAL_CONTROL, 0, 4);
    g_assert_false(cxl_hdm_decoder(&hdm, 0, &d));
    g_assert_true(committed(0));
    cxl_regfile_write(&rf, HDM + CXL_HDM_GLOBAL_CONTROL, UINT32_MAX, 4);
    g_assert_cmphex(cxl_regfile_read(&rf, HDM + CXL_HDM_GLOBAL_CONTROL, 4),
                    ==, R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK);
    g_assert_true(cxl_hdm_decoder(&hdm, 0, &d));
    g_assert_cmpuint(changes, ==, 2);
    tear_down();

    set_up_port(1, 1);
    must_commit(0, &p);
    cxl_regfile_write(&rf, HDM + CXL_HDM_GLOBAL_CONTROL, UINT32_MAX, 4);
    g_assert_cmphex(cxl_regfile_read(&rf, HDM + CXL_HDM_GLOBAL_CONTROL, 4),
                    ==, 0);
    g_assert_true(cxl_hdm_decoder(&hdm, 0, &d));
    tear_down();
}

/* Bits that are reserved, or of features that are not there, stay 0 */
static void test_reserved(void)
{
    for (unsigned endpoint = 0; endpoint < 2; endpoint++) {
        uint32_t control = 0x11ff;

        if (endpoint) {
            set_up_endpoint(1, 8);
        } else {
            set_up_port(1, 8);
        }
        for (uint32_t reg = 0; reg < CXL_HDM_DECODER_STRIDE; reg += 4) {
            put(0, reg, ~R_CXL_HDM_CONTROL_COMMIT_MASK);
        }
        g_assert_cmphex(get(0, CXL_HDM_CONTROL), ==, control);
        g_assert_cmphex(get(0, CXL_HDM_BASE_LOW), ==, 0xf0000000);
        g_assert_cmphex(get(0, CXL_HDM_SIZE_LOW), ==, 0xf0000000);
        g_assert_cmphex(get(0, CXL_HDM_TARGET_LOW), ==,
                        endpoint ? 0xf0000000 :
                        ~R_CXL_HDM_CONTROL_COMMIT_MASK);
        g_assert_cmphex(get(0, 0x1c), ==, 0);
        tear_down();
    }
}

/* One 8-byte write of Size High and Control: the commit sees both */
static void test_wide_commit(void)
{
    set_up_port(1, 1);
    put(0, CXL_HDM_BASE_HIGH, 4);
    cxl_regfile_write(&rf, HDM + CXL_HDM_DECODER(0) + CXL_HDM_SIZE_HIGH,
                      (uint64_t)R_CXL_HDM_CONTROL_COMMIT_MASK << 32 | 1, 8);
    g_assert_true(committed(0));
    g_assert_cmpuint(changes, ==, 1);
    tear_down();
    /* By bytes, only the one with Commit in it commits */
    set_up_port(1, 1);
    put(0, CXL_HDM_SIZE_HIGH, 1);
    cxl_regfile_write(&rf, HDM + CXL_HDM_DECODER(0) + CXL_HDM_CONTROL, 0, 1);
    g_assert_false(committed(0));
    cxl_regfile_write(&rf, HDM + CXL_HDM_DECODER(0) + CXL_HDM_CONTROL + 1,
                      R_CXL_HDM_CONTROL_COMMIT_MASK >> 8, 1);
    g_assert_true(committed(0));
    tear_down();
}

/* Only a 0 to 1 transition of Commit commits */
static void test_commit_again(void)
{
    const Program bad = { .base = 8 };
    uint32_t control;

    set_up_endpoint(1, 8);
    commit(0, &bad);
    control = get(0, CXL_HDM_CONTROL);
    put_pair(0, CXL_HDM_SIZE_LOW, UNIT);
    put(0, CXL_HDM_CONTROL, control);
    g_assert_true(error(0));
    put(0, CXL_HDM_CONTROL, control & ~R_CXL_HDM_CONTROL_COMMIT_MASK);
    g_assert_false(error(0));
    put(0, CXL_HDM_CONTROL, control);
    g_assert_true(committed(0));
    tear_down();
}

/* A loaded state: locks follow from the registers, nonsense is found out */
static void test_load(void)
{
    const Program p = { .base = 8, .size = 2, .lock = true };
    const Program next = { .base = 16, .size = 2 };
    g_autofree uint8_t *saved = NULL;
    uint64_t dpa[CXL_HDM_PORT_DECODERS_MAX];
    CXLDecoder d;

    set_up_endpoint(2, 8);
    must_commit(0, &p);
    must_commit(1, &next);
    saved = g_memdup2(rf.value, BLOCK);
    memcpy(dpa, hdm.dpa, sizeof(dpa));
    tear_down();

    set_up_endpoint(2, 8);
    memcpy(rf.value, saved, BLOCK);
    memcpy(hdm.dpa, dpa, sizeof(dpa));
    g_assert_true(cxl_hdm_consistent(&hdm));
    cxl_hdm_sync(&hdm);
    check_frozen(0, CXL_HDM_IGNORED_LOCKED);
    check_frozen(1, CXL_HDM_IGNORED_COMMITTED);
    g_assert_true(cxl_hdm_decoder(&hdm, 1, &d));
    g_assert_cmphex(d.dpa, ==, 2 * UNIT);

    hdm.dpa[1] = 7 * UNIT;
    g_assert_false(cxl_hdm_consistent(&hdm));
    hdm.dpa[1] = 1 * UNIT;
    g_assert_false(cxl_hdm_consistent(&hdm));
    hdm.dpa[1] = UINT64_MAX;
    g_assert_false(cxl_hdm_consistent(&hdm));
    hdm.dpa[1] = 2 * UNIT;
    cxl_regfile_set(&rf, HDM + CXL_HDM_DECODER(0) + CXL_HDM_SIZE_LOW, 8, 0);
    g_assert_false(cxl_hdm_consistent(&hdm));
    tear_down();
}

/* Whatever a guest writes where, committed decoders fit together */
static void check_invariants(void)
{
    uint64_t end = 0, dpa_end = 0;

    for (unsigned n = 0; n < hdm.config.count; n++) {
        CXLDecoder d;

        if (!cxl_hdm_decoder(&hdm, n, &d)) {
            continue;
        }
        g_assert_cmphex(d.base, >=, end);
        end = d.base + d.size;
        g_assert_cmphex(end, >, d.base);
        g_assert_cmphex(d.dpa, >=, dpa_end);
        dpa_end = d.dpa + d.size / d.ways;
        g_assert_cmphex(dpa_end, <=, hdm.config.dpa_size);
    }
    g_assert_true(cxl_hdm_consistent(&hdm));
}

static void test_random(void)
{
    for (unsigned round = 0; round < 200; round++) {
        set_up_endpoint(6, 16);
        for (unsigned step = 0; step < 500; step++) {
            unsigned n = g_test_rand_int_range(0, 6);
            const Program p = {
                .base = g_test_rand_int_range(0, 40),
                .size = g_test_rand_int_range(0, 6),
                .skip = g_test_rand_int_range(0, 2),
                .iw = g_test_rand_int_range(0, 12) == 11 ? 8 : 0,
                .lock = g_test_rand_int_range(0, 100) == 0,
            };
            uint64_t at = g_test_rand_int_range(0, cxl_hdm_size(6));

            switch (g_test_rand_int_range(0, 4)) {
            case 0:
                uncommit(n);
                break;
            case 1:
                cxl_regfile_write(&rf, HDM + at, (uint32_t)g_test_rand_int(),
                                  g_test_rand_int_range(1, 9));
                break;
            default:
                uncommit(n);
                if (!committed(n)) {
                    commit(n, &p);
                }
            }
            check_invariants();
        }
        tear_down();
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/hdm-lock/committed", test_committed);
    g_test_add_func("/cxl/hdm-lock/lock", test_lock);
    g_test_add_func("/cxl/hdm-lock/global-enable", test_global_enable);
    g_test_add_func("/cxl/hdm-lock/reserved", test_reserved);
    g_test_add_func("/cxl/hdm-lock/wide-commit", test_wide_commit);
    g_test_add_func("/cxl/hdm-lock/commit-again", test_commit_again);
    g_test_add_func("/cxl/hdm-lock/load", test_load);
    g_test_add_func("/cxl/hdm-lock/random", test_random);
    return g_test_run();
}

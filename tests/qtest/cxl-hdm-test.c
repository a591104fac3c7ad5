/*
 * QTest: CXL HDM decoders: what can be committed and what cannot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

/* Any address does: whether a window is there is not the decoder's business */
#define BASE    (16 * 1024 * QCXL_MIB)

static QCXL *q;

/* The device has 1 unit of volatile and 2 units of persistent memory */
static const QCXLComponent *mem_comp(void)
{
    return &qcxl_mem_at(q, 0)->comp;
}

static const QCXLComponent *bridge(void)
{
    return &q->bridges[0].comp;
}

static void must_commit(const QCXLComponent *comp, unsigned n,
                        const QCXLDecoder *d)
{
    g_assert_true(qcxl_hdm_commit(q, comp, n, d));
    g_assert_false(qcxl_hdm_failed(q, comp, n));
}

/* Refused, and told so; takes the attempt back */
static void must_fail(const QCXLComponent *comp, unsigned n,
                      const QCXLDecoder *d)
{
    g_assert_false(qcxl_hdm_commit(q, comp, n, d));
    g_assert_true(qcxl_hdm_failed(q, comp, n));
    qcxl_hdm_uncommit(q, comp, n);
    g_assert_false(qcxl_hdm_failed(q, comp, n));
}

static uint32_t reg_read(const QCXLComponent *comp, unsigned n, unsigned reg)
{
    return qcxl_read(q, qcxl_hdm_reg(comp, n, reg), 4);
}

static void reg_write(const QCXLComponent *comp, unsigned n, unsigned reg,
                      uint32_t value)
{
    qcxl_write(q, qcxl_hdm_reg(comp, n, reg), 4, value);
}

static void test_commit(void)
{
    const QCXLDecoder d = { .base = BASE, .size = QCXL_UNIT };

    must_commit(mem_comp(), 0, &d);
    g_assert_cmphex(reg_read(mem_comp(), 0, CXL_HDM_BASE_HIGH), ==,
                    BASE >> 32);
    g_assert_cmphex(reg_read(mem_comp(), 0, CXL_HDM_SIZE_LOW), ==, QCXL_UNIT);
    qcxl_hdm_uncommit(q, mem_comp(), 0);
    g_assert_false(qcxl_hdm_committed(q, mem_comp(), 0));
    must_commit(mem_comp(), 0, &d);
    qcxl_hdm_uncommit(q, mem_comp(), 0);
}

/* CXL r3.1 8.2.4.20.12: decoders are committed in ascending order */
static void test_order(void)
{
    const QCXLDecoder first = { .base = BASE, .size = QCXL_UNIT };
    const QCXLDecoder second = { .base = BASE + QCXL_UNIT, .size = QCXL_UNIT };

    must_fail(mem_comp(), 1, &second);
    must_commit(mem_comp(), 0, &first);
    must_commit(mem_comp(), 1, &second);
    qcxl_hdm_uncommit(q, mem_comp(), 1);
    qcxl_hdm_uncommit(q, mem_comp(), 0);
}

static void test_overlap(void)
{
    const QCXLDecoder first = { .base = BASE, .size = QCXL_UNIT };
    QCXLDecoder second = { .base = BASE, .size = QCXL_UNIT };

    must_commit(mem_comp(), 0, &first);
    must_fail(mem_comp(), 1, &second);
    /* Below the first one, without touching it: ranges have to ascend */
    second.base = BASE - QCXL_UNIT;
    must_fail(mem_comp(), 1, &second);
    second.base = BASE - QCXL_UNIT;
    second.size = 2 * QCXL_UNIT;
    must_fail(mem_comp(), 1, &second);
    second.base = BASE + QCXL_UNIT;
    must_commit(mem_comp(), 1, &second);
    qcxl_hdm_uncommit(q, mem_comp(), 1);
    qcxl_hdm_uncommit(q, mem_comp(), 0);
}

static void test_zero_size(void)
{
    const QCXLDecoder d = { .base = BASE };

    must_fail(mem_comp(), 0, &d);
    must_fail(bridge(), 0, &d);
}

static void test_wrap(void)
{
    const QCXLDecoder d = { .base = -QCXL_UNIT, .size = 2 * QCXL_UNIT };

    must_fail(mem_comp(), 0, &d);
}

/* CXL r3.1 8.2.4.20.3 to .6: bits below 256 MiB do not exist */
static void test_unaligned(void)
{
    static const unsigned regs[] = {
        CXL_HDM_BASE_LOW, CXL_HDM_SIZE_LOW, CXL_HDM_SKIP_LOW,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        reg_write(mem_comp(), 0, regs[i], ~0u);
        g_assert_cmphex(reg_read(mem_comp(), 0, regs[i]), ==,
                        CXL_HDM_LOW_MASK);
        reg_write(mem_comp(), 0, regs[i], 0);
    }
}

/* CXL r3.1 8.2.4.20.7: ways that a code of Interleave Ways means; 0: none */
static unsigned ways_of(unsigned code)
{
    static const unsigned ways[16] = {
        [0] = 1, [1] = 2, [2] = 4, [3] = 8, [4] = 16,
        [8] = 3, [9] = 6, [10] = 12,
    };

    return ways[code];
}

/* The encodings of Interleave Ways and Interleave Granularity */
static void test_encodings(void)
{
    for (unsigned code = 0; code < 16; code++) {
        unsigned ways = ways_of(code);
        const QCXLDecoder d = { .base = BASE, .ways = code,
                                .size = MAX(ways, 1) * QCXL_UNIT };

        if (ways) {
            must_commit(mem_comp(), 0, &d);
            qcxl_hdm_uncommit(q, mem_comp(), 0);
        } else {
            must_fail(mem_comp(), 0, &d);
        }
    }
    for (unsigned code = 0; code < 16; code++) {
        QCXLDecoder d = { .base = BASE, .size = QCXL_UNIT,
                          .granularity = code };

        if (code <= 6) {
            must_commit(mem_comp(), 0, &d);
            qcxl_hdm_uncommit(q, mem_comp(), 0);
        } else {
            must_fail(mem_comp(), 0, &d);
        }
    }
}

/* A port has no more ways than targets, and powers of two only */
static void test_port_ways(void)
{
    uint32_t cap = qcxl_read(q, bridge()->hdm + CXL_HDM_CAPABILITY, 4);
    unsigned max = FIELD_EX32(cap, CXL_HDM_CAPABILITY, TARGET_COUNT);

    g_assert_cmpuint(max, >=, 2);
    for (unsigned code = 0; code < 16; code++) {
        QCXLDecoder d = { .base = BASE, .size = 48 * QCXL_UNIT, .ways = code,
                          .targets = 0x0706050403020100ull };

        if (code <= 4 && (1u << code) <= max) {
            must_commit(bridge(), 0, &d);
            qcxl_hdm_uncommit(q, bridge(), 0);
        } else {
            must_fail(bridge(), 0, &d);
        }
    }
}

static void test_port_targets(void)
{
    QCXLDecoder d = { .base = BASE, .size = 2 * QCXL_UNIT, .ways = 1,
                      .targets = 0x0101 };

    must_fail(bridge(), 0, &d);
    d.targets = 0x0100;
    must_commit(bridge(), 0, &d);
    qcxl_hdm_uncommit(q, bridge(), 0);
}

/* CXL r3.1 8.2.4.20.13: DPA that decoders take up, in their order */
static void test_dpa_overflow(void)
{
    QCXLDecoder d = { .base = BASE, .size = 4 * QCXL_UNIT };
    QCXLDecoder next = { .base = BASE + 8 * QCXL_UNIT };

    must_fail(mem_comp(), 0, &d);
    d.size = 3 * QCXL_UNIT;
    d.skip = QCXL_UNIT;
    must_fail(mem_comp(), 0, &d);
    d.skip = -QCXL_UNIT;
    must_fail(mem_comp(), 0, &d);
    d.size = QCXL_UNIT;
    d.skip = QCXL_UNIT;
    must_commit(mem_comp(), 0, &d);
    next.size = 2 * QCXL_UNIT;
    must_fail(mem_comp(), 1, &next);
    next.size = QCXL_UNIT;
    next.skip = QCXL_UNIT;
    must_fail(mem_comp(), 1, &next);
    next.skip = 0;
    must_commit(mem_comp(), 1, &next);
    qcxl_hdm_uncommit(q, mem_comp(), 1);
    qcxl_hdm_uncommit(q, mem_comp(), 0);
}

/* CXL r3.1 8.2.4.20.7: a device's share of a 3-way range is a third of it */
static void test_size_of_ways(void)
{
    QCXLDecoder d = { .base = BASE, .size = 4 * QCXL_UNIT, .ways = 8 };

    must_fail(mem_comp(), 0, &d);
    d.size = 9 * QCXL_UNIT;
    must_commit(mem_comp(), 0, &d);
    qcxl_hdm_uncommit(q, mem_comp(), 0);
    d.size = 12 * QCXL_UNIT;
    must_fail(mem_comp(), 0, &d);
}

static void check_frozen(const QCXLComponent *comp)
{
    for (unsigned reg = 0; reg < CXL_HDM_DECODER_STRIDE; reg += 4) {
        uint32_t was = reg_read(comp, 0, reg);

        if (reg != CXL_HDM_CONTROL) {
            reg_write(comp, 0, reg, ~was);
        }
        g_assert_cmphex(reg_read(comp, 0, reg), ==, was);
    }
}

/* CXL r3.1 8.2.4.20.13: a committed decoder does not change under its users */
static void test_committed(void)
{
    const QCXLDecoder d = { .base = BASE, .size = QCXL_UNIT };

    must_commit(mem_comp(), 0, &d);
    check_frozen(mem_comp());
    qcxl_hdm_uncommit(q, mem_comp(), 0);
    must_commit(bridge(), 0, &d);
    check_frozen(bridge());
    qcxl_hdm_uncommit(q, bridge(), 0);
}

/* CXL r3.1 8.2.4.20.7: Lock On Commit, until the next reset */
static void check_lock(const QCXLComponent *comp)
{
    const QCXLDecoder d = { .base = BASE, .size = QCXL_UNIT, .lock = true };
    uint32_t control;

    must_commit(comp, 0, &d);
    control = reg_read(comp, 0, CXL_HDM_CONTROL);
    check_frozen(comp);
    qcxl_hdm_uncommit(q, comp, 0);
    g_assert_true(qcxl_hdm_committed(q, comp, 0));
    reg_write(comp, 0, CXL_HDM_CONTROL, 0);
    reg_write(comp, 0, CXL_HDM_CONTROL, ~0u);
    for (unsigned i = 0; i < 4; i++) {
        qcxl_write(q, qcxl_hdm_reg(comp, 0, CXL_HDM_CONTROL) + i, 1, 0);
    }
    g_assert_cmphex(reg_read(comp, 0, CXL_HDM_CONTROL), ==, control);
}

static void test_lock(void)
{
    const QCXLDecoder d = { .base = BASE + QCXL_UNIT, .size = QCXL_UNIT };

    check_lock(mem_comp());
    check_lock(bridge());
    /* The lock is the decoder's own */
    must_commit(mem_comp(), 1, &d);
    qcxl_hdm_uncommit(q, mem_comp(), 1);
    g_assert_false(qcxl_hdm_committed(q, mem_comp(), 1));
    qcxl_reset(q);
    g_assert_false(qcxl_hdm_committed(q, mem_comp(), 0));
    g_assert_false(qcxl_hdm_committed(q, bridge(), 0));
    test_commit();
}

/* CXL r3.1 8.2.4.20.2: only devices have HDM Decoder Enable */
static void test_global_enable(void)
{
    uint64_t reg = mem_comp()->hdm + CXL_HDM_GLOBAL_CONTROL;
    uint64_t port_reg = bridge()->hdm + CXL_HDM_GLOBAL_CONTROL;

    g_assert_cmphex(qcxl_read(q, reg, 4), ==, 0);
    qcxl_hdm_enable(q, mem_comp(), true);
    g_assert_cmphex(qcxl_read(q, reg, 4), ==,
                    R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK);
    qcxl_hdm_enable(q, mem_comp(), false);
    g_assert_cmphex(qcxl_read(q, reg, 4), ==, 0);
    qcxl_write(q, port_reg, 4, ~0u);
    g_assert_cmphex(qcxl_read(q, port_reg, 4) &
                    R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK, ==, 0);
}

/* Every decoder that there is can be used, and none behind them exists */
static void test_all(void)
{
    const QCXLComponent *comp = &qcxl_mem_at(q, 1)->comp;
    unsigned count = qcxl_hdm_count(q, comp);
    QCXLDecoder d = { .size = QCXL_UNIT };

    g_assert_cmpuint(count, ==, 10);
    for (unsigned i = 0; i < count; i++) {
        d.base = BASE + 2 * i * QCXL_UNIT;
        must_commit(comp, i, &d);
    }
    reg_write(comp, count, CXL_HDM_CONTROL, R_CXL_HDM_CONTROL_COMMIT_MASK);
    g_assert_cmphex(reg_read(comp, count, CXL_HDM_CONTROL), ==, 0);
    while (count--) {
        qcxl_hdm_uncommit(q, comp, count);
    }
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 512, "");
    qcxl_mem(t, "mem1", "rp1", 2560, 0, "");
    q = qcxl_boot(t);

    qtest_add_func("/cxl/hdm/commit", test_commit);
    qtest_add_func("/cxl/hdm/order", test_order);
    qtest_add_func("/cxl/hdm/overlap", test_overlap);
    qtest_add_func("/cxl/hdm/zero-size", test_zero_size);
    qtest_add_func("/cxl/hdm/wrap", test_wrap);
    qtest_add_func("/cxl/hdm/unaligned", test_unaligned);
    qtest_add_func("/cxl/hdm/encodings", test_encodings);
    qtest_add_func("/cxl/hdm/port-ways", test_port_ways);
    qtest_add_func("/cxl/hdm/port-targets", test_port_targets);
    qtest_add_func("/cxl/hdm/dpa-overflow", test_dpa_overflow);
    qtest_add_func("/cxl/hdm/size-of-ways", test_size_of_ways);
    qtest_add_func("/cxl/hdm/committed", test_committed);
    qtest_add_func("/cxl/hdm/global-enable", test_global_enable);
    qtest_add_func("/cxl/hdm/all", test_all);
    qtest_add_func("/cxl/hdm/lock", test_lock);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * QTest: poison as the host finds it, through windows of one way and more
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "libqos/cxl.h"

#define DEVICES     4
#define LINE        64u
#define GRANULARITY 256u

static QCXL *q;

static unsigned run(unsigned n, uint16_t opcode, const void *in, size_t len)
{
    return qcxl_mbox(qcxl_mem_at(q, n), opcode, in, len, NULL, NULL);
}

static void inject(unsigned n, uint64_t dpa)
{
    const CXLInjectPoisonReq in = { cxl_le64(dpa) };

    g_assert_cmphex(run(n, CXL_OP_INJECT_POISON, &in, sizeof(in)), ==,
                    CXL_RET_SUCCESS);
}

static void clear(unsigned n, uint64_t dpa, uint64_t value)
{
    CXLClearPoisonReq in = { cxl_le64(dpa) };

    for (unsigned i = 0; i < ARRAY_SIZE(in.data); i++) {
        in.data[i] = cxl_le64(value + i);
    }
    g_assert_cmphex(run(n, CXL_OP_CLEAR_POISON, &in, sizeof(in)), ==,
                    CXL_RET_SUCCESS);
}

/* Map the first unit of the first @nr devices; @code is encoded @nr */
static void map(unsigned nr, unsigned code)
{
    const QCXLComponent *bridge = &q->bridges[0].comp;
    QCXLDecoder d = {
        .base = q->windows[0].base, .size = nr * QCXL_UNIT, .ways = code,
    };

    for (unsigned n = 0; n < nr; n++) {
        QCXLFn *fn = qcxl_mem_at(q, n);

        d.targets |= (uint64_t)qcxl_port_number(fn->port) << n * 8;
    }
    g_assert_true(qcxl_hdm_commit(q, bridge, 0, &d));
    qcxl_hdm_enable(q, bridge, true);
    d.targets = 0;
    for (unsigned n = 0; n < nr; n++) {
        QCXLFn *fn = qcxl_mem_at(q, n);

        g_assert_true(qcxl_hdm_commit(q, &fn->comp, 0, &d));
        qcxl_hdm_enable(q, &fn->comp, true);
        qcxl_mem_enable(fn, true);
    }
}

static void unmap(unsigned nr)
{
    for (unsigned n = 0; n < nr; n++) {
        qcxl_hdm_uncommit(q, &qcxl_mem_at(q, n)->comp, 0);
    }
    qcxl_hdm_uncommit(q, &q->bridges[0].comp, 0);
}

/* Where DPA @dpa of device @n is in a region of @nr ways */
static uint64_t hpa(unsigned nr, unsigned n, uint64_t dpa)
{
    return q->windows[0].base + dpa / GRANULARITY * GRANULARITY * nr +
           n * GRANULARITY + dpa % GRANULARITY;
}

static uint64_t fetch(uint64_t addr)
{
    return qtest_readq(q->qts, addr);
}

static void test_ways(const void *opaque)
{
    const unsigned code = GPOINTER_TO_UINT(opaque), nr = 1 << code;
    const uint64_t dpa = 0x12340;

    map(nr, code);
    for (unsigned n = 0; n < nr; n++) {
        uint64_t at = hpa(nr, n, dpa);

        for (int offset = -64; offset < 128; offset += 8) {
            qtest_writeq(q->qts, at + offset, 0x1000 + offset);
        }
        inject(n, dpa);
        for (unsigned offset = 0; offset < LINE; offset += 8) {
            g_assert_cmphex(fetch(at + offset), ==, UINT64_MAX);
        }
        g_assert_cmphex(fetch(at - 8), ==, 0x1000 - 8);
        g_assert_cmphex(fetch(at + LINE), ==, 0x1000 + LINE);
        clear(n, dpa, 500);
        for (unsigned offset = 0; offset < LINE; offset += 8) {
            g_assert_cmphex(fetch(at + offset), ==, 500 + offset / 8);
        }
    }
    unmap(nr);
}

/* Writing all of a line heals it, writing some of it does not */
static void test_write(void)
{
    const uint64_t at = hpa(1, 0, 0x4000);

    map(1, 0);
    inject(0, 0x4000);
    for (unsigned offset = 0; offset < LINE; offset += 8) {
        g_assert_cmphex(fetch(at + 8), ==, UINT64_MAX);
        qtest_writeq(q->qts, at + offset, offset);
    }
    g_assert_cmphex(fetch(at + 8), ==, 8);
    unmap(1);
}

static unsigned ranges(void)
{
    QDict *rsp = qtest_qmp(q->qts, "{'execute': 'query-cxl-poison',"
                           " 'arguments': {'path': 'mem0'}}");
    unsigned nr = qlist_size(qdict_get_qlist(rsp, "return"));

    qobject_unref(rsp);
    return nr;
}

/* QMP: poison, healed with what it held, and what is refused */
static void test_qmp(void)
{
    static const char *const bad[] = {
        "'start': 1, 'length': 64", "'start': 0, 'length': 0",
        "'start': 0, 'length': 65", "'start': 536870912, 'length': 64",
        "'start': 64, 'length': 18446744073709551552",
    };
    const uint64_t at = hpa(1, 0, 0x8000);

    map(1, 0);
    qtest_writeq(q->qts, at, 0x77);
    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-inject-poison',"
        " 'arguments': {'path': 'mem0', 'start': 32768, 'length': 128}}");
    g_assert_cmphex(fetch(at), ==, UINT64_MAX);
    g_assert_cmpuint(ranges(), ==, 1);
    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-clear-poison',"
        " 'arguments': {'path': 'mem0', 'start': 32768, 'length': 128}}");
    g_assert_cmphex(fetch(at), ==, 0x77);
    g_assert_cmpuint(ranges(), ==, 0);
    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        g_autofree char *command = g_strdup_printf(
            "{'execute': 'cxl-inject-poison',"
            " 'arguments': {'path': 'mem0', %s}}", bad[n]);
        QDict *rsp = qtest_qmp(q->qts, command, NULL);

        g_assert_true(qdict_haskey(rsp, "error"));
        qobject_unref(rsp);
    }
    g_assert_cmpuint(ranges(), ==, 0);
    unmap(1);
}

int main(int argc, char **argv)
{
    QCXLTopology *t = qcxl_topology();
    int ret;

    g_test_init(&argc, &argv, NULL);
    qcxl_bridge(t, "hb0", 16, "");
    for (unsigned n = 0; n < DEVICES; n++) {
        g_autofree char *port = g_strdup_printf("rp%u", n);
        g_autofree char *id = g_strdup_printf("mem%u", n);

        qcxl_root_port(t, port, "hb0", "");
        qcxl_mem(t, id, port, 256, 256, "");
    }
    qcxl_window(t, 1024, NULL, "hb0");
    q = qcxl_boot(t);
    qtest_add_data_func("/cxl/poison/ways/1", GUINT_TO_POINTER(0), test_ways);
    qtest_add_data_func("/cxl/poison/ways/2", GUINT_TO_POINTER(1), test_ways);
    qtest_add_data_func("/cxl/poison/ways/4", GUINT_TO_POINTER(2), test_ways);
    qtest_add_func("/cxl/poison/write", test_write);
    qtest_add_func("/cxl/poison/qmp", test_qmp);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * QTest: the main root bus of q35 as a CXL host bridge
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

#define VALUE           0x0123456789abcdefull
#define MAIN_HOST       "-machine cxl-main-host=on"

/* In the order of the _UIDs, which is that of the buses */
enum { HB_MAIN, HB_PXB };
enum { WIN_MAIN, WIN_BOTH };

/* Two memory devices at pcie.0, and a third one at a pxb-cxl */
static QCXL *boot(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_args(t, MAIN_HOST);
    qcxl_bridge(t, "hb", 64, ",hdm_for_passthrough=on");
    qcxl_root_port(t, "rp0", "pcie.0", "");
    qcxl_root_port(t, "rp1", "pcie.0", "");
    qcxl_root_port(t, "rp2", "hb", "");
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *id = g_strdup_printf("m%u", i);
        g_autofree char *port = g_strdup_printf("rp%u", i);

        qcxl_mem(t, id, port, 256, 0, "");
    }
    qcxl_window(t, 512, "256", "pcie.0");
    qcxl_window(t, 512, "256", "pcie.0 hb");
    return qcxl_boot(t);
}

/* A region of the device at port number @n of the main host bridge */
static uint64_t map_one(QCXL *q, unsigned n)
{
    uint64_t base = q->windows[WIN_MAIN].base;
    QCXLDecoder d = { .base = base, .size = QCXL_UNIT, .targets = n };

    g_assert_true(qcxl_hdm_commit(q, &q->bridges[HB_MAIN].comp, 0, &d));
    qcxl_commit_mem(q, n, d);
    return base;
}

static uint64_t in_file(QCXL *q, const char *name, uint64_t offset)
{
    uint64_t value;

    qcxl_file_read(q, name, offset, &value, sizeof(value));
    return le64_to_cpu(value);
}

static void test_enumerate(void)
{
    QCXL *q = boot();

    g_assert_cmpuint(q->nr_bridges, ==, 2);
    g_assert_cmpuint(q->bridges[HB_MAIN].uid, ==, 0);
    g_assert_cmpuint(q->bridges[HB_PXB].uid, ==, 64);
    g_assert_cmphex(q->bridges[HB_PXB].comp.base, ==,
                    q->bridges[HB_MAIN].comp.base + CXL_CHBS_LENGTH_VH);
    g_assert_cmpuint(qcxl_hdm_count(q, &q->bridges[HB_MAIN].comp), ==, 10);
    g_assert_cmpuint(q->windows[WIN_MAIN].targets[0], ==, 0);
    g_assert_cmpuint(q->windows[WIN_BOTH].targets[0], ==, 0);
    g_assert_cmpuint(q->windows[WIN_BOTH].targets[1], ==, 64);
    for (unsigned i = 0; i < 3; i++) {
        QCXLFn *port = qcxl_mem_at(q, i)->port;

        g_assert_cmpuint(port->bus, ==, i < 2 ? 0 : 64);
        g_assert_cmpuint(port->device, ==, QCXL_ROOT_PORT);
        g_assert_cmpuint(qcxl_port_number(port), ==, i);
    }
    qcxl_quit(q);
}

static void test_region(void)
{
    QCXL *q = boot();

    for (unsigned n = 0; n < 2; n++) {
        g_autofree char *name = g_strdup_printf("m%u.v", n);
        uint64_t base = map_one(q, n);

        qcxl_write(q, base + 0x1000, 8, VALUE + n);
        g_assert_cmphex(in_file(q, name, 0x1000), ==, VALUE + n);
        g_assert_cmphex(qcxl_read(q, base + 0x1000, 8), ==, VALUE + n);
        qcxl_hdm_uncommit(q, &qcxl_mem_at(q, n)->comp, 0);
        qcxl_hdm_uncommit(q, &q->bridges[HB_MAIN].comp, 0);
        g_assert_cmphex(qcxl_read(q, base + 0x1000, 8), ==, UINT64_MAX);
    }
    qcxl_quit(q);
}

/* Two ways, of 256 bytes: the second device at pcie.0, and that at pxb-cxl */
static void test_interleave(void)
{
    QCXL *q = boot();
    uint64_t base = q->windows[WIN_BOTH].base;
    QCXLDecoder one = { .base = base, .size = 2 * QCXL_UNIT, .targets = 1 };
    QCXLDecoder two = one;

    g_assert_true(qcxl_hdm_commit(q, &q->bridges[HB_MAIN].comp, 0, &one));
    one.targets = 2;
    g_assert_true(qcxl_hdm_commit(q, &q->bridges[HB_PXB].comp, 0, &one));
    two.ways = 1;
    qcxl_commit_mem(q, 1, two);
    qcxl_commit_mem(q, 2, two);
    for (unsigned i = 0; i < 8; i++) {
        qcxl_write(q, base + i * 256, 8, VALUE + i);
    }
    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmphex(qcxl_read(q, base + i * 256, 8), ==, VALUE + i);
    }
    qcxl_hdm_uncommit(q, &qcxl_mem_at(q, 1)->comp, 0);
    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmphex(in_file(q, i % 2 ? "m2.v" : "m1.v", i / 2 * 256), ==,
                        VALUE + i);
    }
    qcxl_quit(q);
}

static void test_reset(void)
{
    QCXL *q = boot();
    uint64_t base = map_one(q, 0);

    g_assert_true(qcxl_hdm_committed(q, &q->bridges[HB_MAIN].comp, 0));
    qcxl_reset(q);
    g_assert_false(qcxl_hdm_committed(q, &q->bridges[HB_MAIN].comp, 0));
    g_assert_cmphex(qcxl_read(q, base, 8), ==, UINT64_MAX);
    qcxl_quit(q);
}

static void test_migrate(void)
{
    QCXL *q = boot();
    uint64_t base = map_one(q, 1);

    qcxl_write(q, base, 8, VALUE);
    qcxl_migrate(q);
    g_assert_true(qcxl_hdm_committed(q, &q->bridges[HB_MAIN].comp, 0));
    g_assert_cmphex(qcxl_read(q, base, 8), ==, VALUE);
    qcxl_quit(q);
}

/* CXL r3.1 8.2.4.20: with one root port, decoders only where asked for */
static void test_passthrough(void)
{
    static const char *const global[] = {
        "", "-global cxl-main-host.hdm_for_passthrough=on "
            "-global cxl-main-host.hdm-decoders=4",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(global); i++) {
        QCXLTopology *t = qcxl_topology();
        QCXLDecoder d;
        QCXL *q;

        qcxl_args(t, MAIN_HOST " %s", global[i]);
        qcxl_root_port(t, "rp", "pcie.0", "");
        qcxl_mem(t, "m", "rp", 256, 0, "");
        qcxl_window(t, 256, "256", "pcie.0");
        q = qcxl_boot(t);
        g_assert_cmpuint(q->nr_bridges, ==, 1);
        d = (QCXLDecoder) { .base = q->windows[0].base, .size = QCXL_UNIT };
        if (i) {
            g_assert_cmpuint(qcxl_hdm_count(q, &q->bridges[0].comp), ==, 4);
            qcxl_hdm_commit(q, &q->bridges[0].comp, 0, &d);
        } else {
            g_assert_cmphex(q->bridges[0].comp.hdm, ==, 0);
        }
        qcxl_commit_mem(q, 0, d);
        qcxl_write(q, d.base + 64, 8, VALUE);
        g_assert_cmphex(in_file(q, "m.v", 64), ==, VALUE);
        qcxl_quit(q);
    }
}

/* Without the option the main root bus is in no table */
static void test_off(void)
{
    QCXLTopology *t = qcxl_topology();
    QCXL *q;

    qcxl_args(t, "-machine cxl-main-host=off");
    qcxl_bridge(t, "hb", 64, "");
    q = qcxl_boot(t);
    g_assert_cmpuint(q->nr_bridges, ==, 1);
    g_assert_cmpuint(q->bridges[0].uid, ==, 64);
    qcxl_quit(q);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cxl/main-host/enumerate", test_enumerate);
    qtest_add_func("/cxl/main-host/region", test_region);
    qtest_add_func("/cxl/main-host/interleave", test_interleave);
    qtest_add_func("/cxl/main-host/reset", test_reset);
    qtest_add_func("/cxl/main-host/migrate", test_migrate);
    qtest_add_func("/cxl/main-host/passthrough", test_passthrough);
    qtest_add_func("/cxl/main-host/off", test_off);
    return g_test_run();
}

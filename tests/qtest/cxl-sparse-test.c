/*
 * QTest: big interleaved regions that were never touched
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

#define WAYS            4
#define DEVICE_MIB      (16 * 1024)
#define REGION_SIZE     (WAYS * DEVICE_MIB * QCXL_MIB)

#define SECONDS_MAX     0.2
#define RSS_MAX         (64 * QCXL_MIB)

static QCXL *boot(const char *kind)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    for (unsigned i = 0; i < WAYS; i++) {
        g_autofree char *port = g_strdup_printf("rp%u", i);

        qcxl_root_port(t, port, "hb0", "");
        if (g_str_equal(kind, "file")) {
            g_autofree char *id = g_strdup_printf("mem%u", i);

            qcxl_mem(t, id, port, DEVICE_MIB, 0, "");
        } else {
            qcxl_args(t, "-object memory-backend-%s,id=big%u,size=%uM,"
                      "reserve=off", kind, i, DEVICE_MIB);
            qcxl_args(t, "-device cxl-type3,id=mem%u,bus=rp%u,"
                      "volatile-memdev=big%u", i, i, i);
        }
    }
    qcxl_window(t, WAYS * DEVICE_MIB, NULL, "hb0");
    return qcxl_boot(t);
}

static uint64_t resident(QCXL *q)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status",
                                            (int)qtest_pid(q->qts));
    g_autofree char *status = NULL;
    const char *line;

    g_assert_true(g_file_get_contents(path, &status, NULL, NULL));
    line = strstr(status, "VmRSS:");
    g_assert_nonnull(line);
    return strtoull(line + strlen("VmRSS:"), NULL, 10) * 1024;
}

static double seconds_since(int64_t start)
{
    return (g_get_monotonic_time() - start) / 1e6;
}

static const QCXLComponent *mem(QCXL *q, unsigned n)
{
    return &qcxl_mem_at(q, n)->comp;
}

static void map(QCXL *q, const QCXLDecoder *d)
{
    g_assert_true(qcxl_hdm_commit(q, &q->bridges[0].comp, 0, d));
    for (unsigned i = 0; i < WAYS; i++) {
        g_assert_true(qcxl_hdm_commit(q, mem(q, i), 0, d));
        qcxl_mem_enable(qcxl_mem_at(q, i), true);
        if (i < WAYS - 1) {
            qcxl_hdm_enable(q, mem(q, i), true);
        }
    }
}

/*
 * The last device's HDM Decoder Enable creates the mapping and destroys it:
 * the only register whose writes are timed
 */
static void test_sparse(const void *kind)
{
    QCXL *q = boot(kind);
    QCXLDecoder d = { .base = q->windows[0].base, .size = REGION_SIZE,
                      .ways = 2, .granularity = 0, .targets = 0x03020100 };
    uint64_t before, most = 0;
    double create = 0, destroy = 0;

    map(q, &d);
    before = resident(q);
    for (unsigned round = 0; round < 3; round++) {
        int64_t start = g_get_monotonic_time();

        qcxl_hdm_enable(q, mem(q, WAYS - 1), true);
        create = MAX(create, seconds_since(start));
        most = MAX(most, resident(q));
        start = g_get_monotonic_time();
        qcxl_hdm_enable(q, mem(q, WAYS - 1), false);
        destroy = MAX(destroy, seconds_since(start));
    }
    qcxl_hdm_enable(q, mem(q, WAYS - 1), true);
    qcxl_write(q, d.base + REGION_SIZE - 8, 8, 0x123456789abcdef0);
    qcxl_hdm_enable(q, mem(q, WAYS - 1), false);
    g_assert_cmphex(qcxl_read(q, d.base + REGION_SIZE - 8, 8), ==, UINT64_MAX);
    qcxl_hdm_enable(q, mem(q, WAYS - 1), true);
    g_assert_cmphex(qcxl_read(q, d.base + REGION_SIZE - 8, 8), ==,
                    0x123456789abcdef0);
    most = MAX(most, resident(q));
    g_test_message("%s: 64 GiB, %u ways: created in %.3f s, destroyed in "
                   "%.3f s, %" PRIu64 " KiB more memory",
                   (const char *)kind, WAYS, create, destroy,
                   (most - MIN(most, before)) / 1024);
    g_assert_cmpfloat(create, <, SECONDS_MAX);
    g_assert_cmpfloat(destroy, <, SECONDS_MAX);
    g_assert_cmpuint(most, <, before + RSS_MAX);
    qcxl_quit(q);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_data_func("/cxl/sparse/ram", "ram", test_sparse);
    qtest_add_data_func("/cxl/sparse/memfd", "memfd", test_sparse);
    qtest_add_data_func("/cxl/sparse/file", "file", test_sparse);
    return g_test_run();
}

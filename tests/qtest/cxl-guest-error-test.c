/*
 * QTest: -d guest_errors names each mistake of a driver, and the section of
 * the specification that it violates
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

static QCXL *q;
static char *log_path;
static gsize log_seen;

/* What was logged since the last time */
static char *logged(void)
{
    g_autofree char *text = NULL;
    gsize len;
    char *news;

    g_assert_true(g_file_get_contents(log_path, &text, &len, NULL));
    news = g_strdup(text + MIN(log_seen, len));
    log_seen = len;
    return news;
}

/* One line was, with @text and @section in it */
static void assert_logged(const char *text, const char *section)
{
    g_autofree char *news = logged();
    g_autofree char *cite = g_strdup_printf("(CXL r3.1 %s)\n", section);

    if (!strstr(news, text) || !g_str_has_suffix(news, cite)) {
        g_test_message("not \"%s\" but \"%s\"", text, news);
    }
    g_assert_nonnull(strstr(news, text));
    g_assert_true(g_str_has_suffix(news, cite));
    g_assert_true(strchr(news, '\n') == news + strlen(news) - 1);
}

static void assert_quiet(void)
{
    g_autofree char *news = logged();

    g_assert_cmpstr(news, ==, "");
}

static QCXLFn *mem(void)
{
    return qcxl_mem_at(q, 0);
}

static const QCXLComponent *bridge(void)
{
    return &q->bridges[0].comp;
}

static QCXLDecoder good(void)
{
    return (QCXLDecoder) { .base = q->windows[0].base, .size = QCXL_UNIT };
}

static void refused(QCXLDecoder d, const QCXLComponent *comp, unsigned n,
                    const char *text, const char *section)
{
    g_assert_false(qcxl_hdm_commit(q, comp, n, &d));
    assert_logged(text, section);
    qcxl_hdm_uncommit(q, comp, n);
}

/* CXL r3.1 8.2.4.20: each reason to refuse a commit */
static void test_commit(void)
{
    QCXLDecoder d = good();

    refused(d, bridge(), 1, "hb0: decoder 1: the decoder below is not",
            "8.2.4.20.12");
    d.size = 0;
    refused(d, &mem()->comp, 0, "mem0: decoder 0: size is zero",
            "8.2.4.20.12");
    d.size = 1ull << 63;
    d.base = 1ull << 63;
    refused(d, bridge(), 0, "wraps around", "8.2.4.20.12");
    d = good();
    d.ways = 7;
    refused(d, bridge(), 0, "Interleave Ways is reserved", "8.2.4.20.7");
    d.ways = 4;
    refused(d, bridge(), 0, "more ways than the port can target",
            "8.2.4.20.1");
    d.ways = 0;
    d.granularity = 7;
    refused(d, bridge(), 0, "Interleave Granularity is reserved",
            "8.2.4.20.7");
    d.granularity = 0;
    d.ways = 1;
    refused(d, bridge(), 0, "a target is listed twice", "8.2.4.20.12");
    d.ways = 8;
    refused(d, &mem()->comp, 0, "no multiple of the ways", "8.2.4.20.12");
    d.ways = 0;
    d.size = 64 * QCXL_UNIT;
    refused(d, &mem()->comp, 0, "exceeds the device's capacity",
            "8.2.4.20.13");
    g_assert_true(qcxl_hdm_commit(q, bridge(), 0, &(QCXLDecoder) {
        .base = q->windows[0].base, .size = QCXL_UNIT
    }));
    assert_quiet();
    refused(good(), bridge(), 1, "overlaps or does not ascend",
            "8.2.4.20.12");
    qcxl_reset(q);
    assert_quiet();
}

static void test_committed(void)
{
    QCXLDecoder d = good();
    uint64_t size = qcxl_hdm_reg(bridge(), 0, CXL_HDM_SIZE_LOW);

    g_assert_true(qcxl_hdm_commit(q, bridge(), 0, &d));
    qcxl_write(q, size, 4, QCXL_UNIT * 2);
    assert_logged("hb0: decoder 0: write ignored, committed", "8.2.4.20.13");
    qcxl_hdm_uncommit(q, bridge(), 0);
    d.lock = true;
    g_assert_true(qcxl_hdm_commit(q, bridge(), 0, &d));
    assert_quiet();
    qcxl_write(q, size, 4, QCXL_UNIT * 2);
    assert_logged("hb0: decoder 0: write ignored, locked", "8.2.4.20.7");
    qcxl_hdm_uncommit(q, bridge(), 0);
    assert_logged("hb0: decoder 0: write ignored, locked", "8.2.4.20.7");
    g_assert_true(qcxl_hdm_committed(q, bridge(), 0));
    qcxl_reset(q);
}

static void test_read_only(void)
{
    uint64_t at = mem()->comp.hdm + CXL_HDM_CAPABILITY;
    uint64_t value = qcxl_read(q, at, 4);

    /* What is there may be written */
    qcxl_write(q, at, 4, value);
    assert_quiet();
    qcxl_write(q, at, 4, ~value);
    assert_logged("mem0: component register", "8.2.4");
    g_assert_cmphex(qcxl_read(q, at, 4), ==, value);
    qcxl_write(q, mem()->regs, 8, 0);
    assert_logged("mem0: device register", "8.2.8");
}

static void test_mailbox(void)
{
    uint8_t byte = 0;

    g_assert_cmphex(qcxl_mbox(mem(), 0xbeef, NULL, 0, NULL, NULL), ==,
                    CXL_RET_UNSUPPORTED);
    assert_logged("command 0xbeef (unknown)", "8.2.9");
    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_IDENTIFY_MEMORY_DEVICE, &byte, 1, NULL,
                              NULL), ==, CXL_RET_INVALID_PAYLOAD_LENGTH);
    assert_logged("its payload has another length", "8.2.8.4.5.1");
    g_assert_cmphex(qcxl_mbox_ring(mem(), CXL_OP_IDENTIFY_MEMORY_DEVICE,
                                   qcxl_mbox_payload_size(mem()) + 1), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
    assert_logged("exceeds the 2048 bytes", "8.2.8.4.5");
    qcxl_mbox(mem(), CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0, NULL, NULL);
    assert_quiet();
}

/* Misses are explained once for each cause, until decoders change */
static void test_miss(void)
{
    QCXLDecoder d = good();
    uint64_t hpa = d.base + 64;

    qcxl_read(q, hpa, 8);
    assert_logged("window 0: read of 8 bytes", "8.2.4.20");
    qcxl_read(q, hpa, 8);
    qcxl_read(q, hpa + QCXL_UNIT, 4);
    assert_quiet();
    qcxl_hdm_program(q, bridge(), 0, &d);
    g_assert_true(qcxl_hdm_commit(q, bridge(), 0, &d));
    qcxl_write(q, hpa, 8, 0);
    assert_logged("no decoder of mem0 covers", "8.2.4.20");
    qcxl_read(q, hpa, 8);
    assert_quiet();
    g_assert_true(qcxl_hdm_commit(q, &mem()->comp, 0, &d));
    qcxl_read(q, hpa, 8);
    {
        g_autofree char *news = logged();

        g_assert_nonnull(strstr(news, "Mem_Enable is clear"));
    }
    qcxl_hdm_enable(q, &mem()->comp, true);
    qcxl_mem_enable(mem(), true);
    qcxl_read(q, hpa, 8);
    assert_quiet();
    qcxl_reset(q);
}

static QCXLTopology *topology(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_args(t, "-d guest_errors -D %s", log_path);
    qcxl_bridge(t, "hb0", 16, ",hdm_for_passthrough=on");
    qcxl_root_port(t, "rp0", "hb0", ",port=0");
    qcxl_mem(t, "mem0", "rp0", 512, 0, "");
    qcxl_window(t, 1024, "256", "hb0");
    return t;
}

int main(int argc, char **argv)
{
    int fd, ret;

    g_test_init(&argc, &argv, NULL);
    fd = g_file_open_tmp("cxl-guest-error-XXXXXX", &log_path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    q = qcxl_boot(topology());
    g_free(logged());
    qtest_add_func("/cxl/guest-error/commit", test_commit);
    qtest_add_func("/cxl/guest-error/committed", test_committed);
    qtest_add_func("/cxl/guest-error/read-only", test_read_only);
    qtest_add_func("/cxl/guest-error/mailbox", test_mailbox);
    qtest_add_func("/cxl/guest-error/miss", test_miss);
    ret = g_test_run();
    qcxl_quit(q);
    unlink(log_path);
    g_free(log_path);
    return ret;
}

/*
 * QTest: media that are not ready, because that is wanted
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "libqos/cxl.h"
#include "cxl/machine-save.h"

#define AT      0x12340
#define VALUE   0x0123456789abcdefull

static QCXL *q;
static QCXLFn *mem;

static void not_ready(unsigned ms)
{
    if (ms) {
        qtest_qmp_assert_success(q->qts,
            "{'execute': 'cxl-inject-media-not-ready',"
            " 'arguments': {'path': 'mem0', 'duration-ms': %u}}", ms);
    } else {
        qtest_qmp_assert_success(q->qts,
            "{'execute': 'cxl-inject-media-not-ready',"
            " 'arguments': {'path': 'mem0'}}");
    }
}

static void clear(void)
{
    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-clear-faults',"
                             " 'arguments': {'path': 'mem0'}}");
}

static bool told(void)
{
    QDict *rsp = qtest_qmp(q->qts, "{'execute': 'query-cxl-faults',"
                           " 'arguments': {'path': 'mem0'}}");
    bool media = qdict_get_bool(qdict_get_qdict(rsp, "return"),
                                "media-not-ready");

    qobject_unref(rsp);
    return media;
}

static void sleep_ms(int64_t ms)
{
    qtest_clock_step(q->qts, ms * 1000 * 1000);
}

static unsigned media_status(void)
{
    return FIELD_EX64(qcxl_read(q, mem->memdev + CXL_MEMDEV_STATUS, 8),
                      CXL_MEMDEV_STATUS, MEDIA);
}

static uint32_t range(unsigned n)
{
    return qcxl_config_read(mem, qcxl_dvsec(mem, CXL_DVSEC_ID_DEVICE) +
                            CXL_DEVICE_RANGE_SIZE_LOW(n), 4);
}

static unsigned get_lsa(void)
{
    static const CXLGetLsaReq req = { .length = { { 16 } } };

    return qcxl_mbox(mem, CXL_OP_GET_LSA, &req, sizeof(req), NULL, NULL);
}

/* CXL r3.1 8.1.3.8.2, 8.2.8.5.1.1: what a driver waits for */
static void check(bool ready)
{
    g_assert_cmpuint(media_status(), ==, ready ? CXL_MEDIA_STATUS_READY
                                               : CXL_MEDIA_STATUS_NOT_READY);
    g_assert_true(qcxl_read(q, mem->memdev + CXL_MEMDEV_STATUS, 8) &
                  R_CXL_MEMDEV_STATUS_MAILBOX_READY_MASK);
    for (unsigned n = 0; n < CXL_DEVICE_RANGES; n++) {
        g_assert_cmpuint(FIELD_EX32(range(n), CXL_DEVICE_RANGE, INFO_VALID),
                         ==, 1);
        g_assert_cmpuint(FIELD_EX32(range(n), CXL_DEVICE_RANGE, ACTIVE), ==,
                         ready);
        g_assert_cmphex(range(n) & CXL_DEVICE_RANGE_LOW_MASK, ==, QCXL_UNIT);
    }
    g_assert_cmpint(told(), ==, !ready);
    /* CXL r3.1 8.2.9.9.2.3; Identify does not need media */
    g_assert_cmphex(get_lsa(), ==, ready ? CXL_RET_SUCCESS
                                         : CXL_RET_MEDIA_DISABLED);
    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0,
                              NULL, NULL), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(qcxl_read(q, q->windows[0].base + AT, 8), ==,
                    ready ? VALUE : UINT64_MAX);
}

static void map(void)
{
    const QCXLComponent *bridge = &q->bridges[0].comp;
    const QCXLDecoder d = { .base = q->windows[0].base, .size = QCXL_UNIT };

    g_assert_true(qcxl_hdm_commit(q, bridge, 0, &d));
    qcxl_hdm_enable(q, bridge, true);
    g_assert_true(qcxl_hdm_commit(q, &mem->comp, 0, &d));
    qcxl_hdm_enable(q, &mem->comp, true);
    qcxl_mem_enable(mem, true);
    qcxl_write(q, d.base + AT, 8, VALUE);
}

static void test_duration(void)
{
    map();
    check(true);
    not_ready(5000);
    check(false);
    qcxl_write(q, q->windows[0].base + AT, 8, 1);
    sleep_ms(4999);
    check(false);
    sleep_ms(1);
    check(true);
    sleep_ms(100000);
    check(true);
}

/* Another injection takes the place of the one before */
static void test_again(void)
{
    not_ready(100);
    not_ready(1000);
    sleep_ms(999);
    check(false);
    not_ready(0);
    sleep_ms(1000ll * 1000);
    check(false);
    not_ready(10);
    sleep_ms(10);
    check(true);
}

static void test_clear(void)
{
    not_ready(0);
    check(false);
    clear();
    check(true);
    not_ready(100);
    clear();
    check(true);
    not_ready(1000);
    sleep_ms(100);
    /* The timer of the one before has gone with it */
    check(false);
    clear();
}

/* Media that a Sanitize disables are disabled when they are ready */
static void test_sanitize(void)
{
    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_SANITIZE, NULL, 0, NULL, NULL), ==,
                    CXL_RET_BACKGROUND_STARTED);
    g_assert_cmpuint(media_status(), ==, CXL_MEDIA_STATUS_DISABLED);
    not_ready(1);
    g_assert_cmpuint(media_status(), ==, CXL_MEDIA_STATUS_NOT_READY);
    clear();
    g_assert_cmpuint(media_status(), ==, CXL_MEDIA_STATUS_DISABLED);
    not_ready(0);
    sleep_ms(1000ll * 1000);
    g_assert_cmpuint(media_status(), ==, CXL_MEDIA_STATUS_NOT_READY);
    clear();
    g_assert_cmpuint(media_status(), ==, CXL_MEDIA_STATUS_READY);
    qcxl_write(q, q->windows[0].base + AT, 8, VALUE);
    check(true);
}

static void test_migrate(void)
{
    not_ready(1000);
    sleep_ms(500);
    machine_save(q, "state", true);
    g_assert_true(machine_load(q, "state", true));
    check(false);
    sleep_ms(490);
    check(false);
    sleep_ms(10);
    check(true);
}

static void test_unplug(void)
{
    not_ready(1000);
    qcxl_slot_eject(mem->port, "mem0");
    sleep_ms(10000);
    qcxl_enumerate(q);
    qtest_qmp_device_add(q->qts, "cxl-type3", "mem0",
                         "{'bus': 'rp0', 'volatile-memdev': 'mem0.v',"
                         " 'persistent-memdev': 'mem0.p',"
                         " 'lsa': 'mem0.lsa' }");
    qcxl_slot_power_on(qcxl_fn_at(q, QCXL_ROOT_PORT, 0));
    qcxl_enumerate(q);
    mem = qcxl_mem_at(q, 0);
    g_assert_cmpuint(media_status(), ==, CXL_MEDIA_STATUS_READY);
    not_ready(0);
    qcxl_slot_eject(mem->port, "mem0");
}

int main(int argc, char **argv)
{
    QCXLTopology *t = qcxl_topology();
    int ret;

    g_test_init(&argc, &argv, NULL);
    qcxl_args(t, "-m 64M -object memory-backend-memfd,id=ram,share=on,size=64M"
              " -machine memory-backend=ram");
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 256, "");
    qcxl_window(t, 512, NULL, "hb0");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);
    qtest_add_func("/cxl/not-ready/duration", test_duration);
    qtest_add_func("/cxl/not-ready/again", test_again);
    qtest_add_func("/cxl/not-ready/clear", test_clear);
    qtest_add_func("/cxl/not-ready/sanitize", test_sanitize);
    qtest_add_func("/cxl/not-ready/migrate", test_migrate);
    qtest_add_func("/cxl/not-ready/unplug", test_unplug);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

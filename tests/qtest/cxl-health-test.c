/*
 * QTest: health, alerts that trip, shutdown state, and power
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "libqos/cxl.h"

#define PATH    "'path': '/machine/peripheral/mem0'"

/* Guest memory that MSI-X vectors write to */
#define MSI_ADDR        0x100000u
#define MSI_DATA        0xbad0

static QCXL *q;

static QCXLFn *mem(void)
{
    QCXLFn *fn = qcxl_mem_at(q, 0);

    g_assert_nonnull(fn);
    return fn;
}

static void run(uint16_t opcode, const void *in, size_t in_len, void *out,
                size_t out_len)
{
    size_t len = out_len;

    g_assert_cmphex(qcxl_mbox(mem(), opcode, in, in_len, out, &len), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmpuint(len, ==, out_len);
}

#define set_health(fmt, ...) \
    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-set-health'," \
                             " 'arguments': {" PATH ", " fmt "}}", \
                             ## __VA_ARGS__)

static CXLHealthInfoRsp health(void)
{
    CXLHealthInfoRsp rsp;

    run(CXL_OP_GET_HEALTH_INFO, NULL, 0, &rsp, sizeof(rsp));
    return rsp;
}

static void set_alert(uint8_t life)
{
    const CXLSetAlertsReq req = {
        .valid = CXL_ALERT_LIFE_USED, .enable = CXL_ALERT_LIFE_USED,
        .life_used_warning = life,
    };

    run(CXL_OP_SET_ALERT_CONFIG, &req, sizeof(req), NULL, 0);
}

static uint32_t event_status(void)
{
    return qcxl_read(q, mem()->status + CXL_DEV_EVENT_STATUS, 4);
}

/* Crossing a threshold interrupts, and the record says what was crossed */
static void test_alert(void)
{
    const CXLEventPolicy policy = { .setting = { 1, 1, 1, 1 } };
    CXLMemoryModuleEvent event;

    run(CXL_OP_SET_EVENT_POLICY, &policy, sizeof(policy), NULL, 0);
    qtest_writel(q->qts, MSI_ADDR, 0);
    qcxl_msix_arm(mem(), CXL_LOG_WARNING, MSI_ADDR, MSI_DATA);
    set_alert(50);
    set_health("'life-used': 50");
    g_assert_cmphex(event_status(), ==, 0);
    g_assert_cmphex(qtest_readl(q->qts, MSI_ADDR), ==, 0);
    set_health("'life-used': 51, 'temperature': -3");
    g_assert_cmphex(event_status(), ==, 1u << CXL_LOG_WARNING);
    g_assert_cmphex(qtest_readl(q->qts, MSI_ADDR), ==, MSI_DATA);
    g_assert_cmpuint(qcxl_event_take(mem(), CXL_LOG_WARNING, &event), ==, 1);
    g_assert_cmpmem(&event.header.uuid, 16, &CXL_UUID_MEMORY_MODULE_EVENT, 16);
    g_assert_cmpuint(event.type, ==, CXL_MEMORY_MODULE_TYPE_LIFE_USED);
    g_assert_cmpuint(event.health.life_used, ==, 51);
    g_assert_cmpint((int16_t)cxl_le16_get(event.health.temperature), ==, -3);
    g_assert_cmphex(event.health.additional_status, ==, 1);
    set_health("'life-used': 52");
    g_assert_cmphex(event_status(), ==, 0);
    g_assert_cmphex(health().status, ==, CXL_HEALTH_MAINTENANCE_NEEDED);
    set_health("'life-used': 91");
    g_assert_cmphex(event_status(), ==, 1u << CXL_LOG_FAILURE);
    g_assert_cmpuint(qcxl_event_take(mem(), CXL_LOG_FAILURE, &event), ==, 1);
    set_health("'media-status': 3");
    g_assert_cmpuint(qcxl_event_take(mem(), CXL_LOG_FATAL, &event), ==, 1);
    g_assert_cmpuint(event.type, ==, CXL_MEMORY_MODULE_TYPE_MEDIA_STATUS);
    set_health("'life-used': 0, 'media-status': 0, 'temperature': 25");
    g_assert_cmpuint(qcxl_event_take(mem(), CXL_LOG_INFO, &event), ==, 2);
    g_assert_cmpuint(qcxl_event_take(mem(), CXL_LOG_INFO, &event), ==, 1);
    g_assert_cmphex(event_status(), ==, 0);
}

/* Management is told what is wrong, and nothing changes */
static void test_refused(void)
{
    static const struct {
        const char *args;
        const char *word;
    } cases[] = {
        { PATH ", 'health-status': 16", "health-status" },
        { PATH ", 'media-status': 10", "media-status" },
        { PATH ", 'life-used': 101", "life-used" },
        { PATH ", 'life-used': 254", "life-used" },
        { PATH ", 'life-used': 256", "life-used" },
        { PATH ", 'temperature': 32768", "temperature" },
        { PATH ", 'dirty-shutdown-count': 9, 'life-used': 101", "life-used" },
        { "'path': 'nobody'", "nobody" },
        { "'path': '/machine/peripheral/rp0'", "rp0" },
    };
    CXLHealthInfoRsp before = health(), after;

    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_autofree char *command = g_strdup_printf(
            "{'execute': 'cxl-set-health', 'arguments': {%s}}",
            cases[n].args);
        QDict *error = qtest_qmp_assert_failure_ref(q->qts, command, NULL);

        g_assert_nonnull(strstr(qdict_get_str(error, "desc"), cases[n].word));
        qobject_unref(error);
        after = health();
        g_assert_cmpmem(&after, sizeof(after), &before, sizeof(before));
    }
    qobject_unref(qtest_qmp_assert_failure_ref(q->qts,
        "{'execute': 'cxl-inject-power-loss',"
        " 'arguments': {'path': 'nobody'}}"));
}

/* Shutdown state */

static void set_state(uint8_t state)
{
    run(CXL_OP_SET_SHUTDOWN_STATE, &state, 1, NULL, 0);
}

static uint8_t get_state(void)
{
    CXLShutdownState rsp;

    run(CXL_OP_GET_SHUTDOWN_STATE, NULL, 0, &rsp, sizeof(rsp));
    return rsp.state;
}

static uint32_t count(void)
{
    return cxl_le32_get(health().dirty_shutdowns);
}

/* What is there of power, and whether a dirty state counts when it goes */

static void end_killed(void)
{
    qcxl_kill(q);
}

static void end_terminated(void)
{
    qcxl_restart(q);
}

static void end_quit(void)
{
    qtest_qmp_assert_success(q->qts, "{'execute': 'quit'}");
    while (qtest_probe_child(q->qts)) {
        g_usleep(1000);
    }
    qcxl_restart(q);
}

/*
 * ACPI S5, by the power management registers of ICH9. QEMU stays (-no-shutdown),
 * and is killed.
 */
static void end_guest_shutdown(void)
{
    uint32_t lpc = 0x80000000 | 0x1f << 11;

    qtest_outl(q->qts, 0xcf8, lpc | 0x40);
    qtest_outl(q->qts, 0xcfc, 0x601);
    qtest_outl(q->qts, 0xcf8, lpc | 0x44);
    qtest_outb(q->qts, 0xcfc, 0x80);
    qtest_outw(q->qts, 0x604, 1 << 13);
    qtest_qmp_eventwait(q->qts, "STOP");
    qcxl_kill(q);
}

static void end_reset(void)
{
    qcxl_reset(q);
}

static void end_replugged(void)
{
    QCXLFn *port = mem()->port;

    qcxl_slot_eject(port, "mem0");
    qcxl_enumerate(q);
    qtest_qmp_device_add(q->qts, "cxl-type3", "mem0",
                         "{'bus': 'rp0', 'volatile-memdev': 'mem0.v',"
                         " 'persistent-memdev': 'mem0.p',"
                         " 'lsa': 'mem0.lsa', 'nv': 'mem0.nv' }");
    qcxl_slot_power_on(qcxl_port_at(q, 0));
    qcxl_enumerate(q);
}

static void end_power_loss(void)
{
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-power-loss', 'arguments': {" PATH "}}");
    qcxl_reset(q);
}

static void end_flushed(void)
{
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-power-loss',"
        " 'arguments': {" PATH ", 'flushed': true}}");
    qcxl_reset(q);
}

static void end_slot(void)
{
    qcxl_slot_power_cycle(mem()->port);
    qcxl_enumerate(q);
}

typedef struct End {
    const char *name;
    void (*end)(void);
    bool counts;
} End;

static const End ends[] = {
    { "killed", end_killed, true },
    { "terminated", end_terminated, false },
    { "quit", end_quit, false },
    { "guest-shutdown", end_guest_shutdown, false },
    { "reset", end_reset, false },
    { "replugged", end_replugged, false },
    { "power-loss", end_power_loss, true },
    { "flushed", end_flushed, false },
    { "slot", end_slot, true },
};

static void test_end(const void *opaque)
{
    const End *e = opaque;
    uint32_t before = count();

    g_assert_cmpuint(get_state(), ==, CXL_SHUTDOWN_CLEAN);
    e->end();
    g_assert_cmpuint(count(), ==, before);
    set_state(CXL_SHUTDOWN_DIRTY);
    e->end();
    g_assert_cmpuint(get_state(), ==, CXL_SHUTDOWN_CLEAN);
    g_assert_cmpuint(count(), ==, before + e->counts);
    /* What counted once does not count again */
    qcxl_kill(q);
    g_assert_cmpuint(count(), ==, before + e->counts);
    set_state(CXL_SHUTDOWN_DIRTY);
    set_state(CXL_SHUTDOWN_CLEAN);
    e->end();
    g_assert_cmpuint(count(), ==, before + e->counts);
}

/* It is one life, if it goes on in another QEMU: neither end counts */
static void test_migrate(void)
{
    uint32_t before = count();

    set_alert(40);
    set_health("'temperature': 33");
    set_state(CXL_SHUTDOWN_DIRTY);
    qcxl_migrate(q);
    g_assert_cmpuint(get_state(), ==, CXL_SHUTDOWN_DIRTY);
    g_assert_cmpuint(count(), ==, before);
    g_assert_cmpint(cxl_le16_get(health().temperature), ==, 33);
    set_health("'life-used': 41");
    g_assert_cmphex(event_status(), ==, 1u << CXL_LOG_WARNING);
    qcxl_kill(q);
    g_assert_cmpuint(count(), ==, before + 1);
    g_assert_cmpuint(health().life_used, ==, 41);
    set_health("'life-used': 0");
}

/* Memory: of one decoder over both partitions */

static void map(void)
{
    const QCXLDecoder d = { .base = q->windows[0].base,
                            .size = 2 * QCXL_UNIT };

    g_assert_true(qcxl_hdm_commit(q, &q->bridges[0].comp, 0, &d));
    g_assert_true(qcxl_hdm_commit(q, &mem()->comp, 0, &d));
    qcxl_hdm_enable(q, &mem()->comp, true);
    qcxl_mem_enable(mem(), true);
}

static void test_memory(void)
{
    static const uint64_t at[] = {
        0, 0x2345678, QCXL_UNIT - 8, QCXL_UNIT, 2 * QCXL_UNIT - 8,
    };
    uint64_t base = q->windows[0].base;
    uint64_t left;

    map();
    for (unsigned n = 0; n < ARRAY_SIZE(at); n++) {
        qcxl_write(q, base + at[n], 8, 0x5a5a0000 + n);
    }
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-power-loss', 'arguments': {" PATH "}}");
    /* The device decodes no more, at once */
    g_assert_cmphex(qcxl_read(q, base, 8), ==, UINT64_MAX);
    qcxl_file_read(q, "mem0.v", 0x2345678, &left, sizeof(left));
    g_assert_cmphex(left, ==, 0);
    qcxl_reset(q);
    map();
    for (unsigned n = 0; n < ARRAY_SIZE(at); n++) {
        g_assert_cmphex(qcxl_read(q, base + at[n], 8), ==,
                        at[n] < QCXL_UNIT ? 0 : 0x5a5a0000 + n);
    }
    qcxl_reset(q);
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_args(t, "-no-shutdown");
    qcxl_bridge(t, "hb0", 16, ",hdm_for_passthrough=on");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_nv(t, "mem0");
    qcxl_mem(t, "mem0", "rp0", 256, 256, ",nv=mem0.nv");
    qcxl_window(t, 512, NULL, "hb0");
    q = qcxl_boot(t);

    qtest_add_func("/cxl/health/alert", test_alert);
    qtest_add_func("/cxl/health/refused", test_refused);
    for (unsigned n = 0; n < ARRAY_SIZE(ends); n++) {
        g_autofree char *path = g_strconcat("/cxl/shutdown/", ends[n].name,
                                            NULL);

        qtest_add_data_func(path, &ends[n], test_end);
    }
    qtest_add_func("/cxl/shutdown/migrate", test_migrate);
    qtest_add_func("/cxl/power/memory", test_memory);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

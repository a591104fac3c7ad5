/*
 * Health, alerts that trip, and the shutdown state
 *
 * Sources: hw/cxl/cci/{background,cci,events,firmware,health,infostat,logs,
 *          lsa,media,media-state,memdev,scan,security,shutdown,timestamp}.c
 *          hw/cxl/model/{event-log,health,poison}.c
 *          hw/cxl/interfaces.c
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"
#include "hw/cxl/spec/payloads-shutdown.h"

static void test_alerts(void)
{
    CXLSetAlertsReq in = {
        .valid = CXL_ALERT_LIFE_USED | CXL_ALERT_OVER_TEMPERATURE,
        .enable = CXL_ALERT_LIFE_USED | CXL_ALERT_VOLATILE_ERRORS,
        .life_used_warning = 50,
        .over_temperature_warning = cxl_le16(1000),
    };
    Device *d = new_device(), *to = new_device();
    const CXLGetAlertsRsp *out = (const void *)d->out;
    const CXLHealthInfoRsp *health;

    answer(d, CXL_OP_SET_ALERT_CONFIG, &in, sizeof(in), 0);
    answer(d, CXL_OP_GET_ALERT_CONFIG, NULL, 0, sizeof(*out));
    g_assert_cmphex(out->valid, ==, CXL_ALERT_LIFE_USED);
    g_assert_cmphex(out->programmable, ==, CXL_ALERT_ALL);
    g_assert_cmpuint(out->life_used_warning, ==, 50);
    /* An alert that is switched off keeps its threshold */
    g_assert_cmpuint(cxl_le16_get(out->over_temperature_warning), ==, 75);

    in.valid = in.enable = CXL_ALERT_LIFE_USED;
    in.life_used_warning = out->life_used_critical;
    g_assert_cmpuint(request(d, CXL_OP_SET_ALERT_CONFIG, &in, sizeof(in)),
                     ==, CXL_RET_INVALID_INPUT);
    in.valid = in.enable = CXL_ALERT_OVER_TEMPERATURE;
    g_assert_cmpuint(request(d, CXL_OP_SET_ALERT_CONFIG, &in, sizeof(in)),
                     ==, CXL_RET_INVALID_INPUT);
    in.over_temperature_warning = cxl_le16(-5);
    answer(d, CXL_OP_SET_ALERT_CONFIG, &in, sizeof(in), 0);
    in.valid = CXL_ALERT_ALL + 1;
    g_assert_cmpuint(request(d, CXL_OP_SET_ALERT_CONFIG, &in, sizeof(in)),
                     ==, CXL_RET_INVALID_INPUT);

    health = answer(d, CXL_OP_GET_HEALTH_INFO, NULL, 0, sizeof(*health));
    g_assert_cmpuint(health->life_used, ==, 0);

    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_health, &d->health,
                                     &to->health), ==, 0);
    g_assert_false(memcmp(&to->health.alerts, &d->health.alerts,
                          sizeof(CXLAlerts)));
    d->health.alerts.valid = 0xff;
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_health, &d->health,
                                     &to->health), ==, -EINVAL);
    cxl_health_reset(&d->health);
    answer(d, CXL_OP_GET_ALERT_CONFIG, NULL, 0, sizeof(*out));
    g_assert_cmphex(out->valid, ==, 0);
    free_device(d);
    free_device(to);
}

static CXLHealthInfoRsp health(Device *d)
{
    const CXLHealthInfoRsp *out =
        answer(d, CXL_OP_GET_HEALTH_INFO, NULL, 0, sizeof(*out));

    return *out;
}

/* Switch @which on, or all others off, with thresholds of 50, 0, 30 and 3 */
static void set_alerts(Device *d, uint8_t which)
{
    const CXLSetAlertsReq in = {
        .valid = CXL_ALERT_ALL,
        .enable = which,
        .life_used_warning = 50,
        .over_temperature_warning = cxl_le16(30),
        .under_temperature_warning = cxl_le16(-5),
        .volatile_error_warning = cxl_le16(3),
        .persistent_error_warning = cxl_le16(3),
    };

    answer(d, CXL_OP_SET_ALERT_CONFIG, &in, sizeof(in), 0);
}

/* The newest record: it must be in @log, and the only one that is new */
static CXLMemoryModuleEvent newest(Device *d, unsigned log)
{
    CXLEventLog *l = &d->events.logs[log];
    CXLMemoryModuleEvent event;

    g_assert_cmpuint(l->count, ==, 1);
    memcpy(&event, cxl_event_log_peek(l, 0), sizeof(event));
    cxl_event_log_clear(l);
    return event;
}

static void expect_silence(Device *d)
{
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        g_assert_true(cxl_event_log_empty(&d->events.logs[log]));
    }
}

/**
 * Crossing: health, one after the other, and what each has to report
 * @log: CXL_EVENT_LOGS: nothing
 */
typedef struct Crossing {
    CXLHealth health;
    uint8_t log;
    uint8_t type;
    uint8_t status;
    uint8_t additional;
} Crossing;

#define NOTHING CXL_EVENT_LOGS
#define LIFE(n) { .life_used = n, .temperature = 25 }
#define TEMP(n) { .temperature = n }
#define VERR(n) { .temperature = 25, .volatile_errors = n }
#define PERR(n) { .temperature = 25, .persistent_errors = n }
#define HEALTH(n) { .temperature = 25, .status = n }
#define MEDIA(n) { .temperature = 25, .media_status = n }
#define TYPE(n) CXL_MEMORY_MODULE_TYPE_##n

/* Thresholds as set_alerts() has them, critical ones 90, 85 and -20 */
static const Crossing crossings[] = {
    { LIFE(50), NOTHING },
    { LIFE(51), CXL_LOG_WARNING, TYPE(LIFE_USED), 0x1, 0x1 },
    { LIFE(90), NOTHING, 0, 0x1, 0x1 },
    { LIFE(91), CXL_LOG_FAILURE, TYPE(LIFE_USED), 0x4, 0x2 },
    { LIFE(100), NOTHING, 0, 0x4, 0x2 },
    { LIFE(60), CXL_LOG_INFO, TYPE(LIFE_USED), 0x1, 0x1 },
    { LIFE(255), CXL_LOG_INFO, TYPE(LIFE_USED) },
    { LIFE(95), CXL_LOG_FAILURE, TYPE(LIFE_USED), 0x4, 0x2 },
    { LIFE(0), CXL_LOG_INFO, TYPE(LIFE_USED) },

    { TEMP(30), NOTHING },
    { TEMP(31), CXL_LOG_WARNING, TYPE(TEMPERATURE), 0, 0x4 },
    { TEMP(85), NOTHING, 0, 0, 0x4 },
    { TEMP(86), CXL_LOG_FAILURE, TYPE(TEMPERATURE), 0x2, 0x8 },
    { TEMP(-6), CXL_LOG_WARNING, TYPE(TEMPERATURE), 0, 0x4 },
    { TEMP(40), CXL_LOG_WARNING, TYPE(TEMPERATURE), 0, 0x4 },
    { TEMP(0x7fff), CXL_LOG_INFO, TYPE(TEMPERATURE) },
    { TEMP(-5), NOTHING },
    { TEMP(-21), CXL_LOG_FAILURE, TYPE(TEMPERATURE), 0, 0x8 },
    { TEMP(-20), CXL_LOG_INFO, TYPE(TEMPERATURE), 0, 0x4 },
    { TEMP(25), CXL_LOG_INFO, TYPE(TEMPERATURE) },

    { VERR(2), NOTHING },
    { VERR(3), CXL_LOG_WARNING, TYPE(HEALTH), 0, 0x10 },
    { VERR(UINT32_MAX), NOTHING, 0, 0, 0x10 },
    { VERR(0), CXL_LOG_INFO, TYPE(HEALTH) },
    { PERR(2), NOTHING },
    { PERR(4), CXL_LOG_WARNING, TYPE(HEALTH), 0, 0x20 },
    { PERR(0), CXL_LOG_INFO, TYPE(HEALTH) },

    { HEALTH(0x1), CXL_LOG_WARNING, TYPE(HEALTH), 0x1 },
    { HEALTH(0x3), CXL_LOG_WARNING, TYPE(HEALTH), 0x3 },
    { HEALTH(0x4), CXL_LOG_FAILURE, TYPE(HEALTH), 0x4 },
    { HEALTH(0x8), CXL_LOG_FAILURE, TYPE(HEALTH), 0x8 },
    { HEALTH(0), CXL_LOG_INFO, TYPE(HEALTH) },

    { MEDIA(1), CXL_LOG_WARNING, TYPE(MEDIA_STATUS) },
    { MEDIA(2), CXL_LOG_FATAL, TYPE(MEDIA_STATUS) },
    { MEDIA(3), CXL_LOG_FATAL, TYPE(MEDIA_STATUS) },
    { MEDIA(4), CXL_LOG_FAILURE, TYPE(MEDIA_STATUS) },
    { MEDIA(9), CXL_LOG_FAILURE, TYPE(MEDIA_STATUS) },
    { MEDIA(0), CXL_LOG_INFO, TYPE(MEDIA_STATUS) },
};

static void expect_event(Device *d, const Crossing *c)
{
    CXLHealthInfoRsp now = health(d);
    CXLMemoryModuleEvent event;

    if (c->log != NOTHING) {
        event = newest(d, c->log);
        g_assert_cmpmem(&event.header.uuid, 16,
                        &CXL_UUID_MEMORY_MODULE_EVENT, 16);
        g_assert_cmpuint(event.type, ==, c->type);
        g_assert_cmpmem(&event.health, sizeof(now), &now, sizeof(now));
        /* Severity, then what of Health Status has a flag of its own */
        g_assert_cmphex(cxl_le24_get(event.header.flags), ==,
                        c->log | (c->status & 7) << 3);
        g_assert_cmpuint(cxl_le64_get(event.header.timestamp), ==, 1000);
    }
    expect_silence(d);
    g_assert_cmphex(now.status, ==, c->status);
    g_assert_cmphex(now.additional_status, ==, c->additional);
    g_assert_cmpuint(now.media_status, ==, c->health.media_status);
    g_assert_cmpint((int16_t)cxl_le16_get(now.temperature), ==,
                    c->health.temperature);
}

static void test_crossings(void)
{
    const CXLTimestampPayload time = { cxl_le64(1000) };
    Device *d = new_device();

    answer(d, CXL_OP_SET_TIMESTAMP, &time, sizeof(time), 0);
    set_alerts(d, CXL_ALERT_ALL);
    for (unsigned n = 0; n < ARRAY_SIZE(crossings); n++) {
        cxl_health_set(&d->health, &crossings[n].health);
        expect_event(d, &crossings[n]);
        /* Nothing crosses a threshold by staying where it is */
        cxl_health_set(&d->health, &crossings[n].health);
        expect_silence(d);
    }
    free_device(d);
}

/* A warning that is off does not warn; critical alerts are always on */
static void test_alerts_off(void)
{
    static const CXLHealth bad = {
        .life_used = 80, .temperature = 80, .volatile_errors = 9,
        .persistent_errors = 9,
    };
    static const CXLHealth worse = { .life_used = 91, .temperature = 86 };
    Device *d = new_device();

    set_alerts(d, 0);
    cxl_health_set(&d->health, &bad);
    expect_silence(d);
    g_assert_cmphex(health(d).additional_status, ==, 0);
    cxl_health_set(&d->health, &worse);
    g_assert_cmpuint(d->events.logs[CXL_LOG_FAILURE].count, ==, 2);
    g_assert_cmphex(health(d).additional_status, ==, 0xa);

    /* Switched on, it warns of what is already there, once */
    cxl_event_log_clear(&d->events.logs[CXL_LOG_FAILURE]);
    set_alerts(d, 0);
    cxl_health_set(&d->health, &bad);
    cxl_event_log_clear(&d->events.logs[CXL_LOG_INFO]);
    set_alerts(d, CXL_ALERT_PERSISTENT_ERRORS);
    g_assert_cmpuint(newest(d, CXL_LOG_WARNING).type, ==, TYPE(HEALTH));
    set_alerts(d, CXL_ALERT_PERSISTENT_ERRORS);
    expect_silence(d);
    /* A reset switches it off */
    cxl_health_reset(&d->health);
    expect_silence(d);
    g_assert_cmphex(health(d).additional_status, ==, 0);
    free_device(d);
}

static void test_health_kept(void)
{
    static const CXLHealth bad = {
        .status = 8, .media_status = 5, .life_used = 95, .temperature = 60,
        .volatile_errors = 7, .persistent_errors = 8,
    };
    Device *d = new_device(), *again;
    CXLHealthInfoRsp now;

    cxl_health_set(&d->health, &bad);
    again = new_device_on(d->mem);
    now = health(again);
    g_assert_cmphex(now.status, ==, 0xc);
    g_assert_cmpuint(now.media_status, ==, 5);
    g_assert_cmpuint(now.life_used, ==, 95);
    g_assert_cmpint(cxl_le16_get(now.temperature), ==, 25);
    g_assert_cmpuint(cxl_le32_get(now.volatile_errors), ==, 7);
    g_assert_cmpuint(cxl_le32_get(now.persistent_errors), ==, 8);
    expect_silence(again);
    free_device(d);
    free_device(again);
}

/* What comes from a file or a stream is checked: @byte of the area is @value */
static void test_health_hostile(void)
{
    static const struct {
        unsigned byte;
        uint8_t value;
    } bad[] = { { 0, 0x10 }, { 1, 10 }, { 2, 101 } };

    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        Device *d = new_device(), *again, *to = new_device();
        CXLHealth h = { .temperature = 25 };
        uint8_t nv[12] = { 0 };

        nv[bad[n].byte] = bad[n].value;
        nv[4] = 1;
        fake_nv_save(CXL_MEM(d->mem), CXL_NV_HEALTH, nv, sizeof(nv));
        again = new_device_on(d->mem);
        g_assert_cmpuint(cxl_le32_get(health(again).volatile_errors), ==, 0);

        ((uint8_t *)&h)[bad[n].byte] = bad[n].value;
        d->health.health = h;
        g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_health, &d->health,
                                         &to->health), ==, -EINVAL);
        free_device(d);
        free_device(again);
        free_device(to);
    }
}

/* Shutdown state */

static void set_shutdown(Device *d, uint8_t state)
{
    answer(d, CXL_OP_SET_SHUTDOWN_STATE, &state, 1, 0);
}

static uint8_t get_shutdown(Device *d)
{
    const CXLShutdownState *out =
        answer(d, CXL_OP_GET_SHUTDOWN_STATE, NULL, 0, sizeof(*out));

    return out->state;
}

static uint32_t dirty_shutdowns(Device *d)
{
    return cxl_le32_get(health(d).dirty_shutdowns);
}

/* Another device on the same memory: its state is clean, its count @count */
static void expect_next_life(Device *d, uint32_t count)
{
    Device *again = new_device_on(d->mem);

    g_assert_cmpuint(get_shutdown(again), ==, CXL_SHUTDOWN_CLEAN);
    g_assert_cmpuint(dirty_shutdowns(again), ==, count);
    free_device(again);
}

static void test_shutdown(void)
{
    Device *d = new_device(), *to = new_device();
    uint8_t state;

    g_assert_cmpuint(get_shutdown(d), ==, CXL_SHUTDOWN_CLEAN);
    for (unsigned value = 2; value < 256; value++) {
        state = value;
        g_assert_cmpuint(request(d, CXL_OP_SET_SHUTDOWN_STATE, &state, 1), ==,
                         CXL_RET_INVALID_INPUT);
    }
    set_shutdown(d, CXL_SHUTDOWN_DIRTY);
    g_assert_cmpuint(get_shutdown(d), ==, CXL_SHUTDOWN_DIRTY);
    set_shutdown(d, CXL_SHUTDOWN_CLEAN);
    expect_next_life(d, 0);
    set_shutdown(d, CXL_SHUTDOWN_DIRTY);
    cxl_shutdown_flushed(&d->shutdown);
    g_assert_cmpuint(get_shutdown(d), ==, CXL_SHUTDOWN_CLEAN);
    expect_next_life(d, 0);
    set_shutdown(d, CXL_SHUTDOWN_DIRTY);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_shutdown, &d->shutdown,
                                     &to->shutdown), ==, 0);
    g_assert_cmpuint(get_shutdown(to), ==, CXL_SHUTDOWN_DIRTY);
    expect_next_life(d, 1);
    expect_next_life(d, 1);
    free_device(d);
    free_device(to);
}

static void test_power_loss(void)
{
    Device *d = new_device();

    cxl_shutdown_power_lost(&d->shutdown);
    g_assert_cmpuint(dirty_shutdowns(d), ==, 0);
    set_shutdown(d, CXL_SHUTDOWN_DIRTY);
    cxl_shutdown_power_lost(&d->shutdown);
    g_assert_cmpuint(get_shutdown(d), ==, CXL_SHUTDOWN_CLEAN);
    g_assert_cmpuint(dirty_shutdowns(d), ==, 1);
    expect_next_life(d, 1);
    cxl_shutdown_set_count(&d->shutdown, UINT32_MAX);
    expect_next_life(d, UINT32_MAX);
    set_shutdown(d, CXL_SHUTDOWN_DIRTY);
    cxl_shutdown_power_lost(&d->shutdown);
    expect_next_life(d, 0);
    free_device(d);
}

/* Before state is loaded the file belongs to the QEMU that it comes from */
static void test_incoming(void)
{
    Device *d = new_device();
    CXLShutdown in;
    CXLCCI cci;

    set_shutdown(d, CXL_SHUTDOWN_DIRTY);
    cxl_cci_init(&cci, &cci_ops, NULL, ROOM);
    cxl_shutdown_add(&cci, &in, CXL_MEM(d->mem), true);
    g_assert_cmpuint(in.count, ==, 0);
    g_assert_false(in.dirty);
    cxl_shutdown_power_lost(&in);
    cxl_cci_destroy(&cci);
    expect_next_life(d, 1);
    free_device(d);
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/health/alerts", test_alerts);
    g_test_add_func("/cxl/health/crossings", test_crossings);
    g_test_add_func("/cxl/health/alerts-off", test_alerts_off);
    g_test_add_func("/cxl/health/kept", test_health_kept);
    g_test_add_func("/cxl/health/hostile", test_health_hostile);
    g_test_add_func("/cxl/shutdown/state", test_shutdown);
    g_test_add_func("/cxl/shutdown/power-loss", test_power_loss);
    g_test_add_func("/cxl/shutdown/incoming", test_incoming);
    return g_test_run();
}

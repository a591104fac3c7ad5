/*
 * CXL r3.1 8.2.9.9.3: commands for health and alerts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/health.h"
#include "hw/cxl/trace.h"

/* What the specification calls a change is one that the model knows */
QEMU_BUILD_BUG_ON(CXL_HEALTH_CHANGE_STATUS !=
                  (int)CXL_MEMORY_MODULE_TYPE_HEALTH);
QEMU_BUILD_BUG_ON(CXL_HEALTH_CHANGE_TEMPERATURE !=
                  (int)CXL_MEMORY_MODULE_TYPE_TEMPERATURE);

/* CXL r3.1 8.2.9.9.3.1, Table 8-47: the same in the answer and in events */
static CXLHealthInfoRsp info(const CXLHealthMonitor *s)
{
    const CXLHealth *h = &s->health;

    return (CXLHealthInfoRsp) {
        .status = cxl_health_status(&s->state),
        .media_status = h->media_status,
        .additional_status = cxl_health_additional_status(&s->state),
        .life_used = h->life_used,
        .temperature = cxl_le16(h->temperature),
        .dirty_shutdowns = cxl_le32(s->shutdown->count),
        .volatile_errors = cxl_le32(h->volatile_errors),
        .persistent_errors = cxl_le32(h->persistent_errors),
    };
}

/* The flags of the record say in part what its health says */
static uint32_t flags(const CXLHealthInfoRsp *health, uint8_t log)
{
    static const struct {
        uint8_t status;
        uint32_t flag;
    } same[] = {
        { CXL_HEALTH_MAINTENANCE_NEEDED, CXL_EVENT_MAINTENANCE_NEEDED },
        { CXL_HEALTH_PERFORMANCE_DEGRADED, CXL_EVENT_PERFORMANCE_DEGRADED },
        { CXL_HEALTH_REPLACEMENT_NEEDED, CXL_EVENT_REPLACEMENT_NEEDED },
    };
    uint32_t value = log;

    for (unsigned n = 0; n < ARRAY_SIZE(same); n++) {
        value |= health->status & same[n].status ? same[n].flag : 0;
    }
    return value;
}

static void report(CXLHealthMonitor *s, const CXLHealthChange *change)
{
    CXLMemoryModuleEvent event = {
        .header.uuid = CXL_UUID_MEMORY_MODULE_EVENT,
        .type = change->type,
        .health = info(s),
    };

    event.header.flags = cxl_le24(flags(&event.health, change->log));
    trace_cxl_health_change(change->type, change->log, event.health.status,
                            event.health.additional_status);
    cxl_events_record(s->events, change->log, (CXLEventRecord *)&event,
                      cxl_timestamp_now(s->timestamp));
}

/* Judge anew, and report whatever has become better or worse */
static void judge(CXLHealthMonitor *s)
{
    CXLHealthState from = s->state;
    CXLHealthChange changes[CXL_HEALTH_CHANGES_MAX];
    unsigned nr;

    s->state = cxl_health_judge(&s->health, &s->alerts);
    nr = cxl_health_changes(&from, &s->state, changes);
    for (unsigned n = 0; n < nr; n++) {
        report(s, &changes[n]);
    }
}

/* As it is kept: never change it, add an area instead */
typedef struct NvHealth {
    uint8_t status;
    uint8_t media_status;
    uint8_t life_used;
    uint8_t reserved;
    CXLLe32 volatile_errors;
    CXLLe32 persistent_errors;
} NvHealth;
CXL_WIRE_SIZE(NvHealth, 12);

static void save(CXLHealthMonitor *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    const NvHealth nv = {
        .status = s->health.status,
        .media_status = s->health.media_status,
        .life_used = s->health.life_used,
        .volatile_errors = cxl_le32(s->health.volatile_errors),
        .persistent_errors = cxl_le32(s->health.persistent_errors),
    };

    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_HEALTH, &nv, sizeof(nv));
    }
}

static void load(CXLHealthMonitor *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    CXLHealth health = s->health;
    NvHealth nv;

    if (mc->nv_load &&
        mc->nv_load(s->mem, CXL_NV_HEALTH, &nv, sizeof(nv))) {
        health.status = nv.status;
        health.media_status = nv.media_status;
        health.life_used = nv.life_used;
        health.volatile_errors = cxl_le32_get(nv.volatile_errors);
        health.persistent_errors = cxl_le32_get(nv.persistent_errors);
    }
    if (cxl_health_valid(&health)) {
        s->health = health;
    }
}

void cxl_health_set(CXLHealthMonitor *s, const CXLHealth *health)
{
    assert(cxl_health_valid(health));
    s->health = *health;
    save(s);
    judge(s);
}

/* CXL r3.1 8.2.9.9.3.1: Get Health Info (4200h) */
static CXLRet cmd_health_get(const CXLCall *call, CXLRsp *rsp)
{
    CXLHealthInfoRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    *out = info(call->state);
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.3.2: Get Alert Configuration (4201h) */
static CXLRet cmd_health_get_alerts(const CXLCall *call, CXLRsp *rsp)
{
    const CXLAlerts *a = &((const CXLHealthMonitor *)call->state)->alerts;
    CXLGetAlertsRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->valid = a->valid;
    out->programmable = a->programmable;
    out->life_used_critical = a->life_used_critical;
    out->life_used_warning = a->life_used_warning;
    out->over_temperature_critical = cxl_le16(a->over_temperature_critical);
    out->under_temperature_critical = cxl_le16(a->under_temperature_critical);
    out->over_temperature_warning = cxl_le16(a->over_temperature_warning);
    out->under_temperature_warning = cxl_le16(a->under_temperature_warning);
    out->volatile_error_warning = cxl_le16(a->volatile_error_warning);
    out->persistent_error_warning = cxl_le16(a->persistent_error_warning);
    return CXL_RET_SUCCESS;
}

/* @a with the thresholds of @in that belong to the alerts in @which */
static CXLAlerts with_thresholds(CXLAlerts a, const CXLSetAlertsReq *in,
                                 uint8_t which)
{
    if (which & CXL_ALERT_LIFE_USED) {
        a.life_used_warning = in->life_used_warning;
    }
    if (which & CXL_ALERT_OVER_TEMPERATURE) {
        a.over_temperature_warning =
            cxl_le16_get(in->over_temperature_warning);
    }
    if (which & CXL_ALERT_UNDER_TEMPERATURE) {
        a.under_temperature_warning =
            cxl_le16_get(in->under_temperature_warning);
    }
    if (which & CXL_ALERT_VOLATILE_ERRORS) {
        a.volatile_error_warning = cxl_le16_get(in->volatile_error_warning);
    }
    if (which & CXL_ALERT_PERSISTENT_ERRORS) {
        a.persistent_error_warning =
            cxl_le16_get(in->persistent_error_warning);
    }
    return a;
}

/* CXL r3.1 8.2.9.9.3.3: Set Alert Configuration (4202h) */
static CXLRet cmd_health_set_alerts(const CXLCall *call, CXLRsp *rsp)
{
    CXLHealthMonitor *s = call->state;
    const CXLSetAlertsReq *in = call->req;
    uint8_t enable = in->valid & in->enable;
    CXLAlerts alerts = with_thresholds(s->alerts, in, enable);

    if ((in->valid & ~s->alerts.programmable) || !cxl_alerts_in_order(&alerts)) {
        return CXL_RET_INVALID_INPUT;
    }
    alerts.valid = (alerts.valid & ~in->valid) | enable;
    s->alerts = alerts;
    judge(s);
    return CXL_RET_SUCCESS;
}

static const CXLCmd health_rows[] = {
    {
        .opcode = CXL_OP_GET_HEALTH_INFO,
        .name = "get-health-info",
        .out_max = sizeof(CXLHealthInfoRsp),
        .handler = cmd_health_get,
    }, {
        .opcode = CXL_OP_GET_ALERT_CONFIG,
        .name = "get-alert-config",
        .out_max = sizeof(CXLGetAlertsRsp),
        .handler = cmd_health_get_alerts,
    }, {
        .opcode = CXL_OP_SET_ALERT_CONFIG,
        .name = "set-alert-config",
        .in_min = sizeof(CXLSetAlertsReq),
        .effects = CXL_EFFECT_POLICY_NOW,
        .handler = cmd_health_set_alerts,
    },
};

void cxl_health_reset(CXLHealthMonitor *s)
{
    /* Implementation defined: limits of an ordinary memory module */
    s->alerts = (CXLAlerts) {
        .programmable = CXL_ALERT_ALL,
        .life_used_critical = 90,
        .life_used_warning = 75,
        .over_temperature_critical = 85,
        .over_temperature_warning = 75,
        .under_temperature_critical = -20,
        .under_temperature_warning = 0,
    };
    s->state = cxl_health_judge(&s->health, &s->alerts);
}

void cxl_health_add(CXLCCI *cci, CXLHealthMonitor *s, CXLMem *mem,
                    CXLEvents *events, const CXLTimestamp *timestamp,
                    CXLShutdown *shutdown)
{
    *s = (CXLHealthMonitor) {
        .mem = mem,
        .events = events,
        .timestamp = timestamp,
        .shutdown = shutdown,
        .health = { .temperature = 25 },
    };
    load(s);
    cxl_health_reset(s);
    cxl_cci_add(cci, health_rows, ARRAY_SIZE(health_rows), s);
}

static int health_post_load(void *opaque, int version_id)
{
    CXLHealthMonitor *s = opaque;

    if (s->alerts.valid & ~s->alerts.programmable ||
        !cxl_alerts_in_order(&s->alerts) || !cxl_health_valid(&s->health)) {
        return -EINVAL;
    }
    s->state = cxl_health_judge(&s->health, &s->alerts);
    return 0;
}

/* What is missing of the alerts is the same in every device, see reset */
const VMStateDescription vmstate_cxl_health = {
    .name = "cxl-health",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = health_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(alerts.valid, CXLHealthMonitor),
        VMSTATE_UINT8(alerts.life_used_warning, CXLHealthMonitor),
        VMSTATE_INT16(alerts.over_temperature_warning, CXLHealthMonitor),
        VMSTATE_INT16(alerts.under_temperature_warning, CXLHealthMonitor),
        VMSTATE_UINT16(alerts.volatile_error_warning, CXLHealthMonitor),
        VMSTATE_UINT16(alerts.persistent_error_warning, CXLHealthMonitor),
        VMSTATE_UINT8(health.status, CXLHealthMonitor),
        VMSTATE_UINT8(health.media_status, CXLHealthMonitor),
        VMSTATE_UINT8(health.life_used, CXLHealthMonitor),
        VMSTATE_INT16(health.temperature, CXLHealthMonitor),
        VMSTATE_UINT32(health.volatile_errors, CXLHealthMonitor),
        VMSTATE_UINT32(health.persistent_errors, CXLHealthMonitor),
        VMSTATE_END_OF_LIST()
    }
};

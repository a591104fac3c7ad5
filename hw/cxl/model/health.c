/*
 * CXL r3.1 8.2.9.9.3: how a memory device is, and when that raises an alarm
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/model/health.h"

bool cxl_alerts_in_order(const CXLAlerts *a)
{
    return a->life_used_warning < a->life_used_critical &&
           a->over_temperature_warning < a->over_temperature_critical &&
           a->under_temperature_warning > a->under_temperature_critical;
}

bool cxl_health_valid(const CXLHealth *h)
{
    return !(h->status & ~CXL_HEALTH_ALL) &&
           h->media_status < CXL_HEALTH_MEDIA_STATES &&
           (h->life_used <= CXL_HEALTH_LIFE_MAX ||
            h->life_used == CXL_HEALTH_LIFE_UNKNOWN);
}

static int8_t level(bool critical, bool warning)
{
    return critical ? CXL_HEALTH_LEVEL_CRITICAL
         : warning ? CXL_HEALTH_LEVEL_WARNING : CXL_HEALTH_LEVEL_NORMAL;
}

/* CXL r3.1 Table 8-134: when it rises above the threshold */
static int8_t judge_life(const CXLHealth *h, const CXLAlerts *a)
{
    if (h->life_used == CXL_HEALTH_LIFE_UNKNOWN) {
        return CXL_HEALTH_LEVEL_NORMAL;
    }
    return level(h->life_used > a->life_used_critical,
                 a->valid & CXL_ALERT_LIFE_USED &&
                 h->life_used > a->life_used_warning);
}

/* CXL r3.1 Table 8-134: when it rises above one, or falls below another */
static int8_t judge_temperature(const CXLHealth *h, const CXLAlerts *a)
{
    int8_t hot, cold;

    if (h->temperature == CXL_HEALTH_TEMPERATURE_UNKNOWN) {
        return CXL_HEALTH_LEVEL_NORMAL;
    }
    hot = level(h->temperature > a->over_temperature_critical,
                a->valid & CXL_ALERT_OVER_TEMPERATURE &&
                h->temperature > a->over_temperature_warning);
    cold = level(h->temperature < a->under_temperature_critical,
                 a->valid & CXL_ALERT_UNDER_TEMPERATURE &&
                 h->temperature < a->under_temperature_warning);
    return hot >= cold ? hot : -cold;
}

/*
 * CXL r3.1 Table 8-134: when the number of errors is the threshold.
 * Implementation defined: no errors are not too many, even if the threshold
 * is zero.
 */
static int8_t judge_errors(uint32_t errors, bool on, uint16_t threshold)
{
    return level(false, on && errors && errors >= threshold);
}

CXLHealthState cxl_health_judge(const CXLHealth *h, const CXLAlerts *a)
{
    return (CXLHealthState) {
        .status = h->status,
        .media_status = h->media_status,
        .life = judge_life(h, a),
        .temperature = judge_temperature(h, a),
        .volatile_errors =
            judge_errors(h->volatile_errors,
                         a->valid & CXL_ALERT_VOLATILE_ERRORS,
                         a->volatile_error_warning),
        .persistent_errors =
            judge_errors(h->persistent_errors,
                         a->valid & CXL_ALERT_PERSISTENT_ERRORS,
                         a->persistent_error_warning),
    };
}

/*
 * Implementation defined: a device near the end of its life needs maintenance,
 * at its end replacement, and one that is too hot runs more slowly
 */
uint8_t cxl_health_status(const CXLHealthState *s)
{
    uint8_t status = s->status;

    if (s->life == CXL_HEALTH_LEVEL_WARNING) {
        status |= CXL_HEALTH_MAINTENANCE_NEEDED;
    }
    if (s->life == CXL_HEALTH_LEVEL_CRITICAL) {
        status |= CXL_HEALTH_REPLACEMENT_NEEDED;
    }
    if (s->temperature == CXL_HEALTH_LEVEL_CRITICAL) {
        status |= CXL_HEALTH_PERFORMANCE_DEGRADED;
    }
    return status;
}

uint8_t cxl_health_additional_status(const CXLHealthState *s)
{
    return s->life << CXL_HEALTH_LIFE_SHIFT |
           abs(s->temperature) << CXL_HEALTH_TEMPERATURE_SHIFT |
           s->volatile_errors << CXL_HEALTH_VOLATILE_ERRORS_SHIFT |
           s->persistent_errors << CXL_HEALTH_PERSISTENT_ERRORS_SHIFT;
}

/* Implementation defined, here and below: which log tells of what */
static uint8_t status_log(uint8_t from, uint8_t to)
{
    uint8_t new = to & ~from;

    if (new & (CXL_HEALTH_REPLACEMENT_NEEDED | CXL_HEALTH_CAPACITY_DEGRADED)) {
        return CXL_LOG_FAILURE;
    }
    return new ? CXL_LOG_WARNING : CXL_LOG_INFO;
}

static uint8_t media_log(uint8_t to)
{
    switch (to) {
    case CXL_HEALTH_MEDIA_NORMAL:
        return CXL_LOG_INFO;
    case CXL_HEALTH_MEDIA_NOT_READY:
        return CXL_LOG_WARNING;
    case CXL_HEALTH_MEDIA_PERSISTENCY_LOST:
    case CXL_HEALTH_MEDIA_DATA_LOST:
        return CXL_LOG_FATAL;
    default:
        return CXL_LOG_FAILURE;
    }
}

/* Too hot after too cold is news, too */
static uint8_t level_log(int8_t from, int8_t to)
{
    bool worse = abs(to) > abs(from) || from * to < 0;

    return !worse ? CXL_LOG_INFO
         : abs(to) == CXL_HEALTH_LEVEL_CRITICAL ? CXL_LOG_FAILURE
                                                : CXL_LOG_WARNING;
}

static unsigned add(CXLHealthChange *changes, unsigned nr, bool changed,
                    uint8_t type, uint8_t log)
{
    if (changed) {
        changes[nr++] = (CXLHealthChange) { type, log };
    }
    return nr;
}

unsigned cxl_health_changes(const CXLHealthState *from,
                            const CXLHealthState *to,
                            CXLHealthChange changes[CXL_HEALTH_CHANGES_MAX])
{
    unsigned nr = 0;

    nr = add(changes, nr, from->status != to->status,
             CXL_HEALTH_CHANGE_STATUS, status_log(from->status, to->status));
    nr = add(changes, nr, from->media_status != to->media_status,
             CXL_HEALTH_CHANGE_MEDIA_STATUS, media_log(to->media_status));
    nr = add(changes, nr, from->life != to->life,
             CXL_HEALTH_CHANGE_LIFE_USED, level_log(from->life, to->life));
    nr = add(changes, nr, from->temperature != to->temperature,
             CXL_HEALTH_CHANGE_TEMPERATURE,
             level_log(from->temperature, to->temperature));
    nr = add(changes, nr, from->volatile_errors != to->volatile_errors,
             CXL_HEALTH_CHANGE_STATUS,
             level_log(from->volatile_errors, to->volatile_errors));
    return add(changes, nr, from->persistent_errors != to->persistent_errors,
               CXL_HEALTH_CHANGE_STATUS,
               level_log(from->persistent_errors, to->persistent_errors));
}

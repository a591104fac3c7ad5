/*
 * CXL r3.1 8.2.9.9.3: how a memory device is, and when that raises an alarm
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_MODEL_HEALTH_H
#define HW_CXL_MODEL_HEALTH_H

#include "hw/cxl/spec/cci.h"
#include "hw/cxl/spec/health.h"

/**
 * CXLAlerts: CXL r3.1 8.2.9.9.3.2: thresholds
 * @valid: CXL_ALERT_*: the programmable warnings that are on
 * @programmable: those that the host can program
 *
 * Percent of life, degrees Celsius, and numbers of errors. Critical alerts
 * are always on.
 */
typedef struct CXLAlerts {
    uint8_t valid;
    uint8_t programmable;
    uint8_t life_used_critical;
    uint8_t life_used_warning;
    int16_t over_temperature_critical;
    int16_t under_temperature_critical;
    int16_t over_temperature_warning;
    int16_t under_temperature_warning;
    uint16_t volatile_error_warning;
    uint16_t persistent_error_warning;
} CXLAlerts;

/**
 * CXLHealth: what the device measures, or finds out
 * @status: CXL_HEALTH_*: what is wrong for other reasons than the rest
 * @media_status: CXL_HEALTH_MEDIA_*
 * @life_used: percent, or CXL_HEALTH_LIFE_UNKNOWN
 * @temperature: degrees Celsius, or CXL_HEALTH_TEMPERATURE_UNKNOWN
 * @volatile_errors, @persistent_errors: corrected ones
 */
typedef struct CXLHealth {
    uint8_t status;
    uint8_t media_status;
    uint8_t life_used;
    int16_t temperature;
    uint32_t volatile_errors;
    uint32_t persistent_errors;
} CXLHealth;

/**
 * CXLHealthState: @health judged by thresholds
 * @life: CXL_HEALTH_LEVEL_*
 * @temperature: the same, negative when it is too cold
 * @volatile_errors, @persistent_errors: CXL_HEALTH_LEVEL_*
 */
typedef struct CXLHealthState {
    uint8_t status;
    uint8_t media_status;
    int8_t life;
    int8_t temperature;
    int8_t volatile_errors;
    int8_t persistent_errors;
} CXLHealthState;

/**
 * CXLHealthChange: what a Memory Module Event Record tells of
 * @type: CXL_HEALTH_CHANGE_*: its Device Event Type
 * @log: CXL_LOG_*: where it belongs
 */
typedef struct CXLHealthChange {
    uint8_t type;
    uint8_t log;
} CXLHealthChange;

#define CXL_HEALTH_CHANGES_MAX  6

/* CXL r3.1 8.2.9.9.3.3: whether warnings come before critical alerts */
bool cxl_alerts_in_order(const CXLAlerts *a);
/* Whether all fields have values that CXL r3.1 Table 8-133 knows */
bool cxl_health_valid(const CXLHealth *h);
CXLHealthState cxl_health_judge(const CXLHealth *h, const CXLAlerts *a);
/* CXL r3.1 Table 8-133: Health Status, Additional Status */
uint8_t cxl_health_status(const CXLHealthState *s);
uint8_t cxl_health_additional_status(const CXLHealthState *s);
/* Fill in @changes with what has to be reported, and return how many */
unsigned cxl_health_changes(const CXLHealthState *from,
                            const CXLHealthState *to,
                            CXLHealthChange changes[CXL_HEALTH_CHANGES_MAX]);

#endif /* HW_CXL_MODEL_HEALTH_H */

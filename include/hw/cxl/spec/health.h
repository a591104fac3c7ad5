/*
 * CXL r3.1 8.2.9.9.3.1: Get Health Info: the codes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_HEALTH_H
#define HW_CXL_SPEC_HEALTH_H

/* CXL r3.1 Table 8-133: Health Status */
#define CXL_HEALTH_MAINTENANCE_NEEDED           (1u << 0)
#define CXL_HEALTH_PERFORMANCE_DEGRADED         (1u << 1)
#define CXL_HEALTH_REPLACEMENT_NEEDED           (1u << 2)
#define CXL_HEALTH_CAPACITY_DEGRADED            (1u << 3)
#define CXL_HEALTH_ALL                          0x0fu

/* CXL r3.1 Table 8-133: Media Status */
enum {
    CXL_HEALTH_MEDIA_NORMAL,
    CXL_HEALTH_MEDIA_NOT_READY,
    CXL_HEALTH_MEDIA_PERSISTENCY_LOST,
    CXL_HEALTH_MEDIA_DATA_LOST,
    CXL_HEALTH_MEDIA_PERSISTENCY_LOSS_AT_POWER_LOSS,
    CXL_HEALTH_MEDIA_PERSISTENCY_LOSS_AT_SHUTDOWN,
    CXL_HEALTH_MEDIA_PERSISTENCY_LOSS_IMMINENT,
    CXL_HEALTH_MEDIA_DATA_LOSS_AT_POWER_LOSS,
    CXL_HEALTH_MEDIA_DATA_LOSS_AT_SHUTDOWN,
    CXL_HEALTH_MEDIA_DATA_LOSS_IMMINENT,
    CXL_HEALTH_MEDIA_STATES
};

/* CXL r3.1 Table 8-133: fields of Additional Status, and their levels */
#define CXL_HEALTH_LIFE_SHIFT                   0
#define CXL_HEALTH_TEMPERATURE_SHIFT            2
#define CXL_HEALTH_VOLATILE_ERRORS_SHIFT        4
#define CXL_HEALTH_PERSISTENT_ERRORS_SHIFT      5

enum {
    CXL_HEALTH_LEVEL_NORMAL,
    CXL_HEALTH_LEVEL_WARNING,
    CXL_HEALTH_LEVEL_CRITICAL,
};

/* CXL r3.1 Table 8-133: Life Used, Device Temperature: not implemented */
#define CXL_HEALTH_LIFE_MAX                     100
#define CXL_HEALTH_LIFE_UNKNOWN                 0xff
#define CXL_HEALTH_TEMPERATURE_UNKNOWN          0x7fff

/* CXL r3.1 Table 8-47: Device Event Type, as far as health goes */
enum {
    CXL_HEALTH_CHANGE_STATUS,
    CXL_HEALTH_CHANGE_MEDIA_STATUS,
    CXL_HEALTH_CHANGE_LIFE_USED,
    CXL_HEALTH_CHANGE_TEMPERATURE,
};

#endif /* HW_CXL_SPEC_HEALTH_H */

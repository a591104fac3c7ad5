/*
 * CXL r3.1 8.2.9.9.3: Health Info and Alerts: 4200h Get Health Info, 4201h Get
 * Alert Configuration, 4202h Set Alert Configuration
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_HEALTH_H
#define HW_CXL_CCI_HEALTH_H

#include "hw/cxl/cci/sets.h"
#include "hw/cxl/cci/shutdown.h"
#include "hw/cxl/model/health.h"

/**
 * CXLHealthMonitor: the health of a device, and who is told of it
 * @health: all but the temperature is in non-volatile memory
 * @state: what the host has been told
 */
typedef struct CXLHealthMonitor {
    CXLMem *mem;
    CXLEvents *events;
    const CXLTimestamp *timestamp;
    CXLShutdown *shutdown;
    CXLAlerts alerts;
    CXLHealth health;
    CXLHealthState state;
} CXLHealthMonitor;

extern const VMStateDescription vmstate_cxl_health;

void cxl_health_add(CXLCCI *cci, CXLHealthMonitor *s, CXLMem *mem,
                    CXLEvents *events, const CXLTimestamp *timestamp,
                    CXLShutdown *shutdown);
/* Alerts go back to their defaults; health belongs to the media and stays */
void cxl_health_reset(CXLHealthMonitor *s);
/*
 * The device has found out that its health is @health, which must be valid:
 * whatever crosses a threshold is recorded in an event log
 */
void cxl_health_set(CXLHealthMonitor *s, const CXLHealth *health);

#endif /* HW_CXL_CCI_HEALTH_H */

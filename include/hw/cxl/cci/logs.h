/*
 * CXL r3.1 8.2.9.5: Logs: 0400h Get Supported Logs, 0401h Get Log, 0402h Get
 * Log Capabilities, 0403h Clear Log, 0404h Populate Log, 0405h Get Supported
 * Logs Sub-List
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_LOGS_H
#define HW_CXL_CCI_LOGS_H

#include "hw/cxl/cci/health.h"
#include "hw/cxl/cci/sets.h"
#include "hw/cxl/cci/shutdown.h"
#include "hw/cxl/spec/payloads-logs.h"

/* Implementation defined: commands that the Vendor Debug Log remembers */
#define CXL_DEBUG_LOG_DEPTH     256

/**
 * CXLLogSources: what the Component State Dump tells of
 */
typedef struct CXLLogSources {
    CXLMem *mem;
    const CXLInfostat *infostat;
    const CXLEvents *events;
    const CXLTimestamp *timestamp;
    const CXLShutdown *shutdown;
    const CXLHealthMonitor *health;
    const CXLPoisonList *poison;
} CXLLogSources;

/**
 * CXLDebugRecord: a command that was executed, or refused
 * @timestamp: of the device, in ns
 * @length: bytes of its request
 */
typedef struct CXLDebugRecord {
    uint64_t timestamp;
    uint32_t length;
    uint16_t opcode;
    uint16_t ret;
} CXLDebugRecord;

/**
 * CXLLogs: what the logs hold
 * @ring: the command with number n, from 0, is at n modulo its size
 * @total: commands recorded since power came on
 * @count: how many of the latest are in the log
 * @populated: @dump is the log's content, which is empty otherwise
 * @dump: CXLStateDumpHeader and CXLStateDump, as on the wire
 */
typedef struct CXLLogs {
    CXLCCI *cci;
    CXLLogSources from;
    CXLDebugRecord ring[CXL_DEBUG_LOG_DEPTH];
    uint64_t total;
    uint32_t count;
    bool populated;
    uint8_t dump[sizeof(CXLStateDumpHeader) + sizeof(CXLStateDump)];
} CXLLogs;

extern const VMStateDescription vmstate_cxl_logs;

void cxl_logs_add(CXLCCI *cci, CXLLogs *s, const CXLLogSources *from);
/* Power was lost: the Vendor Debug Log is empty */
void cxl_logs_reset_debug(CXLLogs *s);
/* Power was lost: the Component State Dump is empty */
void cxl_logs_reset_dump(CXLLogs *s);

#endif /* HW_CXL_CCI_LOGS_H */

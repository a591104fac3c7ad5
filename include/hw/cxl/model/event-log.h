/*
 * CXL r3.1 8.2.9.2: an event log: a queue of records with an overflow count
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_MODEL_EVENT_LOG_H
#define HW_CXL_MODEL_EVENT_LOG_H

#include "hw/cxl/spec/payloads-events.h"

/**
 * CXLEventLog: oldest record first
 * @depth: records it can hold
 * @count: records it holds
 * @head: index of the oldest in @records
 * @next_handle: handle of the next record, never 0
 * @overflow: records lost since one was last removed; saturates
 * @first_overflow, @last_overflow: timestamps of lost records, in ns
 */
typedef struct CXLEventLog {
    CXLEventRecord *records;
    uint32_t depth;
    uint32_t count;
    uint32_t head;
    uint16_t next_handle;
    uint16_t overflow;
    uint64_t first_overflow;
    uint64_t last_overflow;
} CXLEventLog;

void cxl_event_log_init(CXLEventLog *log, uint32_t depth);
void cxl_event_log_destroy(CXLEventLog *log);
/* Forget records and overflow; the handles of new ones go on */
void cxl_event_log_drop(CXLEventLog *log);
/* Forget records, overflow and handles */
void cxl_event_log_clear(CXLEventLog *log);
/*
 * Append a copy of @record with a handle and the timestamp filled in; false
 * when the log is full, and the overflow has been counted
 */
bool cxl_event_log_push(CXLEventLog *log, const CXLEventRecord *record,
                        uint64_t timestamp_ns);
/* The @n-th oldest record, NULL past the last */
const CXLEventRecord *cxl_event_log_peek(const CXLEventLog *log, uint32_t n);
/*
 * Remove the @nr oldest records; @handles must be theirs, in order, or
 * nothing is removed and false returned. Removing one clears the overflow.
 */
bool cxl_event_log_pop(CXLEventLog *log, const CXLLe16 *handles, uint32_t nr);
static inline bool cxl_event_log_empty(const CXLEventLog *log)
{
    return !log->count;
}

#endif /* HW_CXL_MODEL_EVENT_LOG_H */

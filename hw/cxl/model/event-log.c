/*
 * CXL r3.1 8.2.9.2: an event log: a ring of records with an overflow count
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/model/event-log.h"

static CXLEventRecord *slot(const CXLEventLog *log, uint32_t n)
{
    return &log->records[(log->head + n) % log->depth];
}

void cxl_event_log_init(CXLEventLog *log, uint32_t depth)
{
    /* Handles must tell the records of a full log apart */
    assert(depth && depth < UINT16_MAX);
    *log = (CXLEventLog) {
        .records = g_new0(CXLEventRecord, depth),
        .depth = depth,
        .next_handle = 1,
    };
}

void cxl_event_log_destroy(CXLEventLog *log)
{
    g_free(log->records);
    *log = (CXLEventLog) { };
}

static void forget_overflow(CXLEventLog *log)
{
    log->overflow = 0;
    log->first_overflow = 0;
    log->last_overflow = 0;
}

void cxl_event_log_drop(CXLEventLog *log)
{
    log->count = 0;
    log->head = 0;
    forget_overflow(log);
}

void cxl_event_log_clear(CXLEventLog *log)
{
    cxl_event_log_drop(log);
    log->next_handle = 1;
}

/* CXL r3.1 Table 8-51: Overflow Error Count and the two timestamps */
static void count_overflow(CXLEventLog *log, uint64_t timestamp_ns)
{
    if (!log->overflow) {
        log->first_overflow = timestamp_ns;
    }
    log->last_overflow = timestamp_ns;
    if (log->overflow < UINT16_MAX) {
        log->overflow++;
    }
}

/* CXL r3.1 Table 8-43: Event Record Handle: 0 is not a handle */
static uint16_t take_handle(CXLEventLog *log)
{
    uint16_t handle = log->next_handle;

    log->next_handle = handle == UINT16_MAX ? 1 : handle + 1;
    return handle;
}

bool cxl_event_log_push(CXLEventLog *log, const CXLEventRecord *record,
                        uint64_t timestamp_ns)
{
    CXLEventRecord *stored;

    if (log->count == log->depth) {
        count_overflow(log, timestamp_ns);
        return false;
    }
    stored = slot(log, log->count++);
    *stored = *record;
    stored->header.handle = cxl_le16(take_handle(log));
    stored->header.timestamp = cxl_le64(timestamp_ns);
    return true;
}

const CXLEventRecord *cxl_event_log_peek(const CXLEventLog *log, uint32_t n)
{
    return n < log->count ? slot(log, n) : NULL;
}

/* CXL r3.1 8.2.9.2.3: all of @handles, or none, in temporal order */
static bool are_oldest(const CXLEventLog *log, const CXLLe16 *handles,
                       uint32_t nr)
{
    if (nr > log->count) {
        return false;
    }
    for (uint32_t n = 0; n < nr; n++) {
        if (cxl_le16_get(handles[n]) !=
            cxl_le16_get(slot(log, n)->header.handle)) {
            return false;
        }
    }
    return true;
}

bool cxl_event_log_pop(CXLEventLog *log, const CXLLe16 *handles, uint32_t nr)
{
    if (!are_oldest(log, handles, nr)) {
        return false;
    }
    log->head = (log->head + nr) % log->depth;
    log->count -= nr;
    /* CXL r3.1 Table 8-51: until the host has dequeued a record */
    if (nr) {
        forget_overflow(log);
    }
    return true;
}

/*
 * CXL r3.1 8.2.9.2: Events commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/sets.h"
#include "hw/cxl/trace.h"

/* Show in Event Status whether log @log holds records, and @was before */
static void show(CXLEvents *s, unsigned log, bool was_empty)
{
    bool empty = cxl_event_log_empty(&s->logs[log]);

    if (empty != was_empty) {
        s->ops->pending(s->opaque, log, !empty);
    }
}

bool cxl_events_record(CXLEvents *s, unsigned log, CXLEventRecord *record,
                       uint64_t timestamp_ns)
{
    CXLEventLog *l = &s->logs[log];
    bool was_empty = cxl_event_log_empty(l);

    record->header.length = sizeof(*record);
    if (!cxl_event_log_push(l, record, timestamp_ns)) {
        trace_cxl_events_overflow(log, l->overflow);
        return false;
    }
    record->header = cxl_event_log_peek(l, l->count - 1)->header;
    trace_cxl_events_record(log, cxl_le16_get(record->header.handle),
                            l->count);
    show(s, log, was_empty);
    /*
     * CXL r3.1 Table 8-53: the interrupt comes when the log goes from having
     * no entries to having some
     */
    if (was_empty && s->policy[log] == CXL_EVENT_MODE_MSI) {
        s->ops->interrupt(s->opaque, s->vector[log]);
    }
    return true;
}

/* CXL r3.1 8.2.9.2.2: Get Event Records (0100h) */
static CXLRet cmd_events_get(const CXLCall *call, CXLRsp *rsp)
{
    const CXLEvents *s = call->state;
    const CXLGetEventsReq *in = call->req;
    CXLGetEventsRsp *out = cxl_rsp_add(rsp, sizeof(*out));
    const CXLEventLog *log;
    uint32_t nr;

    if (in->log >= s->nr) {
        return CXL_RET_INVALID_INPUT;
    }
    log = &s->logs[in->log];
    nr = MIN(log->count, cxl_rsp_room(rsp) / sizeof(CXLEventRecord));
    for (uint32_t n = 0; n < nr; n++) {
        CXLEventRecord *record = cxl_rsp_add(rsp, sizeof(*record));

        *record = *cxl_event_log_peek(log, n);
    }
    out->flags = (log->overflow ? CXL_EVENTS_OVERFLOW : 0) |
                 (nr < log->count ? CXL_EVENTS_MORE : 0);
    out->overflow_count = cxl_le16(log->overflow);
    out->first_overflow = cxl_le64(log->first_overflow);
    out->last_overflow = cxl_le64(log->last_overflow);
    out->record_count = cxl_le16(nr);
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.2.3: records that the host has not seen may be thrown away
 * only when it knows, from the overflow, that it has lost some already
 */
static CXLRet clear_all(CXLEventLog *log, const CXLClearEventsReq *in)
{
    if (in->handle_count || !log->overflow) {
        return CXL_RET_INVALID_INPUT;
    }
    cxl_event_log_clear(log);
    return CXL_RET_SUCCESS;
}

static CXLRet clear_handles(CXLEventLog *log, const CXLClearEventsReq *in,
                            uint32_t nr)
{
    return cxl_event_log_pop(log, in->handles, nr) ? CXL_RET_SUCCESS
                                                   : CXL_RET_INVALID_HANDLE;
}

/* CXL r3.1 8.2.9.2.3: Clear Event Records (0101h) */
static CXLRet cmd_events_clear(const CXLCall *call, CXLRsp *rsp)
{
    CXLEvents *s = call->state;
    const CXLClearEventsReq *in = call->req;
    CXLEventLog *log;
    bool was_empty;
    CXLRet ret;

    if (in->log >= s->nr) {
        return CXL_RET_INVALID_INPUT;
    }
    log = &s->logs[in->log];
    was_empty = cxl_event_log_empty(log);
    ret = in->flags & CXL_EVENTS_CLEAR_ALL
        ? clear_all(log, in) : clear_handles(log, in, call->tail);
    show(s, in->log, was_empty);
    return ret;
}

/* CXL r3.1 Table 8-53: mode and message number of log @log */
static uint8_t setting(const CXLEvents *s, unsigned log)
{
    unsigned message = s->policy[log] == CXL_EVENT_MODE_MSI
                     ? s->ops->message(s->opaque, s->vector[log]) : 0;

    return s->policy[log] | message << CXL_EVENT_MSGNUM_SHIFT;
}

/* CXL r3.1 8.2.9.2.4: Get Event Interrupt Policy (0102h) */
static CXLRet cmd_events_get_policy(const CXLCall *call, CXLRsp *rsp)
{
    const CXLEvents *s = call->state;
    CXLEventPolicyRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        out->policy.setting[log] = setting(s, log);
    }
    if (s->nr > CXL_LOG_DYNAMIC_CAPACITY) {
        out->dynamic_capacity = setting(s, CXL_LOG_DYNAMIC_CAPACITY);
    }
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.2.5: Set Event Interrupt Policy (0103h). Firmware
 * interrupts need VDMs, which an emulated link does not carry.
 */
static CXLRet cmd_events_set_policy(const CXLCall *call, CXLRsp *rsp)
{
    CXLEvents *s = call->state;
    const CXLEventPolicy *in = call->req;
    const uint8_t *settings = in->setting;
    unsigned nr = MIN(s->nr, sizeof(*in) + call->tail);
    uint8_t mode[CXL_EVENT_LOGS_MAX];

    for (unsigned log = 0; log < nr; log++) {
        mode[log] = settings[log] & CXL_EVENT_MODE_MASK;
        if (mode[log] != CXL_EVENT_MODE_NONE &&
            mode[log] != CXL_EVENT_MODE_MSI) {
            return CXL_RET_INVALID_INPUT;
        }
    }
    memcpy(s->policy, mode, nr);
    return CXL_RET_SUCCESS;
}

static const CXLCmd events_rows[] = {
    {
        .opcode = CXL_OP_GET_EVENT_RECORDS,
        .name = "get-event-records",
        .in_min = sizeof(CXLGetEventsReq),
        .out_max = UINT32_MAX,
        .handler = cmd_events_get,
    }, {
        .opcode = CXL_OP_CLEAR_EVENT_RECORDS,
        .name = "clear-event-records",
        .in_min = sizeof(CXLClearEventsReq),
        .tail = CXL_TAIL_COUNTED,
        .count_offset = offsetof(CXLClearEventsReq, handle_count),
        .count_width = 1,
        .tail_size = sizeof(CXLLe16),
        .effects = CXL_EFFECT_LOG_NOW,
        .handler = cmd_events_clear,
    }, {
        .opcode = CXL_OP_GET_EVENT_POLICY,
        .name = "get-event-interrupt-policy",
        .out_max = sizeof(CXLEventPolicyRsp),
        .handler = cmd_events_get_policy,
    }, {
        /* The setting of a log that this device has not may follow */
        .opcode = CXL_OP_SET_EVENT_POLICY,
        .name = "set-event-interrupt-policy",
        .in_min = sizeof(CXLEventPolicy),
        .tail = CXL_TAIL_REST,
        .tail_size = 1,
        .tail_max = 1,
        .effects = CXL_EFFECT_POLICY_NOW,
        .handler = cmd_events_set_policy,
    },
};

void cxl_events_add(CXLCCI *cci, CXLEvents *s, const CXLEventsOps *ops,
                    void *opaque, const uint8_t *vectors, unsigned nr,
                    unsigned depth)
{
    assert(nr >= CXL_EVENT_LOGS && nr <= CXL_EVENT_LOGS_MAX);
    s->ops = ops;
    s->opaque = opaque;
    s->nr = nr;
    for (unsigned log = 0; log < nr; log++) {
        cxl_event_log_init(&s->logs[log], depth);
        s->vector[log] = vectors[log];
        s->policy[log] = CXL_EVENT_MODE_NONE;
    }
    cxl_cci_add(cci, events_rows, ARRAY_SIZE(events_rows), s);
}

void cxl_events_destroy(CXLEvents *s)
{
    for (unsigned log = 0; log < s->nr; log++) {
        cxl_event_log_destroy(&s->logs[log]);
    }
}

void cxl_events_delete(CXLEvents *s)
{
    for (unsigned log = 0; log < s->nr; log++) {
        cxl_event_log_drop(&s->logs[log]);
        s->ops->pending(s->opaque, log, false);
    }
}

void cxl_events_reset(CXLEvents *s, bool cold)
{
    if (!cold) {
        return;
    }
    for (unsigned log = 0; log < s->nr; log++) {
        cxl_event_log_clear(&s->logs[log]);
        s->policy[log] = CXL_EVENT_MODE_NONE;
        s->ops->pending(s->opaque, log, false);
    }
}

static int event_log_post_load(void *opaque, int version_id)
{
    const CXLEventLog *log = opaque;
    bool sane = log->count <= log->depth && log->head < log->depth &&
                log->next_handle &&
                (log->count == log->depth || !log->overflow);

    return sane ? 0 : -EINVAL;
}

static const VMStateDescription vmstate_event_log = {
    .name = "cxl-event-log",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = event_log_post_load,
    .fields = (const VMStateField[]) {
        /* Before the records, whose number it is */
        VMSTATE_UINT32_EQUAL(depth, CXLEventLog, NULL),
        VMSTATE_UINT32(count, CXLEventLog),
        VMSTATE_UINT32(head, CXLEventLog),
        VMSTATE_UINT16(next_handle, CXLEventLog),
        VMSTATE_UINT16(overflow, CXLEventLog),
        VMSTATE_UINT64(first_overflow, CXLEventLog),
        VMSTATE_UINT64(last_overflow, CXLEventLog),
        VMSTATE_VBUFFER_MULTIPLY(records, CXLEventLog, 1, NULL, depth,
                                 sizeof(CXLEventRecord)),
        VMSTATE_END_OF_LIST()
    }
};

static int events_post_load(void *opaque, int version_id)
{
    const CXLEvents *s = opaque;

    for (unsigned log = 0; log < s->nr; log++) {
        if (s->policy[log] != CXL_EVENT_MODE_NONE &&
            s->policy[log] != CXL_EVENT_MODE_MSI) {
            return -EINVAL;
        }
    }
    return 0;
}

const VMStateDescription vmstate_cxl_events = {
    .name = "cxl-events",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = events_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_EQUAL(nr, CXLEvents, NULL),
        VMSTATE_STRUCT_VARRAY_UINT8(logs, CXLEvents, nr, 1,
                                    vmstate_event_log, CXLEventLog),
        VMSTATE_UINT8_ARRAY(policy, CXLEvents, CXL_EVENT_LOGS_MAX),
        VMSTATE_END_OF_LIST()
    }
};

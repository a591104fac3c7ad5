/*
 * CXL r3.1 8.2.9.5: Logs commands
 *
 * A log is a row too: its UUID, what can be done with it, and what it holds.
 * Get Log takes its answer from a copy of all of it, so that one check of
 * offset and length does for every log.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/logs.h"
#include "hw/cxl/trace.h"

/**
 * CXLLogRow: a log that Get Log can read
 * @caps: CXL r3.1 8.2.9.5.3: Parameter Flags
 * @append: append all that it holds to @to
 * @clear: CXL_LOG_CAP_CLEAR: makes it empty
 * @populate: CXL_LOG_CAP_POPULATE: fills it
 */
typedef struct CXLLogRow {
    const char *name;
    CXLUuid uuid;
    uint32_t caps;
    void (*append)(const CXLLogs *s, GByteArray *to);
    void (*clear)(CXLLogs *s);
    void (*populate)(CXLLogs *s);
} CXLLogRow;

/* CXL r3.1 8.2.9.5.2.1: Command Effects Log */

static CXLCelEntry cel_entry(const CXLCmd *row)
{
    uint16_t background =
        (row->flags & CXL_CMD_BACKGROUND ? CXL_EFFECT_BACKGROUND : 0) |
        (row->flags & CXL_CMD_ABORTABLE ? CXL_EFFECT_ABORTABLE : 0);

    return (CXLCelEntry) {
        .opcode = cxl_le16(row->opcode),
        .effect = cxl_le16(row->effects | background),
    };
}

static void cel_append(const CXLLogs *s, GByteArray *to)
{
    const CXLCmd *row;

    for (unsigned n = 0; (row = cxl_cci_command(s->cci, n)); n++) {
        CXLCelEntry entry = cel_entry(row);

        g_byte_array_append(to, (const guint8 *)&entry, sizeof(entry));
    }
}

/* CXL r3.1 8.2.9.5.2.2: Vendor Debug Log: the latest commands */

/* Reading a log does not change it */
static bool is_recorded(uint16_t opcode)
{
    return opcode != CXL_OP_GET_SUPPORTED_LOGS && opcode != CXL_OP_GET_LOG &&
           opcode != CXL_OP_GET_LOG_CAPABILITIES &&
           opcode != CXL_OP_GET_SUPPORTED_LOGS_SUBLIST;
}

static void debug_record(void *opaque, uint16_t opcode, uint32_t length,
                         CXLRet ret)
{
    CXLLogs *s = opaque;

    if (!is_recorded(opcode)) {
        return;
    }
    s->ring[s->total % CXL_DEBUG_LOG_DEPTH] = (CXLDebugRecord) {
        .timestamp = cxl_timestamp_now(s->from.timestamp),
        .length = length,
        .opcode = opcode,
        .ret = ret,
    };
    s->total++;
    s->count = MIN(s->count + 1, CXL_DEBUG_LOG_DEPTH);
}

static void debug_append(const CXLLogs *s, GByteArray *to)
{
    const CXLDebugLogHeader header = {
        .version = cxl_le16(CXL_DEBUG_LOG_VERSION),
        .entry_size = cxl_le16(sizeof(CXLDebugLogEntry)),
        .count = cxl_le32(s->count),
        .first = cxl_le64(s->total - s->count),
    };

    g_byte_array_append(to, (const guint8 *)&header, sizeof(header));
    for (uint64_t n = s->total - s->count; n < s->total; n++) {
        const CXLDebugRecord *record = &s->ring[n % CXL_DEBUG_LOG_DEPTH];
        const CXLDebugLogEntry entry = {
            .timestamp = cxl_le64(record->timestamp),
            .length = cxl_le32(record->length),
            .opcode = cxl_le16(record->opcode),
            .return_code = cxl_le16(record->ret),
        };

        g_byte_array_append(to, (const guint8 *)&entry, sizeof(entry));
    }
}

static void debug_clear(CXLLogs *s)
{
    s->count = 0;
}

/* CXL r3.1 8.2.9.5.2.3: Component State Dump Log */

static uint32_t dump_flags(const CXLLogs *s)
{
    const CXLCCI *cci = s->cci;
    const CXLCCIOps *ops = cci->ops;
    uint32_t flags = 0;

    if (ops->media_disabled && ops->media_disabled(cci->opaque)) {
        flags |= CXL_STATE_DUMP_MEDIA_DISABLED;
    }
    if (ops->locked && ops->locked(cci->opaque)) {
        flags |= CXL_STATE_DUMP_LOCKED;
    }
    return flags |
           (s->from.shutdown->dirty ? CXL_STATE_DUMP_DIRTY : 0) |
           (s->from.poison->overflow ? CXL_STATE_DUMP_POISON_OVERFLOW : 0) |
           (cci->background.running ? CXL_STATE_DUMP_BACKGROUND : 0);
}

static void dump_health(const CXLHealthMonitor *from, CXLStateDump *out)
{
    out->health_status = cxl_health_status(&from->state);
    out->media_status = from->state.media_status;
    out->additional_status = cxl_health_additional_status(&from->state);
    out->life_used = from->health.life_used;
    out->temperature = cxl_le16(from->health.temperature);
    out->volatile_errors = cxl_le32(from->health.volatile_errors);
    out->persistent_errors = cxl_le32(from->health.persistent_errors);
}

static void dump_events(const CXLEvents *from, CXLStateDump *out)
{
    for (unsigned n = 0; n < from->nr; n++) {
        out->events[n].records = cxl_le16(from->logs[n].count);
        out->events[n].overflow = cxl_le16(from->logs[n].overflow);
    }
}

static CXLStateDump dump_data(const CXLLogs *s)
{
    const CXLInfostat *id = s->from.infostat;
    const CXLBackground *b = &s->cci->background;
    CXLMemCapacity c = CXL_MEM_GET_CLASS(s->from.mem)->capacity(s->from.mem);
    CXLStateDump out = {
        .vendor = cxl_le16(id->vendor),
        .device = cxl_le16(id->device),
        .subsystem_vendor = cxl_le16(id->subsystem_vendor),
        .subsystem = cxl_le16(id->subsystem),
        .serial = cxl_le64(id->serial),
        .volatile_bytes = cxl_le64(c.vmem),
        .persistent_bytes = cxl_le64(c.pmem),
        .lsa_bytes = cxl_le64(c.lsa),
        .flags = cxl_le32(dump_flags(s)),
        .poison_ranges = cxl_le32(cxl_poison_count(s->from.poison)),
        .background_opcode = cxl_le16(b->opcode),
        .background_return_code = cxl_le16(b->ret),
        .background_percent = cxl_cci_background_percent(s->cci),
        .dirty_shutdowns = cxl_le32(s->from.shutdown->count),
        .commands = cxl_le64(s->total),
    };

    dump_health(s->from.health, &out);
    dump_events(s->from.events, &out);
    return out;
}

/* Implementation defined: it takes no time, so not in the background */
static void dump_populate(CXLLogs *s)
{
    const CXLStateDump data = dump_data(s);
    const CXLStateDumpHeader header = {
        .data_length = cxl_le32(sizeof(data)),
        .timestamp = cxl_le64(cxl_timestamp_now(s->from.timestamp)),
        .format = CXL_UUID_STATE_DUMP_FORMAT,
    };

    memcpy(s->dump, &header, sizeof(header));
    memcpy(s->dump + sizeof(header), &data, sizeof(data));
    s->populated = true;
}

static void dump_append(const CXLLogs *s, GByteArray *to)
{
    if (s->populated) {
        g_byte_array_append(to, s->dump, sizeof(s->dump));
    }
}

static void dump_clear(CXLLogs *s)
{
    s->populated = false;
    memset(s->dump, 0, sizeof(s->dump));
}

static const CXLLogRow log_rows[] = {
    {
        .name = "command-effects",
        .uuid = CXL_UUID_COMMAND_EFFECTS_LOG,
        .append = cel_append,
    }, {
        .name = "vendor-debug",
        .uuid = CXL_UUID_VENDOR_DEBUG_LOG,
        .caps = CXL_LOG_CAP_CLEAR | CXL_LOG_CAP_AUTO_POPULATE,
        .append = debug_append,
        .clear = debug_clear,
    }, {
        .name = "component-state-dump",
        .uuid = CXL_UUID_COMPONENT_STATE_DUMP,
        .caps = CXL_LOG_CAP_CLEAR | CXL_LOG_CAP_POPULATE,
        .append = dump_append,
        .clear = dump_clear,
        .populate = dump_populate,
    },
};

static const CXLLogRow *find_log(const CXLUuid *uuid)
{
    for (unsigned n = 0; n < ARRAY_SIZE(log_rows); n++) {
        if (!memcmp(&log_rows[n].uuid, uuid, sizeof(*uuid))) {
            return &log_rows[n];
        }
    }
    return NULL;
}

static GByteArray *content(const CXLLogs *s, const CXLLogRow *log)
{
    GByteArray *all = g_byte_array_new();

    log->append(s, all);
    return all;
}

/* Append entries of up to @nr logs, from number @n on; how many there were */
static unsigned list_logs(const CXLLogs *s, CXLRsp *rsp, unsigned n,
                          unsigned nr)
{
    unsigned listed = 0;

    for (; n < ARRAY_SIZE(log_rows) && listed < nr; n++, listed++) {
        g_autoptr(GByteArray) all = content(s, &log_rows[n]);
        CXLSupportedLog *log = cxl_rsp_add(rsp, sizeof(*log));

        if (!log) {
            break;
        }
        log->uuid = log_rows[n].uuid;
        log->size = cxl_le32(all->len);
    }
    return listed;
}

/* CXL r3.1 8.2.9.5.1: Get Supported Logs (0400h) */
static CXLRet cmd_logs_get_supported(const CXLCall *call, CXLRsp *rsp)
{
    CXLSupportedLogsRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->count = cxl_le16(list_logs(call->state, rsp, 0,
                                    ARRAY_SIZE(log_rows)));
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.5.6: Get Supported Logs Sub-List (0405h) */
static CXLRet cmd_logs_get_supported_sublist(const CXLCall *call, CXLRsp *rsp)
{
    const CXLLogsSublistReq *in = call->req;
    CXLLogsSublistRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    if (!in->max || in->start >= ARRAY_SIZE(log_rows)) {
        return CXL_RET_INVALID_INPUT;
    }
    out->total = cxl_le16(ARRAY_SIZE(log_rows));
    out->start = in->start;
    out->count = list_logs(call->state, rsp, in->start, in->max);
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.5.2: Get Log (0401h) */
static CXLRet cmd_logs_get(const CXLCall *call, CXLRsp *rsp)
{
    const CXLGetLogReq *in = call->req;
    const CXLLogRow *log = find_log(&in->uuid);
    uint32_t offset = cxl_le32_get(in->offset);
    uint32_t len = cxl_le32_get(in->length);
    g_autoptr(GByteArray) all = NULL;
    uint8_t *out;

    if (!log) {
        return CXL_RET_INVALID_LOG;
    }
    all = content(call->state, log);
    if (offset > all->len || len > all->len - offset) {
        return CXL_RET_INVALID_INPUT;
    }
    out = cxl_rsp_add(rsp, len);
    if (!out) {
        return CXL_RET_INVALID_INPUT;
    }
    if (len) {
        memcpy(out, all->data + offset, len);
    }
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.5.3: Get Log Capabilities (0402h) */
static CXLRet cmd_logs_get_capabilities(const CXLCall *call, CXLRsp *rsp)
{
    const CXLLogCapabilitiesReq *in = call->req;
    CXLLogCapabilitiesRsp *out = cxl_rsp_add(rsp, sizeof(*out));
    const CXLLogRow *log = find_log(&in->uuid);

    if (!log) {
        return CXL_RET_INVALID_LOG;
    }
    out->flags = cxl_le32(log->caps);
    return CXL_RET_SUCCESS;
}

/*
 * What Clear Log and Populate Log do to @log
 * Implementation defined: a log that exists but does not have @action is
 * Invalid Input
 */
static CXLRet change(CXLLogs *s, const CXLLogRow *log, const char *verb,
                     void (*action)(CXLLogs *s))
{
    if (!action) {
        return CXL_RET_INVALID_INPUT;
    }
    action(s);
    trace_cxl_logs_change(verb, log->name);
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.5.4: Clear Log (0403h) */
static CXLRet cmd_logs_clear(const CXLCall *call, CXLRsp *rsp)
{
    const CXLLogReq *in = call->req;
    const CXLLogRow *log = find_log(&in->uuid);

    return log ? change(call->state, log, "clear", log->clear)
               : CXL_RET_INVALID_LOG;
}

/* CXL r3.1 8.2.9.5.5: Populate Log (0404h) */
static CXLRet cmd_logs_populate(const CXLCall *call, CXLRsp *rsp)
{
    const CXLLogReq *in = call->req;
    const CXLLogRow *log = find_log(&in->uuid);

    return log ? change(call->state, log, "populate", log->populate)
               : CXL_RET_INVALID_LOG;
}

static const CXLCmd logs_rows[] = {
    {
        .opcode = CXL_OP_GET_SUPPORTED_LOGS,
        .name = "get-supported-logs",
        .out_max = sizeof(CXLSupportedLogsRsp) +
                   ARRAY_SIZE(log_rows) * sizeof(CXLSupportedLog),
        .handler = cmd_logs_get_supported,
    }, {
        .opcode = CXL_OP_GET_LOG,
        .name = "get-log",
        .in_min = sizeof(CXLGetLogReq),
        .out_max = UINT32_MAX,
        .handler = cmd_logs_get,
    }, {
        .opcode = CXL_OP_GET_LOG_CAPABILITIES,
        .name = "get-log-capabilities",
        .in_min = sizeof(CXLLogCapabilitiesReq),
        .out_max = sizeof(CXLLogCapabilitiesRsp),
        .handler = cmd_logs_get_capabilities,
    }, {
        .opcode = CXL_OP_CLEAR_LOG,
        .name = "clear-log",
        .in_min = sizeof(CXLLogReq),
        .effects = CXL_EFFECT_LOG_NOW,
        .handler = cmd_logs_clear,
    }, {
        .opcode = CXL_OP_POPULATE_LOG,
        .name = "populate-log",
        .in_min = sizeof(CXLLogReq),
        .effects = CXL_EFFECT_LOG_NOW,
        .handler = cmd_logs_populate,
    }, {
        .opcode = CXL_OP_GET_SUPPORTED_LOGS_SUBLIST,
        .name = "get-supported-logs-sub-list",
        .in_min = sizeof(CXLLogsSublistReq),
        .out_max = sizeof(CXLLogsSublistRsp) +
                   ARRAY_SIZE(log_rows) * sizeof(CXLSupportedLog),
        .handler = cmd_logs_get_supported_sublist,
    },
};

void cxl_logs_reset_debug(CXLLogs *s)
{
    s->total = 0;
    debug_clear(s);
}

void cxl_logs_reset_dump(CXLLogs *s)
{
    dump_clear(s);
}

void cxl_logs_add(CXLCCI *cci, CXLLogs *s, const CXLLogSources *from)
{
    *s = (CXLLogs) { .cci = cci, .from = *from };
    cxl_cci_add(cci, logs_rows, ARRAY_SIZE(logs_rows), s);
    cxl_cci_observe(cci, debug_record, s);
}

/* Whether what has been loaded can be in the log */
static bool dump_is_valid(const CXLLogs *s)
{
    const CXLUuid format = CXL_UUID_STATE_DUMP_FORMAT;
    const CXLStateDumpHeader *header = (const void *)s->dump;

    return !s->populated ||
           (cxl_le32_get(header->data_length) == sizeof(CXLStateDump) &&
            !memcmp(&header->format, &format, sizeof(format)));
}

static int logs_post_load(void *opaque, int version_id)
{
    CXLLogs *s = opaque;

    if (s->count > CXL_DEBUG_LOG_DEPTH || s->count > s->total ||
        s->total > INT64_MAX || !dump_is_valid(s)) {
        s->count = 0;
        s->total = 0;
        dump_clear(s);
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription vmstate_debug_record = {
    .name = "cxl-debug-record",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(timestamp, CXLDebugRecord),
        VMSTATE_UINT32(length, CXLDebugRecord),
        VMSTATE_UINT16(opcode, CXLDebugRecord),
        VMSTATE_UINT16(ret, CXLDebugRecord),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_cxl_logs = {
    .name = "cxl-logs",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = logs_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(ring, CXLLogs, CXL_DEBUG_LOG_DEPTH, 1,
                             vmstate_debug_record, CXLDebugRecord),
        VMSTATE_UINT64(total, CXLLogs),
        VMSTATE_UINT32(count, CXLLogs),
        VMSTATE_BOOL(populated, CXLLogs),
        VMSTATE_BUFFER(dump, CXLLogs),
        VMSTATE_END_OF_LIST()
    }
};

/*
 * CXL r3.1 8.2.9.5: Logs commands
 *
 * A log is a row too: its UUID, how long it is, and a byte of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/sets.h"

/**
 * CXLLogRow: a log that Get Log can read
 * @caps: CXL r3.1 8.2.9.5.3: Parameter Flags
 * @size: bytes it has now
 * @read: copy @len bytes at @offset, which lie inside of it
 */
typedef struct CXLLogRow {
    CXLUuid uuid;
    uint32_t caps;
    uint32_t (*size)(const CXLCCI *cci);
    void (*read)(const CXLCCI *cci, uint32_t offset, uint8_t *buf,
                 uint32_t len);
} CXLLogRow;

static uint32_t cel_size(const CXLCCI *cci)
{
    return cci->slots->len * sizeof(CXLCelEntry);
}

/* CXL r3.1 8.2.9.5.2.1: what the log says of command @row */
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

static void cel_read(const CXLCCI *cci, uint32_t offset, uint8_t *buf,
                     uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = offset + i;
        CXLCelEntry entry =
            cel_entry(cxl_cci_command(cci, at / sizeof(entry)));

        buf[i] = ((const uint8_t *)&entry)[at % sizeof(entry)];
    }
}

static const CXLLogRow log_rows[] = {
    {
        .uuid = CXL_UUID_COMMAND_EFFECTS_LOG,
        .size = cel_size,
        .read = cel_read,
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

/* CXL r3.1 8.2.9.5.1: Get Supported Logs (0400h) */
static CXLRet cmd_logs_get_supported(const CXLCall *call, CXLRsp *rsp)
{
    CXLSupportedLogsRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->count = cxl_le16(ARRAY_SIZE(log_rows));
    for (unsigned n = 0; n < ARRAY_SIZE(log_rows); n++) {
        CXLSupportedLog *log = cxl_rsp_add(rsp, sizeof(*log));

        log->uuid = log_rows[n].uuid;
        log->size = cxl_le32(log_rows[n].size(call->cci));
    }
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.5.2: Get Log (0401h) */
static CXLRet cmd_logs_get(const CXLCall *call, CXLRsp *rsp)
{
    const CXLGetLogReq *in = call->req;
    const CXLLogRow *log = find_log(&in->uuid);
    uint32_t offset = cxl_le32_get(in->offset);
    uint32_t len = cxl_le32_get(in->length);
    uint32_t size;
    uint8_t *out;

    if (!log) {
        return CXL_RET_INVALID_LOG;
    }
    size = log->size(call->cci);
    if (offset > size || len > size - offset) {
        return CXL_RET_INVALID_INPUT;
    }
    out = cxl_rsp_add(rsp, len);
    if (!out) {
        return CXL_RET_INVALID_INPUT;
    }
    log->read(call->cci, offset, out, len);
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
    },
};

void cxl_logs_add(CXLCCI *cci)
{
    cxl_cci_add(cci, logs_rows, ARRAY_SIZE(logs_rows), NULL);
}

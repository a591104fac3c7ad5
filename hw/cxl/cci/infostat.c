/*
 * CXL r3.1 8.2.9.1: Information and Status commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/cci/sets.h"

/* Which power of two @bytes is */
static unsigned log2_of(uint32_t bytes)
{
    return ctz32(bytes);
}

/* CXL r3.1 8.2.9.1.1: Identify (0001h) */
static CXLRet cmd_infostat_identify(const CXLCall *call, CXLRsp *rsp)
{
    const CXLInfostat *s = call->state;
    CXLIdentifyRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->vendor = cxl_le16(s->vendor);
    out->device = cxl_le16(s->device);
    out->subsystem_vendor = cxl_le16(s->subsystem_vendor);
    out->subsystem = cxl_le16(s->subsystem);
    out->serial = cxl_le64(s->serial);
    out->max_message_size = log2_of(call->cci->payload_max);
    out->component_type = s->component_type;
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.1.2: Background Operation Status (0002h) */
static CXLRet cmd_infostat_background_status(const CXLCall *call, CXLRsp *rsp)
{
    const CXLBackground *b = &call->cci->background;
    CXLBackgroundStatusRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->status = cxl_cci_background_percent(call->cci) << 1 | b->running;
    out->opcode = cxl_le16(b->opcode);
    out->return_code = cxl_le16(b->ret);
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.1.3: Get Response Message Limit (0003h) */
static CXLRet cmd_infostat_get_response_limit(const CXLCall *call,
                                              CXLRsp *rsp)
{
    CXLResponseLimit *out = cxl_rsp_add(rsp, sizeof(*out));

    out->limit = log2_of(call->cci->response_max);
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.1.4: Set Response Message Limit (0004h). It says what the
 * limit became: no more than the interface can do.
 */
static CXLRet cmd_infostat_set_response_limit(const CXLCall *call,
                                              CXLRsp *rsp)
{
    const CXLResponseLimit *in = call->req;
    CXLResponseLimit *out = cxl_rsp_add(rsp, sizeof(*out));
    unsigned max = log2_of(call->cci->payload_max);

    if (in->limit < CXL_RESPONSE_LIMIT_MIN) {
        return CXL_RET_INVALID_INPUT;
    }
    out->limit = MIN(in->limit, max);
    call->cci->response_max = 1u << out->limit;
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.1.5: Request Abort Background Operation (0005h). Implementation
 * defined: one that has just ended needs no abort, so that is no error.
 */
static CXLRet cmd_infostat_request_abort(const CXLCall *call, CXLRsp *rsp)
{
    return cxl_cci_background_abort(call->cci)
           ? CXL_RET_SUCCESS : CXL_RET_BACKGROUND_ABORT_REFUSED;
}

static const CXLCmd infostat_rows[] = {
    {
        .opcode = CXL_OP_IDENTIFY,
        .name = "identify",
        .out_max = sizeof(CXLIdentifyRsp),
        .handler = cmd_infostat_identify,
    }, {
        .opcode = CXL_OP_BACKGROUND_STATUS,
        .name = "background-status",
        .out_max = sizeof(CXLBackgroundStatusRsp),
        .handler = cmd_infostat_background_status,
    }, {
        .opcode = CXL_OP_GET_RESPONSE_LIMIT,
        .name = "get-response-message-limit",
        .out_max = sizeof(CXLResponseLimit),
        .handler = cmd_infostat_get_response_limit,
    }, {
        .opcode = CXL_OP_SET_RESPONSE_LIMIT,
        .name = "set-response-message-limit",
        .in_min = sizeof(CXLResponseLimit),
        .out_max = sizeof(CXLResponseLimit),
        .effects = CXL_EFFECT_CONFIG_NOW,
        .handler = cmd_infostat_set_response_limit,
    }, {
        .opcode = CXL_OP_REQUEST_ABORT,
        .name = "request-abort-background-operation",
        .handler = cmd_infostat_request_abort,
    },
};

void cxl_infostat_add(CXLCCI *cci, CXLInfostat *s)
{
    cxl_cci_add(cci, infostat_rows, ARRAY_SIZE(infostat_rows), s);
}

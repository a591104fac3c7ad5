/*
 * CXL r3.1 8.2.9.1: Information and Status commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/cci/sets.h"

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
    out->max_message_size = 31 - clz32(call->room);
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
    },
};

void cxl_infostat_add(CXLCCI *cci, CXLInfostat *s)
{
    cxl_cci_add(cci, infostat_rows, ARRAY_SIZE(infostat_rows), s);
}

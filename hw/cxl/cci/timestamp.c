/*
 * CXL r3.1 8.2.9.4: Timestamp commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/sets.h"

/* CXL r3.1 8.2.9.4: what the host has set, and the time since then */
uint64_t cxl_timestamp_now(const CXLTimestamp *s)
{
    int64_t since = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - s->set_at_ns;

    return s->set ? s->host_ns + since : 0;
}

/* CXL r3.1 8.2.9.4: 0 after a reset, until the host sets it again */
void cxl_timestamp_reset(CXLTimestamp *s)
{
    *s = (CXLTimestamp) { };
}

/* CXL r3.1 8.2.9.4.1: Get Timestamp (0300h) */
static CXLRet cmd_timestamp_get(const CXLCall *call, CXLRsp *rsp)
{
    CXLTimestampPayload *out = cxl_rsp_add(rsp, sizeof(*out));

    out->ns = cxl_le64(cxl_timestamp_now(call->state));
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.4.2: Set Timestamp (0301h) */
static CXLRet cmd_timestamp_set(const CXLCall *call, CXLRsp *rsp)
{
    const CXLTimestampPayload *in = call->req;
    CXLTimestamp *s = call->state;

    *s = (CXLTimestamp) {
        .set = true,
        .host_ns = cxl_le64_get(in->ns),
        .set_at_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
    };
    return CXL_RET_SUCCESS;
}

static const CXLCmd timestamp_rows[] = {
    {
        .opcode = CXL_OP_GET_TIMESTAMP,
        .name = "get-timestamp",
        .out_max = sizeof(CXLTimestampPayload),
        .handler = cmd_timestamp_get,
    }, {
        .opcode = CXL_OP_SET_TIMESTAMP,
        .name = "set-timestamp",
        .in_min = sizeof(CXLTimestampPayload),
        .effects = CXL_EFFECT_POLICY_NOW,
        .handler = cmd_timestamp_set,
    },
};

void cxl_timestamp_add(CXLCCI *cci, CXLTimestamp *s)
{
    cxl_timestamp_reset(s);
    cxl_cci_add(cci, timestamp_rows, ARRAY_SIZE(timestamp_rows), s);
}

static int timestamp_post_load(void *opaque, int version_id)
{
    const CXLTimestamp *s = opaque;

    /* Virtual time never was negative */
    return s->set_at_ns >= 0 ? 0 : -EINVAL;
}

const VMStateDescription vmstate_cxl_timestamp = {
    .name = "cxl-timestamp",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = timestamp_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(set, CXLTimestamp),
        VMSTATE_UINT64(host_ns, CXLTimestamp),
        VMSTATE_INT64(set_at_ns, CXLTimestamp),
        VMSTATE_END_OF_LIST()
    }
};

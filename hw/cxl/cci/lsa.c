/*
 * CXL r3.1 8.2.9.9.2: commands for the Label Storage Area
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/lsa.h"
#include "hw/cxl/spec/payloads.h"

static bool in_lsa(const CXLLsa *s, uint32_t offset, uint32_t len)
{
    uint64_t size = CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem).lsa;

    return offset <= size && len <= size - offset;
}

/* CXL r3.1 8.2.9.9.2.3: Get LSA (4102h) */
static CXLRet cmd_lsa_get(const CXLCall *call, CXLRsp *rsp)
{
    CXLLsa *s = call->state;
    const CXLGetLsaReq *in = call->req;
    uint32_t offset = cxl_le32_get(in->offset);
    uint32_t len = cxl_le32_get(in->length);
    uint8_t *out;

    if (!in_lsa(s, offset, len)) {
        return CXL_RET_INVALID_INPUT;
    }
    out = cxl_rsp_add(rsp, len);
    if (!out) {
        return CXL_RET_INVALID_INPUT;
    }
    if (len) {
        CXL_MEM_GET_CLASS(s->mem)->lsa_read(s->mem, offset, out, len);
    }
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.2.4: Set LSA (4103h) */
static CXLRet cmd_lsa_set(const CXLCall *call, CXLRsp *rsp)
{
    CXLLsa *s = call->state;
    const CXLSetLsaReq *in = call->req;
    uint32_t offset = cxl_le32_get(in->offset);

    if (!in_lsa(s, offset, call->tail)) {
        return CXL_RET_INVALID_INPUT;
    }
    if (call->tail) {
        CXL_MEM_GET_CLASS(s->mem)->lsa_write(s->mem, offset, in->data,
                                             call->tail);
    }
    return CXL_RET_SUCCESS;
}

static const CXLCmd lsa_rows[] = {
    {
        .opcode = CXL_OP_GET_LSA,
        .name = "get-lsa",
        .in_min = sizeof(CXLGetLsaReq),
        .out_max = UINT32_MAX,
        .flags = CXL_CMD_NEEDS_MEDIA | CXL_CMD_NEEDS_UNLOCKED,
        .handler = cmd_lsa_get,
    }, {
        .opcode = CXL_OP_SET_LSA,
        .name = "set-lsa",
        .in_min = sizeof(CXLSetLsaReq),
        .tail = CXL_TAIL_REST,
        .tail_size = 1,
        .effects = CXL_EFFECT_CONFIG_NOW | CXL_EFFECT_DATA_NOW,
        .flags = CXL_CMD_NEEDS_MEDIA | CXL_CMD_NEEDS_UNLOCKED,
        .handler = cmd_lsa_set,
    },
};

void cxl_lsa_add(CXLCCI *cci, CXLLsa *s, CXLMem *mem)
{
    *s = (CXLLsa) { .mem = mem };
    cxl_cci_add(cci, lsa_rows, ARRAY_SIZE(lsa_rows), s);
}

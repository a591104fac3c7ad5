/*
 * CXL r3.1 8.2.9.9.5.3: Media Operations: what is done to ranges of the media
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/erase.h"
#include "hw/cxl/cci/media-ops.h"
#include "hw/cxl/spec/payloads-sanitize.h"
#include "hw/cxl/trace.h"

/* Implementation defined: ranges begin and end with cache lines */
#define GRANULARITY     CXL_POISON_LINE
/* Implementation defined: bytes that take a millisecond, and ms at most */
#define RATE            (16 * 1024 * 1024)
#define MS_MAX          4000

static const CXLMediaOp operations[] = {
    { CXL_MEDIA_OP_GENERAL, CXL_MEDIA_OP_GENERAL_DISCOVERY },
    { CXL_MEDIA_OP_SANITIZE, CXL_MEDIA_OP_SANITIZE_SANITIZE },
    { CXL_MEDIA_OP_SANITIZE, CXL_MEDIA_OP_SANITIZE_ZERO },
};

/* Discovery: the operations that are asked for, of those that there are */
static CXLRet cmd_media_ops_discovery(const CXLCall *call, CXLRsp *rsp)
{
    const CXLMediaDiscoveryReq *in = call->req;
    unsigned start = cxl_le16_get(in->start);
    CXLMediaDiscoveryRsp *out;
    unsigned nr;

    if (cxl_le32_get(in->range_count) || start >= ARRAY_SIZE(operations)) {
        return CXL_RET_INVALID_INPUT;
    }
    nr = MIN(cxl_le16_get(in->count), ARRAY_SIZE(operations) - start);
    out = cxl_rsp_add(rsp, sizeof(*out) + nr * sizeof(out->op[0]));
    out->granularity = cxl_le64(GRANULARITY);
    out->total = cxl_le16(ARRAY_SIZE(operations));
    out->count = cxl_le16(nr);
    memcpy(out->op, &operations[start], nr * sizeof(out->op[0]));
    return CXL_RET_SUCCESS;
}

/* Decode range @n of @in, and check that it can be one */
static CXLRet decode_range(const CXLMediaOps *s, const CXLMediaOpReq *in,
                           uint32_t n, CXLMemRange *range)
{
    CXLMemCapacity c = CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
    uint64_t size = c.vmem + c.pmem;

    range->dpa = cxl_le64_get(in->range[n].dpa);
    range->len = cxl_le64_get(in->range[n].length);
    if (range->dpa % GRANULARITY || range->len % GRANULARITY || !range->len) {
        return CXL_RET_INVALID_INPUT;
    }
    if (range->dpa >= size || range->len > size - range->dpa) {
        return CXL_RET_INVALID_PA;
    }
    return CXL_RET_SUCCESS;
}

static int compare_ranges(const void *a, const void *b)
{
    const CXLMemRange *first = a, *second = b;

    return first->dpa < second->dpa ? -1 : first->dpa > second->dpa;
}

/*
 * Bring the @nr @ranges in order, those that touch in one; how many there are
 * then, 0 if any overlap
 */
static uint32_t join(CXLMemRange *ranges, uint32_t nr)
{
    uint32_t last = 0;

    qsort(ranges, nr, sizeof(*ranges), compare_ranges);
    for (uint32_t n = 1; n < nr; n++) {
        uint64_t end = ranges[last].dpa + ranges[last].len;

        if (ranges[n].dpa < end) {
            return 0;
        }
        if (ranges[n].dpa == end) {
            ranges[last].len += ranges[n].len;
        } else {
            ranges[++last] = ranges[n];
        }
    }
    return last + 1;
}

/*
 * What is in the ranges is gone when the operation has started. They can be
 * used meanwhile, as all of the media can.
 */
static CXLRet erase(CXLMediaOps *s, const CXLMediaOpReq *in, uint32_t nr)
{
    g_autofree CXLMemRange *ranges = g_new(CXLMemRange, nr);

    s->bytes = 0;
    for (uint32_t n = 0; n < nr; n++) {
        CXLRet ret = decode_range(s, in, n, &ranges[n]);

        if (ret != CXL_RET_SUCCESS) {
            return ret;
        }
        s->bytes += MIN(ranges[n].len, UINT64_MAX - s->bytes);
    }
    nr = join(ranges, nr);
    if (!nr) {
        return CXL_RET_INVALID_INPUT;
    }
    trace_cxl_media_ops(in->op_subclass, nr, s->bytes);
    return cxl_erase(s->mem, s->poison, ranges, nr)
           ? CXL_RET_BACKGROUND_STARTED : CXL_RET_PERMANENT_MEDIA_FAILURE;
}

/*
 * The class Sanitize: Sanitize and Write Zeros, which leave the same behind.
 * Implementation defined: who has frozen security keeps the data.
 */
static CXLRet cmd_media_ops(const CXLCall *call, CXLRsp *rsp)
{
    CXLMediaOps *s = call->state;
    const CXLMediaOpReq *in = call->req;

    if (in->op_class != CXL_MEDIA_OP_SANITIZE ||
        (in->op_subclass != CXL_MEDIA_OP_SANITIZE_SANITIZE &&
         in->op_subclass != CXL_MEDIA_OP_SANITIZE_ZERO) || !call->tail) {
        return CXL_RET_INVALID_INPUT;
    }
    if (s->security->frozen) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    return erase(s, in, call->tail);
}

static uint32_t media_ops_estimate(void *state)
{
    const CXLMediaOps *s = state;

    return MIN(s->bytes / RATE + 1, MS_MAX);
}

static CXLRet media_ops_finish(void *state)
{
    return CXL_RET_SUCCESS;
}

/* What there is to know of a device, whatever it is doing */
static const CXLCmd discovery_row = {
    .opcode = CXL_OP_MEDIA_OPERATIONS,
    .name = "media-operations-discovery",
    .in_min = sizeof(CXLMediaDiscoveryReq),
    .out_max = sizeof(CXLMediaDiscoveryRsp) + sizeof(operations),
    .handler = cmd_media_ops_discovery,
};

static const CXLCmd *media_ops_variant(const void *req)
{
    const CXLMediaOpReq *in = req;

    return in->op_class == CXL_MEDIA_OP_GENERAL &&
           in->op_subclass == CXL_MEDIA_OP_GENERAL_DISCOVERY
           ? &discovery_row : NULL;
}

static const CXLCmd media_ops_rows[] = {
    {
        .opcode = CXL_OP_MEDIA_OPERATIONS,
        .name = "media-operations",
        .in_min = sizeof(CXLMediaOpReq),
        .tail = CXL_TAIL_COUNTED,
        .count_offset = offsetof(CXLMediaOpReq, count),
        .count_width = 4,
        .tail_size = sizeof(CXLMediaOpRange),
        .effects = CXL_EFFECT_DATA_NOW,
        .flags = CXL_CMD_BACKGROUND | CXL_CMD_NEEDS_MEDIA |
                 CXL_CMD_NEEDS_UNLOCKED,
        .variant = media_ops_variant,
        .handler = cmd_media_ops,
        .finish = media_ops_finish,
        .estimate_ms = media_ops_estimate,
    },
};

void cxl_media_ops_add(CXLCCI *cci, CXLMediaOps *s, CXLMem *mem,
                       CXLPoisonList *poison, const CXLSecurity *security)
{
    *s = (CXLMediaOps) {
        .mem = mem,
        .poison = poison,
        .security = security,
    };
    cxl_cci_add(cci, media_ops_rows, ARRAY_SIZE(media_ops_rows), s);
}

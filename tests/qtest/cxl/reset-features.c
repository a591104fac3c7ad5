/*
 * How a test sets and sees Features, and what was repaired
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "reset-drivers.h"

static void command(const ResetTarget *t, uint16_t opcode, const void *in,
                    size_t in_len, void *out, size_t out_len)
{
    g_assert_cmphex(qcxl_mbox(t->fn, opcode, in, in_len, out, &out_len), ==,
                    CXL_RET_SUCCESS);
}

/* A tag that is saved, or not, as @flags say; its current value */
static void set_tag(const ResetTarget *t, uint32_t token, uint32_t flags)
{
    struct {
        CXLSetFeatureReq head;
        CXLLe32 data;
    } req = {
        .head.uuid = CXL_UUID_ASSET_TAG,
        .head.version = 1,
        .head.flags = cxl_le32(flags),
        .data = cxl_le32(token),
    };

    command(t, CXL_OP_SET_FEATURE, &req, sizeof(req), NULL, 0);
}

static uint64_t get_tag(const ResetTarget *t, uint8_t selection)
{
    const CXLGetFeatureReq req = {
        .uuid = CXL_UUID_ASSET_TAG,
        .count = cxl_le16(4),
        .selection = selection,
    };
    CXLLe32 data;

    command(t, CXL_OP_GET_FEATURE, &req, sizeof(req), &data, sizeof(data));
    return cxl_le32_get(data);
}

void reset_set_feature(const ResetTarget *t, uint32_t token)
{
    set_tag(t, token, 0);
}

uint64_t reset_get_feature(const ResetTarget *t)
{
    return get_tag(t, CXL_FEATURE_CURRENT);
}

void reset_set_saved_feature(const ResetTarget *t, uint32_t token)
{
    set_tag(t, token, CXL_SET_FEATURE_SAVE);
}

uint64_t reset_get_saved_feature(const ResetTarget *t)
{
    return get_tag(t, CXL_FEATURE_SAVED);
}

static unsigned sppr(const ResetTarget *t, uint8_t flags)
{
    const struct {
        CXLMaintenanceReq head;
        CXLPprReq ppr;
    } req = {
        .head.maintenance_class = CXL_MAINTENANCE_PPR,
        .head.maintenance_subclass = CXL_MAINTENANCE_PPR_SOFT,
        .ppr.flags = flags,
    };

    return qcxl_mbox(t->fn, CXL_OP_PERFORM_MAINTENANCE, &req, sizeof(req),
                     NULL, NULL);
}

/* Until there are no spares left */
void reset_set_soft_repairs(const ResetTarget *t, uint32_t token)
{
    while (sppr(t, 0) == CXL_RET_SUCCESS) {
    }
}

uint64_t reset_get_soft_repairs(const ResetTarget *t)
{
    return sppr(t, CXL_PPR_QUERY);
}

static unsigned spare_cacheline(const ResetTarget *t, uint8_t flags)
{
    const struct {
        CXLMaintenanceReq head;
        CXLSparingReq sparing;
    } req = {
        .head.maintenance_class = CXL_MAINTENANCE_SPARING,
        .head.maintenance_subclass = CXL_MAINTENANCE_SPARING_CACHELINE,
        .sparing.flags = flags,
    };

    return qcxl_mbox(t->fn, CXL_OP_PERFORM_MAINTENANCE, &req, sizeof(req),
                     NULL, NULL);
}

/* One more; there are many spares */
void reset_set_hard_repairs(const ResetTarget *t, uint32_t token)
{
    spare_cacheline(t, CXL_SPARING_HARD);
}

/* Of the spares that are left a record tells, which is the newest */
uint64_t reset_get_hard_repairs(const ResetTarget *t)
{
    unsigned ret = spare_cacheline(t, CXL_SPARING_QUERY);
    const CXLGetEventsReq req = {
        ret == CXL_RET_SUCCESS ? CXL_LOG_INFO : CXL_LOG_WARNING
    };
    struct {
        CXLGetEventsRsp head;
        CXLMemorySparingEvent events[15];
    } rsp = { };
    const CXLMemorySparingEvent *last;

    command(t, CXL_OP_GET_EVENT_RECORDS, &req, sizeof(req), &rsp, sizeof(rsp));
    last = &rsp.events[cxl_le16_get(rsp.head.record_count) - 1];
    g_assert_cmphex(last->flags, ==, CXL_MEMORY_SPARING_QUERY);
    return cxl_le16_get(last->available);
}

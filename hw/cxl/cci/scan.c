/*
 * CXL r3.1 8.2.9.9.4.4 to 8.2.9.9.4.6: Media scans
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/spec/payloads-events.h"
#include "hw/cxl/trace.h"
#include "media-internal.h"

/* Implementation defined: bytes that are scanned in a millisecond */
#define SCAN_RATE   (16 * 1024 * 1024)

bool cxl_scan_running(const CXLCCI *cci)
{
    return cci->background.running &&
           cci->background.opcode == CXL_OP_SCAN_MEDIA;
}

static uint32_t estimate_ms(uint64_t bytes)
{
    return MIN(bytes / SCAN_RATE + 1, UINT32_MAX);
}

/* CXL r3.1 8.2.9.9.4.4: Get Scan Media Capabilities (4303h) */
static CXLRet cmd_scan_get_capabilities(const CXLCall *call, CXLRsp *rsp)
{
    const CXLScanCapabilitiesReq *in = call->req;
    CXLScanCapabilitiesRsp *out = cxl_rsp_add(rsp, sizeof(*out));
    CXLPoisonCursor range;

    if (!cxl_media_decode_range(call->state, in->dpa, in->length, &range)) {
        return CXL_RET_INVALID_PA;
    }
    out->estimate_ms = cxl_le32(estimate_ms(range.end - range.dpa));
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.4.5: Scan Media (4304h) */
static CXLRet cmd_scan_media(const CXLCall *call, CXLRsp *rsp)
{
    CXLMedia *s = call->state;
    const CXLScanMediaReq *in = call->req;
    CXLPoisonCursor range;

    if (in->flags & ~CXL_SCAN_NO_EVENTS) {
        return CXL_RET_INVALID_INPUT;
    }
    if (!cxl_media_decode_range(s, in->dpa, in->length, &range)) {
        return CXL_RET_INVALID_PA;
    }
    cxl_scan_reset(s);
    s->scan.dpa = range.dpa;
    s->scan.end = range.end;
    s->scan.stopped = range.end;
    s->scan.next = range.dpa;
    s->scan.quiet = in->flags & CXL_SCAN_NO_EVENTS;
    return CXL_RET_BACKGROUND_STARTED;
}

static uint32_t scan_estimate(void *state)
{
    const CXLMedia *s = state;

    return estimate_ms(s->scan.end - s->scan.dpa);
}

/* Note what is poisoned, up to where there is no more room for results */
static void scan(CXLMedia *s)
{
    CXLMediaScan *scan = &s->scan;
    const CXLPoison *p;

    for (uint32_t n = cxl_poison_find(s->poison, scan->dpa);
         (p = cxl_poison_at(s->poison, n)) && p->dpa < scan->end; n++) {
        CXLPoison part = *p;

        part.dpa = MAX(p->dpa, scan->dpa);
        part.len = MIN(p->dpa + p->len, scan->end) - part.dpa;
        if (cxl_poison_count(&scan->found) >= s->poison->max) {
            scan->stopped = part.dpa;
            return;
        }
        cxl_poison_append(&scan->found, &part);
    }
}

/*
 * CXL r3.1 8.2.9.9.4.5: the list is complete before the operation is.
 * Implementation defined: to the host what is on the list already is no news.
 */
static void tell(CXLMedia *s, const CXLPoison *p)
{
    bool overflow = s->poison->overflow;
    uint8_t descriptor = CXL_EVENT_DESCRIPTOR_UNCORRECTABLE;

    cxl_poison_found(s->poison, p->dpa, p->len,
                     cxl_timestamp_now(s->timestamp));
    if (s->poison->overflow && !overflow) {
        descriptor |= CXL_EVENT_DESCRIPTOR_POISON_OVERFLOW;
    }
    if (!s->scan.quiet) {
        cxl_media_report(s, p->listed ? CXL_LOG_INFO : CXL_LOG_FAILURE,
                         p->dpa, CXL_EVENT_TRANSACTION_SCAN_MEDIA,
                         descriptor);
    }
}

static CXLRet scan_finish(void *state)
{
    CXLMedia *s = state;
    const CXLPoison *p;

    scan(s);
    trace_cxl_media_scan(s->scan.dpa, s->scan.end, s->scan.stopped,
                         cxl_poison_count(&s->scan.found));
    for (uint32_t n = 0; (p = cxl_poison_at(&s->scan.found, n)); n++) {
        tell(s, p);
    }
    cxl_media_save(s);
    return CXL_RET_SUCCESS;
}

static void scan_cancel(void *state)
{
    cxl_scan_reset(state);
}

/*
 * CXL r3.1 8.2.9.9.4.6: Get Scan Media Results (4305h): once all have been
 * read, they begin anew. Implementation defined: without a scan since reset, or
 * after one that was aborted, there are none.
 */
static CXLRet cmd_scan_get_results(const CXLCall *call, CXLRsp *rsp)
{
    CXLMedia *s = call->state;
    CXLMediaScan *scan = &s->scan;
    CXLScanResultsRsp *out = cxl_rsp_add(rsp, sizeof(*out));
    CXLPoisonCursor query = { scan->dpa, scan->end, scan->next };
    bool more;

    if (cxl_scan_running(call->cci)) {
        return CXL_RET_BUSY;
    }
    out->count = cxl_le16(cxl_media_add_records(&scan->found, &query, false,
                                                rsp, &more));
    scan->next = more ? query.next : scan->dpa;
    out->flags = more ? CXL_SCAN_RESULTS_MORE : 0;
    if (scan->stopped != scan->end) {
        out->flags |= CXL_SCAN_RESULTS_STOPPED;
        out->restart_dpa = cxl_le64(scan->stopped);
        out->restart_length = cxl_le64((scan->end - scan->stopped) /
                                       CXL_POISON_LINE);
    }
    return CXL_RET_SUCCESS;
}

static const CXLCmd scan_rows[] = {
    {
        .opcode = CXL_OP_GET_SCAN_CAPABILITIES,
        .name = "get-scan-media-capabilities",
        .in_min = sizeof(CXLScanCapabilitiesReq),
        .out_max = sizeof(CXLScanCapabilitiesRsp),
        .flags = CXL_CMD_NEEDS_MEDIA,
        .handler = cmd_scan_get_capabilities,
    }, {
        .opcode = CXL_OP_SCAN_MEDIA,
        .name = "scan-media",
        .in_min = sizeof(CXLScanMediaReq),
        .flags = CXL_CMD_BACKGROUND | CXL_CMD_ABORTABLE |
                 CXL_CMD_NEEDS_MEDIA | CXL_CMD_NEEDS_UNLOCKED,
        .handler = cmd_scan_media,
        .finish = scan_finish,
        .cancel = scan_cancel,
        .estimate_ms = scan_estimate,
    }, {
        .opcode = CXL_OP_GET_SCAN_RESULTS,
        .name = "get-scan-media-results",
        .out_max = UINT32_MAX,
        .flags = CXL_CMD_NEEDS_MEDIA,
        .handler = cmd_scan_get_results,
    },
};

void cxl_scan_reset(CXLMedia *s)
{
    CXLMediaScan *scan = &s->scan;

    cxl_poison_clear_all(&scan->found);
    scan->dpa = 0;
    scan->end = 0;
    scan->stopped = 0;
    scan->next = 0;
    scan->quiet = false;
}

void cxl_scan_add(CXLCCI *cci, CXLMedia *s)
{
    cxl_poison_init(&s->scan.found, CXL_POISON_RANGES_MAX);
    cxl_cci_add(cci, scan_rows, ARRAY_SIZE(scan_rows), s);
}

void cxl_scan_destroy(CXLMedia *s)
{
    cxl_poison_destroy(&s->scan.found);
}

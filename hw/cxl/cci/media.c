/*
 * CXL r3.1 8.2.9.9.4: Poison commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/spec/payloads-events.h"
#include "hw/cxl/trace.h"
#include "media-internal.h"

/* CXL r3.1 Table 8-140: Media Error Length has 32 bits and counts lines */
#define RECORD_MAX (UINT32_MAX * (uint64_t)CXL_POISON_LINE)

static CXLMemCapacity capacity(const CXLMedia *s)
{
    return CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
}

static uint64_t dpa_size(const CXLMedia *s)
{
    CXLMemCapacity c = capacity(s);

    return c.vmem + c.pmem;
}

static uint64_t now(const CXLMedia *s)
{
    return cxl_timestamp_now(s->timestamp);
}

void cxl_media_report(CXLMedia *s, unsigned log, uint64_t dpa,
                      uint8_t transaction_type, uint8_t descriptor)
{
    uint64_t flags = dpa < capacity(s).vmem ? CXL_EVENT_DPA_VOLATILE : 0;
    CXLGeneralMediaEvent event = {
        .header.uuid = CXL_UUID_GENERAL_MEDIA_EVENT,
        .header.flags = cxl_le24(log),
        .dpa = cxl_le64(dpa | flags),
        .descriptor = descriptor,
        .type = CXL_GENERAL_MEDIA_TYPE_ECC,
        .transaction_type = transaction_type,
    };

    cxl_events_record(s->events, log, (CXLEventRecord *)&event, now(s));
}

/*
 * What is poisoned has changed. More of it is so from the very next access on;
 * memory that is healed may go on to be checked for a while.
 */
static void changed(CXLMedia *s, bool more)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);

    if (mc->recheck) {
        mc->recheck(s->mem, more);
    } else {
        cxl_media_save(s);
    }
}

static bool poison(CXLMedia *s, const CXLPoison *range)
{
    bool done = cxl_poison_add(s->poison, range, now(s));

    trace_cxl_media_poison(range->dpa, range->len, range->source,
                           range->listed, done);
    if (done) {
        /* What was written of these lines is lost */
        s->writes = (CXLPoisonWrites) { };
        changed(s, true);
    }
    return done;
}

static bool heal(CXLMedia *s, uint64_t dpa, uint64_t len)
{
    bool done = cxl_poison_remove(s->poison, dpa, len, now(s));

    trace_cxl_media_heal(dpa, len, done);
    if (done) {
        changed(s, false);
    }
    return done;
}

/*
 * CXL r3.1 Table 8-45: Poison List Overflow Event: the event that had the list
 * overflow, which it had not before
 */
static uint8_t overflow_descriptor(const CXLMedia *s, bool overflow_before)
{
    return s->poison->overflow && !overflow_before
           ? CXL_EVENT_DESCRIPTOR_POISON_OVERFLOW : 0;
}

bool cxl_media_poison(CXLMedia *s, const CXLPoison *range)
{
    bool overflow = s->poison->overflow;
    uint8_t descriptor;

    if (!poison(s, range)) {
        return false;
    }
    descriptor = overflow_descriptor(s, overflow);
    if (descriptor) {
        cxl_media_report(s, CXL_LOG_WARNING, range->dpa,
                         CXL_EVENT_TRANSACTION_MANAGEMENT,
                         descriptor | CXL_EVENT_DESCRIPTOR_UNCORRECTABLE);
    }
    return true;
}

bool cxl_media_heal(CXLMedia *s, uint64_t dpa, uint64_t len)
{
    return heal(s, dpa, len);
}

void cxl_media_forget_volatile(CXLMedia *s)
{
    uint64_t vmem = capacity(s).vmem;

    if (cxl_poison_hit(s->poison, 0, vmem)) {
        /* Of one that reaches beyond, one range remains */
        heal(s, 0, vmem);
    }
}

/*
 * Implementation defined: the device learns of poison that it did not know, or
 * had no room to list, when the host reads it
 */
static void consumed(CXLMedia *s, uint64_t line)
{
    const CXLPoison *p =
        cxl_poison_at(s->poison, cxl_poison_find(s->poison, line));
    bool overflow = s->poison->overflow;
    uint8_t descriptor;
    bool found;

    if (!p || p->dpa > line || p->listed) {
        return;
    }
    found = cxl_poison_found(s->poison, line, CXL_POISON_LINE, now(s));
    descriptor = overflow_descriptor(s, overflow);
    trace_cxl_media_learnt(line, found);
    if (found || descriptor) {
        cxl_media_report(s, CXL_LOG_FAILURE, line,
                         CXL_EVENT_TRANSACTION_HOST_READ,
                         descriptor | CXL_EVENT_DESCRIPTOR_UNCORRECTABLE);
        cxl_media_save(s);
    }
}

void cxl_media_consumed(CXLMedia *s, uint64_t dpa, unsigned size)
{
    uint64_t line = dpa & ~(uint64_t)(CXL_POISON_LINE - 1);

    for (; line < dpa + size; line += CXL_POISON_LINE) {
        consumed(s, line);
    }
}

/*
 * CXL r3.1 8.2.9.9.4.3: clearing poison is what the host does as well by
 * writing new data. Implementation defined: by all 64 bytes of a line, in any
 * order and number of accesses.
 */
void cxl_media_written(CXLMedia *s, uint64_t dpa, unsigned size)
{
    while (size) {
        unsigned part = MIN(size, CXL_POISON_LINE - dpa % CXL_POISON_LINE);

        if (cxl_poison_hit(s->poison, dpa, part) &&
            cxl_poison_write(&s->writes, dpa, part)) {
            heal(s, dpa, part);
        }
        dpa += part;
        size -= part;
    }
}

/* Lists */

bool cxl_media_decode_range(const CXLMedia *s, CXLLe64 dpa, CXLLe64 length,
                            CXLPoisonCursor *range)
{
    uint64_t size = dpa_size(s);
    uint64_t start = cxl_le64_get(dpa) & ~(uint64_t)(CXL_POISON_LINE - 1);
    uint64_t nr_lines = cxl_le64_get(length);

    if (start > size || nr_lines > (size - start) / CXL_POISON_LINE) {
        return false;
    }
    *range = (CXLPoisonCursor) {
        .dpa = start,
        .end = start + nr_lines * CXL_POISON_LINE,
        .next = start,
    };
    return true;
}

/*
 * CXL r3.1 8.2.9.9.4.1: the host repeats a query whose answer said that
 * there is more, and gets what follows; any other query starts anew
 */
static void resume_query(const CXLMedia *s, CXLPoisonCursor *query)
{
    const CXLPoisonCursor *last = &s->cursor;

    if (last->next && last->dpa == query->dpa && last->end == query->end) {
        query->next = last->next;
    }
}

/* The first poison of @query that was not answered yet; false without any */
static bool next_poison(const CXLPoisonList *list,
                        const CXLPoisonCursor *query, bool listed,
                        CXLPoison *out)
{
    uint32_t n = cxl_poison_find(list, query->next);
    const CXLPoison *p;
    uint64_t start;

    while ((p = cxl_poison_at(list, n)) && listed && !p->listed) {
        n++;
    }
    if (!p || p->dpa >= query->end) {
        return false;
    }
    start = MAX(p->dpa, query->next);
    *out = *p;
    out->dpa = start;
    out->len = MIN(MIN(p->dpa + p->len, query->end) - start, RECORD_MAX);
    return true;
}

uint16_t cxl_media_add_records(const CXLPoisonList *list,
                               CXLPoisonCursor *query, bool listed,
                               CXLRsp *rsp, bool *more)
{
    uint16_t nr = 0;
    CXLPoison p;

    while ((*more = next_poison(list, query, listed, &p)) &&
           nr < UINT16_MAX &&
           cxl_rsp_room(rsp) >= sizeof(CXLMediaErrorRecord)) {
        CXLMediaErrorRecord *record = cxl_rsp_add(rsp, sizeof(*record));

        record->address = cxl_le64(p.dpa | p.source);
        record->length = cxl_le32(p.len / CXL_POISON_LINE);
        query->next = p.dpa + p.len;
        nr++;
    }
    return nr;
}

/* Commands */

/* CXL r3.1 8.2.9.9.4.1: Get Poison List (4300h) */
static CXLRet cmd_media_get_poison_list(const CXLCall *call, CXLRsp *rsp)
{
    CXLMedia *s = call->state;
    const CXLGetPoisonReq *in = call->req;
    CXLGetPoisonRsp *out = cxl_rsp_add(rsp, sizeof(*out));
    CXLPoisonCursor query;
    bool more;

    if (!cxl_media_decode_range(s, in->dpa, in->length, &query)) {
        return CXL_RET_INVALID_PA;
    }
    resume_query(s, &query);
    out->count = cxl_le16(cxl_media_add_records(s->poison, &query, true, rsp,
                                                &more));
    s->cursor = more ? query : (CXLPoisonCursor) { };
    out->flags = (more ? CXL_POISON_LIST_MORE : 0) |
                 (cxl_scan_running(call->cci) ? CXL_POISON_LIST_SCANNING : 0);
    if (s->poison->overflow) {
        out->flags |= CXL_POISON_LIST_OVERFLOW;
        out->overflow_timestamp = cxl_le64(s->poison->overflow_timestamp);
    }
    return CXL_RET_SUCCESS;
}

/*
 * Implementation defined: an address with reserved bits is Invalid Input, one
 * that the device does not have is Invalid Physical Address
 */
static CXLRet check_line(const CXLMedia *s, uint64_t dpa)
{
    if (dpa % CXL_POISON_LINE) {
        return CXL_RET_INVALID_INPUT;
    }
    return dpa < dpa_size(s) ? CXL_RET_SUCCESS : CXL_RET_INVALID_PA;
}

static bool injected(const CXLMedia *s, uint64_t dpa)
{
    const CXLPoison *p =
        cxl_poison_at(s->poison, cxl_poison_find(s->poison, dpa));

    return p && p->dpa <= dpa && p->source == CXL_POISON_SOURCE_INJECTED;
}

/* CXL r3.1 8.2.9.9.4.2: Inject Poison (4301h) */
static CXLRet cmd_media_inject_poison(const CXLCall *call, CXLRsp *rsp)
{
    CXLMedia *s = call->state;
    const CXLInjectPoisonReq *in = call->req;
    const CXLPoison line = {
        .dpa = cxl_le64_get(in->dpa),
        .len = CXL_POISON_LINE,
        .source = CXL_POISON_SOURCE_INJECTED,
        .listed = true,
    };
    bool overflow = s->poison->overflow;
    CXLRet ret = check_line(s, line.dpa);

    if (ret != CXL_RET_SUCCESS) {
        return ret;
    }
    if (!injected(s, line.dpa) &&
        cxl_poison_count_lines(s->poison, CXL_POISON_SOURCE_INJECTED) >=
        s->poison->inject_max) {
        return CXL_RET_POISON_LIMIT;
    }
    if (!poison(s, &line)) {
        return CXL_RET_POISON_LIMIT;
    }
    cxl_media_report(s, CXL_LOG_INFO, line.dpa,
                     CXL_EVENT_TRANSACTION_INJECT_POISON,
                     CXL_EVENT_DESCRIPTOR_UNCORRECTABLE |
                     overflow_descriptor(s, overflow));
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.9.4.3: Clear Poison (4302h): where there is none, data are
 * written all the same. A line that cannot be taken out of its range is one
 * whose poison it is not possible to clear.
 */
static CXLRet cmd_media_clear_poison(const CXLCall *call, CXLRsp *rsp)
{
    CXLMedia *s = call->state;
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    const CXLClearPoisonReq *in = call->req;
    uint64_t dpa = cxl_le64_get(in->dpa);
    CXLRet ret = check_line(s, dpa);
    bool poisoned;

    if (ret != CXL_RET_SUCCESS) {
        return ret;
    }
    poisoned = cxl_poison_hit(s->poison, dpa, CXL_POISON_LINE);
    if (poisoned && !heal(s, dpa, CXL_POISON_LINE)) {
        return CXL_RET_PERMANENT_MEDIA_FAILURE;
    }
    for (unsigned n = 0; n < ARRAY_SIZE(in->data); n++) {
        mc->write(s->mem, dpa + n * 8, cxl_le64_get(in->data[n]), 8,
                  MEMTXATTRS_UNSPECIFIED);
    }
    if (poisoned) {
        cxl_media_report(s, CXL_LOG_INFO, dpa,
                         CXL_EVENT_TRANSACTION_HOST_WRITE, 0);
    }
    return CXL_RET_SUCCESS;
}

static const CXLCmd media_rows[] = {
    {
        .opcode = CXL_OP_GET_POISON_LIST,
        .name = "get-poison-list",
        .in_min = sizeof(CXLGetPoisonReq),
        .out_max = UINT32_MAX,
        .flags = CXL_CMD_NEEDS_MEDIA,
        .handler = cmd_media_get_poison_list,
    }, {
        .opcode = CXL_OP_INJECT_POISON,
        .name = "inject-poison",
        .in_min = sizeof(CXLInjectPoisonReq),
        .effects = CXL_EFFECT_DATA_NOW,
        .flags = CXL_CMD_NEEDS_MEDIA | CXL_CMD_NEEDS_UNLOCKED,
        .handler = cmd_media_inject_poison,
    }, {
        .opcode = CXL_OP_CLEAR_POISON,
        .name = "clear-poison",
        .in_min = sizeof(CXLClearPoisonReq),
        .effects = CXL_EFFECT_DATA_NOW,
        .flags = CXL_CMD_NEEDS_MEDIA | CXL_CMD_NEEDS_UNLOCKED,
        .handler = cmd_media_clear_poison,
    },
};

void cxl_media_reset(CXLMedia *s)
{
    s->cursor = (CXLPoisonCursor) { };
    s->writes = (CXLPoisonWrites) { };
    cxl_scan_reset(s);
}

void cxl_media_add(CXLCCI *cci, CXLMedia *s, CXLMem *mem,
                   CXLPoisonList *poison, CXLEvents *events,
                   const CXLTimestamp *timestamp)
{
    *s = (CXLMedia) {
        .mem = mem,
        .poison = poison,
        .events = events,
        .timestamp = timestamp,
    };
    cxl_media_load(s);
    cxl_cci_add(cci, media_rows, ARRAY_SIZE(media_rows), s);
    cxl_scan_add(cci, s);
}

void cxl_media_destroy(CXLMedia *s)
{
    cxl_scan_destroy(s);
}

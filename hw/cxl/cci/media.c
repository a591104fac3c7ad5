/*
 * CXL r3.1 8.2.9.9.4: Poison commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "migration/qemu-file-types.h"
#include "hw/cxl/cci/sets.h"

/* CXL r3.1 Table 8-140: Media Error Length has 32 bits and counts lines */
#define RECORD_MAX (UINT32_MAX * (uint64_t)CXL_POISON_LINE)

static uint64_t dpa_size(const CXLMedia *s)
{
    CXLMemCapacity c = CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);

    return c.vmem + c.pmem;
}

/* CXL r3.1 8.2.9.9.4.1: bits 5:0 of the address are reserved */
static bool decode_query(const CXLMedia *s, const CXLGetPoisonReq *in,
                         CXLPoisonCursor *query)
{
    uint64_t size = dpa_size(s);
    uint64_t dpa = cxl_le64_get(in->dpa) & ~(uint64_t)(CXL_POISON_LINE - 1);
    uint64_t nr_lines = cxl_le64_get(in->length);

    if (dpa > size || nr_lines > (size - dpa) / CXL_POISON_LINE) {
        return false;
    }
    *query = (CXLPoisonCursor) {
        .dpa = dpa,
        .end = dpa + nr_lines * CXL_POISON_LINE,
        .next = dpa,
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
static bool next_poison(const CXLMedia *s, const CXLPoisonCursor *query,
                        CXLPoison *out)
{
    const CXLPoison *p =
        cxl_poison_at(s->poison, cxl_poison_find(s->poison, query->next));
    uint64_t start;

    if (!p || p->dpa >= query->end) {
        return false;
    }
    start = MAX(p->dpa, query->next);
    *out = (CXLPoison) {
        .dpa = start,
        .len = MIN(MIN(p->dpa + p->len, query->end) - start, RECORD_MAX),
        .source = p->source,
    };
    return true;
}

/* Answer with as many records of @query as fit; returns how many */
static uint16_t add_records(const CXLMedia *s, CXLPoisonCursor *query,
                            CXLRsp *rsp)
{
    uint16_t nr = 0;
    CXLPoison p;

    while (nr < UINT16_MAX &&
           cxl_rsp_room(rsp) >= sizeof(CXLMediaErrorRecord) &&
           next_poison(s, query, &p)) {
        CXLMediaErrorRecord *record = cxl_rsp_add(rsp, sizeof(*record));

        record->address = cxl_le64(p.dpa | p.source);
        record->length = cxl_le32(p.len / CXL_POISON_LINE);
        query->next = p.dpa + p.len;
        nr++;
    }
    return nr;
}

/* CXL r3.1 8.2.9.9.4.1: Get Poison List (4300h) */
static CXLRet cmd_media_get_poison_list(const CXLCall *call, CXLRsp *rsp)
{
    CXLMedia *s = call->state;
    CXLGetPoisonRsp *out = cxl_rsp_add(rsp, sizeof(*out));
    CXLPoisonCursor query;
    CXLPoison left;

    if (!decode_query(s, call->req, &query)) {
        return CXL_RET_INVALID_PA;
    }
    resume_query(s, &query);
    out->count = cxl_le16(add_records(s, &query, rsp));
    cxl_media_reset(s);
    if (next_poison(s, &query, &left)) {
        out->flags |= CXL_POISON_LIST_MORE;
        s->cursor = query;
    }
    if (s->poison->overflow) {
        out->flags |= CXL_POISON_LIST_OVERFLOW;
        out->overflow_timestamp = cxl_le64(s->poison->overflow_timestamp);
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
    },
};

void cxl_media_reset(CXLMedia *s)
{
    s->cursor = (CXLPoisonCursor) { };
}

void cxl_media_add(CXLCCI *cci, CXLMedia *s, CXLMem *mem,
                   CXLPoisonList *poison)
{
    *s = (CXLMedia) { .mem = mem, .poison = poison };
    cxl_cci_add(cci, media_rows, ARRAY_SIZE(media_rows), s);
}

/* Take in a range that another QEMU sent; false when it cannot stand there */
static bool load_range(CXLPoisonList *list, const CXLPoison *p)
{
    const CXLPoison *last = list->ranges->len
        ? cxl_poison_at(list, list->ranges->len - 1) : NULL;

    if (!p->len || (p->dpa | p->len) % CXL_POISON_LINE ||
        p->len > UINT64_MAX - p->dpa || p->source > CXL_POISON_SOURCE_MASK ||
        (last && p->dpa < last->dpa + last->len)) {
        return false;
    }
    g_array_append_val(list->ranges, *p);
    return true;
}

static int get_ranges(QEMUFile *f, void *pv, size_t size,
                      const VMStateField *field)
{
    CXLPoisonList *list = pv;
    uint32_t nr = qemu_get_be32(f);

    cxl_poison_clear_all(list);
    if (nr > list->max) {
        return -EINVAL;
    }
    for (uint32_t n = 0; n < nr; n++) {
        CXLPoison p;

        p.dpa = qemu_get_be64(f);
        p.len = qemu_get_be64(f);
        p.source = qemu_get_byte(f);
        if (!load_range(list, &p)) {
            return -EINVAL;
        }
    }
    return 0;
}

static int put_ranges(QEMUFile *f, void *pv, size_t size,
                      const VMStateField *field, JSONWriter *vmdesc)
{
    const CXLPoisonList *list = pv;
    const CXLPoison *p;

    qemu_put_be32(f, cxl_poison_count(list));
    for (uint32_t n = 0; (p = cxl_poison_at(list, n)); n++) {
        qemu_put_be64(f, p->dpa);
        qemu_put_be64(f, p->len);
        qemu_put_byte(f, p->source);
    }
    return 0;
}

static const VMStateInfo vmstate_info_poison_ranges = {
    .name = "cxl-poison-ranges",
    .get = get_ranges,
    .put = put_ranges,
};

static const VMStateDescription vmstate_poison_list = {
    .name = "cxl-poison-list",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        {
            .name = "ranges",
            .version_id = 1,
            .info = &vmstate_info_poison_ranges,
            .size = sizeof(CXLPoisonList),
            .flags = VMS_SINGLE,
        },
        VMSTATE_BOOL(overflow, CXLPoisonList),
        VMSTATE_UINT64(overflow_timestamp, CXLPoisonList),
        VMSTATE_END_OF_LIST()
    }
};

static int media_post_load(void *opaque, int version_id)
{
    const CXLPoisonCursor *c = &((const CXLMedia *)opaque)->cursor;

    return c->dpa <= c->next && c->next <= c->end ? 0 : -EINVAL;
}

const VMStateDescription vmstate_cxl_media = {
    .name = "cxl-media",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = media_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_POINTER(poison, CXLMedia, vmstate_poison_list,
                               CXLPoisonList),
        VMSTATE_UINT64(cursor.dpa, CXLMedia),
        VMSTATE_UINT64(cursor.end, CXLMedia),
        VMSTATE_UINT64(cursor.next, CXLMedia),
        VMSTATE_END_OF_LIST()
    }
};

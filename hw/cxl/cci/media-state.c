/*
 * CXL r3.1 8.2.9.9.4: what is poisoned, saved and kept
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "migration/qemu-file-types.h"
#include "media-internal.h"

/* As it is kept: never change it, add an area instead */
typedef struct NvPoison {
    CXLLe32 count;
    uint8_t overflow;
    uint8_t reserved[3];
    CXLLe64 overflow_timestamp;
    struct {
        CXLLe64 address;            /* 63:6 DPA, 3 not listed, 2:0 source */
        CXLLe64 length;             /* units of 64 bytes */
    } range[CXL_POISON_RANGES_MAX];
} NvPoison;
CXL_WIRE_SIZE(NvPoison, 16 + 16 * CXL_POISON_RANGES_MAX);
QEMU_BUILD_BUG_ON(sizeof(NvPoison) > CXL_NV_MAX);

#define NV_NOT_LISTED   (1u << 3)

static CXLMemCapacity capacity(const CXLMedia *s)
{
    return CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
}

void cxl_media_save(const CXLMedia *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    g_autofree NvPoison *nv = g_new0(NvPoison, 1);
    const CXLPoison *p;

    if (!mc->nv_save) {
        return;
    }
    for (uint32_t n = 0; (p = cxl_poison_at(s->poison, n)); n++) {
        nv->range[n].address =
            cxl_le64(p->dpa | p->source | (p->listed ? 0 : NV_NOT_LISTED));
        nv->range[n].length = cxl_le64(p->len / CXL_POISON_LINE);
    }
    nv->count = cxl_le32(cxl_poison_count(s->poison));
    nv->overflow = s->poison->overflow;
    nv->overflow_timestamp = cxl_le64(s->poison->overflow_timestamp);
    mc->nv_save(s->mem, CXL_NV_POISON, nv, sizeof(*nv));
}

/*
 * Range @n that was kept, if it is one of persistent memory: that of volatile
 * memory has gone with power. It is not trusted.
 */
static void load_kept(const CXLMedia *s, const NvPoison *nv, uint32_t n)
{
    CXLMemCapacity c = capacity(s);
    uint64_t address = cxl_le64_get(nv->range[n].address);
    uint64_t nr_lines = cxl_le64_get(nv->range[n].length);
    uint64_t dpa = address & ~(uint64_t)(CXL_POISON_LINE - 1);
    uint64_t all = c.vmem + c.pmem, start = MAX(dpa, c.vmem);
    CXLPoison p = {
        .dpa = start,
        .source = address & CXL_POISON_SOURCE_MASK,
        .listed = !(address & NV_NOT_LISTED) &&
                  cxl_poison_count_listed(s->poison) < s->poison->max,
    };

    if (dpa < all && nr_lines <= (all - dpa) / CXL_POISON_LINE &&
        dpa + nr_lines * CXL_POISON_LINE > start) {
        p.len = dpa + nr_lines * CXL_POISON_LINE - start;
        cxl_poison_append(s->poison, &p);
    }
}

static bool all_listed(const CXLPoisonList *list)
{
    return cxl_poison_count_listed(list) == cxl_poison_count(list);
}

void cxl_media_load(CXLMedia *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    g_autofree NvPoison *nv = g_new0(NvPoison, 1);
    uint32_t count;

    if (!mc->nv_load ||
        !mc->nv_load(s->mem, CXL_NV_POISON, nv, sizeof(*nv))) {
        return;
    }
    count = MIN(cxl_le32_get(nv->count), CXL_POISON_RANGES_MAX);
    for (uint32_t n = 0; n < count; n++) {
        load_kept(s, nv, n);
    }
    if (nv->overflow && !all_listed(s->poison)) {
        s->poison->overflow = true;
        s->poison->overflow_timestamp = cxl_le64_get(nv->overflow_timestamp);
    }
}

/* What another QEMU sends is not trusted either */
static int get_ranges(QEMUFile *f, void *pv, size_t size,
                      const VMStateField *field)
{
    CXLPoisonList *list = pv;
    uint32_t nr = qemu_get_be32(f);

    cxl_poison_clear_all(list);
    if (nr > CXL_POISON_RANGES_MAX) {
        return -EINVAL;
    }
    for (uint32_t n = 0; n < nr; n++) {
        CXLPoison p = { };
        uint8_t listed;

        p.dpa = qemu_get_be64(f);
        p.len = qemu_get_be64(f);
        p.source = qemu_get_byte(f);
        listed = qemu_get_byte(f);
        p.listed = listed;
        if (p.source > CXL_POISON_SOURCE_MASK || listed > 1 ||
            !cxl_poison_append(list, &p)) {
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
        qemu_put_byte(f, p->listed);
    }
    return 0;
}

static const VMStateInfo vmstate_info_poison_ranges = {
    .name = "cxl-poison-ranges",
    .get = get_ranges,
    .put = put_ranges,
};

static int poison_list_post_load(void *opaque, int version_id)
{
    const CXLPoisonList *list = opaque;

    return list->overflow && all_listed(list) ? -EINVAL : 0;
}

static const VMStateDescription vmstate_poison_list = {
    .name = "cxl-poison-list",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = poison_list_post_load,
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

/* Whether all of @list lies inside [@dpa, @end) */
static bool inside(const CXLPoisonList *list, uint64_t dpa, uint64_t end)
{
    uint32_t nr = cxl_poison_count(list);
    const CXLPoison *last = nr ? cxl_poison_at(list, nr - 1) : NULL;

    return !last || (cxl_poison_at(list, 0)->dpa >= dpa &&
                     last->dpa + last->len <= end);
}

static bool plausible_scan(const CXLMediaScan *scan, uint64_t size)
{
    return (scan->dpa | scan->end | scan->stopped) % CXL_POISON_LINE == 0 &&
           scan->dpa <= scan->stopped && scan->stopped <= scan->end &&
           scan->end <= size && scan->dpa <= scan->next &&
           scan->next <= scan->end &&
           inside(&scan->found, scan->dpa, scan->stopped);
}

static int media_post_load(void *opaque, int version_id)
{
    const CXLMedia *s = opaque;
    const CXLPoisonCursor *c = &s->cursor;
    CXLMemCapacity memory = capacity(s);
    uint64_t size = memory.vmem + memory.pmem;

    if (c->dpa > c->next || c->next > c->end ||
        !inside(s->poison, 0, size) || !plausible_scan(&s->scan, size) ||
        s->writes.next >= CXL_POISON_WRITES) {
        return -EINVAL;
    }
    return 0;
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
        VMSTATE_UINT64(scan.dpa, CXLMedia),
        VMSTATE_UINT64(scan.end, CXLMedia),
        VMSTATE_BOOL(scan.quiet, CXLMedia),
        VMSTATE_STRUCT(scan.found, CXLMedia, 1, vmstate_poison_list,
                       CXLPoisonList),
        VMSTATE_UINT64(scan.stopped, CXLMedia),
        VMSTATE_UINT64(scan.next, CXLMedia),
        VMSTATE_UINT64_ARRAY(writes.dpa, CXLMedia, CXL_POISON_WRITES),
        VMSTATE_UINT64_ARRAY(writes.written, CXLMedia, CXL_POISON_WRITES),
        VMSTATE_UINT8(writes.next, CXLMedia),
        VMSTATE_END_OF_LIST()
    }
};

/*
 * The poison list: disjoint ranges in ascending order
 *
 * Every change builds the list anew and takes its place only if it fits, so
 * that a change that fails has changed nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/model/poison.h"

static const CXLPoison *at(const GArray *ranges, uint32_t n)
{
    return &g_array_index(ranges, CXLPoison, n);
}

void cxl_poison_init(CXLPoisonList *list, uint32_t max)
{
    *list = (CXLPoisonList) {
        .ranges = g_array_new(false, false, sizeof(CXLPoison)),
        .max = max,
    };
}

void cxl_poison_destroy(CXLPoisonList *list)
{
    g_array_unref(list->ranges);
    *list = (CXLPoisonList) { };
}

void cxl_poison_clear_all(CXLPoisonList *list)
{
    g_array_set_size(list->ranges, 0);
    list->overflow = false;
    list->overflow_timestamp = 0;
}

uint32_t cxl_poison_count(const CXLPoisonList *list)
{
    return list->ranges->len;
}

const CXLPoison *cxl_poison_at(const CXLPoisonList *list, uint32_t n)
{
    return n < list->ranges->len ? at(list->ranges, n) : NULL;
}

static uint64_t end_of(const CXLPoison *p)
{
    return p->dpa + p->len;
}

/* The lines that [@dpa, @dpa + @len) touches, up to the last but one of all */
static CXLPoison lines(uint64_t dpa, uint64_t len, uint8_t source)
{
    const uint64_t mask = CXL_POISON_LINE - 1;
    const uint64_t limit = UINT64_MAX & ~mask;
    uint64_t start = MIN(dpa, limit);
    uint64_t end = start + MIN(len, limit - start);

    start &= ~mask;
    return (CXLPoison) {
        .dpa = start,
        .len = ((end + mask) & ~mask) - start,
        .source = source,
    };
}

/* The first range that ends after @dpa */
static uint32_t first_after(const GArray *ranges, uint64_t dpa)
{
    uint32_t low = 0;
    uint32_t high = ranges->len;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (end_of(at(ranges, mid)) > dpa) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

uint32_t cxl_poison_find(const CXLPoisonList *list, uint64_t dpa)
{
    return first_after(list->ranges, dpa);
}

bool cxl_poison_hit(const CXLPoisonList *list, uint64_t dpa, uint64_t len)
{
    CXLPoison query = lines(dpa, len, 0);
    const CXLPoison *p;

    if (!len || !list->ranges->len) {
        return false;
    }
    p = cxl_poison_at(list, first_after(list->ranges, query.dpa));
    return p && p->dpa < end_of(&query);
}

/* Append [@dpa, @end), joining it to the last range where they are alike */
static void append(GArray *ranges, uint64_t dpa, uint64_t end, uint8_t source)
{
    CXLPoison next = { .dpa = dpa, .len = end - dpa, .source = source };

    if (end <= dpa) {
        return;
    }
    if (ranges->len) {
        CXLPoison *last = &g_array_index(ranges, CXLPoison, ranges->len - 1);

        if (last->source == source && end_of(last) == dpa) {
            last->len += next.len;
            return;
        }
    }
    g_array_append_val(ranges, next);
}

/* The ranges outside of @hole, and @hole itself if it is to be @filled */
static GArray *rebuild(const GArray *ranges, const CXLPoison *hole,
                       bool filled)
{
    GArray *out = g_array_new(false, false, sizeof(CXLPoison));
    uint32_t n;

    for (n = 0; n < ranges->len && at(ranges, n)->dpa < hole->dpa; n++) {
        const CXLPoison *p = at(ranges, n);

        append(out, p->dpa, MIN(end_of(p), hole->dpa), p->source);
    }
    if (filled) {
        append(out, hole->dpa, end_of(hole), hole->source);
    }
    /* The range before may reach over the whole hole */
    for (n = n ? n - 1 : 0; n < ranges->len; n++) {
        const CXLPoison *p = at(ranges, n);

        append(out, MAX(p->dpa, end_of(hole)), end_of(p), p->source);
    }
    return out;
}

static bool replace(CXLPoisonList *list, const CXLPoison *hole, bool filled,
                    uint64_t timestamp_ns)
{
    GArray *ranges = rebuild(list->ranges, hole, filled);

    if (ranges->len > list->max) {
        g_array_unref(ranges);
        if (!list->overflow) {
            list->overflow = true;
            list->overflow_timestamp = timestamp_ns;
        }
        return false;
    }
    g_array_unref(list->ranges);
    list->ranges = ranges;
    return true;
}

bool cxl_poison_add(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                    uint8_t source, uint64_t timestamp_ns)
{
    CXLPoison range = lines(dpa, len, source);

    return !len || replace(list, &range, true, timestamp_ns);
}

bool cxl_poison_remove(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                       uint64_t timestamp_ns)
{
    CXLPoison range = lines(dpa, len, 0);

    return !cxl_poison_hit(list, dpa, len) ||
           replace(list, &range, false, timestamp_ns);
}

/*
 * Poison: disjoint ranges in ascending order
 *
 * Every change builds the ranges anew and takes their place only if they fit,
 * so that a change that fails has changed nothing.
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
    assert(max <= CXL_POISON_RANGES_MAX);
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

static uint32_t count_listed(const GArray *ranges)
{
    uint32_t nr = 0;

    for (uint32_t n = 0; n < ranges->len; n++) {
        nr += at(ranges, n)->listed;
    }
    return nr;
}

uint32_t cxl_poison_count_listed(const CXLPoisonList *list)
{
    return count_listed(list->ranges);
}

uint64_t cxl_poison_count_lines(const CXLPoisonList *list, uint8_t source)
{
    uint64_t bytes = 0;

    for (uint32_t n = 0; n < list->ranges->len; n++) {
        const CXLPoison *p = at(list->ranges, n);

        bytes += p->source == source ? p->len : 0;
    }
    return bytes / CXL_POISON_LINE;
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
static CXLPoison lines(uint64_t dpa, uint64_t len)
{
    const uint64_t mask = CXL_POISON_LINE - 1;
    const uint64_t limit = UINT64_MAX & ~mask;
    uint64_t start = MIN(dpa, limit);
    uint64_t end = start + MIN(len, limit - start);

    start &= ~mask;
    return (CXLPoison) { .dpa = start, .len = ((end + mask) & ~mask) - start };
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
    CXLPoison query = lines(dpa, len);
    const CXLPoison *p;

    if (!len || !list->ranges->len) {
        return false;
    }
    p = cxl_poison_at(list, first_after(list->ranges, query.dpa));
    return p && p->dpa < end_of(&query);
}

static bool alike(const CXLPoison *a, const CXLPoison *b)
{
    return a->source == b->source && a->listed == b->listed;
}

/* Append [@dpa, @end) of @p, joining it to the last range where it can be */
static void append(GArray *ranges, const CXLPoison *p, uint64_t dpa,
                   uint64_t end)
{
    CXLPoison next = *p;

    if (end <= dpa) {
        return;
    }
    next.dpa = dpa;
    next.len = end - dpa;
    if (ranges->len) {
        CXLPoison *last = &g_array_index(ranges, CXLPoison, ranges->len - 1);

        if (alike(last, p) && end_of(last) == dpa) {
            last->len += next.len;
            return;
        }
    }
    g_array_append_val(ranges, next);
}

/**
 * Change: what becomes of the lines of @hole
 * @filled: they are poisoned, as @hole says; otherwise healed
 * @tail_unlisted: what is left behind them of a range that they cut in two is
 *                 listed no more
 */
typedef struct Change {
    CXLPoison hole;
    bool filled;
    bool tail_unlisted;
} Change;

static GArray *rebuild(const GArray *ranges, const Change *c)
{
    GArray *out = g_array_new(false, false, sizeof(CXLPoison));
    uint64_t end = end_of(&c->hole);
    uint32_t n;

    for (n = 0; n < ranges->len && at(ranges, n)->dpa < c->hole.dpa; n++) {
        const CXLPoison *p = at(ranges, n);

        append(out, p, p->dpa, MIN(end_of(p), c->hole.dpa));
    }
    if (c->filled) {
        append(out, &c->hole, c->hole.dpa, end);
    }
    /* The range before may reach over the whole hole */
    for (n = n ? n - 1 : 0; n < ranges->len; n++) {
        CXLPoison p = *at(ranges, n);

        p.listed &= !(c->tail_unlisted && p.dpa < c->hole.dpa);
        append(out, &p, MAX(p.dpa, end), end_of(&p));
    }
    return out;
}

static void set_overflow(CXLPoisonList *list, uint64_t timestamp_ns)
{
    if (!list->overflow) {
        list->overflow = true;
        list->overflow_timestamp = timestamp_ns;
    }
}

static void take(CXLPoisonList *list, GArray *ranges)
{
    g_array_unref(list->ranges);
    list->ranges = ranges;
    /* What overflowed has been healed, or found and listed */
    if (count_listed(ranges) == ranges->len) {
        list->overflow = false;
        list->overflow_timestamp = 0;
    }
}

/*
 * Make @c of the ranges, if the list has room for them; @refused: the media
 * has not, so that no other way to list them can help
 */
static bool make(CXLPoisonList *list, const Change *c, bool *refused)
{
    GArray *ranges = rebuild(list->ranges, c);

    *refused = ranges->len > CXL_POISON_RANGES_MAX;
    if (*refused || count_listed(ranges) > list->max) {
        g_array_unref(ranges);
        return false;
    }
    take(list, ranges);
    return true;
}

/* Without room, first what is new is not listed, then what comes after it */
static bool change(CXLPoisonList *list, Change c, uint64_t timestamp_ns)
{
    bool refused;

    if (make(list, &c, &refused)) {
        return true;
    }
    c.hole.listed = false;
    if (!refused && !make(list, &c, &refused)) {
        c.tail_unlisted = true;
        if (!refused) {
            make(list, &c, &refused);
        }
    }
    if (!refused) {
        set_overflow(list, timestamp_ns);
    }
    return !refused;
}

bool cxl_poison_add(CXLPoisonList *list, const CXLPoison *range,
                    uint64_t timestamp_ns)
{
    Change c = { .hole = lines(range->dpa, range->len), .filled = true };

    c.hole.source = range->source;
    c.hole.listed = range->listed;
    return !range->len || change(list, c, timestamp_ns);
}

bool cxl_poison_remove(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                       uint64_t timestamp_ns)
{
    Change c = { .hole = lines(dpa, len) };

    return !cxl_poison_hit(list, dpa, len) || change(list, c, timestamp_ns);
}

/* The first lines of [@dpa, @end) that are poisoned but not listed */
static bool next_unlisted(const CXLPoisonList *list, uint64_t dpa,
                          uint64_t end, CXLPoison *out)
{
    const CXLPoison *p;

    for (uint32_t n = cxl_poison_find(list, dpa);
         (p = cxl_poison_at(list, n)) && p->dpa < end; n++) {
        if (!p->listed) {
            *out = *p;
            out->dpa = MAX(p->dpa, dpa);
            out->len = MIN(end_of(p), end) - out->dpa;
            return true;
        }
    }
    return false;
}

bool cxl_poison_found(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                      uint64_t timestamp_ns)
{
    CXLPoison all = lines(dpa, len);
    Change c = { .filled = true };
    bool refused;

    while (next_unlisted(list, all.dpa, end_of(&all), &c.hole)) {
        c.hole.listed = true;
        if (!make(list, &c, &refused)) {
            set_overflow(list, timestamp_ns);
            return false;
        }
    }
    return true;
}

bool cxl_poison_append(CXLPoisonList *list, const CXLPoison *range)
{
    const CXLPoison *last = list->ranges->len
        ? at(list->ranges, list->ranges->len - 1) : NULL;

    if (!range->len || (range->dpa | range->len) % CXL_POISON_LINE ||
        range->len > UINT64_MAX - range->dpa ||
        (last && range->dpa < end_of(last)) ||
        list->ranges->len == CXL_POISON_RANGES_MAX ||
        (range->listed && count_listed(list->ranges) == list->max)) {
        return false;
    }
    g_array_append_val(list->ranges, *range);
    return true;
}

bool cxl_poison_write(CXLPoisonWrites *w, uint64_t dpa, unsigned len)
{
    uint64_t line = dpa & ~(uint64_t)(CXL_POISON_LINE - 1);
    uint64_t mask = UINT64_MAX >> (64 - len) << (dpa - line);
    unsigned n;

    for (n = 0; n < CXL_POISON_WRITES; n++) {
        if (w->written[n] && w->dpa[n] == line) {
            break;
        }
    }
    if (n == CXL_POISON_WRITES) {
        n = w->next;
        w->next = (n + 1) % CXL_POISON_WRITES;
        w->dpa[n] = line;
        w->written[n] = 0;
    }
    w->written[n] |= mask;
    if (w->written[n] != UINT64_MAX) {
        return false;
    }
    w->written[n] = 0;
    return true;
}

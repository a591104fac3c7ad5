/*
 * CXL Fixed Memory Windows: fast mappings above the I/O path
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/cxl/decode/view.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/trace.h"

/*
 * QEMU takes 4096 sections of memory in all; each hole in a mapping makes one
 * more. A region that would need more than these is not mapped at all.
 */
#define MAP_HOLES_MAX       1024
/* Ranges that may be looked at before they are joined to holes of whole pages */
#define MAP_RANGES_MAX      (64 * 1024)

/**
 * CXLMap: how one segment of a route is mapped
 * @how: the mapping, and for the I/O path why it is not a faster one
 * @ram, @offset: what an alias shows; NULL for the other kinds
 * @view: NULL for the other kinds
 * @holes: CXLViewRange, ascending: pages that the I/O path serves all the same
 * @pieces: MemoryRegion, aliases of what is between them; NULL: none
 * @known: it stands in the window's maps
 * @cut: it is mapped anew, because of other holes
 */
typedef struct CXLMap {
    uint64_t hpa;
    uint64_t size;
    char *how;
    MemoryRegion *ram;
    hwaddr offset;
    CXLView *view;
    CXLWindow *w;
    GArray *holes;
    GPtrArray *pieces;
    bool known;
    bool cut;
} CXLMap;

/* Holes of all windows, while they are planned */
static unsigned map_holes_planned;

static void map_set_io(CXLMap *map, char *why)
{
    g_free(map->how);
    map->how = g_strdup_printf("io: %s", why);
    g_free(why);
}

/* RAM that holds the segment from its first to its last byte, in this order */
static void map_plan_alias(CXLMap *map, const CXLSegment *s)
{
    const CXLPosition *p = s->positions;
    CXLMemClass *mc = CXL_MEM_GET_CLASS(p->mem);

    if (mc->ram) {
        map->ram = mc->ram(p->mem, p->dpa + (s->hpa - p->base), s->size,
                           &map->offset);
    }
    if (map->ram) {
        map->how = g_strdup("alias");
    } else {
        map_set_io(map, g_strdup("device 0 gives no RAM"));
    }
}

static void map_plan_view(CXLMap *map, const CXLSegment *s)
{
    char *why;

    map->view = cxl_view_plan(s, map->w->index, &why);
    if (map->view) {
        map->how = g_strdup("view");
    } else {
        map_set_io(map, why);
    }
}

/* Bytes of an alias that are to be checked at each access */
static void map_alias_checked(const CXLSegment *s, GArray *ranges)
{
    const CXLPosition *p = s->positions;
    CXLMemClass *mc = CXL_MEM_GET_CLASS(p->mem);
    uint64_t dpa = p->dpa + (s->hpa - p->base);
    uint64_t start, end = dpa;

    while (mc->checked &&
           mc->checked(p->mem, end, dpa + s->size - end, &start, &end)) {
        CXLViewRange r = { start - dpa, end - dpa };

        g_array_append_val(ranges, r);
    }
}

static int map_compare_ranges(const void *a, const void *b)
{
    const CXLViewRange *x = a, *y = b;

    return (x->from > y->from) - (x->from < y->from);
}

/* Pages with a byte of @ranges, neighbours joined */
static GArray *map_join_ranges(GArray *ranges)
{
    GArray *holes = g_array_new(false, false, sizeof(CXLViewRange));
    CXLViewRange *last = NULL;

    g_array_sort(ranges, map_compare_ranges);
    for (unsigned i = 0; i < ranges->len; i++) {
        CXLViewRange r = g_array_index(ranges, CXLViewRange, i);

        r.from = QEMU_ALIGN_DOWN(r.from, qemu_real_host_page_size());
        r.to = QEMU_ALIGN_UP(r.to, qemu_real_host_page_size());
        if (last && r.from <= last->to) {
            last->to = MAX(last->to, r.to);
        } else {
            g_array_append_val(holes, r);
            last = &g_array_index(holes, CXLViewRange, holes->len - 1);
        }
    }
    return holes;
}

static void map_plan_holes(CXLMap *map, const CXLSegment *s)
{
    g_autoptr(GArray) ranges = g_array_new(false, false,
                                           sizeof(CXLViewRange));

    if (map->ram) {
        map_alias_checked(s, ranges);
    } else if (map->view) {
        cxl_view_checked(map->view, ranges, MAP_RANGES_MAX);
    }
    map->holes = map_join_ranges(ranges);
    map_holes_planned += map->holes->len;
    if (ranges->len >= MAP_RANGES_MAX || map_holes_planned > MAP_HOLES_MAX) {
        map_holes_planned -= map->holes->len;
        map->ram = NULL;
        g_clear_pointer(&map->view, object_unref);
        map_set_io(map, g_strdup("too many places are to be checked"));
    }
}

static CXLMap *map_plan(CXLWindow *w, const CXLSegment *s)
{
    CXLMap *map = g_new0(CXLMap, 1);

    map->w = w;
    map->hpa = s->hpa;
    map->size = s->size;
    if (s->nr == 1 && s->positions[0].ways == 1) {
        map_plan_alias(map, s);
    } else {
        map_plan_view(map, s);
    }
    map_plan_holes(map, s);
    return map;
}

/* But for the holes */
static bool map_equal(const CXLMap *a, const CXLMap *b)
{
    return a->hpa == b->hpa && a->size == b->size &&
           g_str_equal(a->how, b->how) &&
           a->ram == b->ram && (!a->ram || a->offset == b->offset) &&
           !a->view == !b->view &&
           (!a->view || cxl_view_equal(a->view, b->view));
}

static bool map_same_holes(const CXLMap *a, const CXLMap *b)
{
    return a->holes->len == b->holes->len &&
           (!a->holes->len ||
            !memcmp(a->holes->data, b->holes->data,
                    a->holes->len * sizeof(CXLViewRange)));
}

/* Take out of @maps the one that equals @plan; NULL if there is none */
static CXLMap *map_take(GPtrArray *maps, const CXLMap *plan)
{
    for (unsigned i = 0; maps && i < maps->len; i++) {
        if (map_equal(g_ptr_array_index(maps, i), plan)) {
            return g_ptr_array_steal_index_fast(maps, i);
        }
    }
    return NULL;
}

static void map_gather(CXLMap *map)
{
    char *why;

    if (map->view && !cxl_view_fill(map->view, &why)) {
        object_unref(map->view);
        map->view = NULL;
        map_set_io(map, why);
    }
}

/* Bytes @from to @to of the segment, RAM from now on */
static void map_add_piece(CXLMap *map, uint64_t from, uint64_t to)
{
    MemoryRegion *window = &map->w->mr;
    MemoryRegion *ram = map->view ? cxl_view_memory(map->view) : map->ram;
    MemoryRegion *piece;

    if (from == to) {
        return;
    }
    piece = g_new0(MemoryRegion, 1);
    memory_region_init_alias(piece, window->owner, "cxl-fmw-alias", ram,
                             map->offset + from, to - from);
    memory_region_add_subregion_overlap(window, map->hpa -
                                        map->w->spec.decoder.base + from,
                                        piece, 1);
    g_ptr_array_add(map->pieces, piece);
}

static void map_install(CXLMap *map)
{
    uint64_t at = 0;

    trace_cxl_window_map(map->w->index, map->hpa, map->size, map->how,
                         map->holes->len);
    map->known = true;
    map->cut = false;
    if (!map->ram && !map->view) {
        return;
    }
    map->pieces = g_ptr_array_new();
    for (unsigned i = 0; i < map->holes->len; i++) {
        CXLViewRange *hole = &g_array_index(map->holes, CXLViewRange, i);

        map_add_piece(map, at, hole->from);
        at = hole->to;
    }
    map_add_piece(map, at, map->size);
}

/*
 * An alias may be freed as soon as it is no subregion any more: flat views,
 * which live on until an RCU grace period has passed, refer to the RAM behind
 * it and hold a reference to the owner of that.
 */
static void map_remove(CXLMap *map)
{
    trace_cxl_window_unmap(map->w->index, map->hpa, map->size, map->how);
    for (unsigned i = 0; map->pieces && i < map->pieces->len; i++) {
        MemoryRegion *piece = g_ptr_array_index(map->pieces, i);

        memory_region_del_subregion(&map->w->mr, piece);
        object_unparent(OBJECT(piece));
        g_free(piece);
    }
    g_clear_pointer(&map->pieces, g_ptr_array_unref);
}

static void map_free(void *opaque)
{
    CXLMap *map = opaque;

    if (map->view && map->known) {
        cxl_view_release(map->view);
    } else if (map->view) {
        object_unref(map->view);
    }
    g_array_unref(map->holes);
    g_free(map->how);
    g_free(map);
}

void cxl_window_plan(CXLWindow *w, const CXLRoute *route)
{
    w->plans = g_ptr_array_new_with_free_func(map_free);
    for (unsigned i = 0; i < route->nr; i++) {
        CXLMap *plan = map_plan(w, &route->segments[i]);
        CXLMap *kept = map_take(w->maps, plan);

        if (kept && !map_same_holes(kept, plan)) {
            GArray *holes = kept->holes;

            kept->holes = plan->holes;
            plan->holes = holes;
            kept->cut = true;
        }
        if (kept) {
            map_free(plan);
        }
        g_ptr_array_add(w->plans, kept ? kept : plan);
    }
}

/* What is left in @maps has no plan any more */
static void window_remove(CXLWindow *w)
{
    for (unsigned i = 0; w->maps && i < w->maps->len; i++) {
        map_remove(g_ptr_array_index(w->maps, i));
    }
    for (unsigned i = 0; i < w->plans->len; i++) {
        CXLMap *map = g_ptr_array_index(w->plans, i);

        if (map->cut) {
            map_remove(map);
        }
    }
}

static void window_replace(CXLWindow *w)
{
    if (w->maps) {
        g_ptr_array_free(w->maps, true);
    }
    w->maps = g_steal_pointer(&w->plans);
}

static void window_gather(CXLWindow *w)
{
    for (unsigned i = 0; i < w->maps->len; i++) {
        CXLMap *map = g_ptr_array_index(w->maps, i);

        if (!map->known) {
            map_gather(map);
        }
    }
}

static void window_install(CXLWindow *w)
{
    for (unsigned i = 0; i < w->maps->len; i++) {
        CXLMap *map = g_ptr_array_index(w->maps, i);

        if (!map->known || map->cut) {
            map_install(map);
        }
    }
}

/* While a segment is not mapped, the I/O path serves it, under the BQL */
void cxl_windows_remap(CXLWindow *first)
{
    CXLWindow *w;

    memory_region_transaction_begin();
    for (w = first; w; w = QLIST_NEXT(w, next)) {
        window_remove(w);
    }
    memory_region_transaction_commit();
    for (w = first; w; w = QLIST_NEXT(w, next)) {
        window_replace(w);
    }
    for (w = first; w; w = QLIST_NEXT(w, next)) {
        window_gather(w);
    }
    memory_region_transaction_begin();
    for (w = first; w; w = QLIST_NEXT(w, next)) {
        window_install(w);
    }
    memory_region_transaction_commit();
    map_holes_planned = 0;
}

const char *cxl_window_how(const CXLWindow *w, uint64_t hpa, unsigned *holes)
{
    for (unsigned i = 0; w->maps && i < w->maps->len; i++) {
        CXLMap *map = g_ptr_array_index(w->maps, i);

        if (map->hpa == hpa) {
            *holes = map->holes->len;
            return map->how;
        }
    }
    *holes = 0;
    return "io: not mapped";
}

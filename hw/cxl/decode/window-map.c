/*
 * CXL Fixed Memory Windows: fast mappings above the I/O path
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/trace.h"

/**
 * CXLMap: how one segment of a route is mapped
 * @how: the mapping, and for the I/O path why it is not a faster one
 * @ram, @offset: what is mapped; NULL for the I/O path
 * @alias: subregion of the window while @mapped
 */
typedef struct CXLMap {
    uint64_t hpa;
    uint64_t size;
    const char *how;
    MemoryRegion *ram;
    hwaddr offset;
    CXLWindow *w;
    MemoryRegion alias;
    bool mapped;
    bool known;
} CXLMap;

/* RAM that holds segment @s from its first to its last byte, in this order */
static MemoryRegion *map_plan_ram(const CXLSegment *s, hwaddr *offset,
                                  const char **how)
{
    const CXLPosition *p = s->positions;
    CXLMemClass *mc;

    if (s->nr > 1) {
        *how = "io: interleaved";
        return NULL;
    }
    if (p->ways > 1) {
        *how = "io: only the device interleaves";
        return NULL;
    }
    mc = CXL_MEM_GET_CLASS(p->mem);
    if (mc->ram) {
        MemoryRegion *ram = mc->ram(p->mem, p->dpa + (s->hpa - p->base),
                                    s->size, offset);

        *how = ram ? "alias" : "io: not RAM throughout";
        return ram;
    }
    *how = "io: device has no RAM";
    return NULL;
}

static CXLMap *map_plan(CXLWindow *w, const CXLSegment *s)
{
    CXLMap *map = g_new0(CXLMap, 1);

    map->w = w;
    map->hpa = s->hpa;
    map->size = s->size;
    map->ram = map_plan_ram(s, &map->offset, &map->how);
    return map;
}

static bool map_equal(const CXLMap *a, const CXLMap *b)
{
    return a->hpa == b->hpa && a->size == b->size && a->how == b->how &&
           a->ram == b->ram && (!a->ram || a->offset == b->offset);
}

static void map_install(CXLMap *map)
{
    MemoryRegion *window = &map->w->mr;

    trace_cxl_window_map(map->w->index, map->hpa, map->size, map->how);
    map->known = true;
    if (map->ram) {
        memory_region_init_alias(&map->alias, window->owner, "cxl-fmw-alias",
                                 map->ram, map->offset, map->size);
        memory_region_add_subregion_overlap(window,
                                            map->hpa -
                                            map->w->spec.decoder.base,
                                            &map->alias, 1);
        map->mapped = true;
    }
}

/*
 * An alias may be freed as soon as it is no subregion any more: flat views,
 * which live on until an RCU grace period has passed, refer to the RAM behind
 * it and hold a reference to the owner of that, the memory backend.
 */
static void map_free(void *opaque)
{
    CXLMap *map = opaque;

    if (map->known) {
        trace_cxl_window_unmap(map->w->index, map->hpa, map->size, map->how);
    }
    if (map->mapped) {
        memory_region_del_subregion(&map->w->mr, &map->alias);
        object_unparent(OBJECT(&map->alias));
    }
    g_free(map);
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

void cxl_window_map(CXLWindow *w, const CXLRoute *route)
{
    GPtrArray *maps = g_ptr_array_new_with_free_func(map_free);

    for (unsigned i = 0; i < route->nr; i++) {
        CXLMap *plan = map_plan(w, &route->segments[i]);
        CXLMap *kept = map_take(w->maps, plan);

        if (kept) {
            map_free(plan);
        }
        g_ptr_array_add(maps, kept ? kept : plan);
    }
    /* What is not kept goes first, as what comes may overlap it */
    if (w->maps) {
        g_ptr_array_free(w->maps, true);
    }
    w->maps = maps;
    for (unsigned i = 0; i < maps->len; i++) {
        CXLMap *map = g_ptr_array_index(maps, i);

        if (!map->known) {
            map_install(map);
        }
    }
}

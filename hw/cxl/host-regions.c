/*
 * Regions that firmware maps: options, and where the regions are placed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-cxl.h"
#include "qapi/visitor.h"
#include "hw/cxl/cxl-host.h"
#include "hw/cxl/decode/region.h"
#include "hw/cxl/spec/cedt.h"
#include "hw/cxl/trace.h"
#include "hw/qdev-core.h"
#include "hw/sysbus.h"

/* Other options that are left out are 0, which is their default */
static CXLRegionMemoryMap region_memory_map(const CXLRegionOptions *o)
{
    return o->has_memory_map ? o->memory_map : CXL_REGION_MEMORY_MAP_NONE;
}

static bool region_check_devices(unsigned index, const CXLRegionOptions *o,
                                 Error **errp)
{
    const strList *twice = cxl_host_listed_twice(o->devices);

    if (twice) {
        error_setg(errp, "cxl-region.%u.devices: '%s' is listed twice; a "
                   "region has each device once", index, twice->value);
    }
    return !twice;
}

static bool region_check(unsigned index, const CXLRegionOptions *o,
                         Error **errp)
{
    CXLRegionMemoryMap map = region_memory_map(o);

    if (o->has_size && !o->has_devices) {
        error_setg(errp, "cxl-region.%u.size needs cxl-region.%u.devices",
                   index, index);
    } else if (o->has_interleave_granularity &&
               !cxl_host_check_granularity("cxl-region", index,
                                           o->interleave_granularity, errp)) {
        return false;
    } else if (o->persistent && map != CXL_REGION_MEMORY_MAP_NONE &&
               map != CXL_REGION_MEMORY_MAP_RESERVED) {
        error_setg(errp, "cxl-region.%u.memory-map must be none or reserved "
                   "with persistent=on", index);
    } else if (o->state != CXL_REGION_STATE_COMMITTED &&
               map == CXL_REGION_MEMORY_MAP_RAM) {
        error_setg(errp, "cxl-region.%u.memory-map must be none, reserved or "
                   "soft-reserved with state=%s", index,
                   CXLRegionState_str(o->state));
    } else {
        return region_check_devices(index, o, errp);
    }
    return false;
}

static void region_get(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    CXLHost *host = opaque;

    visit_type_CXLRegionOptionsList(v, name, &host->region_options, errp);
}

static void region_set(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    CXLHost *host = opaque;
    CXLRegionOptionsList *list = NULL;
    unsigned index = 0;

    if (!visit_type_CXLRegionOptionsList(v, name, &list, errp)) {
        return;
    }
    for (CXLRegionOptionsList *o = list; o; o = o->next) {
        if (!region_check(index++, o->value, errp)) {
            qapi_free_CXLRegionOptionsList(list);
            return;
        }
    }
    qapi_free_CXLRegionOptionsList(host->region_options);
    host->region_options = list;
}

void cxl_host_add_regions(CXLHost *host)
{
    object_property_add(host->machine, "cxl-region", "CXLRegion", region_get,
                        region_set, NULL, host);
    object_property_set_description(host->machine, "cxl-region",
                                    "CXL regions that firmware maps");
}

bool cxl_host_soft_reserves(const CXLHost *host)
{
    const CXLRegionOptionsList *o = host ? host->region_options : NULL;

    while (o && region_memory_map(o->value) !=
                CXL_REGION_MEMORY_MAP_SOFT_RESERVED) {
        o = o->next;
    }
    return o;
}

/* How much of a device's memory of each kind regions have taken */
typedef struct RegionTaken {
    uint64_t vmem;
    uint64_t pmem;
} RegionTaken;

/**
 * RegionPlacer: while regions are placed
 * @index, @options: the ones that are looked at
 * @next: first free address of each window, and one behind all windows
 * @taken: RegionTaken of each device
 * @passed: devices for which there is no region, while options name none
 * @room: devices with so much room are wanted
 */
typedef struct RegionPlacer {
    CXLHost *host;
    unsigned index;
    const CXLRegionOptions *options;
    uint64_t *next;
    GHashTable *taken;
    GHashTable *passed;
    uint64_t room;
    GArray *regions;
} RegionPlacer;

static RegionTaken *region_taken(RegionPlacer *p, void *mem)
{
    RegionTaken *taken = g_hash_table_lookup(p->taken, mem);

    if (!taken) {
        taken = g_new0(RegionTaken, 1);
        g_hash_table_insert(p->taken, mem, taken);
    }
    return taken;
}

/* Bytes of a device that a region can still have */
static uint64_t region_room(RegionPlacer *p, void *mem)
{
    CXLMemCapacity capacity = CXL_MEM_GET_CLASS(mem)->capacity(CXL_MEM(mem));
    const RegionTaken *taken = region_taken(p, mem);

    return p->options->persistent ? capacity.pmem - taken->pmem
                                  : capacity.vmem - taken->vmem;
}

static bool region_has_room(void *mem, void *opaque)
{
    RegionPlacer *p = opaque;

    return !g_hash_table_contains(p->passed, mem) && region_room(p, mem);
}

static bool region_has_that_room(void *mem, void *opaque)
{
    RegionPlacer *p = opaque;

    return region_has_room(mem, p) && region_room(p, mem) == p->room;
}

static const CXLWindowSpec *region_window(const RegionPlacer *p)
{
    return &p->host->windows[p->options->window].spec;
}

static unsigned region_granularity(const RegionPlacer *p)
{
    return p->options->has_interleave_granularity ?
           p->options->interleave_granularity :
           region_window(p)->decoder.granularity;
}

/* The part of one device in a region: what it has, and the window as well */
static uint64_t region_share(RegionPlacer *p, void *const *members,
                             unsigned nr)
{
    const CXLDecoder *window = &region_window(p)->decoder;
    uint64_t end = window->base + window->size;
    uint64_t *next = &p->next[p->options->window];
    uint64_t share = QEMU_ALIGN_DOWN((end - *next) / nr, CXL_HDM_ALIGN);

    for (unsigned i = 0; i < nr; i++) {
        share = MIN(share, region_room(p, members[i]));
    }
    return share;
}

static void region_add(RegionPlacer *p, void *const *members, unsigned nr,
                       uint64_t share)
{
    bool outside = p->options->state == CXL_REGION_STATE_OUTSIDE_WINDOW;
    unsigned window = p->options->window;
    uint64_t *next = &p->next[outside ? p->host->nr_windows : window];
    CXLHostRegion region = {
        .window = window,
        .hpa = *next,
        .size = share * nr,
        .ways = nr,
        .granularity = region_granularity(p),
        .memory_map = region_memory_map(p->options),
        .index = p->index,
        .options = p->options,
    };

    for (unsigned i = 0; i < nr; i++) {
        RegionTaken *taken = region_taken(p, members[i]);

        *(p->options->persistent ? &taken->pmem : &taken->vmem) += share;
        region.paths[i] = object_get_canonical_path(members[i]);
    }
    *next += region.size;
    g_array_append_val(p->regions, region);
    trace_cxl_host_region(region.index, region.hpa, region.size, region.ways,
                          region.granularity);
}

/* Map what devices have, as many of them together as can be */
static void region_place_all(RegionPlacer *p)
{
    const CXLWindowSpec *window = region_window(p);
    void *members[CXL_WAYS_MAX], *first;
    unsigned passed = 0;

    while ((first = cxl_region_first(window, &cxl_window_topology,
                                     region_has_room, p))) {
        uint64_t share = 0;
        unsigned nr;

        p->room = region_room(p, first);
        nr = cxl_region_choose(window, &cxl_window_topology,
                               region_granularity(p), region_has_that_room, p,
                               members);
        if (nr) {
            share = region_share(p, members, nr);
        }
        if (share) {
            region_add(p, members, nr, share);
        }
        /* What the window has no place for is not looked at again */
        for (unsigned i = 0; share && i < nr; i++) {
            g_hash_table_add(p->passed, members[i]);
        }
        if (!share) {
            g_hash_table_add(p->passed, first);
            passed++;
        }
    }
    if (passed) {
        warn_report("cxl-region.%u: %u devices below window %u are not "
                    "mapped: it has no room for them, or they cannot take "
                    "turns with others", p->index, passed,
                    p->options->window);
    }
}

static void *region_find_device(const RegionPlacer *p, const char *id,
                                Error **errp)
{
    DeviceState *dev = qdev_find_recursive(sysbus_get_default(), id);

    if (!dev) {
        error_setg(errp, "cxl-region.%u.devices: there is no device '%s'; the "
                   "id of a CXL memory device is needed", p->index, id);
    } else if (!object_dynamic_cast(OBJECT(dev), TYPE_CXL_MEM)) {
        error_setg(errp, "cxl-region.%u.devices: device '%s' is not a CXL "
                   "memory device", p->index, id);
        dev = NULL;
    }
    return dev;
}

static bool region_check_share(RegionPlacer *p, void *const *members,
                               unsigned nr, uint64_t share, Error **errp)
{
    const char *kind = p->options->persistent ? "persistent" : "volatile";
    uint64_t most = region_share(p, members, nr);

    if (share % CXL_HDM_ALIGN || !share) {
        error_setg(errp, "cxl-region.%u.size must be a multiple of %u * 256 "
                   "MiB, as there are %u devices", p->index, nr, nr);
    } else if (!most) {
        error_setg(errp, "cxl-region.%u.devices: there is no %s memory left "
                   "on one of the devices, or no room in the window",
                   p->index, kind);
    } else if (share > most) {
        error_setg(errp, "cxl-region.%u.size: 0x%" PRIx64 " is more than the "
                   "devices' %s memory and the window have left, 0x%" PRIx64,
                   p->index, share * nr, kind, most * nr);
    } else {
        return true;
    }
    return false;
}

/* Map the devices that are named */
static bool region_place_named(RegionPlacer *p, Error **errp)
{
    void *members[CXL_WAYS_MAX];
    CXLRegionPlan *plan;
    g_autofree char *why = NULL;
    uint64_t share;
    unsigned nr = 0;

    for (const strList *d = p->options->devices; d; d = d->next, nr++) {
        if (nr == CXL_WAYS_MAX) {
            error_setg(errp, "cxl-region.%u.devices: there can be 16 at most",
                       p->index);
            return false;
        }
        members[nr] = region_find_device(p, d->value, errp);
        if (!members[nr]) {
            return false;
        }
    }
    plan = cxl_region_plan(region_window(p), &cxl_window_topology, members, nr,
                           region_granularity(p), &why);
    if (!plan) {
        error_setg(errp, "cxl-region.%u.devices: %s", p->index, why);
        return false;
    }
    cxl_region_plan_free(plan);
    share = !p->options->has_size ?
            MAX(region_share(p, members, nr), CXL_HDM_ALIGN) :
            p->options->size % nr ? 0 : p->options->size / nr;
    if (!region_check_share(p, members, nr, share, errp)) {
        return false;
    }
    region_add(p, members, nr, share);
    return true;
}

/* CXL r3.1 9.18.1.3: Window Restrictions */
static bool region_check_restrictions(const RegionPlacer *p, Error **errp)
{
    const CXLFixedMemoryWindowOptions *window =
        cxl_host_window_options(p->host, p->options->window);
    bool persistent = p->options->persistent;

    if (!(cxl_host_restrictions(window) &
          (persistent ? CXL_CFMWS_PERSISTENT : CXL_CFMWS_VOLATILE))) {
        error_setg(errp, "cxl-region.%u.window: the restrictions of window %u "
                   "do not let it hold %s memory", p->index,
                   p->options->window,
                   persistent ? "persistent" : "volatile");
        return false;
    }
    return true;
}

static bool region_place(RegionPlacer *p, Error **errp)
{
    unsigned window = p->options->window;

    if (window >= p->host->nr_windows) {
        error_setg(errp, "cxl-region.%u.window: there is no window %u; there "
                   "are %u, which count from 0", p->index, window,
                   p->host->nr_windows);
        return false;
    }
    if (!region_check_restrictions(p, errp)) {
        return false;
    }
    if (p->options->has_devices) {
        return region_place_named(p, errp);
    }
    region_place_all(p);
    return true;
}

static int region_compare(const void *a, const void *b)
{
    const CXLHostRegion *x = a, *y = b;

    return x->hpa < y->hpa ? -1 : x->hpa > y->hpa;
}

static void region_begin(RegionPlacer *p, CXLHost *host)
{
    *p = (RegionPlacer) {
        .host = host,
        .next = g_new0(uint64_t, host->nr_windows + 1),
        .taken = g_hash_table_new_full(NULL, NULL, NULL, g_free),
        .passed = g_hash_table_new(NULL, NULL),
        .regions = g_array_new(false, true, sizeof(CXLHostRegion)),
    };
    for (unsigned i = 0; i < host->nr_windows; i++) {
        const CXLDecoder *d = &host->windows[i].spec.decoder;

        p->next[i] = d->base;
        /* CXL_HDM_ALIGN is enough for any ways, 3 times as much for 3 */
        p->next[host->nr_windows] = QEMU_ALIGN_UP(d->base + d->size,
                                                  3 * CXL_HDM_ALIGN);
    }
}

static void region_end(RegionPlacer *p)
{
    g_array_sort(p->regions, region_compare);
    p->host->nr_regions = p->regions->len;
    p->host->regions = (CXLHostRegion *)g_array_free(p->regions, false);
    g_hash_table_unref(p->taken);
    g_hash_table_unref(p->passed);
    g_free(p->next);
}

bool cxl_host_place_regions(CXLHost *host, Error **errp)
{
    RegionPlacer p;
    bool ok = true;

    region_begin(&p, host);
    for (CXLRegionOptionsList *o = host->region_options; ok && o;
         o = o->next, p.index++) {
        p.options = o->value;
        g_hash_table_remove_all(p.passed);
        ok = region_place(&p, errp);
    }
    region_end(&p);
    return ok && cxl_host_check_regions(host, errp);
}

Object *cxl_host_region_member(const CXLHostRegion *region, unsigned n)
{
    Object *obj = n < region->ways ?
                  object_resolve_path_type(region->paths[n], TYPE_CXL_MEM,
                                           NULL) : NULL;

    return obj && DEVICE(obj)->realized ? obj : NULL;
}

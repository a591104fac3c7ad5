/*
 * Interleave view: RAM that holds an interleaved segment in HPA order
 *
 * While a view is there, it alone has the bytes of its devices' memory: pages
 * of volatile memory that were gathered into it are given back to the host.
 * Absent pages are zero on both sides, so that what was never touched costs
 * neither time nor memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/cutils.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "exec/cpu-common.h"
#include "exec/address-spaces.h"
#include "view-internal.h"
#include "hw/cxl/trace.h"

/* What is held twice while it goes over, at most */
#define VIEW_CHUNK          (256 * 1024 * 1024ULL)

/*
 * A pointer to RAM that was written through is handed back: code translated
 * from there is dropped, and the pages count as dirty
 */
void cxl_view_wrote(MemoryRegion *ram, hwaddr offset, uint64_t len)
{
    memory_region_ref(ram);
    address_space_unmap(&address_space_memory,
                        (uint8_t *)memory_region_get_ram_ptr(ram) + offset,
                        len, true, len);
}

static uint8_t *view_lane_host(const CXLViewLane *lane, uint64_t share)
{
    return (uint8_t *)memory_region_get_ram_ptr(lane->ram) + lane->offset +
           share;
}

static unsigned view_lane_index(const CXLViewLane *lane)
{
    return lane - lane->view->lane;
}

/*
 * Where the byte @share of @lane stands in the view, and how many bytes, not
 * more than *@len, follow it in both
 */
static uint8_t *view_at(const CXLViewLane *lane, uint64_t share, uint64_t *len)
{
    const CXLLanes *lanes = lane->view->lanes;
    uint32_t granularity = lanes->segment.granularity;
    uint64_t inside = share % granularity;

    *len = MIN(*len, granularity - inside);
    return lane->view->host + inside +
           cxl_lanes_granule(lanes, view_lane_index(lane),
                             share / granularity);
}

/* Gather */

void cxl_view_lane_discard(CXLViewLane *lane, uint64_t from, uint64_t to)
{
    hwaddr offset = lane->offset + from;

    if (ram_block_discard_range(lane->ram->ram_block, offset, to - from)) {
        lane->discard = false;
    }
    cxl_view_wrote(lane->ram, offset, to - from);
}

static void view_gather_bytes(CXLViewLane *lane, uint64_t from, uint64_t to)
{
    while (from < to) {
        uint64_t len = to - from;
        uint8_t *host = view_at(lane, from, &len);
        const uint8_t *bytes = view_lane_host(lane, from);

        if (!buffer_is_zero(bytes, len)) {
            memcpy(host, bytes, len);
        }
        from += len;
    }
}

/* Bytes @from to @to of the lane's share; returns how many there were */
static uint64_t view_gather_lane(CXLViewLane *lane, CXLScan *scan,
                                 uint64_t from, uint64_t to)
{
    uint64_t bytes = 0;
    hwaddr end;

    for (uint64_t at = from; at < to; at = end) {
        bool present = cxl_scan(scan, lane->offset + at, lane->offset + to,
                                &end);

        end -= lane->offset;
        if (present) {
            view_gather_bytes(lane, at, end);
            bytes += end - at;
            if (lane->discard) {
                cxl_view_lane_discard(lane, at, end);
            }
        }
    }
    return bytes;
}

/* Whole sets, and whole pages of the view and of each lane's share */
static uint64_t view_chunk(const CXLView *view)
{
    uint64_t granularity = view->lanes->segment.granularity;
    uint64_t unit = view->lanes->set / granularity *
                    MAX(granularity, qemu_real_host_page_size());

    return DIV_ROUND_UP(VIEW_CHUNK, unit) * unit;
}

static void view_gather(CXLView *view)
{
    g_autofree CXLScan *scans = g_new(CXLScan, view->lanes->nr);
    int64_t started = g_get_monotonic_time();
    uint64_t size = view->lanes->segment.size;
    uint64_t chunk = view_chunk(view);
    uint64_t bytes = 0;

    for (unsigned i = 0; i < view->lanes->nr; i++) {
        cxl_scan_init(&scans[i], view->lane[i].ram);
    }
    for (uint64_t at = 0; at < size; at += chunk) {
        uint64_t end = MIN(at + chunk, size);

        for (unsigned i = 0; i < view->lanes->nr; i++) {
            unsigned ways = view->lanes->lanes[i].ways;

            bytes += view_gather_lane(&view->lane[i], &scans[i], at / ways,
                                      end / ways);
        }
    }
    trace_cxl_view_gather(view->window, view->lanes->segment.hpa, size,
                          bytes, g_get_monotonic_time() - started);
}

/* Scatter */

CXLViewPass *cxl_view_pass_begin(CXLView *view, uint64_t lanes)
{
    CXLViewPass *pass = g_new0(CXLViewPass, 1);

    pass->view = view;
    pass->lanes = lanes & MAKE_64BIT_MASK(0, view->lanes->nr);
    for (unsigned i = 0; i < view->lanes->nr; i++) {
        cxl_scan_init(&pass->lane[i].scan, view->lane[i].ram);
    }
    return pass;
}

static void view_pass_flush(CXLViewPass *pass, unsigned i)
{
    hwaddr from = pass->lane[i].from;
    hwaddr to = pass->lane[i].to;

    if (from < to) {
        cxl_view_wrote(pass->view->lane[i].ram, from, to - from);
        pass->bytes += to - from;
    }
    pass->lane[i].from = pass->lane[i].to = 0;
}

static void view_pass_store(CXLViewPass *pass, unsigned i, uint64_t share,
                            const uint8_t *bytes, uint64_t len)
{
    hwaddr offset = pass->view->lane[i].offset + share;

    memcpy(view_lane_host(&pass->view->lane[i], share), bytes, len);
    if (offset != pass->lane[i].to) {
        view_pass_flush(pass, i);
        pass->lane[i].from = offset;
    }
    pass->lane[i].to = offset + len;
}

/* Neither make a page of what is zero anyway, nor write what is the same */
static void view_pass_piece(CXLViewPass *pass, unsigned i, uint64_t share,
                            const uint8_t *bytes, uint64_t len)
{
    CXLViewLane *lane = &pass->view->lane[i];
    hwaddr limit = lane->offset + pass->view->lanes->lanes[i].share;
    uint64_t page = qemu_real_host_page_size();

    while (len) {
        hwaddr at = lane->offset + share;
        uint64_t n = MIN(len, page - at % page);
        hwaddr end;
        bool same;

        if (cxl_scan(&pass->lane[i].scan, at - at % page, limit, &end)) {
            same = !memcmp(view_lane_host(lane, share), bytes, n);
        } else {
            same = buffer_is_zero(bytes, n);
        }
        if (!same) {
            view_pass_store(pass, i, share, bytes, n);
        }
        share += n;
        bytes += n;
        len -= n;
    }
}

void cxl_view_pass_range(CXLViewPass *pass, uint64_t from, uint64_t to)
{
    const CXLLanes *lanes = pass->view->lanes;
    uint64_t granularity = lanes->segment.granularity;

    for (unsigned i = 0; i < lanes->nr; i++) {
        uint64_t set = lanes->lanes[i].ways * granularity;

        if (!(pass->lanes & BIT_ULL(i))) {
            continue;
        }
        for (uint64_t n = from / set; n * set < to; n++) {
            uint64_t granule = cxl_lanes_granule(lanes, i, n);
            uint64_t begin = MAX(granule, from);
            uint64_t end = MIN(granule + granularity, to);

            if (begin < end) {
                view_pass_piece(pass, i, n * granularity + begin - granule,
                                pass->view->host + begin, end - begin);
            }
        }
    }
}

uint64_t cxl_view_pass_end(CXLViewPass *pass)
{
    uint64_t bytes;

    for (unsigned i = 0; i < pass->view->lanes->nr; i++) {
        view_pass_flush(pass, i);
    }
    bytes = pass->bytes;
    g_free(pass);
    return bytes;
}

/* Code that was translated from the view must not outlive its address */
static void view_scatter_chunk(CXLView *view, CXLViewPass *pass,
                               CXLScan *scan, uint64_t from, uint64_t to)
{
    bool any = false;
    uint64_t end;

    for (uint64_t at = from; at < to; at = end) {
        if (cxl_scan(scan, at, to, &end)) {
            cxl_view_pass_range(pass, at, end);
            cxl_view_wrote(&view->mr, at, end - at);
            any = true;
        }
    }
    if (any) {
        ram_block_discard_range(view->mr.ram_block, from, to - from);
    }
}

static void view_scatter(CXLView *view)
{
    CXLViewPass *pass = cxl_view_pass_begin(view, CXL_VIEW_ALL);
    g_autofree CXLScan *scan = g_new(CXLScan, 1);
    int64_t started = g_get_monotonic_time();
    uint64_t size = view->lanes->segment.size;
    uint64_t chunk = view_chunk(view);
    uint64_t bytes;

    cxl_scan_init(scan, &view->mr);
    for (uint64_t at = 0; at < size; at += chunk) {
        view_scatter_chunk(view, pass, scan, at, MIN(at + chunk, size));
    }
    bytes = cxl_view_pass_end(pass);
    trace_cxl_view_scatter(view->window, view->lanes->segment.hpa, size,
                           bytes, g_get_monotonic_time() - started);
}

/* What else reads or writes the device's memory is sent to the view */

static void view_shadow_read(CXLMemShadow *shadow, uint64_t dpa, void *buf,
                             uint64_t len)
{
    CXLViewLane *lane = container_of(shadow, CXLViewLane, shadow);
    uint64_t share = dpa - shadow->dpa;

    for (uint64_t done = 0, part; done < len; done += part) {
        part = len - done;
        memcpy((uint8_t *)buf + done, view_at(lane, share + done, &part),
               part);
    }
}

static void view_shadow_write(CXLMemShadow *shadow, uint64_t dpa,
                              const void *buf, uint64_t len)
{
    CXLViewLane *lane = container_of(shadow, CXLViewLane, shadow);
    uint64_t share = dpa - shadow->dpa;

    for (uint64_t done = 0, part; done < len; done += part) {
        uint8_t *host;

        part = len - done;
        host = view_at(lane, share + done, &part);
        memcpy(host, (const uint8_t *)buf + done, part);
        cxl_view_wrote(&lane->view->mr, host - lane->view->host, part);
    }
}

static void view_set_shadows(CXLView *view, bool on)
{
    for (unsigned i = 0; i < view->lanes->nr; i++) {
        CXLMem *mem = view->lanes->lanes[i].mem;

        CXL_MEM_GET_CLASS(mem)->shadow(mem, &view->lane[i].shadow, on);
    }
}

/* Life of a view */

static bool view_plan_lane(CXLView *view, unsigned i)
{
    const CXLLane *l = &view->lanes->lanes[i];
    CXLViewLane *lane = &view->lane[i];
    CXLMem *mem = l->mem;
    CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);
    RAMBlock *rb;
    bool file;

    lane->ram = mc->ram && mc->shadow
              ? mc->ram(mem, l->dpa, l->share, &lane->offset) : NULL;
    if (!lane->ram) {
        return false;
    }
    rb = lane->ram->ram_block;
    file = qemu_ram_get_fd(rb) >= 0;
    lane->view = view;
    lane->persistent = l->dpa >= mc->capacity(mem).vmem;
    lane->lasting = file && qemu_ram_is_shared(rb);
    /* A hole in a private mapping would be one in somebody's file */
    lane->discard = !lane->persistent && file == qemu_ram_is_shared(rb) &&
                    qemu_ram_pagesize(rb) == qemu_real_host_page_size();
    lane->shadow = (CXLMemShadow) {
        .dpa = l->dpa,
        .len = l->share,
        .read = view_shadow_read,
        .write = view_shadow_write,
    };
    view->persistent |= (uint64_t)lane->persistent << i;
    view->lasting |= (uint64_t)lane->lasting << i;
    return true;
}

CXLView *cxl_view_plan(const CXLSegment *s, unsigned window, char **why)
{
    CXLView *view;
    CXLLanes *lanes;

    *why = cxl_view_sync_refuses();
    if (*why) {
        return NULL;
    }
    lanes = cxl_lanes_new(s, why);
    if (!lanes) {
        return NULL;
    }
    view = CXL_VIEW(object_new(TYPE_CXL_VIEW));
    view->window = window;
    view->lanes = lanes;
    for (unsigned i = 0; i < lanes->nr; i++) {
        if (!view_plan_lane(view, i)) {
            *why = g_strdup_printf("device %u gives no RAM", i);
            object_unref(view);
            return NULL;
        }
    }
    return view;
}

/* The bytes @from to @to of lane @i's share, which are not in one piece */
static void view_add_checked(const CXLView *view, unsigned i, uint64_t from,
                             uint64_t to, GArray *ranges, unsigned max)
{
    uint64_t granularity = view->lanes->segment.granularity;

    while (from < to && ranges->len < max) {
        uint64_t inside = from % granularity;
        uint64_t len = MIN(to - from, granularity - inside);
        CXLViewRange r;

        r.from = cxl_lanes_granule(view->lanes, i, from / granularity) +
                 inside;
        r.to = r.from + len;
        g_array_append_val(ranges, r);
        from += len;
    }
}

void cxl_view_checked(const CXLView *view, GArray *ranges, unsigned max)
{
    for (unsigned i = 0; i < view->lanes->nr; i++) {
        const CXLLane *l = &view->lanes->lanes[i];
        CXLMemClass *mc = CXL_MEM_GET_CLASS(l->mem);
        uint64_t limit = l->dpa + l->share;
        uint64_t start, end = l->dpa;

        while (mc->checked && ranges->len < max &&
               mc->checked(l->mem, end, limit - end, &start, &end)) {
            view_add_checked(view, i, start - l->dpa, end - l->dpa, ranges,
                             max);
        }
    }
}

bool cxl_view_equal(const CXLView *a, const CXLView *b)
{
    if (!cxl_lanes_equal(a->lanes, b->lanes)) {
        return false;
    }
    for (unsigned i = 0; i < a->lanes->nr; i++) {
        if (a->lane[i].ram != b->lane[i].ram ||
            a->lane[i].offset != b->lane[i].offset) {
            return false;
        }
    }
    return true;
}

bool cxl_view_fill(CXLView *view, char **why)
{
    g_autofree char *name = g_strdup_printf("cxl-view-0x%" PRIx64,
                                            view->lanes->segment.hpa);
    Error *err = NULL;

    if (!memory_region_init_ram_flags_nomigrate(
            &view->mr, OBJECT(view), name, view->lanes->segment.size,
            RAM_NORESERVE | RAM_PRIVATE, &err)) {
        *why = g_strdup(error_get_pretty(err));
        error_free(err);
        return false;
    }
    view->host = memory_region_get_ram_ptr(&view->mr);
    view->live = true;
    view_gather(view);
    view_set_shadows(view, true);
    cxl_view_sync_start(view);
    return true;
}

MemoryRegion *cxl_view_memory(CXLView *view)
{
    return &view->mr;
}

/* Every vCPU has left the code that it ran in the view */
static void view_drop(struct rcu_head *rcu)
{
    CXLView *view = container_of(rcu, CXLView, rcu);

    cxl_view_wrote(&view->mr, 0, view->lanes->segment.size);
    object_unref(view);
}

void cxl_view_release(CXLView *view)
{
    cxl_view_sync_stop(view);
    view_scatter(view);
    view_set_shadows(view, false);
    view->live = false;
    call_rcu1(&view->rcu, view_drop);
}

static void view_finalize(Object *obj)
{
    CXLView *view = CXL_VIEW(obj);

    if (view->lanes) {
        cxl_lanes_free(view->lanes);
    }
}

static const TypeInfo view_types[] = {
    {
        .instance_finalize = view_finalize,
        .instance_size = sizeof(CXLView),
        .parent = TYPE_OBJECT,
        .name = TYPE_CXL_VIEW,
    },
};

DEFINE_TYPES(view_types)

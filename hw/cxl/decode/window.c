/*
 * CXL Fixed Memory Windows: routes and the exact I/O path
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qapi/qapi-events-cxl-query.h"
#include "system/runstate.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/decode/window-explain.h"
#include "hw/cxl/trace.h"

/* A published route; it holds a reference to each device that it leads to */
typedef struct CXLWindowRoute {
    struct rcu_head rcu;
    CXLRoute *route;
} CXLWindowRoute;

/* Every window of the machine, under the BQL */
static QLIST_HEAD(, CXLWindow) windows = QLIST_HEAD_INITIALIZER(windows);

/* The device that is going away during cxl_windows_forget(), under the BQL */
static CXLMem *leaving;

static CXLNodeKind window_node_kind(void *node)
{
    CXLPort *port;

    if (!node || node == leaving) {
        return CXL_NODE_NONE;
    }
    if (object_dynamic_cast(node, TYPE_CXL_MEM)) {
        return CXL_NODE_MEM;
    }
    port = CXL_PORT(node);
    return CXL_PORT_GET_CLASS(port)->nr_decoders(port) ? CXL_NODE_PORT
                                                       : CXL_NODE_PASSTHROUGH;
}

static int window_node_decoder(void *node, unsigned n, CXLDecoder *out)
{
    CXLPort *port;

    if (object_dynamic_cast(node, TYPE_CXL_MEM)) {
        CXLMem *mem = CXL_MEM(node);
        CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);

        return n < mc->nr_decoders(mem) ? mc->decoder(mem, n, out) : -1;
    }
    port = CXL_PORT(node);
    return n < CXL_PORT_GET_CLASS(port)->nr_decoders(port)
               ? CXL_PORT_GET_CLASS(port)->decoder(port, n, out) : -1;
}

static void *window_node_child(void *node, uint8_t target)
{
    CXLPort *port = CXL_PORT(node);

    return CXL_PORT_GET_CLASS(port)->target(port, target);
}

const CXLTopology cxl_window_topology = {
    .kind = window_node_kind,
    .decoder = window_node_decoder,
    .child = window_node_child,
};

static void window_route_each_mem(const CXLRoute *route, void (*func)(void *))
{
    for (unsigned i = 0; i < route->nr; i++) {
        for (uint32_t n = 0; n < route->segments[i].nr; n++) {
            if (route->segments[i].positions[n].mem) {
                func(route->segments[i].positions[n].mem);
            }
        }
    }
}

static void window_mem_ref(void *mem)
{
    object_ref(OBJECT(mem));
}

static void window_mem_unref(void *mem)
{
    object_unref(OBJECT(mem));
}

static void window_route_free(CXLWindowRoute *old)
{
    window_route_each_mem(old->route, window_mem_unref);
    cxl_route_free(old->route);
    g_free(old);
}

/* Whether each turn of @s leads to a device */
static bool window_whole(const CXLSegment *s)
{
    for (uint32_t i = 0; i < s->nr; i++) {
        if (!s->positions[i].mem) {
            return false;
        }
    }
    return true;
}

static bool window_has_whole(const CXLRoute *route, const CXLSegment *s)
{
    for (unsigned i = 0; i < route->nr; i++) {
        const CXLSegment *other = &route->segments[i];

        if (other->hpa == s->hpa && other->size == s->size) {
            return window_whole(other);
        }
    }
    return false;
}

/* Tell QMP clients of what is whole in @route and is not in @other */
static void window_tell(const CXLWindow *w, const CXLRoute *route,
                        const CXLRoute *other, bool whole)
{
    for (unsigned i = 0; i < route->nr; i++) {
        const CXLSegment *s = &route->segments[i];

        if (window_whole(s) && !window_has_whole(other, s)) {
            qapi_event_send_cxl_region_change(w->index, s->hpa, s->size,
                                              whole);
        }
    }
}

static void window_publish(CXLWindow *w, CXLRoute *route)
{
    CXLWindowRoute *old = w->route;
    CXLWindowRoute *new = g_new0(CXLWindowRoute, 1);

    new->route = route;
    window_route_each_mem(route, window_mem_ref);
    qatomic_rcu_set(&w->route, new);
    /* To the guest, nothing changes when its state is loaded */
    if (old && !runstate_check(RUN_STATE_INMIGRATE)) {
        window_tell(w, old->route, route, false);
        window_tell(w, route, old->route, true);
    }
    if (old) {
        call_rcu(old, window_route_free, rcu);
    }
    trace_cxl_window_route(w->index, route->nr);
}

static void window_update(CXLWindow *w)
{
    CXLRoute *route = cxl_route_compile(&w->spec, &cxl_window_topology);

    if (w->route && cxl_route_equal(route, w->route->route)) {
        cxl_route_free(route);
    } else {
        window_publish(w, route);
    }
    /* Even on the same route, a device may have got or lost its RAM */
    cxl_window_plan(w, w->route->route);
}

void cxl_windows_update(void)
{
    CXLWindow *w;

    assert(bql_locked());
    QLIST_FOREACH(w, &windows, next) {
        window_update(w);
    }
    cxl_windows_remap(QLIST_FIRST(&windows));
    cxl_window_forget_misses();
}

void cxl_windows_forget(CXLMem *mem)
{
    leaving = mem;
    cxl_windows_update();
    leaving = NULL;
}

const CXLWindow *cxl_windows_first(void)
{
    assert(bql_locked());
    return QLIST_FIRST(&windows);
}

const CXLRoute *cxl_window_route(const CXLWindow *w)
{
    assert(bql_locked());
    return w->route->route;
}

/* One access of the guest, or the part of it that is yet to be done */
typedef struct CXLAccess {
    CXLWindow *w;
    const CXLRoute *route;
    uint64_t hpa;
    unsigned size;
    const char *direction;
    MemTxAttrs attrs;
} CXLAccess;

static CXLAccess window_access(CXLWindow *w, hwaddr addr, unsigned size,
                               const char *direction, MemTxAttrs attrs)
{
    return (CXLAccess) {
        .w = w,
        .route = qatomic_rcu_read(&w->route)->route,
        .hpa = w->spec.decoder.base + addr,
        .size = size,
        .direction = direction,
        .attrs = attrs,
    };
}

static uint64_t window_end(const CXLWindow *w)
{
    return w->spec.decoder.base + w->spec.decoder.size;
}

/*
 * Windows stand side by side, and the memory core does not cut an access to
 * MMIO at the end of its region: the rest is for the window behind it.
 */
static void window_access_enter(CXLAccess *a)
{
    CXLWindow *w;

    QLIST_FOREACH(w, &windows, next) {
        if (a->hpa == window_end(a->w) && w->spec.decoder.base == a->hpa) {
            a->w = w;
            a->route = qatomic_rcu_read(&w->route)->route;
            return;
        }
    }
}

/* The device that has @a's first byte, and how many bytes it has of them */
static CXLMem *window_access_mem(CXLAccess *a, uint64_t *dpa, unsigned *part)
{
    uint64_t left = a->size, run;
    CXLMem *mem;

    window_access_enter(a);
    if (a->hpa < window_end(a->w)) {
        left = MIN(left, window_end(a->w) - a->hpa);
    }
    mem = cxl_route_resolve(a->route, a->hpa, dpa, &run);
    *part = MIN(run, left);
    if (!mem) {
        trace_cxl_err_window_miss(a->w->index, a->hpa, *part, a->direction);
        cxl_window_report_miss(a->w, a->hpa, *part, a->direction);
    }
    return mem;
}

static MemTxResult window_access_done(CXLAccess *a, uint64_t dpa,
                                      unsigned part, MemTxResult result)
{
    if (result != MEMTX_OK) {
        trace_cxl_err_window_device(a->w->index, a->hpa, dpa, part,
                                    a->direction);
    }
    a->hpa += part;
    a->size -= part;
    return result;
}

/*
 * CXL r3.1 8.2.4.20: what no decoder claims reads as all ones and drops
 * writes. That is not an error on the bus: a processor that misses sees ones.
 */
static MemTxResult window_read(void *opaque, hwaddr addr, uint64_t *data,
                               unsigned size, MemTxAttrs attrs)
{
    MemTxResult all = MEMTX_OK;
    CXLAccess a;

    RCU_READ_LOCK_GUARD();
    a = window_access(opaque, addr, size, "read", attrs);
    *data = 0;
    while (a.size) {
        unsigned shift = (size - a.size) * BITS_PER_BYTE;
        MemTxResult result = MEMTX_OK;
        uint64_t value = UINT64_MAX;
        uint64_t dpa = 0;
        unsigned part;
        CXLMem *mem = window_access_mem(&a, &dpa, &part);

        if (mem) {
            result = CXL_MEM_GET_CLASS(mem)->read(mem, dpa, &value, part,
                                                  a.attrs);
        }
        if (result != MEMTX_OK) {
            value = UINT64_MAX;
        }
        *data = deposit64(*data, shift, part * BITS_PER_BYTE, value);
        all |= window_access_done(&a, dpa, part, result);
    }
    return all;
}

static MemTxResult window_write(void *opaque, hwaddr addr, uint64_t data,
                                unsigned size, MemTxAttrs attrs)
{
    MemTxResult all = MEMTX_OK;
    CXLAccess a;

    RCU_READ_LOCK_GUARD();
    a = window_access(opaque, addr, size, "write", attrs);
    while (a.size) {
        unsigned shift = (size - a.size) * BITS_PER_BYTE;
        MemTxResult result = MEMTX_OK;
        uint64_t dpa = 0;
        unsigned part;
        CXLMem *mem = window_access_mem(&a, &dpa, &part);

        if (mem) {
            uint64_t value = extract64(data, shift, part * BITS_PER_BYTE);

            result = CXL_MEM_GET_CLASS(mem)->write(mem, dpa, value, part,
                                                   a.attrs);
        }
        all |= window_access_done(&a, dpa, part, result);
    }
    return all;
}

static const MemoryRegionOps window_ops = {
    .endianness = DEVICE_LITTLE_ENDIAN,
    .read_with_attrs = window_read,
    .write_with_attrs = window_write,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .valid.unaligned = true,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
    .impl.unaligned = true,
};

void cxl_window_init(CXLWindow *w, Object *owner, unsigned index,
                     uint64_t hpa, uint64_t size, CXLArithmetic arithmetic,
                     unsigned granularity, Object **bridges, unsigned nr)
{
    g_autofree char *name = g_strdup_printf("cxl-fmw.%u", index);
    CXLDecoder *d = &w->spec.decoder;

    assert(hpa % CXL_HDM_ALIGN == 0 && size % CXL_HDM_ALIGN == 0);
    assert(cxl_granularity_encode(granularity) >= 0);
    assert(cxl_ways_encode(nr) >= 0);

    w->index = index;
    *d = (CXLDecoder) {
        .base = hpa,
        .size = size,
        .ways = nr,
        .granularity = granularity,
    };
    for (unsigned i = 0; i < nr; i++) {
        d->targets[i] = i;
        w->spec.bridges[i] = CXL_PORT(bridges[i]);
    }
    w->spec.arithmetic = arithmetic;
    w->maps = NULL;
    w->plans = NULL;
    w->route = NULL;
    memory_region_init_io(&w->mr, owner, &window_ops, w, name, size);
    QLIST_INSERT_HEAD(&windows, w, next);
    cxl_windows_update();
}

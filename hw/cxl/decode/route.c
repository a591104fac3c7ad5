/*
 * Route compiler: from windows, decoders and topology to segments
 *
 * A snapshot reads every committed decoder that the window can reach, once.
 * Where these begin and end cuts the window into segments, in which each port
 * has at most one decoder at work. Within a segment, what the levels select
 * repeats after the least common multiple of their own turns: one walk for
 * each turn tells where all of it leads. XOR arithmetic folds bits far up
 * into a window's selection: each of its targets has a pattern of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/interleave.h"
#include "hw/cxl/decode/route.h"

/*
 * The longest pattern that legal decoders make: 12 ways of 16 KiB repeat
 * after 3 * 2^16 bytes and 16 ways after 2^18, together after 3 * 2^18, in
 * turns of at least 256 bytes.
 */
#define ROUTE_TURNS_MAX \
    (3 * 16 * CXL_GRANULARITY_MAX / CXL_GRANULARITY_MIN)

typedef struct RouteNode RouteNode;

/* A decoder and what stands behind each of its targets */
typedef struct RouteHop {
    CXLDecoder decoder;
    RouteNode *next[CXL_WAYS_MAX];
} RouteHop;

/**
 * RouteNode: a port or memory device, as read once
 * @hops: RouteHop of each of its decoders that touch the window
 * @active: the one that decodes the segment being compiled, or NULL
 * @folded: the segment's pattern has it already
 */
struct RouteNode {
    void *handle;
    CXLNodeKind kind;
    GArray *hops;
    RouteHop *active;
    bool folded;
};

/**
 * RouteCompiler: what one compilation works on
 * @root: the window, as a decoder whose targets are host bridges
 * @arithmetic: by which it selects one of them
 * @nodes: RouteNode by handle
 * @edges: HPAs, uint64_t, at which a decoder begins or ends
 * @segments: CXLSegment, those done
 */
typedef struct RouteCompiler {
    const CXLTopology *topology;
    RouteHop root;
    CXLArithmetic arithmetic;
    GHashTable *nodes;
    GArray *edges;
    GArray *segments;
} RouteCompiler;

/* Turns after which the levels met so far repeat; none is met at @turn 0 */
typedef struct RoutePattern {
    uint64_t period;
    uint32_t turn;
} RoutePattern;

static void route_node_free(void *opaque)
{
    RouteNode *node = opaque;

    g_array_free(node->hops, true);
    g_free(node);
}

/*
 * Commit checks belong to the registers. What is relied upon here is only
 * what the arithmetic needs: legal encodings, and bases that no interleave
 * set straddles.
 */
static bool route_decoder_legal(const CXLDecoder *d)
{
    return cxl_ways_encode(d->ways) >= 0 &&
           cxl_granularity_encode(d->granularity) >= 0 &&
           d->size && d->size <= UINT64_MAX - d->base &&
           d->base % CXL_HDM_ALIGN == 0 && d->size % CXL_HDM_ALIGN == 0;
}

static bool route_arithmetic_known(CXLArithmetic arithmetic)
{
    return arithmetic == CXL_ARITHMETIC_MODULO ||
           arithmetic == CXL_ARITHMETIC_XOR;
}

static bool route_decoder_covers(const CXLDecoder *d, uint64_t hpa)
{
    return hpa >= d->base && hpa - d->base < d->size;
}

static bool route_decoders_overlap(const CXLDecoder *a, const CXLDecoder *b)
{
    return route_decoder_covers(a, b->base) || route_decoder_covers(b, a->base);
}

static void route_add_edges(RouteCompiler *c, const CXLDecoder *d)
{
    const CXLDecoder *window = &c->root.decoder;
    uint64_t begin = MAX(d->base, window->base);
    uint64_t end = MIN(d->base + d->size, window->base + window->size);

    g_array_append_val(c->edges, begin);
    g_array_append_val(c->edges, end);
}

static void route_read_decoders(RouteCompiler *c, RouteNode *node)
{
    RouteHop hop = { 0 };
    int state;

    for (unsigned n = 0; ; n++) {
        state = c->topology->decoder(node->handle, n, &hop.decoder);
        if (state < 0) {
            return;
        }
        if (state && route_decoder_legal(&hop.decoder) &&
            route_decoders_overlap(&hop.decoder, &c->root.decoder)) {
            g_array_append_val(node->hops, hop);
            route_add_edges(c, &hop.decoder);
        }
    }
}

static RouteNode *route_snapshot(RouteCompiler *c, void *handle,
                                 unsigned depth);

static void route_read_targets(RouteCompiler *c, RouteNode *node,
                               unsigned depth)
{
    for (unsigned i = 0; i < node->hops->len; i++) {
        RouteHop *hop = &g_array_index(node->hops, RouteHop, i);

        for (unsigned way = 0; way < hop->decoder.ways; way++) {
            void *child = c->topology->child(node->handle,
                                             hop->decoder.targets[way]);
            hop->next[way] = route_snapshot(c, child, depth);
        }
    }
}

/* Read what stands at @handle and all below it; NULL when nothing decodes */
static RouteNode *route_snapshot(RouteCompiler *c, void *handle,
                                 unsigned depth)
{
    CXLNodeKind kind = c->topology->kind(handle);
    RouteNode *node;

    if (kind == CXL_NODE_NONE || depth == CXL_ROUTE_DEPTH_MAX) {
        return NULL;
    }
    if (kind == CXL_NODE_PASSTHROUGH) {
        return route_snapshot(c, c->topology->child(handle, 0), depth + 1);
    }
    node = g_hash_table_lookup(c->nodes, handle);
    if (node) {
        return node;
    }

    node = g_new0(RouteNode, 1);
    node->handle = handle;
    node->kind = kind;
    node->hops = g_array_new(false, true, sizeof(RouteHop));
    g_hash_table_insert(c->nodes, handle, node);
    route_read_decoders(c, node);
    if (kind == CXL_NODE_PORT) {
        route_read_targets(c, node, depth + 1);
    }
    return node;
}

static void route_activate(RouteCompiler *c, uint64_t hpa)
{
    GHashTableIter iter;
    RouteNode *node;

    g_hash_table_iter_init(&iter, c->nodes);
    while (g_hash_table_iter_next(&iter, NULL, (void **)&node)) {
        node->active = NULL;
        node->folded = false;
        for (unsigned i = 0; i < node->hops->len && !node->active; i++) {
            RouteHop *hop = &g_array_index(node->hops, RouteHop, i);

            if (route_decoder_covers(&hop->decoder, hpa)) {
                node->active = hop;
            }
        }
    }
}

static uint64_t route_gcd(uint64_t a, uint64_t b)
{
    return b ? route_gcd(b, a % b) : a;
}

static void route_fold_decoder(RoutePattern *p, const CXLDecoder *d)
{
    uint64_t set = (uint64_t)d->ways * d->granularity;

    if (d->ways > 1) {
        p->period = p->period / route_gcd(p->period, set) * set;
        p->turn = p->turn ? MIN(p->turn, d->granularity) : d->granularity;
    }
}

/* Add to @p the levels below @hop, down to the memory devices */
static void route_fold(RoutePattern *p, const RouteHop *hop)
{
    for (unsigned way = 0; way < hop->decoder.ways; way++) {
        RouteNode *node = hop->next[way];

        if (node && node->kind == CXL_NODE_PORT && node->active &&
            !node->folded) {
            node->folded = true;
            route_fold_decoder(p, &node->active->decoder);
            route_fold(p, node->active);
        }
    }
}

/* CXL r3.1 9.13.1: the device that @hpa arrives at from @node on */
static CXLPosition route_walk(const RouteNode *node, uint64_t hpa)
{
    for (unsigned depth = 0; depth <= CXL_ROUTE_DEPTH_MAX; depth++) {
        const CXLDecoder *d;

        if (!node || !node->active) {
            break;
        }
        d = &node->active->decoder;
        if (node->kind == CXL_NODE_MEM) {
            return (CXLPosition) {
                .mem = node->handle,
                .dpa = d->dpa,
                .base = d->base,
                .ways = d->ways,
                .granularity = d->granularity,
            };
        }
        node = node->active->next[cxl_interleave_position(hpa - d->base,
                                                          d->ways,
                                                          d->granularity)];
    }
    return (CXLPosition) { .mem = NULL };
}

/* The @i-th of the positions of @s */
static CXLPosition route_position(const RouteCompiler *c, const CXLSegment *s,
                                  uint32_t i)
{
    const CXLDecoder *window = &c->root.decoder;
    uint32_t turns = s->nr / s->xor_ways;
    uint64_t hpa = s->hpa + (uint64_t)(i % turns) * s->granularity;
    unsigned way = s->xor_ways > 1 ? i / turns
                 : cxl_interleave_position(hpa - window->base, window->ways,
                                           window->granularity);

    return route_walk(c->root.next[way], hpa);
}

/* The geometry of a segment, but for its positions */
static CXLSegment route_pattern(RouteCompiler *c, uint64_t hpa, uint64_t end)
{
    const CXLDecoder *window = &c->root.decoder;
    RoutePattern pattern = { .period = 1 };
    CXLSegment s = {
        .hpa = hpa, .size = end - hpa, .xor_ways = 1,
        .granularity = window->granularity,
    };

    route_fold(&pattern, &c->root);
    if (c->arithmetic == CXL_ARITHMETIC_XOR && window->ways > 1) {
        s.xor_ways = window->ways;
        s.xor_granularity = window->granularity;
        cxl_interleave_xormaps(window->ways, window->granularity, s.xormaps);
        if (pattern.turn) {
            s.granularity = MIN(window->granularity, pattern.turn);
        }
    } else {
        route_fold_decoder(&pattern, window);
        if (pattern.turn) {
            s.granularity = pattern.turn;
        }
    }
    s.nr = DIV_ROUND_UP(pattern.period, s.granularity);
    assert(s.nr <= ROUTE_TURNS_MAX);
    s.nr *= s.xor_ways;
    return s;
}

static void route_compile_segment(RouteCompiler *c, uint64_t hpa, uint64_t end)
{
    CXLSegment s;
    bool empty = true;

    route_activate(c, hpa);
    s = route_pattern(c, hpa, end);
    s.positions = g_new0(CXLPosition, s.nr);
    for (uint32_t i = 0; i < s.nr; i++) {
        s.positions[i] = route_position(c, &s, i);
        empty = empty && !s.positions[i].mem;
    }
    if (empty) {
        g_free(s.positions);
    } else {
        g_array_append_val(c->segments, s);
    }
}

static int route_compare_edges(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void route_compile_segments(RouteCompiler *c)
{
    const uint64_t *edge = (const uint64_t *)c->edges->data;

    g_array_sort(c->edges, route_compare_edges);
    for (unsigned i = 1; i < c->edges->len; i++) {
        if (edge[i - 1] != edge[i]) {
            route_compile_segment(c, edge[i - 1], edge[i]);
        }
    }
}

CXLRoute *cxl_route_compile(const CXLWindowSpec *window,
                            const CXLTopology *topology)
{
    CXLRoute *route = g_new0(CXLRoute, 1);
    RouteCompiler c = {
        .topology = topology,
        .root.decoder = window->decoder,
        .arithmetic = window->arithmetic,
    };

    if (!route_decoder_legal(&window->decoder) ||
        !route_arithmetic_known(window->arithmetic)) {
        return route;
    }
    c.nodes = g_hash_table_new_full(NULL, NULL, NULL, route_node_free);
    c.edges = g_array_new(false, false, sizeof(uint64_t));
    c.segments = g_array_new(false, false, sizeof(CXLSegment));

    for (unsigned way = 0; way < window->decoder.ways; way++) {
        unsigned bridge = window->decoder.targets[way];

        if (bridge < ARRAY_SIZE(window->bridges)) {
            c.root.next[way] = route_snapshot(&c, window->bridges[bridge], 0);
        }
    }
    route_compile_segments(&c);

    g_array_free(c.edges, true);
    g_hash_table_destroy(c.nodes);
    route->nr = c.segments->len;
    route->segments = (CXLSegment *)g_array_free(c.segments, false);
    return route;
}

void cxl_route_free(CXLRoute *route)
{
    for (unsigned i = 0; i < route->nr; i++) {
        g_free(route->segments[i].positions);
    }
    g_free(route->segments);
    g_free(route);
}

static bool route_position_equal(const CXLPosition *a, const CXLPosition *b)
{
    return a->mem == b->mem && a->dpa == b->dpa && a->base == b->base &&
           a->ways == b->ways && a->granularity == b->granularity;
}

static bool route_segment_equal(const CXLSegment *a, const CXLSegment *b)
{
    if (a->hpa != b->hpa || a->size != b->size || a->nr != b->nr ||
        a->granularity != b->granularity || a->xor_ways != b->xor_ways ||
        a->xor_granularity != b->xor_granularity ||
        memcmp(a->xormaps, b->xormaps, sizeof(a->xormaps))) {
        return false;
    }
    for (uint32_t i = 0; i < a->nr; i++) {
        if (!route_position_equal(&a->positions[i], &b->positions[i])) {
            return false;
        }
    }
    return true;
}

bool cxl_route_equal(const CXLRoute *a, const CXLRoute *b)
{
    if (a->nr != b->nr) {
        return false;
    }
    for (unsigned i = 0; i < a->nr; i++) {
        if (!route_segment_equal(&a->segments[i], &b->segments[i])) {
            return false;
        }
    }
    return true;
}

/* Number of segments that begin at or before @hpa */
static unsigned route_rank(const CXLRoute *route, uint64_t hpa)
{
    unsigned low = 0;
    unsigned high = route->nr;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (route->segments[middle].hpa <= hpa) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const CXLSegment *cxl_route_find(const CXLRoute *route, uint64_t hpa)
{
    unsigned rank = route_rank(route, hpa);
    const CXLSegment *s = rank ? &route->segments[rank - 1] : NULL;

    return s && hpa - s->hpa < s->size ? s : NULL;
}

/* Bytes from @hpa on that no segment holds */
static uint64_t route_gap(const CXLRoute *route, uint64_t hpa)
{
    unsigned rank = route_rank(route, hpa);

    return rank < route->nr ? route->segments[rank].hpa - hpa
                            : MAX(UINT64_MAX - hpa, 1);
}

uint32_t cxl_segment_position(const CXLSegment *s, uint64_t hpa)
{
    uint32_t turns, way;

    if (s->xor_ways == 1) {
        return cxl_interleave_position(hpa - s->hpa, s->nr, s->granularity);
    }
    turns = s->nr / s->xor_ways;
    way = cxl_interleave_position_xor(hpa, s->xor_ways, s->xor_granularity,
                                      s->xormaps);
    return way * turns +
           cxl_interleave_position(hpa - s->hpa, turns, s->granularity);
}

void *cxl_segment_resolve(const CXLSegment *s, uint64_t hpa, uint64_t *dpa)
{
    const CXLPosition *p = &s->positions[cxl_segment_position(s, hpa)];

    if (p->mem) {
        *dpa = p->dpa + cxl_interleave_to_device(hpa - p->base, p->ways,
                                                 p->granularity);
    }
    return p->mem;
}

/* Bytes from @hpa on that the device finds in one piece, or that miss */
static uint64_t segment_run(const CXLSegment *s, uint64_t hpa)
{
    const CXLPosition *p = &s->positions[cxl_segment_position(s, hpa)];
    uint64_t offset = hpa - s->hpa;
    uint64_t run = s->nr == 1 ? s->size - offset
                              : s->granularity - offset % s->granularity;

    if (p->mem && p->ways > 1) {
        run = MIN(run, p->granularity - (hpa - p->base) % p->granularity);
    }
    return run;
}

void *cxl_route_resolve(const CXLRoute *route, uint64_t hpa, uint64_t *dpa,
                        uint64_t *run)
{
    const CXLSegment *s = cxl_route_find(route, hpa);

    *run = s ? segment_run(s, hpa) : route_gap(route, hpa);
    return s ? cxl_segment_resolve(s, hpa, dpa) : NULL;
}

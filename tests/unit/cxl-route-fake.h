/*
 * A topology made up of plain structs, and a walker that decodes one address
 * at a time, by which to judge the route compiler
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CXL_ROUTE_FAKE_H
#define TESTS_UNIT_CXL_ROUTE_FAKE_H

#include "hw/cxl/decode/route.h"

#define UNIT            CXL_HDM_ALIGN
#define WINDOW_BASE     (0x490000000ULL)
#define NODE_DECODERS   6
#define NODE_CHILDREN   16
#define NODES_MAX       (CXL_ROUTE_DEPTH_MAX + 32)

/* A port or device of a topology that exists only in this test */
typedef struct Node {
    CXLNodeKind kind;
    struct Node *children[NODE_CHILDREN];
    CXLDecoder decoders[NODE_DECODERS];
    bool committed[NODE_DECODERS];
    unsigned nr_decoders;
    /* What only the explainer asks for */
    bool refused[NODE_DECODERS];
    unsigned disabled;
    CXLDpaFault fault;
} Node;

typedef struct Topology {
    CXLWindowSpec window;
    Node nodes[NODES_MAX];
    unsigned nr_nodes;
    Node *mems[NODES_MAX];
    unsigned nr_mems;
} Topology;

/* Port numbers are not positions: the n-th downstream port has number 2n+5 */
static uint8_t port_number(unsigned n)
{
    return 2 * n + 5;
}

static Node *node_behind(Node *node, uint8_t number)
{
    unsigned n = (number - 5) / 2;

    if (node->kind == CXL_NODE_PASSTHROUGH) {
        return node->children[0];
    }
    return number >= 5 && number % 2 && n < NODE_CHILDREN ? node->children[n]
                                                          : NULL;
}

static CXLNodeKind fake_kind(void *opaque)
{
    return opaque ? ((Node *)opaque)->kind : CXL_NODE_NONE;
}

static int fake_decoder(void *opaque, unsigned n, CXLDecoder *out)
{
    Node *node = opaque;

    if (n >= node->nr_decoders) {
        return -1;
    }
    *out = node->decoders[n];
    return node->committed[n];
}

static void *fake_child(void *opaque, uint8_t target)
{
    return node_behind(opaque, target);
}

static const CXLTopology fake = {
    .kind = fake_kind,
    .decoder = fake_decoder,
    .child = fake_child,
};

/* The walker */

typedef struct Place {
    Node *mem;
    uint64_t dpa;
} Place;

static bool naive_legal(const CXLDecoder *d)
{
    static const uint8_t ways[] = { 1, 2, 3, 4, 6, 8, 12, 16 };
    uint64_t end;

    return memchr(ways, d->ways, sizeof(ways)) &&
           d->granularity >= 256 && d->granularity <= 16384 &&
           !(d->granularity & (d->granularity - 1)) &&
           d->size && !(d->size & (UNIT - 1)) && !(d->base & (UNIT - 1)) &&
           !__builtin_add_overflow(d->base, d->size, &end);
}

static const CXLDecoder *naive_decoder(const Node *node, uint64_t hpa)
{
    for (unsigned n = 0; n < node->nr_decoders; n++) {
        const CXLDecoder *d = &node->decoders[n];

        if (node->committed[n] && naive_legal(d) && hpa >= d->base &&
            hpa < d->base + d->size) {
            return d;
        }
    }
    return NULL;
}

static unsigned naive_way(const CXLDecoder *d, uint64_t hpa)
{
    uint64_t in_set = (hpa - d->base) % (d->granularity * d->ways);

    return in_set / d->granularity;
}

static unsigned naive_parity(uint64_t x)
{
    unsigned parity = 0;

    for (; x; x >>= 1) {
        parity ^= x & 1;
    }
    return parity;
}

/* CXL r3.1 9.18.1.3: XOR of address bits, and a remainder by 3 above them */
static unsigned naive_xor_way(const CXLDecoder *d, uint64_t hpa)
{
    unsigned bits = 0, way = 0;

    while (d->ways >> bits > 3 || d->ways >> bits == 2) {
        uint64_t low = (uint64_t)d->granularity << bits;

        way |= naive_parity(hpa & (low | low << 6 | low << 14)) << bits;
        bits++;
    }
    return way | (hpa / d->granularity >> bits) % (d->ways >> bits) << bits;
}

static unsigned naive_window_way(const CXLWindowSpec *window, uint64_t hpa)
{
    return window->arithmetic == CXL_ARITHMETIC_XOR
               ? naive_xor_way(&window->decoder, hpa)
               : naive_way(&window->decoder, hpa);
}

static Place naive_resolve(const Topology *t, uint64_t hpa)
{
    const CXLDecoder *d = &t->window.decoder;
    Node *node;

    if (!naive_legal(d) || hpa < d->base || hpa >= d->base + d->size) {
        return (Place) { NULL, 0 };
    }
    node = t->window.bridges[d->targets[naive_window_way(&t->window, hpa)]];
    while (node) {
        if (node->kind == CXL_NODE_PASSTHROUGH) {
            node = node->children[0];
            continue;
        }
        d = naive_decoder(node, hpa);
        if (!d) {
            break;
        }
        if (node->kind == CXL_NODE_MEM) {
            uint64_t set = d->granularity * d->ways;
            uint64_t sets = (hpa - d->base) / set;

            return (Place) { node, d->dpa + sets * d->granularity +
                                   (hpa - d->base) % d->granularity };
        }
        node = node_behind(node, d->targets[naive_way(d, hpa)]);
    }
    return (Place) { NULL, 0 };
}

/* Probing */

static void assert_same_place(const Topology *t, uint64_t hpa,
                              const Node *mem, uint64_t dpa)
{
    Place place = naive_resolve(t, hpa);

    g_assert_true(place.mem == mem);
    if (mem) {
        g_assert_cmphex(place.dpa, ==, dpa);
    }
}

static void probe(const Topology *t, const CXLRoute *route, uint64_t hpa)
{
    uint64_t dpa = 0, run = 0, far;
    Node *mem = cxl_route_resolve(route, hpa, &dpa, &run);

    assert_same_place(t, hpa, mem, dpa);
    g_assert_cmpuint(run, >, 0);
    /* A run is one wherever in it one looks */
    assert_same_place(t, hpa + run - 1, mem, dpa + run - 1);
    far = g_test_rand_int() % MIN(run, G_MAXINT32);
    assert_same_place(t, hpa + far, mem, dpa + far);
}

/* [@route] must agree with the walker around @hpa: a dense sweep */
static void probe_near(const Topology *t, const CXLRoute *route, uint64_t hpa)
{
    for (uint64_t at = hpa - 4096; at < hpa + 65536; at += 64) {
        probe(t, route, at);
        probe(t, route, at + 63);
    }
}

static uint64_t random_hpa(const Topology *t)
{
    uint64_t random = (uint32_t)g_test_rand_int();

    random = random << 32 | (uint32_t)g_test_rand_int();
    return t->window.decoder.base - UNIT +
           random % (t->window.decoder.size + 2 * UNIT);
}

static void probe_random(const Topology *t, const CXLRoute *route,
                         unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        probe(t, route, random_hpa(t));
    }
}

static void assert_ordered(const Topology *t, const CXLRoute *route)
{
    const CXLDecoder *window = &t->window.decoder;
    uint64_t floor = window->base;

    for (unsigned i = 0; i < route->nr; i++) {
        const CXLSegment *s = &route->segments[i];

        g_assert_cmphex(s->hpa, >=, floor);
        g_assert_true(cxl_route_find(route, s->hpa) == s);
        g_assert_true(cxl_route_find(route, s->hpa + s->size - 1) == s);
        floor = s->hpa + s->size;
    }
    g_assert_cmphex(floor, <=, window->base + window->size);
}

/* Compile and compare; the caller frees the route */
static CXLRoute *compile(const Topology *t, unsigned rounds)
{
    CXLRoute *route = cxl_route_compile(&t->window, &fake);

    assert_ordered(t, route);
    probe_random(t, route, rounds);
    return route;
}

static void compile_all(const Topology *t)
{
    CXLRoute *route = compile(t, 5000);

    for (uint64_t hpa = t->window.decoder.base - UNIT;
         hpa <= t->window.decoder.base + t->window.decoder.size; hpa += UNIT) {
        probe_near(t, route, hpa);
    }
    cxl_route_free(route);
}

/* Building topologies */

static Node *add_node(Topology *t, CXLNodeKind kind)
{
    Node *node = &t->nodes[t->nr_nodes++];

    g_assert_cmpuint(t->nr_nodes, <=, NODES_MAX);
    node->kind = kind;
    return node;
}

/* A tree whose level n has @fanout[n] children a node; 0 ends @fanout */
static Node *add_tree(Topology *t, const unsigned *fanout, bool passthrough)
{
    Node *node;

    if (!fanout[0]) {
        node = add_node(t, CXL_NODE_MEM);
        t->mems[t->nr_mems++] = node;
        return node;
    }
    node = add_node(t, passthrough && fanout[0] == 1 ? CXL_NODE_PASSTHROUGH
                                                     : CXL_NODE_PORT);
    for (unsigned i = 0; i < fanout[0]; i++) {
        node->children[i] = add_tree(t, fanout + 1, passthrough);
    }
    return node;
}

/* @fanout[0] host bridges; a window of @units * 256 MiB over all of them */
static Topology *new_topology(const unsigned *fanout, unsigned units,
                              unsigned granularity, bool passthrough)
{
    Topology *t = g_new0(Topology, 1);
    CXLDecoder *d = &t->window.decoder;

    *d = (CXLDecoder) {
        .base = WINDOW_BASE - WINDOW_BASE % UNIT,
        .size = units * UNIT,
        .granularity = granularity,
        .ways = fanout[0],
    };
    for (unsigned i = 0; i < fanout[0]; i++) {
        d->targets[i] = i;
        t->window.bridges[i] = add_tree(t, fanout + 1, passthrough);
    }
    return t;
}

static CXLDecoder *commit(Node *node, uint64_t base, uint64_t size,
                          unsigned ways, unsigned granularity)
{
    CXLDecoder *d = &node->decoders[node->nr_decoders];

    g_assert_cmpuint(node->nr_decoders, <, NODE_DECODERS);
    node->committed[node->nr_decoders++] = true;
    *d = (CXLDecoder) {
        .base = base, .size = size, .ways = ways, .granularity = granularity,
    };
    for (unsigned i = 0; i < ways; i++) {
        d->targets[i] = port_number(i);
    }
    return d;
}

/*
 * Program all below @node as Linux does: a level's granularity is its
 * parent's times its parent's ways, where 3 * 2^n ways count as 2^n, and
 * endpoints get those of the whole region
 */
static void program(Node *node, const CXLDecoder *region, unsigned granularity)
{
    unsigned ways = 0;

    if (node->kind == CXL_NODE_MEM) {
        commit(node, region->base, region->size, region->ways,
               region->granularity)->dpa = region->dpa;
        return;
    }
    while (ways < NODE_CHILDREN && node->children[ways]) {
        ways++;
    }
    if (node->kind == CXL_NODE_PORT) {
        commit(node, region->base, region->size, ways, granularity);
    }
    for (unsigned i = 0; i < ways; i++) {
        program(node->children[i], region, granularity * ways);
    }
}

static void program_region(Topology *t, uint64_t offset, uint64_t size,
                           unsigned granularity)
{
    unsigned roots = t->window.decoder.ways;
    CXLDecoder region = {
        .base = t->window.decoder.base + offset,
        .size = size,
        .ways = t->nr_mems,
        .granularity = granularity,
        .dpa = UNIT,
    };

    for (unsigned i = 0; i < roots; i++) {
        program(t->window.bridges[i], &region,
                granularity * (roots % 3 ? roots : roots / 3));
    }
}

#endif /* TESTS_UNIT_CXL_ROUTE_FAKE_H */

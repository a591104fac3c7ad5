/*
 * Route compiler against a walker that decodes one address at a time
 *
 * Compiles alone with: hw/cxl/decode/interleave.c hw/cxl/decode/route.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-route-fake.h"

/* Programs as Linux makes them */

typedef struct Shape {
    const char *name;
    unsigned fanout[6];
    unsigned granularity;
    bool passthrough;
} Shape;

static const Shape shapes[] = {
    { "x1", { 1, 1 }, 256 },
    { "x1-passthrough", { 1, 1 }, 4096, true },
    { "x1-switch", { 1, 1, 1 }, 16384 },
    { "x2-root-ports", { 1, 2 }, 256 },
    { "x2-root-ports-16k", { 1, 2 }, 16384 },
    { "x2-bridges", { 2, 1 }, 256 },
    { "x2-bridges-passthrough", { 2, 1 }, 1024, true },
    { "x4-bridges", { 2, 2 }, 256 },
    { "x4-four-bridges", { 4, 1 }, 2048, true },
    { "x4-switch", { 1, 1, 4 }, 4096, true },
    { "x8-root-ports", { 1, 8 }, 512 },
    { "x8-switches", { 1, 2, 4 }, 256 },
    { "x8-everything", { 2, 2, 2 }, 256 },
    { "x8-two-switch-levels", { 1, 2, 2, 2 }, 1024 },
    { "x16", { 4, 4 }, 256 },
    { "x16-1k", { 4, 4 }, 1024 },
    { "x16-two-switch-levels", { 2, 2, 2, 2 }, 2048 },
    { "x16-bridges", { 16, 1 }, 256, true },
    { "x3", { 3, 1 }, 256, true },
    { "x3-8k", { 3, 1 }, 8192 },
    { "x6", { 3, 2 }, 256 },
    { "x6-bridges", { 6, 1 }, 512, true },
    { "x12", { 3, 4 }, 256 },
    { "x12-switches", { 3, 2, 2 }, 4096 },
    { "x12-bridges", { 12, 1 }, 16384, true },
    { "x8-bridges", { 8, 1 }, 1024, true },
    { "x16-bridges-16k", { 16, 1 }, 16384, true },
    { "x12-six-bridges", { 6, 2 }, 256 },
};

static bool is_power_of_2(unsigned n)
{
    return !(n & (n - 1));
}

/* The index in t->mems of Linux's region position @n of @fanout */
static unsigned mem_at_position(const unsigned *fanout, unsigned n)
{
    unsigned index = 0;

    for (; *fanout; fanout++) {
        index = index * *fanout + n % *fanout;
        n /= *fanout;
    }
    return index;
}

/* Every byte of a region is one of its own, and the devices share alike */
static void assert_bijection(const Topology *t, const CXLRoute *route,
                             const Shape *shape, uint64_t region)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);
    unsigned turns = t->nr_mems * 24;

    for (unsigned turn = 0; turn < turns; turn++) {
        uint64_t dpa = 0, run;
        Node *mem = cxl_route_resolve(route, region +
                                      (uint64_t)turn * shape->granularity,
                                      &dpa, &run);

        g_assert_nonnull(mem);
        g_assert_cmphex(dpa, ==, UNIT + turn / t->nr_mems *
                                 shape->granularity);
        g_assert_true(g_hash_table_add(seen, g_strdup_printf("%p %" PRIx64,
                                                             mem, dpa)));
        if (is_power_of_2(t->nr_mems) || shape->fanout[0] == t->nr_mems) {
            unsigned position = turn % t->nr_mems;

            g_assert_true(mem == t->mems[mem_at_position(shape->fanout,
                                                         position)]);
        }
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, turns);
}

static void test_linux(gconstpointer opaque)
{
    const Shape *shape = opaque;
    g_autofree Topology *t = new_topology(shape->fanout, 64,
                                          shape->granularity,
                                          shape->passthrough);
    uint64_t size;
    CXLRoute *route;

    size = t->nr_mems * UNIT;
    program_region(t, 3 * size, size, shape->granularity);
    route = compile(t, 100);
    g_assert_cmpuint(route->nr, ==, 1);
    g_assert_cmphex(route->segments[0].hpa, ==,
                    t->window.decoder.base + 3 * size);
    g_assert_cmphex(route->segments[0].size, ==, size);
    g_assert_cmpuint(route->segments[0].nr, ==, t->nr_mems);
    if (t->nr_mems > 1) {
        g_assert_cmpuint(route->segments[0].granularity, ==,
                         shape->granularity);
    }
    assert_bijection(t, route, shape, route->segments[0].hpa);
    cxl_route_free(route);
    compile_all(t);
}

/* Particular programs */

static void test_one_way_is_one_run(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 1, 2, 2, 0 }, 8, 256,
                                          false);
    CXLDecoder region = {
        .base = t->window.decoder.base + UNIT, .size = 4 * UNIT,
        .ways = 1, .granularity = 256,
    };
    Node *bridge = t->window.bridges[0];
    uint64_t dpa, run;
    CXLRoute *route;

    commit(bridge, region.base, region.size, 1, 256)->targets[0] =
        port_number(1);
    commit(bridge->children[1], region.base, region.size, 1, 1024);
    commit(t->mems[2], region.base, region.size, 1, 4096);
    route = compile(t, 5000);
    g_assert_cmpuint(route->nr, ==, 1);
    g_assert_cmpuint(route->segments[0].nr, ==, 1);
    g_assert_true(cxl_route_resolve(route, region.base + 5, &dpa, &run) ==
                  t->mems[2]);
    g_assert_cmphex(dpa, ==, 5);
    g_assert_cmphex(run, ==, region.size - 5);
    cxl_route_free(route);
}

static void test_two_regions(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 2, 0 }, 32, 256,
                                          false);
    Node *bridge = t->window.bridges[1];
    CXLDecoder *d;
    CXLRoute *route;

    /* Four ways over everything, then two over the second bridge's devices */
    program_region(t, 4 * UNIT, 4 * UNIT, 256);
    t->window.decoder.ways = 1;
    t->window.decoder.targets[0] = 1;
    commit(bridge, t->window.decoder.base + 16 * UNIT, 2 * UNIT, 2, 4096);
    for (unsigned i = 0; i < 2; i++) {
        d = commit(bridge->children[i], t->window.decoder.base + 16 * UNIT,
                   2 * UNIT, 2, 4096);
        d->dpa = 3 * UNIT;
    }
    route = compile(t, 5000);
    g_assert_cmpuint(route->nr, ==, 2);
    g_assert_cmpuint(route->segments[0].nr, ==, 2);
    g_assert_cmpuint(route->segments[1].nr, ==, 2);
    g_assert_cmpuint(route->segments[1].granularity, ==, 4096);
    cxl_route_free(route);
    compile_all(t);
}

/* What one device lacks, only that device's turns lack */
static void test_partly_mapped(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 2, 0 }, 16, 256,
                                          false);
    Node *gone = t->mems[1];
    CXLRoute *route;
    unsigned missing = 0;

    program_region(t, 0, 8 * UNIT, 256);
    gone->committed[0] = false;
    route = compile(t, 5000);
    g_assert_cmpuint(route->nr, ==, 1);
    for (unsigned i = 0; i < route->segments[0].nr; i++) {
        missing += !route->segments[0].positions[i].mem;
    }
    g_assert_cmpuint(missing, ==, 1);
    cxl_route_free(route);

    /* The same for a device that is not there at all */
    gone->committed[0] = true;
    ((Node *)t->window.bridges[0])->children[1] = NULL;
    compile_all(t);

    /* and for a device whose decoder ends halfway */
    ((Node *)t->window.bridges[0])->children[1] = gone;
    gone->decoders[0].size = 4 * UNIT;
    route = compile(t, 5000);
    g_assert_cmpuint(route->nr, ==, 2);
    cxl_route_free(route);
    compile_all(t);
}

static void test_uncovered(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 1, 1, 0 }, 16, 256,
                                          true);
    uint64_t base = t->window.decoder.base;
    uint64_t dpa, run;
    CXLRoute *route;

    commit(t->mems[0], base + 2 * UNIT, UNIT, 1, 256);
    commit(t->mems[0], base + 5 * UNIT, UNIT, 1, 256)->dpa = UNIT;
    /* Reaches beyond the window on both sides: clipped to it */
    commit(t->mems[0], base + 15 * UNIT, 4 * UNIT, 1, 256)->dpa = 2 * UNIT;
    commit(t->mems[0], base - UNIT, 2 * UNIT, 1, 256)->dpa = 6 * UNIT;
    route = compile(t, 5000);
    g_assert_cmpuint(route->nr, ==, 4);
    g_assert_null(cxl_route_resolve(route, base + 3 * UNIT + 7, &dpa, &run));
    g_assert_cmphex(run, ==, 2 * UNIT - 7);
    g_assert_null(cxl_route_resolve(route, base - 1, &dpa, &run));
    g_assert_cmphex(run, ==, 1);
    g_assert_nonnull(cxl_route_resolve(route, base, &dpa, &run));
    g_assert_cmphex(dpa, ==, 7 * UNIT);
    g_assert_null(cxl_route_resolve(route, base + 16 * UNIT, &dpa, &run));
    g_assert_null(cxl_route_resolve(route, UINT64_MAX, &dpa, &run));
    g_assert_cmphex(run, ==, 1);
    cxl_route_free(route);
    compile_all(t);
}

/* An empty window is a route without segments, not an error */
static void test_nothing(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 1, 0 }, 4, 256,
                                          true);
    CXLRoute *route = compile(t, 1000);

    g_assert_cmpuint(route->nr, ==, 0);
    cxl_route_free(route);
}

/* Arithmetic that is not known decodes nothing rather than wrongly */
static void test_unknown_arithmetic(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 1, 0 }, 4, 256,
                                          true);
    CXLRoute *route;

    program_region(t, 0, 4 * UNIT, 256);
    t->window.arithmetic = CXL_ARITHMETIC_XOR + 1;
    route = cxl_route_compile(&t->window, &fake);
    g_assert_cmpuint(route->nr, ==, 0);
    cxl_route_free(route);
}

/* Levels that disagree: each one still does what its registers say */
static void test_wrong_ways(void)
{
    static const unsigned ways[] = { 1, 2, 3, 4, 6, 8, 12, 16 };

    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree Topology *t = new_topology((unsigned[]) { 2, 2, 0 }, 8,
                                              1024, false);

        program_region(t, UNIT, 4 * UNIT, 1024);
        t->mems[0]->decoders[0].ways = ways[i];
        t->mems[3]->decoders[0].granularity = 256;
        ((Node *)t->window.bridges[1])->decoders[0].granularity = 512;
        compile_all(t);
    }
}

/* Only the device interleaves: one turn, but no single run */
static void test_device_interleaves_alone(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 1, 1, 0 }, 4, 256,
                                          true);
    uint64_t base = t->window.decoder.base;
    uint64_t dpa, run;
    CXLRoute *route;

    commit(t->mems[0], base, 2 * UNIT, 2, 512);
    route = compile(t, 5000);
    g_assert_cmpuint(route->nr, ==, 1);
    g_assert_cmpuint(route->segments[0].nr, ==, 1);
    g_assert_nonnull(cxl_route_resolve(route, base + 1000, &dpa, &run));
    g_assert_cmphex(dpa, ==, 488);
    g_assert_cmphex(run, ==, 24);
    cxl_route_free(route);
    compile_all(t);
}

/* Fields that no commit would let through decode nothing */
static void test_illegal_decoders(void)
{
    static const CXLDecoder illegal[] = {
        { .base = 0, .size = 2 * UNIT, .ways = 0, .granularity = 256 },
        { .base = 0, .size = 2 * UNIT, .ways = 5, .granularity = 256 },
        { .base = 0, .size = 2 * UNIT, .ways = 17, .granularity = 256 },
        { .base = 0, .size = 2 * UNIT, .ways = 1, .granularity = 0 },
        { .base = 0, .size = 2 * UNIT, .ways = 1, .granularity = 300 },
        { .base = 0, .size = 2 * UNIT, .ways = 1, .granularity = 32768 },
        { .base = 0, .size = 0, .ways = 1, .granularity = 256 },
        { .base = 0, .size = UNIT + 256, .ways = 1, .granularity = 256 },
        { .base = 256, .size = UNIT, .ways = 1, .granularity = 256 },
        { .base = 0, .size = -UNIT, .ways = 1, .granularity = 256 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(illegal); i++) {
        g_autofree Topology *t = new_topology((unsigned[]) { 1, 1, 0 }, 4,
                                              256, true);
        Node *mem = t->mems[0];
        CXLRoute *route;

        mem->decoders[0] = illegal[i];
        mem->decoders[0].base += t->window.decoder.base;
        mem->committed[0] = true;
        mem->nr_decoders = 1;
        route = compile(t, 500);
        g_assert_cmpuint(route->nr, ==, 0);
        cxl_route_free(route);
        /* A legal one behind it works all the same */
        commit(mem, t->window.decoder.base, UNIT, 1, 256);
        route = compile(t, 500);
        g_assert_cmpuint(route->nr, ==, 1);
        cxl_route_free(route);
    }
}

/* The longest pattern that registers can express */
static void test_longest_pattern(void)
{
    unsigned fanout[] = { 12, 2, 8, 0 };
    g_autofree Topology *t = g_new0(Topology, 1);
    CXLRoute *route;
    Node *bridge;

    t->window.decoder = (CXLDecoder) {
        .base = 0x1000 * UNIT, .size = 4 * UNIT, .ways = 12,
        .granularity = CXL_GRANULARITY_MAX,
    };
    bridge = add_tree(t, &fanout[1], false);
    for (unsigned i = 0; i < 12; i++) {
        t->window.decoder.targets[i] = i;
        t->window.bridges[i] = bridge;
    }
    commit(bridge, 0x1000 * UNIT, 4 * UNIT, 2, 256);
    for (unsigned i = 0; i < 2; i++) {
        CXLDecoder *d = commit(bridge->children[i], 0x1000 * UNIT, 4 * UNIT,
                               16, CXL_GRANULARITY_MAX);

        for (unsigned way = 8; way < 16; way++) {
            d->targets[way] = port_number(15 - way);
        }
    }
    for (unsigned i = 0; i < t->nr_mems; i++) {
        commit(t->mems[i], 0x1000 * UNIT, 4 * UNIT, 16, 256);
    }
    route = compile(t, 20000);
    g_assert_cmpuint(route->nr, ==, 1);
    g_assert_cmpuint(route->segments[0].nr, ==, 3072);
    cxl_route_free(route);
    compile_all(t);
}

/* Chains of switches are followed to a depth that no real one has */
static void test_depth(void)
{
    for (unsigned depth = CXL_ROUTE_DEPTH_MAX - 2;
         depth <= CXL_ROUTE_DEPTH_MAX + 1; depth++) {
        g_autofree Topology *t = new_topology((unsigned[]) { 1, 0 }, 4, 256,
                                              false);
        Node *node = t->mems[0];
        CXLRoute *route;

        node->kind = depth ? CXL_NODE_PORT : CXL_NODE_MEM;
        for (unsigned i = 0; i < depth; i++) {
            commit(node, t->window.decoder.base, UNIT, 1, 256);
            node->children[0] = add_node(t, i + 1 < depth ? CXL_NODE_PORT
                                                          : CXL_NODE_MEM);
            node = node->children[0];
        }
        commit(node, t->window.decoder.base, UNIT, 1, 256);
        route = cxl_route_compile(&t->window, &fake);
        g_assert_cmpuint(route->nr, ==, depth < CXL_ROUTE_DEPTH_MAX);
        cxl_route_free(route);
    }
}

/* A port that is its own child cannot exist, and must not hang us */
static void test_cycle(void)
{
    static const CXLNodeKind kinds[] = { CXL_NODE_PORT, CXL_NODE_PASSTHROUGH };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree Topology *t = new_topology((unsigned[]) { 1, 0 }, 4, 256,
                                              false);
        Node *node = t->window.bridges[0];
        CXLRoute *route;

        node->kind = kinds[i];
        commit(node, t->window.decoder.base, UNIT, 2, 256);
        node->children[0] = node->children[1] = node;
        route = cxl_route_compile(&t->window, &fake);
        g_assert_cmpuint(route->nr, ==, 0);
        cxl_route_free(route);
    }
}

static void test_equal(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 2, 0 }, 16, 256,
                                          false);
    CXLRoute *empty = cxl_route_compile(&t->window, &fake);
    CXLDecoder *d = &t->mems[3]->decoders[0];
    CXLRoute *a, *b;

    program_region(t, 0, 4 * UNIT, 256);
    a = cxl_route_compile(&t->window, &fake);
    b = cxl_route_compile(&t->window, &fake);
    g_assert_true(cxl_route_equal(a, b));
    g_assert_false(cxl_route_equal(a, empty));
    cxl_route_free(b);

    d->dpa += UNIT;
    b = cxl_route_compile(&t->window, &fake);
    g_assert_false(cxl_route_equal(a, b));
    cxl_route_free(b);

    d->dpa -= UNIT;
    d->size += UNIT;
    b = cxl_route_compile(&t->window, &fake);
    g_assert_true(cxl_route_equal(a, b));
    cxl_route_free(b);

    d->size -= 2 * UNIT;
    b = cxl_route_compile(&t->window, &fake);
    g_assert_false(cxl_route_equal(a, b));
    cxl_route_free(b);

    cxl_route_free(a);
    cxl_route_free(empty);
}

/* Routes that differ in nothing but how far a segment reaches */
static void test_equal_but_longer(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 1, 1, 0 }, 4, 256,
                                          true);
    CXLDecoder *d = commit(t->mems[0], t->window.decoder.base, UNIT, 1, 256);
    CXLRoute *a = cxl_route_compile(&t->window, &fake), *b;

    d->size = 2 * UNIT;
    b = cxl_route_compile(&t->window, &fake);
    g_assert_false(cxl_route_equal(a, b));
    cxl_route_free(a);
    cxl_route_free(b);
}

/* Programs that make no sense */

static unsigned pick(const unsigned *from, unsigned nr)
{
    return from[g_test_rand_int_range(0, nr)];
}

static void commit_random(Topology *t, Node *node)
{
    static const unsigned ways[] = { 1, 1, 1, 2, 2, 3, 4, 6, 8, 12, 16 };
    uint64_t base = t->window.decoder.base +
                    (g_test_rand_int_range(0, 12) - 1) * UNIT;
    CXLDecoder *d = commit(node, base, g_test_rand_int_range(1, 8) * UNIT,
                           pick(ways, G_N_ELEMENTS(ways)),
                           256u << g_test_rand_int_range(0, 7));

    for (unsigned i = 0; i < CXL_WAYS_MAX; i++) {
        d->targets[i] = g_test_rand_int_range(0, 8)
                            ? port_number(g_test_rand_int_range(0, 4))
                            : g_test_rand_int_range(0, 256);
    }
    d->dpa = g_test_rand_int_range(0, 16) * UNIT;
    node->committed[node->nr_decoders - 1] = g_test_rand_int_range(0, 8);
}

static void test_random(void)
{
    static const unsigned bridges[] = { 1, 2, 3, 4, 6, 8, 12, 16 };
    unsigned mapped = 0;

    for (unsigned round = 0; round < 1000; round++) {
        unsigned fanout[6] = {
            pick(bridges, round % 2 ? 4 : G_N_ELEMENTS(bridges)),
            g_test_rand_int_range(1, 3), g_test_rand_int_range(0, 3),
        };
        g_autofree Topology *t = new_topology(fanout, 10, 256u <<
                                              g_test_rand_int_range(0, 7),
                                              round % 3);
        CXLRoute *route;

        t->window.arithmetic = g_test_rand_bit() ? CXL_ARITHMETIC_XOR
                                                 : CXL_ARITHMETIC_MODULO;
        for (unsigned i = 0; i < t->nr_nodes; i++) {
            unsigned nr = g_test_rand_int_range(0, NODE_DECODERS);

            for (unsigned n = 0; n < nr; n++) {
                commit_random(t, &t->nodes[i]);
            }
        }
        route = compile(t, 300);
        mapped += route->nr;
        for (unsigned i = 0; i < route->nr; i++) {
            for (unsigned at = 0; at < 16384; at += 253) {
                probe(t, route, route->segments[i].hpa + at);
            }
        }
        cxl_route_free(route);
    }
    /* Not all of it may have been rubbish, or nothing was tested */
    g_assert_cmpuint(mapped, >, 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/route/linux/%s",
                                                shapes[i].name);

        g_test_add_data_func(path, &shapes[i], test_linux);
    }
    g_test_add_func("/cxl/route/one-way", test_one_way_is_one_run);
    g_test_add_func("/cxl/route/two-regions", test_two_regions);
    g_test_add_func("/cxl/route/partly-mapped", test_partly_mapped);
    g_test_add_func("/cxl/route/uncovered", test_uncovered);
    g_test_add_func("/cxl/route/nothing", test_nothing);
    g_test_add_func("/cxl/route/unknown-arithmetic", test_unknown_arithmetic);
    g_test_add_func("/cxl/route/wrong-ways", test_wrong_ways);
    g_test_add_func("/cxl/route/device-interleaves-alone",
                    test_device_interleaves_alone);
    g_test_add_func("/cxl/route/illegal-decoders", test_illegal_decoders);
    g_test_add_func("/cxl/route/longest-pattern", test_longest_pattern);
    g_test_add_func("/cxl/route/depth", test_depth);
    g_test_add_func("/cxl/route/cycle", test_cycle);
    g_test_add_func("/cxl/route/equal", test_equal);
    g_test_add_func("/cxl/route/equal-but-longer", test_equal_but_longer);
    g_test_add_func("/cxl/route/random", test_random);
    return g_test_run();
}

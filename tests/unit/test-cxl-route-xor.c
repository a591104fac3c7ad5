/*
 * Route compiler: windows with XOR arithmetic, against the walker
 *
 * Compiles alone with: hw/cxl/decode/interleave.c hw/cxl/decode/route.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-route-fake.h"

/* A tree that is programmed as Linux does it */
typedef struct Shape {
    const char *name;
    unsigned fanout[6];
    unsigned granularity;
    bool passthrough;
} Shape;

static const Shape shapes[] = {
    { "x1", { 1, 1 }, 256 },
    { "x4-of-one-bridge", { 1, 4 }, 256 },
    { "x2", { 2, 1 }, 256 },
    { "x2-passthrough", { 2, 1 }, 4096, true },
    { "x2-16k", { 2, 1 }, 16384, true },
    { "x4-by-two", { 2, 2 }, 256 },
    { "x4", { 4, 1 }, 2048, true },
    { "x8", { 8, 1 }, 1024, true },
    { "x8-by-three-levels", { 2, 2, 2 }, 256 },
    { "x16-by-four", { 4, 4 }, 512 },
    { "x16-by-switches", { 4, 2, 2 }, 256 },
    { "x16", { 16, 1 }, 256, true },
    { "x16-16k", { 16, 1 }, 16384, true },
    { "x3", { 3, 1 }, 256, true },
    { "x6-by-two", { 3, 2 }, 256 },
    { "x6", { 6, 1 }, 512, true },
    { "x12-by-four", { 3, 4 }, 4096 },
    { "x12-by-two", { 6, 2 }, 256 },
    { "x12", { 12, 1 }, 16384, true },
};

/* Every one of the devices' bytes is at one address of the sample */
static void assert_xor_bijection(const Topology *t, const CXLRoute *route,
                                 uint64_t from, unsigned granularity)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);
    unsigned shares = 1000;
    uint64_t low = UINT64_MAX, high = 0;

    for (unsigned turn = 0; turn < t->nr_mems * shares; turn++) {
        uint64_t dpa = 0, run, at = from + (uint64_t)turn * granularity;
        Node *mem = cxl_route_resolve(route, at, &dpa, &run);

        g_assert_nonnull(mem);
        g_assert_cmphex(dpa % granularity, ==, 0);
        low = MIN(low, dpa);
        high = MAX(high, dpa);
        g_assert_true(g_hash_table_add(seen, g_strdup_printf("%p %" PRIx64,
                                                             mem, dpa)));
    }
    g_assert_cmphex(high - low, ==, (shares - 1) * (uint64_t)granularity);
}

static void test_xor(gconstpointer opaque)
{
    const Shape *shape = opaque;
    g_autofree Topology *t = new_topology(shape->fanout, 64,
                                          shape->granularity,
                                          shape->passthrough);
    uint64_t size = t->nr_mems * UNIT, set = t->nr_mems * shape->granularity;
    const CXLSegment *s;
    CXLRoute *route;

    /* Where what 3 * 2^n ways have left does not depend on the base */
    t->window.decoder.base = 0x1000 * 3 * UNIT;
    t->window.arithmetic = CXL_ARITHMETIC_XOR;
    program_region(t, 3 * size, size, shape->granularity);
    route = compile(t, 20000);
    g_assert_cmpuint(route->nr, ==, 1);
    s = &route->segments[0];
    g_assert_cmpuint(s->nr, <=, t->nr_mems * t->nr_mems);
    assert_xor_bijection(t, route, s->hpa, shape->granularity);
    assert_xor_bijection(t, route, s->hpa + 0x5a5a5a5 / set * set,
                         shape->granularity);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t hpa = s->hpa + (uint32_t)g_test_rand_int() % s->size;
        uint64_t dpa, run;
        void *mem = cxl_route_resolve(route, hpa, &dpa, &run);

        g_assert_true(mem == s->positions[cxl_segment_position(s, hpa)].mem);
    }
    cxl_route_free(route);
    compile_all(t);
}

/* Two ways of 256 bytes, as a CXL driver expects them */
static void test_xor_strides(void)
{
    static const uint64_t offsets[] = { 0x0, 0x100, 0x4000, 0x4100, 0x400000 };
    static const unsigned mems[] = { 0, 1, 1, 0, 1 };
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 1, 0 }, 16, 256,
                                          true);
    CXLRoute *route;

    t->window.arithmetic = CXL_ARITHMETIC_XOR;
    program_region(t, 0, 2 * UNIT, 256);
    route = cxl_route_compile(&t->window, &fake);
    g_assert_cmpuint(route->nr, ==, 1);
    g_assert_cmpuint(route->segments[0].nr, ==, 2);
    for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
        uint64_t dpa, run;
        Node *mem = cxl_route_resolve(route, t->window.decoder.base +
                                      offsets[i], &dpa, &run);

        g_assert_true(mem == t->mems[mems[i]]);
        g_assert_cmphex(dpa, ==, UNIT + offsets[i] / 512 * 256);
        g_assert_cmpuint(run, ==, 256);
    }
    cxl_route_free(route);
}

/* A bridge that decodes the bit which the window has used already */
static void test_xor_same_bit(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 2, 0 }, 16, 256,
                                          false);
    CXLRoute *route;
    unsigned seen = 0;

    t->window.arithmetic = CXL_ARITHMETIC_XOR;
    program_region(t, 0, 4 * UNIT, 256);
    for (unsigned i = 0; i < 2; i++) {
        ((Node *)t->window.bridges[i])->decoders[0].granularity = 256;
    }
    compile_all(t);
    /* With the other arithmetic two of the devices are out of reach */
    route = compile(t, 5000);
    for (unsigned i = 0; i < route->segments[0].nr; i++) {
        Node *mem = route->segments[0].positions[i].mem;

        for (unsigned n = 0; n < t->nr_mems; n++) {
            seen |= (mem == t->mems[n]) << n;
        }
    }
    g_assert_cmphex(seen, ==, 0xf);
    cxl_route_free(route);
}

/* The same decoders under the two arithmetics are two routes */
static void test_xor_not_equal(void)
{
    g_autofree Topology *t = new_topology((unsigned[]) { 2, 1, 0 }, 16, 256,
                                          true);
    CXLRoute *a, *b;

    program_region(t, 0, 4 * UNIT, 256);
    a = cxl_route_compile(&t->window, &fake);
    t->window.arithmetic = CXL_ARITHMETIC_XOR;
    b = cxl_route_compile(&t->window, &fake);
    g_assert_false(cxl_route_equal(a, b));
    cxl_route_free(a);
    a = cxl_route_compile(&t->window, &fake);
    g_assert_true(cxl_route_equal(a, b));
    cxl_route_free(a);
    cxl_route_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/route-xor/strides", test_xor_strides);
    g_test_add_func("/cxl/route-xor/same-bit", test_xor_same_bit);
    g_test_add_func("/cxl/route-xor/not-equal", test_xor_not_equal);
    for (unsigned i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/route-xor/%s",
                                                shapes[i].name);

        g_test_add_data_func(path, &shapes[i], test_xor);
    }
    return g_test_run();
}

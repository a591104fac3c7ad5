/*
 * Region planner: what it plans is programmed, and every turn is looked up
 *
 * Compiles alone with: hw/cxl/decode/interleave.c hw/cxl/decode/region.c
 * hw/cxl/decode/route.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/region.h"
#include "cxl-route-fake.h"

typedef struct Case {
    const char *name;
    unsigned fanout[6];     /* host bridges, then children a node */
    unsigned granularity;
    bool passthrough;
    unsigned chosen;        /* the most devices that can take turns */
} Case;

static const Case cases[] = {
    { "x1", { 1, 1 }, 256, false, 1 },
    { "x1-passthrough", { 1, 1 }, 256, true, 1 },
    { "x2", { 1, 2 }, 256, false, 2 },
    { "x2-16k", { 1, 2 }, 16384, false, 2 },
    { "x2-bridges", { 2, 1 }, 256, true, 2 },
    { "x3-bridges", { 3, 1 }, 1024, false, 3 },
    { "x4-switch", { 1, 1, 4 }, 256, true, 4 },
    { "x4-deep", { 1, 2, 2 }, 4096, false, 4 },
    { "x6", { 3, 2 }, 256, false, 6 },
    { "x8-ports", { 1, 8 }, 256, false, 8 },
    { "x8-everything", { 2, 2, 2 }, 256, false, 8 },
    { "x12", { 3, 4 }, 512, false, 12 },
    { "x16", { 4, 4 }, 256, false, 16 },
    { "x16-deep", { 2, 2, 2, 2 }, 1024, false, 16 },
    { "x16-bridges", { 16, 1 }, 16384, true, 16 },
    /* Three ports cannot take turns, two of them can */
    { "two-of-three", { 1, 3 }, 256, false, 2 },
    { "eight-of-ten", { 1, 10 }, 256, false, 8 },
    /* 16 turns of a port are too many, 2 x 8 behind it are not */
    { "sixteen", { 1, 2, 8 }, 256, false, 16 },
    { "sixteen-of-32", { 2, 4, 4 }, 256, false, 16 },
    /* A second level would have to select by an address bit above bit 14 */
    { "coarse", { 2, 2 }, 16384, false, 2 },
    { "coarse-switch", { 1, 4, 4 }, 8192, false, 8 },
};

static bool usable(void *mem, void *opaque)
{
    return mem != opaque;
}

static void apply(const CXLRegionPlan *plan, uint64_t base, uint64_t size)
{
    for (unsigned i = 0; i < plan->ports->len; i++) {
        CXLRegionPort *port = &g_array_index(plan->ports, CXLRegionPort, i);
        CXLDecoder *d;

        g_assert_cmpuint(port->granularity, <=, CXL_GRANULARITY_MAX);
        d = commit(port->node, base, size, port->ways, port->granularity);
        memcpy(d->targets, port->targets, sizeof(port->targets));
    }
    for (unsigned i = 0; i < plan->ways; i++) {
        commit(plan->members[i], base, size, plan->ways, plan->granularity);
    }
}

/*
 * Turn after turn goes to member after member, to each of its granules. With
 * 3 * 2^n ways on two levels, the level below the window does not begin anew
 * with each round of the window's, as positions do that Linux counts: there
 * the member is one of those that the window's target has.
 */
static void assert_turns(const Topology *t, const CXLRegionPlan *plan,
                         uint64_t base, uint64_t size)
{
    CXLRoute *route = cxl_route_compile(&t->window, &fake);
    unsigned roots = t->window.decoder.ways;
    bool in_order = roots % 3 || roots == plan->ways;
    unsigned turns[CXL_WAYS_MAX] = { 0 };

    g_assert_cmpuint(route->nr, ==, 1);
    g_assert_cmphex(route->segments[0].hpa, ==, base);
    g_assert_cmphex(route->segments[0].size, ==, size);
    for (unsigned turn = 0; turn < plan->ways * 100; turn++) {
        uint64_t hpa = base + (uint64_t)turn * plan->granularity;
        uint64_t dpa = 0, run;
        void *mem = cxl_route_resolve(route, hpa, &dpa, &run);
        unsigned n = turn % (in_order ? plan->ways : roots);

        while (!in_order && n < plan->ways && plan->members[n] != mem) {
            n += roots;
        }
        g_assert_cmpuint(n, <, plan->ways);
        g_assert_true(mem == plan->members[n]);
        g_assert_cmphex(dpa, ==, turns[n]++ * plan->granularity);
        assert_same_place(t, hpa, mem, dpa);
    }
    for (unsigned n = 0; n < plan->ways; n++) {
        g_assert_cmpuint(turns[n], ==, 100);
    }
    cxl_route_free(route);
}

/* Linux programs the same, but for the order of targets */
static void assert_as_linux(const Topology *t, const Case *c)
{
    g_autofree Topology *linux_way = new_topology(c->fanout, 64,
                                                  c->granularity,
                                                  c->passthrough);

    program_region(linux_way, 48 * UNIT, t->nr_mems * UNIT, c->granularity);
    for (unsigned i = 0; i < t->nr_nodes; i++) {
        const Node *a = &t->nodes[i], *b = &linux_way->nodes[i];

        g_assert_cmpuint(a->nr_decoders, ==, b->nr_decoders);
        for (unsigned n = 0; n < a->nr_decoders; n++) {
            const CXLDecoder *x = &a->decoders[n], *y = &b->decoders[n];

            g_assert_cmphex(x->base, ==, y->base);
            g_assert_cmphex(x->size, ==, y->size);
            g_assert_cmpuint(x->ways, ==, y->ways);
            if (x->ways > 1) {
                g_assert_cmpuint(x->granularity, ==, y->granularity);
            }
        }
    }
}

static void test_choose(gconstpointer opaque)
{
    const Case *c = opaque;
    g_autofree Topology *t = new_topology(c->fanout, 64, c->granularity,
                                          c->passthrough);
    uint64_t base = t->window.decoder.base + 48 * UNIT;
    void *members[CXL_WAYS_MAX];
    CXLRegionPlan *plan;
    char *why;
    unsigned nr;

    nr = cxl_region_choose(&t->window, &fake, c->granularity, usable, NULL,
                           members);
    g_assert_cmpuint(nr, ==, c->chosen);
    plan = cxl_region_plan(&t->window, &fake, members, nr, c->granularity,
                           &why);
    g_assert_nonnull(plan);
    g_assert_null(why);
    g_assert_cmpuint(plan->ways, ==, nr);
    apply(plan, base, nr * UNIT);
    assert_turns(t, plan, base, nr * UNIT);
    compile_all(t);
    if (nr == t->nr_mems) {
        assert_as_linux(t, c);
    }
    cxl_region_plan_free(plan);
}

static void test_first(void)
{
    static const unsigned fanout[] = { 2, 1, 2, 0 };
    g_autofree Topology *t = new_topology(fanout, 4, 256, true);

    g_assert_true(cxl_region_first(&t->window, &fake, usable, NULL) ==
                  t->mems[0]);
    g_assert_true(cxl_region_first(&t->window, &fake, usable, t->mems[0]) ==
                  t->mems[1]);
    t->window.bridges[0] = t->window.bridges[1] = NULL;
    g_assert_null(cxl_region_first(&t->window, &fake, usable, NULL));
}

/* One device less on one side leaves one less on each */
static void test_unusable(void)
{
    static const unsigned fanout[] = { 2, 4, 0 };
    g_autofree Topology *t = new_topology(fanout, 8, 256, false);
    void *members[CXL_WAYS_MAX];
    unsigned nr = cxl_region_choose(&t->window, &fake, 256, usable, t->mems[5],
                                    members);

    g_assert_cmpuint(nr, ==, 4);
    for (unsigned i = 0; i < nr; i++) {
        g_assert_true(members[i] != t->mems[5]);
    }
}

/* Order matters: the members by their index in the tree, and the complaint */
typedef struct Order {
    const char *name;
    unsigned fanout[6];
    unsigned window_granularity;
    unsigned granularity;
    unsigned nr;
    unsigned members[CXL_WAYS_MAX];
    const char *why;
} Order;

static const Order orders[] = {
    { "any-two", { 1, 2 }, 256, 256, 2, { 1, 0 }, NULL },
    { "one-of-two", { 1, 2 }, 256, 256, 1, { 1 }, NULL },
    { "alternate", { 2, 2 }, 256, 256, 4, { 1, 2, 0, 3 }, NULL },
    { "finer-than-window", { 1, 2 }, 4096, 256, 2, { 0, 1 }, NULL },
    { "coarser-than-window", { 1, 2 }, 256, 4096, 2, { 0, 1 }, NULL },
    { "same-bridge", { 2, 2 }, 256, 256, 4, { 0, 1, 2, 3 },
      "device 2 is not below the host bridge whose turn it is" },
    { "same-switch", { 1, 2, 2 }, 256, 256, 4, { 0, 1, 2, 3 },
      "device 2 is below a port whose turn it is not; ports take turns" },
    { "switches-change", { 1, 2, 2 }, 256, 256, 4, { 0, 2, 3, 1 },
      "device 2 is below a port whose turn it is not; ports take turns" },
    { "three-ports", { 1, 4 }, 256, 256, 3, { 0, 1, 2 },
      "3 ports of one host bridge or switch cannot take turns; 1, 2, 4 or 8 "
      "can" },
    { "half-a-window", { 2, 2 }, 256, 256, 1, { 0 },
      "1 devices cannot take turns in a window of 2 targets" },
    { "five", { 1, 5 }, 256, 256, 5, { 0, 1, 2, 3, 4 },
      "5 devices cannot take turns in a window of 1 targets" },
    { "window-granularity", { 2, 1 }, 1024, 256, 2, { 0, 1 },
      "the granularity, 256, must be that of the window, 1024, which "
      "interleaves" },
    { "too-coarse", { 2, 2 }, 16384, 16384, 4, { 0, 2, 1, 3 },
      "a port would have to give turns of 32768 bytes; the most is 16k" },
    { "twice", { 1, 1, 2 }, 256, 256, 2, { 0, 0 },
      "device 0 has more than one turn" },
};

static void test_order(gconstpointer opaque)
{
    const Order *o = opaque;
    g_autofree Topology *t = new_topology(o->fanout, 16, o->window_granularity,
                                          false);
    uint64_t base = t->window.decoder.base;
    void *members[CXL_WAYS_MAX];
    g_autofree char *why = NULL;
    CXLRegionPlan *plan;

    for (unsigned i = 0; i < o->nr; i++) {
        members[i] = t->mems[o->members[i]];
    }
    plan = cxl_region_plan(&t->window, &fake, members, o->nr, o->granularity,
                           &why);
    g_assert_cmpstr(why, ==, o->why);
    g_assert_true(!plan == !!o->why);
    if (plan) {
        apply(plan, base, o->nr * UNIT);
        assert_turns(t, plan, base, o->nr * UNIT);
        cxl_region_plan_free(plan);
    }
}

static void test_gone(void)
{
    static const unsigned fanout[] = { 2, 1, 0 };
    g_autofree Topology *t = new_topology(fanout, 4, 256, false);
    void *members[] = { t->mems[0], t->mems[1] };
    g_autofree char *why = NULL;
    g_autofree char *why_bridge = NULL;

    ((Node *)t->window.bridges[1])->children[0] = NULL;
    g_assert_null(cxl_region_plan(&t->window, &fake, members, 2, 256, &why));
    g_assert_cmpstr(why, ==, "device 1 is not below the host bridge whose "
                    "turn it is");
    t->window.bridges[1] = NULL;
    g_assert_null(cxl_region_plan(&t->window, &fake, members, 2, 256,
                                  &why_bridge));
    g_assert_cmpstr(why_bridge, ==, "target 1 of the window has gone");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/region/choose/%s",
                                                cases[i].name);

        g_test_add_data_func(path, &cases[i], test_choose);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/region/order/%s",
                                                orders[i].name);

        g_test_add_data_func(path, &orders[i], test_order);
    }
    g_test_add_func("/cxl/region/first", test_first);
    g_test_add_func("/cxl/region/unusable", test_unusable);
    g_test_add_func("/cxl/region/gone", test_gone);
    return g_test_run();
}

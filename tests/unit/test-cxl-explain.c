/*
 * The explainer against a walker that decodes one address at a time, and
 * against mistakes whose culprit is known, because the test made them
 *
 * Compiles alone with: hw/cxl/decode/{interleave,route,explain*}.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/decode/explain.h"
#include "cxl-route-fake.h"

#define ROUNDS          4000

static bool ex_decoder(void *opaque, unsigned n, CXLDecoderState *out)
{
    Node *node = opaque;

    if (n >= node->nr_decoders) {
        return false;
    }
    *out = (CXLDecoderState) {
        .d = node->decoders[n],
        .endpoint = node->kind == CXL_NODE_MEM,
        .committed = node->committed[n],
        .error = node->refused[n],
        .refusal = node->refused[n] ? "because" : NULL,
        .section = node->refused[n] ? "8.2.4.20.12" : NULL,
    };
    return true;
}

/* Each port number that port_number() gives has a port */
static CXLTargetKind ex_target(void *opaque, uint8_t target, void **child,
                               void **via)
{
    Node *node = opaque;
    unsigned n = node->kind == CXL_NODE_PASSTHROUGH ? 0 : (target - 5) / 2;

    if (node->kind != CXL_NODE_PASSTHROUGH &&
        (target < 5 || target % 2 == 0 || n >= NODE_CHILDREN)) {
        return CXL_TARGET_NO_PORT;
    }
    *via = &node->children[n];
    *child = node->children[n];
    return *child ? CXL_TARGET_CXL : CXL_TARGET_EMPTY;
}

static unsigned ex_enables(void *opaque)
{
    return CXL_ENABLE_ALL & ~((Node *)opaque)->disabled;
}

static CXLDpaFault ex_dpa_fault(void *opaque, uint64_t dpa)
{
    return ((Node *)opaque)->fault;
}

static char *ex_name(void *node)
{
    return g_strdup_printf("%p", node);
}

static const CXLExplainTopology ex = {
    .kind = fake_kind,
    .decoder = ex_decoder,
    .target = ex_target,
    .enables = ex_enables,
    .dpa_fault = ex_dpa_fault,
    .name = ex_name,
};

static CXLExplanation *explain(const Topology *t, uint64_t hpa)
{
    const CXLWindowSpec *windows[] = { &t->window };

    return cxl_explain(windows, 1, &ex, hpa);
}

/* What the walker says, and a reason if that is nothing */
static void check(const Topology *t, uint64_t hpa)
{
    Place place = naive_resolve(t, hpa);
    CXLExplanation *e = explain(t, hpa);

    g_assert_true(e->mem == place.mem);
    if (place.mem) {
        g_assert_cmphex(e->dpa, ==, place.dpa);
    } else {
        g_assert_nonnull(cxl_explanation_problem(e));
    }
    cxl_explanation_free(e);
}

/* Topologies */

static const unsigned shapes[][6] = {
    { 1, 1 }, { 1, 2 }, { 1, 4 }, { 1, 8 }, { 2, 1 }, { 2, 2 }, { 2, 4 },
    { 4, 1 }, { 4, 2 }, { 1, 1, 1 }, { 1, 1, 2 }, { 1, 1, 4 }, { 1, 2, 2 },
    { 1, 2, 4 }, { 2, 1, 2 }, { 2, 2, 2 }, { 2, 1, 4 }, { 1, 2, 2, 2 },
    { 3, 1 }, { 3, 2 }, { 3, 4 }, { 6, 1 }, { 6, 2 }, { 12, 1 }, { 4, 4 },
    { 2, 2, 2, 2 },
};

static Topology *random_topology(bool xor)
{
    const unsigned *fanout = shapes[g_test_rand_int_range(
                                        0, ARRAY_SIZE(shapes))];
    unsigned granularity = 256u << g_test_rand_int_range(0, 4);
    Topology *t = new_topology(fanout, 64, granularity,
                               g_test_rand_bit());

    t->window.arithmetic = xor ? CXL_ARITHMETIC_XOR : CXL_ARITHMETIC_MODULO;
    program_region(t, t->nr_mems * UNIT, t->nr_mems * UNIT, granularity);
    return t;
}

static uint64_t region_base(const Topology *t)
{
    return t->window.decoder.base + t->nr_mems * UNIT;
}

static uint64_t in_region(const Topology *t)
{
    return region_base(t) + g_test_rand_int_range(0, G_MAXINT32) %
                            (t->nr_mems * UNIT);
}

/* Addresses that lead somewhere, and such that do not */
static void test_walk(void)
{
    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        g_autofree Topology *t = random_topology(i % 2);

        for (unsigned n = 0; n < 20; n++) {
            uint64_t hpa = in_region(t);
            CXLExplanation *e = explain(t, hpa);

            g_assert_nonnull(e->mem);
            g_assert_cmpint(e->window, ==, 0);
            g_assert_null(cxl_explanation_problem(e));
            cxl_explanation_free(e);
            check(t, hpa);
            check(t, random_hpa(t));
        }
    }
}

/* And what the route compiler says, which knows the same walker */
static void test_route(void)
{
    g_autofree Topology *t = random_topology(false);
    CXLRoute *route = cxl_route_compile(&t->window, &fake);

    compile_all(t);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t hpa = random_hpa(t), dpa, run;
        CXLExplanation *e = explain(t, hpa);

        g_assert_true(cxl_route_resolve(route, hpa, &dpa, &run) == e->mem);
        cxl_explanation_free(e);
    }
    cxl_route_free(route);
}

/* From the device and its address back to the same address */
static void test_dpa(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autofree Topology *t = random_topology(i % 2);
        const CXLWindowSpec *windows[] = { &t->window };
        uint64_t hpa = in_region(t);
        Place place = naive_resolve(t, hpa);
        CXLExplanation *e = cxl_explain_dpa(windows, 1, &ex, place.mem,
                                            place.dpa);

        g_assert_true(e->mem == place.mem);
        g_assert_cmphex(e->dpa, ==, place.dpa);
        g_assert_cmphex(e->hpa, ==, hpa);
        g_assert_null(cxl_explanation_problem(e));
        cxl_explanation_free(e);

        e = cxl_explain_dpa(windows, 1, &ex, place.mem, 0);
        g_assert_null(e->mem);
        g_assert_cmpint(cxl_explanation_problem(e)->kind, ==,
                        CXL_PROBLEM_NOT_MAPPED);
        cxl_explanation_free(e);
    }
}

/* Mistakes */

/**
 * Mistake: one that was made with @node, on the way of @hpa
 * @kind: what it is to be called; @n: with which decoder
 * @made: there was something to make it with
 */
typedef struct Mistake {
    Topology *t;
    uint64_t hpa;
    Node *node;
    unsigned way;
    CXLProblemKind kind;
    void *culprit;
    int n;
    bool made;
} Mistake;

static void make_uncommitted(Mistake *m)
{
    m->node->committed[0] = false;
    m->kind = CXL_PROBLEM_NOT_COMMITTED;
    m->made = true;
}

static void make_refused(Mistake *m)
{
    m->node->committed[0] = false;
    m->node->refused[0] = true;
    m->kind = CXL_PROBLEM_REFUSED;
    m->made = true;
}

static void make_gone(Mistake *m)
{
    m->node->nr_decoders = 0;
    m->kind = CXL_PROBLEM_NO_DECODER;
    m->n = -1;
    m->made = true;
}

static bool is_port(const Mistake *m)
{
    return m->node->kind == CXL_NODE_PORT;
}

static void make_no_port(Mistake *m)
{
    m->node->decoders[0].targets[m->way] = 2 * g_test_rand_int_range(0, 128);
    m->kind = CXL_PROBLEM_NO_PORT;
    m->made = is_port(m);
}

/* One of the ports that have nothing below them */
static void make_wrong_target(Mistake *m)
{
    m->node->decoders[0].targets[m->way] = port_number(NODE_CHILDREN - 1);
    m->kind = CXL_PROBLEM_WRONG_TARGET;
    m->made = is_port(m);
}

static void make_unplugged(Mistake *m)
{
    m->node->children[m->way] = NULL;
    m->kind = CXL_PROBLEM_EMPTY_PORT;
    m->culprit = &m->node->children[m->way];
    m->n = -1;
    m->made = is_port(m);
}

static void make_granularity(Mistake *m)
{
    CXLDecoder *d = &m->node->decoders[0];
    uint32_t old = d->granularity;

    while (d->granularity == old) {
        d->granularity = 256u << g_test_rand_int_range(0, 7);
    }
    m->kind = CXL_PROBLEM_WRONG_GRANULARITY;
    m->made = d->ways > 1;
}

static void make_ways(Mistake *m)
{
    CXLDecoder *d = &m->node->decoders[0];

    m->made = d->ways <= 4 && d->ways != 3;
    if (d->ways > 1 && (is_port(m) || g_test_rand_bit())) {
        d->ways /= 2;
    } else if (!is_port(m)) {
        d->ways *= 2;
    } else {
        m->made = false;
    }
    m->kind = CXL_PROBLEM_WRONG_WAYS;
}

static void make_range(Mistake *m)
{
    CXLDecoder *d = &m->node->decoders[0];

    d->base += g_test_rand_bit() ? UNIT : -UNIT;
    m->kind = CXL_PROBLEM_RANGE;
    /* Of two that contradict each other, either may be wrong */
    m->made = m->t->nr_mems > 2 && d->size > UNIT;
}

static void make_mem_disabled(Mistake *m)
{
    m->node->disabled = CXL_ENABLE_MEM;
    m->kind = CXL_PROBLEM_MEM_DISABLED;
    m->n = -1;
    m->made = !is_port(m);
}

static void make_hdm_disabled(Mistake *m)
{
    m->node->disabled = CXL_ENABLE_HDM;
    m->kind = CXL_PROBLEM_HDM_DISABLED;
    m->n = -1;
    m->made = !is_port(m);
}

static void make_fault(Mistake *m)
{
    static const CXLProblemKind kinds[] = {
        [CXL_DPA_BEYOND] = CXL_PROBLEM_BEYOND,
        [CXL_DPA_NOT_READY] = CXL_PROBLEM_NOT_READY,
        [CXL_DPA_DISABLED] = CXL_PROBLEM_MEDIA_DISABLED,
        [CXL_DPA_LOCKED] = CXL_PROBLEM_LOCKED,
        [CXL_DPA_POISON] = CXL_PROBLEM_POISON,
    };

    m->node->fault = g_test_rand_int_range(CXL_DPA_BEYOND, CXL_DPA_POISON + 1);
    m->kind = kinds[m->node->fault];
    m->n = -1;
    m->made = !is_port(m);
}

/* Any level of the way of some address that has a decoder */
static Mistake choose(Topology *t)
{
    Mistake m = { .t = t, .hpa = in_region(t) };
    CXLExplanation *e = explain(t, m.hpa);
    CXLExplainLevel *level;

    do {
        level = &g_array_index(e->levels, CXLExplainLevel,
                               g_test_rand_int_range(1, e->levels->len));
    } while (level->n < 0);
    m.node = m.culprit = level->node;
    m.way = level->way;
    m.n = level->n;
    cxl_explanation_free(e);
    return m;
}

static void assert_found(const Mistake *m, void (*make)(Mistake *m))
{
    CXLExplanation *e = explain(m->t, m->hpa);
    const CXLProblem *p = cxl_explanation_problem(e);

    g_assert_nonnull(p);
    if (p->kind != m->kind || p->node != m->culprit || p->n != m->n) {
        g_test_message("%s (CXL r3.1 %s); devices %u", p->text, p->section,
                       m->t->nr_mems);
    }
    g_assert_cmpint(p->kind, ==, m->kind);
    g_assert_true(p->node == m->culprit);
    g_assert_cmpint(p->n, ==, m->n);
    g_assert_nonnull(p->section);
    cxl_explanation_free(e);
}

static void test_mistake(gconstpointer opaque)
{
    void (*make)(Mistake *m) = opaque;
    unsigned made = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autofree Topology *t = random_topology(i % 2);
        Mistake m = choose(t);

        make(&m);
        if (m.made) {
            if (!m.node->disabled) {
                check(t, m.hpa);
            }
            assert_found(&m, make);
            made++;
        }
    }
    g_assert_cmpuint(made, >, ROUNDS / 10);
}

static void test_outside(void)
{
    g_autofree Topology *t = random_topology(false);
    CXLExplanation *e = explain(t, t->window.decoder.base - 1);

    g_assert_cmpint(cxl_explanation_problem(e)->kind, ==, CXL_PROBLEM_OUTSIDE);
    g_assert_cmpint(e->window, ==, -1);
    g_assert_cmpuint(e->levels->len, ==, 0);
    cxl_explanation_free(e);
}

/* Geometry */

static bool about_geometry(const CXLExplanation *e)
{
    const CXLProblem *p = cxl_explanation_problem(e);

    return p && (p->kind == CXL_PROBLEM_WRONG_WAYS ||
                 p->kind == CXL_PROBLEM_WRONG_GRANULARITY ||
                 p->kind == CXL_PROBLEM_WRONG_POSITION);
}

/*
 * Whatever ways and granularities the levels have: the explainer objects to
 * some address if and only if one device gets two addresses of one DPA, or
 * none of another
 */
static void test_geometry(void)
{
    unsigned good = 0;

    for (unsigned i = 0; i < ROUNDS / 4; i++) {
        g_autofree Topology *t = new_topology((unsigned[]) { 2, 2, 0 }, 64,
                                              256u << i % 3, false);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(
            g_str_hash, g_str_equal, g_free, NULL);
        uint64_t base, top[4] = { 0 };
        unsigned mapped[4] = { 0 };
        bool shared = false, holes = false, objected = false;

        program_region(t, 4 * UNIT, 4 * UNIT, t->window.decoder.granularity);
        for (unsigned n = 0; n < 2; n++) {
            Node *bridge = t->window.bridges[n];

            if (g_test_rand_bit()) {
                bridge->decoders[0].granularity =
                    256u << g_test_rand_int_range(0, 4);
            }
        }
        for (unsigned n = 0; n < 4; n++) {
            if (!g_test_rand_int_range(0, 4)) {
                t->mems[n]->decoders[0].granularity =
                    256u << g_test_rand_int_range(0, 3);
            }
        }
        base = t->window.decoder.base + 4 * UNIT;
        /* All patterns of these repeat after 2^14 bytes */
        for (uint64_t hpa = base; hpa < base + (1 << 16); hpa += 256) {
            Place place = naive_resolve(t, hpa);
            CXLExplanation *e = explain(t, hpa);
            unsigned n = place.mem - t->mems[0];

            objected |= about_geometry(e);
            cxl_explanation_free(e);
            shared |= !g_hash_table_add(seen, g_strdup_printf(
                "%p %" PRIx64, place.mem, place.dpa));
            for (n = 0; t->mems[n] != place.mem; n++) {
            }
            mapped[n]++;
            top[n] = MAX(top[n], place.dpa);
        }
        for (unsigned n = 0; n < 4; n++) {
            holes |= mapped[n] != 64;
        }
        g_assert_cmpint(objected, ==, shared || holes);
        good += !objected;
    }
    g_test_message("%u of %u had whole devices", good, ROUNDS / 4);
    g_assert_cmpuint(good, >, 0);
}

#define MISTAKE(name) { "/cxl/explain/" #name, make_##name }

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*make)(Mistake *m);
    } mistakes[] = {
        MISTAKE(uncommitted),
        MISTAKE(refused),
        MISTAKE(gone),
        MISTAKE(no_port),
        MISTAKE(wrong_target),
        MISTAKE(unplugged),
        MISTAKE(granularity),
        MISTAKE(ways),
        MISTAKE(range),
        MISTAKE(mem_disabled),
        MISTAKE(hdm_disabled),
        MISTAKE(fault),
    };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/explain/walk", test_walk);
    g_test_add_func("/cxl/explain/route", test_route);
    g_test_add_func("/cxl/explain/dpa", test_dpa);
    g_test_add_func("/cxl/explain/outside", test_outside);
    g_test_add_func("/cxl/explain/geometry", test_geometry);
    for (unsigned i = 0; i < ARRAY_SIZE(mistakes); i++) {
        g_test_add_data_func(mistakes[i].path, mistakes[i].make, test_mistake);
    }
    return g_test_run();
}

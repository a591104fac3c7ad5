/*
 * A random machine with CXL memory, beside the model of it
 *
 * Nodes of the model come in the order in which firmware finds them: each
 * host bridge, then what is below its first root port, and so on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "reference-topology.h"

#define BRIDGES_MAX     16
#define ENDPOINTS_MAX   16
#define SWITCH_DEPTH    2
#define DOWNSTREAM_MAX  24
/* Bus numbers for a bridge and what is below it: the most, and without switches */
#define BUSES           60
#define BUSES_WIDE      15

/* The machine while it is described */
typedef struct Draft {
    RefMachine *r;
    QCXLTopology *t;
    RefNode *bridges[BRIDGES_MAX];
    unsigned nr_bridges;
    unsigned nr_endpoints;
    unsigned min_endpoints;
    unsigned max_endpoints;
    unsigned nr_root_ports;
    unsigned nr_downstream;
    unsigned nr_windows;
    bool wide;
    GString *text;
} Draft;

unsigned ref_rand(RefMachine *r, unsigned n)
{
    return n > 1 ? g_rand_int_range(r->rand, 0, n) : 0;
}

bool ref_once_in(RefMachine *r, unsigned n)
{
    return ref_rand(r, n) == 0;
}

void ref_shuffle(RefMachine *r, unsigned *v, unsigned n)
{
    for (unsigned i = n; i > 1; i--) {
        unsigned j = ref_rand(r, i), x = v[j];

        v[j] = v[i - 1];
        v[i - 1] = x;
    }
}

/* Describing a machine */

static unsigned decoders(Draft *d, bool endpoint)
{
    static const unsigned counts[] = {
        1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32
    };

    /* One or two leave little to do */
    return counts[ref_rand(d->r, 8) ? 2 + ref_rand(d->r, endpoint ? 4 : 11)
                                    : ref_rand(d->r, 2)];
}

static RefNode *draft_mem(Draft *d, const char *port)
{
    static const unsigned sizes[][2] = {
        { 256, 0 }, { 512, 0 }, { 0, 256 }, { 0, 512 }, { 256, 256 },
    };
    const unsigned *mib = sizes[ref_rand(d->r, ARRAY_SIZE(sizes))];
    unsigned nr = decoders(d, true);
    bool slow = ref_once_in(d->r, 12) || !d->r->fast;
    g_autofree char *id = g_strdup_printf("mem%u", d->nr_endpoints++);
    g_autofree char *props =
        g_strdup_printf(",hdm-decoders=%u,fast-map=%s", nr,
                        slow ? "off" : "on");

    qcxl_mem(d->t, id, port, mib[0], mib[1], props);
    g_string_append_printf(d->text, " %s(%s: %u+%u, %u)", port, id, mib[0],
                           mib[1], nr);
    d->r->slow[d->r->model->nr_nodes] = slow;
    return ref_mem_new(d->r->model, id, nr, mib[0] * QCXL_MIB,
                       mib[1] * QCXL_MIB);
}

static RefNode *draft_switch(Draft *d, const char *port, unsigned depth);

/* What is plugged into @port: a device, a switch, or nothing */
static RefNode *draft_slot(Draft *d, const char *port, unsigned depth)
{
    if (d->nr_endpoints == d->max_endpoints ||
        (d->min_endpoints <= d->nr_endpoints && ref_once_in(d->r, 16))) {
        return NULL;
    }
    if (!d->wide && depth < SWITCH_DEPTH &&
        d->nr_downstream + 4 <= DOWNSTREAM_MAX && ref_once_in(d->r, 3)) {
        return draft_switch(d, port, depth + 1);
    }
    return draft_mem(d, port);
}

static RefNode *draft_switch(Draft *d, const char *port, unsigned depth)
{
    unsigned nr = decoders(d, false), nr_ports = 1 + ref_rand(d->r, 4);
    g_autofree char *id = g_strdup_printf("us%u", d->nr_downstream);
    RefNode *node = ref_port_new(d->r->model, id, nr, 0);

    qcxl_args(d->t, "-device cxl-upstream,id=%s,bus=%s,hdm-decoders=%u",
              id, port, nr);
    g_string_append_printf(d->text, " %s(%s, %u:", port, id, nr);
    for (unsigned i = 0; i < nr_ports; i++) {
        g_autofree char *ds = g_strdup_printf("ds%u", d->nr_downstream);

        /* Port Numbers need not begin at 0 */
        qcxl_args(d->t, "-device cxl-downstream,id=%s,bus=%s,port=%u,"
                  "chassis=1,slot=%u", ds, id, 3 + i, d->nr_downstream);
        d->nr_downstream++;
        node->child[3 + i] = draft_slot(d, ds, depth);
    }
    g_string_append_c(d->text, ')');
    return node;
}

static void draft_bridge(Draft *d, unsigned nr_ports)
{
    unsigned number = d->nr_bridges++;
    unsigned nr = decoders(d, false);
    bool forced = ref_once_in(d->r, 3);
    g_autofree char *id = g_strdup_printf("hb%u", number);
    g_autofree char *props = g_strdup_printf(",hdm-decoders=%u%s", nr, forced ?
                                             ",hdm_for_passthrough=on" : "");
    bool passthrough = nr_ports == 1 && !forced;
    RefNode *node = ref_port_new(d->r->model, id, passthrough ? 0 : nr, 0);

    qcxl_bridge(d->t, id, 1 + number * (d->wide ? BUSES_WIDE : BUSES), props);
    g_string_append_printf(d->text, "\n# %s, %u:", id, passthrough ? 0 : nr);
    for (unsigned i = 0; i < nr_ports; i++) {
        unsigned port = d->nr_root_ports++;
        g_autofree char *rp = g_strdup_printf("rp%u", port);

        qcxl_root_port(d->t, rp, id, "");
        node->child[passthrough ? 0 : port] = draft_slot(d, rp, 0);
    }
    d->bridges[number] = node;
}

/* Mostly a few bridges with several ports; or as many as windows can use */
static void draft_bridges(Draft *d)
{
    static const unsigned many[] = { 6, 8, 12, 16 };
    bool wide = d->wide = ref_once_in(d->r, 6);
    unsigned nr = wide ? many[ref_rand(d->r, ARRAY_SIZE(many))]
                       : 1 + ref_rand(d->r, 4);

    for (unsigned i = 0; i < nr; i++) {
        /* Each bridge has one at least */
        d->min_endpoints = d->nr_endpoints + 1;
        d->max_endpoints = d->nr_endpoints + ENDPOINTS_MAX / nr;
        draft_bridge(d, wide ? 1 + ref_rand(d->r, 16 / nr)
                             : 1 + ref_rand(d->r, 4));
    }
}

static void draft_window(Draft *d, unsigned ways)
{
    RefWindow *w = &d->r->model->windows[d->nr_windows++];
    g_autoptr(GString) targets = g_string_new("");
    g_autofree char *granularity = NULL;
    unsigned order[BRIDGES_MAX];

    w->ways = ways;
    w->granularity = 256u << ref_rand(d->r, 7);
    w->size = ways * REF_UNIT * (4 + ref_rand(d->r, 4));
    w->xor = ref_once_in(d->r, 3);
    for (unsigned i = 0; i < d->nr_bridges; i++) {
        order[i] = i;
    }
    ref_shuffle(d->r, order, d->nr_bridges);
    for (unsigned i = 0; i < ways; i++) {
        w->bridges[i] = d->bridges[order[i]];
        g_string_append_printf(targets, "%s%s", i ? " " : "",
                               w->bridges[i]->id);
    }
    granularity = w->xor ?
        g_strdup_printf("%u,cxl-fmw.%u.interleave-arithmetic=xor",
                        w->granularity, d->nr_windows - 1) :
        g_strdup_printf("%u", w->granularity);
    qcxl_window(d->t, w->size / QCXL_MIB, granularity, targets->str);
    g_string_append_printf(d->text, "\n# window %u units, %u bytes%s: %s",
                           (unsigned)(w->size / REF_UNIT), w->granularity,
                           w->xor ? ", xor" : "", targets->str);
}

static void draft_windows(Draft *d)
{
    static const unsigned legal[] = { 16, 12, 8, 6, 4, 3, 2, 1 };
    unsigned nr = 2 + ref_rand(d->r, 4);
    unsigned first = 0;

    while (legal[first] > d->nr_bridges) {
        first++;
    }
    /* The widest that there can be, and others */
    for (unsigned i = 0; i < nr; i++) {
        unsigned at = i ? first + ref_rand(d->r, ARRAY_SIZE(legal) - first)
                        : first;

        draft_window(d, legal[at]);
    }
    d->r->model->nr_windows = nr;
}

/* Running it */

static void check_window(RefMachine *r, unsigned n)
{
    const QCXLWindow *q = &r->q->windows[n];
    RefWindow *w = &r->model->windows[n];

    g_assert_cmphex(q->size, ==, w->size);
    g_assert_cmpuint(q->ways, ==, w->ways);
    g_assert_cmpuint(q->granularity, ==, w->granularity);
    g_assert_cmpint(q->xor, ==, w->xor);
    w->base = q->base;
    if (w->xor) {
        const QCXLXormaps *x = &r->q->xormaps[ctz32(w->granularity / 256)];

        w->nr_xormaps = x->nr;
        memcpy(w->xormaps, x->maps, sizeof(w->xormaps));
    }
}

/* Firmware finds components in the order in which the model has its nodes */
static void find_components(RefMachine *r)
{
    unsigned at = 0, bridge = 0;

    for (unsigned i = 0; i < r->model->nr_nodes; i++) {
        RefNode *node = r->model->nodes[i];

        if (g_str_has_prefix(node->id, "hb")) {
            r->comp[i] = r->q->bridges[bridge++].comp;
        } else {
            do {
                g_assert_cmpuint(at, <, r->q->functions->len);
                r->fn[i] = g_ptr_array_index(r->q->functions, at++);
            } while (!r->fn[i]->comp.hdm);
            r->comp[i] = r->fn[i]->comp;
            g_assert_cmpint(!r->fn[i]->memdev, ==, !node->endpoint);
        }
        if (node->nr_decoders) {
            uint32_t cap = qcxl_read(r->q, r->comp[i].hdm, 4);

            g_assert_cmpuint(qcxl_hdm_count(r->q, &r->comp[i]), ==,
                             node->nr_decoders);
            node->nr_targets = FIELD_EX32(cap, CXL_HDM_CAPABILITY,
                                          TARGET_COUNT);
        }
    }
}

RefMachine *ref_machine_start(uint32_t seed, bool fast)
{
    RefMachine *r = g_new0(RefMachine, 1);
    g_autoptr(GString) text = g_string_new("");
    Draft d = { .r = r, .text = text };

    r->fast = fast;
    r->rand = g_rand_new_with_seed(seed);
    r->read = g_checksum_new(G_CHECKSUM_SHA256);
    r->model = ref_model_new();
    d.t = qcxl_topology();
    draft_bridges(&d);
    draft_windows(&d);
    g_test_message("seed %u, fast %s%s", seed, fast ? "on" : "off", text->str);
    r->q = qcxl_boot(d.t);
    g_assert_cmpuint(r->q->nr_windows, ==, r->model->nr_windows);
    for (unsigned i = 0; i < r->model->nr_windows; i++) {
        check_window(r, i);
    }
    find_components(r);
    return r;
}

void ref_machine_quit(RefMachine *r)
{
    qcxl_quit(r->q);
    ref_model_free(r->model);
    g_checksum_free(r->read);
    g_rand_free(r->rand);
    g_free(r);
}

void ref_machine_reset(RefMachine *r)
{
    qcxl_reset(r->q);
    ref_reset(r->model);
    find_components(r);
}

void ref_machine_write_reg(RefMachine *r, unsigned node, unsigned n,
                           unsigned offset, uint32_t value)
{
    qcxl_write(r->q, qcxl_hdm_reg(&r->comp[node], n, offset), 4, value);
    ref_reg_write(r->model->nodes[node], n, offset, value);
}

void ref_machine_check_regs(RefMachine *r, unsigned node, unsigned n)
{
    const RefNode *model = r->model->nodes[node];

    for (unsigned reg = 0; reg < CXL_HDM_DECODER_STRIDE; reg += 4) {
        uint64_t addr = qcxl_hdm_reg(&r->comp[node], n, reg);
        uint32_t got = qcxl_read(r->q, addr, 4);
        uint32_t want = ref_reg_read(model, n, reg);

        if (got != want) {
            g_test_message("%s, decoder %u, register 0x%x", model->id, n, reg);
        }
        g_assert_cmphex(got, ==, want);
    }
}

void ref_machine_enable(RefMachine *r, unsigned node, bool hdm, bool mem)
{
    RefNode *model = r->model->nodes[node];

    if (model->hdm_enable != hdm) {
        qcxl_hdm_enable(r->q, &r->comp[node], hdm);
        model->hdm_enable = hdm;
    }
    if (model->mem_enable != mem) {
        qcxl_mem_enable(r->fn[node], mem);
        model->mem_enable = mem;
    }
}

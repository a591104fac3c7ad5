/*
 * Random decoder programs: as an operating system's, and others
 *
 * A region takes a run of address bits, the lowest ones above its
 * granularity. The window uses some of them, by its own granularity, to
 * select a host bridge; what is left is dealt out to the levels below in any
 * order, until each endpoint has been selected by all of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "reference-program.h"

#define BIT_MIN     8
#define BIT_MAX     14
#define CONTROL(field) R_CXL_HDM_CONTROL_##field##_MASK

typedef struct Plan {
    RefMachine *r;
    RefRegion *region;
    unsigned ways_code;
    unsigned granularity_code;
} Plan;

static RefModel *model_of(const Plan *p)
{
    return p->r->model;
}

static unsigned index_of(const RefModel *m, const RefNode *node)
{
    unsigned i = 0;

    while (m->nodes[i] != node) {
        i++;
    }
    return i;
}

/* The first decoder that is free; nr_decoders when none is */
static unsigned free_decoder(const RefNode *node)
{
    unsigned n = 0;

    while (n < node->nr_decoders && ref_committed(node, n)) {
        n++;
    }
    return n;
}

/* Whether decoder @n, the first free one, can be used for the region */
static bool decoder_fits(const RefNode *node, unsigned n, const RefRegion *g)
{
    if (n == node->nr_decoders ||
        (n && ref_base(node, n - 1) + ref_size(node, n - 1) > g->base)) {
        return false;
    }
    for (unsigned i = n + 1; i < node->nr_decoders; i++) {
        if (ref_committed(node, i)) {
            return false;
        }
    }
    return true;
}

static RefMember *add_member(Plan *p, const RefNode *node, unsigned n)
{
    RefRegion *g = p->region;
    RefMember *member = &g->members[g->nr++];

    g_assert_cmpuint(g->nr, <=, REF_REGION_DECODERS);
    *member = (RefMember) {
        .node = index_of(model_of(p), node), .n = n,
        .d.base = g->base, .d.size = g->size,
    };
    return member;
}

static bool plan_endpoint(Plan *p, const RefNode *node)
{
    uint64_t used = 0, share = p->region->size / p->region->ways;
    unsigned n = free_decoder(node);
    uint64_t skip = ref_once_in(p->r, 4) ? REF_UNIT : 0;
    RefMember *member;

    if (!decoder_fits(node, n, p->region)) {
        return false;
    }
    if (n) {
        used = node->dpa_base[n - 1] + ref_share(node, n - 1);
    }
    if (used + share > node->size) {
        return false;
    }
    if (used + skip + share > node->size) {
        skip = 0;
    }
    member = add_member(p, node, n);
    member->d.ways = p->ways_code;
    member->d.granularity = p->granularity_code;
    member->d.skip = skip;
    return true;
}

static bool plan_below(Plan *p, const RefNode *node, unsigned bits);

/* Find @ways children of a port that can be selected by @bits further ones */
static bool plan_children(Plan *p, const RefNode *node, unsigned ways,
                          unsigned bits, uint64_t *targets)
{
    unsigned order[REF_PORTS_MAX], nr = 0, found = 0;

    for (unsigned i = 0; i < REF_PORTS_MAX; i++) {
        if (node->child[i]) {
            order[nr++] = i;
        }
    }
    ref_shuffle(p->r, order, nr);
    *targets = 0;
    for (unsigned i = 0; i < nr && found < ways; i++) {
        unsigned done = p->region->nr;

        if (plan_below(p, node->child[order[i]], bits)) {
            *targets |= (uint64_t)order[i] << (8 * found++);
        } else {
            p->region->nr = done;
        }
    }
    return found == ways;
}

/* A port that selects by address bits @low to @low + @log - 1, of @bits */
static bool plan_port_ways(Plan *p, const RefNode *node, unsigned n,
                           unsigned bits, unsigned low, unsigned log)
{
    unsigned mask = ((1u << log) - 1) << low;
    unsigned done = p->region->nr;
    RefMember *member;
    uint64_t targets;

    if ((bits & mask) != mask || 1u << log > node->nr_targets ||
        low > BIT_MAX) {
        return false;
    }
    member = add_member(p, node, n);
    member->d.ways = log;
    member->d.granularity = log ? low - BIT_MIN : ref_rand(p->r, 7);
    if (!plan_children(p, node, 1u << log, bits & ~mask, &targets)) {
        p->region->nr = done;
        return false;
    }
    member->d.targets = targets;
    return true;
}

static bool plan_port(Plan *p, const RefNode *node, unsigned bits)
{
    unsigned n = free_decoder(node);
    unsigned order[4 * 16];

    if (!decoder_fits(node, n, p->region)) {
        return false;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        order[i] = i;
    }
    ref_shuffle(p->r, order, ARRAY_SIZE(order));
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        /* Take no bits once, not at each place where none can be taken */
        if ((order[i] / 16 || order[i] % 16 == 0) &&
            plan_port_ways(p, node, n, bits,
                           BIT_MIN + order[i] % 16, order[i] / 16)) {
            return true;
        }
    }
    return false;
}

/* Let the region's addresses that reach @node be told apart by @bits */
static bool plan_below(Plan *p, const RefNode *node, unsigned bits)
{
    if (!node) {
        return false;
    }
    if (node->endpoint) {
        return !bits && plan_endpoint(p, node);
    }
    if (!node->nr_decoders) {
        return plan_below(p, node->child[0], bits);
    }
    return plan_port(p, node, bits);
}

static unsigned log2_of(unsigned n)
{
    return n > 1 ? 1 + log2_of(n / 2) : 0;
}

/*
 * The bits below bridges of @w, of a region of @log doublings, which begin
 * @below bits below the window's granularity; false when that cannot be.
 */
static bool plan_bits(Plan *p, const RefWindow *w, unsigned log,
                      unsigned below, unsigned *bits)
{
    unsigned of_window = log2_of(w->ways % 3 ? w->ways : w->ways / 3);
    unsigned at = log2_of(w->granularity), low;
    unsigned mine = ((1u << of_window) - 1) << at;

    if (w->ways == 1) {
        at = BIT_MIN + ref_rand(p->r, BIT_MAX - BIT_MIN + 1);
        below = 0;
    }
    if (below + of_window > log || at < BIT_MIN + below) {
        return false;
    }
    low = at - below;
    *bits = (((1u << log) - 1) << low) & ~mine;
    p->region->granularity = 1u << low;
    p->region->ways = (w->ways % 3 ? 1 : 3) << log;
    p->granularity_code = low - BIT_MIN;
    p->ways_code = w->ways % 3 ? log : 8 + log;
    return true;
}

/* One past the last address that is used in @w */
static uint64_t window_cursor(const RefModel *m, const RefWindow *w)
{
    uint64_t cursor = w->base;

    for (unsigned i = 0; i < m->nr_nodes; i++) {
        for (unsigned n = 0; n < m->nodes[i]->nr_decoders; n++) {
            uint64_t base = ref_base(m->nodes[i], n);
            uint64_t end = base + ref_size(m->nodes[i], n);

            if (ref_committed(m->nodes[i], n) && base < w->base + w->size) {
                cursor = MAX(cursor, end);
            }
        }
    }
    return cursor;
}

static bool plan_region(Plan *p, const RefWindow *w)
{
    RefRegion *g = p->region;
    unsigned max = w->ways % 3 ? 4 : 2;
    unsigned log = ref_once_in(p->r, 3) ? max : ref_rand(p->r, max + 1), bits;
    uint64_t unit = REF_UNIT * (w->ways % 3 ? 1 : 3);

    *g = (RefRegion) {
        .base = window_cursor(model_of(p), w),
        .xor = w->xor && w->ways > 1,
    };
    g->base += REF_UNIT * (ref_rand(p->r, 3) / 2);
    g->size = unit * (1 + ref_rand(p->r, 3));
    if (g->base >= w->base + w->size ||
        g->size > w->base + w->size - g->base ||
        !plan_bits(p, w, log, ref_rand(p->r, log + 1), &bits)) {
        return false;
    }
    for (unsigned i = 0; i < w->ways; i++) {
        if (!plan_below(p, w->bridges[i], bits)) {
            return false;
        }
    }
    return true;
}

static bool find_region(RefMachine *r, RefRegion *g)
{
    Plan p = { .r = r, .region = g };

    for (unsigned i = 0; i < 60; i++) {
        if (plan_region(&p, &r->model->windows[ref_rand(r, r->model->nr_windows)])) {
            return true;
        }
    }
    g->nr = 0;
    return false;
}

/* Writing programs */

static uint32_t control_of(const QCXLDecoder *d)
{
    return d->granularity | d->ways << 4 | (d->lock ? CONTROL(LOCK) : 0) |
           CONTROL(HOST_ONLY);
}

/* Whether the model has it committed then; registers are the same, at least */
static bool commit(RefMachine *r, unsigned node, unsigned n,
                   const QCXLDecoder *d)
{
    const struct {
        unsigned low;
        uint64_t value;
    } pairs[] = {
        { CXL_HDM_BASE_LOW, d->base },
        { CXL_HDM_SIZE_LOW, d->size },
        { CXL_HDM_TARGET_LOW, d->targets | d->skip },
    };
    unsigned order[] = { 0, 1, 2 };

    ref_shuffle(r, order, ARRAY_SIZE(order));
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        unsigned low = pairs[order[i]].low;
        uint64_t value = pairs[order[i]].value;

        ref_machine_write_reg(r, node, n, low + 4, value >> 32);
        ref_machine_write_reg(r, node, n, low, value);
    }
    ref_machine_write_reg(r, node, n, CXL_HDM_CONTROL, control_of(d));
    ref_machine_write_reg(r, node, n, CXL_HDM_CONTROL,
                          control_of(d) | CONTROL(COMMIT));
    ref_machine_check_regs(r, node, n);
    r->attempts++;
    r->refusals += !ref_committed(r->model->nodes[node], n);
    return ref_committed(r->model->nodes[node], n);
}

static void uncommit(RefMachine *r, unsigned node, unsigned n)
{
    uint32_t control = ref_reg_read(r->model->nodes[node], n, CXL_HDM_CONTROL);

    ref_machine_write_reg(r, node, n, CXL_HDM_CONTROL,
                          control & ~CONTROL(COMMIT));
    ref_machine_check_regs(r, node, n);
}

static void shuffle_members(RefMachine *r, RefRegion *g)
{
    for (unsigned i = g->nr; i > 1; i--) {
        unsigned j = ref_rand(r, i);
        RefMember m = g->members[j];

        g->members[j] = g->members[i - 1];
        g->members[i - 1] = m;
    }
}

bool ref_region_create(RefMachine *r, RefRegion *g)
{
    if (!find_region(r, g)) {
        return false;
    }
    shuffle_members(r, g);
    for (unsigned i = 0; i < g->nr; i++) {
        RefMember *m = &g->members[i];

        g_assert_true(commit(r, m->node, m->n, &m->d));
    }
    r->regions[g->ways]++;
    r->xor_regions += g->xor;
    return true;
}

void ref_region_destroy(RefMachine *r, RefRegion *g)
{
    shuffle_members(r, g);
    for (unsigned i = 0; i < g->nr; i++) {
        uncommit(r, g->members[i].node, g->members[i].n);
    }
    g->nr = 0;
}

void ref_uncommit_all(RefMachine *r, unsigned node)
{
    for (unsigned n = r->model->nodes[node]->nr_decoders; n--;) {
        uncommit(r, node, n);
    }
}

/* What the specification's arithmetic defines, and nobody would want */
static void disagree(RefMachine *r, QCXLDecoder *d, bool endpoint)
{
    unsigned a = 8 * ref_rand(r, 2), b = 8 * ref_rand(r, 8);
    uint64_t x = (d->targets >> a ^ d->targets >> b) & 0xff;

    switch (ref_rand(r, 5)) {
    case 0:
        d->granularity = ref_rand(r, 7);
        break;
    case 1:
        d->ways = endpoint ? ref_rand(r, 5) : ref_rand(r, 4);
        break;
    case 2:
        d->size += REF_UNIT;
        break;
    case 3:
        d->base += REF_UNIT;
        break;
    case 4:
        d->targets ^= x << a | x << b;
        d->skip ^= endpoint ? REF_UNIT : 0;
        d->targets = endpoint ? 0 : d->targets;
        break;
    }
}

bool ref_region_create_wrong(RefMachine *r, RefRegion *g)
{
    if (!find_region(r, g)) {
        return false;
    }
    shuffle_members(r, g);
    for (unsigned i = 0; i < g->nr; i++) {
        RefMember *m = &g->members[i];

        if (ref_once_in(r, g->nr)) {
            disagree(r, &m->d, r->model->nodes[m->node]->endpoint);
        }
        commit(r, m->node, m->n, &m->d);
    }
    return true;
}

/* A node with decoders */
static unsigned any_node(RefMachine *r)
{
    unsigned i;

    do {
        i = ref_rand(r, r->model->nr_nodes);
    } while (!r->model->nodes[i]->nr_decoders);
    return i;
}

static uint64_t any_address(RefMachine *r, const RefNode *node)
{
    const RefWindow *w = &r->model->windows[ref_rand(r, r->model->nr_windows)];
    unsigned n = ref_rand(r, node->nr_decoders);
    uint64_t noise = ref_once_in(r, 4) ? g_rand_int(r->rand) : 0;

    switch (ref_rand(r, 5)) {
    case 0:
        return ref_base(node, n) + noise;
    case 1:
        return ref_base(node, n) + ref_size(node, n) + noise;
    case 2:
        return ref_base(node, n) + ref_size(node, n) - REF_UNIT + noise;
    case 3:
        return w->base + ref_rand(r, w->size / REF_UNIT) * REF_UNIT + noise;
    default:
        return (uint64_t)g_rand_int(r->rand) << 32 | g_rand_int(r->rand);
    }
}

static uint64_t any_size(RefMachine *r)
{
    switch (ref_rand(r, 8)) {
    case 0:
        return 0;
    case 1:
        return (uint64_t)g_rand_int(r->rand) << 32 | g_rand_int(r->rand);
    case 2:
        return REF_UNIT * (1 + ref_rand(r, 64));
    default:
        return REF_UNIT * (1 + ref_rand(r, 4));
    }
}

static uint64_t any_targets(RefMachine *r, const RefNode *node)
{
    uint64_t targets = 0;
    unsigned order[16];

    if (ref_once_in(r, 3)) {
        return (uint64_t)g_rand_int(r->rand) << 32 | g_rand_int(r->rand);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        order[i] = i;
    }
    ref_shuffle(r, order, ARRAY_SIZE(order));
    for (unsigned i = 0; i < 8; i++) {
        targets |= (uint64_t)order[i] << (8 * i);
    }
    return targets;
}

void ref_program_any(RefMachine *r)
{
    unsigned i = any_node(r);
    const RefNode *node = r->model->nodes[i];
    unsigned n = free_decoder(node);
    QCXLDecoder d = {
        .base = any_address(r, node),
        .size = any_size(r),
        .ways = ref_once_in(r, 3) ? ref_rand(r, 16) : ref_rand(r, 3),
        .granularity = ref_once_in(r, 6) ? ref_rand(r, 16) : ref_rand(r, 7),
    };

    if (ref_once_in(r, 4) || n == node->nr_decoders) {
        n = ref_rand(r, node->nr_decoders);
    }
    if (node->endpoint) {
        d.skip = ref_once_in(r, 2) ? 0 : ref_once_in(r, 2) ?
                 (uint64_t)g_rand_int(r->rand) << 32 : REF_UNIT;
    } else {
        d.targets = any_targets(r, node);
    }
    if (!commit(r, i, n, &d) || ref_once_in(r, 2)) {
        uncommit(r, i, n);
    }
}

void ref_program_committed(RefMachine *r)
{
    for (unsigned i = 0; i < r->model->nr_nodes; i++) {
        for (unsigned n = 0; n < r->model->nodes[i]->nr_decoders; n++) {
            uint32_t noise = g_rand_int(r->rand);

            if (!ref_committed(r->model->nodes[i], n)) {
                continue;
            }
            for (unsigned reg = 0; reg < CXL_HDM_DECODER_STRIDE; reg += 4) {
                ref_machine_write_reg(r, i, n, reg, noise | CONTROL(COMMIT));
            }
            ref_machine_check_regs(r, i, n);
        }
    }
}

void ref_program_locked(RefMachine *r)
{
    for (unsigned i = 0; i < r->model->nr_nodes; i++) {
        const RefNode *node = r->model->nodes[i];

        for (unsigned n = 0; n < node->nr_decoders; n++) {
            uint32_t control = ref_reg_read(node, n, CXL_HDM_CONTROL);

            if (!ref_committed(node, n) || ref_once_in(r, 3)) {
                continue;
            }
            uncommit(r, i, n);
            ref_machine_write_reg(r, i, n, CXL_HDM_CONTROL,
                                  control | CONTROL(LOCK));
            ref_machine_check_regs(r, i, n);
            ref_machine_write_reg(r, i, n, CXL_HDM_CONTROL, 0);
            ref_machine_check_regs(r, i, n);
            ref_machine_write_reg(r, i, n, CXL_HDM_BASE_HIGH, ~0u);
            ref_machine_check_regs(r, i, n);
        }
    }
}

void ref_program_enables(RefMachine *r)
{
    for (unsigned i = 0; i < r->model->nr_nodes; i++) {
        if (r->model->nodes[i]->endpoint && ref_once_in(r, 3)) {
            ref_machine_enable(r, i, ref_once_in(r, 2), ref_once_in(r, 2));
        }
    }
}

void ref_program_enable_all(RefMachine *r)
{
    for (unsigned i = 0; i < r->model->nr_nodes; i++) {
        if (r->model->nodes[i]->endpoint) {
            ref_machine_enable(r, i, true, true);
        }
    }
}

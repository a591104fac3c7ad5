/*
 * Why an address leads where it does: decoders that contradict one another
 *
 * A device does not know whose turn it is: it decodes whatever arrives. Its
 * memory is whole only if what the levels above select by is just what its
 * own decoder leaves out. Where that is not so, the decoder to blame is the
 * one that most others contradict.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/decode/interleave.h"
#include "explain-internal.h"

/* Ranges */

static bool check_same_range(const CXLDecoder *a, const CXLDecoder *b)
{
    return a->base == b->base && a->size == b->size;
}

static bool check_contains(const CXLDecoder *outer, const CXLDecoder *inner)
{
    return cxl_explain_covers(outer, inner->base) &&
           inner->size <= outer->size - (inner->base - outer->base);
}

/* How many committed decoders that overlap @around have the range of @d */
static unsigned check_votes(const Explainer *x, const CXLDecoder *around,
                            const CXLDecoder *d)
{
    unsigned votes = 0;

    for (unsigned i = 0; i < x->nodes->len; i++) {
        const ExplainNode *node = g_ptr_array_index(x->nodes, i);

        for (unsigned n = 0; n < node->decoders->len; n++) {
            const CXLDecoderState *state = cxl_explain_decoder(node, n);

            votes += state->committed &&
                     cxl_explain_overlap(&state->d, around) &&
                     check_same_range(&state->d, d);
        }
    }
    return votes;
}

bool cxl_explain_outvoted(const Explainer *x, const CXLDecoder *above,
                          const CXLDecoder *other)
{
    return check_votes(x, above, other) > check_votes(x, above, above);
}

static int check_overlapping(const ExplainNode *node, const CXLDecoder *d)
{
    for (unsigned n = 0; n < node->decoders->len; n++) {
        const CXLDecoderState *state = cxl_explain_decoder(node, n);

        if (state->committed && cxl_explain_overlap(&state->d, d)) {
            return n;
        }
    }
    return -1;
}

/* The decoder by which a device below @node decodes the address, or NULL */
static const CXLDecoder *check_below(const Explainer *x,
                                     const ExplainNode *node)
{
    if (node->kind == CXL_NODE_MEM) {
        int n = cxl_explain_active(node, x->e->hpa);

        return n < 0 ? NULL : &cxl_explain_decoder(node, n)->d;
    }
    for (unsigned i = 0; i < node->children->len; i++) {
        const CXLDecoder *d =
            check_below(x, g_ptr_array_index(node->children, i));

        if (d) {
            return d;
        }
    }
    return NULL;
}

/* The decoder of node @i, a device, that decodes the address, or NULL */
static const CXLDecoder *check_claim(const Explainer *x, unsigned i)
{
    const ExplainNode *node = g_ptr_array_index(x->nodes, i);

    return node->kind == CXL_NODE_MEM && cxl_explain_claims(node, x->e->hpa)
               ? check_below(x, node) : NULL;
}

/* The decoder by which a device that interleaves decodes the address */
static const CXLDecoder *check_peer(const Explainer *x)
{
    for (unsigned i = 0; i < x->nodes->len; i++) {
        const CXLDecoder *claim = check_claim(x, i);

        if (claim && claim->ways > 1) {
            return claim;
        }
    }
    return NULL;
}

int cxl_explain_misplaced(const Explainer *x, const ExplainNode *node,
                          const CXLDecoder *above)
{
    const CXLExplainLevel *last = cxl_explain_last(x);

    /* A window holds many regions: only devices say of which one they are */
    if (last->n < 0) {
        above = check_below(x, node) ?: check_peer(x);
    }
    return above ? check_overlapping(node, above) : -1;
}

static void check_range(Explainer *x, const CXLExplainLevel *above,
                        const CXLExplainLevel *level)
{
    const CXLDecoder *outer = &above->state.d, *inner = &level->state.d;
    bool blame_above = above->node && cxl_explain_outvoted(x, outer, inner);
    const CXLExplainLevel *blame = blame_above ? above : level;
    g_autofree char *name = cxl_explain_name(x, level->node);
    g_autofree char *upper = above->node ? cxl_explain_name(x, above->node)
                                         : g_strdup("the window");

    cxl_explain_add(x, CXL_PROBLEM_RANGE, blame->node, blame->n,
                    "decoder %d of %s covers 0x%" PRIx64 " + 0x%" PRIx64
                    ", and %s leads 0x%" PRIx64 " + 0x%" PRIx64 " to it",
                    level->n, name, inner->base, inner->size, upper,
                    outer->base, outer->size);
}

/* Devices that interleave, and have not the same range as most of them */
static void check_peers(Explainer *x)
{
    const CXLExplainLevel *level = cxl_explain_last(x);
    const CXLDecoder *own = &level->state.d, *other = NULL;
    unsigned same = 0, differ = 0;
    g_autofree char *name = cxl_explain_name(x, level->node);

    for (unsigned i = 0; i < x->nodes->len; i++) {
        const CXLDecoder *claim = check_claim(x, i);

        if (claim && check_same_range(claim, own)) {
            same++;
        } else if (claim) {
            differ++;
            other = claim;
        }
    }
    if (own->ways > 1 && differ >= same) {
        cxl_explain_add(x, CXL_PROBLEM_RANGE, level->node, level->n,
                        "decoder %d of %s covers 0x%" PRIx64 " + 0x%" PRIx64
                        ", and that of another device 0x%" PRIx64 " + 0x%"
                        PRIx64, level->n, name, own->base, own->size,
                        other->base, other->size);
    }
}

void cxl_explain_check_range(Explainer *x)
{
    const CXLExplainLevel *above = cxl_explain_level(x, 0);

    for (unsigned i = 1; i < x->e->levels->len; i++) {
        const CXLExplainLevel *level = cxl_explain_level(x, i);

        if (level->n < 0) {
            continue;
        }
        if (!check_contains(&above->state.d, &level->state.d)) {
            check_range(x, above, level);
            return;
        }
        above = level;
    }
    check_peers(x);
}

/* Geometry */

/**
 * Selection: what parts of an address levels select their targets by
 * @bits: address bits
 * @threes: how many of them use a remainder by 3, and from which @three bit on
 * @overlap: some bit is used twice
 * @ways: targets in all
 */
typedef struct Selection {
    uint64_t bits;
    uint64_t three;
    unsigned threes;
    unsigned ways;
    bool overlap;
} Selection;

/* 2^n or 3 * 2^n ways use n bits from that of the granularity on */
static uint64_t check_bits(const CXLDecoder *d)
{
    return ((1ull << ctz32(d->ways)) - 1) * d->granularity;
}

static Selection check_select(const Explainer *x)
{
    Selection s = { .ways = 1 };

    for (unsigned i = 0; i + 1 < x->e->levels->len; i++) {
        const CXLExplainLevel *level = cxl_explain_level(x, i);
        const CXLDecoder *d = &level->state.d;

        if (level->node && level->n < 0) {
            continue;
        }
        s.overlap |= s.bits & check_bits(d);
        s.bits |= check_bits(d);
        s.ways *= d->ways;
        if (d->ways % 3 == 0) {
            s.threes++;
            s.three = d->granularity;
        }
    }
    return s;
}

/* Whether that is just what a device with the decoder @d leaves out */
static bool check_agrees(const Selection *s, const CXLDecoder *d)
{
    unsigned threes = d->ways % 3 == 0;

    return !s->overlap && s->bits == check_bits(d) && s->threes == threes &&
           (!threes || (s->three >= d->granularity &&
                        s->three <= (uint64_t)d->granularity <<
                                    ctz32(d->ways)));
}

static bool check_same_geometry(const CXLDecoder *a, const CXLDecoder *b)
{
    return a->ways == b->ways && a->granularity == b->granularity;
}

static unsigned check_geometry_votes(const Explainer *x, const CXLDecoder *d)
{
    unsigned votes = 0;

    for (unsigned i = 0; i < x->nodes->len; i++) {
        const CXLDecoder *claim = check_claim(x, i);

        votes += claim && check_same_geometry(claim, d);
    }
    return votes;
}

/* By which geometry most devices decode the address */
static const CXLDecoder *check_reference(const Explainer *x,
                                         const Selection *s,
                                         const CXLDecoder *own)
{
    const CXLDecoder *best = own;
    unsigned votes = check_geometry_votes(x, own);

    for (unsigned i = 0; i < x->nodes->len; i++) {
        const CXLDecoder *claim = check_claim(x, i);
        unsigned got = claim ? check_geometry_votes(x, claim) : 0;

        if (got > votes ||
            (got && got == votes && check_agrees(s, claim) &&
             !check_agrees(s, best))) {
            best = claim;
            votes = got;
        }
    }
    return best;
}

static unsigned check_devices(const Explainer *x)
{
    unsigned nr = 0;

    for (unsigned i = 0; i < x->nodes->len; i++) {
        nr += check_claim(x, i) != NULL;
    }
    return nr;
}

/* How many of a port's children lead to devices that decode the address */
static unsigned check_fan(const Explainer *x, const ExplainNode *node)
{
    unsigned fan = 0;

    for (unsigned i = 0; i < node->children->len; i++) {
        fan += cxl_explain_claimants(g_ptr_array_index(node->children, i),
                                     x->e->hpa) > 0;
    }
    return fan;
}

/* Another address that reaches the same DPA; 0: none does */
static uint64_t check_shared(const Explainer *x, const CXLDecoder *d)
{
    uint64_t share = cxl_interleave_to_device(x->e->hpa - d->base, d->ways,
                                              d->granularity);

    for (unsigned position = 0; position < d->ways; position++) {
        uint64_t hpa = d->base + cxl_interleave_from_device(share, position,
                                                            d->ways,
                                                            d->granularity);
        uint64_t dpa;
        ExplainNode *node;

        if (hpa == x->e->hpa || !cxl_explain_covers(d, hpa)) {
            continue;
        }
        node = cxl_explain_resolve(x, hpa, &dpa);
        if (node && node->handle == x->e->mem && dpa == x->e->dpa) {
            return hpa;
        }
    }
    return 0;
}

/* What comes of it, in words */
static char *check_consequence(const Explainer *x, const CXLDecoder *d)
{
    uint64_t shared = check_shared(x, d);

    return shared ? g_strdup_printf("0x%" PRIx64 " has the same DPA", shared)
                  : g_strdup("addresses share DPAs, or DPAs have no address");
}

static void check_blame_mem(Explainer *x, const CXLDecoder *want)
{
    const CXLExplainLevel *level = cxl_explain_last(x);
    const CXLDecoder *d = &level->state.d;
    g_autofree char *name = cxl_explain_name(x, level->node);
    g_autofree char *consequence = check_consequence(x, d);

    cxl_explain_add(x, d->ways != want->ways ? CXL_PROBLEM_WRONG_WAYS
                                             : CXL_PROBLEM_WRONG_GRANULARITY,
                    level->node, level->n, "decoder %d of %s has %u ways of "
                    "%u bytes, where the other levels and devices have %u "
                    "ways of %u bytes; %s", level->n, name, d->ways,
                    d->granularity, want->ways, want->granularity,
                    consequence);
}

static void check_blame_port(Explainer *x, const CXLExplainLevel *level,
                             CXLProblemKind kind, const CXLDecoder *want)
{
    const CXLExplainLevel *mem = cxl_explain_last(x);
    const CXLDecoder *d = &level->state.d;
    g_autofree char *name = cxl_explain_name(x, level->node);
    g_autofree char *consequence = check_consequence(x, &mem->state.d);

    cxl_explain_add(x, kind, level->node, level->n, "decoder %d of %s has %u "
                    "ways of %u bytes, which does not fit devices with %u "
                    "ways of %u bytes; %s", level->n, name, d->ways,
                    d->granularity, want->ways, want->granularity,
                    consequence);
}

/* A port that has more targets than devices below, or fewer */
static bool check_ways(Explainer *x, const CXLDecoder *want)
{
    for (unsigned i = 1; i + 1 < x->e->levels->len; i++) {
        const CXLExplainLevel *level = cxl_explain_level(x, i);
        unsigned fan;

        if (level->n < 0) {
            continue;
        }
        fan = check_fan(x, cxl_explain_node(x, level->node));
        if (is_power_of_2(fan) && fan != level->state.d.ways) {
            check_blame_port(x, level, CXL_PROBLEM_WRONG_WAYS, want);
            return true;
        }
    }
    return false;
}

/* Whether level @i by another granularity would be all that is missing */
static bool check_would_fit(const Explainer *x, unsigned i,
                            const CXLDecoder *want)
{
    uint64_t left = check_bits(want);

    for (unsigned k = 0; k + 1 < x->e->levels->len; k++) {
        const CXLExplainLevel *level = cxl_explain_level(x, k);
        uint64_t bits = check_bits(&level->state.d);

        if (k == i || (level->node && level->n < 0)) {
            continue;
        }
        if (bits & ~left) {
            return false;
        }
        left &= ~bits;
    }
    return left && left / (left & -left) + 1 ==
                   cxl_explain_level(x, i)->state.d.ways;
}

/*
 * The level that selects by bits which are not its own. Of two that select by
 * the same, it is the one that does not begin where those above it end.
 */
static bool check_granularity(Explainer *x, const CXLDecoder *want)
{
    const CXLExplainLevel *blame = NULL;
    uint64_t left = check_bits(want);

    for (unsigned i = 0; i + 1 < x->e->levels->len; i++) {
        const CXLExplainLevel *level = cxl_explain_level(x, i);
        uint64_t bits = check_bits(&level->state.d);
        uint64_t first = left & -left;

        if ((level->node && level->n < 0) || !bits) {
            continue;
        }
        if (level->node && check_would_fit(x, i, want) &&
            (!blame || (bits & -bits) != first)) {
            blame = level;
        }
        left &= ~(level->node ? bits / (bits & -bits) * first : bits);
    }
    if (blame) {
        check_blame_port(x, blame, CXL_PROBLEM_WRONG_GRANULARITY, want);
    }
    return blame;
}

/* The lowest bit that the levels above select by */
static uint32_t check_lowest(const Selection *s, const CXLDecoder *own)
{
    return s->bits ? 1u << ctz64(s->bits)
                   : s->threes ? s->three : own->granularity;
}

void cxl_explain_check_geometry(Explainer *x)
{
    const CXLExplainLevel *level = cxl_explain_last(x);
    const CXLDecoder *own = &level->state.d, *want;
    Selection s = check_select(x);
    CXLDecoder above = *own;

    if (check_agrees(&s, own)) {
        return;
    }
    want = check_reference(x, &s, own);
    above.ways = s.ways;
    above.granularity = check_lowest(&s, own);
    if (!check_same_geometry(own, want)) {
        check_blame_mem(x, want);
    } else if (s.ways == check_devices(x) && own->ways != s.ways &&
               check_agrees(&s, &above)) {
        check_blame_mem(x, &above);
    } else if (!check_ways(x, want) && !check_granularity(x, want)) {
        if (check_agrees(&s, &above)) {
            check_blame_mem(x, &above);
        } else {
            g_autofree char *name = cxl_explain_name(x, level->node);
            g_autofree char *consequence = check_consequence(x, own);

            cxl_explain_add(x, CXL_PROBLEM_WRONG_POSITION, level->node,
                            level->n, "the turns that lead to %s are not "
                            "those of one of %u ways of %u bytes; %s", name,
                            own->ways, own->granularity, consequence);
        }
    }
}

/*
 * Lanes: an interleaved segment seen from each of its devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/lanes.h"

/*
 * CXL r3.1 9.18.1.4: address bits that an XORMAP folds into the selection
 * come in sets; past so many granules of the window each bit of the first set
 * has had both values. Bits of further sets do nothing else.
 */
#define LANES_XOR_SPAN      1024

static uint64_t lanes_gcd(uint64_t a, uint64_t b)
{
    return b ? lanes_gcd(b, a % b) : a;
}

static CXLLane *lanes_find(CXLLanes *lanes, const void *mem)
{
    for (unsigned i = 0; i < lanes->nr; i++) {
        if (lanes->lanes[i].mem == mem) {
            return &lanes->lanes[i];
        }
    }
    return NULL;
}

static uint64_t lanes_position_dpa(const CXLSegment *s, const CXLPosition *p)
{
    return p->dpa + (s->hpa - p->base) / p->ways;
}

/* Enter position @n; returns why it has no lane, or NULL */
static const char *lanes_add(CXLLanes *lanes, uint32_t n)
{
    const CXLSegment *s = &lanes->segment;
    const CXLPosition *p = &s->positions[n];
    uint64_t set = (uint64_t)p->ways * p->granularity;
    CXLLane *lane;

    if (!p->mem) {
        return "reaches no device";
    }
    if (p->granularity != s->granularity) {
        return "is dealt out by another granularity than its device decodes";
    }
    if ((s->hpa - p->base) % set || s->size % set) {
        return "has a part of an interleave set";
    }
    lane = lanes_find(lanes, p->mem);
    if (!lane) {
        if (lanes->nr == ARRAY_SIZE(lanes->lanes)) {
            return "is of one device too many";
        }
        lane = &lanes->lanes[lanes->nr++];
        *lane = (CXLLane) {
            .mem = p->mem,
            .dpa = lanes_position_dpa(s, p),
            .share = s->size / p->ways,
            .ways = p->ways,
            .turn = s->nr == p->ways && s->xor_ways == 1 ? (int)n : -1,
        };
        lanes->set = lanes->set / lanes_gcd(lanes->set, set) * set;
    } else if (lane->dpa != lanes_position_dpa(s, p) ||
               lane->ways != p->ways) {
        return "is of a device that has another one at other addresses";
    }
    lanes->owners[n] = lane - lanes->lanes;
    return NULL;
}

/* Bytes after which the pattern of turns has shown all that it can do */
static uint64_t lanes_span(const CXLLanes *lanes)
{
    const CXLSegment *s = &lanes->segment;
    uint64_t turns = (uint64_t)s->nr / s->xor_ways * s->granularity;
    uint64_t span = turns / lanes_gcd(turns, lanes->set) * lanes->set;

    if (s->xor_ways > 1) {
        uint64_t most = (uint64_t)s->xor_granularity * LANES_XOR_SPAN;

        span = DIV_ROUND_UP(most, span) * span;
    }
    return MIN(span, s->size);
}

/* Whether every lane gets one granule in so many as it has ways */
static const char *lanes_check_turns(const CXLLanes *lanes, uint32_t *n)
{
    const CXLSegment *s = &lanes->segment;
    uint64_t granules = lanes_span(lanes) / s->granularity;
    uint64_t taken[CXL_WAYS_MAX] = { 0 };

    for (uint64_t g = 0; g < granules; g++) {
        unsigned owner;

        *n = cxl_segment_position(s, s->hpa + g * s->granularity);
        owner = lanes->owners[*n];
        if (g / lanes->lanes[owner].ways != taken[owner]++) {
            return "is not where its device decodes it";
        }
    }
    for (unsigned i = 0; i < lanes->nr; i++) {
        if (taken[i] != granules / lanes->lanes[i].ways) {
            return "leaves a part of a device without an address";
        }
    }
    return NULL;
}

static const char *lanes_build(CXLLanes *lanes, uint32_t *n)
{
    const char *why = NULL;

    for (*n = 0; *n < lanes->segment.nr && !why; ++*n) {
        why = lanes_add(lanes, *n);
    }
    if (why) {
        --*n;
        return why;
    }
    return lanes_check_turns(lanes, n);
}

CXLLanes *cxl_lanes_new(const CXLSegment *s, char **why)
{
    CXLLanes *lanes = g_new0(CXLLanes, 1);
    const char *reason;
    uint32_t n;

    lanes->segment = *s;
    lanes->segment.positions = g_memdup2(s->positions,
                                         s->nr * sizeof(s->positions[0]));
    lanes->owners = g_new0(uint8_t, s->nr);
    lanes->set = s->granularity;
    reason = lanes_build(lanes, &n);
    if (reason) {
        *why = g_strdup_printf("position %u %s", n, reason);
        cxl_lanes_free(lanes);
        return NULL;
    }
    return lanes;
}

void cxl_lanes_free(CXLLanes *lanes)
{
    g_free(lanes->segment.positions);
    g_free(lanes->owners);
    g_free(lanes);
}

bool cxl_lanes_equal(const CXLLanes *a, const CXLLanes *b)
{
    const CXLSegment *s = &a->segment;
    const CXLSegment *t = &b->segment;

    if (s->hpa != t->hpa || s->size != t->size || s->nr != t->nr ||
        s->granularity != t->granularity || s->xor_ways != t->xor_ways ||
        s->xor_granularity != t->xor_granularity ||
        memcmp(s->xormaps, t->xormaps, sizeof(s->xormaps)) ||
        a->nr != b->nr || memcmp(a->owners, b->owners, s->nr)) {
        return false;
    }
    for (unsigned i = 0; i < a->nr; i++) {
        const CXLLane *x = &a->lanes[i];
        const CXLLane *y = &b->lanes[i];

        if (x->mem != y->mem || x->dpa != y->dpa || x->ways != y->ways) {
            return false;
        }
    }
    return true;
}

uint64_t cxl_lanes_granule(const CXLLanes *lanes, unsigned i, uint64_t n)
{
    const CXLSegment *s = &lanes->segment;
    const CXLLane *lane = &lanes->lanes[i];
    uint64_t offset = n * lane->ways * s->granularity;

    if (lane->turn >= 0) {
        return offset + (uint64_t)lane->turn * s->granularity;
    }
    for (unsigned turn = 0; turn < lane->ways; turn++) {
        uint32_t position = cxl_segment_position(s, s->hpa + offset);

        if (lanes->owners[position] == i) {
            return offset;
        }
        offset += s->granularity;
    }
    /* cxl_lanes_new() has seen every pattern that there is */
    g_assert_not_reached();
}

/*
 * Region planner: the decoders that a set of devices needs, pure
 *
 * CXL r3.1 9.13.1: the levels of a topology select one after the other: the
 * window by the lowest address bits, then the host bridge, then the switches.
 * Each level takes as many turns of what the level above has left to it as it
 * has targets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/decode/region.h"

/* A node of the topology and what is below it */
typedef struct RegionNode RegionNode;
struct RegionNode {
    void *node;
    CXLNodeKind kind;
    uint8_t number;
    GPtrArray *below;
};

/* The turns of a region that are dealt out below one node */
typedef struct RegionTurns {
    unsigned nr;
    uint8_t turn[CXL_WAYS_MAX];
} RegionTurns;

typedef struct RegionPlanner {
    CXLRegionPlan *plan;
    char **why;
} RegionPlanner;

static void region_node_free(void *opaque)
{
    RegionNode *n = opaque;

    if (n) {
        g_clear_pointer(&n->below, g_ptr_array_unref);
        g_free(n);
    }
}

/* The tree below @node, which is behind port @number; NULL without anything */
static RegionNode *region_node(const CXLTopology *topology, void *node,
                               uint8_t number, unsigned depth)
{
    CXLNodeKind kind = topology->kind(node);
    RegionNode *n;

    if (kind == CXL_NODE_NONE || depth > CXL_ROUTE_DEPTH_MAX) {
        return NULL;
    }
    n = g_new0(RegionNode, 1);
    n->node = node;
    n->kind = kind;
    n->number = number;
    n->below = g_ptr_array_new_with_free_func(region_node_free);
    for (unsigned i = 0; kind != CXL_NODE_MEM && i <= UINT8_MAX; i++) {
        RegionNode *child = region_node(topology, topology->child(node, i), i,
                                        depth + 1);

        if (child) {
            g_ptr_array_add(n->below, child);
        }
        if (kind == CXL_NODE_PASSTHROUGH) {
            break;
        }
    }
    return n;
}

/* The tree below each host bridge of @window; elements can be NULL */
static GPtrArray *region_trees(const CXLWindowSpec *window,
                               const CXLTopology *topology)
{
    GPtrArray *trees = g_ptr_array_new_with_free_func(region_node_free);

    for (unsigned i = 0; i < window->decoder.ways; i++) {
        unsigned target = window->decoder.targets[i];

        g_ptr_array_add(trees, region_node(topology, window->bridges[target],
                                           0, 0));
    }
    return trees;
}

static bool region_holds(const RegionNode *n, const void *mem)
{
    if (!n || n->node == mem) {
        return n;
    }
    for (unsigned i = 0; i < n->below->len; i++) {
        if (region_holds(g_ptr_array_index(n->below, i), mem)) {
            return true;
        }
    }
    return false;
}

/*
 * The bytes of a turn below a window: for address bits, 3 * 2^n ways select
 * like 2^n
 */
static uint64_t region_below_window(const CXLWindowSpec *window,
                                    unsigned granularity)
{
    unsigned ways = window->decoder.ways;

    return (uint64_t)granularity * (ways % 3 ? ways : ways / 3);
}

/* Which node below @n each of @turns leads to; false, and @why not */
static bool region_targets(RegionPlanner *p, const RegionNode *n,
                           const RegionTurns *turns, unsigned *target)
{
    for (unsigned i = 0; i < turns->nr; i++) {
        const void *mem = p->plan->members[turns->turn[i]];

        for (target[i] = 0; target[i] < n->below->len; target[i]++) {
            if (region_holds(g_ptr_array_index(n->below, target[i]), mem)) {
                break;
            }
        }
        if (target[i] == n->below->len) {
            *p->why = g_strdup_printf("device %u is not below the host bridge "
                                      "whose turn it is", turns->turn[i]);
            return false;
        }
    }
    return true;
}

/*
 * The number of targets that take turns in @target: a power of two, each as
 * often as the others; 0, and @why not
 */
static unsigned region_ways(RegionPlanner *p, const RegionTurns *turns,
                            const unsigned *target)
{
    unsigned ways = 1;

    while (ways < turns->nr && target[ways] != target[0]) {
        ways++;
    }
    for (unsigned i = 0; i < turns->nr; i++) {
        bool again = false;

        for (unsigned j = 0; i < ways && j < i; j++) {
            again |= target[j] == target[i];
        }
        if (again || target[i] != target[i % ways]) {
            *p->why = g_strdup_printf("device %u is below a port whose turn "
                                      "it is not; ports take turns",
                                      turns->turn[i]);
            return 0;
        }
    }
    if (!is_power_of_2(ways) || ways > CXL_PORT_WAYS_MAX || turns->nr % ways) {
        *p->why = g_strdup_printf("%u ports of one host bridge or switch "
                                  "cannot take turns; 1, 2, 4 or 8 can", ways);
        return 0;
    }
    return ways;
}

static bool region_place(RegionPlanner *p, const RegionNode *n,
                         const RegionTurns *turns, uint64_t granularity);

/* CXL r3.1 8.2.4.20.7: the decoder of port @n, and what is below it */
static bool region_place_port(RegionPlanner *p, const RegionNode *n,
                              const RegionTurns *turns, uint64_t granularity)
{
    unsigned target[CXL_WAYS_MAX], ways;
    CXLRegionPort port = { .node = n->node };

    if (!region_targets(p, n, turns, target)) {
        return false;
    }
    ways = region_ways(p, turns, target);
    if (!ways) {
        return false;
    }
    if (ways > 1 && granularity > CXL_GRANULARITY_MAX) {
        *p->why = g_strdup_printf("a port would have to give turns of %" PRIu64
                                  " bytes; the most is 16k", granularity);
        return false;
    }
    port.ways = ways;
    /* One that does not select has a legal granularity all the same */
    port.granularity = MIN(granularity, CXL_GRANULARITY_MAX);
    for (unsigned i = 0; i < ways; i++) {
        const RegionNode *child = g_ptr_array_index(n->below, target[i]);

        port.targets[i] = child->number;
    }
    g_array_append_val(p->plan->ports, port);

    for (unsigned i = 0; i < ways; i++) {
        RegionTurns below = { .nr = turns->nr / ways };

        for (unsigned j = 0; j < below.nr; j++) {
            below.turn[j] = turns->turn[j * ways + i];
        }
        if (!region_place(p, g_ptr_array_index(n->below, target[i]), &below,
                          granularity * ways)) {
            return false;
        }
    }
    return true;
}

/* Deal out @turns, of @granularity bytes, to the devices below @n */
static bool region_place(RegionPlanner *p, const RegionNode *n,
                         const RegionTurns *turns, uint64_t granularity)
{
    unsigned target[CXL_WAYS_MAX];

    if (n->kind == CXL_NODE_PORT) {
        return region_place_port(p, n, turns, granularity);
    }
    if (n->kind == CXL_NODE_PASSTHROUGH) {
        return region_targets(p, n, turns, target) &&
               region_place(p, g_ptr_array_index(n->below, 0), turns,
                            granularity);
    }
    if (turns->nr > 1) {
        *p->why = g_strdup_printf("device %u has more than one turn",
                                  turns->turn[0]);
        return false;
    }
    return true;
}

static bool region_check(const CXLWindowSpec *window, unsigned nr,
                         unsigned granularity, char **why)
{
    unsigned ways = window->decoder.ways;

    if (cxl_ways_encode(nr) < 0 || nr % ways) {
        *why = g_strdup_printf("%u devices cannot take turns in a window of "
                               "%u targets", nr, ways);
        return false;
    }
    if (ways > 1 && granularity != window->decoder.granularity) {
        *why = g_strdup_printf("the granularity, %u, must be that of the "
                               "window, %u, which interleaves", granularity,
                               window->decoder.granularity);
        return false;
    }
    return true;
}

CXLRegionPlan *cxl_region_plan(const CXLWindowSpec *window,
                               const CXLTopology *topology,
                               void *const *members, unsigned nr,
                               unsigned granularity, char **why)
{
    unsigned bridges = window->decoder.ways;
    g_autoptr(GPtrArray) trees = NULL;
    CXLRegionPlan *plan;
    RegionPlanner p = { .why = why };

    *why = NULL;
    if (!region_check(window, nr, granularity, why)) {
        return NULL;
    }
    plan = g_new0(CXLRegionPlan, 1);
    plan->ways = nr;
    plan->granularity = granularity;
    memcpy(plan->members, members, nr * sizeof(members[0]));
    plan->ports = g_array_new(false, true, sizeof(CXLRegionPort));
    p.plan = plan;
    trees = region_trees(window, topology);
    for (unsigned i = 0; i < bridges && !*why; i++) {
        RegionTurns turns = { .nr = nr / bridges };
        RegionNode *tree = g_ptr_array_index(trees, i);

        for (unsigned j = 0; j < turns.nr; j++) {
            turns.turn[j] = j * bridges + i;
        }
        if (!tree) {
            *why = g_strdup_printf("target %u of the window has gone", i);
        } else {
            region_place(&p, tree, &turns,
                         region_below_window(window, granularity));
        }
    }
    if (*why) {
        g_clear_pointer(&plan, cxl_region_plan_free);
    }
    return plan;
}

void cxl_region_plan_free(CXLRegionPlan *plan)
{
    if (plan) {
        g_array_unref(plan->ports);
        g_free(plan);
    }
}

/* What is looked for among the devices */
typedef struct RegionSearch {
    bool (*usable)(void *mem, void *opaque);
    void *opaque;
} RegionSearch;

/*
 * Find @nr devices below @n that can take turns of @granularity bytes. The
 * ports nearest to the window share first, as many of them as can.
 */
static bool region_find(const RegionSearch *s, const RegionNode *n,
                        unsigned nr, uint64_t granularity, void **members)
{
    if (n->kind == CXL_NODE_MEM) {
        members[0] = n->node;
        return nr == 1 && s->usable(n->node, s->opaque);
    }
    if (n->kind == CXL_NODE_PASSTHROUGH) {
        return n->below->len && region_find(s, g_ptr_array_index(n->below, 0),
                                            nr, granularity, members);
    }
    for (unsigned ways = MIN(nr, CXL_PORT_WAYS_MAX); ways; ways /= 2) {
        unsigned found = 0;

        if (ways > 1 && granularity > CXL_GRANULARITY_MAX) {
            continue;
        }
        for (unsigned i = 0; i < n->below->len && found < ways; i++) {
            void *below[CXL_WAYS_MAX];

            if (region_find(s, g_ptr_array_index(n->below, i), nr / ways,
                            granularity * ways, below)) {
                for (unsigned j = 0; j < nr / ways; j++) {
                    members[j * ways + found] = below[j];
                }
                found++;
            }
        }
        if (found == ways) {
            return true;
        }
    }
    return false;
}

static bool region_find_all(const RegionSearch *s, const GPtrArray *trees,
                            unsigned nr, uint64_t granularity, void **members)
{
    for (unsigned i = 0; i < trees->len; i++) {
        const RegionNode *tree = g_ptr_array_index(trees, i);
        void *below[CXL_WAYS_MAX];

        if (!tree || !region_find(s, tree, nr, granularity, below)) {
            return false;
        }
        for (unsigned j = 0; j < nr; j++) {
            members[j * trees->len + i] = below[j];
        }
    }
    return true;
}

unsigned cxl_region_choose(const CXLWindowSpec *window,
                           const CXLTopology *topology, unsigned granularity,
                           bool (*usable)(void *mem, void *opaque),
                           void *opaque, void *members[CXL_WAYS_MAX])
{
    const RegionSearch search = { .usable = usable, .opaque = opaque };
    g_autoptr(GPtrArray) trees = region_trees(window, topology);
    unsigned bridges = window->decoder.ways;

    for (unsigned nr = pow2floor(CXL_WAYS_MAX / bridges); nr; nr /= 2) {
        if (region_find_all(&search, trees, nr,
                            region_below_window(window, granularity),
                            members)) {
            return nr * bridges;
        }
    }
    return 0;
}

static void *region_first(const RegionSearch *s, const RegionNode *n)
{
    void *first = NULL;

    if (n && n->kind == CXL_NODE_MEM) {
        return s->usable(n->node, s->opaque) ? n->node : NULL;
    }
    for (unsigned i = 0; n && !first && i < n->below->len; i++) {
        first = region_first(s, g_ptr_array_index(n->below, i));
    }
    return first;
}

void *cxl_region_first(const CXLWindowSpec *window,
                       const CXLTopology *topology,
                       bool (*usable)(void *mem, void *opaque), void *opaque)
{
    const RegionSearch search = { .usable = usable, .opaque = opaque };
    g_autoptr(GPtrArray) trees = region_trees(window, topology);
    void *first = NULL;

    for (unsigned i = 0; !first && i < trees->len; i++) {
        first = region_first(&search, g_ptr_array_index(trees, i));
    }
    return first;
}

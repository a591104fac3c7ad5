/*
 * Why an address leads where it does: the walk, and what it ends at
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/interleave.h"
#include "explain-internal.h"

/* Where CXL r3.1 says so */
static const char *const explain_sections[CXL_PROBLEM_KINDS] = {
    [CXL_PROBLEM_OUTSIDE] = "9.18.1.3",
    [CXL_PROBLEM_NO_DECODER] = "8.2.4.20",
    [CXL_PROBLEM_NOT_COMMITTED] = "8.2.4.20.7",
    [CXL_PROBLEM_REFUSED] = "8.2.4.20.12",
    [CXL_PROBLEM_RANGE] = "8.2.4.20.3",
    [CXL_PROBLEM_NO_PORT] = "8.2.4.20.8",
    [CXL_PROBLEM_EMPTY_PORT] = "8.2.4.20.8",
    [CXL_PROBLEM_NOT_CXL] = "8.2.4.20.8",
    [CXL_PROBLEM_WRONG_TARGET] = "8.2.4.20.8",
    [CXL_PROBLEM_WRONG_WAYS] = "8.2.4.20.7",
    [CXL_PROBLEM_WRONG_GRANULARITY] = "8.2.4.20.7",
    [CXL_PROBLEM_WRONG_POSITION] = "9.13.1",
    [CXL_PROBLEM_MEM_DISABLED] = "8.1.3.2",
    [CXL_PROBLEM_HDM_DISABLED] = "8.2.4.20.2",
    [CXL_PROBLEM_NOT_MAPPED] = "8.2.4.20.13",
    [CXL_PROBLEM_NOT_REACHED] = "9.18.1.3",
    [CXL_PROBLEM_BEYOND] = "8.2.4.20.13",
    [CXL_PROBLEM_NOT_READY] = "8.2.8.5.1.1",
    [CXL_PROBLEM_MEDIA_DISABLED] = "8.2.8.5.1.1",
    [CXL_PROBLEM_LOCKED] = "8.2.9.9.6",
    [CXL_PROBLEM_POISON] = "8.2.9.9.4.1",
};

/* Problems and levels */

void cxl_explain_add(Explainer *x, CXLProblemKind kind, void *node, int n,
                     const char *fmt, ...)
{
    CXLProblem problem = {
        .kind = kind, .node = node, .n = n, .section = explain_sections[kind],
    };
    va_list args;

    va_start(args, fmt);
    problem.text = g_strdup_vprintf(fmt, args);
    va_end(args);
    g_array_append_val(x->e->problems, problem);
}

const CXLProblem *cxl_explanation_problem(const CXLExplanation *e)
{
    return e->problems->len ? &g_array_index(e->problems, CXLProblem, 0)
                            : NULL;
}

CXLExplanation *cxl_explanation_new(uint64_t hpa)
{
    CXLExplanation *e = g_new0(CXLExplanation, 1);

    e->hpa = hpa;
    e->window = -1;
    e->levels = g_array_new(false, true, sizeof(CXLExplainLevel));
    e->problems = g_array_new(false, true, sizeof(CXLProblem));
    return e;
}

void cxl_explanation_free(CXLExplanation *e)
{
    for (unsigned i = 0; e && i < e->problems->len; i++) {
        g_free(g_array_index(e->problems, CXLProblem, i).text);
    }
    if (e) {
        g_array_unref(e->problems);
        g_array_unref(e->levels);
        g_free(e);
    }
}

static void explain_add_level(Explainer *x, const ExplainNode *node, int n,
                              unsigned way)
{
    CXLExplainLevel level = {
        .node = node->handle, .kind = node->kind, .n = n, .way = way,
        .via = node->via,
    };

    if (n >= 0) {
        level.state = *cxl_explain_decoder(node, n);
    }
    g_array_append_val(x->e->levels, level);
}

/* The decoder whose range the next level should share, or be part of */
static const CXLDecoder *explain_above(const Explainer *x)
{
    for (unsigned i = x->e->levels->len; i-- > 0; ) {
        const CXLExplainLevel *level = cxl_explain_level(x, i);

        if (level->n >= 0 || !level->node) {
            return &level->state.d;
        }
    }
    g_assert_not_reached();
}

/* No decoder of a level covers the address */

/* The decoder of @node, by its number, that would cover @hpa; -1: none */
static int explain_would_cover(const ExplainNode *node, uint64_t hpa)
{
    int found = -1;

    for (unsigned n = 0; n < node->decoders->len; n++) {
        const CXLDecoderState *state = cxl_explain_decoder(node, n);

        if (state->committed || !cxl_explain_covers(&state->d, hpa)) {
            continue;
        }
        if (found < 0 || state->error) {
            found = n;
        }
    }
    return found;
}

static void explain_uncommitted(Explainer *x, const ExplainNode *node, int n)
{
    const CXLDecoderState *state = cxl_explain_decoder(node, n);
    g_autofree char *name = cxl_explain_name(x, node->handle);
    CXLProblem *added;

    if (!state->error) {
        cxl_explain_add(x, CXL_PROBLEM_NOT_COMMITTED, node->handle, n,
                        "no committed decoder of %s covers 0x%" PRIx64
                        "; decoder %d is programmed for it but not committed",
                        name, x->e->hpa, n);
        return;
    }
    cxl_explain_add(x, CXL_PROBLEM_REFUSED, node->handle, n,
                    "no committed decoder of %s covers 0x%" PRIx64
                    "; the commit of decoder %d was refused: %s", name,
                    x->e->hpa, n, state->refusal ?: "for an unknown reason");
    added = &g_array_index(x->e->problems, CXLProblem,
                           x->e->problems->len - 1);
    added->section = state->section ?: added->section;
}

/* Another child of the parent has the address, and no target leads there */
static ExplainNode *explain_orphan(const ExplainNode *parent,
                                   const CXLDecoder *d, uint64_t hpa)
{
    for (unsigned i = 0; i < parent->children->len; i++) {
        ExplainNode *child = g_ptr_array_index(parent->children, i);

        if (!memchr(d->targets, child->target, d->ways) &&
            cxl_explain_claims(child, hpa)) {
            return child;
        }
    }
    return NULL;
}

/* The last level, a port, chose a target: was there a better one? */
static bool explain_wrong_target(Explainer *x, const ExplainNode *parent)
{
    const CXLExplainLevel *level = cxl_explain_last(x);
    uint8_t target = level->state.d.targets[level->way];
    const ExplainNode *orphan = NULL;

    if (parent->kind == CXL_NODE_PORT) {
        orphan = explain_orphan(parent, &level->state.d, x->e->hpa);
    }
    if (orphan) {
        g_autofree char *name = cxl_explain_name(x, parent->handle);
        g_autofree char *wanted = cxl_explain_name(x, orphan->handle);

        cxl_explain_add(x, CXL_PROBLEM_WRONG_TARGET, parent->handle, level->n,
                        "decoder %d of %s has port %u as target %u, where "
                        "nothing decodes 0x%" PRIx64 "; %s below port %u does, "
                        "and is no target", level->n, name, target,
                        level->way, x->e->hpa, wanted, orphan->target);
    }
    return orphan;
}

/* A committed decoder of @node is where others expect it, but not quite */
static void explain_misplaced(Explainer *x, const ExplainNode *node, int n,
                              const ExplainNode *parent)
{
    const CXLDecoder *d = &cxl_explain_decoder(node, n)->d;
    const CXLDecoder *above = explain_above(x);
    const CXLExplainLevel *last = cxl_explain_last(x);
    g_autofree char *name = cxl_explain_name(x, node->handle);
    bool blame_above = parent && last->n >= 0 &&
                       cxl_explain_outvoted(x, above, d);

    if (last->n < 0) {
        cxl_explain_add(x, CXL_PROBLEM_RANGE, node->handle, n, "decoder %d of "
                        "%s covers 0x%" PRIx64 " + 0x%" PRIx64 ", not 0x%"
                        PRIx64 ", which devices decode", n, name, d->base,
                        d->size, x->e->hpa);
        return;
    }
    cxl_explain_add(x, CXL_PROBLEM_RANGE,
                    blame_above ? last->node : node->handle,
                    blame_above ? last->n : n,
                    "decoder %d of %s covers 0x%" PRIx64 " + 0x%" PRIx64
                    ", not 0x%" PRIx64 ", which the level above leads to it "
                    "from 0x%" PRIx64 " + 0x%" PRIx64, n, name, d->base,
                    d->size, x->e->hpa, above->base, above->size);
}

/* What would come closest, if nothing covers the address even nearly */
static void explain_nothing(Explainer *x, const ExplainNode *node)
{
    g_autofree char *name = cxl_explain_name(x, node->handle);
    unsigned committed = 0, below = 0;
    int failed = -1;

    for (unsigned n = 0; n < node->decoders->len; n++) {
        const CXLDecoderState *state = cxl_explain_decoder(node, n);

        committed += state->committed;
        failed = state->error && failed < 0 ? n : failed;
    }
    if (failed >= 0) {
        explain_uncommitted(x, node, failed);
        return;
    }
    if (node->kind != CXL_NODE_MEM) {
        below = cxl_explain_claimants(node, x->e->hpa);
    }
    cxl_explain_add(x, CXL_PROBLEM_NO_DECODER, node->handle, -1,
                    "no decoder of %s covers 0x%" PRIx64 "; %u of %u are "
                    "committed%s", name, x->e->hpa, committed,
                    node->decoders->len,
                    below ? ", and devices below decode it" : "");
}

static void explain_no_decoder(Explainer *x, const ExplainNode *node,
                               const ExplainNode *parent)
{
    int n = explain_would_cover(node, x->e->hpa);
    bool wanted = n >= 0;

    if (!wanted) {
        n = cxl_explain_misplaced(x, node, explain_above(x));
    }
    if (wanted) {
        explain_uncommitted(x, node, n);
    } else if (n >= 0) {
        explain_misplaced(x, node, n, parent);
    } else if (!parent || !explain_wrong_target(x, parent)) {
        explain_nothing(x, node);
    }
    explain_add_level(x, node, -1, 0);
}

/* What has the turn is not there */
static void explain_no_child(Explainer *x, const ExplainNode *node)
{
    CXLExplainLevel *level = cxl_explain_last(x);
    uint8_t target = level->n < 0 ? 0 : level->state.d.targets[level->way];
    void *child = NULL, *via = NULL;
    CXLTargetKind kind = x->topology->target(node->handle, target, &child,
                                             &via);
    g_autofree char *name = cxl_explain_name(x, node->handle);
    g_autofree char *port = via ? cxl_explain_name(x, via) : NULL;

    if (kind == CXL_TARGET_NO_PORT) {
        cxl_explain_add(x, CXL_PROBLEM_NO_PORT, node->handle, level->n,
                        "decoder %d of %s has port %u as target %u; it has "
                        "no such port", level->n, name, target, level->way);
    } else if (explain_wrong_target(x, node)) {
        return;
    } else if (kind == CXL_TARGET_NOT_CXL) {
        cxl_explain_add(x, CXL_PROBLEM_NOT_CXL, via, -1,
                        "port %u of %s, %s, has the turn, and what is plugged "
                        "into it has no CXL.mem", target, name,
                        port ?: "unknown");
    } else {
        cxl_explain_add(x, CXL_PROBLEM_EMPTY_PORT, via, -1,
                        "port %u of %s, %s, has the turn, and nothing is "
                        "plugged into it", target, name, port ?: "unknown");
    }
}

/* Devices */

static void explain_fault(Explainer *x, const ExplainNode *node)
{
    static const struct {
        CXLProblemKind kind;
        const char *text;
    } faults[] = {
        [CXL_DPA_BEYOND] = {
            CXL_PROBLEM_BEYOND, "is beyond the device's capacity"
        },
        [CXL_DPA_NOT_READY] = {
            CXL_PROBLEM_NOT_READY, "cannot be accessed: media are not ready"
        },
        [CXL_DPA_DISABLED] = {
            CXL_PROBLEM_MEDIA_DISABLED,
            "cannot be accessed: media are disabled"
        },
        [CXL_DPA_LOCKED] = {
            CXL_PROBLEM_LOCKED,
            "cannot be accessed: persistent memory is locked"
        },
        [CXL_DPA_POISON] = {
            CXL_PROBLEM_POISON, "is poisoned: reads fail"
        },
    };
    g_autofree char *name = NULL;

    x->e->fault = x->topology->dpa_fault(node->handle, x->e->dpa);
    if (x->e->fault == CXL_DPA_FINE ||
        x->e->fault >= ARRAY_SIZE(faults)) {
        return;
    }
    name = cxl_explain_name(x, node->handle);
    cxl_explain_add(x, faults[x->e->fault].kind, node->handle, -1,
                    "DPA 0x%" PRIx64 " of %s %s", x->e->dpa, name,
                    faults[x->e->fault].text);
}

static bool explain_disabled(Explainer *x, const ExplainNode *node)
{
    g_autofree char *name = cxl_explain_name(x, node->handle);

    if (!(node->enables & CXL_ENABLE_MEM)) {
        cxl_explain_add(x, CXL_PROBLEM_MEM_DISABLED, node->handle, -1,
                        "%s does not decode: Mem_Enable is clear", name);
    }
    if (!(node->enables & CXL_ENABLE_HDM)) {
        cxl_explain_add(x, CXL_PROBLEM_HDM_DISABLED, node->handle, -1,
                        "%s does not decode: HDM Decoder Enable is clear",
                        name);
    }
    return node->enables != CXL_ENABLE_ALL;
}

static void explain_mem(Explainer *x, const ExplainNode *node)
{
    int n = cxl_explain_active(node, x->e->hpa);

    if (n < 0) {
        explain_no_decoder(x, node, node->parent);
        explain_disabled(x, node);
        return;
    }
    explain_add_level(x, node, n, 0);
    if (explain_disabled(x, node)) {
        return;
    }
    x->e->mem = node->handle;
    x->e->dpa = cxl_explain_dpa_of(&cxl_explain_decoder(node, n)->d,
                                   x->e->hpa);
    explain_fault(x, node);
    cxl_explain_check_range(x);
    cxl_explain_check_geometry(x);
}

/* The walk */

static void explain_walk(Explainer *x, const ExplainNode *node)
{
    const ExplainNode *child;

    while (node && node->kind != CXL_NODE_MEM) {
        uint8_t target = 0;

        if (node->kind == CXL_NODE_PASSTHROUGH) {
            explain_add_level(x, node, -1, 0);
        } else {
            int n = cxl_explain_active(node, x->e->hpa);
            const CXLDecoder *d;
            unsigned way;

            if (n < 0) {
                explain_no_decoder(x, node, node->parent);
                return;
            }
            d = &cxl_explain_decoder(node, n)->d;
            way = cxl_interleave_position(x->e->hpa - d->base, d->ways,
                                          d->granularity);
            explain_add_level(x, node, n, way);
            target = d->targets[way];
        }
        child = cxl_explain_child(node, target);
        if (!child) {
            explain_no_child(x, node);
            return;
        }
        node = child;
    }
    if (node) {
        explain_mem(x, node);
    }
}

static void explain_window(Explainer *x, unsigned index)
{
    const CXLWindowSpec *window = x->windows[index];
    CXLExplainLevel level = {
        .n = -1, .state.d = window->decoder,
        .way = cxl_explain_window_way(window, x->e->hpa),
    };

    x->e->window = index;
    g_array_append_val(x->e->levels, level);
    explain_walk(x, cxl_explain_node(x, window->bridges[
                                     window->decoder.targets[level.way]]));
}

CXLExplanation *cxl_explain_hpa(Explainer *x, uint64_t hpa)
{
    x->e = cxl_explanation_new(hpa);
    for (unsigned i = 0; i < x->nr_windows; i++) {
        if (cxl_explain_covers(&x->windows[i]->decoder, hpa)) {
            explain_window(x, i);
            return x->e;
        }
    }
    cxl_explain_add(x, CXL_PROBLEM_OUTSIDE, NULL, -1,
                    "0x%" PRIx64 " is in none of the %u windows", hpa,
                    x->nr_windows);
    return x->e;
}

CXLExplanation *cxl_explain(const CXLWindowSpec *const *windows, unsigned nr,
                            const CXLExplainTopology *topology, uint64_t hpa)
{
    Explainer x = {
        .windows = windows, .nr_windows = nr, .topology = topology,
    };
    CXLExplanation *e;

    cxl_explain_read_nodes(&x);
    e = cxl_explain_hpa(&x, hpa);
    cxl_explain_free_nodes(&x);
    return e;
}

/*
 * Why an address leads where it does: from a device's address on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/interleave.h"
#include "explain-internal.h"

static bool dpa_is_above(const ExplainNode *node, const void *handle)
{
    for (; node; node = node->parent) {
        if (node->handle == handle) {
            return true;
        }
    }
    return false;
}

/* How many levels of @e are on the way to @node */
static unsigned dpa_depth(const CXLExplanation *e, const ExplainNode *node)
{
    unsigned depth = 1;

    while (depth < e->levels->len &&
           dpa_is_above(node, g_array_index(e->levels, CXLExplainLevel,
                                            depth).node)) {
        depth++;
    }
    return depth;
}

/* No address that @node decodes leads to it: some level leads elsewhere */
static void dpa_elsewhere(Explainer *x, const ExplainNode *node, uint64_t dpa)
{
    unsigned depth = MIN(dpa_depth(x->e, node), x->e->levels->len);
    const CXLExplainLevel *level = depth ? &g_array_index(x->e->levels,
                                                          CXLExplainLevel,
                                                          depth - 1) : NULL;
    g_autofree char *name = cxl_explain_name(x, node->handle);
    g_autofree char *port = level && level->node
                                ? cxl_explain_name(x, level->node)
                                : g_strdup("the window");
    CXLProblem last;

    cxl_explain_add(x, CXL_PROBLEM_NOT_REACHED, level ? level->node : NULL,
                    level ? level->n : -1, "no address leads to DPA 0x%"
                    PRIx64 " of %s; %s leads 0x%" PRIx64 ", which %s decodes, "
                    "elsewhere", dpa, name, port, x->e->hpa, name);
    last = g_array_index(x->e->problems, CXLProblem, x->e->problems->len - 1);
    g_array_set_size(x->e->problems, x->e->problems->len - 1);
    g_array_prepend_val(x->e->problems, last);
}

/* Of the addresses that @d maps to @dpa, the one that gets there, or nearest */
static CXLExplanation *dpa_explain_shares(Explainer *x,
                                          const ExplainNode *node,
                                          const CXLDecoder *d, uint64_t dpa)
{
    CXLExplanation *best = NULL;

    for (unsigned position = 0; position < d->ways; position++) {
        uint64_t hpa = d->base + cxl_interleave_from_device(dpa - d->dpa,
                                                            position, d->ways,
                                                            d->granularity);
        CXLExplanation *e = cxl_explain_hpa(x, hpa);

        if (e->mem == node->handle && e->dpa == dpa) {
            cxl_explanation_free(best);
            return e;
        }
        if (best && dpa_depth(best, node) >= dpa_depth(e, node)) {
            cxl_explanation_free(e);
        } else {
            cxl_explanation_free(best);
            best = e;
        }
    }
    x->e = best;
    if (best->mem || dpa_depth(best, node) < best->levels->len) {
        dpa_elsewhere(x, node, dpa);
    }
    return best;
}

static void dpa_not_mapped(Explainer *x, const ExplainNode *node, uint64_t dpa)
{
    g_autofree char *name = cxl_explain_name(x, node->handle);

    for (unsigned n = 0; n < node->decoders->len; n++) {
        const CXLDecoderState *state = cxl_explain_decoder(node, n);

        if (state->d.size && !state->committed) {
            cxl_explain_add(x, CXL_PROBLEM_NOT_MAPPED, node->handle, n,
                            "no committed decoder of %s maps DPA 0x%" PRIx64
                            "; decoder %u is programmed but not committed%s%s",
                            name, dpa, n, state->refusal ? ": " : "",
                            state->refusal ?: "");
            return;
        }
    }
    cxl_explain_add(x, CXL_PROBLEM_NOT_MAPPED, node->handle, -1,
                    "no decoder of %s maps DPA 0x%" PRIx64, name, dpa);
}

static CXLExplanation *dpa_explain(Explainer *x, const ExplainNode *node,
                                   uint64_t dpa)
{
    for (unsigned n = 0; n < node->decoders->len; n++) {
        const CXLDecoderState *state = cxl_explain_decoder(node, n);
        const CXLDecoder *d = &state->d;

        if (state->committed && d->ways && d->granularity && dpa >= d->dpa &&
            dpa - d->dpa < d->size / d->ways) {
            return dpa_explain_shares(x, node, d, dpa);
        }
    }
    x->e = cxl_explanation_new(0);
    dpa_not_mapped(x, node, dpa);
    return x->e;
}

CXLExplanation *cxl_explain_dpa(const CXLWindowSpec *const *windows,
                                unsigned nr,
                                const CXLExplainTopology *topology, void *mem,
                                uint64_t dpa)
{
    Explainer x = {
        .windows = windows, .nr_windows = nr, .topology = topology,
    };
    const ExplainNode *node;
    g_autofree char *name = topology->name(mem);

    cxl_explain_read_nodes(&x);
    node = cxl_explain_node(&x, mem);
    if (topology->dpa_fault(mem, dpa) == CXL_DPA_BEYOND) {
        x.e = cxl_explanation_new(0);
        cxl_explain_add(&x, CXL_PROBLEM_BEYOND, mem, -1, "DPA 0x%" PRIx64
                        " of %s is beyond the device's capacity", dpa, name);
    } else if (node) {
        dpa_explain(&x, node, dpa);
    } else {
        x.e = cxl_explanation_new(0);
        cxl_explain_add(&x, CXL_PROBLEM_NOT_REACHED, mem, -1,
                        "no window leads to %s", name);
    }
    cxl_explain_free_nodes(&x);
    return x.e;
}

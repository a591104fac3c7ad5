/*
 * Why an address leads where it does: what there is to walk through
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/interleave.h"
#include "explain-internal.h"

/* Port numbers are bytes */
#define EXPLAIN_TARGETS     (UINT8_MAX + 1)

static void explain_node_free(void *opaque)
{
    ExplainNode *node = opaque;

    g_array_unref(node->decoders);
    g_ptr_array_unref(node->children);
    g_free(node);
}

ExplainNode *cxl_explain_node(const Explainer *x, void *handle)
{
    for (unsigned i = 0; i < x->nodes->len; i++) {
        ExplainNode *node = g_ptr_array_index(x->nodes, i);

        if (node->handle == handle) {
            return node;
        }
    }
    return NULL;
}

static ExplainNode *explain_read(Explainer *x, void *handle,
                                 ExplainNode *parent, unsigned depth);

static void explain_read_children(Explainer *x, ExplainNode *node,
                                  unsigned depth)
{
    unsigned nr = node->kind == CXL_NODE_PASSTHROUGH ? 1 : EXPLAIN_TARGETS;

    for (unsigned target = 0; target < nr; target++) {
        void *handle = NULL, *via = NULL;
        ExplainNode *child;

        x->topology->target(node->handle, target, &handle, &via);
        child = handle ? explain_read(x, handle, node, depth) : NULL;
        if (child) {
            child->target = target;
            child->via = via;
            g_ptr_array_add(node->children, child);
        }
    }
}

/* NULL for what is no node, or is one already */
static ExplainNode *explain_read(Explainer *x, void *handle,
                                 ExplainNode *parent, unsigned depth)
{
    CXLNodeKind kind = x->topology->kind(handle);
    CXLDecoderState state;
    ExplainNode *node;

    if (kind == CXL_NODE_NONE || depth == CXL_ROUTE_DEPTH_MAX ||
        cxl_explain_node(x, handle)) {
        return NULL;
    }
    node = g_new0(ExplainNode, 1);
    node->handle = handle;
    node->kind = kind;
    node->parent = parent;
    node->decoders = g_array_new(false, true, sizeof(CXLDecoderState));
    node->children = g_ptr_array_new();
    g_ptr_array_add(x->nodes, node);
    if (kind == CXL_NODE_MEM) {
        node->enables = x->topology->enables(handle);
    }
    for (unsigned n = 0; kind != CXL_NODE_PASSTHROUGH &&
                         x->topology->decoder(handle, n, &state); n++) {
        g_array_append_val(node->decoders, state);
    }
    if (kind != CXL_NODE_MEM) {
        explain_read_children(x, node, depth + 1);
    }
    return node;
}

void cxl_explain_read_nodes(Explainer *x)
{
    x->nodes = g_ptr_array_new_with_free_func(explain_node_free);
    for (unsigned i = 0; i < x->nr_windows; i++) {
        const CXLWindowSpec *window = x->windows[i];

        for (unsigned way = 0; way < window->decoder.ways; way++) {
            explain_read(x, window->bridges[window->decoder.targets[way]],
                         NULL, 0);
        }
    }
}

void cxl_explain_free_nodes(Explainer *x)
{
    g_ptr_array_unref(x->nodes);
}

ExplainNode *cxl_explain_child(const ExplainNode *node, uint8_t target)
{
    for (unsigned i = 0; i < node->children->len; i++) {
        ExplainNode *child = g_ptr_array_index(node->children, i);

        if (node->kind == CXL_NODE_PASSTHROUGH || child->target == target) {
            return child;
        }
    }
    return NULL;
}

bool cxl_explain_covers(const CXLDecoder *d, uint64_t hpa)
{
    return hpa >= d->base && hpa - d->base < d->size;
}

bool cxl_explain_overlap(const CXLDecoder *a, const CXLDecoder *b)
{
    return a->size && b->size && (cxl_explain_covers(a, b->base) ||
                                  cxl_explain_covers(b, a->base));
}

/* What is reserved, or wraps around, decodes nothing */
static bool explain_legal(const CXLDecoder *d)
{
    return d->ways && d->granularity && d->size <= UINT64_MAX - d->base;
}

int cxl_explain_active(const ExplainNode *node, uint64_t hpa)
{
    for (unsigned n = 0; n < node->decoders->len; n++) {
        const CXLDecoderState *state = cxl_explain_decoder(node, n);

        if (state->committed && explain_legal(&state->d) &&
            cxl_explain_covers(&state->d, hpa)) {
            return n;
        }
    }
    return -1;
}

bool cxl_explain_claims(const ExplainNode *node, uint64_t hpa)
{
    return node->kind == CXL_NODE_PASSTHROUGH
               ? cxl_explain_claimants(node, hpa)
               : (node->kind == CXL_NODE_PORT ||
                  node->enables == CXL_ENABLE_ALL) &&
                 cxl_explain_active(node, hpa) >= 0;
}

unsigned cxl_explain_claimants(const ExplainNode *node, uint64_t hpa)
{
    unsigned nr = node->kind == CXL_NODE_MEM && cxl_explain_claims(node, hpa);

    for (unsigned i = 0; i < node->children->len; i++) {
        nr += cxl_explain_claimants(g_ptr_array_index(node->children, i), hpa);
    }
    return nr;
}

uint64_t cxl_explain_dpa_of(const CXLDecoder *d, uint64_t hpa)
{
    return d->dpa + cxl_interleave_to_device(hpa - d->base, d->ways,
                                             d->granularity);
}

unsigned cxl_explain_window_way(const CXLWindowSpec *window, uint64_t hpa)
{
    const CXLDecoder *d = &window->decoder;
    uint64_t maps[CXL_XORMAPS_MAX];

    if (window->arithmetic != CXL_ARITHMETIC_XOR) {
        return cxl_interleave_position(hpa - d->base, d->ways,
                                       d->granularity);
    }
    cxl_interleave_xormaps(d->ways, d->granularity, maps);
    return cxl_interleave_position_xor(hpa, d->ways, d->granularity, maps);
}

static ExplainNode *explain_bridge(const Explainer *x, uint64_t hpa)
{
    for (unsigned i = 0; i < x->nr_windows; i++) {
        const CXLWindowSpec *window = x->windows[i];

        if (cxl_explain_covers(&window->decoder, hpa)) {
            unsigned way = cxl_explain_window_way(window, hpa);

            return cxl_explain_node(x, window->bridges[
                                           window->decoder.targets[way]]);
        }
    }
    return NULL;
}

ExplainNode *cxl_explain_resolve(const Explainer *x, uint64_t hpa,
                                 uint64_t *dpa)
{
    ExplainNode *node = explain_bridge(x, hpa);

    while (node) {
        const CXLDecoder *d;
        int n;

        if (node->kind == CXL_NODE_PASSTHROUGH) {
            node = cxl_explain_child(node, 0);
            continue;
        }
        if (!cxl_explain_claims(node, hpa)) {
            return NULL;
        }
        n = cxl_explain_active(node, hpa);
        d = &cxl_explain_decoder(node, n)->d;
        if (node->kind == CXL_NODE_MEM) {
            *dpa = cxl_explain_dpa_of(d, hpa);
            return node;
        }
        node = cxl_explain_child(node, d->targets[
                                     cxl_interleave_position(hpa - d->base,
                                                             d->ways,
                                                             d->granularity)]);
    }
    return NULL;
}

char *cxl_explain_name(const Explainer *x, void *node)
{
    return x->topology->name(node);
}

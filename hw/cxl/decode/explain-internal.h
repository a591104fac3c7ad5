/*
 * Why an address leads where it does: what its parts ask of one another
 *
 * explain.c walks, explain-nodes.c reads what there is to walk through,
 * explain-check.c judges which of several decoders is the wrong one, and
 * explain-dpa.c begins at a device.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_EXPLAIN_INTERNAL_H
#define HW_CXL_DECODE_EXPLAIN_INTERNAL_H

#include "hw/cxl/decode/explain.h"

typedef struct ExplainNode ExplainNode;

/**
 * ExplainNode: a port or memory device, as read once
 * @parent: what leads to it; NULL: a host bridge
 * @target, @via: by which port of @parent
 * @enables: of a device
 * @decoders: CXLDecoderState, as they stand
 * @children: ExplainNode, what its ports lead to
 */
struct ExplainNode {
    void *handle;
    CXLNodeKind kind;
    ExplainNode *parent;
    uint8_t target;
    void *via;
    unsigned enables;
    GArray *decoders;
    GPtrArray *children;
};

/**
 * Explainer: what one explanation works on
 * @nodes: ExplainNode, all that windows lead to
 */
typedef struct Explainer {
    const CXLWindowSpec *const *windows;
    unsigned nr_windows;
    const CXLExplainTopology *topology;
    GPtrArray *nodes;
    CXLExplanation *e;
} Explainer;

/* Read all nodes; and let go of them */
void cxl_explain_read_nodes(Explainer *x);
void cxl_explain_free_nodes(Explainer *x);
/* The node of @handle, or NULL */
ExplainNode *cxl_explain_node(const Explainer *x, void *handle);
/* The child of @node at port number @target, or NULL */
ExplainNode *cxl_explain_child(const ExplainNode *node, uint8_t target);
/* What to call @node; freed */
char *cxl_explain_name(const Explainer *x, void *node);

static inline CXLDecoderState *cxl_explain_decoder(const ExplainNode *node,
                                                   int n)
{
    return &g_array_index(node->decoders, CXLDecoderState, n);
}
/* A level of the walk, and the one that it is at */
static inline CXLExplainLevel *cxl_explain_level(const Explainer *x,
                                                 unsigned i)
{
    return &g_array_index(x->e->levels, CXLExplainLevel, i);
}
static inline CXLExplainLevel *cxl_explain_last(const Explainer *x)
{
    return cxl_explain_level(x, x->e->levels->len - 1);
}
/* Whether the range of @d, be it committed or not, has @hpa */
bool cxl_explain_covers(const CXLDecoder *d, uint64_t hpa);
bool cxl_explain_overlap(const CXLDecoder *a, const CXLDecoder *b);
/* The DPA that @d, a device's decoder, leads @hpa to */
uint64_t cxl_explain_dpa_of(const CXLDecoder *d, uint64_t hpa);
/* The decoder of @node that decodes @hpa; -1 if none does */
int cxl_explain_active(const ExplainNode *node, uint64_t hpa);
/* Whether @node, a device that is enabled or a port, decodes @hpa */
bool cxl_explain_claims(const ExplainNode *node, uint64_t hpa);
/* How many devices at @node and below decode @hpa */
unsigned cxl_explain_claimants(const ExplainNode *node, uint64_t hpa);
/* The device and DPA that @hpa gets to, by decoders alone; NULL: none */
ExplainNode *cxl_explain_resolve(const Explainer *x, uint64_t hpa,
                                 uint64_t *dpa);
/* Which of the window's targets has the turn */
unsigned cxl_explain_window_way(const CXLWindowSpec *window, uint64_t hpa);

CXLExplanation *cxl_explanation_new(uint64_t hpa);
/* Explain @hpa; what is in @x->e belongs to the caller */
CXLExplanation *cxl_explain_hpa(Explainer *x, uint64_t hpa);
/* Add a problem of @kind with decoder @n of @node, in words */
void cxl_explain_add(Explainer *x, CXLProblemKind kind, void *node, int n,
                     const char *fmt, ...) G_GNUC_PRINTF(5, 6);

/* Is the range of each level part of that of the level above? */
void cxl_explain_check_range(Explainer *x);
/* The last level is a device: do all levels agree on how it is reached? */
void cxl_explain_check_geometry(Explainer *x);
/*
 * The decoder of @node, if one is committed, whose range is not what the
 * levels around it say; -1: none
 */
int cxl_explain_misplaced(const Explainer *x, const ExplainNode *node,
                          const CXLDecoder *above);
/* Whether most decoders that overlap @above have another range than it */
bool cxl_explain_outvoted(const Explainer *x, const CXLDecoder *above,
                          const CXLDecoder *other);

#endif /* HW_CXL_DECODE_EXPLAIN_INTERNAL_H */

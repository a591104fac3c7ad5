/*
 * Why an address leads where it does: the walk through the decoders in words
 *
 * The route compiler is made for speed, and forgets what leads nowhere. This
 * follows one address from level to level by itself, and looks around where
 * that ends: what is programmed but not committed, what contradicts what.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_EXPLAIN_H
#define HW_CXL_DECODE_EXPLAIN_H

#include "hw/cxl/cxl-decoder.h"
#include "hw/cxl/decode/route.h"

/* What is wrong with an address, or with what decodes it */
typedef enum CXLProblemKind {
    CXL_PROBLEM_OUTSIDE,            /* of every window */
    CXL_PROBLEM_NO_DECODER,         /* covers it, nor would one */
    CXL_PROBLEM_NOT_COMMITTED,      /* the decoder that would cover it */
    CXL_PROBLEM_REFUSED,            /* was the commit of that decoder */
    CXL_PROBLEM_RANGE,              /* is not that of other levels */
    CXL_PROBLEM_NO_PORT,            /* has the number that a decoder names */
    CXL_PROBLEM_EMPTY_PORT,         /* has the turn */
    CXL_PROBLEM_NOT_CXL,            /* is what is plugged in there */
    CXL_PROBLEM_WRONG_TARGET,       /* another port leads to the device */
    CXL_PROBLEM_WRONG_WAYS,         /* contradict other levels */
    CXL_PROBLEM_WRONG_GRANULARITY,  /* contradicts other levels */
    CXL_PROBLEM_WRONG_POSITION,     /* the device's turn is another one */
    CXL_PROBLEM_MEM_DISABLED,       /* Mem_Enable is clear */
    CXL_PROBLEM_HDM_DISABLED,       /* HDM Decoder Enable is clear */
    CXL_PROBLEM_NOT_MAPPED,         /* no decoder of the device has the DPA */
    CXL_PROBLEM_NOT_REACHED,        /* no window leads to the device */
    CXL_PROBLEM_BEYOND,             /* the device has no such DPA */
    CXL_PROBLEM_NOT_READY,          /* are the media */
    CXL_PROBLEM_MEDIA_DISABLED,     /* until a Sanitize is complete */
    CXL_PROBLEM_LOCKED,             /* by a passphrase */
    CXL_PROBLEM_POISON,             /* in the line */
    CXL_PROBLEM_KINDS
} CXLProblemKind;

/**
 * CXLExplainTopology: how the topology is looked at
 * @kind: what @node is; NULL is CXL_NODE_NONE
 * @decoder: the @n-th decoder of a port or device as its registers stand;
 *           false past the last
 * @target: what stands behind port number @target: in @child what takes part
 *          in CXL.mem, or NULL, and in @via the port, or NULL. A port without
 *          decoders ignores @target.
 * @enables: of a device: which bits of CXL_ENABLE_ALL are set
 * @dpa_fault: what stands against an access of a device's @dpa
 * @name: what to call a node, or what @target gave as @via; it is freed
 */
typedef struct CXLExplainTopology {
    CXLNodeKind (*kind)(void *node);
    bool (*decoder)(void *node, unsigned n, CXLDecoderState *out);
    CXLTargetKind (*target)(void *node, uint8_t target, void **child,
                            void **via);
    unsigned (*enables)(void *node);
    CXLDpaFault (*dpa_fault)(void *node, uint64_t dpa);
    char *(*name)(void *node);
} CXLExplainTopology;

/**
 * CXLExplainLevel: a level that an address has come to
 * @node: the port or device; NULL for the window
 * @n: the decoder that covers the address; -1: none has to, or none does
 * @state: that decoder; of a window, @state.d alone counts
 * @way: whose turn it is among @state.d.targets
 * @via: the port that this is, NULL when there is none; what it leads to is
 *       the next level
 */
typedef struct CXLExplainLevel {
    void *node;
    CXLNodeKind kind;
    int n;
    CXLDecoderState state;
    unsigned way;
    void *via;
} CXLExplainLevel;

/**
 * CXLProblem: what is wrong
 * @node: with which port or device; NULL: with none
 * @n: with which of its decoders; -1: with none in particular
 * @text: in words
 * @section: where CXL r3.1 says so
 */
typedef struct CXLProblem {
    CXLProblemKind kind;
    void *node;
    int n;
    char *text;
    const char *section;
} CXLProblem;

/**
 * CXLExplanation: where an address leads, and why
 * @window: index of the window that holds @hpa; -1: none does
 * @levels: CXLExplainLevel, from the window down
 * @mem, @dpa: where it leads; @mem is NULL when it leads nowhere
 * @fault: what the device has against an access
 * @problems: CXLProblem, what decides first; a device can be reached in spite
 *            of those that are about decoders which contradict one another
 */
typedef struct CXLExplanation {
    uint64_t hpa;
    int window;
    GArray *levels;
    void *mem;
    uint64_t dpa;
    CXLDpaFault fault;
    GArray *problems;
} CXLExplanation;

/* Explain @hpa; never NULL; free with cxl_explanation_free() */
CXLExplanation *cxl_explain(const CXLWindowSpec *const *windows, unsigned nr,
                            const CXLExplainTopology *topology, uint64_t hpa);
/*
 * Explain the address that reaches @dpa of the device @mem, or if none does,
 * the one that would first. The answer is that @mem is reached only if its
 * @mem is that one.
 */
CXLExplanation *cxl_explain_dpa(const CXLWindowSpec *const *windows,
                                unsigned nr,
                                const CXLExplainTopology *topology, void *mem,
                                uint64_t dpa);
void cxl_explanation_free(CXLExplanation *e);
/* The problem that decides; NULL when there is none */
const CXLProblem *cxl_explanation_problem(const CXLExplanation *e);

#endif /* HW_CXL_DECODE_EXPLAIN_H */

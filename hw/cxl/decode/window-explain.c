/*
 * CXL Fixed Memory Windows: why an address leads where it does
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/decode/window-explain.h"
#include "hw/cxl/trace.h"

/* Misses that are explained until decoders change */
#define MISSES_MAX      1024

/* What has been said of misses: hashes of problems, and how many misses */
static GHashTable *misses_told;
static unsigned misses;

/* Of a component that shows committed decoders only */
static bool explain_committed(Object *obj, unsigned n, CXLDecoderState *out)
{
    *out = (CXLDecoderState) { };
    if (object_dynamic_cast(obj, TYPE_CXL_MEM)) {
        CXLMem *mem = CXL_MEM(obj);
        CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);

        out->endpoint = true;
        out->committed = n < mc->nr_decoders(mem) &&
                         mc->decoder(mem, n, &out->d);
        return n < mc->nr_decoders(mem);
    } else {
        CXLPort *port = CXL_PORT(obj);
        CXLPortClass *pc = CXL_PORT_GET_CLASS(port);

        out->committed = n < pc->nr_decoders(port) &&
                         pc->decoder(port, n, &out->d);
        return n < pc->nr_decoders(port);
    }
}

bool cxl_window_decoder_state(Object *obj, unsigned n, CXLDecoderState *out)
{
    if (object_dynamic_cast(obj, TYPE_CXL_MEM)) {
        CXLMemClass *mc = CXL_MEM_GET_CLASS(obj);

        return mc->decoder_state ? mc->decoder_state(CXL_MEM(obj), n, out)
                                 : explain_committed(obj, n, out);
    } else {
        CXLPortClass *pc = CXL_PORT_GET_CLASS(obj);

        return pc->decoder_state ? pc->decoder_state(CXL_PORT(obj), n, out)
                                 : explain_committed(obj, n, out);
    }
}

CXLTargetKind cxl_window_target(CXLPort *port, uint8_t target, Object **child,
                                Object **via)
{
    CXLPortClass *pc = CXL_PORT_GET_CLASS(port);
    CXLTargetKind kind;

    *via = NULL;
    *child = pc->target(port, target);
    kind = *child ? CXL_TARGET_CXL : CXL_TARGET_EMPTY;
    return pc->target_kind ? pc->target_kind(port, target, via) : kind;
}

static CXLNodeKind explain_kind(void *node)
{
    if (!node) {
        return CXL_NODE_NONE;
    }
    if (object_dynamic_cast(node, TYPE_CXL_MEM)) {
        return CXL_NODE_MEM;
    }
    return CXL_PORT_GET_CLASS(node)->nr_decoders(CXL_PORT(node))
               ? CXL_NODE_PORT : CXL_NODE_PASSTHROUGH;
}

static bool explain_decoder(void *node, unsigned n, CXLDecoderState *out)
{
    return cxl_window_decoder_state(node, n, out);
}

static CXLTargetKind explain_target(void *node, uint8_t target, void **child,
                                    void **via)
{
    return cxl_window_target(CXL_PORT(node), target, (Object **)child,
                             (Object **)via);
}

static unsigned explain_enables(void *node)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(node);

    return mc->enables ? mc->enables(CXL_MEM(node)) : CXL_ENABLE_ALL;
}

static CXLDpaFault explain_dpa_fault(void *node, uint64_t dpa)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(node);

    return mc->dpa_fault ? mc->dpa_fault(CXL_MEM(node), dpa) : CXL_DPA_FINE;
}

static char *explain_name(void *node)
{
    return cxl_name(node);
}

static const CXLExplainTopology explain_topology = {
    .kind = explain_kind,
    .decoder = explain_decoder,
    .target = explain_target,
    .enables = explain_enables,
    .dpa_fault = explain_dpa_fault,
    .name = explain_name,
};

/* By their numbers */
static GPtrArray *explain_windows(void)
{
    GPtrArray *specs = g_ptr_array_new();

    for (const CXLWindow *w = cxl_windows_first(); w;
         w = QLIST_NEXT(w, next)) {
        if (specs->len <= w->index) {
            g_ptr_array_set_size(specs, w->index + 1);
        }
        g_ptr_array_index(specs, w->index) = (void *)&w->spec;
    }
    return specs;
}

CXLExplanation *cxl_windows_explain(uint64_t hpa)
{
    g_autoptr(GPtrArray) specs = explain_windows();

    return cxl_explain((const CXLWindowSpec *const *)specs->pdata, specs->len,
                       &explain_topology, hpa);
}

CXLExplanation *cxl_windows_explain_dpa(CXLMem *mem, uint64_t dpa)
{
    g_autoptr(GPtrArray) specs = explain_windows();

    return cxl_explain_dpa((const CXLWindowSpec *const *)specs->pdata,
                           specs->len, &explain_topology, mem, dpa);
}

/* Misses */

/* Whether this is news */
static bool explain_is_new(const CXLWindow *w, const CXLProblem *p)
{
    char *key = g_strdup_printf("%u %d %p %d", w->index, p->kind, p->node,
                                p->n);

    if (!misses_told) {
        misses_told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                            NULL);
    }
    return g_hash_table_add(misses_told, key);
}

void cxl_window_report_miss(const CXLWindow *w, uint64_t hpa, unsigned size,
                            const char *direction)
{
    CXLExplanation *e;
    const CXLProblem *p;

    if ((!qemu_loglevel_mask(LOG_GUEST_ERROR) &&
         !trace_event_get_state_backends(TRACE_CXL_ERR_WINDOW_WHY)) ||
        misses >= MISSES_MAX) {
        return;
    }
    misses++;
    e = cxl_windows_explain(hpa);
    p = cxl_explanation_problem(e);
    if (p && explain_is_new(w, p)) {
        trace_cxl_err_window_why(w->index, hpa, p->text, p->section);
        qemu_log_mask(LOG_GUEST_ERROR, "cxl: window %u: %s of %u bytes at 0x%"
                      PRIx64 " reaches nothing: %s (CXL r3.1 %s)\n", w->index,
                      direction, size, hpa, p->text, p->section);
    }
    cxl_explanation_free(e);
}

void cxl_window_forget_misses(void)
{
    misses = 0;
    if (misses_told) {
        g_hash_table_remove_all(misses_told);
    }
}

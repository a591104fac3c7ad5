/*
 * QMP's view into CXL: where an address leads, and why
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl-query-decode.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/cxl-host.h"
#include "hw/cxl/cxl-type3.h"
#include "hw/cxl/decode/window-explain.h"
#include "qmp-query.h"

QEMU_BUILD_BUG_ON(CXL_DECODE_PROBLEM_KIND__MAX != (int)CXL_PROBLEM_KINDS);
QEMU_BUILD_BUG_ON(CXL_DECODE_PROBLEM_KIND_WRONG_TARGET !=
                  (int)CXL_PROBLEM_WRONG_TARGET);
QEMU_BUILD_BUG_ON(CXL_DECODE_PROBLEM_KIND_POISON != (int)CXL_PROBLEM_POISON);

static CXLDecodeLevel *decode_level(const CXLExplainLevel *level)
{
    CXLDecodeLevel *info = g_new0(CXLDecodeLevel, 1);

    info->name = level->node ? cxl_name(level->node) : NULL;
    info->via = level->via ? cxl_name(level->via) : NULL;
    info->has_turn = !level->node ||
                     (level->n >= 0 && level->kind == CXL_NODE_PORT);
    info->turn = level->way;
    if (level->n >= 0) {
        info->decoder = cxl_query_decoder(level->n, &level->state);
    }
    return info;
}

static CXLDecodeProblem *decode_problem(const CXLProblem *problem)
{
    CXLDecodeProblem *info = g_new0(CXLDecodeProblem, 1);

    info->kind = (CXLDecodeProblemKind)problem->kind;
    info->component = problem->node ? cxl_name(problem->node) : NULL;
    info->has_decoder = problem->n >= 0;
    info->decoder = problem->n;
    info->text = g_strdup(problem->text);
    info->section = g_strdup(problem->section);
    return info;
}

/* What of the device is at the address */
static void decode_place(CXLDecodeInfo *info, const CXLExplanation *e)
{
    const CXLDpa *d = &CXL_TYPE3(e->mem)->dpa;
    const CXLDpaBank *bank = cxl_dpa_bank_of(d, e->dpa);

    info->device = cxl_name(e->mem);
    info->has_dpa = true;
    info->dpa = e->dpa;
    if (bank) {
        info->has_persistent = info->has_offset = true;
        info->persistent = e->dpa >= d->vmem;
        info->memdev = g_strdup(
            object_get_canonical_path_component(OBJECT(bank->backend)));
        info->offset = e->dpa - bank->base;
    }
}

/* @wanted: the device that was asked for, NULL: any */
static CXLDecodeInfo *decode_info(const CXLExplanation *e, const void *wanted)
{
    CXLDecodeInfo *info = g_new0(CXLDecodeInfo, 1);
    CXLDecodeProblemList **problems = &info->problems;
    CXLDecodeLevelList **levels = &info->levels;
    bool hit = e->mem && (!wanted || e->mem == wanted);

    info->outcome = !hit ? CXL_DECODE_OUTCOME_MISS
                  : e->fault == CXL_DPA_FINE ? CXL_DECODE_OUTCOME_DEVICE
                                             : CXL_DECODE_OUTCOME_REFUSED;
    info->has_address = e->levels->len || !wanted;
    info->address = e->hpa;
    if (e->window >= 0) {
        info->window = cxl_query_window(e->window);
    }
    for (unsigned i = 0; i < e->levels->len; i++) {
        QAPI_LIST_APPEND(levels, decode_level(
            &g_array_index(e->levels, CXLExplainLevel, i)));
    }
    for (unsigned i = 0; i < e->problems->len; i++) {
        QAPI_LIST_APPEND(problems, decode_problem(
            &g_array_index(e->problems, CXLProblem, i)));
    }
    if (e->mem) {
        decode_place(info, e);
    }
    return info;
}

CXLDecodeInfo *qmp_query_cxl_decode(bool has_address, uint64_t address,
                                    const char *device, bool has_dpa,
                                    uint64_t dpa, Error **errp)
{
    CXLDecodeInfo *info;
    CXLExplanation *e;
    CXLType3 *ct3 = NULL;

    if (has_address == (device || has_dpa) || !device != !has_dpa) {
        error_setg(errp, "either address is needed, or device and dpa");
        return NULL;
    }
    if (!cxl_host_current()) {
        error_setg(errp, "the machine has no CXL; machine option cxl=on is "
                   "needed");
        return NULL;
    }
    if (has_address) {
        e = cxl_windows_explain(address);
    } else {
        ct3 = cxl_type3_find(device, errp);
        if (!ct3) {
            return NULL;
        }
        e = cxl_windows_explain_dpa(CXL_MEM(ct3), dpa);
    }
    info = decode_info(e, ct3);
    cxl_explanation_free(e);
    return info;
}

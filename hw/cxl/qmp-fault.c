/*
 * QMP commands for faults of memory devices, for those who test drivers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl.h"
#include "hw/cxl/cxl-type3.h"

/* What cannot be together, by name; NULL: all can */
static const char *fault_conflict(const CXLCommandFaultInjection *in)
{
    bool hang = in->has_hang && in->hang;
    bool background = in->has_background_hang && in->background_hang;

    if (hang && in->has_delay_ms) {
        return "hang and delay-ms";
    }
    if (hang && in->has_return_code) {
        return "hang and return-code";
    }
    if (hang && background) {
        return "hang and background-hang";
    }
    if (in->has_return_code && background) {
        return "return-code and background-hang";
    }
    return NULL;
}

static bool fault_check_members(const CXLCommandFaultInjection *in,
                                Error **errp)
{
    const char *conflict = fault_conflict(in);

    if (conflict) {
        error_setg(errp, "%s cannot be together", conflict);
    } else if (in->has_count && !in->count) {
        error_setg(errp, "count cannot be 0; it must be from 1 to %u",
                   UINT32_MAX);
    } else if (in->has_delay_ms && !in->delay_ms) {
        error_setg(errp, "delay-ms cannot be 0; it must be from 1 to %u",
                   UINT32_MAX);
    } else if (in->has_return_code && !cxl_fault_ret_valid(in->return_code)) {
        error_setg(errp, "return-code cannot be 0x%x; it must be 0, or from "
                   "2 to 0x%x", in->return_code, CXL_RET_LAST);
    } else {
        return true;
    }
    return false;
}

/* What the device can have of it */
static bool fault_check(const CXLType3 *ct3, const CXLFault *fault,
                        Error **errp)
{
    const CXLCmd *row = cxl_cci_find(&ct3->cci, fault->opcode, NULL);

    if (!row) {
        error_setg(errp, "opcode cannot be 0x%04x; it must be that of a "
                   "command of the device", fault->opcode);
    } else if (fault->background_hangs && !(row->flags & CXL_CMD_BACKGROUND)) {
        error_setg(errp, "background-hang cannot be true for opcode 0x%04x, "
                   "which does nothing in the background", fault->opcode);
    } else if (!cxl_fault_valid(fault, row->flags & CXL_CMD_BACKGROUND)) {
        error_setg(errp, "one of return-code, delay-ms, hang and "
                   "background-hang must be there");
    } else {
        return true;
    }
    return false;
}

void qmp_cxl_inject_command_fault(CXLCommandFaultInjection *in, Error **errp)
{
    CXLType3 *ct3 = cxl_type3_find(in->path, errp);
    const CXLFault fault = {
        .opcode = in->opcode,
        .count = in->has_count ? in->count : 1,
        .delay_ms = in->has_delay_ms ? in->delay_ms : 0,
        .hang = in->has_hang && in->hang,
        .fails = in->has_return_code,
        .ret = in->has_return_code ? in->return_code : 0,
        .background_hangs = in->has_background_hang && in->background_hang,
    };

    if (!ct3 || !fault_check_members(in, errp) ||
        !fault_check(ct3, &fault, errp)) {
        return;
    }
    if (!cxl_faults_add(&ct3->cci.faults, &fault)) {
        error_setg(errp, "the device can have no more than %u faults",
                   CXL_FAULTS_MAX);
    }
}

/* In @ms the duration, 0 without one */
static bool fault_check_duration(bool has_duration, uint32_t duration,
                                 uint32_t *ms, Error **errp)
{
    if (has_duration && !duration) {
        error_setg(errp, "duration-ms cannot be 0; it must be from 1 to %u",
                   UINT32_MAX);
        return false;
    }
    *ms = has_duration ? duration : 0;
    return true;
}

void qmp_cxl_inject_doorbell_stuck(const char *path, bool has_duration_ms,
                                   uint32_t duration_ms, Error **errp)
{
    CXLType3 *ct3 = cxl_type3_find(path, errp);
    uint32_t ms;

    if (ct3 && fault_check_duration(has_duration_ms, duration_ms, &ms, errp)) {
        cxl_mailbox_stick(&ct3->regs.mailbox, ms);
    }
}

void qmp_cxl_inject_media_not_ready(const char *path, bool has_duration_ms,
                                    uint32_t duration_ms, Error **errp)
{
    CXLType3 *ct3 = cxl_type3_find(path, errp);
    uint32_t ms;

    if (ct3 && fault_check_duration(has_duration_ms, duration_ms, &ms, errp)) {
        cxl_type3_set_not_ready(ct3, ms);
    }
}

void qmp_cxl_clear_faults(const char *path, Error **errp)
{
    CXLType3 *ct3 = cxl_type3_find(path, errp);

    if (ct3) {
        cxl_type3_clear_faults(ct3);
    }
}

static CXLCommandFault *fault_describe(const CXLFault *from)
{
    CXLCommandFault *fault = g_new0(CXLCommandFault, 1);

    fault->opcode = from->opcode;
    fault->has_count = true;
    fault->count = from->count;
    fault->has_return_code = from->fails;
    fault->return_code = from->ret;
    fault->has_delay_ms = from->delay_ms;
    fault->delay_ms = from->delay_ms;
    fault->has_hang = from->hang;
    fault->hang = from->hang;
    fault->has_background_hang = from->background_hangs;
    fault->background_hang = from->background_hangs;
    return fault;
}

CXLFaultInfo *qmp_query_cxl_faults(const char *path, Error **errp)
{
    const CXLType3 *ct3 = cxl_type3_find(path, errp);
    CXLCommandFaultList **tail;
    CXLFaultInfo *info;

    if (!ct3) {
        return NULL;
    }
    info = g_new0(CXLFaultInfo, 1);
    tail = &info->commands;
    for (uint32_t n = 0; n < ct3->cci.faults.nr; n++) {
        QAPI_LIST_APPEND(tail, fault_describe(&ct3->cci.faults.fault[n]));
    }
    info->has_waiting_opcode = ct3->regs.mailbox.held.waits;
    info->waiting_opcode = ct3->regs.mailbox.held.fault.opcode;
    info->doorbell_stuck = ct3->regs.mailbox.held.stuck;
    info->background_hangs = ct3->cci.background.hangs;
    info->media_not_ready = ct3->dpa.media_not_ready;
    return info;
}

/*
 * Faults of commands, as those who test drivers want them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/fault.h"
#include "hw/cxl/trace.h"

bool cxl_fault_ret_valid(uint32_t ret)
{
    return ret != CXL_RET_BACKGROUND_STARTED && ret <= CXL_RET_LAST;
}

bool cxl_fault_valid(const CXLFault *f, bool background)
{
    if (f->fails && !cxl_fault_ret_valid(f->ret)) {
        return false;
    }
    if (f->hang) {
        return !f->delay_ms && !f->fails && !f->background_hangs;
    }
    if (f->background_hangs) {
        return background && !f->fails;
    }
    return f->delay_ms || f->fails;
}

bool cxl_faults_add(CXLFaults *s, const CXLFault *fault)
{
    assert(fault->count);
    if (s->nr == CXL_FAULTS_MAX) {
        return false;
    }
    s->fault[s->nr++] = *fault;
    return true;
}

static void remove_fault(CXLFaults *s, uint32_t n)
{
    s->nr--;
    memmove(&s->fault[n], &s->fault[n + 1],
            (s->nr - n) * sizeof(s->fault[0]));
    s->fault[s->nr] = (CXLFault) { };
}

bool cxl_faults_take(CXLFaults *s, uint16_t opcode, CXLFault *fault)
{
    for (uint32_t n = 0; n < s->nr; n++) {
        if (s->fault[n].opcode == opcode) {
            *fault = s->fault[n];
            if (!--s->fault[n].count) {
                remove_fault(s, n);
            }
            trace_cxl_fault_taken(opcode, fault->count - 1, fault->delay_ms,
                                  fault->hang, fault->fails ? fault->ret : -1,
                                  fault->background_hangs);
            return true;
        }
    }
    *fault = (CXLFault) { };
    return false;
}

void cxl_faults_clear(CXLFaults *s)
{
    *s = (CXLFaults) { };
}

const VMStateDescription vmstate_cxl_fault = {
    .name = "cxl-fault",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT16(opcode, CXLFault),
        VMSTATE_UINT32(count, CXLFault),
        VMSTATE_UINT32(delay_ms, CXLFault),
        VMSTATE_BOOL(hang, CXLFault),
        VMSTATE_BOOL(fails, CXLFault),
        VMSTATE_UINT16(ret, CXLFault),
        VMSTATE_BOOL(background_hangs, CXLFault),
        VMSTATE_END_OF_LIST()
    }
};

/* Whether they make sense, the owner of the commands knows */
const VMStateDescription vmstate_cxl_faults = {
    .name = "cxl-faults",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(nr, CXLFaults),
        VMSTATE_STRUCT_ARRAY(fault, CXLFaults, CXL_FAULTS_MAX, 1,
                             vmstate_cxl_fault, CXLFault),
        VMSTATE_END_OF_LIST()
    }
};

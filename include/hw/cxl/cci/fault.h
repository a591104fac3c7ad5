/*
 * Faults of commands, as those who test drivers want them
 *
 * Implementation defined: no specification has them. A device holds a few of
 * them, in the order in which they came; the next call of an opcode uses up
 * one call of the first fault that is for it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_FAULT_H
#define HW_CXL_CCI_FAULT_H

#include "migration/vmstate.h"
#include "hw/cxl/spec/cci.h"

/* Faults that an interface holds at most */
#define CXL_FAULTS_MAX      16

/**
 * CXLFault: what happens to calls of a command
 * @opcode: of the command
 * @count: calls that it is for still, at least 1 while it is held
 * @delay_ms: the doorbell stays set for as long, in virtual time; 0: not
 * @hang: it stays set until a reset
 * @fails: the command is not executed, and @ret is the answer
 * @background_hangs: what the command starts in the background does not end
 *
 * With @hang there is nothing else, and @fails excludes @background_hangs.
 */
typedef struct CXLFault {
    uint16_t opcode;
    uint32_t count;
    uint32_t delay_ms;
    bool hang;
    bool fails;
    uint16_t ret;
    bool background_hangs;
} CXLFault;

/**
 * CXLFaults: those that an interface holds: the first @nr
 */
typedef struct CXLFaults {
    uint32_t nr;
    CXLFault fault[CXL_FAULTS_MAX];
} CXLFaults;

extern const VMStateDescription vmstate_cxl_fault;
extern const VMStateDescription vmstate_cxl_faults;

/*
 * Whether @ret can be answered instead of executing a command: it is in the
 * specification, and does not say that something goes on in the background
 */
bool cxl_fault_ret_valid(uint32_t ret);
/*
 * Whether @fault does something, and nothing that excludes another;
 * @background: the command can start something in the background
 */
bool cxl_fault_valid(const CXLFault *fault, bool background);

/* Hold @fault, too; false when there are CXL_FAULTS_MAX */
bool cxl_faults_add(CXLFaults *s, const CXLFault *fault);
/*
 * A command is called: true, and @fault is what happens to it, or false, and
 * @fault is all zeros
 */
bool cxl_faults_take(CXLFaults *s, uint16_t opcode, CXLFault *fault);
void cxl_faults_clear(CXLFaults *s);

#endif /* HW_CXL_CCI_FAULT_H */

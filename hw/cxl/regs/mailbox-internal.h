/*
 * CXL r3.1 8.2.8.4: Mailbox Registers: what the parts ask of one another
 *
 * mailbox.c has the registers and answers commands, mailbox-fault.c keeps a
 * command from being answered.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_MAILBOX_INTERNAL_H
#define HW_CXL_REGS_MAILBOX_INTERNAL_H

#include "hw/cxl/regs/device.h"

/* Run the command that the registers describe, under @fault, and answer */
void cxl_mailbox_answer(CXLMailbox *m, const CXLFault *fault);
/* Interrupt if @enable of Mailbox Control says so */
void cxl_mailbox_interrupt(CXLMailbox *m, uint32_t enable);

void cxl_mailbox_init_held(CXLMailbox *m);
void cxl_mailbox_destroy_held(CXLMailbox *m);
/* Without an answer, as reset does */
void cxl_mailbox_forget_held(CXLMailbox *m);
/* Whether the doorbell is set */
bool cxl_mailbox_held(const CXLMailbox *m);
/* Keep the command from being answered, as @fault says */
void cxl_mailbox_hold(CXLMailbox *m, const CXLFault *fault);
/* Let the registers follow */
void cxl_mailbox_show_doorbell(CXLMailbox *m);

#endif /* HW_CXL_REGS_MAILBOX_INTERNAL_H */

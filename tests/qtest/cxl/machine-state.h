/*
 * Everything that can be seen of a machine's CXL components
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_MACHINE_STATE_H
#define QTEST_CXL_MACHINE_STATE_H

#include "libqos/cxl.h"

/**
 * MachineState: what was seen, in pieces that have names
 */
typedef struct MachineState MachineState;

/*
 * Registers of all functions, by configuration space and BARs, and of host
 * bridges; samples of all windows; properties; then the answers to commands
 * that change nothing. Reading twice reads the same.
 */
MachineState *machine_state_read(QCXL *q);
void machine_state_free(MachineState *s);
/* Fail the test, with what differs, unless both are alike */
void machine_state_check_equal(const MachineState *a, const MachineState *b);

#endif /* QTEST_CXL_MACHINE_STATE_H */

/*
 * All pieces of state of a machine at once
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_PIECES_H
#define QTEST_CXL_PIECES_H

#include "libqos/cxl.h"

/*
 * Give most of the state that resets are tested with another value than it
 * has when power comes on, as @seed says: that of all ports, and of the device
 * mem0, which has to be able to have it all
 */
void pieces_set(QCXL *q, uint32_t seed);

#endif /* QTEST_CXL_PIECES_H */

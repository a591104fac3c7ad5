/*
 * Writes to registers that are read-only, as mistakes of a driver
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_READ_ONLY_H
#define HW_CXL_REGS_READ_ONLY_H

#include "exec/memory.h"

/*
 * Report a write of @size bytes at @addr of the registers @mr, which are
 * called a @block register and are defined in @section of CXL r3.1: a driver
 * that writes there takes the register for something else
 */
void cxl_report_read_only(MemoryRegion *mr, const char *block, hwaddr addr,
                          unsigned size, uint64_t value, const char *section);

#endif /* HW_CXL_REGS_READ_ONLY_H */

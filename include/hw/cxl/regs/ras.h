/*
 * CXL r3.1 8.2.4.17: CXL RAS Capability Structure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_RAS_H
#define HW_CXL_REGS_RAS_H

#include "hw/cxl/regs/regfile.h"

/**
 * cxl_ras_init: place the structure at @offset of @rf
 * @poison_fixed: CXL r3.1 8.2.4.17.6: Poison_Enabled is hardwired to 1, as
 *                in switch ports and devices; otherwise software may clear it
 */
void cxl_ras_init(CXLRegFile *rf, uint32_t offset, bool poison_fixed);

/* Latch correctable errors; true when one of them is unmasked */
bool cxl_ras_latch_correctable(CXLRegFile *rf, uint32_t offset,
                               uint32_t status);
/*
 * Latch uncorrectable errors; true when one of them is unmasked. The first
 * unmasked one is pointed to and has @header, @dwords long, logged for it.
 */
bool cxl_ras_latch_uncorrectable(CXLRegFile *rf, uint32_t offset,
                                 uint32_t status, const uint32_t *header,
                                 unsigned dwords);

#endif /* HW_CXL_REGS_RAS_H */

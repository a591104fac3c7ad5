/*
 * CXL r3.1 8.2.9.9.5, 8.2.9.9.6.6: how commands erase
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_ERASE_H
#define HW_CXL_CCI_ERASE_H

#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/model/poison.h"

/*
 * The @nr @ranges, none of which overlap, become zero, and the poison in them
 * is gone; false, and nothing changed, when the media cannot have the ranges
 * of poison that result, which those of whole memory never do
 */
bool cxl_erase(CXLMem *mem, CXLPoisonList *poison, const CXLMemRange *ranges,
               unsigned nr);
/* The label storage area, if there is one, becomes zero */
void cxl_erase_labels(CXLMem *mem);

#endif /* HW_CXL_CCI_ERASE_H */

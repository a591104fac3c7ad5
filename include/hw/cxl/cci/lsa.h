/*
 * CXL r3.1 8.2.9.9.2: Label Storage Area: 4102h Get LSA, 4103h Set LSA
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_LSA_H
#define HW_CXL_CCI_LSA_H

#include "hw/cxl/cci/cci.h"
#include "hw/cxl/cxl-mem.h"

typedef struct CXLLsa {
    CXLMem *mem;
} CXLLsa;

void cxl_lsa_add(CXLCCI *cci, CXLLsa *s, CXLMem *mem);

#endif /* HW_CXL_CCI_LSA_H */

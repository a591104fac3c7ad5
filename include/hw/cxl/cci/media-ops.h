/*
 * CXL r3.1 8.2.9.9.5.3: 4402h Media Operations
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_MEDIA_OPS_H
#define HW_CXL_CCI_MEDIA_OPS_H

#include "hw/cxl/cci/security.h"

/**
 * CXLMediaOps: operations on ranges of the media
 * @bytes: what the operation that starts works on; no state of the device:
 *         nobody asks for it later
 */
typedef struct CXLMediaOps {
    CXLMem *mem;
    CXLPoisonList *poison;
    const CXLSecurity *security;
    uint64_t bytes;
} CXLMediaOps;

void cxl_media_ops_add(CXLCCI *cci, CXLMediaOps *s, CXLMem *mem,
                       CXLPoisonList *poison, const CXLSecurity *security);

#endif /* HW_CXL_CCI_MEDIA_OPS_H */

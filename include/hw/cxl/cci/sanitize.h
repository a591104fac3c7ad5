/*
 * CXL r3.1 8.2.9.9.5.1, 8.2.9.9.5.2: 4400h Sanitize, 4401h Secure Erase
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_SANITIZE_H
#define HW_CXL_CCI_SANITIZE_H

#include "hw/cxl/cci/security.h"
#include "hw/cxl/cci/sets.h"

/**
 * CXLSanitize: whether the media wait for a Sanitize
 * @unfinished: the last one to start has not been completed: the media are
 *              disabled. In non-volatile memory; no reset changes it.
 */
typedef struct CXLSanitize {
    CXLCCI *cci;
    CXLMem *mem;
    CXLPoisonList *poison;
    CXLEvents *events;
    const CXLSecurity *security;
    bool unfinished;
} CXLSanitize;

/* Load it after the background operation of its interface */
extern const VMStateDescription vmstate_cxl_sanitize;

/* The media are disabled if non-volatile memory knows of a Sanitize */
void cxl_sanitize_add(CXLCCI *cci, CXLSanitize *s, CXLMem *mem,
                      CXLPoisonList *poison, CXLEvents *events,
                      const CXLSecurity *security);

#endif /* HW_CXL_CCI_SANITIZE_H */

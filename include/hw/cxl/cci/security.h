/*
 * CXL r3.1 8.2.9.9.6: persistent memory security: 4500h to 4505h
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_SECURITY_H
#define HW_CXL_CCI_SECURITY_H

#include "hw/cxl/cci/cci.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/model/poison.h"
#include "hw/cxl/spec/payloads-security.h"

/**
 * CXLPassphrase: one of two
 * @set: @bytes count; in non-volatile memory, as these
 * @attempts: wrong ones in a row
 */
typedef struct CXLPassphrase {
    bool set;
    uint8_t attempts;
    uint8_t bytes[CXL_PASSPHRASE_SIZE];
} CXLPassphrase;

/**
 * CXLSecurity: who may use persistent memory, with the label storage area
 * @passphrases: by CXL_PASSPHRASE_*
 * @locked: nobody, until the user's passphrase is given
 * @frozen: nothing of this changes until reset
 */
typedef struct CXLSecurity {
    CXLMem *mem;
    CXLPoisonList *poison;
    CXLPassphrase passphrases[CXL_PASSPHRASES];
    bool locked;
    bool frozen;
} CXLSecurity;

extern const VMStateDescription vmstate_cxl_security;

/*
 * Memory is locked if non-volatile memory has a user passphrase. A device
 * that cannot have persistent memory offers Get Security State only.
 */
void cxl_security_add(CXLCCI *cci, CXLSecurity *s, CXLMem *mem,
                      CXLPoisonList *poison);
/* Whether a user passphrase is set, be memory locked or not */
bool cxl_security_enabled(const CXLSecurity *s);
/* Lock if a user passphrase is set, and freeze no more */
void cxl_security_reset(CXLSecurity *s);
/* Power has been off: any number of passphrases can be tried again */
void cxl_security_forget_attempts(CXLSecurity *s);

#endif /* HW_CXL_CCI_SECURITY_H */

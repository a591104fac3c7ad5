/*
 * CXL r3.1 8.2.9.9.6: payloads of persistent memory security, as on the wire
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_SECURITY_H
#define HW_CXL_SPEC_PAYLOADS_SECURITY_H

#include "hw/cxl/spec/payloads.h"

#define CXL_PASSPHRASE_SIZE     32

/* CXL r3.1 8.2.9.9.6.1: Get Security State (4500h) */
typedef struct CXLSecurityState {
    CXLLe32 flags;                  /* CXL_SECURITY_* */
} CXLSecurityState;
CXL_WIRE_SIZE(CXLSecurityState, 0x04);

#define CXL_SECURITY_USER_SET           (1u << 0)
#define CXL_SECURITY_MASTER_SET         (1u << 1)
#define CXL_SECURITY_LOCKED             (1u << 2)
#define CXL_SECURITY_FROZEN             (1u << 3)
#define CXL_SECURITY_USER_LIMIT         (1u << 4)
#define CXL_SECURITY_MASTER_LIMIT       (1u << 5)

/* CXL r3.1 8.2.9.9.6.2: Passphrase Type, in all requests that have one */
enum {
    CXL_PASSPHRASE_MASTER,
    CXL_PASSPHRASE_USER,
    CXL_PASSPHRASES
};

/* CXL r3.1 8.2.9.9.6.2: Set Passphrase (4501h) */
typedef struct CXLSetPassphraseReq {
    uint8_t type;
    uint8_t reserved[0x1f];
    uint8_t current[CXL_PASSPHRASE_SIZE];
    uint8_t next[CXL_PASSPHRASE_SIZE];
} CXLSetPassphraseReq;
CXL_WIRE_SIZE(CXLSetPassphraseReq, 0x60);

/*
 * CXL r3.1 8.2.9.9.6.3, 8.2.9.9.6.6: Disable Passphrase (4502h), Passphrase
 * Secure Erase (4505h)
 */
typedef struct CXLPassphraseReq {
    uint8_t type;
    uint8_t reserved[0x1f];
    uint8_t current[CXL_PASSPHRASE_SIZE];
} CXLPassphraseReq;
CXL_WIRE_SIZE(CXLPassphraseReq, 0x40);

/* CXL r3.1 8.2.9.9.6.4: Unlock (4503h) */
typedef struct CXLUnlockReq {
    uint8_t current[CXL_PASSPHRASE_SIZE];
} CXLUnlockReq;
CXL_WIRE_SIZE(CXLUnlockReq, 0x20);

#endif /* HW_CXL_SPEC_PAYLOADS_SECURITY_H */

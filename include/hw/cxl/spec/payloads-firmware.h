/*
 * CXL r3.1 8.2.9.3: payloads of firmware update, as on the wire
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_FIRMWARE_H
#define HW_CXL_SPEC_PAYLOADS_FIRMWARE_H

#include "hw/cxl/spec/payloads.h"

/* CXL r3.1 8.2.9.3.1: Get FW Info (0200h) answers CXLFwInfoRsp */
#define CXL_FW_SLOTS_MAX            4
#define CXL_FW_INFO_ACTIVE_MASK     0x07
#define CXL_FW_INFO_STAGED_SHIFT    3
#define CXL_FW_INFO_STAGED_MASK     0x38
#define CXL_FW_CAP_ONLINE           (1u << 0)

/* CXL r3.1 8.2.9.3.2: Transfer FW (0201h) */
typedef struct CXLTransferFwReq {
    uint8_t action;                 /* CXL_FW_TRANSFER_* */
    uint8_t slot;                   /* of Full and End, from 1 on */
    uint8_t reserved[2];
    CXLLe32 offset;                 /* CXL_FW_UNIT */
    uint8_t reserved2[0x78];
    uint8_t data[];
} CXLTransferFwReq;
CXL_WIRE_SIZE(CXLTransferFwReq, 0x80);

#define CXL_FW_TRANSFER_FULL        0
#define CXL_FW_TRANSFER_INITIATE    1
#define CXL_FW_TRANSFER_CONTINUE    2
#define CXL_FW_TRANSFER_END         3
#define CXL_FW_TRANSFER_ABORT       4
#define CXL_FW_UNIT                 128u
/* The time that may pass between two parts */
#define CXL_FW_TIMEOUT_S            30

/* CXL r3.1 8.2.9.3.3: Activate FW (0202h) */
typedef struct CXLActivateFwReq {
    uint8_t action;                 /* CXL_FW_ACTIVATE_* */
    uint8_t slot;
} CXLActivateFwReq;
CXL_WIRE_SIZE(CXLActivateFwReq, 0x02);

#define CXL_FW_ACTIVATE_ONLINE      0
#define CXL_FW_ACTIVATE_COLD_RESET  1

/*
 * Implementation defined: what an image may begin with. One that does has the
 * version that it says, and is refused when its checksum is wrong.
 */
typedef struct CXLFwImageHeader {
    uint8_t magic[8];               /* CXL_FW_IMAGE_MAGIC, no NUL */
    char version[16];               /* ASCII, padded with NUL */
    CXLLe32 flags;                  /* CXL_FW_IMAGE_* */
    CXLLe32 crc;                    /* CRC-32C of what follows */
} CXLFwImageHeader;
CXL_WIRE_SIZE(CXLFwImageHeader, 0x20);

#define CXL_FW_IMAGE_MAGIC          "QEMUCXLF"
/* It becomes active by a cold reset only */
#define CXL_FW_IMAGE_NEEDS_RESET    (1u << 0)
/* It does not start, and the device goes back to what was active */
#define CXL_FW_IMAGE_FAILS          (1u << 1)
#define CXL_FW_IMAGE_FLAGS          0x03

#endif /* HW_CXL_SPEC_PAYLOADS_FIRMWARE_H */

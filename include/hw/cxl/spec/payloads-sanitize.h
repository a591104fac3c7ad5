/*
 * CXL r3.1 8.2.9.9.5: payloads of Media Operations; Sanitize and Secure Erase
 * have none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_SANITIZE_H
#define HW_CXL_SPEC_PAYLOADS_SANITIZE_H

#include "hw/cxl/spec/payloads.h"

/* CXL r3.1 8.2.9.9.5.3: Media Operation Class and Subclass */
#define CXL_MEDIA_OP_GENERAL            0x00
#define CXL_MEDIA_OP_GENERAL_DISCOVERY  0x00
#define CXL_MEDIA_OP_SANITIZE           0x01
#define CXL_MEDIA_OP_SANITIZE_SANITIZE  0x00
#define CXL_MEDIA_OP_SANITIZE_ZERO      0x01

typedef struct CXLMediaOpRange {
    CXLLe64 dpa;
    CXLLe64 length;                 /* bytes */
} CXLMediaOpRange;
CXL_WIRE_SIZE(CXLMediaOpRange, 0x10);

/* CXL r3.1 8.2.9.9.5.3: Media Operations (4402h) */
typedef struct CXLMediaOpReq {
    uint8_t op_class;
    uint8_t op_subclass;
    uint8_t reserved[2];
    CXLLe32 count;
    CXLMediaOpRange range[];        /* then arguments of the operation */
} CXLMediaOpReq;
CXL_WIRE_SIZE(CXLMediaOpReq, 0x08);

/* Discovery has no ranges */
typedef struct CXLMediaDiscoveryReq {
    uint8_t op_class;
    uint8_t op_subclass;
    uint8_t reserved[2];
    CXLLe32 range_count;
    CXLLe16 start;
    CXLLe16 count;
} CXLMediaDiscoveryReq;
CXL_WIRE_SIZE(CXLMediaDiscoveryReq, 0x0c);

typedef struct CXLMediaOp {
    uint8_t op_class;
    uint8_t op_subclass;
} CXLMediaOp;
CXL_WIRE_SIZE(CXLMediaOp, 0x02);

typedef struct CXLMediaDiscoveryRsp {
    CXLLe64 granularity;            /* of ranges, in bytes */
    CXLLe16 total;
    CXLLe16 count;
    CXLMediaOp op[];
} CXLMediaDiscoveryRsp;
CXL_WIRE_SIZE(CXLMediaDiscoveryRsp, 0x0c);

#endif /* HW_CXL_SPEC_PAYLOADS_SANITIZE_H */

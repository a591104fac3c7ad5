/*
 * CXL r3.1 8.2.9.7: Maintenance: payloads of the command
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_MAINTENANCE_H
#define HW_CXL_SPEC_PAYLOADS_MAINTENANCE_H

#include "hw/cxl/spec/payloads-features.h"

/* CXL r3.1 8.2.9.7.1: Perform Maintenance (0600h) */
typedef struct CXLMaintenanceReq {
    uint8_t maintenance_class;      /* CXL_MAINTENANCE_* of Features */
    uint8_t maintenance_subclass;
    uint8_t data[];
} CXLMaintenanceReq;
CXL_WIRE_SIZE(CXLMaintenanceReq, 0x02);

/* CXL r3.1 8.2.9.7.1.2, 8.2.9.7.1.3: sPPR and hPPR */
typedef struct CXLPprReq {
    uint8_t flags;                  /* CXL_PPR_QUERY */
    CXLLe64 dpa;
    CXLLe24 nibble_mask;
} CXLPprReq;
CXL_WIRE_SIZE(CXLPprReq, 0x0c);

#define CXL_PPR_QUERY                   (1u << 0)

/* CXL r3.1 8.2.9.7.1.4: Memory Sparing; what a subclass does not need is 0 */
typedef struct CXLSparingReq {
    uint8_t flags;                  /* CXL_SPARING_* */
    uint8_t channel;
    uint8_t rank;
    CXLLe24 nibble_mask;
    uint8_t bank_group;
    uint8_t bank;
    CXLLe24 row;
    CXLLe16 column;
    uint8_t sub_channel;
} CXLSparingReq;
CXL_WIRE_SIZE(CXLSparingReq, 0x0e);

#define CXL_SPARING_QUERY               (1u << 0)
#define CXL_SPARING_HARD                (1u << 1)
#define CXL_SPARING_SUB_CHANNEL_VALID   (1u << 2)
#define CXL_SPARING_NIBBLE_MASK_VALID   (1u << 3)
#define CXL_SPARING_FLAGS               0x0fu

#endif /* HW_CXL_SPEC_PAYLOADS_MAINTENANCE_H */

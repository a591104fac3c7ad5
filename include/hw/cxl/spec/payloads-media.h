/*
 * CXL r3.1 8.2.9.9.4: payloads of the commands for poison and media scans,
 * but for Get Poison List, whose records they share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_MEDIA_H
#define HW_CXL_SPEC_PAYLOADS_MEDIA_H

#include "hw/cxl/spec/payloads.h"

/* CXL r3.1 8.2.9.9.1.1: Poison Handling Capabilities */
#define CXL_POISON_INJECTS_PERSISTENT   (1u << 0)
#define CXL_POISON_SCANS                (1u << 1)

/* CXL r3.1 8.2.9.9.4.2: Inject Poison (4301h) */
typedef struct CXLInjectPoisonReq {
    CXLLe64 dpa;                    /* bits 5:0 reserved */
} CXLInjectPoisonReq;
CXL_WIRE_SIZE(CXLInjectPoisonReq, 0x08);

/* CXL r3.1 8.2.9.9.4.3: Clear Poison (4302h) */
typedef struct CXLClearPoisonReq {
    CXLLe64 dpa;                    /* bits 5:0 reserved */
    CXLLe64 data[8];
} CXLClearPoisonReq;
CXL_WIRE_SIZE(CXLClearPoisonReq, 0x48);

/* CXL r3.1 8.2.9.9.4.4: Get Scan Media Capabilities (4303h) */
typedef struct CXLScanCapabilitiesReq {
    CXLLe64 dpa;                    /* bits 5:0 reserved */
    CXLLe64 length;                 /* units of 64 bytes */
} CXLScanCapabilitiesReq;
CXL_WIRE_SIZE(CXLScanCapabilitiesReq, 0x10);

typedef struct CXLScanCapabilitiesRsp {
    CXLLe32 estimate_ms;
} CXLScanCapabilitiesRsp;
CXL_WIRE_SIZE(CXLScanCapabilitiesRsp, 0x04);

/* CXL r3.1 8.2.9.9.4.5: Scan Media (4304h) */
typedef struct CXLScanMediaReq {
    CXLLe64 dpa;                    /* bits 5:0 reserved */
    CXLLe64 length;                 /* units of 64 bytes */
    uint8_t flags;                  /* CXL_SCAN_* */
} CXLScanMediaReq;
CXL_WIRE_SIZE(CXLScanMediaReq, 0x11);

#define CXL_SCAN_NO_EVENTS              (1u << 0)

/* CXL r3.1 8.2.9.9.4.6: Get Scan Media Results (4305h) */
typedef struct CXLScanResultsRsp {
    CXLLe64 restart_dpa;
    CXLLe64 restart_length;         /* units of 64 bytes */
    uint8_t flags;                  /* CXL_SCAN_RESULTS_* */
    uint8_t reserved;
    CXLLe16 count;
    uint8_t reserved2[12];
    /* then CXLMediaErrorRecord, count of them */
} CXLScanResultsRsp;
CXL_WIRE_SIZE(CXLScanResultsRsp, 0x20);

#define CXL_SCAN_RESULTS_MORE           (1u << 0)
#define CXL_SCAN_RESULTS_STOPPED        (1u << 1)

#endif /* HW_CXL_SPEC_PAYLOADS_MEDIA_H */

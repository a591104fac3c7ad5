/*
 * CXL r3.1 8.2.9.5: Logs: payloads and contents of logs, as on the wire
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_LOGS_H
#define HW_CXL_SPEC_PAYLOADS_LOGS_H

#include "hw/cxl/spec/payloads.h"

/* CXL r3.1 Table 8-71: 5e1819d9-11a9-400c-811f-d60719403d86 */
#define CXL_UUID_VENDOR_DEBUG_LOG ((CXLUuid) { { \
    0x5e, 0x18, 0x19, 0xd9, 0x11, 0xa9, 0x40, 0x0c, \
    0x81, 0x1f, 0xd6, 0x07, 0x19, 0x40, 0x3d, 0x86 } })

/* CXL r3.1 Table 8-71: b3fab4cf-01b6-4332-943e-5e9962f23567 */
#define CXL_UUID_COMPONENT_STATE_DUMP ((CXLUuid) { { \
    0xb3, 0xfa, 0xb4, 0xcf, 0x01, 0xb6, 0x43, 0x32, \
    0x94, 0x3e, 0x5e, 0x99, 0x62, 0xf2, 0x35, 0x67 } })

/* Implementation defined: eb6f2f04-6ab1-4d3c-9a51-2c0e3a1b7d90 */
#define CXL_UUID_STATE_DUMP_FORMAT ((CXLUuid) { { \
    0xeb, 0x6f, 0x2f, 0x04, 0x6a, 0xb1, 0x4d, 0x3c, \
    0x9a, 0x51, 0x2c, 0x0e, 0x3a, 0x1b, 0x7d, 0x90 } })

/* CXL r3.1 8.2.9.5.4, 8.2.9.5.5: Clear Log (0403h), Populate Log (0404h) */
typedef struct CXLLogReq {
    CXLUuid uuid;
} CXLLogReq;
CXL_WIRE_SIZE(CXLLogReq, 0x10);

/* CXL r3.1 8.2.9.5.6: Get Supported Logs Sub-List (0405h) */
typedef struct CXLLogsSublistReq {
    uint8_t max;
    uint8_t start;
} CXLLogsSublistReq;
CXL_WIRE_SIZE(CXLLogsSublistReq, 0x02);

typedef struct CXLLogsSublistRsp {
    uint8_t count;
    uint8_t reserved1;
    CXLLe16 total;
    uint8_t start;
    uint8_t reserved2[3];
    /* then CXLSupportedLog, count of them */
} CXLLogsSublistRsp;
CXL_WIRE_SIZE(CXLLogsSublistRsp, 0x08);

/* Implementation defined: Vendor Debug Log: commands, the oldest first */
#define CXL_DEBUG_LOG_VERSION   1

typedef struct CXLDebugLogHeader {
    CXLLe16 version;
    CXLLe16 entry_size;
    CXLLe32 count;
    CXLLe64 first;                  /* commands before the first entry */
    /* then CXLDebugLogEntry, count of them */
} CXLDebugLogHeader;
CXL_WIRE_SIZE(CXLDebugLogHeader, 0x10);

typedef struct CXLDebugLogEntry {
    CXLLe64 timestamp;
    CXLLe32 length;                 /* of the request's payload */
    CXLLe16 opcode;
    CXLLe16 return_code;
} CXLDebugLogEntry;
CXL_WIRE_SIZE(CXLDebugLogEntry, 0x10);

/* CXL r3.1 8.2.9.5.2.3: Component State Dump Log */
typedef struct CXLStateDumpHeader {
    CXLLe32 data_length;            /* of what follows the header */
    uint8_t auto_populate;          /* 0: populated by command */
    uint8_t event_log;              /* of the event that triggered it */
    CXLLe16 event_handle;
    CXLLe64 timestamp;
    CXLUuid format;
    uint8_t reserved[32];
} CXLStateDumpHeader;
CXL_WIRE_SIZE(CXLStateDumpHeader, 0x40);

/* CXLStateDump.flags */
#define CXL_STATE_DUMP_MEDIA_DISABLED   (1u << 0)
#define CXL_STATE_DUMP_LOCKED           (1u << 1)
#define CXL_STATE_DUMP_DIRTY            (1u << 2)
#define CXL_STATE_DUMP_POISON_OVERFLOW  (1u << 3)
#define CXL_STATE_DUMP_BACKGROUND       (1u << 4)

/* Implementation defined: data that CXL_UUID_STATE_DUMP_FORMAT names */
typedef struct CXLStateDump {
    CXLLe16 vendor;
    CXLLe16 device;
    CXLLe16 subsystem_vendor;
    CXLLe16 subsystem;
    CXLLe64 serial;
    CXLLe64 volatile_bytes;
    CXLLe64 persistent_bytes;
    CXLLe64 lsa_bytes;
    CXLLe32 flags;                  /* CXL_STATE_DUMP_* */
    CXLLe32 poison_ranges;
    CXLLe16 background_opcode;      /* the last one, 0 for none */
    CXLLe16 background_return_code;
    uint8_t background_percent;
    uint8_t health_status;          /* as in Get Health Info */
    uint8_t media_status;
    uint8_t additional_status;
    uint8_t life_used;
    uint8_t reserved[3];
    CXLLe16 temperature;
    CXLLe16 reserved2;
    CXLLe32 volatile_errors;
    CXLLe32 persistent_errors;
    CXLLe32 dirty_shutdowns;
    struct {
        CXLLe16 records;
        CXLLe16 overflow;
    } events[5];
    CXLLe64 commands;               /* that have been recorded */
} CXLStateDump;
CXL_WIRE_SIZE(CXLStateDump, 0x68);

#endif /* HW_CXL_SPEC_PAYLOADS_LOGS_H */

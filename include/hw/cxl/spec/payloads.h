/*
 * CXL r3.1 8.2.9: payloads of commands, as on the wire
 *
 * Every member is a byte, an array of bytes or a CXLLe type, so that no
 * struct has padding. Req is a request's fixed part, Rsp an answer's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_H
#define HW_CXL_SPEC_PAYLOADS_H

#include "hw/cxl/cxl-le.h"

#define CXL_WIRE_SIZE(type, bytes) QEMU_BUILD_BUG_ON(sizeof(type) != (bytes))

/* A UUID; CXL sends its bytes in the order in which they are written */
typedef struct CXLUuid {
    uint8_t b[16];
} CXLUuid;
CXL_WIRE_SIZE(CXLUuid, 0x10);

/* CXL r3.1 8.2.9.5.2.1: 0da9c0b5-bf41-4b78-8f79-96b1623b3f17 */
#define CXL_UUID_COMMAND_EFFECTS_LOG ((CXLUuid) { { \
    0x0d, 0xa9, 0xc0, 0xb5, 0xbf, 0x41, 0x4b, 0x78, \
    0x8f, 0x79, 0x96, 0xb1, 0x62, 0x3b, 0x3f, 0x17 } })

/* CXL r3.1 8.2.9.1.1: Identify (0001h) */
typedef struct CXLIdentifyRsp {
    CXLLe16 vendor;
    CXLLe16 device;
    CXLLe16 subsystem_vendor;
    CXLLe16 subsystem;
    CXLLe64 serial;
    uint8_t max_message_size;       /* n for 2^n bytes */
    uint8_t component_type;
} CXLIdentifyRsp;
CXL_WIRE_SIZE(CXLIdentifyRsp, 0x12);

/* CXL r3.1 8.2.9.1.2: Background Operation Status (0002h) */
typedef struct CXLBackgroundStatusRsp {
    uint8_t status;                 /* bit 0 in progress, 7:1 percent */
    uint8_t reserved;
    CXLLe16 opcode;
    CXLLe16 return_code;
    CXLLe16 vendor_status;
} CXLBackgroundStatusRsp;
CXL_WIRE_SIZE(CXLBackgroundStatusRsp, 0x08);

/*
 * CXL r3.1 8.2.9.1.3, 8.2.9.1.4: Get and Set Response Message Limit (0003h,
 * 0004h)
 */
typedef struct CXLResponseLimit {
    uint8_t limit;                  /* n for 2^n bytes */
} CXLResponseLimit;
CXL_WIRE_SIZE(CXLResponseLimit, 0x01);

/* CXL r3.1 8.2.9.3.1: Get FW Info (0200h) */
typedef struct CXLFwInfoRsp {
    uint8_t slots;
    uint8_t slot_info;              /* 2:0 active slot, 5:3 staged slot */
    uint8_t capabilities;
    uint8_t reserved[13];
    char revision[4][16];
} CXLFwInfoRsp;
CXL_WIRE_SIZE(CXLFwInfoRsp, 0x50);

/* CXL r3.1 8.2.9.4: Get and Set Timestamp (0300h, 0301h) */
typedef struct CXLTimestampPayload {
    CXLLe64 ns;
} CXLTimestampPayload;
CXL_WIRE_SIZE(CXLTimestampPayload, 0x08);

/* CXL r3.1 8.2.9.5.1: Get Supported Logs (0400h) */
typedef struct CXLSupportedLog {
    CXLUuid uuid;
    CXLLe32 size;
} CXLSupportedLog;
CXL_WIRE_SIZE(CXLSupportedLog, 0x14);

typedef struct CXLSupportedLogsRsp {
    CXLLe16 count;
    uint8_t reserved[6];
    /* then CXLSupportedLog, count of them */
} CXLSupportedLogsRsp;
CXL_WIRE_SIZE(CXLSupportedLogsRsp, 0x08);

/* CXL r3.1 8.2.9.5.2: Get Log (0401h) */
typedef struct CXLGetLogReq {
    CXLUuid uuid;
    CXLLe32 offset;
    CXLLe32 length;
} CXLGetLogReq;
CXL_WIRE_SIZE(CXLGetLogReq, 0x18);

/* CXL r3.1 8.2.9.5.2.1: an entry of the Command Effects Log */
typedef struct CXLCelEntry {
    CXLLe16 opcode;
    CXLLe16 effect;
} CXLCelEntry;
CXL_WIRE_SIZE(CXLCelEntry, 0x04);

/* CXL r3.1 8.2.9.5.3: Get Log Capabilities (0402h) */
typedef struct CXLLogCapabilitiesReq {
    CXLUuid uuid;
} CXLLogCapabilitiesReq;
CXL_WIRE_SIZE(CXLLogCapabilitiesReq, 0x10);

typedef struct CXLLogCapabilitiesRsp {
    CXLLe32 flags;
} CXLLogCapabilitiesRsp;
CXL_WIRE_SIZE(CXLLogCapabilitiesRsp, 0x04);

/*
 * CXL r3.1 8.2.9.9.1.1: Identify Memory Device (4000h); CXL 2.0 ends before
 * the Dynamic Capacity Event Log Size
 */
typedef struct CXLIdentifyMemRsp {
    char fw_revision[16];
    CXLLe64 total_capacity;         /* this and the next three: 256 MiB */
    CXLLe64 volatile_capacity;
    CXLLe64 persistent_capacity;
    CXLLe64 partition_alignment;
    CXLLe16 event_log_size[4];
    CXLLe32 lsa_size;
    CXLLe24 poison_list_max;
    CXLLe16 inject_poison_limit;
    uint8_t poison_capabilities;
    uint8_t qos_telemetry;
    CXLLe16 dc_event_log_size;
} CXLIdentifyMemRsp;
CXL_WIRE_SIZE(CXLIdentifyMemRsp, 0x45);

/* CXL r3.1 8.2.9.9.2.1: Get Partition Info (4100h), units of 256 MiB */
typedef struct CXLPartitionInfoRsp {
    CXLLe64 active_volatile;
    CXLLe64 active_persistent;
    CXLLe64 next_volatile;
    CXLLe64 next_persistent;
} CXLPartitionInfoRsp;
CXL_WIRE_SIZE(CXLPartitionInfoRsp, 0x20);

/* CXL r3.1 8.2.9.9.2.3: Get LSA (4102h) */
typedef struct CXLGetLsaReq {
    CXLLe32 offset;
    CXLLe32 length;
} CXLGetLsaReq;
CXL_WIRE_SIZE(CXLGetLsaReq, 0x08);

/* CXL r3.1 8.2.9.9.2.4: Set LSA (4103h) */
typedef struct CXLSetLsaReq {
    CXLLe32 offset;
    uint8_t reserved[4];
    uint8_t data[];
} CXLSetLsaReq;
CXL_WIRE_SIZE(CXLSetLsaReq, 0x08);

/* CXL r3.1 8.2.9.9.3.1: Get Health Info (4200h) */
typedef struct CXLHealthInfoRsp {
    uint8_t status;
    uint8_t media_status;
    uint8_t additional_status;
    uint8_t life_used;
    CXLLe16 temperature;            /* two's complement, degrees Celsius */
    CXLLe32 dirty_shutdowns;
    CXLLe32 volatile_errors;
    CXLLe32 persistent_errors;
} CXLHealthInfoRsp;
CXL_WIRE_SIZE(CXLHealthInfoRsp, 0x12);

/* CXL r3.1 8.2.9.9.3.2: Get Alert Configuration (4201h) */
typedef struct CXLGetAlertsRsp {
    uint8_t valid;
    uint8_t programmable;
    uint8_t life_used_critical;
    uint8_t life_used_warning;
    CXLLe16 over_temperature_critical;
    CXLLe16 under_temperature_critical;
    CXLLe16 over_temperature_warning;
    CXLLe16 under_temperature_warning;
    CXLLe16 volatile_error_warning;
    CXLLe16 persistent_error_warning;
} CXLGetAlertsRsp;
CXL_WIRE_SIZE(CXLGetAlertsRsp, 0x10);

/* CXL r3.1 8.2.9.9.3.3: Set Alert Configuration (4202h) */
typedef struct CXLSetAlertsReq {
    uint8_t valid;
    uint8_t enable;
    uint8_t life_used_warning;
    uint8_t reserved;
    CXLLe16 over_temperature_warning;
    CXLLe16 under_temperature_warning;
    CXLLe16 volatile_error_warning;
    CXLLe16 persistent_error_warning;
} CXLSetAlertsReq;
CXL_WIRE_SIZE(CXLSetAlertsReq, 0x0c);

/* CXL r3.1 8.2.9.9.4.1: Get Poison List (4300h) */
typedef struct CXLGetPoisonReq {
    CXLLe64 dpa;
    CXLLe64 length;                 /* units of 64 bytes */
} CXLGetPoisonReq;
CXL_WIRE_SIZE(CXLGetPoisonReq, 0x10);

typedef struct CXLGetPoisonRsp {
    uint8_t flags;
    uint8_t reserved;
    CXLLe64 overflow_timestamp;
    CXLLe16 count;
    uint8_t reserved2[20];
    /* then CXLMediaErrorRecord, count of them */
} CXLGetPoisonRsp;
CXL_WIRE_SIZE(CXLGetPoisonRsp, 0x20);

/* CXL r3.1 Table 8-140: Media Error Record */
typedef struct CXLMediaErrorRecord {
    CXLLe64 address;                /* 63:6 DPA, 2:0 source */
    CXLLe32 length;                 /* units of 64 bytes */
    uint8_t reserved[4];
} CXLMediaErrorRecord;
CXL_WIRE_SIZE(CXLMediaErrorRecord, 0x10);

#endif /* HW_CXL_SPEC_PAYLOADS_H */

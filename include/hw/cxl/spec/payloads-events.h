/*
 * CXL r3.1 8.2.9.2: Events: records, and payloads of the commands
 *
 * What r3.2 adds to a record stands in bytes that r3.1 reserves, and the
 * Memory Sparing Event Record is new in r3.2.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_EVENTS_H
#define HW_CXL_SPEC_PAYLOADS_EVENTS_H

#include "hw/cxl/spec/payloads.h"

/* CXL r3.1 8.2.9.2.1.1: fbcd0a77-c260-417f-85a9-088b1621eba6 */
#define CXL_UUID_GENERAL_MEDIA_EVENT ((CXLUuid) { { \
    0xfb, 0xcd, 0x0a, 0x77, 0xc2, 0x60, 0x41, 0x7f, \
    0x85, 0xa9, 0x08, 0x8b, 0x16, 0x21, 0xeb, 0xa6 } })

/* CXL r3.1 8.2.9.2.1.2: 601dcbb3-9c06-4eab-b8af-4e9bfb5c9624 */
#define CXL_UUID_DRAM_EVENT ((CXLUuid) { { \
    0x60, 0x1d, 0xcb, 0xb3, 0x9c, 0x06, 0x4e, 0xab, \
    0xb8, 0xaf, 0x4e, 0x9b, 0xfb, 0x5c, 0x96, 0x24 } })

/* CXL r3.1 8.2.9.2.1.3: fe927475-dd59-4339-a586-79bab113b774 */
#define CXL_UUID_MEMORY_MODULE_EVENT ((CXLUuid) { { \
    0xfe, 0x92, 0x74, 0x75, 0xdd, 0x59, 0x43, 0x39, \
    0xa5, 0x86, 0x79, 0xba, 0xb1, 0x13, 0xb7, 0x74 } })

/* CXL r3.2 8.2.10.2.1.4: e71f3a40-2d29-4092-8a39-4d1c966c7c65 */
#define CXL_UUID_MEMORY_SPARING_EVENT ((CXLUuid) { { \
    0xe7, 0x1f, 0x3a, 0x40, 0x2d, 0x29, 0x40, 0x92, \
    0x8a, 0x39, 0x4d, 0x1c, 0x96, 0x6c, 0x7c, 0x65 } })

/*
 * CXL r3.1 Table 8-43: Common Event Record Format, without its data.
 * CXL r3.2 Table 8-55 names the LD-ID and the Head ID in what r3.1 reserves.
 */
typedef struct CXLEventHeader {
    CXLUuid uuid;
    uint8_t length;
    CXLLe24 flags;                  /* CXL_EVENT_* of spec/cci.h */
    CXLLe16 handle;
    CXLLe16 related_handle;
    CXLLe64 timestamp;
    uint8_t maintenance_class;
    uint8_t maintenance_subclass;
    CXLLe16 ld_id;
    uint8_t head_id;
    uint8_t reserved[11];
} CXLEventHeader;
CXL_WIRE_SIZE(CXLEventHeader, 0x30);

#define CXL_EVENT_DATA_SIZE     0x50

/* CXL r3.1 Table 8-43: any event record */
typedef struct CXLEventRecord {
    CXLEventHeader header;
    uint8_t data[CXL_EVENT_DATA_SIZE];
} CXLEventRecord;
CXL_WIRE_SIZE(CXLEventRecord, 0x80);

/* CXL r3.1 Table 8-44: Component Identifier: text, or PLDM when flagged so */
#define CXL_COMPONENT_ID_SIZE   16

/* CXL r3.1 Table 8-45: General Media Event Record */
typedef struct CXLGeneralMediaEvent {
    CXLEventHeader header;
    CXLLe64 dpa;                    /* CXL_EVENT_DPA_*, 63:6 address */
    uint8_t descriptor;             /* CXL_EVENT_DESCRIPTOR_* */
    uint8_t type;                   /* CXL_GENERAL_MEDIA_TYPE_* */
    uint8_t transaction_type;       /* CXL_EVENT_TRANSACTION_* */
    CXLLe16 validity;               /* CXL_GENERAL_MEDIA_*_VALID */
    uint8_t channel;
    uint8_t rank;
    CXLLe24 device;
    uint8_t component_id[CXL_COMPONENT_ID_SIZE];
    uint8_t threshold_flags;        /* CXL_EVENT_THRESHOLD_* */
    CXLLe24 corrected_count;
    uint8_t sub_type;               /* CXL_EVENT_SUB_TYPE_* */
    uint8_t reserved[41];
} CXLGeneralMediaEvent;
CXL_WIRE_SIZE(CXLGeneralMediaEvent, 0x80);

#define CXL_GENERAL_MEDIA_CHANNEL_VALID         (1u << 0)
#define CXL_GENERAL_MEDIA_RANK_VALID            (1u << 1)
#define CXL_GENERAL_MEDIA_DEVICE_VALID          (1u << 2)
#define CXL_GENERAL_MEDIA_COMPONENT_VALID       (1u << 3)
#define CXL_GENERAL_MEDIA_PLDM_VALID            (1u << 4)

/* CXL r3.1 Table 8-45, 8-46: Physical Address, bits 1:0 */
#define CXL_EVENT_DPA_VOLATILE                  (1u << 0)
#define CXL_EVENT_DPA_NOT_REPAIRABLE            (1u << 1)

/* CXL r3.1 Table 8-45, 8-46: Memory Event Descriptor */
#define CXL_EVENT_DESCRIPTOR_UNCORRECTABLE      (1u << 0)
#define CXL_EVENT_DESCRIPTOR_THRESHOLD          (1u << 1)
#define CXL_EVENT_DESCRIPTOR_POISON_OVERFLOW    (1u << 2)

/* CXL r3.1 Table 8-45: Memory Event Type of the General Media Event Record */
enum {
    CXL_GENERAL_MEDIA_TYPE_ECC,
    CXL_GENERAL_MEDIA_TYPE_INVALID_ADDRESS,
    CXL_GENERAL_MEDIA_TYPE_DATA_PATH,
    CXL_GENERAL_MEDIA_TYPE_TE_STATE,
    CXL_GENERAL_MEDIA_TYPE_SCRUB_ECC,
    CXL_GENERAL_MEDIA_TYPE_THRESHOLD_EXPIRED,
    CXL_GENERAL_MEDIA_TYPE_CKID,
};

/* CXL r3.1 Table 8-45, 8-46: Transaction Type */
enum {
    CXL_EVENT_TRANSACTION_UNKNOWN,
    CXL_EVENT_TRANSACTION_HOST_READ,
    CXL_EVENT_TRANSACTION_HOST_WRITE,
    CXL_EVENT_TRANSACTION_SCAN_MEDIA,
    CXL_EVENT_TRANSACTION_INJECT_POISON,
    CXL_EVENT_TRANSACTION_SCRUB,
    CXL_EVENT_TRANSACTION_MANAGEMENT,
    CXL_EVENT_TRANSACTION_ECS,
    CXL_EVENT_TRANSACTION_INITIALIZATION,
};

/* CXL r3.1 Table 8-45, 8-46: Memory Event Sub-Type */
enum {
    CXL_EVENT_SUB_TYPE_NONE,
    CXL_EVENT_SUB_TYPE_DATAPATH,
    CXL_EVENT_SUB_TYPE_LINK_COMMAND,
    CXL_EVENT_SUB_TYPE_LINK_CONTROL,
    CXL_EVENT_SUB_TYPE_LINK_DATA,
    CXL_EVENT_SUB_TYPE_LINK_CRC,
};

/* CXL r3.1 Table 8-45, 8-46: Advanced Programmable Corrected Memory Error */
#define CXL_EVENT_THRESHOLD_MULTIPLE            (1u << 0)
#define CXL_EVENT_THRESHOLD_EXCEEDED            (1u << 1)

/* CXL r3.1 Table 8-46: DRAM Event Record */
typedef struct CXLDramEvent {
    CXLEventHeader header;
    CXLLe64 dpa;                    /* CXL_EVENT_DPA_*, 63:6 address */
    uint8_t descriptor;             /* CXL_EVENT_DESCRIPTOR_* */
    uint8_t type;                   /* CXL_DRAM_TYPE_* */
    uint8_t transaction_type;       /* CXL_EVENT_TRANSACTION_* */
    CXLLe16 validity;               /* CXL_DRAM_*_VALID */
    uint8_t channel;
    uint8_t rank;
    CXLLe24 nibble_mask;
    uint8_t bank_group;
    uint8_t bank;
    CXLLe24 row;
    CXLLe16 column;
    CXLLe64 correction_mask[4];
    uint8_t component_id[CXL_COMPONENT_ID_SIZE];
    uint8_t sub_channel;
    uint8_t threshold_flags;        /* CXL_EVENT_THRESHOLD_* */
    CXLLe24 corrected_count;
    uint8_t sub_type;               /* CXL_EVENT_SUB_TYPE_* */
    uint8_t reserved;
} CXLDramEvent;
CXL_WIRE_SIZE(CXLDramEvent, 0x80);

#define CXL_DRAM_CHANNEL_VALID                  (1u << 0)
#define CXL_DRAM_RANK_VALID                     (1u << 1)
#define CXL_DRAM_NIBBLE_MASK_VALID              (1u << 2)
#define CXL_DRAM_BANK_GROUP_VALID               (1u << 3)
#define CXL_DRAM_BANK_VALID                     (1u << 4)
#define CXL_DRAM_ROW_VALID                      (1u << 5)
#define CXL_DRAM_COLUMN_VALID                   (1u << 6)
#define CXL_DRAM_CORRECTION_MASK_VALID          (1u << 7)
#define CXL_DRAM_COMPONENT_VALID                (1u << 8)
#define CXL_DRAM_PLDM_VALID                     (1u << 9)
#define CXL_DRAM_SUB_CHANNEL_VALID              (1u << 10)

/* CXL r3.1 Table 8-46: Memory Event Type of the DRAM Event Record */
enum {
    CXL_DRAM_TYPE_ECC,
    CXL_DRAM_TYPE_SCRUB_ECC,
    CXL_DRAM_TYPE_INVALID_ADDRESS,
    CXL_DRAM_TYPE_DATA_PATH,
    CXL_DRAM_TYPE_TE_STATE,
    CXL_DRAM_TYPE_THRESHOLD_EXPIRED,
    CXL_DRAM_TYPE_CKID,
};

/* CXL r3.1 Table 8-47: Memory Module Event Record */
typedef struct CXLMemoryModuleEvent {
    CXLEventHeader header;
    uint8_t type;                   /* CXL_MEMORY_MODULE_TYPE_* */
    CXLHealthInfoRsp health;
    CXLLe16 validity;               /* CXL_MEMORY_MODULE_*_VALID */
    uint8_t component_id[CXL_COMPONENT_ID_SIZE];
    uint8_t sub_type;               /* CXL_MEMORY_MODULE_SUB_TYPE_* */
    uint8_t reserved[42];
} CXLMemoryModuleEvent;
CXL_WIRE_SIZE(CXLMemoryModuleEvent, 0x80);

#define CXL_MEMORY_MODULE_COMPONENT_VALID       (1u << 0)
#define CXL_MEMORY_MODULE_PLDM_VALID            (1u << 1)

/* CXL r3.1 Table 8-47: Device Event Type */
enum {
    CXL_MEMORY_MODULE_TYPE_HEALTH,
    CXL_MEMORY_MODULE_TYPE_MEDIA_STATUS,
    CXL_MEMORY_MODULE_TYPE_LIFE_USED,
    CXL_MEMORY_MODULE_TYPE_TEMPERATURE,
    CXL_MEMORY_MODULE_TYPE_DATA_PATH,
    CXL_MEMORY_MODULE_TYPE_LSA,
    CXL_MEMORY_MODULE_TYPE_SIDEBAND,
    CXL_MEMORY_MODULE_TYPE_FRU,
    CXL_MEMORY_MODULE_TYPE_POWER,
};

/* CXL r3.1 Table 8-47: Device Event Sub-Type */
enum {
    CXL_MEMORY_MODULE_SUB_TYPE_NONE,
    CXL_MEMORY_MODULE_SUB_TYPE_INVALID_CONFIG,
    CXL_MEMORY_MODULE_SUB_TYPE_UNSUPPORTED_CONFIG,
    CXL_MEMORY_MODULE_SUB_TYPE_UNSUPPORTED_FRU,
};

/*
 * CXL r3.2 Table 8-60: Memory Sparing Event Record. Its Maintenance Operation
 * Class and Subclass repeat those of the header; Linux ignores them here.
 */
typedef struct CXLMemorySparingEvent {
    CXLEventHeader header;
    uint8_t maintenance_class;
    uint8_t maintenance_subclass;
    uint8_t flags;                  /* CXL_MEMORY_SPARING_* */
    uint8_t result;                 /* a CXLRet */
    CXLLe16 validity;               /* CXL_MEMORY_SPARING_*_VALID */
    uint8_t reserved[6];
    CXLLe16 available;              /* spare resources that are left */
    uint8_t channel;
    uint8_t rank;
    CXLLe24 nibble_mask;
    uint8_t bank_group;
    uint8_t bank;
    CXLLe24 row;
    CXLLe16 column;
    uint8_t component_id[CXL_COMPONENT_ID_SIZE];
    uint8_t sub_channel;
    uint8_t reserved2[37];
} CXLMemorySparingEvent;
CXL_WIRE_SIZE(CXLMemorySparingEvent, 0x80);

#define CXL_MEMORY_SPARING_QUERY                (1u << 0)
#define CXL_MEMORY_SPARING_HARD                 (1u << 1)
#define CXL_MEMORY_SPARING_BY_DEVICE            (1u << 2)

#define CXL_MEMORY_SPARING_CHANNEL_VALID        (1u << 0)
#define CXL_MEMORY_SPARING_RANK_VALID           (1u << 1)
#define CXL_MEMORY_SPARING_NIBBLE_MASK_VALID    (1u << 2)
#define CXL_MEMORY_SPARING_BANK_GROUP_VALID     (1u << 3)
#define CXL_MEMORY_SPARING_BANK_VALID           (1u << 4)
#define CXL_MEMORY_SPARING_ROW_VALID            (1u << 5)
#define CXL_MEMORY_SPARING_COLUMN_VALID         (1u << 6)
#define CXL_MEMORY_SPARING_COMPONENT_VALID      (1u << 7)
#define CXL_MEMORY_SPARING_PLDM_VALID           (1u << 8)
#define CXL_MEMORY_SPARING_SUB_CHANNEL_VALID    (1u << 9)

/* CXL r3.1 8.2.9.2.2: Get Event Records (0100h) */
typedef struct CXLGetEventsReq {
    uint8_t log;
} CXLGetEventsReq;
CXL_WIRE_SIZE(CXLGetEventsReq, 0x01);

typedef struct CXLGetEventsRsp {
    uint8_t flags;
    uint8_t reserved;
    CXLLe16 overflow_count;
    CXLLe64 first_overflow;
    CXLLe64 last_overflow;
    CXLLe16 record_count;
    uint8_t reserved2[10];
    /* then CXLEventRecord, record_count of them */
} CXLGetEventsRsp;
CXL_WIRE_SIZE(CXLGetEventsRsp, 0x20);

/* CXL r3.1 8.2.9.2.3: Clear Event Records (0101h) */
typedef struct CXLClearEventsReq {
    uint8_t log;
    uint8_t flags;
    uint8_t handle_count;
    uint8_t reserved[3];
    CXLLe16 handles[];
} CXLClearEventsReq;
CXL_WIRE_SIZE(CXLClearEventsReq, 0x06);

/*
 * CXL r3.1 8.2.9.2.4, 8.2.9.2.5: Event Interrupt Policy (0102h, 0103h); the
 * setting of the Dynamic Capacity Event Log follows that of the four others
 */
typedef struct CXLEventPolicy {
    uint8_t setting[4];
} CXLEventPolicy;
CXL_WIRE_SIZE(CXLEventPolicy, 0x04);

typedef struct CXLEventPolicyRsp {
    CXLEventPolicy policy;
    uint8_t dynamic_capacity;
} CXLEventPolicyRsp;
CXL_WIRE_SIZE(CXLEventPolicyRsp, 0x05);

#endif /* HW_CXL_SPEC_PAYLOADS_EVENTS_H */

/*
 * CXL r3.1 8.2.9.6: Features: payloads of the commands, and the Features
 *
 * What is read of a Feature and what is written to it are different structs:
 * Linux' drivers/cxl/core/edac.c has the same layouts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_FEATURES_H
#define HW_CXL_SPEC_PAYLOADS_FEATURES_H

#include "hw/cxl/spec/payloads.h"

/* CXL r3.1 8.2.9.6.1: Get Supported Features (0500h) */
typedef struct CXLGetSupportedFeaturesReq {
    CXLLe32 count;                  /* bytes that the answer may have */
    CXLLe16 start;                  /* index of the first entry */
    uint8_t reserved[2];
} CXLGetSupportedFeaturesReq;
CXL_WIRE_SIZE(CXLGetSupportedFeaturesReq, 0x08);

typedef struct CXLSupportedFeaturesRsp {
    CXLLe16 count;                  /* entries that follow */
    CXLLe16 total;                  /* Features that the device has */
    uint8_t reserved[4];
    /* then CXLFeatureEntry, count of them */
} CXLSupportedFeaturesRsp;
CXL_WIRE_SIZE(CXLSupportedFeaturesRsp, 0x08);

/* CXL r3.1 Table 8-98: Supported Feature Entry */
typedef struct CXLFeatureEntry {
    CXLUuid uuid;
    CXLLe16 index;
    CXLLe16 get_size;
    CXLLe16 set_size;
    CXLLe32 flags;                  /* CXL_FEATURE_* */
    uint8_t get_version;
    uint8_t set_version;
    CXLLe16 effects;                /* CXL_EFFECT_* of spec/cci.h */
    uint8_t reserved[18];
} CXLFeatureEntry;
CXL_WIRE_SIZE(CXLFeatureEntry, 0x30);

#define CXL_FEATURE_CHANGEABLE              (1u << 0)
/* Deepest Reset Persistence, CXL_FEATURE_RESET_* */
#define CXL_FEATURE_PERSISTENCE(reset)      ((reset) << 1)
#define CXL_FEATURE_PERSISTENCE_OF(flags)   ((flags) >> 1 & 7)
#define CXL_FEATURE_PERSISTS_FW_UPDATE      (1u << 4)
#define CXL_FEATURE_HAS_DEFAULT             (1u << 5)
#define CXL_FEATURE_HAS_SAVED               (1u << 6)

/* CXL r3.2 Table 8-110: resets, each deeper than the one before */
enum {
    CXL_FEATURE_RESET_NONE,
    CXL_FEATURE_RESET_CXL,
    CXL_FEATURE_RESET_HOT,
    CXL_FEATURE_RESET_WARM,
    CXL_FEATURE_RESET_COLD,
};

/* CXL r3.1 8.2.9.6.2: Get Feature (0501h) */
typedef struct CXLGetFeatureReq {
    CXLUuid uuid;
    CXLLe16 offset;
    CXLLe16 count;
    uint8_t selection;              /* CXL_FEATURE_CURRENT ... */
} CXLGetFeatureReq;
CXL_WIRE_SIZE(CXLGetFeatureReq, 0x15);

enum {
    CXL_FEATURE_CURRENT,
    CXL_FEATURE_DEFAULT,
    CXL_FEATURE_SAVED,
    CXL_FEATURE_SELECTIONS
};

/* CXL r3.1 8.2.9.6.3: Set Feature (0502h) */
typedef struct CXLSetFeatureReq {
    CXLUuid uuid;
    CXLLe32 flags;                  /* an action, CXL_SET_FEATURE_* */
    CXLLe16 offset;
    uint8_t version;
    uint8_t reserved[9];
    uint8_t data[];
} CXLSetFeatureReq;
CXL_WIRE_SIZE(CXLSetFeatureReq, 0x20);

#define CXL_SET_FEATURE_ACTION_MASK         0x07u
#define CXL_SET_FEATURE_SAVE                (1u << 3)

enum {
    CXL_SET_FEATURE_FULL,
    CXL_SET_FEATURE_INITIATE,
    CXL_SET_FEATURE_CONTINUE,
    CXL_SET_FEATURE_FINISH,
    CXL_SET_FEATURE_ABORT,
    CXL_SET_FEATURE_ACTIONS
};

/*
 * CXL r3.1 8.2.9.9.11.1: Device Patrol Scrub Control:
 * 96dad7d6-fde8-482b-a733-75774e06db8a
 */
#define CXL_UUID_PATROL_SCRUB ((CXLUuid) { { \
    0x96, 0xda, 0xd7, 0xd6, 0xfd, 0xe8, 0x48, 0x2b, \
    0xa7, 0x33, 0x75, 0x77, 0x4e, 0x06, 0xdb, 0x8a } })

typedef struct CXLPatrolScrub {
    uint8_t capabilities;           /* CXL_SCRUB_CYCLE_* */
    uint8_t cycle;                  /* hours */
    uint8_t cycle_min;              /* hours */
    uint8_t flags;                  /* CXL_SCRUB_ENABLE */
} CXLPatrolScrub;
CXL_WIRE_SIZE(CXLPatrolScrub, 0x04);

typedef struct CXLPatrolScrubSet {
    uint8_t cycle;
    uint8_t flags;
} CXLPatrolScrubSet;
CXL_WIRE_SIZE(CXLPatrolScrubSet, 0x02);

#define CXL_SCRUB_CYCLE_CHANGEABLE          (1u << 0)
#define CXL_SCRUB_ENABLE                    (1u << 0)

/*
 * CXL r3.1 8.2.9.9.11.2: DDR5 Error Check Scrub Control:
 * e5b13f22-2328-4a14-b8ba-b9691e893386
 */
#define CXL_UUID_ECS ((CXLUuid) { { \
    0xe5, 0xb1, 0x3f, 0x22, 0x23, 0x28, 0x4a, 0x14, \
    0xb8, 0xba, 0xb9, 0x69, 0x1e, 0x89, 0x33, 0x86 } })

/* Implementation defined: media FRUs of a device */
#define CXL_ECS_FRUS                        3

typedef struct CXLEcs {
    uint8_t log_type;               /* CXL_ECS_LOG_* */
    struct {
        uint8_t capabilities;
        CXLLe16 config;             /* CXL_ECS_* */
        uint8_t flags;
    } fru[CXL_ECS_FRUS];
} CXLEcs;
CXL_WIRE_SIZE(CXLEcs, 0x0d);

typedef struct CXLEcsSet {
    uint8_t log_type;
    CXLLe16 config[CXL_ECS_FRUS];
} CXLEcsSet;
CXL_WIRE_SIZE(CXLEcsSet, 0x07);

enum {
    CXL_ECS_LOG_PER_DRAM,
    CXL_ECS_LOG_PER_FRU,
};

#define CXL_ECS_THRESHOLD_MASK              0x07u
#define CXL_ECS_THRESHOLD_256               3u
#define CXL_ECS_THRESHOLD_1024              4u
#define CXL_ECS_THRESHOLD_4096              5u
#define CXL_ECS_COUNT_CODEWORDS             (1u << 3)
#define CXL_ECS_RESET_COUNTER               (1u << 4)
#define CXL_ECS_CONFIG_MASK                 0x1fu

/*
 * CXL r3.1 8.2.9.7.2: Features of maintenance operations; all begin alike
 *
 * @latency: a multiple of CXL_MAINTENANCE_LATENCY_*: r3.1 Table 8-109
 */
typedef struct CXLMaintenanceFeature {
    uint8_t latency;
    CXLLe16 capabilities;
    CXLLe16 mode;                   /* CXL_MAINTENANCE_BY_DEVICE */
    uint8_t maintenance_class;      /* CXL_MAINTENANCE_* of maintenance */
    uint8_t maintenance_subclass;
    uint8_t reserved[9];
} CXLMaintenanceFeature;
CXL_WIRE_SIZE(CXLMaintenanceFeature, 0x10);

#define CXL_MAINTENANCE_LATENCY_100MS       0x05
#define CXL_MAINTENANCE_LATENCY_1S          0x06

#define CXL_MAINTENANCE_BY_DEVICE           (1u << 0)

/* CXL r3.1 8.2.9.7.2.1: sPPR: 892ba475-fad8-474e-9d3e-692c917568bb */
#define CXL_UUID_SPPR ((CXLUuid) { { \
    0x89, 0x2b, 0xa4, 0x75, 0xfa, 0xd8, 0x47, 0x4e, \
    0x9d, 0x3e, 0x69, 0x2c, 0x91, 0x75, 0x68, 0xbb } })

/* CXL r3.1 8.2.9.7.2.2: hPPR: 80ea4521-786f-4127-afb1-ec7459fb0e24 */
#define CXL_UUID_HPPR ((CXLUuid) { { \
    0x80, 0xea, 0x45, 0x21, 0x78, 0x6f, 0x41, 0x27, \
    0xaf, 0xb1, 0xec, 0x74, 0x59, 0xfb, 0x0e, 0x24 } })

typedef struct CXLPprFeature {
    CXLMaintenanceFeature head;
    uint8_t flags;                  /* CXL_PPR_HAS_* */
    CXLLe16 restrictions;           /* 0: accessible, and data is retained */
    uint8_t ppr_mode;               /* CXL_PPR_RECORDS */
} CXLPprFeature;
CXL_WIRE_SIZE(CXLPprFeature, 0x14);

typedef struct CXLPprSet {
    CXLLe16 mode;
    uint8_t ppr_mode;
} CXLPprSet;
CXL_WIRE_SIZE(CXLPprSet, 0x03);

#define CXL_PPR_HAS_DPA                     (1u << 0)
#define CXL_PPR_HAS_NIBBLE_MASK             (1u << 1)
/* CXL r3.2 Table 8-128, 8-131: Memory Sparing Event Records of PPR */
#define CXL_PPR_HAS_RECORDS                 (1u << 2)
#define CXL_PPR_RECORDS                     (1u << 0)

/* CXL r3.1 8.2.9.7.2.3: 96c33386-91dd-44c7-9ecb-fdaf6503bac4 */
#define CXL_UUID_CACHELINE_SPARING ((CXLUuid) { { \
    0x96, 0xc3, 0x33, 0x86, 0x91, 0xdd, 0x44, 0xc7, \
    0x9e, 0xcb, 0xfd, 0xaf, 0x65, 0x03, 0xba, 0xc4 } })

/* CXL r3.1 8.2.9.7.2.4: 450ebf67-b135-4f97-a498-c2d57f279bed */
#define CXL_UUID_ROW_SPARING ((CXLUuid) { { \
    0x45, 0x0e, 0xbf, 0x67, 0xb1, 0x35, 0x4f, 0x97, \
    0xa4, 0x98, 0xc2, 0xd5, 0x7f, 0x27, 0x9b, 0xed } })

/* CXL r3.1 8.2.9.7.2.5: 78b79636-90ac-4b64-a4ef-faac5d18a863 */
#define CXL_UUID_BANK_SPARING ((CXLUuid) { { \
    0x78, 0xb7, 0x96, 0x36, 0x90, 0xac, 0x4b, 0x64, \
    0xa4, 0xef, 0xfa, 0xac, 0x5d, 0x18, 0xa8, 0x63 } })

/* CXL r3.1 8.2.9.7.2.6: 34dbaff5-0552-4281-8f76-da0b5e7a76a7 */
#define CXL_UUID_RANK_SPARING ((CXLUuid) { { \
    0x34, 0xdb, 0xaf, 0xf5, 0x05, 0x52, 0x42, 0x81, \
    0x8f, 0x76, 0xda, 0x0b, 0x5e, 0x7a, 0x76, 0xa7 } })

typedef struct CXLSparingFeature {
    CXLMaintenanceFeature head;
    uint8_t reserved;
    CXLLe16 restrictions;           /* CXL_SPARING_HAS_*; bit 0: not in use */
} CXLSparingFeature;
CXL_WIRE_SIZE(CXLSparingFeature, 0x13);

typedef struct CXLSparingSet {
    CXLLe16 mode;
} CXLSparingSet;
CXL_WIRE_SIZE(CXLSparingSet, 0x02);

#define CXL_SPARING_HAS_HARD                (1u << 1)
#define CXL_SPARING_HAS_SOFT                (1u << 2)

/*
 * Implementation defined, a vendor's Feature: Asset Tag:
 * dec9ad03-0a88-484d-8ce2-a6129e08cd48. Bytes that management software may
 * write for itself; the device does nothing but keep them.
 */
#define CXL_UUID_ASSET_TAG ((CXLUuid) { { \
    0xde, 0xc9, 0xad, 0x03, 0x0a, 0x88, 0x48, 0x4d, \
    0x8c, 0xe2, 0xa6, 0x12, 0x9e, 0x08, 0xcd, 0x48 } })

typedef struct CXLAssetTag {
    uint8_t b[64];
} CXLAssetTag;
CXL_WIRE_SIZE(CXLAssetTag, 0x40);

/* CXL r3.1 Table 8-102: Maintenance Operation Class, and its Subclasses */
enum {
    CXL_MAINTENANCE_NONE,
    CXL_MAINTENANCE_PPR,
    CXL_MAINTENANCE_SPARING,
};

enum {
    CXL_MAINTENANCE_PPR_SOFT,
    CXL_MAINTENANCE_PPR_HARD,
};

enum {
    CXL_MAINTENANCE_SPARING_CACHELINE,
    CXL_MAINTENANCE_SPARING_ROW,
    CXL_MAINTENANCE_SPARING_BANK,
    CXL_MAINTENANCE_SPARING_RANK,
};

#endif /* HW_CXL_SPEC_PAYLOADS_FEATURES_H */

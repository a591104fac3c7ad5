/*
 * The Features of a memory device, written from the specification
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CXL_FEATURE_CASES_H
#define TESTS_UNIT_CXL_FEATURE_CASES_H

#include "hw/cxl/spec/payloads-features.h"

/**
 * FeatureCase: a Feature, from the specification
 * @flags: Attribute Flags
 * @get: what is read at first
 * @set, @then: what is written, and what is read then
 * @bad: values that are refused, of set_size bytes each
 */
typedef struct FeatureCase {
    const char *name;
    CXLUuid uuid;
    uint16_t get_size;
    uint16_t set_size;
    uint8_t version;
    uint32_t flags;
    const char *get;
    const char *set;
    const char *then;
    const char *bad[6];
} FeatureCase;

#define MAINTENANCE(latency, class, subclass) \
    latency "\0\0\0\0" class subclass "\0\0\0\0\0\0\0\0\0"
#define PPR(latency, subclass, mode) \
    MAINTENANCE(latency, "\1", subclass) "\7\0\0" mode
#define SPARING(subclass) MAINTENANCE("\5", "\2", subclass) "\0\6\0"
/* Changeable, default; Deepest Reset Persistence, firmware update, saved */
#define NOT_SAVED   0x21
#define SAVED_CXL   0x73
#define SAVED_HOT   0x75
#define HAS_SAVED   0x40
#define ALL_64 "The quick brown fox jumps over the lazy dog, and on and on it go"

static const FeatureCase cases[] = {
    {
        "patrol-scrub", CXL_UUID_PATROL_SCRUB, 4, 2, 1, NOT_SAVED,
        "\1\14\1\0", "\377\1", "\1\377\1\1",
        { "\0\0", "\0\1", "\1\2", "\1\200" },
    }, {
        "ecs", CXL_UUID_ECS, 13, 7, 1, NOT_SAVED,
        "\0\0\3\0\0\0\3\0\0\0\3\0\0",
        /* The counter of the last one is reset, which does not stay */
        "\1\4\0\15\0\23\0", "\1\0\4\0\0\0\15\0\0\0\3\0\0",
        { "\2\3\0\3\0\3\0", "\0\2\0\3\0\3\0", "\0\3\0\6\0\3\0",
          "\0\3\0\3\0\43\0", "\0\3\0\3\1\3\0", "\0\3\0\3\0\3\200" },
    }, {
        "sppr", CXL_UUID_SPPR, 20, 3, 3, SAVED_HOT,
        PPR("\5", "\0", "\0"), "\0\0\1", PPR("\5", "\0", "\1"),
        { "\1\0\0", "\0\1\0", "\0\0\2", "\0\0\201" },
    }, {
        "hppr", CXL_UUID_HPPR, 20, 3, 3, SAVED_HOT,
        PPR("\6", "\1", "\0"), "\0\0\1", PPR("\6", "\1", "\1"),
        { "\1\0\0", "\0\200\0", "\0\0\2", "\0\0\3" },
    }, {
        "cacheline-sparing", CXL_UUID_CACHELINE_SPARING, 19, 2, 1, NOT_SAVED,
        SPARING("\0"), "\0\0", SPARING("\0"), { "\1\0", "\0\1" },
    }, {
        "row-sparing", CXL_UUID_ROW_SPARING, 19, 2, 1, NOT_SAVED,
        SPARING("\1"), "\0\0", SPARING("\1"), { "\1\0", "\0\1" },
    }, {
        "bank-sparing", CXL_UUID_BANK_SPARING, 19, 2, 1, NOT_SAVED,
        SPARING("\2"), "\0\0", SPARING("\2"), { "\1\0", "\2\0" },
    }, {
        "rank-sparing", CXL_UUID_RANK_SPARING, 19, 2, 1, NOT_SAVED,
        SPARING("\3"), "\0\0", SPARING("\3"), { "\1\0", "\0\200" },
    }, {
        "asset-tag", CXL_UUID_ASSET_TAG, 64, 64, 1, SAVED_CXL,
        (const char [64]) { }, ALL_64, ALL_64,
    },
};

#endif /* TESTS_UNIT_CXL_FEATURE_CASES_H */

/*
 * CXL r3.1 8.2.9.6: Features: 0500h Get Supported Features, 0501h Get Feature,
 * 0502h Set Feature
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_FEATURES_H
#define HW_CXL_CCI_FEATURES_H

#include "hw/cxl/cci/cci.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/spec/payloads-features.h"

/* The Features of a device, by their index; new ones go to the end */
typedef enum CXLFeatureIndex {
    CXL_FEATURE_PATROL_SCRUB,
    CXL_FEATURE_ECS,
    CXL_FEATURE_SPPR,
    CXL_FEATURE_HPPR,
    CXL_FEATURE_CACHELINE_SPARING,
    CXL_FEATURE_ROW_SPARING,
    CXL_FEATURE_BANK_SPARING,
    CXL_FEATURE_RANK_SPARING,
    CXL_FEATURE_ASSET_TAG,
    CXL_FEATURES
} CXLFeatureIndex;

/* The longest of what is read of a Feature, or written to it */
#define CXL_FEATURE_SIZE    64

/* What is written to a Feature; bytes behind its set_size are zero */
typedef struct CXLFeatureValue {
    uint8_t b[CXL_FEATURE_SIZE];
} CXLFeatureValue;

/**
 * CXLFeature: a Feature
 * @name: as in traces
 * @get_size, @set_size: bytes that are read, and that are written
 * @flags: Attribute Flags, CXL_FEATURE_* of payloads-features.h
 * @effects: CXL r3.1 8.2.9.5.2.1: Command Effect of setting it
 * @defaults: set_size bytes
 * @accept: whether the value is legal; clears bits that act, and do not stay.
 *          NULL: every value is
 * @show: what is read, all zeroes before, of a value. NULL: the value itself
 */
typedef struct CXLFeature {
    const char *name;
    CXLUuid uuid;
    uint16_t get_size;
    uint16_t set_size;
    uint8_t version;
    uint32_t flags;
    uint16_t effects;
    const void *defaults;
    bool (*accept)(CXLFeatureValue *value);
    void (*show)(const CXLFeatureValue *value, void *out);
} CXLFeature;

extern const CXLFeature cxl_features[CXL_FEATURES];

/**
 * CXLFeatureTransfer: a value that is set in several pieces
 * @index: of what Feature
 * @last: offset of the piece that came last
 * @next: offset at which the next piece has to begin
 * @save: Saved Across Reset, as the first piece said
 * @value: the current one, overwritten by the pieces so far
 */
typedef struct CXLFeatureTransfer {
    bool active;
    uint8_t index;
    uint16_t last;
    uint16_t next;
    bool save;
    CXLFeatureValue value;
} CXLFeatureTransfer;

/**
 * CXLFeatures: the values of all Features
 * @saved: what @current is after a reset; in non-volatile memory. The default
 *         of a Feature that has no saved value
 */
typedef struct CXLFeatures {
    CXLMem *mem;
    CXLFeatureValue current[CXL_FEATURES];
    CXLFeatureValue saved[CXL_FEATURES];
    CXLFeatureTransfer transfer;
} CXLFeatures;

extern const VMStateDescription vmstate_cxl_features;

void cxl_features_add(CXLCCI *cci, CXLFeatures *s, CXLMem *mem);
/*
 * Current values become the saved ones, but those which outlive @reset,
 * CXL_FEATURE_RESET_*
 */
void cxl_features_reset(CXLFeatures *s, unsigned reset);
/* Forget a value that has been set in part */
void cxl_features_forget_transfer(CXLFeatures *s);

#endif /* HW_CXL_CCI_FEATURES_H */

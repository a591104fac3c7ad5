/*
 * The Features of a memory device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/features.h"

/*
 * CXL r3.1 8.2.9.9.11.1: Device Patrol Scrub Control
 * Implementation defined: a cycle takes an hour at least. Memory of a guest
 * has no errors that scrubbing would find: the values are all there is of it.
 */
#define SCRUB_CYCLE_MIN     1

static const CXLPatrolScrubSet scrub_defaults = { .cycle = 12 };

static bool scrub_accept(CXLFeatureValue *value)
{
    const CXLPatrolScrubSet *set = (const void *)value;

    return set->cycle >= SCRUB_CYCLE_MIN && !(set->flags & ~CXL_SCRUB_ENABLE);
}

static void scrub_show(const CXLFeatureValue *value, void *to)
{
    const CXLPatrolScrubSet *set = (const void *)value;
    CXLPatrolScrub *out = to;

    out->capabilities = CXL_SCRUB_CYCLE_CHANGEABLE;
    out->cycle = set->cycle;
    out->cycle_min = SCRUB_CYCLE_MIN;
    out->flags = set->flags;
}

/* CXL r3.1 8.2.9.9.11.2: DDR5 Error Check Scrub Control */

static const CXLEcsSet ecs_defaults = {
    .config = {
        { { CXL_ECS_THRESHOLD_256 } },
        { { CXL_ECS_THRESHOLD_256 } },
        { { CXL_ECS_THRESHOLD_256 } },
    },
};
QEMU_BUILD_BUG_ON(CXL_ECS_FRUS != 3);

static bool ecs_accept_config(CXLLe16 *config)
{
    uint16_t value = cxl_le16_get(*config);
    uint16_t threshold = value & CXL_ECS_THRESHOLD_MASK;

    *config = cxl_le16(value & ~CXL_ECS_RESET_COUNTER);
    return threshold >= CXL_ECS_THRESHOLD_256 &&
           threshold <= CXL_ECS_THRESHOLD_4096 &&
           !(value & ~CXL_ECS_CONFIG_MASK);
}

static bool ecs_accept(CXLFeatureValue *value)
{
    CXLEcsSet *set = (void *)value;
    bool legal = set->log_type <= CXL_ECS_LOG_PER_FRU;

    for (unsigned n = 0; n < CXL_ECS_FRUS; n++) {
        legal &= ecs_accept_config(&set->config[n]);
    }
    return legal;
}

static void ecs_show(const CXLFeatureValue *value, void *to)
{
    const CXLEcsSet *set = (const void *)value;
    CXLEcs *out = to;

    out->log_type = set->log_type;
    for (unsigned n = 0; n < CXL_ECS_FRUS; n++) {
        out->fru[n].config = set->config[n];
    }
}

/*
 * CXL r3.1 8.2.9.7.2: Features of maintenance operations
 * Implementation defined: memory can be used meanwhile, keeps its data, and
 * is repaired when the host says so, not by the device on its own.
 */

static CXLMaintenanceFeature maintenance(uint8_t latency, uint8_t class,
                                         uint8_t subclass)
{
    return (CXLMaintenanceFeature) {
        .latency = latency,
        .maintenance_class = class,
        .maintenance_subclass = subclass,
    };
}

static bool ppr_accept(CXLFeatureValue *value)
{
    const CXLPprSet *set = (const void *)value;

    return !cxl_le16_get(set->mode) && !(set->ppr_mode & ~CXL_PPR_RECORDS);
}

static void ppr_show(const CXLFeatureValue *value, CXLPprFeature *out)
{
    const CXLPprSet *set = (const void *)value;

    out->flags = CXL_PPR_HAS_DPA | CXL_PPR_HAS_NIBBLE_MASK |
                 CXL_PPR_HAS_RECORDS;
    out->ppr_mode = set->ppr_mode;
}

static void sppr_show(const CXLFeatureValue *value, void *to)
{
    CXLPprFeature *out = to;

    out->head = maintenance(CXL_MAINTENANCE_LATENCY_100MS,
                            CXL_MAINTENANCE_PPR, CXL_MAINTENANCE_PPR_SOFT);
    ppr_show(value, out);
}

static void hppr_show(const CXLFeatureValue *value, void *to)
{
    CXLPprFeature *out = to;

    out->head = maintenance(CXL_MAINTENANCE_LATENCY_1S,
                            CXL_MAINTENANCE_PPR, CXL_MAINTENANCE_PPR_HARD);
    ppr_show(value, out);
}

static bool sparing_accept(CXLFeatureValue *value)
{
    const CXLSparingSet *set = (const void *)value;

    return !cxl_le16_get(set->mode);
}

#define SPARING_SHOW(name, subclass)                                    \
static void name(const CXLFeatureValue *value, void *to)                \
{                                                                       \
    CXLSparingFeature *out = to;                                        \
                                                                        \
    out->head = maintenance(CXL_MAINTENANCE_LATENCY_100MS,              \
                            CXL_MAINTENANCE_SPARING, subclass);         \
    out->restrictions = cxl_le16(CXL_SPARING_HAS_HARD |                 \
                                 CXL_SPARING_HAS_SOFT);                 \
}
SPARING_SHOW(cacheline_show, CXL_MAINTENANCE_SPARING_CACHELINE)
SPARING_SHOW(row_show, CXL_MAINTENANCE_SPARING_ROW)
SPARING_SHOW(bank_show, CXL_MAINTENANCE_SPARING_BANK)
SPARING_SHOW(rank_show, CXL_MAINTENANCE_SPARING_RANK)

/* Nothing is switched on at first */
static const CXLFeatureValue zeroes;

/* CXL r3.1 8.2.9.9.11, 8.2.9.7.2: each reset brings back the default */
#define NOT_SAVED   (CXL_FEATURE_CHANGEABLE | CXL_FEATURE_HAS_DEFAULT)

/* @reset is the deepest one that a value outlives if it is saved */
#define SAVED(reset)                                                    \
    (CXL_FEATURE_CHANGEABLE | CXL_FEATURE_PERSISTENCE(reset) |          \
     CXL_FEATURE_PERSISTS_FW_UPDATE | CXL_FEATURE_HAS_DEFAULT |         \
     CXL_FEATURE_HAS_SAVED)

/* A reset does nothing that setting the Feature has not done */
#define EFFECTS     (CXL_EFFECT_CONFIG_NOW | CXL_EFFECT_RESETS_VALID)

/* CXL r3.2 Table 8-127, 8-130: with records, PPR has version 3 */
#define PPR(title, id, shown) {                                         \
    .name = title, .uuid = id, .version = 3,                            \
    .get_size = sizeof(CXLPprFeature), .set_size = sizeof(CXLPprSet),   \
    .flags = SAVED(CXL_FEATURE_RESET_HOT),                              \
    .effects = EFFECTS, .defaults = &zeroes,                            \
    .accept = ppr_accept, .show = shown }

#define SPARING(title, id, shown) {                                     \
    .name = title, .uuid = id, .version = 1,                            \
    .get_size = sizeof(CXLSparingFeature),                              \
    .set_size = sizeof(CXLSparingSet),                                  \
    .flags = NOT_SAVED, .effects = EFFECTS, .defaults = &zeroes,        \
    .accept = sparing_accept, .show = shown }

const CXLFeature cxl_features[CXL_FEATURES] = {
    [CXL_FEATURE_PATROL_SCRUB] = {
        .name = "patrol-scrub", .uuid = CXL_UUID_PATROL_SCRUB, .version = 1,
        .get_size = sizeof(CXLPatrolScrub),
        .set_size = sizeof(CXLPatrolScrubSet),
        .flags = NOT_SAVED, .effects = EFFECTS, .defaults = &scrub_defaults,
        .accept = scrub_accept, .show = scrub_show,
    },
    [CXL_FEATURE_ECS] = {
        .name = "ecs", .uuid = CXL_UUID_ECS, .version = 1,
        .get_size = sizeof(CXLEcs), .set_size = sizeof(CXLEcsSet),
        .flags = NOT_SAVED, .effects = EFFECTS, .defaults = &ecs_defaults,
        .accept = ecs_accept, .show = ecs_show,
    },
    [CXL_FEATURE_SPPR] = PPR("sppr", CXL_UUID_SPPR, sppr_show),
    [CXL_FEATURE_HPPR] = PPR("hppr", CXL_UUID_HPPR, hppr_show),
    [CXL_FEATURE_CACHELINE_SPARING] =
        SPARING("cacheline-sparing", CXL_UUID_CACHELINE_SPARING,
                cacheline_show),
    [CXL_FEATURE_ROW_SPARING] =
        SPARING("row-sparing", CXL_UUID_ROW_SPARING, row_show),
    [CXL_FEATURE_BANK_SPARING] =
        SPARING("bank-sparing", CXL_UUID_BANK_SPARING, bank_show),
    [CXL_FEATURE_RANK_SPARING] =
        SPARING("rank-sparing", CXL_UUID_RANK_SPARING, rank_show),
    [CXL_FEATURE_ASSET_TAG] = {
        .name = "asset-tag", .uuid = CXL_UUID_ASSET_TAG, .version = 1,
        .get_size = sizeof(CXLAssetTag), .set_size = sizeof(CXLAssetTag),
        .flags = SAVED(CXL_FEATURE_RESET_CXL),
        .effects = EFFECTS, .defaults = &zeroes,
    },
};

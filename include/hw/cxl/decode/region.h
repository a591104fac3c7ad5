/*
 * Region planner: the decoders that a set of devices needs, pure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_REGION_H
#define HW_CXL_DECODE_REGION_H

#include "hw/cxl/decode/route.h"

/* CXL r3.1 8.2.4.20.1: Target Count, the most there is */
#define CXL_PORT_WAYS_MAX   8

/**
 * CXLRegionPort: what a port on the way to a region's devices does
 * @granularity, @ways: of its decoder
 * @targets: port numbers, in the order of their turns
 */
typedef struct CXLRegionPort {
    void *node;
    uint32_t granularity;
    uint8_t ways;
    uint8_t targets[CXL_PORT_WAYS_MAX];
} CXLRegionPort;

/**
 * CXLRegionPlan: a region, wherever it will begin and however long it will be
 * @ways, @granularity: of each device's decoder
 * @members: the devices, @ways of them, in the order of their turns
 * @ports: CXLRegionPort, each before those below it; ports without decoders
 *         have no part
 */
typedef struct CXLRegionPlan {
    uint32_t granularity;
    uint8_t ways;
    void *members[CXL_WAYS_MAX];
    GArray *ports;
} CXLRegionPlan;

/*
 * Find the decoders by which @nr @members take turns of @granularity bytes in
 * @window, in that order. NULL, and the reason in @why, to free, when there
 * are none. Free with cxl_region_plan_free().
 */
CXLRegionPlan *cxl_region_plan(const CXLWindowSpec *window,
                               const CXLTopology *topology,
                               void *const *members, unsigned nr,
                               unsigned granularity, char **why);
void cxl_region_plan_free(CXLRegionPlan *plan);

/*
 * The most devices, of those that @usable takes, that can take turns of
 * @granularity bytes in @window; 0 when there are none. Fills in @members, in
 * an order that cxl_region_plan() takes.
 */
unsigned cxl_region_choose(const CXLWindowSpec *window,
                           const CXLTopology *topology, unsigned granularity,
                           bool (*usable)(void *mem, void *opaque),
                           void *opaque, void *members[CXL_WAYS_MAX]);
/* The first device below @window that @usable takes, or NULL */
void *cxl_region_first(const CXLWindowSpec *window,
                       const CXLTopology *topology,
                       bool (*usable)(void *mem, void *opaque), void *opaque);

#endif /* HW_CXL_DECODE_REGION_H */

/*
 * Lanes: an interleaved segment seen from each of its devices, pure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_LANES_H
#define HW_CXL_DECODE_LANES_H

#include "hw/cxl/decode/route.h"

/**
 * CXLLane: the part of a segment that one device holds
 * @mem: the device
 * @dpa, @share: its bytes, contiguous in its address space
 * @ways: its decoder's; it holds one granule in so many of the segment
 * @turn: which one of them, or -1 when that is not always the same
 */
typedef struct CXLLane {
    void *mem;
    uint64_t dpa;
    uint64_t share;
    unsigned ways;
    int turn;
} CXLLane;

/**
 * CXLLanes: a segment and its lanes
 * @segment: a copy
 * @owners: the lane of each of the segment's positions
 * @set: bytes after which every lane has had its turn a whole number of times
 */
typedef struct CXLLanes {
    CXLSegment segment;
    unsigned nr;
    CXLLane lanes[CXL_WAYS_MAX];
    uint8_t *owners;
    uint64_t set;
} CXLLanes;

/*
 * The lanes of @s when each address of it has a byte of its own and each byte
 * of the lanes an address; otherwise NULL, with the reason in @why, to free
 */
CXLLanes *cxl_lanes_new(const CXLSegment *s, char **why);
void cxl_lanes_free(CXLLanes *lanes);
/* Whether both deal out the same addresses to the same bytes */
bool cxl_lanes_equal(const CXLLanes *a, const CXLLanes *b);
/* Offset in the segment at which granule number @n of lane @i begins */
uint64_t cxl_lanes_granule(const CXLLanes *lanes, unsigned i, uint64_t n);

#endif /* HW_CXL_DECODE_LANES_H */

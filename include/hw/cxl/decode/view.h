/*
 * Interleave view: RAM that holds an interleaved segment in HPA order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_VIEW_H
#define HW_CXL_DECODE_VIEW_H

#include "exec/memory.h"
#include "hw/cxl/decode/lanes.h"

typedef struct CXLView CXLView;

/* Bytes of a segment, as offsets */
typedef struct CXLViewRange {
    uint64_t from;
    uint64_t to;
} CXLViewRange;

/*
 * What a view of @s would be made of; it has no memory yet. NULL, and the
 * reason in @why, to free, when @s cannot have one. The caller drops it with
 * object_unref() unless it fills it.
 */
CXLView *cxl_view_plan(const CXLSegment *s, unsigned window, char **why);
/*
 * Add to @ranges, CXLViewRange in any order, what of @view is to be checked
 * at each access; no more than @max
 */
void cxl_view_checked(const CXLView *view, GArray *ranges, unsigned max);
/* Whether both show the same bytes of the same RAM at the same addresses */
bool cxl_view_equal(const CXLView *a, const CXLView *b);
/*
 * Allocate @view's memory and gather the devices' bytes into it. From now on
 * theirs are stale, and who reads them through the devices is sent here.
 * False, and the reason in @why, when there is no memory for it.
 */
bool cxl_view_fill(CXLView *view, char **why);
/* What is to be mapped */
MemoryRegion *cxl_view_memory(CXLView *view);
/*
 * Scatter a filled view's bytes to the devices and drop it. It is not mapped
 * any more, but a vCPU may still run on what it was mapped as.
 */
void cxl_view_release(CXLView *view);

#endif /* HW_CXL_DECODE_VIEW_H */

/*
 * Interleave views, as their source files share them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_VIEW_INTERNAL_H
#define HW_CXL_DECODE_VIEW_INTERNAL_H

#include "qemu/queue.h"
#include "qemu/rcu.h"
#include "qom/object.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/decode/view-scan.h"
#include "hw/cxl/decode/view.h"

#define TYPE_CXL_VIEW "cxl-view"
OBJECT_DECLARE_SIMPLE_TYPE(CXLView, CXL_VIEW)

/* Bits of lanes */
#define CXL_VIEW_ALL        MAKE_64BIT_MASK(0, CXL_WAYS_MAX)

/**
 * CXLViewLane: the memory behind one lane
 * @ram, @offset: where the lane begins
 * @persistent: its bytes are to outlive QEMU
 * @lasting: others may see its bytes, in a file
 * @discard: what was gathered is given back to the host
 */
typedef struct CXLViewLane {
    CXLView *view;
    MemoryRegion *ram;
    hwaddr offset;
    bool persistent;
    bool lasting;
    bool discard;
    CXLMemShadow shadow;
} CXLViewLane;

/**
 * CXLView: a view; it owns @mr, so that whoever uses that keeps both
 * @window: for traces
 * @host: the memory of @mr; NULL as long as it has none
 * @live: filled and not released
 * @persistent, @lasting: the lanes that are, as bits
 * @logging: pages that are written to are logged
 * @snap, @cursor: pages that were, and up to which one that has been looked
 *                 after
 * @whole: each page counts as written to, the next time that all lanes are
 *         brought up to date
 * @due: when @snap is to be taken anew
 */
struct CXLView {
    Object parent_obj;

    struct rcu_head rcu;
    unsigned window;
    CXLLanes *lanes;
    CXLViewLane lane[CXL_WAYS_MAX];
    MemoryRegion mr;
    uint8_t *host;
    bool live;
    uint64_t persistent;
    uint64_t lasting;

    bool logging;
    bool whole;
    DirtyBitmapSnapshot *snap;
    uint64_t cursor;
    int64_t due;
    QLIST_ENTRY(CXLView) next;
};

/* After writing to RAM by its pointer: what TCG and migration have to know */
void cxl_view_wrote(MemoryRegion *ram, hwaddr offset, uint64_t len);

/**
 * CXLViewPass: bytes going from a view to its devices
 * @lanes: to which of them, as bits
 * @bytes: how many differed
 * @from, @to: of each lane, offsets in its RAM that cxl_view_wrote() has not
 *             heard of yet
 */
typedef struct CXLViewPass {
    CXLView *view;
    uint64_t lanes;
    uint64_t bytes;
    struct {
        hwaddr from;
        hwaddr to;
        CXLScan scan;
    } lane[CXL_WAYS_MAX];
} CXLViewPass;

CXLViewPass *cxl_view_pass_begin(CXLView *view, uint64_t lanes);
/* The bytes at offsets @from to @to of the view */
void cxl_view_pass_range(CXLViewPass *pass, uint64_t from, uint64_t to);
/* Returns @bytes */
uint64_t cxl_view_pass_end(CXLViewPass *pass);

/* Give back to the host what a lane's RAM holds of [@from, @to) of its share */
void cxl_view_lane_discard(CXLViewLane *lane, uint64_t from, uint64_t to);

/* A view begins or ceases to be up to date by itself alone */
void cxl_view_sync_start(CXLView *view);
void cxl_view_sync_stop(CXLView *view);
/* Why no view can be made now, to free, or NULL */
char *cxl_view_sync_refuses(void);

#endif /* HW_CXL_DECODE_VIEW_INTERNAL_H */

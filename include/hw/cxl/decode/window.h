/*
 * CXL Fixed Memory Windows: the host physical ranges that lead to CXL
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_WINDOW_H
#define HW_CXL_DECODE_WINDOW_H

#include "exec/memory.h"
#include "qemu/queue.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/cxl-port.h"
#include "hw/cxl/decode/route.h"

/**
 * CXLWindow: one window and what it routes to now
 * @mr: I/O region over the whole window; fast mappings lie above it
 * @spec: what the compiler needs; its bridges are objects with TYPE_CXL_PORT
 * @route: published by RCU
 * @maps: how each segment of the route is mapped, private to window-map.c
 * @plans: how it will be, while that changes
 */
typedef struct CXLWindow {
    MemoryRegion mr;
    unsigned index;
    CXLWindowSpec spec;
    struct CXLWindowRoute *route;
    GPtrArray *maps;
    GPtrArray *plans;
    QLIST_ENTRY(CXLWindow) next;
} CXLWindow;

/**
 * cxl_window_init: a window of @size bytes over @nr host bridges
 * @hpa: where the machine maps it; it is mapped by the caller, at @w->mr
 * @granularity, @nr: legal ones, checked by the caller
 *
 * @hpa and @size are multiples of CXL_HDM_ALIGN. A window stays for as long
 * as QEMU runs.
 */
void cxl_window_init(CXLWindow *w, Object *owner, unsigned index,
                     uint64_t hpa, uint64_t size, CXLArithmetic arithmetic,
                     unsigned granularity, Object **bridges, unsigned nr);

/* The topology of the machine, of objects with TYPE_CXL_PORT or TYPE_CXL_MEM */
extern const CXLTopology cxl_window_topology;

/*
 * Something that routes depend on has changed: a decoder was committed or
 * uncommitted, a device came, went or was reset, or what CXLMemClass.ram()
 * returns is another. Compiles and maps anew what differs, in every window.
 * Called with the BQL held.
 */
void cxl_windows_update(void);

/* Like cxl_windows_update(), and forget @mem, whose memory is going away */
void cxl_windows_forget(CXLMem *mem);

/* A window; the next one is QLIST_NEXT(w, next) */
const CXLWindow *cxl_windows_first(void);
/* What @w routes to now; with the BQL held, until that changes */
const CXLRoute *cxl_window_route(const CXLWindow *w);
/*
 * How the segment that begins at @hpa is mapped: "alias", "view", or "io: "
 * and why it is not faster; in @holes how many ranges of it are not mapped
 */
const char *cxl_window_how(const CXLWindow *w, uint64_t hpa, unsigned *holes);

/*
 * Find the fastest mapping that is exact for each segment of @route; window.c
 * calls it for each window
 */
void cxl_window_plan(CXLWindow *w, const CXLRoute *route);
/*
 * Then map as planned what differs, in all windows from @first on: bytes may
 * move between windows, so that nothing comes before all that goes is gone.
 */
void cxl_windows_remap(CXLWindow *first);

#endif /* HW_CXL_DECODE_WINDOW_H */

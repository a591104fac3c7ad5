/*
 * Which pages of a piece of RAM hold anything
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_VIEW_SCAN_H
#define HW_CXL_DECODE_VIEW_SCAN_H

#include "exec/memory.h"

#define CXL_SCAN_REGIONS    64

/* As the kernel's PAGEMAP_SCAN fills it in */
typedef struct CXLScanRegion {
    uint64_t start;
    uint64_t end;
    uint64_t categories;
} CXLScanRegion;

typedef enum CXLScanKind {
    CXL_SCAN_ALL,           /* nothing can be found out: all is there */
    CXL_SCAN_FILE,          /* the holes of a file */
    CXL_SCAN_PAGEMAP,       /* the page table of this process */
} CXLScanKind;

/**
 * CXLScan: one pass over a piece of RAM, best from its start to its end
 * @known_from, @known_to: offsets between which @regions are those there are
 *
 * What is found is remembered: a pass sees pages as they were at some time
 * of it, so that one that appears in its course may be missed.
 */
typedef struct CXLScan {
    CXLScanKind kind;
    int fd;
    uint64_t fd_offset;
    uint8_t *host;
    uint64_t known_from;
    uint64_t known_to;
    unsigned nr;
    unsigned next;
    CXLScanRegion regions[CXL_SCAN_REGIONS];
} CXLScan;

void cxl_scan_init(CXLScan *scan, MemoryRegion *ram);
/*
 * Whether there are pages from offset @at on; false: all bytes are zero.
 * @end: up to where, not past @limit, that is so; @at and @limit are
 * multiples of the host's page size.
 */
bool cxl_scan(CXLScan *scan, uint64_t at, uint64_t limit, uint64_t *end);

#endif /* HW_CXL_DECODE_VIEW_SCAN_H */

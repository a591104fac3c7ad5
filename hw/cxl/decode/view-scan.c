/*
 * Which pages of a piece of RAM hold anything
 *
 * Memory that nobody touched costs nothing and is zero. A file or memfd says
 * where it has holes; for anonymous memory the kernel tells which pages are
 * present or swapped out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include <sys/ioctl.h>
#include "exec/cpu-common.h"
#include "exec/ramblock.h"
#include "hw/cxl/decode/view-scan.h"

/* Linux 6.7: ioctl PAGEMAP_SCAN of /proc/PID/pagemap; not in older headers */
typedef struct ScanArg {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t vec;
    uint64_t vec_len;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
} ScanArg;
#define SCAN_IOCTL          _IOWR('f', 16, ScanArg)
#define SCAN_PRESENT        (1 << 3)
#define SCAN_SWAPPED        (1 << 4)

/* Linux Documentation/admin-guide/mm/pagemap.rst: bits of an entry */
#define PAGEMAP_SWAPPED     (1ULL << 62)
#define PAGEMAP_PRESENT     (1ULL << 63)
#define PAGEMAP_ENTRIES     4096

static int scan_pagemap_fd(void)
{
    static int fd = -1;

    if (fd < 0) {
        fd = qemu_open_old("/proc/self/pagemap", O_RDONLY);
    }
    return fd;
}

void cxl_scan_init(CXLScan *scan, MemoryRegion *ram)
{
    RAMBlock *rb = ram->ram_block;
    bool shared = qemu_ram_is_shared(rb);

    scan->kind = CXL_SCAN_ALL;
    scan->fd = qemu_ram_get_fd(rb);
    scan->fd_offset = rb->fd_offset;
    scan->host = memory_region_get_ram_ptr(ram);
    scan->known_from = scan->known_to = 0;
    scan->nr = scan->next = 0;
#ifdef SEEK_DATA
    if (shared && scan->fd >= 0) {
        scan->kind = CXL_SCAN_FILE;
    }
#endif
    if (!shared && scan->fd < 0 && scan_pagemap_fd() >= 0) {
        scan->fd = scan_pagemap_fd();
        scan->kind = CXL_SCAN_PAGEMAP;
    }
}

static void scan_add(CXLScan *scan, uint64_t start, uint64_t end)
{
    if (start < end) {
        scan->regions[scan->nr++] = (CXLScanRegion) { start, end };
    }
}

/* Both return the offset up to which @scan->regions is complete */

static uint64_t scan_file(CXLScan *scan, uint64_t at, uint64_t limit)
{
#ifdef SEEK_DATA
    while (at < limit && scan->nr < CXL_SCAN_REGIONS) {
        off_t data = lseek(scan->fd, at + scan->fd_offset, SEEK_DATA);
        off_t hole;

        if (data < 0 && errno == ENXIO) {
            return limit;
        }
        hole = data < 0 ? -1 : lseek(scan->fd, data, SEEK_HOLE);
        if (hole < 0) {
            scan_add(scan, at, limit);
            return limit;
        }
        data -= scan->fd_offset;
        hole -= scan->fd_offset;
        at = MIN(QEMU_ALIGN_UP(hole, qemu_real_host_page_size()), limit);
        scan_add(scan, QEMU_ALIGN_DOWN(data, qemu_real_host_page_size()), at);
    }
    return at;
#else
    g_assert_not_reached();
#endif
}

/* Kernels before 6.7: an entry a page */
static uint64_t scan_entries(CXLScan *scan, uint64_t at, uint64_t limit)
{
    size_t page = qemu_real_host_page_size();
    g_autofree uint64_t *entries = g_new(uint64_t, PAGEMAP_ENTRIES);
    bool was = false;

    while (at < limit && scan->nr < CXL_SCAN_REGIONS) {
        size_t nr = MIN((limit - at) / page, PAGEMAP_ENTRIES);
        off_t where = (uintptr_t)(scan->host + at) / page * sizeof(uint64_t);

        if (pread(scan->fd, entries, nr * sizeof(uint64_t), where) !=
            nr * sizeof(uint64_t)) {
            scan_add(scan, at, limit);
            return limit;
        }
        for (size_t i = 0; i < nr; i++, at += page) {
            bool is = entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED);

            if (is && was) {
                scan->regions[scan->nr - 1].end = at + page;
            } else if (is && scan->nr == CXL_SCAN_REGIONS) {
                return at;
            } else if (is) {
                scan_add(scan, at, at + page);
            }
            was = is;
        }
    }
    return at;
}

static uint64_t scan_pagemap(CXLScan *scan, uint64_t at, uint64_t limit)
{
    uintptr_t host = (uintptr_t)scan->host;
    ScanArg arg = {
        .size = sizeof(arg),
        .start = host + at,
        .end = host + limit,
        .vec = (uintptr_t)scan->regions,
        .vec_len = CXL_SCAN_REGIONS,
        .category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
        .return_mask = SCAN_PRESENT | SCAN_SWAPPED,
    };
    int nr = ioctl(scan->fd, SCAN_IOCTL, &arg);

    if (nr < 0) {
        return scan_entries(scan, at, limit);
    }
    scan->nr = nr;
    for (unsigned i = 0; i < scan->nr; i++) {
        scan->regions[i].start -= host;
        scan->regions[i].end -= host;
    }
    return nr < CXL_SCAN_REGIONS ? limit : scan->regions[nr - 1].end;
}

static void scan_refill(CXLScan *scan, uint64_t at, uint64_t limit)
{
    scan->nr = scan->next = 0;
    scan->known_from = at;
    scan->known_to = scan->kind == CXL_SCAN_FILE ? scan_file(scan, at, limit)
                                                 : scan_pagemap(scan, at, limit);
    assert(scan->known_to > at);
}

bool cxl_scan(CXLScan *scan, uint64_t at, uint64_t limit, uint64_t *end)
{
    const CXLScanRegion *r;

    assert(at < limit);
    if (scan->kind == CXL_SCAN_ALL) {
        *end = limit;
        return true;
    }
    if (at < scan->known_from || at >= scan->known_to) {
        scan_refill(scan, at, limit);
    }
    if (scan->next && at < scan->regions[scan->next - 1].end) {
        scan->next = 0;
    }
    while (scan->next < scan->nr && scan->regions[scan->next].end <= at) {
        scan->next++;
    }
    r = &scan->regions[scan->next];
    if (scan->next < scan->nr && r->start <= at) {
        *end = MIN(r->end, limit);
        return true;
    }
    *end = MIN(scan->next < scan->nr ? r->start : scan->known_to, limit);
    return false;
}

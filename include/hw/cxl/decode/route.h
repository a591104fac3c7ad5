/*
 * Route compiler: from windows, decoders and topology to segments, pure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_ROUTE_H
#define HW_CXL_DECODE_ROUTE_H

#include "hw/cxl/cxl-decoder.h"

typedef enum CXLNodeKind {
    CXL_NODE_NONE,          /* nothing is there */
    CXL_NODE_PASSTHROUGH,   /* a port without decoders and one child */
    CXL_NODE_PORT,          /* a port with decoders */
    CXL_NODE_MEM,           /* a memory device */
} CXLNodeKind;

/*
 * Implementation defined: levels that are followed below a host bridge. PCI
 * runs out of bus numbers long before a real topology gets there.
 */
#define CXL_ROUTE_DEPTH_MAX     32

/**
 * CXLTopology: how the compiler looks at the topology
 * @kind: what @node is; NULL is CXL_NODE_NONE
 * @decoder: the @n-th decoder of a port or device: 1 with @out filled in,
 *           0 when it is not committed, -1 past the last
 * @child: what stands behind port number @target, or NULL
 */
typedef struct CXLTopology {
    CXLNodeKind (*kind)(void *node);
    int (*decoder)(void *node, unsigned n, CXLDecoder *out);
    void *(*child)(void *node, uint8_t target);
} CXLTopology;

/**
 * CXLPosition: one turn of a segment's interleave
 * @mem: the memory device, NULL when nothing decodes there
 * @dpa: device address where the device's decoder begins
 * @base: HPA where the device's decoder begins
 * @ways, @granularity: by which the device finds its share
 *
 * The device finds an address by its own decoder alone, whatever the levels
 * above it do: dpa + cxl_interleave_to_device(hpa - base, ways, granularity).
 */
typedef struct CXLPosition {
    void *mem;
    uint64_t dpa;
    uint64_t base;
    uint32_t granularity;
    uint8_t ways;
} CXLPosition;

/**
 * CXLSegment: a range of HPA over which no decoder begins or ends
 * @hpa, @size: bytes, multiples of CXL_HDM_ALIGN
 * @granularity: bytes a turn; turns are counted from @hpa
 * @nr: turns until the pattern repeats; 1 when the segment does not interleave
 */
typedef struct CXLSegment {
    uint64_t hpa;
    uint64_t size;
    uint32_t granularity;
    uint32_t nr;
    CXLPosition *positions;
} CXLSegment;

/**
 * CXLRoute: the segments of one window, ascending; what none covers misses
 */
typedef struct CXLRoute {
    unsigned nr;
    CXLSegment *segments;
} CXLRoute;

/* A window as the compiler sees it: @decoder.targets index @bridges */
typedef struct CXLWindowSpec {
    CXLDecoder decoder;
    CXLArithmetic arithmetic;
    void *bridges[CXL_WAYS_MAX];
} CXLWindowSpec;

/* Compile a window; never NULL; free with cxl_route_free() */
CXLRoute *cxl_route_compile(const CXLWindowSpec *window,
                            const CXLTopology *topology);
void cxl_route_free(CXLRoute *route);
/* Whether two routes lead every address to the same place */
bool cxl_route_equal(const CXLRoute *a, const CXLRoute *b);
/* The segment that holds @hpa, or NULL */
const CXLSegment *cxl_route_find(const CXLRoute *route, uint64_t hpa);
/*
 * The device and DPA of @hpa; NULL when nothing decodes it. @run: bytes from
 * @hpa on, at least one, that are contiguous in that device's DPA space (or
 * that nothing decodes either).
 */
void *cxl_route_resolve(const CXLRoute *route, uint64_t hpa, uint64_t *dpa,
                        uint64_t *run);

#endif /* HW_CXL_DECODE_ROUTE_H */

/*
 * Route compiler: from windows, decoders and topology to segments, pure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_ROUTE_H
#define HW_CXL_DECODE_ROUTE_H

#include "hw/cxl/cxl-decoder.h"
#include "hw/cxl/decode/interleave.h"

typedef enum CXLNodeKind {
    CXL_NODE_NONE,          /* nothing is there */
    CXL_NODE_PASSTHROUGH,   /* a port without decoders and one child */
    CXL_NODE_PORT,          /* a port with decoders */
    CXL_NODE_MEM,           /* a memory device */
} CXLNodeKind;

/*
 * Implementation defined: levels that are followed below a host bridge. Each
 * switch takes two bus numbers, so that PCI runs out of them before.
 */
#define CXL_ROUTE_DEPTH_MAX     128

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
 * @nr: elements of @positions; 1 when the segment does not interleave
 * @xor_ways: ways of a window with XOR arithmetic; else 1
 * @xor_granularity, @xormaps: by which that window selects one of its ways
 *
 * Without XOR, @positions are the turns, one after the other, until they
 * repeat. A pattern with XOR would be far too long for that: @positions are
 * then @xor_ways patterns, one for each target of the window, of what its
 * levels below do. cxl_segment_position() finds the right one in both.
 */
typedef struct CXLSegment {
    uint64_t hpa;
    uint64_t size;
    uint32_t granularity;
    uint32_t nr;
    uint32_t xor_granularity;
    uint8_t xor_ways;
    uint64_t xormaps[CXL_XORMAPS_MAX];
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
/* The element of @s->positions that the byte at @hpa, inside @s, belongs to */
uint32_t cxl_segment_position(const CXLSegment *s, uint64_t hpa);
/* The device and DPA of @hpa, inside @s; NULL when nothing decodes it */
void *cxl_segment_resolve(const CXLSegment *s, uint64_t hpa, uint64_t *dpa);
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

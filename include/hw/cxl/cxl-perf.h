/*
 * What an access costs: latencies and bandwidths, and how they add up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_PERF_H
#define HW_CXL_PERF_H

typedef enum CXLPerfDirection {
    CXL_PERF_READ,
    CXL_PERF_WRITE,
    CXL_PERF_DIRECTIONS
} CXLPerfDirection;

/**
 * CXLPerf: what reads and writes cost, each 0 where nothing is known
 * @latency: nanoseconds
 * @bandwidth: MB/s, millions of bytes a second
 */
typedef struct CXLPerf {
    uint32_t latency[CXL_PERF_DIRECTIONS];
    uint32_t bandwidth[CXL_PERF_DIRECTIONS];
} CXLPerf;

/* All four values are known */
bool cxl_perf_known(const CXLPerf *perf);

/*
 * @perf, and then @next on the same way: latencies add up, the smallest
 * bandwidth is that of the whole
 */
void cxl_perf_in_series(CXLPerf *perf, const CXLPerf *next);

/*
 * @perf, and @other beside it, by turns: an access may take the slower way,
 * bandwidths add up
 */
void cxl_perf_beside(CXLPerf *perf, const CXLPerf *other);

/*
 * A link at @mts megatransfers a second over @lanes lanes: what a flit of 68
 * bytes, or of 256, takes; lanes carry one bit in a transfer
 */
CXLPerf cxl_perf_link(uint32_t mts, unsigned lanes, bool flit_256);

/*
 * ACPI 6.5 5.2.28.4, CDAT 1.04 2.2: nanoseconds, or MB/s, that an entry
 * stands for of which the unit is @unit picoseconds, or MB/s; 0 where it
 * stands for nothing that a CXLPerf can hold
 */
uint32_t cxl_perf_latency_of(uint16_t entry, uint64_t unit);
uint32_t cxl_perf_bandwidth_of(uint16_t entry, uint64_t unit);

#endif /* HW_CXL_PERF_H */

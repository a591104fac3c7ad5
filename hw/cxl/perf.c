/*
 * What an access costs: latencies and bandwidths, and how they add up
 *
 * An operating system computes the performance of a region in the same way
 * from generic ports, links and CDATs; what firmware's tables say must agree.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/host-utils.h"
#include "hw/cxl/cxl-perf.h"

#define PS_PER_NS       1000
/* ACPI 6.5 5.2.28.4: the target cannot be reached */
#define UNREACHABLE     0xffff

/* CXL r3.1 4.2, 4.3: bytes of a flit in 68B and in 256B Flit Mode */
#define FLIT_SMALL      68
#define FLIT_LARGE      256

static uint32_t saturate(uint64_t value)
{
    return MIN(value, UINT32_MAX);
}

bool cxl_perf_known(const CXLPerf *perf)
{
    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        if (!perf->latency[d] || !perf->bandwidth[d]) {
            return false;
        }
    }
    return true;
}

void cxl_perf_in_series(CXLPerf *perf, const CXLPerf *next)
{
    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        perf->latency[d] = saturate((uint64_t)perf->latency[d] +
                                    next->latency[d]);
        if (!perf->bandwidth[d]) {
            perf->bandwidth[d] = next->bandwidth[d];
        } else if (next->bandwidth[d]) {
            perf->bandwidth[d] = MIN(perf->bandwidth[d], next->bandwidth[d]);
        }
    }
}

void cxl_perf_beside(CXLPerf *perf, const CXLPerf *other)
{
    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        perf->latency[d] = MAX(perf->latency[d], other->latency[d]);
        perf->bandwidth[d] = saturate((uint64_t)perf->bandwidth[d] +
                                      other->bandwidth[d]);
    }
}

CXLPerf cxl_perf_link(uint32_t mts, unsigned lanes, bool flit_256)
{
    uint64_t bandwidth = (uint64_t)(mts / BITS_PER_BYTE) * lanes;
    CXLPerf perf = { };

    if (bandwidth) {
        uint64_t bytes = flit_256 ? FLIT_LARGE : FLIT_SMALL;
        /* One MB/s is one byte a microsecond */
        uint64_t ns = DIV_ROUND_UP(bytes * 1000, bandwidth);

        for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
            perf.latency[d] = saturate(ns);
            perf.bandwidth[d] = saturate(bandwidth);
        }
    }
    return perf;
}

static uint32_t perf_product(uint16_t entry, uint64_t unit)
{
    if (!entry || entry == UNREACHABLE || unit > UINT32_MAX / entry) {
        return 0;
    }
    return entry * unit;
}

uint32_t cxl_perf_latency_of(uint16_t entry, uint64_t unit)
{
    return DIV_ROUND_UP((uint64_t)perf_product(entry, unit), PS_PER_NS);
}

uint32_t cxl_perf_bandwidth_of(uint16_t entry, uint64_t unit)
{
    return perf_product(entry, unit);
}

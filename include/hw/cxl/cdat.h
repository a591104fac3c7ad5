/*
 * Coherent Device Attribute Table: built or loaded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CDAT_H
#define HW_CXL_CDAT_H

#include "hw/cxl/cxl-perf.h"

/**
 * CXLCdat: a CDAT, header and structures in their order
 * @table: the bytes, with length and checksum right
 * @entries: uint32_t offset of each entry in @table; entry 0 is the header
 */
typedef struct CXLCdat {
    GByteArray *table;
    GArray *entries;
} CXLCdat;

/*
 * CDAT 1.04 2.1, 2.2, 2.5: DSMAS, DSLBIS and DSEMTS for each partition, of
 * @vmem bytes from DPA 0 and of @pmem bytes after it; 0 leaves one out. Both
 * perform as @perf says, which cxl_cdat_check_perf() has found legal.
 *
 * There is no DSMSCIS, since the device has no cache before its memory, and
 * no DSIS, since nothing in it accesses memory on its own.
 */
void cxl_cdat_build_mem(CXLCdat *cdat, uint64_t vmem, uint64_t pmem,
                        const CXLPerf *perf);
/*
 * CDAT 1.04 2.6: SSLBIS for the upstream port of a switch, the same for each
 * of its downstream ports, those included that come later
 */
void cxl_cdat_build_switch(CXLCdat *cdat, const CXLPerf *perf);

/* What one DSLBIS or SSLBIS can say; bandwidths above 65534 in such steps */
#define CXL_CDAT_LATENCY_MAX            65534
#define CXL_CDAT_BANDWIDTH_MAX          65534000
#define CXL_CDAT_BANDWIDTH_STEP         1000

/*
 * Properties of a device of type @state, which has a CXLPerf @perf: latencies
 * in nanoseconds, the same for reads and writes or not, bandwidths in MB/s
 */
#define DEFINE_PROPS_CXL_PERF(state, perf, read_ns, write_ns, mbs) \
    DEFINE_PROP_UINT32("read-latency", state, \
                       perf.latency[CXL_PERF_READ], read_ns), \
    DEFINE_PROP_UINT32("write-latency", state, \
                       perf.latency[CXL_PERF_WRITE], write_ns), \
    DEFINE_PROP_UINT32("read-bandwidth", state, \
                       perf.bandwidth[CXL_PERF_READ], mbs), \
    DEFINE_PROP_UINT32("write-bandwidth", state, \
                       perf.bandwidth[CXL_PERF_WRITE], mbs)

/* Whether a table can say what @perf, of a device of @type, says */
bool cxl_cdat_check_perf(const CXLPerf *perf, const char *type, Error **errp);
/*
 * Take the table from the @len bytes at @bytes, which come from the file
 * @name; fails when it is cut short, has wrong lengths, types or checksum,
 * and leaves @cdat as it was
 */
bool cxl_cdat_parse(CXLCdat *cdat, const void *bytes, size_t len,
                    const char *name, Error **errp);
/* The same from the file @path, which may be unreadable as well */
bool cxl_cdat_load(CXLCdat *cdat, const char *path, Error **errp);
void cxl_cdat_destroy(CXLCdat *cdat);

/* Number of entries, the header included */
unsigned cxl_cdat_count(const CXLCdat *cdat);
/* Entry @n and its bytes; NULL past the last */
const uint8_t *cxl_cdat_entry(const CXLCdat *cdat, unsigned n, uint32_t *len);

/*
 * What the memory at @dpa costs by the DSMAS that describes it and the DSLBIS
 * of that; false when it does not say all
 */
bool cxl_cdat_mem_perf(const CXLCdat *cdat, uint64_t dpa, CXLPerf *perf);
/*
 * What the way between the upstream port and downstream port @port costs by
 * the SSLBIS; false when it does not say all
 */
bool cxl_cdat_switch_perf(const CXLCdat *cdat, uint16_t port, CXLPerf *perf);

#endif /* HW_CXL_CDAT_H */

/*
 * Coherent Device Attribute Table: what it says about performance
 *
 * Whether a table was built or loaded makes no difference: what is read here
 * is what the guest reads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cdat.h"
#include "hw/cxl/spec/tables.h"

/* CDAT 1.04 2.2: Memory Hierarchy of Flags; 0 is memory, others are caches */
#define DSLBIS_HIERARCHY        0x0f

/* Put what @entry means, of data of type @type, into @perf */
static void perf_set(CXLPerf *perf, uint8_t type, uint16_t entry, uint64_t unit)
{
    uint32_t latency = cxl_perf_latency_of(entry, unit);
    uint32_t bandwidth = cxl_perf_bandwidth_of(entry, unit);
    static const struct {
        bool bandwidth, read, write;
    } types[] = {
        [CXL_DSLBIS_ACCESS_LATENCY] = { false, true, true },
        [CXL_DSLBIS_READ_LATENCY] = { false, true, false },
        [CXL_DSLBIS_WRITE_LATENCY] = { false, false, true },
        [CXL_DSLBIS_ACCESS_BANDWIDTH] = { true, true, true },
        [CXL_DSLBIS_READ_BANDWIDTH] = { true, true, false },
        [CXL_DSLBIS_WRITE_BANDWIDTH] = { true, false, true },
    };
    uint32_t *to;

    if (type >= ARRAY_SIZE(types)) {
        return;
    }
    to = types[type].bandwidth ? perf->bandwidth : perf->latency;
    if (types[type].read) {
        to[CXL_PERF_READ] = types[type].bandwidth ? bandwidth : latency;
    }
    if (types[type].write) {
        to[CXL_PERF_WRITE] = types[type].bandwidth ? bandwidth : latency;
    }
}

/* Structure @n of the table if it is of @type, or NULL */
static const void *perf_entry(const CXLCdat *cdat, unsigned n,
                              CXLCdatType type, uint32_t *len)
{
    const uint8_t *entry = cxl_cdat_entry(cdat, n, len);

    return entry && *entry == type ? entry : NULL;
}

/* The DSMAS that describes @dpa, or NULL; entry 0 is the header */
static const CXLDsmas *perf_find_dsmas(const CXLCdat *cdat, uint64_t dpa)
{
    for (unsigned n = 1; n < cxl_cdat_count(cdat); n++) {
        uint32_t len;
        const CXLDsmas *dsmas = perf_entry(cdat, n, CXL_CDAT_DSMAS, &len);
        uint64_t base = dsmas ? cxl_le64_get(dsmas->dpa_base) : 0;

        if (dsmas && dpa >= base &&
            dpa - base < cxl_le64_get(dsmas->dpa_length)) {
            return dsmas;
        }
    }
    return NULL;
}

bool cxl_cdat_mem_perf(const CXLCdat *cdat, uint64_t dpa, CXLPerf *perf)
{
    const CXLDsmas *dsmas = perf_find_dsmas(cdat, dpa);

    *perf = (CXLPerf) { };
    for (unsigned n = 1; dsmas && n < cxl_cdat_count(cdat); n++) {
        uint32_t len;
        const CXLDslbis *d = perf_entry(cdat, n, CXL_CDAT_DSLBIS, &len);

        if (d && d->handle == dsmas->handle &&
            !(d->flags & DSLBIS_HIERARCHY)) {
            perf_set(perf, d->data_type, cxl_le16_get(d->value[0]),
                     cxl_le64_get(d->entry_base_unit));
        }
    }
    return cxl_perf_known(perf);
}

/*
 * CDAT 1.04 2.6: whether the path is one between the upstream port and
 * downstream port @port
 */
static bool perf_path_leads_to(const CXLSslbisPath *path, uint16_t port)
{
    uint16_t x = cxl_le16_get(path->port_x), y = cxl_le16_get(path->port_y);
    bool up_x = x == CXL_SSLBIS_UPSTREAM_PORT || x == CXL_SSLBIS_ANY_PORT;
    bool up_y = y == CXL_SSLBIS_UPSTREAM_PORT || y == CXL_SSLBIS_ANY_PORT;
    bool down_x = x == port || x == CXL_SSLBIS_ANY_PORT;
    bool down_y = y == port || y == CXL_SSLBIS_ANY_PORT;

    return (up_x && down_y) || (up_y && down_x);
}

bool cxl_cdat_switch_perf(const CXLCdat *cdat, uint16_t port, CXLPerf *perf)
{
    *perf = (CXLPerf) { };
    for (unsigned n = 1; n < cxl_cdat_count(cdat); n++) {
        uint32_t len;
        const CXLSslbis *s = perf_entry(cdat, n, CXL_CDAT_SSLBIS, &len);
        unsigned paths = s ? (len - sizeof(*s)) / sizeof(s->path[0]) : 0;

        for (unsigned p = 0; p < paths; p++) {
            if (perf_path_leads_to(&s->path[p], port)) {
                perf_set(perf, s->data_type, cxl_le16_get(s->path[p].value),
                         cxl_le64_get(s->entry_base_unit));
            }
        }
    }
    return cxl_perf_known(perf);
}

/*
 * Performance: how it adds up, and what a CDAT says about it
 *
 * Sources: hw/cxl/perf.c, hw/cxl/cdat-perf.c, hw/cxl/cdat.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/cxl/cdat.h"
#include "hw/cxl/spec/tables.h"

static void check(const CXLPerf *perf, uint32_t read_latency,
                  uint32_t write_latency, uint32_t read_bandwidth,
                  uint32_t write_bandwidth)
{
    g_assert_cmpuint(perf->latency[CXL_PERF_READ], ==, read_latency);
    g_assert_cmpuint(perf->latency[CXL_PERF_WRITE], ==, write_latency);
    g_assert_cmpuint(perf->bandwidth[CXL_PERF_READ], ==, read_bandwidth);
    g_assert_cmpuint(perf->bandwidth[CXL_PERF_WRITE], ==, write_bandwidth);
}

static const CXLPerf slow = { .latency = { 100, 200 },
                              .bandwidth = { 8000, 4000 } };
static const CXLPerf fast = { .latency = { 10, 20 },
                              .bandwidth = { 6000, 64000 } };
static const CXLPerf unknown;
static const CXLPerf most = { .latency = { UINT32_MAX, UINT32_MAX },
                              .bandwidth = { UINT32_MAX, UINT32_MAX } };

static void test_series(void)
{
    CXLPerf perf = slow;

    cxl_perf_in_series(&perf, &fast);
    check(&perf, 110, 220, 6000, 4000);
    cxl_perf_in_series(&perf, &unknown);
    check(&perf, 110, 220, 6000, 4000);
    perf = unknown;
    cxl_perf_in_series(&perf, &fast);
    check(&perf, 10, 20, 6000, 64000);
    cxl_perf_in_series(&perf, &most);
    check(&perf, UINT32_MAX, UINT32_MAX, 6000, 64000);
}

static void test_beside(void)
{
    CXLPerf perf = slow;

    cxl_perf_beside(&perf, &fast);
    check(&perf, 100, 200, 14000, 68000);
    cxl_perf_beside(&perf, &most);
    check(&perf, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
}

/* A flit at each speed, by hand */
static void test_link(void)
{
    static const struct {
        uint32_t mts, lanes;
        bool large;
        uint32_t ns, mbs;
    } links[] = {
        { 32000, 16, false, 2, 64000 },
        { 5000, 2, false, 55, 1250 },
        { 2500, 1, false, 218, 312 },
        { 16000, 8, false, 5, 16000 },
        { 64000, 16, true, 2, 128000 },
        { 64000, 1, true, 32, 8000 },
    };
    CXLPerf perf;

    for (unsigned i = 0; i < ARRAY_SIZE(links); i++) {
        perf = cxl_perf_link(links[i].mts, links[i].lanes, links[i].large);
        check(&perf, links[i].ns, links[i].ns, links[i].mbs, links[i].mbs);
    }
    perf = cxl_perf_link(0, 16, false);
    g_assert_false(cxl_perf_known(&perf));
    perf = cxl_perf_link(32000, 0, false);
    g_assert_false(cxl_perf_known(&perf));
}

/* ACPI 6.5 5.2.28.4: 0 and FFFFh stand for no value; picoseconds round up */
static void test_entry(void)
{
    g_assert_cmpuint(cxl_perf_latency_of(150, 1000), ==, 150);
    g_assert_cmpuint(cxl_perf_latency_of(1, 1), ==, 1);
    g_assert_cmpuint(cxl_perf_latency_of(1001, 1), ==, 2);
    g_assert_cmpuint(cxl_perf_latency_of(0, 1000), ==, 0);
    g_assert_cmpuint(cxl_perf_latency_of(0xffff, 1000), ==, 0);
    g_assert_cmpuint(cxl_perf_latency_of(2, UINT64_MAX), ==, 0);
    g_assert_cmpuint(cxl_perf_latency_of(1, UINT32_MAX), ==, 4294968);
    g_assert_cmpuint(cxl_perf_bandwidth_of(16, 1000), ==, 16000);
    g_assert_cmpuint(cxl_perf_bandwidth_of(0xfffe, 0x10000), ==, 0xfffe0000);
    g_assert_cmpuint(cxl_perf_bandwidth_of(2, 0x80000000), ==, 0);
}

/* What is built is read back, in each partition and outside of them */
static void test_mem(void)
{
    CXLCdat cdat;
    CXLPerf perf;

    cxl_cdat_build_mem(&cdat, 256 * MiB, 512 * MiB, &slow);
    g_assert_true(cxl_cdat_mem_perf(&cdat, 0, &perf));
    check(&perf, 100, 200, 8000, 4000);
    g_assert_true(cxl_cdat_mem_perf(&cdat, 768 * MiB - 1, &perf));
    check(&perf, 100, 200, 8000, 4000);
    g_assert_false(cxl_cdat_mem_perf(&cdat, 768 * MiB, &perf));
    check(&perf, 0, 0, 0, 0);
    g_assert_false(cxl_cdat_switch_perf(&cdat, 0, &perf));
    cxl_cdat_destroy(&cdat);
}

typedef struct Table {
    uint8_t bytes[1024];
    size_t len;
} Table;

static void append(Table *t, const void *bytes, size_t len)
{
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
}

static void append_dsmas(Table *t, uint8_t handle, uint64_t base, uint64_t len)
{
    CXLDsmas dsmas = {
        .entry = { .type = CXL_CDAT_DSMAS, .length = cxl_le16(24) },
        .handle = handle, .dpa_base = cxl_le64(base),
        .dpa_length = cxl_le64(len),
    };

    append(t, &dsmas, sizeof(dsmas));
}

static void append_dslbis(Table *t, uint8_t handle, uint8_t flags,
                          uint8_t type, uint64_t unit, uint16_t value)
{
    CXLDslbis d = {
        .entry = { .type = CXL_CDAT_DSLBIS, .length = cxl_le16(24) },
        .handle = handle, .flags = flags, .data_type = type,
        .entry_base_unit = cxl_le64(unit), .value[0] = cxl_le16(value),
    };

    append(t, &d, sizeof(d));
}

static void append_sslbis(Table *t, uint8_t type, uint64_t unit, uint16_t x,
                          uint16_t y, uint16_t value)
{
    struct {
        CXLSslbis head;
        CXLSslbisPath path;
    } s = {
        .head = {
            .entry = { .type = CXL_CDAT_SSLBIS,
                       .length = cxl_le16(sizeof(s)) },
            .data_type = type, .entry_base_unit = cxl_le64(unit),
        },
        .path = { .port_x = cxl_le16(x), .port_y = cxl_le16(y),
                  .value = cxl_le16(value) },
    };

    append(t, &s, sizeof(s));
}

static void parse(Table *t, CXLCdat *cdat)
{
    CXLCdatHeader *header = (CXLCdatHeader *)t->bytes;
    uint8_t sum = 0;

    header->revision = 1;
    header->length = cxl_le32(t->len);
    header->checksum = 0;
    for (size_t i = 0; i < t->len; i++) {
        sum += t->bytes[i];
    }
    header->checksum = -sum;
    g_assert_true(cxl_cdat_parse(cdat, t->bytes, t->len, "x", &error_abort));
}

/* CDAT 1.04 2.2: types that mean both directions, caches, other handles */
static void test_mem_file(void)
{
    Table t = { .len = sizeof(CXLCdatHeader) };
    CXLCdat cdat;
    CXLPerf perf;

    append_dslbis(&t, 7, 0, CXL_DSLBIS_ACCESS_LATENCY, 100, 1234);
    append_dslbis(&t, 7, 0, CXL_DSLBIS_ACCESS_BANDWIDTH, 10, 321);
    append_dslbis(&t, 7, 1, CXL_DSLBIS_ACCESS_LATENCY, 1000, 1);
    append_dslbis(&t, 7, 0, 99, 1000, 1);
    append_dslbis(&t, 3, 0, CXL_DSLBIS_READ_LATENCY, 1000, 9);
    append_dsmas(&t, 7, MiB, GiB);
    append_dsmas(&t, 3, GiB + MiB, GiB);
    parse(&t, &cdat);
    g_assert_true(cxl_cdat_mem_perf(&cdat, MiB, &perf));
    check(&perf, 124, 124, 3210, 3210);
    g_assert_false(cxl_cdat_mem_perf(&cdat, GiB + MiB, &perf));
    check(&perf, 9, 0, 0, 0);
    g_assert_false(cxl_cdat_mem_perf(&cdat, 0, &perf));
    check(&perf, 0, 0, 0, 0);
    cxl_cdat_destroy(&cdat);
}

/* CDAT 1.04 2.6: either end may be the upstream port; others do not count */
static void test_switch_file(void)
{
    Table t = { .len = sizeof(CXLCdatHeader) };
    CXLCdat cdat;
    CXLPerf perf;

    append_sslbis(&t, CXL_DSLBIS_ACCESS_LATENCY, 1000, 0x100, 0xffff, 70);
    append_sslbis(&t, CXL_DSLBIS_ACCESS_BANDWIDTH, 1000, 0xffff, 0x100, 64);
    append_sslbis(&t, CXL_DSLBIS_READ_LATENCY, 1000, 2, 0x100, 90);
    append_sslbis(&t, CXL_DSLBIS_READ_LATENCY, 1000, 2, 3, 1);
    parse(&t, &cdat);
    g_assert_true(cxl_cdat_switch_perf(&cdat, 0, &perf));
    check(&perf, 70, 70, 64000, 64000);
    g_assert_true(cxl_cdat_switch_perf(&cdat, 2, &perf));
    check(&perf, 90, 70, 64000, 64000);
    g_assert_true(cxl_cdat_switch_perf(&cdat, 3, &perf));
    check(&perf, 70, 70, 64000, 64000);
    g_assert_false(cxl_cdat_mem_perf(&cdat, 0, &perf));
    cxl_cdat_destroy(&cdat);
}

static bool legal(uint32_t latency, uint32_t bandwidth)
{
    CXLPerf perf = { .latency = { 1, latency }, .bandwidth = { 1, bandwidth } };
    Error *err = NULL;
    bool ok = cxl_cdat_check_perf(&perf, "device", &err);

    g_assert_true(ok == !err);
    if (err) {
        g_assert_nonnull(strstr(error_get_pretty(err), latency == 1
                                ? "write-bandwidth" : "write-latency"));
        error_free(err);
    }
    return ok;
}

/* What is legal can be built, and is then read back unchanged */
static void test_limits(void)
{
    static const struct {
        uint32_t latency, bandwidth;
        bool legal;
    } cases[] = {
        { 1, 1, true }, { 65534, 1, true }, { 65535, 1, false },
        { 0, 1, false }, { 1, 0, false }, { 1, 65534, true },
        { 1, 65535, false }, { 1, 66000, true }, { 1, 65534000, true },
        { 1, 65535000, false }, { 1, 65533999, false }, { 1, 64000, true },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        CXLPerf perf = { .latency = { 1, cases[i].latency },
                         .bandwidth = { cases[i].bandwidth, 1 } };
        CXLPerf got;
        CXLCdat cdat;

        g_assert_true(legal(cases[i].latency, cases[i].bandwidth) ==
                      cases[i].legal);
        if (cases[i].legal) {
            cxl_cdat_build_mem(&cdat, GiB, 0, &perf);
            g_assert_true(cxl_cdat_mem_perf(&cdat, 0, &got));
            g_assert_cmpmem(&got, sizeof(got), &perf, sizeof(perf));
            cxl_cdat_destroy(&cdat);
            cxl_cdat_build_switch(&cdat, &perf);
            g_assert_true(cxl_cdat_switch_perf(&cdat, 5, &got));
            g_assert_cmpmem(&got, sizeof(got), &perf, sizeof(perf));
            cxl_cdat_destroy(&cdat);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/perf/series", test_series);
    g_test_add_func("/cxl/perf/beside", test_beside);
    g_test_add_func("/cxl/perf/link", test_link);
    g_test_add_func("/cxl/perf/entry", test_entry);
    g_test_add_func("/cxl/perf/mem", test_mem);
    g_test_add_func("/cxl/perf/mem-file", test_mem_file);
    g_test_add_func("/cxl/perf/switch-file", test_switch_file);
    g_test_add_func("/cxl/perf/limits", test_limits);
    return g_test_run();
}

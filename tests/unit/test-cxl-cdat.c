/*
 * CDAT: what is built, and what a file may hold
 *
 * Sources: hw/cxl/cdat.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/cxl/cdat.h"
#include "hw/cxl/spec/tables.h"

#define ENTRIES_OF_PARTITION 6

static const CXLPerf some = { .latency = { 150, 250 },
                              .bandwidth = { 16000, 12345 } };
static const CXLPerf hop = { .latency = { 70, 70 },
                             .bandwidth = { 64000, 64000 } };

static uint8_t sum(const uint8_t *bytes, size_t len)
{
    uint8_t total = 0;

    for (size_t i = 0; i < len; i++) {
        total += bytes[i];
    }
    return total;
}

static void fix_up(uint8_t *table, size_t len)
{
    CXLCdatHeader *header = (CXLCdatHeader *)table;

    header->length = cxl_le32(len);
    header->checksum = 0;
    header->checksum = -sum(table, len);
}

/* The error of parsing, NULL when it worked */
static char *parse(const void *bytes, size_t len, unsigned *count)
{
    CXLCdat cdat = { NULL, NULL };
    Error *err = NULL;
    char *text;

    if (cxl_cdat_parse(&cdat, bytes, len, "the file", &err)) {
        g_assert_null(err);
        g_assert_cmpmem(cdat.table->data, cdat.table->len, bytes, len);
        *count = cxl_cdat_count(&cdat);
        cxl_cdat_destroy(&cdat);
        return NULL;
    }
    g_assert_nonnull(err);
    g_assert_null(cdat.table);
    g_assert_null(cdat.entries);
    text = g_strdup(error_get_pretty(err));
    error_free(err);
    g_assert_true(g_str_has_prefix(text, "property 'cdat': "));
    return text;
}

static void assert_refused(const void *bytes, size_t len, const char *why)
{
    unsigned count;
    g_autofree char *text = parse(bytes, len, &count);

    g_assert_nonnull(text);
    if (!strstr(text, why)) {
        g_error("'%s' does not say '%s'", text, why);
    }
}

static const void *entry(const CXLCdat *cdat, unsigned n, CXLCdatType type,
                         size_t size)
{
    uint32_t len;
    const CXLCdatEntry *e = (const void *)cxl_cdat_entry(cdat, n, &len);

    g_assert_nonnull(e);
    g_assert_cmpuint(e->type, ==, type);
    g_assert_cmpuint(len, ==, size);
    g_assert_cmpuint(cxl_le16_get(e->length), ==, size);
    return e;
}

static void check_latencies(const CXLCdat *cdat, unsigned n, uint8_t handle)
{
    static const uint8_t types[] = {
        CXL_DSLBIS_READ_LATENCY, CXL_DSLBIS_WRITE_LATENCY,
        CXL_DSLBIS_READ_BANDWIDTH, CXL_DSLBIS_WRITE_BANDWIDTH,
    };

    static const uint64_t values[] = { 150000, 250000, 16000, 12345 };

    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        const CXLDslbis *d = entry(cdat, n + i, CXL_CDAT_DSLBIS, sizeof(*d));

        /* In picoseconds and in MB/s */
        g_assert_cmpuint(cxl_le64_get(d->entry_base_unit) *
                         cxl_le16_get(d->value[0]), ==, values[i]);
        g_assert_cmpuint(d->handle, ==, handle);
        g_assert_cmpuint(d->data_type, ==, types[i]);
        g_assert_cmpuint(d->flags, ==, 0);
        g_assert_cmpuint(cxl_le64_get(d->entry_base_unit), >, 0);
        g_assert_cmpuint(cxl_le16_get(d->value[0]), >, 0);
        /* CDAT 1.04 2.2: FFFFh says that it cannot be reached */
        g_assert_cmpuint(cxl_le16_get(d->value[0]), <, 0xffff);
    }
}

static void check_partition(const CXLCdat *cdat, unsigned n, uint8_t handle,
                            uint64_t base, uint64_t size, bool persistent)
{
    const CXLDsmas *dsmas = entry(cdat, n, CXL_CDAT_DSMAS, sizeof(*dsmas));
    const CXLDsemts *dsemts = entry(cdat, n + 5, CXL_CDAT_DSEMTS,
                                    sizeof(*dsemts));

    g_assert_cmpuint(dsmas->handle, ==, handle);
    g_assert_cmpuint(dsmas->flags, ==, persistent ? CXL_DSMAS_NON_VOLATILE : 0);
    g_assert_cmpuint(cxl_le64_get(dsmas->dpa_base), ==, base);
    g_assert_cmpuint(cxl_le64_get(dsmas->dpa_length), ==, size);
    check_latencies(cdat, n + 1, handle);
    g_assert_cmpuint(dsemts->handle, ==, handle);
    g_assert_cmpuint(dsemts->efi_type, ==, persistent ? 2 : 1);
    g_assert_cmpuint(cxl_le64_get(dsemts->dpa_offset), ==, 0);
    g_assert_cmpuint(cxl_le64_get(dsemts->dpa_length), ==, size);
}

static void check_built(uint64_t vmem, uint64_t pmem)
{
    unsigned partitions = !!vmem + !!pmem;
    unsigned count = 1 + partitions * ENTRIES_OF_PARTITION;
    const CXLCdatHeader *header;
    unsigned parsed = 0;
    uint32_t len;
    CXLCdat cdat;

    cxl_cdat_build_mem(&cdat, vmem, pmem, &some);
    g_assert_cmpuint(cxl_cdat_count(&cdat), ==, count);
    header = (const void *)cxl_cdat_entry(&cdat, 0, &len);
    g_assert_cmpuint(len, ==, sizeof(*header));
    g_assert_cmpuint(cxl_le32_get(header->length), ==, cdat.table->len);
    g_assert_cmpuint(cdat.table->len, ==, 16 + partitions * 144);
    g_assert_cmpuint(header->revision, ==, 1);
    g_assert_cmpuint(sum(cdat.table->data, cdat.table->len), ==, 0);
    if (vmem) {
        check_partition(&cdat, 1, 0, 0, vmem, false);
    }
    if (pmem) {
        check_partition(&cdat, 1 + !!vmem * ENTRIES_OF_PARTITION, !!vmem,
                        vmem, pmem, true);
    }
    g_assert_null(cxl_cdat_entry(&cdat, count, &len));
    g_assert_null(cxl_cdat_entry(&cdat, 0xffff, &len));

    g_assert_null(parse(cdat.table->data, cdat.table->len, &parsed));
    g_assert_cmpuint(parsed, ==, count);
    cxl_cdat_destroy(&cdat);
}

static void test_build(void)
{
    static const uint64_t sizes[] = {
        0, 256 * MiB, 512 * MiB, 4 * GiB, 1024 * TiB,
    };

    for (unsigned v = 0; v < ARRAY_SIZE(sizes); v++) {
        for (unsigned p = 0; p < ARRAY_SIZE(sizes); p++) {
            check_built(sizes[v], sizes[p]);
        }
    }
}

/*
 * CDAT 1.04 2.6: an OS needs latency and bandwidth of reads and of writes
 * for each downstream port, by its number or by the one for any
 */
static void test_switch(void)
{
    static const uint8_t types[] = {
        CXL_DSLBIS_READ_LATENCY, CXL_DSLBIS_WRITE_LATENCY,
        CXL_DSLBIS_READ_BANDWIDTH, CXL_DSLBIS_WRITE_BANDWIDTH,
    };
    CXLCdat cdat;
    unsigned parsed;

    cxl_cdat_build_switch(&cdat, &hop);
    g_assert_cmpuint(cxl_cdat_count(&cdat), ==, 1 + ARRAY_SIZE(types));
    g_assert_cmpuint(sum(cdat.table->data, cdat.table->len), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        const CXLSslbis *s = entry(&cdat, 1 + i, CXL_CDAT_SSLBIS,
                                   sizeof(*s) + sizeof(s->path[0]));
        uint64_t value = cxl_le64_get(s->entry_base_unit) *
                         cxl_le16_get(s->path[0].value);

        g_assert_cmpuint(s->data_type, ==, types[i]);
        g_assert_cmphex(cxl_le16_get(s->path[0].port_x), ==, 0x100);
        g_assert_cmphex(cxl_le16_get(s->path[0].port_y), ==, 0xffff);
        /* 70 ns in picoseconds, 64 GB/s in MB/s */
        g_assert_cmpuint(value, ==, i < 2 ? 70000 : 64000);
    }
    g_assert_null(parse(cdat.table->data, cdat.table->len, &parsed));
    g_assert_cmpuint(parsed, ==, 1 + ARRAY_SIZE(types));
    cxl_cdat_destroy(&cdat);
}

/* Every shorter file, whether or not length and checksum were made to fit */
static void test_cut_short(void)
{
    g_autofree uint8_t *copy = NULL;
    CXLCdat cdat;
    unsigned count;

    cxl_cdat_build_mem(&cdat, 256 * MiB, 256 * MiB, &some);
    copy = g_memdup2(cdat.table->data, cdat.table->len);
    for (size_t len = 0; len < cdat.table->len; len++) {
        assert_refused(cdat.table->data, len, "is cut short");
        if (len < sizeof(CXLCdatHeader)) {
            continue;
        }
        memcpy(copy, cdat.table->data, cdat.table->len);
        fix_up(copy, len);
        if ((len - sizeof(CXLCdatHeader)) % sizeof(CXLDsmas)) {
            assert_refused(copy, len, "is cut short");
        } else {
            g_assert_null(parse(copy, len, &count));
            g_assert_cmpuint(count, ==, 1 + (len - 16) / sizeof(CXLDsmas));
        }
    }
    cxl_cdat_destroy(&cdat);
}

static void test_too_long(void)
{
    CXLCdat cdat;

    cxl_cdat_build_mem(&cdat, 256 * MiB, 0, &some);
    g_byte_array_append(cdat.table, (const uint8_t *)"", 1);
    assert_refused(cdat.table->data, cdat.table->len, "is too long");
    cxl_cdat_destroy(&cdat);
}

/* No single byte can change unnoticed */
static void test_checksum(void)
{
    unsigned count;
    CXLCdat cdat;

    cxl_cdat_build_mem(&cdat, 256 * MiB, 0, &some);
    for (size_t i = 0; i < cdat.table->len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            g_autofree char *text = NULL;

            cdat.table->data[i] ^= 1u << bit;
            text = parse(cdat.table->data, cdat.table->len, &count);
            g_assert_nonnull(text);
            /* The first four bytes are the length */
            g_assert_true(i < 4 || strstr(text, "wrong checksum"));
            cdat.table->data[i] ^= 1u << bit;
        }
    }
    g_assert_null(parse(cdat.table->data, cdat.table->len, &count));
    cxl_cdat_destroy(&cdat);
}

static bool length_is_legal(unsigned type, unsigned len)
{
    static const uint8_t fixed[] = { 24, 24, 20, 8, 24 };

    return type < ARRAY_SIZE(fixed) ? len == fixed[type]
                                    : type == 5 && len >= 16 && len % 8 == 0;
}

/* A file of one structure, of every type and of every length up to 255 */
static void test_structure(void)
{
    uint8_t table[16 + 255] = { 0 };
    CXLCdatEntry *e = (CXLCdatEntry *)(table + 16);
    unsigned count, legal = 0;

    for (unsigned type = 0; type < 256; type++) {
        for (unsigned len = 4; len < 256; len++) {
            *e = (CXLCdatEntry) { .type = type, .length = cxl_le16(len) };
            fix_up(table, 16 + len);
            if (length_is_legal(type, len)) {
                g_assert_null(parse(table, 16 + len, &count));
                g_assert_cmpuint(count, ==, 2);
                legal++;
            } else {
                assert_refused(table, 16 + len,
                               type > 5 ? "unknown type" :
                               type == 5 ? "must be 16 plus a multiple of 8" :
                               "whose length");
            }
        }
    }
    g_assert_cmpuint(legal, ==, 5 + (248 - 16) / 8 + 1);
}

/* Lengths that say less than a structure's own head, down to none at all */
static void test_structure_length_low(void)
{
    uint8_t table[16 + 24] = { 0 };
    CXLCdatEntry *e = (CXLCdatEntry *)(table + 16);

    for (unsigned type = 0; type < 6; type++) {
        for (unsigned len = 0; len < 4; len++) {
            *e = (CXLCdatEntry) { .type = type, .length = cxl_le16(len) };
            fix_up(table, sizeof(table));
            assert_refused(table, sizeof(table), "whose length");
        }
    }
}

/* As many structures as handles can name, and one more */
static void test_structure_count(void)
{
    size_t most = 0xffff - 1;
    size_t len = 16 + most * 8;
    g_autofree uint8_t *table = g_malloc0(len + 8);
    unsigned count;

    for (size_t i = 0; i <= most; i++) {
        table[16 + i * 8] = CXL_CDAT_DSIS;
        table[16 + i * 8 + 2] = 8;
    }
    fix_up(table, len);
    g_assert_null(parse(table, len, &count));
    g_assert_cmpuint(count, ==, most + 1);
    fix_up(table, len + 8);
    assert_refused(table, len + 8, "more than 65534 structures");
}

static void test_load(void)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) gerr = NULL;
    Error *err = NULL;
    CXLCdat built, loaded;
    int fd = g_file_open_tmp("cxl-cdat-XXXXXX", &path, &gerr);

    g_assert_no_error(gerr);
    close(fd);
    cxl_cdat_build_mem(&built, 256 * MiB, 512 * MiB, &some);
    g_file_set_contents(path, (char *)built.table->data, built.table->len,
                        &gerr);
    g_assert_no_error(gerr);
    g_assert_true(cxl_cdat_load(&loaded, path, &error_abort));
    g_assert_cmpmem(loaded.table->data, loaded.table->len,
                    built.table->data, built.table->len);
    cxl_cdat_destroy(&loaded);
    cxl_cdat_destroy(&built);
    unlink(path);

    g_assert_false(cxl_cdat_load(&loaded, path, &err));
    g_assert_nonnull(strstr(error_get_pretty(err), path));
    g_assert_true(g_str_has_prefix(error_get_pretty(err),
                                   "property 'cdat': "));
    error_free(err);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/cdat/build", test_build);
    g_test_add_func("/cxl/cdat/switch", test_switch);
    g_test_add_func("/cxl/cdat/cut-short", test_cut_short);
    g_test_add_func("/cxl/cdat/too-long", test_too_long);
    g_test_add_func("/cxl/cdat/checksum", test_checksum);
    g_test_add_func("/cxl/cdat/structure/length", test_structure);
    g_test_add_func("/cxl/cdat/structure/length-low",
                    test_structure_length_low);
    g_test_add_func("/cxl/cdat/structure/count", test_structure_count);
    g_test_add_func("/cxl/cdat/load", test_load);
    return g_test_run();
}

/*
 * CDAT: files that something was done to are refused in one line, or are right
 *
 * CXL_SEED in the environment begins elsewhere, CXL_FILES asks for more.
 *
 * Sources: hw/cxl/cdat.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/cxl/cdat.h"
#include "hw/cxl/spec/tables.h"

#define FILES       1000
#define SEED        20

static const CXLPerf perf = { .latency = { 1, 2 }, .bandwidth = { 3, 4 } };

static GRand *dice;
static char *path;
static unsigned accepted;

static unsigned below(unsigned n)
{
    return n > 1 ? g_rand_int_range(dice, 0, n) : 0;
}

static void append(GByteArray *file, const void *bytes, size_t len)
{
    g_byte_array_append(file, bytes, len);
}

/* A table with structures of every type */
static GByteArray *good_file(void)
{
    GByteArray *file = g_byte_array_new();
    const CXLDsmscis dsmscis = {
        .entry = { .type = CXL_CDAT_DSMSCIS,
                   .length = cxl_le16(sizeof(dsmscis)) },
    };
    const CXLDsis dsis = {
        .entry = { .type = CXL_CDAT_DSIS, .length = cxl_le16(sizeof(dsis)) },
    };
    CXLCdat cdat;

    cxl_cdat_build_mem(&cdat, GiB, 2 * GiB, &perf);
    append(file, cdat.table->data, cdat.table->len);
    cxl_cdat_destroy(&cdat);
    append(file, &dsmscis, sizeof(dsmscis));
    append(file, &dsis, sizeof(dsis));
    cxl_cdat_build_switch(&cdat, &perf);
    append(file, cdat.table->data + sizeof(CXLCdatHeader),
           cdat.table->len - sizeof(CXLCdatHeader));
    cxl_cdat_destroy(&cdat);
    return file;
}

static void fix_length(GByteArray *file)
{
    if (file->len >= sizeof(CXLCdatHeader)) {
        ((CXLCdatHeader *)file->data)->length = cxl_le32(file->len);
    }
}

static void fix_checksum(GByteArray *file)
{
    CXLCdatHeader *header = (CXLCdatHeader *)file->data;
    uint8_t sum = 0;

    if (file->len >= sizeof(*header)) {
        header->checksum = 0;
        for (guint i = 0; i < file->len; i++) {
            sum += file->data[i];
        }
        header->checksum = -sum;
    }
}

/* An offset at which a structure begins, as far as they can be told */
static guint structure(const GByteArray *file)
{
    guint at = sizeof(CXLCdatHeader), n = below(20);

    while (n-- && at + 4 <= file->len) {
        guint len = cxl_le16_get(((CXLCdatEntry *)(file->data + at))->length);

        if (!len || at + len + 4 > file->len) {
            break;
        }
        at += len;
    }
    return at;
}

static void mutate(GByteArray *file)
{
    static const uint16_t lengths[] = { 0, 1, 3, 4, 7, 8, 16, 24, 255, 65535 };
    guint at = structure(file);
    uint8_t junk[64];

    for (unsigned i = 0; i < sizeof(junk); i++) {
        junk[i] = below(256);
    }
    switch (below(8)) {
    case 0:
        if (file->len) {
            file->data[below(file->len)] ^= 1u << below(8);
        }
        break;
    case 1:
        g_byte_array_set_size(file, below(file->len + 1));
        break;
    case 2:
        append(file, junk, below(sizeof(junk)));
        break;
    case 3:
        if (at + 4 <= file->len) {
            cxl_le_store(file->data + at + 2, 2,
                         lengths[below(ARRAY_SIZE(lengths))]);
        }
        break;
    case 4:
        if (at < file->len) {
            file->data[at] = below(10);
        }
        break;
    case 5:
        if (at < file->len) {
            g_byte_array_remove_range(file, at,
                                      1 + below(file->len - at));
        }
        break;
    case 6:
        if (at < file->len) {
            g_autofree uint8_t *copy = g_memdup2(file->data + at,
                                                 file->len - at);
            append(file, copy, file->len - at);
        }
        break;
    default:
        if (file->len >= sizeof(CXLCdatHeader)) {
            memcpy(file->data, junk, sizeof(CXLCdatHeader));
        }
    }
}

/* What was accepted is the file, in pieces of the lengths that they say */
static void check_accepted(CXLCdat *cdat, const GByteArray *file)
{
    guint at = 0;

    for (unsigned n = 0; n < cxl_cdat_count(cdat); n++) {
        uint32_t len;
        const uint8_t *entry = cxl_cdat_entry(cdat, n, &len);

        g_assert_cmpmem(entry, len, file->data + at, len);
        if (n) {
            g_assert_cmpuint(*entry, <, CXL_CDAT_TYPES);
            g_assert_cmpuint(cxl_le16_get(((CXLCdatEntry *)entry)->length), ==,
                             len);
        }
        at += len;
    }
    g_assert_cmpuint(at, ==, file->len);
    accepted++;
}

static void check_file(const GByteArray *file)
{
    CXLCdat cdat = { NULL, NULL };
    Error *err = NULL;

    g_assert_true(g_file_set_contents(path, (char *)file->data, file->len,
                                      NULL));
    if (cxl_cdat_load(&cdat, path, &err)) {
        g_assert_null(err);
        check_accepted(&cdat, file);
        cxl_cdat_destroy(&cdat);
        return;
    }
    g_assert_nonnull(err);
    g_assert_null(cdat.table);
    g_assert_true(g_str_has_prefix(error_get_pretty(err),
                                   "property 'cdat': "));
    g_assert_null(strchr(error_get_pretty(err), '\n'));
    error_free(err);
}

static unsigned number_of(const char *name, unsigned otherwise)
{
    const char *text = g_getenv(name);

    return text ? g_ascii_strtoull(text, NULL, 0) : otherwise;
}

static void test_mutated(void)
{
    unsigned seed = number_of("CXL_SEED", SEED);
    unsigned files = number_of("CXL_FILES", FILES);

    dice = g_rand_new_with_seed(seed);
    for (unsigned i = 0; i < files; i++) {
        g_autoptr(GByteArray) file = good_file();

        for (unsigned n = 1 + below(3); n; n--) {
            mutate(file);
        }
        if (below(4)) {
            fix_length(file);
        }
        if (below(4)) {
            fix_checksum(file);
        }
        check_file(file);
    }
    g_rand_free(dice);
    g_test_message("CXL_SEED=%u: %u files, %u accepted", seed, files,
                   accepted);
    /* Or nothing was looked at behind the checksum */
    g_assert_cmpuint(accepted, >, files / 100);
    g_assert_cmpuint(accepted, <, files / 2);
}

/* What is no file, or has no end */
static void test_unending(void)
{
    CXLCdat cdat = { NULL, NULL };
    Error *err = NULL;

    g_assert_false(cxl_cdat_load(&cdat, "/dev/zero", &err));
    g_assert_nonnull(strstr(error_get_pretty(err), "16 MiB"));
    error_free(err);
    err = NULL;
    g_assert_false(cxl_cdat_load(&cdat, "/", &err));
    g_assert_true(g_str_has_prefix(error_get_pretty(err),
                                   "property 'cdat': "));
    error_free(err);
}

int main(int argc, char **argv)
{
    int ret, fd;

    g_test_init(&argc, &argv, NULL);
    fd = g_file_open_tmp("cxl-cdat-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_test_add_func("/cxl/cdat/mutated", test_mutated);
    g_test_add_func("/cxl/cdat/unending", test_unending);
    ret = g_test_run();
    g_unlink(path);
    g_free(path);
    return ret;
}

/*
 * QTest: the CXL Early Discovery Table, and the QTG IDs of the root device
 *
 * Tables are taken as firmware fetches them and read by offsets of the
 * specification, not by the structs that they were made with.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "libqtest.h"
#include "libqos/libqos.h"
#include "libqos/malloc-pc.h"
#include "libqos/fw_cfg.h"
#include "cxl/acpi-tables.h"

#define WINDOW_UNIT         (256 * MiB)

/* The linker's commands: BIOS linker/loader, "etc/table-loader" */
#define LOADER_ENTRY        128
#define LOADER_CHECKSUM     3

#define HOST_BRIDGES        " -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=16" \
                            " -device pxb-cxl,id=hb1,bus=pcie.0,bus_nr=32" \
                            " -device pxb-cxl,id=hb2,bus=pcie.0,bus_nr=48" \
                            " -device pxb-cxl,id=hb3,bus=pcie.0,bus_nr=64"

typedef struct Tables {
    AcpiTables *tables;
    const uint8_t *cedt;
} Tables;

/* A window as the command line has it, and what its structure must say */
typedef struct Window {
    const char *targets;
    unsigned units;
    const char *options;
    uint8_t eniw;
    uint8_t arithmetic;
    uint8_t hbig;
    uint16_t restrictions;
    uint16_t qtg_id;
} Window;

static const Window windows[] = {
    { "0", 1, "", 0, 0, 0, 0x0f, 0 },
    { "01", 2, "interleave-arithmetic=modulo,restrictions=0x6,qtg-id=300,"
      "interleave-granularity=512", 1, 0, 1, 0x06, 300 },
    { "31", 2, "interleave-arithmetic=xor", 1, 1, 0, 0x0f, 0 },
    { "0123", 8, "interleave-arithmetic=xor,restrictions=0x2d", 2, 1, 0,
      0x2d, 0 },
    { "012", 3, "interleave-arithmetic=xor,interleave-granularity=4k,"
      "restrictions=63", 8, 1, 4, 0x3f, 0 },
    { "23", 2, "interleave-arithmetic=xor,interleave-granularity=16k,"
      "restrictions=0x1a,qtg-id=5", 1, 1, 6, 0x1a, 5 },
    { "321", 3, "qtg-id=65535,restrictions=5", 8, 0, 0, 0x05, 65535 },
};

/* What the XOR structures must be for these windows */
static const uint8_t structures[] = {
    2, 0, 24, 0, 0, 0, 0, 2,
    0x00, 0x41, 0x40, 0, 0, 0, 0, 0, 0x00, 0x82, 0x80, 0, 0, 0, 0, 0,
    2, 0, 16, 0, 0, 0, 6, 1,
    0x00, 0x40, 0x10, 0x10, 0, 0, 0, 0,
};

static Tables *fetch(const char *machine)
{
    Tables *t = g_new0(Tables, 1);
    g_autofree char *args = g_strdup_printf(
        "-machine q35,cxl=on%s -nodefaults -display none" HOST_BRIDGES,
        machine);

    t->tables = acpi_tables_fetch(args);
    t->cedt = acpi_tables_find(t->tables, "CEDT");
    g_assert_nonnull(t->cedt);
    return t;
}

static void tables_free(Tables *t)
{
    g_free(t->tables);
    g_free(t);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tables, tables_free)

/* All of @windows from @first on */
static Tables *fetch_from(unsigned first)
{
    g_autoptr(GString) machine = g_string_new("");

    for (unsigned i = first; i < ARRAY_SIZE(windows); i++) {
        const Window *w = &windows[i];
        g_auto(GStrv) options = g_strsplit(w->options, ",", 0);
        g_autofree char *name = g_strdup_printf(",cxl-fmw.%u.", i - first);

        g_string_append_printf(machine, "%ssize=%uM", name, w->units * 256);
        for (unsigned n = 0; w->targets[n]; n++) {
            g_string_append_printf(machine, "%stargets.%u=hb%c", name, n,
                                   w->targets[n]);
        }
        for (unsigned n = 0; options[n]; n++) {
            g_string_append_printf(machine, "%s%s", name, options[n]);
        }
    }
    return fetch(machine->str);
}

/* The @n-th structure of @type in the CEDT, or NULL */
static const uint8_t *structure(const Tables *t, uint8_t type, unsigned n)
{
    const uint8_t *at = t->cedt + ACPI_HEADER;
    const uint8_t *end = t->cedt + acpi_table_size(t->cedt);

    while (at < end) {
        uint16_t len = lduw_le_p(at + 2);

        g_assert_cmpuint(len, >=, 8);
        g_assert_cmpint(len, <=, end - at);
        if (*at == type && !n--) {
            return at;
        }
        at += len;
    }
    return NULL;
}

/* ACPI 6.5 5.2.6; the checksum is what the loader puts in */
static void test_header(void)
{
    g_autoptr(Tables) t = fetch_from(0);
    const AcpiBlob *loader = &t->tables->loader;
    size_t cedt = t->cedt - t->tables->acpi.bytes;
    unsigned found = 0;

    g_assert_cmpuint(t->cedt[8], ==, 1);
    for (size_t at = 0; at + LOADER_ENTRY <= loader->len;
         at += LOADER_ENTRY) {
        const uint8_t *entry = loader->bytes + at;

        if (ldl_le_p(entry) == LOADER_CHECKSUM &&
            !strcmp((char *)entry + 4, "etc/acpi/tables") &&
            ldl_le_p(entry + 60) == cedt + 9) {
            g_assert_cmpuint(ldl_le_p(entry + 64), ==, cedt);
            g_assert_cmpuint(ldl_le_p(entry + 68), ==,
                             acpi_table_size(t->cedt));
            found++;
        }
    }
    g_assert_cmpuint(found, ==, 1);
    /* Nothing but what this test looks at */
    for (unsigned type = 3; type < 256; type++) {
        g_assert_null(structure(t, type, 0));
    }
}

/* CXL r3.1 9.18.1.2 */
static void test_bridges(void)
{
    g_autoptr(Tables) t = fetch_from(0);
    uint64_t last = 0;

    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *chbs = structure(t, 0, i);

        g_assert_nonnull(chbs);
        g_assert_cmpuint(lduw_le_p(chbs + 2), ==, 32);
        g_assert_cmpuint(ldl_le_p(chbs + 4), ==, 16 * (i + 1));
        g_assert_cmpuint(ldl_le_p(chbs + 8), ==, 1);
        g_assert_cmphex(ldq_le_p(chbs + 16), >=, last);
        g_assert_cmphex(ldq_le_p(chbs + 24), ==, 0x10000);
        last = ldq_le_p(chbs + 16) + 0x10000;
    }
    g_assert_null(structure(t, 0, 4));
}

static void check_window(const uint8_t *cfmws, const Window *w)
{
    unsigned ways = strlen(w->targets);

    g_assert_cmpuint(lduw_le_p(cfmws + 2), ==, 36 + 4 * ways);
    g_assert_cmphex(ldl_le_p(cfmws + 4), ==, 0);
    g_assert_cmphex(ldq_le_p(cfmws + 16), ==, w->units * WINDOW_UNIT);
    g_assert_cmpuint(cfmws[24], ==, w->eniw);
    g_assert_cmpuint(cfmws[25], ==, w->arithmetic);
    g_assert_cmphex(lduw_le_p(cfmws + 26), ==, 0);
    g_assert_cmpuint(ldl_le_p(cfmws + 28), ==, w->hbig);
    g_assert_cmphex(lduw_le_p(cfmws + 32), ==, w->restrictions);
    g_assert_cmpuint(lduw_le_p(cfmws + 34), ==, w->qtg_id);
    for (unsigned n = 0; n < ways; n++) {
        g_assert_cmpuint(ldl_le_p(cfmws + 36 + 4 * n), ==,
                         16 * (w->targets[n] - '0' + 1));
    }
}

/* CXL r3.1 9.18.1.3 */
static void test_windows(void)
{
    g_autoptr(Tables) t = fetch_from(0);
    uint64_t last = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(windows); i++) {
        const uint8_t *cfmws = structure(t, 1, i);
        uint64_t base;

        g_assert_nonnull(cfmws);
        check_window(cfmws, &windows[i]);
        base = ldq_le_p(cfmws + 8);
        g_assert_cmphex(base % WINDOW_UNIT, ==, 0);
        g_assert_cmphex(base, >=, last);
        last = base + windows[i].units * WINDOW_UNIT;
        /* So that the first granule is the first target's */
        if (windows[i].eniw >= 8) {
            g_assert_cmphex(base % (3 * WINDOW_UNIT), ==, 0);
        }
    }
    g_assert_null(structure(t, 1, ARRAY_SIZE(windows)));
}

/* CXL r3.1 9.18.1.4: one for each granularity that needs maps, no others */
static void test_xormaps(void)
{
    g_autoptr(Tables) t = fetch_from(0);
    const uint8_t *first = structure(t, 2, 0), *second = structure(t, 2, 1);

    g_assert_nonnull(first);
    g_assert_nonnull(second);
    g_assert_cmpmem(first, lduw_le_p(first + 2), structures, 24);
    g_assert_cmpmem(second, lduw_le_p(second + 2), structures + 24, 16);
    g_assert_null(structure(t, 2, 2));
}

static void test_no_xormaps(void)
{
    g_autoptr(Tables) t =
        fetch(",cxl-fmw.0.size=1G,cxl-fmw.0.targets.0=hb0,"
              "cxl-fmw.0.targets.1=hb1");

    g_assert_null(structure(t, 2, 0));
}

/* ACPI 6.5 20.2.3: the shortest AML of an integer of 16 bits */
static size_t aml_put(uint8_t *aml, unsigned value)
{
    if (value < 2) {
        aml[0] = value;
        return 1;
    }
    if (value < 256) {
        aml[0] = 0x0a;
        aml[1] = value;
        return 2;
    }
    aml[0] = 0x0b;
    stw_le_p(aml + 1, value);
    return 3;
}

/* Whether AML returns the package { max, { @nr ids } } anywhere */
static bool returns_qtg(const Tables *t, unsigned max, const unsigned *ids,
                        unsigned nr)
{
    uint8_t aml[64] = { 0xa4, 0x12, 0, 2 };
    size_t len = 4, inner;

    len += aml_put(aml + len, max);
    inner = len + 1;
    aml[len] = 0x12;
    aml[len + 2] = nr;
    len += 3;
    for (unsigned n = 0; n < nr; n++) {
        len += aml_put(aml + len, ids[n]);
    }
    aml[inner] = len - inner;
    aml[2] = len - 2;
    return memmem(t->tables->acpi.bytes, t->tables->acpi.len, aml, len);
}

/*
 * CXL r3.1 9.18.3.1: IDs are those of windows, each once, in their order
 * while nothing is below them
 */
static void test_qtg(void)
{
    static const unsigned ids[] = { 0, 300, 5, 65535 };
    g_autoptr(Tables) all = fetch_from(0);
    g_autoptr(Tables) last = fetch_from(5);
    g_autoptr(Tables) none = fetch("");

    g_assert_true(returns_qtg(all, 65535, ids, 4));
    g_assert_true(returns_qtg(last, 65535, ids + 2, 2));
    g_assert_false(returns_qtg(last, 65535, ids, 4));
    g_assert_true(returns_qtg(none, 0, ids, 1));
    g_assert_null(structure(none, 1, 0));
}

/* Above which address firmware is told to place BARs, with a window of @size */
static uint64_t bars_base(const char *size)
{
    QOSState qs = {
        .qts = qtest_initf("-machine q35,cxl=on,cxl-fmw.0.targets.0=hb0,"
                           "cxl-fmw.0.size=%s -nodefaults -display none "
                           "-m 128M -device pxb-cxl,id=hb0,bus_nr=64", size),
    };
    QFWCFG *fw_cfg = pc_fw_cfg_init(qs.qts);
    uint64_t base = 0;

    pc_alloc_init(&qs.alloc, qs.qts, ALLOC_NO_FLAGS);
    g_assert_cmpuint(qfw_cfg_read_file(fw_cfg, &qs, "etc/reserved-memory-end",
                                       &base, sizeof(base)), ==, sizeof(base));
    alloc_destroy(&qs.alloc);
    pc_fw_cfg_uninit(fw_cfg);
    qtest_quit(qs.qts);
    return le64_to_cpu(base) / GiB;
}

/*
 * 4 GiB, 256 MiB with registers, and the window, whose end is rounded up to
 * 1 GiB; where UEFI would not look at it, 896 GiB
 */
static void test_bars(void)
{
    g_assert_cmpuint(bars_base("4G"), ==, 9);
    g_assert_cmpuint(bars_base("762G"), ==, 767);
    g_assert_cmpuint(bars_base("764G"), ==, 896);
    g_assert_cmpuint(bars_base("890G"), ==, 896);
    g_assert_cmpuint(bars_base("896G"), ==, 901);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cxl/cedt/header", test_header);
    qtest_add_func("/cxl/cedt/bridges", test_bridges);
    qtest_add_func("/cxl/cedt/windows", test_windows);
    qtest_add_func("/cxl/cedt/xormaps", test_xormaps);
    qtest_add_func("/cxl/cedt/no-xormaps", test_no_xormaps);
    qtest_add_func("/cxl/cedt/qtg", test_qtg);
    qtest_add_func("/cxl/cedt/bars", test_bars);
    return g_test_run();
}

/*
 * QTest: CXL switches
 *
 * Regions below one, two and many switches, and what resets do to them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_regs.h"
#include "hw/pci/pcie_regs.h"
#include "libqos/cxl.h"

/* Bytes at the start of a region that are looked at */
#define SPAN            (64 * 1024)
/* Switches below one another on the second bridge */
#define CHAIN           9
#define VALUE           0x0123456789abcdefull

static QCXL *q;

/* In the order of the buses */
enum { HB_SWITCHES, HB_CHAIN };
enum { SW_FOUR, SW_NESTED, SW_TWO, SW_CHAIN };
enum { RP_FOUR, RP_EMPTY, RP_TWO };
enum { MEM_0, MEM_1, MEM_NESTED_0, MEM_NESTED_1, MEM_4, MEM_5, MEM_CHAIN };
enum { WIN_SWITCHES, WIN_CHAIN, WIN_BOTH };

static const QCXLComponent *bridge(unsigned n)
{
    return &q->bridges[n].comp;
}

static QCXLFn *upstream(unsigned n)
{
    return qcxl_fn_at(q, QCXL_UPSTREAM_PORT, n);
}

static const QCXLComponent *sw(unsigned n)
{
    return &upstream(n)->comp;
}

static QCXLFn *root_port(unsigned n)
{
    return qcxl_fn_at(q, QCXL_ROOT_PORT, n);
}

static QCXLDecoder region(unsigned win, unsigned units)
{
    return (QCXLDecoder) {
        .base = q->windows[win].base, .size = units * QCXL_UNIT,
    };
}

static void fill(uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf[i] = g_test_rand_int();
    }
}

/* Deal @span out to @ways files: what file @way has of it */
static size_t share(const uint8_t *span, unsigned ways, unsigned granularity,
                    unsigned way, uint8_t *out)
{
    size_t len = 0;

    for (size_t at = 0; at < SPAN; at++) {
        if (at / granularity % ways == way) {
            out[len++] = span[at];
        }
    }
    return len;
}

/* Write the start of a region; once it is gone, its bytes are in @files */
static void check_region(uint64_t base, unsigned ways, unsigned granularity,
                         const char *const *files)
{
    g_autofree uint8_t *span = g_malloc(SPAN);
    g_autofree uint8_t *want = g_malloc(SPAN);
    g_autofree uint8_t *got = g_malloc(SPAN);

    fill(span, SPAN);
    qtest_bufwrite(q->qts, base, span, SPAN);
    for (size_t at = granularity - 3; at + 8 < SPAN; at += granularity) {
        cxl_le_store(span + at, 8, VALUE + at);
        qcxl_write(q, base + at, 8, VALUE + at);
    }
    qtest_bufread(q->qts, base, got, SPAN);
    g_assert_cmpmem(got, SPAN, span, SPAN);
    qcxl_uncommit_all(q);
    qcxl_check_miss(q, base);
    for (unsigned way = 0; way < ways; way++) {
        size_t len = share(span, ways, granularity, way, want);

        qcxl_file_read(q, files[way], 0, got, len);
        g_assert_cmpmem(got, len, want, len);
    }
}

/* What is there */

static void test_topology(void)
{
    static const unsigned ports[] = { 4, 2, 2, 1 };

    for (unsigned n = 0; n < SW_CHAIN + CHAIN; n++) {
        unsigned nr = ports[MIN(n, SW_CHAIN)];

        g_assert_nonnull(upstream(n));
        g_assert_cmphex(upstream(n)->vendor, ==, 0x19e5);
        for (unsigned i = 0; i < nr; i++) {
            QCXLFn *port = qcxl_downstream_at(upstream(n), i);

            g_assert_nonnull(port);
            g_assert_cmpuint(qcxl_port_number(port), ==, i);
        }
        g_assert_null(qcxl_downstream_at(upstream(n), nr));
    }
    g_assert_null(upstream(SW_CHAIN + CHAIN));
    g_assert_true(upstream(SW_FOUR)->port == root_port(RP_FOUR));
    g_assert_true(upstream(SW_TWO)->port == root_port(RP_TWO));
    g_assert_true(upstream(SW_NESTED)->port ==
                  qcxl_downstream_at(upstream(SW_FOUR), 2));
    g_assert_true(qcxl_mem_at(q, MEM_NESTED_1)->port ==
                  qcxl_downstream_at(upstream(SW_NESTED), 1));
    g_assert_null(qcxl_mem_at(q, MEM_CHAIN + 1));
}

/* CXL r3.1 Table 8-22: decoders in the upstream port, RAS in both */
static void test_registers(void)
{
    const QCXLComponent *dsp = &qcxl_downstream_at(upstream(SW_FOUR), 0)->comp;
    uint32_t cap = qcxl_read(q, sw(SW_FOUR)->hdm + CXL_HDM_CAPABILITY, 4);

    g_assert_cmpuint(qcxl_hdm_count(q, sw(SW_FOUR)), ==, 10);
    g_assert_cmpuint(qcxl_hdm_count(q, sw(SW_NESTED)), ==, 2);
    g_assert_cmpuint(FIELD_EX32(cap, CXL_HDM_CAPABILITY, TARGET_COUNT), ==, 8);
    g_assert_cmphex(sw(SW_FOUR)->ras, !=, 0);
    g_assert_cmphex(sw(SW_FOUR)->link, !=, 0);
    g_assert_cmphex(dsp->ras, !=, 0);
    g_assert_cmphex(dsp->link, !=, 0);
    g_assert_cmphex(dsp->hdm, ==, 0);
    /* CXL r3.1 8.2.4.20: decoders even with a single downstream port */
    g_assert_cmpuint(qcxl_hdm_count(q, sw(SW_CHAIN)), ==, 10);
    /* CXL r3.1 8.2.4.20.2: a switch is not switched on */
    qcxl_hdm_enable(q, sw(SW_FOUR), true);
    g_assert_cmphex(qcxl_read(q, sw(SW_FOUR)->hdm + CXL_HDM_GLOBAL_CONTROL,
                              4), ==, 0);
}

/* Addresses */

/* Each step of the way is needed, and each has to lead the right way */
static void test_one_way(void)
{
    static const char *const files[] = { "mem1.v" };
    const QCXLDecoder d = region(WIN_SWITCHES, 1);

    qcxl_commit_mem(q, MEM_1, d);
    qcxl_check_miss(q, d.base);
    qcxl_commit_to(q, sw(SW_FOUR), d, 1);
    qcxl_check_miss(q, d.base);
    qcxl_commit_to(q, bridge(HB_SWITCHES), d, 0);
    qcxl_write(q, d.base + 8, 8, VALUE);
    g_assert_cmphex(qcxl_read(q, d.base + 8, 8), ==, VALUE);

    for (unsigned port = 0; port < 256; port++) {
        qcxl_hdm_uncommit(q, sw(SW_FOUR), 0);
        qcxl_commit_to(q, sw(SW_FOUR), d, port);
        g_assert_cmphex(qcxl_read(q, d.base + 8, 8), ==,
                        port == 1 ? VALUE : UINT64_MAX);
    }
    qcxl_hdm_uncommit(q, sw(SW_FOUR), 0);
    qcxl_commit_to(q, sw(SW_FOUR), d, 1);
    check_region(d.base, 1, 256, files);
}

static void test_two_ways(void)
{
    static const char *const files[] = { "mem1.v", "mem0.v" };
    QCXLDecoder d = region(WIN_SWITCHES, 2);

    for (d.granularity = 0; d.granularity <= 6; d.granularity++) {
        d.ways = 1;
        qcxl_commit_mem(q, MEM_0, d);
        qcxl_commit_mem(q, MEM_1, d);
        qcxl_commit_to(q, sw(SW_FOUR), d, 0x0001);
        d.ways = 0;
        qcxl_commit_to(q, bridge(HB_SWITCHES), d, 0);
        check_region(d.base, 2, 256u << d.granularity, files);
    }
}

/* Two switches, one below the other */
static void test_nested(void)
{
    static const char *const files[] = { "mem2.v", "mem3.v" };
    QCXLDecoder d = region(WIN_SWITCHES, 2);

    qcxl_commit_to(q, bridge(HB_SWITCHES), d, 0);
    qcxl_commit_to(q, sw(SW_FOUR), d, 2);
    d.ways = 1;
    d.granularity = 2;
    qcxl_commit_mem(q, MEM_NESTED_0, d);
    qcxl_commit_mem(q, MEM_NESTED_1, d);
    qcxl_commit_to(q, sw(SW_NESTED), d, 0x0100);
    check_region(d.base, 2, 1024, files);
}

/* The bridge deals out to two switches, each of them to two devices */
static void test_two_levels(void)
{
    static const char *const files[] = {
        "mem0.v", "mem5.v", "mem1.v", "mem4.v"
    };
    QCXLDecoder d = region(WIN_SWITCHES, 4);

    d.ways = 1;
    qcxl_commit_to(q, bridge(HB_SWITCHES), d, RP_TWO << 8 | RP_FOUR);
    d.granularity = 1;
    qcxl_commit_to(q, sw(SW_FOUR), d, 0x0100);
    qcxl_commit_to(q, sw(SW_TWO), d, 0x0001);
    d.ways = 2;
    d.granularity = 0;
    qcxl_commit_mem(q, MEM_0, d);
    qcxl_commit_mem(q, MEM_1, d);
    qcxl_commit_mem(q, MEM_4, d);
    qcxl_commit_mem(q, MEM_5, d);
    check_region(d.base, 4, 256, files);
}

/* A bridge without decoders and many switches with them, of one port each */
static void test_chain(void)
{
    static const char *const files[] = { "mem6.v" };
    const QCXLDecoder d = region(WIN_CHAIN, 1);

    g_assert_cmphex(bridge(HB_CHAIN)->hdm, ==, 0);
    qcxl_commit_mem(q, MEM_CHAIN, d);
    for (unsigned i = 0; i < CHAIN; i++) {
        qcxl_check_miss(q, d.base);
        qcxl_commit_to(q, sw(SW_CHAIN + i), d, 0);
    }
    check_region(d.base, 1, 256, files);
}

/* A window over two bridges; nothing alike is below them */
static void test_two_bridges(void)
{
    static const char *const files[] = { "mem3.v", "mem6.v" };
    QCXLDecoder d = region(WIN_BOTH, 2);

    d.granularity = 4;
    qcxl_commit_to(q, bridge(HB_SWITCHES), d, RP_FOUR);
    qcxl_commit_to(q, sw(SW_FOUR), d, 2);
    qcxl_commit_to(q, sw(SW_NESTED), d, 1);
    for (unsigned i = 0; i < CHAIN; i++) {
        qcxl_commit_to(q, sw(SW_CHAIN + i), d, 0);
    }
    d.ways = 1;
    qcxl_commit_mem(q, MEM_NESTED_1, d);
    qcxl_commit_mem(q, MEM_CHAIN, d);
    check_region(d.base, 2, 4096, files);
}

/* Four ways over five targets of which one is a device, one not there */
static void test_hole(void)
{
    QCXLDecoder d = region(WIN_SWITCHES, 4);

    qcxl_commit_to(q, bridge(HB_SWITCHES), d, RP_FOUR);
    d.ways = 2;
    qcxl_commit_to(q, sw(SW_FOUR), d, 0x03020100);
    qcxl_commit_mem(q, MEM_0, d);
    qcxl_commit_mem(q, MEM_1, d);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t hpa = d.base + i * 256;

        /* Behind target 2 is a switch without a decoder, behind 3 nothing */
        qcxl_write(q, hpa, 8, VALUE + i);
        g_assert_cmphex(qcxl_read(q, hpa, 8), ==,
                        i < 2 ? VALUE + i : UINT64_MAX);
    }
    qcxl_uncommit_all(q);
}

/* CDAT */

static const CXLSslbis *sslbis(const GByteArray *table, unsigned n)
{
    size_t size = sizeof(CXLSslbis) + sizeof(CXLSslbisPath);
    const CXLSslbis *s = (const void *)(table->data + sizeof(CXLCdatHeader) +
                                        n * size);

    g_assert_cmpuint(s->entry.type, ==, CXL_CDAT_SSLBIS);
    g_assert_cmpuint(cxl_le16_get(s->entry.length), ==, size);
    return s;
}

/* CDAT 1.04 2.6: read and write, latency and bandwidth, for any port */
static void test_cdat(void)
{
    static const uint8_t types[] = { 1, 2, 4, 5 };
    g_autoptr(GByteArray) table = qcxl_cdat(upstream(SW_FOUR));
    uint8_t sum = 0;

    for (unsigned i = 0; i < table->len; i++) {
        sum += table->data[i];
    }
    g_assert_cmphex(sum, ==, 0);
    g_assert_cmpuint(table->len, ==, 16 + 4 * 24);
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        const CXLSslbis *s = sslbis(table, i);

        g_assert_cmpuint(s->data_type, ==, types[i]);
        g_assert_cmpuint(cxl_le64_get(s->entry_base_unit), >, 0);
        g_assert_cmphex(cxl_le16_get(s->path[0].port_x), ==,
                        CXL_SSLBIS_UPSTREAM_PORT);
        g_assert_cmphex(cxl_le16_get(s->path[0].port_y), ==,
                        CXL_SSLBIS_ANY_PORT);
        g_assert_cmpuint(cxl_le16_get(s->path[0].value), >, 0);
    }
}

/* Half of an exchange is forgotten, as is what was asked before a reset */
static void test_cdat_reset(void)
{
    QCXLFn *usp = upstream(SW_TWO);
    unsigned doe = qcxl_ext_cap(usp, PCI_EXT_CAP_ID_DOE);
    g_autoptr(GByteArray) table = NULL;

    qcxl_config_write(usp, doe + PCI_DOE_WRITE, 4, CXL_VENDOR_ID);
    qcxl_reset(q);
    table = qcxl_cdat(upstream(SW_TWO));
    g_assert_cmpuint(table->len, ==, 16 + 4 * 24);
}

/* Resets */

/* A region below SW_FOUR, device MEM_0 */
static uint64_t map_one(void)
{
    const QCXLDecoder d = region(WIN_SWITCHES, 1);

    qcxl_commit_to(q, bridge(HB_SWITCHES), d, RP_FOUR);
    qcxl_commit_to(q, sw(SW_FOUR), d, 0);
    qcxl_commit_mem(q, MEM_0, d);
    qcxl_write(q, d.base, 8, VALUE);
    g_assert_cmphex(qcxl_read(q, d.base, 8), ==, VALUE);
    return d.base;
}

static void test_reset(void)
{
    uint64_t base = map_one();
    QCXLFn *dsp = qcxl_downstream_at(upstream(SW_FOUR), 0);

    qcxl_write(q, sw(SW_FOUR)->ras + CXL_RAS_UE_MASK, 4, 0x55);
    qcxl_write(q, dsp->comp.ras + CXL_RAS_CE_MASK, 4, 0x11);
    qcxl_reset(q);
    qcxl_check_miss(q, base);
    g_assert_false(qcxl_hdm_committed(q, sw(SW_FOUR), 0));
    g_assert_cmphex(qcxl_read(q, qcxl_hdm_reg(sw(SW_FOUR), 0,
                                              CXL_HDM_BASE_HIGH), 4), ==, 0);
    /* CXL r3.1 8.2.4.17: masks are sticky */
    dsp = qcxl_downstream_at(upstream(SW_FOUR), 0);
    g_assert_cmphex(qcxl_read(q, sw(SW_FOUR)->ras + CXL_RAS_UE_MASK, 4), ==,
                    0x55);
    g_assert_cmphex(qcxl_read(q, dsp->comp.ras + CXL_RAS_CE_MASK, 4), ==,
                    0x11);
    map_one();
    qcxl_uncommit_all(q);
}

static void bus_reset(QCXLFn *port, bool unmask)
{
    unsigned at = qcxl_dvsec(port, CXL_DVSEC_ID_PORT) + CXL_PORT_CONTROL;

    qcxl_config_write(port, at, 2,
                      unmask ? R_CXL_PORT_CONTROL_UNMASK_SBR_MASK : 0);
    qcxl_config_write(port, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_BUS_RESET);
    qcxl_config_write(port, PCI_BRIDGE_CONTROL, 2, 0);
}

/*
 * CXL r3.1 8.1.5.2: Secondary Bus Reset has an effect only with Unmask SBR;
 * then it reaches all that is below the port, and nothing else
 */
static void check_bus_reset(QCXLFn *port, bool below_switch)
{
    uint64_t base = map_one();

    bus_reset(port, false);
    g_assert_cmphex(qcxl_read(q, base, 8), ==, VALUE);
    bus_reset(port, true);
    g_assert_cmphex(qcxl_read(q, base, 8), ==, UINT64_MAX);
    qcxl_enumerate(q);
    g_assert_false(qcxl_hdm_committed(q, &qcxl_mem_at(q, MEM_0)->comp, 0));
    g_assert_cmpint(qcxl_hdm_committed(q, sw(SW_FOUR), 0), ==, below_switch);
    g_assert_true(qcxl_hdm_committed(q, bridge(HB_SWITCHES), 0));
    qcxl_uncommit_all(q);
    g_assert_cmphex(map_one(), ==, base);
    qcxl_uncommit_all(q);
}

static void test_bus_reset(const void *opaque)
{
    switch (GPOINTER_TO_UINT(opaque)) {
    case 0:
        check_bus_reset(root_port(RP_FOUR), false);
        break;
    case 1:
        check_bus_reset(upstream(SW_FOUR), true);
        break;
    default:
        check_bus_reset(qcxl_downstream_at(upstream(SW_FOUR), 0), true);
        break;
    }
}

/* Saved and restored, two levels of interleave and all */
static void test_migrate(void)
{
    static const char *const files[] = { "mem3.v", "mem2.v" };
    QCXLDecoder d = region(WIN_SWITCHES, 2);
    g_autoptr(GByteArray) table = NULL;

    qcxl_commit_to(q, bridge(HB_SWITCHES), d, 0);
    qcxl_commit_to(q, sw(SW_FOUR), d, 2);
    d.ways = 1;
    qcxl_commit_mem(q, MEM_NESTED_0, d);
    qcxl_commit_mem(q, MEM_NESTED_1, d);
    qcxl_commit_to(q, sw(SW_NESTED), d, 0x0001);
    for (unsigned i = 0; i < 4; i++) {
        qcxl_write(q, d.base + i * 256, 8, VALUE + i);
    }
    qcxl_migrate(q);
    g_assert_true(qcxl_hdm_committed(q, sw(SW_NESTED), 0));
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(qcxl_read(q, d.base + i * 256, 8), ==, VALUE + i);
    }
    table = qcxl_cdat(upstream(SW_NESTED));
    g_assert_cmpuint(table->len, ==, 16 + 4 * 24);
    check_region(d.base, 2, 256, files);
}

/* Configuration space */

/*
 * Whatever is written, of any width: the ports stay ports, and a reset makes
 * all well again. Slot Control is left out: it would eject what is there.
 */
static void test_any_config(void)
{
    static const unsigned which[] = { 0, 3 };

    for (unsigned i = 0; i < ARRAY_SIZE(which) + 1; i++) {
        QCXLFn *fn = i ? qcxl_downstream_at(upstream(SW_FOUR), which[i - 1])
                       : upstream(SW_FOUR);
        unsigned slot = qcxl_cap(fn, PCI_CAP_ID_EXP) + PCI_EXP_SLTCTL;

        for (unsigned at = 0; at < PCIE_CONFIG_SPACE_SIZE; at++) {
            unsigned size = 1u << g_test_rand_int_range(0, 3);

            size = MIN(size, at & -at ?: 4);
            if (at / 4 != slot / 4) {
                qcxl_config_write(fn, at, size, (uint32_t)g_test_rand_int());
                qcxl_config_read(fn, at, size);
            }
        }
        qcxl_reset(q);
        test_topology();
    }
    map_one();
    qcxl_uncommit_all(q);
}

static void build(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 128, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_root_port(t, "rp2", "hb0", "");
    qcxl_root_port(t, "rp3", "hb1", "");
    qcxl_switch(t, "sw0", "rp0", 4, "");
    qcxl_switch(t, "sw1", "sw0.2", 2, ",hdm-decoders=2");
    qcxl_switch(t, "sw2", "rp2", 2, "");
    qcxl_mem(t, "mem0", "sw0.0", 256, 0, "");
    qcxl_mem(t, "mem1", "sw0.1", 256, 0, "");
    qcxl_mem(t, "mem2", "sw1.0", 256, 0, "");
    qcxl_mem(t, "mem3", "sw1.1", 256, 0, "");
    qcxl_mem(t, "mem4", "sw2.0", 256, 0, "");
    qcxl_mem(t, "mem5", "sw2.1", 256, 0, "");
    qcxl_switch(t, "c0", "rp3", 1, "");
    for (unsigned i = 1; i < CHAIN; i++) {
        g_autofree char *id = g_strdup_printf("c%u", i);
        g_autofree char *above = g_strdup_printf("c%u.0", i - 1);

        qcxl_switch(t, id, above, 1, "");
    }
    qcxl_mem(t, "mem6", "c8.0", 256, 0, "");
    qcxl_window(t, 1024, NULL, "hb0");
    qcxl_window(t, 256, NULL, "hb1");
    qcxl_window(t, 512, "4k", "hb0 hb1");
    q = qcxl_boot(t);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    build();
    qtest_add_func("/cxl/switch/topology", test_topology);
    qtest_add_func("/cxl/switch/registers", test_registers);
    qtest_add_func("/cxl/switch/one-way", test_one_way);
    qtest_add_func("/cxl/switch/two-ways", test_two_ways);
    qtest_add_func("/cxl/switch/nested", test_nested);
    qtest_add_func("/cxl/switch/two-levels", test_two_levels);
    qtest_add_func("/cxl/switch/chain", test_chain);
    qtest_add_func("/cxl/switch/two-bridges", test_two_bridges);
    qtest_add_func("/cxl/switch/hole", test_hole);
    qtest_add_func("/cxl/switch/cdat", test_cdat);
    qtest_add_func("/cxl/switch/cdat-reset", test_cdat_reset);
    qtest_add_func("/cxl/switch/reset", test_reset);
    qtest_add_data_func("/cxl/switch/bus-reset/root-port", GUINT_TO_POINTER(0),
                        test_bus_reset);
    qtest_add_data_func("/cxl/switch/bus-reset/upstream", GUINT_TO_POINTER(1),
                        test_bus_reset);
    qtest_add_data_func("/cxl/switch/bus-reset/downstream",
                        GUINT_TO_POINTER(2), test_bus_reset);
    qtest_add_func("/cxl/switch/migrate", test_migrate);
    qtest_add_func("/cxl/switch/any-config", test_any_config);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

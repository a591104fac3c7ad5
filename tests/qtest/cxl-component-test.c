/*
 * QTest: CXL component registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

/* Component registers, then as much of what is reserved behind them */
#define SWEEP   0x2000

static QCXL *q;

/* Host bridges, in the order of their bus numbers */
enum { HB_TWO_PORTS, HB_PASSTHROUGH, HB_FORCED };

static const QCXLComponent *bridge(unsigned n)
{
    return &q->bridges[n].comp;
}

static const QCXLComponent *mem_comp(void)
{
    return &qcxl_mem_at(q, 0)->comp;
}

/* CXL r3.1 8.2.4: the array, and what each kind of component has */

static void check_array(const QCXLComponent *comp)
{
    uint32_t header = qcxl_read(q, comp->cachemem, 4);

    g_assert_cmpuint(FIELD_EX32(header, CXL_CAP_HEADER, VERSION), ==,
                     CXL_CAP_VERSION_CXL);
    g_assert_cmpuint(FIELD_EX32(header, CXL_CAP_HEADER, CACHE_MEM_VERSION),
                     ==, CXL_CAP_CACHE_MEM_VERSION);
    for (unsigned i = 1; i <= comp->capabilities; i++) {
        uint32_t entry = qcxl_read(q, comp->cachemem + CXL_CAP_ENTRY(i), 4);
        unsigned at = FIELD_EX32(entry, CXL_CAP_ENTRY, POINTER);

        g_assert_cmphex(FIELD_EX32(entry, CXL_CAP_ENTRY, ID), >,
                        CXL_CAP_ID_CXL);
        g_assert_cmpuint(FIELD_EX32(entry, CXL_CAP_ENTRY, VERSION), >, 0);
        g_assert_cmphex(at, >=, CXL_CAP_ENTRY(comp->capabilities + 1));
        g_assert_cmphex(at, <, CXL_CM_SIZE);
        g_assert_cmphex(at % 4, ==, 0);
    }
}

static void test_array(void)
{
    check_array(bridge(HB_TWO_PORTS));
    check_array(bridge(HB_PASSTHROUGH));
    check_array(&qcxl_port_at(q, 0)->comp);
    check_array(mem_comp());
}

static void test_kinds(void)
{
    const QCXLComponent *port = &qcxl_port_at(q, 0)->comp;

    g_assert_cmphex(mem_comp()->ras, !=, 0);
    g_assert_cmphex(mem_comp()->link, !=, 0);
    g_assert_cmphex(mem_comp()->hdm, !=, 0);
    /* CXL r3.1 Table 8-22: a root port has no decoders: its bridge has */
    g_assert_cmphex(port->ras, !=, 0);
    g_assert_cmphex(port->link, !=, 0);
    g_assert_cmphex(port->hdm, ==, 0);
}

/* CXL r3.1 8.2.4.20: a bridge of one port may go without decoders */
static void test_passthrough(void)
{
    g_assert_cmphex(bridge(HB_TWO_PORTS)->hdm, !=, 0);
    g_assert_cmphex(bridge(HB_PASSTHROUGH)->hdm, ==, 0);
    g_assert_cmphex(bridge(HB_FORCED)->hdm, !=, 0);
}

/* Any width and alignment reads what bytes read */
static void check_reads(uint64_t base, unsigned first, unsigned last)
{
    g_autofree uint8_t *bytes = g_malloc0(last - first + 8);

    for (unsigned at = first; at < last; at++) {
        bytes[at - first] = qcxl_read(q, base + at, 1);
    }
    for (unsigned size = 2; size <= 8; size *= 2) {
        for (unsigned at = first; at + size <= last; at++) {
            g_assert_cmphex(qcxl_read(q, base + at, size), ==,
                            cxl_le_load(bytes + at - first, size));
        }
    }
}

/* Writes of any width and alignment leave the array alone, and us alive */
static void check_writes(const QCXLComponent *comp)
{
    static const uint64_t values[] = { UINT64_MAX, 0, 0x0123456789abcdefull };
    uint64_t base = comp->base;

    for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            for (unsigned at = CXL_CM_OFFSET - 8; at < SWEEP / 4 * 3; at++) {
                qcxl_write(q, base + at, size, values[i]);
            }
            for (unsigned back = 1; back <= size; back++) {
                /* Some of them end in what is mapped behind the block */
                qcxl_write(q, base + CXL_COMPONENT_SIZE - back, size,
                           values[i]);
                qcxl_read(q, base + CXL_COMPONENT_SIZE - back, size);
            }
        }
        check_array(comp);
        check_reads(base, CXL_CM_OFFSET, CXL_CM_OFFSET + 0x400);
    }
}

static void check_component(const QCXLComponent *comp)
{
    check_reads(comp->base, 0, SWEEP);
    check_reads(comp->base, CXL_COMPONENT_SIZE - 32, CXL_COMPONENT_SIZE);
    check_writes(comp);
}

static void test_any_access(const void *opaque)
{
    unsigned which = GPOINTER_TO_UINT(opaque);

    switch (which) {
    case 0:
        check_component(bridge(HB_TWO_PORTS));
        break;
    case 1:
        check_component(&qcxl_port_at(q, 0)->comp);
        break;
    default:
        check_component(mem_comp());
        break;
    }
    qcxl_reset(q);
}

/* CXL r3.1 8.2.4.17: RAS */

static void check_ras(uint64_t ras)
{
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_UE_STATUS, 4), ==, 0);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_UE_MASK, 4), ==,
                    CXL_RAS_UE_ALL);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_UE_SEVERITY, 4), ==,
                    CXL_RAS_UE_ALL);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_CE_STATUS, 4), ==, 0);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_CE_MASK, 4), ==,
                    CXL_RAS_CE_ALL);
    qcxl_write(q, ras + CXL_RAS_UE_STATUS, 4, ~0u);
    qcxl_write(q, ras + CXL_RAS_CE_STATUS, 4, ~0u);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_UE_STATUS, 4), ==, 0);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_CE_STATUS, 4), ==, 0);
    qcxl_write(q, ras + CXL_RAS_UE_MASK, 4, 0);
    qcxl_write(q, ras + CXL_RAS_CE_MASK, 1, 0x15);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_UE_MASK, 4), ==, 0);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_CE_MASK, 4), ==, 0x15);
    qcxl_write(q, ras + CXL_RAS_UE_MASK, 4, ~0u);
    qcxl_write(q, ras + CXL_RAS_CE_MASK, 4, ~0u);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_UE_MASK, 4), ==,
                    CXL_RAS_UE_ALL);
    g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_CE_MASK, 4), ==,
                    CXL_RAS_CE_ALL);
    for (unsigned i = 0; i < CXL_RAS_HEADER_LOG_DWORDS; i++) {
        qcxl_write(q, ras + CXL_RAS_HEADER_LOG(i), 4, ~0u);
        g_assert_cmphex(qcxl_read(q, ras + CXL_RAS_HEADER_LOG(i), 4), ==, 0);
    }
}

static void test_ras(void)
{
    check_ras(mem_comp()->ras);
    check_ras(qcxl_port_at(q, 0)->comp.ras);
}

/* CXL r3.1 8.2.4.19: the link is up: version 2.0 was negotiated */
static void test_link(void)
{
    uint64_t status = qcxl_read(q, mem_comp()->link + CXL_LINK_CONTROL_STATUS,
                                8);

    g_assert_cmpuint(FIELD_EX64(status, CXL_LINK_CONTROL_STATUS, INIT_STATE),
                     ==, CXL_LINK_INIT_DONE);
}

/* Decoder counts, in a machine of their own */

static void add_ports(QCXLTopology *t, const char *bridge_id, unsigned bus)
{
    static const unsigned counts[] = { 1, 2, 4, 6, 8, 10 };

    qcxl_bridge(t, bridge_id, bus, "");
    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        g_autofree char *port = g_strdup_printf("p%u", i);
        g_autofree char *id = g_strdup_printf("m%u", i);
        g_autofree char *props = g_strdup_printf(",hdm-decoders=%u",
                                                 counts[i]);

        qcxl_root_port(t, port, bridge_id, "");
        qcxl_mem(t, id, port, 256, 0, props);
    }
}

static void test_counts(void)
{
    static const unsigned port_counts[] = {
        1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32
    };
    static const unsigned mem_counts[] = { 1, 2, 4, 6, 8, 10 };
    QCXLTopology *t = qcxl_topology();
    QCXL *other;

    for (unsigned i = 0; i < ARRAY_SIZE(port_counts); i++) {
        g_autofree char *id = g_strdup_printf("hb%u", i);
        g_autofree char *port = g_strdup_printf("rp%u", i);
        g_autofree char *props =
            g_strdup_printf(",hdm_for_passthrough=on,hdm-decoders=%u",
                            port_counts[i]);

        qcxl_bridge(t, id, 8 + 8 * i, props);
        qcxl_root_port(t, port, id, "");
    }
    add_ports(t, "last", 128);
    other = qcxl_boot(t);
    for (unsigned i = 0; i < ARRAY_SIZE(port_counts); i++) {
        g_assert_cmpuint(other->bridges[i].uid, ==, 8 + 8 * i);
        g_assert_cmpuint(qcxl_hdm_count(other, &other->bridges[i].comp), ==,
                         port_counts[i]);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(mem_counts); i++) {
        g_assert_cmpuint(qcxl_hdm_count(other, &qcxl_mem_at(other, i)->comp),
                         ==, mem_counts[i]);
    }
    qcxl_quit(other);
}

static void test_default_counts(void)
{
    g_assert_cmpuint(qcxl_hdm_count(q, bridge(HB_TWO_PORTS)), ==, 10);
    g_assert_cmpuint(qcxl_hdm_count(q, mem_comp()), ==, 10);
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 32, "");
    qcxl_bridge(t, "hb2", 48, ",hdm_for_passthrough=on");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_root_port(t, "rp2", "hb1", "");
    qcxl_root_port(t, "rp3", "hb2", "");
    qcxl_mem(t, "mem0", "rp0", 256, 512, "");
    q = qcxl_boot(t);

    qtest_add_func("/cxl/component/array", test_array);
    qtest_add_func("/cxl/component/kinds", test_kinds);
    qtest_add_func("/cxl/component/passthrough", test_passthrough);
    qtest_add_func("/cxl/component/ras", test_ras);
    qtest_add_func("/cxl/component/link", test_link);
    qtest_add_func("/cxl/component/decoder-count/default",
                   test_default_counts);
    qtest_add_data_func("/cxl/component/any-access/host-bridge",
                        GUINT_TO_POINTER(0), test_any_access);
    qtest_add_data_func("/cxl/component/any-access/root-port",
                        GUINT_TO_POINTER(1), test_any_access);
    qtest_add_data_func("/cxl/component/any-access/type3",
                        GUINT_TO_POINTER(2), test_any_access);
    qtest_add_func("/cxl/component/decoder-count/all", test_counts);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

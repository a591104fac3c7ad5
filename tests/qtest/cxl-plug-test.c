/*
 * QTest: CXL devices and switches that come and go
 *
 * At root ports and below switches, while their regions stay committed: what
 * is gone reads as all ones, and what is left goes on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "libqos/cxl.h"

#define VALUE           0x0123456789abcdefull
/* An e1000e: 82574L */
#define NIC             0x10d3

static QCXL *q;

/* In the order of the buses, with nothing plugged */
enum { SW_FOUR, SW_TWO, SWITCHES };
enum { RP_FOUR, RP_EMPTY, RP_TWO };
enum { MEM_0, MEM_1, MEM_2, MEM_3, MEMS };

static const QCXLComponent *bridge(void)
{
    return &q->bridges[0].comp;
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

static QCXLDecoder region(unsigned units)
{
    return (QCXLDecoder) {
        .base = q->windows[0].base, .size = units * QCXL_UNIT,
    };
}

/* What QEMU says to a device_add that must not work */
static void check_refused(const char *driver, const char *bus,
                          const char *why)
{
    QDict *rsp = qtest_qmp(q->qts, "{'execute': 'device_add', 'arguments': {"
                           "'driver': %s, 'bus': %s, 'id': 'refused',"
                           "'slot': 77 }}", driver, bus);

    g_assert_true(qdict_haskey(rsp, "error"));
    g_assert_nonnull(strstr(qdict_get_str(qdict_get_qdict(rsp, "error"),
                                          "desc"), why));
    qobject_unref(rsp);
}

static void plug_mem(const char *bus, QCXLFn *port)
{
    qtest_qmp_device_add(q->qts, "cxl-type3", "late",
                         "{'bus': %s, 'volatile-memdev': 'late.v'}", bus);
    qcxl_slot_power_on(port);
    qcxl_enumerate(q);
}

/* Where the device that is plugged into @port comes among all */
static unsigned mem_below(QCXLFn *port)
{
    for (unsigned n = 0; qcxl_mem_at(q, n); n++) {
        if (qcxl_mem_at(q, n)->port == port) {
            return n;
        }
    }
    g_assert_not_reached();
}

/* A device goes, comes back, and goes, while its region stays committed */
static void test_plug(void)
{
    const QCXLDecoder d = region(1);

    qcxl_commit_to(q, bridge(), d, RP_FOUR);
    qcxl_commit_to(q, sw(SW_FOUR), d, 3);
    for (unsigned round = 0; round < 3; round++) {
        qcxl_check_miss(q, d.base);
        plug_mem("sw0.3", qcxl_downstream_at(upstream(SW_FOUR), 3));
        qcxl_commit_mem(q, mem_below(qcxl_downstream_at(upstream(SW_FOUR), 3)),
                        d);
        if (round) {
            g_assert_cmphex(qcxl_read(q, d.base, 8), ==, VALUE + round - 1);
        }
        qcxl_write(q, d.base, 8, VALUE + round);
        qcxl_slot_eject(qcxl_downstream_at(upstream(SW_FOUR), 3), "late");
        qcxl_check_miss(q, d.base);
        qcxl_enumerate(q);
        g_assert_null(qcxl_mem_at(q, MEMS));
    }
    qcxl_uncommit_all(q);
}

/* One of two goes: its turns are holes from then on, the other's go on */
static void test_plug_interleaved(void)
{
    QCXLDecoder d = region(2);
    QCXLFn *port;

    plug_mem("sw0.3", qcxl_downstream_at(upstream(SW_FOUR), 3));
    port = qcxl_downstream_at(upstream(SW_FOUR), 3);
    qcxl_commit_to(q, bridge(), d, RP_FOUR);
    d.ways = 1;
    qcxl_commit_to(q, sw(SW_FOUR), d, 0x0300);
    qcxl_commit_mem(q, MEM_0, d);
    qcxl_commit_mem(q, mem_below(port), d);
    for (unsigned i = 0; i < 4; i++) {
        qcxl_write(q, d.base + i * 256, 8, VALUE + i);
    }
    qcxl_slot_eject(port, "late");
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(qcxl_read(q, d.base + i * 256, 8), ==,
                        i % 2 ? UINT64_MAX : VALUE + i);
    }
    qcxl_enumerate(q);
    plug_mem("sw0.3", qcxl_downstream_at(upstream(SW_FOUR), 3));
    qcxl_commit_mem(q, mem_below(qcxl_downstream_at(upstream(SW_FOUR), 3)), d);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(qcxl_read(q, d.base + i * 256, 8), ==, VALUE + i);
    }
    qcxl_slot_eject(qcxl_downstream_at(upstream(SW_FOUR), 3), "late");
    qcxl_enumerate(q);
    qcxl_uncommit_all(q);
}

/* The same device at a root port, beside switches */
static void test_plug_root_port(void)
{
    const QCXLDecoder d = region(1);

    plug_mem("rp1", root_port(RP_EMPTY));
    qcxl_commit_to(q, bridge(), d, RP_EMPTY);
    qcxl_commit_mem(q, mem_below(root_port(RP_EMPTY)), d);
    qcxl_write(q, d.base, 8, VALUE);
    g_assert_cmphex(qcxl_read(q, d.base, 8), ==, VALUE);
    qcxl_slot_eject(root_port(RP_EMPTY), "late");
    qcxl_check_miss(q, d.base);
    qcxl_enumerate(q);
    qcxl_uncommit_all(q);
}

/* A PCI Express device comes to the same port and goes */
static void test_plug_pcie(void)
{
    for (unsigned round = 0; round < 2; round++) {
        QCXLFn *port = qcxl_downstream_at(upstream(SW_FOUR), 3);
        QCXLFn *nic;

        qtest_qmp_device_add(q->qts, "e1000e", "nic",
                             "{'bus': 'sw0.3', 'romfile': '' }");
        qcxl_slot_power_on(port);
        qcxl_enumerate(q);
        nic = qcxl_fn_at(q, NIC, 0);
        g_assert_nonnull(nic);
        g_assert_true(nic->port == qcxl_downstream_at(upstream(SW_FOUR), 3));
        qcxl_slot_eject(qcxl_downstream_at(upstream(SW_FOUR), 3), "nic");
        qcxl_enumerate(q);
        g_assert_null(qcxl_fn_at(q, NIC, 0));
    }
}

/* Ports are soldered to their switch, and a slot may be as well */
static void test_refused(void)
{
    check_refused("cxl-downstream", "sw0", "hotplug");
    check_refused("cxl-downstream", "fixed", "hotplug");
    check_refused("cxl-downstream", "sw0.3", "cxl-upstream");
    g_assert_nonnull(upstream(SW_FOUR));
}

/* Another switch comes without ports: they are part of the same board */
static void test_plug_switch(void)
{
    qtest_qmp_device_add(q->qts, "cxl-upstream", "sw9", "{'bus': 'rp1'}");
    qcxl_slot_power_on(root_port(RP_EMPTY));
    qcxl_enumerate(q);
    g_assert_nonnull(upstream(SWITCHES));
    qcxl_slot_eject(root_port(RP_EMPTY), "sw9");
    qcxl_enumerate(q);
    g_assert_null(upstream(SWITCHES));
}

/* A whole switch goes, with its ports and with devices that are in use */
static void test_eject_switch(void)
{
    QCXLDecoder d = region(4);
    QDict *rsp;

    d.ways = 1;
    qcxl_commit_to(q, bridge(), d, RP_TWO << 8 | RP_FOUR);
    d.granularity = 1;
    qcxl_commit_to(q, sw(SW_FOUR), d, 0x0100);
    qcxl_commit_to(q, sw(SW_TWO), d, 0x0001);
    d.ways = 2;
    d.granularity = 0;
    qcxl_commit_mem(q, MEM_0, d);
    qcxl_commit_mem(q, MEM_1, d);
    qcxl_commit_mem(q, MEM_2, d);
    qcxl_commit_mem(q, MEM_3, d);
    for (unsigned i = 0; i < 4; i++) {
        qcxl_write(q, d.base + i * 256, 8, VALUE + i);
    }
    qcxl_slot_eject(root_port(RP_TWO), "sw1");
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(qcxl_read(q, d.base + i * 256, 8), ==,
                        i % 2 ? UINT64_MAX : VALUE + i);
    }
    qcxl_enumerate(q);
    g_assert_null(upstream(SW_TWO));
    g_assert_null(qcxl_mem_at(q, MEM_2));
    /* Nothing of it is left, and what it held is free again */
    rsp = qtest_qmp(q->qts, "{'execute': 'qom-list', 'arguments': {"
                    "'path': '/machine/peripheral/mem2' }}");
    g_assert_true(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
    qtest_qmp_device_add(q->qts, "cxl-type3", "mem2",
                         "{'bus': 'rp2', 'volatile-memdev': 'mem2.v'}");
    qcxl_slot_eject(root_port(RP_TWO), "mem2");
    qcxl_uncommit_all(q);
}

static void build(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_root_port(t, "rp2", "hb0", "");
    qcxl_switch(t, "sw0", "rp0", 4, "");
    qcxl_switch(t, "sw1", "rp2", 2, "");
    qcxl_args(t, "-device cxl-downstream,id=fixed,bus=sw1,slot=99,hotplug=off");
    qcxl_mem(t, "mem0", "sw0.0", 256, 0, "");
    qcxl_mem(t, "mem1", "sw0.1", 256, 0, "");
    qcxl_mem(t, "mem2", "sw1.0", 256, 0, "");
    qcxl_mem(t, "mem3", "sw1.1", 256, 0, "");
    qcxl_backends(t, "late", 256, 0);
    qcxl_window(t, 1024, NULL, "hb0");
    q = qcxl_boot(t);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    build();
    qtest_add_func("/cxl/plug/downstream", test_plug);
    qtest_add_func("/cxl/plug/interleaved", test_plug_interleaved);
    qtest_add_func("/cxl/plug/root-port", test_plug_root_port);
    qtest_add_func("/cxl/plug/pcie", test_plug_pcie);
    qtest_add_func("/cxl/plug/refused", test_refused);
    qtest_add_func("/cxl/plug/switch", test_plug_switch);
    qtest_add_func("/cxl/plug/eject-switch", test_eject_switch);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

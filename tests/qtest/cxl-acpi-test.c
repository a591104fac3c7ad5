/*
 * QTest: proximity domains of CXL in SRAT, HMAT and SLIT
 *
 * Tables are read by offsets of the specification. What latencies and
 * bandwidths add up to is written out by hand.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "libqtest.h"
#include "cxl/acpi-tables.h"

/* ACPI 6.5 5.2.16.2, 5.2.16.7: types of SRAT structures */
#define SRAT_MEMORY         1
#define SRAT_PORT           6
#define SRAT_HEADER         48

/* ACPI 6.5 5.2.28.4: data types of localities */
enum { READ_LATENCY = 1, WRITE_LATENCY, READ_BANDWIDTH = 4, WRITE_BANDWIDTH };
#define HMAT_HEADER         40
#define UNREACHABLE         0xffff

#define ENABLED             1
#define HOT_PLUGGABLE       2
#define NON_VOLATILE        4

#define MACHINE(more) "-nodefaults -display none -m 1G -machine q35,cxl=on" more
#define WINDOW0 ",cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G"
#define WINDOW1 ",cxl-fmw.1.targets.0=hb0,cxl-fmw.1.targets.1=hb1," \
                "cxl-fmw.1.size=2G"
#define BRIDGE0 " -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=16"
#define BRIDGE1 " -device pxb-cxl,id=hb1,bus=pcie.0,bus_nr=32"
#define PORT(n, bus, more) \
    " -device cxl-rp,id=rp" #n ",bus=" bus ",chassis=0,slot=" #n more
#define MEMORY(n, bus, more) \
    " -object memory-backend-ram,id=m" #n ",size=256M" \
    " -device cxl-type3,id=mem" #n ",bus=" bus ",volatile-memdev=m" #n more

/* What the machine of one device, as it is by default, has; see test_plain */
#define PLAIN BRIDGE0 PORT(1, "hb0", "") MEMORY(1, "rp1", "")

/* The @n-th SRAT structure of @type */
static const uint8_t *srat(const AcpiTables *t, uint8_t type, unsigned n)
{
    const uint8_t *table = acpi_tables_find(t, "SRAT");
    const uint8_t *at = table + SRAT_HEADER;

    g_assert_nonnull(table);
    for (; at < table + acpi_table_size(table); at += at[1]) {
        g_assert_cmpuint(at[1], >=, 16);
        if (at[0] == type && !n--) {
            return at;
        }
    }
    return NULL;
}

/* ACPI 6.5 5.2.16.2: the memory affinity structure at @base */
static const uint8_t *memory_at(const AcpiTables *t, uint64_t base)
{
    const uint8_t *m;

    for (unsigned n = 0; (m = srat(t, SRAT_MEMORY, n)); n++) {
        if ((ldl_le_p(m + 28) & ENABLED) && ldq_le_p(m + 8) == base) {
            return m;
        }
    }
    return NULL;
}

static void check_memory(const AcpiTables *t, uint64_t base, uint64_t size,
                         uint32_t domain, uint32_t flags)
{
    const uint8_t *m = memory_at(t, base);

    g_assert_nonnull(m);
    g_assert_cmpuint(m[1], ==, 40);
    g_assert_cmphex(ldl_le_p(m + 2), ==, domain);
    g_assert_cmphex(ldq_le_p(m + 16), ==, size);
    g_assert_cmphex(ldl_le_p(m + 28), ==, flags);
}

/* ACPI 6.5 5.2.16.7, Table 5.66: generic port @n */
static void check_port(const AcpiTables *t, unsigned n, uint32_t uid,
                       uint32_t domain)
{
    const uint8_t *p = srat(t, SRAT_PORT, n);

    g_assert_nonnull(p);
    g_assert_cmpuint(p[1], ==, 32);
    g_assert_cmpuint(p[3], ==, 0);
    g_assert_cmphex(ldl_le_p(p + 4), ==, domain);
    g_assert_cmpmem(p + 8, 8, "ACPI0016", 8);
    g_assert_cmphex(ldl_le_p(p + 16), ==, uid);
    g_assert_cmphex(ldl_le_p(p + 20), ==, 0);
    g_assert_cmphex(ldl_le_p(p + 24), ==, ENABLED);
}

/* CXL r3.1 9.18.1.3: base of window @n */
static uint64_t window_base(const AcpiTables *t, unsigned n)
{
    const uint8_t *table = acpi_tables_find(t, "CEDT");
    const uint8_t *at = table + ACPI_HEADER;

    for (; at < table + acpi_table_size(table); at += lduw_le_p(at + 2)) {
        if (at[0] == 1 && !n--) {
            return ldq_le_p(at + 8);
        }
    }
    g_assert_not_reached();
}

/* ACPI 6.5 5.2.28.4: the last locality of @type, which an OS goes by */
static const uint8_t *locality(const AcpiTables *t, uint8_t type)
{
    const uint8_t *table = acpi_tables_find(t, "HMAT"), *found = NULL;
    const uint8_t *at;

    g_assert_nonnull(table);
    g_assert_cmpuint(table[8], ==, 2);
    for (at = table + HMAT_HEADER; at < table + acpi_table_size(table);
         at += ldl_le_p(at + 4)) {
        g_assert_cmpuint(ldl_le_p(at + 4), >=, 32);
        if (lduw_le_p(at) == 1 && !(at[8] & 0xf) && at[9] == type) {
            found = at;
        }
    }
    g_assert_nonnull(found);
    return found;
}

static unsigned find_domain(const uint8_t *list, unsigned nr, uint32_t domain)
{
    for (unsigned i = 0; i < nr; i++) {
        if (ldl_le_p(list + 4 * i) == domain) {
            return i;
        }
    }
    g_assert_not_reached();
}

/* In picoseconds or in MB/s; 0 where nothing is said */
static uint64_t value(const AcpiTables *t, uint8_t type, uint32_t initiator,
                      uint32_t target)
{
    const uint8_t *l = locality(t, type);
    uint32_t initiators = ldl_le_p(l + 12), targets = ldl_le_p(l + 16);
    unsigned i = find_domain(l + 32, initiators, initiator);
    unsigned n = find_domain(l + 32 + 4 * initiators, targets, target);
    const uint8_t *entries = l + 32 + 4 * (initiators + targets);
    uint16_t entry = lduw_le_p(entries + 2 * (i * targets + n));

    g_assert_cmpuint(ldl_le_p(l + 4), ==, 32 + 4 * (initiators + targets) +
                     2 * initiators * targets);
    g_assert_cmpuint(entry, !=, UNREACHABLE);
    return ldq_le_p(l + 24) * entry;
}

static void check_perf(const AcpiTables *t, uint32_t initiator,
                       uint32_t target, uint64_t read_ns, uint64_t write_ns,
                       uint64_t read_mbs, uint64_t write_mbs)
{
    g_assert_cmpuint(value(t, READ_LATENCY, initiator, target), ==,
                     read_ns * 1000);
    g_assert_cmpuint(value(t, WRITE_LATENCY, initiator, target), ==,
                     write_ns * 1000);
    g_assert_cmpuint(value(t, READ_BANDWIDTH, initiator, target), ==,
                     read_mbs);
    g_assert_cmpuint(value(t, WRITE_BANDWIDTH, initiator, target), ==,
                     write_mbs);
}

/*
 * Without NUMA options: DRAM is node 0, the window domain 1, the generic port
 * domain 2. An access takes 50 ns to the port, 2 for the 68 bytes of a flit
 * at 64 GB/s, and 150 or 250 in the device.
 */
static void test_plain(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(MACHINE(WINDOW0) PLAIN);

    check_memory(t, 0, 640 * KiB, 0, ENABLED);
    check_memory(t, window_base(t, 0), 4 * GiB, 1, ENABLED | HOT_PLUGGABLE);
    check_port(t, 0, 16, 2);
    g_assert_null(srat(t, SRAT_PORT, 1));
    check_perf(t, 0, 0, 100, 100, 100000, 100000);
    check_perf(t, 0, 1, 202, 302, 16000, 16000);
    check_perf(t, 0, 2, 50, 50, 256000, 256000);
    g_assert_null(acpi_tables_find(t, "SLIT"));
}

/* Nothing of it without CXL, nor where there is only hmat=on */
static void test_off(void)
{
    g_autofree AcpiTables *t =
        acpi_tables_fetch("-nodefaults -display none -machine q35");
    g_autofree AcpiTables *hmat =
        acpi_tables_fetch("-nodefaults -display none -m 1G -machine q35,hmat=on"
                          " -object memory-backend-ram,id=d0,size=1G"
                          " -numa node,cpus=0,memdev=d0");

    g_assert_null(acpi_tables_find(t, "SRAT"));
    g_assert_null(acpi_tables_find(t, "HMAT"));
    g_assert_nonnull(acpi_tables_find(hmat, "HMAT"));
    g_assert_cmpuint(acpi_table_size(acpi_tables_find(hmat, "HMAT")), ==,
                     HMAT_HEADER + 40);
    g_assert_null(srat(hmat, SRAT_PORT, 0));
}

/* A window without memory below performs in no way that is known */
static void test_empty(void)
{
    g_autofree AcpiTables *t =
        acpi_tables_fetch(MACHINE(WINDOW0 WINDOW1) BRIDGE0 BRIDGE1);

    check_memory(t, window_base(t, 0), 4 * GiB, 1, ENABLED | HOT_PLUGGABLE);
    check_memory(t, window_base(t, 1), 2 * GiB, 2, ENABLED | HOT_PLUGGABLE);
    check_port(t, 0, 16, 3);
    check_port(t, 1, 32, 4);
    check_perf(t, 0, 1, 0, 0, 0, 0);
    check_perf(t, 0, 2, 0, 0, 0, 0);
    check_perf(t, 0, 4, 50, 50, 256000, 256000);
}

/*
 * A switch below the first port, with two devices, and a slow link below the
 * second bridge's: 68 bytes take 55 ns at 1250 MB/s.
 */
static void test_paths(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(WINDOW0 WINDOW1) BRIDGE0
        ",read-latency=40,write-latency=60,read-bandwidth=30000"
        BRIDGE1 PORT(1, "hb0", "") PORT(2, "hb1", "")
        " -device cxl-upstream,id=us0,bus=rp1,write-latency=80,"
        "write-bandwidth=25000"
        " -device cxl-downstream,id=ds0,bus=us0,port=0,chassis=0,slot=4"
        " -device cxl-downstream,id=ds1,bus=us0,port=1,chassis=0,slot=5"
        MEMORY(1, "ds0", "")
        MEMORY(2, "ds1", ",read-latency=200,write-latency=300,"
               "read-bandwidth=20000,write-bandwidth=5000")
        MEMORY(3, "rp2", ",x-speed=5,x-width=2"));

    /*
     * Window 0: 40 + 2 + 70 + 2 + 200 and 60 + 2 + 80 + 2 + 300 for the
     * slower device; 16000 + 20000 read, of which the bridge lets 30000
     * through, and 16000 + 5000 written
     */
    check_perf(t, 0, 1, 314, 444, 30000, 21000);
    /* Window 1 has the third device, too: 50 + 55 + 250 is not the slowest */
    check_perf(t, 0, 2, 314, 444, 31250, 22250);
}

/*
 * The lesser end of a link decides: 68 bytes take 34 ns at 2 GB/s, and 109 at
 * 625 MB/s
 */
static void test_links(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(WINDOW0 WINDOW1) BRIDGE0 BRIDGE1
        PORT(1, "hb0", ",x-speed=8") PORT(2, "hb1", ",x-width=1")
        MEMORY(1, "rp1", ",x-width=2")
        " -device cxl-upstream,id=us0,bus=rp2,x-speed=5"
        " -device cxl-downstream,id=ds0,bus=us0,port=0,chassis=0,slot=4,"
        "x-speed=16"
        MEMORY(2, "ds0", ""));

    check_perf(t, 0, 1, 50 + 34 + 150, 50 + 34 + 250, 2000, 2000);
    /* The second device's: 50 + 109 + 70 + 3 + 150 at 625 MB/s */
    check_perf(t, 0, 2, 382, 482, 2625, 2625);
}

/*
 * Memory that is hot-plugged is in the last NUMA node as without CXL, not in
 * a domain of ours
 */
static void test_hotplug(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(WINDOW0) PLAIN " -m 1G,slots=2,maxmem=5G");
    unsigned n = 0;
    const uint8_t *m;

    for (unsigned i = 0; (m = srat(t, SRAT_MEMORY, i)); i++) {
        if (ldl_le_p(m + 28) == (ENABLED | HOT_PLUGGABLE) &&
            ldq_le_p(m + 8) != window_base(t, 0)) {
            g_assert_cmpuint(ldl_le_p(m + 2), ==, 0);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, 1);
    check_memory(t, window_base(t, 0), 4 * GiB, 1, ENABLED | HOT_PLUGGABLE);
}

/* The user's nodes, values, distances, and generic port of the second bridge */
#define NODES \
    " -object memory-backend-ram,id=d0,size=512M" \
    " -object memory-backend-ram,id=d1,size=512M" \
    " -smp 2 -numa node,nodeid=0,cpus=0,memdev=d0,initiator=0" \
    " -numa node,nodeid=1,cpus=1,memdev=d1,initiator=1" \
    " -numa node,nodeid=2"
#define LB(i, t, type, what) \
    " -numa hmat-lb,hierarchy=memory,initiator=" #i ",target=" #t \
    ",data-type=" type "," what

static void test_user(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(",hmat=on" WINDOW0 WINDOW1) BRIDGE0 ",numa_node=1" BRIDGE1
        PORT(1, "hb0", "") MEMORY(1, "rp1", "")
        NODES " -numa dist,src=0,dst=1,val=40 -numa dist,src=0,dst=2,val=12"
        " -numa dist,src=1,dst=2,val=40"
        LB(0, 0, "access-latency", "latency=90")
        LB(0, 0, "access-bandwidth", "bandwidth=20G")
        LB(0, 1, "access-latency", "latency=180")
        LB(0, 1, "access-bandwidth", "bandwidth=10G")
        LB(0, 2, "read-latency", "latency=33")
        LB(0, 2, "write-bandwidth", "bandwidth=1G")
        " -object acpi-generic-port,id=gp,pci-bus=hb1,node=2");
    const uint8_t *slit = acpi_tables_find(t, "SLIT");

    /* QEMU's comes first, in the user's node; ours behind all nodes */
    check_port(t, 0, 32, 2);
    check_port(t, 1, 16, 5);
    g_assert_null(srat(t, SRAT_PORT, 2));
    check_memory(t, window_base(t, 0), 4 * GiB, 3, ENABLED | HOT_PLUGGABLE);
    check_memory(t, window_base(t, 1), 2 * GiB, 4, ENABLED | HOT_PLUGGABLE);

    check_perf(t, 0, 0, 90, 90, 20480, 20480);
    check_perf(t, 0, 1, 180, 180, 10240, 10240);
    /* DRAM the user is silent about: in proportion to its distance */
    check_perf(t, 1, 0, 400, 400, 25000, 25000);
    check_perf(t, 1, 1, 100, 100, 100000, 100000);
    /* The user's generic port, with what the user does not say as ours */
    check_perf(t, 0, 2, 33, 50, 256000, 1024);
    check_perf(t, 1, 2, 50, 50, 256000, 256000);
    /* Node 0 is 3 times the latency of DRAM away from node 1, the bridge's */
    check_perf(t, 0, 5, 350, 350, 256000, 256000);
    check_perf(t, 1, 5, 50, 50, 256000, 256000);
    check_perf(t, 0, 3, 502, 602, 16000, 16000);
    check_perf(t, 1, 3, 202, 302, 16000, 16000);

    /* ACPI 6.5 5.2.17: 10 on the diagonal, the user's, then ours */
    g_assert_nonnull(slit);
    g_assert_cmpuint(ldq_le_p(slit + ACPI_HEADER), ==, 6);
    for (unsigned i = 0; i < 6; i++) {
        g_assert_cmpuint(slit[ACPI_HEADER + 8 + 7 * i], ==, 10);
    }
#define DISTANCE(i, j) slit[ACPI_HEADER + 8 + 6 * (i) + (j)]
    g_assert_cmpuint(DISTANCE(0, 1), ==, 40);
    g_assert_cmpuint(DISTANCE(2, 0), ==, 12);
    g_assert_cmpuint(DISTANCE(0, 3), ==, 50);
    g_assert_cmpuint(DISTANCE(3, 0), ==, 50);
    g_assert_cmpuint(DISTANCE(1, 3), ==, 20);
    g_assert_cmpuint(DISTANCE(3, 5), ==, 25);
}

/* The user's HMAT stays as it is, in front of ours */
static void test_append(void)
{
    g_autofree AcpiTables *off = acpi_tables_fetch(
        "-nodefaults -display none -m 1G -machine q35,hmat=on" NODES
        LB(0, 0, "access-latency", "latency=90"));
    g_autofree AcpiTables *on = acpi_tables_fetch(
        MACHINE(",hmat=on" WINDOW0) PLAIN NODES
        LB(0, 0, "access-latency", "latency=90"));
    const uint8_t *user = acpi_tables_find(off, "HMAT");
    const uint8_t *all = acpi_tables_find(on, "HMAT");
    uint32_t size = acpi_table_size(user);

    g_assert_cmpuint(acpi_table_size(all), >, size);
    g_assert_cmpmem(all + ACPI_HEADER, size - ACPI_HEADER,
                    user + ACPI_HEADER, size - ACPI_HEADER);
}

/* A region has a domain of its own, its window what is left */
static void test_region(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(WINDOW0 WINDOW1 ",cxl-region.0.devices.0=mem1,"
                "cxl-region.0.memory-map=ram,cxl-region.0.window=0,"
                "cxl-region.1.devices.0=mem2,cxl-region.1.devices.1=mem3,"
                "cxl-region.1.window=1") BRIDGE0 BRIDGE1
        PORT(1, "hb0", "") PORT(2, "hb0", "") PORT(3, "hb1", "")
        MEMORY(1, "rp1", ",read-latency=100")
        MEMORY(2, "rp2", ",read-latency=210")
        MEMORY(3, "rp3", ",read-bandwidth=1000"));
    uint64_t base = window_base(t, 0), other = window_base(t, 1);

    /* Windows are 1 and 2, regions 3 and 4, and ports 5 and 6 */
    check_memory(t, base, 256 * MiB, 3, ENABLED);
    check_memory(t, base + 256 * MiB, 4 * GiB - 256 * MiB, 1,
                 ENABLED | HOT_PLUGGABLE);
    check_memory(t, other, 512 * MiB, 4, ENABLED | HOT_PLUGGABLE);
    check_memory(t, other + 512 * MiB, 1536 * MiB, 2, ENABLED | HOT_PLUGGABLE);
    check_port(t, 0, 16, 5);
    check_port(t, 1, 32, 6);
    check_perf(t, 0, 3, 152, 302, 16000, 16000);
    check_perf(t, 0, 4, 262, 302, 17000, 32000);
}

/* Domains have eight bits in this revision of SRAT; ports come first then */
static void test_limit(void)
{
    g_autoptr(GString) args = g_string_new(MACHINE(""));
    g_autofree AcpiTables *t = NULL;
    const uint8_t *m;
    unsigned windows = 0;

    for (unsigned i = 0; i < 260; i++) {
        g_string_append_printf(args, ",cxl-fmw.%u.targets.0=hb0,"
                               "cxl-fmw.%u.size=256M", i, i);
    }
    g_string_append(args, BRIDGE0 BRIDGE1);
    t = acpi_tables_fetch(args->str);
    for (unsigned i = 0; (m = srat(t, SRAT_MEMORY, i)); i++) {
        windows += ldl_le_p(m + 28) == (ENABLED | HOT_PLUGGABLE);
        g_assert_cmpuint(ldl_le_p(m + 2), <, 256);
    }
    g_assert_cmpuint(windows, ==, 256 - 1 - 2);
    check_port(t, 0, 16, 254);
    check_port(t, 1, 32, 255);
    check_perf(t, 0, 255, 50, 50, 256000, 256000);
}

/* The main root bus, with _UID 0, is a host bridge like any other */
static void test_main_host(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(",cxl-main-host=on,cxl-fmw.0.targets.0=pcie.0,"
                "cxl-fmw.0.size=1G") PORT(1, "pcie.0", "")
        MEMORY(1, "rp1", "") " -global cxl-main-host.read-latency=70");

    check_memory(t, window_base(t, 0), GiB, 1, ENABLED | HOT_PLUGGABLE);
    check_port(t, 0, 0, 2);
    check_perf(t, 0, 1, 222, 302, 16000, 16000);
    check_perf(t, 0, 2, 70, 50, 256000, 256000);
}

/* A window that a region covers needs no domain */
static void test_covered(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(",cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=256M"
                ",cxl-region.0.devices.0=mem1") PLAIN);

    check_memory(t, window_base(t, 0), 256 * MiB, 1, ENABLED | HOT_PLUGGABLE);
    check_port(t, 0, 16, 2);
    check_perf(t, 0, 1, 202, 302, 16000, 16000);
}

/* What is persistent is said to be */
static void test_persistent(void)
{
    g_autofree AcpiTables *t = acpi_tables_fetch(
        MACHINE(WINDOW0 ",cxl-region.0.devices.0=mem1,"
                "cxl-region.0.persistent=on") BRIDGE0 PORT(1, "hb0", "")
        MEMORY(1, "rp1", ",persistent-memdev=p1,lsa=l1")
        " -object memory-backend-ram,id=p1,size=512M"
        " -object memory-backend-ram,id=l1,size=128K");

    check_memory(t, window_base(t, 0), 512 * MiB, 2,
                 ENABLED | HOT_PLUGGABLE | NON_VOLATILE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cxl/acpi/plain", test_plain);
    qtest_add_func("/cxl/acpi/off", test_off);
    qtest_add_func("/cxl/acpi/empty", test_empty);
    qtest_add_func("/cxl/acpi/paths", test_paths);
    qtest_add_func("/cxl/acpi/links", test_links);
    qtest_add_func("/cxl/acpi/hotplug", test_hotplug);
    qtest_add_func("/cxl/acpi/user", test_user);
    qtest_add_func("/cxl/acpi/append", test_append);
    qtest_add_func("/cxl/acpi/region", test_region);
    qtest_add_func("/cxl/acpi/limit", test_limit);
    qtest_add_func("/cxl/acpi/main-host", test_main_host);
    qtest_add_func("/cxl/acpi/covered", test_covered);
    qtest_add_func("/cxl/acpi/persistent", test_persistent);
    return g_test_run();
}

/*
 * QTest: memory that the guest divides into volatile and persistent memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

#define NOW             CXL_SET_PARTITION_IMMEDIATE
/* No partitioning waits */
#define NONE            UINT64_MAX

/*
 * mem0, in units of 256 MiB: one volatile, two of which one is volatile at
 * first, one persistent. mem1: one, volatile at first, and nothing is kept.
 */
#define UNITS           4
#define BANKS           { 0, 1, 3, UNITS }

static QCXL *q;

static QCXLFn *mem(unsigned n)
{
    QCXLFn *fn = qcxl_mem_at(q, n);

    g_assert_nonnull(fn);
    return fn;
}

static unsigned set(unsigned n, uint64_t units, uint8_t flags)
{
    const CXLSetPartitionReq req = { cxl_le64(units), flags };

    return qcxl_mbox(mem(n), CXL_OP_SET_PARTITION_INFO, &req, sizeof(req),
                     NULL, NULL);
}

static void set_ok(unsigned n, uint64_t units, uint8_t flags)
{
    g_assert_cmphex(set(n, units, flags), ==, CXL_RET_SUCCESS);
}

static void expect_info(unsigned n, uint64_t active, uint64_t next)
{
    uint64_t all = n ? 1 : UNITS;
    CXLPartitionInfoRsp rsp;
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(mem(n), CXL_OP_GET_PARTITION_INFO, NULL, 0, &rsp,
                              &len), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(len, ==, sizeof(rsp));
    g_assert_cmpuint(cxl_le64_get(rsp.active_volatile), ==, active);
    g_assert_cmpuint(cxl_le64_get(rsp.active_persistent), ==, all - active);
    g_assert_cmpuint(cxl_le64_get(rsp.next_volatile), ==,
                     next == NONE ? 0 : next);
    g_assert_cmpuint(cxl_le64_get(rsp.next_persistent), ==,
                     next == NONE ? 0 : all - next);
}

/* CXL r3.1 8.1.3: as many ranges as there are partitions, and their sizes */
static void expect_ranges(unsigned n, uint64_t first, uint64_t second)
{
    unsigned dvsec = qcxl_dvsec(mem(n), CXL_DVSEC_ID_DEVICE);
    uint16_t cap = qcxl_config_read(mem(n), dvsec + CXL_DEVICE_CAPABILITY, 2);

    g_assert_cmpuint(FIELD_EX16(cap, CXL_DEVICE_CAPABILITY, HDM_COUNT), ==,
                     second ? 2 : 1);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t size = qcxl_config_read(mem(n), dvsec +
                                         CXL_DEVICE_RANGE_SIZE_HIGH(i), 4);
        uint32_t low = qcxl_config_read(mem(n), dvsec +
                                        CXL_DEVICE_RANGE_SIZE_LOW(i), 4);

        size = size << 32 | (low & CXL_DEVICE_RANGE_LOW_MASK);
        g_assert_cmphex(size, ==, (i ? second : first) * QCXL_UNIT);
        g_assert_cmpuint(FIELD_EX32(low, CXL_DEVICE_RANGE, INFO_VALID), ==,
                         size ? 1 : 0);
        g_assert_cmpuint(FIELD_EX32(low, CXL_DEVICE_RANGE, ACTIVE), ==,
                         size ? 1 : 0);
    }
}

/* CDAT 1.04 2.1: a DSMAS for each partition, the volatile one first */
static void expect_dsmas(unsigned n, uint64_t vmem, uint64_t pmem)
{
    g_autoptr(GByteArray) table = qcxl_cdat(mem(n));
    uint64_t base = 0, seen[2] = { 0 };

    for (uint32_t at = sizeof(CXLCdatHeader); at < table->len; ) {
        const CXLDsmas *dsmas = (const CXLDsmas *)(table->data + at);

        if (dsmas->entry.type == CXL_CDAT_DSMAS) {
            bool persistent = dsmas->flags & CXL_DSMAS_NON_VOLATILE;

            g_assert_cmphex(cxl_le64_get(dsmas->dpa_base), ==, base);
            base += cxl_le64_get(dsmas->dpa_length);
            seen[persistent] += cxl_le64_get(dsmas->dpa_length);
        }
        at += cxl_le16_get(dsmas->entry.length);
    }
    g_assert_cmphex(seen[0], ==, vmem * QCXL_UNIT);
    g_assert_cmphex(seen[1], ==, pmem * QCXL_UNIT);
}

/* Everything that says how mem0 is divided */
static void expect(uint64_t active, uint64_t next)
{
    expect_info(0, active, next);
    expect_ranges(0, active, UNITS - active);
    expect_dsmas(0, active, UNITS - active);
}

/* Back to one unit of two, whatever a test has left behind */
static void begin(void)
{
    qcxl_reset(q);
    set_ok(0, 1, NOW);
    expect(2, NONE);
}

static void test_identify(void)
{
    CXLIdentifyMemRsp rsp;
    size_t len = sizeof(rsp);

    begin();
    qcxl_mbox(mem(0), CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0, &rsp, &len);
    g_assert_cmpuint(cxl_le64_get(rsp.total_capacity), ==, UNITS);
    g_assert_cmpuint(cxl_le64_get(rsp.volatile_capacity), ==, 1);
    g_assert_cmpuint(cxl_le64_get(rsp.persistent_capacity), ==, 1);
    g_assert_cmpuint(cxl_le64_get(rsp.partition_alignment), ==, 1);
}

/* Nothing changes before the reset, and everything after it */
static void test_at_reset(void)
{
    begin();
    for (unsigned units = 0; units <= 2; units++) {
        unsigned before = units ? units : 2;

        set_ok(0, units, 0);
        expect(before, 1 + units == before ? NONE : 1 + units);
        qcxl_reset(q);
        expect(1 + units, NONE);
    }
    /* One of several partitions is no partition: there is one range */
    set_ok(1, 0, 0);
    expect_info(1, 1, 0);
    expect_ranges(1, 1, 0);
    expect_dsmas(1, 1, 0);
    qcxl_reset(q);
    expect_info(1, 0, NONE);
    expect_ranges(1, 1, 0);
    expect_dsmas(1, 0, 1);
}

static void test_immediate(void)
{
    begin();
    for (unsigned units = 0; units <= 2; units++) {
        set_ok(0, units, NOW);
        expect(1 + units, NONE);
    }
    g_assert_cmphex(set(0, 3, NOW), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(set(0, UINT64_MAX, NOW), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(set(0, 1ULL << 36, 0), ==, CXL_RET_INVALID_INPUT);
    expect(3, NONE);
}

static void map(bool on)
{
    const QCXLComponent *bridge = &q->bridges[0].comp;
    const QCXLDecoder d = { .base = q->windows[0].base,
                            .size = UNITS * QCXL_UNIT };
    const QCXLComponent *comp = &mem(0)->comp;

    if (on) {
        g_assert_true(qcxl_hdm_commit(q, bridge, 0, &d));
        g_assert_true(qcxl_hdm_commit(q, comp, 0, &d));
        qcxl_hdm_enable(q, comp, true);
        qcxl_mem_enable(mem(0), true);
    } else {
        qcxl_mem_enable(mem(0), false);
        qcxl_hdm_enable(q, comp, false);
        qcxl_hdm_uncommit(q, comp, 0);
        qcxl_hdm_uncommit(q, bridge, 0);
    }
}

/* A decoder that is committed is enough, even if none decodes */
static void test_mapped(void)
{
    begin();
    map(true);
    g_assert_cmphex(set(0, 0, NOW), ==, CXL_RET_INVALID_INPUT);
    qcxl_mem_enable(mem(0), false);
    g_assert_cmphex(set(0, 0, NOW), ==, CXL_RET_INVALID_INPUT);
    expect(2, NONE);
    set_ok(0, 0, 0);
    expect(2, 1);
    map(false);
    set_ok(0, 0, NOW);
    expect(1, NONE);
}

/*
 * One decoder over all banks: bytes on both sides of each boundary, and across
 * it, are where they belong, and stay there however memory is divided
 */
static void test_content(void)
{
    static const unsigned banks[] = BANKS;
    static const char *const files[] = { "mem0.v", "mem0.part", "mem0.p" };
    uint64_t base = q->windows[0].base;

    begin();
    map(true);
    for (unsigned i = 1; i < ARRAY_SIZE(banks) - 1; i++) {
        uint64_t edge = base + banks[i] * QCXL_UNIT;
        uint64_t value = 0x1122334455667788 * i;
        uint8_t bytes[8], low[3], high[5];

        qcxl_write(q, edge - 3, 8, value);
        g_assert_cmphex(qcxl_read(q, edge - 3, 8), ==, value);
        qcxl_file_read(q, files[i - 1],
                       (banks[i] - banks[i - 1]) * QCXL_UNIT - 3, low, 3);
        qcxl_file_read(q, files[i], 0, high, 5);
        cxl_le_store(bytes, 8, value);
        g_assert_cmpmem(low, 3, bytes, 3);
        g_assert_cmpmem(high, 5, bytes + 3, 5);
    }
    qcxl_write(q, base + 2 * QCXL_UNIT - 3, 8, 0x4242);
    for (unsigned units = 0; units <= 2; units++) {
        map(false);
        set_ok(0, units, NOW);
        map(true);
        g_assert_cmphex(qcxl_read(q, base + 2 * QCXL_UNIT - 3, 8), ==, 0x4242);
        for (unsigned i = 1; i < ARRAY_SIZE(banks) - 1; i++) {
            g_assert_cmphex(qcxl_read(q, base + banks[i] * QCXL_UNIT - 3, 8),
                            ==, 0x1122334455667788 * i);
        }
    }
    map(false);
}

/* What was chosen last outlives QEMU, however it ends, where it is kept */
static void test_kept(void)
{
    begin();
    set_ok(0, 2, 0);
    set_ok(1, 0, NOW);
    qcxl_restart(q);
    expect(3, NONE);
    expect_info(1, 1, NONE);
    set_ok(0, 0, NOW);
    set_ok(0, 1, 0);
    qcxl_kill(q);
    expect(2, NONE);
}

static void test_migrate(void)
{
    begin();
    set_ok(0, 2, NOW);
    set_ok(0, 0, 0);
    set_ok(1, 0, NOW);
    qcxl_migrate(q);
    expect(3, 1);
    expect_ranges(1, 1, 0);
    expect_dsmas(1, 0, 1);
    qcxl_reset(q);
    expect(1, NONE);
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, ",hdm_for_passthrough=on");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_nv(t, "mem0");
    qcxl_partitionable(t, "mem0", 512, false);
    qcxl_mem(t, "mem0", "rp0", 256, 256, ",partitionable-memdev=mem0.part,"
             "partition-volatile=256M,nv=mem0.nv");
    qcxl_partitionable(t, "mem1", 256, true);
    qcxl_mem(t, "mem1", "rp1", 0, 0,
             ",partitionable-memdev=mem1.part,lsa=mem1.lsa");
    qcxl_window(t, 256 * UNITS, NULL, "hb0");
    q = qcxl_boot(t);
    /* As the properties say */
    expect(2, NONE);

    qtest_add_func("/cxl/partition/identify", test_identify);
    qtest_add_func("/cxl/partition/at-reset", test_at_reset);
    qtest_add_func("/cxl/partition/immediate", test_immediate);
    qtest_add_func("/cxl/partition/mapped", test_mapped);
    qtest_add_func("/cxl/partition/content", test_content);
    qtest_add_func("/cxl/partition/kept", test_kept);
    qtest_add_func("/cxl/partition/migrate", test_migrate);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

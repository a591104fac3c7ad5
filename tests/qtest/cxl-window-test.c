/*
 * QTest: CXL memory through fixed memory windows
 *
 * Each byte that goes through a window is looked for in the backing files,
 * where a naive model of the interleave says that it belongs. All is done
 * twice, with fast mappings and without.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

/* Bytes of a region that the naive model covers */
#define SPAN            (256 * 1024)

static QCXL *q;

/* Windows by their order, bridges by their bus numbers, devices likewise */
enum { WIN_ONE, WIN_TWO, WIN_THREE, WIN_FOUR, WIN_SIX };
enum { HB_PORTS, HB_SINGLE, HB_THIRD, HB_FOURTH, HB_FIFTH };
#define WAYS_MAX        6

static const QCXLWindow *window(unsigned n)
{
    g_assert_cmpuint(n, <, q->nr_windows);
    return &q->windows[n];
}

static const QCXLComponent *bridge(unsigned n)
{
    return &q->bridges[n].comp;
}

static const QCXLComponent *mem(unsigned n)
{
    return &qcxl_mem_at(q, n)->comp;
}

static void commit(const QCXLComponent *comp, unsigned n, QCXLDecoder d)
{
    g_assert_true(qcxl_hdm_commit(q, comp, n, &d));
}

static void enable(unsigned n, bool on)
{
    qcxl_mem_enable(qcxl_mem_at(q, n), on);
    qcxl_hdm_enable(q, mem(n), on);
}

/* A region of one device: decoder @n of the bridge and of device @m */
static void map_one(unsigned n, unsigned m, uint64_t base, uint64_t size,
                    uint64_t skip)
{
    commit(bridge(HB_PORTS), n,
           (QCXLDecoder) { .base = base, .size = size, .targets = m });
    commit(mem(m), n,
           (QCXLDecoder) { .base = base, .size = size, .skip = skip });
    enable(m, true);
}

static void unmap_one(unsigned n, unsigned m)
{
    qcxl_hdm_uncommit(q, mem(m), n);
    qcxl_hdm_uncommit(q, bridge(HB_PORTS), n);
}

static void check_file(const char *name, uint64_t dpa, const void *want,
                       size_t len)
{
    g_autofree uint8_t *got = g_malloc(len);

    qcxl_file_read(q, name, dpa, got, len);
    g_assert_cmpmem(got, len, want, len);
}

static void fill(uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf[i] = g_test_rand_int();
    }
}

static void test_layout(void)
{
    static const unsigned units[] = { 4, 4, 3, 4, 6 };
    uint64_t last = 0;

    g_assert_cmpuint(q->nr_windows, ==, ARRAY_SIZE(units));
    for (unsigned i = 0; i < q->nr_windows; i++) {
        g_assert_cmphex(window(i)->base % QCXL_UNIT, ==, 0);
        g_assert_cmphex(window(i)->size, ==, units[i] * QCXL_UNIT);
        g_assert_cmphex(window(i)->base, >=, last);
        last = window(i)->base + window(i)->size;
    }
    g_assert_cmpuint(window(WIN_ONE)->ways, ==, 1);
    g_assert_cmpuint(window(WIN_TWO)->ways, ==, 2);
    g_assert_cmpuint(window(WIN_TWO)->granularity, ==, 512);
    g_assert_cmpuint(window(WIN_TWO)->targets[0], ==,
                     q->bridges[HB_PORTS].uid);
    g_assert_cmpuint(window(WIN_TWO)->targets[1], ==,
                     q->bridges[HB_SINGLE].uid);
}

/* Where nothing decodes, reads are all ones and writes go nowhere */
static void check_miss(uint64_t hpa)
{
    for (unsigned size = 1; size <= 8; size *= 2) {
        uint64_t ones = UINT64_MAX >> (64 - 8 * size);

        g_assert_cmphex(qcxl_read(q, hpa, size), ==, ones);
        qcxl_write(q, hpa, size, 0);
        g_assert_cmphex(qcxl_read(q, hpa, size), ==, ones);
        g_assert_cmphex(qcxl_read(q, hpa + 3, size), ==, ones);
    }
}

static void test_uncommitted(void)
{
    for (unsigned i = 0; i < q->nr_windows; i++) {
        check_miss(window(i)->base);
        check_miss(window(i)->base + window(i)->size - 16);
    }
}

/* One step of the way missing is as good as all of it */
static void test_half_way(void)
{
    uint64_t base = window(WIN_ONE)->base;

    map_one(0, 0, base, QCXL_UNIT, 0);
    qcxl_write(q, base, 8, 0x1122334455667788ull);
    g_assert_cmphex(qcxl_read(q, base, 8), ==, 0x1122334455667788ull);
    qcxl_hdm_enable(q, mem(0), false);
    check_miss(base);
    qcxl_hdm_enable(q, mem(0), true);
    qcxl_mem_enable(qcxl_mem_at(q, 0), false);
    check_miss(base);
    qcxl_mem_enable(qcxl_mem_at(q, 0), true);
    g_assert_cmphex(qcxl_read(q, base, 8), ==, 0x1122334455667788ull);
    qcxl_hdm_uncommit(q, bridge(HB_PORTS), 0);
    check_miss(base);
    commit(bridge(HB_PORTS), 0,
           (QCXLDecoder) { .base = base, .size = QCXL_UNIT, .targets = 5 });
    check_miss(base);
    qcxl_hdm_uncommit(q, bridge(HB_PORTS), 0);
    commit(bridge(HB_PORTS), 0,
           (QCXLDecoder) { .base = base, .size = QCXL_UNIT });
    g_assert_cmphex(qcxl_read(q, base, 8), ==, 0x1122334455667788ull);
    unmap_one(0, 0);
    check_miss(base);
}

static void test_one_way(void)
{
    uint64_t base = window(WIN_ONE)->base + QCXL_UNIT;
    uint8_t data[4096], back[4096];

    map_one(0, 0, base, 2 * QCXL_UNIT, 0);
    fill(data, sizeof(data));
    qtest_memwrite(q->qts, base + 0x12345, data, sizeof(data));
    qtest_memread(q->qts, base + 0x12345, back, sizeof(back));
    g_assert_cmpmem(back, sizeof(back), data, sizeof(data));
    check_file("mem0.v", 0x12345, data, sizeof(data));

    /* The last volatile byte, and the first persistent one behind it */
    qtest_memwrite(q->qts, base + QCXL_UNIT - 100, data, 200);
    check_file("mem0.v", QCXL_UNIT - 100, data, 100);
    check_file("mem0.p", 0, data + 100, 100);

    check_miss(base - 16);
    check_miss(base + 2 * QCXL_UNIT);
    unmap_one(0, 0);
    check_miss(base);
    map_one(0, 0, base, 2 * QCXL_UNIT, 0);
    qtest_memread(q->qts, base + 0x12345, back, sizeof(back));
    g_assert_cmpmem(back, sizeof(back), data, sizeof(data));
    unmap_one(0, 0);
}

static void test_window_end(void)
{
    uint64_t end = window(WIN_ONE)->base + window(WIN_ONE)->size;

    map_one(0, 0, end - QCXL_UNIT, QCXL_UNIT, 0);
    qcxl_write(q, end - 8, 8, 0xa1a2a3a4a5a6a7a8ull);
    g_assert_cmphex(qcxl_read(q, end - 8, 8), ==, 0xa1a2a3a4a5a6a7a8ull);
    g_assert_cmphex(qcxl_read(q, end - 1, 1), ==, 0xa1);
    g_assert_cmphex(qcxl_read(q, end - 2, 4) & 0xffff, ==, 0xa1a2);
    qcxl_write(q, end - 4, 8, 0xb1b2b3b4b5b6b7b8ull);
    g_assert_cmphex(qcxl_read(q, end - 4, 4), ==, 0xb5b6b7b8);
    unmap_one(0, 0);
}

/* Two regions of one device, the second behind a skipped unit */
static void test_second_region(void)
{
    uint64_t first = window(WIN_ONE)->base;
    uint64_t second = first + 2 * QCXL_UNIT;
    uint64_t a = 0x1111111111111111ull, b = 0x2222222222222222ull;

    map_one(0, 1, first, QCXL_UNIT, 0);
    map_one(1, 1, second, QCXL_UNIT, QCXL_UNIT);
    qcxl_write(q, first + 64, 8, a);
    qcxl_write(q, second + 64, 8, b);
    g_assert_cmphex(qcxl_read(q, first + 64, 8), ==, a);
    check_file("mem1.v", 64, &a, 8);
    check_file("mem1.p", QCXL_UNIT + 64, &b, 8);
    unmap_one(1, 1);
    check_miss(second + 64);
    g_assert_cmphex(qcxl_read(q, first + 64, 8), ==, a);
    unmap_one(0, 1);
}

/* Regions of two devices side by side, and an access across the border */
static void test_neighbours(void)
{
    uint64_t base = window(WIN_ONE)->base;
    uint64_t border = base + QCXL_UNIT;
    uint8_t data[128], back[128];

    commit(bridge(HB_PORTS), 0,
           (QCXLDecoder) { .base = base, .size = QCXL_UNIT, .targets = 1 });
    commit(bridge(HB_PORTS), 1,
           (QCXLDecoder) { .base = border, .size = QCXL_UNIT });
    commit(mem(1), 0, (QCXLDecoder) { .base = base, .size = QCXL_UNIT });
    commit(mem(0), 0, (QCXLDecoder) { .base = border, .size = QCXL_UNIT });
    enable(0, true);
    enable(1, true);
    fill(data, sizeof(data));
    qtest_memwrite(q->qts, border - 61, data, sizeof(data));
    qtest_memread(q->qts, border - 61, back, sizeof(back));
    g_assert_cmpmem(back, sizeof(back), data, sizeof(data));
    g_assert_cmphex(qcxl_read(q, border - 3, 8), ==,
                    cxl_le_load(data + 58, 8));
    check_file("mem1.v", QCXL_UNIT - 61, data, 61);
    check_file("mem0.v", 0, data + 61, sizeof(data) - 61);
    qcxl_hdm_uncommit(q, mem(0), 0);
    qcxl_hdm_uncommit(q, mem(1), 0);
    qcxl_hdm_uncommit(q, bridge(HB_PORTS), 1);
    qcxl_hdm_uncommit(q, bridge(HB_PORTS), 0);
}

/*
 * The naive model: bytes are dealt out to @ways files, @granularity at a
 * time, each file taking them in order
 */
typedef struct Model {
    unsigned ways;
    unsigned granularity;
    uint8_t hpa[SPAN];
    uint8_t dpa[WAYS_MAX][SPAN];
} Model;

static void deal(Model *m)
{
    size_t taken[WAYS_MAX] = { 0 };
    unsigned turn = 0;

    for (size_t at = 0; at < SPAN; turn = (turn + 1) % m->ways) {
        for (unsigned i = 0; i < m->granularity && at < SPAN; i++) {
            m->dpa[turn][taken[turn]++] = m->hpa[at++];
        }
    }
}

/* Accesses of 1 to 8 bytes, most of them across the end of a granule */
static void write_some(Model *m, uint64_t base)
{
    for (unsigned i = 0; i < 600; i++) {
        unsigned len = g_test_rand_int_range(1, 9);
        unsigned turn = g_test_rand_int_range(1, SPAN / m->granularity);
        unsigned at = turn * m->granularity - g_test_rand_int_range(0, 9);

        at = MIN(at, SPAN - len);
        fill(m->hpa + at, len);
        qtest_memwrite(q->qts, base + at, m->hpa + at, len);
    }
}

static void read_some(Model *m, uint64_t base)
{
    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned i = 0; i < 100; i++) {
            unsigned turn = g_test_rand_int_range(1, SPAN / m->granularity);
            unsigned at = turn * m->granularity - g_test_rand_int_range(0, 9);

            g_assert_cmphex(qcxl_read(q, base + at, size), ==,
                            cxl_le_load(m->hpa + at, size));
        }
    }
}

/* Write all of the span, then parts; compare with all files, byte by byte */
static void check_interleave(unsigned ways, unsigned granularity,
                             uint64_t base, const char *const *files)
{
    g_autofree Model *m = g_new0(Model, 1);
    g_autofree uint8_t *back = g_malloc(SPAN);

    m->ways = ways;
    m->granularity = granularity;
    fill(m->hpa, SPAN);
    qtest_bufwrite(q->qts, base, m->hpa, SPAN);
    write_some(m, base);
    read_some(m, base);
    qtest_bufread(q->qts, base, back, SPAN);
    g_assert_cmpmem(back, SPAN, m->hpa, SPAN);
    deal(m);
    /* One device less ends the view that may have the bytes */
    qcxl_hdm_enable(q, mem(files[0][3] - '0'), false);
    for (unsigned i = 0; i < ways; i++) {
        check_file(files[i], 0, m->dpa[i], SPAN / ways / granularity *
                   granularity);
    }
    qcxl_hdm_enable(q, mem(files[0][3] - '0'), true);
    qtest_bufread(q->qts, base, back, SPAN);
    g_assert_cmpmem(back, SPAN, m->hpa, SPAN);
}

/* CXL r3.1 8.2.4.20.13: two devices below two ports of one bridge */
static void test_two_ports(unsigned code)
{
    static const char *const files[] = { "mem0.v", "mem1.v" };
    const QCXLDecoder d = {
        .base = window(WIN_ONE)->base, .size = 2 * QCXL_UNIT,
        .ways = 1, .granularity = code,
    };
    QCXLDecoder port = d;

    port.targets = 0x0100;
    commit(bridge(HB_PORTS), 0, port);
    for (unsigned i = 0; i < 2; i++) {
        commit(mem(i), 0, d);
        enable(i, true);
    }
    check_interleave(2, 256u << code, d.base, files);

    /* One of the two gone: its turns miss, the other's do not */
    qcxl_hdm_uncommit(q, mem(1), 0);
    check_miss(d.base + (256u << code));
    g_assert_cmphex(qcxl_read(q, d.base, 8), !=, UINT64_MAX);
    qcxl_hdm_uncommit(q, mem(0), 0);
    qcxl_hdm_uncommit(q, bridge(HB_PORTS), 0);
    check_miss(d.base);
}

/* The window deals out to two bridges, the second of which has no decoders */
static void test_two_bridges(void)
{
    static const char *const files[] = { "mem0.v", "mem2.v" };
    const QCXLDecoder d = {
        .base = window(WIN_TWO)->base + QCXL_UNIT, .size = 2 * QCXL_UNIT,
        .ways = 1, .granularity = 1,
    };

    commit(bridge(HB_PORTS), 0,
           (QCXLDecoder) { .base = d.base, .size = d.size });
    commit(mem(0), 0, d);
    commit(mem(2), 0, d);
    enable(0, true);
    enable(2, true);
    check_interleave(2, 512, d.base, files);
    qcxl_hdm_uncommit(q, mem(0), 0);
    qcxl_hdm_uncommit(q, mem(2), 0);
    qcxl_hdm_uncommit(q, bridge(HB_PORTS), 0);
}

/* A region of several devices and the bridges above them */
static void commit_all(const QCXLDecoder *d, const unsigned *members,
                       unsigned ways)
{
    for (unsigned i = 0; i < ways; i++) {
        commit(mem(members[i]), 0, *d);
        enable(members[i], true);
    }
}

static void uncommit_all(const unsigned *members, unsigned ways,
                         const unsigned *bridges, unsigned nr)
{
    for (unsigned i = 0; i < ways; i++) {
        qcxl_hdm_uncommit(q, mem(members[i]), 0);
    }
    for (unsigned i = 0; i < nr; i++) {
        qcxl_hdm_uncommit(q, bridge(bridges[i]), 0);
    }
}

/* CXL r3.1 8.2.4.20.13: three ways, which bits of the address cannot tell */
static void test_three_bridges(void)
{
    static const char *const files[] = { "mem0.v", "mem2.v", "mem3.v" };
    static const unsigned members[] = { 0, 2, 3 };
    static const unsigned bridges[] = { HB_PORTS };
    const QCXLDecoder d = {
        .base = window(WIN_THREE)->base, .size = 3 * QCXL_UNIT, .ways = 8,
    };

    commit(bridge(HB_PORTS), 0,
           (QCXLDecoder) { .base = d.base, .size = d.size });
    commit_all(&d, members, 3);
    check_interleave(3, 256, d.base, files);
    uncommit_all(members, 3, bridges, 1);
}

/* Two levels: the window deals out to two bridges, each to two ports */
static void test_two_levels(void)
{
    static const char *const files[] = {
        "mem0.v", "mem4.v", "mem1.v", "mem5.v"
    };
    static const unsigned members[] = { 0, 1, 4, 5 };
    static const unsigned bridges[] = { HB_PORTS, HB_FOURTH };
    const QCXLDecoder d = {
        .base = window(WIN_FOUR)->base, .size = 4 * QCXL_UNIT, .ways = 2,
    };
    QCXLDecoder port = { .base = d.base, .size = d.size, .ways = 1,
                         .granularity = 1 };

    port.targets = 0x0100;
    commit(bridge(HB_PORTS), 0, port);
    port.targets = 0x0504;
    commit(bridge(HB_FOURTH), 0, port);
    commit_all(&d, members, 4);
    check_interleave(4, 256, d.base, files);
    uncommit_all(members, 4, bridges, 2);
}

/*
 * Six ways: granule g goes to bridge g mod 3 of the window and to port g mod
 * 2 of the bridge, which is a different device for each of six in a row
 */
static void test_three_by_two(void)
{
    static const char *const files[] = {
        "mem0.v", "mem5.v", "mem6.v", "mem1.v", "mem4.v", "mem7.v"
    };
    static const unsigned members[] = { 0, 1, 4, 5, 6, 7 };
    static const unsigned bridges[] = { HB_PORTS, HB_FOURTH, HB_FIFTH };
    static const unsigned targets[] = { 0x0100, 0x0504, 0x0706 };
    const QCXLDecoder d = {
        .base = window(WIN_SIX)->base, .size = 6 * QCXL_UNIT, .ways = 9,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bridges); i++) {
        commit(bridge(bridges[i]), 0,
               (QCXLDecoder) { .base = d.base, .size = d.size, .ways = 1,
                               .targets = targets[i] });
    }
    commit_all(&d, members, 6);
    check_interleave(6, 256, d.base, files);
    uncommit_all(members, 6, bridges, 3);
}

/* The same memory, dealt out and then in one piece: nothing is lost */
static void test_regroup(void)
{
    const QCXLDecoder d = {
        .base = window(WIN_ONE)->base, .size = 2 * QCXL_UNIT, .ways = 1,
    };
    QCXLDecoder port = d;
    uint8_t data[1024], back[512];

    port.targets = 0x0100;
    commit(bridge(HB_PORTS), 0, port);
    commit(mem(0), 0, d);
    commit(mem(1), 0, d);
    enable(0, true);
    enable(1, true);
    fill(data, sizeof(data));
    qtest_memwrite(q->qts, d.base, data, sizeof(data));
    unmap_one(0, 0);
    qcxl_hdm_uncommit(q, mem(1), 0);

    map_one(0, 1, d.base, QCXL_UNIT, 0);
    qtest_memread(q->qts, d.base, back, sizeof(back));
    g_assert_cmpmem(back, 256, data + 256, 256);
    g_assert_cmpmem(back + 256, 256, data + 768, 256);
    unmap_one(0, 1);
}

static void test_granularities(void)
{
    for (unsigned code = 0; code <= 6; code++) {
        test_two_ports(code);
    }
}

static QCXL *build(const char *props)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 32, "");
    qcxl_bridge(t, "hb2", 48, "");
    qcxl_bridge(t, "hb3", 64, "");
    qcxl_bridge(t, "hb4", 80, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_root_port(t, "rp2", "hb1", "");
    qcxl_root_port(t, "rp3", "hb2", "");
    qcxl_root_port(t, "rp4", "hb3", "");
    qcxl_root_port(t, "rp5", "hb3", "");
    qcxl_root_port(t, "rp6", "hb4", "");
    qcxl_root_port(t, "rp7", "hb4", "");
    qcxl_mem(t, "mem0", "rp0", 256, 512, props);
    qcxl_mem(t, "mem1", "rp1", 256, 512, props);
    qcxl_mem(t, "mem2", "rp2", 256, 0, props);
    qcxl_mem(t, "mem3", "rp3", 256, 0, props);
    qcxl_mem(t, "mem4", "rp4", 256, 0, props);
    qcxl_mem(t, "mem5", "rp5", 256, 0, props);
    qcxl_mem(t, "mem6", "rp6", 256, 0, props);
    qcxl_mem(t, "mem7", "rp7", 256, 0, props);
    qcxl_window(t, 1024, NULL, "hb0");
    qcxl_window(t, 1024, "512", "hb0 hb1");
    qcxl_window(t, 768, "256", "hb0 hb1 hb2");
    qcxl_window(t, 1024, "256", "hb0 hb3");
    qcxl_window(t, 1536, "256", "hb0 hb3 hb4");
    return qcxl_boot(t);
}

typedef struct Test {
    const char *name;
    void (*func)(void);
} Test;

static const Test tests[] = {
    { "layout", test_layout },
    { "uncommitted", test_uncommitted },
    { "half-way", test_half_way },
    { "one-way", test_one_way },
    { "end", test_window_end },
    { "second-region", test_second_region },
    { "neighbours", test_neighbours },
    { "two-ports", test_granularities },
    { "two-bridges", test_two_bridges },
    { "three-bridges", test_three_bridges },
    { "two-levels", test_two_levels },
    { "three-by-two", test_three_by_two },
    { "regroup", test_regroup },
};

static QCXL *fast, *slow;

static void test_fast(const void *test)
{
    q = fast;
    ((const Test *)test)->func();
}

static void test_slow(const void *test)
{
    q = slow;
    ((const Test *)test)->func();
}

static void add_tests(const char *kind, void (*run)(const void *test))
{
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/window/%s/%s", kind,
                                                tests[i].name);

        qtest_add_data_func(path, &tests[i], run);
    }
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    fast = build("");
    slow = build(",fast-map=off");
    add_tests("fast", test_fast);
    add_tests("slow", test_slow);
    ret = g_test_run();
    qcxl_quit(slow);
    qcxl_quit(fast);
    return ret;
}

/*
 * Interleaved regions, and a naive model of where their bytes are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_CXL_VIEW_MODEL_H
#define TESTS_QTEST_CXL_VIEW_MODEL_H

#include "libqos/cxl.h"

#define WAYS_MAX        4
#define SPOTS           12
#define SPOT_MIN        (40 * 1024)

static QCXL *q;

enum { WIN_PORTS, WIN_LEVELS, WIN_THREE };

/* A decoder of a host bridge */
typedef struct Bridge {
    unsigned nr;
    unsigned ways;          /* encoded */
    unsigned granularity;   /* encoded */
    uint64_t targets;
} Bridge;

/**
 * Region: an interleaved region
 * @members: memory devices, in the order of their turns
 * @skip: how many units of DPA their decoders skip
 * @files: the backing files that the region is in
 */
typedef struct Region {
    const char *name;
    unsigned window;
    unsigned nr;
    unsigned ways;          /* encoded */
    unsigned granularity;   /* encoded */
    unsigned members[WAYS_MAX];
    unsigned skip[WAYS_MAX];
    const char *files[WAYS_MAX];
    Bridge bridges[2];
    unsigned nr_bridges;
} Region;

static const Region regions[] = {
    {
        .name = "two-256", .window = WIN_PORTS, .nr = 2, .ways = 1,
        .members = { 0, 1 }, .files = { "mem0.v", "mem1.v" },
        .bridges = { { 0, 1, 0, 0x0100 } }, .nr_bridges = 1,
    }, {
        .name = "two-16k", .window = WIN_PORTS, .nr = 2, .ways = 1,
        .granularity = 6,
        .members = { 2, 0 }, .files = { "mem2.v", "mem0.v" },
        .bridges = { { 0, 1, 6, 0x0002 } }, .nr_bridges = 1,
    }, {
        .name = "four-4k", .window = WIN_PORTS, .nr = 4, .ways = 2,
        .granularity = 4, .members = { 0, 1, 2, 3 },
        .files = { "mem0.v", "mem1.v", "mem2.v", "mem3.v" },
        .bridges = { { 0, 2, 4, 0x03020100 } }, .nr_bridges = 1,
    }, {
        .name = "three", .window = WIN_THREE, .nr = 3, .ways = 8,
        .members = { 0, 4, 6 }, .files = { "mem0.v", "mem4.v", "mem6.v" },
        .bridges = { { 0, 0, 0, 0 }, { 1, 0, 0, 4 } }, .nr_bridges = 2,
    }, {
        .name = "levels", .window = WIN_LEVELS, .nr = 4, .ways = 2,
        .members = { 0, 1, 4, 5 },
        .files = { "mem0.v", "mem1.v", "mem4.v", "mem5.v" },
        .bridges = { { 0, 1, 0, 0x0100 }, { 1, 1, 0, 0x0504 } },
        .nr_bridges = 2,
    }, {
        .name = "persistent", .window = WIN_PORTS, .nr = 2, .ways = 1,
        .members = { 0, 1 }, .skip = { 1, 1 },
        .files = { "mem0.p", "mem1.p" },
        .bridges = { { 0, 1, 0, 0x0100 } }, .nr_bridges = 1,
    }, {
        .name = "partly-persistent", .window = WIN_PORTS, .nr = 2, .ways = 1,
        .granularity = 2, .members = { 3, 1 }, .skip = { 0, 1 },
        .files = { "mem3.v", "mem1.p" },
        .bridges = { { 0, 1, 2, 0x0103 } }, .nr_bridges = 1,
    },
};
enum { TWO, TWO_16K, FOUR, THREE, LEVELS, PERSISTENT, PARTLY };

static uint64_t region_base(const Region *r)
{
    return q->windows[r->window].base;
}

static uint64_t region_size(const Region *r)
{
    return r->nr * QCXL_UNIT;
}

static const QCXLComponent *mem(unsigned n)
{
    return &qcxl_mem_at(q, n)->comp;
}

static void map(const Region *r)
{
    QCXLDecoder d = { .base = region_base(r), .size = region_size(r) };

    for (unsigned i = 0; i < r->nr_bridges; i++) {
        const Bridge *b = &r->bridges[i];

        d.ways = b->ways;
        d.granularity = b->granularity;
        d.targets = b->targets;
        g_assert_true(qcxl_hdm_commit(q, &q->bridges[b->nr].comp, 0, &d));
    }
    d.ways = r->ways;
    d.granularity = r->granularity;
    for (unsigned i = 0; i < r->nr; i++) {
        d.skip = r->skip[i] * QCXL_UNIT;
        g_assert_true(qcxl_hdm_commit(q, mem(r->members[i]), 0, &d));
        qcxl_hdm_enable(q, mem(r->members[i]), true);
        qcxl_mem_enable(qcxl_mem_at(q, r->members[i]), true);
    }
}

static void unmap(const Region *r)
{
    for (unsigned i = 0; i < r->nr; i++) {
        qcxl_hdm_uncommit(q, mem(r->members[i]), 0);
    }
    for (unsigned i = 0; i < r->nr_bridges; i++) {
        qcxl_hdm_uncommit(q, &q->bridges[r->bridges[i].nr].comp, 0);
    }
}

/* The model: bytes at some spots of the region, zero elsewhere */

/**
 * Model: what a region holds
 * @at, @len: spots, whole interleave sets
 * @hpa: their bytes
 * @share: each device's bytes, the whole of its share, most of it untouched
 */
typedef struct Model {
    const Region *r;
    uint64_t at[SPOTS];
    size_t len;
    uint8_t *hpa[SPOTS];
    uint8_t *share[WAYS_MAX];
} Model;

static void fill(uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf[i] = g_test_rand_int();
    }
}

/* Turn by turn, from one device to the next */
static void model_deal(Model *m, unsigned spot)
{
    size_t granularity = 256u << m->r->granularity;
    size_t taken = m->at[spot] / m->r->nr;

    for (size_t done = 0; done < m->len; taken += granularity) {
        for (unsigned way = 0; way < m->r->nr; way++, done += granularity) {
            memcpy(m->share[way] + taken, m->hpa[spot] + done, granularity);
        }
    }
}

static Model *model_new(const Region *r)
{
    Model *m = g_new0(Model, 1);
    uint64_t set = (256u << r->granularity) * r->nr;
    uint64_t part = region_size(r) / SPOTS / set * set;

    m->r = r;
    m->len = QEMU_ALIGN_UP(SPOT_MIN, set);
    if (m->len % set) {
        m->len = set * DIV_ROUND_UP(SPOT_MIN, set);
    }
    for (unsigned way = 0; way < r->nr; way++) {
        m->share[way] = g_malloc0(QCXL_UNIT);
    }
    for (unsigned i = 0; i < SPOTS; i++) {
        uint32_t room = (part - m->len) / set;

        m->at[i] = i * part + g_test_rand_int_range(0, room) * set;
        m->hpa[i] = g_malloc(m->len);
    }
    m->at[0] = 0;
    m->at[SPOTS - 1] = region_size(r) - m->len;
    for (unsigned i = 0; i < SPOTS; i++) {
        fill(m->hpa[i], m->len);
        model_deal(m, i);
    }
    return m;
}

static void model_free(Model *m)
{
    for (unsigned i = 0; i < SPOTS; i++) {
        g_free(m->hpa[i]);
    }
    for (unsigned way = 0; way < m->r->nr; way++) {
        g_free(m->share[way]);
    }
    g_free(m);
}

static int open_file(const char *name)
{
    g_autofree char *path = qcxl_file(q, name);
    int fd = open(path, O_RDWR);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void model_write_files(const Model *m)
{
    for (unsigned way = 0; way < m->r->nr; way++) {
        int fd = open_file(m->r->files[way]);
        size_t len = m->len / m->r->nr;

        for (unsigned i = 0; i < SPOTS; i++) {
            uint64_t at = m->at[i] / m->r->nr;

            g_assert_cmpint(pwrite(fd, m->share[way] + at, len, at), ==, len);
        }
        close(fd);
    }
}

static void clear_files(const Region *r)
{
    for (unsigned way = 0; way < r->nr; way++) {
        int fd = open_file(r->files[way]);

        g_assert_cmpint(fallocate(fd, FALLOC_FL_PUNCH_HOLE |
                                  FALLOC_FL_KEEP_SIZE, 0, QCXL_UNIT), ==, 0);
        close(fd);
    }
}

/* All of the file that is not a hole, and the spots */
static void model_check_file(const Model *m, unsigned way)
{
    g_autofree uint8_t *buf = g_malloc(QCXL_UNIT);
    int fd = open_file(m->r->files[way]);
    off_t data = 0, hole = 0;

    while ((data = lseek(fd, hole, SEEK_DATA)) >= 0 && data < QCXL_UNIT) {
        hole = MIN(lseek(fd, data, SEEK_HOLE), QCXL_UNIT);
        g_assert_cmpint(pread(fd, buf, hole - data, data), ==, hole - data);
        g_assert_cmpmem(buf, hole - data, m->share[way] + data, hole - data);
    }
    for (unsigned i = 0; i < SPOTS; i++) {
        uint64_t at = m->at[i] / m->r->nr;
        size_t len = m->len / m->r->nr;

        g_assert_cmpint(pread(fd, buf, len, at), ==, len);
        g_assert_cmpmem(buf, len, m->share[way] + at, len);
    }
    close(fd);
}

static void model_check_files(const Model *m)
{
    for (unsigned way = 0; way < m->r->nr; way++) {
        model_check_file(m, way);
    }
}

static void model_read(const Model *m)
{
    g_autofree uint8_t *buf = g_malloc(m->len);

    for (unsigned i = 0; i < SPOTS; i++) {
        qtest_bufread(q->qts, region_base(m->r) + m->at[i], buf, m->len);
        g_assert_cmpmem(buf, m->len, m->hpa[i], m->len);
    }
}

/* Other bytes at all spots, most of them in small pieces */
static void model_change(Model *m)
{
    for (unsigned i = 0; i < SPOTS; i++) {
        uint64_t base = region_base(m->r) + m->at[i];

        for (unsigned n = 0; n < 40; n++) {
            size_t len = g_test_rand_int_range(1, n % 8 ? 9 : 5000);
            size_t at = g_test_rand_int_range(0, m->len - len);

            fill(m->hpa[i] + at, len);
            qtest_memwrite(q->qts, base + at, m->hpa[i] + at, len);
        }
        model_deal(m, i);
    }
}

#endif /* TESTS_QTEST_CXL_VIEW_MODEL_H */

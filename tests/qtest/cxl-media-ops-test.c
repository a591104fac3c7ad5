/*
 * QTest: Media Operations: ranges that are erased, and what is next to them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl/region-cases.h"

#define MS              (1000 * 1000LL)
#define RANGES_MAX      40
#define ROUNDS          8

/* What is looked at: a piece of memory that is half volatile */
#define PIECE           (64 * 1024u)
#define PIECE_DPA       (QCXL_UNIT - PIECE / 2)

/* The piece of device @n, through the region */
static void write_piece(const Case *c, unsigned n, const uint8_t *bytes)
{
    for (unsigned at = 0; at < PIECE; at += GRANULARITY) {
        qtest_memwrite(q->qts, hpa(c, n, PIECE_DPA + at), bytes + at,
                       GRANULARITY);
    }
}

static void check_piece(const Case *c, unsigned n, const uint8_t *bytes)
{
    g_autofree uint8_t *is = g_malloc(PIECE);

    for (unsigned at = 0; at < PIECE; at += GRANULARITY) {
        qtest_memread(q->qts, hpa(c, n, PIECE_DPA + at), is + at,
                      GRANULARITY);
    }
    g_assert_cmpmem(is, PIECE, bytes, PIECE);
}

/* The same, in the files behind the device */
static void check_files(const Case *c, unsigned n, const uint8_t *bytes)
{
    g_autofree uint8_t *is = g_malloc(PIECE);
    unsigned number = n + (c->fast ? 0 : DEVICES);
    g_autofree char *v = g_strdup_printf("mem%u.v", number);
    g_autofree char *p = g_strdup_printf("mem%u.p", number);

    qcxl_file_read(q, v, QCXL_UNIT - PIECE / 2, is, PIECE / 2);
    qcxl_file_read(q, p, 0, is + PIECE / 2, PIECE / 2);
    g_assert_cmpmem(is, PIECE, bytes, PIECE);
}

typedef struct Request {
    CXLMediaOpReq head;
    CXLMediaOpRange range[RANGES_MAX];
} Request;

static unsigned run(QCXLFn *fn, const Request *req)
{
    uint32_t nr = cxl_le32_get(req->head.count);

    return qcxl_mbox(fn, CXL_OP_MEDIA_OPERATIONS, req,
                     sizeof(req->head) + nr * sizeof(req->range[0]), NULL,
                     NULL);
}

/*
 * Ranges of the piece that do not overlap, the last first; @bytes, what is
 * there, follows
 */
static void any_ranges(GRand *rand, Request *req, uint8_t *bytes)
{
    unsigned nr = 0;
    uint32_t at = 0;

    req->head = (CXLMediaOpReq) {
        .op_class = CXL_MEDIA_OP_SANITIZE,
        .op_subclass = g_rand_int_range(rand, 0, 2),
    };
    while (nr < RANGES_MAX) {
        uint32_t len = 64 * (1 + g_rand_int(rand) % (nr % 8 ? 8 : 200));

        at += 64 * (g_rand_int(rand) % 16);
        if (at + len > PIECE) {
            break;
        }
        nr++;
        req->range[RANGES_MAX - nr] = (CXLMediaOpRange) {
            cxl_le64(PIECE_DPA + at), cxl_le64(len),
        };
        memset(bytes + at, 0, len);
        at += len;
    }
    memmove(req->range, req->range + RANGES_MAX - nr,
            nr * sizeof(req->range[0]));
    req->head.count = cxl_le32(nr);
}

/* In every round, another device of the region */
static void test_ranges(const void *opaque)
{
    const Case *c = opaque;
    g_autoptr(GRand) rand = g_rand_new_with_seed(c->ways);
    uint8_t *bytes[DEVICES];
    Request req;

    qcxl_reset(q);
    map(c);
    for (unsigned n = 0; n < c->ways; n++) {
        bytes[n] = g_malloc(PIECE);
        for (unsigned at = 0; at < PIECE; at++) {
            bytes[n][at] = 1 + g_rand_int(rand) % 255;
        }
        write_piece(c, n, bytes[n]);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned n = round % c->ways;

        any_ranges(rand, &req, bytes[n]);
        g_assert_cmphex(run(mem(c, n), &req), ==, CXL_RET_BACKGROUND_STARTED);
        for (unsigned i = 0; i < c->ways; i++) {
            check_piece(c, i, bytes[i]);
        }
        qtest_clock_step(q->qts, MS);
        memset(bytes[n] + round * 4096 + 200, 0x77, 300);
        write_piece(c, n, bytes[n]);
    }
    qcxl_reset(q);
    for (unsigned n = 0; n < c->ways; n++) {
        check_files(c, n, bytes[n]);
        g_free(bytes[n]);
    }
}

/* 256 bytes about the end of volatile memory */
static const uint64_t some_dpa = QCXL_UNIT - 0x80;

static const Request some_bytes = {
    .head.op_class = CXL_MEDIA_OP_SANITIZE,
    .head.op_subclass = CXL_MEDIA_OP_SANITIZE_ZERO,
    .head.count = { { 1 } },
    .range[0] = { { { 0x80, 0xff, 0xff, 0x0f } }, { { 0, 1 } } },
};

/* Memory can be used all the time, and what is written stays */
static void test_meanwhile(void)
{
    const Case one = { 1, true };
    Request req = some_bytes;
    uint64_t status, at;

    qcxl_reset(q);
    map(&one);
    at = hpa(&one, 0, some_dpa);
    for (unsigned i = 0; i < 32; i++) {
        qcxl_write(q, at + 8 * i, 8, 0x11);
    }
    /* With something that takes a while: all of persistent memory */
    req.head.count = cxl_le32(2);
    req.range[1] = (CXLMediaOpRange) {
        cxl_le64(some_dpa + 256), cxl_le64(QCXL_UNIT - 0x80),
    };
    g_assert_cmphex(run(mem(&one, 0), &req), ==, CXL_RET_BACKGROUND_STARTED);
    status = qcxl_read(q, mem(&one, 0)->memdev + CXL_MEMDEV_STATUS, 8);
    g_assert_cmpuint(FIELD_EX64(status, CXL_MEMDEV_STATUS, MEDIA), ==,
                     CXL_MEDIA_STATUS_READY);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, 0);
    qcxl_write(q, at, 8, 0x22);
    qtest_clock_step(q->qts, 8 * MS);
    status = qcxl_read(q, mem(&one, 0)->mailbox + CXL_MBOX_BACKGROUND, 8);
    g_assert_cmpuint(FIELD_EX64(status, CXL_MBOX_BACKGROUND, PERCENT), ==,
                     8 * 100 / 17);
    g_assert_cmphex(FIELD_EX64(status, CXL_MBOX_BACKGROUND, OPCODE), ==,
                    CXL_OP_MEDIA_OPERATIONS);
    qtest_clock_step(q->qts, 9 * MS);
    status = qcxl_read(q, mem(&one, 0)->mailbox + CXL_MBOX_BACKGROUND, 8);
    g_assert_cmpuint(FIELD_EX64(status, CXL_MBOX_BACKGROUND, PERCENT), ==,
                     100);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, 0x22);
    g_assert_cmphex(qcxl_read(q, at + 8, 8), ==, 0);
}

/* A range of it in the middle of one that is poisoned */
static void test_poison(void)
{
    const Case one = { 1, true };
    Request req = some_bytes;
    uint64_t at;

    qcxl_reset(q);
    map(&one);
    at = hpa(&one, 0, some_dpa);
    for (unsigned i = 0; i < 4; i++) {
        const CXLInjectPoisonReq in = { cxl_le64(some_dpa + 64 * i) };

        qcxl_write(q, at + 64 * i, 8, 0x33);
        g_assert_cmphex(qcxl_mbox(mem(&one, 0), CXL_OP_INJECT_POISON, &in,
                                  sizeof(in), NULL, NULL), ==,
                        CXL_RET_SUCCESS);
    }
    req.range[0] = (CXLMediaOpRange) {
        cxl_le64(some_dpa + 64), cxl_le64(128),
    };
    g_assert_cmphex(run(mem(&one, 0), &req), ==, CXL_RET_BACKGROUND_STARTED);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, UINT64_MAX);
    g_assert_cmphex(qcxl_read(q, at + 64, 8), ==, 0);
    g_assert_cmphex(qcxl_read(q, at + 128, 8), ==, 0);
    g_assert_cmphex(qcxl_read(q, at + 192, 8), ==, UINT64_MAX);
    qtest_clock_step(q->qts, MS);
    g_assert_cmphex(run(mem(&one, 0), &some_bytes), ==,
                    CXL_RET_BACKGROUND_STARTED);
    qtest_clock_step(q->qts, MS);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, 0);
    g_assert_cmphex(qcxl_read(q, at + 192, 8), ==, 0);
}

/* A reset, or another QEMU, does not bring back anything */
static void test_interrupted(void)
{
    const Case one = { 1, true };
    uint64_t at;

    for (unsigned by_migration = 0; by_migration < 2; by_migration++) {
        qcxl_reset(q);
        map(&one);
        at = hpa(&one, 0, some_dpa);
        qcxl_write(q, at + 0xf8, 8, 0x44);
        qcxl_write(q, at + 0x100, 8, 0x55);
        g_assert_cmphex(run(mem(&one, 0), &some_bytes), ==,
                        CXL_RET_BACKGROUND_STARTED);
        if (by_migration) {
            qcxl_migrate(q);
        } else {
            qcxl_reset(q);
            map(&one);
        }
        g_assert_cmphex(qcxl_read(q, at + 0xf8, 8), ==, 0);
        g_assert_cmphex(qcxl_read(q, at + 0x100, 8), ==, 0x55);
    }
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    q = qcxl_boot(topology());
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_autofree char *path =
            g_strdup_printf("/cxl/media-ops/ranges/%u/%s", cases[n].ways,
                            cases[n].fast ? "fast" : "checked");

        qtest_add_data_func(path, &cases[n], test_ranges);
    }
    qtest_add_func("/cxl/media-ops/meanwhile", test_meanwhile);
    qtest_add_func("/cxl/media-ops/poison", test_poison);
    qtest_add_func("/cxl/media-ops/interrupted", test_interrupted);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

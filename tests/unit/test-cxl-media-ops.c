/*
 * Media Operations: which ranges are erased, and which are refused
 *
 * Sources: hw/cxl/cci/{erase,media-ops}.c and what a device needs
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"
#include "hw/cxl/spec/payloads-sanitize.h"

#define SIZE        (VMEM + PMEM)
/* What fits a request */
#define RANGES_MAX  ((ROOM - sizeof(CXLMediaOpReq)) / sizeof(CXLMediaOpRange))
/* As a device says in Discovery */
#define GRANULARITY 64
/* Bytes of a millisecond */
#define RATE        (16 * 1024 * 1024ull)

static CXLRet operate(Device *d, uint8_t op_class, uint8_t op_subclass,
                      const CXLMemRange *ranges, unsigned nr)
{
    struct {
        CXLMediaOpReq head;
        CXLMediaOpRange range[RANGES_MAX];
    } in = {
        .head.op_class = op_class,
        .head.op_subclass = op_subclass,
        .head.count = cxl_le32(nr),
    };

    g_assert_cmpuint(nr, <=, RANGES_MAX);
    for (unsigned n = 0; n < nr; n++) {
        in.range[n].dpa = cxl_le64(ranges[n].dpa);
        in.range[n].length = cxl_le64(ranges[n].len);
    }
    return request(d, CXL_OP_MEDIA_OPERATIONS, &in,
                   sizeof(in.head) + nr * sizeof(in.range[0]));
}

static CXLRet zero(Device *d, const CXLMemRange *ranges, unsigned nr)
{
    return operate(d, CXL_MEDIA_OP_SANITIZE, CXL_MEDIA_OP_SANITIZE_ZERO,
                   ranges, nr);
}

static CXLRet discover(Device *d, uint32_t ranges, uint16_t start,
                       uint16_t count)
{
    const CXLMediaDiscoveryReq in = {
        .range_count = cxl_le32(ranges), .start = cxl_le16(start),
        .count = cxl_le16(count),
    };

    return request(d, CXL_OP_MEDIA_OPERATIONS, &in, sizeof(in));
}

/* CXL r3.1 8.2.9.9.5.3: all that there is, and parts of it */
static void test_discovery(void)
{
    static const CXLMediaOp known[] = { { 0, 0 }, { 1, 0 }, { 1, 1 } };
    const CXLMediaDiscoveryRsp *out;
    Device *d = new_device();

    out = (const void *)d->out;
    for (unsigned start = 0; start < 3; start++) {
        for (unsigned count = 0; count < 5; count++) {
            unsigned nr = MIN(count, 3 - start);

            g_assert_cmphex(discover(d, 0, start, count), ==, 0);
            g_assert_cmpuint(d->out_len, ==, 12 + 2 * nr);
            g_assert_cmpuint(cxl_le64_get(out->granularity), ==, GRANULARITY);
            g_assert_cmpuint(cxl_le16_get(out->total), ==, 3);
            g_assert_cmpuint(cxl_le16_get(out->count), ==, nr);
            g_assert_cmpmem(out->op, 2 * nr, known + start, 2 * nr);
        }
    }
    g_assert_cmphex(discover(d, 0, 0, UINT16_MAX), ==, 0);
    g_assert_cmphex(discover(d, 0, 3, 0), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(discover(d, 0, UINT16_MAX, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(discover(d, 1, 0, 1), ==, CXL_RET_INVALID_INPUT);
    free_device(d);
}

/* A driver wants to know whatever goes on */
static void test_discovery_always(void)
{
    const CXLMemRange all = { 0, SIZE };
    CXLSetPassphraseReq user = { .type = CXL_PASSPHRASE_USER };
    Device *d = new_device();

    g_assert_cmphex(zero(d, &all, 1), ==, CXL_RET_BACKGROUND_STARTED);
    g_assert_cmphex(discover(d, 0, 0, 3), ==, 0);
    cxl_unit_sleep(1000);
    g_assert_cmphex(request(d, CXL_OP_SET_PASSPHRASE, &user, sizeof(user)),
                    ==, 0);
    cxl_security_reset(&d->security);
    g_assert_true(d->mem->locked);
    g_assert_cmphex(discover(d, 0, 0, 3), ==, 0);
    g_assert_cmphex(zero(d, &all, 1), ==, CXL_RET_INVALID_SECURITY_STATE);
    d->mem->disabled = true;
    g_assert_cmphex(discover(d, 0, 0, 3), ==, 0);
    g_assert_cmphex(zero(d, &all, 1), ==, CXL_RET_MEDIA_DISABLED);
    free_device(d);
}

/* Requests that are refused, which leaves no trace */
static void test_refused(void)
{
    static const struct {
        unsigned nr;
        CXLMemRange range[3];
        CXLRet ret;
    } cases[] = {
        { 0, { }, CXL_RET_INVALID_INPUT },
        { 1, { { 0, 0 } }, CXL_RET_INVALID_INPUT },
        { 1, { { 1, 64 } }, CXL_RET_INVALID_INPUT },
        { 1, { { 32, 64 } }, CXL_RET_INVALID_INPUT },
        { 1, { { 0, 65 } }, CXL_RET_INVALID_INPUT },
        { 1, { { 64, UINT64_MAX } }, CXL_RET_INVALID_INPUT },
        { 1, { { SIZE, 64 } }, CXL_RET_INVALID_PA },
        { 1, { { SIZE - 64, 128 } }, CXL_RET_INVALID_PA },
        { 1, { { 0, SIZE + 64 } }, CXL_RET_INVALID_PA },
        { 1, { { 64, -64ull } }, CXL_RET_INVALID_PA },
        { 1, { { -64ull, 64 } }, CXL_RET_INVALID_PA },
        { 1, { { -64ull, 128 } }, CXL_RET_INVALID_PA },
        { 2, { { 0, 64 }, { SIZE, 64 } }, CXL_RET_INVALID_PA },
        { 2, { { 0, 64 }, { 0, 64 } }, CXL_RET_INVALID_INPUT },
        { 2, { { 64, 128 }, { 0, 128 } }, CXL_RET_INVALID_INPUT },
        { 3, { { 0, 64 }, { 640, 64 }, { 0, 1024 } }, CXL_RET_INVALID_INPUT },
        { 3, { { 0, 4096 }, { 64, 64 }, { 1024, 64 } },
          CXL_RET_INVALID_INPUT },
    };
    const CXLMemRange line = { 0, 64 };
    const CXLPoison poison = { 0, SIZE, CXL_POISON_SOURCE_INTERNAL, true };
    Device *d = new_device();

    g_assert_true(cxl_poison_add(&d->poison, &poison, 0));
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_assert_cmphex(zero(d, cases[n].range, cases[n].nr), ==,
                        cases[n].ret);
    }
    g_assert_cmphex(operate(d, 1, 2, &line, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(operate(d, 0, 1, &line, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(operate(d, 2, 0, &line, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(operate(d, 0xff, 0xff, &line, 1), ==,
                    CXL_RET_INVALID_INPUT);
    request(d, CXL_OP_FREEZE_SECURITY_STATE, NULL, 0);
    g_assert_cmphex(zero(d, &line, 1), ==, CXL_RET_INVALID_SECURITY_STATE);
    g_assert_cmpuint(d->mem->erased, ==, 0);
    g_assert_cmpuint(cxl_poison_count(&d->poison), ==, 1);
    g_assert_false(d->cci.background.running);
    free_device(d);
}

/* Of each subclass: joined and in order; nothing else goes, and no media do */
static void test_erase(void)
{
    const CXLMemRange ranges[] = {
        { VMEM - 64, 128 }, { 4096, 64 }, { SIZE - 64, 64 }, { 4160, 64 },
        { 0, 64 },
    };
    const CXLMemRange joined[] = {
        { 0, 64 }, { 4096, 128 }, { VMEM - 64, 128 }, { SIZE - 64, 64 },
    };

    for (unsigned subclass = 0; subclass < 2; subclass++) {
        const CXLPoison all = { 0, SIZE, CXL_POISON_SOURCE_INTERNAL, true };
        Device *d = new_device();

        g_assert_true(cxl_poison_add(&d->poison, &all, 0));
        memset(d->mem->lsa, 1, LSA);
        g_assert_cmphex(operate(d, CXL_MEDIA_OP_SANITIZE, subclass, ranges,
                                ARRAY_SIZE(ranges)), ==,
                        CXL_RET_BACKGROUND_STARTED);
        g_assert_cmpuint(d->mem->erased, ==, 1);
        g_assert_cmpmem(d->mem->ranges,
                        d->mem->nr_ranges * sizeof(CXLMemRange),
                        joined, sizeof(joined));
        g_assert_cmpuint(d->mem->lsa[0], ==, 1);
        g_assert_false(d->mem->disabled);
        for (unsigned n = 0; n < ARRAY_SIZE(joined); n++) {
            g_assert_false(cxl_poison_hit(&d->poison, joined[n].dpa,
                                          joined[n].len));
        }
        g_assert_cmpuint(cxl_poison_count(&d->poison), ==, 3);
        cxl_unit_sleep(1);
        g_assert_cmpuint(d->done, ==, 1);
        g_assert_cmphex(d->cci.background.ret, ==, CXL_RET_SUCCESS);
        free_device(d);
    }
}

/* As many ranges as the media can have of poison, none of which can be cut */
static void test_poison_full(void)
{
    const CXLMemRange inside = { 4096 + 64, 64 }, border = { 4096, 64 };
    const CXLPoison big = { 4096, 4096, CXL_POISON_SOURCE_INTERNAL, true };
    Device *d = new_device();

    g_assert_true(cxl_poison_add(&d->poison, &big, 0));
    for (unsigned n = 1; n < CXL_POISON_RANGES_MAX; n++) {
        const CXLPoison line = {
            VMEM + n * 4096, 64, CXL_POISON_SOURCE_INTERNAL, false,
        };

        g_assert_true(cxl_poison_add(&d->poison, &line, 0));
    }
    g_assert_cmphex(zero(d, &inside, 1), ==, CXL_RET_PERMANENT_MEDIA_FAILURE);
    g_assert_cmpuint(d->mem->erased, ==, 0);
    g_assert_true(cxl_poison_hit(&d->poison, inside.dpa, 64));
    g_assert_cmphex(zero(d, &border, 1), ==, CXL_RET_BACKGROUND_STARTED);
    g_assert_false(cxl_poison_hit(&d->poison, border.dpa, 64));
    free_device(d);
}

/* By what is erased, up to four seconds */
static void test_duration(void)
{
    static const struct {
        CXLMemRange range[2];
        int64_t ms;
    } cases[] = {
        { { { 0, 64 }, { 128, 64 } }, 1 },
        { { { 0, RATE }, { 2 * RATE, RATE } }, 3 },
        { { { 0, VMEM }, { VMEM, PMEM } }, 49 },
        { { { 0, VMEM }, { VMEM, (1 << 10) * VMEM } }, 4000 },
    };

    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        Device *d = new_device();

        d->mem->partitionable = 1ull << 40;
        g_assert_cmphex(zero(d, cases[n].range, 2), ==,
                        CXL_RET_BACKGROUND_STARTED);
        cxl_unit_sleep(cases[n].ms - 1);
        g_assert_cmpuint(d->done, ==, 0);
        g_assert_cmphex(request(d, CXL_OP_REQUEST_ABORT, NULL, 0), ==,
                        CXL_RET_BACKGROUND_ABORT_REFUSED);
        g_assert_cmphex(zero(d, cases[n].range, 2), ==, CXL_RET_BUSY);
        cxl_unit_sleep(1);
        g_assert_cmpuint(d->done, ==, 1);
        free_device(d);
    }
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/media-ops/discovery", test_discovery);
    g_test_add_func("/cxl/media-ops/discovery-always", test_discovery_always);
    g_test_add_func("/cxl/media-ops/refused", test_refused);
    g_test_add_func("/cxl/media-ops/erase", test_erase);
    g_test_add_func("/cxl/media-ops/poison-full", test_poison_full);
    g_test_add_func("/cxl/media-ops/duration", test_duration);
    return g_test_run();
}

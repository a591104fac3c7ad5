/*
 * HDM decoders: encodings, commit order and what a commit checks
 *
 * Sources: hw/cxl/regs/hdm.c hw/cxl/regs/regfile.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-hdm-driver.h"

/* CXL r3.1 8.2.4.20.1: Decoder Count, decoded as a driver does */
static unsigned decode_count(unsigned code)
{
    return code == 0 ? 1 : code <= 8 ? 2 * code : (code - 4) * 4;
}

static void check_count(unsigned count, bool endpoint)
{
    const CXLHdmConfig config = {
        .count = count, .endpoint = endpoint, .targets = 8, .dpa_size = UNIT,
    };
    uint32_t cap;

    set_up(&config);
    cap = cxl_regfile_read(&rf, HDM + CXL_HDM_CAPABILITY, 4);
    g_assert_cmpuint(decode_count(FIELD_EX32(cap, CXL_HDM_CAPABILITY,
                                             DECODER_COUNT)), ==, count);
    g_assert_cmpuint(cxl_hdm_size(count), ==, 0x10 + 0x20 * count);
    put(count - 1, CXL_HDM_BASE_HIGH, 5);
    g_assert_cmpuint(get(count - 1, CXL_HDM_BASE_HIGH), ==, 5);
    for (uint32_t reg = 0; reg < CXL_HDM_DECODER_STRIDE; reg += 4) {
        put(count, reg, UINT32_MAX);
        g_assert_cmpuint(get(count, reg), ==, 0);
    }
    tear_down();
}

static void test_counts(void)
{
    static const uint8_t legal[] = {
        1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32
    };

    for (unsigned count = 0; count < 100; count++) {
        bool port = count && memchr(legal, count, sizeof(legal));
        bool endpoint = port && count <= 10;

        g_assert_cmpint(cxl_hdm_count_valid(count, false), ==, port);
        g_assert_cmpint(cxl_hdm_count_valid(count, true), ==, endpoint);
        if (port) {
            check_count(count, false);
        }
        if (endpoint) {
            check_count(count, true);
        }
    }
    g_assert_nonnull(strstr(cxl_hdm_count_legal(false), "32"));
    g_assert_null(strstr(cxl_hdm_count_legal(true), "12"));
}

static void test_capability(void)
{
    set_up_port(4, 8);
    g_assert_cmphex(cxl_regfile_read(&rf, HDM, 4), ==, 0x382);
    cxl_regfile_write(&rf, HDM, UINT32_MAX, 4);
    g_assert_cmphex(cxl_regfile_read(&rf, HDM, 4), ==, 0x382);
    tear_down();
    set_up_endpoint(4, 1);
    g_assert_cmphex(cxl_regfile_read(&rf, HDM, 4), ==, 0x401b12);
    tear_down();
}

/* Ways by the specification's table; 0 for a reserved code */
static const uint8_t ways_of[16] = {
    [0] = 1, [1] = 2, [2] = 4, [3] = 8, [4] = 16, [8] = 3, [9] = 6, [10] = 12,
};

static void test_endpoint_encodings(void)
{
    set_up_endpoint(1, 48);
    for (unsigned iw = 0; iw < 16; iw++) {
        for (unsigned ig = 0; ig < 16; ig++) {
            const Program p = { .base = 64, .size = 48, .iw = iw, .ig = ig };
            CXLDecoder d;

            if (!ways_of[iw]) {
                must_fail(0, &p, CXL_HDM_REFUSED_WAYS_RESERVED);
            } else if (ig > 6) {
                must_fail(0, &p, CXL_HDM_REFUSED_GRANULARITY);
            } else {
                must_commit(0, &p);
                g_assert_true(cxl_hdm_decoder(&hdm, 0, &d));
                g_assert_cmphex(d.base, ==, 64 * UNIT);
                g_assert_cmphex(d.size, ==, 48 * UNIT);
                g_assert_cmpuint(d.ways, ==, ways_of[iw]);
                g_assert_cmpuint(d.granularity, ==, 256u << ig);
                g_assert_cmphex(d.dpa, ==, 0);
                uncommit(0);
            }
        }
    }
    tear_down();
}

static void test_port_encodings(void)
{
    for (unsigned targets = 1; targets <= 8; targets *= 2) {
        set_up_port(1, targets);
        for (unsigned iw = 0; iw < 16; iw++) {
            const Program p = {
                .base = 64, .size = 48, .iw = iw, .targets = TARGETS,
            };
            CXLDecoder d;

            if (!ways_of[iw]) {
                must_fail(0, &p, CXL_HDM_REFUSED_WAYS_RESERVED);
            } else if (iw > 3 || ways_of[iw] > targets) {
                must_fail(0, &p, CXL_HDM_REFUSED_WAYS_PORT);
            } else {
                must_commit(0, &p);
                g_assert_true(cxl_hdm_decoder(&hdm, 0, &d));
                for (unsigned i = 0; i < d.ways; i++) {
                    g_assert_cmpuint(d.targets[i], ==, i);
                }
                uncommit(0);
            }
        }
        tear_down();
    }
}

/* CXL r3.1 8.2.4.20.8: every pair of ways with the same target */
static void test_port_targets(void)
{
    set_up_port(1, 8);
    for (unsigned iw = 1; iw <= 3; iw++) {
        for (unsigned a = 0; a < 8; a++) {
            for (unsigned b = a + 1; b < 8; b++) {
                uint64_t list = TARGETS & ~(0xffull << (8 * b));
                const Program p = {
                    .base = 64, .size = 8, .iw = iw,
                    .targets = list | (uint64_t)a << (8 * b),
                };

                if (b < ways_of[iw]) {
                    must_fail(0, &p, CXL_HDM_REFUSED_TARGETS);
                } else {
                    must_commit(0, &p);
                    uncommit(0);
                }
            }
        }
    }
    tear_down();
}

static void test_order(void)
{
    set_up_endpoint(10, 10);
    for (unsigned n = 1; n < 10; n++) {
        const Program p = { .base = n, .size = 1 };

        must_fail(n, &p, CXL_HDM_REFUSED_ORDER);
    }
    for (unsigned n = 0; n < 10; n++) {
        const Program p = { .base = n, .size = 1 };
        CXLDecoder d;

        must_commit(n, &p);
        g_assert_true(cxl_hdm_decoder(&hdm, n, &d));
        g_assert_cmphex(d.dpa, ==, n * UNIT);
        if (n + 2 < 10) {
            must_fail(n + 2, &p, CXL_HDM_REFUSED_ORDER);
        }
    }
    g_assert_false(cxl_hdm_decoder(&hdm, 10, &(CXLDecoder) { 0 }));
    tear_down();
}

/* Uncommitting is possible in any order; what stays keeps its DPA */
static void test_uncommit_order(void)
{
    const Program low = { .base = 8, .size = 2 };
    const Program high = { .base = 16, .size = 1 };
    const Program higher = { .base = 24, .size = 1 };
    const Program too_high = { .base = 20, .size = 2 };
    const Program too_big = { .base = 8, .size = 3 };
    const Program skipping = { .base = 8, .size = 1, .skip = 2 };
    CXLDecoder d;

    set_up_endpoint(4, 8);
    must_commit(0, &low);
    must_commit(1, &high);
    uncommit(0);
    put_pair(0, CXL_HDM_SIZE_LOW, 0);
    g_assert_false(cxl_hdm_decoder(&hdm, 0, &d));
    g_assert_true(cxl_hdm_decoder(&hdm, 1, &d));
    g_assert_cmphex(d.dpa, ==, 2 * UNIT);
    must_commit(2, &higher);
    g_assert_true(cxl_hdm_decoder(&hdm, 2, &d));
    g_assert_cmphex(d.dpa, ==, 3 * UNIT);
    g_assert_true(cxl_hdm_consistent(&hdm));
    /* Those above stand in the way of what comes in below them */
    must_fail(0, &too_high, CXL_HDM_REFUSED_OVERLAP);
    must_fail(0, &too_big, CXL_HDM_REFUSED_DPA_OVERLAP);
    must_fail(0, &skipping, CXL_HDM_REFUSED_DPA_OVERLAP);
    must_commit(0, &low);
    g_assert_true(cxl_hdm_consistent(&hdm));
    tear_down();
}

static void test_zero_size(void)
{
    const Program p = { .base = 8 };

    set_up_endpoint(2, 8);
    must_fail(0, &p, CXL_HDM_REFUSED_ZERO_SIZE);
    tear_down();
    set_up_port(2, 8);
    must_fail(0, &p, CXL_HDM_REFUSED_ZERO_SIZE);
    tear_down();
}

static void test_wrap(void)
{
    const uint64_t end = UINT64_MAX / UNIT + 1;
    Program p = { .base = end - 2, .size = 2 };

    set_up_port(1, 1);
    must_fail(0, &p, CXL_HDM_REFUSED_WRAP);
    p.size = 3;
    must_fail(0, &p, CXL_HDM_REFUSED_WRAP);
    p.size = end - 1;
    must_fail(0, &p, CXL_HDM_REFUSED_WRAP);
    p.size = 1;
    must_commit(0, &p);
    tear_down();
}

/* Every position of one range to another, against the plain definition */
static void test_overlap(void)
{
    const Program first = { .base = 10, .size = 4 };

    for (unsigned endpoint = 0; endpoint < 2; endpoint++) {
        if (endpoint) {
            set_up_endpoint(2, 64);
        } else {
            set_up_port(2, 4);
        }
        must_commit(0, &first);
        for (uint64_t base = 0; base < 20; base++) {
            for (uint64_t size = 1; size < 12; size++) {
                const Program p = { .base = base, .size = size };

                if (base < 14) {
                    must_fail(1, &p, CXL_HDM_REFUSED_OVERLAP);
                } else {
                    must_commit(1, &p);
                    uncommit(1);
                }
            }
        }
        tear_down();
    }
}

/* CXL r3.1 8.2.4.20.12: a third of the size has to be a number of units */
static void test_size_of_ways(void)
{
    set_up_endpoint(1, 64);
    for (unsigned iw = 0; iw <= 10; iw++) {
        for (uint64_t size = 1; size <= 48 && ways_of[iw]; size++) {
            const Program p = { .base = 64, .size = size, .iw = iw };

            if (ways_of[iw] % 3 == 0 && size % 3) {
                must_fail(0, &p, CXL_HDM_REFUSED_SIZE_WAYS);
            } else {
                must_commit(0, &p);
                uncommit(0);
            }
        }
    }
    tear_down();
}

/* In 48ths of a unit, so that every number of ways comes out even */
static uint64_t share(const Program *p)
{
    return p->size * 48 / ways_of[p->iw];
}

static void test_dpa(void)
{
    static const uint8_t codes[] = { 0, 1, 2, 3, 4, 8, 9, 10 };
    const uint64_t room = 20;

    for (unsigned round = 0; round < 2000; round++) {
        uint64_t used = 0;
        unsigned n;

        set_up_endpoint(10, room);
        for (n = 0; n < 10; n++) {
            Program p = {
                .base = 100 * n, .iw = codes[g_test_rand_int_range(0, 8)],
                .skip = g_test_rand_int_range(0, 4),
                .size = 3 * g_test_rand_int_range(1, 33),
            };
            CXLDecoder d;

            if (used + p.skip * 48 + share(&p) > room * 48) {
                must_fail(n, &p, CXL_HDM_REFUSED_DPA);
                break;
            }
            must_commit(n, &p);
            g_assert_true(cxl_hdm_decoder(&hdm, n, &d));
            used += p.skip * 48;
            g_assert_cmphex(d.dpa, ==, used * (UNIT / 16) / 3);
            used += share(&p);
        }
        g_assert_true(cxl_hdm_consistent(&hdm));
        tear_down();
    }
}

static void test_dpa_wrap(void)
{
    const uint64_t end = UINT64_MAX / UNIT + 1;
    const Program programs[] = {
        { .base = 8, .size = 1, .skip = end - 1 },
        { .base = 8, .size = end - 9 },
        { .base = 8, .size = end - 9, .skip = end - 1 },
        { .base = 8, .size = 8, .skip = 1 },
        { .base = 8, .size = 1, .skip = 8 },
    };
    const Program whole = { .base = 8, .size = 8 };

    set_up_endpoint(2, 8);
    for (unsigned i = 0; i < ARRAY_SIZE(programs); i++) {
        must_fail(0, &programs[i], CXL_HDM_REFUSED_DPA);
    }
    must_commit(0, &whole);
    must_fail(1, &(Program) { .base = 16, .size = 1 }, CXL_HDM_REFUSED_DPA);
    tear_down();
}

/* One program for each reason to refuse decoder 2, after 0 and 1 of @good */
static void check_kept(const Program *good, const Program *bad,
                       const CXLHdmRefusal *why, unsigned nr)
{
    CXLDecoder before[2], after;

    must_commit(0, &good[0]);
    must_commit(1, &good[1]);
    for (unsigned n = 0; n < 2; n++) {
        g_assert_true(cxl_hdm_decoder(&hdm, n, &before[n]));
    }
    for (unsigned i = 0; i < nr; i++) {
        must_fail(2, &bad[i], why[i]);
        for (unsigned n = 0; n < 2; n++) {
            g_assert_true(committed(n));
            g_assert_false(error(n));
            g_assert_true(cxl_hdm_decoder(&hdm, n, &after));
            g_assert_cmphex(after.base, ==, before[n].base);
            g_assert_cmphex(after.size, ==, before[n].size);
            g_assert_cmphex(after.dpa, ==, before[n].dpa);
            g_assert_cmpuint(after.ways, ==, before[n].ways);
            g_assert_cmpuint(after.granularity, ==, before[n].granularity);
        }
    }
    tear_down();
}

/* Whatever is wrong with one decoder, those committed go on */
static void test_refusal_keeps_others(void)
{
    const Program good[] = {
        { .base = 8, .size = 2, .iw = 1, .targets = TARGETS },
        { .base = 16, .size = 1, .lock = true, .targets = TARGETS },
    };
    const Program bad[] = {
        { .base = 24, .size = 1, .iw = 5, .targets = TARGETS },
        { .base = 24, .size = 1, .ig = 7, .targets = TARGETS },
        { .base = 24, .targets = TARGETS },
        { .base = UINT64_MAX / UNIT, .size = 2, .targets = TARGETS },
        { .base = 12, .size = 1, .targets = TARGETS },
        { .base = 16, .size = 2, .targets = TARGETS },
        /* From here on: of endpoints only, then of ports only */
        { .base = 24, .size = 4, .iw = 8 },
        { .base = 24, .size = 7 },
        { .base = 24, .size = 4, .iw = 4, .targets = TARGETS },
        { .base = 24, .size = 2, .iw = 1, .targets = 0x0303 },
    };
    static const CXLHdmRefusal endpoint[] = {
        CXL_HDM_REFUSED_WAYS_RESERVED, CXL_HDM_REFUSED_GRANULARITY,
        CXL_HDM_REFUSED_ZERO_SIZE, CXL_HDM_REFUSED_WRAP,
        CXL_HDM_REFUSED_OVERLAP, CXL_HDM_REFUSED_OVERLAP,
        CXL_HDM_REFUSED_SIZE_WAYS, CXL_HDM_REFUSED_DPA,
    };
    static const CXLHdmRefusal port[] = {
        CXL_HDM_REFUSED_WAYS_PORT, CXL_HDM_REFUSED_TARGETS,
    };

    set_up_endpoint(4, 8);
    check_kept(good, bad, endpoint, ARRAY_SIZE(endpoint));
    set_up_port(4, 8);
    check_kept(good, bad, endpoint, 6);
    set_up_port(4, 8);
    check_kept(good, bad + ARRAY_SIZE(endpoint), port, ARRAY_SIZE(port));
}

static void test_refusal_text(void)
{
    for (unsigned a = 0; a <= CXL_HDM_IGNORED_COMMITTED; a++) {
        for (unsigned b = 0; b < a; b++) {
            g_assert_cmpstr(cxl_hdm_refusal_text(a), !=,
                            cxl_hdm_refusal_text(b));
        }
    }
    g_assert_nonnull(cxl_hdm_refusal_text(CXL_HDM_IGNORED_COMMITTED + 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/hdm/counts", test_counts);
    g_test_add_func("/cxl/hdm/capability", test_capability);
    g_test_add_func("/cxl/hdm/encodings/endpoint", test_endpoint_encodings);
    g_test_add_func("/cxl/hdm/encodings/port", test_port_encodings);
    g_test_add_func("/cxl/hdm/targets", test_port_targets);
    g_test_add_func("/cxl/hdm/order", test_order);
    g_test_add_func("/cxl/hdm/uncommit-order", test_uncommit_order);
    g_test_add_func("/cxl/hdm/zero-size", test_zero_size);
    g_test_add_func("/cxl/hdm/wrap", test_wrap);
    g_test_add_func("/cxl/hdm/overlap", test_overlap);
    g_test_add_func("/cxl/hdm/size-of-ways", test_size_of_ways);
    g_test_add_func("/cxl/hdm/dpa", test_dpa);
    g_test_add_func("/cxl/hdm/dpa-wrap", test_dpa_wrap);
    g_test_add_func("/cxl/hdm/refusal-keeps-others",
                    test_refusal_keeps_others);
    g_test_add_func("/cxl/hdm/refusal-text", test_refusal_text);
    return g_test_run();
}

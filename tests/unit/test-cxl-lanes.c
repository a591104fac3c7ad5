/*
 * Lanes against the resolution of one address at a time
 *
 * Compiles alone with: hw/cxl/decode/interleave.c hw/cxl/decode/lanes.c
 * hw/cxl/decode/route.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/interleave.h"
#include "hw/cxl/decode/lanes.h"

#define BASE            (12 * CXL_HDM_ALIGN)
#define POSITIONS_MAX   64

static char mems[CXL_WAYS_MAX + 1];

/* A segment of devices that all interleave alike, in the order of @order */
static CXLSegment segment(CXLPosition *positions, unsigned nr, unsigned ways,
                          unsigned granularity, const unsigned *order)
{
    CXLSegment s = {
        .hpa = BASE, .size = ways * CXL_HDM_ALIGN, .xor_ways = 1,
        .granularity = granularity, .nr = nr, .positions = positions,
    };

    for (unsigned i = 0; i < nr; i++) {
        unsigned n = order ? order[i] : i % ways;

        positions[i] = (CXLPosition) {
            .mem = &mems[n], .dpa = n * CXL_HDM_ALIGN, .base = BASE,
            .granularity = granularity, .ways = ways,
        };
    }
    return s;
}

/* Of each address, the lane and the byte of it lead back to the address */
static void check_round_trip(const CXLSegment *s)
{
    char *why = NULL;
    CXLLanes *lanes = cxl_lanes_new(s, &why);

    g_assert_nonnull(lanes);
    for (unsigned n = 0; n < 20000; n++) {
        uint64_t r = (uint64_t)g_test_rand_int() << 32 |
                     (uint32_t)g_test_rand_int();
        uint64_t offset = n < 5000 ? n * 97 : r % s->size;
        uint64_t dpa = 0, share;
        void *mem = cxl_segment_resolve(s, s->hpa + offset, &dpa);
        unsigned i = 0;

        while (i < lanes->nr && lanes->lanes[i].mem != mem) {
            i++;
        }
        g_assert_cmpuint(i, <, lanes->nr);
        share = dpa - lanes->lanes[i].dpa;
        g_assert_cmphex(share, <, lanes->lanes[i].share);
        g_assert_cmphex(cxl_lanes_granule(lanes, i, share / s->granularity) +
                        share % s->granularity, ==, offset);
    }
    cxl_lanes_free(lanes);
}

static void test_modulo(void)
{
    CXLPosition positions[CXL_WAYS_MAX];

    for (unsigned eiw = 1; eiw <= 10; eiw++) {
        unsigned ways = cxl_ways_decode(eiw);

        for (unsigned eig = 0; ways && eig <= 6; eig++) {
            CXLSegment s = segment(positions, ways, ways,
                                   cxl_granularity_decode(eig), NULL);

            check_round_trip(&s);
        }
    }
}

/* Patterns that take longer than one set to repeat */
static void test_permuted(void)
{
    static const unsigned swapped[] = { 0, 1, 2, 3, 3, 2, 1, 0 };
    static const unsigned three_by_two[] = { 0, 3, 4, 1, 2, 5 };
    CXLPosition positions[8];
    CXLSegment s = segment(positions, 8, 4, 512, swapped);

    check_round_trip(&s);
    s = segment(positions, 6, 6, 256, three_by_two);
    check_round_trip(&s);
}

/* CXL r3.1 9.18.1.4: XORMAPs of a window, with modulo levels below it */
static void test_xor(void)
{
    static const unsigned ways[] = { 2, 4, 8, 16, 3, 6, 12 };
    CXLPosition positions[POSITIONS_MAX];

    for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
        for (unsigned eig = 0; eig <= 6; eig++) {
            unsigned granularity = cxl_granularity_decode(eig);
            CXLSegment s = segment(positions, ways[i], ways[i], granularity,
                                   NULL);

            s.xor_ways = ways[i];
            s.xor_granularity = granularity;
            cxl_interleave_xormaps(ways[i], granularity, s.xormaps);
            check_round_trip(&s);
        }
    }
}

/* One device has every second granule, two have every fourth */
static void test_uneven(void)
{
    static const unsigned order[] = { 0, 1, 0, 2 };
    CXLPosition positions[4];
    CXLSegment s = segment(positions, 4, 4, 256, order);

    positions[0].ways = positions[2].ways = 2;
    check_round_trip(&s);
}

static void check_refused(const CXLSegment *s, const char *reason)
{
    char *why = NULL;

    g_assert_null(cxl_lanes_new(s, &why));
    g_assert_cmpstr(why, ==, reason);
    g_free(why);
}

static void test_refused(void)
{
    static const unsigned twice[] = { 0, 1, 1, 3 };
    static const unsigned uneven[] = { 0, 1, 0, 1, 2, 3, 2, 3 };
    CXLPosition positions[8];
    CXLSegment s = segment(positions, 4, 4, 256, NULL);

    positions[3].mem = NULL;
    check_refused(&s, "position 3 reaches no device");
    s = segment(positions, 4, 4, 256, NULL);
    positions[1].granularity = 512;
    check_refused(&s, "position 1 is dealt out by another granularity than "
                  "its device decodes");
    s = segment(positions, 4, 4, 256, twice);
    check_refused(&s, "position 2 is not where its device decodes it");
    s = segment(positions, 8, 4, 256, uneven);
    check_refused(&s, "position 2 is not where its device decodes it");
    s = segment(positions, 2, 2, 256, NULL);
    positions[0].base -= 256;
    check_refused(&s, "position 0 has a part of an interleave set");
    s = segment(positions, 2, 4, 256, NULL);
    check_refused(&s, "position 0 is not where its device decodes it");
    s = segment(positions, 1, 2, 256, NULL);
    check_refused(&s, "position 0 is not where its device decodes it");
    s = segment(positions, 4, 2, 256, NULL);
    positions[2].dpa += CXL_HDM_ALIGN;
    check_refused(&s, "position 2 is of a device that has another one at "
                  "other addresses");
}

static void test_equal(void)
{
    CXLPosition positions[4];
    CXLSegment s = segment(positions, 4, 4, 256, NULL);
    char *why;
    CXLLanes *a = cxl_lanes_new(&s, &why);
    CXLLanes *b = cxl_lanes_new(&s, &why);

    g_assert_true(cxl_lanes_equal(a, b));
    cxl_lanes_free(b);
    positions[0].mem = &mems[1];
    positions[1].mem = &mems[0];
    b = cxl_lanes_new(&s, &why);
    g_assert_false(cxl_lanes_equal(a, b));
    cxl_lanes_free(b);
    s = segment(positions, 4, 4, 256, NULL);
    positions[2].dpa += CXL_HDM_ALIGN;
    b = cxl_lanes_new(&s, &why);
    g_assert_false(cxl_lanes_equal(a, b));
    cxl_lanes_free(b);
    cxl_lanes_free(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/lanes/modulo", test_modulo);
    g_test_add_func("/cxl/lanes/permuted", test_permuted);
    g_test_add_func("/cxl/lanes/xor", test_xor);
    g_test_add_func("/cxl/lanes/uneven", test_uneven);
    g_test_add_func("/cxl/lanes/refused", test_refused);
    g_test_add_func("/cxl/lanes/equal", test_equal);
    return g_test_run();
}

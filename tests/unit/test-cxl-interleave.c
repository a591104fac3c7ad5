/*
 * Interleave arithmetic against the bit fields of the specification
 *
 * Compiles alone with: hw/cxl/decode/interleave.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/decode/interleave.h"

/* CXL r3.1 8.2.4.20: host physical addresses have 52 bits */
#define HPA_BITS    52
#define ROUNDS      10000

/* CXL r3.1 8.2.4.20.7: every Interleave Ways and Granularity that is legal */
static const uint8_t all_iw[] = { 0, 1, 2, 3, 4, 8, 9, 10 };
#define IG_MAX      6

typedef struct Geometry {
    unsigned iw;
    unsigned ig;
} Geometry;

static unsigned ways_of(const Geometry *g)
{
    return cxl_ways_decode(g->iw);
}

static unsigned granularity_of(const Geometry *g)
{
    return cxl_granularity_decode(g->ig);
}

static uint64_t random_offset(unsigned bits)
{
    uint64_t high = (uint32_t)g_test_rand_int();

    return (high << 32 | (uint32_t)g_test_rand_int()) >> (64 - bits);
}

static uint64_t bit(uint64_t x, unsigned n)
{
    return x >> n & 1;
}

/* x[high:low], assembled bit by bit */
static uint64_t field(uint64_t x, unsigned high, unsigned low)
{
    uint64_t out = 0;

    for (unsigned n = low; n <= high; n++) {
        out |= bit(x, n) << (n - low);
    }
    return out;
}

/* Long division by 3, a bit at a time from the top */
static uint64_t divide_by_3(uint64_t x, unsigned *remainder)
{
    uint64_t quotient = 0;

    *remainder = 0;
    for (int n = 63; n >= 0; n--) {
        *remainder = *remainder * 2 + bit(x, n);
        if (*remainder >= 3) {
            *remainder -= 3;
            quotient |= 1ULL << n;
        }
    }
    return quotient;
}

/*
 * CXL r3.1 8.2.4.20.13, Device Decode Logic. Ways below 8:
 *     DPAOFFSET[51:IG+8] = HPAOFFSET[51:IG+8+IW]
 * and from 8 on:
 *     DPAOFFSET[51:IG+8] = HPAOFFSET[51:IG+IW] / 3
 * in both cases DPAOFFSET[IG+7:0] = HPAOFFSET[IG+7:0]
 */
static uint64_t naive_to_device(uint64_t offset, const Geometry *g)
{
    unsigned remainder;
    uint64_t upper;

    if (g->iw < 8) {
        upper = field(offset, HPA_BITS - 1, g->ig + 8 + g->iw);
    } else {
        upper = divide_by_3(field(offset, HPA_BITS - 1, g->ig + g->iw),
                            &remainder);
    }
    return upper << (g->ig + 8) | field(offset, g->ig + 7, 0);
}

/*
 * The bits and the remainder that the decode logic above drops: which target
 * an address belongs to
 */
static unsigned naive_position(uint64_t offset, const Geometry *g)
{
    unsigned remainder, kept;

    if (g->iw == 0) {
        return 0;
    }
    if (g->iw < 8) {
        return field(offset, g->ig + 8 + g->iw - 1, g->ig + 8);
    }
    divide_by_3(field(offset, HPA_BITS - 1, g->ig + g->iw), &remainder);
    kept = g->iw - 8;
    return remainder << kept |
           (kept ? field(offset, g->ig + g->iw - 1, g->ig + 8) : 0);
}

static void test_bit_fields(gconstpointer opaque)
{
    const Geometry *g = opaque;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t offset = random_offset(1 + i % HPA_BITS);

        g_assert_cmpuint(cxl_interleave_position(offset, ways_of(g),
                                                 granularity_of(g)),
                         ==, naive_position(offset, g));
        g_assert_cmphex(cxl_interleave_to_device(offset, ways_of(g),
                                                 granularity_of(g)),
                        ==, naive_to_device(offset, g));
    }
}

static void test_round_trip(gconstpointer opaque)
{
    const Geometry *g = opaque;
    unsigned ways = ways_of(g), granularity = granularity_of(g);

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t offset = random_offset(1 + i % HPA_BITS);
        unsigned position = cxl_interleave_position(offset, ways, granularity);
        uint64_t share = cxl_interleave_to_device(offset, ways, granularity);

        g_assert_cmpuint(position, <, ways);
        g_assert_cmphex(share, <=, offset);
        g_assert_cmphex(cxl_interleave_from_device(share, position, ways,
                                                   granularity), ==, offset);
    }
}

static void test_round_trip_back(gconstpointer opaque)
{
    const Geometry *g = opaque;
    unsigned ways = ways_of(g), granularity = granularity_of(g);

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t share = random_offset(1 + i % (HPA_BITS - 4));
        unsigned position = g_test_rand_int_range(0, ways);
        uint64_t offset = cxl_interleave_from_device(share, position, ways,
                                                     granularity);

        g_assert_cmpuint(cxl_interleave_position(offset, ways, granularity),
                         ==, position);
        g_assert_cmphex(cxl_interleave_to_device(offset, ways, granularity),
                        ==, share);
    }
}

/* Targets take turns in order and fill their shares without holes */
static void test_distribution(gconstpointer opaque)
{
    const Geometry *g = opaque;
    unsigned ways = ways_of(g), granularity = granularity_of(g);
    uint64_t filled[CXL_WAYS_MAX] = { 0 };

    for (unsigned turn = 0; turn < ways * 5; turn++) {
        uint64_t first = (uint64_t)turn * granularity;
        uint64_t last = first + granularity - 1;

        g_assert_cmpuint(cxl_interleave_position(first, ways, granularity),
                         ==, turn % ways);
        g_assert_cmpuint(cxl_interleave_position(last, ways, granularity),
                         ==, turn % ways);
        g_assert_cmphex(cxl_interleave_to_device(first, ways, granularity),
                        ==, filled[turn % ways]);
        g_assert_cmphex(cxl_interleave_to_device(last, ways, granularity),
                        ==, filled[turn % ways] + granularity - 1);
        filled[turn % ways] += granularity;
    }
}

/* Worked by hand */
static void test_examples(void)
{
    static const struct {
        uint64_t offset;
        unsigned ways, granularity, position;
        uint64_t share;
    } examples[] = {
        { 0x12345678, 1, 256, 0, 0x12345678 },
        { 0x00000100, 2, 256, 1, 0x00000000 },
        { 0x000003ff, 2, 256, 1, 0x000001ff },
        { 0x00004100, 2, 256, 1, 0x00002000 },
        { 0x00013210, 4, 0x1000, 3, 0x00004210 },
        { 0x0000ffff, 8, 0x400, 7, 0x00001fff },
        { 0x00040001, 16, 0x4000, 0, 0x00004001 },
        { 0x00000300, 3, 256, 0, 0x00000100 },
        { 0x10000000, 3, 256, 1, 0x05555500 },
        { 0x00000b42, 6, 256, 5, 0x00000142 },
        { 0x00000c00, 12, 256, 0, 0x00000100 },
        { 0x00017ffe, 12, 0x2000, 11, 0x00001ffe },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(examples); i++) {
        unsigned ways = examples[i].ways;
        unsigned granularity = examples[i].granularity;

        g_assert_cmpuint(cxl_interleave_position(examples[i].offset, ways,
                                                 granularity),
                         ==, examples[i].position);
        g_assert_cmphex(cxl_interleave_to_device(examples[i].offset, ways,
                                                 granularity),
                        ==, examples[i].share);
    }
}

/* XOR arithmetic */

/* XORALLBITS of CXL r3.1 9.18.1.3 */
static unsigned naive_xor(uint64_t x)
{
    unsigned out = 0;

    for (unsigned n = 0; n < 64; n++) {
        out ^= bit(x, n);
    }
    return out;
}

/* log2 of the ways, or of a third of them */
static unsigned nr_maps(const Geometry *g)
{
    return g->iw < 8 ? g->iw : g->iw - 8;
}

/* CXL r3.1 9.18.1.3, Interleave Target List, Modulo Arithmetic with XOR */
static unsigned naive_position_xor(uint64_t hpa, const Geometry *g,
                                   const uint64_t *maps)
{
    unsigned position = 0;

    if (g->iw >= 8) {
        divide_by_3(field(hpa, HPA_BITS - 1, g->ig + g->iw), &position);
        position <<= nr_maps(g);
    }
    for (unsigned n = 0; n < nr_maps(g); n++) {
        position |= naive_xor(hpa & maps[n]) << n;
    }
    return position;
}

/*
 * The address at @share of the target at @position: it is the one of the
 * other arithmetic, but for each bit that selects. Those of the highest maps
 * come first, as lower ones may take them in.
 */
static uint64_t naive_from_device_xor(uint64_t share, unsigned position,
                                      const Geometry *g, const uint64_t *maps)
{
    uint64_t hpa = cxl_interleave_from_device(share, position, ways_of(g),
                                              granularity_of(g));

    for (int n = nr_maps(g) - 1; n >= 0; n--) {
        if (naive_xor(hpa & maps[n]) != bit(position, n)) {
            hpa ^= 1ULL << (g->ig + 8 + n);
        }
    }
    return hpa;
}

/* Any maps that platforms may have: the n-th has bit n and others above */
static void random_maps(uint64_t *maps, const Geometry *g)
{
    for (unsigned n = 0; n < CXL_XORMAPS_MAX; n++) {
        unsigned lowest = g->ig + 8 + n;

        maps[n] = random_offset(HPA_BITS);
        maps[n] = (maps[n] >> lowest | 1) << lowest;
    }
}

static void check_xor(uint64_t hpa, const Geometry *g, const uint64_t *maps)
{
    unsigned ways = ways_of(g), granularity = granularity_of(g);
    unsigned position = cxl_interleave_position_xor(hpa, ways, granularity,
                                                    maps);
    uint64_t share = cxl_interleave_to_device(hpa, ways, granularity);

    g_assert_cmpuint(position, <, ways);
    g_assert_cmpuint(position, ==, naive_position_xor(hpa, g, maps));
    g_assert_cmphex(naive_from_device_xor(share, position, g, maps), ==, hpa);
}

static void test_xor(gconstpointer opaque)
{
    const Geometry *g = opaque;
    uint64_t maps[CXL_XORMAPS_MAX];

    for (unsigned i = 0; i < ROUNDS; i++) {
        random_maps(maps, g);
        check_xor(random_offset(1 + i % HPA_BITS), g, maps);
    }
}

/* The maps that windows of ours publish */
static void test_xormaps(gconstpointer opaque)
{
    static const uint64_t at_256[] = { 0x404100, 0x808200, 0x1010400,
                                       0x2020800 };
    const Geometry *g = opaque;
    uint64_t maps[CXL_XORMAPS_MAX + 1];
    unsigned nr;

    memset(maps, 0xa5, sizeof(maps));
    nr = cxl_interleave_xormaps(ways_of(g), granularity_of(g), maps);
    g_assert_cmpuint(nr, ==, nr_maps(g));
    for (unsigned n = 0; n < nr; n++) {
        g_assert_cmphex(maps[n], ==, at_256[n] << g->ig);
        /* What CXL drivers take for the bit that the map stands in for */
        g_assert_cmpint(__builtin_ctzll(maps[n]), ==, g->ig + 8 + n);
    }
    g_assert_cmphex(maps[nr], ==, 0xa5a5a5a5a5a5a5a5ULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        check_xor(random_offset(1 + i % HPA_BITS), g, maps);
    }
}

/* Of each set of ways granules in a row, every target has one */
static void test_xor_distribution(gconstpointer opaque)
{
    const Geometry *g = opaque;
    unsigned ways = ways_of(g), granularity = granularity_of(g);
    uint64_t maps[CXL_XORMAPS_MAX];

    cxl_interleave_xormaps(ways, granularity, maps);
    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        uint64_t set = (uint64_t)ways * granularity;
        uint64_t first = random_offset(40) / set * set;
        unsigned seen = 0;

        for (unsigned n = 0; n < ways; n++) {
            uint64_t hpa = first + (uint64_t)n * granularity;
            unsigned position =
                cxl_interleave_position_xor(hpa, ways, granularity, maps);

            seen |= 1u << position;
            g_assert_cmpuint(cxl_interleave_position_xor(hpa + granularity - 1,
                                                         ways, granularity,
                                                         maps),
                             ==, position);
        }
        g_assert_cmphex(seen, ==, (1u << ways) - 1);
    }
}

/* Two ways of 256 bytes: a stride of 16 KiB or 4 MiB reaches both */
static void test_xor_strides(void)
{
    static const struct {
        uint64_t hpa;
        unsigned position;
    } examples[] = {
        { 0x0, 0 }, { 0x100, 1 }, { 0x200, 0 }, { 0x4000, 1 }, { 0x4100, 0 },
        { 0x400000, 1 }, { 0x404000, 0 }, { 0x404100, 1 }, { 0x800000, 0 },
    };
    uint64_t maps[CXL_XORMAPS_MAX];

    g_assert_cmpuint(cxl_interleave_xormaps(2, 256, maps), ==, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_assert_cmpuint(cxl_interleave_position_xor(examples[i].hpa, 2, 256,
                                                     maps),
                         ==, examples[i].position);
    }
    g_assert_cmphex(cxl_interleave_to_device(0x4000, 2, 256), ==, 0x2000);
}

/*
 * Examples from another hand: the CXL Memory Device Software Guide 2.13.24
 * and 2.13.25, with the maps of its platform. Of a region's positions the
 * first ones are the window's, one for each bridge.
 */
static void test_xor_guide(void)
{
    static const uint64_t maps[] = { 0x2020900, 0x4041200, 0x1010400, 0x800 };
    static const struct {
        uint64_t dpa;
        unsigned position, region_ways, bridges;
        uint64_t hpa;
    } examples[] = {
        { 16, 1, 4, 4, 272 },
        { 288, 2, 4, 4, 1568 },
        { 544, 0, 4, 4, 2336 },
        { 544, 3, 4, 4, 2592 },
        { 1568, 3, 4, 4, 6176 },
        { 98336, 3, 4, 4, 393248 },
        { 443953523, 0, 4, 4, 1775813747 },
        { 272, 1, 8, 4, 2064 },
        { 116520373, 3, 8, 4, 932162229 },
        { 244690459, 5, 8, 4, 1957525275 },
        { 30721158, 4, 8, 4, 245769350 },
        { 344295715, 7, 8, 4, 2754367011 },
        { 32, 7, 12, 12, 1824 },
        { 32, 9, 12, 12, 2080 },
        { 32, 10, 12, 12, 2848 },
        { 288, 0, 12, 12, 3360 },
        { 299017087, 7, 12, 12, 3588205439 },
        { 328998732, 10, 12, 12, 3947985996 },
        { 40424079, 7, 12, 12, 485088911 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_assert_cmpuint(cxl_interleave_position_xor(examples[i].hpa,
                                                     examples[i].bridges, 256,
                                                     maps),
                         ==, examples[i].position % examples[i].bridges);
        g_assert_cmphex(cxl_interleave_to_device(examples[i].hpa,
                                                 examples[i].region_ways, 256),
                        ==, examples[i].dpa);
    }
}

static void test_encodings(void)
{
    static const int ways_code[] = {
        [1] = 0, [2] = 1, [4] = 2, [8] = 3, [16] = 4,
        [3] = 8, [6] = 9, [12] = 10, [17] = 0,
    };

    for (unsigned ways = 0; ways < 17; ways++) {
        bool legal = ways == 1 || ways_code[ways];

        g_assert_cmpint(cxl_ways_encode(ways), ==,
                        legal ? ways_code[ways] : -1);
    }
    for (unsigned code = 0; code < 256; code++) {
        unsigned ways = cxl_ways_decode(code);

        g_assert_cmpint(cxl_ways_encode(ways), ==, ways ? (int)code : -1);
        g_assert(ways || (code > 4 && code < 8) || code > 10);
        g_assert_cmpuint(cxl_granularity_decode(code), ==,
                         code <= IG_MAX ? 256u << code : 0);
    }
    for (uint64_t bytes = 1; bytes; bytes <<= 1) {
        bool legal = bytes >= 256 && bytes <= 16384;

        g_assert_cmpint(cxl_granularity_encode(bytes), ==,
                        legal ? __builtin_ctzll(bytes) - 8 : -1);
        g_assert_cmpint(cxl_granularity_encode(bytes + 100), ==, -1);
    }
}

static void add(const char *name, Geometry *g, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/cxl/interleave/%ux%u/%s",
                                            ways_of(g), granularity_of(g),
                                            name);

    g_test_add_data_func(path, g, func);
}

int main(int argc, char **argv)
{
    static Geometry geometries[G_N_ELEMENTS(all_iw)][IG_MAX + 1];

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/interleave/encodings", test_encodings);
    g_test_add_func("/cxl/interleave/examples", test_examples);
    g_test_add_func("/cxl/interleave/xor/strides", test_xor_strides);
    g_test_add_func("/cxl/interleave/xor/guide", test_xor_guide);
    for (unsigned i = 0; i < G_N_ELEMENTS(all_iw); i++) {
        for (unsigned ig = 0; ig <= IG_MAX; ig++) {
            Geometry *g = &geometries[i][ig];

            *g = (Geometry) { .iw = all_iw[i], .ig = ig };
            add("bit-fields", g, test_bit_fields);
            add("round-trip", g, test_round_trip);
            add("round-trip-back", g, test_round_trip_back);
            add("distribution", g, test_distribution);
            add("xor", g, test_xor);
            add("xormaps", g, test_xormaps);
            add("xor-distribution", g, test_xor_distribution);
        }
    }
    return g_test_run();
}

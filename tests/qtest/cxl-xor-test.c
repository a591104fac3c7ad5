/*
 * QTest: windows with XOR arithmetic, byte by byte
 *
 * What goes through a window is looked for in the backing files, where a
 * model that deals out single bytes says that it belongs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

/* Parts of a region that are written and looked for */
#define PIECES          20
#define PIECE           (16 * 1024)

typedef struct Piece {
    uint64_t offset;
    uint8_t data[PIECE];
} Piece;

static QCXL *q;

#define XOR(n, granularity) \
    granularity ",cxl-fmw." #n ".interleave-arithmetic=xor"

/**
 * Region: all devices of a window
 * @window: by its order
 * @bridges: of the window, by bus numbers, in the order of its targets
 * @nr_bridges, @ports: at each bridge, @ports devices
 * @ways: encoded interleave ways of the devices
 * @port_granularity: encoded, of the bridges
 */
typedef struct Region {
    const char *name;
    unsigned window;
    unsigned bridges[4];
    unsigned nr_bridges;
    unsigned ports;
    unsigned ways;
    unsigned port_granularity;
} Region;

static const Region regions[] = {
    { "two", 0, { 0, 1 }, 2, 1, 1, 0 },
    { "four", 1, { 0, 1, 2, 3 }, 4, 1, 2, 0 },
    { "four-4k", 2, { 3, 2, 1, 0 }, 4, 1, 2, 4 },
    { "two-16k", 3, { 2, 0 }, 2, 1, 1, 6 },
    { "two-by-two", 0, { 0, 1 }, 2, 2, 2, 1 },
    { "three", 4, { 0, 1, 2 }, 3, 1, 8, 0 },
    { "three-by-two", 4, { 0, 1, 2 }, 3, 2, 9, 0 },
};

static const QCXLWindow *window_of(const Region *r)
{
    return &q->windows[r->window];
}

static unsigned devices(const Region *r)
{
    return r->nr_bridges * r->ports;
}

/* Devices, and the ports above them, are numbered by bridges, two at each */
static unsigned device(const Region *r, unsigned bridge, unsigned port)
{
    return r->bridges[bridge] * 2 + port;
}

static void set_up(const Region *r)
{
    const QCXLWindow *w = window_of(r);
    QCXLDecoder d = {
        .base = w->base, .size = devices(r) * QCXL_UNIT, .ways = r->ways,
        .granularity = ctz32(w->granularity) - 8,
    };
    QCXLDecoder port = {
        .base = d.base, .size = d.size, .ways = r->ports - 1,
        .granularity = r->port_granularity,
    };

    for (unsigned b = 0; b < r->nr_bridges; b++) {
        port.targets = device(r, b, 1) << 8 | device(r, b, 0);
        g_assert_true(qcxl_hdm_commit(q, &q->bridges[r->bridges[b]].comp, 0,
                                      &port));
        for (unsigned p = 0; p < r->ports; p++) {
            QCXLFn *fn = qcxl_mem_at(q, device(r, b, p));

            g_assert_true(qcxl_hdm_commit(q, &fn->comp, 0, &d));
            qcxl_mem_enable(fn, true);
            qcxl_hdm_enable(q, &fn->comp, true);
        }
    }
}

static void tear_down(const Region *r)
{
    for (unsigned b = 0; b < r->nr_bridges; b++) {
        for (unsigned p = 0; p < r->ports; p++) {
            qcxl_hdm_uncommit(q, &qcxl_mem_at(q, device(r, b, p))->comp, 0);
        }
        qcxl_hdm_uncommit(q, &q->bridges[r->bridges[b]].comp, 0);
    }
}

/* CXL r3.1 9.18.1.3, with the maps 404100h, 808200h at 256 bytes */
static unsigned bridge_of(const Region *r, uint64_t hpa)
{
    unsigned g = ctz32(window_of(r)->granularity);
    unsigned a = (hpa >> g ^ hpa >> (g + 6) ^ hpa >> (g + 14)) & 1;
    unsigned b = (hpa >> (g + 1) ^ hpa >> (g + 7) ^ hpa >> (g + 15)) & 1;

    switch (r->nr_bridges) {
    case 2:
        return a;
    case 4:
        return b << 1 | a;
    default:
        return (hpa >> g) % 3;
    }
}

/* The bit that a bridge with two ports decodes */
static unsigned port_of(const Region *r, uint64_t hpa)
{
    return r->ports == 2 ? hpa >> (8 + r->port_granularity) & 1 : 0;
}

/*
 * CXL r3.1 8.2.4.20.13: of as many granules in a row as there are devices,
 * each device has one
 */
static uint64_t dpa_of(const Region *r, uint64_t offset)
{
    unsigned granularity = window_of(r)->granularity;

    return offset / granularity / devices(r) * granularity +
           offset % granularity;
}

/* The byte of a backing file that @offset of the region is kept in */
static void check_byte(const Region *r, uint64_t offset, uint8_t want)
{
    uint64_t hpa = window_of(r)->base + offset;
    g_autofree char *name =
        g_strdup_printf("mem%u.v", device(r, bridge_of(r, hpa),
                                          port_of(r, hpa)));
    uint8_t got;

    qcxl_file_read(q, name, dpa_of(r, offset), &got, 1);
    g_assert_cmphex(got, ==, want);
}

static void check_piece(const Region *r, const Piece *piece)
{
    uint64_t hpa = window_of(r)->base + piece->offset;
    g_autofree uint8_t *back = g_malloc(PIECE);

    qtest_memread(q->qts, hpa, back, PIECE);
    g_assert_cmpmem(back, PIECE, piece->data, PIECE);
    for (unsigned i = 0; i < 100; i++) {
        unsigned at = g_test_rand_int_range(0, PIECE - 8);

        g_assert_cmphex(qcxl_read(q, hpa + at, 8), ==,
                        cxl_le_load(piece->data + at, 8));
    }
}

/* The first, the last, one for each address bit of interest, and any */
static uint64_t piece_offset(const Region *r, unsigned n)
{
    uint64_t size = devices(r) * QCXL_UNIT;

    if (n < 2) {
        return n ? size - PIECE : 0;
    }
    return n < 16 ? 1ULL << (12 + n)
                  : (uint32_t)g_test_rand_int() % size / PIECE * PIECE;
}

/* Of those that come to the same place, only the last is left */
static bool overwritten(const Piece *pieces, unsigned n)
{
    for (unsigned i = n + 1; i < PIECES; i++) {
        if (pieces[i].offset == pieces[n].offset) {
            return true;
        }
    }
    return false;
}

static void write_piece(const Region *r, Piece *piece, unsigned n)
{
    piece->offset = piece_offset(r, n);
    for (unsigned i = 0; i < PIECE; i++) {
        piece->data[i] = g_test_rand_int();
    }
    qtest_memwrite(q->qts, window_of(r)->base + piece->offset, piece->data,
                   PIECE);
}

/* Files have it all when nothing is mapped any more */
static void check_files(const Region *r, const Piece *piece)
{
    for (unsigned i = 0; i < PIECE; i++) {
        check_byte(r, piece->offset + i, piece->data[i]);
    }
}

static void test_region(const void *opaque)
{
    g_autofree Piece *pieces = g_new0(Piece, PIECES);
    const Region *r = opaque;

    g_assert_cmpuint(window_of(r)->ways, ==, r->nr_bridges);
    set_up(r);
    for (unsigned n = 0; n < PIECES; n++) {
        write_piece(r, &pieces[n], n);
    }
    for (unsigned n = 0; n < PIECES; n++) {
        if (!overwritten(pieces, n)) {
            check_piece(r, &pieces[n]);
        }
    }
    tear_down(r);
    for (unsigned n = 0; n < PIECES; n++) {
        if (!overwritten(pieces, n)) {
            check_files(r, &pieces[n]);
        }
    }
    g_assert_cmphex(qcxl_read(q, window_of(r)->base, 8), ==, UINT64_MAX);
}

/* Two ways of 256 bytes: what a CXL driver takes for granted */
static void test_strides(void)
{
    static const struct {
        uint64_t offset;
        const char *file;
        uint64_t dpa;
    } places[] = {
        { 0x0, "mem0.v", 0x0 }, { 0x100, "mem2.v", 0x0 },
        { 0x4000, "mem2.v", 0x2000 }, { 0x4100, "mem0.v", 0x2000 },
        { 0x400000, "mem2.v", 0x200000 }, { 0x404000, "mem0.v", 0x202000 },
    };
    const Region *r = &regions[0];

    set_up(r);
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        qcxl_write(q, window_of(r)->base + places[i].offset, 8, ~i);
    }
    tear_down(r);
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        CXLLe64 got;

        qcxl_file_read(q, places[i].file, places[i].dpa, &got, sizeof(got));
        g_assert_cmphex(cxl_le64_get(got), ==, (uint32_t)~i);
    }
}

static void build(void)
{
    QCXLTopology *t = qcxl_topology();

    for (unsigned b = 0; b < 4; b++) {
        g_autofree char *bridge = g_strdup_printf("hb%u", b);

        qcxl_bridge(t, bridge, 16 * (b + 1), "");
        for (unsigned p = 0; p < 2; p++) {
            g_autofree char *port = g_strdup_printf("rp%u", b * 2 + p);
            g_autofree char *mem = g_strdup_printf("mem%u", b * 2 + p);

            qcxl_root_port(t, port, bridge, "");
            qcxl_mem(t, mem, port, 256, 0, "");
        }
    }
    qcxl_window(t, 1024, XOR(0, "256"), "hb0 hb1");
    qcxl_window(t, 1024, XOR(1, "256"), "hb0 hb1 hb2 hb3");
    qcxl_window(t, 1024, XOR(2, "4k"), "hb3 hb2 hb1 hb0");
    qcxl_window(t, 1024, XOR(3, "16k"), "hb2 hb0");
    qcxl_window(t, 1536, XOR(4, "256"), "hb0 hb1 hb2");
    q = qcxl_boot(t);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    build();
    qtest_add_func("/cxl/xor/strides", test_strides);
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/xor/%s",
                                                regions[i].name);

        qtest_add_data_func(path, &regions[i], test_region);
    }
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

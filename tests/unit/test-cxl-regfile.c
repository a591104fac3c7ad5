/*
 * The register engine against a model that goes bit by bit
 *
 * Sources: hw/cxl/regs/regfile.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cxl-le.h"
#include "hw/cxl/regs/regfile.h"

#define BLOCK   96
#define REGS    BLOCK

/* What a bit does */
typedef struct Bit {
    bool value, reset, writable, w1c, sticky, frozen;
} Bit;

typedef struct Model {
    Bit bits[BLOCK * 8];
} Model;

/* A hook that ran, or that is expected to run */
typedef struct Call {
    uint32_t offset;
    unsigned index;
    uint64_t old, now;
} Call;

typedef struct Calls {
    Call call[16];
    unsigned nr;
} Calls;

typedef struct Layout {
    CXLRegRow rows[REGS];
    unsigned nr;
} Layout;

static Calls ran;

static uint64_t random64(void)
{
    return (uint64_t)(uint32_t)g_test_rand_int() << 32 |
           (uint32_t)g_test_rand_int();
}

static uint64_t low_bits(unsigned bytes)
{
    return bytes == 8 ? UINT64_MAX : (1ull << (8 * bytes)) - 1;
}

/* @opaque is where element 0 stands; the stride says where the others do */
static void note(void *opaque, unsigned index, uint64_t old, uint64_t now)
{
    const CXLRegRow *row = opaque;

    g_assert_cmpuint(ran.nr, <, ARRAY_SIZE(ran.call));
    ran.call[ran.nr++] = (Call) {
        .offset = row->offset + index * row->stride,
        .index = index, .old = old, .now = now,
    };
}

static void model_add(Model *model, const CXLRegRow *row)
{
    for (unsigned e = 0; e < MAX(row->count, 1); e++) {
        Bit *bit = &model->bits[8 * (row->offset + e * row->stride)];

        for (unsigned i = 0; i < 8 * row->width; i++) {
            bit[i].reset = bit[i].value = row->reset >> i & 1;
            bit[i].writable = row->wmask >> i & 1;
            bit[i].w1c = row->w1c >> i & 1;
            bit[i].sticky = row->sticky >> i & 1;
        }
    }
}

static uint64_t model_get(const Model *model, unsigned offset, unsigned width)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8 * width; i++) {
        value |= (uint64_t)model->bits[8 * offset + i].value << i;
    }
    return value;
}

static uint64_t model_read(const Model *model, int64_t offset, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8 * size; i++) {
        int64_t at = 8 * offset + i;

        if (at >= 0 && at < 8 * BLOCK) {
            value |= (uint64_t)model->bits[at].value << i;
        }
    }
    return value;
}

static void model_write(Model *model, int64_t offset, uint64_t value,
                        unsigned size)
{
    for (unsigned i = 0; i < 8 * size; i++) {
        int64_t at = 8 * offset + i;
        bool set = value >> i & 1;
        Bit *bit;

        if (at < 0 || at >= 8 * BLOCK) {
            continue;
        }
        bit = &model->bits[at];
        if (bit->frozen) {
            continue;
        }
        if (bit->writable) {
            bit->value = set;
        } else if (bit->w1c && set) {
            bit->value = false;
        }
    }
}

static void model_reset(Model *model, bool cold)
{
    for (unsigned i = 0; i < 8 * BLOCK; i++) {
        Bit *bit = &model->bits[i];

        bit->frozen = false;
        if (cold || !bit->sticky) {
            bit->value = bit->reset;
        }
    }
}

/* Registers of any width at any offset, with gaps, some of them arrays */
static void make_layout(Layout *layout)
{
    unsigned at = g_test_rand_int_range(0, 4);

    memset(layout, 0, sizeof(*layout));
    while (layout->nr < REGS) {
        CXLRegRow *row = &layout->rows[layout->nr];
        unsigned count = g_test_rand_int_range(0, 4);
        uint64_t all;

        row->width = 1u << g_test_rand_int_range(0, 4);
        all = low_bits(row->width);
        row->offset = at;
        row->stride = row->width + g_test_rand_int_range(0, 3);
        row->count = count;
        row->reset = random64() & all;
        row->wmask = random64() & all;
        row->w1c = random64() & all & ~row->wmask;
        row->sticky = random64() & all;
        row->written = g_test_rand_int_range(0, 4) ? note : NULL;
        at += MAX(count, 1) * row->stride;
        if (at > BLOCK) {
            break;
        }
        layout->nr++;
        at += g_test_rand_int_range(0, 2) ? 0 : g_test_rand_int_range(0, 6);
    }
}

static void build(CXLRegFile *rf, Model *model, Layout *layout)
{
    memset(model, 0, sizeof(*model));
    cxl_regfile_init(rf, BLOCK);
    /* The engine sorts: rows may come in any order */
    for (unsigned i = layout->nr; i-- > 0;) {
        cxl_regfile_add(rf, 0, &layout->rows[i], 1, &layout->rows[i]);
        model_add(model, &layout->rows[i]);
    }
}

/* The hooks that a write ought to run, in order of offset */
static void expect(Calls *calls, const Layout *layout, const Model *before,
                   const Model *after, int64_t offset, unsigned size)
{
    calls->nr = 0;
    for (unsigned i = 0; i < layout->nr; i++) {
        const CXLRegRow *row = &layout->rows[i];

        for (unsigned e = 0; row->written && e < MAX(row->count, 1); e++) {
            unsigned at = row->offset + e * row->stride;

            if (at < offset + size && offset < (int64_t)at + row->width) {
                calls->call[calls->nr++] = (Call) {
                    .offset = at, .index = e,
                    .old = model_get(before, at, row->width),
                    .now = model_get(after, at, row->width),
                };
            }
        }
    }
}

static void compare(const CXLRegFile *rf, const Model *model)
{
    for (unsigned at = 0; at < BLOCK; at++) {
        g_assert_cmphex(rf->value[at], ==, model_get(model, at, 1));
    }
}

static void one_write(CXLRegFile *rf, Model *model, const Layout *layout,
                      int64_t offset, unsigned size)
{
    Model before = *model;
    uint64_t value = random64();
    Calls want;

    ran.nr = 0;
    cxl_regfile_write(rf, offset, value, size);
    model_write(model, offset, value, size);
    compare(rf, model);
    expect(&want, layout, &before, model, offset, size);
    g_assert_cmpuint(ran.nr, ==, want.nr);
    for (unsigned i = 0; i < want.nr; i++) {
        g_assert_cmphex(ran.call[i].offset, ==, want.call[i].offset);
        g_assert_cmpuint(ran.call[i].index, ==, want.call[i].index);
        g_assert_cmphex(ran.call[i].old, ==, want.call[i].old);
        g_assert_cmphex(ran.call[i].now, ==, want.call[i].now);
    }
}

/* Forbid or allow some bits of some register */
static void one_freeze(CXLRegFile *rf, Model *model, const Layout *layout)
{
    const CXLRegRow *row;
    uint64_t mask = random64();
    bool on = g_test_rand_int() & 1;

    if (!layout->nr) {
        return;
    }
    row = &layout->rows[g_test_rand_int_range(0, layout->nr)];
    cxl_regfile_set_writable(rf, row->offset, row->width, mask, on);
    for (unsigned i = 0; i < 8 * row->width; i++) {
        if (mask >> i & 1) {
            model->bits[8 * row->offset + i].frozen = !on;
        }
    }
}

static void test_random(void)
{
    for (unsigned round = 0; round < 200; round++) {
        CXLRegFile rf;
        Model model;
        Layout layout;

        make_layout(&layout);
        build(&rf, &model, &layout);
        compare(&rf, &model);
        for (unsigned step = 0; step < 400; step++) {
            int64_t offset = g_test_rand_int_range(-10, BLOCK + 10);
            unsigned size = g_test_rand_int_range(1, 9);

            g_assert_cmphex(cxl_regfile_read(&rf, offset, size), ==,
                            model_read(&model, offset, size));
            one_write(&rf, &model, &layout, offset, size);
            if (step % 16 == 0) {
                one_freeze(&rf, &model, &layout);
            }
            if (step % 64 == 0) {
                cxl_regfile_reset(&rf, step % 128 == 0);
                model_reset(&model, step % 128 == 0);
                compare(&rf, &model);
            }
        }
        cxl_regfile_destroy(&rf);
    }
}

/* One register of each width, all ones to start with, in each kind of mask */
static void check_width(unsigned width, uint64_t wmask, uint64_t w1c)
{
    uint64_t all = low_bits(width);
    CXLRegRow row = {
        .name = "register", .offset = 16, .width = width, .reset = all,
        .wmask = wmask & all, .w1c = w1c & all, .written = note,
    };
    Layout layout = { .rows[0] = row, .nr = 1 };
    CXLRegFile rf;
    Model model;

    build(&rf, &model, &layout);
    for (unsigned size = 1; size <= 8; size++) {
        for (int64_t offset = 0; offset < 40; offset++) {
            one_write(&rf, &model, &layout, offset, size);
            g_assert_cmphex(cxl_regfile_read(&rf, offset, size), ==,
                            model_read(&model, offset, size));
            cxl_regfile_reset(&rf, true);
            model_reset(&model, true);
        }
    }
    cxl_regfile_destroy(&rf);
}

static void test_widths(void)
{
    static const uint64_t masks[][2] = {
        { 0, 0 },
        { UINT64_MAX, 0 },
        { 0, UINT64_MAX },
        { 0x5555555555555555ull, 0xaaaaaaaaaaaaaaaaull },
        { 0x00ff00ff00ff00ffull, 0 },
        { 0, 0xf00ff00ff00ff00full },
    };

    for (unsigned width = 1; width <= 8; width *= 2) {
        for (unsigned i = 0; i < ARRAY_SIZE(masks); i++) {
            check_width(width, masks[i][0], masks[i][1]);
        }
    }
}

/* Accesses around the ends, and around the end of 64 bits */
static void test_outside(void)
{
    static const uint64_t offsets[] = {
        BLOCK, BLOCK + 1, 4096, 1ull << 32, 1ull << 63, UINT64_MAX - 100,
    };
    const CXLRegRow row = {
        .name = "all", .width = 8, .count = BLOCK / 8, .stride = 8,
        .reset = 0x1122334455667788ull, .wmask = UINT64_MAX,
    };
    CXLRegFile rf;

    cxl_regfile_init(&rf, BLOCK);
    cxl_regfile_add(&rf, 0, &row, 1, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
        cxl_regfile_write(&rf, offsets[i], 0, 8);
        g_assert_cmphex(cxl_regfile_read(&rf, offsets[i], 8), ==, 0);
    }
    g_assert_cmpmem(rf.value, BLOCK, rf.reset, BLOCK);
    g_assert_cmphex(cxl_regfile_read(&rf, BLOCK - 2, 4), ==, 0x1122);
    g_assert_cmphex(cxl_regfile_read(&rf, -2ull, 4), ==, 0x77880000);
    cxl_regfile_write(&rf, -1ull, 0xaabb, 2);
    g_assert_cmphex(cxl_regfile_read(&rf, 0, 2), ==, 0x77aa);
    cxl_regfile_destroy(&rf);
}

static void test_sticky(void)
{
    const CXLRegRow row = {
        .name = "sticky", .width = 4, .reset = 0x12345678,
        .wmask = UINT32_MAX, .sticky = 0xffff0000,
    };
    CXLRegFile rf;

    cxl_regfile_init(&rf, 8);
    cxl_regfile_add(&rf, 4, &row, 1, NULL);
    cxl_regfile_write(&rf, 4, 0xcafebabe, 4);
    cxl_regfile_reset(&rf, false);
    g_assert_cmphex(cxl_regfile_get(&rf, 4, 4), ==, 0xcafe5678);
    cxl_regfile_reset(&rf, true);
    g_assert_cmphex(cxl_regfile_get(&rf, 4, 4), ==, 0x12345678);
    cxl_regfile_write(&rf, 4, 0xcafebabe, 4);
    cxl_regfile_reset_sticky(&rf);
    g_assert_cmphex(cxl_regfile_get(&rf, 4, 4), ==, 0x1234babe);
    cxl_regfile_destroy(&rf);
}

/* Each bit of a loaded state that is as it cannot be is seen */
static void test_plausible(void)
{
    const CXLRegRow row = {
        .name = "mixed", .width = 4, .reset = 0xff00ff00,
        .wmask = 0x000000f0, .w1c = 0x0000f000, .live = 0x00f00000,
    };
    CXLRegFile rf;

    cxl_regfile_init(&rf, 8);
    cxl_regfile_add(&rf, 4, &row, 1, NULL);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t may = (row.wmask | row.w1c | row.live) << 32;

        g_assert_true(cxl_regfile_plausible(&rf));
        rf.value[bit / 8] ^= 1u << bit % 8;
        g_assert_cmpint(cxl_regfile_plausible(&rf), ==, may >> bit & 1);
        rf.value[bit / 8] ^= 1u << bit % 8;
    }
    cxl_regfile_destroy(&rf);
}

/* The device's own view knows no masks; a reset lifts what was forbidden */
static void test_own_view(void)
{
    const CXLRegRow row = { .name = "ro", .width = 8, .written = note };
    CXLRegFile rf;

    cxl_regfile_init(&rf, 8);
    cxl_regfile_add(&rf, 0, &row, 1, (void *)&row);
    ran.nr = 0;
    cxl_regfile_set(&rf, 2, 4, 0xdeadbeef);
    g_assert_cmpuint(ran.nr, ==, 0);
    g_assert_cmphex(cxl_regfile_get(&rf, 0, 8), ==, 0x0000deadbeef0000ull);
    cxl_regfile_write(&rf, 0, 0, 8);
    g_assert_cmphex(cxl_regfile_get(&rf, 0, 8), ==, 0x0000deadbeef0000ull);
    g_assert_cmpuint(ran.nr, ==, 1);
    cxl_regfile_destroy(&rf);
}

/* A hook may change registers, also those that the same write has touched */
static void clear_all(void *opaque, unsigned index, uint64_t old, uint64_t now)
{
    CXLRegFile *rf = opaque;

    cxl_regfile_set(rf, 0, 8, 0);
    cxl_regfile_set_writable(rf, 0, 8, UINT64_MAX, false);
}

static void test_hook_changes(void)
{
    const CXLRegRow rows[] = {
        { .name = "a", .width = 4, .wmask = UINT32_MAX, .written = clear_all },
        { .name = "b", .width = 4, .offset = 4, .wmask = UINT32_MAX },
    };
    CXLRegFile rf;

    cxl_regfile_init(&rf, 8);
    cxl_regfile_add(&rf, 0, rows, ARRAY_SIZE(rows), &rf);
    cxl_regfile_write(&rf, 4, 1, 4);
    g_assert_cmphex(cxl_regfile_get(&rf, 0, 8), ==, 1ull << 32);
    cxl_regfile_write(&rf, 0, UINT64_MAX, 8);
    g_assert_cmphex(cxl_regfile_get(&rf, 0, 8), ==, 0);
    cxl_regfile_write(&rf, 4, 1, 4);
    g_assert_cmphex(cxl_regfile_get(&rf, 0, 8), ==, 0);
    cxl_regfile_reset(&rf, false);
    cxl_regfile_write(&rf, 4, 1, 4);
    g_assert_cmphex(cxl_regfile_get(&rf, 0, 8), ==, 1ull << 32);
    cxl_regfile_destroy(&rf);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/regfile/widths", test_widths);
    g_test_add_func("/cxl/regfile/outside", test_outside);
    g_test_add_func("/cxl/regfile/sticky", test_sticky);
    g_test_add_func("/cxl/regfile/plausible", test_plausible);
    g_test_add_func("/cxl/regfile/own-view", test_own_view);
    g_test_add_func("/cxl/regfile/hook-changes", test_hook_changes);
    g_test_add_func("/cxl/regfile/random", test_random);
    return g_test_run();
}

/*
 * The poison list against an array with one source for each line
 *
 * Sources: hw/cxl/model/poison.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/model/poison.h"

#define LINES   96
#define CLEAN   0xff

/* Source of each line, CLEAN without poison */
typedef uint8_t Naive[LINES];

/* The range that starts at line @n, which is not clean */
static unsigned run_length(const Naive naive, unsigned n)
{
    unsigned end = n;

    while (end < LINES && naive[end] == naive[n]) {
        end++;
    }
    return end - n;
}

/* Ranges that are alike but for being listed count as one */
static void compare(const CXLPoisonList *list, const Naive naive)
{
    unsigned i = 0;

    for (unsigned n = 0; n < LINES; n += run_length(naive, n)) {
        uint64_t at = n * CXL_POISON_LINE;
        uint64_t end = at + run_length(naive, n) * CXL_POISON_LINE;

        while (naive[n] != CLEAN && at < end) {
            const CXLPoison *p = cxl_poison_at(list, i);

            g_assert_nonnull(p);
            g_assert_cmpuint(p->dpa, ==, at);
            g_assert_cmpuint(p->source, ==, naive[n]);
            g_assert_cmpuint(cxl_poison_find(list, p->dpa), ==, i);
            g_assert_cmpuint(cxl_poison_find(list, p->dpa + p->len), ==,
                             i + 1);
            at += p->len;
            i++;
        }
        g_assert(naive[n] == CLEAN || at == end);
    }
    g_assert_cmpuint(cxl_poison_count(list), ==, i);
    g_assert_null(cxl_poison_at(list, i));
}

static bool naive_hit(const Naive naive, unsigned dpa, unsigned len)
{
    for (unsigned at = dpa; at < dpa + len; at++) {
        if (naive[at / CXL_POISON_LINE] != CLEAN) {
            return true;
        }
    }
    return false;
}

static void naive_set(Naive naive, unsigned dpa, unsigned len, uint8_t value)
{
    for (unsigned at = dpa; at < dpa + len; at++) {
        naive[at / CXL_POISON_LINE] = value;
    }
}

static bool add(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                uint8_t source, uint64_t now)
{
    const CXLPoison range = { dpa, len, source, .listed = true };

    return cxl_poison_add(list, &range, now);
}

/* Whether what is not on the list has been accounted for */
static void check_listed(const CXLPoisonList *list)
{
    uint32_t listed = 0;

    for (uint32_t n = 0; n < cxl_poison_count(list); n++) {
        listed += cxl_poison_at(list, n)->listed;
    }
    g_assert_cmpuint(listed, <=, list->max);
    g_assert_cmpuint(listed, ==, cxl_poison_count_listed(list));
    g_assert(list->overflow == (listed < cxl_poison_count(list)));
}

/* One change at random; the media always has room for so few */
static void change(CXLPoisonList *list, Naive naive, uint64_t now)
{
    unsigned dpa = g_test_rand_int_range(0, LINES * CXL_POISON_LINE);
    unsigned room = MIN(LINES * CXL_POISON_LINE - dpa, 600);
    unsigned len = g_test_rand_int_range(0, room + 1);
    bool more = g_test_rand_int_range(0, 3);
    uint8_t source = g_test_rand_int_range(1, 4);
    bool overflowed = list->overflow;

    naive_set(naive, dpa, len, more ? source : CLEAN);
    if (more) {
        g_assert_true(add(list, dpa, len, source, now));
    } else {
        g_assert_true(cxl_poison_remove(list, dpa, len, now));
    }
    check_listed(list);
    if (list->overflow && !overflowed) {
        g_assert_cmpuint(list->overflow_timestamp, ==, now);
    }
}

static void test_random(void)
{
    static const uint32_t limits[] = { 1, 2, 3, 8, 20, 500 };

    for (unsigned l = 0; l < ARRAY_SIZE(limits); l++) {
        CXLPoisonList list;
        Naive naive;

        memset(naive, CLEAN, sizeof(naive));
        cxl_poison_init(&list, limits[l]);
        for (unsigned i = 0; i < 10000; i++) {
            unsigned dpa = g_test_rand_int_range(0, LINES * CXL_POISON_LINE);
            unsigned len = g_test_rand_int_range(0, 9);

            len = MIN(len, LINES * CXL_POISON_LINE - dpa);
            change(&list, naive, i);
            compare(&list, naive);
            g_assert(cxl_poison_hit(&list, dpa, len) ==
                     naive_hit(naive, dpa, len));
            if (i % 1000 == 999) {
                cxl_poison_clear_all(&list);
                memset(naive, CLEAN, sizeof(naive));
                g_assert_false(list.overflow);
            }
        }
        cxl_poison_destroy(&list);
    }
}

/* Addresses at the end of what 64 bits hold neither wrap nor hit line 0 */
static void test_edges(void)
{
    const uint64_t last = UINT64_MAX & ~(uint64_t)63;
    CXLPoisonList list;

    cxl_poison_init(&list, 4);
    g_assert_true(add(&list, last - 64, UINT64_MAX, 1, 0));
    g_assert_cmpuint(cxl_poison_count(&list), ==, 1);
    g_assert_cmpuint(cxl_poison_at(&list, 0)->dpa, ==, last - 64);
    g_assert_cmpuint(cxl_poison_at(&list, 0)->len, ==, 64);
    g_assert_false(cxl_poison_hit(&list, 0, 64));
    g_assert_false(cxl_poison_hit(&list, last, 64));
    g_assert_true(cxl_poison_hit(&list, last - 1, 2));
    g_assert_true(cxl_poison_hit(&list, 0, UINT64_MAX));
    g_assert_true(add(&list, UINT64_MAX, 1, 1, 0));
    g_assert_cmpuint(cxl_poison_count(&list), ==, 1);
    g_assert_true(cxl_poison_remove(&list, 0, UINT64_MAX, 0));
    g_assert_cmpuint(cxl_poison_count(&list), ==, 0);
    cxl_poison_destroy(&list);
}

/* Removing the middle of a range needs room for one more on the list */
static void test_split(void)
{
    CXLPoisonList list;

    cxl_poison_init(&list, 1);
    g_assert_true(add(&list, 0, 192, 3, 7));
    g_assert_true(cxl_poison_remove(&list, 64, 64, 8));
    g_assert_true(list.overflow);
    g_assert_cmpuint(list.overflow_timestamp, ==, 8);
    g_assert_false(cxl_poison_hit(&list, 64, 64));
    g_assert_true(cxl_poison_at(&list, 0)->listed);
    g_assert_false(cxl_poison_at(&list, 1)->listed);
    /* There is room for what is found only when the other one is healed */
    g_assert_false(cxl_poison_found(&list, 0, 192, 9));
    g_assert_true(cxl_poison_remove(&list, 0, 1, 9));
    g_assert_true(cxl_poison_found(&list, 0, 192, 10));
    g_assert_false(list.overflow);
    g_assert_cmpuint(cxl_poison_at(&list, 0)->dpa, ==, 128);
    cxl_poison_destroy(&list);
}

/* The media can have so many ranges and no more; nothing changes then */
static void test_full(void)
{
    CXLPoisonList list;

    cxl_poison_init(&list, CXL_POISON_RANGES_MAX);
    for (unsigned n = 0; n < CXL_POISON_RANGES_MAX; n++) {
        g_assert_true(add(&list, n * 256, 192, 3, 7));
    }
    g_assert_false(add(&list, CXL_POISON_RANGES_MAX * 256, 64, 3, 7));
    g_assert_false(cxl_poison_remove(&list, 64, 64, 7));
    g_assert_true(cxl_poison_hit(&list, 64, 64));
    g_assert_false(list.overflow);
    g_assert_cmpuint(cxl_poison_count(&list), ==, CXL_POISON_RANGES_MAX);
    g_assert_cmpuint(cxl_poison_count_lines(&list, 3), ==,
                     3 * CXL_POISON_RANGES_MAX);
    g_assert_cmpuint(cxl_poison_count_lines(&list, 2), ==, 0);
    cxl_poison_destroy(&list);
}

/* A line is whole when each of its bytes was written since it was begun */
static void test_writes(void)
{
    CXLPoisonWrites w = { };

    for (unsigned n = 0; n < 63; n++) {
        g_assert_false(cxl_poison_write(&w, 128 + n, 1));
        g_assert_false(cxl_poison_write(&w, 64 + n, 1));
    }
    g_assert_true(cxl_poison_write(&w, 128 + 63, 1));
    g_assert_false(cxl_poison_write(&w, 128, 8));
    g_assert_true(cxl_poison_write(&w, 64 + 56, 8));
    for (unsigned line = 0; line < CXL_POISON_WRITES; line++) {
        g_assert_false(cxl_poison_write(&w, 1024 + line * 64, 8));
    }
    /* All of the first but its beginning, which is forgotten by now */
    for (unsigned at = 8; at < 64; at += 8) {
        g_assert_false(cxl_poison_write(&w, 128 + at, 8));
    }
    g_assert_true(cxl_poison_write(&w, 128, 8));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/poison/random", test_random);
    g_test_add_func("/cxl/poison/edges", test_edges);
    g_test_add_func("/cxl/poison/split", test_split);
    g_test_add_func("/cxl/poison/full", test_full);
    g_test_add_func("/cxl/poison/writes", test_writes);
    return g_test_run();
}

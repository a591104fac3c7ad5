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

static unsigned count_runs(const Naive naive)
{
    unsigned runs = 0;

    for (unsigned n = 0; n < LINES; n += run_length(naive, n)) {
        runs += naive[n] != CLEAN;
    }
    return runs;
}

static void compare(const CXLPoisonList *list, const Naive naive)
{
    unsigned i = 0;

    for (unsigned n = 0; n < LINES; n += run_length(naive, n)) {
        const CXLPoison *p = cxl_poison_at(list, i);

        if (naive[n] == CLEAN) {
            continue;
        }
        g_assert_nonnull(p);
        g_assert_cmpuint(p->dpa, ==, n * CXL_POISON_LINE);
        g_assert_cmpuint(p->len, ==, run_length(naive, n) * CXL_POISON_LINE);
        g_assert_cmpuint(p->source, ==, naive[n]);
        g_assert_cmpuint(cxl_poison_find(list, p->dpa), ==, i);
        g_assert_cmpuint(cxl_poison_find(list, p->dpa + p->len), ==, i + 1);
        i++;
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

/* One change at random; one that would not fit must change nothing */
static void change(CXLPoisonList *list, Naive naive, uint64_t now)
{
    unsigned dpa = g_test_rand_int_range(0, LINES * CXL_POISON_LINE);
    unsigned room = MIN(LINES * CXL_POISON_LINE - dpa, 600);
    unsigned len = g_test_rand_int_range(0, room + 1);
    bool add = g_test_rand_int_range(0, 3);
    uint8_t source = g_test_rand_int_range(1, 4);
    bool overflowed = list->overflow;
    Naive want;
    bool done;

    memcpy(want, naive, sizeof(want));
    naive_set(want, dpa, len, add ? source : CLEAN);
    done = add ? cxl_poison_add(list, dpa, len, source, now)
               : cxl_poison_remove(list, dpa, len, now);
    g_assert(done == (count_runs(want) <= list->max));
    if (done) {
        memcpy(naive, want, sizeof(want));
        g_assert(list->overflow == overflowed);
    } else {
        g_assert_true(list->overflow);
        if (!overflowed) {
            g_assert_cmpuint(list->overflow_timestamp, ==, now);
        }
    }
}

static void test_random(void)
{
    static const uint32_t limits[] = { 1, 2, 3, 8, 20, 1000 };

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
    g_assert_true(cxl_poison_add(&list, last - 64, UINT64_MAX, 1, 0));
    g_assert_cmpuint(cxl_poison_count(&list), ==, 1);
    g_assert_cmpuint(cxl_poison_at(&list, 0)->dpa, ==, last - 64);
    g_assert_cmpuint(cxl_poison_at(&list, 0)->len, ==, 64);
    g_assert_false(cxl_poison_hit(&list, 0, 64));
    g_assert_false(cxl_poison_hit(&list, last, 64));
    g_assert_true(cxl_poison_hit(&list, last - 1, 2));
    g_assert_true(cxl_poison_hit(&list, 0, UINT64_MAX));
    g_assert_true(cxl_poison_add(&list, UINT64_MAX, 1, 1, 0));
    g_assert_cmpuint(cxl_poison_count(&list), ==, 1);
    g_assert_true(cxl_poison_remove(&list, 0, UINT64_MAX, 0));
    g_assert_cmpuint(cxl_poison_count(&list), ==, 0);
    cxl_poison_destroy(&list);
}

/* Removing the middle of a range needs room for one more */
static void test_split(void)
{
    CXLPoisonList list;

    cxl_poison_init(&list, 1);
    g_assert_true(cxl_poison_add(&list, 0, 192, 3, 7));
    g_assert_false(cxl_poison_remove(&list, 64, 64, 8));
    g_assert_true(list.overflow);
    g_assert_cmpuint(list.overflow_timestamp, ==, 8);
    g_assert_true(cxl_poison_hit(&list, 64, 1));
    g_assert_true(cxl_poison_remove(&list, 128, 1, 9));
    g_assert_cmpuint(cxl_poison_at(&list, 0)->len, ==, 128);
    cxl_poison_destroy(&list);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/poison/random", test_random);
    g_test_add_func("/cxl/poison/edges", test_edges);
    g_test_add_func("/cxl/poison/split", test_split);
    return g_test_run();
}

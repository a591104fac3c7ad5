/*
 * Event logs against a queue of plain records
 *
 * Sources: hw/cxl/model/event-log.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/model/event-log.h"

/* What a record is known by: its first data byte, its time and its handle */
typedef struct Naive {
    uint8_t mark;
    uint64_t time;
    uint16_t handle;
} Naive;

static CXLEventRecord marked(uint8_t mark)
{
    CXLEventRecord record = { };

    record.data[0] = mark;
    record.header.handle = cxl_le16(0xdead);
    return record;
}

static bool push(CXLEventLog *log, uint8_t mark, uint64_t time)
{
    CXLEventRecord record = marked(mark);

    return cxl_event_log_push(log, &record, time);
}

static uint16_t handle_at(const CXLEventLog *log, uint32_t n)
{
    return cxl_le16_get(cxl_event_log_peek(log, n)->header.handle);
}

/* Remove the @nr oldest by their own handles */
static bool pop(CXLEventLog *log, uint32_t nr)
{
    g_autofree CXLLe16 *handles = g_new(CXLLe16, nr);

    for (uint32_t n = 0; n < nr; n++) {
        handles[n] = cxl_le16(handle_at(log, n));
    }
    return cxl_event_log_pop(log, handles, nr);
}

static void compare(const CXLEventLog *log, const GArray *naive)
{
    g_assert_cmpuint(log->count, ==, naive->len);
    g_assert(cxl_event_log_empty(log) == !naive->len);
    for (uint32_t n = 0; n < naive->len; n++) {
        const Naive *want = &g_array_index(naive, Naive, n);
        const CXLEventRecord *have = cxl_event_log_peek(log, n);

        g_assert_cmpuint(have->data[0], ==, want->mark);
        g_assert_cmpuint(cxl_le64_get(have->header.timestamp), ==,
                         want->time);
        g_assert_cmpuint(cxl_le16_get(have->header.handle), ==,
                         want->handle);
    }
    g_assert_null(cxl_event_log_peek(log, naive->len));
    g_assert_null(cxl_event_log_peek(log, UINT32_MAX));
}

static void test_random(void)
{
    for (uint32_t depth = 1; depth < 20; depth++) {
        g_autoptr(GArray) naive = g_array_new(false, false, sizeof(Naive));
        unsigned overflow = 0;
        CXLEventLog log;

        cxl_event_log_init(&log, depth);
        for (unsigned i = 0; i < 5000; i++) {
            if (g_test_rand_bit()) {
                bool fits = naive->len < depth;

                g_assert(push(&log, i, i + 1) == fits);
                if (fits) {
                    Naive n = {
                        .mark = i, .time = i + 1,
                        .handle = handle_at(&log, naive->len),
                    };
                    g_array_append_val(naive, n);
                } else {
                    overflow++;
                }
            } else {
                uint32_t nr = g_test_rand_int_range(0, naive->len + 1);

                g_assert_true(pop(&log, nr));
                g_array_remove_range(naive, 0, nr);
                overflow = nr ? 0 : overflow;
            }
            compare(&log, naive);
            g_assert_cmpuint(log.overflow, ==, overflow);
        }
        cxl_event_log_destroy(&log);
    }
}

/* No two records of a full log share a handle, and none has handle 0 */
static void test_handles(void)
{
    CXLEventLog log;

    cxl_event_log_init(&log, 3);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(push(&log, i, i));
    }
    for (unsigned i = 0; i < 140000; i++) {
        uint16_t a = handle_at(&log, 0);
        uint16_t b = handle_at(&log, 1);
        uint16_t c = handle_at(&log, 2);

        g_assert(a && b && c && a != b && b != c && a != c);
        g_assert_true(pop(&log, 1));
        g_assert_true(push(&log, i, i));
    }
    cxl_event_log_destroy(&log);
}

/* Handles that are not those of the oldest, in order, remove nothing */
static void test_wrong_handles(void)
{
    CXLLe16 handles[4];
    CXLEventLog log;

    cxl_event_log_init(&log, 8);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(push(&log, i, i));
        handles[i] = cxl_le16(handle_at(&log, i));
    }
    handles[3] = cxl_le16(log.next_handle);
    g_assert_false(cxl_event_log_pop(&log, handles, 4));
    g_assert_false(cxl_event_log_pop(&log, handles + 1, 1));
    g_assert_false(cxl_event_log_pop(&log, handles + 1, 2));
    handles[3] = handles[0];
    handles[0] = handles[1];
    handles[1] = handles[3];
    g_assert_false(cxl_event_log_pop(&log, handles, 2));
    handles[0] = cxl_le16(0);
    g_assert_false(cxl_event_log_pop(&log, handles, 1));
    g_assert_cmpuint(log.count, ==, 3);
    g_assert_true(cxl_event_log_pop(&log, handles, 0));
    g_assert_true(pop(&log, 3));
    g_assert_false(cxl_event_log_pop(&log, handles, 1));
    cxl_event_log_destroy(&log);
}

/* The count stops at its largest value; the first loss keeps its time */
static void test_overflow(void)
{
    CXLEventLog log;

    cxl_event_log_init(&log, 2);
    g_assert_true(push(&log, 1, 100));
    g_assert_true(push(&log, 2, 200));
    for (unsigned i = 0; i < UINT16_MAX + 10; i++) {
        g_assert_false(push(&log, 3, 300 + i));
        g_assert_cmpuint(log.overflow, ==, MIN(i + 1, UINT16_MAX));
        g_assert_cmpuint(log.first_overflow, ==, 300);
        g_assert_cmpuint(log.last_overflow, ==, 300 + i);
    }
    g_assert_cmpuint(cxl_event_log_peek(&log, 0)->data[0], ==, 1);
    g_assert_true(pop(&log, 0));
    g_assert_cmpuint(log.overflow, ==, UINT16_MAX);
    g_assert_true(pop(&log, 1));
    g_assert_cmpuint(log.overflow, ==, 0);
    g_assert_cmpuint(log.first_overflow, ==, 0);
    g_assert_cmpuint(log.last_overflow, ==, 0);
    cxl_event_log_destroy(&log);
}

static void test_clear(void)
{
    CXLEventLog log;

    cxl_event_log_init(&log, 2);
    for (unsigned i = 0; i < 5; i++) {
        push(&log, i, i);
    }
    cxl_event_log_clear(&log);
    g_assert_true(cxl_event_log_empty(&log));
    g_assert_cmpuint(log.overflow, ==, 0);
    g_assert_true(push(&log, 9, 9));
    g_assert_cmpuint(handle_at(&log, 0), ==, 1);
    cxl_event_log_destroy(&log);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/event-log/random", test_random);
    g_test_add_func("/cxl/event-log/handles", test_handles);
    g_test_add_func("/cxl/event-log/wrong-handles", test_wrong_handles);
    g_test_add_func("/cxl/event-log/overflow", test_overflow);
    g_test_add_func("/cxl/event-log/clear", test_clear);
    return g_test_run();
}

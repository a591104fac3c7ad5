/*
 * Events commands: records, their order, overflow and interrupts
 *
 * Sources: hw/cxl/cci/{background,cci,events,firmware,health,infostat,logs,
 *          lsa,media,media-state,memdev,scan,security,shutdown,timestamp}.c
 *          hw/cxl/model/{event-log,health,poison}.c
 *          hw/cxl/interfaces.c
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"

static void put_event(Device *d, unsigned log, uint8_t mark, bool stored)
{
    CXLEventRecord record = { };

    record.data[0] = mark;
    g_assert(cxl_events_record(&d->events, log, &record, 1000 + mark) ==
             stored);
    if (stored) {
        g_assert_cmpuint(cxl_le64_get(record.header.timestamp), ==,
                         1000 + mark);
        g_assert_cmpuint(cxl_le16_get(record.header.handle), !=, 0);
        g_assert_cmpuint(record.header.length, ==, sizeof(record));
    }
}

/* The oldest records of @log: @nr of them, and flags */
static const CXLEventRecord *get_events(Device *d, uint8_t log, unsigned nr,
                                        uint8_t flags)
{
    const CXLGetEventsRsp *out =
        answer(d, CXL_OP_GET_EVENT_RECORDS, &log, 1,
               sizeof(*out) + nr * sizeof(CXLEventRecord));

    g_assert_cmpuint(cxl_le16_get(out->record_count), ==, nr);
    g_assert_cmphex(out->flags, ==, flags);
    return (const CXLEventRecord *)(out + 1);
}

/* Clear the @nr records of the last answer, the first @skip left out */
static CXLRet clear_events(Device *d, uint8_t log, unsigned skip, unsigned nr)
{
    const CXLEventRecord *records =
        (const void *)(d->out + sizeof(CXLGetEventsRsp));
    g_autofree CXLClearEventsReq *in =
        g_malloc0(sizeof(*in) + nr * sizeof(CXLLe16));

    in->log = log;
    in->handle_count = nr;
    for (unsigned n = 0; n < nr; n++) {
        in->handles[n] = records[skip + n].header.handle;
    }
    return request(d, CXL_OP_CLEAR_EVENT_RECORDS, in,
                   sizeof(*in) + nr * sizeof(CXLLe16));
}

/* 512 bytes hold 3 records; the host reads, clears and reads on */
static void test_events(void)
{
    Device *d = new_device();
    const CXLEventRecord *r;

    get_events(d, CXL_LOG_FATAL, 0, 0);
    for (unsigned n = 0; n < DEPTH; n++) {
        put_event(d, CXL_LOG_FATAL, n, true);
    }
    g_assert_cmphex(d->pending, ==, 1u << CXL_LOG_FATAL);
    get_events(d, CXL_LOG_INFO, 0, 0);
    r = get_events(d, CXL_LOG_FATAL, 3, CXL_EVENTS_MORE);
    g_assert_cmpuint(r[0].data[0], ==, 0);
    g_assert_cmpuint(r[2].data[0], ==, 2);
    g_assert_cmpuint(clear_events(d, CXL_LOG_FATAL, 1, 2), ==,
                     CXL_RET_INVALID_HANDLE);
    get_events(d, CXL_LOG_FATAL, 3, CXL_EVENTS_MORE);
    g_assert_cmpuint(clear_events(d, CXL_LOG_FATAL, 0, 3), ==,
                     CXL_RET_SUCCESS);
    g_assert_cmphex(d->pending, ==, 1u << CXL_LOG_FATAL);
    r = get_events(d, CXL_LOG_FATAL, 2, 0);
    g_assert_cmpuint(r[1].data[0], ==, 4);
    g_assert_cmpuint(clear_events(d, CXL_LOG_FATAL, 0, 2), ==,
                     CXL_RET_SUCCESS);
    g_assert_cmphex(d->pending, ==, 0);
    free_device(d);
}

/* The smallest mailbox, of 256 bytes, takes a record at a time */
static void test_events_small_mailbox(void)
{
    Device d = { };

    cxl_cci_init(&d.cci, &cci_ops, &d, 256);
    cxl_events_add(&d.cci, &d.events, &events_ops, &d, vectors,
                   CXL_EVENT_LOGS, DEPTH);
    for (unsigned n = 0; n < DEPTH; n++) {
        put_event(&d, CXL_LOG_INFO, n, true);
    }
    for (unsigned n = 0; n < DEPTH; n++) {
        g_assert_cmpuint(get_events(&d, CXL_LOG_INFO, 1, n < DEPTH - 1
                                    ? CXL_EVENTS_MORE : 0)->data[0], ==, n);
        g_assert_cmpuint(clear_events(&d, CXL_LOG_INFO, 0, 1), ==,
                         CXL_RET_SUCCESS);
    }
    get_events(&d, CXL_LOG_INFO, 0, 0);
    cxl_events_destroy(&d.events);
    cxl_cci_destroy(&d.cci);
}

static void test_events_overflow(void)
{
    const CXLClearEventsReq all = {
        .log = CXL_LOG_INFO, .flags = CXL_EVENTS_CLEAR_ALL,
    };
    Device *d = new_device();
    const CXLGetEventsRsp *out = (const void *)d->out;

    for (unsigned n = 0; n < DEPTH; n++) {
        put_event(d, CXL_LOG_INFO, n, true);
    }
    g_assert_cmpuint(request(d, CXL_OP_CLEAR_EVENT_RECORDS, &all, 6), ==,
                     CXL_RET_INVALID_INPUT);
    put_event(d, CXL_LOG_INFO, 50, false);
    put_event(d, CXL_LOG_INFO, 60, false);
    get_events(d, CXL_LOG_INFO, 3, CXL_EVENTS_MORE | CXL_EVENTS_OVERFLOW);
    g_assert_cmpuint(cxl_le16_get(out->overflow_count), ==, 2);
    g_assert_cmpuint(cxl_le64_get(out->first_overflow), ==, 1050);
    g_assert_cmpuint(cxl_le64_get(out->last_overflow), ==, 1060);
    g_assert_cmpuint(request(d, CXL_OP_CLEAR_EVENT_RECORDS, &all, 6), ==,
                     CXL_RET_SUCCESS);
    g_assert_cmphex(d->pending, ==, 0);
    get_events(d, CXL_LOG_INFO, 0, 0);
    free_device(d);
}

static void test_events_bad_log(void)
{
    Device *d = new_device();

    for (unsigned log = CXL_EVENT_LOGS; log <= UINT8_MAX; log++) {
        uint8_t get = log;
        CXLClearEventsReq clear = { .log = log };

        g_assert_cmpuint(request(d, CXL_OP_GET_EVENT_RECORDS, &get, 1), ==,
                         CXL_RET_INVALID_INPUT);
        g_assert_cmpuint(request(d, CXL_OP_CLEAR_EVENT_RECORDS, &clear, 6),
                         ==, CXL_RET_INVALID_INPUT);
    }
    free_device(d);
}

static void test_events_policy(void)
{
    static const uint8_t msi[] = { 1, 1, 0, 1, 0 };
    static const uint8_t fw[] = { 1, 1, 2, 1 };
    static const uint8_t reserved[] = { 1, 1, 1, 3 };
    static const uint8_t shown[] = { 0x41, 0x51, 0, 0x71, 0 };
    static const uint8_t none[sizeof(shown)];
    const uint16_t get = CXL_OP_GET_EVENT_POLICY;
    const uint16_t set = CXL_OP_SET_EVENT_POLICY;
    Device *d = new_device();

    g_assert_false(memcmp(answer(d, get, NULL, 0, 5), none, 5));
    for (uint32_t len = 0; len <= 5; len++) {
        g_assert_cmpuint(request(d, set, msi, len), ==,
                         len < 4 ? CXL_RET_INVALID_PAYLOAD_LENGTH
                                 : CXL_RET_SUCCESS);
    }
    g_assert_false(memcmp(answer(d, get, NULL, 0, 5), shown, 5));
    g_assert_cmpuint(request(d, set, fw, 4), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(request(d, set, reserved, 4), ==, CXL_RET_INVALID_INPUT);
    g_assert_false(memcmp(answer(d, get, NULL, 0, 5), shown, 5));

    /* One interrupt for the first record, none while the log has some */
    put_event(d, CXL_LOG_WARNING, 1, true);
    put_event(d, CXL_LOG_WARNING, 2, true);
    put_event(d, CXL_LOG_FAILURE, 3, true);
    g_assert_cmpuint(d->interrupts[5], ==, 1);
    g_assert_cmpuint(d->interrupts[6], ==, 0);
    get_events(d, CXL_LOG_WARNING, 2, 0);
    clear_events(d, CXL_LOG_WARNING, 0, 2);
    put_event(d, CXL_LOG_WARNING, 4, true);
    g_assert_cmpuint(d->interrupts[5], ==, 2);

    cxl_events_reset(&d->events, false);
    g_assert_cmphex(d->pending, ==, 6);
    g_assert_false(memcmp(answer(d, get, NULL, 0, 5), shown, 5));
    cxl_events_reset(&d->events, true);
    g_assert_cmphex(d->pending, ==, 0);
    g_assert_false(memcmp(answer(d, get, NULL, 0, 5), none, 5));
    free_device(d);
}

/* A device with Dynamic Capacity has one log more, and a policy for it */
static void test_events_five_logs(void)
{
    static const uint8_t five[] = { 8, 9, 10, 11, 12 };
    static const uint8_t set[] = { 0, 1, 0, 1, 1 };
    static const uint8_t shown[] = { 0, 0x91, 0, 0xb1, 0xc1 };
    static const uint8_t kept[] = { 0, 0, 0, 0, 0xc1 };
    Device d = { };

    cxl_cci_init(&d.cci, &cci_ops, &d, ROOM);
    cxl_events_add(&d.cci, &d.events, &events_ops, &d, five,
                   CXL_EVENT_LOGS_MAX, DEPTH);
    answer(&d, CXL_OP_SET_EVENT_POLICY, set, sizeof(set), 0);
    g_assert_cmpmem(answer(&d, CXL_OP_GET_EVENT_POLICY, NULL, 0, 5), 5,
                    shown, 5);
    put_event(&d, CXL_LOG_DYNAMIC_CAPACITY, 1, true);
    g_assert_cmpuint(d.interrupts[12], ==, 1);
    g_assert_cmphex(d.pending, ==, 1u << CXL_LOG_DYNAMIC_CAPACITY);
    get_events(&d, CXL_LOG_DYNAMIC_CAPACITY, 1, 0);
    g_assert_cmpuint(clear_events(&d, CXL_LOG_DYNAMIC_CAPACITY, 0, 1), ==,
                     CXL_RET_SUCCESS);

    /* Whoever knows of four logs leaves the fifth alone */
    answer(&d, CXL_OP_SET_EVENT_POLICY, kept, 4, 0);
    g_assert_cmpmem(answer(&d, CXL_OP_GET_EVENT_POLICY, NULL, 0, 5), 5,
                    kept, 5);
    cxl_events_destroy(&d.events);
    cxl_cci_destroy(&d.cci);
}

static void test_events_migration(void)
{
    Device *from = new_device(), *to = new_device();

    for (unsigned n = 0; n < DEPTH + 2; n++) {
        put_event(from, CXL_LOG_INFO, n, n < DEPTH);
    }
    from->events.policy[2] = CXL_EVENT_MODE_MSI;
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_events, &from->events,
                                     &to->events), ==, 0);
    g_assert_cmpuint(get_events(to, CXL_LOG_INFO, 3, CXL_EVENTS_MORE |
                                CXL_EVENTS_OVERFLOW)[2].data[0], ==, 2);
    g_assert_cmpuint(to->events.policy[2], ==, CXL_EVENT_MODE_MSI);

#define REFUSED(field, value) do {                                      \
        typeof(from->events.field) saved = from->events.field;          \
        from->events.field = (value);                                   \
        g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_events,           \
                                         &from->events, &to->events),   \
                        ==, -EINVAL);                                   \
        from->events.field = saved;                                     \
    } while (0)
    REFUSED(logs[1].count, DEPTH + 1);
    REFUSED(logs[1].head, DEPTH);
    REFUSED(logs[1].next_handle, 0);
    REFUSED(logs[1].overflow, 1);
    REFUSED(policy[0], CXL_EVENT_MODE_FW);
    REFUSED(policy[3], 0xff);
#undef REFUSED
    free_device(from);
    free_device(to);
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/commands/events/get-clear", test_events);
    g_test_add_func("/cxl/commands/events/small-mailbox",
                    test_events_small_mailbox);
    g_test_add_func("/cxl/commands/events/overflow", test_events_overflow);
    g_test_add_func("/cxl/commands/events/bad-log", test_events_bad_log);
    g_test_add_func("/cxl/commands/events/policy", test_events_policy);
    g_test_add_func("/cxl/commands/events/five-logs", test_events_five_logs);
    g_test_add_func("/cxl/commands/events/migration", test_events_migration);
    return g_test_run();
}

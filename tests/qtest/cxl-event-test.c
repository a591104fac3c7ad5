/*
 * QTest: CXL event logs, filled through QMP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

/* Guest memory that MSI-X vectors write to, 8 bytes a log */
#define MSI_ADDR        0x100000u
#define MSI_DATA        0xca11u

static QCXL *q;
static QCXLFn *mem;

static const char *const log_names[CXL_EVENT_LOGS] = {
    "informational", "warning", "failure", "fatal"
};

typedef struct Events {
    CXLGetEventsRsp head;
    CXLGeneralMediaEvent record[64];
} Events;

static void inject(unsigned log, uint64_t dpa)
{
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-general-media-event', 'arguments': {"
        " 'path': '/machine/peripheral/mem0', 'log': %s, 'flags': 1,"
        " 'dpa': %" PRIu64 ", 'descriptor': 3, 'type': 1,"
        " 'transaction-type': 2, 'channel': 3, 'rank': 17, 'device': 5,"
        " 'component-id': 'iras mem' }}", log_names[log], dpa);
}

static unsigned command(uint16_t opcode, const void *in, size_t len)
{
    return qcxl_mbox(mem, opcode, in, len, NULL, NULL);
}

/* Read a log; how many records came */
static unsigned get(unsigned log, Events *events)
{
    CXLGetEventsReq req = { log };
    size_t len = sizeof(*events);
    unsigned nr;

    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_GET_EVENT_RECORDS, &req,
                              sizeof(req), events, &len), ==,
                    CXL_RET_SUCCESS);
    nr = cxl_le16_get(events->head.record_count);
    g_assert_cmpuint(nr, <=, ARRAY_SIZE(events->record));
    g_assert_cmpuint(len, ==,
                     sizeof(events->head) + nr * sizeof(CXLEventRecord));
    return nr;
}

static unsigned clear(unsigned log, const CXLLe16 *handles, unsigned nr)
{
    uint8_t buf[sizeof(CXLClearEventsReq) + 4 * sizeof(CXLLe16)] = { 0 };
    CXLClearEventsReq *req = (void *)buf;

    g_assert_cmpuint(nr, <=, 4);
    req->log = log;
    req->handle_count = nr;
    if (nr) {
        memcpy(req->handles, handles, nr * sizeof(*handles));
    }
    return command(CXL_OP_CLEAR_EVENT_RECORDS, req,
                   sizeof(*req) + nr * sizeof(*handles));
}

static unsigned clear_all(unsigned log)
{
    CXLClearEventsReq req = { .log = log, .flags = CXL_EVENTS_CLEAR_ALL };

    return command(CXL_OP_CLEAR_EVENT_RECORDS, &req, sizeof(req));
}

/* Read and clear until nothing is left, as a driver does */
static void drain(unsigned log)
{
    Events events;
    unsigned nr;

    while ((nr = get(log, &events))) {
        for (unsigned i = 0; i < nr; i++) {
            g_assert_cmphex(clear(log, &events.record[i].header.handle, 1),
                            ==, CXL_RET_SUCCESS);
        }
    }
}

static unsigned log_size(unsigned log)
{
    CXLIdentifyMemRsp id;
    size_t len = sizeof(id);

    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0,
                              &id, &len), ==, CXL_RET_SUCCESS);
    return cxl_le16_get(id.event_log_size[log]);
}

static uint64_t event_status(void)
{
    return qcxl_read(q, mem->status + CXL_DEV_EVENT_STATUS, 8);
}

/* CXL r3.1 Table 8-43, Table 8-45: what was injected is what is read */
static void test_record(void)
{
    Events events;
    CXLGeneralMediaEvent *e = &events.record[0];

    inject(CXL_LOG_INFO, 0x12340040);
    g_assert_cmpuint(get(CXL_LOG_INFO, &events), ==, 1);
    g_assert_cmphex(events.head.flags, ==, 0);
    g_assert_cmpmem(&e->header.uuid, sizeof(CXLUuid),
                    &CXL_UUID_GENERAL_MEDIA_EVENT, sizeof(CXLUuid));
    g_assert_cmphex(e->header.length, ==, sizeof(*e));
    g_assert_cmphex(cxl_le24_get(e->header.flags), ==, 1);
    g_assert_cmphex(cxl_le16_get(e->header.handle), !=, 0);
    g_assert_cmphex(cxl_le64_get(e->dpa) & ~0x3full, ==, 0x12340040);
    g_assert_cmphex(e->descriptor, ==, 3);
    g_assert_cmphex(e->type, ==, 1);
    g_assert_cmphex(e->transaction_type, ==, 2);
    g_assert_cmphex(cxl_le16_get(e->validity), ==,
                    CXL_GENERAL_MEDIA_CHANNEL_VALID |
                    CXL_GENERAL_MEDIA_RANK_VALID |
                    CXL_GENERAL_MEDIA_DEVICE_VALID |
                    CXL_GENERAL_MEDIA_COMPONENT_VALID);
    g_assert_cmphex(e->channel, ==, 3);
    g_assert_cmphex(e->rank, ==, 17);
    g_assert_cmphex(cxl_le24_get(e->device), ==, 5);
    g_assert_cmpmem(e->component_id, 9, "iras mem", 9);
    drain(CXL_LOG_INFO);
}

/* CXL r3.1 8.2.8.3.1: each log has its bit, as long as it holds records */
static void test_status(void)
{
    g_assert_cmphex(event_status(), ==, 0);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        Events events;

        inject(log, 64 * log);
        g_assert_cmphex(event_status(), ==, 1u << log);
        for (unsigned other = 0; other < CXL_EVENT_LOGS; other++) {
            g_assert_cmpuint(get(other, &events), ==, other == log);
        }
        drain(log);
        g_assert_cmphex(event_status(), ==, 0);
    }
}

/* CXL r3.1 8.2.9.2.3: oldest first, all of them or none */
static void test_clear_order(void)
{
    Events events, after;
    CXLLe16 handles[3];

    for (unsigned i = 0; i < 3; i++) {
        inject(CXL_LOG_WARNING, 64 * i);
    }
    g_assert_cmpuint(get(CXL_LOG_WARNING, &events), ==, 3);
    for (unsigned i = 0; i < 3; i++) {
        handles[i] = events.record[i].header.handle;
        g_assert_cmphex(cxl_le64_get(events.record[i].dpa) & ~0x3full, ==,
                        64 * i);
    }
    g_assert_cmphex(clear(CXL_LOG_WARNING, &handles[1], 1), ==,
                    CXL_RET_INVALID_HANDLE);
    g_assert_cmphex(clear(CXL_LOG_WARNING, &handles[1], 2), ==,
                    CXL_RET_INVALID_HANDLE);
    g_assert_cmphex(clear(CXL_LOG_FATAL, &handles[0], 1), ==,
                    CXL_RET_INVALID_HANDLE);
    g_assert_cmpuint(get(CXL_LOG_WARNING, &after), ==, 3);
    g_assert_cmphex(clear(CXL_LOG_WARNING, handles, 2), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(get(CXL_LOG_WARNING, &after), ==, 1);
    g_assert_cmphex(cxl_le16_get(after.record[0].header.handle), ==,
                    cxl_le16_get(handles[2]));
    g_assert_cmphex(clear(CXL_LOG_WARNING, handles, 1), ==,
                    CXL_RET_INVALID_HANDLE);
    g_assert_cmphex(clear(CXL_LOG_WARNING, &handles[2], 1), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmpuint(get(CXL_LOG_WARNING, &after), ==, 0);
}

/* A request whose length is not what its count of handles says */
static void test_clear_length(void)
{
    uint8_t buf[sizeof(CXLClearEventsReq) + 4] = { 0 };
    CXLClearEventsReq *req = (void *)buf;

    req->handle_count = 1;
    g_assert_cmphex(command(CXL_OP_CLEAR_EVENT_RECORDS, buf, sizeof(*req)),
                    ==, CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmphex(command(CXL_OP_CLEAR_EVENT_RECORDS, buf,
                            sizeof(*req) + 1), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmphex(command(CXL_OP_CLEAR_EVENT_RECORDS, buf,
                            sizeof(*req) + 4), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
    req->handle_count = 255;
    g_assert_cmphex(command(CXL_OP_CLEAR_EVENT_RECORDS, buf, sizeof(buf)), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
}

static void test_bad_log(void)
{
    CXLGetEventsReq req = { CXL_EVENT_LOGS };
    CXLClearEventsReq clear_req = { .log = CXL_EVENT_LOGS };

    for (; req.log; req.log = req.log == 0xff ? 0 : 0xff) {
        clear_req.log = req.log;
        g_assert_cmphex(command(CXL_OP_GET_EVENT_RECORDS, &req, sizeof(req)),
                        ==, CXL_RET_INVALID_INPUT);
        g_assert_cmphex(command(CXL_OP_CLEAR_EVENT_RECORDS, &clear_req,
                                sizeof(clear_req)), ==,
                        CXL_RET_INVALID_INPUT);
    }
}

/* CXL r3.1 Table 8-51: MORE as long as an answer does not hold them all */
static void test_more(void)
{
    unsigned size = log_size(CXL_LOG_FAILURE);
    unsigned room = (qcxl_mbox_payload_size(mem) - sizeof(CXLGetEventsRsp)) /
                    sizeof(CXLEventRecord);
    Events events;

    for (unsigned i = 0; i < size; i++) {
        inject(CXL_LOG_FAILURE, 64 * i);
    }
    for (unsigned left = size, seen = 0; left;) {
        unsigned nr = get(CXL_LOG_FAILURE, &events);

        g_assert_cmpuint(nr, ==, MIN(left, room));
        g_assert_cmphex(events.head.flags, ==,
                        nr < left ? CXL_EVENTS_MORE : 0);
        for (unsigned i = 0; i < nr; i++, seen++, left--) {
            g_assert_cmphex(cxl_le64_get(events.record[i].dpa) & ~0x3full, ==,
                            64 * seen);
            g_assert_cmphex(clear(CXL_LOG_FAILURE,
                                  &events.record[i].header.handle, 1), ==,
                            CXL_RET_SUCCESS);
        }
    }
}

/* CXL r3.1 Table 8-51: overflow: a count, two times, and only then clear all */
static void test_overflow(void)
{
    unsigned size = log_size(CXL_LOG_FATAL);
    CXLTimestampPayload now = { cxl_le64(1000) };
    Events events;

    g_assert_cmphex(command(CXL_OP_SET_TIMESTAMP, &now, sizeof(now)), ==,
                    CXL_RET_SUCCESS);
    for (unsigned i = 0; i < size; i++) {
        inject(CXL_LOG_FATAL, 64 * i);
    }
    g_assert_cmphex(clear_all(CXL_LOG_FATAL), ==, CXL_RET_INVALID_INPUT);
    for (unsigned i = 0; i < 3; i++) {
        inject(CXL_LOG_FATAL, 0x10000);
        qtest_clock_step(q->qts, 1000);
    }
    get(CXL_LOG_FATAL, &events);
    g_assert_cmphex(events.head.flags & CXL_EVENTS_OVERFLOW, !=, 0);
    g_assert_cmpuint(cxl_le16_get(events.head.overflow_count), ==, 3);
    g_assert_cmpuint(cxl_le64_get(events.head.first_overflow), >=, 1000);
    g_assert_cmpuint(cxl_le64_get(events.head.last_overflow), >=,
                     cxl_le64_get(events.head.first_overflow) + 2000);
    g_assert_cmphex(clear_all(CXL_LOG_FATAL), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(get(CXL_LOG_FATAL, &events), ==, 0);
    g_assert_cmphex(events.head.flags, ==, 0);
    g_assert_cmpuint(cxl_le16_get(events.head.overflow_count), ==, 0);
    g_assert_cmphex(event_status(), ==, 0);
}

/* Losses are reported until a record has been dequeued, and no longer */
static void test_overflow_dequeue(void)
{
    unsigned size = log_size(CXL_LOG_FATAL);
    Events events;

    for (unsigned i = 0; i <= size; i++) {
        inject(CXL_LOG_FATAL, 64 * i);
    }
    get(CXL_LOG_FATAL, &events);
    g_assert_cmphex(events.head.flags, ==,
                    CXL_EVENTS_OVERFLOW | CXL_EVENTS_MORE);
    g_assert_cmphex(clear(CXL_LOG_FATAL, NULL, 0), ==, CXL_RET_SUCCESS);
    get(CXL_LOG_FATAL, &events);
    g_assert_cmphex(events.head.flags, ==,
                    CXL_EVENTS_OVERFLOW | CXL_EVENTS_MORE);
    g_assert_cmphex(clear(CXL_LOG_FATAL, &events.record[0].header.handle, 1),
                    ==, CXL_RET_SUCCESS);
    get(CXL_LOG_FATAL, &events);
    g_assert_cmphex(events.head.flags, ==, CXL_EVENTS_MORE);
    g_assert_cmpuint(cxl_le16_get(events.head.overflow_count), ==, 0);
    g_assert_cmpuint(cxl_le64_get(events.head.first_overflow), ==, 0);
    g_assert_cmphex(clear_all(CXL_LOG_FATAL), ==, CXL_RET_INVALID_INPUT);
    drain(CXL_LOG_FATAL);
}

static void set_policy(uint8_t mode)
{
    CXLEventPolicy policy = { { mode, mode, mode, mode } };

    g_assert_cmphex(command(CXL_OP_SET_EVENT_POLICY, &policy, sizeof(policy)),
                    ==, CXL_RET_SUCCESS);
}

static CXLEventPolicy get_policy(void)
{
    CXLEventPolicyRsp rsp;
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_GET_EVENT_POLICY, NULL, 0, &rsp,
                              &len), ==, CXL_RET_SUCCESS);
    return rsp.policy;
}

static void test_policy(void)
{
    CXLEventPolicy bad = { { CXL_EVENT_MODE_MSI, 3, 0, 0 } };

    set_policy(CXL_EVENT_MODE_MSI);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        g_assert_cmphex(get_policy().setting[log] & CXL_EVENT_MODE_MASK, ==,
                        CXL_EVENT_MODE_MSI);
    }
    set_policy(CXL_EVENT_MODE_NONE);
    g_assert_cmphex(command(CXL_OP_SET_EVENT_POLICY, &bad, sizeof(bad)), ==,
                    CXL_RET_INVALID_INPUT);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        g_assert_cmphex(get_policy().setting[log], ==, 0);
    }
}

/* CXL r3.1 Table 8-53: one message when a log gets its first record */
static void test_interrupt(void)
{
    CXLEventPolicy policy;

    set_policy(CXL_EVENT_MODE_MSI);
    policy = get_policy();
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        qcxl_msix_arm(mem, policy.setting[log] >> CXL_EVENT_MSGNUM_SHIFT,
                      MSI_ADDR, MSI_DATA + log);
        qcxl_write(q, MSI_ADDR, 4, 0);
        inject(log, 0);
        g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, MSI_DATA + log);
        qcxl_write(q, MSI_ADDR, 4, 0);
        inject(log, 64);
        g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, 0);
        drain(log);
    }
    set_policy(CXL_EVENT_MODE_NONE);
    inject(CXL_LOG_INFO, 0);
    g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, 0);
    drain(CXL_LOG_INFO);
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 512, 0, "");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);

    qtest_add_func("/cxl/mbox/get-event-records/record", test_record);
    qtest_add_func("/cxl/mbox/get-event-records/status", test_status);
    qtest_add_func("/cxl/mbox/get-event-records/more", test_more);
    qtest_add_func("/cxl/mbox/get-event-records/overflow", test_overflow);
    qtest_add_func("/cxl/mbox/get-event-records/overflow-dequeue",
                   test_overflow_dequeue);
    qtest_add_func("/cxl/mbox/get-event-records/bad-log", test_bad_log);
    qtest_add_func("/cxl/mbox/clear-event-records/order", test_clear_order);
    qtest_add_func("/cxl/mbox/clear-event-records/count", test_clear_length);
    qtest_add_func("/cxl/mbox/event-interrupt-policy/round-trip", test_policy);
    qtest_add_func("/cxl/mbox/event-interrupt-policy/interrupt",
                   test_interrupt);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

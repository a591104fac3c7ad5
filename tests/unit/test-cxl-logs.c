/*
 * Logs: what they hold, how they are cleared and populated, and their bounds
 *
 * Sources: hw/cxl/cci/logs.c and what a device needs
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"

static const CXLUuid cel = CXL_UUID_COMMAND_EFFECTS_LOG;
static const CXLUuid debug = CXL_UUID_VENDOR_DEBUG_LOG;
static const CXLUuid dump = CXL_UUID_COMPONENT_STATE_DUMP;
static const CXLUuid unknown = CXL_UUID_GENERAL_MEDIA_EVENT;

static CXLRet get_log(Device *d, const CXLUuid *uuid, uint32_t offset,
                      uint32_t len)
{
    const CXLGetLogReq in = {
        .uuid = *uuid, .offset = cxl_le32(offset), .length = cxl_le32(len),
    };

    return request(d, CXL_OP_GET_LOG, &in, sizeof(in));
}

static uint32_t log_size(Device *d, const CXLUuid *uuid)
{
    const CXLSupportedLogsRsp *head = (const void *)d->out;
    const CXLSupportedLog *log = (const void *)(head + 1);

    g_assert_cmphex(request(d, CXL_OP_GET_SUPPORTED_LOGS, NULL, 0), ==, 0);
    for (unsigned n = 0; n < cxl_le16_get(head->count); n++) {
        if (!memcmp(&log[n].uuid, uuid, sizeof(*uuid))) {
            return cxl_le32_get(log[n].size);
        }
    }
    g_assert_not_reached();
}

/* The whole log, read in answers of 7 bytes */
static GByteArray *read_log(Device *d, const CXLUuid *uuid)
{
    GByteArray *all = g_byte_array_new();
    uint32_t size = log_size(d, uuid);

    while (all->len < size) {
        uint32_t len = MIN(7, size - all->len);

        g_assert_cmphex(get_log(d, uuid, all->len, len), ==, CXL_RET_SUCCESS);
        g_assert_cmpuint(d->out_len, ==, len);
        g_byte_array_append(all, d->out, len);
    }
    return all;
}

static CXLRet clear(Device *d, const CXLUuid *uuid)
{
    return request(d, CXL_OP_CLEAR_LOG, uuid, sizeof(*uuid));
}

static CXLRet populate(Device *d, const CXLUuid *uuid)
{
    return request(d, CXL_OP_POPULATE_LOG, uuid, sizeof(*uuid));
}

/* What each log says that it can do is what can be done with it */
static void test_capabilities(void)
{
    static const struct {
        const CXLUuid *uuid;
        uint32_t flags;
        CXLRet clear, populate;
    } cases[] = {
        { &cel, 0, CXL_RET_INVALID_INPUT, CXL_RET_INVALID_INPUT },
        { &debug, CXL_LOG_CAP_CLEAR | CXL_LOG_CAP_AUTO_POPULATE,
          CXL_RET_SUCCESS, CXL_RET_INVALID_INPUT },
        { &dump, CXL_LOG_CAP_CLEAR | CXL_LOG_CAP_POPULATE,
          CXL_RET_SUCCESS, CXL_RET_SUCCESS },
    };
    Device *d = new_device();

    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        const CXLLogCapabilitiesRsp *out =
            answer(d, CXL_OP_GET_LOG_CAPABILITIES, cases[n].uuid, 16, 4);

        g_assert_cmphex(cxl_le32_get(out->flags), ==, cases[n].flags);
        g_assert_cmphex(clear(d, cases[n].uuid), ==, cases[n].clear);
        g_assert_cmphex(populate(d, cases[n].uuid), ==, cases[n].populate);
    }
    g_assert_cmphex(clear(d, &unknown), ==, CXL_RET_INVALID_LOG);
    g_assert_cmphex(populate(d, &unknown), ==, CXL_RET_INVALID_LOG);
    g_assert_cmphex(request(d, CXL_OP_GET_LOG_CAPABILITIES, &unknown, 16), ==,
                    CXL_RET_INVALID_LOG);
    free_device(d);
}

static void test_sublist(void)
{
    Device *d = new_device();

    for (unsigned start = 0; start < 256; start++) {
        for (unsigned max = 0; max < 256; max++) {
            const CXLLogsSublistReq in = { .max = max, .start = start };
            const CXLLogsSublistRsp *out = (const void *)d->out;
            bool valid = max && start < 3;
            CXLRet ret = request(d, CXL_OP_GET_SUPPORTED_LOGS_SUBLIST, &in,
                                 sizeof(in));

            g_assert_cmphex(ret, ==, valid ? CXL_RET_SUCCESS
                                           : CXL_RET_INVALID_INPUT);
            if (valid) {
                g_assert_cmpuint(out->count, ==, MIN(max, 3 - start));
                g_assert_cmpuint(cxl_le16_get(out->total), ==, 3);
                g_assert_cmpuint(out->start, ==, start);
                g_assert_cmpuint(d->out_len, ==, sizeof(*out) +
                                 out->count * sizeof(CXLSupportedLog));
            }
        }
    }
    free_device(d);
}

/* Expect of the debug log @count commands, opcodes MARK + @first and so on */
#define MARK 0xe000
static void expect_debug(Device *d, uint64_t first, uint32_t count)
{
    g_autoptr(GByteArray) all = read_log(d, &debug);
    const CXLDebugLogHeader *header = (const void *)all->data;
    const CXLDebugLogEntry *entry = (const void *)(header + 1);

    g_assert_cmpuint(all->len, ==, sizeof(*header) + count * sizeof(*entry));
    g_assert_cmpuint(cxl_le16_get(header->version), ==, 1);
    g_assert_cmpuint(cxl_le16_get(header->entry_size), ==, sizeof(*entry));
    g_assert_cmpuint(cxl_le32_get(header->count), ==, count);
    g_assert_cmpuint(cxl_le64_get(header->first), ==, first);
    for (uint32_t n = 0; n < count; n++) {
        g_assert_cmphex(cxl_le16_get(entry[n].opcode), ==, MARK + first + n);
        g_assert_cmpuint(cxl_le32_get(entry[n].length), ==, (first + n) % 9);
        g_assert_cmphex(cxl_le16_get(entry[n].return_code), ==,
                        CXL_RET_UNSUPPORTED);
    }
}

static void run_marks(Device *d, unsigned from, unsigned to)
{
    static const uint8_t zeroes[9];

    for (; from < to; from++) {
        g_assert_cmphex(request(d, MARK + from, zeroes, from % 9), ==,
                        CXL_RET_UNSUPPORTED);
    }
}

static void test_debug(void)
{
    const unsigned depth = CXL_DEBUG_LOG_DEPTH;
    Device *d = new_device(), *to = new_device();

    expect_debug(d, 0, 0);
    run_marks(d, 0, 3);
    expect_debug(d, 0, 3);
    run_marks(d, 3, depth);
    expect_debug(d, 0, depth);
    run_marks(d, depth, depth + 10);
    expect_debug(d, 10, depth);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_logs, &d->logs, &to->logs),
                    ==, 0);
    expect_debug(to, 10, depth);
    g_assert_cmphex(clear(d, &debug), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(log_size(d, &debug), ==, sizeof(CXLDebugLogHeader) +
                     sizeof(CXLDebugLogEntry));
    cxl_logs_reset_debug(&d->logs);
    expect_debug(d, 0, 0);
    free_device(d);
    free_device(to);
}

/* What was executed, how long it was, when, and what came of it */
static void test_debug_fields(void)
{
    const CXLTimestampPayload in = { cxl_le64(5000) };
    Device *d = new_device();
    g_autoptr(GByteArray) all = NULL;
    const CXLDebugLogEntry *entry;

    answer(d, CXL_OP_SET_TIMESTAMP, &in, sizeof(in), 0);
    virtual_ns += 70;
    g_assert_cmphex(request(d, CXL_OP_SET_TIMESTAMP, &in, 7), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
    all = read_log(d, &debug);
    entry = (const void *)(all->data + sizeof(CXLDebugLogHeader));
    g_assert_cmpuint(cxl_le64_get(entry[0].timestamp), ==, 5000);
    g_assert_cmpuint(cxl_le32_get(entry[0].length), ==, 8);
    g_assert_cmphex(cxl_le16_get(entry[0].return_code), ==, 0);
    g_assert_cmpuint(cxl_le64_get(entry[1].timestamp), ==, 5070);
    g_assert_cmphex(cxl_le16_get(entry[1].opcode), ==, CXL_OP_SET_TIMESTAMP);
    g_assert_cmpuint(cxl_le32_get(entry[1].length), ==, 7);
    g_assert_cmphex(cxl_le16_get(entry[1].return_code), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
    free_device(d);
}

typedef struct Dump {
    CXLStateDumpHeader header;
    CXLStateDump data;
} Dump;

static Dump read_dump(Device *d)
{
    const CXLUuid format = CXL_UUID_STATE_DUMP_FORMAT;
    g_autoptr(GByteArray) all = read_log(d, &dump);
    Dump out;

    g_assert_cmpuint(all->len, ==, sizeof(out));
    memcpy(&out, all->data, sizeof(out));
    g_assert_cmpuint(cxl_le32_get(out.header.data_length), ==,
                     sizeof(out.data));
    g_assert_false(memcmp(&out.header.format, &format, sizeof(format)));
    return out;
}

/* Another state than a device begins with, in all that a dump tells of */
static void disturb(Device *d)
{
    const CXLTimestampPayload in = { cxl_le64(9000) };
    CXLHealth health = d->health.health;
    CXLEventRecord record = { };

    answer(d, CXL_OP_SET_TIMESTAMP, &in, sizeof(in), 0);
    health.temperature = -3;
    health.volatile_errors = 11;
    health.persistent_errors = 12;
    health.status = 1;
    cxl_health_set(&d->health, &health);
    for (unsigned n = 0; n < DEPTH + 2; n++) {
        cxl_events_record(&d->events, CXL_LOG_FATAL, &record, 1);
    }
    cxl_poison_add(&d->poison,
                   &(CXLPoison) { 0x1000, 64, CXL_POISON_SOURCE_INJECTED, true },
                   1);
    d->shutdown.dirty = true;
    d->shutdown.count = 77;
    d->cci.background.opcode = CXL_OP_PERFORM_MAINTENANCE;
    d->cci.background.ret = CXL_RET_ABORTED;
}

static void expect_disturbed(const Dump *out)
{
    const CXLStateDump *data = &out->data;

    g_assert_cmpuint(cxl_le64_get(out->header.timestamp), ==, 9000);
    g_assert_cmphex(cxl_le16_get(data->vendor), ==, 0x8086);
    g_assert_cmphex(cxl_le64_get(data->serial), ==, 0x1122334455667788);
    g_assert_cmphex(cxl_le64_get(data->volatile_bytes), ==, VMEM);
    g_assert_cmphex(cxl_le64_get(data->persistent_bytes), ==, PMEM);
    g_assert_cmphex(cxl_le64_get(data->lsa_bytes), ==, LSA);
    g_assert_cmphex(cxl_le32_get(data->flags), ==, CXL_STATE_DUMP_DIRTY);
    g_assert_cmpuint(cxl_le32_get(data->poison_ranges), ==, 1);
    g_assert_cmphex(cxl_le16_get(data->background_opcode), ==,
                    CXL_OP_PERFORM_MAINTENANCE);
    g_assert_cmphex(cxl_le16_get(data->background_return_code), ==,
                    CXL_RET_ABORTED);
    g_assert_cmpuint(data->background_percent, ==, 100);
    g_assert_cmphex(data->health_status & 1, ==, 1);
    g_assert_cmpint((int16_t)cxl_le16_get(data->temperature), ==, -3);
    g_assert_cmpuint(cxl_le32_get(data->volatile_errors), ==, 11);
    g_assert_cmpuint(cxl_le32_get(data->persistent_errors), ==, 12);
    g_assert_cmpuint(cxl_le32_get(data->dirty_shutdowns), ==, 77);
    g_assert_cmpuint(cxl_le16_get(data->events[CXL_LOG_FATAL].records), ==,
                     DEPTH);
    g_assert_cmpuint(cxl_le16_get(data->events[CXL_LOG_FATAL].overflow), ==,
                     2);
}

/* What a dump tells of is what there was when it was populated */
static void test_dump(void)
{
    Device *d = new_device(), *to = new_device();
    Dump first, later;

    g_assert_cmpuint(log_size(d, &dump), ==, 0);
    g_assert_cmphex(get_log(d, &dump, 0, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(get_log(d, &dump, 0, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(populate(d, &dump), ==, CXL_RET_SUCCESS);
    first = read_dump(d);
    g_assert_cmpuint(cxl_le64_get(first.header.timestamp), ==, 0);
    g_assert_cmphex(cxl_le32_get(first.data.flags), ==, 0);

    disturb(d);
    later = read_dump(d);
    g_assert_cmpmem(&first, sizeof(first), &later, sizeof(later));
    g_assert_cmphex(populate(d, &dump), ==, CXL_RET_SUCCESS);
    later = read_dump(d);
    expect_disturbed(&later);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_logs, &d->logs, &to->logs),
                    ==, 0);
    first = read_dump(to);
    g_assert_cmpmem(&first, sizeof(first), &later, sizeof(later));
    g_assert_cmphex(clear(d, &dump), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(log_size(d, &dump), ==, 0);
    cxl_logs_reset_dump(&to->logs);
    g_assert_cmpuint(log_size(to, &dump), ==, 0);
    free_device(d);
    free_device(to);
}

/* No offset and no length leave a log, whatever its size */
static void check_bounds(Device *d, const CXLUuid *uuid)
{
    g_autoptr(GByteArray) all = read_log(d, uuid);

    for (uint32_t offset = 0; offset <= all->len + 2; offset++) {
        static const uint32_t far[] = {
            ROOM, ROOM + 1, 1u << 31, UINT32_MAX - 1, UINT32_MAX,
        };
        uint32_t left = all->len - MIN(offset, all->len);

        for (uint32_t len = 0; len <= MIN(left, 40) + 1; len++) {
            bool inside = offset + len <= all->len;

            g_assert_cmphex(get_log(d, uuid, offset, len), ==,
                            inside ? CXL_RET_SUCCESS : CXL_RET_INVALID_INPUT);
            g_assert_cmpmem(d->out, d->out_len, all->data + (len ? offset : 0),
                            inside ? len : 0);
        }
        g_assert_cmphex(get_log(d, uuid, offset, left + 1), ==,
                        CXL_RET_INVALID_INPUT);
        g_assert_cmphex(get_log(d, uuid, 0u - offset - 1, offset + 1), ==,
                        CXL_RET_INVALID_INPUT);
        for (unsigned n = 0; n < ARRAY_SIZE(far); n++) {
            g_assert_cmphex(get_log(d, uuid, offset, far[n]), ==,
                            far[n] == ROOM && left >= ROOM
                            ? CXL_RET_SUCCESS : CXL_RET_INVALID_INPUT);
        }
    }
}

static void test_bounds(void)
{
    Device *d = new_device();

    run_marks(d, 0, 40);
    g_assert_cmphex(populate(d, &dump), ==, CXL_RET_SUCCESS);
    check_bounds(d, &cel);
    check_bounds(d, &debug);
    check_bounds(d, &dump);
    free_device(d);
}

static void bad_count(CXLLogs *s)
{
    s->count = CXL_DEBUG_LOG_DEPTH + 1;
}

static void bad_order(CXLLogs *s)
{
    s->count = 4;
}

static void bad_total(CXLLogs *s)
{
    s->total = UINT64_MAX;
}

static void bad_length(CXLLogs *s)
{
    s->dump[3] = 0x80;
}

static void bad_format(CXLLogs *s)
{
    s->dump[0x1f] ^= 1;
}

/* A saved state that cannot be is refused, and leaves empty logs */
static void test_bad_load(void)
{
    static void (*const bad[])(CXLLogs *) = {
        bad_count, bad_order, bad_total, bad_length, bad_format,
    };

    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        Device *d = new_device(), *to = new_device();

        run_marks(d, 0, 2);
        g_assert_cmphex(populate(d, &dump), ==, CXL_RET_SUCCESS);
        bad[n](&d->logs);
        g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_logs, &d->logs,
                                         &to->logs), ==, -EINVAL);
        expect_debug(to, 0, 0);
        g_assert_cmpuint(log_size(to, &dump), ==, 0);
        free_device(d);
        free_device(to);
    }
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/logs/capabilities", test_capabilities);
    g_test_add_func("/cxl/logs/sub-list", test_sublist);
    g_test_add_func("/cxl/logs/vendor-debug", test_debug);
    g_test_add_func("/cxl/logs/vendor-debug/fields", test_debug_fields);
    g_test_add_func("/cxl/logs/component-state-dump", test_dump);
    g_test_add_func("/cxl/logs/bounds", test_bounds);
    g_test_add_func("/cxl/logs/bad-load", test_bad_load);
    return g_test_run();
}

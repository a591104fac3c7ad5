/*
 * QTest: the Vendor Debug Log and the Component State Dump Log of a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

/* Commands that the Vendor Debug Log remembers */
#define DEPTH   256
/* Opcodes that no command has */
#define MARK    0xe000

typedef struct Dump {
    CXLStateDumpHeader header;
    CXLStateDump data;
} Dump;

static const CXLUuid debug = CXL_UUID_VENDOR_DEBUG_LOG;
static const CXLUuid dump = CXL_UUID_COMPONENT_STATE_DUMP;
static QCXL *q;

static QCXLFn *mem(void)
{
    QCXLFn *fn = qcxl_mem_at(q, 0);

    g_assert_nonnull(fn);
    return fn;
}

static unsigned run(uint16_t opcode, const void *in, size_t in_len, void *out,
                    size_t out_size)
{
    return qcxl_mbox(mem(), opcode, in, in_len, out, &out_size);
}

static unsigned get_log(const CXLUuid *uuid, uint32_t offset, void *out,
                        uint32_t len)
{
    const CXLGetLogReq req = {
        .uuid = *uuid, .offset = cxl_le32(offset), .length = cxl_le32(len),
    };

    return run(CXL_OP_GET_LOG, &req, sizeof(req), out, out ? len : 0);
}

/* Find a log by walking the list of logs one by one */
static uint32_t log_size(const CXLUuid *uuid)
{
    struct {
        CXLLogsSublistRsp head;
        CXLSupportedLog log;
    } rsp;
    CXLLogsSublistReq req = { .max = 1 };

    do {
        g_assert_cmphex(run(CXL_OP_GET_SUPPORTED_LOGS_SUBLIST, &req,
                            sizeof(req), &rsp, sizeof(rsp)), ==,
                        CXL_RET_SUCCESS);
        g_assert_cmpuint(rsp.head.count, ==, 1);
        req.start++;
    } while (memcmp(&rsp.log.uuid, uuid, sizeof(*uuid)));
    return cxl_le32_get(rsp.log.size);
}

/* As a driver does: in pieces as large as the mailbox */
static GByteArray *read_log(const CXLUuid *uuid)
{
    uint32_t size = log_size(uuid), at = 0;
    size_t piece = qcxl_mbox_payload_size(mem());
    GByteArray *all = g_byte_array_new();

    g_byte_array_set_size(all, size);
    while (at < size) {
        uint32_t len = MIN(piece, size - at);

        g_assert_cmphex(get_log(uuid, at, all->data + at, len), ==,
                        CXL_RET_SUCCESS);
        at += len;
    }
    return all;
}

static unsigned change(uint16_t opcode, const CXLUuid *uuid)
{
    return run(opcode, uuid, sizeof(*uuid), NULL, 0);
}

static void test_debug(void)
{
    g_autoptr(GByteArray) all = NULL;
    const CXLDebugLogHeader *header;
    const CXLDebugLogEntry *entry;

    g_assert_cmphex(change(CXL_OP_CLEAR_LOG, &debug), ==, CXL_RET_SUCCESS);
    for (unsigned n = 0; n < DEPTH + 3; n++) {
        g_assert_cmphex(qcxl_mbox_ring(mem(), MARK + n, n % 7), ==,
                        CXL_RET_UNSUPPORTED);
    }
    all = read_log(&debug);
    header = (const void *)all->data;
    entry = (const void *)(header + 1);
    g_assert_cmpuint(all->len, ==, sizeof(*header) + DEPTH * sizeof(*entry));
    g_assert_cmpuint(cxl_le32_get(header->count), ==, DEPTH);
    for (unsigned n = 0; n < DEPTH; n++) {
        g_assert_cmphex(cxl_le16_get(entry[n].opcode), ==, MARK + 3 + n);
        g_assert_cmpuint(cxl_le32_get(entry[n].length), ==, (3 + n) % 7);
        g_assert_cmphex(cxl_le16_get(entry[n].return_code), ==,
                        CXL_RET_UNSUPPORTED);
    }
    g_assert_cmphex(change(CXL_OP_POPULATE_LOG, &debug), ==,
                    CXL_RET_INVALID_INPUT);
}

static Dump read_dump(void)
{
    g_autoptr(GByteArray) all = read_log(&dump);
    Dump out;

    g_assert_cmpuint(all->len, ==, sizeof(out));
    memcpy(&out, all->data, sizeof(out));
    return out;
}

/* A dump says what the commands say whose state it shows */
static void test_dump(void)
{
    const CXLTimestampPayload now = { cxl_le64(1000000000000ull) };
    CXLIdentifyRsp id;
    CXLIdentifyMemRsp mem_id;
    CXLHealthInfoRsp health;
    Dump out;

    g_assert_cmpuint(log_size(&dump), ==, 0);
    run(CXL_OP_SET_TIMESTAMP, &now, sizeof(now), NULL, 0);
    g_assert_cmphex(change(CXL_OP_POPULATE_LOG, &dump), ==, CXL_RET_SUCCESS);
    out = read_dump();
    run(CXL_OP_IDENTIFY, NULL, 0, &id, sizeof(id));
    run(CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0, &mem_id, sizeof(mem_id));
    run(CXL_OP_GET_HEALTH_INFO, NULL, 0, &health, sizeof(health));
    g_assert_cmpuint(cxl_le64_get(out.header.timestamp), >=, 1000000000000ull);
    g_assert_cmphex(cxl_le64_get(out.data.serial), ==,
                    cxl_le64_get(id.serial));
    g_assert_cmphex(cxl_le64_get(out.data.volatile_bytes), ==,
                    cxl_le64_get(mem_id.volatile_capacity) *
                    CXL_CAPACITY_UNIT);
    g_assert_cmphex(cxl_le64_get(out.data.persistent_bytes), ==,
                    cxl_le64_get(mem_id.persistent_capacity) *
                    CXL_CAPACITY_UNIT);
    g_assert_cmphex(out.data.health_status, ==, health.status);
    g_assert_cmphex(out.data.media_status, ==, health.media_status);
    g_assert_cmphex(out.data.life_used, ==, health.life_used);
    g_assert_cmphex(cxl_le32_get(out.data.dirty_shutdowns), ==,
                    cxl_le32_get(health.dirty_shutdowns));
    g_assert_cmpuint(cxl_le16_get(out.data.events[0].records), ==, 0);
}

/* It stays what it was until it is populated again, or cleared */
static void test_dump_again(void)
{
    Dump first, later;

    g_assert_cmphex(change(CXL_OP_POPULATE_LOG, &dump), ==, CXL_RET_SUCCESS);
    first = read_dump();
    qtest_qmp_assert_success(q->qts, "{ 'execute':"
        " 'cxl-inject-general-media-event', 'arguments': {"
        " 'path': '/machine/peripheral/mem0', 'log': 'informational',"
        " 'flags': 0, 'dpa': 64, 'descriptor': 0, 'type': 0,"
        " 'transaction-type': 0 } }");
    later = read_dump();
    g_assert_cmpmem(&first, sizeof(first), &later, sizeof(later));
    g_assert_cmphex(change(CXL_OP_POPULATE_LOG, &dump), ==, CXL_RET_SUCCESS);
    later = read_dump();
    g_assert_cmpuint(cxl_le16_get(later.data.events[0].records), ==, 1);
    g_assert_cmpuint(cxl_le64_get(later.data.commands), >,
                     cxl_le64_get(first.data.commands));
    g_assert_cmphex(change(CXL_OP_CLEAR_LOG, &dump), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(log_size(&dump), ==, 0);
    g_assert_cmphex(get_log(&dump, 0, NULL, 1), ==, CXL_RET_INVALID_INPUT);
}

/* Offsets that would leave a log, or wrap around */
static void test_bounds(void)
{
    static const CXLUuid cel = CXL_UUID_COMMAND_EFFECTS_LOG;
    const CXLUuid *logs[] = { &cel, &debug, &dump };

    g_assert_cmphex(change(CXL_OP_POPULATE_LOG, &dump), ==, CXL_RET_SUCCESS);
    for (unsigned n = 0; n < ARRAY_SIZE(logs); n++) {
        uint32_t size = log_size(logs[n]);
        const struct {
            uint32_t offset, len;
            bool inside;
        } cases[] = {
            { 0, 1, true }, { size - 1, 1, true }, { size, 0, true },
            { size, 1, false }, { size - 1, 2, false }, { size + 1, 0, false },
            { 0, UINT32_MAX, false }, { UINT32_MAX, 1, false },
            { UINT32_MAX, 2, false }, { 16, UINT32_MAX - 15, false },
            { 1u << 31, 1u << 31, false }, { size - 4, UINT32_MAX, false },
        };

        for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
            g_assert_cmphex(get_log(logs[n], cases[i].offset, NULL,
                                    cases[i].len), ==,
                            cases[i].inside ? CXL_RET_SUCCESS
                                            : CXL_RET_INVALID_INPUT);
        }
    }
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 512, ",sn=0x1234");
    q = qcxl_boot(t);
    qtest_add_func("/cxl/log/component-state-dump", test_dump);
    qtest_add_func("/cxl/log/component-state-dump/again", test_dump_again);
    qtest_add_func("/cxl/log/vendor-debug", test_debug);
    qtest_add_func("/cxl/log/bounds", test_bounds);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * QTest: CXL mailbox commands
 *
 * A row for each command that a Type 3 device must have; the length sweep,
 * the Command Effects Log and the unsupported opcodes follow from the rows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/pci/pci_regs.h"
#include "cxl/commands.h"

/* Longer than any background operation on so little memory */
#define BACKGROUND_NS   (60 * 1000000000LL)

static QCXL *q;
static QCXLFn *mem;
static size_t payload_size;

/* CXL r3.1 8.2.8.4.3: the shortest payload, the default, and the longest */
static const size_t payload_sizes[] = {
    2048, CXL_MBOX_PAYLOAD_MIN, CXL_MBOX_PAYLOAD_MAX
};

/* Boot a device whose payload registers hold @size bytes, unless it runs */
static void boot(size_t size)
{
    QCXLTopology *t;
    g_autofree char *props = g_strdup_printf(
        ",sn=0x123456789abcdef0,payload-size=%zu", size);

    if (size == payload_size) {
        return;
    }
    if (q) {
        qcxl_quit(q);
    }
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 512, props);
    qcxl_window(t, 1024, NULL, "hb0");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);
    payload_size = qcxl_mbox_payload_size(mem);
    g_assert_cmpuint(payload_size, ==, size);
}

static unsigned run(uint16_t opcode, const void *in, size_t in_len,
                    void *out, size_t out_size)
{
    return qcxl_mbox(mem, opcode, in, in_len, out, &out_size);
}

/* Run a command that must succeed and answer exactly @out_size bytes */
static void run_ok(uint16_t opcode, const void *in, size_t in_len,
                   void *out, size_t out_size)
{
    size_t len = out_size;

    g_assert_cmphex(qcxl_mbox(mem, opcode, in, in_len, out, &len), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmpuint(len, ==, out_size);
}

/* Run @c, and if that only begins, let it end */
static void run_whole(const Command *c, const uint8_t *in, size_t in_len)
{
    size_t len = 0;

    g_assert_cmphex(qcxl_mbox(mem, c->opcode, in, in_len, NULL, &len), ==,
                    c->ret);
    g_assert_cmpuint(len, ==, c->out);
    if (c->ret == CXL_RET_BACKGROUND_STARTED) {
        qtest_clock_step(q->qts, BACKGROUND_NS);
    }
}

/* Every command: shortest and longest, and one byte beyond each */
static void test_length(const void *opaque)
{
    const Command *c = opaque;
    g_autofree uint8_t *in = g_malloc0(payload_size);
    size_t longest = c->more == REST
                     ? MIN(payload_size, c->in_min + QCXL_LSA_SIZE)
                     : c->in_min + c->more;
    size_t too_long = c->more == REST ? payload_size + 1 : longest + 1;

    if (c->req) {
        memcpy(in, c->req, c->in_min);
    }
    if (c->in_min) {
        g_assert_cmphex(run(c->opcode, in, c->in_min - 1, NULL, 0), ==,
                        CXL_RET_INVALID_PAYLOAD_LENGTH);
    }
    run_whole(c, in, c->in_min);
    run_whole(c, in, longest);
    g_assert_cmphex(qcxl_mbox_ring(mem, c->opcode, too_long), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
}

static const Command *command(uint16_t opcode)
{
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].opcode == opcode) {
            return &commands[i];
        }
    }
    return NULL;
}

static void test_unsupported(void)
{
    for (unsigned set = 0; set <= 0xff; set++) {
        for (unsigned i = 0; i <= 8; i++) {
            uint16_t opcode = set << 8 | i;

            if (!command(opcode)) {
                g_assert_cmphex(run(opcode, NULL, 0, NULL, 0), ==,
                                CXL_RET_UNSUPPORTED);
            }
        }
    }
    g_assert_cmphex(run(0xffff, NULL, 0, NULL, 0), ==, CXL_RET_UNSUPPORTED);
}

/* CXL r3.1 8.2.9.5 */

typedef struct SupportedLogs {
    CXLSupportedLogsRsp head;
    CXLSupportedLog log[3];
} SupportedLogs;

static uint32_t cel_size(void)
{
    SupportedLogs logs;

    run_ok(CXL_OP_GET_SUPPORTED_LOGS, NULL, 0, &logs, sizeof(logs));
    g_assert_cmpuint(cxl_le16_get(logs.head.count), ==, 3);
    g_assert_cmpmem(&logs.log[0].uuid, sizeof(CXLUuid),
                    &CXL_UUID_COMMAND_EFFECTS_LOG, sizeof(CXLUuid));
    return cxl_le32_get(logs.log[0].size);
}

static unsigned get_log(uint32_t offset, uint32_t length)
{
    CXLGetLogReq req = cel_head;

    req.offset = cxl_le32(offset);
    req.length = cxl_le32(length);
    return run(CXL_OP_GET_LOG, &req, sizeof(req), NULL, 0);
}

/* All of it, in as many pieces as it takes */
static void read_cel(void *cel, size_t size)
{
    CXLGetLogReq req = cel_head;

    for (size_t at = 0; at < size; at += payload_size) {
        size_t len = MIN(payload_size, size - at);

        req.offset = cxl_le32(at);
        req.length = cxl_le32(len);
        run_ok(CXL_OP_GET_LOG, &req, sizeof(req), (char *)cel + at, len);
    }
}

static void test_cel(void)
{
    CXLCelEntry cel[ARRAY_SIZE(commands)];

    g_assert_cmpuint(cel_size(), ==, sizeof(cel));
    read_cel(cel, sizeof(cel));
    for (unsigned i = 0; i < ARRAY_SIZE(cel); i++) {
        uint16_t effects = cxl_le16_get(cel[i].effect);
        const Command *c = command(cxl_le16_get(cel[i].opcode));

        g_assert_nonnull(c);
        g_assert_cmphex(effects & c->effects, ==, c->effects);
        /* What only reads has no effect; bit 9 says which bits are valid */
        if (!c->effects) {
            g_assert_cmphex(effects & ~CXL_EFFECT_RESETS_VALID, ==, 0);
        }
        for (unsigned j = 0; j < i; j++) {
            g_assert_cmphex(cxl_le16_get(cel[j].opcode), !=, c->opcode);
        }
    }
}

static void test_get_log_bounds(void)
{
    uint32_t size = cel_size();
    CXLGetLogReq req = cel_head;
    CXLCelEntry entry;

    g_assert_cmphex(get_log(0, size), ==, size <= payload_size
                    ? CXL_RET_SUCCESS : CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_log(size - 1, 1), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(get_log(size, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_log(0, size + 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_log(size - 1, 2), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_log(UINT32_MAX, 2), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_log(4, UINT32_MAX - 2), ==, CXL_RET_INVALID_INPUT);

    req.offset = cxl_le32(sizeof(entry));
    run_ok(CXL_OP_GET_LOG, &req, sizeof(req), &entry, sizeof(entry));
    g_assert_cmphex(cxl_le16_get(entry.opcode), ==, commands[1].opcode);

    req.uuid.b[0] ^= 1;
    g_assert_cmphex(run(CXL_OP_GET_LOG, &req, sizeof(req), NULL, 0), ==,
                    CXL_RET_INVALID_LOG);
}

static void test_log_capabilities(void)
{
    CXLLogCapabilitiesReq req = { CXL_UUID_COMMAND_EFFECTS_LOG };
    CXLLogCapabilitiesRsp rsp;

    run_ok(CXL_OP_GET_LOG_CAPABILITIES, &req, sizeof(req), &rsp, sizeof(rsp));
    g_assert_cmphex(cxl_le32_get(rsp.flags) &
                    (CXL_LOG_CAP_CLEAR | CXL_LOG_CAP_POPULATE), ==, 0);
    req.uuid.b[15] ^= 0x80;
    g_assert_cmphex(run(CXL_OP_GET_LOG_CAPABILITIES, &req, sizeof(req),
                        NULL, 0), ==, CXL_RET_INVALID_LOG);
}

/* CXL r3.1 8.2.9.1, 8.2.9.3 */

static void test_identify(void)
{
    unsigned dsn = qcxl_ext_cap(mem, PCI_EXT_CAP_ID_DSN);
    CXLIdentifyRsp rsp;

    run_ok(CXL_OP_IDENTIFY, NULL, 0, &rsp, sizeof(rsp));
    g_assert_cmphex(cxl_le16_get(rsp.vendor), ==, mem->vendor);
    g_assert_cmphex(cxl_le16_get(rsp.device), ==, mem->device);
    g_assert_cmphex(cxl_le64_get(rsp.serial), ==,
                    qcxl_config_read(mem, dsn + 4, 4) |
                    qcxl_config_read(mem, dsn + 8, 4) << 32);
    g_assert_cmphex(rsp.component_type, ==, CXL_COMPONENT_TYPE_TYPE3);
    /* CXL r3.1 Table 8-38: 8 to 20; a message has no header here */
    g_assert_cmpuint(1u << rsp.max_message_size, ==, payload_size);
}

static void test_background_status(void)
{
    CXLBackgroundStatusRsp rsp;

    run_ok(CXL_OP_BACKGROUND_STATUS, NULL, 0, &rsp, sizeof(rsp));
    g_assert_cmphex(rsp.status & 1, ==, 0);
    g_assert_cmphex(cxl_le16_get(rsp.opcode), ==, 0);
}

/* CXL r3.1 8.2.9.1.4: 256 bytes to what the payload registers hold */
static unsigned set_limit(uint8_t limit, uint8_t *now)
{
    CXLResponseLimit req = { limit };
    CXLResponseLimit rsp = { };
    unsigned ret = run(CXL_OP_SET_RESPONSE_LIMIT, &req, sizeof(req), &rsp,
                       sizeof(rsp));

    *now = rsp.limit;
    return ret;
}

static void test_response_limit(void)
{
    const unsigned max = ctz32(payload_size);
    CXLResponseLimit rsp;
    uint8_t now;

    for (unsigned limit = 0; limit < CXL_RESPONSE_LIMIT_MIN; limit++) {
        g_assert_cmphex(set_limit(limit, &now), ==, CXL_RET_INVALID_INPUT);
    }
    for (unsigned limit = CXL_RESPONSE_LIMIT_MIN; limit <= 0xff; limit++) {
        g_assert_cmphex(set_limit(limit, &now), ==, CXL_RET_SUCCESS);
        g_assert_cmpuint(now, ==, MIN(limit, max));
        run_ok(CXL_OP_GET_RESPONSE_LIMIT, NULL, 0, &rsp, sizeof(rsp));
        g_assert_cmpuint(rsp.limit, ==, now);
    }
}

static void test_fw_info(void)
{
    CXLFwInfoRsp rsp;
    unsigned active;

    run_ok(CXL_OP_GET_FW_INFO, NULL, 0, &rsp, sizeof(rsp));
    active = rsp.slot_info & 7;
    g_assert_cmpuint(rsp.slots, >=, 1);
    g_assert_cmpuint(rsp.slots, <=, 4);
    g_assert_cmpuint(active, >=, 1);
    g_assert_cmpuint(active, <=, rsp.slots);
    g_assert_cmpint(rsp.revision[active - 1][0], !=, 0);
}

static uint64_t timestamp(void)
{
    CXLTimestampPayload t;

    run_ok(CXL_OP_GET_TIMESTAMP, NULL, 0, &t, sizeof(t));
    return cxl_le64_get(t.ns);
}

static void test_timestamp(void)
{
    const uint64_t day = 1700000000000000000ull;
    CXLTimestampPayload t = { cxl_le64(day) };
    uint64_t before;

    run_ok(CXL_OP_SET_TIMESTAMP, &t, sizeof(t), NULL, 0);
    before = timestamp();
    g_assert_cmpuint(before, >=, day);
    g_assert_cmpuint(before, <, day + 1000000000ull);
    qtest_clock_step(q->qts, 5000000);
    g_assert_cmpuint(timestamp(), >=, before + 5000000);
}

/* CXL r3.1 8.2.9.9.1, 8.2.9.9.2 */

static void test_identify_memory_device(void)
{
    CXLIdentifyMemRsp rsp;
    CXLPartitionInfoRsp parts;

    run_ok(CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0, &rsp, sizeof(rsp));
    run_ok(CXL_OP_GET_PARTITION_INFO, NULL, 0, &parts, sizeof(parts));
    g_assert_cmpuint(cxl_le64_get(rsp.total_capacity), ==, 3);
    g_assert_cmpuint(cxl_le64_get(rsp.volatile_capacity), ==, 1);
    g_assert_cmpuint(cxl_le64_get(rsp.persistent_capacity), ==, 2);
    g_assert_cmpuint(cxl_le64_get(rsp.partition_alignment), ==, 0);
    g_assert_cmpuint(cxl_le32_get(rsp.lsa_size), ==, QCXL_LSA_SIZE);
    for (unsigned i = 0; i < CXL_EVENT_LOGS; i++) {
        g_assert_cmpuint(cxl_le16_get(rsp.event_log_size[i]), >, 0);
    }
    g_assert_cmpuint(cxl_le64_get(parts.active_volatile), ==, 1);
    g_assert_cmpuint(cxl_le64_get(parts.active_persistent), ==, 2);
    g_assert_cmpuint(cxl_le64_get(parts.next_volatile), ==, 0);
    g_assert_cmpuint(cxl_le64_get(parts.next_persistent), ==, 0);
}

static unsigned get_lsa(uint32_t offset, uint32_t length, void *buf)
{
    CXLGetLsaReq req = { cxl_le32(offset), cxl_le32(length) };

    return run(CXL_OP_GET_LSA, &req, sizeof(req), buf, buf ? length : 0);
}

static unsigned set_lsa(uint32_t offset, const void *data, size_t len)
{
    g_autofree CXLSetLsaReq *req = g_malloc0(sizeof(*req) + len);

    req->offset = cxl_le32(offset);
    memcpy(req->data, data, len);
    return run(CXL_OP_SET_LSA, req, sizeof(*req) + len, NULL, 0);
}

static void test_lsa_bounds(void)
{
    const uint32_t end = QCXL_LSA_SIZE;

    g_assert_cmphex(get_lsa(end - 1, 1, NULL), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(get_lsa(end, 1, NULL), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_lsa(end - 1, 2, NULL), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_lsa(UINT32_MAX, 1, NULL), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_lsa(UINT32_MAX, 2, NULL), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_lsa(8, UINT32_MAX - 7, NULL), ==,
                    CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get_lsa(0, MIN(payload_size, end), NULL), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(get_lsa(0, payload_size + 1, NULL), ==,
                    CXL_RET_INVALID_INPUT);
    g_assert_cmphex(set_lsa(end - 4, "abcd", 4), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(set_lsa(end - 3, "efgh", 4), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(set_lsa(UINT32_MAX, "efgh", 4), ==,
                    CXL_RET_INVALID_INPUT);
    g_assert_cmphex(set_lsa(UINT32_MAX - 3, "efgh", 4), ==,
                    CXL_RET_INVALID_INPUT);
}

/* All of the area, in chunks of an odd size, there and back and in the file */
static void test_lsa_round_trip(void)
{
    const size_t chunk = payload_size > 1024 ? 1021 : 241;
    const size_t step = MIN(payload_size, QCXL_LSA_SIZE);
    g_autofree uint8_t *data = g_malloc(QCXL_LSA_SIZE);
    g_autofree uint8_t *back = g_malloc0(QCXL_LSA_SIZE);

    for (unsigned i = 0; i < QCXL_LSA_SIZE; i++) {
        data[i] = i * 7 + (i >> 8);
    }
    for (size_t at = 0; at < QCXL_LSA_SIZE; at += chunk) {
        size_t len = MIN(chunk, QCXL_LSA_SIZE - at);

        g_assert_cmphex(set_lsa(at, data + at, len), ==, CXL_RET_SUCCESS);
    }
    for (size_t at = 0; at < QCXL_LSA_SIZE; at += step) {
        g_assert_cmphex(get_lsa(at, step, back + at), ==,
                        CXL_RET_SUCCESS);
    }
    g_assert_cmpmem(data, QCXL_LSA_SIZE, back, QCXL_LSA_SIZE);
    memset(back, 0, QCXL_LSA_SIZE);
    qcxl_file_read(q, "mem0.lsa", 0, back, QCXL_LSA_SIZE);
    g_assert_cmpmem(data, QCXL_LSA_SIZE, back, QCXL_LSA_SIZE);
}

/* CXL r3.1 8.2.9.9.3 */

static void test_health_info(void)
{
    CXLHealthInfoRsp rsp;

    run_ok(CXL_OP_GET_HEALTH_INFO, NULL, 0, &rsp, sizeof(rsp));
    g_assert_cmphex(rsp.status, ==, 0);
    g_assert_cmphex(rsp.media_status, ==, 0);
    g_assert_cmpuint(cxl_le32_get(rsp.dirty_shutdowns), ==, 0);
}

static void test_alert_config(void)
{
    CXLSetAlertsReq req = { 0 };
    CXLGetAlertsRsp before, rsp;

    run_ok(CXL_OP_GET_ALERT_CONFIG, NULL, 0, &before, sizeof(before));
    g_assert_cmphex(before.programmable & CXL_ALERT_LIFE_USED, !=, 0);
    req.valid = CXL_ALERT_LIFE_USED;
    req.enable = CXL_ALERT_LIFE_USED;
    req.life_used_warning = 42;
    run_ok(CXL_OP_SET_ALERT_CONFIG, &req, sizeof(req), NULL, 0);
    run_ok(CXL_OP_GET_ALERT_CONFIG, NULL, 0, &rsp, sizeof(rsp));
    g_assert_cmphex(rsp.valid & CXL_ALERT_LIFE_USED, !=, 0);
    g_assert_cmpuint(rsp.life_used_warning, ==, 42);
    g_assert_cmphex(cxl_le16_get(rsp.volatile_error_warning), ==,
                    cxl_le16_get(before.volatile_error_warning));

    req.enable = 0;
    run_ok(CXL_OP_SET_ALERT_CONFIG, &req, sizeof(req), NULL, 0);
    run_ok(CXL_OP_GET_ALERT_CONFIG, NULL, 0, &rsp, sizeof(rsp));
    g_assert_cmphex(rsp.valid & CXL_ALERT_LIFE_USED, ==, 0);
}

/* A threshold that contradicts a critical one is refused, whole */
static void test_alert_limit(void)
{
    CXLSetAlertsReq req = { .valid = CXL_ALERT_LIFE_USED,
                            .enable = CXL_ALERT_LIFE_USED };
    CXLGetAlertsRsp before, rsp;

    run_ok(CXL_OP_GET_ALERT_CONFIG, NULL, 0, &before, sizeof(before));
    req.life_used_warning = before.life_used_critical;
    g_assert_cmphex(run(CXL_OP_SET_ALERT_CONFIG, &req, sizeof(req), NULL, 0),
                    ==, CXL_RET_INVALID_INPUT);
    run_ok(CXL_OP_GET_ALERT_CONFIG, NULL, 0, &rsp, sizeof(rsp));
    g_assert_cmpmem(&rsp, sizeof(rsp), &before, sizeof(before));
}

/* CXL r3.1 8.2.9.9.4.1 */

static unsigned poison_list(uint64_t dpa, uint64_t lines,
                            CXLGetPoisonRsp *rsp)
{
    CXLGetPoisonReq req = { cxl_le64(dpa), cxl_le64(lines) };

    return run(CXL_OP_GET_POISON_LIST, &req, sizeof(req), rsp,
               rsp ? sizeof(*rsp) : 0);
}

static void test_poison_list(void)
{
    const uint64_t lines = 3 * QCXL_UNIT / 64;
    CXLGetPoisonRsp rsp;

    g_assert_cmphex(poison_list(0, lines, &rsp), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(rsp.flags, ==, 0);
    g_assert_cmpuint(cxl_le16_get(rsp.count), ==, 0);
    g_assert_cmphex(poison_list(3 * QCXL_UNIT - 64, 1, NULL), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(poison_list(3 * QCXL_UNIT, 1, NULL), ==,
                    CXL_RET_INVALID_PA);
    g_assert_cmphex(poison_list(0, lines + 1, NULL), ==, CXL_RET_INVALID_PA);
    g_assert_cmphex(poison_list(64, UINT64_MAX / 64 + 1, NULL), ==,
                    CXL_RET_INVALID_PA);
    g_assert_cmphex(poison_list(-64ull, 2, NULL), ==, CXL_RET_INVALID_PA);
}

/**
 * Case: a test at one size of the payload registers
 * @command: what test_length() tests; NULL: @test
 */
typedef struct Case {
    size_t size;
    const Command *command;
    void (*test)(void);
} Case;

static void run_case(const void *opaque)
{
    const Case *c = opaque;

    boot(c->size);
    if (c->command) {
        test_length(c->command);
    } else {
        c->test();
    }
}

static void add_case(const char *name, size_t size, const Command *command,
                     void (*test)(void))
{
    const Case c = { size, command, test };
    g_autofree char *path = g_strdup_printf("/cxl/mbox/%zu/%s", size, name);

    qtest_add_data_func_full(path, g_memdup2(&c, sizeof(c)), run_case, g_free);
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    { "unsupported", test_unsupported },
    { "get-log/cel", test_cel },
    { "get-log/bounds", test_get_log_bounds },
    { "get-log-capabilities/uuid", test_log_capabilities },
    { "identify/fields", test_identify },
    { "background-status/idle", test_background_status },
    { "response-message-limit/range", test_response_limit },
    { "get-fw-info/fields", test_fw_info },
    { "timestamp/runs", test_timestamp },
    { "identify-memory-device/fields", test_identify_memory_device },
    { "lsa/bounds", test_lsa_bounds },
    { "lsa/round-trip", test_lsa_round_trip },
    { "get-health-info/fields", test_health_info },
    { "alert-config/round-trip", test_alert_config },
    { "set-alert-config/limit", test_alert_limit },
    { "get-poison-list/empty", test_poison_list },
};

static void add_cases(size_t size)
{
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        g_autofree char *name = g_strdup_printf("%s/length",
                                                commands[i].name);

        add_case(name, size, &commands[i], NULL);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        add_case(tests[i].name, size, NULL, tests[i].test);
    }
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(payload_sizes); i++) {
        add_cases(payload_sizes[i]);
    }
    ret = g_test_run();
    if (q) {
        qcxl_quit(q);
    }
    return ret;
}

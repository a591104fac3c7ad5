/*
 * A guest that does what comes to its mind
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "machine-guest.h"

unsigned guest_option(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);

    return value ? strtoul(value, NULL, 0) : otherwise;
}

QCXLTopology *guest_topology(void)
{
    QCXLTopology *t = qcxl_topology();

    /* Little to save besides what devices hold, or nothing where it is shared */
    qcxl_args(t, "-m 64M -object memory-backend-memfd,id=ram,share=on,size=64M"
              " -machine memory-backend=ram");
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 64, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_root_port(t, "rp2", "hb1", "");
    qcxl_switch(t, "sw0", "rp1", 2, ",sn=1");
    qcxl_nv(t, "mem0");
    qcxl_partitionable(t, "mem0", 256, false);
    qcxl_mem(t, "mem0", "rp0", 256, 256,
             ",sn=2,nv=mem0.nv,partitionable-memdev=mem0.part");
    qcxl_mem(t, "mem1", "sw0.0", 256, 0, ",sn=3");
    qcxl_mem(t, "mem2", "sw0.1", 256, 0, ",sn=4");
    qcxl_mem(t, "mem3", "rp2", 0, 256, ",sn=5");
    qcxl_window(t, 1024, NULL, "hb0");
    qcxl_window(t, 512, NULL, "hb0 hb1");
    return t;
}

void guest_restart(QCXL *q)
{
    g_autofree char *nv = qcxl_file(q, "mem0.nv");

    qtest_quit(q->qts);
    g_assert_cmpint(truncate(nv, 0), ==, 0);
    q->qts = qtest_init(q->args);
    qcxl_enumerate(q);
}

/* By bus and device, what guest_learn() has found */
static GHashTable *learnt;

static gpointer address(const QCXLFn *fn)
{
    return GUINT_TO_POINTER(fn->bus << 8 | fn->devfn);
}

const GArray *guest_commands(QCXLFn *fn)
{
    return g_hash_table_lookup(learnt, address(fn));
}

/* CXL r3.1 8.2.9.5.1: how long the log of @uuid is; no log is read beyond */
static uint32_t log_length(QCXLFn *fn, const CXLUuid *uuid)
{
    uint8_t rsp[256];
    const CXLSupportedLogsRsp *head = (void *)rsp;
    const CXLSupportedLog *entry = (void *)(head + 1);
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(fn, CXL_OP_GET_SUPPORTED_LOGS, NULL, 0, rsp,
                              &len), ==, CXL_RET_SUCCESS);
    for (unsigned i = 0; i < cxl_le16_get(head->count); i++) {
        if (!memcmp(&entry[i].uuid, uuid, sizeof(*uuid))) {
            return cxl_le32_get(entry[i].size);
        }
    }
    g_assert_not_reached();
}

/* CXL r3.1 8.2.9.5.2.1: the Command Effects Log */
static GArray *read_cel(QCXLFn *fn)
{
    CXLGetLogReq req = { .uuid = CXL_UUID_COMMAND_EFFECTS_LOG };
    GArray *commands = g_array_new(false, false, sizeof(GuestCommand));
    CXLCelEntry log[256];
    size_t len = sizeof(log);

    req.length = cxl_le32(log_length(fn, &req.uuid));
    g_assert_cmphex(qcxl_mbox(fn, CXL_OP_GET_LOG, &req, sizeof(req), log,
                              &len), ==, CXL_RET_SUCCESS);
    for (unsigned i = 0; i < MIN(len, sizeof(log)) / sizeof(log[0]); i++) {
        const GuestCommand c = {
            .opcode = cxl_le16_get(log[i].opcode),
            .effects = cxl_le16_get(log[i].effect),
        };

        g_array_append_val(commands, c);
    }
    return commands;
}

void guest_learn(QCXLFn *fn)
{
    static const uint8_t zeros[GUEST_REQUEST_MAX];
    GArray *commands = read_cel(fn);

    for (unsigned i = 0; i < commands->len; i++) {
        GuestCommand *c = &g_array_index(commands, GuestCommand, i);

        while (c->len < GUEST_REQUEST_MAX &&
               qcxl_mbox(fn, c->opcode, zeros, c->len, NULL, NULL) ==
               CXL_RET_INVALID_PAYLOAD_LENGTH) {
            c->len++;
        }
    }
    learnt = learnt ?: g_hash_table_new(NULL, NULL);
    g_hash_table_insert(learnt, address(fn), commands);
}

Guest *guest_new(QCXL *q, uint32_t seed, bool time)
{
    Guest *g = g_new(Guest, 1);

    *g = (Guest) {
        .q = q,
        .rand = g_rand_new_with_seed(seed),
        .answers = g_byte_array_new(),
        .time = time,
    };
    return g;
}

void guest_destroy(Guest *g)
{
    g_rand_free(g->rand);
    g_byte_array_unref(g->answers);
    g_free(g);
}

static uint32_t below(Guest *g, uint32_t n)
{
    return g_rand_int(g->rand) % n;
}

static bool once_in(Guest *g, uint32_t n)
{
    return !below(g, n);
}

static void note(Guest *g, const void *bytes, size_t len)
{
    g_byte_array_append(g->answers, bytes, len);
}

static void note_number(Guest *g, uint64_t value)
{
    note(g, &value, sizeof(value));
}

/* Values that mean something more often than chance has it */
static uint64_t number(Guest *g)
{
    switch (below(g, 6)) {
    case 0:
        return 0;
    case 1:
        return below(g, 16);
    case 2:
        return 1ull << below(g, 64);
    case 3:
        return UINT64_MAX << below(g, 64);
    case 4:
        return (uint64_t)below(g, 1024) << 28;
    default:
        return (uint64_t)g_rand_int(g->rand) << 32 | g_rand_int(g->rand);
    }
}

static QCXLFn *any_function(Guest *g)
{
    return g_ptr_array_index(g->q->functions,
                             below(g, g->q->functions->len));
}

static QCXLFn *any_mem(Guest *g)
{
    QCXLFn *fn;

    do {
        fn = any_function(g);
    } while (!fn->mailbox);
    return fn;
}

/* Registers */

static void access_memory(Guest *g, uint64_t addr)
{
    unsigned size = 1u << below(g, 4);

    if (once_in(g, 2)) {
        qcxl_write(g->q, addr, size, number(g));
    }
    note_number(g, qcxl_read(g->q, addr, size));
}

static void access_component(Guest *g)
{
    const QCXLComponent *comp = once_in(g, 4)
        ? &g->q->bridges[below(g, g->q->nr_bridges)].comp
        : &any_function(g)->comp;
    uint64_t places[] = { comp->ras, comp->link, comp->hdm, comp->cachemem };
    uint64_t place = places[below(g, ARRAY_SIZE(places))];

    if (place) {
        access_memory(g, place + below(g, 0x60) * 4);
    }
}

static void access_device(Guest *g)
{
    QCXLFn *fn = any_mem(g);

    access_memory(g, (once_in(g, 2) ? fn->mailbox : fn->regs) +
                     below(g, 0x200));
}

/* What stands behind the header: not where the function is found */
static void access_config(Guest *g)
{
    QCXLFn *fn = any_function(g);
    unsigned size = 1u << below(g, 3);
    unsigned at = (0x100 + below(g, 0x200)) & -size;

    if (once_in(g, 2)) {
        qcxl_config_write(fn, at, size, number(g));
    }
    note_number(g, qcxl_config_read(fn, at, size));
}

static void access_window(Guest *g)
{
    const QCXLWindow *w = &g->q->windows[below(g, g->q->nr_windows)];
    uint64_t at = below(g, 2) ? below(g, 4096)
                              : g_rand_int(g->rand) % (w->size - 8);

    access_memory(g, w->base + at);
}

/* Commands */

static unsigned request_length(Guest *g, const GuestCommand *cmd, size_t max)
{
    if (once_in(g, 8)) {
        return MIN(below(g, 0x100), max);
    }
    return MIN(cmd->len + (once_in(g, 2) ? 0 : 8 * below(g, 20)), max);
}

static void fill_request(Guest *g, uint8_t *req, unsigned len)
{
    unsigned limit = 1 + below(g, 8);

    for (unsigned i = 0; i < len; i++) {
        req[i] = once_in(g, limit) ? number(g) : 0;
    }
}

unsigned guest_command(QCXLFn *fn, uint16_t opcode, const void *in,
                       size_t in_len, void *out, size_t *out_len)
{
    if (!qcxl_mbox_busy(fn)) {
        if (in_len) {
            qtest_memwrite(fn->q->qts, fn->mailbox + CXL_MBOX_PAYLOAD, in,
                           in_len);
        }
        qcxl_mbox_start(fn, opcode, in_len);
    }
    if (qcxl_mbox_busy(fn)) {
        *out_len = 0;
        return GUEST_BUSY;
    }
    return qcxl_mbox_answer(fn, out, out_len);
}

/* What makes all of the media unusable for long is rare */
static bool is_drastic(uint16_t opcode)
{
    return opcode >> 8 == 0x44 || opcode >> 8 == 0x45;
}

static void run_command(Guest *g)
{
    QCXLFn *fn = any_mem(g);
    const GArray *commands = guest_commands(fn);
    const GuestCommand *cmd =
        &g_array_index(commands, GuestCommand, below(g, commands->len));
    uint8_t req[0x200], rsp[0x1000];
    size_t len = sizeof(rsp);
    unsigned req_len;

    if (is_drastic(cmd->opcode) && !once_in(g, 20)) {
        return;
    }
    req_len = request_length(g, cmd, MIN(sizeof(req),
                                         qcxl_mbox_payload_size(fn)));
    fill_request(g, req, req_len);
    note_number(g, guest_command(fn, cmd->opcode, req, req_len, rsp, &len));
    note(g, rsp, MIN(len, sizeof(rsp)));
}

/* Others */

static void inject_event(Guest *g)
{
    static const char *const logs[] = {
        "informational", "warning", "failure", "fatal",
    };

    qtest_qmp_assert_success(g->q->qts,
        "{'execute': 'cxl-inject-general-media-event', 'arguments': {"
        " 'path': '/machine/peripheral/mem0', 'log': %s, 'flags': 0,"
        " 'dpa': %u, 'descriptor': 1, 'type': 0, 'transaction-type': 0 }}",
        logs[below(g, ARRAY_SIZE(logs))], below(g, 1024) * 64);
}

/* CXL r3.1 8.2.9.9.4.5: goes on in the background */
static void start_scan(QCXLFn *fn)
{
    static const CXLScanMediaReq req = { .length = { { 1 } } };
    size_t len = 0;

    guest_command(fn, CXL_OP_SCAN_MEDIA, &req, sizeof(req), NULL, &len);
}

static void fault_command(Guest *g, const char *id, uint16_t opcode,
                          const char *fault)
{
    g_autofree char *json = g_strdup_printf(
        "{'execute': 'cxl-inject-command-fault', 'arguments': {"
        " 'path': '%s', 'opcode': %u, %s }}", id, opcode, fault);

    /* There may be as many as can be */
    qobject_unref(qtest_qmp(g->q->qts, json, NULL));
}

/* A mailbox whose commands fail, take long or do not end */
void guest_fault(Guest *g)
{
    static const char *const ids[] = { "mem0", "mem1", "mem2", "mem3" };
    unsigned n = below(g, ARRAY_SIZE(ids));
    const char *id = ids[n];

    switch (below(g, 7)) {
    case 0:
        fault_command(g, id, CXL_OP_GET_LSA, "'return-code': 5, 'count': 2");
        break;
    case 1:
        fault_command(g, id, CXL_OP_GET_HEALTH_INFO, "'delay-ms': 3000");
        break;
    case 2:
        fault_command(g, id, CXL_OP_GET_ALERT_CONFIG, "'hang': true");
        break;
    case 3:
        fault_command(g, id, CXL_OP_SCAN_MEDIA, "'background-hang': true");
        start_scan(qcxl_mem_at(g->q, n));
        break;
    case 4:
        qtest_qmp_assert_success(g->q->qts,
            "{'execute': 'cxl-inject-doorbell-stuck', 'arguments': {"
            " 'path': %s, 'duration-ms': %u}}", id, 1 + below(g, 5000));
        break;
    case 5:
        qtest_qmp_assert_success(g->q->qts,
            "{'execute': 'cxl-inject-media-not-ready', 'arguments': {"
            " 'path': %s, 'duration-ms': %u}}", id, 1 + below(g, 5000));
        break;
    default:
        qtest_qmp_assert_success(g->q->qts,
            "{'execute': 'cxl-clear-faults', 'arguments': {'path': %s}}", id);
    }
}

/* Devices and ports of the machines that this guest lives in */
static const char *any_component(Guest *g)
{
    static const char *const ids[] = {
        "mem0", "mem1", "mem2", "mem3", "rp0", "rp1", "rp2", "sw0", "sw0.0",
        "sw0.1",
    };

    return ids[below(g, ARRAY_SIZE(ids))];
}

static void inject_error(Guest *g)
{
    const char *id = any_component(g);

    if (once_in(g, 2)) {
        qtest_qmp_assert_success(g->q->qts,
            "{'execute': 'cxl-inject-correctable-error', 'arguments': {"
            " 'path': %s, 'type': 'mem-data-ecc'}}", id);
    } else {
        qtest_qmp_assert_success(g->q->qts,
            "{'execute': 'cxl-inject-uncorrectable-errors', 'arguments': {"
            " 'path': %s, 'errors': [{'type': 'mem-address-parity',"
            " 'header': [%u, %u, 3]}] }}", id, g_rand_int(g->rand) >> 1,
            below(g, 100));
    }
}

static void pass_time(Guest *g)
{
    uint32_t ms = 1u << below(g, 12);

    if (g->time) {
        qtest_clock_step(g->q->qts, ms * 1000000ll);
    }
}

void guest_request(Guest *g, unsigned nr)
{
    static void (*const kinds[])(Guest *g) = {
        run_command, run_command, run_command, run_command,
        access_component, access_device, access_config, access_window,
    };

    for (unsigned i = 0; i < nr; i++) {
        if (once_in(g, 30)) {
            pass_time(g);
        } else if (once_in(g, 50)) {
            inject_event(g);
            inject_error(g);
        } else if (once_in(g, 100)) {
            guest_fault(g);
        } else {
            kinds[below(g, ARRAY_SIZE(kinds))](g);
        }
    }
}

/* A command, without a look at whether there still is a mailbox */
static void ring(Guest *g)
{
    QCXLFn *fn = any_mem(g);
    const GArray *commands = guest_commands(fn);
    const GuestCommand *cmd =
        &g_array_index(commands, GuestCommand, below(g, commands->len));
    uint64_t command = 0;

    command = FIELD_DP64(command, CXL_MBOX_COMMAND, OPCODE, cmd->opcode);
    command = FIELD_DP64(command, CXL_MBOX_COMMAND, LENGTH, cmd->len);
    qcxl_write(g->q, fn->mailbox + CXL_MBOX_COMMAND, 8, command);
    qcxl_write(g->q, fn->mailbox + CXL_MBOX_CONTROL, 4,
               R_CXL_MBOX_CONTROL_DOORBELL_MASK);
}

void guest_poke(Guest *g, unsigned nr)
{
    static void (*const kinds[])(Guest *g) = {
        ring, access_component, access_device, access_config, access_window,
    };

    for (unsigned i = 0; i < nr; i++) {
        kinds[below(g, ARRAY_SIZE(kinds))](g);
    }
}

/* Memory */

static void commit(Guest *g, const QCXLComponent *comp, unsigned n,
                   const QCXLDecoder *d)
{
    note_number(g, qcxl_hdm_commit(g->q, comp, n, d));
}

static void commit_mem(Guest *g, unsigned mem, unsigned n,
                       const QCXLDecoder *d)
{
    QCXLFn *fn = qcxl_mem_at(g->q, mem);

    commit(g, &fn->comp, n, d);
    qcxl_hdm_enable(g->q, &fn->comp, true);
    qcxl_mem_enable(fn, true);
}

/* Volatile memory below a root port, at the start of the first window */
static void map_plain(Guest *g, unsigned *decoder)
{
    QCXLDecoder d = { .base = g->q->windows[0].base, .size = QCXL_UNIT };

    commit(g, &g->q->bridges[0].comp, (*decoder)++, &d);
    commit_mem(g, 0, 0, &d);
}

/* Two devices below a switch, by 256 bytes */
static void map_switch(Guest *g, unsigned *decoder)
{
    QCXLDecoder d = { .base = g->q->windows[0].base + QCXL_UNIT,
                      .size = 2 * QCXL_UNIT, .targets = 1 };

    commit(g, &g->q->bridges[0].comp, (*decoder)++, &d);
    d.ways = 1;
    d.targets = 0;
    commit_mem(g, 1, 0, &d);
    commit_mem(g, 2, 0, &d);
    d.targets = 0x0100;
    commit(g, &qcxl_fn_at(g->q, QCXL_UPSTREAM_PORT, 0)->comp, 0, &d);
}

/*
 * Persistent memory behind two host bridges, by 256 bytes. That of the first
 * device comes after its volatile memory, which is @plain mapped or not at all.
 */
static void map_bridges(Guest *g, unsigned *decoder, bool plain)
{
    QCXLDecoder d = { .base = g->q->windows[1].base, .size = 2 * QCXL_UNIT };

    commit(g, &g->q->bridges[0].comp, *decoder, &d);
    d.ways = 1;
    commit_mem(g, 3, 0, &d);
    d.skip = plain ? 0 : QCXL_UNIT;
    commit_mem(g, 0, plain, &d);
}

void guest_map(Guest *g)
{
    unsigned decoder = 0;
    bool plain = once_in(g, 2);

    if (plain) {
        map_plain(g, &decoder);
    }
    if (once_in(g, 2)) {
        map_switch(g, &decoder);
    }
    if (once_in(g, 2)) {
        map_bridges(g, &decoder, plain);
    }
    for (unsigned i = 0; i < 64; i++) {
        access_window(g);
    }
}

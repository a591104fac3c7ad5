/*
 * QTest: faults that those who test drivers inject
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "qobject/qlist.h"
#include "hw/pci/pci_regs.h"
#include "libqos/cxl.h"
#include "cxl/machine-save.h"

/* Vector of the mailbox; where MSI-X writes, and what */
#define VECTOR      4
#define MSG_ADDR    0x100000
#define MSG_DATA    0x4d42

#define FAULTS_MAX  16

static QCXL *q;
static QCXLFn *mem;

static QDict *qmp(const char *command, const char *path, const char *args)
{
    g_autofree char *json = g_strdup_printf("{'path': '%s'%s%s}", path,
                                            *args ? ", " : "", args);
    QObject *arguments = qobject_from_json(json, NULL);

    g_assert_nonnull(arguments);
    return qtest_qmp(q->qts, "{'execute': %s, 'arguments': %p}", command,
                     arguments);
}

static void ok(const char *command, const char *args)
{
    QDict *rsp = qmp(command, "mem0", args);

    g_assert_true(qdict_haskey(rsp, "return"));
    qobject_unref(rsp);
}

static void inject(uint16_t opcode, const char *fault)
{
    g_autofree char *args = g_strdup_printf("'opcode': %u, %s", opcode, fault);

    ok("cxl-inject-command-fault", args);
}

static void clear(void)
{
    ok("cxl-clear-faults", "");
}

/* Refused, with an error that names @why */
static void refused(const char *command, const char *path, const char *args,
                    const char *why)
{
    QDict *rsp = qmp(command, path, args);
    const char *desc;

    g_assert_true(qdict_haskey(rsp, "error"));
    desc = qdict_get_str(qdict_get_qdict(rsp, "error"), "desc");
    if (!strstr(desc, why)) {
        g_error("%s %s: '%s' does not say '%s'", command, args, desc, why);
    }
    qobject_unref(rsp);
}

/* What query-cxl-faults says; unref it */
static QDict *query(void)
{
    QDict *rsp = qmp("query-cxl-faults", "mem0", "");
    QDict *info = qdict_clone_shallow(qdict_get_qdict(rsp, "return"));

    qobject_unref(rsp);
    return info;
}

static unsigned faults(void)
{
    QDict *info = query();
    unsigned nr = qlist_size(qdict_get_qlist(info, "commands"));

    qobject_unref(info);
    return nr;
}

static unsigned run(uint16_t opcode)
{
    return qcxl_mbox(mem, opcode, NULL, 0, NULL, NULL);
}

static void sleep_ms(int64_t ms)
{
    qtest_clock_step(q->qts, ms * 1000 * 1000);
}

/* A command that succeeds with an answer, begun */
static void start(void)
{
    qcxl_mbox_start(mem, CXL_OP_IDENTIFY_MEMORY_DEVICE, 0);
}

/* It, ended as if there was no fault */
static void check_answer(void)
{
    CXLIdentifyMemRsp rsp;
    size_t len = sizeof(rsp);

    g_assert_false(qcxl_mbox_busy(mem));
    g_assert_cmphex(qcxl_mbox_answer(mem, &rsp, &len), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(len, ==, sizeof(rsp));
    g_assert_cmpuint(cxl_le64_get(rsp.total_capacity), ==, 2);
}

static void check_works(void)
{
    g_assert_false(qcxl_mbox_busy(mem));
    start();
    check_answer();
}

/* Return codes */

static void test_return_code(void)
{
    for (unsigned code = 0; code <= CXL_RET_BACKGROUND_ABORT_REFUSED; code++) {
        g_autofree char *fault = g_strdup_printf("'return-code': %u", code);
        size_t len = 0;

        if (code == CXL_RET_BACKGROUND_STARTED) {
            continue;
        }
        inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, fault);
        g_assert_cmphex(run(CXL_OP_GET_TIMESTAMP), ==, CXL_RET_SUCCESS);
        g_assert_cmphex(qcxl_mbox(mem, CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0,
                                  NULL, &len), ==, code);
        g_assert_cmpuint(len, ==, 0);
        check_works();
    }
}

/* A fault of a command that would change something: nothing has changed */
static void test_not_executed(void)
{
    const CXLShutdownState dirty = { CXL_SHUTDOWN_DIRTY };
    CXLShutdownState state;
    size_t len = sizeof(state);

    inject(CXL_OP_SET_SHUTDOWN_STATE, "'return-code': 0, 'count': 3");
    for (unsigned n = 0; n < 3; n++) {
        g_assert_cmpuint(faults(), ==, 1);
        g_assert_cmphex(qcxl_mbox(mem, CXL_OP_SET_SHUTDOWN_STATE, &dirty,
                                  sizeof(dirty), NULL, NULL), ==,
                        CXL_RET_SUCCESS);
        g_assert_cmphex(qcxl_mbox(mem, CXL_OP_GET_SHUTDOWN_STATE, NULL, 0,
                                  &state, &len), ==, CXL_RET_SUCCESS);
        g_assert_cmphex(state.state, ==, CXL_SHUTDOWN_CLEAN);
    }
    g_assert_cmpuint(faults(), ==, 0);
}

/* Delays */

static void test_delay(void)
{
    const uint64_t control = mem->mailbox + CXL_MBOX_CONTROL;

    qcxl_msix_arm(mem, VECTOR, MSG_ADDR, MSG_DATA);
    qcxl_write(q, MSG_ADDR, 4, 0);
    qcxl_write(q, control, 4, R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK);
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, "'delay-ms': 3000");
    start();
    sleep_ms(2999);
    g_assert_true(qcxl_mbox_busy(mem));
    g_assert_cmphex(qcxl_read(q, MSG_ADDR, 4), ==, 0);
    /* The guest cannot take back what it rang for */
    qcxl_write(q, control, 4, R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK);
    qcxl_write(q, mem->mailbox + CXL_MBOX_COMMAND, 8, CXL_OP_GET_LSA);
    g_assert_true(qcxl_mbox_busy(mem));
    sleep_ms(1);
    g_assert_cmphex(qcxl_read(q, MSG_ADDR, 4), ==, MSG_DATA);
    check_answer();
    qcxl_write(q, control, 4, 0);
    check_works();
}

static void test_delay_and_code(void)
{
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE,
           "'delay-ms': 1, 'return-code': 4, 'count': 2");
    for (unsigned n = 0; n < 2; n++) {
        start();
        g_assert_true(qcxl_mbox_busy(mem));
        sleep_ms(1);
        g_assert_cmphex(qcxl_mbox_answer(mem, NULL, NULL), ==,
                        CXL_RET_INTERNAL_ERROR);
    }
    check_works();
}

static void hang(void)
{
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, "'hang': true, 'count': 2");
    start();
    sleep_ms(1000ll * 1000);
    g_assert_true(qcxl_mbox_busy(mem));
}

static void test_hang(void)
{
    QDict *info;

    hang();
    info = query();
    g_assert_cmphex(qdict_get_int(info, "waiting-opcode"), ==,
                    CXL_OP_IDENTIFY_MEMORY_DEVICE);
    qobject_unref(info);
    clear();
    check_answer();
    check_works();
}

/* Reset */

static void flr(void)
{
    qcxl_config_write(mem, qcxl_cap(mem, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL, 2,
                      PCI_EXP_DEVCTL_BCR_FLR);
    qcxl_enumerate(q);
}

static void bus_reset(void)
{
    qcxl_bus_reset(mem->port, true);
    qcxl_enumerate(q);
}

static void system_reset(void)
{
    qcxl_reset(q);
}

/* A reset makes the mailbox idle; faults to come stay, see reset-table.h */
static void test_reset(const void *reset)
{
    hang();
    ((void (*)(void))reset)();
    mem = qcxl_mem_at(q, 0);
    g_assert_false(qcxl_mbox_busy(mem));
    sleep_ms(1000);
    g_assert_cmpuint(faults(), ==, 1);
    start();
    g_assert_true(qcxl_mbox_busy(mem));
    clear();
    check_answer();
}

static void test_reset_delay(void)
{
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, "'delay-ms': 1000");
    start();
    sleep_ms(500);
    flr();
    mem = qcxl_mem_at(q, 0);
    sleep_ms(1000);
    /* Not answered late */
    g_assert_false(qcxl_mbox_busy(mem));
    g_assert_cmphex(qcxl_read(q, mem->mailbox + CXL_MBOX_COMMAND, 8), ==, 0);
    check_works();
}

static void test_power_loss(void)
{
    hang();
    ok("cxl-inject-power-loss", "");
    qcxl_enumerate(q);
    mem = qcxl_mem_at(q, 0);
    g_assert_cmpuint(faults(), ==, 0);
    check_works();
}

/* Background operations */

static void scan(void)
{
    const CXLScanMediaReq req = { .length = { { 1 } } };

    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_SCAN_MEDIA, &req, sizeof(req), NULL,
                              NULL), ==, CXL_RET_BACKGROUND_STARTED);
}

static unsigned percent(void)
{
    return FIELD_EX64(qcxl_read(q, mem->mailbox + CXL_MBOX_BACKGROUND, 8),
                      CXL_MBOX_BACKGROUND, PERCENT);
}

static void test_background(void)
{
    QDict *info;

    inject(CXL_OP_SCAN_MEDIA, "'background-hang': true, 'count': 2");
    scan();
    sleep_ms(1000ll * 1000);
    g_assert_cmpuint(percent(), <, 100);
    info = query();
    g_assert_true(qdict_get_bool(info, "background-hangs"));
    qobject_unref(info);
    g_assert_cmphex(run(CXL_OP_REQUEST_ABORT), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(percent(), ==, 100);
    scan();
    sleep_ms(1000ll * 1000);
    g_assert_cmpuint(percent(), <, 100);
    clear();
    sleep_ms(1);
    g_assert_cmpuint(percent(), ==, 100);
    scan();
    sleep_ms(1000ll * 1000);
    g_assert_cmpuint(percent(), ==, 100);
}

/* The doorbell */

static void test_stuck(void)
{
    QDict *info;

    ok("cxl-inject-doorbell-stuck", "'duration-ms': 100");
    g_assert_true(qcxl_mbox_busy(mem));
    info = query();
    g_assert_true(qdict_get_bool(info, "doorbell-stuck"));
    g_assert_false(qdict_haskey(info, "waiting-opcode"));
    qobject_unref(info);
    sleep_ms(99);
    g_assert_true(qcxl_mbox_busy(mem));
    sleep_ms(1);
    check_works();
    ok("cxl-inject-doorbell-stuck", "");
    sleep_ms(1000ll * 1000);
    g_assert_true(qcxl_mbox_busy(mem));
    clear();
    check_works();
}

/* While a command waits: that is done in time, the doorbell comes later */
static void test_stuck_waiting(void)
{
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, "'delay-ms': 10");
    start();
    ok("cxl-inject-doorbell-stuck", "'duration-ms': 20");
    sleep_ms(10);
    g_assert_true(qcxl_mbox_busy(mem));
    g_assert_cmphex(qcxl_mbox_answer(mem, NULL, NULL), ==, CXL_RET_SUCCESS);
    sleep_ms(10);
    check_answer();
}

/* A fault that is injected meanwhile is for the next command */
static void test_while_waiting(void)
{
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, "'delay-ms': 10");
    start();
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, "'return-code': 6");
    sleep_ms(10);
    check_answer();
    g_assert_cmphex(run(CXL_OP_IDENTIFY_MEMORY_DEVICE), ==, CXL_RET_BUSY);
    check_works();
}

/* Management that asks for what cannot be */

static const struct {
    const char *args;
    const char *why;
} bad[] = {
    { "'opcode': 16384", "return-code, delay-ms, hang and background-hang" },
    { "'opcode': 16384, 'hang': false", "return-code, delay-ms, hang" },
    { "'opcode': 16384, 'return-code': 1", "return-code cannot be 0x1" },
    { "'opcode': 16384, 'return-code': 33", "return-code cannot be 0x21" },
    { "'opcode': 16384, 'return-code': 65535", "from 2 to 0x20" },
    { "'opcode': 16384, 'return-code': 65536", "return-code" },
    { "'opcode': 16384, 'return-code': 2, 'count': 0", "count cannot be 0" },
    { "'opcode': 16384, 'return-code': 2, 'count': -1", "count" },
    { "'opcode': 16384, 'delay-ms': 0", "delay-ms cannot be 0" },
    { "'opcode': 16384, 'delay-ms': 4294967296", "delay-ms" },
    { "'opcode': 16384, 'hang': true, 'delay-ms': 1", "hang and delay-ms" },
    { "'opcode': 16384, 'hang': true, 'return-code': 2",
      "hang and return-code" },
    { "'opcode': 17156, 'hang': true, 'background-hang': true",
      "hang and background-hang" },
    { "'opcode': 17156, 'return-code': 0, 'background-hang': true",
      "return-code and background-hang" },
    { "'opcode': 16384, 'background-hang': true", "background-hang" },
    { "'opcode': 17923, 'return-code': 2", "opcode cannot be 0x4603" },
    { "'opcode': 65536, 'return-code': 2", "opcode" },
    { "'return-code': 2", "opcode" },
};

static void test_errors(void)
{
    static const char *const commands[] = {
        "cxl-inject-doorbell-stuck", "cxl-clear-faults", "query-cxl-faults",
    };
    static const char *const paths[] = {
        "rp0", "/machine", "nobody", "/machine/peripheral/hb0",
    };

    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        refused("cxl-inject-command-fault", "mem0", bad[n].args, bad[n].why);
    }
    refused("cxl-inject-doorbell-stuck", "mem0", "'duration-ms': 0",
            "duration-ms cannot be 0");
    for (unsigned p = 0; p < ARRAY_SIZE(paths); p++) {
        refused("cxl-inject-command-fault", paths[p],
                "'opcode': 16384, 'hang': true", "path");
        for (unsigned n = 0; n < ARRAY_SIZE(commands); n++) {
            refused(commands[n], paths[p], "", "path");
        }
    }
    g_assert_cmpuint(faults(), ==, 0);
    check_works();
}

static void test_limit(void)
{
    for (unsigned n = 0; n < FAULTS_MAX; n++) {
        inject(CXL_OP_GET_TIMESTAMP, "'return-code': 2, 'count': 4294967295");
    }
    refused("cxl-inject-command-fault", "mem0",
            "'opcode': 16384, 'hang': true", "16 faults");
    g_assert_cmpuint(faults(), ==, FAULTS_MAX);
    check_works();
    clear();
    g_assert_cmpuint(faults(), ==, 0);
    g_assert_cmphex(run(CXL_OP_GET_TIMESTAMP), ==, CXL_RET_SUCCESS);
}

/* What was asked for is what is told */
static void test_query(void)
{
    QDict *info, *fault;
    QList *commands;

    inject(CXL_OP_SCAN_MEDIA, "'delay-ms': 7, 'background-hang': true");
    inject(CXL_OP_GET_LSA, "'return-code': 19, 'count': 5");
    info = query();
    commands = qdict_get_qlist(info, "commands");
    fault = qobject_to(QDict, qlist_peek(commands));
    g_assert_cmphex(qdict_get_int(fault, "opcode"), ==, CXL_OP_SCAN_MEDIA);
    g_assert_cmpint(qdict_get_int(fault, "delay-ms"), ==, 7);
    g_assert_cmpint(qdict_get_int(fault, "count"), ==, 1);
    g_assert_true(qdict_get_bool(fault, "background-hang"));
    g_assert_false(qdict_haskey(fault, "return-code"));
    g_assert_false(qdict_haskey(fault, "hang"));
    qobject_unref(qlist_pop(commands));
    fault = qobject_to(QDict, qlist_peek(commands));
    g_assert_cmphex(qdict_get_int(fault, "opcode"), ==, CXL_OP_GET_LSA);
    g_assert_cmpint(qdict_get_int(fault, "return-code"), ==, 19);
    g_assert_cmpint(qdict_get_int(fault, "count"), ==, 5);
    g_assert_false(qdict_get_bool(info, "doorbell-stuck"));
    g_assert_false(qdict_get_bool(info, "background-hangs"));
    qobject_unref(info);
    clear();
}

/* Devices that go, machines that are saved */

static void test_unplug(const void *fault)
{
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, fault);
    inject(CXL_OP_SCAN_MEDIA, "'background-hang': true");
    scan();
    start();
    g_assert_true(qcxl_mbox_busy(mem));
    ok("cxl-inject-doorbell-stuck", "'duration-ms': 1000");
    qcxl_slot_eject(mem->port, "mem0");
    sleep_ms(1000ll * 1000);
    refused("query-cxl-faults", "mem0", "", "path");
    qcxl_enumerate(q);
    qtest_qmp_device_add(q->qts, "cxl-type3", "mem0",
                         "{'bus': 'rp0', 'volatile-memdev': 'mem0.v',"
                         " 'persistent-memdev': 'mem0.p',"
                         " 'lsa': 'mem0.lsa' }");
    qcxl_slot_power_on(qcxl_fn_at(q, QCXL_ROOT_PORT, 0));
    qcxl_enumerate(q);
    mem = qcxl_mem_at(q, 0);
    g_assert_cmpuint(faults(), ==, 0);
    check_works();
}

static void test_migrate(void)
{
    inject(CXL_OP_IDENTIFY_MEMORY_DEVICE, "'delay-ms': 1000");
    inject(CXL_OP_GET_TIMESTAMP, "'return-code': 5");
    start();
    sleep_ms(600);
    machine_save(q, "state", true);
    g_assert_true(machine_load(q, "state", true));
    g_assert_true(qcxl_mbox_busy(mem));
    sleep_ms(390);
    g_assert_true(qcxl_mbox_busy(mem));
    sleep_ms(10);
    check_answer();
    g_assert_cmphex(run(CXL_OP_GET_TIMESTAMP), ==, CXL_RET_RETRY_REQUIRED);
    check_works();
}

int main(int argc, char **argv)
{
    QCXLTopology *t = qcxl_topology();
    int ret;

    g_test_init(&argc, &argv, NULL);
    qcxl_args(t, "-m 64M -object memory-backend-memfd,id=ram,share=on,size=64M"
              " -machine memory-backend=ram");
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 256, "");
    qcxl_window(t, 512, NULL, "hb0");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);
    qtest_add_func("/cxl/fault/return-code", test_return_code);
    qtest_add_func("/cxl/fault/not-executed", test_not_executed);
    qtest_add_func("/cxl/fault/delay", test_delay);
    qtest_add_func("/cxl/fault/delay-and-code", test_delay_and_code);
    qtest_add_func("/cxl/fault/hang", test_hang);
    qtest_add_data_func("/cxl/fault/reset/flr", flr, test_reset);
    qtest_add_data_func("/cxl/fault/reset/bus", bus_reset, test_reset);
    qtest_add_data_func("/cxl/fault/reset/system", system_reset, test_reset);
    qtest_add_func("/cxl/fault/reset/delay", test_reset_delay);
    qtest_add_func("/cxl/fault/power-loss", test_power_loss);
    qtest_add_func("/cxl/fault/background", test_background);
    qtest_add_func("/cxl/fault/stuck", test_stuck);
    qtest_add_func("/cxl/fault/stuck-waiting", test_stuck_waiting);
    qtest_add_func("/cxl/fault/while-waiting", test_while_waiting);
    qtest_add_func("/cxl/fault/errors", test_errors);
    qtest_add_func("/cxl/fault/limit", test_limit);
    qtest_add_func("/cxl/fault/query", test_query);
    qtest_add_data_func("/cxl/fault/unplug/delay", "'delay-ms': 500",
                        test_unplug);
    qtest_add_data_func("/cxl/fault/unplug/hang", "'hang': true", test_unplug);
    qtest_add_func("/cxl/fault/migrate", test_migrate);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

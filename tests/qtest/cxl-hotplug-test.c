/*
 * QTest: a memory device that comes and goes many times
 *
 * One of five comes with a property that it cannot have. After each cycle its
 * backends are free for the next, and in the end QEMU holds as many objects
 * and as much memory as before.
 *
 * More of it: CXL_CYCLES, CXL_SEED in the environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "libqos/cxl.h"

/* Longer than a Sanitize takes */
#define SANITIZE_NS     (4000 * 1000 * 1000LL)
#define VALUE   0x0123456789abcdefull
/* What an allocator may keep for itself, in KiB */
#define SLACK   8192
/* For which to wait for what RCU has to free, in tenths of a second */
#define SETTLE_TENTHS   100
/* In which QEMU frees what RCU has let go of, in microseconds */
#define RCU_PAUSE   20000

static QCXL *q;
static GRand *rand_;

static unsigned below(unsigned n)
{
    return g_rand_int(rand_) % n;
}

/* Slots that are empty: of a root port, and of a switch */
typedef struct Slot {
    const char *bus;
    bool on_switch;
} Slot;

static const Slot slots[] = { { "rp0", false }, { "sw0.0", true } };

static QCXLFn *slot_port(const Slot *slot)
{
    return slot->on_switch ? qcxl_fn_at(q, QCXL_DOWNSTREAM_PORT, 0) :
                             qcxl_fn_at(q, QCXL_ROOT_PORT, 0);
}

/* Devices that cannot be: what @why names is in the error */
static const struct {
    const char *properties;
    const char *why;
} bad_devices[] = {
    { "{ }", "volatile-memdev" },
    { "{'volatile-memdev': 'late.v', 'hdm-decoders': 99}", "hdm-decoders" },
    { "{'volatile-memdev': 'late.lsa'}", "volatile-memdev" },
    { "{'persistent-memdev': 'late.p'}", "lsa" },
    { "{'volatile-memdev': 'late.v', 'persistent-memdev': 'late.v',"
      " 'lsa': 'late.lsa'}", "persistent-memdev" },
    { "{'volatile-memdev': 'late.v', 'persistent-memdev': 'late.p',"
      " 'lsa': 'late.p'}", "lsa" },
    { "{'volatile-memdev': 'late.v', 'cdat': '/nowhere'}", "cdat" },
    { "{'volatile-memdev': 'late.v', 'persistent-memdev': 'late.p',"
      " 'lsa': 'late.lsa', 'nv': 'late.lsa'}", "nv" },
    { "{'volatile-memdev': 'nothing'}", "nothing" },
};

static void check_bad_device(const Slot *slot)
{
    unsigned n = below(ARRAY_SIZE(bad_devices));
    QDict *args = qobject_to(QDict,
                             qobject_from_json(bad_devices[n].properties,
                                               NULL));
    QDict *rsp;

    qdict_put_str(args, "driver", "cxl-type3");
    qdict_put_str(args, "bus", slot->bus);
    qdict_put_str(args, "id", "late");
    rsp = qtest_qmp(q->qts, "{'execute': 'device_add', 'arguments': %p}",
                    args);
    g_assert_true(qdict_haskey(rsp, "error"));
    g_assert_nonnull(strstr(qdict_get_str(qdict_get_qdict(rsp, "error"),
                                          "desc"), bad_devices[n].why));
    qobject_unref(rsp);
}

/* What a driver leaves behind when it is not told before */

static void map(QCXLFn *mem, const Slot *slot)
{
    QCXLDecoder d = { .base = q->windows[0].base, .size = 2 * QCXL_UNIT };
    QCXLDecoder port = d;

    port.targets = slot->on_switch;
    g_assert_true(qcxl_hdm_commit(q, &q->bridges[0].comp, 0, &port));
    if (slot->on_switch) {
        g_assert_true(qcxl_hdm_commit(q, &qcxl_fn_at(q, QCXL_UPSTREAM_PORT,
                                                     0)->comp, 0, &d));
    }
    g_assert_true(qcxl_hdm_commit(q, &mem->comp, 0, &d));
    qcxl_hdm_enable(q, &mem->comp, true);
    qcxl_mem_enable(mem, true);
    qcxl_write(q, d.base + 64 * below(1024), 8, VALUE);
    qcxl_write(q, d.base + QCXL_UNIT, 8, VALUE);
    g_assert_cmphex(qcxl_read(q, d.base + QCXL_UNIT, 8), ==, VALUE);
}

static void unmap_ports(void)
{
    qcxl_hdm_uncommit(q, &q->bridges[0].comp, 0);
    qcxl_hdm_uncommit(q, &qcxl_fn_at(q, QCXL_UPSTREAM_PORT, 0)->comp, 0);
}

static void record_events(QCXLFn *mem)
{
    for (unsigned i = 0; i < 4; i++) {
        qtest_qmp_assert_success(q->qts,
            "{'execute': 'cxl-inject-general-media-event', 'arguments': {"
            " 'path': '/machine/peripheral/late', 'log': 'warning',"
            " 'flags': 0, 'dpa': %u, 'descriptor': 1, 'type': 0,"
            " 'transaction-type': 0 }}", i * 64);
    }
}

static void start_sanitize(QCXLFn *mem)
{
    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_SANITIZE, NULL, 0, NULL, NULL), ==,
                    CXL_RET_BACKGROUND_STARTED);
}

static unsigned media(QCXLFn *mem)
{
    return FIELD_EX64(qcxl_read(q, mem->memdev + CXL_MEMDEV_STATUS, 8),
                      CXL_MEMDEV_STATUS, MEDIA);
}

/* The Sanitize that the last device was unplugged in, if it was */
static void complete_sanitize(QCXLFn *mem)
{
    if (media(mem) == CXL_MEDIA_STATUS_DISABLED) {
        start_sanitize(mem);
        qtest_clock_step(q->qts, SANITIZE_NS);
    }
    g_assert_cmpuint(media(mem), ==, CXL_MEDIA_STATUS_READY);
}

static void start_cxl_reset(QCXLFn *mem)
{
    unsigned at = qcxl_dvsec(mem, CXL_DVSEC_ID_DEVICE) + CXL_DEVICE_CONTROL2;

    qcxl_config_write(mem, at, 2, R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK);
}

static void read_cdat(QCXLFn *mem)
{
    g_byte_array_unref(qcxl_cdat(mem));
}

static void write_labels(QCXLFn *mem)
{
    struct {
        CXLSetLsaReq head;
        uint8_t data[64];
    } req = { };

    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_SET_LSA, &req, sizeof(req), NULL,
                              NULL), ==, CXL_RET_SUCCESS);
}

static void reset_bus(QCXLFn *mem)
{
    qcxl_bus_reset(mem->port, true);
}

static void (*const uses[])(QCXLFn *mem) = {
    record_events, start_sanitize, start_cxl_reset, read_cdat, write_labels,
    reset_bus,
};

static void check_good_device(const Slot *slot)
{
    QCXLFn *mem;

    qtest_qmp_device_add(q->qts, "cxl-type3", "late",
                         "{'bus': %s, 'volatile-memdev': 'late.v',"
                         " 'persistent-memdev': 'late.p',"
                         " 'lsa': 'late.lsa', 'nv': 'late.nv'}", slot->bus);
    qcxl_slot_power_on(slot_port(slot));
    qcxl_enumerate(q);
    mem = qcxl_mem_at(q, 0);
    g_assert_nonnull(mem);
    complete_sanitize(mem);
    write_labels(mem);
    if (below(4)) {
        map(mem, slot);
    }
    uses[below(ARRAY_SIZE(uses))](mem);
    qcxl_slot_eject(slot_port(slot), "late");
    g_assert_cmphex(qcxl_read(q, q->windows[0].base, 8), ==, UINT64_MAX);
    unmap_ports();
    qtest_clock_step(q->qts, 1000 * 1000 * 1000);
    qcxl_enumerate(q);
    g_assert_null(qcxl_mem_at(q, 0));
}

static void cycles(unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        const Slot *slot = &slots[below(ARRAY_SIZE(slots))];

        if (i % 5 == 4) {
            check_bad_device(slot);
        } else {
            check_good_device(slot);
        }
        /* What is freed by RCU is not to pile up, which takes memory as well */
        g_usleep(RCU_PAUSE);
    }
}

/* Lines of what the monitor tells: as many as there are objects, or regions */
static unsigned count_lines(const char *command)
{
    g_autofree char *text = qtest_hmp(q->qts, "%s", command);
    unsigned nr = 0;

    for (const char *at = text; (at = strchr(at, '\n')); at++) {
        nr++;
    }
    return nr;
}

static char *process_file(const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s",
                                            (int)qtest_pid(q->qts), name);
    char *text;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* Without what backends hold: KiB of anonymous memory */
static unsigned resident(void)
{
    g_autofree char *text = process_file("status");
    const char *at = strstr(text, "RssAnon:");

    g_assert_nonnull(at);
    return strtoul(at + strlen("RssAnon:"), NULL, 10);
}

/* Resident memory, once RCU has freed what it has to, if it gets to @limit */
static unsigned settled(unsigned limit)
{
    unsigned kib = resident();

    for (int n = 0; n < SETTLE_TENTHS && kib >= limit; n++) {
        g_usleep(G_USEC_PER_SEC / 10);
        kib = resident();
    }
    return kib;
}

/* A sanitizer keeps what was freed, to see who still uses it */
static bool is_sanitized(void)
{
    g_autofree char *text = process_file("maps");

    return strstr(text, "libasan") != NULL;
}

static void test_cycles(void)
{
    const char *number = getenv("CXL_CYCLES");
    unsigned nr = number ? strtoul(number, NULL, 0) : 50;
    unsigned objects, regions, before, after;

    /* What is made once is there after these */
    cycles(10);
    objects = count_lines("info qom-tree");
    regions = count_lines("info mtree");
    before = resident();
    cycles(nr);
    after = settled(before + SLACK);
    g_test_message("%u cycles: %u KiB, then %u KiB", nr, before, after);
    g_assert_cmpuint(count_lines("info qom-tree"), ==, objects);
    g_assert_cmpuint(count_lines("info mtree"), ==, regions);
    if (!is_sanitized()) {
        g_assert_cmpuint(after, <, before + SLACK);
    }
}

int main(int argc, char **argv)
{
    const char *seed = getenv("CXL_SEED");
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    rand_ = g_rand_new_with_seed(seed ? strtoul(seed, NULL, 0) : 1);
    /* What is freed goes back to the host, so that it is not taken for a leak */
    g_setenv("MALLOC_ARENA_MAX", "1", true);
    g_setenv("MALLOC_MMAP_THRESHOLD_", "65536", true);
    g_setenv("MALLOC_TRIM_THRESHOLD_", "65536", true);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_switch(t, "sw0", "rp1", 1, "");
    qcxl_backends(t, "late", 256, 256);
    qcxl_nv(t, "late");
    qcxl_window(t, 512, NULL, "hb0");
    q = qcxl_boot(t);

    qtest_add_func("/cxl/hotplug/cycles", test_cycles);
    ret = g_test_run();
    qcxl_quit(q);
    g_rand_free(rand_);
    return ret;
}

/*
 * QTest: every property of every CXL device, and of the machine that has to do
 * with CXL, with values that are not legal
 *
 * QEMU ends with status 1 and one line that names the property and, where it
 * is a property of ours, says what is legal. A property that has no row here
 * is a failure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"

/* Text that QEMU reads on its QMP monitor: leave at once */
#define QUIT "{'execute':'qmp_capabilities'}{'execute':'quit'}"

#define VALUES_MAX 8

/**
 * Row: a property
 * @device: NULL: of every device
 * @values: what it must not be set to, up to NULL
 * @legal: what the message says besides the property's name; NULL: nothing
 * @with: further properties that the values are not legal beside
 */
typedef struct Row {
    const char *device;
    const char *property;
    const char *values[VALUES_MAX];
    const char *legal;
    const char *with;
} Row;

#define BOOL        { "maybe", "2", "" }
#define UINT8       { "-1", "256", "1.5", "many", "" }
#define UINT16      { "-1", "65536", "1.5", "many", "" }
#define UINT32      { "-1", "4294967296", "1.5", "many", "" }
#define UINT64      { "18446744073709551616", "1.5", "many", "" }
#define SIZE        { "-1", "16E", "1.5.5", "many" }
#define BACKEND     { "nobody", "rp0", "other" }
/* Of backends whose size is one that memory cannot have */
#define MEMORY      { "nobody", "rp0", "other", "small", "odd" }

static const Row rows[] = {
    /* What every PCI device has */
    { NULL, "acpi-index", UINT32 },
    { NULL, "addr", { "32", "0.8", "-2", "slot" } },
    { NULL, "busnr", { "0", "1" } },
    { NULL, "failover_pair_id", { "nobody" }, .legal = "failover" },
    { NULL, "multifunction", BOOL },
    { NULL, "rombar", { "4294967296", "1.5", "many" } },
    { NULL, "romfile", { "missing" } },
    { NULL, "romsize", { "3", "-1", "4294967296" } },
    { NULL, "x-max-bounce-buffer-size", SIZE },
    { NULL, "x-pcie-ari-nextfn-1", BOOL },
    { NULL, "x-pcie-err-unc-mask", BOOL },
    { NULL, "x-pcie-ext-tag", BOOL },
    { NULL, "x-pcie-extcap-init", BOOL },
    { NULL, "x-pcie-lnksta-dllla", BOOL },
    /* What every PCIe port has */
    { NULL, "aer_log_max", { "-1", "65535", "many" } },
    { NULL, "chassis", UINT8 },
    { NULL, "disable-acs", BOOL },
    { NULL, "hotplug", BOOL },
    { NULL, "power_controller_present", BOOL },
    { NULL, "slot", UINT16 },
    { NULL, "x-do-not-expose-native-hotplug-cap", BOOL },
    { NULL, "x-pci-express-writeable-slt-bug", BOOL },
    { NULL, "x-speed", { "0", "3", "128", "-1", "fast", "" } },
    { NULL, "x-width", { "0", "3", "64", "-1", "wide", "" } },

    { "pxb-cxl", "bus_nr", UINT8 },
    { "pxb-cxl", "bus_nr", { "0" }, "1 to 255" },
    { NULL, "bus_nr", { "16" }, "in use" },
    { "pxb-cxl", "bypass_iommu", BOOL },
    { "pxb-cxl", "hdm-decoders", UINT8 },
    { "pxb-cxl", "hdm-decoders", { "0", "3", "33", "255" }, "1, 2, 4, 6" },
    { "pxb-cxl", "hdm_for_passthrough", BOOL },
    { "pxb-cxl", "numa_node", { "-1", "65536", "many" } },
    { "pxb-cxl", "numa_node", { "1", "5", "129" }, "count from 0" },

    { "cxl-rp", "bus-reserve", UINT32 },
    { "cxl-rp", "io-reserve", SIZE },
    { "cxl-rp", "mem-reserve", SIZE },
    { "cxl-rp", "mem-reserve", { "4G" }, "less than 4G" },
    { "cxl-rp", "pref32-reserve", SIZE },
    { "cxl-rp", "pref32-reserve", { "1M" }, "pref64-reserve",
      ",pref64-reserve=1M" },
    { "cxl-rp", "pref64-reserve", SIZE },
    { "cxl-rp", "port", UINT8 },
    { "cxl-rp", "port", { "0" }, "port" },
    { "cxl-rp", "slot", { "1" }, "exists already" },

    { "cxl-upstream", "cdat", { "missing", "/dev/zero", "/dev/null", "/" } },
    { "cxl-upstream", "hdm-decoders", UINT8 },
    { "cxl-upstream", "hdm-decoders", { "0", "3", "33" }, "1, 2, 4, 6" },
    { "cxl-upstream", "port", UINT8 },
    { "cxl-upstream", "sn", UINT64 },

    { "cxl-downstream", "port", UINT8 },

    /* What says how those perform that have something to say */
    { "pxb-cxl", "read-latency", UINT32 },
    { "pxb-cxl", "read-latency", { "0", "65535" }, "1 to 65534" },
    { "pxb-cxl", "write-latency", UINT32 },
    { "pxb-cxl", "write-latency", { "0", "65535" }, "1 to 65534" },
    { "pxb-cxl", "read-bandwidth", UINT32 },
    { "pxb-cxl", "read-bandwidth", { "0", "65535", "66001", "65535000" },
      "a multiple of 1000" },
    { "pxb-cxl", "write-bandwidth", UINT32 },
    { "pxb-cxl", "write-bandwidth", { "0", "65535", "66001", "65535000" },
      "a multiple of 1000" },
    { "cxl-upstream", "read-latency", UINT32 },
    { "cxl-upstream", "read-latency", { "0", "65535" }, "1 to 65534" },
    { "cxl-upstream", "write-latency", UINT32 },
    { "cxl-upstream", "write-latency", { "0", "65535" }, "1 to 65534" },
    { "cxl-upstream", "read-bandwidth", UINT32 },
    { "cxl-upstream", "read-bandwidth", { "0", "65535", "66001", "65535000" },
      "a multiple of 1000" },
    { "cxl-upstream", "write-bandwidth", UINT32 },
    { "cxl-upstream", "write-bandwidth", { "0", "65535", "66001", "65535000" },
      "a multiple of 1000" },
    { "cxl-type3", "read-latency", UINT32, .with = ",volatile-memdev=memory" },
    { "cxl-type3", "read-latency", { "0", "65535" }, "1 to 65534",
      ",volatile-memdev=memory" },
    { "cxl-type3", "write-latency", UINT32, .with = ",volatile-memdev=memory" },
    { "cxl-type3", "write-latency", { "0", "65535" }, "1 to 65534",
      ",volatile-memdev=memory" },
    { "cxl-type3", "read-bandwidth", UINT32, .with = ",volatile-memdev=memory" },
    { "cxl-type3", "read-bandwidth", { "0", "65535", "66001", "65535000" },
      "a multiple of 1000",
      ",volatile-memdev=memory" },
    { "cxl-type3", "write-bandwidth", UINT32, .with = ",volatile-memdev=memory" },
    { "cxl-type3", "write-bandwidth", { "0", "65535", "66001", "65535000" },
      "a multiple of 1000",
      ",volatile-memdev=memory" },

    { "cxl-type3", "cdat", { "missing", "/dev/zero", "/dev/null", "/" },
      .with = ",volatile-memdev=memory" },
    { "cxl-type3", "event-log-depth", UINT32 },
    { "cxl-type3", "event-log-depth", { "0", "4097", "4294967295" },
      "1 to 4096" },
    { "cxl-type3", "fast-map", BOOL },
    { "cxl-type3", "hdm-decoders", UINT8 },
    { "cxl-type3", "hdm-decoders", { "0", "5", "11" }, "1, 2, 4, 6, 8 or 10" },
    { "cxl-type3", "lsa", BACKEND },
    { "cxl-type3", "lsa", { "memory" }, "in use",
      ",volatile-memdev=memory" },
    { "cxl-type3", "memdev", MEMORY, .with = ",lsa=labels" },
    { "cxl-type3", "memdev", { "memory" }, "persistent-memdev",
      ",lsa=labels,persistent-memdev=memory" },
    { "cxl-type3", "nv", BACKEND, .with = ",volatile-memdev=memory" },
    { "cxl-type3", "nv", { "small" }, "256 KiB",
      ",volatile-memdev=memory" },
    { "cxl-type3", "nv", { "memory" }, "in use", ",volatile-memdev=memory" },
    { "cxl-type3", "partition-volatile", SIZE },
    { "cxl-type3", "partition-volatile", { "1", "300M", "512M" },
      "multiples of 256 MiB", ",partitionable-memdev=memory,lsa=labels" },
    { "cxl-type3", "partition-volatile", { "0", "256M" },
      "partitionable-memdev", ",volatile-memdev=memory" },
    { "cxl-type3", "partitionable-memdev", MEMORY, .with = ",lsa=labels" },
    { "cxl-type3", "payload-size", SIZE },
    { "cxl-type3", "payload-size",
      { "0", "1", "128", "255", "257", "1.5K", "2M" },
      "a power of two from 256 to 1048576" },
    { "cxl-type3", "persistent-memdev", MEMORY, .with = ",lsa=labels" },
    { "cxl-type3", "persistent-memdev", { "rom" }, "read-only",
      ",lsa=labels" },
    { "cxl-type3", "persistent-memdev", { "memory" }, "in use",
      ",volatile-memdev=memory,lsa=labels" },
    { "cxl-type3", "poison", { "", "sigbus", "MCE" }, "'mce' and 'data'" },
    { "cxl-type3", "poison-inject-max", UINT32 },
    { "cxl-type3", "poison-inject-max", { "0", "65536" }, "from 1 to 65535" },
    { "cxl-type3", "poison-list-max", UINT32 },
    { "cxl-type3", "poison-list-max", { "0", "501" }, "from 1 to 500" },
    { "cxl-type3", "sn", UINT64 },
    { "cxl-type3", "volatile-memdev", MEMORY },
    { "cxl-type3", "volatile-memdev", { "odd", "small" }, "256 MiB" },
    { "cxl-type3", "volatile-memdev", { "rom" }, "read-only" },
};

/* Of the machine: cxl..., all else is a member of cxl-fmw */
#define FMW "cxl-fmw.0."
#define REGION "cxl-region.0."

static const Row machine_rows[] = {
    { NULL, "cxl", BOOL, "'on' or 'off'" },
    { NULL, "cxl-main-host", BOOL, "'on' or 'off'" },
    { NULL, "cxl-fmw", { "1", "" } },
    { NULL, FMW "size", SIZE },
    { NULL, FMW "size", { "0", "1", "300M" }, "256 MiB" },
    { NULL, FMW "size", { "15E" } },
    { NULL, FMW "interleave-granularity", SIZE },
    { NULL, FMW "interleave-granularity", { "0", "128", "257", "32k" },
      "256, 512, 1k, 2k, 4k, 8k and 16k" },
    { NULL, "interleave-arithmetic", { "and", "", "1" }, .with = FMW },
    { NULL, "restrictions", { "-1", "65536", "many", "" }, .with = FMW },
    { NULL, FMW "restrictions", { "0x40", "0x7f" }, "0x3f" },
    { NULL, "qtg-id", { "-1", "65536", "many", "" }, .with = FMW },
    { NULL, "targets", { "hb0" }, .with = FMW },
    { NULL, FMW "targets.0", { "nobody", "", "rp0" }, "pxb-cxl" },
    { NULL, FMW "targets.0", { "pcie.0" }, "cxl-main-host=on" },
    { NULL, FMW "targets.1", { "nobody" }, "pxb-cxl" },
    { NULL, "targets.1", { "hb0" }, "twice", .with = FMW },
    { NULL, FMW "nothing", { "1" } },
    { NULL, "cxl-region", { "1", "" } },
    { NULL, "memory-map", { "rom", "", "1" }, .with = REGION },
    { NULL, "state", { "gone", "" }, .with = REGION },
    { NULL, "locked", BOOL, .with = REGION },
    { NULL, "persistent", BOOL, .with = REGION },
    { NULL, "window", { "-1", "4294967296", "many" }, .with = REGION },
    { NULL, REGION "window", { "1" } },
    { NULL, REGION "size", { "0", "1", "300M" } },
    { NULL, REGION "interleave-granularity", { "0", "128", "257", "32k" } },
    { NULL, REGION "nothing", { "1" } },
};

/* The devices, each with what it takes for it to be right */
#define BRIDGE " -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=16"
#define PORT BRIDGE " -device cxl-rp,id=rp0,bus=hb0,chassis=0,slot=1,port=0"
#define SWITCH PORT " -device cxl-upstream,id=us0,bus=rp0"
#define BACKENDS \
    " -object memory-backend-ram,id=memory,size=256M,share=on" \
    " -object memory-backend-ram,id=labels,size=128K" \
    " -object memory-backend-ram,id=small,size=64K" \
    " -object memory-backend-ram,id=odd,size=300M" \
    " -object memory-backend-file,id=rom,size=256M,readonly=on,rom=on," \
    "mem-path=%s" \
    " -object iothread,id=other"

static const struct {
    const char *name;
    const char *before;
    const char *device;
} devices[] = {
    { "pxb-cxl", BRIDGE, "bus=pcie.0,bus_nr=64" },
    { "cxl-rp", PORT, "bus=hb0,chassis=0,slot=9" },
    { "cxl-upstream", PORT, "bus=rp0" },
    { "cxl-downstream", SWITCH, "bus=us0,chassis=0,slot=9" },
    { "cxl-type3", PORT BACKENDS, "bus=rp0" },
};

static char *rom;

/* A property of one device, set to one value */
typedef struct Trial {
    const Row *row;
    unsigned device;
    const char *value;
} Trial;

static char *read_all(int fd)
{
    GString *text = g_string_new("");
    char buf[512];
    ssize_t len;

    while ((len = read(fd, buf, sizeof(buf))) > 0) {
        g_string_append_len(text, buf, len);
    }
    close(fd);
    return g_string_free(text, false);
}

/* Later options win, so a value takes the place of what is there */
static char *device_of(const Trial *t)
{
    return g_strdup_printf("%s,%s%s,%s=%s", devices[t->device].name,
                           devices[t->device].device, t->row->with ?: "",
                           t->row->property, t->value);
}

static int run_machine(const char *machine, const char *before,
                       const char *device, char **text)
{
    g_auto(GStrv) parts = g_strsplit(before, "%s", 0);
    g_autofree char *args = g_strjoinv(rom, parts);
    g_autofree char *line = g_strdup_printf(
        "%s -machine q35,cxl=on%s -accel qtest -display none -nodefaults -S "
        "-qmp stdio%s -device %s", g_getenv("QTEST_QEMU_BINARY"), machine,
        args, device);
    g_auto(GStrv) argv = g_strsplit(line, " ", 0);
    g_autoptr(GError) error = NULL;
    int in, err, status;
    GPid pid;

    g_assert_true(g_spawn_async_with_pipes(NULL, argv, NULL,
                      G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, &pid, &in, NULL, &err, &error));
    (void)!write(in, QUIT, strlen(QUIT));
    *text = read_all(err);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    close(in);
    return status;
}

static int run(const char *before, const char *device, char **text)
{
    return run_machine("", before, device, text);
}

static void check_word(const char *text, const char *word)
{
    if (!strstr(text, word)) {
        g_test_message("'%s' does not say '%s'", text, word);
        g_test_fail();
    }
}

/* Status 1, and one line: what it says behind @option, which QEMU repeats */
static const char *message_of(int status, const char *text, const char *option)
{
    g_autofree char *prefix = g_strconcat(option, ": ", NULL);
    const char *newline = strchr(text, '\n');
    const char *message = strstr(text, prefix);

    g_test_message("%s", text);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    g_assert_nonnull(newline);
    g_assert_cmpstr(newline, ==, "\n");
    return message ? message + strlen(prefix) : text;
}

static void test_trial(const void *opaque)
{
    const Trial *t = opaque;
    g_autofree char *device = device_of(t);
    g_autofree char *text = NULL;
    int status = run(devices[t->device].before, device, &text);
    const char *message = message_of(status, text, device);

    /* QEMU's own properties are content with the option that is repeated */
    check_word(t->row->device ? message : text, t->row->property);
    if (t->row->legal) {
        check_word(message, t->row->legal);
    }
}

static void test_machine_trial(const void *opaque)
{
    const Trial *t = opaque;
    g_autofree char *machine = g_strdup_printf(
        ",cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=256M,%s%s=%s",
        t->row->with ?: "", t->row->property, t->value);
    g_autofree char *option = g_strconcat("-machine q35,cxl=on", machine,
                                          NULL);
    g_autofree char *text = NULL;
    int status = run_machine(machine, PORT, "pxb-cxl,bus=pcie.0,bus_nr=64",
                             &text);
    const char *message;

    message = message_of(status, text, option);
    check_word(message, t->row->property);
    if (t->row->legal) {
        check_word(message, t->row->legal);
    }
}

/* Each device is right as it stands, or its properties' cases mean nothing */
static void test_right(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
        g_autofree char *device = g_strdup_printf(
            "%s,%s%s", devices[i].name, devices[i].device,
            g_str_equal(devices[i].name, "cxl-type3")
            ? ",volatile-memdev=memory" : "");
        g_autofree char *text = NULL;

        g_assert_cmpint(run(devices[i].before, device, &text), ==, 0);
        g_assert_cmpstr(text, ==, "");
    }
}

static bool has_row(const char *device, const char *property)
{
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        if (g_str_equal(rows[i].property, property) &&
            (!rows[i].device || g_str_equal(rows[i].device, device))) {
            return true;
        }
    }
    return false;
}

static bool has_machine_row(const char *property)
{
    for (unsigned i = 0; i < ARRAY_SIZE(machine_rows); i++) {
        if (g_str_equal(machine_rows[i].property, property)) {
            return true;
        }
    }
    return false;
}

/* What q35 has of which the name begins with that of ours */
static void test_machine_rows(void)
{
    QTestState *qts = qtest_init("-machine q35,cxl=on");
    QDict *rsp = qtest_qmp(qts, "{'execute': 'qom-list',"
                           " 'arguments': {'path': '/machine'}}");
    const QListEntry *entry;
    unsigned nr = 0;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(rsp, "return"), entry) {
        const QDict *property = qobject_to(QDict, qlist_entry_obj(entry));
        const char *name = qdict_get_str(property, "name");

        if (g_str_has_prefix(name, "cxl") &&
            !g_str_has_prefix(qdict_get_str(property, "type"), "child<")) {
            nr++;
            if (!has_machine_row(name)) {
                g_test_message("the machine's %s has no row", name);
                g_test_fail();
            }
        }
    }
    g_assert_cmpuint(nr, >=, 2);
    qobject_unref(rsp);
    qtest_quit(qts);
}

static QList *properties_of(QTestState *qts, const char *device)
{
    QDict *rsp = qtest_qmp(qts, "{'execute': 'device-list-properties',"
                           " 'arguments': {'typename': %s}}", device);
    QList *list = qdict_get_qlist(rsp, "return");

    g_assert_nonnull(list);
    qobject_ref(list);
    qobject_unref(rsp);
    return list;
}

/* Legacy names of properties, which only take what the others take, too */
static bool is_legacy(const char *name)
{
    return g_str_has_prefix(name, "legacy-");
}

static void test_rows(void)
{
    QTestState *qts = qtest_init("-machine q35,cxl=on");

    for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
        QList *list = properties_of(qts, devices[i].name);
        const QListEntry *entry;

        QLIST_FOREACH_ENTRY(list, entry) {
            const char *name = qdict_get_str(
                qobject_to(QDict, qlist_entry_obj(entry)), "name");

            if (!is_legacy(name) && !has_row(devices[i].name, name)) {
                g_test_message("%s.%s has no row", devices[i].name, name);
                g_test_fail();
            }
        }
        qobject_unref(list);
    }
    qtest_quit(qts);
}

/* Properties that all devices have are tried with one that has them */
static unsigned device_for(QTestState *qts, const Row *row)
{
    for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
        QList *list = properties_of(qts, devices[i].name);
        const QListEntry *entry;
        bool has = false;

        QLIST_FOREACH_ENTRY(list, entry) {
            has |= g_str_equal(row->property, qdict_get_str(
                qobject_to(QDict, qlist_entry_obj(entry)), "name"));
        }
        qobject_unref(list);
        if (has && (!row->device || g_str_equal(row->device,
                                                devices[i].name))) {
            return i;
        }
    }
    g_error("no device has the property '%s'", row->property);
}

static void add_trials(void)
{
    QTestState *qts = qtest_init("-machine q35,cxl=on");

    for (unsigned r = 0; r < ARRAY_SIZE(rows); r++) {
        unsigned device = device_for(qts, &rows[r]);

        for (unsigned v = 0; v < VALUES_MAX && rows[r].values[v]; v++) {
            const Trial trial = { &rows[r], device, rows[r].values[v] };
            g_autofree char *path = g_strdup_printf(
                "/cxl/property/%u/%s/%s/%u", r, devices[device].name,
                rows[r].property, v);

            qtest_add_data_func_full(path, g_memdup2(&trial, sizeof(trial)),
                                     test_trial, g_free);
        }
    }
    qtest_quit(qts);
}

static void add_machine_trials(void)
{
    for (unsigned r = 0; r < ARRAY_SIZE(machine_rows); r++) {
        const Row *row = &machine_rows[r];

        for (unsigned v = 0; v < VALUES_MAX && row->values[v]; v++) {
            const Trial trial = { row, 0, row->values[v] };
            g_autofree char *path = g_strdup_printf(
                "/cxl/property/machine/%u/%s/%u", r, row->property, v);

            qtest_add_data_func_full(path, g_memdup2(&trial, sizeof(trial)),
                                     test_machine_trial, g_free);
        }
    }
}

int main(int argc, char **argv)
{
    int ret, fd;

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    fd = g_file_open_tmp("qcxl-XXXXXX", &rom, NULL);
    g_assert_cmpint(ftruncate(fd, 256 << 20), ==, 0);
    close(fd);
    qtest_add_func("/cxl/property/right", test_right);
    qtest_add_func("/cxl/property/rows", test_rows);
    qtest_add_func("/cxl/property/machine/rows", test_machine_rows);
    add_trials();
    add_machine_trials();
    ret = g_test_run();
    unlink(rom);
    g_free(rom);
    return ret;
}

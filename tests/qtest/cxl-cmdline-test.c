/*
 * QTest: CXL command lines, good and bad ones
 *
 * A bad one ends with status 1 and a message that names what is wrong; a
 * good one starts, and quits when it is told to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "libqtest.h"
#include "hw/cxl/spec/tables.h"

/* Text that QEMU reads on its QMP monitor: leave at once */
#define QUIT "{'execute':'qmp_capabilities'}{'execute':'quit'}"

static char *dir;

/**
 * Case: a command line
 * @args: the machine and devices; %s is the directory of files
 * @words: what the message must hold; NULL: the command line is good
 */
typedef struct Case {
    const char *name;
    const char *args;
    const char *words[3];
} Case;

#define MACHINE "-machine q35,cxl=on"
#define MAIN_HOST MACHINE ",cxl-main-host=on"
#define HB0 " -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=16"
#define HB1 " -device pxb-cxl,id=hb1,bus=pcie.0,bus_nr=64"
#define RP0 " -device cxl-rp,id=rp0,bus=hb0,chassis=0,slot=0,port=0"
#define RP1 " -device cxl-rp,id=rp1,bus=hb0,chassis=0,slot=1,port=1"
#define RAM(id, size) " -object memory-backend-ram,id=" id ",size=" size
#define MEM " -device cxl-type3,bus=rp0"
#define FMW ",cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size="
#define WINDOW(option) MACHINE FMW "256M,cxl-fmw.0." option HB0
#define PORTS MACHINE HB0 RP0 RP1
#define VMEM PORTS RAM("v0", "256M") MEM ",volatile-memdev=v0"
#define PART PORTS RAM("q0", "512M") RAM("l0", "128K") \
    MEM ",partitionable-memdev=q0,lsa=l0"
#define SWITCH PORTS " -device cxl-upstream,id=us0,bus=rp0"
#define DSP0 " -device cxl-downstream,id=ds0,bus=us0,chassis=0,slot=2,port=0"
/* m0 and m2 below hb0, m1 below hb1, and without a window or with one */
#define VREGION(option) MACHINE ",cxl-region.0." option HB0 HB1 RP0 RP1 \
    " -device cxl-rp,id=rp2,bus=hb1,chassis=0,slot=2,port=2" \
    RAM("v0", "256M") MEM ",id=m0,volatile-memdev=v0" \
    RAM("v1", "256M") " -device cxl-type3,bus=rp2,id=m1,volatile-memdev=v1" \
    RAM("v2", "512M") " -device cxl-type3,bus=rp1,id=m2,volatile-memdev=v2," \
    "hdm-decoders=1"
#define REGION(option) VREGION(option) " " MACHINE FMW "1G"
#define BRIDGE MACHINE " -device pxb-cxl,bus=pcie.0,bus_nr=16"

static const Case cases[] = {
    /* Windows */
    { "window/good", MACHINE FMW "512M" HB0 },
    { "window/size", MACHINE FMW "300M" HB0,
      { "cxl-fmw.0.size", "256 MiB" } },
    { "window/size-zero", MACHINE FMW "0" HB0, { "cxl-fmw.0.size" } },
    { "window/no-size", MACHINE ",cxl-fmw.0.targets.0=hb0" HB0, { "size" } },
    { "window/size-huge", MACHINE FMW "15E" HB0, { "cxl-fmw.0.size" } },
    { "window/unknown-target",
      MACHINE ",cxl-fmw.0.targets.0=nobody,cxl-fmw.0.size=256M" HB0,
      { "targets", "nobody" } },
    { "window/wrong-target",
      MACHINE ",cxl-fmw.0.targets.0=rp0,cxl-fmw.0.size=256M" HB0 RP0,
      { "targets", "rp0", "pxb-cxl" } },
    { "window/target-twice", MACHINE FMW "256M,cxl-fmw.0.targets.1=hb0" HB0,
      { "targets", "hb0", "twice" } },
    { "window/no-target", MACHINE ",cxl-fmw.0.size=256M" HB0, { "targets" } },
    { "window/five-targets",
      MACHINE FMW "256M,cxl-fmw.0.targets.1=b,cxl-fmw.0.targets.2=c,"
      "cxl-fmw.0.targets.3=d,cxl-fmw.0.targets.4=e" HB0,
      { "targets", "5", "1, 2, 3, 4, 6, 8, 12 and 16" } },
    { "window/granularity",
      MACHINE FMW "256M,cxl-fmw.0.interleave-granularity=100" HB0,
      { "interleave-granularity", "100", "16k" } },
    { "window/granularity-big",
      MACHINE FMW "256M,cxl-fmw.0.interleave-granularity=32k" HB0,
      { "interleave-granularity", "16k" } },
    { "window/granularity-good",
      MACHINE FMW "256M,cxl-fmw.0.interleave-granularity=16k" HB0 },
    { "window/arithmetic-modulo", WINDOW("interleave-arithmetic=modulo") },
    { "window/arithmetic-xor", WINDOW("interleave-arithmetic=xor") },
    { "window/arithmetic", WINDOW("interleave-arithmetic=and"),
      { "interleave-arithmetic", "and" } },
    { "window/arithmetic-empty", WINDOW("interleave-arithmetic="),
      { "interleave-arithmetic" } },
    { "window/restrictions-good", WINDOW("restrictions=0x3f") },
    { "window/restrictions-type2", WINDOW("restrictions=0x25") },
    { "window/restrictions-reserved", WINDOW("restrictions=0x46"),
      { "cxl-fmw.0.restrictions", "reserved", "0x3f" } },
    { "window/restrictions-coherence", WINDOW("restrictions=0xc"),
      { "cxl-fmw.0.restrictions", "0x1", "0x2" } },
    { "window/restrictions-media", WINDOW("restrictions=2"),
      { "cxl-fmw.0.restrictions", "0x4", "0x8" } },
    { "window/restrictions-back-invalidate", WINDOW("restrictions=0x26"),
      { "cxl-fmw.0.restrictions", "0x20", "0x1" } },
    { "window/restrictions-zero", WINDOW("restrictions=0"),
      { "cxl-fmw.0.restrictions" } },
    { "window/restrictions-big", WINDOW("restrictions=0x10000"),
      { "restrictions", "uint16" } },
    { "window/qtg-id-good", WINDOW("qtg-id=65535") },
    { "window/qtg-id-big", WINDOW("qtg-id=65536"), { "qtg-id", "uint16" } },
    { "window/qtg-id-negative", WINDOW("qtg-id=-1"), { "qtg-id" } },
    { "window/qtg-id-word", WINDOW("qtg-id=fast"), { "qtg-id" } },
    { "window/cxl-off",
      "-machine q35,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=256M",
      { "cxl=on" } },

    /* Regions that firmware maps */
    { "region/good", REGION("devices.0=m0") },
    { "region/auto", REGION("memory-map=ram") },
    { "region/cxl-off", "-machine q35,cxl-region.0.window=0",
      { "cxl-region", "cxl=on" } },
    { "region/no-window", VREGION("window=0"),
      { "cxl-region.0.window", "no window 0" } },
    { "region/window", REGION("window=1"),
      { "cxl-region.0.window", "no window 1", "there are 1" } },
    { "region/restrictions",
      VREGION("window=0") " " MACHINE FMW "1G,cxl-fmw.0.restrictions=0xa",
      { "cxl-region.0.window", "restrictions", "volatile" } },
    { "region/memory-map", REGION("memory-map=dram"),
      { "memory-map", "dram" } },
    { "region/state", REGION("state=broken"), { "state", "broken" } },
    { "region/state-ram", REGION("state=ports-only,cxl-region.0.memory-map="
                                 "ram"),
      { "cxl-region.0.memory-map", "none, reserved or soft-reserved",
        "ports-only" } },
    { "region/persistent-ram", REGION("persistent=on,cxl-region.0.memory-map="
                                      "ram"),
      { "cxl-region.0.memory-map", "none or reserved" } },
    { "region/persistent", REGION("persistent=on,cxl-region.0.devices.0=m0"),
      { "cxl-region.0.devices", "no persistent memory" } },
    { "region/granularity", REGION("interleave-granularity=300"),
      { "cxl-region.0.interleave-granularity", "300", "16k" } },
    { "region/unknown", REGION("devices.0=nobody"),
      { "cxl-region.0.devices", "nobody" } },
    { "region/wrong", REGION("devices.0=rp0"),
      { "cxl-region.0.devices", "rp0", "not a CXL memory device" } },
    { "region/twice", REGION("devices.0=m0,cxl-region.0.devices.1=m0"),
      { "cxl-region.0.devices", "m0", "twice" } },
    { "region/other-bridge", REGION("devices.0=m1"),
      { "cxl-region.0.devices", "device 0 is not below the host bridge" } },
    { "region/size", REGION("devices.0=m0,cxl-region.0.size=100M"),
      { "cxl-region.0.size", "256 MiB" } },
    { "region/size-alone", REGION("size=256M"),
      { "cxl-region.0.size", "cxl-region.0.devices" } },
    { "region/size-big", REGION("devices.0=m0,cxl-region.0.size=512M"),
      { "cxl-region.0.size", "0x10000000" } },
    { "region/again", REGION("devices.0=m0,cxl-region.1.devices.0=m0"),
      { "cxl-region.1.devices", "no volatile memory left" } },
    { "region/decoders", REGION("devices.0=m2,cxl-region.0.size=256M,"
                                "cxl-region.1.devices.0=m2"),
      { "cxl-region.1", "'m2' has only 1 HDM decoders" } },

    /* Host bridges and ports */
    { "bridge/cxl-off", "-machine q35" HB0, { "cxl=on" } },
    { "bridge/good", BRIDGE ",hdm-decoders=32" },
    { "bridge/decoders-3", BRIDGE ",hdm-decoders=3",
      { "hdm-decoders", "1, 2, 4, 6, 8, 10" } },
    { "bridge/decoders-0", BRIDGE ",hdm-decoders=0", { "hdm-decoders" } },
    { "bridge/decoders-33", BRIDGE ",hdm-decoders=33", { "hdm-decoders" } },
    { "bridge/same-bus", MACHINE HB0
      " -device pxb-cxl,bus=pcie.0,bus_nr=16", { "16", "in use" } },
    { "bridge/two", MACHINE HB0 HB1 RP0 },
    { "port/pcie-bus",
      MACHINE " -device cxl-rp,id=rp0,bus=pcie.0,chassis=0,slot=0",
      { "cxl-rp", "pcie.0", "cxl-main-host=on" } },
    { "main-host/good", MAIN_HOST ",cxl-fmw.0.targets.0=pcie.0,"
      "cxl-fmw.0.size=256M -device cxl-rp,bus=pcie.0,chassis=0,slot=0" },
    { "main-host/no-cxl", "-machine q35,cxl-main-host=on",
      { "cxl-main-host", "cxl=on" } },
    { "main-host/no-option",
      MACHINE ",cxl-fmw.0.targets.0=pcie.0,cxl-fmw.0.size=256M",
      { "targets.0", "pcie.0", "cxl-main-host=on" } },
    { "main-host/decoders-3",
      MAIN_HOST " -global cxl-main-host.hdm-decoders=3",
      { "hdm-decoders", "1, 2, 4, 6, 8, 10" } },
    { "main-host/device", MAIN_HOST " -device cxl-main-host",
      { "pluggable" } },
    { "port/pcie-endpoint", PORTS " -device e1000e,bus=rp0,romfile=" },
    { "port/same-number", MACHINE HB0 RP0
      " -device cxl-rp,bus=hb0,chassis=0,slot=1,port=0", { "port" } },

    /* Switches */
    { "switch/good", SWITCH ",sn=5,aer_log_max=4" },
    { "switch/run-qemu",
      PORTS " -device cxl-upstream,id=us0,port=4,bus=rp0,multifunction=on,"
      "addr=0.0,sn=12345678" DSP0 },
    { "switch/on-bridge", PORTS " -device cxl-upstream,bus=hb0",
      { "cxl-upstream", "cxl-rp", "hb0" } },
    { "switch/on-pcie-bus", PORTS " -device cxl-upstream,bus=pcie.0",
      { "cxl-upstream", "cxl-rp", "pcie.0" } },
    { "switch/on-switch", SWITCH " -device cxl-upstream,bus=us0",
      { "cxl-upstream", "cxl-downstream", "us0" } },
    { "switch/function", PORTS " -device cxl-upstream,bus=rp0,addr=0.1",
      { "addr", "0.1", "0.0" } },
    { "switch/decoders-32", SWITCH ",hdm-decoders=32" },
    { "switch/decoders-3", SWITCH ",hdm-decoders=3",
      { "hdm-decoders", "1, 2, 4, 6, 8, 10" } },
    { "switch/decoders-0", SWITCH ",hdm-decoders=0", { "hdm-decoders" } },
    { "switch/cdat", SWITCH ",cdat=%s/good" },
    { "switch/cdat-missing", SWITCH ",cdat=%s/missing",
      { "cdat", "missing" } },
    { "switch/aer-log", SWITCH ",aer_log_max=60000", { "aer_log_max" } },
    { "downstream/good", SWITCH DSP0 },
    { "downstream/two", SWITCH DSP0
      " -device cxl-downstream,bus=us0,chassis=0,slot=3" },
    { "downstream/same-number", SWITCH DSP0
      " -device cxl-downstream,bus=us0,chassis=0,slot=3,port=0",
      { "port", "ds0", "us0" } },
    { "downstream/same-slot", SWITCH DSP0
      " -device cxl-downstream,bus=us0,chassis=0,slot=2",
      { "cxl-downstream", "chassis", "slot 2" } },
    { "downstream/on-port", PORTS " -device cxl-downstream,bus=rp0",
      { "cxl-downstream", "cxl-upstream", "rp0" } },
    { "downstream/aer-log", SWITCH
      " -device cxl-downstream,bus=us0,aer_log_max=60000,slot=2",
      { "aer_log_max" } },
    { "downstream/pcie-endpoint", SWITCH DSP0
      " -device e1000e,bus=ds0,romfile=" },
    { "downstream/no-hotplug", SWITCH
      " -device cxl-downstream,bus=us0,hotplug=off,slot=2,x-speed=8,x-width=4"
    },

    /* Memory devices */
    { "type3/good", VMEM },
    { "type3/no-memory", PORTS MEM,
      { "volatile-memdev", "persistent-memdev" } },
    { "type3/unknown-backend", PORTS MEM ",volatile-memdev=nobody",
      { "nobody", "not found" } },
    { "type3/backend-twice",
      VMEM " -device cxl-type3,bus=rp1,volatile-memdev=v0",
      { "volatile-memdev", "v0", "in use" } },
    { "type3/backend-in-both",
      PORTS RAM("v0", "256M") RAM("l0", "128K")
      MEM ",volatile-memdev=v0,persistent-memdev=v0,lsa=l0",
      { "persistent-memdev", "v0" } },
    { "type3/backend-is-system-ram",
      "-machine q35,cxl=on,memory-backend=v0 -m 256M" RAM("v0", "256M")
      HB0 RP0 MEM ",volatile-memdev=v0", { "volatile-memdev", "v0" } },
    { "type3/no-lsa",
      PORTS RAM("p0", "256M") MEM ",persistent-memdev=p0", { "lsa" } },
    { "type3/lsa-twice",
      PORTS RAM("p0", "256M") RAM("p1", "256M") RAM("l0", "128K")
      MEM ",persistent-memdev=p0,lsa=l0"
      " -device cxl-type3,bus=rp1,persistent-memdev=p1,lsa=l0",
      { "lsa", "l0", "in use" } },
    { "type3/size",
      PORTS RAM("v0", "100M") MEM ",volatile-memdev=v0",
      { "volatile-memdev", "v0", "256 MiB" } },
    { "type3/size-persistent",
      PORTS RAM("p0", "384M") RAM("l0", "128K")
      MEM ",persistent-memdev=p0,lsa=l0",
      { "persistent-memdev", "p0", "256 MiB" } },
    { "type3/old-memdev",
      PORTS RAM("p0", "256M") RAM("l0", "128K") MEM ",memdev=p0,lsa=l0" },
    { "type3/memdev-and-persistent",
      PORTS RAM("p0", "256M") RAM("p1", "256M") RAM("l0", "128K")
      MEM ",memdev=p0,persistent-memdev=p1,lsa=l0",
      { "memdev", "persistent-memdev" } },
    { "type3/partitionable", PART },
    { "type3/partitionable-no-lsa",
      PORTS RAM("q0", "256M") MEM ",partitionable-memdev=q0", { "lsa" } },
    { "type3/partitionable-size",
      PORTS RAM("q0", "300M") RAM("l0", "128K")
      MEM ",partitionable-memdev=q0,lsa=l0",
      { "partitionable-memdev", "q0", "256 MiB" } },
    { "type3/partition-volatile", PART ",partition-volatile=256M" },
    { "type3/partition-volatile-none", PART ",partition-volatile=0" },
    { "type3/partition-volatile-alignment", PART ",partition-volatile=100M",
      { "partition-volatile", "256 MiB" } },
    { "type3/partition-volatile-big", PART ",partition-volatile=768M",
      { "partition-volatile", "536870912", "partitionable-memdev" } },
    { "type3/partition-volatile-alone", VMEM ",partition-volatile=0",
      { "partition-volatile", "partitionable-memdev" } },
    { "type3/decoders-good", VMEM ",hdm-decoders=1" },
    { "type3/decoders-5", VMEM ",hdm-decoders=5",
      { "hdm-decoders", "1, 2, 4, 6, 8 or 10" } },
    { "type3/decoders-12", VMEM ",hdm-decoders=12", { "hdm-decoders" } },
    { "type3/decoders-0", VMEM ",hdm-decoders=0", { "hdm-decoders" } },
    { "type3/event-log-depth-1", VMEM ",event-log-depth=1" },
    { "type3/event-log-depth-4096", VMEM ",event-log-depth=4096" },
    { "type3/event-log-depth-0", VMEM ",event-log-depth=0",
      { "event-log-depth", "1 to 4096" } },
    { "type3/event-log-depth-4097", VMEM ",event-log-depth=4097",
      { "event-log-depth", "1 to 4096" } },
    { "type3/speed", VMEM ",x-speed=3", { "x-speed" } },
    { "type3/width", VMEM ",x-width=7", { "x-width" } },

    /* CDAT files */
    { "cdat/good", VMEM ",cdat=%s/good" },
    { "cdat/missing", VMEM ",cdat=%s/missing", { "cdat", "missing" } },
    { "cdat/directory", VMEM ",cdat=%s", { "cdat" } },
    { "cdat/empty", VMEM ",cdat=%s/empty", { "cdat", "empty" } },
    { "cdat/short-header", VMEM ",cdat=%s/short-header",
      { "cdat", "cut short" } },
    { "cdat/cut-short", VMEM ",cdat=%s/cut-short", { "cdat", "cut short" } },
    { "cdat/checksum", VMEM ",cdat=%s/checksum", { "cdat", "checksum" } },
    { "cdat/type", VMEM ",cdat=%s/type", { "cdat", "type" } },
    { "cdat/entry-zero", VMEM ",cdat=%s/entry-zero", { "cdat", "length" } },
    { "cdat/entry-long", VMEM ",cdat=%s/entry-long", { "cdat", "length" } },
};

static char **command_line(const Case *c)
{
    g_auto(GStrv) parts = g_strsplit(c->args, "%s", 0);
    g_autofree char *args = g_strjoinv(dir, parts);
    g_autofree char *line = g_strdup_printf("%s -accel qtest -display none "
                                            "-nodefaults -S -qmp stdio %s",
                                            g_getenv("QTEST_QEMU_BINARY"),
                                            args);

    return g_strsplit(line, " ", 0);
}

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

/* The message alone, without the option that it repeats to say where */
static const char *message_of(const char *text, char **argv)
{
    for (; *argv; argv++) {
        g_autofree char *location = g_strconcat(*argv, ": ", NULL);
        const char *at = strstr(text, location);

        if (at) {
            text = at + strlen(location);
        }
    }
    return text;
}

static void check_message(const Case *c, const char *message)
{
    for (unsigned i = 0; i < ARRAY_SIZE(c->words) && c->words[i]; i++) {
        if (!strstr(message, c->words[i])) {
            g_test_message("'%s' is not in it", c->words[i]);
            g_test_fail();
        }
    }
}

static void test_case(const void *opaque)
{
    const Case *c = opaque;
    g_auto(GStrv) argv = command_line(c);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    int in, err, status;
    GPid pid;

    g_assert_true(g_spawn_async_with_pipes(NULL, argv, NULL,
                      G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, &pid, &in, NULL, &err, &error));
    /* It may be gone already, which is right for a bad command line */
    (void)!write(in, QUIT, strlen(QUIT));
    text = read_all(err);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    close(in);
    g_test_message("%s", text);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, c->words[0] ? 1 : 0);
    check_message(c, message_of(text, argv));
}

/* CDAT files: a good one of one structure, and its faults */

typedef struct Table {
    CXLCdatHeader header;
    CXLDsmas dsmas;
} Table;

static Table good_table(void)
{
    return (Table) {
        .header = {
            .length = cxl_le32(sizeof(Table)),
            .revision = CXL_CDAT_REVISION,
        },
        .dsmas = {
            .entry = { .type = CXL_CDAT_DSMAS,
                       .length = cxl_le16(sizeof(CXLDsmas)) },
            .dpa_length = cxl_le64(256 << 20),
        },
    };
}

static void write_table(const char *name, Table t, size_t len, uint8_t fault)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    const uint8_t *bytes = (const void *)&t;
    uint8_t sum = 0;

    for (size_t i = 0; i < sizeof(t); i++) {
        sum += bytes[i];
    }
    t.header.checksum = fault - sum;
    g_assert_true(g_file_set_contents(path, (char *)&t, len, NULL));
}

static void write_tables(void)
{
    Table t = good_table();

    write_table("good", t, sizeof(t), 0);
    write_table("empty", t, 0, 0);
    write_table("short-header", t, sizeof(t.header) - 1, 0);
    write_table("cut-short", t, sizeof(t) - 1, 0);
    write_table("checksum", t, sizeof(t), 1);
    t.dsmas.entry.type = CXL_CDAT_TYPES;
    write_table("type", t, sizeof(t), 0);
    t = good_table();
    t.dsmas.entry.length = cxl_le16(0);
    write_table("entry-zero", t, sizeof(t), 0);
    t.dsmas.entry.length = cxl_le16(sizeof(CXLDsmas) + 8);
    write_table("entry-long", t, sizeof(t), 0);
}

static void remove_tables(void)
{
    GDir *d = g_dir_open(dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(d))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        g_unlink(path);
    }
    g_dir_close(d);
    g_rmdir(dir);
    g_free(dir);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    dir = g_dir_make_tmp("qcxl-XXXXXX", NULL);
    g_assert_nonnull(dir);
    write_tables();
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/cmdline/%s",
                                                cases[i].name);

        qtest_add_data_func(path, &cases[i], test_case);
    }
    ret = g_test_run();
    remove_tables();
    return ret;
}

/*
 * QTest: regions that the machine maps before the guest runs
 *
 * What must stand in each register follows from the topology and from CXL
 * r3.1 9.13.1; data is looked for in the backing files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "libqos/cxl.h"
#include "libqos/fw_cfg.h"

/*
 * hb0: a and b below root ports 0 and 1; hb1: its only root port, 0, leads to
 * a switch with c, d and, if there is one, e. Devices are found in this order.
 */
enum { MEM_A, MEM_B, MEM_C, MEM_D, MEM_E };
/* Windows: over both, 512 bytes; over hb0; over hb1 */
enum { WIN_BOTH, WIN_HB0, WIN_HB1 };

#define MIB(n)  ((n) * QCXL_MIB)
/* CXL r3.1 8.2.4.20.7: encoded */
enum { IW1, IW2, IW4 };
enum { IG256, IG512, IG1K };

#define FOUR_WAYS \
    "cxl-region.0.devices.0=a,cxl-region.0.devices.1=c," \
    "cxl-region.0.devices.2=b,cxl-region.0.devices.3=d"

static QCXLTopology *topology(const char *props)
{
    QCXLTopology *t = qcxl_topology();
    static const char *const ids[] = { "a", "b", "c", "d" };
    static const char *const ports[] = { "rp0", "rp1", "sw.0", "sw.1" };

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 64, "");
    qcxl_root_port(t, "rp0", "hb0", ",port=0");
    qcxl_root_port(t, "rp1", "hb0", ",port=1");
    qcxl_root_port(t, "rp2", "hb1", ",port=0");
    qcxl_switch(t, "sw", "rp2", 3, "");
    for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
        qcxl_mem(t, ids[i], ports[i], 256, 256, props);
    }
    qcxl_window(t, 4096, "512", "hb0 hb1");
    qcxl_window(t, 2048, NULL, "hb0");
    qcxl_window(t, 2048, NULL, "hb1");
    return t;
}

static QCXL *boot(const char *props, const char *regions)
{
    QCXLTopology *t = topology(props);

    qcxl_args(t, "-machine %s", regions);
    return qcxl_boot(t);
}

static const QCXLComponent *mem(QCXL *q, unsigned n)
{
    return &qcxl_mem_at(q, n)->comp;
}

static const QCXLComponent *upstream(QCXL *q)
{
    return &qcxl_fn_at(q, QCXL_UPSTREAM_PORT, 0)->comp;
}

static const QCXLComponent *bridge(QCXL *q)
{
    return &q->bridges[0].comp;
}

static uint32_t control(QCXL *q, const QCXLComponent *c, unsigned n)
{
    return qcxl_read(q, qcxl_hdm_reg(c, n, CXL_HDM_CONTROL), 4);
}

static void expect_decoders(QCXL *q, const QCXLComponent *c, unsigned nr)
{
    for (unsigned n = 0; n < qcxl_hdm_count(q, c); n++) {
        g_assert_cmpint(qcxl_hdm_committed(q, c, n), ==, n < nr);
    }
}

/* Decoder @n is committed and holds @d */
static void expect_decoder(QCXL *q, const QCXLComponent *c, unsigned n,
                           QCXLDecoder d, bool endpoint)
{
    uint32_t ctrl = control(q, c, n);
    uint64_t last = qcxl_read(q, qcxl_hdm_reg(c, n, CXL_HDM_TARGET_LOW), 8);

    g_assert_cmphex(qcxl_read(q, qcxl_hdm_reg(c, n, CXL_HDM_BASE_LOW), 8), ==,
                    d.base);
    g_assert_cmphex(qcxl_read(q, qcxl_hdm_reg(c, n, CXL_HDM_SIZE_LOW), 8), ==,
                    d.size);
    g_assert_cmphex(last, ==, endpoint ? d.skip : d.targets);
    g_assert_cmpuint(FIELD_EX32(ctrl, CXL_HDM_CONTROL, IW), ==, d.ways);
    g_assert_cmpuint(FIELD_EX32(ctrl, CXL_HDM_CONTROL, IG), ==, d.granularity);
    g_assert_cmpuint(FIELD_EX32(ctrl, CXL_HDM_CONTROL, LOCK), ==, d.lock);
    g_assert_cmpuint(FIELD_EX32(ctrl, CXL_HDM_CONTROL, COMMIT), ==, 1);
    g_assert_cmpuint(FIELD_EX32(ctrl, CXL_HDM_CONTROL, COMMITTED), ==, 1);
    g_assert_cmpuint(FIELD_EX32(ctrl, CXL_HDM_CONTROL, HOST_ONLY), ==, 1);
}

/* CXL r3.1 8.1.3: Mem_Enable, HDM Decoder Enable, CONFIG_LOCK, Range n Base */
static void expect_enabled(QCXL *q, unsigned n, bool enabled, bool locked,
                           uint64_t base0, uint64_t base1)
{
    QCXLFn *fn = qcxl_mem_at(q, n);
    unsigned dvsec = qcxl_dvsec(fn, CXL_DVSEC_ID_DEVICE);
    uint16_t ctrl = qcxl_config_read(fn, dvsec + CXL_DEVICE_CONTROL, 2);
    uint16_t lock = qcxl_config_read(fn, dvsec + CXL_DEVICE_LOCK, 2);
    uint32_t global = qcxl_read(q, fn->comp.hdm + CXL_HDM_GLOBAL_CONTROL, 4);
    uint64_t base[] = { base0, base1 };

    g_assert_cmpuint(FIELD_EX16(ctrl, CXL_DEVICE_CONTROL, MEM_ENABLE), ==,
                     enabled);
    g_assert_cmpuint(FIELD_EX32(global, CXL_HDM_GLOBAL_CONTROL, ENABLE), ==,
                     enabled);
    g_assert_cmpuint(FIELD_EX16(lock, CXL_DEVICE_LOCK, CONFIG_LOCK), ==,
                     locked);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmphex(qcxl_config_read(
            fn, dvsec + CXL_DEVICE_RANGE_BASE_HIGH(i), 4), ==, base[i] >> 32);
        g_assert_cmphex(qcxl_config_read(
            fn, dvsec + CXL_DEVICE_RANGE_BASE_LOW(i), 4), ==,
            base[i] & CXL_DEVICE_RANGE_LOW_MASK);
    }
}

static void expect_four_ways_decoders(QCXL *q, bool lock)
{
    uint64_t base = q->windows[WIN_BOTH].base;
    QCXLDecoder port = {
        .base = base, .size = MIB(1024), .ways = IW2, .granularity = IG1K,
        .targets = 0x100, .lock = lock,
    };
    QCXLDecoder device = {
        .base = base, .size = MIB(1024), .ways = IW4, .granularity = IG512,
        .lock = lock,
    };

    expect_decoder(q, bridge(q), 0, port, false);
    expect_decoder(q, upstream(q), 0, port, false);
    g_assert_cmphex(q->bridges[1].comp.hdm, ==, 0);
    for (unsigned n = MEM_A; n <= MEM_D; n++) {
        expect_decoder(q, mem(q, n), 0, device, true);
        expect_decoders(q, mem(q, n), 1);
    }
}

static void expect_four_ways(QCXL *q, bool lock)
{
    expect_four_ways_decoders(q, lock);
    for (unsigned n = MEM_A; n <= MEM_D; n++) {
        expect_enabled(q, n, true, lock, q->windows[WIN_BOTH].base, 0);
    }
}

/* What stands at each offset of a region */
static uint64_t value_at(uint64_t offset)
{
    return offset * 0x9e3779b97f4a7c15 + 1;
}

static void fill(QCXL *q, uint64_t base)
{
    for (uint64_t offset = 0; offset < 64 * 512; offset += 256) {
        qcxl_write(q, base + offset, 8, value_at(offset));
    }
}

static void expect_filled(QCXL *q, uint64_t base)
{
    for (uint64_t offset = 0; offset < 64 * 512; offset += 256) {
        g_assert_cmphex(qcxl_read(q, base + offset, 8), ==, value_at(offset));
    }
}

static void expect_in_files(QCXL *q)
{
    static const char *const files[] = { "a.v", "c.v", "b.v", "d.v" };

    for (uint64_t offset = 0; offset < 64 * 512; offset += 256) {
        uint64_t turn = offset / 512, got;

        qcxl_file_read(q, files[turn % 4], turn / 4 * 512 + offset % 512,
                       &got, 8);
        g_assert_cmphex(le64_to_cpu(got), ==, value_at(offset));
    }
}

/* How the region at @base is mapped, which is whole */
static void expect_mapping(QCXL *q, uint64_t base, const char *mapping)
{
    QDict *answer = qtest_qmp(q->qts, "{ 'execute': 'query-cxl' }");
    QList *regions = qdict_get_qlist(qdict_get_qdict(answer, "return"),
                                     "regions");
    const QListEntry *e;
    unsigned found = 0;

    QLIST_FOREACH_ENTRY(regions, e) {
        QDict *region = qobject_to(QDict, qlist_entry_obj(e));

        if ((uint64_t)qdict_get_int(region, "base") == base) {
            g_assert_cmpstr(qdict_get_str(region, "mapping"), ==, mapping);
            g_assert_true(qdict_get_bool(region, "whole"));
            found++;
        }
    }
    g_assert_cmpuint(found, ==, 1);
    qobject_unref(answer);
}

/* From the first instruction on, and again after each reset */
static void test_mapped(gconstpointer props)
{
    QCXL *q = boot(props, FOUR_WAYS);
    uint64_t base = q->windows[WIN_BOTH].base;

    expect_four_ways(q, false);
    expect_mapping(q, base, *(const char *)props ? "io" : "view");
    fill(q, base);
    expect_filled(q, base);
    qcxl_reset(q);
    expect_four_ways(q, false);
    expect_filled(q, base);

    /* What the guest changes holds until the next reset */
    qcxl_hdm_uncommit(q, mem(q, MEM_C), 0);
    qcxl_hdm_uncommit(q, bridge(q), 0);
    g_assert_cmphex(qcxl_read(q, base, 8), ==, UINT64_MAX);
    expect_in_files(q);
    qcxl_reset(q);
    expect_four_ways(q, false);
    expect_filled(q, base);
    qcxl_quit(q);
}

static void test_locked(void)
{
    QCXL *q = boot("", FOUR_WAYS ",cxl-region.0.locked=on");
    QCXLFn *a = qcxl_mem_at(q, MEM_A);
    unsigned dvsec = qcxl_dvsec(a, CXL_DVSEC_ID_DEVICE);

    expect_four_ways(q, true);
    fill(q, q->windows[WIN_BOTH].base);
    qcxl_hdm_uncommit(q, bridge(q), 0);
    qcxl_hdm_uncommit(q, upstream(q), 0);
    for (unsigned n = MEM_A; n <= MEM_D; n++) {
        qcxl_hdm_uncommit(q, mem(q, n), 0);
        qcxl_mem_enable(qcxl_mem_at(q, n), false);
    }
    qcxl_config_write(a, dvsec + CXL_DEVICE_LOCK, 2, 0);
    expect_four_ways(q, true);
    expect_filled(q, q->windows[WIN_BOTH].base);
    qcxl_reset(q);
    expect_four_ways(q, true);
    qcxl_quit(q);
}

/* A saved machine goes on as it was, not as firmware would start it */
static void test_migrate(void)
{
    QCXL *q = boot("", FOUR_WAYS ",cxl-region.1.devices.0=b,"
                   "cxl-region.1.window=1,cxl-region.1.persistent=on");
    uint64_t base = q->windows[WIN_BOTH].base;

    fill(q, base);
    qcxl_hdm_uncommit(q, mem(q, MEM_B), 1);
    qcxl_hdm_uncommit(q, bridge(q), 1);
    qcxl_migrate(q);
    expect_four_ways_decoders(q, false);
    expect_filled(q, base);
    qcxl_reset(q);
    g_assert_true(qcxl_hdm_committed(q, mem(q, MEM_B), 1));
    g_assert_true(qcxl_hdm_committed(q, bridge(q), 1));
    qcxl_quit(q);
}

/* Volatile memory in one window, persistent memory in another, in two parts */
static void test_several(void)
{
    QCXL *q = boot("", "cxl-region.0.window=2,cxl-region.0.devices.0=d,"
                   "cxl-region.0.persistent=on,"
                   "cxl-region.1.window=0,cxl-region.1.devices.0=a,"
                   "cxl-region.1.devices.1=d,"
                   "cxl-region.2.window=1,cxl-region.2.devices.0=b,"
                   "cxl-region.2.persistent=on,"
                   "cxl-region.2.interleave-granularity=1k");
    const QCXLWindow *w = q->windows;

    expect_decoder(q, bridge(q), 0, (QCXLDecoder) {
        .base = w[WIN_BOTH].base, .size = MIB(512), .granularity = IG1K,
    }, false);
    expect_decoder(q, bridge(q), 1, (QCXLDecoder) {
        .base = w[WIN_HB0].base, .size = MIB(256), .granularity = IG1K,
        .targets = 1,
    }, false);
    expect_decoder(q, upstream(q), 1, (QCXLDecoder) {
        .base = w[WIN_HB1].base, .size = MIB(256), .targets = 1,
    }, false);
    expect_decoder(q, mem(q, MEM_A), 0, (QCXLDecoder) {
        .base = w[WIN_BOTH].base, .size = MIB(512), .ways = IW2,
        .granularity = IG512,
    }, true);
    /* Volatile memory that is not mapped is skipped */
    expect_decoder(q, mem(q, MEM_B), 0, (QCXLDecoder) {
        .base = w[WIN_HB0].base, .size = MIB(256), .skip = MIB(256),
        .granularity = IG1K,
    }, true);
    expect_decoders(q, bridge(q), 2);
    expect_decoders(q, upstream(q), 2);
    expect_decoders(q, mem(q, MEM_C), 0);
    expect_decoder(q, mem(q, MEM_D), 1, (QCXLDecoder) {
        .base = w[WIN_HB1].base, .size = MIB(256),
    }, true);
    expect_enabled(q, MEM_A, true, false, w[WIN_BOTH].base, 0);
    expect_enabled(q, MEM_B, true, false, 0, w[WIN_HB0].base);
    expect_enabled(q, MEM_C, false, false, 0, 0);
    expect_enabled(q, MEM_D, true, false, w[WIN_BOTH].base, w[WIN_HB1].base);
    qcxl_quit(q);
}

/* Devices of equal capacity take turns, as many as can; others get their own */
static void test_auto(void)
{
    QCXLTopology *t = topology("");
    QCXL *q;

    qcxl_mem(t, "e", "sw.2", 512, 0, "");
    qcxl_args(t, "-machine cxl-region.0.window=0,cxl-region.1.window=2");
    q = qcxl_boot(t);
    expect_four_ways(q, false);
    expect_decoder(q, upstream(q), 1, (QCXLDecoder) {
        .base = q->windows[WIN_HB1].base, .size = MIB(512), .targets = 2,
    }, false);
    expect_decoder(q, mem(q, MEM_E), 0, (QCXLDecoder) {
        .base = q->windows[WIN_HB1].base, .size = MIB(512),
    }, true);
    qcxl_quit(q);
}

/* What is not committed of the four ways, and whether they are ready */
typedef struct State {
    const char *name;
    bool no_ports;
    bool no_devices;
    bool last_missing;
    bool outside;
    bool not_ready;
} State;

static const State states[] = {
    { "devices-only", .no_ports = true },
    { "ports-only", .no_devices = true },
    { "member-missing", .last_missing = true },
    { "outside-window", .outside = true },
    { "not-ready", .not_ready = true },
};

static void expect_ready(QCXL *q, unsigned n, bool ready)
{
    QCXLFn *fn = qcxl_mem_at(q, n);
    unsigned dvsec = qcxl_dvsec(fn, CXL_DVSEC_ID_DEVICE);
    uint32_t low = qcxl_config_read(fn, dvsec + CXL_DEVICE_RANGE_SIZE_LOW(0),
                                    4);

    g_assert_cmpuint(FIELD_EX32(low, CXL_DEVICE_RANGE, ACTIVE), ==, ready);
}

static void test_state(gconstpointer opaque)
{
    const State *s = opaque;
    g_autofree char *args = g_strdup_printf(FOUR_WAYS ",cxl-region.0.state=%s",
                                            s->name);
    QCXL *q = boot("", args);
    const QCXLWindow *w = q->windows;

    for (unsigned round = 0; round < 2; round++) {
        for (unsigned n = MEM_A; n <= MEM_D; n++) {
            bool there = !s->no_devices && !(s->last_missing && n == MEM_D);

            g_assert_cmpint(qcxl_hdm_committed(q, mem(q, n), 0), ==, there);
            expect_ready(q, n, !s->not_ready);
            if (!s->outside) {
                expect_enabled(q, n, !s->no_devices, false,
                               s->no_devices ? 0 : w[WIN_BOTH].base, 0);
            }
        }
        g_assert_cmpint(qcxl_hdm_committed(q, bridge(q), 0), ==, !s->no_ports);
        g_assert_cmpint(qcxl_hdm_committed(q, upstream(q), 0), ==,
                        !s->no_ports);
        if (s->outside) {
            uint64_t base = qcxl_read(q, qcxl_hdm_reg(mem(q, MEM_A), 0,
                                                      CXL_HDM_BASE_LOW), 8);

            for (unsigned i = 0; i < q->nr_windows; i++) {
                g_assert_true(base >= w[i].base + w[i].size ||
                              base + MIB(1024) <= w[i].base);
            }
        }
        /* The turn of the last of the four */
        g_assert_cmphex(qcxl_read(q, w[WIN_BOTH].base + 3 * 512, 8), ==,
                        UINT64_MAX);
        qcxl_reset(q);
    }
    qcxl_quit(q);
}

typedef struct Entry {
    uint64_t address;
    uint64_t length;
    uint32_t type;
} QEMU_PACKED Entry;

/* The entry of a memory map that begins at @address: its type; 0 without */
static uint32_t map_type(QCXL *q, const char *file, uint64_t address,
                         uint64_t length)
{
    QFWCFG *fw_cfg = pc_fw_cfg_init(q->qts);
    g_autofree Entry *entries = g_new0(Entry, 256);
    size_t size = qfw_cfg_get_file(fw_cfg, file, entries,
                                   256 * sizeof(*entries));
    uint32_t type = 0;

    for (size_t i = 0; i < size / sizeof(*entries); i++) {
        if (le64_to_cpu(entries[i].address) == address) {
            g_assert_cmphex(le64_to_cpu(entries[i].length), ==, length);
            g_assert_cmpuint(type, ==, 0);
            type = le32_to_cpu(entries[i].type);
        }
    }
    pc_fw_cfg_uninit(fw_cfg);
    return type;
}

static void test_memory_map(void)
{
    QCXL *q = boot("", "cxl-region.0.window=1,cxl-region.0.devices.0=a,"
                   "cxl-region.0.memory-map=ram,"
                   "cxl-region.1.window=1,cxl-region.1.devices.0=b,"
                   "cxl-region.1.memory-map=reserved,"
                   "cxl-region.2.window=2,cxl-region.2.devices.0=c,"
                   "cxl-region.2.memory-map=soft-reserved,"
                   "cxl-region.3.window=2,cxl-region.3.devices.0=d");
    uint64_t one = q->windows[WIN_HB0].base, two = q->windows[WIN_HB1].base;
    static const char e820[] = "etc/e820", special[] = "etc/cxl-memory-map";

    g_assert_cmpuint(map_type(q, e820, one, MIB(256)), ==, 1);
    g_assert_cmpuint(map_type(q, e820, one + MIB(256), MIB(256)), ==, 2);
    g_assert_cmpuint(map_type(q, e820, two, MIB(256)), ==, 0);
    g_assert_cmpuint(map_type(q, e820, two + MIB(256), MIB(256)), ==, 0);
    g_assert_cmphex(map_type(q, special, two, MIB(256)), ==, 0xefffffff);
    g_assert_cmphex(map_type(q, special, one, MIB(256)), ==, 0);
    qcxl_quit(q);
}

/* A device that has gone takes its region along, at the next reset */
static void test_unplugged(void)
{
    QCXL *q = boot("", "cxl-region.0.window=1,cxl-region.0.devices.0=a,"
                   "cxl-region.1.window=1,cxl-region.1.devices.0=b");
    QCXLDecoder d = {
        .base = q->windows[WIN_HB0].base, .size = MIB(256), .targets = 0,
    };

    expect_decoder(q, mem(q, MEM_A), 0, d, true);
    qcxl_slot_eject(qcxl_port_at(q, 0), "a");
    qcxl_reset(q);
    d.base += MIB(256);
    d.targets = 1;
    expect_decoder(q, bridge(q), 0, d, false);
    expect_decoders(q, bridge(q), 1);
    /* b is the first device now */
    expect_decoder(q, mem(q, 0), 0, d, true);
    g_assert_cmphex(qcxl_read(q, d.base, 8), ==, 0);
    g_assert_cmphex(qcxl_read(q, d.base - MIB(256), 8), ==, UINT64_MAX);
    qcxl_quit(q);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_data_func("/cxl/region/mapped/fast", "", test_mapped);
    qtest_add_data_func("/cxl/region/mapped/io", ",fast-map=off", test_mapped);
    qtest_add_func("/cxl/region/locked", test_locked);
    qtest_add_func("/cxl/region/migrate", test_migrate);
    qtest_add_func("/cxl/region/several", test_several);
    qtest_add_func("/cxl/region/auto", test_auto);
    for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/region/state/%s",
                                                states[i].name);

        qtest_add_data_func(path, &states[i], test_state);
    }
    qtest_add_func("/cxl/region/memory-map", test_memory_map);
    qtest_add_func("/cxl/region/unplugged", test_unplugged);
    return g_test_run();
}

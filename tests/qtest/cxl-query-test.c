/*
 * QTest: query-cxl: what it says of a machine is what the machine is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qstring.h"
#include "libqos/cxl.h"

static QCXL *q;

/* In the order of the buses */
enum { MEM_0, MEM_1, MEM_2 };

static QDict *query(void)
{
    QDict *answer = qtest_qmp_assert_success_ref(q->qts,
                                                 "{'execute': 'query-cxl'}");

    g_assert_nonnull(answer);
    return answer;
}

/* The element of @list in @info whose @key is @value */
static QDict *find(QDict *info, const char *list, const char *key,
                   const char *value)
{
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(info, list), entry) {
        QDict *dict = qobject_to(QDict, qlist_entry_obj(entry));

        if (!g_strcmp0(qdict_get_try_str(dict, key), value)) {
            return dict;
        }
    }
    return NULL;
}

static QDict *nth(QDict *dict, const char *list, unsigned n)
{
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(dict, list), entry) {
        if (!n--) {
            return qobject_to(QDict, qlist_entry_obj(entry));
        }
    }
    return NULL;
}

static QDict *decoder(QDict *info, const char *list, const char *name,
                      unsigned n)
{
    QDict *dict = find(info, list, "name", name);

    g_assert_nonnull(dict);
    return nth(dict, "decoders", n);
}

#define assert_int(dict, key, value) \
    g_assert_cmphex(qdict_get_int(dict, key), ==, value)
#define assert_str(dict, key, value) \
    g_assert_cmpstr(qdict_get_try_str(dict, key), ==, value)
#define assert_bool(dict, key, value) \
    g_assert_cmpint(qdict_get_bool(dict, key), ==, value)

static void test_topology(void)
{
    static const char *const ports[][4] = {
        { "hb0", "host-bridge", NULL, NULL },
        { "rp0", "root-port", "hb0", "sw" },
        { "sw", "upstream-port", "rp0", NULL },
        { "sw.0", "downstream-port", "sw", "mem0" },
        { "sw.1", "downstream-port", "sw", "mem1" },
        { "rp1", "root-port", "hb0", "mem2" },
        { "rp2", "root-port", "hb0", NULL },
        { "rp3", "root-port", "hb0", "nic" },
        { "hb1", "host-bridge", NULL, NULL },
        { "rp4", "root-port", "hb1", NULL },
    };
    QDict *info = query(), *dict;
    unsigned n;

    for (n = 0; (dict = nth(info, "ports", n)); n++) {
        assert_str(dict, "name", ports[n][0]);
        assert_str(dict, "type", ports[n][1]);
        assert_str(dict, "parent", ports[n][2]);
        assert_str(dict, "below", ports[n][3]);
        g_assert_cmpuint(qlist_size(qdict_get_qlist(dict, "decoders")), ==,
                         n == 0 || n == 2 ? 10 : 0);
    }
    g_assert_cmpuint(n, ==, ARRAY_SIZE(ports));
    for (n = 0; (dict = nth(info, "devices", n)); n++) {
        g_autofree char *name = g_strdup_printf("mem%u", n);

        assert_str(dict, "name", name);
    }
    g_assert_cmpuint(n, ==, 3);
    assert_str(find(info, "devices", "name", "mem1"), "parent", "sw.1");
    assert_bool(find(info, "ports", "name", "hb0"), "passthrough", false);
    assert_bool(find(info, "ports", "name", "hb1"), "passthrough", true);
    assert_bool(find(info, "ports", "name", "rp3"), "below-cxl", false);
    assert_int(find(info, "ports", "name", "sw.1"), "number", 1);
    for (n = 0; n < q->nr_bridges; n++) {
        g_autofree char *name = g_strdup_printf("hb%u", n);

        dict = find(info, "ports", "name", name);
        assert_int(dict, "uid", q->bridges[n].uid);
        assert_int(dict, "registers", q->bridges[n].comp.base);
    }
    qobject_unref(info);
}

static void test_windows(void)
{
    QDict *info = query();

    for (unsigned n = 0; n < q->nr_windows; n++) {
        QDict *dict = nth(info, "windows", n);

        assert_int(dict, "index", n);
        assert_int(dict, "base", q->windows[n].base);
        assert_int(dict, "size", q->windows[n].size);
        assert_int(dict, "granularity", q->windows[n].granularity);
        assert_int(dict, "restrictions", 0xf);
        g_assert_cmpuint(qlist_size(qdict_get_qlist(dict, "targets")), ==,
                         q->windows[n].ways);
    }
    g_assert_null(nth(info, "windows", q->nr_windows));
    g_assert_null(nth(info, "regions", 0));
    qobject_unref(info);
}

static void test_device(void)
{
    QDict *info = query(), *dict;
    QDict *mem = find(info, "devices", "name", "mem1");

    assert_int(nth(mem, "partitions", 0), "size", QCXL_UNIT);
    assert_bool(nth(mem, "partitions", 0), "persistent", false);
    assert_int(nth(mem, "partitions", 1), "dpa", QCXL_UNIT);
    assert_int(nth(mem, "partitions", 1), "size", 2 * QCXL_UNIT);
    assert_bool(nth(mem, "partitions", 1), "persistent", true);
    assert_str(nth(mem, "backends", 1), "memdev", "mem1.p");
    assert_int(nth(mem, "backends", 1), "dpa", QCXL_UNIT);
    assert_int(mem, "lsa-size", QCXL_LSA_SIZE);
    assert_int(mem, "serial", 0x1234);
    assert_str(mem, "media", "ready");
    assert_bool(qdict_get_qdict(mem, "security"), "locked", false);
    assert_int(nth(mem, "event-logs", 1), "records", 0);
    g_assert_false(qdict_haskey(mem, "background"));
    qobject_unref(info);

    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-inject-poison',"
        " 'arguments': {'path': 'mem1', 'start': 64, 'length': 128}}");
    qtest_qmp_assert_success(q->qts, "{'execute':"
        " 'cxl-inject-general-media-event', 'arguments': {'path': 'mem1',"
        " 'log': 'warning', 'flags': 0, 'dpa': 0, 'descriptor': 0, 'type': 0,"
        " 'transaction-type': 0}}");
    qtest_qmp_assert_success(q->qts, "{'execute':"
        " 'cxl-inject-media-not-ready', 'arguments': {'path': 'mem1'}}");
    info = query();
    mem = find(info, "devices", "name", "mem1");
    dict = qdict_get_qdict(mem, "poison");
    assert_int(dict, "ranges", 1);
    assert_int(dict, "bytes", 128);
    assert_int(nth(mem, "event-logs", 1), "records", 1);
    assert_str(mem, "media", "not-ready");
    qobject_unref(info);
    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-clear-faults',"
                             " 'arguments': {'path': 'mem1'}}");
    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-clear-poison',"
        " 'arguments': {'path': 'mem1', 'start': 64, 'length': 128}}");
}

/* CXL r3.1 8.2.4.20: every field of a decoder, before and after its commit */
static void test_decoders(void)
{
    const QCXLComponent *comp = &qcxl_mem_at(q, MEM_2)->comp;
    QCXLDecoder d = {
        .base = q->windows[0].base, .size = 2 * QCXL_UNIT, .ways = 1,
        .granularity = 3, .skip = QCXL_UNIT, .targets = 0x0703, .lock = true,
    };
    QDict *info, *dict;

    qcxl_hdm_program(q, comp, 0, &d);
    info = query();
    dict = decoder(info, "devices", "mem2", 0);
    assert_int(dict, "base", d.base);
    assert_int(dict, "size", d.size);
    assert_int(dict, "ways", 2);
    assert_int(dict, "granularity", 2048);
    assert_int(dict, "skip", QCXL_UNIT);
    assert_bool(dict, "committed", false);
    g_assert_false(qdict_haskey(dict, "targets"));
    g_assert_false(qdict_haskey(dict, "why"));
    qobject_unref(info);

    /* Decoder 1 is not the first that can be committed */
    g_assert_false(qcxl_hdm_commit(q, comp, 1, &d));
    g_assert_true(qcxl_hdm_commit(q, comp, 0, &d));
    qcxl_hdm_program(q, &q->bridges[0].comp, 9, &d);
    info = query();
    dict = decoder(info, "devices", "mem2", 0);
    assert_bool(dict, "committed", true);
    assert_bool(dict, "locked", true);
    assert_int(dict, "dpa", QCXL_UNIT);
    dict = decoder(info, "devices", "mem2", 1);
    assert_bool(dict, "error", true);
    g_assert_nonnull(strstr(qdict_get_str(dict, "why"), "CXL r3.1 8.2.4.20"));
    dict = decoder(info, "ports", "hb0", 9);
    g_assert_cmpuint(qlist_size(qdict_get_qlist(dict, "targets")), ==, 2);
    g_assert_false(qdict_haskey(dict, "dpa"));
    qobject_unref(info);

    /* Reserved encodings are shown as such */
    d.ways = 5;
    d.granularity = 7;
    qcxl_hdm_program(q, &q->bridges[0].comp, 9, &d);
    info = query();
    dict = decoder(info, "ports", "hb0", 9);
    g_assert_false(qdict_haskey(dict, "ways"));
    g_assert_false(qdict_haskey(dict, "granularity"));
    qobject_unref(info);
    qcxl_reset(q);
}

static QDict *only_region(QDict *info, const char *mapping, unsigned missing)
{
    QDict *dict = nth(info, "regions", 0);

    g_assert_null(nth(info, "regions", 1));
    assert_int(dict, "window", 0);
    assert_int(dict, "base", q->windows[0].base);
    assert_str(dict, "mapping", mapping);
    assert_int(dict, "missing", missing);
    assert_bool(dict, "whole", !missing);
    g_assert_cmpint(qdict_haskey(dict, "why"), ==,
                    g_str_equal(mapping, "io"));
    return dict;
}

static void test_regions(void)
{
    QCXLDecoder d = { .base = q->windows[0].base, .size = QCXL_UNIT };
    const QCXLComponent *hb = &q->bridges[0].comp;
    QDict *info, *dict;

    qcxl_commit_to(q, hb, d, 1);
    qcxl_commit_mem(q, MEM_2, d);
    info = query();
    dict = only_region(info, "alias", 0);
    assert_int(dict, "size", QCXL_UNIT);
    assert_int(dict, "turns", 1);
    assert_str(nth(dict, "members", 0), "device", "mem2");
    assert_int(nth(dict, "members", 0), "dpa", 0);
    qobject_unref(info);

    /* With one of two members, and with both, in the order of the targets */
    qcxl_reset(q);
    d.size = 2 * QCXL_UNIT;
    qcxl_commit_to(q, hb, d, 0);
    d.ways = 1;
    qcxl_commit_to(q, &qcxl_fn_at(q, QCXL_UPSTREAM_PORT, 0)->comp, d, 0x0001);
    qcxl_commit_mem(q, MEM_0, d);
    info = query();
    dict = only_region(info, "io", 1);
    assert_int(dict, "turns", 2);
    g_assert_null(nth(dict, "members", 1));
    qobject_unref(info);
    qcxl_commit_mem(q, MEM_1, d);
    info = query();
    dict = only_region(info, "view", 0);
    assert_str(nth(dict, "members", 0), "device", "mem1");
    assert_str(nth(dict, "members", 1), "device", "mem0");
    assert_int(nth(dict, "members", 1), "ways", 2);
    qobject_unref(info);

    qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-inject-poison',"
        " 'arguments': {'path': 'mem0', 'start': 0, 'length': 64}}");
    info = query();
    assert_int(only_region(info, "view", 0), "holes", 1);
    qobject_unref(info);
    qcxl_reset(q);
    info = query();
    g_assert_null(nth(info, "regions", 0));
    qobject_unref(info);
}

/* Events */

/* Of one kind: how many have come and were not asked for, and the last one */
typedef struct Events {
    const char *name;
    unsigned nr;
    QDict *last;
} Events;

static Events decoder_changes = { "CXL_DECODER_CHANGE" };
static Events region_changes = { "CXL_REGION_CHANGE" };

static bool got_event(QTestState *qts, const char *name, QDict *event,
                      void *opaque)
{
    Events *e = g_str_equal(name, decoder_changes.name) ? &decoder_changes
              : g_str_equal(name, region_changes.name) ? &region_changes
                                                       : NULL;

    if (e) {
        qobject_unref(e->last);
        e->last = qobject_ref(event);
        e->nr++;
    }
    return e;
}

/* How many of them are there, and the last one */
static unsigned events(Events *e, QDict **last)
{
    unsigned nr;

    qtest_qmp_assert_success(q->qts, "{'execute': 'query-status'}");
    nr = e->nr;
    *last = e->last;
    e->last = NULL;
    e->nr = 0;
    return nr;
}

static unsigned decoder_events(QDict **last)
{
    return events(&decoder_changes, last);
}

static void assert_decoder_event(const char *name, unsigned n, bool committed)
{
    QDict *event = NULL, *data;

    g_assert_cmpuint(decoder_events(&event), ==, 1);
    data = qdict_get_qdict(event, "data");
    assert_str(data, "name", name);
    assert_int(data, "decoder", n);
    assert_bool(data, "committed", committed);
    g_assert_true(qdict_haskey(data, "qom-path"));
    qobject_unref(event);
}

static void assert_region_event(uint64_t size, bool whole)
{
    QDict *event = NULL, *data;

    g_assert_cmpuint(events(&region_changes, &event), ==, 1);
    data = qdict_get_qdict(event, "data");
    assert_int(data, "base", q->windows[0].base);
    assert_int(data, "size", size);
    assert_bool(data, "whole", whole);
    qobject_unref(event);
}

/* Events are held back for a second at most */
static void pass_second(void)
{
    qtest_clock_step(q->qts, 2 * 1000 * 1000 * 1000LL);
}

static void forget_events(void)
{
    QDict *last;

    pass_second();
    events(&decoder_changes, &last);
    qobject_unref(last);
    events(&region_changes, &last);
    qobject_unref(last);
    pass_second();
}

static void test_events(void)
{
    QCXLDecoder d = { .base = q->windows[0].base, .size = QCXL_UNIT };
    const QCXLComponent *hb = &q->bridges[0].comp;
    QDict *last;

    qtest_qmp_set_event_callback(q->qts, got_event, NULL);
    forget_events();
    qcxl_commit_to(q, hb, d, 1);
    assert_decoder_event("hb0", 0, true);
    qcxl_commit_mem(q, MEM_2, d);
    assert_decoder_event("mem2", 0, true);
    assert_region_event(QCXL_UNIT, true);

    pass_second();
    qcxl_hdm_uncommit(q, hb, 0);
    assert_decoder_event("hb0", 0, false);
    assert_region_event(QCXL_UNIT, false);

    /* However often it does, it is told of once a second, and how it ends */
    pass_second();
    for (unsigned i = 0; i < 100; i++) {
        qcxl_commit_to(q, hb, d, 1);
        qcxl_hdm_uncommit(q, hb, 0);
    }
    qcxl_commit_to(q, hb, d, 1);
    g_assert_cmpuint(decoder_events(&last), ==, 1);
    qobject_unref(last);
    pass_second();
    assert_decoder_event("hb0", 0, true);
    pass_second();
    g_assert_cmpuint(decoder_events(&last), ==, 0);

    /* Another decoder does not wait for this one */
    qcxl_hdm_uncommit(q, hb, 0);
    qcxl_hdm_uncommit(q, &qcxl_mem_at(q, MEM_2)->comp, 0);
    g_assert_cmpuint(decoder_events(&last), ==, 2);
    qobject_unref(last);
    qcxl_reset(q);
    forget_events();
    qtest_qmp_set_event_callback(q->qts, NULL, NULL);
}

/* A device that has gone is not there, and nothing says that it is */
static void test_unplug(void)
{
    QCXLDecoder d = { .base = q->windows[0].base, .size = QCXL_UNIT };
    QDict *info;

    qcxl_commit_to(q, &q->bridges[0].comp, d, 1);
    qcxl_commit_mem(q, MEM_2, d);
    info = query();
    only_region(info, "alias", 0);
    qobject_unref(info);
    qcxl_slot_eject(qcxl_mem_at(q, MEM_2)->port, "mem2");
    info = query();
    g_assert_null(find(info, "devices", "name", "mem2"));
    g_assert_null(qdict_get_try_str(find(info, "ports", "name", "rp1"),
                                    "below"));
    g_assert_null(nth(info, "regions", 0));
    qobject_unref(info);
}

/* Names */

static void assert_columns(QTestState *qts, const char *command)
{
    g_autofree char *text = qtest_hmp(qts, "%s", command);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

    g_assert_cmpuint(g_strv_length(lines), >, 3);
    for (unsigned i = 0; lines[i]; i++) {
        g_assert_cmpuint(strlen(lines[i]), <=, 100);
    }
}

/* However long names are and however deep the tree is */
static void test_columns(void)
{
    QCXLTopology *t = qcxl_topology();
    g_autofree char *name = g_strnfill(60, 'x');
    g_autofree char *mem = g_strnfill(150, 'm');
    g_autofree char *port = g_strdup("rp0");
    g_autofree char *command = NULL;
    QCXL *other;

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, port, "hb0", "");
    for (unsigned n = 0; n < 20; n++) {
        g_autofree char *id = g_strdup_printf("sw%u%s", n, name);

        qcxl_switch(t, id, port, 1, "");
        g_free(port);
        port = g_strdup_printf("%s.0", id);
    }
    qcxl_mem(t, mem, port, 256, 0, "");
    qcxl_window(t, 1024, "256", "hb0");
    other = qcxl_boot(t);
    assert_columns(other->qts, "info cxl");
    command = g_strdup_printf("info cxl-decode 0x%" PRIx64,
                              other->windows[0].base);
    assert_columns(other->qts, command);
    qcxl_quit(other);
}

/* Other machines have nothing to show */
static void test_without(void)
{
    static const char *const machines[] = { "q35", "q35,cxl=on", "none" };

    for (unsigned n = 0; n < ARRAY_SIZE(machines); n++) {
        QTestState *qts = qtest_initf("-machine %s", machines[n]);
        QDict *info = qtest_qmp_assert_success_ref(
            qts, "{'execute': 'query-cxl'}");

        g_assert_true(qlist_empty(qdict_get_qlist(info, "windows")));
        g_assert_true(qlist_empty(qdict_get_qlist(info, "ports")));
        g_assert_true(qlist_empty(qdict_get_qlist(info, "devices")));
        g_assert_true(qlist_empty(qdict_get_qlist(info, "regions")));
        qobject_unref(info);
        qtest_quit(qts);
    }
}

static QCXLTopology *topology(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", ",port=0");
    qcxl_switch(t, "sw", "rp0", 2, "");
    qcxl_mem(t, "mem0", "sw.0", 512, 0, "");
    qcxl_mem(t, "mem1", "sw.1", 256, 512, ",sn=0x1234");
    qcxl_root_port(t, "rp1", "hb0", ",port=1");
    qcxl_mem(t, "mem2", "rp1", 512, 0, "");
    qcxl_root_port(t, "rp2", "hb0", ",port=2");
    qcxl_root_port(t, "rp3", "hb0", ",port=3");
    qcxl_args(t, "-device e1000e,id=nic,bus=rp3");
    qcxl_bridge(t, "hb1", 64, "");
    qcxl_root_port(t, "rp4", "hb1", ",port=9");
    qcxl_window(t, 2048, "256", "hb0");
    qcxl_window(t, 1024, "4k", "hb0 hb1");
    return t;
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    q = qcxl_boot(topology());
    qtest_add_func("/cxl/query/topology", test_topology);
    qtest_add_func("/cxl/query/windows", test_windows);
    qtest_add_func("/cxl/query/device", test_device);
    qtest_add_func("/cxl/query/decoders", test_decoders);
    qtest_add_func("/cxl/query/regions", test_regions);
    qtest_add_func("/cxl/query/events", test_events);
    qtest_add_func("/cxl/query/unplug", test_unplug);
    qtest_add_func("/cxl/query/columns", test_columns);
    qtest_add_func("/cxl/query/without", test_without);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

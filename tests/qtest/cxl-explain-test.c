/*
 * QTest: query-cxl-decode and info cxl-decode on random machines
 *
 * What they say of a healthy region is compared with what accesses do. Then
 * one thing after the other is broken, and they have to name it: the test
 * knows what it is, because it did it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qstring.h"
#include "cxl/explain-machine.h"

#define MACHINES        10
#define MISTAKES        6
#define ADDRESSES       60
#define COLUMNS         100
#define NOT_HERE        NULL

static QCXL *q;
static unsigned found, addresses;

/* Answers */

static QDict *decode(uint64_t hpa)
{
    return qtest_qmp_assert_success_ref(q->qts,
        "{'execute': 'query-cxl-decode', 'arguments': {'address': %" PRIu64
        "}}", hpa);
}

static QDict *first_problem(QDict *info)
{
    QListEntry *entry = QTAILQ_FIRST(&qdict_get_qlist(info, "problems")->head);

    return entry ? qobject_to(QDict, qlist_entry_obj(entry)) : NULL;
}

static void assert_columns(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

    for (unsigned i = 0; lines[i]; i++) {
        g_assert_cmpuint(strlen(lines[i]), <=, COLUMNS);
    }
}

static void check_info_cxl(void)
{
    g_autofree char *text = qtest_hmp(q->qts, "info cxl");

    assert_columns(text);
    g_assert_nonnull(strstr(text, "window 0: 0x"));
    g_assert_nonnull(strstr(text, "hb0: host bridge"));
}

/* Healthy: what is said is what accesses find */
static void check_address(uint64_t hpa)
{
    uint64_t value = (uint64_t)g_test_rand_int() << 32 | hpa, got = 0;
    QDict *info = decode(hpa), *back;
    const char *device = qdict_get_str(info, "device");

    g_assert_cmpstr(qdict_get_str(info, "outcome"), ==, "device");
    g_assert_null(first_problem(info));
    qcxl_write(q, hpa, 8, value);
    g_assert_cmphex(qcxl_read(q, hpa, 8), ==, value);
    qcxl_file_read(q, qdict_get_str(info, "memdev"),
                   qdict_get_int(info, "offset"), &got, sizeof(got));
    g_assert_cmphex(le64_to_cpu(got), ==, value);

    back = qtest_qmp_assert_success_ref(q->qts,
        "{'execute': 'query-cxl-decode', 'arguments': {'device': %s, 'dpa': %"
        PRId64 "}}", device, qdict_get_int(info, "dpa"));
    g_assert_cmphex(qdict_get_int(back, "address"), ==, hpa);
    g_assert_cmpstr(qdict_get_str(back, "device"), ==, device);
    qobject_unref(back);
    qobject_unref(info);
    addresses++;
}

/* What is next to the region decodes to nothing, and is said to */
static void check_miss(const Machine *m, uint64_t hpa)
{
    QDict *info = decode(hpa);

    g_assert_cmpstr(qdict_get_str(info, "outcome"), ==, "miss");
    g_assert_nonnull(first_problem(info));
    g_assert_cmphex(qcxl_read(q, hpa, 8), ==, UINT64_MAX);
    qobject_unref(info);
}

static void check_healthy(const Machine *m)
{
    for (unsigned i = 0; i < ADDRESSES; i++) {
        check_address(machine_address(m));
    }
    check_miss(m, m->region.base - 8);
    check_miss(m, m->region.base + m->region.size);
    check_info_cxl();
}

/* Mistakes */

/**
 * Mistake: something that is wrong on the way of @hpa
 * @part, @turn: with whom, and which target has the turn there
 * @kind, @culprit, @decoder: what is to be said; @decoder -1: none
 * @access: accesses succeed all the same
 */
typedef struct Mistake {
    Machine *m;
    uint64_t hpa;
    Part *part;
    unsigned turn;
    const char *kind;
    const char *culprit;
    int decoder;
    bool access;
} Mistake;

static bool is_device(const Mistake *w)
{
    return !w->part->nr;
}

static void put_again(Mistake *w)
{
    qcxl_hdm_uncommit(q, w->part->comp, 0);
    machine_put(w->m, w->part);
}

static bool make_uncommitted(Mistake *w)
{
    qcxl_hdm_uncommit(q, w->part->comp, 0);
    w->kind = "not-committed";
    return true;
}

static bool make_refused(Mistake *w)
{
    qcxl_hdm_uncommit(q, w->part->comp, 0);
    w->part->d.ways = 7;
    g_assert_false(qcxl_hdm_commit(q, w->part->comp, 0, &w->part->d));
    w->kind = "refused";
    return true;
}

static bool make_no_port(Mistake *w)
{
    if (is_device(w)) {
        return false;
    }
    w->part->d.targets &= ~(0xffull << 8 * w->turn);
    w->part->d.targets |= (uint64_t)NO_PORT << 8 * w->turn;
    put_again(w);
    w->kind = "no-port";
    return true;
}

static bool make_wrong_target(Mistake *w)
{
    if (is_device(w) || !w->m->spare) {
        return false;
    }
    w->part->d.targets &= ~(0xffull << 8 * w->turn);
    w->part->d.targets |= (uint64_t)SPARE_PORT << 8 * w->turn;
    put_again(w);
    w->kind = "wrong-target";
    return true;
}

static bool make_granularity(Mistake *w)
{
    unsigned old = w->part->d.granularity;

    if (!w->part->d.ways) {
        return false;
    }
    while (w->part->d.granularity == old) {
        w->part->d.granularity = g_test_rand_int_range(0, 7);
    }
    put_again(w);
    w->kind = "wrong-granularity";
    w->access = true;
    return true;
}

static bool make_ways(Mistake *w)
{
    if (!is_device(w) && !w->part->d.ways) {
        return false;
    }
    /* Fewer ways take more of a device, which has a GiB */
    w->part->d.ways = is_device(w) && w->part->d.size > 4 * QCXL_UNIT
                          ? w->part->d.ways + 1
                      : w->part->d.ways ? w->part->d.ways - 1 : 1;
    put_again(w);
    w->kind = "wrong-ways";
    w->access = true;
    return true;
}

/* Two alone that contradict each other are both suspicious */
static bool make_range(Mistake *w)
{
    if (w->m->devices <= 2) {
        return false;
    }
    w->part->d.base -= QCXL_UNIT;
    put_again(w);
    w->kind = "range";
    w->access = w->hpa < w->part->d.base + w->part->d.size;
    return true;
}

static bool make_mem_disabled(Mistake *w)
{
    if (!is_device(w)) {
        return false;
    }
    qcxl_mem_enable(w->part->fn, false);
    w->kind = "mem-disabled";
    w->decoder = -1;
    return true;
}

static bool make_hdm_disabled(Mistake *w)
{
    if (!is_device(w)) {
        return false;
    }
    qcxl_hdm_enable(q, w->part->comp, false);
    w->kind = "hdm-disabled";
    w->decoder = -1;
    return true;
}

static bool make_not_ready(Mistake *w)
{
    if (!is_device(w)) {
        return false;
    }
    qtest_qmp_assert_success(q->qts, "{'execute':"
        " 'cxl-inject-media-not-ready', 'arguments': {'path': %s}}",
        w->part->id);
    w->kind = "not-ready";
    w->decoder = -1;
    return true;
}

static bool make_poison(Mistake *w)
{
    QDict *info = decode(w->hpa);

    if (is_device(w)) {
        qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-inject-poison',"
            " 'arguments': {'path': %s, 'start': %" PRId64 ", 'length': 64}}",
            w->part->id, qdict_get_int(info, "dpa") & ~(int64_t)63);
    }
    qobject_unref(info);
    w->kind = "poison";
    w->decoder = -1;
    return is_device(w);
}

/* The last one that is made with a machine */
static bool make_unplugged(Mistake *w)
{
    if (!is_device(w)) {
        return false;
    }
    w->culprit = w->part->fn->port ? "rp" : NOT_HERE;
    qcxl_slot_eject(w->part->fn->port, w->part->id);
    w->kind = "empty-port";
    w->decoder = -1;
    return true;
}

static bool (*const makers[])(Mistake *w) = {
    make_uncommitted, make_refused, make_no_port, make_wrong_target,
    make_granularity, make_ways, make_range, make_mem_disabled,
    make_hdm_disabled, make_not_ready, make_poison,
};

static void clear(Mistake *w)
{
    if (g_str_equal(w->kind, "not-ready")) {
        qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-clear-faults',"
                                 " 'arguments': {'path': %s}}", w->part->id);
    } else if (g_str_equal(w->kind, "poison")) {
        qtest_qmp_assert_success(q->qts, "{'execute': 'cxl-clear-poison',"
            " 'arguments': {'path': %s, 'start': 0, 'length': 1073741824}}",
            w->part->id);
    }
    qcxl_reset(q);
    machine_program(w->m);
}

static void assert_named(const Mistake *w)
{
    QDict *info = decode(w->hpa), *problem = first_problem(info);
    g_autofree char *text = qtest_hmp(q->qts, "info cxl-decode 0x%" PRIx64,
                                      w->hpa);
    g_autofree char *claim = NULL;
    int decoder;

    g_assert_nonnull(problem);
    decoder = qdict_get_try_int(problem, "decoder", -1);
    claim = g_strdup_printf("%s %s %d", qdict_get_str(problem, "kind"),
                            qdict_get_try_str(problem, "component"), decoder);
    {
        g_autofree char *truth = g_strdup_printf("%s %s %d", w->kind,
                                                 w->culprit, w->decoder);

        if (!g_str_equal(claim, truth)) {
            g_test_message("0x%" PRIx64 ": %s", w->hpa, text);
        }
        g_assert_cmpstr(claim, ==, truth);
    }
    assert_columns(text);
    g_assert_nonnull(strstr(text, w->kind));
    g_assert_nonnull(strstr(text, w->culprit));
    g_assert_nonnull(strstr(qdict_get_str(problem, "text"), w->culprit));
    if (!w->access) {
        g_assert_cmpstr(qdict_get_str(info, "outcome"), !=, "device");
        g_assert_cmphex(qcxl_read(q, w->hpa, 8), ==, UINT64_MAX);
    }
    qobject_unref(info);
}

/* Something that can be broken, by @make; false when it cannot */
static bool break_something(Machine *m, bool (*make)(Mistake *w))
{
    Mistake w = { .m = m, .hpa = machine_address(m) };

    w.part = machine_way(m, w.hpa, g_test_rand_int_range(0, 3), &w.turn);
    w.culprit = w.part->id;
    if (!w.part->comp->hdm || !make(&w)) {
        return false;
    }
    if (g_str_equal(w.kind, "empty-port")) {
        w.culprit = machine_port_of(m, w.part);
    }
    assert_named(&w);
    check_info_cxl();
    found++;
    if (!g_str_equal(w.kind, "empty-port")) {
        clear(&w);
    }
    return true;
}

/* Random numbers begin anew with each test: here each begins elsewhere */
static void test_machine(const void *opaque)
{
    unsigned skip = GPOINTER_TO_UINT(opaque) * 10007;
    Machine *m;

    while (skip--) {
        g_test_rand_int();
    }
    m = machine_new();
    q = m->q;
    machine_program(m);
    check_healthy(m);
    for (unsigned i = 0; i < MISTAKES; ) {
        i += break_something(m, makers[g_test_rand_int_range(
                                           0, ARRAY_SIZE(makers))]);
    }
    check_healthy(m);
    if (m->devices > 1) {
        while (!break_something(m, make_unplugged)) {
        }
    }
    machine_free(m);
}

static void test_total(void)
{
    g_test_message("%u mistakes found, %u addresses checked", found,
                   addresses);
    g_assert_cmpuint(found, >=, 50);
}

/* What cannot be asked */
static void test_arguments(void)
{
    static const char *const bad[] = {
        "{}", "{'device': 'mem0'}", "{'dpa': 0}",
        "{'address': 0, 'dpa': 0}",
        "{'address': 0, 'device': 'mem0', 'dpa': 0}",
        "{'device': 'nobody', 'dpa': 0}",
    };
    Machine *m = machine_new();

    q = m->q;
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *json = g_strdup_printf(
            "{'execute': 'query-cxl-decode', 'arguments': %s}", bad[i]);
        QDict *answer = qtest_qmp(q->qts, json, NULL);

        g_assert_true(qdict_haskey(answer, "error"));
        qobject_unref(answer);
    }
    {
        QDict *info = decode(0);

        g_assert_cmpstr(qdict_get_str(first_problem(info), "kind"), ==,
                        "outside");
        qobject_unref(info);
        info = decode(UINT64_MAX);
        g_assert_cmpstr(qdict_get_str(info, "outcome"), ==, "miss");
        qobject_unref(info);
    }
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cxl/explain/arguments", test_arguments);
    for (unsigned i = 0; i < MACHINES; i++) {
        g_autofree char *path = g_strdup_printf("/cxl/explain/machine-%u", i);

        qtest_add_data_func(path, GUINT_TO_POINTER(i), test_machine);
    }
    qtest_add_func("/cxl/explain/total", test_total);
    return g_test_run();
}

/*
 * Machines that are saved, and others that go on from there
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "machine-save.h"

/* Seconds; a machine that takes longer hangs */
#define PATIENCE 60

/* Virtual time of what was saved last: a QEMU for tests begins at 0 */
static int64_t saved_ns;

/* Whether it completed; a failure is one, and does not end QEMU */
static bool wait_for_migration(QTestState *qts)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE * G_USEC_PER_SEC;

    for (;;) {
        QDict *rsp = qtest_qmp_assert_success_ref(qts,
            "{'execute': 'query-migrate'}");
        g_autofree char *status =
            g_strdup(qdict_get_try_str(rsp, "status") ?: "none");

        qobject_unref(rsp);
        if (g_str_equal(status, "completed") ||
            g_str_equal(status, "failed")) {
            return g_str_equal(status, "completed");
        }
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(2000);
    }
}

static void set_shared(QTestState *qts, bool shared)
{
    qtest_qmp_assert_success(qts,
        "{'execute': 'migrate-set-capabilities', 'arguments': {"
        " 'capabilities': [{'capability': 'x-ignore-shared',"
        " 'state': %i}] }}", shared);
}

void machine_save(QCXL *q, const char *name, bool shared)
{
    g_autofree char *path = qcxl_file(q, name);
    g_autofree char *uri = g_strconcat("file:", path, NULL);

    saved_ns = qtest_clock_step(q->qts, 1);
    set_shared(q->qts, shared);
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'migrate', 'arguments': {'uri': %s}}", uri);
    g_assert_true(wait_for_migration(q->qts));
}

bool machine_load(QCXL *q, const char *name, bool shared)
{
    g_autofree char *path = qcxl_file(q, name);
    g_autofree char *uri = g_strconcat("file:", path, NULL);

    qtest_quit(q->qts);
    q->qts = qtest_initf("%s -incoming defer", q->args);
    qtest_clock_set(q->qts, saved_ns);
    set_shared(q->qts, shared);
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'migrate-incoming', 'arguments': {"
        " 'uri': %s, 'exit-on-error': false}}", uri);
    return wait_for_migration(q->qts);
}

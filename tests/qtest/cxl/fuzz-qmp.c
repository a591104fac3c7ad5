/*
 * Fuzzing CXL: QMP commands
 *
 * Which there are, and what their arguments are, the machine's own schema
 * says: a new command needs nothing here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qstring.h"
#include "fuzz.h"

#define DEPTH_MAX   4

/**
 * FuzzSchema: what query-qmp-schema answers
 * @types: its entries by name
 * @commands: those that are commands for CXL
 */
typedef struct FuzzSchema {
    QDict *answer;
    GHashTable *types;
    GPtrArray *commands;
} FuzzSchema;

FuzzSchema *fuzz_schema_new(Fuzz *f)
{
    FuzzSchema *s = g_new0(FuzzSchema, 1);
    const QListEntry *entry;

    s->answer = qtest_qmp(f->q->qts, "{'execute': 'query-qmp-schema'}");
    s->types = g_hash_table_new(g_str_hash, g_str_equal);
    s->commands = g_ptr_array_new();
    QLIST_FOREACH_ENTRY(qdict_get_qlist(s->answer, "return"), entry) {
        QDict *type = qobject_to(QDict, qlist_entry_obj(entry));
        const char *name = qdict_get_str(type, "name");

        g_hash_table_insert(s->types, (char *)name, type);
        if (g_str_equal(qdict_get_str(type, "meta-type"), "command") &&
            strstr(name, "cxl")) {
            g_ptr_array_add(s->commands, type);
        }
    }
    g_assert_cmpuint(s->commands->len, >, 0);
    return s;
}

void fuzz_schema_free(FuzzSchema *s)
{
    g_hash_table_unref(s->types);
    g_ptr_array_unref(s->commands);
    qobject_unref(s->answer);
    g_free(s);
}

static void put_value(Fuzz *f, GString *json, const char *type_name,
                      unsigned depth);

/* A path to a device, or text of some kind */
static void put_string(Fuzz *f, GString *json, bool path)
{
    static const char *const texts[] = {
        "", "0", "0123456789abcdef", "0123456789abcdef0", "all",
        "fbcd0a77-c260-417f-85a9-088b1621eba6", "/machine", "nobody",
    };

    if (path && fuzz_percent(f, 95)) {
        const char *id = g_ptr_array_index(f->ids,
                                           fuzz_below(f, f->ids->len));

        g_string_append_printf(json, "'%s%s'", fuzz_percent(f, 50) ? ""
                               : "/machine/peripheral/", id);
    } else {
        g_string_append_printf(json, "'%s'",
                               texts[fuzz_below(f, ARRAY_SIZE(texts))]);
    }
}

/* Addresses are common, too */
static void put_number(Fuzz *f, GString *json)
{
    uint64_t value = fuzz_value(f, 1u << fuzz_below(f, 7));

    switch (fuzz_below(f, 8)) {
    case 0 ... 2:
        value = fuzz_below(f, 3) * QCXL_UNIT + fuzz_below(f, 12) * 64;
        break;
    case 3:
        g_string_append_c(json, '-');
        value &= INT64_MAX;
        break;
    }
    g_string_append_printf(json, "%" PRIu64, value);
}

/* In a window, most of the time */
static void put_address(Fuzz *f, GString *json)
{
    const QCXLWindow *w = &f->q->windows[fuzz_below(f, f->q->nr_windows)];

    uint64_t hpa = w->base + fuzz_below(f, 64 * 1024) +
                   fuzz_below(f, 2 * w->size / QCXL_UNIT) * QCXL_UNIT;

    g_string_append_printf(json, "%" PRIu64, hpa);
}

/* That of a command, most of the time */
static void put_opcode(Fuzz *f, GString *json)
{
    unsigned nr = 0;

    while (fuzz_row(nr)) {
        nr++;
    }
    g_string_append_printf(json, "%u", fuzz_row(fuzz_below(f, nr))->opcode);
}

static void put_members(Fuzz *f, GString *json, QDict *type, unsigned depth)
{
    const QListEntry *entry;
    bool first = true;

    g_string_append_c(json, '{');
    QLIST_FOREACH_ENTRY(qdict_get_qlist(type, "members"), entry) {
        QDict *member = qobject_to(QDict, qlist_entry_obj(entry));
        const char *name = qdict_get_str(member, "name");
        bool optional = qdict_haskey(member, "default");

        if (fuzz_percent(f, optional ? 50 : 1)) {
            continue;
        }
        g_string_append_printf(json, "%s'%s': ", first ? "" : ", ", name);
        first = false;
        if (g_str_equal(name, "path") || g_str_equal(name, "device")) {
            put_string(f, json, true);
        } else if (g_str_equal(name, "address") && f->q->nr_windows) {
            put_address(f, json);
        } else if (g_str_equal(name, "opcode") && fuzz_percent(f, 95)) {
            put_opcode(f, json);
        } else {
            put_value(f, json, qdict_get_str(member, "type"), depth + 1);
        }
    }
    g_string_append_c(json, '}');
}

static void put_enum(Fuzz *f, GString *json, QDict *type)
{
    QList *members = qdict_get_qlist(type, "members");
    unsigned n = fuzz_below(f, qlist_size(members));
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(members, entry) {
        if (!n--) {
            QDict *member = qobject_to(QDict, qlist_entry_obj(entry));

            g_string_append_printf(json, "'%s'",
                                   qdict_get_str(member, "name"));
        }
    }
}

static void put_array(Fuzz *f, GString *json, const char *element,
                      unsigned depth)
{
    unsigned n = fuzz_percent(f, 90) ? fuzz_below(f, 4) : fuzz_below(f, 200);

    g_string_append_c(json, '[');
    for (unsigned i = 0; i < n; i++) {
        g_string_append(json, i ? ", " : "");
        put_value(f, json, element, depth + 1);
    }
    g_string_append_c(json, ']');
}

static void put_builtin(Fuzz *f, GString *json, const char *kind)
{
    if (g_str_equal(kind, "string")) {
        put_string(f, json, fuzz_percent(f, 30));
    } else if (g_str_equal(kind, "boolean")) {
        g_string_append(json, fuzz_percent(f, 50) ? "true" : "false");
    } else {
        put_number(f, json);
    }
}

static void put_value(Fuzz *f, GString *json, const char *type_name,
                      unsigned depth)
{
    QDict *type = g_hash_table_lookup(f->schema->types, type_name);
    const char *meta = qdict_get_str(type, "meta-type");

    if (depth > DEPTH_MAX) {
        g_string_append(json, "null");
    } else if (fuzz_percent(f, 1)) {
        put_number(f, json);
    } else if (g_str_equal(meta, "object")) {
        put_members(f, json, type, depth);
    } else if (g_str_equal(meta, "enum")) {
        put_enum(f, json, type);
    } else if (g_str_equal(meta, "array")) {
        put_array(f, json, qdict_get_str(type, "element-type"), depth);
    } else if (g_str_equal(meta, "builtin")) {
        put_builtin(f, json, qdict_get_str(type, "json-type"));
    } else {
        g_string_append(json, "null");
    }
}

/* Commands meet what is wrong; then most of it goes, or few would do anything */
static void suffer(Fuzz *f)
{
    unsigned nr = fuzz_below(f, 64);

    for (unsigned i = 0; i < nr; i++) {
        fuzz_mailbox(f);
        if (fuzz_percent(f, 5)) {
            fuzz_sleep(f, (1 + fuzz_below(f, 1000)) * SCALE_MS);
        }
    }
    for (unsigned i = 0; i < f->ids->len; i++) {
        if (fuzz_percent(f, 90)) {
            g_autofree char *json = g_strdup_printf(
                "{'execute': 'cxl-clear-faults', 'arguments': {'path': '%s'}}",
                (char *)g_ptr_array_index(f->ids, i));

            fuzz_qmp(f, json);
        }
    }
}

static bool is_fault(const char *name)
{
    return strstr(name, "command-fault") || strstr(name, "doorbell-stuck") ||
           strstr(name, "not-ready");
}

void fuzz_management(Fuzz *f)
{
    GPtrArray *commands = f->schema->commands;
    QDict *command = g_ptr_array_index(commands,
                                       fuzz_below(f, commands->len));
    g_autoptr(GString) json = g_string_new("");

    g_string_printf(json, "{'execute': '%s', 'arguments': ",
                    qdict_get_str(command, "name"));
    put_value(f, json, qdict_get_str(command, "arg-type"), 0);
    g_string_append_c(json, '}');
    fuzz_qmp(f, json->str);
    if (is_fault(qdict_get_str(command, "name"))) {
        suffer(f);
    }
}

/*
 * Everything that can be seen of a machine's CXL components
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "qobject/qlist.h"
#include "qobject/qstring.h"
#include "machine-guest.h"
#include "machine-state.h"

#define CONFIG_SIZE     4096u
/* Of each window, at its start and at places that depend on nothing */
#define SAMPLE_SIZE     512
#define SAMPLES         64

typedef struct Piece {
    char *name;
    GByteArray *bytes;
} Piece;

struct MachineState {
    GPtrArray *pieces;
};

static void piece_free(void *opaque)
{
    Piece *p = opaque;

    g_free(p->name);
    g_byte_array_unref(p->bytes);
    g_free(p);
}

static Piece *add_piece(MachineState *s, char *name)
{
    Piece *p = g_new(Piece, 1);

    p->name = name;
    p->bytes = g_byte_array_new();
    g_ptr_array_add(s->pieces, p);
    return p;
}

static void add_memory(MachineState *s, QCXL *q, char *name, uint64_t addr,
                       unsigned len)
{
    Piece *p = add_piece(s, name);

    g_byte_array_set_size(p->bytes, len);
    qtest_memread(q->qts, addr, p->bytes->data, len);
}

static void add_function(MachineState *s, QCXLFn *fn)
{
    char *name = g_strdup_printf("config %02x:%02x", fn->bus, fn->devfn);
    uint64_t config = QCXL_ECAM_BASE + (fn->bus << 20 | fn->devfn << 12);

    add_memory(s, fn->q, name, config, CONFIG_SIZE);
    for (unsigned bar = 0; bar < ARRAY_SIZE(fn->bar); bar++) {
        if (fn->bar_size[bar]) {
            name = g_strdup_printf("bar %02x:%02x %u", fn->bus, fn->devfn,
                                   bar);
            add_memory(s, fn->q, name, fn->bar[bar], fn->bar_size[bar]);
        }
    }
}

static void add_window(MachineState *s, QCXL *q, unsigned n)
{
    const QCXLWindow *w = &q->windows[n];
    g_autoptr(GRand) rand = g_rand_new_with_seed(n);

    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t at = i ? g_rand_int(rand) % (w->size - SAMPLE_SIZE) : 0;

        add_memory(s, q, g_strdup_printf("window %u + 0x%" PRIx64, n, at),
                   w->base + at, SAMPLE_SIZE);
    }
}

/* Properties that have a value of their own */
static void add_properties(MachineState *s, QCXL *q, const char *path)
{
    QDict *rsp = qtest_qmp(q->qts, "{'execute': 'qom-list', 'arguments': {"
                           "'path': %s}}", path);
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(rsp, "return"), entry) {
        QDict *property = qobject_to(QDict, qlist_entry_obj(entry));
        const char *type = qdict_get_str(property, "type");
        const char *name = qdict_get_str(property, "name");
        g_autoptr(GString) text = NULL;
        QDict *value;
        Piece *p;

        if (g_str_has_prefix(type, "child<") ||
            g_str_has_prefix(type, "link<")) {
            continue;
        }
        value = qtest_qmp(q->qts, "{'execute': 'qom-get', 'arguments': {"
                          "'path': %s, 'property': %s}}", path, name);
        text = qobject_to_json(QOBJECT(value));
        p = add_piece(s, g_strdup_printf("%s.%s", path, name));
        g_byte_array_append(p->bytes, (const uint8_t *)text->str, text->len);
        qobject_unref(value);
    }
    qobject_unref(rsp);
}

static void add_faults(MachineState *s, QCXL *q, const char *path)
{
    QDict *rsp = qtest_qmp(q->qts, "{'execute': 'query-cxl-faults',"
                           " 'arguments': {'path': %s}}", path);
    g_autoptr(GString) text = qobject_to_json(QOBJECT(rsp));
    Piece *p = add_piece(s, g_strdup_printf("faults of %s", path));

    g_assert_true(qdict_haskey(rsp, "return"));
    g_byte_array_append(p->bytes, (const uint8_t *)text->str, text->len);
    qobject_unref(rsp);
}

static void add_devices(MachineState *s, QCXL *q)
{
    QDict *rsp = qtest_qmp(q->qts, "{'execute': 'qom-list', 'arguments': {"
                           "'path': '/machine/peripheral'}}");
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(rsp, "return"), entry) {
        QDict *child = qobject_to(QDict, qlist_entry_obj(entry));

        if (strstr(qdict_get_str(child, "type"), "cxl")) {
            g_autofree char *path = g_strconcat("/machine/peripheral/",
                qdict_get_str(child, "name"), NULL);

            add_properties(s, q, path);
            if (strstr(qdict_get_str(child, "type"), "cxl-type3")) {
                add_faults(s, q, path);
            }
        }
    }
    qobject_unref(rsp);
}

/* What commands without effects answer to requests of zeros */
static void add_answers(MachineState *s, QCXLFn *fn, const GuestCommand *cmd)
{
    static const uint8_t zeros[GUEST_REQUEST_MAX];
    uint8_t answer[4096];
    size_t len = sizeof(answer);
    Piece *p = add_piece(s, g_strdup_printf("command %04x %02x:%02x",
                                            cmd->opcode, fn->bus, fn->devfn));
    uint32_t ret = guest_command(fn, cmd->opcode, zeros, cmd->len, answer,
                                 &len);

    g_byte_array_append(p->bytes, (const uint8_t *)&ret, sizeof(ret));
    g_byte_array_append(p->bytes, answer, MIN(len, sizeof(answer)));
}

static void add_commands(MachineState *s, QCXLFn *fn)
{
    const GArray *commands = guest_commands(fn);

    for (unsigned i = 0; i < commands->len; i++) {
        const GuestCommand *cmd = &g_array_index(commands, GuestCommand, i);

        if (!cmd->effects) {
            add_answers(s, fn, cmd);
        }
    }
}

MachineState *machine_state_read(QCXL *q)
{
    MachineState *s = g_new(MachineState, 1);

    s->pieces = g_ptr_array_new_with_free_func(piece_free);
    for (unsigned i = 0; i < q->functions->len; i++) {
        add_function(s, g_ptr_array_index(q->functions, i));
    }
    for (unsigned i = 0; i < q->nr_bridges; i++) {
        add_memory(s, q, g_strdup_printf("bridge %u", i),
                   q->bridges[i].comp.base, CXL_COMPONENT_SIZE);
    }
    for (unsigned i = 0; i < q->nr_windows; i++) {
        add_window(s, q, i);
    }
    add_devices(s, q);
    /* The last, for they change the registers of the mailbox */
    for (unsigned i = 0; i < q->functions->len; i++) {
        QCXLFn *fn = g_ptr_array_index(q->functions, i);

        if (fn->mailbox) {
            add_commands(s, fn);
        }
    }
    return s;
}

void machine_state_free(MachineState *s)
{
    g_ptr_array_unref(s->pieces);
    g_free(s);
}

static void check_piece(const Piece *a, const Piece *b)
{
    g_assert_cmpstr(a->name, ==, b->name);
    for (guint i = 0; i < MIN(a->bytes->len, b->bytes->len); i++) {
        if (a->bytes->data[i] != b->bytes->data[i]) {
            fprintf(stderr, "%s differs at 0x%x: 0x%02x, then 0x%02x\n",
                    a->name, i, a->bytes->data[i], b->bytes->data[i]);
        }
    }
    g_assert_cmpmem(a->bytes->data, a->bytes->len, b->bytes->data,
                    b->bytes->len);
}

void machine_state_check_equal(const MachineState *a, const MachineState *b)
{
    g_assert_cmpuint(a->pieces->len, ==, b->pieces->len);
    for (guint i = 0; i < a->pieces->len; i++) {
        check_piece(g_ptr_array_index(a->pieces, i),
                    g_ptr_array_index(b->pieces, i));
    }
}

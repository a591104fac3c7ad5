/*
 * HMP's view into CXL: what QMP's is, as a tree
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "monitor/hmp.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl-query.h"
#include "qapi/qapi-commands-cxl-query-decode.h"
#include "qobject/qdict.h"

#define HMP_COLUMNS     100
/* Further in than this, what is below one another is not indented any more */
#define HMP_INDENT_MAX  40

/* How many of the @left characters of @text go on a line of @columns */
static size_t hmp_break(const char *text, size_t left, size_t columns)
{
    size_t at = columns;

    if (left <= columns) {
        return left;
    }
    while (at > columns / 2 && text[at] != ' ') {
        at--;
    }
    return text[at] == ' ' ? at : columns;
}

/* A line at @depth, or as many lines as it takes */
static void G_GNUC_PRINTF(3, 4) hmp_line(Monitor *mon, unsigned depth,
                                         const char *fmt, ...)
{
    unsigned indent = MIN(2 * depth, HMP_INDENT_MAX);
    g_autofree char *text = NULL;
    const char *rest;
    va_list args;

    va_start(args, fmt);
    text = g_strdup_vprintf(fmt, args);
    va_end(args);
    for (rest = text; *rest; ) {
        size_t len = hmp_break(rest, strlen(rest), HMP_COLUMNS - indent);

        monitor_printf(mon, "%*s%.*s\n", indent, "", (int)len, rest);
        rest += len;
        rest += *rest == ' ';
        indent += rest[0] && indent == MIN(2 * depth, HMP_INDENT_MAX) ? 4 : 0;
    }
}

static char *hmp_size(uint64_t bytes)
{
    return bytes ? size_to_str(bytes) : g_strdup("0");
}

static char *hmp_targets(const uint8List *targets)
{
    g_autoptr(GString) text = g_string_new("");

    for (; targets; targets = targets->next) {
        g_string_append_printf(text, "%s%u", text->len ? " " : "",
                               targets->value);
    }
    return g_strdup(text->str);
}

static void hmp_decoder(Monitor *mon, unsigned depth, const CXLDecoderInfo *d)
{
    g_autofree char *size = hmp_size(d->size);
    g_autofree char *targets = hmp_targets(d->targets);
    g_autofree char *ways = d->has_ways && d->has_granularity
        ? g_strdup_printf("%u x %u", d->ways, d->granularity)
        : g_strdup("reserved ways or granularity");
    g_autofree char *where = d->has_targets
        ? g_strdup_printf("targets %s", targets)
        : d->committed ? g_strdup_printf("DPA 0x%" PRIx64, d->dpa)
                       : g_strdup_printf("skip 0x%" PRIx64, d->skip);

    hmp_line(mon, depth, "decoder %u: 0x%" PRIx64 " + %s, %s, %s, %s%s",
             d->index, d->base, size, ways, where,
             d->locked ? "locked" : d->committed ? "committed"
                       : d->error ? "refused: " : "not committed",
             d->error && d->why ? d->why : "");
}

/* But for those that nobody has touched */
static void hmp_decoders(Monitor *mon, unsigned depth,
                         const CXLDecoderInfoList *list)
{
    for (; list; list = list->next) {
        const CXLDecoderInfo *d = list->value;

        if (d->base || d->size || d->committed || d->error) {
            hmp_decoder(mon, depth, d);
        }
    }
}

static void hmp_window(Monitor *mon, const CXLWindowInfo *w)
{
    g_autoptr(GString) targets = g_string_new("");
    g_autofree char *size = hmp_size(w->size);
    unsigned ways = 0;

    for (const strList *t = w->targets; t; t = t->next, ways++) {
        g_string_append_printf(targets, " %s", t->value);
    }
    hmp_line(mon, 0, "window %u: 0x%" PRIx64 " + %s, %u x %u, %s:%s", w->index,
             w->base, size, ways, w->granularity,
             CXLInterleaveArithmetic_str(w->arithmetic), targets->str);
}

static void hmp_region(Monitor *mon, const CXLRegionInfo *r)
{
    g_autofree char *size = hmp_size(r->size);
    g_autofree char *holes = r->holes
        ? g_strdup_printf(" with %u holes", r->holes) : g_strdup("");
    g_autofree char *missing = r->missing
        ? g_strdup_printf(", %u of them missing", r->missing) : g_strdup("");

    hmp_line(mon, 1, "region 0x%" PRIx64 " + %s: %u turns of %u%s; %s%s%s%s",
             r->base, size, r->turns, r->granularity, missing,
             CXLRegionMapping_str(r->mapping), holes, r->why ? ": " : "",
             r->why ?: "");
    for (const CXLRegionMemberList *m = r->members; m; m = m->next) {
        hmp_line(mon, 2, "%s: DPA 0x%" PRIx64 ", %u x %u", m->value->device,
                 m->value->dpa, m->value->ways, m->value->granularity);
    }
}

static void hmp_windows(Monitor *mon, const CXLInfo *info)
{
    for (const CXLWindowInfoList *w = info->windows; w; w = w->next) {
        hmp_window(mon, w->value);
        for (const CXLRegionInfoList *r = info->regions; r; r = r->next) {
            if (r->value->window == w->value->index) {
                hmp_region(mon, r->value);
            }
        }
    }
}

static void hmp_device_state(Monitor *mon, unsigned depth,
                             const CXLDeviceInfo *d)
{
    const CXLSecurityInfo *s = d->security;

    for (const CXLEventLogInfoList *l = d->event_logs; l; l = l->next) {
        if (l->value->records || l->value->overflow) {
            hmp_line(mon, depth, "events: %s: %u, %u lost",
                     CxlEventLog_str(l->value->log), l->value->records,
                     l->value->overflow);
        }
    }
    if (d->poison->ranges) {
        hmp_line(mon, depth, "poison: %" PRIu64 " bytes in %u ranges, %u of "
                 "them listed", d->poison->bytes, d->poison->ranges,
                 d->poison->listed);
    }
    if (d->background) {
        hmp_line(mon, depth, "background operation 0x%04x: %s, %u %%",
                 d->background->opcode,
                 d->background->running ? "running" : "ended",
                 d->background->percent);
    }
    if (s->user_passphrase || s->master_passphrase || s->frozen) {
        hmp_line(mon, depth, "security:%s%s%s%s",
                 s->user_passphrase ? " user passphrase" : "",
                 s->master_passphrase ? " master passphrase" : "",
                 s->locked ? " locked" : "", s->frozen ? " frozen" : "");
    }
}

static void hmp_device(Monitor *mon, unsigned depth, const CXLDeviceInfo *d)
{
    hmp_line(mon, depth, "%s: memory device, sn 0x%" PRIx64 ", media %s%s%s",
             d->name, d->serial, CXLMediaState_str(d->media),
             d->mem_enable ? "" : ", Mem_Enable clear",
             d->hdm_enable ? "" : ", HDM Decoder Enable clear");
    for (const CXLPartitionInfoList *p = d->partitions; p; p = p->next) {
        g_autofree char *size = hmp_size(p->value->size);

        hmp_line(mon, depth + 1, "%s: DPA 0x%" PRIx64 " + %s",
                 p->value->persistent ? "persistent" : "volatile",
                 p->value->dpa, size);
    }
    hmp_decoders(mon, depth + 1, d->decoders);
    hmp_device_state(mon, depth + 1, d);
}

static void hmp_port(Monitor *mon, unsigned depth, const CXLPortInfo *p)
{
    if (p->type == CXL_PORT_TYPE_HOST_BRIDGE) {
        hmp_line(mon, depth, "%s: host bridge, uid %u, registers 0x%" PRIx64
                 "%s", p->name, p->uid, p->registers,
                 p->passthrough ? ", passes everything on" : "");
    } else if (p->type == CXL_PORT_TYPE_UPSTREAM_PORT) {
        hmp_line(mon, depth, "%s: switch", p->name);
    } else {
        hmp_line(mon, depth, "%s: port %u%s%s%s", p->name, p->number,
                 p->below ? "" : ", empty",
                 p->below && !p->below_cxl ? ": not CXL.mem: " : "",
                 p->below && !p->below_cxl ? p->below : "");
    }
    hmp_decoders(mon, depth + 1, p->decoders);
}

/* All that is below @name, NULL for host bridges */
static void hmp_tree(Monitor *mon, const CXLInfo *info, const char *name,
                     unsigned depth)
{
    for (const CXLPortInfoList *p = info->ports; p; p = p->next) {
        if (!g_strcmp0(p->value->parent, name)) {
            hmp_port(mon, depth, p->value);
            hmp_tree(mon, info, p->value->name, depth + 1);
        }
    }
    for (const CXLDeviceInfoList *d = info->devices; d; d = d->next) {
        if (!g_strcmp0(d->value->parent, name)) {
            hmp_device(mon, depth, d->value);
        }
    }
}

void hmp_info_cxl(Monitor *mon, const QDict *qdict)
{
    Error *err = NULL;
    CXLInfo *info = qmp_query_cxl(&err);

    if (hmp_handle_error(mon, err)) {
        return;
    }
    if (!info->ports && !info->devices) {
        monitor_printf(mon, "no CXL\n");
    }
    hmp_windows(mon, info);
    hmp_tree(mon, info, NULL, 0);
    qapi_free_CXLInfo(info);
}

static void hmp_decode_level(Monitor *mon, unsigned depth,
                             const CXLDecodeLevel *level)
{
    if (!level->name) {
        return;
    }
    hmp_line(mon, depth, "%s%s%s%s", level->name,
             level->via ? ", by port " : "", level->via ?: "",
             level->decoder ? ":" : "");
    if (level->decoder) {
        hmp_decoder(mon, depth + 1, level->decoder);
    }
    if (level->has_turn) {
        hmp_line(mon, depth + 1, "turn: target %u", level->turn);
    }
}

static void hmp_decode_place(Monitor *mon, const CXLDecodeInfo *info)
{
    if (!info->device) {
        hmp_line(mon, 0, "leads nowhere");
        return;
    }
    hmp_line(mon, 0, "leads to DPA 0x%" PRIx64 " of %s%s%s%s", info->dpa,
             info->device, info->memdev ? ", at " : "", info->memdev ?: "",
             info->outcome == CXL_DECODE_OUTCOME_REFUSED
                 ? ", which refuses access" : "");
}

static void hmp_decode(Monitor *mon, const CXLDecodeInfo *info)
{
    unsigned depth = 1;

    if (info->has_address) {
        hmp_line(mon, 0, "0x%" PRIx64, info->address);
    }
    if (info->window) {
        hmp_window(mon, info->window);
    }
    for (const CXLDecodeLevelList *l = info->levels; l; l = l->next, depth++) {
        if (!l->value->name) {
            hmp_line(mon, depth, "turn: target %u", l->value->turn);
        }
        hmp_decode_level(mon, depth, l->value);
    }
    hmp_decode_place(mon, info);
    for (const CXLDecodeProblemList *p = info->problems; p; p = p->next) {
        hmp_line(mon, 0, "%s: %s (CXL r3.1 %s)",
                 CXLDecodeProblemKind_str(p->value->kind), p->value->text,
                 p->value->section);
    }
}

/* An address, or a device and an address of its own */
void hmp_info_cxl_decode(Monitor *mon, const QDict *qdict)
{
    const char *where = qdict_get_str(qdict, "where");
    bool has_dpa = qdict_haskey(qdict, "dpa");
    uint64_t address = 0;
    CXLDecodeInfo *info;
    Error *err = NULL;

    if (!has_dpa && qemu_strtou64(where, NULL, 0, &address)) {
        error_setg(&err, "'%s' is not an address", where);
        hmp_handle_error(mon, err);
        return;
    }
    info = qmp_query_cxl_decode(!has_dpa, address, has_dpa ? where : NULL,
                                has_dpa,
                                has_dpa ? qdict_get_int(qdict, "dpa") : 0,
                                &err);
    if (!hmp_handle_error(mon, err)) {
        hmp_decode(mon, info);
        qapi_free_CXLDecodeInfo(info);
    }
}

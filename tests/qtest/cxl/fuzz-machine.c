/*
 * Fuzzing CXL: machines, and what happens to them as a whole
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "hw/pci/pcie_regs.h"
#include "libqtest.h"
#include "fuzz.h"

/* Attempts to plug any memory device at all, of which some are to fail */
#define BARREN_MAX  5

/* JSON for what a property is set to on a command line */
static void append_value(GString *json, const char *value)
{
    bool on = g_str_equal(value, "on");

    if (on || g_str_equal(value, "off")) {
        g_string_append(json, on ? "true" : "false");
    } else if (g_ascii_isdigit(*value)) {
        g_string_append(json, value);
    } else {
        g_string_append_printf(json, "'%s'", value);
    }
}

/* A memory device below @port, noted down so that it can be plugged again */
static void add_mem(Fuzz *f, QCXLTopology *t, const char *id, const char *port,
                    unsigned vmem, unsigned pmem, const char *props)
{
    g_autoptr(GString) json = g_string_new("");
    g_auto(GStrv) more = g_strsplit(props, ",", 0);

    qcxl_mem(t, id, port, vmem, pmem, props);
    g_string_printf(json, "'driver': 'cxl-type3', 'id': '%s', 'bus': '%s'",
                    id, port);
    if (vmem) {
        g_string_append_printf(json, ", 'volatile-memdev': '%s.v'", id);
    }
    if (pmem) {
        g_string_append_printf(json, ", 'persistent-memdev': '%s.p', "
                               "'lsa': '%s.lsa'", id, id);
    }
    for (unsigned i = 0; more[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(more[i], "=", 2);

        if (pair[0] && pair[1]) {
            g_string_append_printf(json, ", '%s': ", pair[0]);
            append_value(json, pair[1]);
        }
    }
    g_ptr_array_add(f->slots, g_strdup(json->str));
    g_ptr_array_add(f->ids, g_strdup(id));
}

static void one_device(Fuzz *f, QCXLTopology *t)
{
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    add_mem(f, t, "mem0", "rp0", 256, 256, "");
    qcxl_window(t, 1024, NULL, "hb0");
}

static void interleaved(Fuzz *f, QCXLTopology *t)
{
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 64, ",hdm_for_passthrough=on");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_root_port(t, "rp2", "hb1", "");
    add_mem(f, t, "mem0", "rp0", 256, 0, "");
    add_mem(f, t, "mem1", "rp1", 256, 256, ",fast-map=off,poison=data");
    add_mem(f, t, "mem2", "rp2", 0, 512, ",hdm-decoders=4,payload-size=256");
    qcxl_window(t, 1024, "1k", "hb0 hb1");
    qcxl_window(t, 512, NULL, "hb1");
}

static void switched(Fuzz *f, QCXLTopology *t)
{
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_switch(t, "us0", "rp0", 3, "");
    g_ptr_array_add(f->ids, g_strdup("us0"));
    add_mem(f, t, "mem0", "us0.0", 256, 0, "");
    add_mem(f, t, "mem1", "us0.1", 256, 256, ",event-log-depth=3,"
            "poison-list-max=4,poison-inject-max=3,payload-size=1048576");
    qcxl_window(t, 1024, "256", "hb0");
}

/* CXL r3.1 8.2.9.9.2.2: memory that is volatile or persistent, as one likes */
static void partitioned(Fuzz *f, QCXLTopology *t)
{
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_args(t, "-object memory-backend-ram,id=any,size=512M,share=on");
    qcxl_args(t, "-object memory-backend-ram,id=nv,size=256K,share=on");
    add_mem(f, t, "mem0", "rp0", 256, 256, ",partitionable-memdev=any,nv=nv");
    qcxl_window(t, 1024, NULL, "hb0");
}

/* Regions that each reset maps, one of them locked, whatever was done to it */
static void mapped(Fuzz *f, QCXLTopology *t)
{
    switched(f, t);
    qcxl_args(t, "-machine cxl-region.0.devices.0=mem0,"
              "cxl-region.0.devices.1=mem1,"
              "cxl-region.1.devices.0=mem1,cxl-region.1.persistent=on,"
              "cxl-region.1.locked=on");
}

static void (*const topologies[])(Fuzz *f, QCXLTopology *t) = {
    one_device, interleaved, switched, partitioned, mapped,
};

unsigned fuzz_topologies(void)
{
    return ARRAY_SIZE(topologies);
}

/* Looking around */

static void add_comp(Fuzz *f, const QCXLComponent *comp, QCXLFn *fn)
{
    FuzzComp c = { .comp = comp, .fn = fn };

    if (comp->base) {
        g_array_append_val(f->comps, c);
    }
}

static void look_at(Fuzz *f, QCXLFn *fn)
{
    FuzzFn found = { .fn = fn, .exp = qcxl_cap(fn, PCI_CAP_ID_EXP) };

    for (unsigned at = 0; at < sizeof(found.header); at += 4) {
        cxl_le_store(found.header + at, 4, qcxl_config_read(fn, at, 4));
    }
    g_array_append_val(f->fns, found);
    add_comp(f, &fn->comp, fn);
    if (fn->mailbox) {
        g_ptr_array_add(f->mems, fn);
    } else {
        g_ptr_array_add(f->ports, fn);
    }
}

void fuzz_look(Fuzz *f)
{
    g_ptr_array_set_size(f->mems, 0);
    g_ptr_array_set_size(f->ports, 0);
    g_array_set_size(f->comps, 0);
    g_array_set_size(f->fns, 0);
    for (unsigned i = 0; i < f->q->nr_bridges; i++) {
        add_comp(f, &f->q->bridges[i].comp, NULL);
    }
    for (unsigned i = 0; i < f->q->functions->len; i++) {
        look_at(f, g_ptr_array_index(f->q->functions, i));
    }
}

/* UUIDs of @count answers of @size bytes from @at on, each begins with one */
static void learn_uuids(Fuzz *f, uint16_t opcode, const void *in, size_t len,
                        size_t at, size_t size)
{
    uint8_t out[2048];
    size_t out_len = sizeof(out);

    if (qcxl_mbox(g_ptr_array_index(f->mems, 0), opcode, in, len, out,
                  &out_len)) {
        return;
    }
    for (; at + size <= MIN(out_len, sizeof(out)); at += size) {
        g_array_append_vals(f->uuids, out + at, 1);
    }
}

static bool has_row(uint16_t opcode)
{
    const CXLCmd *row;

    for (unsigned n = 0; (row = fuzz_row(n)); n++) {
        if (row->opcode == opcode) {
            return true;
        }
    }
    return false;
}

/* CXL r3.1 8.2.9.5.2.1: no command of @fn is missing from the rows */
static void check_rows(QCXLFn *fn)
{
    CXLGetLogReq req = {
        .uuid = CXL_UUID_COMMAND_EFFECTS_LOG,
        .length = cxl_le32(sizeof(CXLCelEntry)),
    };
    CXLCelEntry entry;
    size_t len = sizeof(entry);
    unsigned nr = 0;

    while (qcxl_mbox(fn, CXL_OP_GET_LOG, &req, sizeof(req), &entry, &len) ==
           CXL_RET_SUCCESS) {
        g_assert_true(has_row(cxl_le16_get(entry.opcode)));
        req.offset = cxl_le32(++nr * sizeof(entry));
        len = sizeof(entry);
    }
    g_assert_cmpuint(nr, >, 0);
}

/* CXL r3.1 8.2.9.5.1, 8.2.9.6.1: logs, and features, if there are any */
static void learn(Fuzz *f)
{
    const uint8_t features[8] = { 0, 4 };

    g_array_set_size(f->uuids, 0);
    learn_uuids(f, CXL_OP_GET_SUPPORTED_LOGS, NULL, 0,
                sizeof(CXLSupportedLogsRsp), sizeof(CXLSupportedLog));
    learn_uuids(f, 0x0500, features, sizeof(features), 8, 48);
    for (unsigned n = 0; n < f->mems->len; n++) {
        check_rows(g_ptr_array_index(f->mems, n));
    }
}

static void start(Fuzz *f)
{
    f->batch = g_string_new("");
    f->queued = 0;
    f->barren = 0;
    f->uuids = g_array_new(false, false, sizeof(CXLUuid));
    f->mems = g_ptr_array_new();
    f->ports = g_ptr_array_new();
    f->comps = g_array_new(false, false, sizeof(FuzzComp));
    f->fns = g_array_new(false, false, sizeof(FuzzFn));
    f->slots = g_ptr_array_new_with_free_func(g_free);
    f->ids = g_ptr_array_new_with_free_func(g_free);
}

void fuzz_boot(Fuzz *f, unsigned topology)
{
    QCXLTopology *t = qcxl_topology();

    start(f);
    if (f->trace) {
        fprintf(f->trace, "topology %u\n", topology);
        fflush(f->trace);
    }
    f->topology = topology;
    qcxl_args(t, "-no-shutdown");
    topologies[topology](f, t);
    g_ptr_array_add(f->ids, g_strdup("rp0"));
    g_ptr_array_add(f->ids, g_strdup("hb0"));
    f->q = qcxl_boot(t);
    fuzz_look(f);
    f->doe = qcxl_ext_cap(g_ptr_array_index(f->mems, 0), PCI_EXT_CAP_ID_DOE);
    f->device_dvsec = qcxl_dvsec(g_ptr_array_index(f->mems, 0),
                                 CXL_DVSEC_ID_DEVICE);
    learn(f);
    f->schema = fuzz_schema_new(f);
}

void fuzz_quit(Fuzz *f)
{
    fuzz_flush(f);
    qcxl_quit(f->q);
    fuzz_schema_free(f->schema);
    g_string_free(f->batch, true);
    g_array_unref(f->uuids);
    g_ptr_array_unref(f->mems);
    g_ptr_array_unref(f->ports);
    g_array_unref(f->comps);
    g_array_unref(f->fns);
    g_ptr_array_unref(f->slots);
    g_ptr_array_unref(f->ids);
    f->q = NULL;
}

/* What happens to machines */

void fuzz_repair(Fuzz *f)
{
    for (unsigned i = 0; i < f->fns->len; i++) {
        const FuzzFn *found = &g_array_index(f->fns, FuzzFn, i);
        const QCXLFn *fn = found->fn;

        for (unsigned at = PCI_BASE_ADDRESS_0; at < PCI_INTERRUPT_LINE;
             at += 4) {
            fuzz_write(f, fuzz_config(fn, at), 4,
                       cxl_le_load(found->header + at, 4));
        }
        fuzz_write(f, fuzz_config(fn, PCI_BRIDGE_CONTROL), 2, 0);
        fuzz_write(f, fuzz_config(fn, PCI_COMMAND), 2,
                   PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    }
}

static QCXLFn *any(Fuzz *f, GPtrArray *fns)
{
    return fns->len ? g_ptr_array_index(fns, fuzz_below(f, fns->len)) : NULL;
}

/* Address of a register of the PCI Express capability */
static uint64_t express(Fuzz *f, const QCXLFn *fn, unsigned offset)
{
    for (unsigned i = 0; i < f->fns->len; i++) {
        const FuzzFn *found = &g_array_index(f->fns, FuzzFn, i);

        if (found->fn == fn) {
            return fuzz_config(fn, found->exp + offset);
        }
    }
    g_assert_not_reached();
}

static void flr(Fuzz *f)
{
    QCXLFn *fn = any(f, f->mems);

    if (fn) {
        fuzz_write(f, express(f, fn, PCI_EXP_DEVCTL), 2,
                   PCI_EXP_DEVCTL_BCR_FLR);
    }
}

static void secondary_bus_reset(Fuzz *f)
{
    QCXLFn *fn = any(f, f->ports);

    if (fn) {
        fuzz_write(f, fuzz_config(fn, PCI_BRIDGE_CONTROL), 2,
                   PCI_BRIDGE_CTL_BUS_RESET);
        fuzz_write(f, fuzz_config(fn, PCI_BRIDGE_CONTROL), 2, 0);
    }
}

/* As a driver that gets the order right, or that does not */
static void slot_control(Fuzz *f)
{
    static const uint16_t values[] = {
        PCI_EXP_SLTCTL_PWR_IND_ON | PCI_EXP_SLTCTL_ATTN_IND_OFF,
        PCI_EXP_SLTCTL_PWR_IND_OFF | PCI_EXP_SLTCTL_ATTN_IND_OFF |
        PCI_EXP_SLTCTL_PCC,
        PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_ON,
        0,
    };
    QCXLFn *fn = any(f, f->ports);

    if (fn) {
        fuzz_write(f, express(f, fn, PCI_EXP_SLTCTL), 2,
                   values[fuzz_below(f, ARRAY_SIZE(values))]);
    }
}

static void unplug(Fuzz *f)
{
    const char *id = g_ptr_array_index(f->ids, fuzz_below(f, f->slots->len));
    g_autofree char *json = g_strdup_printf(
        "{'execute': 'device_del', 'arguments': {'id': '%s'}}", id);

    fuzz_qmp(f, json);
    slot_control(f);
}

/* Fails where the device is still there, or with a bad property */
static void plug(Fuzz *f, unsigned n)
{
    static const char *const odd[] = {
        "'hdm-decoders': 5", "'sn': 18446744073709551615", "'fast-map': false",
        "'volatile-memdev': 'mem0.lsa'", "'cdat': '/dev/null'",
        "'event-log-depth': 0", "'persistent-memdev': 'mem0.v'",
    };
    g_autofree char *json = g_strdup_printf(
        "{'execute': 'device_add', 'arguments': {%s, %s}}",
        (char *)g_ptr_array_index(f->slots, n), fuzz_percent(f, 30) ?
        odd[fuzz_below(f, ARRAY_SIZE(odd))] : "'multifunction': false");

    fuzz_qmp(f, json);
}

void fuzz_renew(Fuzz *f)
{
    for (unsigned n = 0; n < f->slots->len; n++) {
        plug(f, n);
    }
    fuzz_enumerate(f, true);
    f->barren = f->mems->len ? 0 : f->barren + 1;
}

/* A switch without power is gone for good, and all that was below it */
bool fuzz_is_over(const Fuzz *f)
{
    return f->barren >= BARREN_MAX;
}

void fuzz_machine(Fuzz *f)
{
    switch (fuzz_below(f, 64)) {
    case 0:
        fuzz_renew(f);
        break;
    case 1:
        fuzz_enumerate(f, false);
        break;
    case 2:
        plug(f, fuzz_below(f, f->slots->len));
        break;
    case 3:
        unplug(f);
        break;
    case 4 ... 6:
        slot_control(f);
        break;
    case 7 ... 9:
        secondary_bus_reset(f);
        break;
    case 10 ... 19:
        flr(f);
        fuzz_repair(f);
        break;
    case 20 ... 29:
        fuzz_repair(f);
        break;
    default:
        fuzz_sleep(f, fuzz_below(f, 4) ? fuzz_below(f, 1 << 28)
                                       : fuzz_below(f, 60ull << 30));
    }
}

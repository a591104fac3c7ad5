/*
 * QTest: each kind of reset and each piece of state: hw/cxl/reset-table.h
 *
 * For each row and column of the table: the state is given a value that it
 * does not have when power comes on, the reset is done, and the state is what
 * the table says: the same, or what it was when power came on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "cxl/reset-drivers.h"

static QCXL *q;

/* Root ports, by their numbers: of the device, of the switch */
enum { RP_MEM, RP_SWITCH };

/**
 * ResetSubject: what has a table
 * @kinds: a bit for each kind that can come to it
 */
typedef struct ResetSubject {
    const char *name;
    ResetTarget (*target)(void);
    const CXLResetRow *rows;
    const ResetDriver *drivers;
    unsigned nr;
    unsigned kinds;
} ResetSubject;

typedef struct ResetCase {
    const ResetSubject *subject;
    unsigned row;
    CXLResetKind kind;
} ResetCase;

static QCXLFn *root_port(unsigned number)
{
    for (unsigned n = 0; qcxl_fn_at(q, QCXL_ROOT_PORT, n); n++) {
        QCXLFn *fn = qcxl_fn_at(q, QCXL_ROOT_PORT, n);

        if (qcxl_port_number(fn) == number) {
            return fn;
        }
    }
    g_assert_not_reached();
}

static ResetTarget of_function(QCXLFn *fn)
{
    g_assert_nonnull(fn);
    return (ResetTarget) { .q = q, .fn = fn, .comp = &fn->comp };
}

static ResetTarget target_mem(void)
{
    return of_function(qcxl_mem_at(q, 0));
}

static ResetTarget target_root_port(void)
{
    return of_function(root_port(RP_MEM));
}

static ResetTarget target_upstream(void)
{
    return of_function(qcxl_fn_at(q, QCXL_UPSTREAM_PORT, 0));
}

static ResetTarget target_downstream(void)
{
    return of_function(qcxl_fn_at(q, QCXL_DOWNSTREAM_PORT, 0));
}

static ResetTarget target_bridge(void)
{
    return (ResetTarget) { .q = q, .comp = &q->bridges[0].comp };
}

/* The port above the function, whose slot has it */
static QCXLFn *slot_of(const ResetTarget *t)
{
    return t->fn->device == QCXL_DOWNSTREAM_PORT ? t->fn->port->port :
                                                   t->fn->port;
}

static void replug(const ResetTarget *t)
{
    bool memory = t->fn->mailbox;

    qcxl_slot_eject(slot_of(t), memory ? "mem0" : "sw0");
    qcxl_enumerate(q);
    if (memory) {
        qtest_qmp_device_add(q->qts, "cxl-type3", "mem0",
                             "{'bus': 'rp0', 'volatile-memdev': 'mem0.v',"
                             " 'persistent-memdev': 'mem0.p',"
                             " 'partitionable-memdev': 'mem0.part',"
                             " 'lsa': 'mem0.lsa', 'nv': 'mem0.nv' }");
    } else {
        qtest_qmp_device_add(q->qts, "cxl-upstream", "sw0", "{'bus': 'rp1'}");
    }
    qcxl_slot_power_on(root_port(memory ? RP_MEM : RP_SWITCH));
    qcxl_enumerate(q);
}

static void reset(const ResetTarget *t, CXLResetKind kind)
{
    switch (kind) {
    case CXL_RESET_COLD:
        qcxl_slot_power_cycle(slot_of(t));
        qcxl_enumerate(q);
        break;
    case CXL_RESET_WARM:
        qcxl_reset(q);
        break;
    case CXL_RESET_HOT:
        qcxl_bus_reset(slot_of(t), true);
        qcxl_enumerate(q);
        break;
    case CXL_RESET_FLR:
        qcxl_config_write(t->fn, qcxl_cap(t->fn, PCI_CAP_ID_EXP) +
                          PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
        qcxl_enumerate(q);
        break;
    case CXL_RESET_CXL:
        reset_by_cxl_reset(t);
        break;
    case CXL_RESET_UNPLUG:
        replug(t);
        break;
    default:
        qcxl_restart(q);
        break;
    }
}

/* Power comes on: what has no slot gets it with the machine only */
static void power_on(const ResetSubject *subject)
{
    ResetTarget t = subject->target();

    reset(&t, subject->kinds & 1u << CXL_RESET_COLD ? CXL_RESET_COLD :
                                                      CXL_RESET_NEW_QEMU);
}

static void test_cell(const void *opaque)
{
    const ResetCase *c = opaque;
    const CXLResetRow *row = &c->subject->rows[c->row];
    const ResetDriver *driver = &c->subject->drivers[c->row];
    static uint32_t token = 0x10001;
    uint64_t before, value;
    ResetTarget t;

    g_assert_nonnull(driver->set);
    power_on(c->subject);
    t = c->subject->target();
    before = driver->get(&t);
    token += 0x10001;
    driver->set(&t, token);
    value = driver->get(&t);
    g_assert_cmphex(value, !=, before);
    reset(&t, c->kind);
    t = c->subject->target();
    g_assert_cmphex(driver->get(&t), ==,
                    row->fate[c->kind] == CXL_FATE_KEPT ? value : before);
    if (driver->undo) {
        driver->undo(&t);
    }
}

static const CXLResetRow device_rows[] = {
    CXL_RESET_TABLE_DEVICE(CXL_RESET_ROW)
};
static const CXLResetRow port_rows[] = {
    CXL_RESET_TABLE_PORT(CXL_RESET_ROW)
};
static const CXLResetRow bridge_rows[] = {
    CXL_RESET_TABLE_BRIDGE(CXL_RESET_ROW)
};

#define WITH_MACHINE (1u << CXL_RESET_WARM | 1u << CXL_RESET_NEW_QEMU)
#define PORT(name, kinds) \
    { #name, target_##name, port_rows, reset_port_drivers, CXL_PORT_STATES, \
      kinds }

static const ResetSubject subjects[] = {
    { "mem", target_mem, device_rows, reset_device_drivers, CXL_STATES, ~0u },
    /* Nothing above it resets it, and it is in no slot */
    PORT(root_port, WITH_MACHINE),
    PORT(upstream, ~0u),
    /* Its bus takes no plugging: it comes with the switch only */
    PORT(downstream, ~(1u << CXL_RESET_UNPLUG)),
    { "bridge", target_bridge, bridge_rows, &reset_hdm_driver,
      ARRAY_SIZE(bridge_rows), WITH_MACHINE },
};

static const char *const kind_names[CXL_RESETS] = {
    "cold", "warm", "hot", "flr", "cxl", "unplug", "new-qemu",
};

/* Ports without decoders do not have that row */
static bool has_row(const ResetSubject *subject, unsigned row)
{
    return subject->rows != port_rows || row != CXL_PORT_STATE_HDM ||
           subject->target == target_upstream;
}

static void add_cases(const ResetSubject *subject)
{
    for (unsigned row = 0; row < subject->nr; row++) {
        for (unsigned kind = 0; kind < CXL_RESETS; kind++) {
            const CXLResetRow *r = &subject->rows[row];
            g_autofree char *path = g_strdup_printf("/cxl/reset/%s/%s/%s",
                subject->name, r->name, kind_names[kind]);
            ResetCase c = { subject, row, kind };

            if (r->fate[kind] != CXL_FATE_NEVER && has_row(subject, row) &&
                subject->kinds & 1u << kind) {
                qtest_add_data_func_full(path, g_memdup2(&c, sizeof(c)),
                                         test_cell, g_free);
            }
        }
    }
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_nv(t, "mem0");
    qcxl_partitionable(t, "mem0", 256, false);
    qcxl_mem(t, "mem0", "rp0", 256, 256,
             ",partitionable-memdev=mem0.part,nv=mem0.nv");
    qcxl_switch(t, "sw0", "rp1", 1, "");
    qcxl_window(t, 768, NULL, "hb0");
    q = qcxl_boot(t);

    for (unsigned n = 0; n < ARRAY_SIZE(subjects); n++) {
        add_cases(&subjects[n]);
    }
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * libqos driver for CXL: accesses, mailbox commands, HDM decoders, slots, DOE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_regs.h"
#include "hw/pci/pcie_regs.h"
#include "../libqtest.h"
#include "cxl.h"

/* Memory */

uint64_t qcxl_read(QCXL *q, uint64_t addr, unsigned size)
{
    switch (size) {
    case 1:
        return qtest_readb(q->qts, addr);
    case 2:
        return qtest_readw(q->qts, addr);
    case 4:
        return qtest_readl(q->qts, addr);
    default:
        g_assert_cmpuint(size, ==, 8);
        return qtest_readq(q->qts, addr);
    }
}

void qcxl_write(QCXL *q, uint64_t addr, unsigned size, uint64_t value)
{
    switch (size) {
    case 1:
        qtest_writeb(q->qts, addr, value);
        break;
    case 2:
        qtest_writew(q->qts, addr, value);
        break;
    case 4:
        qtest_writel(q->qts, addr, value);
        break;
    default:
        g_assert_cmpuint(size, ==, 8);
        qtest_writeq(q->qts, addr, value);
    }
}

/* Configuration space */

static uint64_t ecam(const QCXLFn *fn, unsigned offset)
{
    g_assert_cmpuint(offset, <, PCIE_CONFIG_SPACE_SIZE);
    return QCXL_ECAM_BASE + (fn->bus << 20 | fn->devfn << 12 | offset);
}

uint64_t qcxl_config_read(QCXLFn *fn, unsigned offset, unsigned size)
{
    return qcxl_read(fn->q, ecam(fn, offset), size);
}

void qcxl_config_write(QCXLFn *fn, unsigned offset, unsigned size,
                       uint64_t value)
{
    qcxl_write(fn->q, ecam(fn, offset), size, value);
}

unsigned qcxl_cap(QCXLFn *fn, uint8_t id)
{
    unsigned at = qcxl_config_read(fn, PCI_CAPABILITY_LIST, 1);

    while (at && qcxl_config_read(fn, at, 1) != id) {
        at = qcxl_config_read(fn, at + PCI_CAP_LIST_NEXT, 1);
    }
    return at;
}

unsigned qcxl_port_number(QCXLFn *port)
{
    unsigned exp = qcxl_cap(port, PCI_CAP_ID_EXP);

    g_assert_cmphex(exp, !=, 0);
    return qcxl_config_read(port, exp + PCI_EXP_LNKCAP, 4) >>
           PCI_EXP_LNKCAP_PN_SHIFT;
}

unsigned qcxl_ext_next(QCXLFn *fn, unsigned at)
{
    uint32_t header = qcxl_config_read(fn, at, 4);

    /* All ones would lead to itself for ever */
    g_assert_cmphex(header, !=, UINT32_MAX);
    return PCI_EXT_CAP_NEXT(header);
}

/* Where extended capabilities begin; 0 in conventional functions */
static unsigned ext_first(QCXLFn *fn)
{
    return qcxl_cap(fn, PCI_CAP_ID_EXP) ? PCI_CONFIG_SPACE_SIZE : 0;
}

unsigned qcxl_ext_cap(QCXLFn *fn, uint16_t id)
{
    for (unsigned at = ext_first(fn); at; at = qcxl_ext_next(fn, at)) {
        if (PCI_EXT_CAP_ID(qcxl_config_read(fn, at, 4)) == id) {
            return at;
        }
    }
    return 0;
}

unsigned qcxl_dvsec(QCXLFn *fn, uint16_t id)
{
    for (unsigned at = ext_first(fn); at; at = qcxl_ext_next(fn, at)) {
        if (PCI_EXT_CAP_ID(qcxl_config_read(fn, at, 4)) !=
            PCI_EXT_CAP_ID_DVSEC) {
            continue;
        }
        if (qcxl_config_read(fn, at + CXL_DVSEC_HEADER1, 2) ==
            CXL_VENDOR_ID &&
            qcxl_config_read(fn, at + CXL_DVSEC_HEADER2, 2) == id) {
            return at;
        }
    }
    return 0;
}

void qcxl_msix_arm(QCXLFn *fn, unsigned vector, uint64_t addr, uint32_t data)
{
    unsigned cap = qcxl_cap(fn, PCI_CAP_ID_MSIX);
    uint32_t table = qcxl_config_read(fn, cap + PCI_MSIX_TABLE, 4);
    uint64_t entry = fn->bar[table & PCI_MSIX_TABLE_BIR] +
                     (table & PCI_MSIX_TABLE_OFFSET) +
                     vector * PCI_MSIX_ENTRY_SIZE;

    g_assert_cmpuint(cap, !=, 0);
    qcxl_write(fn->q, entry + PCI_MSIX_ENTRY_LOWER_ADDR, 4, addr);
    qcxl_write(fn->q, entry + PCI_MSIX_ENTRY_UPPER_ADDR, 4, addr >> 32);
    qcxl_write(fn->q, entry + PCI_MSIX_ENTRY_DATA, 4, data);
    qcxl_write(fn->q, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 4, 0);
    qcxl_config_write(fn, cap + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
}

size_t qcxl_mbox_payload_size(QCXLFn *fn)
{
    uint32_t cap = qcxl_read(fn->q, fn->mailbox + CXL_MBOX_CAPABILITIES, 4);

    return 1ul << FIELD_EX32(cap, CXL_MBOX_CAPABILITIES, PAYLOAD_SIZE);
}

bool qcxl_mbox_busy(QCXLFn *fn)
{
    return qcxl_read(fn->q, fn->mailbox + CXL_MBOX_CONTROL, 4) &
           R_CXL_MBOX_CONTROL_DOORBELL_MASK;
}

/* CXL r3.1 8.2.8.4.1: how a driver runs a command, step by step */
void qcxl_mbox_start(QCXLFn *fn, uint16_t opcode, uint32_t len)
{
    uint64_t control = fn->mailbox + CXL_MBOX_CONTROL;
    uint32_t irqs = qcxl_read(fn->q, control, 4);
    uint64_t command = 0;

    g_assert_cmphex(irqs & R_CXL_MBOX_CONTROL_DOORBELL_MASK, ==, 0);
    command = FIELD_DP64(command, CXL_MBOX_COMMAND, OPCODE, opcode);
    command = FIELD_DP64(command, CXL_MBOX_COMMAND, LENGTH, len);
    qcxl_write(fn->q, fn->mailbox + CXL_MBOX_COMMAND, 8, command);
    qcxl_write(fn->q, control, 4, irqs | R_CXL_MBOX_CONTROL_DOORBELL_MASK);
}

static unsigned mbox_status(QCXLFn *fn)
{
    uint64_t status = qcxl_read(fn->q, fn->mailbox + CXL_MBOX_STATUS, 8);

    return FIELD_EX64(status, CXL_MBOX_STATUS, RETURN_CODE);
}

unsigned qcxl_mbox_ring(QCXLFn *fn, uint16_t opcode, uint32_t len)
{
    qcxl_mbox_start(fn, opcode, len);
    /* Commands of ours are done before the write to the doorbell returns */
    g_assert_false(qcxl_mbox_busy(fn));
    return mbox_status(fn);
}

unsigned qcxl_mbox_answer(QCXLFn *fn, void *out, size_t *out_len)
{
    uint64_t payload = fn->mailbox + CXL_MBOX_PAYLOAD;
    uint64_t command = qcxl_read(fn->q, fn->mailbox + CXL_MBOX_COMMAND, 8);
    size_t len = FIELD_EX64(command, CXL_MBOX_COMMAND, LENGTH);

    if (out && MIN(len, *out_len)) {
        qtest_memread(fn->q->qts, payload, out, MIN(len, *out_len));
    }
    if (out_len) {
        *out_len = len;
    }
    return mbox_status(fn);
}

unsigned qcxl_mbox(QCXLFn *fn, uint16_t opcode, const void *in, size_t in_len,
                   void *out, size_t *out_len)
{
    if (in_len) {
        qtest_memwrite(fn->q->qts, fn->mailbox + CXL_MBOX_PAYLOAD, in, in_len);
    }
    qcxl_mbox_ring(fn, opcode, in_len);
    return qcxl_mbox_answer(fn, out, out_len);
}

unsigned qcxl_event_take(QCXLFn *fn, uint8_t log, void *record)
{
    struct {
        CXLGetEventsRsp head;
        CXLEventRecord records[8];
    } rsp = { };
    struct {
        CXLClearEventsReq head;
        CXLLe16 handle;
    } clear = { .head.log = log, .head.handle_count = 1 };
    size_t len = sizeof(rsp);
    unsigned nr;

    g_assert_cmphex(qcxl_mbox(fn, CXL_OP_GET_EVENT_RECORDS, &log, 1, &rsp,
                              &len), ==, CXL_RET_SUCCESS);
    nr = cxl_le16_get(rsp.head.record_count);
    g_assert_cmpuint(len, ==, sizeof(rsp.head) + nr * sizeof(CXLEventRecord));
    if (nr) {
        memcpy(record, &rsp.records[0], sizeof(CXLEventRecord));
        clear.handle = rsp.records[0].header.handle;
        g_assert_cmphex(qcxl_mbox(fn, CXL_OP_CLEAR_EVENT_RECORDS, &clear,
                                  sizeof(clear), NULL, NULL), ==,
                        CXL_RET_SUCCESS);
    }
    return nr;
}

/* CXL r3.1 8.2.4.20.1: how Decoder Count counts */
unsigned qcxl_hdm_count(QCXL *q, const QCXLComponent *comp)
{
    uint32_t cap = qcxl_read(q, comp->hdm + CXL_HDM_CAPABILITY, 4);
    unsigned code = FIELD_EX32(cap, CXL_HDM_CAPABILITY, DECODER_COUNT);

    return !code ? 1 : code <= 8 ? 2 * code : (code - 4) * 4;
}

uint64_t qcxl_hdm_reg(const QCXLComponent *comp, unsigned n, unsigned offset)
{
    return comp->hdm + CXL_HDM_DECODER(n) + offset;
}

static void write_pair(QCXL *q, const QCXLComponent *comp, unsigned n,
                       unsigned low, uint64_t value)
{
    qcxl_write(q, qcxl_hdm_reg(comp, n, low), 4, value);
    qcxl_write(q, qcxl_hdm_reg(comp, n, low + 4), 4, value >> 32);
}

static uint32_t control_of(const QCXLDecoder *d)
{
    uint32_t control = 0;

    control = FIELD_DP32(control, CXL_HDM_CONTROL, IG, d->granularity);
    control = FIELD_DP32(control, CXL_HDM_CONTROL, IW, d->ways);
    control = FIELD_DP32(control, CXL_HDM_CONTROL, LOCK, d->lock);
    return FIELD_DP32(control, CXL_HDM_CONTROL, HOST_ONLY, 1);
}

void qcxl_hdm_program(QCXL *q, const QCXLComponent *comp, unsigned n,
                      const QCXLDecoder *d)
{
    write_pair(q, comp, n, CXL_HDM_BASE_LOW, d->base);
    write_pair(q, comp, n, CXL_HDM_SIZE_LOW, d->size);
    /* A port's target list and an endpoint's DPA skip share their place */
    write_pair(q, comp, n, CXL_HDM_TARGET_LOW, d->targets | d->skip);
    qcxl_write(q, qcxl_hdm_reg(comp, n, CXL_HDM_CONTROL), 4, control_of(d));
}

static bool hdm_state(QCXL *q, const QCXLComponent *comp, unsigned n,
                      uint32_t mask)
{
    return qcxl_read(q, qcxl_hdm_reg(comp, n, CXL_HDM_CONTROL), 4) & mask;
}

bool qcxl_hdm_committed(QCXL *q, const QCXLComponent *comp, unsigned n)
{
    return hdm_state(q, comp, n, R_CXL_HDM_CONTROL_COMMITTED_MASK);
}

bool qcxl_hdm_failed(QCXL *q, const QCXLComponent *comp, unsigned n)
{
    return hdm_state(q, comp, n, R_CXL_HDM_CONTROL_ERROR_MASK);
}

bool qcxl_hdm_commit(QCXL *q, const QCXLComponent *comp, unsigned n,
                     const QCXLDecoder *d)
{
    qcxl_hdm_program(q, comp, n, d);
    qcxl_write(q, qcxl_hdm_reg(comp, n, CXL_HDM_CONTROL), 4,
               control_of(d) | R_CXL_HDM_CONTROL_COMMIT_MASK);
    return qcxl_hdm_committed(q, comp, n);
}

void qcxl_hdm_uncommit(QCXL *q, const QCXLComponent *comp, unsigned n)
{
    uint64_t reg = qcxl_hdm_reg(comp, n, CXL_HDM_CONTROL);

    qcxl_write(q, reg, 4,
               qcxl_read(q, reg, 4) & ~R_CXL_HDM_CONTROL_COMMIT_MASK);
}

void qcxl_hdm_enable(QCXL *q, const QCXLComponent *comp, bool on)
{
    qcxl_write(q, comp->hdm + CXL_HDM_GLOBAL_CONTROL, 4,
               on ? R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK : 0);
}

void qcxl_mem_enable(QCXLFn *fn, bool on)
{
    unsigned at = qcxl_dvsec(fn, CXL_DVSEC_ID_DEVICE) + CXL_DEVICE_CONTROL;
    uint16_t control = qcxl_config_read(fn, at, 2);

    qcxl_config_write(fn, at, 2,
                      FIELD_DP16(control, CXL_DEVICE_CONTROL, MEM_ENABLE, on));
}

/* Slots */

static void slot_control(QCXLFn *port, uint16_t value)
{
    unsigned exp = qcxl_cap(port, PCI_CAP_ID_EXP);

    qcxl_config_write(port, exp + PCI_EXP_SLTCTL, 2,
                      value | PCI_EXP_SLTCTL_ATTN_IND_OFF);
}

void qcxl_slot_power_on(QCXLFn *port)
{
    slot_control(port, PCI_EXP_SLTCTL_PWR_IND_ON);
}

/* With its indicator on: a slot that is dark as well lets go of its device */
void qcxl_slot_power_cycle(QCXLFn *port)
{
    slot_control(port, PCI_EXP_SLTCTL_PWR_IND_ON | PCI_EXP_SLTCTL_PCC);
    slot_control(port, PCI_EXP_SLTCTL_PWR_IND_ON);
}

void qcxl_bus_reset(QCXLFn *port, bool unmask)
{
    unsigned at = qcxl_dvsec(port, CXL_DVSEC_ID_PORT) + CXL_PORT_CONTROL;
    uint16_t control = qcxl_config_read(port, at, 2);
    uint16_t bridge = qcxl_config_read(port, PCI_BRIDGE_CONTROL, 2);

    qcxl_config_write(port, at, 2,
                      unmask ? R_CXL_PORT_CONTROL_UNMASK_SBR_MASK : 0);
    qcxl_config_write(port, PCI_BRIDGE_CONTROL, 2,
                      bridge | PCI_BRIDGE_CTL_BUS_RESET);
    qcxl_config_write(port, PCI_BRIDGE_CONTROL, 2, bridge);
    qcxl_config_write(port, at, 2, control);
}

void qcxl_slot_eject(QCXLFn *port, const char *id)
{
    qtest_qmp_device_del_send(port->q->qts, id);
    slot_control(port, PCI_EXP_SLTCTL_PWR_IND_OFF | PCI_EXP_SLTCTL_PCC);
    qtest_qmp_eventwait(port->q->qts, "DEVICE_DELETED");
}

/* Machines that end, and go on as others */

void qcxl_restart(QCXL *q)
{
    qtest_quit(q->qts);
    q->qts = qtest_init(q->args);
    qcxl_enumerate(q);
}

void qcxl_kill(QCXL *q)
{
    kill(qtest_pid(q->qts), SIGKILL);
    while (qtest_probe_child(q->qts)) {
        g_usleep(1000);
    }
    q->qts = qtest_init(q->args);
    qcxl_enumerate(q);
}

/* The backing files are there already: only the rest is saved */
static void migrate_by(QTestState *qts, const char *command, const char *uri)
{
    g_autofree char *status = NULL;

    qtest_qmp_assert_success(qts,
        "{'execute': 'migrate-set-capabilities', 'arguments': {"
        " 'capabilities': [{'capability': 'x-ignore-shared',"
        " 'state': true}] }}");
    qtest_qmp_assert_success(qts, "{'execute': %s, 'arguments': {'uri': %s}}",
                             command, uri);
    do {
        QDict *rsp = qtest_qmp_assert_success_ref(qts,
            "{'execute': 'query-migrate'}");

        g_free(status);
        status = g_strdup(qdict_get_try_str(rsp, "status") ?: "none");
        qobject_unref(rsp);
        g_assert_cmpstr(status, !=, "failed");
        g_usleep(10000);
    } while (!g_str_equal(status, "completed"));
}

void qcxl_migrate(QCXL *q)
{
    g_autofree char *path = qcxl_file(q, "state");
    g_autofree char *uri = g_strconcat("file:", path, NULL);

    migrate_by(q->qts, "migrate", uri);
    qtest_quit(q->qts);
    q->qts = qtest_initf("%s -incoming defer", q->args);
    migrate_by(q->qts, "migrate-incoming", uri);
}

/* DOE: PCIe r6.0 6.30, without any error that a device could make */

static unsigned doe_exchange(QCXLFn *fn, unsigned doe, const void *request,
                             unsigned bytes, uint32_t *answer, unsigned max)
{
    unsigned dwords = 0;

    for (unsigned at = 0; at < bytes; at += CXL_DOE_DWORD) {
        qcxl_config_write(fn, doe + PCI_DOE_WRITE, 4,
                          cxl_le_load((const uint8_t *)request + at, 4));
    }
    qcxl_config_write(fn, doe + PCI_DOE_CTRL, 4, PCI_DOE_CTRL_GO);
    while (qcxl_config_read(fn, doe + PCI_DOE_STATUS, 4) &
           PCI_DOE_STATUS_DATA_OBJECT_READY) {
        g_assert_cmpuint(dwords, <, max);
        answer[dwords++] = qcxl_config_read(fn, doe + PCI_DOE_READ, 4);
        qcxl_config_write(fn, doe + PCI_DOE_READ, 4, 0);
    }
    return dwords;
}

GByteArray *qcxl_cdat(QCXLFn *fn)
{
    unsigned doe = qcxl_ext_cap(fn, PCI_EXT_CAP_ID_DOE);
    unsigned head = sizeof(CXLDoeReadEntry) / CXL_DOE_DWORD;
    GByteArray *table = g_byte_array_new();
    uint16_t handle = 0;

    g_assert_cmpuint(doe, !=, 0);
    do {
        const CXLDoeReadEntry request = {
            .header.vendor = cxl_le16(CXL_VENDOR_ID),
            .header.type = CXL_DOE_TABLE_ACCESS,
            .header.length = cxl_le32(head),
            .handle = cxl_le16(handle),
        };
        uint32_t answer[64];
        unsigned dwords = doe_exchange(fn, doe, &request, sizeof(request),
                                       answer, ARRAY_SIZE(answer));

        g_assert_cmpuint(dwords, >, head);
        g_assert_cmpuint(answer[1], ==, dwords);
        for (unsigned i = head; i < dwords; i++) {
            uint8_t bytes[CXL_DOE_DWORD];

            cxl_le_store(bytes, sizeof(bytes), answer[i]);
            g_byte_array_append(table, bytes, sizeof(bytes));
        }
        handle = answer[head - 1] >> 16;
    } while (handle != CXL_DOE_LAST_ENTRY);
    return table;
}

void qcxl_mem_commit(QCXLFn *fn, unsigned n, const QCXLDecoder *d)
{
    g_assert_true(qcxl_hdm_commit(fn->q, &fn->comp, n, d));
    qcxl_hdm_enable(fn->q, &fn->comp, true);
    qcxl_mem_enable(fn, true);
}

void qcxl_commit_to(QCXL *q, const QCXLComponent *comp, QCXLDecoder d,
                    uint64_t targets)
{
    d.targets = targets;
    g_assert_true(qcxl_hdm_commit(q, comp, 0, &d));
}

void qcxl_commit_mem(QCXL *q, unsigned n, QCXLDecoder d)
{
    d.targets = 0;
    qcxl_mem_commit(qcxl_mem_at(q, n), 0, &d);
}

void qcxl_uncommit_all(QCXL *q)
{
    QCXLFn *fn;

    for (unsigned n = 0; (fn = qcxl_mem_at(q, n)); n++) {
        qcxl_hdm_uncommit(q, &fn->comp, 0);
    }
    for (unsigned n = 0; (fn = qcxl_fn_at(q, QCXL_UPSTREAM_PORT, n)); n++) {
        qcxl_hdm_uncommit(q, &fn->comp, 0);
    }
    for (unsigned n = 0; n < q->nr_bridges; n++) {
        if (q->bridges[n].comp.hdm) {
            qcxl_hdm_uncommit(q, &q->bridges[n].comp, 0);
        }
    }
}

void qcxl_check_miss(QCXL *q, uint64_t hpa)
{
    g_assert_cmphex(qcxl_read(q, hpa, 8), ==, UINT64_MAX);
    qcxl_write(q, hpa, 8, 0);
    g_assert_cmphex(qcxl_read(q, hpa, 8), ==, UINT64_MAX);
}

/*
 * QTest: what a reset, or a plug pulled and put back, leaves of CXL's state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "libqos/cxl.h"

#define VALUE   0xfeedface12345678ull

static QCXL *q;

/* Both may move in memory with each enumeration */
static QCXLFn *mem(void)
{
    return qcxl_mem_at(q, 0);
}

static const QCXLComponent *bridge(void)
{
    return &q->bridges[0].comp;
}

/* All of the device's memory at the start of the window */
static void map(bool lock)
{
    const QCXLDecoder d = { .base = q->windows[0].base, .size = 2 * QCXL_UNIT,
                            .lock = lock };

    g_assert_true(qcxl_hdm_commit(q, bridge(), 0, &d));
    g_assert_true(qcxl_hdm_commit(q, &mem()->comp, 0, &d));
    qcxl_hdm_enable(q, &mem()->comp, true);
    qcxl_mem_enable(mem(), true);
}

static void unmap(void)
{
    qcxl_hdm_uncommit(q, &mem()->comp, 0);
    qcxl_hdm_uncommit(q, bridge(), 0);
}

static uint16_t device_control(void)
{
    unsigned at = qcxl_dvsec(mem(), CXL_DVSEC_ID_DEVICE);

    return qcxl_config_read(mem(), at + CXL_DEVICE_CONTROL, 2);
}

static void check_unmapped(void)
{
    const QCXLComponent *comp = &mem()->comp;

    g_assert_false(qcxl_hdm_committed(q, bridge(), 0));
    g_assert_false(qcxl_hdm_committed(q, comp, 0));
    g_assert_cmphex(qcxl_read(q, comp->hdm + CXL_HDM_GLOBAL_CONTROL, 4), ==,
                    0);
    for (unsigned reg = 0; reg < CXL_HDM_DECODER_STRIDE; reg += 4) {
        g_assert_cmphex(qcxl_read(q, qcxl_hdm_reg(comp, 0, reg), 4), ==, 0);
        g_assert_cmphex(qcxl_read(q, qcxl_hdm_reg(bridge(), 0, reg), 4), ==,
                        0);
    }
    g_assert_false(FIELD_EX32(device_control(), CXL_DEVICE_CONTROL,
                              MEM_ENABLE));
    g_assert_cmphex(qcxl_read(q, q->windows[0].base, 8), ==, UINT64_MAX);
}

static void check_mapping(bool lock)
{
    uint64_t base = q->windows[0].base;
    uint64_t persistent = VALUE;
    uint64_t got;

    map(lock);
    qcxl_write(q, base + QCXL_UNIT + 8, 8, VALUE);
    qcxl_reset(q);
    check_unmapped();
    qcxl_file_read(q, "mem0.p", 8, &got, sizeof(got));
    g_assert_cmphex(got, ==, persistent);
    map(false);
    g_assert_cmphex(qcxl_read(q, base + QCXL_UNIT + 8, 8), ==, VALUE);
    qcxl_write(q, base + QCXL_UNIT + 8, 8, 0);
    unmap();
}

static void test_decoders(void)
{
    check_mapping(false);
}

static void test_locked_decoders(void)
{
    check_mapping(true);
}

/* CXL r3.1 8.1.3.6: CONFIG_LOCK goes with the reset, as does what it held */
static void test_config_lock(void)
{
    unsigned at = qcxl_dvsec(mem(), CXL_DVSEC_ID_DEVICE);

    qcxl_mem_enable(mem(), true);
    qcxl_config_write(mem(), at + CXL_DEVICE_RANGE_BASE_HIGH(0), 4, 7);
    qcxl_config_write(mem(), at + CXL_DEVICE_LOCK, 2,
                      R_CXL_DEVICE_LOCK_CONFIG_LOCK_MASK);
    qcxl_reset(q);
    g_assert_cmphex(qcxl_config_read(mem(), at + CXL_DEVICE_LOCK, 2), ==, 0);
    g_assert_cmphex(qcxl_config_read(mem(),
                                     at + CXL_DEVICE_RANGE_BASE_HIGH(0), 4),
                    ==, 0);
    g_assert_false(FIELD_EX32(device_control(), CXL_DEVICE_CONTROL,
                              MEM_ENABLE));
    qcxl_mem_enable(mem(), true);
    g_assert_true(FIELD_EX32(device_control(), CXL_DEVICE_CONTROL,
                             MEM_ENABLE));
    qcxl_mem_enable(mem(), false);
}

/* CXL r3.1 8.2.4.17: masks and severities are RWS: sticky */
static void test_sticky(void)
{
    qcxl_write(q, mem()->comp.ras + CXL_RAS_UE_MASK, 4, 0x55);
    qcxl_write(q, mem()->comp.ras + CXL_RAS_UE_SEVERITY, 4, 0xaa);
    qcxl_write(q, mem()->comp.ras + CXL_RAS_CE_MASK, 4, 0x11);
    qcxl_reset(q);
    g_assert_cmphex(qcxl_read(q, mem()->comp.ras + CXL_RAS_UE_MASK, 4), ==,
                    0x55);
    g_assert_cmphex(qcxl_read(q, mem()->comp.ras + CXL_RAS_UE_SEVERITY, 4),
                    ==, 0xaa);
    g_assert_cmphex(qcxl_read(q, mem()->comp.ras + CXL_RAS_CE_MASK, 4), ==,
                    0x11);
}

/* CXL r3.1 8.2.8.4: the mailbox starts anew; 8.2.9.4.1: so does the clock */
static void test_mailbox(void)
{
    CXLTimestampPayload t = { cxl_le64(VALUE) };
    size_t len = sizeof(t);

    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_SET_TIMESTAMP, &t, sizeof(t), NULL,
                              NULL), ==, CXL_RET_SUCCESS);
    qcxl_write(q, mem()->mailbox + CXL_MBOX_CONTROL, 4,
               R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK);
    qcxl_reset(q);
    g_assert_cmphex(qcxl_read(q, mem()->mailbox + CXL_MBOX_CONTROL, 4), ==, 0);
    g_assert_cmphex(qcxl_read(q, mem()->mailbox + CXL_MBOX_COMMAND, 8), ==, 0);
    g_assert_cmphex(qcxl_read(q, mem()->mailbox + CXL_MBOX_STATUS, 8), ==, 0);
    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_TIMESTAMP, NULL, 0, &t, &len),
                    ==, CXL_RET_SUCCESS);
    g_assert_cmphex(cxl_le64_get(t.ns), ==, 0);
}

/* CXL r3.1 8.2.9.2.2: event records survive a warm reset, Event Status too */
static void test_events(void)
{
    CXLGetEventsReq req = { CXL_LOG_INFO };
    CXLGetEventsRsp rsp;
    size_t len = sizeof(rsp);

    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-general-media-event', 'arguments': {"
        " 'path': '/machine/peripheral/mem0', 'log': 'informational',"
        " 'flags': 0, 'dpa': 4096, 'descriptor': 1, 'type': 0,"
        " 'transaction-type': 0 }}");
    qcxl_reset(q);
    g_assert_cmphex(qcxl_read(q, mem()->status + CXL_DEV_EVENT_STATUS, 8), ==,
                    R_CXL_DEV_EVENT_STATUS_INFORMATIONAL_MASK);
    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_EVENT_RECORDS, &req,
                              sizeof(req), &rsp, &len), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(cxl_le16_get(rsp.record_count), ==, 1);
}

/* CXL r3.1 8.1.5.2: Secondary Bus Reset has an effect only with Unmask SBR */
static void test_bus_reset(void)
{
    uint64_t at = q->windows[0].base + QCXL_UNIT;

    map(false);
    qcxl_write(q, at, 8, VALUE);
    qcxl_bus_reset(qcxl_port_at(q, 0), false);
    g_assert_true(qcxl_hdm_committed(q, &mem()->comp, 0));
    g_assert_cmphex(qcxl_read(q, at, 8), ==, VALUE);
    qcxl_bus_reset(qcxl_port_at(q, 0), true);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, UINT64_MAX);
    /* The device lost its BARs; the bridge above the port kept everything */
    qcxl_enumerate(q);
    g_assert_false(qcxl_hdm_committed(q, &mem()->comp, 0));
    g_assert_true(qcxl_hdm_committed(q, bridge(), 0));
    qcxl_hdm_uncommit(q, bridge(), 0);
    map(false);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, VALUE);
    unmap();
}

/* CXL r3.1 9.7: CXL Reset */

#define RESET_STATUS (R_CXL_DEVICE_STATUS2_RESET_COMPLETE_MASK | \
                      R_CXL_DEVICE_STATUS2_RESET_ERROR_MASK)

static uint16_t device_register(unsigned reg)
{
    return qcxl_config_read(mem(), qcxl_dvsec(mem(), CXL_DVSEC_ID_DEVICE) +
                            reg, 2);
}

static void write_control2(uint16_t value)
{
    qcxl_config_write(mem(), qcxl_dvsec(mem(), CXL_DVSEC_ID_DEVICE) +
                      CXL_DEVICE_CONTROL2, 2, value);
}

/* 10 ms pass before it is over, and no more than were announced */
static void wait_for_cxl_reset(void)
{
    const int64_t ms = 1000 * 1000;

    g_assert_cmphex(device_register(CXL_DEVICE_STATUS2) & RESET_STATUS, ==, 0);
    qtest_clock_step(q->qts, 9 * ms);
    g_assert_cmphex(device_register(CXL_DEVICE_STATUS2) & RESET_STATUS, ==, 0);
    qtest_clock_step(q->qts, ms);
    g_assert_cmphex(device_register(CXL_DEVICE_STATUS2) & RESET_STATUS, ==,
                    R_CXL_DEVICE_STATUS2_RESET_COMPLETE_MASK);
}

/* CXL r3.1 8.1.3.1, 8.1.3.4: what a device without a cache announces */
static void test_cxl_reset_capability(void)
{
    uint16_t cap = device_register(CXL_DEVICE_CAPABILITY);

    g_assert_true(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, RESET));
    g_assert_true(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, RESET_MEM_CLR));
    g_assert_cmpuint(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, RESET_TIMEOUT), ==,
                     CXL_RESET_TIMEOUT_100MS);
    g_assert_false(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, CACHE_WBI));
    write_control2(~R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK);
    g_assert_cmphex(device_register(CXL_DEVICE_CONTROL2), ==,
                    R_CXL_DEVICE_CONTROL2_RESET_MEM_CLR_MASK);
    g_assert_cmphex(device_register(CXL_DEVICE_STATUS2) & RESET_STATUS, ==, 0);
    write_control2(0);
}

/* Decoders go, locked or not, the rest of the function is as it was */
static void check_cxl_reset(bool clear)
{
    const uint64_t at = q->windows[0].base;
    const uint64_t persistent = at + QCXL_UNIT;

    map(true);
    qcxl_write(q, at + 8, 8, VALUE);
    qcxl_write(q, persistent + 8, 8, ~VALUE);
    write_control2(R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK |
                   (clear ? R_CXL_DEVICE_CONTROL2_RESET_MEM_CLR_MASK : 0));
    g_assert_cmphex(device_register(CXL_DEVICE_CONTROL2), ==,
                    clear ? R_CXL_DEVICE_CONTROL2_RESET_MEM_CLR_MASK : 0);
    g_assert_cmphex(qcxl_read(q, at + 8, 8), ==, UINT64_MAX);
    wait_for_cxl_reset();
    g_assert_false(qcxl_hdm_committed(q, &mem()->comp, 0));
    g_assert_false(FIELD_EX32(device_control(), CXL_DEVICE_CONTROL,
                              MEM_ENABLE));
    g_assert_true(qcxl_hdm_committed(q, bridge(), 0));
    qcxl_reset(q);
    map(false);
    g_assert_cmphex(qcxl_read(q, at + 8, 8), ==, clear ? 0 : VALUE);
    g_assert_cmphex(qcxl_read(q, persistent + 8, 8), ==, ~VALUE);
    unmap();
}

static void test_cxl_reset(void)
{
    check_cxl_reset(false);
}

static void test_cxl_reset_clear(void)
{
    check_cxl_reset(true);
}

/* One that is under way goes on elsewhere, and ends with a reset */
static void test_cxl_reset_interrupted(void)
{
    write_control2(R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK);
    qcxl_migrate(q);
    wait_for_cxl_reset();
    write_control2(R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK);
    qtest_clock_step(q->qts, 5 * 1000 * 1000);
    write_control2(R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK);
    wait_for_cxl_reset();
    write_control2(R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK);
    qcxl_reset(q);
    qtest_clock_step(q->qts, 100 * 1000 * 1000);
    g_assert_cmphex(device_register(CXL_DEVICE_STATUS2) & RESET_STATUS, ==, 0);
}

/* CXL r3.1 9.6: data, decoders and what maps them stay; interrupts do not */
static void test_flr(void)
{
    const uint64_t at = q->windows[0].base + QCXL_UNIT;
    unsigned exp = qcxl_cap(mem(), PCI_CAP_ID_EXP);

    g_assert_true(qcxl_config_read(mem(), exp + PCI_EXP_DEVCAP, 4) &
                  PCI_EXP_DEVCAP_FLR);
    map(false);
    qcxl_write(q, at, 8, VALUE);
    qcxl_config_write(mem(), exp + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
    g_assert_cmphex(qcxl_config_read(mem(), exp + PCI_EXP_DEVCTL, 2), ==, 0);
    g_assert_cmphex(qcxl_config_read(mem(), PCI_BASE_ADDRESS_2, 4) &
                    PCI_BASE_ADDRESS_MEM_MASK, ==, 0);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, VALUE);
    qcxl_write(q, at, 8, ~VALUE);
    qcxl_enumerate(q);
    g_assert_true(qcxl_hdm_committed(q, &mem()->comp, 0));
    g_assert_cmphex(qcxl_read(q, at, 8), ==, ~VALUE);
    unmap();
}

static void slot_control(QCXLFn *port, uint16_t value)
{
    unsigned at = qcxl_cap(port, PCI_CAP_ID_EXP) + PCI_EXP_SLTCTL;

    qcxl_config_write(port, at, 2, value);
}

/* What an OS does when the attention button was pressed */
static void unplug(const char *id, unsigned port)
{
    qtest_qmp_device_del_send(q->qts, id);
    slot_control(qcxl_port_at(q, port), PCI_EXP_SLTCTL_PWR_IND_OFF |
                 PCI_EXP_SLTCTL_ATTN_IND_OFF | PCI_EXP_SLTCTL_PCC);
    qtest_qmp_eventwait(q->qts, "DEVICE_DELETED");
}

static void plug(void)
{
    qtest_qmp_device_add(q->qts, "cxl-type3", "late",
                         "{'bus': 'rp1', 'volatile-memdev': 'late.v',"
                         " 'persistent-memdev': 'late.p', 'lsa': 'late.lsa',"
                         " 'sn': 77 }");
    /* PCC clear: power on */
    slot_control(qcxl_port_at(q, 1), PCI_EXP_SLTCTL_PWR_IND_ON |
                 PCI_EXP_SLTCTL_ATTN_IND_OFF);
    qcxl_enumerate(q);
}

/* A device that comes, is used, goes while decoding, and comes back */
static void test_plug(void)
{
    QCXLDecoder d = { .base = q->windows[0].base + 2 * QCXL_UNIT,
                      .size = QCXL_UNIT, .skip = QCXL_UNIT };
    QCXLDecoder port = { .base = d.base, .size = d.size, .targets = 1 };

    g_assert_null(qcxl_mem_at(q, 1));
    g_assert_true(qcxl_hdm_commit(q, bridge(), 0, &port));
    for (unsigned round = 0; round < 3; round++) {
        QCXLFn *late;

        plug();
        late = qcxl_mem_at(q, 1);
        g_assert_nonnull(late);
        g_assert_cmphex(qcxl_read(q, d.base, 8), ==, UINT64_MAX);
        g_assert_true(qcxl_hdm_commit(q, &late->comp, 0, &d));
        qcxl_hdm_enable(q, &late->comp, true);
        qcxl_mem_enable(late, true);
        if (round) {
            g_assert_cmphex(qcxl_read(q, d.base, 8), ==, VALUE + round - 1);
        }
        qcxl_write(q, d.base, 8, VALUE + round);
        unplug("late", 1);
        g_assert_cmphex(qcxl_read(q, d.base, 8), ==, UINT64_MAX);
        qcxl_write(q, d.base, 8, 0);
        qcxl_enumerate(q);
        g_assert_null(qcxl_mem_at(q, 1));
    }
    qcxl_hdm_uncommit(q, bridge(), 0);
}

/* A backend that is in use cannot be had again; it can once it is free */
static void test_backend_in_use(void)
{
    QDict *rsp;

    plug();
    rsp = qtest_qmp(q->qts, "{'execute': 'device_add', 'arguments': {"
                    "'driver': 'cxl-type3', 'bus': 'rp2', 'id': 'thief',"
                    "'volatile-memdev': 'late.v'}}");
    g_assert_true(qdict_haskey(rsp, "error"));
    g_assert_nonnull(strstr(qdict_get_str(qdict_get_qdict(rsp, "error"),
                                          "desc"), "volatile-memdev"));
    qobject_unref(rsp);
    unplug("late", 1);
    qcxl_enumerate(q);
    plug();
    g_assert_nonnull(qcxl_mem_at(q, 1));
    unplug("late", 1);
    qcxl_enumerate(q);
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
    qcxl_root_port(t, "rp2", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 256, "");
    qcxl_backends(t, "late", 256, 256);
    qcxl_window(t, 1024, NULL, "hb0");
    q = qcxl_boot(t);

    qtest_add_func("/cxl/reset/decoders", test_decoders);
    qtest_add_func("/cxl/reset/locked-decoders", test_locked_decoders);
    qtest_add_func("/cxl/reset/config-lock", test_config_lock);
    qtest_add_func("/cxl/reset/sticky", test_sticky);
    qtest_add_func("/cxl/reset/mailbox", test_mailbox);
    qtest_add_func("/cxl/reset/events", test_events);
    qtest_add_func("/cxl/reset/bus-reset", test_bus_reset);
    qtest_add_func("/cxl/reset/flr", test_flr);
    qtest_add_func("/cxl/reset/cxl-reset/capability",
                   test_cxl_reset_capability);
    qtest_add_func("/cxl/reset/cxl-reset/keep", test_cxl_reset);
    qtest_add_func("/cxl/reset/cxl-reset/clear", test_cxl_reset_clear);
    qtest_add_func("/cxl/reset/cxl-reset/interrupted",
                   test_cxl_reset_interrupted);
    qtest_add_func("/cxl/reset/plug", test_plug);
    qtest_add_func("/cxl/reset/backend-in-use", test_backend_in_use);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

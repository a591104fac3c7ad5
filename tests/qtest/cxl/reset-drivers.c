/*
 * How a test sets and sees each piece of state of the reset table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "reset-drivers.h"

/* Longer than a Sanitize takes */
#define SANITIZE_NS         (4000 * 1000 * 1000LL)

/* Behind a unit of volatile memory, and one that is so when power comes on */
#define PERSISTENT_DPA      (2 * QCXL_UNIT)

/* Configuration space */

static void set_pci(const ResetTarget *t, uint32_t token)
{
    unsigned msix = qcxl_cap(t->fn, PCI_CAP_ID_MSIX);

    qcxl_config_write(t->fn, PCI_CACHE_LINE_SIZE, 1, 1 + token % 255);
    if (msix) {
        qcxl_config_write(t->fn, msix + PCI_MSIX_FLAGS, 2,
                          PCI_MSIX_FLAGS_ENABLE);
    }
}

static uint64_t get_pci(const ResetTarget *t)
{
    unsigned msix = qcxl_cap(t->fn, PCI_CAP_ID_MSIX);

    return qcxl_config_read(t->fn, PCI_CACHE_LINE_SIZE, 1) << 16 |
           (msix ? qcxl_config_read(t->fn, msix + PCI_MSIX_FLAGS, 2) : 0);
}

static void set_pcie(const ResetTarget *t, uint32_t token)
{
    unsigned exp = qcxl_cap(t->fn, PCI_CAP_ID_EXP);

    qcxl_config_write(t->fn, exp + PCI_EXP_DEVCTL, 2, 1 + token % 15);
}

static uint64_t get_pcie(const ResetTarget *t)
{
    unsigned exp = qcxl_cap(t->fn, PCI_CAP_ID_EXP);

    return qcxl_config_read(t->fn, exp + PCI_EXP_DEVCTL, 2);
}

static void set_aer(const ResetTarget *t, uint32_t token)
{
    unsigned aer = qcxl_ext_cap(t->fn, PCI_EXT_CAP_ID_ERR);

    qcxl_config_write(t->fn, aer + PCI_ERR_COR_MASK, 4,
                      PCI_ERR_COR_BAD_TLP | PCI_ERR_COR_BAD_DLLP);
    qcxl_config_write(t->fn, aer + PCI_ERR_UNCOR_SEVER, 4,
                      PCI_ERR_UNC_POISON_TLP);
}

static uint64_t get_aer(const ResetTarget *t)
{
    unsigned aer = qcxl_ext_cap(t->fn, PCI_EXT_CAP_ID_ERR);

    return qcxl_config_read(t->fn, aer + PCI_ERR_COR_MASK, 4) << 32 |
           qcxl_config_read(t->fn, aer + PCI_ERR_UNCOR_SEVER, 4);
}

/* An answer that waits to be read */
static void set_doe(const ResetTarget *t, uint32_t token)
{
    unsigned doe = qcxl_ext_cap(t->fn, PCI_EXT_CAP_ID_DOE);
    const CXLDoeReadEntry request = {
        .header.vendor = cxl_le16(CXL_VENDOR_ID),
        .header.type = CXL_DOE_TABLE_ACCESS,
        .header.length = cxl_le32(sizeof(request) / CXL_DOE_DWORD),
    };

    for (unsigned at = 0; at < sizeof(request); at += CXL_DOE_DWORD) {
        qcxl_config_write(t->fn, doe + PCI_DOE_WRITE, 4,
                          cxl_le_load((const uint8_t *)&request + at, 4));
    }
    qcxl_config_write(t->fn, doe + PCI_DOE_CTRL, 4, PCI_DOE_CTRL_GO);
}

static uint64_t get_doe(const ResetTarget *t)
{
    unsigned doe = qcxl_ext_cap(t->fn, PCI_EXT_CAP_ID_DOE);

    return qcxl_config_read(t->fn, doe + PCI_DOE_STATUS, 4);
}

static void set_config_lock(const ResetTarget *t, uint32_t token)
{
    unsigned at = qcxl_dvsec(t->fn, CXL_DVSEC_ID_DEVICE) + CXL_DEVICE_LOCK;

    qcxl_config_write(t->fn, at, 2, R_CXL_DEVICE_LOCK_CONFIG_LOCK_MASK);
}

static uint64_t get_config_lock(const ResetTarget *t)
{
    unsigned at = qcxl_dvsec(t->fn, CXL_DVSEC_ID_DEVICE) + CXL_DEVICE_LOCK;

    return qcxl_config_read(t->fn, at, 2);
}

static void set_mem_enable(const ResetTarget *t, uint32_t token)
{
    unsigned at = qcxl_dvsec(t->fn, CXL_DVSEC_ID_DEVICE);

    qcxl_config_write(t->fn, at + CXL_DEVICE_RANGE_BASE_HIGH(0), 4, token);
    qcxl_mem_enable(t->fn, true);
}

static uint64_t get_mem_enable(const ResetTarget *t)
{
    unsigned at = qcxl_dvsec(t->fn, CXL_DVSEC_ID_DEVICE);

    return qcxl_config_read(t->fn, at + CXL_DEVICE_CONTROL, 2) << 32 |
           qcxl_config_read(t->fn, at + CXL_DEVICE_RANGE_BASE_HIGH(0), 4);
}

void reset_by_cxl_reset(const ResetTarget *t)
{
    unsigned at = qcxl_dvsec(t->fn, CXL_DVSEC_ID_DEVICE);

    qcxl_config_write(t->fn, at + CXL_DEVICE_CONTROL2, 2,
                      R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK);
    qtest_clock_step(t->q->qts, 10 * 1000 * 1000);
    g_assert_cmphex(qcxl_config_read(t->fn, at + CXL_DEVICE_STATUS2, 2) &
                    (R_CXL_DEVICE_STATUS2_RESET_COMPLETE_MASK |
                     R_CXL_DEVICE_STATUS2_RESET_ERROR_MASK), ==,
                    R_CXL_DEVICE_STATUS2_RESET_COMPLETE_MASK);
}

static void set_cxl_reset(const ResetTarget *t, uint32_t token)
{
    reset_by_cxl_reset(t);
}

static uint64_t get_cxl_reset(const ResetTarget *t)
{
    unsigned at = qcxl_dvsec(t->fn, CXL_DVSEC_ID_DEVICE);

    return qcxl_config_read(t->fn, at + CXL_DEVICE_STATUS2, 2);
}

/* The phases' times are there in downstream ports only */
static void set_port_dvsecs(const ResetTarget *t, uint32_t token)
{
    unsigned port = qcxl_dvsec(t->fn, CXL_DVSEC_ID_PORT);
    unsigned gpf = qcxl_dvsec(t->fn, CXL_DVSEC_ID_GPF_PORT);

    qcxl_config_write(t->fn, port + CXL_PORT_CONTROL, 2,
                      R_CXL_PORT_CONTROL_UNMASK_SBR_MASK);
    if (gpf) {
        qcxl_config_write(t->fn, gpf + CXL_GPF_PORT_PHASE1, 2, 7);
    }
}

static uint64_t get_port_dvsecs(const ResetTarget *t)
{
    unsigned port = qcxl_dvsec(t->fn, CXL_DVSEC_ID_PORT);
    unsigned gpf = qcxl_dvsec(t->fn, CXL_DVSEC_ID_GPF_PORT);

    return qcxl_config_read(t->fn, port + CXL_PORT_CONTROL, 2) << 16 |
           (gpf ? qcxl_config_read(t->fn, gpf + CXL_GPF_PORT_PHASE1, 2) : 0);
}

/* Component registers */

static void set_ras(const ResetTarget *t, uint32_t token)
{
    qcxl_write(t->q, t->comp->ras + CXL_RAS_UE_MASK, 4, 0x55);
    qcxl_write(t->q, t->comp->ras + CXL_RAS_CE_MASK, 4, 0x11);
}

static uint64_t get_ras(const ResetTarget *t)
{
    return qcxl_read(t->q, t->comp->ras + CXL_RAS_UE_MASK, 4) << 32 |
           qcxl_read(t->q, t->comp->ras + CXL_RAS_CE_MASK, 4);
}

/* Of the root ports of a host bridge, of the downstream ports of a switch */
static void set_hdm(const ResetTarget *t, uint32_t token)
{
    const QCXLDecoder d = { .base = t->q->windows[0].base, .size = QCXL_UNIT };

    g_assert_true(qcxl_hdm_commit(t->q, t->comp, 0, &d));
}

static uint64_t get_hdm(const ResetTarget *t)
{
    return qcxl_read(t->q, qcxl_hdm_reg(t->comp, 0, CXL_HDM_CONTROL), 4) << 32 |
           qcxl_read(t->q, qcxl_hdm_reg(t->comp, 0, CXL_HDM_BASE_HIGH), 4);
}

const ResetDriver reset_hdm_driver = { set_hdm, get_hdm };

/* Mailbox */

static void command(const ResetTarget *t, uint16_t opcode, const void *in,
                    size_t in_len, void *out, size_t out_len)
{
    g_assert_cmphex(qcxl_mbox(t->fn, opcode, in, in_len, out, &out_len), ==,
                    CXL_RET_SUCCESS);
}

static void set_mailbox(const ResetTarget *t, uint32_t token)
{
    qcxl_write(t->q, t->fn->mailbox + CXL_MBOX_PAYLOAD, 4, token);
    qcxl_write(t->q, t->fn->mailbox + CXL_MBOX_CONTROL, 4,
               R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK);
}

static uint64_t get_mailbox(const ResetTarget *t)
{
    return qcxl_read(t->q, t->fn->mailbox + CXL_MBOX_CONTROL, 4) << 32 |
           qcxl_read(t->q, t->fn->mailbox + CXL_MBOX_PAYLOAD, 4);
}

static void set_timestamp(const ResetTarget *t, uint32_t token)
{
    const CXLTimestampPayload req = { cxl_le64((uint64_t)token << 32) };

    command(t, CXL_OP_SET_TIMESTAMP, &req, sizeof(req), NULL, 0);
}

/* Time goes on: whole seconds are enough */
static uint64_t get_timestamp(const ResetTarget *t)
{
    CXLTimestampPayload rsp;

    command(t, CXL_OP_GET_TIMESTAMP, NULL, 0, &rsp, sizeof(rsp));
    return cxl_le64_get(rsp.ns) >> 32;
}

static void set_alerts(const ResetTarget *t, uint32_t token)
{
    CXLSetAlertsReq req = { .valid = 1, .enable = 1 };

    req.life_used_warning = 1 + token % 50;
    command(t, CXL_OP_SET_ALERT_CONFIG, &req, sizeof(req), NULL, 0);
}

static uint64_t get_alerts(const ResetTarget *t)
{
    CXLGetAlertsRsp rsp;

    command(t, CXL_OP_GET_ALERT_CONFIG, NULL, 0, &rsp, sizeof(rsp));
    return rsp.valid << 8 | rsp.life_used_warning;
}

static void set_events(const ResetTarget *t, uint32_t token)
{
    qtest_qmp_assert_success(t->q->qts,
        "{'execute': 'cxl-inject-general-media-event', 'arguments': {"
        " 'path': '/machine/peripheral/mem0', 'log': 'informational',"
        " 'flags': 0, 'dpa': %u, 'descriptor': 1, 'type': 0,"
        " 'transaction-type': 0 }}", token % 1024 * 64);
}

static uint64_t get_events(const ResetTarget *t)
{
    struct {
        CXLGetEventsRsp head;
        CXLGeneralMediaEvent first;
    } rsp = { };
    const CXLGetEventsReq req = { CXL_LOG_INFO };
    uint64_t status = qcxl_read(t->q, t->fn->status + CXL_DEV_EVENT_STATUS, 8);

    command(t, CXL_OP_GET_EVENT_RECORDS, &req, sizeof(req), &rsp, sizeof(rsp));
    return status << 56 | (uint64_t)cxl_le16_get(rsp.head.record_count) << 48 |
           cxl_le64_get(rsp.first.dpa);
}

static void set_event_policy(const ResetTarget *t, uint32_t token)
{
    const CXLEventPolicy req = { .setting = { 1, 1, 1, 1 } };

    command(t, CXL_OP_SET_EVENT_POLICY, &req, sizeof(req), NULL, 0);
}

static uint64_t get_event_policy(const ResetTarget *t)
{
    CXLEventPolicyRsp rsp;

    command(t, CXL_OP_GET_EVENT_POLICY, NULL, 0, &rsp, sizeof(rsp));
    return rsp.policy.setting[0] << 8 | rsp.policy.setting[3];
}

static void set_lsa(const ResetTarget *t, uint32_t token)
{
    struct {
        CXLSetLsaReq head;
        CXLLe32 data;
    } req = { .data = cxl_le32(token) };

    command(t, CXL_OP_SET_LSA, &req, sizeof(req), NULL, 0);
}

static uint64_t get_lsa(const ResetTarget *t)
{
    const CXLGetLsaReq req = { .length = cxl_le32(4) };
    CXLLe32 data;

    command(t, CXL_OP_GET_LSA, &req, sizeof(req), &data, sizeof(data));
    return cxl_le32_get(data);
}

static void set_background(const ResetTarget *t, uint32_t token)
{
    g_assert_cmphex(qcxl_mbox(t->fn, CXL_OP_SANITIZE, NULL, 0, NULL, NULL),
                    ==, CXL_RET_BACKGROUND_STARTED);
}

static uint64_t get_background(const ResetTarget *t)
{
    uint64_t status = qcxl_read(t->q, t->fn->mailbox + CXL_MBOX_BACKGROUND, 8);

    return FIELD_EX64(status, CXL_MBOX_BACKGROUND, OPCODE);
}

/* What a Sanitize does as long as it is not complete */
static uint64_t get_media(const ResetTarget *t)
{
    uint64_t status = qcxl_read(t->q, t->fn->memdev + CXL_MEMDEV_STATUS, 8);

    return FIELD_EX64(status, CXL_MEMDEV_STATUS, MEDIA);
}

void reset_complete_sanitize(const ResetTarget *t)
{
    qtest_clock_step(t->q->qts, SANITIZE_NS);
    if (get_media(t) == CXL_MEDIA_STATUS_DISABLED) {
        set_background(t, 0);
        qtest_clock_step(t->q->qts, SANITIZE_NS);
    }
    g_assert_cmpuint(get_media(t), ==, CXL_MEDIA_STATUS_READY);
}

static void inject(const ResetTarget *t, uint64_t dpa)
{
    const CXLInjectPoisonReq req = { cxl_le64(dpa) };

    command(t, CXL_OP_INJECT_POISON, &req, sizeof(req), NULL, 0);
}

/* What the list says of the unit of memory at @dpa */
static uint64_t list(const ResetTarget *t, uint64_t dpa)
{
    const CXLGetPoisonReq req = { cxl_le64(dpa), cxl_le64(QCXL_UNIT / 64) };
    struct {
        CXLGetPoisonRsp head;
        CXLMediaErrorRecord first[64];
    } rsp = { };
    uint64_t sum = 0;

    command(t, CXL_OP_GET_POISON_LIST, &req, sizeof(req), &rsp, sizeof(rsp));
    for (unsigned i = 0; i < cxl_le16_get(rsp.head.count); i++) {
        sum += cxl_le64_get(rsp.first[i].address) +
               cxl_le32_get(rsp.first[i].length);
    }
    return sum;
}

static void set_poison(const ResetTarget *t, uint32_t token)
{
    inject(t, PERSISTENT_DPA + token % 1024 * 64);
}

static uint64_t get_poison(const ResetTarget *t)
{
    return list(t, PERSISTENT_DPA);
}

static void set_poison_volatile(const ResetTarget *t, uint32_t token)
{
    inject(t, token % 1024 * 64);
}

static uint64_t get_poison_volatile(const ResetTarget *t)
{
    return list(t, 0);
}

static void set_health(const ResetTarget *t, uint32_t token)
{
    qtest_qmp_assert_success(t->q->qts,
        "{'execute': 'cxl-set-health', 'arguments': {"
        " 'path': '/machine/peripheral/mem0',"
        " 'corrected-volatile-error-count': %u,"
        " 'dirty-shutdown-count': %u }}", token, token);
}

/* The state is clean whenever power comes on: the count stays, too */
static uint64_t get_health(const ResetTarget *t)
{
    CXLHealthInfoRsp rsp;

    command(t, CXL_OP_GET_HEALTH_INFO, NULL, 0, &rsp, sizeof(rsp));
    return (uint64_t)cxl_le32_get(rsp.volatile_errors) << 32 |
           cxl_le32_get(rsp.dirty_shutdowns);
}

static void set_shutdown(const ResetTarget *t, uint32_t token)
{
    const CXLShutdownState req = { CXL_SHUTDOWN_DIRTY };

    command(t, CXL_OP_SET_SHUTDOWN_STATE, &req, sizeof(req), NULL, 0);
}

static uint64_t get_shutdown(const ResetTarget *t)
{
    CXLShutdownState rsp;

    command(t, CXL_OP_GET_SHUTDOWN_STATE, NULL, 0, &rsp, sizeof(rsp));
    return rsp.state;
}

/* Of one partitionable unit, the other way round; power has come on */
static void set_partition(const ResetTarget *t, uint32_t token)
{
    CXLPartitionInfoRsp rsp;
    CXLSetPartitionReq req;

    command(t, CXL_OP_GET_PARTITION_INFO, NULL, 0, &rsp, sizeof(rsp));
    req = (CXLSetPartitionReq) {
        .volatile_capacity = cxl_le64(cxl_le64_get(rsp.active_volatile) == 1),
    };
    command(t, CXL_OP_SET_PARTITION_INFO, &req, sizeof(req), NULL, 0);
}

static uint64_t get_partition(const ResetTarget *t)
{
    CXLPartitionInfoRsp rsp;

    command(t, CXL_OP_GET_PARTITION_INFO, NULL, 0, &rsp, sizeof(rsp));
    return cxl_le64_get(rsp.next_volatile);
}

/* Memory, through decoders that are there for just as long as it takes */

static uint64_t memory(const ResetTarget *t, uint64_t dpa, const uint64_t *put)
{
    const QCXLComponent *bridge = &t->q->bridges[0].comp;
    const QCXLDecoder d = { .base = t->q->windows[0].base,
                            .size = 3 * QCXL_UNIT };
    uint64_t at = d.base + dpa;
    uint64_t value;

    g_assert_true(qcxl_hdm_commit(t->q, bridge, 0, &d));
    g_assert_true(qcxl_hdm_commit(t->q, t->comp, 0, &d));
    qcxl_hdm_enable(t->q, t->comp, true);
    qcxl_mem_enable(t->fn, true);
    if (put) {
        qcxl_write(t->q, at, 8, *put);
    }
    value = qcxl_read(t->q, at, 8);
    qcxl_mem_enable(t->fn, false);
    qcxl_hdm_enable(t->q, t->comp, false);
    qcxl_hdm_uncommit(t->q, t->comp, 0);
    qcxl_hdm_uncommit(t->q, bridge, 0);
    return value;
}

static void set_volatile(const ResetTarget *t, uint32_t token)
{
    const uint64_t value = (uint64_t)token << 32 | 1;

    memory(t, 0x1238, &value);
}

static uint64_t get_volatile(const ResetTarget *t)
{
    return memory(t, 0x1238, NULL);
}

static void set_persistent(const ResetTarget *t, uint32_t token)
{
    const uint64_t value = (uint64_t)token << 32 | 2;

    memory(t, 2 * QCXL_UNIT + 0x4560, &value);
}

static uint64_t get_persistent(const ResetTarget *t)
{
    return memory(t, 2 * QCXL_UNIT + 0x4560, NULL);
}

const ResetDriver reset_device_drivers[CXL_STATES] = {
    [CXL_STATE_PCI] = { set_pci, get_pci },
    [CXL_STATE_PCIE] = { set_pcie, get_pcie },
    [CXL_STATE_AER] = { set_aer, get_aer },
    [CXL_STATE_DOE] = { set_doe, get_doe },
    [CXL_STATE_BACKGROUND] = {
        set_background, get_background, reset_complete_sanitize,
    },
    [CXL_STATE_MEDIA] = { set_background, get_media, reset_complete_sanitize },
    [CXL_STATE_POISON] = { set_poison, get_poison },
    [CXL_STATE_POISON_VOLATILE] = { set_poison_volatile, get_poison_volatile },
    [CXL_STATE_CXL_RESET] = { set_cxl_reset, get_cxl_reset },
    [CXL_STATE_MAILBOX] = { set_mailbox, get_mailbox },
    [CXL_STATE_DOORBELL] = { reset_set_doorbell, reset_get_doorbell },
    [CXL_STATE_NOT_READY] = { reset_set_not_ready, reset_get_not_ready },
    [CXL_STATE_FAULTS] = { reset_set_faults, reset_get_faults },
    [CXL_STATE_TIMESTAMP] = { set_timestamp, get_timestamp },
    [CXL_STATE_ALERTS] = { set_alerts, get_alerts },
    [CXL_STATE_HEALTH] = { set_health, get_health },
    [CXL_STATE_SHUTDOWN] = { set_shutdown, get_shutdown },
    [CXL_STATE_FEATURES] = { reset_set_feature, reset_get_feature },
    [CXL_STATE_FEATURES_SAVED] = {
        reset_set_saved_feature, reset_get_saved_feature,
    },
    [CXL_STATE_FIRMWARE_SLOTS] = { reset_set_fw_slot, reset_get_fw_slot },
    [CXL_STATE_FIRMWARE] = { reset_set_fw_staged, reset_get_fw_staged },
    [CXL_STATE_FIRMWARE_TRANSFER] = {
        reset_set_fw_transfer, reset_get_fw_transfer,
    },
    [CXL_STATE_SOFT_REPAIRS] = {
        reset_set_soft_repairs, reset_get_soft_repairs,
    },
    [CXL_STATE_HARD_REPAIRS] = {
        reset_set_hard_repairs, reset_get_hard_repairs,
    },
    [CXL_STATE_EVENTS] = { set_events, get_events },
    [CXL_STATE_DEBUG_LOG] = { reset_set_debug_log, reset_get_debug_log },
    [CXL_STATE_STATE_DUMP] = { reset_set_state_dump, reset_get_state_dump },
    [CXL_STATE_EVENT_POLICY] = { set_event_policy, get_event_policy },
    [CXL_STATE_PASSPHRASES] = { reset_set_passphrases, reset_get_passphrases },
    [CXL_STATE_ATTEMPTS] = { reset_set_attempts, reset_get_attempts },
    [CXL_STATE_SECURITY] = { reset_set_security, reset_get_security },
    [CXL_STATE_LSA] = { set_lsa, get_lsa },
    [CXL_STATE_VOLATILE] = { set_volatile, get_volatile },
    [CXL_STATE_PERSISTENT] = { set_persistent, get_persistent },
    [CXL_STATE_CONFIG_LOCK] = { set_config_lock, get_config_lock },
    [CXL_STATE_MEM_ENABLE] = { set_mem_enable, get_mem_enable },
    [CXL_STATE_RAS] = { set_ras, get_ras },
    [CXL_STATE_HDM] = { set_hdm, get_hdm },
    [CXL_STATE_PARTITION] = { set_partition, get_partition },
};

const ResetDriver reset_port_drivers[CXL_PORT_STATES] = {
    [CXL_PORT_STATE_PCI] = { set_pci, get_pci },
    [CXL_PORT_STATE_PCIE] = { set_pcie, get_pcie },
    [CXL_PORT_STATE_AER] = { set_aer, get_aer },
    [CXL_PORT_STATE_DVSECS] = { set_port_dvsecs, get_port_dvsecs },
    [CXL_PORT_STATE_RAS] = { set_ras, get_ras },
    [CXL_PORT_STATE_HDM] = { set_hdm, get_hdm },
};

/*
 * QTest: interrupts of a memory device, by MSI-X and by MSI
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "libqos/cxl.h"

/* Guest memory that messages write to */
#define MSG_ADDR        0x100000u
#define MSG_DATA        0xca80u

/* PCIe r6.0 7.9.24: DOE capability */
#define DOE_CAP         0x04
#define DOE_CTRL        0x08
#define DOE_STATUS      0x0c
#define DOE_WRITE       0x10
#define DOE_CTRL_ABORT  (1u << 0)
#define DOE_CTRL_IRQ    (1u << 1)
#define DOE_CTRL_GO     (1u << 31)
#define DOE_STATUS_IRQ  (1u << 1)

static QCXL *q;
static QCXLFn *mem;

static const char *const log_names[CXL_EVENT_LOGS] = {
    "informational", "warning", "failure", "fatal"
};

static void inject(unsigned log)
{
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-generic-event', 'arguments': {"
        " 'path': 'mem0', 'log': %s, 'flags': 0,"
        " 'uuid': '00112233-4455-6677-8899-aabbccddeeff' }}", log_names[log]);
}

/* Read and clear all logs, as a driver does */
static void drain(void)
{
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        struct {
            CXLGetEventsRsp head;
            CXLEventRecord record[15];
        } rsp;
        uint8_t buf[sizeof(CXLClearEventsReq) + 15 * sizeof(CXLLe16)] = { 0 };
        CXLClearEventsReq *clear = (void *)buf;
        CXLGetEventsReq req = { log };
        size_t len = sizeof(rsp);

        qcxl_mbox(mem, CXL_OP_GET_EVENT_RECORDS, &req, sizeof(req), &rsp,
                  &len);
        clear->log = log;
        clear->handle_count = cxl_le16_get(rsp.head.record_count);
        for (unsigned i = 0; i < clear->handle_count; i++) {
            clear->handles[i] = rsp.record[i].header.handle;
        }
        g_assert_cmphex(qcxl_mbox(mem, CXL_OP_CLEAR_EVENT_RECORDS, buf,
                                  sizeof(*clear) + clear->handle_count *
                                  sizeof(CXLLe16), NULL, NULL), ==,
                        CXL_RET_SUCCESS);
    }
    g_assert_cmphex(qcxl_read(q, mem->status + CXL_DEV_EVENT_STATUS, 8), ==,
                    0);
}

static void set_policy(uint8_t mode)
{
    CXLEventPolicy policy = { { mode, mode, mode, mode } };

    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_SET_EVENT_POLICY, &policy,
                              sizeof(policy), NULL, NULL), ==,
                    CXL_RET_SUCCESS);
}

/* Message number of a log */
static unsigned number(unsigned log)
{
    CXLEventPolicyRsp rsp;
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(mem, CXL_OP_GET_EVENT_POLICY, NULL, 0, &rsp,
                              &len), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(rsp.policy.setting[log] & CXL_EVENT_MODE_MASK, ==,
                    CXL_EVENT_MODE_MSI);
    return rsp.policy.setting[log] >> CXL_EVENT_MSGNUM_SHIFT;
}

static unsigned mailbox_number(void)
{
    return FIELD_EX32(qcxl_read(q, mem->mailbox + CXL_MBOX_CAPABILITIES, 4),
                      CXL_MBOX_CAPABILITIES, MSGNUM);
}

/* The message that has come since the last call; 0: none has */
static uint32_t message(void)
{
    uint32_t data = qcxl_read(q, MSG_ADDR, 4);

    qcxl_write(q, MSG_ADDR, 4, 0);
    return data;
}

/* MSI-X */

static uint64_t msix_entry(unsigned vector, unsigned offset)
{
    uint32_t table = qcxl_config_read(mem, qcxl_cap(mem, PCI_CAP_ID_MSIX) +
                                      PCI_MSIX_TABLE, 4);

    return mem->bar[table & PCI_MSIX_TABLE_BIR] +
           (table & PCI_MSIX_TABLE_OFFSET) + vector * PCI_MSIX_ENTRY_SIZE +
           offset;
}

static bool msix_pending(unsigned vector)
{
    uint32_t pba = qcxl_config_read(mem, qcxl_cap(mem, PCI_CAP_ID_MSIX) +
                                    PCI_MSIX_PBA, 4);
    uint64_t at = mem->bar[pba & PCI_MSIX_PBA_BIR] +
                  (pba & PCI_MSIX_PBA_OFFSET);

    return qcxl_read(q, at, 8) >> vector & 1;
}

static void msix_flags(uint16_t flags)
{
    qcxl_config_write(mem, qcxl_cap(mem, PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS, 2,
                      flags);
}

static void msix_mask(unsigned vector, bool on)
{
    qcxl_write(q, msix_entry(vector, PCI_MSIX_ENTRY_VECTOR_CTRL), 4,
               on ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0);
}

/* All vectors write their own number to the same place */
static void msix_arm(void)
{
    for (unsigned vector = 0; vector < 6; vector++) {
        qcxl_msix_arm(mem, vector, MSG_ADDR, MSG_DATA + vector);
    }
}

static void finish(void)
{
    drain();
    set_policy(CXL_EVENT_MODE_NONE);
    msix_flags(0);
    qcxl_config_write(mem, qcxl_cap(mem, PCI_CAP_ID_MSI) + PCI_MSI_FLAGS, 2,
                      0);
    message();
}

/* PCIe r6.0 6.1.4.5: a message waits while its vector is masked */
static void test_msix_mask(void)
{
    msix_arm();
    set_policy(CXL_EVENT_MODE_MSI);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        unsigned vector = number(log);

        msix_mask(vector, true);
        inject(log);
        g_assert_cmphex(message(), ==, 0);
        g_assert_true(msix_pending(vector));
        msix_mask(vector, false);
        g_assert_cmphex(message(), ==, MSG_DATA + vector);
        g_assert_false(msix_pending(vector));
        msix_mask(vector, true);
        msix_mask(vector, false);
        g_assert_cmphex(message(), ==, 0);
    }
    finish();
}

/* The function's mask holds back all vectors, which then come together */
static void test_msix_function_mask(void)
{
    unsigned first, second;

    msix_arm();
    set_policy(CXL_EVENT_MODE_MSI);
    first = number(CXL_LOG_INFO);
    second = number(CXL_LOG_FATAL);
    msix_flags(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    inject(CXL_LOG_INFO);
    inject(CXL_LOG_FATAL);
    g_assert_cmphex(message(), ==, 0);
    g_assert_true(msix_pending(first));
    g_assert_true(msix_pending(second));
    msix_mask(first, true);
    msix_flags(PCI_MSIX_FLAGS_ENABLE);
    g_assert_cmphex(message(), ==, MSG_DATA + second);
    g_assert_true(msix_pending(first));
    msix_mask(first, false);
    g_assert_cmphex(message(), ==, MSG_DATA + first);
    finish();
}

/* What a message that waits says is what the vector says when it goes */
static void test_msix_change(void)
{
    unsigned vector;

    msix_arm();
    set_policy(CXL_EVENT_MODE_MSI);
    vector = number(CXL_LOG_WARNING);
    msix_mask(vector, true);
    inject(CXL_LOG_WARNING);
    qcxl_write(q, msix_entry(vector, PCI_MSIX_ENTRY_DATA), 4, MSG_DATA + 99);
    msix_mask(vector, false);
    g_assert_cmphex(message(), ==, MSG_DATA + 99);
    finish();
}

/* Nothing waits for MSI-X or MSI to be enabled */
static void test_disabled(void)
{
    msix_arm();
    msix_flags(0);
    set_policy(CXL_EVENT_MODE_MSI);
    inject(CXL_LOG_INFO);
    msix_flags(PCI_MSIX_FLAGS_ENABLE);
    g_assert_cmphex(message(), ==, 0);
    drain();
    inject(CXL_LOG_INFO);
    g_assert_cmphex(message(), ==, MSG_DATA + number(CXL_LOG_INFO));
    finish();
}

/*
 * CXL r3.1 Table 8-53: the message comes when a log that has no record gets
 * one: not before it was empty again, whatever happens to the policy
 */
static void test_policy(void)
{
    msix_arm();
    inject(CXL_LOG_INFO);
    set_policy(CXL_EVENT_MODE_MSI);
    inject(CXL_LOG_INFO);
    g_assert_cmphex(message(), ==, 0);
    set_policy(CXL_EVENT_MODE_NONE);
    set_policy(CXL_EVENT_MODE_MSI);
    inject(CXL_LOG_INFO);
    g_assert_cmphex(message(), ==, 0);
    drain();
    inject(CXL_LOG_INFO);
    g_assert_cmphex(message(), ==, MSG_DATA + number(CXL_LOG_INFO));
    inject(CXL_LOG_INFO);
    g_assert_cmphex(message(), ==, 0);
    finish();
}

/* MSI */

static unsigned msi_reg(unsigned offset)
{
    return qcxl_cap(mem, PCI_CAP_ID_MSI) + offset;
}

/* Enable MSI with 2^@log2 messages */
static void msi_arm(unsigned log2)
{
    unsigned flags = qcxl_config_read(mem, msi_reg(PCI_MSI_FLAGS), 2);

    g_assert_cmpuint(qcxl_cap(mem, PCI_CAP_ID_MSI), !=, 0);
    g_assert_true(flags & PCI_MSI_FLAGS_64BIT);
    g_assert_cmpuint((flags & PCI_MSI_FLAGS_QMASK) >> 1, ==, 3);
    qcxl_config_write(mem, msi_reg(PCI_MSI_ADDRESS_LO), 4, MSG_ADDR);
    qcxl_config_write(mem, msi_reg(PCI_MSI_ADDRESS_HI), 4, 0);
    qcxl_config_write(mem, msi_reg(PCI_MSI_DATA_64), 2, MSG_DATA);
    qcxl_config_write(mem, msi_reg(PCI_MSI_FLAGS), 2,
                      PCI_MSI_FLAGS_ENABLE | log2 << 4);
}

/* CXL r3.1 8.2.8.4.3: the mailbox's, by a command that rings back */
static void check_mailbox(unsigned want)
{
    uint32_t control = R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK;

    g_assert_cmpuint(mailbox_number(), ==, want);
    qcxl_write(q, mem->mailbox + CXL_MBOX_COMMAND, 8, CXL_OP_GET_TIMESTAMP);
    qcxl_write(q, mem->mailbox + CXL_MBOX_CONTROL, 4, control |
               R_CXL_MBOX_CONTROL_DOORBELL_MASK);
    g_assert_cmphex(message(), ==, MSG_DATA + want);
    qcxl_write(q, mem->mailbox + CXL_MBOX_CONTROL, 4, 0);
}

/* PCIe r6.0 7.9.24.2: DOE Interrupt Message Number */
static void check_doe(unsigned want)
{
    unsigned doe = qcxl_ext_cap(mem, 0x2e);

    g_assert_cmpuint(doe, !=, 0);
    g_assert_cmpuint(qcxl_config_read(mem, doe + DOE_CAP, 4) >> 1 & 0x7ff, ==,
                     want);
    qcxl_config_write(mem, doe + DOE_CTRL, 4, DOE_CTRL_ABORT);
    qcxl_config_write(mem, doe + DOE_CTRL, 4, DOE_CTRL_IRQ);
    /* DOE Discovery of index 0 */
    qcxl_config_write(mem, doe + DOE_WRITE, 4, 1);
    qcxl_config_write(mem, doe + DOE_WRITE, 4, 3);
    qcxl_config_write(mem, doe + DOE_WRITE, 4, 0);
    qcxl_config_write(mem, doe + DOE_CTRL, 4, DOE_CTRL_IRQ | DOE_CTRL_GO);
    g_assert_cmphex(message(), ==, MSG_DATA + want);
    qcxl_config_write(mem, doe + DOE_CTRL, 4, DOE_CTRL_ABORT);
    qcxl_config_write(mem, doe + DOE_STATUS, 4, DOE_STATUS_IRQ);
}

/* As many messages as there are vectors, and fewer, which are shared */
static void test_msi(void)
{
    for (unsigned log2 = 0; log2 <= 3; log2++) {
        unsigned nr = 1u << log2;

        msi_arm(log2);
        set_policy(CXL_EVENT_MODE_MSI);
        for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
            g_assert_cmpuint(number(log), ==, log % nr);
            inject(log);
            g_assert_cmphex(message(), ==, MSG_DATA + log % nr);
            inject(log);
            g_assert_cmphex(message(), ==, 0);
        }
        drain();
        check_mailbox(4 % nr);
        check_doe(5 % nr);
        finish();
    }
}

/* A guest that asks for more than there are gets what there are */
static void test_msi_too_many(void)
{
    for (unsigned log2 = 4; log2 <= 7; log2++) {
        msi_arm(log2);
        check_mailbox(4);
        check_doe(5);
        finish();
    }
}

static void test_msi_mask(void)
{
    msi_arm(3);
    set_policy(CXL_EVENT_MODE_MSI);
    qcxl_config_write(mem, msi_reg(PCI_MSI_MASK_64), 4,
                      1u << CXL_LOG_FAILURE);
    inject(CXL_LOG_FAILURE);
    g_assert_cmphex(message(), ==, 0);
    g_assert_cmphex(qcxl_config_read(mem, msi_reg(PCI_MSI_PENDING_64), 4), ==,
                    1u << CXL_LOG_FAILURE);
    inject(CXL_LOG_WARNING);
    g_assert_cmphex(message(), ==, MSG_DATA + CXL_LOG_WARNING);
    qcxl_config_write(mem, msi_reg(PCI_MSI_MASK_64), 4, 0);
    g_assert_cmphex(message(), ==, MSG_DATA + CXL_LOG_FAILURE);
    g_assert_cmphex(qcxl_config_read(mem, msi_reg(PCI_MSI_PENDING_64), 4), ==,
                    0);
    finish();
}

/* CXL r3.1 Table 8-53: numbers are those of what is enabled */
static void test_numbers(void)
{
    set_policy(CXL_EVENT_MODE_MSI);
    g_assert_cmpuint(number(CXL_LOG_FATAL), ==, 3);
    g_assert_cmpuint(mailbox_number(), ==, 4);
    msi_arm(1);
    g_assert_cmpuint(number(CXL_LOG_FATAL), ==, 1);
    g_assert_cmpuint(mailbox_number(), ==, 0);
    msix_arm();
    g_assert_cmpuint(number(CXL_LOG_FATAL), ==, 3);
    g_assert_cmpuint(mailbox_number(), ==, 4);
    inject(CXL_LOG_FATAL);
    g_assert_cmphex(message(), ==, MSG_DATA + 3);
    msix_flags(0);
    g_assert_cmpuint(number(CXL_LOG_FATAL), ==, 1);
    finish();
}

/* MSI that is enabled, and what it has been given, come along */
static void test_migrate(void)
{
    msi_arm(1);
    set_policy(CXL_EVENT_MODE_MSI);
    qcxl_migrate(q);
    g_assert_cmpuint(number(CXL_LOG_FATAL), ==, 1);
    g_assert_cmpuint(mailbox_number(), ==, 0);
    inject(CXL_LOG_FATAL);
    g_assert_cmphex(message(), ==, MSG_DATA + 1);
    check_mailbox(0);
    check_doe(1);
    finish();
}

/* A reset disables MSI and gives the numbers of all vectors back */
static void test_reset(void)
{
    msi_arm(0);
    set_policy(CXL_EVENT_MODE_MSI);
    g_assert_cmpuint(mailbox_number(), ==, 0);
    qcxl_reset(q);
    mem = qcxl_mem_at(q, 0);
    g_assert_cmpuint(mailbox_number(), ==, 4);
    g_assert_cmpuint(qcxl_config_read(mem, qcxl_ext_cap(mem, 0x2e) + DOE_CAP,
                                      4) >> 1 & 0x7ff, ==, 5);
    set_policy(CXL_EVENT_MODE_MSI);
    g_assert_cmpuint(number(CXL_LOG_FATAL), ==, 3);
    inject(CXL_LOG_FATAL);
    g_assert_cmphex(message(), ==, 0);
    finish();
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 0, "");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);
    message();

    qtest_add_func("/cxl/interrupt/msix/mask", test_msix_mask);
    qtest_add_func("/cxl/interrupt/msix/function-mask",
                   test_msix_function_mask);
    qtest_add_func("/cxl/interrupt/msix/change", test_msix_change);
    qtest_add_func("/cxl/interrupt/disabled", test_disabled);
    qtest_add_func("/cxl/interrupt/policy", test_policy);
    qtest_add_func("/cxl/interrupt/msi/messages", test_msi);
    qtest_add_func("/cxl/interrupt/msi/too-many", test_msi_too_many);
    qtest_add_func("/cxl/interrupt/msi/mask", test_msi_mask);
    qtest_add_func("/cxl/interrupt/numbers", test_numbers);
    qtest_add_func("/cxl/interrupt/migrate", test_migrate);
    qtest_add_func("/cxl/interrupt/reset", test_reset);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * QTest: CXL device registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "libqos/cxl.h"

/* Guest memory that MSI-X vectors write to */
#define MSI_ADDR        0x100000u
#define MSI_DATA        0x600du

static QCXL *q;
static QCXLFn *mem;

/* CXL r3.1 8.2.8.1, 8.2.8.2 */

static void test_array(void)
{
    uint64_t array = qcxl_read(q, mem->regs + CXL_DEV_CAP_ARRAY, 8);
    unsigned count = FIELD_EX64(array, CXL_DEV_CAP_ARRAY, COUNT);

    g_assert_cmpuint(FIELD_EX64(array, CXL_DEV_CAP_ARRAY, VERSION), ==,
                     CXL_DEV_CAP_ARRAY_VERSION);
    g_assert_cmpuint(FIELD_EX64(array, CXL_DEV_CAP_ARRAY, TYPE), <=,
                     CXL_DEV_CAP_TYPE_MEMORY);
    g_assert_cmpuint(count, >=, 3);
    for (unsigned i = 1; i <= count; i++) {
        uint64_t at = mem->regs + CXL_DEV_CAP(i);
        uint32_t offset = qcxl_read(q, at + CXL_DEV_CAP_OFFSET, 4);
        uint32_t length = qcxl_read(q, at + CXL_DEV_CAP_LENGTH, 4);

        g_assert_cmphex(qcxl_read(q, at + CXL_DEV_CAP_ID, 2), !=, 0);
        g_assert_cmphex(qcxl_read(q, at + CXL_DEV_CAP_VERSION, 1), !=, 0);
        g_assert_cmphex(offset, >=, CXL_DEV_CAP(count + 1));
        g_assert_cmphex(length, >=, 8);
        g_assert_cmphex((uint64_t)offset + length, <=, mem->bar_size[2]);
    }
    g_assert_cmphex(mem->status, !=, 0);
    g_assert_cmphex(mem->mailbox, !=, 0);
    g_assert_cmphex(mem->memdev, !=, 0);
}

static void test_capability_lengths(void)
{
    static const struct {
        uint16_t id;
        uint8_t version;
        uint32_t length;
    } want[] = {
        { CXL_DEV_CAP_ID_STATUS, CXL_DEV_CAP_STATUS_VERSION,
          CXL_DEV_STATUS_SIZE },
        { CXL_DEV_CAP_ID_MAILBOX, CXL_DEV_CAP_MAILBOX_VERSION,
          CXL_MBOX_PAYLOAD + CXL_MBOX_PAYLOAD_MIN },
        { CXL_DEV_CAP_ID_MEMDEV_STATUS, CXL_DEV_CAP_MEMDEV_STATUS_VERSION,
          CXL_MEMDEV_STATUS_SIZE },
    };
    uint64_t array = qcxl_read(q, mem->regs + CXL_DEV_CAP_ARRAY, 8);

    for (unsigned i = 1; i <= FIELD_EX64(array, CXL_DEV_CAP_ARRAY, COUNT);
         i++) {
        uint64_t at = mem->regs + CXL_DEV_CAP(i);

        for (unsigned j = 0; j < ARRAY_SIZE(want); j++) {
            if (qcxl_read(q, at + CXL_DEV_CAP_ID, 2) == want[j].id) {
                g_assert_cmphex(qcxl_read(q, at + CXL_DEV_CAP_VERSION, 1),
                                ==, want[j].version);
                g_assert_cmphex(qcxl_read(q, at + CXL_DEV_CAP_LENGTH, 4),
                                >=, want[j].length);
            }
        }
    }
}

static void test_mailbox_capabilities(void)
{
    uint32_t cap = qcxl_read(q, mem->mailbox + CXL_MBOX_CAPABILITIES, 4);
    unsigned vectors = qcxl_config_read(mem, qcxl_cap(mem, PCI_CAP_ID_MSIX) +
                                        PCI_MSIX_FLAGS, 2);

    vectors = (vectors & PCI_MSIX_FLAGS_QSIZE) + 1;
    g_assert_cmpuint(qcxl_mbox_payload_size(mem), >=, CXL_MBOX_PAYLOAD_MIN);
    g_assert_cmpuint(qcxl_mbox_payload_size(mem), <=, CXL_MBOX_PAYLOAD_MAX);
    g_assert_true(FIELD_EX32(cap, CXL_MBOX_CAPABILITIES, DOORBELL_IRQ));
    g_assert_true(FIELD_EX32(cap, CXL_MBOX_CAPABILITIES, BACKGROUND_IRQ));
    g_assert_cmpuint(FIELD_EX32(cap, CXL_MBOX_CAPABILITIES, MSGNUM), <,
                     vectors);
    qcxl_write(q, mem->mailbox + CXL_MBOX_CAPABILITIES, 4, ~cap);
    g_assert_cmphex(qcxl_read(q, mem->mailbox + CXL_MBOX_CAPABILITIES, 4), ==,
                    cap);
}

static void test_memdev_status(void)
{
    uint64_t status = qcxl_read(q, mem->memdev + CXL_MEMDEV_STATUS, 8);

    g_assert_false(FIELD_EX64(status, CXL_MEMDEV_STATUS, FATAL));
    g_assert_false(FIELD_EX64(status, CXL_MEMDEV_STATUS, FW_HALT));
    g_assert_cmpuint(FIELD_EX64(status, CXL_MEMDEV_STATUS, MEDIA), ==,
                     CXL_MEDIA_STATUS_READY);
    g_assert_true(FIELD_EX64(status, CXL_MEMDEV_STATUS, MAILBOX_READY));
    g_assert_cmpuint(FIELD_EX64(status, CXL_MEMDEV_STATUS, RESET_NEEDED), ==,
                     0);
    qcxl_write(q, mem->memdev + CXL_MEMDEV_STATUS, 8, ~status);
    g_assert_cmphex(qcxl_read(q, mem->memdev + CXL_MEMDEV_STATUS, 8), ==,
                    status);
}

static void test_event_status(void)
{
    uint64_t at = mem->status + CXL_DEV_EVENT_STATUS;

    g_assert_cmphex(qcxl_read(q, at, 8), ==, 0);
    qcxl_write(q, at, 8, UINT64_MAX);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, 0);
}

/* Any width and alignment reads what bytes read, to the end of the payload */
static void check_reads(uint64_t base, unsigned len)
{
    g_autofree uint8_t *bytes = g_malloc0(len);

    for (unsigned at = 0; at < len; at++) {
        bytes[at] = qcxl_read(q, base + at, 1);
    }
    for (unsigned size = 2; size <= 8; size *= 2) {
        for (unsigned at = 0; at + size <= len; at++) {
            g_assert_cmphex(qcxl_read(q, base + at, size), ==,
                            cxl_le_load(bytes + at, size));
        }
    }
}

static void test_any_read(void)
{
    uint64_t payload = mem->mailbox + CXL_MBOX_PAYLOAD;

    for (unsigned i = 0; i < 32; i++) {
        qcxl_write(q, payload + i, 1, 0x80 + i);
    }
    check_reads(mem->regs, payload - mem->regs + 64);
    check_reads(payload + qcxl_mbox_payload_size(mem) - 64, 128);
    check_reads(mem->regs + mem->bar_size[2] - 32, 32);
}

/* The payload takes bytes as they come, at every width and alignment */
static void test_payload_write(void)
{
    uint64_t payload = mem->mailbox + CXL_MBOX_PAYLOAD;
    unsigned end = qcxl_mbox_payload_size(mem);
    uint8_t model[64] = { 0 }, back[64];

    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned at = 0; at + size <= sizeof(model); at++) {
            uint64_t value = 0x0102030405060708ull * (at + size);

            qcxl_write(q, payload + end - sizeof(model) + at, size, value);
            cxl_le_store(model + at, size, value);
        }
        for (unsigned i = 0; i < sizeof(back); i++) {
            back[i] = qcxl_read(q, payload + end - sizeof(model) + i, 1);
        }
        g_assert_cmpmem(back, sizeof(back), model, sizeof(model));
    }
}

/* Writes across the end of the payload, and all over the block, do no harm */
static void test_any_write(void)
{
    uint64_t array = qcxl_read(q, mem->regs + CXL_DEV_CAP_ARRAY, 8);
    uint64_t end = mem->mailbox + CXL_MBOX_PAYLOAD +
                   qcxl_mbox_payload_size(mem);

    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned at = 0; at < 0x400; at++) {
            qcxl_write(q, mem->regs + at, size, UINT64_MAX);
        }
        for (unsigned i = 0; i < 16; i++) {
            qcxl_write(q, end - 8 + i, size, UINT64_MAX);
        }
        qcxl_write(q, mem->regs + mem->bar_size[2] - size, size, UINT64_MAX);
    }
    g_assert_cmphex(qcxl_read(q, mem->regs + CXL_DEV_CAP_ARRAY, 8), ==, array);
    qcxl_reset(q);
    mem = qcxl_mem_at(q, 0);
    test_memdev_status();
}

/* CXL r3.1 8.2.8.4.5: a length that no payload can have */
static void test_too_long(void)
{
    uint32_t size = qcxl_mbox_payload_size(mem);

    g_assert_cmphex(qcxl_mbox_ring(mem, CXL_OP_SET_LSA, size + 1), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmphex(qcxl_mbox_ring(mem, CXL_OP_SET_LSA,
                                   R_CXL_MBOX_COMMAND_LENGTH_MASK >> 16), ==,
                    CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmphex(qcxl_mbox_ring(mem, CXL_OP_GET_TIMESTAMP, 0), ==,
                    CXL_RET_SUCCESS);
}

/* The command and the doorbell by bytes: only the doorbell's bit rings */
static void test_narrow(void)
{
    uint64_t command = mem->mailbox + CXL_MBOX_COMMAND;
    uint64_t done;

    for (unsigned i = 0; i < 8; i++) {
        qcxl_write(q, command + i, 1, 0);
    }
    qcxl_write(q, command, 1, CXL_OP_GET_PARTITION_INFO & 0xff);
    qcxl_write(q, command + 1, 1, CXL_OP_GET_PARTITION_INFO >> 8);
    qcxl_write(q, mem->mailbox + CXL_MBOX_CONTROL + 1, 1, 0xff);
    done = qcxl_read(q, command, 8);
    g_assert_cmphex(FIELD_EX64(done, CXL_MBOX_COMMAND, LENGTH), ==, 0);
    qcxl_write(q, mem->mailbox + CXL_MBOX_CONTROL, 1,
               R_CXL_MBOX_CONTROL_DOORBELL_MASK);
    done = qcxl_read(q, command, 8);
    g_assert_cmphex(FIELD_EX64(done, CXL_MBOX_COMMAND, LENGTH), ==,
                    sizeof(CXLPartitionInfoRsp));
}

/* CXL r3.1 8.2.8.4.4: Doorbell Interrupt, on the vector of the capability */
static void test_doorbell_interrupt(void)
{
    uint32_t cap = qcxl_read(q, mem->mailbox + CXL_MBOX_CAPABILITIES, 4);
    unsigned vector = FIELD_EX32(cap, CXL_MBOX_CAPABILITIES, MSGNUM);
    uint64_t control = mem->mailbox + CXL_MBOX_CONTROL;

    qcxl_msix_arm(mem, vector, MSI_ADDR, MSI_DATA);
    qcxl_write(q, MSI_ADDR, 4, 0);
    g_assert_cmphex(qcxl_mbox_ring(mem, CXL_OP_GET_TIMESTAMP, 0), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, 0);

    qcxl_write(q, control, 4, R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK);
    g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, 0);
    g_assert_cmphex(qcxl_mbox_ring(mem, CXL_OP_GET_TIMESTAMP, 0), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, MSI_DATA);
    qcxl_write(q, control, 4, 0);
}

/* A message that rings the doorbell that sends it: once, and not for ever */
static void test_interrupt_to_itself(void)
{
    uint32_t cap = qcxl_read(q, mem->mailbox + CXL_MBOX_CAPABILITIES, 4);
    uint64_t control = mem->mailbox + CXL_MBOX_CONTROL;
    const uint32_t irq = R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK;

    qcxl_msix_arm(mem, FIELD_EX32(cap, CXL_MBOX_CAPABILITIES, MSGNUM),
                  control, irq | R_CXL_MBOX_CONTROL_DOORBELL_MASK);
    qcxl_write(q, control, 4, irq);
    g_assert_cmphex(qcxl_mbox_ring(mem, CXL_OP_GET_TIMESTAMP, 0), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(qcxl_read(q, control, 4), ==, irq);
    qcxl_write(q, control, 4, 0);
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 256, "");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);

    qtest_add_func("/cxl/device/array", test_array);
    qtest_add_func("/cxl/device/capability-lengths", test_capability_lengths);
    qtest_add_func("/cxl/device/mailbox-capabilities",
                   test_mailbox_capabilities);
    qtest_add_func("/cxl/device/memdev-status", test_memdev_status);
    qtest_add_func("/cxl/device/event-status", test_event_status);
    qtest_add_func("/cxl/device/any-read", test_any_read);
    qtest_add_func("/cxl/device/payload-write", test_payload_write);
    qtest_add_func("/cxl/device/too-long", test_too_long);
    qtest_add_func("/cxl/device/narrow", test_narrow);
    qtest_add_func("/cxl/device/doorbell-interrupt", test_doorbell_interrupt);
    qtest_add_func("/cxl/device/interrupt-to-itself",
                   test_interrupt_to_itself);
    qtest_add_func("/cxl/device/any-write", test_any_write);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

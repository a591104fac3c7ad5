/*
 * QTest: the DOE mailbox of a CXL device and the CDAT behind it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "libqos/cxl.h"

/* PCIe r6.0 6.30.1.1: vendor and type of the discovery object */
#define VENDOR_PCI_SIG      1
#define TYPE_DISCOVERY      0

/* Guest memory that MSI-X vectors write to */
#define MSI_ADDR            0x100000u
#define MSI_DATA            0xd0eu

static QCXL *q;
static QCXLFn *mem;
static unsigned doe;

static uint32_t reg_read(unsigned reg)
{
    return qcxl_config_read(mem, doe + reg, 4);
}

static void reg_write(unsigned reg, uint32_t value)
{
    qcxl_config_write(mem, doe + reg, 4, value);
}

static void doe_abort(void)
{
    reg_write(PCI_DOE_CTRL, PCI_DOE_CTRL_ABORT);
    g_assert_cmphex(reg_read(PCI_DOE_STATUS), ==, 0);
}

static void doe_send(const uint32_t *object, unsigned dwords)
{
    for (unsigned i = 0; i < dwords; i++) {
        reg_write(PCI_DOE_WRITE, object[i]);
    }
    reg_write(PCI_DOE_CTRL, PCI_DOE_CTRL_GO);
}

static bool doe_ready(void)
{
    return reg_read(PCI_DOE_STATUS) & PCI_DOE_STATUS_DATA_OBJECT_READY;
}

static bool doe_error(void)
{
    return reg_read(PCI_DOE_STATUS) & PCI_DOE_STATUS_ERROR;
}

/* Read an answer into @buf of @max dwords; how many came */
static unsigned doe_receive(uint32_t *buf, unsigned max)
{
    unsigned dwords = 0;

    while (doe_ready()) {
        g_assert_cmpuint(dwords, <, max);
        buf[dwords++] = reg_read(PCI_DOE_READ);
        /* A write, of anything, takes the dword off */
        reg_write(PCI_DOE_READ, 0);
    }
    g_assert_false(doe_error());
    return dwords;
}

/* Neither ready nor an error: an object that was silently discarded */
static void check_discarded(void)
{
    g_assert_false(doe_ready());
    g_assert_cmphex(reg_read(PCI_DOE_READ), ==, 0);
}

static uint32_t discover(unsigned index)
{
    const uint32_t request[] = {
        VENDOR_PCI_SIG | TYPE_DISCOVERY << 16, 3, index
    };
    uint32_t answer[8];

    doe_send(request, ARRAY_SIZE(request));
    g_assert_cmpuint(doe_receive(answer, ARRAY_SIZE(answer)), ==, 3);
    g_assert_cmphex(answer[0], ==, request[0]);
    g_assert_cmpuint(answer[1], ==, 3);
    return answer[2];
}

/* PCIe r6.0 6.30.1.1: itself first, and 0 as the last one's next index */
static void test_discovery(void)
{
    g_assert_cmphex(discover(0), ==,
                    VENDOR_PCI_SIG | TYPE_DISCOVERY << 16 | 1 << 24);
    g_assert_cmphex(discover(1), ==,
                    CXL_VENDOR_ID | CXL_DOE_TABLE_ACCESS << 16);
    g_assert_cmphex(discover(2) & 0xffff, ==, 0xffff);
    g_assert_cmphex(discover(255) & 0xffff, ==, 0xffff);
}

static void request_entry(uint32_t request[3], uint16_t handle)
{
    CXLDoeReadEntry req = {
        .header = {
            .vendor = cxl_le16(CXL_VENDOR_ID), .type = CXL_DOE_TABLE_ACCESS,
            .length = cxl_le32(sizeof(req) / CXL_DOE_DWORD),
        },
        .code = CXL_DOE_READ_ENTRY, .table = CXL_DOE_TABLE_CDAT,
        .handle = cxl_le16(handle),
    };

    for (unsigned i = 0; i < 3; i++) {
        request[i] = cxl_le_load((const uint8_t *)&req + 4 * i, 4);
    }
}

/* Append entry @handle to @table; the next handle */
static uint16_t read_entry(uint16_t handle, GByteArray *table)
{
    uint32_t request[3], answer[256];
    unsigned dwords;

    request_entry(request, handle);
    doe_send(request, ARRAY_SIZE(request));
    dwords = doe_receive(answer, ARRAY_SIZE(answer));
    g_assert_cmpuint(dwords, >, 3);
    g_assert_cmphex(answer[0], ==, request[0]);
    g_assert_cmpuint(answer[1], ==, dwords);
    g_assert_cmphex(answer[2] & 0xffff, ==,
                    CXL_DOE_READ_ENTRY | CXL_DOE_TABLE_CDAT << 8);
    for (unsigned i = 3; i < dwords; i++) {
        uint8_t bytes[4];

        cxl_le_store(bytes, 4, answer[i]);
        g_byte_array_append(table, bytes, 4);
    }
    return answer[2] >> 16;
}

static GByteArray *read_table(void)
{
    GByteArray *table = g_byte_array_new();
    unsigned entries = 0;

    for (uint16_t handle = 0; handle != CXL_DOE_LAST_ENTRY; entries++) {
        g_assert_cmpuint(entries, <, 100);
        handle = read_entry(handle, table);
    }
    return table;
}

/* CDAT 1.04 2: header, checksum, and structures that fill it to the end */
static void test_cdat(void)
{
    g_autoptr(GByteArray) table = read_table();
    const CXLCdatHeader *header = (const void *)table->data;
    uint8_t sum = 0;
    size_t at;

    g_assert_cmpuint(cxl_le32_get(header->length), ==, table->len);
    g_assert_cmpuint(header->revision, ==, CXL_CDAT_REVISION);
    for (unsigned i = 0; i < table->len; i++) {
        sum += table->data[i];
    }
    g_assert_cmphex(sum, ==, 0);
    for (at = sizeof(*header); at < table->len;) {
        const CXLCdatEntry *entry = (const void *)(table->data + at);

        g_assert_cmpuint(entry->type, <, CXL_CDAT_TYPES);
        g_assert_cmpuint(cxl_le16_get(entry->length), >=, 8);
        at += cxl_le16_get(entry->length);
    }
    g_assert_cmpuint(at, ==, table->len);
}

/* What the structures say of the device: 256 MiB volatile, 512 persistent */

static void check_dsmas(const CXLDsmas *s, uint64_t base, uint64_t length,
                        uint8_t flags)
{
    g_assert_cmphex(cxl_le64_get(s->dpa_base), ==, base);
    g_assert_cmphex(cxl_le64_get(s->dpa_length), ==, length);
    g_assert_cmphex(s->flags, ==, flags);
}

static void test_partitions(void)
{
    g_autoptr(GByteArray) table = read_table();
    unsigned nr[CXL_CDAT_TYPES] = { 0 };
    int handles[2] = { -1, -1 };

    for (size_t at = sizeof(CXLCdatHeader); at < table->len;) {
        const CXLCdatEntry *entry = (const void *)(table->data + at);
        const CXLDsmas *dsmas = (const void *)entry;

        if (entry->type == CXL_CDAT_DSMAS) {
            bool second = nr[CXL_CDAT_DSMAS];

            check_dsmas(dsmas, second ? QCXL_UNIT : 0,
                        second ? 2 * QCXL_UNIT : QCXL_UNIT,
                        second ? CXL_DSMAS_NON_VOLATILE : 0);
            handles[second] = dsmas->handle;
        }
        nr[entry->type]++;
        at += cxl_le16_get(entry->length);
    }
    g_assert_cmpuint(nr[CXL_CDAT_DSMAS], ==, 2);
    g_assert_cmpint(handles[0], !=, handles[1]);
    /* Latency and bandwidth, for reads and writes, of both */
    g_assert_cmpuint(nr[CXL_CDAT_DSLBIS], >=, 4);
    g_assert_cmpuint(nr[CXL_CDAT_DSEMTS], ==, 2);
}

/* PCIe r6.0 6.30.1: what does not match its own length is discarded */
static void test_length(void)
{
    uint32_t request[4] = { 0 };

    request_entry(request, 0);
    doe_send(request, 2);
    check_discarded();
    doe_abort();
    doe_send(request, 4);
    check_discarded();
    doe_abort();
    request[1] = 2;
    doe_send(request, 2);
    check_discarded();
    doe_abort();
    request[1] = 4;
    doe_send(request, 4);
    check_discarded();
    doe_abort();
    /* 0 stands for 2^18 dwords, and there are reserved bits above */
    request[1] = 0;
    doe_send(request, 3);
    check_discarded();
    doe_abort();
    reg_write(PCI_DOE_CTRL, PCI_DOE_CTRL_GO);
    check_discarded();
    test_cdat();
}

static void check_refused(const uint32_t *request)
{
    doe_send(request, 3);
    check_discarded();
    doe_abort();
}

static void test_bad_request(void)
{
    uint32_t request[3];

    request_entry(request, 100);
    check_refused(request);
    request_entry(request, CXL_DOE_LAST_ENTRY);
    check_refused(request);
    request_entry(request, 0);
    request[2] |= 1;
    check_refused(request);
    request_entry(request, 0);
    request[2] |= 1 << 8;
    check_refused(request);
    request_entry(request, 0);
    request[0] ^= 1;
    check_refused(request);
    request_entry(request, 0);
    request[0] ^= 7 << 16;
    check_refused(request);
    test_cdat();
}

/* A device that could not make sense of a request says so */
static void test_error(void)
{
    uint32_t request[3];

    request_entry(request, 100);
    doe_send(request, 3);
    g_assert_true(doe_error());
    doe_abort();
    test_cdat();
}

static void test_abort(void)
{
    uint32_t request[3], answer[64];

    request_entry(request, 0);
    /* Half of a request */
    reg_write(PCI_DOE_WRITE, request[0]);
    doe_abort();
    doe_send(request, 3);
    g_assert_true(doe_ready());
    /* Half of an answer */
    reg_write(PCI_DOE_READ, 0);
    doe_abort();
    check_discarded();
    doe_send(request, 3);
    g_assert_cmpuint(doe_receive(answer, ARRAY_SIZE(answer)), ==,
                     3 + sizeof(CXLCdatHeader) / CXL_DOE_DWORD);
}

/* Reading what is not there, and sending while an answer waits */
static void test_out_of_turn(void)
{
    uint32_t request[3];

    for (unsigned i = 0; i < 100; i++) {
        reg_write(PCI_DOE_READ, 0);
    }
    doe_abort();
    request_entry(request, 0);
    for (unsigned i = 0; i < 1000; i++) {
        doe_send(request, 3);
    }
    doe_abort();
    test_cdat();
}

/* An answer that waits is not followed by another: it stays the only one */
static void test_go_again(void)
{
    uint32_t request[3], answer[64];
    unsigned dwords = 3 + sizeof(CXLCdatHeader) / CXL_DOE_DWORD;

    request_entry(request, 0);
    doe_send(request, 3);
    for (unsigned i = 0; i < 100; i++) {
        reg_write(PCI_DOE_CTRL, PCI_DOE_CTRL_GO);
    }
    g_assert_cmpuint(doe_receive(answer, ARRAY_SIZE(answer)), ==, dwords);
    g_assert_cmpuint(answer[1], ==, dwords);
    /* Nor is there more to read, which is an error that ABORT clears */
    reg_write(PCI_DOE_READ, 0);
    g_assert_true(doe_error());
    reg_write(PCI_DOE_CTRL, PCI_DOE_CTRL_GO);
    g_assert_false(doe_ready());
    doe_abort();
    g_assert_false(doe_error());
    test_cdat();
}

/* Bytes that are not written are no ABORT and no GO */
static void test_bytes(void)
{
    uint32_t request[3];

    request_entry(request, 0);
    doe_send(request, 3);
    for (unsigned i = 1; i < 4; i++) {
        qcxl_config_write(mem, doe + PCI_DOE_CTRL + i, 1, 1);
        g_assert_true(doe_ready());
    }
    qcxl_config_write(mem, doe + PCI_DOE_CTRL, 1, PCI_DOE_CTRL_ABORT);
    g_assert_false(doe_ready());
    for (unsigned i = 0; i < 3; i++) {
        reg_write(PCI_DOE_WRITE, request[i]);
    }
    qcxl_config_write(mem, doe + PCI_DOE_CTRL + 3, 1, PCI_DOE_CTRL_GO >> 24);
    g_assert_true(doe_ready());
    doe_abort();
}

/* PCIe r6.0 7.9.24.2: a message once an answer waits */
static void test_interrupt(void)
{
    uint32_t cap = reg_read(PCI_DOE_CAP);
    uint32_t request[3];

    g_assert_cmphex(cap & PCI_DOE_CAP_INT_SUP, !=, 0);
    qcxl_msix_arm(mem, (cap & PCI_DOE_CAP_INT_MSG_NUM) >> 1, MSI_ADDR,
                  MSI_DATA);
    qcxl_write(q, MSI_ADDR, 4, 0);
    request_entry(request, 0);
    doe_send(request, 3);
    g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, 0);
    doe_abort();
    reg_write(PCI_DOE_CTRL, PCI_DOE_CTRL_INT_EN);
    for (unsigned i = 0; i < 3; i++) {
        reg_write(PCI_DOE_WRITE, request[i]);
    }
    reg_write(PCI_DOE_CTRL, PCI_DOE_CTRL_INT_EN | PCI_DOE_CTRL_GO);
    g_assert_true(doe_ready());
    g_assert_cmphex(reg_read(PCI_DOE_STATUS) & PCI_DOE_STATUS_INT_STATUS, !=,
                    0);
    g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, MSI_DATA);
    reg_write(PCI_DOE_STATUS, PCI_DOE_STATUS_INT_STATUS);
    reg_write(PCI_DOE_CTRL, 0);
    doe_abort();
}

/* Accesses of any width and alignment do no harm, and reads agree */
static void test_any_access(void)
{
    for (unsigned size = 1; size <= 4; size *= 2) {
        for (unsigned at = 0; at + size <= PCI_DOE_CAP_SIZEOF; at++) {
            qcxl_config_write(mem, doe + at, size, 0xffffffff);
            qcxl_config_read(mem, doe + at, size);
            qcxl_config_write(mem, doe + at, size, 0);
        }
    }
    doe_abort();
    for (unsigned at = 0; at < PCI_DOE_READ; at++) {
        uint32_t dword = reg_read(at & ~3);

        g_assert_cmphex(qcxl_config_read(mem, doe + at, 1), ==,
                        (dword >> at % 4 * 8) & 0xff);
    }
    test_cdat();
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 512, "");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);
    doe = qcxl_ext_cap(mem, PCI_EXT_CAP_ID_DOE);
    g_assert_cmpuint(doe, !=, 0);

    qtest_add_func("/cxl/doe/discovery", test_discovery);
    qtest_add_func("/cxl/doe/cdat", test_cdat);
    qtest_add_func("/cxl/doe/partitions", test_partitions);
    qtest_add_func("/cxl/doe/length", test_length);
    qtest_add_func("/cxl/doe/bad-request", test_bad_request);
    qtest_add_func("/cxl/doe/error", test_error);
    qtest_add_func("/cxl/doe/abort", test_abort);
    qtest_add_func("/cxl/doe/out-of-turn", test_out_of_turn);
    qtest_add_func("/cxl/doe/go-again", test_go_again);
    qtest_add_func("/cxl/doe/bytes", test_bytes);
    qtest_add_func("/cxl/doe/interrupt", test_interrupt);
    qtest_add_func("/cxl/doe/any-access", test_any_access);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * QTest: firmware update, at each size of payload that matters
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/crc32c.h"
#include "libqos/cxl.h"

#define HEAD        sizeof(CXLTransferFwReq)
#define TIMEOUT_NS  (CXL_FW_TIMEOUT_S * 1000000000ll)

static QCXL *q;
static size_t payload_size;

static QCXLFn *mem(void)
{
    QCXLFn *fn = qcxl_mem_at(q, 0);

    g_assert_nonnull(fn);
    return fn;
}

/* A device with a file, and payload registers of @size bytes */
static void boot(size_t size)
{
    g_autofree char *props = g_strdup_printf(",nv=mem0.nv,payload-size=%zu",
                                             size);
    QCXLTopology *t = qcxl_topology();

    if (q) {
        qcxl_quit(q);
    }
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_nv(t, "mem0");
    qcxl_mem(t, "mem0", "rp0", 256, 0, props);
    qcxl_window(t, 256, NULL, "hb0");
    q = qcxl_boot(t);
    payload_size = size;
}

static unsigned send_part(uint8_t action, uint8_t slot, uint32_t offset,
                          const void *data, size_t len)
{
    g_autofree CXLTransferFwReq *req = g_malloc0(HEAD + len);

    req->action = action;
    req->slot = slot;
    req->offset = cxl_le32(offset / CXL_FW_UNIT);
    memcpy(req->data, data, len);
    return qcxl_mbox(mem(), CXL_OP_TRANSFER_FW, req, HEAD + len, NULL, NULL);
}

static unsigned activate(uint8_t action, uint8_t slot)
{
    const CXLActivateFwReq req = { action, slot };

    return qcxl_mbox(mem(), CXL_OP_ACTIVATE_FW, &req, sizeof(req), NULL,
                     NULL);
}

/* As Linux does: what does not fit one request, in the longest parts */
static unsigned update(uint8_t slot, const uint8_t *data, size_t len)
{
    size_t part = payload_size - HEAD;
    unsigned ret = CXL_RET_SUCCESS;

    if (len <= part) {
        return send_part(CXL_FW_TRANSFER_FULL, slot, 0, data, len);
    }
    for (size_t at = 0; at < len && ret == CXL_RET_SUCCESS; at += part) {
        uint8_t action = !at ? CXL_FW_TRANSFER_INITIATE
                             : at + part < len ? CXL_FW_TRANSFER_CONTINUE
                                               : CXL_FW_TRANSFER_END;

        ret = send_part(action, action == CXL_FW_TRANSFER_END ? slot : 0, at,
                        data + at, MIN(part, len - at));
    }
    return ret;
}

/* An image of @len bytes whose header says @version and @flags */
static uint8_t *new_image(size_t len, const char *version, uint32_t flags)
{
    uint8_t *data = g_malloc(len);
    CXLFwImageHeader *h = (void *)data;

    for (size_t i = 0; i < len; i++) {
        data[i] = i * 3 + (i >> 9);
    }
    memset(h, 0, sizeof(*h));
    memcpy(h->magic, CXL_FW_IMAGE_MAGIC, sizeof(h->magic));
    memcpy(h->version, version, strlen(version));
    h->flags = cxl_le32(flags);
    h->crc = cxl_le32(crc32c(UINT32_MAX, data + sizeof(*h),
                             len - sizeof(*h)));
    return data;
}

static void update_image(uint8_t slot, size_t len, const char *version,
                         uint32_t flags)
{
    g_autofree uint8_t *data = new_image(len, version, flags);

    g_assert_cmphex(update(slot, data, len), ==, CXL_RET_SUCCESS);
}

static CXLFwInfoRsp info(void)
{
    CXLFwInfoRsp rsp;
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_FW_INFO, NULL, 0, &rsp, &len),
                    ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(len, ==, sizeof(rsp));
    return rsp;
}

static void expect(unsigned active, unsigned staged, const char *version)
{
    CXLFwInfoRsp rsp = info();
    CXLIdentifyMemRsp identity;
    size_t len = sizeof(identity);

    g_assert_cmpuint(rsp.slot_info, ==,
                     active | staged << CXL_FW_INFO_STAGED_SHIFT);
    g_assert_cmpint(strncmp(rsp.revision[active - 1], version,
                            strlen(version)), ==, 0);
    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0,
                              &identity, &len), ==, CXL_RET_SUCCESS);
    g_assert_cmpmem(identity.fw_revision, 16, rsp.revision[active - 1], 16);
}

/* Of @opaque bytes, and a byte more, and in the file when QEMU is killed */
static void test_update(const void *opaque)
{
    size_t size = GPOINTER_TO_SIZE(opaque);
    size_t lens[] = {
        size - HEAD - 1, size - HEAD, size - HEAD + 1, 3 * (size - HEAD),
        3 * (size - HEAD) + 77,
    };

    boot(size);
    expect(1, 0, "QEMU ");
    for (unsigned n = 0; n < ARRAY_SIZE(lens); n++) {
        uint8_t slot = 2 + n % 3;
        g_autofree char *version = g_strdup_printf("v%u.%zu", n, lens[n]);
        CXLFwInfoRsp rsp;

        update_image(slot, lens[n], version, 0);
        rsp = info();
        g_assert_cmpstr(rsp.revision[slot - 1], ==, version);
    }
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_ONLINE, 3), ==, CXL_RET_SUCCESS);
    qtest_qmp_eventwait(q->qts, "CXL_FIRMWARE_ACTIVATED");
    expect(3, 0, "v4.");
    qcxl_kill(q);
    expect(3, 0, "v4.");
}

/* What goes wrong in an image is found by its checksum */
static void test_checksum(void)
{
    g_autofree uint8_t *data = new_image(5000, "5000", 0);

    boot(2048);
    for (unsigned at = sizeof(CXLFwImageHeader); at < 5000; at += 331) {
        data[at] ^= 1;
        g_assert_cmphex(update(2, data, 5000), ==,
                        CXL_RET_FW_VERIFICATION_FAILED);
        data[at] ^= 1;
    }
    g_assert_cmphex(update(2, data, 5000), ==, CXL_RET_SUCCESS);
    g_assert_cmpstr(info().revision[1], ==, "5000");
}

static void test_errors(void)
{
    static const uint8_t zeroes[256];

    boot(2048);
    g_assert_cmphex(send_part(5, 2, 0, zeroes, 128), ==,
                    CXL_RET_INVALID_INPUT);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_CONTINUE, 0, 0, zeroes, 128),
                    ==, CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_END, 2, 0, zeroes, 128), ==,
                    CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_FULL, 1, 0, zeroes, 128), ==,
                    CXL_RET_FW_INVALID_SLOT);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_FULL, 2, 0, zeroes, 0), ==,
                    CXL_RET_FW_VERIFICATION_FAILED);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 130),
                    ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 128),
                    ==, CXL_RET_SUCCESS);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 128),
                    ==, CXL_RET_FW_TRANSFER_IN_PROGRESS);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_FULL, 2, 0, zeroes, 128), ==,
                    CXL_RET_FW_TRANSFER_IN_PROGRESS);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_CONTINUE, 0, 256, zeroes, 128),
                    ==, CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_END, 1, 128, zeroes, 128), ==,
                    CXL_RET_FW_INVALID_SLOT);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_ABORT, 0, 0, zeroes, 0), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_CONTINUE, 0, 128, zeroes, 128),
                    ==, CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(activate(2, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_ONLINE, 2), ==,
                    CXL_RET_FW_INVALID_SLOT);
    expect(1, 0, "QEMU ");
}

static void test_timeout(void)
{
    static const uint8_t zeroes[256];

    boot(2048);
    send_part(CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 128);
    qtest_clock_step(q->qts, TIMEOUT_NS - 1000000);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_CONTINUE, 0, 128, zeroes, 128),
                    ==, CXL_RET_SUCCESS);
    qtest_clock_step(q->qts, TIMEOUT_NS - 1000000);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_CONTINUE, 0, 256, zeroes, 128),
                    ==, CXL_RET_SUCCESS);
    qtest_clock_step(q->qts, TIMEOUT_NS);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_CONTINUE, 0, 384, zeroes, 128),
                    ==, CXL_RET_ABORTED);
    g_assert_cmphex(send_part(CXL_FW_TRANSFER_FULL, 2, 0, zeroes, 128), ==,
                    CXL_RET_SUCCESS);
}

/* Power of the slot, and another QEMU, are what an image can wait for */
static void test_cold_reset(void)
{
    boot(2048);
    update_image(2, 4000, "two", CXL_FW_IMAGE_NEEDS_RESET);
    update_image(3, 4000, "three", CXL_FW_IMAGE_FAILS);
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_ONLINE, 2), ==,
                    CXL_RET_FW_COLD_RESET_REQUIRED);
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_ONLINE, 3), ==,
                    CXL_RET_FW_ROLLED_BACK);
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_COLD_RESET, 2), ==,
                    CXL_RET_SUCCESS);
    qcxl_reset(q);
    expect(1, 2, "QEMU ");
    qcxl_slot_power_cycle(mem()->port);
    qcxl_enumerate(q);
    expect(2, 0, "two");
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_COLD_RESET, 1), ==,
                    CXL_RET_SUCCESS);
    qcxl_restart(q);
    expect(1, 0, "QEMU ");
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_COLD_RESET, 3), ==,
                    CXL_RET_SUCCESS);
    qcxl_restart(q);
    expect(1, 0, "QEMU ");
}

/* Halfway, with another image staged */
static void test_migrate(void)
{
    size_t len = 3 << 20, half = 1920 * 500;
    g_autofree uint8_t *data = new_image(len, "long", 0);

    boot(2048);
    update_image(2, 4000, "two", 0);
    activate(CXL_FW_ACTIVATE_COLD_RESET, 2);
    for (size_t at = 0; at < len; at += 1920) {
        uint8_t action = !at ? CXL_FW_TRANSFER_INITIATE
                             : at + 1920 < len ? CXL_FW_TRANSFER_CONTINUE
                                               : CXL_FW_TRANSFER_END;

        if (at == half) {
            qcxl_migrate(q);
            expect(1, 2, "QEMU ");
        }
        g_assert_cmphex(send_part(action, 3, at, data + at,
                                  MIN(1920, len - at)), ==, CXL_RET_SUCCESS);
    }
    g_assert_cmpstr(info().revision[2], ==, "long");
    g_assert_cmphex(activate(CXL_FW_ACTIVATE_ONLINE, 3), ==, CXL_RET_SUCCESS);
    expect(3, 0, "long");
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {
        CXL_MBOX_PAYLOAD_MIN, 2048, CXL_MBOX_PAYLOAD_MAX
    };
    int ret;

    g_test_init(&argc, &argv, NULL);
    for (unsigned n = 0; n < ARRAY_SIZE(sizes); n++) {
        g_autofree char *path = g_strdup_printf("/cxl/firmware/update/%zu",
                                                sizes[n]);

        qtest_add_data_func(path, GSIZE_TO_POINTER(sizes[n]), test_update);
    }
    qtest_add_func("/cxl/firmware/checksum", test_checksum);
    qtest_add_func("/cxl/firmware/errors", test_errors);
    qtest_add_func("/cxl/firmware/timeout", test_timeout);
    qtest_add_func("/cxl/firmware/cold-reset", test_cold_reset);
    qtest_add_func("/cxl/firmware/migrate", test_migrate);
    ret = g_test_run();
    if (q) {
        qcxl_quit(q);
    }
    return ret;
}

/*
 * Firmware update: order of actions, images, slots, activation, time and state
 *
 * Sources: hw/cxl/cci/firmware.c and what a device needs
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/crc32c.h"
#include "cxl-fake-device.h"

#define HEAD        sizeof(CXLTransferFwReq)
#define PART        (ROOM - HEAD)
#define TIMEOUT_MS  (CXL_FW_TIMEOUT_S * 1000)

static CXLRet send_part(Device *d, uint8_t action, uint8_t slot,
                        uint32_t offset, const void *data, uint32_t len)
{
    uint8_t in[ROOM] = { };
    CXLTransferFwReq *req = (void *)in;

    *req = (CXLTransferFwReq) {
        .action = action, .slot = slot,
        .offset = cxl_le32(offset / CXL_FW_UNIT),
    };
    if (len) {
        memcpy(in + HEAD, data, len);
    }
    return request(d, CXL_OP_TRANSFER_FW, in, HEAD + len);
}

static CXLRet put(Device *d, uint8_t slot, const void *data, uint32_t len)
{
    return send_part(d, CXL_FW_TRANSFER_FULL, slot, 0, data, len);
}

static CXLRet activate(Device *d, uint8_t action, uint8_t slot)
{
    const CXLActivateFwReq in = { action, slot };

    return request(d, CXL_OP_ACTIVATE_FW, &in, sizeof(in));
}

static CXLFwInfoRsp info(Device *d)
{
    CXLFwInfoRsp out;

    memcpy(&out, answer(d, CXL_OP_GET_FW_INFO, NULL, 0, sizeof(out)),
           sizeof(out));
    return out;
}

static void expect(Device *d, unsigned active, unsigned staged)
{
    CXLFwInfoRsp i = info(d);
    const CXLIdentifyMemRsp *mem;

    g_assert_cmpuint(i.slots, ==, 4);
    g_assert_cmpuint(i.capabilities, ==, 1);
    g_assert_cmpuint(i.slot_info, ==, active | staged << 3);
    mem = answer(d, CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0, sizeof(*mem));
    g_assert_cmpmem(mem->fw_revision, 16, i.revision[active - 1], 16);
}

static void expect_revision(Device *d, unsigned slot, const char *revision)
{
    CXLFwInfoRsp i = info(d);

    g_assert_cmpint(strncmp(i.revision[slot - 1], revision, 16), ==, 0);
}

/* An image with a header, and what is wrong with it */
typedef struct Image {
    CXLFwImageHeader head;
    uint8_t rest[96];
} Image;

static Image image(const char *version, uint32_t flags)
{
    Image i = { .head.flags = cxl_le32(flags) };

    memcpy(i.head.magic, CXL_FW_IMAGE_MAGIC, 8);
    memcpy(i.head.version, version, MIN(strlen(version), 16));
    memset(i.rest, 0x5a, sizeof(i.rest));
    i.head.crc = cxl_le32(crc32c(UINT32_MAX, i.rest, sizeof(i.rest)));
    return i;
}

static void put_image(Device *d, uint8_t slot, const char *version,
                      uint32_t flags)
{
    Image i = image(version, flags);

    g_assert_cmphex(put(d, slot, &i, sizeof(i)), ==, CXL_RET_SUCCESS);
    expect_revision(d, slot, version);
}

static Device *again(Device *d)
{
    FakeMem *fake = FAKE_MEM(object_ref(OBJECT(d->mem)));

    free_device(d);
    d = new_device_on(fake);
    object_unref(OBJECT(fake));
    return d;
}

static const uint8_t zeroes[PART];

/* Every action in each state of a transfer */
static void test_order(void)
{
    enum { IDLE, RUNNING, TIMED_OUT, STATES };
    static const CXLRet expected[STATES][6] = {
        [IDLE] = { CXL_RET_SUCCESS, CXL_RET_SUCCESS,
                   CXL_RET_FW_TRANSFER_OUT_OF_ORDER,
                   CXL_RET_FW_TRANSFER_OUT_OF_ORDER, CXL_RET_SUCCESS,
                   CXL_RET_INVALID_INPUT },
        [RUNNING] = { CXL_RET_FW_TRANSFER_IN_PROGRESS,
                      CXL_RET_FW_TRANSFER_IN_PROGRESS, CXL_RET_SUCCESS,
                      CXL_RET_SUCCESS, CXL_RET_SUCCESS,
                      CXL_RET_INVALID_INPUT },
        [TIMED_OUT] = { CXL_RET_SUCCESS, CXL_RET_SUCCESS, CXL_RET_ABORTED,
                        CXL_RET_ABORTED, CXL_RET_SUCCESS,
                        CXL_RET_INVALID_INPUT },
    };

    for (unsigned n = 0; n < STATES * 6; n++) {
        unsigned state = n / 6, action = n % 6;
        Device *d = new_device();

        if (state != IDLE) {
            g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_INITIATE, 0, 0,
                                      zeroes, 128), ==, CXL_RET_SUCCESS);
        }
        if (state == TIMED_OUT) {
            cxl_unit_sleep(TIMEOUT_MS);
        }
        g_assert_cmphex(send_part(d, action, 2, state == RUNNING ? 128 : 0,
                                  zeroes, 128), ==, expected[state][action]);
        g_assert_cmpuint(d->firmware.transfer.running, ==,
                         action == CXL_FW_TRANSFER_INITIATE ||
                         (state == RUNNING && action != CXL_FW_TRANSFER_END &&
                          action != CXL_FW_TRANSFER_ABORT));
        free_device(d);
    }
}

/* Parts come one after the other; the last one may come twice */
static void test_parts(void)
{
    Device *d = new_device(), *whole = new_device();
    uint8_t data[384];

    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = i ^ i >> 5;
    }
    g_assert_cmphex(put(whole, 2, data, 300), ==, CXL_RET_SUCCESS);

#define PART_OF(action, at, len) \
    send_part(d, CXL_FW_TRANSFER_##action, 2, at, data + at, len)
    g_assert_cmphex(PART_OF(INITIATE, 128, 128), ==,
                    CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(PART_OF(INITIATE, 0, 127), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(PART_OF(INITIATE, 0, 128), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(PART_OF(CONTINUE, 256, 128), ==,
                    CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(PART_OF(CONTINUE, 128, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_CONTINUE, 2, 128, zeroes,
                              128), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(PART_OF(CONTINUE, 128, 128), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(PART_OF(CONTINUE, 0, 128), ==,
                    CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_END, 2, UINT32_MAX, data, 1),
                    ==, CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    g_assert_cmphex(PART_OF(END, 256, 44), ==, CXL_RET_SUCCESS);
#undef PART_OF
    g_assert_cmpmem(info(d).revision, 64, info(whole).revision, 64);
    g_assert_null(d->firmware.transfer.data);
    free_device(whole);
    free_device(d);
}

/* As long as an image can be, and what is allocated for it */
static void test_longest(void)
{
    Device *d = new_device();
    uint32_t at = 0;

    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 128),
                    ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(d->firmware.transfer.size, <=, 64 * 1024);
    for (at = 128; at + 256 <= CXL_FW_IMAGE_MAX; at += 256) {
        g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_CONTINUE, 0, at, zeroes,
                                  256), ==, CXL_RET_SUCCESS);
    }
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_CONTINUE, 0, at, zeroes, 256),
                    ==, CXL_RET_INVALID_INPUT);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_END, 2, at, zeroes, 129), ==,
                    CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(d->firmware.transfer.size, ==, CXL_FW_IMAGE_MAX);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_END, 2, at, zeroes, 128), ==,
                    CXL_RET_SUCCESS);
    free_device(d);
}

/* What is in an image */
static void test_verify(void)
{
    Device *d = new_device();
    Image right = image("0123456789abcdef", 0), wrong = right;

    g_assert_cmphex(put(d, 2, NULL, 0), ==, CXL_RET_FW_VERIFICATION_FAILED);
    g_assert_cmphex(put(d, 2, "x", 1), ==, CXL_RET_SUCCESS);
    g_assert_cmpint(strncmp(info(d).revision[1], "crc-", 4), ==, 0);
    put_image(d, 3, "0123456789abcdef", 0);
    /* Of the header alone there is no rest */
    g_assert_cmphex(put(d, 2, &right, 31), ==,
                    CXL_RET_FW_VERIFICATION_FAILED);
    g_assert_cmphex(put(d, 2, &right, 7), ==, CXL_RET_SUCCESS);
    for (unsigned n = 24; n < sizeof(right); n++) {
        wrong = right;
        ((uint8_t *)&wrong)[n] ^= 4;
        g_assert_cmphex(put(d, 2, &wrong, sizeof(wrong)), ==,
                        CXL_RET_FW_VERIFICATION_FAILED);
    }
    wrong = right;
    wrong.head.version[0] = 0;
    g_assert_cmphex(put(d, 2, &wrong, sizeof(wrong)), ==,
                    CXL_RET_FW_VERIFICATION_FAILED);
    wrong.head.version[0] = '\n';
    g_assert_cmphex(put(d, 2, &wrong, sizeof(wrong)), ==,
                    CXL_RET_FW_VERIFICATION_FAILED);
    g_assert_cmpint(strncmp(info(d).revision[1], "crc-", 4), ==, 0);
    g_assert_false(d->firmware.transfer.running);
    free_device(d);
}

static void test_slots(void)
{
    Device *d = new_device();

    for (unsigned slot = 0; slot <= 0xff; slot++) {
        g_assert_cmphex(put(d, slot, "image", 5), ==,
                        slot >= 2 && slot <= 4 ? CXL_RET_SUCCESS
                                               : CXL_RET_FW_INVALID_SLOT);
    }
    /* A wrong slot of the last part can be put right */
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_INITIATE, 1, 0, zeroes, 128),
                    ==, CXL_RET_SUCCESS);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_END, 1, 128, zeroes, 1), ==,
                    CXL_RET_FW_INVALID_SLOT);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_END, 4, 128, zeroes, 1), ==,
                    CXL_RET_SUCCESS);
    /* An image in place of the one that is staged is not staged */
    g_assert_cmphex(activate(d, CXL_FW_ACTIVATE_COLD_RESET, 4), ==,
                    CXL_RET_SUCCESS);
    expect(d, 1, 4);
    put_image(d, 3, "3", 0);
    expect(d, 1, 4);
    put_image(d, 4, "4", 0);
    expect(d, 1, 0);
    free_device(d);
}

static void test_activate(void)
{
    Device *d = new_device();

    expect(d, 1, 0);
    g_assert_cmphex(activate(d, 2, 1), ==, CXL_RET_INVALID_INPUT);
    for (unsigned action = 0; action < 2; action++) {
        g_assert_cmphex(activate(d, action, 0), ==, CXL_RET_FW_INVALID_SLOT);
        g_assert_cmphex(activate(d, action, 2), ==, CXL_RET_FW_INVALID_SLOT);
        g_assert_cmphex(activate(d, action, 5), ==, CXL_RET_FW_INVALID_SLOT);
        g_assert_cmphex(activate(d, action, 255), ==,
                        CXL_RET_FW_INVALID_SLOT);
    }
    put_image(d, 2, "two", 0);
    put_image(d, 3, "three", CXL_FW_IMAGE_NEEDS_RESET);
    put_image(d, 4, "four", CXL_FW_IMAGE_FAILS);
    g_assert_cmphex(activate(d, CXL_FW_ACTIVATE_ONLINE, 3), ==,
                    CXL_RET_FW_COLD_RESET_REQUIRED);
    g_assert_cmphex(activate(d, CXL_FW_ACTIVATE_ONLINE, 4), ==,
                    CXL_RET_FW_ROLLED_BACK);
    expect(d, 1, 0);
    g_assert_cmphex(activate(d, CXL_FW_ACTIVATE_COLD_RESET, 3), ==,
                    CXL_RET_SUCCESS);
    expect(d, 1, 3);
    g_assert_cmphex(activate(d, CXL_FW_ACTIVATE_COLD_RESET, 1), ==,
                    CXL_RET_SUCCESS);
    expect(d, 1, 0);
    g_assert_cmphex(activate(d, CXL_FW_ACTIVATE_ONLINE, 2), ==,
                    CXL_RET_SUCCESS);
    expect(d, 2, 0);
    g_assert_cmphex(put(d, 2, "image", 5), ==, CXL_RET_FW_INVALID_SLOT);
    g_assert_cmphex(put(d, 1, "image", 5), ==, CXL_RET_SUCCESS);
    free_device(d);
}

/* Power goes and comes back */
static void test_power(void)
{
    Device *d = new_device();

    put_image(d, 3, "three", CXL_FW_IMAGE_NEEDS_RESET);
    put_image(d, 4, "four", CXL_FW_IMAGE_FAILS);
    activate(d, CXL_FW_ACTIVATE_COLD_RESET, 3);
    expect(d, 1, 3);
    d = again(d);
    expect(d, 3, 0);
    expect_revision(d, 3, "three");
    expect_revision(d, 4, "four");
    activate(d, CXL_FW_ACTIVATE_COLD_RESET, 4);
    cxl_firmware_power_lost(&d->firmware);
    expect(d, 3, 0);
    activate(d, CXL_FW_ACTIVATE_COLD_RESET, 1);
    cxl_firmware_power_lost(&d->firmware);
    expect(d, 1, 0);
    d = again(d);
    expect(d, 1, 0);
    free_device(d);
}

/* What is kept comes from a file: each byte of it with each bit wrong */
static void test_kept(void)
{
    Device *d = new_device();
    g_autoptr(GBytes) nv = NULL;
    gsize len;

    put_image(d, 2, "0123456789abcdef", 0);
    activate(d, CXL_FW_ACTIVATE_COLD_RESET, 2);
    nv = g_bytes_ref(d->mem->nv[CXL_NV_FIRMWARE]);
    len = g_bytes_get_size(nv);
    for (unsigned bit = 0; bit < 8 * len; bit++) {
        g_autofree uint8_t *bytes = g_memdup2(g_bytes_get_data(nv, NULL),
                                              len);

        bytes[bit / 8] ^= 1 << bit % 8;
        fake_nv_save(CXL_MEM(d->mem), CXL_NV_FIRMWARE, bytes, len);
        d = again(d);
        g_assert_cmpuint(d->firmware.active, >=, 1);
        g_assert_cmpuint(d->firmware.active, <=, 2);
        g_assert_cmpuint(d->firmware.staged, ==, 0);
        g_assert_cmpint(cxl_firmware_revision(&d->firmware)[0], >=, ' ');
    }
    free_device(d);
}

static void test_timeout(void)
{
    Device *d = new_device();

    send_part(d, CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 128);
    cxl_unit_sleep(TIMEOUT_MS - 1);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_CONTINUE, 0, 128, zeroes,
                              128), ==, CXL_RET_SUCCESS);
    cxl_unit_sleep(TIMEOUT_MS - 1);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_CONTINUE, 0, 256, zeroes,
                              128), ==, CXL_RET_SUCCESS);
    cxl_unit_sleep(TIMEOUT_MS);
    g_assert_null(d->firmware.transfer.data);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_END, 2, 384, zeroes, 128),
                    ==, CXL_RET_ABORTED);
    /* Aborted in so many words, it is as if there had been none */
    send_part(d, CXL_FW_TRANSFER_ABORT, 0, 0, zeroes, 0);
    g_assert_cmphex(send_part(d, CXL_FW_TRANSFER_END, 2, 384, zeroes, 128),
                    ==, CXL_RET_FW_TRANSFER_OUT_OF_ORDER);
    free_device(d);
}

static int migrate(Device *from, Device *to)
{
    return cxl_unit_migrate(&vmstate_cxl_firmware, &from->firmware,
                            &to->firmware);
}

static void test_migrate(void)
{
    Device *d = new_device(), *to = new_device();

    put_image(d, 2, "two", CXL_FW_IMAGE_NEEDS_RESET);
    activate(d, CXL_FW_ACTIVATE_COLD_RESET, 2);
    send_part(d, CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 256);
    /* The one that is loaded into has a transfer of its own */
    send_part(to, CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 128);
    cxl_unit_sleep(TIMEOUT_MS / 2);
    g_assert_cmpint(migrate(d, to), ==, 0);
    expect(to, 1, 2);
    g_assert_cmphex(send_part(to, CXL_FW_TRANSFER_CONTINUE, 0, 256, zeroes,
                              128), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(send_part(to, CXL_FW_TRANSFER_END, 3, 384, zeroes, 1), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmpint(migrate(d, to), ==, 0);
    cxl_unit_sleep(TIMEOUT_MS / 2);
    g_assert_cmphex(send_part(to, CXL_FW_TRANSFER_CONTINUE, 0, 256, zeroes,
                              128), ==, CXL_RET_ABORTED);
    g_assert_cmpint(migrate(to, d), ==, 0);
    g_assert_true(d->firmware.transfer.timed_out);
    free_device(to);
    free_device(d);
}

/* A transfer 30 s from its end at most, and nothing that cannot be */
static void test_stream(void)
{
    Device *d = new_device(), *to = new_device();
    CXLFwTransfer *t = &d->firmware.transfer;
    CXLFirmware *s = &d->firmware;

#define REFUSED(field, value) do {                      \
        typeof(field) saved_ = field;                   \
        field = value;                                  \
        g_assert_cmpint(migrate(d, to), !=, 0);         \
        field = saved_;                                 \
        g_assert_cmpint(migrate(d, to), ==, 0);         \
    } while (0)
    send_part(d, CXL_FW_TRANSFER_INITIATE, 0, 0, zeroes, 256);
    REFUSED(t->running, false);
    REFUSED(t->timed_out, true);
    REFUSED(t->len, 255);
    REFUSED(t->last, 1);
    REFUSED(t->last, 384);
    REFUSED(s->active, 0);
    REFUSED(s->active, 2);
    REFUSED(s->active, 5);
    REFUSED(s->staged, 1);
    REFUSED(s->staged, 2);
    REFUSED(s->slots[1].revision[1], 'x');
    REFUSED(s->slots[0].revision[0], '\n');
    REFUSED(s->slots[0].revision[0], 0);
    REFUSED(s->slots[3].flags, 4);
#undef REFUSED
    t->deadline_ns = INT64_MAX;
    g_assert_cmpint(migrate(d, to), ==, 0);
    cxl_unit_sleep(TIMEOUT_MS);
    g_assert_true(to->firmware.transfer.timed_out);
    free_device(to);
    free_device(d);
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/firmware/order", test_order);
    g_test_add_func("/cxl/firmware/parts", test_parts);
    g_test_add_func("/cxl/firmware/longest", test_longest);
    g_test_add_func("/cxl/firmware/verify", test_verify);
    g_test_add_func("/cxl/firmware/slots", test_slots);
    g_test_add_func("/cxl/firmware/activate", test_activate);
    g_test_add_func("/cxl/firmware/power", test_power);
    g_test_add_func("/cxl/firmware/kept", test_kept);
    g_test_add_func("/cxl/firmware/timeout", test_timeout);
    g_test_add_func("/cxl/firmware/migrate", test_migrate);
    g_test_add_func("/cxl/firmware/stream", test_stream);
    return g_test_run();
}

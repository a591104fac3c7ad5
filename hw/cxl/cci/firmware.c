/*
 * CXL r3.1 8.2.9.3: Firmware Update commands
 *
 * Nothing runs an image: once it has arrived and is checked, the device keeps
 * its version, and what it says about its activation, and forgets the rest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/crc32c.h"
#include "qemu/cutils.h"
#include "qemu/units.h"
#include "hw/cxl/cci/firmware.h"
#include "hw/cxl/trace.h"

/* Implementation defined: bytes that are allocated for an image at first */
#define TRANSFER_SIZE_MIN   (64 * KiB)
#define TIMEOUT_NS          (CXL_FW_TIMEOUT_S * NANOSECONDS_PER_SECOND)

/* As it is kept: never change it, add an area instead */
typedef struct NvFirmware {
    struct {
        uint8_t revision[16];
        uint8_t flags;
        uint8_t reserved[3];
    } slots[CXL_FW_SLOTS_MAX];
    uint8_t active;
    uint8_t staged;
    uint8_t reserved[2];
} NvFirmware;
CXL_WIRE_SIZE(NvFirmware, 84);

/* Slots */

static bool slot_exists(unsigned slot)
{
    return slot >= 1 && slot <= CXL_FW_SLOTS_MAX;
}

static CXLFwSlot *slot_at(CXLFirmware *s, unsigned slot)
{
    return &s->slots[slot - 1];
}

static bool slot_holds_image(const CXLFirmware *s, unsigned slot)
{
    return slot_exists(slot) && s->slots[slot - 1].revision[0];
}

/* ASCII text, then nothing but NUL */
static bool revision_legal(const uint8_t revision[16])
{
    unsigned len = strnlen((const char *)revision, 16);

    for (unsigned n = 0; n < len; n++) {
        if (!g_ascii_isprint(revision[n])) {
            return false;
        }
    }
    return buffer_is_zero(revision + len, 16 - len);
}

/* Whether a device can be as a file or a stream says that it was */
static bool slots_legal(const CXLFirmware *s)
{
    for (unsigned n = 0; n < CXL_FW_SLOTS_MAX; n++) {
        if (!revision_legal(s->slots[n].revision) ||
            (s->slots[n].flags & ~CXL_FW_IMAGE_FLAGS)) {
            return false;
        }
    }
    return slot_holds_image(s, s->active) && s->staged != s->active &&
           (!s->staged || slot_holds_image(s, s->staged));
}

static void save(const CXLFirmware *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvFirmware nv = { .active = s->active, .staged = s->staged };

    for (unsigned n = 0; n < CXL_FW_SLOTS_MAX; n++) {
        memcpy(nv.slots[n].revision, s->slots[n].revision, 16);
        nv.slots[n].flags = s->slots[n].flags;
    }
    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_FIRMWARE, &nv, sizeof(nv));
    }
}

static void load(CXLFirmware *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    CXLFirmware kept = *s;
    NvFirmware nv;

    if (!mc->nv_load ||
        !mc->nv_load(s->mem, CXL_NV_FIRMWARE, &nv, sizeof(nv))) {
        return;
    }
    for (unsigned n = 0; n < CXL_FW_SLOTS_MAX; n++) {
        memcpy(kept.slots[n].revision, nv.slots[n].revision, 16);
        kept.slots[n].flags = nv.slots[n].flags;
    }
    kept.active = nv.active;
    kept.staged = nv.staged;
    if (slots_legal(&kept)) {
        *s = kept;
    }
}

const char *cxl_firmware_revision(const CXLFirmware *s)
{
    return (const char *)s->slots[s->active - 1].revision;
}

static CXLRet refuse(uint8_t action, uint8_t slot, CXLRet ret,
                     const char *why)
{
    trace_cxl_err_firmware(action, slot, ret, why);
    return ret;
}

/* CXL r3.1 8.2.9.3.1: Get FW Info (0200h) */
static CXLRet cmd_firmware_get_info(const CXLCall *call, CXLRsp *rsp)
{
    const CXLFirmware *s = call->state;
    CXLFwInfoRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->slots = CXL_FW_SLOTS_MAX;
    out->slot_info = s->active | s->staged << CXL_FW_INFO_STAGED_SHIFT;
    out->capabilities = CXL_FW_CAP_ONLINE;
    for (unsigned n = 0; n < CXL_FW_SLOTS_MAX; n++) {
        memcpy(out->revision[n], s->slots[n].revision, 16);
    }
    return CXL_RET_SUCCESS;
}

/* Images */

/*
 * Implementation defined: an image without a header is named after what it
 * holds, so that any file can be an image
 */
static CXLFwSlot describe_plain(const uint8_t *data, uint32_t len)
{
    CXLFwSlot slot = { };

    snprintf((char *)slot.revision, sizeof(slot.revision), "crc-%08x",
             crc32c(UINT32_MAX, data, len));
    return slot;
}

/* What is wrong with an image, @len bytes, or NULL; in @slot, what it says */
static const char *describe(const uint8_t *data, uint32_t len,
                            CXLFwSlot *slot)
{
    const CXLFwImageHeader *h = (const void *)data;
    uint32_t flags;

    if (!len) {
        return "the image is empty";
    }
    if (len < sizeof(h->magic) ||
        memcmp(h->magic, CXL_FW_IMAGE_MAGIC, sizeof(h->magic))) {
        *slot = describe_plain(data, len);
        return NULL;
    }
    if (len < sizeof(*h)) {
        return "the image's header is cut off";
    }
    flags = cxl_le32_get(h->flags);
    if (flags & ~CXL_FW_IMAGE_FLAGS) {
        return "the image has flags that mean nothing";
    }
    if (!h->version[0] || !revision_legal((const uint8_t *)h->version)) {
        return "the image's version is no text";
    }
    if (crc32c(UINT32_MAX, data + sizeof(*h), len - sizeof(*h)) !=
        cxl_le32_get(h->crc)) {
        return "the image's checksum is wrong";
    }
    *slot = (CXLFwSlot) { .flags = flags };
    memcpy(slot->revision, h->version, sizeof(slot->revision));
    return NULL;
}

/* CXL r3.1 8.2.9.3.2: Transfer FW (0201h) */

static void transfer_drop(CXLFwTransfer *t)
{
    if (t->timer) {
        timer_del(t->timer);
    }
    g_free(t->data);
    *t = (CXLFwTransfer) { .timer = t->timer };
}

static void transfer_timeout(void *opaque)
{
    CXLFwTransfer *t = opaque;

    trace_cxl_firmware_timeout(t->len);
    transfer_drop(t);
    t->timed_out = true;
}

static void transfer_await(CXLFwTransfer *t)
{
    t->running = true;
    t->deadline_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + TIMEOUT_NS;
    timer_mod(t->timer, t->deadline_ns);
}

/* Memory grows with the image, in few steps */
static void transfer_put(CXLFwTransfer *t, uint32_t at, const void *data,
                         uint32_t len)
{
    uint32_t size = MAX(TRANSFER_SIZE_MIN, pow2ceil(at + len));

    if (size > t->size) {
        t->data = g_realloc(t->data, size);
        t->size = size;
    }
    memcpy(t->data + at, data, len);
    t->last = at;
    t->len = at + len;
}

/* Where the part belongs */
static uint64_t part_offset(const CXLTransferFwReq *in)
{
    if (in->action == CXL_FW_TRANSFER_FULL) {
        return 0;
    }
    return (uint64_t)cxl_le32_get(in->offset) * CXL_FW_UNIT;
}

static bool begins(uint8_t action)
{
    return action == CXL_FW_TRANSFER_FULL ||
           action == CXL_FW_TRANSFER_INITIATE;
}

static bool ends(uint8_t action)
{
    return action == CXL_FW_TRANSFER_FULL || action == CXL_FW_TRANSFER_END;
}

/*
 * One image at a time, and one part after the other; the part that came last
 * may come again
 */
static CXLRet check_order(const CXLFwTransfer *t, const CXLTransferFwReq *in)
{
    uint64_t at = part_offset(in);

    if (begins(in->action) && t->running) {
        return refuse(in->action, in->slot, CXL_RET_FW_TRANSFER_IN_PROGRESS,
                      "another transfer is under way");
    }
    if (!begins(in->action) && t->timed_out) {
        return refuse(in->action, in->slot, CXL_RET_ABORTED,
                      "the transfer has timed out");
    }
    if (!begins(in->action) && !t->running) {
        return refuse(in->action, in->slot, CXL_RET_FW_TRANSFER_OUT_OF_ORDER,
                      "no transfer is under way");
    }
    if (at != t->len && at != t->last) {
        return refuse(in->action, in->slot, CXL_RET_FW_TRANSFER_OUT_OF_ORDER,
                      "the offset is neither the next nor the last");
    }
    return CXL_RET_SUCCESS;
}

static CXLRet check_part(const CXLFirmware *s, const CXLTransferFwReq *in,
                         uint32_t len)
{
    if (part_offset(in) + len > CXL_FW_IMAGE_MAX) {
        return refuse(in->action, in->slot, CXL_RET_INVALID_INPUT,
                      "the image is too long");
    }
    if (!ends(in->action) && len % CXL_FW_UNIT) {
        return refuse(in->action, in->slot, CXL_RET_INVALID_INPUT,
                      "no offset is right for what follows the part");
    }
    if (ends(in->action) &&
        (!slot_exists(in->slot) || in->slot == s->active)) {
        return refuse(in->action, in->slot, CXL_RET_FW_INVALID_SLOT,
                      "the slot is active or does not exist");
    }
    return CXL_RET_SUCCESS;
}

/* All of it is there: an image that is refused has to be sent anew */
static CXLRet transfer_end(CXLFirmware *s, const CXLTransferFwReq *in)
{
    CXLFwSlot slot;
    uint32_t len = s->transfer.len;
    const char *why = describe(s->transfer.data, len, &slot);

    transfer_drop(&s->transfer);
    if (why) {
        return refuse(in->action, in->slot, CXL_RET_FW_VERIFICATION_FAILED,
                      why);
    }
    *slot_at(s, in->slot) = slot;
    /* Implementation defined: what was staged was the image before this one */
    if (s->staged == in->slot) {
        s->staged = 0;
    }
    save(s);
    trace_cxl_firmware_stored(in->slot, (char *)slot.revision, len);
    return CXL_RET_SUCCESS;
}

/*
 * Implementation defined: no transfer takes so long that it would have to go
 * on in the background, and to abort none is no error: Linux does that when an
 * update is cancelled after its last part
 */
static CXLRet cmd_firmware_transfer(const CXLCall *call, CXLRsp *rsp)
{
    CXLFirmware *s = call->state;
    const CXLTransferFwReq *in = call->req;
    CXLRet ret;

    if (in->action == CXL_FW_TRANSFER_ABORT) {
        transfer_drop(&s->transfer);
        return CXL_RET_SUCCESS;
    }
    if (in->action > CXL_FW_TRANSFER_ABORT) {
        return refuse(in->action, in->slot, CXL_RET_INVALID_INPUT,
                      "no such action");
    }
    ret = check_order(&s->transfer, in);
    if (ret == CXL_RET_SUCCESS) {
        ret = check_part(s, in, call->tail);
    }
    if (ret != CXL_RET_SUCCESS) {
        return ret;
    }
    s->transfer.timed_out = false;
    transfer_put(&s->transfer, part_offset(in), in->data, call->tail);
    if (ends(in->action)) {
        return transfer_end(s, in);
    }
    transfer_await(&s->transfer);
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.3.3: Activate FW (0202h) */

static CXLRet check_online(CXLFirmware *s, const CXLActivateFwReq *in)
{
    uint8_t flags = slot_at(s, in->slot)->flags;

    if (flags & CXL_FW_IMAGE_NEEDS_RESET) {
        return refuse(in->action, in->slot, CXL_RET_FW_COLD_RESET_REQUIRED,
                      "the image needs a cold reset");
    }
    if (flags & CXL_FW_IMAGE_FAILS) {
        return refuse(in->action, in->slot, CXL_RET_FW_ROLLED_BACK,
                      "the image does not start");
    }
    return CXL_RET_SUCCESS;
}

static void activate(CXLFirmware *s, uint8_t slot)
{
    s->active = slot;
    s->staged = 0;
    save(s);
    trace_cxl_firmware_active(slot, cxl_firmware_revision(s));
    if (CXL_MEM_GET_CLASS(s->mem)->firmware_activated) {
        CXL_MEM_GET_CLASS(s->mem)->firmware_activated(
            s->mem, slot, cxl_firmware_revision(s));
    }
}

/* Implementation defined: to stage what is active is to stage nothing */
static CXLRet cmd_firmware_activate(const CXLCall *call, CXLRsp *rsp)
{
    CXLFirmware *s = call->state;
    const CXLActivateFwReq *in = call->req;
    CXLRet ret;

    if (in->action > CXL_FW_ACTIVATE_COLD_RESET) {
        return refuse(in->action, in->slot, CXL_RET_INVALID_INPUT,
                      "no such action");
    }
    if (!slot_holds_image(s, in->slot)) {
        return refuse(in->action, in->slot, CXL_RET_FW_INVALID_SLOT,
                      "there is no image in the slot");
    }
    if (in->action == CXL_FW_ACTIVATE_COLD_RESET) {
        s->staged = in->slot == s->active ? 0 : in->slot;
        save(s);
        return CXL_RET_SUCCESS;
    }
    ret = check_online(s, in);
    if (ret == CXL_RET_SUCCESS) {
        activate(s, in->slot);
    }
    return ret;
}

static const CXLCmd firmware_rows[] = {
    {
        .opcode = CXL_OP_GET_FW_INFO,
        .name = "get-fw-info",
        .out_max = sizeof(CXLFwInfoRsp),
        .handler = cmd_firmware_get_info,
    }, {
        .opcode = CXL_OP_TRANSFER_FW,
        .name = "transfer-fw",
        .in_min = sizeof(CXLTransferFwReq),
        .tail = CXL_TAIL_REST,
        .tail_size = 1,
        .handler = cmd_firmware_transfer,
    }, {
        .opcode = CXL_OP_ACTIVATE_FW,
        .name = "activate-fw",
        .in_min = sizeof(CXLActivateFwReq),
        .effects = CXL_EFFECT_CONFIG_COLD_RESET | CXL_EFFECT_CONFIG_NOW,
        .handler = cmd_firmware_activate,
    },
};

/* Life of the device */

void cxl_firmware_abort(CXLFirmware *s)
{
    transfer_drop(&s->transfer);
}

void cxl_firmware_power_lost(CXLFirmware *s)
{
    uint8_t slot = s->staged;

    if (!slot) {
        return;
    }
    if (slot_at(s, slot)->flags & CXL_FW_IMAGE_FAILS) {
        refuse(CXL_FW_ACTIVATE_COLD_RESET, slot, CXL_RET_FW_ROLLED_BACK,
               "the image does not start");
        slot = s->active;
    }
    activate(s, slot);
}

void cxl_firmware_add(CXLCCI *cci, CXLFirmware *s, CXLMem *mem,
                      bool incoming)
{
    *s = (CXLFirmware) { .mem = mem, .active = 1 };
    pstrcpy((char *)s->slots[0].revision, sizeof(s->slots[0].revision),
            CXL_FIRMWARE_REVISION);
    if (!incoming) {
        load(s);
        cxl_firmware_power_lost(s);
    }
    s->transfer.timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, transfer_timeout,
                                     &s->transfer);
    cxl_cci_add(cci, firmware_rows, ARRAY_SIZE(firmware_rows), s);
}

void cxl_firmware_destroy(CXLFirmware *s)
{
    transfer_drop(&s->transfer);
    g_clear_pointer(&s->transfer.timer, timer_free);
}

/* State */

static int transfer_pre_load(void *opaque)
{
    transfer_drop(opaque);
    return 0;
}

static bool transfer_len_legal(void *opaque, int version_id)
{
    const CXLFwTransfer *t = opaque;

    return t->len <= CXL_FW_IMAGE_MAX;
}

/* All but the last part of an image consist of whole units */
static bool transfer_legal(const CXLFwTransfer *t)
{
    if (!t->running) {
        return !t->len && !t->last;
    }
    return !t->timed_out && t->last <= t->len &&
           !(t->last % CXL_FW_UNIT) && !(t->len % CXL_FW_UNIT);
}

static int transfer_post_load(void *opaque, int version_id)
{
    CXLFwTransfer *t = opaque;
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

    t->size = t->len;
    if (!transfer_legal(t)) {
        return -EINVAL;
    }
    if (t->running) {
        t->deadline_ns = CLAMP(t->deadline_ns, now, now + TIMEOUT_NS);
        timer_mod(t->timer, t->deadline_ns);
    }
    return 0;
}

static const VMStateDescription vmstate_transfer = {
    .name = "cxl-firmware-transfer",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = transfer_pre_load,
    .post_load = transfer_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(running, CXLFwTransfer),
        VMSTATE_BOOL(timed_out, CXLFwTransfer),
        VMSTATE_UINT32(len, CXLFwTransfer),
        /* Before memory is allocated */
        VMSTATE_VALIDATE("length of the image", transfer_len_legal),
        VMSTATE_VBUFFER_ALLOC_UINT32(data, CXLFwTransfer, 0, NULL, len),
        VMSTATE_UINT32(last, CXLFwTransfer),
        VMSTATE_INT64(deadline_ns, CXLFwTransfer),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_slot = {
    .name = "cxl-firmware-slot",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(revision, CXLFwSlot, 16),
        VMSTATE_UINT8(flags, CXLFwSlot),
        VMSTATE_END_OF_LIST()
    }
};

static int firmware_post_load(void *opaque, int version_id)
{
    return slots_legal(opaque) ? 0 : -EINVAL;
}

const VMStateDescription vmstate_cxl_firmware = {
    .name = "cxl-firmware",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = firmware_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(slots, CXLFirmware, CXL_FW_SLOTS_MAX, 1,
                             vmstate_slot, CXLFwSlot),
        VMSTATE_UINT8(active, CXLFirmware),
        VMSTATE_UINT8(staged, CXLFirmware),
        VMSTATE_STRUCT(transfer, CXLFirmware, 1, vmstate_transfer,
                       CXLFwTransfer),
        VMSTATE_END_OF_LIST()
    }
};

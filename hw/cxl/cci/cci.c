/*
 * Component Command Interface: table lookup, checks, and the cursor
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "hw/cxl/cci/background.h"
#include "hw/cxl/trace.h"

/* A row with the state of the command set that offered it */
typedef struct CXLSlot {
    const CXLCmd *row;
    void *state;
} CXLSlot;

uint32_t cxl_rsp_room(const CXLRsp *rsp)
{
    return rsp->size - rsp->len;
}

void *cxl_rsp_add(CXLRsp *rsp, uint32_t len)
{
    uint8_t *at = rsp->buf + rsp->len;

    if (len > cxl_rsp_room(rsp)) {
        return NULL;
    }
    rsp->len += len;
    return memset(at, 0, len);
}

void cxl_cci_init(CXLCCI *cci, const CXLCCIOps *ops, void *opaque,
                  uint32_t payload_max)
{
    *cci = (CXLCCI) {
        .ops = ops,
        .opaque = opaque,
        .payload_max = payload_max,
        .response_max = payload_max,
        .slots = g_ptr_array_new_with_free_func(g_free),
    };
    cxl_background_init(cci);
}

void cxl_cci_destroy(CXLCCI *cci)
{
    cxl_background_destroy(cci);
    g_clear_pointer(&cci->slots, g_ptr_array_unref);
}

void cxl_cci_reset(CXLCCI *cci)
{
    cxl_background_reset(cci);
    cci->response_max = cci->payload_max;
}

/* Index of the first slot whose opcode is not below @opcode */
static unsigned lower_bound(const CXLCCI *cci, uint16_t opcode)
{
    unsigned low = 0;
    unsigned high = cci->slots->len;

    while (low < high) {
        unsigned mid = (low + high) / 2;
        const CXLSlot *slot = g_ptr_array_index(cci->slots, mid);

        if (slot->row->opcode < opcode) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static const CXLSlot *find_slot(const CXLCCI *cci, uint16_t opcode)
{
    unsigned n = lower_bound(cci, opcode);
    const CXLSlot *slot;

    if (n == cci->slots->len) {
        return NULL;
    }
    slot = g_ptr_array_index(cci->slots, n);
    return slot->row->opcode == opcode ? slot : NULL;
}

static void add_row(CXLCCI *cci, const CXLCmd *row, void *state)
{
    CXLSlot *slot = g_new(CXLSlot, 1);

    assert(row->handler && row->name);
    assert(!cxl_cci_find(cci, row->opcode, NULL));
    assert(row->tail == CXL_TAIL_NONE || row->tail_size);
    assert(row->tail != CXL_TAIL_COUNTED ||
           (row->count_width && row->count_width <= 4 &&
            row->count_offset + row->count_width <= row->in_min));
    assert(!(row->flags & CXL_CMD_BACKGROUND) ||
           (row->finish && row->estimate_ms));
    assert(!(row->flags & CXL_CMD_ABORTABLE) ||
           (row->flags & CXL_CMD_BACKGROUND));
    *slot = (CXLSlot) { .row = row, .state = state };
    g_ptr_array_insert(cci->slots, lower_bound(cci, row->opcode), slot);
}

void cxl_cci_add(CXLCCI *cci, const CXLCmd *rows, unsigned nr, void *state)
{
    for (unsigned n = 0; n < nr; n++) {
        add_row(cci, &rows[n], state);
    }
}

void cxl_cci_observe(CXLCCI *cci, CXLCCIObserver *observer, void *opaque)
{
    assert(!cci->observer);
    cci->observer = observer;
    cci->observed = opaque;
}

const CXLCmd *cxl_cci_command(const CXLCCI *cci, unsigned n)
{
    const CXLSlot *slot;

    if (n >= cci->slots->len) {
        return NULL;
    }
    slot = g_ptr_array_index(cci->slots, n);
    return slot->row;
}

const CXLCmd *cxl_cci_find(const CXLCCI *cci, uint16_t opcode, void **state)
{
    const CXLSlot *slot = find_slot(cci, opcode);

    if (slot && state) {
        *state = slot->state;
    }
    return slot ? slot->row : NULL;
}

const CXLCmd *cxl_cci_variant(const CXLCmd *row, const void *in, uint32_t len)
{
    const CXLCmd *variant = row->variant && len >= row->in_min
                          ? row->variant(in) : NULL;

    return variant ?: row;
}

/*
 * CXL r3.1 8.2.8.4.5.1: Invalid Payload Length. Whether @in, @in_len bytes,
 * is a request that @row describes; in @tail, the elements of its tail.
 */
static bool length_fits(const CXLCmd *row, const uint8_t *in, uint32_t in_len,
                        uint32_t *tail)
{
    uint32_t rest = in_len - row->in_min;

    *tail = 0;
    if (in_len < row->in_min) {
        return false;
    }
    if (row->tail == CXL_TAIL_NONE) {
        return !rest;
    }
    if (rest % row->tail_size) {
        return false;
    }
    *tail = rest / row->tail_size;
    if (row->tail == CXL_TAIL_COUNTED) {
        return *tail == cxl_le_load(in + row->count_offset, row->count_width);
    }
    return !row->tail_max || *tail <= row->tail_max;
}

static bool media_disabled(const CXLCCI *cci)
{
    return cci->ops->media_disabled &&
           cci->ops->media_disabled(cci->opaque);
}

static bool locked(const CXLCCI *cci)
{
    return cci->ops->locked && cci->ops->locked(cci->opaque);
}

/* Everything that does not depend on what the request says */
static CXLRet check(const CXLCCI *cci, const CXLCmd *row, const uint8_t *in,
                    uint32_t in_len, uint32_t *tail)
{
    if (in_len > cci->payload_max || !length_fits(row, in, in_len, tail)) {
        return CXL_RET_INVALID_PAYLOAD_LENGTH;
    }
    /* CXL r3.1 8.2.8.4.5.1: Media Disabled */
    if ((row->flags & CXL_CMD_NEEDS_MEDIA) && media_disabled(cci)) {
        return CXL_RET_MEDIA_DISABLED;
    }
    /* CXL r3.1 8.2.9.9.6: what a device refuses while it is locked */
    if ((row->flags & CXL_CMD_NEEDS_UNLOCKED) && locked(cci)) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    /* CXL r3.1 8.2.8.4.5.1: Busy: one background operation at a time */
    if ((row->flags & CXL_CMD_BACKGROUND) && cci->background.running) {
        return CXL_RET_BUSY;
    }
    return CXL_RET_SUCCESS;
}

static bool accepted(CXLRet ret)
{
    return ret == CXL_RET_SUCCESS || ret == CXL_RET_BACKGROUND_STARTED;
}

/* Run @slot, as @row has it, on a request whose length is right */
static CXLRet call(CXLCCI *cci, const CXLSlot *slot, const CXLCmd *row,
                   const uint8_t *in, uint32_t tail, uint8_t *out,
                   uint32_t *out_len)
{
    uint32_t size = MIN(row->out_max, cci->response_max);
    g_autofree uint8_t *buf = g_malloc0(MAX(size, 1));
    CXLRsp rsp = { .buf = buf, .size = size };
    const CXLCall args = {
        .cci = cci,
        .state = slot->state,
        .req = in,
        .tail = tail,
        .room = cci->response_max,
    };
    CXLRet ret = row->handler(&args, &rsp);

    if (!accepted(ret)) {
        return ret;
    }
    if (ret == CXL_RET_BACKGROUND_STARTED) {
        cxl_background_start(cci, slot->row, slot->state);
    }
    if (rsp.len) {
        memcpy(out, rsp.buf, rsp.len);
    }
    *out_len = rsp.len;
    return ret;
}

/* Why commands are refused before they do anything, and where it says so */
static const struct {
    CXLRet ret;
    const char *text;
    const char *section;
} refusals[] = {
    { CXL_RET_UNSUPPORTED, "there is no such command", "8.2.9" },
    { CXL_RET_INVALID_INPUT, "what it asks for cannot be", "8.2.8.4.5.1" },
    { CXL_RET_INVALID_PAYLOAD_LENGTH, "its payload has another length",
      "8.2.8.4.5.1" },
    { CXL_RET_BUSY, "a background operation is running", "8.2.8.4.7" },
    { CXL_RET_MEDIA_DISABLED, "the media are disabled", "8.2.8.5.1.1" },
    { CXL_RET_INVALID_SECURITY_STATE, "security forbids it now",
      "8.2.9.9.6" },
};

static CXLRet refuse(uint16_t opcode, const char *name, uint32_t in_len,
                     CXLRet ret)
{
    const char *text = "refused", *section = "8.2.8.4.5.1";

    for (unsigned i = 0; i < ARRAY_SIZE(refusals); i++) {
        if (refusals[i].ret == ret) {
            text = refusals[i].text;
            section = refusals[i].section;
        }
    }
    trace_cxl_err_cci_refused(opcode, name, in_len, ret, text, section);
    qemu_log_mask(LOG_GUEST_ERROR, "cxl: command 0x%04x (%s) of %" PRIu32
                  " bytes: %s: return code 0x%02x (CXL r3.1 %s)\n", opcode,
                  name, in_len, text, ret, section);
    return ret;
}

static CXLRet execute(CXLCCI *cci, uint16_t opcode, const uint8_t *in,
                      uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    const CXLSlot *slot = find_slot(cci, opcode);
    uint32_t known = MIN(in_len, cci->payload_max);
    g_autofree uint8_t *copy = NULL;
    const CXLCmd *row;
    uint32_t tail;
    CXLRet ret;

    *out_len = 0;
    if (!slot) {
        return refuse(opcode, "unknown", in_len, CXL_RET_UNSUPPORTED);
    }
    /* The guest may rewrite the payload registers while they are read */
    copy = g_memdup2(in, known);
    row = cxl_cci_variant(slot->row, copy, known);
    ret = check(cci, row, copy, in_len, &tail);
    if (ret == CXL_RET_SUCCESS) {
        ret = call(cci, slot, row, copy, tail, out, out_len);
    }
    trace_cxl_cci_execute(opcode, row->name, in_len, ret, *out_len);
    return accepted(ret) ? ret : refuse(opcode, row->name, in_len, ret);
}

static void tell(CXLCCI *cci, uint16_t opcode, uint32_t in_len, CXLRet ret)
{
    if (cci->observer) {
        cci->observer(cci->observed, opcode, in_len, ret);
    }
}

CXLRet cxl_cci_execute(CXLCCI *cci, uint16_t opcode, const uint8_t *in,
                       uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    CXLRet ret = execute(cci, opcode, in, in_len, out, out_len);

    tell(cci, opcode, in_len, ret);
    return ret;
}

CXLRet cxl_cci_fail(CXLCCI *cci, uint16_t opcode, uint32_t in_len, CXLRet ret)
{
    assert(ret != CXL_RET_BACKGROUND_STARTED);
    trace_cxl_cci_fail(opcode, in_len, ret);
    tell(cci, opcode, in_len, ret);
    return ret;
}

/* Whether loaded faults are such as could have been asked for */
static bool faults_plausible(const CXLCCI *cci)
{
    if (cci->faults.nr > CXL_FAULTS_MAX) {
        return false;
    }
    for (uint32_t n = 0; n < cci->faults.nr; n++) {
        const CXLFault *f = &cci->faults.fault[n];
        const CXLCmd *row = cxl_cci_find(cci, f->opcode, NULL);

        if (!row || !f->count ||
            !cxl_fault_valid(f, row->flags & CXL_CMD_BACKGROUND)) {
            return false;
        }
    }
    return true;
}

static int cci_post_load(void *opaque, int version_id)
{
    CXLCCI *cci = opaque;
    int ret = cxl_background_resume(cci);

    if (!faults_plausible(cci)) {
        cxl_faults_clear(&cci->faults);
        ret = -EINVAL;
    }
    if (!is_power_of_2(cci->response_max) ||
        cci->response_max > cci->payload_max) {
        cci->response_max = cci->payload_max;
        ret = -EINVAL;
    }
    return ret;
}

const VMStateDescription vmstate_cxl_cci = {
    .name = "cxl-cci",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = cci_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(response_max, CXLCCI),
        VMSTATE_STRUCT(background, CXLCCI, 1, vmstate_cxl_background,
                       CXLBackground),
        VMSTATE_STRUCT(faults, CXLCCI, 1, vmstate_cxl_faults, CXLFaults),
        VMSTATE_END_OF_LIST()
    }
};

/*
 * CXL r3.1 8.2.8.4: Mailbox Registers
 *
 * The only place that compares the length of a command with the size of the
 * mailbox. A command runs to its end, or to the start of its background
 * operation, within the write that rings the doorbell, so that software never
 * finds the doorbell set, unless a fault is wanted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "mailbox-internal.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"

/* CXL r3.1 8.2.8.4.3: message numbers have four bits */
#define MSGNUM_MAX 15

static uint64_t cxl_mailbox_get(const CXLMailbox *m, uint32_t reg,
                                unsigned width)
{
    return cxl_regfile_get(m->rf, m->offset + reg, width);
}

static void cxl_mailbox_set(CXLMailbox *m, uint32_t reg, unsigned width,
                            uint64_t value)
{
    cxl_regfile_set(m->rf, m->offset + reg, width, value);
}

void cxl_mailbox_interrupt(CXLMailbox *m, uint32_t enable)
{
    if ((cxl_mailbox_get(m, CXL_MBOX_CONTROL, 4) & enable) && m->interrupt) {
        trace_cxl_mailbox_interrupt(m->msgnum);
        m->interrupt(m->opaque, m->msgnum);
    }
}

/* CXL r3.1 8.2.8.4.7: Background Command Status Register */
void cxl_mailbox_refresh(CXLMailbox *m)
{
    const CXLBackground *b = &m->cci->background;
    uint64_t value = b->opcode;

    if (b->opcode) {
        value = FIELD_DP64(value, CXL_MBOX_BACKGROUND, PERCENT, b->running ?
                           MIN(cxl_cci_background_percent(m->cci), 99) : 100);
        value = FIELD_DP64(value, CXL_MBOX_BACKGROUND, RETURN_CODE,
                           b->running ? 0 : b->ret);
    }
    cxl_mailbox_set(m, CXL_MBOX_BACKGROUND, 8, value);
}

void cxl_mailbox_show_background(CXLMailbox *m, bool done)
{
    uint64_t status = cxl_mailbox_get(m, CXL_MBOX_STATUS, 8);

    status = FIELD_DP64(status, CXL_MBOX_STATUS, BACKGROUND,
                        m->cci->background.running);
    cxl_mailbox_set(m, CXL_MBOX_STATUS, 8, status);
    cxl_mailbox_refresh(m);
    if (done) {
        trace_cxl_mailbox_background_done(m->cci->background.opcode,
                                          m->cci->background.ret);
        cxl_mailbox_interrupt(m, R_CXL_MBOX_CONTROL_BACKGROUND_IRQ_MASK);
    }
}

/* CXL r3.1 8.2.8.4.5: run what the Command Register and the payload say */
static CXLRet cxl_mailbox_run(CXLMailbox *m, const CXLFault *fault,
                              uint32_t *out_len)
{
    uint64_t command = cxl_mailbox_get(m, CXL_MBOX_COMMAND, 8);
    uint16_t opcode = FIELD_EX64(command, CXL_MBOX_COMMAND, OPCODE);
    uint32_t length = FIELD_EX64(command, CXL_MBOX_COMMAND, LENGTH);
    CXLRet ret;

    *out_len = 0;
    if (fault->fails) {
        ret = cxl_cci_fail(m->cci, opcode, length, fault->ret);
    } else if (length > m->payload_size) {
        trace_cxl_err_mailbox_length(opcode, length, m->payload_size);
        qemu_log_mask(LOG_GUEST_ERROR, "cxl: command 0x%04x: length %u exceeds "
                      "the %u bytes of payload registers (CXL r3.1 "
                      "8.2.8.4.5)\n", opcode, length, m->payload_size);
        ret = CXL_RET_INVALID_PAYLOAD_LENGTH;
    } else {
        ret = cxl_cci_execute(m->cci, opcode, m->payload, length, m->payload,
                              out_len);
    }
    if (ret != CXL_RET_SUCCESS && ret != CXL_RET_BACKGROUND_STARTED) {
        *out_len = 0;
    }
    assert(*out_len <= m->payload_size);
    trace_cxl_mailbox_command(opcode, length, ret, *out_len);
    return ret;
}

/* CXL r3.1 8.2.8.4.1, .4, .6: from the command to the answer */
void cxl_mailbox_answer(CXLMailbox *m, const CXLFault *fault)
{
    uint32_t out_len;
    CXLRet ret = cxl_mailbox_run(m, fault, &out_len);
    uint64_t command = cxl_mailbox_get(m, CXL_MBOX_COMMAND, 8);

    if (ret == CXL_RET_BACKGROUND_STARTED && fault->background_hangs) {
        cxl_cci_background_hang(m->cci, true);
    }
    cxl_mailbox_set(m, CXL_MBOX_COMMAND, 8,
                    FIELD_DP64(command, CXL_MBOX_COMMAND, LENGTH, out_len));
    cxl_mailbox_set(m, CXL_MBOX_STATUS, 8,
                    (uint64_t)ret << R_CXL_MBOX_STATUS_RETURN_CODE_SHIFT);
    cxl_mailbox_show_doorbell(m);
    cxl_mailbox_show_background(m, false);
    if (!cxl_mailbox_held(m)) {
        cxl_mailbox_interrupt(m, R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK);
    }
}

static void cxl_mailbox_ring(CXLMailbox *m)
{
    uint64_t command = cxl_mailbox_get(m, CXL_MBOX_COMMAND, 8);
    CXLFault fault;

    cxl_faults_take(&m->cci->faults,
                    FIELD_EX64(command, CXL_MBOX_COMMAND, OPCODE), &fault);
    if (fault.hang || fault.delay_ms) {
        cxl_mailbox_hold(m, &fault);
    } else {
        cxl_mailbox_answer(m, &fault);
    }
}

static void cxl_mailbox_control_written(void *opaque, unsigned index,
                                        uint64_t old, uint64_t now)
{
    if (now & R_CXL_MBOX_CONTROL_DOORBELL_MASK && !cxl_mailbox_held(opaque)) {
        cxl_mailbox_ring(opaque);
    }
}

bool cxl_mailbox_payload_valid(uint32_t size)
{
    return is_power_of_2(size) && size >= CXL_MBOX_PAYLOAD_MIN &&
           size <= CXL_MBOX_PAYLOAD_MAX;
}

/* CXL r3.1 8.2.8.4.3: Mailbox Capabilities Register */
static uint32_t cxl_mailbox_capabilities(const CXLDeviceRegsConfig *config)
{
    uint32_t cap = ctz32(config->payload_size);

    cap = FIELD_DP32(cap, CXL_MBOX_CAPABILITIES, DOORBELL_IRQ, 1);
    cap = FIELD_DP32(cap, CXL_MBOX_CAPABILITIES, BACKGROUND_IRQ, 1);
    cap = FIELD_DP32(cap, CXL_MBOX_CAPABILITIES, MSGNUM,
                     config->mailbox_msgnum);
    return FIELD_DP32(cap, CXL_MBOX_CAPABILITIES, TYPE,
                      CXL_DEV_CAP_TYPE_MEMORY);
}

void cxl_mailbox_init(CXLMailbox *m, CXLRegFile *rf, uint32_t offset,
                      CXLCCI *cci, const CXLDeviceRegsConfig *config)
{
    const CXLRegRow rows[] = {
        {
            .name = "Mailbox Capabilities", .width = 4,
            .offset = CXL_MBOX_CAPABILITIES,
            .reset = cxl_mailbox_capabilities(config),
            .live = R_CXL_MBOX_CAPABILITIES_MSGNUM_MASK,
        }, {
            .name = "Mailbox Control", .width = 4, .offset = CXL_MBOX_CONTROL,
            .wmask = R_CXL_MBOX_CONTROL_DOORBELL_MASK |
                     R_CXL_MBOX_CONTROL_DOORBELL_IRQ_MASK |
                     R_CXL_MBOX_CONTROL_BACKGROUND_IRQ_MASK,
            .written = cxl_mailbox_control_written,
        }, {
            .name = "Command", .width = 8, .offset = CXL_MBOX_COMMAND,
            .wmask = R_CXL_MBOX_COMMAND_OPCODE_MASK |
                     R_CXL_MBOX_COMMAND_LENGTH_MASK,
        }, {
            .name = "Mailbox Status", .width = 8, .offset = CXL_MBOX_STATUS,
            .live = R_CXL_MBOX_STATUS_BACKGROUND_MASK |
                    R_CXL_MBOX_STATUS_RETURN_CODE_MASK |
                    R_CXL_MBOX_STATUS_VENDOR_MASK,
        }, {
            .name = "Background Command Status", .width = 8,
            .offset = CXL_MBOX_BACKGROUND, .live = UINT64_MAX,
        },
    };

    assert(cxl_mailbox_payload_valid(config->payload_size) &&
           config->payload_size >= cci->payload_max &&
           config->mailbox_msgnum <= MSGNUM_MAX);
    *m = (CXLMailbox) {
        .rf = rf, .offset = offset, .cci = cci,
        .payload_size = config->payload_size,
        .payload = g_malloc0(config->payload_size),
        .msgnum = config->mailbox_msgnum,
        .interrupt = config->interrupt, .opaque = config->opaque,
    };
    cxl_regfile_add(rf, offset, rows, ARRAY_SIZE(rows), m);
    cxl_mailbox_init_held(m);
}

void cxl_mailbox_destroy(CXLMailbox *m)
{
    cxl_mailbox_destroy_held(m);
    g_free(m->payload);
    m->payload = NULL;
}

void cxl_mailbox_set_message(CXLMailbox *m, unsigned message)
{
    uint32_t cap = cxl_mailbox_get(m, CXL_MBOX_CAPABILITIES, 4);

    assert(message <= MSGNUM_MAX);
    cxl_mailbox_set(m, CXL_MBOX_CAPABILITIES, 4,
                    FIELD_DP32(cap, CXL_MBOX_CAPABILITIES, MSGNUM, message));
}

void cxl_mailbox_reset(CXLMailbox *m)
{
    memset(m->payload, 0, m->payload_size);
    cxl_mailbox_forget_held(m);
}

/* Byte @i of an access at @offset, as an index into the payload */
static uint64_t cxl_mailbox_payload_index(const CXLMailbox *m,
                                          uint64_t offset, unsigned i)
{
    return offset + i - (m->offset + CXL_MBOX_PAYLOAD);
}

uint64_t cxl_mailbox_payload_read(const CXLMailbox *m, uint64_t offset,
                                  unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        uint64_t at = cxl_mailbox_payload_index(m, offset, i);

        if (at < m->payload_size) {
            value |= (uint64_t)m->payload[at] << (8 * i);
        }
    }
    return value;
}

void cxl_mailbox_payload_write(CXLMailbox *m, uint64_t offset, uint64_t value,
                               unsigned size)
{
    if (cxl_mailbox_held(m)) {
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        uint64_t at = cxl_mailbox_payload_index(m, offset, i);

        if (at < m->payload_size) {
            m->payload[at] = value >> (8 * i);
        }
    }
}

/*
 * How a test sets and sees what there is of firmware
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/crc32c.h"
#include "reset-drivers.h"

static unsigned transfer(const ResetTarget *t, uint8_t action, uint8_t slot,
                         uint32_t token, size_t len)
{
    const struct {
        CXLTransferFwReq head;
        CXLLe32 data[32];
    } req = {
        .head.action = action,
        .head.slot = slot,
        .data[0] = cxl_le32(token),
    };

    g_assert_cmpuint(len, <=, sizeof(req.data));
    return qcxl_mbox(t->fn, CXL_OP_TRANSFER_FW, &req, sizeof(req.head) + len,
                     NULL, NULL);
}

static CXLFwInfoRsp info(const ResetTarget *t)
{
    CXLFwInfoRsp rsp;
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(t->fn, CXL_OP_GET_FW_INFO, NULL, 0, &rsp, &len),
                    ==, CXL_RET_SUCCESS);
    return rsp;
}

/* One that is neither active nor, if @staged, is another one staged */
static uint8_t a_slot(const ResetTarget *t, bool staged)
{
    uint8_t active = info(t).slot_info & CXL_FW_INFO_ACTIVE_MASK;

    return (active + staged) % CXL_FW_SLOTS_MAX + 1;
}

static void put(const ResetTarget *t, uint8_t slot, uint32_t token)
{
    transfer(t, CXL_FW_TRANSFER_ABORT, 0, 0, 0);
    g_assert_cmphex(transfer(t, CXL_FW_TRANSFER_FULL, slot, token, 4), ==,
                    CXL_RET_SUCCESS);
}

/* An image of another version */
void reset_set_fw_slot(const ResetTarget *t, uint32_t token)
{
    put(t, a_slot(t, false), token);
}

uint64_t reset_get_fw_slot(const ResetTarget *t)
{
    CXLFwInfoRsp rsp = info(t);

    return crc32c(0, (const uint8_t *)rsp.revision, sizeof(rsp.revision));
}

void reset_set_fw_staged(const ResetTarget *t, uint32_t token)
{
    const CXLActivateFwReq req = {
        CXL_FW_ACTIVATE_COLD_RESET, a_slot(t, true),
    };

    put(t, req.slot, token);
    g_assert_cmphex(qcxl_mbox(t->fn, CXL_OP_ACTIVATE_FW, &req, sizeof(req),
                              NULL, NULL), ==, CXL_RET_SUCCESS);
}

uint64_t reset_get_fw_staged(const ResetTarget *t)
{
    return info(t).slot_info >> CXL_FW_INFO_STAGED_SHIFT;
}

void reset_set_fw_transfer(const ResetTarget *t, uint32_t token)
{
    transfer(t, CXL_FW_TRANSFER_ABORT, 0, 0, 0);
    g_assert_cmphex(transfer(t, CXL_FW_TRANSFER_INITIATE, 0, token, 128), ==,
                    CXL_RET_SUCCESS);
}

/* A part that begins none, for its length is wrong */
uint64_t reset_get_fw_transfer(const ResetTarget *t)
{
    return transfer(t, CXL_FW_TRANSFER_INITIATE, 0, 0, 4) ==
           CXL_RET_FW_TRANSFER_IN_PROGRESS;
}

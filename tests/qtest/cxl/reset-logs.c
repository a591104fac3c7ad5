/*
 * How a test sets and sees what logs hold
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "reset-drivers.h"

/* Opcodes that no command has: they name themselves in the log */
#define MARK    0xf000

static unsigned get_log(const ResetTarget *t, CXLUuid uuid, uint32_t offset,
                        void *out, size_t size)
{
    const CXLGetLogReq req = {
        .uuid = uuid,
        .offset = cxl_le32(offset),
        .length = cxl_le32(size),
    };

    return qcxl_mbox(t->fn, CXL_OP_GET_LOG, &req, sizeof(req), out, &size);
}

void reset_set_debug_log(const ResetTarget *t, uint32_t token)
{
    qcxl_mbox_ring(t->fn, MARK | (token & 0xfff), 0);
}

/* The latest of those that reset_set_debug_log() has left; 0: none */
uint64_t reset_get_debug_log(const ResetTarget *t)
{
    uint32_t at = sizeof(CXLDebugLogHeader);
    CXLDebugLogEntry entry;
    uint64_t mark = 0;

    while (get_log(t, CXL_UUID_VENDOR_DEBUG_LOG, at, &entry,
                   sizeof(entry)) == CXL_RET_SUCCESS) {
        if (cxl_le16_get(entry.opcode) >= MARK) {
            mark = cxl_le16_get(entry.opcode);
        }
        at += sizeof(entry);
    }
    return mark;
}

/* Each tells of how many commands there have been */
void reset_set_state_dump(const ResetTarget *t, uint32_t token)
{
    const CXLLogReq req = { CXL_UUID_COMPONENT_STATE_DUMP };

    qcxl_mbox_ring(t->fn, CXL_OP_BACKGROUND_STATUS, 0);
    g_assert_cmphex(qcxl_mbox(t->fn, CXL_OP_POPULATE_LOG, &req, sizeof(req),
                              NULL, NULL), ==, CXL_RET_SUCCESS);
}

uint64_t reset_get_state_dump(const ResetTarget *t)
{
    struct {
        CXLStateDumpHeader header;
        CXLStateDump data;
    } dump;

    return get_log(t, CXL_UUID_COMPONENT_STATE_DUMP, 0, &dump, sizeof(dump))
           ? 0 : cxl_le64_get(dump.data.commands);
}

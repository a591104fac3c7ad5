/*
 * CXL r3.1 8.2.9.3: Firmware Update commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "hw/cxl/cci/sets.h"

/* CXL r3.1 8.2.9.3.1: Get FW Info (0200h): one slot, and it is active */
static CXLRet cmd_firmware_get_info(const CXLCall *call, CXLRsp *rsp)
{
    const CXLFirmware *s = call->state;
    CXLFwInfoRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->slots = 1;
    out->slot_info = 1;
    memcpy(out->revision[0], s->revision, sizeof(s->revision));
    return CXL_RET_SUCCESS;
}

static const CXLCmd firmware_rows[] = {
    {
        .opcode = CXL_OP_GET_FW_INFO,
        .name = "get-fw-info",
        .out_max = sizeof(CXLFwInfoRsp),
        .handler = cmd_firmware_get_info,
    },
};

void cxl_firmware_add(CXLCCI *cci, CXLFirmware *s)
{
    *s = (CXLFirmware) { };
    pstrcpy(s->revision, sizeof(s->revision), CXL_FIRMWARE_REVISION);
    cxl_cci_add(cci, firmware_rows, ARRAY_SIZE(firmware_rows), s);
}

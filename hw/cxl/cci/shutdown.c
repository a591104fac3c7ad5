/*
 * CXL r3.1 8.2.9.9.3: commands for the shutdown state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/shutdown.h"
#include "hw/cxl/spec/payloads-shutdown.h"
#include "hw/cxl/trace.h"

/* As it is kept: never change it, add an area instead */
typedef struct NvShutdown {
    uint8_t dirty;
    uint8_t reserved[3];
    CXLLe32 count;
} NvShutdown;
CXL_WIRE_SIZE(NvShutdown, 8);

static void save(CXLShutdown *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    const NvShutdown nv = { .dirty = s->dirty, .count = cxl_le32(s->count) };

    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_SHUTDOWN, &nv, sizeof(nv));
    }
}

static void load(CXLShutdown *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvShutdown nv;

    if (mc->nv_load &&
        mc->nv_load(s->mem, CXL_NV_SHUTDOWN, &nv, sizeof(nv))) {
        s->dirty = nv.dirty;
        s->count = cxl_le32_get(nv.count);
    }
}

static void set_dirty(CXLShutdown *s, bool dirty)
{
    if (dirty != s->dirty) {
        s->dirty = dirty;
        save(s);
    }
}

void cxl_shutdown_flushed(CXLShutdown *s)
{
    set_dirty(s, false);
}

void cxl_shutdown_power_lost(CXLShutdown *s)
{
    if (s->dirty) {
        s->dirty = false;
        s->count++;
        trace_cxl_shutdown_dirty(s->count);
        save(s);
    }
}

void cxl_shutdown_set_count(CXLShutdown *s, uint32_t count)
{
    s->count = count;
    save(s);
}

/* CXL r3.1 8.2.9.9.3.4: Get Shutdown State (4203h) */
static CXLRet cmd_shutdown_get(const CXLCall *call, CXLRsp *rsp)
{
    const CXLShutdown *s = call->state;
    CXLShutdownState *out = cxl_rsp_add(rsp, sizeof(*out));

    out->state = s->dirty ? CXL_SHUTDOWN_DIRTY : CXL_SHUTDOWN_CLEAN;
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.3.5: Set Shutdown State (4204h) */
static CXLRet cmd_shutdown_set(const CXLCall *call, CXLRsp *rsp)
{
    const CXLShutdownState *in = call->req;

    if (in->state != CXL_SHUTDOWN_CLEAN && in->state != CXL_SHUTDOWN_DIRTY) {
        return CXL_RET_INVALID_INPUT;
    }
    set_dirty(call->state, in->state == CXL_SHUTDOWN_DIRTY);
    return CXL_RET_SUCCESS;
}

static const CXLCmd shutdown_rows[] = {
    {
        .opcode = CXL_OP_GET_SHUTDOWN_STATE,
        .name = "get-shutdown-state",
        .out_max = sizeof(CXLShutdownState),
        .handler = cmd_shutdown_get,
    }, {
        .opcode = CXL_OP_SET_SHUTDOWN_STATE,
        .name = "set-shutdown-state",
        .in_min = sizeof(CXLShutdownState),
        .effects = CXL_EFFECT_POLICY_NOW,
        .handler = cmd_shutdown_set,
    },
};

void cxl_shutdown_add(CXLCCI *cci, CXLShutdown *s, CXLMem *mem, bool incoming)
{
    *s = (CXLShutdown) { .mem = mem };
    if (!incoming) {
        load(s);
        cxl_shutdown_power_lost(s);
    }
    cxl_cci_add(cci, shutdown_rows, ARRAY_SIZE(shutdown_rows), s);
}

const VMStateDescription vmstate_cxl_shutdown = {
    .name = "cxl-shutdown",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(dirty, CXLShutdown),
        VMSTATE_UINT32(count, CXLShutdown),
        VMSTATE_END_OF_LIST()
    }
};

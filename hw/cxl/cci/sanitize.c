/*
 * CXL r3.1 8.2.9.9.5.1, 8.2.9.9.5.2: Sanitize, Secure Erase
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/erase.h"
#include "hw/cxl/cci/sanitize.h"
#include "hw/cxl/trace.h"

/*
 * Implementation defined: how long a Sanitize takes, in ms. Linux looks after
 * a second, and then 11 seconds later.
 */
#define SANITIZE_MS_MIN         500
#define SANITIZE_MS_MAX         4000
#define SANITIZE_MS_PER_UNIT    1

/* As it is kept: never change it, add an area instead */
typedef struct NvSanitize {
    uint8_t unfinished;
    uint8_t reserved[7];
} NvSanitize;
CXL_WIRE_SIZE(NvSanitize, 8);

static CXLMemCapacity capacity(const CXLSanitize *s)
{
    return CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
}

/* What is kept comes first: what is about to be erased is never seen again */
static void set_unfinished(CXLSanitize *s, bool unfinished)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    const NvSanitize nv = { .unfinished = unfinished };

    trace_cxl_sanitize(unfinished);
    s->unfinished = unfinished;
    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_SANITIZE, &nv, sizeof(nv));
    }
    mc->disable_media(s->mem, unfinished);
}

static void load(CXLSanitize *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvSanitize nv;

    if (mc->nv_load &&
        mc->nv_load(s->mem, CXL_NV_SANITIZE, &nv, sizeof(nv))) {
        s->unfinished = nv.unfinished;
    }
    mc->disable_media(s->mem, s->unfinished);
}

static void erase(CXLSanitize *s)
{
    CXLMemCapacity c = capacity(s);
    const CXLMemRange all = { 0, c.vmem + c.pmem };

    cxl_erase(s->mem, s->poison, &all, 1);
    cxl_erase_labels(s->mem);
}

/*
 * CXL r3.1 8.2.9.9.5.1: Sanitize (4400h): security is disabled before: there
 * is no user passphrase. Implementation defined: who has frozen security keeps
 * the data, too. All is gone when the command has started; the rest is time.
 */
static CXLRet cmd_sanitize(const CXLCall *call, CXLRsp *rsp)
{
    CXLSanitize *s = call->state;

    if (cxl_security_enabled(s->security) || s->security->frozen) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    set_unfinished(s, true);
    erase(s);
    cxl_events_delete(s->events);
    return CXL_RET_BACKGROUND_STARTED;
}

static uint32_t sanitize_estimate(void *state)
{
    CXLMemCapacity c = capacity(state);
    uint64_t units = (c.vmem + c.pmem) / CXL_CAPACITY_UNIT;

    return MIN(SANITIZE_MS_MIN + units * SANITIZE_MS_PER_UNIT,
               SANITIZE_MS_MAX);
}

static CXLRet sanitize_finish(void *state)
{
    set_unfinished(state, false);
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.9.5.2: Secure Erase (4401h): security is disabled, or memory
 * unlocked; passphrases stay. Implementation defined: new keys are there at
 * once, so that no reset gets in between.
 */
static CXLRet cmd_secure_erase(const CXLCall *call, CXLRsp *rsp)
{
    CXLSanitize *s = call->state;

    if (s->security->frozen) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    erase(s);
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.5.1: a Sanitize is what disabled media wait for */
static const CXLCmd sanitize_rows[] = {
    {
        .opcode = CXL_OP_SANITIZE,
        .name = "sanitize",
        .effects = CXL_EFFECT_DATA_NOW | CXL_EFFECT_SECURITY_STATE,
        .flags = CXL_CMD_BACKGROUND,
        .handler = cmd_sanitize,
        .finish = sanitize_finish,
        .estimate_ms = sanitize_estimate,
    }, {
        .opcode = CXL_OP_SECURE_ERASE,
        .name = "secure-erase",
        .effects = CXL_EFFECT_DATA_NOW | CXL_EFFECT_SECURITY_STATE,
        .flags = CXL_CMD_NEEDS_MEDIA | CXL_CMD_NEEDS_UNLOCKED,
        .handler = cmd_secure_erase,
    },
};

void cxl_sanitize_add(CXLCCI *cci, CXLSanitize *s, CXLMem *mem,
                      CXLPoisonList *poison, CXLEvents *events,
                      const CXLSecurity *security)
{
    *s = (CXLSanitize) {
        .cci = cci,
        .mem = mem,
        .poison = poison,
        .events = events,
        .security = security,
    };
    load(s);
    cxl_cci_add(cci, sanitize_rows, ARRAY_SIZE(sanitize_rows), s);
}

static bool running(const CXLSanitize *s)
{
    const CXLBackground *b = &s->cci->background;

    return b->running && b->opcode == CXL_OP_SANITIZE;
}

static int sanitize_post_load(void *opaque, int version_id)
{
    CXLSanitize *s = opaque;

    if (running(s) && !s->unfinished) {
        return -EINVAL;
    }
    CXL_MEM_GET_CLASS(s->mem)->disable_media(s->mem, s->unfinished);
    return 0;
}

const VMStateDescription vmstate_cxl_sanitize = {
    .name = "cxl-sanitize",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = sanitize_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(unfinished, CXLSanitize),
        VMSTATE_END_OF_LIST()
    }
};

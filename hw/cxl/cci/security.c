/*
 * CXL r3.1 8.2.9.9.6: persistent memory security
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/erase.h"
#include "hw/cxl/cci/security.h"
#include "hw/cxl/trace.h"

/* CXL r3.1 8.2.9.9.6.1: wrong passphrases in a row, after which no other is */
#define ATTEMPTS_MAX 3

/* As it is kept: never change it, add an area instead */
typedef struct NvSecurity {
    uint8_t set;                    /* a bit for each type */
    uint8_t reserved[31];
    uint8_t bytes[CXL_PASSPHRASES][CXL_PASSPHRASE_SIZE];
} NvSecurity;
CXL_WIRE_SIZE(NvSecurity, 96);

static uint8_t flags(const CXLSecurity *s)
{
    const CXLPassphrase *user = &s->passphrases[CXL_PASSPHRASE_USER];
    const CXLPassphrase *master = &s->passphrases[CXL_PASSPHRASE_MASTER];

    return (user->set ? CXL_SECURITY_USER_SET : 0) |
           (master->set ? CXL_SECURITY_MASTER_SET : 0) |
           (s->locked ? CXL_SECURITY_LOCKED : 0) |
           (s->frozen ? CXL_SECURITY_FROZEN : 0) |
           (user->attempts == ATTEMPTS_MAX ? CXL_SECURITY_USER_LIMIT : 0) |
           (master->attempts == ATTEMPTS_MAX ? CXL_SECURITY_MASTER_LIMIT : 0);
}

static void save(const CXLSecurity *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvSecurity nv = { };

    for (unsigned type = 0; type < CXL_PASSPHRASES; type++) {
        nv.set |= s->passphrases[type].set << type;
        memcpy(nv.bytes[type], s->passphrases[type].bytes,
               CXL_PASSPHRASE_SIZE);
    }
    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_SECURITY, &nv, sizeof(nv));
    }
}

static void load(CXLSecurity *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvSecurity nv;

    if (!mc->nv_load ||
        !mc->nv_load(s->mem, CXL_NV_SECURITY, &nv, sizeof(nv))) {
        return;
    }
    for (unsigned type = 0; type < CXL_PASSPHRASES; type++) {
        if (nv.set & 1u << type) {
            s->passphrases[type].set = true;
            memcpy(s->passphrases[type].bytes, nv.bytes[type],
                   CXL_PASSPHRASE_SIZE);
        }
    }
}

/* Let the memory follow what is said about it */
static void show(const CXLSecurity *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);

    trace_cxl_security_state(flags(s));
    if (mc->lock) {
        mc->lock(s->mem, s->locked);
    }
}

/* Takes as long whichever byte is wrong */
static bool equal(const uint8_t *a, const uint8_t *b)
{
    uint8_t difference = 0;

    for (unsigned n = 0; n < CXL_PASSPHRASE_SIZE; n++) {
        difference |= a[n] ^ b[n];
    }
    return !difference;
}

/*
 * Whether @bytes are passphrase @type. One that is not set is whatever is
 * given. Right or wrong, it counts.
 */
static CXLRet authenticate(CXLSecurity *s, uint8_t type, const uint8_t *bytes)
{
    CXLPassphrase *p = &s->passphrases[type];

    if (s->frozen || p->attempts == ATTEMPTS_MAX) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    if (p->set && !equal(p->bytes, bytes)) {
        p->attempts++;
        trace_cxl_err_security_passphrase(type, p->attempts);
        return CXL_RET_INCORRECT_PASSPHRASE;
    }
    p->attempts = 0;
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.6.1: Get Security State (4500h) */
static CXLRet cmd_security_get(const CXLCall *call, CXLRsp *rsp)
{
    CXLSecurityState *out = cxl_rsp_add(rsp, sizeof(*out));

    out->flags = cxl_le32(flags(call->state));
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.9.6.2: Set Passphrase (4501h). The master passphrase is set
 * while security is disabled only: while there is no user passphrase.
 */
static CXLRet cmd_security_set(const CXLCall *call, CXLRsp *rsp)
{
    CXLSecurity *s = call->state;
    const CXLSetPassphraseReq *in = call->req;
    CXLPassphrase *p;
    CXLRet ret;

    if (in->type >= CXL_PASSPHRASES) {
        return CXL_RET_INVALID_INPUT;
    }
    if (in->type == CXL_PASSPHRASE_MASTER && cxl_security_enabled(s)) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    ret = authenticate(s, in->type, in->current);
    if (ret != CXL_RET_SUCCESS) {
        return ret;
    }
    p = &s->passphrases[in->type];
    p->set = true;
    memcpy(p->bytes, in->next, CXL_PASSPHRASE_SIZE);
    save(s);
    show(s);
    return CXL_RET_SUCCESS;
}

static void disable(CXLSecurity *s, uint8_t type)
{
    s->passphrases[type] = (CXLPassphrase) { };
    if (type == CXL_PASSPHRASE_USER) {
        s->locked = false;
    }
    save(s);
    show(s);
}

/* CXL r3.1 8.2.9.9.6.3: Disable Passphrase (4502h) */
static CXLRet cmd_security_disable(const CXLCall *call, CXLRsp *rsp)
{
    CXLSecurity *s = call->state;
    const CXLPassphraseReq *in = call->req;
    CXLRet ret;

    if (in->type >= CXL_PASSPHRASES) {
        return CXL_RET_INVALID_INPUT;
    }
    if (!s->passphrases[in->type].set) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    ret = authenticate(s, in->type, in->current);
    if (ret == CXL_RET_SUCCESS) {
        disable(s, in->type);
    }
    return ret;
}

/* CXL r3.1 8.2.9.9.6.4: Unlock (4503h) */
static CXLRet cmd_security_unlock(const CXLCall *call, CXLRsp *rsp)
{
    CXLSecurity *s = call->state;
    const CXLUnlockReq *in = call->req;
    CXLRet ret;

    if (!s->locked) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    ret = authenticate(s, CXL_PASSPHRASE_USER, in->current);
    if (ret == CXL_RET_SUCCESS) {
        s->locked = false;
        show(s);
    }
    return ret;
}

/* CXL r3.1 8.2.9.9.6.5: Freeze Security State (4504h) */
static CXLRet cmd_security_freeze(const CXLCall *call, CXLRsp *rsp)
{
    CXLSecurity *s = call->state;

    s->frozen = true;
    show(s);
    return CXL_RET_SUCCESS;
}

/* Everything that passphrases protect */
static void erase_persistent(CXLSecurity *s)
{
    CXLMemCapacity c = CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
    const CXLMemRange all = { c.vmem, c.pmem };

    cxl_erase(s->mem, s->poison, &all, c.pmem ? 1 : 0);
    cxl_erase_labels(s->mem);
}

/*
 * CXL r3.1 8.2.9.9.6.6: Passphrase Secure Erase (4505h). The user passphrase
 * is gone then, the master passphrase stays.
 * Implementation defined: it is done at once, for Linux does not wait. With
 * the type of a passphrase that is not set, it erases whatever passphrase
 * comes with it, unless that would get around the user's.
 */
static CXLRet cmd_security_erase(const CXLCall *call, CXLRsp *rsp)
{
    CXLSecurity *s = call->state;
    const CXLPassphraseReq *in = call->req;
    CXLRet ret;

    if (in->type >= CXL_PASSPHRASES) {
        return CXL_RET_INVALID_INPUT;
    }
    if (!s->passphrases[in->type].set && cxl_security_enabled(s)) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    ret = authenticate(s, in->type, in->current);
    if (ret == CXL_RET_SUCCESS) {
        erase_persistent(s);
        disable(s, CXL_PASSPHRASE_USER);
    }
    return ret;
}

static const CXLCmd state_rows[] = {
    {
        .opcode = CXL_OP_GET_SECURITY_STATE,
        .name = "get-security-state",
        .out_max = sizeof(CXLSecurityState),
        .handler = cmd_security_get,
    },
};

static const CXLCmd security_rows[] = {
    {
        .opcode = CXL_OP_SET_PASSPHRASE,
        .name = "set-passphrase",
        .in_min = sizeof(CXLSetPassphraseReq),
        .effects = CXL_EFFECT_SECURITY_STATE,
        .handler = cmd_security_set,
    }, {
        .opcode = CXL_OP_DISABLE_PASSPHRASE,
        .name = "disable-passphrase",
        .in_min = sizeof(CXLPassphraseReq),
        .effects = CXL_EFFECT_SECURITY_STATE,
        .handler = cmd_security_disable,
    }, {
        .opcode = CXL_OP_UNLOCK,
        .name = "unlock",
        .in_min = sizeof(CXLUnlockReq),
        .effects = CXL_EFFECT_SECURITY_STATE,
        .handler = cmd_security_unlock,
    }, {
        .opcode = CXL_OP_FREEZE_SECURITY_STATE,
        .name = "freeze-security-state",
        .effects = CXL_EFFECT_SECURITY_STATE,
        .handler = cmd_security_freeze,
    }, {
        .opcode = CXL_OP_PASSPHRASE_SECURE_ERASE,
        .name = "passphrase-secure-erase",
        .in_min = sizeof(CXLPassphraseReq),
        .effects = CXL_EFFECT_DATA_NOW | CXL_EFFECT_SECURITY_STATE,
        .flags = CXL_CMD_NEEDS_MEDIA,
        .handler = cmd_security_erase,
    },
};

bool cxl_security_enabled(const CXLSecurity *s)
{
    return s->passphrases[CXL_PASSPHRASE_USER].set;
}

void cxl_security_reset(CXLSecurity *s)
{
    s->frozen = false;
    s->locked = cxl_security_enabled(s);
    show(s);
}

void cxl_security_forget_attempts(CXLSecurity *s)
{
    for (unsigned type = 0; type < CXL_PASSPHRASES; type++) {
        s->passphrases[type].attempts = 0;
    }
}

void cxl_security_add(CXLCCI *cci, CXLSecurity *s, CXLMem *mem,
                      CXLPoisonList *poison)
{
    CXLMemCapacity c = CXL_MEM_GET_CLASS(mem)->capacity(mem);

    *s = (CXLSecurity) { .mem = mem, .poison = poison };
    cxl_cci_add(cci, state_rows, ARRAY_SIZE(state_rows), s);
    if (c.vmem + c.pmem > c.volatile_only) {
        load(s);
        cxl_cci_add(cci, security_rows, ARRAY_SIZE(security_rows), s);
    }
    cxl_security_reset(s);
}

static int security_post_load(void *opaque, int version_id)
{
    const CXLSecurity *s = opaque;

    for (unsigned type = 0; type < CXL_PASSPHRASES; type++) {
        if (s->passphrases[type].attempts > ATTEMPTS_MAX) {
            return -EINVAL;
        }
    }
    if (s->locked && !cxl_security_enabled(s)) {
        return -EINVAL;
    }
    show(s);
    return 0;
}

static const VMStateDescription vmstate_passphrase = {
    .name = "cxl-passphrase",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(set, CXLPassphrase),
        VMSTATE_UINT8(attempts, CXLPassphrase),
        VMSTATE_UINT8_ARRAY(bytes, CXLPassphrase, CXL_PASSPHRASE_SIZE),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_cxl_security = {
    .name = "cxl-security",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = security_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(passphrases, CXLSecurity, CXL_PASSPHRASES, 1,
                             vmstate_passphrase, CXLPassphrase),
        VMSTATE_BOOL(locked, CXLSecurity),
        VMSTATE_BOOL(frozen, CXLSecurity),
        VMSTATE_END_OF_LIST()
    }
};

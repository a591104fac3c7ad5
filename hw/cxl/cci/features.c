/*
 * CXL r3.1 8.2.9.6: Features commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/features.h"
#include "hw/cxl/trace.h"

/* As they are kept: never change it, add an area instead */
#define NV_FEATURES 32

typedef struct NvFeature {
    CXLUuid uuid;
    uint8_t version;
    uint8_t reserved;
    CXLLe16 size;
    uint8_t value[CXL_FEATURE_SIZE];
} NvFeature;
CXL_WIRE_SIZE(NvFeature, 84);

typedef struct NvFeatures {
    NvFeature feature[NV_FEATURES];
} NvFeatures;
QEMU_BUILD_BUG_ON(sizeof(NvFeatures) > CXL_NV_MAX);
QEMU_BUILD_BUG_ON(CXL_FEATURES > NV_FEATURES);

static void save(const CXLFeatures *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvFeatures nv = { };

    for (unsigned n = 0; n < CXL_FEATURES; n++) {
        nv.feature[n].uuid = cxl_features[n].uuid;
        nv.feature[n].version = cxl_features[n].version;
        nv.feature[n].size = cxl_le16(cxl_features[n].set_size);
        memcpy(nv.feature[n].value, s->saved[n].b, CXL_FEATURE_SIZE);
    }
    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_FEATURES, &nv, sizeof(nv));
    }
}

/* Whether there is nothing behind what belongs to Feature @n */
static bool fits(unsigned n, const CXLFeatureValue *value)
{
    for (unsigned i = cxl_features[n].set_size; i < CXL_FEATURE_SIZE; i++) {
        if (value->b[i]) {
            return false;
        }
    }
    return true;
}

static bool has_saved(unsigned n)
{
    return cxl_features[n].flags & CXL_FEATURE_HAS_SAVED;
}

/* Whether Feature @n can have @value */
static bool legal(unsigned n, const CXLFeatureValue *value)
{
    const CXLFeature *f = &cxl_features[n];
    CXLFeatureValue copy = *value;

    return fits(n, value) && (!f->accept || f->accept(&copy)) &&
           !memcmp(&copy, value, sizeof(copy));
}

static bool find(const CXLUuid *uuid, unsigned *n)
{
    for (unsigned i = 0; i < CXL_FEATURES; i++) {
        if (!memcmp(&cxl_features[i].uuid, uuid, sizeof(*uuid))) {
            *n = i;
            return true;
        }
    }
    return false;
}

static void load_one(CXLFeatures *s, const NvFeature *nv)
{
    CXLFeatureValue value;
    unsigned n;

    memcpy(value.b, nv->value, CXL_FEATURE_SIZE);
    if (find(&nv->uuid, &n) && has_saved(n) &&
        nv->version == cxl_features[n].version &&
        cxl_le16_get(nv->size) == cxl_features[n].set_size &&
        legal(n, &value)) {
        s->saved[n] = value;
    }
}

static void load(CXLFeatures *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvFeatures nv;

    if (mc->nv_load && mc->nv_load(s->mem, CXL_NV_FEATURES, &nv, sizeof(nv))) {
        for (unsigned n = 0; n < NV_FEATURES; n++) {
            load_one(s, &nv.feature[n]);
        }
    }
}

static CXLFeatureValue default_value(unsigned n)
{
    CXLFeatureValue value = { };

    memcpy(value.b, cxl_features[n].defaults, cxl_features[n].set_size);
    return value;
}

static void add_entry(unsigned n, CXLRsp *rsp)
{
    const CXLFeature *f = &cxl_features[n];
    CXLFeatureEntry *entry = cxl_rsp_add(rsp, sizeof(*entry));

    entry->uuid = f->uuid;
    entry->index = cxl_le16(n);
    entry->get_size = cxl_le16(f->get_size);
    entry->set_size = cxl_le16(f->set_size);
    entry->flags = cxl_le32(f->flags);
    entry->get_version = f->version;
    entry->set_version = f->version;
    entry->effects = cxl_le16(f->effects);
}

/*
 * CXL r3.1 8.2.9.6.1: Get Supported Features (0500h): as many entries as the
 * host has room for. Linux asks for none first, to learn how many there are.
 */
static CXLRet cmd_features_get_supported(const CXLCall *call, CXLRsp *rsp)
{
    const CXLGetSupportedFeaturesReq *in = call->req;
    CXLSupportedFeaturesRsp *out = cxl_rsp_add(rsp, sizeof(*out));
    uint32_t count = cxl_le32_get(in->count);
    unsigned start = cxl_le16_get(in->start);
    unsigned nr;

    if (start > CXL_FEATURES || count < sizeof(*out)) {
        return CXL_RET_INVALID_INPUT;
    }
    nr = MIN(cxl_rsp_room(rsp), count - sizeof(*out)) /
         sizeof(CXLFeatureEntry);
    nr = MIN(nr, CXL_FEATURES - start);
    out->count = cxl_le16(nr);
    out->total = cxl_le16(CXL_FEATURES);
    for (unsigned n = start; n < start + nr; n++) {
        add_entry(n, rsp);
    }
    return CXL_RET_SUCCESS;
}

static bool select_value(const CXLFeatures *s, unsigned n, uint8_t selection,
                         CXLFeatureValue *value)
{
    switch (selection) {
    case CXL_FEATURE_CURRENT:
        *value = s->current[n];
        return true;
    case CXL_FEATURE_DEFAULT:
        *value = default_value(n);
        return true;
    case CXL_FEATURE_SAVED:
        *value = s->saved[n];
        return has_saved(n);
    default:
        return false;
    }
}

/* Whether [@offset, @offset + @len) lies inside of @size bytes */
static bool inside(uint32_t offset, uint32_t len, uint16_t size)
{
    return offset <= size && len <= size - offset;
}

/*
 * CXL r3.1 8.2.9.6.2: Get Feature (0501h): what there is from the offset on,
 * at most as many bytes as are asked for
 */
static CXLRet cmd_features_get(const CXLCall *call, CXLRsp *rsp)
{
    const CXLGetFeatureReq *in = call->req;
    uint16_t offset = cxl_le16_get(in->offset);
    uint16_t count = cxl_le16_get(in->count);
    uint8_t whole[CXL_FEATURE_SIZE] = { };
    CXLFeatureValue value;
    const CXLFeature *f;
    uint8_t *out;
    unsigned n;

    if (!find(&in->uuid, &n)) {
        return CXL_RET_INVALID_INPUT;
    }
    if (!select_value(call->state, n, in->selection, &value)) {
        return CXL_RET_FEATURE_SELECTION;
    }
    f = &cxl_features[n];
    if (offset >= f->get_size) {
        return CXL_RET_INVALID_INPUT;
    }
    count = MIN(count, f->get_size - offset);
    out = cxl_rsp_add(rsp, count);
    if (!out) {
        return CXL_RET_INVALID_INPUT;
    }
    if (f->show) {
        f->show(&value, whole);
    } else {
        memcpy(whole, value.b, f->get_size);
    }
    memcpy(out, whole + offset, count);
    return CXL_RET_SUCCESS;
}

/*
 * Feature @n gets all of @value, and keeps it if @keep; whether it is legal.
 * Implementation defined: what has no saved value ignores @keep, for Linux
 * asks for it with every Feature.
 */
static bool set_value(CXLFeatures *s, unsigned n, CXLFeatureValue *value,
                      bool keep)
{
    if (cxl_features[n].accept && !cxl_features[n].accept(value)) {
        return false;
    }
    s->current[n] = *value;
    keep = keep && has_saved(n);
    if (keep) {
        s->saved[n] = *value;
        save(s);
    }
    trace_cxl_features_set(cxl_features[n].name, keep);
    return true;
}

static unsigned action_of(const CXLSetFeatureReq *in)
{
    return cxl_le32_get(in->flags) & CXL_SET_FEATURE_ACTION_MASK;
}

static bool saves(const CXLSetFeatureReq *in)
{
    return cxl_le32_get(in->flags) & CXL_SET_FEATURE_SAVE;
}

/* Put the piece that @call brings into @value, which is of Feature @n */
static bool take_piece(const CXLCall *call, unsigned n, CXLFeatureValue *value)
{
    const CXLSetFeatureReq *in = call->req;
    uint16_t offset = cxl_le16_get(in->offset);

    if (!inside(offset, call->tail, cxl_features[n].set_size)) {
        return false;
    }
    memcpy(value->b + offset, in->data, call->tail);
    return true;
}

/*
 * Implementation defined: what is not sent stays as it is, so that a part of a
 * Feature can be set
 */
static CXLRet set_full(const CXLCall *call, unsigned n)
{
    CXLFeatures *s = call->state;
    CXLFeatureValue value = s->current[n];

    return take_piece(call, n, &value) &&
           set_value(s, n, &value, saves(call->req)) ? CXL_RET_SUCCESS
                                                     : CXL_RET_INVALID_INPUT;
}

static CXLRet set_initiate(const CXLCall *call, unsigned n)
{
    const CXLSetFeatureReq *in = call->req;
    CXLFeatures *s = call->state;
    CXLFeatureTransfer t = {
        .active = true,
        .index = n,
        .last = cxl_le16_get(in->offset),
        .next = cxl_le16_get(in->offset) + call->tail,
        .save = saves(in),
        .value = s->current[n],
    };

    if (!take_piece(call, n, &t.value)) {
        return CXL_RET_INVALID_INPUT;
    }
    s->transfer = t;
    return CXL_RET_SUCCESS;
}

/*
 * Take in the next piece; pieces follow each other without gaps. The piece
 * that came last may come again.
 */
static CXLRet set_next(const CXLCall *call, unsigned n)
{
    const CXLSetFeatureReq *in = call->req;
    CXLFeatureTransfer *t = &((CXLFeatures *)call->state)->transfer;
    uint16_t offset = cxl_le16_get(in->offset);

    if (offset != t->next && offset != t->last) {
        return CXL_RET_FEATURE_OUT_OF_ORDER;
    }
    if (!take_piece(call, n, &t->value)) {
        return CXL_RET_INVALID_INPUT;
    }
    t->last = offset;
    t->next = offset + call->tail;
    return CXL_RET_SUCCESS;
}

/*
 * Implementation defined: a piece that is refused ends the transfer. A host
 * that gives up, as Linux does, need not say so to be able to begin anew.
 */
static CXLRet set_continue(const CXLCall *call, unsigned n)
{
    CXLRet ret = set_next(call, n);

    if (ret != CXL_RET_SUCCESS) {
        cxl_features_forget_transfer(call->state);
    }
    return ret;
}

static CXLRet set_finish(const CXLCall *call, unsigned n)
{
    CXLFeatures *s = call->state;
    CXLRet ret = set_next(call, n);
    CXLFeatureTransfer t = s->transfer;

    cxl_features_forget_transfer(s);
    if (ret == CXL_RET_SUCCESS && !set_value(s, n, &t.value, t.save)) {
        ret = CXL_RET_INVALID_INPUT;
    }
    return ret;
}

static CXLRet set_abort(const CXLCall *call, unsigned n)
{
    cxl_features_forget_transfer(call->state);
    return CXL_RET_SUCCESS;
}

/* Whether an action begins a transfer or is one, or goes on with it */
static CXLRet check_transfer(const CXLFeatureTransfer *t, unsigned n,
                             unsigned action)
{
    bool begins = action == CXL_SET_FEATURE_FULL ||
                  action == CXL_SET_FEATURE_INITIATE;

    if (t->active && (begins || t->index != n)) {
        return CXL_RET_FEATURE_IN_PROGRESS;
    }
    if (!t->active && action == CXL_SET_FEATURE_ABORT) {
        return CXL_RET_INVALID_INPUT;
    }
    return t->active || begins ? CXL_RET_SUCCESS
                               : CXL_RET_FEATURE_OUT_OF_ORDER;
}

/* CXL r3.2 Table 8-113: all ones stand for what is being transferred */
static bool find_set(const CXLFeatures *s, const CXLUuid *uuid, unsigned *n)
{
    CXLUuid current;

    memset(&current, 0xff, sizeof(current));
    if (s->transfer.active && !memcmp(uuid, &current, sizeof(current))) {
        *n = s->transfer.index;
        return true;
    }
    return find(uuid, n);
}

static CXLRet check_set(const CXLFeatures *s, const CXLSetFeatureReq *in,
                        unsigned *n)
{
    uint32_t known = CXL_SET_FEATURE_ACTION_MASK | CXL_SET_FEATURE_SAVE;

    if (!find_set(s, &in->uuid, n) || action_of(in) >= CXL_SET_FEATURE_ACTIONS ||
        (cxl_le32_get(in->flags) & ~known)) {
        return CXL_RET_INVALID_INPUT;
    }
    if (in->version != cxl_features[*n].version) {
        return CXL_RET_FEATURE_VERSION;
    }
    return check_transfer(&s->transfer, *n, action_of(in));
}

static CXLRet (*const set_actions[])(const CXLCall *call, unsigned n) = {
    [CXL_SET_FEATURE_FULL] = set_full,
    [CXL_SET_FEATURE_INITIATE] = set_initiate,
    [CXL_SET_FEATURE_CONTINUE] = set_continue,
    [CXL_SET_FEATURE_FINISH] = set_finish,
    [CXL_SET_FEATURE_ABORT] = set_abort,
};
QEMU_BUILD_BUG_ON(ARRAY_SIZE(set_actions) != CXL_SET_FEATURE_ACTIONS);

/* CXL r3.1 8.2.9.6.3: Set Feature (0502h) */
static CXLRet cmd_features_set(const CXLCall *call, CXLRsp *rsp)
{
    const CXLSetFeatureReq *in = call->req;
    unsigned n;
    CXLRet ret = check_set(call->state, in, &n);

    return ret == CXL_RET_SUCCESS ? set_actions[action_of(in)](call, n) : ret;
}

static const CXLCmd features_rows[] = {
    {
        .opcode = CXL_OP_GET_SUPPORTED_FEATURES,
        .name = "get-supported-features",
        .in_min = sizeof(CXLGetSupportedFeaturesReq),
        .out_max = UINT32_MAX,
        .handler = cmd_features_get_supported,
    }, {
        .opcode = CXL_OP_GET_FEATURE,
        .name = "get-feature",
        .in_min = sizeof(CXLGetFeatureReq),
        .out_max = CXL_FEATURE_SIZE,
        .handler = cmd_features_get,
    }, {
        .opcode = CXL_OP_SET_FEATURE,
        .name = "set-feature",
        .in_min = sizeof(CXLSetFeatureReq),
        .tail = CXL_TAIL_REST,
        .tail_size = 1,
        .tail_max = CXL_FEATURE_SIZE,
        .effects = CXL_EFFECT_CONFIG_NOW,
        .handler = cmd_features_set,
    },
};

void cxl_features_forget_transfer(CXLFeatures *s)
{
    s->transfer = (CXLFeatureTransfer) { };
}

void cxl_features_reset(CXLFeatures *s, unsigned reset)
{
    cxl_features_forget_transfer(s);
    for (unsigned n = 0; n < CXL_FEATURES; n++) {
        if (CXL_FEATURE_PERSISTENCE_OF(cxl_features[n].flags) <= reset) {
            s->current[n] = s->saved[n];
        }
    }
}

void cxl_features_add(CXLCCI *cci, CXLFeatures *s, CXLMem *mem)
{
    *s = (CXLFeatures) { .mem = mem };
    for (unsigned n = 0; n < CXL_FEATURES; n++) {
        assert(MAX(cxl_features[n].get_size, cxl_features[n].set_size) <=
               CXL_FEATURE_SIZE);
        s->saved[n] = default_value(n);
        assert(legal(n, &s->saved[n]));
    }
    load(s);
    cxl_features_reset(s, CXL_FEATURE_RESET_COLD);
    cxl_cci_add(cci, features_rows, ARRAY_SIZE(features_rows), s);
}

/* Whether @value can be what Feature @n has saved */
static bool legal_saved(unsigned n, const CXLFeatureValue *value)
{
    CXLFeatureValue unchanged = default_value(n);

    return legal(n, value) &&
           (has_saved(n) || !memcmp(value, &unchanged, sizeof(unchanged)));
}

/* A piece may still be missing of the value: it need not be legal */
static bool transfer_possible(const CXLFeatureTransfer *t)
{
    if (!t->active) {
        return !t->index && !t->last && !t->next && !t->save;
    }
    return t->index < CXL_FEATURES && t->last <= t->next &&
           t->next <= cxl_features[t->index].set_size &&
           fits(t->index, &t->value);
}

static int features_post_load(void *opaque, int version_id)
{
    const CXLFeatures *s = opaque;

    for (unsigned n = 0; n < CXL_FEATURES; n++) {
        if (!legal(n, &s->current[n]) || !legal_saved(n, &s->saved[n])) {
            return -EINVAL;
        }
    }
    return transfer_possible(&s->transfer) ? 0 : -EINVAL;
}

static const VMStateDescription vmstate_feature_value = {
    .name = "cxl-feature-value",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(b, CXLFeatureValue, CXL_FEATURE_SIZE),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_feature_transfer = {
    .name = "cxl-feature-transfer",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(active, CXLFeatureTransfer),
        VMSTATE_UINT8(index, CXLFeatureTransfer),
        VMSTATE_UINT16(last, CXLFeatureTransfer),
        VMSTATE_UINT16(next, CXLFeatureTransfer),
        VMSTATE_BOOL(save, CXLFeatureTransfer),
        VMSTATE_STRUCT(value, CXLFeatureTransfer, 1, vmstate_feature_value,
                       CXLFeatureValue),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_cxl_features = {
    .name = "cxl-features",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = features_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(current, CXLFeatures, CXL_FEATURES, 1,
                             vmstate_feature_value, CXLFeatureValue),
        VMSTATE_STRUCT_ARRAY(saved, CXLFeatures, CXL_FEATURES, 1,
                             vmstate_feature_value, CXLFeatureValue),
        VMSTATE_STRUCT(transfer, CXLFeatures, 1, vmstate_feature_transfer,
                       CXLFeatureTransfer),
        VMSTATE_END_OF_LIST()
    }
};

/*
 * CXL r3.1 8.2.9.7: Maintenance command
 *
 * An operation is a row: class and subclass, what follows them, and what kind
 * of spare media it takes. Memory of a guest has no defects: a repair takes a
 * spare, and tells of it, and leaves data and poison as they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/maintenance.h"
#include "hw/cxl/spec/payloads-events.h"
#include "hw/cxl/spec/payloads-maintenance.h"
#include "hw/cxl/trace.h"

/* What Features announce: CXL_MAINTENANCE_LATENCY_1S is the longest */
#define HPPR_MS 1000

/* Implementation defined: spares of each kind that a device has */
static const uint16_t spares[CXL_SPARE_KINDS] = {
    [CXL_SPARE_PPR] = 8,
    [CXL_SPARE_CACHELINE] = 64,
    [CXL_SPARE_ROW] = 16,
    [CXL_SPARE_BANK] = 4,
    [CXL_SPARE_RANK] = 1,
};

/* As they are kept: never change it, add an area instead */
typedef struct NvRepairs {
    CXLLe16 hard[16];
} NvRepairs;
CXL_WIRE_SIZE(NvRepairs, 32);

/**
 * Repair: what is asked for
 * @query: nothing but whether it is possible
 * @hard: for good
 * @place: where; only what @place.validity names
 */
typedef struct Repair {
    bool query;
    bool hard;
    CXLMemorySparingEvent place;
} Repair;

typedef struct Operation Operation;

/**
 * Operation: a kind of repair
 * @size: bytes that follow class and subclass
 * @places: CXL_MEMORY_SPARING_*_VALID: what names the media to be spared
 * @decode: reads a request of @size bytes
 * @background: it goes on after it is answered
 */
struct Operation {
    const char *name;
    uint8_t maintenance_class;
    uint8_t maintenance_subclass;
    uint8_t size;
    uint16_t places;
    CXLSpareKind kind;
    CXLFeatureIndex feature;
    bool background;
    CXLRet (*decode)(const CXLMaintenance *s, const Operation *op,
                     const void *data, Repair *out);
};

/* CXL r3.1 8.2.9.7.1.2, 8.2.9.7.1.3 */
static CXLRet decode_ppr(const CXLMaintenance *s, const Operation *op,
                         const void *data, Repair *out)
{
    CXLMemCapacity c = CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
    const CXLPprReq *in = data;

    if (in->flags & ~CXL_PPR_QUERY) {
        return CXL_RET_INVALID_INPUT;
    }
    if (cxl_le64_get(in->dpa) >= c.vmem + c.pmem) {
        return CXL_RET_INVALID_PA;
    }
    out->query = in->flags & CXL_PPR_QUERY;
    out->hard = op->maintenance_subclass == CXL_MAINTENANCE_PPR_HARD;
    out->place.nibble_mask = in->nibble_mask;
    out->place.validity = cxl_le16(op->places);
    return CXL_RET_SUCCESS;
}

/* What of a place the request names, of that which the operation needs */
static uint16_t sparing_validity(const Operation *op, uint8_t flags)
{
    uint16_t valid = op->places;

    if (!(flags & CXL_SPARING_NIBBLE_MASK_VALID)) {
        valid &= ~CXL_MEMORY_SPARING_NIBBLE_MASK_VALID;
    }
    if (!(flags & CXL_SPARING_SUB_CHANNEL_VALID)) {
        valid &= ~CXL_MEMORY_SPARING_SUB_CHANNEL_VALID;
    }
    return valid;
}

/*
 * CXL r3.1 8.2.9.7.1.4
 * Implementation defined: the media has each channel, rank, bank and so on
 * that a request can name
 */
static CXLRet decode_sparing(const CXLMaintenance *s, const Operation *op,
                             const void *data, Repair *out)
{
    const CXLSparingReq *in = data;

    if (in->flags & ~CXL_SPARING_FLAGS) {
        return CXL_RET_INVALID_INPUT;
    }
    *out = (Repair) {
        .query = in->flags & CXL_SPARING_QUERY,
        .hard = in->flags & CXL_SPARING_HARD,
        .place = {
            .validity = cxl_le16(sparing_validity(op, in->flags)),
            .channel = in->channel,
            .rank = in->rank,
            .nibble_mask = in->nibble_mask,
            .bank_group = in->bank_group,
            .bank = in->bank,
            .row = in->row,
            .column = in->column,
            .sub_channel = in->sub_channel,
        },
    };
    return CXL_RET_SUCCESS;
}

#define VALID(name)     CXL_MEMORY_SPARING_##name##_VALID
#define IN_RANK         (VALID(CHANNEL) | VALID(RANK) | VALID(NIBBLE_MASK))
#define IN_BANK         (IN_RANK | VALID(BANK_GROUP) | VALID(BANK))
#define IN_ROW          (IN_BANK | VALID(ROW))
#define IN_CACHELINE    (IN_ROW | VALID(COLUMN) | VALID(SUB_CHANNEL))

#define SPARING(title, what) {                                          \
    .name = title, .maintenance_class = CXL_MAINTENANCE_SPARING,        \
    .maintenance_subclass = CXL_MAINTENANCE_SPARING_##what,             \
    .size = sizeof(CXLSparingReq), .places = IN_##what,                 \
    .kind = CXL_SPARE_##what, .feature = CXL_FEATURE_##what##_SPARING,  \
    .decode = decode_sparing }

static const Operation hppr = {
    .name = "hppr", .maintenance_class = CXL_MAINTENANCE_PPR,
    .maintenance_subclass = CXL_MAINTENANCE_PPR_HARD,
    .size = sizeof(CXLPprReq), .places = VALID(NIBBLE_MASK),
    .kind = CXL_SPARE_PPR, .feature = CXL_FEATURE_HPPR,
    .background = true, .decode = decode_ppr,
};

/*
 * Implementation defined: only hPPR, which Linux does not use, goes on in the
 * background. Linux does not wait for a repair that does.
 */
static const Operation sppr = {
    .name = "sppr", .maintenance_class = CXL_MAINTENANCE_PPR,
    .maintenance_subclass = CXL_MAINTENANCE_PPR_SOFT,
    .size = sizeof(CXLPprReq), .places = VALID(NIBBLE_MASK),
    .kind = CXL_SPARE_PPR, .feature = CXL_FEATURE_SPPR,
    .decode = decode_ppr,
};

static const Operation cacheline = SPARING("cacheline-sparing", CACHELINE);
static const Operation row = SPARING("row-sparing", ROW);
static const Operation bank = SPARING("bank-sparing", BANK);
static const Operation rank = SPARING("rank-sparing", RANK);

static const Operation *const operations[] = {
    &sppr, &hppr, &cacheline, &row, &bank, &rank,
};

static const Operation *find(const CXLMaintenanceReq *in)
{
    for (unsigned n = 0; n < ARRAY_SIZE(operations); n++) {
        const Operation *op = operations[n];

        if (op->maintenance_class == in->maintenance_class &&
            op->maintenance_subclass == in->maintenance_subclass) {
            return op;
        }
    }
    return NULL;
}

unsigned cxl_maintenance_spares(const CXLMaintenance *s, CXLSpareKind kind)
{
    return spares[kind] - s->spares[kind].soft - s->spares[kind].hard;
}

static void save(const CXLMaintenance *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvRepairs nv = { };

    for (unsigned n = 0; n < CXL_SPARE_KINDS; n++) {
        nv.hard[n] = cxl_le16(s->spares[n].hard);
    }
    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_REPAIRS, &nv, sizeof(nv));
    }
}

static void load(CXLMaintenance *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    NvRepairs nv;

    if (mc->nv_load && mc->nv_load(s->mem, CXL_NV_REPAIRS, &nv, sizeof(nv))) {
        for (unsigned n = 0; n < CXL_SPARE_KINDS; n++) {
            s->spares[n].hard = MIN(cxl_le16_get(nv.hard[n]), spares[n]);
        }
    }
}

static void take_spare(CXLMaintenance *s, const Operation *op, bool hard)
{
    if (hard) {
        s->spares[op->kind].hard++;
        save(s);
    } else {
        s->spares[op->kind].soft++;
    }
}

/* CXL r3.2 Table 8-128, 8-131: PPR is recorded if its Feature says so */
static bool is_recorded(const CXLMaintenance *s, const Operation *op)
{
    const CXLPprSet *set = (const void *)&s->features->current[op->feature];

    return op->maintenance_class == CXL_MAINTENANCE_SPARING ||
           set->ppr_mode & CXL_PPR_RECORDS;
}

/*
 * CXL r3.2 8.2.10.2.1.4: what has become of a repair, or could. Linux takes
 * the class from the header, where r3.1 has the maintenance that is needed.
 */
static void report(CXLMaintenance *s, const Operation *op, const Repair *r,
                   CXLRet ret)
{
    unsigned log = ret == CXL_RET_SUCCESS ? CXL_LOG_INFO : CXL_LOG_WARNING;
    CXLMemorySparingEvent event = r->place;

    event.header = (CXLEventHeader) {
        .uuid = CXL_UUID_MEMORY_SPARING_EVENT,
        .flags = cxl_le24(log | CXL_EVENT_SUBCLASS_VALID),
        .maintenance_class = op->maintenance_class,
        .maintenance_subclass = op->maintenance_subclass,
    };
    event.maintenance_class = op->maintenance_class;
    event.maintenance_subclass = op->maintenance_subclass;
    event.flags = (r->query ? CXL_MEMORY_SPARING_QUERY : 0) |
                  (r->hard ? CXL_MEMORY_SPARING_HARD : 0);
    event.result = ret;
    event.available = cxl_le16(cxl_maintenance_spares(s, op->kind));
    cxl_events_record(s->events, log, (CXLEventRecord *)&event,
                      cxl_timestamp_now(s->timestamp));
}

static CXLRet perform(CXLMaintenance *s, const Operation *op, const Repair *r)
{
    CXLRet ret = cxl_maintenance_spares(s, op->kind)
                 ? CXL_RET_SUCCESS : CXL_RET_RESOURCES_EXHAUSTED;

    if (ret == CXL_RET_SUCCESS && !r->query) {
        take_spare(s, op, r->hard);
    }
    trace_cxl_maintenance(op->name, r->query, r->hard, ret,
                          cxl_maintenance_spares(s, op->kind));
    if (is_recorded(s, op)) {
        report(s, op, r, ret);
    }
    return ret;
}

/* CXL r3.1 8.2.9.7.1: Perform Maintenance (0600h) */
static CXLRet cmd_maintenance_perform(const CXLCall *call, CXLRsp *rsp)
{
    CXLMaintenance *s = call->state;
    const CXLMaintenanceReq *in = call->req;
    const Operation *op = find(in);
    Repair r = { };
    CXLRet ret;

    if (!op) {
        return CXL_RET_INVALID_INPUT;
    }
    /* What the row cannot say: the length follows from the operation */
    if (call->tail != op->size) {
        return CXL_RET_INVALID_PAYLOAD_LENGTH;
    }
    ret = op->decode(s, op, in->data, &r);
    if (ret != CXL_RET_SUCCESS) {
        return ret;
    }
    if (op->background && !r.query && cxl_maintenance_spares(s, op->kind)) {
        s->hppr_nibble_mask = cxl_le24_get(r.place.nibble_mask);
        return CXL_RET_BACKGROUND_STARTED;
    }
    return perform(s, op, &r);
}

static CXLRet maintenance_finish(void *state)
{
    CXLMaintenance *s = state;
    const Repair r = {
        .hard = true,
        .place.validity = cxl_le16(hppr.places),
        .place.nibble_mask = cxl_le24(s->hppr_nibble_mask),
    };

    return perform(s, &hppr, &r);
}

static uint32_t maintenance_estimate(void *state)
{
    return HPPR_MS;
}

static const CXLCmd maintenance_rows[] = {
    {
        .opcode = CXL_OP_PERFORM_MAINTENANCE,
        .name = "perform-maintenance",
        .in_min = sizeof(CXLMaintenanceReq),
        .tail = CXL_TAIL_REST,
        .tail_size = 1,
        .tail_max = MAX_CONST(sizeof(CXLPprReq), sizeof(CXLSparingReq)),
        .effects = CXL_EFFECT_CONFIG_NOW | CXL_EFFECT_BACKGROUND,
        .flags = CXL_CMD_BACKGROUND | CXL_CMD_NEEDS_MEDIA,
        .handler = cmd_maintenance_perform,
        .finish = maintenance_finish,
        .estimate_ms = maintenance_estimate,
    },
};

void cxl_maintenance_reset(CXLMaintenance *s)
{
    for (unsigned n = 0; n < CXL_SPARE_KINDS; n++) {
        s->spares[n].soft = 0;
    }
}

void cxl_maintenance_add(CXLCCI *cci, CXLMaintenance *s, CXLMem *mem,
                         CXLEvents *events, const CXLTimestamp *timestamp,
                         const CXLFeatures *features)
{
    *s = (CXLMaintenance) {
        .mem = mem,
        .events = events,
        .timestamp = timestamp,
        .features = features,
    };
    load(s);
    cxl_cci_add(cci, maintenance_rows, ARRAY_SIZE(maintenance_rows), s);
}

static int maintenance_post_load(void *opaque, int version_id)
{
    const CXLMaintenance *s = opaque;

    for (unsigned n = 0; n < CXL_SPARE_KINDS; n++) {
        if (s->spares[n].soft + s->spares[n].hard > spares[n]) {
            return -EINVAL;
        }
    }
    return s->hppr_nibble_mask <= 0xffffff ? 0 : -EINVAL;
}

static const VMStateDescription vmstate_spares = {
    .name = "cxl-spares",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT16(soft, CXLSpares),
        VMSTATE_UINT16(hard, CXLSpares),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_cxl_maintenance = {
    .name = "cxl-maintenance",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = maintenance_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(spares, CXLMaintenance, CXL_SPARE_KINDS, 1,
                             vmstate_spares, CXLSpares),
        VMSTATE_UINT32(hppr_nibble_mask, CXLMaintenance),
        VMSTATE_END_OF_LIST()
    }
};

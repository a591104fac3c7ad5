/*
 * CXL r3.1 8.2.9.9.1 to 8.2.9.9.3: memory device commands: identity,
 * capacity, labels, health
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "hw/cxl/cci/sets.h"

/* What the 24 bits of Poison List Maximum Media Error Records can say */
#define POISON_LIST_MAX_FIELD 0xffffffu

static CXLMemCapacity capacity(const CXLMemdev *s)
{
    return CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
}

static CXLLe64 units(uint64_t bytes)
{
    return cxl_le64(bytes / CXL_CAPACITY_UNIT);
}

/* CXL r3.1 8.2.9.9.1.1: Identify Memory Device (4000h) */
static CXLRet cmd_memdev_identify(const CXLCall *call, CXLRsp *rsp)
{
    const CXLMemdev *s = call->state;
    CXLMemCapacity c = capacity(s);
    CXLIdentifyMemRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    pstrcpy(out->fw_revision, sizeof(out->fw_revision),
            CXL_FIRMWARE_REVISION);
    out->total_capacity = units(c.vmem + c.pmem);
    out->volatile_capacity = units(c.vmem);
    out->persistent_capacity = units(c.pmem);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        out->event_log_size[log] = cxl_le16(s->events->logs[log].depth);
    }
    out->lsa_size = cxl_le32(MIN(c.lsa, UINT32_MAX));
    out->poison_list_max =
        cxl_le24(MIN(s->poison->max, POISON_LIST_MAX_FIELD));
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.2.1: Get Partition Info (4100h): nothing can be moved */
static CXLRet cmd_memdev_get_partition_info(const CXLCall *call, CXLRsp *rsp)
{
    CXLMemCapacity c = capacity(call->state);
    CXLPartitionInfoRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->active_volatile = units(c.vmem);
    out->active_persistent = units(c.pmem);
    return CXL_RET_SUCCESS;
}

static bool in_lsa(const CXLMemdev *s, uint32_t offset, uint32_t len)
{
    uint64_t size = capacity(s).lsa;

    return offset <= size && len <= size - offset;
}

/* CXL r3.1 8.2.9.9.2.3: Get LSA (4102h) */
static CXLRet cmd_memdev_get_lsa(const CXLCall *call, CXLRsp *rsp)
{
    CXLMemdev *s = call->state;
    const CXLGetLsaReq *in = call->req;
    uint32_t offset = cxl_le32_get(in->offset);
    uint32_t len = cxl_le32_get(in->length);
    uint8_t *out;

    if (!in_lsa(s, offset, len)) {
        return CXL_RET_INVALID_INPUT;
    }
    out = cxl_rsp_add(rsp, len);
    if (!out) {
        return CXL_RET_INVALID_INPUT;
    }
    if (len) {
        CXL_MEM_GET_CLASS(s->mem)->lsa_read(s->mem, offset, out, len);
    }
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.2.4: Set LSA (4103h) */
static CXLRet cmd_memdev_set_lsa(const CXLCall *call, CXLRsp *rsp)
{
    CXLMemdev *s = call->state;
    const CXLSetLsaReq *in = call->req;
    uint32_t offset = cxl_le32_get(in->offset);

    if (!in_lsa(s, offset, call->tail)) {
        return CXL_RET_INVALID_INPUT;
    }
    if (call->tail) {
        CXL_MEM_GET_CLASS(s->mem)->lsa_write(s->mem, offset, in->data,
                                             call->tail);
    }
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.3.1: Get Health Info (4200h) */
static CXLRet cmd_memdev_get_health(const CXLCall *call, CXLRsp *rsp)
{
    const CXLHealth *h = &((const CXLMemdev *)call->state)->health;
    CXLHealthInfoRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->status = h->status;
    out->media_status = h->media_status;
    out->additional_status = h->additional_status;
    out->life_used = h->life_used;
    out->temperature = cxl_le16(h->temperature);
    out->dirty_shutdowns = cxl_le32(h->dirty_shutdowns);
    out->volatile_errors = cxl_le32(h->volatile_errors);
    out->persistent_errors = cxl_le32(h->persistent_errors);
    return CXL_RET_SUCCESS;
}

/* CXL r3.1 8.2.9.9.3.2: Get Alert Configuration (4201h) */
static CXLRet cmd_memdev_get_alerts(const CXLCall *call, CXLRsp *rsp)
{
    const CXLAlerts *a = &((const CXLMemdev *)call->state)->alerts;
    CXLGetAlertsRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->valid = a->valid;
    out->programmable = a->programmable;
    out->life_used_critical = a->life_used_critical;
    out->life_used_warning = a->life_used_warning;
    out->over_temperature_critical = cxl_le16(a->over_temperature_critical);
    out->under_temperature_critical = cxl_le16(a->under_temperature_critical);
    out->over_temperature_warning = cxl_le16(a->over_temperature_warning);
    out->under_temperature_warning = cxl_le16(a->under_temperature_warning);
    out->volatile_error_warning = cxl_le16(a->volatile_error_warning);
    out->persistent_error_warning = cxl_le16(a->persistent_error_warning);
    return CXL_RET_SUCCESS;
}

/* @a with the thresholds of @in that belong to the alerts in @which */
static CXLAlerts with_thresholds(CXLAlerts a, const CXLSetAlertsReq *in,
                                 uint8_t which)
{
    if (which & CXL_ALERT_LIFE_USED) {
        a.life_used_warning = in->life_used_warning;
    }
    if (which & CXL_ALERT_OVER_TEMPERATURE) {
        a.over_temperature_warning =
            cxl_le16_get(in->over_temperature_warning);
    }
    if (which & CXL_ALERT_UNDER_TEMPERATURE) {
        a.under_temperature_warning =
            cxl_le16_get(in->under_temperature_warning);
    }
    if (which & CXL_ALERT_VOLATILE_ERRORS) {
        a.volatile_error_warning = cxl_le16_get(in->volatile_error_warning);
    }
    if (which & CXL_ALERT_PERSISTENT_ERRORS) {
        a.persistent_error_warning =
            cxl_le16_get(in->persistent_error_warning);
    }
    return a;
}

/*
 * CXL r3.1 8.2.9.9.3.3: a warning comes before the critical alert of the
 * same kind. Temperatures are signed.
 */
static bool warn_in_time(const CXLAlerts *a)
{
    if (a->life_used_warning >= a->life_used_critical) {
        return false;
    }
    return (int16_t)a->over_temperature_warning <
           (int16_t)a->over_temperature_critical &&
           (int16_t)a->under_temperature_warning >
           (int16_t)a->under_temperature_critical;
}

/* CXL r3.1 8.2.9.9.3.3: Set Alert Configuration (4202h) */
static CXLRet cmd_memdev_set_alerts(const CXLCall *call, CXLRsp *rsp)
{
    CXLMemdev *s = call->state;
    const CXLSetAlertsReq *in = call->req;
    uint8_t enable = in->valid & in->enable;
    CXLAlerts alerts = with_thresholds(s->alerts, in, enable);

    if ((in->valid & ~s->alerts.programmable) || !warn_in_time(&alerts)) {
        return CXL_RET_INVALID_INPUT;
    }
    alerts.valid = (alerts.valid & ~in->valid) | enable;
    s->alerts = alerts;
    return CXL_RET_SUCCESS;
}

static const CXLCmd memdev_rows[] = {
    {
        .opcode = CXL_OP_IDENTIFY_MEMORY_DEVICE,
        .name = "identify-memory-device",
        .out_max = sizeof(CXLIdentifyMemRsp),
        .handler = cmd_memdev_identify,
    }, {
        .opcode = CXL_OP_GET_PARTITION_INFO,
        .name = "get-partition-info",
        .out_max = sizeof(CXLPartitionInfoRsp),
        .handler = cmd_memdev_get_partition_info,
    }, {
        .opcode = CXL_OP_GET_LSA,
        .name = "get-lsa",
        .in_min = sizeof(CXLGetLsaReq),
        .out_max = UINT32_MAX,
        .flags = CXL_CMD_NEEDS_MEDIA,
        .handler = cmd_memdev_get_lsa,
    }, {
        .opcode = CXL_OP_SET_LSA,
        .name = "set-lsa",
        .in_min = sizeof(CXLSetLsaReq),
        .tail = CXL_TAIL_REST,
        .tail_size = 1,
        .effects = CXL_EFFECT_CONFIG_NOW | CXL_EFFECT_DATA_NOW,
        .flags = CXL_CMD_NEEDS_MEDIA,
        .handler = cmd_memdev_set_lsa,
    }, {
        .opcode = CXL_OP_GET_HEALTH_INFO,
        .name = "get-health-info",
        .out_max = sizeof(CXLHealthInfoRsp),
        .handler = cmd_memdev_get_health,
    }, {
        .opcode = CXL_OP_GET_ALERT_CONFIG,
        .name = "get-alert-config",
        .out_max = sizeof(CXLGetAlertsRsp),
        .handler = cmd_memdev_get_alerts,
    }, {
        .opcode = CXL_OP_SET_ALERT_CONFIG,
        .name = "set-alert-config",
        .in_min = sizeof(CXLSetAlertsReq),
        .effects = CXL_EFFECT_POLICY_NOW,
        .handler = cmd_memdev_set_alerts,
    },
};

void cxl_memdev_reset(CXLMemdev *s)
{
    /* Implementation defined: limits of an ordinary memory module */
    s->alerts = (CXLAlerts) {
        .programmable = CXL_ALERT_ALL,
        .life_used_critical = 90,
        .life_used_warning = 75,
        .over_temperature_critical = 85,
        .over_temperature_warning = 75,
        .under_temperature_critical = (uint16_t)-20,
        .under_temperature_warning = 0,
    };
}

void cxl_memdev_add(CXLCCI *cci, CXLMemdev *s, CXLMem *mem,
                    CXLEvents *events, CXLPoisonList *poison)
{
    *s = (CXLMemdev) {
        .mem = mem,
        .events = events,
        .poison = poison,
        .health = { .temperature = 25 },
    };
    cxl_memdev_reset(s);
    cxl_cci_add(cci, memdev_rows, ARRAY_SIZE(memdev_rows), s);
}

static int memdev_post_load(void *opaque, int version_id)
{
    const CXLAlerts *a = &((const CXLMemdev *)opaque)->alerts;

    return a->valid & ~a->programmable || !warn_in_time(a) ? -EINVAL : 0;
}

/* What is missing of the alerts is the same in every device, see reset */
const VMStateDescription vmstate_cxl_memdev = {
    .name = "cxl-memdev",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = memdev_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(alerts.valid, CXLMemdev),
        VMSTATE_UINT8(alerts.life_used_warning, CXLMemdev),
        VMSTATE_UINT16(alerts.over_temperature_warning, CXLMemdev),
        VMSTATE_UINT16(alerts.under_temperature_warning, CXLMemdev),
        VMSTATE_UINT16(alerts.volatile_error_warning, CXLMemdev),
        VMSTATE_UINT16(alerts.persistent_error_warning, CXLMemdev),
        VMSTATE_UINT8(health.status, CXLMemdev),
        VMSTATE_UINT8(health.media_status, CXLMemdev),
        VMSTATE_UINT8(health.additional_status, CXLMemdev),
        VMSTATE_UINT8(health.life_used, CXLMemdev),
        VMSTATE_INT16(health.temperature, CXLMemdev),
        VMSTATE_UINT32(health.dirty_shutdowns, CXLMemdev),
        VMSTATE_UINT32(health.volatile_errors, CXLMemdev),
        VMSTATE_UINT32(health.persistent_errors, CXLMemdev),
        VMSTATE_END_OF_LIST()
    }
};

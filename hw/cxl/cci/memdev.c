/*
 * CXL r3.1 8.2.9.9.1, 8.2.9.9.2: memory device commands: identity, capacity
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/firmware.h"
#include "hw/cxl/cci/sets.h"
#include "hw/cxl/spec/payloads-media.h"
#include "hw/cxl/spec/payloads-partition.h"

/* As it is kept: never change it, add an area instead */
typedef struct NvPartition {
    CXLLe64 vmem;                   /* units of 256 MiB */
} NvPartition;
CXL_WIRE_SIZE(NvPartition, 8);

/* What the 24 bits of Poison List Maximum Media Error Records can say */
#define POISON_LIST_MAX_FIELD 0xffffffu

static CXLMemCapacity capacity(const CXLMemdev *s)
{
    return CXL_MEM_GET_CLASS(s->mem)->capacity(s->mem);
}

/* Bytes that can be volatile as well as persistent */
static uint64_t partitionable(const CXLMemCapacity *c)
{
    return c->vmem + c->pmem - c->volatile_only - c->persistent_only;
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

    memcpy(out->fw_revision, cxl_firmware_revision(s->firmware),
           sizeof(out->fw_revision));
    out->total_capacity = units(c.vmem + c.pmem);
    out->volatile_capacity = units(c.volatile_only);
    out->persistent_capacity = units(c.persistent_only);
    /* Implementation defined: any multiple of the unit of capacities */
    out->partition_alignment = cxl_le64(partitionable(&c) ? 1 : 0);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        out->event_log_size[log] = cxl_le16(s->events->logs[log].depth);
    }
    out->lsa_size = cxl_le32(MIN(c.lsa, UINT32_MAX));
    out->poison_list_max =
        cxl_le24(MIN(s->poison->max, POISON_LIST_MAX_FIELD));
    out->inject_poison_limit = cxl_le16(s->poison->inject_max);
    out->poison_capabilities = CXL_POISON_INJECTS_PERSISTENT |
                               CXL_POISON_SCANS;
    return CXL_RET_SUCCESS;
}

/*
 * CXL r3.1 8.2.9.9.2.1: Get Partition Info (4100h): what is next is zero when
 * it is what is active
 */
static CXLRet cmd_memdev_get_partition_info(const CXLCall *call, CXLRsp *rsp)
{
    const CXLMemdev *s = call->state;
    CXLMemCapacity c = capacity(s);
    CXLPartitionInfoRsp *out = cxl_rsp_add(rsp, sizeof(*out));

    out->active_volatile = units(c.vmem);
    out->active_persistent = units(c.pmem);
    if (s->next_vmem != c.vmem) {
        out->next_volatile = units(s->next_vmem);
        out->next_persistent = units(c.vmem + c.pmem - s->next_vmem);
    }
    return CXL_RET_SUCCESS;
}

/* Whether the first @vmem bytes can be all that is volatile */
static bool possible(const CXLMemCapacity *c, uint64_t vmem)
{
    uint64_t all = c->vmem + c->pmem;

    return vmem % CXL_CAPACITY_UNIT == 0 && vmem >= c->volatile_only &&
           vmem <= all - c->persistent_only && (vmem == all || c->lsa);
}

static void save_next(CXLMemdev *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    const NvPartition nv = { units(s->next_vmem) };

    if (mc->nv_save) {
        mc->nv_save(s->mem, CXL_NV_PARTITION, &nv, sizeof(nv));
    }
}

/*
 * CXL r3.1 8.2.9.9.2.2: Set Partition Info (4101h). Content stays where it is.
 * Implementation defined: while decoders are committed nothing changes under
 * them: an immediate change is refused.
 */
static CXLRet cmd_memdev_set_partition_info(const CXLCall *call, CXLRsp *rsp)
{
    CXLMemdev *s = call->state;
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    const CXLSetPartitionReq *in = call->req;
    CXLMemCapacity c = capacity(s);
    uint64_t wanted = cxl_le64_get(in->volatile_capacity);
    uint64_t vmem;

    if (wanted > partitionable(&c) / CXL_CAPACITY_UNIT) {
        return CXL_RET_INVALID_INPUT;
    }
    vmem = c.volatile_only + wanted * CXL_CAPACITY_UNIT;
    if (!possible(&c, vmem)) {
        return CXL_RET_INVALID_INPUT;
    }
    if (in->flags & CXL_SET_PARTITION_IMMEDIATE &&
        ((mc->mapped && mc->mapped(s->mem)) ||
         !mc->partition(s->mem, vmem))) {
        return CXL_RET_INVALID_INPUT;
    }
    s->next_vmem = vmem;
    save_next(s);
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
    },
};

/*
 * Linux sends one byte more than the specification has. A locked device does
 * not make memory volatile that was persistent: it would not be locked then.
 */
static const CXLCmd partition_rows[] = {
    {
        .opcode = CXL_OP_SET_PARTITION_INFO,
        .name = "set-partition-info",
        .in_min = sizeof(CXLSetPartitionReq),
        .tail = CXL_TAIL_REST,
        .tail_size = 1,
        .tail_max = 1,
        .effects = CXL_EFFECT_CONFIG_COLD_RESET | CXL_EFFECT_CONFIG_NOW |
                   CXL_EFFECT_DATA_NOW | CXL_EFFECT_RESETS_VALID |
                   CXL_EFFECT_CONFIG_CONV_RESET,
        .flags = CXL_CMD_NEEDS_MEDIA | CXL_CMD_NEEDS_UNLOCKED,
        .handler = cmd_memdev_set_partition_info,
    },
};

void cxl_memdev_reset(CXLMemdev *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);

    if (s->next_vmem != capacity(s).vmem) {
        mc->partition(s->mem, s->next_vmem);
    }
}

/* Of the partitioning that was chosen last, if the memory is still there */
static void load_next(CXLMemdev *s)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    CXLMemCapacity c = capacity(s);
    NvPartition nv;
    uint64_t vmem;

    s->next_vmem = c.vmem;
    if (mc->partition && mc->nv_load &&
        mc->nv_load(s->mem, CXL_NV_PARTITION, &nv, sizeof(nv)) &&
        cxl_le64_get(nv.vmem) <= (c.vmem + c.pmem) / CXL_CAPACITY_UNIT) {
        vmem = cxl_le64_get(nv.vmem) * CXL_CAPACITY_UNIT;
        s->next_vmem = possible(&c, vmem) ? vmem : c.vmem;
    }
    cxl_memdev_reset(s);
}

void cxl_memdev_add(CXLCCI *cci, CXLMemdev *s, CXLMem *mem,
                    CXLEvents *events, CXLPoisonList *poison,
                    const CXLFirmware *firmware)
{
    CXLMemCapacity c;

    *s = (CXLMemdev) {
        .mem = mem,
        .events = events,
        .poison = poison,
        .firmware = firmware,
    };
    load_next(s);
    c = capacity(s);
    cxl_cci_add(cci, memdev_rows, ARRAY_SIZE(memdev_rows), s);
    if (partitionable(&c)) {
        cxl_cci_add(cci, partition_rows, ARRAY_SIZE(partition_rows), s);
    }
}

static int memdev_pre_save(void *opaque)
{
    CXLMemdev *s = opaque;

    s->active_vmem = capacity(s).vmem;
    return 0;
}

static int memdev_post_load(void *opaque, int version_id)
{
    CXLMemdev *s = opaque;
    CXLMemClass *mc = CXL_MEM_GET_CLASS(s->mem);
    CXLMemCapacity c = capacity(s);

    if (!possible(&c, s->active_vmem) || !possible(&c, s->next_vmem)) {
        return -EINVAL;
    }
    /* Also when nothing changes: registers were loaded that tell of it */
    return !mc->partition || mc->partition(s->mem, s->active_vmem) ? 0
                                                                   : -EINVAL;
}

const VMStateDescription vmstate_cxl_memdev = {
    .name = "cxl-memdev",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = memdev_pre_save,
    .post_load = memdev_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(active_vmem, CXLMemdev),
        VMSTATE_UINT64(next_vmem, CXLMemdev),
        VMSTATE_END_OF_LIST()
    }
};

/*
 * A memory device for unit tests: every command set, no PCI and no memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CXL_FAKE_DEVICE_H
#define TESTS_UNIT_CXL_FAKE_DEVICE_H

#include "hw/cxl/cci/sets.h"
#include "cxl-unit.h"

#define ROOM        512
#define DEPTH       5
#define LSA         4096
#define POISON_MAX  100
#define VMEM        CXL_CAPACITY_UNIT
#define PMEM        (2 * CXL_CAPACITY_UNIT)

/* A memory device that is nothing but labels and two sizes */
typedef struct FakeMem {
    Object parent_obj;
    uint8_t lsa[LSA];
} FakeMem;

#define TYPE_FAKE_MEM "fake-cxl-mem"
#define FAKE_MEM(obj) OBJECT_CHECK(FakeMem, (obj), TYPE_FAKE_MEM)

typedef struct Device {
    CXLCCI cci;
    FakeMem *mem;
    CXLInfostat infostat;
    CXLEvents events;
    CXLFirmware firmware;
    CXLTimestamp timestamp;
    CXLMemdev memdev;
    CXLMedia media;
    CXLPoisonList poison;
    uint32_t pending;
    unsigned interrupts[16];
    uint8_t out[ROOM];
    uint32_t out_len;
} Device;

static CXLMemCapacity fake_capacity(CXLMem *mem)
{
    return (CXLMemCapacity) {
        .vmem = VMEM, .pmem = PMEM, .lsa = LSA,
        .volatile_only = VMEM, .persistent_only = PMEM,
    };
}

static void fake_lsa_read(CXLMem *mem, uint64_t offset, void *buf,
                          uint32_t len)
{
    g_assert_cmpuint(offset + len, <=, LSA);
    memcpy(buf, FAKE_MEM(mem)->lsa + offset, len);
}

static void fake_lsa_write(CXLMem *mem, uint64_t offset, const void *buf,
                           uint32_t len)
{
    g_assert_cmpuint(offset + len, <=, LSA);
    memcpy(FAKE_MEM(mem)->lsa + offset, buf, len);
}

static void fake_class_init(ObjectClass *oc, void *data)
{
    CXLMemClass *mc = CXL_MEM_CLASS(oc);

    mc->capacity = fake_capacity;
    mc->lsa_read = fake_lsa_read;
    mc->lsa_write = fake_lsa_write;
}

static const TypeInfo fake_mem_info = {
    .name = TYPE_FAKE_MEM,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(FakeMem),
    .class_init = fake_class_init,
    .interfaces = (InterfaceInfo[]) { { TYPE_CXL_MEM }, { } },
};

static void set_pending(void *opaque, unsigned log, bool pending)
{
    Device *d = opaque;

    d->pending = (d->pending & ~(1u << log)) | (uint32_t)pending << log;
}

static void interrupt(void *opaque, unsigned msgnum)
{
    ((Device *)opaque)->interrupts[msgnum]++;
}

static const CXLEventsOps events_ops = {
    .pending = set_pending,
    .interrupt = interrupt,
};
static const CXLCCIOps cci_ops = { };
static const uint8_t vectors[CXL_EVENT_LOGS] = { 4, 5, 6, 7 };

static inline Device *new_device(void)
{
    Device *d = g_new0(Device, 1);
    CXLMem *mem;

    d->mem = FAKE_MEM(object_new(TYPE_FAKE_MEM));
    mem = CXL_MEM(d->mem);
    d->infostat = (CXLInfostat) {
        .vendor = 0x8086, .device = 0x0d93, .serial = 0x1122334455667788,
        .component_type = CXL_COMPONENT_TYPE_TYPE3,
    };
    cxl_poison_init(&d->poison, POISON_MAX);
    cxl_cci_init(&d->cci, &cci_ops, d, ROOM);
    cxl_infostat_add(&d->cci, &d->infostat);
    cxl_events_add(&d->cci, &d->events, &events_ops, d, vectors, DEPTH);
    cxl_firmware_add(&d->cci, &d->firmware);
    cxl_timestamp_add(&d->cci, &d->timestamp);
    cxl_logs_add(&d->cci);
    cxl_memdev_add(&d->cci, &d->memdev, mem, &d->events, &d->poison);
    cxl_media_add(&d->cci, &d->media, mem, &d->poison);
    return d;
}

static inline void free_device(Device *d)
{
    cxl_events_destroy(&d->events);
    cxl_cci_destroy(&d->cci);
    cxl_poison_destroy(&d->poison);
    object_unref(OBJECT(d->mem));
    g_free(d);
}

static inline CXLRet request(Device *d, uint16_t opcode, const void *in,
                             uint32_t len)
{
    return cxl_cci_execute(&d->cci, opcode, in, len, d->out, &d->out_len);
}

/* Send what must succeed and answer @len bytes */
static inline const void *answer(Device *d, uint16_t opcode, const void *in,
                                 uint32_t in_len, uint32_t len)
{
    g_assert_cmpuint(request(d, opcode, in, in_len), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(d->out_len, ==, len);
    return d->out;
}

static inline void fake_device_init(int *argc, char ***argv)
{
    cxl_unit_init(argc, argv);
    type_register_static(&fake_mem_info);
}

#endif /* TESTS_UNIT_CXL_FAKE_DEVICE_H */

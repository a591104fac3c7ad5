/*
 * A memory device for unit tests: every command set, no PCI and no memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CXL_FAKE_DEVICE_H
#define TESTS_UNIT_CXL_FAKE_DEVICE_H

#include "hw/cxl/cci/features.h"
#include "hw/cxl/cci/firmware.h"
#include "hw/cxl/cci/health.h"
#include "hw/cxl/cci/lsa.h"
#include "hw/cxl/cci/logs.h"
#include "hw/cxl/cci/maintenance.h"
#include "hw/cxl/cci/media.h"
#include "hw/cxl/cci/media-ops.h"
#include "hw/cxl/cci/sanitize.h"
#include "hw/cxl/cci/security.h"
#include "hw/cxl/cci/sets.h"
#include "hw/cxl/cci/shutdown.h"
#include "cxl-unit.h"

#define ROOM        512
#define DEPTH       5
#define LSA         4096
#define POISON_MAX  100
#define INJECT_MAX  50
#define VMEM        CXL_CAPACITY_UNIT
#define PMEM        (2 * CXL_CAPACITY_UNIT)

/**
 * FakeMem: a memory device that is nothing but labels and sizes
 * @partitionable: bytes between VMEM and PMEM that can be either
 * @vmem: bytes that are volatile
 * @mapped: a decoder is committed
 * @locked: persistent memory is
 * @disabled: all memory is
 * @erased: how often, and the @nr_ranges ranges of the last time
 * @nv: what was kept by area, NULL: nothing
 * @writes: DPA and value of what the device wrote of its memory, in turn
 */
typedef struct FakeMem {
    Object parent_obj;
    uint8_t lsa[LSA];
    uint64_t partitionable;
    uint64_t vmem;
    bool mapped;
    bool locked;
    bool disabled;
    unsigned erased;
    CXLMemRange ranges[ROOM / sizeof(CXLMemRange)];
    unsigned nr_ranges;
    GBytes *nv[CXL_NV_AREAS];
    GArray *writes;
} FakeMem;

#define TYPE_FAKE_MEM "fake-cxl-mem"
#define FAKE_MEM(obj) OBJECT_CHECK(FakeMem, (obj), TYPE_FAKE_MEM)

typedef struct Device {
    CXLCCI cci;
    FakeMem *mem;
    CXLInfostat infostat;
    CXLEvents events;
    CXLFeatures features;
    CXLFirmware firmware;
    CXLTimestamp timestamp;
    CXLLogs logs;
    CXLMemdev memdev;
    CXLLsa lsa;
    CXLShutdown shutdown;
    CXLHealthMonitor health;
    CXLMaintenance maintenance;
    CXLMedia media;
    CXLSecurity security;
    CXLSanitize sanitize;
    CXLMediaOps media_ops;
    CXLPoisonList poison;
    unsigned done;
    uint32_t pending;
    unsigned interrupts[16];
    uint8_t out[ROOM];
    uint32_t out_len;
} Device;

static CXLMemCapacity fake_capacity(CXLMem *mem)
{
    FakeMem *fake = FAKE_MEM(mem);

    return (CXLMemCapacity) {
        .vmem = fake->vmem, .lsa = LSA,
        .pmem = VMEM + fake->partitionable + PMEM - fake->vmem,
        .volatile_only = VMEM, .persistent_only = PMEM,
    };
}

static bool fake_partition(CXLMem *mem, uint64_t vmem)
{
    g_assert_cmpuint(vmem, >=, VMEM);
    g_assert_cmpuint(vmem, <=, VMEM + FAKE_MEM(mem)->partitionable);
    FAKE_MEM(mem)->vmem = vmem;
    return true;
}

static bool fake_mapped(CXLMem *mem)
{
    return FAKE_MEM(mem)->mapped;
}

static void fake_nv_save(CXLMem *mem, CXLNvArea area, const void *buf,
                         uint32_t len)
{
    g_clear_pointer(&FAKE_MEM(mem)->nv[area], g_bytes_unref);
    FAKE_MEM(mem)->nv[area] = g_bytes_new(buf, len);
}

static bool fake_nv_load(CXLMem *mem, CXLNvArea area, void *buf, uint32_t len)
{
    GBytes *nv = FAKE_MEM(mem)->nv[area];

    if (!nv || g_bytes_get_size(nv) != len) {
        return false;
    }
    memcpy(buf, g_bytes_get_data(nv, NULL), len);
    return true;
}

static MemTxResult fake_write(CXLMem *mem, uint64_t dpa, uint64_t value,
                              unsigned size, MemTxAttrs attrs)
{
    g_assert_cmpuint(size, ==, 8);
    g_array_append_val(FAKE_MEM(mem)->writes, dpa);
    g_array_append_val(FAKE_MEM(mem)->writes, value);
    return MEMTX_OK;
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

static void fake_lock(CXLMem *mem, bool locked)
{
    FAKE_MEM(mem)->locked = locked;
}

static void fake_disable_media(CXLMem *mem, bool disabled)
{
    FAKE_MEM(mem)->disabled = disabled;
}

static void fake_erase(CXLMem *mem, const CXLMemRange *ranges, unsigned nr)
{
    FakeMem *fake = FAKE_MEM(mem);

    g_assert_cmpuint(nr, <=, ARRAY_SIZE(fake->ranges));
    fake->erased++;
    memcpy(fake->ranges, ranges, nr * sizeof(*ranges));
    fake->nr_ranges = nr;
}

static void fake_class_init(ObjectClass *oc, void *data)
{
    CXLMemClass *mc = CXL_MEM_CLASS(oc);

    mc->capacity = fake_capacity;
    mc->partition = fake_partition;
    mc->mapped = fake_mapped;
    mc->lock = fake_lock;
    mc->disable_media = fake_disable_media;
    mc->erase = fake_erase;
    mc->nv_save = fake_nv_save;
    mc->nv_load = fake_nv_load;
    mc->write = fake_write;
    mc->lsa_read = fake_lsa_read;
    mc->lsa_write = fake_lsa_write;
}

static void fake_init(Object *obj)
{
    FAKE_MEM(obj)->vmem = VMEM;
    FAKE_MEM(obj)->writes = g_array_new(false, false, sizeof(uint64_t));
}

static void fake_finalize(Object *obj)
{
    for (unsigned area = 0; area < CXL_NV_AREAS; area++) {
        g_clear_pointer(&FAKE_MEM(obj)->nv[area], g_bytes_unref);
    }
    g_array_unref(FAKE_MEM(obj)->writes);
}

static const TypeInfo fake_mem_info = {
    .name = TYPE_FAKE_MEM,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(FakeMem),
    .instance_init = fake_init,
    .instance_finalize = fake_finalize,
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

static unsigned message(void *opaque, unsigned vector)
{
    return vector;
}

static const CXLEventsOps events_ops = {
    .pending = set_pending,
    .interrupt = interrupt,
    .message = message,
};
static bool locked(void *opaque)
{
    return ((Device *)opaque)->mem->locked;
}

static bool media_disabled(void *opaque)
{
    return ((Device *)opaque)->mem->disabled;
}

static void background_done(void *opaque)
{
    ((Device *)opaque)->done++;
}

static const CXLCCIOps cci_ops = {
    .media_disabled = media_disabled,
    .locked = locked,
    .background_done = background_done,
};
static const uint8_t vectors[CXL_EVENT_LOGS] = { 4, 5, 6, 7 };

static void add_logs(Device *d, CXLMem *mem)
{
    const CXLLogSources from = {
        .mem = mem, .infostat = &d->infostat, .events = &d->events,
        .timestamp = &d->timestamp, .shutdown = &d->shutdown,
        .health = &d->health, .poison = &d->poison,
    };

    cxl_logs_add(&d->cci, &d->logs, &from);
}

/* A device whose memory is @fake, which may outlive it */
static inline Device *new_device_on(FakeMem *fake)
{
    Device *d = g_new0(Device, 1);
    CXLMem *mem = CXL_MEM(fake);

    d->mem = FAKE_MEM(object_ref(OBJECT(fake)));
    d->infostat = (CXLInfostat) {
        .vendor = 0x8086, .device = 0x0d93, .serial = 0x1122334455667788,
        .component_type = CXL_COMPONENT_TYPE_TYPE3,
    };
    cxl_poison_init(&d->poison, POISON_MAX);
    d->poison.inject_max = INJECT_MAX;
    cxl_cci_init(&d->cci, &cci_ops, d, ROOM);
    cxl_infostat_add(&d->cci, &d->infostat);
    cxl_events_add(&d->cci, &d->events, &events_ops, d, vectors,
                   CXL_EVENT_LOGS, DEPTH);
    cxl_firmware_add(&d->cci, &d->firmware, mem, false);
    cxl_timestamp_add(&d->cci, &d->timestamp);
    add_logs(d, mem);
    cxl_features_add(&d->cci, &d->features, mem);
    cxl_maintenance_add(&d->cci, &d->maintenance, mem, &d->events,
                        &d->timestamp, &d->features);
    cxl_memdev_add(&d->cci, &d->memdev, mem, &d->events, &d->poison,
                   &d->firmware);
    cxl_lsa_add(&d->cci, &d->lsa, mem);
    cxl_shutdown_add(&d->cci, &d->shutdown, mem, false);
    cxl_health_add(&d->cci, &d->health, mem, &d->events, &d->timestamp,
                   &d->shutdown);
    cxl_media_add(&d->cci, &d->media, mem, &d->poison, &d->events,
                  &d->timestamp);
    cxl_security_add(&d->cci, &d->security, mem, &d->poison);
    cxl_sanitize_add(&d->cci, &d->sanitize, mem, &d->poison, &d->events,
                     &d->security);
    cxl_media_ops_add(&d->cci, &d->media_ops, mem, &d->poison, &d->security);
    return d;
}

static inline Device *new_device(void)
{
    FakeMem *fake = FAKE_MEM(object_new(TYPE_FAKE_MEM));
    Device *d = new_device_on(fake);

    object_unref(OBJECT(fake));
    return d;
}

static inline void free_device(Device *d)
{
    cxl_firmware_destroy(&d->firmware);
    cxl_events_destroy(&d->events);
    cxl_cci_destroy(&d->cci);
    cxl_media_destroy(&d->media);
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

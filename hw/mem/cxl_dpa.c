/*
 * Device physical addresses: partitions over memory backends
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "qemu/rcu.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "migration/vmstate.h"
#include "hw/cxl/cxl-dpa.h"
#include "hw/cxl/trace.h"

/* CXL r3.1 8.2.9.9.1.1: capacities are expressed in multiples of 256 MiB */
#define DPA_CAPACITY_UNIT (256 * MiB)

/*
 * An address space of its own for a backend. Writing to RAM by it drops the
 * code that TCG has translated from there and marks it dirty for migration,
 * none of which happens to the RAM of a device that is just written to.
 */
typedef struct CXLDpaMedia {
    struct rcu_head rcu;
    AddressSpace as;
} CXLDpaMedia;

static CXLDpaMedia *dpa_media_new(MemoryRegion *mr)
{
    CXLDpaMedia *media = g_new0(CXLDpaMedia, 1);

    address_space_init(&media->as, mr, "cxl-media");
    return media;
}

static void dpa_media_free(CXLDpaMedia *media)
{
    g_free(media);
}

static void dpa_media_destroy(CXLDpaMedia *media)
{
    /* RCU callbacks run in order: the address space's own comes first */
    address_space_destroy(&media->as);
    call_rcu(media, dpa_media_free, rcu);
}

/* Claim @backend for @property */
static bool dpa_claim(HostMemoryBackend *backend, const char *property,
                      Error **errp)
{
    MemoryRegion *mr = host_memory_backend_get_memory(backend);
    const char *id = object_get_canonical_path_component(OBJECT(backend));

    if (host_memory_backend_is_mapped(backend)) {
        error_setg(errp, "cxl-type3: property '%s': memory backend '%s' is in "
                   "use already; give each property of each device a backend "
                   "of its own", property, id);
        return false;
    }
    if (memory_region_is_rom(mr)) {
        error_setg(errp, "cxl-type3: property '%s': memory backend '%s' is "
                   "read-only; give one that can be written to", property, id);
        return false;
    }
    host_memory_backend_set_mapped(backend, true);
    return true;
}

static bool dpa_partition_init(CXLDpaPartition *p, HostMemoryBackend *backend,
                               uint64_t base, const char *property,
                               Error **errp)
{
    MemoryRegion *mr;
    uint64_t size;

    if (!backend) {
        return true;
    }
    mr = host_memory_backend_get_memory(backend);
    size = memory_region_size(mr);
    if (!size || size % DPA_CAPACITY_UNIT) {
        error_setg(errp, "cxl-type3: property '%s': memory backend '%s' has "
                   "%" PRIu64 " bytes; legal sizes are multiples of 256 MiB",
                   property,
                   object_get_canonical_path_component(OBJECT(backend)), size);
        return false;
    }
    if (!dpa_claim(backend, property, errp)) {
        return false;
    }
    *p = (CXLDpaPartition) {
        .backend = backend,
        .mr = mr,
        .media = dpa_media_new(mr),
        .base = base,
        .size = size,
    };
    return true;
}

static void dpa_partition_destroy(CXLDpaPartition *p)
{
    if (p->backend) {
        dpa_media_destroy(p->media);
        host_memory_backend_set_mapped(p->backend, false);
    }
    *p = (CXLDpaPartition) { 0 };
}

static bool dpa_lsa_init(CXLDpa *d, HostMemoryBackend *lsa, Error **errp)
{
    uint64_t size;

    if (!lsa) {
        return true;
    }
    /* CXL r3.1 8.2.9.9.1.1: LSA Size has four bytes */
    size = memory_region_size(host_memory_backend_get_memory(lsa));
    if (size > UINT32_MAX) {
        error_setg(errp, "cxl-type3: property 'lsa': memory backend '%s' has "
                   "%" PRIu64 " bytes; legal sizes are below 4 GiB",
                   object_get_canonical_path_component(OBJECT(lsa)), size);
        return false;
    }
    if (!dpa_claim(lsa, "lsa", errp)) {
        return false;
    }
    d->lsa = lsa;
    return true;
}

static bool dpa_check_combination(HostMemoryBackend *vmem,
                                  HostMemoryBackend *pmem,
                                  HostMemoryBackend *lsa, Error **errp)
{
    if (!vmem && !pmem) {
        error_setg(errp, "cxl-type3: no memory: set property "
                   "'volatile-memdev', 'persistent-memdev' or both to the id "
                   "of a memory backend");
        return false;
    }
    if (pmem && !lsa) {
        error_setg(errp, "cxl-type3: property 'lsa' is missing: persistent "
                   "memory needs a label storage area; set 'lsa' to the id of "
                   "a memory backend");
        return false;
    }
    return true;
}

bool cxl_dpa_init(CXLDpa *d, HostMemoryBackend *vmem, HostMemoryBackend *pmem,
                  HostMemoryBackend *lsa, Error **errp)
{
    d->vmem = (CXLDpaPartition) { 0 };
    d->pmem = (CXLDpaPartition) { 0 };
    d->lsa = NULL;
    d->dev = NULL;
    QLIST_INIT(&d->shadows);

    if (!dpa_check_combination(vmem, pmem, lsa, errp)) {
        return false;
    }
    /* CXL r3.1 8.2.9.9.1.2: volatile capacity begins at DPA 0 */
    if (dpa_partition_init(&d->vmem, vmem, 0, "volatile-memdev", errp) &&
        dpa_partition_init(&d->pmem, pmem, d->vmem.size, "persistent-memdev",
                           errp) &&
        dpa_lsa_init(d, lsa, errp)) {
        return true;
    }
    cxl_dpa_destroy(d);
    return false;
}

static MemoryRegion *dpa_lsa_mr(const CXLDpa *d)
{
    return d->lsa ? host_memory_backend_get_memory(d->lsa) : NULL;
}

static void dpa_each_ram(const CXLDpa *d,
                         void (*func)(MemoryRegion *mr, DeviceState *dev))
{
    MemoryRegion *mrs[] = { d->vmem.mr, d->pmem.mr, dpa_lsa_mr(d) };

    for (unsigned i = 0; i < ARRAY_SIZE(mrs); i++) {
        if (mrs[i]) {
            func(mrs[i], d->dev);
        }
    }
}

void cxl_dpa_register_ram(CXLDpa *d, DeviceState *dev)
{
    d->dev = dev;
    dpa_each_ram(d, vmstate_register_ram);
}

void cxl_dpa_destroy(CXLDpa *d)
{
    if (d->dev) {
        dpa_each_ram(d, vmstate_unregister_ram);
        d->dev = NULL;
    }
    dpa_partition_destroy(&d->vmem);
    dpa_partition_destroy(&d->pmem);
    if (d->lsa) {
        host_memory_backend_set_mapped(d->lsa, false);
        d->lsa = NULL;
    }
}

CXLMemCapacity cxl_dpa_capacity(const CXLDpa *d)
{
    return (CXLMemCapacity) {
        .vmem = d->vmem.size,
        .pmem = d->pmem.size,
        .lsa = d->lsa ? memory_region_size(dpa_lsa_mr(d)) : 0,
    };
}

const CXLDpaPartition *cxl_dpa_partition_of(const CXLDpa *d, uint64_t dpa)
{
    const CXLDpaPartition *p = dpa < d->vmem.size ? &d->vmem : &d->pmem;

    return dpa - p->base < p->size ? p : NULL;
}

/* Whether all of [@dpa, @dpa + @len) exists */
static bool dpa_in_range(const CXLDpa *d, uint64_t dpa, uint64_t len)
{
    uint64_t capacity = d->vmem.size + d->pmem.size;

    return dpa <= capacity && len <= capacity - dpa;
}

static bool dpa_poisoned(const CXLDpa *d, uint64_t dpa, uint64_t len)
{
    return d->poison && cxl_poison_hit(d->poison, dpa, len);
}

static bool dpa_accessible(const CXLDpa *d, uint64_t dpa, unsigned size)
{
    if (!dpa_in_range(d, dpa, size)) {
        trace_cxl_err_dpa_range(dpa, size, d->vmem.size + d->pmem.size);
        qemu_log_mask(LOG_GUEST_ERROR, "cxl: access of %u bytes at DPA 0x%"
                      PRIx64 ": beyond the capacity\n", size, dpa);
        return false;
    }
    if (d->media_disabled) {
        trace_cxl_err_dpa_media(dpa, size);
        return false;
    }
    return true;
}

/*
 * The shadow that has the byte at @dpa, or NULL; @len becomes how many of so
 * many bytes are in the same place, inside the same partition
 */
static CXLMemShadow *dpa_split(const CXLDpa *d, const CXLDpaPartition *p,
                               uint64_t dpa, unsigned *len)
{
    CXLMemShadow *shadow, *found = NULL;

    *len = MIN(*len, p->base + p->size - dpa);
    QLIST_FOREACH(shadow, &d->shadows, next) {
        if (dpa - shadow->dpa < shadow->len) {
            *len = MIN(*len, shadow->dpa + shadow->len - dpa);
            found = shadow;
        } else if (shadow->dpa > dpa) {
            *len = MIN(*len, shadow->dpa - dpa);
        }
    }
    return found;
}

void cxl_dpa_shadow(CXLDpa *d, CXLMemShadow *shadow, bool on)
{
    if (on) {
        QLIST_INSERT_HEAD(&d->shadows, shadow, next);
    } else {
        QLIST_REMOVE(shadow, next);
    }
}

MemTxResult cxl_dpa_read(const CXLDpa *d, uint64_t dpa, uint64_t *value,
                         unsigned size, MemTxAttrs attrs)
{
    uint8_t bytes[8] = { 0 };

    *value = UINT64_MAX;
    if (!dpa_accessible(d, dpa, size)) {
        return MEMTX_ERROR;
    }
    if (dpa_poisoned(d, dpa, size)) {
        trace_cxl_err_dpa_poison(dpa, size);
        return MEMTX_ERROR;
    }
    for (unsigned done = 0, part; done < size; done += part) {
        uint64_t at = dpa + done;
        const CXLDpaPartition *p = cxl_dpa_partition_of(d, at);
        CXLMemShadow *shadow;

        part = size - done;
        shadow = dpa_split(d, p, at, &part);
        if (shadow) {
            shadow->read(shadow, at, bytes + done, part);
        } else {
            memcpy(bytes + done, (uint8_t *)memory_region_get_ram_ptr(p->mr) +
                   (at - p->base), part);
        }
    }
    *value = ldq_le_p(bytes);
    return MEMTX_OK;
}

MemTxResult cxl_dpa_write(const CXLDpa *d, uint64_t dpa, uint64_t value,
                          unsigned size, MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;
    uint8_t bytes[8];

    if (!dpa_accessible(d, dpa, size)) {
        return MEMTX_ERROR;
    }
    stq_le_p(bytes, value);
    for (unsigned done = 0, part; done < size; done += part) {
        uint64_t at = dpa + done;
        const CXLDpaPartition *p = cxl_dpa_partition_of(d, at);
        CXLMemShadow *shadow;

        part = size - done;
        shadow = dpa_split(d, p, at, &part);
        if (shadow) {
            shadow->write(shadow, at, bytes + done, part);
        } else {
            result |= address_space_write(&p->media->as, at - p->base, attrs,
                                          bytes + done, part);
        }
    }
    return result;
}

MemoryRegion *cxl_dpa_ram(const CXLDpa *d, uint64_t dpa, uint64_t len,
                          hwaddr *offset)
{
    const CXLDpaPartition *p = cxl_dpa_partition_of(d, dpa);

    if (!p || len > p->size - (dpa - p->base) || d->media_disabled) {
        return NULL;
    }
    *offset = dpa - p->base;
    return p->mr;
}

bool cxl_dpa_checked(const CXLDpa *d, uint64_t dpa, uint64_t len,
                     uint64_t *start, uint64_t *end)
{
    const CXLPoison *poison =
        d->poison ? cxl_poison_at(d->poison, cxl_poison_find(d->poison, dpa))
                  : NULL;

    if (!poison || poison->dpa >= dpa + len) {
        return false;
    }
    *start = MAX(poison->dpa, dpa);
    *end = MIN(poison->dpa + poison->len, dpa + len);
    return true;
}

static uint8_t *dpa_lsa_bytes(const CXLDpa *d, uint64_t offset, uint32_t len)
{
    MemoryRegion *mr = dpa_lsa_mr(d);

    assert(mr && offset <= memory_region_size(mr) &&
           len <= memory_region_size(mr) - offset);
    return (uint8_t *)memory_region_get_ram_ptr(mr) + offset;
}

void cxl_dpa_lsa_read(const CXLDpa *d, uint64_t offset, void *buf,
                      uint32_t len)
{
    memcpy(buf, dpa_lsa_bytes(d, offset, len), len);
}

void cxl_dpa_lsa_write(const CXLDpa *d, uint64_t offset, const void *buf,
                       uint32_t len)
{
    memcpy(dpa_lsa_bytes(d, offset, len), buf, len);
    if (len) {
        memory_region_set_dirty(dpa_lsa_mr(d), offset, len);
        memory_region_msync(dpa_lsa_mr(d), offset, len);
    }
}

/*
 * Device physical addresses: the memory backends and the two partitions
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/queue.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "migration/vmstate.h"
#include "exec/ramblock.h"
#include "hw/cxl/cxl-dpa.h"
#include "hw/cxl/decode/view-scan.h"

/* CXL r3.1 8.2.9.9.1.1: capacities are expressed in multiples of 256 MiB */
#define DPA_CAPACITY_UNIT (256 * MiB)

static const char *const dpa_properties[CXL_DPA_BANKS] = {
    [CXL_DPA_VOLATILE] = "volatile-memdev",
    [CXL_DPA_PARTITIONABLE] = "partitionable-memdev",
    [CXL_DPA_PERSISTENT] = "persistent-memdev",
};

/*
 * The backends of all devices, one behind the other. Whenever the memory map of
 * the machine changes in any way, QEMU renders each address space anew: one
 * for each device would make a machine slow and large that has many.
 */
static struct {
    MemoryRegion root;
    AddressSpace as;
    QTAILQ_HEAD(, CXLDpaMedia) backends;
    bool ready;
} dpa_media;

static void dpa_media_init(void)
{
    if (!dpa_media.ready) {
        memory_region_init(&dpa_media.root, NULL, "cxl-media", UINT64_MAX);
        address_space_init(&dpa_media.as, &dpa_media.root, "cxl-media");
        QTAILQ_INIT(&dpa_media.backends);
        dpa_media.ready = true;
    }
}

/* In the first gap that is large enough */
static void dpa_media_insert(CXLDpaMedia *media, uint64_t size)
{
    CXLDpaMedia *next;
    uint64_t at = 0;

    QTAILQ_FOREACH(next, &dpa_media.backends, link) {
        if (next->at - at >= size) {
            break;
        }
        at = next->at + memory_region_size(&next->alias);
    }
    media->at = at;
    if (next) {
        QTAILQ_INSERT_BEFORE(next, media, link);
    } else {
        QTAILQ_INSERT_TAIL(&dpa_media.backends, media, link);
    }
}

static CXLDpaMedia *dpa_media_new(MemoryRegion *mr)
{
    CXLDpaMedia *media = g_new0(CXLDpaMedia, 1);
    uint64_t size = memory_region_size(mr);

    dpa_media_init();
    dpa_media_insert(media, size);
    memory_region_init_alias(&media->alias, NULL, "cxl-media-backend", mr, 0,
                             size);
    memory_region_add_subregion(&dpa_media.root, media->at, &media->alias);
    return media;
}

static void dpa_media_destroy(CXLDpaMedia *media)
{
    memory_region_del_subregion(&dpa_media.root, &media->alias);
    object_unparent(OBJECT(&media->alias));
    QTAILQ_REMOVE(&dpa_media.backends, media, link);
    g_free(media);
}

MemTxResult cxl_dpa_bank_write(const CXLDpaBank *b, uint64_t offset,
                               const void *buf, uint64_t len,
                               MemTxAttrs attrs)
{
    return address_space_write(&dpa_media.as, b->media->at + offset, attrs,
                               buf, len);
}

static const char *dpa_id(HostMemoryBackend *backend)
{
    return object_get_canonical_path_component(OBJECT(backend));
}

/* Claim @backend for @property */
static bool dpa_claim(HostMemoryBackend *backend, const char *property,
                      Error **errp)
{
    MemoryRegion *mr = host_memory_backend_get_memory(backend);

    if (host_memory_backend_is_mapped(backend)) {
        error_setg(errp, "cxl-type3: property '%s': memory backend '%s' is in "
                   "use already; give each property of each device a backend "
                   "of its own", property, dpa_id(backend));
        return false;
    }
    if (memory_region_is_rom(mr)) {
        error_setg(errp, "cxl-type3: property '%s': memory backend '%s' is "
                   "read-only; give one that can be written to", property,
                   dpa_id(backend));
        return false;
    }
    host_memory_backend_set_mapped(backend, true);
    return true;
}

static bool dpa_bank_init(CXLDpaBank *b, HostMemoryBackend *backend,
                          uint64_t base, const char *property, Error **errp)
{
    MemoryRegion *mr;
    uint64_t size;

    *b = (CXLDpaBank) { .base = base };
    if (!backend) {
        return true;
    }
    mr = host_memory_backend_get_memory(backend);
    size = memory_region_size(mr);
    if (!size || size % DPA_CAPACITY_UNIT) {
        error_setg(errp, "cxl-type3: property '%s': memory backend '%s' has "
                   "%" PRIu64 " bytes; legal sizes are multiples of 256 MiB",
                   property, dpa_id(backend), size);
        return false;
    }
    if (!dpa_claim(backend, property, errp)) {
        return false;
    }
    *b = (CXLDpaBank) {
        .backend = backend,
        .mr = mr,
        .media = dpa_media_new(mr),
        .base = base,
        .size = size,
    };
    return true;
}

static void dpa_bank_destroy(CXLDpaBank *b)
{
    if (b->backend) {
        dpa_media_destroy(b->media);
        host_memory_backend_set_mapped(b->backend, false);
    }
    *b = (CXLDpaBank) { 0 };
}

static bool dpa_banks_init(CXLDpa *d, const CXLDpaBackends *backends,
                           Error **errp)
{
    uint64_t base = 0;

    for (unsigned n = 0; n < CXL_DPA_BANKS; n++) {
        if (!dpa_bank_init(&d->banks[n], backends->memory[n], base,
                           dpa_properties[n], errp)) {
            return false;
        }
        base += d->banks[n].size;
    }
    return true;
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
                   dpa_id(lsa), size);
        return false;
    }
    if (!dpa_claim(lsa, "lsa", errp)) {
        return false;
    }
    d->lsa = lsa;
    return true;
}

/* Partitionable memory needs labels as soon as any of it is persistent */
static bool dpa_check_combination(const CXLDpaBackends *backends,
                                  Error **errp)
{
    bool any = false;

    for (unsigned n = 0; n < CXL_DPA_BANKS; n++) {
        any |= !!backends->memory[n];
    }
    if (!any) {
        error_setg(errp, "cxl-type3: no memory: set property "
                   "'volatile-memdev', 'persistent-memdev' or "
                   "'partitionable-memdev' to the id of a memory backend");
        return false;
    }
    if (!backends->lsa && (backends->memory[CXL_DPA_PERSISTENT] ||
                           backends->memory[CXL_DPA_PARTITIONABLE])) {
        error_setg(errp, "cxl-type3: property 'lsa' is missing: %s "
                   "memory needs a label storage area; set 'lsa' to the id of "
                   "a memory backend",
                   backends->memory[CXL_DPA_PERSISTENT] ? "persistent"
                                                        : "partitionable");
        return false;
    }
    return true;
}

/* How much of the partitionable memory is volatile at first */
static bool dpa_partition_init(CXLDpa *d, uint64_t partition_volatile,
                               Error **errp)
{
    const CXLDpaBank *b = &d->banks[CXL_DPA_PARTITIONABLE];
    uint64_t some = partition_volatile;

    if (some == CXL_DPA_ALL_VOLATILE) {
        some = b->size;
    } else if (!b->size) {
        error_setg(errp, "cxl-type3: property 'partition-volatile' needs "
                   "property 'partitionable-memdev'");
        return false;
    }
    if (!cxl_dpa_partition(d, b->base + some)) {
        error_setg(errp, "cxl-type3: property 'partition-volatile' cannot be "
                   "%" PRIu64 "; legal values are multiples of 256 MiB up to "
                   "the %" PRIu64 " bytes of 'partitionable-memdev'", some,
                   b->size);
        return false;
    }
    return true;
}

bool cxl_dpa_init(CXLDpa *d, const CXLDpaBackends *backends,
                  uint64_t partition_volatile, Error **errp)
{
    memset(d->banks, 0, sizeof(d->banks));
    d->vmem = 0;
    d->lsa = NULL;
    d->dev = NULL;
    QLIST_INIT(&d->shadows);

    if (!dpa_check_combination(backends, errp)) {
        return false;
    }
    if (dpa_banks_init(d, backends, errp) &&
        dpa_partition_init(d, partition_volatile, errp) &&
        dpa_lsa_init(d, backends->lsa, errp)) {
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
    for (unsigned n = 0; n < CXL_DPA_BANKS; n++) {
        if (d->banks[n].mr) {
            func(d->banks[n].mr, d->dev);
        }
    }
    if (d->lsa) {
        func(dpa_lsa_mr(d), d->dev);
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
    for (unsigned n = 0; n < CXL_DPA_BANKS; n++) {
        dpa_bank_destroy(&d->banks[n]);
    }
    if (d->lsa) {
        host_memory_backend_set_mapped(d->lsa, false);
        d->lsa = NULL;
    }
}

uint64_t cxl_dpa_size(const CXLDpa *d)
{
    const CXLDpaBank *last = &d->banks[CXL_DPA_PERSISTENT];

    return last->base + last->size;
}

CXLMemCapacity cxl_dpa_capacity(const CXLDpa *d)
{
    return (CXLMemCapacity) {
        .vmem = d->vmem,
        .pmem = cxl_dpa_size(d) - d->vmem,
        .volatile_only = d->banks[CXL_DPA_VOLATILE].size,
        .persistent_only = d->banks[CXL_DPA_PERSISTENT].size,
        .lsa = d->lsa ? memory_region_size(dpa_lsa_mr(d)) : 0,
    };
}

bool cxl_dpa_partition(CXLDpa *d, uint64_t vmem)
{
    const CXLDpaBank *b = &d->banks[CXL_DPA_PARTITIONABLE];

    if (vmem % DPA_CAPACITY_UNIT || vmem < b->base ||
        vmem - b->base > b->size) {
        return false;
    }
    d->vmem = vmem;
    return true;
}

static void dpa_bank_zero(const CXLDpaBank *b, uint64_t from, uint64_t to)
{
    if (from < to) {
        address_space_set(&dpa_media.as, b->media->at + from, 0, to - from,
                          MEMTXATTRS_UNSPECIFIED);
    }
}

/* Shrink [@from, @to) to multiples of @unit; it may become empty */
static void dpa_shrink(uint64_t *from, uint64_t *to, uint64_t unit)
{
    *from = MIN(QEMU_ALIGN_UP(*from, unit), *to);
    *to = MAX(QEMU_ALIGN_DOWN(*to, unit), *from);
}

/* A hole in a private mapping would be one in somebody's file */
static void dpa_bank_discard(const CXLDpaBank *b, uint64_t from, uint64_t to)
{
    RAMBlock *rb = b->mr->ram_block;

    dpa_shrink(&from, &to, qemu_ram_pagesize(rb));
    if (from < to &&
        (qemu_ram_get_fd(rb) >= 0) == qemu_ram_is_shared(rb) &&
        !ram_block_discard_is_disabled()) {
        ram_block_discard_range(rb, from, to - from);
    }
}

/*
 * Clear the bytes @from to @to of @b. What was never written to stays absent,
 * and what is cleared goes back to the host where it can.
 */
static void dpa_bank_clear(const CXLDpaBank *b, uint64_t from, uint64_t to)
{
    uint64_t first = from, last = to, end;
    CXLScan scan;

    dpa_shrink(&first, &last, qemu_real_host_page_size());
    dpa_bank_zero(b, from, first);
    cxl_scan_init(&scan, b->mr);
    for (uint64_t at = first; at < last; at = end) {
        if (cxl_scan(&scan, at, last, &end)) {
            dpa_bank_zero(b, at, end);
        }
    }
    dpa_bank_zero(b, last, to);
    dpa_bank_discard(b, first, last);
}

void cxl_dpa_forget_volatile(CXLDpa *d)
{
    for (unsigned n = 0; n < CXL_DPA_BANKS; n++) {
        const CXLDpaBank *b = &d->banks[n];

        if (b->size && b->base < d->vmem) {
            dpa_bank_clear(b, 0, MIN(b->size, d->vmem - b->base));
        }
    }
}

/* What of @ranges is in @b; what is on its way to a file goes in one piece */
static void dpa_bank_erase(const CXLDpaBank *b, const CXLMemRange *ranges,
                           unsigned nr)
{
    uint64_t low = UINT64_MAX, high = 0;

    for (unsigned n = 0; n < nr; n++) {
        uint64_t from = MAX(ranges[n].dpa, b->base);
        uint64_t to = MIN(ranges[n].dpa + ranges[n].len, b->base + b->size);

        if (from < to) {
            dpa_bank_clear(b, from - b->base, to - b->base);
            low = MIN(low, from - b->base);
            high = MAX(high, to - b->base);
        }
    }
    if (low < high) {
        memory_region_msync(b->mr, low, high - low);
    }
}

void cxl_dpa_erase(CXLDpa *d, const CXLMemRange *ranges, unsigned nr)
{
    for (unsigned n = 0; n < CXL_DPA_BANKS; n++) {
        dpa_bank_erase(&d->banks[n], ranges, nr);
    }
}

const CXLDpaBank *cxl_dpa_bank_of(const CXLDpa *d, uint64_t dpa)
{
    for (unsigned n = 0; n < CXL_DPA_BANKS; n++) {
        if (dpa - d->banks[n].base < d->banks[n].size) {
            return &d->banks[n];
        }
    }
    return NULL;
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

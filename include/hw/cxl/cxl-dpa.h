/*
 * Device physical addresses: partitions over memory backends
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DPA_H
#define HW_CXL_DPA_H

#include "exec/memory.h"
#include "system/hostmem.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/model/poison.h"

/**
 * CXLDpaPartition: one partition
 * @backend, @mr: its memory, NULL when there is no partition
 * @media: by which writes reach @mr
 * @base, @size: the DPAs it takes, in bytes
 */
typedef struct CXLDpaPartition {
    HostMemoryBackend *backend;
    MemoryRegion *mr;
    struct CXLDpaMedia *media;
    uint64_t base;
    uint64_t size;
} CXLDpaPartition;

/**
 * CXLDpa: the address space of a device, volatile memory first
 * @lsa: the label storage area, NULL when there is none
 * @poison: the owner's poison list, NULL for none
 * @media_disabled: every access fails
 * @shadows: ranges whose bytes are elsewhere for now
 * @dev: set by cxl_dpa_register_ram()
 *
 * After a change of @media_disabled or of the list, or before
 * cxl_dpa_destroy(), the owner brings the windows up to date.
 */
typedef struct CXLDpa {
    CXLDpaPartition vmem;
    CXLDpaPartition pmem;
    HostMemoryBackend *lsa;
    const CXLPoisonList *poison;
    bool media_disabled;
    QLIST_HEAD(, CXLMemShadow) shadows;
    DeviceState *dev;
} CXLDpa;

/**
 * cxl_dpa_init: claim the backends
 * @vmem, @pmem, @lsa: any may be NULL, but not both of the first
 *
 * Fails, naming the property, when none is given, one is in use already, one
 * is read-only, memory is not a multiple of 256 MiB, or persistent memory has
 * no LSA. @d->poison and @d->media_disabled are the owner's to set.
 */
bool cxl_dpa_init(CXLDpa *d, HostMemoryBackend *vmem, HostMemoryBackend *pmem,
                  HostMemoryBackend *lsa, Error **errp);
/* Have the contents saved, loaded and migrated, as RAM of @dev */
void cxl_dpa_register_ram(CXLDpa *d, DeviceState *dev);
/* Let go of the backends, so that another device may have them */
void cxl_dpa_destroy(CXLDpa *d);
CXLMemCapacity cxl_dpa_capacity(const CXLDpa *d);
/* The partition that holds @dpa, or NULL */
const CXLDpaPartition *cxl_dpa_partition_of(const CXLDpa *d, uint64_t dpa);
/*
 * Read or write @size bytes, 1 to 8, little-endian. Checks in this order:
 * range, media, poison; poison fails reads only, a write neither fails nor
 * heals. @value is all ones after a read that fails.
 */
MemTxResult cxl_dpa_read(const CXLDpa *d, uint64_t dpa, uint64_t *value,
                         unsigned size, MemTxAttrs attrs);
MemTxResult cxl_dpa_write(const CXLDpa *d, uint64_t dpa, uint64_t value,
                          unsigned size, MemTxAttrs attrs);
/* As CXLMemClass.ram() */
MemoryRegion *cxl_dpa_ram(const CXLDpa *d, uint64_t dpa, uint64_t len,
                          hwaddr *offset);
/* As CXLMemClass.checked(): what is poisoned */
bool cxl_dpa_checked(const CXLDpa *d, uint64_t dpa, uint64_t len,
                     uint64_t *start, uint64_t *end);
/* As CXLMemClass.shadow() */
void cxl_dpa_shadow(CXLDpa *d, CXLMemShadow *shadow, bool on);
/* The caller has checked that @offset and @len lie inside the LSA */
void cxl_dpa_lsa_read(const CXLDpa *d, uint64_t offset, void *buf,
                      uint32_t len);
/* Writes reach the backing file before this returns */
void cxl_dpa_lsa_write(const CXLDpa *d, uint64_t offset, const void *buf,
                       uint32_t len);

#endif /* HW_CXL_DPA_H */

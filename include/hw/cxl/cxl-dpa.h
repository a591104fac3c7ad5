/*
 * Device physical addresses: partitions over memory backends
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DPA_H
#define HW_CXL_DPA_H

#include "qemu/queue.h"
#include "exec/memory.h"
#include "system/hostmem.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/model/poison.h"

/*
 * What memory a device has, in the order of its addresses. What is
 * partitionable is volatile first and then persistent.
 */
typedef enum CXLDpaKind {
    CXL_DPA_VOLATILE,
    CXL_DPA_PARTITIONABLE,
    CXL_DPA_PERSISTENT,
    CXL_DPA_BANKS
} CXLDpaKind;

typedef struct CXLDpa CXLDpa;

/**
 * CXLDpaBackends: where the memory comes from
 * @memory: by kind; any may be NULL, but not all of them
 * @lsa: may be NULL if all memory is volatile for good
 */
typedef struct CXLDpaBackends {
    HostMemoryBackend *memory[CXL_DPA_BANKS];
    HostMemoryBackend *lsa;
} CXLDpaBackends;

/**
 * CXLDpaMedia: where a backend is in the address space of all backends
 * @alias: of the backend, at @at
 *
 * Writing to RAM by an address space drops the code that TCG has translated
 * from there and marks it dirty for migration, none of which happens to the RAM
 * of a device that is just written to.
 */
typedef struct CXLDpaMedia {
    MemoryRegion alias;
    uint64_t at;
    QTAILQ_ENTRY(CXLDpaMedia) link;
} CXLDpaMedia;

/**
 * CXLDpaBank: one memory backend
 * @backend, @mr: its memory, NULL when there is none
 * @media: by which writes reach @mr
 * @base, @size: the DPAs it takes, in bytes
 */
typedef struct CXLDpaBank {
    HostMemoryBackend *backend;
    MemoryRegion *mr;
    CXLDpaMedia *media;
    uint64_t base;
    uint64_t size;
} CXLDpaBank;

/**
 * CXLDpaPoisonOps: what the owner is told of accesses to poison
 * @consumed: @size bytes at @dpa, some of them poisoned, were read
 * @written: they were written
 */
typedef struct CXLDpaPoisonOps {
    void (*consumed)(CXLDpa *d, uint64_t dpa, unsigned size);
    void (*written)(CXLDpa *d, uint64_t dpa, unsigned size);
} CXLDpaPoisonOps;

/**
 * CXLDpa: the address space of a device, volatile memory first
 * @vmem: bytes from DPA 0 on that are volatile; all others are persistent
 * @lsa: the label storage area, NULL when there is none
 * @poison: the owner's poison list, NULL for none
 * @poison_ops: NULL: nobody is told
 * @poison_is_data: reads of poison give what was last written
 * @media_disabled: every access fails
 * @media_not_ready: every access fails, too; see cxl_type3_fault.c
 * @locked: every access of the persistent partition fails
 * @shadows: ranges whose bytes are elsewhere for now
 * @dev: set by cxl_dpa_register_ram()
 *
 * After a change of @media_disabled, @media_not_ready, @locked or the list, or
 * before cxl_dpa_destroy(), the owner brings the windows up to date. Which
 * byte of which bank stands at a DPA never changes.
 */
struct CXLDpa {
    CXLDpaBank banks[CXL_DPA_BANKS];
    uint64_t vmem;
    HostMemoryBackend *lsa;
    const CXLPoisonList *poison;
    const CXLDpaPoisonOps *poison_ops;
    bool poison_is_data;
    bool media_disabled;
    bool media_not_ready;
    bool locked;
    QLIST_HEAD(, CXLMemShadow) shadows;
    DeviceState *dev;
};

/* Whether no access can succeed, for one reason or the other */
static inline bool cxl_dpa_without_media(const CXLDpa *d)
{
    return d->media_disabled || d->media_not_ready;
}

/* All of the partitionable memory is volatile */
#define CXL_DPA_ALL_VOLATILE UINT64_MAX

/**
 * cxl_dpa_init: claim the backends
 * @partition_volatile: bytes of the partitionable memory that are volatile
 *
 * Fails, naming the property, when none is given, one is in use already, one
 * is read-only, memory is not a multiple of 256 MiB, there is no LSA for what
 * is or can become persistent, or @partition_volatile is out of range.
 * What is about poison, media and locks is the owner's to set.
 */
bool cxl_dpa_init(CXLDpa *d, const CXLDpaBackends *backends,
                  uint64_t partition_volatile, Error **errp);
/* Have the contents saved, loaded and migrated, as RAM of @dev */
void cxl_dpa_register_ram(CXLDpa *d, DeviceState *dev);
/* Let go of the backends, so that another device may have them */
void cxl_dpa_destroy(CXLDpa *d);
CXLMemCapacity cxl_dpa_capacity(const CXLDpa *d);
/* Bytes of both partitions */
uint64_t cxl_dpa_size(const CXLDpa *d);
/*
 * Let the volatile partition end at @vmem, and the persistent one begin there;
 * false when @vmem is no multiple of 256 MiB, or outside of what is
 * partitionable. Content stays where it is.
 */
bool cxl_dpa_partition(CXLDpa *d, uint64_t vmem);
/* All that is volatile becomes zero; no decoder is committed */
void cxl_dpa_forget_volatile(CXLDpa *d);
/*
 * The @nr @ranges become zero, in backing files too; nothing of them is in a
 * window, nor in a shadow
 */
void cxl_dpa_erase(CXLDpa *d, const CXLMemRange *ranges, unsigned nr);
/* The bank that holds @dpa, or NULL */
const CXLDpaBank *cxl_dpa_bank_of(const CXLDpa *d, uint64_t dpa);
/* The caller has checked that @offset and @len lie inside the bank */
MemTxResult cxl_dpa_bank_write(const CXLDpaBank *b, uint64_t offset,
                               const void *buf, uint64_t len,
                               MemTxAttrs attrs);
/*
 * Read or write @size bytes, 1 to 8, little-endian. Checks in this order:
 * range, media, lock, poison; poison fails reads only, with MEMTX_POISONED.
 * @value is all ones after a read that fails.
 */
MemTxResult cxl_dpa_read(CXLDpa *d, uint64_t dpa, uint64_t *value,
                         unsigned size, MemTxAttrs attrs);
MemTxResult cxl_dpa_write(CXLDpa *d, uint64_t dpa, uint64_t value,
                          unsigned size, MemTxAttrs attrs);
/* As CXLMemClass.dpa_fault() */
CXLDpaFault cxl_dpa_fault(const CXLDpa *d, uint64_t dpa);
/* As CXLMemClass.ram(); NULL across a boundary of partitions or banks */
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

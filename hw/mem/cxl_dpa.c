/*
 * Device physical addresses: access to the memory backends behind them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "exec/memtx-poison.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "hw/cxl/cxl-dpa.h"
#include "hw/cxl/trace.h"

/* Whether all of [@dpa, @dpa + @len) exists */
static bool dpa_in_range(const CXLDpa *d, uint64_t dpa, uint64_t len)
{
    uint64_t capacity = cxl_dpa_size(d);

    return dpa <= capacity && len <= capacity - dpa;
}

static bool dpa_poisoned(const CXLDpa *d, uint64_t dpa, uint64_t len)
{
    return d->poison && cxl_poison_hit(d->poison, dpa, len);
}

/* CXL r3.1 8.2.9.9.6: what passphrases protect is persistent memory */
static bool dpa_locked(const CXLDpa *d, uint64_t dpa, uint64_t len)
{
    return d->locked && dpa + len > d->vmem;
}

static bool dpa_accessible(const CXLDpa *d, uint64_t dpa, unsigned size)
{
    if (!dpa_in_range(d, dpa, size)) {
        trace_cxl_err_dpa_range(dpa, size, cxl_dpa_size(d));
        qemu_log_mask(LOG_GUEST_ERROR, "cxl: access of %u bytes at DPA 0x%"
                      PRIx64 ": beyond the capacity (CXL r3.1 8.2.4.20.13)\n",
                      size, dpa);
        return false;
    }
    if (cxl_dpa_without_media(d)) {
        trace_cxl_err_dpa_media(dpa, size);
        return false;
    }
    if (dpa_locked(d, dpa, size)) {
        trace_cxl_err_dpa_locked(dpa, size);
        return false;
    }
    return true;
}

CXLDpaFault cxl_dpa_fault(const CXLDpa *d, uint64_t dpa)
{
    if (!dpa_in_range(d, dpa, 1)) {
        return CXL_DPA_BEYOND;
    }
    if (d->media_not_ready) {
        return CXL_DPA_NOT_READY;
    }
    if (d->media_disabled) {
        return CXL_DPA_DISABLED;
    }
    if (dpa_locked(d, dpa, 1)) {
        return CXL_DPA_LOCKED;
    }
    return dpa_poisoned(d, dpa, 1) ? CXL_DPA_POISON : CXL_DPA_FINE;
}

/*
 * The shadow that has the byte at @dpa, or NULL; @len becomes how many of so
 * many bytes are in the same place, inside the same bank
 */
static CXLMemShadow *dpa_split(const CXLDpa *d, const CXLDpaBank *b,
                               uint64_t dpa, unsigned *len)
{
    CXLMemShadow *shadow, *found = NULL;

    *len = MIN(*len, b->base + b->size - dpa);
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

/* Whether a read is to fail; its owner hears of it in any case */
static bool dpa_consumed(CXLDpa *d, uint64_t dpa, unsigned size)
{
    if (!dpa_poisoned(d, dpa, size)) {
        return false;
    }
    trace_cxl_err_dpa_poison(dpa, size);
    if (d->poison_ops) {
        d->poison_ops->consumed(d, dpa, size);
    }
    return !d->poison_is_data;
}

MemTxResult cxl_dpa_read(CXLDpa *d, uint64_t dpa, uint64_t *value,
                         unsigned size, MemTxAttrs attrs)
{
    uint8_t bytes[8] = { 0 };

    *value = UINT64_MAX;
    if (!dpa_accessible(d, dpa, size)) {
        return MEMTX_ERROR;
    }
    if (dpa_consumed(d, dpa, size)) {
        return MEMTX_ERROR | MEMTX_POISONED;
    }
    for (unsigned done = 0, part; done < size; done += part) {
        uint64_t at = dpa + done;
        const CXLDpaBank *b = cxl_dpa_bank_of(d, at);
        CXLMemShadow *shadow;

        part = size - done;
        shadow = dpa_split(d, b, at, &part);
        if (shadow) {
            shadow->read(shadow, at, bytes + done, part);
        } else {
            memcpy(bytes + done, (uint8_t *)memory_region_get_ram_ptr(b->mr) +
                   (at - b->base), part);
        }
    }
    *value = ldq_le_p(bytes);
    return MEMTX_OK;
}

MemTxResult cxl_dpa_write(CXLDpa *d, uint64_t dpa, uint64_t value,
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
        const CXLDpaBank *b = cxl_dpa_bank_of(d, at);
        CXLMemShadow *shadow;

        part = size - done;
        shadow = dpa_split(d, b, at, &part);
        if (shadow) {
            shadow->write(shadow, at, bytes + done, part);
        } else {
            result |= cxl_dpa_bank_write(b, at - b->base, bytes + done, part,
                                         attrs);
        }
    }
    if (d->poison_ops && dpa_poisoned(d, dpa, size)) {
        d->poison_ops->written(d, dpa, size);
    }
    return result;
}

MemoryRegion *cxl_dpa_ram(const CXLDpa *d, uint64_t dpa, uint64_t len,
                          hwaddr *offset)
{
    const CXLDpaBank *b = cxl_dpa_bank_of(d, dpa);

    if (!b || len > b->size - (dpa - b->base) ||
        cxl_dpa_without_media(d) || dpa_locked(d, dpa, len) ||
        (dpa < d->vmem && len > d->vmem - dpa)) {
        return NULL;
    }
    *offset = dpa - b->base;
    return b->mr;
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

/*
 * Register engine: a block of registers described by rows
 *
 * Each property of a register (its value, what can be written, what a one
 * clears, what survives a reset) is an array of bytes as long as the block,
 * so that an access of any width and alignment is the same loop over bytes.
 * The rows are only consulted for the hooks of the registers touched.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cxl-le.h"
#include "hw/cxl/regs/regfile.h"

#define ACCESS_MAX 8

/* One register: a plain row, or one element of an array row */
typedef struct CXLRegEntry {
    uint32_t offset;
    uint8_t width;
    uint8_t index;
    CXLRegWritten *written;
    void *opaque;
} CXLRegEntry;

/* A register with a hook that a write is about to touch */
typedef struct CXLRegHit {
    CXLRegEntry reg;
    uint64_t old;
} CXLRegHit;

void cxl_regfile_init(CXLRegFile *rf, uint32_t size)
{
    rf->size = size;
    rf->value = g_malloc0(size);
    rf->reset = g_malloc0(size);
    rf->wmask = g_malloc0(size);
    rf->w1c = g_malloc0(size);
    rf->sticky = g_malloc0(size);
    rf->live = g_malloc0(size);
    rf->writable = g_malloc(size);
    memset(rf->writable, 0xff, size);
    rf->rows = g_array_new(false, false, sizeof(CXLRegEntry));
}

void cxl_regfile_destroy(CXLRegFile *rf)
{
    g_free(rf->value);
    g_free(rf->reset);
    g_free(rf->wmask);
    g_free(rf->w1c);
    g_free(rf->sticky);
    g_free(rf->live);
    g_free(rf->writable);
    g_array_free(rf->rows, true);
    memset(rf, 0, sizeof(*rf));
}

static const CXLRegEntry *cxl_regfile_entry(const CXLRegFile *rf, guint i)
{
    return &g_array_index(rf->rows, CXLRegEntry, i);
}

static gint cxl_regfile_compare(gconstpointer a, gconstpointer b)
{
    const CXLRegEntry *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void cxl_regfile_add_element(CXLRegFile *rf, uint32_t offset,
                                    const CXLRegRow *row, unsigned index,
                                    void *opaque)
{
    CXLRegEntry reg = {
        .offset = offset,
        .width = row->width,
        .index = index,
        .written = row->written,
        .opaque = opaque,
    };

    assert(row->width >= 1 && row->width <= ACCESS_MAX);
    assert(offset <= rf->size && row->width <= rf->size - offset);
    g_array_append_val(rf->rows, reg);
    cxl_le_store(rf->value + offset, row->width, row->reset);
    cxl_le_store(rf->reset + offset, row->width, row->reset);
    cxl_le_store(rf->wmask + offset, row->width, row->wmask);
    cxl_le_store(rf->w1c + offset, row->width, row->w1c);
    cxl_le_store(rf->sticky + offset, row->width, row->sticky);
    cxl_le_store(rf->live + offset, row->width, row->live);
}

static void cxl_regfile_sort(CXLRegFile *rf)
{
    g_array_sort(rf->rows, cxl_regfile_compare);
    for (guint i = 1; i < rf->rows->len; i++) {
        const CXLRegEntry *before = cxl_regfile_entry(rf, i - 1);

        assert(before->offset + before->width <=
               cxl_regfile_entry(rf, i)->offset);
    }
}

void cxl_regfile_add(CXLRegFile *rf, uint32_t base, const CXLRegRow *rows,
                     unsigned nr, void *opaque)
{
    for (unsigned r = 0; r < nr; r++) {
        unsigned count = MAX(rows[r].count, 1);

        for (unsigned i = 0; i < count; i++) {
            cxl_regfile_add_element(rf, base + rows[r].offset +
                                    i * rows[r].stride, &rows[r], i, opaque);
        }
    }
    cxl_regfile_sort(rf);
}

void cxl_regfile_reset(CXLRegFile *rf, bool cold)
{
    for (uint32_t i = 0; i < rf->size; i++) {
        uint8_t keep = cold ? 0 : rf->sticky[i];

        rf->value[i] = (rf->value[i] & keep) | (rf->reset[i] & ~keep);
    }
    memset(rf->writable, 0xff, rf->size);
}

void cxl_regfile_reset_sticky(CXLRegFile *rf)
{
    for (uint32_t i = 0; i < rf->size; i++) {
        rf->value[i] = (rf->value[i] & ~rf->sticky[i]) |
                       (rf->reset[i] & rf->sticky[i]);
    }
}

uint64_t cxl_regfile_read(const CXLRegFile *rf, uint64_t offset,
                          unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        uint64_t at = offset + i;

        if (at < rf->size) {
            value |= (uint64_t)rf->value[at] << (8 * i);
        }
    }
    return value;
}

/* The first register that ends behind @offset */
static guint cxl_regfile_first(const CXLRegFile *rf, uint64_t offset)
{
    guint low = 0, high = rf->rows->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const CXLRegEntry *reg = cxl_regfile_entry(rf, middle);

        if (reg->offset + reg->width <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Note down the registers with hooks in [@offset, @offset + @size) */
static unsigned cxl_regfile_hits(const CXLRegFile *rf, uint64_t offset,
                                 unsigned size, CXLRegHit *hits)
{
    /* An access that wraps reaches the block's first registers */
    uint64_t first = offset + size < offset ? 0 : offset;
    uint64_t end = offset + size;
    unsigned nr = 0;

    for (guint i = cxl_regfile_first(rf, first); i < rf->rows->len; i++) {
        const CXLRegEntry *reg = cxl_regfile_entry(rf, i);

        if (reg->offset >= end) {
            break;
        }
        if (reg->written) {
            hits[nr].reg = *reg;
            hits[nr].old = cxl_regfile_get(rf, reg->offset, reg->width);
            nr++;
        }
    }
    return nr;
}

static void cxl_regfile_write_byte(CXLRegFile *rf, uint64_t at, uint8_t byte)
{
    uint8_t wmask = rf->wmask[at] & rf->writable[at];
    uint8_t w1c = rf->w1c[at] & rf->writable[at];

    rf->value[at] = (rf->value[at] & ~wmask) | (byte & wmask);
    rf->value[at] &= ~(byte & w1c);
}

void cxl_regfile_write(CXLRegFile *rf, uint64_t offset, uint64_t value,
                       unsigned size)
{
    CXLRegHit hits[ACCESS_MAX];
    unsigned nr;

    assert(size <= ACCESS_MAX);
    nr = cxl_regfile_hits(rf, offset, size, hits);
    for (unsigned i = 0; i < size; i++) {
        if (offset + i < rf->size) {
            cxl_regfile_write_byte(rf, offset + i, value >> (8 * i));
        }
    }
    /* All bytes are in place before the first hook looks at them */
    for (unsigned i = 0; i < nr; i++) {
        const CXLRegEntry *reg = &hits[i].reg;

        reg->written(reg->opaque, reg->index, hits[i].old,
                     cxl_regfile_get(rf, reg->offset, reg->width));
    }
}

bool cxl_regfile_ignores(const CXLRegFile *rf, uint64_t offset,
                         uint64_t value, unsigned size)
{
    bool differs = false;

    for (unsigned i = 0; i < size; i++) {
        uint64_t at = offset + i;

        if (at >= rf->size || rf->wmask[at] || rf->w1c[at]) {
            return false;
        }
        differs |= rf->value[at] != (uint8_t)(value >> (8 * i));
    }
    return differs;
}

uint64_t cxl_regfile_get(const CXLRegFile *rf, uint32_t offset,
                         unsigned width)
{
    assert(offset <= rf->size && width <= rf->size - offset);
    return cxl_le_load(rf->value + offset, width);
}

void cxl_regfile_set(CXLRegFile *rf, uint32_t offset, unsigned width,
                     uint64_t value)
{
    assert(offset <= rf->size && width <= rf->size - offset);
    cxl_le_store(rf->value + offset, width, value);
}

bool cxl_regfile_plausible(const CXLRegFile *rf)
{
    for (uint32_t i = 0; i < rf->size; i++) {
        uint8_t may_differ = rf->wmask[i] | rf->w1c[i] | rf->live[i];

        if ((rf->value[i] ^ rf->reset[i]) & ~may_differ) {
            return false;
        }
    }
    return true;
}

void cxl_regfile_set_writable(CXLRegFile *rf, uint32_t offset, unsigned width,
                              uint64_t mask, bool on)
{
    uint64_t writable;

    assert(offset <= rf->size && width <= rf->size - offset);
    writable = cxl_le_load(rf->writable + offset, width);
    cxl_le_store(rf->writable + offset, width,
                 on ? writable | mask : writable & ~mask);
}

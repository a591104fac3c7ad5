/*
 * Register engine: a block of registers described by rows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_REGFILE_H
#define HW_CXL_REGS_REGFILE_H

/*
 * Called after a guest write has changed or re-written a register of a row
 * that names it, once per register and write, lowest offset first.
 * @opaque: what was given to cxl_regfile_add()
 * @index: which element of an array row, 0 for a plain row
 * @old: the register's value before the write
 * @now: its value after masks were applied
 */
typedef void CXLRegWritten(void *opaque, unsigned index,
                           uint64_t old, uint64_t now);

/**
 * CXLRegRow: one register, or an array of equal ones
 * @name: the specification's name, for trace and test
 * @offset: bytes from the base that cxl_regfile_add() is given
 * @width: 1, 2, 4 or 8 bytes
 * @count: elements of an array; 0 and 1 mean a single register
 * @stride: bytes from one element to the next
 * @reset: value after reset
 * @wmask: bits that a guest can write (RW)
 * @w1c: bits that a guest clears by writing one (RW1C)
 * @sticky: bits that only a cold reset resets (RWS, RW1CS, ROS)
 * @live: bits that the device changes, besides those that a guest can
 * @written: called after a guest write, or NULL
 */
typedef struct CXLRegRow {
    const char *name;
    uint16_t offset;
    uint8_t width;
    uint8_t count;
    uint16_t stride;
    uint64_t reset;
    uint64_t wmask;
    uint64_t w1c;
    uint64_t sticky;
    uint64_t live;
    CXLRegWritten *written;
} CXLRegRow;

/**
 * CXLRegFile: the registers of one block, as bytes
 * @size: bytes of the block; accesses past it read zero and write nothing
 * @value: what the guest reads, @size bytes; part of the owner's VMState
 * @reset: value after reset
 * @wmask, @w1c, @sticky, @live: as in CXLRegRow
 * @writable: cleared where cxl_regfile_set_writable() forbade writes
 * @rows: every register, by offset
 *
 * Bytes that no row covers read as zero and ignore writes (RsvdP, RsvdZ).
 */
typedef struct CXLRegFile {
    uint32_t size;
    uint8_t *value;
    uint8_t *reset;
    uint8_t *wmask;
    uint8_t *w1c;
    uint8_t *sticky;
    uint8_t *live;
    uint8_t *writable;
    GArray *rows;
} CXLRegFile;

/* Make an empty block of @size bytes */
void cxl_regfile_init(CXLRegFile *rf, uint32_t size);
/* Free what the block holds; it may be initialised again */
void cxl_regfile_destroy(CXLRegFile *rf);

/**
 * cxl_regfile_add: place @nr rows at @base and give them their reset values
 *
 * Rows must lie inside the block and must not overlap rows that are there:
 * both are errors of ours and are asserted.
 */
void cxl_regfile_add(CXLRegFile *rf, uint32_t base, const CXLRegRow *rows,
                     unsigned nr, void *opaque);

/* Back to reset values; bits that are sticky keep theirs unless @cold */
void cxl_regfile_reset(CXLRegFile *rf, bool cold);
/* Only bits that are sticky go back to their reset values */
void cxl_regfile_reset_sticky(CXLRegFile *rf);

/*
 * A guest's read: @size bytes, 1 to 8, little-endian, from any @offset and
 * alignment, across registers. Offsets count modulo 2^64, so that an access
 * that begins below the block and reaches into it is right as well.
 */
uint64_t cxl_regfile_read(const CXLRegFile *rf, uint64_t offset,
                          unsigned size);
/* A guest's write, under the rows' masks; runs the hooks of what it touched */
void cxl_regfile_write(CXLRegFile *rf, uint64_t offset, uint64_t value,
                       unsigned size);

/*
 * Whether a guest's write would be in vain: nothing there can be written,
 * and something else stands there
 */
bool cxl_regfile_ignores(const CXLRegFile *rf, uint64_t offset,
                         uint64_t value, unsigned size);

/* The device's own view: no masks, no hooks */
uint64_t cxl_regfile_get(const CXLRegFile *rf, uint32_t offset,
                         unsigned width);
void cxl_regfile_set(CXLRegFile *rf, uint32_t offset, unsigned width,
                     uint64_t value);

/*
 * Whether every bit that nobody can change is what it always is. For checks
 * of a loaded state.
 */
bool cxl_regfile_plausible(const CXLRegFile *rf);

/*
 * Forbid (@on false) or allow again guest writes of the bits in @mask of the
 * register at @offset; a reset allows all again. For registers that lock.
 */
void cxl_regfile_set_writable(CXLRegFile *rf, uint32_t offset, unsigned width,
                              uint64_t mask, bool on);

#endif /* HW_CXL_REGS_REGFILE_H */

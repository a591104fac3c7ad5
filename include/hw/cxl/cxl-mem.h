/*
 * What a memory device offers to windows and command sets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_MEM_H
#define HW_CXL_MEM_H

#include "exec/memory.h"
#include "qemu/queue.h"
#include "qom/object.h"
#include "hw/cxl/cxl-decoder.h"
#include "hw/cxl/cxl-perf.h"

#define TYPE_CXL_MEM "cxl-mem"
typedef struct CXLMem CXLMem;
typedef struct CXLMemClass CXLMemClass;
DECLARE_CLASS_CHECKERS(CXLMemClass, CXL_MEM, TYPE_CXL_MEM)
#define CXL_MEM(obj) INTERFACE_CHECK(CXLMem, (obj), TYPE_CXL_MEM)

/**
 * CXLMemCapacity: what a device holds, in bytes; DPA 0 is the first volatile
 * byte, or the first persistent one of a device without volatile memory
 * @vmem: volatile capacity, a multiple of 256 MiB
 * @pmem: persistent capacity, a multiple of 256 MiB, right after it
 * @volatile_only, @persistent_only: how much of each is that for good; what is
 *     between them can be moved from one to the other
 * @lsa: label storage area
 */
typedef struct CXLMemCapacity {
    uint64_t vmem;
    uint64_t pmem;
    uint64_t volatile_only;
    uint64_t persistent_only;
    uint64_t lsa;
} CXLMemCapacity;

/* A range of a device's memory: the @len bytes at @dpa */
typedef struct CXLMemRange {
    uint64_t dpa;
    uint64_t len;
} CXLMemRange;

/**
 * CXLMemShadow: a range of a device's memory whose bytes are elsewhere for now
 * @read, @write: called with the BQL held, for bytes inside the range
 */
typedef struct CXLMemShadow CXLMemShadow;
struct CXLMemShadow {
    uint64_t dpa;
    uint64_t len;
    void (*read)(CXLMemShadow *shadow, uint64_t dpa, void *buf, uint64_t len);
    void (*write)(CXLMemShadow *shadow, uint64_t dpa, const void *buf,
                  uint64_t len);
    QLIST_ENTRY(CXLMemShadow) next;
};

/*
 * Implementation defined: pieces of state that are kept in non-volatile
 * memory. Numbers are part of the format: never reuse one.
 */
typedef enum CXLNvArea {
    CXL_NV_SHUTDOWN,
    CXL_NV_SECURITY,
    CXL_NV_POISON,
    CXL_NV_PARTITION,
    CXL_NV_FIRMWARE,
    CXL_NV_FEATURES,
    CXL_NV_HEALTH,
    CXL_NV_REPAIRS,
    CXL_NV_SANITIZE,
    CXL_NV_AREAS = 16
} CXLNvArea;
#define CXL_NV_MAX      8160

struct CXLMemClass {
    InterfaceClass parent_class;

    /*
     * Reads committed decoder @n of the device into @out; false when it is
     * not committed or the device does not decode. Called whenever routes are
     * compiled. Mandatory. @nr_decoders: how many @n make sense.
     */
    bool (*decoder)(CXLMem *mem, unsigned n, CXLDecoder *out);
    unsigned (*nr_decoders)(CXLMem *mem);
    /*
     * Reads decoder @n into @out as its registers stand, committed or not;
     * false past the last. Called by queries and to explain a miss. Optional:
     * without it, decoders that are committed are all that can be seen.
     */
    bool (*decoder_state)(CXLMem *mem, unsigned n, CXLDecoderState *out);
    /*
     * Returns which bits of CXL_ENABLE_ALL are set. Called as decoder_state()
     * is. Optional: all of them are.
     */
    unsigned (*enables)(CXLMem *mem);
    /*
     * Returns what stands against an access of the byte at @dpa, the first
     * of what read() checks. Called as decoder_state() is; changes nothing.
     * Optional: nothing does.
     */
    CXLDpaFault (*dpa_fault)(CXLMem *mem, uint64_t dpa);
    /*
     * Returns the device's capacities. Called by command sets and tables at
     * any time after realize. Mandatory.
     */
    CXLMemCapacity (*capacity)(CXLMem *mem);
    /*
     * Makes the first @vmem bytes volatile, and all others persistent; false,
     * and nothing changes, when capacity() says that they cannot be. Called
     * while no decoder is committed, at realize, and before decoders are
     * loaded. Optional: without it capacity() does not change.
     */
    bool (*partition)(CXLMem *mem, uint64_t vmem);
    /*
     * Finds what an access to the memory at @dpa costs inside the device, as
     * its CDAT says; false when that does not say all. Called when tables
     * are made for the guest. Optional: nothing is known.
     */
    bool (*perf)(CXLMem *mem, uint64_t dpa, CXLPerf *perf);
    /*
     * Returns whether any decoder is committed, be it used or not. Called by
     * commands that change memory under a host's feet. Optional: never.
     */
    bool (*mapped)(CXLMem *mem);
    /*
     * Reads or writes @size bytes, 1 to 8, at @dpa through all of the
     * device's checks; returns MEMTX_OK or MEMTX_ERROR. Called for accesses
     * that no fast mapping serves. Mandatory.
     */
    MemTxResult (*read)(CXLMem *mem, uint64_t dpa, uint64_t *value,
                        unsigned size, MemTxAttrs attrs);
    MemTxResult (*write)(CXLMem *mem, uint64_t dpa, uint64_t value,
                         unsigned size, MemTxAttrs attrs);
    /*
     * Returns the RAM that holds the whole of [@dpa, @dpa + @len) in order,
     * and in @offset where in it @dpa stands; NULL when it does not, or when
     * all accesses have to be checked one by one. Called when routes are
     * compiled. Optional: without it there are no fast mappings.
     */
    MemoryRegion *(*ram)(CXLMem *mem, uint64_t dpa, uint64_t len,
                         hwaddr *offset);
    /*
     * Finds, in what ram() returns RAM for, the first bytes of [@dpa, @dpa +
     * @len) that have to be checked at each access all the same: false when
     * there are none, or [@start, @end). Called after ram(). Optional: there
     * are none.
     */
    bool (*checked)(CXLMem *mem, uint64_t dpa, uint64_t len, uint64_t *start,
                    uint64_t *end);
    /*
     * Tells that checked() finds something else now, and that what is to be
     * kept of it in non-volatile memory is. With @more, the device has all
     * accesses checked that are to be before this returns; otherwise there is
     * time. Called by commands and accesses. Optional: nothing is fast.
     */
    void (*recheck)(CXLMem *mem, bool more);
    /*
     * From @on on until it is called again with false, what the device reads
     * and writes inside @shadow is read and written by that; its RAM there is
     * stale. Called when an interleave view comes and goes; shadows of a
     * device never overlap. Optional: without it there are no views.
     */
    void (*shadow)(CXLMem *mem, CXLMemShadow *shadow, bool on);
    /*
     * Writes @setup to decoder @n's registers, as software does; false when
     * it was to be committed and is not. Called for the machine's firmware,
     * after a reset. Mandatory.
     */
    bool (*program)(CXLMem *mem, unsigned n, const CXLDecoderSetup *setup);
    /*
     * Sets Mem_Enable and HDM Decoder Enable, and where the ranges of the
     * DVSEC begin: @base, in the order of their numbers. With @lock, sets
     * CONFIG_LOCK. Called for the machine's firmware, after a reset.
     * Mandatory.
     */
    void (*enable)(CXLMem *mem, const uint64_t base[2], bool lock);
    /*
     * Makes the media not ready until power goes. Called for the machine's
     * firmware, after a reset. Mandatory.
     */
    void (*unready)(CXLMem *mem);
    /*
     * Copies @len bytes of the label storage area; the caller has checked
     * that they lie inside it. Called by Get LSA and Set LSA. Mandatory when
     * capacity() has an LSA.
     */
    void (*lsa_read)(CXLMem *mem, uint64_t offset, void *buf, uint32_t len);
    void (*lsa_write)(CXLMem *mem, uint64_t offset, const void *buf,
                      uint32_t len);
    /*
     * Makes persistent memory inaccessible until it is called again with
     * false. Called when passphrases say so; never for a device that cannot
     * have persistent memory. Mandatory when capacity() can have any.
     */
    void (*lock)(CXLMem *mem, bool locked);
    /*
     * Makes all memory inaccessible until it is called again with false, and
     * shows so in registers. Called when a Sanitize starts, when one is
     * complete, and to say how it is at first. Mandatory.
     */
    void (*disable_media)(CXLMem *mem, bool disabled);
    /*
     * Tells that the firmware in @slot, of version @revision, runs now.
     * Called after a command or the loss of power has activated it. Optional:
     * nobody wants to know.
     */
    void (*firmware_activated)(CXLMem *mem, unsigned slot,
                               const char *revision);
    /*
     * Makes zero what stands in the @nr @ranges, none of which overlap, and
     * whoever maps it sees so; it is on its way to backing files when this
     * returns. The label storage area is not part of
     * it. Called by commands that erase. Mandatory.
     */
    void (*erase)(CXLMem *mem, const CXLMemRange *ranges, unsigned nr);
    /*
     * Keeps @len bytes, at most CXL_NV_MAX, so that they outlive this QEMU;
     * what was kept for @area before is replaced as a whole or not at all.
     * Called by command sets whenever state changes that power loss must not
     * lose. Optional: without it, and on devices without a place for it,
     * state lasts as long as QEMU does.
     */
    void (*nv_save)(CXLMem *mem, CXLNvArea area, const void *buf,
                    uint32_t len);
    /*
     * Copies what was kept for @area, if it is just @len bytes and intact;
     * otherwise returns false and leaves @buf alone. Called when the device is
     * realized. What it returns comes from a file: check it. Optional, as
     * above.
     */
    bool (*nv_load)(CXLMem *mem, CXLNvArea area, void *buf, uint32_t len);
};

#endif /* HW_CXL_MEM_H */

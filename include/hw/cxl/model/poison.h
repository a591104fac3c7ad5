/*
 * Poison: which cache lines of a device are poisoned, and why, and which of
 * them are on the list that the device gives to its host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_MODEL_POISON_H
#define HW_CXL_MODEL_POISON_H

/* CXL r3.1 8.2.9.9.4.1: poison has the granularity of a cache line */
#define CXL_POISON_LINE         64
/* Implementation defined: ranges that the media can have, listed or not */
#define CXL_POISON_RANGES_MAX   500

/**
 * CXLPoison: a range of poisoned lines that are alike
 * @dpa, @len: bytes, multiples of 64
 * @source: CXL r3.1 Table 8-140: Media Error Record, Error Source
 * @listed: on the list; otherwise the device does not know of it, or had no
 *          room for it
 */
typedef struct CXLPoison {
    uint64_t dpa;
    uint64_t len;
    uint8_t source;
    bool listed;
} CXLPoison;

/**
 * CXLPoisonList: ranges in ascending order, none of which overlap
 * @max: listed ranges at most, up to CXL_POISON_RANGES_MAX
 * @inject_max: lines at most that the host may have poisoned by commands
 * @overflow: the list had no room for a range since it was last complete
 */
typedef struct CXLPoisonList {
    GArray *ranges;
    uint32_t max;
    uint32_t inject_max;
    bool overflow;
    uint64_t overflow_timestamp;
} CXLPoisonList;

void cxl_poison_init(CXLPoisonList *list, uint32_t max);
void cxl_poison_destroy(CXLPoisonList *list);
void cxl_poison_clear_all(CXLPoisonList *list);
/* Number of ranges, and of those that are listed */
uint32_t cxl_poison_count(const CXLPoisonList *list);
uint32_t cxl_poison_count_listed(const CXLPoisonList *list);
/* Number of lines of @source */
uint64_t cxl_poison_count_lines(const CXLPoisonList *list, uint8_t source);
/* The @n-th range by address; NULL past the last */
const CXLPoison *cxl_poison_at(const CXLPoisonList *list, uint32_t n);
/* The first range that ends after @dpa; cxl_poison_count() past the last */
uint32_t cxl_poison_find(const CXLPoisonList *list, uint64_t dpa);
/* Whether any line of the @len bytes at @dpa is poisoned */
bool cxl_poison_hit(const CXLPoisonList *list, uint64_t dpa, uint64_t len);
/*
 * Poison the lines of [@dpa, @dpa + @len), joining equal neighbours; lines
 * that are poisoned already become like @range, which is as CXLPoison is but
 * for its bounds. What there is no room for on the list is not listed, and the
 * list has overflowed. False, and nothing changed, when the media cannot have
 * the ranges that result.
 */
bool cxl_poison_add(CXLPoisonList *list, const CXLPoison *range,
                    uint64_t timestamp_ns);
/*
 * Heal the lines of [@dpa, @dpa + @len); false, and nothing changed, when the
 * media cannot have the ranges that result. The rest of a listed range that
 * is cut in two may not fit on the list.
 */
bool cxl_poison_remove(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                       uint64_t timestamp_ns);
/*
 * The device has found out about the lines of [@dpa, @dpa + @len): list those
 * that are poisoned. False when there was no room for some of them.
 */
bool cxl_poison_found(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                      uint64_t timestamp_ns);
/* Take in a range that follows all others; false when it cannot be so */
bool cxl_poison_append(CXLPoisonList *list, const CXLPoison *range);

#define CXL_POISON_WRITES 8

/**
 * CXLPoisonWrites: poisoned lines that have been written in part
 * @dpa, @written: of each line, address and a bit for each byte; none: free
 * @next: which is given up next
 */
typedef struct CXLPoisonWrites {
    uint64_t dpa[CXL_POISON_WRITES];
    uint64_t written[CXL_POISON_WRITES];
    uint8_t next;
} CXLPoisonWrites;

/*
 * @len bytes at @dpa, all in one line, are written. True when with them all
 * bytes of the line have been; it is forgotten then.
 */
bool cxl_poison_write(CXLPoisonWrites *w, uint64_t dpa, unsigned len);

#endif /* HW_CXL_MODEL_POISON_H */

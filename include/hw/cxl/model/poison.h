/*
 * The poison list: which cache lines of a device are poisoned, and why
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_MODEL_POISON_H
#define HW_CXL_MODEL_POISON_H

/* CXL r3.1 8.2.9.9.4.1: poison has the granularity of a cache line */
#define CXL_POISON_LINE 64

/**
 * CXLPoison: a range of poisoned lines of one source
 * @dpa, @len: bytes, multiples of 64
 * @source: CXL r3.1 Table 8-140: Media Error Record, Error Source
 */
typedef struct CXLPoison {
    uint64_t dpa;
    uint64_t len;
    uint8_t source;
} CXLPoison;

/**
 * CXLPoisonList: ranges in ascending order, none of which overlap
 * @max: ranges it can hold
 * @overflow: a range was lost since the list was last cleared
 */
typedef struct CXLPoisonList {
    GArray *ranges;
    uint32_t max;
    bool overflow;
    uint64_t overflow_timestamp;
} CXLPoisonList;

void cxl_poison_init(CXLPoisonList *list, uint32_t max);
void cxl_poison_destroy(CXLPoisonList *list);
void cxl_poison_clear_all(CXLPoisonList *list);
/* Number of ranges */
uint32_t cxl_poison_count(const CXLPoisonList *list);
/* The @n-th range by address; NULL past the last */
const CXLPoison *cxl_poison_at(const CXLPoisonList *list, uint32_t n);
/* The first range that ends after @dpa; cxl_poison_count() past the last */
uint32_t cxl_poison_find(const CXLPoisonList *list, uint64_t dpa);
/* Whether any line of the @len bytes at @dpa is poisoned */
bool cxl_poison_hit(const CXLPoisonList *list, uint64_t dpa, uint64_t len);
/*
 * Poison the lines of [@dpa, @dpa + @len), joining equal neighbours; lines
 * that are poisoned already take the new source. False, the overflow set and
 * nothing else changed, when the list cannot hold the ranges that result.
 */
bool cxl_poison_add(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                    uint8_t source, uint64_t timestamp_ns);
/* Heal the lines of [@dpa, @dpa + @len); false when splitting overflowed */
bool cxl_poison_remove(CXLPoisonList *list, uint64_t dpa, uint64_t len,
                       uint64_t timestamp_ns);

#endif /* HW_CXL_MODEL_POISON_H */

/*
 * CXL r3.1 8.2.9.9.4: Poison and media scans: 4300h to 4305h
 *
 * What is poisoned is in a CXLPoisonList; everything that changes it or that
 * the device learns about it goes through here, so that memory, event logs and
 * what outlives the device follow.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_MEDIA_H
#define HW_CXL_CCI_MEDIA_H

#include "hw/cxl/cci/sets.h"
#include "hw/cxl/model/poison.h"
#include "hw/cxl/spec/payloads-media.h"

/**
 * CXLPoisonCursor: how far a list that takes several answers has been read
 * @dpa, @end: the query, [@dpa, @end)
 * @next: where the next answer goes on; 0 when no query is unfinished
 */
typedef struct CXLPoisonCursor {
    uint64_t dpa;
    uint64_t end;
    uint64_t next;
} CXLPoisonCursor;

/**
 * CXLMediaScan: the scan of the media that goes on or was the last one
 * @dpa, @end: what is scanned, [@dpa, @end)
 * @quiet: without event records
 * @found: what was found, once it has ended
 * @stopped: where it ended for want of room for more; @end: it did not
 * @next: results below have been read
 */
typedef struct CXLMediaScan {
    uint64_t dpa;
    uint64_t end;
    bool quiet;
    CXLPoisonList found;
    uint64_t stopped;
    uint64_t next;
} CXLMediaScan;

typedef struct CXLMedia {
    CXLMem *mem;
    CXLPoisonList *poison;
    CXLEvents *events;
    const CXLTimestamp *timestamp;
    CXLPoisonCursor cursor;
    CXLMediaScan scan;
    CXLPoisonWrites writes;
} CXLMedia;

/* The state of the set, and what is poisoned */
extern const VMStateDescription vmstate_cxl_media;
/* Takes in the poison that was kept in non-volatile memory */
void cxl_media_add(CXLCCI *cci, CXLMedia *s, CXLMem *mem,
                   CXLPoisonList *poison, CXLEvents *events,
                   const CXLTimestamp *timestamp);
void cxl_media_destroy(CXLMedia *s);
/* Forget unfinished queries and results; poison itself survives a reset */
void cxl_media_reset(CXLMedia *s);

/*
 * Lines become poisoned, without a command that says so; false when there are
 * too many ranges. @range is as for cxl_poison_add().
 */
bool cxl_media_poison(CXLMedia *s, const CXLPoison *range);
/*
 * Lines are no longer poisoned, and hold what they held; false when there are
 * too many ranges
 */
bool cxl_media_heal(CXLMedia *s, uint64_t dpa, uint64_t len);
/* Volatile memory is empty and without poison when power comes on */
void cxl_media_forget_volatile(CXLMedia *s);
/* The host has read poison */
void cxl_media_consumed(CXLMedia *s, uint64_t dpa, unsigned size);
/* The host has written, 8 bytes at most, to what is poisoned */
void cxl_media_written(CXLMedia *s, uint64_t dpa, unsigned size);
/* Keep what is poisoned in non-volatile memory */
void cxl_media_save(const CXLMedia *s);

#endif /* HW_CXL_CCI_MEDIA_H */

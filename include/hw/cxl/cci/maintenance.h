/*
 * CXL r3.1 8.2.9.7: Maintenance: 0600h Perform Maintenance
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_MAINTENANCE_H
#define HW_CXL_CCI_MAINTENANCE_H

#include "hw/cxl/cci/features.h"
#include "hw/cxl/cci/sets.h"

/* Kinds of spare media; numbers are part of what is kept */
typedef enum CXLSpareKind {
    CXL_SPARE_PPR,
    CXL_SPARE_CACHELINE,
    CXL_SPARE_ROW,
    CXL_SPARE_BANK,
    CXL_SPARE_RANK,
    CXL_SPARE_KINDS
} CXLSpareKind;

/**
 * CXLSpares: how many spares of a kind are in use
 * @soft: until power goes
 * @hard: for good; in non-volatile memory
 */
typedef struct CXLSpares {
    uint16_t soft;
    uint16_t hard;
} CXLSpares;

/**
 * CXLMaintenance: repairs of the media
 * @hppr_nibble_mask: what the hPPR in the background is to repair
 */
typedef struct CXLMaintenance {
    CXLMem *mem;
    CXLEvents *events;
    const CXLTimestamp *timestamp;
    const CXLFeatures *features;
    CXLSpares spares[CXL_SPARE_KINDS];
    uint32_t hppr_nibble_mask;
} CXLMaintenance;

extern const VMStateDescription vmstate_cxl_maintenance;

void cxl_maintenance_add(CXLCCI *cci, CXLMaintenance *s, CXLMem *mem,
                         CXLEvents *events, const CXLTimestamp *timestamp,
                         const CXLFeatures *features);
/* Power was lost: soft repairs are undone */
void cxl_maintenance_reset(CXLMaintenance *s);
/* How many spares of kind @kind are left */
unsigned cxl_maintenance_spares(const CXLMaintenance *s, CXLSpareKind kind);

#endif /* HW_CXL_CCI_MAINTENANCE_H */

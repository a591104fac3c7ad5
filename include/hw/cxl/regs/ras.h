/*
 * CXL r3.1 8.2.4.17: CXL RAS Capability Structure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_RAS_H
#define HW_CXL_REGS_RAS_H

#include "hw/cxl/regs/regfile.h"
#include "hw/cxl/spec/registers.h"

/* Uncorrectable errors that there are: bits of CXL_RAS_UE_ALL */
#define CXL_RAS_UE_COUNT    15

/**
 * CXLRas: the structure, and headers that wait to be shown in it
 * @rf, @offset: where the registers stand
 * @nr: headers recorded; the first is the one in the Header Log
 * @bit: their errors, as bits of Uncorrectable Error Status, oldest first,
 *       none twice
 */
typedef struct CXLRas {
    CXLRegFile *rf;
    uint32_t offset;
    uint8_t nr;
    uint8_t bit[CXL_RAS_UE_COUNT];
    uint32_t header[CXL_RAS_UE_COUNT][CXL_RAS_HEADER_LOG_DWORDS];
} CXLRas;

/* CXL r3.1 8.2.4.17.3: what an error is to be reported as, in this order */
typedef enum CXLRasSignal {
    CXL_RAS_MASKED,
    CXL_RAS_NONFATAL,
    CXL_RAS_FATAL,
} CXLRasSignal;

/**
 * cxl_ras_init: place the structure at @offset of @rf
 * @poison_fixed: CXL r3.1 8.2.4.17.6: Poison_Enabled is hardwired to 1, as
 *                in switch ports and devices; otherwise software may clear it
 */
void cxl_ras_init(CXLRas *ras, CXLRegFile *rf, uint32_t offset,
                  bool poison_fixed);
/* Forget headers; to be called when sticky registers have been reset */
void cxl_ras_reset(CXLRas *ras);

/* Latch correctable errors; true when one of them is unmasked */
bool cxl_ras_latch_correctable(CXLRas *ras, uint32_t status);
/*
 * Latch the uncorrectable error @bit of Uncorrectable Error Status; if it is
 * not masked, and its last header is not waiting, record its @header,
 * @dwords long.
 */
CXLRasSignal cxl_ras_latch_uncorrectable(CXLRas *ras, unsigned bit,
                                         const uint32_t *header,
                                         unsigned dwords);

/* Whether the headers belong to errors that the registers show; for loading */
bool cxl_ras_consistent(const CXLRas *ras);

#endif /* HW_CXL_REGS_RAS_H */

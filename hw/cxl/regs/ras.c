/*
 * CXL r3.1 8.2.4.17: CXL RAS Capability Structure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/regs/ras.h"
#include "hw/cxl/spec/registers.h"

/*
 * All errors are masked, and all uncorrectable ones fatal, until software
 * says otherwise. Every register is sticky, so that a handler still finds
 * the cause after the reset that the error led to.
 */
static const CXLRegRow cxl_ras_rows[] = {
    {
        .name = "Uncorrectable Error Status", .offset = CXL_RAS_UE_STATUS,
        .width = 4, .w1c = CXL_RAS_UE_ALL, .sticky = CXL_RAS_UE_ALL,
    }, {
        .name = "Uncorrectable Error Mask", .offset = CXL_RAS_UE_MASK,
        .width = 4, .reset = CXL_RAS_UE_ALL, .wmask = CXL_RAS_UE_ALL,
        .sticky = CXL_RAS_UE_ALL,
    }, {
        .name = "Uncorrectable Error Severity", .offset = CXL_RAS_UE_SEVERITY,
        .width = 4, .reset = CXL_RAS_UE_ALL, .wmask = CXL_RAS_UE_ALL,
        .sticky = CXL_RAS_UE_ALL,
    }, {
        .name = "Correctable Error Status", .offset = CXL_RAS_CE_STATUS,
        .width = 4, .w1c = CXL_RAS_CE_ALL, .sticky = CXL_RAS_CE_ALL,
    }, {
        .name = "Correctable Error Mask", .offset = CXL_RAS_CE_MASK,
        .width = 4, .reset = CXL_RAS_CE_ALL, .wmask = CXL_RAS_CE_ALL,
        .sticky = CXL_RAS_CE_ALL,
    }, {
        .name = "Header Log", .offset = CXL_RAS_HEADER_LOG(0), .width = 4,
        .count = CXL_RAS_HEADER_LOG_DWORDS, .stride = 4,
        .sticky = UINT32_MAX, .live = UINT32_MAX,
    },
};

void cxl_ras_init(CXLRegFile *rf, uint32_t offset, bool poison_fixed)
{
    const CXLRegRow control = {
        .name = "Error Capabilities and Control", .offset = CXL_RAS_CONTROL,
        .width = 4,
        .reset = R_CXL_RAS_CONTROL_POISON_ENABLED_MASK,
        .wmask = poison_fixed ? 0 : R_CXL_RAS_CONTROL_POISON_ENABLED_MASK,
        .sticky = R_CXL_RAS_CONTROL_POISON_ENABLED_MASK |
                  R_CXL_RAS_CONTROL_FIRST_ERROR_MASK,
        .live = R_CXL_RAS_CONTROL_FIRST_ERROR_MASK,
    };

    cxl_regfile_add(rf, offset, cxl_ras_rows, ARRAY_SIZE(cxl_ras_rows), NULL);
    cxl_regfile_add(rf, offset, &control, 1, NULL);
}

/* Set bits of a status register; returns those that are not masked */
static uint32_t cxl_ras_set_status(CXLRegFile *rf, uint32_t status_at,
                                   uint32_t mask_at, uint32_t status)
{
    uint32_t old = cxl_regfile_get(rf, status_at, 4);

    cxl_regfile_set(rf, status_at, 4, old | status);
    return status & ~cxl_regfile_get(rf, mask_at, 4);
}

bool cxl_ras_latch_correctable(CXLRegFile *rf, uint32_t offset,
                               uint32_t status)
{
    return cxl_ras_set_status(rf, offset + CXL_RAS_CE_STATUS,
                              offset + CXL_RAS_CE_MASK,
                              status & CXL_RAS_CE_ALL);
}

/* CXL r3.1 8.2.4.17.6: whether First_Error_Pointer and header log are in use */
static bool cxl_ras_first_error_pending(const CXLRegFile *rf, uint32_t offset)
{
    uint32_t pending = cxl_regfile_get(rf, offset + CXL_RAS_UE_STATUS, 4) &
                       ~cxl_regfile_get(rf, offset + CXL_RAS_UE_MASK, 4);

    return pending >> FIELD_EX32(cxl_regfile_get(rf, offset + CXL_RAS_CONTROL,
                                                 4),
                                 CXL_RAS_CONTROL, FIRST_ERROR) & 1;
}

static void cxl_ras_log_first(CXLRegFile *rf, uint32_t offset, unsigned bit,
                              const uint32_t *header, unsigned dwords)
{
    uint32_t control = cxl_regfile_get(rf, offset + CXL_RAS_CONTROL, 4);

    control = FIELD_DP32(control, CXL_RAS_CONTROL, FIRST_ERROR, bit);
    cxl_regfile_set(rf, offset + CXL_RAS_CONTROL, 4, control);
    for (unsigned i = 0; i < CXL_RAS_HEADER_LOG_DWORDS; i++) {
        cxl_regfile_set(rf, offset + CXL_RAS_HEADER_LOG(i), 4,
                        i < dwords ? header[i] : 0);
    }
}

bool cxl_ras_latch_uncorrectable(CXLRegFile *rf, uint32_t offset,
                                 uint32_t status, const uint32_t *header,
                                 unsigned dwords)
{
    bool pending = cxl_ras_first_error_pending(rf, offset);
    uint32_t unmasked = cxl_ras_set_status(rf, offset + CXL_RAS_UE_STATUS,
                                           offset + CXL_RAS_UE_MASK,
                                           status & CXL_RAS_UE_ALL);

    /* Multiple_Header_Recording_Capability = 0: one header at a time */
    if (unmasked && !pending) {
        cxl_ras_log_first(rf, offset, ctz32(unmasked), header, dwords);
    }
    return unmasked != 0;
}

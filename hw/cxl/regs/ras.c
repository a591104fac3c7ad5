/*
 * CXL r3.1 8.2.4.17: CXL RAS Capability Structure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/regs/ras.h"

static uint32_t cxl_ras_get(const CXLRas *ras, uint32_t reg)
{
    return cxl_regfile_get(ras->rf, ras->offset + reg, 4);
}

static void cxl_ras_set(CXLRas *ras, uint32_t reg, uint32_t value)
{
    cxl_regfile_set(ras->rf, ras->offset + reg, 4, value);
}

/* CXL r3.1 8.2.4.17.6, .7: First_Error_Pointer, and the header that it is of */
static void cxl_ras_show_first(CXLRas *ras)
{
    uint32_t control = cxl_ras_get(ras, CXL_RAS_CONTROL);

    cxl_ras_set(ras, CXL_RAS_CONTROL,
                FIELD_DP32(control, CXL_RAS_CONTROL, FIRST_ERROR,
                           ras->bit[0]));
    for (unsigned i = 0; i < CXL_RAS_HEADER_LOG_DWORDS; i++) {
        cxl_ras_set(ras, CXL_RAS_HEADER_LOG(i), ras->header[0][i]);
    }
}

/*
 * CXL r3.1 8.2.4.17.6: Multiple_Header_Recording_Capability. Who clears the
 * first error gets the next one's header. Implementation defined: who clears
 * other errors as well, as Linux does, does without their headers.
 */
static void cxl_ras_ue_status_written(void *opaque, unsigned index,
                                      uint64_t old, uint64_t now)
{
    CXLRas *ras = opaque;
    unsigned kept = 0, nr = ras->nr;
    uint8_t first = ras->bit[0];

    for (unsigned i = 0; i < nr; i++) {
        if (now & 1u << ras->bit[i]) {
            ras->bit[kept] = ras->bit[i];
            memmove(ras->header[kept++], ras->header[i],
                    sizeof(ras->header[i]));
        }
    }
    ras->nr = kept;
    if (kept && ras->bit[0] != first) {
        cxl_ras_show_first(ras);
    }
}

/*
 * All errors are masked, and all uncorrectable ones fatal, until software
 * says otherwise. Every register is sticky, so that a handler still finds
 * the cause after the reset that the error led to.
 */
static const CXLRegRow cxl_ras_rows[] = {
    {
        .name = "Uncorrectable Error Status", .offset = CXL_RAS_UE_STATUS,
        .width = 4, .w1c = CXL_RAS_UE_ALL, .sticky = CXL_RAS_UE_ALL,
        .written = cxl_ras_ue_status_written,
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

void cxl_ras_init(CXLRas *ras, CXLRegFile *rf, uint32_t offset,
                  bool poison_fixed)
{
    const CXLRegRow control = {
        .name = "Error Capabilities and Control", .offset = CXL_RAS_CONTROL,
        .width = 4,
        .reset = R_CXL_RAS_CONTROL_MULTIPLE_HEADER_CAPABLE_MASK |
                 R_CXL_RAS_CONTROL_POISON_ENABLED_MASK,
        .wmask = poison_fixed ? 0 : R_CXL_RAS_CONTROL_POISON_ENABLED_MASK,
        .sticky = R_CXL_RAS_CONTROL_POISON_ENABLED_MASK |
                  R_CXL_RAS_CONTROL_FIRST_ERROR_MASK,
        .live = R_CXL_RAS_CONTROL_FIRST_ERROR_MASK,
    };

    QEMU_BUILD_BUG_ON(CXL_RAS_UE_ALL >> 17);
    *ras = (CXLRas) { .rf = rf, .offset = offset };
    cxl_regfile_add(rf, offset, cxl_ras_rows, ARRAY_SIZE(cxl_ras_rows), ras);
    cxl_regfile_add(rf, offset, &control, 1, ras);
}

void cxl_ras_reset(CXLRas *ras)
{
    ras->nr = 0;
}

bool cxl_ras_latch_correctable(CXLRas *ras, uint32_t status)
{
    status &= CXL_RAS_CE_ALL;
    cxl_ras_set(ras, CXL_RAS_CE_STATUS,
                cxl_ras_get(ras, CXL_RAS_CE_STATUS) | status);
    return status & ~cxl_ras_get(ras, CXL_RAS_CE_MASK);
}

static bool cxl_ras_recorded(const CXLRas *ras, unsigned bit)
{
    return memchr(ras->bit, bit, ras->nr);
}

static void cxl_ras_record(CXLRas *ras, unsigned bit, const uint32_t *header,
                           unsigned dwords)
{
    unsigned n = ras->nr++;

    ras->bit[n] = bit;
    for (unsigned i = 0; i < CXL_RAS_HEADER_LOG_DWORDS; i++) {
        ras->header[n][i] = i < dwords ? header[i] : 0;
    }
    if (!n) {
        cxl_ras_show_first(ras);
    }
}

CXLRasSignal cxl_ras_latch_uncorrectable(CXLRas *ras, unsigned bit,
                                         const uint32_t *header,
                                         unsigned dwords)
{
    uint32_t error = bit < 32 ? CXL_RAS_UE_ALL & 1u << bit : 0;

    cxl_ras_set(ras, CXL_RAS_UE_STATUS,
                cxl_ras_get(ras, CXL_RAS_UE_STATUS) | error);
    if (!(error & ~cxl_ras_get(ras, CXL_RAS_UE_MASK))) {
        return CXL_RAS_MASKED;
    }
    if (!cxl_ras_recorded(ras, bit)) {
        cxl_ras_record(ras, bit, header, dwords);
    }
    return error & cxl_ras_get(ras, CXL_RAS_UE_SEVERITY) ? CXL_RAS_FATAL
                                                         : CXL_RAS_NONFATAL;
}

bool cxl_ras_consistent(const CXLRas *ras)
{
    uint32_t status = cxl_ras_get(ras, CXL_RAS_UE_STATUS) & CXL_RAS_UE_ALL;

    if (ras->nr > CXL_RAS_UE_COUNT) {
        return false;
    }
    for (unsigned i = 0; i < ras->nr; i++) {
        if (ras->bit[i] > 31 || !(status & 1u << ras->bit[i])) {
            return false;
        }
        /* None twice */
        status &= ~(1u << ras->bit[i]);
    }
    return true;
}

/*
 * CXL r3.1 8.1: CXL DVSECs in configuration space
 *
 * The PCI core carries out the guest's accesses under the masks of the
 * PCIDevice. What is left to do here is to build the structures, to take
 * masks away when the configuration is locked, and to reset.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/range.h"
#include "hw/cxl/cxl-le.h"
#include "hw/cxl/regs/dvsec.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/trace.h"
#include "hw/pci/pcie.h"

/*
 * A register that software can write; registers that are not listed are
 * constant. @lockable (RWL): CONFIG_LOCK makes it read-only. @mem: state of
 * CXL.mem, which CXL Reset resets.
 */
typedef struct CXLDvsecReg {
    uint16_t offset;
    uint8_t width;
    uint32_t reset;
    uint32_t wmask;
    bool lockable;
    bool mem;
} CXLDvsecReg;

#define RANGE_BASE(n)                                                   \
    { CXL_DEVICE_RANGE_BASE_HIGH(n), 4, 0, UINT32_MAX, true, true },    \
    { CXL_DEVICE_RANGE_BASE_LOW(n), 4, 0, CXL_DEVICE_RANGE_LOW_MASK,    \
      true, true }

/*
 * CXL r3.1 8.1.3: fields of CXL.cache, viral and resets that the capabilities
 * do not announce are constant
 */
static const CXLDvsecReg cxl_device_regs[] = {
    { CXL_DEVICE_CONTROL, 2, R_CXL_DEVICE_CONTROL_IO_ENABLE_MASK,
      R_CXL_DEVICE_CONTROL_MEM_ENABLE_MASK, true, true },
    { CXL_DEVICE_LOCK, 2, 0, R_CXL_DEVICE_LOCK_CONFIG_LOCK_MASK, true },
    RANGE_BASE(0),
    RANGE_BASE(1),
};

/*
 * CXL r3.1 8.1.3.4: there is no cache to disable or to write back. Initiate
 * CXL Reset reads as 0.
 */
static const CXLDvsecReg cxl_reset_regs[] = {
    { CXL_DEVICE_CONTROL2, 2, 0, R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK |
                                 R_CXL_DEVICE_CONTROL2_RESET_MEM_CLR_MASK },
};

/* CXL r3.1 8.1.3.5: what the device shows of a CXL Reset */
#define RESET_STATUS (R_CXL_DEVICE_STATUS2_RESET_COMPLETE_MASK | \
                      R_CXL_DEVICE_STATUS2_RESET_ERROR_MASK)

/*
 * CXL r3.1 8.1.5.2: Implementation defined: no port takes an RCD below it, so
 * that the alternate windows and the RCRB base are constant 0
 */
static const CXLDvsecReg cxl_port_regs[] = {
    { CXL_PORT_CONTROL, 2, 0, R_CXL_PORT_CONTROL_UNMASK_SBR_MASK |
      R_CXL_PORT_CONTROL_UNMASK_LINK_DISABLE_MASK },
};

#define GPF_TIME(base, scale) \
    ((base) << R_CXL_GPF_TIME_BASE_SHIFT | \
     CXL_GPF_SCALE_##scale << R_CXL_GPF_TIME_SCALE_SHIFT)
#define GPF_TIME_MASK (R_CXL_GPF_TIME_BASE_MASK | R_CXL_GPF_TIME_SCALE_MASK)

/* CXL r3.1 8.1.6.1, 8.1.6.2: Implementation defined: 20 s for each phase */
static const CXLDvsecReg cxl_gpf_port_regs[] = {
    { CXL_GPF_PORT_PHASE1, 2, GPF_TIME(2, 10S), GPF_TIME_MASK },
    { CXL_GPF_PORT_PHASE2, 2, GPF_TIME(2, 10S), GPF_TIME_MASK },
};

#define FLEX_BUS_MEM (R_CXL_FLEX_BUS_IO_MASK | R_CXL_FLEX_BUS_MEM_MASK | \
                      R_CXL_FLEX_BUS_FLIT_68B_VH_MASK)

/*
 * CXL r3.1 8.2.1.3.2: writable in downstream ports, and sampled only when the
 * link trains. Implementation defined: firmware has trained the link already.
 */
static const CXLDvsecReg cxl_flex_bus_downstream_regs[] = {
    { CXL_FLEX_BUS_CONTROL, 2, FLEX_BUS_MEM, R_CXL_FLEX_BUS_MEM_MASK |
      R_CXL_FLEX_BUS_FLIT_68B_VH_MASK },
};

void cxl_dvsec_init(CXLDvsecs *d, PCIDevice *pdev, uint16_t offset)
{
    *d = (CXLDvsecs) { .pdev = pdev, .next = offset };
}

static void cxl_dvsec_set(CXLDvsecs *d, uint16_t offset, unsigned width,
                          uint32_t value)
{
    cxl_le_store(d->pdev->config + offset, width, value);
}

/* Append a DVSEC of zeros behind the ones that are there */
static uint16_t cxl_dvsec_add(CXLDvsecs *d, uint16_t id, uint8_t revision,
                              uint16_t length)
{
    uint16_t offset = d->next;
    uint32_t header1 = CXL_VENDOR_ID;

    pcie_add_capability(d->pdev, PCI_EXT_CAP_ID_DVSEC, 1, offset, length);
    memset(d->pdev->config + offset + CXL_DVSEC_HEADER1, 0,
           length - CXL_DVSEC_HEADER1);
    header1 = FIELD_DP32(header1, CXL_DVSEC_HEADER1, REVISION, revision);
    header1 = FIELD_DP32(header1, CXL_DVSEC_HEADER1, LENGTH, length);
    cxl_dvsec_set(d, offset + CXL_DVSEC_HEADER1, 4, header1);
    cxl_dvsec_set(d, offset + CXL_DVSEC_HEADER2, 2, id);
    d->next = offset + QEMU_ALIGN_UP(length, 4);
    return offset;
}

/* Give the DVSEC at @offset its writable registers, with reset values */
static void cxl_dvsec_add_regs(CXLDvsecs *d, uint16_t offset,
                               const CXLDvsecReg *regs, unsigned nr)
{
    assert(d->nr_parts < CXL_DVSECS_MAX);
    d->parts[d->nr_parts].offset = offset;
    d->parts[d->nr_parts].regs = regs;
    d->parts[d->nr_parts++].nr = nr;
    for (unsigned i = 0; i < nr; i++) {
        cxl_dvsec_set(d, offset + regs[i].offset, regs[i].width,
                      regs[i].reset);
        cxl_le_store(d->pdev->wmask + offset + regs[i].offset, regs[i].width,
                     regs[i].wmask);
        /* A saved value may differ in bits that are locked just now */
        cxl_le_store(d->pdev->cmask + offset + regs[i].offset, regs[i].width,
                     ~regs[i].wmask);
    }
}

/*
 * CXL r3.1 8.1.3.8.1, 8.1.3.8.2: DVSEC CXL Range n Size. CDAT tells what kind
 * of memory it is; memory is ready from the start, unless a fault is wanted.
 * Without memory, all zeros.
 */
static void cxl_dvsec_set_range(CXLDvsecs *d, unsigned n, uint64_t size)
{
    uint32_t low = size & CXL_DEVICE_RANGE_LOW_MASK;

    if (!size) {
        cxl_dvsec_set(d, d->device + CXL_DEVICE_RANGE_SIZE_HIGH(n), 4, 0);
        cxl_dvsec_set(d, d->device + CXL_DEVICE_RANGE_SIZE_LOW(n), 4, 0);
        return;
    }
    assert(size % (CXL_DEVICE_RANGE_LOW_MASK & -CXL_DEVICE_RANGE_LOW_MASK)
           == 0);
    low = FIELD_DP32(low, CXL_DEVICE_RANGE, INFO_VALID, 1);
    low = FIELD_DP32(low, CXL_DEVICE_RANGE, ACTIVE, !d->inactive);
    low = FIELD_DP32(low, CXL_DEVICE_RANGE, MEDIA_TYPE,
                     CXL_DEVICE_RANGE_CDAT);
    low = FIELD_DP32(low, CXL_DEVICE_RANGE, MEMORY_CLASS,
                     CXL_DEVICE_RANGE_CDAT);
    cxl_dvsec_set(d, d->device + CXL_DEVICE_RANGE_SIZE_HIGH(n), 4, size >> 32);
    cxl_dvsec_set(d, d->device + CXL_DEVICE_RANGE_SIZE_LOW(n), 4, low);
}

void cxl_dvsec_set_ranges(CXLDvsecs *d, const uint64_t range_size[2])
{
    uint8_t *at = d->pdev->config + d->device + CXL_DEVICE_CAPABILITY;
    unsigned ranges = range_size[1] ? 2 : 1;

    pci_set_word(at, FIELD_DP16(pci_get_word(at), CXL_DEVICE_CAPABILITY,
                                HDM_COUNT, ranges));
    for (unsigned n = 0; n < 2; n++) {
        cxl_dvsec_set_range(d, n, range_size[n]);
    }
}

void cxl_dvsec_set_active(CXLDvsecs *d, bool active)
{
    d->inactive = !active;
    for (unsigned n = 0; n < CXL_DEVICE_RANGES; n++) {
        uint8_t *at = d->pdev->config + d->device +
                      CXL_DEVICE_RANGE_SIZE_LOW(n);
        uint32_t low = pci_get_long(at);

        if (low & R_CXL_DEVICE_RANGE_INFO_VALID_MASK) {
            pci_set_long(at, FIELD_DP32(low, CXL_DEVICE_RANGE, ACTIVE, active));
        }
    }
}

/* A saved state may have other ranges: the owner sets them after it */
static void cxl_dvsec_leave_ranges_unchecked(CXLDvsecs *d)
{
    uint8_t *cmask = d->pdev->cmask + d->device;

    pci_word_test_and_clear_mask(cmask + CXL_DEVICE_CAPABILITY,
                                 R_CXL_DEVICE_CAPABILITY_HDM_COUNT_MASK);
    for (unsigned n = 0; n < 2; n++) {
        pci_set_long(cmask + CXL_DEVICE_RANGE_SIZE_HIGH(n), 0);
        pci_set_long(cmask + CXL_DEVICE_RANGE_SIZE_LOW(n), 0);
    }
}

void cxl_dvsec_add_device(CXLDvsecs *d, const uint64_t range_size[2])
{
    uint16_t cap = R_CXL_DEVICE_CAPABILITY_IO_MASK |
                   R_CXL_DEVICE_CAPABILITY_MEM_MASK |
                   R_CXL_DEVICE_CAPABILITY_MEM_HWINIT_MASK |
                   R_CXL_DEVICE_CAPABILITY_PM_INIT_REPORTING_MASK;

    d->device = cxl_dvsec_add(d, CXL_DVSEC_ID_DEVICE,
                              CXL_DVSEC_REVISION_DEVICE,
                              CXL_DVSEC_LENGTH_DEVICE);
    cxl_dvsec_set(d, d->device + CXL_DEVICE_CAPABILITY, 2, cap);
    cxl_dvsec_set(d, d->device + CXL_DEVICE_STATUS2, 2,
                  R_CXL_DEVICE_STATUS2_PM_INIT_COMPLETE_MASK);
    cxl_dvsec_set_ranges(d, range_size);
    cxl_dvsec_leave_ranges_unchecked(d);
    cxl_dvsec_add_regs(d, d->device, cxl_device_regs,
                       ARRAY_SIZE(cxl_device_regs));
}

static void cxl_dvsec_set_reset_status(CXLDvsecs *d, uint16_t status)
{
    uint8_t *at = d->pdev->config + d->device + CXL_DEVICE_STATUS2;

    pci_set_word(at, (pci_get_word(at) & ~RESET_STATUS) | status);
}

void cxl_dvsec_add_reset(CXLDvsecs *d,
                         void (*initiated)(void *opaque, bool clear),
                         void *opaque)
{
    uint8_t *at = d->pdev->config + d->device + CXL_DEVICE_CAPABILITY;
    uint16_t cap = pci_get_word(at);

    cap = FIELD_DP16(cap, CXL_DEVICE_CAPABILITY, RESET, 1);
    cap = FIELD_DP16(cap, CXL_DEVICE_CAPABILITY, RESET_MEM_CLR, 1);
    cap = FIELD_DP16(cap, CXL_DEVICE_CAPABILITY, RESET_TIMEOUT,
                     CXL_RESET_TIMEOUT_100MS);
    pci_set_word(at, cap);
    cxl_dvsec_add_regs(d, d->device, cxl_reset_regs,
                       ARRAY_SIZE(cxl_reset_regs));
    pci_set_word(d->pdev->cmask + d->device + CXL_DEVICE_STATUS2,
                 (uint16_t)~RESET_STATUS);
    d->reset_initiated = initiated;
    d->opaque = opaque;
}

void cxl_dvsec_reset_done(CXLDvsecs *d, bool ok)
{
    cxl_dvsec_set_reset_status(d, ok ? R_CXL_DEVICE_STATUS2_RESET_COMPLETE_MASK
                                     : R_CXL_DEVICE_STATUS2_RESET_ERROR_MASK);
}

/* CXL r3.1 9.7.2: the status of the last one goes when the next one begins */
static void cxl_dvsec_initiate_reset(CXLDvsecs *d)
{
    uint8_t *at = d->pdev->config + d->device + CXL_DEVICE_CONTROL2;

    if (d->reset_initiated &&
        pci_word_test_and_clear_mask(at,
            R_CXL_DEVICE_CONTROL2_INITIATE_RESET_MASK)) {
        trace_cxl_dvsec_initiate_reset(d->pdev->name);
        cxl_dvsec_set_reset_status(d, 0);
        d->reset_initiated(d->opaque, pci_get_word(at) &
                           R_CXL_DEVICE_CONTROL2_RESET_MEM_CLR_MASK);
    }
}

void cxl_dvsec_add_port(CXLDvsecs *d)
{
    d->port = cxl_dvsec_add(d, CXL_DVSEC_ID_PORT, CXL_DVSEC_REVISION_PORT,
                            CXL_DVSEC_LENGTH_PORT);
    cxl_dvsec_set(d, d->port + CXL_PORT_STATUS, 2,
                  R_CXL_PORT_STATUS_PM_INIT_COMPLETE_MASK);
    cxl_dvsec_add_regs(d, d->port, cxl_port_regs, ARRAY_SIZE(cxl_port_regs));
}

void cxl_dvsec_add_gpf_port(CXLDvsecs *d)
{
    d->gpf = cxl_dvsec_add(d, CXL_DVSEC_ID_GPF_PORT,
                           CXL_DVSEC_REVISION_GPF_PORT,
                           CXL_DVSEC_LENGTH_GPF_PORT);
    cxl_dvsec_add_regs(d, d->gpf, cxl_gpf_port_regs,
                       ARRAY_SIZE(cxl_gpf_port_regs));
}

void cxl_dvsec_add_gpf_device(CXLDvsecs *d)
{
    d->gpf = cxl_dvsec_add(d, CXL_DVSEC_ID_GPF_DEVICE,
                           CXL_DVSEC_REVISION_GPF_DEVICE,
                           CXL_DVSEC_LENGTH_GPF_DEVICE);
    /*
     * Implementation defined: the host holds the memory, so that a power
     * failure leaves next to nothing to do
     */
    cxl_dvsec_set(d, d->gpf + CXL_GPF_DEVICE_PHASE2_DURATION, 2,
                  GPF_TIME(1, 1US));
}

void cxl_dvsec_add_flex_bus(CXLDvsecs *d, bool mem)
{
    uint16_t protocols = mem ? FLEX_BUS_MEM : R_CXL_FLEX_BUS_IO_MASK |
                                              R_CXL_FLEX_BUS_FLIT_68B_VH_MASK;
    bool downstream = false;

    d->flex_bus = cxl_dvsec_add(d, CXL_DVSEC_ID_FLEX_BUS,
                                CXL_DVSEC_REVISION_FLEX_BUS,
                                CXL_DVSEC_LENGTH_FLEX_BUS);
    cxl_dvsec_set(d, d->flex_bus + CXL_FLEX_BUS_CAPABILITY, 2, protocols);
    cxl_dvsec_set(d, d->flex_bus + CXL_FLEX_BUS_CONTROL, 2, protocols);
    cxl_dvsec_set(d, d->flex_bus + CXL_FLEX_BUS_STATUS, 2, protocols);
    if (d->pdev->exp.exp_cap) {
        uint8_t type = pcie_cap_get_type(d->pdev);

        downstream = type == PCI_EXP_TYPE_ROOT_PORT ||
                     type == PCI_EXP_TYPE_DOWNSTREAM;
    }
    if (downstream && mem) {
        cxl_dvsec_add_regs(d, d->flex_bus, cxl_flex_bus_downstream_regs,
                           ARRAY_SIZE(cxl_flex_bus_downstream_regs));
    }
}

void cxl_dvsec_add_locator(CXLDvsecs *d, const CXLRegBlock *blocks,
                           unsigned nr)
{
    d->locator = cxl_dvsec_add(d, CXL_DVSEC_ID_LOCATOR,
                               CXL_DVSEC_REVISION_LOCATOR,
                               CXL_DVSEC_LENGTH_LOCATOR(nr));
    for (unsigned n = 0; n < nr; n++) {
        uint32_t low = blocks[n].offset;

        assert(low % CXL_LOCATOR_OFFSET_ALIGN == 0);
        low = FIELD_DP32(low, CXL_LOCATOR, BIR, blocks[n].bar);
        low = FIELD_DP32(low, CXL_LOCATOR, ID, blocks[n].id);
        cxl_dvsec_set(d, d->locator + CXL_LOCATOR_LOW(n), 4, low);
        cxl_dvsec_set(d, d->locator + CXL_LOCATOR_HIGH(n), 4,
                      blocks[n].offset >> 32);
    }
}

/* CXL r3.1 8.1.3.6: CONFIG_LOCK; only a conventional reset takes it back */
static bool cxl_dvsec_locked(const CXLDvsecs *d)
{
    return d->device &&
           (pci_get_word(d->pdev->config + d->device + CXL_DEVICE_LOCK) &
            R_CXL_DEVICE_LOCK_CONFIG_LOCK_MASK);
}

void cxl_dvsec_sync(CXLDvsecs *d)
{
    bool locked = cxl_dvsec_locked(d);

    for (unsigned p = 0; p < d->nr_parts; p++) {
        for (unsigned i = 0; i < d->parts[p].nr; i++) {
            const CXLDvsecReg *reg = &d->parts[p].regs[i];

            cxl_le_store(d->pdev->wmask + d->parts[p].offset + reg->offset,
                         reg->width,
                         locked && reg->lockable ? 0 : reg->wmask);
        }
    }
}

void cxl_dvsec_written(CXLDvsecs *d, uint32_t addr, int len)
{
    if (!d->device) {
        return;
    }
    if (ranges_overlap(addr, len, d->device + CXL_DEVICE_LOCK, 2)) {
        cxl_dvsec_sync(d);
        trace_cxl_dvsec_locked(d->pdev->name, cxl_dvsec_locked(d));
    }
    if (ranges_overlap(addr, len, d->device + CXL_DEVICE_CONTROL, 2)) {
        trace_cxl_dvsec_mem_enable(d->pdev->name, cxl_dvsec_mem_enabled(d));
    }
    if (ranges_overlap(addr, len, d->device + CXL_DEVICE_CONTROL2, 2)) {
        cxl_dvsec_initiate_reset(d);
    }
}

/* No register that software can write is sticky */
void cxl_dvsec_reset(CXLDvsecs *d, bool mem_only)
{
    for (unsigned p = 0; p < d->nr_parts; p++) {
        for (unsigned i = 0; i < d->parts[p].nr; i++) {
            const CXLDvsecReg *reg = &d->parts[p].regs[i];

            if (reg->mem || !mem_only) {
                cxl_dvsec_set(d, d->parts[p].offset + reg->offset, reg->width,
                              reg->reset);
            }
        }
    }
    if (d->device) {
        cxl_dvsec_set_reset_status(d, 0);
    }
    cxl_dvsec_sync(d);
}

void cxl_dvsec_enable(CXLDvsecs *d, const uint64_t base[2], bool lock)
{
    uint8_t *config = d->pdev->config + d->device;

    for (unsigned n = 0; n < CXL_DEVICE_RANGES; n++) {
        pci_set_long(config + CXL_DEVICE_RANGE_BASE_HIGH(n), base[n] >> 32);
        pci_set_long(config + CXL_DEVICE_RANGE_BASE_LOW(n),
                     base[n] & CXL_DEVICE_RANGE_LOW_MASK);
    }
    pci_word_test_and_set_mask(config + CXL_DEVICE_CONTROL,
                               R_CXL_DEVICE_CONTROL_MEM_ENABLE_MASK);
    if (lock) {
        pci_word_test_and_set_mask(config + CXL_DEVICE_LOCK,
                                   R_CXL_DEVICE_LOCK_CONFIG_LOCK_MASK);
    }
    cxl_dvsec_sync(d);
}

bool cxl_dvsec_mem_enabled(const CXLDvsecs *d)
{
    return d->device &&
           (pci_get_word(d->pdev->config + d->device + CXL_DEVICE_CONTROL) &
            R_CXL_DEVICE_CONTROL_MEM_ENABLE_MASK);
}

/*
 * CXL r3.1 8.1.11: Table Access DOE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/cxl/doe.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/spec/tables.h"
#include "hw/cxl/trace.h"
#include "migration/vmstate.h"

/* @cap comes first: pcie_doe_fini() frees what it is embedded in */
struct CXLDoe {
    DOECap cap;
    const CXLCdat *cdat;
    int vector;
};
QEMU_BUILD_BUG_ON(offsetof(CXLDoe, cap) != 0);

static void doe_interrupt(DOECap *cap)
{
    if (msix_enabled(cap->pdev)) {
        msix_notify(cap->pdev, cap->cap.vec);
    } else if (msi_enabled(cap->pdev)) {
        msi_notify(cap->pdev, cap->cap.vec);
    }
}

/*
 * PCIe r6.0 7.9.24.4: DOE Error says that an object could not be processed,
 * so that the driver aborts instead of waiting for an answer
 */
static bool doe_fail(CXLDoe *doe, const char *why)
{
    DOECap *cap = &doe->cap;

    qemu_log_mask(LOG_GUEST_ERROR, "cxl: DOE: Table Access with %s (CXL r3.1 "
                  "8.1.11)\n", why);
    trace_cxl_err_doe(cap->pdev->name, why);
    cap->status.error = true;
    if (cap->cap.intr && cap->ctrl.intr && !cap->status.intr) {
        cap->status.intr = true;
        doe_interrupt(cap);
    }
    return false;
}

/* CXL r3.1 8.1.11.1: Read Entry */
static bool doe_read_entry(DOECap *cap)
{
    CXLDoe *doe = container_of(cap, CXLDoe, cap);
    CXLDoeReadEntry req;
    g_autofree CXLDoeReadEntry *rsp = NULL;
    const uint8_t *entry;
    uint32_t len, dwords;
    uint16_t handle;

    memcpy(&req, pcie_doe_get_write_mbox_ptr(cap), sizeof(req));
    if (pcie_doe_get_obj_len(&req) != sizeof(req) / CXL_DOE_DWORD) {
        return doe_fail(doe, "a wrong length");
    }
    if (req.code != CXL_DOE_READ_ENTRY || req.table != CXL_DOE_TABLE_CDAT) {
        return doe_fail(doe, "a reserved code or table");
    }
    handle = cxl_le16_get(req.handle);
    entry = cxl_cdat_entry(doe->cdat, handle, &len);
    if (!entry) {
        return doe_fail(doe, "a handle past the last entry");
    }
    dwords = DIV_ROUND_UP(sizeof(*rsp) + len, CXL_DOE_DWORD);
    rsp = g_malloc0(dwords * CXL_DOE_DWORD);
    rsp->header.vendor = cxl_le16(CXL_VENDOR_ID);
    rsp->header.type = CXL_DOE_TABLE_ACCESS;
    rsp->header.length = cxl_le32(dwords);
    rsp->handle = cxl_le16(handle + 1u < cxl_cdat_count(doe->cdat)
                           ? handle + 1 : CXL_DOE_LAST_ENTRY);
    memcpy(rsp + 1, entry, len);
    trace_cxl_doe_read_entry(cap->pdev->name, handle, len);
    pcie_doe_set_rsp(cap, rsp);
    return true;
}

static DOEProtocol doe_protocols[] = {
    { CXL_VENDOR_ID, CXL_DOE_TABLE_ACCESS, doe_read_entry },
    { }
};

CXLDoe *cxl_doe_new(PCIDevice *pdev, uint16_t offset, const CXLCdat *cdat,
                    int vector)
{
    CXLDoe *doe = g_new0(CXLDoe, 1);

    doe->cdat = cdat;
    doe->vector = vector;
    pcie_doe_init(pdev, &doe->cap, offset, doe_protocols, vector >= 0,
                  vector >= 0 ? vector : 0);
    return doe;
}

void cxl_doe_free(CXLDoe *doe)
{
    if (doe) {
        pcie_doe_fini(&doe->cap);
    }
}

void cxl_doe_set_message(CXLDoe *doe, unsigned message)
{
    doe->cap.cap.vec = message;
}

void cxl_doe_reset(CXLDoe *doe)
{
    uint32_t abort = FIELD_DP32(0, PCI_DOE_CAP_CONTROL, DOE_ABORT, 1);

    doe->cap.ctrl.intr = false;
    doe->cap.status.intr = false;
    if (doe->vector >= 0) {
        cxl_doe_set_message(doe, doe->vector);
    }
    pcie_doe_write_config(&doe->cap, doe->cap.offset + PCI_EXP_DOE_CTRL,
                          abort, CXL_DOE_DWORD);
}

bool cxl_doe_config_read(CXLDoe *doe, uint32_t addr, int len, uint32_t *value)
{
    return pcie_doe_read_config(&doe->cap, addr, len, value);
}

void cxl_doe_config_write(CXLDoe *doe, uint32_t addr, uint32_t value, int len)
{
    pcie_doe_write_config(&doe->cap, addr, value, len);
}

/* Lengths that come from outside must fit the mailboxes they are used for */
static bool doe_lengths_valid(void *opaque, int version_id)
{
    DOECap *cap = &((CXLDoe *)opaque)->cap;

    return cap->write_mbox_len <= PCI_DOE_DW_SIZE_MAX &&
           cap->read_mbox_len <= PCI_DOE_DW_SIZE_MAX &&
           (cap->status.ready ? cap->read_mbox_idx < cap->read_mbox_len
                              : !cap->read_mbox_idx && !cap->read_mbox_len);
}

const VMStateDescription vmstate_cxl_doe = {
    .name = "cxl-doe",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(cap.ctrl.intr, CXLDoe),
        VMSTATE_BOOL(cap.status.intr, CXLDoe),
        VMSTATE_BOOL(cap.status.error, CXLDoe),
        VMSTATE_BOOL(cap.status.ready, CXLDoe),
        VMSTATE_UINT32(cap.write_mbox_len, CXLDoe),
        VMSTATE_UINT32(cap.read_mbox_len, CXLDoe),
        VMSTATE_UINT32(cap.read_mbox_idx, CXLDoe),
        VMSTATE_VALIDATE("lengths fit", doe_lengths_valid),
        VMSTATE_VARRAY_UINT32(cap.write_mbox, CXLDoe, cap.write_mbox_len, 0,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(cap.read_mbox, CXLDoe, cap.read_mbox_len, 0,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_END_OF_LIST()
    },
};

/*
 * CXL Type 3 device: what each kind of reset does to each piece of state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

#define ON(kind)        (1u << CXL_RESET_##kind)
#define ON_CONVENTIONAL (ON(COLD) | ON(WARM) | ON(HOT))

/**
 * Type3ResetRow: a piece of state
 * @name: as in the table of docs/specs/cxl.rst
 * @kinds: the kinds of reset that change it
 */
typedef struct Type3ResetRow {
    const char *name;
    unsigned kinds;
    void (*reset)(CXLType3 *ct3, CXLResetKind kind);
} Type3ResetRow;

static void reset_pcie(CXLType3 *ct3, CXLResetKind kind)
{
    pcie_cap_deverr_reset(PCI_DEVICE(ct3));
}

static void reset_doe(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_doe_reset(ct3->doe);
}

static void reset_cci(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_cci_reset(&ct3->cci);
}

static void reset_timestamp(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_timestamp_reset(&ct3->timestamp);
}

static void reset_memdev(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_memdev_reset(&ct3->memdev_set);
}

static void reset_media(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_media_reset(&ct3->media);
}

static void reset_device_regs(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_device_regs_reset(&ct3->regs, kind == CXL_RESET_COLD);
    cxl_device_regs_set_media_status(&ct3->regs, CXL_MEDIA_STATUS_READY);
    cxl_type3_show_events(ct3);
}

static void reset_events(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_events_reset(&ct3->events, kind == CXL_RESET_COLD);
    cxl_type3_show_events(ct3);
}

static void reset_dvsecs(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_dvsec_reset(&ct3->dvsecs, kind == CXL_RESET_COLD);
}

/* Windows follow when the component says that decoders are gone */
static void reset_component(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_component_reset(&ct3->component, kind == CXL_RESET_COLD);
}

/* In this order: the component is last, for it changes the windows */
static const Type3ResetRow reset_rows[] = {
    { "PCIe error reporting", ON_CONVENTIONAL, reset_pcie },
    { "DOE mailbox", ON_CONVENTIONAL, reset_doe },
    { "background operation", ON_CONVENTIONAL, reset_cci },
    { "timestamp", ON_CONVENTIONAL, reset_timestamp },
    { "alert configuration", ON_CONVENTIONAL, reset_memdev },
    { "unfinished poison list queries", ON_CONVENTIONAL, reset_media },
    { "mailbox and device registers", ON_CONVENTIONAL, reset_device_regs },
    { "event logs and policies", ON_CONVENTIONAL, reset_events },
    { "DVSECs", ON_CONVENTIONAL, reset_dvsecs },
    { "component registers", ON_CONVENTIONAL, reset_component },
};

void cxl_type3_reset(CXLType3 *ct3, CXLResetKind kind)
{
    trace_cxl_type3_reset(cxl_type3_name(ct3), kind);
    for (unsigned n = 0; n < ARRAY_SIZE(reset_rows); n++) {
        if (reset_rows[n].kinds & 1u << kind) {
            reset_rows[n].reset(ct3, kind);
        }
    }
}

/*
 * CXL Type 3 device: interrupts, by MSI-X or by MSI
 *
 * What interrupts has a vector, TYPE3_VECTOR_*, which is its message number as
 * long as there are messages for all: MSI may be given fewer, which are shared.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qapi/error.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

bool cxl_type3_init_irq(PCIDevice *pdev, Error **errp)
{
    if (msix_init_exclusive_bar(pdev, TYPE3_VECTORS, TYPE3_BAR_MSIX, errp)) {
        error_prepend(errp, "cxl-type3 needs MSI-X: ");
        return false;
    }
    for (int vector = 0; vector < TYPE3_VECTORS; vector++) {
        msix_vector_use(pdev, vector);
    }
    if (msi_init(pdev, 0, pow2ceil(TYPE3_VECTORS), true, true, errp)) {
        msix_uninit_exclusive_bar(pdev);
        return false;
    }
    return true;
}

void cxl_type3_exit_irq(PCIDevice *pdev)
{
    msi_uninit(pdev);
    msix_uninit_exclusive_bar(pdev);
}

/*
 * CXL r3.1 8.2.8.4.3, Table 8-53: the number is the one for what is enabled.
 * Implementation defined: while neither is, it is that of all vectors.
 */
unsigned cxl_type3_message(void *opaque, unsigned vector)
{
    PCIDevice *pdev = opaque;

    return msix_enabled(pdev) || !msi_enabled(pdev) ? vector :
           vector % msi_nr_vectors_allocated(pdev);
}

void cxl_type3_interrupt(void *opaque, unsigned vector)
{
    PCIDevice *pdev = opaque;
    bool msix = msix_enabled(pdev), msi = !msix && msi_enabled(pdev);
    unsigned message = cxl_type3_message(opaque, vector);

    trace_cxl_type3_interrupt(cxl_type3_name(opaque), vector, message,
                              msix ? "MSI-X" : msi ? "MSI" : "none");
    if (msix) {
        msix_notify(pdev, message);
    } else if (msi) {
        msi_notify(pdev, message);
    }
}

void cxl_type3_show_messages(CXLType3 *ct3)
{
    cxl_doe_set_message(ct3->doe, cxl_type3_message(ct3, TYPE3_VECTOR_DOE));
    cxl_mailbox_set_message(&ct3->regs.mailbox,
                            cxl_type3_message(ct3, TYPE3_VECTOR_MAILBOX));
}

/*
 * CXL Type 3 device: what its parts ask of one another
 *
 * cxl_type3.c is the PCIe function, cxl_type3_irq.c its interrupts,
 * cxl_type3_sets.c its command sets and device registers, cxl_type3_mem.c its
 * memory as windows see it, cxl_type3_poison.c what is poisoned of it,
 * cxl_type3_fault.c what is wrong with it when that is wanted,
 * cxl_type3_power.c what the loss of power does to it, and cxl_type3_reset.c
 * what each kind of reset does to what.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_MEM_CXL_TYPE3_INTERNAL_H
#define HW_MEM_CXL_TYPE3_INTERNAL_H

#include "hw/cxl/cxl-type3.h"

/* Implementation defined: what stands where */
#define TYPE3_BAR_COMPONENT     0
#define TYPE3_BAR_DEVICE        2
#define TYPE3_BAR_MSIX          4

/*
 * Vectors of MSI-X and MSI. CXL r3.1 8.2.8.4.3, 8.2.9.2.4: mailbox and event
 * logs have fields of four bits for theirs. Event logs take vectors 0 to 3.
 */
enum {
    TYPE3_VECTOR_MAILBOX = CXL_EVENT_LOGS,
    TYPE3_VECTOR_DOE,
    TYPE3_VECTORS,
};
QEMU_BUILD_BUG_ON(TYPE3_VECTOR_MAILBOX > 15);

#define TYPE3_EVENT_DEPTH_MAX   4096

/* For traces: the id, or the type */
static inline const char *cxl_type3_name(const CXLType3 *ct3)
{
    return DEVICE(ct3)->id ?: TYPE_CXL_TYPE3;
}

/* MSI-X and MSI */
bool cxl_type3_init_irq(PCIDevice *pdev, Error **errp);
void cxl_type3_exit_irq(PCIDevice *pdev);
/* Raise TYPE3_VECTOR_@vector of the device @opaque */
void cxl_type3_interrupt(void *opaque, unsigned vector);
/* The message number by which the guest knows @vector now */
unsigned cxl_type3_message(void *opaque, unsigned vector);
/* Show message numbers in registers; called when they may have changed */
void cxl_type3_show_messages(CXLType3 *ct3);

/* Command sets and device registers; init follows cxl_dpa_init() */
void cxl_type3_init_sets(CXLType3 *ct3);
void cxl_type3_destroy_sets(CXLType3 *ct3);
/* Show in Event Status which logs have records */
void cxl_type3_show_events(CXLType3 *ct3);
/* Show in Memory Device Status whether the media can be used */
void cxl_type3_show_media(CXLType3 *ct3);
extern const VMStateDescription vmstate_cxl_type3_sets;

/* Properties about poison; false with @errp set when one is not legal */
bool cxl_type3_check_poison(const CXLType3 *ct3, Error **errp);
/* What is poisoned; init comes before the command sets' */
void cxl_type3_init_poison(CXLType3 *ct3);
void cxl_type3_destroy_poison(CXLType3 *ct3);
/* As CXLMemClass.recheck() */
void cxl_type3_recheck(CXLMem *mem, bool more);
/* Do now what recheck() had left for later */
void cxl_type3_settle_poison(CXLType3 *ct3);

/* Media that are not ready; init comes before the command sets' */
void cxl_type3_init_not_ready(CXLType3 *ct3);
void cxl_type3_destroy_not_ready(CXLType3 *ct3);
/* They are, if they were not */
void cxl_type3_make_ready(CXLType3 *ct3);
extern const VMStateDescription vmstate_cxl_type3_not_ready;

/* CXL r3.1 9.8: what the end of QEMU, or of the device, means to memory */
void cxl_type3_init_power(CXLType3 *ct3);
void cxl_type3_destroy_power(CXLType3 *ct3);

/* Reset whatever @kind resets, see hw/cxl/reset-table.h */
void cxl_type3_reset(CXLType3 *ct3, CXLResetKind kind);
/* CXL r3.1 9.7: CXL Reset; init follows the DVSECs' */
void cxl_type3_init_cxl_reset(CXLType3 *ct3);
void cxl_type3_destroy_cxl_reset(CXLType3 *ct3);
extern const VMStateDescription vmstate_cxl_type3_reset;

/* CXL r3.1 8.1.3.8: sizes of the one or two ranges of the DVSEC */
void cxl_type3_ranges(const CXLType3 *ct3, uint64_t ranges[2]);
/* Fill in the methods of the interface TYPE_CXL_MEM */
void cxl_type3_mem_class_init(CXLMemClass *mc);

#endif /* HW_MEM_CXL_TYPE3_INTERNAL_H */

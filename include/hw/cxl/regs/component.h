/*
 * CXL r3.1 8.2.4: Component Registers
 *
 * One 64 KiB block: CXL.cache and CXL.mem registers at 4 KiB, the rest
 * reserved. The capability array and its offsets follow from the kind.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_COMPONENT_H
#define HW_CXL_REGS_COMPONENT_H

#include "exec/memory.h"
#include "migration/vmstate.h"
#include "hw/cxl/regs/hdm.h"
#include "hw/cxl/regs/ras.h"

#define CXL_COMPONENT_REGS_SIZE     (64 * 1024)

/* CXL r3.1 Table 8-22: which capabilities a component has */
typedef enum CXLComponentKind {
    CXL_COMPONENT_HOST_BRIDGE,
    CXL_COMPONENT_ROOT_PORT,
    CXL_COMPONENT_UPSTREAM_PORT,
    CXL_COMPONENT_DOWNSTREAM_PORT,
    CXL_COMPONENT_TYPE3,
} CXLComponentKind;

/**
 * CXLComponentConfig: what the owner wants
 * @kind: decides which capabilities there are
 * @hdm: decoders; a count of 0 leaves the HDM Decoder Capability out
 */
typedef struct CXLComponentConfig {
    CXLComponentKind kind;
    CXLHdmConfig hdm;
} CXLComponentConfig;

/**
 * CXLComponent: the component registers of a port or device
 * @mr: the 64 KiB block, to be mapped in a BAR or by the machine
 * @regs: CXL r3.1 8.2.4.1: the 4 KiB of CXL.cache and CXL.mem registers
 * @ras: its @rf is NULL when there is none
 * @link_offset, @hdm_offset: where in @regs a capability stands; 0 when
 *                            there is none
 * @told: a bit for each decoder that QMP clients know as committed
 */
typedef struct CXLComponent {
    MemoryRegion mr;
    CXLRegFile regs;
    CXLComponentConfig config;
    CXLHdm hdm;
    CXLRas ras;
    uint32_t link_offset;
    uint32_t hdm_offset;
    uint32_t told;
    void (*decoders_changed)(void *opaque);
    void *opaque;
} CXLComponent;

extern const VMStateDescription vmstate_cxl_component;
#define VMSTATE_CXL_COMPONENT(_field, _state) \
    VMSTATE_STRUCT(_field, _state, 1, vmstate_cxl_component, CXLComponent)

/**
 * cxl_component_init: build the block and its memory region
 * @owner: QOM owner of the memory region
 * @name: name of the memory region
 * @config: what the block holds; counts were validated by the owner
 * @decoders_changed: called when a decoder was committed or uncommitted by
 *                    the guest, a reset or a load; may be NULL
 */
void cxl_component_init(CXLComponent *c, Object *owner, const char *name,
                        const CXLComponentConfig *config,
                        void (*decoders_changed)(void *opaque), void *opaque);
void cxl_component_destroy(CXLComponent *c);
/* Reset registers that are not sticky. Calls decoders_changed. */
void cxl_component_reset(CXLComponent *c);
/* Reset registers that are: RAS and link; none of them is a decoder's */
void cxl_component_reset_sticky(CXLComponent *c);

/*
 * CXL r3.1 8.2.4.17: latch RAS errors, if the component has the capability:
 * whether one of them is unmasked, and what @bit is to be reported as
 */
bool cxl_component_correctable(CXLComponent *c, uint32_t status);
CXLRasSignal cxl_component_uncorrectable(CXLComponent *c, unsigned bit,
                                         const uint32_t *header,
                                         unsigned dwords);

#endif /* HW_CXL_REGS_COMPONENT_H */

/*
 * CXL r3.1 8.2.8: CXL Device Registers
 *
 * The block of BAR 2: capability array, device status, primary mailbox and
 * memory device status.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_DEVICE_H
#define HW_CXL_REGS_DEVICE_H

#include "exec/memory.h"
#include "migration/vmstate.h"
#include "hw/cxl/cci/cci.h"
#include "hw/cxl/regs/regfile.h"

/**
 * CXLMailboxHeld: a doorbell that stays set: faults that are wanted
 * @waits: a command waits, until @end_ns of virtual time or, where @fault says
 *         so, until a reset; @fault is what it is under
 * @stuck: the doorbell is set, whether a command waits or not; @stuck_end_ns:
 *         until then, 0: until a reset
 */
typedef struct CXLMailboxHeld {
    QEMUTimer *timer;
    QEMUTimer *stuck_timer;
    bool waits;
    bool stuck;
    CXLFault fault;
    int64_t end_ns;
    int64_t stuck_end_ns;
} CXLMailboxHeld;

extern const VMStateDescription vmstate_cxl_mailbox_held;

/**
 * CXLMailbox: CXL r3.1 8.2.8.4: Mailbox Registers
 * @rf: holds the registers in front of the payload, from @offset on
 * @payload: the payload registers, @payload_size bytes, right behind them
 */
typedef struct CXLMailbox {
    CXLRegFile *rf;
    uint32_t offset;
    uint32_t payload_size;
    uint8_t *payload;
    uint8_t msgnum;
    CXLMailboxHeld held;
    CXLCCI *cci;
    void (*interrupt)(void *opaque, unsigned msgnum);
    void *opaque;
} CXLMailbox;

/**
 * CXLDeviceRegs: the device registers of a memory device
 * @mr: the whole block, a power of two in size, to be mapped in BAR 2
 * @regs: all registers in front of the mailbox's payload
 * @status_offset, @memdev_offset: where in @regs they stand
 */
typedef struct CXLDeviceRegs {
    MemoryRegion mr;
    CXLRegFile regs;
    CXLMailbox mailbox;
    uint32_t status_offset;
    uint32_t memdev_offset;
} CXLDeviceRegs;

extern const VMStateDescription vmstate_cxl_device_regs;
#define VMSTATE_CXL_DEVICE_REGS(_field, _state) \
    VMSTATE_STRUCT(_field, _state, 1, vmstate_cxl_device_regs, CXLDeviceRegs)

/**
 * CXLDeviceRegsConfig: what the owner wants
 * @payload_size: bytes of the mailbox payload, a power of two, 256 to 1 MiB
 * @mailbox_msgnum: vector of the mailbox, 0 to 15
 * @interrupt: raise vector @msgnum; called for doorbell and background done
 */
typedef struct CXLDeviceRegsConfig {
    uint32_t payload_size;
    uint8_t mailbox_msgnum;
    void (*interrupt)(void *opaque, unsigned msgnum);
    void *opaque;
} CXLDeviceRegsConfig;

void cxl_device_regs_init(CXLDeviceRegs *d, Object *owner, const char *name,
                          CXLCCI *cci, const CXLDeviceRegsConfig *config);
void cxl_device_regs_destroy(CXLDeviceRegs *d);
void cxl_device_regs_reset(CXLDeviceRegs *d, bool cold);

/* CXL r3.1 8.2.8.3.1: Event Status, one bit per log that holds records */
void cxl_device_regs_set_event(CXLDeviceRegs *d, unsigned log, bool pending);
/* CXL r3.1 8.2.8.5.1.1: Media Status of the Memory Device Status register */
void cxl_device_regs_set_media_status(CXLDeviceRegs *d, unsigned status);

/* CXL r3.1 8.2.8.4.3: whether payload registers can be of @size bytes */
bool cxl_mailbox_payload_valid(uint32_t size);
/**
 * cxl_mailbox_init: place the registers of a mailbox at @offset of @rf
 * @payload_size: bytes, a power of two, 256 to 1 MiB
 */
void cxl_mailbox_init(CXLMailbox *m, CXLRegFile *rf, uint32_t offset,
                      CXLCCI *cci, const CXLDeviceRegsConfig *config);
void cxl_mailbox_destroy(CXLMailbox *m);
/* CXL r3.1 8.2.8.4.3: the vector is known by this number now, 0 to 15 */
void cxl_mailbox_set_message(CXLMailbox *m, unsigned message);
/* To be called after the register file was reset */
void cxl_mailbox_reset(CXLMailbox *m);
/* After a load of vmstate_cxl_mailbox_held: 0, or -EINVAL */
int cxl_mailbox_resume(CXLMailbox *m);
/* Set the doorbell for @ms of virtual time; 0: until a reset */
void cxl_mailbox_stick(CXLMailbox *m, uint32_t ms);
/* A command that waits is answered now, as if there was no fault */
void cxl_mailbox_clear_faults(CXLMailbox *m);
/* A guest's access to the payload; @offset counts from the block's start */
uint64_t cxl_mailbox_payload_read(const CXLMailbox *m, uint64_t offset,
                                  unsigned size);
void cxl_mailbox_payload_write(CXLMailbox *m, uint64_t offset, uint64_t value,
                               unsigned size);
/* Bring the percentage of a running operation up to date, before a read */
void cxl_mailbox_refresh(CXLMailbox *m);
/*
 * CXL r3.1 8.2.8.4.6, 8.2.8.4.7: show the background operation of the CCI
 * in the registers, and interrupt when @done and enabled
 */
void cxl_mailbox_show_background(CXLMailbox *m, bool done);

#endif /* HW_CXL_REGS_DEVICE_H */

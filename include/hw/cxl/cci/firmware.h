/*
 * CXL r3.1 8.2.9.3: Firmware Update: 0200h Get FW Info, 0201h Transfer FW,
 * 0202h Activate FW
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_FIRMWARE_H
#define HW_CXL_CCI_FIRMWARE_H

#include "hw/cxl/cci/sets.h"
#include "hw/cxl/spec/payloads-firmware.h"

/* Implementation defined: bytes of the longest image */
#define CXL_FW_IMAGE_MAX        (16 * 1024 * 1024)

/* Implementation defined: what is in slot 1 at first, cut to 15 characters */
#define CXL_FIRMWARE_REVISION   "QEMU " QEMU_VERSION

/**
 * CXLFwSlot: what is known of the image in a slot
 * @revision: padded with NUL; begins with NUL when the slot is empty
 * @flags: CXL_FW_IMAGE_*
 */
typedef struct CXLFwSlot {
    uint8_t revision[16];
    uint8_t flags;
} CXLFwSlot;

/**
 * CXLFwTransfer: an image that arrives in parts
 * @running: it has been initiated
 * @timed_out: the one before waited too long for its next part
 * @data: the first @len bytes, of @size that are allocated; NULL without
 * @last: where in it the part that came last begins
 * @deadline_ns: virtual time at which it is aborted
 */
typedef struct CXLFwTransfer {
    QEMUTimer *timer;
    bool running;
    bool timed_out;
    uint8_t *data;
    uint32_t len;
    uint32_t size;
    uint32_t last;
    int64_t deadline_ns;
} CXLFwTransfer;

/**
 * CXLFirmware: slots of firmware, kept in non-volatile memory
 * @active, @staged: numbers of slots, from 1 on; no slot is staged: 0
 */
struct CXLFirmware {
    CXLMem *mem;
    CXLFwSlot slots[CXL_FW_SLOTS_MAX];
    uint8_t active;
    uint8_t staged;
    CXLFwTransfer transfer;
};

extern const VMStateDescription vmstate_cxl_firmware;

/* @incoming: state follows that was saved while the device had power */
void cxl_firmware_add(CXLCCI *cci, CXLFirmware *s, CXLMem *mem,
                      bool incoming);
void cxl_firmware_destroy(CXLFirmware *s);
/* A reset aborts the transfer of an image */
void cxl_firmware_abort(CXLFirmware *s);
/* Power was lost: what is staged becomes active */
void cxl_firmware_power_lost(CXLFirmware *s);
/* 16 characters at most: the version that runs */
const char *cxl_firmware_revision(const CXLFirmware *s);

#endif /* HW_CXL_CCI_FIRMWARE_H */

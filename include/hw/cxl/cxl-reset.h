/*
 * Kinds of reset, and what each leaves of each piece of state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CXL_RESET_H
#define HW_CXL_CXL_RESET_H

/*
 * CXL r3.1 9.5 to 9.8: what can happen to a device
 * @COLD: power comes on; also what is loaded over by a saved state
 * @WARM: reset of the machine: power stays
 * @HOT: Secondary Bus Reset of a port above
 * @FLR: Function Level Reset: CXL.mem is not affected
 * @CXL: CXL Reset, by the DVSEC for CXL Devices: CXL.io is not affected
 * @UNPLUG: unplugged, and a device with the same backends plugged again
 * @NEW_QEMU: QEMU ends, and another one starts on the same files
 */
typedef enum CXLResetKind {
    CXL_RESET_COLD,
    CXL_RESET_WARM,
    CXL_RESET_HOT,
    CXL_RESET_FLR,
    CXL_RESET_CXL,
    CXL_RESET_UNPLUG,
    CXL_RESET_NEW_QEMU,
    CXL_RESETS
} CXLResetKind;

/* What a kind of reset does to a piece of state */
typedef enum CXLFate {
    CXL_FATE_RESET,     /* R: back to what it was when power came on */
    CXL_FATE_KEPT,      /* K */
    CXL_FATE_NEVER,     /* N: no such reset there */
} CXLFate;

/**
 * CXLResetRow: a piece of state
 * @name: as in reset-table.h
 * @title: as in the documentation
 * @fate: by CXLResetKind
 */
typedef struct CXLResetRow {
    const char *name;
    const char *title;
    CXLFate fate[CXL_RESETS];
} CXLResetRow;

#define CXL_RESET_ROW(name, title, cold, warm, hot, flr, cxl, unplug, qemu) \
    { #name, title, { \
        [CXL_RESET_COLD] = CXL_FATE_##cold, \
        [CXL_RESET_WARM] = CXL_FATE_##warm, \
        [CXL_RESET_HOT] = CXL_FATE_##hot, \
        [CXL_RESET_FLR] = CXL_FATE_##flr, \
        [CXL_RESET_CXL] = CXL_FATE_##cxl, \
        [CXL_RESET_UNPLUG] = CXL_FATE_##unplug, \
        [CXL_RESET_NEW_QEMU] = CXL_FATE_##qemu } },
#define CXL_FATE_R CXL_FATE_RESET
#define CXL_FATE_K CXL_FATE_KEPT
#define CXL_FATE_N CXL_FATE_NEVER

#endif /* HW_CXL_CXL_RESET_H */

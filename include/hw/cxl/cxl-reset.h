/*
 * Kinds of reset
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
 * @CXL: CXL Reset, by the DVSEC for CXL Devices
 */
typedef enum CXLResetKind {
    CXL_RESET_COLD,
    CXL_RESET_WARM,
    CXL_RESET_HOT,
    CXL_RESET_FLR,
    CXL_RESET_CXL,
    CXL_RESETS
} CXLResetKind;

#endif /* HW_CXL_CXL_RESET_H */

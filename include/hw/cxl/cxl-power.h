/*
 * Power of a function, and which kind of reset comes to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CXL_POWER_H
#define HW_CXL_CXL_POWER_H

#include "hw/pci/pci_device.h"
#include "hw/resettable.h"
#include "hw/cxl/cxl-reset.h"

/**
 * CXLPower: embedded in a function
 * @on: a reset has come since it was realized
 * @cut: management takes the power away, around a reset
 * @lost: the reset is one because power is lost
 * @flr: a Function Level Reset is being carried out
 * @aer: the AER capability as it is when power comes on
 */
typedef struct CXLPower {
    PCIDevice *pdev;
    bool on;
    bool cut;
    bool lost;
    bool flr;
    uint8_t aer[PCI_ERR_SIZEOF];
} CXLPower;

/*
 * In realize, after AER and before DVSECs were added: notes how registers are
 * when power comes on
 */
void cxl_power_init(CXLPower *power, PCIDevice *pdev);
/* Which kind of reset the function is in, in its phase 'hold' of @type */
CXLResetKind cxl_power_reset(CXLPower *power, ResetType type);
/* After a write to configuration space: carry out an FLR, if it asks so */
void cxl_power_written(CXLPower *power, uint32_t addr, uint32_t value,
                       int len);
/* PCIe r6.0 7.8.4: AER registers are sticky: only a cold reset resets them */
void cxl_power_reset_aer(CXLPower *power);

#endif /* HW_CXL_CXL_POWER_H */

/*
 * Power of a function, and which kind of reset comes to it
 *
 * QEMU has one kind of reset, which it does to a function, to a bus, or to
 * the machine. Who else is in reset tells which kind it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/range.h"
#include "hw/cxl/cxl-power.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"

/*
 * A saved state may differ in what software or the device can change, and in
 * nothing else. QEMU leaves most of the header out of it, with the Interrupt
 * Pin, and all extended capabilities.
 */
static void power_expect_config(PCIDevice *pdev)
{
    uint8_t *aer = pdev->cmask + pdev->exp.aer_cap;
    size_t extended = PCIE_CONFIG_SPACE_SIZE - PCI_CONFIG_SPACE_SIZE;

    memset(pdev->cmask + PCI_CONFIG_SPACE_SIZE, 0xff, extended);
    memset(pdev->cmask, 0xff, PCI_CONFIG_HEADER_SIZE);
    pci_word_test_and_clear_mask(pdev->cmask + PCI_STATUS,
                                 PCI_STATUS_INTERRUPT);
    if (IS_PCI_BRIDGE(pdev)) {
        pci_set_word(pdev->cmask + PCI_SEC_STATUS, 0);
    }
    pci_long_test_and_clear_mask(aer + PCI_ERR_CAP, PCI_ERR_CAP_FEP_MASK |
                                 PCI_ERR_CAP_TLP);
    memset(aer + PCI_ERR_HEADER_LOG, 0, PCI_ERR_HEADER_LOG_SIZE);
    memset(aer + PCI_ERR_ROOT_STATUS, 0, PCI_ERR_SIZEOF - PCI_ERR_ROOT_STATUS);
}

void cxl_power_init(CXLPower *power, PCIDevice *pdev)
{
    power_expect_config(pdev);
    *power = (CXLPower) { .pdev = pdev };
    memcpy(power->aer, pdev->config + pdev->exp.aer_cap, sizeof(power->aer));
}

/*
 * The top of what is in reset: the machine; the bus of a port whose Secondary
 * Bus Reset was written; or a function that was plugged in, or whose slot was
 * switched on or off.
 */
static CXLResetKind power_kind(PCIDevice *pdev)
{
    for (;;) {
        PCIBus *bus = pci_get_bus(pdev);

        if (!resettable_is_in_reset(OBJECT(bus))) {
            return CXL_RESET_COLD;
        }
        if (pci_bus_is_root(bus)) {
            return CXL_RESET_WARM;
        }
        pdev = bus->parent_dev;
        if (!resettable_is_in_reset(OBJECT(pdev))) {
            return CXL_RESET_HOT;
        }
    }
}

CXLResetKind cxl_power_reset(CXLPower *power, ResetType type)
{
    bool was_on = power->on;
    CXLResetKind kind;

    power->on = true;
    power->lost = false;
    if (type == RESET_TYPE_SNAPSHOT_LOAD || !was_on) {
        return CXL_RESET_COLD;
    }
    kind = power->flr ? CXL_RESET_FLR : power_kind(power->pdev);
    /* A slot that is switched off hides its functions before it resets them */
    power->lost = power->cut ||
                  (kind == CXL_RESET_COLD && !power->pdev->enabled);
    return kind;
}

void cxl_power_written(CXLPower *power, uint32_t addr, uint32_t value,
                       int len)
{
    uint32_t control = power->pdev->exp.exp_cap + PCI_EXP_DEVCTL;

    if (ranges_overlap(addr, len, control, 2)) {
        power->flr = true;
        pcie_cap_flr_write_config(power->pdev, addr, value, len);
        power->flr = false;
    }
}

void cxl_power_reset_aer(CXLPower *power)
{
    PCIDevice *pdev = power->pdev;

    memcpy(pdev->config + pdev->exp.aer_cap, power->aer, sizeof(power->aer));
    pdev->exp.aer_log.log_num = 0;
}

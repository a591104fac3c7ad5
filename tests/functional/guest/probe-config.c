/*
 * cxl-probe: configuration space
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "probe.h"

/* PCIe r6.0 7.7.2.2: not named by libpci */
#define MSIX_CONTROL        2
#define MSIX_TABLE_SIZE     0x7ff

static void put_device(struct pci_dev *dev, const char *owner, unsigned cap)
{
    unsigned value = pci_read_word(dev, cap + CXL_DEVICE_CAPABILITY);
    unsigned control = pci_read_word(dev, cap + CXL_DEVICE_CONTROL);

    put(owner, "device.capability", "0x%04x", value);
    put(owner, "device.protocols", "cache=%u io=%u mem=%u",
        (unsigned)GET(value, CXL_DEVICE_CAPABILITY, CACHE),
        (unsigned)GET(value, CXL_DEVICE_CAPABILITY, IO),
        (unsigned)GET(value, CXL_DEVICE_CAPABILITY, MEM));
    put(owner, "device.hdm-count", "%u",
        (unsigned)GET(value, CXL_DEVICE_CAPABILITY, HDM_COUNT));
    put(owner, "device.control", "0x%04x", control);
    put(owner, "device.mem-enable", "%u",
        (unsigned)GET(control, CXL_DEVICE_CONTROL, MEM_ENABLE));
    put(owner, "device.status", "0x%04x",
        pci_read_word(dev, cap + CXL_DEVICE_STATUS));
    put(owner, "device.lock", "0x%04x",
        pci_read_word(dev, cap + CXL_DEVICE_LOCK));
    for (unsigned n = 0; n < CXL_DEVICE_RANGES; n++) {
        uint64_t low = pci_read_long(dev, cap + CXL_DEVICE_RANGE_SIZE_LOW(n));
        uint64_t size = low & CXL_DEVICE_RANGE_LOW_MASK;
        char key[32];

        size |= (uint64_t)pci_read_long(
            dev, cap + CXL_DEVICE_RANGE_SIZE_HIGH(n)) << 32;
        snprintf(key, sizeof(key), "device.range.%u", n);
        put(owner, key, "size=0x%jx valid=%u active=%u media=%u class=%u",
            (uintmax_t)size,
            (unsigned)GET(low, CXL_DEVICE_RANGE, INFO_VALID),
            (unsigned)GET(low, CXL_DEVICE_RANGE, ACTIVE),
            (unsigned)GET(low, CXL_DEVICE_RANGE, MEDIA_TYPE),
            (unsigned)GET(low, CXL_DEVICE_RANGE, MEMORY_CLASS));
    }
}

static void put_port(struct pci_dev *dev, const char *owner, unsigned cap)
{
    put(owner, "port.status", "0x%04x",
        pci_read_word(dev, cap + CXL_PORT_STATUS));
    put(owner, "port.control", "0x%04x",
        pci_read_word(dev, cap + CXL_PORT_CONTROL));
}

static void put_time(const char *owner, const char *key, unsigned value)
{
    put(owner, key, "base=%u scale=%u",
        (unsigned)GET(value, CXL_GPF_TIME, BASE),
        (unsigned)GET(value, CXL_GPF_TIME, SCALE));
}

static void put_gpf_port(struct pci_dev *dev, const char *owner, unsigned cap)
{
    put_time(owner, "gpf-port.phase1",
             pci_read_word(dev, cap + CXL_GPF_PORT_PHASE1));
    put_time(owner, "gpf-port.phase2",
             pci_read_word(dev, cap + CXL_GPF_PORT_PHASE2));
}

static void put_gpf_device(struct pci_dev *dev, const char *owner,
                           unsigned cap)
{
    put_time(owner, "gpf-device.phase2",
             pci_read_word(dev, cap + CXL_GPF_DEVICE_PHASE2_DURATION));
    put(owner, "gpf-device.power", "%u",
        pci_read_long(dev, cap + CXL_GPF_DEVICE_PHASE2_POWER));
}

static void put_flex_bus(struct pci_dev *dev, const char *owner, unsigned cap)
{
    static const struct {
        const char *key;
        unsigned offset;
    } words[] = {
        { "flex-bus.capability", CXL_FLEX_BUS_CAPABILITY },
        { "flex-bus.control", CXL_FLEX_BUS_CONTROL },
        { "flex-bus.status", CXL_FLEX_BUS_STATUS },
    };

    for (unsigned i = 0; i < 3; i++) {
        unsigned value = pci_read_word(dev, cap + words[i].offset);

        put(owner, words[i].key, "0x%04x cache=%u io=%u mem=%u 68b-vh=%u",
            value, (unsigned)GET(value, CXL_FLEX_BUS, CACHE),
            (unsigned)GET(value, CXL_FLEX_BUS, IO),
            (unsigned)GET(value, CXL_FLEX_BUS, MEM),
            (unsigned)GET(value, CXL_FLEX_BUS, FLIT_68B_VH));
    }
}

static const struct {
    unsigned id;
    const char *name;
    void (*put)(struct pci_dev *dev, const char *owner, unsigned cap);
} dvsecs[] = {
    { CXL_DVSEC_ID_DEVICE, "device", put_device },
    { CXL_DVSEC_ID_NON_CXL_FUNCTION, "non-cxl-function", NULL },
    { CXL_DVSEC_ID_PORT, "port", put_port },
    { CXL_DVSEC_ID_GPF_PORT, "gpf-port", put_gpf_port },
    { CXL_DVSEC_ID_GPF_DEVICE, "gpf-device", put_gpf_device },
    { CXL_DVSEC_ID_FLEX_BUS, "flex-bus", put_flex_bus },
    { CXL_DVSEC_ID_LOCATOR, "locator", NULL },
    { CXL_DVSEC_ID_MLD, "mld", NULL },
    { CXL_DVSEC_ID_TEST, "test", NULL },
};

static void probe_dvsec(struct pci_dev *dev, const char *owner, unsigned cap)
{
    uint32_t header = pci_read_long(dev, cap + CXL_DVSEC_HEADER1);
    unsigned id = pci_read_word(dev, cap + CXL_DVSEC_HEADER2);
    const char *name = "unknown";
    char key[48];

    if (GET(header, CXL_DVSEC_HEADER1, VENDOR) != CXL_VENDOR_ID) {
        return;
    }
    for (unsigned i = 0; i < sizeof(dvsecs) / sizeof(*dvsecs); i++) {
        if (dvsecs[i].id == id) {
            name = dvsecs[i].name;
            if (dvsecs[i].put) {
                dvsecs[i].put(dev, owner, cap);
            }
        }
    }
    snprintf(key, sizeof(key), "dvsec.%u", id);
    put(owner, key, "name=%s revision=%u length=0x%x", name,
        (unsigned)GET(header, CXL_DVSEC_HEADER1, REVISION),
        (unsigned)GET(header, CXL_DVSEC_HEADER1, LENGTH));
}

static void probe_aer(struct pci_dev *dev, const char *owner, unsigned cap)
{
    put(owner, "aer.uncorrectable", "status=0x%08x mask=0x%08x "
        "severity=0x%08x", pci_read_long(dev, cap + PCI_ERR_UNCOR_STATUS),
        pci_read_long(dev, cap + PCI_ERR_UNCOR_MASK),
        pci_read_long(dev, cap + PCI_ERR_UNCOR_SEVER));
    put(owner, "aer.correctable", "status=0x%08x mask=0x%08x",
        pci_read_long(dev, cap + PCI_ERR_COR_STATUS),
        pci_read_long(dev, cap + PCI_ERR_COR_MASK));
}

static void probe_extended(struct pci_dev *dev, const char *owner,
                           const struct pci_cap *cap)
{
    switch (cap->id) {
    case PCI_EXT_CAP_ID_AER:
        probe_aer(dev, owner, cap->addr);
        break;
    case PCI_EXT_CAP_ID_DSN:
        put(owner, "dsn", "0x%08x%08x", pci_read_long(dev, cap->addr + 8),
            pci_read_long(dev, cap->addr + 4));
        break;
    case PCI_EXT_CAP_ID_DVSEC:
        probe_dvsec(dev, owner, cap->addr);
        break;
    case PCI_EXT_CAP_ID_DOE:
        probe_doe(dev, owner, cap->addr);
        break;
    }
}

static void probe_legacy(struct pci_dev *dev, const char *owner,
                         const struct pci_cap *cap)
{
    if (cap->id == PCI_CAP_ID_EXP) {
        unsigned flags = pci_read_word(dev, cap->addr + PCI_EXP_FLAGS);

        put(owner, "pcie-type", "%u", (flags & PCI_EXP_FLAGS_TYPE) >> 4);
        put(owner, "port-number", "%u",
            pci_read_long(dev, cap->addr + PCI_EXP_LNKCAP) >> 24);
    } else if (cap->id == PCI_CAP_ID_MSIX) {
        unsigned flags = pci_read_word(dev, cap->addr + MSIX_CONTROL);

        put(owner, "msix-vectors", "%u", (flags & MSIX_TABLE_SIZE) + 1);
    }
}

void probe_config(struct pci_dev *dev, const char *owner)
{
    put(owner, "id", "%04x:%04x", dev->vendor_id, dev->device_id);
    put(owner, "class", "%04x%02x", dev->device_class, dev->prog_if);
    for (struct pci_cap *cap = dev->first_cap; cap; cap = cap->next) {
        if (cap->type == PCI_CAP_EXTENDED) {
            probe_extended(dev, owner, cap);
        } else {
            probe_legacy(dev, owner, cap);
        }
    }
}

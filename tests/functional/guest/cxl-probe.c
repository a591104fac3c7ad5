/*
 * cxl-probe: what a driver's author looks at, read from user space
 *
 * Prints configuration space and register blocks of every CXL function and
 * of every host bridge as lines "OWNER KEY: VALUE".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

static const char usage[] =
    "usage: cxl-probe [--widths] [BUS:DEVICE.FUNCTION]\n"
    "Without an address, all CXL functions and host bridges.\n"
    "--widths reads the register blocks at every width and alignment.\n";

void put(const char *owner, const char *key, const char *format, ...)
{
    va_list args;

    printf("%s %s: ", owner, key);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* Has the function a DVSEC of the CXL consortium? */
static bool is_cxl(struct pci_dev *dev)
{
    for (struct pci_cap *cap = dev->first_cap; cap; cap = cap->next) {
        if (cap->type == PCI_CAP_EXTENDED && cap->id == PCI_EXT_CAP_ID_DVSEC &&
            pci_read_word(dev, cap->addr + PCI_DVSEC_HEADER1) ==
            CXL_VENDOR_ID) {
            return true;
        }
    }
    return false;
}

static void probe_block(const Block *block, bool widths)
{
    if (widths) {
        probe_widths(block);
    } else if (block->id == CXL_LOCATOR_ID_COMPONENT) {
        probe_component(block);
    } else if (block->id == CXL_LOCATOR_ID_DEVICE) {
        probe_device(block);
    }
}

static void probe_function(struct pci_dev *dev, bool widths)
{
    Block blocks[PROBE_BLOCKS_MAX];
    char owner[16];

    snprintf(owner, sizeof(owner), "%02x:%02x.%x", dev->bus, dev->dev,
             dev->func);
    if (!widths) {
        probe_config(dev, owner);
    }
    unsigned count = probe_locate(dev, owner, blocks);
    for (unsigned i = 0; i < count; i++) {
        probe_block(&blocks[i], widths);
    }
}

int main(int argc, char **argv)
{
    bool widths = argc > 1 && !strcmp(argv[1], "--widths");
    const char *wanted = argc > 1 + widths ? argv[1 + widths] : NULL;
    struct pci_access *access = pci_alloc();
    struct pci_filter filter;
    unsigned found = 0;

    pci_init(access);
    pci_filter_init(access, &filter);
    if (argc > 2 + widths ||
        (wanted && pci_filter_parse_slot(&filter, (char *)wanted))) {
        errx(2, "%s", usage);
    }
    pci_scan_bus(access);
    for (struct pci_dev *dev = access->devices; dev; dev = dev->next) {
        pci_fill_info(dev, PCI_FILL_IDENT | PCI_FILL_CLASS |
                      PCI_FILL_CLASS_EXT | PCI_FILL_CAPS |
                      PCI_FILL_EXT_CAPS);
        if (pci_filter_match(&filter, dev) && is_cxl(dev)) {
            probe_function(dev, widths);
            found++;
        }
    }
    if (!wanted) {
        probe_host(widths);
        put("all", "functions", "%u", found);
    }
    pci_cleanup(access);
    return found ? 0 : 1;
}

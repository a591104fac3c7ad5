/*
 * cxl-probe: Data Object Exchange and the CDAT behind it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <unistd.h>

#include "probe.h"

/* PCIe r6.0 7.9.24.5, .6: not named by libpci */
#define DOE_WRITE       0x10
#define DOE_READ        0x14
#define DOE_VENDOR_PCI  1
#define DOE_DISCOVERY   0
#define DOE_MAX_DWORDS  1024

typedef struct Doe {
    struct pci_dev *dev;
    const char *owner;
    unsigned cap;
    uint32_t reply[DOE_MAX_DWORDS];
    unsigned count;     /* dwords in the reply */
} Doe;

static bool wait_for(Doe *doe, uint32_t mask, uint32_t value)
{
    for (int i = 0; i < 1000; i++) {
        uint32_t status = pci_read_long(doe->dev, doe->cap + PCI_DOE_STS);

        if (status & PCI_DOE_STS_ERROR) {
            return false;
        }
        if ((status & mask) == value) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

static bool read_reply(Doe *doe)
{
    for (doe->count = 0; doe->count < DOE_MAX_DWORDS; doe->count++) {
        uint32_t status = pci_read_long(doe->dev, doe->cap + PCI_DOE_STS);

        if (!(status & PCI_DOE_STS_OBJECT_READY)) {
            break;
        }
        doe->reply[doe->count] = pci_read_long(doe->dev, doe->cap + DOE_READ);
        pci_write_long(doe->dev, doe->cap + DOE_READ, 0);
    }
    return doe->count >= 2 && doe->reply[1] == doe->count;
}

/* One exchange; the body has one dword in all objects used here */
static bool exchange(Doe *doe, unsigned vendor, unsigned type, uint32_t body)
{
    uint32_t request[] = { vendor | type << 16, 3, body };

    pci_write_long(doe->dev, doe->cap + PCI_DOE_CTL, PCI_DOE_CTL_ABORT);
    if (!wait_for(doe, PCI_DOE_STS_BUSY | PCI_DOE_STS_OBJECT_READY, 0)) {
        return false;
    }
    for (unsigned i = 0; i < 3; i++) {
        pci_write_long(doe->dev, doe->cap + DOE_WRITE, request[i]);
    }
    pci_write_long(doe->dev, doe->cap + PCI_DOE_CTL, PCI_DOE_CTL_GO);
    return wait_for(doe, PCI_DOE_STS_OBJECT_READY, PCI_DOE_STS_OBJECT_READY) &&
           read_reply(doe) && doe->reply[0] == request[0];
}

/* PCIe r6.0 6.30.1.1: DOE Discovery; true when it lists CXL table access */
static bool discover(Doe *doe)
{
    unsigned index = 0;
    bool cdat = false;

    do {
        char key[32];

        if (!exchange(doe, DOE_VENDOR_PCI, DOE_DISCOVERY, index) ||
            doe->count != 3) {
            put(doe->owner, "doe.discovery", "failed at %u", index);
            return false;
        }
        unsigned vendor = doe->reply[2] & 0xffff;
        unsigned type = doe->reply[2] >> 16 & 0xff;

        snprintf(key, sizeof(key), "doe.object.%u", index);
        put(doe->owner, key, "vendor=%04x type=%u", vendor, type);
        cdat |= vendor == CXL_VENDOR_ID && type == CXL_DOE_TABLE_ACCESS;
        index = doe->reply[2] >> 24;
    } while (index);
    put(doe->owner, "doe.discovery", "complete");
    return cdat;
}

static void put_dsmas(const char *owner, const char *key, const void *entry)
{
    const CXLDsmas *e = entry;

    put(owner, key, "type=DSMAS handle=%u flags=0x%x base=0x%jx length=0x%jx",
        e->handle, e->flags, (uintmax_t)cxl_le64_get(e->dpa_base),
        (uintmax_t)cxl_le64_get(e->dpa_length));
}

static void put_dslbis(const char *owner, const char *key, const void *entry)
{
    const CXLDslbis *e = entry;

    put(owner, key, "type=DSLBIS handle=%u flags=0x%x data=%u unit=%ju "
        "value=%u", e->handle, e->flags, e->data_type,
        (uintmax_t)cxl_le64_get(e->entry_base_unit),
        cxl_le16_get(e->value[0]));
}

static void put_dsemts(const char *owner, const char *key, const void *entry)
{
    const CXLDsemts *e = entry;

    put(owner, key, "type=DSEMTS handle=%u efi-type=%u offset=0x%jx "
        "length=0x%jx", e->handle, e->efi_type,
        (uintmax_t)cxl_le64_get(e->dpa_offset),
        (uintmax_t)cxl_le64_get(e->dpa_length));
}

static void put_entry(const char *owner, unsigned number, const void *data,
                      size_t size)
{
    const CXLCdatEntry *entry = data;
    unsigned length = cxl_le16_get(entry->length);
    char key[32];

    snprintf(key, sizeof(key), "cdat.%u", number);
    if (length != size) {
        put(owner, key, "length %u differs from the object's %zu", length,
            size);
    } else if (entry->type == CXL_CDAT_DSMAS && size == sizeof(CXLDsmas)) {
        put_dsmas(owner, key, data);
    } else if (entry->type == CXL_CDAT_DSLBIS && size == sizeof(CXLDslbis)) {
        put_dslbis(owner, key, data);
    } else if (entry->type == CXL_CDAT_DSEMTS && size == sizeof(CXLDsemts)) {
        put_dsemts(owner, key, data);
    } else {
        put(owner, key, "type=%u length=%u", entry->type, length);
    }
}

static unsigned byte_sum(const uint8_t *bytes, size_t size)
{
    unsigned sum = 0;

    while (size--) {
        sum += *bytes++;
    }
    return sum;
}

/* CXL r3.1 8.1.11.1: entry after entry, until the last handle */
static void read_cdat(Doe *doe)
{
    unsigned handle = 0, number = 0, sum = 0;
    size_t total = 0, length = 0;

    do {
        uint32_t body = CXL_DOE_READ_ENTRY | CXL_DOE_TABLE_CDAT << 8 |
                        handle << 16;

        if (!exchange(doe, CXL_VENDOR_ID, CXL_DOE_TABLE_ACCESS, body) ||
            doe->count < 4 || number > 1000) {
            put(doe->owner, "cdat", "entry %u cannot be read", handle);
            return;
        }
        size_t size = (doe->count - 3) * CXL_DOE_DWORD;

        sum += byte_sum((uint8_t *)&doe->reply[3], size);
        total += size;
        if (!number++) {
            length = doe->reply[3];
        } else {
            put_entry(doe->owner, number - 2, &doe->reply[3], size);
        }
        handle = doe->reply[2] >> 16;
    } while (handle != CXL_DOE_LAST_ENTRY);
    put(doe->owner, "cdat", "length=%zu entries=%u checksum=%s total=%s",
        length, number - 1, sum & 0xff ? "bad" : "good",
        total == length ? "good" : "bad");
}

void probe_doe(struct pci_dev *dev, const char *owner, unsigned cap)
{
    Doe doe = { .dev = dev, .owner = owner, .cap = cap };

    if (discover(&doe)) {
        read_cdat(&doe);
    }
}

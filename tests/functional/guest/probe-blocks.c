/*
 * cxl-probe: register blocks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

uint32_t block_read32(const Block *block, size_t offset)
{
    return *(const volatile uint32_t *)(block->base + offset);
}

uint64_t block_read64(const Block *block, size_t offset)
{
    return *(const volatile uint64_t *)(block->base + offset);
}

/* Maps a BAR from offset on; NULL with errno when the kernel refuses */
static const volatile uint8_t *map_bar(struct pci_dev *dev, unsigned bar,
                                       size_t offset, size_t *size)
{
    char path[96];
    struct stat st;
    void *base = MAP_FAILED;

    snprintf(path, sizeof(path),
             "/sys/bus/pci/devices/%04x:%02x:%02x.%x/resource%u",
             dev->domain, dev->bus, dev->dev, dev->func, bar);
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        return NULL;
    }
    if (!fstat(fd, &st) && (size_t)st.st_size > offset) {
        *size = st.st_size - offset;
        base = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    }
    close(fd);
    return base == MAP_FAILED ? NULL : (uint8_t *)base + offset;
}

static unsigned find_locator(struct pci_dev *dev)
{
    for (struct pci_cap *cap = dev->first_cap; cap; cap = cap->next) {
        if (cap->type == PCI_CAP_EXTENDED && cap->id == PCI_EXT_CAP_ID_DVSEC &&
            pci_read_word(dev, cap->addr + CXL_DVSEC_HEADER1) ==
            CXL_VENDOR_ID &&
            pci_read_word(dev, cap->addr + CXL_DVSEC_HEADER2) ==
            CXL_DVSEC_ID_LOCATOR) {
            return cap->addr;
        }
    }
    return 0;
}

unsigned probe_locate(struct pci_dev *dev, const char *owner, Block *blocks)
{
    unsigned cap = find_locator(dev), count, mapped = 0;

    if (!cap) {
        return 0;
    }
    count = GET(pci_read_long(dev, cap + CXL_DVSEC_HEADER1),
                CXL_DVSEC_HEADER1, LENGTH);
    count = (count - CXL_DVSEC_LENGTH_LOCATOR(0)) / 8;
    for (unsigned n = 0; n < count && mapped < PROBE_BLOCKS_MAX; n++) {
        uint32_t low = pci_read_long(dev, cap + CXL_LOCATOR_LOW(n));
        uint64_t offset = pci_read_long(dev, cap + CXL_LOCATOR_HIGH(n));
        unsigned bar = GET(low, CXL_LOCATOR, BIR);
        Block block = { owner, n, GET(low, CXL_LOCATOR, ID), NULL, 0 };
        char key[32];

        offset = offset << 32 | GET(low, CXL_LOCATOR, OFFSET_LOW) << 16;
        snprintf(key, sizeof(key), "block.%u", n);
        if (block.id != CXL_LOCATOR_ID_EMPTY) {
            block.base = map_bar(dev, bar, offset, &block.size);
        }
        put(owner, key, "id=%u bar=%u offset=0x%jx map=%s", block.id, bar,
            (uintmax_t)offset, block.base ? "ok" :
            block.id ? strerror(errno) : "none");
        if (block.base) {
            blocks[mapped++] = block;
        }
    }
    return mapped;
}

static uint64_t get64(const Block *b, size_t low, size_t high)
{
    return block_read32(b, low) | (uint64_t)block_read32(b, high) << 32;
}

static void put_ras(const Block *b, size_t at)
{
    put(b->owner, "ras.uncorrectable", "status=0x%08x mask=0x%08x "
        "severity=0x%08x", block_read32(b, at + CXL_RAS_UE_STATUS),
        block_read32(b, at + CXL_RAS_UE_MASK),
        block_read32(b, at + CXL_RAS_UE_SEVERITY));
    put(b->owner, "ras.correctable", "status=0x%08x mask=0x%08x",
        block_read32(b, at + CXL_RAS_CE_STATUS),
        block_read32(b, at + CXL_RAS_CE_MASK));
    put(b->owner, "ras.control", "0x%08x",
        block_read32(b, at + CXL_RAS_CONTROL));
}

static void put_link(const Block *b, size_t at)
{
    put(b->owner, "link.capability", "0x%016jx",
        (uintmax_t)block_read64(b, at + CXL_LINK_CAPABILITY));
    put(b->owner, "link.init-state", "%u",
        (unsigned)GET(block_read64(b, at + CXL_LINK_CONTROL_STATUS),
                      CXL_LINK_CONTROL_STATUS, INIT_STATE));
}

/* CXL r3.1 8.2.4.20.1: 0 is one decoder, to 8 two each, then four each */
static unsigned decoder_count(uint32_t capability)
{
    unsigned code = GET(capability, CXL_HDM_CAPABILITY, DECODER_COUNT);

    return code == 0 ? 1 : code <= 8 ? code * 2 : (code - 4) * 4;
}

static void put_decoder(const Block *b, size_t at, unsigned n)
{
    uint32_t control = block_read32(b, at + CXL_HDM_CONTROL);
    char key[32];

    snprintf(key, sizeof(key), "hdm.decoder.%u", n);
    put(b->owner, key, "base=0x%jx size=0x%jx target=0x%jx control=0x%08x "
        "ig=%u iw=%u lock=%u commit=%u committed=%u error=%u host-only=%u",
        (uintmax_t)get64(b, at + CXL_HDM_BASE_LOW, at + CXL_HDM_BASE_HIGH),
        (uintmax_t)get64(b, at + CXL_HDM_SIZE_LOW, at + CXL_HDM_SIZE_HIGH),
        (uintmax_t)get64(b, at + CXL_HDM_TARGET_LOW, at + CXL_HDM_TARGET_HIGH),
        control, (unsigned)GET(control, CXL_HDM_CONTROL, IG),
        (unsigned)GET(control, CXL_HDM_CONTROL, IW),
        (unsigned)GET(control, CXL_HDM_CONTROL, LOCK),
        (unsigned)GET(control, CXL_HDM_CONTROL, COMMIT),
        (unsigned)GET(control, CXL_HDM_CONTROL, COMMITTED),
        (unsigned)GET(control, CXL_HDM_CONTROL, ERROR),
        (unsigned)GET(control, CXL_HDM_CONTROL, HOST_ONLY));
}

static void put_hdm(const Block *b, size_t at)
{
    uint32_t value = block_read32(b, at + CXL_HDM_CAPABILITY);
    unsigned count = decoder_count(value);

    put(b->owner, "hdm.capability", "0x%08x", value);
    put(b->owner, "hdm.decoders", "%u", count);
    put(b->owner, "hdm.targets", "%u",
        (unsigned)GET(value, CXL_HDM_CAPABILITY, TARGET_COUNT));
    put(b->owner, "hdm.interleave", "a11to8=%u a14to12=%u 3-6-12=%u 16=%u",
        (unsigned)GET(value, CXL_HDM_CAPABILITY, A11TO8),
        (unsigned)GET(value, CXL_HDM_CAPABILITY, A14TO12),
        (unsigned)GET(value, CXL_HDM_CAPABILITY, WAYS_3_6_12),
        (unsigned)GET(value, CXL_HDM_CAPABILITY, WAYS_16));
    put(b->owner, "hdm.global-control", "0x%08x",
        block_read32(b, at + CXL_HDM_GLOBAL_CONTROL));
    for (unsigned n = 0; n < count; n++) {
        put_decoder(b, at + CXL_HDM_DECODER(n), n);
    }
}

static void put_capability(const Block *b, unsigned id, size_t at)
{
    switch (id) {
    case CXL_CAP_ID_RAS:
        put_ras(b, at);
        break;
    case CXL_CAP_ID_LINK:
        put_link(b, at);
        break;
    case CXL_CAP_ID_HDM:
        put_hdm(b, at);
        break;
    }
}

void probe_component(const Block *b)
{
    uint32_t header = block_read32(b, CXL_CM_OFFSET + CXL_CAP_HEADER);
    unsigned count = GET(header, CXL_CAP_HEADER, ARRAY_SIZE);

    put(b->owner, "cm.header", "id=%u version=%u cache-mem-version=%u "
        "count=%u", (unsigned)GET(header, CXL_CAP_HEADER, ID),
        (unsigned)GET(header, CXL_CAP_HEADER, VERSION),
        (unsigned)GET(header, CXL_CAP_HEADER, CACHE_MEM_VERSION), count);
    for (unsigned n = 1; n <= count; n++) {
        uint32_t entry = block_read32(b, CXL_CM_OFFSET + CXL_CAP_ENTRY(n));
        unsigned id = GET(entry, CXL_CAP_ENTRY, ID);
        unsigned pointer = GET(entry, CXL_CAP_ENTRY, POINTER);
        char key[32];

        snprintf(key, sizeof(key), "cm.capability.%u", id);
        put(b->owner, key, "version=%u offset=0x%x",
            (unsigned)GET(entry, CXL_CAP_ENTRY, VERSION), pointer);
        put_capability(b, id, CXL_CM_OFFSET + pointer);
    }
}

static void put_mailbox(const Block *b, size_t at)
{
    uint32_t value = block_read32(b, at + CXL_MBOX_CAPABILITIES);

    put(b->owner, "mailbox.capabilities", "0x%08x", value);
    put(b->owner, "mailbox.payload-size", "%u",
        1u << GET(value, CXL_MBOX_CAPABILITIES, PAYLOAD_SIZE));
    put(b->owner, "mailbox.interrupts", "doorbell=%u background=%u "
        "message=%u",
        (unsigned)GET(value, CXL_MBOX_CAPABILITIES, DOORBELL_IRQ),
        (unsigned)GET(value, CXL_MBOX_CAPABILITIES, BACKGROUND_IRQ),
        (unsigned)GET(value, CXL_MBOX_CAPABILITIES, MSGNUM));
    put(b->owner, "mailbox.control", "0x%08x",
        block_read32(b, at + CXL_MBOX_CONTROL));
    put(b->owner, "mailbox.status", "0x%016jx",
        (uintmax_t)block_read64(b, at + CXL_MBOX_STATUS));
}

static void put_memdev(const Block *b, size_t at)
{
    uint64_t value = block_read64(b, at + CXL_MEMDEV_STATUS);

    put(b->owner, "memdev.status", "fatal=%u fw-halt=%u media=%u "
        "mailbox-ready=%u reset-needed=%u",
        (unsigned)GET(value, CXL_MEMDEV_STATUS, FATAL),
        (unsigned)GET(value, CXL_MEMDEV_STATUS, FW_HALT),
        (unsigned)GET(value, CXL_MEMDEV_STATUS, MEDIA),
        (unsigned)GET(value, CXL_MEMDEV_STATUS, MAILBOX_READY),
        (unsigned)GET(value, CXL_MEMDEV_STATUS, RESET_NEEDED));
}

static void put_device_capability(const Block *b, unsigned id, size_t at)
{
    switch (id) {
    case CXL_DEV_CAP_ID_STATUS:
        put(b->owner, "event.status", "0x%jx",
            (uintmax_t)block_read64(b, at + CXL_DEV_EVENT_STATUS));
        break;
    case CXL_DEV_CAP_ID_MAILBOX:
        put_mailbox(b, at);
        break;
    case CXL_DEV_CAP_ID_MEMDEV_STATUS:
        put_memdev(b, at);
        break;
    }
}

void probe_device(const Block *b)
{
    uint64_t array = block_read64(b, CXL_DEV_CAP_ARRAY);
    unsigned count = GET(array, CXL_DEV_CAP_ARRAY, COUNT);

    put(b->owner, "dev.array", "id=%u version=%u type=%u count=%u",
        (unsigned)GET(array, CXL_DEV_CAP_ARRAY, ID),
        (unsigned)GET(array, CXL_DEV_CAP_ARRAY, VERSION),
        (unsigned)GET(array, CXL_DEV_CAP_ARRAY, TYPE), count);
    for (unsigned n = 1; n <= count; n++) {
        size_t at = CXL_DEV_CAP(n);
        uint32_t head = block_read32(b, at + CXL_DEV_CAP_ID);
        uint32_t offset = block_read32(b, at + CXL_DEV_CAP_OFFSET);
        unsigned id = head & 0xffff;
        char key[32];

        snprintf(key, sizeof(key), "dev.capability.%x", id);
        put(b->owner, key, "version=%u offset=0x%x length=0x%x",
            head >> (8 * CXL_DEV_CAP_VERSION) & 0xff, offset,
            block_read32(b, at + CXL_DEV_CAP_LENGTH));
        if (offset < b->size) {
            put_device_capability(b, id, offset);
        }
    }
}

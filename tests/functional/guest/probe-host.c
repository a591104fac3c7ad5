/*
 * cxl-probe: host bridges and windows, by the CEDT
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe.h"

#define CEDT_PATH       "/sys/firmware/acpi/tables/CEDT"
#define ACPI_HEADER     36

/* CXL r3.1 9.18.1.1, 9.18.1.2, 9.18.1.3 */
enum { CEDT_CHBS = 0, CEDT_CFMWS = 1 };

typedef struct __attribute__((packed)) CedtEntry {
    uint8_t type;
    uint8_t reserved;
    uint16_t length;
} CedtEntry;

typedef struct __attribute__((packed)) Chbs {
    CedtEntry entry;
    uint32_t uid;
    uint32_t version;
    uint32_t reserved;
    uint64_t base;
    uint64_t length;
} Chbs;

typedef struct __attribute__((packed)) Cfmws {
    CedtEntry entry;
    uint32_t reserved1;
    uint64_t base;
    uint64_t size;
    uint8_t eniw;
    uint8_t arithmetic;
    uint16_t reserved2;
    uint32_t hbig;
    uint16_t restrictions;
    uint16_t qtg;
    uint32_t targets[];
} Cfmws;

static void probe_bridge(const char *owner, const Chbs *chbs, bool widths)
{
    Block block = { owner, 0, CXL_LOCATOR_ID_COMPONENT, NULL, chbs->length };
    int fd = open("/dev/mem", O_RDONLY | O_SYNC);
    void *base = MAP_FAILED;

    if (fd >= 0) {
        base = mmap(NULL, chbs->length, PROT_READ, MAP_SHARED, fd,
                    chbs->base);
        close(fd);
    }
    if (base == MAP_FAILED) {
        put(owner, "map", "/dev/mem: %s (a kernel with STRICT_DEVMEM "
            "allows it with iomem=relaxed)", strerror(errno));
        return;
    }
    put(owner, "map", "ok");
    block.base = base;
    if (widths) {
        probe_widths(&block);
    } else {
        probe_component(&block);
    }
    munmap(base, chbs->length);
}

static void put_chbs(const Chbs *chbs, bool widths)
{
    char owner[32];

    snprintf(owner, sizeof(owner), "bridge.%u", chbs->uid);
    put(owner, "chbs", "version=%u base=0x%jx length=0x%jx", chbs->version,
        (uintmax_t)chbs->base, (uintmax_t)chbs->length);
    probe_bridge(owner, chbs, widths);
}

static void put_cfmws(const Cfmws *window, unsigned number)
{
    unsigned targets = (window->entry.length - sizeof(*window)) / 4;
    char owner[32], list[128] = "";

    for (unsigned i = 0; i < targets && i < 16; i++) {
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%u",
                 i ? "," : "", window->targets[i]);
    }
    snprintf(owner, sizeof(owner), "window.%u", number);
    put(owner, "cfmws", "base=0x%jx size=0x%jx eniw=%u arithmetic=%u hbig=%u "
        "restrictions=0x%x qtg=%u targets=%s", (uintmax_t)window->base,
        (uintmax_t)window->size, window->eniw, window->arithmetic,
        window->hbig, window->restrictions, window->qtg, list);
}

void probe_host(bool widths)
{
    static uint8_t table[16384] __attribute__((aligned(8)));
    FILE *file = fopen(CEDT_PATH, "rb");
    unsigned windows = 0;

    if (!file) {
        put("all", "cedt", "%s", strerror(errno));
        return;
    }
    size_t size = fread(table, 1, sizeof(table), file);
    fclose(file);
    for (size_t at = ACPI_HEADER; at + sizeof(CedtEntry) <= size; ) {
        const CedtEntry *entry = (const void *)(table + at);

        if (entry->type == CEDT_CHBS) {
            put_chbs((const Chbs *)entry, widths);
        } else if (entry->type == CEDT_CFMWS && !widths) {
            put_cfmws((const Cfmws *)entry, windows++);
        }
        if (entry->length < sizeof(CedtEntry)) {
            put("all", "cedt", "entry of length %u", entry->length);
            break;
        }
        at += entry->length;
    }
}

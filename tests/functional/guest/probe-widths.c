/*
 * cxl-probe: reads of every width and alignment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "probe.h"

/* Enough for every register; the rest of a block is reserved */
#define LIMIT 0x3000

/* A single load, also where the address is no multiple of the width */
static uint64_t read_at(const volatile uint8_t *at, unsigned width)
{
    uint64_t value = 0;

    switch (width) {
    case 1:
        return *at;
    case 2:
        __asm__ volatile("movw %1, %w0" : "+r"(value)
                         : "m"(*(const volatile uint16_t *)at));
        return value & 0xffff;
    case 4:
        __asm__ volatile("movl %1, %k0" : "=r"(value)
                         : "m"(*(const volatile uint32_t *)at));
        return value & 0xffffffff;
    default:
        __asm__ volatile("movq %1, %0" : "=r"(value)
                         : "m"(*(const volatile uint64_t *)at));
        return value;
    }
}

/* Reads at shift, shift + width, ...; counts answers unlike dword reads */
static void sweep(const Block *b, const uint8_t *reference, size_t limit,
                  unsigned width, unsigned shift)
{
    unsigned reads = 0, differ = 0;
    char key[48];

    for (size_t at = shift; at + width <= limit; at += width) {
        uint64_t got = read_at(b->base + at, width), want = 0;

        memcpy(&want, reference + at, width);
        differ += got != want;
        reads++;
    }
    snprintf(key, sizeof(key), "widths.%u.%u.%s", b->index, width,
             shift ? "unaligned" : "aligned");
    put(b->owner, key, "reads=%u differ=%u", reads, differ);
}

void probe_widths(const Block *b)
{
    static uint8_t reference[LIMIT];
    size_t limit = b->size < LIMIT ? b->size : LIMIT;

    for (size_t at = 0; at + 4 <= limit; at += 4) {
        uint32_t value = block_read32(b, at);

        memcpy(reference + at, &value, 4);
    }
    for (unsigned width = 1; width <= 8; width *= 2) {
        sweep(b, reference, limit, width, 0);
        if (width > 1) {
            sweep(b, reference, limit, width, 1);
        }
    }
}

/*
 * What the parts of cxl-probe share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CXL_PROBE_H
#define CXL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pci/pci.h>

/* The spec headers of the device model, outside QEMU */
#define FIELD(reg, field, shift, length)                                \
    enum { R_##reg##_##field##_SHIFT = (shift),                         \
           R_##reg##_##field##_LENGTH = (length) };
#define QEMU_BUILD_BUG_ON(x) _Static_assert(!(x), #x)
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/spec/tables.h"

#define GET(value, reg, field)                                          \
    ((uint64_t)(value) >> R_##reg##_##field##_SHIFT &                   \
     ((1ULL << R_##reg##_##field##_LENGTH) - 1))

#define PROBE_BLOCKS_MAX 8

/* A mapped register block; what it belongs to stands before every line */
typedef struct Block {
    const char *owner;
    unsigned index;
    unsigned id;
    const volatile uint8_t *base;
    size_t size;
} Block;

/* Prints "OWNER KEY: VALUE" */
void put(const char *owner, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

uint32_t block_read32(const Block *block, size_t offset);
uint64_t block_read64(const Block *block, size_t offset);

void probe_config(struct pci_dev *dev, const char *owner);
void probe_doe(struct pci_dev *dev, const char *owner, unsigned cap);
void probe_component(const Block *block);
void probe_device(const Block *block);
void probe_widths(const Block *block);
void probe_host(bool widths);

/* Blocks that the Register Locator names; returns how many are mapped */
unsigned probe_locate(struct pci_dev *dev, const char *owner, Block *blocks);

#endif /* CXL_PROBE_H */

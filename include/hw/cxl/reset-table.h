/*
 * What each kind of reset does to each piece of state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_RESET_TABLE_H
#define HW_CXL_RESET_TABLE_H

#include "hw/cxl/cxl-reset.h"

/*
 * The devices reset by these rows, tests/qtest/cxl-reset-table-test.c has a
 * case for each cell, and scripts/reset-table makes the documentation's tables
 * of them. Whoever adds state adds a row here, a function to reset it in
 * hw/mem/cxl_type3_reset.c unless nothing does, and a way to set and to see it
 * in tests/qtest/cxl/reset-drivers.c, then runs "scripts/reset-table --write".
 *
 * R: reset to what it was when power came on; K: kept; N: there is no such
 * reset. Columns: cold, warm, hot, FLR, CXL Reset, unplug and replug, a new
 * QEMU on the same files. What is in the backend of 'nv' is kept.
 */

/*
 * Memory devices, in the order in which they reset: component registers come
 * late, for they change the windows, and volatile memory and the partitioning
 * after them, for these change while nothing is mapped
 */
#define CXL_RESET_TABLE_DEVICE(X) \
    X(PCI, "BARs, Command, MSI-X",              R, R, R, R, K, R, R) \
    X(PCIE, "PCIe Device Control",              R, R, R, R, K, R, R) \
    X(AER, "AER registers",                     R, K, K, K, K, R, R) \
    X(DOE, "DOE mailbox",                       R, R, R, R, K, R, R) \
    X(BACKGROUND, "Background operation",       R, R, R, R, K, R, R) \
    X(MAILBOX, "Mailbox registers, unfinished lists", R, R, R, R, K, R, R) \
    X(DOORBELL, "Command that waits, stuck doorbell", R, R, R, R, K, R, R) \
    X(FAULTS, "Injected faults of commands",    R, K, K, K, K, R, R) \
    X(NOT_READY, "Media that are not ready",    R, K, K, K, K, R, R) \
    X(TIMESTAMP, "Timestamp",                   R, R, R, K, R, R, R) \
    X(ALERTS, "Alert configuration",            R, R, R, K, K, R, R) \
    X(HEALTH, "Health, Dirty Shutdown Count",   K, K, K, K, K, K, K) \
    X(SHUTDOWN, "Shutdown state",               R, R, K, K, K, R, R) \
    X(FEATURES, "Features, current values",     R, R, R, K, R, R, R) \
    X(FEATURES_SAVED, "Features, saved values", K, K, K, K, K, K, K) \
    X(FIRMWARE_SLOTS, "Firmware slots",         K, K, K, K, K, K, K) \
    X(FIRMWARE, "Firmware staged for a cold reset", R, K, K, K, K, R, R) \
    X(FIRMWARE_TRANSFER, "Firmware transfer",   R, R, R, R, R, R, R) \
    X(SOFT_REPAIRS, "Soft repairs",             R, K, K, K, K, R, R) \
    X(HARD_REPAIRS, "Hard repairs",             K, K, K, K, K, K, K) \
    X(EVENTS, "Event logs",                     R, K, K, K, K, R, R) \
    X(EVENT_POLICY, "Event interrupt policy",   R, K, K, K, K, R, R) \
    X(DEBUG_LOG, "Vendor Debug Log",            R, K, K, K, K, R, R) \
    X(STATE_DUMP, "Component State Dump Log",   R, K, K, K, K, R, R) \
    X(PASSPHRASES, "Passphrases",               K, K, K, K, K, K, K) \
    X(ATTEMPTS, "Wrong passphrases in a row",   R, K, K, K, K, R, R) \
    X(SECURITY, "Memory locked, security frozen", R, R, K, K, K, R, R) \
    X(POISON, "Poison of persistent memory",    K, K, K, K, K, K, K) \
    X(MEDIA, "Media that wait for a Sanitize",  K, K, K, K, K, K, K) \
    X(LSA, "Label storage area",                K, K, K, K, K, K, K) \
    X(PERSISTENT, "Persistent memory",          K, K, K, K, K, K, K) \
    X(CXL_RESET, "CXL Reset under way, its outcome", R, R, R, K, N, R, R) \
    X(CONFIG_LOCK, "DVSEC CXL Lock",            R, R, R, K, K, R, R) \
    X(MEM_ENABLE, "DVSEC CXL Control, ranges",  R, R, R, K, R, R, R) \
    X(RAS, "RAS and link registers",            R, K, K, K, K, R, R) \
    X(HDM, "HDM decoders",                      R, R, R, K, R, R, R) \
    X(VOLATILE, "Volatile memory",              R, K, K, K, K, K, K) \
    X(POISON_VOLATILE, "Poison of volatile memory", R, K, K, K, K, R, R) \
    X(PARTITION, "Partitioning that waits for a reset", R, R, R, K, K, R, R)

/* Root ports, and upstream and downstream ports of switches */
#define CXL_RESET_TABLE_PORT(X) \
    X(PCI, "BARs, Command, bus numbers, windows", R, R, R, N, N, R, R) \
    X(PCIE, "PCIe Device Control",              R, R, R, N, N, R, R) \
    X(AER, "AER registers",                     R, K, K, N, N, R, R) \
    X(DVSECS, "Unmask SBR, GPF phases, Flex Bus", R, R, R, N, N, R, R) \
    X(RAS, "RAS and link registers",            R, K, K, N, N, R, R) \
    X(HDM, "HDM decoders",                      R, R, R, N, N, R, R)

/* Host bridges */
#define CXL_RESET_TABLE_BRIDGE(X) \
    X(HDM, "HDM decoders",                      R, R, N, N, N, N, R)

#define CXL_RESET_ENUM(name, ...) CXL_STATE_##name,
enum { CXL_RESET_TABLE_DEVICE(CXL_RESET_ENUM) CXL_STATES };
#undef CXL_RESET_ENUM

#define CXL_RESET_ENUM(name, ...) CXL_PORT_STATE_##name,
enum { CXL_RESET_TABLE_PORT(CXL_RESET_ENUM) CXL_PORT_STATES };
#undef CXL_RESET_ENUM

#endif /* HW_CXL_RESET_TABLE_H */

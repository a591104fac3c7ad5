/*
 * How a test sets and sees each piece of state of the reset table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_CXL_RESET_DRIVERS_H
#define TESTS_QTEST_CXL_RESET_DRIVERS_H

#include "libqos/cxl.h"
#include "hw/cxl/reset-table.h"

/**
 * ResetTarget: what is reset; found anew after each enumeration
 * @fn: NULL for a host bridge
 */
typedef struct ResetTarget {
    QCXL *q;
    QCXLFn *fn;
    const QCXLComponent *comp;
} ResetTarget;

/**
 * ResetDriver: of one row
 * @set: gives the state another value than it has when power comes on; what
 *       is not just a bit or two is made of @token, which differs each time
 * @get: reads the state, or enough of it, without changing it
 * @undo: leaves nothing behind that is in the way of other rows, whatever reset
 *        has come since; NULL: nothing is
 */
typedef struct ResetDriver {
    void (*set)(const ResetTarget *t, uint32_t token);
    uint64_t (*get)(const ResetTarget *t);
    void (*undo)(const ResetTarget *t);
} ResetDriver;

/* By CXL_STATE_*, and by CXL_PORT_STATE_* */
extern const ResetDriver reset_device_drivers[CXL_STATES];
extern const ResetDriver reset_port_drivers[CXL_PORT_STATES];
/* Of the decoders of any component */
extern const ResetDriver reset_hdm_driver;
/* Let the media be ready, whether they wait for a Sanitize or not */
void reset_complete_sanitize(const ResetTarget *t);
/* CXL r3.1 9.7: let software reset what belongs to CXL.mem */
void reset_by_cxl_reset(const ResetTarget *t);
/* In reset-features.c; that of hard repairs leaves an event record behind */
void reset_set_feature(const ResetTarget *t, uint32_t token);
uint64_t reset_get_feature(const ResetTarget *t);
void reset_set_saved_feature(const ResetTarget *t, uint32_t token);
uint64_t reset_get_saved_feature(const ResetTarget *t);
void reset_set_soft_repairs(const ResetTarget *t, uint32_t token);
uint64_t reset_get_soft_repairs(const ResetTarget *t);
void reset_set_hard_repairs(const ResetTarget *t, uint32_t token);
uint64_t reset_get_hard_repairs(const ResetTarget *t);
/* In reset-logs.c */
void reset_set_debug_log(const ResetTarget *t, uint32_t token);
uint64_t reset_get_debug_log(const ResetTarget *t);
void reset_set_state_dump(const ResetTarget *t, uint32_t token);
uint64_t reset_get_state_dump(const ResetTarget *t);
/*
 * In reset-security.c. What is frozen takes no passphrase: that comes last,
 * and attempts come after passphrases.
 */
void reset_set_passphrases(const ResetTarget *t, uint32_t token);
uint64_t reset_get_passphrases(const ResetTarget *t);
void reset_set_attempts(const ResetTarget *t, uint32_t token);
uint64_t reset_get_attempts(const ResetTarget *t);
void reset_set_security(const ResetTarget *t, uint32_t token);
uint64_t reset_get_security(const ResetTarget *t);
/* In reset-firmware.c */
void reset_set_fw_slot(const ResetTarget *t, uint32_t token);
uint64_t reset_get_fw_slot(const ResetTarget *t);
void reset_set_fw_staged(const ResetTarget *t, uint32_t token);
uint64_t reset_get_fw_staged(const ResetTarget *t);
void reset_set_fw_transfer(const ResetTarget *t, uint32_t token);
uint64_t reset_get_fw_transfer(const ResetTarget *t);
/* In reset-faults.c. A stuck doorbell lets no command through. */
void reset_set_doorbell(const ResetTarget *t, uint32_t token);
uint64_t reset_get_doorbell(const ResetTarget *t);
void reset_set_not_ready(const ResetTarget *t, uint32_t token);
uint64_t reset_get_not_ready(const ResetTarget *t);
void reset_set_faults(const ResetTarget *t, uint32_t token);
uint64_t reset_get_faults(const ResetTarget *t);

#endif /* TESTS_QTEST_CXL_RESET_DRIVERS_H */

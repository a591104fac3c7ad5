/*
 * CXL r3.1 8.2.9.9.3: payloads of the shutdown state, as on the wire
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_SHUTDOWN_H
#define HW_CXL_SPEC_PAYLOADS_SHUTDOWN_H

#include "hw/cxl/spec/payloads.h"

/*
 * CXL r3.1 8.2.9.9.3.4, 8.2.9.9.3.5: Get Shutdown State (4203h), Set Shutdown
 * State (4204h)
 */
typedef struct CXLShutdownState {
    uint8_t state;                  /* CXL_SHUTDOWN_* */
} CXLShutdownState;
CXL_WIRE_SIZE(CXLShutdownState, 0x01);

#define CXL_SHUTDOWN_CLEAN      0
#define CXL_SHUTDOWN_DIRTY      1

#endif /* HW_CXL_SPEC_PAYLOADS_SHUTDOWN_H */

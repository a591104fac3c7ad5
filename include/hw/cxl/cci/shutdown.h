/*
 * CXL r3.1 8.2.9.9.3: shutdown state: 4203h Get, 4204h Set
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_SHUTDOWN_H
#define HW_CXL_CCI_SHUTDOWN_H

#include "hw/cxl/cci/cci.h"
#include "hw/cxl/cxl-mem.h"

/**
 * CXLShutdown: whether losing power would lose data, and how often it may have
 * @dirty: Shutdown State; set by the host, cleared when all is safe
 * @count: Dirty Shutdown Count, shown by Get Health Info; wraps around
 *
 * Both are in non-volatile memory.
 */
typedef struct CXLShutdown {
    CXLMem *mem;
    bool dirty;
    uint32_t count;
} CXLShutdown;

extern const VMStateDescription vmstate_cxl_shutdown;

/*
 * @incoming: state is going to be loaded: what non-volatile memory holds is
 * for another QEMU still, and does not count
 */
void cxl_shutdown_add(CXLCCI *cci, CXLShutdown *s, CXLMem *mem,
                      bool incoming);
/*
 * Everything has reached the media: a Global Persistent Flush has completed,
 * or the host has prepared a reset
 */
void cxl_shutdown_flushed(CXLShutdown *s);
/* Power was lost: counts when the state was dirty */
void cxl_shutdown_power_lost(CXLShutdown *s);
void cxl_shutdown_set_count(CXLShutdown *s, uint32_t count);

#endif /* HW_CXL_CCI_SHUTDOWN_H */

/*
 * Writes to registers that are read-only, as mistakes of a driver
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/regs/read-only.h"
#include "hw/cxl/trace.h"

void cxl_report_read_only(MemoryRegion *mr, const char *block, hwaddr addr,
                          unsigned size, uint64_t value, const char *section)
{
    g_autofree char *name = cxl_name(memory_region_owner(mr));

    trace_cxl_err_read_only(name, addr, size, value, section);
    qemu_log_mask(LOG_GUEST_ERROR, "cxl: %s: %s register 0x%" HWADDR_PRIx
                  " of %u bytes is read-only: write of 0x%" PRIx64
                  " ignored (CXL r3.1 %s)\n", name, block, addr, size, value,
                  section);
}

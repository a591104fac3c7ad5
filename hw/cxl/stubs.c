/*
 * What stands in for the CXL emulation when CONFIG_CXL is off
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl.h"
#include "hw/cxl/cxl-host.h"

CXLHost *cxl_host_new(Object *machine)
{
    return NULL;
}

bool cxl_host_enabled(const CXLHost *host)
{
    return false;
}

uint64_t cxl_host_end(const CXLHost *host, uint64_t base)
{
    return base;
}

bool cxl_host_map_regs(CXLHost *host, MemoryRegion *system, hwaddr base,
                       Error **errp)
{
    return true;
}

bool cxl_host_machine_done(CXLHost *host, MemoryRegion *system, PCIBus *root,
                           Error **errp)
{
    return true;
}

/* Without a CXL host nothing asks for a description of one. */
void cxl_acpi_build_cedt(const CXLHost *host, GArray *table_data,
                         BIOSLinker *linker, const char *oem_id,
                         const char *oem_table_id)
{
    g_assert_not_reached();
}

void cxl_acpi_build_host_bridge(Aml *dev)
{
    g_assert_not_reached();
}

void cxl_acpi_build_root(const CXLHost *host, Aml *scope)
{
    g_assert_not_reached();
}

void qmp_cxl_inject_general_media_event(
    const char *path, CxlEventLog log, uint8_t flags, uint64_t dpa,
    uint8_t descriptor, uint8_t type, uint8_t transaction_type,
    bool has_channel, uint8_t channel, bool has_rank, uint8_t rank,
    bool has_device, uint32_t device, const char *component_id, Error **errp)
{
    error_setg(errp, "CXL is not available in this QEMU binary");
}

void qmp_cxl_set_health(const char *path, bool has_health_status,
                        uint8_t health_status, bool has_media_status,
                        uint8_t media_status, bool has_life_used,
                        uint8_t life_used, bool has_temperature,
                        int16_t temperature, bool has_dirty_shutdown_count,
                        uint32_t dirty_shutdown_count,
                        bool has_corrected_volatile_error_count,
                        uint32_t corrected_volatile_error_count,
                        bool has_corrected_persistent_error_count,
                        uint32_t corrected_persistent_error_count,
                        Error **errp)
{
    error_setg(errp, "CXL is not available in this QEMU binary");
}

void qmp_cxl_inject_power_loss(const char *path, bool has_flushed,
                               bool flushed, Error **errp)
{
    error_setg(errp, "CXL is not available in this QEMU binary");
}

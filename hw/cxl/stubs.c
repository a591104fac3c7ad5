/*
 * What stands in for the CXL emulation when CONFIG_CXL is off
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
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

uint64_t cxl_host_bars_base(const CXLHost *host, uint64_t base)
{
    return base;
}

void cxl_host_make_main(CXLHost *host, Object *chipset, uint32_t uid)
{
}

void cxl_host_add_driver(CXLHost *host, Object *function)
{
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

bool cxl_host_soft_reserves(const CXLHost *host)
{
    return false;
}

void cxl_host_reset(CXLHost *host, ResetType type)
{
}

/* Without a CXL host nothing asks for a description of one. */
void cxl_acpi_build_cedt(const CXLHost *host, GArray *table_data,
                         BIOSLinker *linker, const char *oem_id,
                         const char *oem_table_id)
{
    g_assert_not_reached();
}

void cxl_acpi_build_srat(const CXLHost *host, const NumaState *numa,
                         GArray *table)
{
    g_assert_not_reached();
}

void cxl_acpi_build_hmat(const CXLHost *host, const NumaState *numa,
                         GArray *table_data, BIOSLinker *linker,
                         const char *oem_id, const char *oem_table_id)
{
    g_assert_not_reached();
}

void cxl_acpi_build_slit(const CXLHost *host, const NumaState *numa,
                         GArray *table_data, BIOSLinker *linker,
                         const char *oem_id, const char *oem_table_id)
{
    g_assert_not_reached();
}

void cxl_acpi_build_host_bridge(Aml *dev, bool hotplug)
{
    g_assert_not_reached();
}

void cxl_acpi_build_root(const CXLHost *host, Aml *scope)
{
    g_assert_not_reached();
}

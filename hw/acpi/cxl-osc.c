/*
 * _OSC of a CXL host bridge
 *
 * No firmware of ours handles errors, hot-plug or PME: what an operating
 * system does not take over nobody does. It gets what it asks for as far as
 * it says that it can deal with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/spec/cedt.h"
#include "cxl_internal.h"

/* ACPI 6.5 6.2.11: error bits of the first dword of _OSC */
#define OSC_FAILURE                 (1 << 1)
#define OSC_UNRECOGNIZED_UUID       (1 << 2)
#define OSC_UNRECOGNIZED_REVISION   (1 << 3)
#define OSC_CAPABILITIES_MASKED     (1 << 4)

/*
 * PCI Firmware Specification r3.3 4.5.1: the Control Field: native hot-plug,
 * SHPC hot-plug, PME, AER and PCI Express capability control. Ports have no
 * DPC, and LTR is not emulated.
 */
#define OSC_PCIE_HOT_PLUG           (1 << 0)
#define OSC_PCIE_CONTROL            0x1f

/* Dwords of the buffer, counted from 1 */
enum {
    OSC_DWORD_PCIE_CONTROL = 3,
    OSC_DWORD_CXL_SUPPORT = 4,
    OSC_DWORD_CXL_CONTROL = 5,
};

/* Local variables: what may be granted of either control field */
enum {
    OSC_GRANT_PCIE = 1,
    OSC_GRANT_CXL = 2,
};

static Aml *uuid_is(const char *uuid)
{
    return aml_equal(aml_arg(0), aml_touuid(uuid));
}

static Aml *shorter_than(unsigned dwords)
{
    return aml_lless(aml_sizeof(aml_arg(3)),
                     aml_int(dwords * sizeof(uint32_t)));
}

/* Set @error in the first dword of the capabilities buffer and give up. */
static Aml *osc_refuse_if(Aml *condition, unsigned error)
{
    Aml *refuse = aml_if(condition);

    aml_append(refuse, aml_or(aml_name("CDW1"), aml_int(error),
                              aml_name("CDW1")));
    aml_append(refuse, aml_return(aml_arg(3)));
    return refuse;
}

static Aml *osc_field(unsigned dword)
{
    g_autofree char *name = g_strdup_printf("CDW%u", dword);

    return aml_create_dword_field(
        aml_arg(3), aml_int((dword - 1) * sizeof(uint32_t)), name);
}

/*
 * Grant those bits of @granted that the control field in dword @dword asks
 * for, and say so when it asked for more.
 */
static void osc_grant(Aml *block, unsigned dword, Aml *granted)
{
    g_autofree char *field = g_strdup_printf("CDW%u", dword);
    Aml *masked;

    aml_append(block, osc_field(dword));
    aml_append(block, aml_and(aml_name("%s", field), granted, aml_local(0)));
    masked = aml_if(aml_lnot(aml_equal(aml_name("%s", field), aml_local(0))));
    aml_append(masked, aml_or(aml_name("CDW1"),
                              aml_int(OSC_CAPABILITIES_MASKED),
                              aml_name("CDW1")));
    aml_append(block, masked);
    aml_append(block, aml_store(aml_local(0), aml_name("%s", field)));
}

/* In @block, take @bits from local variable @grant unless @bit is supported */
static void osc_needs_support(Aml *block, unsigned bit, unsigned grant,
                              uint32_t bits)
{
    Aml *lacking = aml_if(aml_lnot(aml_and(
        aml_name("CDW%u", OSC_DWORD_CXL_SUPPORT), aml_int(bit), NULL)));

    aml_append(lacking, aml_and(aml_local(grant), aml_int((uint32_t)~bits),
                                aml_local(grant)));
    aml_append(block, lacking);
}

/*
 * CXL r3.1 9.18.2: memory errors are read from mailboxes, in registers of
 * devices of a virtual hierarchy; hot-plug of CXL needs more than PCI Express
 */
static Aml *osc_cxl_support(void)
{
    Aml *cxl = aml_if(uuid_is(CXL_OSC_UUID));

    aml_append(cxl, osc_refuse_if(shorter_than(OSC_DWORD_CXL_CONTROL),
                                  OSC_FAILURE));
    aml_append(cxl, osc_field(OSC_DWORD_CXL_SUPPORT));
    osc_needs_support(cxl, CXL_OSC_NATIVE_HOT_PLUG, OSC_GRANT_PCIE,
                      OSC_PCIE_HOT_PLUG);
    osc_needs_support(cxl, CXL_OSC_VH_REGISTER_ACCESS, OSC_GRANT_CXL,
                      CXL_OSC_MEM_ERROR_REPORTING);
    osc_grant(cxl, OSC_DWORD_CXL_CONTROL, aml_local(OSC_GRANT_CXL));
    return cxl;
}

/*
 * CXL r3.1 9.18.2: an operating system calls it with the UUID of PCI Express,
 * three dwords, or with that of CXL, which adds a support and a control field.
 * Hot-plug by PCI Express is not granted where slots have that of ACPI.
 */
Aml *cxl_acpi_build_osc(bool hotplug)
{
    Aml *osc = aml_method("_OSC", 4, AML_SERIALIZED);
    unsigned control = OSC_PCIE_CONTROL & ~(hotplug ? 0 : OSC_PCIE_HOT_PLUG);

    aml_append(osc, aml_create_dword_field(aml_arg(3), aml_int(0), "CDW1"));
    aml_append(osc, osc_refuse_if(
        aml_lnot(aml_lor(uuid_is(PCIE_OSC_UUID), uuid_is(CXL_OSC_UUID))),
        OSC_UNRECOGNIZED_UUID));
    aml_append(osc, osc_refuse_if(
        aml_lnot(aml_equal(aml_arg(1), aml_int(1))),
        OSC_UNRECOGNIZED_REVISION));
    aml_append(osc, osc_refuse_if(shorter_than(OSC_DWORD_PCIE_CONTROL),
                                  OSC_FAILURE));
    aml_append(osc, aml_store(aml_int(control), aml_local(OSC_GRANT_PCIE)));
    aml_append(osc, aml_store(aml_int(CXL_OSC_MEM_ERROR_REPORTING),
                              aml_local(OSC_GRANT_CXL)));
    aml_append(osc, osc_cxl_support());
    osc_grant(osc, OSC_DWORD_PCIE_CONTROL, aml_local(OSC_GRANT_PCIE));
    aml_append(osc, aml_return(aml_arg(3)));
    return osc;
}

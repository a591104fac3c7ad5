/*
 * ACPI tables and devices that describe CXL
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/spec/cedt.h"
#include "cxl_internal.h"

/* CXL r3.1 9.18.1.2: CXL Host Bridge Structure */
static void cedt_add_host_bridge(GArray *table, const CXLHostBridge *bridge)
{
    CXLCedtChbs chbs = {
        .type = CXL_CEDT_TYPE_CHBS,
        .record_length = cxl_le16(sizeof(chbs)),
        .uid = cxl_le32(bridge->uid),
        .version = cxl_le32(CXL_CHBS_VERSION_VH),
        .base = cxl_le64(bridge->regs),
        .length = cxl_le64(CXL_CHBS_LENGTH_VH),
    };

    g_array_append_vals(table, &chbs, sizeof(chbs));
}

static uint32_t cedt_uid_of(const CXLHost *host, const void *bridge)
{
    unsigned i = 0;

    while (host->bridges[i].obj != bridge) {
        i++;
        g_assert(i < host->nr_bridges);
    }
    return host->bridges[i].uid;
}

/* CXL r3.1 9.18.1.3: CXL Fixed Memory Window Structure */
static void cedt_add_window(GArray *table, const CXLHost *host,
                            const CXLWindow *window,
                            const CXLFixedMemoryWindowOptions *options)
{
    const CXLDecoder *decoder = &window->spec.decoder;
    CXLCedtCfmws cfmws = {
        .type = CXL_CEDT_TYPE_CFMWS,
        .record_length = cxl_le16(sizeof(cfmws) +
                                  decoder->ways * sizeof(CXLCedtTarget)),
        .base = cxl_le64(decoder->base),
        .size = cxl_le64(decoder->size),
        .eniw = cxl_ways_encode(decoder->ways),
        .arithmetic = window->spec.arithmetic,
        .hbig = cxl_le32(cxl_granularity_encode(decoder->granularity)),
        .restrictions = cxl_le16(cxl_host_restrictions(options)),
        .qtg_id = cxl_le16(cxl_host_qtg_id(options)),
    };

    g_array_append_vals(table, &cfmws, sizeof(cfmws));
    for (unsigned i = 0; i < decoder->ways; i++) {
        CXLCedtTarget target =
            cxl_le32(cedt_uid_of(host, window->spec.bridges[i]));

        g_array_append_vals(table, &target, sizeof(target));
    }
}

static void cedt_add_xormaps(GArray *table, unsigned hbig,
                             const uint64_t *maps, unsigned nr)
{
    CXLCedtCxims cxims = {
        .type = CXL_CEDT_TYPE_CXIMS,
        .record_length = cxl_le16(sizeof(cxims) + nr * sizeof(CXLCedtXormap)),
        .hbig = hbig,
        .nr_xormaps = nr,
    };

    g_array_append_vals(table, &cxims, sizeof(cxims));
    for (unsigned n = 0; n < nr; n++) {
        CXLCedtXormap map = cxl_le64(maps[n]);

        g_array_append_vals(table, &map, sizeof(map));
    }
}

/*
 * CXL r3.1 9.18.1.4: one structure for each granularity of windows with XOR
 * arithmetic, with the XORMAPs that the one with the most ways needs
 */
static void cedt_add_arithmetic(GArray *table, const CXLHost *host,
                                unsigned hbig)
{
    uint64_t maps[CXL_XORMAPS_MAX];
    unsigned granularity = cxl_granularity_decode(hbig), nr = 0;

    for (unsigned i = 0; i < host->nr_windows; i++) {
        const CXLWindowSpec *spec = &host->windows[i].spec;

        if (spec->arithmetic == CXL_ARITHMETIC_XOR &&
            spec->decoder.granularity == granularity) {
            uint64_t own[CXL_XORMAPS_MAX];
            unsigned needed = cxl_interleave_xormaps(spec->decoder.ways,
                                                     granularity, own);

            if (needed > nr) {
                nr = needed;
                memcpy(maps, own, nr * sizeof(maps[0]));
            }
        }
    }
    if (nr) {
        cedt_add_xormaps(table, hbig, maps, nr);
    }
}

void cxl_acpi_build_cedt(const CXLHost *host, GArray *table_data,
                         BIOSLinker *linker, const char *oem_id,
                         const char *oem_table_id)
{
    AcpiTable cedt = {
        .sig = CXL_CEDT_SIGNATURE,
        .rev = CXL_CEDT_REVISION,
        .oem_id = oem_id,
        .oem_table_id = oem_table_id,
    };
    const CXLFixedMemoryWindowOptionsList *options = host->options;

    acpi_table_begin(&cedt, table_data);
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        cedt_add_host_bridge(table_data, &host->bridges[i]);
    }
    for (unsigned i = 0; i < host->nr_windows; i++, options = options->next) {
        cedt_add_window(table_data, host, &host->windows[i], options->value);
    }
    for (unsigned hbig = 0; cxl_granularity_decode(hbig); hbig++) {
        cedt_add_arithmetic(table_data, host, hbig);
    }
    acpi_table_end(linker, &cedt);
}

void cxl_acpi_build_host_bridge(Aml *dev, bool hotplug)
{
    Aml *compatible = aml_package(2);

    aml_append(compatible, aml_eisaid("PNP0A08"));
    aml_append(compatible, aml_eisaid("PNP0A03"));
    aml_append(dev, aml_name_decl("_HID", aml_string("ACPI0016")));
    aml_append(dev, aml_name_decl("_CID", compatible));
    aml_append(dev, cxl_acpi_build_osc(hotplug));
}

/* CXL r3.1 9.18.3.1: _DSM of the CXL root device */
static Aml *build_root_dsm(const CXLHost *host)
{
    uint8_t functions = 1 << 0 | 1 << CXL_ROOT_DSM_GET_QTG, none = 0;
    Aml *dsm = aml_method("_DSM", 4, AML_SERIALIZED);
    Aml *query = aml_if(aml_equal(aml_arg(2), aml_int(0)));
    Aml *get_qtg = aml_if(aml_equal(aml_arg(2),
                                    aml_int(CXL_ROOT_DSM_GET_QTG)));
    Aml *ours = aml_if(aml_land(
        aml_equal(aml_arg(0), aml_touuid(CXL_ROOT_DSM_UUID)),
        aml_equal(aml_arg(1), aml_int(CXL_ROOT_DSM_REVISION))));

    aml_append(query, aml_return(aml_buffer(1, &functions)));
    aml_append(ours, query);
    cxl_acpi_build_qtg(host, get_qtg);
    aml_append(ours, get_qtg);
    aml_append(dsm, ours);
    aml_append(dsm, aml_return(aml_buffer(1, &none)));
    return dsm;
}

void cxl_acpi_build_root(const CXLHost *host, Aml *scope)
{
    Aml *root = aml_device("CXLR");

    aml_append(root, aml_name_decl("_HID", aml_string("ACPI0017")));
    aml_append(root, aml_name_decl("_UID", aml_int(0)));
    aml_append(root, build_root_dsm(host));
    aml_append(scope, root);
}

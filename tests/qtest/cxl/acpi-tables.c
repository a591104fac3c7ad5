/*
 * QTest: ACPI tables as firmware fetches them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqtest.h"
#include "libqos/libqos.h"
#include "libqos/malloc-pc.h"
#include "libqos/fw_cfg.h"
#include "acpi-tables.h"

static void read_blob(QFWCFG *fw_cfg, QOSState *qs, const char *name,
                      AcpiBlob *blob)
{
    blob->len = qfw_cfg_read_file(fw_cfg, qs, name, blob->bytes,
                                  sizeof(blob->bytes));
    g_assert_cmpuint(blob->len, <=, sizeof(blob->bytes));
}

AcpiTables *acpi_tables_fetch(const char *args)
{
    AcpiTables *t = g_new0(AcpiTables, 1);
    QOSState qs = { .qts = qtest_init(args) };
    QFWCFG *fw_cfg = pc_fw_cfg_init(qs.qts);

    pc_alloc_init(&qs.alloc, qs.qts, ALLOC_NO_FLAGS);
    read_blob(fw_cfg, &qs, "etc/acpi/tables", &t->acpi);
    read_blob(fw_cfg, &qs, "etc/table-loader", &t->loader);
    alloc_destroy(&qs.alloc);
    pc_fw_cfg_uninit(fw_cfg);
    qtest_quit(qs.qts);
    return t;
}

uint32_t acpi_table_size(const uint8_t *table)
{
    return ldl_le_p(table + 4);
}

const uint8_t *acpi_tables_find(const AcpiTables *t, const char *signature)
{
    const uint8_t *found = NULL;
    uint32_t len;

    for (size_t at = 0; at + ACPI_HEADER <= t->acpi.len; at += len) {
        const uint8_t *table = t->acpi.bytes + at;

        len = acpi_table_size(table);
        if (!len) {
            break;
        }
        g_assert_cmpuint(at + len, <=, t->acpi.len);
        if (!memcmp(table, signature, 4)) {
            g_assert_null(found);
            found = table;
        }
    }
    return found;
}

/*
 * QTest: ACPI tables as firmware fetches them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_CXL_ACPI_TABLES_H
#define TESTS_QTEST_CXL_ACPI_TABLES_H

#define ACPI_HEADER         36
#define ACPI_BLOB_MAX       (256 * 1024)

typedef struct AcpiBlob {
    uint8_t bytes[ACPI_BLOB_MAX];
    size_t len;
} AcpiBlob;

typedef struct AcpiTables {
    AcpiBlob acpi;
    AcpiBlob loader;
} AcpiTables;

/* Of a machine with the arguments @args; freed by g_free() */
AcpiTables *acpi_tables_fetch(const char *args);
/* The only table with @signature, or NULL */
const uint8_t *acpi_tables_find(const AcpiTables *t, const char *signature);
uint32_t acpi_table_size(const uint8_t *table);

#endif /* TESTS_QTEST_CXL_ACPI_TABLES_H */

/*
 * Coherent Device Attribute Table and the DOE objects that carry it
 *
 * CDAT 1.04: Coherent Device Attribute Table Specification
 * CXL r3.1 8.1.11: Table Access DOE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_TABLES_H
#define HW_CXL_SPEC_TABLES_H

#include "hw/cxl/cxl-le.h"

/* CDAT 1.04 Table 1: Coherent Device Attribute Table */
#define CXL_CDAT_REVISION               1

typedef struct CXLCdatHeader {
    CXLLe32 length;
    uint8_t revision;
    uint8_t checksum;
    uint8_t rsvd[6];
    CXLLe32 sequence;
} CXLCdatHeader;
QEMU_BUILD_BUG_ON(sizeof(CXLCdatHeader) != 16);

/* CDAT 1.04 Table 2: types of structures */
typedef enum CXLCdatType {
    CXL_CDAT_DSMAS = 0,
    CXL_CDAT_DSLBIS = 1,
    CXL_CDAT_DSMSCIS = 2,
    CXL_CDAT_DSIS = 3,
    CXL_CDAT_DSEMTS = 4,
    CXL_CDAT_SSLBIS = 5,
    CXL_CDAT_TYPES,
} CXLCdatType;

/* What every structure begins with; @length counts the whole structure */
typedef struct CXLCdatEntry {
    uint8_t type;
    uint8_t rsvd;
    CXLLe16 length;
} CXLCdatEntry;
QEMU_BUILD_BUG_ON(sizeof(CXLCdatEntry) != 4);

/* CDAT 1.04 2.1: Device Scoped Memory Affinity Structure */
#define CXL_DSMAS_NON_VOLATILE          (1u << 2)
#define CXL_DSMAS_SHAREABLE             (1u << 3)
#define CXL_DSMAS_HW_COHERENT           (1u << 4)
#define CXL_DSMAS_DYNAMIC_CAPACITY      (1u << 5)
#define CXL_DSMAS_READ_ONLY             (1u << 6)

typedef struct CXLDsmas {
    CXLCdatEntry entry;
    uint8_t handle;
    uint8_t flags;
    uint8_t rsvd[2];
    CXLLe64 dpa_base;
    CXLLe64 dpa_length;
} CXLDsmas;
QEMU_BUILD_BUG_ON(sizeof(CXLDsmas) != 24);

/*
 * CDAT 1.04 2.2: Device Scoped Latency and Bandwidth Information Structure.
 * Latencies in units of @entry_base_unit picoseconds, bandwidths of
 * @entry_base_unit MB/s.
 */
typedef enum CXLDslbisData {
    CXL_DSLBIS_ACCESS_LATENCY = 0,
    CXL_DSLBIS_READ_LATENCY = 1,
    CXL_DSLBIS_WRITE_LATENCY = 2,
    CXL_DSLBIS_ACCESS_BANDWIDTH = 3,
    CXL_DSLBIS_READ_BANDWIDTH = 4,
    CXL_DSLBIS_WRITE_BANDWIDTH = 5,
} CXLDslbisData;

typedef struct CXLDslbis {
    CXLCdatEntry entry;
    uint8_t handle;
    uint8_t flags;
    uint8_t data_type;
    uint8_t rsvd1;
    CXLLe64 entry_base_unit;
    CXLLe16 value[3];
    uint8_t rsvd2[2];
} CXLDslbis;
QEMU_BUILD_BUG_ON(sizeof(CXLDslbis) != 24);

/* CDAT 1.04 2.3: Device Scoped Memory Side Cache Information Structure */
typedef struct CXLDsmscis {
    CXLCdatEntry entry;
    uint8_t handle;
    uint8_t rsvd[3];
    CXLLe64 cache_size;
    CXLLe32 attributes;
} CXLDsmscis;
QEMU_BUILD_BUG_ON(sizeof(CXLDsmscis) != 20);

/* CDAT 1.04 2.4: Device Scoped Initiator Structure */
typedef struct CXLDsis {
    CXLCdatEntry entry;
    uint8_t flags;
    uint8_t handle;
    uint8_t rsvd[2];
} CXLDsis;
QEMU_BUILD_BUG_ON(sizeof(CXLDsis) != 8);

/* CDAT 1.04 2.5: Device Scoped EFI Memory Type Structure */
typedef enum CXLDsemtsType {
    CXL_DSEMTS_CONVENTIONAL = 0,
    CXL_DSEMTS_SPECIFIC_PURPOSE = 1,
    CXL_DSEMTS_RESERVED = 2,
} CXLDsemtsType;

typedef struct CXLDsemts {
    CXLCdatEntry entry;
    uint8_t handle;
    uint8_t efi_type;
    uint8_t rsvd[2];
    CXLLe64 dpa_offset;
    CXLLe64 dpa_length;
} CXLDsemts;
QEMU_BUILD_BUG_ON(sizeof(CXLDsemts) != 24);

/*
 * CDAT 1.04 2.6: Switch Scoped Latency and Bandwidth Information Structure.
 * Data types and units as in 2.2; ports below 100h are downstream ones.
 */
#define CXL_SSLBIS_UPSTREAM_PORT        0x100
#define CXL_SSLBIS_ANY_PORT             0xffff

typedef struct CXLSslbisPath {
    CXLLe16 port_x;
    CXLLe16 port_y;
    CXLLe16 value;
    uint8_t rsvd[2];
} CXLSslbisPath;
QEMU_BUILD_BUG_ON(sizeof(CXLSslbisPath) != 8);

typedef struct CXLSslbis {
    CXLCdatEntry entry;
    uint8_t data_type;
    uint8_t rsvd[3];
    CXLLe64 entry_base_unit;
    CXLSslbisPath path[];
} CXLSslbis;
QEMU_BUILD_BUG_ON(sizeof(CXLSslbis) != 16);

/* PCIe r6.0 6.30.1: lengths of DOE objects count dwords, header included */
#define CXL_DOE_DWORD                   4

typedef struct CXLDoeHeader {
    CXLLe16 vendor;
    uint8_t type;
    uint8_t rsvd;
    CXLLe32 length;
} CXLDoeHeader;
QEMU_BUILD_BUG_ON(sizeof(CXLDoeHeader) != 8);

/* CXL r3.1 8.1.11: Data Object Type of Table Access, of CXL_VENDOR_ID */
#define CXL_DOE_TABLE_ACCESS            2

#define CXL_DOE_READ_ENTRY              0
#define CXL_DOE_TABLE_CDAT              0
#define CXL_DOE_LAST_ENTRY              0xffff

/*
 * CXL r3.1 8.1.11.1: Read Entry; entry 0 is the table's header. The answer
 * has the same layout: its handle is the next entry's, and the entry follows.
 */
typedef struct CXLDoeReadEntry {
    CXLDoeHeader header;
    uint8_t code;
    uint8_t table;
    CXLLe16 handle;
} CXLDoeReadEntry;
QEMU_BUILD_BUG_ON(sizeof(CXLDoeReadEntry) != 12);

#endif /* HW_CXL_SPEC_TABLES_H */

/*
 * CXL r3.1 8.1: Configuration space registers
 *
 * Identifiers, revisions, lengths, offsets and fields of the Designated
 * Vendor-Specific Extended Capabilities. Offsets count from the start of a
 * DVSEC. FIELD as in spec/registers.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_DVSEC_H
#define HW_CXL_SPEC_DVSEC_H

#ifndef FIELD
#include "hw/registerfields.h"
#endif

/* CXL r3.1 3.1.2, 8.1.1: vendor of all CXL DVSECs */
#define CXL_VENDOR_ID                       0x1e98
/* PCIe r6.0 7.9.6: header of a DVSEC, behind the extended capability's */
#define CXL_DVSEC_HEADER1                   0x04
#define CXL_DVSEC_HEADER2                   0x08
#define CXL_DVSEC_HEADER_SIZE               0x0a
FIELD(CXL_DVSEC_HEADER1, VENDOR, 0, 16)
FIELD(CXL_DVSEC_HEADER1, REVISION, 16, 4)
FIELD(CXL_DVSEC_HEADER1, LENGTH, 20, 12)

/* CXL r3.1 Table 8-2: CXL DVSEC ID assignment */
#define CXL_DVSEC_ID_DEVICE                 0x0
#define CXL_DVSEC_ID_NON_CXL_FUNCTION       0x2
#define CXL_DVSEC_ID_PORT                   0x3
#define CXL_DVSEC_ID_GPF_PORT               0x4
#define CXL_DVSEC_ID_GPF_DEVICE             0x5
#define CXL_DVSEC_ID_FLEX_BUS               0x7
#define CXL_DVSEC_ID_LOCATOR                0x8
#define CXL_DVSEC_ID_MLD                    0x9
#define CXL_DVSEC_ID_TEST                   0xa

#define CXL_DVSEC_REVISION_DEVICE           3
#define CXL_DVSEC_REVISION_PORT             0
#define CXL_DVSEC_REVISION_GPF_PORT         0
#define CXL_DVSEC_REVISION_GPF_DEVICE       0
#define CXL_DVSEC_REVISION_FLEX_BUS         2
#define CXL_DVSEC_REVISION_LOCATOR          0

#define CXL_DVSEC_LENGTH_DEVICE             0x3c
#define CXL_DVSEC_LENGTH_PORT               0x28
#define CXL_DVSEC_LENGTH_GPF_PORT           0x10
#define CXL_DVSEC_LENGTH_GPF_DEVICE         0x10
#define CXL_DVSEC_LENGTH_FLEX_BUS           0x20
#define CXL_DVSEC_LENGTH_LOCATOR(blocks)    (0x0c + 8 * (blocks))

/* CXL r3.1 8.1.3: PCIe DVSEC for CXL Devices */
#define CXL_DEVICE_CAPABILITY               0x0a
#define CXL_DEVICE_CONTROL                  0x0c
#define CXL_DEVICE_STATUS                   0x0e
#define CXL_DEVICE_CONTROL2                 0x10
#define CXL_DEVICE_STATUS2                  0x12
#define CXL_DEVICE_LOCK                     0x14
#define CXL_DEVICE_CAPABILITY2              0x16
#define CXL_DEVICE_RANGE_SIZE_HIGH(n)       (0x18 + 0x10 * (n))
#define CXL_DEVICE_RANGE_SIZE_LOW(n)        (0x1c + 0x10 * (n))
#define CXL_DEVICE_RANGE_BASE_HIGH(n)       (0x20 + 0x10 * (n))
#define CXL_DEVICE_RANGE_BASE_LOW(n)        (0x24 + 0x10 * (n))
#define CXL_DEVICE_CAPABILITY3              0x38
#define CXL_DEVICE_RANGES                   2

/* CXL r3.1 8.1.3.1: DVSEC CXL Capability */
FIELD(CXL_DEVICE_CAPABILITY, CACHE, 0, 1)
FIELD(CXL_DEVICE_CAPABILITY, IO, 1, 1)
FIELD(CXL_DEVICE_CAPABILITY, MEM, 2, 1)
FIELD(CXL_DEVICE_CAPABILITY, MEM_HWINIT, 3, 1)
FIELD(CXL_DEVICE_CAPABILITY, HDM_COUNT, 4, 2)
FIELD(CXL_DEVICE_CAPABILITY, CACHE_WBI, 6, 1)
FIELD(CXL_DEVICE_CAPABILITY, RESET, 7, 1)
FIELD(CXL_DEVICE_CAPABILITY, RESET_TIMEOUT, 8, 3)
FIELD(CXL_DEVICE_CAPABILITY, RESET_MEM_CLR, 11, 1)
FIELD(CXL_DEVICE_CAPABILITY, TSP, 12, 1)
FIELD(CXL_DEVICE_CAPABILITY, MLD, 13, 1)
FIELD(CXL_DEVICE_CAPABILITY, VIRAL, 14, 1)
FIELD(CXL_DEVICE_CAPABILITY, PM_INIT_REPORTING, 15, 1)

/* CXL r3.1 8.1.3.1: CXL Reset Timeout: 10 ms, and ten times more each */
#define CXL_RESET_TIMEOUT_10MS              0
#define CXL_RESET_TIMEOUT_100MS             1

/* CXL r3.1 8.1.3.2: DVSEC CXL Control */
FIELD(CXL_DEVICE_CONTROL, CACHE_ENABLE, 0, 1)
FIELD(CXL_DEVICE_CONTROL, IO_ENABLE, 1, 1)
FIELD(CXL_DEVICE_CONTROL, MEM_ENABLE, 2, 1)
FIELD(CXL_DEVICE_CONTROL, CACHE_SF_COVERAGE, 3, 5)
FIELD(CXL_DEVICE_CONTROL, CACHE_SF_GRANULARITY, 8, 3)
FIELD(CXL_DEVICE_CONTROL, CACHE_CLEAN_EVICTION, 11, 1)
FIELD(CXL_DEVICE_CONTROL, P2P_MEM_ENABLE, 12, 1)
FIELD(CXL_DEVICE_CONTROL, VIRAL_ENABLE, 14, 1)

/* CXL r3.1 8.1.3.3: DVSEC CXL Status */
FIELD(CXL_DEVICE_STATUS, VIRAL, 14, 1)

/* CXL r3.1 8.1.3.4: DVSEC CXL Control2 */
FIELD(CXL_DEVICE_CONTROL2, DISABLE_CACHING, 0, 1)
FIELD(CXL_DEVICE_CONTROL2, INITIATE_WBI, 1, 1)
FIELD(CXL_DEVICE_CONTROL2, INITIATE_RESET, 2, 1)
FIELD(CXL_DEVICE_CONTROL2, RESET_MEM_CLR, 3, 1)
FIELD(CXL_DEVICE_CONTROL2, HDM_HOT_RESET, 4, 1)
FIELD(CXL_DEVICE_CONTROL2, MODIFIED_COMPLETION, 5, 1)

/* CXL r3.1 8.1.3.5: DVSEC CXL Status2 */
FIELD(CXL_DEVICE_STATUS2, CACHE_INVALID, 0, 1)
FIELD(CXL_DEVICE_STATUS2, RESET_COMPLETE, 1, 1)
FIELD(CXL_DEVICE_STATUS2, RESET_ERROR, 2, 1)
FIELD(CXL_DEVICE_STATUS2, HDM_PRESERVATION_ERROR, 3, 1)
FIELD(CXL_DEVICE_STATUS2, PM_INIT_COMPLETE, 15, 1)

/* CXL r3.1 8.1.3.6: DVSEC CXL Lock */
FIELD(CXL_DEVICE_LOCK, CONFIG_LOCK, 0, 1)

/* CXL r3.1 8.1.3.8.2, 8.1.3.9.2: DVSEC CXL Range n Size Low */
FIELD(CXL_DEVICE_RANGE, INFO_VALID, 0, 1)
FIELD(CXL_DEVICE_RANGE, ACTIVE, 1, 1)
FIELD(CXL_DEVICE_RANGE, MEDIA_TYPE, 2, 3)
FIELD(CXL_DEVICE_RANGE, MEMORY_CLASS, 5, 3)
FIELD(CXL_DEVICE_RANGE, DESIRED_INTERLEAVE, 8, 5)
FIELD(CXL_DEVICE_RANGE, ACTIVE_TIMEOUT, 13, 3)
FIELD(CXL_DEVICE_RANGE, ACTIVE_DEGRADED, 16, 1)
/* What Media_Type and Memory_Class say when CDAT describes the memory */
#define CXL_DEVICE_RANGE_CDAT               2
/* Bits that Size Low and Base Low have: multiples of 256 MiB */
#define CXL_DEVICE_RANGE_LOW_MASK           0xf0000000u

/* CXL r3.1 8.1.5: CXL Extensions DVSEC for Ports */
#define CXL_PORT_STATUS                     0x0a
#define CXL_PORT_CONTROL                    0x0c
#define CXL_PORT_ALT_BUS_BASE               0x0e
#define CXL_PORT_ALT_BUS_LIMIT              0x0f
#define CXL_PORT_ALT_MEM_BASE               0x10
#define CXL_PORT_ALT_MEM_LIMIT              0x12
#define CXL_PORT_ALT_PREF_BASE              0x14
#define CXL_PORT_ALT_PREF_LIMIT             0x16
#define CXL_PORT_ALT_PREF_BASE_HIGH         0x18
#define CXL_PORT_ALT_PREF_LIMIT_HIGH        0x1c
#define CXL_PORT_RCRB_BASE                  0x20
#define CXL_PORT_RCRB_BASE_HIGH             0x24
FIELD(CXL_PORT_STATUS, PM_INIT_COMPLETE, 0, 1)
FIELD(CXL_PORT_STATUS, VIRAL, 14, 1)
FIELD(CXL_PORT_CONTROL, UNMASK_SBR, 0, 1)
FIELD(CXL_PORT_CONTROL, UNMASK_LINK_DISABLE, 1, 1)
FIELD(CXL_PORT_CONTROL, ALT_MEM_ENABLE, 2, 1)
FIELD(CXL_PORT_CONTROL, ALT_BME, 3, 1)
FIELD(CXL_PORT_CONTROL, UIO_TO_HDM_ENABLE, 4, 1)
FIELD(CXL_PORT_CONTROL, VIRAL_ENABLE, 14, 1)

/* CXL r3.1 8.1.6: GPF DVSEC for CXL Port */
#define CXL_GPF_PORT_PHASE1                 0x0c
#define CXL_GPF_PORT_PHASE2                 0x0e
/* CXL r3.1 8.1.7: GPF DVSEC for CXL Device */
#define CXL_GPF_DEVICE_PHASE2_DURATION      0x0a
#define CXL_GPF_DEVICE_PHASE2_POWER         0x0c
/* CXL r3.1 8.1.6.1, 8.1.6.2, 8.1.7.1: a time is BASE units of SCALE */
FIELD(CXL_GPF_TIME, BASE, 0, 4)
FIELD(CXL_GPF_TIME, SCALE, 8, 4)
#define CXL_GPF_SCALE_1US                   0
#define CXL_GPF_SCALE_10US                  1
#define CXL_GPF_SCALE_100US                 2
#define CXL_GPF_SCALE_1MS                   3
#define CXL_GPF_SCALE_10MS                  4
#define CXL_GPF_SCALE_100MS                 5
#define CXL_GPF_SCALE_1S                    6
#define CXL_GPF_SCALE_10S                   7

/* CXL r3.1 8.1.8, 8.2.1.3: PCIe DVSEC for Flex Bus Port */
#define CXL_FLEX_BUS_CAPABILITY             0x0a
#define CXL_FLEX_BUS_CONTROL                0x0c
#define CXL_FLEX_BUS_STATUS                 0x0e
#define CXL_FLEX_BUS_TS_DATA                0x10
#define CXL_FLEX_BUS_CAPABILITY2            0x14
#define CXL_FLEX_BUS_CONTROL2               0x18
#define CXL_FLEX_BUS_STATUS2                0x1c
/* CXL r3.1 8.2.1.3.1 to .3: bits that stand in capability, control, status */
FIELD(CXL_FLEX_BUS, CACHE, 0, 1)
FIELD(CXL_FLEX_BUS, IO, 1, 1)
FIELD(CXL_FLEX_BUS, MEM, 2, 1)
FIELD(CXL_FLEX_BUS, FLIT_68B_VH, 5, 1)
FIELD(CXL_FLEX_BUS, MLD, 6, 1)
FIELD(CXL_FLEX_BUS, FLIT_256B_LATENCY, 13, 1)
FIELD(CXL_FLEX_BUS, FLIT_PBR, 14, 1)

/* CXL r3.1 8.1.9: Register Locator DVSEC, block n from 0 on */
#define CXL_LOCATOR_LOW(n)                  (0x0c + 8 * (n))
#define CXL_LOCATOR_HIGH(n)                 (0x10 + 8 * (n))
FIELD(CXL_LOCATOR, BIR, 0, 3)
FIELD(CXL_LOCATOR, ID, 8, 8)
FIELD(CXL_LOCATOR, OFFSET_LOW, 16, 16)
/* CXL r3.1 8.1.9.1: Register Block Identifier */
#define CXL_LOCATOR_ID_EMPTY                0x00
#define CXL_LOCATOR_ID_COMPONENT            0x01
#define CXL_LOCATOR_ID_BAR_VIRTUAL          0x02
#define CXL_LOCATOR_ID_DEVICE               0x03
#define CXL_LOCATOR_ID_CPMU                 0x04
#define CXL_LOCATOR_ID_VENDOR               0xff
/* Register blocks start on multiples of 64 KiB */
#define CXL_LOCATOR_OFFSET_ALIGN            0x10000

#endif /* HW_CXL_SPEC_DVSEC_H */

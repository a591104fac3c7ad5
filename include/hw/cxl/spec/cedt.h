/*
 * CXL r3.1 9.18.1: CXL Early Discovery Table (CEDT)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_CEDT_H
#define HW_CXL_SPEC_CEDT_H

#include "hw/cxl/cxl-le.h"

#define CXL_CEDT_SIGNATURE              "CEDT"
#define CXL_CEDT_REVISION               1

/* CXL r3.1 9.18.1.1: CEDT structure types */
#define CXL_CEDT_TYPE_CHBS              0
#define CXL_CEDT_TYPE_CFMWS             1
#define CXL_CEDT_TYPE_CXIMS             2

/* CXL r3.1 9.18.1.2: CXL Host Bridge Structure */
typedef struct CXLCedtChbs {
    uint8_t type;
    uint8_t reserved1;
    CXLLe16 record_length;
    CXLLe32 uid;
    CXLLe32 version;
    CXLLe32 reserved2;
    CXLLe64 base;
    CXLLe64 length;
} CXLCedtChbs;
QEMU_BUILD_BUG_ON(sizeof(CXLCedtChbs) != 32);

/* CXL Version: 1 is a host bridge with CHBCR component registers */
#define CXL_CHBS_VERSION_VH             1
#define CXL_CHBS_LENGTH_VH              0x10000

/* CXL r3.1 9.18.1.3: CXL Fixed Memory Window Structure, before its targets */
typedef struct CXLCedtCfmws {
    uint8_t type;
    uint8_t reserved1;
    CXLLe16 record_length;
    CXLLe32 reserved2;
    CXLLe64 base;
    CXLLe64 size;
    uint8_t eniw;
    uint8_t arithmetic;
    CXLLe16 reserved3;
    CXLLe32 hbig;
    CXLLe16 restrictions;
    CXLLe16 qtg_id;
} CXLCedtCfmws;
QEMU_BUILD_BUG_ON(sizeof(CXLCedtCfmws) != 36);

/* Each of its Interleave Target List is the _UID of an ACPI0016 */
typedef CXLLe32 CXLCedtTarget;

/* Window Restrictions */
#define CXL_CFMWS_DEVICE_COHERENT       (1u << 0)
#define CXL_CFMWS_HOST_ONLY_COHERENT    (1u << 1)
#define CXL_CFMWS_VOLATILE              (1u << 2)
#define CXL_CFMWS_PERSISTENT            (1u << 3)
#define CXL_CFMWS_FIXED_CONFIG          (1u << 4)
#define CXL_CFMWS_BACK_INVALIDATE       (1u << 5)
#define CXL_CFMWS_RESTRICTIONS          0x003fu

/*
 * CXL r3.1 9.18.1.4: CXL XOR Interleave Math Structure, before its XORMAPs:
 * those of all windows with XOR arithmetic and this interleave granularity
 */
typedef struct CXLCedtCxims {
    uint8_t type;
    uint8_t reserved1;
    CXLLe16 record_length;
    CXLLe16 reserved2;
    uint8_t hbig;
    uint8_t nr_xormaps;
} CXLCedtCxims;
QEMU_BUILD_BUG_ON(sizeof(CXLCedtCxims) != 8);

/* Each of its XORMAP List: a mask of host physical address bits */
typedef CXLLe64 CXLCedtXormap;

/* CXL r3.1 9.18.2: CXL _OSC: the dwords after those of PCI Express */
#define CXL_OSC_UUID                    "68F2D50B-C469-4D8A-BD3D-941A103FD3FC"
#define PCIE_OSC_UUID                   "33DB4D5B-1FF7-401C-9657-7441C03DD766"
/* CXL Support Field: what the operating system can do */
#define CXL_OSC_RCH_REGISTER_ACCESS     (1u << 0)
#define CXL_OSC_VH_REGISTER_ACCESS      (1u << 1)
#define CXL_OSC_PROTOCOL_ERRORS         (1u << 2)
#define CXL_OSC_NATIVE_HOT_PLUG         (1u << 3)
/* CXL Control Field: what it asks to control */
#define CXL_OSC_MEM_ERROR_REPORTING     (1u << 0)

/* CXL r3.1 9.18.3.1: _DSM of the CXL root device */
#define CXL_ROOT_DSM_UUID               "F365F9A6-A7DE-4071-A66A-B40C0B4F8E52"
#define CXL_ROOT_DSM_REVISION           1
#define CXL_ROOT_DSM_GET_QTG            1

#endif /* HW_CXL_SPEC_CEDT_H */

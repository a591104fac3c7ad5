/*
 * CXL r3.1 8.2.9.9.2: payloads of capacity configuration, as on the wire
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_PAYLOADS_PARTITION_H
#define HW_CXL_SPEC_PAYLOADS_PARTITION_H

#include "hw/cxl/spec/payloads.h"

/* CXL r3.1 8.2.9.9.2.2: Set Partition Info (4101h) */
typedef struct CXLSetPartitionReq {
    CXLLe64 volatile_capacity;      /* of what is partitionable, 256 MiB */
    uint8_t flags;                  /* CXL_SET_PARTITION_* */
} CXLSetPartitionReq;
CXL_WIRE_SIZE(CXLSetPartitionReq, 0x09);

#define CXL_SET_PARTITION_IMMEDIATE     (1u << 0)

#endif /* HW_CXL_SPEC_PAYLOADS_PARTITION_H */

/*
 * CXL r3.1 8.2: Memory mapped registers
 *
 * Offsets, identifiers and fields, as the specification gives them. Fields
 * are declared with FIELD(register, field, shift, length): QEMU's own by
 * default; a program outside QEMU defines FIELD before it includes this file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_REGISTERS_H
#define HW_CXL_SPEC_REGISTERS_H

#ifndef FIELD
#include "hw/registerfields.h"
#endif

/* CXL r3.1 8.2.3, Table 8-21: layout of the component register block */
#define CXL_COMPONENT_SIZE                  0x10000
#define CXL_CM_OFFSET                       0x1000
#define CXL_CM_SIZE                         0x1000

/* CXL r3.1 8.2.4.1: CXL Capability Header Register, the first of CXL.mem */
#define CXL_CAP_HEADER                      0x00
FIELD(CXL_CAP_HEADER, ID, 0, 16)
FIELD(CXL_CAP_HEADER, VERSION, 16, 4)
FIELD(CXL_CAP_HEADER, CACHE_MEM_VERSION, 20, 4)
FIELD(CXL_CAP_HEADER, ARRAY_SIZE, 24, 8)

/* CXL r3.1 8.2.4.2 to 8.2.4.16: one header for each capability, from 1 on */
#define CXL_CAP_ENTRY(n)                    (0x04 * (n))
FIELD(CXL_CAP_ENTRY, ID, 0, 16)
FIELD(CXL_CAP_ENTRY, VERSION, 16, 4)
FIELD(CXL_CAP_ENTRY, POINTER, 20, 12)

/* CXL r3.1 Table 8-22: CXL_Capability_ID */
#define CXL_CAP_ID_NULL                     0x0
#define CXL_CAP_ID_CXL                      0x1
#define CXL_CAP_ID_RAS                      0x2
#define CXL_CAP_ID_SECURITY                 0x3
#define CXL_CAP_ID_LINK                     0x4
#define CXL_CAP_ID_HDM                      0x5
#define CXL_CAP_ID_EXT_SECURITY             0x6
#define CXL_CAP_ID_IDE                      0x7
#define CXL_CAP_ID_SNOOP_FILTER             0x8
#define CXL_CAP_ID_TIMEOUT_ISOLATION        0x9
#define CXL_CAP_ID_CM_EXTENDED              0xa
#define CXL_CAP_ID_BI_ROUTE_TABLE           0xb
#define CXL_CAP_ID_BI_DECODER               0xc
#define CXL_CAP_ID_CACHE_ID_ROUTE_TABLE     0xd
#define CXL_CAP_ID_CACHE_ID_DECODER         0xe
#define CXL_CAP_ID_EXT_HDM                  0xf
#define CXL_CAP_ID_EXT_METADATA             0x10

/* CXL r3.1 8.2.4.1 to 8.2.4.8: versions of this revision */
#define CXL_CAP_VERSION_CXL                 1
#define CXL_CAP_CACHE_MEM_VERSION           1
#define CXL_CAP_VERSION_RAS                 3
#define CXL_CAP_VERSION_LINK                4
#define CXL_CAP_VERSION_HDM                 3
#define CXL_CAP_VERSION_EXT_SECURITY        2
#define CXL_CAP_VERSION_SNOOP_FILTER        1

/* CXL r3.1 8.2.4.17: CXL RAS Capability Structure */
#define CXL_RAS_SIZE                        0x58
#define CXL_RAS_UE_STATUS                   0x00
#define CXL_RAS_UE_MASK                     0x04
#define CXL_RAS_UE_SEVERITY                 0x08
#define CXL_RAS_CE_STATUS                   0x0c
#define CXL_RAS_CE_MASK                     0x10
#define CXL_RAS_CONTROL                     0x14
#define CXL_RAS_HEADER_LOG(n)               (0x18 + 0x04 * (n))
#define CXL_RAS_HEADER_LOG_DWORDS           16

/* CXL r3.1 8.2.4.17.1 to .3: the same bits in status, mask and severity */
FIELD(CXL_RAS_UE, CACHE_DATA_PARITY, 0, 1)
FIELD(CXL_RAS_UE, CACHE_ADDRESS_PARITY, 1, 1)
FIELD(CXL_RAS_UE, CACHE_BE_PARITY, 2, 1)
FIELD(CXL_RAS_UE, CACHE_DATA_ECC, 3, 1)
FIELD(CXL_RAS_UE, MEM_DATA_PARITY, 4, 1)
FIELD(CXL_RAS_UE, MEM_ADDRESS_PARITY, 5, 1)
FIELD(CXL_RAS_UE, MEM_BE_PARITY, 6, 1)
FIELD(CXL_RAS_UE, MEM_DATA_ECC, 7, 1)
FIELD(CXL_RAS_UE, REINIT_THRESHOLD, 8, 1)
FIELD(CXL_RAS_UE, RSVD_ENCODING, 9, 1)
FIELD(CXL_RAS_UE, POISON_RECEIVED, 10, 1)
FIELD(CXL_RAS_UE, RECEIVER_OVERFLOW, 11, 1)
FIELD(CXL_RAS_UE, INTERNAL, 14, 1)
FIELD(CXL_RAS_UE, CXL_IDE_TX, 15, 1)
FIELD(CXL_RAS_UE, CXL_IDE_RX, 16, 1)
#define CXL_RAS_UE_ALL                      0x1cfffu

/* CXL r3.1 8.2.4.17.4, .5: the same bits in status and mask */
FIELD(CXL_RAS_CE, CACHE_DATA_ECC, 0, 1)
FIELD(CXL_RAS_CE, MEM_DATA_ECC, 1, 1)
FIELD(CXL_RAS_CE, CRC_THRESHOLD, 2, 1)
FIELD(CXL_RAS_CE, RETRY_THRESHOLD, 3, 1)
FIELD(CXL_RAS_CE, CACHE_POISON_RECEIVED, 4, 1)
FIELD(CXL_RAS_CE, MEM_POISON_RECEIVED, 5, 1)
FIELD(CXL_RAS_CE, PHYSICAL, 6, 1)
#define CXL_RAS_CE_ALL                      0x7fu

/* CXL r3.1 8.2.4.17.6: Error Capabilities and Control Register */
FIELD(CXL_RAS_CONTROL, FIRST_ERROR, 0, 6)
FIELD(CXL_RAS_CONTROL, MULTIPLE_HEADER_CAPABLE, 9, 1)
FIELD(CXL_RAS_CONTROL, POISON_ENABLED, 13, 1)

/* CXL r3.1 8.2.4.19: CXL Link Capability Structure, 64-bit registers */
#define CXL_LINK_SIZE                       0x50
#define CXL_LINK_CAPABILITY                 0x00
#define CXL_LINK_CONTROL_STATUS             0x08
#define CXL_LINK_RX_CREDIT_CONTROL          0x10
#define CXL_LINK_RX_CREDIT_RETURN           0x18
#define CXL_LINK_TX_CREDIT_STATUS           0x20
#define CXL_LINK_ACK_TIMER                  0x28
#define CXL_LINK_DEFEATURE                  0x30
#define CXL_LINK_RX_CREDIT_CONTROL2         0x38
#define CXL_LINK_RX_CREDIT_RETURN2          0x40
#define CXL_LINK_TX_CREDIT_STATUS2          0x48
FIELD(CXL_LINK_CAPABILITY, VERSION_SUPPORTED, 0, 4)
FIELD(CXL_LINK_CAPABILITY, VERSION_RECEIVED, 4, 4)
FIELD(CXL_LINK_CAPABILITY, LLR_WRAP_SUPPORTED, 8, 8)
FIELD(CXL_LINK_CAPABILITY, LLR_WRAP_RECEIVED, 16, 8)
FIELD(CXL_LINK_CAPABILITY, NO_LL_RESET, 58, 1)
FIELD(CXL_LINK_CONTROL_STATUS, LL_RESET, 0, 1)
FIELD(CXL_LINK_CONTROL_STATUS, INIT_STALL, 1, 1)
FIELD(CXL_LINK_CONTROL_STATUS, CREDIT_STALL, 2, 1)
FIELD(CXL_LINK_CONTROL_STATUS, INIT_STATE, 3, 2)
FIELD(CXL_LINK_CREDIT, CACHE_REQ, 0, 10)
FIELD(CXL_LINK_CREDIT, CACHE_RSP, 10, 10)
FIELD(CXL_LINK_CREDIT, CACHE_DATA, 20, 10)
FIELD(CXL_LINK_CREDIT, MEM_REQ_RSP, 30, 10)
FIELD(CXL_LINK_CREDIT, MEM_DATA, 40, 10)
FIELD(CXL_LINK_ACK_TIMER, ACK_FORCE_THRESHOLD, 0, 9)
FIELD(CXL_LINK_ACK_TIMER, FLUSH_RETIMER, 9, 10)
FIELD(CXL_LINK_DEFEATURE, MDH_DISABLE, 0, 1)
#define CXL_LINK_VERSION_2_0                2
#define CXL_LINK_INIT_DONE                  3

/* CXL r3.1 8.2.4.20: CXL HDM Decoder Capability Structure */
#define CXL_HDM_CAPABILITY                  0x00
#define CXL_HDM_GLOBAL_CONTROL              0x04
#define CXL_HDM_DECODER(n)                  (0x10 + 0x20 * (n))
#define CXL_HDM_DECODER_STRIDE              0x20

/* CXL r3.1 8.2.4.20.1: CXL HDM Decoder Capability Register */
FIELD(CXL_HDM_CAPABILITY, DECODER_COUNT, 0, 4)
FIELD(CXL_HDM_CAPABILITY, TARGET_COUNT, 4, 4)
FIELD(CXL_HDM_CAPABILITY, A11TO8, 8, 1)
FIELD(CXL_HDM_CAPABILITY, A14TO12, 9, 1)
FIELD(CXL_HDM_CAPABILITY, POISON_ON_ERROR, 10, 1)
FIELD(CXL_HDM_CAPABILITY, WAYS_3_6_12, 11, 1)
FIELD(CXL_HDM_CAPABILITY, WAYS_16, 12, 1)
FIELD(CXL_HDM_CAPABILITY, UIO, 13, 1)
FIELD(CXL_HDM_CAPABILITY, UIO_DECODER_COUNT, 16, 4)
FIELD(CXL_HDM_CAPABILITY, MEMDATA_NXM, 20, 1)
FIELD(CXL_HDM_CAPABILITY, COHERENCY, 21, 2)
#define CXL_HDM_COHERENCY_UNKNOWN           0
#define CXL_HDM_COHERENCY_DEVICE            1
#define CXL_HDM_COHERENCY_HOST_ONLY         2

/* CXL r3.1 8.2.4.20.2: CXL HDM Decoder Global Control Register */
FIELD(CXL_HDM_GLOBAL_CONTROL, POISON_ON_ERROR, 0, 1)
FIELD(CXL_HDM_GLOBAL_CONTROL, ENABLE, 1, 1)

/* CXL r3.1 8.2.4.20.3 to .11: registers of decoder n, from its start */
#define CXL_HDM_BASE_LOW                    0x00
#define CXL_HDM_BASE_HIGH                   0x04
#define CXL_HDM_SIZE_LOW                    0x08
#define CXL_HDM_SIZE_HIGH                   0x0c
#define CXL_HDM_CONTROL                     0x10
#define CXL_HDM_TARGET_LOW                  0x14
#define CXL_HDM_TARGET_HIGH                 0x18
#define CXL_HDM_SKIP_LOW                    0x14
#define CXL_HDM_SKIP_HIGH                   0x18
/* Bits that Base Low, Size Low and DPA Skip Low have: multiples of 256 MiB */
#define CXL_HDM_LOW_MASK                    0xf0000000u

/* CXL r3.1 8.2.4.20.7: CXL HDM Decoder n Control Register */
FIELD(CXL_HDM_CONTROL, IG, 0, 4)
FIELD(CXL_HDM_CONTROL, IW, 4, 4)
FIELD(CXL_HDM_CONTROL, LOCK, 8, 1)
FIELD(CXL_HDM_CONTROL, COMMIT, 9, 1)
FIELD(CXL_HDM_CONTROL, COMMITTED, 10, 1)
FIELD(CXL_HDM_CONTROL, ERROR, 11, 1)
FIELD(CXL_HDM_CONTROL, HOST_ONLY, 12, 1)
FIELD(CXL_HDM_CONTROL, BI, 13, 1)
FIELD(CXL_HDM_CONTROL, UIO, 14, 1)
FIELD(CXL_HDM_CONTROL, UIG, 16, 4)
FIELD(CXL_HDM_CONTROL, UIW, 20, 4)
FIELD(CXL_HDM_CONTROL, ISP, 24, 4)

/* CXL r3.1 8.2.4.21: CXL Extended Security Capability Structure */
#define CXL_EXT_SECURITY_COUNT              0x00
#define CXL_EXT_SECURITY_SIZE(ports)        (0x04 + 0x08 * (ports))

/* CXL r3.1 8.2.4.23: CXL Snoop Filter Capability Structure */
#define CXL_SNOOP_FILTER_GROUP              0x00
#define CXL_SNOOP_FILTER_CAPACITY           0x04
#define CXL_SNOOP_FILTER_SIZE               0x08

/* CXL r3.1 8.2.8.1: CXL Device Capabilities Array Register, 64 bits */
#define CXL_DEV_CAP_ARRAY                   0x00
#define CXL_DEV_CAP_ARRAY_SIZE              0x10
FIELD(CXL_DEV_CAP_ARRAY, ID, 0, 16)
FIELD(CXL_DEV_CAP_ARRAY, VERSION, 16, 8)
FIELD(CXL_DEV_CAP_ARRAY, TYPE, 24, 4)
FIELD(CXL_DEV_CAP_ARRAY, COUNT, 32, 16)
#define CXL_DEV_CAP_ARRAY_ID                0
#define CXL_DEV_CAP_ARRAY_VERSION           1
#define CXL_DEV_CAP_TYPE_INFERRED           0
#define CXL_DEV_CAP_TYPE_MEMORY             1
#define CXL_DEV_CAP_TYPE_SWITCH             2

/* CXL r3.1 8.2.8.2: CXL Device Capability Header Register, n from 1 on */
#define CXL_DEV_CAP(n)                      (0x10 * (n))
#define CXL_DEV_CAP_SIZE                    0x10
#define CXL_DEV_CAP_ID                      0x00    /* 16 bits */
#define CXL_DEV_CAP_VERSION                 0x02    /* 8 bits */
#define CXL_DEV_CAP_OFFSET                  0x04    /* 32 bits */
#define CXL_DEV_CAP_LENGTH                  0x08    /* 32 bits */

/* CXL r3.1 8.2.8.2.1: CXL Device Capabilities */
#define CXL_DEV_CAP_ID_STATUS               0x0001
#define CXL_DEV_CAP_ID_MAILBOX              0x0002
#define CXL_DEV_CAP_ID_MAILBOX2             0x0003
#define CXL_DEV_CAP_ID_MEMDEV_STATUS        0x4000
#define CXL_DEV_CAP_STATUS_VERSION          2
#define CXL_DEV_CAP_MAILBOX_VERSION         1
#define CXL_DEV_CAP_MEMDEV_STATUS_VERSION   1

/* CXL r3.1 8.2.8.3: Device Status Registers */
#define CXL_DEV_STATUS_SIZE                 0x08
#define CXL_DEV_EVENT_STATUS                0x00    /* 64 bits */
/* CXL r3.1 8.2.8.3.1: one bit for each event log */
FIELD(CXL_DEV_EVENT_STATUS, INFORMATIONAL, 0, 1)
FIELD(CXL_DEV_EVENT_STATUS, WARNING, 1, 1)
FIELD(CXL_DEV_EVENT_STATUS, FAILURE, 2, 1)
FIELD(CXL_DEV_EVENT_STATUS, FATAL, 3, 1)
FIELD(CXL_DEV_EVENT_STATUS, DYNAMIC_CAPACITY, 4, 1)

/* CXL r3.1 8.2.8.4: Mailbox Registers */
#define CXL_MBOX_CAPABILITIES               0x00    /* 32 bits */
#define CXL_MBOX_CONTROL                    0x04    /* 32 bits */
#define CXL_MBOX_COMMAND                    0x08    /* 64 bits */
#define CXL_MBOX_STATUS                     0x10    /* 64 bits */
#define CXL_MBOX_BACKGROUND                 0x18    /* 64 bits */
#define CXL_MBOX_PAYLOAD                    0x20
/* CXL r3.1 8.2.8.4.3: 256 bytes to 1 MiB, as a power of two */
#define CXL_MBOX_PAYLOAD_MIN                256
#define CXL_MBOX_PAYLOAD_MAX                (1024 * 1024)

/* CXL r3.1 8.2.8.4.3: Mailbox Capabilities Register */
FIELD(CXL_MBOX_CAPABILITIES, PAYLOAD_SIZE, 0, 5)
FIELD(CXL_MBOX_CAPABILITIES, DOORBELL_IRQ, 5, 1)
FIELD(CXL_MBOX_CAPABILITIES, BACKGROUND_IRQ, 6, 1)
FIELD(CXL_MBOX_CAPABILITIES, MSGNUM, 7, 4)
FIELD(CXL_MBOX_CAPABILITIES, READY_TIME, 11, 8)
FIELD(CXL_MBOX_CAPABILITIES, TYPE, 19, 4)

/* CXL r3.1 8.2.8.4.4: Mailbox Control Register */
FIELD(CXL_MBOX_CONTROL, DOORBELL, 0, 1)
FIELD(CXL_MBOX_CONTROL, DOORBELL_IRQ, 1, 1)
FIELD(CXL_MBOX_CONTROL, BACKGROUND_IRQ, 2, 1)

/* CXL r3.1 8.2.8.4.5: Command Register */
FIELD(CXL_MBOX_COMMAND, OPCODE, 0, 16)
FIELD(CXL_MBOX_COMMAND, LENGTH, 16, 21)

/* CXL r3.1 8.2.8.4.6: Mailbox Status Register */
FIELD(CXL_MBOX_STATUS, BACKGROUND, 0, 1)
FIELD(CXL_MBOX_STATUS, RETURN_CODE, 32, 16)
FIELD(CXL_MBOX_STATUS, VENDOR, 48, 16)

/* CXL r3.1 8.2.8.4.7: Background Command Status Register */
FIELD(CXL_MBOX_BACKGROUND, OPCODE, 0, 16)
FIELD(CXL_MBOX_BACKGROUND, PERCENT, 16, 7)
FIELD(CXL_MBOX_BACKGROUND, RETURN_CODE, 32, 16)
FIELD(CXL_MBOX_BACKGROUND, VENDOR, 48, 16)

/* CXL r3.1 8.2.8.5.1.1: Memory Device Status Register, 64 bits */
#define CXL_MEMDEV_STATUS_SIZE              0x08
#define CXL_MEMDEV_STATUS                   0x00
FIELD(CXL_MEMDEV_STATUS, FATAL, 0, 1)
FIELD(CXL_MEMDEV_STATUS, FW_HALT, 1, 1)
FIELD(CXL_MEMDEV_STATUS, MEDIA, 2, 2)
FIELD(CXL_MEMDEV_STATUS, MAILBOX_READY, 4, 1)
FIELD(CXL_MEMDEV_STATUS, RESET_NEEDED, 5, 3)
#define CXL_MEDIA_STATUS_NOT_READY          0
#define CXL_MEDIA_STATUS_READY              1
#define CXL_MEDIA_STATUS_ERROR              2
#define CXL_MEDIA_STATUS_DISABLED           3

#endif /* HW_CXL_SPEC_REGISTERS_H */

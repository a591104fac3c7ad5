/*
 * CXL r3.1 8.2.8.4, 8.2.9: Component Command Interface: the codes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_SPEC_CCI_H
#define HW_CXL_SPEC_CCI_H

/* CXL r3.1 Table 8-34 (8.2.8.4.5.1): Command Return Codes */
typedef enum CXLRet {
    CXL_RET_SUCCESS                     = 0x00,
    CXL_RET_BACKGROUND_STARTED          = 0x01,
    CXL_RET_INVALID_INPUT               = 0x02,
    CXL_RET_UNSUPPORTED                 = 0x03,
    CXL_RET_INTERNAL_ERROR              = 0x04,
    CXL_RET_RETRY_REQUIRED              = 0x05,
    CXL_RET_BUSY                        = 0x06,
    CXL_RET_MEDIA_DISABLED              = 0x07,
    CXL_RET_FW_TRANSFER_IN_PROGRESS     = 0x08,
    CXL_RET_FW_TRANSFER_OUT_OF_ORDER    = 0x09,
    CXL_RET_FW_VERIFICATION_FAILED      = 0x0a,
    CXL_RET_FW_INVALID_SLOT             = 0x0b,
    CXL_RET_FW_ROLLED_BACK              = 0x0c,
    CXL_RET_FW_COLD_RESET_REQUIRED      = 0x0d,
    CXL_RET_INVALID_HANDLE              = 0x0e,
    CXL_RET_INVALID_PA                  = 0x0f,
    CXL_RET_POISON_LIMIT                = 0x10,
    CXL_RET_PERMANENT_MEDIA_FAILURE     = 0x11,
    CXL_RET_ABORTED                     = 0x12,
    CXL_RET_INVALID_SECURITY_STATE      = 0x13,
    CXL_RET_INCORRECT_PASSPHRASE        = 0x14,
    CXL_RET_UNSUPPORTED_MAILBOX         = 0x15,
    CXL_RET_INVALID_PAYLOAD_LENGTH      = 0x16,
    CXL_RET_INVALID_LOG                 = 0x17,
    CXL_RET_INTERRUPTED                 = 0x18,
    CXL_RET_FEATURE_VERSION             = 0x19,
    CXL_RET_FEATURE_SELECTION           = 0x1a,
    CXL_RET_FEATURE_IN_PROGRESS         = 0x1b,
    CXL_RET_FEATURE_OUT_OF_ORDER        = 0x1c,
    CXL_RET_RESOURCES_EXHAUSTED         = 0x1d,
    CXL_RET_INVALID_EXTENT_LIST         = 0x1e,
    CXL_RET_TRANSFER_OUT_OF_ORDER       = 0x1f,
    CXL_RET_BACKGROUND_ABORT_REFUSED    = 0x20,
    CXL_RET_LAST                        = CXL_RET_BACKGROUND_ABORT_REFUSED,
} CXLRet;

/* CXL r3.1 Table 8-37, Table 8-126: opcodes; the high byte is the set */
typedef enum CXLOpcode {
    CXL_OP_IDENTIFY                     = 0x0001,
    CXL_OP_BACKGROUND_STATUS            = 0x0002,
    CXL_OP_GET_RESPONSE_LIMIT           = 0x0003,
    CXL_OP_SET_RESPONSE_LIMIT           = 0x0004,
    CXL_OP_REQUEST_ABORT                = 0x0005,

    CXL_OP_GET_EVENT_RECORDS            = 0x0100,
    CXL_OP_CLEAR_EVENT_RECORDS          = 0x0101,
    CXL_OP_GET_EVENT_POLICY             = 0x0102,
    CXL_OP_SET_EVENT_POLICY             = 0x0103,

    CXL_OP_GET_FW_INFO                  = 0x0200,
    CXL_OP_TRANSFER_FW                  = 0x0201,
    CXL_OP_ACTIVATE_FW                  = 0x0202,

    CXL_OP_GET_TIMESTAMP                = 0x0300,
    CXL_OP_SET_TIMESTAMP                = 0x0301,

    CXL_OP_GET_SUPPORTED_LOGS           = 0x0400,
    CXL_OP_GET_LOG                      = 0x0401,
    CXL_OP_GET_LOG_CAPABILITIES         = 0x0402,
    CXL_OP_CLEAR_LOG                    = 0x0403,
    CXL_OP_POPULATE_LOG                 = 0x0404,
    CXL_OP_GET_SUPPORTED_LOGS_SUBLIST   = 0x0405,

    CXL_OP_GET_SUPPORTED_FEATURES       = 0x0500,
    CXL_OP_GET_FEATURE                  = 0x0501,
    CXL_OP_SET_FEATURE                  = 0x0502,

    CXL_OP_PERFORM_MAINTENANCE          = 0x0600,

    CXL_OP_IDENTIFY_MEMORY_DEVICE       = 0x4000,

    CXL_OP_GET_PARTITION_INFO           = 0x4100,
    CXL_OP_SET_PARTITION_INFO           = 0x4101,
    CXL_OP_GET_LSA                      = 0x4102,
    CXL_OP_SET_LSA                      = 0x4103,

    CXL_OP_GET_HEALTH_INFO              = 0x4200,
    CXL_OP_GET_ALERT_CONFIG             = 0x4201,
    CXL_OP_SET_ALERT_CONFIG             = 0x4202,
    CXL_OP_GET_SHUTDOWN_STATE           = 0x4203,
    CXL_OP_SET_SHUTDOWN_STATE           = 0x4204,

    CXL_OP_GET_POISON_LIST              = 0x4300,
    CXL_OP_INJECT_POISON                = 0x4301,
    CXL_OP_CLEAR_POISON                 = 0x4302,
    CXL_OP_GET_SCAN_CAPABILITIES        = 0x4303,
    CXL_OP_SCAN_MEDIA                   = 0x4304,
    CXL_OP_GET_SCAN_RESULTS             = 0x4305,

    CXL_OP_SANITIZE                     = 0x4400,
    CXL_OP_SECURE_ERASE                 = 0x4401,
    CXL_OP_MEDIA_OPERATIONS             = 0x4402,

    CXL_OP_GET_SECURITY_STATE           = 0x4500,
    CXL_OP_SET_PASSPHRASE               = 0x4501,
    CXL_OP_DISABLE_PASSPHRASE           = 0x4502,
    CXL_OP_UNLOCK                       = 0x4503,
    CXL_OP_FREEZE_SECURITY_STATE        = 0x4504,
    CXL_OP_PASSPHRASE_SECURE_ERASE      = 0x4505,
} CXLOpcode;

/* CXL r3.1 8.2.9.5.2.1: Command Effects Log: Command Effect */
#define CXL_EFFECT_CONFIG_COLD_RESET    (1u << 0)
#define CXL_EFFECT_CONFIG_NOW           (1u << 1)
#define CXL_EFFECT_DATA_NOW             (1u << 2)
#define CXL_EFFECT_POLICY_NOW           (1u << 3)
#define CXL_EFFECT_LOG_NOW              (1u << 4)
#define CXL_EFFECT_SECURITY_STATE       (1u << 5)
#define CXL_EFFECT_BACKGROUND           (1u << 6)
#define CXL_EFFECT_SECONDARY_MAILBOX    (1u << 7)
#define CXL_EFFECT_ABORTABLE            (1u << 8)
#define CXL_EFFECT_RESETS_VALID         (1u << 9)
#define CXL_EFFECT_CONFIG_CONV_RESET    (1u << 10)
#define CXL_EFFECT_CONFIG_CXL_RESET     (1u << 11)

/* CXL r3.1 8.2.9.1.3: limits of an answer are powers of two from here on */
#define CXL_RESPONSE_LIMIT_MIN          8

/* CXL r3.1 8.2.9.1.1: Identify: Component Type */
#define CXL_COMPONENT_TYPE_SWITCH       0x00
#define CXL_COMPONENT_TYPE_TYPE3        0x03

/*
 * CXL r3.1 Table 8-50: Get Event Records: Event Log; the Dynamic Capacity
 * Event Log, number 4, belongs to devices that have Dynamic Capacity
 */
enum {
    CXL_LOG_INFO,
    CXL_LOG_WARNING,
    CXL_LOG_FAILURE,
    CXL_LOG_FATAL,
    CXL_EVENT_LOGS,
    CXL_LOG_DYNAMIC_CAPACITY = CXL_EVENT_LOGS,
    CXL_EVENT_LOGS_MAX
};

/* CXL r3.1 Table 8-53: Interrupt Settings of an event log */
#define CXL_EVENT_MODE_MASK             0x03
#define CXL_EVENT_MODE_NONE             0x00
#define CXL_EVENT_MODE_MSI              0x01
#define CXL_EVENT_MODE_FW               0x02
#define CXL_EVENT_MSGNUM_SHIFT          4

/* CXL r3.1 Table 8-43, r3.2 Table 8-55: Event Record Flags */
#define CXL_EVENT_SEVERITY_MASK         0x03
#define CXL_EVENT_PERMANENT             (1u << 2)
#define CXL_EVENT_MAINTENANCE_NEEDED    (1u << 3)
#define CXL_EVENT_PERFORMANCE_DEGRADED  (1u << 4)
#define CXL_EVENT_REPLACEMENT_NEEDED    (1u << 5)
#define CXL_EVENT_SUBCLASS_VALID        (1u << 6)
#define CXL_EVENT_LD_ID_VALID           (1u << 7)
#define CXL_EVENT_HEAD_ID_VALID         (1u << 8)

/* CXL r3.1 Table 8-51: Get Event Records: Flags of the answer */
#define CXL_EVENTS_OVERFLOW             (1u << 0)
#define CXL_EVENTS_MORE                 (1u << 1)

/* CXL r3.1 Table 8-52: Clear Event Records: Clear Event Flags */
#define CXL_EVENTS_CLEAR_ALL            (1u << 0)

/* CXL r3.1 8.2.9.5.3: Get Log Capabilities: Parameter Flags */
#define CXL_LOG_CAP_CLEAR               (1u << 0)
#define CXL_LOG_CAP_POPULATE            (1u << 1)
#define CXL_LOG_CAP_AUTO_POPULATE       (1u << 2)
#define CXL_LOG_CAP_PERSISTENT          (1u << 3)

/* CXL r3.1 8.2.9.9.3.2: alerts, as bits of all alert flags fields */
#define CXL_ALERT_LIFE_USED             (1u << 0)
#define CXL_ALERT_OVER_TEMPERATURE      (1u << 1)
#define CXL_ALERT_UNDER_TEMPERATURE     (1u << 2)
#define CXL_ALERT_VOLATILE_ERRORS       (1u << 3)
#define CXL_ALERT_PERSISTENT_ERRORS     (1u << 4)
#define CXL_ALERT_ALL                   0x1fu

/* CXL r3.1 8.2.9.9.4.1: Get Poison List: Poison List Flags */
#define CXL_POISON_LIST_MORE            (1u << 0)
#define CXL_POISON_LIST_OVERFLOW        (1u << 1)
#define CXL_POISON_LIST_SCANNING        (1u << 2)

/* CXL r3.1 Table 8-140: Media Error Record: Error Source */
#define CXL_POISON_SOURCE_UNKNOWN       0
#define CXL_POISON_SOURCE_EXTERNAL      1
#define CXL_POISON_SOURCE_INTERNAL      2
#define CXL_POISON_SOURCE_INJECTED      3
#define CXL_POISON_SOURCE_VENDOR        7
#define CXL_POISON_SOURCE_MASK          0x07

/* CXL r3.1 8.2.9.9.1.1, 8.2.9.9.2.1: capacities count units of 256 MiB */
#define CXL_CAPACITY_UNIT               (256 * 1024 * 1024ULL)

#endif /* HW_CXL_SPEC_CCI_H */

/*
 * What CXL r3.1 8.2.9 says of each command of a memory device
 *
 * Written from the specification, not from the rows that the device has.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_CXL_COMMANDS_H
#define TESTS_QTEST_CXL_COMMANDS_H

#include "../libqos/cxl.h"

/* As long as the payload registers allow */
#define REST            SIZE_MAX

static const CXLGetLogReq cel_head = {
    .uuid = CXL_UUID_COMMAND_EFFECTS_LOG,
    .length = { { sizeof(CXLCelEntry) } },
};
static const CXLLogReq debug_log = { CXL_UUID_VENDOR_DEBUG_LOG };
static const CXLLogReq state_dump = { CXL_UUID_COMPONENT_STATE_DUMP };
static const CXLLogsSublistReq second_log = { .max = 1, .start = 1 };
static const CXLGetLsaReq lsa_head = { .length = { { 16 } } };
static const CXLGetSupportedFeaturesReq features_head = {
    .count = { { sizeof(CXLSupportedFeaturesRsp) +
                 sizeof(CXLFeatureEntry) } },
};
static const CXLGetFeatureReq scrub_head = {
    .uuid = CXL_UUID_PATROL_SCRUB,
    .count = { { sizeof(CXLPatrolScrub) } },
};
static const CXLSetFeatureReq tag_head = {
    .uuid = CXL_UUID_ASSET_TAG, .version = 1,
};
static const struct {
    CXLMaintenanceReq head;
    CXLPprReq ppr;
} ppr_query = {
    .head.maintenance_class = CXL_MAINTENANCE_PPR,
    .ppr.flags = CXL_PPR_QUERY,
};
static const CXLResponseLimit response_limit = { .limit = 20 };
static const CXLPassphraseReq no_type = { .type = CXL_PASSPHRASES };
static const CXLTransferFwReq no_firmware = {
    .action = CXL_FW_TRANSFER_ABORT,
};
static const CXLActivateFwReq same_firmware = {
    .action = CXL_FW_ACTIVATE_COLD_RESET, .slot = 1,
};
static const CXLGetPoisonReq first_line = { .length = { { 1 } } };

static const struct {
    CXLMediaOpReq head;
    CXLMediaOpRange range;
} zero_line = {
    .head.op_class = CXL_MEDIA_OP_SANITIZE,
    .head.op_subclass = CXL_MEDIA_OP_SANITIZE_ZERO,
    .head.count = { { 1 } },
    .range.length = { { 64 } },
};

/**
 * Command: what CXL r3.1 8.2.9 says of one
 * @in_min: bytes of the shortest request
 * @more: bytes that may follow them; REST: as many as the payload holds
 * @req: a request of in_min bytes; NULL: zeroes
 * @ret: the return code for it: that none succeeds on a fresh device
 * @out: bytes of the answer to it
 * @effects: bits that its entry of the Command Effects Log must have
 */
typedef struct Command {
    uint16_t opcode;
    const char *name;
    size_t in_min;
    size_t more;
    const void *req;
    CXLRet ret;
    size_t out;
    uint16_t effects;
} Command;

static const Command commands[] = {
    { CXL_OP_IDENTIFY, "identify", .out = sizeof(CXLIdentifyRsp) },
    { CXL_OP_BACKGROUND_STATUS, "background-status",
      .out = sizeof(CXLBackgroundStatusRsp) },
    { CXL_OP_GET_RESPONSE_LIMIT, "get-response-message-limit",
      .out = sizeof(CXLResponseLimit) },
    { CXL_OP_SET_RESPONSE_LIMIT, "set-response-message-limit",
      .in_min = sizeof(CXLResponseLimit), .req = &response_limit,
      .out = sizeof(CXLResponseLimit), .effects = CXL_EFFECT_CONFIG_NOW },
    { CXL_OP_REQUEST_ABORT, "request-abort-background-operation" },
    { CXL_OP_GET_EVENT_RECORDS, "get-event-records",
      .in_min = sizeof(CXLGetEventsReq), .out = sizeof(CXLGetEventsRsp) },
    { CXL_OP_CLEAR_EVENT_RECORDS, "clear-event-records",
      .in_min = sizeof(CXLClearEventsReq), .effects = CXL_EFFECT_LOG_NOW },
    { CXL_OP_GET_EVENT_POLICY, "get-event-interrupt-policy",
      .out = sizeof(CXLEventPolicyRsp) },
    /* The Dynamic Capacity Event Log's setting came with CXL 3.0 */
    { CXL_OP_SET_EVENT_POLICY, "set-event-interrupt-policy",
      .in_min = sizeof(CXLEventPolicy), .more = 1,
      .effects = CXL_EFFECT_POLICY_NOW },
    { CXL_OP_GET_FW_INFO, "get-fw-info", .out = sizeof(CXLFwInfoRsp) },
    { CXL_OP_TRANSFER_FW, "transfer-fw", .in_min = sizeof(CXLTransferFwReq),
      .more = REST, .req = &no_firmware },
    { CXL_OP_ACTIVATE_FW, "activate-fw", .in_min = sizeof(CXLActivateFwReq),
      .req = &same_firmware,
      .effects = CXL_EFFECT_CONFIG_COLD_RESET | CXL_EFFECT_CONFIG_NOW },
    { CXL_OP_GET_TIMESTAMP, "get-timestamp",
      .out = sizeof(CXLTimestampPayload) },
    { CXL_OP_SET_TIMESTAMP, "set-timestamp",
      .in_min = sizeof(CXLTimestampPayload),
      .effects = CXL_EFFECT_POLICY_NOW },
    { CXL_OP_GET_SUPPORTED_LOGS, "get-supported-logs",
      .out = sizeof(CXLSupportedLogsRsp) + 3 * sizeof(CXLSupportedLog) },
    { CXL_OP_GET_LOG, "get-log", .in_min = sizeof(CXLGetLogReq),
      .req = &cel_head, .out = sizeof(CXLCelEntry) },
    { CXL_OP_GET_LOG_CAPABILITIES, "get-log-capabilities",
      .in_min = sizeof(CXLLogCapabilitiesReq), .req = &cel_head.uuid,
      .out = sizeof(CXLLogCapabilitiesRsp) },
    { CXL_OP_CLEAR_LOG, "clear-log", .in_min = sizeof(CXLLogReq),
      .req = &debug_log, .effects = CXL_EFFECT_LOG_NOW },
    { CXL_OP_POPULATE_LOG, "populate-log", .in_min = sizeof(CXLLogReq),
      .req = &state_dump, .effects = CXL_EFFECT_LOG_NOW },
    { CXL_OP_GET_SUPPORTED_LOGS_SUBLIST, "get-supported-logs-sub-list",
      .in_min = sizeof(CXLLogsSublistReq), .req = &second_log,
      .out = sizeof(CXLLogsSublistRsp) + sizeof(CXLSupportedLog) },
    { CXL_OP_GET_SUPPORTED_FEATURES, "get-supported-features",
      .in_min = sizeof(CXLGetSupportedFeaturesReq), .req = &features_head,
      .out = sizeof(CXLSupportedFeaturesRsp) + sizeof(CXLFeatureEntry) },
    { CXL_OP_GET_FEATURE, "get-feature",
      .in_min = sizeof(CXLGetFeatureReq), .req = &scrub_head,
      .out = sizeof(CXLPatrolScrub) },
    { CXL_OP_SET_FEATURE, "set-feature",
      .in_min = sizeof(CXLSetFeatureReq), .more = sizeof(CXLAssetTag),
      .req = &tag_head, .effects = CXL_EFFECT_CONFIG_NOW },
    { CXL_OP_PERFORM_MAINTENANCE, "perform-maintenance",
      .in_min = sizeof(ppr_query), .req = &ppr_query,
      .effects = CXL_EFFECT_CONFIG_NOW | CXL_EFFECT_BACKGROUND },
    { CXL_OP_IDENTIFY_MEMORY_DEVICE, "identify-memory-device",
      .out = sizeof(CXLIdentifyMemRsp) },
    { CXL_OP_GET_PARTITION_INFO, "get-partition-info",
      .out = sizeof(CXLPartitionInfoRsp) },
    { CXL_OP_GET_LSA, "get-lsa", .in_min = sizeof(CXLGetLsaReq),
      .req = &lsa_head, .out = 16 },
    { CXL_OP_SET_LSA, "set-lsa", .in_min = sizeof(CXLSetLsaReq),
      .more = REST, .effects = CXL_EFFECT_DATA_NOW },
    { CXL_OP_GET_HEALTH_INFO, "get-health-info",
      .out = sizeof(CXLHealthInfoRsp) },
    { CXL_OP_GET_ALERT_CONFIG, "get-alert-config",
      .out = sizeof(CXLGetAlertsRsp) },
    { CXL_OP_SET_ALERT_CONFIG, "set-alert-config",
      .in_min = sizeof(CXLSetAlertsReq), .effects = CXL_EFFECT_POLICY_NOW },
    { CXL_OP_GET_SHUTDOWN_STATE, "get-shutdown-state",
      .out = sizeof(CXLShutdownState) },
    { CXL_OP_SET_SHUTDOWN_STATE, "set-shutdown-state",
      .in_min = sizeof(CXLShutdownState), .effects = CXL_EFFECT_POLICY_NOW },
    { CXL_OP_GET_POISON_LIST, "get-poison-list",
      .in_min = sizeof(CXLGetPoisonReq), .req = &first_line,
      .out = sizeof(CXLGetPoisonRsp) },
    { CXL_OP_INJECT_POISON, "inject-poison",
      .in_min = sizeof(CXLInjectPoisonReq), .effects = CXL_EFFECT_DATA_NOW },
    { CXL_OP_CLEAR_POISON, "clear-poison",
      .in_min = sizeof(CXLClearPoisonReq), .effects = CXL_EFFECT_DATA_NOW },
    { CXL_OP_GET_SCAN_CAPABILITIES, "get-scan-media-capabilities",
      .in_min = sizeof(CXLScanCapabilitiesReq),
      .out = sizeof(CXLScanCapabilitiesRsp) },
    { CXL_OP_SCAN_MEDIA, "scan-media", .in_min = sizeof(CXLScanMediaReq),
      .ret = CXL_RET_BACKGROUND_STARTED,
      .effects = CXL_EFFECT_BACKGROUND | CXL_EFFECT_ABORTABLE },
    { CXL_OP_GET_SCAN_RESULTS, "get-scan-media-results",
      .out = sizeof(CXLScanResultsRsp) },
    { CXL_OP_SANITIZE, "sanitize", .ret = CXL_RET_BACKGROUND_STARTED,
      .effects = CXL_EFFECT_DATA_NOW | CXL_EFFECT_SECURITY_STATE |
                 CXL_EFFECT_BACKGROUND },
    { CXL_OP_SECURE_ERASE, "secure-erase",
      .effects = CXL_EFFECT_DATA_NOW | CXL_EFFECT_SECURITY_STATE },
    { CXL_OP_MEDIA_OPERATIONS, "media-operations",
      .in_min = sizeof(zero_line), .req = &zero_line,
      .ret = CXL_RET_BACKGROUND_STARTED,
      .effects = CXL_EFFECT_DATA_NOW | CXL_EFFECT_BACKGROUND },
    { CXL_OP_GET_SECURITY_STATE, "get-security-state",
      .out = sizeof(CXLSecurityState) },
    { CXL_OP_SET_PASSPHRASE, "set-passphrase",
      .in_min = sizeof(CXLSetPassphraseReq),
      .effects = CXL_EFFECT_SECURITY_STATE },
    { CXL_OP_DISABLE_PASSPHRASE, "disable-passphrase",
      .in_min = sizeof(CXLPassphraseReq), .req = &no_type,
      .ret = CXL_RET_INVALID_INPUT, .effects = CXL_EFFECT_SECURITY_STATE },
    { CXL_OP_UNLOCK, "unlock", .in_min = sizeof(CXLUnlockReq),
      .ret = CXL_RET_INVALID_SECURITY_STATE,
      .effects = CXL_EFFECT_SECURITY_STATE },
    { CXL_OP_FREEZE_SECURITY_STATE, "freeze-security-state",
      .effects = CXL_EFFECT_SECURITY_STATE },
    { CXL_OP_PASSPHRASE_SECURE_ERASE, "passphrase-secure-erase",
      .in_min = sizeof(CXLPassphraseReq), .req = &no_type,
      .ret = CXL_RET_INVALID_INPUT,
      .effects = CXL_EFFECT_DATA_NOW | CXL_EFFECT_SECURITY_STATE },
};

#endif /* TESTS_QTEST_CXL_COMMANDS_H */

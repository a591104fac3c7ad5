/*
 * QMP and HMP commands when CONFIG_CXL is off
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "monitor/hmp.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl.h"
#include "qapi/qapi-commands-cxl-events.h"
#include "qapi/qapi-commands-cxl-query.h"
#include "qapi/qapi-commands-cxl-query-decode.h"

static void no_cxl(Error **errp)
{
    error_setg(errp, "CXL is not available in this QEMU binary");
}

void qmp_cxl_inject_general_media_event(CXLGeneralMediaEventInjection *arg,
                                        Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_dram_event(CXLDramEventInjection *arg,
                               Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_memory_module_event(CXLMemoryModuleEventInjection *arg,
                                        Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_memory_sparing_event(CXLMemorySparingEventInjection *arg,
                                         Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_generic_event(CXLGenericEventInjection *arg,
                                  Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_uncorrectable_errors(const char *path,
                                         CXLUncorErrorRecordList *errors,
                                         Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_correctable_error(const char *path, CxlCorErrorType type,
                                      Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_set_health(const char *path, bool has_health_status,
                        uint8_t health_status, bool has_media_status,
                        uint8_t media_status, bool has_life_used,
                        uint8_t life_used, bool has_temperature,
                        int16_t temperature, bool has_dirty_shutdown_count,
                        uint32_t dirty_shutdown_count,
                        bool has_corrected_volatile_error_count,
                        uint32_t corrected_volatile_error_count,
                        bool has_corrected_persistent_error_count,
                        uint32_t corrected_persistent_error_count,
                        Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_power_loss(const char *path, bool has_flushed,
                               bool flushed, Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_poison(const char *path, uint64_t start, uint64_t length,
                           bool has_listed, bool listed, Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_clear_poison(const char *path, uint64_t start, uint64_t length,
                          Error **errp)
{
    no_cxl(errp);
}

CxlPoisonRangeList *qmp_query_cxl_poison(const char *path, Error **errp)
{
    no_cxl(errp);
    return NULL;
}

void qmp_cxl_inject_command_fault(CXLCommandFaultInjection *arg, Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_doorbell_stuck(const char *path, bool has_duration_ms,
                                   uint32_t duration_ms, Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_inject_media_not_ready(const char *path, bool has_duration_ms,
                                    uint32_t duration_ms, Error **errp)
{
    no_cxl(errp);
}

void qmp_cxl_clear_faults(const char *path, Error **errp)
{
    no_cxl(errp);
}

CXLFaultInfo *qmp_query_cxl_faults(const char *path, Error **errp)
{
    no_cxl(errp);
    return NULL;
}

CXLDecodeInfo *qmp_query_cxl_decode(bool has_address, uint64_t address,
                                    const char *device, bool has_dpa,
                                    uint64_t dpa, Error **errp)
{
    no_cxl(errp);
    return NULL;
}

CXLInfo *qmp_query_cxl(Error **errp)
{
    no_cxl(errp);
    return NULL;
}

void hmp_info_cxl(Monitor *mon, const QDict *qdict)
{
    Error *err = NULL;

    no_cxl(&err);
    hmp_handle_error(mon, err);
}

void hmp_info_cxl_decode(Monitor *mon, const QDict *qdict)
{
    hmp_info_cxl(mon, qdict);
}

/*
 * QMP commands for the health of a memory device, and for its power
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl.h"
#include "hw/cxl/cxl-type3.h"

static bool health_check(const CXLHealth *health, Error **errp)
{
    if (health->status & ~CXL_HEALTH_ALL) {
        error_setg(errp, "health-status cannot be 0x%x; it is a bit mask from "
                   "0 to 0x%x", health->status, CXL_HEALTH_ALL);
    } else if (health->media_status >= CXL_HEALTH_MEDIA_STATES) {
        error_setg(errp, "media-status cannot be %u; it is a number from 0 to "
                   "%u", health->media_status, CXL_HEALTH_MEDIA_STATES - 1);
    } else if (!cxl_health_valid(health)) {
        error_setg(errp, "life-used cannot be %u; it is a percentage from 0 "
                   "to %u, or %u for unknown", health->life_used,
                   CXL_HEALTH_LIFE_MAX, CXL_HEALTH_LIFE_UNKNOWN);
    } else {
        return true;
    }
    return false;
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
    CXLType3 *ct3 = cxl_type3_find(path, errp);
    CXLHealth health;

    if (!ct3) {
        return;
    }
    health = ct3->health.health;
    health.status = has_health_status ? health_status : health.status;
    health.media_status = has_media_status ? media_status
                                           : health.media_status;
    health.life_used = has_life_used ? life_used : health.life_used;
    health.temperature = has_temperature ? temperature : health.temperature;
    if (has_corrected_volatile_error_count) {
        health.volatile_errors = corrected_volatile_error_count;
    }
    if (has_corrected_persistent_error_count) {
        health.persistent_errors = corrected_persistent_error_count;
    }
    if (!health_check(&health, errp)) {
        return;
    }
    if (has_dirty_shutdown_count) {
        cxl_shutdown_set_count(&ct3->shutdown, dirty_shutdown_count);
    }
    cxl_health_set(&ct3->health, &health);
}

void qmp_cxl_inject_power_loss(const char *path, bool has_flushed,
                               bool flushed, Error **errp)
{
    CXLType3 *ct3 = cxl_type3_find(path, errp);

    if (ct3) {
        cxl_type3_lose_power(ct3, has_flushed && flushed);
    }
}

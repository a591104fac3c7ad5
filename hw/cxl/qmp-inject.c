/*
 * QMP commands that make a device report what never happened
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl.h"
#include "hw/cxl/cxl-type3.h"

/* CXL r3.1 Table 8-50: QAPI lists the logs in the order of their numbers */
QEMU_BUILD_BUG_ON(CXL_EVENT_LOG_INFORMATIONAL != (int)CXL_LOG_INFO);
QEMU_BUILD_BUG_ON(CXL_EVENT_LOG_FATAL != (int)CXL_LOG_FATAL);

/* The realized cxl-type3 at QOM path, or of id, @path */
static CXLType3 *inject_find(const char *path, Error **errp)
{
    bool ambiguous = false;
    Object *obj = object_resolve_path_type(path, TYPE_CXL_TYPE3, &ambiguous);

    if (!obj) {
        error_setg(errp, "path '%s' leads to %s " TYPE_CXL_TYPE3, path,
                   ambiguous ? "more than one" : "no");
        return NULL;
    }
    if (!qdev_is_realized(DEVICE(obj))) {
        error_setg(errp, "the device at path '%s' is not realized", path);
        return NULL;
    }
    return CXL_TYPE3(obj);
}

/* CXL r3.1 Table 8-45: Device is a field of three bytes */
static bool inject_check_device(uint32_t device, Error **errp)
{
    if (device > MAKE_64BIT_MASK(0, 24)) {
        error_setg(errp, "device cannot be 0x%x; it is a bit mask from 0 to "
                   "0xffffff", device);
        return false;
    }
    return true;
}

static bool inject_check_component_id(const char *id, size_t max,
                                      Error **errp)
{
    if (strlen(id) > max) {
        error_setg(errp, "component-id '%s' is longer than %zu bytes", id,
                   max);
        return false;
    }
    return true;
}

void qmp_cxl_inject_general_media_event(
    const char *path, CxlEventLog log, uint8_t flags, uint64_t dpa,
    uint8_t descriptor, uint8_t type, uint8_t transaction_type,
    bool has_channel, uint8_t channel, bool has_rank, uint8_t rank,
    bool has_device, uint32_t device, const char *component_id,
    Error **errp)
{
    CXLType3 *ct3 = inject_find(path, errp);
    CXLGeneralMediaEvent event = {
        .header.uuid = CXL_UUID_GENERAL_MEDIA_EVENT,
        .header.length = sizeof(event),
        .header.flags = cxl_le24(flags),
        .dpa = cxl_le64(dpa),
        .descriptor = descriptor,
        .type = type,
        .transaction_type = transaction_type,
        .channel = has_channel ? channel : 0,
        .rank = has_rank ? rank : 0,
        .device = cxl_le24(has_device ? device : 0),
        .validity = cxl_le16(
            (has_channel ? CXL_GENERAL_MEDIA_CHANNEL_VALID : 0) |
            (has_rank ? CXL_GENERAL_MEDIA_RANK_VALID : 0) |
            (has_device ? CXL_GENERAL_MEDIA_DEVICE_VALID : 0) |
            (component_id ? CXL_GENERAL_MEDIA_COMPONENT_VALID : 0)),
    };
    size_t id_max = sizeof(event.component_id);

    if (!ct3 ||
        (has_device && !inject_check_device(device, errp)) ||
        (component_id &&
         !inject_check_component_id(component_id, id_max, errp))) {
        return;
    }
    if (component_id) {
        memcpy(event.component_id, component_id, strlen(component_id));
    }
    cxl_type3_record_event(ct3, log, (CXLEventRecord *)&event);
}

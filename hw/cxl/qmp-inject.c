/*
 * QMP commands that put records into event logs of memory devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/uuid.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl-events.h"
#include "hw/cxl/cxl-type3.h"

/* CXL r3.1 Table 8-50: QAPI lists the logs in the order of their numbers */
QEMU_BUILD_BUG_ON(CXL_EVENT_LOG_INFORMATIONAL != (int)CXL_LOG_INFO);
QEMU_BUILD_BUG_ON(CXL_EVENT_LOG_FATAL != (int)CXL_LOG_FATAL);

/* CXL r3.1 Table 8-139: Maintenance Operation Class: Memory Sparing */
#define MAINTENANCE_CLASS_SPARING   2

static void inject(const CXLEventInjection *in, void *record, Error **errp)
{
    CXLType3 *ct3 = cxl_type3_find(in->path, errp);

    if (ct3) {
        cxl_type3_record_event(ct3, in->log, record);
    }
}

/* Fields that are narrower on the wire than in QAPI */

static bool inject_check_24(const char *name, uint32_t value, Error **errp)
{
    if (value > MAKE_64BIT_MASK(0, 24)) {
        error_setg(errp, "%s cannot be 0x%x; it has 24 bits, 0 to 0xffffff",
                   name, value);
        return false;
    }
    return true;
}

/* The bytes that @digits stand for; -1 if there are not @min to @max of them */
static int inject_hex(const char *digits, uint8_t *bytes, int min, int max)
{
    size_t len = strlen(digits);

    if (len % 2 || len / 2 < min || len / 2 > max) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        int digit = g_ascii_xdigit_value(digits[i]);

        if (digit < 0) {
            return -1;
        }
        bytes[i / 2] = i % 2 ? bytes[i / 2] | digit : digit << 4;
    }
    return len / 2;
}

/* CXL r3.1 Table 8-44: Component Identifier */
static bool inject_component_id(const char *id, CxlComponentIdFormat format,
                                uint8_t bytes[CXL_COMPONENT_ID_SIZE],
                                Error **errp)
{
    const int size = CXL_COMPONENT_ID_SIZE;

    if (format == CXL_COMPONENT_ID_FORMAT_PLDM) {
        if (!id || inject_hex(id, bytes, size, size) < 0) {
            error_setg(errp, "component-id '%s' is not %d hexadecimal digits",
                       id ?: "", 2 * size);
            return false;
        }
    } else if (id) {
        if (strlen(id) > size) {
            error_setg(errp, "component-id '%s' is longer than %d bytes", id,
                       size);
            return false;
        }
        memcpy(bytes, id, strlen(id));
    }
    return true;
}

/* Validity flags of a record: @valid, and what the identifier adds */
static CXLLe16 inject_validity(uint16_t valid, const char *component_id,
                               uint16_t component_valid,
                               CxlComponentIdFormat format,
                               uint16_t pldm_valid)
{
    bool pldm = format == CXL_COMPONENT_ID_FORMAT_PLDM;

    return cxl_le16(valid | (component_id ? component_valid : 0) |
                    (pldm ? pldm_valid : 0));
}

/* CXL r3.1 Table 8-43, r3.2 Table 8-55 */
static CXLEventHeader inject_header(const CXLEventInjection *in, CXLUuid uuid)
{
    return (CXLEventHeader) {
        .uuid = uuid,
        .length = sizeof(CXLEventRecord),
        .flags = cxl_le24(
            in->flags |
            (in->has_maintenance_subclass ? CXL_EVENT_SUBCLASS_VALID : 0) |
            (in->has_ld_id ? CXL_EVENT_LD_ID_VALID : 0) |
            (in->has_head_id ? CXL_EVENT_HEAD_ID_VALID : 0)),
        .maintenance_class = in->maintenance_class,
        .maintenance_subclass = in->maintenance_subclass,
        .ld_id = cxl_le16(in->ld_id),
        .head_id = in->head_id,
    };
}

/* CXL r3.1 8.2.9.2.1.1: General Media Event Record */
void qmp_cxl_inject_general_media_event(CXLGeneralMediaEventInjection *arg,
                                        Error **errp)
{
    const CXLMediaEventInjection *in =
        qapi_CXLGeneralMediaEventInjection_base(arg);
    const CXLEventInjection *common = qapi_CXLMediaEventInjection_base(in);
    CXLGeneralMediaEvent event = {
        .header = inject_header(common, CXL_UUID_GENERAL_MEDIA_EVENT),
        .dpa = cxl_le64(in->dpa),
        .descriptor = in->descriptor,
        .type = in->type,
        .transaction_type = in->transaction_type,
        .validity = inject_validity(
            (in->has_channel ? CXL_GENERAL_MEDIA_CHANNEL_VALID : 0) |
            (in->has_rank ? CXL_GENERAL_MEDIA_RANK_VALID : 0) |
            (arg->has_device ? CXL_GENERAL_MEDIA_DEVICE_VALID : 0),
            in->component_id, CXL_GENERAL_MEDIA_COMPONENT_VALID,
            in->component_id_format, CXL_GENERAL_MEDIA_PLDM_VALID),
        .channel = in->channel,
        .rank = in->rank,
        .device = cxl_le24(arg->device),
        .threshold_flags = in->threshold_flags,
        .corrected_count = cxl_le24(in->corrected_count),
        .sub_type = in->sub_type,
    };

    if (inject_check_24("device", arg->device, errp) &&
        inject_check_24("corrected-count", in->corrected_count, errp) &&
        inject_component_id(in->component_id, in->component_id_format,
                            event.component_id, errp)) {
        inject(common, &event, errp);
    }
}

/* CXL r3.1 Table 8-46: Correction Mask */
static bool inject_correction_mask(const uint64List *list, CXLLe64 mask[4],
                                   Error **errp)
{
    for (unsigned i = 0; list; list = list->next, i++) {
        if (i == 4) {
            error_setg(errp, "correction-mask is longer than 4 numbers");
            return false;
        }
        mask[i] = cxl_le64(list->value);
    }
    return true;
}

static CXLLe16 dram_validity(const CXLDramEventInjection *arg,
                             const CXLMediaEventInjection *in)
{
    return inject_validity(
        (in->has_channel ? CXL_DRAM_CHANNEL_VALID : 0) |
        (in->has_rank ? CXL_DRAM_RANK_VALID : 0) |
        (arg->has_nibble_mask ? CXL_DRAM_NIBBLE_MASK_VALID : 0) |
        (arg->has_bank_group ? CXL_DRAM_BANK_GROUP_VALID : 0) |
        (arg->has_bank ? CXL_DRAM_BANK_VALID : 0) |
        (arg->has_row ? CXL_DRAM_ROW_VALID : 0) |
        (arg->has_column ? CXL_DRAM_COLUMN_VALID : 0) |
        (arg->has_correction_mask ? CXL_DRAM_CORRECTION_MASK_VALID : 0) |
        (arg->has_sub_channel ? CXL_DRAM_SUB_CHANNEL_VALID : 0),
        in->component_id, CXL_DRAM_COMPONENT_VALID, in->component_id_format,
        CXL_DRAM_PLDM_VALID);
}

/* CXL r3.1 8.2.9.2.1.2: DRAM Event Record */
void qmp_cxl_inject_dram_event(CXLDramEventInjection *arg, Error **errp)
{
    const CXLMediaEventInjection *in = qapi_CXLDramEventInjection_base(arg);
    const CXLEventInjection *common = qapi_CXLMediaEventInjection_base(in);
    CXLDramEvent event = {
        .header = inject_header(common, CXL_UUID_DRAM_EVENT),
        .dpa = cxl_le64(in->dpa),
        .descriptor = in->descriptor,
        .type = in->type,
        .transaction_type = in->transaction_type,
        .validity = dram_validity(arg, in),
        .channel = in->channel,
        .rank = in->rank,
        .nibble_mask = cxl_le24(arg->nibble_mask),
        .bank_group = arg->bank_group,
        .bank = arg->bank,
        .row = cxl_le24(arg->row),
        .column = cxl_le16(arg->column),
        .sub_channel = arg->sub_channel,
        .threshold_flags = in->threshold_flags,
        .corrected_count = cxl_le24(in->corrected_count),
        .sub_type = in->sub_type,
    };

    if (inject_check_24("nibble-mask", arg->nibble_mask, errp) &&
        inject_check_24("row", arg->row, errp) &&
        inject_check_24("corrected-count", in->corrected_count, errp) &&
        inject_correction_mask(arg->correction_mask, event.correction_mask,
                               errp) &&
        inject_component_id(in->component_id, in->component_id_format,
                            event.component_id, errp)) {
        inject(common, &event, errp);
    }
}

/* CXL r3.1 8.2.9.2.1.3: Memory Module Event Record */
void qmp_cxl_inject_memory_module_event(CXLMemoryModuleEventInjection *arg,
                                        Error **errp)
{
    const CXLEventInjection *common =
        qapi_CXLMemoryModuleEventInjection_base(arg);
    CXLMemoryModuleEvent event = {
        .header = inject_header(common, CXL_UUID_MEMORY_MODULE_EVENT),
        .type = arg->type,
        .health = {
            .status = arg->health_status,
            .media_status = arg->media_status,
            .additional_status = arg->additional_status,
            .life_used = arg->life_used,
            .temperature = cxl_le16(arg->temperature),
            .dirty_shutdowns = cxl_le32(arg->dirty_shutdown_count),
            .volatile_errors = cxl_le32(arg->corrected_volatile_error_count),
            .persistent_errors =
                cxl_le32(arg->corrected_persistent_error_count),
        },
        .validity = inject_validity(
            0, arg->component_id, CXL_MEMORY_MODULE_COMPONENT_VALID,
            arg->component_id_format, CXL_MEMORY_MODULE_PLDM_VALID),
        .sub_type = arg->sub_type,
    };

    if (inject_component_id(arg->component_id, arg->component_id_format,
                            event.component_id, errp)) {
        inject(common, &event, errp);
    }
}

static CXLLe16 sparing_validity(const CXLMemorySparingEventInjection *arg)
{
    return inject_validity(
        (arg->has_channel ? CXL_MEMORY_SPARING_CHANNEL_VALID : 0) |
        (arg->has_rank ? CXL_MEMORY_SPARING_RANK_VALID : 0) |
        (arg->has_nibble_mask ? CXL_MEMORY_SPARING_NIBBLE_MASK_VALID : 0) |
        (arg->has_bank_group ? CXL_MEMORY_SPARING_BANK_GROUP_VALID : 0) |
        (arg->has_bank ? CXL_MEMORY_SPARING_BANK_VALID : 0) |
        (arg->has_row ? CXL_MEMORY_SPARING_ROW_VALID : 0) |
        (arg->has_column ? CXL_MEMORY_SPARING_COLUMN_VALID : 0) |
        (arg->has_sub_channel ? CXL_MEMORY_SPARING_SUB_CHANNEL_VALID : 0),
        arg->component_id, CXL_MEMORY_SPARING_COMPONENT_VALID,
        arg->component_id_format, CXL_MEMORY_SPARING_PLDM_VALID);
}

/* CXL r3.2 8.2.10.2.1.4: Memory Sparing Event Record */
void qmp_cxl_inject_memory_sparing_event(CXLMemorySparingEventInjection *arg,
                                         Error **errp)
{
    const CXLEventInjection *common =
        qapi_CXLMemorySparingEventInjection_base(arg);
    CXLMemorySparingEvent event = {
        .header = inject_header(common, CXL_UUID_MEMORY_SPARING_EVENT),
        .flags = arg->sparing_flags,
        .result = arg->result,
        .validity = sparing_validity(arg),
        .available = cxl_le16(arg->resources_available),
        .channel = arg->channel,
        .rank = arg->rank,
        .nibble_mask = cxl_le24(arg->nibble_mask),
        .bank_group = arg->bank_group,
        .bank = arg->bank,
        .row = cxl_le24(arg->row),
        .column = cxl_le16(arg->column),
        .sub_channel = arg->sub_channel,
    };

    if (!common->has_maintenance_class) {
        event.header.maintenance_class = MAINTENANCE_CLASS_SPARING;
    }
    event.maintenance_class = event.header.maintenance_class;
    event.maintenance_subclass = event.header.maintenance_subclass;
    if (inject_check_24("nibble-mask", arg->nibble_mask, errp) &&
        inject_check_24("row", arg->row, errp) &&
        inject_component_id(arg->component_id, arg->component_id_format,
                            event.component_id, errp)) {
        inject(common, &event, errp);
    }
}

void qmp_cxl_inject_generic_event(CXLGenericEventInjection *arg, Error **errp)
{
    const CXLEventInjection *common =
        qapi_CXLGenericEventInjection_base(arg);
    CXLEventRecord event = { };
    QemuUUID uuid;

    if (qemu_uuid_parse(arg->uuid, &uuid) < 0) {
        error_setg(errp, "uuid '%s' is not a UUID", arg->uuid);
        return;
    }
    memcpy(event.header.uuid.b, uuid.data, sizeof(event.header.uuid.b));
    event.header = inject_header(common, event.header.uuid);
    if (arg->data &&
        inject_hex(arg->data, event.data, 0, sizeof(event.data)) < 0) {
        error_setg(errp, "data '%s' is not at most %zu bytes, each of two "
                   "hexadecimal digits", arg->data, sizeof(event.data));
        return;
    }
    inject(common, &event, errp);
}

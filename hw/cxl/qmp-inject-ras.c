/*
 * QMP commands that make a component report protocol errors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl-events.h"
#include "hw/qdev-core.h"
#include "hw/cxl/cxl-error-source.h"

/*
 * Header logs have 16 dwords. Clients send up to twice as many, as Linux once
 * read; what there is no room for is dropped.
 */
#define HEADER_MAX      32

/* CXL r3.1 8.2.4.17.1: Uncorrectable Error Status */
static const uint8_t uncorrectable_bit[] = {
#define ERROR_BIT(name) [CXL_UNCOR_ERROR_TYPE_##name] = R_CXL_RAS_UE_##name##_SHIFT
    ERROR_BIT(CACHE_DATA_PARITY),
    ERROR_BIT(CACHE_ADDRESS_PARITY),
    ERROR_BIT(CACHE_BE_PARITY),
    ERROR_BIT(CACHE_DATA_ECC),
    ERROR_BIT(MEM_DATA_PARITY),
    ERROR_BIT(MEM_ADDRESS_PARITY),
    ERROR_BIT(MEM_BE_PARITY),
    ERROR_BIT(MEM_DATA_ECC),
    ERROR_BIT(REINIT_THRESHOLD),
    ERROR_BIT(RSVD_ENCODING),
    ERROR_BIT(POISON_RECEIVED),
    ERROR_BIT(RECEIVER_OVERFLOW),
    ERROR_BIT(INTERNAL),
    ERROR_BIT(CXL_IDE_TX),
    ERROR_BIT(CXL_IDE_RX),
#undef ERROR_BIT
};
QEMU_BUILD_BUG_ON(ARRAY_SIZE(uncorrectable_bit) != CXL_RAS_UE_COUNT);

/* CXL r3.1 8.2.4.17.4: Correctable Error Status */
static const uint8_t correctable_bit[] = {
#define ERROR_BIT(name) [CXL_COR_ERROR_TYPE_##name] = R_CXL_RAS_CE_##name##_SHIFT
    ERROR_BIT(CACHE_DATA_ECC),
    ERROR_BIT(MEM_DATA_ECC),
    ERROR_BIT(CRC_THRESHOLD),
    ERROR_BIT(RETRY_THRESHOLD),
    ERROR_BIT(CACHE_POISON_RECEIVED),
    ERROR_BIT(MEM_POISON_RECEIVED),
    ERROR_BIT(PHYSICAL),
#undef ERROR_BIT
};
QEMU_BUILD_BUG_ON(ARRAY_SIZE(correctable_bit) != CXL_COR_ERROR_TYPE__MAX);
QEMU_BUILD_BUG_ON(ARRAY_SIZE(uncorrectable_bit) != CXL_UNCOR_ERROR_TYPE__MAX);

/* The realized component at QOM path, or of id, @path */
static CXLErrorSource *inject_find(const char *path, Error **errp)
{
    bool ambiguous = false;
    Object *obj = object_resolve_path_type(path, TYPE_CXL_ERROR_SOURCE,
                                           &ambiguous);

    if (!obj) {
        error_setg(errp, "path '%s' leads to %s CXL port or memory device",
                   path, ambiguous ? "more than one" : "no");
        return NULL;
    }
    if (!qdev_is_realized(DEVICE(obj))) {
        error_setg(errp, "the device at path '%s' is not realized", path);
        return NULL;
    }
    return CXL_ERROR_SOURCE(obj);
}

void qmp_cxl_inject_correctable_error(const char *path, CxlCorErrorType type,
                                      Error **errp)
{
    CXLErrorSource *source = inject_find(path, errp);

    if (source) {
        cxl_error_source_correctable(source, 1u << correctable_bit[type]);
    }
}

static bool inject_header(const uint32List *list, GArray *header,
                          Error **errp)
{
    for (; list; list = list->next) {
        g_array_append_val(header, list->value);
        if (header->len > HEADER_MAX) {
            error_setg(errp, "header is longer than %u numbers", HEADER_MAX);
            return false;
        }
    }
    return true;
}

/* @headers keeps what @errors point to */
static bool inject_errors(const CXLUncorErrorRecordList *list,
                          GArray *errors, GPtrArray *headers, Error **errp)
{
    for (; list; list = list->next) {
        GArray *header = g_array_new(false, false, sizeof(uint32_t));
        CXLUncorrectableError error;

        g_ptr_array_add(headers, header);
        if (!inject_header(list->value->header, header, errp)) {
            return false;
        }
        error.bit = uncorrectable_bit[list->value->type];
        error.header = (const uint32_t *)header->data;
        error.dwords = header->len;
        g_array_append_val(errors, error);
    }
    if (!errors->len) {
        error_setg(errp, "errors is empty; there must be at least one");
        return false;
    }
    return true;
}

void qmp_cxl_inject_uncorrectable_errors(const char *path,
                                         CXLUncorErrorRecordList *list,
                                         Error **errp)
{
    g_autoptr(GArray) errors =
        g_array_new(false, false, sizeof(CXLUncorrectableError));
    g_autoptr(GPtrArray) headers =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    CXLErrorSource *source = inject_find(path, errp);

    if (source && inject_errors(list, errors, headers, errp)) {
        cxl_error_source_uncorrectable(source, (const void *)errors->data,
                                       errors->len);
    }
}

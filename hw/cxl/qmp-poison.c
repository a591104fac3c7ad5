/*
 * QMP commands for poison
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-cxl.h"
#include "hw/cxl/cxl-type3.h"

/* The same, if it has all of [@start, @start + @length), which are lines */
static CXLType3 *poison_find_range(const char *path, uint64_t start,
                                   uint64_t length, Error **errp)
{
    CXLType3 *ct3 = cxl_type3_find(path, errp);
    CXLMemCapacity c;
    uint64_t size;

    if (!ct3) {
        return NULL;
    }
    c = CXL_MEM_GET_CLASS(ct3)->capacity(CXL_MEM(ct3));
    size = c.vmem + c.pmem;
    if (start % CXL_POISON_LINE) {
        error_setg(errp, "start cannot be 0x%" PRIx64 "; it must be a "
                   "multiple of %u", start, CXL_POISON_LINE);
    } else if (!length || length % CXL_POISON_LINE) {
        error_setg(errp, "length cannot be 0x%" PRIx64 "; it must be a "
                   "multiple of %u above 0", length, CXL_POISON_LINE);
    } else if (start > size || length > size - start) {
        error_setg(errp, "start and length reach beyond the 0x%" PRIx64
                   " bytes of the device", size);
    } else {
        return ct3;
    }
    return NULL;
}

static void poison_refuse(Error **errp)
{
    error_setg(errp, "the device can have no more than %u ranges of poison",
               CXL_POISON_RANGES_MAX);
}

void qmp_cxl_inject_poison(const char *path, uint64_t start, uint64_t length,
                           bool has_listed, bool listed, Error **errp)
{
    CXLType3 *ct3 = poison_find_range(path, start, length, errp);
    const CXLPoison range = {
        .dpa = start,
        .len = length,
        .source = CXL_POISON_SOURCE_INTERNAL,
        .listed = !has_listed || listed,
    };

    if (ct3 && !cxl_media_poison(&ct3->media, &range)) {
        poison_refuse(errp);
    }
}

void qmp_cxl_clear_poison(const char *path, uint64_t start, uint64_t length,
                          Error **errp)
{
    CXLType3 *ct3 = poison_find_range(path, start, length, errp);

    if (ct3 && !cxl_media_heal(&ct3->media, start, length)) {
        poison_refuse(errp);
    }
}

CxlPoisonRangeList *qmp_query_cxl_poison(const char *path, Error **errp)
{
    const CXLType3 *ct3 = cxl_type3_find(path, errp);
    CxlPoisonRangeList *head = NULL, **tail = &head;
    const CXLPoison *p;

    if (!ct3) {
        return NULL;
    }
    for (uint32_t n = 0; (p = cxl_poison_at(&ct3->poison, n)); n++) {
        CxlPoisonRange *range = g_new0(CxlPoisonRange, 1);

        range->start = p->dpa;
        range->length = p->len;
        range->source = p->source;
        range->listed = p->listed;
        QAPI_LIST_APPEND(tail, range);
    }
    return head;
}

/*
 * QMP's view into CXL: memory devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/cxl-type3.h"
#include "hw/cxl/decode/window-explain.h"
#include "qmp-query.h"

static CXLPartitionInfoList *query_partitions(const CXLMemCapacity *c)
{
    CXLPartitionInfoList *head = NULL, **tail = &head;
    const uint64_t sizes[] = { c->vmem, c->pmem };

    for (unsigned persistent = 0; persistent < 2; persistent++) {
        CXLPartitionInfo *info;

        if (!sizes[persistent]) {
            continue;
        }
        info = g_new0(CXLPartitionInfo, 1);
        info->persistent = persistent;
        info->dpa = persistent ? c->vmem : 0;
        info->size = sizes[persistent];
        QAPI_LIST_APPEND(tail, info);
    }
    return head;
}

static CXLBackendInfoList *query_backends(const CXLDpa *d)
{
    CXLBackendInfoList *head = NULL, **tail = &head;

    for (unsigned i = 0; i < CXL_DPA_BANKS; i++) {
        const CXLDpaBank *bank = &d->banks[i];
        CXLBackendInfo *info;

        if (!bank->mr) {
            continue;
        }
        info = g_new0(CXLBackendInfo, 1);
        info->memdev = g_strdup(
            object_get_canonical_path_component(OBJECT(bank->backend)));
        info->dpa = bank->base;
        info->size = bank->size;
        QAPI_LIST_APPEND(tail, info);
    }
    return head;
}

static CXLMediaState query_media(const CXLDpa *d)
{
    return d->media_not_ready ? CXL_MEDIA_STATE_NOT_READY
         : d->media_disabled ? CXL_MEDIA_STATE_DISABLED
                             : CXL_MEDIA_STATE_READY;
}

static CXLSecurityInfo *query_security(const CXLSecurity *s)
{
    CXLSecurityInfo *info = g_new0(CXLSecurityInfo, 1);

    info->user_passphrase = s->passphrases[CXL_PASSPHRASE_USER].set;
    info->master_passphrase = s->passphrases[CXL_PASSPHRASE_MASTER].set;
    info->locked = s->locked;
    info->frozen = s->frozen;
    return info;
}

static CXLEventLogInfoList *query_event_logs(const CXLEvents *events)
{
    CXLEventLogInfoList *head = NULL, **tail = &head;

    for (unsigned log = 0; log < MIN(events->nr, CXL_EVENT_LOG__MAX); log++) {
        CXLEventLogInfo *info = g_new0(CXLEventLogInfo, 1);

        info->log = log;
        info->records = events->logs[log].count;
        info->overflow = events->logs[log].overflow;
        QAPI_LIST_APPEND(tail, info);
    }
    return head;
}

static CXLPoisonInfo *query_poison(const CXLPoisonList *list)
{
    CXLPoisonInfo *info = g_new0(CXLPoisonInfo, 1);
    const CXLPoison *p;

    info->ranges = cxl_poison_count(list);
    info->listed = cxl_poison_count_listed(list);
    for (uint32_t n = 0; (p = cxl_poison_at(list, n)); n++) {
        info->bytes += p->len;
    }
    return info;
}

static CXLBackgroundInfo *query_background(const CXLCCI *cci)
{
    CXLBackgroundInfo *info;

    if (!cci->background.opcode) {
        return NULL;
    }
    info = g_new0(CXLBackgroundInfo, 1);
    info->opcode = cci->background.opcode;
    info->running = cci->background.running;
    info->percent = cxl_cci_background_percent(cci);
    info->has_return_code = !info->running;
    info->return_code = cci->background.ret;
    return info;
}

CXLDeviceInfo *cxl_query_device(Object *obj, Object *parent)
{
    CXLType3 *ct3 = CXL_TYPE3(obj);
    CXLMemCapacity capacity = cxl_dpa_capacity(&ct3->dpa);
    unsigned enables = CXL_MEM_GET_CLASS(obj)->enables(CXL_MEM(obj));
    CXLDeviceInfo *info = g_new0(CXLDeviceInfo, 1);

    info->name = cxl_name(obj);
    info->qom_path = object_get_canonical_path(obj);
    info->parent = parent ? cxl_name(parent) : NULL;
    info->serial = ct3->serial.number;
    info->mem_enable = enables & CXL_ENABLE_MEM;
    info->hdm_enable = enables & CXL_ENABLE_HDM;
    info->decoders = cxl_query_decoders(obj);
    info->partitions = query_partitions(&capacity);
    info->backends = query_backends(&ct3->dpa);
    info->lsa_size = capacity.lsa;
    info->media = query_media(&ct3->dpa);
    info->security = query_security(&ct3->security);
    info->firmware = g_strdup(cxl_firmware_revision(&ct3->firmware));
    info->event_logs = query_event_logs(&ct3->events);
    info->poison = query_poison(&ct3->poison);
    info->background = query_background(&ct3->cci);
    return info;
}

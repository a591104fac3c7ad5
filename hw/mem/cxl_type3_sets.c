/*
 * CXL Type 3 device: command sets, and the device registers that show them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

/* What register blocks and command sets ask of their owner */

static void type3_event_pending(void *opaque, unsigned log, bool pending)
{
    CXLType3 *ct3 = opaque;

    cxl_device_regs_set_event(&ct3->regs, log, pending);
}

static const CXLEventsOps type3_events_ops = {
    .interrupt = cxl_type3_interrupt,
    .message = cxl_type3_message,
    .pending = type3_event_pending,
};

static bool type3_media_disabled(void *opaque)
{
    return cxl_dpa_without_media(&((CXLType3 *)opaque)->dpa);
}

static bool type3_locked(void *opaque)
{
    return ((CXLType3 *)opaque)->dpa.locked;
}

static void type3_background_done(void *opaque)
{
    CXLType3 *ct3 = opaque;

    cxl_mailbox_show_background(&ct3->regs.mailbox, true);
}

static const CXLCCIOps type3_cci_ops = {
    .media_disabled = type3_media_disabled,
    .locked = type3_locked,
    .background_done = type3_background_done,
};

bool cxl_type3_record_event(CXLType3 *ct3, unsigned log,
                            CXLEventRecord *record)
{
    bool stored = cxl_events_record(&ct3->events, log, record,
                                    cxl_timestamp_now(&ct3->timestamp));

    trace_cxl_type3_event(cxl_type3_name(ct3), log, stored);
    return stored;
}

static void type3_add_logs(CXLType3 *ct3)
{
    const CXLLogSources from = {
        .mem = CXL_MEM(ct3),
        .infostat = &ct3->infostat,
        .events = &ct3->events,
        .timestamp = &ct3->timestamp,
        .shutdown = &ct3->shutdown,
        .health = &ct3->health,
        .poison = &ct3->poison,
    };

    cxl_logs_add(&ct3->cci, &ct3->logs, &from);
}

static void type3_init_commands(CXLType3 *ct3)
{
    PCIDevice *pdev = PCI_DEVICE(ct3);
    CXLMem *mem = CXL_MEM(ct3);
    uint8_t vectors[CXL_EVENT_LOGS];

    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        vectors[log] = log;
    }
    ct3->infostat = (CXLInfostat) {
        .vendor = pci_get_word(pdev->config + PCI_VENDOR_ID),
        .device = pci_get_word(pdev->config + PCI_DEVICE_ID),
        .subsystem_vendor = pci_get_word(pdev->config +
                                         PCI_SUBSYSTEM_VENDOR_ID),
        .subsystem = pci_get_word(pdev->config + PCI_SUBSYSTEM_ID),
        .component_type = CXL_COMPONENT_TYPE_TYPE3,
        .serial = ct3->serial.number,
    };

    cxl_cci_init(&ct3->cci, &type3_cci_ops, ct3, ct3->payload_size);
    cxl_infostat_add(&ct3->cci, &ct3->infostat);
    cxl_events_add(&ct3->cci, &ct3->events, &type3_events_ops, ct3, vectors,
                   CXL_EVENT_LOGS, ct3->event_log_depth);
    cxl_firmware_add(&ct3->cci, &ct3->firmware, mem,
                     runstate_check(RUN_STATE_INMIGRATE));
    cxl_timestamp_add(&ct3->cci, &ct3->timestamp);
    type3_add_logs(ct3);
    cxl_features_add(&ct3->cci, &ct3->features, mem);
    cxl_maintenance_add(&ct3->cci, &ct3->maintenance, mem, &ct3->events,
                        &ct3->timestamp, &ct3->features);
    cxl_memdev_add(&ct3->cci, &ct3->memdev_set, mem, &ct3->events,
                   &ct3->poison, &ct3->firmware);
    cxl_lsa_add(&ct3->cci, &ct3->lsa_set, mem);
    cxl_shutdown_add(&ct3->cci, &ct3->shutdown, mem,
                     runstate_check(RUN_STATE_INMIGRATE));
    cxl_health_add(&ct3->cci, &ct3->health, mem, &ct3->events,
                   &ct3->timestamp, &ct3->shutdown);
    cxl_media_add(&ct3->cci, &ct3->media, mem, &ct3->poison, &ct3->events,
                  &ct3->timestamp);
    cxl_security_add(&ct3->cci, &ct3->security, mem, &ct3->poison);
    cxl_media_ops_add(&ct3->cci, &ct3->media_ops, mem, &ct3->poison,
                      &ct3->security);
}

static void type3_init_device_regs(CXLType3 *ct3)
{
    CXLDeviceRegsConfig config = {
        .payload_size = ct3->payload_size,
        .mailbox_msgnum = TYPE3_VECTOR_MAILBOX,
        .interrupt = cxl_type3_interrupt,
        .opaque = ct3,
    };

    cxl_device_regs_init(&ct3->regs, OBJECT(ct3), "cxl-type3-device",
                         &ct3->cci, &config);
    pci_register_bar(PCI_DEVICE(ct3), TYPE3_BAR_DEVICE,
                     PCI_BASE_ADDRESS_MEM_TYPE_64, &ct3->regs.mr);
}

void cxl_type3_init_sets(CXLType3 *ct3)
{
    type3_init_commands(ct3);
    type3_init_device_regs(ct3);
    /* Registers show whether the media wait for a Sanitize */
    cxl_sanitize_add(&ct3->cci, &ct3->sanitize, CXL_MEM(ct3), &ct3->poison,
                     &ct3->events, &ct3->security);
}

void cxl_type3_destroy_sets(CXLType3 *ct3)
{
    cxl_cci_reset(&ct3->cci);
    cxl_device_regs_destroy(&ct3->regs);
    cxl_firmware_destroy(&ct3->firmware);
    cxl_events_destroy(&ct3->events);
    cxl_cci_destroy(&ct3->cci);
    cxl_media_destroy(&ct3->media);
}

void cxl_type3_show_events(CXLType3 *ct3)
{
    for (unsigned log = 0; log < ct3->events.nr; log++) {
        type3_event_pending(ct3, log,
                            !cxl_event_log_empty(&ct3->events.logs[log]));
    }
}

/* CXL r3.1 8.1.3.8.2, 8.2.8.5.1.1: memory is active when its media are ready */
void cxl_type3_show_media(CXLType3 *ct3)
{
    bool ready = !ct3->dpa.media_not_ready;

    cxl_device_regs_set_media_status(&ct3->regs,
                                     !ready ? CXL_MEDIA_STATUS_NOT_READY :
                                     ct3->dpa.media_disabled
                                     ? CXL_MEDIA_STATUS_DISABLED
                                     : CXL_MEDIA_STATUS_READY);
    cxl_dvsec_set_active(&ct3->dvsecs, ready);
}

const VMStateDescription vmstate_cxl_type3_sets = {
    .name = "cxl-type3-sets",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_CXL_DEVICE_REGS(regs, CXLType3),
        VMSTATE_CXL_CCI(cci, CXLType3),
        VMSTATE_STRUCT(events, CXLType3, 1, vmstate_cxl_events, CXLEvents),
        VMSTATE_STRUCT(firmware, CXLType3, 1, vmstate_cxl_firmware,
                       CXLFirmware),
        VMSTATE_STRUCT(timestamp, CXLType3, 1, vmstate_cxl_timestamp,
                       CXLTimestamp),
        VMSTATE_STRUCT(logs, CXLType3, 1, vmstate_cxl_logs, CXLLogs),
        VMSTATE_STRUCT(shutdown, CXLType3, 1, vmstate_cxl_shutdown,
                       CXLShutdown),
        VMSTATE_STRUCT(health, CXLType3, 1, vmstate_cxl_health,
                       CXLHealthMonitor),
        VMSTATE_STRUCT(features, CXLType3, 1, vmstate_cxl_features,
                       CXLFeatures),
        VMSTATE_STRUCT(maintenance, CXLType3, 1, vmstate_cxl_maintenance,
                       CXLMaintenance),
        VMSTATE_STRUCT(media, CXLType3, 1, vmstate_cxl_media, CXLMedia),
        VMSTATE_STRUCT(security, CXLType3, 1, vmstate_cxl_security,
                       CXLSecurity),
        /* After the background operation of the interface */
        VMSTATE_STRUCT(sanitize, CXLType3, 1, vmstate_cxl_sanitize,
                       CXLSanitize),
        VMSTATE_STRUCT(cxl_reset, CXLType3, 1, vmstate_cxl_type3_reset,
                       CXLType3Reset),
        VMSTATE_BOOL(dpa.media_not_ready, CXLType3),
        VMSTATE_STRUCT(not_ready, CXLType3, 1, vmstate_cxl_type3_not_ready,
                       CXLType3NotReady),
        VMSTATE_END_OF_LIST()
    },
};

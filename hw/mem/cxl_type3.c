/*
 * CXL Type 3 device: memory expander
 *
 * Puts register blocks, command sets, tables and memory together as a PCIe
 * function; what each of them means is decided in hw/cxl.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"
#include "hw/cxl/cxl-type3.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"

#define TYPE3_DEVICE_ID         0x0d93
/* CXL r3.1 8.1.12.1: class code of a CXL memory device */
#define TYPE3_CLASS             0x0502
#define TYPE3_PROG_IF           0x10

/* Implementation defined: what stands where */
#define TYPE3_BAR_COMPONENT     0
#define TYPE3_BAR_DEVICE        2
#define TYPE3_BAR_MSIX          4
#define TYPE3_EXP_OFFSET        0x80
#define TYPE3_AER_OFFSET        PCI_CONFIG_SPACE_SIZE
#define TYPE3_DSN_OFFSET        (TYPE3_AER_OFFSET + PCI_ERR_SIZEOF)
#define TYPE3_DVSEC_OFFSET      (TYPE3_DSN_OFFSET + PCI_EXT_CAP_DSN_SIZEOF)

/*
 * MSI-X vectors. CXL r3.1 8.2.8.4.3, 8.2.9.2.4: mailbox and event logs have
 * fields of four bits for theirs. Event logs take vectors 0 to 3.
 */
enum {
    TYPE3_VECTOR_MAILBOX = CXL_EVENT_LOGS,
    TYPE3_VECTOR_DOE,
    TYPE3_VECTORS,
};
QEMU_BUILD_BUG_ON(TYPE3_VECTOR_MAILBOX > 15);

#define TYPE3_PAYLOAD_SIZE      2048
#define TYPE3_EVENT_DEPTH       64
#define TYPE3_POISON_MAX        256

static const char *type3_name(const CXLType3 *ct3)
{
    return DEVICE(ct3)->id ?: TYPE_CXL_TYPE3;
}

/* What register blocks and command sets ask of their owner */

static void type3_interrupt(void *opaque, unsigned vector)
{
    PCIDevice *pdev = opaque;
    bool enabled = msix_enabled(pdev);

    trace_cxl_type3_interrupt(type3_name(opaque), vector, enabled);
    if (enabled) {
        msix_notify(pdev, vector);
    }
}

static void type3_event_pending(void *opaque, unsigned log, bool pending)
{
    CXLType3 *ct3 = opaque;

    cxl_device_regs_set_event(&ct3->regs, log, pending);
}

static const CXLEventsOps type3_events_ops = {
    .interrupt = type3_interrupt,
    .pending = type3_event_pending,
};

static bool type3_media_disabled(void *opaque)
{
    return ((CXLType3 *)opaque)->dpa.media_disabled;
}

static void type3_background_done(void *opaque)
{
    CXLType3 *ct3 = opaque;

    cxl_mailbox_show_background(&ct3->regs.mailbox, true);
}

static const CXLCCIOps type3_cci_ops = {
    .media_disabled = type3_media_disabled,
    .background_done = type3_background_done,
};

static void type3_decoders_changed(void *opaque)
{
    cxl_windows_update();
}

bool cxl_type3_record_event(CXLType3 *ct3, unsigned log,
                            CXLEventRecord *record)
{
    bool stored = cxl_events_record(&ct3->events, log, record,
                                    cxl_timestamp_now(&ct3->timestamp));

    trace_cxl_type3_event(type3_name(ct3), log, stored);
    return stored;
}

/* CXLMem: what windows and command sets ask of the device */

/*
 * CXL r3.1 8.1.3.2, 8.2.4.20.2: a device decodes by its HDM decoders while
 * both Mem_Enable and HDM Decoder Enable are set
 */
static bool type3_decoder(CXLMem *mem, unsigned n, CXLDecoder *out)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);

    return cxl_dvsec_mem_enabled(&ct3->dvsecs) &&
           cxl_hdm_enabled(&ct3->component.hdm) &&
           cxl_hdm_decoder(&ct3->component.hdm, n, out);
}

static unsigned type3_nr_decoders(CXLMem *mem)
{
    return CXL_TYPE3(mem)->hdm_decoders;
}

static CXLMemCapacity type3_capacity(CXLMem *mem)
{
    return cxl_dpa_capacity(&CXL_TYPE3(mem)->dpa);
}

static MemTxResult type3_read(CXLMem *mem, uint64_t dpa, uint64_t *value,
                              unsigned size, MemTxAttrs attrs)
{
    return cxl_dpa_read(&CXL_TYPE3(mem)->dpa, dpa, value, size, attrs);
}

static MemTxResult type3_write(CXLMem *mem, uint64_t dpa, uint64_t value,
                               unsigned size, MemTxAttrs attrs)
{
    return cxl_dpa_write(&CXL_TYPE3(mem)->dpa, dpa, value, size, attrs);
}

static MemoryRegion *type3_ram(CXLMem *mem, uint64_t dpa, uint64_t len,
                               hwaddr *offset)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);

    return ct3->fast_map ? cxl_dpa_ram(&ct3->dpa, dpa, len, offset) : NULL;
}

static bool type3_checked(CXLMem *mem, uint64_t dpa, uint64_t len,
                          uint64_t *start, uint64_t *end)
{
    return cxl_dpa_checked(&CXL_TYPE3(mem)->dpa, dpa, len, start, end);
}

static void type3_shadow(CXLMem *mem, CXLMemShadow *shadow, bool on)
{
    cxl_dpa_shadow(&CXL_TYPE3(mem)->dpa, shadow, on);
}

static void type3_lsa_read(CXLMem *mem, uint64_t offset, void *buf,
                           uint32_t len)
{
    cxl_dpa_lsa_read(&CXL_TYPE3(mem)->dpa, offset, buf, len);
}

static void type3_lsa_write(CXLMem *mem, uint64_t offset, const void *buf,
                            uint32_t len)
{
    cxl_dpa_lsa_write(&CXL_TYPE3(mem)->dpa, offset, buf, len);
}

/* Configuration space */

static uint32_t type3_config_read(PCIDevice *pdev, uint32_t addr, int len)
{
    uint32_t value;

    if (cxl_doe_config_read(CXL_TYPE3(pdev)->doe, addr, len, &value)) {
        return value;
    }
    return pci_default_read_config(pdev, addr, len);
}

static void type3_config_write(PCIDevice *pdev, uint32_t addr,
                               uint32_t value, int len)
{
    CXLType3 *ct3 = CXL_TYPE3(pdev);
    bool was_on = cxl_dvsec_mem_enabled(&ct3->dvsecs);
    bool on;

    cxl_doe_config_write(ct3->doe, addr, value, len);
    pci_default_write_config(pdev, addr, value, len);
    pcie_aer_write_config(pdev, addr, value, len);
    cxl_dvsec_written(&ct3->dvsecs, addr, len);
    on = cxl_dvsec_mem_enabled(&ct3->dvsecs);
    if (on != was_on) {
        trace_cxl_type3_mem_enable(type3_name(ct3), on);
        cxl_windows_update();
    }
}

/* CXL r3.1 8.1.1, 8.1.9: the DVSECs that a memory device must have */
static void type3_init_dvsecs(CXLType3 *ct3)
{
    CXLMemCapacity capacity = cxl_dpa_capacity(&ct3->dpa);
    uint64_t ranges[2] = { capacity.vmem ?: capacity.pmem,
                           capacity.vmem ? capacity.pmem : 0 };
    static const CXLRegBlock blocks[] = {
        { .bar = TYPE3_BAR_COMPONENT, .id = CXL_LOCATOR_ID_COMPONENT },
        { .bar = TYPE3_BAR_DEVICE, .id = CXL_LOCATOR_ID_DEVICE },
    };

    cxl_dvsec_init(&ct3->dvsecs, PCI_DEVICE(ct3), TYPE3_DVSEC_OFFSET);
    cxl_dvsec_add_device(&ct3->dvsecs, ranges);
    cxl_dvsec_add_gpf_device(&ct3->dvsecs);
    cxl_dvsec_add_flex_bus(&ct3->dvsecs, true);
    cxl_dvsec_add_locator(&ct3->dvsecs, blocks, ARRAY_SIZE(blocks));
}

static bool type3_init_msix(PCIDevice *pdev, Error **errp)
{
    if (msix_init_exclusive_bar(pdev, TYPE3_VECTORS, TYPE3_BAR_MSIX, errp)) {
        error_prepend(errp, "cxl-type3 needs MSI-X: ");
        return false;
    }
    for (int vector = 0; vector < TYPE3_VECTORS; vector++) {
        msix_vector_use(pdev, vector);
    }
    return true;
}

/* What can fail comes first, so that little has to be taken back */
static bool type3_init_pcie(CXLType3 *ct3, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(ct3);

    pci_config_set_prog_interface(pdev->config, TYPE3_PROG_IF);
    if (!type3_init_msix(pdev, errp)) {
        return false;
    }
    pdev->exp.aer_log.log_max = PCIE_AER_LOG_MAX_DEFAULT;
    if (pcie_endpoint_cap_init(pdev, TYPE3_EXP_OFFSET) < 0 ||
        pcie_aer_init(pdev, PCI_ERR_VER, TYPE3_AER_OFFSET, PCI_ERR_SIZEOF,
                      errp) < 0) {
        msix_uninit_exclusive_bar(pdev);
        return false;
    }
    pcie_cap_deverr_init(pdev);
    pcie_cap_fill_link_ep_usp(pdev, ct3->width, ct3->speed);
    cxl_serial_take(&ct3->serial, DEVICE(ct3), ct3->sn);
    pcie_dev_ser_num_init(pdev, TYPE3_DSN_OFFSET, ct3->serial.number);
    return true;
}

static void type3_exit_pcie(PCIDevice *pdev)
{
    cxl_serial_release(&CXL_TYPE3(pdev)->serial);
    pcie_aer_exit(pdev);
    pcie_cap_exit(pdev);
    msix_uninit_exclusive_bar(pdev);
}

/* Register blocks and command sets */

static void type3_init_component(CXLType3 *ct3)
{
    CXLMemCapacity capacity = cxl_dpa_capacity(&ct3->dpa);
    CXLComponentConfig config = {
        .kind = CXL_COMPONENT_TYPE3,
        .hdm.endpoint = true,
        .hdm.count = ct3->hdm_decoders,
        .hdm.dpa_size = capacity.vmem + capacity.pmem,
    };

    cxl_component_init(&ct3->component, OBJECT(ct3), "cxl-type3-component",
                       &config, type3_decoders_changed, ct3);
    pci_register_bar(PCI_DEVICE(ct3), TYPE3_BAR_COMPONENT,
                     PCI_BASE_ADDRESS_MEM_TYPE_64, &ct3->component.mr);
}

static void type3_init_sets(CXLType3 *ct3)
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

    cxl_cci_init(&ct3->cci, &type3_cci_ops, ct3, TYPE3_PAYLOAD_SIZE);
    cxl_infostat_add(&ct3->cci, &ct3->infostat);
    cxl_events_add(&ct3->cci, &ct3->events, &type3_events_ops, ct3, vectors,
                   TYPE3_EVENT_DEPTH);
    cxl_firmware_add(&ct3->cci, &ct3->firmware);
    cxl_timestamp_add(&ct3->cci, &ct3->timestamp);
    cxl_logs_add(&ct3->cci);
    cxl_memdev_add(&ct3->cci, &ct3->memdev_set, mem, &ct3->events,
                   &ct3->poison);
    cxl_media_add(&ct3->cci, &ct3->media, mem, &ct3->poison);
}

static void type3_init_device_regs(CXLType3 *ct3)
{
    CXLDeviceRegsConfig config = {
        .payload_size = TYPE3_PAYLOAD_SIZE,
        .mailbox_msgnum = TYPE3_VECTOR_MAILBOX,
        .interrupt = type3_interrupt,
        .opaque = ct3,
    };

    cxl_device_regs_init(&ct3->regs, OBJECT(ct3), "cxl-type3-device",
                         &ct3->cci, &config);
    cxl_device_regs_set_media_status(&ct3->regs, CXL_MEDIA_STATUS_READY);
    pci_register_bar(PCI_DEVICE(ct3), TYPE3_BAR_DEVICE,
                     PCI_BASE_ADDRESS_MEM_TYPE_64, &ct3->regs.mr);
}

/* Properties */

static bool type3_check_properties(CXLType3 *ct3, Error **errp)
{
    if (!cxl_hdm_count_valid(ct3->hdm_decoders, true)) {
        error_setg(errp, "cxl-type3: property 'hdm-decoders' cannot be %u; "
                   "legal values are %s", ct3->hdm_decoders,
                   cxl_hdm_count_legal(true));
        return false;
    }
    if (ct3->memdev && ct3->pmem) {
        error_setg(errp, "cxl-type3: properties 'memdev' and "
                   "'persistent-memdev' are the same; give only the latter");
        return false;
    }
    if (ct3->memdev) {
        warn_report("cxl-type3: property 'memdev' is deprecated; use "
                    "'persistent-memdev'");
    }
    return true;
}

/* QOM */

static bool type3_init_cdat(CXLType3 *ct3, Error **errp)
{
    CXLMemCapacity capacity = cxl_dpa_capacity(&ct3->dpa);

    if (ct3->cdat_file) {
        return cxl_cdat_load(&ct3->cdat, ct3->cdat_file, errp);
    }
    cxl_cdat_build_mem(&ct3->cdat, capacity.vmem, capacity.pmem);
    return true;
}

static void type3_realize(PCIDevice *pdev, Error **errp)
{
    CXLType3 *ct3 = CXL_TYPE3(pdev);

    if (!type3_check_properties(ct3, errp) ||
        !cxl_dpa_init(&ct3->dpa, ct3->vmem, ct3->memdev ?: ct3->pmem,
                      ct3->lsa, errp)) {
        return;
    }
    if (!type3_init_cdat(ct3, errp) || !type3_init_pcie(ct3, errp)) {
        cxl_cdat_destroy(&ct3->cdat);
        cxl_dpa_destroy(&ct3->dpa);
        return;
    }
    cxl_dpa_register_ram(&ct3->dpa, DEVICE(ct3));
    cxl_poison_init(&ct3->poison, TYPE3_POISON_MAX);
    ct3->dpa.poison = &ct3->poison;
    type3_init_dvsecs(ct3);
    ct3->doe = cxl_doe_new(pdev, ct3->dvsecs.next, &ct3->cdat,
                           TYPE3_VECTOR_DOE);
    type3_init_component(ct3);
    type3_init_sets(ct3);
    type3_init_device_regs(ct3);
    trace_cxl_type3_realize(type3_name(ct3), ct3->dpa.vmem.size,
                            ct3->dpa.pmem.size, ct3->serial.number);
    cxl_windows_update();
}

static void type3_exit(PCIDevice *pdev)
{
    CXLType3 *ct3 = CXL_TYPE3(pdev);

    /* Still on its bus, the device must not be found decoding any more */
    cxl_dvsec_reset(&ct3->dvsecs, true);
    cxl_windows_forget(CXL_MEM(ct3));

    cxl_device_regs_destroy(&ct3->regs);
    cxl_events_destroy(&ct3->events);
    cxl_cci_destroy(&ct3->cci);
    cxl_component_destroy(&ct3->component);
    g_clear_pointer(&ct3->doe, cxl_doe_free);
    type3_exit_pcie(pdev);
    cxl_cdat_destroy(&ct3->cdat);
    cxl_poison_destroy(&ct3->poison);
    cxl_dpa_destroy(&ct3->dpa);
}

/*
 * A reset of the machine or of the bus leaves memory its content: it is a
 * warm one. Only what is loaded next is to find the state of a cold one.
 */
static void type3_reset_hold(Object *obj, ResetType type)
{
    CXLType3 *ct3 = CXL_TYPE3(obj);
    bool cold = type == RESET_TYPE_SNAPSHOT_LOAD;

    trace_cxl_type3_reset(type3_name(ct3), cold);
    pcie_cap_deverr_reset(PCI_DEVICE(ct3));
    cxl_doe_reset(ct3->doe);
    cxl_cci_reset(&ct3->cci);
    cxl_timestamp_reset(&ct3->timestamp);
    cxl_memdev_reset(&ct3->memdev_set);
    cxl_media_reset(&ct3->media);
    cxl_device_regs_reset(&ct3->regs, cold);
    cxl_device_regs_set_media_status(&ct3->regs, CXL_MEDIA_STATUS_READY);
    cxl_events_reset(&ct3->events, cold);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        type3_event_pending(ct3, log,
                            !cxl_event_log_empty(&ct3->events.logs[log]));
    }
    cxl_dvsec_reset(&ct3->dvsecs, cold);
    /* Windows follow when the component says that decoders are gone */
    cxl_component_reset(&ct3->component, cold);
}

static int type3_post_load(void *opaque, int version_id)
{
    CXLType3 *ct3 = opaque;

    cxl_dvsec_sync(&ct3->dvsecs);
    cxl_windows_update();
    return 0;
}

static const VMStateDescription vmstate_type3 = {
    .name = TYPE_CXL_TYPE3,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = type3_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, CXLType3),
        VMSTATE_MSIX(parent_obj, CXLType3),
        VMSTATE_STRUCT(parent_obj.exp.aer_log, CXLType3, 0,
                       vmstate_pcie_aer_log, PCIEAERLog),
        VMSTATE_CXL_DOE(doe, CXLType3),
        VMSTATE_CXL_COMPONENT(component, CXLType3),
        VMSTATE_CXL_DEVICE_REGS(regs, CXLType3),
        VMSTATE_CXL_CCI(cci, CXLType3),
        VMSTATE_STRUCT(events, CXLType3, 1, vmstate_cxl_events, CXLEvents),
        VMSTATE_STRUCT(timestamp, CXLType3, 1, vmstate_cxl_timestamp,
                       CXLTimestamp),
        VMSTATE_STRUCT(memdev_set, CXLType3, 1, vmstate_cxl_memdev,
                       CXLMemdev),
        VMSTATE_STRUCT(media, CXLType3, 1, vmstate_cxl_media, CXLMedia),
        VMSTATE_END_OF_LIST()
    },
};

#define TYPE3_PROP_BACKEND(name, field) \
    DEFINE_PROP_LINK(name, CXLType3, field, TYPE_MEMORY_BACKEND, \
                     HostMemoryBackend *)

static const Property type3_properties[] = {
    TYPE3_PROP_BACKEND("volatile-memdev", vmem),
    TYPE3_PROP_BACKEND("persistent-memdev", pmem),
    TYPE3_PROP_BACKEND("memdev", memdev),
    TYPE3_PROP_BACKEND("lsa", lsa),
    DEFINE_PROP_STRING("cdat", CXLType3, cdat_file),
    DEFINE_PROP_UINT64("sn", CXLType3, sn, 0),
    DEFINE_PROP_UINT8("hdm-decoders", CXLType3, hdm_decoders,
                      CXL_HDM_ENDPOINT_DECODERS_MAX),
    DEFINE_PROP_BOOL("fast-map", CXLType3, fast_map, true),
    DEFINE_PROP_PCIE_LINK_WIDTH("x-width", CXLType3, width,
                                PCIE_LINK_WIDTH_16),
    DEFINE_PROP_PCIE_LINK_SPEED("x-speed", CXLType3, speed,
                                PCIE_LINK_SPEED_32),
};

static void type3_mem_class_init(CXLMemClass *mc)
{
    mc->capacity = type3_capacity;
    mc->nr_decoders = type3_nr_decoders;
    mc->decoder = type3_decoder;
    mc->ram = type3_ram;
    mc->checked = type3_checked;
    mc->shadow = type3_shadow;
    mc->read = type3_read;
    mc->write = type3_write;
    mc->lsa_read = type3_lsa_read;
    mc->lsa_write = type3_lsa_write;
}

static void type3_class_init(ObjectClass *oc, void *data)
{
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
    DeviceClass *dc = DEVICE_CLASS(oc);

    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = TYPE3_DEVICE_ID;
    pc->class_id = TYPE3_CLASS;
    pc->revision = 1;
    pc->config_read = type3_config_read;
    pc->config_write = type3_config_write;
    pc->realize = type3_realize;
    pc->exit = type3_exit;
    RESETTABLE_CLASS(oc)->phases.hold = type3_reset_hold;

    dc->desc = "CXL memory device (Type 3)";
    dc->vmsd = &vmstate_type3;
    set_bit(DEVICE_CATEGORY_STORAGE, dc->categories);
    device_class_set_props(dc, type3_properties);
    type3_mem_class_init(CXL_MEM_CLASS(oc));
}

static const TypeInfo type3_types[] = {
    {
        .name = TYPE_CXL_TYPE3,
        .parent = TYPE_PCI_DEVICE,
        .class_init = type3_class_init,
        .instance_size = sizeof(CXLType3),
        .interfaces = (InterfaceInfo[]) {
            { TYPE_CXL_MEM },
            { INTERFACE_CXL_DEVICE },
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(type3_types)

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
#include "qemu/units.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"
#include "hw/cxl/cxl-error-source.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

#define TYPE3_DEVICE_ID         0x0d93
/* CXL r3.1 8.1.12.1: class code of a CXL memory device */
#define TYPE3_CLASS             0x0502
#define TYPE3_PROG_IF           0x10

/* Implementation defined: what stands where */
#define TYPE3_EXP_OFFSET        0x80
#define TYPE3_AER_OFFSET        PCI_CONFIG_SPACE_SIZE
#define TYPE3_DSN_OFFSET        (TYPE3_AER_OFFSET + PCI_ERR_SIZEOF)
#define TYPE3_DVSEC_OFFSET      (TYPE3_DSN_OFFSET + PCI_EXT_CAP_DSN_SIZEOF)

/*
 * Implementation defined: two to three times the latency of local DRAM, and a
 * quarter of the bandwidth of the default link, 32 GT/s x 16
 */
#define TYPE3_READ_NS           150
#define TYPE3_WRITE_NS          250
#define TYPE3_MBS               16000

static void type3_decoders_changed(void *opaque)
{
    cxl_windows_update();
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
    cxl_type3_show_messages(ct3);
    cxl_dvsec_written(&ct3->dvsecs, addr, len);
    cxl_power_written(&ct3->power, addr, value, len);
    on = cxl_dvsec_mem_enabled(&ct3->dvsecs);
    if (on != was_on) {
        trace_cxl_type3_mem_enable(cxl_type3_name(ct3), on);
        cxl_windows_update();
    }
}

/* CXL r3.1 8.1.1, 8.1.9: the DVSECs that a memory device must have */
static void type3_init_dvsecs(CXLType3 *ct3)
{
    uint64_t ranges[2];
    static const CXLRegBlock blocks[] = {
        { .bar = TYPE3_BAR_COMPONENT, .id = CXL_LOCATOR_ID_COMPONENT },
        { .bar = TYPE3_BAR_DEVICE, .id = CXL_LOCATOR_ID_DEVICE },
    };

    cxl_type3_ranges(ct3, ranges);
    cxl_dvsec_init(&ct3->dvsecs, PCI_DEVICE(ct3), TYPE3_DVSEC_OFFSET);
    cxl_dvsec_add_device(&ct3->dvsecs, ranges);
    cxl_dvsec_add_gpf_device(&ct3->dvsecs);
    cxl_dvsec_add_flex_bus(&ct3->dvsecs, true);
    cxl_dvsec_add_locator(&ct3->dvsecs, blocks, ARRAY_SIZE(blocks));
    cxl_type3_init_cxl_reset(ct3);
}

/* What can fail comes first, so that little has to be taken back */
static bool type3_init_pcie(CXLType3 *ct3, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(ct3);

    pci_config_set_prog_interface(pdev->config, TYPE3_PROG_IF);
    if (!cxl_type3_init_irq(pdev, errp)) {
        return false;
    }
    pdev->exp.aer_log.log_max = PCIE_AER_LOG_MAX_DEFAULT;
    if (pcie_endpoint_cap_init(pdev, TYPE3_EXP_OFFSET) < 0 ||
        pcie_aer_init(pdev, PCI_ERR_VER, TYPE3_AER_OFFSET, PCI_ERR_SIZEOF,
                      errp) < 0) {
        cxl_type3_exit_irq(pdev);
        return false;
    }
    pcie_cap_deverr_init(pdev);
    pcie_cap_flr_init(pdev);
    cxl_pcie_link_init(pdev, ct3->width, ct3->speed);
    cxl_serial_take(&ct3->serial, DEVICE(ct3), ct3->sn);
    pcie_dev_ser_num_init(pdev, TYPE3_DSN_OFFSET, ct3->serial.number);
    cxl_power_init(&ct3->power, pdev);
    return true;
}

static void type3_exit_pcie(PCIDevice *pdev)
{
    cxl_serial_release(&CXL_TYPE3(pdev)->serial);
    pcie_aer_exit(pdev);
    pcie_cap_exit(pdev);
    cxl_type3_exit_irq(pdev);
}

/* Register blocks and command sets */

static void type3_init_component(CXLType3 *ct3)
{
    CXLComponentConfig config = {
        .kind = CXL_COMPONENT_TYPE3,
        .hdm.endpoint = true,
        .hdm.count = ct3->hdm_decoders,
        .hdm.dpa_size = cxl_dpa_size(&ct3->dpa),
    };

    cxl_component_init(&ct3->component, OBJECT(ct3), "cxl-type3-component",
                       &config, type3_decoders_changed, ct3);
    pci_register_bar(PCI_DEVICE(ct3), TYPE3_BAR_COMPONENT,
                     PCI_BASE_ADDRESS_MEM_TYPE_64, &ct3->component.mr);
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
    if (!ct3->event_log_depth ||
        ct3->event_log_depth > TYPE3_EVENT_DEPTH_MAX) {
        error_setg(errp, "cxl-type3: property 'event-log-depth' cannot be %u; "
                   "it must be from 1 to %u", ct3->event_log_depth,
                   TYPE3_EVENT_DEPTH_MAX);
        return false;
    }
    if (!cxl_mailbox_payload_valid(ct3->payload_size)) {
        error_setg(errp, "cxl-type3: property 'payload-size' cannot be %u; "
                   "it must be a power of two from %u to %u",
                   ct3->payload_size, CXL_MBOX_PAYLOAD_MIN,
                   CXL_MBOX_PAYLOAD_MAX);
        return false;
    }
    if (!cxl_type3_check_poison(ct3, errp) ||
        !cxl_cdat_check_perf(&ct3->perf, TYPE_CXL_TYPE3, errp)) {
        return false;
    }
    if (ct3->memdev && ct3->pmem) {
        error_setg(errp, "cxl-type3: properties 'memdev' and "
                   "'persistent-memdev' are the same; give only the latter");
        return false;
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
    cxl_cdat_build_mem(&ct3->cdat, capacity.vmem, capacity.pmem, &ct3->perf);
    return true;
}

static bool type3_init_memory(CXLType3 *ct3, Error **errp)
{
    const CXLDpaBackends backends = {
        .memory[CXL_DPA_VOLATILE] = ct3->vmem,
        .memory[CXL_DPA_PARTITIONABLE] = ct3->partitionable,
        .memory[CXL_DPA_PERSISTENT] = ct3->memdev ?: ct3->pmem,
        .lsa = ct3->lsa,
    };

    if (!cxl_dpa_init(&ct3->dpa, &backends, ct3->partition_volatile, errp)) {
        return false;
    }
    if (!cxl_nv_init(&ct3->nv, ct3->nv_backend, DEVICE(ct3), errp)) {
        cxl_dpa_destroy(&ct3->dpa);
        return false;
    }
    return true;
}

static void type3_destroy_memory(CXLType3 *ct3)
{
    cxl_nv_destroy(&ct3->nv);
    cxl_dpa_destroy(&ct3->dpa);
}

static void type3_realize(PCIDevice *pdev, Error **errp)
{
    CXLType3 *ct3 = CXL_TYPE3(pdev);
    CXLMemCapacity capacity;

    if (!type3_check_properties(ct3, errp) || !type3_init_memory(ct3, errp)) {
        return;
    }
    if (!type3_init_cdat(ct3, errp) || !type3_init_pcie(ct3, errp)) {
        cxl_cdat_destroy(&ct3->cdat);
        type3_destroy_memory(ct3);
        return;
    }
    if (ct3->memdev) {
        warn_report("cxl-type3: property 'memdev' is deprecated; use "
                    "'persistent-memdev'");
    }
    cxl_dpa_register_ram(&ct3->dpa, DEVICE(ct3));
    cxl_type3_init_poison(ct3);
    cxl_type3_init_not_ready(ct3);
    type3_init_dvsecs(ct3);
    ct3->doe = cxl_doe_new(pdev, ct3->dvsecs.next, &ct3->cdat,
                           TYPE3_VECTOR_DOE);
    type3_init_component(ct3);
    cxl_type3_init_sets(ct3);
    cxl_type3_init_power(ct3);
    capacity = cxl_dpa_capacity(&ct3->dpa);
    trace_cxl_type3_realize(cxl_type3_name(ct3), capacity.vmem, capacity.pmem,
                            ct3->serial.number);
    cxl_windows_update();
}

static void type3_exit(PCIDevice *pdev)
{
    CXLType3 *ct3 = CXL_TYPE3(pdev);

    /* Still on its bus, the device must not be found decoding any more */
    cxl_dvsec_reset(&ct3->dvsecs, false);
    cxl_windows_forget(CXL_MEM(ct3));

    cxl_type3_destroy_cxl_reset(ct3);
    cxl_type3_destroy_power(ct3);
    cxl_type3_destroy_sets(ct3);
    cxl_component_destroy(&ct3->component);
    g_clear_pointer(&ct3->doe, cxl_doe_free);
    type3_exit_pcie(pdev);
    cxl_cdat_destroy(&ct3->cdat);
    cxl_type3_destroy_not_ready(ct3);
    cxl_type3_destroy_poison(ct3);
    type3_destroy_memory(ct3);
}

static void type3_reset_hold(Object *obj, ResetType type)
{
    CXLType3 *ct3 = CXL_TYPE3(obj);

    cxl_type3_reset(ct3, cxl_power_reset(&ct3->power, type));
}

static int type3_post_load(void *opaque, int version_id)
{
    CXLType3 *ct3 = opaque;

    cxl_dvsec_sync(&ct3->dvsecs);
    /* Registers say what the state that they show says */
    cxl_type3_show_events(ct3);
    cxl_type3_show_media(ct3);
    cxl_type3_show_messages(ct3);
    cxl_mailbox_show_background(&ct3->regs.mailbox, false);
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
        /* Before decoders map memory: which of it is volatile */
        VMSTATE_STRUCT(memdev_set, CXLType3, 1, vmstate_cxl_memdev,
                       CXLMemdev),
        VMSTATE_CXL_COMPONENT(component, CXLType3),
        /* The device itself: a part that follows the registers it shows */
        {
            .name = "sets",
            .vmsd = &vmstate_cxl_type3_sets,
            .size = sizeof(CXLType3),
            .flags = VMS_STRUCT,
        },
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
    TYPE3_PROP_BACKEND("partitionable-memdev", partitionable),
    TYPE3_PROP_BACKEND("lsa", lsa),
    TYPE3_PROP_BACKEND("nv", nv_backend),
    DEFINE_PROP_STRING("cdat", CXLType3, cdat_file),
    DEFINE_PROPS_CXL_PERF(CXLType3, perf, TYPE3_READ_NS, TYPE3_WRITE_NS,
                          TYPE3_MBS),
    DEFINE_PROP_SIZE("partition-volatile", CXLType3, partition_volatile,
                     CXL_DPA_ALL_VOLATILE),
    DEFINE_PROP_UINT64("sn", CXLType3, sn, 0),
    DEFINE_PROP_UINT8("hdm-decoders", CXLType3, hdm_decoders,
                      CXL_HDM_ENDPOINT_DECODERS_MAX),
    DEFINE_PROP_UINT32("event-log-depth", CXLType3, event_log_depth, 64),
    DEFINE_PROP_SIZE32("payload-size", CXLType3, payload_size, 2 * KiB),
    DEFINE_PROP_UINT32("poison-list-max", CXLType3, poison_list_max, 256),
    DEFINE_PROP_UINT32("poison-inject-max", CXLType3, poison_inject_max, 256),
    DEFINE_PROP_STRING("poison", CXLType3, poison_mode),
    DEFINE_PROP_BOOL("fast-map", CXLType3, fast_map, true),
    DEFINE_PROP_PCIE_LINK_WIDTH("x-width", CXLType3, width,
                                PCIE_LINK_WIDTH_16),
    DEFINE_PROP_PCIE_LINK_SPEED("x-speed", CXLType3, speed,
                                PCIE_LINK_SPEED_32),
};

static CXLComponent *type3_component(CXLErrorSource *source)
{
    return &CXL_TYPE3(source)->component;
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
    cxl_type3_mem_class_init(CXL_MEM_CLASS(oc));
    CXL_ERROR_SOURCE_CLASS(oc)->component = type3_component;
}

static const TypeInfo type3_types[] = {
    {
        .name = TYPE_CXL_TYPE3,
        .parent = TYPE_PCI_DEVICE,
        .class_init = type3_class_init,
        .instance_size = sizeof(CXLType3),
        .interfaces = (InterfaceInfo[]) {
            { TYPE_CXL_MEM },
            { TYPE_CXL_ERROR_SOURCE },
            { INTERFACE_CXL_DEVICE },
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(type3_types)

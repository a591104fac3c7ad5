/*
 * CXL r3.1 8.2.8: CXL Device Registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/error-report.h"
#include "qemu/host-utils.h"
#include "hw/cxl/regs/device.h"
#include "hw/cxl/regs/read-only.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"

/* Implementation defined: where the capabilities stand */
#define CXL_DEVICE_REGS_STATUS      0x080
#define CXL_DEVICE_REGS_MEMDEV      0x0c0
#define CXL_DEVICE_REGS_MAILBOX     0x100
#define CXL_DEVICE_REGS_SIZE_MIN    0x1000

/* A capability of the array */
typedef struct CXLDeviceCap {
    const char *name;
    uint16_t id;
    uint8_t version;
    uint32_t offset;
    uint32_t length;
} CXLDeviceCap;

/* CXL r3.1 8.2.8.2: CXL Device Capability Header Register, 128 bits */
static void cxl_device_regs_add_header(CXLDeviceRegs *d, unsigned n,
                                       const CXLDeviceCap *cap)
{
    const CXLRegRow rows[] = {
        {
            .name = cap->name, .offset = CXL_DEV_CAP_ID, .width = 8,
            .reset = cap->id |
                     (uint64_t)cap->version << (8 * CXL_DEV_CAP_VERSION) |
                     (uint64_t)cap->offset << (8 * CXL_DEV_CAP_OFFSET),
        }, {
            .name = cap->name, .offset = CXL_DEV_CAP_LENGTH, .width = 8,
            .reset = cap->length,
        },
    };

    cxl_regfile_add(&d->regs, CXL_DEV_CAP(n), rows, ARRAY_SIZE(rows), d);
}

/* CXL r3.1 8.2.8.1, 8.2.8.2.1: the array of capabilities */
static void cxl_device_regs_add_array(CXLDeviceRegs *d)
{
    const CXLDeviceCap caps[] = {
        { "Device Status", CXL_DEV_CAP_ID_STATUS, CXL_DEV_CAP_STATUS_VERSION,
          d->status_offset, CXL_DEV_STATUS_SIZE },
        { "Primary Mailbox", CXL_DEV_CAP_ID_MAILBOX,
          CXL_DEV_CAP_MAILBOX_VERSION, d->mailbox.offset,
          CXL_MBOX_PAYLOAD + d->mailbox.payload_size },
        { "Memory Device Status", CXL_DEV_CAP_ID_MEMDEV_STATUS,
          CXL_DEV_CAP_MEMDEV_STATUS_VERSION, d->memdev_offset,
          CXL_MEMDEV_STATUS_SIZE },
    };
    const CXLRegRow array = {
        .name = "CXL Device Capabilities Array", .width = 8,
        .offset = CXL_DEV_CAP_ARRAY,
        .reset = CXL_DEV_CAP_ARRAY_ID |
                 CXL_DEV_CAP_ARRAY_VERSION <<
                 R_CXL_DEV_CAP_ARRAY_VERSION_SHIFT |
                 CXL_DEV_CAP_TYPE_MEMORY << R_CXL_DEV_CAP_ARRAY_TYPE_SHIFT |
                 ARRAY_SIZE(caps) << R_CXL_DEV_CAP_ARRAY_COUNT_SHIFT,
    };

    QEMU_BUILD_BUG_ON(CXL_DEV_CAP(1 + ARRAY_SIZE(caps)) >
                      CXL_DEVICE_REGS_STATUS);
    cxl_regfile_add(&d->regs, 0, &array, 1, d);
    for (unsigned i = 0; i < ARRAY_SIZE(caps); i++) {
        cxl_device_regs_add_header(d, i + 1, &caps[i]);
    }
}

/* CXL r3.1 8.2.8.3.1, 8.2.8.5.1.1: what the device reports of itself */
static void cxl_device_regs_add_status(CXLDeviceRegs *d)
{
    const CXLRegRow event = {
        .name = "Event Status", .offset = CXL_DEV_EVENT_STATUS, .width = 8,
        .live = UINT32_MAX,
    };
    const CXLRegRow memdev = {
        .name = "Memory Device Status", .offset = CXL_MEMDEV_STATUS,
        .width = 8,
        .reset = CXL_MEDIA_STATUS_READY << R_CXL_MEMDEV_STATUS_MEDIA_SHIFT |
                 R_CXL_MEMDEV_STATUS_MAILBOX_READY_MASK,
        .live = R_CXL_MEMDEV_STATUS_MEDIA_MASK,
    };

    cxl_regfile_add(&d->regs, d->status_offset, &event, 1, d);
    cxl_regfile_add(&d->regs, d->memdev_offset, &memdev, 1, d);
}

static uint64_t cxl_device_regs_read(void *opaque, hwaddr addr, unsigned size)
{
    CXLDeviceRegs *d = opaque;
    hwaddr background = d->mailbox.offset + CXL_MBOX_BACKGROUND;
    uint64_t value;

    if (addr < background + 8 && addr + size > background) {
        cxl_mailbox_refresh(&d->mailbox);
    }
    /* Each of the two reads as zero where the other one has its bytes */
    value = cxl_regfile_read(&d->regs, addr, size) |
            cxl_mailbox_payload_read(&d->mailbox, addr, size);
    trace_cxl_device_regs_read(memory_region_name(&d->mr), addr, size, value);
    return value;
}

static void cxl_device_regs_write(void *opaque, hwaddr addr, uint64_t value,
                                  unsigned size)
{
    CXLDeviceRegs *d = opaque;

    trace_cxl_device_regs_write(memory_region_name(&d->mr), addr, size, value);
    if (addr + size <= d->mailbox.offset + CXL_MBOX_PAYLOAD &&
        cxl_regfile_ignores(&d->regs, addr, value, size)) {
        cxl_report_read_only(&d->mr, "device", addr, size, value, "8.2.8");
    }
    cxl_mailbox_payload_write(&d->mailbox, addr, value, size);
    cxl_regfile_write(&d->regs, addr, value, size);
}

/* CXL r3.1 8.2.8: any width that a register or a part of the payload has */
static const MemoryRegionOps cxl_device_regs_ops = {
    .write = cxl_device_regs_write,
    .read = cxl_device_regs_read,
    .valid = {
        .min_access_size = 1, .max_access_size = 8, .unaligned = true,
    },
    .impl = {
        .min_access_size = 1, .max_access_size = 8, .unaligned = true,
    },
    .endianness = DEVICE_LITTLE_ENDIAN,
};

void cxl_device_regs_init(CXLDeviceRegs *d, Object *owner, const char *name,
                          CXLCCI *cci, const CXLDeviceRegsConfig *config)
{
    uint32_t size = CXL_DEVICE_REGS_MAILBOX + CXL_MBOX_PAYLOAD;

    d->status_offset = CXL_DEVICE_REGS_STATUS;
    d->memdev_offset = CXL_DEVICE_REGS_MEMDEV;
    cxl_regfile_init(&d->regs, size);
    cxl_mailbox_init(&d->mailbox, &d->regs, CXL_DEVICE_REGS_MAILBOX, cci,
                     config);
    cxl_device_regs_add_array(d);
    cxl_device_regs_add_status(d);
    memory_region_init_io(&d->mr, owner, &cxl_device_regs_ops, d, name,
                          MAX(CXL_DEVICE_REGS_SIZE_MIN,
                              pow2ceil(size + config->payload_size)));
}

void cxl_device_regs_destroy(CXLDeviceRegs *d)
{
    cxl_mailbox_destroy(&d->mailbox);
    cxl_regfile_destroy(&d->regs);
}

void cxl_device_regs_reset(CXLDeviceRegs *d, bool cold)
{
    cxl_regfile_reset(&d->regs, cold);
    cxl_mailbox_reset(&d->mailbox);
}

void cxl_device_regs_set_event(CXLDeviceRegs *d, unsigned log, bool pending)
{
    uint32_t at = d->status_offset + CXL_DEV_EVENT_STATUS;
    uint64_t status = cxl_regfile_get(&d->regs, at, 8);

    assert(log < 32);
    cxl_regfile_set(&d->regs, at, 8, deposit64(status, log, 1, pending));
}

void cxl_device_regs_set_media_status(CXLDeviceRegs *d, unsigned status)
{
    uint32_t at = d->memdev_offset + CXL_MEMDEV_STATUS;
    uint64_t value = cxl_regfile_get(&d->regs, at, 8);

    cxl_regfile_set(&d->regs, at, 8,
                    FIELD_DP64(value, CXL_MEMDEV_STATUS, MEDIA, status));
}

/* The guest finds capabilities once and relies on them ever after */
static int cxl_device_regs_post_load(void *opaque, int version_id)
{
    CXLDeviceRegs *d = opaque;
    int ret = cxl_mailbox_resume(&d->mailbox);

    if (!cxl_regfile_plausible(&d->regs)) {
        error_report("%s: the saved registers differ from this device's",
                     memory_region_name(&d->mr));
        return -EINVAL;
    }
    if (ret) {
        error_report("%s: the saved state of the mailbox cannot be",
                     memory_region_name(&d->mr));
    }
    return ret;
}

const VMStateDescription vmstate_cxl_device_regs = {
    .name = "cxl-device-regs",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = cxl_device_regs_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(regs.size, CXLDeviceRegs, NULL),
        VMSTATE_VBUFFER_UINT32(regs.value, CXLDeviceRegs, 1, NULL, regs.size),
        VMSTATE_UINT32_EQUAL(mailbox.payload_size, CXLDeviceRegs, NULL),
        VMSTATE_VBUFFER_UINT32(mailbox.payload, CXLDeviceRegs, 1, NULL,
                               mailbox.payload_size),
        VMSTATE_STRUCT(mailbox.held, CXLDeviceRegs, 1,
                       vmstate_cxl_mailbox_held, CXLMailboxHeld),
        VMSTATE_END_OF_LIST()
    },
};

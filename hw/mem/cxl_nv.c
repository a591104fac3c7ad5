/*
 * Device state that outlives QEMU, in a memory backend
 *
 * Each area has two copies. A new one replaces the older of them and becomes
 * valid with its checksum, so that a QEMU that is killed meanwhile leaves the
 * newer one behind. The file is not trusted: what fails a check is not there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/crc32c.h"
#include "qapi/error.h"
#include "exec/memory.h"
#include "migration/vmstate.h"
#include "hw/cxl/cxl-le.h"
#include "hw/cxl/cxl-nv.h"

#define NV_MAGIC        0x4e4c5843          /* "CXLN" */
#define NV_COPY_SIZE    8192

/* A copy of an area; @crc covers what follows it, and @len bytes of @data */
typedef struct NvCopy {
    CXLLe32 magic;
    CXLLe32 crc;
    CXLLe64 sequence;
    CXLLe32 area;
    CXLLe32 len;
    uint8_t reserved[8];
    uint8_t data[CXL_NV_MAX];
} NvCopy;
QEMU_BUILD_BUG_ON(sizeof(NvCopy) != NV_COPY_SIZE);
QEMU_BUILD_BUG_ON(CXL_NV_AREAS * 2 * NV_COPY_SIZE != CXL_NV_SIZE);

static MemoryRegion *nv_mr(const CXLNv *nv)
{
    return host_memory_backend_get_memory(nv->backend);
}

static uint64_t nv_offset(CXLNvArea area, unsigned which)
{
    return (2 * area + which) * (uint64_t)NV_COPY_SIZE;
}

static NvCopy *nv_copy(const CXLNv *nv, CXLNvArea area, unsigned which)
{
    return memory_region_get_ram_ptr(nv_mr(nv)) + nv_offset(area, which);
}

static uint32_t nv_checksum(const NvCopy *copy, uint32_t len)
{
    size_t head = offsetof(NvCopy, data) - offsetof(NvCopy, sequence);

    return crc32c(UINT32_MAX, (const uint8_t *)&copy->sequence, head + len);
}

static bool nv_valid(const NvCopy *copy, CXLNvArea area)
{
    uint32_t len = cxl_le32_get(copy->len);

    return cxl_le32_get(copy->magic) == NV_MAGIC &&
           cxl_le32_get(copy->area) == area && len <= CXL_NV_MAX &&
           cxl_le32_get(copy->crc) == nv_checksum(copy, len);
}

/* The newer copy of @area that is valid, or NULL; @which tells which it is */
static const NvCopy *nv_newest(const CXLNv *nv, CXLNvArea area,
                               unsigned *which)
{
    const NvCopy *newest = NULL;

    for (unsigned n = 0; n < 2; n++) {
        const NvCopy *copy = nv_copy(nv, area, n);

        if (nv_valid(copy, area) &&
            (!newest || cxl_le64_get(copy->sequence) >
                        cxl_le64_get(newest->sequence))) {
            newest = copy;
            *which = n;
        }
    }
    return newest;
}

bool cxl_nv_init(CXLNv *nv, HostMemoryBackend *backend, DeviceState *dev,
                 Error **errp)
{
    const char *id;

    *nv = (CXLNv) { };
    if (!backend) {
        return true;
    }
    id = object_get_canonical_path_component(OBJECT(backend));
    if (host_memory_backend_is_mapped(backend)) {
        error_setg(errp, "cxl-type3: property 'nv': memory backend '%s' is in "
                   "use already; give each property of each device a backend "
                   "of its own", id);
        return false;
    }
    nv->backend = backend;
    if (memory_region_is_rom(nv_mr(nv)) ||
        memory_region_size(nv_mr(nv)) < CXL_NV_SIZE) {
        error_setg(errp, "cxl-type3: property 'nv': memory backend '%s' must "
                   "be writable and have 256 KiB or more", id);
        nv->backend = NULL;
        return false;
    }
    host_memory_backend_set_mapped(backend, true);
    nv->dev = dev;
    vmstate_register_ram(nv_mr(nv), dev);
    return true;
}

void cxl_nv_destroy(CXLNv *nv)
{
    if (nv->backend) {
        vmstate_unregister_ram(nv_mr(nv), nv->dev);
        host_memory_backend_set_mapped(nv->backend, false);
    }
    *nv = (CXLNv) { };
}

void cxl_nv_save(CXLNv *nv, CXLNvArea area, const void *buf, uint32_t len)
{
    const NvCopy *newest;
    NvCopy *copy;
    unsigned which = 1;

    assert(area < CXL_NV_AREAS && len <= CXL_NV_MAX);
    if (!nv->backend) {
        return;
    }
    newest = nv_newest(nv, area, &which);
    copy = nv_copy(nv, area, !which);
    copy->magic = cxl_le32(0);
    smp_wmb();
    memcpy(copy->data, buf, len);
    memset(copy->reserved, 0, sizeof(copy->reserved));
    copy->area = cxl_le32(area);
    copy->len = cxl_le32(len);
    copy->sequence = cxl_le64(newest ? cxl_le64_get(newest->sequence) + 1 : 1);
    copy->crc = cxl_le32(nv_checksum(copy, len));
    smp_wmb();
    copy->magic = cxl_le32(NV_MAGIC);
    memory_region_set_dirty(nv_mr(nv), nv_offset(area, !which), NV_COPY_SIZE);
    memory_region_msync(nv_mr(nv), nv_offset(area, !which), NV_COPY_SIZE);
}

bool cxl_nv_load(const CXLNv *nv, CXLNvArea area, void *buf, uint32_t len)
{
    const NvCopy *copy;
    unsigned which;

    assert(area < CXL_NV_AREAS && len <= CXL_NV_MAX);
    copy = nv->backend ? nv_newest(nv, area, &which) : NULL;
    if (!copy || cxl_le32_get(copy->len) != len) {
        return false;
    }
    memcpy(buf, copy->data, len);
    return true;
}

/*
 * Device state that outlives QEMU, in a memory backend
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CXL_NV_H
#define HW_CXL_CXL_NV_H

#include "system/hostmem.h"
#include "hw/cxl/cxl-mem.h"

/**
 * CXLNv: a store for a few kilobytes of state
 * @backend: NULL when there is none: nothing is kept then
 * @dev: set while the store is saved and migrated as RAM of it
 */
typedef struct CXLNv {
    HostMemoryBackend *backend;
    DeviceState *dev;
} CXLNv;

/* Bytes that a backend must have */
#define CXL_NV_SIZE     (256 * 1024)

/*
 * Claim @backend, which may be NULL. Fails, naming property 'nv', when it is
 * in use already, read-only, or smaller than CXL_NV_SIZE.
 */
bool cxl_nv_init(CXLNv *nv, HostMemoryBackend *backend, DeviceState *dev,
                 Error **errp);
void cxl_nv_destroy(CXLNv *nv);
/* As CXLMemClass.nv_save() and .nv_load() */
void cxl_nv_save(CXLNv *nv, CXLNvArea area, const void *buf, uint32_t len);
bool cxl_nv_load(const CXLNv *nv, CXLNvArea area, void *buf, uint32_t len);

#endif /* HW_CXL_CXL_NV_H */

/*
 * CXL Type 3 device: CXLMem: what windows and command sets ask of the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/qapi-events-cxl-query.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/decode/window.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

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

static bool type3_decoder_state(CXLMem *mem, unsigned n, CXLDecoderState *out)
{
    return cxl_hdm_state(&CXL_TYPE3(mem)->component.hdm, n, out);
}

static unsigned type3_enables(CXLMem *mem)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);

    return (cxl_dvsec_mem_enabled(&ct3->dvsecs) ? CXL_ENABLE_MEM : 0) |
           (cxl_hdm_enabled(&ct3->component.hdm) ? CXL_ENABLE_HDM : 0);
}

static CXLDpaFault type3_dpa_fault(CXLMem *mem, uint64_t dpa)
{
    return cxl_dpa_fault(&CXL_TYPE3(mem)->dpa, dpa);
}

static CXLMemCapacity type3_capacity(CXLMem *mem)
{
    return cxl_dpa_capacity(&CXL_TYPE3(mem)->dpa);
}

void cxl_type3_ranges(const CXLType3 *ct3, uint64_t ranges[2])
{
    CXLMemCapacity capacity = cxl_dpa_capacity(&ct3->dpa);

    ranges[0] = capacity.vmem ?: capacity.pmem;
    ranges[1] = capacity.vmem ? capacity.pmem : 0;
}

/* Whatever tells a host how much there is of each kind of memory follows */
static bool type3_partition(CXLMem *mem, uint64_t vmem)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);
    CXLMemCapacity capacity;
    uint64_t ranges[2];

    if (!cxl_dpa_partition(&ct3->dpa, vmem)) {
        return false;
    }
    capacity = cxl_dpa_capacity(&ct3->dpa);
    trace_cxl_type3_partition(cxl_type3_name(ct3), capacity.vmem,
                              capacity.pmem);
    cxl_type3_ranges(ct3, ranges);
    cxl_dvsec_set_ranges(&ct3->dvsecs, ranges);
    if (!ct3->cdat_file) {
        cxl_cdat_destroy(&ct3->cdat);
        cxl_cdat_build_mem(&ct3->cdat, capacity.vmem, capacity.pmem,
                           &ct3->perf);
    }
    return true;
}

static bool type3_perf(CXLMem *mem, uint64_t dpa, CXLPerf *perf)
{
    return cxl_cdat_mem_perf(&CXL_TYPE3(mem)->cdat, dpa, perf);
}

static bool type3_mapped(CXLMem *mem)
{
    return cxl_hdm_any_committed(&CXL_TYPE3(mem)->component.hdm);
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

static bool type3_program(CXLMem *mem, unsigned n,
                          const CXLDecoderSetup *setup)
{
    return cxl_hdm_program(&CXL_TYPE3(mem)->component.hdm, n, setup);
}

static void type3_enable(CXLMem *mem, const uint64_t base[2], bool lock)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);

    cxl_dvsec_enable(&ct3->dvsecs, base, lock);
    cxl_hdm_enable(&ct3->component.hdm);
    cxl_windows_update();
}

static void type3_unready(CXLMem *mem)
{
    cxl_type3_set_not_ready(CXL_TYPE3(mem), 0);
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

static void type3_lock(CXLMem *mem, bool locked)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);

    if (locked != ct3->dpa.locked) {
        ct3->dpa.locked = locked;
        trace_cxl_type3_lock(cxl_type3_name(ct3), locked);
        cxl_windows_update();
    }
}

static void type3_set_media_disabled(CXLType3 *ct3, bool disabled)
{
    if (disabled != ct3->dpa.media_disabled) {
        ct3->dpa.media_disabled = disabled;
        cxl_windows_update();
    }
}

static void type3_tell_media(CXLType3 *ct3, bool disabled)
{
    g_autofree char *name = cxl_name(OBJECT(ct3));
    g_autofree char *path = object_get_canonical_path(OBJECT(ct3));

    qapi_event_send_cxl_media_disabled(name, path, disabled);
}

static void type3_firmware_activated(CXLMem *mem, unsigned slot,
                                     const char *revision)
{
    g_autofree char *name = cxl_name(OBJECT(mem));
    g_autofree char *path = object_get_canonical_path(OBJECT(mem));

    qapi_event_send_cxl_firmware_activated(name, path, slot, revision);
}

static void type3_disable_media(CXLMem *mem, bool disabled)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);

    /* A device that is plugged in as it was left is no news */
    if (disabled != ct3->dpa.media_disabled &&
        qdev_is_realized(DEVICE(ct3))) {
        type3_tell_media(ct3, disabled);
    }
    trace_cxl_type3_media(cxl_type3_name(ct3), disabled);
    type3_set_media_disabled(ct3, disabled);
    cxl_type3_show_media(ct3);
}

/*
 * Without media, there is nothing in windows: views have given back to the
 * backends what they held
 */
static void type3_erase(CXLMem *mem, const CXLMemRange *ranges, unsigned nr)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);
    bool disabled = ct3->dpa.media_disabled;

    type3_set_media_disabled(ct3, true);
    cxl_dpa_erase(&ct3->dpa, ranges, nr);
    for (unsigned n = 0; n < nr; n++) {
        trace_cxl_type3_erase(cxl_type3_name(ct3), ranges[n].dpa,
                              ranges[n].len);
    }
    type3_set_media_disabled(ct3, disabled);
}

static void type3_nv_save(CXLMem *mem, CXLNvArea area, const void *buf,
                          uint32_t len)
{
    cxl_nv_save(&CXL_TYPE3(mem)->nv, area, buf, len);
}

static bool type3_nv_load(CXLMem *mem, CXLNvArea area, void *buf, uint32_t len)
{
    return cxl_nv_load(&CXL_TYPE3(mem)->nv, area, buf, len);
}

void cxl_type3_mem_class_init(CXLMemClass *mc)
{
    mc->capacity = type3_capacity;
    mc->partition = type3_partition;
    mc->perf = type3_perf;
    mc->mapped = type3_mapped;
    mc->nr_decoders = type3_nr_decoders;
    mc->decoder = type3_decoder;
    mc->program = type3_program;
    mc->enable = type3_enable;
    mc->unready = type3_unready;
    mc->decoder_state = type3_decoder_state;
    mc->enables = type3_enables;
    mc->dpa_fault = type3_dpa_fault;
    mc->ram = type3_ram;
    mc->checked = type3_checked;
    mc->recheck = cxl_type3_recheck;
    mc->shadow = type3_shadow;
    mc->read = type3_read;
    mc->write = type3_write;
    mc->lsa_read = type3_lsa_read;
    mc->lsa_write = type3_lsa_write;
    mc->lock = type3_lock;
    mc->disable_media = type3_disable_media;
    mc->firmware_activated = type3_firmware_activated;
    mc->erase = type3_erase;
    mc->nv_save = type3_nv_save;
    mc->nv_load = type3_nv_load;
}

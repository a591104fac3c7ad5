/*
 * CXL r3.1 8.2.4: Component Registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qapi/qapi-events-cxl-query.h"
#include "hw/cxl/cxl-name.h"
#include "hw/cxl/regs/component.h"
#include "hw/cxl/regs/ras.h"
#include "hw/cxl/regs/read-only.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"

/*
 * Implementation defined: where the capabilities stand. Drivers claim RAS and
 * HDM as ranges of their own, so they do not touch; HDM has room for 32
 * decoders.
 */
#define CXL_COMPONENT_RAS           0x080
#define CXL_COMPONENT_LINK          0x0d8
#define CXL_COMPONENT_HDM           0x128
#define CXL_COMPONENT_EXT_SECURITY  0x540
#define CXL_COMPONENT_SNOOP_FILTER  0x540

QEMU_BUILD_BUG_ON(CXL_COMPONENT_SIZE != CXL_COMPONENT_REGS_SIZE);
QEMU_BUILD_BUG_ON(CXL_COMPONENT_RAS + CXL_RAS_SIZE > CXL_COMPONENT_LINK);
QEMU_BUILD_BUG_ON(CXL_COMPONENT_LINK + CXL_LINK_SIZE > CXL_COMPONENT_HDM);
QEMU_BUILD_BUG_ON(CXL_COMPONENT_HDM +
                  CXL_HDM_DECODER(CXL_HDM_PORT_DECODERS_MAX) >
                  CXL_COMPONENT_EXT_SECURITY);

/*
 * CXL r3.1 8.2.4.19: CXL Link Capability Structure. The link is always up and
 * has nothing to negotiate: stalls and credits are held, not acted on.
 */
#define CREDITS(n) ((uint64_t)(n) << R_CXL_LINK_CREDIT_MEM_REQ_RSP_SHIFT | \
                    (uint64_t)(n) << R_CXL_LINK_CREDIT_MEM_DATA_SHIFT)
#define ACK_TIMER (R_CXL_LINK_ACK_TIMER_ACK_FORCE_THRESHOLD_MASK | \
                   R_CXL_LINK_ACK_TIMER_FLUSH_RETIMER_MASK)

static const CXLRegRow cxl_link_rows[] = {
    {
        .name = "CXL Link Layer Capability", .offset = CXL_LINK_CAPABILITY,
        .width = 8,
        .reset = CXL_LINK_VERSION_2_0 |
                 CXL_LINK_VERSION_2_0 <<
                 R_CXL_LINK_CAPABILITY_VERSION_RECEIVED_SHIFT |
                 R_CXL_LINK_CAPABILITY_NO_LL_RESET_MASK,
        .wmask = R_CXL_LINK_CAPABILITY_VERSION_SUPPORTED_MASK,
        .sticky = R_CXL_LINK_CAPABILITY_VERSION_SUPPORTED_MASK,
    }, {
        .name = "CXL Link Control and Status", .width = 8,
        .offset = CXL_LINK_CONTROL_STATUS,
        .reset = CXL_LINK_INIT_DONE <<
                 R_CXL_LINK_CONTROL_STATUS_INIT_STATE_SHIFT,
        .wmask = R_CXL_LINK_CONTROL_STATUS_INIT_STALL_MASK |
                 R_CXL_LINK_CONTROL_STATUS_CREDIT_STALL_MASK,
        .sticky = R_CXL_LINK_CONTROL_STATUS_INIT_STALL_MASK |
                  R_CXL_LINK_CONTROL_STATUS_CREDIT_STALL_MASK,
    }, {
        .name = "CXL Link Rx Credit Control", .width = 8,
        .offset = CXL_LINK_RX_CREDIT_CONTROL,
        .reset = CREDITS(0x3f), .wmask = CREDITS(0x3ff),
        .sticky = CREDITS(0x3ff),
    }, {
        .name = "CXL Link Rx Credit Return Status", .width = 8,
        .offset = CXL_LINK_RX_CREDIT_RETURN,
    }, {
        .name = "CXL Link Tx Credit Status", .width = 8,
        .offset = CXL_LINK_TX_CREDIT_STATUS, .reset = CREDITS(0x3f),
    }, {
        .name = "CXL Link Ack Timer Control", .width = 8,
        .offset = CXL_LINK_ACK_TIMER,
        .reset = 0x10 | 0x20 << R_CXL_LINK_ACK_TIMER_FLUSH_RETIMER_SHIFT,
        .wmask = ACK_TIMER, .sticky = ACK_TIMER,
    }, {
        .name = "CXL Link Defeature", .width = 8,
        .offset = CXL_LINK_DEFEATURE,
        .wmask = R_CXL_LINK_DEFEATURE_MDH_DISABLE_MASK,
        .sticky = R_CXL_LINK_DEFEATURE_MDH_DISABLE_MASK,
    }, {
        .name = "CXL Link Rx Credit Control2", .width = 8,
        .offset = CXL_LINK_RX_CREDIT_CONTROL2,
    }, {
        .name = "CXL Link Rx Credit Return Status2", .width = 8,
        .offset = CXL_LINK_RX_CREDIT_RETURN2,
    }, {
        .name = "CXL Link Tx Credit Status2", .width = 8,
        .offset = CXL_LINK_TX_CREDIT_STATUS2,
    },
};

/*
 * CXL r3.1 8.2.4.21, 8.2.4.23: no root port speaks CXL.cache, so that there is
 * neither an entry with a trust level nor a snoop filter with a capacity
 */
static const CXLRegRow cxl_ext_security_row = {
    .name = "CXL Extended Security Structure Entry Count",
    .offset = CXL_EXT_SECURITY_COUNT, .width = 4,
};
static const CXLRegRow cxl_snoop_filter_rows[] = {
    {
        .name = "CXL Snoop Filter Group ID",
        .offset = CXL_SNOOP_FILTER_GROUP, .width = 4,
    }, {
        .name = "CXL Snoop Filter Effective Capacity",
        .offset = CXL_SNOOP_FILTER_CAPACITY, .width = 4,
    },
};

static const char *cxl_component_name(const CXLComponent *c)
{
    return memory_region_name(&c->mr);
}

static uint32_t cxl_component_committed(const CXLComponent *c)
{
    CXLDecoderState state;
    uint32_t committed = 0;

    for (unsigned n = 0; cxl_hdm_state(&c->hdm, n, &state); n++) {
        committed |= (uint32_t)state.committed << n;
    }
    return committed;
}

/* Tell QMP clients which decoders are committed now and were not, or were */
static void cxl_component_tell(CXLComponent *c)
{
    uint32_t committed = cxl_component_committed(c);
    uint32_t changed = committed ^ c->told;
    Object *owner = memory_region_owner(&c->mr);
    g_autofree char *name = changed ? cxl_name(owner) : NULL;
    g_autofree char *path = changed ? object_get_canonical_path(owner) : NULL;

    c->told = committed;
    for (unsigned n = 0; n < CXL_HDM_PORT_DECODERS_MAX && path; n++) {
        if (changed >> n & 1) {
            qapi_event_send_cxl_decoder_change(name, path, n,
                                               committed >> n & 1);
        }
    }
}

static void cxl_component_update(CXLComponent *c)
{
    trace_cxl_component_decoders_changed(cxl_component_name(c));
    if (c->decoders_changed) {
        c->decoders_changed(c->opaque);
    }
}

static void cxl_component_changed(void *opaque)
{
    CXLComponent *c = opaque;

    cxl_component_tell(c);
    cxl_component_update(c);
}

static void cxl_component_refused(void *opaque, unsigned n, CXLHdmRefusal why)
{
    CXLComponent *c = opaque;
    const char *text = cxl_hdm_refusal_text(why);
    const char *section = cxl_hdm_refusal_section(why);
    g_autofree char *name = cxl_name(memory_region_owner(&c->mr));

    trace_cxl_err_hdm(name, n, text, section);
    qemu_log_mask(LOG_GUEST_ERROR, "cxl: %s: decoder %u: %s (CXL r3.1 %s)\n",
                  name, n, text, section);
}

static void cxl_component_add_ras(CXLComponent *c, uint32_t offset)
{
    cxl_ras_init(&c->ras, &c->regs, offset,
                 c->config.kind != CXL_COMPONENT_ROOT_PORT);
}

static void cxl_component_add_link(CXLComponent *c, uint32_t offset)
{
    c->link_offset = offset;
    cxl_regfile_add(&c->regs, offset, cxl_link_rows,
                    ARRAY_SIZE(cxl_link_rows), c);
}

static void cxl_component_add_hdm(CXLComponent *c, uint32_t offset)
{
    c->hdm_offset = offset;
    cxl_hdm_init(&c->hdm, &c->regs, offset, &c->config.hdm,
                 cxl_component_changed, c);
    c->hdm.refused = cxl_component_refused;
}

static void cxl_component_add_ext_security(CXLComponent *c, uint32_t offset)
{
    cxl_regfile_add(&c->regs, offset, &cxl_ext_security_row, 1, c);
}

static void cxl_component_add_snoop_filter(CXLComponent *c, uint32_t offset)
{
    cxl_regfile_add(&c->regs, offset, cxl_snoop_filter_rows,
                    ARRAY_SIZE(cxl_snoop_filter_rows), c);
}

/* A capability; @kinds has a bit for each component kind that has it */
typedef struct CXLComponentCap {
    uint16_t id;
    uint8_t version;
    uint16_t offset;
    uint8_t kinds;
    void (*add)(CXLComponent *c, uint32_t offset);
} CXLComponentCap;

#define KIND(kind)  (1u << CXL_COMPONENT_##kind)
#define PORTS       (KIND(ROOT_PORT) | KIND(UPSTREAM_PORT) | \
                     KIND(DOWNSTREAM_PORT))

/* CXL r3.1 Table 8-22: what is mandatory for each kind */
static const CXLComponentCap cxl_component_caps[] = {
    { CXL_CAP_ID_RAS, CXL_CAP_VERSION_RAS, CXL_COMPONENT_RAS,
      PORTS | KIND(TYPE3), cxl_component_add_ras },
    { CXL_CAP_ID_LINK, CXL_CAP_VERSION_LINK, CXL_COMPONENT_LINK,
      PORTS | KIND(TYPE3), cxl_component_add_link },
    { CXL_CAP_ID_HDM, CXL_CAP_VERSION_HDM, CXL_COMPONENT_HDM,
      KIND(HOST_BRIDGE) | KIND(UPSTREAM_PORT) | KIND(TYPE3),
      cxl_component_add_hdm },
    { CXL_CAP_ID_EXT_SECURITY, CXL_CAP_VERSION_EXT_SECURITY,
      CXL_COMPONENT_EXT_SECURITY, KIND(HOST_BRIDGE),
      cxl_component_add_ext_security },
    { CXL_CAP_ID_SNOOP_FILTER, CXL_CAP_VERSION_SNOOP_FILTER,
      CXL_COMPONENT_SNOOP_FILTER, KIND(ROOT_PORT),
      cxl_component_add_snoop_filter },
};

static bool cxl_component_has(const CXLComponent *c,
                              const CXLComponentCap *cap)
{
    return (cap->kinds & (1u << c->config.kind)) &&
           (cap->id != CXL_CAP_ID_HDM || c->config.hdm.count);
}

static void cxl_component_add_header(CXLComponent *c, unsigned n,
                                     const char *name, uint32_t value)
{
    const CXLRegRow row = { .name = name, .width = 4, .reset = value };

    cxl_regfile_add(&c->regs, CXL_CAP_ENTRY(n), &row, 1, c);
}

/* CXL r3.1 8.2.4.1: the array of capabilities, and what it points to */
static void cxl_component_add_caps(CXLComponent *c)
{
    uint32_t header = CXL_CAP_ID_CXL;
    unsigned nr = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(cxl_component_caps); i++) {
        const CXLComponentCap *cap = &cxl_component_caps[i];
        uint32_t entry = cap->id;

        if (!cxl_component_has(c, cap)) {
            continue;
        }
        entry = FIELD_DP32(entry, CXL_CAP_ENTRY, VERSION, cap->version);
        entry = FIELD_DP32(entry, CXL_CAP_ENTRY, POINTER, cap->offset);
        cxl_component_add_header(c, ++nr, "Capability Header", entry);
        cap->add(c, cap->offset);
    }
    header = FIELD_DP32(header, CXL_CAP_HEADER, VERSION, CXL_CAP_VERSION_CXL);
    header = FIELD_DP32(header, CXL_CAP_HEADER, CACHE_MEM_VERSION,
                        CXL_CAP_CACHE_MEM_VERSION);
    header = FIELD_DP32(header, CXL_CAP_HEADER, ARRAY_SIZE, nr);
    cxl_component_add_header(c, 0, "CXL Capability Header", header);
}

static uint64_t cxl_component_read(void *opaque, hwaddr addr, unsigned size)
{
    CXLComponent *c = opaque;
    uint64_t value = cxl_regfile_read(&c->regs, addr - CXL_CM_OFFSET, size);

    trace_cxl_component_read(cxl_component_name(c), addr, size, value);
    return value;
}

static void cxl_component_write(void *opaque, hwaddr addr, uint64_t value,
                                unsigned size)
{
    CXLComponent *c = opaque;

    trace_cxl_component_write(cxl_component_name(c), addr, size, value);
    if (cxl_regfile_ignores(&c->regs, addr - CXL_CM_OFFSET, value, size)) {
        cxl_report_read_only(&c->mr, "component", addr, size, value, "8.2.4");
    }
    cxl_regfile_write(&c->regs, addr - CXL_CM_OFFSET, value, size);
}

/*
 * CXL r3.1 8.2.3: an access narrower or wider than its register is undefined;
 * here it reads and writes the bytes that it names.
 */
static const MemoryRegionOps cxl_component_ops = {
    .endianness = DEVICE_LITTLE_ENDIAN,
    .read = cxl_component_read,
    .write = cxl_component_write,
    .impl = {
        .unaligned = true, .min_access_size = 1, .max_access_size = 8,
    },
    .valid = {
        .unaligned = true, .min_access_size = 1, .max_access_size = 8,
    },
};

void cxl_component_init(CXLComponent *c, Object *owner, const char *name,
                        const CXLComponentConfig *config,
                        void (*decoders_changed)(void *opaque), void *opaque)
{
    memset(&c->hdm, 0, sizeof(c->hdm));
    c->config = *config;
    c->decoders_changed = decoders_changed;
    c->opaque = opaque;
    c->ras = (CXLRas) { };
    c->link_offset = c->hdm_offset = 0;
    c->told = 0;
    cxl_regfile_init(&c->regs, CXL_CM_SIZE);
    cxl_component_add_caps(c);
    memory_region_init_io(&c->mr, owner, &cxl_component_ops, c, name,
                          CXL_COMPONENT_REGS_SIZE);
}

void cxl_component_destroy(CXLComponent *c)
{
    cxl_regfile_destroy(&c->regs);
}

void cxl_component_reset_sticky(CXLComponent *c)
{
    cxl_regfile_reset_sticky(&c->regs);
    cxl_ras_reset(&c->ras);
}

void cxl_component_reset(CXLComponent *c)
{
    cxl_regfile_reset(&c->regs, false);
    cxl_hdm_sync(&c->hdm);
    cxl_component_changed(c);
}

bool cxl_component_correctable(CXLComponent *c, uint32_t status)
{
    bool signal = c->ras.rf && cxl_ras_latch_correctable(&c->ras, status);

    trace_cxl_ras(cxl_component_name(c), "correctable", status, signal);
    return signal;
}

CXLRasSignal cxl_component_uncorrectable(CXLComponent *c, unsigned bit,
                                         const uint32_t *header,
                                         unsigned dwords)
{
    CXLRasSignal signal = CXL_RAS_MASKED;

    if (c->ras.rf) {
        signal = cxl_ras_latch_uncorrectable(&c->ras, bit, header, dwords);
    }
    trace_cxl_ras(cxl_component_name(c), "uncorrectable", 1u << bit, signal);
    return signal;
}

/* A stream from a component with other capabilities or decoders is no use */
static int cxl_component_post_load(void *opaque, int version_id)
{
    CXLComponent *c = opaque;

    if (!cxl_regfile_plausible(&c->regs)) {
        error_report("%s: the saved registers differ from this device's",
                     cxl_component_name(c));
        return -EINVAL;
    }
    if (!cxl_hdm_consistent(&c->hdm)) {
        error_report("%s: the saved decoders do not fit this device",
                     cxl_component_name(c));
        return -EINVAL;
    }
    if (c->ras.rf && !cxl_ras_consistent(&c->ras)) {
        error_report("%s: the saved error headers belong to no error",
                     cxl_component_name(c));
        return -EINVAL;
    }
    cxl_hdm_sync(&c->hdm);
    /* What was committed before still is */
    c->told = cxl_component_committed(c);
    cxl_component_update(c);
    return 0;
}

const VMStateDescription vmstate_cxl_component = {
    .name = "cxl-component",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = cxl_component_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(regs.size, CXLComponent, NULL),
        VMSTATE_VBUFFER_UINT32(regs.value, CXLComponent, 1, NULL, regs.size),
        VMSTATE_UINT64_ARRAY(hdm.dpa, CXLComponent, CXL_HDM_PORT_DECODERS_MAX),
        VMSTATE_UINT8(ras.nr, CXLComponent),
        VMSTATE_UINT8_ARRAY(ras.bit, CXLComponent, CXL_RAS_UE_COUNT),
        VMSTATE_UINT32_2DARRAY(ras.header, CXLComponent, CXL_RAS_UE_COUNT,
                               CXL_RAS_HEADER_LOG_DWORDS),
        VMSTATE_END_OF_LIST()
    },
};

/*
 * CXL r3.1 8.2.4.20: CXL HDM Decoder Capability Structure
 *
 * The only place that knows the fields of a decoder, the order in which
 * decoders are committed, and what a commit checks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/regs/hdm.h"
#include "hw/cxl/spec/registers.h"

#define CTRL(field) R_CXL_HDM_CONTROL_##field##_MASK

/* CXL r3.1 8.2.4.20.1: Decoder Count is an index into this */
static const uint8_t cxl_hdm_counts[] = {
    1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32
};

static int cxl_hdm_count_encode(unsigned count, bool endpoint)
{
    unsigned max = endpoint ? CXL_HDM_ENDPOINT_DECODERS_MAX
                            : CXL_HDM_PORT_DECODERS_MAX;

    for (unsigned i = 0; i < ARRAY_SIZE(cxl_hdm_counts); i++) {
        if (cxl_hdm_counts[i] == count && count <= max) {
            return i;
        }
    }
    return -1;
}

bool cxl_hdm_count_valid(unsigned count, bool endpoint)
{
    return cxl_hdm_count_encode(count, endpoint) >= 0;
}

const char *cxl_hdm_count_legal(bool endpoint)
{
    return endpoint ? "1, 2, 4, 6, 8 or 10"
                    : "1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28 or 32";
}

uint32_t cxl_hdm_size(unsigned count)
{
    return CXL_HDM_DECODER(count);
}

static uint32_t cxl_hdm_at(const CXLHdm *hdm, unsigned n, uint32_t reg)
{
    return hdm->offset + CXL_HDM_DECODER(n) + reg;
}

static uint32_t cxl_hdm_get(const CXLHdm *hdm, unsigned n, uint32_t reg)
{
    return cxl_regfile_get(hdm->rf, cxl_hdm_at(hdm, n, reg), 4);
}

/* A Low and High pair of registers, the first at @low */
static uint64_t cxl_hdm_get_pair(const CXLHdm *hdm, unsigned n, uint32_t low)
{
    return cxl_regfile_get(hdm->rf, cxl_hdm_at(hdm, n, low), 8);
}

static bool cxl_hdm_committed(const CXLHdm *hdm, unsigned n)
{
    return cxl_hdm_get(hdm, n, CXL_HDM_CONTROL) & CTRL(COMMITTED);
}

/* CXL r3.1 8.2.4.20.3 to .7: decoder @n as numbers, whatever it holds */
static void cxl_hdm_read(const CXLHdm *hdm, unsigned n, CXLDecoder *out)
{
    uint32_t control = cxl_hdm_get(hdm, n, CXL_HDM_CONTROL);

    *out = (CXLDecoder) {
        .base = cxl_hdm_get_pair(hdm, n, CXL_HDM_BASE_LOW),
        .size = cxl_hdm_get_pair(hdm, n, CXL_HDM_SIZE_LOW),
        .dpa = hdm->dpa[n],
        .ways = cxl_ways_decode(FIELD_EX32(control, CXL_HDM_CONTROL, IW)),
        .granularity = cxl_granularity_decode(FIELD_EX32(control,
                                                         CXL_HDM_CONTROL, IG)),
    };
    if (!hdm->config.endpoint) {
        uint64_t list = cxl_hdm_get_pair(hdm, n, CXL_HDM_TARGET_LOW);

        /* CXL r3.1 8.2.4.20.8, .10: eight Target Port Identifiers */
        for (unsigned i = 0; i < sizeof(list); i++) {
            out->targets[i] = list >> (8 * i);
        }
    }
}

/* CXL r3.1 8.2.4.20.12: no two interleave ways point to the same target */
static bool cxl_hdm_targets_distinct(const CXLDecoder *d)
{
    for (unsigned i = 1; i < d->ways; i++) {
        if (memchr(d->targets, d->targets[i], i)) {
            return false;
        }
    }
    return true;
}

/* CXL r3.1 8.2.4.20.7: the fields of a decoder, taken by themselves */
static CXLHdmRefusal cxl_hdm_check_fields(const CXLHdm *hdm,
                                          const CXLDecoder *d)
{
    unsigned ways_max = hdm->config.endpoint ? CXL_WAYS_MAX
                                             : hdm->config.targets;

    /*
     * Implementation defined: CXL r3.1 8.2.4.20.12 lets a decoder of size 0
     * be committed, to use it up. Drivers give up on a port that has one, so
     * it is refused here.
     */
    if (!d->size) {
        return CXL_HDM_REFUSED_ZERO_SIZE;
    }
    if (d->base + d->size < d->base) {
        return CXL_HDM_REFUSED_WRAP;
    }
    if (!d->ways) {
        return CXL_HDM_REFUSED_WAYS_RESERVED;
    }
    /* Ways that are no power of two are for devices only */
    if (d->ways > ways_max || (!hdm->config.endpoint && d->ways % 3 == 0)) {
        return CXL_HDM_REFUSED_WAYS_PORT;
    }
    if (!d->granularity) {
        return CXL_HDM_REFUSED_GRANULARITY;
    }
    if (d->size / CXL_HDM_ALIGN % (d->ways % 3 ? 1 : 3)) {
        return CXL_HDM_REFUSED_SIZE_WAYS;
    }
    if (!hdm->config.endpoint && !cxl_hdm_targets_distinct(d)) {
        return CXL_HDM_REFUSED_TARGETS;
    }
    return CXL_HDM_REFUSED_NOT;
}

/*
 * CXL r3.1 8.2.4.20.12: HPA ranges ascend with the decoders' numbers and do
 * not overlap. Decoders above @n are looked at as well: software can have
 * uncommitted @n while they stayed.
 */
static CXLHdmRefusal cxl_hdm_check_neighbours(const CXLHdm *hdm, unsigned n,
                                              const CXLDecoder *d)
{
    for (unsigned i = 0; i < hdm->config.count; i++) {
        CXLDecoder other;

        if (i == n || !cxl_hdm_committed(hdm, i)) {
            continue;
        }
        cxl_hdm_read(hdm, i, &other);
        if (i < n ? d->base < other.base + other.size
                  : other.base < d->base + d->size) {
            return CXL_HDM_REFUSED_OVERLAP;
        }
    }
    return CXL_HDM_REFUSED_NOT;
}

/*
 * CXL r3.1 8.2.4.20.13: DPABase of decoder @n follows on the decoder below
 * it, after DPA Skip
 */
static CXLHdmRefusal cxl_hdm_check_dpa(const CXLHdm *hdm, unsigned n,
                                       CXLDecoder *d)
{
    uint64_t skip = cxl_hdm_get_pair(hdm, n, CXL_HDM_SKIP_LOW);
    uint64_t start = 0, len = d->size / d->ways;

    if (n > 0) {
        CXLDecoder below;

        cxl_hdm_read(hdm, n - 1, &below);
        start = below.dpa + below.size / below.ways;
    }
    if (start > hdm->config.dpa_size ||
        skip > hdm->config.dpa_size - start ||
        len > hdm->config.dpa_size - start - skip) {
        return CXL_HDM_REFUSED_DPA;
    }
    d->dpa = start + skip;
    for (unsigned i = n + 1; i < hdm->config.count; i++) {
        if (cxl_hdm_committed(hdm, i) && hdm->dpa[i] < d->dpa + len) {
            return CXL_HDM_REFUSED_DPA_OVERLAP;
        }
    }
    return CXL_HDM_REFUSED_NOT;
}

/*
 * CXL r3.1 8.2.4.20.12: what stands against committing decoder @n; reads it
 * into @d, with its DPABase. Implementation defined: the checks are made
 * whether or not Lock On Commit is set.
 */
static CXLHdmRefusal cxl_hdm_check(const CXLHdm *hdm, unsigned n,
                                   CXLDecoder *d)
{
    CXLHdmRefusal why;

    if (n > 0 && !cxl_hdm_committed(hdm, n - 1)) {
        return CXL_HDM_REFUSED_ORDER;
    }
    cxl_hdm_read(hdm, n, d);
    why = cxl_hdm_check_fields(hdm, d);
    if (!why) {
        why = cxl_hdm_check_neighbours(hdm, n, d);
    }
    if (!why && hdm->config.endpoint) {
        why = cxl_hdm_check_dpa(hdm, n, d);
    }
    return why;
}

/*
 * CXL r3.1 8.2.4.20.13: a committed decoder does not change. Without Lock On
 * Commit, software can still clear Commit.
 */
static void cxl_hdm_protect(CXLHdm *hdm, unsigned n)
{
    uint32_t control = cxl_hdm_get(hdm, n, CXL_HDM_CONTROL);
    bool committed = control & CTRL(COMMITTED);
    bool locked = committed && (control & CTRL(LOCK));

    for (uint32_t reg = 0; reg < CXL_HDM_DECODER_STRIDE; reg += 4) {
        cxl_regfile_set_writable(hdm->rf, cxl_hdm_at(hdm, n, reg), 4,
                                 UINT32_MAX, !committed);
    }
    cxl_regfile_set_writable(hdm->rf, cxl_hdm_at(hdm, n, CXL_HDM_CONTROL), 4,
                             CTRL(COMMIT), !locked);
}

static void cxl_hdm_report(CXLHdm *hdm, unsigned n, CXLHdmRefusal why)
{
    if (hdm->refused) {
        hdm->refused(hdm->opaque, n, why);
    }
}

static void cxl_hdm_set_result(CXLHdm *hdm, unsigned n, uint32_t result)
{
    uint32_t control = cxl_hdm_get(hdm, n, CXL_HDM_CONTROL);

    control &= ~(CTRL(COMMITTED) | CTRL(ERROR));
    cxl_regfile_set(hdm->rf, cxl_hdm_at(hdm, n, CXL_HDM_CONTROL), 4,
                    control | result);
    cxl_hdm_protect(hdm, n);
}

static void cxl_hdm_commit(CXLHdm *hdm, unsigned n)
{
    CXLDecoder d;
    CXLHdmRefusal why = cxl_hdm_check(hdm, n, &d);

    hdm->refusal[n] = why;
    if (why) {
        cxl_hdm_set_result(hdm, n, CTRL(ERROR));
        cxl_hdm_report(hdm, n, why);
        return;
    }
    hdm->dpa[n] = d.dpa;
    cxl_hdm_set_result(hdm, n, CTRL(COMMITTED));
    if (hdm->changed) {
        hdm->changed(hdm->opaque);
    }
}

/*
 * CXL r3.1 8.2.4.20.7: a 1 to 0 transition of Commit clears Committed, in
 * whatever order decoders go: an unplugged device cannot wait for its turn.
 * Those that stay keep their DPABase.
 */
static void cxl_hdm_uncommit(CXLHdm *hdm, unsigned n)
{
    bool was_committed = cxl_hdm_committed(hdm, n);

    cxl_hdm_set_result(hdm, n, 0);
    hdm->refusal[n] = CXL_HDM_REFUSED_NOT;
    if (was_committed && hdm->changed) {
        hdm->changed(hdm->opaque);
    }
}

static void cxl_hdm_control_written(void *opaque, unsigned n, uint64_t old,
                                    uint64_t now)
{
    CXLHdm *hdm = opaque;

    if (~old & now & CTRL(COMMIT)) {
        cxl_hdm_commit(hdm, n);
    } else if (old & ~now & CTRL(COMMIT)) {
        cxl_hdm_uncommit(hdm, n);
    } else if (now & CTRL(COMMITTED)) {
        cxl_hdm_report(hdm, n, now & CTRL(LOCK) ? CXL_HDM_IGNORED_LOCKED
                                                : CXL_HDM_IGNORED_COMMITTED);
    }
}

/* A register other than Control was written; masks kept a committed one */
static void cxl_hdm_range_written(void *opaque, unsigned n, uint64_t old,
                                  uint64_t now)
{
    CXLHdm *hdm = opaque;
    uint32_t control = cxl_hdm_get(hdm, n, CXL_HDM_CONTROL);

    if (control & CTRL(COMMITTED)) {
        cxl_hdm_report(hdm, n, control & CTRL(LOCK) ?
                       CXL_HDM_IGNORED_LOCKED : CXL_HDM_IGNORED_COMMITTED);
    }
}

/* CXL r3.1 8.2.4.20.2: Enable reads 0 on host bridges and switches */
static void cxl_hdm_global_written(void *opaque, unsigned index, uint64_t old,
                                   uint64_t now)
{
    CXLHdm *hdm = opaque;

    if (old != now && hdm->changed) {
        hdm->changed(hdm->opaque);
    }
}

/* CXL r3.1 8.2.4.20.1: CXL HDM Decoder Capability Register */
static uint32_t cxl_hdm_capability(const CXLHdmConfig *config)
{
    bool endpoint = config->endpoint;
    uint32_t cap = 0;

    cap = FIELD_DP32(cap, CXL_HDM_CAPABILITY, DECODER_COUNT,
                     cxl_hdm_count_encode(config->count, endpoint));
    cap = FIELD_DP32(cap, CXL_HDM_CAPABILITY, TARGET_COUNT,
                     endpoint ? 1 : config->targets);
    cap = FIELD_DP32(cap, CXL_HDM_CAPABILITY, A11TO8, 1);
    cap = FIELD_DP32(cap, CXL_HDM_CAPABILITY, A14TO12, 1);
    if (endpoint) {
        cap = FIELD_DP32(cap, CXL_HDM_CAPABILITY, WAYS_3_6_12, 1);
        cap = FIELD_DP32(cap, CXL_HDM_CAPABILITY, WAYS_16, 1);
        cap = FIELD_DP32(cap, CXL_HDM_CAPABILITY, COHERENCY,
                         CXL_HDM_COHERENCY_HOST_ONLY);
    }
    return cap;
}

static void cxl_hdm_add_decoders(CXLHdm *hdm)
{
    const uint32_t control = CTRL(IG) | CTRL(IW) | CTRL(LOCK) | CTRL(COMMIT) |
                             CTRL(HOST_ONLY);
    /* Target Port Identifiers on ports, DPA Skip on devices */
    const uint32_t last = hdm->config.endpoint ? CXL_HDM_LOW_MASK : UINT32_MAX;
    const struct {
        const char *name;
        uint16_t offset;
        uint32_t wmask;
        CXLRegWritten *written;
        uint32_t live;
    } regs[] = {
        { "Base Low", CXL_HDM_BASE_LOW, CXL_HDM_LOW_MASK,
          cxl_hdm_range_written },
        { "Base High", CXL_HDM_BASE_HIGH, UINT32_MAX, cxl_hdm_range_written },
        { "Size Low", CXL_HDM_SIZE_LOW, CXL_HDM_LOW_MASK,
          cxl_hdm_range_written },
        { "Size High", CXL_HDM_SIZE_HIGH, UINT32_MAX, cxl_hdm_range_written },
        { "Control", CXL_HDM_CONTROL, control, cxl_hdm_control_written,
          CTRL(COMMITTED) | CTRL(ERROR) },
        { "Target List Low or DPA Skip Low", CXL_HDM_TARGET_LOW, last,
          cxl_hdm_range_written },
        { "Target List High or DPA Skip High", CXL_HDM_TARGET_HIGH, UINT32_MAX,
          cxl_hdm_range_written },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
        const CXLRegRow row = {
            .name = regs[i].name, .offset = regs[i].offset, .width = 4,
            .count = hdm->config.count, .stride = CXL_HDM_DECODER_STRIDE,
            .wmask = regs[i].wmask, .written = regs[i].written,
            .live = regs[i].live,
        };

        cxl_regfile_add(hdm->rf, hdm->offset + CXL_HDM_DECODER(0), &row, 1,
                        hdm);
    }
}

void cxl_hdm_init(CXLHdm *hdm, CXLRegFile *rf, uint32_t offset,
                  const CXLHdmConfig *config,
                  void (*changed)(void *opaque), void *opaque)
{
    const CXLRegRow rows[] = {
        {
            .name = "CXL HDM Decoder Capability", .width = 4,
            .offset = CXL_HDM_CAPABILITY, .reset = cxl_hdm_capability(config),
        }, {
            .name = "CXL HDM Decoder Global Control", .width = 4,
            .offset = CXL_HDM_GLOBAL_CONTROL,
            .wmask = config->endpoint ? R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK
                                      : 0,
            .written = cxl_hdm_global_written,
        },
    };

    assert(cxl_hdm_count_valid(config->count, config->endpoint));
    *hdm = (CXLHdm) {
        .rf = rf, .offset = offset, .config = *config,
        .changed = changed, .opaque = opaque,
    };
    cxl_regfile_add(rf, offset, rows, ARRAY_SIZE(rows), hdm);
    cxl_hdm_add_decoders(hdm);
}

void cxl_hdm_sync(CXLHdm *hdm)
{
    for (unsigned n = 0; n < hdm->config.count; n++) {
        hdm->refusal[n] = CXL_HDM_REFUSED_NOT;
        if (!cxl_hdm_committed(hdm, n)) {
            hdm->dpa[n] = 0;
        }
        cxl_hdm_protect(hdm, n);
    }
}

/* A decoder's DPA is in order, even if those below it were uncommitted */
static bool cxl_hdm_dpa_consistent(const CXLHdm *hdm, unsigned n,
                                   const CXLDecoder *d)
{
    uint64_t end = hdm->config.dpa_size;

    for (unsigned i = n + 1; i < hdm->config.count; i++) {
        if (cxl_hdm_committed(hdm, i)) {
            end = MIN(end, hdm->dpa[i]);
        }
    }
    return d->dpa <= end && d->size / d->ways <= end - d->dpa;
}

bool cxl_hdm_consistent(const CXLHdm *hdm)
{
    for (unsigned n = 0; n < hdm->config.count; n++) {
        CXLDecoder d;

        if (!cxl_hdm_committed(hdm, n)) {
            continue;
        }
        cxl_hdm_read(hdm, n, &d);
        if (cxl_hdm_check_fields(hdm, &d) ||
            cxl_hdm_check_neighbours(hdm, n, &d) ||
            (hdm->config.endpoint && !cxl_hdm_dpa_consistent(hdm, n, &d))) {
            return false;
        }
    }
    return true;
}

CXLHdmRefusal cxl_hdm_refusal(const CXLHdm *hdm, unsigned n)
{
    return n < hdm->config.count ? hdm->refusal[n] : CXL_HDM_REFUSED_NOT;
}

bool cxl_hdm_enabled(const CXLHdm *hdm)
{
    /* CXL host bridges and upstream switch ports always use their decoders */
    return !hdm->config.endpoint ||
           FIELD_EX32(cxl_regfile_get(hdm->rf,
                                      hdm->offset + CXL_HDM_GLOBAL_CONTROL, 4),
                      CXL_HDM_GLOBAL_CONTROL, ENABLE);
}

bool cxl_hdm_any_committed(const CXLHdm *hdm)
{
    for (unsigned n = 0; n < hdm->config.count; n++) {
        if (cxl_hdm_committed(hdm, n)) {
            return true;
        }
    }
    return false;
}

bool cxl_hdm_decoder(const CXLHdm *hdm, unsigned n, CXLDecoder *out)
{
    if (n >= hdm->config.count || !cxl_hdm_enabled(hdm) ||
        !cxl_hdm_committed(hdm, n)) {
        return false;
    }
    cxl_hdm_read(hdm, n, out);
    return true;
}

static void cxl_hdm_write_pair(CXLHdm *hdm, unsigned n, uint32_t low,
                               uint64_t value)
{
    cxl_regfile_write(hdm->rf, cxl_hdm_at(hdm, n, low), value, 8);
}

bool cxl_hdm_program(CXLHdm *hdm, unsigned n, const CXLDecoderSetup *setup)
{
    const CXLDecoder *d = &setup->decoder;
    uint64_t last = setup->skip;
    uint32_t control = 0;

    if (n >= hdm->config.count || cxl_ways_encode(d->ways) < 0 ||
        cxl_granularity_encode(d->granularity) < 0) {
        return false;
    }
    control = FIELD_DP32(control, CXL_HDM_CONTROL, IW,
                         cxl_ways_encode(d->ways));
    control = FIELD_DP32(control, CXL_HDM_CONTROL, IG,
                         cxl_granularity_encode(d->granularity));
    control |= CTRL(HOST_ONLY) | (setup->lock ? CTRL(LOCK) : 0);
    if (!hdm->config.endpoint) {
        last = 0;
        for (unsigned i = 0; i < MIN(d->ways, sizeof(last)); i++) {
            last |= (uint64_t)d->targets[i] << (BITS_PER_BYTE * i);
        }
    }
    cxl_hdm_write_pair(hdm, n, CXL_HDM_BASE_LOW, d->base);
    cxl_hdm_write_pair(hdm, n, CXL_HDM_SIZE_LOW, d->size);
    cxl_hdm_write_pair(hdm, n, CXL_HDM_TARGET_LOW, last);
    cxl_regfile_write(hdm->rf, cxl_hdm_at(hdm, n, CXL_HDM_CONTROL),
                      control | (setup->commit ? CTRL(COMMIT) : 0), 4);
    return !setup->commit || cxl_hdm_committed(hdm, n);
}

void cxl_hdm_enable(CXLHdm *hdm)
{
    cxl_regfile_write(hdm->rf, hdm->offset + CXL_HDM_GLOBAL_CONTROL,
                      R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK, 4);
}

/* Why its last commit failed; after a load, why it would fail now */
static CXLHdmRefusal cxl_hdm_why(const CXLHdm *hdm, unsigned n)
{
    CXLDecoder d;

    return hdm->refusal[n] ?: cxl_hdm_check(hdm, n, &d);
}

bool cxl_hdm_state(const CXLHdm *hdm, unsigned n, CXLDecoderState *out)
{
    if (n >= hdm->config.count) {
        return false;
    }
    *out = (CXLDecoderState) {
        .control = cxl_hdm_get(hdm, n, CXL_HDM_CONTROL),
        .endpoint = hdm->config.endpoint,
    };
    cxl_hdm_read(hdm, n, &out->d);
    if (out->endpoint) {
        out->skip = cxl_hdm_get_pair(hdm, n, CXL_HDM_SKIP_LOW);
    }
    out->committed = out->control & CTRL(COMMITTED);
    out->locked = out->committed && (out->control & CTRL(LOCK));
    out->error = out->control & CTRL(ERROR);
    if (out->error) {
        out->refusal = cxl_hdm_refusal_text(cxl_hdm_why(hdm, n));
        out->section = cxl_hdm_refusal_section(cxl_hdm_why(hdm, n));
    }
    return true;
}

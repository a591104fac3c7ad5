/*
 * A driver of HDM decoders that are alone in a register file, for unit tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CXL_HDM_DRIVER_H
#define TESTS_UNIT_CXL_HDM_DRIVER_H

#include "hw/cxl/regs/hdm.h"
#include "hw/cxl/spec/registers.h"

#define BLOCK   CXL_CM_SIZE
#define HDM     0x128
#define UNIT    CXL_HDM_ALIGN
#define TARGETS 0x0706050403020100ull

/* What a driver programs; sizes and addresses in units of 256 MiB */
typedef struct Program {
    uint64_t base, size, skip;
    unsigned iw, ig;
    bool lock;
    uint64_t targets;
} Program;

static CXLRegFile rf;
static CXLHdm hdm;
static unsigned changes, refusals;
static CXLHdmRefusal last_refusal;
static unsigned last_decoder;

static inline void changed(void *opaque)
{
    g_assert_true(opaque == &rf);
    changes++;
}

static inline void refused(void *opaque, unsigned n, CXLHdmRefusal why)
{
    g_assert_true(opaque == &rf);
    refusals++;
    last_decoder = n;
    last_refusal = why;
}

static inline void set_up(const CXLHdmConfig *config)
{
    cxl_regfile_init(&rf, BLOCK);
    cxl_hdm_init(&hdm, &rf, HDM, config, changed, &rf);
    hdm.refused = refused;
    changes = refusals = 0;
}

static inline void set_up_endpoint(unsigned count, uint64_t units)
{
    const CXLHdmConfig config = {
        .count = count, .endpoint = true, .dpa_size = units * UNIT,
    };

    set_up(&config);
    cxl_regfile_write(&rf, HDM + CXL_HDM_GLOBAL_CONTROL,
                      R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK, 4);
    changes = 0;
}

static inline void set_up_port(unsigned count, unsigned targets)
{
    const CXLHdmConfig config = { .count = count, .targets = targets };

    set_up(&config);
}

static inline void tear_down(void)
{
    cxl_regfile_destroy(&rf);
}

static inline uint32_t get(unsigned n, uint32_t reg)
{
    return cxl_regfile_read(&rf, HDM + CXL_HDM_DECODER(n) + reg, 4);
}

static inline void put(unsigned n, uint32_t reg, uint32_t value)
{
    cxl_regfile_write(&rf, HDM + CXL_HDM_DECODER(n) + reg, value, 4);
}

static inline void put_pair(unsigned n, uint32_t low, uint64_t value)
{
    put(n, low, value);
    put(n, low + 4, value >> 32);
}

static inline bool committed(unsigned n)
{
    return get(n, CXL_HDM_CONTROL) & R_CXL_HDM_CONTROL_COMMITTED_MASK;
}

static inline bool error(unsigned n)
{
    return get(n, CXL_HDM_CONTROL) & R_CXL_HDM_CONTROL_ERROR_MASK;
}

static inline void uncommit(unsigned n)
{
    put(n, CXL_HDM_CONTROL, 0);
}

/* As a driver does it, Control last; returns why it was refused */
static inline CXLHdmRefusal commit(unsigned n, const Program *p)
{
    uint32_t control = R_CXL_HDM_CONTROL_COMMIT_MASK |
                       R_CXL_HDM_CONTROL_HOST_ONLY_MASK;

    put_pair(n, CXL_HDM_BASE_LOW, p->base * UNIT);
    put_pair(n, CXL_HDM_SIZE_LOW, p->size * UNIT);
    put_pair(n, CXL_HDM_TARGET_LOW, hdm.config.endpoint ? p->skip * UNIT
                                                        : p->targets);
    control = FIELD_DP32(control, CXL_HDM_CONTROL, IG, p->ig);
    control = FIELD_DP32(control, CXL_HDM_CONTROL, IW, p->iw);
    control = FIELD_DP32(control, CXL_HDM_CONTROL, LOCK, p->lock);
    put(n, CXL_HDM_CONTROL, control);
    /* Exactly one of the two, CXL r3.1 8.2.4.20.12 */
    g_assert_true(committed(n) != error(n));
    g_assert_cmpint(cxl_hdm_refusal(&hdm, n) == CXL_HDM_REFUSED_NOT, ==,
                    committed(n));
    return cxl_hdm_refusal(&hdm, n);
}

/* A refused decoder does not decode, can be repaired, and harms no other */
static inline void must_fail(unsigned n, const Program *p, CXLHdmRefusal why)
{
    CXLDecoder d;
    unsigned was = changes, told = refusals;

    g_assert_cmpint(commit(n, p), ==, why);
    g_assert_cmpuint(changes, ==, was);
    g_assert_cmpuint(refusals, ==, told + 1);
    g_assert_cmpuint(last_decoder, ==, n);
    g_assert_cmpint(last_refusal, ==, why);
    g_assert_false(cxl_hdm_decoder(&hdm, n, &d));
    uncommit(n);
    g_assert_false(error(n));
    g_assert_cmpint(cxl_hdm_refusal(&hdm, n), ==, CXL_HDM_REFUSED_NOT);
    g_assert_cmpuint(changes, ==, was);
}

static inline void must_commit(unsigned n, const Program *p)
{
    unsigned was = changes;

    g_assert_cmpint(commit(n, p), ==, CXL_HDM_REFUSED_NOT);
    g_assert_cmpuint(changes, ==, was + 1);
}

#endif /* TESTS_UNIT_CXL_HDM_DRIVER_H */

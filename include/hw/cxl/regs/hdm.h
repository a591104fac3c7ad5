/*
 * CXL r3.1 8.2.4.20: HDM Decoder Capability
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_REGS_HDM_H
#define HW_CXL_REGS_HDM_H

#include "hw/cxl/cxl-decoder.h"
#include "hw/cxl/regs/regfile.h"

/* CXL r3.1 8.2.4.20.1: decoder counts that Decoder Count can encode */
#define CXL_HDM_PORT_DECODERS_MAX       32
#define CXL_HDM_ENDPOINT_DECODERS_MAX   10

/* Whether Decoder Count has an encoding for @count decoders */
bool cxl_hdm_count_valid(unsigned count, bool endpoint);
/* The legal counts in words, for an Error */
const char *cxl_hdm_count_legal(bool endpoint);

/**
 * CXLHdmConfig: what kind of decoders a component has
 * @count: number of decoders
 * @endpoint: decoders map to DPA and have DPA Skip; otherwise to targets
 * @targets: ports only: legal port numbers are checked by the route, not
 *           here; this is Target Count, 1, 2, 4 or 8
 * @dpa_size: endpoints only: bytes of DPA space that can be mapped
 */
typedef struct CXLHdmConfig {
    unsigned count;
    bool endpoint;
    unsigned targets;
    uint64_t dpa_size;
} CXLHdmConfig;

/* Why a commit was refused, or a write to a decoder ignored */
typedef enum CXLHdmRefusal {
    CXL_HDM_REFUSED_NOT,
    CXL_HDM_REFUSED_ORDER,
    CXL_HDM_REFUSED_ZERO_SIZE,
    CXL_HDM_REFUSED_WRAP,
    CXL_HDM_REFUSED_WAYS_RESERVED,
    CXL_HDM_REFUSED_WAYS_PORT,
    CXL_HDM_REFUSED_GRANULARITY,
    CXL_HDM_REFUSED_SIZE_WAYS,
    CXL_HDM_REFUSED_TARGETS,
    CXL_HDM_REFUSED_OVERLAP,
    CXL_HDM_REFUSED_DPA,
    CXL_HDM_REFUSED_DPA_OVERLAP,
    CXL_HDM_IGNORED_LOCKED,
    CXL_HDM_IGNORED_COMMITTED,
} CXLHdmRefusal;

/**
 * CXLHdm: the decoders of one component, in its register file
 * @dpa: CXL r3.1 8.2.4.20.13: DPABase of each committed decoder, as its commit
 *       found it; part of the owner's VMState
 * @refusal: why the last commit of each decoder was refused
 * @changed: called after the set of committed decoders has changed
 * @refused: called when a commit was refused or a write was ignored; set by
 *           the owner after cxl_hdm_init(), or left NULL
 */
typedef struct CXLHdm {
    CXLRegFile *rf;
    uint32_t offset;
    CXLHdmConfig config;
    uint64_t dpa[CXL_HDM_PORT_DECODERS_MAX];
    uint8_t refusal[CXL_HDM_PORT_DECODERS_MAX];
    void (*changed)(void *opaque);
    void (*refused)(void *opaque, unsigned n, CXLHdmRefusal why);
    void *opaque;
} CXLHdm;

/* Bytes that the capability takes for @count decoders */
uint32_t cxl_hdm_size(unsigned count);
void cxl_hdm_init(CXLHdm *hdm, CXLRegFile *rf, uint32_t offset,
                  const CXLHdmConfig *config,
                  void (*changed)(void *opaque), void *opaque);
/* After a reset or load of the register file: locks as the registers say */
void cxl_hdm_sync(CXLHdm *hdm);

/* Whether every committed decoder would pass the checks: for a loaded state */
bool cxl_hdm_consistent(const CXLHdm *hdm);

/* Why the last commit of decoder @n was refused */
CXLHdmRefusal cxl_hdm_refusal(const CXLHdm *hdm, unsigned n);
/* The same in words, to follow "decoder n: " */
const char *cxl_hdm_refusal_text(CXLHdmRefusal why);
/* The section of CXL r3.1 that says so */
const char *cxl_hdm_refusal_section(CXLHdmRefusal why);

/*
 * Write @setup to decoder @n through its registers, as software does; false
 * when it was to be committed and is not
 */
bool cxl_hdm_program(CXLHdm *hdm, unsigned n, const CXLDecoderSetup *setup);
/* CXL r3.1 8.2.4.20.2: set HDM Decoder Enable of an endpoint */
void cxl_hdm_enable(CXLHdm *hdm);

/* Whether any decoder is committed, be decoding enabled or not */
bool cxl_hdm_any_committed(const CXLHdm *hdm);
/* Read decoder @n into @out; false when it is not committed or not enabled */
bool cxl_hdm_decoder(const CXLHdm *hdm, unsigned n, CXLDecoder *out);
/* Read decoder @n into @out as it stands; false past the last */
bool cxl_hdm_state(const CXLHdm *hdm, unsigned n, CXLDecoderState *out);
/* CXL r3.1 8.2.4.20.2: HDM Decoder Enable, which only endpoints obey */
bool cxl_hdm_enabled(const CXLHdm *hdm);

#endif /* HW_CXL_REGS_HDM_H */

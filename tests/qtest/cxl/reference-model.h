/*
 * A naive model of CXL address decoding and memory
 *
 * Holds what software has written to each decoder and works everything out
 * anew for each single byte, bit by bit, as the specification puts it. It
 * shares no code with the emulation but the offsets of registers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_REFERENCE_MODEL_H
#define QTEST_CXL_REFERENCE_MODEL_H

#include "hw/registerfields.h"
#include "hw/cxl/spec/registers.h"

#define REF_UNIT            (256 * 1024 * 1024ULL)
#define REF_DECODERS_MAX    32
#define REF_PORTS_MAX       256
#define REF_WAYS_MAX        16
#define REF_XORMAPS_MAX     8
#define REF_WINDOWS_MAX     8
#define REF_NODES_MAX       64
#define REF_PAGE            4096

/**
 * RefNode: a host bridge, a switch or a memory device
 * @nr_decoders: 0 when a port leads everything to its only child
 * @nr_targets: CXL r3.1 8.2.4.20.1: Target Count of a port
 * @regs: the registers of each decoder, by dword
 * @dpa_base: CXL r3.1 8.2.4.20.13: where each committed decoder begins
 * @child: what is behind each port number
 * @volatile_size: bytes of @size that are volatile, the first ones
 * @hdm_enable, @mem_enable: whether an endpoint decodes at all
 * @bytes: what its memory should hold
 * @touched: pages of @bytes that were ever written
 */
typedef struct RefNode {
    char id[16];
    bool endpoint;
    unsigned nr_decoders;
    unsigned nr_targets;
    uint32_t regs[REF_DECODERS_MAX][CXL_HDM_DECODER_STRIDE / 4];
    uint64_t dpa_base[REF_DECODERS_MAX];
    struct RefNode *child[REF_PORTS_MAX];
    uint64_t volatile_size;
    uint64_t size;
    bool hdm_enable;
    bool mem_enable;
    uint8_t *bytes;
    unsigned long *touched;
} RefNode;

/**
 * RefWindow: CXL r3.1 9.18.1.3: a fixed memory window
 * @xormaps: CXL r3.1 9.18.1.4: of the windows of its granularity, when @xor
 */
typedef struct RefWindow {
    uint64_t base;
    uint64_t size;
    unsigned ways;
    unsigned granularity;
    bool xor;
    unsigned nr_xormaps;
    uint64_t xormaps[REF_XORMAPS_MAX];
    RefNode *bridges[REF_WAYS_MAX];
} RefWindow;

typedef struct RefModel {
    RefWindow windows[REF_WINDOWS_MAX];
    unsigned nr_windows;
    RefNode *nodes[REF_NODES_MAX];
    unsigned nr_nodes;
} RefModel;

RefModel *ref_model_new(void);
void ref_model_free(RefModel *m);
RefNode *ref_port_new(RefModel *m, const char *id, unsigned nr_decoders,
                      unsigned nr_targets);
RefNode *ref_mem_new(RefModel *m, const char *id, unsigned nr_decoders,
                     uint64_t volatile_size, uint64_t persistent_size);

/* Every decoder as a reset leaves it; memory keeps what it holds */
void ref_reset(RefModel *m);
/* Software writes a register of decoder @n, by its offset, or reads it */
void ref_reg_write(RefNode *node, unsigned n, unsigned offset, uint32_t value);
uint32_t ref_reg_read(const RefNode *node, unsigned n, unsigned offset);

bool ref_committed(const RefNode *node, unsigned n);
uint64_t ref_base(const RefNode *node, unsigned n);
uint64_t ref_size(const RefNode *node, unsigned n);
/* Ways that a code of Interleave Ways stands for; 0: reserved */
unsigned ref_ways(unsigned code);
/* Bytes of device memory behind one decoder */
uint64_t ref_share(const RefNode *node, unsigned n);

/* The device that has the byte at @hpa, and its address there; or NULL */
RefNode *ref_translate(const RefModel *m, uint64_t hpa, uint64_t *dpa);
/* Nothing is written where nothing decodes, and all ones are read there */
void ref_write(RefModel *m, uint64_t hpa, const void *buf, size_t len);
void ref_read(const RefModel *m, uint64_t hpa, void *buf, size_t len);
/* Whether a window has the byte at @hpa; others are none of our business */
bool ref_in_window(const RefModel *m, uint64_t hpa);

#endif /* QTEST_CXL_REFERENCE_MODEL_H */

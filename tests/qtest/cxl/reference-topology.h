/*
 * A random machine with CXL memory, beside the model of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_REFERENCE_TOPOLOGY_H
#define QTEST_CXL_REFERENCE_TOPOLOGY_H

#include "libqos/cxl.h"
#include "reference-model.h"

/**
 * RefMachine: a running machine
 * @rand: where every decision comes from, so that a seed makes a run
 * @fast: whether devices may be mapped fast
 * @comp, @fn: registers, and function if any, of each of @model's nodes
 * @slow: of each node: whether this device is never mapped fast
 * @read: everything that was read, to compare runs by
 * @checked: bytes that were compared with the model
 * @attempts, @refusals: commits, and how many of them were refused
 * @regions: that were made, by their ways
 * @xor_regions: how many of them windows interleave by XOR
 */
typedef struct RefMachine {
    QCXL *q;
    RefModel *model;
    GRand *rand;
    bool fast;
    QCXLComponent comp[REF_NODES_MAX];
    QCXLFn *fn[REF_NODES_MAX];
    bool slow[REF_NODES_MAX];
    GChecksum *read;
    uint64_t checked;
    unsigned attempts;
    unsigned refusals;
    unsigned regions[REF_WAYS_MAX + 1];
    unsigned xor_regions;
} RefMachine;

/* Make and start a machine; every decision follows from @seed */
RefMachine *ref_machine_start(uint32_t seed, bool fast);
void ref_machine_quit(RefMachine *r);
/* System reset of machine and model, and enumeration anew */
void ref_machine_reset(RefMachine *r);

/* A number below @n */
unsigned ref_rand(RefMachine *r, unsigned n);
/* Whether something happens that does once in @n times */
bool ref_once_in(RefMachine *r, unsigned n);
/* Put @n elements of @v into random order */
void ref_shuffle(RefMachine *r, unsigned *v, unsigned n);

/* Write a register of machine and model */
void ref_machine_write_reg(RefMachine *r, unsigned node, unsigned n,
                           unsigned offset, uint32_t value);
/* Compare all registers of decoder @n */
void ref_machine_check_regs(RefMachine *r, unsigned node, unsigned n);
/* HDM Decoder Enable and Mem_Enable of an endpoint */
void ref_machine_enable(RefMachine *r, unsigned node, bool hdm, bool mem);

#endif /* QTEST_CXL_REFERENCE_TOPOLOGY_H */

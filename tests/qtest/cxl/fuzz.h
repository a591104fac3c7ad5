/*
 * A structured fuzzer of machines with CXL memory
 *
 * A round is one machine, of a topology and with operations that follow from
 * a seed. Operations become lines of a trace: commands of the qtest protocol,
 * sent in batches, and a few of the fuzzer's own. A trace can be replayed
 * without the generator that wrote it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_FUZZ_H
#define QTEST_CXL_FUZZ_H

#include "libqos/cxl.h"
#include "hw/cxl/cci/cci.h"

/**
 * FuzzComp: component registers, of a host bridge or a function
 * @fn: NULL for a host bridge's
 */
typedef struct FuzzComp {
    const QCXLComponent *comp;
    QCXLFn *fn;
} FuzzComp;

/**
 * FuzzFn: a function as enumeration left it
 * @exp: offset of its PCI Express capability
 * @header: the beginning of its configuration space
 */
typedef struct FuzzFn {
    QCXLFn *fn;
    unsigned exp;
    uint8_t header[64];
} FuzzFn;

/**
 * Fuzz: a fuzzer, and the machine of the round
 * @state: of the generator of random numbers
 * @trace: where lines are noted before they are sent; or NULL
 * @batch: lines that are to be sent, @queued of them
 * @uuids: UUIDs that some command of the device knows, CXLUuid
 * @schema: commands that QMP offers for CXL
 * @mems, @ports: QCXLFn; @comps: FuzzComp; of the machine as enumerated last
 * @fns: FuzzFn, all of them
 * @doe, @device_dvsec: offsets in the configuration space of memory devices
 * @slots: how to plug each memory device, as arguments of device_add
 * @ids: what QMP may be told about
 * @barren: how often in turn there was no memory device to be had
 */
typedef struct Fuzz {
    QCXL *q;
    unsigned topology;
    uint64_t state;
    FILE *trace;
    GString *batch;
    unsigned queued;
    GArray *uuids;
    struct FuzzSchema *schema;
    GPtrArray *mems;
    GPtrArray *ports;
    GArray *comps;
    GArray *fns;
    unsigned doe;
    unsigned device_dvsec;
    GPtrArray *slots;
    GPtrArray *ids;
    unsigned barren;
    /* What was done since the start, rounds altogether */
    uint64_t operations;
    uint64_t commands;
    uint64_t lines;
    uint64_t qmps;
} Fuzz;

/* Random numbers */

uint64_t fuzz_random(Fuzz *f);
/* Below @n, which is not 0 */
uint64_t fuzz_below(Fuzz *f, uint64_t n);
bool fuzz_percent(Fuzz *f, unsigned percent);
/* One in which bugs like to hide, of @bits bits */
uint64_t fuzz_value(Fuzz *f, unsigned bits);

/* What is sent */

/* An access of 1, 2, 4 or 8 bytes; what a read answers does not matter */
void fuzz_write(Fuzz *f, uint64_t addr, unsigned size, uint64_t value);
void fuzz_read(Fuzz *f, uint64_t addr, unsigned size);
void fuzz_fill(Fuzz *f, uint64_t addr, const uint8_t *bytes, size_t len);
/* Let virtual time go by */
void fuzz_sleep(Fuzz *f, uint64_t ns);
/* A QMP command, which may fail */
void fuzz_qmp(Fuzz *f, const char *json);
/* System reset, or none, and enumeration */
void fuzz_enumerate(Fuzz *f, bool reset);
/* Wait until all of it has been done */
void fuzz_flush(Fuzz *f);
/* Do what a line of a trace says */
void fuzz_line(Fuzz *f, const char *line);

/* Configuration space */
uint64_t fuzz_config(const QCXLFn *fn, unsigned offset);

/* Machines */

/* How many topologies there are */
unsigned fuzz_topologies(void);
void fuzz_boot(Fuzz *f, unsigned topology);
void fuzz_quit(Fuzz *f);
/* Find functions and components anew */
void fuzz_look(Fuzz *f);
/* Give back BARs, bus numbers and windows, as enumerated */
void fuzz_repair(Fuzz *f);
/* All devices there, and all registers as firmware leaves them */
void fuzz_renew(Fuzz *f);
/* Whether memory devices are gone, and do not come back */
bool fuzz_is_over(const Fuzz *f);
/* An operation on the machine: plug, unplug, reset, FLR, and so on */
void fuzz_machine(Fuzz *f);

/* Operations on what a function or a bridge shows */

void fuzz_mailbox(Fuzz *f);
void fuzz_registers(Fuzz *f);
void fuzz_config_space(Fuzz *f);
void fuzz_doe(Fuzz *f);
void fuzz_decoders(Fuzz *f);
void fuzz_window(Fuzz *f);

/* The rows of every command set, in the order of opcodes; NULL: no more */
const CXLCmd *fuzz_row(unsigned n);
const CXLCmd *fuzz_any_row(Fuzz *f);

/* QMP commands as the machine's schema describes them */

struct FuzzSchema *fuzz_schema_new(Fuzz *f);
void fuzz_schema_free(struct FuzzSchema *s);
void fuzz_management(Fuzz *f);

#endif /* QTEST_CXL_FUZZ_H */

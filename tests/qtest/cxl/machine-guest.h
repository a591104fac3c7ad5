/*
 * A guest that does what comes to its mind
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_MACHINE_GUEST_H
#define QTEST_CXL_MACHINE_GUEST_H

#include "libqos/cxl.h"

/* Longer requests are made of the shorter ones' lengths only */
#define GUEST_REQUEST_MAX   0x90

/**
 * GuestCommand: a command of the Command Effects Log
 * @len: of the shortest request that is not of a wrong length
 */
typedef struct GuestCommand {
    uint16_t opcode;
    uint16_t effects;
    uint16_t len;
} GuestCommand;

/* The number that the environment has for @name, or @otherwise */
unsigned guest_option(const char *name, unsigned otherwise);
/*
 * Where the guest lives: mem0, which has all that a device can have, at a root
 * port, mem1 and mem2 at a switch, mem3 at another host bridge. All memory is
 * shared.
 */
QCXLTopology *guest_topology(void);
/*
 * That machine anew. What mem0 keeps is lost: a passphrase of the guest before
 * would lock it.
 */
void guest_restart(QCXL *q);

/*
 * Find out what the mailbox of @fn offers, and how long requests have to be,
 * by trying, which leaves a machine that has been through a lot
 */
void guest_learn(QCXLFn *fn);
/* What was learnt of a device that stood there, if in another machine */
const GArray *guest_commands(QCXLFn *fn);

/* The answer of a mailbox that does not answer */
#define GUEST_BUSY          0x10000
/* As qcxl_mbox(), or GUEST_BUSY: the doorbell is set, and stays set */
unsigned guest_command(QCXLFn *fn, uint16_t opcode, const void *in,
                       size_t in_len, void *out, size_t *out_len);

/**
 * Guest: who makes requests
 * @rand: where they come from: the same seed makes the same ones
 * @answers: to all of them so far
 * @time: whether virtual time passes
 */
typedef struct Guest {
    QCXL *q;
    GRand *rand;
    GByteArray *answers;
    bool time;
} Guest;

Guest *guest_new(QCXL *q, uint32_t seed, bool time);
void guest_destroy(Guest *g);
/* Map some of the memory, plainly or interleaved, as a driver would */
void guest_map(Guest *g);
/* Make @nr requests, of any kind but those after which nothing is found */
void guest_request(Guest *g, unsigned nr);

/* Have a fault injected into one of the devices, or all of it taken back */
void guest_fault(Guest *g);

/* Make @nr accesses to where things were, whatever is there now */
void guest_poke(Guest *g, unsigned nr);

#endif /* QTEST_CXL_MACHINE_GUEST_H */

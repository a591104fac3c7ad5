/*
 * Random machines with one region over all of their devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_CXL_EXPLAIN_MACHINE_H
#define TESTS_QTEST_CXL_EXPLAIN_MACHINE_H

#include "libqos/cxl.h"

#define DEVICES_MAX     8

/**
 * Part: a host bridge, a switch or a device
 * @child: by the index of targets of its decoder
 * @d: how it is programmed
 */
typedef struct Part {
    char *id;
    struct Part *child[4];
    char *via[4];
    unsigned nr;
    const QCXLComponent *comp;
    QCXLFn *fn;
    QCXLDecoder d;
} Part;

/**
 * Machine: @bridges host bridges, of @ports root ports each, and below each
 * of these a switch of @leaves ports, or a device if that is 0
 * @spare: bridges and switches have one port more, which is empty
 * @region: as devices decode it
 */
typedef struct Machine {
    QCXL *q;
    unsigned bridges;
    unsigned ports;
    unsigned leaves;
    unsigned granularity;
    bool spare;
    GPtrArray *parts;
    Part *bridge[2];
    unsigned devices;
    QCXLDecoder region;
} Machine;

/* Ports have odd numbers */
static inline unsigned port_number(unsigned n)
{
    return 2 * n + 1;
}

#define SPARE_PORT      port_number(7)
#define NO_PORT         4

/* A machine that runs; devices are checked access by access */
Machine *machine_new(void);
void machine_free(Machine *m);
/* Commit decoder 0 of everything; after a reset, too */
void machine_program(Machine *m);
/* Commit decoder 0 of @part as @part->d says */
void machine_put(Machine *m, Part *part);
/* An address of the region */
uint64_t machine_address(const Machine *m);
/*
 * The @depth-th part on the way of @hpa, or the last one, and the index of the
 * target that has the turn there
 */
Part *machine_way(const Machine *m, uint64_t hpa, unsigned depth,
                  unsigned *turn);
/* The id of the port that @part is below */
const char *machine_port_of(const Machine *m, const Part *part);

#endif /* TESTS_QTEST_CXL_EXPLAIN_MACHINE_H */

/*
 * Random decoder programs: as an operating system's, and others
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_REFERENCE_PROGRAM_H
#define QTEST_CXL_REFERENCE_PROGRAM_H

#include "reference-topology.h"

#define REF_REGION_DECODERS     64
#define REF_REGIONS_MAX         8

/* A decoder that is part of a region */
typedef struct RefMember {
    unsigned node;
    unsigned n;
    QCXLDecoder d;
} RefMember;

/**
 * RefRegion: what an operating system would call one
 * @base, @size: HPA
 * @ways, @granularity: of its endpoints, as numbers
 * @xor: whether its window's targets are selected by XOR
 * @nr: members, ports and endpoints alike; 0: there is no such region
 */
typedef struct RefRegion {
    uint64_t base;
    uint64_t size;
    unsigned ways;
    unsigned granularity;
    bool xor;
    unsigned nr;
    RefMember members[REF_REGION_DECODERS];
} RefRegion;

/*
 * Make a random region, such that each of its bytes is a byte of its own of
 * the devices, and program and commit it. False when none fits.
 */
bool ref_region_create(RefMachine *r, RefRegion *region);
/* Uncommit what is left of it, in any order */
void ref_region_destroy(RefMachine *r, RefRegion *region);
/* Uncommit all decoders of a node */
void ref_uncommit_all(RefMachine *r, unsigned node);
/* The same with members that do not agree, as far as they can be committed */
bool ref_region_create_wrong(RefMachine *r, RefRegion *region);

/* Write anything to any decoder, and try to commit it */
void ref_program_any(RefMachine *r);
/* Attempts to change committed decoders otherwise than by Commit */
void ref_program_committed(RefMachine *r);
/* Lock some of what is committed: only a reset ends it */
void ref_program_locked(RefMachine *r);
/* Turn endpoints off and on */
void ref_program_enables(RefMachine *r);
void ref_program_enable_all(RefMachine *r);

#endif /* QTEST_CXL_REFERENCE_PROGRAM_H */

/*
 * CXL r3.1 8.2.4.20.13, 9.13.1, 9.18.1.3: interleave arithmetic
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/cxl/decode/interleave.h"

/*
 * The specification writes the arithmetic as bit fields: for 2^n ways the
 * position is a field of the address, for 3 * 2^n ways the bits above the
 * granule are divided by 3 after n of them were dropped. Both are the
 * quotient and the remainder of the granule's number by the ways, because
 * (x >> n) / 3 == x / (3 << n) for whole numbers.
 */

/* CXL r3.1 9.13.1.1: targets take turns, one granule each */
unsigned cxl_interleave_position(uint64_t offset, unsigned ways,
                                 unsigned granularity)
{
    return offset / granularity % ways;
}

/* CXL r3.1 8.2.4.20.13: Device Decode Logic, HPAOFFSET to DPAOFFSET */
uint64_t cxl_interleave_to_device(uint64_t offset, unsigned ways,
                                  unsigned granularity)
{
    return offset / granularity / ways * granularity + offset % granularity;
}

/* CXL r3.1 8.2.4.20.13: DPAOFFSET back to HPAOFFSET */
uint64_t cxl_interleave_from_device(uint64_t share, unsigned position,
                                    unsigned ways, unsigned granularity)
{
    uint64_t granule = share / granularity * ways + position;

    return granule * granularity + share % granularity;
}

/* CXL r3.1 9.18.1.4: NIB, the number of XORMAPs: log2 of ways or ways / 3 */
static unsigned interleave_nr_xormaps(unsigned ways)
{
    return ctz32(ways);
}

/*
 * CXL r3.1 9.18.1.4: XORMAP List. Which bits are folded into the lowest one
 * is up to the platform. With 256 bytes these are 0x404100, 0x808200,
 * 0x1010400 and 0x2020800; coarser granules see the same pattern of turns.
 */
unsigned cxl_interleave_xormaps(unsigned ways, unsigned granularity,
                                uint64_t maps[CXL_XORMAPS_MAX])
{
    const uint64_t pattern = 1 << 0 | 1 << 6 | 1 << 14;
    unsigned nr = interleave_nr_xormaps(ways);

    for (unsigned n = 0; n < nr; n++) {
        maps[n] = (pattern << n) * granularity;
    }
    return nr;
}

/*
 * CXL r3.1 9.18.1.3, Interleave Target List: bit n of the target's index is
 * XORALLBITS(HPA & XORMAP[n]); what is left of 3 * 2^n ways is modulo 3, as
 * in the other arithmetic. The n-th map replaces just the bit that it stands
 * in for, so that addresses which differ in nothing else still go to
 * different targets, and each target's share has no holes.
 */
unsigned cxl_interleave_position_xor(uint64_t hpa, unsigned ways,
                                     unsigned granularity,
                                     const uint64_t *maps)
{
    unsigned position = cxl_interleave_position(hpa, ways, granularity);

    for (unsigned n = 0; n < interleave_nr_xormaps(ways); n++) {
        position &= ~(1u << n);
        position |= (ctpop64(hpa & maps[n]) & 1) << n;
    }
    return position;
}

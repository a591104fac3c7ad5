/*
 * CXL r3.1 8.2.4.20.13, 9.13.1: interleave arithmetic
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
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

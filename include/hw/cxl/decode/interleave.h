/*
 * CXL r3.1 8.2.4.20.13, 9.13.1, 9.18.1.3: interleave arithmetic, pure
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_INTERLEAVE_H
#define HW_CXL_DECODE_INTERLEAVE_H

#include "hw/cxl/cxl-decoder.h"

/*
 * Offsets are in bytes from the decoder's base. @ways and @granularity are
 * legal ones, as cxl_ways_decode() and cxl_granularity_decode() give them.
 */

/* Which of @ways targets the byte at @offset belongs to */
unsigned cxl_interleave_position(uint64_t offset, unsigned ways,
                                 unsigned granularity);
/* Where in its target's share the byte at @offset stands */
uint64_t cxl_interleave_to_device(uint64_t offset, unsigned ways,
                                  unsigned granularity);
/* The inverse: the offset of byte @share of the target at @position */
uint64_t cxl_interleave_from_device(uint64_t share, unsigned position,
                                    unsigned ways, unsigned granularity);

/* CXL r3.1 9.18.1.3: a bit of the target's index each, up to 16 ways */
#define CXL_XORMAPS_MAX         4

/*
 * CXL r3.1 9.18.1.4: the maps that windows of ours use and publish, as many
 * as @ways need: none for 1 and 3. Returns how many it filled in.
 */
unsigned cxl_interleave_xormaps(unsigned ways, unsigned granularity,
                                uint64_t maps[CXL_XORMAPS_MAX]);
/*
 * Which of @ways targets of a window the host physical address @hpa belongs
 * to. @maps: as many as @ways need, each with the bit that it stands in for,
 * granularity << n for the n-th, as its lowest.
 */
unsigned cxl_interleave_position_xor(uint64_t hpa, unsigned ways,
                                     unsigned granularity,
                                     const uint64_t *maps);

#endif /* HW_CXL_DECODE_INTERLEAVE_H */

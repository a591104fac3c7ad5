/*
 * CXL r3.1 8.2.4.20.13, 9.13.1: interleave arithmetic, pure
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

#endif /* HW_CXL_DECODE_INTERLEAVE_H */

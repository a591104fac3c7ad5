/*
 * Why an address leads where it does, in the machine that runs
 *
 * All of it is called with the BQL held, and changes nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODE_WINDOW_EXPLAIN_H
#define HW_CXL_DECODE_WINDOW_EXPLAIN_H

#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/cxl-port.h"
#include "hw/cxl/decode/explain.h"
#include "hw/cxl/decode/window.h"

/* Explain @hpa; never NULL; free with cxl_explanation_free() */
CXLExplanation *cxl_windows_explain(uint64_t hpa);
/* Explain the address of @dpa of the device @mem, as cxl_explain_dpa() */
CXLExplanation *cxl_windows_explain_dpa(CXLMem *mem, uint64_t dpa);

/* Decoder @n of a port or a device as it stands; false past the last */
bool cxl_window_decoder_state(Object *obj, unsigned n, CXLDecoderState *out);
/*
 * What stands behind port number @target of @port: in @child what takes part
 * in CXL.mem, or NULL, and in @via the port of that number, or NULL
 */
CXLTargetKind cxl_window_target(CXLPort *port, uint8_t target, Object **child,
                                Object **via);

/*
 * A @direction of @size bytes at @hpa has reached nothing: say why, unless
 * the same was said since decoders last changed
 */
void cxl_window_report_miss(const CXLWindow *w, uint64_t hpa, unsigned size,
                            const char *direction);
/* Decoders have changed: what was said may not be true any more */
void cxl_window_forget_misses(void);

#endif /* HW_CXL_DECODE_WINDOW_EXPLAIN_H */

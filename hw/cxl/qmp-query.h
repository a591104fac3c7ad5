/*
 * What the parts of QMP's view into CXL ask of one another
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_QMP_QUERY_H
#define HW_CXL_QMP_QUERY_H

#include "qapi/qapi-types-cxl-query.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/cxl-port.h"

/* Decoder @n of a port or a memory device, and all of them */
CXLDecoderInfo *cxl_query_decoder(unsigned n, const CXLDecoderState *state);
CXLDecoderInfoList *cxl_query_decoders(Object *obj);

/* Window number @index */
CXLWindowInfo *cxl_query_window(unsigned index);
/* The memory device @obj; @parent: the port that it is plugged into, or NULL */
CXLDeviceInfo *cxl_query_device(Object *obj, Object *parent);

#endif /* HW_CXL_QMP_QUERY_H */

/*
 * CXL r3.1 8.2.8.4.7: the background operation of a CCI
 *
 * For cci.c alone; owners and command sets go through cci.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_BACKGROUND_H
#define HW_CXL_CCI_BACKGROUND_H

#include "hw/cxl/cci/cci.h"

extern const VMStateDescription vmstate_cxl_background;

void cxl_background_init(CXLCCI *cci);
void cxl_background_destroy(CXLCCI *cci);
/* Stop without an outcome and forget the last one */
void cxl_background_reset(CXLCCI *cci);
/* Let @row go on for as long as it estimates; none may be running */
void cxl_background_start(CXLCCI *cci, const CXLCmd *row, void *state);
/* After a load: 0, or -EINVAL when the state makes no sense */
int cxl_background_resume(CXLCCI *cci);

#endif /* HW_CXL_CCI_BACKGROUND_H */

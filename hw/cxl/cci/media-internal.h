/*
 * CXL r3.1 8.2.9.9.4: what the source files of poison and scans share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_MEDIA_INTERNAL_H
#define HW_CXL_CCI_MEDIA_INTERNAL_H

#include "hw/cxl/cci/media.h"

/* A General Media Event Record for the line at @dpa, to log @log */
void cxl_media_report(CXLMedia *s, unsigned log, uint64_t dpa,
                      uint8_t transaction_type, uint8_t descriptor);
/*
 * CXL r3.1 8.2.9.9.4.1: decode a range of which bits 5:0 of the address are
 * reserved; false when the device does not have all of it
 */
bool cxl_media_decode_range(const CXLMedia *s, CXLLe64 dpa, CXLLe64 length,
                            CXLPoisonCursor *range);
/*
 * Answer with as many records of @list between @query->next and @query->end
 * as fit; @listed: only of what is listed. Returns how many, and moves
 * @query->next behind them; @more: some are left.
 */
uint16_t cxl_media_add_records(const CXLPoisonList *list,
                               CXLPoisonCursor *query, bool listed,
                               CXLRsp *rsp, bool *more);
/* Take in what was kept in non-volatile memory */
void cxl_media_load(CXLMedia *s);

/* CXL r3.1 8.2.9.9.4.4 to 8.2.9.9.4.6: media scans */
void cxl_scan_add(CXLCCI *cci, CXLMedia *s);
void cxl_scan_destroy(CXLMedia *s);
/* Forget results */
void cxl_scan_reset(CXLMedia *s);
/* Whether a scan goes on */
bool cxl_scan_running(const CXLCCI *cci);

#endif /* HW_CXL_CCI_MEDIA_INTERNAL_H */

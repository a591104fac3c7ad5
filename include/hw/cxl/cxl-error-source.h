/*
 * CXL protocol errors: what a component latches and how it tells the host
 *
 * CXL r3.1 12.2: the error is latched in the RAS registers; unless they mask
 * it, it is an internal error of the PCIe function, and AER sends a message.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CXL_ERROR_SOURCE_H
#define HW_CXL_CXL_ERROR_SOURCE_H

#include "qom/object.h"
#include "hw/cxl/regs/component.h"

#define TYPE_CXL_ERROR_SOURCE "cxl-error-source"
typedef struct CXLErrorSource CXLErrorSource;
typedef struct CXLErrorSourceClass CXLErrorSourceClass;
DECLARE_CLASS_CHECKERS(CXLErrorSourceClass, CXL_ERROR_SOURCE,
                       TYPE_CXL_ERROR_SOURCE)
#define CXL_ERROR_SOURCE(obj) \
    INTERFACE_CHECK(CXLErrorSource, (obj), TYPE_CXL_ERROR_SOURCE)

/**
 * CXLErrorSourceClass: a PCIe function with CXL component registers
 * @component: Returns the registers that have its RAS capability. Called when
 *             an error is reported, of a realized device. Mandatory.
 */
struct CXLErrorSourceClass {
    InterfaceClass parent_class;

    CXLComponent *(*component)(CXLErrorSource *source);
};

/**
 * CXLUncorrectableError: an error and what is known of it
 * @bit: of Uncorrectable Error Status, CXL r3.1 8.2.4.17.1
 * @header: for the Header Log, @dwords long
 */
typedef struct CXLUncorrectableError {
    unsigned bit;
    const uint32_t *header;
    unsigned dwords;
} CXLUncorrectableError;

/* Report correctable errors, bits of Correctable Error Status */
void cxl_error_source_correctable(CXLErrorSource *source, uint32_t status);
/*
 * Report @nr uncorrectable errors that were detected at once: there is one
 * message, fatal if one of them is.
 */
void cxl_error_source_uncorrectable(CXLErrorSource *source,
                                    const CXLUncorrectableError *errors,
                                    unsigned nr);

#endif /* HW_CXL_CXL_ERROR_SOURCE_H */

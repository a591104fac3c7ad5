/*
 * What to call a component of CXL in logs, events and answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_NAME_H
#define HW_CXL_NAME_H

#include "qom/object.h"

/* A device's id, or else its QOM path; free it */
char *cxl_name(Object *obj);

#endif /* HW_CXL_NAME_H */

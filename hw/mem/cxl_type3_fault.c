/*
 * CXL Type 3 device: faults, as those who test drivers want them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

CXLType3 *cxl_type3_find(const char *path, Error **errp)
{
    bool ambiguous = false;
    Object *obj = object_resolve_path_type(path, TYPE_CXL_TYPE3, &ambiguous);

    if (!obj) {
        error_setg(errp, "path '%s' leads to %s " TYPE_CXL_TYPE3, path,
                   ambiguous ? "more than one" : "no");
        return NULL;
    }
    if (!qdev_is_realized(DEVICE(obj))) {
        error_setg(errp, "the device at path '%s' is not realized", path);
        return NULL;
    }
    return CXL_TYPE3(obj);
}

/* What a command that waits starts in the background does not hang either */
void cxl_type3_clear_faults(CXLType3 *ct3)
{
    trace_cxl_type3_clear_faults(cxl_type3_name(ct3));
    cxl_faults_clear(&ct3->cci.faults);
    cxl_mailbox_clear_faults(&ct3->regs.mailbox);
    cxl_cci_background_hang(&ct3->cci, false);
}

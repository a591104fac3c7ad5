/*
 * CXL Type 3 device: faults, as those who test drivers want them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/timer.h"
#include "migration/vmstate.h"
#include "hw/cxl/decode/window.h"
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

static void set_not_ready(CXLType3 *ct3, bool not_ready)
{
    if (not_ready != ct3->dpa.media_not_ready) {
        trace_cxl_type3_not_ready(cxl_type3_name(ct3), not_ready);
        ct3->dpa.media_not_ready = not_ready;
        cxl_type3_show_media(ct3);
        cxl_windows_update();
    }
}

void cxl_type3_make_ready(CXLType3 *ct3)
{
    timer_del(ct3->not_ready.timer);
    ct3->not_ready.end_ns = 0;
    set_not_ready(ct3, false);
}

void cxl_type3_set_not_ready(CXLType3 *ct3, uint32_t ms)
{
    CXLType3NotReady *r = &ct3->not_ready;

    timer_del(r->timer);
    r->end_ns = 0;
    if (ms) {
        r->end_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                    (int64_t)ms * SCALE_MS;
        timer_mod(r->timer, r->end_ns);
    }
    set_not_ready(ct3, true);
}

static void type3_ready(void *opaque)
{
    cxl_type3_make_ready(opaque);
}

void cxl_type3_init_not_ready(CXLType3 *ct3)
{
    ct3->not_ready = (CXLType3NotReady) {
        .timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, type3_ready, ct3),
    };
}

void cxl_type3_destroy_not_ready(CXLType3 *ct3)
{
    g_clear_pointer(&ct3->not_ready.timer, timer_free);
}

/* Media that are ready already do not mind a timer; registers follow */
static int type3_not_ready_post_load(void *opaque, int version_id)
{
    CXLType3NotReady *r = opaque;

    timer_del(r->timer);
    if (r->end_ns < 0) {
        r->end_ns = 0;
        return -EINVAL;
    }
    if (r->end_ns) {
        timer_mod(r->timer, r->end_ns);
    }
    return 0;
}

const VMStateDescription vmstate_cxl_type3_not_ready = {
    .name = "cxl-type3-not-ready",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = type3_not_ready_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_INT64(end_ns, CXLType3NotReady),
        VMSTATE_END_OF_LIST()
    },
};

/* What a command that waits starts in the background does not hang either */
void cxl_type3_clear_faults(CXLType3 *ct3)
{
    trace_cxl_type3_clear_faults(cxl_type3_name(ct3));
    cxl_faults_clear(&ct3->cci.faults);
    cxl_mailbox_clear_faults(&ct3->regs.mailbox);
    cxl_cci_background_hang(&ct3->cci, false);
    cxl_type3_make_ready(ct3);
}

/*
 * CXL Type 3 device: poison: what the host gets that reads it, and how memory
 * maps follow where it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "hw/cxl/decode/window.h"
#include "cxl_type3_internal.h"

#define POISON_MODE_MCE     "mce"
#define POISON_MODE_DATA    "data"

bool cxl_type3_check_poison(const CXLType3 *ct3, Error **errp)
{
    const char *mode = ct3->poison_mode ?: POISON_MODE_MCE;

    if (strcmp(mode, POISON_MODE_MCE) && strcmp(mode, POISON_MODE_DATA)) {
        error_setg(errp, "cxl-type3: property 'poison' cannot be '%s'; legal "
                   "values are '" POISON_MODE_MCE "' and '" POISON_MODE_DATA
                   "'", mode);
        return false;
    }
    if (!ct3->poison_list_max ||
        ct3->poison_list_max > CXL_POISON_RANGES_MAX) {
        error_setg(errp, "cxl-type3: property 'poison-list-max' cannot be %u; "
                   "it must be from 1 to %u", ct3->poison_list_max,
                   CXL_POISON_RANGES_MAX);
        return false;
    }
    /* CXL r3.1 8.2.9.9.1.1: Inject Poison Limit: 0 would be none */
    if (!ct3->poison_inject_max || ct3->poison_inject_max > UINT16_MAX) {
        error_setg(errp, "cxl-type3: property 'poison-inject-max' cannot be "
                   "%u; it must be from 1 to %u", ct3->poison_inject_max,
                   UINT16_MAX);
        return false;
    }
    return true;
}

static void type3_poison_consumed(CXLDpa *d, uint64_t dpa, unsigned size)
{
    cxl_media_consumed(&container_of(d, CXLType3, dpa)->media, dpa, size);
}

static void type3_poison_written(CXLDpa *d, uint64_t dpa, unsigned size)
{
    cxl_media_written(&container_of(d, CXLType3, dpa)->media, dpa, size);
}

static const CXLDpaPoisonOps type3_poison_ops = {
    .consumed = type3_poison_consumed,
    .written = type3_poison_written,
};

void cxl_type3_settle_poison(CXLType3 *ct3)
{
    qemu_bh_cancel(ct3->poison_bh);
    cxl_media_save(&ct3->media);
}

static void type3_healed(void *opaque)
{
    cxl_type3_settle_poison(opaque);
    cxl_windows_update();
}

/*
 * Lines are healed one by one, by accesses to windows: memory maps, which
 * cannot change in the middle of one, follow once for many
 */
void cxl_type3_recheck(CXLMem *mem, bool more)
{
    CXLType3 *ct3 = CXL_TYPE3(mem);

    if (more) {
        type3_healed(ct3);
    } else {
        qemu_bh_schedule(ct3->poison_bh);
    }
}

void cxl_type3_init_poison(CXLType3 *ct3)
{
    cxl_poison_init(&ct3->poison, ct3->poison_list_max);
    ct3->poison.inject_max = ct3->poison_inject_max;
    ct3->poison_bh = qemu_bh_new(type3_healed, ct3);
    ct3->dpa.poison = &ct3->poison;
    ct3->dpa.poison_ops = &type3_poison_ops;
    ct3->dpa.poison_is_data = !g_strcmp0(ct3->poison_mode, POISON_MODE_DATA);
}

void cxl_type3_destroy_poison(CXLType3 *ct3)
{
    ct3->dpa.poison = NULL;
    g_clear_pointer(&ct3->poison_bh, qemu_bh_delete);
    cxl_poison_destroy(&ct3->poison);
}

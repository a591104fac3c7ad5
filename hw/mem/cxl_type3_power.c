/*
 * CXL Type 3 device: what happens to memory when power goes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "system/runstate.h"
#include "system/system.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

/*
 * CXL r3.1 9.8: Global Persistent Flush. The host keeps what was written to
 * memory, and QEMU has the time to say so when it ends in an orderly way.
 * Once the state has been handed over to another QEMU it is no longer ours.
 */
static void type3_flush(CXLType3 *ct3)
{
    if (!runstate_check(RUN_STATE_POSTMIGRATE) &&
        !runstate_check(RUN_STATE_FINISH_MIGRATE)) {
        cxl_shutdown_flushed(&ct3->shutdown);
        cxl_type3_settle_poison(ct3);
    }
}

static void type3_exit_notify(Notifier *notifier, void *data)
{
    type3_flush(container_of(notifier, CXLType3, exit_notifier));
}

/* The guest has shut down; QEMU may stay for long, and be killed then */
static void type3_shutdown_notify(Notifier *notifier, void *data)
{
    type3_flush(container_of(notifier, CXLType3, shutdown_notifier));
}

void cxl_type3_init_power(CXLType3 *ct3)
{
    ct3->shutdown_notifier.notify = type3_shutdown_notify;
    qemu_register_shutdown_notifier(&ct3->shutdown_notifier);
    ct3->exit_notifier.notify = type3_exit_notify;
    qemu_add_exit_notifier(&ct3->exit_notifier);
}

void cxl_type3_destroy_power(CXLType3 *ct3)
{
    notifier_remove(&ct3->shutdown_notifier);
    qemu_remove_exit_notifier(&ct3->exit_notifier);
    cxl_type3_settle_poison(ct3);
    cxl_shutdown_flushed(&ct3->shutdown);
}

void cxl_type3_lose_power(CXLType3 *ct3, bool flushed)
{
    trace_cxl_type3_power_loss(cxl_type3_name(ct3), flushed);
    if (flushed) {
        cxl_shutdown_flushed(&ct3->shutdown);
    }
    /* Nothing else is in reset: it is a cold one */
    ct3->power.cut = true;
    pci_device_reset(PCI_DEVICE(ct3));
    ct3->power.cut = false;
}

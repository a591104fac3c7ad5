/*
 * CXL Type 3 device: what each kind of reset does to each piece of state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "migration/vmstate.h"
#include "hw/cxl/reset-table.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/trace.h"
#include "cxl_type3_internal.h"

/* CXL r3.1 9.7.2: Implementation defined: well within the announced 100 ms */
#define CXL_RESET_NS    (10 * SCALE_MS)

static const CXLResetRow reset_rows[] = {
    CXL_RESET_TABLE_DEVICE(CXL_RESET_ROW)
};

/* The PCI core has reset it, or will, whenever it is to be reset */
static void reset_by_pci_core(CXLType3 *ct3, CXLResetKind kind)
{
}

static void reset_pcie(CXLType3 *ct3, CXLResetKind kind)
{
    pcie_cap_deverr_reset(PCI_DEVICE(ct3));
}

static void reset_aer(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_power_reset_aer(&ct3->power);
}

static void reset_doe(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_doe_reset(ct3->doe);
}

static void reset_cci(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_cci_reset(&ct3->cci);
}

static void reset_timestamp(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_timestamp_reset(&ct3->timestamp);
}

static void reset_alerts(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_health_reset(&ct3->health);
}

/*
 * CXL r3.1 9.3: a host prepares a warm reset, and devices flush then. Nobody
 * prepares a loss of power. Power that comes on finds what was kept, and a
 * saved state comes with its own.
 */
static void reset_shutdown(CXLType3 *ct3, CXLResetKind kind)
{
    if (ct3->power.lost) {
        cxl_shutdown_power_lost(&ct3->shutdown);
    } else if (kind == CXL_RESET_WARM) {
        cxl_shutdown_flushed(&ct3->shutdown);
    }
}

static void reset_features(CXLType3 *ct3, CXLResetKind kind)
{
    static const uint8_t depth[] = {
        [CXL_RESET_COLD] = CXL_FEATURE_RESET_COLD,
        [CXL_RESET_WARM] = CXL_FEATURE_RESET_WARM,
        [CXL_RESET_HOT] = CXL_FEATURE_RESET_HOT,
        [CXL_RESET_CXL] = CXL_FEATURE_RESET_CXL,
    };

    assert(kind < ARRAY_SIZE(depth));
    cxl_features_reset(&ct3->features, depth[kind]);
}

/* Power that comes on has made it active before */
static void reset_firmware(CXLType3 *ct3, CXLResetKind kind)
{
    if (ct3->power.lost) {
        cxl_firmware_power_lost(&ct3->firmware);
    }
}

/* CXL r3.1 8.2.9.3.2: an image has to be sent anew after it */
static void reset_firmware_transfer(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_firmware_abort(&ct3->firmware);
}

static void reset_soft_repairs(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_maintenance_reset(&ct3->maintenance);
}

static void reset_partition(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_memdev_reset(&ct3->memdev_set);
}

static void reset_mailbox(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_media_reset(&ct3->media);
    cxl_features_forget_transfer(&ct3->features);
    cxl_device_regs_reset(&ct3->regs, kind == CXL_RESET_COLD);
    cxl_type3_show_media(ct3);
    cxl_type3_show_events(ct3);
}

static void reset_faults(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_faults_clear(&ct3->cci.faults);
}

static void reset_not_ready(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_type3_make_ready(ct3);
}

/* Records and the policy of their interrupts stay together */
static void reset_events(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_events_reset(&ct3->events, kind == CXL_RESET_COLD);
    cxl_type3_show_events(ct3);
}

static void reset_debug_log(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_logs_reset_debug(&ct3->logs);
}

static void reset_state_dump(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_logs_reset_dump(&ct3->logs);
}

/*
 * CXL r3.1 8.2.9.9.6: memory is locked, and security no more frozen, when
 * power comes on. Implementation defined: so it is after a warm reset: what
 * the machine boots next has to know the passphrase.
 */
static void reset_security(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_security_reset(&ct3->security);
}

static void reset_attempts(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_security_forget_attempts(&ct3->security);
}

static void reset_cxl_reset(CXLType3 *ct3, CXLResetKind kind)
{
    timer_del(ct3->cxl_reset.timer);
    ct3->cxl_reset.running = false;
    ct3->cxl_reset.end_ns = 0;
}

static void reset_config_lock(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_dvsec_reset(&ct3->dvsecs, false);
}

static void reset_mem_enable(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_dvsec_reset(&ct3->dvsecs, true);
}

static void reset_ras(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_component_reset_sticky(&ct3->component);
}

/* Windows follow when the component says that decoders are gone */
static void reset_hdm(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_component_reset(&ct3->component);
}

/* Power that comes on finds what the backend holds */
static void reset_volatile(CXLType3 *ct3, CXLResetKind kind)
{
    if (ct3->power.lost) {
        cxl_dpa_forget_volatile(&ct3->dpa);
    }
}

static void reset_poison(CXLType3 *ct3, CXLResetKind kind)
{
    cxl_media_forget_volatile(&ct3->media);
}

/* State that no reset resets has no function */
static void (*const reset_functions[])(CXLType3 *, CXLResetKind) = {
    [CXL_STATE_PCI] = reset_by_pci_core,
    [CXL_STATE_PCIE] = reset_pcie,
    [CXL_STATE_AER] = reset_aer,
    [CXL_STATE_DOE] = reset_doe,
    [CXL_STATE_BACKGROUND] = reset_cci,
    [CXL_STATE_MAILBOX] = reset_mailbox,
    [CXL_STATE_DOORBELL] = reset_mailbox,
    [CXL_STATE_FAULTS] = reset_faults,
    [CXL_STATE_NOT_READY] = reset_not_ready,
    [CXL_STATE_TIMESTAMP] = reset_timestamp,
    [CXL_STATE_ALERTS] = reset_alerts,
    [CXL_STATE_SHUTDOWN] = reset_shutdown,
    [CXL_STATE_FEATURES] = reset_features,
    [CXL_STATE_FIRMWARE] = reset_firmware,
    [CXL_STATE_FIRMWARE_TRANSFER] = reset_firmware_transfer,
    [CXL_STATE_SOFT_REPAIRS] = reset_soft_repairs,
    [CXL_STATE_EVENTS] = reset_events,
    [CXL_STATE_EVENT_POLICY] = reset_events,
    [CXL_STATE_DEBUG_LOG] = reset_debug_log,
    [CXL_STATE_STATE_DUMP] = reset_state_dump,
    [CXL_STATE_ATTEMPTS] = reset_attempts,
    [CXL_STATE_SECURITY] = reset_security,
    [CXL_STATE_CXL_RESET] = reset_cxl_reset,
    [CXL_STATE_CONFIG_LOCK] = reset_config_lock,
    [CXL_STATE_MEM_ENABLE] = reset_mem_enable,
    [CXL_STATE_RAS] = reset_ras,
    [CXL_STATE_HDM] = reset_hdm,
    [CXL_STATE_VOLATILE] = reset_volatile,
    [CXL_STATE_POISON_VOLATILE] = reset_poison,
    [CXL_STATE_PARTITION] = reset_partition,
};

void cxl_type3_reset(CXLType3 *ct3, CXLResetKind kind)
{
    trace_cxl_type3_reset(cxl_type3_name(ct3), kind);
    for (unsigned n = 0; n < CXL_STATES; n++) {
        if (reset_rows[n].fate[kind] == CXL_FATE_RESET) {
            reset_functions[n](ct3, kind);
        }
    }
}

/*
 * CXL r3.1 9.7: what is reset is reset at once, so that the device decodes no
 * more. Another one that is initiated before the end prolongs it.
 */
static void type3_initiate_cxl_reset(void *opaque, bool clear)
{
    CXLType3 *ct3 = opaque;
    CXLType3Reset *r = &ct3->cxl_reset;

    cxl_type3_reset(ct3, CXL_RESET_CXL);
    if (clear) {
        cxl_dpa_forget_volatile(&ct3->dpa);
        cxl_media_forget_volatile(&ct3->media);
    }
    r->running = true;
    r->end_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + CXL_RESET_NS;
    timer_mod(r->timer, r->end_ns);
}

static void type3_cxl_reset_done(void *opaque)
{
    CXLType3 *ct3 = opaque;

    ct3->cxl_reset.running = false;
    ct3->cxl_reset.end_ns = 0;
    trace_cxl_type3_cxl_reset_done(cxl_type3_name(ct3));
    cxl_dvsec_reset_done(&ct3->dvsecs, true);
}

void cxl_type3_init_cxl_reset(CXLType3 *ct3)
{
    ct3->cxl_reset = (CXLType3Reset) {
        .timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, type3_cxl_reset_done, ct3),
    };
    cxl_dvsec_add_reset(&ct3->dvsecs, type3_initiate_cxl_reset, ct3);
}

void cxl_type3_destroy_cxl_reset(CXLType3 *ct3)
{
    g_clear_pointer(&ct3->cxl_reset.timer, timer_free);
}

/* Whatever the saved state says, it does not take longer than it can */
static int type3_cxl_reset_post_load(void *opaque, int version_id)
{
    CXLType3Reset *r = opaque;
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

    timer_del(r->timer);
    if (r->running) {
        r->end_ns = CLAMP(r->end_ns, now, now + CXL_RESET_NS);
        timer_mod(r->timer, r->end_ns);
    }
    return 0;
}

const VMStateDescription vmstate_cxl_type3_reset = {
    .name = "cxl-type3-reset",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = type3_cxl_reset_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(running, CXLType3Reset),
        VMSTATE_INT64(end_ns, CXLType3Reset),
        VMSTATE_END_OF_LIST()
    },
};

/*
 * CXL as a part of a machine: options, host bridges, windows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/datadir.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-cxl.h"
#include "qapi/visitor.h"
#include "hw/cxl/cxl-host.h"
#include "hw/cxl/spec/cedt.h"
#include "hw/cxl/trace.h"
#include "hw/pci-bridge/cxl_host_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/sysbus.h"

/* Implementation defined: more than any processor can address */
#define CXL_HOST_WINDOWS_MAX_BYTES      (4 * PiB)

/* There are objects that describe machines which never run */
static const CXLHost *running;

/* CXL r3.1 9.18.1.3: Window Size, in multiples of 256 MiB */
static bool cxl_host_check_size(unsigned index, uint64_t size, Error **errp)
{
    if (!size || size % CXL_HDM_ALIGN) {
        error_setg(errp, "cxl-fmw.%u.size: %" PRIu64 " bytes are not a "
                   "positive multiple of 256 MiB", index, size);
        return false;
    }
    return true;
}

bool cxl_host_check_granularity(const char *option, unsigned index,
                                uint64_t bytes, Error **errp)
{
    if (cxl_granularity_encode(bytes) < 0) {
        error_setg(errp, "%s.%u.interleave-granularity: %" PRIu64
                   " is not one of 256, 512, 1k, 2k, 4k, 8k and 16k",
                   option, index, bytes);
        return false;
    }
    return true;
}

const strList *cxl_host_listed_twice(const strList *list)
{
    for (const strList *at = list; at; at = at->next) {
        for (const strList *other = list; other != at; other = other->next) {
            if (g_str_equal(at->value, other->value)) {
                return at;
            }
        }
    }
    return NULL;
}

static unsigned cxl_host_nr_targets(const CXLFixedMemoryWindowOptions *window)
{
    unsigned nr = 0;

    for (const strList *t = window->targets; t; t = t->next) {
        nr++;
    }
    return nr;
}

/* CXL r3.1 9.18.1.3: Encoded Number of Interleave Ways, and their targets */
static bool cxl_host_check_targets(unsigned index,
                                   const CXLFixedMemoryWindowOptions *window,
                                   Error **errp)
{
    unsigned nr = cxl_host_nr_targets(window);
    const strList *twice = cxl_host_listed_twice(window->targets);
    unsigned n = 0;

    if (cxl_ways_encode(nr) < 0) {
        error_setg(errp, "cxl-fmw.%u.targets: the number of targets, %u, is "
                   "not one of 1, 2, 3, 4, 6, 8, 12 and 16", index, nr);
        return false;
    }
    if (twice) {
        for (const strList *t = window->targets; t != twice; t = t->next) {
            n++;
        }
        error_setg(errp, "cxl-fmw.%u.targets.%u: '%s' is listed twice; a "
                   "window has each pxb-cxl once", index, n, twice->value);
    }
    return !twice;
}

static uint64_t cxl_host_granularity(const CXLFixedMemoryWindowOptions *window)
{
    return window->has_interleave_granularity ?
           window->interleave_granularity : CXL_GRANULARITY_MIN;
}

uint16_t cxl_host_restrictions(const CXLFixedMemoryWindowOptions *window)
{
    return window->has_restrictions ? window->restrictions
                                    : CXL_CFMWS_DEVICE_COHERENT |
                                      CXL_CFMWS_HOST_ONLY_COHERENT |
                                      CXL_CFMWS_VOLATILE |
                                      CXL_CFMWS_PERSISTENT;
}

const CXLFixedMemoryWindowOptions *
cxl_host_window_options(const CXLHost *host, unsigned index)
{
    const CXLFixedMemoryWindowOptionsList *options = host->options;

    while (index--) {
        options = options->next;
    }
    return options->value;
}

uint16_t cxl_host_qtg_id(const CXLFixedMemoryWindowOptions *window)
{
    return window->has_qtg_id ? window->qtg_id : 0;
}

static CXLArithmetic
cxl_host_arithmetic(const CXLFixedMemoryWindowOptions *window)
{
    return window->has_interleave_arithmetic &&
           window->interleave_arithmetic == CXL_INTERLEAVE_ARITHMETIC_XOR
               ? CXL_ARITHMETIC_XOR : CXL_ARITHMETIC_MODULO;
}

/* CXL r3.1 9.18.1.3: Window Restrictions, which leave some use to the window */
static bool cxl_host_check_restrictions(unsigned index, uint16_t bits,
                                        Error **errp)
{
    const char *wrong = NULL;

    if (bits & ~CXL_CFMWS_RESTRICTIONS) {
        wrong = "has reserved bits; legal ones are 0x3f";
    } else if (!(bits & (CXL_CFMWS_DEVICE_COHERENT |
                         CXL_CFMWS_HOST_ONLY_COHERENT))) {
        wrong = "needs 0x1, device-coherent, or 0x2, host-only coherent";
    } else if (!(bits & (CXL_CFMWS_VOLATILE | CXL_CFMWS_PERSISTENT))) {
        wrong = "needs 0x4, volatile, or 0x8, persistent";
    } else if ((bits & CXL_CFMWS_BACK_INVALIDATE) &&
               !(bits & CXL_CFMWS_DEVICE_COHERENT)) {
        wrong = "has 0x20, back-invalidate, which needs 0x1, device-coherent";
    }
    if (wrong) {
        error_setg(errp, "cxl-fmw.%u.restrictions: 0x%x %s", index, bits,
                   wrong);
    }
    return !wrong;
}

static bool cxl_host_check_windows(const CXLFixedMemoryWindowOptionsList *list,
                                   Error **errp)
{
    uint64_t left = CXL_HOST_WINDOWS_MAX_BYTES;

    for (unsigned i = 0; list; list = list->next, i++) {
        const CXLFixedMemoryWindowOptions *window = list->value;

        if (!cxl_host_check_size(i, window->size, errp) ||
            !cxl_host_check_granularity("cxl-fmw", i,
                                        cxl_host_granularity(window), errp) ||
            !cxl_host_check_restrictions(i, cxl_host_restrictions(window),
                                         errp) ||
            !cxl_host_check_targets(i, window, errp)) {
            return false;
        }
        if (window->size > left) {
            error_setg(errp, "cxl-fmw.%u.size: all windows together take "
                       "more than 4 PiB", i);
            return false;
        }
        left -= window->size;
    }
    return true;
}

static void cxl_host_visit_enabled(Object *obj, Visitor *v, const char *name,
                                 void *opaque, Error **errp)
{
    CXLHost *host = opaque;

    visit_type_bool(v, name, &host->enabled, errp);
}

static void cxl_host_visit_main(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    CXLHost *host = opaque;

    visit_type_bool(v, name, &host->main_enabled, errp);
}

static void cxl_host_get_windows(Object *obj, Visitor *v, const char *name,
                                 void *opaque, Error **errp)
{
    CXLHost *host = opaque;

    visit_type_CXLFixedMemoryWindowOptionsList(v, name, &host->options, errp);
}

static void cxl_host_set_windows(Object *obj, Visitor *v, const char *name,
                                 void *opaque, Error **errp)
{
    CXLHost *host = opaque;
    CXLFixedMemoryWindowOptionsList *list = NULL;

    if (!visit_type_CXLFixedMemoryWindowOptionsList(v, name, &list, errp)) {
        return;
    }
    if (!cxl_host_check_windows(list, errp)) {
        qapi_free_CXLFixedMemoryWindowOptionsList(list);
        return;
    }
    qapi_free_CXLFixedMemoryWindowOptionsList(host->options);
    host->options = list;
}

/* A machine that has laid out its memory is there until QEMU exits. */
static void cxl_host_release(Object *obj, const char *name, void *opaque)
{
    CXLHost *host = opaque;

    qapi_free_CXLFixedMemoryWindowOptionsList(host->options);
    qapi_free_CXLRegionOptionsList(host->region_options);
    g_free(host);
}

CXLHost *cxl_host_new(Object *machine)
{
    CXLHost *host = g_new0(CXLHost, 1);

    host->machine = machine;
    object_property_add(machine, "cxl", "bool", cxl_host_visit_enabled,
                        cxl_host_visit_enabled, NULL, host);
    object_property_set_description(machine, "cxl",
                                    "Set on/off to enable/disable CXL");
    object_property_add(machine, "cxl-main-host", "bool", cxl_host_visit_main,
                        cxl_host_visit_main, NULL, host);
    object_property_set_description(machine, "cxl-main-host",
                                    "Set on/off to let the main root bus be "
                                    "a CXL host bridge, too");
    object_property_add(machine, "cxl-fmw", "CXLFixedMemoryWindow",
                        cxl_host_get_windows, cxl_host_set_windows,
                        cxl_host_release, host);
    object_property_set_description(machine, "cxl-fmw",
                                    "CXL fixed memory windows");
    cxl_host_add_regions(host);
    return host;
}

bool cxl_host_enabled(const CXLHost *host)
{
    return host && host->enabled;
}

static uint64_t cxl_host_first_window(uint64_t regs_base)
{
    return ROUND_UP(regs_base + CXL_HOST_REGS_SIZE, CXL_HDM_ALIGN);
}

/*
 * Where a window goes that is to begin at @hpa or above. What 3 * 2^n ways
 * have is a remainder of the address; it begins with the first target only at
 * multiples of three times the alignment.
 */
static uint64_t cxl_host_place(uint64_t hpa,
                               const CXLFixedMemoryWindowOptions *window)
{
    unsigned units = cxl_host_nr_targets(window) % 3 ? 1 : 3;

    return QEMU_ALIGN_UP(hpa, units * CXL_HDM_ALIGN);
}

uint64_t cxl_host_end(const CXLHost *host, uint64_t base)
{
    uint64_t end;

    if (!cxl_host_enabled(host)) {
        return base;
    }
    end = cxl_host_first_window(ROUND_UP(base, CXL_HDM_ALIGN));
    for (CXLFixedMemoryWindowOptionsList *w = host->options; w; w = w->next) {
        end = cxl_host_place(end, w->value) + w->value->size;
    }
    return end;
}

/*
 * Implementation defined: edk2 puts 64-bit BARs into the last eighth of what a
 * processor of 40 bits can address, or, where that has reserved memory, into
 * the part before it, whatever is there. It leaves a range alone that is told
 * to reach into the last eighth.
 */
#define CXL_HOST_EDK2_BARS      (768 * GiB)
#define CXL_HOST_EDK2_LAST      (896 * GiB)

uint64_t cxl_host_bars_base(const CXLHost *host, uint64_t base)
{
    uint64_t end = cxl_host_end(host, base);

    return end > CXL_HOST_EDK2_BARS && end < CXL_HOST_EDK2_LAST ?
           CXL_HOST_EDK2_LAST : end;
}

bool cxl_host_map_regs(CXLHost *host, MemoryRegion *system, hwaddr base,
                       Error **errp)
{
    if (!cxl_host_enabled(host)) {
        const char *option = !host ? NULL : host->options ? "cxl-fmw" :
                             host->region_options ? "cxl-region" :
                             host->main_enabled ? "cxl-main-host" : NULL;

        if (option) {
            error_setg(errp, "%s needs the machine option cxl=on", option);
        }
        return !option;
    }
    host->regs_base = ROUND_UP(base, CXL_HDM_ALIGN);
    memory_region_init(&host->regs, host->machine, "cxl-host-registers",
                       CXL_HOST_REGS_SIZE);
    memory_region_add_subregion(system, host->regs_base, &host->regs);
    return true;
}

static int cxl_host_compare_bridges(const void *a, const void *b)
{
    const CXLHostBridge *x = a, *y = b;

    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

void cxl_host_make_main(CXLHost *host, Object *chipset, uint32_t uid)
{
    if (cxl_host_enabled(host) && host->main_enabled) {
        object_property_set_bool(chipset, "cxl", true, &error_abort);
        host->main = cxl_main_host_new(CXL_HOST_MAIN_ID, uid);
    }
}

void cxl_host_add_driver(CXLHost *host, Object *function)
{
    g_autofree char *file = NULL;

    if (!cxl_host_soft_reserves(host)) {
        return;
    }
    file = qemu_find_file(QEMU_FILE_TYPE_BIOS, CXL_HOST_DRIVER);
    if (file) {
        object_property_set_str(function, "romfile", CXL_HOST_DRIVER,
                                &error_abort);
    } else {
        warn_report("cxl-region: UEFI will not know of soft-reserved memory, "
                    "because %s is not installed", CXL_HOST_DRIVER);
    }
}

static bool cxl_host_add_bridge(CXLHost *host, Object *obj, Error **errp)
{
    CXLHostBridge *bridge = &host->bridges[host->nr_bridges];

    if (host->nr_bridges == CXL_HOST_BRIDGES_MAX) {
        error_setg(errp, "there are more than %d CXL host bridges",
                   CXL_HOST_BRIDGES_MAX);
        return false;
    }
    bridge->obj = obj;
    bridge->uid = cxl_host_bridge_uid(obj);
    host->nr_bridges++;
    return true;
}

static bool cxl_host_find_bridges(CXLHost *host, PCIBus *root, Error **errp)
{
    PCIBus *bus;

    if (host->main) {
        cxl_main_host_set_bus(host->main, root);
        cxl_host_add_bridge(host, host->main, &error_abort);
    }
    QLIST_FOREACH(bus, &root->child, sibling) {
        if (pci_bus_is_root(bus) && pci_bus_is_cxl(bus) &&
            !cxl_host_add_bridge(host, OBJECT(bus->parent_dev), errp)) {
            return false;
        }
    }
    qsort(host->bridges, host->nr_bridges, sizeof(host->bridges[0]),
          cxl_host_compare_bridges);
    return true;
}

static void cxl_host_map_bridges(CXLHost *host)
{
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        CXLHostBridge *bridge = &host->bridges[i];
        hwaddr offset = i * CXL_HOST_BRIDGE_REGS_SIZE;
        MemoryRegion *regs = cxl_host_bridge_make_registers(bridge->obj);

        memory_region_add_subregion(&host->regs, offset, regs);
        bridge->regs = host->regs_base + offset;
        trace_cxl_host_bridge(bridge->uid, bridge->regs,
                              cxl_host_bridge_is_passthrough(bridge->obj));
    }
}

/* The host bridge with the id @id, the @nr-th target of window @index */
static Object *cxl_host_target(const CXLHost *host, const char *id,
                               unsigned index, unsigned nr, Error **errp)
{
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        Object *obj = host->bridges[i].obj;

        if (!g_strcmp0(DEVICE(obj)->id, id)) {
            return obj;
        }
    }
    if (qdev_find_recursive(sysbus_get_default(), id)) {
        error_setg(errp, "cxl-fmw.%u.targets.%u: device '%s' is not a pxb-cxl",
                   index, nr, id);
    } else {
        error_setg(errp, "cxl-fmw.%u.targets.%u: there is no device '%s'; "
                   "the id of a pxb-cxl is needed, or " CXL_HOST_MAIN_ID
                   " and the machine option cxl-main-host=on", index, nr, id);
    }
    return NULL;
}

static bool cxl_host_make_window(CXLHost *host, unsigned index, hwaddr hpa,
                                 const CXLFixedMemoryWindowOptions *window,
                                 Error **errp)
{
    Object *bridges[CXL_WAYS_MAX];
    unsigned nr = 0;

    for (const strList *t = window->targets; t; t = t->next, nr++) {
        bridges[nr] = cxl_host_target(host, t->value, index, nr, errp);
        if (!bridges[nr]) {
            return false;
        }
    }
    if (window->size % (nr * CXL_HDM_ALIGN)) {
        warn_report("cxl-fmw.%u.size is not a multiple of %u * 256 MiB: "
                    "the guest cannot use the end of the window", index, nr);
    }
    trace_cxl_host_window(index, hpa, window->size, nr,
                          cxl_host_granularity(window));
    cxl_window_init(&host->windows[index], host->machine, index, hpa,
                    window->size, cxl_host_arithmetic(window),
                    cxl_host_granularity(window), bridges, nr);
    return true;
}

static bool cxl_host_map_windows(CXLHost *host, MemoryRegion *system,
                                 Error **errp)
{
    hwaddr hpa = cxl_host_first_window(host->regs_base);
    CXLFixedMemoryWindowOptionsList *w;

    for (w = host->options; w; w = w->next) {
        host->nr_windows++;
    }
    host->windows = g_new0(CXLWindow, host->nr_windows);
    w = host->options;
    for (unsigned i = 0; i < host->nr_windows; i++, w = w->next) {
        hpa = cxl_host_place(hpa, w->value);
        if (!cxl_host_make_window(host, i, hpa, w->value, errp)) {
            return false;
        }
        memory_region_add_subregion(system, hpa, &host->windows[i].mr);
        hpa += w->value->size;
    }
    return true;
}

bool cxl_host_machine_done(CXLHost *host, MemoryRegion *system, PCIBus *root,
                           Error **errp)
{
    if (!cxl_host_enabled(host)) {
        return true;
    }
    if (!root || !pci_bus_is_express(root)) {
        error_setg(errp, "cxl=on needs a machine with a PCI Express bus, "
                   "such as q35");
        return false;
    }
    if (!cxl_host_find_bridges(host, root, errp)) {
        return false;
    }
    cxl_host_map_bridges(host);
    if (!cxl_host_map_windows(host, system, errp) ||
        !cxl_host_place_regions(host, errp)) {
        return false;
    }
    running = host;
    return true;
}

const CXLHost *cxl_host_current(void)
{
    return running;
}

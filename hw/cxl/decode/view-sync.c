/*
 * Interleave views: bringing the devices' memory up to date
 *
 * Persistent memory is written back about once a second, so that a killed
 * QEMU loses no more than that. Migration and snapshots save the devices'
 * memory, which follows its views before each look at what is dirty. At exit
 * goes what others can see.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "exec/cpu-common.h"
#include "migration/misc.h"
#include "system/runstate.h"
#include "system/system.h"
#include "view-internal.h"
#include "hw/cxl/trace.h"

#define SYNC_PERIOD_MS      1000
/* The guest may wait for the BQL so long, and then has it for as long */
#define SYNC_SLICE_MS       10
/* Bytes between two looks at the clock */
#define SYNC_STEP           (2 * 1024 * 1024ULL)

static QLIST_HEAD(, CXLView) views = QLIST_HEAD_INITIALIZER(views);
static QEMUTimer *sync_timer;
/* RAM is being saved, from its first look at dirty pages to the clean-up */
static bool sync_saving;

static int64_t sync_now(void)
{
    return qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
}

static uint64_t sync_lanes(const CXLView *view)
{
    return sync_saving ? CXL_VIEW_ALL : view->persistent;
}

/* Those of the pages from @from to @to that the snapshot has */
static void sync_dirty(CXLView *view, CXLViewPass *pass, uint64_t from,
                       uint64_t to)
{
    uint64_t page = qemu_real_host_page_size();
    uint64_t begin = from;

    for (uint64_t at = from; at < to; at += page) {
        if (!memory_region_snapshot_get_dirty(&view->mr, view->snap, at,
                                              page)) {
            cxl_view_pass_range(pass, begin, at);
            begin = at + page;
        }
    }
    cxl_view_pass_range(pass, begin, to);
}

/* Go on with the snapshot until @deadline; false when there is more to do */
static bool sync_continue(CXLView *view, int64_t deadline)
{
    CXLViewPass *pass = cxl_view_pass_begin(view, sync_lanes(view));
    g_autofree CXLScan *scan = g_new(CXLScan, 1);
    int64_t started = g_get_monotonic_time();
    uint64_t size = view->lanes->segment.size;
    uint64_t bytes;

    cxl_scan_init(scan, &view->mr);
    while (view->cursor < size && sync_now() < deadline) {
        uint64_t end;

        if (cxl_scan(scan, view->cursor, size, &end)) {
            end = MIN(end, view->cursor + SYNC_STEP);
            sync_dirty(view, pass, view->cursor, end);
        }
        view->cursor = end;
    }
    bytes = cxl_view_pass_end(pass);
    trace_cxl_view_write_back(view->window, view->lanes->segment.hpa, size,
                              bytes, g_get_monotonic_time() - started);
    if (view->cursor < size) {
        return false;
    }
    g_clear_pointer(&view->snap, g_free);
    return true;
}

static void sync_finish(CXLView *view)
{
    if (view->snap) {
        sync_continue(view, INT64_MAX);
    }
}

/*
 * What was written to from now on is found by the next snapshot. The BQL is
 * given up in between; false when the view was released then.
 */
static bool sync_snapshot(CXLView *view)
{
    DirtyBitmapSnapshot *snap =
        memory_region_snapshot_and_clear_dirty(&view->mr, 0,
                                               view->lanes->segment.size,
                                               DIRTY_MEMORY_VGA);

    if (!view->live) {
        g_free(snap);
        return false;
    }
    sync_finish(view);
    view->snap = snap;
    view->cursor = 0;
    return true;
}

/* Persistent memory */

static CXLView *sync_find_due(int64_t now)
{
    CXLView *view;

    QLIST_FOREACH(view, &views, next) {
        if (view->persistent && (view->snap || view->due <= now)) {
            return view;
        }
    }
    return NULL;
}

static void sync_arm(void)
{
    int64_t due = INT64_MAX;
    CXLView *view;

    QLIST_FOREACH(view, &views, next) {
        if (view->persistent) {
            due = MIN(due, view->snap ? sync_now() + SYNC_SLICE_MS
                                      : view->due);
        }
    }
    if (due == INT64_MAX) {
        timer_del(sync_timer);
    } else {
        timer_mod(sync_timer, due);
    }
}

static void sync_tick(void *opaque)
{
    int64_t now = sync_now();
    CXLView *view;
    bool done = true;

    while (done && (view = sync_find_due(now))) {
        object_ref(view);
        if (!view->snap) {
            view->due = now + SYNC_PERIOD_MS;
            sync_snapshot(view);
        }
        if (view->snap) {
            done = sync_continue(view, now + SYNC_SLICE_MS);
        }
        object_unref(view);
    }
    sync_arm();
}

/* Every page that is there */
static void sync_whole(CXLView *view, uint64_t lanes)
{
    CXLViewPass *pass = cxl_view_pass_begin(view, lanes);
    g_autofree CXLScan *scan = g_new(CXLScan, 1);
    uint64_t size = view->lanes->segment.size;
    uint64_t end;

    cxl_scan_init(scan, &view->mr);
    for (uint64_t at = 0; at < size; at = end) {
        if (cxl_scan(scan, at, size, &end)) {
            cxl_view_pass_range(pass, at, end);
        }
    }
    cxl_view_pass_end(pass);
}

/*
 * At exit. Once RAM has been handed over to another QEMU, files may be in use
 * there.
 */
static void sync_exit(Notifier *notifier, void *data)
{
    CXLView *view;

    if (runstate_check(RUN_STATE_POSTMIGRATE) ||
        runstate_check(RUN_STATE_FINISH_MIGRATE)) {
        return;
    }
    QLIST_FOREACH(view, &views, next) {
        sync_whole(view, view->lasting);
    }
}

/* Migration and snapshots */

static void sync_log(CXLView *view, bool on)
{
    if (view->logging != on) {
        view->logging = on;
        memory_region_set_log(&view->mr, on, DIRTY_MEMORY_VGA);
    }
}

static void sync_save_start(void)
{
    CXLView *view;

    sync_saving = true;
    QLIST_FOREACH(view, &views, next) {
        view->whole = true;
        sync_log(view, true);
    }
}

/* A view whose RAM is to be as up to date as it itself is */
static CXLView *sync_find_behind(GHashTable *done)
{
    CXLView *view;

    QLIST_FOREACH(view, &views, next) {
        if (g_hash_table_add(done, view)) {
            return view;
        }
    }
    return NULL;
}

static void sync_save(void)
{
    g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);
    CXLView *view;

    while ((view = sync_find_behind(done))) {
        object_ref(view);
        if (sync_snapshot(view)) {
            if (view->whole) {
                sync_whole(view, CXL_VIEW_ALL);
                g_clear_pointer(&view->snap, g_free);
                view->whole = false;
            }
            sync_finish(view);
        }
        object_unref(view);
    }
}

/* When the machine goes on here, nothing is held twice again */
static void sync_save_end(void)
{
    CXLView *view;

    if (!sync_saving) {
        return;
    }
    sync_saving = false;
    QLIST_FOREACH(view, &views, next) {
        sync_log(view, view->persistent);
        for (unsigned i = 0; i < view->lanes->nr; i++) {
            if (view->lane[i].discard &&
                !runstate_check(RUN_STATE_POSTMIGRATE)) {
                cxl_view_lane_discard(&view->lane[i], 0,
                                      view->lanes->lanes[i].share);
            }
        }
    }
}

static bool sync_save_by_fault(void)
{
    return migrate_postcopy_ram() || migrate_background_snapshot();
}

static int sync_save_notify(NotifierWithReturn *notifier, void *data,
                            Error **errp)
{
    PrecopyNotifyData *event = data;

    switch (event->reason) {
    case PRECOPY_NOTIFY_BEFORE_BITMAP_SYNC:
        if (!sync_saving) {
            sync_save_start();
        }
        sync_save();
        break;
    case PRECOPY_NOTIFY_CLEANUP:
        sync_save_end();
        break;
    default:
        break;
    }
    return 0;
}

static int sync_migration_notify(NotifierWithReturn *notifier,
                                 MigrationEvent *event, Error **errp)
{
    if (event->type == MIG_EVENT_PRECOPY_SETUP && !QLIST_EMPTY(&views) &&
        sync_save_by_fault()) {
        error_setg(errp, "cxl: postcopy and background snapshots do not go "
                   "with interleaved CXL regions that are mapped; fast-map=off "
                   "on their devices makes them possible");
        return -1;
    }
    return 0;
}

/* Views that come and go */

static void sync_init(void)
{
    static Notifier exit_notifier = { .notify = sync_exit };
    static NotifierWithReturn save_notifier = { .notify = sync_save_notify };
    static NotifierWithReturn migration_notifier;

    if (!sync_timer) {
        sync_timer = timer_new_ms(QEMU_CLOCK_REALTIME, sync_tick, NULL);
        qemu_add_exit_notifier(&exit_notifier);
        precopy_add_notifier(&save_notifier);
        migration_add_notifier(&migration_notifier, sync_migration_notify);
    }
}

/*
 * Balloons and the like give a page back and expect zeros later. A view's
 * page that is not there any more would be taken for one that never was.
 */
static bool sync_discard_disable(bool state)
{
    return QLIST_EMPTY(&views) &&
           ram_block_uncoordinated_discard_disable(state) != 0;
}

char *cxl_view_sync_refuses(void)
{
    if (migration_is_running() && sync_save_by_fault()) {
        return g_strdup("RAM is being saved by page faults");
    }
    if (migration_in_incoming_postcopy()) {
        return g_strdup("RAM is still arriving");
    }
    if (sync_discard_disable(true)) {
        return g_strdup("pages of RAM may be discarded");
    }
    sync_discard_disable(false);
    return NULL;
}

void cxl_view_sync_start(CXLView *view)
{
    sync_init();
    sync_discard_disable(true);
    QLIST_INSERT_HEAD(&views, view, next);
    view->whole = sync_saving;
    view->due = sync_now() + SYNC_PERIOD_MS;
    sync_log(view, view->persistent || sync_saving);
    sync_arm();
}

void cxl_view_sync_stop(CXLView *view)
{
    QLIST_REMOVE(view, next);
    sync_discard_disable(false);
    g_clear_pointer(&view->snap, g_free);
    sync_arm();
}

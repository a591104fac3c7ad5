/*
 * QTest: interleaved CXL memory as RAM
 *
 * What is written through a window lies in an interleave view until the
 * region goes away, for whatever reason. Then each byte has to be where a
 * naive model of the interleave puts it, and nothing else may have changed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "libqos/libqos.h"
#include "cxl/view-model.h"

/* Takes snapshots */
static char *image;

/* Bytes that the files take on the disk */
static uint64_t blocks(const Region *r)
{
    uint64_t sum = 0;

    for (unsigned way = 0; way < r->nr; way++) {
        int fd = open_file(r->files[way]);
        struct stat st;

        g_assert_cmpint(fstat(fd, &st), ==, 0);
        sum += st.st_blocks * 512ull;
        close(fd);
    }
    return sum;
}

static void test_geometry(const void *opaque)
{
    const Region *r = opaque;
    Model *m = model_new(r);

    clear_files(r);
    model_write_files(m);
    for (unsigned round = 0; round < 2; round++) {
        map(r);
        model_read(m);
        model_change(m);
        model_read(m);
        unmap(r);
        g_assert_cmphex(qcxl_read(q, region_base(r), 8), ==, UINT64_MAX);
        model_check_files(m);
    }
    model_free(m);
}

/* Gathered pages of volatile memory are given back, and come again */
static void test_held_once(void)
{
    const Region *r = &regions[FOUR];
    Model *m = model_new(r);
    uint64_t before;

    clear_files(r);
    model_write_files(m);
    before = blocks(r);
    g_assert_cmpuint(before, >=, SPOTS * m->len);
    map(r);
    g_assert_cmpuint(blocks(r), <, before / 8);
    model_read(m);
    g_assert_cmpuint(blocks(r), <, before / 8);
    unmap(r);
    model_check_files(m);
    model_free(m);
}

/* A region that goes because the machine is reset */
static void test_reset(void)
{
    const Region *r = &regions[LEVELS];
    Model *m = model_new(r);

    clear_files(r);
    map(r);
    for (unsigned i = 0; i < SPOTS; i++) {
        qtest_bufwrite(q->qts, region_base(r) + m->at[i], m->hpa[i], m->len);
    }
    qcxl_reset(q);
    g_assert_cmphex(qcxl_read(q, region_base(r), 8), ==, UINT64_MAX);
    model_check_files(m);
    map(r);
    model_read(m);
    unmap(r);
    model_free(m);
}

/* A device that is unplugged while a region is mapped on it */
static void test_unplug(void)
{
    const Region *r = &regions[TWO];
    Model *m = model_new(r);

    clear_files(r);
    model_write_files(m);
    map(r);
    model_change(m);
    qcxl_slot_eject(qcxl_port_at(q, 1), "mem1");
    g_assert_cmphex(qcxl_read(q, region_base(r) + 256, 8), ==, UINT64_MAX);
    model_check_files(m);
    qtest_qmp_device_add(q->qts, "cxl-type3", "mem1",
                         "{'bus': 'rp1', 'volatile-memdev': 'mem1.v',"
                         " 'persistent-memdev': 'mem1.p',"
                         " 'lsa': 'mem1.lsa' }");
    qcxl_slot_power_on(qcxl_port_at(q, 1));
    qcxl_enumerate(q);
    unmap(r);
    map(r);
    model_read(m);
    unmap(r);
    model_free(m);
}

/* Another region of the same devices, of one way, is left alone */
static void test_neighbour(void)
{
    const Region *r = &regions[TWO];
    uint64_t base = region_base(r) + region_size(r);
    QCXLDecoder d = { .base = base, .size = QCXL_UNIT };
    Model *m = model_new(r);
    uint8_t data[4096], back[4096];

    clear_files(r);
    clear_files(&regions[PERSISTENT]);
    model_write_files(m);
    map(r);
    g_assert_true(qcxl_hdm_commit(q, &q->bridges[0].comp, 1, &d));
    g_assert_true(qcxl_hdm_commit(q, mem(0), 1, &d));
    fill(data, sizeof(data));
    qtest_memwrite(q->qts, base - 2048, data, sizeof(data));
    qtest_memread(q->qts, base - 2048, back, sizeof(back));
    g_assert_cmpmem(back, sizeof(back), data, sizeof(data));
    memcpy(m->hpa[SPOTS - 1] + m->len - 2048, data, 2048);
    model_deal(m, SPOTS - 1);
    qcxl_file_read(q, "mem0.p", 0, back, 2048);
    g_assert_cmpmem(back, 2048, data + 2048, 2048);
    model_change(m);
    qcxl_hdm_uncommit(q, mem(0), 1);
    qcxl_hdm_uncommit(q, &q->bridges[0].comp, 1);
    model_read(m);
    unmap(r);
    model_check_files(m);
    qcxl_file_read(q, "mem0.p", 0, back, 2048);
    g_assert_cmpmem(back, 2048, data + 2048, 2048);
    clear_files(&regions[PERSISTENT]);
    model_free(m);
}

/* The state of one QEMU goes on in another one; then a region goes */
static void test_migrate(const void *opaque)
{
    const Region *r = opaque;
    Model *m = model_new(r);

    clear_files(r);
    model_write_files(m);
    map(r);
    model_change(m);
    qcxl_migrate(q);
    model_read(m);
    model_change(m);
    model_read(m);
    unmap(r);
    model_check_files(m);
    model_free(m);
}

static void wait_saved(void)
{
    g_autofree char *status = NULL;

    do {
        QDict *rsp = qtest_qmp_assert_success_ref(q->qts,
            "{'execute': 'query-migrate'}");

        g_free(status);
        status = g_strdup(qdict_get_try_str(rsp, "status") ?: "none");
        qobject_unref(rsp);
        g_assert_cmpstr(status, !=, "failed");
        g_usleep(10000);
    } while (!g_str_equal(status, "completed"));
}

/* A machine that was saved and goes on where it is */
static void test_save_and_continue(const void *opaque)
{
    const Region *r = opaque;
    g_autofree char *path = qcxl_file(q, "saved");
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    Model *m = model_new(r);

    clear_files(r);
    model_write_files(m);
    map(r);
    for (unsigned round = 0; round < 2; round++) {
        model_change(m);
        qtest_qmp_assert_success(q->qts, "{'execute': 'migrate',"
                                 " 'arguments': {'uri': %s}}", uri);
        wait_saved();
        model_check_files(m);
        qtest_qmp_assert_success(q->qts, "{'execute': 'cont'}");
        model_read(m);
    }
    model_change(m);
    unmap(r);
    model_check_files(m);
    model_free(m);
}

/* Back to a snapshot; what was mapped since then is gone */
static void test_snapshot(void)
{
    const Region *r = &regions[PARTLY];
    Model *m = model_new(r);
    g_autofree char *out = NULL;

    if (!image) {
        g_test_skip("there is no qemu-img");
        return;
    }
    clear_files(r);
    model_write_files(m);
    map(r);
    model_change(m);
    out = qtest_hmp(q->qts, "savevm one");
    g_assert_cmpstr(out, ==, "");
    model_read(m);
    for (unsigned i = 0; i < SPOTS; i++) {
        qtest_memset(q->qts, region_base(r) + m->at[i], i, m->len);
    }
    unmap(r);
    g_free(out);
    out = qtest_hmp(q->qts, "loadvm one");
    g_assert_cmpstr(out, ==, "");
    model_read(m);
    model_change(m);
    unmap(r);
    model_check_files(m);
    model_free(m);
}

/* SIGKILL while writes go on: what is older than two seconds is there */
static void test_killed(const void *opaque)
{
    const Region *r = opaque;
    Model *m = model_new(r);
    uint64_t noise = region_base(r) + m->at[1] + 2 * m->len;

    clear_files(r);
    model_write_files(m);
    map(r);
    model_change(m);
    for (unsigned i = 0; i < 210; i++) {
        qcxl_write(q, noise + 8 * i, 8, 0);
        g_usleep(10000);
    }
    kill(qtest_pid(q->qts), SIGKILL);
    while (qtest_probe_child(q->qts)) {
        g_usleep(1000);
    }
    model_check_files(m);
    q->qts = qtest_initf("%s", q->args);
    qcxl_enumerate(q);
    map(r);
    model_read(m);
    unmap(r);
    model_free(m);
}

/* An orderly exit leaves behind what was written a moment before */
static void test_quit(const void *opaque)
{
    const Region *r = opaque;
    Model *m = model_new(r);

    clear_files(r);
    map(r);
    for (unsigned i = 0; i < SPOTS; i++) {
        qtest_bufwrite(q->qts, region_base(r) + m->at[i], m->hpa[i], m->len);
    }
    qtest_quit(q->qts);
    model_check_files(m);
    q->qts = qtest_initf("%s", q->args);
    qcxl_enumerate(q);
    model_free(m);
}

static void build(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 32, "");
    qcxl_bridge(t, "hb2", 48, "");
    for (unsigned i = 0; i < 7; i++) {
        g_autofree char *port = g_strdup_printf("rp%u", i);
        g_autofree char *id = g_strdup_printf("mem%u", i);

        qcxl_root_port(t, port, i < 4 ? "hb0" : i < 6 ? "hb1" : "hb2", "");
        qcxl_mem(t, id, port, 256, i < 4 ? 256 : 0, "");
    }
    qcxl_window(t, 1280, NULL, "hb0");
    qcxl_window(t, 1024, "512", "hb0 hb1");
    qcxl_window(t, 768, "256", "hb0 hb1 hb2");
    if (have_qemu_img()) {
        int fd = g_file_open_tmp("cxl-view-XXXXXX.qcow2", &image, NULL);

        g_assert_cmpint(fd, >=, 0);
        close(fd);
        mkqcow2(image, 1);
        qcxl_args(t, "-drive if=none,id=state,format=qcow2,file=%s", image);
    }
    q = qcxl_boot(t);
}

static void add(const char *kind, const Region *r,
                void (*func)(const void *opaque))
{
    g_autofree char *path = g_strdup_printf("/cxl/view/%s/%s", kind, r->name);

    qtest_add_data_func(path, r, func);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    build();
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        add("bytes", &regions[i], test_geometry);
    }
    qtest_add_func("/cxl/view/held-once", test_held_once);
    qtest_add_func("/cxl/view/reset", test_reset);
    qtest_add_func("/cxl/view/unplug", test_unplug);
    qtest_add_func("/cxl/view/neighbour", test_neighbour);
    add("save-and-continue", &regions[TWO], test_save_and_continue);
    add("save-and-continue", &regions[PARTLY], test_save_and_continue);
    qtest_add_func("/cxl/view/snapshot", test_snapshot);
    add("migrate", &regions[TWO], test_migrate);
    add("migrate", &regions[PERSISTENT], test_migrate);
    add("killed", &regions[PERSISTENT], test_killed);
    add("quit", &regions[TWO], test_quit);
    add("quit", &regions[PARTLY], test_quit);
    ret = g_test_run();
    qcxl_quit(q);
    if (image) {
        unlink(image);
    }
    return ret;
}

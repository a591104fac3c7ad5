/*
 * QTest: CXL memory against a naive model, by random machines and programs
 *
 * Each test is one random machine. It is run with fast mappings and without:
 * both have to agree with the model in every register and in every byte, read
 * through windows and found in the devices' files.
 *
 * CXL_SEED=n in the environment makes a run again, as --seed does; the
 * messages say which n. CXL_STEPS=n sets how long each test is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "cxl/reference-program.h"

#define MACHINES        6
#define STEPS           24
#define BLOCK_MAX       (24 * 1024)
/* Where writes went lately, to be read again */
#define RECENT          64

typedef struct Run {
    RefMachine *r;
    RefRegion regions[REF_REGIONS_MAX];
    uint64_t recent[RECENT];
    unsigned nr_recent;
    unsigned step;
    uint64_t in_files;
} Run;

static uint32_t first_seed;
static unsigned nr_steps = STEPS;
static uint64_t total;
static unsigned nr_done;
static unsigned regions[REF_WAYS_MAX + 1];
static unsigned xor_regions;

/* Comparisons */

/* The decoders that an address has to do with */
static void describe(const RefModel *m, uint64_t hpa)
{
    for (unsigned i = 0; i < m->nr_nodes; i++) {
        const RefNode *node = m->nodes[i];

        for (unsigned n = 0; n < node->nr_decoders; n++) {
            if (ref_committed(node, n) && hpa >= ref_base(node, n) &&
                hpa - ref_base(node, n) < ref_size(node, n)) {
                g_test_message("%s, decoder %u: HPA 0x%" PRIx64 " + 0x%" PRIx64
                               ", control 0x%x, targets 0x%x%08x, DPA 0x%"
                               PRIx64 ", enabled %d %d", node->id, n,
                               ref_base(node, n), ref_size(node, n),
                               ref_reg_read(node, n, CXL_HDM_CONTROL),
                               ref_reg_read(node, n, CXL_HDM_TARGET_HIGH),
                               ref_reg_read(node, n, CXL_HDM_TARGET_LOW),
                               node->dpa_base[n], node->hdm_enable,
                               node->mem_enable);
            }
        }
    }
}

static void report(Run *run, uint64_t hpa, uint8_t got, uint8_t want)
{
    uint64_t dpa = 0;
    RefNode *node = ref_translate(run->r->model, hpa, &dpa);

    g_test_message("step %u: HPA 0x%" PRIx64 " is %s, DPA 0x%" PRIx64
                   ": got 0x%02x, want 0x%02x", run->step, hpa,
                   node ? node->id : "nothing", dpa, got, want);
    describe(run->r->model, hpa);
    g_test_message("repeat with CXL_SEED=%u", first_seed);
}

static void compare(Run *run, uint64_t hpa, uint8_t *got, size_t len)
{
    g_autofree uint8_t *want = g_malloc(len);

    ref_read(run->r->model, hpa, want, len);
    for (size_t i = 0; i < len; i++) {
        /* What is between windows depends on the size of accesses */
        if (!ref_in_window(run->r->model, hpa + i)) {
            got[i] = 0;
        } else if (got[i] != want[i]) {
            report(run, hpa + i, got[i], want[i]);
            g_assert_cmphex(got[i], ==, want[i]);
        }
    }
    g_checksum_update(run->r->read, got, len);
    run->r->checked += len;
}

/* Addresses */

static uint64_t windows_begin(Run *run)
{
    return run->r->model->windows[0].base;
}

static uint64_t windows_end(Run *run)
{
    const RefModel *m = run->r->model;
    const RefWindow *last = &m->windows[m->nr_windows - 1];

    return last->base + last->size;
}

static uint64_t near_edge(Run *run, uint64_t edge)
{
    return edge + ref_rand(run->r, 40) - 20;
}

/* In a committed decoder: an end, the edge of a granule, or anywhere */
static uint64_t in_decoder(Run *run, const RefNode *node, unsigned n)
{
    uint64_t base = ref_base(node, n), size = ref_size(node, n);
    uint64_t at = g_rand_int(run->r->rand) % (size / 4096) * 4096;

    /* Not just anywhere: a page that was ever written stays in memory */
    at = size / 16 * ref_rand(run->r, 16) + at % (64 * 1024);
    switch (ref_rand(run->r, 8)) {
    case 0:
        return near_edge(run, base);
    case 1:
        return near_edge(run, base + size);
    case 2:
        return near_edge(run, base + at);
    case 3:
        return base + at + ref_rand(run->r, 4096);
    case 4:
        return near_edge(run, base + size - 256 * ref_rand(run->r, 1024));
    default:
        return near_edge(run, base + 256 * ref_rand(run->r, 1024));
    }
}

static uint64_t in_any_decoder(Run *run)
{
    const RefModel *m = run->r->model;

    for (unsigned tries = 0; tries < 50; tries++) {
        const RefNode *node = m->nodes[ref_rand(run->r, m->nr_nodes)];
        unsigned n = ref_rand(run->r, node->nr_decoders);

        if (node->nr_decoders && ref_committed(node, n)) {
            return in_decoder(run, node, n);
        }
    }
    return windows_begin(run);
}

/* Some address at which @len bytes are inside windows, or between them */
static uint64_t any_hpa(Run *run, size_t len)
{
    const RefModel *m = run->r->model;
    const RefWindow *w = &m->windows[ref_rand(run->r, m->nr_windows)];
    uint64_t hpa;

    switch (ref_rand(run->r, 12)) {
    case 0:
        hpa = near_edge(run, w->base);
        break;
    case 1:
        hpa = near_edge(run, w->base + w->size - len);
        break;
    case 2:
        hpa = w->base + w->size / 16 * ref_rand(run->r, 16);
        break;
    default:
        hpa = in_any_decoder(run);
    }
    return CLAMP(hpa, windows_begin(run), windows_end(run) - len);
}

/* Some address to read at, which often was written to */
static uint64_t read_hpa(Run *run, size_t len)
{
    uint64_t hpa = any_hpa(run, len);

    if (run->nr_recent && ref_once_in(run->r, 2)) {
        unsigned i = ref_rand(run->r, MIN(run->nr_recent, RECENT));

        hpa = run->recent[i] - ref_rand(run->r, 64);
    }
    return CLAMP(hpa, windows_begin(run), windows_end(run) - len);
}

/* Accesses */

static void fill(Run *run, uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf[i] = g_rand_int(run->r->rand);
    }
}

static void write_bytes(Run *run, size_t len)
{
    g_autofree uint8_t *buf = g_malloc(len);
    uint64_t hpa = any_hpa(run, len);
    QTestState *qts = run->r->q->qts;

    fill(run, buf, len);
    run->recent[run->nr_recent++ % RECENT] = hpa;
    ref_write(run->r->model, hpa, buf, len);
    if (is_power_of_2(len) && len <= 8 && ref_once_in(run->r, 2)) {
        qcxl_write(run->r->q, hpa, len, cxl_le_load(buf, len));
    } else if (len <= 8) {
        qtest_memwrite(qts, hpa, buf, len);
    } else {
        qtest_bufwrite(qts, hpa, buf, len);
    }
}

static void read_bytes(Run *run, size_t len)
{
    g_autofree uint8_t *buf = g_malloc(len);
    uint64_t hpa = read_hpa(run, len);
    QTestState *qts = run->r->q->qts;

    if (is_power_of_2(len) && len <= 8 && ref_once_in(run->r, 2)) {
        uint64_t value = cpu_to_le64(qcxl_read(run->r->q, hpa, len));

        memcpy(buf, &value, len);
    } else if (len <= 8) {
        qtest_memread(qts, hpa, buf, len);
    } else {
        qtest_bufread(qts, hpa, buf, len);
    }
    compare(run, hpa, buf, len);
}

static void exercise(Run *run)
{
    RefMachine *r = run->r;

    for (unsigned i = 0; i < 30; i++) {
        write_bytes(run, 1 + ref_rand(r, 8));
        read_bytes(run, 1 + ref_rand(r, 8));
    }
    for (unsigned i = 0; i < 4; i++) {
        write_bytes(run, 1 + ref_rand(r, ref_once_in(r, 3) ? BLOCK_MAX : 2048));
        read_bytes(run, 1 + ref_rand(r, BLOCK_MAX));
    }
}

/* Files */

static void compare_file(Run *run, const RefNode *node, int fd,
                         uint64_t offset, uint64_t len, uint64_t first)
{
    g_autofree uint8_t *got = g_malloc(len);
    const uint8_t *want = node->bytes + first + offset;

    g_assert_cmpint(pread(fd, got, len, offset), ==, len);
    run->in_files += len;
    if (!memcmp(got, want, len)) {
        return;
    }
    for (uint64_t i = 0; i < len; i++) {
        if (got[i] != want[i]) {
            g_test_message("step %u: %s, DPA 0x%" PRIx64 ": file has 0x%02x, "
                           "want 0x%02x; repeat with CXL_SEED=%u", run->step,
                           node->id, first + offset + i, got[i], want[i],
                           first_seed);
            g_assert_cmphex(got[i], ==, want[i]);
        }
    }
}

/* All of a file that is not a hole, and what was written to but is one */
static void check_file(Run *run, const RefNode *node, const char *suffix,
                       uint64_t first, uint64_t size)
{
    g_autofree char *name = g_strdup_printf("%s.%s", node->id, suffix);
    g_autofree char *path = qcxl_file(run->r->q, name);
    int fd = open(path, O_RDONLY);
    off_t data, hole = 0;

    g_assert_cmpint(fd, >=, 0);
    while ((data = lseek(fd, hole, SEEK_DATA)) >= 0) {
        hole = lseek(fd, data, SEEK_HOLE);
        compare_file(run, node, fd, data, hole - data, first);
    }
    for (uint64_t at = 0; at < size; at += REF_PAGE) {
        if (test_bit((first + at) / REF_PAGE, node->touched) &&
            lseek(fd, at, SEEK_DATA) != at) {
            compare_file(run, node, fd, at, REF_PAGE, first);
        }
    }
    close(fd);
}

/* Whether a device's file may be behind what the guest sees */
static bool mapped_fast(Run *run, unsigned i)
{
    const RefNode *node = run->r->model->nodes[i];

    for (unsigned n = 0; n < node->nr_decoders; n++) {
        if (ref_committed(node, n)) {
            return !run->r->slow[i];
        }
    }
    return false;
}

static void check_devices(Run *run)
{
    for (unsigned i = 0; i < run->r->model->nr_nodes; i++) {
        const RefNode *node = run->r->model->nodes[i];

        if (!node->endpoint || mapped_fast(run, i)) {
            continue;
        }
        if (node->volatile_size) {
            check_file(run, node, "v", 0, node->volatile_size);
        }
        if (node->size > node->volatile_size) {
            check_file(run, node, "p", node->volatile_size,
                       node->size - node->volatile_size);
        }
    }
}

/* Steps */

static void step(Run *run)
{
    RefMachine *r = run->r;
    RefRegion *region = &run->regions[ref_rand(r, REF_REGIONS_MAX)];

    switch (ref_rand(r, 8)) {
    case 0:
        for (unsigned i = 0; i < 25; i++) {
            ref_program_any(r);
        }
        break;
    case 1:
        ref_program_committed(r);
        break;
    case 2:
        ref_program_enables(r);
        exercise(run);
        ref_program_enable_all(r);
        break;
    case 3:
        ref_region_destroy(r, region);
        ref_region_create_wrong(r, region);
        break;
    case 4:
        ref_region_destroy(r, region);
        exercise(run);
        check_devices(run);
        break;
    default:
        for (unsigned i = 0; i < 3; i++) {
            region = &run->regions[ref_rand(r, REF_REGIONS_MAX)];
            ref_region_destroy(r, region);
        }
        for (unsigned i = 0; i < REF_REGIONS_MAX; i++) {
            if (!run->regions[i].nr) {
                ref_region_create(r, &run->regions[i]);
            }
        }
    }
    exercise(run);
}

static void destroy_all(Run *run)
{
    for (unsigned i = 0; i < REF_REGIONS_MAX; i++) {
        ref_region_destroy(run->r, &run->regions[i]);
    }
    for (unsigned i = 0; i < run->r->model->nr_nodes; i++) {
        ref_uncommit_all(run->r, i);
    }
}

/*
 * Regions, which another QEMU takes over, then other members for the same
 * devices, then locks and a reset
 */
static void run_steps(Run *run)
{
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 3; i++) {
            ref_region_create(run->r, &run->regions[i]);
        }
        ref_program_enable_all(run->r);
        exercise(run);
        for (unsigned i = 0; i < nr_steps / 2; i++) {
            run->step++;
            step(run);
        }
        if (!round) {
            qcxl_migrate(run->r->q);
            exercise(run);
            destroy_all(run);
            check_devices(run);
        }
    }
    ref_program_locked(run->r);
    exercise(run);
    ref_machine_reset(run->r);
    check_devices(run);
    exercise(run);
    for (unsigned i = 0; i < 3; i++) {
        ref_region_create(run->r, &run->regions[i]);
    }
    ref_program_enable_all(run->r);
    exercise(run);
    destroy_all(run);
    check_devices(run);
}

/* One run of a machine; what it read, as a digest */
static char *run_machine(uint32_t seed, bool fast)
{
    g_autofree Run *run = g_new0(Run, 1);
    gint64 begin = g_get_monotonic_time();
    char *digest;

    run->r = ref_machine_start(seed, fast);
    run_steps(run);
    g_test_message("%" PRIu64 " bytes checked, %" PRIu64 " in files, "
                   "%u commits, %u of them refused, %.1f s",
                   run->r->checked, run->in_files, run->r->attempts,
                   run->r->refusals,
                   (g_get_monotonic_time() - begin) / 1e6);
    total += run->r->checked;
    for (unsigned i = 0; i <= REF_WAYS_MAX; i++) {
        regions[i] += run->r->regions[i];
    }
    xor_regions += run->r->xor_regions;
    digest = g_strdup(g_checksum_get_string(run->r->read));
    ref_machine_quit(run->r);
    return digest;
}

static void test_machine(const void *opaque)
{
    uint32_t seed = first_seed + GPOINTER_TO_UINT(opaque);
    g_autofree char *slow = run_machine(seed, false);
    g_autofree char *fast = run_machine(seed, true);

    g_assert_cmpstr(fast, ==, slow);
    nr_done++;
}

static void test_total(void)
{
    g_autoptr(GString) text = g_string_new("");

    for (unsigned i = 0; i <= REF_WAYS_MAX; i++) {
        if (regions[i]) {
            g_string_append_printf(text, ", %u of x%u", regions[i], i);
        }
    }
    g_test_message("%" PRIu64 " bytes read and checked by all; regions%s, "
                   "%u by XOR", total, text->str, xor_regions);
    if (nr_done == MACHINES && nr_steps >= STEPS) {
        g_assert_cmpuint(total, >=, 1000 * 1000);
    }
}

static void environment(const char *name, unsigned *value)
{
    const char *text = g_getenv(name);

    if (text && qemu_strtoui(text, NULL, 0, value)) {
        g_error("%s is not a number: %s", name, text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    first_seed = g_test_rand_int();
    environment("CXL_SEED", &first_seed);
    environment("CXL_STEPS", &nr_steps);
    g_test_message("CXL_SEED=%u", first_seed);
    for (unsigned i = 0; i < MACHINES; i++) {
        g_autofree char *path = g_strdup_printf("/cxl/reference/%u", i);

        qtest_add_data_func(path, GUINT_TO_POINTER(i), test_machine);
    }
    qtest_add_func("/cxl/reference/total", test_total);
    return g_test_run();
}

/*
 * QTest: machines that are saved and restored go on as if nothing had been
 *
 * A guest brings a machine into a random state. Saved and restored, by another
 * QEMU or in place, everything that can be seen is as before; and restored
 * twice, the same thousand random requests get the same answers.
 *
 * More of it: CXL_STATES, CXL_REQUESTS, CXL_SEED in the environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/libqos.h"
#include "cxl/machine-guest.h"
#include "cxl/machine-save.h"
#include "cxl/machine-state.h"
#include "cxl/pieces.h"

static QCXL *q;

/* What the guest relies on */
static void check_topology(void)
{
    g_assert_cmpuint(q->nr_windows, ==, 2);
    g_assert_nonnull(qcxl_mem_at(q, 3));
    g_assert_null(qcxl_mem_at(q, 4));
}

/* The same as at power-on, and then into a state that @seed makes */
static void into_state(uint32_t seed)
{
    Guest *g;

    guest_restart(q);
    pieces_set(q, seed);
    g = guest_new(q, seed, true);
    guest_map(g);
    guest_request(g, 300);
    for (unsigned i = 0; i < seed % 5; i++) {
        guest_fault(g);
        guest_request(g, 10);
    }
    guest_destroy(g);
    if (seed % 4 == 0) {
        size_t len = 0;

        guest_command(qcxl_mem_at(q, 0), CXL_OP_SANITIZE, NULL, 0, NULL, &len);
    }
}

/* What the machine answers to the requests that @seed makes */
static GByteArray *answers(uint32_t seed, unsigned nr, bool time)
{
    Guest *g = guest_new(q, seed, time);
    GByteArray *a;

    guest_request(g, nr);
    a = g_byte_array_ref(g->answers);
    guest_destroy(g);
    return a;
}

/* Restored by other QEMUs, from all that there is, memory too */
static void save_and_load(uint32_t seed, unsigned requests)
{
    g_autoptr(GByteArray) first = NULL, second = NULL;
    MachineState *before, *after;

    into_state(seed);
    machine_save(q, "state", false);
    before = machine_state_read(q);
    g_assert_true(machine_load(q, "state", false));
    after = machine_state_read(q);
    machine_state_check_equal(before, after);
    machine_state_free(before);
    machine_state_free(after);
    g_assert_true(machine_load(q, "state", false));
    first = answers(seed, requests, true);
    g_assert_true(machine_load(q, "state", false));
    second = answers(seed, requests, true);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
}

static void monitor(const char *command)
{
    g_autofree char *output = qtest_hmp(q->qts, "%s", command);

    g_assert_cmpstr(output, ==, "");
}

/* Restored in place. Virtual time does not go back here: it stands still */
static void save_in_place(uint32_t seed, unsigned requests)
{
    g_autoptr(GByteArray) first = NULL, second = NULL;
    MachineState *before, *after;

    into_state(seed);
    monitor("savevm state");
    before = machine_state_read(q);
    monitor("loadvm state");
    first = answers(seed, requests, false);
    monitor("loadvm state");
    after = machine_state_read(q);
    machine_state_check_equal(before, after);
    machine_state_free(before);
    machine_state_free(after);
    monitor("loadvm state");
    second = answers(seed, requests, false);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
    monitor("delvm state");
}

static void test_states(void)
{
    unsigned states = guest_option("CXL_STATES", 10);
    unsigned requests = guest_option("CXL_REQUESTS", 200);
    uint32_t seed = guest_option("CXL_SEED", 1);

    for (unsigned i = 0; i < states; i++) {
        g_test_message("state %u of %u: seed %u", i + 1, states, seed + i);
        if (i % 2 && have_qemu_img()) {
            save_in_place(seed + i, requests);
        } else {
            save_and_load(seed + i, requests);
        }
    }
}

int main(int argc, char **argv)
{
    g_autofree char *image = NULL;
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    image = g_strdup_printf("%s/qcxl-%d.qcow2", g_get_tmp_dir(), getpid());
    t = guest_topology();
    if (have_qemu_img()) {
        mkqcow2(image, 64);
        qcxl_args(t, "-drive if=none,id=snapshots,format=qcow2,file=%s", image);
    }
    q = qcxl_boot(t);
    check_topology();
    for (unsigned n = 0; qcxl_mem_at(q, n); n++) {
        guest_learn(qcxl_mem_at(q, n));
    }

    qtest_add_func("/cxl/migrate/states", test_states);
    ret = g_test_run();
    qcxl_quit(q);
    unlink(image);
    return ret;
}

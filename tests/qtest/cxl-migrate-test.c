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
#include "cxl/reset-drivers.h"

static QCXL *q;

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);

    return value ? strtoul(value, NULL, 0) : otherwise;
}

static bool is_port(const QCXLFn *fn)
{
    return fn->device == QCXL_ROOT_PORT || fn->device == QCXL_UPSTREAM_PORT ||
           fn->device == QCXL_DOWNSTREAM_PORT;
}

static QCXLTopology *topology(void)
{
    QCXLTopology *t = qcxl_topology();

    /* Less to save */
    qcxl_args(t, "-m 64M");
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_bridge(t, "hb1", 64, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_root_port(t, "rp2", "hb1", "");
    qcxl_switch(t, "sw0", "rp1", 2, ",sn=1");
    qcxl_nv(t, "mem0");
    qcxl_partitionable(t, "mem0", 256, false);
    qcxl_mem(t, "mem0", "rp0", 256, 256,
             ",sn=2,nv=mem0.nv,partitionable-memdev=mem0.part");
    qcxl_mem(t, "mem1", "sw0.0", 256, 0, ",sn=3");
    qcxl_mem(t, "mem2", "sw0.1", 256, 0, ",sn=4");
    qcxl_mem(t, "mem3", "rp2", 0, 256, ",sn=5");
    qcxl_window(t, 1024, NULL, "hb0");
    qcxl_window(t, 512, NULL, "hb0 hb1");
    return t;
}

/* Port numbers of the switch's ports and of those of the host bridge */
static void check_topology(void)
{
    g_assert_cmpuint(q->nr_windows, ==, 2);
    g_assert_nonnull(qcxl_mem_at(q, 3));
    g_assert_null(qcxl_mem_at(q, 4));
}

/* CXL r3.1 8.2.9.9.5.1: it takes a while, if the device has it */
#define OP_SANITIZE     0x4400

static bool unsupported(QCXLFn *fn, uint16_t opcode)
{
    return opcode && qcxl_mbox(fn, opcode, NULL, 0, NULL, NULL) ==
                     CXL_RET_UNSUPPORTED;
}

/*
 * Pieces of state that resets are tested with, so that none of them is what it
 * always is; but those that would be in the way of what comes after
 */
static void set_pieces(QCXLFn *fn, const ResetDriver *drivers, unsigned nr,
                       uint32_t in_the_way, GRand *rand)
{
    const ResetTarget t = { .q = q, .fn = fn, .comp = &fn->comp };

    for (unsigned row = 0; row < nr; row++) {
        uint32_t token = 1 + (g_rand_int(rand) >> 1);

        if (!(in_the_way & 1u << row) && token % 4 &&
            !unsupported(fn, drivers[row].opcode)) {
            drivers[row].set(&t, token);
        }
    }
}

static void set_all_pieces(uint32_t seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

    for (unsigned i = 0; i < q->functions->len; i++) {
        QCXLFn *fn = g_ptr_array_index(q->functions, i);

        if (is_port(fn)) {
            set_pieces(fn, reset_port_drivers, CXL_PORT_STATES,
                       1u << CXL_PORT_STATE_HDM, rand);
        }
    }
    set_pieces(qcxl_mem_at(q, 0), reset_device_drivers, CXL_STATES,
               1u << CXL_STATE_BACKGROUND | 1u << CXL_STATE_CONFIG_LOCK |
               1u << CXL_STATE_HDM, rand);
}

/* The same as at power-on, and then into a state that @seed makes */
static void into_state(uint32_t seed)
{
    Guest *g;

    qcxl_restart(q);
    set_all_pieces(seed);
    g = guest_new(q, seed, true);
    guest_map(g);
    guest_request(g, 300);
    guest_destroy(g);
    if (seed % 4 == 0) {
        qcxl_mbox(qcxl_mem_at(q, 0), OP_SANITIZE, NULL, 0, NULL, NULL);
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
    unsigned states = from_environment("CXL_STATES", 10);
    unsigned requests = from_environment("CXL_REQUESTS", 200);
    uint32_t seed = from_environment("CXL_SEED", 1);

    for (unsigned i = 0; i < states; i++) {
        g_test_message("state %u of %u: seed %u", i + 1, states, seed + i);
        if (i % 2) {
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
    mkqcow2(image, 64);
    t = topology();
    qcxl_args(t, "-drive if=none,id=snapshots,format=qcow2,file=%s", image);
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

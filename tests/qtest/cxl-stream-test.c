/*
 * QTest: a migration stream comes from outside
 *
 * The state of a machine is saved, something is done to the part of one CXL
 * device, and a QEMU gets it to load: it says that it cannot, or it can, and
 * then stands whatever a guest does next and is as new after a reset.
 *
 * More of it: CXL_STREAMS, CXL_SEED in the environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl/machine-guest.h"
#include "cxl/machine-save.h"
#include "cxl/pieces.h"
#include "cxl/stream.h"

/* Streams that are made of one state */
#define STREAMS_PER_STATE   50

static QCXL *q;
static unsigned refused;

/* A machine in a random state, as a stream */
static Stream *save(uint32_t seed)
{
    g_autofree char *path = qcxl_file(q, "state");
    Guest *g;
    Stream *s;

    guest_restart(q);
    pieces_set(q, seed);
    g = guest_new(q, seed, true);
    guest_map(g);
    guest_request(g, 100);
    for (unsigned i = 0; i < 5; i++) {
        guest_fault(g);
        guest_request(g, 10);
    }
    guest_destroy(g);
    machine_save(q, "state", true);
    s = stream_read(path);
    /* Four devices, five ports of PCI Express and the switch's, two bridges */
    g_assert_cmpuint(s->sections->len, ==, 4 + 3 + 3 + 2);
    return s;
}

static void check_stream(const Stream *s, uint32_t seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    g_autofree char *path = qcxl_file(q, "mutated");
    g_autofree char *what = stream_write_mutated(s, path, rand);
    Guest *g;

    g_test_message("seed %u: %s", seed, what);
    if (!machine_load(q, "mutated", true)) {
        refused++;
        return;
    }
    g = guest_new(q, seed, true);
    guest_poke(g, 200);
    qtest_clock_step(q->qts, 100ll * 1000 * 1000 * 1000);
    qcxl_reset(q);
    guest_request(g, 50);
    guest_destroy(g);
}

static void test_mutated(void)
{
    unsigned nr = guest_option("CXL_STREAMS", 50);
    uint32_t seed = guest_option("CXL_SEED", 1);
    Stream *s = NULL;

    for (unsigned i = 0; i < nr; i++) {
        if (i % STREAMS_PER_STATE == 0) {
            g_clear_pointer(&s, stream_free);
            s = save(seed + i);
        }
        check_stream(s, seed + i);
    }
    stream_free(s);
    g_test_message("%u streams, %u refused", nr, refused);
    g_assert_cmpuint(refused, >, 0);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    q = qcxl_boot(guest_topology());
    for (unsigned n = 0; qcxl_mem_at(q, n); n++) {
        guest_learn(qcxl_mem_at(q, n));
    }
    qtest_add_func("/cxl/stream/mutated", test_mutated);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

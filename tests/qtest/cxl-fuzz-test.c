/*
 * QTest: a structured fuzzer of machines with CXL memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"
#include "cxl/fuzz.h"

/*
 * First the traces of tests/qtest/cxl/corpus are replayed, then rounds of
 * random operations follow: a test passes when QEMU outlives it. These
 * variables of the environment say otherwise:
 *
 *   SEED            where random numbers begin; a round adds its number
 *   FUZZ_ROUND      only this round
 *   FUZZ_SECONDS    how long to go on
 *   FUZZ_COMMANDS   how many mailbox commands to go on for
 *   FUZZ_TRACE      file that the trace of each round is written to
 *   FUZZ_REPLAY     file of a trace to replay, and nothing else
 */

/* Operations of a round: what is worth a machine of its own */
#define ROUND           20000
#define SECONDS         5
#define REPORT_SECONDS  10

static Fuzz fuzz;
static uint64_t seed;
static uint64_t round_nr;

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = g_getenv(name);

    return text && *text ? g_ascii_strtoull(text, NULL, 0) : otherwise;
}

static void report(int64_t begin)
{
    double s = (g_get_monotonic_time() - begin) / 1e6;

    g_test_message("%" PRIu64 " operations, %" PRIu64 " mailbox "
                   "commands, %" PRIu64 " QMP commands, in %.0f s: "
                   "%.0f operations, %.0f mailbox commands a second",
                   fuzz.operations, fuzz.commands, fuzz.qmps, s,
                   fuzz.operations / s, fuzz.commands / s);
}

/* What is between the end of this test and the one who looks for its cause */
static void say_where(void *opaque)
{
    fprintf(stderr, "# QEMU did not outlive SEED=%" PRIu64 " FUZZ_ROUND=%"
            PRIu64 "\n", seed, round_nr);
    if (fuzz.trace) {
        fflush(fuzz.trace);
    }
}

/* How often each operation is done, in per mille */
static const struct {
    unsigned often;
    void (*operation)(Fuzz *f);
} operations[] = {
    { 740, fuzz_mailbox },
    { 70, fuzz_registers },
    { 50, fuzz_config_space },
    { 30, fuzz_doe },
    { 20, fuzz_decoders },
    { 50, fuzz_window },
    { 15, fuzz_management },
    { 25, fuzz_machine },
};

static void operate(Fuzz *f)
{
    int n = fuzz_below(f, 1000);

    for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
        n -= operations[i].often;
        if (n < 0) {
            operations[i].operation(f);
            break;
        }
    }
    f->operations++;
}

static void run_round(uint64_t commands, int64_t deadline)
{
    fuzz.state = seed + round_nr;
    fuzz_random(&fuzz);
    fuzz_boot(&fuzz, fuzz_below(&fuzz, fuzz_topologies()));
    for (unsigned i = 0; i < ROUND; i++) {
        operate(&fuzz);
        if (fuzz.commands >= commands || fuzz_is_over(&fuzz) ||
            g_get_monotonic_time() >= deadline) {
            break;
        }
    }
    fuzz_quit(&fuzz);
}

static void test_random(void)
{
    uint64_t commands = number_of("FUZZ_COMMANDS", UINT64_MAX);
    uint64_t seconds = number_of("FUZZ_SECONDS", commands == UINT64_MAX
                                 ? SECONDS : 1000000);
    int64_t begin = g_get_monotonic_time();
    int64_t deadline = begin + seconds * G_USEC_PER_SEC;
    int64_t next = begin;
    const char *path = g_getenv("FUZZ_TRACE");
    bool once = g_getenv("FUZZ_ROUND") && *g_getenv("FUZZ_ROUND");

    g_test_message("SEED=%" PRIu64, seed);
    round_nr = number_of("FUZZ_ROUND", 0);
    do {
        if (path && *path) {
            fuzz.trace = fopen(path, "w");
            g_assert_nonnull(fuzz.trace);
        }
        run_round(commands, deadline);
        g_clear_pointer(&fuzz.trace, fclose);
        round_nr++;
        if (g_get_monotonic_time() >= next) {
            report(begin);
            next = g_get_monotonic_time() + REPORT_SECONDS * G_USEC_PER_SEC;
        }
    } while (!once && fuzz.commands < commands &&
             g_get_monotonic_time() < deadline);
    report(begin);
    g_assert_cmpuint(fuzz.commands, >, 0);
}

static void test_replay(const void *path)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", 0);
    for (unsigned i = 0; lines[i]; i++) {
        fuzz_line(&fuzz, lines[i]);
    }
    fuzz_quit(&fuzz);
}

static void add_corpus(void)
{
    g_autofree char *dir = g_test_build_filename(G_TEST_DIST, "qtest", "cxl",
                                                 "corpus", NULL);
    GDir *d = g_dir_open(dir, 0, NULL);
    const char *name;

    while (d && (name = g_dir_read_name(d))) {
        g_autofree char *test = g_strdup_printf("/cxl/fuzz/corpus/%s", name);

        qtest_add_data_func_full(test, g_build_filename(dir, name, NULL),
                                 test_replay, g_free);
    }
    g_clear_pointer(&d, g_dir_close);
}

int main(int argc, char **argv)
{
    const char *replay = g_getenv("FUZZ_REPLAY");

    g_test_init(&argc, &argv, NULL);
    qtest_add_abrt_handler(say_where, &fuzz);
    seed = number_of("SEED", 1);
    if (replay && *replay) {
        qtest_add_data_func("/cxl/fuzz/replay", replay, test_replay);
    } else {
        add_corpus();
        qtest_add_func("/cxl/fuzz/random", test_random);
    }
    return g_test_run();
}

/*
 * Fuzzing CXL: random numbers, and what is sent to the machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "fuzz.h"

/* Responses must fit a socket's buffer, or both sides wait for ever */
#define BATCH_MAX   128

/* splitmix64 */
uint64_t fuzz_random(Fuzz *f)
{
    uint64_t z = f->state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

uint64_t fuzz_below(Fuzz *f, uint64_t n)
{
    return fuzz_random(f) % n;
}

bool fuzz_percent(Fuzz *f, unsigned percent)
{
    return fuzz_below(f, 100) < percent;
}

uint64_t fuzz_value(Fuzz *f, unsigned bits)
{
    uint64_t mask = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
    uint64_t value;

    switch (fuzz_below(f, 8)) {
    case 0:
        value = 0;
        break;
    case 1:
        value = UINT64_MAX;
        break;
    case 2:
        value = 1ull << fuzz_below(f, bits);
        break;
    case 3:
        value = (1ull << fuzz_below(f, bits)) - 1;
        break;
    case 4:
        value = UINT64_MAX - fuzz_below(f, 128);
        break;
    case 5:
        value = fuzz_random(f);
        break;
    default:
        value = fuzz_below(f, 16);
    }
    return value & mask;
}

static void note(Fuzz *f, const char *line)
{
    if (f->trace) {
        fputs(line, f->trace);
    }
}

void fuzz_flush(Fuzz *f)
{
    if (!f->queued) {
        return;
    }
    if (f->trace) {
        fflush(f->trace);
    }
    f->lines += f->queued;
    qtest_commands(f->q->qts, f->batch->str, f->queued);
    g_string_truncate(f->batch, 0);
    f->queued = 0;
}

static void G_GNUC_PRINTF(2, 3) send_line(Fuzz *f, const char *fmt, ...)
{
    g_autofree char *line = NULL;
    va_list ap;

    va_start(ap, fmt);
    line = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    note(f, line);
    g_string_append(f->batch, line);
    if (++f->queued == BATCH_MAX) {
        fuzz_flush(f);
    }
}

static char suffix(unsigned size)
{
    return size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : 'q';
}

void fuzz_write(Fuzz *f, uint64_t addr, unsigned size, uint64_t value)
{
    if (size < 8) {
        value &= (1ull << (8 * size)) - 1;
    }
    send_line(f, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", suffix(size), addr,
              value);
}

void fuzz_read(Fuzz *f, uint64_t addr, unsigned size)
{
    send_line(f, "read%c 0x%" PRIx64 "\n", suffix(size), addr);
}

void fuzz_fill(Fuzz *f, uint64_t addr, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = g_base64_encode(bytes, len);

    send_line(f, "b64write 0x%" PRIx64 " 0x%zx %s\n", addr, len, text);
}

void fuzz_sleep(Fuzz *f, uint64_t ns)
{
    send_line(f, "clock_step %" PRIu64 "\n", ns);
}

void fuzz_qmp(Fuzz *f, const char *json)
{
    fuzz_flush(f);
    if (f->trace) {
        fprintf(f->trace, "qmp %s\n", json);
        fflush(f->trace);
    }
    qtest_qmp_send_raw(f->q->qts, "%s\n", json);
    qobject_unref(qtest_qmp_receive(f->q->qts));
    f->qmps++;
}

void fuzz_enumerate(Fuzz *f, bool reset)
{
    fuzz_flush(f);
    note(f, reset ? "reset\n" : "enumerate\n");
    if (f->trace) {
        fflush(f->trace);
    }
    if (reset) {
        qcxl_reset(f->q);
    } else {
        qcxl_enumerate(f->q);
    }
    fuzz_look(f);
}

void fuzz_line(Fuzz *f, const char *line)
{
    unsigned topology;

    if (sscanf(line, "topology %u", &topology) == 1) {
        g_assert_cmpuint(topology, <, fuzz_topologies());
        fuzz_boot(f, topology);
    } else if (g_str_has_prefix(line, "qmp ")) {
        fuzz_qmp(f, line + strlen("qmp "));
    } else if (g_str_equal(line, "reset")) {
        fuzz_enumerate(f, true);
    } else if (g_str_equal(line, "enumerate")) {
        fuzz_enumerate(f, false);
    } else if (*line && *line != '#') {
        send_line(f, "%s\n", line);
    }
}

uint64_t fuzz_config(const QCXLFn *fn, unsigned offset)
{
    return QCXL_ECAM_BASE + (fn->bus << 20 | fn->devfn << 12 | offset);
}

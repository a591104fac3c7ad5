/*
 * QoS Throttling Groups: which windows suit memory that performs so and so
 *
 * CXL r3.1 9.18.3.1: the _DSM of the CXL root device answers with IDs in the
 * order of how well they suit. Implementation defined: an ID performs as the
 * devices do on average that are below its first window that has any.
 * Bandwidth decides where IDs differ in it, latency among those that do not;
 * of IDs that perform alike the first window's comes first, and last come
 * those without a device below.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/boards.h"
#include "cxl_internal.h"

#define PS_PER_NS               1000

/*
 * Latencies are asked for in picoseconds; Linux passes nanoseconds. Reads and
 * writes together take at least 100 ns and less than 100 us.
 */
#define QTG_LEAST_PS            100000

/* Elements of the package that is asked with, and where their sums are kept */
enum {
    QTG_READ_LATENCY,
    QTG_WRITE_LATENCY,
    QTG_READ_BANDWIDTH,
    QTG_WRITE_BANDWIDTH,
    QTG_ELEMENTS,
};
enum {
    QTG_LOCAL_LATENCY = 0,
    QTG_LOCAL_BANDWIDTH = 1,
};

/**
 * QtgClass: an ID that windows have
 * @latency: in ps, and @bandwidth, in MB/s, of a read and of a write together;
 *           both 0 where nothing is known
 */
typedef struct QtgClass {
    uint16_t id;
    uint64_t latency;
    uint64_t bandwidth;
} QtgClass;

/* Of windows with the same ID the first one that has devices below counts */
static void qtg_add(GArray *classes, uint16_t id, const CXLPerf *perf)
{
    QtgClass class = {
        .id = id,
        .latency = ((uint64_t)perf->latency[CXL_PERF_READ] +
                    perf->latency[CXL_PERF_WRITE]) * PS_PER_NS,
        .bandwidth = (uint64_t)perf->bandwidth[CXL_PERF_READ] +
                     perf->bandwidth[CXL_PERF_WRITE],
    };

    for (unsigned i = 0; i < classes->len; i++) {
        QtgClass *other = &g_array_index(classes, QtgClass, i);

        if (other->id == id) {
            if (!other->bandwidth) {
                *other = class;
            }
            return;
        }
    }
    g_array_append_val(classes, class);
}

static GArray *qtg_classes(const CXLHost *host)
{
    const NumaState *numa = MACHINE(host->machine)->numa_state;
    const CXLFixedMemoryWindowOptionsList *w = host->options;
    GArray *classes = g_array_new(false, false, sizeof(QtgClass));

    for (unsigned i = 0; i < host->nr_windows; i++, w = w->next) {
        CXLPerf perf;

        if (!cxl_path_mean(host, numa, i, &perf)) {
            perf = (CXLPerf) { };
        }
        qtg_add(classes, cxl_host_qtg_id(w->value), &perf);
    }
    return classes;
}

static uint64_t qtg_difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Whether @a suits better than @b what performs as @like does */
static bool qtg_better(const QtgClass *a, const QtgClass *b,
                       const QtgClass *like)
{
    uint64_t x = qtg_difference(a->bandwidth, like->bandwidth);
    uint64_t y = qtg_difference(b->bandwidth, like->bandwidth);

    if (!a->bandwidth || !b->bandwidth) {
        return a->bandwidth && !b->bandwidth;
    }
    if (x == y) {
        x = qtg_difference(a->latency, like->latency);
        y = qtg_difference(b->latency, like->latency);
    }
    return x < y;
}

/* CXL r3.1 9.18.3.1: the package of IDs for what performs as @like does */
static Aml *qtg_answer(const GArray *classes, const QtgClass *like)
{
    g_autoptr(GArray) order = g_array_copy((GArray *)classes);
    QtgClass *c = (QtgClass *)order->data;
    unsigned max = 0, nr = MIN(MAX(order->len, 1), UINT8_MAX);
    Aml *answer = aml_package(2), *ids = aml_package(nr);

    /* Stable, so that the order of windows decides among equals */
    for (unsigned i = 1; like && i < order->len; i++) {
        for (unsigned n = i; n && qtg_better(&c[n], &c[n - 1], like); n--) {
            QtgClass swap = c[n];

            c[n] = c[n - 1];
            c[n - 1] = swap;
        }
    }
    for (unsigned i = 0; i < order->len; i++) {
        max = MAX(max, c[i].id);
    }
    for (unsigned i = 0; i < nr; i++) {
        aml_append(ids, aml_int(order->len ? c[i].id : 0));
    }
    aml_append(answer, aml_int(max));
    aml_append(answer, ids);
    return answer;
}

static int qtg_compare(const void *x, const void *y)
{
    const QtgClass *a = x, *b = y;

    if (a->bandwidth != b->bandwidth) {
        return a->bandwidth < b->bandwidth ? -1 : 1;
    }
    return a->latency < b->latency ? -1 : a->latency > b->latency;
}

/* The classes whose performance is known, slowest first, each one once */
static GArray *qtg_known(const GArray *classes)
{
    GArray *known = g_array_new(false, false, sizeof(QtgClass));

    for (unsigned i = 0; i < classes->len; i++) {
        const QtgClass *class = &g_array_index(classes, QtgClass, i);
        bool has = !class->bandwidth;

        for (unsigned n = 0; n < known->len && !has; n++) {
            has = !qtg_compare(&g_array_index(known, QtgClass, n), class);
        }
        if (!has) {
            g_array_append_val(known, *class);
        }
    }
    g_array_sort(known, qtg_compare);
    return known;
}

static Aml *qtg_asked(unsigned element)
{
    return aml_derefof(aml_index(aml_arg(3), aml_int(element)));
}

/* The sums of what is asked for, latency in picoseconds */
static void qtg_read_request(Aml *dsm)
{
    Aml *ns = aml_if(aml_lless(aml_local(QTG_LOCAL_LATENCY),
                               aml_int(QTG_LEAST_PS)));
    Aml *x1024 = aml_shiftleft(aml_local(QTG_LOCAL_LATENCY), aml_int(10));
    Aml *x16 = aml_shiftleft(aml_local(QTG_LOCAL_LATENCY), aml_int(4));
    Aml *x8 = aml_shiftleft(aml_local(QTG_LOCAL_LATENCY), aml_int(3));

    aml_append(dsm, aml_add(qtg_asked(QTG_READ_LATENCY),
                            qtg_asked(QTG_WRITE_LATENCY),
                            aml_local(QTG_LOCAL_LATENCY)));
    aml_append(dsm, aml_add(qtg_asked(QTG_READ_BANDWIDTH),
                            qtg_asked(QTG_WRITE_BANDWIDTH),
                            aml_local(QTG_LOCAL_BANDWIDTH)));
    aml_append(ns, aml_subtract(aml_subtract(x1024, x16, NULL), x8,
                                aml_local(QTG_LOCAL_LATENCY)));
    aml_append(dsm, ns);
}

static Aml *qtg_below(unsigned local, uint64_t a, uint64_t b)
{
    return aml_if(aml_lless(aml_local(local), aml_int((a + b + 1) / 2)));
}

/* Return for the classes from @first on that have the same bandwidth */
static unsigned qtg_by_latency(Aml *block, const GArray *classes,
                               const QtgClass *known, unsigned first,
                               unsigned nr)
{
    unsigned n = first;

    for (; n + 1 < nr && known[n + 1].bandwidth == known[n].bandwidth; n++) {
        Aml *less = qtg_below(QTG_LOCAL_LATENCY, known[n].latency,
                              known[n + 1].latency);

        aml_append(less, aml_return(qtg_answer(classes, &known[n])));
        aml_append(block, less);
    }
    aml_append(block, aml_return(qtg_answer(classes, &known[n])));
    return n + 1;
}

void cxl_acpi_build_qtg(const CXLHost *host, Aml *dsm)
{
    g_autoptr(GArray) classes = qtg_classes(host);
    g_autoptr(GArray) sorted = qtg_known(classes);
    const QtgClass *known = (const QtgClass *)sorted->data;
    unsigned nr = sorted->len, n = 0;
    Aml *request;

    if (nr < 2) {
        aml_append(dsm, aml_return(qtg_answer(classes, nr ? known : NULL)));
        return;
    }
    request = aml_if(aml_equal(aml_sizeof(aml_arg(3)), aml_int(QTG_ELEMENTS)));
    qtg_read_request(request);
    while (n < nr) {
        unsigned last = n;
        Aml *block = request;

        while (last + 1 < nr &&
               known[last + 1].bandwidth == known[n].bandwidth) {
            last++;
        }
        if (last + 1 < nr) {
            block = qtg_below(QTG_LOCAL_BANDWIDTH, known[n].bandwidth,
                              known[last + 1].bandwidth);
        }
        n = qtg_by_latency(block, classes, known, n, nr);
        if (block != request) {
            aml_append(request, block);
        }
    }
    aml_append(dsm, request);
    /* Not asked as the specification says: in the order of windows */
    aml_append(dsm, aml_return(qtg_answer(classes, NULL)));
}

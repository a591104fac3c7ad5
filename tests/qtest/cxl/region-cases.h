/*
 * Regions over all of the memory of one, two and four devices, mapped fast or
 * checked access by access, for tests of commands that erase
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_CXL_REGION_CASES_H
#define TESTS_QTEST_CXL_REGION_CASES_H

#include "libqos/cxl.h"

#define GRANULARITY     256
#define DEVICES         4

static QCXL *q;

/**
 * Case: a region of @ways devices that is mapped; fast: without checks
 */
typedef struct Case {
    unsigned ways;
    bool fast;
} Case;

/* The first four devices are mapped fast, the others are not */
static QCXLFn *mem(const Case *c, unsigned n)
{
    QCXLFn *fn = qcxl_mem_at(q, n + (c->fast ? 0 : DEVICES));

    g_assert_nonnull(fn);
    return fn;
}

static unsigned code(unsigned ways)
{
    return ways == 4 ? 2 : ways == 2 ? 1 : 0;
}

/*
 * A region over the whole of the devices' memory: 256 MiB each that are
 * volatile, then 256 MiB each that are persistent
 */
static void map(const Case *c)
{
    QCXLDecoder d = { .base = q->windows[code(c->ways)].base,
                      .size = c->ways * 2 * QCXL_UNIT,
                      .ways = code(c->ways) };

    for (unsigned n = 0; n < c->ways; n++) {
        d.targets |= (uint64_t)qcxl_port_number(mem(c, n)->port) << n * 8;
    }
    g_assert_true(qcxl_hdm_commit(q, &q->bridges[0].comp, 0, &d));
    d.targets = 0;
    for (unsigned n = 0; n < c->ways; n++) {
        g_assert_true(qcxl_hdm_commit(q, &mem(c, n)->comp, 0, &d));
        qcxl_hdm_enable(q, &mem(c, n)->comp, true);
        qcxl_mem_enable(mem(c, n), true);
    }
}

/* Where DPA @dpa of device @n is */
static uint64_t hpa(const Case *c, unsigned n, uint64_t dpa)
{
    return q->windows[code(c->ways)].base +
           dpa / GRANULARITY * GRANULARITY * c->ways + n * GRANULARITY +
           dpa % GRANULARITY;
}

/* The first device has a backend for what outlives the loss of power */
static QCXLTopology *topology(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_nv(t, "mem0");
    for (unsigned n = 0; n < 2 * DEVICES; n++) {
        g_autofree char *rp = g_strdup_printf("rp%u", n);
        g_autofree char *id = g_strdup_printf("mem%u", n);

        qcxl_root_port(t, rp, "hb0", "");
        qcxl_mem(t, id, rp, 256, 256, n == 0 ? ",nv=mem0.nv" :
                                      n < DEVICES ? "" : ",fast-map=off");
    }
    qcxl_window(t, 512, NULL, "hb0");
    qcxl_window(t, 1024, NULL, "hb0");
    qcxl_window(t, 2048, NULL, "hb0");
    return t;
}

static const Case cases[] = {
    { 1, true }, { 2, true }, { 4, true },
    { 1, false }, { 2, false }, { 4, false },
};

#endif

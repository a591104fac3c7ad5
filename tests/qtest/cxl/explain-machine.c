/*
 * Random machines with one region over all of their devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "explain-machine.h"

static void part_free(void *opaque)
{
    Part *part = opaque;

    for (unsigned i = 0; i < part->nr; i++) {
        g_free(part->via[i]);
    }
    g_free(part->id);
    g_free(part);
}

static Part *add_part(Machine *m, char *id)
{
    Part *part = g_new0(Part, 1);

    part->id = id;
    g_ptr_array_add(m->parts, part);
    return part;
}

static void add_child(Part *part, Part *child, const char *via)
{
    part->via[part->nr] = g_strdup(via);
    part->child[part->nr++] = child;
}

static Part *add_device(Machine *m, QCXLTopology *t, const char *port)
{
    Part *part = add_part(m, g_strdup_printf("mem%u", m->devices++));

    /* What is written is in the file at once */
    qcxl_mem(t, part->id, port, 1024, 0, ",fast-map=off");
    return part;
}

static Part *add_switch(Machine *m, QCXLTopology *t, const char *port)
{
    static unsigned slot = 100;
    Part *part = add_part(m, g_strdup_printf("sw-%s", port));

    qcxl_args(t, "-device cxl-upstream,id=%s,bus=%s", part->id, port);
    for (unsigned n = 0; n < m->leaves; n++) {
        g_autofree char *id = g_strdup_printf("%s.%u", part->id, n);

        qcxl_args(t, "-device cxl-downstream,id=%s,bus=%s,slot=%u,port=%u",
                  id, part->id, slot++, port_number(n));
        add_child(part, add_device(m, t, id), id);
    }
    if (m->spare) {
        qcxl_args(t, "-device cxl-downstream,id=%s.x,bus=%s,slot=%u,port=%u",
                  part->id, part->id, slot++, SPARE_PORT);
    }
    return part;
}

static void add_root_port(QCXLTopology *t, const char *id, const Part *bridge,
                          unsigned number)
{
    g_autofree char *props = g_strdup_printf(",port=%u", number);

    qcxl_root_port(t, id, bridge->id, props);
}

static void add_bridge(Machine *m, QCXLTopology *t, unsigned n)
{
    Part *part = add_part(m, g_strdup_printf("hb%u", n));

    m->bridge[n] = part;
    qcxl_bridge(t, part->id, 16 + 100 * n, "");
    for (unsigned i = 0; i < m->ports; i++) {
        g_autofree char *id = g_strdup_printf("rp%u-%u", n, i);

        add_root_port(t, id, part, port_number(i));
        add_child(part, m->leaves ? add_switch(m, t, id)
                                  : add_device(m, t, id), id);
    }
    if (m->spare) {
        g_autofree char *id = g_strdup_printf("rp%u-x", n);

        add_root_port(t, id, part, SPARE_PORT);
    }
}

Machine *machine_new(void)
{
    Machine *m = g_new0(Machine, 1);
    QCXLTopology *t = qcxl_topology();
    g_autofree char *granularity = NULL;

    do {
        m->bridges = 1 << g_test_rand_int_range(0, 2);
        m->ports = 1 << g_test_rand_int_range(0, 3);
        m->leaves = g_test_rand_bit() ? 0 : 1 << g_test_rand_int_range(0, 3);
    } while (m->bridges * m->ports * MAX(m->leaves, 1) > DEVICES_MAX);
    m->spare = g_test_rand_bit();
    m->granularity = g_test_rand_int_range(0, 4);
    m->parts = g_ptr_array_new_with_free_func(part_free);
    for (unsigned n = 0; n < m->bridges; n++) {
        add_bridge(m, t, n);
    }
    g_test_message("%u bridges, %u ports, %u leaves, granularity %u, spare %d",
                   m->bridges, m->ports, m->leaves, 256 << m->granularity,
                   m->spare);
    granularity = g_strdup_printf("%u", 256 << m->granularity);
    qcxl_window(t, 8192, granularity, m->bridges > 1 ? "hb0 hb1" : "hb0");
    m->q = qcxl_boot(t);
    return m;
}

void machine_free(Machine *m)
{
    qcxl_quit(m->q);
    g_ptr_array_unref(m->parts);
    g_free(m);
}

/* Programs */

static unsigned log2_of(unsigned n)
{
    return ctz32(n);
}

/* Functions are found in the order of the buses, as they were added */
static void locate(Machine *m)
{
    unsigned bridge = 0, sw = 0, mem = 0;

    for (unsigned i = 0; i < m->parts->len; i++) {
        Part *part = g_ptr_array_index(m->parts, i);

        if (g_str_has_prefix(part->id, "hb")) {
            part->comp = &m->q->bridges[bridge++].comp;
        } else {
            part->fn = g_str_has_prefix(part->id, "sw")
                           ? qcxl_fn_at(m->q, QCXL_UPSTREAM_PORT, sw++)
                           : qcxl_mem_at(m->q, mem++);
            g_assert_nonnull(part->fn);
            part->comp = &part->fn->comp;
        }
    }
}

void machine_put(Machine *m, Part *part)
{
    if (!part->comp->hdm) {
        return;
    }
    g_assert_true(qcxl_hdm_commit(m->q, part->comp, 0, &part->d));
    if (!part->nr) {
        qcxl_hdm_enable(m->q, part->comp, true);
        qcxl_mem_enable(part->fn, true);
    }
}

/* A level's granularity is that of the one above times the ways of that */
static void program(Machine *m, Part *part, unsigned granularity)
{
    part->d = m->region;
    if (part->nr) {
        part->d.ways = log2_of(part->nr);
        part->d.granularity = granularity;
        for (unsigned i = 0; i < part->nr; i++) {
            part->d.targets |= (uint64_t)port_number(i) << 8 * i;
            program(m, part->child[i], granularity + part->d.ways);
        }
    }
    machine_put(m, part);
}

void machine_program(Machine *m)
{
    locate(m);
    m->region = (QCXLDecoder) {
        .base = m->q->windows[0].base + m->devices * QCXL_UNIT,
        .size = m->devices * QCXL_UNIT,
        .ways = log2_of(m->devices),
        .granularity = m->granularity,
    };
    for (unsigned n = 0; n < m->bridges; n++) {
        program(m, m->bridge[n], m->granularity + log2_of(m->bridges));
    }
}

uint64_t machine_address(const Machine *m)
{
    uint64_t at = (uint32_t)g_test_rand_int();

    at = at << 16 ^ (uint32_t)g_test_rand_int();
    /* Few pages of files, and all turns */
    return m->region.base + (at % m->region.size & ~0xff0000ull) / 8 * 8;
}

Part *machine_way(const Machine *m, uint64_t hpa, unsigned depth,
                  unsigned *turn)
{
    uint64_t granule = (hpa - m->region.base) >> (8 + m->granularity);
    Part *part = m->bridge[granule % m->bridges];

    granule /= m->bridges;
    for (;;) {
        *turn = part->nr ? granule % part->nr : 0;
        if (!depth-- || !part->nr) {
            return part;
        }
        granule /= part->nr;
        part = part->child[*turn];
    }
}

const char *machine_port_of(const Machine *m, const Part *part)
{
    for (unsigned i = 0; i < m->parts->len; i++) {
        Part *parent = g_ptr_array_index(m->parts, i);

        for (unsigned n = 0; n < parent->nr; n++) {
            if (parent->child[n] == part) {
                return parent->via[n];
            }
        }
    }
    return NULL;
}

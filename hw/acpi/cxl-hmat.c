/*
 * Heterogeneous Memory Attribute Table: latencies and bandwidths with CXL
 *
 * Structures of ours follow the user's. An OS may take the last one of a data
 * type alone, so that they have all initiators and targets, with the user's
 * values where there are any.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/acpi/aml-build.h"
#include "hw/acpi/hmat.h"
#include "cxl_internal.h"

/* ACPI 6.5 5.2.28.4: System Locality Latency and Bandwidth Information */
#define HMAT_TYPE_LOCALITY      1
#define HMAT_LOCALITY_HEADER    32
#define HMAT_ENTRY_MAX          0xfffe

#define PS_PER_NS               1000

/* What HMAT_LB_Info's data are in, bytes, is in the table in this */
#define HMAT_BANDWIDTH_UNIT     MiB

/**
 * Hmat: what the structures are made of
 * @initiators: unsigned, NUMA nodes
 * @targets: how many: NUMA nodes, and then @domains
 * @values: CXLPerf, @targets of them for each initiator
 */
typedef struct Hmat {
    const CXLHost *host;
    const NumaState *numa;
    GArray *domains;
    GArray *initiators;
    unsigned targets;
    CXLPerf *values;
} Hmat;

static uint64_t hmat_user_value(const NumaState *numa, unsigned type,
                                unsigned initiator, unsigned target)
{
    const HMAT_LB_Info *info = numa->hmat_lb[HMAT_LB_MEM_MEMORY][type];

    for (unsigned i = 0; info && i < info->list->len; i++) {
        const HMAT_LB_Data *data = &g_array_index(info->list, HMAT_LB_Data, i);

        if (data->initiator == initiator && data->target == target) {
            return data->data;
        }
    }
    return 0;
}

CXLPerf cxl_hmat_of_user(const NumaState *numa, unsigned initiator,
                         unsigned target)
{
    CXLPerf perf;

    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        uint64_t latency =
            hmat_user_value(numa, HMAT_LB_DATA_READ_LATENCY + d, initiator,
                            target) ?:
            hmat_user_value(numa, HMAT_LB_DATA_ACCESS_LATENCY, initiator,
                            target);
        uint64_t bandwidth =
            hmat_user_value(numa, HMAT_LB_DATA_READ_BANDWIDTH + d, initiator,
                            target) ?:
            hmat_user_value(numa, HMAT_LB_DATA_ACCESS_BANDWIDTH, initiator,
                            target);

        perf.latency[d] = MIN(latency, UINT32_MAX);
        perf.bandwidth[d] = MIN(bandwidth / HMAT_BANDWIDTH_UNIT, UINT32_MAX);
    }
    return perf;
}

static CXLPerf hmat_dram(const NumaState *numa, unsigned initiator,
                         unsigned target)
{
    unsigned distance = cxl_numa_distance(numa, initiator, target);
    CXLPerf perf = { };

    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        perf.latency[d] = CXL_DRAM_NS * distance / NUMA_DISTANCE_MIN;
        perf.bandwidth[d] = CXL_DRAM_MBS * NUMA_DISTANCE_MIN / distance;
    }
    return perf;
}

/* The host bridge of which the user has made @node the generic port, or NULL */
static const CXLHostBridge *hmat_bridge_of(const CXLHost *host, unsigned node)
{
    for (unsigned i = 0; i < host->nr_bridges; i++) {
        unsigned found;

        if (cxl_domain_of_user(&host->bridges[i], &found) && found == node) {
            return &host->bridges[i];
        }
    }
    return NULL;
}

/* Nodes that the user says nothing about, but that have what to say about */
static CXLPerf hmat_default(const Hmat *hmat, unsigned initiator,
                            unsigned target)
{
    const CXLHostBridge *bridge = hmat_bridge_of(hmat->host, target);

    if (!cxl_numa_has_cpu(initiator)) {
        return (CXLPerf) { };
    }
    if (bridge) {
        return cxl_path_to_bridge(hmat->numa, initiator, bridge);
    }
    if (hmat->numa->nodes[target].node_mem) {
        return hmat_dram(hmat->numa, initiator, target);
    }
    return (CXLPerf) { };
}

static CXLPerf hmat_node(const Hmat *hmat, unsigned initiator, unsigned target)
{
    CXLPerf perf = cxl_hmat_of_user(hmat->numa, initiator, target);
    CXLPerf other = hmat_default(hmat, initiator, target);

    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        perf.latency[d] = perf.latency[d] ?: other.latency[d];
        perf.bandwidth[d] = perf.bandwidth[d] ?: other.bandwidth[d];
    }
    return perf;
}

/* @paths: to the memory of the domain */
static CXLPerf hmat_domain(const Hmat *hmat, unsigned initiator,
                           const CXLDomain *domain, const CXLPaths *paths)
{
    const CXLHost *host = hmat->host;
    CXLPerf perf = { };
    bool known = true;

    if (!cxl_numa_has_cpu(initiator)) {
        return perf;
    }
    if (domain->kind == CXL_DOMAIN_PORT) {
        perf = cxl_path_to_bridge(hmat->numa, initiator,
                                  &host->bridges[domain->index]);
    } else {
        unsigned window = domain->kind == CXL_DOMAIN_REGION ?
                          host->regions[domain->index].window : domain->index;

        known = cxl_path_through_window(host, hmat->numa, initiator, window,
                                        paths, &perf);
    }
    return known ? perf : (CXLPerf) { };
}

static unsigned hmat_initiator(const Hmat *hmat, unsigned i)
{
    return g_array_index(hmat->initiators, unsigned, i);
}

static void hmat_fill_nodes(Hmat *hmat)
{
    for (unsigned i = 0; i < hmat->initiators->len; i++) {
        for (unsigned t = 0; t < hmat->numa->num_nodes; t++) {
            hmat->values[i * hmat->targets + t] =
                hmat_node(hmat, hmat_initiator(hmat, i), t);
        }
    }
}

static void hmat_fill_domains(Hmat *hmat)
{
    CXLPaths all, own;

    cxl_path_find(hmat->host, NULL, &all);
    for (unsigned n = 0; n < hmat->domains->len; n++) {
        const CXLDomain *domain = &g_array_index(hmat->domains, CXLDomain, n);
        const CXLPaths *paths = &all;

        if (domain->kind == CXL_DOMAIN_REGION) {
            cxl_path_find(hmat->host, &hmat->host->regions[domain->index],
                          &own);
            paths = &own;
        }
        for (unsigned i = 0; i < hmat->initiators->len; i++) {
            hmat->values[i * hmat->targets + hmat->numa->num_nodes + n] =
                hmat_domain(hmat, hmat_initiator(hmat, i), domain, paths);
        }
    }
}

static Hmat hmat_new(const CXLHost *host, const NumaState *numa)
{
    Hmat hmat = {
        .host = host,
        .numa = numa,
        .domains = cxl_domains_new(host, numa),
        .initiators = g_array_new(false, false, sizeof(unsigned)),
    };

    for (unsigned i = 0; i < numa->num_nodes; i++) {
        if (cxl_numa_has_cpu(i) || numa->nodes[i].has_gi) {
            g_array_append_val(hmat.initiators, i);
        }
    }
    hmat.targets = numa->num_nodes + hmat.domains->len;
    hmat.values = g_new0(CXLPerf, hmat.initiators->len * hmat.targets);
    hmat_fill_nodes(&hmat);
    hmat_fill_domains(&hmat);
    return hmat;
}

static void hmat_free(Hmat *hmat)
{
    g_array_unref(hmat->domains);
    g_array_unref(hmat->initiators);
    g_free(hmat->values);
}

/* In picoseconds or in MB/s */
static uint64_t hmat_value(const Hmat *hmat, unsigned type, unsigned n)
{
    const CXLPerf *perf = &hmat->values[n];

    return type >= HMAT_LB_DATA_READ_BANDWIDTH
        ? perf->bandwidth[type - HMAT_LB_DATA_READ_BANDWIDTH]
        : (uint64_t)perf->latency[type - HMAT_LB_DATA_READ_LATENCY] *
          PS_PER_NS;
}

static uint64_t hmat_gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The Entry Base Unit by which all entries are exact, if there is one */
static uint64_t hmat_unit(const Hmat *hmat, unsigned type, unsigned nr)
{
    uint64_t unit = 0, most = 0;

    for (unsigned n = 0; n < nr; n++) {
        uint64_t value = hmat_value(hmat, type, n);

        unit = hmat_gcd(unit, value);
        most = MAX(most, value);
    }
    return MAX(unit, DIV_ROUND_UP(most, HMAT_ENTRY_MAX)) ?: 1;
}

static void hmat_add_locality(GArray *table, const Hmat *hmat, unsigned type)
{
    unsigned initiators = hmat->initiators->len, targets = hmat->targets;
    unsigned nr = initiators * targets;
    uint64_t unit = hmat_unit(hmat, type, nr);

    build_append_int_noprefix(table, HMAT_TYPE_LOCALITY, 2);
    build_append_int_noprefix(table, 0, 2);             /* Reserved */
    build_append_int_noprefix(table, HMAT_LOCALITY_HEADER + 4 * initiators +
                              4 * targets + 2 * nr, 4); /* Length */
    build_append_int_noprefix(table, HMAT_LB_MEM_MEMORY, 1); /* Flags */
    build_append_int_noprefix(table, type, 1);          /* Data Type */
    build_append_int_noprefix(table, 0, 1);             /* MinTransferSize */
    build_append_int_noprefix(table, 0, 1);             /* Reserved */
    build_append_int_noprefix(table, initiators, 4);
    build_append_int_noprefix(table, targets, 4);
    build_append_int_noprefix(table, 0, 4);             /* Reserved */
    build_append_int_noprefix(table, unit, 8);          /* Entry Base Unit */
    for (unsigned i = 0; i < initiators; i++) {
        build_append_int_noprefix(table, hmat_initiator(hmat, i), 4);
    }
    for (unsigned t = 0; t < targets; t++) {
        build_append_int_noprefix(table, t, 4);
    }
    for (unsigned n = 0; n < nr; n++) {
        uint64_t value = hmat_value(hmat, type, n);

        /* Nothing is said to be better than it is, and 0 says nothing */
        if (type < HMAT_LB_DATA_ACCESS_BANDWIDTH) {
            value = DIV_ROUND_UP(value, unit);
        } else {
            value = value ? MAX(value / unit, 1) : 0;
        }
        build_append_int_noprefix(table, value, 2);
    }
}

void cxl_acpi_build_hmat(const CXLHost *host, const NumaState *numa,
                         GArray *table_data, BIOSLinker *linker,
                         const char *oem_id, const char *oem_table_id)
{
    AcpiTable table = { .sig = "HMAT", .rev = 2,
                        .oem_id = oem_id, .oem_table_id = oem_table_id };
    static const unsigned types[] = {
        HMAT_LB_DATA_READ_LATENCY, HMAT_LB_DATA_WRITE_LATENCY,
        HMAT_LB_DATA_READ_BANDWIDTH, HMAT_LB_DATA_WRITE_BANDWIDTH,
    };
    Hmat hmat = hmat_new(host, numa);

    acpi_table_begin(&table, table_data);
    if (numa->hmat_enabled) {
        hmat_build_table_structs(table_data, numa);
    } else {
        build_append_int_noprefix(table_data, 0, 4);    /* Reserved */
    }
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        hmat_add_locality(table_data, &hmat, types[i]);
    }
    acpi_table_end(linker, &table);
    hmat_free(&hmat);
}

/* In proportion to the latency of DRAM, where one is known */
static unsigned slit_leg(const CXLPerf *perf)
{
    uint64_t latency = perf->latency[CXL_PERF_READ];
    uint64_t distance = latency * NUMA_DISTANCE_MIN / CXL_DRAM_NS;

    return latency ? MIN(distance, NUMA_DISTANCE_MAX) : NUMA_DISTANCE_DEFAULT;
}

/*
 * ACPI 6.5 5.2.17: distances of nodes are the user's; what has no processors
 * is as far from the rest as it is from the processors between
 */
static unsigned slit_distance(const Hmat *hmat, unsigned from, unsigned to)
{
    unsigned nr = hmat->numa->num_nodes, best = NUMA_DISTANCE_MAX;

    if (from == to) {
        return NUMA_DISTANCE_MIN;
    }
    if (from < nr && to < nr) {
        return cxl_numa_distance(hmat->numa, from, to);
    }
    for (unsigned i = 0; i < hmat->initiators->len; i++) {
        const CXLPerf *row = hmat->values + i * hmat->targets;
        unsigned via = hmat_initiator(hmat, i);
        unsigned distance = (from == via ? 0 : slit_leg(&row[from])) +
                            (to == via ? 0 : slit_leg(&row[to]));

        if (cxl_numa_has_cpu(via) &&
            (from >= nr || from == via || !cxl_numa_has_cpu(from)) &&
            (to >= nr || to == via || !cxl_numa_has_cpu(to))) {
            best = MIN(best, MAX(distance, NUMA_DISTANCE_MIN + 1));
        }
    }
    return best;
}

void cxl_acpi_build_slit(const CXLHost *host, const NumaState *numa,
                         GArray *table_data, BIOSLinker *linker,
                         const char *oem_id, const char *oem_table_id)
{
    AcpiTable table = { .sig = "SLIT", .rev = 1,
                        .oem_id = oem_id, .oem_table_id = oem_table_id };
    Hmat hmat = hmat_new(host, numa);

    acpi_table_begin(&table, table_data);
    build_append_int_noprefix(table_data, hmat.targets, 8);
    for (unsigned from = 0; from < hmat.targets; from++) {
        for (unsigned to = 0; to < hmat.targets; to++) {
            build_append_int_noprefix(table_data,
                                      slit_distance(&hmat, from, to), 1);
        }
    }
    acpi_table_end(linker, &table);
    hmat_free(&hmat);
}

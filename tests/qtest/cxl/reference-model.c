/*
 * A naive model of CXL address decoding and memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include <sys/mman.h>
#include "reference-model.h"

/* Sums of guest values must not wrap */
typedef unsigned __int128 Wide;

#define CONTROL(field) R_CXL_HDM_CONTROL_##field##_MASK

/* Nodes */

RefModel *ref_model_new(void)
{
    return g_new0(RefModel, 1);
}

void ref_model_free(RefModel *m)
{
    for (unsigned i = 0; i < m->nr_nodes; i++) {
        RefNode *node = m->nodes[i];

        if (node->endpoint) {
            munmap(node->bytes, node->size);
        }
        g_free(node->touched);
        g_free(node);
    }
    g_free(m);
}

static RefNode *node_new(RefModel *m, const char *id, unsigned nr_decoders)
{
    RefNode *node = g_new0(RefNode, 1);

    g_assert_cmpuint(m->nr_nodes, <, REF_NODES_MAX);
    g_assert_cmpuint(nr_decoders, <=, REF_DECODERS_MAX);
    g_strlcpy(node->id, id, sizeof(node->id));
    node->nr_decoders = nr_decoders;
    m->nodes[m->nr_nodes++] = node;
    return node;
}

RefNode *ref_port_new(RefModel *m, const char *id, unsigned nr_decoders,
                      unsigned nr_targets)
{
    RefNode *node = node_new(m, id, nr_decoders);

    node->nr_targets = nr_targets;
    return node;
}

RefNode *ref_mem_new(RefModel *m, const char *id, unsigned nr_decoders,
                     uint64_t volatile_size, uint64_t persistent_size)
{
    RefNode *node = node_new(m, id, nr_decoders);

    node->endpoint = true;
    node->volatile_size = volatile_size;
    node->size = volatile_size + persistent_size;
    /* As sparse as the device's own memory is */
    node->bytes = mmap(NULL, node->size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    g_assert(node->bytes != MAP_FAILED);
    node->touched = bitmap_new(node->size / REF_PAGE);
    return node;
}

void ref_reset(RefModel *m)
{
    for (unsigned i = 0; i < m->nr_nodes; i++) {
        RefNode *node = m->nodes[i];

        memset(node->regs, 0, sizeof(node->regs));
        node->hdm_enable = false;
        node->mem_enable = false;
    }
}

/* Decoders */

static uint32_t field(uint32_t value, unsigned low, unsigned bits)
{
    return value >> low & ((1u << bits) - 1);
}

static uint32_t control_of(const RefNode *node, unsigned n)
{
    return node->regs[n][CXL_HDM_CONTROL / 4];
}

static uint64_t pair_of(const RefNode *node, unsigned n, unsigned low)
{
    return (uint64_t)node->regs[n][low / 4 + 1] << 32 |
           node->regs[n][low / 4];
}

bool ref_committed(const RefNode *node, unsigned n)
{
    return control_of(node, n) & CONTROL(COMMITTED);
}

uint64_t ref_base(const RefNode *node, unsigned n)
{
    return pair_of(node, n, CXL_HDM_BASE_LOW);
}

uint64_t ref_size(const RefNode *node, unsigned n)
{
    return pair_of(node, n, CXL_HDM_SIZE_LOW);
}

/* CXL r3.1 8.2.4.20.7: Interleave Ways */
unsigned ref_ways(unsigned code)
{
    switch (code) {
    case 0:
        return 1;
    case 1:
        return 2;
    case 2:
        return 4;
    case 3:
        return 8;
    case 4:
        return 16;
    case 8:
        return 3;
    case 9:
        return 6;
    case 10:
        return 12;
    default:
        return 0;
    }
}

static unsigned ways_code(const RefNode *node, unsigned n)
{
    return field(control_of(node, n), 4, 4);
}

static unsigned granularity_code(const RefNode *node, unsigned n)
{
    return field(control_of(node, n), 0, 4);
}

static uint8_t target_of(const RefNode *node, unsigned n, unsigned way)
{
    return pair_of(node, n, CXL_HDM_TARGET_LOW) >> (8 * way);
}

uint64_t ref_share(const RefNode *node, unsigned n)
{
    return ref_size(node, n) / ref_ways(ways_code(node, n));
}

/* CXL r3.1 8.2.4.20.7, .8: what a decoder's fields must be by themselves */
static bool fields_legal(const RefNode *node, unsigned n)
{
    unsigned ways = ref_ways(ways_code(node, n));
    uint64_t size = ref_size(node, n);

    /* 256 B to 16 KiB; the others are reserved */
    if (granularity_code(node, n) > 6 || !ways) {
        return false;
    }
    /* Implementation defined: a decoder cannot be used up by size 0 */
    if (!size || (Wide)ref_base(node, n) + size > UINT64_MAX) {
        return false;
    }
    /* A device's share of 3, 6 and 12 ways is a third of a unit's multiple */
    if (ways % 3 == 0 && size / REF_UNIT % 3 != 0) {
        return false;
    }
    if (node->endpoint) {
        return true;
    }
    if (ways > node->nr_targets || ways % 3 == 0) {
        return false;
    }
    for (unsigned i = 0; i < ways; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (target_of(node, n, i) == target_of(node, n, j)) {
                return false;
            }
        }
    }
    return true;
}

/* CXL r3.1 8.2.4.20.12: ranges ascend with the decoders, without overlap */
static bool ranges_ascend(const RefNode *node, unsigned n)
{
    Wide begin = ref_base(node, n), end = begin + ref_size(node, n);

    for (unsigned i = 0; i < node->nr_decoders; i++) {
        Wide base = ref_base(node, i);

        if (i == n || !ref_committed(node, i)) {
            continue;
        }
        if (i < n && base + ref_size(node, i) > begin) {
            return false;
        }
        if (i > n && end > base) {
            return false;
        }
    }
    return true;
}

/* CXL r3.1 8.2.4.20.13: DPABase, behind the decoder below and DPA Skip */
static Wide dpa_of(const RefNode *node, unsigned n)
{
    Wide dpa = pair_of(node, n, CXL_HDM_SKIP_LOW);

    if (n) {
        dpa += node->dpa_base[n - 1];
        dpa += ref_share(node, n - 1);
    }
    return dpa;
}

static bool dpa_free(const RefNode *node, unsigned n)
{
    Wide end = dpa_of(node, n) + ref_share(node, n);

    if (end > node->size) {
        return false;
    }
    for (unsigned i = n + 1; i < node->nr_decoders; i++) {
        if (ref_committed(node, i) && end > node->dpa_base[i]) {
            return false;
        }
    }
    return true;
}

/* CXL r3.1 8.2.4.20.12: Committing Decoder Programming */
static bool may_commit(const RefNode *node, unsigned n)
{
    if (n && !ref_committed(node, n - 1)) {
        return false;
    }
    return fields_legal(node, n) && ranges_ascend(node, n) &&
           (!node->endpoint || dpa_free(node, n));
}

/* Registers */

static uint32_t writable_bits(const RefNode *node, unsigned offset)
{
    switch (offset) {
    case CXL_HDM_BASE_LOW:
    case CXL_HDM_SIZE_LOW:
        return CXL_HDM_LOW_MASK;
    case CXL_HDM_BASE_HIGH:
    case CXL_HDM_SIZE_HIGH:
    case CXL_HDM_TARGET_HIGH:
        return ~0u;
    case CXL_HDM_TARGET_LOW:
        return node->endpoint ? CXL_HDM_LOW_MASK : ~0u;
    case CXL_HDM_CONTROL:
        return CONTROL(IG) | CONTROL(IW) | CONTROL(LOCK) | CONTROL(COMMIT) |
               CONTROL(HOST_ONLY);
    default:
        return 0;
    }
}

static void control_changed(RefNode *node, unsigned n, uint32_t before)
{
    uint32_t *now = &node->regs[n][CXL_HDM_CONTROL / 4];
    uint32_t result = 0;

    if (~before & *now & CONTROL(COMMIT)) {
        result = may_commit(node, n) ? CONTROL(COMMITTED) : CONTROL(ERROR);
        if (result == CONTROL(COMMITTED) && node->endpoint) {
            node->dpa_base[n] = dpa_of(node, n);
        }
    } else if (!(before & ~*now & CONTROL(COMMIT))) {
        return;
    }
    *now = (*now & ~(CONTROL(COMMITTED) | CONTROL(ERROR))) | result;
}

void ref_reg_write(RefNode *node, unsigned n, unsigned offset, uint32_t value)
{
    uint32_t *reg = &node->regs[n][offset / 4];
    uint32_t mask = writable_bits(node, offset);
    uint32_t before = *reg;

    /* Implementation defined: a committed decoder takes Commit only */
    if (ref_committed(node, n)) {
        mask &= offset == CXL_HDM_CONTROL ? CONTROL(COMMIT) : 0;
        if (control_of(node, n) & CONTROL(LOCK)) {
            mask = 0;
        }
    }
    *reg = (before & ~mask) | (value & mask);
    if (offset == CXL_HDM_CONTROL) {
        control_changed(node, n, before);
    }
}

uint32_t ref_reg_read(const RefNode *node, unsigned n, unsigned offset)
{
    return node->regs[n][offset / 4];
}

/* Arithmetic, a bit at a time */

static unsigned bit(uint64_t value, unsigned n)
{
    return value >> n & 1;
}

/* CXL r3.1 9.18.1.3: Standard Modulo arithmetic over a window's targets */
static unsigned window_way_modulo(const RefWindow *w, uint64_t hpa)
{
    return (hpa - w->base) / w->granularity % w->ways;
}

/* CXL r3.1 9.18.1.4: the n-th bit is the parity of what XORMAP[n] selects */
static unsigned window_way_xor(const RefWindow *w, uint64_t hpa)
{
    unsigned way = 0, bits = 0;

    for (unsigned ways = w->ways; ways % 2 == 0; ways /= 2) {
        unsigned parity = 0;

        g_assert_cmpuint(bits, <, w->nr_xormaps);
        for (unsigned i = 0; i < 64; i++) {
            parity ^= bit(w->xormaps[bits], i) & bit(hpa, i);
        }
        way |= parity << bits++;
    }
    if (w->ways % 3 == 0) {
        way |= hpa / w->granularity / (1u << bits) % 3 << bits;
    }
    return way;
}

/* CXL r3.1 8.2.4.20.13: HPA[IG + 8 + IW - 1:IG + 8] is the index */
static unsigned port_way(const RefNode *node, unsigned n, uint64_t hpa)
{
    unsigned low = 8 + granularity_code(node, n), way = 0;

    for (unsigned i = 0; i < ways_code(node, n); i++) {
        way |= bit(hpa, low + i) << i;
    }
    return way;
}

/* CXL r3.1 8.2.4.20.13: DPAOffset, from HPAOffset */
static uint64_t device_offset(const RefNode *node, unsigned n, uint64_t hpa)
{
    uint64_t offset = hpa - ref_base(node, n), dpa = 0;
    unsigned low = 8 + granularity_code(node, n);
    unsigned code = ways_code(node, n);
    unsigned gone = code < 8 ? code : code - 8;
    uint64_t high = 0;

    for (unsigned i = 0; i < low; i++) {
        dpa |= (uint64_t)bit(offset, i) << i;
    }
    for (unsigned i = low + gone; i < 64; i++) {
        high |= (uint64_t)bit(offset, i) << (i - low - gone);
    }
    return dpa + (code < 8 ? high : high / 3) * (1ull << low);
}

static int decoder_at(const RefNode *node, uint64_t hpa)
{
    for (unsigned n = 0; n < node->nr_decoders; n++) {
        if (ref_committed(node, n) && hpa >= ref_base(node, n) &&
            hpa - ref_base(node, n) < ref_size(node, n)) {
            return n;
        }
    }
    return -1;
}

static const RefWindow *window_at(const RefModel *m, uint64_t hpa)
{
    for (unsigned i = 0; i < m->nr_windows; i++) {
        const RefWindow *w = &m->windows[i];

        if (hpa >= w->base && hpa - w->base < w->size) {
            return w;
        }
    }
    return NULL;
}

bool ref_in_window(const RefModel *m, uint64_t hpa)
{
    return window_at(m, hpa);
}

RefNode *ref_translate(const RefModel *m, uint64_t hpa, uint64_t *dpa)
{
    const RefWindow *w = window_at(m, hpa);
    RefNode *node = NULL;

    if (w) {
        node = w->bridges[w->xor ? window_way_xor(w, hpa)
                                 : window_way_modulo(w, hpa)];
    }
    while (node) {
        int n = decoder_at(node, hpa);

        if (node->endpoint) {
            if (n < 0 || !node->hdm_enable || !node->mem_enable) {
                return NULL;
            }
            *dpa = node->dpa_base[n] + device_offset(node, n, hpa);
            return node;
        }
        if (!node->nr_decoders) {
            node = node->child[0];
        } else if (n < 0) {
            node = NULL;
        } else {
            node = node->child[target_of(node, n, port_way(node, n, hpa))];
        }
    }
    return NULL;
}

/* Memory */

void ref_write(RefModel *m, uint64_t hpa, const void *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t dpa;
        RefNode *node = ref_translate(m, hpa + i, &dpa);

        if (node) {
            g_assert_cmphex(dpa, <, node->size);
            node->bytes[dpa] = ((const uint8_t *)buf)[i];
            set_bit(dpa / REF_PAGE, node->touched);
        }
    }
}

void ref_read(const RefModel *m, uint64_t hpa, void *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t dpa;
        RefNode *node = ref_translate(m, hpa + i, &dpa);

        ((uint8_t *)buf)[i] = node ? node->bytes[dpa] : 0xff;
    }
}

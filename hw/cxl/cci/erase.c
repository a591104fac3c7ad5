/*
 * CXL r3.1 8.2.9.9.5, 8.2.9.9.6.6: how commands erase
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/erase.h"

/* Whether there is a range of poison with an end on either side of @r */
static bool splits(const CXLPoisonList *poison, const CXLMemRange *r)
{
    const CXLPoison *p = cxl_poison_at(poison,
                                       cxl_poison_find(poison, r->dpa));

    return p && p->dpa < r->dpa && p->dpa + p->len > r->dpa + r->len;
}

static bool can_heal(const CXLPoisonList *poison, const CXLMemRange *ranges,
                     unsigned nr)
{
    uint64_t count = cxl_poison_count(poison);

    for (unsigned n = 0; n < nr; n++) {
        count += splits(poison, &ranges[n]);
    }
    return count <= CXL_POISON_RANGES_MAX;
}

bool cxl_erase(CXLMem *mem, CXLPoisonList *poison, const CXLMemRange *ranges,
               unsigned nr)
{
    CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);

    if (!can_heal(poison, ranges, nr)) {
        return false;
    }
    for (unsigned n = 0; n < nr; n++) {
        cxl_poison_remove(poison, ranges[n].dpa, ranges[n].len, 0);
    }
    mc->erase(mem, ranges, nr);
    if (mc->recheck) {
        mc->recheck(mem, false);
    }
    return true;
}

void cxl_erase_labels(CXLMem *mem)
{
    static const uint8_t zeros[4096];
    CXLMemClass *mc = CXL_MEM_GET_CLASS(mem);
    uint64_t size = mc->capacity(mem).lsa;

    for (uint64_t at = 0; at < size; at += sizeof(zeros)) {
        mc->lsa_write(mem, at, zeros, MIN(size - at, sizeof(zeros)));
    }
}

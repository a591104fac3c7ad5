/*
 * Fuzzing CXL: registers, configuration space, decoders and windows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_regs.h"
#include "fuzz.h"

/* A device register block, as far as it is worth the while */
#define DEVICE_REGS     0x1200

static unsigned any_size(Fuzz *f, unsigned max)
{
    unsigned size = 1u << fuzz_below(f, 4);

    return MIN(size, max);
}

/* A write or a read at @addr, aligned or not */
static void access_at(Fuzz *f, uint64_t addr, unsigned max)
{
    unsigned size = any_size(f, max);

    if (fuzz_percent(f, 80)) {
        addr &= ~(uint64_t)(size - 1);
    }
    if (fuzz_percent(f, 65)) {
        fuzz_write(f, addr, size, fuzz_value(f, 8 * size));
    } else {
        fuzz_read(f, addr, size);
    }
}

static const QCXLFn *any_fn(Fuzz *f)
{
    unsigned n = f->q->functions->len;

    return n ? g_ptr_array_index(f->q->functions, fuzz_below(f, n)) : NULL;
}

static const FuzzComp *any_comp(Fuzz *f)
{
    return &g_array_index(f->comps, FuzzComp, fuzz_below(f, f->comps->len));
}

static void component_access(Fuzz *f)
{
    const QCXLComponent *comp = any_comp(f)->comp;
    uint64_t base = comp->cachemem;

    switch (fuzz_below(f, 4)) {
    case 0:
        base = comp->ras ?: base;
        access_at(f, base + fuzz_below(f, 0x60), 8);
        break;
    case 1:
    case 2:
        base = comp->hdm ?: base;
        access_at(f, base + fuzz_below(f, 0x10 + 0x20 * 11), 8);
        break;
    default:
        access_at(f, comp->base + fuzz_below(f, 0x10000), 8);
    }
}

void fuzz_registers(Fuzz *f)
{
    const QCXLFn *mem;
    unsigned bar;

    if (!f->mems->len || fuzz_percent(f, 60)) {
        component_access(f);
        return;
    }
    mem = g_ptr_array_index(f->mems, fuzz_below(f, f->mems->len));
    if (fuzz_percent(f, 70)) {
        access_at(f, mem->regs + fuzz_below(f, DEVICE_REGS), 8);
        return;
    }
    bar = 2 * fuzz_below(f, 3);
    if (mem->bar_size[bar]) {
        access_at(f, mem->bar[bar] + fuzz_below(f, mem->bar_size[bar]), 8);
    }
}

void fuzz_config_space(Fuzz *f)
{
    const QCXLFn *fn = any_fn(f);
    unsigned offset;

    if (!fn) {
        return;
    }
    if (fuzz_percent(f, 4)) {
        offset = fuzz_below(f, PCI_STD_HEADER_SIZEOF);
    } else if (fuzz_percent(f, 25)) {
        offset = PCI_STD_HEADER_SIZEOF +
                 fuzz_below(f, PCI_CONFIG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF);
    } else if (fuzz_percent(f, 95)) {
        offset = PCI_CONFIG_SPACE_SIZE + fuzz_below(f, 0x280);
    } else {
        offset = fuzz_below(f, PCIE_CONFIG_SPACE_SIZE - 8);
    }
    access_at(f, fuzz_config(fn, offset), 4);
}

/* PCIe r6.0 6.30: objects that are right or nearly so, and turns out of turn */

static void doe_object(Fuzz *f, uint64_t doe)
{
    const CXLDoeReadEntry entry = {
        .header.vendor = cxl_le16(CXL_VENDOR_ID),
        .header.type = CXL_DOE_TABLE_ACCESS,
        .header.length = cxl_le32(3),
        .handle = cxl_le16(fuzz_below(f, 12)),
    };
    uint32_t object[4] = { 0x1, 3, fuzz_below(f, 4), fuzz_random(f) };
    unsigned dwords = 3;

    if (fuzz_percent(f, 60)) {
        memcpy(object, &entry, sizeof(entry));
    }
    if (fuzz_percent(f, 15)) {
        object[fuzz_below(f, 3)] ^= 1u << fuzz_below(f, 32);
    }
    if (fuzz_percent(f, 15)) {
        dwords = fuzz_below(f, 5);
        object[1] = dwords;
    }
    for (unsigned i = 0; i < dwords; i++) {
        fuzz_write(f, doe + PCI_DOE_WRITE, 4, object[i]);
    }
    fuzz_write(f, doe + PCI_DOE_CTRL, 4,
               PCI_DOE_CTRL_GO | (fuzz_percent(f, 20) ? fuzz_below(f, 4) : 0));
}

static void doe_answer(Fuzz *f, uint64_t doe)
{
    for (unsigned i = fuzz_below(f, 30); i; i--) {
        fuzz_read(f, doe + PCI_DOE_READ, 4);
        fuzz_write(f, doe + PCI_DOE_READ, 4, 0);
    }
}

void fuzz_doe(Fuzz *f)
{
    const QCXLFn *fn;
    uint64_t doe;

    if (!f->mems->len) {
        return;
    }
    fn = g_ptr_array_index(f->mems, fuzz_below(f, f->mems->len));
    doe = fuzz_config(fn, f->doe);
    switch (fuzz_below(f, 8)) {
    case 0:
        fuzz_write(f, doe + PCI_DOE_CTRL, 4, PCI_DOE_CTRL_ABORT);
        break;
    case 1:
        access_at(f, doe + fuzz_below(f, PCI_DOE_CAP_SIZEOF), 4);
        break;
    case 2:
        doe_answer(f, doe);
        break;
    default:
        doe_object(f, doe);
        if (fuzz_percent(f, 60)) {
            doe_answer(f, doe);
        }
    }
}

/* Decoders */

static void write_pair(Fuzz *f, uint64_t reg, uint64_t value)
{
    fuzz_write(f, reg, 4, value);
    fuzz_write(f, reg + 4, 4, value >> 32);
}

typedef struct Plan {
    uint64_t base;
    uint64_t size;
    uint64_t low;       /* targets, or DPA skip */
    uint32_t control;
} Plan;

static void program(Fuzz *f, const QCXLComponent *comp, unsigned n,
                    const Plan *p)
{
    write_pair(f, qcxl_hdm_reg(comp, n, CXL_HDM_BASE_LOW), p->base);
    write_pair(f, qcxl_hdm_reg(comp, n, CXL_HDM_SIZE_LOW), p->size);
    write_pair(f, qcxl_hdm_reg(comp, n, CXL_HDM_TARGET_LOW), p->low);
    fuzz_write(f, qcxl_hdm_reg(comp, n, CXL_HDM_CONTROL), 4, p->control);
    fuzz_write(f, qcxl_hdm_reg(comp, n, CXL_HDM_CONTROL), 4,
               p->control | R_CXL_HDM_CONTROL_COMMIT_MASK);
}

static Plan any_plan(Fuzz *f)
{
    const QCXLWindow *w = &f->q->windows[fuzz_below(f, f->q->nr_windows)];
    uint32_t control = 0;
    Plan p = {
        .base = w->base + fuzz_below(f, 3) * QCXL_UNIT,
        .size = (1 + fuzz_below(f, 3)) * QCXL_UNIT,
    };

    control = FIELD_DP32(control, CXL_HDM_CONTROL, IG, fuzz_below(f, 7));
    control = FIELD_DP32(control, CXL_HDM_CONTROL, IW, fuzz_percent(f, 70)
                         ? fuzz_below(f, 2) : fuzz_below(f, 16));
    control = FIELD_DP32(control, CXL_HDM_CONTROL, HOST_ONLY, 1);
    control = FIELD_DP32(control, CXL_HDM_CONTROL, LOCK, fuzz_percent(f, 1));
    p.control = control;
    if (fuzz_percent(f, 10)) {
        p.base = fuzz_value(f, 64);
    }
    if (fuzz_percent(f, 10)) {
        p.size = fuzz_value(f, 64);
    }
    return p;
}

static void enable(Fuzz *f, const FuzzComp *c)
{
    fuzz_write(f, c->comp->hdm + CXL_HDM_GLOBAL_CONTROL, 4,
               R_CXL_HDM_GLOBAL_CONTROL_ENABLE_MASK);
}

/* One decoder of anything, with what comes to mind */
static void any_decoder(Fuzz *f)
{
    const FuzzComp *c = any_comp(f);
    Plan p = any_plan(f);

    if (!c->comp->hdm) {
        return;
    }
    p.low = fuzz_percent(f, 80) ? fuzz_below(f, 2) * 0x100
                                : fuzz_value(f, 64);
    program(f, c->comp, fuzz_below(f, 3), &p);
    enable(f, c);
}

/* The same decoder on all of the way, so that memory is found behind it */
static void any_region(Fuzz *f)
{
    unsigned n = fuzz_below(f, 3);
    Plan p = any_plan(f);

    for (guint i = 0; i < f->comps->len; i++) {
        const FuzzComp *c = &g_array_index(f->comps, FuzzComp, i);

        if (!c->comp->hdm || fuzz_percent(f, 5)) {
            continue;
        }
        p.low = 0;
        if (!c->fn || g_ptr_array_find(f->ports, c->fn, NULL)) {
            p.low = fuzz_below(f, 4) | fuzz_below(f, 4) << 8;
        }
        program(f, c->comp, n, &p);
        enable(f, c);
    }
}

static void uncommit(Fuzz *f)
{
    const FuzzComp *c = any_comp(f);

    if (c->comp->hdm) {
        fuzz_write(f, qcxl_hdm_reg(c->comp, fuzz_below(f, 3),
                                   CXL_HDM_CONTROL), 4, 0);
    }
}

/* CXL r3.1 8.1.3.2: Mem_Enable */
static void mem_enable(Fuzz *f)
{
    for (guint i = 0; i < f->mems->len; i++) {
        const QCXLFn *mem = g_ptr_array_index(f->mems, i);

        fuzz_write(f, fuzz_config(mem, f->device_dvsec + CXL_DEVICE_CONTROL),
                   2, fuzz_percent(f, 90)
                   ? R_CXL_DEVICE_CONTROL_MEM_ENABLE_MASK : 0);
    }
}

void fuzz_decoders(Fuzz *f)
{
    switch (fuzz_below(f, 5)) {
    case 0:
        any_decoder(f);
        break;
    case 1:
    case 2:
        uncommit(f);
        break;
    default:
        any_region(f);
        mem_enable(f);
    }
}

void fuzz_window(Fuzz *f)
{
    const QCXLWindow *w = &f->q->windows[fuzz_below(f, f->q->nr_windows)];
    uint64_t base = w->base;

    switch (fuzz_below(f, 4)) {
    case 0:
        /* About a border: of units, of the window */
        base += fuzz_below(f, w->size / QCXL_UNIT + 1) * QCXL_UNIT - 8;
        access_at(f, base + fuzz_below(f, 16), 8);
        break;
    case 1:
        access_at(f, base + fuzz_below(f, w->size), 8);
        break;
    default:
        /* Where poison is */
        access_at(f, base + fuzz_below(f, 0x2000), 8);
    }
}

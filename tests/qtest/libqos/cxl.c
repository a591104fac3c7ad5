/*
 * libqos driver for CXL: topologies, enumeration, registers, mailbox
 *
 * Finds everything as a driver does: bus numbers and BARs are given out as
 * firmware would, register blocks come from the Register Locator DVSEC and
 * the capability arrays, host bridges and windows from the CEDT.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qemu/host-utils.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_regs.h"
#include "../libqtest.h"
#include "qobject/qdict.h"
#include "libqos.h"
#include "malloc-pc.h"
#include "fw_cfg.h"
#include "cxl.h"

/* ACPI 6.4 5.2.6: what every table begins with */
#define ACPI_HEADER_SIZE    36
/* CXL r3.1 8.1.12.1: class of a memory device */
#define CLASS_CXL_MEMORY    0x0502
/* Where we, as firmware, put the BARs; RAM ends far below */
#define MMIO_BASE           0xc0000000u
/* MCH, 0:0.0: PCI Express register range base; bit 0 enables, 256 buses */
#define MCH_PCIEXBAR        0x60

struct QCXLTopology {
    GString *args;
    GString *machine;
    char *dir;
    unsigned slots;
    unsigned windows;
};

QCXLTopology *qcxl_topology(void)
{
    QCXLTopology *t = g_new0(QCXLTopology, 1);

    t->machine = g_string_new("-machine q35,cxl=on");
    t->args = g_string_new(" -m 512M -nodefaults -display none");
    t->dir = g_dir_make_tmp("qcxl-XXXXXX", NULL);
    g_assert_nonnull(t->dir);
    return t;
}

void qcxl_args(QCXLTopology *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_string_append_c(t->args, ' ');
    g_string_append_vprintf(t->args, fmt, ap);
    va_end(ap);
}

void qcxl_bridge(QCXLTopology *t, const char *id, unsigned bus_nr,
                 const char *props)
{
    qcxl_args(t, "-device pxb-cxl,id=%s,bus=pcie.0,bus_nr=%u%s",
              id, bus_nr, props);
}

void qcxl_root_port(QCXLTopology *t, const char *id, const char *bridge,
                    const char *props)
{
    qcxl_args(t, "-device cxl-rp,id=%s,bus=%s,chassis=0,slot=%u,port=%u%s",
              id, bridge, t->slots, t->slots, props);
    t->slots++;
}

void qcxl_switch(QCXLTopology *t, const char *id, const char *port,
                 unsigned ports, const char *props)
{
    qcxl_args(t, "-device cxl-upstream,id=%s,bus=%s%s", id, port, props);
    for (unsigned i = 0; i < ports; i++) {
        qcxl_args(t, "-device cxl-downstream,id=%s.%u,bus=%s,chassis=0,"
                  "slot=%u,port=%u", id, i, id, t->slots, i);
        t->slots++;
    }
}

static void add_backend(QCXLTopology *t, const char *id, const char *suffix,
                        uint64_t size)
{
    qcxl_args(t, "-object memory-backend-file,id=%s.%s,share=on,"
              "mem-path=%s/%s.%s,size=%" PRIu64,
              id, suffix, t->dir, id, suffix, size);
}

void qcxl_backends(QCXLTopology *t, const char *id,
                   unsigned vmem, unsigned pmem)
{
    if (vmem) {
        add_backend(t, id, "v", vmem * MiB);
    }
    if (pmem) {
        add_backend(t, id, "p", pmem * MiB);
        add_backend(t, id, "lsa", QCXL_LSA_SIZE);
    }
}

void qcxl_nv(QCXLTopology *t, const char *id)
{
    add_backend(t, id, "nv", QCXL_NV_SIZE);
}

void qcxl_partitionable(QCXLTopology *t, const char *id, unsigned mib,
                        bool lsa)
{
    add_backend(t, id, "part", mib * MiB);
    if (lsa) {
        add_backend(t, id, "lsa", QCXL_LSA_SIZE);
    }
}

void qcxl_mem(QCXLTopology *t, const char *id, const char *port,
              unsigned vmem, unsigned pmem, const char *props)
{
    g_autoptr(GString) links = g_string_new("");

    qcxl_backends(t, id, vmem, pmem);
    if (vmem) {
        g_string_append_printf(links, ",volatile-memdev=%s.v", id);
    }
    if (pmem) {
        g_string_append_printf(links, ",persistent-memdev=%s.p,lsa=%s.lsa",
                               id, id);
    }
    qcxl_args(t, "-device cxl-type3,id=%s,bus=%s%s%s",
              id, port, links->str, props);
}

void qcxl_window(QCXLTopology *t, unsigned mib, const char *granularity,
                 const char *targets)
{
    g_auto(GStrv) ids = g_strsplit(targets, " ", 0);

    for (unsigned i = 0; ids[i]; i++) {
        g_string_append_printf(t->machine, ",cxl-fmw.%u.targets.%u=%s",
                               t->windows, i, ids[i]);
    }
    g_string_append_printf(t->machine, ",cxl-fmw.%u.size=%uM",
                           t->windows, mib);
    if (granularity) {
        g_string_append_printf(t->machine,
                               ",cxl-fmw.%u.interleave-granularity=%s",
                               t->windows, granularity);
    }
    t->windows++;
}

/* Register blocks */

/* CXL r3.1 8.2.4.1: CXL Capability Header, then one header a capability */
static void find_component(QCXL *q, QCXLComponent *c, uint64_t base)
{
    uint32_t header;
    unsigned n;

    memset(c, 0, sizeof(*c));
    c->base = base;
    c->cachemem = base + CXL_CM_OFFSET;
    header = qcxl_read(q, c->cachemem, 4);
    g_assert_cmphex(FIELD_EX32(header, CXL_CAP_HEADER, ID), ==, CXL_CAP_ID_CXL);
    n = FIELD_EX32(header, CXL_CAP_HEADER, ARRAY_SIZE);
    c->capabilities = n;
    for (unsigned i = 1; i <= n; i++) {
        uint32_t entry = qcxl_read(q, c->cachemem + CXL_CAP_ENTRY(i), 4);
        uint64_t at = c->cachemem + FIELD_EX32(entry, CXL_CAP_ENTRY, POINTER);

        switch (FIELD_EX32(entry, CXL_CAP_ENTRY, ID)) {
        case CXL_CAP_ID_RAS:
            c->ras = at;
            break;
        case CXL_CAP_ID_LINK:
            c->link = at;
            break;
        case CXL_CAP_ID_HDM:
            c->hdm = at;
            break;
        }
    }
}

/* CXL r3.1 8.2.8.1, 8.2.8.2: CXL Device Capabilities Array */
static void find_device_regs(QCXLFn *fn, uint64_t base)
{
    uint64_t array = qcxl_read(fn->q, base, 8);
    unsigned n = FIELD_EX64(array, CXL_DEV_CAP_ARRAY, COUNT);

    g_assert_cmphex(FIELD_EX64(array, CXL_DEV_CAP_ARRAY, ID), ==, 0);
    fn->regs = base;
    for (unsigned i = 1; i <= n; i++) {
        uint64_t header = base + CXL_DEV_CAP(i);
        uint64_t at = base + qcxl_read(fn->q, header + CXL_DEV_CAP_OFFSET, 4);

        switch (qcxl_read(fn->q, header, 2)) {
        case CXL_DEV_CAP_ID_STATUS:
            fn->status = at;
            break;
        case CXL_DEV_CAP_ID_MAILBOX:
            fn->mailbox = at;
            break;
        case CXL_DEV_CAP_ID_MEMDEV_STATUS:
            fn->memdev = at;
            break;
        }
    }
}

/* CXL r3.1 8.1.9: Register Locator DVSEC */
static void find_blocks(QCXLFn *fn)
{
    unsigned at = qcxl_dvsec(fn, CXL_DVSEC_ID_LOCATOR);
    unsigned len;

    if (!at) {
        return;
    }
    len = FIELD_EX32(qcxl_config_read(fn, at + CXL_DVSEC_HEADER1, 4),
                     CXL_DVSEC_HEADER1, LENGTH);
    for (unsigned i = 0; CXL_DVSEC_LENGTH_LOCATOR(i) < len; i++) {
        uint32_t low = qcxl_config_read(fn, at + CXL_LOCATOR_LOW(i), 4);
        uint64_t high = qcxl_config_read(fn, at + CXL_LOCATOR_HIGH(i), 4);
        uint64_t base = fn->bar[FIELD_EX32(low, CXL_LOCATOR, BIR)] +
                        (high << 32 | (low & ~(CXL_LOCATOR_OFFSET_ALIGN - 1)));

        switch (FIELD_EX32(low, CXL_LOCATOR, ID)) {
        case CXL_LOCATOR_ID_COMPONENT:
            find_component(fn->q, &fn->comp, base);
            break;
        case CXL_LOCATOR_ID_DEVICE:
            find_device_regs(fn, base);
            break;
        }
    }
}

/* Enumeration */

static uint64_t mmio_alloc(QCXL *q, uint64_t size)
{
    uint64_t at = QEMU_ALIGN_UP(q->mmio, size);

    q->mmio = at + size;
    g_assert_cmphex(q->mmio, <, 0xfec00000u);
    return at;
}

static void map_bars(QCXLFn *fn, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        unsigned reg = PCI_BASE_ADDRESS_0 + 4 * i;
        uint32_t low;
        bool wide;

        qcxl_config_write(fn, reg, 4, ~0u);
        low = qcxl_config_read(fn, reg, 4);
        wide = low & PCI_BASE_ADDRESS_MEM_TYPE_64;
        if (!low || low & PCI_BASE_ADDRESS_SPACE_IO) {
            continue;
        }
        fn->bar_flags[i] = low & ~PCI_BASE_ADDRESS_MEM_MASK;
        fn->bar_size[i] = -(low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK);
        fn->bar[i] = mmio_alloc(fn->q, fn->bar_size[i]);
        qcxl_config_write(fn, reg, 4, fn->bar[i]);
        if (wide) {
            qcxl_config_write(fn, reg + 4, 4, 0);
            i++;
        }
    }
    qcxl_config_write(fn, PCI_COMMAND, 2,
                      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void scan_bus(QCXL *q, QCXLFn *port, uint8_t bus);

/* Number the bus below @fn and open its memory window over what is there */
static void scan_bridge(QCXLFn *fn)
{
    QCXL *q = fn->q;
    uint64_t first = mmio_alloc(q, MiB);
    uint64_t last;

    /* Only where a non-empty window begins matters: give the MiB back */
    q->mmio = first;
    fn->secondary = ++q->bus;
    qcxl_config_write(fn, PCI_PRIMARY_BUS, 1, fn->bus);
    qcxl_config_write(fn, PCI_SECONDARY_BUS, 1, fn->secondary);
    qcxl_config_write(fn, PCI_SUBORDINATE_BUS, 1, 0xff);
    scan_bus(q, fn, fn->secondary);
    qcxl_config_write(fn, PCI_SUBORDINATE_BUS, 1, q->bus);

    /* Room for a device that is plugged in later */
    q->mmio = QEMU_ALIGN_UP(q->mmio + MiB, MiB);
    last = q->mmio - 1;
    qcxl_config_write(fn, PCI_MEMORY_BASE, 2, first >> 16);
    qcxl_config_write(fn, PCI_MEMORY_LIMIT, 2, (last >> 16) & 0xfff0);
    /* Prefetchable BARs may lie in the plain window; close the other one */
    qcxl_config_write(fn, PCI_PREF_MEMORY_BASE, 2, 0xfff0);
    qcxl_config_write(fn, PCI_PREF_MEMORY_LIMIT, 2, 0);
    qcxl_config_write(fn, PCI_COMMAND, 2,
                      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static bool is_bridge(QCXLFn *fn)
{
    return (qcxl_config_read(fn, PCI_HEADER_TYPE, 1) & PCI_HEADER_TYPE_MASK) ==
           PCI_HEADER_TYPE_BRIDGE;
}

/*
 * Note the function there in @found; whether its device may have more. A
 * bridge forgets its bus numbers, which another one is to have now.
 */
static bool find_function(QCXL *q, GPtrArray *found, QCXLFn *port,
                          uint8_t bus, uint8_t devfn)
{
    QCXLFn probe = { .q = q, .port = port, .bus = bus, .devfn = devfn };
    uint32_t ids = qcxl_config_read(&probe, PCI_VENDOR_ID, 4);
    QCXLFn *fn;

    if (ids == ~0u) {
        return false;
    }
    fn = g_memdup2(&probe, sizeof(probe));
    fn->vendor = ids;
    fn->device = ids >> 16;
    g_ptr_array_add(found, fn);
    if (is_bridge(fn)) {
        qcxl_config_write(fn, PCI_SECONDARY_BUS, 1, 0);
        qcxl_config_write(fn, PCI_SUBORDINATE_BUS, 1, 0);
    }
    return qcxl_config_read(fn, PCI_HEADER_TYPE, 1) &
           PCI_HEADER_TYPE_MULTI_FUNCTION;
}

static void scan_bus(QCXL *q, QCXLFn *port, uint8_t bus)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    for (unsigned slot = 0; slot < PCI_SLOT_MAX; slot++) {
        bool more = find_function(q, found, port, bus, slot << 3);

        for (unsigned i = 1; more && i < PCI_FUNC_MAX; i++) {
            find_function(q, found, port, bus, slot << 3 | i);
        }
    }
    for (unsigned i = 0; i < found->len; i++) {
        QCXLFn *fn = g_ptr_array_index(found, i);

        g_ptr_array_add(q->functions, fn);
        if (is_bridge(fn)) {
            map_bars(fn, 2);
            scan_bridge(fn);
        } else {
            map_bars(fn, 6);
        }
    }
}

void qcxl_enumerate(QCXL *q)
{
    unsigned mch = 1u << 31 | MCH_PCIEXBAR;

    g_ptr_array_set_size(q->functions, 0);
    q->mmio = MMIO_BASE;
    qtest_outl(q->qts, 0xcf8, mch + 4);
    qtest_outl(q->qts, 0xcfc, 0);
    qtest_outl(q->qts, 0xcf8, mch);
    qtest_outl(q->qts, 0xcfc, QCXL_ECAM_BASE | 1);
    for (unsigned i = 0; i < q->nr_bridges; i++) {
        q->bus = q->bridges[i].uid;
        scan_bus(q, NULL, q->bus);
    }
    for (unsigned i = 0; i < q->functions->len; i++) {
        find_blocks(g_ptr_array_index(q->functions, i));
    }
}

static void add_bridge(QCXL *q, const CXLCedtChbs *chbs)
{
    QCXLBridge *b = &q->bridges[q->nr_bridges++];

    g_assert_cmpuint(q->nr_bridges, <=, QCXL_BRIDGES_MAX);
    g_assert_cmpuint(cxl_le32_get(chbs->version), ==, CXL_CHBS_VERSION_VH);
    g_assert_cmphex(cxl_le64_get(chbs->length), ==, CXL_CHBS_LENGTH_VH);
    b->uid = cxl_le32_get(chbs->uid);
    find_component(q, &b->comp, cxl_le64_get(chbs->base));
}

static void add_window(QCXL *q, const CXLCedtCfmws *cfmws)
{
    QCXLWindow *w = &q->windows[q->nr_windows++];
    const CXLCedtTarget *target = (const void *)(cfmws + 1);
    size_t list = cxl_le16_get(cfmws->record_length) - sizeof(*cfmws);

    g_assert_cmpuint(q->nr_windows, <=, QCXL_WINDOWS_MAX);
    w->base = cxl_le64_get(cfmws->base);
    w->size = cxl_le64_get(cfmws->size);
    w->ways = list / sizeof(*target);
    w->granularity = 256u << cxl_le32_get(cfmws->hbig);
    w->xor = cfmws->arithmetic == 1;
    g_assert_cmpuint(w->ways, <=, ARRAY_SIZE(w->targets));
    for (unsigned i = 0; i < w->ways; i++) {
        w->targets[i] = cxl_le32_get(target[i]);
    }
}

static void add_xormaps(QCXL *q, const CXLCedtCxims *cxims)
{
    const CXLCedtXormap *map = (const void *)(cxims + 1);
    QCXLXormaps *x;

    g_assert_cmpuint(cxims->hbig, <, ARRAY_SIZE(q->xormaps));
    g_assert_cmpuint(cxims->nr_xormaps, <=, QCXL_XORMAPS_MAX);
    x = &q->xormaps[cxims->hbig];
    g_assert_cmpuint(x->nr, ==, 0);
    x->nr = cxims->nr_xormaps;
    for (unsigned i = 0; i < x->nr; i++) {
        x->maps[i] = cxl_le64_get(map[i]);
    }
}

/* CXL r3.1 9.18.1: host bridges and windows, behind the table's header */
static void parse_cedt(QCXL *q, const uint8_t *table, size_t len)
{
    for (size_t at = ACPI_HEADER_SIZE; at < len;) {
        /* Every structure begins alike */
        const CXLCedtChbs *head = (const void *)(table + at);
        size_t length = cxl_le16_get(head->record_length);

        g_assert_cmpuint(length, >=, 4);
        g_assert_cmpuint(at + length, <=, len);
        if (head->type == CXL_CEDT_TYPE_CHBS) {
            add_bridge(q, head);
        } else if (head->type == CXL_CEDT_TYPE_CFMWS) {
            add_window(q, (const void *)head);
        } else if (head->type == CXL_CEDT_TYPE_CXIMS) {
            add_xormaps(q, (const void *)head);
        }
        at += length;
    }
}

/* The tables as firmware fetches them: CEDT holds no pointers to patch */
static void load_cedt(QCXL *q)
{
    QOSState qs = { .qts = q->qts };
    QFWCFG *fw_cfg = pc_fw_cfg_init(q->qts);
    size_t room = 256 * KiB, len;
    g_autofree uint8_t *blob = g_malloc(room);

    pc_alloc_init(&qs.alloc, q->qts, ALLOC_NO_FLAGS);
    len = qfw_cfg_read_file(fw_cfg, &qs, "etc/acpi/tables", blob, room);
    for (size_t at = 0; at + ACPI_HEADER_SIZE <= len;) {
        uint32_t table_len = ldl_le_p(blob + at + 4);

        if (!table_len) {
            break;
        }
        if (!memcmp(blob + at, CXL_CEDT_SIGNATURE, 4)) {
            parse_cedt(q, blob + at, table_len);
        }
        at += table_len;
    }
    g_assert_cmpuint(q->nr_bridges, >, 0);
    alloc_destroy(&qs.alloc);
    pc_fw_cfg_uninit(fw_cfg);
}

/* Machines */

/* Also when a test fails: backing files are big */
static void remove_files(void *opaque)
{
    QCXL *q = opaque;
    GDir *dir = g_dir_open(q->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = qcxl_file(q, name);

        unlink(path);
    }
    g_dir_close(dir);
    rmdir(q->dir);
}

QCXL *qcxl_boot(QCXLTopology *t)
{
    QCXL *q = g_new0(QCXL, 1);

    q->dir = t->dir;
    qtest_add_abrt_handler(remove_files, q);
    g_string_append(t->machine, t->args->str);
    g_string_free(t->args, true);
    q->args = g_string_free(t->machine, false);
    q->qts = qtest_init(q->args);
    q->functions = g_ptr_array_new_with_free_func(g_free);
    g_free(t);
    load_cedt(q);
    qcxl_enumerate(q);
    return q;
}

void qcxl_quit(QCXL *q)
{
    qtest_quit(q->qts);
    qtest_remove_abrt_handler(q);
    remove_files(q);
    g_free(q->args);
    g_free(q->dir);
    g_ptr_array_unref(q->functions);
    g_free(q);
}

void qcxl_reset(QCXL *q)
{
    qtest_system_reset(q->qts);
    qcxl_enumerate(q);
}

static QCXLFn *function_at(QCXL *q, uint16_t class, unsigned n)
{
    for (unsigned i = 0; i < q->functions->len; i++) {
        QCXLFn *fn = g_ptr_array_index(q->functions, i);

        if (qcxl_config_read(fn, PCI_CLASS_DEVICE, 2) == class && !n--) {
            return fn;
        }
    }
    return NULL;
}

QCXLFn *qcxl_port_at(QCXL *q, unsigned n)
{
    return function_at(q, PCI_CLASS_BRIDGE_PCI, n);
}

QCXLFn *qcxl_mem_at(QCXL *q, unsigned n)
{
    return function_at(q, CLASS_CXL_MEMORY, n);
}

QCXLFn *qcxl_fn_at(QCXL *q, uint16_t device, unsigned n)
{
    for (unsigned i = 0; i < q->functions->len; i++) {
        QCXLFn *fn = g_ptr_array_index(q->functions, i);

        if (fn->device == device && !n--) {
            return fn;
        }
    }
    return NULL;
}

QCXLFn *qcxl_downstream_at(QCXLFn *port, unsigned n)
{
    QCXLFn *fn;

    for (unsigned i = 0;
         (fn = qcxl_fn_at(port->q, QCXL_DOWNSTREAM_PORT, i)); i++) {
        if (fn->port == port && !n--) {
            break;
        }
    }
    return fn;
}

char *qcxl_file(QCXL *q, const char *name)
{
    return g_build_filename(q->dir, name, NULL);
}

void qcxl_file_read(QCXL *q, const char *name, uint64_t offset, void *buf,
                    size_t len)
{
    g_autofree char *path = qcxl_file(q, name);
    int fd = open(path, O_RDONLY);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(pread(fd, buf, len, offset), ==, len);
    close(fd);
}

/*
 * QTest: protocol errors of every kind of component, from QMP to the host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "hw/pci/pci_regs.h"
#include "hw/pci/pcie_regs.h"
#include "cxl/machine-save.h"
#include "libqos/cxl.h"

/* Guest memory that the root port's MSI writes to */
#define MSI_ADDR        0x100000u
#define MSI_DATA        0xae4u

#define DEVCTL_ENABLE   (PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | \
                         PCI_EXP_DEVCTL_FERE)
#define ROOT_ENABLE     (PCI_ERR_ROOT_CMD_COR_EN | \
                         PCI_ERR_ROOT_CMD_NONFATAL_EN | \
                         PCI_ERR_ROOT_CMD_FATAL_EN)
#define ROOT_FATAL      (PCI_ERR_ROOT_UNCOR_RCV | PCI_ERR_ROOT_FIRST_FATAL | \
                         PCI_ERR_ROOT_FATAL_RCV)
#define ROOT_NONFATAL   (PCI_ERR_ROOT_UNCOR_RCV | PCI_ERR_ROOT_NONFATAL_RCV)

static QCXL *q;
static QCXLFn *root;

/* A component: what QMP calls it, and the function that it is */
typedef struct Component {
    const char *id;
    QCXLFn *fn;
    unsigned aer;
    unsigned exp;
} Component;

static Component components[4];

static const char *const uncorrectable[32] = {
    [R_CXL_RAS_UE_CACHE_DATA_PARITY_SHIFT] = "cache-data-parity",
    [R_CXL_RAS_UE_CACHE_ADDRESS_PARITY_SHIFT] = "cache-address-parity",
    [R_CXL_RAS_UE_CACHE_BE_PARITY_SHIFT] = "cache-be-parity",
    [R_CXL_RAS_UE_CACHE_DATA_ECC_SHIFT] = "cache-data-ecc",
    [R_CXL_RAS_UE_MEM_DATA_PARITY_SHIFT] = "mem-data-parity",
    [R_CXL_RAS_UE_MEM_ADDRESS_PARITY_SHIFT] = "mem-address-parity",
    [R_CXL_RAS_UE_MEM_BE_PARITY_SHIFT] = "mem-be-parity",
    [R_CXL_RAS_UE_MEM_DATA_ECC_SHIFT] = "mem-data-ecc",
    [R_CXL_RAS_UE_REINIT_THRESHOLD_SHIFT] = "reinit-threshold",
    [R_CXL_RAS_UE_RSVD_ENCODING_SHIFT] = "rsvd-encoding",
    [R_CXL_RAS_UE_POISON_RECEIVED_SHIFT] = "poison-received",
    [R_CXL_RAS_UE_RECEIVER_OVERFLOW_SHIFT] = "receiver-overflow",
    [R_CXL_RAS_UE_INTERNAL_SHIFT] = "internal",
    [R_CXL_RAS_UE_CXL_IDE_TX_SHIFT] = "cxl-ide-tx",
    [R_CXL_RAS_UE_CXL_IDE_RX_SHIFT] = "cxl-ide-rx",
};

static const char *const correctable[] = {
    [R_CXL_RAS_CE_CACHE_DATA_ECC_SHIFT] = "cache-data-ecc",
    [R_CXL_RAS_CE_MEM_DATA_ECC_SHIFT] = "mem-data-ecc",
    [R_CXL_RAS_CE_CRC_THRESHOLD_SHIFT] = "crc-threshold",
    [R_CXL_RAS_CE_RETRY_THRESHOLD_SHIFT] = "retry-threshold",
    [R_CXL_RAS_CE_CACHE_POISON_RECEIVED_SHIFT] = "cache-poison-received",
    [R_CXL_RAS_CE_MEM_POISON_RECEIVED_SHIFT] = "mem-poison-received",
    [R_CXL_RAS_CE_PHYSICAL_SHIFT] = "physical",
};

static uint32_t ras(const Component *c, unsigned reg)
{
    return qcxl_read(q, c->fn->comp.ras + reg, 4);
}

static void ras_set(const Component *c, unsigned reg, uint32_t value)
{
    qcxl_write(q, c->fn->comp.ras + reg, 4, value);
}

static uint32_t aer(const Component *c, unsigned reg)
{
    return qcxl_config_read(c->fn, c->aer + reg, 4);
}

static void aer_set(const Component *c, unsigned reg, uint32_t value)
{
    qcxl_config_write(c->fn, c->aer + reg, 4, value);
}

static unsigned first_error(const Component *c)
{
    return FIELD_EX32(ras(c, CXL_RAS_CONTROL), CXL_RAS_CONTROL, FIRST_ERROR);
}

/* Errors of @types in one call; number n has the header 8n + 1, 8n + 2 */
static void inject(const Component *c, const char *const *types, unsigned nr)
{
    g_autoptr(GString) errors = g_string_new("[");

    for (unsigned i = 0; i < nr; i++) {
        g_string_append_printf(errors, "%s{'type': '%s', 'header': [%u, %u]}",
                               i ? ", " : "", types[i], 8 * i + 1, 8 * i + 2);
    }
    g_string_append(errors, "]");
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-uncorrectable-errors', 'arguments': {"
        " 'path': %s, 'errors': %p}}", c->id,
        qobject_from_json(errors->str, &error_abort));
}

static void inject_correctable(const Component *c, const char *type)
{
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-correctable-error', 'arguments': {"
        " 'path': %s, 'type': %s}}", c->id, type);
}

/* Whether a port lets through what comes from below */
static void forward(const Component *c, bool on)
{
    if (c->fn->secondary) {
        qcxl_config_write(c->fn, PCI_BRIDGE_CONTROL, 2,
                          on ? PCI_BRIDGE_CTL_SERR : 0);
    }
}

/* Let errors through to the root port, and back to a state without any */
static void set_up(const Component *c)
{
    qcxl_config_write(c->fn, c->exp + PCI_EXP_DEVCTL, 2, DEVCTL_ENABLE);
    qcxl_config_write(c->fn, c->exp + PCI_EXP_DEVSTA, 2, 0xf);
    forward(c, true);
    aer_set(c, PCI_ERR_UNCOR_MASK, 0);
    aer_set(c, PCI_ERR_COR_MASK, 0);
    aer_set(c, PCI_ERR_UNCOR_SEVER, UINT32_MAX);
    aer_set(c, PCI_ERR_UNCOR_STATUS, UINT32_MAX);
    aer_set(c, PCI_ERR_COR_STATUS, UINT32_MAX);
    ras_set(c, CXL_RAS_UE_MASK, 0);
    ras_set(c, CXL_RAS_CE_MASK, 0);
    ras_set(c, CXL_RAS_UE_SEVERITY, UINT32_MAX);
    ras_set(c, CXL_RAS_UE_STATUS, UINT32_MAX);
    ras_set(c, CXL_RAS_CE_STATUS, UINT32_MAX);
}

static void clear_root(void)
{
    qcxl_config_write(root, components[0].aer + PCI_ERR_ROOT_STATUS, 4,
                      UINT32_MAX);
    qcxl_write(q, MSI_ADDR, 4, 0);
}

/* What the root port has received, from @c; 0: nothing, and no interrupt */
static void check_root(const Component *c, uint32_t status)
{
    uint32_t got = qcxl_config_read(root, components[0].aer +
                                    PCI_ERR_ROOT_STATUS, 4);
    uint32_t source = qcxl_config_read(root, components[0].aer +
                                       PCI_ERR_ROOT_ERR_SRC, 4);
    unsigned bdf = c->fn->bus << 8 | c->fn->devfn;

    g_assert_cmphex(got & 0x7f, ==, status);
    g_assert_cmphex(qcxl_read(q, MSI_ADDR, 4), ==, status ? MSI_DATA : 0);
    if (status & PCI_ERR_ROOT_UNCOR_RCV) {
        g_assert_cmphex(source >> 16, ==, bdf);
    }
    if (status & PCI_ERR_ROOT_COR_RCV) {
        g_assert_cmphex(source & 0xffff, ==, bdf);
    }
    clear_root();
}

static void check_aer(const Component *c, bool set, bool fatal)
{
    unsigned devsta = qcxl_config_read(c->fn, c->exp + PCI_EXP_DEVSTA, 2);

    g_assert_cmphex(aer(c, PCI_ERR_UNCOR_STATUS), ==,
                    set ? PCI_ERR_UNC_INTN : 0);
    g_assert_cmphex(devsta & 7, ==, !set ? 0 :
                    fatal ? PCI_EXP_DEVSTA_FED : PCI_EXP_DEVSTA_NFED);
    g_assert_true(aer(c, PCI_ERR_UNCOR_SEVER) & PCI_ERR_UNC_INTN);
}

/* CXL r3.1 8.2.4.17.1 to .3: an error, its mask and its severity */
static void check_uncorrectable(const Component *c, unsigned bit, bool masked,
                                bool fatal, bool aer_masked)
{
    set_up(c);
    clear_root();
    forward(c, false);
    ras_set(c, CXL_RAS_UE_MASK, masked ? 1u << bit : ~(1u << bit));
    ras_set(c, CXL_RAS_UE_SEVERITY, fatal ? 1u << bit : ~(1u << bit));
    aer_set(c, PCI_ERR_UNCOR_MASK, aer_masked ? PCI_ERR_UNC_INTN : 0);
    inject(c, &uncorrectable[bit], 1);
    g_assert_cmphex(ras(c, CXL_RAS_UE_STATUS), ==, 1u << bit);
    check_aer(c, !masked, fatal);
    if (!masked) {
        g_assert_cmpuint(first_error(c), ==, bit);
        g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(0)), ==, 1);
        g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(1)), ==, 2);
        g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(2)), ==, 0);
    }
    if (!masked && !aer_masked) {
        g_assert_cmphex(aer(c, PCI_ERR_HEADER_LOG), ==, 1);
        g_assert_cmphex(aer(c, PCI_ERR_HEADER_LOG + 4), ==, 2);
        g_assert_cmphex(aer(c, PCI_ERR_HEADER_LOG + 8), ==, 0);
    }
    check_root(c, masked || aer_masked ? 0 :
               fatal ? ROOT_FATAL : ROOT_NONFATAL);
}

static void test_uncorrectable(const void *opaque)
{
    const Component *c = opaque;

    for (unsigned bit = 0; bit < 32; bit++) {
        for (unsigned way = 0; uncorrectable[bit] && way < 8; way++) {
            check_uncorrectable(c, bit, way & 1, way & 2, way & 4);
        }
    }
    forward(c, true);
}

static void test_correctable(const void *opaque)
{
    const Component *c = opaque;

    for (unsigned bit = 0; bit < ARRAY_SIZE(correctable); bit++) {
        for (unsigned way = 0; way < 4; way++) {
            bool masked = way & 1, aer_masked = way & 2;

            set_up(c);
            clear_root();
            ras_set(c, CXL_RAS_CE_MASK, masked ? 1u << bit : ~(1u << bit));
            aer_set(c, PCI_ERR_COR_MASK, aer_masked ? PCI_ERR_COR_INTERNAL : 0);
            inject_correctable(c, correctable[bit]);
            g_assert_cmphex(ras(c, CXL_RAS_CE_STATUS), ==, 1u << bit);
            g_assert_cmphex(ras(c, CXL_RAS_UE_STATUS), ==, 0);
            g_assert_cmphex(aer(c, PCI_ERR_COR_STATUS), ==,
                            masked ? 0 : PCI_ERR_COR_INTERNAL);
            check_root(c, masked || aer_masked ? 0 : PCI_ERR_ROOT_COR_RCV);
        }
    }
}

/* One call: one message, the header of the first, the others behind it */
static void test_several(const void *opaque)
{
    static const char *const types[] = {
        "mem-data-ecc", "internal", "cache-data-parity", "cxl-ide-rx",
    };
    const Component *c = opaque;

    set_up(c);
    clear_root();
    ras_set(c, CXL_RAS_UE_MASK, R_CXL_RAS_UE_MEM_DATA_ECC_MASK);
    ras_set(c, CXL_RAS_UE_SEVERITY, R_CXL_RAS_UE_CXL_IDE_RX_MASK);
    inject(c, types, ARRAY_SIZE(types));
    g_assert_cmphex(ras(c, CXL_RAS_UE_STATUS), ==,
                    R_CXL_RAS_UE_MEM_DATA_ECC_MASK |
                    R_CXL_RAS_UE_INTERNAL_MASK |
                    R_CXL_RAS_UE_CACHE_DATA_PARITY_MASK |
                    R_CXL_RAS_UE_CXL_IDE_RX_MASK);
    g_assert_cmpuint(first_error(c), ==, R_CXL_RAS_UE_INTERNAL_SHIFT);
    g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(0)), ==, 9);
    check_root(c, ROOT_FATAL);
    ras_set(c, CXL_RAS_UE_STATUS, R_CXL_RAS_UE_INTERNAL_MASK);
    g_assert_cmpuint(first_error(c), ==, R_CXL_RAS_UE_CACHE_DATA_PARITY_SHIFT);
    g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(0)), ==, 17);
    ras_set(c, CXL_RAS_UE_STATUS, R_CXL_RAS_UE_CACHE_DATA_PARITY_MASK);
    g_assert_cmpuint(first_error(c), ==, R_CXL_RAS_UE_CXL_IDE_RX_SHIFT);
    g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(0)), ==, 25);
}

/* Reporting that is switched off on the way: latched, but not signalled */
static void test_disabled(const void *opaque)
{
    const Component *c = opaque;

    set_up(c);
    clear_root();
    qcxl_config_write(c->fn, c->exp + PCI_EXP_DEVCTL, 2, 0);
    inject(c, &uncorrectable[0], 1);
    inject_correctable(c, correctable[0]);
    g_assert_cmphex(aer(c, PCI_ERR_UNCOR_STATUS), ==, PCI_ERR_UNC_INTN);
    g_assert_cmphex(aer(c, PCI_ERR_COR_STATUS), ==, PCI_ERR_COR_INTERNAL);
    check_root(c, 0);
    set_up(c);
}

/* Headers that wait come along; the new machine shows them in their turn */
static void test_migrate(const void *opaque)
{
    static const char *const types[] = { "internal", "mem-data-ecc" };
    const Component *c = opaque;

    set_up(c);
    clear_root();
    inject(c, types, ARRAY_SIZE(types));
    qcxl_migrate(q);
    g_assert_cmpuint(first_error(c), ==, R_CXL_RAS_UE_INTERNAL_SHIFT);
    g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(0)), ==, 1);
    ras_set(c, CXL_RAS_UE_STATUS, R_CXL_RAS_UE_INTERNAL_MASK);
    g_assert_cmpuint(first_error(c), ==, R_CXL_RAS_UE_MEM_DATA_ECC_SHIFT);
    g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(0)), ==, 9);
    set_up(c);
    clear_root();
}

/* The only place of a saved state where @marker is; the file holds it */
static char *find_marker(const char *path, const void *marker, size_t len,
                         char **bytes, gsize *size)
{
    char *found;

    g_assert_true(g_file_get_contents(path, bytes, size, NULL));
    found = memmem(*bytes, *size, marker, len);
    g_assert_nonnull(found);
    g_assert_null(memmem(found + 1, *bytes + *size - found - 1, marker, len));
    return found;
}

/*
 * PCIe r6.0 6.2.4.2: an error that AER has queued comes along, unless what was
 * saved is no error: the PCIe core would fail over it when its turn comes
 */
static void test_aer_queue(void)
{
    static const uint8_t marker[] = { 0xde, 0xc0, 0xed, 0xfe };
    const Component *c = &components[3];
    g_autofree char *path = qcxl_file(q, "state");
    g_autofree char *bytes = NULL;
    char *header;
    gsize size;

    set_up(c);
    aer_set(c, PCI_ERR_CAP, PCI_ERR_CAP_MHRE);
    inject(c, &uncorrectable[R_CXL_RAS_UE_INTERNAL_SHIFT], 1);
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-uncorrectable-errors', 'arguments': {"
        " 'path': 'mem0', 'errors': [{'type': 'mem-data-ecc',"
        " 'header': [4276994270]}]}}");
    machine_save(q, "state", true);

    /* An entry of the log is status, source, flags, header */
    header = find_marker(path, marker, sizeof(marker), &bytes, &size);
    g_assert_cmphex(ldl_be_p(header - 8), ==, PCI_ERR_UNC_INTN);
    stl_be_p(header - 8, 0);
    g_assert_true(g_file_set_contents(path, bytes, size, NULL));
    g_assert_false(machine_load(q, "state", true));
    stl_be_p(header - 8, PCI_ERR_UNC_INTN | PCI_ERR_UNC_DLP);
    g_assert_true(g_file_set_contents(path, bytes, size, NULL));
    g_assert_false(machine_load(q, "state", true));

    stl_be_p(header - 8, PCI_ERR_UNC_INTN);
    g_assert_true(g_file_set_contents(path, bytes, size, NULL));
    g_assert_true(machine_load(q, "state", true));
    g_assert_cmphex(aer(c, PCI_ERR_HEADER_LOG), ==, 1);
    aer_set(c, PCI_ERR_UNCOR_STATUS, PCI_ERR_UNC_INTN);
    g_assert_cmphex(aer(c, PCI_ERR_UNCOR_STATUS), ==, PCI_ERR_UNC_INTN);
    g_assert_cmphex(aer(c, PCI_ERR_HEADER_LOG), ==, 0xfeedc0de);
    aer_set(c, PCI_ERR_UNCOR_STATUS, PCI_ERR_UNC_INTN);
    g_assert_cmphex(aer(c, PCI_ERR_UNCOR_STATUS), ==, 0);
    aer_set(c, PCI_ERR_CAP, 0);
}

/* What nobody may send */
static void test_refused(void)
{
    static const char *const bad[] = {
        "'path': 'nothing', 'errors': [{'type': 'internal', 'header': []}]",
        "'path': 'hb0', 'errors': [{'type': 'internal', 'header': []}]",
        "'path': '/machine', 'errors': [{'type': 'internal', 'header': []}]",
        "'path': 'mem0', 'errors': []",
        "'path': 'mem0', 'errors': [{'type': 'nothing', 'header': []}]",
        "'path': 'mem0', 'errors': [{'type': 'internal',"
        " 'header': [4294967296]}]",
        "'path': 'mem0', 'errors': [{'type': 'internal', 'header': ["
        "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]",
    };
    const Component *c = &components[3];

    set_up(c);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *text = g_strdup_printf("{%s}", bad[i]);
        QObject *args = qobject_from_json(text, &error_abort);
        QDict *rsp = qtest_qmp(q->qts, "{'execute': "
                               "'cxl-inject-uncorrectable-errors', "
                               "'arguments': %p}", args);

        qmp_expect_error_and_unref(rsp, "GenericError");
    }
    qmp_expect_error_and_unref(qtest_qmp(q->qts,
        "{'execute': 'cxl-inject-correctable-error', 'arguments': {"
        " 'path': 'hb0', 'type': 'physical'}}"), "GenericError");
    g_assert_cmphex(ras(c, CXL_RAS_UE_STATUS), ==, 0);
}

/* Clients that were made for longer logs send 32 numbers */
static void test_long_header(void)
{
    const Component *c = &components[3];

    set_up(c);
    qtest_qmp_assert_success(q->qts,
        "{'execute': 'cxl-inject-uncorrectable-errors', 'arguments': {"
        " 'path': 'mem0', 'errors': [{'type': 'internal', 'header': ["
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
        "27,28,29,30,31,32]}]}}");
    for (unsigned i = 0; i < CXL_RAS_HEADER_LOG_DWORDS; i++) {
        g_assert_cmphex(ras(c, CXL_RAS_HEADER_LOG(i)), ==, i + 1);
    }
}

/* The root port's interrupt, by MSI: CXL_PCIE_PORT_VECTOR is 0 */
static void arm_root(void)
{
    unsigned msi = qcxl_cap(root, PCI_CAP_ID_MSI);

    g_assert_cmpuint(msi, !=, 0);
    qcxl_config_write(root, msi + PCI_MSI_ADDRESS_LO, 4, MSI_ADDR);
    qcxl_config_write(root, msi + PCI_MSI_ADDRESS_HI, 4, 0);
    qcxl_config_write(root, msi + PCI_MSI_DATA_64, 2, MSI_DATA);
    qcxl_config_write(root, msi + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
    qcxl_config_write(root, components[0].aer + PCI_ERR_ROOT_COMMAND, 4,
                      ROOT_ENABLE);
}

static void find_components(void)
{
    static const char *const ids[] = { "rp0", "sw0", "sw0.0", "mem0" };

    for (unsigned i = 0; i < ARRAY_SIZE(components); i++) {
        QCXLFn *fn = i < 3 ? qcxl_port_at(q, i) : qcxl_mem_at(q, 0);

        components[i] = (Component) {
            .id = ids[i], .fn = fn,
            .aer = qcxl_ext_cap(fn, PCI_EXT_CAP_ID_ERR),
            .exp = qcxl_cap(fn, PCI_CAP_ID_EXP),
        };
        g_assert_cmpuint(components[i].aer, !=, 0);
        g_assert_cmphex(fn->comp.ras, !=, 0);
        set_up(&components[i]);
    }
    root = components[0].fn;
}

static void add(const char *name, void (*test)(const void *))
{
    static const char *const kinds[] = {
        "root-port", "upstream", "downstream", "type3",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(components); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/ras/%s/%s", kinds[i],
                                                name);

        qtest_add_data_func(path, &components[i], test);
    }
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_switch(t, "sw0", "rp0", 1, "");
    qcxl_mem(t, "mem0", "sw0.0", 256, 0, "");
    q = qcxl_boot(t);
    find_components();
    arm_root();

    add("uncorrectable", test_uncorrectable);
    add("correctable", test_correctable);
    add("several", test_several);
    add("disabled", test_disabled);
    add("migrate", test_migrate);
    qtest_add_func("/cxl/ras/aer-queue", test_aer_queue);
    qtest_add_func("/cxl/ras/refused", test_refused);
    qtest_add_func("/cxl/ras/long-header", test_long_header);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * QTest: CXL functions as PCI enumeration sees them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/pci/pcie_regs.h"
#include "hw/pci/pci_regs.h"
#include "libqos/cxl.h"

#define MEMS    4
/* An e1000e: 82574L */
#define NIC     0x10d3

static QCXL *q;

/* A DVSEC and what CXL r3.1 Table 8-2 and its section say of it */
typedef struct Dvsec {
    uint16_t id;
    uint8_t revision;
    uint16_t length;
} Dvsec;

static const Dvsec mem_dvsecs[] = {
    { CXL_DVSEC_ID_DEVICE, CXL_DVSEC_REVISION_DEVICE,
      CXL_DVSEC_LENGTH_DEVICE },
    { CXL_DVSEC_ID_GPF_DEVICE, CXL_DVSEC_REVISION_GPF_DEVICE,
      CXL_DVSEC_LENGTH_GPF_DEVICE },
    { CXL_DVSEC_ID_FLEX_BUS, CXL_DVSEC_REVISION_FLEX_BUS,
      CXL_DVSEC_LENGTH_FLEX_BUS },
    { CXL_DVSEC_ID_LOCATOR, CXL_DVSEC_REVISION_LOCATOR,
      CXL_DVSEC_LENGTH_LOCATOR(2) },
};

static const Dvsec port_dvsecs[] = {
    { CXL_DVSEC_ID_PORT, CXL_DVSEC_REVISION_PORT, CXL_DVSEC_LENGTH_PORT },
    { CXL_DVSEC_ID_GPF_PORT, CXL_DVSEC_REVISION_GPF_PORT,
      CXL_DVSEC_LENGTH_GPF_PORT },
    { CXL_DVSEC_ID_FLEX_BUS, CXL_DVSEC_REVISION_FLEX_BUS,
      CXL_DVSEC_LENGTH_FLEX_BUS },
    { CXL_DVSEC_ID_LOCATOR, CXL_DVSEC_REVISION_LOCATOR,
      CXL_DVSEC_LENGTH_LOCATOR(1) },
};

static const Dvsec upstream_dvsecs[] = {
    { CXL_DVSEC_ID_PORT, CXL_DVSEC_REVISION_PORT, CXL_DVSEC_LENGTH_PORT },
    { CXL_DVSEC_ID_FLEX_BUS, CXL_DVSEC_REVISION_FLEX_BUS,
      CXL_DVSEC_LENGTH_FLEX_BUS },
    { CXL_DVSEC_ID_LOCATOR, CXL_DVSEC_REVISION_LOCATOR,
      CXL_DVSEC_LENGTH_LOCATOR(1) },
};

static void test_ids(void)
{
    for (unsigned i = 0; i < MEMS; i++) {
        QCXLFn *mem = qcxl_mem_at(q, i);
        QCXLFn *port = qcxl_port_at(q, i);

        g_assert_nonnull(mem);
        g_assert_cmphex(mem->vendor, ==, 0x8086);
        g_assert_cmphex(mem->device, ==, 0x0d93);
        /* CXL r3.1 8.1.12.1: memory device, programming interface CXL */
        g_assert_cmphex(qcxl_config_read(mem, PCI_CLASS_PROG, 1), ==, 0x10);
        g_assert_cmphex(qcxl_config_read(mem, PCI_CLASS_DEVICE, 2), ==, 0x502);
        g_assert_nonnull(port);
        g_assert_cmphex(port->vendor, ==, 0x8086);
        g_assert_cmphex(port->device, ==, 0x7075);
        g_assert_true(mem->port == port);
    }
    g_assert_null(qcxl_mem_at(q, MEMS));
    g_assert_null(qcxl_fn_at(q, QCXL_ROOT_PORT, MEMS + 1));
}

static unsigned port_type(QCXLFn *fn)
{
    unsigned exp = qcxl_cap(fn, PCI_CAP_ID_EXP);

    g_assert_cmpuint(exp, !=, 0);
    return (qcxl_config_read(fn, exp + PCI_EXP_FLAGS, 2) &
            PCI_EXP_FLAGS_TYPE) >> ctz32(PCI_EXP_FLAGS_TYPE);
}

static QCXLFn *upstream(unsigned n)
{
    return qcxl_fn_at(q, QCXL_UPSTREAM_PORT, n);
}

static QCXLFn *downstream(unsigned n)
{
    return qcxl_fn_at(q, QCXL_DOWNSTREAM_PORT, n);
}

static void test_port_type(void)
{
    g_assert_cmphex(port_type(upstream(0)), ==, PCI_EXP_TYPE_UPSTREAM);
    g_assert_cmphex(port_type(downstream(0)), ==, PCI_EXP_TYPE_DOWNSTREAM);
    g_assert_cmphex(port_type(qcxl_mem_at(q, 0)), ==, PCI_EXP_TYPE_ENDPOINT);
    g_assert_cmphex(port_type(qcxl_port_at(q, 0)), ==, PCI_EXP_TYPE_ROOT_PORT);
}

static unsigned dvsec_length(QCXLFn *fn, unsigned at)
{
    return FIELD_EX32(qcxl_config_read(fn, at + CXL_DVSEC_HEADER1, 4),
                      CXL_DVSEC_HEADER1, LENGTH);
}

static void check_dvsecs(QCXLFn *fn, const Dvsec *want, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        unsigned at = qcxl_dvsec(fn, want[i].id);
        uint32_t header1;

        g_test_message("DVSEC %u", want[i].id);
        g_assert_cmphex(at, !=, 0);
        header1 = qcxl_config_read(fn, at + CXL_DVSEC_HEADER1, 4);
        g_assert_cmphex(FIELD_EX32(header1, CXL_DVSEC_HEADER1, REVISION), ==,
                        want[i].revision);
        if (want[i].id == CXL_DVSEC_ID_LOCATOR) {
            g_assert_cmphex(dvsec_length(fn, at), >=, want[i].length);
        } else {
            g_assert_cmphex(dvsec_length(fn, at), ==, want[i].length);
        }
    }
}

static void test_dvsecs(void)
{
    check_dvsecs(qcxl_mem_at(q, 0), mem_dvsecs, ARRAY_SIZE(mem_dvsecs));
    check_dvsecs(qcxl_port_at(q, 0), port_dvsecs, ARRAY_SIZE(port_dvsecs));
    check_dvsecs(downstream(0), port_dvsecs, ARRAY_SIZE(port_dvsecs));
    check_dvsecs(upstream(0), upstream_dvsecs, ARRAY_SIZE(upstream_dvsecs));
    g_assert_cmphex(qcxl_dvsec(upstream(0), CXL_DVSEC_ID_GPF_PORT), ==, 0);
    g_assert_cmphex(qcxl_dvsec(upstream(0), CXL_DVSEC_ID_DEVICE), ==, 0);
    g_assert_cmphex(qcxl_dvsec(downstream(0), CXL_DVSEC_ID_DEVICE), ==, 0);
    /* CXL r3.1 Table 8-2: what each kind of function must not have */
    g_assert_cmphex(qcxl_dvsec(qcxl_mem_at(q, 0), CXL_DVSEC_ID_PORT), ==, 0);
    g_assert_cmphex(qcxl_dvsec(qcxl_mem_at(q, 0), CXL_DVSEC_ID_GPF_PORT), ==,
                    0);
    g_assert_cmphex(qcxl_dvsec(qcxl_port_at(q, 0), CXL_DVSEC_ID_DEVICE), ==,
                    0);
    g_assert_cmphex(qcxl_dvsec(qcxl_port_at(q, 0), CXL_DVSEC_ID_GPF_DEVICE),
                    ==, 0);
}

/* Bytes that an extended capability takes, as far as its header tells */
static unsigned ext_cap_length(QCXLFn *fn, unsigned at)
{
    switch (PCI_EXT_CAP_ID(qcxl_config_read(fn, at, 4))) {
    case PCI_EXT_CAP_ID_DVSEC:
        return dvsec_length(fn, at);
    case PCI_EXT_CAP_ID_DSN:
        return PCI_EXT_CAP_DSN_SIZEOF;
    case PCI_EXT_CAP_ID_DOE:
        return PCI_DOE_CAP_SIZEOF;
    case PCI_EXT_CAP_ID_ERR:
        return PCI_ERR_SIZEOF;
    default:
        return 4;
    }
}

/* The chain ends, stays inside, is aligned, and nothing overlaps */
static void check_chain(QCXLFn *fn)
{
    uint8_t used[PCIE_CONFIG_SPACE_SIZE] = { 0 };
    unsigned links = 0;

    for (unsigned at = PCI_CONFIG_SPACE_SIZE; at; at = qcxl_ext_next(fn, at)) {
        unsigned len = ext_cap_length(fn, at);

        g_assert_cmpuint(++links, <, 48);
        g_assert_cmphex(at % 4, ==, 0);
        g_assert_cmphex(at, >=, PCI_CONFIG_SPACE_SIZE);
        g_assert_cmphex(at + len, <=, PCIE_CONFIG_SPACE_SIZE);
        for (unsigned i = at; i < at + len; i++) {
            g_assert_cmpuint(used[i], ==, 0);
            used[i] = 1;
        }
    }
}

static void test_chain(void)
{
    for (unsigned i = 0; i < q->functions->len; i++) {
        QCXLFn *fn = g_ptr_array_index(q->functions, i);

        if (fn->device != NIC) {
            check_chain(fn);
        }
    }
}

static uint64_t serial_of(QCXLFn *mem)
{
    unsigned dsn = qcxl_ext_cap(mem, PCI_EXT_CAP_ID_DSN);

    g_assert_cmphex(dsn, !=, 0);
    return qcxl_config_read(mem, dsn + 8, 4) << 32 |
           qcxl_config_read(mem, dsn + 4, 4);
}

static void test_serial(void)
{
    uint64_t serial[MEMS + 2];

    for (unsigned i = 0; i < ARRAY_SIZE(serial); i++) {
        serial[i] = serial_of(i < MEMS ? qcxl_mem_at(q, i)
                                       : upstream(i - MEMS));
        g_assert_cmphex(serial[i], !=, 0);
        for (unsigned j = 0; j < i; j++) {
            g_assert_cmphex(serial[j], !=, serial[i]);
        }
    }
    g_assert_cmphex(serial[0], ==, 0xfedcba9876543210ull);
    g_assert_cmphex(serial[MEMS + 1], ==, 0x123456789ull);
}

static void test_capabilities(void)
{
    QCXLFn *mem = qcxl_mem_at(q, 0);
    QCXLFn *port = qcxl_port_at(q, 0);

    g_assert_cmphex(qcxl_ext_cap(mem, PCI_EXT_CAP_ID_ERR), !=, 0);
    g_assert_cmphex(qcxl_ext_cap(mem, PCI_EXT_CAP_ID_DOE), !=, 0);
    g_assert_cmphex(qcxl_cap(mem, PCI_CAP_ID_MSIX), !=, 0);
    g_assert_cmphex(qcxl_ext_cap(port, PCI_EXT_CAP_ID_ERR), !=, 0);
    g_assert_true(qcxl_cap(port, PCI_CAP_ID_MSIX) ||
                  qcxl_cap(port, PCI_CAP_ID_MSI));

    g_assert_cmphex(qcxl_ext_cap(upstream(0), PCI_EXT_CAP_ID_ERR), !=, 0);
    g_assert_cmphex(qcxl_ext_cap(upstream(0), PCI_EXT_CAP_ID_DOE), !=, 0);
    g_assert_cmphex(qcxl_ext_cap(downstream(0), PCI_EXT_CAP_ID_ERR), !=, 0);
    g_assert_cmphex(qcxl_ext_cap(downstream(0), PCI_EXT_CAP_ID_ACS), !=, 0);
    /* CXL r3.1 8.1.11: what a downstream port costs, its switch tells */
    g_assert_cmphex(qcxl_ext_cap(downstream(0), PCI_EXT_CAP_ID_DOE), ==, 0);
}

static void test_bars(void)
{
    QCXLFn *mem = qcxl_mem_at(q, 0);
    QCXLFn *port = qcxl_port_at(q, 0);
    unsigned msix = qcxl_cap(mem, PCI_CAP_ID_MSIX);

    /* CXL r3.1 8.2.3: 64 KiB of component registers, in a 64-bit BAR */
    g_assert_cmphex(mem->bar_size[0], ==, CXL_COMPONENT_SIZE);
    g_assert_cmphex(mem->bar_flags[0] & PCI_BASE_ADDRESS_MEM_TYPE_64, !=, 0);
    g_assert_cmphex(mem->comp.base, ==, mem->bar[0]);
    g_assert_cmphex(mem->bar_size[2], >=, CXL_MBOX_PAYLOAD_MIN);
    g_assert_cmphex(mem->bar_flags[2] & PCI_BASE_ADDRESS_MEM_TYPE_64, !=, 0);
    g_assert_cmphex(mem->regs, ==, mem->bar[2]);
    g_assert_cmphex(mem->bar_size[4], >, 0);
    g_assert_cmphex(qcxl_config_read(mem, msix + PCI_MSIX_TABLE, 4) &
                    PCI_MSIX_TABLE_BIR, ==, 4);
    g_assert_cmphex(port->bar_size[0], ==, CXL_COMPONENT_SIZE);
    g_assert_cmphex(port->bar_flags[0] & PCI_BASE_ADDRESS_MEM_TYPE_64, !=, 0);
    g_assert_cmphex(port->comp.base, ==, port->bar[0]);
    for (unsigned i = 0; i < 2; i++) {
        port = i ? upstream(0) : downstream(0);
        g_assert_cmphex(port->bar_size[0], ==, CXL_COMPONENT_SIZE);
        g_assert_cmphex(port->bar_flags[0] & PCI_BASE_ADDRESS_MEM_TYPE_64, !=,
                        0);
        g_assert_cmphex(port->comp.base, ==, port->bar[0]);
    }
}

static uint32_t link_capabilities(QCXLFn *fn)
{
    return qcxl_config_read(fn, qcxl_cap(fn, PCI_CAP_ID_EXP) +
                            PCI_EXP_LNKCAP, 4);
}

/* CXL r3.1 8.2.4.20.8: HDM targets are the ports' numbers: unique ones */
static void test_port_numbers(void)
{
    for (unsigned i = 0; i < MEMS; i++) {
        g_assert_cmpuint(link_capabilities(qcxl_port_at(q, i)) >> 24, ==, i);
    }
    /* Those of each switch are its own; the first free one where none is set */
    g_assert_cmpuint(qcxl_port_number(downstream(0)), ==, 0);
    g_assert_cmpuint(qcxl_port_number(downstream(1)), ==, 1);
    g_assert_cmpuint(qcxl_port_number(downstream(2)), ==, 0);
    g_assert_cmpuint(qcxl_port_number(downstream(3)), ==, 200);
}

static unsigned link_width(uint32_t cap)
{
    return (cap & PCI_EXP_LNKCAP_MLW) >> ctz32(PCI_EXP_LNKCAP_MLW);
}

/* PCIe r6.0 7.5.3.6: speed 1 is 2.5 GT/s, 4 is 16, 5 is 32, 6 is 64 */
static void test_link(void)
{
    uint32_t cap = link_capabilities(qcxl_mem_at(q, 1));

    g_assert_cmpuint(cap & PCI_EXP_LNKCAP_SLS, ==, 4);
    g_assert_cmpuint(link_width(cap), ==, 8);
    cap = link_capabilities(qcxl_port_at(q, 1));
    g_assert_cmpuint(cap & PCI_EXP_LNKCAP_SLS, ==, 4);
    g_assert_cmpuint(link_width(cap), ==, 8);
    cap = link_capabilities(qcxl_mem_at(q, 0));
    g_assert_cmpuint(cap & PCI_EXP_LNKCAP_SLS, ==, 5);
    g_assert_cmpuint(link_width(cap), ==, 16);
    cap = link_capabilities(qcxl_port_at(q, 0));
    g_assert_cmpuint(cap & PCI_EXP_LNKCAP_SLS, ==, 6);
    g_assert_cmpuint(link_width(cap), ==, 32);
    cap = link_capabilities(upstream(0));
    g_assert_cmpuint(cap & PCI_EXP_LNKCAP_SLS, ==, 5);
    g_assert_cmpuint(link_width(cap), ==, 16);
    cap = link_capabilities(downstream(0));
    g_assert_cmpuint(cap & PCI_EXP_LNKCAP_SLS, ==, 6);
    g_assert_cmpuint(link_width(cap), ==, 16);
    cap = link_capabilities(upstream(1));
    g_assert_cmpuint(cap & PCI_EXP_LNKCAP_SLS, ==, 4);
    g_assert_cmpuint(link_width(cap), ==, 8);
}

static unsigned link_status(QCXLFn *fn)
{
    return qcxl_config_read(fn, qcxl_cap(fn, PCI_CAP_ID_EXP) + PCI_EXP_LNKSTA,
                            2);
}

/* The slower and narrower end decides; both ends tell */
static void test_link_status(void)
{
    unsigned status = link_status(upstream(1));

    g_assert_cmpuint(status & PCI_EXP_LNKSTA_CLS, ==, 4);
    g_assert_cmpuint((status & PCI_EXP_LNKSTA_NLW) >> 4, ==, 8);
    status = link_status(downstream(1));
    g_assert_true(upstream(1)->port == downstream(1));
    g_assert_cmpuint(status & PCI_EXP_LNKSTA_CLS, ==, 4);
    g_assert_cmpuint((status & PCI_EXP_LNKSTA_NLW) >> 4, ==, 8);
}

/* A PCI Express device below a switch is one, with its BARs */
static void test_pcie_below(void)
{
    QCXLFn *nic = qcxl_fn_at(q, NIC, 0);

    g_assert_nonnull(nic);
    g_assert_true(nic->port == downstream(2));
    g_assert_cmphex(nic->bar_size[0], >, 0);
    /* CTRL_EXT of an 82574, whose reset value has bits set */
    g_assert_cmphex(qcxl_read(q, nic->bar[0] + 0x8, 4), !=, UINT32_MAX);
}

static uint64_t mem_range_size(QCXLFn *mem, unsigned range)
{
    unsigned at = qcxl_dvsec(mem, CXL_DVSEC_ID_DEVICE);
    uint64_t low = qcxl_config_read(mem, at + CXL_DEVICE_RANGE_SIZE_LOW(range),
                                    4);
    uint64_t high = qcxl_config_read(mem,
                                     at + CXL_DEVICE_RANGE_SIZE_HIGH(range),
                                     4);

    g_assert_true(FIELD_EX32(low, CXL_DEVICE_RANGE, INFO_VALID));
    g_assert_true(FIELD_EX32(low, CXL_DEVICE_RANGE, ACTIVE));
    return high << 32 | (low & CXL_DEVICE_RANGE_LOW_MASK);
}

/* CXL r3.1 8.1.3: device 0 is volatile, 1 persistent, 2 both */
static void test_ranges(void)
{
    static const unsigned ranges[] = { 1, 1, 2 };

    for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
        QCXLFn *mem = qcxl_mem_at(q, i);
        unsigned at = qcxl_dvsec(mem, CXL_DVSEC_ID_DEVICE);
        uint16_t cap = qcxl_config_read(mem, at + CXL_DEVICE_CAPABILITY, 2);

        g_assert_true(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, IO));
        g_assert_true(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, MEM));
        g_assert_false(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, CACHE));
        g_assert_cmpuint(FIELD_EX32(cap, CXL_DEVICE_CAPABILITY, HDM_COUNT),
                         ==, ranges[i]);
    }
    g_assert_cmphex(mem_range_size(qcxl_mem_at(q, 0), 0), ==, QCXL_UNIT);
    g_assert_cmphex(mem_range_size(qcxl_mem_at(q, 1), 0), ==, 2 * QCXL_UNIT);
    g_assert_cmphex(mem_range_size(qcxl_mem_at(q, 2), 0), ==, QCXL_UNIT);
    g_assert_cmphex(mem_range_size(qcxl_mem_at(q, 2), 1), ==, 2 * QCXL_UNIT);
}

/* CXL r3.1 8.1.3.6: CONFIG_LOCK makes RWL fields read-only until reset */
static void test_config_lock(void)
{
    QCXLFn *mem = qcxl_mem_at(q, 3);
    unsigned at = qcxl_dvsec(mem, CXL_DVSEC_ID_DEVICE);

    qcxl_mem_enable(mem, true);
    g_assert_true(FIELD_EX32(qcxl_config_read(mem, at + CXL_DEVICE_CONTROL, 2),
                             CXL_DEVICE_CONTROL, MEM_ENABLE));
    qcxl_config_write(mem, at + CXL_DEVICE_RANGE_BASE_HIGH(0), 4, 0x12);
    qcxl_config_write(mem, at + CXL_DEVICE_LOCK, 2,
                      R_CXL_DEVICE_LOCK_CONFIG_LOCK_MASK);
    qcxl_config_write(mem, at + CXL_DEVICE_LOCK, 2, 0);
    g_assert_cmphex(qcxl_config_read(mem, at + CXL_DEVICE_LOCK, 2), ==,
                    R_CXL_DEVICE_LOCK_CONFIG_LOCK_MASK);
    qcxl_config_write(mem, at + CXL_DEVICE_RANGE_BASE_HIGH(0), 4, 0x34);
    g_assert_cmphex(qcxl_config_read(mem, at + CXL_DEVICE_RANGE_BASE_HIGH(0),
                                     4), ==, 0x12);
    qcxl_mem_enable(mem, false);
    g_assert_true(FIELD_EX32(qcxl_config_read(mem, at + CXL_DEVICE_CONTROL, 2),
                             CXL_DEVICE_CONTROL, MEM_ENABLE));
}

/* Reserved and read-only fields keep their values whatever is written */
static void test_read_only(void)
{
    QCXLFn *mem = qcxl_mem_at(q, 2);

    for (unsigned i = 0; i < ARRAY_SIZE(mem_dvsecs); i++) {
        unsigned at = qcxl_dvsec(mem, mem_dvsecs[i].id);

        for (unsigned off = 0; off < CXL_DVSEC_HEADER_SIZE; off++) {
            uint8_t was = qcxl_config_read(mem, at + off, 1);

            qcxl_config_write(mem, at + off, 1, ~was);
            g_assert_cmphex(qcxl_config_read(mem, at + off, 1), ==, was);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        unsigned at = qcxl_dvsec(mem, CXL_DVSEC_ID_LOCATOR) +
                      CXL_LOCATOR_LOW(i);
        uint64_t was = qcxl_config_read(mem, at, 8);

        qcxl_config_write(mem, at, 4, ~was);
        qcxl_config_write(mem, at + 4, 4, ~0);
        g_assert_cmphex(qcxl_config_read(mem, at, 8), ==, was);
    }
}

static void build(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", ",x-speed=16,x-width=8");
    qcxl_root_port(t, "rp2", "hb0", "");
    qcxl_root_port(t, "rp3", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 0, ",sn=0xfedcba9876543210");
    qcxl_mem(t, "mem1", "rp1", 0, 512, ",x-speed=16,x-width=8");
    qcxl_mem(t, "mem2", "rp2", 256, 512, "");
    qcxl_mem(t, "mem3", "rp3", 256, 0, "");
    qcxl_root_port(t, "rp4", "hb0", "");
    qcxl_switch(t, "sw0", "rp4", 2, "");
    qcxl_args(t, "-device cxl-downstream,id=far,bus=sw0,port=200,slot=99");
    qcxl_args(t, "-device cxl-upstream,id=sw1,bus=sw0.1,sn=0x123456789,"
              "x-speed=16,x-width=8");
    qcxl_args(t, "-device cxl-downstream,id=nearby,bus=sw1,slot=100");
    qcxl_args(t, "-device e1000e,bus=nearby,romfile=");
    q = qcxl_boot(t);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    build();
    qtest_add_func("/cxl/enum/ids", test_ids);
    qtest_add_func("/cxl/enum/port-type", test_port_type);
    qtest_add_func("/cxl/enum/dvsecs", test_dvsecs);
    qtest_add_func("/cxl/enum/chain", test_chain);
    qtest_add_func("/cxl/enum/serial", test_serial);
    qtest_add_func("/cxl/enum/capabilities", test_capabilities);
    qtest_add_func("/cxl/enum/bars", test_bars);
    qtest_add_func("/cxl/enum/port-numbers", test_port_numbers);
    qtest_add_func("/cxl/enum/link", test_link);
    qtest_add_func("/cxl/enum/link-status", test_link_status);
    qtest_add_func("/cxl/enum/pcie-below", test_pcie_below);
    qtest_add_func("/cxl/enum/ranges", test_ranges);
    qtest_add_func("/cxl/enum/config-lock", test_config_lock);
    qtest_add_func("/cxl/enum/read-only", test_read_only);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

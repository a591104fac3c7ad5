/*
 * QTest: the option ROM with what UEFI lacks
 *
 * PCI Firmware Specification r3.3 chapter 5 and UEFI 2.10 14.4.2 say what
 * stands where in it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/pci/pci_regs.h"
#include "libqos/cxl.h"

#define ROM_BASE            0xc8000000u
#define ROM_SIGNATURE       0xaa55
#define ROM_EFI_SIGNATURE   0x0ef1
#define ROM_BOOT_DRIVER     11
#define ROM_X64             0x8664
#define PCIR_SIGNATURE      0x52494350
#define PCIR_EFI            3
#define MCH_IDS             0x29c08086

/* One of @map, with flash or without; the file is gone when QEMU has it open */
static QCXL *boot(const char *map, bool flash)
{
    QCXLTopology *t = qcxl_topology();
    g_autofree char *file = NULL;
    QCXL *q;

    qcxl_args(t, "-machine cxl-region.0.memory-map=%s", map);
    qcxl_bridge(t, "hb", 16, "");
    qcxl_root_port(t, "rp", "hb", "");
    qcxl_mem(t, "m", "rp", 256, 0, "");
    qcxl_window(t, 256, "256", "hb");
    if (flash) {
        int fd = g_file_open_tmp("flash-XXXXXX", &file, NULL);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(ftruncate(fd, 4 * MiB), ==, 0);
        close(fd);
        qcxl_args(t, "-drive if=pflash,format=raw,readonly=on,file=%s", file);
    }
    q = qcxl_boot(t);
    if (file) {
        unlink(file);
    }
    return q;
}

/* The ROM of the host bridge 00:00.0; 0 without one */
static uint32_t rom_size(QCXL *q)
{
    QCXLFn mch = { .q = q };
    uint32_t mask;

    qcxl_config_write(&mch, PCI_ROM_ADDRESS, 4, PCI_ROM_ADDRESS_MASK);
    mask = qcxl_config_read(&mch, PCI_ROM_ADDRESS, 4);
    qcxl_config_write(&mch, PCI_ROM_ADDRESS, 4,
                      ROM_BASE | PCI_ROM_ADDRESS_ENABLE);
    qcxl_config_write(&mch, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    return -(mask & PCI_ROM_ADDRESS_MASK);
}

static void test_present(void)
{
    QCXL *q = boot("soft-reserved", true);
    uint64_t pcir;

    g_assert_cmphex(rom_size(q), >=, 4 * KiB);
    g_assert_cmphex(qcxl_read(q, ROM_BASE, 2), ==, ROM_SIGNATURE);
    g_assert_cmphex(qcxl_read(q, ROM_BASE + 4, 4), ==, ROM_EFI_SIGNATURE);
    g_assert_cmphex(qcxl_read(q, ROM_BASE + 8, 2), ==, ROM_BOOT_DRIVER);
    g_assert_cmphex(qcxl_read(q, ROM_BASE + 10, 2), ==, ROM_X64);
    pcir = ROM_BASE + qcxl_read(q, ROM_BASE + 24, 2);
    g_assert_cmphex(qcxl_read(q, pcir, 4), ==, PCIR_SIGNATURE);
    g_assert_cmphex(qcxl_read(q, pcir + 4, 4), ==, MCH_IDS);
    g_assert_cmphex(qcxl_read(q, pcir + 20, 1), ==, PCIR_EFI);
    /* A driver, as PE/COFF, where the header says */
    g_assert_cmphex(qcxl_read(q, ROM_BASE + qcxl_read(q, ROM_BASE + 22, 2), 2),
                    ==, 0x5a4d);
    qcxl_quit(q);
}

static void test_absent(void)
{
    static const struct {
        const char *map;
        bool flash;
    } machines[] = {
        { "soft-reserved", false }, { "none", true }, { "reserved", true },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(machines); i++) {
        QCXL *q = boot(machines[i].map, machines[i].flash);

        g_assert_cmphex(rom_size(q), ==, 0);
        qcxl_quit(q);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/cxl/uefi/driver", test_present);
    qtest_add_func("/cxl/uefi/no-driver", test_absent);
    return g_test_run();
}

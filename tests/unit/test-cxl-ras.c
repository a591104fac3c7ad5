/*
 * RAS registers: masks, stickiness, first error and header log
 *
 * Sources: hw/cxl/regs/ras.c hw/cxl/regs/regfile.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/regs/ras.h"
#include "hw/cxl/spec/registers.h"

#define RAS     0x80
#define BLOCK   (RAS + CXL_RAS_SIZE)

static CXLRegFile rf;

static void set_up(bool poison_fixed)
{
    cxl_regfile_init(&rf, BLOCK);
    cxl_ras_init(&rf, RAS, poison_fixed);
}

static uint32_t get(uint32_t reg)
{
    return cxl_regfile_read(&rf, RAS + reg, 4);
}

static void put(uint32_t reg, uint32_t value)
{
    cxl_regfile_write(&rf, RAS + reg, value, 4);
}

static unsigned first_error(void)
{
    return FIELD_EX32(get(CXL_RAS_CONTROL), CXL_RAS_CONTROL, FIRST_ERROR);
}

static bool uncorrectable(uint32_t status, uint32_t mark)
{
    const uint32_t header[] = { mark, mark + 1 };

    return cxl_ras_latch_uncorrectable(&rf, RAS, status, header,
                                       ARRAY_SIZE(header));
}

/* CXL r3.1 8.2.4.17: every error is masked after a reset, but latched */
static void test_defaults(void)
{
    set_up(true);
    g_assert_cmphex(get(CXL_RAS_UE_MASK), ==, 0x1cfff);
    g_assert_cmphex(get(CXL_RAS_UE_SEVERITY), ==, 0x1cfff);
    g_assert_cmphex(get(CXL_RAS_CE_MASK), ==, 0x7f);
    for (unsigned bit = 0; bit < 32; bit++) {
        g_assert_false(uncorrectable(1u << bit, bit));
        g_assert_false(cxl_ras_latch_correctable(&rf, RAS, 1u << bit));
    }
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, CXL_RAS_UE_ALL);
    g_assert_cmphex(get(CXL_RAS_CE_STATUS), ==, CXL_RAS_CE_ALL);
    g_assert_cmpuint(first_error(), ==, 0);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 0);
    cxl_regfile_destroy(&rf);
}

static void test_write_one_to_clear(void)
{
    set_up(true);
    uncorrectable(CXL_RAS_UE_ALL, 0);
    cxl_ras_latch_correctable(&rf, RAS, CXL_RAS_CE_ALL);
    put(CXL_RAS_UE_STATUS, 0);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, CXL_RAS_UE_ALL);
    put(CXL_RAS_UE_STATUS, 0x11);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, CXL_RAS_UE_ALL & ~0x11);
    put(CXL_RAS_CE_STATUS, 0x7e);
    g_assert_cmphex(get(CXL_RAS_CE_STATUS), ==, 1);
    cxl_regfile_destroy(&rf);
}

/* The first unmasked error has its header kept until it is cleared */
static void test_first_error(void)
{
    set_up(true);
    put(CXL_RAS_UE_MASK, R_CXL_RAS_UE_CACHE_DATA_PARITY_MASK);
    g_assert_false(uncorrectable(R_CXL_RAS_UE_CACHE_DATA_PARITY_MASK, 10));
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 0);
    g_assert_true(uncorrectable(R_CXL_RAS_UE_INTERNAL_MASK, 20));
    g_assert_cmpuint(first_error(), ==, R_CXL_RAS_UE_INTERNAL_SHIFT);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 20);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(1)), ==, 21);
    g_assert_true(uncorrectable(R_CXL_RAS_UE_MEM_DATA_ECC_MASK, 30));
    g_assert_cmpuint(first_error(), ==, R_CXL_RAS_UE_INTERNAL_SHIFT);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 20);
    put(CXL_RAS_UE_STATUS, R_CXL_RAS_UE_INTERNAL_MASK);
    g_assert_true(uncorrectable(R_CXL_RAS_UE_CXL_IDE_RX_MASK, 40));
    g_assert_cmpuint(first_error(), ==, R_CXL_RAS_UE_CXL_IDE_RX_SHIFT);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 40);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(2)), ==, 0);
    cxl_regfile_destroy(&rf);
}

/* No more of a header is kept than there is room for */
static void test_long_header(void)
{
    uint32_t header[64];

    set_up(true);
    for (unsigned i = 0; i < ARRAY_SIZE(header); i++) {
        header[i] = 100 + i;
    }
    put(CXL_RAS_UE_MASK, 0);
    g_assert_true(cxl_ras_latch_uncorrectable(&rf, RAS, 1, header,
                                              ARRAY_SIZE(header)));
    for (unsigned i = 0; i < CXL_RAS_HEADER_LOG_DWORDS; i++) {
        put(CXL_RAS_HEADER_LOG(i), 0);
        g_assert_cmphex(get(CXL_RAS_HEADER_LOG(i)), ==, 100 + i);
    }
    cxl_regfile_destroy(&rf);
}

static void test_correctable(void)
{
    set_up(true);
    put(CXL_RAS_CE_MASK, ~R_CXL_RAS_CE_PHYSICAL_MASK);
    g_assert_false(cxl_ras_latch_correctable(&rf, RAS,
                                             R_CXL_RAS_CE_MEM_DATA_ECC_MASK));
    g_assert_true(cxl_ras_latch_correctable(&rf, RAS,
                                            R_CXL_RAS_CE_PHYSICAL_MASK));
    g_assert_cmphex(get(CXL_RAS_CE_STATUS), ==, 0x42);
    cxl_regfile_destroy(&rf);
}

/* A handler still finds the error, and its own masks, after a warm reset */
static void test_sticky(void)
{
    set_up(true);
    put(CXL_RAS_UE_MASK, 0);
    put(CXL_RAS_UE_SEVERITY, 0x3);
    uncorrectable(R_CXL_RAS_UE_POISON_RECEIVED_MASK, 7);
    cxl_regfile_reset(&rf, false);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==,
                    R_CXL_RAS_UE_POISON_RECEIVED_MASK);
    g_assert_cmphex(get(CXL_RAS_UE_MASK), ==, 0);
    g_assert_cmphex(get(CXL_RAS_UE_SEVERITY), ==, 3);
    g_assert_cmpuint(first_error(), ==, R_CXL_RAS_UE_POISON_RECEIVED_SHIFT);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 7);
    cxl_regfile_reset(&rf, true);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, 0);
    g_assert_cmphex(get(CXL_RAS_UE_MASK), ==, CXL_RAS_UE_ALL);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 0);
    cxl_regfile_destroy(&rf);
}

/* CXL r3.1 8.2.4.17.6: only a root port lets go of Poison_Enabled */
static void test_poison_enabled(void)
{
    for (int fixed = 0; fixed < 2; fixed++) {
        set_up(fixed);
        g_assert_true(FIELD_EX32(get(CXL_RAS_CONTROL), CXL_RAS_CONTROL,
                                 POISON_ENABLED));
        put(CXL_RAS_CONTROL, 0);
        g_assert_cmpuint(FIELD_EX32(get(CXL_RAS_CONTROL), CXL_RAS_CONTROL,
                                    POISON_ENABLED), ==, fixed);
        cxl_regfile_destroy(&rf);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cxl/ras/defaults", test_defaults);
    g_test_add_func("/cxl/ras/write-one-to-clear", test_write_one_to_clear);
    g_test_add_func("/cxl/ras/first-error", test_first_error);
    g_test_add_func("/cxl/ras/long-header", test_long_header);
    g_test_add_func("/cxl/ras/correctable", test_correctable);
    g_test_add_func("/cxl/ras/sticky", test_sticky);
    g_test_add_func("/cxl/ras/poison-enabled", test_poison_enabled);
    return g_test_run();
}

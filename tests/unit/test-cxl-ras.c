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
static CXLRas ras;

static void set_up(bool poison_fixed)
{
    cxl_regfile_init(&rf, BLOCK);
    cxl_ras_init(&ras, &rf, RAS, poison_fixed);
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

/* Errors have names, and headers that start with @mark */
#define ERROR(name)  R_CXL_RAS_UE_##name##_SHIFT

static CXLRasSignal uncorrectable(unsigned bit, uint32_t mark)
{
    const uint32_t header[] = { mark, mark + 1 };

    return cxl_ras_latch_uncorrectable(&ras, bit, header, ARRAY_SIZE(header));
}

/* What the registers show: the first error, and the start of its header */
static void check_first(unsigned bit, uint32_t mark)
{
    g_assert_cmpuint(first_error(), ==, bit);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, mark);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(1)), ==, mark + 1);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(2)), ==, 0);
    g_assert_true(cxl_ras_consistent(&ras));
}

/* CXL r3.1 8.2.4.17: every error is masked after a reset, but latched */
static void test_defaults(void)
{
    set_up(true);
    g_assert_cmphex(get(CXL_RAS_UE_MASK), ==, 0x1cfff);
    g_assert_cmphex(get(CXL_RAS_UE_SEVERITY), ==, 0x1cfff);
    g_assert_cmphex(get(CXL_RAS_CE_MASK), ==, 0x7f);
    for (unsigned bit = 0; bit < 32; bit++) {
        g_assert_cmpuint(uncorrectable(bit, bit), ==, CXL_RAS_MASKED);
        g_assert_false(cxl_ras_latch_correctable(&ras, 1u << bit));
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
    for (unsigned bit = 0; bit < 32; bit++) {
        uncorrectable(bit, 0);
    }
    cxl_ras_latch_correctable(&ras, CXL_RAS_CE_ALL);
    put(CXL_RAS_UE_STATUS, 0);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, CXL_RAS_UE_ALL);
    put(CXL_RAS_UE_STATUS, 0x11);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, CXL_RAS_UE_ALL & ~0x11);
    put(CXL_RAS_CE_STATUS, 0x7e);
    g_assert_cmphex(get(CXL_RAS_CE_STATUS), ==, 1);
    cxl_regfile_destroy(&rf);
}

/* Each error alone, under each mask and severity */
static void test_every_error(void)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t error = 1u << bit & CXL_RAS_UE_ALL;

        for (unsigned way = 0; way < 4; way++) {
            bool masked = way & 1, fatal = way & 2;

            set_up(true);
            put(CXL_RAS_UE_MASK, masked ? error : ~error);
            put(CXL_RAS_UE_SEVERITY, fatal ? error : ~error);
            g_assert_cmpuint(uncorrectable(bit, 0x100 + bit), ==,
                             masked || !error ? CXL_RAS_MASKED :
                             fatal ? CXL_RAS_FATAL : CXL_RAS_NONFATAL);
            g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, error);
            if (error && !masked) {
                check_first(bit, 0x100 + bit);
            } else {
                g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 0);
            }
            put(CXL_RAS_UE_STATUS, error);
            g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, 0);
            cxl_regfile_destroy(&rf);
        }
    }
}

/* The first unmasked error has its header kept until it is cleared */
static void test_first_error(void)
{
    set_up(true);
    put(CXL_RAS_UE_MASK, R_CXL_RAS_UE_CACHE_DATA_PARITY_MASK);
    g_assert_cmpuint(uncorrectable(ERROR(CACHE_DATA_PARITY), 10), ==,
                     CXL_RAS_MASKED);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 0);
    g_assert_cmpuint(uncorrectable(ERROR(INTERNAL), 20), ==, CXL_RAS_FATAL);
    check_first(ERROR(INTERNAL), 20);
    g_assert_cmpuint(uncorrectable(ERROR(INTERNAL), 25), ==, CXL_RAS_FATAL);
    g_assert_cmpuint(uncorrectable(ERROR(MEM_DATA_ECC), 30), ==,
                     CXL_RAS_FATAL);
    check_first(ERROR(INTERNAL), 20);
    cxl_regfile_destroy(&rf);
}

/* CXL r3.1 8.2.4.17.6: Multiple_Header_Recording_Capability */
static void test_multiple_headers(void)
{
    set_up(true);
    g_assert_true(FIELD_EX32(get(CXL_RAS_CONTROL), CXL_RAS_CONTROL,
                             MULTIPLE_HEADER_CAPABLE));
    put(CXL_RAS_UE_MASK, 0);
    uncorrectable(ERROR(INTERNAL), 20);
    uncorrectable(ERROR(MEM_DATA_ECC), 30);
    uncorrectable(ERROR(CXL_IDE_RX), 40);
    uncorrectable(ERROR(CACHE_BE_PARITY), 50);
    uncorrectable(ERROR(CXL_IDE_RX), 60);
    check_first(ERROR(INTERNAL), 20);

    /* One that waits goes without the first one's leave */
    put(CXL_RAS_UE_STATUS, R_CXL_RAS_UE_MEM_DATA_ECC_MASK);
    check_first(ERROR(INTERNAL), 20);
    put(CXL_RAS_UE_STATUS, R_CXL_RAS_UE_INTERNAL_MASK);
    check_first(ERROR(CXL_IDE_RX), 40);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==,
                    R_CXL_RAS_UE_CXL_IDE_RX_MASK |
                    R_CXL_RAS_UE_CACHE_BE_PARITY_MASK);

    /* One that comes again waits at the end */
    uncorrectable(ERROR(INTERNAL), 70);
    put(CXL_RAS_UE_STATUS, R_CXL_RAS_UE_CXL_IDE_RX_MASK);
    check_first(ERROR(CACHE_BE_PARITY), 50);
    put(CXL_RAS_UE_STATUS, R_CXL_RAS_UE_CACHE_BE_PARITY_MASK);
    check_first(ERROR(INTERNAL), 70);
    put(CXL_RAS_UE_STATUS, R_CXL_RAS_UE_INTERNAL_MASK);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, 0);
    uncorrectable(ERROR(CACHE_DATA_ECC), 80);
    check_first(ERROR(CACHE_DATA_ECC), 80);
    cxl_regfile_destroy(&rf);
}

/* As many as there are, and all of them cleared in one write, as Linux does */
static void test_all_headers(void)
{
    set_up(true);
    put(CXL_RAS_UE_MASK, 0);
    for (unsigned bit = 32; bit--;) {
        uncorrectable(bit, bit);
        uncorrectable(bit, 1000 + bit);
    }
    check_first(ERROR(CXL_IDE_RX), ERROR(CXL_IDE_RX));
    put(CXL_RAS_UE_STATUS, CXL_RAS_UE_ALL);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==, 0);
    for (unsigned bit = 0; bit < 32; bit++) {
        uncorrectable(bit, bit);
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        if (CXL_RAS_UE_ALL & 1u << bit) {
            check_first(bit, bit);
            put(CXL_RAS_UE_STATUS, 1u << bit);
        }
    }
    cxl_regfile_destroy(&rf);
}

/* What is loaded may be wrong in every way */
static void test_consistent(void)
{
    set_up(true);
    put(CXL_RAS_UE_MASK, 0);
    uncorrectable(3, 0);
    uncorrectable(5, 0);
    g_assert_true(cxl_ras_consistent(&ras));
    ras.bit[1] = 3;
    g_assert_false(cxl_ras_consistent(&ras));
    ras.bit[1] = 4;
    g_assert_false(cxl_ras_consistent(&ras));
    ras.bit[1] = 32 + 5;
    g_assert_false(cxl_ras_consistent(&ras));
    ras.bit[1] = 5;
    ras.nr = CXL_RAS_UE_COUNT + 1;
    g_assert_false(cxl_ras_consistent(&ras));
    ras.nr = 2;
    g_assert_true(cxl_ras_consistent(&ras));
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
    g_assert_cmpuint(cxl_ras_latch_uncorrectable(&ras, 0, header,
                                                 ARRAY_SIZE(header)), ==,
                     CXL_RAS_FATAL);
    for (unsigned i = 0; i < CXL_RAS_HEADER_LOG_DWORDS; i++) {
        put(CXL_RAS_HEADER_LOG(i), 0);
        g_assert_cmphex(get(CXL_RAS_HEADER_LOG(i)), ==, 100 + i);
    }
    cxl_regfile_destroy(&rf);
}

static void test_correctable(void)
{
    set_up(true);
    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t error = 1u << bit & CXL_RAS_CE_ALL;

        put(CXL_RAS_CE_MASK, 1u << bit);
        g_assert_false(cxl_ras_latch_correctable(&ras, 1u << bit));
        g_assert_cmphex(get(CXL_RAS_CE_STATUS), ==, error);
        put(CXL_RAS_CE_MASK, ~(1u << bit));
        g_assert_true(cxl_ras_latch_correctable(&ras, 1u << bit) == !!error);
        put(CXL_RAS_CE_STATUS, 1u << bit);
        g_assert_cmphex(get(CXL_RAS_CE_STATUS), ==, 0);
    }
    cxl_regfile_destroy(&rf);
}

/* A handler still finds the error, and its own masks, after a warm reset */
static void test_sticky(void)
{
    set_up(true);
    put(CXL_RAS_UE_MASK, 0);
    put(CXL_RAS_UE_SEVERITY, 0x3);
    uncorrectable(ERROR(POISON_RECEIVED), 7);
    uncorrectable(ERROR(INTERNAL), 8);
    cxl_regfile_reset(&rf, false);
    g_assert_cmphex(get(CXL_RAS_UE_STATUS), ==,
                    R_CXL_RAS_UE_POISON_RECEIVED_MASK |
                    R_CXL_RAS_UE_INTERNAL_MASK);
    g_assert_cmphex(get(CXL_RAS_UE_MASK), ==, 0);
    g_assert_cmphex(get(CXL_RAS_UE_SEVERITY), ==, 3);
    g_assert_cmpuint(first_error(), ==, R_CXL_RAS_UE_POISON_RECEIVED_SHIFT);
    g_assert_cmphex(get(CXL_RAS_HEADER_LOG(0)), ==, 7);
    put(CXL_RAS_UE_STATUS, R_CXL_RAS_UE_POISON_RECEIVED_MASK);
    check_first(ERROR(INTERNAL), 8);
    cxl_regfile_reset(&rf, true);
    cxl_ras_reset(&ras);
    g_assert_true(cxl_ras_consistent(&ras));
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
    g_test_add_func("/cxl/ras/every-error", test_every_error);
    g_test_add_func("/cxl/ras/first-error", test_first_error);
    g_test_add_func("/cxl/ras/multiple-headers", test_multiple_headers);
    g_test_add_func("/cxl/ras/all-headers", test_all_headers);
    g_test_add_func("/cxl/ras/consistent", test_consistent);
    g_test_add_func("/cxl/ras/long-header", test_long_header);
    g_test_add_func("/cxl/ras/correctable", test_correctable);
    g_test_add_func("/cxl/ras/sticky", test_sticky);
    g_test_add_func("/cxl/ras/poison-enabled", test_poison_enabled);
    return g_test_run();
}

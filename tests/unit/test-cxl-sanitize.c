/*
 * Sanitize and Secure Erase: what goes, what stays, and until when
 *
 * Sources: hw/cxl/cci/{erase,sanitize}.c and what a device needs
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "cxl-fake-device.h"

/* A second, and a millisecond for each unit of VMEM and PMEM */
#define SANITIZE_MS     503

static CXLRet sanitize(Device *d)
{
    return request(d, CXL_OP_SANITIZE, NULL, 0);
}

static CXLRet secure_erase(Device *d)
{
    return request(d, CXL_OP_SECURE_ERASE, NULL, 0);
}

static void set_user(Device *d, bool set)
{
    CXLSetPassphraseReq in = { .type = CXL_PASSPHRASE_USER };

    g_assert_cmphex(set ? request(d, CXL_OP_SET_PASSPHRASE, &in, sizeof(in))
                        : request(d, CXL_OP_DISABLE_PASSPHRASE, &in,
                                  sizeof(CXLPassphraseReq)), ==, 0);
}

/* Something of each kind that can go */
static void fill(Device *d)
{
    const CXLPoison poison = {
        VMEM - 64, 128, CXL_POISON_SOURCE_INTERNAL, true,
    };
    CXLEventRecord record = { };

    g_assert_true(cxl_poison_add(&d->poison, &poison, 0));
    memset(d->mem->lsa, 1, LSA);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        /* One of them more than there is room for */
        for (unsigned n = 0; n <= DEPTH; n++) {
            g_assert_cmpint(cxl_events_record(&d->events, log, &record, 7), ==,
                            n < DEPTH);
        }
    }
    g_assert_cmphex(d->pending, ==, 0xf);
}

static void check_erased(Device *d, unsigned times)
{
    g_assert_cmpuint(d->mem->erased, ==, times);
    g_assert_cmpuint(d->mem->nr_ranges, ==, 1);
    g_assert_cmphex(d->mem->ranges[0].dpa, ==, 0);
    g_assert_cmphex(d->mem->ranges[0].len, ==, VMEM + PMEM);
    g_assert_true(buffer_is_zero(d->mem->lsa, LSA));
    g_assert_cmpuint(cxl_poison_count(&d->poison), ==, 0);
}

/* CXL r3.1 8.2.9.2.2: nothing, and nothing lost; the next handle is new */
static void check_no_events(Device *d)
{
    CXLEventRecord record = { };

    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        const CXLGetEventsReq in = { log };
        const CXLGetEventsRsp *out = answer(d, CXL_OP_GET_EVENT_RECORDS, &in,
                                            sizeof(in), sizeof(*out));

        g_assert_cmphex(out->flags, ==, 0);
        g_assert_cmpuint(cxl_le16_get(out->overflow_count), ==, 0);
        g_assert_true(cxl_events_record(&d->events, log, &record, 8));
        g_assert_cmpuint(cxl_le16_get(cxl_event_log_peek(&d->events.logs[log],
                                                         0)->header.handle),
                         ==, DEPTH + 1);
    }
}

static unsigned percent(Device *d)
{
    const CXLBackgroundStatusRsp *out =
        answer(d, CXL_OP_BACKGROUND_STATUS, NULL, 0, sizeof(*out));

    g_assert_cmphex(cxl_le16_get(out->opcode), ==, CXL_OP_SANITIZE);
    g_assert_cmpint(out->status & 1, ==, d->cci.background.running);
    return out->status >> 1;
}

static void test_sanitize(void)
{
    Device *d = new_device();

    fill(d);
    g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
    g_assert_true(d->mem->disabled);
    check_erased(d, 1);
    g_assert_cmphex(d->pending, ==, 0);
    check_no_events(d);
    g_assert_cmpuint(percent(d), ==, 0);
    cxl_unit_sleep(SANITIZE_MS / 2);
    g_assert_cmpuint(percent(d), ==, 49);
    g_assert_cmphex(sanitize(d), ==, CXL_RET_BUSY);
    g_assert_cmphex(request(d, CXL_OP_REQUEST_ABORT, NULL, 0), ==,
                    CXL_RET_BACKGROUND_ABORT_REFUSED);
    cxl_unit_sleep(SANITIZE_MS - SANITIZE_MS / 2 - 1);
    g_assert_cmpuint(percent(d), ==, 99);
    g_assert_true(d->mem->disabled);
    g_assert_cmpuint(d->done, ==, 0);
    cxl_unit_sleep(1);
    g_assert_cmpuint(percent(d), ==, 100);
    g_assert_cmphex(d->cci.background.ret, ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(d->done, ==, 1);
    g_assert_false(d->mem->disabled);
    check_erased(d, 1);
    free_device(d);
}

/* CXL r3.1 8.2.9.9.5.1: commands are processed but for those of the media */
static void test_disabled(void)
{
    static const struct {
        uint16_t opcode;
        size_t len;
        bool media;
    } cases[] = {
        { CXL_OP_IDENTIFY, 0, false },
        { CXL_OP_GET_EVENT_RECORDS, sizeof(CXLGetEventsReq), false },
        { CXL_OP_GET_FW_INFO, 0, false },
        { CXL_OP_GET_TIMESTAMP, 0, false },
        { CXL_OP_GET_SUPPORTED_LOGS, 0, false },
        { CXL_OP_IDENTIFY_MEMORY_DEVICE, 0, false },
        { CXL_OP_GET_PARTITION_INFO, 0, false },
        { CXL_OP_GET_HEALTH_INFO, 0, false },
        { CXL_OP_GET_SECURITY_STATE, 0, false },
        { CXL_OP_GET_LSA, sizeof(CXLGetLsaReq), true },
        { CXL_OP_SET_LSA, sizeof(CXLSetLsaReq), true },
        { CXL_OP_GET_POISON_LIST, sizeof(CXLGetPoisonReq), true },
        { CXL_OP_INJECT_POISON, sizeof(CXLInjectPoisonReq), true },
        { CXL_OP_CLEAR_POISON, sizeof(CXLClearPoisonReq), true },
        { CXL_OP_SCAN_MEDIA, sizeof(CXLScanMediaReq), true },
        { CXL_OP_SECURE_ERASE, 0, true },
        { CXL_OP_PASSPHRASE_SECURE_ERASE, sizeof(CXLPassphraseReq), true },
    };
    static const uint8_t zeros[256];
    Device *d = new_device();

    g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_assert_cmphex(request(d, cases[n].opcode, zeros, cases[n].len), ==,
                        cases[n].media ? CXL_RET_MEDIA_DISABLED
                                       : CXL_RET_SUCCESS);
    }
    g_assert_cmpuint(d->mem->erased, ==, 1);
    g_assert_cmpuint(d->mem->writes->len, ==, 0);
    free_device(d);
}

/* By capacity, up to four seconds */
static void test_duration(void)
{
    static const struct {
        uint64_t units;
        int64_t ms;
    } cases[] = {
        { 0, 503 }, { 1, 504 }, { 3496, 3999 }, { 3497, 4000 },
        { 3498, 4000 }, { 1 << 20, 4000 },
    };

    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        Device *d = new_device();

        d->mem->partitionable = cases[n].units * CXL_CAPACITY_UNIT;
        g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
        g_assert_cmphex(d->mem->ranges[0].len, ==,
                        (3 + cases[n].units) * CXL_CAPACITY_UNIT);
        cxl_unit_sleep(cases[n].ms - 1);
        g_assert_true(d->mem->disabled);
        cxl_unit_sleep(1);
        g_assert_false(d->mem->disabled);
        free_device(d);
    }
}

static void refused(Device *d, bool secure_erase_too)
{
    g_assert_cmphex(sanitize(d), ==, CXL_RET_INVALID_SECURITY_STATE);
    if (secure_erase_too) {
        g_assert_cmphex(secure_erase(d), ==, CXL_RET_INVALID_SECURITY_STATE);
    }
    g_assert_false(d->mem->disabled);
    g_assert_false(d->cci.background.running);
    g_assert_cmpuint(d->mem->erased, ==, 0);
    g_assert_cmpuint(d->mem->lsa[0], ==, 1);
    g_assert_cmpuint(cxl_poison_count(&d->poison), ==, 1);
    g_assert_cmphex(d->pending, ==, 0xf);
}

/*
 * CXL r3.1 8.2.9.9.5.1, 8.2.9.9.5.2: security is disabled, or memory is
 * unlocked for Secure Erase
 */
static void test_security(void)
{
    Device *d = new_device();

    fill(d);
    set_user(d, true);
    refused(d, false);
    cxl_security_reset(&d->security);
    g_assert_true(d->mem->locked);
    refused(d, true);
    set_user(d, false);
    g_assert_cmphex(request(d, CXL_OP_FREEZE_SECURITY_STATE, NULL, 0), ==, 0);
    refused(d, true);
    cxl_security_reset(&d->security);
    g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
    free_device(d);
}

/* What passphrases say stays as it is, and so do event logs */
static void test_secure_erase(void)
{
    Device *d = new_device();

    fill(d);
    set_user(d, true);
    g_assert_cmphex(secure_erase(d), ==, CXL_RET_SUCCESS);
    check_erased(d, 1);
    g_assert_false(d->mem->disabled);
    g_assert_false(d->cci.background.running);
    g_assert_true(cxl_security_enabled(&d->security));
    g_assert_cmphex(d->pending, ==, 0xf);
    g_assert_cmpuint(d->events.logs[0].count, ==, DEPTH);
    free_device(d);
}

static void complete(Device *d)
{
    g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
    g_assert_true(d->mem->disabled);
    cxl_unit_sleep(SANITIZE_MS);
    g_assert_false(d->mem->disabled);
}

/* By a reset, and by the loss of all but what is kept */
static void test_interrupted(void)
{
    Device *d = new_device(), *next;

    g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
    cxl_unit_sleep(SANITIZE_MS - 1);
    cxl_cci_reset(&d->cci);
    cxl_unit_sleep(10 * SANITIZE_MS);
    g_assert_true(d->mem->disabled);
    g_assert_cmpuint(d->done, ==, 0);
    g_assert_cmphex(secure_erase(d), ==, CXL_RET_MEDIA_DISABLED);
    complete(d);

    g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
    d->mem->disabled = false;
    next = new_device_on(d->mem);
    g_assert_true(d->mem->disabled);
    g_assert_false(next->cci.background.running);
    complete(next);
    free_device(d);
    d = new_device_on(next->mem);
    g_assert_false(d->mem->disabled);
    free_device(next);
    free_device(d);
}

static void migrate(Device *from, Device *to)
{
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_cci, &from->cci, &to->cci),
                    ==, 0);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_sanitize, &from->sanitize,
                                     &to->sanitize), ==, 0);
}

static void test_migrate(void)
{
    Device *d = new_device(), *to = new_device();

    g_assert_cmphex(sanitize(d), ==, CXL_RET_BACKGROUND_STARTED);
    cxl_unit_sleep(500);
    migrate(d, to);
    g_assert_true(to->mem->disabled);
    cxl_unit_sleep(SANITIZE_MS - 500 - 1);
    g_assert_true(to->mem->disabled);
    cxl_unit_sleep(1);
    g_assert_false(to->mem->disabled);
    g_assert_cmpuint(to->done, ==, 1);
    g_assert_cmpuint(to->mem->erased, ==, 0);

    /* One that was interrupted, and one that never was */
    sanitize(d);
    cxl_cci_reset(&d->cci);
    migrate(d, to);
    g_assert_true(to->mem->disabled);
    complete(d);
    migrate(d, to);
    g_assert_false(to->mem->disabled);

    /* Media that are not disabled while they are sanitized */
    sanitize(d);
    migrate(d, to);
    d->sanitize.unfinished = false;
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_sanitize, &d->sanitize,
                                     &to->sanitize), ==, -EINVAL);
    free_device(d);
    free_device(to);
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/sanitize/sanitize", test_sanitize);
    g_test_add_func("/cxl/sanitize/disabled", test_disabled);
    g_test_add_func("/cxl/sanitize/duration", test_duration);
    g_test_add_func("/cxl/sanitize/security", test_security);
    g_test_add_func("/cxl/sanitize/secure-erase", test_secure_erase);
    g_test_add_func("/cxl/sanitize/interrupted", test_interrupted);
    g_test_add_func("/cxl/sanitize/migrate", test_migrate);
    return g_test_run();
}

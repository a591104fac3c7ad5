/*
 * Perform Maintenance: every operation, its spares, and what is recorded
 *
 * Sources: hw/cxl/cci/maintenance.c and what a device needs
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"
#include "hw/cxl/spec/payloads-events.h"
#include "hw/cxl/spec/payloads-maintenance.h"

#define HPPR_MS     1000
#define LONGEST     (sizeof(CXLMaintenanceReq) + sizeof(CXLSparingReq))

/**
 * Case: an operation
 * @size: bytes of a whole request
 * @flags: those that mean something
 * @places: what a record names when the request names everything
 */
typedef struct Case {
    const char *name;
    uint8_t class;
    uint8_t subclass;
    uint8_t size;
    uint8_t flags;
    CXLSpareKind kind;
    unsigned spares;
    uint16_t places;
} Case;

static const Case cases[] = {
    { "sppr", 1, 0, 14, 0x01, CXL_SPARE_PPR, 8, 0x004 },
    { "hppr", 1, 1, 14, 0x01, CXL_SPARE_PPR, 8, 0x004 },
    { "cacheline", 2, 0, 16, 0x0f, CXL_SPARE_CACHELINE, 64, 0x27f },
    { "row", 2, 1, 16, 0x0f, CXL_SPARE_ROW, 16, 0x03f },
    { "bank", 2, 2, 16, 0x0f, CXL_SPARE_BANK, 4, 0x01f },
    { "rank", 2, 3, 16, 0x0f, CXL_SPARE_RANK, 1, 0x007 },
};
#define SPPR        (&cases[0])
#define HPPR        (&cases[1])
#define ROW         (&cases[3])

static bool is_sparing(const Case *c)
{
    return c->class == 2;
}

/* @flags, and after them a byte that is different at each place */
static CXLRet perform(Device *d, const Case *c, uint8_t flags)
{
    uint8_t in[LONGEST] = { c->class, c->subclass, flags };

    if (is_sparing(c)) {
        for (unsigned n = 3; n < LONGEST; n++) {
            in[n] = 0x10 + n;
        }
    } else {
        in[4] = 0x20;
        in[11] = 0x1b;
        in[12] = 0x1c;
        in[13] = 0x1d;
    }
    return request(d, CXL_OP_PERFORM_MAINTENANCE, in, c->size);
}

/* The same, until it is done */
static CXLRet repair(Device *d, const Case *c, uint8_t flags)
{
    CXLRet ret = perform(d, c, flags);

    if (ret == CXL_RET_BACKGROUND_STARTED) {
        cxl_unit_sleep(HPPR_MS);
        ret = d->cci.background.ret;
    }
    return ret;
}

static unsigned left(Device *d, const Case *c)
{
    return cxl_maintenance_spares(&d->maintenance, c->kind);
}

/* The only record there is, of log @log */
static CXLMemorySparingEvent take(Device *d, unsigned log)
{
    CXLEventLog *l = &d->events.logs[log];
    CXLMemorySparingEvent event;

    g_assert_cmpuint(l->count, ==, 1);
    memcpy(&event, cxl_event_log_peek(l, 0), sizeof(event));
    cxl_event_log_clear(l);
    g_assert_cmpmem(&event.header.uuid, 16, &CXL_UUID_MEMORY_SPARING_EVENT,
                    16);
    g_assert_cmpuint(cxl_le24_get(event.header.flags) &
                     CXL_EVENT_SEVERITY_MASK, ==, log);
    return event;
}

static void expect_silence(Device *d)
{
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        g_assert_true(cxl_event_log_empty(&d->events.logs[log]));
    }
}

static void record_ppr(Device *d, const CXLUuid uuid)
{
    const struct {
        CXLSetFeatureReq head;
        CXLPprSet set;
    } in = {
        .head.uuid = uuid, .head.version = 3,
        .set.ppr_mode = CXL_PPR_RECORDS,
    };

    answer(d, CXL_OP_SET_FEATURE, &in, sizeof(in), 0);
}

static Device *again(Device *d)
{
    FakeMem *fake = FAKE_MEM(object_ref(OBJECT(d->mem)));

    free_device(d);
    d = new_device_on(fake);
    object_unref(OBJECT(fake));
    return d;
}

/* Lengths and reserved flags; what is refused takes nothing, tells nothing */
static void test_refused(const void *opaque)
{
    const Case *c = opaque;
    Device *d = new_device();
    uint8_t in[LONGEST + 1] = { c->class, c->subclass };

    for (unsigned len = 0; len <= sizeof(in); len++) {
        if (len != c->size) {
            g_assert_cmpuint(request(d, CXL_OP_PERFORM_MAINTENANCE, in, len),
                             ==, CXL_RET_INVALID_PAYLOAD_LENGTH);
        }
    }
    for (unsigned bit = 0; bit < 8; bit++) {
        if (!(c->flags & 1u << bit)) {
            g_assert_cmpuint(perform(d, c, 1u << bit), ==,
                             CXL_RET_INVALID_INPUT);
        }
    }
    g_assert_cmpuint(left(d, c), ==, c->spares);
    g_assert_null(d->mem->nv[CXL_NV_REPAIRS]);
    expect_silence(d);
    free_device(d);
}

/* Every class and subclass that there is not, of both lengths that there are */
static void test_unknown(void)
{
    Device *d = new_device();

    for (unsigned n = 0; n <= UINT16_MAX; n++) {
        uint8_t in[LONGEST] = { n >> 8, n };

        if ((in[0] != 1 || in[1] > 1) && (in[0] != 2 || in[1] > 3)) {
            g_assert_cmpuint(request(d, CXL_OP_PERFORM_MAINTENANCE, in, 14),
                             ==, CXL_RET_INVALID_INPUT);
            g_assert_cmpuint(request(d, CXL_OP_PERFORM_MAINTENANCE, in, 16),
                             ==, CXL_RET_INVALID_INPUT);
        }
    }
    free_device(d);
}

static CXLRet repair_at(Device *d, const Case *c, uint64_t dpa)
{
    const struct {
        CXLMaintenanceReq head;
        CXLPprReq ppr;
    } in = {
        .head = { c->class, c->subclass },
        .ppr.dpa = cxl_le64(dpa),
    };
    CXLRet ret = request(d, CXL_OP_PERFORM_MAINTENANCE, &in, sizeof(in));

    cxl_unit_sleep(HPPR_MS);
    return ret == CXL_RET_BACKGROUND_STARTED ? d->cci.background.ret : ret;
}

static void test_dpa(void)
{
    for (const Case *c = SPPR; c <= HPPR; c++) {
        Device *d = new_device();

        g_assert_cmpuint(repair_at(d, c, 0), ==, CXL_RET_SUCCESS);
        g_assert_cmpuint(repair_at(d, c, VMEM + PMEM - 1), ==,
                         CXL_RET_SUCCESS);
        g_assert_cmpuint(repair_at(d, c, VMEM + PMEM), ==, CXL_RET_INVALID_PA);
        g_assert_cmpuint(repair_at(d, c, UINT64_MAX), ==, CXL_RET_INVALID_PA);
        g_assert_cmpuint(left(d, c), ==, c->spares - 2);
        free_device(d);
    }
}

/* Repairs take spares until there are none; queries never do */
static void test_exhausted(const void *opaque)
{
    const Case *c = opaque;
    Device *d = new_device();
    unsigned log = CXL_LOG_INFO;

    for (unsigned n = 0; n <= c->spares + 1; n++) {
        bool exhausted = n >= c->spares;
        CXLRet ret = exhausted ? CXL_RET_RESOURCES_EXHAUSTED
                               : CXL_RET_SUCCESS;
        unsigned after = exhausted ? 0 : c->spares - n - 1;

        log = exhausted ? CXL_LOG_WARNING : CXL_LOG_INFO;
        g_assert_cmpuint(perform(d, c, 1), ==, ret);
        g_assert_cmpuint(left(d, c), ==, exhausted ? 0 : c->spares - n);
        if (is_sparing(c)) {
            CXLMemorySparingEvent e = take(d, log);

            g_assert_cmphex(e.flags, ==, CXL_MEMORY_SPARING_QUERY);
            g_assert_cmpuint(cxl_le16_get(e.available), ==, left(d, c));
        }
        g_assert_cmpuint(repair(d, c, 0), ==, ret);
        g_assert_cmpuint(left(d, c), ==, after);
        if (is_sparing(c)) {
            CXLMemorySparingEvent e = take(d, log);

            g_assert_cmphex(e.flags, ==, 0);
            g_assert_cmpuint(e.result, ==, ret);
            g_assert_cmpuint(cxl_le16_get(e.available), ==, after);
        }
        expect_silence(d);
    }
    free_device(d);
}

/* What a record says, with each flag and without */
static void test_record(const void *opaque)
{
    const Case *c = opaque;
    Device *d = new_device();

    record_ppr(d, CXL_UUID_SPPR);
    record_ppr(d, CXL_UUID_HPPR);
    for (unsigned flags = 0; flags < 16; flags++) {
        bool hard = is_sparing(c) ? flags & 2 : c == HPPR;
        uint16_t places = c->places;
        CXLMemorySparingEvent e;

        if (flags & ~c->flags) {
            continue;
        }
        if (is_sparing(c) && !(flags & 4)) {
            places &= ~CXL_MEMORY_SPARING_SUB_CHANNEL_VALID;
        }
        if (is_sparing(c) && !(flags & 8)) {
            places &= ~CXL_MEMORY_SPARING_NIBBLE_MASK_VALID;
        }
        memset(d->maintenance.spares, 0, sizeof(d->maintenance.spares));
        g_assert_cmpuint(repair(d, c, flags), ==, CXL_RET_SUCCESS);
        e = take(d, CXL_LOG_INFO);
        g_assert_cmphex(cxl_le24_get(e.header.flags), ==,
                        CXL_EVENT_SUBCLASS_VALID);
        g_assert_cmpuint(e.header.maintenance_class, ==, c->class);
        g_assert_cmpuint(e.header.maintenance_subclass, ==, c->subclass);
        g_assert_cmpuint(e.maintenance_class, ==, c->class);
        g_assert_cmpuint(e.maintenance_subclass, ==, c->subclass);
        g_assert_cmphex(e.flags, ==, (flags & 1) | (hard ? 2 : 0));
        g_assert_cmpuint(e.result, ==, CXL_RET_SUCCESS);
        g_assert_cmphex(cxl_le16_get(e.validity), ==, places);
        g_assert_cmpuint(cxl_le16_get(e.available), ==, left(d, c));
        if (is_sparing(c)) {
            g_assert_cmphex(e.channel, ==, 0x13);
            g_assert_cmphex(e.rank, ==, 0x14);
            g_assert_cmphex(cxl_le24_get(e.nibble_mask), ==, 0x171615);
            g_assert_cmphex(e.bank_group, ==, 0x18);
            g_assert_cmphex(e.bank, ==, 0x19);
            g_assert_cmphex(cxl_le24_get(e.row), ==, 0x1c1b1a);
            g_assert_cmphex(cxl_le16_get(e.column), ==, 0x1e1d);
            g_assert_cmphex(e.sub_channel, ==, 0x1f);
        } else {
            g_assert_cmphex(cxl_le24_get(e.nibble_mask), ==, 0x1d1c1b);
        }
    }
    free_device(d);
}

/* PPR is recorded if its own Feature says so, not if the other one does */
static void test_ppr_records(void)
{
    Device *d = new_device();

    repair(d, SPPR, 0);
    repair(d, HPPR, 0);
    expect_silence(d);
    record_ppr(d, CXL_UUID_HPPR);
    repair(d, SPPR, 0);
    expect_silence(d);
    repair(d, HPPR, 0);
    take(d, CXL_LOG_INFO);
    repair(d, HPPR, CXL_PPR_QUERY);
    take(d, CXL_LOG_INFO);
    cxl_features_reset(&d->features, CXL_FEATURE_RESET_COLD);
    repair(d, HPPR, 0);
    expect_silence(d);
    free_device(d);
}

/* A hard PPR takes a second, in which no other maintenance is done */
static void test_background(void)
{
    Device *d = new_device();

    g_assert_cmpuint(perform(d, HPPR, CXL_PPR_QUERY), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(perform(d, HPPR, 0), ==, CXL_RET_BACKGROUND_STARTED);
    cxl_unit_sleep(HPPR_MS - 1);
    g_assert_cmpuint(perform(d, HPPR, 0), ==, CXL_RET_BUSY);
    g_assert_cmpuint(perform(d, ROW, 0), ==, CXL_RET_BUSY);
    g_assert_cmpuint(left(d, HPPR), ==, 8);
    cxl_unit_sleep(1);
    g_assert_cmpuint(d->cci.background.ret, ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(left(d, HPPR), ==, 7);

    /* One that a reset ends has not been done */
    perform(d, HPPR, 0);
    g_assert_false(cxl_cci_background_abort(&d->cci));
    cxl_cci_reset(&d->cci);
    cxl_unit_sleep(HPPR_MS);
    g_assert_cmpuint(left(d, HPPR), ==, 7);
    g_assert_cmpuint(perform(d, ROW, 0), ==, CXL_RET_SUCCESS);
    free_device(d);
}

/* Soft repairs end with power, hard ones never; they share their spares */
static void test_power(void)
{
    Device *d = new_device();

    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        if (is_sparing(&cases[n]) && cases[n].spares > 1) {
            repair(d, &cases[n], 0);
            repair(d, &cases[n], CXL_SPARING_HARD);
            g_assert_cmpuint(left(d, &cases[n]), ==, cases[n].spares - 2);
        }
        cxl_event_log_clear(&d->events.logs[CXL_LOG_INFO]);
    }
    repair(d, SPPR, 0);
    repair(d, HPPR, 0);
    g_assert_cmpuint(left(d, HPPR), ==, 6);
    cxl_maintenance_reset(&d->maintenance);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
            g_assert_cmpuint(left(d, &cases[n]), ==,
                             cases[n].spares - (cases[n].spares > 1));
        }
        d = again(d);
    }
    free_device(d);
}

/* More repairs than spares are all of them, when a file says so */
static void test_bad_nv(void)
{
    CXLLe16 hard[16];
    Device *d = new_device();

    memset(hard, 0xff, sizeof(hard));
    CXL_MEM_GET_CLASS(d->mem)->nv_save(CXL_MEM(d->mem), CXL_NV_REPAIRS, hard,
                                       sizeof(hard));
    d = again(d);
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_assert_cmpuint(left(d, &cases[n]), ==, 0);
        g_assert_cmpuint(repair(d, &cases[n], 0), ==,
                         CXL_RET_RESOURCES_EXHAUSTED);
    }
    free_device(d);
}

static int migrate(Device *from, Device *to)
{
    return cxl_unit_migrate(&vmstate_cxl_maintenance, &from->maintenance,
                            &to->maintenance);
}

/* Another device goes on with a repair, and knows what it is of */
static void test_migration(void)
{
    Device *d = new_device(), *to = new_device();
    CXLMemorySparingEvent e;

    record_ppr(to, CXL_UUID_HPPR);
    repair(d, SPPR, 0);
    perform(d, HPPR, 0);
    cxl_unit_sleep(HPPR_MS / 2);
    g_assert_cmpint(migrate(d, to), ==, 0);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_cci, &d->cci, &to->cci), ==,
                    0);
    cxl_cci_reset(&d->cci);
    g_assert_cmpuint(left(to, HPPR), ==, 7);
    cxl_unit_sleep(HPPR_MS / 2);
    g_assert_cmpuint(left(to, HPPR), ==, 6);
    e = take(to, CXL_LOG_INFO);
    g_assert_cmphex(cxl_le24_get(e.nibble_mask), ==, 0x1d1c1b);
    g_assert_cmphex(e.flags, ==, CXL_MEMORY_SPARING_HARD);
    free_device(d);
    free_device(to);
}

static void test_bad_load(void)
{
    for (unsigned n = 0; n < CXL_SPARE_KINDS; n++) {
        Device *d = new_device(), *to = new_device();
        CXLSpares *s = &d->maintenance.spares[n];
        unsigned all = cxl_maintenance_spares(&d->maintenance, n);

        *s = (CXLSpares) { .soft = all };
        g_assert_cmpint(migrate(d, to), ==, 0);
        *s = (CXLSpares) { .soft = all, .hard = 1 };
        g_assert_cmpint(migrate(d, to), ==, -EINVAL);
        *s = (CXLSpares) { .soft = UINT16_MAX, .hard = 1 };
        g_assert_cmpint(migrate(d, to), ==, -EINVAL);
        *s = (CXLSpares) { };
        d->maintenance.hppr_nibble_mask = 0x1000000;
        g_assert_cmpint(migrate(d, to), ==, -EINVAL);
        free_device(d);
        free_device(to);
    }
}

/* CXL r3.1 8.2.9.9.4: poison stays until it is cleared */
static void test_poison(void)
{
    const CXLPoison line = { 0x2000, 64, CXL_POISON_SOURCE_INTERNAL, true };
    Device *d = new_device();

    cxl_poison_add(&d->poison, &line, 0);
    g_assert_cmpuint(repair_at(d, SPPR, 0x2000), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(repair_at(d, HPPR, 0x2000), ==, CXL_RET_SUCCESS);
    g_assert_true(cxl_poison_hit(&d->poison, 0x2000, 64));
    free_device(d);
}

static void add_each(const char *path, GTestDataFunc test)
{
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_autofree char *name = g_strdup_printf("/cxl/maintenance/%s/%s", path,
                                                cases[n].name);

        g_test_add_data_func(name, &cases[n], test);
    }
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/maintenance/unknown", test_unknown);
    add_each("refused", test_refused);
    add_each("exhausted", test_exhausted);
    add_each("record", test_record);
    g_test_add_func("/cxl/maintenance/dpa", test_dpa);
    g_test_add_func("/cxl/maintenance/ppr-records", test_ppr_records);
    g_test_add_func("/cxl/maintenance/background", test_background);
    g_test_add_func("/cxl/maintenance/power", test_power);
    g_test_add_func("/cxl/maintenance/bad-nv", test_bad_nv);
    g_test_add_func("/cxl/maintenance/migration", test_migration);
    g_test_add_func("/cxl/maintenance/bad-load", test_bad_load);
    g_test_add_func("/cxl/maintenance/poison", test_poison);
    return g_test_run();
}

/*
 * QTest: Sanitize and Secure Erase: bytes that are gone, whoever looks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "cxl/region-cases.h"

#define MS              (1000 * 1000LL)
/* Of two units of memory */
#define SANITIZE_MS     502

#define MSG_ADDR        0x100000
#define MSG_DATA        0x5a5a

static unsigned run(QCXLFn *fn, uint16_t opcode)
{
    return qcxl_mbox(fn, opcode, NULL, 0, NULL, NULL);
}

static unsigned media(QCXLFn *fn)
{
    return FIELD_EX64(qcxl_read(q, fn->memdev + CXL_MEMDEV_STATUS, 8),
                      CXL_MEMDEV_STATUS, MEDIA);
}

/* CXL r3.1 8.2.8.4.7 */
static void check_background(QCXLFn *fn, unsigned percent)
{
    uint64_t status = qcxl_read(q, fn->mailbox + CXL_MBOX_BACKGROUND, 8);

    g_assert_cmphex(FIELD_EX64(status, CXL_MBOX_BACKGROUND, OPCODE), ==,
                    CXL_OP_SANITIZE);
    g_assert_cmpuint(FIELD_EX64(status, CXL_MBOX_BACKGROUND, PERCENT), ==,
                     percent);
    g_assert_cmphex(FIELD_EX64(status, CXL_MBOX_BACKGROUND, RETURN_CODE), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmpuint(FIELD_EX64(qcxl_read(q, fn->mailbox + CXL_MBOX_STATUS, 8),
                                CXL_MBOX_STATUS, BACKGROUND), ==,
                     percent < 100);
}

static void sleep_ms(int64_t ms)
{
    qtest_clock_step(q->qts, ms * MS);
}

/* Labels */

static unsigned get_label(QCXLFn *fn, uint64_t *value)
{
    const CXLGetLsaReq req = { .offset = cxl_le32(QCXL_LSA_SIZE - 8),
                               .length = cxl_le32(8) };
    size_t len = sizeof(*value);

    return qcxl_mbox(fn, CXL_OP_GET_LSA, &req, sizeof(req), value, &len);
}

static unsigned set_label(QCXLFn *fn, uint64_t value)
{
    struct {
        CXLSetLsaReq head;
        CXLLe64 data;
    } req = { .head.offset = cxl_le32(QCXL_LSA_SIZE - 8),
              .data = cxl_le64(value) };

    return qcxl_mbox(fn, CXL_OP_SET_LSA, &req, sizeof(req), NULL, NULL);
}

/* Memory */

/* Of either kind of memory, at its ends and within */
static const uint64_t places[] = {
    0, 248, 256, 0x12340, QCXL_UNIT - 8, QCXL_UNIT, QCXL_UNIT + 0x23000,
    2 * QCXL_UNIT - 256, 2 * QCXL_UNIT - 8,
};

static uint64_t value(unsigned n, unsigned place)
{
    return 0x1122334400000000ull + n * 0x100 + place;
}

static void write_places(const Case *c)
{
    for (unsigned n = 0; n < c->ways; n++) {
        for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
            qcxl_write(q, hpa(c, n, places[i]), 8, value(n, i));
        }
    }
}

/* Device 0 reads as @first everywhere, and the others as they were written */
static void check_places(const Case *c, uint64_t first)
{
    for (unsigned n = 0; n < c->ways; n++) {
        for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
            g_assert_cmphex(qcxl_read(q, hpa(c, n, places[i]), 8), ==,
                            n ? value(n, i) : first);
        }
    }
}

static void file_is(const Case *c, unsigned n, const char *part, uint64_t at,
                    uint64_t should)
{
    g_autofree char *name = g_strdup_printf("mem%u.%s",
                                            n + (c->fast ? 0 : DEVICES), part);
    uint64_t is;

    qcxl_file_read(q, name, at, &is, sizeof(is));
    g_assert_cmphex(is, ==, should);
}

/* When nothing is mapped any more */
static void check_files(const Case *c)
{
    for (unsigned n = 0; n < c->ways; n++) {
        for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
            bool persistent = places[i] >= QCXL_UNIT;

            file_is(c, n, persistent ? "p" : "v", places[i] % QCXL_UNIT,
                    n ? value(n, i) : 0);
        }
    }
    file_is(c, 0, "lsa", QCXL_LSA_SIZE - 8, 0);
}

static void begin(const Case *c)
{
    qcxl_reset(q);
    map(c);
    write_places(c);
    g_assert_cmphex(set_label(mem(c, 0), 7), ==, CXL_RET_SUCCESS);
}

/* Nothing is to be had, and nothing that is written gets there */
static void check_disabled(const Case *c)
{
    uint64_t label;

    g_assert_cmpuint(media(mem(c, 0)), ==, CXL_MEDIA_STATUS_DISABLED);
    check_places(c, UINT64_MAX);
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        qcxl_write(q, hpa(c, 0, places[i]), 8, 0x5555);
    }
    check_places(c, UINT64_MAX);
    g_assert_cmphex(get_label(mem(c, 0), &label), ==, CXL_RET_MEDIA_DISABLED);
    g_assert_cmphex(set_label(mem(c, 0), 8), ==, CXL_RET_MEDIA_DISABLED);
    g_assert_cmphex(run(mem(c, 0), CXL_OP_SECURE_ERASE), ==,
                    CXL_RET_MEDIA_DISABLED);
}

/* All is gone, and the memory is as good as any */
static void check_erased(const Case *c)
{
    uint64_t label;

    g_assert_cmpuint(media(mem(c, 0)), ==, CXL_MEDIA_STATUS_READY);
    check_places(c, 0);
    g_assert_cmphex(get_label(mem(c, 0), &label), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(label, ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        qcxl_write(q, hpa(c, 0, places[i]), 8, i + 1);
        g_assert_cmphex(qcxl_read(q, hpa(c, 0, places[i]), 8), ==, i + 1);
        qcxl_write(q, hpa(c, 0, places[i]), 8, 0);
    }
    qcxl_reset(q);
    check_files(c);
}

static void test_sanitize(const void *opaque)
{
    const Case *c = opaque;

    begin(c);
    g_assert_cmphex(run(mem(c, 0), CXL_OP_SANITIZE), ==,
                    CXL_RET_BACKGROUND_STARTED);
    check_background(mem(c, 0), 0);
    check_disabled(c);
    /* They are, already */
    file_is(c, 0, "p", places[ARRAY_SIZE(places) - 1] % QCXL_UNIT, 0);
    file_is(c, 0, "v", 0, 0);
    sleep_ms(SANITIZE_MS / 4);
    check_background(mem(c, 0), 24);
    sleep_ms(SANITIZE_MS - SANITIZE_MS / 4 - 1);
    check_background(mem(c, 0), 99);
    g_assert_cmphex(run(mem(c, 0), CXL_OP_SANITIZE), ==, CXL_RET_BUSY);
    check_disabled(c);
    sleep_ms(1);
    check_background(mem(c, 0), 100);
    check_erased(c);
}

static void test_secure_erase(const void *opaque)
{
    const Case *c = opaque;

    begin(c);
    g_assert_cmphex(run(mem(c, 0), CXL_OP_SECURE_ERASE), ==, CXL_RET_SUCCESS);
    check_erased(c);
}

/* Decoders that are committed while the media are disabled */
static void test_mapped_meanwhile(const void *opaque)
{
    const Case *c = opaque;

    begin(c);
    qcxl_hdm_uncommit(q, &mem(c, 0)->comp, 0);
    g_assert_cmphex(run(mem(c, 0), CXL_OP_SANITIZE), ==,
                    CXL_RET_BACKGROUND_STARTED);
    map(c);
    check_disabled(c);
    sleep_ms(SANITIZE_MS);
    check_erased(c);
}

/* What is poisoned does not outlive it */
static void test_poison(void)
{
    const Case one = { 1, true };
    const CXLInjectPoisonReq in = { cxl_le64(places[3]) };
    const CXLGetPoisonReq all = { .length = cxl_le64(2 * QCXL_UNIT / 64) };
    CXLGetPoisonRsp rsp;
    size_t len = sizeof(rsp);

    begin(&one);
    g_assert_cmphex(qcxl_mbox(mem(&one, 0), CXL_OP_INJECT_POISON, &in,
                              sizeof(in), NULL, NULL), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(qcxl_read(q, hpa(&one, 0, places[3]), 8), ==, UINT64_MAX);
    g_assert_cmphex(run(mem(&one, 0), CXL_OP_SANITIZE), ==,
                    CXL_RET_BACKGROUND_STARTED);
    g_assert_cmphex(qcxl_mbox(mem(&one, 0), CXL_OP_INJECT_POISON, &in,
                              sizeof(in), NULL, NULL), ==,
                    CXL_RET_MEDIA_DISABLED);
    qtest_qmp_eventwait(q->qts, "CXL_MEDIA_DISABLED");
    sleep_ms(SANITIZE_MS);
    g_assert_cmphex(qcxl_mbox(mem(&one, 0), CXL_OP_GET_POISON_LIST, &all,
                              sizeof(all), &rsp, &len), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(cxl_le16_get(rsp.count), ==, 0);
    check_erased(&one);
}

/* Ways to interrupt it, none of which makes the media usable */

static void by_reset(void)
{
    qcxl_reset(q);
}

static void by_flr(void)
{
    const Case one = { 1, true };

    qcxl_config_write(mem(&one, 0), qcxl_cap(mem(&one, 0), PCI_CAP_ID_EXP) +
                      PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
    qcxl_enumerate(q);
}

static void by_unplug(void)
{
    const Case one = { 1, true };
    unsigned n = qcxl_port_number(mem(&one, 0)->port);

    qcxl_slot_eject(mem(&one, 0)->port, "mem0");
    qtest_qmp_device_add(q->qts, "cxl-type3", "mem0",
                         "{'bus': 'rp0', 'volatile-memdev': 'mem0.v',"
                         " 'persistent-memdev': 'mem0.p',"
                         " 'lsa': 'mem0.lsa', 'nv': 'mem0.nv'}");
    for (unsigned i = 0; qcxl_fn_at(q, QCXL_ROOT_PORT, i); i++) {
        QCXLFn *port = qcxl_fn_at(q, QCXL_ROOT_PORT, i);

        if (qcxl_port_number(port) == n) {
            qcxl_slot_power_on(port);
        }
    }
    qcxl_enumerate(q);
}

static void by_kill(void)
{
    qcxl_kill(q);
}

static void by_restart(void)
{
    qcxl_restart(q);
}

static void test_interrupted(const void *opaque)
{
    void (*const *interrupt)(void) = opaque;
    const Case one = { 1, true };

    begin(&one);
    g_assert_cmphex(run(mem(&one, 0), CXL_OP_SANITIZE), ==,
                    CXL_RET_BACKGROUND_STARTED);
    sleep_ms(SANITIZE_MS / 2);
    (*interrupt)();
    g_assert_cmphex(qcxl_read(q, mem(&one, 0)->mailbox + CXL_MBOX_BACKGROUND,
                              8), ==, 0);
    sleep_ms(10 * SANITIZE_MS);
    map(&one);
    check_disabled(&one);
    g_assert_cmphex(run(mem(&one, 0), CXL_OP_SANITIZE), ==,
                    CXL_RET_BACKGROUND_STARTED);
    sleep_ms(SANITIZE_MS - 1);
    check_disabled(&one);
    sleep_ms(1);
    check_erased(&one);
    qcxl_kill(q);
    g_assert_cmpuint(media(mem(&one, 0)), ==, CXL_MEDIA_STATUS_READY);
}

/* Another QEMU goes on with it */
static void test_migrate(void)
{
    const Case one = { 1, true };
    int64_t now;

    begin(&one);
    g_assert_cmphex(run(mem(&one, 0), CXL_OP_SANITIZE), ==,
                    CXL_RET_BACKGROUND_STARTED);
    now = qtest_clock_step(q->qts, SANITIZE_MS / 2 * MS);
    qcxl_migrate(q);
    /* Virtual time goes on where it was; that of a test begins anew */
    qtest_clock_set(q->qts, now);
    check_background(mem(&one, 0), 50);
    check_disabled(&one);
    sleep_ms(SANITIZE_MS / 2 - 1);
    check_disabled(&one);
    sleep_ms(1);
    check_background(mem(&one, 0), 100);
    check_erased(&one);
}

/* CXL r3.1 8.2.8.4.4: Background Command Complete Interrupt */
static void test_interrupt(void)
{
    const Case one = { 1, true };
    QCXLFn *fn;
    unsigned vector;

    begin(&one);
    fn = mem(&one, 0);
    vector = FIELD_EX32(qcxl_read(q, fn->mailbox + CXL_MBOX_CAPABILITIES, 4),
                        CXL_MBOX_CAPABILITIES, MSGNUM);
    qcxl_msix_arm(fn, vector, MSG_ADDR, MSG_DATA);
    qcxl_write(q, MSG_ADDR, 4, 0);
    qcxl_write(q, fn->mailbox + CXL_MBOX_CONTROL, 4,
               R_CXL_MBOX_CONTROL_BACKGROUND_IRQ_MASK);
    g_assert_cmphex(run(fn, CXL_OP_SANITIZE), ==, CXL_RET_BACKGROUND_STARTED);
    sleep_ms(SANITIZE_MS - 1);
    g_assert_cmphex(qcxl_read(q, MSG_ADDR, 4), ==, 0);
    sleep_ms(1);
    g_assert_cmphex(qcxl_read(q, MSG_ADDR, 4), ==, MSG_DATA);
    check_erased(&one);
}

static const struct {
    const char *name;
    void (*interrupt)(void);
} interrupts[] = {
    { "reset", by_reset },
    { "flr", by_flr },
    { "unplug", by_unplug },
    { "new-qemu", by_restart },
    { "kill", by_kill },
};

static void add_cases(const char *name, void (*test)(const void *))
{
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_autofree char *path =
            g_strdup_printf("/cxl/sanitize/%s/%u/%s", name, cases[n].ways,
                            cases[n].fast ? "fast" : "checked");

        qtest_add_data_func(path, &cases[n], test);
    }
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    q = qcxl_boot(topology());
    add_cases("sanitize", test_sanitize);
    add_cases("secure-erase", test_secure_erase);
    add_cases("mapped-meanwhile", test_mapped_meanwhile);
    qtest_add_func("/cxl/sanitize/poison", test_poison);
    qtest_add_func("/cxl/sanitize/migrate", test_migrate);
    qtest_add_func("/cxl/sanitize/interrupt", test_interrupt);
    for (unsigned n = 0; n < ARRAY_SIZE(interrupts); n++) {
        g_autofree char *path = g_strdup_printf("/cxl/sanitize/interrupted/%s",
                                                interrupts[n].name);

        qtest_add_data_func(path, &interrupts[n].interrupt, test_interrupted);
    }
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

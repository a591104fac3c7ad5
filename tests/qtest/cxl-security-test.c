/*
 * QTest: persistent memory security
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

static QCXL *q;

static QCXLFn *mem(unsigned n)
{
    QCXLFn *fn = qcxl_mem_at(q, n);

    g_assert_nonnull(fn);
    return fn;
}

/* Passphrases are a byte, repeated */

static unsigned set_passphrase(uint8_t type, uint8_t old, uint8_t new)
{
    CXLSetPassphraseReq req = { .type = type };

    memset(req.current, old, sizeof(req.current));
    memset(req.next, new, sizeof(req.next));
    return qcxl_mbox(mem(0), CXL_OP_SET_PASSPHRASE, &req, sizeof(req), NULL,
                     NULL);
}

static unsigned passphrase(uint16_t opcode, uint8_t type, uint8_t byte)
{
    CXLPassphraseReq req = { .type = type };

    memset(req.current, byte, sizeof(req.current));
    return qcxl_mbox(mem(0), opcode, &req, sizeof(req), NULL, NULL);
}

static unsigned unlock(uint8_t byte)
{
    CXLUnlockReq req;

    memset(req.current, byte, sizeof(req.current));
    return qcxl_mbox(mem(0), CXL_OP_UNLOCK, &req, sizeof(req), NULL, NULL);
}

static uint32_t state(void)
{
    CXLSecurityState rsp;
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(mem(0), CXL_OP_GET_SECURITY_STATE, NULL, 0,
                              &rsp, &len), ==, CXL_RET_SUCCESS);
    return cxl_le32_get(rsp.flags);
}

/* Labels */

static unsigned get_label(uint64_t *value)
{
    const CXLGetLsaReq req = { .length = cxl_le32(8) };
    size_t len = sizeof(*value);

    return qcxl_mbox(mem(0), CXL_OP_GET_LSA, &req, sizeof(req), value, &len);
}

static unsigned set_label(uint64_t value)
{
    struct {
        CXLSetLsaReq head;
        CXLLe64 data;
    } req = { .data = cxl_le64(value) };

    return qcxl_mbox(mem(0), CXL_OP_SET_LSA, &req, sizeof(req), NULL, NULL);
}

/*
 * A region of @ways devices over the whole of their memory: 256 MiB each that
 * are volatile, then 256 MiB each that are persistent
 */
static void map(unsigned ways)
{
    unsigned eiw = ways == 4 ? 2 : ways == 2 ? 1 : 0;
    QCXLDecoder d = { .base = q->windows[eiw].base,
                      .size = ways * 2 * QCXL_UNIT,
                      .ways = eiw, .targets = 0x03020100 };

    g_assert_true(qcxl_hdm_commit(q, &q->bridges[0].comp, 0, &d));
    for (unsigned n = 0; n < ways; n++) {
        g_assert_true(qcxl_hdm_commit(q, &mem(n)->comp, 0, &d));
        qcxl_hdm_enable(q, &mem(n)->comp, true);
        qcxl_mem_enable(mem(n), true);
    }
}

/* A window each for 1, 2 and 4 ways: they all lead to the one bridge */
static uint64_t base(unsigned ways)
{
    return q->windows[ways == 4 ? 2 : ways == 2 ? 1 : 0].base;
}

static void file_is(const char *name, uint64_t at, uint64_t value)
{
    uint64_t is;

    qcxl_file_read(q, name, at, &is, sizeof(is));
    g_assert_cmphex(is, ==, value);
}

/* Locked by a reset, and nothing of it to be had until it is unlocked */
static void test_locked(const void *opaque)
{
    unsigned ways = GPOINTER_TO_UINT(opaque);
    uint64_t at = base(ways), pmem = at + ways * QCXL_UNIT, label;

    qcxl_reset(q);
    map(ways);
    qcxl_write(q, at, 8, 0x11);
    qcxl_write(q, pmem, 8, 0x22);
    g_assert_cmphex(set_label(0x33), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(set_passphrase(CXL_PASSPHRASE_USER, 0, 1), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(state(), ==, CXL_SECURITY_USER_SET);
    g_assert_cmphex(qcxl_read(q, pmem, 8), ==, 0x22);
    qcxl_reset(q);
    g_assert_cmphex(state(), ==, CXL_SECURITY_USER_SET | CXL_SECURITY_LOCKED);
    map(ways);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, 0x11);
    qcxl_write(q, at, 8, 0x12);
    g_assert_cmphex(qcxl_read(q, at, 8), ==, 0x12);
    g_assert_cmphex(qcxl_read(q, pmem, 8), ==, UINT64_MAX);
    qcxl_write(q, pmem, 8, 0x23);
    g_assert_cmphex(get_label(&label), ==, CXL_RET_INVALID_SECURITY_STATE);
    g_assert_cmphex(set_label(0x34), ==, CXL_RET_INVALID_SECURITY_STATE);
    g_assert_cmphex(unlock(2), ==, CXL_RET_INCORRECT_PASSPHRASE);
    g_assert_cmphex(qcxl_read(q, pmem, 8), ==, UINT64_MAX);
    g_assert_cmphex(unlock(1), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(qcxl_read(q, pmem, 8), ==, 0x22);
    g_assert_cmphex(get_label(&label), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(label, ==, 0x33);
    g_assert_cmphex(passphrase(CXL_OP_DISABLE_PASSPHRASE,
                               CXL_PASSPHRASE_USER, 1), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(state(), ==, 0);
}

/* By the master passphrase, while memory is locked and mapped */
static void test_erase(const void *opaque)
{
    unsigned ways = GPOINTER_TO_UINT(opaque);
    uint64_t at = base(ways), pmem = at + ways * QCXL_UNIT, label;
    /* Of device 0, the second turn */
    uint64_t second = ways * 256, end = ways * QCXL_UNIT - second;

    qcxl_reset(q);
    map(ways);
    for (unsigned n = 0; n < ways; n++) {
        qcxl_write(q, at + n * 256, 8, 0x40 + n);
        qcxl_write(q, pmem + n * 256, 8, 0x50 + n);
    }
    qcxl_write(q, pmem + second, 8, 0x60);
    qcxl_write(q, pmem + end, 8, 0x61);
    set_label(0x33);
    g_assert_cmphex(set_passphrase(CXL_PASSPHRASE_MASTER, 0, 9), ==, 0);
    g_assert_cmphex(set_passphrase(CXL_PASSPHRASE_USER, 0, 1), ==, 0);
    qcxl_reset(q);
    map(ways);
    g_assert_cmphex(passphrase(CXL_OP_PASSPHRASE_SECURE_ERASE,
                               CXL_PASSPHRASE_MASTER, 9), ==, 0);
    g_assert_cmphex(state(), ==, CXL_SECURITY_MASTER_SET);
    for (unsigned n = 0; n < ways; n++) {
        g_assert_cmphex(qcxl_read(q, at + n * 256, 8), ==, 0x40 + n);
        g_assert_cmphex(qcxl_read(q, pmem + n * 256, 8), ==,
                        n ? 0x50 + n : 0);
    }
    g_assert_cmphex(qcxl_read(q, pmem + second, 8), ==, 0);
    g_assert_cmphex(qcxl_read(q, pmem + end, 8), ==, 0);
    g_assert_cmphex(get_label(&label), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(label, ==, 0);
    qcxl_write(q, pmem, 8, 0x70);
    g_assert_cmphex(qcxl_read(q, pmem, 8), ==, 0x70);
    qcxl_reset(q);
    file_is("mem0.p", 0, 0x70);
    file_is("mem0.p", 256, 0);
    file_is("mem0.p", QCXL_UNIT - 256, 0);
    file_is("mem0.lsa", 0, 0);
    g_assert_cmphex(passphrase(CXL_OP_DISABLE_PASSPHRASE,
                               CXL_PASSPHRASE_MASTER, 9), ==, 0);
}

/* Nothing but a loss of power brings more attempts; a new QEMU is one */
static void test_limit(void)
{
    uint32_t limit = CXL_SECURITY_USER_SET | CXL_SECURITY_LOCKED |
                     CXL_SECURITY_USER_LIMIT;

    g_assert_cmphex(set_passphrase(CXL_PASSPHRASE_USER, 0, 1), ==, 0);
    qcxl_reset(q);
    for (unsigned n = 0; n < 3; n++) {
        g_assert_cmphex(state(), ==, limit & ~CXL_SECURITY_USER_LIMIT);
        g_assert_cmphex(unlock(2), ==, CXL_RET_INCORRECT_PASSPHRASE);
    }
    g_assert_cmphex(state(), ==, limit);
    g_assert_cmphex(unlock(1), ==, CXL_RET_INVALID_SECURITY_STATE);
    qcxl_reset(q);
    g_assert_cmphex(unlock(1), ==, CXL_RET_INVALID_SECURITY_STATE);
    qcxl_migrate(q);
    g_assert_cmphex(state(), ==, limit);
    qcxl_slot_power_cycle(mem(0)->port);
    qcxl_enumerate(q);
    g_assert_cmphex(unlock(1), ==, CXL_RET_SUCCESS);
    qcxl_kill(q);
    g_assert_cmphex(state(), ==, limit & ~CXL_SECURITY_USER_LIMIT);
    g_assert_cmphex(unlock(1), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(passphrase(CXL_OP_DISABLE_PASSPHRASE,
                               CXL_PASSPHRASE_USER, 1), ==, CXL_RET_SUCCESS);
    qcxl_kill(q);
    g_assert_cmphex(state(), ==, 0);
}

static void test_frozen(void)
{
    g_assert_cmphex(qcxl_mbox(mem(0), CXL_OP_FREEZE_SECURITY_STATE, NULL, 0,
                              NULL, NULL), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(state(), ==, CXL_SECURITY_FROZEN);
    g_assert_cmphex(set_passphrase(CXL_PASSPHRASE_USER, 0, 1), ==,
                    CXL_RET_INVALID_SECURITY_STATE);
    g_assert_cmphex(passphrase(CXL_OP_PASSPHRASE_SECURE_ERASE,
                               CXL_PASSPHRASE_USER, 1), ==,
                    CXL_RET_INVALID_SECURITY_STATE);
    qcxl_reset(q);
    g_assert_cmphex(state(), ==, 0);
}

static QCXLTopology *topology(void)
{
    QCXLTopology *t = qcxl_topology();

    qcxl_bridge(t, "hb0", 16, "");
    qcxl_nv(t, "mem0");
    for (unsigned n = 0; n < 4; n++) {
        g_autofree char *rp = g_strdup_printf("rp%u", n);
        g_autofree char *id = g_strdup_printf("mem%u", n);

        qcxl_root_port(t, rp, "hb0", "");
        qcxl_mem(t, id, rp, 256, 256, n ? "" : ",nv=mem0.nv");
    }
    qcxl_window(t, 512, NULL, "hb0");
    qcxl_window(t, 1024, NULL, "hb0");
    qcxl_window(t, 2048, NULL, "hb0");
    return t;
}

int main(int argc, char **argv)
{
    static const unsigned ways[] = { 1, 2, 4 };
    int ret;

    g_test_init(&argc, &argv, NULL);
    q = qcxl_boot(topology());
    for (unsigned n = 0; n < ARRAY_SIZE(ways); n++) {
        g_autofree char *locked = g_strdup_printf("/cxl/security/locked/%u",
                                                  ways[n]);
        g_autofree char *erase = g_strdup_printf("/cxl/security/erase/%u",
                                                 ways[n]);

        qtest_add_data_func(locked, GUINT_TO_POINTER(ways[n]), test_locked);
        qtest_add_data_func(erase, GUINT_TO_POINTER(ways[n]), test_erase);
    }
    qtest_add_func("/cxl/security/limit", test_limit);
    qtest_add_func("/cxl/security/frozen", test_frozen);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

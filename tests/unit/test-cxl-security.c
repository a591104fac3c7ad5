/*
 * Persistent memory security: states and commands against a naive model
 *
 * Sources: hw/cxl/cci/{background,cci,events,feature-rows,features,firmware,
 *          health,infostat,logs,lsa,maintenance,media,media-state,memdev,
 *          scan,security,shutdown,timestamp}.c
 *          hw/cxl/model/{event-log,health,poison}.c
 *          hw/cxl/interfaces.c
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "cxl-fake-device.h"

/* Passphrases are a byte, repeated; 0 in the model: none is set */
typedef struct Model {
    uint8_t user;
    uint8_t master;
    unsigned wrong_user;
    unsigned wrong_master;
    bool locked;
    bool frozen;
    unsigned erased;
} Model;

static uint32_t model_flags(const Model *m)
{
    return (m->user ? 1 : 0) + (m->master ? 2 : 0) + (m->locked ? 4 : 0) +
           (m->frozen ? 8 : 0) + (m->wrong_user >= 3 ? 16 : 0) +
           (m->wrong_master >= 3 ? 32 : 0);
}

/* What 8.2.9.9.6 says of passphrase @byte of @type, if nothing else is wrong */
static CXLRet model_try(Model *m, uint8_t type, uint8_t byte)
{
    uint8_t right = type == CXL_PASSPHRASE_USER ? m->user : m->master;
    unsigned *wrong = type == CXL_PASSPHRASE_USER ? &m->wrong_user
                                                  : &m->wrong_master;

    if (m->frozen || *wrong >= 3) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    if (right && right != byte) {
        (*wrong)++;
        return CXL_RET_INCORRECT_PASSPHRASE;
    }
    *wrong = 0;
    return CXL_RET_SUCCESS;
}

static void model_no_user(Model *m)
{
    m->user = 0;
    m->wrong_user = 0;
    m->locked = false;
}

static CXLRet model_set(Model *m, uint8_t type, uint8_t old, uint8_t new)
{
    CXLRet ret;

    if (type > 1) {
        return CXL_RET_INVALID_INPUT;
    }
    if (type == CXL_PASSPHRASE_MASTER && m->user) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    ret = model_try(m, type, old);
    if (ret == CXL_RET_SUCCESS) {
        *(type == CXL_PASSPHRASE_USER ? &m->user : &m->master) = new;
    }
    return ret;
}

static CXLRet model_disable(Model *m, uint8_t type, uint8_t old)
{
    CXLRet ret;

    if (type > 1) {
        return CXL_RET_INVALID_INPUT;
    }
    if (type == CXL_PASSPHRASE_USER ? !m->user : !m->master) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    ret = model_try(m, type, old);
    if (ret == CXL_RET_SUCCESS && type == CXL_PASSPHRASE_USER) {
        model_no_user(m);
    } else if (ret == CXL_RET_SUCCESS) {
        m->master = 0;
    }
    return ret;
}

static CXLRet model_unlock(Model *m, uint8_t old)
{
    CXLRet ret = CXL_RET_INVALID_SECURITY_STATE;

    if (m->locked) {
        ret = model_try(m, CXL_PASSPHRASE_USER, old);
        m->locked = ret != CXL_RET_SUCCESS;
    }
    return ret;
}

static CXLRet model_erase(Model *m, uint8_t type, uint8_t old)
{
    CXLRet ret;

    if (type > 1) {
        return CXL_RET_INVALID_INPUT;
    }
    if (type == CXL_PASSPHRASE_MASTER && !m->master && m->user) {
        return CXL_RET_INVALID_SECURITY_STATE;
    }
    ret = model_try(m, type, old);
    if (ret == CXL_RET_SUCCESS) {
        model_no_user(m);
        m->erased++;
    }
    return ret;
}

static CXLRet device_passphrase(Device *d, uint16_t opcode, uint8_t type,
                                uint8_t old)
{
    CXLPassphraseReq in = { .type = type };

    memset(in.current, old, sizeof(in.current));
    return request(d, opcode, &in, sizeof(in));
}

static CXLRet device_set(Device *d, uint8_t type, uint8_t old, uint8_t new)
{
    CXLSetPassphraseReq in = { .type = type };

    memset(in.current, old, sizeof(in.current));
    memset(in.next, new, sizeof(in.next));
    return request(d, CXL_OP_SET_PASSPHRASE, &in, sizeof(in));
}

static CXLRet device_unlock(Device *d, uint8_t old)
{
    CXLUnlockReq in;

    memset(in.current, old, sizeof(in.current));
    return request(d, CXL_OP_UNLOCK, &in, sizeof(in));
}

/* One step of both, and both say the same */
static void step(Device *d, Model *m, GRand *rand)
{
    uint8_t type = g_rand_int_range(rand, 0, 33) % 3;
    uint8_t old = g_rand_int_range(rand, 1, 3);
    uint8_t new = g_rand_int_range(rand, 1, 3);
    CXLRet is = CXL_RET_SUCCESS, should = CXL_RET_SUCCESS;

    switch (g_rand_int_range(rand, 0, 32)) {
    case 0 ... 8:
        is = device_set(d, type, old, new);
        should = model_set(m, type, old, new);
        break;
    case 9 ... 13:
        is = device_passphrase(d, CXL_OP_DISABLE_PASSPHRASE, type, old);
        should = model_disable(m, type, old);
        break;
    case 14 ... 19:
        is = device_unlock(d, old);
        should = model_unlock(m, old);
        break;
    case 20 ... 23:
        is = device_passphrase(d, CXL_OP_PASSPHRASE_SECURE_ERASE, type, old);
        should = model_erase(m, type, old);
        break;
    case 24:
        is = request(d, CXL_OP_FREEZE_SECURITY_STATE, NULL, 0);
        m->frozen = true;
        break;
    case 25:
        cxl_security_forget_attempts(&d->security);
        m->wrong_user = m->wrong_master = 0;
        break;
    default:
        cxl_security_reset(&d->security);
        m->frozen = false;
        m->locked = m->user;
    }
    g_assert_cmphex(is, ==, should);
}

static void check(Device *d, const Model *m)
{
    const CXLGetLsaReq get = { .length = cxl_le32(4) };
    const CXLSecurityState *out =
        answer(d, CXL_OP_GET_SECURITY_STATE, NULL, 0, sizeof(*out));

    g_assert_cmphex(cxl_le32_get(out->flags), ==, model_flags(m));
    g_assert_cmpint(d->mem->locked, ==, m->locked);
    g_assert_cmpuint(d->mem->erased, ==, m->erased);
    g_assert_cmphex(request(d, CXL_OP_GET_LSA, &get, sizeof(get)), ==,
                    m->locked ? CXL_RET_INVALID_SECURITY_STATE
                              : CXL_RET_SUCCESS);
}

static void test_model(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    Device *d = new_device();
    Model m = { };
    uint64_t seen = 0;

    for (unsigned n = 0; n < 500000; n++) {
        step(d, &m, rand);
        check(d, &m);
        seen |= 1ull << model_flags(&m);
    }
    /* Every state but those of a lock without a passphrase */
    for (unsigned state = 0; state < 64; state++) {
        bool possible = (state & 1 || !(state & 4)) &&
                        (state & 1 || !(state & 16)) &&
                        (state & 2 || !(state & 32));

        g_assert_cmpint(seen >> state & 1, ==, possible);
    }
    free_device(d);
}

/* Persistent memory goes, with labels and poison, and nothing else */
static void test_erase(void)
{
    Device *d = new_device();

    cxl_poison_add(&d->poison,
                   &(CXLPoison) { VMEM - 64, 192, CXL_POISON_SOURCE_INTERNAL, true },
                   0);
    memset(d->mem->lsa, 1, LSA);
    g_assert_cmphex(device_set(d, CXL_PASSPHRASE_MASTER, 0, 7), ==, 0);
    g_assert_cmphex(device_set(d, CXL_PASSPHRASE_USER, 0, 8), ==, 0);
    cxl_security_reset(&d->security);
    g_assert_cmphex(device_passphrase(d, CXL_OP_PASSPHRASE_SECURE_ERASE,
                                      CXL_PASSPHRASE_MASTER, 8), ==,
                    CXL_RET_INCORRECT_PASSPHRASE);
    g_assert_cmpuint(d->mem->erased, ==, 0);
    g_assert_cmpuint(d->mem->lsa[LSA - 1], ==, 1);
    g_assert_cmphex(device_passphrase(d, CXL_OP_PASSPHRASE_SECURE_ERASE,
                                      CXL_PASSPHRASE_MASTER, 7), ==, 0);
    g_assert_cmpuint(d->mem->nr_ranges, ==, 1);
    g_assert_cmphex(d->mem->ranges[0].dpa, ==, VMEM);
    g_assert_cmphex(d->mem->ranges[0].len, ==, PMEM);
    g_assert_true(buffer_is_zero(d->mem->lsa, LSA));
    g_assert_true(cxl_poison_hit(&d->poison, VMEM - 64, 64));
    g_assert_false(cxl_poison_hit(&d->poison, VMEM, PMEM));
    g_assert_false(d->mem->locked);
    free_device(d);
}

/* What non-volatile memory keeps; the byte that differs is the last one */
static void test_nv(void)
{
    Device *d = new_device(), *next;
    CXLUnlockReq in;

    g_assert_cmphex(device_set(d, CXL_PASSPHRASE_USER, 0, 8), ==, 0);
    g_assert_false(d->mem->locked);
    device_unlock(d, 1);
    next = new_device_on(d->mem);
    g_assert_true(d->mem->locked);
    memset(in.current, 8, sizeof(in.current));
    in.current[CXL_PASSPHRASE_SIZE - 1] = 9;
    g_assert_cmphex(request(next, CXL_OP_UNLOCK, &in, sizeof(in)), ==,
                    CXL_RET_INCORRECT_PASSPHRASE);
    in.current[CXL_PASSPHRASE_SIZE - 1] = 8;
    g_assert_cmphex(request(next, CXL_OP_UNLOCK, &in, sizeof(in)), ==, 0);
    g_assert_false(d->mem->locked);
    free_device(next);
    free_device(d);
}

static void test_migrate(void)
{
    Device *d = new_device(), *to = new_device();
    Model m = { .user = 8, .locked = true, .wrong_user = 1, .frozen = true };

    g_assert_cmphex(device_set(d, CXL_PASSPHRASE_USER, 0, 8), ==, 0);
    cxl_security_reset(&d->security);
    device_unlock(d, 1);
    request(d, CXL_OP_FREEZE_SECURITY_STATE, NULL, 0);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_security, &d->security,
                                     &to->security), ==, 0);
    check(to, &m);
    g_assert_cmpuint(to->security.passphrases[CXL_PASSPHRASE_USER].attempts,
                     ==, 1);
    d->security.passphrases[CXL_PASSPHRASE_MASTER].attempts = 4;
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_security, &d->security,
                                     &to->security), ==, -EINVAL);
    d->security.passphrases[CXL_PASSPHRASE_MASTER].attempts = 3;
    d->security.passphrases[CXL_PASSPHRASE_USER].set = false;
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_security, &d->security,
                                     &to->security), ==, -EINVAL);
    free_device(d);
    free_device(to);
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/security/model", test_model);
    g_test_add_func("/cxl/security/erase", test_erase);
    g_test_add_func("/cxl/security/nv", test_nv);
    g_test_add_func("/cxl/security/migrate", test_migrate);
    return g_test_run();
}

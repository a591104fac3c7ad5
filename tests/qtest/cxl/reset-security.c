/*
 * How a test sets and sees persistent memory security
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "reset-drivers.h"

static unsigned try_passphrase(const ResetTarget *t, uint32_t current,
                               uint32_t next)
{
    CXLSetPassphraseReq req = { .type = CXL_PASSPHRASE_MASTER };

    memcpy(req.current, &current, sizeof(current));
    memcpy(req.next, &next, sizeof(next));
    return qcxl_mbox(t->fn, CXL_OP_SET_PASSPHRASE, &req, sizeof(req), NULL,
                     NULL);
}

static uint64_t state(const ResetTarget *t, uint32_t mask)
{
    CXLSecurityState rsp;
    size_t len = sizeof(rsp);

    g_assert_cmphex(qcxl_mbox(t->fn, CXL_OP_GET_SECURITY_STATE, NULL, 0, &rsp,
                              &len), ==, CXL_RET_SUCCESS);
    return cxl_le32_get(rsp.flags) & mask;
}

/* The master passphrase: it locks nothing. It can be set already. */
void reset_set_passphrases(const ResetTarget *t, uint32_t token)
{
    const CXLPassphraseReq req = { .type = CXL_PASSPHRASE_MASTER };
    unsigned opcode = state(t, CXL_SECURITY_MASTER_SET)
        ? CXL_OP_DISABLE_PASSPHRASE : CXL_OP_SET_PASSPHRASE;
    unsigned ret = opcode == CXL_OP_SET_PASSPHRASE
        ? try_passphrase(t, 0, 0)
        : qcxl_mbox(t->fn, opcode, &req, sizeof(req), NULL, NULL);

    g_assert_cmphex(ret, ==, CXL_RET_SUCCESS);
}

uint64_t reset_get_passphrases(const ResetTarget *t)
{
    return state(t, CXL_SECURITY_MASTER_SET);
}

void reset_set_security(const ResetTarget *t, uint32_t token)
{
    g_assert_cmphex(qcxl_mbox(t->fn, CXL_OP_FREEZE_SECURITY_STATE, NULL, 0,
                              NULL, NULL), ==, CXL_RET_SUCCESS);
}

uint64_t reset_get_security(const ResetTarget *t)
{
    return state(t, CXL_SECURITY_FROZEN | CXL_SECURITY_LOCKED);
}

/* Of the master passphrase, which is set for it */
void reset_set_attempts(const ResetTarget *t, uint32_t token)
{
    if (!state(t, CXL_SECURITY_MASTER_SET)) {
        g_assert_cmphex(try_passphrase(t, 0, 0), ==, CXL_RET_SUCCESS);
    }
    for (unsigned n = 0; n < 3; n++) {
        g_assert_cmphex(try_passphrase(t, token, 0), ==,
                        CXL_RET_INCORRECT_PASSPHRASE);
    }
}

uint64_t reset_get_attempts(const ResetTarget *t)
{
    return state(t, CXL_SECURITY_MASTER_LIMIT);
}

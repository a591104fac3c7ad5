/*
 * QTest: every opcode there is, and what the Command Effects Log says of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"

/* CXL r3.1 8.2.8.4.5: Payload Length has 20 bits */
#define LENGTH_MAX  0xfffffu

static QCXL *q;

/* Read the whole log in answers of one entry; how many entries it has */
static unsigned read_cel(QCXLFn *fn, bool *cel)
{
    CXLGetLogReq req = {
        .uuid = CXL_UUID_COMMAND_EFFECTS_LOG,
        .length = cxl_le32(sizeof(CXLCelEntry)),
    };
    unsigned nr = 0;

    for (;;) {
        CXLCelEntry entry;
        size_t len = sizeof(entry);
        uint16_t opcode;

        req.offset = cxl_le32(nr * sizeof(entry));
        if (qcxl_mbox(fn, CXL_OP_GET_LOG, &req, sizeof(req), &entry, &len)) {
            return nr;
        }
        g_assert_cmpuint(len, ==, sizeof(entry));
        opcode = cxl_le16_get(entry.opcode);
        g_assert_false(cel[opcode]);
        cel[opcode] = true;
        nr++;
    }
}

/*
 * CXL r3.1 8.2.9.5.2.1: commands that are supported, and no other ones.
 * Those that are get a length that none can have, so that nothing happens.
 */
static void test_function(QCXLFn *fn)
{
    g_autofree bool *cel = g_new0(bool, UINT16_MAX + 1);
    unsigned nr = read_cel(fn, cel);

    g_assert_cmpuint(nr, >, 0);
    for (unsigned opcode = 0; opcode <= UINT16_MAX; opcode++) {
        unsigned ret = qcxl_mbox_ring(fn, opcode,
                                      cel[opcode] ? LENGTH_MAX : 0);

        g_assert_cmphex(ret, ==, cel[opcode] ? CXL_RET_INVALID_PAYLOAD_LENGTH
                                             : CXL_RET_UNSUPPORTED);
        nr -= cel[opcode];
    }
    g_assert_cmpuint(nr, ==, 0);
}

/*
 * What the log has is known to the dispatcher, too: it is not the mailbox
 * alone that finds the length wrong
 */
static void test_known(QCXLFn *fn)
{
    g_autofree bool *cel = g_new0(bool, UINT16_MAX + 1);
    uint32_t size = qcxl_mbox_payload_size(fn);

    read_cel(fn, cel);
    for (unsigned opcode = 0; opcode <= UINT16_MAX; opcode++) {
        if (cel[opcode]) {
            g_assert_cmphex(qcxl_mbox_ring(fn, opcode, size - 1), !=,
                            CXL_RET_UNSUPPORTED);
        }
    }
}

/* Every function of the machine that has a mailbox */
static void for_each_mailbox(void (*test)(QCXLFn *))
{
    unsigned mailboxes = 0;
    QCXLFn *fn;

    for (unsigned n = 0; (fn = qcxl_mem_at(q, n)); n++) {
        g_assert_cmphex(fn->mailbox, !=, 0);
        test(fn);
        mailboxes++;
    }
    g_assert_cmpuint(mailboxes, >, 0);
}

static void test_opcodes(void)
{
    for_each_mailbox(test_function);
}

static void test_dispatcher(void)
{
    for_each_mailbox(test_known);
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 256, "");
    q = qcxl_boot(t);
    qtest_add_func("/cxl/opcode/effects-log", test_opcodes);
    qtest_add_func("/cxl/opcode/dispatcher", test_dispatcher);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

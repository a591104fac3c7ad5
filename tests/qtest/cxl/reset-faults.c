/*
 * How a test sets and sees each piece of state of the reset table: faults
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "reset-drivers.h"

void reset_set_doorbell(const ResetTarget *t, uint32_t token)
{
    qtest_qmp_assert_success(t->q->qts,
        "{'execute': 'cxl-inject-doorbell-stuck', 'arguments': {"
        " 'path': '/machine/peripheral/mem0' }}");
}

uint64_t reset_get_doorbell(const ResetTarget *t)
{
    return qcxl_mbox_busy(t->fn);
}

/* Of a command that no other piece of state needs */
void reset_set_faults(const ResetTarget *t, uint32_t token)
{
    qtest_qmp_assert_success(t->q->qts,
        "{'execute': 'cxl-inject-command-fault', 'arguments': {"
        " 'path': '/machine/peripheral/mem0', 'opcode': %u,"
        " 'return-code': %u, 'count': %u }}", CXL_OP_GET_RESPONSE_LIMIT,
        CXL_RET_BUSY, token);
}

uint64_t reset_get_faults(const ResetTarget *t)
{
    QDict *rsp = qtest_qmp(t->q->qts, "{'execute': 'query-cxl-faults',"
        " 'arguments': {'path': '/machine/peripheral/mem0' }}");
    QList *faults = qdict_get_qlist(qdict_get_qdict(rsp, "return"),
                                    "commands");
    uint64_t sum = 0;
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(faults, entry) {
        QDict *fault = qobject_to(QDict, qlist_entry_obj(entry));

        sum += qdict_get_int(fault, "count") << 8 |
               qdict_get_int(fault, "return-code");
    }
    qobject_unref(rsp);
    return sum;
}

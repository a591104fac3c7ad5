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

void reset_set_not_ready(const ResetTarget *t, uint32_t token)
{
    qtest_qmp_assert_success(t->q->qts,
        "{'execute': 'cxl-inject-media-not-ready', 'arguments': {"
        " 'path': '/machine/peripheral/mem0' }}");
}

/* CXL r3.1 8.1.3.8.2, 8.2.8.5.1.1 */
uint64_t reset_get_not_ready(const ResetTarget *t)
{
    unsigned range = qcxl_dvsec(t->fn, CXL_DVSEC_ID_DEVICE) +
                     CXL_DEVICE_RANGE_SIZE_LOW(0);
    uint64_t status = qcxl_read(t->q, t->fn->memdev + CXL_MEMDEV_STATUS, 8);
    uint32_t low = qcxl_config_read(t->fn, range, 4);

    return FIELD_EX64(status, CXL_MEMDEV_STATUS, MEDIA) << 1 |
           FIELD_EX32(low, CXL_DEVICE_RANGE, ACTIVE);
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

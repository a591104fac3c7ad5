/*
 * The command sets of a memory device but for events
 *
 * Sources: hw/cxl/cci/{background,cci,events,firmware,health,infostat,logs,
 *          lsa,media,media-state,memdev,scan,security,shutdown,timestamp}.c
 *          hw/cxl/model/{event-log,health,poison}.c
 *          hw/cxl/interfaces.c
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"

static void test_identify(void)
{
    Device *d = new_device();
    const CXLIdentifyRsp *id =
        answer(d, CXL_OP_IDENTIFY, NULL, 0, sizeof(*id));
    const CXLIdentifyMemRsp *mem;
    const CXLPartitionInfoRsp *part;
    const CXLFwInfoRsp *fw;

    g_assert_cmphex(cxl_le16_get(id->vendor), ==, 0x8086);
    g_assert_cmphex(cxl_le64_get(id->serial), ==, 0x1122334455667788);
    g_assert_cmpuint(1u << id->max_message_size, ==, ROOM);
    g_assert_cmpuint(id->component_type, ==, 3);

    mem = answer(d, CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0, sizeof(*mem));
    g_assert_cmpuint(cxl_le64_get(mem->total_capacity), ==, 3);
    g_assert_cmpuint(cxl_le64_get(mem->volatile_capacity), ==, 1);
    g_assert_cmpuint(cxl_le64_get(mem->persistent_capacity), ==, 2);
    g_assert_cmpuint(cxl_le64_get(mem->partition_alignment), ==, 0);
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        g_assert_cmpuint(cxl_le16_get(mem->event_log_size[log]), ==, DEPTH);
    }
    g_assert_cmpuint(cxl_le32_get(mem->lsa_size), ==, LSA);
    g_assert_cmpuint(cxl_le24_get(mem->poison_list_max), ==, POISON_MAX);
    g_assert_cmpuint(cxl_le16_get(mem->inject_poison_limit), ==, INJECT_MAX);

    part = answer(d, CXL_OP_GET_PARTITION_INFO, NULL, 0, sizeof(*part));
    g_assert_cmpuint(cxl_le64_get(part->active_volatile), ==, 1);
    g_assert_cmpuint(cxl_le64_get(part->active_persistent), ==, 2);
    g_assert_cmpuint(cxl_le64_get(part->next_volatile), ==, 0);

    fw = answer(d, CXL_OP_GET_FW_INFO, NULL, 0, sizeof(*fw));
    g_assert_cmpuint(fw->slots, ==, 4);
    g_assert_cmpuint(fw->slot_info, ==, 1);
    g_assert_true(g_str_has_prefix(fw->revision[0], "QEMU "));
    free_device(d);
}

static void test_timestamp(void)
{
    Device *d = new_device(), *to = new_device();
    const CXLTimestampPayload in = { cxl_le64(1000000) };
    const CXLTimestampPayload *out;

    out = answer(d, CXL_OP_GET_TIMESTAMP, NULL, 0, 8);
    g_assert_cmpuint(cxl_le64_get(out->ns), ==, 0);
    virtual_ns += 5;
    g_assert_cmpuint(cxl_timestamp_now(&d->timestamp), ==, 0);
    answer(d, CXL_OP_SET_TIMESTAMP, &in, 8, 0);
    virtual_ns += 77;
    out = answer(d, CXL_OP_GET_TIMESTAMP, NULL, 0, 8);
    g_assert_cmpuint(cxl_le64_get(out->ns), ==, 1000077);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_timestamp, &d->timestamp,
                                     &to->timestamp), ==, 0);
    g_assert_cmpuint(cxl_timestamp_now(&to->timestamp), ==, 1000077);
    cxl_timestamp_reset(&d->timestamp);
    g_assert_cmpuint(cxl_timestamp_now(&d->timestamp), ==, 0);
    free_device(d);
    free_device(to);
}

static void test_response_limit(void)
{
    Device *d = new_device(), *to = new_device();
    const CXLResponseLimit *out;
    CXLResponseLimit in = { .limit = CXL_RESPONSE_LIMIT_MIN - 1 };
    const CXLGetLsaReq lsa = { .length = cxl_le32(ROOM) };

    out = answer(d, CXL_OP_GET_RESPONSE_LIMIT, NULL, 0, 1);
    g_assert_cmpuint(1u << out->limit, ==, ROOM);
    g_assert_cmpuint(request(d, CXL_OP_SET_RESPONSE_LIMIT, &in, 1), ==,
                     CXL_RET_INVALID_INPUT);
    answer(d, CXL_OP_GET_LSA, &lsa, sizeof(lsa), ROOM);

    /* What does not fit into the limit is refused, what asked for it is not */
    in.limit = CXL_RESPONSE_LIMIT_MIN;
    out = answer(d, CXL_OP_SET_RESPONSE_LIMIT, &in, 1, 1);
    g_assert_cmpuint(out->limit, ==, CXL_RESPONSE_LIMIT_MIN);
    g_assert_cmpuint(request(d, CXL_OP_GET_LSA, &lsa, sizeof(lsa)), ==,
                     CXL_RET_INVALID_INPUT);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_cci, &d->cci, &to->cci), ==,
                    0);
    out = answer(to, CXL_OP_GET_RESPONSE_LIMIT, NULL, 0, 1);
    g_assert_cmpuint(out->limit, ==, CXL_RESPONSE_LIMIT_MIN);

    in.limit = UINT8_MAX;
    out = answer(d, CXL_OP_SET_RESPONSE_LIMIT, &in, 1, 1);
    g_assert_cmpuint(1u << out->limit, ==, ROOM);
    in.limit = CXL_RESPONSE_LIMIT_MIN;
    answer(d, CXL_OP_SET_RESPONSE_LIMIT, &in, 1, 1);
    cxl_cci_reset(&d->cci);
    answer(d, CXL_OP_GET_LSA, &lsa, sizeof(lsa), ROOM);
    free_device(d);
    free_device(to);
}

static CXLRet get_log(Device *d, CXLUuid uuid, uint32_t offset, uint32_t len)
{
    const CXLGetLogReq in = {
        .uuid = uuid, .offset = cxl_le32(offset), .length = cxl_le32(len),
    };

    return request(d, CXL_OP_GET_LOG, &in, sizeof(in));
}

static void test_logs(void)
{
    const CXLUuid cel = CXL_UUID_COMMAND_EFFECTS_LOG;
    const CXLUuid other = CXL_UUID_GENERAL_MEDIA_EVENT;
    Device *d = new_device();
    uint32_t size = d->cci.slots->len * sizeof(CXLCelEntry);
    const CXLSupportedLogsRsp *logs = (const void *)d->out;
    const CXLSupportedLog *log = (const void *)(logs + 1);
    uint8_t whole[ROOM];

    answer(d, CXL_OP_GET_SUPPORTED_LOGS, NULL, 0, 8 + 3 * 20);
    g_assert_cmpuint(cxl_le16_get(logs->count), ==, 3);
    g_assert_false(memcmp(&log->uuid, &cel, sizeof(cel)));
    g_assert_cmpuint(cxl_le32_get(log->size), ==, size);

    g_assert_cmpuint(get_log(d, cel, 0, size), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(d->out_len, ==, size);
    memcpy(whole, d->out, size);
    for (unsigned n = 0; n < d->cci.slots->len; n++) {
        const CXLCelEntry *e = (const CXLCelEntry *)whole + n;
        const CXLCmd *row = cxl_cci_command(&d->cci, n);

        g_assert_cmphex(cxl_le16_get(e->opcode), ==, row->opcode);
        g_assert_cmphex(cxl_le16_get(e->effect), ==, row->effects |
                        (row->flags & CXL_CMD_BACKGROUND ?
                         CXL_EFFECT_BACKGROUND : 0) |
                        (row->flags & CXL_CMD_ABORTABLE ?
                         CXL_EFFECT_ABORTABLE : 0));
    }
    for (uint32_t offset = 0; offset <= size + 2; offset++) {
        for (uint32_t len = 0; len <= size + 2; len++) {
            bool inside = offset + len <= size;

            g_assert_cmpuint(get_log(d, cel, offset, len), ==,
                             inside ? CXL_RET_SUCCESS
                                    : CXL_RET_INVALID_INPUT);
            g_assert_cmpuint(d->out_len, ==, inside ? len : 0);
            g_assert_false(memcmp(d->out, whole + offset, d->out_len));
        }
        g_assert_cmpuint(get_log(d, cel, offset, UINT32_MAX), ==,
                         CXL_RET_INVALID_INPUT);
        g_assert_cmpuint(get_log(d, cel, offset, 0u - offset), ==,
                         offset ? CXL_RET_INVALID_INPUT : CXL_RET_SUCCESS);
    }
    g_assert_cmpuint(get_log(d, cel, UINT32_MAX, 4), ==,
                     CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(get_log(d, other, 0, 4), ==, CXL_RET_INVALID_LOG);
    answer(d, CXL_OP_GET_LOG_CAPABILITIES, &cel, sizeof(cel), 4);
    g_assert_cmpuint(request(d, CXL_OP_GET_LOG_CAPABILITIES, &other, 16), ==,
                     CXL_RET_INVALID_LOG);
    free_device(d);
}

static CXLRet get_lsa(Device *d, uint32_t offset, uint32_t len)
{
    const CXLGetLsaReq in = { cxl_le32(offset), cxl_le32(len) };

    return request(d, CXL_OP_GET_LSA, &in, sizeof(in));
}

static CXLRet set_lsa(Device *d, uint32_t offset, uint32_t len)
{
    g_autofree CXLSetLsaReq *in = g_malloc0(sizeof(*in) + len);

    in->offset = cxl_le32(offset);
    memset(in->data, 0x3c, len);
    return request(d, CXL_OP_SET_LSA, in, sizeof(*in) + len);
}

static void test_lsa(void)
{
    static const struct {
        uint32_t offset, len;
        CXLRet get, set;
    } cases[] = {
        { 0, 0, CXL_RET_SUCCESS, CXL_RET_SUCCESS },
        { 0, 1, CXL_RET_SUCCESS, CXL_RET_SUCCESS },
        { 0, ROOM - 8, CXL_RET_SUCCESS, CXL_RET_SUCCESS },
        { 0, ROOM - 7, CXL_RET_SUCCESS, CXL_RET_INVALID_PAYLOAD_LENGTH },
        { 1, ROOM, CXL_RET_SUCCESS, CXL_RET_INVALID_PAYLOAD_LENGTH },
        { 0, ROOM + 1, CXL_RET_INVALID_INPUT, CXL_RET_INVALID_PAYLOAD_LENGTH },
        { LSA - 1, 1, CXL_RET_SUCCESS, CXL_RET_SUCCESS },
        { LSA - 1, 2, CXL_RET_INVALID_INPUT, CXL_RET_INVALID_INPUT },
        { LSA, 0, CXL_RET_SUCCESS, CXL_RET_SUCCESS },
        { LSA, 1, CXL_RET_INVALID_INPUT, CXL_RET_INVALID_INPUT },
        { LSA + 1, 0, CXL_RET_INVALID_INPUT, CXL_RET_INVALID_INPUT },
        { UINT32_MAX, 1, CXL_RET_INVALID_INPUT, CXL_RET_INVALID_INPUT },
        { UINT32_MAX - 7, 16, CXL_RET_INVALID_INPUT, CXL_RET_INVALID_INPUT },
    };
    Device *d = new_device();

    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        uint32_t offset = cases[n].offset, len = cases[n].len;

        memset(d->mem->lsa, 0x11, LSA);
        g_assert_cmpuint(get_lsa(d, offset, len), ==, cases[n].get);
        g_assert_cmpuint(d->out_len, ==, cases[n].get ? 0 : len);
        g_assert_cmpuint(set_lsa(d, offset, len), ==, cases[n].set);
        for (uint32_t i = 0; i < LSA; i++) {
            bool written = !cases[n].set && i >= offset && i < offset + len;

            g_assert_cmphex(d->mem->lsa[i], ==, written ? 0x3c : 0x11);
        }
    }
    g_assert_cmpuint(get_lsa(d, 0, UINT32_MAX), ==, CXL_RET_INVALID_INPUT);
    free_device(d);
}

static bool add_poison(Device *d, uint64_t dpa, uint64_t len, uint8_t source,
                       uint64_t now)
{
    const CXLPoison range = { dpa, len, source, .listed = true };

    return cxl_poison_add(&d->poison, &range, now);
}

static CXLRet get_poison(Device *d, uint64_t dpa, uint64_t lines)
{
    const CXLGetPoisonReq in = { cxl_le64(dpa), cxl_le64(lines) };

    return request(d, CXL_OP_GET_POISON_LIST, &in, sizeof(in));
}

/* Expect @nr records that begin @step bytes apart, the first at @dpa */
static void expect_poison(Device *d, unsigned nr, uint64_t dpa, uint64_t step,
                          uint8_t flags)
{
    const CXLGetPoisonRsp *out = (const void *)d->out;
    const CXLMediaErrorRecord *record = (const void *)(out + 1);

    g_assert_cmpuint(cxl_le16_get(out->count), ==, nr);
    g_assert_cmpuint(d->out_len, ==, sizeof(*out) + nr * sizeof(*record));
    g_assert_cmphex(out->flags, ==, flags);
    for (unsigned n = 0; n < nr; n++) {
        g_assert_cmphex(cxl_le64_get(record[n].address), ==,
                        (dpa + n * step) | CXL_POISON_SOURCE_INJECTED);
        g_assert_cmpuint(cxl_le32_get(record[n].length), ==, 1);
    }
}

/* 512 bytes hold 30 records; 80 of them take three answers */
static void test_poison(void)
{
    const uint64_t lines = (VMEM + PMEM) / 64;
    Device *d = new_device(), *to = new_device();

    g_assert_cmpuint(get_poison(d, 0, lines), ==, CXL_RET_SUCCESS);
    expect_poison(d, 0, 0, 0, 0);
    for (unsigned n = 0; n < 80; n++) {
        g_assert_true(add_poison(d, n * 0x1000, 64,
                                 CXL_POISON_SOURCE_INJECTED, 5));
    }
    g_assert_cmpuint(get_poison(d, 0, lines), ==, CXL_RET_SUCCESS);
    expect_poison(d, 30, 0, 0x1000, CXL_POISON_LIST_MORE);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_media, &d->media,
                                     &to->media), ==, 0);
    for (unsigned i = 0; i < 2; i++) {
        Device *each = i ? to : d;

        g_assert_cmpuint(get_poison(each, 0, lines), ==, CXL_RET_SUCCESS);
        expect_poison(each, 30, 30 * 0x1000, 0x1000, CXL_POISON_LIST_MORE);
        g_assert_cmpuint(get_poison(each, 0, lines), ==, CXL_RET_SUCCESS);
        expect_poison(each, 20, 60 * 0x1000, 0x1000, 0);
    }
    /* A finished query, another query and a reset all begin anew */
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpuint(get_poison(d, 0, lines), ==, CXL_RET_SUCCESS);
        expect_poison(d, 30, 0, 0x1000, CXL_POISON_LIST_MORE);
        if (i == 0) {
            g_assert_cmpuint(get_poison(d, 0x2000, 0x1000 / 64 + 1), ==,
                             CXL_RET_SUCCESS);
            expect_poison(d, 2, 0x2000, 0x1000, 0);
        } else {
            cxl_media_reset(&d->media);
        }
    }
    free_device(d);
    free_device(to);
}

static void test_poison_range(void)
{
    const uint64_t end = VMEM + PMEM;
    Device *d = new_device();
    const CXLMediaErrorRecord *record =
        (const void *)(d->out + sizeof(CXLGetPoisonRsp));

    g_assert_true(add_poison(d, 0x1000, 0x400, CXL_POISON_SOURCE_INTERNAL,
                             0));
    g_assert_cmpuint(get_poison(d, 0x1040, 2), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(cxl_le64_get(record->address), ==, 0x1042);
    g_assert_cmpuint(cxl_le32_get(record->length), ==, 2);
    /* Bits 5:0 are reserved */
    g_assert_cmpuint(get_poison(d, 0x13ff, 1), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(cxl_le64_get(record->address), ==, 0x13c2);
    g_assert_cmpuint(get_poison(d, 0x1400, 1), ==, CXL_RET_SUCCESS);
    expect_poison(d, 0, 0, 0, 0);
    g_assert_cmpuint(get_poison(d, 0, 0x1000 / 64), ==, CXL_RET_SUCCESS);
    expect_poison(d, 0, 0, 0, 0);

    g_assert_cmpuint(get_poison(d, end, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(get_poison(d, end - 64, 1), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(get_poison(d, end - 64, 2), ==, CXL_RET_INVALID_PA);
    g_assert_cmpuint(get_poison(d, end, 1), ==, CXL_RET_INVALID_PA);
    g_assert_cmpuint(get_poison(d, end + 64, 0), ==, CXL_RET_INVALID_PA);
    g_assert_cmpuint(get_poison(d, 0, UINT64_MAX), ==, CXL_RET_INVALID_PA);
    g_assert_cmpuint(get_poison(d, UINT64_MAX, UINT64_MAX), ==,
                     CXL_RET_INVALID_PA);
    g_assert_cmpuint(get_poison(d, 64, UINT64_MAX / 64 + 1), ==,
                     CXL_RET_INVALID_PA);
    free_device(d);
}

static void test_poison_overflow(void)
{
    Device *d = new_device();
    const CXLGetPoisonRsp *out = (const void *)d->out;

    for (unsigned n = 0; n < POISON_MAX + 2; n++) {
        add_poison(d, n * 128, 64, CXL_POISON_SOURCE_INJECTED, 700 + n);
    }
    g_assert_cmpuint(get_poison(d, 0, 1), ==, CXL_RET_SUCCESS);
    expect_poison(d, 1, 0, 0, CXL_POISON_LIST_OVERFLOW);
    g_assert_cmpuint(cxl_le64_get(out->overflow_timestamp), ==,
                     700 + POISON_MAX);
    free_device(d);
}

/* A stream whose ranges overlap, are empty or too many is refused */
static void test_poison_bad_load(void)
{
    static const CXLPoison bad[] = {
        { .dpa = 64, .len = 0, .source = 1 },
        { .dpa = 64, .len = 32, .source = 1 },
        { .dpa = 65, .len = 64, .source = 1 },
        { .dpa = UINT64_MAX - 63, .len = 128, .source = 1 },
        { .dpa = 64, .len = 64, .source = 8 },
        { .dpa = 0, .len = 64, .source = 1 },
        { .dpa = VMEM + PMEM, .len = 64, .source = 1 },
    };

    for (unsigned n = 0; n <= ARRAY_SIZE(bad); n++) {
        Device *from = new_device(), *to = new_device();

        add_poison(from, 0, 64, 3, 0);
        if (n < ARRAY_SIZE(bad)) {
            g_array_append_val(from->poison.ranges, bad[n]);
        } else {
            to->poison.max = 0;
        }
        g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_media, &from->media,
                                         &to->media), ==, -EINVAL);
        free_device(from);
        free_device(to);
    }
}

static CXLRet inject(Device *d, uint64_t dpa)
{
    const CXLInjectPoisonReq in = { cxl_le64(dpa) };

    return request(d, CXL_OP_INJECT_POISON, &in, sizeof(in));
}

static CXLRet clear(Device *d, uint64_t dpa, uint64_t data)
{
    CXLClearPoisonReq in = { cxl_le64(dpa) };

    for (unsigned n = 0; n < ARRAY_SIZE(in.data); n++) {
        in.data[n] = cxl_le64(data + n);
    }
    return request(d, CXL_OP_CLEAR_POISON, &in, sizeof(in));
}

/* CXL r3.1 8.2.9.9.4.2: up to the limit, and nowhere that is not memory */
static void test_inject(void)
{
    Device *d = new_device();

    g_assert_cmpuint(inject(d, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(inject(d, VMEM + PMEM), ==, CXL_RET_INVALID_PA);
    g_assert_cmpuint(inject(d, -64ull), ==, CXL_RET_INVALID_PA);
    g_assert_cmphex(d->pending, ==, 0);
    for (unsigned n = 0; n < INJECT_MAX; n++) {
        g_assert_cmpuint(inject(d, n * 64), ==, CXL_RET_SUCCESS);
    }
    g_assert_cmphex(d->pending, ==, 1u << CXL_LOG_INFO);
    g_assert_cmpuint(inject(d, INJECT_MAX * 64), ==, CXL_RET_POISON_LIMIT);
    /* What is poisoned already takes no more */
    g_assert_cmpuint(inject(d, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(cxl_poison_count(&d->poison), ==, 1);
    g_assert_cmpuint(clear(d, 64, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(inject(d, INJECT_MAX * 64), ==, CXL_RET_SUCCESS);
    free_device(d);
}

/* CXL r3.1 8.2.9.9.4.3: the data are written, poisoned or not */
static void test_clear(void)
{
    Device *d = new_device();

    g_assert_cmpuint(clear(d, 1, 0), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(clear(d, VMEM + PMEM, 0), ==, CXL_RET_INVALID_PA);
    g_assert_cmpuint(d->mem->writes->len, ==, 0);
    g_assert_cmpuint(inject(d, VMEM), ==, CXL_RET_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        const uint64_t *w;

        g_array_set_size(d->mem->writes, 0);
        g_assert_cmpuint(clear(d, VMEM, 500), ==, CXL_RET_SUCCESS);
        g_assert_cmpuint(d->mem->writes->len, ==, 16);
        w = (const uint64_t *)d->mem->writes->data;
        for (unsigned n = 0; n < 8; n++) {
            g_assert_cmphex(w[2 * n], ==, VMEM + n * 8);
            g_assert_cmphex(w[2 * n + 1], ==, 500 + n);
        }
        g_assert_cmpuint(cxl_poison_count(&d->poison), ==, 0);
    }
    free_device(d);
}

/* Of what is kept, persistent memory's poison comes back */
static void test_poison_kept(void)
{
    Device *d = new_device(), *again;

    g_assert_cmpuint(inject(d, VMEM - 64), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(inject(d, VMEM), ==, CXL_RET_SUCCESS);
    again = new_device_on(d->mem);
    g_assert_cmpuint(cxl_poison_count(&again->poison), ==, 1);
    g_assert_cmphex(cxl_poison_at(&again->poison, 0)->dpa, ==, VMEM);
    g_assert_cmphex(cxl_poison_at(&again->poison, 0)->len, ==, 64);
    free_device(again);
    free_device(d);
}

static void expect_scanning(Device *d)
{
    const CXLGetPoisonRsp *out = (const void *)d->out;

    g_assert_true(out->flags & CXL_POISON_LIST_SCANNING);
}

/* CXL r3.1 8.2.9.9.4.5, 8.2.9.9.4.6: what the list does not have is found */
static void test_scan(void)
{
    const CXLScanMediaReq in = { .length = cxl_le64((VMEM + PMEM) / 64) };
    CXLScanMediaReq bad = in;
    Device *d = new_device();
    const CXLScanResultsRsp *out = (const void *)d->out;
    CXLPoison hidden = { 0x40000, 64, CXL_POISON_SOURCE_INTERNAL };

    bad.flags = 2;
    g_assert_cmpuint(request(d, CXL_OP_SCAN_MEDIA, &bad, sizeof(bad)), ==,
                     CXL_RET_INVALID_INPUT);
    bad = in;
    bad.dpa = cxl_le64(64);
    g_assert_cmpuint(request(d, CXL_OP_SCAN_MEDIA, &bad, sizeof(bad)), ==,
                     CXL_RET_INVALID_PA);
    for (unsigned n = 0; n < POISON_MAX + 5; n++) {
        hidden.dpa = n * 0x1000;
        hidden.listed = n < 40;
        g_assert_true(cxl_poison_add(&d->poison, &hidden, 5));
    }
    g_assert_cmpuint(request(d, CXL_OP_SCAN_MEDIA, &in, sizeof(in)), ==,
                     CXL_RET_BACKGROUND_STARTED);
    g_assert_cmpuint(request(d, CXL_OP_GET_SCAN_RESULTS, NULL, 0), ==,
                     CXL_RET_BUSY);
    g_assert_cmpuint(get_poison(d, 0, 1), ==, CXL_RET_SUCCESS);
    expect_scanning(d);
    cxl_unit_sleep(1000);
    for (unsigned left = POISON_MAX; left; ) {
        unsigned nr = MIN(left, 30);

        g_assert_cmpuint(request(d, CXL_OP_GET_SCAN_RESULTS, NULL, 0), ==,
                         CXL_RET_SUCCESS);
        g_assert_cmpuint(cxl_le16_get(out->count), ==, nr);
        left -= nr;
        g_assert_cmphex(out->flags, ==, CXL_SCAN_RESULTS_STOPPED |
                        (left ? CXL_SCAN_RESULTS_MORE : 0));
        g_assert_cmphex(cxl_le64_get(out->restart_dpa), ==,
                        POISON_MAX * 0x1000);
    }
    g_assert_cmpuint(cxl_poison_count_listed(&d->poison), ==, POISON_MAX);
    g_assert_false(cxl_poison_at(&d->poison, POISON_MAX)->listed);
    free_device(d);
}

/* Every command at min - 1, min, max and max + 1 bytes of zeroes */
static void test_lengths(void)
{
    static const uint8_t zeroes[ROOM + 1];
    Device *d = new_device();
    const CXLCmd *row;

    for (unsigned n = 0; (row = cxl_cci_command(&d->cci, n)); n++) {
        bool open;
        uint32_t max;

        row = cxl_cci_variant(row, zeroes, ROOM);
        open = row->tail == CXL_TAIL_REST;
        max = !open ? row->in_min
            : row->tail_max ? row->in_min + row->tail_max : ROOM;

        if (row->in_min) {
            g_assert_cmpuint(request(d, row->opcode, zeroes, row->in_min - 1),
                             ==, CXL_RET_INVALID_PAYLOAD_LENGTH);
        }
        g_assert_cmpuint(request(d, row->opcode, zeroes, row->in_min), !=,
                         CXL_RET_INVALID_PAYLOAD_LENGTH);
        g_assert_cmpuint(request(d, row->opcode, zeroes, max), !=,
                         CXL_RET_INVALID_PAYLOAD_LENGTH);
        g_assert_cmpuint(request(d, row->opcode, zeroes, max + 1), ==,
                         CXL_RET_INVALID_PAYLOAD_LENGTH);
    }
    free_device(d);
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/commands/lengths", test_lengths);
    g_test_add_func("/cxl/commands/identify", test_identify);
    g_test_add_func("/cxl/commands/timestamp", test_timestamp);
    g_test_add_func("/cxl/commands/response-limit", test_response_limit);
    g_test_add_func("/cxl/commands/logs", test_logs);
    g_test_add_func("/cxl/commands/lsa", test_lsa);
    g_test_add_func("/cxl/commands/poison/list", test_poison);
    g_test_add_func("/cxl/commands/poison/range", test_poison_range);
    g_test_add_func("/cxl/commands/poison/overflow", test_poison_overflow);
    g_test_add_func("/cxl/commands/poison/bad-load", test_poison_bad_load);
    g_test_add_func("/cxl/commands/inject-poison", test_inject);
    g_test_add_func("/cxl/commands/clear-poison", test_clear);
    g_test_add_func("/cxl/commands/poison/kept", test_poison_kept);
    g_test_add_func("/cxl/commands/scan-media", test_scan);
    return g_test_run();
}

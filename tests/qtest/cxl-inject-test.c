/*
 * QTest: event records, from QMP to the byte that the guest reads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "libqos/cxl.h"

static QCXL *q;
static QCXLFn *mem;

/* Run @command with what all records need, and @args, members of JSON */
static QDict *run(const char *command, const char *args)
{
    g_autofree char *json = g_strdup_printf(
        "{'path': 'mem0', 'log': 'warning', 'flags': 165%s%s}",
        *args ? ", " : "", args);

    return qtest_qmp(q->qts, "{'execute': %s, 'arguments': %p}", command,
                     qobject_from_json(json, &error_abort));
}

/* What @command makes of @args is @want, beside handle and timestamp */
static void check(const char *command, const char *args, const void *want)
{
    QDict *rsp = run(command, args);
    CXLEventRecord record;

    g_assert_true(qdict_haskey(rsp, "return"));
    qobject_unref(rsp);
    g_assert_cmpuint(qcxl_event_take(mem, CXL_LOG_WARNING, &record), ==, 1);
    g_assert_cmpuint(cxl_le16_get(record.header.handle), !=, 0);
    record.header.handle = cxl_le16(0);
    record.header.timestamp = cxl_le64(0);
    g_assert_cmpmem(&record, sizeof(record), want, sizeof(record));
}

static void refuse(const char *command, const char *base, const char *bad)
{
    g_autofree char *args = g_strdup_printf("%s%s%s", base,
                                            *base ? ", " : "", bad);

    qmp_expect_error_and_unref(run(command, args), "GenericError");
}

static CXLEventHeader header(CXLUuid uuid)
{
    return (CXLEventHeader) {
        .uuid = uuid, .length = 128, .flags = cxl_le24(165),
    };
}

/* A validity flag, and the only byte or bytes that may change with it */
typedef struct Optional {
    const char *args;
    uint16_t valid;
    uint8_t at;
    uint8_t len;
    uint8_t bytes[16];
} Optional;

/* Each of @nr options alone, on top of @want whose flags are at @validity */
static void check_options(const char *command, const char *base,
                          const void *want, unsigned validity,
                          const Optional *options, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        const Optional *o = &options[i];
        g_autofree char *args = g_strdup_printf("%s%s%s", base,
                                                *base ? ", " : "", o->args);
        uint8_t record[sizeof(CXLEventRecord)];

        memcpy(record, want, sizeof(record));
        memcpy(record + o->at, o->bytes, o->len);
        record[validity] |= o->valid;
        record[validity + 1] |= o->valid >> 8;
        check(command, args, record);
    }
}

#define NAME_ID "'component-id': 'sixteen bytes...'"
#define PLDM_ID "'component-id-format': 'pldm', " \
                "'component-id': '03A1b2c3d4e5f60102030405060708090'"
#define GOOD_PLDM "'component-id-format': 'pldm', " \
                  "'component-id': '03A1b2c3d4e5f6010203040000000000'"
#define PLDM_BYTES { 0x03, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 1, 2, 3, 4 }

#define MEDIA_ARGS "'dpa': 1311768467463790273, 'descriptor': 7, 'type': 5, " \
                   "'transaction-type': 4"

static void test_general_media(void)
{
    const char *command = "cxl-inject-general-media-event";
    CXLGeneralMediaEvent want = {
        .header = header(CXL_UUID_GENERAL_MEDIA_EVENT),
        .dpa = cxl_le64(0x123456789abcdec1), .descriptor = 7, .type = 5,
        .transaction_type = 4,
    };
#define AT(field) offsetof(CXLGeneralMediaEvent, field)
    static const Optional options[] = {
        { "'channel': 255", 1, AT(channel), 1, { 255 } },
        { "'rank': 254", 2, AT(rank), 1, { 254 } },
        { "'device': 16711937", 4, AT(device), 3, { 1, 1, 255 } },
        { NAME_ID, 8, AT(component_id), 16, "sixteen bytes..." },
        { GOOD_PLDM, 24, AT(component_id), 16, PLDM_BYTES },
        { "'component-id': ''", 8 },
        { "'sub-type': 3", 0, AT(sub_type), 1, { 3 } },
        { "'threshold-flags': 2", 0, AT(threshold_flags), 1, { 2 } },
        { "'corrected-count': 197121", 0, AT(corrected_count), 3,
          { 1, 2, 3 } },
        { "'maintenance-class': 1", 0, AT(header.maintenance_class), 1,
          { 1 } },
    };

    check(command, MEDIA_ARGS, &want);
    check_options(command, MEDIA_ARGS, &want, AT(validity), options,
                  ARRAY_SIZE(options));
    refuse(command, MEDIA_ARGS, "'device': 16777216");
    refuse(command, MEDIA_ARGS, "'corrected-count': 16777216");
    refuse(command, MEDIA_ARGS, "'component-id': 'seventeen bytes..'");
    refuse(command, MEDIA_ARGS, PLDM_ID);
    refuse(command, MEDIA_ARGS, "'component-id-format': 'pldm'");
    refuse(command, MEDIA_ARGS, "'component-id-format': 'pldm', "
           "'component-id': '0'");
    refuse(command, MEDIA_ARGS, "'component-id-format': 'pldm', "
           "'component-id': '03A1b2c3d4e5f601020304000000000x'");
    refuse(command, MEDIA_ARGS, "'channel': 256");
    refuse(command, "", "'dpa': 0");
#undef AT
}

static void test_dram(void)
{
    const char *command = "cxl-inject-dram-event";
    CXLDramEvent want = {
        .header = header(CXL_UUID_DRAM_EVENT),
        .dpa = cxl_le64(0x123456789abcdec1), .descriptor = 7, .type = 5,
        .transaction_type = 4,
    };
#define AT(field) offsetof(CXLDramEvent, field)
    static const Optional options[] = {
        { "'channel': 1", 1, AT(channel), 1, { 1 } },
        { "'rank': 2", 2, AT(rank), 1, { 2 } },
        { "'nibble-mask': 16711937", 4, AT(nibble_mask), 3, { 1, 1, 255 } },
        { "'bank-group': 3", 8, AT(bank_group), 1, { 3 } },
        { "'bank': 4", 16, AT(bank), 1, { 4 } },
        { "'row': 16711938", 32, AT(row), 3, { 2, 1, 255 } },
        { "'column': 513", 64, AT(column), 2, { 1, 2 } },
        { "'correction-mask': [72623859790382856, 1]", 128,
          AT(correction_mask), 9, { 8, 7, 6, 5, 4, 3, 2, 1, 1 } },
        { "'correction-mask': []", 128 },
        { "'correction-mask': [0, 0, 0, 255]", 128, AT(correction_mask) + 24,
          1, { 255 } },
        { NAME_ID, 256, AT(component_id), 16, "sixteen bytes..." },
        { GOOD_PLDM, 256 + 512, AT(component_id), 16, PLDM_BYTES },
        { "'sub-channel': 9", 1024, AT(sub_channel), 1, { 9 } },
        { "'sub-type': 3", 0, AT(sub_type), 1, { 3 } },
        { "'threshold-flags': 2", 0, AT(threshold_flags), 1, { 2 } },
        { "'corrected-count': 197121", 0, AT(corrected_count), 3,
          { 1, 2, 3 } },
    };

    check(command, MEDIA_ARGS, &want);
    check_options(command, MEDIA_ARGS, &want, AT(validity), options,
                  ARRAY_SIZE(options));
    refuse(command, MEDIA_ARGS, "'nibble-mask': 16777216");
    refuse(command, MEDIA_ARGS, "'row': 16777216");
    refuse(command, MEDIA_ARGS, "'column': 65536");
    refuse(command, MEDIA_ARGS, "'corrected-count': 16777216");
    refuse(command, MEDIA_ARGS, "'correction-mask': [1, 2, 3, 4, 5]");
    refuse(command, MEDIA_ARGS, "'component-id': 'seventeen bytes..'");
#undef AT
}

#define MODULE_ARGS \
    "'type': 8, 'health-status': 1, 'media-status': 2, " \
    "'additional-status': 3, 'life-used': 4, 'temperature': -5, " \
    "'dirty-shutdown-count': 6, 'corrected-volatile-error-count': 7, " \
    "'corrected-persistent-error-count': 4294967295"

static void test_memory_module(void)
{
    const char *command = "cxl-inject-memory-module-event";
    CXLMemoryModuleEvent want = {
        .header = header(CXL_UUID_MEMORY_MODULE_EVENT), .type = 8,
        .health = {
            .status = 1, .media_status = 2, .additional_status = 3,
            .life_used = 4, .temperature = cxl_le16(-5),
            .dirty_shutdowns = cxl_le32(6), .volatile_errors = cxl_le32(7),
            .persistent_errors = cxl_le32(UINT32_MAX),
        },
    };
#define AT(field) offsetof(CXLMemoryModuleEvent, field)
    static const Optional options[] = {
        { NAME_ID, 1, AT(component_id), 16, "sixteen bytes..." },
        { GOOD_PLDM, 3, AT(component_id), 16, PLDM_BYTES },
        { "'sub-type': 3", 0, AT(sub_type), 1, { 3 } },
    };

    check(command, MODULE_ARGS, &want);
    check_options(command, MODULE_ARGS, &want, AT(validity), options,
                  ARRAY_SIZE(options));
    refuse(command, MODULE_ARGS, "'component-id': 'seventeen bytes..'");
    refuse(command, "", "'type': 8");
#undef AT
}

static void test_memory_sparing(void)
{
    const char *command = "cxl-inject-memory-sparing-event";
    CXLMemorySparingEvent want = {
        .header = header(CXL_UUID_MEMORY_SPARING_EVENT),
        .maintenance_class = 2,
    };
#define AT(field) offsetof(CXLMemorySparingEvent, field)
    static const Optional options[] = {
        { "'channel': 1", 1, AT(channel), 1, { 1 } },
        { "'rank': 2", 2, AT(rank), 1, { 2 } },
        { "'nibble-mask': 16711937", 4, AT(nibble_mask), 3, { 1, 1, 255 } },
        { "'bank-group': 3", 8, AT(bank_group), 1, { 3 } },
        { "'bank': 4", 16, AT(bank), 1, { 4 } },
        { "'row': 16711938", 32, AT(row), 3, { 2, 1, 255 } },
        { "'column': 513", 64, AT(column), 2, { 1, 2 } },
        { NAME_ID, 128, AT(component_id), 16, "sixteen bytes..." },
        { GOOD_PLDM, 128 + 256, AT(component_id), 16, PLDM_BYTES },
        { "'sub-channel': 9", 512, AT(sub_channel), 1, { 9 } },
        { "'sparing-flags': 7", 0, AT(flags), 1, { 7 } },
        { "'result': 17", 0, AT(result), 1, { 17 } },
        { "'resources-available': 513", 0, AT(available), 2, { 1, 2 } },
    };

    want.header.maintenance_class = 2;
    check(command, "", &want);
    check_options(command, "", &want, AT(validity), options,
                  ARRAY_SIZE(options));
    refuse(command, "", "'nibble-mask': 16777216");
    refuse(command, "", "'row': 16777216");
    refuse(command, "", "'component-id': 'seventeen bytes..'");
    want.header.maintenance_class = want.maintenance_class = 5;
    want.header.maintenance_subclass = want.maintenance_subclass = 6;
    want.header.flags = cxl_le24(165 | CXL_EVENT_SUBCLASS_VALID);
    check(command, "'maintenance-class': 5, 'maintenance-subclass': 6", &want);
#undef AT
}

#define UUID_ARGS "'uuid': '00112233-4455-6677-8899-aabbccddeeff'"

/* Bytes that the device does not understand, and what all records have */
static void test_generic(void)
{
    const char *command = "cxl-inject-generic-event";
    CXLEventRecord want = {
        .header = header((CXLUuid) { { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
                                       0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
                                       0xcc, 0xdd, 0xee, 0xff } }),
    };
    g_autofree char *digits = g_strnfill(2 * CXL_EVENT_DATA_SIZE, 'e');
    g_autofree char *full = g_strdup_printf(UUID_ARGS ", 'data': '%s'",
                                            digits);
    g_autofree char *more = g_strdup_printf("'data': '%s00'", digits);

    check(command, UUID_ARGS, &want);
    check(command, UUID_ARGS ", 'data': ''", &want);
    want.data[0] = 0x0f;
    want.data[1] = 0xa0;
    check(command, UUID_ARGS ", 'data': '0fA0'", &want);
    memset(want.data, 0xee, sizeof(want.data));
    check(command, full, &want);
    memset(want.data, 0, sizeof(want.data));

    want.header.maintenance_class = 1;
    want.header.maintenance_subclass = 2;
    want.header.ld_id = cxl_le16(0x304);
    want.header.head_id = 5;
    want.header.flags = cxl_le24(165 | CXL_EVENT_SUBCLASS_VALID |
                                 CXL_EVENT_LD_ID_VALID |
                                 CXL_EVENT_HEAD_ID_VALID);
    check(command, UUID_ARGS ", 'maintenance-class': 1, "
          "'maintenance-subclass': 2, 'ld-id': 772, 'head-id': 5", &want);
    refuse(command, UUID_ARGS, "'data': '0'");
    refuse(command, UUID_ARGS, "'data': '0g'");
    refuse(command, UUID_ARGS, more);
    refuse(command, "", "'uuid': 'nothing'");
    refuse(command, "", "'data': '00'");
}

/* Devices that there are not, and logs and flags that there are not */
static void test_common(void)
{
    static const char *const bad[] = {
        "'path': 'nothing', 'log': 'fatal', 'flags': 0",
        "'path': 'rp0', 'log': 'fatal', 'flags': 0",
        "'path': 'mem0', 'log': 'dynamic', 'flags': 0",
        "'path': 'mem0', 'log': 'fatal', 'flags': 256",
        "'path': 'mem0', 'log': 'fatal', 'flags': -1",
        "'path': 'mem0', 'log': 'fatal'",
        "'path': 'mem0', 'log': 'fatal', 'flags': 0, 'head-id': 256",
        "'path': 'mem0', 'log': 'fatal', 'flags': 0, 'ld-id': 65536",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *json = g_strdup_printf("{%s, " UUID_ARGS "}", bad[i]);

        qmp_expect_error_and_unref(qtest_qmp(q->qts,
            "{'execute': 'cxl-inject-generic-event', 'arguments': %p}",
            qobject_from_json(json, &error_abort)), "GenericError");
    }
    g_assert_cmphex(qcxl_read(q, mem->status + CXL_DEV_EVENT_STATUS, 8), ==,
                    0);
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_mem(t, "mem0", "rp0", 256, 0, "");
    q = qcxl_boot(t);
    mem = qcxl_mem_at(q, 0);

    qtest_add_func("/cxl/inject/general-media", test_general_media);
    qtest_add_func("/cxl/inject/dram", test_dram);
    qtest_add_func("/cxl/inject/memory-module", test_memory_module);
    qtest_add_func("/cxl/inject/memory-sparing", test_memory_sparing);
    qtest_add_func("/cxl/inject/generic", test_generic);
    qtest_add_func("/cxl/inject/common", test_common);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

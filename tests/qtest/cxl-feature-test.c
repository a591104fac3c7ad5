/*
 * QTest: Features and Perform Maintenance, in a device with a file for them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/cxl.h"
#include "../unit/cxl-feature-cases.h"

/* Guest memory that MSI-X vectors write to */
#define MSI_ADDR        0x100000u
#define MSI_DATA        0xfea0
#define HPPR_NS         (1000 * 1000 * 1000LL)

static QCXL *q;

static QCXLFn *mem(void)
{
    QCXLFn *fn = qcxl_mem_at(q, 0);

    g_assert_nonnull(fn);
    return fn;
}

static unsigned get(const CXLUuid *uuid, uint8_t selection, uint16_t offset,
                    uint16_t count, void *out)
{
    const CXLGetFeatureReq req = {
        .uuid = *uuid, .selection = selection,
        .offset = cxl_le16(offset), .count = cxl_le16(count),
    };
    size_t len = count;
    unsigned ret = qcxl_mbox(mem(), CXL_OP_GET_FEATURE, &req, sizeof(req), out,
                             &len);

    g_assert_cmpuint(len, ==, ret == CXL_RET_SUCCESS ? count : 0);
    return ret;
}

/* How many bytes there are of @count from @offset on */
static size_t get_some(const CXLUuid *uuid, uint8_t selection, uint16_t offset,
                       uint16_t count, uint8_t out[64])
{
    const CXLGetFeatureReq req = {
        .uuid = *uuid, .selection = selection,
        .offset = cxl_le16(offset), .count = cxl_le16(count),
    };
    size_t len = 64;

    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_FEATURE, &req, sizeof(req),
                              out, &len), ==, CXL_RET_SUCCESS);
    return len;
}

static unsigned set(const CXLUuid *uuid, uint32_t flags, uint8_t version,
                    uint16_t offset, const void *data, size_t len)
{
    g_autofree CXLSetFeatureReq *req = g_malloc0(sizeof(*req) + len);

    req->uuid = *uuid;
    req->flags = cxl_le32(flags);
    req->version = version;
    req->offset = cxl_le16(offset);
    memcpy(req->data, data, len);
    return qcxl_mbox(mem(), CXL_OP_SET_FEATURE, req, sizeof(*req) + len, NULL,
                     NULL);
}

static void expect(const FeatureCase *c, uint8_t selection, const char *value)
{
    uint8_t out[64];

    g_assert_cmphex(get(&c->uuid, selection, 0, c->get_size, out), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmpmem(out, c->get_size, value, c->get_size);
}

/* @saved does not matter for a Feature that has no saved value */
static void expect_all(const FeatureCase *c, const char *current,
                       const char *saved)
{
    expect(c, CXL_FEATURE_CURRENT, current);
    expect(c, CXL_FEATURE_DEFAULT, c->get);
    if (c->flags & HAS_SAVED) {
        expect(c, CXL_FEATURE_SAVED, saved);
    } else {
        g_assert_cmphex(get(&c->uuid, CXL_FEATURE_SAVED, 0, 1, NULL), ==,
                        CXL_RET_FEATURE_SELECTION);
    }
}

/* The first power-on of a device: its file is empty */
static void first_power_on(void)
{
    static const uint8_t zeroes[QCXL_NV_SIZE];
    g_autofree char *file = qcxl_file(q, "mem0.nv");

    g_assert_true(g_file_set_contents(file, (const char *)zeroes,
                                      sizeof(zeroes), NULL));
    qcxl_restart(q);
}

/* As Linux reads them: how many there are, then as many as fit, until all */
static void test_supported(void)
{
    struct {
        CXLSupportedFeaturesRsp head;
        CXLFeatureEntry entries[3];
    } rsp;
    CXLGetSupportedFeaturesReq req = { .count = cxl_le32(8) };
    size_t len = sizeof(rsp);
    unsigned n = 0;

    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_SUPPORTED_FEATURES, &req,
                              sizeof(req), &rsp, &len), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(len, ==, 8);
    g_assert_cmpuint(cxl_le16_get(rsp.head.total), ==, ARRAY_SIZE(cases));
    while (n < ARRAY_SIZE(cases)) {
        req.count = cxl_le32(sizeof(rsp));
        req.start = cxl_le16(n);
        len = sizeof(rsp);
        g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_SUPPORTED_FEATURES, &req,
                                  sizeof(req), &rsp, &len), ==,
                        CXL_RET_SUCCESS);
        g_assert_cmpuint(cxl_le16_get(rsp.head.count), ==, 3);
        for (unsigned i = 0; i < 3; i++, n++) {
            g_assert_cmpmem(&rsp.entries[i].uuid, 16, &cases[n].uuid, 16);
            g_assert_cmpuint(cxl_le16_get(rsp.entries[i].get_size), ==,
                             cases[n].get_size);
            g_assert_cmpuint(cxl_le16_get(rsp.entries[i].set_size), ==,
                             cases[n].set_size);
            g_assert_cmphex(cxl_le32_get(rsp.entries[i].flags), ==,
                            cases[n].flags);
            g_assert_cmpuint(rsp.entries[i].set_version, ==,
                             cases[n].version);
        }
    }
    req.start = cxl_le16(n + 1);
    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_SUPPORTED_FEATURES, &req,
                              sizeof(req), NULL, NULL), ==,
                    CXL_RET_INVALID_INPUT);
}

/* Offsets that once read what lies behind a feature, in another device model */
static void test_bounds(const void *opaque)
{
    const FeatureCase *c = opaque;
    static const uint16_t far[] = { 64, 255, 256, 2047, 2048, 32768, 65535 };
    const uint8_t zeroes[64] = { };
    uint8_t out[64];
    size_t len;

    for (unsigned n = 0; n < ARRAY_SIZE(far); n++) {
        for (unsigned selection = 0; selection < 2; selection++) {
            g_assert_cmphex(get(&c->uuid, selection, far[n], 1, NULL), ==,
                            CXL_RET_INVALID_INPUT);
            len = get_some(&c->uuid, selection, 1, far[n], out);
            g_assert_cmpmem(out, len, c->get + 1, c->get_size - 1);
        }
        for (unsigned action = 0; action < 2; action++) {
            g_assert_cmphex(set(&c->uuid, action, c->version, far[n], zeroes,
                                1), ==, CXL_RET_INVALID_INPUT);
            g_assert_cmphex(set(&c->uuid, action, c->version, far[n], zeroes,
                                64), ==, CXL_RET_INVALID_INPUT);
        }
    }
    g_assert_cmpuint(get_some(&c->uuid, 0, c->get_size - 1, 2, out), ==, 1);
    g_assert_cmphex(get(&c->uuid, 0, c->get_size, 1, NULL), ==,
                    CXL_RET_INVALID_INPUT);
    g_assert_cmphex(get(&c->uuid, 3, 0, 1, NULL), ==,
                    CXL_RET_FEATURE_SELECTION);
    g_assert_cmphex(set(&c->uuid, 0, c->version + 1, 0, zeroes, 1), ==,
                    CXL_RET_FEATURE_VERSION);
    expect_all(c, c->get, c->get);
}

/* A value that is saved is there after each reset, and in the next QEMU */
static void test_saved(const void *opaque)
{
    const FeatureCase *c = opaque;
    const char *kept = c->flags & HAS_SAVED ? c->then : c->get;

    g_assert_cmphex(set(&c->uuid, 0, c->version, 0, c->set, c->set_size), ==,
                    CXL_RET_SUCCESS);
    expect_all(c, c->then, c->get);
    qcxl_migrate(q);
    expect_all(c, c->then, c->get);
    qcxl_reset(q);
    expect_all(c, c->get, c->get);

    g_assert_cmphex(set(&c->uuid, CXL_SET_FEATURE_SAVE, c->version, 0, c->set,
                        c->set_size), ==, CXL_RET_SUCCESS);
    qcxl_reset(q);
    expect_all(c, kept, kept);
    qcxl_kill(q);
    expect_all(c, kept, kept);
    qcxl_restart(q);
    expect_all(c, kept, kept);
    first_power_on();
    expect_all(c, c->get, c->get);
}

/* In pieces, another QEMU takes over in between */
static void test_transfer(void)
{
    const FeatureCase *tag = &cases[ARRAY_SIZE(cases) - 1];
    const FeatureCase *scrub = &cases[0];
    const CXLUuid *uuid = &tag->uuid;
    enum { INITIATE = 1, CONTINUE, FINISH, ABORT };

    g_assert_cmphex(set(uuid, CONTINUE, 1, 0, "a", 1), ==,
                    CXL_RET_FEATURE_OUT_OF_ORDER);
    g_assert_cmphex(set(uuid, INITIATE | CXL_SET_FEATURE_SAVE, 1, 0, tag->set,
                        20), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(set(&scrub->uuid, 0, 1, 0, scrub->set, 2), ==,
                    CXL_RET_FEATURE_IN_PROGRESS);
    g_assert_cmphex(set(uuid, CONTINUE, 1, 20, tag->set + 20, 30), ==,
                    CXL_RET_SUCCESS);
    qcxl_migrate(q);
    expect_all(tag, tag->get, tag->get);
    g_assert_cmphex(set(uuid, FINISH, 1, 50, tag->set + 50, 14), ==,
                    CXL_RET_SUCCESS);
    expect_all(tag, tag->then, tag->then);
    g_assert_cmphex(set(uuid, INITIATE, 1, 0, "x", 1), ==, CXL_RET_SUCCESS);
    qcxl_reset(q);
    g_assert_cmphex(set(uuid, FINISH, 1, 1, "y", 1), ==,
                    CXL_RET_FEATURE_OUT_OF_ORDER);
    g_assert_cmphex(set(uuid, INITIATE, 1, 0, "x", 1), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(set(uuid, ABORT, 1, 0, "", 0), ==, CXL_RET_SUCCESS);
    expect_all(tag, tag->then, tag->then);
    first_power_on();
}

static unsigned maintain(uint8_t class, uint8_t subclass, const void *data,
                         size_t len)
{
    g_autofree uint8_t *req = g_malloc(2 + len);

    req[0] = class;
    req[1] = subclass;
    memcpy(req + 2, data, len);
    return qcxl_mbox(mem(), CXL_OP_PERFORM_MAINTENANCE, req, 2 + len, NULL,
                     NULL);
}

static unsigned spare(uint8_t subclass, uint8_t flags)
{
    const CXLSparingReq req = {
        .flags = flags, .channel = 3, .rank = 1, .bank = 5,
        .row = cxl_le24(0x123456), .nibble_mask = cxl_le24(0xf0),
    };

    return maintain(CXL_MAINTENANCE_SPARING, subclass, &req, sizeof(req));
}

static unsigned ppr(uint8_t subclass, uint8_t flags, uint64_t dpa)
{
    const CXLPprReq req = { .flags = flags, .dpa = cxl_le64(dpa) };

    return maintain(CXL_MAINTENANCE_PPR, subclass, &req, sizeof(req));
}

/* A repair interrupts, and its record tells what was done, and what is left */
static void test_sparing(void)
{
    const CXLEventPolicy policy = { .setting = { 1, 1, 1, 1 } };
    CXLMemorySparingEvent e;

    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_SET_EVENT_POLICY, &policy,
                              sizeof(policy), NULL, NULL), ==,
                    CXL_RET_SUCCESS);
    qtest_writel(q->qts, MSI_ADDR, 0);
    qcxl_msix_arm(mem(), CXL_LOG_INFO, MSI_ADDR, MSI_DATA);
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_BANK,
                          CXL_SPARING_NIBBLE_MASK_VALID), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(qtest_readl(q->qts, MSI_ADDR), ==, MSI_DATA);
    g_assert_cmphex(qcxl_read(q, mem()->status + CXL_DEV_EVENT_STATUS, 4), ==,
                    1u << CXL_LOG_INFO);
    g_assert_cmpuint(qcxl_event_take(mem(), CXL_LOG_INFO, &e), ==, 1);
    g_assert_cmpmem(&e.header.uuid, 16, &CXL_UUID_MEMORY_SPARING_EVENT, 16);
    g_assert_cmpuint(e.header.maintenance_class, ==, CXL_MAINTENANCE_SPARING);
    g_assert_cmpuint(e.header.maintenance_subclass, ==,
                     CXL_MAINTENANCE_SPARING_BANK);
    g_assert_cmphex(cxl_le16_get(e.validity), ==, 0x1f);
    g_assert_cmphex(e.channel, ==, 3);
    g_assert_cmphex(e.bank, ==, 5);
    g_assert_cmphex(cxl_le24_get(e.nibble_mask), ==, 0xf0);
    g_assert_cmpuint(cxl_le16_get(e.available), ==, 3);
}

/* Until there is no spare; hard repairs are there in the next QEMU, too */
static void test_exhausted(void)
{
    CXLMemorySparingEvent e;

    first_power_on();
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_RANK, CXL_SPARING_QUERY),
                    ==, CXL_RET_SUCCESS);
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_RANK, 0), ==,
                    CXL_RET_SUCCESS);
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_RANK, 0), ==,
                    CXL_RET_RESOURCES_EXHAUSTED);
    g_assert_cmpuint(qcxl_event_take(mem(), CXL_LOG_WARNING, &e), ==, 1);
    g_assert_cmphex(e.result, ==, CXL_RET_RESOURCES_EXHAUSTED);
    qcxl_reset(q);
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_RANK, CXL_SPARING_QUERY),
                    ==, CXL_RET_RESOURCES_EXHAUSTED);
    qcxl_restart(q);
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_RANK, CXL_SPARING_HARD), ==,
                    CXL_RET_SUCCESS);
    qcxl_kill(q);
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_RANK, CXL_SPARING_QUERY),
                    ==, CXL_RET_RESOURCES_EXHAUSTED);
    first_power_on();
    g_assert_cmphex(spare(CXL_MAINTENANCE_SPARING_RANK, CXL_SPARING_QUERY),
                    ==, CXL_RET_SUCCESS);
}

/* Hard PPR in the background, of an address that the device has */
static void test_hppr(void)
{
    uint64_t reg = mem()->mailbox + CXL_MBOX_BACKGROUND;
    uint64_t status;

    g_assert_cmphex(ppr(CXL_MAINTENANCE_PPR_HARD, 0, 2 * QCXL_UNIT), ==,
                    CXL_RET_INVALID_PA);
    g_assert_cmphex(ppr(CXL_MAINTENANCE_PPR_HARD, 2, 0), ==,
                    CXL_RET_INVALID_INPUT);
    for (unsigned n = 0; n < 8; n++) {
        g_assert_cmphex(ppr(CXL_MAINTENANCE_PPR_HARD, 0, 2 * QCXL_UNIT - 64),
                        ==, CXL_RET_BACKGROUND_STARTED);
        g_assert_cmphex(ppr(CXL_MAINTENANCE_PPR_SOFT, 0, 0), ==, CXL_RET_BUSY);
        qtest_clock_step(q->qts, HPPR_NS);
        status = qcxl_read(q, reg, 8);
        g_assert_cmphex(FIELD_EX64(status, CXL_MBOX_BACKGROUND, OPCODE), ==,
                        CXL_OP_PERFORM_MAINTENANCE);
        g_assert_cmphex(FIELD_EX64(status, CXL_MBOX_BACKGROUND, RETURN_CODE),
                        ==, CXL_RET_SUCCESS);
    }
    g_assert_cmphex(ppr(CXL_MAINTENANCE_PPR_HARD, 0, 0), ==,
                    CXL_RET_RESOURCES_EXHAUSTED);
    qcxl_kill(q);
    g_assert_cmphex(ppr(CXL_MAINTENANCE_PPR_SOFT, CXL_PPR_QUERY, 0), ==,
                    CXL_RET_RESOURCES_EXHAUSTED);
    first_power_on();
}

static void add_each(const char *path, GTestDataFunc test)
{
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_autofree char *name = g_strdup_printf("/cxl/feature/%s/%s", path,
                                                cases[n].name);

        qtest_add_data_func(name, &cases[n], test);
    }
}

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_nv(t, "mem0");
    qcxl_mem(t, "mem0", "rp0", 256, 256, ",nv=mem0.nv");
    qcxl_window(t, 512, NULL, "hb0");
    q = qcxl_boot(t);

    qtest_add_func("/cxl/feature/supported", test_supported);
    add_each("bounds", test_bounds);
    add_each("saved", test_saved);
    qtest_add_func("/cxl/feature/transfer", test_transfer);
    qtest_add_func("/cxl/maintenance/sparing", test_sparing);
    qtest_add_func("/cxl/maintenance/exhausted", test_exhausted);
    qtest_add_func("/cxl/maintenance/hppr", test_hppr);
    ret = g_test_run();
    qcxl_quit(q);
    return ret;
}

/*
 * QTest: what a guest can do to break a memory device
 *
 * Each case does what no driver does, and then the device has to be what it
 * was: its memory holds what was written, and its mailbox answers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "cxl/commands.h"

#define MAGIC           0x5ca1ab1e0ddba11ull
#define HPPR_NS         (1000 * 1000 * 1000LL)
/* Where firmware puts nothing */
#define NOWHERE         0xfd000000u
#define DEVICE_BAR      2
/* PCIe r6.0 6.30.1: dwords of the longest object */
#define DOE_DWORDS_MAX  (1u << 18)
#define STORMS          1000

static QCXL *q;
static GRand *rand_;

static QCXLFn *mem(void)
{
    QCXLFn *fn = qcxl_mem_at(q, 0);

    g_assert_nonnull(fn);
    return fn;
}

static const QCXLComponent *bridge(void)
{
    return &q->bridges[0].comp;
}

static uint64_t window(void)
{
    return q->windows[0].base;
}

static unsigned command(uint16_t opcode, const void *in, size_t len)
{
    return qcxl_mbox(mem(), opcode, in, len, NULL, NULL);
}

static void map(void)
{
    const QCXLDecoder d = { .base = window(), .size = QCXL_UNIT };

    g_assert_true(qcxl_hdm_commit(q, bridge(), 0, &d));
    g_assert_true(qcxl_hdm_commit(q, &mem()->comp, 0, &d));
    qcxl_hdm_enable(q, &mem()->comp, true);
    qcxl_mem_enable(mem(), true);
}

/* A machine as firmware leaves it, with a region, and something in it */
static void begin(void)
{
    qcxl_reset(q);
    map();
    qcxl_write(q, window(), 8, MAGIC);
}

static void check_alive(void)
{
    size_t len = 0;

    g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0,
                              NULL, &len), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(len, ==, sizeof(CXLIdentifyMemRsp));
    g_assert_cmphex(qcxl_read(q, window(), 8), ==, MAGIC);
}

/* Mailbox */

/* LENGTH has 21 bits; the payload registers are smaller than it can say */
static void test_length(void)
{
    const uint32_t max = FIELD_EX64(UINT64_MAX, CXL_MBOX_COMMAND, LENGTH);
    const uint32_t size = qcxl_mbox_payload_size(mem());
    const uint32_t lengths[] = { size + 1, 2 * size, max / 2 + 1, max };

    begin();
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        for (unsigned j = 0; j < ARRAY_SIZE(lengths); j++) {
            g_assert_cmphex(qcxl_mbox_ring(mem(), commands[i].opcode,
                                           lengths[j]), ==,
                            CXL_RET_INVALID_PAYLOAD_LENGTH);
        }
    }
    check_alive();
}

/* Pairs whose sum does not fit in 32 bits, or does so just beyond the end */
static const uint32_t wraps[][2] = {
    { UINT32_MAX, 1 }, { UINT32_MAX, UINT32_MAX }, { 1, UINT32_MAX },
    { UINT32_MAX - 3, 8 }, { 1u << 31, 1u << 31 }, { 4, UINT32_MAX - 3 },
    { UINT32_MAX - 0xffff, 0x10000 },
};

static void test_log_wrap(void)
{
    begin();
    for (unsigned i = 0; i < ARRAY_SIZE(wraps); i++) {
        CXLGetLogReq req = cel_head;

        req.offset = cxl_le32(wraps[i][0]);
        req.length = cxl_le32(wraps[i][1]);
        g_assert_cmphex(command(CXL_OP_GET_LOG, &req, sizeof(req)), ==,
                        CXL_RET_INVALID_INPUT);
    }
    check_alive();
}

static void test_lsa_wrap(void)
{
    struct {
        CXLSetLsaReq head;
        uint8_t data[128];
    } set = { };

    begin();
    for (unsigned i = 0; i < ARRAY_SIZE(wraps); i++) {
        const CXLGetLsaReq get = {
            .offset = cxl_le32(wraps[i][0]), .length = cxl_le32(wraps[i][1]),
        };

        g_assert_cmphex(command(CXL_OP_GET_LSA, &get, sizeof(get)), ==,
                        CXL_RET_INVALID_INPUT);
    }
    for (unsigned i = 1; i <= sizeof(set.data); i++) {
        set.head.offset = cxl_le32(-i);
        g_assert_cmphex(command(CXL_OP_SET_LSA, &set, sizeof(set)), ==,
                        CXL_RET_INVALID_INPUT);
        set.head.offset = cxl_le32(QCXL_LSA_SIZE - sizeof(set.data) + i);
        g_assert_cmphex(command(CXL_OP_SET_LSA, &set, sizeof(set)), ==,
                        CXL_RET_INVALID_INPUT);
    }
    check_alive();
}

static void test_feature_offset(void)
{
    static const uint16_t offsets[] = { 1, 2, 0x7fff, 0x8000, 0xfffe, 0xffff };
    static const uint32_t transfers[] = {
        CXL_SET_FEATURE_FULL, CXL_SET_FEATURE_INITIATE,
        CXL_SET_FEATURE_CONTINUE, CXL_SET_FEATURE_FINISH,
    };
    struct {
        CXLSetFeatureReq head;
        uint8_t data[200];
    } set = { .head = tag_head };

    begin();
    for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
        CXLGetFeatureReq get = scrub_head;
        uint8_t out[256];
        size_t len = sizeof(out);

        get.offset = cxl_le16(offsets[i]);
        get.count = cxl_le16(0xffff);
        g_assert_cmphex(qcxl_mbox(mem(), CXL_OP_GET_FEATURE, &get, sizeof(get),
                                  out, &len), ==,
                        offsets[i] < sizeof(CXLPatrolScrub)
                        ? CXL_RET_SUCCESS : CXL_RET_INVALID_INPUT);
        /* The rest of the Feature, and nothing of what is behind it */
        g_assert_cmpuint(len, ==, offsets[i] < sizeof(CXLPatrolScrub)
                                  ? sizeof(CXLPatrolScrub) - offsets[i] : 0);
        for (unsigned j = 0; j < ARRAY_SIZE(transfers); j++) {
            set.head.offset = cxl_le16(offsets[i]);
            set.head.flags = cxl_le32(transfers[j]);
            g_assert_cmphex(command(CXL_OP_SET_FEATURE, &set, sizeof(set)),
                            !=, CXL_RET_SUCCESS);
        }
    }
    check_alive();
}

/* CXL r3.1 Table 8-54: every value of every log's setting */
static void test_event_policy(void)
{
    begin();
    for (unsigned log = 0; log < CXL_EVENT_LOGS; log++) {
        for (unsigned value = 0; value <= 0xff; value++) {
            CXLEventPolicy policy = { };
            unsigned mode = value & CXL_EVENT_MODE_MASK, ret;

            policy.setting[log] = value;
            ret = command(CXL_OP_SET_EVENT_POLICY, &policy, sizeof(policy));
            if (mode != CXL_EVENT_MODE_NONE && mode != CXL_EVENT_MODE_MSI) {
                g_assert_cmphex(ret, ==, CXL_RET_INVALID_INPUT);
            }
            qtest_qmp_assert_success(q->qts,
                "{'execute': 'cxl-inject-general-media-event', 'arguments': {"
                " 'path': '/machine/peripheral/mem0', 'log': 'fatal',"
                " 'flags': 0, 'dpa': 0, 'descriptor': 1, 'type': 0,"
                " 'transaction-type': 0 }}");
        }
    }
    check_alive();
}

/* More handles than there are, than the length says, and than there may be */
static void test_handles(void)
{
    g_autofree uint8_t *in = g_malloc0(qcxl_mbox_payload_size(mem()));
    CXLClearEventsReq *req = (void *)in;

    begin();
    req->log = CXL_EVENT_LOGS - 1;
    for (unsigned nr = 1; nr <= 0xff; nr++) {
        req->handle_count = nr;
        g_assert_cmphex(command(CXL_OP_CLEAR_EVENT_RECORDS, in, sizeof(*req)),
                        ==, CXL_RET_INVALID_PAYLOAD_LENGTH);
        if (sizeof(*req) + nr * sizeof(CXLLe16) <=
            qcxl_mbox_payload_size(mem())) {
            g_assert_cmphex(command(CXL_OP_CLEAR_EVENT_RECORDS, in,
                                    sizeof(*req) + nr * sizeof(CXLLe16)), ==,
                            CXL_RET_INVALID_HANDLE);
        }
    }
    check_alive();
}

/* Background operations */

static unsigned start_hppr(void)
{
    struct {
        CXLMaintenanceReq head;
        CXLPprReq ppr;
    } req = {
        { CXL_MAINTENANCE_PPR, CXL_MAINTENANCE_PPR_HARD },
        { .dpa = cxl_le64(2 * QCXL_UNIT - 64) },
    };

    return command(CXL_OP_PERFORM_MAINTENANCE, &req, sizeof(req));
}

static uint64_t background(void)
{
    return qcxl_read(q, mem()->mailbox + CXL_MBOX_BACKGROUND, 8);
}

/* Every command, again and again, while one goes on in the background */
static void test_busy(void)
{
    begin();
    g_assert_cmphex(start_hppr(), ==, CXL_RET_BACKGROUND_STARTED);
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        static const uint8_t zeros[64];
        const Command *c = &commands[i];
        bool starts = c->effects & CXL_EFFECT_BACKGROUND;
        const void *req = c->req ?: starts ? zeros : NULL;
        unsigned ret = command(c->opcode, req, req ? c->in_min : 0);

        if (starts) {
            g_assert_cmpuint(c->in_min, <=, sizeof(zeros));
            g_assert_cmphex(ret, ==, CXL_RET_BUSY);
        }
        g_assert_cmphex(FIELD_EX64(background(), CXL_MBOX_BACKGROUND, OPCODE),
                        ==, CXL_OP_PERFORM_MAINTENANCE);
    }
    for (unsigned i = 0; i < 100; i++) {
        qcxl_write(q, mem()->mailbox + CXL_MBOX_CONTROL, 4, UINT32_MAX);
        qcxl_write(q, mem()->mailbox + CXL_MBOX_BACKGROUND, 8, UINT64_MAX);
        qcxl_write(q, mem()->mailbox + CXL_MBOX_STATUS, 8, UINT64_MAX);
    }
    qcxl_write(q, mem()->mailbox + CXL_MBOX_CONTROL, 4, 0);
    qtest_clock_step(q->qts, HPPR_NS);
    g_assert_cmpuint(FIELD_EX64(background(), CXL_MBOX_BACKGROUND, PERCENT),
                     ==, 100);
    /* One of the commands was Secure Erase */
    qcxl_write(q, window(), 8, MAGIC);
    check_alive();
}

/* @off: what to write to the BAR; 0: no memory of the function decodes */
static void unmapped_meanwhile(uint32_t off)
{
    unsigned at = off ? PCI_BASE_ADDRESS_0 + 4 * DEVICE_BAR : PCI_COMMAND;
    uint32_t before;

    begin();
    before = qcxl_config_read(mem(), at, 4);
    g_assert_cmphex(start_hppr(), ==, CXL_RET_BACKGROUND_STARTED);
    qcxl_config_write(mem(), at, 4, off);
    qtest_clock_step(q->qts, HPPR_NS);
    qcxl_config_write(mem(), at, 4, before);
    g_assert_cmpuint(FIELD_EX64(background(), CXL_MBOX_BACKGROUND, PERCENT),
                     ==, 100);
    check_alive();
}

/* Its registers out of reach when the operation ends */
static void test_bar_disabled(void)
{
    unmapped_meanwhile(0);
}

static void test_bar_away(void)
{
    unmapped_meanwhile(NOWHERE);
}

/* The end of an operation must not come to a device that is gone */
static void test_unplug(void)
{
    begin();
    g_assert_cmphex(start_hppr(), ==, CXL_RET_BACKGROUND_STARTED);
    qcxl_slot_eject(qcxl_fn_at(q, QCXL_ROOT_PORT, 0), "mem0");
    g_assert_cmphex(qcxl_read(q, window(), 8), ==, UINT64_MAX);
    qtest_clock_step(q->qts, 2 * HPPR_NS);
    qtest_qmp_device_add(q->qts, "cxl-type3", "mem0",
                         "{'bus': 'rp0', 'volatile-memdev': 'mem0.v',"
                         " 'persistent-memdev': 'mem0.p',"
                         " 'lsa': 'mem0.lsa', 'nv': 'mem0.nv'}");
    qcxl_slot_power_on(qcxl_fn_at(q, QCXL_ROOT_PORT, 0));
    begin();
    check_alive();
}

/* Resets of every kind before the operation ends */
static void test_reset_busy(void)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        begin();
        start_hppr();
        if (kind == 0) {
            qcxl_reset(q);
        } else if (kind == 1) {
            qcxl_bus_reset(mem()->port, true);
        } else {
            qcxl_slot_power_cycle(mem()->port);
        }
        qtest_clock_step(q->qts, 2 * HPPR_NS);
    }
    begin();
    check_alive();
}

/* Where registers are */

static void set_bar(unsigned bar, uint64_t addr)
{
    qcxl_config_write(mem(), PCI_BASE_ADDRESS_0 + 4 * bar, 4, addr);
    qcxl_config_write(mem(), PCI_BASE_ADDRESS_0 + 4 * bar + 4, 4, addr >> 32);
}

static void touch(uint64_t addr)
{
    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned at = 0; at < 64; at++) {
            qcxl_read(q, addr + at, size);
        }
    }
}

/* Registers over the window, over each other, over RAM, ECAM and the end */
static void test_bars(void)
{
    const uint64_t places[] = {
        window(), window() + 64, bridge()->base, mem()->bar[0],
        mem()->bar[DEVICE_BAR], 0, 0x100000, QCXL_ECAM_BASE, NOWHERE,
        UINT64_MAX, 1ull << 51, 1ull << 63,
    };

    begin();
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        for (unsigned bars = 1; bars < 4; bars++) {
            if (bars & 1) {
                set_bar(0, places[i]);
            }
            if (bars & 2) {
                set_bar(DEVICE_BAR, places[i]);
            }
            /* Doorbell and decoders, wherever they are now */
            touch(places[i]);
            touch(places[i] + (mem()->mailbox - mem()->bar[DEVICE_BAR]));
            touch(window());
            set_bar(0, mem()->bar[0]);
            set_bar(DEVICE_BAR, mem()->bar[DEVICE_BAR]);
        }
    }
    check_alive();
}

/* Accesses from one register into the next, which commit and ring on the way */
static void test_across(void)
{
    const uint64_t control = mem()->mailbox + CXL_MBOX_CONTROL;
    const uint64_t decoder = qcxl_hdm_reg(&mem()->comp, 0,
                                          CXL_HDM_CONTROL);

    begin();
    for (unsigned size = 2; size <= 8; size *= 2) {
        for (int at = -7; at < 8; at++) {
            qcxl_write(q, control + at, size, UINT64_MAX);
            qcxl_write(q, decoder + at, size, UINT64_MAX);
            qcxl_write(q, control + at, size, MAGIC);
            qcxl_write(q, decoder + at, size, MAGIC);
            qcxl_read(q, control + at, size);
            qcxl_read(q, decoder + at, size);
        }
    }
    begin();
    check_alive();
}

/* Memory */

/* Writes to decoders in any order, and accesses to what they make of it */
static void test_storm(void)
{
    static const unsigned regs[] = {
        CXL_HDM_BASE_LOW, CXL_HDM_BASE_HIGH, CXL_HDM_SIZE_LOW,
        CXL_HDM_SIZE_HIGH, CXL_HDM_CONTROL, CXL_HDM_SKIP_LOW,
        CXL_HDM_SKIP_HIGH,
    };

    begin();
    for (unsigned i = 0; i < STORMS; i++) {
        const QCXLComponent *comp = i % 2 ? bridge() : &mem()->comp;
        unsigned n = g_rand_int(rand_) % qcxl_hdm_count(q, comp);
        unsigned reg = regs[g_rand_int(rand_) % ARRAY_SIZE(regs)];
        uint32_t value = i % 3 ? g_rand_int(rand_) & 3 : window() >> 32;

        if (reg == CXL_HDM_CONTROL) {
            value = g_rand_int(rand_) & R_CXL_HDM_CONTROL_COMMIT_MASK;
        } else if (reg == CXL_HDM_BASE_LOW || reg == CXL_HDM_SIZE_LOW) {
            value <<= 28;
        }
        qcxl_write(q, qcxl_hdm_reg(comp, n, reg), 4, value);
        qcxl_write(q, window() + QCXL_UNIT / 2, 8, i);
        qcxl_read(q, window() + (uint64_t)(i % 4) * QCXL_UNIT - 4, 8);
    }
    begin();
    check_alive();
}

/* Commit and the opposite, as fast as can be, with data behind it */
static void test_commits(void)
{
    const uint64_t control = qcxl_hdm_reg(&mem()->comp, 0, CXL_HDM_CONTROL);
    uint32_t on;

    begin();
    on = qcxl_read(q, control, 4);
    for (unsigned i = 0; i < STORMS; i++) {
        qcxl_write(q, control, 4, on & ~R_CXL_HDM_CONTROL_COMMIT_MASK);
        g_assert_cmphex(qcxl_read(q, window(), 8), ==, UINT64_MAX);
        qcxl_write(q, control, 4, on | R_CXL_HDM_CONTROL_COMMIT_MASK);
        g_assert_cmphex(qcxl_read(q, window(), 8), ==, MAGIC);
    }
    check_alive();
}

/* Into and out of the region, the device's memory, and the window */
static void test_ends(void)
{
    const uint64_t ends[] = {
        window(), window() + QCXL_UNIT, window() + q->windows[0].size,
    };
    uint8_t data[64];

    begin();
    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            for (int at = -8; at < 0; at++) {
                qcxl_read(q, ends[i] + at, size);
            }
        }
        qtest_memread(q->qts, ends[i] - sizeof(data) / 2, data, sizeof(data));
    }
    qcxl_write(q, window() + QCXL_UNIT - 4, 8, MAGIC);
    g_assert_cmphex(qcxl_read(q, window() + QCXL_UNIT - 4, 4), ==,
                    (uint32_t)MAGIC);
    g_assert_cmphex(qcxl_read(q, window() + QCXL_UNIT, 4), ==, UINT32_MAX);
    check_alive();
}

/* DOE */

/* PCIe r6.0 6.30.1: a length of 0 is 2^18 dwords; and one more than these */
static void test_doe(void)
{
    unsigned doe = qcxl_ext_cap(mem(), PCI_EXT_CAP_ID_DOE);
    const uint32_t head[] = { CXL_VENDOR_ID | CXL_DOE_TABLE_ACCESS << 16, 0 };
    GByteArray *cdat;

    begin();
    for (unsigned dwords = 2; dwords <= DOE_DWORDS_MAX + 2;
         dwords += DOE_DWORDS_MAX) {
        for (unsigned i = 0; i < dwords; i++) {
            qcxl_config_write(mem(), doe + PCI_DOE_WRITE, 4,
                              i < ARRAY_SIZE(head) ? head[i] : 0);
        }
        qcxl_config_write(mem(), doe + PCI_DOE_CTRL, 4, PCI_DOE_CTRL_GO);
        g_assert_cmphex(qcxl_config_read(mem(), doe + PCI_DOE_STATUS, 4) &
                        PCI_DOE_STATUS_DATA_OBJECT_READY, ==, 0);
        qcxl_config_write(mem(), doe + PCI_DOE_CTRL, 4, PCI_DOE_CTRL_ABORT);
        cdat = qcxl_cdat(mem());
        g_assert_cmpuint(cdat->len, >, sizeof(CXLCdatHeader));
        g_byte_array_unref(cdat);
    }
    check_alive();
}

static const struct {
    const char *name;
    void (*test)(void);
} cases[] = {
    { "mailbox/length", test_length },
    { "mailbox/log-wrap", test_log_wrap },
    { "mailbox/lsa-wrap", test_lsa_wrap },
    { "mailbox/feature-offset", test_feature_offset },
    { "mailbox/event-policy", test_event_policy },
    { "mailbox/handles", test_handles },
    { "background/busy", test_busy },
    { "background/bar-disabled", test_bar_disabled },
    { "background/bar-away", test_bar_away },
    { "background/unplug", test_unplug },
    { "background/reset", test_reset_busy },
    { "registers/bars", test_bars },
    { "registers/across", test_across },
    { "memory/storm", test_storm },
    { "memory/commits", test_commits },
    { "memory/ends", test_ends },
    { "doe/length", test_doe },
};

int main(int argc, char **argv)
{
    QCXLTopology *t;
    int ret;

    g_test_init(&argc, &argv, NULL);
    t = qcxl_topology();
    qcxl_bridge(t, "hb0", 16, "");
    qcxl_root_port(t, "rp0", "hb0", "");
    qcxl_root_port(t, "rp1", "hb0", "");
    qcxl_nv(t, "mem0");
    qcxl_mem(t, "mem0", "rp0", 256, 256, ",nv=mem0.nv");
    qcxl_window(t, 1024, NULL, "hb0");
    q = qcxl_boot(t);
    rand_ = g_rand_new_with_seed(1);

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        g_autofree char *path = g_strdup_printf("/cxl/abuse/%s",
                                                cases[i].name);

        qtest_add_func(path, cases[i].test);
    }
    ret = g_test_run();
    g_rand_free(rand_);
    qcxl_quit(q);
    return ret;
}

/*
 * The command dispatcher and background operations, on a table of their own
 *
 * Sources: hw/cxl/cci/cci.c hw/cxl/cci/background.c
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/cci/background.h"
#include "cxl-unit.h"

#define ROOM        64
#define ESTIMATE_MS 200
#define SENTINEL    0xa5

enum {
    OP_PLAIN = 0x1000,
    OP_COUNTED,
    OP_REST,
    OP_REST_LIMITED,
    OP_OVERRUN,
    OP_MEDIA,
    OP_BACKGROUND,
    OP_BACKGROUND_REFUSED,
    OP_ABORTABLE,
    OP_FLOOD,
    OP_FAIL,
    OP_VARIED,
    OP_NOTHING = 0x1100,
};

/* What handlers saw, and what the owner was told */
typedef struct Fixture {
    CXLCCI cci;
    unsigned calls;
    uint32_t tail;
    uint32_t sum;
    unsigned finishes;
    unsigned cancels;
    unsigned dones;
    bool media_disabled;
    uint8_t out[ROOM + 1];
    uint32_t out_len;
} Fixture;

static uint32_t fixed_size(uint16_t opcode);
static uint32_t tail_size(uint16_t opcode);

/* Read every byte of the request: a short copy does not survive ASan */
static void look(const CXLCall *call, uint16_t opcode)
{
    Fixture *f = call->state;
    const uint8_t *req = call->req;
    uint32_t len = fixed_size(opcode) + call->tail * tail_size(opcode);

    f->calls++;
    f->tail = call->tail;
    f->sum = 0;
    for (uint32_t i = 0; i < len; i++) {
        f->sum += req[i];
    }
}

#define LOOKS(name, opcode)                                             \
static CXLRet name(const CXLCall *call, CXLRsp *rsp)                    \
{                                                                       \
    look(call, opcode);                                                 \
    return CXL_RET_SUCCESS;                                             \
}
LOOKS(cmd_plain, OP_PLAIN)
LOOKS(cmd_counted, OP_COUNTED)
LOOKS(cmd_rest, OP_REST)
LOOKS(cmd_rest_limited, OP_REST_LIMITED)
LOOKS(cmd_media, OP_MEDIA)

/* The row allows 8 bytes and no more, however they are asked for */
static CXLRet cmd_overrun(const CXLCall *call, CXLRsp *rsp)
{
    uint32_t *first = cxl_rsp_add(rsp, 4);

    g_assert_cmpuint(*first, ==, 0);
    g_assert_cmpuint(cxl_rsp_room(rsp), ==, 4);
    g_assert_null(cxl_rsp_add(rsp, 5));
    g_assert_null(cxl_rsp_add(rsp, UINT32_MAX));
    g_assert_nonnull(cxl_rsp_add(rsp, 4));
    g_assert_null(cxl_rsp_add(rsp, 1));
    g_assert_nonnull(cxl_rsp_add(rsp, 0));
    g_assert_cmpuint(cxl_rsp_room(rsp), ==, 0);
    *first = 0x01010101;
    return CXL_RET_SUCCESS;
}

static CXLRet cmd_flood(const CXLCall *call, CXLRsp *rsp)
{
    uint8_t *byte;

    while ((byte = cxl_rsp_add(rsp, 1))) {
        *byte = 0x5a;
    }
    return CXL_RET_SUCCESS;
}

static CXLRet cmd_fail(const CXLCall *call, CXLRsp *rsp)
{
    memset(cxl_rsp_add(rsp, 16), 0xff, 16);
    return CXL_RET_INTERNAL_ERROR;
}

static CXLRet cmd_background(const CXLCall *call, CXLRsp *rsp)
{
    *(uint8_t *)cxl_rsp_add(rsp, 1) = 0x77;
    return CXL_RET_BACKGROUND_STARTED;
}

static CXLRet cmd_background_refused(const CXLCall *call, CXLRsp *rsp)
{
    return CXL_RET_INVALID_INPUT;
}

static CXLRet finish(void *state)
{
    ((Fixture *)state)->finishes++;
    return CXL_RET_PERMANENT_MEDIA_FAILURE;
}

static void cancel(void *state)
{
    ((Fixture *)state)->cancels++;
}

static uint32_t estimate(void *state)
{
    return ESTIMATE_MS;
}

/* A longer request, with an answer, that needs nothing */
static CXLRet cmd_variant(const CXLCall *call, CXLRsp *rsp)
{
    g_assert_cmpuint(((const uint8_t *)call->req)[4], ==, 1);
    g_assert_nonnull(cxl_rsp_add(rsp, 3));
    return CXL_RET_SUCCESS;
}

/* By the second of the two bytes that there are in any case */
static const CXLCmd *vary(const void *req)
{
    static const CXLCmd variant = {
        .opcode = OP_VARIED, .name = "variant", .in_min = 5, .out_max = 3,
        .handler = cmd_variant,
    };

    return ((const uint8_t *)req)[1] ? &variant : NULL;
}

/* Not in the order of opcodes: the dispatcher sorts */
static const CXLCmd rows[] = {
    { .opcode = OP_FAIL, .name = "fail", .out_max = 16,
      .handler = cmd_fail },
    { .opcode = OP_PLAIN, .name = "plain", .in_min = 4,
      .handler = cmd_plain },
    { .opcode = OP_COUNTED, .name = "counted", .in_min = 6,
      .tail = CXL_TAIL_COUNTED, .count_offset = 2, .count_width = 2,
      .tail_size = 3, .handler = cmd_counted },
    { .opcode = OP_REST, .name = "rest", .in_min = 2,
      .tail = CXL_TAIL_REST, .tail_size = 4, .handler = cmd_rest },
    { .opcode = OP_REST_LIMITED, .name = "rest-limited", .in_min = 1,
      .tail = CXL_TAIL_REST, .tail_size = 1, .tail_max = 2,
      .handler = cmd_rest_limited },
    { .opcode = OP_OVERRUN, .name = "overrun", .out_max = 8,
      .handler = cmd_overrun },
    { .opcode = OP_FLOOD, .name = "flood", .out_max = UINT32_MAX,
      .handler = cmd_flood },
    { .opcode = OP_MEDIA, .name = "media", .flags = CXL_CMD_NEEDS_MEDIA,
      .handler = cmd_media },
    { .opcode = OP_BACKGROUND, .name = "background", .out_max = 1,
      .flags = CXL_CMD_BACKGROUND, .handler = cmd_background,
      .finish = finish, .estimate_ms = estimate },
    { .opcode = OP_BACKGROUND_REFUSED, .name = "background-refused",
      .flags = CXL_CMD_BACKGROUND, .handler = cmd_background_refused,
      .finish = finish, .estimate_ms = estimate },
    { .opcode = OP_VARIED, .name = "varied", .in_min = 2, .out_max = 1,
      .flags = CXL_CMD_BACKGROUND | CXL_CMD_NEEDS_MEDIA, .variant = vary,
      .handler = cmd_background, .finish = finish, .estimate_ms = estimate },
    { .opcode = OP_ABORTABLE, .name = "abortable", .out_max = 1,
      .flags = CXL_CMD_BACKGROUND | CXL_CMD_ABORTABLE,
      .handler = cmd_background, .finish = finish, .cancel = cancel,
      .estimate_ms = estimate },
};

static const CXLCmd *row_of(uint16_t opcode)
{
    unsigned n = 0;

    while (rows[n].opcode != opcode) {
        g_assert_cmpuint(++n, <, ARRAY_SIZE(rows));
    }
    return &rows[n];
}

static uint32_t fixed_size(uint16_t opcode)
{
    return row_of(opcode)->in_min;
}

static uint32_t tail_size(uint16_t opcode)
{
    return row_of(opcode)->tail_size;
}

static bool is_media_disabled(void *opaque)
{
    return ((Fixture *)opaque)->media_disabled;
}

static void background_done(void *opaque)
{
    ((Fixture *)opaque)->dones++;
}

static const CXLCCIOps ops = {
    .media_disabled = is_media_disabled,
    .background_done = background_done,
};

static void init(Fixture *f)
{
    *f = (Fixture) { };
    cxl_cci_init(&f->cci, &ops, f, ROOM);
    cxl_cci_add(&f->cci, rows, ARRAY_SIZE(rows), f);
}

/* Send @len bytes, @count of them in the place where OP_COUNTED counts */
static CXLRet request_count(Fixture *f, uint16_t opcode, uint32_t len,
                         uint16_t count)
{
    g_autofree uint8_t *in = g_malloc(len);
    CXLRet ret;

    for (uint32_t i = 0; i < len; i++) {
        in[i] = 1;
    }
    if (opcode == OP_COUNTED && len >= 4) {
        in[2] = count;
        in[3] = count >> 8;
    }
    memset(f->out, SENTINEL, sizeof(f->out));
    f->out_len = UINT32_MAX;
    ret = cxl_cci_execute(&f->cci, opcode, in, len, f->out, &f->out_len);
    g_assert_cmpuint(f->out_len, <=, ROOM);
    for (uint32_t i = f->out_len; i < sizeof(f->out); i++) {
        g_assert_cmpuint(f->out[i], ==, SENTINEL);
    }
    return ret;
}

static CXLRet request(Fixture *f, uint16_t opcode, uint32_t len)
{
    return request_count(f, opcode, len, 0);
}

/* A request that fits is handled with its whole tail; another never is */
static void expect(Fixture *f, uint16_t opcode, uint32_t len, uint16_t count,
                   bool fits, uint32_t tail)
{
    unsigned calls = f->calls;
    CXLRet ret = request_count(f, opcode, len, count);

    g_assert_cmpuint(ret, ==, fits ? CXL_RET_SUCCESS
                                   : CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmpuint(f->calls, ==, calls + fits);
    if (fits) {
        g_assert_cmpuint(f->tail, ==, tail);
    }
}

static void test_plain(void)
{
    Fixture f;

    init(&f);
    for (uint32_t len = 0; len <= ROOM + 2; len++) {
        expect(&f, OP_PLAIN, len, 0, len == 4, 0);
        expect(&f, OP_MEDIA, len, 0, len == 0, 0);
    }
    g_assert_cmpuint(request(&f, OP_PLAIN, 4), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(f.sum, ==, 4);
    cxl_cci_destroy(&f.cci);
}

static void test_counted(void)
{
    static const uint16_t counts[] = { 0, 1, 2, 19, 20, 21, 255, 256, 65535 };
    Fixture f;

    init(&f);
    for (unsigned c = 0; c < ARRAY_SIZE(counts); c++) {
        uint32_t need = 6 + 3 * counts[c];

        for (uint32_t len = 0; len <= ROOM + 8; len++) {
            expect(&f, OP_COUNTED, len, counts[c],
                   len == need && len <= ROOM, counts[c]);
        }
        if (need > ROOM) {
            expect(&f, OP_COUNTED, need, counts[c], false, 0);
        }
    }
    cxl_cci_destroy(&f.cci);
}

static void test_rest(void)
{
    Fixture f;

    init(&f);
    for (uint32_t len = 0; len <= ROOM + 8; len++) {
        expect(&f, OP_REST, len, 0,
               len >= 2 && len <= ROOM && (len - 2) % 4 == 0, (len - 2) / 4);
        expect(&f, OP_REST_LIMITED, len, 0, len >= 1 && len <= 3, len - 1);
    }
    expect(&f, OP_REST, 1024 * 1024 + 2, 0, false, 0);
    cxl_cci_destroy(&f.cci);
}

static void test_cursor(void)
{
    Fixture f;

    init(&f);
    g_assert_cmpuint(request(&f, OP_OVERRUN, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(f.out_len, ==, 8);
    g_assert_cmpuint(f.out[0], ==, 1);
    g_assert_cmpuint(f.out[7], ==, 0);
    g_assert_cmpuint(request(&f, OP_FLOOD, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(f.out_len, ==, ROOM);
    g_assert_cmpuint(f.out[ROOM - 1], ==, 0x5a);
    /* What a handler wrote before it failed never gets out */
    g_assert_cmpuint(request(&f, OP_FAIL, 0), ==, CXL_RET_INTERNAL_ERROR);
    g_assert_cmpuint(f.out_len, ==, 0);
    cxl_cci_destroy(&f.cci);
}

static void test_unsupported(void)
{
    Fixture f;

    init(&f);
    for (uint32_t opcode = 0; opcode <= UINT16_MAX; opcode++) {
        if (!cxl_cci_find(&f.cci, opcode, NULL)) {
            g_assert_cmpuint(request(&f, opcode, opcode % 5), ==,
                             CXL_RET_UNSUPPORTED);
            g_assert_cmpuint(f.out_len, ==, 0);
        }
    }
    g_assert_cmpuint(request(&f, OP_NOTHING, ROOM + 1), ==,
                     CXL_RET_UNSUPPORTED);
    cxl_cci_destroy(&f.cci);
}

static void test_order(void)
{
    const CXLCmd *row;
    uint16_t last = 0;
    unsigned n;
    Fixture f;

    init(&f);
    for (n = 0; (row = cxl_cci_command(&f.cci, n)); n++) {
        void *state = NULL;

        g_assert_cmpuint(row->opcode, >, last);
        g_assert(cxl_cci_find(&f.cci, row->opcode, &state) == row);
        g_assert(state == &f);
        last = row->opcode;
    }
    g_assert_cmpuint(n, ==, ARRAY_SIZE(rows));
    g_assert_null(cxl_cci_command(&f.cci, UINT_MAX));
    cxl_cci_destroy(&f.cci);
}

static void test_media_disabled(void)
{
    Fixture f;

    init(&f);
    f.media_disabled = true;
    g_assert_cmpuint(request(&f, OP_MEDIA, 0), ==, CXL_RET_MEDIA_DISABLED);
    g_assert_cmpuint(f.calls, ==, 0);
    g_assert_cmpuint(request(&f, OP_MEDIA, 1), ==,
                     CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmpuint(request(&f, OP_PLAIN, 4), ==, CXL_RET_SUCCESS);
    f.media_disabled = false;
    g_assert_cmpuint(request(&f, OP_MEDIA, 0), ==, CXL_RET_SUCCESS);
    cxl_cci_destroy(&f.cci);
}

static void test_background(void)
{
    CXLBackground *b;
    Fixture f;

    init(&f);
    b = &f.cci.background;
    g_assert_cmpuint(cxl_cci_background_percent(&f.cci), ==, 0);
    g_assert_cmpuint(request(&f, OP_BACKGROUND_REFUSED, 0), ==,
                     CXL_RET_INVALID_INPUT);
    g_assert_false(b->running);
    g_assert_cmpuint(request(&f, OP_BACKGROUND, 0), ==,
                     CXL_RET_BACKGROUND_STARTED);
    g_assert_cmpuint(f.out_len, ==, 1);
    g_assert_cmpuint(f.out[0], ==, 0x77);
    g_assert_true(b->running);
    g_assert_cmpuint(b->opcode, ==, OP_BACKGROUND);
    for (unsigned ms = 0; ms < ESTIMATE_MS; ms++) {
        g_assert_cmpuint(cxl_cci_background_percent(&f.cci), ==, ms / 2);
        g_assert_cmpuint(request(&f, OP_BACKGROUND, 0), ==, CXL_RET_BUSY);
        g_assert_cmpuint(request(&f, OP_BACKGROUND_REFUSED, 0), ==,
                         CXL_RET_BUSY);
        g_assert_cmpuint(request(&f, OP_PLAIN, 4), ==, CXL_RET_SUCCESS);
        g_assert_cmpuint(f.finishes, ==, 0);
        cxl_unit_sleep(1);
    }
    g_assert_cmpuint(f.finishes, ==, 1);
    g_assert_cmpuint(f.dones, ==, 1);
    g_assert_false(b->running);
    g_assert_cmpuint(b->opcode, ==, OP_BACKGROUND);
    g_assert_cmpuint(b->ret, ==, CXL_RET_PERMANENT_MEDIA_FAILURE);
    g_assert_cmpuint(cxl_cci_background_percent(&f.cci), ==, 100);
    g_assert_cmpuint(request(&f, OP_BACKGROUND, 0), ==,
                     CXL_RET_BACKGROUND_STARTED);
    g_assert_cmpuint(b->ret, ==, CXL_RET_SUCCESS);
    cxl_cci_destroy(&f.cci);
}

static void test_background_reset(void)
{
    Fixture f;

    init(&f);
    request(&f, OP_BACKGROUND, 0);
    cxl_unit_sleep(ESTIMATE_MS / 2);
    cxl_cci_reset(&f.cci);
    g_assert_false(f.cci.background.running);
    g_assert_cmpuint(f.cci.background.opcode, ==, 0);
    g_assert_cmpuint(cxl_cci_background_percent(&f.cci), ==, 0);
    cxl_unit_sleep(ESTIMATE_MS);
    g_assert_cmpuint(f.finishes + f.dones, ==, 0);
    g_assert_cmpuint(request(&f, OP_BACKGROUND, 0), ==,
                     CXL_RET_BACKGROUND_STARTED);
    cxl_cci_destroy(&f.cci);
}

/* What ends early is undone once, whoever ends it, and never finishes */
static void test_background_cancel(void)
{
    Fixture f;

    init(&f);
    g_assert_true(cxl_cci_background_abort(&f.cci));
    g_assert_cmpuint(f.dones, ==, 0);
    request(&f, OP_BACKGROUND, 0);
    g_assert_false(cxl_cci_background_abort(&f.cci));
    g_assert_true(f.cci.background.running);
    cxl_cci_reset(&f.cci);

    request(&f, OP_ABORTABLE, 0);
    cxl_unit_sleep(ESTIMATE_MS / 2);
    g_assert_true(cxl_cci_background_abort(&f.cci));
    g_assert_false(f.cci.background.running);
    g_assert_cmpuint(f.cci.background.ret, ==, CXL_RET_ABORTED);
    g_assert_cmpuint(cxl_cci_background_percent(&f.cci), ==, 100);
    g_assert_cmpuint(f.cancels, ==, 1);
    g_assert_cmpuint(f.dones, ==, 1);

    request(&f, OP_ABORTABLE, 0);
    cxl_cci_reset(&f.cci);
    g_assert_cmpuint(f.cci.background.opcode, ==, 0);
    g_assert_cmpuint(f.cancels, ==, 2);
    g_assert_cmpuint(f.dones, ==, 1);
    cxl_unit_sleep(2 * ESTIMATE_MS);
    g_assert_cmpuint(f.finishes, ==, 0);
    cxl_cci_destroy(&f.cci);
}

static int migrate(Fixture *from, Fixture *to)
{
    return cxl_unit_migrate(&vmstate_cxl_cci, &from->cci, &to->cci);
}

static void test_background_migration(void)
{
    Fixture from, to;

    init(&from);
    init(&to);
    request(&from, OP_BACKGROUND, 0);
    cxl_unit_sleep(50);
    g_assert_cmpint(migrate(&from, &to), ==, 0);
    g_assert_true(to.cci.background.running);
    g_assert_cmpuint(cxl_cci_background_percent(&to.cci), ==, 25);
    cxl_cci_reset(&from.cci);
    cxl_unit_sleep(149);
    g_assert_cmpuint(to.dones, ==, 0);
    cxl_unit_sleep(1);
    g_assert_cmpuint(to.finishes, ==, 1);
    g_assert_cmpuint(to.dones, ==, 1);
    g_assert_cmpuint(from.dones, ==, 0);
    cxl_cci_destroy(&from.cci);
    cxl_cci_destroy(&to.cci);
}

/* States that no device of ours saves are refused, and leave nothing armed */
static void test_background_bad_load(void)
{
    static const CXLBackground bad[] = {
        { .running = true },
        { .running = true, .opcode = OP_PLAIN },
        { .running = true, .opcode = OP_NOTHING },
        { .running = true, .opcode = OP_BACKGROUND, .start_ns = -1 },
        { .running = true, .opcode = OP_BACKGROUND, .start_ns = 2,
          .end_ns = 1 },
        { .running = true, .opcode = OP_BACKGROUND, .start_ns = INT64_MIN,
          .end_ns = INT64_MAX },
        { .running = true, .opcode = OP_BACKGROUND, .end_ns = INT64_MAX },
    };

    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        CXLBackground *b;
        Fixture from, to;
        QEMUTimer *timer;

        init(&from);
        init(&to);
        b = &from.cci.background;
        timer = b->timer;
        *b = bad[n];
        b->timer = timer;
        g_assert_cmpint(migrate(&from, &to), ==, -EINVAL);
        g_assert_false(to.cci.background.running);
        g_assert_false(timer_pending(to.cci.background.timer));
        cxl_cci_destroy(&from.cci);
        cxl_cci_destroy(&to.cci);
    }
}

static CXLRet request_varied(Fixture *f, uint8_t second, uint32_t len)
{
    const uint8_t bytes[ROOM + 2] = { 1, second, 1, 1, 1 };
    g_autofree uint8_t *in = g_memdup2(bytes, len);

    return cxl_cci_execute(&f->cci, OP_VARIED, in, len, f->out, &f->out_len);
}

/* A row and its variant have lengths, needs and answers of their own */
static void test_variant(void)
{
    Fixture f;

    init(&f);
    for (uint32_t len = 0; len <= ROOM + 2; len++) {
        g_assert_cmphex(request_varied(&f, 1, len), ==,
                        len == 5 ? CXL_RET_SUCCESS
                                 : CXL_RET_INVALID_PAYLOAD_LENGTH);
        g_assert_cmpuint(f.out_len, ==, len == 5 ? 3 : 0);
        g_assert_cmphex(request_varied(&f, 0, len), ==,
                        len == 2 ? CXL_RET_BACKGROUND_STARTED
                                 : CXL_RET_INVALID_PAYLOAD_LENGTH);
        cxl_background_reset(&f.cci);
    }
    f.media_disabled = true;
    g_assert_cmphex(request_varied(&f, 1, 5), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(request_varied(&f, 0, 2), ==, CXL_RET_MEDIA_DISABLED);
    f.media_disabled = false;
    g_assert_cmphex(request_varied(&f, 0, 2), ==, CXL_RET_BACKGROUND_STARTED);
    g_assert_cmphex(request_varied(&f, 1, 5), ==, CXL_RET_SUCCESS);
    g_assert_cmphex(request_varied(&f, 0, 2), ==, CXL_RET_BUSY);
    cxl_cci_destroy(&f.cci);
}

int main(int argc, char **argv)
{
    cxl_unit_init(&argc, &argv);
    g_test_add_func("/cxl/cci/length/plain", test_plain);
    g_test_add_func("/cxl/cci/length/counted", test_counted);
    g_test_add_func("/cxl/cci/length/rest", test_rest);
    g_test_add_func("/cxl/cci/variant", test_variant);
    g_test_add_func("/cxl/cci/cursor", test_cursor);
    g_test_add_func("/cxl/cci/unsupported", test_unsupported);
    g_test_add_func("/cxl/cci/order", test_order);
    g_test_add_func("/cxl/cci/media-disabled", test_media_disabled);
    g_test_add_func("/cxl/cci/background/run", test_background);
    g_test_add_func("/cxl/cci/background/reset", test_background_reset);
    g_test_add_func("/cxl/cci/background/cancel", test_background_cancel);
    g_test_add_func("/cxl/cci/background/migration",
                    test_background_migration);
    g_test_add_func("/cxl/cci/background/bad-load",
                    test_background_bad_load);
    return g_test_run();
}

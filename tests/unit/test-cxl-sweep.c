/*
 * Every command of a memory device, at every length, with boundary values
 *
 * What is sent follows from the rows, so that a command is covered as soon as
 * a device offers it. Requests and answers are in allocations of just their
 * size: with AddressSanitizer, one byte too many ends the test.
 *
 * Sources: hw/cxl/cci/ and what a device needs
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"
#include "hw/cxl/spec/payloads-features.h"

/* CXL r3.1 8.2.8.4.5: Payload Length has 20 bits */
#define LENGTH_MAX  0xfffffu
/* Payloads: zeroes, ones, and random bytes in a few ways */
#define KINDS       18
/* Bytes of a tail that boundary values go into */
#define TAIL_BYTES  32

/*
 * Commands whose length follows from what they do, too: right is what the
 * row allows, and some of that is wrong
 */
static const uint16_t narrower[] = { CXL_OP_PERFORM_MAINTENANCE };

/* What requests of 16 bytes and more begin with, lest all be unknown */
static const CXLUuid uuids[] = {
    CXL_UUID_COMMAND_EFFECTS_LOG,
    CXL_UUID_VENDOR_DEBUG_LOG,
    CXL_UUID_COMPONENT_STATE_DUMP,
    CXL_UUID_PATROL_SCRUB,
    CXL_UUID_ASSET_TAG,
};

static unsigned requests;

/* Let a background operation end, or end it */
static void settle(Device *d)
{
    CXLBackground *b = &d->cci.background;

    if (b->running && requests & 1) {
        cxl_cci_background_abort(&d->cci);
    }
    while (b->running) {
        virtual_ns = MAX(virtual_ns, b->end_ns);
        qemu_clock_run_timers(QEMU_CLOCK_VIRTUAL);
    }
}

/* Send @len bytes, of which @buf has those that a mailbox can hold */
static CXLRet send_request(Device *d, uint16_t opcode, const uint8_t *buf,
                   uint32_t len)
{
    const CXLCmd *row = cxl_cci_find(&d->cci, opcode, NULL);
    uint32_t room = d->cci.response_max;
    g_autofree uint8_t *in = g_memdup2(buf, MIN(len, ROOM));
    g_autofree uint8_t *out = g_malloc(ROOM);
    uint32_t out_len = UINT32_MAX;
    CXLRet ret = cxl_cci_execute(&d->cci, opcode, in, len, out, &out_len);

    requests++;
    if (ret == CXL_RET_SUCCESS || ret == CXL_RET_BACKGROUND_STARTED) {
        g_assert_nonnull(row);
        row = cxl_cci_variant(row, buf, MIN(len, ROOM));
        g_assert_cmpuint(out_len, <=, MIN(row->out_max, room));
    } else {
        g_assert_cmpuint(ret, <=, CXL_RET_BACKGROUND_ABORT_REFUSED);
        g_assert_cmpuint(out_len, ==, 0);
    }
    settle(d);
    return ret;
}

static uint32_t load(const uint8_t *from, unsigned width)
{
    uint32_t value = 0;

    while (width--) {
        value = value << 8 | from[width];
    }
    return value;
}

static void store(uint8_t *to, unsigned width, uint64_t value)
{
    for (unsigned n = 0; n < width; n++) {
        to[n] = value >> 8 * n;
    }
}

/* CXL r3.1 8.2.8.4.5.1: whether @len bytes, the first in @buf, are right */
static bool is_right(const CXLCmd *row, const uint8_t *buf, uint32_t len)
{
    uint32_t max;

    row = cxl_cci_variant(row, buf, MIN(len, ROOM));
    max = row->in_min;
    if (row->tail == CXL_TAIL_COUNTED) {
        uint64_t count = load(buf + row->count_offset, row->count_width);

        return len <= ROOM && len == row->in_min + count * row->tail_size;
    }
    if (row->tail == CXL_TAIL_REST) {
        max = row->tail_max ? MIN(ROOM, max + row->tail_max * row->tail_size)
                            : ROOM;
        return len >= row->in_min && len <= max &&
               (len - row->in_min) % row->tail_size == 0;
    }
    return len == max;
}

static bool is_narrower(uint16_t opcode)
{
    for (unsigned n = 0; n < ARRAY_SIZE(narrower); n++) {
        if (narrower[n] == opcode) {
            return true;
        }
    }
    return false;
}

static bool check_length(Device *d, const CXLCmd *row, const uint8_t *buf,
                         uint32_t len)
{
    bool right = is_right(row, buf, len);
    CXLRet ret = send_request(d, row->opcode, buf, len);

    if (!right) {
        g_assert_cmphex(ret, ==, CXL_RET_INVALID_PAYLOAD_LENGTH);
    } else if (!is_narrower(row->opcode)) {
        g_assert_cmphex(ret, !=, CXL_RET_INVALID_PAYLOAD_LENGTH);
    }
    g_assert_cmphex(ret, !=, CXL_RET_UNSUPPORTED);
    return right;
}

/* Make a count that a request has agree with its length, where it can */
static void count_tail(const CXLCmd *row, uint8_t *buf, uint32_t len)
{
    if (row->tail == CXL_TAIL_COUNTED && len >= row->in_min) {
        store(buf + row->count_offset, row->count_width,
              (len - row->in_min) / row->tail_size);
    }
}

static void fill(uint8_t *buf, unsigned kind)
{
    for (unsigned i = 0; i < ROOM; i++) {
        buf[i] = kind == 0 ? 0 : kind == 1 ? 0xff : g_test_rand_int();
    }
}

static void sweep_lengths(Device *d, const CXLCmd *row, uint8_t *buf)
{
    static const uint32_t far[] = { 4096, 65535, LENGTH_MAX };
    unsigned right = 0;

    for (uint32_t len = 0; len <= ROOM + 4; len++) {
        check_length(d, row, buf, len);
        count_tail(row, buf, len);
        right += check_length(d, row, buf, len);
    }
    for (unsigned n = 0; n < ARRAY_SIZE(far); n++) {
        g_assert_false(check_length(d, row, buf, far[n]));
    }
    g_assert_cmpuint(right, >, 0);
}

static void test_lengths(void)
{
    Device *d = new_device();
    unsigned before = requests;
    uint8_t buf[ROOM];
    const CXLCmd *row;

    for (unsigned n = 0; (row = cxl_cci_command(&d->cci, n)); n++) {
        for (unsigned kind = 0; kind < KINDS; kind++) {
            fill(buf, kind);
            sweep_lengths(d, row, buf);
        }
    }
    g_test_message("%u requests", requests - before);
    free_device(d);
}

/**
 * Field: what a field of @width bytes is set to
 */
typedef struct Field {
    unsigned width;
    const uint64_t *values;
    unsigned nr;
} Field;

static const uint64_t values64[] = {
    0, 1, 63, 64, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 63, 1ull << 63,
    (1ull << 63) - 1, VMEM - 64, VMEM, VMEM + 64, VMEM + PMEM - 64,
    VMEM + PMEM - 1, VMEM + PMEM, VMEM + PMEM + 64, (VMEM + PMEM) / 64 - 1,
    (VMEM + PMEM) / 64, (VMEM + PMEM) / 64 + 1, UINT64_MAX / 64,
    UINT64_MAX / 64 + 1,
};
static const uint64_t values32[] = {
    0, 1, UINT32_MAX, UINT32_MAX - 1, 1u << 31, (1u << 31) - 1, ROOM, ROOM + 1,
    LSA - 1, LSA, LSA + 1,
};
static const uint64_t values16[] = {
    0, 1, UINT16_MAX, UINT16_MAX - 1, 1u << 15, DEPTH, ROOM, ROOM + 1,
};
static const Field fields[] = {
    { 8, values64, ARRAY_SIZE(values64) },
    { 4, values32, ARRAY_SIZE(values32) },
    { 2, values16, ARRAY_SIZE(values16) },
};

/* Every value at @at, along with each one in the field after it */
static void sweep_field(Device *d, const CXLCmd *row, const uint8_t *base,
                        uint32_t len, const Field *f, uint32_t at)
{
    uint8_t buf[ROOM];
    bool two = at + 2 * f->width <= len;

    memcpy(buf, base, ROOM);
    for (unsigned i = 0; i < f->nr; i++) {
        for (unsigned j = 0; j < (two ? f->nr : 1); j++) {
            store(buf + at, f->width, f->values[i]);
            if (two) {
                store(buf + at + f->width, f->width, f->values[j]);
            }
            count_tail(row, buf, len);
            g_assert_true(check_length(d, row, buf, len) ||
                          cxl_cci_variant(row, buf, len) != row);
        }
    }
}

static void sweep_fields(Device *d, const CXLCmd *row, const uint8_t *base,
                         uint32_t len)
{
    for (unsigned n = 0; n < ARRAY_SIZE(fields); n++) {
        const Field *f = &fields[n];

        for (uint32_t at = 0; at + f->width <= len; at += f->width) {
            sweep_field(d, row, base, len, f, at);
        }
    }
}

/* A request of this command that has room for fields in its tail */
static uint32_t sample_length(const CXLCmd *row)
{
    uint32_t elements;

    if (row->tail == CXL_TAIL_NONE) {
        return row->in_min;
    }
    elements = MAX(1, TAIL_BYTES / row->tail_size);
    if (row->tail == CXL_TAIL_REST && row->tail_max) {
        elements = MIN(elements, row->tail_max);
    }
    return row->in_min + elements * row->tail_size;
}

static void test_fields(void)
{
    Device *d = new_device();
    unsigned before = requests;
    uint8_t base[ROOM];
    const CXLCmd *row;

    for (unsigned n = 0; (row = cxl_cci_command(&d->cci, n)); n++) {
        uint32_t len = sample_length(row);

        for (unsigned kind = 0; kind < KINDS + ARRAY_SIZE(uuids); kind++) {
            bool known = kind >= KINDS;

            if (known && len < sizeof(CXLUuid)) {
                break;
            }
            fill(base, known ? 0 : kind);
            if (known) {
                memcpy(base, &uuids[kind - KINDS], sizeof(CXLUuid));
            }
            sweep_fields(d, row, base, len);
        }
    }
    g_test_message("%u requests", requests - before);
    free_device(d);
}

/* One pass over the Command Effects Log, which answers may cut into pieces */
static GHashTable *command_effects(Device *d)
{
    GHashTable *cel = g_hash_table_new(NULL, NULL);
    CXLGetLogReq in = {
        .uuid = CXL_UUID_COMMAND_EFFECTS_LOG,
        .length = cxl_le32(sizeof(CXLCelEntry)),
    };
    uint32_t at = 0;

    while (request(d, CXL_OP_GET_LOG, &in, sizeof(in)) == CXL_RET_SUCCESS) {
        const CXLCelEntry *entry = (const void *)d->out;
        unsigned opcode = cxl_le16_get(entry->opcode);

        g_assert_cmpuint(d->out_len, ==, sizeof(*entry));
        g_assert_true(g_hash_table_add(cel, GUINT_TO_POINTER(opcode)));
        at += sizeof(*entry);
        in.offset = cxl_le32(at);
    }
    g_assert_cmpuint(g_hash_table_size(cel), >, 0);
    return cel;
}

/* CXL r3.1 8.2.9.5.2.1: commands that are supported, and no other ones */
static void test_opcodes(void)
{
    static const uint8_t zeroes[ROOM];
    Device *d = new_device();
    g_autoptr(GHashTable) cel = command_effects(d);

    for (unsigned opcode = 0; opcode <= UINT16_MAX; opcode++) {
        bool known = g_hash_table_contains(cel, GUINT_TO_POINTER(opcode));

        CXLRet ret = send_request(d, opcode, zeroes, known ? LENGTH_MAX : 0);

        g_assert_cmphex(ret, ==, known ? CXL_RET_INVALID_PAYLOAD_LENGTH
                                       : CXL_RET_UNSUPPORTED);
        g_assert_cmpint(known, ==, !!cxl_cci_find(&d->cci, opcode, NULL));
    }
    free_device(d);
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/sweep/lengths", test_lengths);
    g_test_add_func("/cxl/sweep/fields", test_fields);
    g_test_add_func("/cxl/sweep/opcodes", test_opcodes);
    return g_test_run();
}

/*
 * Fuzzing CXL: mailbox commands
 *
 * A request is what its row says, with fields that this file knows and that
 * are right more often than not, so that handlers have something to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "fuzz.h"

/* More than any mailbox takes */
#define REQUEST_MAX     4096
/* Addresses and offsets that are used again and again, so that they meet */
#define HOT             12
/* That a device is given in turn, on the average */
#define COMMANDS        5

typedef enum FieldKind {
    FIELD_DPA,          /* 64 bits */
    FIELD_LINES,        /* 64 bits, units of 64 bytes */
    FIELD_BYTES,        /* 64 bits, a length in bytes */
    FIELD_UNITS,        /* 64 bits, units of 256 MiB */
    FIELD_OFFSET,       /* 32 bits, or 16 */
    FIELD_COUNT,        /* 16 or 32 bits, of bytes or elements */
    FIELD_FEW,          /* small numbers, an enum, or flags */
    FIELD_UUID,
    FIELD_PASSPHRASE,   /* 32 bytes */
    FIELD_CLEAR,        /* reserved */
} FieldKind;

/**
 * Field: a field of a request
 * @at: offset; that of the first one, where more follow
 * @step: distance to the next one, up to the request's end; 0: only one
 */
typedef struct Field {
    uint16_t opcode;
    uint16_t at;
    uint8_t width;
    FieldKind kind;
    uint8_t step;
} Field;

/* CXL r3.1 8.2.9: what is known of requests, whether a device has them or not */
static const Field fields[] = {
    { 0x0004, 0, 1, FIELD_FEW },
    { 0x0100, 0, 1, FIELD_FEW },
    { 0x0101, 0, 1, FIELD_FEW }, { 0x0101, 1, 1, FIELD_FEW },
    { 0x0101, 3, 3, FIELD_CLEAR }, { 0x0101, 6, 2, FIELD_COUNT, 2 },
    { 0x0103, 0, 1, FIELD_FEW, 1 },
    { 0x0201, 0, 1, FIELD_FEW }, { 0x0201, 1, 1, FIELD_FEW },
    { 0x0201, 4, 4, FIELD_OFFSET }, { 0x0201, 8, 120, FIELD_CLEAR },
    { 0x0202, 0, 1, FIELD_FEW }, { 0x0202, 1, 1, FIELD_FEW },
    { 0x0401, 0, 16, FIELD_UUID }, { 0x0401, 16, 4, FIELD_OFFSET },
    { 0x0401, 20, 4, FIELD_COUNT },
    { 0x0402, 0, 16, FIELD_UUID }, { 0x0403, 0, 16, FIELD_UUID },
    { 0x0404, 0, 16, FIELD_UUID },
    { 0x0405, 0, 1, FIELD_FEW }, { 0x0405, 2, 1, FIELD_FEW },
    { 0x0500, 0, 4, FIELD_COUNT }, { 0x0500, 4, 2, FIELD_FEW },
    { 0x0501, 0, 16, FIELD_UUID }, { 0x0501, 16, 2, FIELD_OFFSET },
    { 0x0501, 18, 2, FIELD_COUNT }, { 0x0501, 20, 1, FIELD_FEW },
    { 0x0502, 0, 16, FIELD_UUID }, { 0x0502, 16, 4, FIELD_FEW },
    { 0x0502, 20, 2, FIELD_OFFSET }, { 0x0502, 22, 1, FIELD_FEW },
    { 0x0502, 23, 9, FIELD_CLEAR },
    { 0x0600, 0, 1, FIELD_FEW }, { 0x0600, 1, 1, FIELD_FEW },
    { 0x0600, 2, 1, FIELD_FEW }, { 0x0600, 3, 8, FIELD_DPA },
    { 0x4101, 0, 8, FIELD_UNITS }, { 0x4101, 8, 1, FIELD_FEW },
    { 0x4102, 0, 4, FIELD_OFFSET }, { 0x4102, 4, 4, FIELD_COUNT },
    { 0x4103, 0, 4, FIELD_OFFSET }, { 0x4103, 4, 4, FIELD_CLEAR },
    { 0x4202, 0, 1, FIELD_FEW }, { 0x4202, 1, 1, FIELD_FEW },
    { 0x4204, 0, 1, FIELD_FEW },
    { 0x4300, 0, 8, FIELD_DPA }, { 0x4300, 8, 8, FIELD_LINES },
    { 0x4301, 0, 8, FIELD_DPA }, { 0x4302, 0, 8, FIELD_DPA },
    { 0x4303, 0, 8, FIELD_DPA }, { 0x4303, 8, 8, FIELD_LINES },
    { 0x4304, 0, 8, FIELD_DPA }, { 0x4304, 8, 8, FIELD_LINES },
    { 0x4304, 16, 1, FIELD_FEW },
    { 0x4402, 0, 1, FIELD_FEW }, { 0x4402, 1, 1, FIELD_FEW },
    { 0x4402, 2, 2, FIELD_CLEAR },
    { 0x4402, 8, 8, FIELD_DPA, 16 }, { 0x4402, 16, 8, FIELD_BYTES, 16 },
    { 0x4501, 0, 1, FIELD_FEW }, { 0x4501, 1, 31, FIELD_CLEAR },
    { 0x4501, 32, 32, FIELD_PASSPHRASE, 32 },
    { 0x4502, 0, 1, FIELD_FEW }, { 0x4502, 1, 31, FIELD_CLEAR },
    { 0x4502, 32, 32, FIELD_PASSPHRASE },
    { 0x4503, 0, 32, FIELD_PASSPHRASE },
    { 0x4505, 0, 1, FIELD_FEW }, { 0x4505, 1, 31, FIELD_CLEAR },
    { 0x4505, 32, 32, FIELD_PASSPHRASE },
};

static uint64_t any_dpa(Fuzz *f)
{
    uint64_t line = fuzz_below(f, HOT) * 64;

    switch (fuzz_below(f, 8)) {
    case 0:
        return fuzz_value(f, 64);
    case 1:
        return line + fuzz_below(f, 64);
    case 2:
        /* About the end of a partition, or of the device */
        return fuzz_below(f, 5) * QCXL_UNIT + line - HOT * 32;
    default:
        return fuzz_below(f, 3) * QCXL_UNIT + line;
    }
}

static uint64_t any_number(Fuzz *f, const Field *field)
{
    switch (field->kind) {
    case FIELD_DPA:
        return any_dpa(f);
    case FIELD_LINES:
        return fuzz_percent(f, 70) ? 1 + fuzz_below(f, HOT)
                                   : fuzz_value(f, 64);
    case FIELD_BYTES:
        return fuzz_percent(f, 70) ? 64 * fuzz_below(f, 4 * HOT)
                                   : fuzz_value(f, 64);
    case FIELD_UNITS:
        return fuzz_percent(f, 80) ? fuzz_below(f, 6) : fuzz_value(f, 64);
    case FIELD_OFFSET:
        return fuzz_percent(f, 70) ? fuzz_below(f, HOT) * 8
                                   : fuzz_value(f, 8 * field->width);
    case FIELD_COUNT:
        return fuzz_percent(f, 70) ? fuzz_below(f, 64)
                                   : fuzz_value(f, 8 * field->width);
    default:
        return fuzz_percent(f, 80) ? fuzz_below(f, 8)
                                   : fuzz_value(f, MIN(64, 8 * field->width));
    }
}

static void put_bytes(Fuzz *f, uint8_t *at, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        at[i] = fuzz_random(f);
    }
}

static void put_field(Fuzz *f, const Field *field, uint8_t *at)
{
    switch (field->kind) {
    case FIELD_UUID:
        if (f->uuids->len && fuzz_percent(f, 90)) {
            unsigned n = fuzz_below(f, f->uuids->len);

            memcpy(at, &g_array_index(f->uuids, CXLUuid, n), 16);
        } else {
            put_bytes(f, at, 16);
        }
        break;
    case FIELD_PASSPHRASE:
        memset(at, fuzz_below(f, 3), field->width);
        break;
    case FIELD_CLEAR:
        memset(at, 0, field->width);
        break;
    default:
        cxl_le_store(at, field->width, any_number(f, field));
    }
}

static void put_fields(Fuzz *f, uint16_t opcode, uint8_t *buf, uint32_t len)
{
    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        const Field *field = &fields[i];

        if (field->opcode != opcode || fuzz_percent(f, 4)) {
            continue;
        }
        for (uint32_t at = field->at; at + field->width <= len;
             at += field->step) {
            put_field(f, field, buf + at);
            if (!field->step) {
                break;
            }
        }
    }
}

static uint32_t any_tail(Fuzz *f, const CXLCmd *row)
{
    uint32_t max = (REQUEST_MAX - row->in_min) / MAX(row->tail_size, 1);

    if (row->tail == CXL_TAIL_NONE) {
        return 0;
    }
    if (row->tail_max) {
        max = MIN(max, row->tail_max + 1);
    }
    return fuzz_percent(f, 90) ? fuzz_below(f, MIN(max, 80) + 1)
                               : fuzz_below(f, max + 1);
}

/* A request of @row; its length */
static uint32_t any_request(Fuzz *f, const CXLCmd *row, uint8_t *buf)
{
    uint32_t tail = any_tail(f, row);
    uint32_t len = row->in_min + tail * row->tail_size;

    switch (fuzz_below(f, 8)) {
    case 0:
        put_bytes(f, buf, len);
        break;
    case 1:
        memset(buf, fuzz_random(f), len);
        break;
    default:
        memset(buf, 0, len);
    }
    if (fuzz_percent(f, 90)) {
        put_fields(f, row->opcode, buf, len);
    }
    if (row->tail == CXL_TAIL_COUNTED && fuzz_percent(f, 97)) {
        cxl_le_store(buf + row->count_offset, row->count_width, tail);
    }
    while (len && fuzz_percent(f, 8)) {
        buf[fuzz_below(f, len)] ^= 1u << fuzz_below(f, 8);
    }
    return len;
}

/* What the Command Register says instead of @len */
static uint32_t any_length(Fuzz *f, uint32_t len)
{
    switch (fuzz_below(f, 24)) {
    case 0:
        return len + 1;
    case 1:
        return len - 1;
    case 2:
        return fuzz_value(f, 21);
    default:
        return len;
    }
}

static void ring(Fuzz *f, const QCXLFn *mem, uint16_t opcode, uint32_t len)
{
    uint64_t command = FIELD_DP64(0, CXL_MBOX_COMMAND, OPCODE, opcode);
    uint32_t control = R_CXL_MBOX_CONTROL_DOORBELL_MASK;

    command = FIELD_DP64(command, CXL_MBOX_COMMAND, LENGTH, len);
    if (fuzz_percent(f, 10)) {
        control |= fuzz_below(f, 8);
    }
    fuzz_write(f, mem->mailbox + CXL_MBOX_COMMAND, 8, command);
    fuzz_write(f, mem->mailbox + CXL_MBOX_CONTROL, 4, control);
    f->commands++;
}

/* Look at the answer, where a driver looks */
static void look(Fuzz *f, const QCXLFn *mem)
{
    fuzz_read(f, mem->mailbox + CXL_MBOX_STATUS, 8);
    fuzz_read(f, mem->mailbox + CXL_MBOX_BACKGROUND, 8);
    fuzz_read(f, mem->mailbox + CXL_MBOX_PAYLOAD + fuzz_below(f, 512), 8);
    fuzz_read(f, mem->status, 8);
}

static void run_command(Fuzz *f, const QCXLFn *mem)
{
    const CXLCmd *row = fuzz_any_row(f);
    uint8_t request[REQUEST_MAX] = { };
    uint16_t opcode;
    uint32_t len;

    if (fuzz_percent(f, 30)) {
        row = cxl_cci_variant(row, request, sizeof(request));
    }
    len = any_request(f, row, request);
    opcode = fuzz_percent(f, 2) ? fuzz_value(f, 16) : row->opcode;
    /* Now and then the answer before is the request */
    if (len && fuzz_percent(f, 94)) {
        fuzz_fill(f, mem->mailbox + CXL_MBOX_PAYLOAD, request, len);
    }
    ring(f, mem, opcode, any_length(f, len));
    if (fuzz_percent(f, 10)) {
        look(f, mem);
    }
}

/* Some commands in turn: they take little time beside all else */
void fuzz_mailbox(Fuzz *f)
{
    const QCXLFn *mem;

    if (!f->mems->len) {
        fuzz_renew(f);
        return;
    }
    mem = g_ptr_array_index(f->mems, fuzz_below(f, f->mems->len));
    for (unsigned n = 1 + fuzz_below(f, 2 * COMMANDS - 1); n; n--) {
        run_command(f, mem);
    }
}

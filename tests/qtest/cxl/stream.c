/*
 * Migration streams, and what becomes of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "stream.h"

/* migration/savevm.h: what a device's section begins and ends with */
#define SECTION_FULL    0x04
#define SECTION_FOOTER  0x7e
/* Type, section id, length of the name; then name, instance, version */
#define HEAD_SIZE       6
#define TAIL_SIZE       8

static bool is_ours(const char *name)
{
    return strstr(name, "cxl") != NULL;
}

/* Where the section with @id, whose state starts at @at, ends; 0 if nowhere */
static size_t find_footer(const GByteArray *b, size_t at, uint32_t id)
{
    for (; at + 5 <= b->len; at++) {
        if (b->data[at] == SECTION_FOOTER && ldl_be_p(b->data + at + 1) == id) {
            return at;
        }
    }
    return 0;
}

/* Whether a section of ours begins at @at */
static bool section_at(const GByteArray *b, size_t at, StreamSection *out)
{
    const uint8_t *p = b->data + at;
    g_autofree char *name = NULL;
    unsigned len;

    if (at + HEAD_SIZE > b->len || p[0] != SECTION_FULL) {
        return false;
    }
    len = p[5];
    if (at + HEAD_SIZE + len + TAIL_SIZE > b->len) {
        return false;
    }
    name = g_strndup((const char *)p + HEAD_SIZE, len);
    if (strlen(name) != len || !g_str_is_ascii(name) || !is_ours(name)) {
        return false;
    }
    out->start = at + HEAD_SIZE + len + TAIL_SIZE;
    out->end = find_footer(b, out->start, ldl_be_p(p + 1));
    out->name = g_steal_pointer(&name);
    return out->end > out->start;
}

Stream *stream_read(const char *path)
{
    Stream *s = g_new(Stream, 1);
    char *bytes;
    gsize len;

    g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    s->bytes = g_byte_array_new_take((guint8 *)bytes, len);
    s->sections = g_array_new(false, false, sizeof(StreamSection));
    for (size_t at = 0; at < len; at++) {
        StreamSection section;

        if (section_at(s->bytes, at, &section)) {
            g_array_append_val(s->sections, section);
            at = section.end;
        }
    }
    return s;
}

void stream_free(Stream *s)
{
    for (unsigned i = 0; i < s->sections->len; i++) {
        g_free(g_array_index(s->sections, StreamSection, i).name);
    }
    g_array_unref(s->sections);
    g_byte_array_unref(s->bytes);
    g_free(s);
}

static uint32_t below(GRand *rand, uint32_t n)
{
    return g_rand_int(rand) % n;
}

/* A byte of the section, more often one that is not zero: most are */
static size_t place(const Stream *s, const StreamSection *section, GRand *rand)
{
    size_t at;

    for (unsigned tries = below(rand, 50);; tries--) {
        at = section->start + below(rand, section->end - section->start);
        if (!tries || s->bytes->data[at]) {
            return at;
        }
    }
}

static uint64_t nasty(GRand *rand)
{
    static const uint64_t values[] = {
        0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN, UINT32_MAX,
        0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x0100000001000000,
    };

    return values[below(rand, ARRAY_SIZE(values))];
}

static char *flip_bits(GByteArray *b, size_t at, GRand *rand)
{
    unsigned bit = below(rand, 8);

    b->data[at] ^= 1u << bit;
    return g_strdup_printf("bit %u of byte 0x%zx flipped", bit, at);
}

static char *edit_field(GByteArray *b, size_t at, GRand *rand)
{
    unsigned size = MIN(1u << below(rand, 4), b->len - at);
    uint64_t value = nasty(rand);

    memcpy(b->data + at, &value, size);
    return g_strdup_printf("%u bytes at 0x%zx made 0x%" PRIx64, size, at,
                           value);
}

static char *remove_bytes(GByteArray *b, size_t at, GRand *rand)
{
    unsigned nr = MIN(1 + below(rand, 16), b->len - at);

    g_byte_array_remove_range(b, at, nr);
    return g_strdup_printf("%u bytes at 0x%zx removed", nr, at);
}

static char *truncate_stream(GByteArray *b, size_t at, GRand *rand)
{
    g_byte_array_set_size(b, at);
    return g_strdup_printf("cut off at 0x%zx", at);
}

char *stream_write_mutated(const Stream *s, const char *path, GRand *rand)
{
    static char *(*const kinds[])(GByteArray *b, size_t at, GRand *rand) = {
        flip_bits, flip_bits, flip_bits, edit_field, edit_field, edit_field,
        remove_bytes, truncate_stream,
    };
    const StreamSection *section =
        &g_array_index(s->sections, StreamSection,
                       below(rand, s->sections->len));
    g_autoptr(GByteArray) b = g_byte_array_new();
    g_autofree char *what = NULL;
    unsigned kind = below(rand, ARRAY_SIZE(kinds));

    g_byte_array_append(b, s->bytes->data, s->bytes->len);
    what = kinds[kind](b, place(s, section, rand), rand);
    g_assert_true(g_file_set_contents(path, (const char *)b->data, b->len,
                                      NULL));
    return g_strdup_printf("%s: %s", section->name, what);
}

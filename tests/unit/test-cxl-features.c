/*
 * Features: every one of them, transfers in pieces, what is saved
 *
 * Sources: hw/cxl/cci/{features,feature-rows}.c and what a device needs
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"
#include "cxl-feature-cases.h"

#define SAVE CXL_SET_FEATURE_SAVE

QEMU_BUILD_BUG_ON(ARRAY_SIZE(cases) != CXL_FEATURES);

static CXLRet get(Device *d, const CXLUuid *uuid, uint8_t selection,
                  uint16_t offset, uint16_t count)
{
    const CXLGetFeatureReq in = {
        .uuid = *uuid, .selection = selection,
        .offset = cxl_le16(offset), .count = cxl_le16(count),
    };

    return request(d, CXL_OP_GET_FEATURE, &in, sizeof(in));
}

/* A request as it is, and then its data */
static CXLRet put(Device *d, CXLSetFeatureReq head, const void *data,
                  uint32_t len)
{
    g_autofree uint8_t *in = g_malloc(sizeof(head) + len);

    memcpy(in, &head, sizeof(head));
    memcpy(in + sizeof(head), data, len);
    return request(d, CXL_OP_SET_FEATURE, in, sizeof(head) + len);
}

static uint8_t version_of(const CXLUuid *uuid)
{
    unsigned n = 0;

    while (memcmp(&cases[n].uuid, uuid, sizeof(*uuid))) {
        n++;
        g_assert_cmpuint(n, <, ARRAY_SIZE(cases));
    }
    return cases[n].version;
}

static CXLRet set(Device *d, const CXLUuid *uuid, uint32_t flags,
                  uint16_t offset, const void *data, uint32_t len)
{
    const CXLSetFeatureReq head = {
        .uuid = *uuid, .flags = cxl_le32(flags),
        .offset = cxl_le16(offset), .version = version_of(uuid),
    };

    return put(d, head, data, len);
}

static void expect(Device *d, const FeatureCase *c, uint8_t selection,
                   const char *value)
{
    g_assert_cmpuint(get(d, &c->uuid, selection, 0, c->get_size), ==,
                     CXL_RET_SUCCESS);
    g_assert_cmpmem(d->out, d->out_len, value, c->get_size);
}

static bool is_saved(const FeatureCase *c)
{
    return c->flags & HAS_SAVED;
}

/* @saved does not matter for a Feature that has no saved value */
static void expect_all(Device *d, const FeatureCase *c, const char *current,
                       const char *saved)
{
    expect(d, c, CXL_FEATURE_CURRENT, current);
    expect(d, c, CXL_FEATURE_DEFAULT, c->get);
    if (is_saved(c)) {
        expect(d, c, CXL_FEATURE_SAVED, saved);
    } else {
        g_assert_cmpuint(get(d, &c->uuid, CXL_FEATURE_SAVED, 0, c->get_size),
                         ==, CXL_RET_FEATURE_SELECTION);
    }
}

/* The device again, as after QEMU has ended and another has started */
static Device *again(Device *d)
{
    FakeMem *fake = FAKE_MEM(object_ref(OBJECT(d->mem)));

    free_device(d);
    d = new_device_on(fake);
    object_unref(OBJECT(fake));
    return d;
}

static CXLRet supported(Device *d, uint32_t count, uint16_t start)
{
    const CXLGetSupportedFeaturesReq in = {
        .count = cxl_le32(count), .start = cxl_le16(start),
    };

    return request(d, CXL_OP_GET_SUPPORTED_FEATURES, &in, sizeof(in));
}

static void check_entry(const CXLFeatureEntry *e, unsigned n)
{
    const FeatureCase *c = &cases[n];

    g_assert_cmpmem(&e->uuid, 16, &c->uuid, 16);
    g_assert_cmpuint(cxl_le16_get(e->index), ==, n);
    g_assert_cmpuint(cxl_le16_get(e->get_size), ==, c->get_size);
    g_assert_cmpuint(cxl_le16_get(e->set_size), ==, c->set_size);
    g_assert_cmphex(cxl_le32_get(e->flags), ==, c->flags);
    g_assert_cmpuint(e->get_version, ==, c->version);
    g_assert_cmpuint(e->set_version, ==, c->version);
    /* Immediate Configuration Change; the bits for resets count */
    g_assert_cmphex(cxl_le16_get(e->effects), ==, 0x202);
}

/* Any room, from any start: whole entries, in order, never too many */
static void test_supported(void)
{
    Device *d = new_device();
    const CXLSupportedFeaturesRsp *out = (const void *)d->out;
    const CXLFeatureEntry *entry = (const void *)(out + 1);

    for (unsigned start = 0; start < CXL_FEATURES; start++) {
        for (unsigned count = 8; count < ROOM + 60; count++) {
            unsigned nr = MIN((MIN(count, ROOM) - 8) / 48,
                              CXL_FEATURES - start);

            g_assert_cmpuint(supported(d, count, start), ==, CXL_RET_SUCCESS);
            g_assert_cmpuint(cxl_le16_get(out->count), ==, nr);
            g_assert_cmpuint(cxl_le16_get(out->total), ==, CXL_FEATURES);
            g_assert_cmpuint(d->out_len, ==, 8 + 48 * nr);
            for (unsigned n = 0; n < nr; n++) {
                check_entry(&entry[n], start + n);
            }
        }
        for (unsigned count = 0; count < 8; count++) {
            g_assert_cmpuint(supported(d, count, start), ==,
                             CXL_RET_INVALID_INPUT);
        }
        g_assert_cmpuint(supported(d, UINT32_MAX, start), ==, CXL_RET_SUCCESS);
    }
    g_assert_cmpuint(supported(d, 99, CXL_FEATURES), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(cxl_le16_get(out->count), ==, 0);
    g_assert_cmpuint(supported(d, 8, CXL_FEATURES + 1), ==,
                     CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(supported(d, 8, UINT16_MAX), ==, CXL_RET_INVALID_INPUT);
    free_device(d);
}

/* Every piece of every selection, and not a byte more */
static void test_get(const void *opaque)
{
    const FeatureCase *c = opaque;
    Device *d = new_device();
    CXLUuid other = c->uuid;
    unsigned selections = is_saved(c) ? 3 : 2;

    for (unsigned selection = 0; selection < selections; selection++) {
        for (unsigned at = 0; at <= c->get_size + 1u; at++) {
            for (unsigned len = 0; len <= c->get_size + 1u; len++) {
                CXLRet ret = get(d, &c->uuid, selection, at, len);

                if (at >= c->get_size) {
                    g_assert_cmpuint(ret, ==, CXL_RET_INVALID_INPUT);
                } else {
                    g_assert_cmpuint(ret, ==, CXL_RET_SUCCESS);
                    g_assert_cmpmem(d->out, d->out_len, c->get + at,
                                    MIN(len, c->get_size - at));
                }
            }
        }
        g_assert_cmpuint(get(d, &c->uuid, selection, UINT16_MAX, 1), ==,
                         CXL_RET_INVALID_INPUT);
        g_assert_cmpuint(get(d, &c->uuid, selection, UINT16_MAX, 2), ==,
                         CXL_RET_INVALID_INPUT);
        g_assert_cmpuint(get(d, &c->uuid, selection, 1, UINT16_MAX), ==,
                         CXL_RET_SUCCESS);
        g_assert_cmpmem(d->out, d->out_len, c->get + 1, c->get_size - 1);
    }
    for (unsigned selection = selections; selection <= UINT8_MAX;
         selection++) {
        g_assert_cmpuint(get(d, &c->uuid, selection, 0, 1), ==,
                         CXL_RET_FEATURE_SELECTION);
    }
    other.b[15] ^= 0x10;
    g_assert_cmpuint(get(d, &other, 0, 0, 1), ==, CXL_RET_INVALID_INPUT);
    free_device(d);
}

/* What is set is current; saved, if asked for: by reset, and by a new QEMU */
static void test_set(const void *opaque)
{
    const FeatureCase *c = opaque;
    const char *kept = is_saved(c) ? c->then : c->get;
    Device *d = new_device();

    g_assert_cmpuint(set(d, &c->uuid, 0, 0, c->set, c->set_size), ==,
                     CXL_RET_SUCCESS);
    expect_all(d, c, c->then, c->get);
    cxl_features_reset(&d->features, CXL_FEATURE_RESET_COLD);
    expect_all(d, c, c->get, c->get);

    g_assert_cmpuint(set(d, &c->uuid, SAVE, 0, c->set, c->set_size), ==,
                     CXL_RET_SUCCESS);
    expect_all(d, c, c->then, c->then);
    cxl_features_reset(&d->features, CXL_FEATURE_RESET_COLD);
    expect_all(d, c, kept, kept);
    d = again(d);
    expect_all(d, c, kept, kept);
    free_device(d);
}

/* CXL r3.2 Table 8-110: a reset that is not deep enough changes nothing */
static void test_reset(const void *opaque)
{
    const FeatureCase *c = opaque;

    for (unsigned reset = 1; reset <= 4; reset++) {
        Device *d = new_device();
        bool kept = reset < (c->flags >> 1 & 7);

        set(d, &c->uuid, 0, 0, c->set, c->set_size);
        cxl_features_reset(&d->features, reset);
        expect_all(d, c, kept ? c->then : c->get, c->get);
        free_device(d);
    }
}

/* Nothing that is refused changes anything */
static void test_refused(const void *opaque)
{
    const FeatureCase *c = opaque;
    Device *d = new_device();
    CXLSetFeatureReq head = { .uuid = c->uuid };
    const uint8_t zeroes[CXL_FEATURE_SIZE + 1] = { };

    set(d, &c->uuid, 0, 0, c->set, c->set_size);
    for (unsigned n = 0; n < ARRAY_SIZE(c->bad) && c->bad[n]; n++) {
        g_assert_cmpuint(set(d, &c->uuid, SAVE, 0, c->bad[n], c->set_size),
                         ==, CXL_RET_INVALID_INPUT);
    }
    for (unsigned at = 0; at <= c->set_size + 1u; at++) {
        unsigned len = c->set_size - at + 1;

        if (len <= CXL_FEATURE_SIZE) {
            g_assert_cmpuint(set(d, &c->uuid, 0, at, zeroes, len), ==,
                             CXL_RET_INVALID_INPUT);
        }
    }
    g_assert_cmpuint(set(d, &c->uuid, 0, UINT16_MAX, zeroes, 1), ==,
                     CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(set(d, &c->uuid, 0, 0, zeroes, CXL_FEATURE_SIZE + 1), ==,
                     CXL_RET_INVALID_PAYLOAD_LENGTH);
    for (unsigned version = 0; version <= UINT8_MAX; version++) {
        if (version != c->version) {
            head.version = version;
            g_assert_cmpuint(put(d, head, c->get, 1), ==,
                             CXL_RET_FEATURE_VERSION);
        }
    }
    head.version = c->version;
    for (unsigned bit = 4; bit < 32; bit++) {
        head.flags = cxl_le32(1u << bit);
        g_assert_cmpuint(put(d, head, c->set, c->set_size), ==,
                         CXL_RET_INVALID_INPUT);
    }
    for (unsigned action = 5; action < 8; action++) {
        head.flags = cxl_le32(action);
        g_assert_cmpuint(put(d, head, c->set, c->set_size), ==,
                         CXL_RET_INVALID_INPUT);
    }
    head.flags = cxl_le32(0);
    head.uuid.b[0] ^= 1;
    g_assert_cmpuint(put(d, head, c->set, c->set_size), ==,
                     CXL_RET_INVALID_INPUT);
    expect_all(d, c, c->then, c->get);
    g_assert_null(d->mem->nv[CXL_NV_FEATURES]);
    free_device(d);
}

/* A part that is set leaves the others as they are */
static void test_part(void)
{
    const FeatureCase *c = &cases[CXL_FEATURE_PATROL_SCRUB];
    Device *d = new_device();

    g_assert_cmpuint(set(d, &c->uuid, 0, 1, "\1", 1), ==, CXL_RET_SUCCESS);
    expect(d, c, CXL_FEATURE_CURRENT, "\1\14\1\1");
    g_assert_cmpuint(set(d, &c->uuid, SAVE, 0, "\7", 1), ==, CXL_RET_SUCCESS);
    expect_all(d, c, "\1\7\1\1", "\1\7\1\1");
    g_assert_cmpuint(set(d, &c->uuid, 0, 2, "", 0), ==, CXL_RET_SUCCESS);
    expect_all(d, c, "\1\7\1\1", "\1\7\1\1");
    free_device(d);
}

/* Every Feature in pieces of every size; nothing shows before the last one */
static void test_pieces(const void *opaque)
{
    const FeatureCase *c = opaque;
    unsigned nr = c->set_size;

    for (unsigned size = 1; size < nr; size++) {
        Device *d = new_device();
        unsigned at = size;

        g_assert_cmpuint(set(d, &c->uuid, SAVE | CXL_SET_FEATURE_INITIATE, 0,
                             c->set, size), ==, CXL_RET_SUCCESS);
        for (; at + size < nr; at += size) {
            g_assert_cmpuint(set(d, &c->uuid, CXL_SET_FEATURE_CONTINUE, at,
                                 c->set + at, size), ==, CXL_RET_SUCCESS);
            expect_all(d, c, c->get, c->get);
        }
        g_assert_cmpuint(set(d, &c->uuid, CXL_SET_FEATURE_FINISH, at,
                             c->set + at, nr - at), ==, CXL_RET_SUCCESS);
        expect_all(d, c, c->then, c->then);
        g_assert_false(d->features.transfer.active);
        free_device(d);
    }
}

/* One step: who sends what where, and what it is answered */
typedef struct Step {
    unsigned feature;
    uint32_t action;
    uint16_t offset;
    const char *data;
    uint32_t len;
    CXLRet ret;
} Step;

#define TAG     CXL_FEATURE_ASSET_TAG
#define SCRUB   CXL_FEATURE_PATROL_SCRUB
#define STEP(feature, action, offset, data, ret) \
    { feature, CXL_SET_FEATURE_##action, offset, data, sizeof(data) - 1, \
      CXL_RET_##ret }

static const Step steps[] = {
    /* Nothing is in progress */
    STEP(TAG, CONTINUE, 0, "a", FEATURE_OUT_OF_ORDER),
    STEP(TAG, FINISH, 0, "a", FEATURE_OUT_OF_ORDER),
    STEP(TAG, ABORT, 0, "", INVALID_INPUT),
    STEP(TAG, INITIATE, 63, "ab", INVALID_INPUT),
    STEP(TAG, CONTINUE, 65, "a", FEATURE_OUT_OF_ORDER),
    /* Only one, and only the one that is */
    STEP(TAG, INITIATE, 0, "abc", SUCCESS),
    STEP(TAG, INITIATE, 0, "abc", FEATURE_IN_PROGRESS),
    STEP(TAG, FULL, 0, "x", FEATURE_IN_PROGRESS),
    STEP(SCRUB, FULL, 0, "\1\0", FEATURE_IN_PROGRESS),
    STEP(SCRUB, INITIATE, 0, "\1", FEATURE_IN_PROGRESS),
    STEP(SCRUB, CONTINUE, 3, "\1", FEATURE_IN_PROGRESS),
    STEP(SCRUB, FINISH, 3, "\1", FEATURE_IN_PROGRESS),
    STEP(SCRUB, ABORT, 0, "", FEATURE_IN_PROGRESS),
    STEP(TAG, CONTINUE, 3, "de", SUCCESS),
    STEP(TAG, CONTINUE, 5, "", SUCCESS),
    STEP(TAG, FINISH, 5, "f", SUCCESS),
    STEP(TAG, FINISH, 6, "g", FEATURE_OUT_OF_ORDER),
    /* A gap and an overlap end it */
    STEP(TAG, INITIATE, 8, "A", SUCCESS),
    STEP(TAG, CONTINUE, 10, "B", FEATURE_OUT_OF_ORDER),
    STEP(TAG, CONTINUE, 9, "B", FEATURE_OUT_OF_ORDER),
    STEP(TAG, INITIATE, 8, "AB", SUCCESS),
    STEP(TAG, FINISH, 9, "B", FEATURE_OUT_OF_ORDER),
    STEP(TAG, FINISH, 10, "C", FEATURE_OUT_OF_ORDER),
    /* The last piece may come again, in the place of what it was */
    STEP(TAG, INITIATE, 7, "hi", SUCCESS),
    STEP(TAG, CONTINUE, 7, "hi", SUCCESS),
    STEP(TAG, CONTINUE, 9, "jkl", SUCCESS),
    STEP(TAG, CONTINUE, 9, "jk", SUCCESS),
    STEP(TAG, CONTINUE, 7, "h", FEATURE_OUT_OF_ORDER),
    STEP(TAG, INITIATE, 7, "h", SUCCESS),
    STEP(TAG, CONTINUE, 8, "i", SUCCESS),
    STEP(TAG, FINISH, 8, "I", SUCCESS),
    /* So does a piece that is too long, or a whole that is not legal */
    STEP(TAG, INITIATE, 60, "A", SUCCESS),
    STEP(TAG, CONTINUE, 61, "BCDE", INVALID_INPUT),
    STEP(TAG, FINISH, 61, "BCD", FEATURE_OUT_OF_ORDER),
    STEP(SCRUB, INITIATE, 0, "\0", SUCCESS),
    STEP(SCRUB, FINISH, 1, "\1", INVALID_INPUT),
    STEP(SCRUB, FINISH, 1, "\1", FEATURE_OUT_OF_ORDER),
    /* Abort needs no data, and leaves nothing */
    STEP(TAG, INITIATE, 0, "zzz", SUCCESS),
    STEP(TAG, ABORT, 9999, "whatever", SUCCESS),
    STEP(TAG, ABORT, 0, "", INVALID_INPUT),
    STEP(TAG, INITIATE, 6, "g", SUCCESS),
    STEP(TAG, FINISH, 7, "", SUCCESS),
};

static void test_transfer(void)
{
    Device *d = new_device();

    for (unsigned n = 0; n < ARRAY_SIZE(steps); n++) {
        const Step *s = &steps[n];

        g_test_message("step %u", n);
        g_assert_cmpuint(set(d, &cases[s->feature].uuid, s->action, s->offset,
                             s->data, s->len), ==, s->ret);
    }
    g_assert_cmpuint(get(d, &cases[TAG].uuid, 0, 0, 64), ==, CXL_RET_SUCCESS);
    g_assert_cmpmem(d->out, 12, "abcdefghI\0\0", 12);
    expect_all(d, &cases[SCRUB], cases[SCRUB].get, cases[SCRUB].get);
    free_device(d);
}

/* All ones stand for the Feature that is being transferred, if any is */
static void test_transfer_uuid(void)
{
    const CXLUuid *tag = &cases[TAG].uuid;
    CXLSetFeatureReq head = { .version = 1,
                              .flags = cxl_le32(CXL_SET_FEATURE_FINISH) };
    Device *d = new_device();

    memset(&head.uuid, 0xff, sizeof(head.uuid));
    g_assert_cmpuint(put(d, head, "a", 1), ==, CXL_RET_INVALID_INPUT);
    set(d, tag, CXL_SET_FEATURE_INITIATE, 0, "a", 1);
    head.offset = cxl_le16(1);
    g_assert_cmpuint(get(d, &head.uuid, 0, 0, 1), ==, CXL_RET_INVALID_INPUT);
    g_assert_cmpuint(put(d, head, "b", 1), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(get(d, tag, 0, 0, 64), ==, CXL_RET_SUCCESS);
    g_assert_cmpmem(d->out, 4, "ab\0\0", 4);
    free_device(d);
}

/* Reset drops a transfer; a version that is wrong, or a bit, does not */
static void test_transfer_reset(void)
{
    const CXLUuid *tag = &cases[TAG].uuid;
    CXLSetFeatureReq head = { .uuid = *tag, .version = 2,
                              .flags = cxl_le32(CXL_SET_FEATURE_FINISH) };
    Device *d = new_device();

    set(d, tag, CXL_SET_FEATURE_INITIATE, 0, "a", 1);
    cxl_features_forget_transfer(&d->features);
    g_assert_cmpuint(set(d, tag, CXL_SET_FEATURE_FINISH, 1, "b", 1), ==,
                     CXL_RET_FEATURE_OUT_OF_ORDER);
    set(d, tag, CXL_SET_FEATURE_INITIATE, 0, "a", 1);
    cxl_features_reset(&d->features, CXL_FEATURE_RESET_CXL);
    g_assert_cmpuint(set(d, tag, CXL_SET_FEATURE_FINISH, 1, "b", 1), ==,
                     CXL_RET_FEATURE_OUT_OF_ORDER);
    set(d, tag, CXL_SET_FEATURE_INITIATE, 0, "a", 1);
    g_assert_cmpuint(put(d, head, "b", 1), ==, CXL_RET_FEATURE_VERSION);
    g_assert_cmpuint(set(d, tag, CXL_SET_FEATURE_FINISH, 1, "b", 1), ==,
                     CXL_RET_SUCCESS);
    free_device(d);
}

static int migrate(Device *from, Device *to)
{
    return cxl_unit_migrate(&vmstate_cxl_features, &from->features,
                            &to->features);
}

static void test_migration(void)
{
    const CXLUuid *tag = &cases[TAG].uuid;
    Device *d = new_device(), *to = new_device();

    for (unsigned n = 0; n < CXL_FEATURES; n++) {
        set(d, &cases[n].uuid, n % 2 ? SAVE : 0, 0, cases[n].set,
            cases[n].set_size);
    }
    set(d, tag, SAVE | CXL_SET_FEATURE_INITIATE, 0, "12", 2);
    g_assert_cmpint(migrate(d, to), ==, 0);
    for (unsigned n = 0; n < CXL_FEATURES; n++) {
        expect_all(to, &cases[n], cases[n].then,
                   n % 2 ? cases[n].then : cases[n].get);
    }
    g_assert_cmpuint(set(to, tag, CXL_SET_FEATURE_FINISH, 2, "3", 1), ==,
                     CXL_RET_SUCCESS);
    g_assert_cmpuint(get(to, tag, CXL_FEATURE_SAVED, 0, 64), ==,
                     CXL_RET_SUCCESS);
    g_assert_cmpmem(to->out, 4, "123 ", 4);
    g_assert_cmpmem(to->out + 4, 60, ALL_64 + 4, 60);
    free_device(d);
    free_device(to);
}

/* Values that no device has are not taken in from a stream */
static void test_bad_load(void)
{
    static const CXLFeatureTransfer bad[] = {
        { .index = 1 },
        { .next = 1 },
        { .save = true },
        { .last = 1 },
        { .active = true, .index = TAG, .last = 2, .next = 1 },
        { .active = true, .index = CXL_FEATURES },
        { .active = true, .index = UINT8_MAX },
        { .active = true, .index = SCRUB, .next = 3 },
        { .active = true, .index = TAG, .next = UINT16_MAX },
        { .active = true, .index = SCRUB, .value.b[2] = 1 },
    };

    for (unsigned n = 0; n < CXL_FEATURES; n++) {
        Device *d = new_device(), *to = new_device();
        CXLFeatures good = d->features;

        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
            d->features.transfer = bad[i];
            g_assert_cmpint(migrate(d, to), ==, -EINVAL);
        }
        d->features = good;
        for (unsigned i = 0; i < 6 && cases[n].bad[i]; i++) {
            memcpy(d->features.saved[n].b, cases[n].bad[i],
                   cases[n].set_size);
            g_assert_cmpint(migrate(d, to), ==, -EINVAL);
            d->features = good;
            memcpy(d->features.current[n].b, cases[n].bad[i],
                   cases[n].set_size);
            g_assert_cmpint(migrate(d, to), ==, -EINVAL);
            d->features = good;
        }
        memcpy(d->features.saved[n].b, cases[n].set, cases[n].set_size);
        g_assert_cmpint(migrate(d, to), ==,
                        n == CXL_FEATURE_PATROL_SCRUB ? -EINVAL :
                        n == CXL_FEATURE_ECS ? -EINVAL : 0);
        d->features = good;
        if (cases[n].set_size < CXL_FEATURE_SIZE) {
            d->features.current[n].b[cases[n].set_size] = 1;
            g_assert_cmpint(migrate(d, to), ==, -EINVAL);
        }
        /* A counter's reset is never what a Feature has */
        d->features = good;
        d->features.current[CXL_FEATURE_ECS].b[1] |= CXL_ECS_RESET_COUNTER;
        g_assert_cmpint(migrate(d, to), ==, -EINVAL);
        free_device(d);
        free_device(to);
    }
}

/* Flip each byte of what was kept: what is not legal is as if never saved */
static void test_bad_nv(void)
{
    const FeatureCase *c = &cases[CXL_FEATURE_SPPR];
    const gsize from = CXL_FEATURE_SPPR * 84;
    Device *d = new_device();
    g_autofree uint8_t *kept = NULL;
    gsize size;

    set(d, &c->uuid, SAVE, 0, c->set, c->set_size);
    kept = g_memdup2(g_bytes_get_data(d->mem->nv[CXL_NV_FEATURES], &size),
                     g_bytes_get_size(d->mem->nv[CXL_NV_FEATURES]));
    for (gsize i = 0; i < 84; i++) {
        const char *value = i == 17 ? c->then : c->get;

        kept[from + i] ^= 0xfe;
        CXL_MEM_GET_CLASS(d->mem)->nv_save(CXL_MEM(d->mem), CXL_NV_FEATURES,
                                           kept, size);
        kept[from + i] ^= 0xfe;
        d = again(d);
        expect_all(d, c, value, value);
    }
    CXL_MEM_GET_CLASS(d->mem)->nv_save(CXL_MEM(d->mem), CXL_NV_FEATURES,
                                       kept, size - 1);
    d = again(d);
    expect_all(d, c, c->get, c->get);
    free_device(d);
}

static void add_each(const char *path, GTestDataFunc test)
{
    for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
        g_autofree char *name = g_strdup_printf("/cxl/features/%s/%s", path,
                                                cases[n].name);

        g_test_add_data_func(name, &cases[n], test);
    }
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/features/supported", test_supported);
    add_each("get", test_get);
    add_each("set", test_set);
    add_each("reset", test_reset);
    add_each("refused", test_refused);
    add_each("pieces", test_pieces);
    g_test_add_func("/cxl/features/part", test_part);
    g_test_add_func("/cxl/features/transfer/steps", test_transfer);
    g_test_add_func("/cxl/features/transfer/uuid", test_transfer_uuid);
    g_test_add_func("/cxl/features/transfer/reset", test_transfer_reset);
    g_test_add_func("/cxl/features/migration", test_migration);
    g_test_add_func("/cxl/features/bad-load", test_bad_load);
    g_test_add_func("/cxl/features/bad-nv", test_bad_nv);
    return g_test_run();
}

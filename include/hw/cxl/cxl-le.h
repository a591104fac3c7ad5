/*
 * Little-endian scalars of CXL payloads and tables
 *
 * The types are arrays of bytes: a payload struct made of them has no
 * padding and no alignment, and a host integer cannot be assigned to one
 * by mistake, because that does not compile.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_LE_H
#define HW_CXL_LE_H

typedef struct CXLLe16 { uint8_t b[2]; } CXLLe16;
typedef struct CXLLe24 { uint8_t b[3]; } CXLLe24;
typedef struct CXLLe32 { uint8_t b[4]; } CXLLe32;
typedef struct CXLLe64 { uint8_t b[8]; } CXLLe64;

/* The little-endian number that starts at @b and takes @width bytes, 1 to 8 */
static inline uint64_t cxl_le_load(const uint8_t *b, unsigned width)
{
    uint64_t value = 0;

    while (width--) {
        value = value << 8 | b[width];
    }
    return value;
}

/* Store the low @width bytes, 1 to 8, of @value at @b, little-endian */
static inline void cxl_le_store(uint8_t *b, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++, value >>= 8) {
        b[i] = value;
    }
}

#define CXL_LE_ACCESSORS(bits, type)                                    \
static inline type cxl_le##bits##_get(CXLLe##bits v)                    \
{                                                                       \
    return cxl_le_load(v.b, sizeof(v));                                 \
}                                                                       \
static inline CXLLe##bits cxl_le##bits(type value)                      \
{                                                                       \
    CXLLe##bits v;                                                      \
    cxl_le_store(v.b, sizeof(v), value);                                \
    return v;                                                           \
}

CXL_LE_ACCESSORS(16, uint16_t)
CXL_LE_ACCESSORS(24, uint32_t)
CXL_LE_ACCESSORS(32, uint32_t)
CXL_LE_ACCESSORS(64, uint64_t)

#endif /* HW_CXL_LE_H */

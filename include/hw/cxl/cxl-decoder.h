/*
 * One HDM decoder as plain numbers
 *
 * What the register blocks read out of a decoder's registers and the route
 * compiler works on, so that neither has to know the other.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_DECODER_H
#define HW_CXL_DECODER_H

/* CXL r3.1 8.2.4.20.7, 9.18.1.3: at most 16 ways in a window, 8 in a port */
#define CXL_WAYS_MAX            16
/* CXL r3.1 8.2.4.20.7: Interleave Granularity 0 stands for 256 bytes */
#define CXL_GRANULARITY_MIN     256
#define CXL_GRANULARITY_MAX     (16 * 1024)
/* CXL r3.1 8.2.4.20.3: decoders start and end on multiples of 256 MiB */
#define CXL_HDM_ALIGN           (256 * 1024 * 1024ULL)

/* CXL r3.1 9.13.1.1: how an address selects its interleave target */
typedef enum CXLArithmetic {
    CXL_ARITHMETIC_MODULO = 0,
    CXL_ARITHMETIC_XOR = 1,
} CXLArithmetic;

/**
 * CXLDecoder: a window or a committed HDM decoder
 * @base: first host physical address, in bytes
 * @size: bytes of host physical address space it covers
 * @ways: number of interleave targets, 1 when it does not interleave
 * @granularity: bytes that go to one target before the next one's turn; a
 *               legal number of them even when it does not interleave
 * @targets: port number of each target, @ways of them; unused by endpoints
 * @dpa: endpoints only: device physical address, in bytes, where it begins
 */
typedef struct CXLDecoder {
    uint64_t base;
    uint64_t size;
    uint64_t dpa;
    uint32_t granularity;
    uint8_t ways;
    uint8_t targets[CXL_WAYS_MAX];
} CXLDecoder;

/**
 * CXLDecoderSetup: what firmware programs into a decoder
 * @decoder: its numbers; @decoder.dpa is not programmed, it follows from @skip
 * @skip: endpoints only: DPA Skip, in bytes
 * @commit: commit it, too; otherwise it is programmed only
 * @lock: with Lock On Commit
 */
typedef struct CXLDecoderSetup {
    CXLDecoder decoder;
    uint64_t skip;
    bool commit;
    bool lock;
} CXLDecoderSetup;

/**
 * CXLDecoderState: an HDM decoder as its registers stand, committed or not
 * @d: as programmed; @d.ways and @d.granularity are 0 for an encoding that is
 *     reserved, and @d.dpa is 0 when it is not committed
 * @skip: endpoints only: DPA Skip, in bytes
 * @control: CXL r3.1 8.2.4.20.7: its Control register
 * @endpoint: @d.dpa and @skip count, otherwise @d.targets
 * @committed, @locked, @error: what @control says of it
 * @refusal, @section: why its commit failed, in words, and where the
 *                     specification says so; NULL when it did not
 */
typedef struct CXLDecoderState {
    CXLDecoder d;
    uint64_t skip;
    uint32_t control;
    bool endpoint;
    bool committed;
    bool locked;
    bool error;
    const char *refusal;
    const char *section;
} CXLDecoderState;

/* What a decoder finds at a port number that it names */
typedef enum CXLTargetKind {
    CXL_TARGET_NO_PORT,     /* no port has the number */
    CXL_TARGET_EMPTY,       /* nothing is plugged into the port */
    CXL_TARGET_NOT_CXL,     /* what is plugged into it has no CXL.mem */
    CXL_TARGET_CXL,
} CXLTargetKind;

/* CXL r3.1 8.1.3.2, 8.2.4.20.2: what a device needs to be set to decode */
#define CXL_ENABLE_MEM          (1u << 0)
#define CXL_ENABLE_HDM          (1u << 1)
#define CXL_ENABLE_ALL          (CXL_ENABLE_MEM | CXL_ENABLE_HDM)

/* What a device has against accesses to one of its addresses */
typedef enum CXLDpaFault {
    CXL_DPA_FINE,
    CXL_DPA_BEYOND,         /* of all of its memory */
    CXL_DPA_NOT_READY,      /* the media are not, yet */
    CXL_DPA_DISABLED,       /* the media are: a Sanitize was not completed */
    CXL_DPA_LOCKED,         /* by a passphrase */
    CXL_DPA_POISON,         /* of the line: reads fail */
} CXLDpaFault;

/* CXL r3.1 8.2.4.20.7: ways that Interleave Ways encodes; 0 when reserved */
static inline unsigned cxl_ways_decode(unsigned eiw)
{
    return eiw <= 4 ? 1u << eiw : eiw >= 8 && eiw <= 10 ? 3u << (eiw - 8) : 0;
}

/* The encoding of @ways; -1 when the specification has none */
static inline int cxl_ways_encode(unsigned ways)
{
    for (int eiw = 0; eiw <= 10; eiw++) {
        if (ways && cxl_ways_decode(eiw) == ways) {
            return eiw;
        }
    }
    return -1;
}

/* CXL r3.1 8.2.4.20.7: bytes that Interleave Granularity encodes, or 0 */
static inline unsigned cxl_granularity_decode(unsigned eig)
{
    return eig <= 6 ? CXL_GRANULARITY_MIN << eig : 0;
}

/* The encoding of @bytes; -1 when the specification has none */
static inline int cxl_granularity_encode(uint64_t bytes)
{
    for (int eig = 0; eig <= 6; eig++) {
        if (cxl_granularity_decode(eig) == bytes) {
            return eig;
        }
    }
    return -1;
}

#endif /* HW_CXL_DECODER_H */

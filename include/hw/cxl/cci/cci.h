/*
 * Component Command Interface: the one way in for every command
 *
 * A command is a row of a table. cxl_cci_execute() looks the row up, checks
 * lengths, media state and background exclusion, copies the request, and
 * only then calls the handler, which writes its answer through a cursor
 * that cannot leave the response's buffer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_CCI_H
#define HW_CXL_CCI_CCI_H

#include "qemu/timer.h"
#include "migration/vmstate.h"
#include "hw/cxl/cci/fault.h"
#include "hw/cxl/cxl-le.h"
#include "hw/cxl/spec/cci.h"

typedef struct CXLCCI CXLCCI;
typedef struct CXLCmd CXLCmd;

/**
 * CXLRsp: the bounded response cursor
 * @buf: where the answer goes
 * @size: bytes that the answer may take: row, mailbox and caller agree
 * @len: bytes written so far
 */
typedef struct CXLRsp {
    uint8_t *buf;
    uint32_t size;
    uint32_t len;
} CXLRsp;

/* Append @len zeroed bytes and return them; NULL when they do not fit */
void *cxl_rsp_add(CXLRsp *rsp, uint32_t len);
/* Bytes that still fit */
uint32_t cxl_rsp_room(const CXLRsp *rsp);

/**
 * CXLCall: what a handler is called with
 * @state: what was given to cxl_cci_add() along with the handler's row
 * @req: the request, at least the row's in_min bytes, a private copy
 * @tail: elements of the row's tail that the request holds
 * @room: bytes that an answer can have now
 */
typedef struct CXLCall {
    CXLCCI *cci;
    void *state;
    const void *req;
    uint32_t tail;
    uint32_t room;
} CXLCall;

typedef CXLRet CXLCmdHandler(const CXLCall *call, CXLRsp *rsp);

/* How the length of a request follows from its row */
typedef enum CXLTail {
    CXL_TAIL_NONE,          /* exactly in_min bytes */
    CXL_TAIL_COUNTED,       /* in_min, then as many elements as a field says */
    CXL_TAIL_REST,          /* in_min, then whole elements up to the end */
} CXLTail;

/* Flags of a row */
#define CXL_CMD_BACKGROUND      (1u << 0)  /* goes on after it is answered */
#define CXL_CMD_NEEDS_MEDIA     (1u << 1)  /* Media Disabled otherwise */
#define CXL_CMD_ABORTABLE       (1u << 3)  /* by Request Abort */
#define CXL_CMD_NEEDS_UNLOCKED  (1u << 2)  /* Invalid Security State otherwise */

/**
 * CXLCmd: a command
 * @opcode: command set in the high byte
 * @name: lower case, as in traces and test names: "get-lsa"
 * @in_min: bytes of the fixed part of the request
 * @tail: what may follow; @tail_size bytes an element
 * @count_offset: CXL_TAIL_COUNTED: where in the fixed part the count stands
 * @count_width: bytes of the count
 * @tail_max: CXL_TAIL_REST: elements at most; 0: what the interface holds
 * @out_max: bytes of the longest answer; UINT32_MAX: what the mailbox holds
 * @effects: CXL r3.1 8.2.9.5.2.1: Command Effect of the CEL
 * @variant: optional: of a request of @in_min bytes at least, the row that has
 *           its length, flags, answer and handler instead; NULL: this one. What
 *           goes on in the background, and effects, are of this one.
 * @handler: does the work, or starts it; returns a return code
 * @finish: BACKGROUND: called when the time is up; returns the return code
 * @cancel: BACKGROUND, optional: called instead of @finish when it ends early,
 *          because it was aborted, or by reset or unplug
 * @estimate_ms: BACKGROUND: how long it takes, in ms of virtual time
 */
struct CXLCmd {
    uint16_t opcode;
    const char *name;
    uint32_t in_min;
    CXLTail tail;
    uint16_t count_offset;
    uint8_t count_width;
    uint16_t tail_size;
    uint32_t tail_max;
    uint32_t out_max;
    uint16_t effects;
    uint16_t flags;
    const CXLCmd *(*variant)(const void *req);
    CXLCmdHandler *handler;
    CXLRet (*finish)(void *state);
    void (*cancel)(void *state);
    uint32_t (*estimate_ms)(void *state);
};

/**
 * CXLBackground: the one background operation that a CCI can run
 *
 * @opcode: 0 when none has run since reset
 * @hangs: it runs and does not end by itself: a fault that is wanted
 */
typedef struct CXLBackground {
    QEMUTimer *timer;
    bool running;
    bool hangs;
    uint16_t opcode;
    uint16_t ret;
    int64_t start_ns;
    int64_t end_ns;
} CXLBackground;

/**
 * CXLCCIOps: what a CCI asks of its owner
 * @media_disabled: whether the media cannot be used now; NULL: never
 * @locked: whether persistent memory is locked now; NULL: never
 * @background_done: a background operation has ended; tell the driver
 */
typedef struct CXLCCIOps {
    bool (*media_disabled)(void *opaque);
    bool (*locked)(void *opaque);
    void (*background_done)(void *opaque);
} CXLCCIOps;

/*
 * Told of each command after it was executed, or refused: the @in_len bytes of
 * its request and the return code; of what it carried it hears nothing
 */
typedef void CXLCCIObserver(void *opaque, uint16_t opcode, uint32_t in_len,
                            CXLRet ret);

/**
 * CXLCCI: an interface
 * @payload_max: bytes that a request or an answer can take
 * @response_max: CXL r3.1 8.2.9.1.4: bytes that an answer may take until reset
 * @observer: called with @observed; NULL: nobody
 * @faults: what is to happen to commands; the owner asks before it executes
 */
struct CXLCCI {
    const CXLCCIOps *ops;
    void *opaque;
    uint32_t payload_max;
    uint32_t response_max;
    GPtrArray *slots;
    CXLCCIObserver *observer;
    void *observed;
    CXLBackground background;
    CXLFaults faults;
};

extern const VMStateDescription vmstate_cxl_cci;
#define VMSTATE_CXL_CCI(_field, _state) \
    VMSTATE_STRUCT(_field, _state, 1, vmstate_cxl_cci, CXLCCI)

/* @payload_max: bytes that a request or an answer can take on this interface */
void cxl_cci_init(CXLCCI *cci, const CXLCCIOps *ops, void *opaque,
                  uint32_t payload_max);
void cxl_cci_destroy(CXLCCI *cci);
/*
 * Cancel a background operation; CXL r3.1 8.2.8.4.7: its registers clear.
 * Called before cxl_cci_destroy() too, while all that it acts on is there.
 */
void cxl_cci_reset(CXLCCI *cci);
/* Offer @nr commands; an opcode that is offered twice is a bug of ours */
void cxl_cci_add(CXLCCI *cci, const CXLCmd *rows, unsigned nr, void *state);
/* Let @observer know of every command from now on; there is one at most */
void cxl_cci_observe(CXLCCI *cci, CXLCCIObserver *observer, void *opaque);

/**
 * cxl_cci_execute: run a command
 * @in: request, @in_len bytes; copied before anything is checked
 * @out: room for payload_max bytes; @out_len says how many were written
 *
 * Returns a return code of CXL r3.1 8.2.8.4.5.1. On any code but SUCCESS and
 * BACKGROUND nothing is written.
 */
CXLRet cxl_cci_execute(CXLCCI *cci, uint16_t opcode, const uint8_t *in,
                       uint32_t in_len, uint8_t *out, uint32_t *out_len);

/*
 * Answer @ret, which is not BACKGROUND, without executing the command; whoever
 * is told of commands is told of this one, too
 */
CXLRet cxl_cci_fail(CXLCCI *cci, uint16_t opcode, uint32_t in_len, CXLRet ret);

/* The @n-th command offered, in the order of opcodes; NULL past the last */
const CXLCmd *cxl_cci_command(const CXLCCI *cci, unsigned n);
/* The command with @opcode and in @state what it was added with; or NULL */
const CXLCmd *cxl_cci_find(const CXLCCI *cci, uint16_t opcode, void **state);
/* The row by which the @len bytes at @in are judged: @row, or a variant of it */
const CXLCmd *cxl_cci_variant(const CXLCmd *row, const void *in, uint32_t len);
/*
 * CXL r3.1 8.2.9.1.5: end the background operation, if one runs, with Aborted;
 * false when it cannot be aborted
 */
bool cxl_cci_background_abort(CXLCCI *cci);
/*
 * Let the operation that runs, if any, come to no end (@on), or to its own; it
 * can be aborted all the same, and a reset cancels it
 */
void cxl_cci_background_hang(CXLCCI *cci, bool on);
/* CXL r3.1 8.2.8.4.7: 0 to 100, by elapsed time; 100 once it has ended */
unsigned cxl_cci_background_percent(const CXLCCI *cci);

#endif /* HW_CXL_CCI_CCI_H */

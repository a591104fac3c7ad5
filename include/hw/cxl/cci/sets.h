/*
 * Command sets of a memory device and the state each of them keeps
 *
 * A device embeds the state of the sets that it offers, and calls each set's
 * add function once; reset functions are called from the device's reset.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CCI_SETS_H
#define HW_CXL_CCI_SETS_H

#include "hw/cxl/cci/cci.h"
#include "hw/cxl/cxl-mem.h"
#include "hw/cxl/model/event-log.h"
#include "hw/cxl/model/poison.h"

/* CXL r3.1 8.2.9.1: Information and Status: 0001h Identify, 0002h */
typedef struct CXLInfostat {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint64_t serial;
    uint8_t component_type;
} CXLInfostat;
void cxl_infostat_add(CXLCCI *cci, CXLInfostat *s);

/*
 * CXL r3.1 8.2.9.2: Events: 0100h to 0103h
 * @pending: a log became empty or not: show it in Event Status. Mandatory.
 * @interrupt: raise @vector; called when a log whose policy asks for it goes
 *             from no records to one. Mandatory.
 * @message: Returns the message number by which the host knows @vector now, 0
 *           to 15. Mandatory.
 */
typedef struct CXLEventsOps {
    void (*pending)(void *opaque, unsigned log, bool pending);
    void (*interrupt)(void *opaque, unsigned vector);
    unsigned (*message)(void *opaque, unsigned vector);
} CXLEventsOps;

/**
 * CXLEvents: event logs and their interrupts
 * @nr: logs that there are: CXL_EVENT_LOGS, or with Dynamic Capacity one more
 * @policy: CXL_EVENT_MODE_* of each log
 */
typedef struct CXLEvents {
    uint8_t nr;
    CXLEventLog logs[CXL_EVENT_LOGS_MAX];
    uint8_t policy[CXL_EVENT_LOGS_MAX];
    uint8_t vector[CXL_EVENT_LOGS_MAX];
    const CXLEventsOps *ops;
    void *opaque;
} CXLEvents;

extern const VMStateDescription vmstate_cxl_events;
/* @vectors: one for each of the @nr logs; @depth: records that each holds */
void cxl_events_add(CXLCCI *cci, CXLEvents *s, const CXLEventsOps *ops,
                    void *opaque, const uint8_t *vectors, unsigned nr,
                    unsigned depth);
void cxl_events_destroy(CXLEvents *s);
/* Delete all records; policies stay */
void cxl_events_delete(CXLEvents *s);
/* Event logs and policies survive all but a @cold reset */
void cxl_events_reset(CXLEvents *s, bool cold);
/*
 * Append @record (handle and timestamp are filled in) to log @log; false when
 * the log was full and the overflow was counted instead. Interrupts by policy.
 */
bool cxl_events_record(CXLEvents *s, unsigned log, CXLEventRecord *record,
                       uint64_t timestamp_ns);

/* CXL r3.1 8.2.9.3: Firmware Update: hw/cxl/cci/firmware.h */
typedef struct CXLFirmware CXLFirmware;

/* CXL r3.1 8.2.9.4: Timestamp: 0300h, 0301h. Nanoseconds, 0 until it is set */
typedef struct CXLTimestamp {
    bool set;
    uint64_t host_ns;
    int64_t set_at_ns;
} CXLTimestamp;
extern const VMStateDescription vmstate_cxl_timestamp;
void cxl_timestamp_add(CXLCCI *cci, CXLTimestamp *s);
void cxl_timestamp_reset(CXLTimestamp *s);
uint64_t cxl_timestamp_now(const CXLTimestamp *s);

/**
 * CXLMemdev: CXL r3.1 8.2.9.9.1, 8.2.9.9.2: Memory Device: 4000h Identify,
 * 4100h Get Partition Info, and 4101h Set Partition Info of devices that have
 * memory that can be partitioned
 * @next_vmem: bytes that are volatile from the next reset on; kept in
 *             non-volatile memory
 * @active_vmem: bytes that are volatile now, while state is saved and loaded
 */
typedef struct CXLMemdev {
    CXLMem *mem;
    CXLEvents *events;
    CXLPoisonList *poison;
    const CXLFirmware *firmware;
    uint64_t next_vmem;
    uint64_t active_vmem;
} CXLMemdev;
/* Load it before decoders: it moves what they map */
extern const VMStateDescription vmstate_cxl_memdev;
void cxl_memdev_add(CXLCCI *cci, CXLMemdev *s, CXLMem *mem,
                    CXLEvents *events, CXLPoisonList *poison,
                    const CXLFirmware *firmware);
/* A partitioning that waits for it becomes active; no decoder is committed */
void cxl_memdev_reset(CXLMemdev *s);

#endif /* HW_CXL_CCI_SETS_H */

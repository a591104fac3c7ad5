/*
 * CXL Type 3 device: memory expander
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CXL_TYPE3_H
#define HW_CXL_CXL_TYPE3_H

#include "hw/pci/pci_device.h"
#include "qemu/notify.h"
#include "hw/cxl/cci/features.h"
#include "hw/cxl/cci/firmware.h"
#include "hw/cxl/cci/health.h"
#include "hw/cxl/cci/lsa.h"
#include "hw/cxl/cci/logs.h"
#include "hw/cxl/cci/maintenance.h"
#include "hw/cxl/cci/media.h"
#include "hw/cxl/cci/media-ops.h"
#include "hw/cxl/cci/sanitize.h"
#include "hw/cxl/cci/security.h"
#include "hw/cxl/cci/sets.h"
#include "hw/cxl/cci/shutdown.h"
#include "hw/cxl/cdat.h"
#include "hw/cxl/cxl-dpa.h"
#include "hw/cxl/cxl-nv.h"
#include "hw/cxl/cxl-power.h"
#include "hw/cxl/doe.h"
#include "hw/cxl/regs/component.h"
#include "hw/cxl/regs/device.h"
#include "hw/cxl/regs/dvsec.h"
#include "hw/cxl/serial.h"

#define TYPE_CXL_TYPE3 "cxl-type3"
OBJECT_DECLARE_SIMPLE_TYPE(CXLType3, CXL_TYPE3)

/**
 * CXLType3Reset: CXL r3.1 9.7: a CXL Reset under way
 * @running: until @end_ns of virtual time
 */
typedef struct CXLType3Reset {
    QEMUTimer *timer;
    bool running;
    int64_t end_ns;
} CXLType3Reset;

/**
 * CXLType3NotReady: media that are not ready, because that is wanted
 * @end_ns: until then, of virtual time; 0: until power goes
 */
typedef struct CXLType3NotReady {
    QEMUTimer *timer;
    int64_t end_ns;
} CXLType3NotReady;

/**
 * CXLType3: the device
 * @memdev: property, deprecated: another name of @pmem
 * @partitionable: property: memory that Set Partition Info can divide
 * @partition_volatile: property: bytes of it that are volatile at first
 * @nv_backend: property 'nv': where state stays that power loss must not lose
 * @perf: properties; what its memory costs, where @cdat_file does not say
 * @sn: property; 0 asks for a number of the device's own
 * @event_log_depth: property; records that each event log holds
 * @payload_size: property; bytes of the mailbox's payload registers
 * @poison_list_max: property; records that the poison list holds
 * @poison_inject_max: property; lines that Inject Poison can poison
 * @poison_mode: property 'poison': what the host gets that reads poison
 * @poison_bh: makes windows and what is kept follow what was healed
 * @fast_map: property; off: each access is checked one by one
 * @serial: @sn, or the number that was found for it, while realized
 */
struct CXLType3 {
    PCIDevice parent_obj;

    HostMemoryBackend *vmem;
    HostMemoryBackend *pmem;
    HostMemoryBackend *memdev;
    HostMemoryBackend *partitionable;
    uint64_t partition_volatile;
    HostMemoryBackend *lsa;
    HostMemoryBackend *nv_backend;
    char *cdat_file;
    CXLPerf perf;
    uint64_t sn;
    uint8_t hdm_decoders;
    uint32_t event_log_depth;
    uint32_t payload_size;
    uint32_t poison_list_max;
    uint32_t poison_inject_max;
    char *poison_mode;
    bool fast_map;
    PCIExpLinkSpeed speed;
    PCIExpLinkWidth width;

    CXLPower power;
    CXLType3Reset cxl_reset;
    CXLType3NotReady not_ready;
    Notifier exit_notifier;
    Notifier shutdown_notifier;
    CXLSerial serial;
    CXLDpa dpa;
    CXLNv nv;
    CXLPoisonList poison;
    QEMUBH *poison_bh;
    CXLCdat cdat;
    CXLDoe *doe;
    CXLDvsecs dvsecs;
    CXLComponent component;
    CXLDeviceRegs regs;

    CXLCCI cci;
    CXLInfostat infostat;
    CXLEvents events;
    CXLFeatures features;
    CXLFirmware firmware;
    CXLTimestamp timestamp;
    CXLLogs logs;
    CXLMemdev memdev_set;
    CXLLsa lsa_set;
    CXLShutdown shutdown;
    CXLHealthMonitor health;
    CXLMaintenance maintenance;
    CXLMedia media;
    CXLSecurity security;
    CXLSanitize sanitize;
    CXLMediaOps media_ops;
};

/*
 * Put @record into event log @log, as if the media had reported it; the
 * record's handle and timestamp are filled in. False when the log was full
 * and the overflow was counted instead.
 */
bool cxl_type3_record_event(CXLType3 *ct3, unsigned log,
                            CXLEventRecord *record);

/* The realized cxl-type3 at QOM path, or of id, @path; NULL with @errp set */
CXLType3 *cxl_type3_find(const char *path, Error **errp);

/* Let the media not be ready for @ms of virtual time; 0: until power goes */
void cxl_type3_set_not_ready(CXLType3 *ct3, uint32_t ms);

/* No fault that was wanted is any more; what hung goes on */
void cxl_type3_clear_faults(CXLType3 *ct3);

/*
 * Power goes, and comes back at once: volatile memory is zero then, and the
 * device as it was when power came on. @flushed: a Global Persistent Flush
 * has completed before.
 */
void cxl_type3_lose_power(CXLType3 *ct3, bool flushed);

#endif /* HW_CXL_CXL_TYPE3_H */

/*
 * libqos driver for CXL: topologies, enumeration, registers, mailbox
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LIBQOS_CXL_H
#define LIBQOS_CXL_H

#include "hw/registerfields.h"
#include "../libqtest.h"
#include "hw/cxl/cxl-le.h"
#include "hw/cxl/spec/registers.h"
#include "hw/cxl/spec/dvsec.h"
#include "hw/cxl/spec/cci.h"
#include "hw/cxl/spec/health.h"
#include "hw/cxl/spec/payloads.h"
#include "hw/cxl/spec/payloads-partition.h"
#include "hw/cxl/spec/payloads-shutdown.h"
#include "hw/cxl/spec/payloads-events.h"
#include "hw/cxl/spec/payloads-features.h"
#include "hw/cxl/spec/payloads-firmware.h"
#include "hw/cxl/spec/payloads-logs.h"
#include "hw/cxl/spec/payloads-maintenance.h"
#include "hw/cxl/spec/payloads-media.h"
#include "hw/cxl/spec/payloads-sanitize.h"
#include "hw/cxl/spec/payloads-security.h"
#include "hw/cxl/spec/cedt.h"
#include "hw/cxl/spec/tables.h"

#define QCXL_MIB        (1024 * 1024ULL)
#define QCXL_UNIT       (256 * QCXL_MIB)

/* Topologies, as command lines */

typedef struct QCXLTopology QCXLTopology;

/* An empty q35 with cxl=on; its backing files live in a directory of its own */
QCXLTopology *qcxl_topology(void);
/* Any further arguments */
void qcxl_args(QCXLTopology *t, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/*
 * A pxb-cxl called @id on bus @bus_nr. @props, here and below: further
 * properties, ",name=value", or "".
 */
void qcxl_bridge(QCXLTopology *t, const char *id, unsigned bus_nr,
                 const char *props);
/* A cxl-rp called @id below the bridge @bridge; slots number themselves */
void qcxl_root_port(QCXLTopology *t, const char *id, const char *bridge,
                    const char *props);
/*
 * A switch called @id at port @port: a cxl-upstream, and @ports cxl-downstream
 * called @id.0, @id.1, ... whose port numbers are these; @props are the
 * upstream port's
 */
void qcxl_switch(QCXLTopology *t, const char *id, const char *port,
                 unsigned ports, const char *props);
/*
 * A cxl-type3 called @id at port @port, of @vmem and @pmem MiB, either may
 * be 0; the backing files are called @id.v, @id.p and @id.lsa
 */
void qcxl_mem(QCXLTopology *t, const char *id, const char *port,
              unsigned vmem, unsigned pmem, const char *props);
/* Only the backends of such a device */
void qcxl_backends(QCXLTopology *t, const char *id,
                   unsigned vmem, unsigned pmem);
/* A backend @id.nv for the property 'nv' */
void qcxl_nv(QCXLTopology *t, const char *id);
/*
 * A backend @id.part of @mib MiB for the property 'partitionable-memdev', and
 * @id.lsa if @lsa
 */
void qcxl_partitionable(QCXLTopology *t, const char *id, unsigned mib,
                        bool lsa);
/* A window of @mib MiB over the bridges in @targets, "id id ..." */
void qcxl_window(QCXLTopology *t, unsigned mib, const char *granularity,
                 const char *targets);

/* A running machine, enumerated as firmware would */

/* Where we, as firmware, put ECAM; 256 buses */
#define QCXL_ECAM_BASE      0xb0000000u
#define QCXL_BRIDGES_MAX    16
#define QCXL_WINDOWS_MAX    8
#define QCXL_LSA_SIZE       (128 * 1024)
#define QCXL_NV_SIZE        (256 * 1024)

/* CXL r3.1 8.2.4: capabilities of a component, as addresses; 0: not there */
typedef struct QCXLComponent {
    uint64_t base;
    uint64_t cachemem;
    uint64_t ras;
    uint64_t link;
    uint64_t hdm;
    unsigned capabilities;
} QCXLComponent;

typedef struct QCXLBridge {
    uint32_t uid;
    QCXLComponent comp;
} QCXLBridge;

typedef struct QCXLWindow {
    uint64_t base;
    uint64_t size;
    unsigned ways;
    uint32_t granularity;
    bool xor;
    uint32_t targets[16];
} QCXLWindow;

/* CXL r3.1 9.18.1.4: what windows with XOR arithmetic select by */
#define QCXL_XORMAPS_MAX    8
typedef struct QCXLXormaps {
    unsigned nr;
    uint64_t maps[QCXL_XORMAPS_MAX];
} QCXLXormaps;

typedef struct QCXL {
    QTestState *qts;
    char *args;
    char *dir;
    GPtrArray *functions;
    QCXLBridge bridges[QCXL_BRIDGES_MAX];
    unsigned nr_bridges;
    QCXLWindow windows[QCXL_WINDOWS_MAX];
    unsigned nr_windows;
    /* by the encoded granularity of the windows */
    QCXLXormaps xormaps[7];
    uint64_t mmio;
    uint8_t bus;
} QCXL;

/**
 * QCXLFn: a function below a host bridge
 * @bar, @bar_size: memory BARs as mapped; size 0 where there is none
 * @port: the bridge above it, NULL at a root bus
 * @regs: CXL r3.1 8.2.8: the device register block, 0 if none
 * @status, @mailbox, @memdev: addresses of its capabilities
 */
typedef struct QCXLFn {
    QCXL *q;
    struct QCXLFn *port;
    uint8_t bus;
    uint8_t devfn;
    uint8_t secondary;
    uint16_t vendor;
    uint16_t device;
    uint64_t bar[6];
    uint64_t bar_size[6];
    uint32_t bar_flags[6];
    QCXLComponent comp;
    uint64_t regs;
    uint64_t status;
    uint64_t mailbox;
    uint64_t memdev;
} QCXLFn;

/* Start @t, which is freed, and enumerate */
QCXL *qcxl_boot(QCXLTopology *t);
void qcxl_quit(QCXL *q);
/* Number buses, map BARs, find register blocks; forgets earlier functions */
void qcxl_enumerate(QCXL *q);
/* System reset, then enumeration anew */
void qcxl_reset(QCXL *q);
/* The same command line anew, on the same backing files, and enumerated */
void qcxl_restart(QCXL *q);
/* The same, but that QEMU is killed without a chance to do anything about it */
void qcxl_kill(QCXL *q);
/* Secondary Bus Reset of what is below @port, unmasked or masked */
void qcxl_bus_reset(QCXLFn *port, bool unmask);
/*
 * In the order of the buses, down each branch before the next, the @n-th port
 * of any kind, memory device, or function of an ID; NULL past the last
 */
QCXLFn *qcxl_port_at(QCXL *q, unsigned n);
QCXLFn *qcxl_mem_at(QCXL *q, unsigned n);
QCXLFn *qcxl_fn_at(QCXL *q, uint16_t device, unsigned n);
/* The @n-th downstream port that is right below @port; NULL past the last */
QCXLFn *qcxl_downstream_at(QCXLFn *port, unsigned n);
/* Device IDs of the ports */
#define QCXL_ROOT_PORT          0x7075
#define QCXL_UPSTREAM_PORT      0xa128
#define QCXL_DOWNSTREAM_PORT    0xa129
/* Port Number of Link Capabilities, by which decoders name a port */
unsigned qcxl_port_number(QCXLFn *port);
/*
 * Save the machine's state and let another QEMU, on the same backing files,
 * go on from there; the functions found before stay where they are
 */
void qcxl_migrate(QCXL *q);
/*
 * What an OS does when something was plugged into a slot: give it power; and
 * when it is to go: take it away, which is the end of device @id
 */
void qcxl_slot_power_on(QCXLFn *port);
/* Power off and on again, without anything being unplugged */
void qcxl_slot_power_cycle(QCXLFn *port);
void qcxl_slot_eject(QCXLFn *port, const char *id);
/* Path of a backing file; free it */
char *qcxl_file(QCXL *q, const char *name);
/* Bytes of a backing file */
void qcxl_file_read(QCXL *q, const char *name, uint64_t offset, void *buf,
                    size_t len);

/* Accesses of 1, 2, 4 or 8 bytes, in one piece */
uint64_t qcxl_read(QCXL *q, uint64_t addr, unsigned size);
void qcxl_write(QCXL *q, uint64_t addr, unsigned size, uint64_t value);

/* Configuration space, through ECAM */
uint64_t qcxl_config_read(QCXLFn *fn, unsigned offset, unsigned size);
void qcxl_config_write(QCXLFn *fn, unsigned offset, unsigned size,
                       uint64_t value);
/* Offset of an extended capability; 0 without one */
unsigned qcxl_ext_cap(QCXLFn *fn, uint16_t id);
/* Offset of the extended capability behind the one at @at; 0: the last one */
unsigned qcxl_ext_next(QCXLFn *fn, unsigned at);
/* Offset of a CXL DVSEC; 0 without one */
unsigned qcxl_dvsec(QCXLFn *fn, uint16_t id);
/* Offset of a capability below 100h; 0 without one */
unsigned qcxl_cap(QCXLFn *fn, uint8_t id);
/* Let MSI-X vector @vector write @data to guest address @addr */
void qcxl_msix_arm(QCXLFn *fn, unsigned vector, uint64_t addr, uint32_t data);

/* CXL r3.1 8.1.11: the CDAT that the function's DOE hands out; unref it */
GByteArray *qcxl_cdat(QCXLFn *fn);

/* CXL r3.1 8.2.8.4: Mailbox */

/*
 * Run a command and return its return code. @out takes up to *@out_len bytes,
 * and *@out_len becomes the length answered. Either may be NULL.
 */
unsigned qcxl_mbox(QCXLFn *fn, uint16_t opcode, const void *in, size_t in_len,
                   void *out, size_t *out_len);
/* Bytes of the payload registers */
size_t qcxl_mbox_payload_size(QCXLFn *fn);
/* Run @opcode on what the payload registers hold, of @len bytes, any @len */
unsigned qcxl_mbox_ring(QCXLFn *fn, uint16_t opcode, uint32_t len);
/*
 * The same in parts, for a mailbox that takes its time: whether the doorbell
 * is set; ring it, when it is not; and as qcxl_mbox(), when it is no more
 */
bool qcxl_mbox_busy(QCXLFn *fn);
void qcxl_mbox_start(QCXLFn *fn, uint16_t opcode, uint32_t len);
unsigned qcxl_mbox_answer(QCXLFn *fn, void *out, size_t *out_len);
/*
 * CXL r3.1 8.2.9.2.2: take the oldest record, 128 bytes, off event log @log, of
 * eight at most; how many there were, @record is unchanged if there was none
 */
unsigned qcxl_event_take(QCXLFn *fn, uint8_t log, void *record);

/* CXL r3.1 8.2.4.20: HDM decoders */

typedef struct QCXLDecoder {
    uint64_t base;
    uint64_t size;
    uint64_t skip;
    unsigned ways;          /* encoded */
    unsigned granularity;   /* encoded */
    uint64_t targets;
    bool lock;
} QCXLDecoder;

/* How many decoders the component has */
unsigned qcxl_hdm_count(QCXL *q, const QCXLComponent *comp);
/* Address of a register of decoder @n */
uint64_t qcxl_hdm_reg(const QCXLComponent *comp, unsigned n, unsigned offset);
/* Program decoder @n without committing it */
void qcxl_hdm_program(QCXL *q, const QCXLComponent *comp, unsigned n,
                      const QCXLDecoder *d);
/* Program and commit decoder @n; whether it was committed */
bool qcxl_hdm_commit(QCXL *q, const QCXLComponent *comp, unsigned n,
                     const QCXLDecoder *d);
bool qcxl_hdm_committed(QCXL *q, const QCXLComponent *comp, unsigned n);
bool qcxl_hdm_failed(QCXL *q, const QCXLComponent *comp, unsigned n);
void qcxl_hdm_uncommit(QCXL *q, const QCXLComponent *comp, unsigned n);
/* Program and commit decoder @n of a device, and enable the device */
void qcxl_mem_commit(QCXLFn *fn, unsigned n, const QCXLDecoder *d);
/*
 * Regions that have decoder 0 of everything: commit that of a port to @targets,
 * that of memory device number @n; uncommit all, devices first, as an OS does
 */
void qcxl_commit_to(QCXL *q, const QCXLComponent *comp, QCXLDecoder d,
                    uint64_t targets);
void qcxl_commit_mem(QCXL *q, unsigned n, QCXLDecoder d);
void qcxl_uncommit_all(QCXL *q);
/* Nothing decodes @hpa */
void qcxl_check_miss(QCXL *q, uint64_t hpa);
/* HDM Decoder Enable of the component, Mem_Enable of the device */
void qcxl_hdm_enable(QCXL *q, const QCXLComponent *comp, bool on);
void qcxl_mem_enable(QCXLFn *fn, bool on);

#endif /* LIBQOS_CXL_H */

/*
 * What a host bridge or a switch offers to windows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_PORT_H
#define HW_CXL_PORT_H

#include "qom/object.h"
#include "hw/cxl/cxl-decoder.h"
#include "hw/cxl/cxl-perf.h"

#define TYPE_CXL_PORT "cxl-port"
typedef struct CXLPort CXLPort;
typedef struct CXLPortClass CXLPortClass;
DECLARE_CLASS_CHECKERS(CXLPortClass, CXL_PORT, TYPE_CXL_PORT)
#define CXL_PORT(obj) INTERFACE_CHECK(CXLPort, (obj), TYPE_CXL_PORT)

struct CXLPortClass {
    InterfaceClass parent_class;

    /*
     * Returns how many HDM decoders the port has; 0 for a port that passes
     * every address on to its only downstream port. Called whenever routes
     * are compiled. Mandatory.
     */
    unsigned (*nr_decoders)(CXLPort *port);
    /*
     * Reads committed decoder @n into @out; false when it is not committed.
     * Called whenever routes are compiled. Mandatory with decoders.
     */
    bool (*decoder)(CXLPort *port, unsigned n, CXLDecoder *out);
    /*
     * Returns the CXLPort (a switch's upstream port) or the CXLMem that is
     * plugged into downstream port number @target (CXL r3.1 8.2.4.20.8:
     * Target Port Identifier = Port Number of the Link Capabilities); NULL
     * when nothing that speaks CXL.mem is there. A port without decoders
     * ignores @target. Called whenever routes are compiled. Mandatory.
     */
    Object *(*target)(CXLPort *port, uint8_t target);
    /*
     * Writes @setup to decoder @n's registers, as software does; false when
     * it was to be committed and is not. Called for the machine's firmware,
     * after a reset. Mandatory with decoders.
     */
    bool (*program)(CXLPort *port, unsigned n, const CXLDecoderSetup *setup);
    /*
     * Finds what the way through the port costs: for a switch, between its
     * upstream port and downstream port number @target, as its CDAT says;
     * for a host bridge, between a processor beside it and all of its root
     * ports together, whatever @target. False when not all is known. Called
     * when tables are made for the guest. Optional: nothing is known.
     */
    bool (*perf)(CXLPort *port, uint8_t target, CXLPerf *perf);
    /*
     * Reads decoder @n into @out as its registers stand, committed or not;
     * false past the last. Called by queries and to explain a miss. Optional:
     * without it, decoders that are committed are all that can be seen.
     */
    bool (*decoder_state)(CXLPort *port, unsigned n, CXLDecoderState *out);
    /*
     * Returns what target() found at @target, or why it found nothing, and in
     * @via the port with that number, or NULL. Called as decoder_state() is.
     * Optional: without it, nothing is plugged in where target() finds none.
     */
    CXLTargetKind (*target_kind)(CXLPort *port, uint8_t target, Object **via);
};

#endif /* HW_CXL_PORT_H */

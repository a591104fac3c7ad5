/*
 * What a host bridge or a switch offers to windows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_PORT_H
#define HW_CXL_PORT_H

#include "qom/object.h"
#include "hw/cxl/cxl-decoder.h"

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
};

#endif /* HW_CXL_PORT_H */

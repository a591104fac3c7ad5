/*
 * CXL host bridges: a root bus's component registers, and its windows' targets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PCI_BRIDGE_CXL_HOST_BRIDGE_H
#define HW_PCI_BRIDGE_CXL_HOST_BRIDGE_H

#include "hw/cxl/cdat.h"
#include "hw/cxl/cxl-port.h"
#include "hw/cxl/regs/component.h"
#include "hw/pci/pci_bus.h"

#define TYPE_PXB_CXL "pxb-cxl"
#define TYPE_CXL_MAIN_HOST "cxl-main-host"

/**
 * CXLRootPorts: what every device that is a CXL host bridge has
 * @bus: the root bus with its root ports; the host bridge sets it before the
 *       registers are made
 * @uid: CXL r3.1 9.18.1.2: the _UID by which ACPI tables name it
 * @hdm_for_passthrough: decoders also where there is only one root port
 * @hdm_decoders: how many
 * @perf: what the way from a processor to the root ports costs
 * @component: once @has_component
 * @passthrough: there are no decoders, the only root port gets everything
 */
typedef struct CXLRootPorts {
    PCIBus *bus;
    uint32_t uid;
    bool hdm_for_passthrough;
    uint8_t hdm_decoders;
    CXLPerf perf;

    CXLComponent component;
    bool has_component;
    bool passthrough;
} CXLRootPorts;

/* A CXLPort that is a host bridge */
#define TYPE_CXL_HOST_BRIDGE "cxl-host-bridge"
typedef struct CXLHostBridgeClass CXLHostBridgeClass;
DECLARE_CLASS_CHECKERS(CXLHostBridgeClass, CXL_HOST_BRIDGE,
                       TYPE_CXL_HOST_BRIDGE)

struct CXLHostBridgeClass {
    CXLPortClass parent_class;

    /*
     * Returns the host bridge's state, which is a part of @obj. Called by all
     * functions below and whenever routes are compiled. Mandatory.
     */
    CXLRootPorts *(*root_ports)(Object *obj);
};

/*
 * Implementation defined: half the latency of local DRAM, and more bandwidth
 * than four default links, so that what is below decides
 */
#define CXL_HOST_BRIDGE_NS      50
#define CXL_HOST_BRIDGE_MBS     256000

#define DEFINE_PROP_CXL_ROOT_PORTS(_state, _field) \
    DEFINE_PROPS_CXL_PERF(_state, _field.perf, CXL_HOST_BRIDGE_NS, \
                          CXL_HOST_BRIDGE_NS, CXL_HOST_BRIDGE_MBS), \
    DEFINE_PROP_BOOL("hdm_for_passthrough", _state, \
                     _field.hdm_for_passthrough, false), \
    DEFINE_PROP_UINT8("hdm-decoders", _state, _field.hdm_decoders, 10)

/* What the properties say is legal; false if not */
bool cxl_root_ports_check(const CXLRootPorts *ports, Error **errp);
/* In phase 'hold' of a reset */
void cxl_root_ports_reset(CXLRootPorts *ports);
void cxl_root_ports_destroy(CXLRootPorts *ports);

/* CXL r3.1 9.18.1.2: the _UID by which ACPI tables name the host bridge */
uint32_t cxl_host_bridge_uid(Object *obj);

/*
 * Make the component registers, whose layout depends on the root ports that
 * are plugged in; called once, when all devices of the command line exist,
 * by the machine, which maps the region that is returned.
 */
MemoryRegion *cxl_host_bridge_make_registers(Object *obj);

/* Whether the host bridge routes without HDM decoders of its own */
bool cxl_host_bridge_is_passthrough(Object *obj);

/*
 * Make the host bridge that the main root bus of a machine is, with the id
 * @id and the _UID @uid; the machine sets its bus when that exists.
 */
Object *cxl_main_host_new(const char *id, uint32_t uid);
void cxl_main_host_set_bus(Object *obj, PCIBus *bus);

#endif /* HW_PCI_BRIDGE_CXL_HOST_BRIDGE_H */

/*
 * CXL host bridges: a root bus's component registers, and its windows' targets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/cxl/decode/window.h"
#include "hw/pci-bridge/cxl_host_bridge.h"
#include "hw/pci/pcie.h"

/* Implementation defined: Target Count, the most there is */
#define CXL_HOST_BRIDGE_TARGETS     8

static CXLRootPorts *root_ports_of(Object *obj)
{
    return CXL_HOST_BRIDGE_GET_CLASS(obj)->root_ports(obj);
}

uint32_t cxl_host_bridge_uid(Object *obj)
{
    return root_ports_of(obj)->uid;
}

bool cxl_host_bridge_is_passthrough(Object *obj)
{
    return root_ports_of(obj)->passthrough;
}

static bool is_root_port(const PCIDevice *pdev)
{
    return pdev && pci_is_express(pdev) && pdev->exp.exp_cap &&
           pcie_cap_get_type(pdev) == PCI_EXP_TYPE_ROOT_PORT;
}

static unsigned root_ports_count(const CXLRootPorts *ports)
{
    unsigned nr = 0;

    for (unsigned devfn = 0; devfn < ARRAY_SIZE(ports->bus->devices); devfn++) {
        nr += is_root_port(ports->bus->devices[devfn]);
    }
    return nr;
}

static void root_ports_decoders_changed(void *opaque)
{
    cxl_windows_update();
}

MemoryRegion *cxl_host_bridge_make_registers(Object *obj)
{
    CXLRootPorts *ports = root_ports_of(obj);
    g_autofree char *name = g_strdup_printf("%s-registers",
                                            object_get_typename(obj));
    CXLComponentConfig config = {
        .kind = CXL_COMPONENT_HOST_BRIDGE,
        .hdm.targets = CXL_HOST_BRIDGE_TARGETS,
    };

    assert(!ports->has_component);
    /*
     * CXL r3.1 8.2.4.20: a host bridge with one root port has no choice to
     * make, and need not have decoders.
     */
    ports->passthrough = !ports->hdm_for_passthrough &&
                         root_ports_count(ports) == 1;
    config.hdm.count = ports->passthrough ? 0 : ports->hdm_decoders;
    cxl_component_init(&ports->component, obj, name, &config,
                       root_ports_decoders_changed, ports);
    ports->has_component = true;
    return &ports->component.mr;
}

bool cxl_root_ports_check(const CXLRootPorts *ports, Error **errp)
{
    if (!cxl_hdm_count_valid(ports->hdm_decoders, false)) {
        error_setg(errp, "Property 'hdm-decoders' must be %s",
                   cxl_hdm_count_legal(false));
        return false;
    }
    return cxl_cdat_check_perf(&ports->perf, TYPE_CXL_HOST_BRIDGE, errp);
}

void cxl_root_ports_reset(CXLRootPorts *ports)
{
    if (ports->has_component) {
        cxl_component_reset(&ports->component);
    }
}

void cxl_root_ports_destroy(CXLRootPorts *ports)
{
    if (ports->has_component) {
        cxl_component_destroy(&ports->component);
    }
}

static unsigned host_bridge_nr_decoders(CXLPort *port)
{
    const CXLRootPorts *ports = root_ports_of(OBJECT(port));

    return ports->passthrough ? 0 : ports->hdm_decoders;
}

static bool host_bridge_decoder(CXLPort *port, unsigned n, CXLDecoder *out)
{
    return cxl_hdm_decoder(&root_ports_of(OBJECT(port))->component.hdm, n, out);
}

static bool host_bridge_program(CXLPort *port, unsigned n,
                                const CXLDecoderSetup *setup)
{
    return cxl_hdm_program(&root_ports_of(OBJECT(port))->component.hdm, n,
                           setup);
}

static Object *host_bridge_target(CXLPort *port, uint8_t target)
{
    const CXLRootPorts *ports = root_ports_of(OBJECT(port));

    return cxl_pcie_port_target(ports->bus, ports->passthrough ? -1 : target);
}

static bool host_bridge_decoder_state(CXLPort *port, unsigned n,
                                      CXLDecoderState *out)
{
    return cxl_hdm_state(&root_ports_of(OBJECT(port))->component.hdm, n, out);
}

static CXLTargetKind host_bridge_target_kind(CXLPort *port, uint8_t target,
                                             Object **via)
{
    const CXLRootPorts *ports = root_ports_of(OBJECT(port));

    return cxl_pcie_port_target_kind(ports->bus,
                                     ports->passthrough ? -1 : target, via);
}

static bool host_bridge_perf(CXLPort *port, uint8_t target, CXLPerf *perf)
{
    *perf = root_ports_of(OBJECT(port))->perf;
    return true;
}

static void host_bridge_class_init(ObjectClass *klass, void *data)
{
    CXLPortClass *port = CXL_PORT_CLASS(klass);

    port->nr_decoders = host_bridge_nr_decoders;
    port->decoder = host_bridge_decoder;
    port->program = host_bridge_program;
    port->target = host_bridge_target;
    port->perf = host_bridge_perf;
    port->decoder_state = host_bridge_decoder_state;
    port->target_kind = host_bridge_target_kind;
}

static const TypeInfo host_bridge_types[] = {
    {
        .name = TYPE_CXL_HOST_BRIDGE,
        .parent = TYPE_CXL_PORT,
        .class_size = sizeof(CXLHostBridgeClass),
        .class_init = host_bridge_class_init,
    },
};

DEFINE_TYPES(host_bridge_types)

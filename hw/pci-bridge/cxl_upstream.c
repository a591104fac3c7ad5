/*
 * Upstream port of a CXL switch
 *
 * The function that a switch shows to the port above it. Its HDM decoders
 * choose among the downstream ports, and its CDAT tells what the way through
 * the switch costs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/cxl/cxl-error-source.h"
#include "hw/cxl/cxl-pcie-port.h"
#include "hw/cxl/cxl-port.h"
#include "hw/cxl/doe.h"
#include "hw/cxl/serial.h"
#include "hw/cxl/trace.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"

OBJECT_DECLARE_SIMPLE_TYPE(CXLUpstreamPort, CXL_UPSTREAM)

#define UPSTREAM_DEVICE_ID      0xa128

/* Implementation defined: what stands where */
#define UPSTREAM_DSN_OFFSET     CXL_PCIE_PORT_AER_END
#define UPSTREAM_DVSEC_OFFSET   (UPSTREAM_DSN_OFFSET + PCI_EXT_CAP_DSN_SIZEOF)

/* Implementation defined: Target Count, the most there is */
#define UPSTREAM_TARGETS        8

/* Implementation defined: a hop, at the bandwidth of the default link */
#define UPSTREAM_NS             70
#define UPSTREAM_MBS            64000

/* CXL r3.1 8.1.11: software polls the DOE, which has no MSI-X vector here */
#define UPSTREAM_DOE_VECTOR     (-1)

/**
 * CXLUpstreamPort: the device
 * @sn: property; 0 asks for a number of the device's own
 * @perf: properties; what a hop costs, where @cdat_file does not say
 */
struct CXLUpstreamPort {
    PCIEPort parent_obj;

    uint64_t sn;
    char *cdat_file;
    CXLPerf perf;
    uint8_t hdm_decoders;
    PCIExpLinkWidth width;
    PCIExpLinkSpeed speed;

    CXLPciePort cxl;
    CXLSerial serial;
    CXLCdat cdat;
    CXLDoe *doe;
};

/* CXLPort: what windows ask of the switch */

static unsigned upstream_nr_decoders(CXLPort *port)
{
    return CXL_UPSTREAM(port)->hdm_decoders;
}

static bool upstream_decoder(CXLPort *port, unsigned n, CXLDecoder *out)
{
    return cxl_hdm_decoder(&CXL_UPSTREAM(port)->cxl.component.hdm, n, out);
}

static bool upstream_program(CXLPort *port, unsigned n,
                             const CXLDecoderSetup *setup)
{
    return cxl_hdm_program(&CXL_UPSTREAM(port)->cxl.component.hdm, n, setup);
}

static Object *upstream_target(CXLPort *port, uint8_t target)
{
    return cxl_pcie_port_target(pci_bridge_get_sec_bus(PCI_BRIDGE(port)),
                                target);
}

static bool upstream_perf(CXLPort *port, uint8_t target, CXLPerf *perf)
{
    return cxl_cdat_switch_perf(&CXL_UPSTREAM(port)->cdat, target, perf);
}

static bool upstream_decoder_state(CXLPort *port, unsigned n,
                                   CXLDecoderState *out)
{
    return cxl_hdm_state(&CXL_UPSTREAM(port)->cxl.component.hdm, n, out);
}

static CXLTargetKind upstream_target_kind(CXLPort *port, uint8_t target,
                                          Object **via)
{
    return cxl_pcie_port_target_kind(pci_bridge_get_sec_bus(PCI_BRIDGE(port)),
                                     target, via);
}

/* Configuration space */

static uint32_t upstream_config_read(PCIDevice *pdev, uint32_t addr, int len)
{
    uint32_t answer;

    return cxl_doe_config_read(CXL_UPSTREAM(pdev)->doe, addr, len, &answer) ?
           answer : pci_default_read_config(pdev, addr, len);
}

static void upstream_config_write(PCIDevice *pdev, uint32_t addr,
                                  uint32_t value, int len)
{
    CXLUpstreamPort *usp = CXL_UPSTREAM(pdev);

    cxl_pcie_port_before_write(&usp->cxl, addr, value, len);
    cxl_doe_config_write(usp->doe, addr, value, len);
    pci_bridge_write_config(pdev, addr, value, len);
    pcie_aer_write_config(pdev, addr, value, len);
    cxl_pcie_port_written(&usp->cxl, addr, len);
}

/* A link ends at function 0 of device 0, below a port that leads down */
static bool upstream_check(CXLUpstreamPort *usp, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(usp);
    PCIBus *bus = pci_get_bus(pdev);

    if (!pci_bus_is_cxl(bus) || pci_bus_is_root(bus) ||
        !pci_is_express_downstream_port(bus->parent_dev)) {
        error_setg(errp, "cxl-upstream must be plugged into a port; set 'bus' "
                   "to a cxl-rp or a cxl-downstream, not to %s",
                   BUS(bus)->name);
        return false;
    }
    if (pdev->devfn) {
        error_setg(errp, "cxl-upstream: property 'addr': %x.%x is not where "
                   "a switch begins; it must be 0.0", PCI_SLOT(pdev->devfn),
                   PCI_FUNC(pdev->devfn));
        return false;
    }
    if (!cxl_hdm_count_valid(usp->hdm_decoders, false)) {
        error_setg(errp, "cxl-upstream: property 'hdm-decoders' cannot be "
                   "%u; legal values are %s", usp->hdm_decoders,
                   cxl_hdm_count_legal(false));
        return false;
    }
    return cxl_cdat_check_perf(&usp->perf, TYPE_CXL_UPSTREAM, errp);
}

static bool upstream_init_cdat(CXLUpstreamPort *usp, Error **errp)
{
    if (usp->cdat_file) {
        return cxl_cdat_load(&usp->cdat, usp->cdat_file, errp);
    }
    cxl_cdat_build_switch(&usp->cdat, &usp->perf);
    return true;
}

static void upstream_realize(PCIDevice *pdev, Error **errp)
{
    CXLUpstreamPort *usp = CXL_UPSTREAM(pdev);
    CXLComponentConfig config = {
        .kind = CXL_COMPONENT_UPSTREAM_PORT,
        .hdm.count = usp->hdm_decoders,
        .hdm.targets = UPSTREAM_TARGETS,
    };

    if (!upstream_check(usp, errp) || !upstream_init_cdat(usp, errp)) {
        return;
    }
    if (!cxl_switch_port_init(pdev, PCI_EXP_TYPE_UPSTREAM, errp)) {
        cxl_cdat_destroy(&usp->cdat);
        return;
    }
    cxl_pcie_link_init(pdev, usp->width, usp->speed);
    cxl_serial_take(&usp->serial, DEVICE(usp), usp->sn);
    pcie_dev_ser_num_init(pdev, UPSTREAM_DSN_OFFSET, usp->serial.number);
    cxl_pcie_port_init(&usp->cxl, pdev, &config, UPSTREAM_DVSEC_OFFSET);
    usp->doe = cxl_doe_new(pdev, usp->cxl.dvsecs.next, &usp->cdat,
                           UPSTREAM_DOE_VECTOR);
    trace_cxl_upstream_realize(DEVICE(usp)->id ?: TYPE_CXL_UPSTREAM,
                               usp->hdm_decoders, usp->serial.number);
}

/* What hangs on the switch has gone before: no window leads here any more */
static void upstream_exit(PCIDevice *pdev)
{
    CXLUpstreamPort *usp = CXL_UPSTREAM(pdev);

    g_clear_pointer(&usp->doe, cxl_doe_free);
    cxl_pcie_port_destroy(&usp->cxl);
    cxl_serial_release(&usp->serial);
    cxl_switch_port_exit(pdev);
    cxl_cdat_destroy(&usp->cdat);
}

static void upstream_reset_hold(Object *obj, ResetType type)
{
    CXLUpstreamPort *usp = CXL_UPSTREAM(obj);

    pci_bridge_reset(DEVICE(obj));
    pci_bridge_disable_base_limit(PCI_DEVICE(obj));
    pcie_cap_deverr_reset(PCI_DEVICE(obj));
    cxl_doe_reset(usp->doe);
    cxl_pcie_port_reset(&usp->cxl, type);
}

static const VMStateDescription vmstate_upstream = {
    .name = TYPE_CXL_UPSTREAM,
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_PCI_BUS,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj.parent_obj.parent_obj, CXLUpstreamPort),
        VMSTATE_STRUCT(parent_obj.parent_obj.parent_obj.exp.aer_log,
                       CXLUpstreamPort, 0, vmstate_pcie_aer_log, PCIEAERLog),
        VMSTATE_CXL_PCIE_PORT(cxl, CXLUpstreamPort),
        VMSTATE_CXL_DOE(doe, CXLUpstreamPort),
        VMSTATE_END_OF_LIST()
    },
};

static const Property upstream_properties[] = {
    DEFINE_PROP_UINT64("sn", CXLUpstreamPort, sn, 0),
    DEFINE_PROP_STRING("cdat", CXLUpstreamPort, cdat_file),
    DEFINE_PROPS_CXL_PERF(CXLUpstreamPort, perf, UPSTREAM_NS, UPSTREAM_NS,
                          UPSTREAM_MBS),
    DEFINE_PROP_UINT8("hdm-decoders", CXLUpstreamPort, hdm_decoders, 10),
    DEFINE_PROP_PCIE_LINK_SPEED("x-speed", CXLUpstreamPort, speed,
                                PCIE_LINK_SPEED_32),
    DEFINE_PROP_PCIE_LINK_WIDTH("x-width", CXLUpstreamPort, width,
                                PCIE_LINK_WIDTH_16),
};

static CXLComponent *upstream_component(CXLErrorSource *source)
{
    return &CXL_UPSTREAM(source)->cxl.component;
}

static void upstream_class_init(ObjectClass *oc, void *data)
{
    CXLPortClass *port = CXL_PORT_CLASS(oc);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
    DeviceClass *dc = DEVICE_CLASS(oc);

    port->nr_decoders = upstream_nr_decoders;
    port->decoder = upstream_decoder;
    port->program = upstream_program;
    port->target = upstream_target;
    port->perf = upstream_perf;
    port->decoder_state = upstream_decoder_state;
    port->target_kind = upstream_target_kind;

    pc->vendor_id = CXL_SWITCH_VENDOR_ID;
    pc->device_id = UPSTREAM_DEVICE_ID;
    pc->config_read = upstream_config_read;
    pc->config_write = upstream_config_write;
    pc->realize = upstream_realize;
    pc->exit = upstream_exit;
    RESETTABLE_CLASS(oc)->phases.hold = upstream_reset_hold;

    dc->desc = "CXL Switch Upstream Port";
    dc->vmsd = &vmstate_upstream;
    set_bit(DEVICE_CATEGORY_BRIDGE, dc->categories);
    device_class_set_props(dc, upstream_properties);
    CXL_ERROR_SOURCE_CLASS(oc)->component = upstream_component;
}

static const TypeInfo upstream_types[] = {
    {
        .name = TYPE_CXL_UPSTREAM,
        .parent = TYPE_PCIE_PORT,
        .class_init = upstream_class_init,
        .instance_size = sizeof(CXLUpstreamPort),
        .interfaces = (InterfaceInfo[]) {
            { TYPE_CXL_PORT },
            { TYPE_CXL_ERROR_SOURCE },
            { INTERFACE_CXL_DEVICE },
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(upstream_types)

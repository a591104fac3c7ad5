/*
 * CXL r3.1 12.2: protocol errors, from the RAS registers to AER
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/module.h"
#include "hw/pci/pci_device.h"
#include "hw/cxl/cxl-error-source.h"
#include "hw/cxl/trace.h"

static CXLComponent *component_of(CXLErrorSource *source)
{
    return CXL_ERROR_SOURCE_GET_CLASS(source)->component(source);
}

static void signal_error(CXLErrorSource *source, PCIEAERErr *err)
{
    PCIDevice *pdev = PCI_DEVICE(source);
    bool correctable = err->flags & PCIE_AER_ERR_IS_CORRECTABLE;

    err->source_id = pci_requester_id(pdev);
    trace_cxl_error_source_signal(DEVICE(pdev)->id ?: pdev->name,
                                  err->source_id, correctable);
    pcie_aer_inject_error(pdev, err);
}

void cxl_error_source_correctable(CXLErrorSource *source, uint32_t status)
{
    PCIEAERErr err = {
        .status = PCI_ERR_COR_INTERNAL,
        .flags = PCIE_AER_ERR_IS_CORRECTABLE,
    };

    if (cxl_component_correctable(component_of(source), status)) {
        signal_error(source, &err);
    }
}

/*
 * Implementation defined: both the RAS capability and AER have a severity, and
 * an error is fatal if it is so in both: software makes errors non-fatal in
 * either, and the PCIe core below looks at AER's.
 */
static void signal_nonfatal(CXLErrorSource *source, PCIEAERErr *err)
{
    PCIDevice *pdev = PCI_DEVICE(source);
    uint8_t *severity = pdev->config + pdev->exp.aer_cap +
                        PCI_ERR_UNCOR_SEVER;
    uint32_t saved = pci_get_long(severity);

    pci_set_long(severity, saved & ~PCI_ERR_UNC_INTN);
    signal_error(source, err);
    pci_set_long(severity, saved);
}

/*
 * PCIe r6.0 table 6-5: an Uncorrectable Internal Error may log a header. It
 * gets what there is room for of the CXL header; the PCIe core wants bytes in
 * the order in which they are sent, which is not that of the register.
 */
static void log_header(PCIEAERErr *err, const CXLUncorrectableError *error)
{
    err->flags |= PCIE_AER_ERR_HEADER_VALID;
    for (unsigned i = 0; i < ARRAY_SIZE(err->header); i++) {
        err->header[i] = i < error->dwords ? bswap32(error->header[i]) : 0;
    }
}

void cxl_error_source_uncorrectable(CXLErrorSource *source,
                                    const CXLUncorrectableError *errors,
                                    unsigned nr)
{
    PCIEAERErr err = { .status = PCI_ERR_UNC_INTN };
    CXLRasSignal worst = CXL_RAS_MASKED;

    for (unsigned i = 0; i < nr; i++) {
        CXLRasSignal one = cxl_component_uncorrectable(
            component_of(source), errors[i].bit, errors[i].header,
            errors[i].dwords);

        if (one != CXL_RAS_MASKED && worst == CXL_RAS_MASKED) {
            log_header(&err, &errors[i]);
        }
        worst = MAX(worst, one);
    }
    if (worst == CXL_RAS_FATAL) {
        signal_error(source, &err);
    } else if (worst == CXL_RAS_NONFATAL) {
        signal_nonfatal(source, &err);
    }
}

static const TypeInfo error_source_types[] = {
    {
        .name = TYPE_CXL_ERROR_SOURCE,
        .class_size = sizeof(CXLErrorSourceClass),
        .parent = TYPE_INTERFACE,
    },
};

DEFINE_TYPES(error_source_types)

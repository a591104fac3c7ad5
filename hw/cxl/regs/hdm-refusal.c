/*
 * CXL r3.1 8.2.4.20: why decoders are not committed, in words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/cxl/regs/hdm.h"

/* In words, and the section of CXL r3.1 that says so */
static const struct {
    const char *text;
    const char *section;
} cxl_hdm_refusals[] = {
    [CXL_HDM_REFUSED_NOT] = { "not refused", "8.2.4.20.12" },
    [CXL_HDM_REFUSED_ORDER] = {
        "the decoder below is not committed", "8.2.4.20.12"
    },
    [CXL_HDM_REFUSED_ZERO_SIZE] = { "size is zero", "8.2.4.20.12" },
    [CXL_HDM_REFUSED_WRAP] = { "base plus size wraps around", "8.2.4.20.12" },
    [CXL_HDM_REFUSED_WAYS_RESERVED] = {
        "Interleave Ways is reserved", "8.2.4.20.7"
    },
    [CXL_HDM_REFUSED_WAYS_PORT] = {
        "more ways than the port can target", "8.2.4.20.1"
    },
    [CXL_HDM_REFUSED_GRANULARITY] = {
        "Interleave Granularity is reserved", "8.2.4.20.7"
    },
    [CXL_HDM_REFUSED_SIZE_WAYS] = {
        "size is no multiple of the ways", "8.2.4.20.12"
    },
    [CXL_HDM_REFUSED_TARGETS] = { "a target is listed twice", "8.2.4.20.12" },
    [CXL_HDM_REFUSED_OVERLAP] = {
        "overlaps or does not ascend", "8.2.4.20.12"
    },
    [CXL_HDM_REFUSED_DPA] = {
        "exceeds the device's capacity", "8.2.4.20.13"
    },
    [CXL_HDM_REFUSED_DPA_OVERLAP] = {
        "device addresses overlap", "8.2.4.20.13"
    },
    [CXL_HDM_IGNORED_LOCKED] = { "write ignored, locked", "8.2.4.20.7" },
    [CXL_HDM_IGNORED_COMMITTED] = {
        "write ignored, committed", "8.2.4.20.13"
    },
};

const char *cxl_hdm_refusal_text(CXLHdmRefusal why)
{
    return why < ARRAY_SIZE(cxl_hdm_refusals) ? cxl_hdm_refusals[why].text
                                              : "unknown";
}

const char *cxl_hdm_refusal_section(CXLHdmRefusal why)
{
    return why < ARRAY_SIZE(cxl_hdm_refusals) ? cxl_hdm_refusals[why].section
                                              : "8.2.4.20.12";
}

/*
 * Coherent Device Attribute Table: built or loaded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/cxl/cdat.h"
#include "hw/cxl/spec/tables.h"

#define PS_PER_NS       1000

/* CXL r3.1 8.1.11.1: handle FFFFh says that no entry follows */
#define ENTRIES_MAX             CXL_DOE_LAST_ENTRY
/* Implementation defined: what a file may take, in bytes */
#define CDAT_FILE_MAX           (16 * 1024 * 1024)

/* The property that names the file has the same name in every device */
#define cdat_error(errp, fmt, ...) \
    error_setg(errp, "property 'cdat': " fmt, ## __VA_ARGS__)

/* Lengths that a structure of each type can have: @size + n * @step */
static const struct {
    uint8_t size;
    uint8_t step;
} cdat_shapes[CXL_CDAT_TYPES] = {
    [CXL_CDAT_DSMAS]   = { sizeof(CXLDsmas) },
    [CXL_CDAT_DSLBIS]  = { sizeof(CXLDslbis) },
    [CXL_CDAT_DSMSCIS] = { sizeof(CXLDsmscis) },
    [CXL_CDAT_DSIS]    = { sizeof(CXLDsis) },
    [CXL_CDAT_DSEMTS]  = { sizeof(CXLDsemts) },
    [CXL_CDAT_SSLBIS]  = { sizeof(CXLSslbis), sizeof(CXLSslbisPath) },
};

/* CDAT 1.04 Table 1: all bytes of the table add up to zero */
static uint8_t cdat_sum(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    while (len--) {
        sum += *bytes++;
    }
    return sum;
}

static void cdat_start(CXLCdat *cdat)
{
    cdat->table = g_byte_array_new();
    cdat->entries = g_array_new(false, false, sizeof(uint32_t));
}

static void cdat_append(CXLCdat *cdat, const void *bytes, uint32_t len)
{
    uint32_t offset = cdat->table->len;

    g_array_append_val(cdat->entries, offset);
    g_byte_array_append(cdat->table, bytes, len);
}

static void cdat_finish(CXLCdat *cdat)
{
    CXLCdatHeader *header = (CXLCdatHeader *)cdat->table->data;

    header->length = cxl_le32(cdat->table->len);
    header->checksum = -cdat_sum(cdat->table->data, cdat->table->len);
}

static void cdat_append_header(CXLCdat *cdat)
{
    CXLCdatHeader header = { .revision = CXL_CDAT_REVISION };

    cdat_append(cdat, &header, sizeof(header));
}

static CXLCdatEntry cdat_entry(CXLCdatType type)
{
    return (CXLCdatEntry) {
        .type = type,
        .length = cxl_le16(cdat_shapes[type].size),
    };
}

/* What a value of @type is in its structures: an entry, and its unit */
typedef struct CdatValue {
    CXLDslbisData type;
    uint64_t unit;
    uint16_t entry;
} CdatValue;

#define CDAT_VALUES     (2 * CXL_PERF_DIRECTIONS)

static void cdat_values(const CXLPerf *perf, CdatValue values[CDAT_VALUES])
{
    static const CXLDslbisData types[][CXL_PERF_DIRECTIONS] = {
        { CXL_DSLBIS_READ_LATENCY, CXL_DSLBIS_WRITE_LATENCY },
        { CXL_DSLBIS_READ_BANDWIDTH, CXL_DSLBIS_WRITE_BANDWIDTH },
    };

    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        uint32_t bandwidth = perf->bandwidth[d];
        uint32_t unit = bandwidth % CXL_CDAT_BANDWIDTH_STEP
                        ? 1 : CXL_CDAT_BANDWIDTH_STEP;

        values[d] = (CdatValue) { types[0][d], PS_PER_NS, perf->latency[d] };
        values[CXL_PERF_DIRECTIONS + d] =
            (CdatValue) { types[1][d], unit, bandwidth / unit };
    }
}

bool cxl_cdat_check_perf(const CXLPerf *perf, const char *type, Error **errp)
{
    static const char *const names[] = { "read", "write" };

    for (unsigned d = 0; d < CXL_PERF_DIRECTIONS; d++) {
        uint32_t bandwidth = perf->bandwidth[d];

        if (!perf->latency[d] || perf->latency[d] > CXL_CDAT_LATENCY_MAX) {
            error_setg(errp, "%s: property '%s-latency' cannot be %u; it must "
                       "be from 1 to %u nanoseconds", type, names[d],
                       perf->latency[d], CXL_CDAT_LATENCY_MAX);
            return false;
        }
        if (!bandwidth || bandwidth > CXL_CDAT_BANDWIDTH_MAX ||
            (bandwidth > CXL_CDAT_BANDWIDTH_MAX / CXL_CDAT_BANDWIDTH_STEP &&
             bandwidth % CXL_CDAT_BANDWIDTH_STEP)) {
            error_setg(errp, "%s: property '%s-bandwidth' cannot be %u; it "
                       "must be from 1 to %u MB/s, or a multiple of %u up to "
                       "%u", type, names[d], bandwidth,
                       CXL_CDAT_BANDWIDTH_MAX / CXL_CDAT_BANDWIDTH_STEP,
                       CXL_CDAT_BANDWIDTH_STEP, CXL_CDAT_BANDWIDTH_MAX);
            return false;
        }
    }
    return true;
}

static void cdat_append_dslbis(CXLCdat *cdat, uint8_t handle,
                               const CdatValue *value)
{
    CXLDslbis dslbis = {
        .entry = cdat_entry(CXL_CDAT_DSLBIS),
        .handle = handle,
        .data_type = value->type,
        .entry_base_unit = cxl_le64(value->unit),
        .value[0] = cxl_le16(value->entry),
    };

    cdat_append(cdat, &dslbis, sizeof(dslbis));
}

/* All that is said about the partition at [@base, @base + @size) */
static void cdat_append_partition(CXLCdat *cdat, uint8_t handle,
                                  uint64_t base, uint64_t size,
                                  bool persistent, const CXLPerf *perf)
{
    CdatValue values[CDAT_VALUES];
    CXLDsmas dsmas = {
        .entry = cdat_entry(CXL_CDAT_DSMAS),
        .handle = handle,
        .flags = persistent ? CXL_DSMAS_NON_VOLATILE : 0,
        .dpa_base = cxl_le64(base),
        .dpa_length = cxl_le64(size),
    };
    CXLDsemts dsemts = {
        .entry = cdat_entry(CXL_CDAT_DSEMTS),
        .handle = handle,
        .efi_type = persistent ? CXL_DSEMTS_RESERVED
                               : CXL_DSEMTS_SPECIFIC_PURPOSE,
        .dpa_length = cxl_le64(size),
    };

    cdat_append(cdat, &dsmas, sizeof(dsmas));
    cdat_values(perf, values);
    for (unsigned n = 0; n < CDAT_VALUES; n++) {
        cdat_append_dslbis(cdat, handle, &values[n]);
    }
    cdat_append(cdat, &dsemts, sizeof(dsemts));
}

void cxl_cdat_build_mem(CXLCdat *cdat, uint64_t vmem, uint64_t pmem,
                        const CXLPerf *perf)
{
    uint8_t handle = 0;

    cdat_start(cdat);
    cdat_append_header(cdat);
    if (vmem) {
        cdat_append_partition(cdat, handle++, 0, vmem, false, perf);
    }
    if (pmem) {
        cdat_append_partition(cdat, handle, vmem, pmem, true, perf);
    }
    cdat_finish(cdat);
}

/*
 * CDAT 1.04 2.6: one value for the path between the upstream port and any
 * downstream port: it holds whichever ports there are
 */
static void cdat_append_sslbis(CXLCdat *cdat, const CdatValue *value)
{
    struct {
        CXLSslbis head;
        CXLSslbisPath path;
    } sslbis = {
        .head = {
            .entry = { .type = CXL_CDAT_SSLBIS,
                       .length = cxl_le16(sizeof(sslbis)) },
            .data_type = value->type,
            .entry_base_unit = cxl_le64(value->unit),
        },
        .path = {
            .port_x = cxl_le16(CXL_SSLBIS_UPSTREAM_PORT),
            .port_y = cxl_le16(CXL_SSLBIS_ANY_PORT),
            .value = cxl_le16(value->entry),
        },
    };

    cdat_append(cdat, &sslbis, sizeof(sslbis));
}

void cxl_cdat_build_switch(CXLCdat *cdat, const CXLPerf *perf)
{
    CdatValue values[CDAT_VALUES];

    cdat_start(cdat);
    cdat_append_header(cdat);
    cdat_values(perf, values);
    for (unsigned n = 0; n < CDAT_VALUES; n++) {
        cdat_append_sslbis(cdat, &values[n]);
    }
    cdat_finish(cdat);
}

/*
 * Length of the structure at @offset of the @len bytes at @bytes; 0, and
 * @errp set, when it cannot be one
 */
static uint32_t cdat_check_entry(const uint8_t *bytes, size_t len,
                                 size_t offset, const char *name,
                                 Error **errp)
{
    const CXLCdatEntry *entry = (const CXLCdatEntry *)(bytes + offset);
    uint32_t size, least, step;
    g_autofree char *more = NULL;

    if (len - offset < sizeof(*entry)) {
        cdat_error(errp, "'%s' is cut short in the structure at "
                   "offset %zu", name, offset);
        return 0;
    }
    size = cxl_le16_get(entry->length);
    if (entry->type >= CXL_CDAT_TYPES) {
        cdat_error(errp, "'%s' has a structure of unknown type %u at "
                   "offset %zu; types are 0 to %u", name, entry->type, offset,
                   CXL_CDAT_TYPES - 1);
        return 0;
    }
    least = cdat_shapes[entry->type].size;
    step = cdat_shapes[entry->type].step;
    if (size < least || (size > least && (!step || (size - least) % step))) {
        more = step ? g_strdup_printf(" plus a multiple of %u", step) : NULL;
        cdat_error(errp, "'%s' has a structure of type %u at offset "
                   "%zu whose length is %u; it must be %u%s", name,
                   entry->type, offset, size, least, more ?: "");
        return 0;
    }
    if (size > len - offset) {
        cdat_error(errp, "'%s' is cut short: the structure at offset "
                   "%zu takes %u bytes, and %zu are left", name, offset, size,
                   len - offset);
        return 0;
    }
    return size;
}

static bool cdat_check_header(const uint8_t *bytes, size_t len,
                              const char *name, Error **errp)
{
    const CXLCdatHeader *header = (const CXLCdatHeader *)bytes;
    uint32_t length;

    if (len < sizeof(*header)) {
        cdat_error(errp, "'%s' is cut short: it has %zu bytes, and a "
                   "header takes %zu", name, len, sizeof(*header));
        return false;
    }
    length = cxl_le32_get(header->length);
    if (length != len) {
        cdat_error(errp, "'%s' %s: it has %zu bytes, and its header "
                   "says %u", name,
                   len < length ? "is cut short" : "is too long", len, length);
        return false;
    }
    if (cdat_sum(bytes, len)) {
        cdat_error(errp, "'%s' has a wrong checksum: its bytes add up "
                   "to 0x%02x instead of 0", name, cdat_sum(bytes, len));
        return false;
    }
    return true;
}

bool cxl_cdat_parse(CXLCdat *cdat, const void *bytes, size_t len,
                    const char *name, Error **errp)
{
    CXLCdat found;
    size_t offset;

    if (!cdat_check_header(bytes, len, name, errp)) {
        return false;
    }
    cdat_start(&found);
    cdat_append(&found, bytes, sizeof(CXLCdatHeader));
    for (offset = sizeof(CXLCdatHeader); offset < len; ) {
        uint32_t size = cdat_check_entry(bytes, len, offset, name, errp);

        if (size && found.entries->len == ENTRIES_MAX) {
            cdat_error(errp, "'%s' has more than %u structures", name,
                       ENTRIES_MAX - 1);
            size = 0;
        }
        if (!size) {
            cxl_cdat_destroy(&found);
            return false;
        }
        cdat_append(&found, (const uint8_t *)bytes + offset, size);
        offset += size;
    }
    *cdat = found;
    return true;
}

/* The bytes of @path, which may be anything, and without an end */
static GByteArray *cdat_read(const char *path, Error **errp)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    FILE *file = fopen(path, "re");
    uint8_t buf[4096];
    size_t len;
    int error;

    if (!file) {
        cdat_error(errp, "'%s' cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    while (bytes->len <= CDAT_FILE_MAX &&
           (len = fread(buf, 1, sizeof(buf), file))) {
        g_byte_array_append(bytes, buf, len);
    }
    error = ferror(file) ? errno : 0;
    fclose(file);
    if (error || bytes->len > CDAT_FILE_MAX) {
        cdat_error(errp, "'%s' cannot be read: %s", path, error ?
                   strerror(error) : "it has more than 16 MiB");
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

bool cxl_cdat_load(CXLCdat *cdat, const char *path, Error **errp)
{
    g_autoptr(GByteArray) bytes = cdat_read(path, errp);

    return bytes && cxl_cdat_parse(cdat, bytes->data, bytes->len, path, errp);
}

void cxl_cdat_destroy(CXLCdat *cdat)
{
    g_clear_pointer(&cdat->table, g_byte_array_unref);
    g_clear_pointer(&cdat->entries, g_array_unref);
}

unsigned cxl_cdat_count(const CXLCdat *cdat)
{
    return cdat->entries->len;
}

const uint8_t *cxl_cdat_entry(const CXLCdat *cdat, unsigned n, uint32_t *len)
{
    uint32_t start, end;

    if (n >= cdat->entries->len) {
        return NULL;
    }
    start = g_array_index(cdat->entries, uint32_t, n);
    end = n + 1 < cdat->entries->len
          ? g_array_index(cdat->entries, uint32_t, n + 1) : cdat->table->len;
    *len = end - start;
    return cdat->table->data + start;
}

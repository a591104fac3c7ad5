/*
 * Coherent Device Attribute Table: built or loaded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CXL_CDAT_H
#define HW_CXL_CDAT_H

/**
 * CXLCdat: a CDAT, header and structures in their order
 * @table: the bytes, with length and checksum right
 * @entries: uint32_t offset of each entry in @table; entry 0 is the header
 */
typedef struct CXLCdat {
    GByteArray *table;
    GArray *entries;
} CXLCdat;

/*
 * CDAT 1.04 2.1, 2.2, 2.5: DSMAS, DSLBIS and DSEMTS for each partition, of
 * @vmem bytes from DPA 0 and of @pmem bytes after it; 0 leaves one out
 */
void cxl_cdat_build_mem(CXLCdat *cdat, uint64_t vmem, uint64_t pmem);
/*
 * CDAT 1.04 2.6: SSLBIS for the upstream port of a switch, the same for each
 * of its downstream ports, those included that come later
 */
void cxl_cdat_build_switch(CXLCdat *cdat);
/*
 * Take the table from the @len bytes at @bytes, which come from the file
 * @name; fails when it is cut short, has wrong lengths, types or checksum,
 * and leaves @cdat as it was
 */
bool cxl_cdat_parse(CXLCdat *cdat, const void *bytes, size_t len,
                    const char *name, Error **errp);
/* The same from the file @path, which may be unreadable as well */
bool cxl_cdat_load(CXLCdat *cdat, const char *path, Error **errp);
void cxl_cdat_destroy(CXLCdat *cdat);

/* Number of entries, the header included */
unsigned cxl_cdat_count(const CXLCdat *cdat);
/* Entry @n and its bytes; NULL past the last */
const uint8_t *cxl_cdat_entry(const CXLCdat *cdat, unsigned n, uint32_t *len);

#endif /* HW_CXL_CDAT_H */

/*
 * UEFI driver: memory for a special purpose, as the machine has it
 *
 * OVMF knows RAM and reserved memory from fw_cfg's etc/e820, and nothing else.
 * The machine has this driver in an option ROM when there is more. It puts
 * what is in etc/cxl-memory-map into UEFI's memory map.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <efi.h>

/* QEMU docs/specs/fw_cfg.rst: registers, keys and the directory */
#define FW_CFG_SELECTOR         0x510
#define FW_CFG_DATA             0x511
#define FW_CFG_SIGNATURE        0x0000
#define FW_CFG_DIRECTORY        0x0019
#define FW_CFG_NAME_SIZE        56

/* As etc/e820, with entries of types that firmware does not know */
#define MEMORY_MAP              "etc/cxl-memory-map"

/* Linux: the type of e820 entries that UEFI calls EFI_MEMORY_SP */
#define E820_SOFT_RESERVED      0xefffffffu

/* UEFI 2.10 7.2.3: memory for a special purpose */
#ifndef EFI_MEMORY_SP
#define EFI_MEMORY_SP           0x40000ull
#endif

/* As those of ordinary memory, so that it can be cached in all ways */
#define CACHEABLE               (EFI_MEMORY_UC | EFI_MEMORY_WC | \
                                 EFI_MEMORY_WT | EFI_MEMORY_WB)

/* PI 1.8 volume 2, 7.2: memory services of the Global Coherency Domain */
#define GCD_SYSTEM_MEMORY       2

typedef EFI_STATUS (EFIAPI *AddMemorySpace)(UINT32 type,
                                            EFI_PHYSICAL_ADDRESS base,
                                            UINT64 length,
                                            UINT64 capabilities);
typedef EFI_STATUS (EFIAPI *SetMemorySpaceAttributes)(
    EFI_PHYSICAL_ADDRESS base, UINT64 length, UINT64 attributes);

/* PI 1.8 volume 2, 7.1: the beginning of the DXE Services Table */
typedef struct DxeServices {
    EFI_TABLE_HEADER header;
    AddMemorySpace add_memory_space;
    VOID *allocate_memory_space;
    VOID *free_memory_space;
    VOID *remove_memory_space;
    VOID *get_memory_space_descriptor;
    SetMemorySpaceAttributes set_memory_space_attributes;
} DxeServices;

static const EFI_GUID dxe_services_guid = {
    0x05ad34ba, 0x6f02, 0x4214,
    { 0x95, 0x2e, 0x4d, 0xa0, 0x39, 0x8e, 0x2b, 0xb9 }
};

/* All that comes from fw_cfg are bytes; numbers of the directory are big */
typedef struct FwCfgFile {
    UINT8 size[4];
    UINT8 key[2];
    UINT8 reserved[2];
    CHAR8 name[FW_CFG_NAME_SIZE];
} FwCfgFile;

typedef struct __attribute__((packed)) MemoryRange {
    UINT64 base;
    UINT64 size;
    UINT32 type;
} MemoryRange;

static void fw_cfg_select(UINT16 key)
{
    asm volatile("outw %0, %1" : : "a"(key), "Nd"((UINT16)FW_CFG_SELECTOR));
}

static void fw_cfg_read(void *to, UINTN size)
{
    UINT8 *bytes = to;

    for (UINTN i = 0; i < size; i++) {
        asm volatile("inb %1, %0" : "=a"(bytes[i])
                     : "Nd"((UINT16)FW_CFG_DATA));
    }
}

static UINT32 big_endian(const UINT8 *bytes, UINTN size)
{
    UINT32 value = 0;

    for (UINTN i = 0; i < size; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static BOOLEAN bytes_equal(const void *a, const void *b, UINTN size)
{
    const UINT8 *x = a, *y = b;

    for (UINTN i = 0; i < size; i++) {
        if (x[i] != y[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN fw_cfg_present(void)
{
    CHAR8 signature[4];

    fw_cfg_select(FW_CFG_SIGNATURE);
    fw_cfg_read(signature, sizeof(signature));
    return bytes_equal(signature, "QEMU", sizeof(signature));
}

/* Selects a file by its name, of @length with the zero; its size, or 0 */
static UINT32 fw_cfg_open(const char *name, UINTN length)
{
    UINT8 count[4];
    FwCfgFile file;

    fw_cfg_select(FW_CFG_DIRECTORY);
    fw_cfg_read(count, sizeof(count));
    for (UINT32 i = big_endian(count, sizeof(count)); i > 0; i--) {
        fw_cfg_read(&file, sizeof(file));
        if (bytes_equal(file.name, name, length)) {
            fw_cfg_select(big_endian(file.key, sizeof(file.key)));
            return big_endian(file.size, sizeof(file.size));
        }
    }
    return 0;
}

static DxeServices *find_dxe_services(EFI_SYSTEM_TABLE *system)
{
    for (UINTN i = 0; i < system->NumberOfTableEntries; i++) {
        EFI_CONFIGURATION_TABLE *table = &system->ConfigurationTable[i];

        if (bytes_equal(&table->VendorGuid, &dxe_services_guid,
                        sizeof(dxe_services_guid))) {
            return table->VendorTable;
        }
    }
    return NULL;
}

/* UEFI keeps its own allocations out of memory with EFI_MEMORY_SP. */
static EFI_STATUS add_range(DxeServices *dxe, const MemoryRange *range)
{
    EFI_STATUS status = dxe->add_memory_space(GCD_SYSTEM_MEMORY, range->base,
                                              range->size,
                                              CACHEABLE | EFI_MEMORY_SP);

    if (status != EFI_SUCCESS) {
        return status;
    }
    return dxe->set_memory_space_attributes(range->base, range->size,
                                            EFI_MEMORY_WB | EFI_MEMORY_SP);
}

static EFI_STATUS add_ranges(DxeServices *dxe)
{
    UINT32 size = fw_cfg_open(MEMORY_MAP, sizeof(MEMORY_MAP));
    EFI_STATUS status = EFI_SUCCESS;
    MemoryRange range;

    for (; size >= sizeof(range); size -= sizeof(range)) {
        fw_cfg_read(&range, sizeof(range));
        if (range.type == E820_SOFT_RESERVED) {
            EFI_STATUS added = add_range(dxe, &range);

            status = status == EFI_SUCCESS ? added : status;
        }
    }
    return status;
}

/* Called by what gnu-efi puts in front, with the ABI of other functions */
EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    DxeServices *dxe = find_dxe_services(system);
    EFI_STATUS status = EFI_UNSUPPORTED;

    (void)image;
    if (dxe && fw_cfg_present()) {
        status = add_ranges(dxe);
    }
    if (status != EFI_SUCCESS && system->ConOut) {
        system->ConOut->OutputString(
            system->ConOut, L"CXL: no soft-reserved memory\r\n");
    }
    /* Nothing of the driver has to stay */
    return EFI_ABORTED;
}

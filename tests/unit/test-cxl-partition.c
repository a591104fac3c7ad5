/*
 * Set Partition Info: what can be asked for, and when it becomes active
 *
 * Sources: hw/cxl/cci/{background,cci,events,firmware,health,infostat,logs,
 *          lsa,media,media-state,memdev,scan,security,shutdown,timestamp}.c
 *          hw/cxl/model/{event-log,health,poison}.c
 *          hw/cxl/interfaces.c
 * Needs: migration, io (for VMState), trace events of hw/cxl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cxl-fake-device.h"
#include "hw/cxl/spec/payloads-partition.h"

#define UNIT    CXL_CAPACITY_UNIT
#define NOW     CXL_SET_PARTITION_IMMEDIATE
/* VMEM is one unit and PMEM two: three more between them */
#define PART    3

static Device *new_partitionable(void)
{
    FakeMem *fake = FAKE_MEM(object_new(TYPE_FAKE_MEM));
    Device *d;

    fake->partitionable = PART * UNIT;
    d = new_device_on(fake);
    object_unref(OBJECT(fake));
    return d;
}

static CXLRet set_partition(Device *d, uint64_t units, uint8_t flags)
{
    const CXLSetPartitionReq in = { cxl_le64(units), flags };

    return request(d, CXL_OP_SET_PARTITION_INFO, &in, sizeof(in));
}

/* Active volatile capacity, and next one; persistent is all the rest */
static void expect(Device *d, uint64_t active, uint64_t next)
{
    const CXLPartitionInfoRsp *out =
        answer(d, CXL_OP_GET_PARTITION_INFO, NULL, 0, sizeof(*out));

    g_assert_cmpuint(cxl_le64_get(out->active_volatile), ==, active);
    g_assert_cmpuint(cxl_le64_get(out->active_persistent), ==, 6 - active);
    g_assert_cmpuint(cxl_le64_get(out->next_volatile), ==, next);
    g_assert_cmpuint(cxl_le64_get(out->next_persistent), ==,
                     next ? 6 - next : 0);
}

static void test_identify(void)
{
    Device *d = new_partitionable();
    const CXLIdentifyMemRsp *id =
        answer(d, CXL_OP_IDENTIFY_MEMORY_DEVICE, NULL, 0, sizeof(*id));

    g_assert_cmpuint(cxl_le64_get(id->total_capacity), ==, 6);
    g_assert_cmpuint(cxl_le64_get(id->volatile_capacity), ==, 1);
    g_assert_cmpuint(cxl_le64_get(id->persistent_capacity), ==, 2);
    g_assert_cmpuint(cxl_le64_get(id->partition_alignment), ==, 1);
    expect(d, 1, 0);
    free_device(d);

    /* Without partitionable memory there is no such command */
    d = new_device();
    g_assert_cmpuint(set_partition(d, 0, 0), ==, CXL_RET_UNSUPPORTED);
    free_device(d);
}

static void test_at_reset(void)
{
    Device *d = new_partitionable();

    for (uint64_t units = 0; units <= PART; units++) {
        uint64_t before = d->mem->vmem / UNIT;

        g_assert_cmpuint(set_partition(d, units, 0), ==, CXL_RET_SUCCESS);
        expect(d, before, 1 + units == before ? 0 : 1 + units);
        cxl_memdev_reset(&d->memdev);
        expect(d, 1 + units, 0);
    }
    /* The last one counts, and it may be to leave things as they are */
    g_assert_cmpuint(set_partition(d, 1, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(set_partition(d, PART, 0), ==, CXL_RET_SUCCESS);
    expect(d, 1 + PART, 0);
    free_device(d);
}

static void test_immediate(void)
{
    Device *d = new_partitionable();

    g_assert_cmpuint(set_partition(d, 1, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(set_partition(d, 2, NOW), ==, CXL_RET_SUCCESS);
    expect(d, 3, 0);
    cxl_memdev_reset(&d->memdev);
    expect(d, 3, 0);
    /* Reserved flags are ignored */
    g_assert_cmpuint(set_partition(d, 0, 0xfe), ==, CXL_RET_SUCCESS);
    expect(d, 3, 1);
    /* Not under committed decoders, and without a trace */
    d->mem->mapped = true;
    g_assert_cmpuint(set_partition(d, 1, NOW), ==, CXL_RET_INVALID_INPUT);
    expect(d, 3, 1);
    g_assert_cmpuint(set_partition(d, 1, 0), ==, CXL_RET_SUCCESS);
    expect(d, 3, 2);
    free_device(d);
}

static void test_bounds(void)
{
    static const uint64_t bad[] = {
        PART + 1, 6, 7, 1ULL << 36, (1ULL << 36) + 1, UINT64_MAX / UNIT,
        UINT64_MAX / UNIT + 1, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX,
    };
    Device *d = new_partitionable();

    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        g_assert_cmpuint(set_partition(d, bad[n], 0), ==,
                         CXL_RET_INVALID_INPUT);
        g_assert_cmpuint(set_partition(d, bad[n], NOW), ==,
                         CXL_RET_INVALID_INPUT);
        expect(d, 1, 0);
    }
    free_device(d);
}

/* Linux sends a byte more than the specification has */
static void test_length(void)
{
    const uint8_t in[11] = { 2 };
    Device *d = new_partitionable();

    g_assert_cmpuint(request(d, CXL_OP_SET_PARTITION_INFO, in, 8), ==,
                     CXL_RET_INVALID_PAYLOAD_LENGTH);
    g_assert_cmpuint(request(d, CXL_OP_SET_PARTITION_INFO, in, 11), ==,
                     CXL_RET_INVALID_PAYLOAD_LENGTH);
    expect(d, 1, 0);
    answer(d, CXL_OP_SET_PARTITION_INFO, in, 10, 0);
    expect(d, 1, 3);
    free_device(d);
}

/* The next device on the same memory, and on memory that has become less */
static void test_kept(void)
{
    Device *d = new_partitionable(), *again;

    g_assert_cmpuint(set_partition(d, 2, 0), ==, CXL_RET_SUCCESS);
    d->mem->vmem = VMEM;
    again = new_device_on(d->mem);
    expect(again, 3, 0);
    free_device(again);

    d->mem->vmem = VMEM;
    d->mem->partitionable = UNIT;
    again = new_device_on(d->mem);
    g_assert_cmpuint(again->mem->vmem, ==, VMEM);
    free_device(again);
    free_device(d);
}

static void test_hostile_file(void)
{
    static const uint64_t bad[] = {
        0, 5, 6, 7, 1ULL << 36, UINT64_MAX / UNIT + 2, UINT64_MAX,
    };
    Device *d = new_partitionable();

    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        const CXLLe64 nv = cxl_le64(bad[n]);
        Device *again;

        fake_nv_save(CXL_MEM(d->mem), CXL_NV_PARTITION, &nv, sizeof(nv));
        again = new_device_on(d->mem);
        expect(again, 1, 0);
        free_device(again);
    }
    free_device(d);
}

static void test_migrate(void)
{
    Device *d = new_partitionable(), *to = new_partitionable();
    Device *plain = new_device();

    g_assert_cmpuint(set_partition(d, 1, NOW), ==, CXL_RET_SUCCESS);
    g_assert_cmpuint(set_partition(d, 3, 0), ==, CXL_RET_SUCCESS);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_memdev, &d->memdev,
                                     &to->memdev), ==, 0);
    expect(to, 2, 4);
    g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_memdev, &d->memdev,
                                     &plain->memdev), ==, -EINVAL);
    g_assert_cmpuint(plain->mem->vmem, ==, VMEM);
    free_device(d);
    free_device(to);
    free_device(plain);
}

static void test_hostile_stream(void)
{
    static const uint64_t bad[] = { 0, 5 * UNIT, UNIT + 1, UINT64_MAX };

    for (unsigned n = 0; n < 2 * ARRAY_SIZE(bad); n++) {
        Device *d = new_partitionable(), *to = new_partitionable();

        if (n % 2) {
            d->mem->vmem = bad[n / 2];
        } else {
            d->memdev.next_vmem = bad[n / 2];
        }
        g_assert_cmpint(cxl_unit_migrate(&vmstate_cxl_memdev, &d->memdev,
                                         &to->memdev), ==, -EINVAL);
        g_assert_cmpuint(to->mem->vmem, ==, VMEM);
        free_device(d);
        free_device(to);
    }
}

int main(int argc, char **argv)
{
    fake_device_init(&argc, &argv);
    g_test_add_func("/cxl/partition/identify", test_identify);
    g_test_add_func("/cxl/partition/at-reset", test_at_reset);
    g_test_add_func("/cxl/partition/immediate", test_immediate);
    g_test_add_func("/cxl/partition/bounds", test_bounds);
    g_test_add_func("/cxl/partition/length", test_length);
    g_test_add_func("/cxl/partition/kept", test_kept);
    g_test_add_func("/cxl/partition/hostile-file", test_hostile_file);
    g_test_add_func("/cxl/partition/migrate", test_migrate);
    g_test_add_func("/cxl/partition/hostile-stream", test_hostile_stream);
    return g_test_run();
}

/*
 * Speed of two areas of memory, measured side by side in one run
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/mempolicy.h>

#define ALIGN_2M    (2UL << 20)
#define SLICE       (64UL << 10)    /* bytes between two looks at the clock */
#define FEW         (4UL << 10)     /* the same, of random accesses */
#define MAX_SLICES  4096
#define PAGE        4096UL
#define MAX_ROUNDS  64
#define INCREMENTS  (SLICE / 2 - 2)     /* instructions that fill a slice */

static const char usage[] =
    "usage: cxl-speed [-s MIB] [-r ROUNDS] [-t MILLISECONDS] AREA AREA\n"
    "AREA is node:N (anonymous memory of a NUMA node) or a file to map\n"
    "(/dev/dax0.0). The ratio printed is that of the second to the first.\n"
    "Every round measures both areas. A speed is that of the median slice of\n"
    "4 or 64 KiB, so that what else the host does counts little; speeds and\n"
    "ratio are medians of the rounds, best is the ratio of the best speeds.\n";

typedef struct Area {
    const char *name;
    char *base;
} Area;

typedef struct Options {
    size_t size;
    unsigned rounds;
    double seconds;
} Options;

static volatile uint64_t sink;  /* keeps the reads from being dropped */

static void sequential_read(char *base, size_t size, size_t at, uint64_t *x)
{
    const uint64_t *words = (const uint64_t *)(base + at % size);
    uint64_t sum = 0;

    for (size_t i = 0; i < SLICE / 8; i++) {
        sum += words[i];
    }
    *x ^= sum & 1;
}

static void sequential_write(char *base, size_t size, size_t at, uint64_t *x)
{
    volatile uint64_t *words = (volatile uint64_t *)(base + at % size);

    for (size_t i = 0; i < SLICE / 8; i++) {
        words[i] = *x + i;
    }
}

static inline uint64_t xorshift(uint64_t x)
{
    x ^= x << 13;
    x ^= x >> 7;
    return x ^ x << 17;
}

/* Each address depends on the value read before: latency, not overlap */
static void random_read(char *base, size_t size, size_t at, uint64_t *x)
{
    const uint64_t *words = (const uint64_t *)base;
    uint64_t v = *x | 1, mask = size / 8 - 1;

    (void)at;
    for (size_t i = 0; i < FEW / 8; i++) {
        v = xorshift(v) ^ (words[v & mask] & 2);
        v |= 1ULL << 63;
    }
    *x = v;
}

static void random_write(char *base, size_t size, size_t at, uint64_t *x)
{
    volatile uint64_t *words = (volatile uint64_t *)base;
    uint64_t v = *x | 1, mask = size / 8 - 1;

    (void)at;
    for (size_t i = 0; i < FEW / 8; i++) {
        v = xorshift(v);
        words[v & mask] = v;
    }
    *x = v;
}

static void copy_page(volatile uint64_t *to, const uint64_t *from)
{
    for (size_t i = 0; i < PAGE / 8; i++) {
        to[i] = from[i];
    }
}

static void copy_pages(char *base, size_t size, size_t at, uint64_t *x)
{
    size_t half = size / 2;

    for (size_t i = 0; i < SLICE; i += PAGE) {
        char *from = base + (at + i) % half;

        copy_page((volatile uint64_t *)(from + half), (uint64_t *)from);
    }
    *x += base[half];
}

static void atomic_adds(char *base, size_t size, size_t at, uint64_t *x)
{
    uint64_t *words = (uint64_t *)(base + at % size);

    for (size_t i = 0; i < SLICE / 8; i++) {
        __atomic_fetch_add(&words[i], *x | 1, __ATOMIC_SEQ_CST);
    }
}

/* A function of one slice: returns how often it executed "inc %eax" */
static void write_code(char *base)
{
    static const uint8_t zero[] = { 0x31, 0xc0 };   /* xor %eax,%eax */
    static const uint8_t increment[] = { 0xff, 0xc0 };
    static const uint8_t end[] = { 0xc3 };          /* ret */

    memcpy(base, zero, sizeof(zero));
    for (size_t i = 1; i <= INCREMENTS; i++) {
        memcpy(base + 2 * i, increment, sizeof(increment));
    }
    memcpy(base + SLICE - 2, end, sizeof(end));
}

static void execute(char *base, size_t size, size_t at, uint64_t *x)
{
    uint32_t count = ((uint32_t (*)(void))base)();

    (void)size;
    (void)at;
    if (count != INCREMENTS) {
        errx(1, "code counted to %u, not to %zu", count, INCREMENTS);
    }
    *x += count;
}

typedef void Kernel(char *base, size_t size, size_t at, uint64_t *x);

static const struct {
    const char *name;
    Kernel *kernel;
    size_t bytes;       /* of one call */
    void (*prepare)(char *base);
} measurements[] = {
    { "sequential-read", sequential_read, SLICE, NULL },
    { "sequential-write", sequential_write, SLICE, NULL },
    { "random-read", random_read, FEW, NULL },
    { "random-write", random_write, FEW, NULL },
    { "copy-4k", copy_pages, SLICE, NULL },
    { "atomic-add", atomic_adds, SLICE, NULL },
    { "execute", execute, SLICE, write_code },
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* MB/s of one kernel on one area, looked at for at least the wanted time */
static double measure(int which, const Area *area, const Options *o)
{
    static uint64_t x = 88172645463325252ULL;
    static double slices[MAX_SLICES];
    double start = now(), before = start, after = start;
    unsigned nr = 0;
    size_t at = 0;

    while (nr < MAX_SLICES && after - start < o->seconds) {
        measurements[which].kernel(area->base, o->size, at, &x);
        at += measurements[which].bytes;
        after = now();
        slices[nr++] = after - before;
        before = after;
    }
    sink += x;
    qsort(slices, nr, sizeof(double), by_value);
    return measurements[which].bytes / slices[nr / 2] / 1e6;
}

/* The order A B B A keeps a drift of the host's speed out of the ratio */
static void compare(int which, const Area *areas, const Options *o)
{
    double speed[2][MAX_ROUNDS], ratio[MAX_ROUNDS];

    for (int i = 0; i < 2 && measurements[which].prepare; i++) {
        measurements[which].prepare(areas[i].base);
    }
    for (unsigned r = 0; r < o->rounds; r++) {
        int first = r & 1;

        speed[first][r] = measure(which, &areas[first], o);
        speed[!first][r] = measure(which, &areas[!first], o);
        ratio[r] = speed[1][r] / speed[0][r];
    }
    for (int i = 0; i < 2; i++) {
        qsort(speed[i], o->rounds, sizeof(double), by_value);
    }
    qsort(ratio, o->rounds, sizeof(double), by_value);
    printf("%s: first=%.0f second=%.0f unit=MB/s ratio=%.6f best=%.3f\n",
           measurements[which].name, speed[0][o->rounds / 2],
           speed[1][o->rounds / 2], ratio[o->rounds / 2],
           speed[1][o->rounds - 1] / speed[0][o->rounds - 1]);
    fflush(stdout);
}

static char *map_anonymous(size_t size)
{
    char *raw = mmap(NULL, size + ALIGN_2M,
                     PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (raw == MAP_FAILED) {
        err(1, "cannot map %zu bytes", size);
    }
    return (char *)(((uintptr_t)raw + ALIGN_2M - 1) & ~(ALIGN_2M - 1));
}

static char *map_node(const char *text, size_t size)
{
    unsigned long node = strtoul(text, NULL, 0), mask = 1UL << node;
    char *base = map_anonymous(size);
    int got = -1;

    if (syscall(SYS_mbind, base, size, MPOL_BIND, &mask, 64, 0)) {
        err(1, "cannot bind memory to node %lu", node);
    }
    madvise(base, size, MADV_HUGEPAGE);
    memset(base, 0, size);
    syscall(SYS_get_mempolicy, &got, NULL, 0, base, MPOL_F_NODE | MPOL_F_ADDR);
    if (got != (int)node) {
        errx(1, "memory is on node %d, not on node %lu", got, node);
    }
    return base;
}

static char *map_file(const char *name, size_t size)
{
    int fd = open(name, O_RDWR);
    char *base;

    if (fd < 0) {
        err(1, "%s", name);
    }
    base = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED,
                fd, 0);
    if (base == MAP_FAILED) {
        err(1, "cannot map %zu bytes of %s", size, name);
    }
    memset(base, 0, size);
    return base;
}

static Area open_area(const char *name, size_t size)
{
    Area area = { .name = name };

    area.base = strncmp(name, "node:", 5) ? map_file(name, size)
                                          : map_node(name + 5, size);
    return area;
}

static Options parse_options(int argc, char **argv)
{
    Options o = { .size = 64UL << 20, .rounds = 21, .seconds = 0.03 };
    int option;

    while ((option = getopt(argc, argv, "s:r:t:")) != -1) {
        switch (option) {
        case 's':
            o.size = strtoul(optarg, NULL, 0) << 20;
            break;
        case 'r':
            o.rounds = strtoul(optarg, NULL, 0);
            break;
        case 't':
            o.seconds = strtoul(optarg, NULL, 0) * 1e-3;
            break;
        default:
            errx(2, "%s", usage);
        }
    }
    if (argc - optind != 2 || !o.rounds || o.rounds > MAX_ROUNDS ||
        o.size < ALIGN_2M || (o.size & (o.size - 1))) {
        errx(2, "%sMIB is a power of two from 2; ROUNDS at most %d",
             usage, MAX_ROUNDS);
    }
    return o;
}

int main(int argc, char **argv)
{
    Options o = parse_options(argc, argv);
    Area areas[2];

    for (int i = 0; i < 2; i++) {
        areas[i] = open_area(argv[optind + i], o.size);
        printf("area-%d: %s size=%zu\n", i + 1, areas[i].name, o.size);
    }
    for (size_t i = 0; i < sizeof(measurements) / sizeof(*measurements); i++) {
        compare(i, areas, &o);
    }
    return 0;
}

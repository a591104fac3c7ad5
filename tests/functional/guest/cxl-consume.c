/*
 * Reads a place of memory that may be poisoned
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char usage[] =
    "usage: cxl-consume [-s] FILE|node:NUMBER OFFSET [COMMAND]\n"
    "Maps FILE, or pages of a node that it has written, says where OFFSET is,\n"
    "and reads eight bytes there; from a node, after COMMAND has been run with\n"
    "the physical address. With -s it handles SIGBUS, says what came with it,\n"
    "and goes on.\n";

/* As device-dax is mapped */
#define ALIGN       (2UL << 20)
#define NODE_SIZE   (8UL * 4096)

static sigjmp_buf out;
static siginfo_t bus;

static void handle(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    bus = *info;
    siglongjmp(out, 1);
}

static void survive(void)
{
    struct sigaction action = {
        .sa_sigaction = handle,
        .sa_flags = SA_SIGINFO,
    };

    if (sigaction(SIGBUS, &action, NULL)) {
        err(2, "sigaction");
    }
}

static void *map_file(const char *name, size_t offset)
{
    int fd = open(name, O_RDWR);
    char *base;

    if (fd < 0) {
        err(2, "%s", name);
    }
    base = mmap(NULL, ALIGN, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                offset & ~(ALIGN - 1));
    if (base == MAP_FAILED) {
        err(2, "mmap of %s", name);
    }
    return base + offset % ALIGN;
}

static void *map_node(unsigned node, size_t offset)
{
    unsigned long mask = 1UL << node;
    char *base = mmap(NULL, NODE_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (base == MAP_FAILED ||
        syscall(SYS_mbind, base, NODE_SIZE, MPOL_BIND, &mask, 64, 0)) {
        err(2, "node %u", node);
    }
    memset(base, 0x5a, NODE_SIZE);
    return base + offset % NODE_SIZE;
}

/* What /proc/self/pagemap says in bits 54:0 */
static uint64_t physical_address(void *at)
{
    int fd = open("/proc/self/pagemap", O_RDONLY);
    uint64_t entry = 0;

    if (pread(fd, &entry, 8, (uintptr_t)at / 4096 * 8) != 8) {
        err(2, "pagemap");
    }
    return (entry & ((1ULL << 55) - 1)) * 4096 + (uintptr_t)at % 4096;
}

static void run_command(const char *command, uint64_t address)
{
    char line[512];

    snprintf(line, sizeof(line), "%s %" PRIu64, command, address);
    if (system(line)) {
        errx(2, "failed: %s", line);
    }
}

int main(int argc, char **argv)
{
    int handled = argc > 1 && !strcmp(argv[1], "-s");
    volatile uint64_t *at;
    volatile uint64_t value;
    size_t offset;
    unsigned node;

    argv += handled;
    argc -= handled;
    if (argc != 3 && argc != 4) {
        fputs(usage, stderr);
        return 2;
    }
    offset = strtoull(argv[2], NULL, 0);
    if (argc == 4 && sscanf(argv[1], "node:%u", &node) == 1) {
        at = map_node(node, offset);
        run_command(argv[3], physical_address((void *)at));
    } else {
        at = map_file(argv[1], offset);
    }
    printf("at=%p\n", (void *)at);
    fflush(stdout);
    if (handled) {
        survive();
    }
    if (sigsetjmp(out, 1)) {
        printf("SIGBUS code=%s addr=%p lsb=%d\n",
               bus.si_code == BUS_MCEERR_AR ? "BUS_MCEERR_AR" : "other",
               bus.si_addr, bus.si_addr_lsb);
        return 0;
    }
    value = *at;
    printf("value=0x%016llx\n", (unsigned long long)value);
    return 0;
}

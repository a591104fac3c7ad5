/*
 * Moves data between a file and an area of memory by direct I/O, so that the
 * device reads and writes that memory itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mempolicy.h>

static const char usage[] =
    "usage: cxl-dma AREA FILE FROM TO SIZE SKEW\n"
    "Reads SIZE bytes at FROM of FILE into AREA, then writes them from there\n"
    "to TO of FILE. AREA is node:N or a file to map. The data begins SKEW\n"
    "bytes into AREA; pieces have odd lengths of 512 bytes.\n";

#define SECTOR 512UL

static size_t number(const char *text)
{
    char *end;
    size_t value = strtoull(text, &end, 0);

    if (*end || end == text || value % SECTOR) {
        errx(2, "%s is no multiple of %lu", text, SECTOR);
    }
    return value;
}

static char *map_node(const char *text, size_t size)
{
    unsigned long node = strtoul(text, NULL, 0), mask = 1UL << node;
    char *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int got = -1;

    if (base == MAP_FAILED ||
        syscall(SYS_mbind, base, size, MPOL_BIND, &mask, 64, 0)) {
        err(2, "no %zu bytes on node %lu", size, node);
    }
    memset(base, 0xa5, size);
    syscall(SYS_get_mempolicy, &got, NULL, 0, base, MPOL_F_NODE | MPOL_F_ADDR);
    if (got != (int)node) {
        errx(2, "memory is on node %d, not on node %lu", got, node);
    }
    return base;
}

static char *map_file(const char *name, size_t size)
{
    int fd = open(name, O_RDWR);
    char *base;

    if (fd < 0) {
        err(2, "%s", name);
    }
    base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) {
        err(2, "cannot map %zu bytes of %s", size, name);
    }
    memset(base, 0xa5, size);
    return base;
}

typedef ssize_t Transfer(int fd, char *buffer, size_t count, off_t at);

static ssize_t transfer_in(int fd, char *buffer, size_t count, off_t at)
{
    return pread(fd, buffer, count, at);
}

static ssize_t transfer_out(int fd, char *buffer, size_t count, off_t at)
{
    return pwrite(fd, buffer, count, at);
}

/* Lengths of 1, 3, 5, ... sectors up to 128 KiB, then again */
static void move(Transfer *transfer, int fd, char *buffer, size_t size,
                 off_t at)
{
    size_t sectors = 1, done = 0;

    while (done < size) {
        size_t count = sectors * SECTOR;
        ssize_t moved;

        count = count < size - done ? count : size - done;
        moved = transfer(fd, buffer + done, count, at + done);
        if (moved != (ssize_t)count) {
            err(1, "%zu bytes at %zu: %zd moved", count, done, moved);
        }
        done += count;
        sectors = sectors * SECTOR < (128UL << 10) ? sectors + 2 : 1;
    }
}

int main(int argc, char **argv)
{
    size_t from, to, size, skew;
    char *base;
    int fd;

    if (argc != 7) {
        errx(2, "%s", usage);
    }
    from = number(argv[3]);
    to = number(argv[4]);
    size = number(argv[5]);
    skew = number(argv[6]);
    base = strncmp(argv[1], "node:", 5) ? map_file(argv[1], 2 * size)
                                        : map_node(argv[1] + 5, 2 * size);
    fd = open(argv[2], O_RDWR | O_DIRECT);
    if (fd < 0) {
        err(2, "%s", argv[2]);
    }
    move(transfer_in, fd, base + skew, size, from);
    move(transfer_out, fd, base + skew, size, to);
    printf("size=%zu OK\n", size);
    return fsync(fd) != 0;
}

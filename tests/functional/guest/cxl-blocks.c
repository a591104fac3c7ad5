/*
 * Writes numbered blocks until it is killed, or looks for them afterwards
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char usage[] =
    "usage: cxl-blocks -w FILE BLOCKS SEED TERMINAL\n"
    "       cxl-blocks -r FILE BLOCKS SEED SAFE LAST\n"
    "-w writes block 1, 2, ... each to a place that follows from its number,\n"
    "and tells TERMINAL \"@wrote N\". -r wants blocks up to SAFE, but where\n"
    "one up to LAST may have come later.\n";

#define WORDS       512         /* of a block of 4 KiB */
#define BATCH       32
#define PAUSE       8000        /* microseconds between batches */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return x ^ x >> 31;
}

/* The block's place among all; tests/functional/test_cxl_kill.py knows it */
static uint64_t place(uint64_t number, uint64_t blocks, uint64_t seed)
{
    return mix(number * 0x9e3779b97f4a7c15ULL + seed) % blocks;
}

/* Number, then words that follow from it, then their sum */
static void write_block(volatile uint64_t *block, uint64_t number,
                        uint64_t seed)
{
    uint64_t sum = number;

    block[0] = number;
    for (unsigned i = 1; i < WORDS - 1; i++) {
        uint64_t word = mix(number * WORDS + i + seed);

        block[i] = word;
        sum += word;
    }
    block[WORDS - 1] = mix(sum);
}

static bool block_is_sound(const uint64_t *block)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < WORDS - 1; i++) {
        sum += block[i];
    }
    return block[WORDS - 1] == mix(sum);
}

static void write_forever(uint64_t *base, uint64_t blocks, uint64_t seed,
                          const char *terminal)
{
    int fd = open(terminal, O_WRONLY);

    if (fd < 0) {
        err(2, "%s", terminal);
    }
    for (uint64_t number = 1; ; number++) {
        write_block(base + place(number, blocks, seed) * WORDS, number, seed);
        if (number % BATCH == 0) {
            dprintf(fd, "@wrote %" PRIu64 "\n", number);
            usleep(PAUSE);
        }
    }
}

/* Last block written to each place: up to SAFE, and later */
static int find_blocks(const uint64_t *base, uint64_t blocks, uint64_t seed,
                       uint64_t safe, uint64_t last)
{
    uint64_t *wanted = calloc(blocks, sizeof(*wanted));
    bool *later = calloc(blocks, sizeof(*later));
    uint64_t found = 0, lost = 0, excused = 0;

    if (!wanted || !later) {
        errx(2, "no memory");
    }
    for (uint64_t number = 1; number <= last; number++) {
        uint64_t at = place(number, blocks, seed);

        if (number <= safe) {
            wanted[at] = number;
        } else {
            later[at] = true;
        }
    }
    for (uint64_t at = 0; at < blocks; at++) {
        const uint64_t *block = base + at * WORDS;

        if (!wanted[at]) {
            continue;
        }
        if (block_is_sound(block) && block[0] >= wanted[at] &&
            place(block[0], blocks, seed) == at) {
            found++;
        } else if (later[at]) {
            excused++;
        } else if (lost++ < 4) {
            printf("block %" PRIu64 " is not at %" PRIu64 "\n", wanted[at],
                   at);
        }
    }
    printf("found=%" PRIu64 " excused=%" PRIu64 " lost=%" PRIu64 "\n", found,
           excused, lost);
    return lost != 0;
}

int main(int argc, char **argv)
{
    bool writes = argc == 6 && !strcmp(argv[1], "-w");
    uint64_t blocks, seed;
    uint64_t *base;
    int fd;

    if (!writes && (argc != 7 || strcmp(argv[1], "-r"))) {
        errx(2, "%s", usage);
    }
    blocks = strtoull(argv[3], NULL, 0);
    seed = strtoull(argv[4], NULL, 0);
    fd = open(argv[2], O_RDWR);
    if (fd < 0) {
        err(2, "%s", argv[2]);
    }
    base = mmap(NULL, blocks * WORDS * 8, PROT_READ | PROT_WRITE, MAP_SHARED,
                fd, 0);
    if (base == MAP_FAILED) {
        err(2, "cannot map %s", argv[2]);
    }
    if (writes) {
        write_forever(base, blocks, seed, argv[5]);
    }
    return find_blocks(base, blocks, seed, strtoull(argv[5], NULL, 0),
                       strtoull(argv[6], NULL, 0));
}

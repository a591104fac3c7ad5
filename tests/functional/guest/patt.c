/*
 * Writes a pattern that depends on the address, and verifies it
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
    "usage: patt [-w | -r] [-z] [-j STEP] [-o OFFSET] FILE SIZE[K|M|G] [SEED]\n"
    "Maps FILE shared. -w only writes, -r only verifies; both by default.\n"
    "-z: zeros and no pattern\n"
    "-j: only the first 64 KiB of every STEP bytes\n"
    "-o: the mapping begins there in FILE\n";

#define BLOCK (64UL << 10)

static bool zeros;

/* Every bit of the result depends on every bit of the offset and the seed */
static uint64_t pattern(uint64_t offset, uint64_t seed)
{
    uint64_t x = offset + seed * 0x9e3779b97f4a7c15ULL;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return zeros ? 0 : x ^ x >> 31;
}

static void write_block(uint64_t *words, size_t start, uint64_t seed)
{
    for (size_t i = start; i < start + BLOCK; i += 8) {
        words[i / 8] = pattern(i, seed);
    }
}

static uint64_t count_bad(const uint64_t *words, size_t start, uint64_t seed)
{
    static unsigned shown;
    uint64_t bad = 0;

    for (size_t i = start; i < start + BLOCK; i += 8) {
        uint64_t want = pattern(i, seed);

        bad += words[i / 8] != want;
        if (words[i / 8] != want && shown++ < 4) {
            printf("at 0x%zx: 0x%016" PRIx64 ", must be 0x%016" PRIx64 "\n",
                   i, words[i / 8], want);
        }
    }
    return bad;
}

static size_t parse_size(const char *text)
{
    char *end;
    size_t size = strtoull(text, &end, 0);
    const char *units = "KMG";
    const char *unit = *end ? strchr(units, *end) : NULL;

    if (unit) {
        size <<= 10 * (unit - units + 1);
    }
    if (!size || size % BLOCK || (*end && !unit)) {
        errx(2, "bad size %s", text);
    }
    return size;
}

static void *map_file(const char *name, size_t size, off_t offset)
{
    int fd = open(name, O_RDWR);
    void *base;

    if (fd < 0) {
        err(2, "%s", name);
    }
    base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    if (base == MAP_FAILED) {
        err(2, "cannot map %zu bytes of %s", size, name);
    }
    return base;
}

int main(int argc, char **argv)
{
    bool write = true, verify = true;
    uint64_t bad = 0, seed = 1;
    size_t step = BLOCK, size;
    off_t offset = 0;
    uint64_t *words;
    int option;

    while ((option = getopt(argc, argv, "wrzj:o:")) != -1) {
        switch (option) {
        case 'w':
            verify = false;
            break;
        case 'r':
            write = false;
            break;
        case 'z':
            zeros = true;
            break;
        case 'j':
            step = parse_size(optarg);
            break;
        case 'o':
            offset = strtoll(optarg, NULL, 0);
            break;
        default:
            errx(2, "%s", usage);
        }
    }
    if (argc - optind < 2 || (!write && !verify)) {
        errx(2, "%s", usage);
    }
    size = parse_size(argv[optind + 1]);
    if (argc - optind > 2) {
        seed = strtoull(argv[optind + 2], NULL, 0);
    }
    words = map_file(argv[optind], size, offset);
    for (size_t at = 0; write && at < size; at += step) {
        write_block(words, at, seed);
    }
    for (size_t at = 0; verify && at < size; at += step) {
        bad += count_bad(words, at, seed);
    }
    printf("size=%zu bad=%" PRIu64 " %s\n", size, bad, bad ? "FAIL" : "OK");
    return bad != 0;
}

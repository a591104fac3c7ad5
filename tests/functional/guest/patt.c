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
    "usage: patt [-w | -r] FILE SIZE[K|M|G] [SEED]\n"
    "Maps FILE shared. -w only writes, -r only verifies; both by default.\n";

/* Every bit of the result depends on every bit of the offset and the seed */
static uint64_t pattern(uint64_t offset, uint64_t seed)
{
    uint64_t x = offset + seed * 0x9e3779b97f4a7c15ULL;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return x ^ x >> 31;
}

static void write_all(uint64_t *words, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size / 8; i++) {
        words[i] = pattern(i * 8, seed);
    }
}

static uint64_t count_bad(const uint64_t *words, size_t size, uint64_t seed)
{
    uint64_t bad = 0;

    for (size_t i = 0; i < size / 8; i++) {
        uint64_t want = pattern(i * 8, seed);

        if (words[i] != want && bad++ < 4) {
            printf("at 0x%zx: 0x%016" PRIx64 ", must be 0x%016" PRIx64 "\n",
                   i * 8, words[i], want);
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
    if (!size || size % 8 || (*end && !unit)) {
        errx(2, "bad size %s", text);
    }
    return size;
}

int main(int argc, char **argv)
{
    bool only_write = argc > 1 && !strcmp(argv[1], "-w");
    bool only_read = argc > 1 && !strcmp(argv[1], "-r");
    int first = 1 + (only_write || only_read);
    uint64_t bad = 0;

    if (argc - first < 2) {
        fputs(usage, stderr);
        return 2;
    }
    size_t size = parse_size(argv[first + 1]);
    uint64_t seed = argc - first > 2 ? strtoull(argv[first + 2], NULL, 0) : 1;
    int fd = open(argv[first], O_RDWR);
    if (fd < 0) {
        err(2, "%s", argv[first]);
    }
    uint64_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
                           fd, 0);
    if (words == MAP_FAILED) {
        err(2, "cannot map %zu bytes of %s", size, argv[first]);
    }
    if (!only_read) {
        write_all(words, size, seed);
    }
    if (!only_write) {
        bad = count_bad(words, size, seed);
    }
    printf("size=%zu bad=%" PRIu64 " %s\n", size, bad, bad ? "FAIL" : "OK");
    return bad != 0;
}

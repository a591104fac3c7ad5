/*
 * Writes a value into a file of sysfs, and prints how long that took
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec start, end;
    int fd;

    if (argc != 3) {
        fputs("usage: cxl-time FILE VALUE\nPrints microseconds.\n", stderr);
        return 2;
    }
    fd = open(argv[1], O_WRONLY);
    if (fd < 0) {
        err(1, "%s", argv[1]);
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (write(fd, argv[2], strlen(argv[2])) < 0) {
        err(1, "%s: cannot write %s", argv[1], argv[2]);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.0f\n", (end.tv_sec - start.tv_sec) * 1e6 +
           (end.tv_nsec - start.tv_nsec) * 1e-3);
    return 0;
}

/*
 * Reads a device's registers on one CPU while the memory of a PCI function
 * comes and goes on another
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Registers of the HPET: period of its counter */
#define REGISTERS   0xfed00000
#define PERIOD      1
/* Command of a PCI function */
#define COMMAND     4

static void run_on(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set)) {
        err(1, "CPU %d", cpu);
    }
}

static void read_registers(void)
{
    volatile uint32_t *registers;
    int fd = open("/dev/mem", O_RDONLY | O_SYNC);
    uint32_t period;

    run_on(1);
    registers = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, REGISTERS);
    if (registers == MAP_FAILED) {
        err(1, "/dev/mem");
    }
    period = registers[PERIOD];
    while (registers[PERIOD] == period) {
    }
    errx(1, "read something else than %u", period);
}

static unsigned toggle(int fd, int seconds)
{
    static const uint16_t commands[] = { 0, 2, 0, 6 };
    time_t end = time(NULL) + seconds;
    unsigned n;

    for (n = 0; time(NULL) < end; n++) {
        if (pwrite(fd, &commands[n % 4], 2, COMMAND) != 2) {
            err(1, "Command");
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    unsigned n;
    pid_t child;
    int fd;

    if (argc != 3 || (fd = open(argv[1], O_RDWR)) < 0) {
        fputs("usage: cxl-remap CONFIG SECONDS\n", stderr);
        return 2;
    }
    child = fork();
    if (!child) {
        read_registers();
    }
    run_on(0);
    n = toggle(fd, atoi(argv[2]));
    if (child < 0 || waitpid(child, NULL, WNOHANG) || kill(child, SIGKILL)) {
        errx(1, "nobody reads registers any more");
    }
    printf("%u\n", n);
    return 0;
}

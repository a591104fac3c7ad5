/*
 * Changes code on one CPU that another one executes
 *
 *   cxl-code SECONDS
 *
 * Each change of the code is followed by word of it. Who has heard that and
 * finds the code as it was before, call after call, executes what is not there
 * any more: the exit status is 1 then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* mov $imm32, %eax; ret: the immediate is aligned, and changes in one piece */
#define FUNCTION    7
#define IMMEDIATE   (FUNCTION + 1)
#define RET         0xc3
/* Code that does not change keeps the page a page with code */
#define CONSTANT    2048
#define PAGE        4096
/* Calls after which a CPU must have noticed */
#define PATIENCE    2000
#define BATCH       1000

static uint8_t *code;
static volatile uint32_t told;
static volatile bool done;
static unsigned long stale;

static bool is_older(uint32_t value, uint32_t than)
{
    return (int32_t)(value - than) < 0;
}

static void *execute(void *unused)
{
    uint32_t (*function)(void) = (void *)(code + FUNCTION);
    void (*constant)(void) = (void *)(code + CONSTANT);

    (void)unused;
    while (!done) {
        uint32_t heard;
        unsigned calls = 0;

        constant();
        heard = told;
        while (is_older(function(), heard) && ++calls < PATIENCE) {
        }
        stale += calls == PATIENCE;
    }
    return NULL;
}

static void change(uint32_t value)
{
    *(volatile uint32_t *)(code + IMMEDIATE) = value;
    __sync_synchronize();
    told = value;
    for (volatile int wait = rand() % 64; wait; wait--) {
    }
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    uint32_t changes = 0;
    pthread_t thread;

    code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) {
        err(1, "mmap");
    }
    memset(code, RET, PAGE);
    code[FUNCTION] = 0xb8;
    memset(code + IMMEDIATE, 0, sizeof(changes));
    if (pthread_create(&thread, NULL, execute, NULL)) {
        errx(1, "pthread_create");
    }
    while (time(NULL) < end) {
        for (unsigned i = 0; i < BATCH; i++) {
            change(++changes);
        }
    }
    done = true;
    pthread_join(thread, NULL);
    printf("%u changes, %lu stale\n", changes, stale);
    return stale != 0;
}

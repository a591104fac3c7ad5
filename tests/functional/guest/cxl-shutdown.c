/*
 * Sets the shutdown state of a CXL memory device, and prints it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <linux/cxl_mem.h>

static void run(int fd, uint32_t id, uint8_t *state, int in, int out)
{
    struct cxl_send_command command = {
        .id = id,
        .in = { .size = in, .payload = (uintptr_t)state },
        .out = { .size = out, .payload = (uintptr_t)state },
    };

    if (ioctl(fd, CXL_MEM_SEND_COMMAND, &command) < 0) {
        err(1, "command %u", id);
    }
    if (command.retval) {
        errx(1, "command %u: return code %u", id, command.retval);
    }
}

int main(int argc, char **argv)
{
    uint8_t state;
    int fd;

    if (argc < 2 || argc > 3) {
        fputs("usage: cxl-shutdown /dev/cxl/memN [STATE]\n"
              "Prints 0, clean, or 1, dirty.\n", stderr);
        return 2;
    }
    fd = open(argv[1], O_RDWR);
    if (fd < 0) {
        err(1, "%s", argv[1]);
    }
    if (argc == 3) {
        state = strtoul(argv[2], NULL, 0);
        run(fd, CXL_MEM_COMMAND_ID_SET_SHUTDOWN_STATE, &state, 1, 0);
    }
    run(fd, CXL_MEM_COMMAND_ID_GET_SHUTDOWN_STATE, &state, 0, 1);
    printf("%u\n", state);
    return 0;
}

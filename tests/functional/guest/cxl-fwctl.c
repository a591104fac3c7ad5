/*
 * Reads and sets Features of a CXL memory device through Linux' fwctl
 *
 * The structs have the layout of Linux' include/uapi/fwctl/{fwctl,cxl}.h and
 * include/uapi/cxl/features.h, which are newer than most systems' headers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define FWCTL_TYPE              0x9a
#define FWCTL_INFO              _IO(FWCTL_TYPE, 0)
#define FWCTL_RPC               _IO(FWCTL_TYPE, 1)
#define FWCTL_DEVICE_TYPE_CXL   2

/* To change a configuration at once needs the widest scope */
#define SCOPE_CONFIGURATION     0
#define SCOPE_DEBUG_WRITE_FULL  3

struct fwctl_info {
    uint32_t size;
    uint32_t flags;
    uint32_t device_type;
    uint32_t device_data_len;
    uint64_t device_data;
};

struct fwctl_rpc {
    uint32_t size;
    uint32_t scope;
    uint32_t in_len;
    uint32_t out_len;
    uint64_t in;
    uint64_t out;
};

#define UUID_SIZE       16
#define DATA_SIZE       4096

struct request {
    uint32_t opcode;
    uint32_t flags;
    uint32_t op_size;
    uint32_t reserved;
    union {
        struct {
            uint32_t count;
            uint16_t start;
            uint16_t reserved;
        } list;
        struct {
            uint8_t uuid[UUID_SIZE];
            uint16_t offset;
            uint16_t count;
            uint8_t selection;
        } __attribute__((packed)) get;
        struct {
            uint8_t uuid[UUID_SIZE];
            uint32_t flags;
            uint16_t offset;
            uint8_t version;
            uint8_t reserved[9];
            uint8_t data[DATA_SIZE];
        } __attribute__((packed)) set;
    };
};

struct entry {
    uint8_t uuid[UUID_SIZE];
    uint16_t index;
    uint16_t get_size;
    uint16_t set_size;
    uint32_t flags;
    uint8_t get_version;
    uint8_t set_version;
    uint16_t effects;
    uint8_t reserved[18];
} __attribute__((packed));

struct answer {
    uint32_t size;
    uint32_t retval;
    union {
        struct {
            uint16_t count;
            uint16_t total;
            uint32_t reserved;
            struct entry entries[DATA_SIZE / sizeof(struct entry)];
        } list;
        uint8_t data[DATA_SIZE];
    };
};

static void check_type(int fd)
{
    struct fwctl_info info = { .size = sizeof(info) };

    if (ioctl(fd, FWCTL_INFO, &info) < 0) {
        err(1, "FWCTL_INFO");
    }
    if (info.device_type != FWCTL_DEVICE_TYPE_CXL) {
        errx(1, "device type %u is not CXL's", info.device_type);
    }
}

/* Returns the device's return code; what the kernel refuses is the end */
static unsigned call(int fd, unsigned scope, struct request *in,
                     struct answer *out)
{
    struct fwctl_rpc rpc = {
        .size = sizeof(rpc),
        .scope = scope,
        .in_len = 16 + in->op_size,
        .out_len = sizeof(*out),
        .in = (uintptr_t)in,
        .out = (uintptr_t)out,
    };

    memset(out, 0, sizeof(*out));
    if (ioctl(fd, FWCTL_RPC, &rpc) < 0) {
        err(3, "opcode %04x", in->opcode);
    }
    return out->retval;
}

static void print_hex(const uint8_t *data, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        printf("%02x", data[i]);
    }
}

static unsigned parse_hex(const char *text, uint8_t *data, unsigned max)
{
    unsigned len = 0;

    while (*text) {
        if (*text == '-') {
            text++;
            continue;
        }
        if (len == max || sscanf(text, "%2hhx", &data[len++]) != 1) {
            errx(2, "not so many bytes in hexadecimal: %s", text);
        }
        text += text[1] ? 2 : 1;
    }
    return len;
}

static void parse_uuid(const char *text, uint8_t *uuid)
{
    if (parse_hex(text, uuid, UUID_SIZE) != UUID_SIZE) {
        errx(2, "not a UUID: %s", text);
    }
}

static unsigned list(int fd)
{
    struct request in = { .opcode = 0x500, .op_size = 8 };
    static struct answer out;
    unsigned ret;

    in.list.count = sizeof(out.data);
    ret = call(fd, SCOPE_CONFIGURATION, &in, &out);
    for (unsigned n = 0; n < out.list.count; n++) {
        const struct entry *e = &out.list.entries[n];

        print_hex(e->uuid, UUID_SIZE);
        printf(" get=%u set=%u flags=%x version=%u effects=%x\n", e->get_size,
               e->set_size, e->flags, e->set_version, e->effects);
    }
    return ret;
}

static unsigned get(int fd, char **argv)
{
    struct request in = { .opcode = 0x501, .op_size = sizeof(in.get) };
    static struct answer out;
    unsigned ret;

    parse_uuid(argv[0], in.get.uuid);
    in.get.selection = strtoul(argv[1], NULL, 0);
    in.get.offset = strtoul(argv[2], NULL, 0);
    in.get.count = strtoul(argv[3], NULL, 0);
    ret = call(fd, SCOPE_CONFIGURATION, &in, &out);
    print_hex(out.data, out.size);
    putchar('\n');
    return ret;
}

static unsigned set(int fd, char **argv)
{
    static struct request in = { .opcode = 0x502 };
    static struct answer out;

    parse_uuid(argv[0], in.set.uuid);
    in.set.version = strtoul(argv[1], NULL, 0);
    in.set.offset = strtoul(argv[2], NULL, 0);
    in.op_size = 32 + parse_hex(argv[3], in.set.data, DATA_SIZE);
    return call(fd, SCOPE_DEBUG_WRITE_FULL, &in, &out);
}

int main(int argc, char **argv)
{
    unsigned ret;
    int fd;

    if (argc < 3) {
        fputs("usage: cxl-fwctl DEVICE list\n"
              "       cxl-fwctl DEVICE get UUID SELECTION OFFSET COUNT\n"
              "       cxl-fwctl DEVICE set UUID VERSION OFFSET HEX\n"
              "Fails with 3 where the kernel refuses, with 4 and a return code"
              " where the device does.\n", stderr);
        return 2;
    }
    fd = open(argv[1], O_RDWR);
    if (fd < 0) {
        err(1, "%s", argv[1]);
    }
    check_type(fd);
    if (!strcmp(argv[2], "list") && argc == 3) {
        ret = list(fd);
    } else if (!strcmp(argv[2], "get") && argc == 7) {
        ret = get(fd, argv + 3);
    } else if (!strcmp(argv[2], "set") && argc == 7) {
        ret = set(fd, argv + 3);
    } else {
        errx(2, "what is to be done?");
    }
    if (ret) {
        printf("return code 0x%x\n", ret);
    }
    return ret ? 4 : 0;
}

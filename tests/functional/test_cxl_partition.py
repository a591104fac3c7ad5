#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that a Linux guest divides into volatile and persistent memory."""

from cxlguest import (Guest, MIB, Topology, by_serial, create_region,
                      destroy_region, main, wait_file)

NAME = 'cxl-partition'
SERIAL = 1
TOTAL = 1024


def build(directory):
    # Of one root port, a host bridge would have decoders for one region only
    topology = Topology(directory, bridge=',hdm_for_passthrough=on')
    links = {'partitionable-memdev': topology.backend('part1', TOTAL, True),
             'lsa': topology.backend('lsa1', 1, True),
             'nv': topology.backend('nv1', 1, True)}
    topology.add_memory(SERIAL, options=''.join(
        f',{name}={link}' for name, link in links.items()))
    return topology


def info(guest):
    device = guest.json(f'cxl list -M -I -s {SERIAL}')[0]
    return device['partition_info']


def check_sizes(tap, guest, name, persistent, waiting=None):
    """Sizes in MiB, as the device tells them and as the kernel uses them."""
    found = info(guest)
    volatile = TOTAL - persistent
    tap.equal((found['active_volatile_size'], found['active_persistent_size']),
              (volatile * MIB, persistent * MIB), f'{name}: what is active')
    after = (0, 0) if waiting is None else (TOTAL - waiting, waiting)
    tap.equal((found['next_volatile_size'], found['next_persistent_size']),
              (after[0] * MIB, after[1] * MIB), f'{name}: what is next')
    memdev = by_serial(guest, SERIAL)
    dpa = guest.must(f'cat /sys/kernel/debug/cxl/{memdev}/dpamem')
    edge = volatile * MIB
    if volatile:
        tap.match(dpa, f'^0+-0*{edge - 1:x} : ram$', f'{name}: volatile DPAs')
    if persistent:
        tap.match(dpa, f'^0*{edge:x}-0*{TOTAL * MIB - 1:x} : pmem$',
                  f'{name}: persistent DPAs')


def set_partition(tap, guest, options):
    tap.succeeds(guest, f'cxl set-partition {by_serial(guest, SERIAL)} '
                 f'{options}', f'cxl set-partition {options}')


def first_boot(tap, guest):
    found = info(guest)
    tap.equal((found['total_size'], found['volatile_only_size'],
               found['persistent_only_size'],
               found['partition_alignment_size']),
              (TOTAL * MIB, 0, 0, 256 * MIB), 'all of it can be divided')
    check_sizes(tap, guest, 'first', 0)
    status, output = guest.run(
        f'cxl set-partition {by_serial(guest, SERIAL)} -t pmem -s 100M')
    tap.ok(status, 'a size without alignment is refused', output)
    set_partition(tap, guest, '-t pmem -s 256M')
    check_sizes(tap, guest, 'before the reboot', 0, 256)


def use_both(tap, guest):
    memdev = by_serial(guest, SERIAL)
    region = create_region(guest, memdev, 'ram')
    tap.equal(region['size'], 768 * MIB, 'a region of all volatile memory')
    create_region(guest, memdev, 'pmem')
    space = guest.json('ndctl create-namespace -m fsdax -M dev')
    tap.succeeds(guest, 'head -c 1000000 /usr/bin/busybox | '
                 f'dd of=/dev/{space["blockdev"]} conv=fsync,notrunc',
                 'persistent memory is written beside it')
    set_partition(tap, guest, '-t pmem -s 512M')
    check_sizes(tap, guest, 'in use', 256, 512)


def check_content(tap, guest, name):
    region = create_region(guest, by_serial(guest, SERIAL), 'pmem')
    wait_file(guest, '/dev/pmem0')
    tap.succeeds(guest, 'head -c 1000000 /usr/bin/busybox >/run/part; '
                 'head -c 1000000 /dev/pmem0 | cmp - /run/part',
                 f'{name}: persistent memory has kept its content')
    guest.must('ndctl disable-namespace all')
    destroy_region(guest, region)


def test(tap, directory):
    topology = build(directory)
    with Guest(NAME, topology.args()) as guest:
        first_boot(tap, guest)
        guest.reboot()
        check_sizes(tap, guest, 'after the reboot', 256)
        use_both(tap, guest)
        set_partition(tap, guest, '-t pmem -s 256M')
        check_sizes(tap, guest, 'taken back', 256)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
    with Guest(NAME, topology.args()) as guest:
        check_sizes(tap, guest, 'new QEMU', 256)
        check_content(tap, guest, 'new QEMU')
        set_partition(tap, guest, '-t pmem')
        guest.kill()
    with Guest(NAME, topology.args()) as guest:
        check_sizes(tap, guest, 'killed QEMU', 1024)
        tap.quiet(guest, 'the kernel still has no complaint')


main(NAME, test)

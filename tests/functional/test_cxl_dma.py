#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices that read and write interleaved CXL memory, and code in it."""

import os

from cxlguest import (Guest, MIB, Topology, create_region, main,
                      memdevs_by_serial, numa_maps)

NAME = 'cxl-dma'
SLOT = 8 * MIB          # the disk: random data, then places for copies
COPIES = 4
BUSYBOX_SUM = 'sha256sum </usr/bin/busybox'


def build(directory):
    """Three host bridges; a disk whose data the tests move."""
    topology = Topology(directory, window=None)
    for _ in range(3):
        bridge = topology.add_bridge()
        for _ in range(2):
            topology.add_memory(topology.count('cxl-rp') + 1, volatile=512,
                                port=topology.add_port(bridge))
    topology.add_window([0, 1], '2G', 256)
    topology.add_window([0, 1, 2], '3G', 256)
    disk = topology.path('disk')
    with open(disk, 'wb') as file:
        file.write(os.urandom(SLOT))
        file.truncate(SLOT * (1 + COPIES))
    topology.lines += ['-drive', f'if=none,id=disk,format=raw,file={disk}',
                       '-device', 'virtio-blk-pci,bus=pcie.0,drive=disk']
    return topology, disk


def make_regions(tap, guest):
    """System RAM over four devices, device DAX over three of them."""
    names = memdevs_by_serial(guest)
    first = create_region(guest, [names[serial] for serial in (1, 3, 2, 4)],
                          'ram', '-s 1G', 'decoder0.0')
    second = create_region(guest, [names[serial] for serial in (2, 4, 6)],
                           'ram', '-s 768M', 'decoder0.1')
    tap.ok(first['decode_state'] == second['decode_state'] == 'commit',
           'regions over four and three devices are committed')
    guest.must('daxctl offline-memory dax1.0 && '
               'daxctl reconfigure-device -m devdax dax1.0')
    return guest.json('daxctl list -d dax0.0')[0]['target_node']


def move(tap, guest, area, copy, skew, name):
    """Disk to memory and memory to disk, each by direct I/O."""
    tap.succeeds(guest, f'cxl-dma {area} /dev/vda 0 {SLOT * copy} {SLOT} '
                 f'{skew}', f'{name}: virtio-blk reads into it and writes '
                 'from it', 120)


def check_copies(tap, disk, names):
    with open(disk, 'rb') as file:
        original = file.read(SLOT)
        for copy, name in enumerate(names, 1):
            tap.ok(file.read(SLOT) == original,
                   f'{name}: copy {copy} on the disk is exact')


def check_execution(tap, guest, node):
    near = guest.must(BUSYBOX_SUM)
    guest.must(f'mount -t tmpfs -o mpol=bind:{node} far /mnt; '
               'cp /usr/bin/busybox /mnt')
    far = tap.succeeds(guest, f'numactl -m {node} /mnt/busybox {BUSYBOX_SUM}',
                       'a program runs from interleaved System RAM')
    tap.equal(far.strip(), near, 'and computes what it computes in DRAM')
    maps = numa_maps(guest, '/mnt/busybox sleep 99', 'file=/mnt/busybox')
    guest.must('umount /mnt')
    tap.match(maps, rf'file=/mnt/busybox.* N{node}=\d+',
              'its code is on the node')


def check_file_system(tap, guest, node):
    """Pages of a file system's cache, on the node and by buffered I/O."""
    tap.succeeds(guest, f'''
        mkfs.ext4 -q /dev/vdb && mount /dev/vdb /mnt &&
        numactl -m {node} dd if=/dev/vda of=/mnt/data bs=1M count=8 &&
        umount /mnt && mount /dev/vdb /mnt &&
        numactl -m {node} cmp -n {SLOT} /dev/vda /mnt/data
        status=$?; umount /mnt; exit $status''',
                 'a page cache on the node gives files back', 120)


def test(tap, directory):
    topology, disk = build(directory)
    scratch = topology.path('scratch')
    with open(scratch, 'wb') as file:
        file.truncate(64 * MIB)
    topology.lines += ['-drive', f'if=none,id=second,format=raw,file={scratch}',
                       '-device', 'virtio-blk-pci,bus=pcie.0,drive=second']
    with Guest(NAME, topology.args()) as guest:
        node = make_regions(tap, guest)
        devdax, ram = 'device DAX over three', 'System RAM over four'
        move(tap, guest, '/dev/dax1.0', 1, 0, devdax)
        move(tap, guest, '/dev/dax1.0', 2, 1536, devdax)
        move(tap, guest, f'node:{node}', 3, 0, ram)
        move(tap, guest, f'node:{node}', 4, 2560, ram)
        check_execution(tap, guest, node)
        check_file_system(tap, guest, node)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
        tap.no_match(guest.console(), r'(?i)virtio.*(error|bogus)',
                     'QEMU has no complaint of virtio')
    check_copies(tap, disk, [devdax, devdax, ram, ram])


main(NAME, test)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Volatile CXL memory in a Linux guest: device DAX, System RAM, regions."""

import re

from cxlguest import (Guest, MIB, Topology, by_serial, create_region, main,
                      numa_maps)

NAME = 'cxl-volatile'
BUSYBOX_SUM = 'sha256sum </usr/bin/busybox'


def check_region(tap, guest, memdev):
    region = create_region(guest, memdev, 'ram')
    tap.equal(region['size'], 512 * MIB, 'the region has the device\'s size')
    tap.equal(region['decode_state'], 'commit', 'its decoders are committed')
    tap.equal(region['mappings'][0]['memdev'], memdev,
              'it maps the device that was asked for')


def check_iomem(tap, guest):
    iomem = guest.must('cat /proc/iomem')
    tap.match(iomem, r'CXL Window 0\n +[0-9a-f-]+ : region0\n'
              r' +[0-9a-f-]+ : dax0.0\n +[0-9a-f-]+ : System RAM \(kmem\)',
              '/proc/iomem shows window, region, dax device and System RAM')


def check_node(tap, guest):
    nodes = guest.must('numactl -H')
    tap.match(nodes, r'^node 1 cpus:\s*$', 'the memory\'s node has no CPU')
    tap.match(nodes, r'^node 1 size: 512 MB', 'the node has 512 MB')
    free = 'sed -n "s/.*MemFree: *//p" /sys/devices/system/node/node1/meminfo'
    before = int(guest.must(free).split()[0])
    tap.succeeds(guest, 'mount -t tmpfs -o mpol=bind:1 far /mnt && '
                 'dd if=/dev/zero of=/mnt/zero bs=1M count=96',
                 'a tmpfs bound to the node takes data')
    after = int(guest.must(free).split()[0])
    tap.ok(before - after >= 96 * 1024, 'the node\'s free memory shrinks',
           f'{before} kB before, {after} kB after')
    maps = numa_maps(guest, 'numactl -m 1 sleep 99', 'bind:1 .*anon=')
    tap.match(maps, r'^[0-9a-f]+ bind:1 .*anon=\d+.* N1=\d+',
              'anonymous pages of a bound program are on the node')


def check_execution(tap, guest):
    """A program whose code lies in CXL memory."""
    near = guest.must(BUSYBOX_SUM)
    guest.must('rm /mnt/zero; cp /usr/bin/busybox /mnt/busybox')
    far = tap.succeeds(guest, 'numactl -m 1 /mnt/busybox ' + BUSYBOX_SUM,
                       'a program runs from CXL memory')
    tap.equal(far.strip(), near, 'and computes what it computes in DRAM')
    maps = numa_maps(guest, '/mnt/busybox sleep 99', 'file=/mnt/busybox')
    guest.must('umount /mnt')
    tap.match(maps, r'file=/mnt/busybox.* N1=\d+', 'its code is on the node')


def check_speed(tap, guest):
    report = tap.succeeds(guest, 'cxl-speed -s 32 -r 11 node:0 node:1',
                          'the speed of both nodes is measured', 300)
    tap.note(report)
    ratios = dict(re.findall(r'^(\S+): first=.* ratio=(\S+)', report, re.M))
    for name in ('sequential-read', 'sequential-write', 'random-read',
                 'random-write'):
        tap.ok(float(ratios.get(name, 0)) >= 0.6,
               f'{name} has at least 0.6 of the speed of DRAM')


def check_offline(tap, guest):
    tap.succeeds(guest, 'daxctl offline-memory dax0.0',
                 'the memory goes offline at run time')
    tap.equal(guest.json('daxctl list')[0]['online_memblocks'], 0,
              'no memory block is online')
    tap.succeeds(guest, 'daxctl online-memory dax0.0 && '
                 'daxctl offline-memory dax0.0', 'online and offline again')


def check_devdax(tap, guest):
    tap.succeeds(guest, 'daxctl reconfigure-device -m devdax dax0.0',
                 'the device becomes a DAX character device')
    tap.succeeds(guest, 'patt /dev/dax0.0 512M 7',
                 'all of it reads back what was written', 300)
    status, _ = guest.run('patt -r /dev/dax0.0 16M 8')
    tap.equal(status, 1, 'another pattern is told from it')
    tap.succeeds(guest, 'daxctl reconfigure-device -f -m system-ram dax0.0',
                 'it becomes System RAM again')


def destroy_all(tap, guest, name):
    tap.succeeds(guest, '''
        for d in $(ls -d /dev/dax*.* | sed 's,.*/,,'); do
            daxctl offline-memory $d
        done >/dev/null 2>&1
        for r in $(cxl list -R | sed -n 's/.*"region":"\\(.*\\)",/\\1/p' |
                   sort -r); do
            cxl disable-region $r && cxl destroy-region $r || exit 1
        done''', f'{name}: regions are destroyed')
    tap.equal(guest.json('cxl list -R') or [], [], f'{name}: none is left')
    tap.no_match(guest.must('cat /proc/iomem'), r'region\d|dax\d|kmem',
                 f'{name}: nor in /proc/iomem')


def as_devdax(guest, name):
    guest.must(f'daxctl offline-memory {name}; '
               f'daxctl reconfigure-device -m devdax {name}')


def check_elsewhere(tap, guest):
    """Other devices, other decoders, other addresses, in one window."""
    first, other = by_serial(guest, 2), by_serial(guest, 3)
    regions = [create_region(guest, other, 'ram', '-s 256M'),
               create_region(guest, first, 'ram', '-s 256M'),
               create_region(guest, first, 'ram', '-s 256M')]
    tap.equal(len({region['resource'] for region in regions}), 3,
              'three regions have three addresses')
    decoders = [region['mappings'][0]['decoder'] for region in regions]
    tap.equal(len(set(decoders)), 3, 'and three endpoint decoders')
    names = [f'dax{number}.0' for number in range(3)]
    for seed, name in enumerate(names):
        as_devdax(guest, name)
        tap.succeeds(guest, f'patt -w /dev/{name} 256M {seed}',
                     f'{name} takes a pattern', 300)
    for seed, name in enumerate(names):
        tap.succeeds(guest, f'patt -r /dev/{name} 256M {seed}',
                     f'{name} keeps its own pattern', 300)


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(2, volatile=512)
    topology.add_memory(3, volatile=256, persistent=256)
    with Guest(NAME, topology.args()) as guest:
        check_region(tap, guest, by_serial(guest, 2))
        check_iomem(tap, guest)
        check_node(tap, guest)
        check_execution(tap, guest)
        check_speed(tap, guest)
        check_offline(tap, guest)
        check_devdax(tap, guest)
        destroy_all(tap, guest, 'one region')
        check_elsewhere(tap, guest)
        destroy_all(tap, guest, 'three regions')
        check_region(tap, guest, by_serial(guest, 2))
        tap.succeeds(guest, 'daxctl reconfigure-device -f -m system-ram dax0.0',
                     'once more as System RAM')
        check_iomem(tap, guest)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

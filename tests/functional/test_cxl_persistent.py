#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Persistent CXL memory in a Linux guest, across reboots and QEMU processes."""

from cxlguest import (Guest, MIB, Topology, by_serial, create_region, main,
                      wait_file)

NAME = 'cxl-persistent'
SERIAL = 1
SUMS = 'cd /mnt && sha256sum note data busybox'


def make_region(tap, guest, name):
    region = create_region(guest, by_serial(guest, SERIAL), 'pmem')
    tap.equal(region['decode_state'], 'commit', f'{name}: region committed')
    tap.equal(region['size'], 512 * MIB, f'{name}: of the device\'s size')


def make_namespace(tap, guest):
    space = guest.json('ndctl create-namespace -m fsdax -M dev')
    tap.equal(space['mode'], 'fsdax', 'ndctl creates an fsdax namespace')
    tap.equal(space['blockdev'], 'pmem0', 'its block device is pmem0')
    tap.succeeds(guest, 'mkfs.ext4 -q -b 4096 /dev/pmem0', 'it takes ext4')
    tap.succeeds(guest, 'mount -t ext4 -o dax /dev/pmem0 /mnt', 'it mounts with DAX')
    tap.match(guest.must('mount'), r'/dev/pmem0 on /mnt type ext4 .*dax',
              'the mount is a DAX mount')
    return space['uuid']


def fill(tap, guest):
    """Files in the mount; a program among them is executed in place."""
    tap.succeeds(guest, 'echo hello CXL >/mnt/note && '
                 'dd if=/dev/urandom of=/mnt/data bs=1M count=4 && '
                 'cp /usr/bin/busybox /mnt && sync', 'files are written')
    sums = guest.must(SUMS)
    far = tap.succeeds(guest, 'cd /mnt && ./busybox sha256sum note busybox',
                       'a program runs from the mount', 300)
    near = guest.must('cd /mnt && sha256sum note busybox')
    tap.equal(far.strip(), near, 'and computes what it computes in DRAM')
    guest.must('cd /; umount /mnt')
    return sums


def check_survival(tap, guest, uuid, sums, name):
    tap.equal(guest.json('cxl list -R') or [], [],
              f'{name}: no decoder is committed')
    tap.succeeds(guest, 'ndctl check-labels nmem0',
                 f'{name}: the labels are valid')
    make_region(tap, guest, name)
    wait_file(guest, '/dev/pmem0')
    spaces = guest.json('ndctl list -N') or [{}]
    tap.equal(spaces[0].get('uuid'), uuid, f'{name}: the namespace is back')
    tap.succeeds(guest, 'mount -t ext4 -o dax /dev/pmem0 /mnt',
                 f'{name}: the file system mounts')
    tap.equal(guest.must(SUMS), sums, f'{name}: its files are unchanged')
    tap.succeeds(guest, '/mnt/busybox true', f'{name}: its program runs')
    guest.must(f'echo {name} >>/mnt/note; cd /; umount /mnt; '
               'mount -t ext4 -o dax /dev/pmem0 /mnt')
    sums = guest.must(SUMS)
    guest.must('cd /; umount /mnt')
    tap.quiet(guest, f'{name}: the kernel has no complaint')
    return sums


def first_process(tap, topology):
    with Guest(NAME, topology.args()) as guest:
        make_region(tap, guest, 'first boot')
        uuid = make_namespace(tap, guest)
        sums = fill(tap, guest)
        tap.quiet(guest)
        guest.reboot()
        sums = check_survival(tap, guest, uuid, sums, 'guest reboot')
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
    return uuid, sums


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, persistent=512)
    uuid, sums = first_process(tap, topology)
    with Guest(NAME, topology.args()) as guest:
        sums = check_survival(tap, guest, uuid, sums, 'new QEMU')
        guest.kill()
    with Guest(NAME, topology.args()) as guest:
        check_survival(tap, guest, uuid, sums, 'killed QEMU')


main(NAME, test)

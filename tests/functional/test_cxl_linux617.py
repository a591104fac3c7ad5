#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Persistent CXL memory in Linux 6.17, which asks more of it than 6.12.

It wants a serial number other than 0, which the device chooses by itself,
and says that its shutdown state is dirty, and how often that was so.
"""

from cxlguest import Guest, MIB, Topology, create_region, main
from cxlshutdown import DIRTY_SHUTDOWN, power_off

NAME = 'cxl-linux617'
KERNEL = '6.17'


def check_boot(tap, guest, count, name):
    tap.match(guest.must('uname -r'), r'^6\.17\.', f'{name}: Linux 6.17')
    serial = guest.json('cxl list -M')[0]['serial']
    tap.ok(serial, f'{name}: the device has a serial number', serial)
    tap.equal(guest.must(f'cat {DIRTY_SHUTDOWN}'), str(count),
              f'{name}: {count} dirty shutdowns')
    region = create_region(guest, 'mem0', 'pmem')
    tap.equal((region['size'], region['decode_state']), (256 * MIB, 'commit'),
              f'{name}: a region of all memory')
    tap.quiet(guest, f'{name}: the kernel has no complaint')
    return serial


def first_boot(tap, guest):
    serial = check_boot(tap, guest, 0, 'first boot')
    guest.must('ndctl create-namespace -m fsdax -M dev && '
               'echo hello CXL | dd of=/dev/pmem0 conv=fsync')
    guest.kill()
    return serial


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(1, persistent=256, sn=False,
                        options=f',nv={topology.backend("nv1", 1, True)}')
    with Guest(NAME, topology.args(), kernel=KERNEL) as guest:
        serial = first_boot(tap, guest)
    with Guest(NAME, topology.args(), kernel=KERNEL) as guest:
        tap.equal(check_boot(tap, guest, 1, 'killed QEMU'), serial,
                  'killed QEMU: the serial number is the same')
        tap.match(guest.must('head -n 1 /dev/pmem0'), '^hello CXL$',
                  'killed QEMU: the namespace is back')
        tap.equal(power_off(guest), 0, 'the guest shuts down')
    with Guest(NAME, topology.args(), kernel=KERNEL) as guest:
        check_boot(tap, guest, 1, 'guest that shut down')
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

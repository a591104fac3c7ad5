#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Persistent memory that firmware maps: namespaces are back by themselves."""

from cxlguest import Guest, MIB, Topology, main, wait_file

NAME = 'cxl-adopt-pmem'


def check_adopted(tap, guest, name):
    guest.wait('cxl list -R | grep -q commit')
    rows = guest.json('cxl list -R -i') or [{}]
    tap.equal([(row.get('type'), row.get('size'), row.get('interleave_ways'),
                row.get('decode_state')) for row in rows],
              [('pmem', 512 * MIB, 2, 'commit')],
              f'{name}: the persistent region is adopted')


def check_kernel(tap, topology, kernel):
    args = topology.args() + [
        '-M', 'cxl-region.0.devices.0=mem1,cxl-region.0.devices.1=mem2,'
        'cxl-region.0.persistent=on']
    name = kernel or '6.12'
    with Guest(NAME, args, kernel=kernel) as guest:
        check_adopted(tap, guest, name)
        guest.must('ndctl list -R | grep -q region', 60)
        guest.must('ndctl create-namespace -m fsdax -M dev -s 128M && '
                   f'echo hello {name} | dd of=/dev/pmem0 conv=fsync', 120)
        guest.reboot()
        check_adopted(tap, guest, f'{name}, reboot')
        wait_file(guest, '/dev/pmem0')
        tap.match(guest.must('head -n 1 /dev/pmem0'), f'^hello {name}$',
                  f'{name}: the namespace is back')
        tap.quiet(guest, f'{name}: the kernel has no complaint')
        tap.equal(guest.quit(), 0, f'{name}: QEMU ends in order')
    with Guest(NAME, args, kernel=kernel) as guest:
        wait_file(guest, '/dev/pmem0')
        tap.match(guest.must('head -n 1 /dev/pmem0'), f'^hello {name}$',
                  f'{name}: and in a new QEMU')
        guest.must('ndctl destroy-namespace -f all', 120)


def test(tap, directory):
    topology = Topology(directory)
    for serial in (1, 2):
        topology.add_memory(serial, volatile=256, persistent=256)
    for kernel in ('', '6.17'):
        check_kernel(tap, topology, kernel)


main(NAME, test)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux sees the same CXL under UEFI as under SeaBIOS, and can use it."""

import json
import os
import re

from cxlguest import Guest, MIB, Topology, main
from cxlregion import Region, Shape, Window, check_created

NAME = 'cxl-uefi'
SPARSE = 1 << 20            # a pattern in one of 16 blocks

# Linux gives these names in the order in which its drivers find devices.
NAMES = {'memdev', 'endpoint', 'port', 'target', 'alias', 'id'}


def one_device(topology):
    """And a window that reaches to where UEFI likes to put BARs."""
    topology.add_bridge()
    topology.add_memory(1, volatile=256, persistent=256)
    window = Window(topology, [0], '1G')
    topology.add_window([0], '800G')
    return [Shape('x1', window, [1], every=SPARSE)]


def switches(topology):
    """A switch below each bridge, a switch below one of them, and another."""
    bridges = [topology.add_bridge() for _ in range(2)]
    ports = [topology.add_port(bridge) for bridge in bridges]
    wide = topology.add_switch(ports[0], 4)
    deep = topology.add_switch(topology.add_switch(
        topology.add_switch(ports[1], 2)[1], 3)[2], 2)
    for serial, port in enumerate(wide + deep, 1):
        topology.add_memory(serial, volatile=256, port=port)
    return [Shape('x4 below a switch', Window(topology, [0], '1G'),
                  [1, 2, 3, 4], every=SPARSE),
            Shape('x2 below three switches', Window(topology, [1], '1G'),
                  [6, 5], every=SPARSE),
            Shape('x2 over bridges', Window(topology, [0, 1], '1G'),
                  [2, 5], every=SPARSE)]


def largest(topology):
    """As many host bridges as there can be, some with more than one port."""
    bridges = [topology.add_bridge(',hdm_for_passthrough=on')
               for _ in range(16)]
    ports = [topology.add_port(bridge) for bridge in bridges]
    ports += [topology.add_port(bridges[0]) for _ in range(3)]
    for serial, port in enumerate(ports, 1):
        topology.add_memory(serial, volatile=256, port=port)
    below = topology.add_switch(topology.add_port(bridges[15]), 8)
    for serial, port in enumerate(below, 20):
        topology.add_memory(serial, volatile=256, port=port)
    return [Shape('x16 over bridges', Window(topology, range(16), '4G'),
                  list(range(1, 17)), every=SPARSE),
            Shape('x4 over root ports', Window(topology, [0], '1G'),
                  [1, 17, 18, 19], every=SPARSE)]


def without_names(value):
    """A description of CXL by cxl list, without names and their order."""
    if isinstance(value, dict):
        return {re.sub(r':.*', '', key): without_names(part)
                for key, part in value.items() if key not in NAMES}
    if isinstance(value, list):
        return sorted((without_names(part) for part in value),
                      key=lambda part: json.dumps(part, sort_keys=True))
    return value


def functions(guest):
    """What lspci says of each function that does not depend on addresses."""
    found = {}
    for block in guest.must('lspci -vvv -n').split('\n\n'):
        first, *lines = block.split('\n')
        keep = [re.sub(r' at [0-9a-f]+ ', ' ', line).strip() for line in lines
                if re.search(r'Region \d|Capabilities:|CXL', line)]
        found[first.split(' ')[0]] = [first, *keep]
    return found


def look(guest):
    return {
        'cxl list': without_names(guest.json('cxl list -BPMDT')),
        'lspci': functions(guest),
        # with what is within one, which begins with a blank
        'windows': guest.must("grep -A1 'CXL Window' /proc/iomem | "
                              "grep -E '^ |CXL Window'"),
    }


def check_regions(tap, guest, name, shapes):
    guest.must('modprobe -r kmem')
    for shape in shapes:
        region = Region(guest, shape)
        check_created(tap, region, f'{name}: {shape.name}')
        region.open_volatile()
        tap.succeeds(guest, region.script(),
                     f'{name}: {shape.name}: reads back what was written', 300)
        region.destroy()


def check(tap, directory, build):
    name = build.__name__.replace('_', ' ')
    topology = Topology(directory, window=None)
    shapes = build(topology)
    with Guest(NAME, topology.args(), firmware='') as guest:
        wanted = look(guest)
    with Guest(NAME, topology.args(), firmware='ovmf') as guest:
        tap.succeeds(guest, 'test -d /sys/firmware/efi',
                     f'{name}: Linux is started by UEFI')
        for what, value in look(guest).items():
            tap.equal(value, wanted[what], f'{name}: {what}')
        check_regions(tap, guest, name, shapes)
        tap.quiet(guest, f'{name}: the kernel has no complaint')


def check_soft_reserved(tap, directory):
    """Memory that the machine maps, and tells UEFI of by a driver."""
    topology = Topology(directory)
    topology.add_memory(1, volatile=512, in_file=True)
    args = topology.args()
    args[-1] += ',cxl-region.0.memory-map=soft-reserved'
    with Guest(NAME, args, firmware='ovmf') as guest:
        tap.match(guest.must('dmesg'), r'BIOS-e820: .* soft reserved$',
                  'soft-reserved: it is in the memory map')
        tap.match(guest.must('cat /proc/iomem'),
                  r'CXL Window 0\n +([0-9a-f-]+) : region0\n'
                  r' +\1 : Soft Reserved', 'soft-reserved: a region is over it')
        used = os.stat(topology.path('ram1')).st_blocks * 512
        tap.ok(used < MIB, 'soft-reserved: UEFI has left it alone', used)


def test(tap, directory):
    for build in (one_device, switches, largest):
        check(tap, directory, build)
    check_soft_reserved(tap, directory)


main(NAME, test)

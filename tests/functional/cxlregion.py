# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions of every shape: created, filled, and found again in the devices."""

import base64
import os
import random
import re
import struct

from cxlguest import (GuestError, MIB, create_region, dax_device,
                      destroy_region, wait_file)
from cxltopology import Placement, xormaps

MASK = (1 << 64) - 1
CEDT = '/sys/firmware/acpi/tables/CEDT'


def pattern(offset, seed):
    """What patt writes at an offset; tests/functional/guest/patt.c."""
    x = (offset + seed * 0x9e3779b97f4a7c15) & MASK
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


class Window:
    """A window of the topology: bridges, granularity and arithmetic."""

    def __init__(self, topology, bridges, size, granularity=None,
                 arithmetic=None):
        self.ways = len(bridges)
        self.granularity = granularity or 256
        self.arithmetic = arithmetic
        self.decoder = topology.add_window(bridges, size, granularity,
                                           arithmetic)

    def xormaps(self, guest):
        if self.arithmetic != 'xor':
            return ()
        cedt = base64.b64decode(guest.must(f'base64 {CEDT}'))
        maps = xormaps(cedt, self.granularity, self.ways)
        if not maps:
            raise GuestError('the CEDT has no XOR maps for '
                             f'{self.granularity} B')
        return maps


class Shape:
    """What region to create.

    serials: the members in the order of the interleave. every: the pattern
    is written to 64 KiB of every so many bytes, 0 for all of the region.
    """

    def __init__(self, name, window, serials, granularity=256, kind='ram',
                 every=0):
        self.name = name
        self.window = window
        self.serials = serials
        self.granularity = granularity
        self.kind = kind
        self.every = every

    def patt(self, options=''):
        return f'patt {options}' + (f' -j {self.every}' if self.every else '')


class Member:
    """The part of a region on one device, in the file behind it."""

    def __init__(self, serial, device, dpa, kind):
        self.name = f'{"ram" if kind == "ram" else "pmem"}{serial}'
        self.start = dpa - (0 if kind == 'ram' else device.get('ram_size', 0))


def dpa_resources(guest, decoders):
    text = guest.must('cd /sys/bus/cxl/devices; cat ' + ' '.join(
        f'{decoder}/dpa_resource' for decoder in decoders))
    return [int(word, 0) for word in text.split()]


class Region:
    """A region in a guest, with the memory of it as a DAX device."""

    def __init__(self, guest, shape):
        self.guest = guest
        self.shape = shape
        self.seed = random.randrange(1, 1 << 32)
        devices = {row['serial']: row for row in guest.json('cxl list -M')}
        devices = [devices[serial] for serial in shape.serials]
        names = [device['memdev'] for device in devices]
        self.info = create_region(
            guest, names, shape.kind, decoder=shape.window.decoder,
            granularity=shape.granularity, wait_driver=False)
        mappings = sorted(self.info['mappings'],
                          key=lambda row: row['position'])
        self.in_order = [row['memdev'] for row in mappings] == names
        self.members = [
            Member(*part, shape.kind) for part in zip(
                shape.serials, devices, dpa_resources(
                    guest, [row['decoder'] for row in mappings]))]
        self.placement = Placement(
            self.info['resource'], len(shape.serials), shape.granularity,
            shape.window.ways, shape.window.xormaps(guest))
        self.dax = None
        self.start = 0      # offset of the DAX device in the region
        self.size = self.info['size']

    def open_volatile(self):
        self.dax = dax_device(self.guest, self.info)

    def open_persistent(self, create):
        """The namespace, new or found again, and its DAX device."""
        name = self.info['nd']
        if create:
            self.guest.must(f'ndctl create-namespace -m devdax -M mem '
                            f'-r {name}', 120)
        else:
            self.guest.wait(f'ndctl list -N -r {name} | grep -q chardev')
        space = self.guest.json(f'ndctl list -N -r {name}')[0]
        devices = space.get('daxregion', {}).get('devices', [space])
        chip = devices[0]['chardev']
        wait_file(self.guest, f'/dev/{chip}')
        base = self.guest.must(f'cat /sys/bus/dax/devices/{chip}/resource')
        self.start = int(base, 0) - self.info['resource']
        self.size = devices[0]['size']
        self.dax = f'/dev/{chip}'

    def script(self, options=''):
        return (f'{self.shape.patt(options)} {self.dax} {self.size // MIB}M '
                f'{self.seed}')

    def destroy(self):
        destroy_region(self.guest, self.info)

    def offsets(self, count=1500):
        """Offsets in the DAX device that patt has written: 8-byte words."""
        granularity = self.placement.granularity
        stripe = granularity * self.placement.ways
        every = self.shape.every or 65536
        for at in range(0, min(3 * stripe, 65536), granularity):
            yield from (at, at + granularity - 8)
        chooser = random.Random(self.seed)
        for _ in range(count):
            block = chooser.randrange(self.size // every)
            yield block * every + chooser.randrange(65536 // 8) * 8
        yield self.size // every * every - every

    def misplaced(self, directory):
        """The words that are not where they belong, at most a few."""
        files = [open(os.path.join(directory, member.name), 'rb')
                 for member in self.members]
        bad = []
        for offset in self.offsets():
            position, part = self.placement.find(self.start + offset)
            start = self.members[position].start + part
            files[position].seek(start)
            value = struct.unpack('<Q', files[position].read(8))[0]
            if value != pattern(offset, self.seed):
                bad.append(f'{self.shape.name}: offset {offset:#x} is not in '
                           f'{self.members[position].name} at {start:#x}')
        for file in files:
            file.close()
        return bad[:5] and [f'{len(bad)} words', *bad[:5]]


def trace_mappings(topology):
    """Lets QEMU tell how it maps each region; check_mapping() looks."""
    topology.lines += ['-trace', 'cxl_window_map', '-D',
                       topology.path('mappings')]


def check_mapping(tap, region, directory):
    """Memory, not emulation access by access."""
    kind = 'view' if len(region.shape.serials) > 1 else 'alias'
    wanted = f' {kind}, 0 holes'
    with open(os.path.join(directory, 'mappings'), encoding='utf-8') as file:
        told = re.findall(rf'hpa {region.info["resource"]:#x} \+ .*',
                          file.read())
    tap.ok(told and told[-1].endswith(wanted),
           f'{region.shape.name}: is mapped as {kind}', told[-1:])


def check_created(tap, region, name):
    info, shape = region.info, region.shape
    tap.ok(info['decode_state'] == 'commit' and region.in_order and
           info['interleave_ways'] == len(shape.serials) and
           info['interleave_granularity'] == shape.granularity,
           f'{name}: the region is committed in this shape', info)


def check_iomem(tap, region, name):
    """The region is a child of its window, and has the DAX device in it."""
    first = region.info['resource']
    last = first + region.info['size'] - 1
    window = region.shape.window.decoder.split('.')[1]
    chip = os.path.basename(region.dax)
    iomem = region.guest.must('cat /proc/iomem')
    below = iomem.split(f'CXL Window {window}\n')[-1]
    tap.ok(f'{first:x}-{last:x} : {region.info["region"]}\n' in below and
           f' : {chip}\n' in below,
           f'{name}: /proc/iomem shows region and DAX device', iomem)


def check_volatile(tap, guest, shape, directory):
    """The whole life of a volatile region."""
    name = shape.name
    region = Region(guest, shape)
    check_created(tap, region, name)
    check_mapping(tap, region, directory)
    region.open_volatile()
    check_iomem(tap, region, name)
    tap.succeeds(guest, region.script(), f'{name}: reads back what was written',
                 300)
    region.destroy()
    bad = region.misplaced(directory)
    tap.ok(not bad, f'{name}: every byte is in the right device',
           '\n'.join(bad))


def open_persistent(tap, guest, shapes, regions, when):
    """Creates the regions, anew or again; the seeds are those of before."""
    result = []
    for i, shape in enumerate(shapes):
        region = Region(guest, shape)
        check_created(tap, region, f'{shape.name}, {when}')
        region.open_persistent(create=not regions)
        if regions:
            region.seed = regions[i].seed
        result.append(region)
    return result


def check_patterns(tap, guest, regions, when):
    for region in regions:
        tap.succeeds(guest, region.script('-r'),
                     f'{region.shape.name}, {when}: has its pattern', 300)


def check_files(tap, regions, directory, when):
    for region in regions:
        bad = region.misplaced(directory)
        tap.ok(not bad, f'{region.shape.name}, {when}: every byte is in the '
               'right device', '\n'.join(bad))


def fill_persistent(tap, guest, shapes):
    regions = open_persistent(tap, guest, shapes, None, 'new')
    for region in regions:
        check_iomem(tap, region, f'{region.shape.name}, new')
        tap.succeeds(guest, region.script('-w'),
                     f'{region.shape.name}: takes a pattern', 300)
    check_patterns(tap, guest, regions, 'beside the others')
    return regions


def reopen_persistent(tap, guest, shapes, regions, when):
    """Creates the regions of before again, and finds in them what was."""
    again = open_persistent(tap, guest, shapes, regions, when)
    check_patterns(tap, guest, again, when)
    return again


def check_new_qemu(tap, guest, shapes, regions, directory):
    """The regions of another QEMU, whose files this one has, hold the same."""
    again = reopen_persistent(tap, guest, shapes, regions, 'new QEMU')
    for region in reversed(again):
        region.destroy()
    check_files(tap, again, directory, 'destroyed')
    tap.quiet(guest)

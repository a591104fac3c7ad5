# SPDX-License-Identifier: GPL-2.0-or-later
"""Command lines of machines with CXL, and where their windows put a byte."""

import os
import struct

BUS_SPACING = 14        # bus numbers of a host bridge: 16 bridges fit


def bridge_id(bridge):
    """Of a host bridge by its number; 'pcie.0' is the main one."""
    return f'cxl.{bridge}' if isinstance(bridge, int) else bridge


class Topology:
    """A machine, built part by part; args() is its command line.

    With a window size it begins with host bridge cxl.0 and a window to it.
    Bridges are cxl.0, cxl.1, ..., windows decoder0.0, decoder0.1, ...
    """

    def __init__(self, directory, window='4G', bridge=''):
        self.directory = directory
        self.lines = []
        self.slots = 0
        self.ports = {}         # bus: number of ports on it
        self.windows = []
        if window:
            self.add_bridge(bridge)
            self.add_window([0], window)

    def count(self, device):
        return len([line for line in self.lines
                    if line.startswith(device + ',')])

    def add_bridge(self, options=''):
        number = self.count('pxb-cxl')
        self.lines += ['-device', f'pxb-cxl,id=cxl.{number},bus=pcie.0,'
                       f'bus_nr={12 + BUS_SPACING * number}{options}']
        return f'cxl.{number}'

    def add_window(self, bridges, size, granularity=None, arithmetic=None,
                   qtg_id=None):
        """Bridges by number, or by id; returns the name of its decoder."""
        number = len(self.windows)
        name = f'cxl-fmw.{number}'
        options = [f'{name}.targets.{i}={bridge_id(bridge)}'
                   for i, bridge in enumerate(bridges)]
        options.append(f'{name}.size={size}')
        if granularity:
            options.append(f'{name}.interleave-granularity={granularity}')
        if arithmetic:
            options.append(f'{name}.interleave-arithmetic={arithmetic}')
        if qtg_id is not None:
            options.append(f'{name}.qtg-id={qtg_id}')
        self.windows.append(','.join(options))
        return f'decoder0.{number}'

    def next_port(self, bus):
        """A port number, unique on its bus, and a slot of its own."""
        port = self.ports.get(bus, 0)
        self.ports[bus] = port + 1
        self.slots += 1
        return f'port={port},chassis=0,slot={self.slots + 1}'

    def add_port(self, bus='cxl.0', options=''):
        name = f'rp{self.count("cxl-rp")}'
        self.lines += ['-device', f'cxl-rp,id={name},bus={bus},'
                       f'{self.next_port(bus)}{options}']
        return name

    def add_switch(self, port, ways):
        """A switch below a port; returns its downstream ports."""
        switch = f'us{self.count("cxl-upstream")}'
        self.lines += ['-device', f'cxl-upstream,id={switch},bus={port}']
        names = [f'{switch}dp{i}' for i in range(ways)]
        for name in names:
            self.lines += ['-device', f'cxl-downstream,id={name},bus={switch},'
                           f'{self.next_port(switch)}']
        return names

    def path(self, name):
        return os.path.join(self.directory, name)

    def backend(self, name, mib, in_file, options=''):
        kind = 'ram'
        if in_file:
            kind = 'file'
            options += f',share=on,mem-path={self.path(name)}'
        self.lines += ['-object', f'memory-backend-{kind},id={name},'
                       f'size={mib}M{options}']
        return name

    def add_memory(self, serial, volatile=0, persistent=0, sn=True, port=None,
                   in_file=False, options=''):
        """A cxl-type3 with the given MiB of each kind; returns its id.

        Without sn the device chooses its serial number by itself. in_file
        keeps volatile memory in a file that can be looked at, too.
        """
        port = port or self.add_port()
        name = f'mem{serial}'
        device = f'cxl-type3,id={name},bus={port}{options}'
        if sn:
            device += f',sn={serial}'
        if volatile:
            device += ',volatile-memdev=' + self.backend(
                f'ram{serial}', volatile, in_file,
                '' if in_file else ',reserve=off')
        if persistent:
            device += ',persistent-memdev=' + self.backend(
                f'pmem{serial}', persistent, True)
            device += ',lsa=' + self.backend(f'lsa{serial}', 1, True)
        self.lines += ['-device', device]
        return name

    def add_device(self, device):
        self.lines += ['-device', f'{device},bus={self.add_port()}']

    def args(self):
        """QEMU takes all the windows in one option only."""
        return [*self.lines, '-M', ','.join(self.windows)]


class Placement:
    """Where the specification puts the bytes of a region.

    base: host physical address of the region; ways, granularity: of the
    region as a whole; root_ways: of the window; xormaps: of its CXIMS, or
    empty for modulo arithmetic.
    """

    def __init__(self, base, ways, granularity, root_ways=1, xormaps=()):
        self.base = base
        self.ways = ways
        self.granularity = granularity
        self.root_ways = root_ways
        self.xormaps = xormaps

    def root_target(self, offset):
        """CXL r3.1 9.18.1.3: the window's choice of a host bridge."""
        if not self.xormaps:
            return offset // self.granularity % self.root_ways
        bits = [bin((self.base + offset) & xormap).count('1') & 1
                for xormap in self.xormaps]
        return sum(bit << i for i, bit in enumerate(bits))

    def find(self, offset):
        """(position, offset in the position's part) of a region's offset."""
        granule, rest = divmod(offset, self.granularity)
        stripe, column = divmod(granule, self.ways)
        position = (self.root_target(offset) +
                    column // self.root_ways * self.root_ways)
        return position, stripe * self.granularity + rest


def xormaps(cedt, granularity, ways):
    """CXL r3.1 9.18.1.5: the XOR maps of a CEDT for a window's granularity."""
    at = 36
    while at < len(cedt):
        kind, length = struct.unpack_from('<BxH', cedt, at)
        if kind == 2:
            code, count = struct.unpack_from('<BB', cedt, at + 6)
            if 256 << code == granularity:
                maps = struct.unpack_from(f'<{count}Q', cedt, at + 8)
                return maps[:ways.bit_length() - 1]
        at += length
    return ()

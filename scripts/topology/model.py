# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine with CXL: its windows, and a tree of its parts."""

import re

UNITS = {'': 1, 'b': 1, 'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30,
         't': 1 << 40}
MEMORY = (('volatile-memdev', 'volatile'), ('persistent-memdev', 'persistent'),
          ('memdev', 'persistent'), ('partitionable-memdev', 'partitionable'))


# The main root bus, which can be a CXL host bridge and is no device then
MAIN = 'pcie.0'


class TopologyError(Exception):
    """What is read describes no machine that can be drawn."""


def parse_size(text):
    """Bytes of a size as QEMU takes it; None if it is none."""
    match = re.fullmatch(r'(0x[0-9a-fA-F]+|\d+)([bkmgtBKMGT]?)', text)
    return match and int(match[1], 0) * UNITS[match[2].lower()]


def format_size(size):
    """In the largest unit that divides it."""
    for unit in 'TGMK':
        if size and size % UNITS[unit.lower()] == 0:
            return f'{size // UNITS[unit.lower()]}{unit}'
    return f'{size}B'


class Region:
    """What a window leads to in a machine that runs."""

    def __init__(self, base, size, members):
        self.base = base
        self.size = size
        self.members = members      # names of memory devices

    def describe(self):
        return f'{self.base:#x} + {format_size(self.size)}'


class Window:
    """A fixed memory window; targets are names of host bridges.

    base and regions are known of machines that run.
    """

    def __init__(self, number):
        self.number = number
        self.targets = {}
        self.size = 0
        self.granularity = 256
        self.arithmetic = 'modulo'
        self.restrictions = None
        self.qtg = 0
        self.base = None
        self.regions = []

    def names(self):
        return [self.targets[place] for place in sorted(self.targets)]

    def describe(self):
        words = [format_size(self.size)]
        if len(self.targets) > 1:
            words.append(f'{len(self.targets)} ways at '
                         f'{format_size(self.granularity)}')
        if self.arithmetic != 'modulo':
            words.append(self.arithmetic.upper())
        if self.restrictions is not None:
            words += [word for bit, word in ((4, 'volatile'),
                                             (8, 'persistent'), (16, 'fixed'))
                      if self.restrictions & bit]
        if self.qtg:
            words.append(f'QTG {self.qtg}')
        return ', '.join(words)


class Part:
    """A device; bus is the name of the part that it is plugged into.

    memory: (kind, bytes) of each of a memory device's backends.
    """

    def __init__(self, name, driver, bus, properties):
        self.name = name
        self.driver = driver
        self.bus = bus
        self.properties = properties
        self.memory = []
        self.below = []

    def is_port(self):
        return self.driver in ('cxl-rp', 'cxl-downstream')

    def is_switch(self):
        return self.driver == 'cxl-upstream'

    def is_bridge(self):
        return self.driver == 'pxb-cxl'

    def describe(self):
        """What there is to say of it besides its name."""
        if self.is_bridge():
            words = ['host bridge', f'bus {self.properties.get("bus_nr", 0)}']
        elif self.is_port():
            words = [f'port {self.properties.get("port", "?")}']
        elif self.is_switch():
            words = ['switch']
        elif self.driver == 'cxl-type3':
            words = [f'{format_size(size)} {kind}'
                     for kind, size in self.memory]
            words += [f'sn {self.properties["sn"]}'
                      for _ in range('sn' in self.properties)]
        else:
            words = [self.driver]
        return ', '.join(words)


class Machine:
    """Windows in the order of their numbers, and bridges with all below."""

    def __init__(self, windows, parts):
        self.windows = windows
        if (any(part.bus == MAIN and part.is_port() for part in parts) or
                any(MAIN in window.names() for window in windows)):
            parts = [Part(MAIN, 'pxb-cxl', None, {'bus_nr': 0}), *parts]
        self.parts = {part.name: part for part in parts}
        self.bridges = [part for part in parts if part.is_bridge()]
        for part in parts:
            above = self.parts.get(part.bus)
            if above and (above.name != MAIN or part.is_port()):
                above.below.append(part)
        if not self.bridges:
            raise TopologyError('there is no CXL host bridge (pxb-cxl)')
        for window in windows:
            for name in window.names():
                if name not in self.parts:
                    raise TopologyError(f'window {window.number} leads to '
                                        f'"{name}", which there is not')
        for part in parts:
            if part.is_port() or part.is_switch():
                self.check_above(part)

    def check_above(self, part):
        """Whoever hangs in the air would not be drawn."""
        seen = set()
        while not part.is_bridge():
            if part.name in seen or part.bus not in self.parts:
                raise TopologyError(f'"{part.name}" is plugged into '
                                    f'"{part.bus}", which there is not')
            seen.add(part.name)
            part = self.parts[part.bus]

    def number_ports(self):
        """Ports of a switch that name none get the first that is free."""
        for part in self.parts.values():
            ports = [port for port in part.below if port.is_port()]
            taken = {int(str(port.properties['port']), 0) for port in ports
                     if 'port' in port.properties}
            for port in ports:
                if 'port' not in port.properties:
                    free = 0
                    while free in taken and port.driver == 'cxl-downstream':
                        free += 1
                    taken.add(free)
                    port.properties['port'] = free

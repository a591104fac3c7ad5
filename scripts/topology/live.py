# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a QEMU that runs, by QMP, what its machine is."""

import json
import socket

from .model import (MAIN, MEMORY, Machine, Part, Region, TopologyError,
                    Window)

DRIVERS = ('pxb-cxl', 'cxl-rp', 'cxl-upstream', 'cxl-downstream', 'cxl-type3')
KEPT = {'pxb-cxl': ('bus_nr',), 'cxl-rp': ('port',),
        'cxl-downstream': ('port',), 'cxl-type3': ('sn',)}
ANYTHING = 0xf      # restrictions of a window that has none
CONTAINERS = ('/machine/peripheral', '/machine/peripheral-anon')


class Qmp:
    """A QMP client for one socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile('rw', encoding='utf-8')
        json.loads(self.file.readline())
        self.command('qmp_capabilities')

    def command(self, name, **arguments):
        json.dump({'execute': name, 'arguments': arguments}, self.file)
        self.file.write('\n')
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise TopologyError('QEMU has closed the QMP socket')
            answer = json.loads(line)
            if 'error' in answer:
                raise TopologyError(f'{name}: {answer["error"]["desc"]}')
            if 'return' in answer:
                return answer['return']

    def list(self, path):
        """(name, type) of what hangs below an object."""
        return [(entry['name'], entry['type'].split('<')[-1].rstrip('>'))
                for entry in self.command('qom-list', path=path)
                if entry['type'].startswith('child<')]

    def get(self, path, name):
        return self.command('qom-get', path=path, property=name)


def devices(qmp):
    """Path and driver of every device that someone asked for."""
    for container in CONTAINERS:
        for name, driver in qmp.list(container):
            yield f'{container}/{name}', driver


def owner(bus, names):
    """The name of the device that a bus belongs to.

    The bus of an expander bridge is no child of it, but is called like it.
    """
    above, _, name = bus.rpartition('/')
    return names.get(above, name if name in (*names.values(), MAIN) else None)


def read_memory(qmp, path):
    for key, kind in MEMORY:
        if key == 'memdev':
            continue
        backend = qmp.get(path, key)
        if backend:
            yield kind, qmp.get(backend, 'size')


def read_part(qmp, path, driver, names):
    properties = {key: qmp.get(path, key) for key in KEPT.get(driver, ())}
    if 'sn' in properties:
        number = properties.pop('sn')
        if number:
            properties['sn'] = f'{number:#x}'
    above = owner(qmp.get(path, 'parent_bus'), names)
    part = Part(names[path], driver, above, properties)
    if driver == 'cxl-type3':
        part.memory = list(read_memory(qmp, path))
    return part


def read_windows(info):
    """The windows, with the regions that the guest has made."""
    for entry in info['windows']:
        window = Window(entry['index'])
        window.base = entry['base']
        window.size = entry['size']
        window.targets = dict(enumerate(entry['targets']))
        window.granularity = entry['granularity']
        window.arithmetic = entry['arithmetic']
        if entry['restrictions'] != ANYTHING:
            window.restrictions = entry['restrictions']
        window.qtg = entry['qtg-id']
        window.regions = [
            Region(region['base'], region['size'],
                   [member['device'] for member in region['members']])
            for region in info['regions']
            if region['window'] == window.number]
        yield window


def name_of(path):
    """The id, or what QEMU calls a device that has none."""
    name = path.rpartition('/')[2]
    return f'#{name[7:-1]}' if name.startswith('device[') else name


def place(part):
    """QEMU lists devices in no order: by bus and port, then."""
    return (part.properties.get('bus_nr', part.properties.get('port', 0)),
            part.name)


def read(path):
    """The machine of the QEMU whose QMP socket has this path."""
    qmp = Qmp(path)
    found = list(devices(qmp))
    names = {place: name_of(place) for place, _ in found}
    parts = [read_part(qmp, place, driver, names) for place, driver in found]
    known = {part.name for part in parts if part.driver in DRIVERS}
    parts = [part for part in parts
             if part.driver in DRIVERS or part.bus in known]
    parts.sort(key=place)
    windows = sorted(read_windows(qmp.command('query-cxl')),
                     key=lambda window: window.number)
    return Machine(windows, parts)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a file for QEMU's -readconfig."""

import re

from .model import MEMORY, Machine, Part, TopologyError, Window, parse_size

SECTION = re.compile(r'\[([\w-]+)(?:\s+"([^"]*)")?\]')
SETTING = re.compile(r'([\w.-]+)\s*=\s*"([^"]*)"')
WINDOW = re.compile(r'cxl-fmw\.(\d+)\.([\w-]+)(?:\.(\d+))?')


class Section:
    """[kind "name"] and its settings, in their order."""

    def __init__(self, kind, name):
        self.kind = kind
        self.name = name
        self.settings = {}


def sections(path):
    """The sections of a file; what QEMU does not take raises an error."""
    found = []
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            section = SECTION.fullmatch(line)
            setting = SETTING.fullmatch(line)
            if section:
                found.append(Section(*section.groups()))
            elif setting and found:
                found[-1].settings[setting[1]] = setting[2]
            elif line and not line.startswith('#'):
                raise TopologyError(f'{path}:{number}: is neither a section '
                                    'nor a setting')
    return found


def summary(path):
    """The first sentence of the comment that a file begins with."""
    with open(path, encoding='utf-8') as file:
        lines = [line[1:].strip() for line in
                 file.read().split('\n\n')[0].split('\n')]
    comment = ' '.join(line for line in lines
                       if not line.startswith('SPDX')).strip()
    return re.split(r'[.:](?:\s|$)', comment)[0]


def windows(settings):
    found = {}
    for key, value in settings.items():
        match = WINDOW.fullmatch(key)
        if not match:
            continue
        number = int(match[1])
        window = found.setdefault(number, Window(number))
        if match[2] == 'targets':
            window.targets[int(match[3])] = value
        elif match[2] == 'size':
            window.size = parse_size(value)
        elif match[2] == 'interleave-granularity':
            window.granularity = parse_size(value)
        elif match[2] == 'interleave-arithmetic':
            window.arithmetic = value
        elif match[2] == 'restrictions':
            window.restrictions = int(value, 0)
        elif match[2] == 'qtg-id':
            window.qtg = int(value, 0)
    return [found[number] for number in sorted(found)]


def part(section, objects):
    settings = dict(section.settings)
    result = Part(section.name, settings.pop('driver', '?'),
                  settings.pop('bus', None), settings)
    for key, kind in MEMORY:
        if key in settings:
            backend = objects.get(settings[key])
            if not backend:
                raise TopologyError(f'{key} of "{section.name}" is '
                                    f'"{settings[key]}", which there is not')
            result.memory.append((kind, parse_size(backend['size'])))
    return result


def machine(found):
    """The machine that sections describe."""
    objects = {section.name: section.settings for section in found
               if section.kind == 'object'}
    settings = {}
    for section in found:
        if section.kind == 'machine':
            settings.update(section.settings)
    parts = [part(section, objects) for section in found
             if section.kind == 'device']
    result = Machine(windows(settings), parts)
    result.number_ports()
    return result

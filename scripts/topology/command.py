# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the sections of a file for -readconfig as options of QEMU."""

from .model import TopologyError


def value(text):
    """A comma ends a value, unless there are two."""
    return text.replace(',', ',,')


def settings(section, *without):
    return [f'{key}={value(text)}' for key, text in section.settings.items()
            if key not in without]


def option(section):
    """The option that does what a section does."""
    if section.kind == 'smp-opts':
        return ['-smp', ','.join(settings(section))]
    first = {'object': 'qom-type', 'device': 'driver'}.get(section.kind)
    if not first:
        raise TopologyError(f'there is no option for [{section.kind}]')
    words = [section.settings[first]]
    if section.name:
        words.append(f'id={section.name}')
    return [f'-{section.kind}', ','.join(words + settings(section, first))]


def machine(sections):
    """All that is said of the machine: QEMU takes windows in one option."""
    found = [section for section in sections if section.kind == 'machine']
    kind = [section.settings['type'] for section in found
            if 'type' in section.settings][:1]
    return ['-M', ','.join(kind + [text for section in found
                                   for text in settings(section, 'type')])]


def options(sections, memory):
    """The machine, with DRAM, and a console."""
    cpus = any(section.kind == 'smp-opts' for section in sections)
    return [machine(sections),
            ['-cpu', 'max,-hypervisor', '-m', memory],
            *([] if cpus else [['-smp', '2']]),
            *(option(section) for section in sections
              if section.kind != 'machine'),
            ['-nographic']]

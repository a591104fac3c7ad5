# SPDX-License-Identifier: GPL-2.0-or-later
"""What a set of programs and of kernel modules needs beside itself."""

import os
import re
import subprocess

LIBRARY_DIRS = ('usr/lib/x86_64-linux-gnu', 'usr/lib64', 'usr/lib')


def needed(path):
    """The shared libraries and the interpreter that an ELF file names."""
    text = subprocess.run(['readelf', '-d', '-l', path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout
    names = re.findall(r'\(NEEDED\).*\[(.*)\]', text)
    names += re.findall(r'program interpreter: .*/(.*)\]', text)
    return names


def find_library(root, name):
    for directory in LIBRARY_DIRS:
        if os.path.exists(os.path.join(root, directory, name)):
            return f'{directory}/{name}'
    raise FileNotFoundError(f'library {name} is in no unpacked package')


def libraries(root, programs):
    """Paths below root of all libraries that the programs need."""
    found = {}
    todo = list(programs)
    while todo:
        for name in needed(todo.pop()):
            if name not in found:
                found[name] = find_library(root, name)
                todo.append(os.path.join(root, found[name]))
    return sorted(found.values())


def parse_modules_dep(path):
    dependencies = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            module, _, rest = line.partition(':')
            dependencies[module] = rest.split()
    return dependencies


def modules(dependencies, wanted):
    """Modules, and all they depend on, of the wanted directories and files.

    Names are relative to the kernel/ directory, without compression suffix.
    """
    def matches(module, item):
        path = module.removeprefix('kernel/')
        return (path.startswith(item + '/') or
                re.fullmatch(re.escape(item) + r'(\.xz|\.zst)?', path))

    chosen = {module for module in dependencies
              if any(matches(module, item) for item in wanted)}
    todo = list(chosen)
    while todo:
        more = set(dependencies[todo.pop()]) - chosen
        chosen |= more
        todo += more
    return sorted(chosen)

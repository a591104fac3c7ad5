# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws a machine as text, of lines that a terminal has room for."""

import textwrap

WIDTH = 100
LINES = {'fork': '├─ ', 'last': '└─ ', 'pass': '│  ', 'none': '   ',
         'link': ' ── '}
ASCII = {'fork': '|- ', 'last': '`- ', 'pass': '|  ', 'none': '   ',
         'link': ' -- '}


def title(part):
    return f'{part.name}: {part.describe()}'


def port_line(port, lines):
    """A port, and what is plugged into it."""
    below = ', '.join(map(title, port.below)) or '(empty)'
    return title(port) + lines['link'] + below


def ports(part, indent, lines):
    """The lines for the ports of a host bridge or a switch."""
    for place, port in enumerate(part.below):
        last = place == len(part.below) - 1
        yield (indent + lines['last' if last else 'fork'] +
               (port_line(port, lines) if port.is_port() else title(port)))
        deeper = indent + lines['none' if last else 'pass']
        for below in port.below:
            yield from ports(below, deeper, lines)


def window_lines(window, lines):
    """A window, and the regions that a guest has made there."""
    at = '' if window.base is None else f' at {window.base:#x}'
    yield (f'window {window.number}: {window.describe()}{at}' + lines['link'] +
           ', '.join(window.names()))
    for region in window.regions:
        yield from textwrap.wrap(
            f'region {region.describe()}' + lines['link'] +
            ', '.join(region.members), WIDTH, initial_indent='   ',
            subsequent_indent='      ')


def draw(machine, plain=False):
    lines = ASCII if plain else LINES
    result = [line for window in machine.windows
              for line in window_lines(window, lines)]
    for bridge in machine.bridges:
        result += ['', title(bridge), *ports(bridge, '', lines)]
    return ''.join(line[:WIDTH].rstrip() + '\n' for line in result)

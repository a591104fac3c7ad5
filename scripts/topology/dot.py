# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws a machine as a graph for graphviz: a box for each component.

Host bridges and switches are boxes with a cell for each of their ports.
"""

from html import escape

COLOURS = {'window': '#e8e8e8', 'pxb-cxl': '#cfe2f3', 'cxl-upstream': '#d9ead3',
           'cxl-type3': '#fff2cc'}
OTHER = '#ffffff'


def quote(name):
    return '"' + name.replace('\\', '\\\\').replace('"', '\\"') + '"'


def cell(name, lines, extra=''):
    """A name in bold, and lines below it."""
    content = f'<B>{escape(name)}</B>' + ''.join(
        f'<BR/>{escape(line)}' for line in lines if line)
    return f'<TD {extra}>{content}</TD>'


def box(name, title, lines, colour, cells=()):
    """A table: the component, and the cells of its ports beside it."""
    rows = max(1, len(cells))
    first = cell(title, lines, f'ROWSPAN="{rows}" BGCOLOR="{colour}"')
    table = [f'<TR>{first}{cells[0] if cells else ""}</TR>']
    table += [f'<TR>{entry}</TR>' for entry in cells[1:]]
    return (f'  {quote(name)} [label=<<TABLE BORDER="0" CELLBORDER="1" '
            'CELLSPACING="0" CELLPADDING="4">' + ''.join(table) +
            '</TABLE>>];')


def words(part):
    return part.describe().split(', ')


def port_cell(port):
    return cell(port.name, words(port), f'PORT={quote(port.name)}')


def boxes(part):
    """A component and all below; ports are cells of it."""
    cells = [port_cell(port) for port in part.below if port.is_port()]
    yield box(part.name, part.name, words(part),
              COLOURS.get(part.driver, OTHER), cells)
    for port in part.below:
        for below in port.below if port.is_port() else [port]:
            yield from boxes(below)


def edges(part):
    for port in part.below:
        if not port.is_port():
            yield f'  {quote(part.name)} -> {quote(port.name)};'
            yield from edges(port)
            continue
        for below in port.below:
            yield (f'  {quote(part.name)}:{quote(port.name)}:e -> '
                   f'{quote(below.name)};')
            yield from edges(below)


def window_edges(window):
    ways = len(window.targets)
    for place, target in enumerate(window.names()):
        label = f' [label="{place}"]' if ways > 1 else ''
        yield f'  {quote(f"window {window.number}")} -> {quote(target)}{label};'


def draw(machine):
    result = ['digraph {', '  rankdir=LR; ranksep=0.6; nodesep=0.15;',
              '  node [shape=plain fontname="Helvetica" fontsize=10];',
              '  edge [arrowhead=none fontname="Helvetica" fontsize=8];']
    for window in machine.windows:
        title = f'window {window.number}'
        result.append(box(title, title, window.describe().split(', ') +
                          [f'region {region.describe()}'
                           for region in window.regions],
                          COLOURS['window']))
    for bridge in machine.bridges:
        result += boxes(bridge)
    for window in machine.windows:
        result += window_edges(window)
    for bridge in machine.bridges:
        result += edges(bridge)
    return '\n'.join(result + ['}', ''])

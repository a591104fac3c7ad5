# SPDX-License-Identifier: GPL-2.0-or-later
"""An SVG of CXL/DRAM speed ratios: a column a geometry, a dot a figure."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1120, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 180, 50, 60
COLOURS = ['#1b6ca8', '#d1495b', '#2e933c', '#8f5bb8', '#e08e0b', '#00798c',
           '#555555']
LOWEST = 1e-4


class Axis:
    """Ratios to heights: linear, or logarithmic where a ratio is small."""

    def __init__(self, values):
        self.logarithmic = min(values) < 0.1
        if self.logarithmic:
            lowest = math.floor(math.log10(max(min(values), LOWEST)))
            self.low, self.high = lowest, math.log10(max(2, *values))
            self.ticks = [10.0 ** n for n in range(lowest, 1)]
        else:
            self.low, self.high = 0, max(1.2, *values)
            self.ticks = [n / 5 for n in range(int(self.high * 5 + 0.01) + 1)]

    def y(self, value):
        if self.logarithmic:
            value = math.log10(max(value, 10.0 ** self.low))
        part = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, anchor='middle', options=''):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {options}>'
            f'{escape(words)}</text>')


def line(x1, y1, x2, y2, colour):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}"/>')


def mark(x, y, colour, filled):
    if filled:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    return (f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" '
            f'fill="none" stroke="{colour}" stroke-width="1.5"/>')


def grid(axis):
    parts = []
    for tick in axis.ticks:
        y = axis.y(tick)
        parts.append(line(LEFT, y, WIDTH - RIGHT, y,
                          '#000' if tick == 1 else '#ddd'))
        parts.append(text(LEFT - 8, y + 4, f'{tick:g}', 'end'))
    return parts


def dots(axis, results, names, kernels):
    """Dots of a geometry stand side by side, in the order of the legend."""
    column = (WIDTH - LEFT - RIGHT) / len(names)
    parts = []
    for i, name in enumerate(names):
        parts.append(text(LEFT + column * (i + 0.5), HEIGHT - BOTTOM + 20,
                          name))
    for number, result in enumerate(results):
        for row in result['geometries']:
            for k, kernel in enumerate(kernels):
                x = LEFT + column * (names.index(row['name']) +
                                     (k + 1.5) / (len(kernels) + 2))
                parts.append(mark(x, axis.y(row['ratio'][kernel]),
                                  COLOURS[k], number == 0))
    return parts


def legend(results, kernels):
    x = WIDTH - RIGHT + 20
    parts = []
    for k, name in enumerate(kernels.values()):
        parts.append(mark(x, TOP + 20 * k, COLOURS[k], True))
        parts.append(text(x + 12, TOP + 4 + 20 * k, name, 'start'))
    for number, result in enumerate(results):
        y = TOP + 20 * (len(kernels) + 1 + number)
        parts.append(mark(x, y, '#000', number == 0))
        parts.append(text(x + 12, y + 4, f'{result["name"]}, QEMU '
                          f'{result["version"]}', 'start'))
    return parts


def plot(results, kernels):
    names = list(dict.fromkeys(row['name'] for result in results
                               for row in result['geometries']))
    values = [row['ratio'][kernel] for result in results
              for row in result['geometries'] for kernel in kernels]
    if not values:
        values, names = [1.0], ['nothing measured']
    axis = Axis(values)
    parts = [text(LEFT, 28, 'Speed of CXL memory / speed of DRAM, '
                  'in one guest', 'start', 'font-weight="bold"'),
             *grid(axis), *dots(axis, results, names, kernels),
             *legend(results, kernels)]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{HEIGHT}" font-family="sans-serif" font-size="13">\n'
            '<rect width="100%" height="100%" fill="white"/>\n' +
            '\n'.join(parts) + '\n</svg>\n')

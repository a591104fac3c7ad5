#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The configurations of configs/cxl that interleave over host bridges."""

from cxlconfigs import Case, run, shape
from cxlguest import MIB, by_serial, create_region

NAME = 'cxl-configs-interleave'


def look_at_adopted(tap, guest, name):
    """What the comment of firmware-mapped.cfg says."""
    rows = guest.json('cxl list -R -i')
    adopted = [(row['size'], row['interleave_ways'], row['decode_state'])
               for row in rows if row['interleave_ways'] == 2]
    tap.equal(adopted, [(512 * MIB, 2, 'commit')] * 2,
              f'{name}: two regions are adopted')
    tap.match(guest.must('numactl -H'), r'node [1-9] size: (4[5-9]|5)\d+ MB',
              f'{name}: a node has memory from the start')
    region = create_region(guest, by_serial(guest, 3), 'ram',
                           decoder='decoder0.1')
    tap.equal((region['size'], region['decode_state']), (512 * MIB, 'commit'),
              f'{name}: and one is created')


run(NAME, [
    Case('firmware-mapped', [], look_at_adopted, kmem=True),
    Case('each-kind', [shape(2, [1, 4], 4096, ways=2),
                       shape(0, [2], kind='pmem')]),
    Case('main-host', [shape(0, [1]), shape(2, [1, 2], ways=2)]),
    Case('two-by-two', [shape(2, range(1, 5), 8192, 'pmem', ways=2),
                        shape(1, [2], 8192, 'pmem')]),
    Case('two-bridges', [shape(0, [1, 2], ways=2), shape(2, [2])]),
    Case('three-way', [shape(0, [1, 2, 3], ways=3),
                       shape(0, range(1, 7), ways=3)]),
    Case('xor', [shape(0, range(1, 5), ways=4),
                 shape(1, [1, 2], 4096, ways=2)]),
    Case('sixteen-way', [shape(0, range(1, 17), ways=4)]),
])

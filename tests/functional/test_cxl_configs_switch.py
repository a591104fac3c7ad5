#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The configurations of configs/cxl that have switches."""

from cxlconfigs import Case, run, shape

NAME = 'cxl-configs-switch'


def run_qemu_shapes(devices):
    """Devices have no serial numbers that were given: by place, then.

    The bridges' buses are 0x35 and 0xbf; the first device of each switch is
    persistent.
    """
    kinds = {kind: [device['serial'] for device in
                    sorted(devices, key=lambda device: device['host'])
                    if device.get(f'{kind}_size')]
             for kind in ('ram', 'pmem')}
    return [shape(0, kinds['ram'][:1], 8192),
            shape(1, kinds['ram'], 8192, ways=2),
            shape(1, kinds['pmem'], 8192, 'pmem', ways=2)]


def distinct(tap, guest, name):
    serials = {device['serial'] for device in guest.json('cxl list -M')}
    tap.ok(len(serials) == 4 and 0 not in serials,
           f'{name}: devices give themselves serial numbers', serials)


run(NAME, [
    Case('run-qemu', run_qemu_shapes, distinct),
    Case('eight-way-switch', [shape(0, range(1, 9))]),
    Case('deep-switches', [shape(0, [3, 4]), shape(0, [1])]),
])

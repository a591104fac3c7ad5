#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs run in interleaved memory, and code changes there."""

from cxlguest import Guest, Topology, create_region, main, memdevs_by_serial

NAME = 'cxl-code'
SECONDS = 30


def test(tap, directory):
    topology = Topology(directory)
    for serial in (1, 2):
        topology.add_memory(serial, volatile=256)
    with Guest(NAME, topology.args()) as guest:
        names = memdevs_by_serial(guest)
        create_region(guest, [names[1], names[2]], 'ram')
        node = guest.json('daxctl list')[0]['target_node']
        guest.wait(f'grep -q "MemTotal: *524288" '
                   f'/sys/devices/system/node/node{node}/meminfo')
        output = tap.succeeds(
            guest, f'numactl -m {node} cxl-code {SECONDS}',
            'a CPU executes code as another one has changed it', SECONDS + 60)
        tap.note(output.strip())
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

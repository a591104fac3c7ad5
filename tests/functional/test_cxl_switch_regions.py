#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Interleaved regions over switches, as Linux makes them."""

from cxlguest import Guest, Topology, main
from cxlregion import (Shape, Window, check_files, check_new_qemu,
                       check_volatile, fill_persistent, reopen_persistent,
                       trace_mappings)

NAME = 'cxl-switch-regions'

WIDE = range(1, 9)          # serial numbers below the switch of bridge 0
NARROW = range(9, 11)       # below that of bridge 1
DEEP = range(11, 13)        # below a switch below that one
TWICE = (1, 2)              # with room for two persistent regions
SPARSE = 1 << 20            # a pattern in one of 16 blocks


def add_memories(topology, ports, serials):
    for serial, port in zip(serials, ports):
        topology.add_memory(serial, volatile=256, in_file=True,
                            persistent=512 if serial in TWICE else 256,
                            port=port)


def build(directory):
    topology = Topology(directory, window=None)
    trace_mappings(topology)
    bridges = [topology.add_bridge(',hdm_for_passthrough=on')
               for _ in range(2)]
    ports = [topology.add_port(bridge) for bridge in bridges]
    add_memories(topology, topology.add_switch(ports[0], len(WIDE)), WIDE)
    below = topology.add_switch(ports[1], len(NARROW) + 1)
    add_memories(topology, below, NARROW)
    add_memories(topology, topology.add_switch(below[-1], len(DEEP)), DEEP)
    windows = {
        'wide': Window(topology, [0], '5G'),
        'narrow': Window(topology, [1], '1G'),
        'both': Window(topology, [0, 1], '2G'),
        'both-4k': Window(topology, [0, 1], '2G', 4096),
    }
    return topology, windows


def volatile_shapes(windows):
    wide = windows['wide']
    return [
        Shape('x1 below a switch', wide, [3], every=SPARSE),
        Shape('x2 below a switch', wide, [5, 2]),
        Shape('x8 below a switch', wide, list(WIDE), every=SPARSE),
        Shape('x8 2 KiB below a switch', wide, list(reversed(WIDE)), 2048,
              every=SPARSE),
        Shape('x2 below two switches in a row', windows['narrow'], list(DEEP),
              every=SPARSE),
        Shape('x2 4 KiB over switches of two bridges', windows['both-4k'],
              [4, 12], 4096, every=SPARSE),
        Shape('x4 over switches of two bridges', windows['both'],
              [1, 9, 2, 10], every=SPARSE),
        Shape('x4 4 KiB over switches of two bridges', windows['both-4k'],
              [6, 10, 3, 9], 4096, every=SPARSE),
    ]


def persistent_shapes(windows):
    """In the order of the windows' addresses, as every port wants them."""
    return [
        Shape('pmem x8', windows['wide'], list(WIDE), kind='pmem',
              every=SPARSE),
        Shape('pmem x4 4 KiB', windows['both-4k'], [1, 9, 2, 10], 4096, 'pmem',
              every=SPARSE),
    ]


def first_process(tap, topology, windows, directory):
    with Guest(NAME, topology.args()) as guest:
        guest.must('modprobe -r kmem')
        ports = guest.json('cxl list -P -T')
        tap.equal(len(ports), 2, 'there are two host bridges')
        for shape in volatile_shapes(windows):
            check_volatile(tap, guest, shape, directory)
        regions = fill_persistent(tap, guest, persistent_shapes(windows))
        tap.quiet(guest)
        guest.reboot()
        again = reopen_persistent(tap, guest, persistent_shapes(windows),
                                  regions, 'guest reboot')
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
    check_files(tap, again, directory, 'after QEMU')
    return again


def test(tap, directory):
    topology, windows = build(directory)
    regions = first_process(tap, topology, windows, directory)
    with Guest(NAME, topology.args()) as guest:
        check_new_qemu(tap, guest, persistent_shapes(windows), regions,
                       directory)


main(NAME, test, memory_gib=4)

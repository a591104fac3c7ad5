#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Interleaved regions over root ports and host bridges, as Linux makes them."""

from cxlguest import Guest, Topology, main
from cxlregion import (Region, Shape, Window, check_created, check_files,
                       check_new_qemu, check_volatile, fill_persistent,
                       reopen_persistent, trace_mappings)

NAME = 'cxl-geometry'

# Each host bridge's devices, by serial number
BRIDGES = [(1, 2, 3, 4), (5, 6), (7,), (8,)]
TWICE = 7           # a device with room for two persistent regions
SPARSE = 1 << 20    # a pattern in one of 16 blocks


def build(directory):
    topology = Topology(directory, window=None)
    trace_mappings(topology)
    for serials in BRIDGES:
        bridge = topology.add_bridge(',hdm_for_passthrough=on')
        for serial in serials:
            topology.add_memory(serial, volatile=256, in_file=True,
                                persistent=512 if serial == TWICE else 256,
                                port=topology.add_port(bridge))
    windows = {
        'one': Window(topology, [0], '4G'),
        'two': Window(topology, [0, 1], '2G'),
        'two-4k': Window(topology, [0, 1], '2G', 4096),
        'three': Window(topology, [0, 1, 2], '3G'),
        'xor': Window(topology, [0, 1, 2, 3], '2G', 256, 'xor'),
        'xor-4k': Window(topology, [0, 1, 2, 3], '2G', 4096, 'xor'),
    }
    return topology, windows


def volatile_shapes(windows):
    one, two = windows['one'], windows['two']
    return [
        Shape('x1', one, [1]),
        Shape('x2 over root ports', one, [1, 2]),
        Shape('x2 4 KiB over other root ports', one, [3, 4], 4096,
              every=SPARSE),
        Shape('x2 16 KiB over root ports', one, [2, 3], 16384, every=SPARSE),
        Shape('x2 over root ports in another order', one, [4, 1],
              every=SPARSE),
        Shape('x4 over root ports', one, [1, 2, 3, 4], 512, every=SPARSE),
        Shape('x2 over host bridges', two, [1, 5], every=SPARSE),
        Shape('x4 over host bridges and root ports', two, [3, 6, 1, 5],
              every=SPARSE),
        Shape('x4 4 KiB over host bridges and root ports', windows['two-4k'],
              [1, 5, 2, 6], 4096, every=SPARSE),
        Shape('x3', windows['three'], [2, 6, 7]),
        Shape('x4 XOR', windows['xor'], [1, 5, 7, 8], every=SPARSE),
        Shape('x4 XOR 4 KiB', windows['xor-4k'], [4, 6, 7, 8], 4096,
              every=SPARSE),
    ]


def persistent_shapes(windows):
    """In the order of the windows' addresses, as every port wants them."""
    return [
        Shape('pmem x2 4 KiB', windows['one'], [1, 2], 4096, 'pmem',
              every=SPARSE),
        Shape('pmem x3', windows['three'], [3, 5, 7], kind='pmem',
              every=SPARSE),
        Shape('pmem x4 XOR', windows['xor'], [4, 6, 7, 8], kind='pmem',
              every=SPARSE),
    ]


def fill_both_kinds(tap, guest, windows):
    """Volatile and persistent regions, also on the same devices.

    The volatile one stays, as Linux gives DPA back in reverse order only.
    """
    shape = Shape('x2 beside pmem', windows['one'], [2, 1])
    volatile = Region(guest, shape)
    check_created(tap, volatile, shape.name)
    volatile.open_volatile()
    tap.succeeds(guest, volatile.script('-w'), f'{shape.name}: takes a pattern',
                 300)
    persistent = fill_persistent(tap, guest, persistent_shapes(windows))
    tap.succeeds(guest, volatile.script('-r'), f'{shape.name}: has its pattern',
                 300)
    return volatile, persistent


def first_process(tap, topology, windows, directory):
    with Guest(NAME, topology.args()) as guest:
        guest.must('modprobe -r kmem')
        for shape in volatile_shapes(windows):
            check_volatile(tap, guest, shape, directory)
        volatile, regions = fill_both_kinds(tap, guest, windows)
        tap.quiet(guest)
        guest.reboot()
        check_files(tap, [volatile, *regions], directory, 'after a reset')
        again = reopen_persistent(tap, guest, persistent_shapes(windows),
                                  regions, 'guest reboot')
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
    check_files(tap, again, directory, 'after QEMU')
    return regions


def test(tap, directory):
    topology, windows = build(directory)
    regions = first_process(tap, topology, windows, directory)
    with Guest(NAME, topology.args()) as guest:
        check_new_qemu(tap, guest, persistent_shapes(windows), regions,
                       directory)


main(NAME, test, memory_gib=4)

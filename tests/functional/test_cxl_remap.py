#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers of a device are read while those of another come and go."""

from cxlguest import Guest, Topology, main

NAME = 'cxl-remap'
SERIAL = 1
SECONDS = 15


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, volatile=256)
    with Guest(NAME, topology.args()) as guest:
        config = guest.must('readlink -f /sys/bus/pci/drivers/cxl_pci/0*/config')
        guest.must('rmmod cxl_pci 2>/dev/null || true')
        output = tap.succeeds(guest, f'cxl-remap {config} {SECONDS}',
                              'QEMU and the reader are there at the end',
                              SECONDS + 60)
        tap.note(f'changed {output.strip()} times')
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

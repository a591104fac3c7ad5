#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The main root bus as a CXL host bridge, alone and beside a pxb-cxl."""

from cxlguest import Guest, Topology, main
from cxlregion import Shape, Window, check_volatile, trace_mappings

NAME = 'cxl-main-host'
MACHINE = 'q35,cxl=on,cxl-main-host=on'
SPARSE = 1 << 20            # a pattern in one of 16 blocks
PLUGGED = 4                 # serial number of the device that comes later


def build(directory):
    topology = Topology(directory, window=None)
    trace_mappings(topology)
    bridge = topology.add_bridge(',hdm_for_passthrough=on')
    for serial, bus in ((1, 'pcie.0'), (2, 'pcie.0'), (3, bridge)):
        topology.add_memory(serial, volatile=256, in_file=True,
                            port=topology.add_port(bus))
    slot = topology.add_port('pcie.0')
    topology.backend(f'ram{PLUGGED}', 256, True)
    main_only = Window(topology, ['pcie.0'], '1G')
    both = Window(topology, [0, 'pcie.0'], '1G')
    shapes = [
        Shape('x1', main_only, [1], every=SPARSE),
        Shape('x2 over root ports', main_only, [2, 1], every=SPARSE),
        Shape('x2 beside a pxb-cxl', both, [3, 2], every=SPARSE),
    ]
    late = Shape('x1 after hot-plug', main_only, [PLUGGED], every=SPARSE)
    return topology, shapes, late, slot


def check_tree(tap, guest):
    log = guest.must('dmesg')
    tap.match(log, r'pci0000:00: host supports CXL', 'bus 0 supports CXL')
    tap.match(log, r'ACPI0016:00: _OSC: OS now controls .*AER',
              '_OSC gives the OS AER')
    tap.match(log, r'ACPI0016:00: _OSC: OS now controls '
              r'\[CXLMemErrorReporting\]', '_OSC gives it error reporting')
    tap.no_match(log, r'ACPI0016:00: _OSC: OS now controls .*PCIeHotplug',
                 '_OSC leaves hot-plug of bus 0 to ACPI')
    ports = {port['host']: port for port in guest.json('cxl list -PTM')}
    tap.equal(sorted(ports), ['pci0000:00', 'pci0000:0c'],
              'both host bridges have ports')
    tap.equal(ports['pci0000:00']['nr_dports'], 3, 'bus 0 has three of them')
    windows = guest.json('cxl list -D -d root -T')
    found = [[target['target'] for target in sorted(
        window['targets'], key=lambda target: target['position'])]
             for window in sorted(windows, key=lambda row: row['resource'])]
    tap.equal(found, [['pci0000:00'], ['pci0000:0c', 'pci0000:00']],
              'windows lead to it')
    tap.equal(guest.must('cat /sys/bus/acpi/devices/ACPI0016:00/uid'), '0',
              'its _UID is 0')


def check_plug(tap, guest, slot, shape, directory):
    guest.qmp.command('device_add', driver='cxl-type3', id='late', bus=slot,
                      sn=PLUGGED, **{'volatile-memdev': f'ram{PLUGGED}'})
    tap.ok(guest.wait(f'cxl list -M -s {PLUGGED} | grep -q memdev'),
           'a device that is plugged in appears')
    check_volatile(tap, guest, shape, directory)


def test(tap, directory):
    topology, shapes, late, slot = build(directory)
    with Guest(NAME, topology.args(), machine=MACHINE) as guest:
        guest.must('modprobe -r kmem')
        check_tree(tap, guest)
        for shape in shapes:
            check_volatile(tap, guest, shape, directory)
        check_plug(tap, guest, slot, late, directory)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware leaves decoders in states that drivers have to survive."""

from cxlguest import Guest, Topology, main

NAME = 'cxl-broken-map'
STATES = ('devices-only', 'ports-only', 'member-missing', 'not-ready',
          'outside-window', 'committed')
# How long Linux waits for media, in seconds; it is 60 by default
PATIENCE = 3


class Bridge:
    """A host bridge with a window and a region of two devices."""

    def __init__(self, topology, number, state):
        self.state = state
        self.serials = [10 * number + 1, 10 * number + 2]
        bridge = topology.add_bridge()
        topology.add_window([number], '1G')
        self.devices = [topology.add_memory(serial, volatile=256,
                                            port=topology.add_port(bridge))
                        for serial in self.serials]
        name = f'cxl-region.{number}'
        self.options = [f'{name}.window={number}', f'{name}.state={state}']
        self.options += [f'{name}.devices.{i}={device}'
                         for i, device in enumerate(self.devices)]


def adopted(guest):
    """Serial numbers of the members of each region that is committed."""
    rows = guest.json('cxl list -R -T -M') or []
    serials = {device['memdev']: device['serial']
               for row in rows for device in row.get('memdevs', ())}
    regions = [region for row in rows for region in row.get('regions', ())]
    return [[serials[mapping['memdev']] for mapping in sorted(
                region['mappings'], key=lambda m: m['position'])]
            for region in regions if region['decode_state'] == 'commit']


def check_found(tap, guest, bridges):
    ready = sorted(serial for bridge in bridges for serial in bridge.serials
                   if bridge.state != 'not-ready')
    guest.wait('[ $(dmesg | grep -c "probe with driver cxl_mem failed") = 2 ]')
    tap.equal(sorted(device['serial'] for device in guest.json('cxl list -M')),
              ready, 'all devices are there but those that are not ready')
    whole = [bridge.serials for bridge in bridges
             if bridge.state == 'committed']
    tap.equal(adopted(guest), whole, 'only the whole region is adopted')
    log = guest.must('dmesg')
    tap.match(log, 'no CXL window for range', 'the driver misses a window')
    tap.no_match(log, 'WARNING|BUG:|Oops|Call Trace', 'the kernel is sound')


def check_ready(tap, guest, bridge):
    """The driver asks anew whether media are ready when it is bound anew."""
    for device in bridge.devices:
        guest.qmp.command('cxl-clear-faults', path=device)
    guest.must("""
        cd /sys/bus/cxl/devices
        for mem in mem*; do
            [ -e $mem/driver ] || late="$late $(basename $(readlink -f $mem/..))"
        done
        cd /sys/bus/pci/drivers/cxl_pci
        for device in $late; do
            echo $device >unbind
            echo $device >bind
        done""")
    tap.ok(bridge.serials in adopted(guest),
           'the region of devices that become ready is adopted')


def check_kernel(tap, kernel, directory):
    topology = Topology(directory, window=None)
    bridges = [Bridge(topology, number, state)
               for number, state in enumerate(STATES)]
    options = [option for bridge in bridges for option in bridge.options]
    args = topology.args() + ['-M', ','.join(options)]
    with Guest(NAME, args, kernel=kernel,
               append=f'cxl_core.media_ready_timeout={PATIENCE}') as guest:
        tap.match(guest.must('uname -r'), kernel or '6.12', 'the kernel')
        check_found(tap, guest, bridges)
        check_ready(tap, guest, bridges[STATES.index('not-ready')])
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


def test(tap, directory):
    for kernel in ('', '6.17'):
        check_kernel(tap, kernel, directory)


main(NAME, test)

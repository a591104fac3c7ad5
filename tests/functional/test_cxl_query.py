#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What QMP and the monitor say of regions that Linux has made."""

from cxlguest import Guest, Topology, create_region, destroy_region, main

NAME = 'cxl-query'

COLUMNS = 100
BRIDGE, SWITCH = (1, 2), (3, 4)     # serial numbers below each


def build(directory):
    topology = Topology(directory, window='4G')
    for serial in BRIDGE:
        topology.add_memory(serial, volatile=256)
    ports = topology.add_switch(topology.add_port(), len(SWITCH))
    for serial, port in zip(SWITCH, ports):
        topology.add_memory(serial, volatile=256, port=port)
    return topology


def memdev(guest, serial):
    return guest.json(f'cxl list -M -s {serial}')[0]['memdev']


def monitor(guest, command):
    return guest.qmp.command('human-monitor-command',
                             **{'command-line': command})


def check_columns(tap, text, name):
    widest = max(len(line) for line in text.splitlines())
    tap.ok(widest <= COLUMNS, f'{name} has at most {COLUMNS} columns', widest)


def check_region(tap, guest, serials, granularity, mapping):
    """Create a region; QMP shows it as Linux does."""
    name = f'x{len(serials)}, {granularity} B'
    region = create_region(guest, [memdev(guest, s) for s in serials], 'ram',
                           granularity=granularity, wait_driver=False)
    info = guest.qmp.command('query-cxl')
    devices = {device['name']: device for device in info['devices']}
    found = info['regions']
    tap.equal(len(found), 1, f'{name}: there is one region')
    tap.equal((found[0]['base'], found[0]['size']),
              (region['resource'], region['size']), f'{name}: where Linux has it')
    tap.equal([devices[member['device']]['serial']
               for member in found[0]['members']], list(serials),
              f'{name}: its members, in order')
    tap.equal((found[0]['mapping'], found[0]['whole']), (mapping, True),
              f'{name}: whole, by {mapping}')
    check_columns(tap, monitor(guest, 'info cxl'), f'{name}: info cxl')
    check_addresses(tap, guest, info, found[0], serials, granularity, name)
    destroy_region(guest, region)
    tap.equal(guest.qmp.command('query-cxl')['regions'], [],
              f'{name}: it is gone')


def check_addresses(tap, guest, info, region, serials, granularity, name):
    """Each turn leads to the device whose turn it is."""
    numbers = {device['name']: device['serial'] for device in info['devices']}
    answers = [guest.qmp.command('query-cxl-decode',
                                 address=region['base'] + turn * granularity)
               for turn in range(2 * len(serials))]
    tap.equal([numbers[answer['device']] for answer in answers],
              2 * list(serials), f'{name}: each turn leads to its device')
    tap.equal([problem for answer in answers
               for problem in answer['problems']], [],
              f'{name}: there is nothing to complain of')
    check_columns(tap, monitor(guest, f'info cxl-decode {region["base"]:#x}'),
                  f'{name}: info cxl-decode')


def check_events(tap, guest, before):
    """Decoders and regions come and go with events."""
    guest.qmp.command('query-status')
    names = [event['event'] for event in guest.qmp.events[before:]]
    tap.ok('CXL_DECODER_CHANGE' in names, 'decoders change with events', names)
    tap.ok('CXL_REGION_CHANGE' in names, 'regions change with events', names)


def check_nothing(tap, guest):
    info = guest.qmp.command('query-cxl')
    base = info['windows'][0]['base']
    answer = guest.qmp.command('query-cxl-decode', address=base)
    tap.equal((answer['outcome'], answer['problems'][0]['kind']),
              ('miss', 'no-decoder'), 'without a region nothing decodes')
    tap.equal(sorted(device['serial'] for device in info['devices']),
              sorted(BRIDGE + SWITCH), 'QMP knows all memory devices')


def test(tap, directory):
    topology = build(directory)
    with Guest(NAME, topology.args()) as guest:
        guest.must('modprobe -r kmem')
        check_nothing(tap, guest)
        before = len(guest.qmp.events)
        check_region(tap, guest, BRIDGE[:1], 256, 'alias')
        check_region(tap, guest, BRIDGE, 256, 'view')
        check_region(tap, guest, SWITCH, 4096, 'view')
        check_events(tap, guest, before)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test, memory_gib=3)

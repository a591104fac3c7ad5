#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Features of a CXL device in Linux, by fwctl and by EDAC.

Debian's kernels have neither: scripts/guest-kernel builds one that has.
"""

import re

from cxlguest import (BUILT_KERNEL, Guest, Topology, by_serial, create_region,
                      has_built_kernel, main, wait_file)

NAME = 'cxl-fwctl'
DEVICE = '/dev/fwctl/fwctl0'
EDAC = '/sys/bus/edac/devices/cxl_mem0'
TRACING = '/sys/kernel/tracing'
SCRUB = '96dad7d6-fde8-482b-a733-75774e06db8a'
TAG = 'dec9ad03-0a88-484d-8ce2-a6129e08cd48'
TAG_SIZE = 64
CURRENT, DEFAULT, SAVED, RESERVED = range(4)
REFUSED_BY_KERNEL, REFUSED_BY_DEVICE = 3, 4
# repair, and spares that are left after it
REPAIRS = (
    ('cacheline-sparing', 63),
    ('row-sparing', 15),
    ('bank-sparing', 3),
    ('rank-sparing', 0),
)
ROW_SPARING = 1
# what an event says that needs maintenance, under the names of EDAC
PLACE = {'channel': 3, 'rank': 2, 'nibble_mask': 0xf0, 'bank_group': 5,
         'bank': 1, 'row': 0x1234}
PLACE_DPA = 0x40000
MAINTENANCE_NEEDED = 1 << 3


def fwctl(guest, *words):
    return guest.run(' '.join(['cxl-fwctl', DEVICE, *map(str, words)]))


def get_tag(guest, selection=CURRENT):
    status, text = fwctl(guest, 'get', TAG, selection, 0, TAG_SIZE)
    return text.strip() if status == 0 else f'status {status}: {text}'


def padded(data):
    return data.ljust(TAG_SIZE, b'\0').hex()


def check_list(tap, guest):
    tap.succeeds(guest, '[ -e /sys/class/fwctl/fwctl0 ]',
                 'there is a fwctl device')
    lines = fwctl(guest, 'list')[1].splitlines()
    tap.equal(len(lines), 9, 'it lists all Features')
    tap.match('\n'.join(lines), TAG.replace('-', '') +
              r' get=64 set=64 flags=73 version=1',
              'the asset tag can be changed')
    # PPR has saved values and version 3, the others neither
    kernel = {f'flags={flags} version={version}':
              sum(f' set=0 flags={flags} version={version} ' in line
                  for line in lines) for flags, version in ((20, 1), (74, 3))}
    tap.equal(kernel, {'flags=20 version=1': 6, 'flags=74 version=3': 2},
              'the other eight are the kernel\'s own')


def check_scrub(tap, guest):
    guest.must(f'cd {EDAC}/scrub0 && echo 7200 >current_cycle_duration && '
               'echo 1 >enable_background')
    tap.equal(guest.must(f'cd {EDAC}/scrub0 && cat *').split(),
              ['7200', '1', str(255 * 3600), '3600'],
              'patrol scrub is set: a cycle of two hours')
    tap.ok(guest.run(f'echo 1800 >{EDAC}/scrub0/current_cycle_duration')[0],
           'a cycle below the minimum is refused')


def check_ecs(tap, guest):
    guest.must(f'cd {EDAC}/ecs_fru1 && echo 4096 >threshold && '
               'echo 1 >mode && echo 1 >log_entry_type && echo 1 >reset')
    tap.equal(guest.must(f'cat {EDAC}/ecs_fru[0-9]*/threshold').split(),
              ['256', '4096', '256'], 'ECS: threshold of one FRU')
    tap.equal(guest.must(f'cat {EDAC}/ecs_fru[0-9]*/mode').split(),
              ['0', '1', '0'], 'ECS: what one FRU counts')
    tap.equal(guest.must(f'cat {EDAC}/ecs_fru[0-9]*/log_entry_type').split(),
              ['1', '1', '1'], 'ECS: type of entries, of all FRUs')


def traced(guest, event, count):
    """Lines of a trace event, once there are so many, or in the end."""
    trace = f'{TRACING}/trace'
    guest.wait(f'[ $(grep -c {event}: {trace}) -ge {count} ]')
    return guest.must(f'grep {event}: {trace}; true').splitlines()


def spares_left(events):
    return [int(spares) for line in events for spares in
            re.findall(r'spare.resource.avail=(\d+)', line)]


def check_repairs(tap, guest):
    guest.must(f'echo 1 >{TRACING}/events/cxl/enable')
    for number, (kind, _) in enumerate(REPAIRS):
        path = f'{EDAC}/mem_repair{number}'
        tap.equal(guest.must(f'cat {path}/repair_type'), kind,
                  f'mem_repair{number} is {kind}')
        tap.succeeds(guest, f'echo 1 >{path}/repair', f'{kind} is done')
    events = traced(guest, 'cxl_memory_sparing', len(REPAIRS))
    tap.equal(spares_left(events), [spares for _, spares in REPAIRS],
              'events tell of the spares that are left')
    tap.ok(guest.run(f'echo 1 >{EDAC}/mem_repair3/repair')[0],
           'a second rank cannot be spared')
    ppr = f'{EDAC}/mem_repair{len(REPAIRS)}'
    tap.equal(guest.must(f'cat {ppr}/repair_type'), 'ppr', 'then comes PPR')
    tap.succeeds(guest, f'echo 0x40 >{ppr}/dpa && echo 1 >{ppr}/repair',
                 'soft PPR is done')


def check_repair_in_use(tap, guest):
    """Memory that a region maps is repaired where an event told of it."""
    create_region(guest, by_serial(guest, 1), 'ram')
    path = f'{EDAC}/mem_repair{ROW_SPARING}'
    for name, value in {'dpa': PLACE_DPA, **PLACE}.items():
        guest.must(f'echo {value:#x} >{path}/{name}')
    tap.ok(guest.run(f'echo 1 >{path}/repair')[0],
           'memory in use is not repaired for nothing')
    guest.must(f'echo >{TRACING}/trace')
    guest.qmp.command('cxl-inject-dram-event', path='mem1', log='warning',
                      flags=MAINTENANCE_NEEDED, dpa=PLACE_DPA, descriptor=0,
                      type=0, **{'transaction-type': 1},
                      **{name.replace('_', '-'): value
                         for name, value in PLACE.items()})
    tap.match('\n'.join(traced(guest, 'cxl_dram', 1)), 'MAINTENANCE_NEEDED',
              'an event tells that maintenance is needed')
    tap.succeeds(guest, f'echo 1 >{path}/repair', 'then it is repaired')
    events = traced(guest, 'cxl_memory_sparing', 1)
    tap.equal(spares_left(events), [REPAIRS[ROW_SPARING][1] - 1],
              'with one more of the spares')
    for name, value in PLACE.items():
        digits = f'{value:x}' if name == 'nibble_mask' else value
        tap.match('\n'.join(events), rf'\b{name}={digits}\b',
                  f'the record has the {name}')


def check_tag(tap, guest):
    tap.equal(get_tag(guest), padded(b''), 'the asset tag is empty at first')
    tap.equal(fwctl(guest, 'set', TAG, 1, 3, b'rack 7'.hex())[0], 0,
              'a part of it is set')
    wanted = padded(b'\0\0\0rack 7')
    tap.equal(get_tag(guest), wanted, 'and read back')
    tap.equal(get_tag(guest, SAVED), wanted, 'it is the saved value, too')
    tap.equal(get_tag(guest, DEFAULT), padded(b''), 'the default is as it was')


def check_refusals(tap, guest):
    for words, status, code, name in (
            (('set', TAG, 2, 0, '00'), REFUSED_BY_DEVICE, '0x19',
             'another version'),
            (('set', TAG, 1, TAG_SIZE, '00'), REFUSED_BY_DEVICE, '0x2',
             'bytes behind the end'),
            (('get', TAG, RESERVED, 0, 1), REFUSED_BY_DEVICE, '0x1a',
             'a selection that there is not'),
            (('set', SCRUB, 1, 0, '0301'), REFUSED_BY_KERNEL, 'opcode 0502',
             'a Feature of the kernel\'s own')):
        found, text = fwctl(guest, *words)
        tap.equal(found, status, f'{name}: refused')
        tap.match(text, code + r'\b', f'{name}: how')


def check_after_reset(tap, guest):
    wait_file(guest, DEVICE)
    tap.equal(get_tag(guest), padded(b'\0\0\0rack 7'),
              'the asset tag outlives a reboot')
    tap.equal(guest.must(f'cat {EDAC}/scrub0/current_cycle_duration'),
              str(12 * 3600), 'patrol scrub is as it was at first')
    tap.quiet(guest)


def test(tap, directory):
    if not has_built_kernel(tap):
        return
    topology = Topology(directory)
    topology.add_memory(1, volatile=256)
    with Guest(NAME, topology.args(), kernel=BUILT_KERNEL) as guest:
        check_list(tap, guest)
        check_scrub(tap, guest)
        check_ecs(tap, guest)
        check_repairs(tap, guest)
        check_repair_in_use(tap, guest)
        tap.quiet(guest, 'the kernel has no complaint before values are set')
        check_tag(tap, guest)
        check_refusals(tap, guest)
        guest.reboot()
        check_after_reset(tap, guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

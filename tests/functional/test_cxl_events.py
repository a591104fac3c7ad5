#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Event records as Linux sees them: trace events and cxl monitor."""

import json
import re
import time

from cxlguest import (Guest, MIB, SLOW, Topology, by_serial, create_region,
                      main, start_monitor)

NAME = 'cxl-events'
TRACING = '/sys/kernel/tracing'
LOGS = {'informational': 'Informational', 'warning': 'Warning',
        'failure': 'Failure', 'fatal': 'Fatal'}
VENDOR = '00112233-4455-6677-8899-aabbccddeeff'
MEDIA = {'descriptor': 1, 'type': 0, 'transaction_type': 1}
DEPTH = 32
SIZE = 512 * MIB        # of each kind of memory


def inject(guest, record, log='warning', flags=0, **members):
    """Members are given with underscores instead of hyphens."""
    arguments = {name.replace('_', '-'): value
                 for name, value in members.items()}
    guest.qmp.command(f'cxl-inject-{record}-event', path='mem1', log=log,
                      flags=flags, **arguments)


def traced(guest, event, count=1, seconds=20):
    """Lines of a trace event, once there are enough, or in the end."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        text = guest.must(f'cat {TRACING}/trace')
        lines = [line for line in text.splitlines() if f' {event}: ' in line]
        if len(lines) >= count or time.monotonic() > deadline:
            return lines
        time.sleep(0.2)


def clear(guest):
    guest.must(f'echo >{TRACING}/trace')


def expect(tap, guest, event, patterns, name):
    """One trace event has come, and has all patterns in it."""
    lines = traced(guest, event)
    tap.equal(len(lines), 1, f'{name}: one {event}')
    for pattern in patterns:
        tap.match('\n'.join(lines), pattern, f'{name}: {pattern}')
    clear(guest)


def check_general_media(tap, guest):
    for number, (log, title) in enumerate(LOGS.items()):
        inject(guest, 'general-media', log, number | 0x28, dpa=0x1001,
               channel=3, rank=4, device=0x050607, component_id='part seven',
               **MEDIA)
        expect(tap, guest, 'cxl_general_media',
               [rf'serial=1 log={title} ',
                "flags='MAINTENANCE_NEEDED.*HARDWARE_REPLACEMENT_NEEDED",
                "dpa=1000 dpa_flags='VOLATILE'",
                "descriptor='UNCORRECTABLE_EVENT' type='ECC Error'",
                "transaction_type='Host Read' channel=3 rank=4",
                r"device=50607 .*validity_flags='CHANNEL\|RANK\|DEVICE\|"
                "COMPONENT'"], f'general media, {log}')


def check_dram(tap, guest):
    inject(guest, 'dram', dpa=0x2000, channel=1, rank=2, nibble_mask=0xabcdef,
           bank_group=3, bank=4, row=5, column=6,
           correction_mask=[0x0807060504030201], **MEDIA)
    expect(tap, guest, 'cxl_dram',
           ['log=Warning ', 'dpa=2000', 'channel=1 rank=2 nibble_mask=abcdef',
            'bank_group=3 bank=4 row=5 column=6',
            'cor_mask=01 02 03 04 05 06 07 08 00',
            r"validity_flags='CHANNEL\|RANK\|NIBBLE\|BANK GROUP\|BANK\|ROW\|"
            r"COLUMN\|CORRECTION MASK'"], 'DRAM')


def check_memory_module(tap, guest):
    inject(guest, 'memory-module', 'failure', type=3, health_status=5,
           media_status=0, additional_status=5, life_used=12, temperature=-7,
           dirty_shutdown_count=8, corrected_volatile_error_count=9,
           corrected_persistent_error_count=10)
    expect(tap, guest, 'cxl_memory_module',
           ['log=Failure ', "event_type='Temperature Change'",
            r"health_status='MAINTENANCE_NEEDED\|REPLACEMENT_NEEDED'",
            "media_status='Normal'", 'life_used=12', 'device_temp=-7',
            'dirty_shutdown_cnt=8', 'cor_vol_err_cnt=9',
            'cor_per_err_cnt=10'], 'memory module')


def check_generic(tap, guest):
    inject(guest, 'generic', 'fatal', uuid=VENDOR, data='0123456789abcdef')
    expect(tap, guest, 'cxl_generic_event',
           ['log=Fatal ', f'uuid={VENDOR}', ': 01 23 45 67 89 ab cd ef 00 00'],
           'a vendor\'s')


def check_region(tap, guest):
    """A record of memory that a region maps tells where it is mapped."""
    region = create_region(guest, by_serial(guest, 1), 'ram',
                           wait_driver=False)
    inject(guest, 'general-media', dpa=0x123400, **MEDIA)
    expect(tap, guest, 'cxl_general_media',
           ['dpa=123400 ', rf'hpa={region["resource"] + 0x123400:x} ',
            f'region={region["region"]} '], 'mapped memory')
    inject(guest, 'dram', dpa=SIZE, **MEDIA)
    expect(tap, guest, 'cxl_dram',
           [f'dpa={SIZE:x} ', 'hpa=ffffffffffffffff ', 'region= '],
           'memory that is not mapped')
    region = create_region(guest, by_serial(guest, 1), 'pmem')
    uuid = guest.must(f'cat /sys/bus/cxl/devices/{region["region"]}/uuid')
    inject(guest, 'dram', dpa=SIZE + 0x5640, **MEDIA)
    expect(tap, guest, 'cxl_dram',
           [f'dpa={SIZE + 0x5640:x} ', f'hpa={region["resource"] + 0x5640:x} ',
            f'region={region["region"]} region_uuid={uuid}'],
           'persistent memory')


def check_overflow(tap, guest):
    """More than the log holds, while the guest sees nothing of it."""
    guest.qmp.command('stop')
    for number in range(DEPTH + 7):
        inject(guest, 'general-media', dpa=64 * number, **MEDIA)
    guest.qmp.command('cont')
    lines = traced(guest, 'cxl_general_media', DEPTH)
    dpas = [int(re.search(r'dpa=(\w+)', line).group(1), 16) for line in lines]
    tap.equal(dpas, [64 * number for number in range(DEPTH)],
              'what fits into the log comes, in order')
    lines = traced(guest, 'cxl_overflow')
    tap.equal(len(lines), 1, 'the loss is reported once')
    tap.match('\n'.join(lines), r'serial=1: log=Warning : 7 records from '
              r'[1-9]\d+ to [1-9]\d+', 'with the number of records lost')
    clear(guest)
    inject(guest, 'general-media', dpa=0x4000, **MEDIA)
    expect(tap, guest, 'cxl_general_media', ['dpa=4000 '],
           'after the overflow')


def check_monitor(tap, guest):
    start_monitor(guest, '/run/monitor')
    inject(guest, 'general-media', 'failure', dpa=0x5000, **MEDIA)
    guest.wait('grep -q cxl_general_media /run/monitor')
    text = guest.must('cat /run/monitor; killall cxl')
    match = re.search(r'\{.*cxl_general_media.*\}', text, re.S)
    record = json.loads(match.group(0)) if match else {}
    tap.equal((record.get('event'), record.get('dpa'), record.get('log')),
              ('cxl_general_media', 0x5000, list(LOGS).index('failure')),
              'cxl monitor writes the event as JSON')
    if not match:
        tap.note(text + guest.must('cat /run/monitor.out'))


def test(tap, directory):
    # Of one root port, a host bridge would have decoders for one region only
    topology = Topology(directory, bridge=',hdm_for_passthrough=on')
    topology.add_memory(1, volatile=SIZE // MIB, persistent=SIZE // MIB,
                        options=f',event-log-depth={DEPTH}')
    with Guest(NAME, topology.args()) as guest:
        guest.must(f'echo 1 >{TRACING}/events/cxl/enable')
        check_general_media(tap, guest)
        check_dram(tap, guest)
        check_memory_module(tap, guest)
        check_generic(tap, guest)
        check_region(tap, guest)
        check_overflow(tap, guest)
        check_monitor(tap, guest)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

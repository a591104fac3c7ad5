#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Label storage and event records of a CXL device, seen from Linux."""

import json

from cxlguest import Guest, Topology, by_serial, main, start_monitor

NAME = 'cxl-labels'
SERIAL = 1
PATH = f'/machine/peripheral/mem{SERIAL}'
# log, severity in the trace, flags, type and transaction type
EVENTS = [('informational', 'Informational', 0, 0, 0),
          ('warning', 'Warning', 1, 1, 1),
          ('failure', 'Failure', 2, 2, 2),
          ('fatal', 'Fatal', 4, 0, 3)]


def round_trip(tap, guest, memdev, size, offset=0):
    name = f'{size} bytes at {offset}'
    tap.succeeds(guest, f'dd if=/dev/urandom of=/run/in bs={size} count=1 && '
                 f'cxl write-labels {memdev} -i /run/in -s {size} -O {offset}',
                 f'{name}: labels are written')
    tap.succeeds(guest, f'cxl read-labels {memdev} -o /run/out -s {size} '
                 f'-O {offset} && cmp /run/in /run/out',
                 f'{name}: and read back')


def check_labels(tap, guest):
    memdev = by_serial(guest, SERIAL)
    status, output = guest.run(f'cxl write-labels {memdev} -s 16 '
                               '-i /usr/bin/busybox')
    tap.ok(status, 'labels in use are protected', output)
    tap.succeeds(guest, f'cxl disable-memdev {memdev}',
                 'the memdev is disabled')
    for size, offset in ((16384, 0), (256, 4096), (1, 131071),
                         (131072, 0), (5000, 100000)):
        round_trip(tap, guest, memdev, size, offset)
    tap.succeeds(guest, f'cxl zero-labels {memdev} -s 131072 && '
                 f'cxl read-labels {memdev} -o /run/out -s 131072 && '
                 'head -c 131072 /dev/zero | cmp - /run/out',
                 'labels are set to zero')
    tap.succeeds(guest, f'cxl enable-memdev {memdev}',
                 'the memdev is enabled again')
    tap.succeeds(guest, 'ndctl disable-region all; ndctl init-labels -f nmem0 '
                 '&& ndctl check-labels nmem0', 'ndctl makes valid labels')


def inject(guest, log, flags, kind, transaction):
    guest.qmp.command('cxl-inject-general-media-event', path=PATH, log=log,
                      flags=flags, dpa=0x1000, descriptor=3, type=kind,
                      **{'transaction-type': transaction, 'channel': 3,
                         'rank': 17, 'device': 0x123456,
                         'component-id': 'cxl component'})


def check_trace(tap, guest):
    guest.must('echo 1 >/sys/kernel/tracing/events/cxl/enable')
    for log, severity, flags, kind, transaction in EVENTS:
        guest.must('echo >/sys/kernel/tracing/trace')
        inject(guest, log, flags, kind, transaction)
        guest.wait('grep -q cxl_general_media /sys/kernel/tracing/trace')
        trace = guest.must('grep cxl_ /sys/kernel/tracing/trace || true')
        tap.match(trace, rf'cxl_general_media: .*serial={SERIAL}\b.*'
                  rf'log={severity}', f'trace: record of the {log} log')
        tap.match(trace, r'dpa=0*x?1000\b.*channel=3 rank=17 device=',
                  f'trace: {log}: address, channel, rank, device')
        tap.equal(trace.count('cxl_general_media'), 1,
                  f'trace: {log}: one record')


def check_monitor(tap, guest):
    start_monitor(guest, '/run/monitor')
    inject(guest, 'warning', 1, 1, 1)
    guest.wait('grep -q general_media /run/monitor')
    text = guest.must('cat /run/monitor; killall cxl')
    tap.match(text, r'"event":"cxl_general_media"',
              'cxl monitor prints the record')
    tap.match(text, r'"log":1,', 'and its log')


def check_bad_injection(tap, guest):
    for name, arguments in (
            ('no such device', {'path': '/machine/peripheral/none'}),
            ('not a CXL device', {'path': '/machine/peripheral/cxl.0'})):
        request = {'log': 'fatal', 'flags': 0, 'dpa': 0, 'descriptor': 0,
                   'type': 0, 'transaction-type': 0, **arguments}
        guest.qmp.channel.send(json.dumps({
            'execute': 'cxl-inject-general-media-event',
            'arguments': request}).encode() + b'\n')
        tap.ok('error' in guest.qmp.receive(30), f'QMP refuses: {name}')


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, persistent=256)
    with Guest(NAME, topology.args()) as guest:
        check_labels(tap, guest)
        check_trace(tap, guest)
        check_monitor(tap, guest)
        check_bad_injection(tap, guest)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

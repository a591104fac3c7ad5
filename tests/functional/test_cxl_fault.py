#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A CXL device that goes wrong when that is wanted, as Linux finds it."""

import time

from cxlguest import Guest, Topology, by_serial, main

NAME = 'cxl-fault'
SERIAL = 1
PATH = f'/machine/peripheral/mem{SERIAL}'
GET_HEALTH_INFO = 0x4200
INJECT_POISON = 0x4301
SANITIZE = 0x4400
GET_LSA = 0x4102
# return code, what drivers/cxl/core/mbox.c makes of it
ERRORS = (
    (0x02, 'No such device or address', 'Invalid Input'),
    (0x04, 'No such device or address', 'Internal Error'),
    (0x0f, 'Bad address', 'Invalid Physical Address'),
    (0x10, 'Device or resource busy', 'Inject Poison Limit Reached'),
)
HEALTH = f'cxl list -H -M -s {SERIAL}'
TIMEOUT_PARAMETER = '/sys/module/cxl_core/parameters/media_ready_timeout'


def fault(guest, opcode, **what):
    guest.qmp.command('cxl-inject-command-fault', path=PATH, opcode=opcode,
                      **{name.replace('_', '-'): value
                         for name, value in what.items()})


def clear(guest):
    guest.qmp.command('cxl-clear-faults', path=PATH)


def healthy(guest):
    """Whether cxl gets an answer to Get Health Info."""
    return 'health' in guest.json(HEALTH)[0]


def address(guest):
    """Of the PCI function."""
    return guest.must('basename $(dirname $(readlink -f '
                      f'/sys/bus/cxl/devices/{by_serial(guest, SERIAL)}))')


def unbind(guest):
    function = address(guest)
    guest.must(f'echo {function} >/sys/bus/pci/drivers/cxl_pci/unbind')
    return function


def bind(guest, function):
    """The exit status, and how many seconds of the guest's time it took."""
    status, output = guest.run(
        'a=$(cut -d" " -f1 /proc/uptime); '
        f'echo {function} >/sys/bus/pci/drivers/cxl_pci/bind; s=$?; '
        'echo $a $(cut -d" " -f1 /proc/uptime); exit $s', 120)
    begin, end = output.split()[-2:]
    return status, float(end) - float(begin)


def check_errors(tap, guest):
    memdev = by_serial(guest, SERIAL)
    poison = f'/sys/kernel/debug/cxl/{memdev}'
    for code, error, name in ERRORS:
        fault(guest, INJECT_POISON, return_code=code)
        status, output = guest.run(f'sh -c "echo 0x1000 >{poison}/'
                                   'inject_poison"')
        tap.ok(status, f'{name}: poison is not injected', output)
        tap.match(output, error, f'{name}: {error}')
    tap.succeeds(guest, f'echo 0x1000 >{poison}/inject_poison && '
                 f'echo 0x1000 >{poison}/clear_poison',
                 'then it is, once the faults are used up')


def check_labels(tap, guest):
    memdev = by_serial(guest, SERIAL)
    guest.must(f'cxl disable-memdev {memdev}')
    fault(guest, GET_LSA, return_code=0x05, count=2)
    for number in ('first', 'second'):
        status, output = guest.run(f'cxl read-labels {memdev} -s 256 '
                                   '-o /run/out')
        tap.ok(status, f'Retry Required: {number} cxl read-labels fails',
               output)
    tap.succeeds(guest, f'cxl read-labels {memdev} -s 256 -o /run/out',
                 'the third one does not')
    guest.must(f'cxl enable-memdev {memdev}')


def check_delay(tap, guest):
    fault(guest, GET_HEALTH_INFO, delay_ms=1000)
    begin = time.monotonic()
    tap.ok(healthy(guest), 'a command that takes a second succeeds')
    tap.ok(time.monotonic() - begin >= 1, 'and takes it')


def check_hang(tap, guest):
    fault(guest, GET_HEALTH_INFO, hang=True)
    tap.ok(not healthy(guest), 'a command that hangs gets no answer')
    log = guest.must('dmesg')
    tap.match(log, r'cxl_pci .*mailbox timeout \(opcode: 0x4200\)',
              'mailbox timeout')
    tap.ok(not healthy(guest), 'nor does the next one')
    log = guest.must('dmesg')
    tap.match(log, r'cxl_pci .*mailbox queue busy', 'mailbox queue busy')
    tap.equal(guest.qmp.command('query-cxl-faults', path=PATH)
              ['waiting-opcode'], GET_HEALTH_INFO, 'the first one waits')
    clear(guest)
    tap.ok(healthy(guest), 'without the fault all is well')


def check_reset(tap, guest):
    """A driver that is unbound has its function reset by hand."""
    fault(guest, GET_HEALTH_INFO, hang=True)
    healthy(guest)
    function = unbind(guest)
    guest.must(f'echo flr >/sys/bus/pci/devices/{function}/reset_method; '
               f'echo 1 >/sys/bus/pci/devices/{function}/reset')
    tap.equal(bind(guest, function)[0], 0, 'FLR: the driver is back')
    tap.ok(healthy(guest), 'FLR: the mailbox, too')


def check_background(tap, guest):
    state = f'/sys/bus/cxl/devices/{by_serial(guest, SERIAL)}/security/state'
    fault(guest, SANITIZE, background_hang=True)
    guest.must(f'echo 1 >{state.replace("state", "sanitize")}; sleep 10')
    tap.equal(guest.must(f'cat {state}'), 'sanitize',
              'a Sanitize that hangs does not end')
    clear(guest)
    guest.wait(f'grep -q disabled {state}')
    tap.equal(guest.must(f'cat {state}'), 'disabled',
              'without the fault it does')


def check_doorbell(tap, guest):
    function = unbind(guest)
    guest.qmp.command('cxl-inject-doorbell-stuck', path=PATH)
    status, _ = bind(guest, function)
    tap.ok(status, 'stuck doorbell: no driver')
    tap.match(guest.must('dmesg'), r'cxl_pci .*timeout awaiting mailbox idle',
              'timeout awaiting mailbox idle')
    guest.qmp.command('cxl-inject-doorbell-stuck', path=PATH,
                      **{'duration-ms': 1000})
    status, seconds = bind(guest, function)
    tap.equal(status, 0, 'doorbell that is stuck for a second: a driver')
    tap.ok(seconds < 2.5, 'after that second', seconds)
    tap.ok(healthy(guest), 'whose mailbox works')


def check_not_ready(tap, guest):
    function = unbind(guest)
    guest.qmp.command('cxl-inject-media-not-ready', path=PATH,
                      **{'duration-ms': 4000})
    status, seconds = bind(guest, function)
    tap.equal(status, 0, 'media that are ready in four seconds: a driver')
    tap.ok(seconds > 3, 'that waits for them', seconds)
    tap.ok(healthy(guest), 'and works then')
    tap.quiet(guest, 'and nobody complained so far')


def check_never_ready(tap, guest):
    guest.must(f'echo 2 >{TIMEOUT_PARAMETER}')
    function = unbind(guest)
    guest.qmp.command('cxl-inject-media-not-ready', path=PATH)
    bind(guest, function)
    log = guest.must('dmesg')
    tap.match(log, r'timeout awaiting memory active after 2 seconds',
              'timeout awaiting memory active')
    tap.match(log, r'Media not active \(-110\)', 'Media not active')
    guest.run(f'echo {function} >/sys/bus/pci/drivers/cxl_pci/unbind')
    clear(guest)
    tap.equal(bind(guest, function)[0], 0, 'once they are ready: a driver')
    tap.ok(healthy(guest), 'that works')


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, volatile=256, persistent=256)
    with Guest(NAME, topology.args()) as guest:
        for check in (check_errors, check_labels, check_delay,
                      check_not_ready, check_hang, check_reset,
                      check_background, check_doorbell, check_never_ready):
            check(tap, guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

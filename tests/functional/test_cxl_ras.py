#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Protocol errors as Linux sees them: traces, AER, recovery."""

import base64
import re
import struct
import time

from cxlguest import (Guest, SLOW, Topology, by_serial, create_region,
                      destroy_region, main)

NAME = 'cxl-ras'
TRACING = '/sys/kernel/tracing'

# What the kernel's traces call the errors.
CORRECTABLE = {
    'cache-data-ecc': 'Cache Data ECC Error',
    'mem-data-ecc': 'Memory Data ECC Error',
    'crc-threshold': 'CRC Threshold Hit',
    'retry-threshold': 'Retry Threshold',
    'cache-poison-received': 'Received Cache Poison From Peer',
    'mem-poison-received': 'Received Memory Poison From Peer',
    'physical': 'Received Error From Physical Layer',
}

UNCORRECTABLE = {
    'cache-data-parity': 'Cache Data Parity Error',
    'cache-address-parity': 'Cache Address Parity Error',
    'cache-be-parity': 'Cache Byte Enable Parity Error',
    'cache-data-ecc': 'Cache Data ECC Error',
    'mem-data-parity': 'Memory Data Parity Error',
    'mem-address-parity': 'Memory Address Parity Error',
    'mem-be-parity': 'Memory Byte Enable Parity Error',
    'mem-data-ecc': 'Memory Data ECC Error',
    'reinit-threshold': 'REINIT Threshold Hit',
    'rsvd-encoding': 'Received Unrecognized Encoding',
    'poison-received': 'Received Poison From Peer',
    'receiver-overflow': 'Receiver Overflow',
    'internal': 'Component Specific Error',
    'cxl-ide-tx': 'IDE Tx Error',
    'cxl-ide-rx': 'IDE Rx Error',
}

# PCI Express: unmask Uncorrectable and Corrected Internal Error of AER.
UNMASK = 'setpci -s {0} ECAP_AER+08.l=0:400000 ECAP_AER+14.l=0:4000'

# Linux binds the driver again while it is still to be unbound: EBUSY
TOO_EARLY = 'probe with driver cxl_mem failed with error -16'


def wait_text(guest, command, pattern, seconds=30):
    """What a command prints once it prints a pattern, or in the end."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        text = guest.must(command)
        if pattern in text or time.monotonic() > deadline:
            return text
        time.sleep(0.3)


def function_of(guest, serial):
    memdev = by_serial(guest, serial)
    return guest.must(f'basename $(dirname $(readlink -f '
                      f'/sys/bus/cxl/devices/{memdev}))')


def ports_above(guest, function):
    """Functions of the ports on the way down to a function."""
    path = guest.must(f'readlink -f /sys/bus/pci/devices/{function}')
    return [part for part in path.split('/') if part.count(':') == 2][:-1]


def clear(guest):
    guest.must(f'echo >{TRACING}/trace; dmesg -c >/run/old')


def check_ownership(tap, guest):
    log = guest.must('dmesg')
    tap.match(log, r'_OSC: OS now controls \[.*AER', 'Linux controls AER')
    tap.match(log, r'_OSC: OS now controls \[CXLMemErrorReporting',
              'and reporting of CXL memory errors')


def check_aer_event(tap, trace, function, severity, error):
    """What rasdaemon reads."""
    tap.match(trace, rf'aer_event: {function} PCIe Bus Error: '
              rf'severity={severity}, {error}', f'aer_event: {severity}')


def check_correctable(tap, guest, function):
    for error, name in CORRECTABLE.items():
        clear(guest)
        guest.qmp.command('cxl-inject-correctable-error', path='mem1',
                          type=error)
        trace = wait_text(guest, f'cat {TRACING}/trace',
                          'cxl_aer_correctable_error')
        tap.match(trace, r'cxl_aer_correctable_error: memdev=mem\d+ '
                  rf"host={function} serial=1:? status:? ?'{name}'",
                  f'{error} is traced as "{name}"')
    tap.match(wait_text(guest, 'dmesg', 'CorrIntErr'), 'CorrIntErr',
              'AER reports a corrected internal error')
    check_aer_event(tap, trace, function, 'Corrected',
                    'Corrected Internal Error')


def usable(tap, guest, name):
    tap.ok(guest.wait('cxl list -M -s 1 | grep -q memdev'),
           f'{name}: the memory device is there')
    region = create_region(guest, by_serial(guest, 1), 'ram',
                           wait_driver=False)
    tap.equal(region['decode_state'], 'commit', f'{name}: and its memory')
    destroy_all(guest, region)


def destroy_all(guest, region):
    number = region['region'].removeprefix('region')
    guest.run(f'daxctl offline-memory dax{number}.0')
    destroy_region(guest, region)


def inject_uncorrectable(guest, path, *types):
    guest.qmp.command('cxl-inject-uncorrectable-errors', path=path, errors=[
        {'type': error, 'header': list(range(i, i + 16))}
        for i, error in enumerate(types)])


def bind_again(guest):
    """Linux is at times too fast for its own work queue, which unbinds the
    driver: its probe fails (TOO_EARLY), or is undone."""
    guest.must("""
        cd /sys/bus/cxl/drivers/cxl_mem
        for still in 1 2 3 4; do
            sleep 0.5
            for m in /sys/bus/cxl/devices/mem*; do
                [ -e $m/driver ] || echo ${m##*/} >bind
            done
        done 2>/dev/null; true""")


def check_header(tap, guest, trace):
    """The trace's text leaves the header of the first error out."""
    cpu = re.search(r'\[(\d+)\] .*cxl_aer_uncorrectable_error', trace)
    record = base64.b64decode(guest.must(
        f'dd bs=4096 count=1 if={TRACING}/per_cpu/cpu{int(cpu.group(1))}/'
        'trace_pipe_raw 2>/dev/null | base64')) if cpu else b''
    tap.ok(struct.pack('<16I', *range(16)) in record,
           'with the header log of the first')


def check_nonfatal(tap, guest, function):
    clear(guest)
    guest.must(UNMASK.format(function))
    guest.must(f'setpci -s {function} ECAP_AER+0c.l=0:400000')
    first = 'mem-data-ecc'
    inject_uncorrectable(guest, 'mem1', first, *(UNCORRECTABLE.keys() - {first}))
    log = wait_text(guest, 'dmesg', 'device recovery')
    bind_again(guest)
    trace = guest.must(f'cat {TRACING}/trace')
    names = r' \| '.join(UNCORRECTABLE.values())
    tap.match(trace, rf'cxl_aer_uncorrectable_error: .*host={function} '
              rf"serial=1:? status: '{names}' first_error: "
              rf"'{UNCORRECTABLE[first]}'", 'all non-fatal errors are traced')
    check_aer_event(tap, trace, function, 'Uncorrected, non-fatal',
                    'Uncorrectable Internal Error')
    check_header(tap, guest, trace)
    tap.match(log, r'AER: (Uncorrect\w+ \()?Non-Fatal', 'AER says non-fatal')
    tap.match(log, 'restart CXL.mem after slot reset',
              'and Linux starts the device again')
    usable(tap, guest, 'after a non-fatal error')


def inject_fatal(guest, function):
    """What Linux says of it."""
    clear(guest)
    guest.must(UNMASK.format(function))
    guest.must(f'setpci -s {function} ECAP_AER+0c.l=400000:400000')
    inject_uncorrectable(guest, 'mem1', 'receiver-overflow',
                         'cache-be-parity')
    log = wait_text(guest, 'dmesg', 'device recovery')
    bind_again(guest)
    return log


def check_fatal(tap, guest, function):
    """Where Linux binds the driver too early, recovery fails: once more."""
    for _ in range(5):
        log = inject_fatal(guest, function)
        if TOO_EARLY not in log:
            break
    trace = guest.must(f'cat {TRACING}/trace')
    tap.match(trace, r"status: 'Cache Byte Enable Parity Error \| "
              r"Receiver Overflow' first_error: 'Receiver Overflow'",
              'two errors are traced, and which was the first')
    check_aer_event(tap, trace, function, 'Fatal', '.*')
    tap.match(log, r'frozen state error detected, disable CXL.mem',
              'a fatal error stops CXL.mem')
    tap.match(log, r'restart CXL.mem after slot reset',
              'it starts again after the reset of the link')
    tap.match(log, 'device recovery successful', 'and Linux recovers')
    usable(tap, guest, 'after a fatal error')


def check_masked(tap, guest, function):
    """As power comes on: latched, and nobody hears of it."""
    clear(guest)
    guest.must(f'setpci -s {function} ECAP_AER+14.l=4000:4000')
    guest.qmp.command('cxl-inject-correctable-error', path='mem1',
                      type='physical')
    time.sleep(1)
    tap.no_match(guest.must(f'cat {TRACING}/trace'), 'cxl_aer',
                 'an error that AER masks is not reported')
    tap.equal(int(guest.must(f'setpci -s {function} ECAP_AER+10.l'), 16) &
              0x4000, 0x4000, 'but latched')


def check_ports(tap, guest, function, ids):
    """Linux handles CXL errors of ports by their AER registers only."""
    functions = ports_above(guest, function)
    tap.equal(len(functions), len(ids), 'three ports are above the device')
    for port, path in zip(functions, ids):
        clear(guest)
        base = guest.must(f'echo $(( 0x$(setpci -s {port} 14.l)'
                          f'$(setpci -s {port} 10.l) & ~15 ))')
        tap.ok(int(base), f'{path} has component registers')
        guest.must(UNMASK.format(port))
        guest.must(f'devmem $(({base} + 0x1090)) 32 0')
        guest.qmp.command('cxl-inject-correctable-error', path=path,
                          type='physical')
        log = wait_text(guest, 'dmesg', 'CorrIntErr')
        tap.match(log, rf'{port}: .*CorrIntErr|{port}: +\[14\] CorrIntErr',
                  f'AER reports the error of {path}')
        tap.equal(int(guest.must(f'devmem $(({base} + 0x108c)) 32'), 16),
                  0x40, f'{path} has it in its RAS registers')


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(1, volatile=256)
    ports = topology.add_switch(topology.add_port(), 1)
    topology.add_memory(2, volatile=256, port=ports[0])
    with Guest(NAME, topology.args()) as guest:
        check_ownership(tap, guest)
        guest.must(f'cd {TRACING}/events; echo 1 >cxl/enable; '
                   'echo 1 >ras/aer_event/enable')
        function = function_of(guest, 1)
        guest.must(UNMASK.format(function))
        check_correctable(tap, guest, function)
        check_fatal(tap, guest, function)
        check_nonfatal(tap, guest, function)
        check_masked(tap, guest, function)
        check_ports(tap, guest, function_of(guest, 2),
                    ['rp1', 'us0', 'us0dp0'])
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

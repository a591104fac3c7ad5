#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Poison as Linux sees it: lists, trace records, and processes that read it."""

import re

from cxlguest import (Guest, MIB, Topology, by_serial, create_region,
                      dax_device, main)

NAME = 'cxl-poison'
DEBUG = '/sys/kernel/debug/cxl'
TRACING = '/sys/kernel/tracing'
GRANULARITY = 256
LIST_MAX = 4


def trace_list(guest, memdev):
    """Trace records of all that the device lists."""
    guest.must(f'echo >{TRACING}/trace')
    guest.must(f'echo 1 >/sys/bus/cxl/devices/{memdev}/trigger_poison_list')
    return [line for line in guest.must(f'cat {TRACING}/trace').splitlines()
            if ' cxl_poison: ' in line and 'trace_type=List' in line]


def inject(guest, memdev, dpa):
    guest.must(f'echo {dpa:#x} >{DEBUG}/{memdev}/inject_poison')


def clear(guest, memdev, dpa):
    guest.must(f'echo {dpa:#x} >{DEBUG}/{memdev}/clear_poison')


def check_list(tap, guest, memdev):
    """What is not mapped: by device address alone."""
    tap.equal(trace_list(guest, memdev), [], 'a new device lists nothing')
    inject(guest, memdev, 0x1000)
    lines = trace_list(guest, memdev)
    tap.equal(len(lines), 1, 'one injected line is listed')
    tap.match(lines[0], r'dpa=0x1000 dpa_length=0x40 source=Injected',
              'with its address, length and source')
    for dpa in ('0x1001', hex(512 * MIB)):
        status, _ = guest.run(f'echo {dpa} >{DEBUG}/{memdev}/inject_poison')
        tap.ok(status, f'{dpa} is refused')
    guest.qmp.command('cxl-inject-poison', path='mem2', start=0x2000,
                      length=0x100)
    clear(guest, memdev, 0x2040)
    lines = '\n'.join(trace_list(guest, memdev))
    tap.match(lines, 'dpa=0x2000 dpa_length=0x40 ',
              'one line cleared of four leaves the one before')
    tap.match(lines, 'dpa=0x2080 dpa_length=0x80 ', 'and the two behind')
    errors = guest.json(f'cxl list -m {memdev} --media-errors')
    tap.equal(sorted(error['offset'] for error in errors[0]['media_errors']),
              [0x1000, 0x2000, 0x2080], 'cxl list shows the same')
    for dpa in (0x1000, 0x2000, 0x2080, 0x20c0):
        clear(guest, memdev, dpa)
    tap.equal(trace_list(guest, memdev), [], 'and nothing once all is cleared')


def check_overflow(tap, guest, memdev):
    for number in range(LIST_MAX + 1):
        inject(guest, memdev, number * 0x1000)
    lines = trace_list(guest, memdev)
    tap.equal(len(lines), LIST_MAX, 'the list has what it has room for')
    tap.match(lines[0], r'flags=Overflow overflow_time=',
              'and says that it has overflowed')
    for number in range(LIST_MAX + 1):
        clear(guest, memdev, number * 0x1000)


def consume(guest, device, offset, command=''):
    return guest.run(f'cxl-consume {device} {offset:#x} {command} 2>&1')


def check_processes(tap, guest, region, device, memdevs):
    """HPA 0x600100 of two ways is the second device's line at 0x300000."""
    offset, dpa = 6 * MIB + GRANULARITY, 3 * MIB
    status, _ = consume(guest, device, offset)
    tap.equal(status, 0, 'without poison a process reads')
    inject(guest, memdevs[1], dpa)
    lines = trace_list(guest, memdevs[1])
    tap.match('\n'.join(lines), rf'region={region["region"]} .*'
              rf'hpa=0x{region["resource"] + offset:x} .*dpa={dpa:#x} ',
              'the list names region and host address')
    errors = guest.json(f'cxl list -r {region["region"]} --media-errors')
    tap.equal([(error['offset'], error['length'])
               for error in errors[0].get('media_errors', [])],
              [(offset, 64)], 'cxl list shows it at its place in the region')
    _, text = consume(guest, device, offset - 8)
    tap.match(text, 'value=', 'the bytes before it, of another device, read')
    status, _ = consume(guest, device, offset)
    tap.equal(status, 128 + 7, 'who reads poison is killed by SIGBUS')
    tap.match(guest.must('dmesg'),
              rf'Memory failure: {(region["resource"] + offset) >> 12:#x}',
              'the kernel knows the page')

    offset, dpa = 10 * MIB + 0x5000, 5 * MIB + 0x2800
    inject(guest, memdevs[0], dpa)
    survives(tap, *consume(guest, f'-s {device}', offset + 8),
             'who handles SIGBUS of a DAX device')


def survives(tap, status, text, who):
    """Returns where the signal says that the loss is, and its bits."""
    tap.note(text.strip())
    tap.equal(status, 0, f'{who} survives')
    words = dict(re.findall(r'(\w+)=(\S+)', text))
    tap.equal(words.get('code'), 'BUS_MCEERR_AR', 'and is told what happened')
    lsb = int(words.get('lsb', 0))
    tap.equal(int(words.get('addr', '-1'), 0) >> lsb,
              int(words.get('at', '0'), 0) >> lsb, 'and where')
    return lsb


def corrupted(guest):
    """KiB"""
    line = guest.must('grep HardwareCorrupted: /proc/meminfo')
    return int(line.split()[1])


def check_system_ram(tap, guest, memdev):
    """In pages, which processes lose one by one."""
    guest.must('modprobe kmem')
    region = create_region(guest, memdev, 'ram')
    guest.must(f"""
echo 'echo $((($1 & ~63) - {region['resource']})) >{DEBUG}/{memdev}/inject_poison' \
    >/run/poison""")
    before = corrupted(guest)
    status, _ = consume(guest, 'node:1', 0x1008, "'sh /run/poison'")
    tap.equal(status, 128 + 7, 'who reads poison in System RAM is killed')
    lsb = survives(tap, *consume(guest, '-s node:1', 0x3f10,
                                 "'sh /run/poison'"),
                   'who handles SIGBUS of System RAM')
    tap.equal(lsb, 12, 'with the address of the page')
    tap.equal(corrupted(guest) - before, 8, 'Linux does without the two pages')


def check_block_device(tap, guest, memdev):
    """The kernel reads it, and survives; a write of the block heals it."""
    region = create_region(guest, memdev, 'pmem')
    disk = guest.json('ndctl create-namespace -m fsdax -M mem')['blockdev']
    start = int(guest.must(f'cat /sys/block/{disk}/device/resource'), 0)
    inject(guest, memdev, start - region['resource'] + 1000 * 4096 + 640)
    read = (f'dd if=/dev/{disk} bs=4096 skip=1000 count=1 iflag=direct 2>&1 '
            '>/dev/null')
    _, text = guest.run(read)
    tap.match(text, 'Input/output error', 'a block with poison is not read')
    tap.succeeds(guest, f'dd if=/dev/zero of=/dev/{disk} bs=4096 seek=1000 '
                 'count=1 oflag=direct', 'but can be written')
    tap.equal(trace_list(guest, memdev), [], 'which heals it')
    tap.succeeds(guest, read, 'and it is read again')


def check_broadcast(tap, topology):
    """All CPUs of Intel's take part; Linux panics when one does not."""
    cpu = 'max,vendor=GenuineIntel,family=6,model=94,-hypervisor'
    with Guest(NAME, [*topology.args(), '-cpu', cpu]) as guest:
        memdev = by_serial(guest, 3)
        guest.must('modprobe -r kmem')
        region = create_region(guest, memdev, 'ram', wait_driver=False)
        device = dax_device(guest, region)
        inject(guest, memdev, 3 * MIB)
        for cpu in range(2):
            survives(tap, *guest.run(f'taskset -c {cpu} cxl-consume -s '
                                     f'{device} {3 * MIB:#x} 2>&1'),
                     f'who handles SIGBUS on CPU {cpu} of Intel\'s')
        checks = guest.must('grep MCE: /proc/interrupts').split()[1:3]
        tap.equal(checks, ['2', '2'], 'each CPU takes each machine check')


def test(tap, directory):
    topology = Topology(directory)
    for serial in (1, 2, 3):
        topology.add_memory(serial, volatile=512, sn=True,
                            options=f',poison-list-max={LIST_MAX}')
    topology.add_memory(4, persistent=256, sn=True)
    with Guest(NAME, topology.args()) as guest:
        # Linux takes for an error of theirs what its set-up does to the APIC
        tap.equal(guest.must('nproc').strip(), '2', 'both CPUs have started')
        memdevs = [by_serial(guest, serial) for serial in (1, 2, 3)]
        guest.must(f'modprobe -r kmem; echo 1 >{TRACING}/events/cxl/enable')
        check_list(tap, guest, memdevs[1])
        check_overflow(tap, guest, memdevs[1])
        region = create_region(guest, memdevs[:2], 'ram',
                               granularity=GRANULARITY, wait_driver=False)
        device = dax_device(guest, region)
        check_processes(tap, guest, region, device, memdevs)
        check_block_device(tap, guest, by_serial(guest, 4))
        check_system_ram(tap, guest, memdevs[2])
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
    check_broadcast(tap, topology)


main(NAME, test)

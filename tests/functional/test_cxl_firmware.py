#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux updates the firmware of a CXL memory device."""

import base64
import struct
import time

from cxlguest import Guest, SLOW, Topology, by_serial, main

NAME = 'cxl-firmware'
SERIAL = 1
IMAGE_MB = 2
# Transfers in the background would take many minutes
SECONDS = 60
PATH = f'/machine/peripheral/mem{SERIAL}'
VERSION = 'test 1.2'


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def image(damage=0):
    """One with the header that the guide describes."""
    body = bytes(range(256)) * 20
    return struct.pack('<8s16sII', b'QEMUCXLF', VERSION.encode(), 0,
                       crc32c(body) ^ damage) + body


def firmware(guest):
    return guest.json(f'cxl list -F -M -s {SERIAL}')[0]['firmware']


def update(tap, guest):
    memdev = by_serial(guest, SERIAL)
    before = firmware(guest)
    tap.equal(before['num_slots'], 4, 'there are four slots')
    tap.equal(before['active_slot'], 1, 'the first one is active')
    tap.ok('staged_slot' not in before, 'none is staged')
    guest.must('dd if=/dev/urandom of=/run/image bs=1M '
               f'count={IMAGE_MB} 2>/dev/null')
    start = time.monotonic()
    guest.must(f'cxl update-firmware -F /run/image -w {memdev}',
               SECONDS * SLOW)
    tap.note(f'{IMAGE_MB} MB took {time.monotonic() - start:.1f} s')
    tap.ok(time.monotonic() - start < SECONDS * SLOW, 'the update is quick')
    after = firmware(guest)
    tap.equal(after['active_slot'], 1, 'the first slot is active still')
    tap.equal(after['staged_slot'], 2, 'the second one is staged')
    tap.match(after['slot_2_version'], '^crc-[0-9a-f]{8}$',
              'it has the version of the image')
    return after['slot_2_version']


def check_active(tap, guest, version):
    found = firmware(guest)
    tap.equal(found['active_slot'], 2, 'power came on: the image is active')
    tap.equal(found['slot_2_version'], version, 'and has its version')
    tap.ok('staged_slot' not in found, 'nothing is staged any more')
    memdev = by_serial(guest, SERIAL)
    tap.equal(guest.must(f'cat /sys/bus/cxl/devices/{memdev}/'
                         'firmware_version').strip(), version,
              'Identify Memory Device has it, too')


def update_script(guest, data, options=''):
    text = base64.b64encode(data).decode()
    guest.must(f'echo {text} | base64 -d >/run/image')
    return (f'cxl update-firmware -F /run/image {options} '
            + by_serial(guest, SERIAL))


def check_damaged(tap, guest):
    """With -w, cxl would wait for bytes that the driver never sends."""
    before = firmware(guest)
    guest.must(update_script(guest, image(damage=1)))
    driver = f'/sys/class/firmware/{by_serial(guest, SERIAL)}'
    guest.wait(f'grep -q idle {driver}/status')
    tap.equal(guest.must(f'cat {driver}/error'),
              'transferring:read-write-error',
              'an image with a wrong checksum is refused')
    tap.equal(firmware(guest), before, 'and changes nothing')


def check_reboot(tap, guest):
    """It takes the device's power to make the image active."""
    tap.succeeds(guest, update_script(guest, image(), '-w'),
                 'an image with a header is taken')
    found = firmware(guest)
    tap.equal((found['active_slot'], found.get('staged_slot')), (2, 3),
              'it is staged in the next slot')
    guest.reboot()
    found = firmware(guest)
    tap.equal((found['active_slot'], found.get('staged_slot'),
               found['slot_3_version']), (2, 3, VERSION),
              'a reboot leaves it staged')
    guest.qmp.command('cxl-inject-power-loss', path=PATH)
    guest.reboot()
    found = firmware(guest)
    tap.equal((found['active_slot'], found['slot_3_version'],
               'staged_slot' in found), (3, VERSION, False),
              'a loss of power makes it active')


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, persistent=256,
                        options=f',nv={topology.backend("nv1", 1, True)}')
    with Guest(NAME, topology.args()) as guest:
        version = update(tap, guest)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
    with Guest(NAME, topology.args()) as guest:
        check_active(tap, guest, version)
        check_damaged(tap, guest)
        check_reboot(tap, guest)
        tap.quiet(guest, 'the kernel still has no complaint')
        tap.equal(guest.quit(), 0, 'QEMU ends in order, again')


main(NAME, test)

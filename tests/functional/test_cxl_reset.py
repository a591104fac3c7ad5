#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Resets of a CXL memory device by a Linux guest: FLR and bus reset."""

from cxlguest import (Guest, Topology, by_serial, create_region,
                      destroy_region, main)

NAME = 'cxl-reset'
SERIAL = 2
SIZE = '512M'


def pci_device(guest, memdev):
    """Directory of the PCI function of a memdev."""
    return guest.must(f'dirname $(readlink -f /sys/bus/cxl/devices/{memdev})'
                      ).strip()


def reset(tap, guest, device, method):
    tap.succeeds(guest, f'echo {method} >{device}/reset_method && '
                 f'echo 1 >{device}/reset', f'the function takes a {method}')


def open_region(guest, memdev):
    region = create_region(guest, memdev, 'ram')
    guest.must('daxctl offline-memory dax0.0; '
               'daxctl reconfigure-device -m devdax dax0.0')
    return region


def wait_memdev(guest):
    guest.wait(f'cxl list -M -s {SERIAL} | grep -q memdev')
    return by_serial(guest, SERIAL)


def check_alive(tap, guest, memdev, when):
    status = guest.json(f'cxl list -m {memdev} -HI')[0]
    tap.ok('health' in status and 'lsa_size' not in status,
           f'the mailbox answers {when}', status)


def check_flr(tap, guest, device, memdev):
    """CXL r3.1 9.6: whatever belongs to CXL.mem is as it was."""
    tap.match(guest.must(f'cat {device}/reset_method'), r'\bflr\b',
              'the function has a Function Level Reset')
    region = open_region(guest, memdev)
    tap.succeeds(guest, f'patt -w /dev/dax0.0 {SIZE} 3',
                 'memory takes a pattern', 300)
    reset(tap, guest, device, 'flr')
    tap.equal(guest.json('cxl list -R')[0]['decode_state'], 'commit',
              'the region is still committed after an FLR')
    tap.succeeds(guest, f'patt -r /dev/dax0.0 {SIZE} 3',
                 'memory keeps its pattern through an FLR', 300)
    check_alive(tap, guest, memdev, 'after an FLR')
    destroy_region(guest, region)


def check_bus_reset(tap, guest, device, memdev):
    """Decoders go, and everything works as at first."""
    reset(tap, guest, device, 'cxl_bus')
    check_alive(tap, guest, memdev, 'after a bus reset')
    # Linux enables memory when the driver is bound, and at no other time
    name = device.rsplit('/', 1)[1]
    drivers = '/sys/bus/pci/drivers/cxl_pci'
    guest.must(f'echo {name} >{drivers}/unbind; echo {name} >{drivers}/bind')
    region = open_region(guest, wait_memdev(guest))
    tap.succeeds(guest, f'patt /dev/dax0.0 {SIZE} 4',
                 'memory is used as before after a bus reset', 300)
    destroy_region(guest, region)


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, volatile=512)
    with Guest(NAME, topology.args()) as guest:
        memdev = by_serial(guest, SERIAL)
        device = pci_device(guest, memdev)
        check_flr(tap, guest, device, memdev)
        check_bus_reset(tap, guest, device, memdev)
        tap.quiet(guest)


if __name__ == '__main__':
    main(NAME, test)

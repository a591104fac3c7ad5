#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The configurations of configs/cxl that have one host bridge."""

from cxlconfigs import Case, run, shape
from cxlguest import by_serial, create_region, destroy_region

NAME = 'cxl-configs'


def plug_and_unplug(tap, guest, name):
    """What the comment of hot-plug.cfg says."""
    for serial, bus in ((2, 'rp1'), (3, 'dp0')):
        guest.qmp.command('device_add', driver='cxl-type3', bus=bus, sn=serial,
                          id=f'new{serial}', **{
                              'volatile-memdev': f'spare{serial - 2}'})
    found = guest.wait('[ $(ls -d /sys/bus/cxl/devices/endpoint* | wc -l) = 3 '
                       ']')
    tap.ok(found, f'{name}: two devices are plugged in')
    region = create_region(guest, by_serial(guest, 3), 'ram',
                           wait_driver=False)
    tap.equal(region['decode_state'], 'commit', f'{name}: one is used')
    destroy_region(guest, region)
    guest.qmp.command('device_del', id='new3')
    gone = guest.wait('[ $(ls -d /sys/bus/cxl/devices/endpoint* | wc -l) = 2 '
                      ']')
    tap.ok(gone, f'{name}: and unplugged')


def divide(tap, guest, name):
    """What the comment of partitionable.cfg says, but for the reboot."""
    device = by_serial(guest, 1)
    guest.must(f'cxl set-partition {device} -t pmem -s 768M')
    info = guest.json(f'cxl list -I -m {device}')[0]['partition_info']
    tap.equal(info['next_persistent_size'], 768 << 20,
              f'{name}: will be divided anew')


def look_at_windows(tap, guest, name):
    """The CEDT tells what each window is for."""
    text = guest.must('cd /sys/bus/cxl/devices; '
                      'for d in decoder0.?; do echo $d $(cat $d/cap_ram '
                      '$d/cap_pmem $d/qos_class); done')
    tap.equal(text.split('\n'),
              ['decoder0.0 1 0 0', 'decoder0.1 0 1 0', 'decoder0.2 1 1 0',
               'decoder0.3 1 0 1'], f'{name}: what the windows are for')


run(NAME, [
    Case('one-device', [shape(0, [1])]),
    Case('windows', [shape(0, [1]), shape(1, [2], kind='pmem'),
                     shape(3, [1])], look_at_windows),
    Case('volatile-persistent', [shape(0, [1]),
                                 shape(0, [1], kind='pmem')]),
    Case('partitionable', [shape(0, [1]), shape(0, [1], kind='pmem')],
         divide),
    Case('persistent', [shape(0, [1, 2], 4096, 'pmem')]),
    Case('hot-plug', [shape(0, [1])], plug_and_unplug),
])

# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots Linux on the topologies of configs/cxl and makes regions there."""

import os
import re
import subprocess
import sys

from cxlguest import Guest, TOP, main
from cxlregion import Region, Shape, check_created, check_iomem

CONFIGS = os.path.join(TOP, 'configs', 'cxl')
DRAW = os.path.join(TOP, 'scripts', 'cxl-topology')
QMP = 'drawing.sock'        # in the directory of the test
SPARSE = 1 << 20            # a pattern in one of 16 blocks of 64 KiB

# PCI ids of the functions that each driver has
IDS = {'cxl-rp': '8086:7075', 'cxl-upstream': '19e5:a128',
       'cxl-downstream': '19e5:a129', 'cxl-type3': '8086:0d93'}


class Window:
    """A window of a configuration, by its root decoder."""

    def __init__(self, number, ways):
        self.decoder = f'decoder0.{number}'
        self.ways = ways

    def xormaps(self, _guest):
        """Where bytes are in the devices is not looked at here."""
        return ()


def shape(window, serials, granularity=256, kind='ram', ways=1):
    """A region in a window over the devices with these serial numbers."""
    name = f'{kind} x{len(serials)} {granularity} B in window {window}'
    return Shape(name, Window(window, ways), list(serials), granularity,
                 kind, SPARSE)


def read(name):
    with open(os.path.join(CONFIGS, name + '.cfg'), encoding='utf-8') as file:
        return file.read()


def counts(text):
    """How many functions of each kind a configuration has."""
    return {driver: len(re.findall(rf'^\s*driver = "{driver}"$', text, re.M))
            for driver in IDS}


def check_devices(tap, guest, name, text):
    """Everything is enumerated, and every memory device has its driver."""
    wanted = counts(text)
    lspci = guest.must('lspci -n')
    tap.equal({driver: lspci.count(code) for driver, code in IDS.items()},
              wanted, f'{name}: lspci shows every function')
    number = wanted['cxl-type3']
    guest.wait(f'[ $(ls -d /sys/bus/cxl/devices/endpoint* | wc -l) = {number} '
               ']')
    devices = guest.json('cxl list -M')
    tap.equal(len(devices), number, f'{name}: every memdev is found')
    endpoints = guest.json('cxl list -E') or []
    tap.equal(len(endpoints), number, f'{name}: every memdev has an endpoint')
    serials = [int(value, 0)
               for value in re.findall(r'^\s*sn = "(0x\w+)"$', text, re.M)]
    if serials:
        tap.equal(sorted(device['serial'] for device in devices),
                  sorted(serials), f'{name}: serial numbers')
    windows = set(re.findall(r'cxl-fmw\.(\d+)\.', text))
    roots = guest.json('cxl list -D -d root')
    tap.equal(len(roots), len(windows), f'{name}: every window is found')
    return devices


def check_drawing(tap, name, region):
    """scripts/cxl-topology shows the region in its window."""
    drawn = subprocess.run([sys.executable, DRAW, '--ascii', '--qmp', QMP],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False).stdout
    tap.match(' '.join(drawn.split()),
              rf' region {region.info["resource"]:#x} \+ \w+ -- '
              + ', '.join([r'\w+'] * len(region.shape.serials)) + r'(?!,)',
              f'{name}: cxl-topology shows it')


def check_region(tap, guest, name, wanted):
    """The whole life of a region."""
    region = Region(guest, wanted)
    name = f'{name}: {wanted.name}'
    check_created(tap, region, name)
    check_drawing(tap, name, region)
    if wanted.kind == 'ram':
        region.open_volatile()
        check_iomem(tap, region, name)
    else:
        region.open_persistent(create=True)
    tap.succeeds(guest, region.script(), f'{name}: reads back what was '
                 'written', 120)
    if wanted.kind == 'pmem':
        guest.must('ndctl destroy-namespace -f all', 120)
    region.destroy()


class Case:
    """A configuration; shapes: a list, or makes one of the devices.

    more: looks at what is particular to it, with (tap, guest, name).
    kmem: let memory become System RAM; there are no shapes then.
    """

    def __init__(self, name, shapes, more=None, cpus=2, kmem=False):
        self.name = name
        self.shapes = shapes
        self.more = more
        self.cpus = cpus
        self.kmem = kmem

    def check(self, tap, test):
        text = read(self.name)
        args = ['-readconfig', os.path.join(CONFIGS, self.name + '.cfg'),
                '-qmp', f'unix:{QMP},server,wait=off']
        with Guest(test, args, machine='q35', cpus=self.cpus) as guest:
            if not self.kmem:
                guest.must('modprobe -r kmem')
            devices = check_devices(tap, guest, self.name, text)
            shapes = self.shapes
            if callable(shapes):
                shapes = shapes(devices)
            for wanted in shapes:
                check_region(tap, guest, self.name, wanted)
            if self.more:
                self.more(tap, guest, self.name)
            tap.quiet(guest, f'{self.name}: the kernel has no complaint')
            tap.equal(guest.quit(), 0, f'{self.name}: QEMU ends in order')


def run(test, cases):
    """Files of the configurations are in the directory of the test."""
    def body(tap, directory):
        os.chdir(directory)
        for case in cases:
            case.check(tap, test)
        os.chdir('/')

    main(test, body, memory_gib=3)

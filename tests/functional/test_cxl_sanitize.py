#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sanitize and Secure Erase from Linux: in the guest and in the files."""

import time

from cxlguest import (Guest, MIB, Topology, by_serial, create_region,
                      destroy_region, main, wait_file)

NAME = 'cxl-sanitize'
SERIAL = 1
SIZE = 256
STEP = '16M'        # what is written to, and read: 64 KiB of each of these
FILES = ('ram1', 'pmem1', 'lsa1')
# Device registers, by CXL r3.1 8.2.8; where cxl-type3 has them
COMMAND, CONTROL, MEDIA_STATUS = 0x108, 0x104, 0xc0
SANITIZE = 0x4400


def security(memdev, name):
    return f'/sys/bus/cxl/devices/{memdev}/security/{name}'


def in_use(path):
    """How many bytes of a file are not zero."""
    count = 0
    with open(path, 'rb') as file:
        while True:
            block = file.read(MIB)
            if not block:
                return count
            count += len(block) - block.count(0)


class Memory:
    """A region of each kind over all memory of the device."""

    def __init__(self, guest):
        self.guest = guest
        memdev = by_serial(guest, SERIAL)
        self.volatile = create_region(guest, memdev, 'ram', f'-s {SIZE}M')
        dax = f'dax{self.volatile["region"].removeprefix("region")}.0'
        guest.must(f'daxctl offline-memory {dax}; '
                   f'daxctl reconfigure-device -m devdax {dax}')
        self.persistent = create_region(guest, memdev, 'pmem',
                                        f'-s {SIZE}M')
        self.spaces = guest.json('ndctl list -N') or []
        self.files = [f'/dev/{dax}', '/dev/' + self.namespace()]

    def namespace(self):
        """On persistent memory, with a label of it, and no byte of it."""
        name = self.persistent['nd']
        if not self.spaces:
            self.guest.must(f'ndctl create-namespace -m raw -r {name}')
        disk = self.guest.json(f'ndctl list -N -r {name}')[0]['blockdev']
        wait_file(self.guest, f'/dev/{disk}')
        return disk

    def patt(self, options, seed=0):
        """Whether patt succeeds with all memory."""
        return all(self.guest.run(f'patt {options} -j {STEP} {file} {SIZE}M '
                                  f'{seed}', 300)[0] == 0
                   for file in self.files)

    def destroy(self):
        self.guest.must('ndctl disable-namespace all')
        destroy_region(self.guest, self.persistent)
        destroy_region(self.guest, self.volatile)


def fill(tap, guest, topology, name):
    """Something everywhere, and the device free again."""
    memory = Memory(guest)
    tap.ok(memory.patt('-w', 7) and memory.patt('-r', 7),
           f'{name}: memory has a pattern')
    for operation in ('sanitize', 'erase'):
        path = security(by_serial(guest, SERIAL), operation)
        status, output = guest.run(f'echo 1 >{path}')
        tap.ok(status and 'busy' in output,
               f'{name}: {operation} is refused while regions use the device',
               output)
    memory.destroy()
    for file in FILES:
        tap.ok(in_use(topology.path(file)), f'{name}: {file} is in use')


def check_gone(tap, guest, topology, name):
    for file in FILES:
        tap.equal(in_use(topology.path(file)), 0, f'{name}: {file} is zero')
    # Linux has read the labels before
    memdev = by_serial(guest, SERIAL)
    guest.must(f'cxl disable-memdev {memdev} && cxl enable-memdev {memdev}')
    wait_file(guest, '/sys/bus/nd/devices/nmem0')
    memory = Memory(guest)
    tap.equal(memory.spaces, [], f'{name}: the namespace is gone in Linux')
    tap.ok(memory.patt('-rz'), f'{name}: memory reads as zero there')
    tap.ok(memory.patt('-w', 8) and memory.patt('-r', 8),
           f'{name}: and takes another pattern')
    memory.destroy()


def pci_device(guest):
    return guest.must('cd /sys/bus/pci/drivers/cxl_pci && ls -d *:*')


def check_sanitize(tap, guest, topology):
    """Linux rings the doorbell without enabling interrupts: it looks again
    after a second, and after eleven more."""
    memdev = by_serial(guest, SERIAL)
    fill(tap, guest, topology, 'Sanitize')
    state = security(memdev, 'state')
    output = guest.must(f'cat {state}; echo 1 >{security(memdev, "sanitize")} '
                        f'&& cat {state}; cxl wait-sanitize {memdev} '
                        f'2>/dev/null; cat {state}')
    tap.equal(output.split(), ['disabled', 'sanitize', 'disabled'],
              'Sanitize runs, and ends')
    check_gone(tap, guest, topology, 'Sanitize')


def check_erase(tap, guest, topology):
    memdev = by_serial(guest, SERIAL)
    fill(tap, guest, topology, 'Secure Erase')
    tap.succeeds(guest, f'echo 1 >{security(memdev, "erase")}',
                 'Secure Erase')
    check_gone(tap, guest, topology, 'Secure Erase')


def media_status(guest, base):
    return int(guest.must(f'devmem {base + MEDIA_STATUS} 64'), 0) >> 2 & 3


def by_registers(guest, base):
    """A Sanitize without a driver, for Linux sends none to such a device."""
    guest.must(f'devmem {base + COMMAND} 64 {SANITIZE} && '
               f'devmem {base + CONTROL} 32 1')
    for _ in range(100):
        if media_status(guest, base) == 1:
            return
        time.sleep(0.1)


def check_interrupted(tap, guest, topology):
    fill(tap, guest, topology, 'interrupted')
    guest.must(f'echo 1 >{security(by_serial(guest, SERIAL), "sanitize")}')
    guest.qmp.command('system_reset')
    guest.guarded(guest.wait_ready)
    tap.match(guest.must('dmesg'), r'cxl_pci .*: Media not active',
              'interrupted: Linux finds the media disabled')
    device = pci_device(guest)
    base = int(guest.must(f'sed -n 3p /sys/bus/pci/devices/{device}/resource')
               .split()[0], 0)
    tap.equal(media_status(guest, base), 3, 'interrupted: and so it is')
    by_registers(guest, base)
    tap.equal(media_status(guest, base), 1,
              'interrupted: until another Sanitize is complete')
    guest.must(f'cd /sys/bus/pci/drivers/cxl_pci && echo {device} >unbind && '
               f'echo {device} >bind')
    wait_file(guest, '/sys/bus/nd/devices/nmem0')
    check_gone(tap, guest, topology, 'interrupted')


def test(tap, directory):
    topology = Topology(directory)
    # Linux has but one region below a bridge that has but one port
    topology.add_port()
    topology.backend('nv1', 1, True)
    topology.add_memory(SERIAL, volatile=SIZE, persistent=SIZE, in_file=True,
                        options=',nv=nv1')
    with Guest(NAME, topology.args()) as guest:
        check_sanitize(tap, guest, topology)
        check_erase(tap, guest, topology)
        tap.quiet(guest)
        check_interrupted(tap, guest, topology)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

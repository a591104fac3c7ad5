#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What Linux, lspci, cxl and cxl-probe see of the reference topology."""

import os
import re
import subprocess

from cxlguest import Guest, MIB, QEMU, Topology, main

NAME = 'cxl-enumerate'
# Driver of each ordinary PCIe device that may stand below a CXL root port
PLAIN = [('e1000e', 'e1000e', ''),
         ('nvme', 'nvme', ',serial=plain,drive=plain'),
         ('virtio-net-pci', 'virtio-pci', ''),
         ('virtio-rng-pci', 'virtio-pci', ''),
         ('virtio-blk-pci', 'virtio-pci', ',drive=plain')]


def plain_device():
    listed = subprocess.run([QEMU, '-device', 'help'], text=True, check=True,
                            stdout=subprocess.PIPE).stdout
    for name, driver, options in PLAIN:
        if f'"{name}"' in listed:
            return name, driver, options
    return None, None, None


def add_plain(topology, directory, name, options):
    if 'drive=' in options:
        path = os.path.join(directory, 'disk')
        with open(path, 'wb') as file:
            file.truncate(16 * MIB)
        topology.lines += ['-drive', f'if=none,id=plain,format=raw,'
                           f'file={path}']
    topology.add_device(name + options)


def check_dmesg(tap, guest):
    log = guest.must('dmesg')
    tap.match(log, r'ACPI0016:00: _OSC: OS now controls '
              r'\[CXLMemErrorReporting\]', '_OSC gives the OS error reporting')
    tap.match(log, r'ACPI0016:00: _OSC: OS now controls .*PCIeHotplug.*AER',
              '_OSC gives the OS PCIe hotplug and AER')
    tap.match(log, r'pci0000:0c: host supports CXL', 'the host supports CXL')
    tap.quiet(guest)


def check_lspci(tap, guest):
    text = guest.must('lspci -vvv')
    functions = re.split(r'\n\n', text)
    cxl = [block for block in functions if 'CXL' in block]
    tap.equal(len(cxl), 7, 'lspci: three devices and four ports speak CXL')
    tap.no_match('\n'.join(cxl), r'(?i)\bunknown\b|broken|looped|denied|'
                 r'!!!|\?\?|unhandled|invalid', 'lspci: nothing is strange')
    devices = [block for block in cxl if ' CXL: ' in block.split('\n')[0]]
    tap.equal(len(devices), 3, 'lspci: three devices are of class CXL')
    for number, block in enumerate(devices):
        tap.match(block, r'CXLCap:.*Mem\+.*HDMCount [12]',
                  f'lspci: {number}: device DVSEC')
        tap.match(block, r'CXLCtl:.*Mem\+', f'lspci: {number}: memory is on')
        tap.match(block, r'Data Object Exchange', f'lspci: {number}: DOE')
        tap.match(block, r'Device Serial Number', f'lspci: {number}: DSN')
        tap.match(block, r'Kernel driver in use: cxl_pci',
                  f'lspci: {number}: the driver is bound')


def memdevs_by_size(devices):
    return {(device.get('ram_size', 0) // MIB,
             device.get('pmem_size', 0) // MIB): device for device in devices}


def check_memdevs(tap, guest):
    devices = guest.json('cxl list -M -I -H -A -F')
    by_size = memdevs_by_size(devices)
    tap.equal(sorted(by_size), [(0, 512), (256, 256), (512, 0)],
              'cxl list: sizes of the three devices')
    tap.equal(by_size[(0, 512)]['serial'], 1, 'cxl list: first serial number')
    tap.equal(by_size[(512, 0)]['serial'], 2, 'cxl list: second')
    tap.ok(by_size[(256, 256)]['serial'] not in (0, 1, 2),
           'cxl list: a device without sn has a number of its own')
    for device in devices:
        name = f'cxl list: {device["host"]}'
        tap.ok('firmware' in device, f'{name}: firmware is shown', device)
        tap.ok('health' in device, f'{name}: health is shown', device)
        tap.ok('alert_config' in device, f'{name}: alerts are shown', device)
        tap.ok('partition_info' in device, f'{name}: partitions are shown',
               device)


def check_tree(tap, guest):
    """One tree of buses, ports, decoders, memdevs and targets."""
    text = guest.must('cxl list -vvv -B -P -D -M -T')
    tap.match(text, r'"bus":"root0"', 'cxl list: the bus')
    tap.match(text, r'"provider":"ACPI.CXL"', 'cxl list: its provider')
    ports = guest.json('cxl list -P -T')
    tap.equal(len(ports), 1, 'cxl list: one host bridge')
    tap.equal(ports[0].get('nr_dports'), 4, 'cxl list: it has four ports')
    root = guest.json('cxl list -D -d root -T')
    tap.equal(root[0]['size'], 4096 * MIB, 'cxl list: the window has 4 GiB')
    for kind in ('pmem_capable', 'volatile_capable'):
        tap.ok(root[0].get(kind), f'cxl list: the window is {kind}', root)
    tap.equal([target['target'] for target in root[0]['targets']],
              ['pci0000:0c'], 'cxl list: its target is the host bridge')


def parse_probe(text):
    """Lines "owner key: value"; a value of words a=b becomes a dict."""
    owners = {}
    for line in text.splitlines():
        match = re.match(r'(\S+) (\S+): (.*)$', line)
        if match:
            owner, key, value = match.groups()
            pairs = dict(re.findall(r'(\S+)=(\S+)', value))
            owners.setdefault(owner, {})[key] = pairs or value
    return owners


def check_device_config(tap, name, got):
    for number in (0, 5, 7, 8):
        tap.ok(f'dvsec.{number}' in got, f'{name}: DVSEC {number}')
    tap.equal(got['class'], '050210', f'{name}: class')
    tap.ok(int(got.get('dsn', '0'), 16), f'{name}: serial number')
    tap.equal(got['device.protocols'], {'cache': '0', 'io': '1', 'mem': '1'},
              f'{name}: CXL.io and CXL.mem')
    ranges = int(got['device.hdm-count'])
    for number in range(ranges):
        entry = got[f'device.range.{number}']
        tap.ok((entry['valid'], entry['active']) == ('1', '1') and
               int(entry['size'], 16), f'{name}: range {number} is active',
               entry)
    tap.equal(got['doe.discovery'], 'complete', f'{name}: DOE discovery')
    tap.equal((got['cdat']['checksum'], got['cdat']['total']),
              ('good', 'good'), f'{name}: CDAT is whole')
    areas = [entry for key, entry in got.items()
             if key.startswith('cdat.') and entry['type'] == 'DSMAS']
    tap.equal(sum(int(entry['length'], 16) for entry in areas), 512 * MIB,
              f'{name}: CDAT describes all memory')


def check_device_blocks(tap, name, got):
    kinds = [entry['id'] for key, entry in got.items()
             if key.startswith('block.') and entry['map'] == 'ok']
    tap.equal(sorted(kinds), ['1', '3'], f'{name}: two register blocks')
    for number in (2, 4, 5):
        tap.ok(f'cm.capability.{number}' in got,
               f'{name}: component capability {number}')
    tap.equal(got['hdm.decoders'], '10', f'{name}: ten decoders')
    tap.equal(int(got['hdm.global-control'], 16) & 2, 2,
              f'{name}: the driver enables decoding')
    for number in ('1', '2', '4000'):
        tap.ok(f'dev.capability.{number}' in got,
               f'{name}: device capability {number}')
    tap.ok(int(got['mailbox.payload-size']) >= 256, f'{name}: payload size')
    tap.equal((got['mailbox.interrupts']['doorbell'],
               got['mailbox.interrupts']['background']), ('1', '1'),
              f'{name}: mailbox interrupts')
    tap.equal(got['memdev.status'], {
        'fatal': '0', 'fw-halt': '0', 'media': '1', 'mailbox-ready': '1',
        'reset-needed': '0'}, f'{name}: memory is ready')


def check_port(tap, name, got):
    for number in (3, 4, 7, 8):
        tap.ok(f'dvsec.{number}' in got, f'{name}: DVSEC {number}')
    tap.ok('cm.capability.2' in got, f'{name}: RAS capability')
    tap.equal(got['block.0'].get('map'), 'ok', f'{name}: component registers')


def check_probe(tap, guest):
    owners = parse_probe(tap.succeeds(guest, 'cxl-probe', 'cxl-probe runs'))
    devices = [name for name in owners
               if owners[name].get('id') == '8086:0d93']
    ports = [name for name in owners if owners[name].get('id') == '8086:7075']
    tap.equal((len(devices), len(ports)), (3, 4), 'it finds all functions')
    tap.equal(sorted(owners[name]['device.hdm-count'] for name in devices),
              ['1', '1', '2'], 'a device with both kinds has two ranges')
    for name in devices:
        check_device_config(tap, name, owners[name])
        check_device_blocks(tap, name, owners[name])
    for name in ports:
        check_port(tap, name, owners[name])
    tap.equal(sorted(owners[name]['port-number'] for name in ports),
              ['0', '1', '2', '3'], 'ports have their numbers')
    bridge = owners['bridge.12']
    tap.equal((bridge['chbs']['version'], bridge['chbs']['length']),
              ('1', '0x10000'), 'CHBS of the host bridge')
    tap.equal((bridge['map'], bridge.get('hdm.decoders')), ('ok', '10'),
              'the host bridge has ten decoders')
    window = owners['window.0']['cfmws']
    tap.equal((window['size'], window['targets'], window['eniw']),
              ('0x100000000', '12', '0'), 'CFMWS of the window')
    tap.equal(int(window['base'], 16) % (256 * MIB), 0, 'it is aligned')


def check_widths(tap, guest):
    text = tap.succeeds(guest, 'cxl-probe --widths',
                        'registers answer every width and alignment')
    sweeps = re.findall(r'(\S+) widths\.(\S+): reads=(\d+) differ=(\d+)',
                        text)
    tap.equal(len(sweeps), 11 * 7, 'all blocks, all widths')
    for owner, key, _, differ in sweeps:
        if key.endswith('.4.aligned'):
            tap.equal(differ, '0', f'{owner}: {key}: reads are stable')
    tap.succeeds(guest, 'true', 'the guest lives on')


def check_plain(tap, guest, name, driver):
    if not name:
        tap.skip('a PCIe device below a CXL root port', 'none is built')
        return
    bound = guest.must('ls -l /sys/bus/pci/devices/*/driver | '
                       f'grep -c "/{driver}$" || true')
    tap.equal(bound, '1', f'{name} below a CXL root port has its driver')
    if name == 'e1000e':
        tap.match(guest.must('cat /sys/class/net/*/address'), '^52:54:00:',
                  'it reads its registers')
    if 'nvme' in name:
        tap.succeeds(guest, 'dd if=/dev/urandom of=/run/a bs=1M count=4; '
                     'dd if=/run/a of=/dev/nvme0n1; sync; '
                     'echo 3 >/proc/sys/vm/drop_caches; '
                     'head -c 4194304 /dev/nvme0n1 | cmp - /run/a',
                     'it transfers data')


def test(tap, directory):
    name, driver, options = plain_device()
    topology = Topology(directory)
    topology.add_memory(1, persistent=512)
    topology.add_memory(2, volatile=512)
    topology.add_memory(3, volatile=256, persistent=256, sn=False)
    if name:
        add_plain(topology, directory, name, options)
    else:
        topology.add_port()
    with Guest(NAME, topology.args()) as guest:
        check_lspci(tap, guest)
        check_memdevs(tap, guest)
        check_tree(tap, guest)
        check_probe(tap, guest)
        check_widths(tap, guest)
        check_plain(tap, guest, name, driver)
        check_dmesg(tap, guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ACPI tables as the ACPI reference implementation understands them.

iasl disassembles every table of several machines, QEMU's own and those about
CXL; acpiexec evaluates the methods of CXL devices.
"""

import re

import cxlacpi
from cxlguest import main

NAME = 'cxl-tables'

PCI_UUID = cxlacpi.spell_uuid('33DB4D5B-1FF7-401C-9657-7441C03DD766')
CXL_UUID = cxlacpi.spell_uuid('68F2D50B-C469-4D8A-BD3D-941A103FD3FC')
OTHER_UUID = cxlacpi.spell_uuid('00000000-C469-4D8A-BD3D-941A103FD3FC')
QTG_UUID = cxlacpi.spell_uuid('F365F9A6-A7DE-4071-A66A-B40C0B4F8E52')

MASKED, REVISION, UUID, FAILURE = 0x10, 8, 4, 2
# CXL r3.1 9.18.2: the fields of the CXL support dword
HOT_PLUG, VH_REGISTERS, ALL = 8, 2, 0xf

# (name, UUID, revision, dwords that are passed, dwords that come back)
OSC = (
    ('PCI Express', PCI_UUID, 1, (0, 0x1f, 0x1f), (0, 0x1f, 0x1f)),
    ('PCI Express, a query', PCI_UUID, 1, (1, 0x1f, 0x1f), (1, 0x1f, 0x1f)),
    ('PCI Express, DPC', PCI_UUID, 1, (0, 0x1f, 0x9f),
     (MASKED, 0x1f, 0x1f)),
    ('PCI Express, nothing', PCI_UUID, 1, (0, 0x1f, 0), (0, 0x1f, 0)),
    ('CXL', CXL_UUID, 1, (0, 0x1f, 0x1f, ALL, 1), (0, 0x1f, 0x1f, ALL, 1)),
    ('CXL, reserved control', CXL_UUID, 1, (0, 0x1f, 0x1f, ALL, 0xffffffff),
     (MASKED, 0x1f, 0x1f, ALL, 1)),
    ('CXL, nothing', CXL_UUID, 1, (0, 0x1f, 0, ALL, 0),
     (0, 0x1f, 0, ALL, 0)),
    ('CXL without hot-plug', CXL_UUID, 1, (0, 0x1f, 0x1f, ALL & ~HOT_PLUG, 1),
     (MASKED, 0x1f, 0x1e, ALL & ~HOT_PLUG, 1)),
    ('CXL without registers', CXL_UUID, 1,
     (0, 0x1f, 0x1f, ALL & ~VH_REGISTERS, 1),
     (MASKED, 0x1f, 0x1f, ALL & ~VH_REGISTERS, 0)),
    ('CXL in three dwords', CXL_UUID, 1, (0, 0x1f, 0x1f),
     (FAILURE, 0x1f, 0x1f)),
    ('two dwords', PCI_UUID, 1, (0, 0x1f), (FAILURE, 0x1f)),
    ('another UUID', OTHER_UUID, 1, (0, 0x1f, 0x1f), (UUID, 0x1f, 0x1f)),
    ('another revision', CXL_UUID, 2, (0, 0x1f, 0x1f, ALL, 1),
     (REVISION, 0x1f, 0x1f, ALL, 1)),
)


def bridge(number, options=''):
    return ['-device', f'pxb-cxl,id=hb{number},bus=pcie.0,'
            f'bus_nr={16 * (number + 1)}{options}']


def memory(number, parent, options=''):
    """A root port and a device of 256 MiB."""
    return ['-device', f'cxl-rp,id=rp{number},bus=hb{parent},chassis=0,'
            f'slot={number + 1},port={number}',
            '-object', f'memory-backend-ram,id=m{number},size=256M',
            '-device', f'cxl-type3,id=mem{number},bus=rp{number},'
            f'volatile-memdev=m{number}{options}']


def window(number, targets, options=''):
    return (''.join(f',cxl-fmw.{number}.targets.{i}=hb{target}'
                    for i, target in enumerate(targets)) +
            f',cxl-fmw.{number}.size=1G' + options)


NODES = ['-object', 'memory-backend-ram,id=d0,size=1G',
         '-object', 'memory-backend-ram,id=d1,size=1G', '-smp', '2',
         '-numa', 'node,cpus=0,memdev=d0,initiator=0',
         '-numa', 'node,cpus=1,memdev=d1,initiator=1', '-numa', 'node',
         '-numa', 'dist,src=0,dst=1,val=21', '-numa', 'dist,src=0,dst=2,val=31',
         '-numa', 'dist,src=1,dst=2,val=31',
         '-object', 'acpi-generic-port,id=gp,pci-bus=hb1,node=2']
LOCALITY = ['-numa', 'hmat-lb,hierarchy=memory,initiator=0,target=0,'
            'data-type=access-latency,latency=80',
            '-numa', 'hmat-lb,hierarchy=memory,initiator=0,target=0,'
            'data-type=access-bandwidth,bandwidth=50G']

# What iasl is shown: name, machine options, further arguments
MACHINES = (
    ('no CXL', '', []),
    ('no device', ',cxl=on', []),
    ('one device', ',cxl=on' + window(0, [0]), bridge(0) + memory(0, 0)),
    ('two bridges and XOR',
     ',cxl=on' + window(0, [0]) +
     window(1, [0, 1], ',cxl-fmw.1.interleave-arithmetic=xor'),
     bridge(0) + bridge(1) + memory(0, 0) + memory(1, 1)),
    ('the main bus', ',cxl=on,cxl-main-host=on,cxl-fmw.0.targets.0=pcie.0,'
     'cxl-fmw.0.size=1G',
     ['-device', 'cxl-rp,id=rp0,bus=pcie.0,chassis=0,slot=1',
      '-object', 'memory-backend-ram,id=m0,size=256M',
      '-device', 'cxl-type3,id=mem0,bus=rp0,volatile-memdev=m0']),
    ('regions', ',cxl=on' + window(0, [0]) + ',cxl-region.0.devices.0=mem0,'
     'cxl-region.0.memory-map=ram,cxl-region.1.devices.0=mem1,'
     'cxl-region.1.memory-map=reserved',
     bridge(0) + memory(0, 0) + memory(1, 0)),
    ('NUMA', ',cxl=on,hmat=on' + window(0, [0]) + window(1, [0, 1]),
     bridge(0, ',numa_node=1') + bridge(1) + memory(0, 0) + NODES + LOCALITY),
)


def check_machine(tap, directory, name, options, args):
    tables = cxlacpi.fetch(['-machine', 'q35' + options, *args])
    paths = cxlacpi.write(tables, directory)
    found = [signature for signature, _ in paths]
    wanted = {'DSDT', 'FACP', 'APIC'}
    if options:
        wanted |= {'CEDT', 'SRAT', 'HMAT'}
    tap.ok(wanted <= set(found), f'{name}: tables are there', found)
    for signature, path in paths:
        wrong, source = cxlacpi.disassemble(path)
        tap.ok(not wrong and source, f'{name}: iasl has no complaint of '
               f'{signature}', '\n'.join(wrong))
    dsdt = dict(paths)['DSDT']
    wrong = [line for line in cxlacpi.compile_source(
        dsdt.replace('.dat', '.dsl')) if re.search('_OSC|CXLR', line)]
    tap.ok(not wrong, f'{name}: nor of methods about CXL',
           '\n'.join(wrong))


def check_osc(tap, dsdt):
    outputs = dsdt.evaluate(
        (r'\_SB.PC10._OSC', uuid, str(revision), str(len(passed)),
         cxlacpi.spell_dwords(*passed))
        for _, uuid, revision, passed, _ in OSC)
    for (name, _, _, _, wanted), output in zip(OSC, outputs):
        tap.equal(cxlacpi.dwords_of(output), wanted, f'_OSC: {name}')


def integers_of(output):
    return [int(value, 16)
            for value in re.findall(r'\[Integer\] = ([0-9A-F]+)', output)]


def check_answers(tap, dsdt, cases):
    """cases: what is asked, and [Max Supported QTG ID, ID, ID, ...]"""
    outputs = dsdt.evaluate(
        (r'\_SB.CXLR._DSM', QTG_UUID, '1', '1',
         f'[{" ".join(map(str, perf))}]') for perf, _, _ in cases)
    for (_, wanted, name), output in zip(cases, outputs):
        tap.equal(integers_of(output), wanted, f'QTG: {name}')


def dsdt_of(directory, options, args):
    tables = cxlacpi.fetch(['-machine', 'q35,cxl=on' + options, *args])
    return cxlacpi.Namespace(dict(cxlacpi.write(tables, directory))['DSDT'])


def check_objects(tap, dsdt):
    outputs = dsdt.evaluate([
        (r'\_SB.PC10._UID',), (r'\_SB.PC10._BBN',), (r'\_SB.PC10._PXM',),
        (r'\_SB.PC10._CID',), (r'\_SB.PC10._HID',),
        (r'\_SB.CXLR._DSM', QTG_UUID, '1', '0', '[]'),
        (r'\_SB.PC20._PXM',)])
    # ACPI 6.5 19.3.4: EISA IDs are integers with swapped bytes
    for (name, values), output in zip(
            (('_UID', [16]), ('_BBN', [16]), ('_PXM', [1]),
             ('_CID', [0x080ad041, 0x030ad041])), outputs):
        tap.equal(integers_of(output), values, f'{name} of a host bridge')
    tap.match(outputs[4], '"ACPI0016"', '_HID')
    tap.match(outputs[5], r'0000: 03 ', '_DSM has function 1')
    tap.no_match(outputs[6], 'Integer',
                 'a host bridge that is near to no node has no _PXM')


def check_qtg(tap, directory):
    """Three classes that differ in bandwidth, one of which has no device."""
    options = (window(0, [0], ',cxl-fmw.0.qtg-id=5') +
               window(1, [1], ',cxl-fmw.1.qtg-id=9') +
               window(2, [2], ',cxl-fmw.2.qtg-id=7') +
               window(3, [0], ',cxl-fmw.3.qtg-id=5'))
    slow = ',read-bandwidth=4000,write-bandwidth=2000'
    dsdt = dsdt_of(directory, options, bridge(0) + bridge(1) + bridge(2) +
                   memory(0, 0) + memory(1, 1, slow))
    fast_first, slow_first = [9, 5, 9, 7], [9, 9, 5, 7]
    # Sums of bandwidths: 6000 and 32000, between which is 19000
    check_answers(tap, dsdt, (
        ((202000, 302000, 16000, 16000), fast_first,
         'as fast as the first window\'s'),
        ((202000, 302000, 4000, 2000), slow_first,
         'as slow as the second window\'s'),
        ((1, 1, 10000, 8999), slow_first, 'nearer to it'),
        ((1, 1, 10000, 9000), fast_first, 'no more'),
        ((0, 0, 0, 0), slow_first, 'nothing is asked'),
        ((1,), fast_first, 'not asked as specified')))


def check_qtg_latency(tap, directory):
    """Two classes that differ in latency, a third also in bandwidth."""
    options = (window(0, [0], ',cxl-fmw.0.qtg-id=1') +
               window(1, [1], ',cxl-fmw.1.qtg-id=2') +
               window(2, [2], ',cxl-fmw.2.qtg-id=3'))
    far = ',read-latency=550,write-latency=650'
    wide = ',read-bandwidth=60000,write-bandwidth=60000'
    dsdt = dsdt_of(directory, options, bridge(0) + bridge(1) + bridge(2) +
                   memory(0, 0) + memory(1, 1, far) + memory(2, 2, wide))
    near_first, far_first = [3, 1, 2, 3], [3, 2, 1, 3]
    cases = [((602000, 702000, 59000, 58000), [3, 3, 1, 2],
              'bandwidth comes first')]
    for unit, factor in (('ps', 1000), ('ns', 1)):
        # Sums of latencies: 504 and 1304, between which is 904
        cases += [
            ((202 * factor, 302 * factor, 16000, 16000), near_first,
             f'near, in {unit}'),
            ((602 * factor, 702 * factor, 16000, 16000), far_first,
             f'far, in {unit}'),
            ((400 * factor, 503 * factor, 15000, 9000), near_first,
             f'not so far, in {unit}'),
            ((401 * factor, 504 * factor, 15000, 9000), far_first,
             f'farther, in {unit}')]
    check_answers(tap, dsdt, cases)


def test(tap, directory):
    if not cxlacpi.have_tools():
        tap.skip('tables', 'acpica-tools are not there')
        return
    for name, options, args in MACHINES:
        check_machine(tap, directory, name, options, args)
    dsdt = dsdt_of(directory, ',hmat=on' + window(0, [0]),
                   bridge(0, ',numa_node=1') + bridge(1) + memory(0, 0) +
                   NODES[:-2])
    check_objects(tap, dsdt)
    check_osc(tap, dsdt)
    check_qtg(tap, directory)
    check_qtg_latency(tap, directory)


main(NAME, test)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""NUMA nodes, latencies and bandwidths that Linux computes for CXL memory.

What it shows is compared with what the command line says: the same sums, made
here from the properties alone.
"""

from cxlguest import (Guest, MIB, Topology, by_serial, create_region, main)

NAME = 'cxl-performance'
ACCESS = ('read_latency', 'write_latency', 'read_bandwidth',
          'write_bandwidth')
DRAM = (100, 100, 100000, 100000)
BRIDGE = (50, 50, 256000, 256000)
SWITCH = (70, 70, 64000, 64000)


class Link:
    """One that runs at so many GT/s over so many lanes."""

    def __init__(self, speed=32, width=16):
        self.speed = speed
        self.width = width
        self.bandwidth = speed * 1000 // 8 * width

    def latency(self, picoseconds):
        """Of the 68 bytes of a flit.

        Some kernels, 6.17 among them, take those of one lane, and
        picoseconds, which they add to nanoseconds.
        """
        if picoseconds:
            return 68 * 1000000 // (self.speed * 1000 // 8)
        return -(-68 * 1000 // self.bandwidth)


def series(parts, links, picoseconds):
    """Latencies add up, the least bandwidth counts."""
    extra = sum(link.latency(picoseconds) for link in links)
    least = [link.bandwidth for link in links]
    return (sum(part[0] for part in parts) + extra,
            sum(part[1] for part in parts) + extra,
            min([part[2] for part in parts] + least),
            min([part[3] for part in parts] + least))


def beside(ways):
    return (max(way[0] for way in ways), max(way[1] for way in ways),
            sum(way[2] for way in ways), sum(way[3] for way in ways))


def properties(perf):
    names = ('read-latency', 'write-latency', 'read-bandwidth',
             'write-bandwidth')
    return ''.join(f',{name}={value}' for name, value in zip(names, perf))


FAST = (150, 250, 48000, 40000)
SLOW = (400, 600, 16000, 8000)
FIRST = (200, 300, 16000, 12000)
SECOND = (220, 290, 12000, 16000)
NARROW = Link(5, 2)
PLAIN = Link()
SHARED = (80, 90, 20000, 24000)     # the second host bridge

# Each region: the window's class, and what it adds up to
EXPECTED = {
    'direct': (1, lambda ps: series([FAST, BRIDGE], [PLAIN], ps)),
    'narrow': (2, lambda ps: series([SLOW, SHARED], [NARROW], ps)),
    'switch': (2, lambda ps: series(
        [beside([series([FIRST, SWITCH], [PLAIN], ps),
                 series([SECOND, SWITCH], [PLAIN], ps)]), SHARED],
        [PLAIN], ps)),
}


def machine(directory):
    topology = Topology(directory, window=None)
    topology.add_bridge()
    topology.add_bridge(properties(SHARED))
    # A window that is covered has no node; the others have nodes 1 to 3
    topology.add_window([0], '256M', qtg_id=1)
    topology.add_window([0], '1G', qtg_id=1)
    topology.add_window([1], '1G', qtg_id=2)
    topology.add_window([1], '1G', qtg_id=2)
    topology.windows.append('cxl-region.0.window=0,cxl-region.0.devices.0=mem5,'
                            'cxl-region.0.memory-map=ram')
    topology.add_memory(1, volatile=256, port=topology.add_port('cxl.0'),
                        options=properties(FAST))
    # Each end of the narrow link lacks something
    port = topology.add_port('cxl.1', ',x-width=2')
    topology.add_memory(2, volatile=512, port=port,
                        options=properties(SLOW) + ',x-speed=5')
    ports = topology.add_switch(topology.add_port('cxl.1'), 2)
    topology.add_memory(3, volatile=256, port=ports[0],
                        options=properties(FIRST))
    topology.add_memory(4, volatile=256, port=ports[1],
                        options=properties(SECOND))
    topology.add_memory(5, volatile=256, port=topology.add_port('cxl.0'),
                        options=properties(SECOND))
    return topology


def read_access(guest, directory):
    lines = guest.must(f'cd {directory} && cat {" ".join(ACCESS)}').split()
    return tuple(int(line) for line in lines)


def node_access(guest, node, number=0):
    return read_access(guest, f'/sys/devices/system/node/node{node}/'
                       f'access{number}/initiators')


def in_picoseconds(guest, region, perf):
    """Whether this kernel is one that takes picoseconds."""
    path = f'/sys/bus/cxl/devices/{region}/access0/read_latency'
    return int(guest.must(f'cat {path}')) == perf(True)[0]


def check_region(tap, guest, name, window, serials):
    """Returns whether latencies of links are in picoseconds."""
    qtg, perf = EXPECTED[name]
    region = create_region(guest, [by_serial(guest, n) for n in serials],
                           'ram', decoder=f'decoder0.{window}')
    listed = guest.json(f'cxl list -R -r {region["region"]}')[0]
    tap.ok('qos_class_mismatch' not in listed, f'{name}: class of the window',
           listed)
    tap.equal(listed.get('qos_class', qtg), qtg, f'{name}: it is {qtg}')
    path = f'/sys/bus/cxl/devices/{region["region"]}'
    ps = in_picoseconds(guest, region['region'], perf)
    for number in (0, 1):
        tap.equal(read_access(guest, f'{path}/access{number}'), perf(ps),
                  f'{name}: access{number} of the region')
        tap.equal(node_access(guest, window, number), perf(ps),
                  f'{name}: access{number} of its node')
    tap.match(guest.must('numactl -H'),
              f'^node {window} size: {region["size"] // MIB} MB',
              f'{name}: it is all of node {window}')
    tap.match(guest.must(f'ls -d /sys/devices/system/node/node{window}/'
                         'access0/initiators/node*'), 'node0$',
              f'{name}: processors are on node 0')
    return ps


def check_boot_memory(tap, guest):
    """What firmware mapped: node 4, behind those of three windows."""
    tap.match(guest.must('numactl -H'), r'^node 4 size: 2\d\d MB',
              'RAM that firmware mapped is node 4')
    tap.equal(node_access(guest, 4), series([SECOND, BRIDGE], [PLAIN], False),
              'HMAT has what its way adds up to')
    tap.equal(node_access(guest, 0), DRAM, 'HMAT has DRAM')


def check_devices(tap, guest):
    classes = {device['serial']: device.get('ram_qos_class')
               for device in guest.json('cxl list -M')}
    tap.equal(classes, {1: 1, 2: 2, 3: 2, 4: 2, 5: classes[5]},
              'devices have the class of the window they suit')
    tap.ok(classes[5] in (1, 2), 'a class is one of a window', classes)


def check_guest(tap, guest, name):
    tap.note(f'{name}: {guest.must("uname -r")}')
    check_boot_memory(tap, guest)
    check_devices(tap, guest)
    units = {check_region(tap, guest, 'direct', 1, [1]),
             check_region(tap, guest, 'narrow', 2, [2]),
             check_region(tap, guest, 'switch', 3, [3, 4])}
    tap.equal(len(units), 1, f'{name}: regions differ in no unit')
    tap.note(guest.must('numactl -H; cd /sys/devices/virtual/memory_tiering; '
                        'grep . */nodelist'))
    tap.match(guest.must('dmesg'),
              r'ACPI0016:01: _OSC: OS now controls .*PCIeHotplug',
              f'{name}: hot-plug is the guest\'s')
    tap.quiet(guest, f'{name}: the kernel has no complaint')
    tap.equal(guest.quit(), 0, f'{name}: QEMU ends in order')


def test(tap, directory):
    topology = machine(directory)
    for name, kernel, nodes in (('no NUMA options', '', False),
                                ('-numa', '6.17', True)):
        with Guest(NAME, topology.args(), kernel=kernel, nodes=nodes) as guest:
            check_guest(tap, guest, name)


main(NAME, test)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux adopts regions that firmware has mapped before it started.

Regions of 1, 2 and 4 ways, locked and not, described by the memory map in
each of its ways: one boot has six of them, four boots have all.
"""

import os
import re
import subprocess

from cxlguest import (BUILT_KERNEL, Guest, MIB, QEMU_IMG, Topology,
                      has_built_kernel, main)

WAYS = (1, 2, 4)
MAPS = ('ram', 'reserved', 'soft-reserved', 'none')
ONES = '0xffffffff'
BLOCKS = '/sys/devices/system/memory'

# What /proc/iomem has at a region's address, from the outside in, ...
NESTING = {
    'ram': ['CXL Window', 'region'],
    'reserved': ['CXL Window', 'region', 'dax', 'System RAM (kmem)'],
    'soft-reserved': ['CXL Window', 'region', 'dax', 'System RAM (kmem)'],
    'none': ['CXL Window', 'region', 'dax', 'System RAM (kmem)'],
}
# ... and an entry of the memory map, which can hold two regions, among that
ENTRY = {'ram': ['System RAM'], 'reserved': ['Reserved'],
         'soft-reserved': ['Soft Reserved'], 'none': []}
# Since this Linux locked regions are not destroyed, and what is soft-reserved
# is an entry only where no region is
REGIONS_FIRST = (7, 1)


class Mapped:
    """A region that firmware maps: its devices, and what else is asked for.

    Devices of more than one way are below both host bridges, in turn.
    """

    def __init__(self, topology, number, ways, locked, memory_map):
        self.name = (f'{ways}-way {"locked" if locked else "unlocked"} '
                     f'{memory_map}')
        self.number = number
        self.ways = ways
        self.locked = locked
        self.map = memory_map
        self.base = None
        self.size = ways * 256 * MIB
        self.serials = []
        for turn in range(ways):
            serial = number * 10 + turn + 1
            self.serials.append(serial)
            topology.add_memory(serial, volatile=256,
                                port=topology.add_port(f'cxl.{turn % 2}'))

    def options(self):
        name = f'cxl-region.{self.number}'
        options = [f'{name}.devices.{i}=mem{serial}'
                   for i, serial in enumerate(self.serials)]
        return options + [f'{name}.window={int(self.ways > 1)}',
                          f'{name}.memory-map={self.map}',
                          f'{name}.locked={"on" if self.locked else "off"}']


def build(directory, rotation):
    topology = Topology(directory, window=None)
    topology.add_bridge()
    topology.add_bridge()
    topology.add_window([0], '4G')
    topology.add_window([0, 1], '8G')
    regions = [(ways, locked) for locked in (True, False) for ways in WAYS]
    regions = [Mapped(topology, i, *region,
                      MAPS[(i + (i >= 3) * 2 + rotation) % 4])
               for i, region in enumerate(regions)]
    options = [option for region in regions for option in region.options()]
    return topology.args() + ['-M', ','.join(options)], regions


def place(guest, regions):
    """Firmware places regions one behind the other, from a window's base."""
    free = {int(decoder['decoder'].rpartition('.')[2]): decoder['resource']
            for decoder in guest.json('cxl list -D -d root')}
    for region in regions:
        region.base = free[region.ways > 1]
        free[region.ways > 1] += region.size


def nesting(iomem, base):
    """Names of /proc/iomem that hold an address, from the outside in."""
    names = []
    for line in iomem.splitlines():
        match = re.match(r' *([0-9a-f]+)-([0-9a-f]+) : (.*)$', line)
        first, last = (int(match.group(i), 16) for i in (1, 2))
        if first <= base <= last:
            names.append(re.sub(r'^(CXL Window|region|dax).*', r'\1',
                                match.group(3)))
    return names


def puts_regions_first(guest):
    release = re.match(r'(\d+)\.(\d+)', guest.must('uname -r'))
    return tuple(map(int, release.groups())) >= REGIONS_FIRST


class Seen:
    """What the guest says of all regions at once."""

    def __init__(self, guest):
        self.entry = dict(ENTRY)
        if puts_regions_first(guest):
            self.entry['soft-reserved'] = []
        self.rows = guest.json('cxl list -R -T') or []
        self.serials = {device['memdev']: device['serial']
                        for device in guest.json('cxl list -M')}
        self.iomem = guest.must('cat /proc/iomem')

    def find(self, region):
        """What cxl list says of the region at an address, or None."""
        for row in self.rows:
            if row['resource'] == region.base:
                return row
        return None


def listed(guest, region):
    return Seen(guest).find(region)


def members(serials, row):
    mappings = sorted(row['mappings'], key=lambda m: m['position'])
    return [serials[mapping['memdev']] for mapping in mappings]


def node_of(guest, base):
    """The NUMA node of System RAM at an address."""
    return int(guest.must(f"""
        size=$((0x$(cat {BLOCKS}/block_size_bytes)))
        cd {BLOCKS}/memory$(({base} / size))
        ls -d node* | head -n 1""").removeprefix('node'))


def word_at(guest, region):
    """Four bytes of the last device's share, as QEMU reads them."""
    address = region.base + (region.ways - 1) * 256
    text = guest.qmp.command('human-monitor-command', **{
        'command-line': f'xp /1wx {address:#x}'})
    return text.split()[-1]


def check_region(tap, guest, seen, region, name):
    name = f'{name}: {region.name}'
    row = seen.find(region)
    if not tap.ok(row, f'{name}: the region is adopted'):
        return None
    tap.equal((row['size'], row['interleave_ways'],
               row['interleave_granularity'], row['decode_state']),
              (region.size, region.ways, 256, 'commit'),
              f'{name}: its size, ways and granularity')
    tap.equal(members(seen.serials, row), region.serials, f'{name}: its members')
    tap.ok(not row.get('qos_class_mismatch'), f'{name}: its QoS class')
    names = nesting(seen.iomem, region.base)
    entries = [part for part in names
               if part in ('System RAM', 'Reserved', 'Soft Reserved')]
    tap.equal([part for part in names if part not in entries],
              NESTING[region.map], f'{name}: where it is in /proc/iomem')
    tap.equal(entries, seen.entry[region.map], f'{name}: what holds it')
    node = node_of(guest, region.base)
    tap.equal(guest.must(f'cat /sys/devices/system/node/node{node}/cpulist'),
              '', f'{name}: node {node} has no CPU')
    return node


def wait_adopted(guest, regions):
    """Until the regions are there, and the last block of each is online.

    A driver's name is in sysfs, and daxctl calls its device RAM, before it has
    added any memory.
    """
    guest.wait('[ $(cxl list -R | grep -c commit) = %u ]' % len(regions))
    ends = ' '.join(str(region.base + region.size) for region in regions)
    guest.wait(f"""
        size=$((0x$(cat {BLOCKS}/block_size_bytes)))
        [ $(for end in {ends}; do
                cat {BLOCKS}/memory$((end / size - 1))/state
            done | grep -cx online) = {len(regions)} ]""")


def check_all(tap, guest, regions, name):
    wait_adopted(guest, regions)
    seen = Seen(guest)
    nodes = [check_region(tap, guest, seen, region, name)
             for region in regions]
    tap.equal(len(set(nodes)), len(regions), f'{name}: a node of its own each')
    for region, node in zip(regions, nodes):
        if region.map == 'ram':
            tap.succeeds(guest, f'numactl -m {node} memhog 32M >/dev/null',
                         f'{name}: {region.name}: node {node} is used')


def destroy(guest, name):
    return guest.run(f'cxl disable-region -f {name} && '
                     f'cxl destroy-region -f {name}')


def check_refusal(tap, guest, name, region, text):
    """Where Linux knows locks: of a locked region that was to be destroyed."""
    tap.match(text, 'Operation not permitted',
              f'{region.name}: Linux does not destroy it')
    tap.equal(guest.must(f'cd /sys/bus/cxl/devices/{name}; cat locked commit'),
              '1\n1', f'{region.name}: it is locked, and there')


def check_destroy(tap, guest, region):
    """Destroys a region that is not RAM from the start.

    Kernels before 7.1 forget a region that is locked. The devices do not.
    """
    before = word_at(guest, region)
    name = listed(guest, region)['region']
    status, text = destroy(guest, name)
    if region.locked:
        tap.equal(word_at(guest, region), before,
                  f'{region.name}: devices refuse to uncommit')
        if puts_regions_first(guest):
            check_refusal(tap, guest, name, region, text)
        return
    tap.equal(status, 0, f'{region.name}: the region is destroyed')
    tap.equal(listed(guest, region), None, f'{region.name}: it is not listed')
    tap.equal(word_at(guest, region), ONES,
              f'{region.name}: nothing decodes')


def check_create(tap, guest, region):
    """Linux takes an address that no entry of the memory map holds."""
    names = {device['serial']: device['memdev']
             for device in guest.json('cxl list -M')}
    devices = ' '.join(names[serial] for serial in region.serials)
    row = guest.json(f'cxl create-region -t ram -m -w {region.ways} -g 256 '
                     f'-d decoder0.{int(region.ways > 1)} {devices}')
    tap.equal((row['size'], row['decode_state']), (region.size, 'commit'),
              f'{region.name}: it can be created again')


def check_changes(tap, guest, regions):
    """Destroys all but RAM, and creates anew what can be.

    Linux uses decoders in their order, so that only what came last can come
    again, and does not know that those of locked regions are not free.
    """
    changing = [region for region in regions if region.map != 'ram']
    unlocked = [region for region in changing if not region.locked]
    last = [region for region in regions[-2:]
            if region in unlocked and regions[-1] in unlocked]
    for region in reversed(last):
        check_destroy(tap, guest, region)
    for region in last:
        check_create(tap, guest, region)
    for region in sorted(changing, key=lambda region: region.locked):
        if region not in last:
            check_destroy(tap, guest, region)


def uptime(guest):
    return float(guest.must('cat /proc/uptime').split()[0])


def check_snapshot(tap, guest, regions):
    """What was saved comes back, whatever became of it in the meantime."""
    def monitor(command):
        tap.equal(guest.qmp.command('human-monitor-command', seconds=120, **{
            'command-line': f'{command} mapped'}), '', command)

    monitor('savevm')
    for region in regions:
        if region.map == 'none' and not region.locked:
            destroy(guest, listed(guest, region)['region'])
            tap.equal(listed(guest, region), None,
                      f'{region.name}: destroyed after savevm')
    guest.must('sleep 5')
    before = uptime(guest)
    monitor('loadvm')
    tap.ok(uptime(guest) < before, 'loadvm: time has gone back')
    check_all(tap, guest, regions, 'loadvm')


def state_disk(directory):
    path = os.path.join(directory, 'state.qcow2')
    subprocess.run([QEMU_IMG, 'create', '-q', '-f', 'qcow2', path, '1M'], check=True)
    return ['-drive', f'if=none,id=state,format=qcow2,file={path}']


def boot(tap, directory, log, kernel, firmware, rotation):
    name = f'boot {rotation}'
    args, regions = build(directory, rotation)
    # Drivers that are no modules add memory before any program runs
    with Guest(log, args + state_disk(directory), kernel=kernel,
               firmware=firmware,
               append='memhp_default_state=online_movable') as guest:
        place(guest, regions)
        check_all(tap, guest, regions, name)
        if rotation == 0:
            check_snapshot(tap, guest, regions)
        check_changes(tap, guest, regions)
        tap.quiet(guest, f'{name}: the kernel has no complaint')
        if rotation % 2 == 0:
            guest.reboot()
            check_all(tap, guest, regions, f'{name} reboot')
        tap.equal(guest.quit(), 0, f'{name}: QEMU ends in order')


def check_adoption(name, kernel, firmware):
    """Runs all of it for a kernel and a firmware."""
    def test(tap, directory):
        if kernel == BUILT_KERNEL and not has_built_kernel(tap):
            return
        for rotation in range(len(MAPS)):
            boot(tap, directory, name, kernel, firmware, rotation)

    main(name, test)

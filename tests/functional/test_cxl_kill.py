#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU that is killed while its guest writes to interleaved memory."""

import os
import random
import shutil
import time

from cxlguest import Guest, MIB, Topology, main
from cxlregion import MASK, Region, Shape, Window, check_created

NAME = 'cxl-kill'
SERIALS = (1, 2)
BLOCK = 4096
LOAD_SECONDS = 6
AGE_SECONDS = 2         # what is older has to be there
UNSEEN = 4096           # blocks that were written but not told any more
CHUNK = MIB


def mix(x):
    """The functions of tests/functional/guest/cxl-blocks.c."""
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def place(number, blocks, seed):
    return mix((number * 0x9e3779b97f4a7c15 + seed) & MASK) % blocks


def build(directory):
    topology = Topology(directory, window=None)
    for serial in SERIALS:
        topology.add_memory(serial, persistent=256,
                            port=topology.add_port(topology.add_bridge()))
    window = Window(topology, [0, 1], '1G')
    return topology, Shape('pmem x2', window, SERIALS, kind='pmem')


def fill_files(topology):
    """Each MiB is different, and no byte of the devices is a hole."""
    for serial in SERIALS:
        tile = os.urandom(MIB)
        with open(topology.path(f'pmem{serial}'), 'wb') as file:
            for i in range(256):
                file.write(tile[i:] + tile[:i])


def make_namespace(tap, topology, shape):
    """The files as they are before the load, beside the ones in use."""
    with Guest(NAME, topology.args()) as guest:
        region = Region(guest, shape)
        check_created(tap, region, 'pmem x2')
        region.open_persistent(create=True)
        region.destroy()
        tap.equal(guest.quit(), 0, 'the namespace is made, QEMU ends in order')
    for serial in SERIALS:
        shutil.copyfile(topology.path(f'pmem{serial}'),
                        topology.path(f'before{serial}'))


class Log:
    """Numbers of blocks, and when they were told to have been written."""

    def __init__(self):
        self.lines = []

    def collect(self, guest, seconds):
        end = None
        while not end or time.monotonic() < end:
            words = guest.next_line(30).split()
            if words[:1] == ['@wrote']:
                self.lines.append((time.monotonic(), int(words[1])))
                end = end or time.monotonic() + seconds

    def safe(self, killed):
        return max((number for when, number in self.lines
                    if when < killed - AGE_SECONDS), default=0)

    def last(self):
        return self.lines[-1][1] + UNSEEN


def load_and_kill(topology, shape, seed):
    """Returns the log of the writes, and the last safe number."""
    log = Log()
    with Guest(NAME, topology.args()) as guest:
        region = Region(guest, shape)
        region.open_persistent(create=False)
        blocks = region.size // BLOCK
        guest.start_script(f'cxl-blocks -w {region.dax} {blocks} {seed} '
                           '/dev/ttyS1', 120)
        log.collect(guest, LOAD_SECONDS + random.random())
        guest.process.kill()
        killed = time.monotonic()
    return region, log, log.safe(killed)


class Differences:
    """Where the files are not what they were, by offset in the region."""

    def __init__(self, topology, region):
        self.topology = topology
        self.placement = region.placement

    def chunks(self, serial):
        names = (f'before{serial}', f'pmem{serial}')
        old, new = (open(self.topology.path(name), 'rb') for name in names)
        with old, new:
            for start in range(0, 256 * MIB, CHUNK):
                pair = old.read(CHUNK), new.read(CHUNK)
                if pair[0] != pair[1]:
                    yield start, pair

    def offsets(self):
        size = self.placement.granularity
        for position, serial in enumerate(SERIALS):
            for start, (old, new) in self.chunks(serial):
                for at in range(0, CHUNK, size):
                    if old[at:at + size] != new[at:at + size]:
                        granule = (start + at) // size
                        yield size * (granule * self.placement.ways + position)


def check_rest(tap, topology, region, written):
    """Nothing but the blocks that the guest wrote may have changed."""
    strange, changed = [], set()
    for offset in Differences(topology, region).offsets():
        block = (offset - region.start) // BLOCK
        changed.add(block)
        if offset < region.start or block not in written:
            strange.append(offset)
    tap.ok(not strange, 'nothing else on the devices changed',
           [hex(offset) for offset in strange[:10]])
    tap.note(f'{len(changed)} blocks changed')


def check_found(tap, topology, shape, region, seed, safe, last):
    blocks = region.size // BLOCK
    with Guest(NAME, topology.args()) as guest:
        again = Region(guest, shape)
        check_created(tap, again, 'pmem x2, after the kill')
        again.open_persistent(create=False)
        tap.equal((again.start, again.size), (region.start, region.size),
                  'the namespace is where it was')
        report = tap.succeeds(
            guest, f'cxl-blocks -r {again.dax} {blocks} {seed} {safe} {last}',
            f'what was written {AGE_SECONDS} s before the kill is there', 120)
        tap.note(report)
        status, _ = guest.run(f'cxl-blocks -r {again.dax} {blocks} {seed + 1} '
                              f'{safe} {last}', 120)
        tap.equal(status, 1, 'and other blocks would be missed')
        tap.quiet(guest)
        again.destroy()
        guest.quit()


def test(tap, directory):
    topology, shape = build(directory)
    fill_files(topology)
    make_namespace(tap, topology, shape)
    seed = random.randrange(1 << 32)
    region, log, safe = load_and_kill(topology, shape, seed)
    tap.ok(safe > 1000, f'{safe} blocks were written early enough',
           f'last: {log.last()}')
    blocks = region.size // BLOCK
    written = {place(number, blocks, seed)
               for number in range(1, log.last() + 1)}
    check_rest(tap, topology, region, written)
    check_found(tap, topology, shape, region, seed, safe, log.last())
    check_rest(tap, topology, region, written)


main(NAME, test)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What counts as a dirty shutdown of persistent CXL memory in Linux."""

from cxlguest import Guest, Topology, by_serial, main
from cxlshutdown import DIRTY_SHUTDOWN, power_off

NAME = 'cxl-shutdown'
SERIAL = 1
PATH = f'/machine/peripheral/mem{SERIAL}'


def shutdown_state(guest, state=''):
    """The nvdimm driver keeps the commands to itself while it is there."""
    memdev = by_serial(guest, SERIAL)
    guest.must(f'cxl disable-memdev {memdev}')
    found = int(guest.must(f'cxl-shutdown /dev/cxl/{memdev} {state}'))
    guest.must(f'cxl enable-memdev {memdev}')
    return found


def check(tap, guest, count, name):
    health = guest.json(f'cxl list -H -M -s {SERIAL}')[0]['health']
    tap.equal(health['dirty_shutdowns'], count,
              f'{name}: {count} dirty shutdowns')
    armed, seen = guest.run(f'cat {DIRTY_SHUTDOWN}')
    if armed == 0:
        tap.equal(int(seen), count, f'{name}: the nvdimm driver agrees')
    return armed == 0


def make_dirty(tap, guest, name):
    """Linux does it by itself from 6.15 on."""
    tap.equal(shutdown_state(guest, 1), 1, f'{name}: the state is dirty')


def first_boot(tap, guest):
    armed = check(tap, guest, 0, 'first boot')
    tap.equal(shutdown_state(guest), int(armed), 'first boot: its state')
    make_dirty(tap, guest, 'first boot')
    guest.reboot()
    check(tap, guest, 0, 'reboot')
    make_dirty(tap, guest, 'reboot')
    guest.qmp.command('cxl-inject-power-loss', path=PATH)
    guest.qmp.command('system_reset')
    guest.guarded(guest.wait_ready)
    check(tap, guest, 1, 'loss of power')
    make_dirty(tap, guest, 'loss of power')
    tap.quiet(guest)


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, persistent=256,
                        options=f',nv={topology.backend("nv1", 1, True)}')
    with Guest(NAME, topology.args()) as guest:
        first_boot(tap, guest)
        guest.kill()
    with Guest(NAME, topology.args()) as guest:
        check(tap, guest, 2, 'killed QEMU')
        make_dirty(tap, guest, 'killed QEMU')
        tap.equal(power_off(guest), 0, 'the guest shuts down')
    with Guest(NAME, topology.args()) as guest:
        check(tap, guest, 2, 'guest that shut down')
        tap.quiet(guest, 'the kernel still has no complaint')
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests of the shutdown state have in common."""

import subprocess

from cxlguest import GuestError, SLOW

DIRTY_SHUTDOWN = '/sys/bus/nd/devices/nmem0/cxl/dirty_shutdown'


def power_off(guest):
    """The guest shuts down, and QEMU ends; returns its status."""
    guest.start_script('sync; poweroff -f', 60)
    try:
        return guest.process.wait(60 * SLOW)
    except subprocess.TimeoutExpired as error:
        raise GuestError('the guest does not shut down') from error

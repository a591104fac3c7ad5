# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast the time stamp counter of the host runs, and so TCG's."""

import ctypes
import functools
import mmap
import platform
import time


def read_tsc():
    """A function that reads the host's TSC, or None where there is none."""
    if platform.machine() != 'x86_64':
        return None
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ |
                     mmap.PROT_WRITE | mmap.PROT_EXEC)
    # rdtsc; shl rdx, 32; or rax, rdx; ret
    page.write(bytes.fromhex('0f31 48c1e220 4809d0 c3'))
    function = ctypes.CFUNCTYPE(ctypes.c_uint64)(
        ctypes.addressof(ctypes.c_char.from_buffer(page)))
    function.page = page
    return function


@functools.cache
def tsc_khz(seconds=0.1):
    """Frequency of the host's TSC in kHz, or None where there is none."""
    tsc = read_tsc()
    if not tsc:
        return None

    def sample():
        """(uncertainty, time, TSC), the best of some; times in ns."""
        tries = []
        for _ in range(20):
            before, value = time.monotonic_ns(), tsc()
            after = time.monotonic_ns()
            tries.append((after - before, (before + after) / 2, value))
        return min(tries)

    _, start, first = sample()
    time.sleep(seconds)
    _, end, last = sample()
    return round((last - first) * 1e6 / (end - start))


def tsc_option(accel):
    """Tells Linux how fast its TSC runs.

    That of TCG is the host's. Linux measures it against timers, and where the
    host takes the CPU away meanwhile can find a small part of the truth: time
    in the guest runs away then, and all time limits with it.
    """
    khz = tsc_khz() if accel.startswith('tcg') else None
    return f'tsc_early_khz={khz}' if khz else ''

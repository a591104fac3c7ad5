#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Mistakes in a command line: a clear error, no crash, no guest."""

import os
import signal
import subprocess

from cxlguest import QEMU, SLOW, main

NAME = 'cxl-cmdline'
BRIDGE = ['-device', 'pxb-cxl,id=cxl.0,bus=pcie.0,bus_nr=12',
          '-device', 'cxl-rp,id=rp0,bus=cxl.0,port=0,chassis=0,slot=2',
          '-device', 'cxl-rp,id=rp1,bus=cxl.0,port=1,chassis=0,slot=3']
WINDOW = ['-M', 'cxl-fmw.0.targets.0=cxl.0,cxl-fmw.0.size=4G']


def ram(name, size='256M'):
    return ['-object', f'memory-backend-ram,id={name},share=on,size={size}']


def device(options, bus='rp0'):
    return ['-device', f'cxl-type3,bus={bus},{options}']


def window(options):
    """A window beside a sound device, so that only the window is wrong."""
    return [*BRIDGE, '-M', options, *ram('m0'),
            *device('volatile-memdev=m0')]


def memory(*parts):
    """A sound window with the given objects and devices."""
    return [*BRIDGE, *WINDOW, *(item for part in parts for item in part)]


def run(args, machine='q35,cxl=on'):
    """Exit status and messages; a QEMU that accepts it all ends by QMP."""
    command = [QEMU, '-M', machine, '-accel', 'tcg', '-m', '512M',
               '-nodefaults', '-display', 'none', '-S', '-qmp', 'stdio', *args]
    process = subprocess.run(
        command, input='{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n',
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=60 * SLOW, check=False)
    text = process.stderr
    for option in args:     # QEMU repeats the option before its error
        text = text.replace(option, '')
    return process.returncode, text


def window_cases():
    target = 'cxl-fmw.0.targets.0=cxl.0'
    return [
        ('window size is no multiple of 256 MiB', 'size.*256',
         window(f'{target},cxl-fmw.0.size=300M')),
        ('window size is zero', 'size',
         window(f'{target},cxl-fmw.0.size=0')),
        ('window has no size', 'size', window(target)),
        ('window target does not exist', 'target.*none|none.*target',
         window('cxl-fmw.0.targets.0=none,cxl-fmw.0.size=4G')),
        ('window target is no host bridge', 'target.*rp0|rp0.*target',
         window('cxl-fmw.0.targets.0=rp0,cxl-fmw.0.size=4G')),
        ('window lists a target twice', 'target.*cxl.0|cxl.0.*target',
         window(f'{target},cxl-fmw.0.targets.1=cxl.0,cxl-fmw.0.size=4G')),
        ('window has no target', 'targets', window('cxl-fmw.0.size=4G')),
        ('interleave granularity is 100', 'granularity',
         window(f'{target},cxl-fmw.0.size=4G,'
                'cxl-fmw.0.interleave-granularity=100')),
        ('interleave granularity is 32k', 'granularity',
         window(f'{target},cxl-fmw.0.size=4G,'
                'cxl-fmw.0.interleave-granularity=32k')),
    ]


def memory_cases(directory):
    short = os.path.join(directory, 'short')
    with open(short, 'wb') as file:
        file.write(b'\x40\0\0\0\1\0')
    cut = os.path.join(directory, 'cut')
    with open(cut, 'wb') as file:
        file.write(b'\x40\0\0\0\1\xbf' + bytes(10) + b'\0\0\x18\0' + bytes(8))
    return [
        ('device without memory', 'memdev', memory(device('sn=1'))),
        ('one backend for two devices', 'm0|memdev',
         memory(ram('m0'), device('volatile-memdev=m0'),
                device('volatile-memdev=m0', 'rp1'))),
        ('one backend for both kinds of memory', 'm0|memdev',
         memory(ram('m0'), ram('l0', '1M'),
                device('volatile-memdev=m0,persistent-memdev=m0,lsa=l0'))),
        ('persistent memory without label storage', 'lsa',
         memory(ram('m0'), device('persistent-memdev=m0'))),
        ('unknown backend', 'm0',
         memory(device('volatile-memdev=m0'))),
        ('cdat file is missing', 'cdat.*missing|missing.*cdat',
         memory(ram('m0'), device('volatile-memdev=m0,cdat='
                                  + os.path.join(directory, 'missing')))),
        ('cdat file ends in its header', 'cdat',
         memory(ram('m0'), device(f'volatile-memdev=m0,cdat={short}'))),
        ('cdat file ends in a structure', 'cdat',
         memory(ram('m0'), device(f'volatile-memdev=m0,cdat={cut}'))),
        ('no decoder at all', 'hdm-decoders',
         memory(ram('m0'), device('volatile-memdev=m0,hdm-decoders=0'))),
        ('eleven decoders', 'hdm-decoders',
         memory(ram('m0'), device('volatile-memdev=m0,hdm-decoders=11'))),
        ('root port on a plain PCIe bus', 'bus|CXL',
         ['-device', 'cxl-rp,id=rp0,bus=pcie.0,port=0,chassis=0,slot=2']),
    ]


def check_refused(tap, name, pattern, args, machine='q35,cxl=on'):
    status, text = run(args, machine)
    tap.ok(status > 0, f'{name}: refused',
           f'ended by {signal.Signals(-status).name}\n{text}' if status < 0
           else 'accepted')
    if status:
        tap.match(text, f'(?i){pattern}', f'{name}: the error names it')
        tap.no_match(text, r'Assertion|core dumped|Segmentation|ERROR:',
                     f'{name}: it is a user\'s error, not a bug\'s')


def test(tap, directory):
    status, text = run(window(WINDOW[1]))
    tap.equal((status, text), (0, ''), 'a sound command line is accepted')
    for name, pattern, args in window_cases() + memory_cases(directory):
        check_refused(tap, name, pattern, args)
    check_refused(tap, 'host bridge without cxl=on', 'cxl', BRIDGE[:2], 'q35')
    check_refused(tap, 'window without cxl=on', 'cxl',
                  ['-M', 'cxl-fmw.0.targets.0=cxl.0,cxl-fmw.0.size=4G'],
                  'q35')


main(NAME, test)

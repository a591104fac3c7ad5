# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots the guest of scripts/guest-image in QEMU and runs commands in it.

Environment:
  CXL_QEMU    the QEMU binary   [build/qemu-system-x86_64]
  CXL_GUEST_DIR  directory of vmlinuz and initrd.img   [build/guest]
  CXL_KERNEL  the kernel for tests that name none: '' or 6.17   ['']
  CXL_FIRMWARE  for tests that name none: '' is SeaBIOS, ovmf is UEFI   ['']
  CXL_ACCEL   value of -accel   [tcg]
  CXL_SLOW    factor for every time limit   [1]
"""

import base64
import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

from cxltopology import Topology   # noqa: F401 pylint: disable=unused-import
from hosttsc import tsc_option

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))
QEMU = os.environ.get('CXL_QEMU',
                      os.path.join(TOP, 'build', 'qemu-system-x86_64'))
QEMU_IMG = os.path.join(TOP, 'build', 'qemu-img')
GUEST = os.environ.get('CXL_GUEST_DIR', os.path.join(TOP, 'build', 'guest'))
KERNEL = os.environ.get('CXL_KERNEL', '')
FIRMWARE = os.environ.get('CXL_FIRMWARE', '')
ACCEL = os.environ.get('CXL_ACCEL', 'tcg')
BUILT_KERNEL = 'features'       # what scripts/guest-kernel makes
OVMF = os.path.join(TOP, 'build', 'tools', 'firmware', 'usr', 'share', 'OVMF')
LOGS = os.path.join(TOP, 'build', 'log')
SLOW = float(os.environ.get('CXL_SLOW', '1'))

# iomem=relaxed: cxl-probe reads register blocks that drivers have claimed.
# no_timer_check: on a busy host ticks come too late for Linux, which panics.
# nokaslr: the kernel stays out of CXL memory that firmware has mapped as RAM,
# where it is an entry of /proc/iomem in place of those that the tests name.
KERNEL_COMMAND_LINE = ('console=ttyS0 quiet iomem=relaxed no_timer_check '
                       'nokaslr agent=ttyS1')

# Lines that complaints() would take and that complain of nothing.
HARMLESS = re.compile(r'_OSC: (OS supports|OS now controls)|ommand line:|'
                      r'AER: enabled')

MIB = 1 << 20


class GuestError(Exception):
    """The guest or QEMU does not answer as it must."""


class Channel:
    """One end of a socket pair whose other end QEMU inherits."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.pending = bytearray()

    def option(self, name):
        return ['-chardev', f'socket,id={name},fd={self.theirs.fileno()}']

    def send(self, data):
        self.ours.sendall(data)

    def fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.ours], [], [], left)[0]:
            raise TimeoutError('no answer in time')
        data = self.ours.recv(65536)
        if not data:
            raise EOFError('QEMU closed the connection')
        self.pending += data

    def line(self, deadline):
        while b'\n' not in self.pending:
            self.fill(deadline)
        line, _, self.pending = self.pending.partition(b'\n')
        return line.decode(errors='replace').strip()

    def take(self, count, deadline):
        while len(self.pending) < count:
            self.fill(deadline)
        data = bytes(self.pending[:count])
        del self.pending[:count]
        return data

    def close(self):
        self.ours.close()
        self.theirs.close()


class Qmp:
    """A QMP client; events are kept in the order of their arrival."""

    def __init__(self, channel, seconds):
        self.channel = channel
        self.events = []
        self.receive(seconds)
        self.command('qmp_capabilities')

    def receive(self, seconds):
        return json.loads(self.channel.line(time.monotonic() + seconds))

    def command(self, name, seconds=30, **arguments):
        """Returns the answer; an error answer raises GuestError."""
        request = {'execute': name, 'arguments': arguments}
        self.channel.send(json.dumps(request).encode() + b'\n')
        while True:
            answer = self.receive(seconds * SLOW)
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise GuestError(f'{name}: {answer["error"]["desc"]}')
            self.events.append(answer)


def dram_node(size):
    """A NUMA node that has all DRAM."""
    return ['-object', f'memory-backend-ram,id=dram,size={size}',
            '-numa', 'node,memdev=dram']


def firmware_options(firmware, variables):
    """Options for '', SeaBIOS, or 'ovmf', UEFI.

    variables: a new file that holds the variables of UEFI; savevm can save it.
    """
    if not firmware:
        return []
    if firmware != 'ovmf':
        raise ValueError(f"firmware is {firmware!r}, must be '' or 'ovmf'")
    subprocess.run([QEMU_IMG, 'convert', '-f', 'raw', '-O', 'qcow2',
                    os.path.join(OVMF, 'OVMF_VARS_4M.fd'), variables],
                   check=True)
    code = os.path.join(OVMF, 'OVMF_CODE_4M.fd')
    return ['-drive', f'if=pflash,unit=0,format=raw,readonly=on,file={code}',
            '-drive', f'if=pflash,unit=1,format=qcow2,file={variables}']


class Guest:
    """A running guest.

    run() executes a shell script as root and returns (status, output).
    kernel: '' is the image of vmlinuz and initrd.img, '6.17' that of
    vmlinuz-6.17 and initrd-6.17.img.
    firmware: '' is SeaBIOS, 'ovmf' is UEFI.
    nodes: give DRAM a NUMA node explicitly; without it QEMU does.
    """

    def __init__(self, name, args, machine='q35,cxl=on', memory='2G',
                 cpus=2, append='', qemu=QEMU, kernel=KERNEL,
                 firmware=FIRMWARE, nodes=True):
        os.makedirs(LOGS, exist_ok=True)
        self.log = os.path.join(LOGS, f'{name}.log')
        self.serial = Channel()
        self.monitor = Channel()
        self.number = 0
        self.qemu = qemu
        self.firmware = firmware
        self.suffix = kernel and f'-{kernel}'
        self.nodes = dram_node(memory) if nodes else []
        self.directory = tempfile.mkdtemp(prefix=f'{name}-guest-')
        self.command_line = self.build_command_line(args, machine, memory,
                                                    cpus, append)
        self.command_line += firmware_options(
            firmware, os.path.join(self.directory, 'variables'))
        with open(self.log, 'ab') as log:
            log.write(f'\n$ {shlex.join(self.command_line)}\n'.encode())
            self.process = subprocess.Popen(
                self.command_line, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, pass_fds=[self.serial.theirs.fileno(),
                                      self.monitor.theirs.fileno()])
        self.serial.theirs.close()
        self.monitor.theirs.close()
        self.guarded(self.start)

    def build_command_line(self, args, machine, memory, cpus, append):
        append = ' '.join(filter(None, [KERNEL_COMMAND_LINE, tsc_option(ACCEL),
                                        append]))
        return [self.qemu, '-M', machine, '-accel', ACCEL,
                '-cpu', 'max,-hypervisor', '-m', memory, '-smp', str(cpus),
                *self.nodes,
                '-nodefaults', '-display', 'none',
                '-kernel', os.path.join(GUEST, f'vmlinuz{self.suffix}'),
                '-initrd', os.path.join(GUEST, f'initrd{self.suffix}.img'),
                '-append', append,
                '-chardev', f'file,id=console,path={self.log},append=on',
                '-serial', 'chardev:console',
                *self.serial.option('agent'), '-serial', 'chardev:agent',
                *self.monitor.option('qmp'),
                '-mon', 'chardev=qmp,mode=control', *args]

    def start(self):
        self.qmp = Qmp(self.monitor, 30 * SLOW)
        self.wait_ready()

    def guarded(self, function, *args):
        """Turns a lost or silent guest into an error that can be read."""
        try:
            return function(*args)
        except (TimeoutError, EOFError, OSError) as error:
            status = self.process.poll()
            self.kill()
            state = ('still running' if status is None
                     else f'ended with status {status}')
            raise GuestError(f'{error}; QEMU {state}; end of {self.log}:\n'
                             f'{self.console()[-2000:]}') from error

    def console(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def wait_ready(self, seconds=180):
        deadline = time.monotonic() + seconds * SLOW
        while self.serial.line(deadline) != '@ready':
            pass

    def request(self, script, seconds):
        self.number += 1
        code = base64.b64encode(script.encode()).decode()
        self.serial.send(f'{self.number} {int(seconds)} {code}\n'.encode())
        deadline = time.monotonic() + seconds + 30 * SLOW
        while True:
            words = self.serial.line(deadline).split()
            if words[:1] == ['@ready']:
                raise EOFError('the guest rebooted by itself')
            if words[:2] == ['@begin', str(self.number)]:
                break
        output = self.serial.take(int(words[3]), deadline)
        return int(words[2]), output.decode(errors='replace')

    def start_script(self, script, seconds):
        """Runs a script without waiting; what it writes to the agent's line
        comes by next_line()."""
        code = base64.b64encode(script.encode()).decode()
        self.serial.send(f'0 {int(seconds * SLOW)} {code}\n'.encode())

    def next_line(self, seconds):
        return self.guarded(self.serial.line,
                            time.monotonic() + seconds * SLOW)

    def run(self, script, seconds=60):
        return self.guarded(self.request, script, seconds * SLOW)

    def wait(self, condition, seconds=60):
        """Waits until a script succeeds; whether it has done so in time."""
        return self.run(f'until {{ {condition}\n}} >/dev/null 2>&1; do '
                        'sleep 0.1; done', seconds)[0] == 0

    def must(self, script, seconds=60):
        """The output of a script that has to succeed."""
        status, output = self.run(script, seconds)
        if status:
            raise GuestError(f'status {status} from: {script}\n{output}')
        return output.strip()

    def json(self, script, seconds=60):
        """The JSON that a script prints, or None where it prints none."""
        text = self.must(f'{{ {script}; }} 2>/run/errors || '
                         '{ s=$?; cat /run/errors; exit $s; }', seconds)
        return json.loads(text) if text else None

    def reboot(self):
        """Restarts the guest's kernel in the same QEMU."""
        self.start_script('sync; reboot -f', 60)
        self.guarded(self.wait_ready)

    def quit(self):
        """Ends QEMU the orderly way; returns its exit status."""
        try:
            self.qmp.command('quit')
        except (GuestError, EOFError, OSError):
            pass
        try:
            status = self.process.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            status = None
        self.kill()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.serial.close()
        self.monitor.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def create_region(guest, memdevs, kind, options='', decoder='decoder0.0',
                  granularity=256, wait_driver=True):
    """Creates a region and waits for its devices; returns its description.

    memdevs: one name, or a list of them in the order of the interleave.
    wait_driver: that a driver takes the DAX device of volatile memory.
    """
    if isinstance(memdevs, str):
        memdevs = [memdevs]
    region = guest.json(f'cxl create-region -t {kind} -m -d {decoder} '
                        f'-w {len(memdevs)} -g {granularity} {options} '
                        + ' '.join(memdevs))
    if kind == 'pmem':
        region['nd'] = wait_nd_region(guest, region['resource'])
    else:
        number = region['region'].removeprefix('region')
        wait_file(guest, f'/sys/bus/cxl/devices/dax_region{number}/'
                  f'dax{number}.0' + ('/driver' if wait_driver else ''))
    return region


def dax_device(guest, region):
    """Makes /dev/daxN.0 of a volatile region; returns its path.

    The guest must be without the kmem module, which would make it System RAM.
    """
    name = region['region'].removeprefix('region') + '.0'
    guest.must(f'echo dax{name} >/sys/bus/dax/drivers/device_dax/new_id')
    wait_file(guest, f'/dev/dax{name}')
    return f'/dev/dax{name}'


def destroy_region(guest, region):
    name = region['region']
    guest.must(f'cxl disable-region {name} && cxl destroy-region {name}')


def memdevs_by_serial(guest):
    return {device['serial']: device['memdev']
            for device in guest.json('cxl list -M')}


def wait_file(guest, path):
    if not guest.wait(f'[ -e {path} ]'):
        raise GuestError(f'{path} does not appear')


def wait_nd_region(guest, base):
    """The name that libnvdimm gives to the region at an address."""
    return guest.must(f"""
        while :; do
            for r in /sys/bus/nd/devices/region*; do
                [ -e $r/driver ] && grep -q '^{base:#x}$' $r/resource &&
                    exec basename $r
            done
            sleep 0.1
        done 2>/dev/null""")


def start_monitor(guest, file):
    """cxl monitor, which misses what comes before it has enabled traces."""
    guest.must(f'rm -f {file}; setsid cxl monitor -l {file} </dev/null '
               '>/run/monitor.out 2>&1 &')
    instance = '/sys/kernel/tracing/instances/cxl_monitor'
    if not guest.wait(f'[ $(cat {instance}/events/cxl/enable) = 1 ]'):
        raise GuestError('cxl monitor does not start\n' +
                         guest.must('cat /run/monitor.out'))


def numa_maps(guest, command, pattern):
    """Mappings of a command that runs, once one of them has a pattern."""
    return guest.must(f"""
        {command} & until grep -q '{pattern}' /proc/$!/numa_maps; do
            sleep 0.1
        done
        cat /proc/$!/numa_maps; kill $!; wait; :""")


def complaints(guest):
    """Lines of the kernel's log that no sound device provokes."""
    subject = re.compile(r'cxl|CXL|ACPI001[67]|nvdimm|nd_|dax|kmem|pmem|AER:')
    bad = re.compile(r'WARNING|BUG:|Oops|Call Trace|Kernel panic')
    wrong = re.compile(r'(?i)error|fail|warn|invalid|unable|not found|cannot')
    found = []
    for line in guest.must('dmesg -r').splitlines():
        level = re.match(r'<(\d+)>', line)
        severe = level and int(level.group(1)) % 8 <= 4
        if bad.search(line) or (subject.search(line) and
                                (severe or wrong.search(line)) and
                                not HARMLESS.search(line)):
            found.append(line)
    return found


class Tap:
    """Test Anything Protocol: one line a check, the plan at the end."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def note(self, text):
        for line in str(text).splitlines():
            print(f'# {line}', flush=True)

    def ok(self, good, name, detail=''):
        self.count += 1
        self.failed += not good
        print(f'{"ok" if good else "not ok"} {self.count} - {name}',
              flush=True)
        if not good and detail != '':
            self.note(detail)
        return good

    def quiet(self, guest, name='the kernel has no complaint'):
        found = complaints(guest)
        return self.ok(not found, name, '\n'.join(found[:30]))

    def equal(self, value, wanted, name):
        return self.ok(value == wanted, name,
                       f'is {value!r}, must be {wanted!r}')

    def match(self, text, pattern, name):
        return self.ok(re.search(pattern, text, re.M), name,
                       f'/{pattern}/ is not in:\n{text[-3000:]}')

    def no_match(self, text, pattern, name):
        found = [line for line in text.splitlines()
                 if re.search(pattern, line)]
        return self.ok(not found, name, '\n'.join(found[:20]))

    def succeeds(self, guest, script, name, seconds=60):
        """Runs a script in the guest; returns its output."""
        status, output = guest.run(script, seconds)
        self.ok(status == 0, name, f'status {status} from: {script}\n{output}')
        return output

    def skip(self, name, why):
        self.count += 1
        print(f'ok {self.count} - {name} # SKIP {why}', flush=True)

    def finish(self):
        print(f'1..{self.count}', flush=True)
        return 1 if self.failed else 0


def has_built_kernel(tap):
    """Whether there is BUILT_KERNEL; where not, that is a check skipped."""
    there = os.path.exists(os.path.join(GUEST, f'vmlinuz-{BUILT_KERNEL}'))
    if not there:
        tap.skip('a kernel of our own', 'scripts/guest-kernel has not been run')
    return there


def by_serial(guest, serial):
    """Name of the memdev with a serial number; names differ every boot."""
    devices = guest.json(f'cxl list -M -s {serial}')
    if not devices:
        raise GuestError(f'no memdev has serial {serial}')
    return devices[0]['memdev']


def new_log(name):
    os.makedirs(LOGS, exist_ok=True)
    with open(os.path.join(LOGS, f'{name}.log'), 'wb'):
        pass


def in_memory(gib):
    """A directory whose files are memory, where the host has plenty of it.

    Blocks of a sparse file on a disk are slow to come by.
    """
    try:
        space = os.statvfs('/dev/shm')
        with open('/proc/meminfo', encoding='ascii') as file:
            kib = int(re.search(r'MemAvailable:\s+(\d+)',
                                file.read()).group(1))
    except (OSError, AttributeError):
        return None
    roomy = (space.f_bavail * space.f_frsize >= gib << 30 and
             kib >= (gib + 5) << 20)
    return '/dev/shm' if roomy else None


def main(name, test, memory_gib=0):
    """Runs test(tap, directory) with a directory of its own.

    memory_gib: how much of memory the files there may take; 0: none.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('terminated'))
    tap = Tap()
    new_log(name)
    directory = tempfile.mkdtemp(
        prefix=f'{name}-', dir=in_memory(memory_gib) if memory_gib else None)
    started = time.monotonic()
    try:
        test(tap, directory)
    except (GuestError, FileNotFoundError) as error:
        tap.ok(False, f'{name} runs to its end', error)
    except Exception:       # pylint: disable=broad-except
        tap.ok(False, f'{name} runs to its end', traceback.format_exc())
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    tap.note(f'{time.monotonic() - started:.1f} s')
    sys.exit(tap.finish())

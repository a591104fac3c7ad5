# SPDX-License-Identifier: GPL-2.0-or-later
"""ACPI tables of a machine, and the ACPI reference implementation on them.

Tables are fetched as firmware does, from a machine whose guest never runs.
acpica-tools come with what the guest's programs come from, and run with the
libraries that they were built for.
"""

import os
import re
import struct
import subprocess

from cxlguest import GUEST, QEMU

ROOT = os.path.join(GUEST, 'root')
LOADER = os.path.join(ROOT, 'usr/lib64/ld-linux-x86-64.so.2')
LIBRARIES = os.path.join(ROOT, 'usr/lib/x86_64-linux-gnu')

DIRECTORY = 0x19        # fw_cfg: what files there are
BUFFER = 0x100000       # guest memory for transfers
CONTROL = 0x80000


class FwCfg:
    """fw_cfg of a machine that stands still, by its DMA interface."""

    def __init__(self, args):
        self.process = subprocess.Popen(
            [QEMU, '-accel', 'qtest', '-qtest', 'stdio', '-display', 'none',
             '-nodefaults', '-m', '2G', *args], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def command(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.startswith('OK'):
            raise RuntimeError(f'{line}: {answer}{self.process.stderr.read()}')
        return answer.split()[1:]

    def read(self, selector, length):
        access = struct.pack('>IIQ', selector << 16 | 0xa, length, BUFFER)
        self.command(f'write {CONTROL:#x} {len(access)} 0x{access.hex()}')
        self.command('outl 0x514 0')
        low = int.from_bytes(struct.pack('>I', CONTROL), 'little')
        self.command(f'outl 0x518 {low:#x}')
        return bytes.fromhex(self.command(f'read {BUFFER:#x} {length}')[0][2:])

    def place_registers(self):
        """As firmware does: where FADT says that they are."""
        for register, value in ((0x40, 0x601), (0x44, 0x80)):
            self.command(f'outl 0xcf8 {0x8000f800 | register:#x}')
            self.command(f'outl 0xcfc {value:#x}')

    def files(self):
        count, = struct.unpack('>I', self.read(DIRECTORY, 4))
        data = self.read(DIRECTORY, 4 + 64 * count)
        entries = (struct.unpack_from('>IHH56s', data, 4 + 64 * i)
                   for i in range(count))
        return {name.split(b'\0')[0].decode(): (selector, size)
                for size, selector, _, name in entries}

    def close(self):
        self.process.kill()
        self.process.communicate()


def split(blob):
    """[(signature, table)]; checksums are as the firmware makes them."""
    tables = []
    at = 0
    while at + 8 <= len(blob):
        signature, length = struct.unpack_from('<4sI', blob, at)
        if not length:
            break
        table = bytearray(blob[at:at + length])
        signature = signature.decode()
        if signature != 'FACS':
            table[9] = 0
            table[9] = -sum(table) & 0xff
        tables.append((signature, bytes(table)))
        at += length
    return tables


def fetch(args):
    machine = FwCfg(args)
    try:
        machine.place_registers()
        return split(machine.read(*machine.files()['etc/acpi/tables']))
    finally:
        machine.close()


def write(tables, directory):
    """Writes each table to a file; returns [(signature, path)]."""
    paths = []
    for number, (signature, table) in enumerate(tables):
        paths.append((signature, os.path.join(
            directory, f'{number}-{signature.lower()}.dat')))
        with open(paths[-1][1], 'wb') as file:
            file.write(table)
    return paths


def have_tools():
    return os.path.exists(os.path.join(ROOT, 'usr/bin/iasl'))


def run(name, *args):
    """Output of a program of acpica-tools, messages and all."""
    return subprocess.run(
        [LOADER, '--library-path', LIBRARIES,
         os.path.join(ROOT, 'usr/bin', name), *args], text=True, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT).stdout


def disassemble(path):
    """(what iasl complains of, the source that it writes)."""
    output = run('iasl', '-d', path)
    source = re.sub(r'\.dat$', '.dsl', path)
    with open(source, encoding='utf-8', errors='replace') as file:
        text = file.read()
    wrong = re.compile(r'(?i)warning|error|invalid|unknown|unexpected|'
                       r'incorrect|\*\*\*')
    return [line for line in output.splitlines() if wrong.search(line)], text


def compile_source(path):
    """Errors and warnings of iasl for what it has disassembled."""
    output = run('iasl', '-vi', path)
    return [line for line in output.splitlines()
            if re.search(r'(?i)\b(warning|error)\b.*\d{4}', line)]


class Namespace:
    """The DSDT in acpiexec, which evaluates its methods."""

    def __init__(self, dsdt):
        self.dsdt = dsdt

    def evaluate(self, calls):
        """The output of each method, with arguments in acpiexec's spelling."""
        outputs = []
        for call in calls:
            output = run('acpiexec', '-b', f'execute {" ".join(call)}',
                         self.dsdt)
            outputs.append(output.partition('Evaluating ')[2])
        return outputs


def spell_uuid(uuid):
    """ACPI 6.5 19.6.142: the order of bytes in a buffer."""
    a, b, c, d, e = uuid.split('-')
    data = struct.pack('<IHH', int(a, 16), int(b, 16), int(c, 16))
    return f'({(data + bytes.fromhex(d + e)).hex(" ")})'


def spell_dwords(*dwords):
    return f'({struct.pack(f"<{len(dwords)}I", *dwords).hex(" ")})'


def dwords_of(output):
    """The buffer that a method returned."""
    data = bytearray()
    for line in output.splitlines():
        match = re.search(r'\b[0-9A-F]{4}: ((?:[0-9A-F]{2} )+)', line)
        if match:
            data += bytes.fromhex(match.group(1))
    return struct.unpack(f'<{len(data) // 4}I', data[:len(data) // 4 * 4])

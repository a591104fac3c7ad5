# SPDX-License-Identifier: GPL-2.0-or-later
"""A deterministic writer of initramfs archives (cpio, "newc" format)."""

import os
import stat


class Archive:
    """Collects entries by path and writes them sorted, with fixed times."""

    def __init__(self):
        self.entries = {}

    def add_parents(self, path):
        parent = os.path.dirname(path)
        while parent:
            self.entries.setdefault(parent, (stat.S_IFDIR | 0o755, b''))
            parent = os.path.dirname(parent)

    def add_dir(self, path, mode=0o755):
        self.add_parents(path)
        self.entries[path] = (stat.S_IFDIR | mode, b'')

    def add_symlink(self, path, target):
        self.add_parents(path)
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def add_bytes(self, path, data, mode=0o644):
        self.add_parents(path)
        self.entries[path] = (stat.S_IFREG | mode, data)

    def add_file(self, path, source):
        mode = 0o755 if os.stat(source).st_mode & 0o100 else 0o644
        with open(source, 'rb') as file:
            self.add_bytes(path, file.read(), mode)

    def write(self, out):
        for inode, path in enumerate(sorted(self.entries), 1):
            mode, data = self.entries[path]
            write_entry(out, inode, path, mode, data)
        write_entry(out, 0, 'TRAILER!!!', 0, b'')


def write_entry(out, inode, path, mode, data):
    name = path.encode() + b'\0'
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0,
              len(name), 0)
    header = b'070701' + b''.join(b'%08X' % field for field in fields)
    out.write(pad4(header + name))
    out.write(pad4(data))


def pad4(data):
    return data + b'\0' * (-len(data) % 4)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux locks a CXL device's persistent memory with passphrases, by ndctl."""

from cxlguest import (Guest, MIB, Topology, by_serial,
                      create_region, destroy_region, main, wait_file)

NAME = 'cxl-security'
SERIAL = 1
PATH = f'/machine/peripheral/mem{SERIAL}'
SIZE = 256
DAX = '/dev/dax0.0'
KEYS = '/etc/ndctl/keys'
BLOB = f'{KEYS}/nvdimm_{SERIAL}_guest.blob'
MASTER_BLOB = f'{KEYS}/nvdimm-master_{SERIAL}_guest.blob'
# What Debian's ndctl brings: keys are there before the driver asks for them
LOAD_KEYS = ('install libnvdimm /usr/bin/ndctl load-keys ; '
             '/sbin/modprobe --ignore-install libnvdimm $CMDLINE_OPTS')
# 64 KiB of each step, for locked memory is read access by access
STEP = 8 * MIB
WORDS = 65536 // 8


def security(guest):
    """What ndctl says about it: (security, frozen, whether it is in use)."""
    dimm = guest.json('ndctl list -D -i -d nmem0')[0]
    return (dimm.get('security'), dimm.get('security_frozen', False),
            dimm.get('state') != 'disabled')


class Keys:
    """/etc/ndctl/keys: the guest has no disk to keep it on."""

    def __init__(self, guest):
        self.saved = ''
        self.restore(guest)

    def save(self, guest):
        self.saved = guest.must(f'tar c -C {KEYS} . | base64')

    def restore(self, guest):
        """The name of the host is part of the files' names."""
        guest.must(f'hostname guest; mkdir -p {KEYS}')
        if self.saved:
            guest.must(f'base64 -d <<X | tar x -C {KEYS}\n{self.saved}\nX')


class Memory:
    """The namespace: where it is, and which pattern it has."""

    def __init__(self, seed):
        self.seed = seed
        self.region = None
        self.base = self.size = 0

    def open(self, guest, create=False):
        self.region = create_region(guest, by_serial(guest, SERIAL), 'pmem')
        if create:
            guest.must('ndctl create-namespace -m devdax -M mem')
        wait_file(guest, DAX)
        self.base = int(guest.must('cat /sys/bus/dax/devices/dax0.0/resource'),
                        0)
        self.size = int(guest.must('cat /sys/bus/dax/devices/dax0.0/size'))

    def steps(self):
        return self.size // STEP

    def script(self, options):
        return (f'patt {options} -j {STEP} {DAX} {self.steps() * STEP} '
                f'{self.seed}')

    def by_address(self, options, seed):
        """The same, through the address in the window."""
        return (f'patt {options} -j {STEP} -o {self.base} /dev/mem '
                f'{self.steps() * STEP} {seed}')

    def check(self, tap, guest, when):
        tap.succeeds(guest, self.script('-r'), f'{when}: data are as written',
                     300)

    def check_hidden(self, tap, guest, value, when):
        text = guest.run(self.by_address('-r', self.seed), 300)[1]
        tap.match(text, rf'bad={self.steps() * WORDS} ',
                  f'{when}: not a word of the data shows in /dev/mem')
        tap.match(text, rf'at 0x0: {value}, must',
                  f'{when}: there is {value} instead')


def check_setup(tap, guest, memory):
    """A passphrase is set and changed, which leaves data as they are."""
    memory.open(guest, create=True)
    tap.succeeds(guest, memory.script('-w'), 'memory takes a pattern', 300)
    tap.succeeds(guest, memory.by_address('-r', memory.seed),
                 'which shows in /dev/mem, too', 300)
    tap.equal(security(guest), ('disabled', False, True),
              'no passphrase: security is disabled')
    guest.must('head -c 32 /dev/urandom | keyctl padd user nvdimm-master @u')
    guest.must('keyctl pipe $(keyctl search @u user nvdimm-master) '
               f'>{KEYS}/nvdimm-master.blob')
    guest.must('ndctl disable-region all')
    tap.succeeds(guest, 'ndctl setup-passphrase nmem0 -k user:nvdimm-master',
                 'ndctl sets a passphrase')
    tap.equal(security(guest), ('unlocked', False, True),
              'the device is unlocked then')
    guest.must(f'cp {BLOB} {KEYS}/before')
    tap.succeeds(guest, 'ndctl update-passphrase nmem0', 'ndctl changes it')
    guest.must('ndctl enable-region all')
    wait_file(guest, DAX)
    memory.check(tap, guest, 'passphrase set')
    tap.quiet(guest)


def check_locked(tap, guest, memory):
    """A reset locks: neither data nor labels can be read."""
    tap.equal(security(guest), ('locked', False, False),
              'reset: the device is locked, and its driver not in use')
    memdev = by_serial(guest, SERIAL)
    tap.quiet(guest, 'locked: the kernel has no complaint')
    status, text = guest.run(f'cxl read-labels {memdev} -s 256')
    tap.ok(status, 'locked: labels cannot be read', text)
    region = guest.json('cxl create-region -t pmem -m -d decoder0.0 -w 1 '
                        f'-g 256 {memdev}')
    tap.equal(region['decode_state'], 'commit',
              'locked: decoders can be committed')
    refusal = 'nmem0: is disabled, failing probe'
    guest.wait(f'dmesg | grep -q "{refusal}"')
    tap.match(guest.must('dmesg'), refusal,
              'locked: Linux makes no memory of the region')
    tap.equal(guest.must('ls /dev | grep -E "dax|pmem" || true'), '',
              'locked: there is neither a DAX nor a block device')
    memory.check_hidden(tap, guest, '0xffffffffffffffff', 'locked')
    tap.succeeds(guest, memory.by_address('-w', memory.seed + 1),
                 'locked: writes do no harm', 300)
    memory.check_hidden(tap, guest, '0xffffffffffffffff',
                        'locked and written')
    destroy_region(guest, region)
    guest.must('dmesg -c >/dev/null')


def load_driver(guest):
    """The modules anew, as at the start of a system that has the keys."""
    guest.must('keyctl clear @u; '
               'mkdir -p /etc/modprobe.d; '
               "echo '" + LOAD_KEYS + "' >/etc/modprobe.d/nvdimm.conf; "
               '/usr/sbin/modprobe -r cxl_pmem dax_pmem nd_pmem && '
               '/usr/sbin/modprobe -r libnvdimm && '
               '/usr/sbin/modprobe -a cxl_pmem dax_pmem nd_pmem')
    wait_file(guest, '/sys/bus/nd/devices/nmem0')


def check_unlock(tap, guest, memory):
    guest.must(f'mv {BLOB} {KEYS}/now; mv {KEYS}/before {BLOB}')
    load_driver(guest)
    tap.equal(security(guest), ('locked', False, False),
              'the passphrase of before does not unlock')
    guest.must(f'mv {KEYS}/now {BLOB}')
    load_driver(guest)
    tap.equal(security(guest), ('unlocked', False, True),
              'the driver unlocks with the passphrase as it is loaded')
    memory.open(guest)
    memory.check(tap, guest, 'unlocked')


def check_freeze(tap, guest, memory):
    guest.must('ndctl disable-region all')
    tap.succeeds(guest, 'ndctl freeze-security nmem0', 'ndctl freezes')
    tap.equal(security(guest), ('unlocked', True, True),
              'security is frozen')
    status, text = guest.run('ndctl remove-passphrase nmem0')
    tap.ok(status, 'frozen: the passphrase cannot be removed', text)
    guest.must('ndctl enable-region all')
    wait_file(guest, DAX)
    memory.check(tap, guest, 'frozen')
    tap.quiet(guest, 'frozen: the kernel has no complaint')


def unlock(guest):
    """With a driver that has been loaded before the keys."""
    guest.must('ndctl load-keys; ndctl enable-dimm nmem0')


def check_attempts(tap, guest):
    """Without a key Linux tries zeros. The boot was one attempt."""
    tap.equal(security(guest), ('locked', False, False),
              'a reset locks what was frozen, and it is not frozen any more')
    for _ in range(2):
        guest.run('ndctl enable-dimm nmem0')
    tap.equal(security(guest), ('locked', True, False),
              'three wrong passphrases: no other is taken')
    status, text = guest.run('ndctl load-keys && ndctl enable-dimm nmem0')
    tap.ok(status, 'not even the right one', text)


def check_remove(tap, guest, memory):
    unlock(guest)
    tap.equal(security(guest), ('unlocked', False, True),
              'after a loss of power the right passphrase unlocks')
    tap.succeeds(guest, 'ndctl remove-passphrase nmem0',
                 'ndctl removes the passphrase')
    tap.equal(security(guest), ('disabled', False, True),
              'security is disabled')
    memory.open(guest)
    memory.check(tap, guest, 'passphrase removed')
    tap.quiet(guest, 'passphrase removed: the kernel has no complaint')


def check_master(tap, guest):
    """The master passphrase is set while there is no user passphrase."""
    guest.must('ndctl disable-region all')
    tap.succeeds(guest, 'ndctl setup-passphrase nmem0 -m '
                 '-k user:nvdimm-master', 'ndctl sets a master passphrase')
    guest.must(f'cp {MASTER_BLOB} {KEYS}/before')
    tap.succeeds(guest, 'ndctl update-passphrase nmem0 -m',
                 'ndctl changes it')
    tap.equal(security(guest), ('disabled', False, True),
              'security is still disabled')
    tap.succeeds(guest, 'ndctl setup-passphrase nmem0 -k user:nvdimm-master',
                 'and a user passphrase')


def used(file):
    """How many MiB of a file have anything but zeros in them."""
    count = 0
    with open(file, 'rb') as data:
        while block := data.read(MIB):
            count += block.count(0) != len(block)
    return count


def check_erased(tap, guest, memory, file, when):
    """Nothing is left in the guest, and nothing in the device's files."""
    memory.check_hidden(tap, guest, '0x0000000000000000', when)
    tap.equal(used(file), 0, f'{when}: the file behind the memory is zero')
    tap.succeeds(guest, 'ndctl check-labels nmem0 2>&1 | grep "0 nmem label"',
                 f'{when}: there are no labels')


def load_master(guest, blob):
    """ndctl load-keys does not, and sanitize-dimm sends zeros when it has
    to load the key itself."""
    guest.must('keyctl clear @u; ndctl load-keys; '
               f'keyctl add encrypted nvdimm-master:{SERIAL} '
               f'"load $(cat {blob})" @u')


def check_master_erase(tap, guest, memory, file):
    """Who has lost the user passphrase gets the device back without data."""
    tap.equal(security(guest), ('locked', False, False),
              'a new QEMU: the device is locked')
    guest.must(f'rm {BLOB}')
    load_master(guest, f'{KEYS}/before')
    status, text = guest.run('ndctl sanitize-dimm nmem0 -m')
    tap.ok(status, 'the master passphrase of before does not erase', text)
    load_master(guest, MASTER_BLOB)
    tap.succeeds(guest, 'ndctl sanitize-dimm nmem0 -m',
                 'ndctl erases with the master passphrase')
    tap.equal(security(guest)[0], 'disabled',
              'which disables the user passphrase')
    guest.must('ndctl enable-dimm nmem0')
    region = create_region(guest, by_serial(guest, SERIAL), 'pmem')
    check_erased(tap, guest, memory, file, 'erased by the master')
    destroy_region(guest, region)


def check_erase(tap, guest, file):
    """With the user passphrase, and while memory is in use it is not done."""
    memory = Memory(8)
    memory.open(guest, create=True)
    guest.must(memory.script('-w'), 300)
    guest.must('ndctl disable-region all; '
               'ndctl setup-passphrase nmem0 -k user:nvdimm-master')
    guest.must('ndctl enable-region all')
    wait_file(guest, DAX)
    status, text = guest.run('ndctl sanitize-dimm nmem0 --crypto-erase')
    tap.ok(status, 'memory in use is not erased', text)
    memory.check(tap, guest, 'in use')
    tap.ok(used(file) >= memory.steps(), 'the file behind it has them, too')
    guest.must('ndctl disable-region all')
    tap.succeeds(guest, 'ndctl sanitize-dimm nmem0 --crypto-erase',
                 'ndctl erases with the user passphrase')
    tap.equal(security(guest), ('disabled', False, True),
              'security is disabled then')
    check_erased(tap, guest, memory, file, 'erased')
    tap.quiet(guest, 'erased: the kernel has no complaint')


def restart(guest, keys):
    guest.reboot()
    keys.restore(guest)


def first_process(tap, topology, memory):
    with Guest(NAME, topology.args()) as guest:
        keys = Keys(guest)
        check_setup(tap, guest, memory)
        keys.save(guest)
        restart(guest, keys)
        check_locked(tap, guest, memory)
        check_unlock(tap, guest, memory)
        check_freeze(tap, guest, memory)
        keys.save(guest)
        restart(guest, keys)
        check_attempts(tap, guest)
        guest.qmp.command('cxl-inject-power-loss', path=PATH)
        restart(guest, keys)
        check_remove(tap, guest, memory)
        check_master(tap, guest)
        keys.save(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')
    return keys


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, persistent=SIZE,
                        options=f',nv={topology.backend("nv1", 1, True)}')
    file = topology.path(f'pmem{SERIAL}')
    memory = Memory(7)
    keys = first_process(tap, topology, memory)
    with Guest(NAME, topology.args()) as guest:
        keys.restore(guest)
        check_master_erase(tap, guest, memory, file)
        check_erase(tap, guest, file)
        tap.equal(guest.quit(), 0, 'QEMU ends in order, again')


main(NAME, test)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the recipes of docs/system/devices/cxl-recipes.rst, line by line.

A section that names a machine (:Machine:) boots it. In its literal blocks

  # COMMAND             runs in the guest, as root
  # reboot -f           restarts the guest
  (qemu) COMMAND        goes to the monitor
  { "execute": ... }    goes to QMP, on as many lines as it takes

and the lines that follow must be what is printed, where "..." stands for
anything, and a line of it for any number of lines. Definitions of variables
and functions hold for the rest of the section. What only lists is tried
again until it shows what it must: devices take their time.
"""

import json
import os
import re
import time

from cxlguest import Guest, GuestError, SLOW, TOP, main

NAME = 'cxl-recipes'
PAGE = os.path.join(TOP, 'docs/system/devices/cxl-recipes.rst')
CONFIGS = os.path.join(TOP, 'configs/cxl')
LISTS = re.compile(r'(cxl|ndctl|daxctl) list|cat |grep |dmesg|numactl -H|ls |'
                   r'lspci')
DEFINITION = re.compile(r'\w+=|\w+\(\)')
SECONDS = 40


class Recipe:
    """A section: where it is to run, and (kind, command, output) steps."""

    def __init__(self, title):
        self.title = title
        self.machine = None
        self.kernel = ''
        self.steps = []


def literal_blocks(lines):
    """The lines of a section's literal blocks, without their indentation."""
    inside = False
    for line in lines:
        if line.startswith('    '):
            if inside:
                yield line[4:]
        elif line:
            inside = line.endswith('::')


def complete(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def steps(lines):
    """Commands with what is to come of them."""
    found = []
    for line in lines:
        last = found[-1] if found else None
        if last and last[0] == 'qmp' and not complete(last[1]):
            last[1] += line
        elif line.startswith('# '):
            found.append(['guest', line[2:], []])
        elif line.startswith('(qemu) '):
            found.append(['monitor', line[7:], []])
        elif line.startswith('{ "execute"'):
            found.append(['qmp', line, []])
        else:
            last[2].append(line)
    return found


def recipes():
    with open(PAGE, encoding='utf-8') as file:
        text = file.read()
    for title, body in re.findall(r'^(.+)\n-+\n((?:.*\n)*?)(?=.+\n-+\n|\Z)',
                                  text, re.M):
        recipe = Recipe(title)
        machine = re.search(r'^:Machine: ``(\S+)``$', body, re.M)
        kernel = re.search(r'^:Kernel: 6\.(\d+)', body, re.M)
        if machine:
            recipe.machine = machine[1]
            recipe.kernel = '6.17' if kernel and int(kernel[1]) > 12 else ''
            recipe.steps = steps(literal_blocks(body.splitlines()))
            yield recipe


def squeeze(text):
    return ' '.join(text.split())


def expression(lines):
    """What output must look like to be what the page shows."""
    result = ''
    for line in lines:
        line = squeeze(line)
        if line == '...':
            result += r'(?:.*\n)*?'
        else:
            result += '.*'.join(map(re.escape, line.split('...'))) + r'\n'
    return re.compile(result)


def matches(lines, output):
    if not lines:
        return True
    text = ''.join(squeeze(line) + '\n' for line in output.splitlines()
                   if line.strip())
    return bool(expression(lines).fullmatch(text))


class Run:
    """A recipe in a guest."""

    def __init__(self, tap, guest, recipe):
        self.tap = tap
        self.guest = guest
        self.recipe = recipe
        self.definitions = ''

    def in_guest(self, command, wanted):
        """What it prints; only what shows an error may fail."""
        status, output = self.guest.run(self.definitions + command, 120)
        return (status == 0 or bool(wanted)), output

    def once(self, kind, command, wanted):
        if kind == 'monitor':
            return True, self.guest.qmp.command(
                'human-monitor-command', **{'command-line': command})
        if kind == 'qmp':
            request = json.loads(command)
            answer = self.guest.qmp.command(request['execute'],
                                            **request.get('arguments', {}))
            if request['execute'] == 'system_reset':
                self.guest.guarded(self.guest.wait_ready)
            return True, json.dumps(answer, indent=2)
        if command == 'reboot -f':
            self.guest.reboot()
            return True, ''
        if DEFINITION.match(command):
            self.definitions += command + '\n'
            return True, ''
        return self.in_guest(command, wanted)

    def step(self, kind, command, wanted):
        deadline = time.monotonic() + SECONDS * SLOW
        while True:
            try:
                good, output = self.once(kind, command, wanted)
            except GuestError as error:
                good, output = False, str(error)
            good = good and matches(wanted, output)
            if (good or not LISTS.match(command) or
                    time.monotonic() > deadline):
                break
            time.sleep(0.5)
        return self.tap.ok(good, f'{self.recipe.title}: {command}', output)


def check(tap, recipe):
    args = ['-readconfig', os.path.join(CONFIGS, recipe.machine + '.cfg')]
    with Guest(NAME, args, machine='q35', kernel=recipe.kernel) as guest:
        run = Run(tap, guest, recipe)
        for step in recipe.steps:
            if not run.step(*step):
                break


def test(tap, directory):
    os.chdir(directory)
    for recipe in recipes():
        # What one leaves in files is not for the next
        os.mkdir(recipe.title)
        os.chdir(recipe.title)
        tap.ok(recipe.steps, f'{recipe.title}: there are commands')
        check(tap, recipe)
        os.chdir('..')
    os.chdir('/')


main(NAME, test, memory_gib=3)

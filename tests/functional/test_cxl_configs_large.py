#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration of configs/cxl that has most devices."""

from cxlconfigs import Case, run, shape

NAME = 'cxl-configs-large'

run(NAME, [
    Case('sixty-four', [shape(0, range(1, 17), ways=4), shape(1, [61])],
         cpus=4),
])

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions that firmware has mapped, adopted by a Linux that heeds locks.

That is 7.1; Debian's kernels are older: scripts/guest-kernel builds one.
"""

from cxladopt import check_adoption
from cxlguest import BUILT_KERNEL

check_adoption('cxl-adopt-features', BUILT_KERNEL, '')

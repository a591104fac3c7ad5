#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions that firmware has mapped, adopted by Linux 6.17 under SeaBIOS."""

from cxladopt import check_adoption

check_adoption('cxl-adopt617', '6.17', '')

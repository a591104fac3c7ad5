# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/cxl-topology is made of."""

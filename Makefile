# SPDX-License-Identifier: GPL-2.0-or-later
#
# The front.  Each target does all the set-up that it needs.

.PHONY: help build demo check bench sanitize fuzz coverage docs series clean

help:
	@echo "make build     build/qemu-system-x86_64, from nothing or from what is there"
	@echo "make demo      build, boot Linux in the machine, show its CXL memory"
	@echo "make check     build, run every test"
	@echo "make bench     build, measure CXL memory beside DRAM (PEER=other QEMU: that too)"
	@echo "make sanitize  unit tests and qtests on a build with ASan and UBSan"
	@echo "make fuzz      the same build against random commands (SEED=, FUZZ_SECONDS=)"
	@echo "make coverage  which lines of hw/cxl and the devices the tests execute"
	@echo "make docs      build/docs/html"
	@echo "make series    build/series/*.patch, against pristine QEMU (CHECK=1: build them)"
	@echo "make clean     remove build/"
	@echo "QEMU_SRC=dir   use this QEMU 10.0 tree, not Debian's"

build:
	@scripts/build

demo: build
	@scripts/guest-image
	@scripts/demo

check: build
	@scripts/guest-image
	@scripts/check

bench: build
	@scripts/guest-image
	@scripts/bench

sanitize: build
	@scripts/sanitize

fuzz: build
	@scripts/fuzz

coverage: build
	@scripts/coverage

docs:
	@scripts/steps/packages
	@scripts/docs

series: build
	@scripts/series
	@$(if $(CHECK),scripts/series-check)

clean:
	rm -rf build

# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What every build step shares: where things are, and how to fail.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$top/build
steps=$top/scripts/steps
# shellcheck disable=SC2034
pristine=$build/pristine src=${CXL_SRC:-$build/src} qemu=${CXL_BUILD:-$build/qemu} tools=$build/tools
# shellcheck disable=SC2034
python=$build/python/bin/python3 meson=$build/python/bin/meson
export LC_ALL=C.UTF-8 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null

die() {
    echo "error: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || die "not root, and sudo is not installed"
        sudo -n true 2>/dev/null || echo "sudo is needed to run: $*" >&2
        sudo "$@"
    fi
}

# One hash over the contents of files and over plain words.
hash_of() {
    local arg
    for arg in "$@"; do
        if [ -f "$arg" ]; then
            sha256sum <"$arg"
        else
            echo "$arg"
        fi
    done | sha256sum | cut -d ' ' -f 1
}

stamp_of() {
    cat "$build/stamp/$1" 2>/dev/null || true
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Build QEMU with AddressSanitizer and UndefinedBehaviorSanitizer in build/asan,
# from the tree in build/src, and run unit tests and qtests on it.
#
#   sanitize                all of them
#   sanitize --build        only build
#   sanitize TEST...        only these, such as cxl-window-test
#
# A test fails when it fails or when any process of it had something reported.
# Leaks are not looked for: QEMU leaves to the host what is alive when it exits.

export CXL_BUILD
CXL_BUILD=$(cd "$(dirname "$0")/.." && pwd)/build/asan
source "$(dirname "$0")/steps/lib.sh"

reports=$build/log/sanitize
# Seconds for one test: programs run several times slower than usual.
limit=900

configure() {
    local stamp
    stamp=$(hash_of "$steps/configure" "$(stamp_of tools)" "$(stamp_of fetch)")
    if [ "$(cat "$qemu/stamp" 2>/dev/null)" != "$stamp" ]; then
        echo "configuring QEMU in build/asan ..."
        # Instrumented code makes gcc warn of what is not there.
        "$steps/configure" --enable-asan --enable-ubsan --disable-werror \
            >"$build/log/sanitize-configure.log" 2>&1 ||
            die "see build/log/sanitize-configure.log"
        "$steps/firmware" >>"$build/log/sanitize-configure.log" 2>&1
        echo "$stamp" >"$qemu/stamp"
    fi
}

compile() {
    "$steps/compile" 2>&1 |
        "$top/scripts/ninja-progress" "$build/log/sanitize-compile.log" ||
        die "see build/log/sanitize-compile.log"
}

# run PROGRAM: print a line about it; its output goes beside its reports.
run() {
    local name=${1##*/} begin=$SECONDS result=passed dir
    dir=$reports/$name
    rm -rf "$dir"
    mkdir -p "$dir"
    (
        cd "$qemu"
        ASAN_OPTIONS=detect_leaks=0:log_path=$dir/report \
        UBSAN_OPTIONS=print_stacktrace=1:log_path=$dir/report \
        QTEST_QEMU_IMG=$build/qemu-img \
        QTEST_QEMU_BINARY=$qemu/qemu-system-x86_64 \
        G_TEST_SRCDIR=$src/tests G_TEST_BUILDDIR=$qemu/tests \
            timeout "$limit" "$1" --tap -k
    ) >"$dir/output" 2>&1 || result=failed
    # UBSan writes to stderr whatever it is told.
    if grep -qs "runtime error:" "$dir/output"; then
        result=reported
    fi
    # ASan says in each process that it does not follow coroutines' stacks, and
    # once more, in three lines, when one of them is left by longjmp().
    if cat "$dir"/report.* 2>/dev/null | grep -v -e "support makecontext" \
            -e "ignoring requested __asan_handle_no_return" \
            -e "^False positive error reports may follow" \
            -e "google/sanitizers/issues/189" | grep -q .; then
        result=reported
    fi
    printf '%-10s %s (%d s)\n' "$result" "$name" $((SECONDS - begin))
    [ "$result" = passed ] || { echo "           see ${dir#"$top/"}"; return 1; }
}

programs() {
    local name
    "$top/scripts/tests-list" | grep -E '^tests/(unit|qtest)/' |
        while read -r name; do
            if [ $# -eq 0 ] || [[ " $* " == *" ${name##*/} "* ]]; then
                echo "$qemu/$name"
            fi
        done
}

mkdir -p "$build/log" "$reports"
[ -d "$src" ] || die "there is no build/src; run \"make build\" first"
exec 7>"$build/sanitize.lock"
flock -n 7 || { echo "waiting for another sanitize"; flock 7; }
compile
[ "${1:-}" != --build ] || exit 0

passed=0 failed=0
for program in $(programs "$@"); do
    if run "$program"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

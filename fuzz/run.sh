#!/usr/bin/env bash
# Builds fuzz targets with libFuzzer and runs them one after the other. README.md says more.
#
#   fuzz/run.sh all|TARGET [SECONDS [libFuzzer's options]]
#
# Needs a C++ compiler. Without sanitizers: the code is safe Rust, and so a stable compiler is enough.
set -euo pipefail
cd "$(dirname "$0")/.."
all=$(cd fuzz/fuzz_targets && basename -s .rs -- *.rs)
target=${1:-} seconds=${2:-10}
if [ "$target" != all ] && ! grep -qxF -- "$target" <<<"$all"; then
    [ -z "$target" ] || echo "fuzz/run.sh: there is no target \"$target\"" >&2
    echo "usage: fuzz/run.sh all|TARGET [SECONDS [libFuzzer's options]]; the targets are:" $all >&2
    exit 2
fi
[[ $seconds =~ ^[0-9]+$ ]] || { echo "fuzz/run.sh: \"$seconds\" is not a number of seconds" >&2; exit 2; }
command -v c++ >/dev/null || { echo "fuzz/run.sh: there is no C++ compiler (c++), which libFuzzer needs" >&2; exit 2; }
shift $(($# < 2 ? $# : 2))

# One target is built without what only others need.
names=$target build=(--bin "$target" --no-default-features)
case $target in
    all) names=$all build=(--bins) ;;
    arguments | configuration | saved_file | saved_rows) build+=(--features program) ;;
    operations) build+=(--features driver) ;;
    requests | simulator) build+=(--features simulator) ;;
esac

host=$(rustc -vV | sed -n 's/^host: //p')
work=${CARGO_TARGET_DIR:-target}/fuzzing
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-pc-table"
coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-trace-compares"
# With a target, the flags are not for build scripts and macros, which would not link.
RUSTFLAGS="--cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks $coverage" \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_STRIP=none \
    cargo build --quiet --release --package usage-fuzz "${build[@]}" --target "$host" --target-dir "$work"

failed=0
for name in $names; do
    corpus=$work/corpus/$name found=$work/found/$name
    mkdir -p "$corpus" "$found"
    dictionary=fuzz/dictionaries/$name.dict
    [ -e "$dictionary" ] || dictionary=fuzz/dictionaries/${name%_*}.dict
    options=("-max_total_time=$seconds" -print_final_stats=1 -timeout=30 -rss_limit_mb=2048 "-artifact_prefix=$found/")
    [ ! -e "$dictionary" ] || options+=("-dict=$dictionary")
    log=$work/$name.log
    if ! "$work/$host/release/$name" "${options[@]}" "$@" "$corpus" "fuzz/corpus/$name" >"$log" 2>&1; then
        tail -n 40 "$log"
        echo "$name: found something; run it again with: $work/$host/release/$name $found/*"
        failed=1
        continue
    fi
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    echo "$name: $executed executions, $speed a second, $edges edges"
done
exit "$failed"

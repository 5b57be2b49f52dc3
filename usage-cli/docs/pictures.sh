#!/bin/sh
# Draws the pictures of the documents from a simulated report: the page, in Chromium, and the text, in a terminal.
#
#     usage-cli/docs/pictures.sh [PROGRAM]
#
# PROGRAM is genesys-usage, by default the one that cargo builds. It needs chromium, and script of util-linux, on the path.
set -eu
documents=$(cd "$(dirname "$0")" && pwd)
manifest="$documents/../../Cargo.toml"
program=${1:-}
if [ -z "$program" ]; then
    cargo build --quiet --manifest-path "$manifest" --package genesys-usage
    program="$documents/../../target/debug/genesys-usage"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
report="report --simulate --month 2026-10 --compare --allowance 10500000"

# shellcheck disable=SC2086 # words are wanted
"$program" $report --quiet --output "$work/report.html"
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
    --window-size=1100,1060 --screenshot="$documents/report.png" "file://$work/report.html"

script --quiet --command "stty cols 100 rows 40; '$program' $report --quiet --no-pager" /dev/null </dev/null >"$work/report.txt"
{
    printf '\033[2m$\033[0m \033[1mgenesys-usage %s\033[0m\n\n' "$report"
    sed '/Top users/,$d' "$work/report.txt"
} | cargo run --quiet --manifest-path "$manifest" --package xtask -- picture >"$documents/report.svg"

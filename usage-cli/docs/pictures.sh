#!/bin/sh
# Draws the pictures of the documents: the page of a simulated report, in Chromium.
#
#     usage-cli/docs/pictures.sh [PROGRAM]
#
# PROGRAM is genesys-usage, by default the one that cargo builds. It needs chromium on the path.
set -eu
documents=$(cd "$(dirname "$0")" && pwd)
program=${1:-}
if [ -z "$program" ]; then
    cargo build --quiet --manifest-path "$documents/../Cargo.toml"
    program="$documents/../../target/debug/genesys-usage"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" report --simulate --month 2026-10 --compare --allowance 10500000 --output "$work/report.html"
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
    --window-size=1100,1060 --screenshot="$documents/report.png" "file://$work/report.html"

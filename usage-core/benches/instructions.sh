#!/usr/bin/env bash
# Counts instructions with valgrind and compares them with the committed counts, whatever the machine's noise.
#   usage-core/benches/instructions.sh            says what changed; fails if anything costs 3 % more
#   usage-core/benches/instructions.sh --accept   writes the counts of today
set -euo pipefail
cd "$(dirname "$0")"
baseline=instructions.txt
counts=$(for bench in decode machine; do cargo bench --quiet --package usage-core --bench $bench -- --count; done)

if [ "${1:-}" = --accept ]; then
    { echo "# Instructions a row (rows, jobs, fold), a poll, a request: see instructions.sh."; echo "$counts"; } > "$baseline"
    cat "$baseline"
    exit
fi

echo "$counts" | awk -v baseline="$baseline" '
    BEGIN { while ((getline line < baseline) > 0) if (split(line, word, " ") == 2) before[word[1]] = word[2] }
    !($1 in before) { printf "%-8s %8d  not in the baseline\n", $1, $2; worse = 1; next }
    {
        change = 100 * ($2 - before[$1]) / before[$1]
        printf "%-8s %8d  %+6.1f %%\n", $1, $2, change
        if (change > 3) worse = 1
    }
    END { exit worse }'

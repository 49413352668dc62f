#!/bin/bash
# What an index on the pending rows costs those who insert.
#
# Usage: PGHOST=… PGPORT=… PGUSER=… PGDATABASE=… ./writers.sh [rounds] [rows] [seconds of pgbench]
#
# The database needs pgvector and is scribbled on: schema pending_index. The variants are interleaved, and their order
# turns by one with each round, so that a machine that gets slower in between does not pick the winner.
set -euo pipefail
rounds=${1:-3} rows=${2:-100000} seconds=${3:-8}
here=$(cd "$(dirname "$0")" && pwd)
export PGOPTIONS="-c client_min_messages=warning"
sql() { psql -qAtX -v ON_ERROR_STOP=1 "$@"; }
variants=(none key constant)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql -f "$here/tables.sql"
for variant in "${variants[@]}"; do
    cat > "$work/$variant.pgbench" <<END
INSERT INTO pending_index.$variant (topic, category, suggestion)
VALUES ('Reverb on drums', 'mixing', '{"title": "Short room", "description": "A short room keeps the kick dry."}');
END
done
sql -v rows="$rows" -f "$here/rows.sql" > "$work/rows.copy"

# clock NAME VARIANT UNITS COMMAND…: prints "NAME VARIANT UNITS/S"
clock() {
    local name=$1 variant=$2 units=$3 from to
    shift 3
    from=$(date +%s%N); "$@" > /dev/null; to=$(date +%s%N)
    echo "$name $variant $((units * 1000000000 / (to - from)))"
}

insert_select() {
    sql -c "INSERT INTO pending_index.$1 (topic, category, suggestion) SELECT topic, category, suggestion FROM pending_index.source"
}
copy() { sql -c "\\copy pending_index.$1 (topic, category, suggestion) from '$work/rows.copy'"; }

sql -c "TRUNCATE pending_index.source"
sql -c "\\copy pending_index.source (topic, category, suggestion) from '$work/rows.copy'"

for ((round = 0; round < rounds; round++)); do
    for ((turn = 0; turn < ${#variants[@]}; turn++)); do
        variant=${variants[(turn + round) % ${#variants[@]}]}
        for load in insert_select copy; do
            sql -c "TRUNCATE pending_index.$variant" -c "CHECKPOINT"
            clock "$load" "$variant" "$rows" "$load" "$variant"
        done
        sql -c "TRUNCATE pending_index.$variant" -c "CHECKPOINT"
        tps=$(pgbench -n -M prepared -c 8 -j 2 -T "$seconds" -f "$work/$variant.pgbench" 2>/dev/null |
            sed -n 's/^tps = \([0-9]*\).*/\1/p')
        echo "single_rows $variant $tps"
    done
done | tee "$work/results"

echo
echo "medians of $rounds rounds, and the share of the table without an index:"
for load in insert_select copy single_rows; do
    median() { awk -v l="$load" -v v="$1" '$1 == l && $2 == v { print $3 }' "$work/results" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
    base=$(median none)
    for variant in "${variants[@]}"; do
        value=$(median "$variant")
        printf '%-14s %-9s %8d rows/s  %3d %%\n' "$load" "$variant" "$value" $((value * 100 / base))
    done
done

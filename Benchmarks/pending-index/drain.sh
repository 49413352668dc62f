#!/bin/bash
# What draining a backlog costs with each index, alone and under an old snapshot.
#
# Usage: PGHOST=… PGPORT=… PGUSER=… PGDATABASE=… ./drain.sh [rows] [rows in a page] [components of the vector]
#
# A page of pending keys is read, written in batches of 1,000 (a transaction each), then the next page is read, until
# there is none. "pinned" means that a REPEATABLE READ transaction older than the drain stays open, so that no index
# entry of a row already written may be taken away: what a nightly pg_dump does.
set -euo pipefail
rows=${1:-200000} page=${2:-20000} dimension=${3:-384}
here=$(cd "$(dirname "$0")" && pwd)
export PGOPTIONS="-c client_min_messages=warning"
sql() { psql -qAtX -v ON_ERROR_STOP=1 "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql -f "$here/tables.sql"
sql -v rows="$rows" -f "$here/rows.sql" > "$work/rows.copy"
for variant in none key constant; do
    sql -c "ALTER TABLE pending_index.$variant ALTER embedding TYPE vector($dimension)"
done

printf '%-9s %-7s %9s %6s %10s %10s %12s %12s\n' \
    variant snapshot rows pages scan_s write_s last_page_ms probe_ms
for snapshot in free pinned; do
    for variant in key constant; do
        sql -c "TRUNCATE pending_index.$variant" -c "\\copy pending_index.$variant (topic, category, suggestion) from '$work/rows.copy'" \
            -c "ANALYZE pending_index.$variant" -c CHECKPOINT
        if [ "$snapshot" = pinned ]; then
            mkfifo "$work/pin.$variant"
            psql -qAtX < "$work/pin.$variant" > /dev/null & pin=$!
            exec 9> "$work/pin.$variant"
            echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pending_index.$variant;" >&9
            sleep 1
        fi
        sql -v page="$page" -v dimension="$dimension" -v variant="$variant" -v snapshot="$snapshot" -f "$here/drain.sql"
        if [ "$snapshot" = pinned ]; then
            echo "COMMIT;" >&9
            exec 9>&-
            wait "$pin"
        fi
    done
done

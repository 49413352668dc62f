"""What `Benchmarks/run million`, `tables`, `steady` and `partitions` measure: much of everything, for long."""
import random, shutil, time
from harness import Skipped, eventually, processor_seconds, resident, summary
from endtoend import WAITED

STAMPS = "-c track_commit_timestamp=on"
DIMENSION = 64
NOTES = {"BACKFILLD_TABLE_NAME": "notes", "BACKFILLD_TABLE_COLUMNS": "body", "BACKFILLD_HASH_DIMENSION": str(DIMENSION)}
COLUMNS = f"id bigint, body text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), embedding vector({DIMENSION})"
UPDATED = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'notes'"
FILL = "INSERT INTO notes SELECT i, 'note ' || i || ' on the low mids of a guitar' FROM generate_series(1, {}) AS i"


def notes(bench, rows, definition=f"({COLUMNS}, PRIMARY KEY (id))", more=()):
    """The table of this file, filled and set up."""
    sql = bench.cluster.sql
    sql("DROP SCHEMA IF EXISTS backfilld CASCADE; DROP TABLE IF EXISTS notes")
    for statement in (f"CREATE TABLE notes {definition}", *more):
        sql(statement)
    if rows:
        sql(FILL.format(rows))
    sql("VACUUM ANALYZE notes")
    bench.backfilld("setup", settings=NOTES)


def million(bench, rows=10_000_000, small=100_000):
    """A backlog drained by the daemon: its memory, and the rate of each tenth of the rows."""
    free = shutil.disk_usage("/tmp").free
    if free < rows * 2000 + 12 * 2**30:
        raise Skipped(f"{rows:,} rows need {rows * 2000 / 2**30 + 12:.0f} GiB in /tmp, there are {free / 2**30:.0f}")
    with bench.beside(more=STAMPS) as beside:
        few, _, _ = drained(beside, min(small, rows // 10))
        peak, points, memory = drained(beside, rows)
        lost = beside.cluster.sql("SELECT count(*) FROM notes WHERE embedding IS NULL")
        assert lost == "0", lost
    tenth, rates, last = rows // 10, [], 0.0
    for number in range(1, 11):
        at = reached(points, number * tenth)
        rates.append(tenth / (at - last))
        last = at
    return {
        "ratio: rate of the last tenth to the first": round(rates[-1] / rates[0], 3),
        f"ratio: most memory, to that at {min(small, rows // 10):,} rows": round(peak / few, 3),
        "rows": rows, "rows/s, by tenth": summary(rates, 0), "rows/s, all": round(rows / last),
        "most memory resident, MiB": round(peak, 1), "with few rows, MiB": round(few, 1),
        "rates": [[number * tenth, round(rate)] for number, rate in enumerate(rates, 1)],
        "memory": memory[::len(memory) // 200 + 1]}


def drained(bench, rows):
    """The most memory of a daemon that embeds so many rows, and its course: [seconds, rows], [rows, MiB]."""
    notes(bench, rows)
    memory = []
    with bench.cluster.session() as ask:
        started, begin = float(ask("SELECT extract(epoch FROM clock_timestamp())")), time.monotonic()
        daemon = bench.daemon(NOTES)
        # The counter lags behind by seconds when a session has nothing more to do: good for what follows, not for rates.
        while (done := int(ask(UPDATED) or 0)) < rows:
            memory.append([max(done, memory[-1][0] if memory else 0), round(resident(daemon.pid), 1)])
            assert daemon.poll() is None and time.monotonic() - begin < 120 + rows / 500, (done, daemon.poll())
            time.sleep(0.25)
        peak = resident(daemon.pid, peak=True)
        bench.end(daemon)
        points, done = [(0.0, 0)], 0
        for line in ask("SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin)), count(*) FROM notes GROUP BY xmin "
                        "ORDER BY 1").splitlines():
            at, count = line.split("|")
            done += int(count)
            points.append((float(at) - started, done))
    return peak, points, memory


def reached(points, rows):
    """When so many rows were done, between the commits before and after."""
    for (before, fewer), (after, more) in zip(points, points[1:]):
        if more >= rows:
            return before + (after - before) * (rows - fewer) / (more - fewer)


def tables(bench, count=1000, rows=20, single=200):
    """So many tables in one daemon: set-up, start, memory, all rows embedded, single rows in tables drawn by chance."""
    with bench.beside(more=f"{STAMPS} -c max_locks_per_transaction={max(64, 8 * count)}") as beside:
        folder, sql = beside.cluster.folder, beside.cluster.sql
        names = [f"notes_{number:04}" for number in range(count)]
        groups = [names[start:start + 50] for start in range(0, count, 50)]
        for group in groups:
            sql("; ".join(f"CREATE TABLE {name} ({COLUMNS}, PRIMARY KEY (id)); INSERT INTO {name} "
                          f"SELECT i, 'note ' || i FROM generate_series(1, {rows}) AS i" for name in group))
        config = folder / "tables.toml"
        config.write_text(f"hash.dimension = {DIMENSION}\n" + "".join(
            f'[[tables]]\nname = "{name}"\nkey = "id"\ncolumns = ["body"]\n' for name in names))
        begin = time.monotonic()
        beside.backfilld("setup", "--config", str(config))
        set_up = time.monotonic() - begin
        begin = time.monotonic()
        daemon = beside.daemon({}, "--config", str(config))
        ready = time.monotonic() - begin
        beside.backfilld("wait", "--config", str(config), "--timeout", "15min")
        embedded = time.monotonic() - begin
        draw = random.Random(1)
        for number in range(single):
            sql(f"INSERT INTO {draw.choice(names)} VALUES ({1000 + number}, 'one more')")
        beside.backfilld("wait", "--config", str(config), "--timeout", "15min")
        waits = sorted(float(wait) * 1000 for group in groups for wait in sql(" UNION ALL ".join(
            f"SELECT {WAITED} FROM {name} WHERE id >= 1000" for name in group)).split())
        assert len(waits) == single, len(waits)
        time.sleep(15)
        idle = processor_seconds(daemon.pid) + beside.cluster.processor_seconds()
        time.sleep(20)
        idle = processor_seconds(daemon.pid) + beside.cluster.processor_seconds() - idle
        memory, peak = resident(daemon.pid), resident(daemon.pid, peak=True)
        beside.end(daemon)
    return {
        "tables": count, "rows of each": rows, "set-up, s": round(set_up, 1), "until ready, s": round(ready, 2),
        "until all are embedded, s": round(embedded, 1), "rows/s": round(count * rows / embedded),
        "wait of a single row, ms": {"median": round(waits[single // 2], 1), "lowest": round(waits[0], 1),
                                     "highest": round(waits[-1], 1)},
        "resident, MiB": round(memory, 1), "most memory resident, MiB": round(peak, 1),
        "processor of daemon and server with nothing to do, %": round(idle / 20 * 100, 2)}


def partitions(bench, rows=200_000, rounds=3, count=100):
    """A table of a hundred partitions against a plain one with the same rows, in turn."""
    plain = f"({COLUMNS}, PRIMARY KEY (id))"
    split = (f"{plain} PARTITION BY RANGE (id)", [
        f"CREATE TABLE notes_{n} PARTITION OF notes FOR VALUES FROM ({n * rows // count + 1}) "
        f"TO ({(n + 1) * rows // count + 1})" for n in range(count)])
    rates = {"partitioned": [], "plain": []}
    with bench.beside(more="-c max_locks_per_transaction=512") as beside:
        for _ in range(rounds):
            for name, (definition, more) in (("partitioned", split), ("plain", (plain, []))):
                notes(beside, rows, definition, more)
                begin = time.monotonic()
                beside.backfilld("backfill", settings=NOTES)
                rates[name].append(rows / (time.monotonic() - begin))
                assert beside.cluster.sql("SELECT count(*) FROM notes WHERE embedding IS NULL") == "0"
    return {"ratio: partitioned to plain": summary([a / b for a, b in zip(rates["partitioned"], rates["plain"])]),
            "partitions": count, "rows": rows} | {f"{name}, rows/s": summary(values, 0) for name, values in rates.items()}


def steady(bench, minutes=60, rate=200, looks=120):
    """Inserts at a steady rate for long: memory, bloat of table and indexes, the notification queue, waits."""
    points = {name: [] for name in ("memory, MiB", "part of the table that is no rows, %", "pending index, MiB", "queue, %")}
    with bench.beside(more=STAMPS) as beside:
        notes(beside, 0, f"({COLUMNS.replace('id bigint', 'id bigserial')}, PRIMARY KEY (id))")
        sql = beside.cluster.sql
        sql("CREATE EXTENSION pgstattuple")
        index = sql("SELECT indexname FROM pg_indexes WHERE tablename = 'notes' AND indexname LIKE 'backfilld%' LIMIT 1")
        look = (f"SELECT (SELECT 100 - tuple_percent FROM pgstattuple('notes')), pg_relation_size('{index}') / 1048576.0, "
                "pg_notification_queue_usage() * 100")
        daemon = beside.daemon(NOTES)
        begin, every = time.monotonic(), minutes * 60 / looks
        script = "INSERT INTO notes (body) VALUES ('a note ' || gen_random_uuid())\n"
        with beside.cluster.writers(script, "-c", "4", "-R", str(rate), "-T", str(round(minutes * 60))) as writing:
            while writing.poll() is None:
                time.sleep(max(1, every))
                at = round((time.monotonic() - begin) / 60, 2)
                found = [resident(daemon.pid), *map(float, sql(look).split("|"))]
                for name, value in zip(points, found):
                    points[name].append([at, round(value, 3)])
        eventually(lambda: sql("SELECT count(*) FROM notes WHERE embedding IS NULL") == "0", 120, "all is embedded", 0.5)
        rows = int(sql("SELECT count(*) FROM notes"))
        waits = [[float(value) * 1000 for value in line.split("|")] for line in sql(
            f"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY {WAITED}), percentile_cont(0.99) WITHIN GROUP (ORDER BY "
            f"{WAITED}) FROM notes GROUP BY id * 10 / {rows + 1} ORDER BY id * 10 / {rows + 1}").splitlines()]
        peak = resident(daemon.pid, peak=True)
        beside.end(daemon)
    middle = len(points["memory, MiB"]) // 2
    half = {name: [value for _, value in course[middle:]] for name, course in points.items()}
    first = [value for _, value in points["memory, MiB"][:middle]]
    return {
        "ratio: memory of the second half to the first": round(max(half["memory, MiB"]) / max(first), 3),
        "minutes": minutes, "rows inserted": rows, "inserts/s": rate, "most memory resident, MiB": round(peak, 1)} | {
        f"second half: {name}": summary(values) for name, values in half.items()} | {
        "wait of a row, ms, median of each tenth": summary([wait for wait, _ in waits], 1),
        "wait of a row, ms, 99 % of each tenth": summary([wait for _, wait in waits], 1), "course": points}


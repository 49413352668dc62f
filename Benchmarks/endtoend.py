"""What `Benchmarks/run endtoend` measures: from an insert to its vector, beside pgai's worker and the naive script."""
import time
import provider
from harness import eventually, processor_seconds, resident, say, summary
from peers.database import DIMENSION, Backfilld, Naive, Pgai

# The server remembers when each transaction was committed, hence how long a row waited for its vector.
STAMPS = "-c track_commit_timestamp=on -c max_locks_per_transaction=512"
WAITED = "extract(epoch FROM pg_xact_commit_timestamp(xmin) - created_at)"
PENDING = "SELECT count(*) FROM (SELECT FROM music_knowledge WHERE embedding IS NULL LIMIT 1) AS one"
# No text twice: some ask a provider only once for those that are the same.
ROW = "INSERT INTO music_knowledge (topic, suggestion) VALUES ('{}', jsonb_build_object('title', gen_random_uuid()))"

# As it comes pgai sends 50 texts a request and looks every five minutes, and backfilld sends OpenAI up to 500; plain
# "backfilld" is held to 50 too. Tuned: 500 texts a request, eight requests at once, and pgai looks without rest.
OURS, PGAI, NAIVE = "backfilld", "pgai, asking every second", "naive script"
OURS_OPENAI = "backfilld, as with OpenAI"
OURS_TUNED, PGAI_TUNED, PGAI_PATIENT = "backfilld, tuned", "pgai, tuned", "pgai, as it comes"
WAIT = "wait of a single row, ms, {}"


def contestants(bench, stub):
    """As they come, but for pgai's rest, and each but one with requests as large as its peer's."""
    large = {"BACKFILLD_REMOTE_INPUTS": "500", "BACKFILLD_BATCH_ROWS": "500", "BACKFILLD_BATCH_IN_FLIGHT": "12",
             "BACKFILLD_DATABASE_CONNECTIONS": "8"}
    # How many times as many rows are inserted, and who embeds them. Pgai and the script send 50 texts a request.
    return [(1, Backfilld(OURS, bench, stub, {"BACKFILLD_REMOTE_INPUTS": "50"})),
            (1, Pgai(PGAI, bench, stub, arguments=["--poll-interval", "1s"])),
            (1, Naive(NAIVE, bench, stub)),
            (4, Backfilld(OURS_OPENAI, bench, stub, {"BACKFILLD_REMOTE_INPUTS": "2048"})),
            (4, Backfilld(OURS_TUNED, bench, stub, large)),
            (4, Pgai(PGAI_TUNED, bench, stub, "batch_size => 500, concurrency => 8", ["--poll-interval", "0"]))]


def endtoend(bench, rows=10_000, rounds=3, seconds=20, pause=0.1, patience=280):
    """Rows a second from insert to vector, waits, and what a worker costs, beside pgai's worker and the naive script."""
    stub, found = provider.Stub(DIMENSION, pause), {}
    with bench.beside(more=STAMPS) as beside:
        everyone = contestants(beside, stub)
        for number in range(rounds):
            turn = number % len(everyone)
            for times, who in everyone[turn:] + everyone[:turn]:
                for what, value in one(beside, who, rows * times, seconds).items():
                    found.setdefault(what, {}).setdefault(who.name, []).append(value)
        if patience:
            for what, value in patient(beside, Pgai(PGAI_PATIENT, beside, stub), patience).items():
                found[what][PGAI_PATIENT] = [value]
    return report(found) | {
        "rows": f"{rows:,}, {4 * rows:,} where requests are large", "the provider answers after, ms": pause * 1000}


def one(bench, who, rows, seconds):
    """One contestant with an empty table: its start, many rows at once, then one now and then, then none."""
    bench.table(0)
    bench.cluster.sql("DROP SCHEMA IF EXISTS ai CASCADE")
    bench.cluster.sql("CHECKPOINT")
    who.setup()
    with bench.cluster.session() as ask:
        # Seldom: where there is no index it reads the table, and when the last row was embedded the server knows itself.
        drained = lambda: eventually(lambda: ask(PENDING) == "0", 900, f"{who.name} embeds all", 1)
        ask(ROW.format("first"))
        begin = time.monotonic()
        process = who.start()
        eventually(lambda: ask(PENDING) == "0", 120, f"the first vector of {who.name}", 0.02)
        first = time.monotonic() - begin
        worker, server = processor_seconds(process.pid), bench.cluster.processor_seconds()
        bench.insert(rows)
        drained()
        costs = 1000 / rows
        found = {
            "rows/s": rows / float(ask(f"SELECT max({WAITED}) FROM music_knowledge WHERE topic LIKE 'topic %'")),
            "processor seconds of the worker for 1,000 rows": (processor_seconds(process.pid) - worker) * costs,
            "processor seconds of the server for 1,000 rows": (bench.cluster.processor_seconds() - server) * costs,
            "most memory resident, MiB": resident(process.pid, peak=True)}
        now_and_then(bench, 5, seconds)
        drained()
        found |= waits(ask)
        idle = processor_seconds(process.pid) + bench.cluster.processor_seconds()
        time.sleep(seconds / 4)
        idle = processor_seconds(process.pid) + bench.cluster.processor_seconds() - idle
        found["processor of worker and server with nothing to do, %"] = idle / (seconds / 4) * 100
        found["from start to the first vector, s"] = first
    process.terminate()
    process.wait(60)
    say(f"    {who.name}: " + ", ".join(f"{value:.4g} {what}" for what, value in list(found.items())[:1])
        + f", wait {found[WAIT.format('median')]:.4g} ms")
    return found


def now_and_then(bench, rate, seconds):
    bench.cluster.pgbench(ROW.format("now and then") + "\n", "-c", "1", "-R", str(rate), "-T", str(seconds))


def waits(ask):
    """How long those rows waited, from their transaction's begin to the commit of their vector."""
    found = ask(f"SELECT string_agg((percentile * 1000)::text, ' ') FROM unnest((SELECT percentile_cont("
                f"ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY {WAITED}) FROM music_knowledge "
                f"WHERE topic = 'now and then')) AS percentile").split()
    return {WAIT.format(name): float(wait) for name, wait in zip(("median", "90 %", "99 %"), found)}


def patient(bench, who, seconds):
    """The waits of one that looks every five minutes, for rows between two looks: once, with little noise."""
    bench.table(0)
    bench.cluster.sql("DROP SCHEMA IF EXISTS ai CASCADE")
    who.setup()
    with bench.cluster.session() as ask:
        process = who.start()
        time.sleep(10)
        now_and_then(bench, 1, seconds)
        eventually(lambda: ask(PENDING) == "0", 900, f"{who.name} embeds all", 0.25)
        found = waits(ask)
    process.terminate()
    process.wait(60)
    say(f"    {who.name}: wait {found[WAIT.format('median')]:.4g} ms")
    return found


def report(found):
    """Ratios first, taken within each round, but for those against pgai as it comes, which is measured once."""
    results = {}
    pairs = [(OURS, PGAI), (OURS, NAIVE), (OURS_OPENAI, PGAI), (OURS_TUNED, PGAI_TUNED)]
    for what, name, upside_down in (
            ("rows/s", "rows/s, times those of", False),
            (WAIT.format("median"), "median wait, times shorter than that of", True),
            ("processor seconds of the worker for 1,000 rows", "the worker's processor time, times less than that of", True),
            ("most memory resident, MiB", "memory, times less than that of", True)):
        for ours, other in pairs + [(OURS, PGAI_PATIENT)] * (PGAI_PATIENT in found[what]):
            values = zip(found[what][ours], found[what][other] * (len(found[what][ours]) if other == PGAI_PATIENT else 1))
            results[f"ratio: {ours}: {name} {other}"] = summary([b / a if upside_down else a / b for a, b in values], 1)
    for what, whose in found.items():
        results[what] = {who: summary(values, 0 if what == "rows/s" else 3) for who, values in whose.items()}
    return results

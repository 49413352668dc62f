"""The sets that hold backfilld to its limits: each a function of a Bench that answers what it found.

What its docstring says in its first line is printed, and told on the page of figures.
"""
import json, os, pathlib, signal, socket, subprocess, time
import daemons
import provider as providers
from harness import CACHE, Skipped, processor_seconds, resident, summary
from writers import WritersTax

# The locks that many large batches need, and buffers as a server has them on a machine of 24 GiB: the table fits in.
ROOMY = "-c max_locks_per_transaction=512 -c shared_buffers=4GB"


def database(bench, rows=100_000, rounds=5):
    """Rows a second of `backfill`, against one UPDATE in the server that sets a constant vector."""
    ratios, ours, theirs = [], [], []
    for _ in range(rounds):
        bench.table(rows)
        bench.backfilld("setup")
        begin = time.monotonic()
        report = json.loads(bench.backfilld("backfill", "--json"))["tables"][0]
        ours.append(rows / (time.monotonic() - begin))
        assert report["embedded"] == rows and not report["failed"], report
        bench.table(rows)
        bench.backfilld("setup")
        begin = time.monotonic()
        bench.cluster.sql("UPDATE music_knowledge SET embedding = (SELECT array_agg(0.05)::vector "
                         "FROM generate_series(1, 384))")
        theirs.append(rows / (time.monotonic() - begin))
        ratios.append(ours[-1] / theirs[-1])
    return {
        "rows": rows, "backfill rows/s": summary(ours, 0), "one UPDATE rows/s": summary(theirs, 0),
        "ratio: backfill to one UPDATE, rows/s": summary(ratios)}


def memory(bench, sizes=(10_000, 1_000_000)):
    """Peak resident memory of `backfill`, with few and with very many rows pending."""
    peaks = []
    for rows in sizes:
        bench.table(rows)
        bench.backfilld("setup")
        peaks.append(bench.peak())
    return {f"{rows:,} rows, MiB": round(peak, 1) for rows, peak in zip(sizes, peaks)} | {
        "ratio: memory with many rows pending to that with fewer": round(peaks[-1] / peaks[0], 2)}


def latency(bench, rows=60):
    """From the commit of one insert to the commit of its vector, with an idle daemon."""
    bench.table(0)
    bench.backfilld("setup")
    daemon = bench.daemon()
    bench.cluster.sql("""
        CREATE TABLE IF NOT EXISTS latency (ms float8);
        CREATE OR REPLACE PROCEDURE measure(n int) LANGUAGE plpgsql AS $$
        DECLARE k uuid; t timestamptz; done bool;
        BEGIN
            FOR i IN 1..n LOOP
                k := gen_random_uuid();
                INSERT INTO music_knowledge (id, topic, suggestion) VALUES (k, 'one', '{}');
                COMMIT;
                t := clock_timestamp();
                LOOP
                    SELECT embedding IS NOT NULL INTO done FROM music_knowledge WHERE id = k;
                    EXIT WHEN done;
                    PERFORM pg_sleep(0.0005);
                END LOOP;
                INSERT INTO latency VALUES (extract(epoch FROM clock_timestamp() - t) * 1000);
                COMMIT;
                PERFORM pg_sleep(0.1);
            END LOOP;
        END $$; TRUNCATE latency""")
    # It begins with polling, and listens when that has found nothing for a moment.
    time.sleep(3)
    bench.cluster.sql(f"CALL measure({rows})")
    values = [float(v) for v in bench.cluster.sql("SELECT ms FROM latency").split()]
    bench.end(daemon)
    return {
        "rows": rows, "ms": summary(values, 1), "debounce ms": 25}


def idle(bench, seconds=60):
    """What a daemon costs that has nothing to do: processor, memory, queries."""
    bench.table(1000)
    bench.backfilld("setup")
    bench.cluster.sql("ALTER SYSTEM SET log_statement = 'all'")
    bench.cluster.sql("SELECT pg_reload_conf()")
    daemon = bench.daemon()
    bench.backfilld("wait", "--timeout", "60s")
    time.sleep(12)  # the notes for `status` of what was just done are written by then
    log = bench.cluster.folder / "log"
    position, before, begin = log.stat().st_size, processor_seconds(daemon.pid), time.monotonic()
    time.sleep(seconds)
    share = (processor_seconds(daemon.pid) - before) / (time.monotonic() - begin) * 100
    with log.open() as file:
        file.seek(position)
        statements = [line for line in file if "LOG:  " in line and ("execute" in line or "statement:" in line)]
    rounds = len({line[:19] for line in statements})
    memory = resident(daemon.pid)
    bench.end(daemon)
    bench.cluster.sql("ALTER SYSTEM RESET log_statement")
    bench.cluster.sql("SELECT pg_reload_conf()")
    return {
        "seconds": seconds, "processor %": round(share, 3), "resident MiB": round(memory, 1),
        "times it asked the server": rounds}


def start(bench, rounds=10):
    """From exec to READY=1, from SIGHUP to READY=1, from SIGTERM to the end, on a local server with nothing pending."""
    found = {}
    for name, settings in (("", {}), ("with the model, ", {
            "BACKFILLD_EMBEDDER": "local", "BACKFILLD_LOCAL_MODEL": str(CACHE / "models/all-MiniLM-L6-v2")})):
        times = started(bench, settings, rounds)
        found |= {f"{name}{what} ms": summary(values, 1) for what, values in times.items()}
    return found


def started(bench, settings, rounds):
    bench.table(100)
    bench.backfilld("setup", settings=settings)
    bench.backfilld("backfill", settings=settings)
    times = {"ready": [], "reload": [], "stop": []}
    for _ in range(rounds):
        path = str(bench.cluster.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            if os.path.exists(path):
                os.unlink(path)
            notify.bind(path)
            notify.settimeout(60)

            def told(begin, *words):
                for word in words:
                    while word not in notify.recv(4096):
                        pass
                return (time.monotonic() - begin) * 1000

            begin = time.monotonic()
            process = subprocess.Popen([bench.binary, "run", "--log-format", "plain"], stderr=subprocess.DEVNULL,
                                       env=bench.cluster.environment | settings | {"NOTIFY_SOCKET": path})
            bench.daemons.append(process)
            times["ready"].append(told(begin, b"READY=1"))
            begin = time.monotonic()
            process.send_signal(signal.SIGHUP)
            times["reload"].append(told(begin, b"RELOADING=1", b"READY=1"))
            begin = time.monotonic()
            bench.end(process)
            times["stop"].append((time.monotonic() - begin) * 1000)
    return times


def tax(bench, rounds=None, rows=100_000):
    """What inserting costs: the table set up, the same indexes without triggers, the bare table, in turn."""
    options = bench.options
    # Commits that reach the disk are what a notification slows down.
    with bench.beside(fsync="on") as beside:
        measured = WritersTax(beside, options.poller, rounds or options.rounds, 2, rows).measure()
    return {"polled by": options.poller} | measured


def built(bench, program):
    """A program of ours that stands beside the binary."""
    path = pathlib.Path(bench.binary).parent / program
    if not path.exists():
        raise Skipped(f"there is no {program} beside the binary: swift build -c release --product {program}")
    return str(path)


def share(bench, rows=20_000, rounds=3):
    """Eight daemons against one, with an embedder that takes 50 ms for a batch of 50 rows."""
    alone, together = daemons.share(bench, built(bench, "share-benchmark"), rows, rounds)
    return {
        "one, s": summary(alone, 2), "eight, s": summary(together, 2),
        "times as fast": summary([a / b for a, b in zip(alone, together)], 2)}


def answers(bench):
    """What reading a provider's answers costs: floats as base64 against JSON numbers, on one core."""
    done = subprocess.run([built(bench, "provider-benchmark")], check=True, capture_output=True, text=True)
    read = json.loads(done.stdout)
    return {
        f"{kind.replace('_', ' ')}, {unit.replace('_', ' ')}": read[kind][unit]
        for kind in ("json_double", "json_float", "base64")
        for unit in ("megabytes_per_second", "microseconds_per_vector")} | {
        "times as dear as base64, digits of a double": read["json_double_to_base64"],
        "times as dear as base64, of a float": read["json_float_to_base64"]}


def flood(bench, seconds=10, rounds=3):
    """From the end of the last transaction of a flood until its row is embedded, and until nobody polls."""
    embedded, listening = daemons.flood(bench, seconds=seconds, rounds=rounds)
    return {"embedded after, s": summary(embedded), "listening after, s": summary(listening)}


def provider(bench, rounds=3, rows=20_000):
    """Rows a second from a provider that answers 500 inputs in 100 ms whatever the load, as a share of what it can do."""
    results = {}
    with bench.beside(more=ROOMY) as beside:
        for in_flight in (1, 2, 4, 8):
            runs = [providers.capacity(beside, in_flight, rows + rows * in_flight) for _ in range(rounds)]
            results[f"{in_flight} in flight, rows/s"] = summary([rate for rate, _, _ in runs], 0)
            results[f"{in_flight} in flight, share"] = summary([share for _, share, _ in runs])
            results[f"{in_flight} in flight, processors busy, %"] = summary([used for _, _, used in runs], 0)
    return results


def stream(bench, sizes=(100_000, 1_000_000)):
    """Peak resident memory of `backfill` with a provider, with many rows pending and with ten times as many."""
    with bench.beside(more=ROOMY) as beside:
        peaks = providers.memory(beside, sizes)
    return {f"{rows:,} rows, MiB": round(peak, 1) for rows, peak in zip(sizes, peaks)} | {
        "ratio: memory with many rows pending to that with fewer": round(peaks[-1] / peaks[0], 2)}


def allowance(bench, minutes=4):
    """Against a provider that allows 60 requests in any minute, after the first: what is used of them, what is refused."""
    used, refused = providers.allowance(bench, minutes=minutes)
    return {"used": round(used, 3), "refused": round(refused, 4)}

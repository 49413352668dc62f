"""What `Benchmarks/run share` and `flood` measure: daemons that share a backlog, and the end of a flood."""
import statistics, subprocess, time

# The first halves of AdvisoryLock.claim, polling and skipped.
CLAIM, POLLING, SKIPPED = 1650879587, 1650879595, 1650879608
PENDING = "SELECT count(*) FROM music_knowledge WHERE embedding IS NULL"


def share(bench, program, rows=20_000, rounds=3):
    """Seconds that one and eight daemons take for the same backlog, in turn."""
    alone, together = [], []
    for _ in range(rounds):
        for count, seconds in ((1, alone), (8, together)):
            bench.table(rows)
            bench.backfilld("setup")
            done = subprocess.run([program, bench.cluster.environment["DATABASE_URL"], str(count)], check=True,
                                  capture_output=True, text=True)
            seconds.append(float(done.stdout))
    return alone, together


def flood(bench, clients=8, seconds=10, rounds=3):
    """Eight clients insert as fast as they can, then one transaction stays open a second longer, then silence: how long
    until the last row is embedded, and until the daemon listens again. Answers the two lists, in seconds."""
    cluster = bench.cluster
    embedded, listening = [], []
    script = cluster.folder / "flood.sql"
    script.write_text("INSERT INTO music_knowledge (topic, suggestion) VALUES ('flood', '{}');\n")
    bench.table(0)
    bench.backfilld("setup")
    # What it embeds at full speed may fall behind the writers; a backlog is not what this is about.
    daemon = bench.daemon()
    locks = (f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 "
             f"AND classid::bigint IN ({CLAIM}, {POLLING}, {SKIPPED})")
    for _ in range(rounds):
        subprocess.run(
            [str(cluster.bin / "pgbench"), *cluster.place, "-n", "-c", str(clients), "-j", "2", "-T", str(seconds),
             "-R", "2000", "-f", str(script), "postgres"], env=cluster.environment, check=True, capture_output=True)
        while int(cluster.sql(PENDING)) > 0:
            time.sleep(0.05)
        # The daemon polls still: this writer keeps quiet, and holds X until it ends.
        cluster.sql("BEGIN; INSERT INTO music_knowledge (topic, suggestion) VALUES ('last', '{}'); "
                    "SELECT pg_sleep(1); COMMIT")
        end = time.monotonic()
        while int(cluster.sql(PENDING)) > 0:
            time.sleep(0.005)
        embedded.append(time.monotonic() - end)
        while int(cluster.sql(locks)) > 0:
            time.sleep(0.005)
        listening.append(time.monotonic() - end)
    daemon.terminate()
    assert daemon.wait(20) == 0
    return embedded, listening

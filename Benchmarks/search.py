"""What `Benchmarks/run search` measures: a search by meaning, beside the same question asked by hand in SQL."""
import json, re, subprocess, time
from harness import Skipped, summary

QUERY = "reduce the mud of a guitar"


def search(bench, rows=50_000, rounds=30):
    """A search by meaning with an index, beside the bare SELECT with the same vector: the statement, and the command."""
    help = subprocess.run([bench.binary, "--help"], capture_output=True, text=True).stdout
    if not re.search(r"^  search ", help, re.MULTILINE):
        raise Skipped("this binary has no command search")
    bench.table(rows)
    bench.backfilld("setup")
    bench.backfilld("backfill")
    sql = bench.cluster.sql
    sql("SET maintenance_work_mem = '1GB'; CREATE INDEX ON music_knowledge USING hnsw (embedding vector_cosine_ops)")
    vector = json.loads(embedded(bench))
    found = {"statement, ms": [], "bare SELECT, ms": [], "command, ms": []}
    plain = (f"SELECT id, topic, embedding <=> '{vector}' FROM music_knowledge ORDER BY embedding <=> '{vector}' LIMIT 10")
    for _ in range(rounds):
        begin = time.monotonic()
        answer = json.loads(bench.backfilld("search", "--mode", "vector", "--json", QUERY))
        found["command, ms"].append((time.monotonic() - begin) * 1000)
        found["statement, ms"].append(answer["took_ms"])
        assert answer["hits"], "nothing found"
        # In a new session, as the command's is: the server's process has to load pgvector, and to look the table up.
        with bench.cluster.session() as ask:
            ask("SELECT 1")
            begin = time.monotonic()
            for statement in ("BEGIN", "SET LOCAL hnsw.ef_search = 150", plain, "COMMIT"):
                ask(statement)
            found["bare SELECT, ms"].append((time.monotonic() - begin) * 1000)
    ratios = [ours / theirs for ours, theirs in zip(found["statement, ms"], found["bare SELECT, ms"])]
    return {"ratio: statement to bare SELECT": summary(ratios, 2)} | {
        what: summary(values, 1) for what, values in found.items()} | {"rows": rows}


def embedded(bench):
    """The vector of the query, as `backfilld embed` makes it."""
    done = subprocess.run([bench.binary, "embed"], input=json.dumps({"id": 1, "text": QUERY}), text=True, check=True,
                          capture_output=True, env=bench.cluster.environment)
    return json.dumps(json.loads(done.stdout)["embedding"])

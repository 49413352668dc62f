"""What `Benchmarks/run console`, `vectors` and `asked` measure: the HTTP listener, and the daemon's work beside it."""
import contextlib, http.client, json, random, selectors, socket, time
from urllib.parse import quote
from harness import CACHE, ROOT, processor_seconds, resident, summary

SEED = (ROOT / "Benchmarks/texts/seed.txt").read_text().splitlines()
SHORT = "how can I soften harsh esses?"
PENDING = "SELECT count(*) FROM music_knowledge WHERE embedding IS NULL"


@contextlib.contextmanager
def daemon(bench, settings={}, console=True):
    """A daemon, and the port of its console."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = bench.daemon(settings | ({"BACKFILLD_CONSOLE_LISTEN": f"127.0.0.1:{port}"} if console else {}))
    try:
        yield process, port
    finally:
        bench.end(process)


MODEL = {"BACKFILLD_EMBEDDER": "local", "BACKFILLD_LOCAL_MODEL": str(CACHE / "models/all-MiniLM-L6-v2")}


class Client:
    """One connection that is kept."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path, body=None):
        self.connection.request("POST" if body else "GET", path, body and json.dumps(body))
        answer = self.connection.getresponse()
        data = answer.read()
        assert answer.status == 200, data
        return data

    def timed(self, path, body=None):
        begin = time.perf_counter()
        data = self.ask(path, body)
        return (time.perf_counter() - begin) * 1000, data


def flood(port, clients, seconds, texts=1):
    """So many connections that ask for vectors of short texts, each anew as soon as it is answered: texts a second. All of
    them in one loop that parses next to nothing, since it takes its processor from who is measured."""
    source, chosen = random.Random(3), selectors.DefaultSelector()

    def request():
        body = json.dumps({"input": [f"{source.choice(SEED)[:40]} {source.random():.4f}" for _ in range(texts)],
                           "encoding_format": "base64"}).encode()
        return b"POST /v1/embeddings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    for _ in range(clients):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request())
        chosen.register(connection, selectors.EVENT_READ, bytearray())
    begin, answered, counted = time.monotonic(), 0, None
    while time.monotonic() < begin + seconds:
        for key, _ in chosen.select(1):
            key.data.extend(key.fileobj.recv(1 << 20))
            end = key.data.find(b"\r\n\r\n")
            if end < 0:
                continue
            head = bytes(key.data[:end]).lower()
            if len(key.data) < end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0]):
                continue
            assert head.startswith(b"http/1.1 200"), head
            key.data.clear()
            answered += texts
            key.fileobj.sendall(request())
        if counted is None and time.monotonic() > begin + seconds / 4:
            counted = (time.monotonic(), answered)  # the first quarter is for warming up
    rate = (answered - counted[1]) / (time.monotonic() - counted[0])
    for key in list(chosen.get_map().values()):
        key.fileobj.close()
    return rate


def rows(bench, count):
    """A table with so many short texts, all of them pending."""
    bench.table(0)
    bench.cluster.sql(f"INSERT INTO music_knowledge (topic, category, suggestion) SELECT 'a short topic of row ' || i, 'mixing', "
                      f"'{{}}' FROM generate_series(1, {count}) AS i")
    bench.backfilld("setup", settings=MODEL)


def vectors(bench, rounds=3, seconds=8, pending=200_000):
    """/v1/embeddings: one short text; 64 callers beside batches of 256; and both beside a full pipeline."""
    rows(bench, 0)
    batch, many, alone, beside, callers = [], [], [], [], []
    with daemon(bench, MODEL) as (_, port):
        client = Client(port)
        for _ in range(20):
            client.ask("/v1/embeddings", {"input": SHORT})
        single = [client.timed("/v1/embeddings", {"input": SHORT})[0] for _ in range(300)]
        for _ in range(rounds):
            batch.append(flood(port, 2, seconds, texts=256))
            many.append(flood(port, 64, seconds))
    for _ in range(rounds):
        for callers_are_there in (False, True):
            rows(bench, pending)
            with daemon(bench, MODEL) as (_, port):
                time.sleep(2)
                before, begin = int(bench.cluster.sql(PENDING)), time.monotonic()
                if callers_are_there:
                    callers.append(flood(port, 64, seconds))
                else:
                    time.sleep(seconds)
                rate = (before - int(bench.cluster.sql(PENDING))) / (time.monotonic() - begin)
                (beside if callers_are_there else alone).append(rate)
                bench.cluster.sql("TRUNCATE music_knowledge")
    return {
        "one short text, ms": summary(single, 2),
        "ratio: 64 callers of one text to batches of 256, texts/s": summary([b / a for a, b in zip(batch, many)], 2),
        "ratio: the pipeline beside 64 callers to alone, rows/s": summary([b / a for a, b in zip(alone, beside)], 2),
        "batches of 256, texts/s": summary(batch, 0), "64 callers of one text, texts/s": summary(many, 0),
        "pipeline alone, rows/s": summary(alone, 0), "beside 64 callers, rows/s": summary(beside, 0),
        "who have, texts/s": summary(callers, 0)}


def questions(count, seed):
    """Texts that are put together from pieces of real ones, no two alike."""
    source = random.Random(seed)
    halves = [piece.strip(" .") for line in SEED for piece in line.split(",") if len(piece) > 20]
    return [f"{source.choice(halves)}, {source.choice(halves)} at {source.randint(20, 20000)} Hz" for _ in range(count)]


def asked(bench, count=100_000, asked=100):
    """/api/search through HNSW, the query embedded, and what of the exact answer it finds; and the map."""
    bench.table(0)
    bench.cluster.sql("ALTER TABLE music_knowledge ADD COLUMN fts tsvector GENERATED ALWAYS AS "
                      "(to_tsvector('english', topic)) STORED")
    path = bench.cluster.folder / "rows.txt"
    path.write_text("\n".join(questions(count, 1)) + "\n")
    bench.cluster.sql("CREATE TEMP TABLE lines (line text); "
                      f"COPY lines FROM '{path}'; "
                      "INSERT INTO music_knowledge (topic, category, suggestion) SELECT line, 'mixing', '{}' FROM lines")
    settings = MODEL
    bench.backfilld("setup", settings=settings)
    bench.backfilld("backfill", settings=settings)
    bench.backfilld("index", "--create", "--memory", "1GB", settings=settings)
    bench.cluster.sql("CREATE INDEX ON music_knowledge USING gin (fts)")
    bench.cluster.sql("VACUUM ANALYZE music_knowledge")
    results = {}
    with daemon(bench, settings) as (_, port):
        client = Client(port)
        queries = questions(asked, 2)
        for mode in ("vector", "hybrid"):
            for query in queries[:10]:
                client.ask(f"/api/search?q={quote(query)}&mode={mode}")
            taken = [client.timed(f"/api/search?q={quote(query)}&mode={mode}") for query in queries]
            ms = [one for one, _ in taken]
            results[f"{mode}, ms"] = summary(ms, 1)
            if mode == "vector":
                found = [json.loads(data) for _, data in taken]
                assert all(answer["way"] == "index" for answer in found)
        same = 0
        for query, answer in zip(queries, found):
            exact = json.loads(client.ask(f"/api/search?q={quote(query)}&mode=vector&exact=true"))
            # A row as near as the tenth is as good: two ways of working a cosine out differ by this.
            least = exact["hits"][-1]["similarity"] - 1e-6
            same += sum(hit["similarity"] >= least for hit in answer["hits"])
        results["recall at 10"] = round(same / (10 * asked), 3)
        began = time.perf_counter()
        drawn = json.loads(client.ask("/api/map"))
        results["map of 2,000 rows, ms"] = round((time.perf_counter() - began) * 1000)
        assert drawn["sampled"] == min(count, 2000), drawn["sampled"]
    return results | {"rows": count}


def console(bench, rounds=3, seconds=30):
    """What a console costs that nobody asks, beside a daemon without one; and how large the page is."""
    bench.table(100)
    bench.backfilld("setup")
    bench.backfilld("backfill")
    memory, spent, size = {True: [], False: []}, {True: [], False: []}, 0
    for _ in range(rounds):
        for is_there in (False, True):
            with daemon(bench, console=is_there) as (process, port):
                if is_there:
                    size = len(Client(port).ask("/"))
                time.sleep(5)
                before = processor_seconds(process.pid)
                time.sleep(seconds)
                memory[is_there].append(resident(process.pid))
                spent[is_there].append((processor_seconds(process.pid) - before) / seconds * 100)
    more = lambda pairs: summary([b - a for a, b in zip(pairs[False], pairs[True])], 2)
    return {"MiB more": more(memory), "processor % more": more(spent), "page, bytes": size}

#!/usr/bin/env python3
"""Serves the page as the daemon does, with believable data: for looking at the page, and for its tests.

    Tests/Page/serve.py [--port 8788] [--scene SCENE]

Scenes: quiet (nothing happens until POST /test/insert), live (rows come by themselves), empty, unfilled, token
(the token is "open-sesame"), degraded, failing (search answers 503), slow (the shorter a question, the later its answer), none (no table),
plain (two tables, without a category).
"""
import argparse
import base64
import hashlib
import json
import os
import queue
import random
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import music

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "../../Sources/Console/Resources/page.html")
TABLE, TOKEN = "public.music_knowledge", "open-sesame"
STATUS_LINES = {"idle": "listening on public.music_knowledge", "filling": "filling public.music_knowledge",
                "degraded": "degraded: the model cannot be used"}
TROUBLE = "The provider refuses the key (401). Put a valid key where [remote] key says; the daemon tries again every minute."


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def policy(page):
    def digest(tag):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        assert len(found) == 1, f"the page must have one inline {tag}, it has {len(found)}"
        return base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
    return (f"default-src 'none'; script-src 'sha256-{digest('script')}'; style-src 'sha256-{digest('style')}'; "
            "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


class World:
    """The table, and who listens."""

    def __init__(self, scene, count=2000):
        self.scene, self.lock, self.listeners = scene, threading.Lock(), set()
        self.rows = [] if scene in ("empty", "none") else music.build(count)
        self.waiting = len(self.rows) if scene == "unfilled" else 34 if scene in ("live", "degraded") else 0
        sample = [row.vector for row in self.rows] or [music.axis(str(n)) for n in range(50)]
        self.mean, self.directions, self.explained = music.principal(sample)
        flat = [self.project(vector) for vector in sample]
        self.reach = max(max(abs(x), abs(y)) for x, y in flat) * 1.04
        self.rate, self.batch, self.searches = 0.0, {"rows": 20, "ms": 31, "at": now()}, 0
        self.active = 0

    def project(self, vector):
        return [sum((x - m) * d for x, m, d in zip(vector, self.mean, line)) for line in self.directions]

    def point(self, vector):
        return [round(max(-1, min(1, value / self.reach)), 4) for value in self.project(vector)]

    def found(self):
        return [] if self.scene == "unfilled" else self.rows

    def status(self):
        with self.lock:
            total = len(self.rows) + (0 if self.scene == "unfilled" else self.waiting)
            done = total - self.waiting
            state = {"degraded": "degraded"}.get(self.scene, "filling" if self.waiting else "idle")
            table = {"name": TABLE, "rows": total, "embedded": done, "pending": self.waiting, "failing": 0, "set_aside": 0,
                     "rate": round(self.rate, 1), "last_batch": self.batch if self.rows else None, "state": state,
                     "trouble": TROUBLE if self.scene == "degraded" else None}
            line = f"{STATUS_LINES[state]} · {done:,} embedded · {self.waiting:,} pending"
            return {"state": state, "status": line, "version": "0.7.0", "tables": [] if self.scene == "none" else [table]}

    def tell(self, name, value):
        for listener in list(self.listeners):
            listener.put(f"event: {name}\ndata: {json.dumps(value)}\n\n".encode())

    def insert(self, topic, category, title, description, ms=31):
        row = music.Row(f"{random.getrandbits(32):08x}-0000-4000-8000-000000000001", topic, category, title, description, 0.9)
        with self.lock:
            self.rows.append(row)
            self.waiting = max(0, self.waiting - 1)
            self.batch = {"rows": 1, "ms": ms, "at": now()}
        self.tell("rows", {"table": TABLE, "rows": [{"key": row.key, "title": title, "category": category, "point": self.point(row.vector)}]})
        self.tell("status", self.status())
        return row.key

    def live(self):
        source, extra = random.Random(3), music.build(400, seed=11)
        for row in extra:
            time.sleep(source.uniform(0.4, 1.6))
            with self.lock:
                self.rate, self.waiting = source.uniform(4, 14), max(self.waiting, 1) + source.choice([0, 1, 1, 2])
            self.insert(row.topic, row.category, row.title, row.description, source.randint(18, 40))

    def search(self, asked):
        one = dict(asked)
        q, mode = one.get("q", ""), one.get("mode", "hybrid")
        began = time.perf_counter()
        vector = music.embed(q)
        wanted = {word.rstrip("s") for word in music.words(q) if len(word) > 2}
        kept = [row for row in self.found() if self.passes(row, asked)]
        near = sorted(((sum(a * b for a, b in zip(vector, row.vector)), row) for row in kept), key=lambda pair: -pair[0])[:60] if mode != "text" else []
        said = sorted(((len(wanted & {w.rstrip("s") for w in row.words}), row) for row in kept), key=lambda pair: -pair[0])[:60] if mode != "vector" else []
        said = [pair for pair in said if pair[0]]
        ranks, score = {}, {}
        for name, listed in (("vector", near), ("text", said)):
            for place, (_, row) in enumerate(listed, 1):
                ranks.setdefault(row.key, {"vector": None, "text": None, "row": row})[name] = place
                score[row.key] = score.get(row.key, 0) + 1 / (60 + place)
        best = sorted(ranks, key=lambda key: -score[key])[:int(one.get("k", 10))]
        hits = [self.hit(ranks[key], score[key], vector, wanted, mode, self.scene == "plain") for key in best]
        return {"table": TABLE, "mode": mode, "took_ms": round((time.perf_counter() - began) * 200, 2), "embed_ms": 2.0,
                "way": "exact" if one.get("exact") == "true" else "index",
                "index": None if one.get("exact") == "true" else "music_knowledge_embedding_hnsw", "hits": hits,
                "point": self.point(self.towards(vector, near)) if near else None}

    @staticmethod
    def towards(vector, near):
        """The question has no category of its own: it stands among the rows it is nearest to."""
        return [(x + sum(row.vector[i] for _, row in near[:4])) / 5 for i, x in enumerate(vector)]

    @staticmethod
    def passes(row, asked):
        wanted = [value for name, value in asked if name == "filter.category"]
        if wanted and row.category not in wanted:
            return False
        for name, value in asked:
            if name == "filter.topic" and row.topic != value or name == "filter.confidence.gte" and row.confidence < float(value) \
                    or name == "filter.confidence.lte" and row.confidence > float(value):
                return False
        return True

    @staticmethod
    def hit(ranked, score, vector, wanted, mode, plain):
        row = ranked["row"]
        similarity = round(sum(a * b for a, b in zip(vector, row.vector)), 3) if mode != "text" else None
        text, title = row.description, row.title
        category = None if plain else row.category
        same = sorted(wanted & {word.rstrip("s") for word in row.words})
        why = [] if similarity is None else ["close in meaning" if similarity > 0.4 else "somewhat close in meaning"]
        return {"key": row.key, "title": title, "category": category, "score": round(score, 4), "similarity": similarity,
                "distance": None if similarity is None else round(1 - similarity, 3),
                "rank": {"vector": ranked["vector"], "text": ranked["text"]},
                "columns": {"title": title, "topic": row.topic, "confidence": row.confidence,
                            "suggestion": {"title": title, "description": text, "parameters": {"starting_point_hz": 7000, "reduction_db": [2, 3], "order": ["compressor", "de-esser"]}}},
                "parts": [{"column": "title", "text": title, "marks": music.marks(title, wanted)},
                          {"column": "suggestion", "text": text, "marks": music.marks(text, wanted)}],
                "why": "; ".join(why + ([f"words matched: {', '.join(same)}"] if same else []))}


def figures():
    def figure(name, title, value, unit, verdict, good, says, do=None, detail=None, series=None):
        return dict(name=name, title=title, value=value, unit=unit, verdict=verdict, good=good, says=says, do=do, detail=detail, series=series)
    days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400 * n)) for n in range(13, -1, -1)]
    return [
        figure("coverage", "Coverage", 0.998, "share", "good", "at least 99 %", "Nearly every row can be found by meaning.",
               series=[{"x": day, "y": 0.91 + 0.088 * (1 - 0.6 ** n)} for n, day in enumerate(days)]),
        figure("staleness", "Stale vectors", 0, "count", "good", "none", "No vector belongs to an older text of its row."),
        figure("norms", "Length of the vectors", 1.0, "norm", "good", "1.0000 for a normalised model", "All vectors have length 1, as the model gives them.",
               series=[{"x": 0.9995 + n * 0.0001, "y": y} for n, y in enumerate([0.9999, 1.0, 1.0001, 1.0, 1.0, 0.9999, 1.0])]),
        figure("duplicates", "Near-duplicates", 41, "count", "fair", "under 1 % of the rows", "41 pairs of rows say nearly the same, which pushes other rows out of a search.",
               "Look at the examples. Remove or merge rows that were inserted twice.",
               {"examples": [{"row": "Reverb on a ballad", "other": "Reverb in the bridge", "similarity": 0.9871}, {"row": "Limiter for vinyl", "other": "Limiter on headphones", "similarity": 0.9814}]}),
        figure("spread", "Mean cosine between rows", 0.214, "cosine", "good", "under 0.4", "The rows use the space well: two rows chosen at random are far apart.", detail={"effective_dimension": 118.4, "of": 384, "pairs": 10000}),
        figure("agreement", "Agreement with the model", 0.99998, "cosine", "good", "at least 0.999", "Vectors of 200 rows, computed again, are the ones that are stored.", detail={"sample": 200, "lowest": 0.99981}),
        figure("self_retrieval", "Found by its own title", 0.87, "share", "good", "at least 80 %", "A row’s title finds that row first in 87 of 100 cases."),
        figure("recall", "Recall of the index at 10", 0.912, "share", "bad", "at least 95 %", "About one in eleven of the nearest rows is missed by the index.",
               "Raise hnsw.ef_search from 40 to 100 for this role, or rebuild the index with m = 24.", {"by_ef_search": [{"ef_search": 40, "recall": 0.912, "ms": 1.4}, {"ef_search": 100, "recall": 0.978, "ms": 2.9}, {"ef_search": 200, "recall": 0.994, "ms": 5.1}]},
               [{"x": x, "y": y} for x, y in [(20, 0.83), (40, 0.912), (80, 0.966), (100, 0.978), (200, 0.994), (400, 0.998)]]),
        figure("latency", "Latency of a search", 4.2, "ms", "good", "under 15 ms", "Through the index, with the query embedded.", series=[{"x": day, "y": 3.8 + (n * 37 % 11) / 10} for n, day in enumerate(days)]),
        figure("drift", "Drift", None, "cosine", "unknown", "under 0.05 a month", "There is no older measurement to compare with.", "Measure again in a day: the daemon keeps the figures."),
    ]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **more):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), "Cache-Control": "no-store",
                            "X-Content-Type-Options": "nosniff", **{key.replace("_", "-"): value for key, value in more.items()}}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        world, url = self.world, urlsplit(self.path)
        asked = parse_qsl(url.query)
        if url.path == "/":
            with open(PAGE, encoding="utf-8") as file:
                page = file.read()
            return self.answer(200, page.encode(), "text/html; charset=utf-8", Content_Security_Policy=policy(page))
        if world.scene == "token" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "a token is needed; send it as a bearer token"})
        if url.path == "/api/tables":
            filters = [{"column": "category", "type": "text", "values": sorted(music.CATEGORIES)}, {"column": "topic", "type": "text", "values": None},
                       {"column": "confidence", "type": "double precision", "values": None}, {"column": "created_at", "type": "timestamp with time zone", "values": None}]
            table = {"name": TABLE, "key": "id", "embedding": "embedding", "dimension": 384, "embedder": "local:all-MiniLM-L6-v2", "title": "title",
                     "category": "category", "filters": filters, "columns": ["title", "topic", "suggestion"]}
            if world.scene == "plain":
                table = {**table, "category": None, "filters": filters[1:]}
                return self.answer(200, {"tables": [table, {**table, "name": "public.lyrics"}]})
            return self.answer(200, {"tables": [] if world.scene == "none" else [table]})
        if url.path == "/api/status":
            return self.answer(200, world.status())
        if url.path == "/api/search":
            world.searches += 1
            if world.scene == "failing":
                return self.answer(503, {"error": "The index is being rebuilt; try again in a minute."})
            if world.scene == "slow":
                world.active += 1
                time.sleep(max(0.2, 1.8 - len(dict(asked).get("q", "")) / 15))
                world.active -= 1
            return self.answer(200, world.search(asked))
        if url.path == "/api/map":
            points = [dict(zip(("key", "title", "category", "x", "y"), (row.key, row.title, None if world.scene == "plain" else row.category, *world.point(row.vector)))) for row in world.found()]
            return self.answer(200, {"table": dict(asked).get("table", TABLE), "version": "1", "explained": [round(x, 3) for x in world.explained], "sampled": len(points), "rows": len(points), "points": points})
        if url.path == "/api/quality":
            return self.answer(200, {"table": TABLE, "at": now(), "figures": figures()})
        if url.path == "/api/events":
            return self.events()
        return self.answer(404, {"error": "there is nothing here"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path == "/test/insert":
            return self.answer(200, {"key": self.world.insert(body["topic"], body["category"], body["title"], body["description"])})
        if self.path == "/test/searches":
            return self.answer(200, {"searches": self.world.searches, "active": self.world.active})
        return self.answer(404, {"error": "there is nothing here"})

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        mine = queue.Queue()
        self.world.listeners.add(mine)
        try:
            self.wfile.write(f"event: status\ndata: {json.dumps(self.world.status())}\n\n".encode())
            while True:
                try:
                    self.wfile.write(mine.get(timeout=15))
                except queue.Empty:
                    self.wfile.write(b": still here\n\n")
        except OSError:
            pass
        finally:
            self.world.listeners.discard(mine)
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *arguments):
        self.connections = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass  # a browser that hangs up is no news

    def stop(self):
        """As when the daemon ends: nothing listens any more, and every connection is closed."""
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def start(scene="quiet", port=0):
    """A server in a thread of this process; its address is `base`."""
    handler = type("Handler", (Handler,), {"world": World(scene)})
    server = Server(("127.0.0.1", port), handler)
    server.base = f"http://127.0.0.1:{server.server_address[1]}"
    server.world = handler.world
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if scene == "live":
        threading.Thread(target=handler.world.live, daemon=True).start()
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8788)
    parser.add_argument("--scene", default="live")
    options = parser.parse_args()
    print(start(options.scene, options.port).base, flush=True)
    threading.Event().wait()

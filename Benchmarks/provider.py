"""What `Benchmarks/run provider`, `allowance` and `stream` measure: how much of what a provider gives a daemon makes use of."""
import asyncio, base64, collections, json, os, random, struct, threading, time
from harness import busy


class Stub:
    """A provider in OpenAI's dialect on a port of 127.0.0.1: its vectors are the same whatever the text."""

    def __init__(self, dimension, seconds=0.1, allowed=None, window=60.0):
        self.seconds, self.allowed, self.window = seconds, allowed, window
        self.requests, self.refused, self.inputs = [], [], 0
        self.begun = collections.deque()
        # A vector for each place, made once: what is measured is not the stub.
        numbers = random.Random(1)
        packed = [struct.pack(f"<{dimension}f", *(numbers.gauss(0, 1) for _ in range(dimension))) for _ in range(64)]
        self.vectors = {
            "base64": [f'"{base64.b64encode(vector).decode()}"' for vector in packed],
            # With as few digits as a float needs, as servers write them.
            "float": ["[" + ",".join(f"{value:.8g}" for value in struct.unpack(f"<{dimension}f", vector)) + "]"
                      for vector in packed]}
        self.answers = {}
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait()

    async def serve(self, ready):
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def talk(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                arrived = time.monotonic()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                wait = self.excess(arrived)
                if wait is not None:
                    self.refused.append(arrived)
                    body = b'{"error":{"message":"Rate limit reached","type":"requests"}}'
                    writer.write(b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
                                 b"Retry-After: %d\r\nContent-Length: %d\r\n\r\n" % (wait, len(body)) + body)
                else:
                    asked = json.loads(body)
                    count = len(asked["input"])
                    self.requests.append(arrived)
                    self.inputs += count
                    answer = self.answer(count, asked.get("encoding_format") or "float")
                    await asyncio.sleep(max(0, arrived + self.seconds - time.monotonic()))
                    writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def excess(self, now):
        """None where the request is within what is allowed in any `window`, else the seconds to wait, rounded up."""
        if not self.allowed:
            return None
        while self.begun and self.begun[0] <= now - self.window:
            self.begun.popleft()
        if len(self.begun) < self.allowed:
            self.begun.append(now)
            return None
        return int(self.begun[0] + self.window - now) + 1

    def answer(self, count, encoding):
        if (count, encoding) not in self.answers:
            vectors = self.vectors[encoding]
            data = ",".join(f'{{"object":"embedding","index":{i},"embedding":{vectors[i % 64]}}}' for i in range(count))
            body = (f'{{"object":"list","data":[{data}],"model":"stub","usage":'
                    f'{{"prompt_tokens":{count * 20},"total_tokens":{count * 20}}}}}').encode()
            self.answers[count, encoding] = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                             b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self.answers[count, encoding]

    def settings(self, dimension, more={}):
        return {"BACKFILLD_EMBEDDER": "openai", "BACKFILLD_REMOTE_URL": f"http://127.0.0.1:{self.port}/v1",
                "BACKFILLD_REMOTE_MODEL": "stub", "BACKFILLD_REMOTE_DIMENSION": str(dimension)} | more


def capacity(bench, in_flight, rows, dimension=384, inputs=500, seconds=0.1):
    """Rows a second from provider to table, also as a share of what the provider can do with so many requests in flight;
    and how busy that kept the machine's processors, in per cent, with the server and the stub of the provider on them."""
    stub = Stub(dimension, seconds)
    settings = stub.settings(dimension, {
        "BACKFILLD_REMOTE_INPUTS": str(inputs), "BACKFILLD_BATCH_ROWS": str(inputs),
        "BACKFILLD_REMOTE_REQUESTS_IN_FLIGHT": str(in_flight), "BACKFILLD_BATCH_IN_FLIGHT": str(in_flight + 4),
        "BACKFILLD_DATABASE_CONNECTIONS": "8"})
    bench.table(rows)
    bench.backfilld("setup", settings=settings)
    begin, before = time.monotonic(), busy()
    bench.backfilld("backfill", "--json", settings=settings)
    took = time.monotonic() - begin
    used = (busy() - before) / took / len(os.sched_getaffinity(0)) * 100
    assert stub.inputs >= rows, (stub.inputs, rows)
    return rows / took, rows / took / (in_flight * inputs / seconds), used


def memory(bench, sizes, dimension=384):
    """Peaks of resident memory in MiB, for backlogs of these sizes."""
    peaks = []
    for rows in sizes:
        stub = Stub(dimension, 0.02)
        settings = stub.settings(dimension, {"BACKFILLD_REMOTE_INPUTS": "500"})
        bench.table(rows)
        bench.backfilld("setup", settings=settings)
        peaks.append(bench.peak(settings))
        assert stub.inputs >= rows, (stub.inputs, rows)
    return peaks


def allowance(bench, allowed=60, minutes=4, dimension=384):
    """Against a provider that allows so many requests in any minute: the share of them that is used after the first
    minute, and the share of requests that it refuses."""
    stub = Stub(dimension, 0.1, allowed)
    settings = stub.settings(dimension, {"BACKFILLD_REMOTE_INPUTS": "20", "BACKFILLD_BATCH_ROWS": "20"})
    bench.table(20 * allowed * (minutes + 2))
    bench.backfilld("setup", settings=settings)
    begin = time.monotonic()
    daemon = bench.daemon(settings)
    time.sleep(minutes * 60)
    daemon.terminate()
    assert daemon.wait(30) == 0
    span = (begin + 60, begin + minutes * 60)
    used = sum(span[0] <= at < span[1] for at in stub.requests)
    refused = sum(span[0] <= at < span[1] for at in stub.refused)
    return used / (allowed * (minutes - 1)), refused / max(1, used + refused)

"""What each set is held to, and whether it keeps it: for the terminal and for the page alike."""
import fnmatch

LEAST, MOST = "at least", "at most"
# set: (which figures, as a pattern; which side; the limit). Of a summary, the median counts.
BARS = {
    "start": [("ready ms", MOST, 300), ("with the model, ready ms", MOST, 1000), ("with the model, stop ms", MOST, 1000)],
    "latency": [("ms", MOST, 35)],
    "idle": [("processor %", MOST, 0.2), ("resident MiB", MOST, 40), ("times it asked the server", MOST, 7)],
    "database": [("ratio*", LEAST, 0.5)],
    "memory": [("ratio*", MOST, 1.2)],
    "stream": [("ratio*", MOST, 1.2)],
    "share": [("times as fast", LEAST, 6)],
    "flood": [("embedded after, s", MOST, 1), ("listening after, s", MOST, 2)],
    "tax": [("8 clients*: set up against the same indexes", LEAST, 0.95), ("INSERT*: set up against*", LEAST, 0.95),
            ("COPY*: set up against*", LEAST, 0.95)],
    "answers": [("json*, megabytes per second", LEAST, 200), ("times as dear as base64*", LEAST, 3)],
    "provider": [("* in flight, share", LEAST, 0.9)],
    "allowance": [("used", LEAST, 0.95), ("refused", MOST, 0.02)],
    "console": [("MiB more", MOST, 10), ("processor % more", MOST, 0.1), ("page, bytes", MOST, 100_000)],
    "vectors": [("one short text, ms", MOST, 10), ("ratio: 64 callers*", LEAST, 0.8), ("ratio: the pipeline*", LEAST, 0.33)],
    "asked": [("vector, ms", MOST, 15), ("recall at 10", LEAST, 0.95)],
    "endtoend": [("ratio: backfilld: rows/s, times those of pgai*", LEAST, 10),
                 ("ratio: backfilld, as with OpenAI: rows/s, times those of pgai*", LEAST, 10),
                 ("ratio: backfilld, tuned: rows/s, times those of pgai*", LEAST, 10),
                 ("ratio: backfilld: median wait, times shorter than that of pgai, as it comes", LEAST, 100),
                 ("ratio: backfilld: memory, times less than that of pgai*", LEAST, 4)],
    "million": [("ratio: rate of the last tenth*", LEAST, 0.9), ("ratio: most memory*", MOST, 1.2)],
    "steady": [("ratio: memory of the second half*", MOST, 1.1), ("second half: queue, %", MOST, 0.01)],
    "network": [("ratio: three to four, rows/s", LEAST, 0.7), ("rows lost", MOST, 0), ("rows written twice", MOST, 0)],
}


def judged(name, results):
    """Each bar of a set as (what, what was found, which side, limit, whether it is met)."""
    if name == "encoder":
        for bar in results["bars"]:
            side = MOST if any(word in bar["what"] for word in ("time of", "memory", "start to end")) else LEAST
            yield bar["what"], bar["value"], side, bar["limit"], bar["met"]
    for pattern, side, limit in BARS.get(name, []):
        for what, found in results.items():
            if fnmatch.fnmatchcase(what, pattern):
                value = found["median"] if isinstance(found, dict) else found
                yield what.removeprefix("ratio: "), found, side, limit, value >= limit if side == LEAST else value <= limit

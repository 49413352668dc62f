"""docs/benchmarks.md from what was found: ratios first, then figures, and where a peer is better."""
import bars, svg
from harness import OTHERS
from svg import number

# The order of the page: the heading of each set, and what it says of itself.
SETS = {
    "endtoend": ("End to end, beside pgai's worker and a script", """
pgai is its vectorizer worker 0.12 from the Python Package Index, with the vector in the same column of the same
table. The script is `Benchmarks/peers/naive.py`: look for rows without an embedding, ask the provider for 50, one
UPDATE a row. All ask the same stub of a provider, which speaks OpenAI's language and answers after 100 ms whatever it
is asked. As it comes, pgai sends 50 texts a request and looks for work every five minutes; so that waiting is not all
that is measured, it asks every second here, but for one run, by itself. *backfilld* sends no more than 50 either; *as
with OpenAI* it is as it comes, with what OpenAI takes in a request. *Tuned* are 500 texts a request, eight requests at
once, and no rest at all between pgai's looks. Waits are taken from the server's own commit timestamps. Memory and processor time are the
worker's alone unless the line says otherwise."""),
    "encoder": ("The encoder beside ONNX Runtime, OpenVINO and sentence-transformers", """
The same model (all-MiniLM-L6-v2), the same texts, the whole way from text to unit vector on two cores. Each peer runs
the way that was found to be its best on this processor: graph, threads or streams, order of the texts. Tokens are
counted without padding."""),
    "database": ("The database's side, beside one UPDATE in the server", """
Reading, batching, embedding with a hash and writing back under a guard, beside a single UPDATE that sets a constant
vector in all rows: what the server can do at most. It is always slower than that."""),
    "search": ("Search by meaning", """
`backfilld search` with an index, beside the bare SELECT with the same vector. *Statement* is the transaction
in a session that was just opened, as the SELECT's is; *command* everything from the program's start to its end,
connecting included."""),
    "asked": ("Search through the console", """
`/api/search` with a short question over 100,000 rows through an HNSW index: embedding the question, asking the server and
the way through HTTP together. Recall is what of the ten nearest by an exact search is found."""),
    "vectors": ("Vectors through the console", """
`/v1/embeddings` on one connection, then 64 callers who ask for one short text each, as soon as they are answered, beside
two that ask for 256 at once, which is what the encoder can do; and the same beside a full pipeline."""),
    "console": ("A console that nobody asks", """
An idle daemon with the console, beside one without, in turn."""),
    "tax": ("What writers pay", """
Inserts into the table set up, into one with the same indexes and no trigger, one with a trigger that does nothing,
and the bare one, in turn, on a server that syncs its commits."""),
    "latency": ("From insert to vector on an idle daemon", """
One row is inserted now and then; the time runs from the commit of the insert to the commit of the vector. 25 ms of it
are the debounce (`batch.quiet`), in which other rows may join the batch."""),
    "flood": ("The end of a flood", """
Eight clients insert without rest, so that the daemon polls and nobody notifies; one transaction stays open a second
longer. From its end on: when its row is embedded, and when the daemon has gone back to listening."""),
    "idle": ("Nothing to do", """
A daemon whose table is full: its processor time and memory, and in how many seconds of a minute it asked the server."""),
    "start": ("Start, reload, stop", """
From exec to READY=1, from SIGHUP to READY=1, and from SIGTERM to the end, on a local server with nothing pending."""),
    "share": ("Several daemons at one table", """
Eight daemons beside one, with an embedder that takes 50 ms for a batch of 50 rows: what is measured is how well they
share work, and not this machine's processors."""),
    "network": ("Several daemons on a network that fails", """
Each daemon has a network namespace of its own. One cable is pulled without a word to either side: the rows that its
daemon had begun are the others' as soon as the server knows that it is gone."""),
    "provider": ("How much of a provider is made use of", """
A provider that answers 500 texts after 100 ms whatever its load, asked with so many requests at once: rows that are
in the table, as a share of what it can do. The provider and the server are on the same machine: where its processors
are all busy, it is they that limit. The server has 512 locks a transaction and 4 GB of buffers."""),
    "allowance": ("A provider that allows so many requests a minute", """
A provider that allows 60 requests in any minute and says so only by refusing: what is used of them after the first
minute, and the share of requests that it refuses."""),
    "answers": ("Reading a provider's answers", """
Reading vectors of 1,536 dimensions from JSON numbers and from base64, on one core."""),
    "million": ("A backlog of millions", """
All rows are there before the daemon starts; their texts are short, the embedder is a hash of 64 dimensions, so that
the daemon and the server are what is measured. The rate of each tenth is taken from the server's commit timestamps."""),
    "memory": ("Memory and the length of the backlog", """
The peak of `backfill`, with few rows pending and with a hundred times as many."""),
    "stream": ("Memory and the length of the backlog, with a provider", """
The peak of `backfill` with a provider, with many rows pending and with ten times as many, on such a server as well."""),
    "tables": ("Very many tables in one daemon", """
One daemon and one configuration file, and a server with eight locks a transaction for each table. Set-up, start, and the
rows that are there; then single rows in tables drawn by chance."""),
    "partitions": ("A partitioned table", """
The same rows in a table of a hundred partitions and in a plain one, filled by `backfill` in turn, on a server with 512
locks a transaction."""),
    "steady": ("Inserts without an end", """
Two hundred rows a second come and are embedded, for as many minutes as stand below; left alone it is an hour.
An embedding that is written is never a HOT update, since the row leaves the index of those that are pending: it
leaves a dead row, and autovacuum has to keep up."""),
}
HEAD = """# Benchmarks

{about}

Each figure is the median of its rounds, with the lowest and the highest behind it; one that has none was taken once.
Rounds of those that are compared are interleaved, and a ratio is taken within a round, so that what else the machine
does takes from all alike; on other machines ratios hold better than rates. Each set stands below, first with what it
is held to, met or not. Servers have 512 MB of buffers and `fsync = off`, so that no disk is measured, unless a set says
otherwise.

This page is made by `Benchmarks/report` of [benchmarks/results.json](benchmarks/results.json), which has all figures,
and is never edited. `make bench` measures everything again, in about three hours, most of which is waiting;
`Benchmarks/run NAME` one set, `Benchmarks/run --quick` all of them small, to see that they work.
"""


def is_ratio(what):
    return what.startswith(("ratio", "times as")) or "against" in what or what.endswith((" share", "used", "refused"))


def cell(found):
    if isinstance(found, dict):
        spread = f" ({number(found['lowest'])} to {number(found['highest'])})" if found["lowest"] != found["highest"] else ""
        return number(found["median"]) + spread
    return number(found) if isinstance(found, (int, float)) else str(found)


def table(head, rows, sides=None):
    sides = sides or ["---", *["---:"] * (len(head) - 1)]
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(sides)}|"]
    return lines + [f"| {' | '.join(row)} |" for row in rows] + [""]


def is_summary(value):
    return isinstance(value, dict) and "median" in value


def glance(kept):
    """What every set is held to, in one table."""
    rows = []
    for name in SETS:
        if name not in kept:
            rows.append([SETS[name][0], "not measured yet", "", "", ""])
            continue
        one = kept[name]
        link = f"[{SETS[name][0]}](#{anchor(SETS[name][0])})"
        if "skipped" in one["results"]:
            rows.append([link, "not measured", "", "", ""])
            continue
        for what, found, side, limit, met in bars.judged(name, one["results"]):
            rough = ", a quick run" if one.get("quick") else ""
            rows.append([link, what, cell(found), f"{side} {number(limit)}", ("met" if met else "**not met**") + rough])
            link = ""
    return ["## At a glance", "", *table(["", "held to", "found", "", ""], rows, ["---", "---", "---:", "---", "---"])]


def anchor(heading):
    """The link that a heading has, as forges make it."""
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c == "-")


def section(name, kept, picture, system):
    """The lines of one set. `picture(name, svg)` keeps a plot and answers the line that shows it; `system` is that of the
    page, and one that is another is told."""
    heading, about = SETS[name]
    results, machine = kept["results"], kept.get("machine", {})
    lines = [f"## {heading}", "", about.strip(), ""]
    if "skipped" in results:
        return lines + [f"Not measured: {results['skipped']}.", ""]
    if kept.get("quick"):
        lines += ["**A quick run, small sizes and few rounds: these figures only show that the measurement works.**", ""]
    elif machine.get("others", 0) > OTHERS:
        lines += [f"**Others kept {machine['others']} processors busy: these figures are rough.**", ""]
    elif machine.get("load", 0) > 0.5:  # earlier ones have that
        lines += [f"**Others were using the machine (load {machine['load']}): these figures are rough.**", ""]
    if "when" in machine:
        where = "" if machine.get("system") == system else f", on {machine.get('system')}"
        lines += [f"Measured on {machine['when'][:10]}, {machine.get('binary', 'with other programs alone')}{where}.", ""]
    held = [[what, cell(found), f"{side} {number(limit)}", "met" if met else "**not met**"]
            for what, found, side, limit, met in bars.judged(name, results)]
    if held:
        lines += table(["held to", "median (lowest to highest)", "", ""], held)
    if name == "encoder":
        return lines + encoder(results, picture)
    ratios = [(what.removeprefix("ratio: "), found) for what, found in results.items() if is_ratio(what)]
    rest = [[what, cell(found)] for what, found in ratios if what not in [row[0] for row in held]]
    if rest:
        lines += table(["ratio", "median (lowest to highest)"], rest)
    lines += behind(name, ratios)
    lines += plots(name, results, picture)
    nested = {what: found for what, found in results.items() if isinstance(found, dict) and not is_summary(found)}
    if nested:
        whose = list(dict.fromkeys(who for found in nested.values() for who in found))
        if all(is_summary(value) for found in nested.values() for value in found.values()):
            lines += table(["", *whose], [[what, *(cell(found[who]) if who in found else "" for who in whose)]
                                          for what, found in nested.items()])
    plain = [(what, found) for what, found in results.items() if what not in nested
             and not is_ratio(what) and not isinstance(found, list)]
    if plain:
        lines += table(["", "median (lowest to highest)"], [[what, cell(found)] for what, found in plain])
    return lines


def behind(name, ratios):
    """What a peer does better, told as such."""
    if name not in ("endtoend", "database", "partitions", "tax", "search"):
        return []
    if name == "tax":  # the others say what of it is the index's, and what any trigger's
        ratios = [(what, found) for what, found in ratios if "set up against" in what]
    is_worse = (lambda ratio: ratio > 1) if name == "search" else (lambda ratio: ratio < 1)  # of times, less is better
    worse = [f"{what} ({cell(found)})" for what, found in ratios if is_worse(found["median"])]
    return [f"Where backfilld is behind: {'; '.join(worse)}.", ""] if worse else []


def plots(name, results, picture):
    found = []
    if name == "endtoend":
        for place, what in enumerate(("rows/s", "wait of a single row, ms, median", "most memory resident, MiB",
                                      "processor seconds of the worker for 1,000 rows")):
            found.append(picture(f"endtoend-{place + 1}", svg.bars(
                what[0].upper() + what[1:], list(results[what].items()), logarithmic="wait" in what)))
    elif name in ("database", "partitions", "share"):
        rows = [(what, value) for what, value in results.items() if is_summary(value) and not is_ratio(what)]
        found.append(picture(name, svg.bars(SETS[name][0], rows)))
    elif name == "tax":
        rows = [(what.split(":")[0], value) for what, value in results.items() if "set up against the same" in what]
        found.append(picture(name, svg.bars("Inserts, as a share of those into the same indexes", rows)))
    elif name == "provider":
        rows = [(what.removesuffix(", share"), value) for what, value in results.items() if what.endswith("share")]
        found.append(picture(name, svg.bars("Share of what the provider can do, by requests in flight", rows)))
    elif name == "million":
        for title, course in (("Rows a second", "rates"), ("Memory resident, MiB", "memory")):
            found.append(picture(f"million-{course}", svg.lines(title, "rows embedded", [(course, results[course])])))
    elif name == "steady":
        for place, (what, course) in enumerate(results["course"].items()):
            found.append(picture(f"steady-{place + 1}", svg.lines(what[0].upper() + what[1:], "minutes", [(what, course)])))
    return [line for one in found for line in (one, "")]


def encoder(results, picture):
    lines = []
    for name, who in results["sets"].items():
        unit = "milliseconds for one short text" if name == "single" else f"tokens/s, {name} texts"
        values = {one: next(iter(found.values())) for one, found in who.items()}
        best = (min if name == "single" else max)(values, key=lambda one: values[one]["median"])
        lines += [picture(f"encoder-{name}", svg.bars(unit, list(values.items()))), ""]
        if not best.startswith("backfilld"):
            lines += [f"Fastest with {name} texts: {best}.", ""]
    return lines

"""The part that all peers share: takes commands on standard input, one JSON object a line, answers with one each.

    {"do": "configurations"}                                         → {"configurations": [NAME, …]}
    {"do": "check", "configuration": NAME}                           → {"cosine": lowest, "mean": …}
    {"do": "measure", "configuration": NAME, "texts": FILE, "order": "sorted"|"given", "seconds": N,
     "most": N or null}   → {"textsPerSecond": …, "tokensPerSecond": …, "tokensPerProcessorSecond": …, "passes": …}
    {"do": "single", "configuration": NAME, "text": TEXT, "seconds": N}      → {"milliseconds": median}

A peer is a module with `open(name, folder, model)` for each of `CONFIGURATIONS`, returning a function from a list of
batches (ids and mask as int64 arrays, padded) to a list of arrays of vectors, or one from texts to vectors where
`TAKES_TEXTS` is set. Tokenising, sorting and padding are timed with the rest. Tokens are counted without padding.
"""
import json, os, statistics, sys, time

import numpy, tokenizers

BATCH = 32


class Texts:
    """The reference's tokenizer with the model's limit, on all cores, as a list of rows of ids."""

    def __init__(self, model):
        self.tokenizer = tokenizers.Tokenizer.from_file(os.path.join(model, "tokenizer.json"))
        self.tokenizer.no_padding()
        with open(os.path.join(model, "sentence_bert_config.json")) as file:
            self.tokenizer.enable_truncation(json.load(file)["max_seq_length"])

    def rows(self, texts):
        return [e.ids for e in self.tokenizer.encode_batch_fast(texts)]


def padded(rows):
    ids = numpy.zeros((len(rows), max(map(len, rows))), numpy.int64)
    mask = numpy.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, :len(row)] = row
        mask[i, :len(row)] = 1
    return ids, mask


class Peer:
    def __init__(self, module, folder, model):
        self.module, self.folder, self.model, self.opened = module, folder, model, {}
        self.texts = Texts(model)

    def engine(self, name):
        if name not in self.opened:
            self.opened.clear()  # one at a time: another one's threads and memory are not to disturb
            self.opened[name] = self.module.open(name, self.folder, self.model)
        return self.opened[name]

    def encode(self, engine, texts, order):
        if getattr(self.module, "TAKES_TEXTS", False):
            return engine(texts)
        rows = self.texts.rows(texts)
        places = range(len(rows))
        if order == "sorted":
            places = sorted(places, key=lambda i: -len(rows[i]))
        groups = [places[i:i + BATCH] for i in range(0, len(rows), BATCH)]
        found = engine([padded([rows[i] for i in group]) for group in groups])
        vectors = numpy.empty((len(rows), found[0].shape[1]), numpy.float32)
        for group, part in zip(groups, found):
            vectors[list(group)] = part
        return vectors

    def configurations(self, command):
        return {"configurations": list(self.module.CONFIGURATIONS),
                "orders": ["sorted"] if getattr(self.module, "TAKES_TEXTS", False) else ["sorted", "given"]}

    def check(self, command):
        stored = numpy.load(os.path.join(self.folder, "reference.npz"))
        vectors = self.encode(self.engine(command["configuration"]), stored["texts"].tolist(), "sorted")
        cosines = (vectors * stored["vectors"]).sum(1) / numpy.linalg.norm(vectors, axis=1)
        return {"cosine": float(cosines.min()), "mean": float(cosines.mean())}

    def measure(self, command):
        with open(command["texts"]) as file:
            texts = file.read().splitlines()[:command.get("most")]
        tokens = sum(map(len, self.texts.rows(texts)))
        engine = self.engine(command["configuration"])
        self.encode(engine, texts[:4 * BATCH], command["order"])  # warm
        begin, worked, passes = time.perf_counter(), time.process_time(), 0
        while (spent := time.perf_counter() - begin) < command["seconds"] or not passes:
            self.encode(engine, texts, command["order"])
            passes += 1
        worked = time.process_time() - worked
        return {"textsPerSecond": passes * len(texts) / spent, "tokensPerSecond": passes * tokens / spent,
                "tokensPerProcessorSecond": passes * tokens / worked, "passes": passes}

    def single(self, command):
        engine, times = self.engine(command["configuration"]), []
        begin = time.perf_counter()
        for _ in range(20):
            self.encode(engine, [command["text"]], "given")
        while time.perf_counter() - begin < command["seconds"] or len(times) < 30:
            one = time.perf_counter()
            self.encode(engine, [command["text"]], "given")
            times.append((time.perf_counter() - one) * 1000)
        return {"milliseconds": statistics.median(times)}


def serve(module):
    """Answers commands until standard input ends. Arguments: the folder of prepare.py and the model's folder."""
    peer = Peer(module, *sys.argv[1:3])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin:
        command = json.loads(line)
        answers.write(json.dumps(getattr(peer, command["do"])(command)) + "\n")

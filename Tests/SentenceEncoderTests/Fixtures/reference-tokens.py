"""Tokenizes texts with the reference, for the property test: reference-tokens.py TEXTS IDS TOKENIZER_JSON COUNT ...

TEXTS holds texts as a little-endian 32-bit length and that much UTF-8 each; the first COUNT are for the first tokenizer,
and so on. IDS gets a 32-bit number of ids and that many 32-bit ids for each.
"""
import struct
import sys

from tokenizers import Tokenizer

texts_path, ids_path, *jobs = sys.argv[1:]
with open(texts_path, "rb") as texts, open(ids_path, "wb") as ids:
    for path, count in zip(jobs[::2], map(int, jobs[1::2])):
        tokenizer = Tokenizer.from_file(path)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        batch = []
        for _ in range(count):
            (length,) = struct.unpack("<I", texts.read(4))
            batch.append(texts.read(length).decode())
        for encoding in tokenizer.encode_batch(batch):
            ids.write(struct.pack(f"<{len(encoding.ids) + 1}I", len(encoding.ids), *encoding.ids))

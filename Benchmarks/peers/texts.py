"""The three text sets, made from Benchmarks/texts/seed.txt: always the same ones, in ordinary English.

    texts.py DIR        writes short.txt, medium.txt and mixed.txt, one text a line, and calibration.txt
"""
import pathlib, random, sys

SEED = pathlib.Path(__file__).resolve().parent.parent / "texts/seed.txt"

# name: (texts, least words, most words). Multiples of 32, so that no peer has a batch that is not full.
SETS = {"short": (2048, 6, 12), "medium": (512, 30, 70), "mixed": (256, 5, 200), "calibration": (320, 5, 200)}


def make(sentences, count, least, most, seed):
    """Texts of whole sentences in random order, begun at any word and cut at a number of words drawn evenly."""
    source = random.Random(seed)
    for _ in range(count):
        wanted, words = source.randint(least, most), []
        while len(words) < wanted:
            sentence = source.choice(sentences).split()
            words += sentence if words else sentence[source.randrange(len(sentence)):]
        yield " ".join(words[:wanted])


def write(folder):
    sentences = SEED.read_text().splitlines()
    folder.mkdir(parents=True, exist_ok=True)
    for place, (name, (count, least, most)) in enumerate(SETS.items()):
        (folder / f"{name}.txt").write_text("".join(text + "\n" for text in make(sentences, count, least, most, place)))


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))

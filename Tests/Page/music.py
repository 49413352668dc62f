"""Two thousand rows of music knowledge, a small idea of what they mean, and a search over them.

The words of a row are turned into a vector by concepts that words share ("esses" and "sibilance"), so that a
question finds a row that has none of its words. It is no model; it is enough for the page to be looked at.
"""
import math
import random
import re

CATEGORIES = {
    "mixing": ["Vocal level", "Reverb", "Stereo image", "Gain staging", "Parallel compression", "Automation"],
    "eq": ["High-pass filter", "Muddiness", "Air band", "Resonance", "Kick and bass", "Presence"],
    "dynamics": ["Sibilance", "Compressor attack", "Transients", "Gate", "Multiband compression", "Sidechain"],
    "mastering": ["Loudness", "Limiter", "Dither", "Mid and side", "True peak", "Reference tracks"],
    "harmony": ["Tritone substitution", "Voice leading", "Modal interchange", "Suspended chords", "Cadence", "Bass line"],
    "recording": ["Microphone distance", "Polarity", "Room treatment", "Preamp gain", "Drum overheads", "Headphone mix"],
    "rhythm": ["Swing", "Ghost notes", "Syncopation", "Tempo map", "Polyrhythm", "Groove"],
    "synthesis": ["FM operators", "Filter envelope", "Wavetable", "Oscillator sync", "LFO depth", "Noise layer"],
}
# Words that mean much the same stand on one line.
CONCEPTS = """sibilance esses ess lisp consonants harsh deesser soften
mud muddy muddiness boomy low mids clouds warm
vocal vocals voice singer words sing front
reverb room tail space hall delay echo
loud loudness louder lufs level
limiter peak clip ceiling brickwall true
compressor compress compression attack release ratio squash
transient transients punch snap drum drums snare kick
bass sub low end rumble
chord chords harmony key scale modal jazz tritone cadence substitution
groove swing feel shuffle humanise laid
phase polarity flip microphones comb
wide width stereo pan mono image
synth oscillator wavetable fm patch lfo
record recording microphone mic preamp take
dither bits noise quantisation""".splitlines()
CONCEPT = {word: line for line, words in enumerate(CONCEPTS) for word in words.split()}
ADVICE = {
    "Sibilance": ("Tame sibilance with a band that only acts when it must",
                  "A static cut at 7 kHz makes a singer lisp all song long. A de-esser or dynamic band acts only on the consonants. Put it after the compressor, which brings sibilance out."),
    "Muddiness": ("Find mud between 200 and 400 Hz",
                  "When many sources are warm by themselves, their sum clouds the low mids. Cut 2 to 3 dB with a broad bell on those that do not need it, guitars and keys first."),
    "Vocal level": ("Keep the vocal in front without turning it up",
                    "Level the performance by hand first, then compress in two gentle stages, and dip the instruments a little where the words live."),
    "Reverb": ("Clear the reverb with pre-delay and filters",
               "A pre-delay separates the dry word from its tail, so that the singer stays close in a large room. Cut lows and highs of the return."),
    "Loudness": ("Do not master for a number",
                 "Streaming services turn loud masters down. Stop where the chorus still lifts, then check the level against two records you trust."),
    "Tritone substitution": ("Replace a dominant by the one a tritone away",
                             "Both chords share their third and seventh, so the resolution stays while the bass walks down by semitones. Modal jazz uses it sparingly."),
    "Swing": ("Swing the off-beats, not the whole bar",
              "A shuffle of 54 to 58 percent feels laid back before anyone hears it as swing. Move hats and ghost notes, leave the kick on the grid."),
    "Polarity": ("Check the polarity of every pair of microphones",
                 "With two microphones on one drum, flip the polarity of one and keep the setting that has more low end."),
}
ANGLES = ["for a dense arrangement", "on a ballad", "when the room is small", "before the first take", "in the last hour",
          "on headphones", "for vinyl", "with a live band", "on a laptop", "in the chorus", "at low volume", "in the bridge"]
SAYINGS = {
    "mixing": ["Mute everything else for a minute, then bring it back one bus at a time.", "Ride the fader by hand before any plug-in is opened.", "Pan by ear in mono first: what still can be told apart will be wide in stereo.", "Send a little to the same room as the snare, so that both stand on one floor."],
    "eq": ["Cut with a narrow bell, boost with a broad one.", "Sweep only as long as it takes to find the note; ears get used to it in seconds.", "Leave 2 dB where the kick lives and take them from the bass.", "A shelf above 10 kHz opens the sound without making it thin."],
    "dynamics": ["Time the release so that the needle is back before the next beat.", "Two gentle stages sound like none; one hard stage sounds like itself.", "A slow attack keeps the snap, a fast one pushes the source back.", "Blend the squashed copy below the dry one until it is missed when muted."],
    "mastering": ["Match the level before judging, or the louder one wins.", "Leave a decibel below full scale for what the encoder adds.", "Check the quietest verse and the loudest chorus, nothing in between.", "Correct in the middle, widen at the sides, and never below 150 Hz."],
    "harmony": ["Keep the common tone and move the other voices by a step.", "The ear follows the bass, so write that line first.", "Borrow one chord from the parallel minor and come straight home.", "Let the fourth hang over the bar before it resolves."],
    "recording": ["Move the microphone before touching a knob.", "Three times the distance between two microphones keeps them from combing.", "Record a minute of the empty room; it mends edits later.", "Set the gain for the loudest phrase, then take 6 dB off."],
    "rhythm": ["Move the hats, never the kick.", "Play it slower than the click until it sits, then let it go.", "Accents tell where the bar begins, not the loudest drum.", "Count the rests aloud once; they are half of the pattern."],
    "synthesis": ["Tune by ear with the filter open, then close it.", "Let velocity reach the filter before it reaches the volume.", "A ratio that is no whole number rings like a bell.", "Detune two oscillators by less than you like alone."],
}
TITLES = ["{0} {1}", "{0} that works {1}", "What {2} does {1}", "Less {2} {1}", "A second look at {2} {1}", "When {2} fails {1}",
          "{0}, by ear, {1}", "The case for {2} {1}"]
DULL = set("a an and are as at be by can do does for from how i in is it me my of on or so that the then this to too up was what when where which why will with you your".split())
WORDS = re.compile(r"[a-z0-9]+")
DIMENSION = 40


def words(text):
    return [word for word in WORDS.findall(text.lower().replace("de-ess", "deess")) if len(word) > 1 and word not in DULL]


def axis(name):
    """A direction that belongs to a name, always the same."""
    source = random.Random(name)
    return [source.gauss(0, 1) for _ in range(DIMENSION)]


AXES = {}


def embed(text, category=None, topic=None):
    total = [0.0] * DIMENSION
    weights = {}
    for word in words(text):
        stem = word.rstrip("s")
        concept = CONCEPT.get(word, CONCEPT.get(stem))
        name, weight = (f"concept {concept}", 1.0) if concept is not None else (f"word {stem}", 0.22)
        weights[name] = min(weights.get(name, 0) + weight, 4 * weight)
    if category:
        weights[f"category {category}"] = 2.0
    if topic:
        weights[f"topic {topic}"] = 0.9
    for name, weight in weights.items():
        direction = AXES.setdefault(name, axis(name))
        for i in range(DIMENSION):
            total[i] += weight * direction[i]
    length = math.sqrt(sum(x * x for x in total)) or 1.0
    return [x / length for x in total]


class Row:
    def __init__(self, key, topic, category, title, description, confidence):
        self.key, self.topic, self.category = key, topic, category
        self.title, self.description, self.confidence = title, description, confidence
        self.vector = embed(f"{topic}. {title}: {description}", category, topic)
        self.words = set(words(f"{topic} {title} {description}"))


def build(count, seed=7):
    source = random.Random(seed)
    rows, names, titles = [], list(CATEGORIES), set()
    for n in range(count):
        category = names[min(int(source.random() ** 1.25 * len(names)), len(names) - 1)]
        topic = source.choice(CATEGORIES[category])
        title, description = ADVICE.get(topic, (None, None))
        if title is None or title in titles:
            angle = source.choice(ANGLES)
            title = next(made for made in iter(lambda: source.choice(TITLES).format(topic, source.choice(ANGLES), topic.lower()), "") if made not in titles)
            titles.add(title)
            one, other = source.sample(SAYINGS[category], 2)
            description = f"{topic} {angle}: {one[0].lower()}{one[1:]} {other}"
        titles.add(title)
        key = f"{source.getrandbits(32):08x}-{n:04x}-4000-8000-{source.getrandbits(48):012x}"
        rows.append(Row(key, topic, category, title, description, round(source.uniform(0.55, 0.99), 2)))
    return rows


def principal(vectors, rounds=12):
    """The mean and the two directions in which the vectors differ most, by power iteration, and their shares."""
    n = len(vectors)
    mean = [sum(column) / n for column in zip(*vectors)]
    centred = [[x - m for x, m in zip(vector, mean)] for vector in vectors]
    spread = [[0.0] * DIMENSION for _ in range(DIMENSION)]
    for vector in centred:
        for i, x in enumerate(vector):
            line = spread[i]
            for j in range(i, DIMENSION):
                line[j] += x * vector[j]
    for i in range(DIMENSION):
        for j in range(i):
            spread[i][j] = spread[j][i]
    whole = sum(spread[i][i] for i in range(DIMENSION))
    found = []
    for start in (1, 2):
        v = axis(f"start {start}")
        for _ in range(rounds * 4):
            v = [sum(a * b for a, b in zip(line, v)) for line in spread]
            for u, _ in found:
                along = sum(a * b for a, b in zip(u, v))
                v = [a - along * b for a, b in zip(v, u)]
            length = math.sqrt(sum(a * a for a in v)) or 1.0
            v = [a / length for a in v]
        found.append((v, length / whole))
    return mean, [v for v, _ in found], [share for _, share in found]


def marks(text, wanted):
    """UTF-16 offsets of the words that were asked for."""
    out = []
    for match in re.finditer(r"[\w'-]+", text):
        if any(word.rstrip("s") in wanted for word in words(match.group())):
            start = len(text[:match.start()].encode("utf-16-le")) // 2
            out.append([start, start + len(match.group().encode("utf-16-le")) // 2])
    return out


if __name__ == "__main__":  # music.py COUNT: the rows as JSON, for a table of a real database
    import json
    import sys

    print(json.dumps([
        {"id": row.key, "topic": row.topic, "category": row.category, "confidence": row.confidence,
         "suggestion": {"title": row.title, "description": row.description}} for row in build(int(sys.argv[1]))]))

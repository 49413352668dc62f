-- Twenty rows of music-production knowledge, none of them embedded.

INSERT INTO music_knowledge (id, topic, category, suggestion, confidence) VALUES

-- Mixing
('00000000-0000-4000-8000-000000000001', 'Gain staging', 'mixing', '{
    "title": "Leave headroom before the first plug-in",
    "description": "Trim each track so that it averages around -18 dBFS and peaks near -10 dBFS. Models of analog gear expect that level, and the mix bus keeps room without moving every fader later.",
    "parameters": {"average_dbfs": -18, "peak_dbfs": -10, "reference": "0 VU", "steps": ["trim clips", "insert plug-ins", "match levels in and out"]}
}', 0.95),
('00000000-0000-4000-8000-000000000002', 'Vocal in front', 'mixing', '{
    "title": "Keep the vocal in front without turning it up",
    "description": "Level the performance by hand first, then compress in two gentle stages, and dip the instruments a little where the words live instead of boosting the voice.",
    "parameters": {"automation": {"target_range_db": 4}, "compressors": [{"ratio": 4, "reduction_db": 3, "character": "fast"}, {"ratio": 2, "reduction_db": 2, "character": "slow"}], "instrument_dip": {"frequency_hz": 3000, "gain_db": -2, "q": 0.8}}
}', 0.9),
('00000000-0000-4000-8000-000000000003', 'Reverb', 'mixing', '{
    "title": "Clear the reverb with pre-delay and filters",
    "description": "A pre-delay separates the dry word from its tail, so that the singer stays close in a large room. Cutting lows and highs of the return keeps mud and sibilance out of it.",
    "parameters": {"pre_delay_ms": 40, "decay_s": 1.8, "return_filters": {"high_pass_hz": 400, "low_pass_hz": 7000}, "send": "post-fader"}
}', 0.88),
('00000000-0000-4000-8000-000000000004', 'Stereo image', 'mixing', '{
    "title": "Pan doubles wide and keep the low end in the middle",
    "description": "Two separate takes panned hard left and right sound wide and still sum well to mono. A copy delayed by a few milliseconds does not: it combs. Bass, kick and lead vocal stay in the centre.",
    "parameters": {"doubles": {"takes": 2, "pan": [-100, 100]}, "centre": ["kick", "bass", "lead vocal", "snare"], "mono_below_hz": 120, "check": "listen in mono"}
}', 0.9),
('00000000-0000-4000-8000-000000000005', 'Phase', 'mixing', '{
    "title": "Check the polarity of every pair of microphones",
    "description": "With two microphones on one drum, flip the polarity of one and keep the setting that has more low end. Then line up the overheads with the snare by ear or by moving them by whole samples.",
    "parameters": {"pairs": [["snare top", "snare bottom"], ["kick in", "kick out"], ["bass DI", "bass amp"]], "sound_travels_cm_per_ms": 34.3}
}', 0.92),

-- EQ
('00000000-0000-4000-8000-000000000006', 'High-pass filter', 'eq', '{
    "title": "Remove rumble, not warmth",
    "description": "Raise the high-pass filter until the track gets thin in the mix, then go back down by a third. Steep filters turn the phase near the corner, so 12 dB per octave is enough for most tracks.",
    "parameters": {"slope_db_per_octave": 12, "starting_points_hz": {"vocal": 80, "acoustic guitar": 90, "overheads": 150, "electric guitar": 80}}
}', 0.9),
('00000000-0000-4000-8000-000000000007', 'Muddiness', 'eq', '{
    "title": "Find mud between 200 and 400 Hz",
    "description": "When many sources are warm by themselves, their sum clouds the low mids. Cut 2 to 3 dB with a broad bell on those that do not need it, guitars and keys first, with the whole mix playing.",
    "parameters": {"range_hz": [200, 400], "gain_db": -2.5, "q": 1.0, "sources": ["rhythm guitar", "piano", "room microphones"]}
}', 0.89),
('00000000-0000-4000-8000-000000000008', 'Kick and bass', 'eq', '{
    "title": "Give kick and bass a place each",
    "description": "Decide which of the two is lower. Where the kick has its weight, at 60 Hz say, dip the bass by 3 dB, and let the bass speak an octave above. Presence of the beater at 3 to 5 kHz makes the kick audible on small speakers.",
    "parameters": {"kick": {"boost_hz": 60, "click_hz": [3000, 5000]}, "bass": {"dip_hz": 60, "dip_db": -3, "boost_hz": 120}}
}', 0.93),
('00000000-0000-4000-8000-000000000009', 'Sibilance', 'eq', '{
    "title": "Tame sibilance with a band that only acts when it must",
    "description": "A static cut at 7 kHz makes a singer lisp all song long. A de-esser or dynamic band acts only on the consonants. Put it after the compressor, which brings sibilance out.",
    "parameters": {"range_hz": [5000, 9000], "reduction_db": 5, "attack_ms": 1, "release_ms": 50, "position": "after compression"}
}', 0.91),

-- Dynamics
('00000000-0000-4000-8000-00000000000a', 'Drum bus compression', 'dynamics', '{
    "title": "Glue the drums and let the transients through",
    "description": "A slow attack lets the stick through before the gain falls; a release in time with the song lets the compressor recover before the next backbeat. Two or three decibels are glue, ten are an effect.",
    "parameters": {"ratio": 4, "attack_ms": 30, "release_ms": 120, "reduction_db": {"glue": 3, "effect": 10}}
}', 0.9),
('00000000-0000-4000-8000-00000000000b', 'Parallel compression', 'dynamics', '{
    "title": "Add density below, leave the peaks alone",
    "description": "Crush a copy of the drums or the vocal and blend it in under the dry signal. The quiet parts come up and the peaks hardly change. Both paths need the same latency, or they comb.",
    "parameters": {"ratio": 10, "attack_ms": 1, "release_ms": 60, "reduction_db": 15, "blend_db": -10}
}', 0.87),
('00000000-0000-4000-8000-00000000000c', 'Sidechain compression', 'dynamics', '{
    "title": "Let the kick push the bass aside",
    "description": "A compressor on the bass, keyed by the kick, ducks it for the length of the hit. For house the pumping is the sound; elsewhere 2 to 3 dB are enough that nobody hears it work.",
    "parameters": {"key": "kick", "attack_ms": 0.5, "release_ms": 90, "reduction_db": {"subtle": 2.5, "pumping": 8}}
}', 0.92),
('00000000-0000-4000-8000-00000000000d', 'Noise gate', 'dynamics', '{
    "title": "Gate toms without cutting their tails",
    "description": "Filter the key signal to the pitch of the tom so that cymbals do not open the gate, hold it open for the body of the note, and close by a range of 12 dB instead of to silence.",
    "parameters": {"key_filter_hz": [80, 250], "attack_ms": 0.5, "hold_ms": 150, "release_ms": 200, "range_db": -12}
}', 0.85),

-- Mastering
('00000000-0000-4000-8000-00000000000e', 'Loudness', 'mastering', '{
    "title": "Do not master for a number",
    "description": "Streaming services turn loud masters down, most of them to around -14 LUFS, so a squashed master is only flatter. Choose the density that suits the song and leave 1 dB of true peak for lossy encoders.",
    "parameters": {"normalisation_lufs": -14, "true_peak_dbtp": -1.0, "measure": ["integrated loudness", "short-term loudness", "true peak"]}
}', 0.94),
('00000000-0000-4000-8000-00000000000f', 'Dither', 'mastering', '{
    "title": "Dither once, as the last step",
    "description": "Going from 24 to 16 bits without dither turns the quietest tails into distortion. Add triangular dither at the final reduction only, with no gain change, fade or conversion after it.",
    "parameters": {"from_bits": 24, "to_bits": 16, "type": "TPDF", "applied": "once", "not_needed_for": ["32-bit float", "24-bit delivery"]}
}', 0.93),
('00000000-0000-4000-8000-000000000010', 'Reference tracks', 'mastering', '{
    "title": "Compare at equal loudness",
    "description": "Louder sounds better for a few seconds. Turn the reference down to the level of the mix before judging bass, brightness and width, and change between them often, for short passages.",
    "parameters": {"references": 3, "match": "integrated loudness", "listen_for": ["low end", "vocal level", "brightness", "width"]}
}', 0.9),

-- Harmony
('00000000-0000-4000-8000-000000000011', 'Chord progression', 'harmony', '{
    "title": "Borrow the minor fourth",
    "description": "In a major key, follow the IV with its minor form before going home. Its third falls by half a step into the fifth of the tonic, which sounds like a look back. In C major: F, F minor, C.",
    "parameters": {"numerals": ["I", "IV", "iv", "I"], "in_c": ["C", "F", "Fm", "C"], "moving_voice": ["A", "A flat", "G"], "borrowed_from": "parallel minor"}
}', 0.92),
('00000000-0000-4000-8000-000000000012', 'Voice leading', 'harmony', '{
    "title": "Move each voice as little as possible",
    "description": "Keep the common tones between two chords and let the others go by step. From C to A minor only G moves, to A. Inversions make pads and string parts join instead of jump.",
    "parameters": {"example": {"from": ["C4", "E4", "G4"], "to": ["C4", "E4", "A4"], "moves": 1}, "avoid": "parallel fifths where independence of the voices matters"}
}', 0.9),
('00000000-0000-4000-8000-000000000013', 'Secondary dominant', 'harmony', '{
    "title": "Lead into any chord with its own dominant",
    "description": "Put a dominant seventh a fifth above the chord you are going to. In C major, D7 leads to G: its F sharp rises to G and its C falls to B.",
    "parameters": {"symbol": "V7/V", "in_c": {"chords": ["C", "D7", "G7", "C"], "outside_note": "F sharp"}, "resolution": {"F sharp": "G", "C": "B"}}
}', 0.93),
('00000000-0000-4000-8000-000000000014', 'Modes', 'harmony', '{
    "title": "Dorian: minor with a bright sixth",
    "description": "Dorian is natural minor with a raised sixth, so its fourth chord is major. A vamp between the first and the fourth chord shows the mode at once. In D: D minor and G.",
    "parameters": {"steps": [2, 1, 2, 2, 2, 1, 2], "vamp": ["i", "IV"], "in_d": ["Dm", "G"], "characteristic_note": "B"}
}', 0.91);

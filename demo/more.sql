-- Three rows that come while the daemon is listening.

INSERT INTO music_knowledge (id, topic, category, suggestion, confidence) VALUES
('00000000-0000-4000-8000-000000000015', 'Delay', 'mixing', '{
    "title": "Use a delay in time where a reverb would wash",
    "description": "An eighth-note delay, filtered and low, gives a vocal depth and leaves the gaps between words clean. At 120 beats a minute an eighth note lasts 250 ms.",
    "parameters": {"division": "1/8", "bpm": 120, "time_ms": 250, "feedback_percent": 20, "filters": {"high_pass_hz": 300, "low_pass_hz": 5000}}
}', 0.9),
('00000000-0000-4000-8000-000000000016', 'Multiband compression', 'mastering', '{
    "title": "Correct one band, leave the others alone",
    "description": "When only the bass notes jump out, compress only the band they are in. Every crossover turns phase or smears transients, so use few bands and small reductions, and ask first whether the mix can be mended.",
    "parameters": {"bands": 1, "crossover_hz": 120, "ratio": 2, "reduction_db": 2, "release_ms": 150}
}', 0.86),
('00000000-0000-4000-8000-000000000017', 'Tritone substitution', 'harmony', '{
    "title": "Replace a dominant by the one a tritone away",
    "description": "G7 and D flat 7 share B and F, the notes that want to resolve. Going from D minor over D flat 7 to C gives a bass line that falls by half steps.",
    "parameters": {"original": ["Dm7", "G7", "Cmaj7"], "substituted": ["Dm7", "Db7", "Cmaj7"], "shared_notes": ["B", "F"], "bass": ["D", "D flat", "C"]}
}', 0.9);

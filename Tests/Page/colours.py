"""Which colours look alike to people who see fewer of them.

Two colours are alike when their distance (CIE76, in Lab) is under LEAST for somebody; about 2 can just be seen.
"""
# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
KINDS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "full sight": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
LEAST = {"full sight": 30}
LEAST_OTHERWISE = 14


def linear(value):
    value /= 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def lab(rgb):
    x = (0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.9505
    y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    z = (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.089
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def distances(colours):
    for kind, matrix in KINDS.items():
        seen = [lab([min(1, max(0, sum(m * linear(c) for m, c in zip(line, colour)))) for line in matrix]) for colour in colours]
        for i, one in enumerate(seen):
            for j in range(i):
                yield kind, j, i, sum((a - b) ** 2 for a, b in zip(one, seen[j])) ** 0.5


def too_close(colours):
    return [f"c{i} and c{j}, {kind}: {far:.0f}" for kind, i, j, far in distances(colours) if far < LEAST.get(kind, LEAST_OTHERWISE)]

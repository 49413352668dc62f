"""Plots as SVG, written by hand: bars with their spread, and lines. Readable on light and dark pages alike."""
import html, math

WIDTH, LEFT, RIGHT, TOP = 760, 240, 130, 44
OURS, OTHERS, SPREAD = "#1f6feb", "#9aa4b2", "#24292f"
LINES = ["#1f6feb", "#d1540a", "#1a7f37", "#8250df"]


def number(value):
    """As few digits as tell it: 1,771 and 13.3 and 0.034."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"


def picture(height, title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="#24292f" role="img">',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        text(16, 26, title, "start", 'font-weight="600"'), *parts, "</svg>", ""])


def text(x, y, words, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{html.escape(str(words))}</text>'


def line(x1, y1, x2, y2, color="#d0d7de", width=1.0):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}"/>'


def bars(title, rows, logarithmic=False):
    """Rows of (name, {"median", "lowest", "highest"}), ours among others in blue; the whisker is the spread."""
    most = max(found["highest"] for _, found in rows) or 1
    least = min(found["lowest"] for _, found in rows)
    floor = 10 ** math.floor(math.log10(least / 1.5)) if logarithmic and least > 0 else None

    def place(value):
        share = math.log(max(value, floor) / floor) / math.log(most / floor) if floor else value / most
        return LEFT + max(0.0, share) * (WIDTH - LEFT - RIGHT)

    ours = [name.startswith(("backfill", "set up")) for name, _ in rows]
    parts = []
    for row, (name, found) in enumerate(rows):
        y = TOP + row * 30
        end = place(found["median"])
        parts += [text(LEFT - 8, y + 16, name, "end"),
                  f'<rect x="{LEFT}" y="{y + 2}" width="{max(1.0, end - LEFT):.1f}" height="20" rx="2" '
                  f'fill="{OURS if ours[row] or not any(ours) else OTHERS}"/>']
        if found["highest"] > found["lowest"]:
            parts.append(line(place(found["lowest"]), y + 12, place(found["highest"]), y + 12, SPREAD, 1.5))
        parts.append(text(max(end, place(found["highest"])) + 8, y + 16, number(found["median"])))
    foot = TOP + len(rows) * 30 + 18
    parts.append(text(16, foot, "logarithmic scale" if floor else "", "start", 'font-size="11" fill="#57606a"'))
    return picture(foot + 10, title, parts)


def ticks(most):
    """Round numbers from 0 to what covers the most."""
    most = most or 1
    step = 10 ** math.floor(math.log10(most))
    step = next(s for s in (step / 5, step / 2, step, step * 2) if most / s <= 6)
    return [step * i for i in range(math.ceil(most / step - 1e-9) + 1)]


def lines(title, across, courses):
    """Courses of (name, [[x, y], …]) over one axis from 0, so that what is flat looks flat and what grows does not hide."""
    height, left, right, bottom = 300, 70, 44, 54
    xs = [x for _, points in courses for x, _ in points]
    up, along = ticks(max(y for _, points in courses for _, y in points) * 1.05), ticks(max(xs))
    width, tall = WIDTH - left - right, height - TOP - bottom
    at = lambda x, y: (left + x / along[-1] * width, height - bottom - y / up[-1] * tall)
    parts = []
    for y in up:
        parts += [line(left, at(0, y)[1], WIDTH - right, at(0, y)[1]), text(left - 8, at(0, y)[1] + 4, number(y), "end")]
    for x in along:
        parts.append(text(at(x, 0)[0], height - bottom + 18, number(x), "middle"))
    parts.append(text(WIDTH - right, height - 16, across, "end", 'fill="#57606a"'))
    for place, (name, points) in enumerate(courses):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{LINES[place % 4]}" stroke-width="2"/>')
        if len(courses) > 1:
            parts.append(text(left + 4 + place * 200, height - 16, name, "start", f'fill="{LINES[place % 4]}"'))
    return picture(height, title, parts)

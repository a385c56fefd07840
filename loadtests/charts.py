"""Charts as inline SVG: no script, nothing to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10

WIDTH, HEIGHT = 860, 190
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 26
COLOURS = ("#2563eb", "#d97706", "#9333ea", "#dc2626", "#059669", "#64748b")
LONGEST_STEP = 2.5  # seconds between two measurements of one line
FAULT_COLOUR = "#dc2626"
STEPS = (1, 2, 2.5, 5, 10)

Points = Sequence[tuple[float, float]]
Mark = tuple[float, str]


def lines(title: str, series: Mapping[str, Points], *, seconds: float, marks: Sequence[Mark] = ()) -> str:
    """Lines over time; `marks` are vertical lines with a label."""
    series = {name: points for name, points in series.items() if points}
    if not series:
        return ""
    top = nice(max((value for points in series.values() for _, value in points), default=1.0))
    parts = [_grid(top, seconds)]
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        parts += [_line(name, run, colour, top, seconds) for run in unbroken(points)]
    parts += [_mark(at, label, seconds) for at, label in marks if 0 <= at <= seconds]
    return _figure(title, "".join(parts), legend(series))


def bars(title: str, values: Mapping[str, float | None], *, unit: str) -> str:
    """Horizontal bars, one a name; None is shown as not measured."""
    known = [value for value in values.values() if value is not None]
    most = max([*known, 0.0]) or 1.0
    rows = []
    for number, (name, value) in enumerate(values.items()):
        y = number * 26
        width = 0.0 if value is None else 470 * value / most
        text = "not measured" if value is None else f"{value:,g} {unit}"
        rows.append(
            f'<text x="280" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="288" y="{y + 3}" width="{width:.1f}" height="16" fill="{COLOURS[number % len(COLOURS)]}"/>'
            f'<text x="{294 + width:.1f}" y="{y + 15}">{escape(text)}</text>'
        )
    size = f"0 0 {WIDTH} {len(values) * 26 + 4}"
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="{size}" role="img" '
        f'aria-label="{escape(title)}">{"".join(rows)}</svg></figure>'
    )


def unbroken(points: Points) -> list[Points]:
    """The stretches in which no second is missing: nothing is drawn where nothing was measured."""
    found: list[list[tuple[float, float]]] = []
    for point in points:
        if not found or point[0] - found[-1][-1][0] > LONGEST_STEP:
            found.append([])
        found[-1].append(point)
    return list(found)


def nice(most: float) -> float:
    """The end of an axis: a round number not below `most`."""
    if most <= 0:
        return 1.0
    power = 10.0 ** floor(log10(most))
    return next(step * power for step in STEPS if step * power >= most)


def legend(series: Mapping[str, Points]) -> str:
    """The names in their colours; a single line needs none."""
    if len(series) < 2:
        return ""
    named = zip(series, COLOURS, strict=False)
    return "".join(f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for name, colour in named)


def _figure(title: str, drawing: str, names: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}<span class="legend">{names}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{drawing}</svg></figure>'
    )


def _line(name: str, points: Points, colour: str, top: float, seconds: float) -> str:
    tip = f"<title>{escape(name)}</title>"
    places = [(_x(at, seconds), _y(value, top)) for at, value in points]
    if len(places) == 1:
        return f'<circle r="2.5" fill="{colour}" cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}">{tip}</circle>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="line" stroke="{colour}" points="{path}">{tip}</polyline>'


def _grid(top: float, seconds: float) -> str:
    parts = []
    for quarter in range(5):
        value = top * quarter / 4
        y = _y(value, top)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>')
    step = nice(seconds / 8)
    at = 0.0
    while at <= seconds:
        parts.append(f'<text x="{_x(at, seconds):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{at:g} s</text>')
        at += step
    return "".join(parts)


def _mark(at: float, label: str, seconds: float) -> str:
    x = _x(at, seconds)
    anchor = "end" if at > seconds * 0.8 else "start"
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{FAULT_COLOUR}" '
        f'stroke-dasharray="4 3"/><text x="{x + (-4 if anchor == "end" else 4):.1f}" y="{TOP + 10}" '
        f'text-anchor="{anchor}" fill="{FAULT_COLOUR}">{escape(label)}</text>'
    )


def _x(at: float, seconds: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * at / max(seconds, 1e-9)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

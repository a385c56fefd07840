"""HTML pages that stand alone: one style, no script, nothing to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --ink: #0f172a; --soft: #475569; --line: #cbd5e1; --paper: #fff; --card: #f8fafc }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e2e8f0; --soft: #94a3b8; --line: #334155; --paper: #0f172a; --card: #1e293b } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 920px;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.verdict { font-size: 1.15rem; font-weight: 600; padding: .7rem 1rem; border-radius: .4rem; color: #fff;
  margin: 1rem 0 }
.consistent { background: #15803d } .inconsistent { background: #b91c1c }
.note { border-left: 4px solid #d97706; padding: .3rem .8rem; background: var(--card); margin: .5rem 0 }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.number, th.number { text-align: right } th { color: var(--soft); font-weight: 600 }
figure { margin: 1.2rem 0; background: var(--card); border-radius: .4rem; padding: .6rem .8rem }
figcaption { font-weight: 600 } .legend { float: right; font-weight: 400 } .legend span { margin-left: 1rem }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; border-radius: 2px }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif } svg text { fill: var(--soft) }
.grid { stroke: var(--line); stroke-width: 1 } .line { fill: none; stroke-width: 2; stroke-linejoin: round }
code { font-size: .92em } ul { padding-left: 1.2rem }
"""


def page(title: str, body: Iterable[str]) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    """Nothing at all when there is nothing in it."""
    inside = "".join(parts)
    return f"<h2>{escape(title)}</h2>{inside}" if inside else ""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Numbers stand right; None is a dash. Nothing without rows."""
    body = [list(row) for row in rows]
    if not body:
        return ""
    numeric = [all(row[n] is None or isinstance(row[n], (int, float)) for row in body) for n in range(len(head))]
    cells = "".join(f"<th{_side(number)}>{escape(text)}</th>" for text, number in zip(head, numeric, strict=True))
    lines = "".join(
        "<tr>" + "".join(f"<td{_side(n)}>{_cell(cell)}</td>" for cell, n in zip(row, numeric, strict=True)) + "</tr>"
        for row in body
    )
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>'


def bullets(items: Iterable[str]) -> str:
    inside = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{inside}</ul>" if inside else ""


def notes(items: Iterable[str]) -> str:
    return "".join(f'<p class="note">{escape(item)}</p>' for item in items)


def _side(number: bool) -> str:
    return ' class="number"' if number else ""


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, (int, float)) else escape(str(value))

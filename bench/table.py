"""The result: one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line. `target` as the number that `value` must reach (`least`) or stay under; None for what has none."""

    name: str
    value: float
    target: float | None = None
    least: bool = False
    unit: str = ""
    beside: str = ""

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        reached = self.value >= self.target if self.least else self.value <= self.target
        return "ok" if reached else "short"


def render(rows: Sequence[Row]) -> str:
    """The rows in columns, in a form that is a table in Markdown too."""
    cells = [("what", "figure", "target", "", "beside it"), *(_cells(row) for row in rows)]
    widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(cells[0]))]
    lines = [_joined(line, widths) for line in cells]
    lines.insert(1, _joined(["-" * width for width in widths], widths))
    return "\n".join(lines)


def _joined(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)) + " |"


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    target = "" if row.target is None else f"{'≥' if row.least else '≤'} {row.target:g}{row.unit}"
    return row.name, f"{row.value:.3g}{row.unit}", target, row.verdict, row.beside

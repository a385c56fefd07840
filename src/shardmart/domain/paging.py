"""Pages of lists that cost the same at any depth: a position is the sort key of the last item seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

Position = tuple[str | int, ...]  # JSON scalars only: it travels in a signed cursor


@dataclass(slots=True, frozen=True)
class Page(Generic[T]):
    """Items and the position after them, None on the last page."""

    items: list[T]
    next: Position | None

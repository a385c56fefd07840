"""Waiting for something to become true, with a deadline in place of a sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(ready: Callable[[], T], what: str, *, within: float, every: float = 0.05) -> T:
    """The first true answer of `ready`; fails, naming what was awaited, when none comes in time."""
    deadline = time.monotonic() + within
    while True:
        answer = ready()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {within:g} s: {what} (last answer: {answer!r})")
        time.sleep(every)

"""Progress on standard error; standard output carries the verdict alone."""

from __future__ import annotations

import sys


def log(message: str) -> None:
    print(f"load: {message}", file=sys.stderr, flush=True)

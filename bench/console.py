"""Progress on standard error; standard output carries the table alone."""

from __future__ import annotations

import sys


def log(message: str) -> None:
    print(f"bench: {message}", file=sys.stderr, flush=True)

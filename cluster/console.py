"""Messages for people, on standard error."""

import contextlib
import sys


def log(message: str) -> None:
    """Print one line on standard error; a reader that is gone must not keep us from stopping."""
    with contextlib.suppress(OSError, ValueError):
        print(f"cluster: {message}", file=sys.stderr, flush=True)


def announce(line: str) -> None:
    """Print the one line that standard output carries."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)

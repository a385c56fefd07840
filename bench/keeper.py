"""Ends what a benchmark started, however the benchmark itself ends: `python -m bench.keeper DATA_DIR < PIPE`.

The benchmark alone holds the pipe's other end. Lines on it name the process groups that live, `+PGID` and `-PGID`.
When it closes, those still named are killed and the cluster on the data directory is stopped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

HARMLESS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Follows the pipe to its end, then ends what is left."""
    for number in HARMLESS:
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    down = [sys.executable, "-m", "cluster", "down", "--data-dir", sys.argv[1]]
    subprocess.run(down, check=False, stderr=subprocess.DEVNULL)  # says so when nothing runs there


if __name__ == "__main__":
    main()

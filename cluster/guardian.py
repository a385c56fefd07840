"""Outlives the supervisor for a moment, to end what a killed one left: guardian.py < PIPE

The pipe's other end is held by the supervisor alone. Lines on it name the process groups that live: `+PGID STARTED`
and `-PGID`. When it closes, for whatever reason, every group still named is killed. This catches the children of
children too, which the kernel's parent-death signal (launch.py) does not reach. Standard library alone.
"""

import contextlib
import os
import signal
import sys


def started_at(pid: int) -> str:
    """The start time of a process in clock ticks since boot, or "" if it is gone or the platform does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (start-up time)
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def end(group: int, started: str) -> None:
    """Kill a process group, unless its number belongs to somebody else by now."""
    if started_at(group) in ("", started):  # without its leader, the group still reserves the number
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Follow the pipe to its end, then kill what is left."""
    for harmless in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(harmless, signal.SIG_IGN)
    groups: dict[int, str] = {}
    for line in sys.stdin:
        number, _, started = line[1:].strip().partition(" ")
        if line.startswith("+"):
            groups[int(number)] = started
        else:
            groups.pop(int(number), None)
    for group, started in groups.items():
        end(group, started)


if __name__ == "__main__":
    main()

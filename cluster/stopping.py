"""When to stop: signals, and the end of the process that started us.

Signals. SIGINT and SIGTERM stop the supervisor, however often they come; the handlers are set explicitly because
a background job of a shell without job control starts with SIGINT ignored. SIGHUP (a closed terminal) stops it
too, unless it was ignored at the start, as `nohup` does.

The parent. A supervisor whose parent ends has nobody left who could stop it, so it stops by itself: a killed test
run, load run or `make` leaves nothing behind. Three starts mean to outlive the parent and do: by init (or by
`setsid`, whose parent is gone at once), by `nohup` applied to this very command, and with `--outlive-parent`.
`nohup make run &` needs no exception: make is the parent, survives the closed shell, and is still watched.
"""

import asyncio
import os
import signal
from pathlib import Path

from cluster import signals

PARENT_POLL_SECONDS = 0.25

_parent_at_start = os.getppid()


def attach(loop: asyncio.AbstractEventLoop, stop: "StopRequest") -> None:
    """Let every signal ask for the stop.

    Not with `loop.add_signal_handler`, which gives the signals back before the process has ended.
    """
    signals.forward(lambda name: None if loop.is_closed() else loop.call_soon_threadsafe(stop.request, name))


class StopRequest:
    """The first reason to stop; later ones change nothing."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._event = asyncio.Event()

    def request(self, reason: str) -> None:
        """Ask for the stop."""
        if self.reason is None:
            self.reason = reason
            self._event.set()

    async def wait(self) -> None:
        """Return once a stop was asked for."""
        await self._event.wait()


async def watch_parent(stop: StopRequest) -> None:
    """Ask for a stop when the parent ends.

    Polled: the kernel's own parent-death signal fires when the *thread* that started us ends.
    """
    while os.getppid() == _parent_at_start:  # noqa: ASYNC110 (nobody sets an event)
        await asyncio.sleep(PARENT_POLL_SECONDS)
    stop.request(f"its parent process {_parent_at_start} ended (nohup or --outlive-parent would keep it running)")


def meant_to_outlive_parent() -> bool:
    """Whether this process was started by init or under a `nohup` of its own."""
    if _parent_at_start == 1:
        return True
    # inherited from a parent that ignores hangups itself, it says nothing about this command
    return signals.hangup_was_ignored() and not _ignores_hangup(_parent_at_start)


def _ignores_hangup(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    mask = next((line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")), "0")
    return bool(int(mask, 16) >> (signal.SIGHUP - 1) & 1)

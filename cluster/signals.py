"""Signals that ask for a stop. Imports little, so that they are heard as early as possible."""

import signal
from collections.abc import Callable
from types import FrameType

_hangup_ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
_handled = (signal.SIGINT, signal.SIGTERM) if _hangup_ignored else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_noted: list[str] = []
_forward: Callable[[str], object] = _noted.append


def listen() -> None:
    """Note stop signals from now on; called before anything slow is imported."""
    for number in _handled:
        signal.signal(number, _on_signal)


def forward(receiver: Callable[[str], object]) -> None:
    """Hand the names of all signals, those noted so far too, to `receiver`."""
    global _forward  # noqa: PLW0603 (signals belong to the process)
    _forward = receiver
    listen()
    for name in _noted:
        receiver(name)


def leave() -> None:
    """Ignore stop signals from now on: everything is stopped, and the exit code is decided."""
    for number in _handled:
        signal.signal(number, signal.SIG_IGN)


def hangup_was_ignored() -> bool:
    """Whether this process was started with SIGHUP ignored."""
    return _hangup_ignored


def _on_signal(number: int, _: FrameType | None) -> None:
    _forward(signal.Signals(number).name)

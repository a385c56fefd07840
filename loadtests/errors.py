"""Why a run could not be made: one class, exit code 2."""

from __future__ import annotations


class CouldNotRun(Exception):
    """The run says nothing about consistency; the message is one line for whoever started it."""


class Interrupted(Exception):
    """SIGINT or SIGTERM while there is nothing to report yet."""

"""The run that this load process takes part in: its stage, its journal, and who is next on."""

from __future__ import annotations

import itertools
import os
import random
import time
from pathlib import Path

from loadtests.common.journal import Journal
from loadtests.common.stage import Person, Stage, client, register

STAGE_VARIABLE = "SHARDMART_LOAD_STAGE"
"""The stage's file. Without it, the load process sets a stage of its own."""

DIRECTORY_VARIABLE = "SHARDMART_LOAD_DIR"
"""Where the ledger goes; .data/load by default."""

PROCESSES_VARIABLE = "SHARDMART_LOAD_PROCESSES"
"""How many load processes share the stage's buyers."""


class Playing:
    """One run in one load process. `place`: which of the load processes this is, from 0."""

    def __init__(self, stage: Stage, journal: Journal, *, place: int = 0) -> None:
        self.stage = stage
        self.journal = journal
        self.opened = time.monotonic()
        self._processes = int(os.environ.get(PROCESSES_VARIABLE, "1"))
        self._numbers = itertools.count(place, self._processes)

    def enter(self, host: str) -> tuple[int, Person]:
        """A number and an account for one more user; beyond those of the stage, accounts are made."""
        number = next(self._numbers)
        if number < len(self.stage.buyers):
            return number, self.stage.buyers[number]
        with client(host) as http:
            return number, register(http, "buyer")

    def dice(self, number: int) -> random.Random:
        """What a user's choices follow from: the same for the same seed, whatever the others do."""
        return random.Random(f"{self.stage.seed} {number}")


_current: list[Playing] = []  # one load process, one run at a time


def begin(playing: Playing) -> None:
    _current[:] = [playing]


def current() -> Playing:
    return _current[0]


def directory() -> Path:
    return Path(os.environ.get(DIRECTORY_VARIABLE, ".data/load"))

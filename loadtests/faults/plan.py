"""Fault plans as text.

    kill-primary@10s                 kill -9 of the primary of the first set, started again 5 s later
    kill:rs0-2@10s+8s                of that node, started again 8 s later
    stepdown@10s                     the primary steps down
    pause:rs0-2@10s+5s               SIGSTOP for 5 s; `primary` and `secondaries` are nodes too
    partition:rs0-2@10s+5s           the other members cannot reach it, nor it them, for 5 s; clients can
    delay:rs0-2@10s+5s               each packet between it and the others takes 100 ms more, both ways
    loss:rs0-2@10s+5s                one in ten packets between it and the others is lost
    kill-router@10s                  the router (sharded)
    kill-committer@10s               the worker that commits for all (strategy group)
    kill-worker@10s                  a worker of the shop
    move-chunk@10s                   the chunk of the first product's seller to another shard (sharded)
    kill-primary@10s,stepdown@30s    several
    random:7                         drawn from all that needs no root, with the seed 7, one about every 12 s

Partitions, delay and loss need a demo whose members have network namespaces of their own (cluster/network): a plan
with them is refused where those cannot be made.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.network.rules import FAULTS as NETWORK
from loadtests.errors import CouldNotRun

NAMED = ("kill", "pause", *NETWORK)  # these say which node
UNNAMED = ("kill-primary", "stepdown", "kill-router", "kill-committer", "kill-worker", "move-chunk")
SHARDED_ONLY = ("kill-router", "move-chunk")
LASTS_SECONDS = 5.0
FAULT = re.compile(r"([a-z-]+)(?::([A-Za-z0-9_-]+))?@(\d+(?:\.\d+)?)s?(?:\+(\d+(?:\.\d+)?)s?)?")
RANDOM = re.compile(r"random:(\d+)")
FIRST_SECONDS, LAST_SECONDS = 5.0, 12.0  # quiet at the beginning and at the end of a random run
GAP_SECONDS = (9.0, 15.0)


@dataclass(frozen=True)
class Fault:
    """`at` seconds after the load began; `lasts` until what is killed or paused comes back."""

    what: str
    at: float
    node: str | None = None
    lasts: float = LASTS_SECONDS


def parse(text: str, *, topology: str, strategy: str, seconds: float) -> list[Fault]:
    """In the order of their times. Raises CouldNotRun when it is no plan, or not one for this run."""
    if not text:
        return []
    if match := RANDOM.fullmatch(text):
        return drawn(int(match[1]), topology=topology, strategy=strategy, seconds=seconds)
    faults = [_one(part.strip()) for part in text.split(",")]
    for fault in faults:
        _check(fault, topology=topology, strategy=strategy, seconds=seconds)
    return sorted(faults, key=lambda fault: fault.at)


def need_network(faults: Sequence[Fault]) -> bool:
    """Whether the plan breaks what only members with a network of their own have."""
    return any(fault.what in NETWORK for fault in faults)


def drawn(seed: int, *, topology: str, strategy: str, seconds: float) -> list[Fault]:
    """The same for the same seed and run."""
    dice = random.Random(seed)
    kinds: list[tuple[str, str | None]] = [("kill-primary", None), ("stepdown", None), ("kill-worker", None)]
    kinds += [("pause", "secondaries" if topology == "replica" else "primary")]
    kinds += [("kill-committer", None)] if strategy in ("group", "auto") else []
    kinds += [(what, None) for what in SHARDED_ONLY] if topology == "sharded" else []
    faults, at = [], FIRST_SECONDS
    while at <= seconds - LAST_SECONDS:
        what, node = dice.choice(kinds)
        faults.append(Fault(what, round(at, 1), node, round(dice.uniform(2.0, 5.0), 1)))
        at += dice.uniform(*GAP_SECONDS)
    return faults


def _one(text: str) -> Fault:
    match = FAULT.fullmatch(text)
    what = match[1] if match else ""
    if match is None or what not in NAMED + UNNAMED:
        names = ", ".join([f"{name}@10s" for name in UNNAMED] + [f"{name}:NODE@10s+5s" for name in NAMED])
        raise CouldNotRun(f"--faults: {text!r} is none of {names}, random:SEED")
    if (what in NAMED) != (match[2] is not None):
        raise CouldNotRun(
            f"--faults: {what} {'says which node: ' + what + ':NODE@10s' if what in NAMED else 'names no node'}"
        )
    return Fault(what, float(match[3]), match[2], float(match[4]) if match[4] else LASTS_SECONDS)


def _check(fault: Fault, *, topology: str, strategy: str, seconds: float) -> None:
    if fault.what in SHARDED_ONLY and topology != "sharded":
        raise CouldNotRun(f"--faults: {fault.what} needs --topology sharded")
    if fault.what == "kill-committer" and strategy not in ("group", "auto"):
        raise CouldNotRun("--faults: kill-committer needs --strategy group")
    if fault.at >= seconds:
        raise CouldNotRun(f"--faults: {fault.what}@{fault.at:g}s comes after the end of a run of {seconds:g} s")


def steps(faults: Sequence[Fault]) -> list[tuple[float, int, bool]]:
    """When to do (True) and undo (False) which fault, in the order of time."""
    timed = [(fault.at, number, True) for number, fault in enumerate(faults)]
    timed += [(fault.at + fault.lasts, number, False) for number, fault in enumerate(faults)]
    return sorted(timed, key=lambda step: (step[0], not step[2]))

"""python -m bench [SECTION…]: progress on standard error, one table on standard output."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from bench import checkout, depth, listing, memory, nodes, strategies
from bench.console import log
from bench.server import NotReady
from bench.stack import Stack, stack
from bench.table import Row, render

Section = Callable[[Stack, argparse.Namespace], list[Row]]
SECTIONS: Mapping[str, Section] = {
    "listing": lambda stack, args: listing.measure(stack, rounds=args.rounds, seconds=args.seconds),
    "depth": lambda stack, args: depth.measure(stack, requests=args.requests),
    "memory": lambda stack, args: memory.measure(stack),
    "checkout": lambda stack, args: checkout.measure(stack, rounds=5, seconds=args.seconds),
    "nodes": lambda stack, args: nodes.measure(stack, rounds=3, seconds=args.seconds),
    "strategies": lambda stack, args: strategies.measure(stack, rounds=1, seconds=args.seconds),
}
REPLICA, SINGLE, SHARDED = ("replica", 3), ("replica", 1), ("sharded", 1)
STACKS = {
    REPLICA: ("listing", "memory", "checkout", "nodes", "strategies"),
    SINGLE: ("depth",),  # half a million products take more than twice as long on three members
    SHARDED: ("strategies",),
}


def main() -> int:
    """0 when everything was measured, short or not; 2 when something could not be."""
    args = _parser().parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)  # a background job starts with SIGINT ignored
    rows: list[Row] = []
    try:
        for (topology, members), suited in STACKS.items():
            chosen = [name for name in args.sections if name in suited]
            if chosen:
                with stack(args.data_dir, nodes=members, driver=args.driver, topology=topology) as running:
                    for name in chosen:
                        log(f"section {name}")
                        rows += SECTIONS[name](running, args)
    except (NotReady, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        log(f"could not be measured: {error}")
        return 2
    finally:
        if rows:
            print(render(rows))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", type=_section, default=list(SECTIONS), metavar="SECTION", help=", ".join(SECTIONS)
    )
    parser.add_argument("--driver", choices=("motor", "pymongo"), default="motor", help="on both sides")
    parser.add_argument("--rounds", type=int, default=15, help="pairs of rounds in `listing`")
    parser.add_argument("--seconds", type=float, default=3, help="of a round")
    parser.add_argument("--requests", type=int, default=600, help="of every cell in `depth`")
    parser.add_argument("--data-dir", type=Path, help="keep what was seeded there, for the next run")
    return parser


def _section(name: str) -> str:
    if name not in SECTIONS:
        raise argparse.ArgumentTypeError(f"there is {', '.join(SECTIONS)}, but no {name}")
    return name


def _stop(number: int, _: FrameType | None) -> None:
    log(f"{signal.Signals(number).name}: ending what was started")
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

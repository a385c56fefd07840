"""python -m bench [SECTION …]: progress on standard error, one table on standard output."""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bench import cache, checkout, depth, listing, memory, nodes, realtime, router, strategies, topologies
from bench.console import log
from bench.server import NotReady
from bench.stack import Stack, stack
from bench.table import Row, render

REPLICA, SHARDED = ("replica", 3), ("sharded", 1)  # as `make run` starts them
ALONE = ("replica", 1)  # half a million products take more than twice as long on three members


@dataclass(frozen=True)
class Section:
    """What is measured, and the clusters that it is measured on."""

    on: Sequence[tuple[str, int]]
    measure: Callable[[Sequence[Stack], argparse.Namespace], list[Row]]


SECTIONS: Mapping[str, Section] = {
    "listing": Section([REPLICA], lambda on, args: listing.measure(on[0], rounds=args.rounds, seconds=args.seconds)),
    "cache": Section([REPLICA], lambda on, args: cache.measure(on[0], rounds=args.rounds, seconds=args.seconds)),
    "memory": Section([REPLICA], lambda on, args: memory.measure(on[0])),
    "checkout": Section([REPLICA], lambda on, args: checkout.measure(on[0], rounds=5, seconds=args.seconds)),
    "nodes": Section([REPLICA], lambda on, args: nodes.measure(on[0], rounds=3, seconds=args.seconds)),
    "strategies": Section([REPLICA], lambda on, args: strategies.measure(on[0], rounds=4, seconds=args.seconds)),
    "strategies-sharded": Section(
        [SHARDED], lambda on, args: strategies.measure(on[0], rounds=4, seconds=args.seconds)
    ),
    "depth": Section([ALONE], lambda on, args: depth.measure(on[0], requests=args.requests)),
    "router": Section([SHARDED], lambda on, args: router.measure(on[0], rounds=7, seconds=args.seconds)),
    "realtime": Section([REPLICA], lambda on, args: realtime.measure(on[0], seconds=args.seconds)),
    "topologies": Section(
        [REPLICA, SHARDED], lambda on, args: topologies.measure(on[0], on[1], rounds=5, seconds=args.seconds)
    ),
}


def main() -> int:
    """0 when everything was measured, short or not; 2 when something could not be."""
    args = _parser().parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)  # a background job starts with SIGINT ignored
    rows: list[Row] = []
    try:
        with contextlib.ExitStack() as whole:
            place = args.data_dir or Path(whole.enter_context(tempfile.TemporaryDirectory(prefix="shardmart-bench-")))
            for name in args.sections:
                log(f"section {name}")
                rows += _section_on(SECTIONS[name], place, args)
    except (NotReady, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        log(f"could not be measured: {error}")
        return 2
    finally:
        if rows:
            print(render(rows))
    return 0


def _section_on(section: Section, place: Path, args: argparse.Namespace) -> list[Row]:
    with contextlib.ExitStack() as running:
        on = [
            running.enter_context(stack(place, topology=topology, nodes=nodes, driver=args.driver))
            for topology, nodes in section.on
        ]
        return section.measure(on, args)


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

"""`make load`: both topologies × strategy × scenario, and the table of it for docs/results.md.

    python -m loadtests.matrix --out DIR [--table docs/results.md] [--seconds 20] [--users 32]

Each pair of topology and strategy has a demo of its own, in which the scenarios run one after the other.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from loadtests import compare, report, results
from loadtests.common.needs import SCENARIOS
from loadtests.console import log
from loadtests.demo import Demo
from loadtests.errors import CouldNotRun, Interrupted
from loadtests.options import TOPOLOGIES, Options
from loadtests.report import Report
from loadtests.run import run

STRATEGIES = ("group", "transaction", "reservation")
CHOSEN = ("uniform", "hot_item", "mixed_cart", "cancel_storm", "realtime", "mixed")
SALE_USERS, SALE_STOCK = 1000, 100
BEGIN, END = "<!-- the matrix begins -->", "<!-- the matrix ends -->"
HEAD = (
    *("topology", "strategy", "scenario", "users", "checkouts/s", "requests/s"),
    *("p50 ms", "p95 ms", "p99 ms", "conflicts", "503", "verdict"),
)


def main() -> int:
    """0 when every run was consistent; 1 when one was not; 2 when it was ended early or nothing could run."""
    args = _parser().parse_args()
    reports: list[Report] = []
    try:
        for topology in args.topologies:
            for strategy in args.strategies:
                base = Options("", topology, args.out, strategy=strategy, users=args.users, seconds=args.seconds)
                reports.extend(_demo(base, args.scenarios))  # one by one: what was measured is kept
    except (Interrupted, KeyboardInterrupt):
        log("ended early")
        return 2
    finally:
        if reports:
            _write(reports, args)
    good = all(made["verdict"] == report.CONSISTENT for made in reports)
    return (0 if good else 1) if reports else 2


def _demo(base: Options, scenarios: list[str]) -> Iterator[Report]:
    """The scenarios on one demo, as they end; what cannot be run is named and left out. Raises Interrupted."""
    base.out.mkdir(parents=True, exist_ok=True)
    demo = Demo(base, threading.Event())
    with ExitStack() as cleanup:
        cleanup.callback(demo.stop)
        try:
            demo.start()
        except CouldNotRun as error:
            log(f"{base.topology}, {base.strategy}: left out: {error}")
            return
        there = replace(base, host=demo.url, data_dir=demo.data_dir)
        for options in _runs(there, scenarios):
            try:
                yield _one(options, demo.settings)
            except CouldNotRun as error:
                log(f"{options.out.name}: left out: {error}")


def _runs(there: Options, scenarios: list[str]) -> Iterator[Options]:
    for scenario in scenarios:
        out = there.out / f"{there.topology}-{there.strategy}-{scenario}"
        chosen = replace(there, scenario=scenario, out=out)
        yield replace(chosen, users=SALE_USERS, stock=SALE_STOCK) if scenario == "flash_sale" else chosen


def _one(options: Options, settings: dict[str, str]) -> Report:
    log(f"{options.topology}, {options.strategy}, {options.scenario}")
    options.out.mkdir(parents=True, exist_ok=True)
    observed = run(options)
    observed.settings = settings
    made = results.write(observed)
    log(report.one_line(made))
    if not observed.complete:
        raise Interrupted
    return made


def _write(reports: list[Report], args: argparse.Namespace) -> None:
    (args.out / "compare.html").write_text(compare.render(reports), encoding="utf-8")
    text = f"{BEGIN}\n{_about()}\n\n{table(reports)}\n{END}"
    print(text)
    if args.table is None:
        return
    page = args.table.read_text(encoding="utf-8")
    if BEGIN not in page or END not in page:
        raise SystemExit(f"{args.table} has no place for the table: {BEGIN} … {END}")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    args.table.write_text(before + text + after, encoding="utf-8")


def table(reports: list[Report]) -> str:
    """Markdown."""
    lines = [HEAD, tuple("---" for _ in HEAD), *(tuple(map(str, _row(made))) for made in reports)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(made: Report) -> tuple[Any, ...]:
    latency = made["latency_ms"].get(compare.CHECKOUT, {})
    times = tuple(latency.get(share, "–") for share in ("p50", "p95", "p99"))
    rates = (made["checkouts_per_second"], made["requests_per_second"])
    what = (made["topology"], made["strategy"], made["scenario"], made["users"])
    return (*what, *rates, *times, made["conflicts"], made["unavailable"], made["verdict"])


def _about() -> str:
    """When, on what, and how busy it was besides."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    when = time.strftime("%Y-%m-%d", time.gmtime())
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"Made by `make load` on {when}, commit {commit.stdout.strip() or 'unknown'}, {report.machine()}; "
        f"load average at the end {busy} (its own included)."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests.matrix", description="The longer matrix.")
    parser.add_argument("--out", type=lambda text: Path(text).resolve(), default=Path(".data/load/matrix").resolve())
    parser.add_argument("--table", type=Path, help="the page whose table is replaced")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--topologies", nargs="+", choices=TOPOLOGIES, default=list(TOPOLOGIES))
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    parser.add_argument("--scenarios", nargs="+", choices=list(SCENARIOS), default=[*CHOSEN, "flash_sale"])
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`make load`: both topologies × strategy × scenario, and the table of it for docs/results.md.

    python -m loadtests.matrix --out DIR [--table docs/results.md] [--seconds 20] [--users 32] [--again]

Each pair of topology and strategy has a demo of its own, in which the scenarios run one after the other. A cell that
was measured stays in DIR and is not measured again, so that the matrix can be made in parts (`--topologies`,
`--strategies`, `--scenarios`), or be ended and continued; the table is of all cells that are there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
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
from loadtests.run import EARLY_SECONDS, run

STRATEGIES = ("group", "transaction", "reservation")
CHOSEN = ("uniform", "hot_item", "mixed_cart", "cancel_storm", "realtime", "mixed")
REPORT = "report.json"  # in a cell's directory
INCOMPLETE = 2
SALE_USERS, SALE_STOCK = 1000, 100
BEGIN, END = "<!-- the matrix begins -->", "<!-- the matrix ends -->"
HEAD = (
    *("topology", "strategy", "scenario", "users", "checkouts/s", "requests/s"),
    *("p50 ms", "p95 ms", "p99 ms", "conflicts", "503", "verdict"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every cell is there and consistent; 1 when one is not consistent; 2 when one is missing."""
    args = _parser().parse_args(arguments)
    missing, code = 0, INCOMPLETE
    try:
        for topology in args.topologies:
            for strategy in args.strategies:
                base = Options("", topology, args.out, strategy=strategy, users=args.users, seconds=args.seconds)
                wanted = [cell for cell in _cells(base, args.scenarios) if args.again or not _kept(cell)]
                missing += _demo(base, wanted) if wanted else 0
        code = INCOMPLETE if missing else 0
    except (Interrupted, KeyboardInterrupt):
        log("ended early: the next `make load` goes on from here")
    reports = _measured(args.out)
    if reports:
        _write(reports, args)
    return code or int(any(made["verdict"] != report.CONSISTENT for made in reports))


def _measured(out: Path) -> list[Report]:
    """Of every cell that is there, in the order of the table."""
    cells = [
        out / _name(topology, strategy, scenario) / REPORT
        for topology in TOPOLOGIES
        for strategy in STRATEGIES
        for scenario in SCENARIOS
    ]
    return [made for path in cells if path.exists() and (made := compare.load(path))["complete"]]


def _kept(cell: Options) -> bool:
    """Whether this cell was measured, with as many users and for as long."""
    with suppress(CouldNotRun):
        made = compare.load(cell.out / REPORT)
        as_asked = made["users"] == cell.users and abs(made["seconds"] - cell.seconds) <= EARLY_SECONDS
        if made["complete"] and as_asked:
            log(f"{cell.out.name}: kept, of {made.get('made_on')}, commit {made.get('commit')}")
            return True
    return False


def _demo(base: Options, cells: list[Options]) -> int:
    """Runs cells on one demo; how many could not be run, each of which is named. Raises Interrupted."""
    base.out.mkdir(parents=True, exist_ok=True)
    demo = Demo(base, threading.Event())
    with ExitStack() as cleanup:
        cleanup.callback(demo.stop)
        try:
            demo.start()
        except CouldNotRun as error:
            log(f"{base.topology}, {base.strategy}: left out: {error}")
            return len(cells)
        left_out = 0
        for cell in cells:
            try:
                _one(replace(cell, host=demo.url, data_dir=demo.data_dir), demo.settings)
            except CouldNotRun as error:
                left_out += 1
                log(f"{cell.out.name}: left out: {error}")
        return left_out


def _cells(base: Options, scenarios: list[str]) -> Iterator[Options]:
    for scenario in scenarios:
        out = base.out / _name(base.topology, base.strategy, scenario)
        chosen = replace(base, scenario=scenario, out=out)
        yield replace(chosen, users=SALE_USERS, stock=SALE_STOCK) if scenario == "flash_sale" else chosen


def _name(topology: str, strategy: str, scenario: str) -> str:
    return f"{topology}-{strategy}-{scenario}"


def _one(options: Options, settings: dict[str, str]) -> None:
    log(f"{options.topology}, {options.strategy}, {options.scenario}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / REPORT).unlink(missing_ok=True)
    observed = run(options)
    observed.settings = settings
    made = results.write(observed)
    report.write(made | {"made_on": _today(), "commit": _commit()}, options.out / REPORT)
    log(report.one_line(made))
    if not observed.complete:
        raise Interrupted


def _write(reports: list[Report], args: argparse.Namespace) -> None:
    (args.out / "compare.html").write_text(compare.render(reports), encoding="utf-8")
    text = f"{BEGIN}\n{_about(reports)}\n\n{table(reports)}\n{END}"
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


def _about(reports: list[Report]) -> str:
    """When, of what, on what, and how busy it was besides."""
    when, commits = (sorted({str(made.get(what)) for made in reports}) for what in ("made_on", "commit"))
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"Made by `make load` on {', '.join(when)}, commit {', '.join(commits)}, {report.machine()}; "
        f"load average at the end {busy} (its own included)."
    )


def _today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests.matrix", description="The longer matrix.")
    parser.add_argument("--out", type=lambda text: Path(text).resolve(), default=Path(".data/load/matrix").resolve())
    parser.add_argument("--table", type=Path, help="the page whose table is replaced")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--again", action="store_true", help="measure also what was measured already")
    parser.add_argument("--topologies", nargs="+", choices=TOPOLOGIES, default=list(TOPOLOGIES))
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    parser.add_argument("--scenarios", nargs="+", choices=list(SCENARIOS), default=[*CHOSEN, "flash_sale"])
    return parser


if __name__ == "__main__":
    sys.exit(main())

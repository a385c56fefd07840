"""The command line. Exit 0: consistent; 1: inconsistent; 2: could not run, or was ended before its time."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from loadtests import compare, options, report, results, run
from loadtests.common.needs import SCENARIOS
from loadtests.console import log
from loadtests.errors import CouldNotRun, Interrupted
from loadtests.judge import judge_again
from loadtests.options import Options
from loadtests.target import Target

CONSISTENT, INCONSISTENT, COULD_NOT_RUN = 0, 1, 2
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit code."""
    args = _parser().parse_args(arguments)
    try:
        code: int = args.run(args)
    except CouldNotRun as error:
        log(str(error))
        return COULD_NOT_RUN
    except Interrupted:
        log("ended before the load began: there is nothing to report")
        return COULD_NOT_RUN
    except OSError as error:
        log(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
        return COULD_NOT_RUN
    return code


def _run(args: argparse.Namespace) -> int:
    chosen = Options(**{name: value for name, value in vars(args).items() if name not in ("command", "run")})
    chosen.out.mkdir(parents=True, exist_ok=True)
    return _tell(results.write(run.run(chosen)))


def _check(args: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(args).items() if name not in ("command", "run", "directory")}
    target = Target.of(Options("", "", args.directory, **given), url=args.host, data_dir=args.data_dir)
    with contextlib.closing(target):
        target.identify()
        observed = judge_again(args.directory, target)
    return _tell(report.build(observed))


def _tell(made: report.Report) -> int:
    """Says what was found; the exit code."""
    for warning in made["warnings"]:
        log(warning)
    for violation in made["violations"][:10]:
        log(f"{violation['check']}: {violation['detail']}")
    print(report.one_line(made), flush=True)
    if made["verdict"] != report.CONSISTENT:
        return INCONSISTENT
    return CONSISTENT if made["complete"] else COULD_NOT_RUN


def _compare(args: argparse.Namespace) -> int:
    reports = [compare.load(path) for path in args.reports]
    args.out.write_text(compare.render(reports), encoding="utf-8")
    for line in compare.words(reports, compare.labels(reports)):
        print(line)
    return CONSISTENT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests", description="Load runs that measure consistency.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="drive a shop with Locust, then audit it"))
    checking = commands.add_parser("check", help="hold the ledgers of a run against the shop once more")
    checking.set_defaults(run=_check)
    checking.add_argument("directory", type=Path, metavar="DIR", help="OUT/ledger of a run, .data/load of a page")
    checking.add_argument("--host", required=True, metavar="URL")
    _add_admin(checking)
    comparing = commands.add_parser("compare", help="put runs side by side")
    comparing.set_defaults(run=_compare)
    comparing.add_argument("reports", nargs="+", type=Path, metavar="REPORT.JSON")
    comparing.add_argument("--out", required=True, type=Path, metavar="FILE.html")
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_run)
    parser.add_argument("--scenario", required=True, choices=list(SCENARIOS))
    parser.add_argument("--topology", choices=options.TOPOLOGIES, default="replica")
    parser.add_argument("--out", required=True, type=_path, metavar="DIR", help="where the report is written")
    parser.add_argument("--nodes", type=_number(1, 7), metavar="N", help="members of each set")
    parser.add_argument("--strategy", choices=options.STRATEGIES, default="auto")
    parser.add_argument("--write-concern", choices=options.WRITE_CONCERNS, default="majority")
    parser.add_argument("--read-preference", choices=options.READ_PREFERENCES, default="primary")
    parser.add_argument("--users", type=_number(1, 10_000), default=20, metavar="N")
    parser.add_argument("--time", dest="seconds", type=_duration, default=30.0, metavar="60s")
    parser.add_argument("--faults", default="", metavar="PLAN", help="kill-primary@10s,stepdown@20s · random:SEED")
    parser.add_argument("--seed", type=_number(0, 2**31), default=0, metavar="N", help="of everything left to chance")
    parser.add_argument("--stock", type=_number(0, 1_000_000_000), metavar="N", help="of each product at the start")
    parser.add_argument("--processes", type=_number(1, 64), default=1, metavar="N", help="load processes")
    parser.add_argument("--workers", type=_number(1, 64), metavar="N", help="of the shop")
    parser.add_argument("--port", type=_number(1, 65535), metavar="P", help="of the demo; a free one by default")
    parser.add_argument("--host", metavar="URL", help="a shop that already runs")
    _add_admin(parser)


def _add_admin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--admin-email", default="admin@demo.com", metavar="EMAIL")
    parser.add_argument("--admin-password-file", type=Path, metavar="FILE")
    parser.add_argument("--data-dir", type=Path, metavar="D", help="of the demo behind --host, to read and break it")


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return parse


def _path(text: str) -> Path:
    """Absolute: Locust runs in another directory."""
    return Path(text).resolve()


def _duration(text: str) -> float:
    """60s, 2m, 90, 1h."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    seconds = float(match[1]) * UNITS[match[2]] if match else 0.0
    if not 1 <= seconds <= 24 * 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time between 1s and 24h")
    return seconds

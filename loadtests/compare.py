"""Runs side by side: what was different about them, what they came to, and the differences in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loadtests import charts
from loadtests.errors import CouldNotRun
from loadtests.page import bullets, page, section, table
from loadtests.report import CONSISTENT, Report

VARIED = ("scenario", "topology", "nodes", "strategy", "write_concern", "read_preference", "users", "seconds", "seed")
NAMED = {"nodes": "{} nodes", "write_concern": "w:{}", "users": "{} users", "seconds": "{} s", "seed": "seed {}"}
COUNTED = (
    *("complete", "verdict", "acknowledged", "rejected", "unknown", "lost", "duplicated", "oversold_units"),
    *("requests_per_second", "checkouts_per_second", "conflicts", "retries", "unavailable"),
)
CHECKOUT = "POST /api/orders/"
NEEDED = ("scenario", "topology", "strategy", "verdict", "latency_ms", "acknowledged", "checkouts_per_second")
SMALL = 0.1  # a difference below is not worth a word: runs of one setting differ by more


def load(path: Path) -> Report:
    """A report.json. Raises CouldNotRun when it is none."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CouldNotRun(f"{path}: {error.strerror}") from None
    except ValueError:
        raise CouldNotRun(f"{path} is not JSON") from None
    if not isinstance(report, dict) or any(name not in report for name in NEEDED):
        raise CouldNotRun(f"{path} is not the report of a load run")
    return report


def render(reports: Sequence[Report]) -> str:
    names = labels(reports)
    good = sum(report["verdict"] == CONSISTENT for report in reports)
    verdict = f"{good} of {len(reports)} runs consistent"
    body = [
        "<h1>Load runs side by side</h1>",
        f'<p class="verdict {CONSISTENT if good == len(reports) else "inconsistent"}">{verdict}</p>',
        section("In words", bullets(words(reports, names))),
        section("Side by side", table(("", *names), _rows(reports))),
        section("Charts", *(chart for chart in _charts(reports, names))),
        section("Faults", table(("run", "at, s", "what", "node", "write gap, s"), _faults(reports, names))),
        section("Violations", table(("run", "check", "what"), _violations(reports, names))),
    ]
    return page("Shardmart: load runs side by side", body)


def labels(reports: Sequence[Report]) -> list[str]:
    """Each run by what is not the same in all of them; numbered when that is not enough."""
    differing = [name for name in VARIED if len({str(report.get(name)) for report in reports}) > 1]
    found = [", ".join(NAMED.get(name, "{}").format(report.get(name)) for name in differing) for report in reports]
    if len(set(found)) == len(found) and all(found):
        return found
    return [f"{number}. {label}".rstrip(". ") for number, label in enumerate(found, 1)]


def words(reports: Sequence[Report], names: Sequence[str]) -> list[str]:
    """The first run against each other one."""
    first, found = reports[0], []
    for report, name in zip(reports[1:], names[1:], strict=True):
        against = f"{name} against {names[0]}"
        said = [
            _times("checkouts a second", first["checkouts_per_second"], report["checkouts_per_second"]),
            _times("requests a second", first.get("requests_per_second"), report.get("requests_per_second")),
            _times("p99 of a checkout", _p99(first), _p99(report)),
        ]
        if report["verdict"] != first["verdict"]:
            said.append(f"{report['verdict']} where the first is {first['verdict']}")
        gaps = (first.get("write_gap_seconds"), report.get("write_gap_seconds"))
        if None not in gaps and gaps[0] != gaps[1]:
            said.append(f"longest write gap {gaps[1]:g} s instead of {gaps[0]:g} s")
        told = "; ".join(one for one in said if one)
        found.append(f"{against}: {told or 'no difference worth a word'}.")
    return found


def _times(what: str, before: float | None, after: float | None) -> str:
    if not before or after is None:
        return ""
    ratio = after / before
    return f"{what} × {ratio:.2f}" if abs(ratio - 1) >= SMALL else ""


def _p99(report: Report) -> float | None:
    found = report["latency_ms"].get(CHECKOUT)
    return float(found["p99"]) if found else None


def _rows(reports: Sequence[Report]) -> list[list[Any]]:
    rows: list[list[Any]] = [
        [name.replace("_", " "), *(r.get(name) for r in reports)] for name in (*VARIED, *COUNTED)
    ]
    for share in ("p50", "p95", "p99", "max"):
        latency = [r["latency_ms"].get(CHECKOUT, {}).get(share) for r in reports]
        rows.append([f"checkout {share}, ms", *latency])
    rows.append(["longest write gap, s", *(r.get("write_gap_seconds") for r in reports)])
    return rows


def _charts(reports: Sequence[Report], names: Sequence[str]) -> list[str]:
    def of(values: Sequence[float | None]) -> dict[str, float | None]:
        return dict(zip(names, values, strict=True))

    return [
        charts.bars("Checkouts acknowledged", of([r["checkouts_per_second"] for r in reports]), unit="a second"),
        charts.bars("Requests answered", of([r.get("requests_per_second") for r in reports]), unit="a second"),
        charts.bars("p99 of a checkout", of([_p99(r) for r in reports]), unit="ms"),
        charts.bars("Conflicts", of([r.get("conflicts") for r in reports]), unit=""),
        charts.bars("Longest write gap", of([r.get("write_gap_seconds") for r in reports]), unit="s"),
    ]


def _faults(reports: Sequence[Report], names: Sequence[str]) -> list[tuple[Any, ...]]:
    return [
        (name, one["at"], one["what"], one["node"], one["write_gap_seconds"])
        for report, name in zip(reports, names, strict=True)
        for one in report.get("faults", ())
    ]


def _violations(reports: Sequence[Report], names: Sequence[str]) -> list[tuple[str, str, str]]:
    return [
        (name, one["check"], one["detail"])
        for report, name in zip(reports, names, strict=True)
        for one in report.get("violations", ())[:5]
    ]

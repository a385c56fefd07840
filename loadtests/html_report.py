"""report.html: one run, readable without anything else."""

from __future__ import annotations

from html import escape
from typing import Any

from loadtests import charts
from loadtests.page import bullets, notes, page, section, table
from loadtests.report import Report, one_line
from loadtests.series import Series

FACTS = (
    *("users", "seconds", "nodes", "write_concern", "read_preference", "requests_per_second", "checkouts_per_second"),
    *("conflicts", "retries", "unavailable", "write_gap_seconds", "seed", "machine"),
)
INVARIANTS = {
    1: "no stock below 0",
    2: "an unbroken chain of logs",
    3: "units in orders are units logged",
    4: "every checkout whole, every key once",
    5: "nothing half-done",
}


def render(report: Report, series: Series) -> str:
    title = f"{report['scenario']} on {report['topology']}, strategy {report['strategy']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="verdict {report["verdict"]}">{escape(one_line(report))}</p>',
        notes(report["warnings"]),
        section("Violations", table(("check", "what"), ((v["check"], v["detail"]) for v in report["violations"]))),
        section("The run", table(("what", "figure"), _facts(report))),
        section("Second by second", *_charts(report, series)),
        section("Faults", table(("at, s", "what", "node", "write gap, s"), _faults(report))),
        section("Latency", table(("request", "p50, ms", "p95, ms", "p99, ms", "max, ms"), _latency(report))),
        section("Memory", table(("a process of", "most, MB", "slope of the last half, MB/min"), _memory(report))),
        section("How it was judged", _judged(report)),
        section("Settings of the shop", bullets(f"{name}={value}" for name, value in report["settings"].items())),
    ]
    return page(f"Shardmart load run: {title}", body)


def _facts(report: Report) -> list[tuple[str, Any]]:
    return [(name.replace("_", " "), _text(report[name])) for name in FACTS]


def _text(value: Any) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _charts(report: Report, series: Series) -> list[str]:
    marks = [(fault["at"], fault["what"]) for fault in report["faults"]]
    seconds = report["seconds"]
    return [
        charts.lines("Requests a second", {"requests": series.requests}, seconds=seconds, marks=marks),
        charts.lines("Latency, ms", series.latency, seconds=seconds, marks=marks),
        charts.lines("Checkouts a second, by what was told", series.outcomes, seconds=seconds, marks=marks),
        charts.lines("Stock of the hot item", {"stock": series.stock}, seconds=seconds, marks=marks),
    ]


def _faults(report: Report) -> list[tuple[Any, ...]]:
    return [(one["at"], one["what"], one["node"], one["write_gap_seconds"]) for one in report["faults"]]


def _latency(report: Report) -> list[tuple[Any, ...]]:
    return [(name, one["p50"], one["p95"], one["p99"], one["max"]) for name, one in report["latency_ms"].items()]


def _memory(report: Report) -> list[tuple[Any, ...]]:
    return [(role, one["most_mb"], one["mb_per_minute"]) for role, one in report["memory"].items()]


def _judged(report: Report) -> str:
    audit = report["audit"]
    checked = ", ".join(f"{count:,} {what}" for what, count in audit.get("checked", {}).items())
    words = [
        "Ledger: every acknowledged checkout must be stored once as it was told, no rejected one may be, an unknown "
        "one may be either.",
        f"History: each of {report['history'].get('changes', 0):,} changes of {report['history'].get('products', 0)} "
        "products took effect between its call and its answer, in the order of the log.",
        "Stock: what a product began with, plus what sellers added, less what is in orders, must be left.",
        f"Audit of the whole database ({checked or 'nothing'}; {audit.get('took_seconds', 0):g} s): "
        + "; ".join(INVARIANTS.values())
        + ".",
    ]
    return bullets(words)

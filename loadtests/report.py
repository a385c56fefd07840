"""report.json: the figures and the verdict of a run (contract, section 7), and a little more."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from loadtests.common import ledger
from loadtests.common.ledger import ACKNOWLEDGED, REJECTED, UNKNOWN
from loadtests.faults import gaps
from loadtests.observed import Observed
from loadtests.options import DEFAULT_NODES

CONSISTENT, INCONSISTENT = "consistent", "inconsistent"
BOUND_503 = 0.01  # of all requests, without faults

Report = dict[str, Any]


def build(observed: Observed) -> Report:
    options, findings, told = observed.options, observed.findings, observed.ledger
    seconds = max(1.0, observed.ended - observed.began)
    requests = sum(one.requests for one in told.seconds)
    written = [one.answered for one in told.checkouts if one.told in (ACKNOWLEDGED, REJECTED)]
    consistent = not findings.violations
    return {
        "scenario": options.scenario,
        "topology": options.topology,
        "nodes": options.nodes or DEFAULT_NODES.get(options.topology),
        "strategy": options.strategy,
        "write_concern": options.write_concern,
        "read_preference": options.read_preference,
        "users": options.users,
        "seconds": round(seconds, 1),
        "complete": observed.complete,
        "verdict": CONSISTENT if consistent else INCONSISTENT,
        "violations": [asdict(one) for one in findings.violations],
        "acknowledged": told.count(ACKNOWLEDGED),
        "rejected": told.count(REJECTED),
        "unknown": told.count(UNKNOWN),
        "lost": findings.lost,
        "duplicated": findings.duplicated,
        "oversold_units": findings.oversold_units,
        "requests_per_second": round(requests / seconds, 1),
        "checkouts_per_second": round(told.count(ACKNOWLEDGED) / seconds, 1),
        "latency_ms": {
            name: {share: one[share] for share in ("p50", "p95", "p99", "max")}
            for name, one in sorted(observed.statistics.items())
        },
        "conflicts": observed.counters.get("conflicts", 0),
        "retries": observed.counters.get("retries", 0),
        "unavailable": told.unavailable(),
        "write_gap_seconds": _gap(written, observed.began, observed.ended),
        "faults": _faults(observed, written),
        "audit": observed.audit,
        "history": observed.history,
        "memory": observed.memory,
        "seed": options.seed,
        "settings": observed.settings,
        "warnings": warnings(observed, requests),
        "machine": machine(),
    }


def warnings(observed: Observed, requests: int) -> list[str]:
    """What does not touch consistency, but must not be overlooked."""
    found = []
    share = observed.ledger.unavailable() / max(1, requests)
    if share > BOUND_503 and not observed.hits:
        found.append(f"{share:.1%} of all requests were answered with 503; without faults at most 1 % should be")
    if not observed.complete:
        found.append("the run was ended before its time: the figures are those of the part that was run")
    found += [f"the fault {hit.fault.what} was not done: {hit.error}" for hit in observed.hits if hit.error]
    return found


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def write(report: Report, path: Path) -> None:
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def one_line(report: Report) -> str:
    """The verdict, and what it rests on."""
    told = ", ".join(f"{report[name]} {name}" for name in (*_TOLD, "lost", "duplicated"))
    line = f"{report['verdict'].upper()}: {told}, {report['oversold_units']} units oversold"
    return line if report["complete"] else f"{line} (incomplete)"


_TOLD = (ledger.ACKNOWLEDGED, ledger.REJECTED, ledger.UNKNOWN)


def _gap(written: list[float], began: float, ended: float) -> float | None:
    """None when nobody wrote at all: a run of readers has no gap."""
    return round(gaps.longest(written, began, ended), 2) if written else None


def _faults(observed: Observed, written: list[float]) -> list[dict[str, Any]]:
    hits = [hit for hit in observed.hits if hit.error is None]
    after = gaps.after_each(written, [hit.at for hit in hits], max(observed.ended, *(hit.at for hit in hits), 0.0))
    return [
        {
            "at": round(hit.at - observed.began, 1),
            "what": hit.fault.what,
            "node": ", ".join(hit.nodes),
            "write_gap_seconds": round(gap, 2) if written else None,
        }
        for hit, gap in zip(hits, after, strict=True)
    ]

"""What a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from loadtests.common.checks import Findings
from loadtests.common.evidence import Evidence
from loadtests.common.ledger import Ledger
from loadtests.common.stage import Stage
from loadtests.faults.breaker import Hit
from loadtests.options import Options


@dataclass
class Observed:
    """Everything that a run came to, before it is put into words."""

    options: Options
    stage: Stage
    began: float = 0.0
    ended: float = 0.0
    complete: bool = False
    ledger: Ledger = field(default_factory=Ledger)
    evidence: Evidence = field(default_factory=Evidence)
    findings: Findings = field(default_factory=Findings)
    audit: dict[str, Any] = field(default_factory=dict)
    statistics: dict[str, dict[str, Any]] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    stock: list[tuple[float, int]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    history: dict[str, int] = field(default_factory=dict)

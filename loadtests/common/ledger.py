"""What clients were told, one JSON object a line, so that nothing is kept in memory and a cut-off run loses nothing.

    {"what": "checkout", "key", "buyer", "lines": [[product, units]], "orders": {id: [[product, units]]}, …told}
    {"what": "cancel", "order", …told}
    {"what": "stock", "token", "product", "delta", …told}      the token stands in the log's reason
    {"what": "seen", "product", "version", "stock"}            what a watcher was told last (Socket.IO)
    {"what": "second", "at", "requests", "failures", "p50", "p95", "p99", "users"}    one process, one second

…told = {"asked", "answered", "told", "status", "code", "tries", "unavailable"}. Times are `time.monotonic()`, which
all processes of one machine share: `asked` of the first attempt, `answered` of the last. `told` is acknowledged,
rejected, unknown (no final answer; the shop may have done it or not) or failed (an answer that the contract does not
know; as unknown as unknown, and a violation by itself).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACKNOWLEDGED, REJECTED, UNKNOWN, FAILED = "acknowledged", "rejected", "unknown", "failed"
FINAL_REFUSALS = frozenset({"insufficient_stock", "product_unavailable", "price_changed"})
PATTERN = "ledger-*.jsonl"
STATISTICS = "statistics.json"  # Locust's own figures, beside the ledgers

Lines = Mapping[str, int]  # product id -> units


@dataclass(frozen=True)
class Told:
    """One operation and what its client was told."""

    asked: float
    answered: float
    told: str
    status: int = 0
    code: str = ""
    tries: int = 1
    unavailable: int = 0


@dataclass(frozen=True)
class Checkout(Told):
    key: str = ""
    buyer: str = ""
    lines: Lines = field(default_factory=dict)
    orders: Mapping[str, Lines] = field(default_factory=dict)


@dataclass(frozen=True)
class Cancellation(Told):
    order: str = ""


@dataclass(frozen=True)
class StockChange(Told):
    token: str = ""
    product: str = ""
    delta: int = 0


@dataclass(frozen=True)
class Second:
    """What one load process did in one second; times in milliseconds."""

    at: float
    requests: int
    failures: int
    p50: float
    p95: float
    p99: float
    users: int


@dataclass(frozen=True)
class Seen:
    """The last that a watcher was told of a product."""

    product: str
    version: int
    stock: int


@dataclass
class Ledger:
    """Everything that all clients of a run were told."""

    checkouts: list[Checkout] = field(default_factory=list)
    cancellations: list[Cancellation] = field(default_factory=list)
    stock_changes: list[StockChange] = field(default_factory=list)
    seconds: list[Second] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def count(self, told: str) -> int:
        """How many checkouts were told so; who was told nonsense knows as little as who was told nothing."""
        among = (UNKNOWN, FAILED) if told == UNKNOWN else (told,)
        return sum(one.told in among for one in self.checkouts)

    def operations(self) -> Iterator[Told]:
        yield from self.checkouts
        yield from self.cancellations
        yield from self.stock_changes

    def unavailable(self) -> int:
        """How often 503 was heard instead of an answer."""
        return sum(one.unavailable for one in self.operations())

    def add(self, record: Mapping[str, Any]) -> None:
        fields = {name: value for name, value in record.items() if name != "what"}
        match record["what"]:
            case "checkout":
                fields["lines"] = units(fields["lines"])
                fields["orders"] = {id: units(lines) for id, lines in fields["orders"].items()}
                self.checkouts.append(Checkout(**fields))
            case "cancel":
                self.cancellations.append(Cancellation(**fields))
            case "stock":
                self.stock_changes.append(StockChange(**fields))
            case "second":
                self.seconds.append(Second(**fields))
            case "seen":
                self.seen.append(Seen(**fields))


def begin(directory: Path) -> None:
    """A directory for the ledgers of a new run: what an earlier one left is taken away."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in (*directory.glob(PATTERN), directory / STATISTICS):
        old.unlink(missing_ok=True)


def units(lines: Iterable[Sequence[Any]]) -> Lines:
    """Units a product; lines of one product count together, as in the shop."""
    summed: Counter[str] = Counter()
    for product, quantity in lines:
        summed[str(product)] += int(quantity)
    return dict(summed)


def read(directory: Path) -> Ledger:
    """The ledgers of all processes, merged. A last line that was cut off in the middle is left out."""
    ledger = Ledger()
    for path in sorted(directory.glob(PATTERN)):
        for record in records(path.read_text(encoding="utf-8")):
            ledger.add(record)
    return ledger


def records(text: str) -> Iterator[dict[str, Any]]:
    """The records of whole lines."""
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


class Tail:
    """Follows ledgers while they grow: what was added since the last look."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._offsets: dict[Path, int] = {}

    def read(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for path in sorted(self._directory.glob(PATTERN)):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._offsets[path] = self._offsets.get(path, 0) + len(whole)
            found += records(whole.decode())
        return found

"""Buyers that go on buying while things break, each with a ledger of what it was told."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.api import Api, connect, describe, ok
from tests.support.ledger import lines
from tests.support.shop import Person, Shop, new_key

RECOVERY = 60.0  # how long a buyer asks again before it gives up; the contract promises far less


@dataclass
class Entry:
    """One checkout: its key, what was told first (if anything), and the final answer."""

    body: dict[str, Any]
    key: str
    first: httpx.Response | None
    answer: httpx.Response
    answered_at: float

    @property
    def replayed(self) -> bool:
        """The work was done although the first request was never answered."""
        return self.first is None and self.answer.headers.get("Idempotent-Replayed") == "true"


@dataclass
class Buyer:
    person: Person
    products: list[dict[str, Any]]  # one of each seller; every checkout takes one unit of each
    entries: list[Entry] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    slowest: float = 0.0
    unavailable: int = 0


class Buying:
    """`with Buying(shop, seller, 8) as buying:` buys until the block ends, then waits for the last answers.

    With several sellers every checkout has a line of each. `reconnecting`: over a new connection for each, so that
    buyers whose worker died do not stay with the other one.
    """

    def __init__(
        self,
        shop: Shop,
        sellers: Person | Sequence[Person],
        size: int,
        stock: int = 1_000_000,
        *,
        reconnecting: bool = False,
    ) -> None:
        self.shop = shop
        self.reconnecting = reconnecting
        self.stock = stock
        sellers = [sellers] if isinstance(sellers, Person) else sellers
        self.buyers = [Buyer(shop.buyer(), [shop.product(one, stock=stock) for one in sellers]) for _ in range(size)]
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, args=(buyer,)) for buyer in self.buyers]
        self.started = self.stopped = 0.0

    def __enter__(self) -> Buying:
        self.started = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = time.monotonic()
        self._stopping.set()
        for thread in self._threads:
            thread.join(RECOVERY + 30)
        if self._failures:
            raise self._failures[0]

    def _run(self, buyer: Buyer) -> None:
        try:
            while not self._stopping.is_set():
                with connect(self.shop.url) as http:
                    api = Api(http, buyer.person.api.token)
                    buyer.entries.append(self._checkout(buyer, api))
                    while not (self.reconnecting or self._stopping.is_set()):
                        buyer.entries.append(self._checkout(buyer, api))
        except BaseException as failure:
            self._failures.append(failure)

    def _checkout(self, buyer: Buyer, api: Api) -> Entry:
        body, key = lines(*((product, 1) for product in buyer.products)), new_key()
        deadline = time.monotonic() + RECOVERY
        first: httpx.Response | None = None
        for attempt in itertools.count():
            asked = time.monotonic()
            answer = _post(api, body, key)
            now = time.monotonic()
            buyer.slowest = max(buyer.slowest, now - asked if answer is not None else 0)
            first = answer if attempt == 0 else first
            buyer.unavailable += answer is not None and answer.status_code == 503
            if answer is not None and answer.status_code >= 500 and answer.status_code != 503:
                buyer.strangers.append(describe(answer))
            if answer is not None and not _again(answer):
                return Entry(body, key, first, answer, now)
            assert now < deadline, f"no final answer within {RECOVERY:.0f} s: {answer and describe(answer)}"
            time.sleep(0.1)
        raise AssertionError

    # --- what it came to -----------------------------------------------------------------------------

    @property
    def entries(self) -> list[Entry]:
        return [entry for buyer in self.buyers for entry in buyer.entries]

    @property
    def unavailable(self) -> int:
        """How often 503 was heard."""
        return sum(buyer.unavailable for buyer in self.buyers)

    def acknowledged_since(self, moment: float) -> int:
        return sum(entry.answered_at > moment for entry in self.entries)

    def longest_gap(self) -> float:
        """The longest time in which nobody's checkout was acknowledged."""
        times = sorted(entry.answered_at for entry in self.entries if entry.answered_at <= self.stopped)
        points = [self.started, *times, self.stopped]
        return max(later - earlier for earlier, later in itertools.pairwise(points))

    def check(self, *, answer_within: float = 11) -> None:
        """Every acknowledged checkout is kept, once; nothing else is; only 503 was heard of 5xx."""
        for buyer in self.buyers:
            assert not buyer.strangers, buyer.strangers[:3]
            assert buyer.slowest < answer_within, f"an answer took {buyer.slowest:.1f} s"
            told = {entry.answer.status_code for entry in buyer.entries}
            assert told <= {201}, Counter(describe(e.answer) for e in buyer.entries if e.answer.status_code != 201)
            acknowledged = [order["id"] for e in buyer.entries for order in ok(e.answer, 201)["orders"]]
            kept = [order["id"] for order in buyer.person.api.all("/api/orders/my-orders", limit=100)]
            assert Counter(kept) == Counter(acknowledged)
            assert len(set(acknowledged)) == len(acknowledged) == len(buyer.entries) * len(buyer.products)
            for product in buyer.products:
                assert self.shop.stock_of(product) == self.stock - len(buyer.entries)

    def check_replays(self, each: int = 10) -> None:
        """The keys still get the first answer, byte for byte."""
        for buyer in self.buyers:
            for entry in buyer.entries[:: max(1, len(buyer.entries) // each)]:
                again = buyer.person.api.post("/api/orders/", json=entry.body, headers={"Idempotency-Key": entry.key})
                assert (again.status_code, again.content) == (201, entry.answer.content)
                assert again.headers["Idempotent-Replayed"] == "true"


def _post(api: Api, body: dict[str, Any], key: str) -> httpx.Response | None:
    try:
        return api.post("/api/orders/", json=body, headers={"Idempotency-Key": key})
    except httpx.TransportError:
        return None


def _again(answer: httpx.Response) -> bool:
    running = answer.status_code == 409 and answer.json().get("code") == "checkout_in_progress"
    return answer.status_code >= 500 or running

"""What was told of products, when, and whether it could be true.

A reading that began after the answer to a change shows that change or a later one: on the node that answered at once,
elsewhere after `bound` seconds. What it shows of a product is some version of it, whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

View = dict[str, Any]
BY_HAND = -1  # the node of a change past the shop


@dataclass(frozen=True)
class Change:
    node: int
    answered_at: float
    product: View


@dataclass(frozen=True)
class Reading:
    """`list`: "" for a page of one product, "in stock" for that list, else the name of its order."""

    node: int
    began: float
    products: list[View]
    is_cached: bool
    list: str = ""


@dataclass
class Ledger:
    bound: float
    changes: list[Change] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)

    @property
    def cached(self) -> int:
        return sum(reading.is_cached for reading in self.readings)

    def faults(self, product_ids: list[str]) -> list[str]:
        """Every reading that cannot be true, in words."""
        return [fault for reading in self.readings for fault in self._faults(reading, product_ids)]

    def _faults(self, reading: Reading, product_ids: list[str]) -> Iterator[str]:
        there = {product["id"]: product for product in reading.products}
        what = f"{reading.list or 'page'} on node {reading.node} at {reading.began:.3f}"
        for id, product in there.items():
            known = self._known(id).get(product["version"], product)
            if known != product or product["description"] != f"for {product['price']:.2f}":
                yield f"{what}: no version of it looks so: {product}, but {known}"
            if reading.is_cached and product["version"] < (least := self._least(reading, id)):
                yield f"{what}: version {product['version']} of {id} where {least} was answered"
        if reading.list == "price" and (prices := [p["price"] for p in reading.products]) != sorted(prices):
            yield f"{what}: prices of different moments: {prices}"
        if reading.list == "in stock":
            for id in set(product_ids) - set(there):
                if reading.is_cached and not self._may_be_sold_out(reading, id):
                    yield f"{what}: {id} is missing"
            if any(not product["stock"] for product in reading.products):
                yield f"{what}: shows what is sold out"
        elif reading.list and (len(reading.products) != len(there) or set(there) != set(product_ids)):
            yield f"{what}: {len(there)} of {len(product_ids)} products"

    def _least(self, reading: Reading, id: str) -> int:
        """The version that the reading must show at least."""
        return max(
            (
                change.product["version"]
                for change in self._changes_of(id)
                if change.answered_at < reading.began - (0 if change.node == reading.node else self.bound)
            ),
            default=0,
        )

    def _may_be_sold_out(self, reading: Reading, id: str) -> bool:
        """Some version from then on had no stock, or nobody was told what it had."""
        least, known = self._least(reading, id), self._known(id)
        later = [version for version in known if version >= least]
        return not later or any(
            version not in known or not known[version]["stock"] for version in range(max(least, 1), max(known) + 1)
        )

    def _known(self, id: str) -> dict[int, View]:
        return {change.product["version"]: change.product for change in self._changes_of(id)}

    def _changes_of(self, id: str) -> list[Change]:
        if sum(map(len, self._by_product.values())) != len(self.changes):
            self._by_product = defaultdict(list)
            for change in self.changes:
                self._by_product[change.product["id"]].append(change)
        return self._by_product[id]

    _by_product: dict[str, list[Change]] = field(default_factory=lambda: defaultdict(list), repr=False)

"""Figures for sellers, admins and the lab."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shardmart.domain.listings import Product


@dataclass(slots=True, frozen=True)
class Day:
    """One UTC day, `date` as YYYY-MM-DD."""

    date: str
    revenue: Decimal
    orders: int


@dataclass(slots=True, frozen=True)
class TopProduct:
    product_id: str
    name: str
    units: int
    revenue: Decimal


@dataclass(slots=True, frozen=True)
class TopSeller:
    seller_id: str
    name: str
    orders: int
    revenue: Decimal


@dataclass(slots=True, frozen=True)
class SellerStatistics:
    """Of orders that are not cancelled, in the days asked for."""

    revenue: Decimal
    orders: int
    units: int
    average_order: Decimal
    by_day: list[Day]
    top_products: list[TopProduct]
    low_stock: list[Product]


@dataclass(slots=True, frozen=True)
class Dashboard:
    users: dict[str, int]
    products: dict[str, int]
    orders: dict[str, int]
    revenue: Decimal
    by_day: list[Day]
    top_products: list[TopProduct]
    top_sellers: list[TopSeller]


@dataclass(slots=True, frozen=True)
class Member:
    """A member of a replica set as the shop sees it; `node` is the name that node control takes."""

    node: str
    host: str
    state: str
    lag_seconds: float | None


@dataclass(slots=True, frozen=True)
class AppNode:
    """Worker processes behind one address, `node`."""

    node: str
    workers: int
    version: str


@dataclass(slots=True, frozen=True)
class QueryShape:
    """A query or write that the shop issues, by name; `expected` is targeted or scatter_gather."""

    name: str
    description: str
    expected: str


@dataclass(slots=True, frozen=True)
class Explanation:
    """A live explain of a shape, with parameters taken from the data."""

    name: str
    expected: str
    targeted: bool
    shards_touched: int
    index: str | None
    keys_examined: int
    documents_examined: int
    returned: int
    raw: dict[str, Any]


@dataclass(slots=True, frozen=True)
class Violation:
    """A broken invariant of the contract's §8; `invariant` is its number there."""

    invariant: int
    detail: str


@dataclass(slots=True, frozen=True)
class AuditReport:
    violations: list[Violation]
    checked: dict[str, int] = field(default_factory=dict)
    took_seconds: float = 0.0

    @property
    def consistent(self) -> bool:
        return not self.violations

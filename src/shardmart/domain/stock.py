"""Stock changes and the chain of logs that explains every one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from shardmart.domain.ids import log_id

MAX_STOCK = 1_000_000_000


class ChangeType(str, Enum):
    RESTOCK = "restock"
    PURCHASE = "purchase"
    ADJUSTMENT = "adjustment"
    CANCELLATION = "cancellation"


@dataclass(slots=True, frozen=True)
class StockLog:
    """One change of one product's stock; `version` is the product's version after the change."""

    id: str
    product_id: str
    seller_id: str
    version: int
    change_type: ChangeType
    old_stock: int
    new_stock: int
    order_id: str | None
    checkout_id: str | None
    reason: str
    timestamp: datetime


def stock_log(
    *,
    seller_id: str,
    product_id: str,
    version: int,
    change_type: ChangeType,
    old_stock: int,
    new_stock: int,
    at: datetime,
    order_id: str | None = None,
    checkout_id: str | None = None,
    reason: str = "",
) -> StockLog:
    """The log of a change that brought the product to `version`."""
    return StockLog(
        id=log_id(product_id, version),
        product_id=product_id,
        seller_id=seller_id,
        version=version,
        change_type=change_type,
        old_stock=old_stock,
        new_stock=new_stock,
        order_id=order_id,
        checkout_id=checkout_id,
        reason=reason,
        timestamp=at,
    )


def kind_of_manual_change(delta: int) -> ChangeType:
    """What a seller's own change is called: more is a restock, less an adjustment."""
    return ChangeType.RESTOCK if delta > 0 else ChangeType.ADJUSTMENT

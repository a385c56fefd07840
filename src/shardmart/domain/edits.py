"""Changes of a product as values, so that they can be queued, sent and applied to the product as it is then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shardmart.domain.errors import FieldError, InsufficientStock, InvalidInput, Shortfall, VersionConflict
from shardmart.domain.listings import Product, ProductChanges
from shardmart.domain.stock import MAX_STOCK, StockLog, kind_of_manual_change, stock_log


@dataclass(slots=True, frozen=True)
class Edit:
    """`fields` are set, `delta` is added to the stock; `removes` takes the product out of the shop."""

    product_id: str
    at: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)
    expected_version: int | None = None
    delta: int = 0
    removes: bool = False
    reason: str = ""


def fields_of(changes: ProductChanges) -> dict[str, Any]:
    """What is to change, by name."""
    return {name: v for name in changes.__slots__ if (v := getattr(changes, name)) is not None}


def edited(product: Product, edit: Edit) -> Product:
    """The product after the edit, one version further; the same object when there is nothing to change.

    Raises VersionConflict, InsufficientStock, InvalidInput.
    """
    if edit.expected_version is not None and product.version != edit.expected_version:
        raise VersionConflict
    stock = product.stock + edit.delta
    if stock < 0:
        raise InsufficientStock([Shortfall(product.id, -edit.delta, product.stock)])
    if stock > MAX_STOCK:
        raise InvalidInput([FieldError("delta", f"stock cannot pass {MAX_STOCK}")])
    after = replace(product, **{"stock": stock, **edit.fields})
    if after == product and not edit.removes:
        return product
    return replace(after, version=product.version + 1, updated_at=edit.at)


def edit_log(before: Product, after: Product, reason: str) -> StockLog | None:
    """The log of an edit that changed the stock."""
    if after.stock == before.stock:
        return None
    return stock_log(
        seller_id=after.seller_id,
        product_id=after.id,
        version=after.version,
        change_type=kind_of_manual_change(after.stock - before.stock),
        old_stock=before.stock,
        new_stock=after.stock,
        at=after.updated_at,
        reason=reason,
    )

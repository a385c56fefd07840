"""The events of the contract's §4 as their payloads and frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shardmart.domain.changes import Position
from shardmart.domain.listings import Product
from shardmart.domain.notices import Notice
from shardmart.domain.orders import Order
from shardmart.realtime.frames import event_frame
from shardmart.web import views

Payload = dict[str, Any]


def stock_update(product: Product) -> Payload:
    return {
        "product_id": product.id,
        "stock": product.stock,
        "price": float(product.price),
        "is_active": product.is_active,
        "version": product.version,
        "updated_at": product.updated_at,
    }


def order(order: Order) -> Payload:
    return views.order(order)


def notification(notice: Notice) -> Payload:
    return views.notice(notice)


def low_stock(notice: Notice) -> Payload:
    return {"product_id": notice.subject_id, **notice.details}


def frame(name: str, payload: Mapping[str, Any], position: Position) -> bytes:
    return event_frame(name, {"event_id": position.event_id(), **payload})

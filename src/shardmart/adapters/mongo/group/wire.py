"""Members and answers as BSON, which carries its own length: a stream of documents needs no other framing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import bson
from bson.decimal128 import Decimal128

from shardmart.adapters.mongo.documents import (
    Document,
    decimal_of,
    order_document,
    order_of,
    outcome_document,
    outcome_of,
    product_document,
    product_of,
    purchase_document,
    purchase_of,
)
from shardmart.adapters.mongo.group.members import Answer, Cancellation, Checkout, Member, ProductEdit
from shardmart.domain.edits import Edit
from shardmart.domain.errors import (
    CheckoutInProgress,
    EmptyCart,
    FieldError,
    IdempotencyKeyReused,
    InsufficientStock,
    InvalidInput,
    InvalidTransition,
    KeyTaken,
    NotFound,
    ShardmartError,
    Shortfall,
    Unavailable,
    VersionConflict,
)
from shardmart.domain.listings import Product
from shardmart.domain.orders import Order
from shardmart.domain.ports import Claim

LENGTH_BYTES, SHORTEST, LONGEST = 4, 5, 1 << 20
_ERRORS = {
    cls.code: cls
    for cls in (
        CheckoutInProgress,
        EmptyCart,
        IdempotencyKeyReused,
        InvalidTransition,
        KeyTaken,
        NotFound,
        Unavailable,
        VersionConflict,
    )
}


class BadFrame(Exception):
    """What came is not one of our documents: the connection is of no use any more."""


async def read(reader: asyncio.StreamReader) -> Document:
    """The next document. Raises BadFrame, and asyncio.IncompleteReadError or OSError at the end of the stream."""
    head = await reader.readexactly(LENGTH_BYTES)
    length = int.from_bytes(head, "little", signed=True)
    if not SHORTEST <= length <= LONGEST:
        raise BadFrame(f"a document of {length} bytes")
    try:
        return bson.decode(head + await reader.readexactly(length - LENGTH_BYTES))
    except bson.errors.BSONError as error:
        raise BadFrame(str(error)) from error


def member_document(member: Member) -> Document:
    if isinstance(member, Checkout):
        claim = member.claim and {name: getattr(member.claim, name) for name in ("fingerprint", "running_until")}
        return {"kind": "checkout", "purchase": purchase_document(member.purchase), "claim": claim}
    if isinstance(member, Cancellation):
        return {
            "kind": "cancellation",
            "_id": member.id,
            "order_id": member.order_id,
            "products": list(member.products),
            "at": member.at,
        }
    edit = {name: getattr(member.edit, name) for name in Edit.__slots__}
    return {"kind": "edit", "_id": member.id, "edit": {**edit, "fields": _stored(member.edit.fields)}}


def member_of(d: Document) -> Member:
    if d["kind"] == "checkout":
        purchase, claim = purchase_of(d["purchase"]), d["claim"]
        return Checkout(purchase, claim and Claim(id=purchase.claim_id or "", purchase=purchase, **claim))
    if d["kind"] == "cancellation":
        return Cancellation(d["_id"], d["order_id"], tuple(d["products"]), d["at"])
    fields = {name: decimal_of(v) if isinstance(v, Decimal128) else v for name, v in d["edit"]["fields"].items()}
    return ProductEdit(d["_id"], Edit(**{**d["edit"], "fields": fields}))


def answer_document(member: Member, answer: Answer) -> Document:
    if isinstance(answer, Order):
        return {"kind": "order", "order": order_document(answer)}
    if isinstance(answer, Product):
        return {"kind": "product", "product": product_document(answer)}
    if isinstance(answer, ShardmartError):
        return _error_document(answer)
    purchase = cast("Checkout", member).purchase  # nothing else is answered with an outcome
    return {"kind": "outcome", "outcome": outcome_document(purchase, answer)}


def answer_of(d: Document) -> Answer:
    if d["kind"] == "outcome":
        return outcome_of(d["outcome"])
    if d["kind"] == "order":
        return order_of(d["order"])
    if d["kind"] == "product":
        return product_of(d["product"])
    return _error_of(d)


def _stored(fields: Mapping[str, Any]) -> Document:
    return {name: Decimal128(v) if isinstance(v, Decimal) else v for name, v in fields.items()}


def _error_document(error: ShardmartError) -> Document:
    document: Document = {"kind": "error", "code": error.code}
    if isinstance(error, InsufficientStock):
        document["items"] = [[item.product_id, item.requested, item.available] for item in error.items]
    if isinstance(error, InvalidInput):
        document["errors"] = [[e.field, e.message] for e in error.errors]
    return document


def _error_of(d: Document) -> ShardmartError:
    if d["code"] == InsufficientStock.code:
        return InsufficientStock([Shortfall(*item) for item in d["items"]])
    if d["code"] == InvalidInput.code:
        return InvalidInput([FieldError(*error) for error in d["errors"]])
    return _ERRORS[d["code"]]()

"""What goes over the socket comes out as it went in."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

import bson
import pytest

from shardmart.adapters.mongo.group import wire
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
from shardmart.domain.orders import Status
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Line, Purchase, Rejected, Shelf, decide
from tests.group.test_batch import AT, PRODUCTS, checkout, order, product

LATER = datetime(2026, 2, 3, 4, 5, 6, 789000)
PURCHASE = Purchase(PRODUCTS[0], "f" * 24, (Line(PRODUCTS[0], 2), Line(PRODUCTS[3], 1)), Decimal("7.50"), "b|key", 4)
MEMBERS: list[Member] = [
    Checkout(PURCHASE),
    Checkout(PURCHASE, Claim("b|key", "body", PURCHASE, LATER)),
    checkout({PRODUCTS[0]: 1}),
    Cancellation(PRODUCTS[1], PRODUCTS[2], (PRODUCTS[0], PRODUCTS[1]), LATER),
    ProductEdit(PRODUCTS[1], Edit(PRODUCTS[0], LATER, {"price": Decimal("3.10"), "stock": 4, "is_active": True}, 7)),
    ProductEdit(PRODUCTS[1], Edit(PRODUCTS[0], LATER, delta=-4, reason="lost")),
    ProductEdit(PRODUCTS[1], Edit(PRODUCTS[0], LATER, {"is_active": False}, removes=True)),
]
SHELVES = {id: Shelf.of(product(id, 5)) for id in PRODUCTS}
ANSWERS: list[Answer] = [
    decide(PURCHASE, SHELVES, at=AT),
    Rejected(PURCHASE.checkout_id, "insufficient_stock", (Shortfall(PRODUCTS[0], 2, 1),)),
    order({PRODUCTS[0]: 2}, Status.CANCELLED),
    product(PRODUCTS[0], 3),
]
ERRORS: list[ShardmartError] = [
    NotFound(),
    VersionConflict(),
    InvalidTransition(),
    EmptyCart(),
    CheckoutInProgress(),
    IdempotencyKeyReused(),
    KeyTaken(),
    Unavailable(),
    InsufficientStock([Shortfall(PRODUCTS[0], 2, 1)]),
    InvalidInput([FieldError("delta", "is too much")]),
]


@pytest.mark.parametrize("member", MEMBERS, ids=repr)
def test_a_member_survives_the_wire(member: Member) -> None:
    assert wire.member_of(bson.decode(bson.encode(wire.member_document(member)))) == member


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_survives_the_wire(answer: Answer) -> None:
    assert wire.answer_of(bson.decode(bson.encode(wire.answer_document(Checkout(PURCHASE), answer)))) == answer


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_survives_the_wire(error: ShardmartError) -> None:
    came = wire.answer_of(bson.decode(bson.encode(wire.answer_document(Checkout(PURCHASE), error))))
    assert type(came) is type(error)
    assert vars(came) == vars(error)


@pytest.mark.parametrize("bytes_", [b"\xff\xff\xff\x7f", b"\x04\0\0\0", b"\x05\0\0\0\x01", b"\x08\0\0\0\x99ab\0"])
async def test_what_is_no_document_cuts_the_line(bytes_: bytes) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(bytes_)
    reader.feed_eof()
    with pytest.raises((wire.BadFrame, asyncio.IncompleteReadError)):
        await wire.read(reader)

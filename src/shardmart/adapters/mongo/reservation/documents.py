"""Holds and intents to BSON and back.

A hold is an element of its product's `reservations`, gone once it is settled. An intent is the outcome's own document
before there is an outcome: `status` pending or undoing, and `unsettled_since` until nothing remains to be done.
"""

from __future__ import annotations

from dataclasses import asdict

from bson.decimal128 import Decimal128

from shardmart.adapters.mongo.documents import Document, decimal_of, outcome_of, purchase_of, shelf_of
from shardmart.domain.clock import EPOCH
from shardmart.domain.purchase import Purchase
from shardmart.domain.reservations import Hold, Intent, Move, Stand, State

DECIDED = (State.PLACED.value, State.REJECTED.value)


def hold_of(product_id: str, d: Document) -> Hold:
    return Hold(
        product_id=product_id,
        checkout_id=d["checkout_id"],
        attempt=d["attempt"],
        quantity=d["quantity"],
        name=d["name"],
        price=decimal_of(d["price"]),
        taken=Move(**d["taken"]),
        returned=Move(**d["returned"]) if "returned" in d else None,
    )


def hold_document(hold: Hold) -> Document:
    """As an intent keeps it, which needs the product too."""
    return {
        "product_id": hold.product_id,
        "checkout_id": hold.checkout_id,
        "attempt": hold.attempt,
        "quantity": hold.quantity,
        "name": hold.name,
        "price": Decimal128(hold.price),
        "taken": asdict(hold.taken),
    }


def holds_of(product: Document) -> tuple[Hold, ...]:
    return tuple(hold_of(product["_id"], d) for d in product.get("reservations", ()))


def stand_of(product: Document) -> Stand:
    return Stand(shelf_of(product), holds_of(product))


def intent_of(d: Document) -> Intent:
    """Also of an outcome that another strategy has stored, or an old one: settled, and its lines unknown."""
    unknown = Purchase(d["_id"], d.get("buyer_id", ""), ())
    return Intent(
        purchase=purchase_of(d["purchase"]) if "purchase" in d else unknown,
        state=State(d["status"]),
        attempt=d.get("attempt", ""),
        since=d.get("unsettled_since", EPOCH),
        outcome=outcome_of(d) if d["status"] in DECIDED else None,
        holds=tuple(hold_of(hold["product_id"], hold) for hold in d.get("holds", ())),
        settled="unsettled_since" not in d,
    )

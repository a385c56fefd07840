"""Which events of a batch have nothing to say, since a later one of the batch says it."""

from __future__ import annotations

from typing import Any

import pytest

from shardmart.adapters.mongo.changes import _moves, _said_later


def event(text: str) -> dict[str, Any]:
    """`u1` updates product 1, `d1` deletes it, `i1` inserts it, `o1` updates order 1, `x` ends the stream."""
    kinds = {"u": "update", "d": "delete", "i": "insert", "o": "update"}
    if text == "x":
        return {"operationType": "invalidate"}
    coll = "orders" if text[0] == "o" else "products"
    return {"operationType": kinds[text[0]], "ns": {"coll": coll}, "documentKey": {"_id": text[1:]}}


@pytest.mark.parametrize(
    "batch, silent",
    [
        ("", ""),
        ("u1", ""),
        ("u1 u2 u1 u1 u2 x", "0 1 2"),
        ("i1 u1 u1", "1"),
        ("u1 d1 u1", ""),
        ("u1 u1 d1 i1 u1 u1", "0 4"),
        ("o1 o1", ""),
    ],
)
def test_an_update_of_a_product_is_silent_when_another_follows(batch: str, silent: str) -> None:
    assert _said_later([event(text) for text in batch.split()]) == set(map(int, silent.split()))


@pytest.mark.parametrize(
    "event, moves",
    [
        ({"operationType": "insert"}, True),
        ({"operationType": "replace"}, True),
        ({"operationType": "delete"}, True),
        ({"operationType": "update"}, True),
        ({"operationType": "update", "updateDescription": {"updatedFields": {"stock": 1, "version": 2}}}, False),
        ({"operationType": "update", "updateDescription": {"updatedFields": {"in_stock": False}}}, False),
        ({"operationType": "update", "updateDescription": {"updatedFields": {"price": 1, "version": 2}}}, True),
        ({"operationType": "update", "updateDescription": {"updatedFields": {"listed_in.0": "x"}}}, True),
        (
            {"operationType": "update", "updateDescription": {"updatedFields": {}, "removedFields": ["is_active"]}},
            True,
        ),
    ],
)
def test_lists_change_with_what_decides_who_is_on_them(event: dict[str, Any], moves: bool) -> None:
    assert _moves(event) is moves

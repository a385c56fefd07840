"""Who changes products marks them before the answer, whatever the answer is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from shardmart.adapters.marked import MarkedCheckout, MarkedClaiming, MarkedOrders, MarkedOutcomes
from shardmart.domain.errors import InvalidTransition, Unavailable
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase, Rejected

PURCHASE = Purchase("checkout", "buyer", (Line("p", 1), Line("q", 2)))
CLAIM = Claim("buyer|key", "body", PURCHASE, datetime(2026, 1, 1))
ORDER: Any = SimpleNamespace(product_list=[SimpleNamespace(product_id="p"), SimpleNamespace(product_id="q")])
PLACED = Placed("checkout", Decimal(1), (ORDER,))


class Marks:
    def __init__(self) -> None:
        self.changed: list[str] = []

    def change(self, product_ids: Iterable[str], *, moves: bool) -> None:
        assert not moves
        self.changed += product_ids


class Answers:
    """A strategy, outcomes and orders that answer with what the test says."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        return self._answer()

    async def claim_and_place(self, claim: Claim, *, deadline: float) -> Outcome:
        return self._answer()

    async def get(self, checkout_id: str = "", **_: Any) -> Any:
        return self._answer()

    cancel = complete = get

    def _answer(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def parts(answer: Any) -> tuple[Any, Any]:
    return Answers(answer), Marks()


async def test_a_checkout_marks_its_products_also_when_nobody_knows_what_became_of_it() -> None:
    strategy, marks = parts(PLACED)
    assert await MarkedCheckout(strategy, marks).place(PURCHASE, deadline=0) is PLACED
    assert marks.changed == ["p", "q"]
    strategy, marks = parts(Unavailable())
    with pytest.raises(Unavailable):
        await MarkedCheckout(strategy, marks).place(PURCHASE, deadline=0)
    assert marks.changed == ["p", "q"]


async def test_a_checkout_that_stores_its_claim_marks_as_well() -> None:
    for answer, changed in ((PLACED, ["p", "q"]), (Rejected("checkout", "price_changed"), [])):
        strategy, marks = parts(answer)
        assert await MarkedClaiming(strategy, marks).claim_and_place(CLAIM, deadline=0) is answer
        assert marks.changed == changed


@pytest.mark.parametrize("rejections, changed", [(False, []), (True, ["p", "q"])])
async def test_a_rejection_is_marked_for_a_strategy_that_changes_products_on_its_way(
    rejections: bool, changed: list[str]
) -> None:
    strategy, marks = parts(Rejected("checkout", "insufficient_stock"))
    await MarkedCheckout(strategy, marks, rejections=rejections).place(PURCHASE, deadline=0)
    assert marks.changed == changed


async def test_a_repeated_answer_is_marked_for_the_worker_that_may_have_died_before_it_could() -> None:
    for outcome, changed in ((PLACED, ["p", "q"]), (Rejected("checkout", "price_changed"), []), (None, [])):
        outcomes, marks = parts(outcome)
        assert await MarkedOutcomes(outcomes, marks).get("checkout") is outcome
        assert marks.changed == changed


async def test_a_cancellation_marks_what_it_puts_back() -> None:
    orders, marks = parts(ORDER)
    assert await MarkedOrders(orders, marks).cancel(seller_id="s", id="o", at=None) is ORDER  # type: ignore[arg-type]
    assert marks.changed == ["p", "q"]
    orders, marks = parts(InvalidTransition())
    with pytest.raises(InvalidTransition):
        await MarkedOrders(orders, marks).cancel(seller_id="s", id="o", at=None)  # type: ignore[arg-type]
    assert marks.changed == []

"""The ledger against what was kept: what is right passes, and every kind of wrong is seen."""

from __future__ import annotations

from dataclasses import replace

from stories import Story

from loadtests.common.checks import MOST_DETAILS, Findings, check
from loadtests.common.ledger import ACKNOWLEDGED, FAILED, REJECTED, UNKNOWN, Seen


def findings(story: Story) -> Findings:
    return check(story.ledger, story.evidence, story.products)


def details(found: Findings) -> str:
    return "\n".join(f"{one.check}: {one.detail}" for one in found.violations)


def test_a_run_in_which_all_goes_well_has_no_violation() -> None:
    story = Story(10, 10)
    story.buys({"product0": 2})
    kept = story.buys({"product0": 1, "product1": 3})
    story.buys({"product0": 99}, told=REJECTED, stored=False)
    story.cancels(kept)
    story.restocks("product1", 5)
    story.restocks("product1", -2)
    assert findings(story) == Findings()


def test_an_unknown_checkout_may_be_stored_or_not() -> None:
    story = Story(10)
    story.buys({"product0": 2}, told=UNKNOWN, stored=True)
    story.buys({"product0": 2}, told=UNKNOWN, stored=False)
    assert findings(story) == Findings()


def test_an_unknown_change_may_be_stored_or_not() -> None:
    story = Story(10)
    story.restocks("product0", 5, told=UNKNOWN, stored=True)
    story.restocks("product0", 5, told=UNKNOWN, stored=False)
    for stored in (True, False):
        story.cancels(story.buys({"product0": 1}), told=UNKNOWN, stored=stored)
    assert findings(story) == Findings()


def test_an_acknowledged_checkout_that_is_gone_is_lost() -> None:
    story = Story(10)
    del story.orders[story.buys({"product0": 2})]
    found = findings(story)
    assert (found.lost, found.duplicated) == (1, 0)
    assert "acknowledged, but is not stored" in details(found)


def test_an_acknowledged_checkout_rolled_back_whole_is_lost_too() -> None:
    story = Story(10)
    story.buys({"product0": 2}, stored=False)
    assert findings(story).lost == 1


def test_an_order_with_other_lines_than_were_told_is_lost() -> None:
    story = Story(10)
    order = story.buys({"product0": 2})
    story.orders[order] = replace(story.orders[order], lines={"product0": 1})
    assert findings(story).lost == 1


def test_an_answer_without_orders_acknowledges_nothing() -> None:
    story = Story(10)
    story.buys({"product0": 2}, stored=False)
    story.ledger.checkouts[0] = replace(story.ledger.checkouts[0], orders={})
    assert findings(story).lost == 1


def test_half_a_cart_is_a_lost_checkout() -> None:
    story = Story(10, 10)
    order = story.buys({"product0": 1, "product1": 1})
    story.ledger.checkouts[0] = replace(story.ledger.checkouts[0], orders={order: {"product0": 1}})
    story.orders[order] = replace(story.orders[order], lines={"product0": 1})
    assert "asked for" in details(findings(story))


def test_a_rejected_checkout_that_is_stored_is_seen() -> None:
    story = Story(10)
    story.buys({"product0": 2}, told=REJECTED, stored=True)
    found = findings(story)
    assert found.duplicated == 1
    assert "was rejected" in details(found)


def test_a_checkout_that_is_stored_twice_is_seen() -> None:
    story = Story(10)
    story.buys({"product0": 2}, buyer="robin")
    story.orders["other"] = replace(next(iter(story.orders.values())), id="other", checkout="again")
    found = findings(story)
    assert found.duplicated == 1
    assert "never acknowledged" in details(found)


def test_one_unknown_checkout_explains_one_stored_one_and_no_more() -> None:
    story = Story(10)
    order = story.buys({"product0": 2}, told=UNKNOWN, buyer="robin")
    story.orders["other"] = replace(story.orders[order], id="other", checkout="again")
    assert findings(story).duplicated == 1


def test_a_stock_changed_without_a_log_is_seen() -> None:
    story = Story(10)
    story.buys({"product0": 2})
    story.stock["product0"] += 1
    assert "8 should be left, 9 are" in details(findings(story))


def test_units_that_the_shelf_did_not_give_are_oversold() -> None:
    story = Story(10)
    for _ in range(4):
        story.buys({"product0": 3})
    story.stock["product0"] = 1  # the last one's write hid another's
    found = findings(story)
    assert found.oversold_units == 3
    assert "stock: " in details(found)


def test_restocked_units_are_not_oversold() -> None:
    story = Story(2)
    story.restocks("product0", 5)
    story.buys({"product0": 6})
    assert findings(story).oversold_units == 0


def test_a_stock_below_zero_and_a_product_that_is_gone_are_seen() -> None:
    story = Story(1, 1)
    story.buys({"product0": 3})
    del story.stock["product1"]
    found = details(findings(story))
    assert "has a stock of -2" in found and "product1 is gone" in found


def test_a_cancellation_that_was_told_and_not_kept_is_seen() -> None:
    story = Story(10)
    story.cancels(story.buys({"product0": 1}), stored=False)
    assert "told to be cancelled" in details(findings(story))


def test_an_order_that_nobody_cancelled_is_not_cancelled() -> None:
    story = Story(10)
    story.cancels(story.buys({"product0": 1}), told=REJECTED, stored=True)
    assert "nobody cancelled it" in details(findings(story))


def test_a_stock_change_is_made_once_if_told_so_and_not_if_refused() -> None:
    story = Story(10)
    story.restocks("product0", 1, told=ACKNOWLEDGED, stored=False)
    story.restocks("product0", 1, told=REJECTED, stored=True)
    story.restocks("product0", 1)
    story.moves("product0", 1, "restock", reason=story.ledger.stock_changes[-1].token)
    found = details(findings(story))
    for words in ("told acknowledged, and logged 0", "told rejected, and logged 1", "acknowledged, and logged 2"):
        assert words in found


def test_what_a_watcher_saw_must_have_been_so() -> None:
    story = Story(10)
    story.buys({"product0": 2})
    story.buys({"product0": 3})
    story.ledger.seen = [Seen("product0", version, stock) for version, stock in ((1, 10), (2, 8), (3, 5), (7, 5))]
    assert findings(story) == Findings()
    story.ledger.seen += [Seen("product0", 2, 10), Seen("product0", 0, 10), Seen("product9", 1, 10)]
    assert len(findings(story).violations) == 3


def test_an_answer_that_the_contract_does_not_know_fails_the_run() -> None:
    story = Story(10)
    for stored in (True, False):
        story.buys({"product0": 1}, told=FAILED, stored=stored, status=500, code="internal")
    found = findings(story)
    assert details(found) == "answers: 2 answers were 500 internal"


def test_many_violations_of_one_kind_are_counted_and_not_listed() -> None:
    story = Story(1000)
    for _ in range(MOST_DETAILS + 7):
        story.buys({"product0": 1}, stored=False)
    found = findings(story)
    assert found.lost == MOST_DETAILS + 7
    assert "and 7 more of the same kind" in details(found)

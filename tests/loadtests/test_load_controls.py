"""Negative controls: a verdict is worth something only if it fails when it must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from runs import Done, check_on, run, run_on

from loadtests.common import ledger
from tests.support.database import database
from tests.support.matrix import Setup
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def bought(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run on the shared shop; each test spoils what it left, and mends it."""
    done = run_on(shop, tmp_path_factory.mktemp("bought"), "hot_item", "--users", 3, "--time", "2s")
    assert done.code == 0, done.said
    return done.out


@contextmanager
def spoilt(shop: Shop, out: Path, collection: str, **change: int | None) -> Iterator[Done]:
    """With one document changed, or gone, behind the shop's back: that of the run's first order, or its product."""
    first = ledger.read(out / "ledger").checkouts[0]
    id = next(iter(first.orders)) if collection == "orders" else next(iter(first.lines))
    with database(shop) as db:
        documents = db[collection]
        which = {"_id": id, "seller_id": id.partition("-")[0]}
        kept = documents.find_one(which)
        assert kept is not None
        try:
            if change:
                documents.update_one(which, {"$inc": change})
            else:
                documents.delete_one(which)
            yield check_on(shop, out)
        finally:
            documents.replace_one(which, kept, upsert=True)


def test_an_order_deleted_behind_the_shops_back_is_lost(shop: Shop, bought: Path) -> None:
    with spoilt(shop, bought, "orders") as done:
        assert done.code == 1, done.said
        assert "acknowledged, but is not stored" in done.said and "1 lost" in done.said
        assert "audit: invariant" in done.said
    assert check_on(shop, bought).code == 0


def test_a_stock_changed_without_a_log_is_seen(shop: Shop, bought: Path) -> None:
    with spoilt(shop, bought, "products", stock=1) as done:
        assert done.code == 1, done.said
        assert "should be left" in done.said and "audit: invariant 2" in done.said
    assert check_on(shop, bought).code == 0


def test_the_naive_checkout_comes_out_inconsistent(setup: Setup, tmp_path: Path) -> None:
    """A run with a demo of its own, on each topology."""
    done = run(
        *(tmp_path, "hot_item", "--topology", setup.topology, "--strategy", "naive"),
        *("--users", 12, "--time", "4s"),
    )
    assert done.code == 1, done.said
    report = done.report
    assert (report["verdict"], report["strategy"]) == ("inconsistent", "naive")
    assert report["oversold_units"] > 0
    assert {violation["check"] for violation in report["violations"]} >= {"stock", "audit"}
    assert report["settings"]["SHARDMART_LAB"] == "1" and report["settings"]["SHARDMART_LIMITS"] == "off"


@pytest.mark.parametrize(("concern", "code"), [("1", 1), pytest.param("majority", 0, marks=pytest.mark.soak)])
def test_only_write_concern_1_loses_what_was_acknowledged(concern: str, code: int, tmp_path: Path) -> None:
    """The secondaries die first and come back without what only the primary had when it died."""
    faults = "kill:secondaries@3s+3s,kill-primary@4.2s+5s"
    done = run(
        *(tmp_path, "uniform", "--write-concern", concern, "--faults", faults, "--users", 12, "--time", "8s"),
    )
    assert done.code == code, done.said
    report = done.report
    assert (report["lost"] > 0) == (concern == "1"), done.said
    assert [fault["what"] for fault in report["faults"]] == ["kill", "kill-primary"]

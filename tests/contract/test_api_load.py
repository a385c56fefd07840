"""The lab's load (contract §3, Lab)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.clock import wait_until
from tests.support.shop import Person, Shop

LOAD = "/api/lab/load"
RUN = {"run_id", "buyers", "seconds", "strategy"}
FIGURES = RUN | {"second", "checkouts_per_second", "latency_ms", "outcomes", "running"}


def last(admin: Person) -> dict[str, Any]:
    answer: dict[str, Any] = ok(admin.api.get(LOAD))
    return answer


def over(admin: Person, run_id: str) -> list[dict[str, Any]]:
    """The run's figures, once it has told its last ones and may be followed by another."""

    def ended() -> bool:
        told = last(admin)
        return told["run"]["run_id"] == run_id and bool(told["items"]) and not told["items"][-1]["running"]

    wait_until(ended, "the run ends", within=40)
    figures: list[dict[str, Any]] = last(admin)["items"]
    return figures


def start(admin: Person, **plan: Any) -> dict[str, Any]:
    """Begins a run as soon as the one before has let go."""

    def begun() -> Any:
        answer = admin.api.post(LOAD, json=plan)
        return None if answer.status_code == 409 else answer

    run: dict[str, Any] = ok(wait_until(begun, "a run begins", within=40), 202)
    return run


@pytest.fixture
def nothing_runs(admin: Person) -> Iterator[None]:
    yield
    assert admin.api.delete(LOAD).status_code == 204


@pytest.mark.usefixtures("nothing_runs")
def test_a_run_buys_for_its_time_and_tells_what_each_second_brought(shop: Shop, admin: Person) -> None:
    run = start(admin, buyers=4, seconds=3)
    assert set(run) == RUN and (run["buyers"], run["seconds"]) == (4, 3)
    figures = over(admin, run["run_id"])
    assert all(set(one) == FIGURES and one["run_id"] == run["run_id"] for one in figures)
    assert [one["second"] for one in figures] == [1, 2, 3]
    assert [one["running"] for one in figures] == [True, True, False]
    assert sum(one["checkouts_per_second"] for one in figures) > 0
    for one in figures:
        assert one["outcomes"].get("placed", 0) == one["checkouts_per_second"]
        if one["checkouts_per_second"]:
            assert 0 < one["latency_ms"]["p50"] <= one["latency_ms"]["p99"]
    assert shop.audit()["consistent"]

    def cleared() -> bool:
        return ok(shop.anonymous.get("/api/products/", params={"category": "Lab"}))["items"] == []

    wait_until(cleared, "the lab's products leave the shelves", within=20)


@pytest.mark.usefixtures("nothing_runs")
def test_one_run_at_a_time_until_it_is_stopped(admin: Person) -> None:
    run = start(admin, buyers=1, seconds=600, strategy="transaction")
    assert run["strategy"] == "transaction"
    for _ in range(4):  # whichever worker is asked
        with admin.api.fresh() as api:
            problem(api.post(LOAD, json={"buyers": 1, "seconds": 1}), 409, "load_running")
    assert admin.api.delete(LOAD).status_code == 204
    assert over(admin, run["run_id"])[-1]["second"] < 60
    again = start(admin, buyers=1, seconds=1)
    assert again["run_id"] != run["run_id"]
    over(admin, again["run_id"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("buyers", wrong) for wrong in (0, 51, 1.0, "5", None, True)),
        *(("seconds", wrong) for wrong in (0, 601, 2.5)),
        *(("strategy", wrong) for wrong in ("hope", "", None, 1)),
        ("unknown", 1),
    ],
)
def test_a_plan_outside_the_bounds_is_refused(admin: Person, field: str, value: Any) -> None:
    invalid(admin.api.post(LOAD, json={"buyers": 1, "seconds": 1, field: value}), field)


@pytest.mark.parametrize("field", ["buyers", "seconds"])
def test_a_plan_names_buyers_and_seconds(admin: Person, field: str) -> None:
    plan = {"buyers": 1, "seconds": 1}
    del plan[field]
    invalid(admin.api.post(LOAD, json=plan), field)


def test_the_strategy_that_oversells_is_for_labs_alone(admin: Person) -> None:
    problem(admin.api.post(LOAD, json={"buyers": 1, "seconds": 1, "strategy": "naive"}), 409, "strategy_not_here")


def test_the_load_is_for_admins_alone(shop: Shop, seller: Person, buyer: Person) -> None:
    for method in ("GET", "POST", "DELETE"):
        for person in (seller, buyer):
            problem(person.api.request(method, LOAD, json={"buyers": 1, "seconds": 1}), 403, "forbidden")
        problem(shop.anonymous.request(method, LOAD), 401, "unauthenticated")

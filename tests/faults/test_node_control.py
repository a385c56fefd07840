"""Node control through the lab and the command line (contract §3, Lab; §1)."""

from __future__ import annotations

import pytest

from tests.support.api import ok, problem
from tests.support.clock import wait_until
from tests.support.nodes import UP, lab, primary, secondaries, seller_there, states
from tests.support.shop import Person, Shop

MEMBER = {"node", "host", "state", "lag_seconds"}


def becomes(shop: Shop, node: str, *wanted: str) -> None:
    wait_until(lambda: states(shop)[node] in wanted, f"{node} becomes {' or '.join(wanted)}", within=30)


def test_a_killed_node_is_told_down_and_comes_back_when_started(broken: Shop) -> None:
    node = secondaries(broken)[0]
    assert set(lab(broken, node, "kill")) == MEMBER
    becomes(broken, node, "DOWN")
    assert lab(broken, node, "start")["node"] == node
    becomes(broken, node, "SECONDARY")


def test_a_killed_node_stays_down_until_somebody_starts_it(broken: Shop) -> None:
    node = secondaries(broken)[1]
    broken.demo.node("kill", node)
    becomes(broken, node, "DOWN")
    with pytest.raises(AssertionError, match="not within"):
        wait_until(lambda: states(broken)[node] in UP, "it comes back by itself", within=5)
    broken.demo.node("start", node)
    becomes(broken, node, "SECONDARY")


def test_a_paused_node_is_told_and_resumes(broken: Shop) -> None:
    node = secondaries(broken)[0]
    lab(broken, node, "pause")
    wait_until(lambda: states(broken)[node] not in UP, "the pause is told", within=20)
    assert broken.product(seller_there(broken))["id"], "two of three write on"
    lab(broken, node, "resume")
    becomes(broken, node, "SECONDARY", "PRIMARY")


def test_a_paused_primary_is_replaced(broken: Shop) -> None:
    node = primary(broken)
    lab(broken, node, "pause")
    wait_until(
        lambda: any(state == "PRIMARY" for other, state in states(broken).items() if other != node),
        "another becomes primary",
        within=20,
    )
    lab(broken, node, "resume")
    becomes(broken, node, "SECONDARY", "PRIMARY")


def test_a_primary_steps_down(broken: Shop) -> None:
    node = primary(broken)
    lab(broken, node, "stepdown")
    wait_until(
        lambda: any(state == "PRIMARY" for other, state in states(broken).items() if other != node),
        "another becomes primary",
        within=20,
    )


def test_node_control_is_asked_of_admins_alone_and_breaks_nothing_else(broken: Shop, seller_of_it: Person) -> None:
    before = states(broken)
    node = next(iter(before))
    for action in ("kill", "start", "pause", "resume", "stepdown"):
        problem(seller_of_it.api.post(f"/api/lab/nodes/{node}/{action}"), 403, "forbidden")
        problem(broken.anonymous.post(f"/api/lab/nodes/{node}/{action}"), 401, "unauthenticated")
        problem(broken.admin().api.post(f"/api/lab/nodes/rs0-9/{action}"), 404, "not_found")
    assert states(broken) == before
    ok(broken.anonymous.get("/api/products/"))


@pytest.fixture
def seller_of_it(broken: Shop) -> Person:
    return broken.seller()

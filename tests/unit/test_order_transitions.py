from __future__ import annotations

import itertools

import pytest

from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import InvalidTransition, NotFound
from shardmart.domain.orders import Status, check_transition, may_see
from tests.unit.builders import BUYER, SELLERS, an_order

WHO = {
    "its buyer": Actor(BUYER, Role.BUYER, "s"),
    "its seller": Actor(SELLERS[0], Role.SELLER, "s"),
    "an admin": Actor("0" * 24, Role.ADMIN, "s"),
    "another buyer": Actor("1" * 24, Role.BUYER, "s"),
    "another seller": Actor(SELLERS[1], Role.SELLER, "s"),
}
ALLOWED = {
    ("its seller", Status.PLACED, Status.COMPLETED),
    ("an admin", Status.PLACED, Status.COMPLETED),
    ("its buyer", Status.PLACED, Status.CANCELLED),
    ("its seller", Status.PLACED, Status.CANCELLED),
    ("an admin", Status.PLACED, Status.CANCELLED),
}
STRANGERS = ("another buyer", "another seller")


@pytest.mark.parametrize(("who", "before", "to"), list(itertools.product(WHO, Status, Status)))
def test_only_the_transitions_of_the_contract_are_allowed(who: str, before: Status, to: Status) -> None:
    order = an_order(status=before)
    if (who, before, to) in ALLOWED:
        check_transition(order, to, WHO[who])
        return
    with pytest.raises(NotFound if who in STRANGERS else InvalidTransition):
        check_transition(order, to, WHO[who])


@pytest.mark.parametrize("who", WHO)
def test_an_order_exists_only_for_its_people_and_admins(who: str) -> None:
    assert may_see(an_order(), WHO[who]) == (who not in STRANGERS)

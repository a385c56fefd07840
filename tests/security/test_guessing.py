"""What an attacker can learn by asking: nothing of who has an account."""

from __future__ import annotations

import statistics
import time

import pytest

from tests.support.api import outcome, problem
from tests.support.shop import Shop, new_email

ROUNDS = 15


def timed(shop: Shop, email: str, password: str) -> float:
    start = time.perf_counter()
    answer = shop.anonymous.post("/api/auth/login", json={"email": email, "password": password})
    elapsed = time.perf_counter() - start
    problem(answer, 401, "invalid_credentials")
    return elapsed


@pytest.mark.parametrize("password", ["wrong password", "w" * 200], ids=["short", "over 72 bytes"])
def test_a_login_takes_as_long_for_an_unknown_email_as_for_a_wrong_password(keyed_shop: Shop, password: str) -> None:
    known = keyed_shop.buyer().email
    pairs = [(timed(keyed_shop, known, password), timed(keyed_shop, new_email(), password)) for _ in range(ROUNDS)]
    wrong, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.7 < unknown / wrong < 1.4, f"wrong {wrong * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms"


def test_a_password_is_hashed_at_all(keyed_shop: Shop) -> None:
    """The control of the test above: ten rounds of bcrypt are far longer than any lookup."""
    start = time.perf_counter()
    for _ in range(5):
        timed(keyed_shop, new_email(), "wrong password")
    assert (time.perf_counter() - start) / 5 > 0.02


def test_a_deleted_account_looks_like_one_that_never_was(keyed_shop: Shop) -> None:
    person = keyed_shop.buyer()
    assert keyed_shop.admin().api.delete(f"/api/admin/users/{person.id}").status_code == 204
    answers = [
        keyed_shop.anonymous.post("/api/auth/login", json={"email": email, "password": person.password})
        for email in (person.email, new_email())
    ]
    assert answers[0].content == answers[1].content
    assert list(map(outcome, answers)) == ["401 invalid_credentials"] * 2

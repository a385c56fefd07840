"""Limits on logins and registrations (contract §2), on a demo that has them switched on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.support.api import Api, connect, ok, outcome, problem
from tests.support.demo import DEFAULT
from tests.support.matrix import Setup
from tests.support.parallel import at_once
from tests.support.running import running
from tests.support.shop import PASSWORD, Person, Shop, new_email

pytestmark = pytest.mark.first_driver

FAILURES = 10
FAILURES_OF_AN_ACCOUNT = 100
WINDOW = 15 * 60
REGISTRATIONS = 300
PROXY = "127.0.0.77"


@pytest.fixture(scope="module")
def limited(setup: Setup) -> Iterator[Shop]:
    with running(setup, SHARDMART_LIMITS=DEFAULT, SHARDMART_TRUSTED_PROXIES=PROXY) as shop:
        yield shop


@pytest.fixture
def known(limited: Shop) -> Person:
    return limited.buyer()


def attempt(
    shop: Shop,
    email: str,
    password: str = "wrong",
    *,
    source: str = "127.0.0.1",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """One login over a connection of its own, from one of loopback's many addresses."""
    with connect(shop.url, local_address=source) as http:
        return Api(http).post("/api/auth/login", json={"email": email, "password": password}, headers=headers)


def exhaust(shop: Shop, email: str, **options: object) -> None:
    for _ in range(FAILURES):
        problem(attempt(shop, email, **options), 401, "invalid_credentials")  # type: ignore[arg-type]


def test_the_eleventh_failed_login_is_refused_whichever_worker_it_meets(limited: Shop, known: Person) -> None:
    exhaust(limited, known.email)
    for _ in range(4):
        answer = attempt(limited, known.email)
        problem(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= WINDOW


def test_the_right_password_does_not_help_against_the_limit_at_the_same_address(limited: Shop, known: Person) -> None:
    exhaust(limited, known.email)
    problem(attempt(limited, known.email, PASSWORD), 429, "rate_limited")


def test_failures_elsewhere_do_not_lock_out_a_correct_password(limited: Shop, known: Person) -> None:
    exhaust(limited, known.email, source="127.0.0.2")
    problem(attempt(limited, known.email, source="127.0.0.2"), 429, "rate_limited")
    ok(attempt(limited, known.email, PASSWORD, source="127.0.0.3"))


def test_failures_on_one_account_do_not_lock_another(limited: Shop, known: Person) -> None:
    exhaust(limited, known.email)
    ok(attempt(limited, limited.buyer().email, PASSWORD))


def test_successful_logins_are_not_counted(limited: Shop, known: Person) -> None:
    for _ in range(FAILURES + 5):
        ok(attempt(limited, known.email, PASSWORD))
    exhaust(limited, known.email)


def test_the_limit_counts_an_email_in_any_case_as_one_account(limited: Shop, known: Person) -> None:
    exhaust(limited, known.email.upper())
    problem(attempt(limited, known.email), 429, "rate_limited")


def test_an_unknown_email_is_limited_like_a_known_one(limited: Shop) -> None:
    email = new_email()
    exhaust(limited, email)
    problem(attempt(limited, email), 429, "rate_limited")


def test_thirty_attempts_at_once_do_not_slip_past_the_limit(limited: Shop, known: Person) -> None:
    answers = at_once([lambda: attempt(limited, known.email)] * 30)
    counted = Counter(map(outcome, answers))
    assert set(counted) <= {"401 invalid_credentials", "429 rate_limited"}
    assert 1 <= counted["401 invalid_credentials"] <= FAILURES, counted


def test_an_account_stands_a_hundred_failures_from_all_addresses(limited: Shop, known: Person) -> None:
    for host in range(FAILURES_OF_AN_ACCOUNT // FAILURES):
        exhaust(limited, known.email, source=f"127.0.1.{host + 1}")
    problem(attempt(limited, known.email, source="127.0.2.1"), 429, "rate_limited")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_a_stranger_cannot_invent_an_address(limited: Shop, known: Person, header: str) -> None:
    for number in range(FAILURES):
        value = f"198.51.100.{number}"
        headers = {header: f"for={value}" if header == "Forwarded" else value}
        problem(attempt(limited, known.email, headers=headers), 401, "invalid_credentials")
    problem(attempt(limited, known.email, headers={header: "198.51.100.99"}), 429, "rate_limited")


def test_a_trusted_proxy_names_the_address_and_only_its_own_last_word_counts(limited: Shop, known: Person) -> None:
    for number in range(FAILURES):
        headers = {"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.1"}
        problem(attempt(limited, known.email, source=PROXY, headers=headers), 401, "invalid_credentials")
    problem(
        attempt(limited, known.email, source=PROXY, headers={"X-Forwarded-For": "198.51.100.1"}), 429, "rate_limited"
    )
    headers = {"X-Forwarded-For": "198.51.100.2"}
    problem(attempt(limited, known.email, source=PROXY, headers=headers), 401, "invalid_credentials")


def test_an_address_registers_three_hundred_times_in_ten_minutes(limited: Shop) -> None:
    with connect(limited.url, local_address="127.0.0.9") as http:
        api = Api(http)

        def register() -> httpx.Response:
            body = {"name": "Kim", "email": new_email(), "password": PASSWORD}
            return api.post("/api/auth/register", json=body)

        for _ in range(REGISTRATIONS // 10):
            for answer in at_once([register] * 10):
                ok(answer, 201)
        answer = register()
        problem(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 10 * 60
    ok(limited.buyer().api.get("/api/auth/profile"))  # from another address

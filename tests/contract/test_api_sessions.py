"""The refresh session: cookie, rotation, grace, the end of a family, logout (contract §3)."""

from __future__ import annotations

import time

import pytest

from tests.support.api import Api, ok, problem
from tests.support.clock import wait_until
from tests.support.parallel import at_once
from tests.support.sessions import Browser, cookie_of
from tests.support.shop import Person, Shop, refresh_cookie

REVOKED_WITHIN = 2.0
GRACE = 10.0


def browser(shop: Shop) -> Browser:
    return Browser(shop, shop.buyer())


def refused_everywhere(api: Api) -> None:
    """The token is refused by every worker within 2 s, and stays refused."""
    wait_until(
        lambda: api.on_every_worker("/api/auth/profile") == {401}, "the token is refused", within=REVOKED_WITHIN
    )
    assert api.on_every_worker("/api/auth/profile") == {401}
    problem(api.get("/api/auth/profile"), 401, "unauthenticated")


@pytest.mark.parametrize("call", ["register", "login"])
def test_the_refresh_cookie_is_out_of_reach_of_scripts_and_other_sites(shop: Shop, buyer: Person, call: str) -> None:
    body = {"email": buyer.email, "password": buyer.password}
    if call == "register":
        body |= {"email": "new-" + buyer.email, "name": "Kim"}
    found = refresh_cookie(shop.anonymous.post(f"/api/auth/{call}", json=body))
    assert found
    attributes = {part.strip().lower().partition("=")[0]: part.partition("=")[2] for part in found[2].split(";")}
    assert "httponly" in attributes
    assert attributes["samesite"].lower() in ("strict", "lax")
    assert attributes["path"] == "/api/auth"
    assert "secure" not in attributes, "on loopback a Secure cookie would never come back"
    assert "domain" not in attributes


def test_the_refresh_token_is_not_in_the_body(shop: Shop) -> None:
    person = browser(shop)
    answer = person.refresh(person.cookie)
    assert cookie_of(answer) not in answer.text


def test_a_refresh_answers_like_a_login_and_turns_the_cookie(shop: Shop) -> None:
    person = browser(shop)
    answer = person.refresh(person.cookie)
    body = ok(answer)
    assert set(body) == {"access_token", "token_type", "expires_in", "user"}
    assert body["user"] == person.person.user
    assert cookie_of(answer) != person.cookie
    ok(shop.as_(body["access_token"]).get("/api/auth/profile"))
    ok(person.refresh(cookie_of(answer)))


@pytest.mark.parametrize("cookie", [None, "", "nonsense", "a.b.c", "x" * 3000])
def test_without_a_good_cookie_nothing_is_refreshed(shop: Shop, cookie: str | None) -> None:
    problem(browser(shop).refresh(cookie), 401, "unauthenticated")


def test_an_access_token_is_no_refresh_cookie(shop: Shop) -> None:
    person = browser(shop)
    problem(person.refresh(person.token), 401, "unauthenticated")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:1"]
)
def test_another_sites_page_can_neither_refresh_nor_log_out(shop: Shop, origin: str) -> None:
    person = browser(shop)
    problem(person.refresh(person.cookie, origin), 403, "forbidden")
    problem(person.logout(person.cookie, origin), 403, "forbidden")
    ok(person.refresh(person.cookie))


def test_the_demo_may_be_opened_as_localhost_too(shop: Shop) -> None:
    person = browser(shop)
    ok(person.refresh(person.cookie, f"http://localhost:{shop.demo.port}"))


def test_two_tabs_that_refresh_one_after_the_other_get_the_same_successor(shop: Shop) -> None:
    person = browser(shop)
    first, second = person.refresh(person.cookie), person.refresh(person.cookie)
    assert ok(first)["user"] == ok(second)["user"]
    assert cookie_of(first) == cookie_of(second)
    ok(person.refresh(cookie_of(second)))


def test_eight_tabs_that_refresh_at_once_get_the_same_successor(shop: Shop) -> None:
    person = browser(shop)
    answers = at_once([lambda: person.refresh(person.cookie)] * 8)
    assert {answer.status_code for answer in answers} == {200}
    assert len({cookie_of(answer) for answer in answers}) == 1


def test_the_token_before_used_after_ten_seconds_ends_the_whole_family(shop: Shop) -> None:
    thief = browser(shop)
    neighbour = Browser(shop, thief.person)
    answer = thief.refresh(thief.cookie)
    rotated_at = time.monotonic()
    token = ok(answer)["access_token"]
    time.sleep(max(0.0, rotated_at + GRACE + 0.7 - time.monotonic()))
    problem(thief.refresh(thief.cookie), 401, "unauthenticated")
    problem(thief.refresh(cookie_of(answer)), 401, "unauthenticated")
    refused_everywhere(shop.as_(token))
    ok(neighbour.refresh(neighbour.cookie))  # another login of the same user is another family


def test_logging_out_ends_the_session_on_every_worker(shop: Shop) -> None:
    person = browser(shop)
    answer = person.logout(person.cookie)
    assert answer.status_code == 204 and answer.content == b""
    left = refresh_cookie(answer)
    assert left and not left[1].strip('"'), f"the cookie is not taken back: {left}"
    refused_everywhere(shop.as_(person.token))
    problem(person.refresh(person.cookie), 401, "unauthenticated")


def test_logging_out_after_a_refresh_ends_the_tokens_from_before_it(shop: Shop) -> None:
    person = browser(shop)
    answer = person.refresh(person.cookie)
    before, person.token = person.token, ok(answer)["access_token"]
    assert person.logout(cookie_of(answer)).status_code == 204
    refused_everywhere(shop.as_(person.token))
    refused_everywhere(shop.as_(before))
    problem(person.refresh(person.cookie), 401, "unauthenticated")


def test_logging_out_leaves_the_other_sessions_alone(shop: Shop) -> None:
    desk = browser(shop)
    phone = Browser(shop, desk.person)
    assert desk.logout(desk.cookie).status_code == 204
    refused_everywhere(shop.as_(desk.token))
    ok(shop.as_(phone.token).get("/api/auth/profile"))
    ok(phone.refresh(phone.cookie))


def test_logging_out_twice_is_no_error(shop: Shop) -> None:
    person = browser(shop)
    assert person.logout(person.cookie).status_code == 204
    assert shop.anonymous.post("/api/auth/logout", headers={"Origin": shop.url}).status_code == 204

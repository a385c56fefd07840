"""Forged, foreign and outlived tokens (contract §2, Access)."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest

from tests.support.api import Api, ok, problem
from tests.support.clock import wait_until
from tests.support.sessions import Browser
from tests.support.shop import Person, Shop

ALGORITHMS = ("HS256", "HS384", "HS512")


@pytest.fixture(scope="module")
def known(keyed_shop: Shop) -> Shop:
    """Its signing key is known to the tests: otherwise every forgery would fail for its signature alone."""
    return keyed_shop


@pytest.fixture(scope="module")
def key(known: Shop) -> str:
    return known.demo.signing_key()


@pytest.fixture(scope="module")
def victim(known: Shop) -> Person:
    return known.buyer()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def signed(victim: Person, key: str, algorithm: str | None = None, **changes: Any) -> str:
    """The victim's token with changed claims; `...` removes one."""
    assert victim.api.token
    header, claims = parts(victim.api.token)
    claims = {name: value for name, value in (claims | changes).items() if value is not ...}
    extra = {name: value for name, value in header.items() if name not in ("alg",)}
    return jwt.encode(claims, key, algorithm=algorithm or header["alg"], headers=extra)


def handmade(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    def encoded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return ".".join([encoded(json.dumps(header).encode()), encoded(json.dumps(claims).encode()), encoded(signature)])


def refused(shop: Shop, token: str) -> None:
    problem(shop.as_(token).get("/api/auth/profile"), 401, "unauthenticated")
    problem(shop.as_(token).get("/api/orders/my-orders"), 401, "unauthenticated")


def test_a_token_signed_by_us_with_the_right_key_is_good(known: Shop, key: str, victim: Person) -> None:
    """The control of all tests below: the key is the one the shop signs with."""
    assert ok(known.as_(signed(victim, key)).get("/api/auth/profile"))["id"] == victim.id


def test_a_token_with_another_key_is_refused(known: Shop, key: str, victim: Person) -> None:
    for other in ("another key of sufficient length" * 2, key + " ", key[:-1]):
        refused(known, signed(victim, other))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_without_a_signature_is_refused(known: Shop, victim: Person, name: str) -> None:
    header, claims = parts(victim.api.token or "")
    for signature in (b"", b"x"):
        refused(known, handmade(header | {"alg": name}, claims, signature))


def test_a_token_of_another_algorithm_is_refused_even_with_the_right_key(
    known: Shop, key: str, victim: Person
) -> None:
    header, _ = parts(victim.api.token or "")
    for algorithm in set(ALGORITHMS) - {header["alg"]}:
        refused(known, signed(victim, key, algorithm=algorithm))


@pytest.mark.parametrize("expiry", [..., 0, -1, 1, "soon", None])
def test_a_token_that_never_ends_or_has_ended_is_refused(known: Shop, key: str, victim: Person, expiry: Any) -> None:
    refused(known, signed(victim, key, exp=expiry))


def test_a_token_that_ended_just_now_is_refused(known: Shop, key: str, victim: Person) -> None:
    refused(known, signed(victim, key, exp=int(time.time()) - 60))


def test_a_token_from_the_future_is_refused(known: Shop, key: str, victim: Person) -> None:
    later = int(time.time()) + 3600
    refused(known, signed(victim, key, iat=later, exp=later + 600))
    refused(known, signed(victim, key, nbf=later))


@pytest.mark.parametrize("subject", [..., "", "nonsense", {"$gt": ""}, None, 7, ["x"]])
def test_a_token_of_nobody_is_refused(known: Shop, key: str, victim: Person, subject: Any) -> None:
    refused(known, signed(victim, key, sub=subject))


def test_a_token_of_a_session_that_never_was_is_refused(known: Shop, key: str, victim: Person) -> None:
    _, claims = parts(victim.api.token or "")
    known_claims = {"sub", "exp", "iat", "nbf", "iss", "aud", "role", "typ", "type"}
    references = [name for name, value in claims.items() if name not in known_claims and isinstance(value, str)]
    assert references, f"nothing ties the token to a session: {claims}"
    tried = [known.as_(signed(victim, key, **{name: claims[name][:-4] + "aaaa"})) for name in references]
    assert 401 in [api.get("/api/auth/profile").status_code for api in tried]


def test_every_character_of_a_token_counts(known: Shop, victim: Person) -> None:
    token = victim.api.token or ""
    for place in range(0, len(token) - 1, 7):  # the last one carries spare bits
        if token[place] == ".":
            continue
        swapped = "A" if token[place] != "A" else "B"
        refused(known, token[:place] + swapped + token[place + 1 :])


def test_a_refresh_cookie_is_no_access_token(known: Shop, key: str, victim: Person) -> None:
    browser = Browser(known, victim)
    refused(known, browser.cookie)
    for name in ("typ", "type", "use"):
        if name in parts(victim.api.token or "")[1]:
            refused(known, signed(victim, key, **{name: "refresh"}))


def test_a_token_in_the_address_opens_nothing(known: Shop, victim: Person) -> None:
    for name in ("token", "access_token", "authorization"):
        answer = known.anonymous.get(f"/api/auth/profile?{name}={victim.api.token}")
        assert answer.status_code in (401, 422), answer.status_code


def test_the_role_of_the_token_cannot_be_raised_without_the_key(known: Shop, victim: Person) -> None:
    header, claims = parts(victim.api.token or "")
    signature = base64.urlsafe_b64decode((victim.api.token or "").rsplit(".", 1)[1] + "==")
    refused(known, handmade(header, claims | {"role": "admin"}, signature))


def refused_everywhere(api: Api) -> None:
    wait_until(lambda: api.on_every_worker("/api/auth/profile", 24) == {401}, "every worker refuses", within=2.0)
    assert api.on_every_worker("/api/auth/profile", 24) == {401}


def test_a_deleted_users_token_is_refused_on_every_worker_within_two_seconds(known: Shop) -> None:
    person = known.buyer()
    assert person.api.on_every_worker("/api/auth/profile") == {200}  # so that every worker may have it in a cache
    assert known.admin().api.delete(f"/api/admin/users/{person.id}").status_code == 204
    refused_everywhere(person.api)


def test_a_deleted_users_refresh_session_is_over(known: Shop) -> None:
    browser = Browser(known, known.buyer())
    assert known.admin().api.delete(f"/api/admin/users/{browser.person.id}").status_code == 204
    problem(browser.refresh(browser.cookie), 401, "unauthenticated")


def test_a_logged_out_token_is_refused_on_every_worker_within_two_seconds(known: Shop) -> None:
    browser = Browser(known, known.buyer())
    api = known.as_(browser.token)
    assert api.on_every_worker("/api/auth/profile") == {200}
    assert browser.logout(browser.cookie).status_code == 204
    refused_everywhere(api)


def test_two_demos_do_not_take_each_others_tokens(known: Shop, shop: Shop) -> None:
    token = shop.buyer().api.token or ""
    refused(known, token)
    refused(shop, known.buyer().api.token or "")

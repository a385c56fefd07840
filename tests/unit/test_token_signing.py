from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest

from shardmart.adapters.tokens import REQUIRED, JwtTokens
from shardmart.domain import clock
from shardmart.domain.accounts import Role
from shardmart.domain.errors import Unauthenticated
from tests.unit.builders import a_session

KEY = "0123456789abcdef" * 4
TOKENS = JwtTokens(KEY, access_seconds=900)


def claims(**changes: Any) -> dict[str, Any]:
    """What a good access token says, with changes; None takes a claim away."""
    session = a_session()
    now = clock.to_ms(clock.now()) // 1000
    good = {
        "sub": session.user_id,
        "jti": f"{session.id}.0",
        "typ": "access",
        "iat": now,
        "exp": now + 900,
        "role": "buyer",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(payload: dict[str, Any], key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, key, algorithm=algorithm)


def test_an_access_token_proves_its_user_role_and_session() -> None:
    session = a_session(role=Role.SELLER)
    actor = TOKENS.read_access(TOKENS.access(session, at=clock.now()))
    assert (actor.id, actor.role, actor.session_id) == (session.user_id, Role.SELLER, session.id)


def test_a_token_that_was_seen_before_still_ends() -> None:
    tokens = JwtTokens(KEY, access_seconds=1)
    token = tokens.access(a_session(), at=clock.now() - timedelta(seconds=1))
    assert tokens.read_access(token) == tokens.read_access(token)
    ends = time.monotonic() + 5
    with pytest.raises(Unauthenticated):
        while time.monotonic() < ends:
            tokens.read_access(token)
            time.sleep(0.1)


@pytest.mark.parametrize("generation", [0, 1, 123_456])
def test_a_refresh_token_names_its_session_and_generation(generation: int) -> None:
    session = a_session(generation=generation)
    assert TOKENS.read_refresh(TOKENS.refresh(session)) == (session.id, generation)


def test_the_refresh_token_of_a_generation_is_always_the_same() -> None:
    session = a_session(generation=3)
    assert TOKENS.refresh(session) == TOKENS.refresh(replace(session))
    assert TOKENS.refresh(session) != TOKENS.refresh(replace(session, generation=4))


def test_the_helper_makes_tokens_that_are_good_unless_changed() -> None:
    assert TOKENS.read_access(signed(claims())).role is Role.BUYER


def test_a_refresh_token_is_no_access_token_and_the_other_way_round() -> None:
    session = a_session()
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(TOKENS.refresh(session))
    with pytest.raises(Unauthenticated):
        TOKENS.read_refresh(TOKENS.access(session, at=clock.now()))


@pytest.mark.parametrize("missing", [*REQUIRED, "role"])
def test_every_claim_is_required(missing: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(signed(claims(**{missing: None})))


def test_an_expired_token_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(TOKENS.access(a_session(), at=clock.now() - timedelta(seconds=905)))
    TOKENS.read_access(TOKENS.access(a_session(), at=clock.now() - timedelta(seconds=890)))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é",
        "..",
        "\ud800",
        jwt.encode(claims(), None, algorithm="none"),
        signed(claims(), key="another key of thirty-two bytes!!"),
        signed(claims(), algorithm="HS512"),
        signed(claims(role="king")),
        signed(claims(role=["admin"])),
        signed(claims(typ="refresh")),
        signed(claims(exp="never")),
        signed(claims(iat=4_000_000_000)),
        signed(claims(sub=5)),
        signed(claims())[:-2],
    ],
    ids=lambda token: ascii(token)[:12],
)
def test_forged_and_damaged_tokens_are_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(token)


@pytest.mark.parametrize("jti", ["no-generation", "session.", "session.x", "session.-1", "session.1.5", "session.²"])
def test_a_refresh_token_without_a_generation_is_refused(jti: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_refresh(signed(claims(jti=jti, typ="refresh")))

"""Registering, signing in and rotation, without a database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shardmart.domain import clock
from shardmart.domain.accounts import Role
from shardmart.domain.errors import EmailTaken, InvalidCredentials, RateLimited, Unauthenticated, Unavailable
from shardmart.service import accounts
from shardmart.service.accounts import SignedIn
from tests.unit.builders import a_user
from tests.unit.in_memory import shop_for_accounts

EMAIL = "bea@example.com"


@pytest.fixture
def shop() -> Any:
    return shop_for_accounts(a_user(password_hash="hash of password"))


async def login(shop: Any, password: str = "password", email: str = EMAIL, address: str = "10.0.0.1") -> SignedIn:
    return await accounts.login(shop, email=email, password=password, address=address)


def age(shop: Any, seconds: float) -> None:
    """Lets time pass for every session."""
    for id, session in shop.sessions.sessions.items():
        passed = timedelta(seconds=seconds)
        shop.sessions.sessions[id] = replace(
            session, rotated_at=session.rotated_at - passed, expires_at=session.expires_at - passed
        )


async def test_a_registration_signs_in_and_takes_the_address(shop: Any) -> None:
    async def register(email: str) -> SignedIn:
        return await accounts.register(
            shop, name="Al", email=email, password="password", role=Role.SELLER, address="10.0.0.1"
        )

    signed_in = await register(" al@example.com ")
    actor = await accounts.authenticate(shop, signed_in.access_token)
    assert (actor.id, actor.role) == (signed_in.user.id, Role.SELLER)
    assert signed_in.user.email == "al@example.com"
    with pytest.raises(EmailTaken):
        await register("AL@EXAMPLE.COM")


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@example.com", "password")])
async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    shop: Any, email: str, password: str
) -> None:
    with pytest.raises(InvalidCredentials) as caught:
        await login(shop, password, email)
    assert str(caught.value) == "E-mail or password is wrong."
    assert shop.passwords.compared == 1


async def test_ten_failures_close_the_account_for_that_address_only(shop: Any) -> None:
    for _ in range(10):
        with pytest.raises(InvalidCredentials):
            await login(shop, "wrong")
    compared = shop.passwords.compared
    with pytest.raises(RateLimited):
        await login(shop)
    assert shop.passwords.compared == compared, "a refused try costs no hash"
    assert await login(shop, address="10.0.0.2")


async def test_guesses_sent_at_once_are_no_more_than_ten(shop: Any) -> None:
    """The right one among them is of no use when it comes after ten wrong ones were counted."""
    compare = shop.passwords.matches
    turn = asyncio.Lock()  # hashes take time, and so all have passed the first look at the counters

    async def slowly(password: str, password_hash: str | None) -> bool:
        async with turn:
            await asyncio.sleep(0)
            return bool(await compare(password, password_hash))

    shop.passwords.matches = slowly
    guesses = [*(["wrong"] * 30), "password"]
    told = await asyncio.gather(*(login(shop, guess) for guess in guesses), return_exceptions=True)
    assert [type(answer) for answer in told] == [InvalidCredentials] * 10 + [RateLimited] * 21
    assert shop.sessions.sessions == {}


async def test_a_hundred_failures_from_anywhere_close_the_account(shop: Any) -> None:
    for n in range(100):
        with pytest.raises(InvalidCredentials):
            await login(shop, "wrong", address=f"10.0.1.{n}")
    with pytest.raises(RateLimited):
        await login(shop, address="10.0.0.9")


async def test_another_spelling_of_the_address_counts_as_the_same_account(shop: Any) -> None:
    for n in range(10):
        with pytest.raises(InvalidCredentials):
            await login(shop, "wrong", email=EMAIL.upper() if n % 2 else f" {EMAIL}")
    with pytest.raises(RateLimited):
        await login(shop)


async def test_a_refresh_gives_the_next_generation(shop: Any) -> None:
    first = await login(shop)
    second = await accounts.refresh(shop, token=first.refresh_token)
    third = await accounts.refresh(shop, token=second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert shop.sessions.sessions.popitem()[1].generation == 2


async def test_two_tabs_get_the_same_successor_within_ten_seconds(shop: Any) -> None:
    first = await login(shop)
    second = await accounts.refresh(shop, token=first.refresh_token)
    age(shop, 9)
    again = await accounts.refresh(shop, token=first.refresh_token)
    assert shop.tokens.read_refresh(again.refresh_token) == shop.tokens.read_refresh(second.refresh_token)


async def test_refreshes_at_once_rotate_once(shop: Any) -> None:
    first = await login(shop)
    answers = await asyncio.gather(*(accounts.refresh(shop, token=first.refresh_token) for _ in range(16)))
    assert len({answer.refresh_token for answer in answers}) == 1


async def test_the_token_before_ends_the_family_after_ten_seconds(shop: Any) -> None:
    first = await login(shop)
    second = await accounts.refresh(shop, token=first.refresh_token)
    age(shop, 11)
    for token in (first.refresh_token, second.refresh_token):
        with pytest.raises(Unauthenticated):
            await accounts.refresh(shop, token=token)
    assert shop.sessions.sessions == {}


async def test_a_token_two_generations_old_ends_the_family_at_once(shop: Any) -> None:
    first = await login(shop)
    second = await accounts.refresh(shop, token=first.refresh_token)
    await accounts.refresh(shop, token=second.refresh_token)
    with pytest.raises(Unauthenticated):
        await accounts.refresh(shop, token=first.refresh_token)
    assert shop.sessions.sessions == {}


async def test_one_family_that_ends_leaves_the_users_others(shop: Any) -> None:
    stolen, other = await login(shop), await login(shop)
    await accounts.refresh(shop, token=stolen.refresh_token)
    shop_time = timedelta(seconds=11)
    (id,) = (s.id for s in shop.sessions.sessions.values() if s.generation == 1)
    session = shop.sessions.sessions[id]
    shop.sessions.sessions[id] = replace(session, rotated_at=session.rotated_at - shop_time)
    with pytest.raises(Unauthenticated):
        await accounts.refresh(shop, token=stolen.refresh_token)
    assert await accounts.refresh(shop, token=other.refresh_token)


async def test_a_session_that_ran_out_gives_nothing(shop: Any) -> None:
    first = await login(shop)
    for id, session in shop.sessions.sessions.items():
        shop.sessions.sessions[id] = replace(session, expires_at=clock.now())
    with pytest.raises(Unauthenticated):
        await accounts.refresh(shop, token=first.refresh_token)


async def test_a_deleted_user_cannot_refresh(shop: Any) -> None:
    first = await login(shop)
    shop.accounts.users.clear()
    with pytest.raises(Unauthenticated):
        await accounts.refresh(shop, token=first.refresh_token)


@pytest.mark.parametrize("named_by", ["access", "refresh", "both"])
async def test_signing_out_ends_the_session_that_a_token_names(shop: Any, named_by: str) -> None:
    signed_in = await login(shop)
    await accounts.authenticate(shop, signed_in.access_token)
    await accounts.logout(
        shop,
        access_token=signed_in.access_token if named_by != "refresh" else "rubbish",
        refresh_token=signed_in.refresh_token if named_by != "access" else None,
    )
    with pytest.raises(Unauthenticated):
        await accounts.authenticate(shop, signed_in.access_token)


async def test_signing_out_with_rubbish_ends_nothing(shop: Any) -> None:
    await login(shop)
    await accounts.logout(shop, access_token="rubbish", refresh_token="rubbish")
    assert len(shop.sessions.sessions) == 1


async def test_the_lab_needs_no_database_but_heeds_it_when_it_answers(shop: Any) -> None:
    signed_in = await login(shop)

    async def hangs(session_id: str) -> None:
        await asyncio.sleep(60)

    async def away(session_id: str) -> None:
        raise Unavailable

    ended = shop.sessions.get
    for lookup in (hangs, away, ended):
        shop.sessions.get = lookup
        actor = await asyncio.wait_for(accounts.authenticate_without_database(shop, signed_in.access_token), 5)
        assert actor.id == signed_in.user.id
        shop.live_sessions.forget(actor.session_id)
    shop.sessions.sessions.clear()
    with pytest.raises(Unauthenticated):
        await accounts.authenticate_without_database(shop, signed_in.access_token)
    with pytest.raises(Unauthenticated):
        await accounts.authenticate_without_database(shop, "rubbish")

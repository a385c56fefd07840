from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidInput,
    LastAdmin,
    RateLimited,
    Unauthenticated,
)
from shardmart.domain.ids import new_id, owned_id
from shardmart.domain.orders import MAX_LINES
from shardmart.domain.purchase import Line
from shardmart.service import accounts, administration
from tests.integration.lab import Lab
from tests.unit.builders import BUYER, SELLERS, a_user


def somewhere(n: int) -> str:
    return owned_id(SELLERS[0], f"{n:024x}")


async def put(lab: Lab, product_id: str, quantity: int, buyer: str = BUYER) -> None:
    await lab.carts.put(buyer, Line(product_id, quantity), max_lines=MAX_LINES)


# ---- carts


async def test_a_cart_keeps_its_lines_in_place_and_counts_its_versions(lab: Lab) -> None:
    for n, quantity in ((1, 1), (2, 2), (3, 3), (2, 9), (1, 0)):
        await put(lab, somewhere(n), quantity)
    cart = await lab.carts.get(BUYER)
    assert cart.lines == (Line(somewhere(2), 9), Line(somewhere(3), 3))
    assert cart.version == 5


async def test_an_absent_cart_is_empty(lab: Lab) -> None:
    assert (await lab.carts.get(BUYER)).lines == ()
    await put(lab, somewhere(1), 0)
    assert (await lab.carts.get(BUYER)).lines == ()


async def test_the_51st_line_is_refused_but_the_fifty_can_be_changed(lab: Lab) -> None:
    for n in range(MAX_LINES):
        await put(lab, somewhere(n), 1)
    with pytest.raises(InvalidInput):
        await put(lab, somewhere(99), 1)
    await put(lab, somewhere(7), 5)
    await put(lab, somewhere(98), 0)
    await put(lab, somewhere(8), 0)
    await put(lab, somewhere(99), 1)
    assert len((await lab.carts.get(BUYER)).lines) == MAX_LINES


async def test_concurrent_puts_into_a_new_cart_keep_every_line(lab: Lab) -> None:
    await asyncio.gather(*(put(lab, somewhere(n), n + 1) for n in range(30)))
    cart = await lab.carts.get(BUYER)
    assert {(line.product_id, line.quantity) for line in cart.lines} == {(somewhere(n), n + 1) for n in range(30)}


@pytest.mark.parametrize("round", range(3))
async def test_concurrent_puts_never_pass_the_bound(lab: Lab, round: int) -> None:
    puts = (put(lab, somewhere(n), 1) for n in range(MAX_LINES + 10))
    results = await asyncio.gather(*puts, return_exceptions=True)
    assert sum(isinstance(result, InvalidInput) for result in results) == 10
    assert sum(result is None for result in results) == MAX_LINES
    assert len((await lab.carts.get(BUYER)).lines) == MAX_LINES


async def test_a_cart_is_cleared_only_while_it_is_what_was_bought(lab: Lab) -> None:
    await put(lab, somewhere(1), 1)
    bought = await lab.carts.get(BUYER)
    await put(lab, somewhere(2), 1)
    await lab.carts.clear(BUYER, version=bought.version)
    assert len((await lab.carts.get(BUYER)).lines) == 2
    await lab.carts.clear(BUYER, version=bought.version + 1)
    assert (await lab.carts.get(BUYER)).lines == ()


# ---- accounts


async def test_of_twenty_concurrent_registrations_of_one_address_one_succeeds(lab: Lab) -> None:
    spellings = ["bea@example.com", "BEA@example.com", "Bea@Example.COM ", " bEA@EXAMPLE.com"]
    users = (a_user(id=new_id(), email=spellings[n % 4]) for n in range(20))
    results = await asyncio.gather(*(lab.shop.accounts.add(user) for user in users), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, EmailTaken) for result in results) == 19


async def test_two_admins_who_delete_each_other_do_not_both_succeed(lab: Lab) -> None:
    for round in range(5):
        ids = [new_id(), new_id()]
        for id in ids:
            await lab.person(Role.ADMIN, id=id, email=f"{id}@example.com")
        deletions = (lab.shop.accounts.bury(id, at=clock.now()) for id in ids)
        results = await asyncio.gather(*deletions, return_exceptions=True)
        assert sum(isinstance(result, LastAdmin) for result in results) == 1, (round, results)
        assert (await lab.shop.accounts.count_by_role())["admin"] == 1
        await lab.db["users"].delete_many({})


async def test_a_buried_account_frees_its_address_and_is_found_no_more(lab: Lab) -> None:
    user = await lab.person(email="Bea@example.com")
    results = await asyncio.gather(*(lab.shop.accounts.bury(user.id, at=clock.now()) for _ in range(4)))
    assert [result for result in results if result] == [user]
    assert await lab.shop.accounts.by_id(user.id) is None
    assert await lab.shop.accounts.by_email("bea@example.com") is None
    assert (await lab.shop.accounts.buried_since(clock.now() - timedelta(minutes=1)))[0].name == "deleted user"
    await lab.person(id=new_id(), email="bea@example.com")


async def test_users_are_found_by_the_beginning_of_name_or_address(lab: Lab) -> None:
    for name, email in (("Ängström", "x@example.com"), ("Bo", "angs@example.com"), (".*", "regex@example.com")):
        await lab.person(id=new_id(), name=name, email=email)

    async def found(text: str | None, role: Role | None = None) -> list[str]:
        page = await lab.shop.accounts.page(text=text, role=role, after=None, limit=10)
        return sorted(user.name for user in page.items)

    assert await found("angs") == ["Bo", "Ängström"]
    assert await found(".*") == [".*"]
    assert await found(None) == [".*", "Bo", "Ängström"]
    assert await found("angs", Role.ADMIN) == []


@pytest.mark.parametrize("role", [None, Role.BUYER])
@pytest.mark.parametrize("text", [None, "u"])
async def test_the_pages_of_users_miss_nobody(one_lab: Lab, role: Role | None, text: str | None) -> None:
    at = clock.now()
    for n in range(23):
        some = Role.BUYER if n % 3 else Role.SELLER
        await one_lab.person(some, id=new_id(), name=f"u{n}", email=f"e{n}@x.org", created_at=at - timedelta(n % 4))
    seen, after = [], None
    while True:
        page = await one_lab.shop.accounts.page(text=text, role=role, after=after, limit=4)
        seen += page.items
        if (after := page.next) is None:
            break
    assert len({user.id for user in seen}) == len(seen) == (23 if role is None else 15)
    assert seen == sorted(seen, key=lambda user: (user.created_at, user.id), reverse=True)


# ---- sessions


async def signed_in(lab: Lab, **fields: object) -> accounts.SignedIn:
    return await accounts.register(
        lab.shop, name="Bea", email=f"{new_id()}@x.org", password="password", role=Role.BUYER, address="127.0.0.1"
    )


async def test_sixteen_refreshes_at_once_yield_one_successor(lab: Lab) -> None:
    first = await signed_in(lab)
    answers = await asyncio.gather(*(accounts.refresh(lab.shop, token=first.refresh_token) for _ in range(16)))
    assert len({answer.refresh_token for answer in answers}) == 1
    assert answers[0].refresh_token != first.refresh_token
    assert (await lab.db["sessions"].find_one({}))["generation"] == 1


async def test_an_old_token_ends_the_whole_family(lab: Lab) -> None:
    first = await signed_in(lab)
    second = await accounts.refresh(lab.shop, token=first.refresh_token)
    await accounts.refresh(lab.shop, token=second.refresh_token)
    with pytest.raises(Unauthenticated):
        await accounts.refresh(lab.shop, token=first.refresh_token)
    with pytest.raises(Unauthenticated):
        await accounts.authenticate(lab.shop, second.access_token)


async def test_ending_one_session_leaves_the_others(lab: Lab) -> None:
    user = await lab.person()
    sessions = [await accounts._start_session(lab.shop, user) for _ in range(3)]
    await accounts.logout(lab.shop, access_token=None, refresh_token=sessions[0].refresh_token)
    with pytest.raises(Unauthenticated):
        await accounts.authenticate(lab.shop, sessions[0].access_token)
    await accounts.authenticate(lab.shop, sessions[1].access_token)
    await lab.shop.sessions.end_all(user.id)
    assert await lab.db["sessions"].count_documents({}) == 0


async def test_a_deleted_seller_leaves_no_product_and_no_session(one_lab: Lab) -> None:
    seller = await one_lab.person(Role.SELLER, id=SELLERS[0])
    session = await accounts._start_session(one_lab.shop, seller)
    product = await one_lab.offer()
    admin = Actor(new_id(), Role.ADMIN, "s")
    await administration.delete_user(one_lab.shop, admin, seller.id)
    assert await one_lab.products.get(seller_id=seller.id, id=product.id) is None
    with pytest.raises(Unauthenticated):
        await accounts.authenticate(one_lab.shop, session.access_token)
    late = await one_lab.offer()  # created while the deletion ran
    assert await administration.sweep_deleted_users(one_lab.shop) == 1
    assert await one_lab.products.get(seller_id=seller.id, id=late.id) is None
    assert await one_lab.clean()


# ---- limits


async def test_a_window_counts_closes_and_opens_again(lab: Lab) -> None:
    limits = lab.shop.limits
    assert [await limits.count("k", limit=3, window_seconds=60) for _ in range(3)] == [0, 0, 0]
    assert 55 <= await limits.retry_after("k", limit=3) <= 61
    assert 55 <= await limits.count("k", limit=3, window_seconds=60) <= 61
    assert await limits.retry_after("other", limit=3) == 0
    await lab.db["limits"].update_one({"_id": "k"}, {"$set": {"expires_at": clock.now() - timedelta(seconds=1)}})
    assert await limits.retry_after("k", limit=3) == 0
    assert await limits.count("k", limit=3, window_seconds=60) == 0
    assert (await lab.db["limits"].find_one({"_id": "k"}))["count"] == 1


async def test_fifty_concurrent_counts_are_fifty(lab: Lab) -> None:
    waits = await asyncio.gather(*(lab.shop.limits.count("k", limit=20, window_seconds=60) for _ in range(50)))
    assert sum(wait == 0 for wait in waits) == 20


async def test_a_limit_of_one_allows_one(lab: Lab) -> None:
    assert await lab.shop.limits.retry_after("k", limit=1) == 0
    assert await lab.shop.limits.count("k", limit=1, window_seconds=60) == 0
    assert await lab.shop.limits.count("k", limit=1, window_seconds=60) > 0


async def test_guesses_sent_at_once_do_not_slip_through_together(lab: Lab) -> None:
    await lab.person(email="bea@x.org", password_hash=await lab.shop.passwords.hash("password"))

    async def guess(password: str, address: str = "10.0.0.1") -> object:
        return await accounts.login(lab.shop, email="Bea@x.org", password=password, address=address)

    results = await asyncio.gather(*(guess("wrong") for _ in range(25)), return_exceptions=True)
    assert sum(isinstance(result, InvalidCredentials) for result in results) == 10
    assert sum(isinstance(result, RateLimited) for result in results) == 15
    with pytest.raises(RateLimited):
        await guess("password")
    await guess("password", address="10.0.0.2")


async def test_a_sign_in_is_not_counted(lab: Lab) -> None:
    await lab.person(email="bea@x.org", password_hash=await lab.shop.passwords.hash("password"))
    for _ in range(12):
        await accounts.login(lab.shop, email="bea@x.org", password="password", address="10.0.0.1")
    assert await lab.db["limits"].count_documents({}) == 0


async def test_without_limits_nothing_is_refused(lab: Lab) -> None:
    shop = replace(lab.shop, rules=replace(lab.shop.rules, limits=False))
    for _ in range(12):
        with pytest.raises(InvalidCredentials):
            await accounts.login(shop, email="bea@x.org", password="wrong", address="10.0.0.1")

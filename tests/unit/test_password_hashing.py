from __future__ import annotations

import asyncio
import threading
import time

import bcrypt
import pytest

from shardmart.adapters import passwords
from shardmart.adapters.passwords import BcryptPasswords
from shardmart.domain.errors import Unavailable


@pytest.fixture
def quick() -> BcryptPasswords:
    return BcryptPasswords(4)


@pytest.mark.parametrize("password", ["12345678", "pässwörd", "x" * 72, "ß" * 36, " leading and trailing "])
async def test_a_password_matches_its_hash_and_no_other(quick: BcryptPasswords, password: str) -> None:
    hashed = await quick.hash(password)
    assert hashed.startswith("$2b$04$")
    assert await quick.matches(password, hashed)
    assert not await quick.matches(password[:-1], hashed)


async def test_beyond_72_bytes_a_password_is_wrong_even_if_its_beginning_is_right(quick: BcryptPasswords) -> None:
    hashed = await quick.hash("x" * 72)
    assert not await quick.matches("x" * 73, hashed)
    assert not await quick.matches("x" * 1024, hashed)
    assert not await quick.matches("ß" * 37, await quick.hash("ß" * 36))


async def test_what_stands_in_for_a_long_password_opens_no_account(quick: BcryptPasswords) -> None:
    assert not await quick.matches("y" * 80, await quick.hash("too long"))


async def test_a_zero_byte_does_not_cut_a_password(quick: BcryptPasswords) -> None:
    hashed = await quick.hash("secret12")
    assert not await quick.matches("secret12\0", hashed)
    assert not await quick.matches("secret12\0more", hashed)


@pytest.mark.parametrize("password", ["demo1234", "x" * 500, "with\0zero"])
@pytest.mark.parametrize("stored", [None, "", "hash"])
async def test_every_attempt_costs_one_comparison_of_the_same_cost(
    monkeypatch: pytest.MonkeyPatch, password: str, stored: str | None
) -> None:
    costs = []
    real = bcrypt.checkpw

    def counted(secret: bytes, hashed: bytes) -> bool:
        costs.append(hashed[:7])
        return real(secret, hashed)

    quick = BcryptPasswords(5)
    monkeypatch.setattr(bcrypt, "checkpw", counted)
    assert not await quick.matches(password, await quick.hash("another") if stored == "hash" else stored)
    assert costs == [b"$2b$05$"]


async def test_the_event_loop_runs_on_while_a_password_is_hashed() -> None:
    slow = BcryptPasswords(10)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await slow.hash("password")
    ticking.cancel()
    assert ticks >= 5


async def test_a_full_queue_is_refused_at_once_and_then_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(passwords, "LONGEST_QUEUE", 3)
    quick = BcryptPasswords(4)
    hashed = await quick.hash("12345678")
    monkeypatch.setattr(bcrypt, "checkpw", lambda secret, against: gate.wait(10))
    waiting = [asyncio.create_task(quick.matches("12345678", hashed)) for _ in range(3)]
    await asyncio.sleep(0.01)
    started = time.perf_counter()
    with pytest.raises(Unavailable):
        await quick.matches("12345678", hashed)
    assert time.perf_counter() - started < 1
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 3
    assert await quick.matches("12345678", hashed)


async def test_a_caller_who_gives_up_leaves_no_place_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(passwords, "LONGEST_QUEUE", 2)
    quick = BcryptPasswords(4)
    hashed = await quick.hash("12345678")
    monkeypatch.setattr(bcrypt, "checkpw", lambda secret, against: gate.wait(10))
    for _ in range(5):
        waiting = [asyncio.create_task(quick.matches("x", hashed)) for _ in range(2)]
        await asyncio.sleep(0.005)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    gate.set()
    assert await quick.matches("12345678", hashed)

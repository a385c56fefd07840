"""Ports kept in dictionaries: as strict as the contracts in `domain.ports`, and no stricter."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from shardmart.adapters.tokens import JwtTokens
from shardmart.domain.accounts import Session, User, email_key
from shardmart.domain.cart import Cart
from shardmart.domain.errors import EmailTaken, EmptyCart, Unavailable
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase, Shelf, decide
from shardmart.service.live_sessions import LiveSessions
from shardmart.service.shop import Rules
from tests.unit.builders import AT


class Shelves:
    def __init__(self, *shelves: Shelf) -> None:
        self.on = {shelf.product_id: shelf for shelf in shelves}

    async def shelves(self, ids: list[str]) -> dict[str, Shelf]:
        return {id: self.on[id] for id in ids if id in self.on}

    async def known(self, ids: list[str]) -> bool:
        return all(id in self.on for id in ids)


class Carts:
    def __init__(self) -> None:
        self.carts: dict[str, Cart] = {}

    async def get(self, buyer_id: str) -> Cart:
        return self.carts.get(buyer_id, Cart(buyer_id, (), 0))

    def fill(self, buyer_id: str, *lines: Line) -> None:
        version = self.carts[buyer_id].version if buyer_id in self.carts else 0
        self.carts[buyer_id] = Cart(buyer_id, lines, version + 1)

    async def clear(self, buyer_id: str, *, version: int | None = None) -> None:
        cart = await self.get(buyer_id)
        if version in (None, cart.version):
            self.carts[buyer_id] = Cart(buyer_id, (), cart.version + 1)


class Claims:
    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}

    async def get(self, claim_id: str) -> Claim | None:
        await asyncio.sleep(0)
        return self.claims.get(claim_id)

    async def take(self, claim: Claim) -> bool:
        await asyncio.sleep(0)
        return self.claims.setdefault(claim.id, claim) is claim

    async def take_over(self, claim: Claim, *, until: datetime) -> bool:
        await asyncio.sleep(0)
        if self.claims[claim.id].running_until != claim.running_until:
            return False
        self.claims[claim.id] = replace(self.claims[claim.id], running_until=until)
        return True

    async def release(self, claim: Claim) -> None:
        self.claims[claim.id] = replace(self.claims[claim.id], running_until=AT)

    async def forget(self, claim: Claim) -> None:
        if self.claims[claim.id].running_until == claim.running_until:
            del self.claims[claim.id]


class Checkout:
    """Decides and stores at once; `fates` say what happens to the next tries: None goes well."""

    def __init__(self, products: Shelves) -> None:
        self.products = products
        self.outcomes: dict[str, Outcome] = {}
        self.fates: list[str | None] = []
        self.decided = 0

    async def get(self, checkout_id: str) -> Outcome | None:
        await asyncio.sleep(0)
        return self.outcomes.get(checkout_id)

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        fate = self.fates.pop(0) if self.fates else None
        await asyncio.sleep(0)
        if fate == "not done":
            raise Unavailable
        if fate == "cart bought elsewhere":
            raise EmptyCart
        if purchase.checkout_id not in self.outcomes:
            self._decide(purchase)
        if fate == "answer lost":
            raise Unavailable
        if fate == "worker killed":
            raise KeyboardInterrupt
        return self.outcomes[purchase.checkout_id]

    def _decide(self, purchase: Purchase) -> None:
        self.decided += 1
        outcome = self.outcomes[purchase.checkout_id] = decide(purchase, self.products.on, at=AT)
        if isinstance(outcome, Placed):
            for line in purchase.lines:
                shelf = self.products.on[line.product_id]
                self.products.on[line.product_id] = replace(
                    shelf, stock=shelf.stock - line.quantity, version=shelf.version + 1
                )


class Accounts:
    def __init__(self, *users: User) -> None:
        self.users = {user.id: user for user in users}

    async def add(self, user: User) -> None:
        if await self.by_email(user.email):
            raise EmailTaken
        self.users[user.id] = user

    async def by_email(self, email: str) -> User | None:
        return next((u for u in self.users.values() if email_key(u.email) == email_key(email)), None)

    async def by_id(self, user_id: str) -> User | None:
        return self.users.get(user_id)


class Sessions:
    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}

    async def start(self, session: Session) -> None:
        self.sessions[session.id] = session

    async def get(self, session_id: str) -> Session | None:
        await asyncio.sleep(0)
        return self.sessions.get(session_id)

    async def rotate(self, session: Session, *, at: datetime) -> Session | None:
        await asyncio.sleep(0)
        stored = self.sessions.get(session.id)
        if stored is None or stored.generation != session.generation:
            return None
        rotated = replace(stored, generation=stored.generation + 1, rotated_at=at)
        self.sessions[session.id] = rotated
        return rotated

    async def end(self, session_id: str) -> None:
        self.sessions.pop(session_id, None)


class Passwords:
    def __init__(self) -> None:
        self.compared = 0

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def matches(self, password: str, password_hash: str | None) -> bool:
        self.compared += 1
        return password_hash == f"hash of {password}"


class Limits:
    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    async def retry_after(self, key: str, *, limit: int) -> int:
        return 60 if self.counts.get(key, 0) >= limit else 0

    async def count(self, key: str, *, limit: int, window_seconds: int) -> int:
        self.counts[key] = self.counts.get(key, 0) + 1
        return 60 if self.counts[key] > limit else 0


RULES = Rules(
    access_seconds=900,
    refresh_seconds=3600,
    request_seconds=9.0,
    recovery_seconds=10.0,
    limits=True,
    staleness_seconds=Decimal(0),
)


def shop_with(**parts: Any) -> Any:
    """What the services need of a `Shop`; what is missing is missed loudly."""
    return SimpleNamespace(rules=RULES, **parts)


def shop_for_buying(*shelves: Shelf) -> Any:
    products = Shelves(*shelves)
    checkout = Checkout(products)
    return shop_with(
        products=products, carts=Carts(), claims=Claims(), outcomes=checkout, checkout=checkout, claiming=None
    )


def shop_for_accounts(*users: User) -> Any:
    sessions = Sessions()
    return shop_with(
        accounts=Accounts(*users),
        sessions=sessions,
        live_sessions=LiveSessions(sessions),  # type: ignore[arg-type]
        limits=Limits(),
        passwords=Passwords(),
        tokens=JwtTokens("0123456789abcdef" * 4, access_seconds=900),
    )

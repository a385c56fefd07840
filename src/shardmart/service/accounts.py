"""Registering, signing in, staying signed in, signing out."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

from shardmart.domain import clock
from shardmart.domain.accounts import GRACE_SECONDS, Actor, Role, Session, User, email_key
from shardmart.domain.errors import InvalidCredentials, RateLimited, Unauthenticated, Unavailable
from shardmart.domain.ids import new_id
from shardmart.service.shop import Shop

FAILED_LOGINS_PER_ADDRESS, FAILED_LOGINS, LOGIN_WINDOW = 10, 100, 900
REGISTRATIONS, REGISTRATION_WINDOW = 300, 600
LAB_LOOKUP_SECONDS = 0.3

Counters = tuple[tuple[str, int], ...]  # key and how many failures it may count


@dataclass(slots=True, frozen=True)
class SignedIn:
    """What a client gets: an access token for the header, a refresh token for the cookie."""

    user: User
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_seconds: int


async def register(shop: Shop, *, name: str, email: str, password: str, role: Role, address: str) -> SignedIn:
    """A new account, signed in. Raises EmailTaken, RateLimited (300 per address in 10 minutes)."""
    if shop.rules.limits:
        _refuse(
            await shop.limits.count(f"register|{address}", limit=REGISTRATIONS, window_seconds=REGISTRATION_WINDOW)
        )
    user = User(
        id=new_id(),
        name=name,
        email=email.strip(),
        role=role,
        password_hash=await shop.passwords.hash(password),
        created_at=clock.now(),
    )
    await shop.accounts.add(user)
    return await _start_session(shop, user)


async def login(shop: Shop, *, email: str, password: str, address: str) -> SignedIn:
    """Raises InvalidCredentials, the same in content and time for an unknown e-mail; RateLimited.

    Failures are counted before the answer is given, and the counters are looked at before the password is compared
    and again after it was right, so guesses sent at once do not slip through together.
    """
    account = email_key(email)
    counters = (
        (f"login|{account}|{address}", FAILED_LOGINS_PER_ADDRESS),
        (f"login|{account}", FAILED_LOGINS),
    )
    await _refuse_guesser(shop, counters)
    user = await shop.accounts.by_email(email)
    if not await shop.passwords.matches(password, user.password_hash if user else None) or user is None:
        if shop.rules.limits:
            for key, limit in counters:
                _refuse(await shop.limits.count(key, limit=limit, window_seconds=LOGIN_WINDOW))
        raise InvalidCredentials
    await _refuse_guesser(shop, counters)
    return await _start_session(shop, user)


async def refresh(shop: Shop, *, token: str) -> SignedIn:
    """The next generation of a session. Raises Unauthenticated.

    The token before is good for 10 s more and yields the same successor (two tabs); used later, or one that is
    older still, it was stolen or replayed: the whole family ends.
    """
    session_id, generation = shop.tokens.read_refresh(token)
    session = await shop.sessions.get(session_id)
    if session is not None and generation == session.generation:
        # None: another request rotated it between our read and our write, so look again
        session = await shop.sessions.rotate(session, at=clock.now()) or await shop.sessions.get(session_id)
        generation = session.generation - 1 if session and session.generation > generation else generation
    if session is None or session.expires_at <= clock.now():
        raise Unauthenticated
    in_grace = clock.now() - session.rotated_at <= timedelta(seconds=GRACE_SECONDS)
    if generation != session.generation - 1 or not in_grace:
        await _end(shop, session.id)
        raise Unauthenticated
    user = await shop.accounts.by_id(session.user_id)
    if user is None:
        raise Unauthenticated
    return _signed_in(shop, user, session)


async def logout(shop: Shop, *, access_token: str | None, refresh_token: str | None) -> None:
    """Ends the sessions that the tokens belong to; a token that is no good ends nothing."""
    for session_id in _sessions_named(shop, access_token, refresh_token):
        await _end(shop, session_id)


async def profile(shop: Shop, actor: Actor) -> User:
    user = await shop.accounts.by_id(actor.id)
    if user is None:
        raise Unauthenticated
    return user


async def authenticate(shop: Shop, access_token: str, *, asked_since: float = 0.0) -> Actor:
    """Who the token proves, if the session still lives (`LiveSessions.require`). Raises Unauthenticated."""
    actor = shop.tokens.read_access(access_token)
    await shop.live_sessions.require(actor.session_id, actor.id, asked_since=asked_since)
    return actor


async def authenticate_without_database(shop: Shop, access_token: str, *, asked_since: float = 0.0) -> Actor:
    """For the lab, which must work while no primary is there: revocation counts only if it can be looked up."""
    actor = shop.tokens.read_access(access_token)
    with contextlib.suppress(asyncio.TimeoutError, Unavailable):
        look = shop.live_sessions.require(actor.session_id, actor.id, asked_since=asked_since)
        await asyncio.wait_for(look, LAB_LOOKUP_SECONDS)
    return actor


async def _refuse_guesser(shop: Shop, counters: Counters) -> None:
    if shop.rules.limits:
        for key, limit in counters:
            _refuse(await shop.limits.retry_after(key, limit=limit))


def _refuse(retry_after: int) -> None:
    if retry_after:
        raise RateLimited(retry_after)


async def _start_session(shop: Shop, user: User) -> SignedIn:
    at = clock.now()
    session = Session(
        id=new_id(),
        user_id=user.id,
        role=user.role,
        generation=0,
        rotated_at=at,
        expires_at=at + timedelta(seconds=shop.rules.refresh_seconds),
    )
    await shop.sessions.start(session)
    return _signed_in(shop, user, session)


def _signed_in(shop: Shop, user: User, session: Session) -> SignedIn:
    return SignedIn(
        user=user,
        access_token=shop.tokens.access(session, at=clock.now()),
        expires_in=shop.rules.access_seconds,
        refresh_token=shop.tokens.refresh(session),
        refresh_seconds=max(0, int((session.expires_at - clock.now()).total_seconds())),
    )


def _sessions_named(shop: Shop, access_token: str | None, refresh_token: str | None) -> set[str]:
    named = set()
    try:
        if access_token:
            named.add(shop.tokens.read_access(access_token).session_id)
    except Unauthenticated:
        pass
    try:
        if refresh_token:
            named.add(shop.tokens.read_refresh(refresh_token)[0])
    except Unauthenticated:
        pass
    return named


async def _end(shop: Shop, session_id: str) -> None:
    shop.live_sessions.forget(session_id)
    await shop.sessions.end(session_id)

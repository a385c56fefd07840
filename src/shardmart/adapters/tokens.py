"""Signed tokens (JWT, RFC 7519): the algorithm is pinned, every claim required, the two kinds not interchangeable."""

from __future__ import annotations

import calendar
import time
from datetime import datetime
from typing import Any

import jwt

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role, Session
from shardmart.domain.errors import Unauthenticated

ALGORITHM = "HS256"
REQUIRED = ["exp", "iat", "sub", "jti", "typ"]
LEEWAY_SECONDS = 2
MOST_REMEMBERED = 10_000


class JwtTokens:
    def __init__(self, secret_key: str, *, access_seconds: int) -> None:
        self._key = secret_key.encode()
        self._access_seconds = access_seconds
        self._verified: dict[str, tuple[Actor, int]] = {}  # tokens whose signature was checked, and when they end

    def access(self, session: Session, *, at: datetime) -> str:
        issued = _seconds(at)
        return self._sign(session, "access", issued, issued + self._access_seconds, role=session.role.value)

    def refresh(self, session: Session) -> str:
        """Made of what is stored of the session alone, so two tabs get the same successor."""
        return self._sign(session, "refresh", _seconds(session.rotated_at), _seconds(session.expires_at))

    def read_access(self, token: str) -> Actor:
        """A signature is checked once per token and worker, which takes most of a hot request's time here."""
        actor, expires = self._verified.get(token, (None, 0))
        if actor is None or expires <= time.time() - LEEWAY_SECONDS:
            claims = self._read(token, "access")
            try:
                actor = Actor(claims["sub"], Role(claims["role"]), claims["jti"].partition(".")[0])
            except (KeyError, ValueError) as error:
                raise Unauthenticated from error
            if len(self._verified) >= MOST_REMEMBERED:
                self._verified.clear()
            self._verified[token] = (actor, claims["exp"])
        return actor

    def access_ends(self, token: str) -> datetime:
        return clock.from_ms(int(self._read(token, "access")["exp"]) * 1000)

    def read_refresh(self, token: str) -> tuple[str, int]:
        session_id, _, generation = str(self._read(token, "refresh")["jti"]).partition(".")
        if not generation.isdecimal():
            raise Unauthenticated
        return session_id, int(generation)

    def _sign(self, session: Session, kind: str, issued: int, expires: int, **more: Any) -> str:
        claims = {
            "sub": session.user_id,
            "jti": f"{session.id}.{session.generation}",
            "typ": kind,
            "iat": issued,
            "exp": expires,
            **more,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def _read(self, token: str, kind: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=[ALGORITHM], options={"require": REQUIRED}, leeway=LEEWAY_SECONDS
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated from error
        if claims["typ"] != kind:
            raise Unauthenticated
        return claims


def _seconds(at: datetime) -> int:
    return calendar.timegm(at.timetuple())

"""The refresh cookie, and the check that a request which uses it comes from a page of ours."""

from __future__ import annotations

from shardmart.domain.errors import Forbidden
from shardmart.service.accounts import SignedIn
from shardmart.web.calls import Call
from shardmart.web.replies import Reply

NAME, PATH = "refresh_token", "/api/auth"
LONGEST = 4_096


def give(reply: Reply, signed_in: SignedIn, *, secure: bool) -> Reply:
    _set(reply, signed_in.refresh_token, signed_in.refresh_seconds, secure=secure)
    return reply


def take_back(reply: Reply, *, secure: bool) -> Reply:
    _set(reply, "", 0, secure=secure)
    return reply


def refresh_token(call: Call) -> str | None:
    value = call.request.cookies.get(NAME)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST and value.isascii() else None


def check_origin(call: Call) -> None:
    """Raises Forbidden when a browser says that the request comes from a page of another origin."""
    headers = call.request.headers
    origins = headers.getall("origin", ())
    if any(origin not in call.settings.origins for origin in origins):
        raise Forbidden("Requests from this origin are not allowed.")
    if not origins and headers.get("sec-fetch-site", "none") not in ("same-origin", "same-site", "none"):
        raise Forbidden("Requests from another site are not allowed.")


def _set(reply: Reply, value: str, max_age: int, *, secure: bool) -> None:
    reply.add_cookie(
        NAME, value, path=PATH, max_age=max_age, httponly=True, samesite="Strict", secure=secure, domain=None
    )

"""Registering, signing in and out."""

from __future__ import annotations

from shardmart.domain.accounts import Role
from shardmart.domain.errors import ShardmartError, Unauthenticated
from shardmart.service import accounts
from shardmart.web import access, cookies, errors, replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply
from shardmart.web.schemas import Credentials, Registration


async def register(call: Call) -> Reply:
    cookies.check_origin(call)
    body: Registration = call.body
    signed_in = await accounts.register(
        call.shop,
        name=body.name,
        email=body.email,
        password=body.password,
        role=Role(body.role),
        address=call.request.app.ctx.clients.address(call.request),
    )
    return _with_cookie(call, replies.created(views.signed_in(signed_in)), signed_in)


async def login(call: Call) -> Reply:
    cookies.check_origin(call)
    body: Credentials = call.body
    address = call.request.app.ctx.clients.address(call.request)
    signed_in = await accounts.login(call.shop, email=body.email, password=body.password, address=address)
    return _with_cookie(call, replies.ok(views.signed_in(signed_in)), signed_in)


async def refresh(call: Call) -> Reply:
    cookies.check_origin(call)
    token = cookies.refresh_token(call)
    if token is None:
        raise Unauthenticated
    signed_in = await accounts.refresh(call.shop, token=token)
    return _with_cookie(call, replies.ok(views.signed_in(signed_in)), signed_in)


async def logout(call: Call) -> Reply:
    """Ends what the tokens name and takes the cookie back, also when the tokens are no good any more."""
    cookies.check_origin(call)
    try:
        access_token = access.bearer_token(call.request)
    except Unauthenticated:
        access_token = None
    try:
        await accounts.logout(call.shop, access_token=access_token, refresh_token=cookies.refresh_token(call))
        reply = replies.no_content()
    except ShardmartError as error:
        reply = errors.problem(error)  # still signed in as far as the database knows: 503, try again
    return cookies.take_back(reply, secure=not call.settings.loopback)


async def profile(call: Call) -> Reply:
    return replies.ok(views.user(await accounts.profile(call.shop, call.actor)))


def _with_cookie(call: Call, reply: Reply, signed_in: accounts.SignedIn) -> Reply:
    return cookies.give(reply, signed_in, secure=not call.settings.loopback)

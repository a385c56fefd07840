"""Who may call a route."""

from __future__ import annotations

from dataclasses import dataclass

from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import Forbidden, Unauthenticated
from shardmart.service import accounts
from shardmart.service.shop import Shop
from shardmart.web.wire import ShopRequest


@dataclass(frozen=True)
class Access:
    """`roles` may call; without any the route is public, and then `knows_visitors` says whether a token is read.

    `without_database`: the token's signature is enough while the database does not answer (the lab).
    """

    roles: frozenset[Role] = frozenset()
    knows_visitors: bool = False
    without_database: bool = False

    @property
    def is_public(self) -> bool:
        return not self.roles


PUBLIC = Access()
VISITOR = Access(knows_visitors=True)
ANYONE_SIGNED_IN = Access(frozenset(Role))
BUYER = Access(frozenset({Role.BUYER}))
SELLER = Access(frozenset({Role.SELLER}))
BUYER_OR_SELLER = Access(frozenset({Role.BUYER, Role.SELLER}))
SELLER_OR_ADMIN = Access(frozenset({Role.SELLER, Role.ADMIN}))
ADMIN = Access(frozenset({Role.ADMIN}))
ADMIN_IN_LAB = Access(frozenset({Role.ADMIN}), without_database=True)


async def admit(shop: Shop, request: ShopRequest, access: Access) -> Actor | None:
    """Who asks. Raises Unauthenticated without a good token, Forbidden for a wrong role."""
    token = bearer_token(request)
    if token is None:
        if access.is_public:
            return None
        raise Unauthenticated
    check = accounts.authenticate_without_database if access.without_database else accounts.authenticate
    actor = await check(shop, token)
    if access.roles and actor.role not in access.roles:
        raise Forbidden
    return actor


def bearer_token(request: ShopRequest) -> str | None:
    """The token of the Authorization header, None when there is no such header. Raises Unauthenticated."""
    given = request.headers.getall("authorization", ())
    if not given:
        return None
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not token or not token.isascii():
        raise Unauthenticated
    return str(token.strip())

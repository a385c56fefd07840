"""What a user was told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shardmart.domain.accounts import Actor
from shardmart.domain.notices import Notice
from shardmart.domain.paging import Page, Position
from shardmart.service.shop import Shop


@dataclass(slots=True, frozen=True)
class Notices:
    page: Page[Notice]
    unread: int  # of all, not of the page


async def of_user(shop: Shop, actor: Actor, *, after: Position | None, limit: int) -> Notices:
    page = await shop.notices.page(actor, after=after, limit=limit)
    return Notices(page, await shop.notices.unread(actor))


async def mark_read(shop: Shop, actor: Actor, ids: Sequence[str] | None) -> None:
    """The user's own among `ids`, all of them when it is None. Safe to repeat."""
    await shop.notices.mark_read(actor, ids)

"""One request on its way through a handler."""

from __future__ import annotations

from typing import Any

from shardmart.domain.accounts import Actor
from shardmart.domain.errors import Unauthenticated
from shardmart.domain.paging import Page, Position
from shardmart.service.shop import Shop
from shardmart.settings import Settings
from shardmart.web.cursors import Cursors
from shardmart.web.queries import Values
from shardmart.web.wire import ShopRequest


class Call:
    """What handlers work with: the request, who makes it, its checked body and query, and the shop."""

    __slots__ = ("body", "cursors", "query", "request", "settings", "shop", "visitor")

    def __init__(self, request: ShopRequest, shop: Shop, settings: Settings, cursors: Cursors) -> None:
        self.request = request
        self.shop = shop
        self.settings = settings
        self.cursors = cursors
        self.visitor: Actor | None = None
        self.body: Any = None  # an instance of the schema that the route names
        self.query: Values = _NOTHING_ASKED

    @property
    def actor(self) -> Actor:
        """Who asks. The route table sees to it that there is somebody where handlers use it."""
        if self.visitor is None:
            raise Unauthenticated
        return self.visitor

    @property
    def after(self) -> Position | None:
        """The position of the cursor, None for the first page. Raises InvalidCursor."""
        cursor = self.query.cursor
        return self.cursors.read(cursor, of=self._list_name()) if cursor else None

    @property
    def limit(self) -> int:
        return self.query.limit

    def next_cursor(self, page: Page[Any]) -> str | None:
        return self.cursors.write(page.next, of=self._list_name()) if page.next else None

    def _list_name(self) -> str:
        whose = self.visitor.id if self.visitor else ""
        return f"{self.request.path.rstrip('/')}|{whose}|{self.query.name}"


_NOTHING_ASKED = Values({}, "", None, 0)

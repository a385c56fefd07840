"""The catalogue, and what sellers do with it."""

from __future__ import annotations

from functools import partial

from shardmart.domain.listings import ListingQuery, Product
from shardmart.domain.paging import Page, Position
from shardmart.service import catalogue
from shardmart.web import filters, replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply
from shardmart.web.schemas import NewProduct, ProductEdit, StockChange

_EMPTY: Page[Product] = Page([], None)


async def search(call: Call) -> Reply:
    query = filters.listing(call.query)
    after = call.after
    body = await _cached_page(call, query, after) if query else None
    if body is None:
        found = await catalogue.search(call.shop, query, after=after, limit=call.limit) if query else _EMPTY
        body = _rendered(call, found)
    return _with_staleness(call, Reply(body))


async def categories(call: Call) -> Reply:
    found = await catalogue.categories(call.shop)
    return _with_staleness(call, replies.ok({"items": [views.category(one) for one in found]}))


async def view(call: Call, id: str) -> Reply:
    cache = call.shop.cache
    body = await cache.product(id, _product) if cache is not None else None
    return Reply(body or _product(await catalogue.view(call.shop, id, call.visitor)))


async def my_products(call: Call) -> Reply:
    found = await catalogue.my_products(call.shop, call.actor, after=call.after, limit=call.limit)
    return replies.ok(views.page(call, found, views.product))


async def create(call: Call) -> Reply:
    body: NewProduct = call.body
    product = await catalogue.create(call.shop, call.actor, **dict(body))
    return replies.created(views.product(product), location=f"/api/products/{product.id}")


async def edit(call: Call, id: str) -> Reply:
    body: ProductEdit = call.body
    product = await catalogue.edit(call.shop, call.actor, id, body.changes(), expected_version=body.expected_version)
    return replies.ok(views.product(product))


async def change_stock(call: Call, id: str) -> Reply:
    body: StockChange = call.body
    product = await catalogue.change_stock(call.shop, call.actor, id, delta=body.delta, reason=body.reason)
    return replies.ok(views.product(product))


async def logs(call: Call, id: str) -> Reply:
    found = await catalogue.logs(call.shop, call.actor, id, after=call.after, limit=call.limit)
    return replies.ok(views.page(call, found, views.stock_log))


async def remove(call: Call, id: str) -> Reply:
    await catalogue.remove(call.shop, call.actor, id)
    return replies.no_content()


async def _cached_page(call: Call, query: ListingQuery, after: Position | None) -> bytes | None:
    """The key has what was asked for word by word, since `next_cursor` is good for that wording only."""
    cache = call.shop.cache
    if cache is None:
        return None
    key = (call.query.name, call.query.cursor, call.limit)
    return await cache.listing(key, query, after=after, limit=call.limit, render=partial(_rendered, call))


def _rendered(call: Call, found: Page[Product]) -> bytes:
    return replies.dumps(views.page(call, found, views.product))


def _product(product: Product) -> bytes:
    return replies.dumps(views.product(product))


def _with_staleness(call: Call, reply: Reply) -> Reply:
    """Says how old the page may be when it may come from a secondary."""
    bound = call.shop.rules.staleness_seconds
    if bound is not None:
        reply.headers["x-staleness-bound"] = str(bound)
    return reply

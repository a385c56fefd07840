"""The very commands that the repositories send, judged by the database's profiler on 50,000 products."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pymongo import AsyncMongoClient, WriteConcern

from shardmart.adapters.mongo import listing
from shardmart.adapters.mongo.audit import Look, MongoAuditor
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.documents import log_document, order_document, product_document
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain import clock
from shardmart.domain.accounts import Role, User
from shardmart.domain.ids import owned_id
from shardmart.domain.listings import ListingQuery, Product, Sort, words_of
from shardmart.domain.orders import OrderFilter, Status
from shardmart.domain.paging import Page, Position
from shardmart.seed import _product as seed_product
from shardmart.seed import seed
from tests.integration.lab import Cluster, Lab, opened, settings_for
from tests.unit.builders import a_log, an_order

SELLERS, PRODUCTS, LIMIT = 5, 50_000, 20
SPARE = 8  # keys read ahead where several ranges of an index are merged: at most one per range

Document = dict[str, Any]
Pages = Callable[[Position | None, int], Any]


@dataclass
class Catalogue:
    """What is in the database, also as plain objects to check against."""

    lab: Lab
    products: list[Product]
    seller_id: str
    orders: int = 3_000
    by_id: dict[str, Product] = field(default_factory=dict)

    @asynccontextmanager
    async def profiled(self) -> AsyncIterator[list[Document]]:
        """What the database did for the block, filled when it ends."""
        seen: list[Document] = []
        db = self.lab.db
        await db.command("profile", 0)
        await db.drop_collection("system.profile")
        await db.command("profile", 2)
        try:
            yield seen
        finally:
            await db.command("profile", 0)
            ours = {"op": {"$in": ["query", "command", "getmore"]}, "command.profile": None}
            found = await db["system.profile"].find(ours).to_list(None)
            seen += [d for d in found if not {"profile", "drop", "explain"} & set(d["command"])]


@pytest.fixture(scope="module")
async def catalogue(cluster: Cluster) -> AsyncIterator[Catalogue]:
    settings = settings_for(cluster.uri, "plans", "pymongo")
    products: list[Product] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "shardmart.seed._product", lambda seller, n: products.append(_varied(seller, n)) or products[-1]
        )
        async with opened(settings) as lab:
            loose = patient(cluster)
            await seed(loose, lab.shop.passwords, sellers=SELLERS, products=PRODUCTS, buyers=2)
            await _trade(loose, products[0])
            await loose.close()
            yield Catalogue(lab, products, products[0].seller_id)
            await lab.mongo.client.drop_database(settings.mongo_database)


def _varied(seller: User, n: int, made: Callable[[User, int], Product] = seed_product) -> Product:
    """A product of the seed; some are sold out, disabled, rarely named, or have the price of thousands of others."""
    product, kind = made(seller, n), random.Random(n).random()
    if kind < 0.1:
        return replace(product, stock=0)
    if kind < 0.15:
        return replace(product, is_active=False)
    if kind < 0.35:
        return replace(product, price=Decimal("50.00"))
    return replace(product, name=f"Zebra {product.name}") if kind < 0.36 else product


def patient(cluster: Cluster) -> Mongo:
    """Fills a database without waiting for the other members, and as long as a busy machine takes."""
    mongo = Mongo(cluster.uri, database="plans", driver="pymongo")
    mongo.client = AsyncMongoClient(cluster.uri)
    mongo.db = mongo.client.get_database("plans", write_concern=WriteConcern(1))
    return mongo


async def _trade(mongo: Mongo, product: Product) -> None:
    """Orders of one buyer and one seller among others, many at the same moment; a long chain of logs."""
    orders = [
        an_order(
            id=owned_id(product.seller_id if n % 3 else f"{n:024x}"),
            seller_id=product.seller_id if n % 3 else f"{n:024x}",
            buyer_id="b" * 24 if n % 2 else f"{n:024x}",
            status=list(Status)[n % 7 % 3],
            timestamp=clock.from_ms(1_767_225_600_000 + n // 10 * 60_000),
        )
        for n in range(3_000)
    ]
    await mongo.db["orders"].insert_many([order_document(order) for order in orders])
    logs = [a_log(n, n, n + 1, product_id=product.id) for n in range(2, 1_002)]
    await mongo.db["inventory_logs"].insert_many([log_document(log) for log in logs])


def stages(d: Document) -> set[str]:
    found = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("stage"), str):
                found.add(node["stage"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(d.get("execStats", {}))
    return found


def check_lean(seen: list[Document], *, at_most: float = 2) -> None:
    assert seen, "the profiler saw nothing"
    for d in seen:
        told = (d["command"], d.get("planSummary"), d["keysExamined"], d["docsExamined"], d["nreturned"])
        assert not d.get("cursorid"), ("left open", told)
        assert not d.get("hasSortStage"), told
        assert not {"SORT", "COLLSCAN"} & stages(d), told
        assert stages(d), told
        assert d["docsExamined"] <= at_most * d["nreturned"] + 1, told
        assert d["keysExamined"] <= at_most * d["nreturned"] + SPARE, told


FILTERS: dict[str, Document] = {
    "all": {},
    "category": {"category": "Kitchen"},
    "seller": {"seller_id": True},
    "category and seller": {"category": "Kitchen", "seller_id": True},
    "in stock": {"in_stock": True},
    "category in stock": {"category": "Kitchen", "in_stock": True},
    "all filters": {"category": "Kitchen", "seller_id": True, "in_stock": True},
}
RANGES: dict[str, Document] = {
    "from": {"min_price": Decimal("40.00")},
    "to": {"max_price": Decimal("60.00")},
    "from to": {"min_price": Decimal("45.00"), "max_price": Decimal("55.00")},
    "one price": {"min_price": Decimal("50.00"), "max_price": Decimal("50.00")},
}
FIELD_SORTS = [sort for sort in Sort if sort is not Sort.RELEVANCE]
PRICE_SORTS = [Sort.PRICE, Sort.PRICE_DESCENDING]


def query_of(catalogue: Catalogue, sort: Sort, *filters: Document) -> ListingQuery:
    merged: Document = {}
    for one in filters:
        merged |= one
    if merged.get("seller_id"):
        merged["seller_id"] = catalogue.seller_id
    return ListingQuery(sort=sort, **merged)


def expected(catalogue: Catalogue, query: ListingQuery) -> list[str]:
    """The ids of the list by brute force."""
    found = [
        product
        for product in catalogue.products
        if product.is_active
        and query.category in (None, product.category)
        and query.seller_id in (None, product.seller_id)
        and (query.min_price is None or product.price >= query.min_price)
        and (query.max_price is None or product.price <= query.max_price)
        and (not query.in_stock or product.stock > 0)
    ]
    keys: dict[Sort, Callable[[Product], tuple[Any, ...]]] = {
        Sort.NEWEST: lambda p: (p.created_at, p.id),
        Sort.PRICE: lambda p: (p.price, p.id),
        Sort.PRICE_DESCENDING: lambda p: (p.price, p.id),
        Sort.NAME: lambda p: (" ".join(words_of(p.name)), p.id),
    }
    descending = query.sort in (Sort.NEWEST, Sort.PRICE_DESCENDING)
    return [product.id for product in sorted(found, key=keys[query.sort], reverse=descending)]


def position(catalogue: Catalogue, query: ListingQuery, id: str) -> Position:
    product = next(product for product in catalogue.products if product.id == id)
    return listing.position_of(query.sort, product_document(product))


LEAN = [(sort, FILTERS[name], name) for sort, name in itertools.product(FIELD_SORTS, FILTERS)] + [
    (sort, {**FILTERS[name], **RANGES[span]}, f"{name}, {span}")
    for sort, name, span in itertools.product(PRICE_SORTS, FILTERS, RANGES)
]


@pytest.mark.parametrize(
    ("sort", "filters", "name"), LEAN, ids=[f"{sort.value}-{name}".replace(" ", "_") for sort, _, name in LEAN]
)
async def test_a_page_examines_what_it_returns_at_any_depth(
    catalogue: Catalogue, sort: Sort, filters: Document, name: str
) -> None:
    query = query_of(catalogue, sort, filters)
    ids = expected(catalogue, query)
    assert len(ids) > 5 * LIMIT, "too few to be a test"
    async with catalogue.profiled() as seen:
        for begin in (0, len(ids) // 2, len(ids) - LIMIT):
            after = position(catalogue, query, ids[begin - 1]) if begin else None
            page = await catalogue.lab.products.search(query, after=after, limit=LIMIT)
            assert [product.id for product in page.items] == ids[begin : begin + LIMIT]
            assert (page.next is None) == (begin + LIMIT >= len(ids))
    assert len(seen) == 3
    check_lean(seen)


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.NAME], ids=lambda sort: sort.value)
@pytest.mark.parametrize("span", RANGES)
@pytest.mark.parametrize("name", ["all", "category", "all filters"])
async def test_a_price_range_in_another_order_scans_no_collection(
    catalogue: Catalogue, sort: Sort, span: str, name: str
) -> None:
    query = query_of(catalogue, sort, FILTERS[name], RANGES[span])
    ids = expected(catalogue, query)
    middle = len(ids) // 2
    async with catalogue.profiled() as seen:
        first = await catalogue.lab.products.search(query, after=None, limit=LIMIT)
        deep = await catalogue.lab.products.search(
            query, after=position(catalogue, query, ids[middle - 1]), limit=LIMIT
        )
    assert [product.id for product in first.items] == ids[:LIMIT]
    assert [product.id for product in deep.items] == ids[middle : middle + LIMIT]
    assert all("COLLSCAN" not in stages(d) and not d.get("hasSortStage") for d in seen)


SEARCHES = ["lamp", "zebra", "oak lamp", "oak la", "la", "z", "soft oak lamp", "home l", "nothing", "zebra oak lamp"]


@pytest.mark.parametrize("text", SEARCHES)
@pytest.mark.parametrize("filters", [{}, {"category": "Home"}, {"max_price": Decimal("60.00")}], ids=str)
async def test_a_search_by_relevance_looks_at_a_thousand_at_most(
    catalogue: Catalogue, text: str, filters: Document
) -> None:
    words = words_of(text)
    query = ListingQuery(sort=Sort.RELEVANCE, words=words, **filters)
    wanted = set(expected(catalogue, replace(query, sort=Sort.NEWEST, words=())))
    found = {product.id for product in catalogue.products if product.id in wanted and _found(product, words)}
    async with catalogue.profiled() as seen:
        first = await catalogue.lab.products.search(query, after=None, limit=LIMIT)
        second = None
        if first.next:
            second = await catalogue.lab.products.search(query, after=first.next, limit=LIMIT)
    items = [*first.items, *(second.items if second else ())]
    assert len({product.id for product in items}) == len(items)
    assert {product.id for product in items} <= found
    assert bool(items) == bool(found)
    for d in seen:
        assert "COLLSCAN" not in stages(d), d.get("planSummary")
        assert d.get("docsExamined", 0) <= 1_000, (d["command"], d["docsExamined"])
        assert d.get("keysExamined", 0) <= 2_100, (d["command"], d["keysExamined"])


def _found(product: Product, words: tuple[str, ...]) -> bool:
    own = words_of(f"{product.name} {product.category}")
    return all(word in own for word in words[:-1]) and any(word.startswith(words[-1]) for word in own)


@pytest.mark.parametrize("text", ["zebra", "zebra o", "zebra oak"])
async def test_a_rare_word_is_found_completely_and_ranked_by_the_name(catalogue: Catalogue, text: str) -> None:
    query = ListingQuery(sort=Sort.RELEVANCE, words=words_of(text))
    seen, after = [], None
    while True:
        page = await catalogue.lab.products.search(query, after=after, limit=50)
        seen += page.items
        if (after := page.next) is None:
            break
    found = {p.id for p in catalogue.products if p.is_active and _found(p, query.words)}
    assert len(seen) == len(found)
    assert {product.id for product in seen} == found


@pytest.mark.parametrize("sort", FIELD_SORTS, ids=lambda sort: sort.value)
@pytest.mark.parametrize("text", ["lamp", "zebra oak", "oak la", "l"])
async def test_a_search_in_another_order_is_complete_and_scans_no_collection(
    catalogue: Catalogue, sort: Sort, text: str
) -> None:
    query = ListingQuery(sort=sort, words=words_of(text))
    keyed = {product.id: product for product in catalogue.products}
    ids = [id for id in expected(catalogue, replace(query, words=())) if _found(keyed[id], query.words)]
    middle = len(ids) // 2
    async with catalogue.profiled() as seen:
        first = await catalogue.lab.products.search(query, after=None, limit=LIMIT)
        after = listing.position_of(sort, product_document(keyed[ids[middle - 1]]))
        deep = await catalogue.lab.products.search(query, after=after, limit=LIMIT)
    assert [product.id for product in first.items] == ids[:LIMIT]
    assert [product.id for product in deep.items] == ids[middle : middle + LIMIT]
    assert all("COLLSCAN" not in stages(d) for d in seen)


async def walk(pages: Pages, limit: int = LIMIT) -> tuple[list[str], list[Page[Any]]]:
    """A whole list: the ids in order, and its pages."""
    ids: list[str] = []
    walked: list[Page[Any]] = []
    after: Position | None = None
    while True:
        page = await pages(after, limit)
        ids += [item.id for item in page.items]
        walked.append(page)
        if (after := page.next) is None:
            return ids, walked


LISTS: dict[str, tuple[str, Document]] = {
    "a buyer's orders": ("orders", {"buyer_id": "b" * 24}),
    "a seller's orders": ("orders", {"seller_id": True}),
    "all orders": ("orders", {}),
    "a buyer's placed orders": ("orders", {"buyer_id": "b" * 24, "status": Status.PLACED}),
    "a seller's completed orders": ("orders", {"seller_id": True, "status": Status.COMPLETED}),
    "all cancelled orders": ("orders", {"status": Status.CANCELLED}),
    "a seller's orders of an hour": ("orders", {"seller_id": True, "since": 3_600, "until": 7_200}),
    "all orders since": ("orders", {"since": 3_600}),
    "my products": ("of_seller", {}),
    "all products": ("all", {}),
    "logs of a product": ("logs", {}),
}


def pages_of(catalogue: Catalogue, kind: str, which: Document) -> Pages:
    shop, seller_id = catalogue.lab.running.shop, catalogue.seller_id
    if kind == "orders":
        fields = dict(which)
        if fields.get("seller_id"):
            fields["seller_id"] = seller_id
        for bound in {"since", "until"} & set(fields):
            fields[bound] = clock.from_ms(1_767_225_600_000) + timedelta(seconds=fields[bound])
        return lambda after, limit: shop.orders.page(OrderFilter(**fields), after=after, limit=limit)
    if kind == "of_seller":
        return lambda after, limit: shop.products.of_seller(seller_id, after=after, limit=limit)
    if kind == "all":
        return lambda after, limit: shop.products.all(after=after, limit=limit)
    id = catalogue.products[0].id
    return lambda after, limit: shop.products.logs(seller_id=seller_id, product_id=id, after=after, limit=limit)


@pytest.mark.parametrize("name", LISTS)
async def test_other_lists_examine_what_they_return_at_any_depth(catalogue: Catalogue, name: str) -> None:
    pages = pages_of(catalogue, *LISTS[name])
    ids, walked = await walk(pages, 500)
    assert len(set(ids)) == len(ids) > 3 * LIMIT
    async with catalogue.profiled() as seen:
        await pages(None, LIMIT)
        await pages(walked[len(walked) // 2 - 1].next, LIMIT)
        await pages(walked[-2].next if len(walked) > 1 else None, LIMIT)
    assert len(seen) == 3
    check_lean(seen)


async def test_the_lists_of_orders_are_complete_and_in_order(catalogue: Catalogue) -> None:
    everything = [d async for d in catalogue.lab.db["orders"].find({})]
    ordered = sorted(everything, key=lambda d: (d["timestamp"], d["_id"]), reverse=True)
    ids, _ = await walk(pages_of(catalogue, "orders", {}), 97)
    assert ids == [d["_id"] for d in ordered]
    placed, _ = await walk(pages_of(catalogue, "orders", {"seller_id": True, "status": Status.PLACED}), 97)
    mine = [d["_id"] for d in ordered if d["seller_id"] == catalogue.seller_id and d["status"] == "placed"]
    assert placed == mine


async def test_small_reads_touch_one_document(catalogue: Catalogue) -> None:
    shop, product = catalogue.lab.running.shop, catalogue.products[0]
    order = await catalogue.lab.db["orders"].find_one({})
    async with catalogue.profiled() as seen:
        await shop.products.get(seller_id=product.seller_id, id=product.id)
        await shop.products.shelves([product.id])
        await shop.orders.get(seller_id=order["seller_id"], id=order["_id"])
        await shop.outcomes.get(owned_id(product.seller_id))
        await shop.claims.get("nobody|nothing")
        await shop.carts.get("nobody")
        await shop.sessions.get("nothing")
        await shop.accounts.by_email("buyer@demo.com")
        await shop.accounts.by_id("nobody")
    assert len(seen) == 9
    assert all(d["docsExamined"] <= 1 and d["keysExamined"] <= 1 for d in seen)
    async with catalogue.profiled() as seen:
        assert len(await shop.products.shelves([p.id for p in catalogue.products[:50]])) == 50
    assert all(d["docsExamined"] <= 50 and d["keysExamined"] <= 150 for d in seen)


async def test_categories_are_counted_from_the_index_alone(catalogue: Catalogue) -> None:
    async with catalogue.profiled() as seen:
        found = await catalogue.lab.products.categories()
    active = [product.category for product in catalogue.products if product.is_active]
    assert {c.name: c.count for c in found} == {name: active.count(name) for name in set(active)}
    assert [d["docsExamined"] for d in seen] == [0]


async def test_the_audit_of_fifty_thousand_products_is_quick_and_its_second_look_uses_indexes(
    catalogue: Catalogue,
) -> None:

    mongo = catalogue.lab.mongo
    order = await catalogue.lab.db["orders"].find_one({})
    async with catalogue.profiled() as seen, mongo.session() as session:
        look = Look(mongo, session)
        await look.one("order", order["_id"])
        await look.one("key", "nobody|nothing")
        await look.one("product", catalogue.products[1].id)
        await look.one("checkout", order["checkout_id"])
    assert all("COLLSCAN" not in stages(d) for d in seen), [(d["command"], d.get("planSummary")) for d in seen]
    assert all(d.get("docsExamined", 0) <= 2_500 for d in seen), [d["command"] for d in seen]


async def test_the_pages_of_users_sort_nothing_in_memory_at_any_depth(catalogue: Catalogue) -> None:
    accounts = catalogue.lab.shop.accounts
    first = await accounts.page(text=None, role=None, after=None, limit=3)
    async with catalogue.profiled() as seen:
        await accounts.page(text=None, role=None, after=None, limit=3)
        await accounts.page(text=None, role=None, after=first.next, limit=3)
        await accounts.page(text=None, role=Role.SELLER, after=None, limit=3)
    assert len(seen) == 3
    check_lean(seen)


async def test_the_audit_walks_fifty_thousand_products_in_little_memory(catalogue: Catalogue) -> None:
    await catalogue.lab.db["orders"].delete_many({})  # they came without logs, to fill pages
    await catalogue.lab.db["inventory_logs"].delete_many({"version": {"$gt": 1}})
    auditor = MongoAuditor(catalogue.lab.mongo, Transactions(catalogue.lab.mongo), seconds=150)
    report = await auditor.run()
    print(f"audited {PRODUCTS} products in {report.took_seconds} s")
    assert report.violations == []
    assert report.checked["products"] == report.checked["logs"] == PRODUCTS
    tracemalloc.start()
    try:
        await auditor.run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24_000_000, f"{peak / 1e6:.0f} MB"

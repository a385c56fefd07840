"""Keyset filters, judged by a small interpreter of the few operators that they use."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from shardmart.adapters.mongo import keyset, listing, relevance
from shardmart.adapters.mongo.documents import product_document
from shardmart.adapters.mongo.listing import SORTS
from shardmart.domain.errors import InvalidCursor
from shardmart.domain.listings import ListingQuery, Product, Sort, words_of
from tests.unit import builders
from tests.unit.builders import AT, PRODUCTS, SELLERS, a_product

Document = dict[str, Any]
FIELD_SORTS = [sort for sort in Sort if sort is not Sort.RELEVANCE]


def plain(value: Any) -> Any:
    return value.to_decimal() if isinstance(value, Decimal128) else value


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": operator.eq,
    "$in": lambda there, wanted: there in wanted,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$elemMatch": lambda there, wanted: any(holds(wanted, element) for element in there),
}


def holds(condition: Any, value: Any) -> bool:
    """One field against one condition, arrays by any of their elements."""
    if not isinstance(condition, dict):
        return condition in value if isinstance(value, list) else bool(plain(condition) == plain(value))
    return all(COMPARE[name](plain(value), plain(wanted)) for name, wanted in condition.items())


def matches(filter: Document, d: Document) -> bool:
    rest = dict(filter)
    any_of, all_of = rest.pop("$or", None), rest.pop("$and", ())
    return (
        (any_of is None or any(matches(one, d) for one in any_of))
        and all(matches(one, d) for one in all_of)
        and all(holds(condition, d[field]) for field, condition in rest.items())
    )


def in_order(documents: list[Document], sort: keyset.SortKeys) -> list[Document]:
    for field, direction in reversed(sort):
        documents = sorted(documents, key=lambda d: plain(d[field]), reverse=direction < 0)
    return documents


few = st.integers(1, 3)
offers = st.lists(
    st.builds(
        a_product,
        id=st.sampled_from(PRODUCTS),
        seller_id=st.sampled_from(SELLERS[:2]),
        name=st.sampled_from(["Oak Lamp", "oak lamp", "Oak Vase", "Ångström"]),
        category=st.sampled_from(["Home", "Toys"]),
        price=few.map(Decimal),
        stock=st.integers(0, 1),
        is_active=st.sampled_from([True, True, False]),
        created_at=few.map(lambda n: AT.replace(microsecond=n * 1000)),
    ),
    max_size=12,
    unique_by=lambda product: product.id,
)
queries = st.builds(
    ListingQuery,
    sort=st.sampled_from(FIELD_SORTS),
    words=st.sampled_from([(), ("oak",), ("oak", "la")]),
    category=st.sampled_from([None, "Home"]),
    seller_id=st.sampled_from([None, SELLERS[0]]),
    min_price=st.none() | few.map(Decimal),
    max_price=st.none() | few.map(Decimal),
    in_stock=st.booleans(),
)


def wanted(query: ListingQuery, product: Product) -> bool:
    """The filters of the contract, written down once more."""
    words = words_of(f"{product.name} {product.category}")
    return (
        product.is_active
        and query.category in (None, product.category)
        and query.seller_id in (None, product.seller_id)
        and (query.min_price is None or product.price >= query.min_price)
        and (query.max_price is None or product.price <= query.max_price)
        and (not query.in_stock or product.stock > 0)
        and all(word in words for word in query.words[:-1])
        and (not query.words or any(word.startswith(query.words[-1]) for word in words))
    )


@given(offers, queries, st.integers(1, 4))
def test_pages_give_every_wanted_product_once_and_in_order(
    offered: list[Product], query: ListingQuery, limit: int
) -> None:
    documents = [product_document(product) for product in offered]
    sort = SORTS[query.sort][1]
    ids, after = [], None
    while True:
        plan = listing.plan(query, after)
        found = in_order([d for d in documents if matches(plan.filter, d)], sort)[: limit + 1]
        page = keyset.page(
            found, limit=limit, entity=lambda d: d["_id"], key=lambda d: listing.position_of(query.sort, d)
        )
        ids += page.items
        if page.next is None:
            break
        after = page.next
    expected = in_order([product_document(p) for p in offered if wanted(query, p)], sort)
    assert ids == [d["_id"] for d in expected]


@given(builders.products, st.sampled_from(FIELD_SORTS))
def test_a_position_reads_back_as_the_sort_key_of_its_document(product: Product, sort: Sort) -> None:
    document = product_document(product)
    position = listing.position_of(sort, document)
    assert all(type(part) in (str, int) for part in position)
    seen = listing._seen(sort, position)
    assert seen == [document[field] for field, _ in SORTS[sort][1]]


@given(builders.products, st.integers(0, 40))
def test_a_relevance_position_is_made_of_json_scalars(product: Product, score: int) -> None:
    document = {**product_document(product), "score": score}
    position = relevance.position_of(document)
    assert position == (score, *keyset.newest_key(document))
    assert all(type(part) in (str, int) for part in position)


@pytest.mark.parametrize("sort", FIELD_SORTS)
@pytest.mark.parametrize(
    "position", [(), ("x",), ("1", "2", "3"), (10**30, "x"), ("NaN", "x", "y"), (-(10**15), "x", 1, 2)]
)
def test_a_position_of_another_shape_is_an_invalid_cursor(sort: Sort, position: tuple[str | int, ...]) -> None:
    if sort in (Sort.PRICE, Sort.PRICE_DESCENDING, Sort.NAME) and position == (10**30, "x"):
        return  # a number that no price has, but a number
    with pytest.raises(InvalidCursor):
        listing.plan(ListingQuery(sort=sort), position)


def test_the_filter_is_not_changed_by_positions() -> None:
    filter = {"price": {"$gte": 1}, "$and": [{"terms": "a"}]}
    keyset.beyond(filter, [("price", 1), ("_id", 1)], [2, "x"])
    assert filter == {"price": {"$gte": 1}, "$and": [{"terms": "a"}]}


def test_a_page_knows_whether_there_is_more() -> None:
    def page(found: int) -> tuple[int, object]:
        documents = [{"_id": n, "created_at": datetime(1970, 1, 1)} for n in range(found)]
        made = keyset.page(documents, limit=3, entity=lambda d: d["_id"], key=keyset.newest_key)
        return len(made.items), made.next

    assert [page(n) for n in (0, 2, 3, 4)] == [(0, None), (2, None), (3, None), (3, (0, 2))]

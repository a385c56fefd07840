"""The public list of products: search, filters, sorts, paging (contract §2 Lists, §3 Products)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support.api import ok, problem
from tests.support.catalogue import World, build, in_order
from tests.support.shop import Person, Shop, unique

LIST = "/api/products/"
SORTS = ("newest", "price", "-price", "name", "relevance")
FILTERS: dict[str, dict[str, str]] = {
    "the word alone": {"q": "{word}"},
    "all words, the last as a prefix": {"q": "{word} ki"},
    "words in another order": {"q": "blue {word}"},
    "a category": {"category": "{category}"},
    "a category and a word": {"category": "{category}", "q": "{word} l"},
    "from a price on": {"min_price": "2.50", "q": "{word}"},
    "up to a price": {"max_price": "2.50", "seller_id": "{seller}"},
    "a price range": {"min_price": "2.5", "max_price": "3.99", "category": "{category}"},
    "one price": {"min_price": "2.50", "max_price": "2.50", "q": "{word}"},
    "a seller": {"seller_id": "{seller}"},
    "in stock": {"in_stock": "true", "category": "{category}"},
    "everything": {
        "q": "{word} k", "category": "{category}", "min_price": "1", "max_price": "100", "seller_id": "{seller}",
        "in_stock": "true",
    },
    "nothing there": {"q": "{word} zebra"},
}  # fmt: skip


@pytest.fixture(scope="module")
def world(shop: Shop) -> World:
    return build(shop)


def filled(world: World, filters: dict[str, str]) -> dict[str, str]:
    values = {"word": world.word, "category": world.categories[1], "seller": world.seller.id}
    return {name: value.format(**values) for name, value in filters.items()}


def ids(products: list[dict[str, Any]]) -> list[str]:
    return [product["id"] for product in products]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_with_every_sort_lists_exactly_what_matches(
    shop: Shop, world: World, name: str, sort: str
) -> None:
    filters = filled(world, FILTERS[name])
    if sort == "relevance" and "q" not in filters:
        problem(shop.anonymous.get(LIST, params=filters | {"sort": sort}), 422)
        return
    found = shop.anonymous.all(LIST, **filters, sort=sort, limit=7)
    assert Counter(ids(found)) == Counter(ids(world.select(**filters)))
    assert in_order(found, sort), [(product["name"], product["price"]) for product in found]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 5, 45, 100])
def test_paging_meets_everything_once_whatever_the_size_of_a_page(
    shop: Shop, world: World, sort: str, limit: int
) -> None:
    pages = list(shop.anonymous.pages(LIST, q=world.word, sort=sort, limit=limit))
    assert all(len(page["items"]) == limit for page in pages[:-1])
    assert Counter(product["id"] for page in pages for product in page["items"]) == Counter(ids(world.products))


def test_a_page_holds_twenty_unless_asked_otherwise(shop: Shop, world: World) -> None:
    assert len(ok(shop.anonymous.get(LIST, params={"q": world.word}))["items"]) == 20


def test_listed_products_are_whole(shop: Shop, world: World) -> None:
    (found,) = shop.anonymous.all(LIST, q=world.word, sort="name", limit=100)[:1]
    assert found == next(product for product in world.products if product["id"] == found["id"])


def test_the_newest_come_first_without_a_query_and_that_is_the_default(shop: Shop, world: World) -> None:
    plain = shop.anonymous.all(LIST, seller_id=world.seller.id, limit=9)
    assert in_order(plain, "newest")
    assert plain == shop.anonymous.all(LIST, seller_id=world.seller.id, sort="newest", limit=9)


def test_relevance_is_the_default_with_a_query(shop: Shop, world: World) -> None:
    query = {"q": f"{world.word} kettle", "limit": 100}
    assert shop.anonymous.all(LIST, **query) == shop.anonymous.all(LIST, **query, sort="relevance")


def test_search_knows_no_case_and_no_accents(shop: Shop, seller: Person) -> None:
    word = unique("w")
    product = shop.product(seller, name=f"{word.upper()} Crème Brûlée")
    for query in (word, word.upper(), f"{word} creme", f"{word} crème", f"CRÈME {word}", f"{word} brul"):
        assert ids(shop.anonymous.all(LIST, q=query)) == [product["id"]], query


def test_only_the_last_word_is_a_prefix(shop: Shop, seller: Person) -> None:
    word = unique("w")
    product = shop.product(seller, name=f"{word} butterfly")
    assert ids(shop.anonymous.all(LIST, q=f"{word} butter")) == [product["id"]]
    assert shop.anonymous.all(LIST, q=f"butter {word}") == []
    assert shop.anonymous.all(LIST, q=f"{word} utterfly") == []


@pytest.mark.parametrize(
    "query", [".*", "^", "{word}.*", "$where", "%", "*", "{word}|x", "(", "\\", '"{word}', "-{word}x"]
)
def test_a_query_is_words_and_no_pattern(shop: Shop, world: World, query: str) -> None:
    answer = shop.anonymous.get(LIST, params={"q": query.format(word=world.word), "limit": 100})
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        ours = [product for product in answer.json()["items"] if world.word in product["name"]]
        assert not ours or world.word in query.format(word=world.word)


def test_a_sold_out_product_is_listed_and_left_out_on_request(shop: Shop, seller: Person) -> None:
    category = unique("cat")
    shop.product(seller, stock=0, category=category)
    there = shop.product(seller, stock=1, category=category)
    assert len(shop.anonymous.all(LIST, category=category)) == 2
    assert ids(shop.anonymous.all(LIST, category=category, in_stock="true")) == [there["id"]]


def test_an_unknown_seller_sells_nothing(shop: Shop) -> None:
    assert shop.anonymous.all(LIST, seller_id="nonsense") == []


WRONG_PARAMETERS = [
    {"limit": "0"}, {"limit": "101"}, {"limit": "-1"}, {"limit": "1.0"}, {"limit": "ten"}, {"limit": ""},
    {"sort": "stock"}, {"sort": ""}, {"sort": "Price"}, {"sort": "relevance"}, {"sort": "price,name"},
    {"min_price": "cheap"}, {"min_price": "NaN"}, {"max_price": "Infinity"}, {"max_price": "1e400"},
    {"in_stock": "maybe"}, {"page": "2"}, {"Q": "x"}, {"q[$gt]": ""}, {"category[$ne]": "x"}, {"$where": "1"},
    {"cursor": "nonsense"}, {"cursor": "%00"}, {"cursor": "e30="}, {"cursor": "x" * 2000},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_PARAMETERS, ids=str)
def test_a_wrong_or_unknown_parameter_is_refused(shop: Shop, wrong: dict[str, str]) -> None:
    problem(shop.anonymous.get(LIST, params=wrong), 422)


@pytest.mark.parametrize("limit", ["1", "100"])
def test_a_page_may_hold_one_to_a_hundred(shop: Shop, world: World, limit: str) -> None:
    page = ok(shop.anonymous.get(LIST, params={"limit": limit, "q": world.word}))
    assert len(page["items"]) == min(int(limit), len(world.products))


def first_cursor(shop: Shop, **params: Any) -> str:
    cursor = ok(shop.anonymous.get(LIST, params=params | {"limit": 5}))["next_cursor"]
    assert cursor
    return str(cursor)


@pytest.mark.parametrize(
    "other",
    [
        {"sort": "name"},
        {"sort": "-price"},
        {"category": "x"},
        {"min_price": "1"},
        {"in_stock": "true"},
        {"q": "{word}x"},
    ],
    ids=str,
)
def test_a_cursor_belongs_to_its_filters_and_sort(shop: Shop, world: World, other: dict[str, str]) -> None:
    base = {"q": world.word, "sort": "price"}
    cursor = first_cursor(shop, **base)
    changed = base | {name: value.format(word=world.word) for name, value in other.items()}
    problem(shop.anonymous.get(LIST, params=changed | {"cursor": cursor}), 422)
    ok(shop.anonymous.get(LIST, params=base | {"cursor": cursor}))


@pytest.mark.parametrize("sort", SORTS)
def test_a_damaged_cursor_is_refused(shop: Shop, world: World, sort: str) -> None:
    base = {"q": world.word, "sort": sort}
    cursor = first_cursor(shop, **base)
    for place in range(0, len(cursor), 3):
        swapped = "A" if cursor[place] != "A" else "B"
        damaged = cursor[:place] + swapped + cursor[place + 1 :]
        answer = shop.anonymous.get(LIST, params=base | {"cursor": damaged})
        if answer.status_code != 422:  # the spare bits of base64's last character mean nothing
            assert place >= len(cursor) - 2 and answer.status_code == 200, (place, answer.text)
    problem(shop.anonymous.get(LIST, params=base | {"cursor": cursor[:-3]}), 422)


def test_a_cursor_of_another_list_is_refused(shop: Shop, world: World) -> None:
    mine = ok(world.seller.api.get("/api/products/my-products", params={"limit": 2}))["next_cursor"]
    assert mine
    problem(shop.anonymous.get(LIST, params={"cursor": mine}), 422)
    problem(world.other_seller.api.get("/api/products/my-products", params={"cursor": mine}), 422)


def test_what_is_added_while_somebody_pages_neither_repeats_nor_hides_the_rest(shop: Shop, seller: Person) -> None:
    category = unique("cat")
    old = ids([shop.product(seller, category=category) for _ in range(6)])
    seen: list[str] = []
    for page in shop.anonymous.pages(LIST, category=category, limit=2):
        seen += ids(page["items"])
        shop.product(seller, category=category)
        if len(seen) > 20:
            break
    assert seen == old[::-1]


def test_categories_count_active_products_sold_out_ones_too(shop: Shop, world: World) -> None:
    body = ok(shop.anonymous.get("/api/products/categories"))
    assert set(body) == {"items"}
    counts = {item["name"]: item["count"] for item in body["items"]}
    assert len(counts) == len(body["items"])
    for category in world.categories:
        assert counts[category] == len(world.select(category=category))


def test_a_category_counts_at_once_what_changes(shop: Shop, seller: Person, admin: Person) -> None:
    name, other = unique("cat"), unique("cat")

    def counts() -> tuple[int, int]:
        found = {item["name"]: item["count"] for item in ok(shop.anonymous.get("/api/products/categories"))["items"]}
        return found.get(name, 0), found.get(other, 0)

    one, two, _ = (shop.product(seller, category=name) for _ in range(3))
    assert counts() == (3, 0)
    ok(seller.api.put(f"/api/products/{one['id']}", json={"category": other}))
    assert counts() == (2, 1)
    ok(admin.api.put(f"/api/admin/products/{two['id']}/disable"))
    assert counts() == (1, 1)
    assert seller.api.delete(f"/api/products/{one['id']}").status_code == 204
    assert counts() == (1, 0)

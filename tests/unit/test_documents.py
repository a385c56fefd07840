from __future__ import annotations

import struct
from dataclasses import replace
from decimal import Decimal, DecimalException

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from shardmart.adapters.mongo import documents
from shardmart.adapters.mongo.documents import PRODUCT_FIELDS, SHELF_FIELDS, decimal_of
from shardmart.domain.errors import Shortfall
from shardmart.domain.listings import Product
from shardmart.domain.orders import Order
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase, Rejected, Shelf, merge_lines
from shardmart.domain.stock import StockLog
from tests.unit import builders
from tests.unit.builders import a_product, a_session, a_user, hex_ids, owned_ids, prices

Document = documents.Document


def stored(document: Document) -> Document:
    """What comes back from a database."""
    found: Document = bson.decode(bson.encode(document))
    assert found == document
    return found


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_the_quick_decimal_is_the_true_one_for_any_bits(low: int, high: int) -> None:
    _agrees(Decimal128.from_bid(struct.pack("<QQ", low, high)))


@given(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 2, 2**49 - 1]), st.integers(-6, 2), st.booleans())
def test_the_quick_decimal_is_the_true_one_near_what_money_looks_like(
    low: int, top: int, exponent: int, negative: bool
) -> None:
    high = (6176 + exponent) << 49 | top | negative << 63
    _agrees(Decimal128.from_bid(struct.pack("<QQ", low, high)))


@given(prices)
def test_a_price_comes_back_to_the_last_digit(price: Decimal) -> None:
    assert decimal_of(Decimal128(price)).as_tuple() == price.as_tuple()


@pytest.mark.parametrize("text", ["0", "0.00", "-0.00", "NaN", "Infinity", "1E+6", "-12.34", "184467440737095516.16"])
def test_other_decimals_are_read_too(text: str) -> None:
    _agrees(Decimal128(text))


def _agrees(value: Decimal128) -> None:
    try:
        expected = value.to_decimal()
    except DecimalException:  # more digits than there can be: the driver reads that as 0 since Python 3.11 only
        with pytest.raises(DecimalException):
            decimal_of(value)
        return
    read = decimal_of(value)
    assert read.is_nan() == expected.is_nan()
    assert expected.is_nan() or (read == expected and read.as_tuple() == expected.as_tuple())


@given(builders.products)
def test_a_product_comes_back_as_it_was(product: Product) -> None:
    assert documents.product_of(stored(documents.product_document(product))) == product


@given(builders.products)
def test_the_projections_hold_what_is_read(product: Product) -> None:
    document = documents.product_document(product)
    assert documents.product_of({"_id": product.id} | {name: document[name] for name in PRODUCT_FIELDS}) == product
    shelf = documents.shelf_of({"_id": product.id} | {name: document[name] for name in SHELF_FIELDS})
    assert shelf == Shelf.of(product)


@given(builders.products)
def test_what_is_not_offered_is_in_no_list_and_found_by_no_word(product: Product) -> None:
    derived = documents.derived_fields(replace(product, is_active=False))
    assert (derived["listed_in"], derived["terms"]) == ([], [])


@given(builders.products)
def test_an_offered_product_is_in_four_lists(product: Product) -> None:
    assert len(set(documents.lists_of(product))) == 4
    assert documents.derived_fields(replace(product, is_active=True))["listed_in"] == documents.lists_of(product)


@given(st.tuples(hex_ids, st.text(max_size=8)), st.tuples(hex_ids, st.text(max_size=8)))
def test_lists_of_different_sellers_or_categories_never_share_a_name(
    one: tuple[str, str], two: tuple[str, str]
) -> None:
    def name(pair: tuple[str, str]) -> str:
        return documents.list_name(seller_id=pair[0], category=pair[1] or None)

    assert (name(one) == name(two)) == (one == two)
    assert documents.list_name(category="|" + one[1]) != name(one)


@pytest.mark.parametrize(("stock", "there"), [(0, False), (1, True)])
def test_in_stock_says_whether_there_is_one(stock: int, there: bool) -> None:
    assert documents.product_document(a_product(stock=stock))["in_stock"] is there


@given(builders.logs)
def test_a_log_comes_back_as_it_was(log: StockLog) -> None:
    assert documents.log_of(stored(documents.log_document(log))) == log


@given(builders.orders)
def test_an_order_comes_back_as_it_was(order: Order) -> None:
    assert documents.order_of(stored(documents.order_document(order))) == order


shortfalls = st.builds(Shortfall, owned_ids, st.integers(1, 1000), st.integers(0, 999))
outcomes = st.builds(
    Placed, owned_ids, prices, st.lists(builders.orders, min_size=1, max_size=3).map(tuple)
) | st.builds(
    Rejected,
    owned_ids,
    st.sampled_from(["insufficient_stock", "product_unavailable", "price_changed"]),
    st.lists(shortfalls, max_size=3).map(tuple),
)
purchases = st.builds(
    Purchase,
    checkout_id=owned_ids,
    buyer_id=hex_ids,
    lines=st.lists(st.builds(Line, owned_ids, st.integers(1, 200)), min_size=1, max_size=5).map(merge_lines),
    expected_total=st.none() | prices,
    claim_id=st.none() | st.text(max_size=30),
    cart_version=st.none() | st.integers(0, 99),
)


@given(purchases, outcomes)
def test_an_outcome_comes_back_as_it_was(purchase: Purchase, outcome: Outcome) -> None:
    document = stored(documents.outcome_document(purchase, outcome))
    assert documents.outcome_of(document) == outcome
    assert document["seller_id"] == purchase.home_seller


@given(purchases)
def test_a_purchase_comes_back_as_it_was(purchase: Purchase) -> None:
    assert documents.purchase_of(stored(documents.purchase_document(purchase))) == purchase


def test_accounts_and_sessions_come_back_as_they_were() -> None:
    user, session = a_user(email="Bea@Example.COM"), a_session(generation=7)
    document = stored(documents.user_document(user))
    assert documents.user_of(document) == user
    assert document["email_key"] == "bea@example.com"
    assert documents.session_of(stored(documents.session_document(session))) == session

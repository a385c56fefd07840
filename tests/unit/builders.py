"""Entities with sensible values, and the hypothesis strategies that make them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from shardmart.domain import clock
from shardmart.domain.accounts import Role, Session, User
from shardmart.domain.ids import owned_id
from shardmart.domain.listings import Product
from shardmart.domain.orders import Order, OrderLine, Status
from shardmart.domain.purchase import Line, Purchase, Shelf, merge_lines, new_checkout_id
from shardmart.domain.stock import ChangeType, StockLog, stock_log

AT = clock.from_ms(1_767_225_600_000)
SELLERS = [f"{n:024x}" for n in (0xA1, 0xB2, 0xC3)]
BUYER = f"{0xBB:024x}"
PRODUCTS = [owned_id(seller, f"{n:024x}") for seller in SELLERS for n in (1, 2)]

hex_ids = st.text("0123456789abcdef", min_size=24, max_size=24)
owned_ids = st.builds(lambda a, b: f"{a}-{b}", hex_ids, hex_ids)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(
    lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)
)
prices = st.integers(1, 100_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
texts = st.text(st.characters(codec="utf-8"), max_size=40)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
lines = st.lists(st.builds(Line, st.sampled_from(PRODUCTS), st.integers(1, 20)), min_size=1, max_size=10)

products = st.builds(
    Product,
    id=owned_ids,
    seller_id=hex_ids,
    seller_name=names,
    name=names,
    description=texts,
    price=prices,
    stock=st.integers(0, 1_000_000_000),
    category=names,
    low_stock_threshold=st.integers(0, 1000),
    is_active=st.booleans(),
    image_url=st.none() | texts,
    version=st.integers(1, 10**9),
    created_at=moments,
    updated_at=moments,
)
order_lines = st.builds(OrderLine, product_id=owned_ids, name=names, quantity=st.integers(1, 1000), price=prices)
orders = st.builds(
    Order,
    id=owned_ids,
    checkout_id=owned_ids,
    buyer_id=hex_ids,
    seller_id=hex_ids,
    product_list=st.lists(order_lines, min_size=1, max_size=4).map(tuple),
    total_amount=prices,
    status=st.sampled_from(Status),
    timestamp=moments,
)
logs = st.builds(
    StockLog,
    id=st.builds(lambda id, n: f"{id}-{n:010d}", owned_ids, st.integers(0, 10**9)),
    product_id=owned_ids,
    seller_id=hex_ids,
    version=st.integers(1, 10**9),
    change_type=st.sampled_from(ChangeType),
    old_stock=st.integers(0, 10**9),
    new_stock=st.integers(0, 10**9),
    order_id=st.none() | owned_ids,
    checkout_id=st.none() | owned_ids,
    reason=texts,
    timestamp=moments,
)


def a_product(**fields: Any) -> Product:
    seller_id = fields.pop("seller_id", SELLERS[0])
    known: dict[str, Any] = {
        "id": owned_id(seller_id),
        "seller_id": seller_id,
        "seller_name": "Sam",
        "name": "Oak Lamp",
        "description": "",
        "price": Decimal("9.90"),
        "stock": 10,
        "category": "Home",
        "low_stock_threshold": 5,
        "is_active": True,
        "image_url": None,
        "version": 1,
        "created_at": AT,
        "updated_at": AT,
    }
    return Product(**{**known, **fields})


def a_shelf(product_id: str = PRODUCTS[0], **fields: Any) -> Shelf:
    known: dict[str, Any] = {"name": "Lamp", "price": Decimal("9.90"), "stock": 10, "version": 1, "for_sale": True}
    return Shelf(product_id=product_id, seller_id=product_id[:24], **{**known, **fields})


def a_purchase(*wanted: Line, **fields: Any) -> Purchase:
    merged = merge_lines(wanted or (Line(PRODUCTS[0], 1),))
    known: dict[str, Any] = {"checkout_id": new_checkout_id(merged), "buyer_id": BUYER, "lines": merged}
    return Purchase(**{**known, **fields})


def an_order(**fields: Any) -> Order:
    line = OrderLine(product_id=PRODUCTS[0], name="Lamp", quantity=2, price=Decimal("9.90"))
    known: dict[str, Any] = {
        "id": owned_id(SELLERS[0]),
        "checkout_id": owned_id(SELLERS[0]),
        "buyer_id": BUYER,
        "seller_id": SELLERS[0],
        "product_list": (line,),
        "total_amount": Decimal("19.80"),
        "status": Status.PLACED,
        "timestamp": AT,
    }
    return Order(**{**known, **fields})


def a_log(version: int, old: int, new: int, **fields: Any) -> StockLog:
    known: dict[str, Any] = {"change_type": ChangeType.RESTOCK, "product_id": PRODUCTS[0], "at": AT}
    known |= fields
    return stock_log(seller_id=known["product_id"][:24], version=version, old_stock=old, new_stock=new, **known)


def a_user(**fields: Any) -> User:
    known: dict[str, Any] = {
        "id": f"{0xBB:024x}",
        "name": "Bea",
        "email": "bea@example.com",
        "role": Role.BUYER,
        "password_hash": "",
        "created_at": AT,
    }
    return User(**{**known, **fields})


def a_session(**fields: Any) -> Session:
    at = clock.now()
    known: dict[str, Any] = {
        "id": f"{0x55:024x}",
        "user_id": BUYER,
        "role": Role.BUYER,
        "generation": 0,
        "rotated_at": at,
        "expires_at": clock.from_ms(clock.to_ms(at) + 3_600_000),
    }
    return Session(**{**known, **fields})

"""Entities to BSON and back: the only place that knows the fields of the documents."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from shardmart.domain.accounts import Role, Session, User, email_key
from shardmart.domain.cart import Cart
from shardmart.domain.errors import Shortfall
from shardmart.domain.listings import Product, fold, words_of
from shardmart.domain.notices import Kind, Notice
from shardmart.domain.orders import Order, OrderLine, Status
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase, Rejected, Shelf
from shardmart.domain.stock import ChangeType, StockLog

Document = dict[str, Any]

_BID = struct.Struct("<QQ")
_EXPONENT_BIAS, _FIRST_SPECIAL = 6176, 0x3000  # IEEE 754-2008, BID


def decimal_of(value: Decimal128) -> Decimal:
    """`value.to_decimal()`, in a sixth of the time for what money looks like: small and not negative."""
    low, high = _BID.unpack(value.bid)
    exponent, digits = divmod(high, 1 << 49)
    if not digits and exponent < _FIRST_SPECIAL:
        return Decimal(low).scaleb(exponent - _EXPONENT_BIAS)
    return value.to_decimal()


# ---- accounts


def user_document(user: User) -> Document:
    return {
        "_id": user.id,
        "name": user.name,
        "email": user.email,
        "email_key": email_key(user.email),
        "role": user.role.value,
        "password_hash": user.password_hash,
        "created_at": user.created_at,
        "deleted": False,
    }


def user_of(d: Document) -> User:
    return User(
        id=d["_id"],
        name=d["name"],
        email=d["email"],
        role=Role(d["role"]),
        password_hash=d["password_hash"],
        created_at=d["created_at"],
    )


def session_document(session: Session) -> Document:
    return {
        "_id": session.id,
        "user_id": session.user_id,
        "role": session.role.value,
        "generation": session.generation,
        "rotated_at": session.rotated_at,
        "expires_at": session.expires_at,
    }


def session_of(d: Document) -> Session:
    return Session(
        id=d["_id"],
        user_id=d["user_id"],
        role=Role(d["role"]),
        generation=d["generation"],
        rotated_at=d["rotated_at"],
        expires_at=d["expires_at"],
    )


# ---- products

PRODUCT_FIELDS = dict.fromkeys(Product.__slots__[1:], 1)  # a projection: what listings need and no more
SHELF_FIELDS = dict.fromkeys(
    ("seller_id", "name", "price", "stock", "version", "is_active", "low_stock_threshold"), 1
)


def product_document(product: Product) -> Document:
    return {
        "_id": product.id,
        "seller_id": product.seller_id,
        "seller_name": product.seller_name,
        "name": product.name,
        "description": product.description,
        "price": Decimal128(product.price),
        "stock": product.stock,
        "category": product.category,
        "low_stock_threshold": product.low_stock_threshold,
        "is_active": product.is_active,
        "image_url": product.image_url,
        "version": product.version,
        "created_at": product.created_at,
        "updated_at": product.updated_at,
        "deleted": False,
        **derived_fields(product),
    }


def derived_fields(product: Product) -> Document:
    """What only the indexes need.

    `listed_in`: the lists that show the product, so that one index per sort serves every mix of filters.
    `terms`: the folded words it is found by. Both are empty for what is not offered.
    """
    folded_name = " ".join(words_of(product.name))
    return {
        "in_stock": product.stock > 0,
        "name_key": folded_name or fold(product.name),
        "listed_in": lists_of(product) if product.is_active else [],
        "terms": list(words_of(f"{product.name} {product.category}")) if product.is_active else [],
    }


def lists_of(product: Product) -> list[str]:
    return [
        list_name(),
        list_name(category=product.category),
        list_name(seller_id=product.seller_id),
        list_name(category=product.category, seller_id=product.seller_id),
    ]


def list_name(*, category: str | None = None, seller_id: str | None = None) -> str:
    """The name of the list of all products, of a category, of a seller, or of both: `seller|category`."""
    return f"{seller_id or ''}|{category or ''}"


def product_of(d: Document) -> Product:
    return Product(
        d["_id"],
        d["seller_id"],
        d["seller_name"],
        d["name"],
        d["description"],
        decimal_of(d["price"]),
        d["stock"],
        d["category"],
        d["low_stock_threshold"],
        d["is_active"],
        d["image_url"],
        d["version"],
        d["created_at"],
        d["updated_at"],
    )


def shelf_of(d: Document) -> Shelf:
    return Shelf(
        product_id=d["_id"],
        seller_id=d["seller_id"],
        name=d["name"],
        price=decimal_of(d["price"]),
        stock=d["stock"],
        version=d["version"],
        for_sale=d["is_active"],
        low_stock_threshold=d["low_stock_threshold"],
    )


# ---- stock logs


def log_document(log: StockLog) -> Document:
    return {
        "_id": log.id,
        "product_id": log.product_id,
        "seller_id": log.seller_id,
        "version": log.version,
        "change_type": log.change_type.value,
        "old_stock": log.old_stock,
        "new_stock": log.new_stock,
        "order_id": log.order_id,
        "checkout_id": log.checkout_id,
        "reason": log.reason,
        "timestamp": log.timestamp,
    }


def log_of(d: Document) -> StockLog:
    return StockLog(
        id=d["_id"],
        product_id=d["product_id"],
        seller_id=d["seller_id"],
        version=d["version"],
        change_type=ChangeType(d["change_type"]),
        old_stock=d["old_stock"],
        new_stock=d["new_stock"],
        order_id=d["order_id"],
        checkout_id=d["checkout_id"],
        reason=d["reason"],
        timestamp=d["timestamp"],
    )


# ---- notices


def notice_document(notice: Notice) -> Document:
    return {
        "_id": notice.id,
        "user_id": notice.user_id,
        "seller_id": notice.seller_id,
        "kind": notice.kind.value,
        "text": notice.text,
        "subject_id": notice.subject_id,
        "details": dict(notice.details),
        "read": notice.read,
        "created_at": notice.created_at,
    }


def notice_of(d: Document) -> Notice:
    return Notice(
        id=d["_id"],
        user_id=d["user_id"],
        seller_id=d["seller_id"],
        kind=Kind(d["kind"]),
        text=d["text"],
        subject_id=d["subject_id"],
        created_at=d["created_at"],
        details=d["details"],
        read=d["read"],
    )


# ---- orders, checkouts


def order_document(order: Order) -> Document:
    return {
        "_id": order.id,
        "checkout_id": order.checkout_id,
        "buyer_id": order.buyer_id,
        "seller_id": order.seller_id,
        "product_list": [
            {
                "product_id": line.product_id,
                "name": line.name,
                "quantity": line.quantity,
                "price": Decimal128(line.price),
            }
            for line in order.product_list
        ],
        "total_amount": Decimal128(order.total_amount),
        "status": order.status.value,
        "timestamp": order.timestamp,
    }


def order_of(d: Document) -> Order:
    return Order(
        id=d["_id"],
        checkout_id=d["checkout_id"],
        buyer_id=d["buyer_id"],
        seller_id=d["seller_id"],
        product_list=tuple(
            OrderLine(
                product_id=line["product_id"],
                name=line["name"],
                quantity=line["quantity"],
                price=decimal_of(line["price"]),
            )
            for line in d["product_list"]
        ),
        total_amount=decimal_of(d["total_amount"]),
        status=Status(d["status"]),
        timestamp=d["timestamp"],
    )


def outcome_document(purchase: Purchase, outcome: Outcome) -> Document:
    """Co-located with the home seller. Holds the answer as it was given: orders change, answers do not."""
    document = {
        "_id": outcome.checkout_id,
        "seller_id": purchase.home_seller,
        "claim_id": purchase.claim_id,
        "buyer_id": purchase.buyer_id,
    }
    if isinstance(outcome, Placed):
        return {
            **document,
            "status": "placed",
            "total_amount": Decimal128(outcome.total_amount),
            "orders": [order_document(order) for order in outcome.orders],
        }
    items = [
        {"product_id": item.product_id, "requested": item.requested, "available": item.available}
        for item in outcome.items
    ]
    return {**document, "status": "rejected", "code": outcome.code, "items": items}


def outcome_of(d: Document) -> Outcome:
    if d["status"] == "placed":
        return Placed(d["_id"], decimal_of(d["total_amount"]), tuple(order_of(order) for order in d["orders"]))
    return Rejected(d["_id"], d["code"], tuple(Shortfall(**item) for item in d["items"]))


def purchase_document(purchase: Purchase) -> Document:
    return {
        "checkout_id": purchase.checkout_id,
        "buyer_id": purchase.buyer_id,
        "lines": lines_document(purchase.lines),
        "expected_total": None if purchase.expected_total is None else Decimal128(purchase.expected_total),
        "claim_id": purchase.claim_id,
        "cart_version": purchase.cart_version,
    }


def purchase_of(d: Document) -> Purchase:
    total = d["expected_total"]
    return Purchase(
        checkout_id=d["checkout_id"],
        buyer_id=d["buyer_id"],
        lines=lines_of(d["lines"]),
        expected_total=None if total is None else decimal_of(total),
        claim_id=d["claim_id"],
        cart_version=d["cart_version"],
    )


def cart_of(d: Document) -> Cart:
    return Cart(d["_id"], lines_of(d["lines"]), d["version"])


def lines_document(lines: tuple[Line, ...]) -> list[Document]:
    return [{"product_id": line.product_id, "quantity": line.quantity} for line in lines]


def lines_of(documents: list[Document]) -> tuple[Line, ...]:
    return tuple(Line(d["product_id"], d["quantity"]) for d in documents)

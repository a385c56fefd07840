"""Demo accounts and a catalogue, the same at every run: ids, names and prices follow from numbers.

It writes through the same documents as the shop, logs included, in unordered batches; what is there already is left
alone, so it may run again, and be killed in the middle.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pymongo.errors import BulkWriteError

from shardmart.adapters.mongo.client import Document, Mongo
from shardmart.adapters.mongo.documents import log_document, product_document, user_document
from shardmart.domain import clock
from shardmart.domain.accounts import Role, User
from shardmart.domain.ids import owned_id
from shardmart.domain.listings import Product, fold
from shardmart.domain.ports import Passwords
from shardmart.service.catalogue import first_log

DEMO_PASSWORD = "demo123"  # noqa: S105 - public on purpose; accounts with it exist in demos only
BATCH = 250  # small enough that a batch is stored within the driver's timeout on a machine that is busy
DUPLICATE = 11000

_QUALITIES = (
    *("Plain", "Soft", "Sturdy", "Bright", "Quiet", "Light", "Warm"),
    *("Round", "Slim", "Classic", "Foldable", "Handmade", "Compact", "Fresh"),
)
_MATERIALS = (
    *("Oak", "Cotton", "Steel", "Linen", "Bamboo", "Clay"),
    *("Glass", "Wool", "Cork", "Copper", "Leather", "Paper"),
)
_THINGS: dict[str, list[str]] = {
    "Home": ["Lamp", "Blanket", "Mirror", "Clock", "Cushion", "Candle", "Vase"],
    "Kitchen": ["Teapot", "Pan", "Knife", "Bowl", "Kettle", "Grinder", "Board"],
    "Garden": ["Planter", "Rake", "Bench", "Lantern", "Hose", "Trowel"],
    "Office": ["Notebook", "Pen", "Stapler", "Folder", "Desk", "Stand"],
    "Outdoor": ["Tent", "Backpack", "Bottle", "Hammock", "Compass", "Stove"],
    "Toys": ["Puzzle", "Kite", "Blocks", "Train", "Marbles", "Robot"],
    "Books": ["Atlas", "Cookbook", "Novel", "Guide", "Almanac", "Sketchbook"],
    "Sport": ["Racket", "Ball", "Mat", "Rope", "Gloves", "Helmet"],
}


async def seed(mongo: Mongo, passwords: Passwords, *, sellers: int, products: int, buyers: int) -> dict[str, int]:
    """How many accounts and products there are afterwards that this seed made."""
    password_hash = await passwords.hash(DEMO_PASSWORD)  # once: a hash takes a quarter of a second
    users = list(_users(password_hash, sellers, buyers))
    await _insert(mongo, "users", ({**user_document(user), "name_key": fold(user.name)} for user in users))
    offering = [user for user in users if user.role is Role.SELLER]
    catalogue = (_product(offering[n % len(offering)], n) for n in range(products))
    while batch := list(itertools.islice(catalogue, BATCH)):
        # logs first: a product that is on the shelves always has its first log
        await _insert(mongo, "inventory_logs", (log_document(first_log(product)) for product in batch))
        await _insert(mongo, "products", (product_document(product) for product in batch))
    return {"users": len(users), "products": products}


def _users(password_hash: str, sellers: int, buyers: int) -> Iterator[User]:
    named = [("admin", Role.ADMIN, 1), ("seller", Role.SELLER, sellers), ("buyer", Role.BUYER, buyers)]
    for word, role, number in named:
        for n in range(max(1, number)):
            yield User(
                id=_digits(word, n),
                name=f"Demo {word}" if n == 0 else f"Demo {word} {n + 1}",
                email=f"{word}@demo.com" if n == 0 else f"{word}{n + 1}@demo.com",
                role=role,
                password_hash=password_hash,
                created_at=_SINCE + timedelta(seconds=n),
            )


def _product(seller: User, n: int) -> Product:
    category = list(_THINGS)[n % len(_THINGS)]
    things = _THINGS[category]
    spread = int(_digits("spread", n)[:8], 16)
    quality, material = _QUALITIES[spread % len(_QUALITIES)], _MATERIALS[spread // 16 % len(_MATERIALS)]
    thing = things[n // len(_THINGS) % len(things)]
    at = _SINCE + timedelta(seconds=n)
    return Product(
        id=owned_id(seller.id, _digits("product", n)),
        seller_id=seller.id,
        seller_name=seller.name,
        name=f"{quality} {material} {thing}",
        description=f"A {quality.lower()} {thing.lower()} made of {material.lower()}, sold by {seller.name}.",
        price=Decimal(100 + spread // 256 % 19_900).scaleb(-2),
        stock=5 + spread % 96,
        category=category,
        low_stock_threshold=5,
        is_active=True,
        image_url=None,
        version=1,
        created_at=at,
        updated_at=at,
    )


_SINCE = clock.from_ms(1_767_225_600_000)  # 2026-01-01, so that everything is the same at every run


def _digits(kind: str, n: int) -> str:
    return hashlib.sha256(f"{kind} {n}".encode()).hexdigest()[:24]


async def _insert(mongo: Mongo, collection: str, documents: Iterator[Document]) -> None:
    """Inserts what is not there yet."""
    while batch := list(itertools.islice(documents, BATCH)):
        try:
            await mongo.collection(collection).insert_many(batch, ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            unsafe = details.get("writeConcernErrors")
            if unsafe or any(e["code"] != DUPLICATE for e in details.get("writeErrors", ())):
                raise

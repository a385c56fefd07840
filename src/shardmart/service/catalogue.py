"""Looking for products, and selling them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role, User
from shardmart.domain.errors import FieldError, Forbidden, InvalidInput, NotFound, Unauthenticated
from shardmart.domain.ids import is_owned_id, is_user_id, owned_id, seller_of
from shardmart.domain.listings import (
    DEFAULT_LOW_STOCK_THRESHOLD,
    CategoryCount,
    ListingQuery,
    NewProduct,
    Product,
    ProductChanges,
)
from shardmart.domain.paging import Page, Position
from shardmart.domain.stock import ChangeType, StockLog, stock_log
from shardmart.service.shop import Shop

EXPORT_BATCH = 500


async def search(shop: Shop, query: ListingQuery, *, after: Position | None, limit: int) -> Page[Product]:
    return await shop.products.search(query, after=after, limit=limit)


async def categories(shop: Shop) -> list[CategoryCount]:
    return await shop.products.categories()


async def view(shop: Shop, id: str, actor: Actor | None) -> Product:
    """A product; a disabled one only for its owner and admins. Raises NotFound."""
    product = await existing(shop, id)
    if not product.is_active and not _owns(actor, product.id):
        raise NotFound
    return product


async def my_products(shop: Shop, actor: Actor, *, after: Position | None, limit: int) -> Page[Product]:
    return await shop.products.of_seller(actor.id, after=after, limit=limit)


async def export(shop: Shop, actor: Actor) -> list[Product]:
    """All products of a seller, newest first."""
    found: list[Product] = []
    after: Position | None = None
    while True:
        page = await shop.products.of_seller(actor.id, after=after, limit=EXPORT_BATCH)
        found += page.items
        after = page.next
        if after is None:
            return found


async def create(
    shop: Shop,
    actor: Actor,
    *,
    name: str,
    price: Decimal,
    stock: int,
    category: str,
    description: str = "",
    low_stock_threshold: int | None = None,
    seller_id: str | None = None,
) -> Product:
    """A new product with its first log, 0 -> stock. An admin names the seller, a seller sells for themselves."""
    seller = await shop.accounts.by_id(await _seller_for(actor, seller_id))
    if seller is None and not actor.is_admin:
        raise Unauthenticated  # deleted a moment ago
    if seller is None or seller.role is not Role.SELLER:
        raise InvalidInput([FieldError("seller_id", "is not a seller")])
    offered = NewProduct(name, price, stock, category, description, low_stock_threshold)
    product = new_product(seller, offered, at=clock.now())
    await shop.products.add(product, log=first_log(product))
    return product


def new_product(seller: User, offered: NewProduct, *, at: datetime) -> Product:
    """What a seller offers, as it stands on the shelves for the first time."""
    threshold = offered.low_stock_threshold
    return Product(
        id=owned_id(seller.id),
        seller_id=seller.id,
        seller_name=seller.name,
        name=offered.name,
        description=offered.description,
        price=offered.price,
        stock=offered.stock,
        category=offered.category,
        low_stock_threshold=DEFAULT_LOW_STOCK_THRESHOLD if threshold is None else threshold,
        is_active=True,
        image_url=None,
        version=1,
        created_at=at,
        updated_at=at,
    )


def first_log(product: Product) -> StockLog:
    """The beginning of every product's chain."""
    return stock_log(
        seller_id=product.seller_id,
        product_id=product.id,
        version=product.version,
        change_type=ChangeType.RESTOCK,
        old_stock=0,
        new_stock=product.stock,
        at=product.created_at,
        reason="first stock",
    )


async def edit(
    shop: Shop, actor: Actor, id: str, changes: ProductChanges, *, expected_version: int | None
) -> Product:
    """Raises NotFound, Forbidden (someone else's), VersionConflict."""
    seller_id = await owner_of(shop, actor, id)
    return await shop.products.change(
        seller_id=seller_id, id=id, changes=changes, expected_version=expected_version, at=clock.now()
    )


async def change_stock(shop: Shop, actor: Actor, id: str, *, delta: int, reason: str) -> Product:
    """Raises NotFound, Forbidden, InsufficientStock when it would go below 0."""
    seller_id = await owner_of(shop, actor, id)
    return await shop.products.add_stock(seller_id=seller_id, id=id, delta=delta, reason=reason, at=clock.now())


async def logs(shop: Shop, actor: Actor, id: str, *, after: Position | None, limit: int) -> Page[StockLog]:
    """Those of a product that has left the shop stay. Raises NotFound, Forbidden."""
    seller_id = await owner_of(shop, actor, id)
    found = await shop.products.logs(seller_id=seller_id, product_id=id, after=after, limit=limit)
    if not found.items and after is None:  # every product has its first log
        raise NotFound
    return found


async def remove(shop: Shop, actor: Actor, id: str) -> None:
    """The product leaves the shop; its orders and logs stay. Raises NotFound, Forbidden."""
    seller_id = await owner_of(shop, actor, id)
    await shop.products.remove(seller_id=seller_id, id=id, at=clock.now())


async def set_active(shop: Shop, id: str, *, active: bool) -> Product:
    """Moderation. Raises NotFound."""
    if not is_owned_id(id):
        raise NotFound
    return await shop.products.set_active(seller_id=seller_of(id), id=id, active=active, at=clock.now())


async def existing(shop: Shop, id: str) -> Product:
    """A product, disabled ones too. Raises NotFound."""
    product = await shop.products.get(seller_id=seller_of(id), id=id) if is_owned_id(id) else None
    if product is None:
        raise NotFound
    return product


def _owns(actor: Actor | None, product_id: str) -> bool:
    return actor is not None and (actor.is_admin or actor.id == seller_of(product_id))


async def owner_of(shop: Shop, actor: Actor, id: str) -> str:
    """The seller under whose id the product is reached, which is part of every query that follows.

    Ids carry their seller, so the owner needs no look-up; others learn whether it exists at all.
    """
    if is_owned_id(id) and _owns(actor, id):
        return seller_of(id)
    await existing(shop, id)
    raise Forbidden


async def _seller_for(actor: Actor, seller_id: str | None) -> str:
    if not actor.is_admin:
        if seller_id is not None:
            raise InvalidInput([FieldError("seller_id", "is for admins")])
        return actor.id
    if seller_id is None or not is_user_id(seller_id):
        raise InvalidInput([FieldError("seller_id", "an admin names the seller")])
    return seller_id

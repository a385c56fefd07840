"""A product's photo: stored first, then named by the product, and only then is the one before taken away."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from shardmart.domain import clock
from shardmart.domain.accounts import Actor
from shardmart.domain.errors import NotFound, Unavailable
from shardmart.domain.listings import Product
from shardmart.domain.photos import image_url, is_version, made_at, new_photo_id, photo_of, product_of_photo
from shardmart.service import catalogue
from shardmart.service.shop import Shop

SWEEP_AGE_SECONDS = 600  # longer than any upload: what no product names by then is nobody's
SWEEP_BATCH = 200


@dataclass(slots=True, frozen=True)
class Photo:
    """`lasting`: the address it was asked for under will never show another one, and everybody may keep it."""

    id: str
    data: bytes
    lasting: bool
    public: bool


async def put(shop: Shop, actor: Actor, id: str, data: bytes) -> Product:
    """The product with its new photo. Raises NotFound, Forbidden (someone else's), InvalidInput (not a picture)."""
    seller_id = await catalogue.owner_of(shop, actor, id)
    before = await catalogue.existing(shop, id)
    picture = await shop.pictures.normal(data)
    photo_id = new_photo_id(id)
    await shop.photos.add(photo_id, picture)
    try:
        product = await _name(shop, seller_id, id, image_url(photo_id))
    except NotFound:  # deleted meanwhile
        await _forget(shop, photo_id)
        raise
    await _forget(shop, photo_of(id, before.image_url))
    return product


async def remove(shop: Shop, actor: Actor, id: str) -> Product:
    """The product without a photo, also when it had none. Raises NotFound, Forbidden."""
    seller_id = await catalogue.owner_of(shop, actor, id)
    before = await catalogue.existing(shop, id)
    product = await _name(shop, seller_id, id, None)
    await _forget(shop, photo_of(id, before.image_url))
    return product


async def view(shop: Shop, id: str, actor: Actor | None, *, version: str | None) -> Photo:
    """The product's photo, whatever `version` the address names. Raises NotFound, also when there is none."""
    product = await catalogue.view(shop, id, actor)
    photo_id = photo_of(id, product.image_url)
    data = await shop.photos.get(photo_id) if photo_id else None
    if photo_id is None or data is None:
        raise NotFound
    return Photo(photo_id, data, lasting=is_version(photo_id, version), public=product.is_active)


async def sweep(shop: Shop, *, older_than: float = SWEEP_AGE_SECONDS) -> int:
    """Removes photos that no product names: of crashes, lost races, deleted products. How many there were."""
    limit, after, removed = clock.to_ms(clock.now()) / 1000 - older_than, "", 0
    while ids := await shop.photos.ids(after=after, limit=SWEEP_BATCH):
        named = await shop.products.image_urls(sorted({product_of_photo(id) for id in ids}))
        for id in ids:
            product_id = product_of_photo(id)
            if photo_of(product_id, named.get(product_id)) != id and made_at(id) < limit:
                await shop.photos.remove(id)
                removed += 1
        after = ids[-1]
    return removed


async def _name(shop: Shop, seller_id: str, id: str, url: str | None) -> Product:
    return await shop.products.set_image(seller_id=seller_id, id=id, image_url=url, at=clock.now())


async def _forget(shop: Shop, photo_id: str | None) -> None:
    """At once if that works; otherwise the sweeper's."""
    if photo_id is not None:
        with contextlib.suppress(Unavailable):
            await shop.photos.remove(photo_id)

"""Photos that nobody names are taken away, those that somebody names stay."""

from __future__ import annotations

import asyncio

import pytest

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import NotFound
from shardmart.domain.listings import Product
from shardmart.domain.photos import new_photo_id, photo_of
from shardmart.service import photos
from tests.integration.lab import Lab
from tests.support.pictures import picture


def owner(product: Product) -> Actor:
    return Actor(product.seller_id, Role.SELLER, "s")


async def stored(lab: Lab) -> list[str]:
    ids: list[str] = await lab.shop.photos.ids(after="", limit=100)
    assert await lab.db["images.files"].count_documents({}) == len(ids)
    return ids


async def test_a_photo_replaces_the_one_before(lab: Lab) -> None:
    product = await lab.offer()
    await photos.put(lab.shop, owner(product), product.id, picture())
    second = await photos.put(lab.shop, owner(product), product.id, picture("JPEG"))
    assert await stored(lab) == [photo_of(product.id, second.image_url)]


async def test_photos_put_at_once_leave_one_that_can_be_seen_and_the_sweeper_removes_the_others(lab: Lab) -> None:
    product = await lab.offer()
    await asyncio.gather(*(photos.put(lab.shop, owner(product), product.id, picture()) for _ in range(4)))
    await photos.sweep(lab.shop)
    shown = await photos.view(lab.shop, product.id, None, version=None)
    assert shown.data
    await photos.sweep(lab.shop, older_than=-10)
    assert await stored(lab) == [shown.id]
    assert (await photos.view(lab.shop, product.id, None, version=None)).data == shown.data


async def test_what_is_being_put_is_not_swept_away(lab: Lab) -> None:
    product = await lab.offer()
    await lab.shop.photos.add(new_photo_id(product.id), b"not named yet")
    assert await photos.sweep(lab.shop) == 0
    assert len(await stored(lab)) == 1


async def test_the_photo_of_a_deleted_product_and_half_an_upload_are_swept_away(lab: Lab) -> None:
    product, other = await lab.offer(), await lab.offer()
    await photos.put(lab.shop, owner(product), product.id, picture())
    kept = await photos.put(lab.shop, owner(other), other.id, picture())
    broken_off = {"files_id": new_photo_id(other.id), "n": 0, "data": b"x"}
    await lab.db["images.chunks"].insert_one(broken_off)
    await lab.products.remove(seller_id=product.seller_id, id=product.id, at=clock.now())
    assert await photos.sweep(lab.shop, older_than=-10) == 2
    assert await stored(lab) == [photo_of(other.id, kept.image_url)]


async def test_a_product_deleted_while_its_photo_is_read_keeps_none(
    one_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await one_lab.offer()
    real = one_lab.shop.photos.add

    async def slow(photo_id: str, data: bytes) -> None:
        await real(photo_id, data)
        await one_lab.products.remove(seller_id=product.seller_id, id=product.id, at=clock.now())

    monkeypatch.setattr(one_lab.shop.photos, "add", slow)
    with pytest.raises(NotFound):
        await photos.put(one_lab.shop, owner(product), product.id, picture())
    assert await stored(one_lab) == []

"""Photos of products (contract §3, Products)."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from tests.contract.test_api_products import IMPOSSIBLE_IDS
from tests.support.api import invalid, ok, problem
from tests.support.pictures import BLUE, RED, bomb, encoded, opened, picture, with_exif
from tests.support.shop import Person, Shop

LIMIT = 2 * 1024 * 1024


def put(person: Person, product: dict[str, Any], data: bytes, media_type: str = "image/png") -> Any:
    return person.api.put(f"/api/products/{product['id']}/image", content=data, headers={"content-type": media_type})


def like(found: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(found, wanted, strict=True))


@pytest.fixture
def product(shop: Shop, seller: Person) -> dict[str, Any]:
    return shop.product(seller, stock=7)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_shown_under_the_address_that_the_product_tells(
    shop: Shop, seller: Person, product: dict[str, Any], format: str
) -> None:
    changed = ok(put(seller, product, picture(format), f"image/{format.lower()}"))
    assert changed["version"] == product["version"] + 1
    assert {**changed, "image_url": None, "version": 0, "updated_at": 0} == {**product, "version": 0, "updated_at": 0}
    assert ok(shop.anonymous.get(f"/api/products/{product['id']}")) == changed
    answer = shop.anonymous.get(changed["image_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    shown = opened(answer.content).convert("RGB")
    assert shown.size == (60, 40)
    assert like(shown.getpixel((10, 20)), RED) and like(shown.getpixel((50, 20)), BLUE)


def test_a_photo_is_kept_for_ever_under_its_own_address_only(
    shop: Shop, seller: Person, product: dict[str, Any]
) -> None:
    first = ok(put(seller, product, picture()))["image_url"]
    assert "immutable" in shop.anonymous.get(first).headers["cache-control"]
    plain = shop.anonymous.get(f"/api/products/{product['id']}/image")
    assert (plain.status_code, plain.headers["cache-control"]) == (200, "no-cache")
    again = shop.anonymous.get(first, headers={"if-none-match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    second = ok(put(seller, product, picture(size=(30, 30))))["image_url"]
    assert second != first
    assert opened(shop.anonymous.get(second).content).size == (30, 30)
    assert "immutable" not in shop.anonymous.get(first).headers["cache-control"]


def test_a_large_photo_is_made_small_and_keeps_its_proportions(
    shop: Shop, seller: Person, product: dict[str, Any]
) -> None:
    url = ok(put(seller, product, picture("JPEG", (4000, 2000))))["image_url"]
    shown = opened(shop.anonymous.get(url).content)
    assert shown.size == (1200, 600)


def test_what_a_camera_tells_beside_the_picture_is_gone_and_the_picture_upright(
    shop: Shop, seller: Person, product: dict[str, Any]
) -> None:
    url = ok(put(seller, product, with_exif(orientation=6), "image/jpeg"))["image_url"]
    answer = shop.anonymous.get(url)
    shown = opened(answer.content)
    assert b"SecretCamera" not in answer.content and not dict(shown.getexif())
    assert shown.size == (40, 60)  # turned by 90 degrees: the left is on top
    assert like(shown.convert("RGB").getpixel((20, 10)), RED)


def test_what_is_transparent_stays_so(shop: Shop, seller: Person, product: dict[str, Any]) -> None:
    clear = opened(picture(mode="RGBA"))
    clear.putalpha(0)
    url = ok(put(seller, product, encoded(clear, "PNG")))["image_url"]
    shown = opened(shop.anonymous.get(url).content)
    assert shown.mode == "RGBA" and shown.getpixel((5, 5))[3] == 0


NOT_PICTURES = {
    "nothing": b"",
    "text": b"no picture at all",
    "json": b'{"image": "x"}',
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "gif": picture("GIF"),
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "half a png": picture()[:60],
    "half a jpeg": picture("JPEG", (800, 800), quality=100)[:400],
    "a png in name only": b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
    "a webp in name only": b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"\xff" * 300,
    "a decompression bomb": bomb(),
}


@pytest.mark.parametrize("what", NOT_PICTURES)
def test_anything_else_is_refused_and_changes_nothing(
    shop: Shop, seller: Person, product: dict[str, Any], what: str
) -> None:
    assert len(NOT_PICTURES[what]) < LIMIT
    began = time.monotonic()
    invalid(put(seller, product, NOT_PICTURES[what]), "image")
    assert time.monotonic() - began < 9
    assert ok(shop.anonymous.get(f"/api/products/{product['id']}")) == product
    problem(shop.anonymous.get(f"/api/products/{product['id']}/image"), 404, "not_found")


def test_two_megabytes_are_read_and_no_more(shop: Shop, seller: Person, product: dict[str, Any]) -> None:
    png = picture()
    full = png + b"\0" * (LIMIT - len(png))  # what follows the end of a PNG does not belong to it
    ok(put(seller, product, full))
    problem(put(seller, product, full + b"\0"), 413, "payload_too_large")
    path = f"/api/products/{product['id']}/image"
    unannounced = (full[n : n + 65536] for n in range(0, len(full) + 65536, 65536))
    chunked = seller.api.put(path, content=iter([*unannounced, b"\0" * 65536]))
    problem(chunked, 413, "payload_too_large")
    problem(seller.api.post("/api/products/", content=b" " * 65537), 413, "payload_too_large")


def test_who_may_not_is_told_so_before_the_photo_is_read(shop: Shop, buyer: Person, product: dict[str, Any]) -> None:
    junk = os.urandom(1000)
    problem(put(shop.seller(), product, junk), 403, "forbidden")
    problem(put(buyer, product, junk), 403, "forbidden")
    problem(shop.anonymous.put(f"/api/products/{product['id']}/image", content=junk), 401, "unauthenticated")


@pytest.mark.parametrize("impossible", IMPOSSIBLE_IDS)
def test_an_impossible_product_has_no_photo(shop: Shop, seller: Person, impossible: str) -> None:
    path = f"/api/products/{impossible}/image"
    for answer in (shop.anonymous.get(path), seller.api.put(path, content=picture()), seller.api.delete(path)):
        problem(answer, 404, "not_found")


def test_a_photo_is_taken_away_once_and_again(shop: Shop, seller: Person, product: dict[str, Any]) -> None:
    url = ok(put(seller, product, picture()))["image_url"]
    bare = ok(seller.api.delete(f"/api/products/{product['id']}/image"))
    assert (bare["image_url"], bare["version"]) == (None, product["version"] + 2)
    assert ok(seller.api.delete(f"/api/products/{product['id']}/image")) == bare
    problem(shop.anonymous.get(url), 404, "not_found")


def test_a_deleted_product_shows_no_photo_and_takes_none(shop: Shop, seller: Person, product: dict[str, Any]) -> None:
    url = ok(put(seller, product, picture()))["image_url"]
    assert seller.api.delete(f"/api/products/{product['id']}").status_code == 204
    problem(shop.anonymous.get(url), 404, "not_found")
    problem(put(seller, product, picture()), 404, "not_found")
    problem(seller.api.delete(f"/api/products/{product['id']}/image"), 404, "not_found")


def test_a_disabled_products_photo_is_shown_to_its_owner_and_admins_and_kept_by_nobody(
    shop: Shop, seller: Person, admin: Person, buyer: Person, product: dict[str, Any]
) -> None:
    url = ok(put(seller, product, picture()))["image_url"]
    ok(admin.api.put(f"/api/admin/products/{product['id']}/disable"))
    for person in (seller, admin):
        answer = person.api.get(url)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    for api in (buyer.api, shop.anonymous):
        problem(api.get(url), 404, "not_found")


def test_a_photo_is_no_change_of_the_stock(shop: Shop, seller: Person, product: dict[str, Any]) -> None:
    ok(put(seller, product, picture()))
    ok(seller.api.post(f"/api/products/{product['id']}/stock", json={"delta": 2}))
    assert [log["new_stock"] for log in shop.logs_of(product, seller)] == [7, 9]
    assert shop.audit()["consistent"]

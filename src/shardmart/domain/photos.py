"""Photos of products. A photo never changes: another one has another id, and with it the product another address."""

from __future__ import annotations

from shardmart.domain.ids import new_id

PRODUCT_ID_LENGTH = 49


def new_photo_id(product_id: str) -> str:
    """`<product>-<24 hex digits>`; sorts with its product, and tells when it was made."""
    return f"{product_id}-{new_id()}"


def product_of_photo(photo_id: str) -> str:
    return photo_id[:PRODUCT_ID_LENGTH]


def made_at(photo_id: str) -> int:
    """Seconds since 1970."""
    return int(_digits(photo_id)[:8], 16)


def image_url(photo_id: str) -> str:
    return f"/api/products/{product_of_photo(photo_id)}/image?v={_digits(photo_id)}"


def photo_of(product_id: str, image_url: str | None) -> str | None:
    """The photo that a product's `image_url` names."""
    return f"{product_id}-{image_url.rsplit('=', 1)[-1]}" if image_url else None


def is_version(photo_id: str, version: str | None) -> bool:
    """Whether an address with `?v=version` is this photo's."""
    return version == _digits(photo_id)


def _digits(photo_id: str) -> str:
    return photo_id[PRODUCT_ID_LENGTH + 1 :]

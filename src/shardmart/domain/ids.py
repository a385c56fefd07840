"""Public ids. What belongs to a seller starts with the seller's id, so the shard key can be read off any id.

user      24 hex digits                       6553f1…
product   <seller>-<24 hex digits>            6553f1…-6553f2…
order     <seller>-<24 hex digits>            the digits are those of its checkout
checkout  <home seller>-<24 hex digits>       home: the first of the checkout's sellers in order
log       <product>-<version, 10 digits>      sorts as the chain of the product's changes
"""

from __future__ import annotations

import itertools
import os
import re
import time

_USER = re.compile(r"[0-9a-f]{24}\Z")
_OWNED = re.compile(r"[0-9a-f]{24}-[0-9a-f]{24}\Z")
_process = os.urandom(5)
_process_id = os.getpid()
_counter = itertools.count(int.from_bytes(os.urandom(3), "big"))


def new_id() -> str:
    """24 hex digits in the manner of BSON's ObjectId: seconds, five random bytes per process, a counter."""
    global _process, _process_id
    if _process_id != os.getpid():
        _process, _process_id = os.urandom(5), os.getpid()
    tail = (next(_counter) & 0xFFFFFF).to_bytes(3, "big")
    return (int(time.time()).to_bytes(4, "big") + _process + tail).hex()


def owned_id(seller_id: str, digits: str | None = None) -> str:
    """The id of something that belongs to `seller_id`: a product, an order, a checkout at home there."""
    return f"{seller_id}-{digits or new_id()}"


def is_user_id(value: str) -> bool:
    return _USER.match(value) is not None


def is_owned_id(value: str) -> bool:
    return _OWNED.match(value) is not None


def seller_of(owned: str) -> str:
    """The seller's id in front of a product, order, checkout or log id."""
    return owned[:24]


def digits_of(owned: str) -> str:
    """What follows the seller in a product, order or checkout id."""
    return owned[25:49]


def made_at(owned: str) -> int:
    """When the id of a product or a checkout was made, in seconds since 1970."""
    return int(digits_of(owned)[:8], 16)


def log_id(product_id: str, version: int) -> str:
    """One log per product and version: logging a change twice is a duplicate key."""
    return f"{product_id}-{version:010d}"

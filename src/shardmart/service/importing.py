"""Many products at once: new ones in batches, changes one by one, and what cannot be done does not stop the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from shardmart.domain import clock
from shardmart.domain.accounts import Actor
from shardmart.domain.errors import ShardmartError, Unauthenticated, Unavailable
from shardmart.domain.listings import NewProduct, Product, ProductChanges
from shardmart.service.catalogue import first_log, new_product
from shardmart.service.shop import Shop

BATCH, AT_ONCE, MARGIN_SECONDS = 250, 8, 2.0
_NOT_REACHED = "There was no time left for this line. Import it again."
_UNKNOWN = "Whether this line was stored is not known. Look before you import it again."
_ABSENT = "You have no product with this id."


@dataclass(slots=True, frozen=True)
class LineError:
    """`line` counts from 1, as in an editor."""

    line: int
    message: str


@dataclass(slots=True, frozen=True)
class NewLine:
    line: int
    product: NewProduct


@dataclass(slots=True, frozen=True)
class ChangeLine:
    """`expected_version`: the change is for this version alone."""

    line: int
    id: str
    changes: ProductChanges
    expected_version: int | None


@dataclass(slots=True)
class Imported:
    """`updated` counts the lines whose product is now as they say, also where it was so before."""

    created: int = 0
    updated: int = 0
    errors: list[LineError] = field(default_factory=list)


async def apply(
    shop: Shop, actor: Actor, new: Sequence[NewLine], changed: Sequence[ChangeLine], errors: Sequence[LineError]
) -> Imported:
    """What became of the lines; `errors` are those that could not be read. Ends before the request must."""
    until = asyncio.get_running_loop().time() + shop.rules.request_seconds - MARGIN_SECONDS
    done = Imported(errors=list(errors))
    await _create(shop, actor, new, until, done)
    await _change(shop, actor, changed, until, done)
    done.errors.sort(key=lambda error: error.line)
    return done


async def _create(shop: Shop, actor: Actor, lines: Sequence[NewLine], until: float, done: Imported) -> None:
    if not lines:
        return
    seller = await shop.accounts.by_id(actor.id)
    if seller is None:
        raise Unauthenticated  # deleted a moment ago
    for start in range(0, len(lines), BATCH):
        batch = lines[start : start + BATCH]
        if _late(until):
            done.errors += [LineError(one.line, _NOT_REACHED) for one in batch]
            continue
        at = clock.now()
        products = [new_product(seller, one.product, at=at) for one in batch]
        try:
            await shop.products.add_many(products, logs=[first_log(product) for product in products])
            done.created += len(batch)
        except Unavailable:
            done.errors += [LineError(one.line, _UNKNOWN) for one in batch]


async def _change(shop: Shop, actor: Actor, lines: Sequence[ChangeLine], until: float, done: Imported) -> None:
    own = await shop.products.of_ids(seller_id=actor.id, ids=[one.id for one in lines]) if lines else {}
    for start in range(0, len(lines), AT_ONCE):
        batch = lines[start : start + AT_ONCE]
        told = await asyncio.gather(*(_change_one(shop, own.get(one.id), one, until) for one in batch))
        done.updated += told.count(None)
        done.errors += [LineError(one.line, why) for one, why in zip(batch, told, strict=True) if why is not None]


async def _change_one(shop: Shop, product: Product | None, one: ChangeLine, until: float) -> str | None:
    """What went wrong, None if the product is now as the line says."""
    if product is None:
        return _ABSENT
    if one.changes.are_in(product):
        return None
    if _late(until):
        return _NOT_REACHED
    try:
        await shop.products.change(
            seller_id=product.seller_id,
            id=one.id,
            changes=one.changes,
            expected_version=one.expected_version,
            at=clock.now(),
        )
    except Unavailable:
        return _UNKNOWN
    except ShardmartError as error:
        return error.detail
    return None


def _late(until: float) -> bool:
    return asyncio.get_running_loop().time() > until

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from shardmart.domain import clock
from shardmart.domain.errors import InsufficientStock, InvalidInput, NotFound, VersionConflict
from shardmart.domain.listings import Product, ProductChanges
from shardmart.domain.stock import MAX_STOCK, ChangeType, StockLog
from tests.integration.lab import Lab, line
from tests.unit.builders import SELLERS, a_product, a_purchase


async def chain(lab: Lab, product: Product) -> list[StockLog]:
    page = await lab.products.logs(seller_id=product.seller_id, product_id=product.id, after=None, limit=100)
    return page.items[::-1]


async def change(lab: Lab, product: Product, expected_version: int | None = None, **fields: object) -> Product:
    return await lab.products.change(
        seller_id=product.seller_id,
        id=product.id,
        changes=ProductChanges(**fields),  # type: ignore[arg-type]
        expected_version=expected_version,
        at=clock.now(),
    )


async def add(lab: Lab, product: Product, delta: int) -> Product:
    return await lab.products.add_stock(
        seller_id=product.seller_id, id=product.id, delta=delta, reason="counted", at=clock.now()
    )


async def test_a_new_product_is_there_with_its_first_log(lab: Lab) -> None:
    product = await lab.offer(stock=7)
    assert await lab.products.get(seller_id=product.seller_id, id=product.id) == product
    (log,) = await chain(lab, product)
    assert (log.change_type, log.old_stock, log.new_stock, log.version) == (ChangeType.RESTOCK, 0, 7, 1)
    assert await lab.clean()


async def test_stock_moves_by_delta_and_every_move_is_logged(lab: Lab) -> None:
    product = await lab.offer(stock=7)
    assert (await add(lab, product, 5)).stock == 12
    after = await add(lab, product, -12)
    assert (after.stock, after.version) == (0, 3)
    logs = await chain(lab, product)
    assert [(log.old_stock, log.new_stock) for log in logs] == [(0, 7), (7, 12), (12, 0)]
    assert [log.change_type for log in logs[1:]] == [ChangeType.RESTOCK, ChangeType.ADJUSTMENT]
    assert logs[1].reason == "counted"
    assert (await lab.db["products"].find_one({"_id": product.id}))["in_stock"] is False
    assert await lab.clean()


async def test_stock_goes_neither_below_zero_nor_beyond_the_bound(lab: Lab) -> None:
    product = await lab.offer(stock=3)
    with pytest.raises(InsufficientStock) as caught:
        await add(lab, product, -4)
    assert [(item.requested, item.available) for item in caught.value.items] == [(4, 3)]
    with pytest.raises(InvalidInput):
        await add(lab, product, MAX_STOCK - 2)
    assert (await add(lab, product, MAX_STOCK - 3)).stock == MAX_STOCK
    assert len(await chain(lab, product)) == 2


async def test_forty_concurrent_moves_all_count(lab: Lab) -> None:
    product = await lab.offer(stock=10)
    await asyncio.gather(*(add(lab, product, 1 if n % 2 else 2) for n in range(40)))
    assert await lab.stock(product) == 10 + 60
    assert len(await chain(lab, product)) == 41
    assert await lab.clean()


async def test_an_edit_sets_only_what_it_names(lab: Lab) -> None:
    product = await lab.offer(stock=5)
    after = await change(lab, product, name="Ångström Vase", price=Decimal("3.30"))
    assert (after.name, after.price, after.stock, after.version) == ("Ångström Vase", Decimal("3.30"), 5, 2)
    assert len(await chain(lab, product)) == 1
    stored = await lab.db["products"].find_one({"_id": product.id})
    assert stored["terms"] == ["angstrom", "vase", "home"]


async def test_an_absolute_count_is_logged_as_the_difference_it_makes(lab: Lab) -> None:
    product = await lab.offer(stock=5)
    await change(lab, product, stock=9)
    await change(lab, product, stock=2)
    kinds = [(log.change_type, log.old_stock, log.new_stock) for log in await chain(lab, product)]
    assert kinds[1:] == [(ChangeType.RESTOCK, 5, 9), (ChangeType.ADJUSTMENT, 9, 2)]


async def test_an_edit_that_changes_nothing_leaves_the_version(lab: Lab) -> None:
    product = await lab.offer(stock=5)
    assert (await change(lab, product, stock=5, name=product.name)).version == 1


async def test_of_edits_that_expect_the_same_version_one_succeeds(lab: Lab) -> None:
    product = await lab.offer()
    edits = (change(lab, product, expected_version=1, name=f"Name {n}") for n in range(8))
    results = await asyncio.gather(*edits, return_exceptions=True)
    assert sum(isinstance(result, Product) for result in results) == 1
    assert sum(isinstance(result, VersionConflict) for result in results) == 7


async def test_a_removed_product_is_gone_but_its_logs_stay(lab: Lab) -> None:
    product = await lab.offer(stock=4)
    await lab.products.remove(seller_id=product.seller_id, id=product.id, at=clock.now())
    assert await lab.products.get(seller_id=product.seller_id, id=product.id) is None
    for attempt in (add(lab, product, 1), change(lab, product, stock=1)):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        await lab.products.remove(seller_id=product.seller_id, id=product.id, at=clock.now())
    assert not (await lab.products.shelves([product.id]))[product.id].for_sale
    assert len(await chain(lab, product)) == 1
    assert await lab.clean()


async def test_another_sellers_id_reaches_nothing(lab: Lab) -> None:
    product = await lab.offer()
    assert await lab.products.get(seller_id=SELLERS[1], id=product.id) is None
    with pytest.raises(NotFound):
        await lab.products.add_stock(seller_id=SELLERS[1], id=product.id, delta=1, reason="", at=clock.now())


async def test_all_products_of_a_seller_are_removed_and_no_other(one_lab: Lab) -> None:
    mine = [await one_lab.offer() for _ in range(105)]
    other = await one_lab.offer(seller_id=SELLERS[1])
    both = await asyncio.gather(*(one_lab.products.remove_all(SELLERS[0], at=clock.now()) for _ in range(2)))
    assert sum(both) == len(mine)
    assert await one_lab.products.remove_all(SELLERS[0], at=clock.now()) == 0
    assert await one_lab.products.get(seller_id=SELLERS[1], id=other.id) == other
    assert await one_lab.clean()


async def test_disabling_keeps_the_stock_and_hides_the_product(lab: Lab) -> None:
    product = await lab.offer(stock=6)
    for active in (False, True):
        after = await lab.products.set_active(
            seller_id=product.seller_id, id=product.id, active=active, at=clock.now()
        )
        assert (after.is_active, after.stock) == (active, 6)
        stored = await lab.db["products"].find_one({"_id": product.id})
        assert bool(stored["listed_in"]) is bool(stored["terms"]) is active
    assert await lab.products.count() == {"active": 1, "disabled": 0}


async def test_counting_and_selling_at_once_loses_no_unit(lab: Lab) -> None:
    product = await lab.offer(stock=50)
    sales = (lab.buy(a_purchase(line(product, 1))) for _ in range(10))
    counts = (change(lab, product, stock=100) for _ in range(4))
    await asyncio.gather(*sales, *counts)
    logs = await chain(lab, product)
    assert logs[-1].new_stock == await lab.stock(product)
    assert await lab.clean()


async def test_the_validator_is_the_last_line_of_defence(lab: Lab) -> None:
    from pymongo.errors import WriteError

    product = await lab.offer(stock=1)
    with pytest.raises(WriteError):
        await lab.db["products"].update_one({"_id": product.id}, {"$set": {"stock": -1}})
    with pytest.raises(WriteError):
        await lab.db["products"].update_one({"_id": product.id}, {"$set": {"price": 1.5}})


async def test_low_stock_shows_the_emptiest_first(lab: Lab) -> None:
    wanted = [await lab.offer(stock=stock, low_stock_threshold=3) for stock in (3, 0, 2)]
    await lab.offer(stock=4, low_stock_threshold=3)
    await lab.offer(stock=0, is_active=False)
    found = await lab.products.low_stock(SELLERS[0], limit=10)
    assert [product.stock for product in found] == [0, 2, 3]
    assert {product.id for product in found} == {product.id for product in wanted}


async def test_products_are_counted_by_category_exactly(lab: Lab) -> None:
    for category, stock, active in (("A", 1, True), ("A", 0, True), ("B", 1, True), ("C", 1, False)):
        await lab.offer(category=category, stock=stock, is_active=active)
    assert [(c.name, c.count) for c in await lab.products.categories()] == [("A", 2), ("B", 1)]


async def test_a_product_made_twice_is_stored_once_or_not_at_all(lab: Lab) -> None:
    from pymongo.errors import DuplicateKeyError

    from shardmart.service.catalogue import first_log

    product = a_product()
    adds = (lab.products.add(product, log=first_log(product)) for _ in range(4))
    results = await asyncio.gather(*adds, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert all(result is None or isinstance(result, DuplicateKeyError) for result in results)
    assert await lab.clean()

"""Who hears what, through any worker."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.api import ok
from tests.support.database import database
from tests.support.shop import Person, Shop
from tests.support.sockets import opened

SOCKETS = 12


def token_of(person: Person) -> str:
    assert person.api.token is not None
    return person.api.token


async def call(function: Any, *arguments: Any, **options: Any) -> Any:
    """A blocking call to the shop, beside the sockets."""
    return await asyncio.to_thread(lambda: function(*arguments, **options))


async def test_a_checkout_is_told_to_its_seller_and_its_product_to_everybody(shop: Shop) -> None:
    seller, buyer, other = shop.seller(), shop.buyer(), shop.seller()
    product = shop.product(seller, stock=10)
    async with opened(shop.url, token_of(seller), token_of(buyer), token_of(other), None) as sockets:
        of_seller, of_buyer, of_other, anonymous = sockets
        assert (await anonymous.subscribe(product["id"]))["ok"]
        placed = await call(shop.buy, buyer, (product, 2))
        assert (await of_seller.get("order_placed"))[0]["id"] == placed["orders"][0]["id"]
        assert (await of_seller.get("notification"))[0]["kind"] == "order_placed"
        await anonymous.until(lambda s: any(e["stock"] == 8 for e in s.of("stock_update")), "the stock")
        order = placed["orders"][0]
        done = await call(seller.api.put, f"/api/orders/{order['id']}/status", json={"status": "completed"})
        assert ok(done)["status"] == "completed"
        status = (await of_buyer.get("order_status"))[0]
        assert {key: status[key] for key in order} == {**order, "status": "completed"}
        assert [e["kind"] for e in await of_buyer.get("notification")] == ["order_completed"]
        assert of_seller.of("order_status") == of_other.heard == []
        assert {name for name, _ in anonymous.heard} == {"stock_update"}
        for socket in sockets:
            ids = [payload["event_id"] for _, payload in socket.heard]
            assert len(ids) == len(set(ids)), "an event came twice"


async def test_low_stock_is_told_once_per_crossing_to_the_seller_and_to_admins(shop: Shop) -> None:
    seller, buyer = shop.seller(), shop.buyer()
    product = shop.product(seller, stock=6, low_stock_threshold=4)
    stock = f"/api/products/{product['id']}/stock"
    async with opened(shop.url, token_of(seller), token_of(shop.admin(fresh=True))) as (of_seller, of_admin):
        for quantity in (1, 1, 1):  # 5, 4: crossed, 3
            await call(shop.buy, buyer, (product, quantity))
        ok(await call(seller.api.post, stock, json={"delta": 5}))  # 8
        ok(await call(seller.api.post, stock, json={"delta": -6}))  # 2: crossed again
        mine = await of_seller.get("low_stock", 2)
        assert [e["stock"] for e in mine] == [4, 2]
        state = {"name": product["name"], "stock": 4, "low_stock_threshold": 4}
        assert mine[0] == {"event_id": mine[0]["event_id"], "product_id": product["id"], **state}
        await of_admin.until(
            lambda s: sum(e["product_id"] == product["id"] for e in s.of("low_stock")) == 2, "both crossings"
        )
    kinds = [n["kind"] for n in seller.api.all("/api/notifications/")]
    assert kinds.count("low_stock") == 2
    assert kinds.count("order_placed") == 3


async def test_what_is_written_by_hand_is_told_too(shop: Shop) -> None:
    seller = shop.seller()
    product = shop.product(seller, stock=10)
    async with opened(shop.url, None, None) as sockets:
        await sockets[0].subscribe(product["id"])
        await sockets[1].subscribe(catalog=True)
        with database(shop) as db:
            db.products.update_one(
                {"_id": product["id"], "seller_id": seller.id}, {"$set": {"stock": 3}, "$inc": {"version": 1}}
            )
        for socket in sockets:
            await socket.until(
                lambda s: any(e["product_id"] == product["id"] and e["stock"] == 3 for e in s.of("stock_update")),
                "the new stock",
            )
        with database(shop) as db:  # as it was, for the audit
            db.products.update_one(
                {"_id": product["id"], "seller_id": seller.id}, {"$set": {"stock": 10}, "$inc": {"version": 1}}
            )


async def test_every_socket_of_many_hears_its_own_and_nobody_elses(shop: Shop) -> None:
    seller = shop.seller()
    products = [shop.product(seller, stock=100) for _ in range(SOCKETS)]
    buyers = [shop.buyer() for _ in range(SOCKETS)]
    orders = [shop.buy(buyer, (products[0], 1))["orders"][0] for buyer in buyers]
    async with opened(shop.url, *(token_of(buyer) for buyer in buyers)) as sockets:
        for socket, product, buyer in zip(sockets, products, buyers, strict=True):
            assert (await socket.subscribe(product["id"]))["ok"]
            stranger = buyers[0].id if buyer is not buyers[0] else buyers[1].id
            refused = await socket.ask("subscribe", {"rooms": [f"user:{stranger}"]})
            assert refused["code"] == "validation_failed"
            assert (await socket.subscribe(f"user:{stranger}"))["subscriptions"] == 1
        for order in orders:
            await call(seller.api.put, f"/api/orders/{order['id']}/status", json={"status": "completed"})
        for product in products:
            await call(seller.api.put, f"/api/products/{product['id']}", json={"stock": 50})
        for socket, order, product in zip(sockets, orders, products, strict=True):
            await socket.until(lambda s: any(e["stock"] == 50 for e in s.of("stock_update")), "its product")
            assert [e["id"] for e in await socket.get("order_status")] == [order["id"]]
            assert {e["product_id"] for e in socket.of("stock_update")} == {product["id"]}


async def test_a_hot_product_ends_at_its_true_stock_and_never_goes_backwards(shop: Shop) -> None:
    seller = shop.seller()
    product = shop.product(seller, stock=1000)
    async with opened(shop.url, *[None] * SOCKETS) as sockets:
        for socket in sockets:
            await socket.subscribe(product["id"])
        for _ in range(20):
            changed = await call(seller.api.post, f"/api/products/{product['id']}/stock", json={"delta": -1})
        stock = ok(changed)["stock"]
        for socket in sockets:
            await socket.until(lambda s: s.heard[-1][1]["stock"] == stock if s.heard else False, "the true stock")
            versions = [e["version"] for e in socket.of("stock_update")]
            assert versions == sorted(set(versions))

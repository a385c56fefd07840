"""The story that ends the issue, from the first visit to the audit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.support.api import ok
from tests.support.ledger import clean
from tests.support.nodes import heal, lab, primary
from tests.support.parallel import checkout_until_answered
from tests.support.shop import DEMO_PASSWORD, Shop, new_key


def test_the_demo_buyer_buys_from_two_sellers_and_again_while_the_primary_dies(broken: Shop) -> None:
    shop = broken
    buyer = shop.login("buyer@demo.com", DEMO_PASSWORD)
    assert ok(buyer.api.get("/api/auth/profile"))["role"] == "buyer"
    ok(buyer.api.delete("/api/cart/"))
    before = buyer.api.all("/api/orders/my-orders", limit=100)

    # the demo's catalogue: look around, then search for something that is there
    everything = shop.anonymous.all("/api/products/", in_stock="true", limit=100)
    assert len({product["seller_id"] for product in everything}) >= 2, "the demo has one seller only"
    assert ok(shop.anonymous.get("/api/products/categories"))["items"]
    first = everything[0]
    found = shop.anonymous.all("/api/products/", q=first["name"])
    assert first["id"] in [product["id"] for product in found]
    second = next(product for product in everything if product["seller_id"] != first["seller_id"])

    # a cart from two sellers, bought at the price that was shown
    ok(buyer.api.put(f"/api/cart/items/{first['id']}", json={"quantity": 1}))
    cart = ok(buyer.api.put(f"/api/cart/items/{second['id']}", json={"quantity": 1}))
    assert cart["total_amount"] == first["price"] + second["price"]
    total = {"expected_total": float(cart["total_amount"])}
    bought = ok(buyer.api.post("/api/orders/", json=total, headers={"Idempotency-Key": new_key()}), 201)
    assert {order["seller_id"] for order in bought["orders"]} == {first["seller_id"], second["seller_id"]}
    assert ok(buyer.api.get("/api/cart/"))["items"] == []
    orders = buyer.api.all("/api/orders/my-orders", limit=100)
    assert len(orders) == len(before) + 2
    assert {order["id"] for order in bought["orders"]} <= {order["id"] for order in orders}

    # the primary is killed by the lab call while another order is placed
    body = {"items": [{"product_id": second["id"], "quantity": 1}]}
    with ThreadPoolExecutor(1) as pool:
        victim = primary(shop)
        lab(shop, victim, "kill")
        answer = pool.submit(checkout_until_answered, buyer.api, body, new_key()).result(60)
    assert ok(answer, 201)["orders"][0]["seller_id"] == second["seller_id"]
    assert primary(shop) != victim
    heal(shop)
    assert len(buyer.api.all("/api/orders/my-orders", limit=100)) == len(before) + 3
    assert ok(shop.anonymous.get(f"/api/products/{second['id']}"))["stock"] == second["stock"] - 2
    clean(shop)
    assert shop.demo.shardmart("audit").returncode == 0


def test_the_demo_seller_sees_the_sale_and_completes_it(broken: Shop) -> None:
    shop = broken
    seller, buyer = shop.login("seller@demo.com", DEMO_PASSWORD), shop.buyer()
    before = ok(seller.api.get("/api/seller/stats"))
    mine = seller.api.all("/api/products/my-products", limit=100)
    assert mine, "the demo seller sells nothing"
    product = next(product for product in mine if product["stock"] > 0 and product["is_active"])
    order = shop.buy(buyer, (product, 1))["orders"][0]
    assert ok(seller.api.get("/api/orders/seller-orders", params={"limit": 1}))["items"] == [order]
    ok(seller.api.put(f"/api/orders/{order['id']}/status", json={"status": "completed"}))
    after = ok(seller.api.get("/api/seller/stats"))
    assert after["revenue"] - before["revenue"] == product["price"]
    assert (after["orders"], after["units"]) == (before["orders"] + 1, before["units"] + 1)

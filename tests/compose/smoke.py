"""One walk through the contract: what breaks first when a shop may not do what it has to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from tests.support.api import ok, problem
from tests.support.demo import Demo
from tests.support.shop import Shop, money, new_key


def shop_at(url: str) -> Shop:
    """A shop that runs without a demo."""
    return Shop(cast("Demo", SimpleNamespace(url=url)))


def smoke(shop: Shop, *, admin_email: str, admin_password: str) -> dict[str, Any]:
    """Buys, cancels, completes, reads every kind of page; the audit's answer."""
    seller, buyer, admin = shop.seller(), shop.buyer(), shop.login(admin_email, admin_password)
    product = shop.product(seller, stock=10, price=2.5)
    key = new_key()
    bought = shop.buy(buyer, (product, 3), key=key)
    assert money(bought["total_amount"]) == money("7.5")
    assert shop.buy(buyer, (product, 3), key=key) == bought
    problem(shop.try_to_buy(buyer, (product, 8)), 409, "insufficient_stock")
    order = bought["orders"][0]["id"]
    ok(buyer.api.put(f"/api/orders/{order}/status", json={"status": "cancelled"}))
    assert shop.stock_of(product) == 10
    ok(seller.api.post(f"/api/products/{product['id']}/stock", json={"delta": 5}))
    ok(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 1}))
    ok(buyer.api.post("/api/orders/", json={}), 201)

    for path in ("/api/products/", "/api/products/categories", f"/api/products/{product['id']}", "/readyz"):
        ok(shop.anonymous.get(path))
    for path in ("my-products", f"{product['id']}/inventory-logs"):
        assert ok(seller.api.get(f"/api/products/{path}"))["items"]
    assert ok(seller.api.get("/api/seller/stats"))["orders"] == 1
    for path in ("users", "products", "orders", "dashboard", "health"):
        ok(admin.api.get(f"/api/admin/{path}"))
    for shape in ok(admin.api.get("/api/lab/explain"))["items"]:
        ok(admin.api.get(f"/api/lab/explain/{shape['name']}"))
    ok(admin.api.delete(f"/api/admin/users/{seller.id}"), 204)
    audit: dict[str, Any] = ok(admin.api.get("/api/lab/audit"))
    assert (audit["consistent"], audit["violations"]) == (True, [])
    return audit


def states(shop: Shop, admin_email: str, admin_password: str) -> list[str]:
    """Every member's state as the lab shows it."""
    topology = ok(shop.login(admin_email, admin_password).api.get("/api/lab/topology"))
    sets = [topology] if "members" in topology else [*topology["shards"], topology["config"]]
    return sorted(member["state"] for one in sets for member in one["members"])

"""Every route of the contract that is built on the replica set, and what the served document says of them."""

from __future__ import annotations

import re
from typing import Any

from tests.support.api import ok
from tests.support.shop import Shop

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

CONTRACT = """
POST /api/auth/register
POST /api/auth/login
POST /api/auth/refresh
POST /api/auth/logout
GET /api/auth/profile
GET /api/products
GET /api/products/{}
GET /api/products/categories
GET /api/products/my-products
GET /api/products/export.csv
POST /api/products/import
POST /api/products
PUT /api/products/{}
POST /api/products/{}/stock
GET /api/products/{}/inventory-logs
GET /api/products/{}/image
PUT /api/products/{}/image
DELETE /api/products/{}/image
DELETE /api/products/{}
GET /api/cart
PUT /api/cart/items/{}
DELETE /api/cart
POST /api/orders
GET /api/orders/my-orders
GET /api/orders/seller-orders
GET /api/orders/{}
PUT /api/orders/{}/status
GET /api/seller/stats
GET /api/admin/users
GET /api/admin/products
GET /api/admin/orders
DELETE /api/admin/users/{}
PUT /api/admin/products/{}/disable
PUT /api/admin/products/{}/enable
GET /api/admin/dashboard
GET /api/admin/health
GET /api/lab/topology
GET /api/lab/explain
GET /api/lab/explain/{}
POST /api/lab/nodes/{}/{}
GET /api/lab/audit
POST /api/lab/load
GET /api/lab/load
DELETE /api/lab/load
GET /healthz
GET /readyz
GET /metrics
""".strip().splitlines()


def document(shop: Shop) -> dict[str, Any]:
    served: dict[str, Any] = ok(shop.anonymous.get("/docs/openapi.json"))
    return served


def normal(method: str, path: str) -> str:
    """`PUT /api/products/{}`: no names of parameters, no slash at the end."""
    plain = re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"
    return f"{method.upper()} {re.sub(r'^/api/lab/nodes/{}/[a-z]+$', '/api/lab/nodes/{}/{}', plain)}"


def operations(served: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        normal(method, path): operation
        for path, methods in served["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }

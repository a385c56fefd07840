"""The yardstick of `checkout`: the textbook behind bare Sanic, one `with_transaction` a checkout of one line.

No token is verified, no key is kept, nothing is counted and no answer is stored. The driver retries for it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId
from sanic import HTTPResponse, Request, Sanic, json

from shardmart import bootstrap, settings

app = Sanic("bare_checkout")
app.config.AUTO_EXTEND = False
app.config.RESPONSE_TIMEOUT = 130  # `with_transaction` gives up after 120 s
mongo = bootstrap.open_mongo(settings.load(env_file=None))
products, orders, logs = (mongo.collection(name) for name in ("products", "orders", "inventory_logs"))


@app.before_server_start
async def be_quiet(_: Any) -> None:
    """When a round ends, clients leave in the middle of transactions, each of which Sanic would report at length."""
    logging.getLogger("sanic.error").setLevel(logging.CRITICAL)


@app.post("/api/orders/")
async def checkout(request: Request) -> HTTPResponse:
    (line,) = request.json["items"]
    product_id, quantity = line["product_id"], line["quantity"]

    async def body(session: Any) -> dict[str, Any]:
        return await _checkout(session, product_id, quantity)

    async with mongo.session() as session:
        order = await session.with_transaction(body)
    return json({"orders": [order]}, status=201)


async def _checkout(session: Any, product_id: str, quantity: int) -> dict[str, Any]:
    seller_id, now = product_id[:24], datetime.now(timezone.utc)
    taken = await products.find_one_and_update(
        {"_id": product_id, "seller_id": seller_id, "stock": {"$gte": quantity}},
        {"$inc": {"stock": -quantity, "version": 1}},
        session=session,
    )
    if taken is None:
        raise LookupError("sold out")
    price = taken["price"].to_decimal() * Decimal(quantity)
    order = {
        "_id": f"{seller_id}-{ObjectId()}",
        "checkout_id": f"{seller_id}-{ObjectId()}",
        "buyer_id": "b" * 24,
        "seller_id": seller_id,
        "product_list": [{"product_id": product_id, "name": taken["name"], "quantity": quantity}],
        "total_amount": Decimal128(price),
        "status": "placed",
        "timestamp": now,
    }
    await orders.insert_one(order, session=session)
    log = {
        "_id": f"{product_id}-{taken['version'] + 1:010d}",
        "product_id": product_id,
        "seller_id": seller_id,
        "version": taken["version"] + 1,
        "change_type": "purchase",
        "old_stock": taken["stock"],
        "new_stock": taken["stock"] - quantity,
        "order_id": order["_id"],
        "timestamp": now,
    }
    await logs.insert_one(log, session=session)
    return {**order, "total_amount": float(price), "timestamp": now.isoformat()}

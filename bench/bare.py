"""The yardstick: the shop's two finds behind bare Sanic. Nothing is checked, counted, paged, timed or caught."""

import orjson
from sanic import HTTPResponse, Request, Sanic, json

from shardmart import bootstrap, settings
from shardmart.adapters.mongo import documents, listing
from shardmart.domain.listings import ListingQuery

app = Sanic("bare", dumps=lambda value: orjson.dumps(value, default=lambda d: float(documents.decimal_of(d))))
app.config.AUTO_EXTEND = False  # sanic-ext is installed, and would put its middleware on every answer
products = bootstrap.open_mongo(settings.load(env_file=None)).collection("products")
page, fields = listing.plan(ListingQuery(), None), documents.PRODUCT_FIELDS


@app.get("/api/products/")
async def newest(_: Request) -> HTTPResponse:
    cursor = products.find(page.filter, fields, sort=page.sort, limit=21, hint=page.index)
    return json({"items": (await cursor.to_list(21))[:20]})


@app.get("/api/products/<id>")
async def one(_: Request, id: str) -> HTTPResponse:
    return json(await products.find_one({"_id": id, "seller_id": id[:24], "deleted": False}, fields))

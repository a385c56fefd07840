"""Photos of products."""

from __future__ import annotations

from shardmart.service import photos
from shardmart.web import replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Kind, Reply


async def view(call: Call, id: str) -> Reply:
    """Kept for ever under the address that `image_url` tells; a disabled product's is kept by nobody."""
    photo = await photos.view(call.shop, id, call.visitor, version=call.query["v"])
    kind = (Kind.HASHED if photo.lasting else Kind.FRESH) if photo.public else Kind.API
    tag = f'"{photo.id}"'
    if tag in call.request.headers.get("if-none-match", ""):
        return Reply(status=304, headers={"etag": tag}, kind=kind)
    return Reply(photo.data, headers={"etag": tag}, content_type="image/webp", kind=kind)


async def put(call: Call, id: str) -> Reply:
    return replies.ok(views.product(await photos.put(call.shop, call.actor, id, call.request.body)))


async def remove(call: Call, id: str) -> Reply:
    return replies.ok(views.product(await photos.remove(call.shop, call.actor, id)))

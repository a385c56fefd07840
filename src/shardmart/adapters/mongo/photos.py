"""Photos in GridFS: `images.files` and `images.chunks`, not sharded; a photo is one chunk as a rule."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

from gridfs.errors import CorruptGridFile, NoFile

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.failures import repository

BUCKET, CHUNK_BYTES = "images", 1 << 20
FIRST_CHUNK = "files_id_1_n_1"


@repository
class MongoPhotos:
    def __init__(self, mongo: Mongo) -> None:
        self._bucket = mongo.bucket(BUCKET, chunk_bytes=CHUNK_BYTES)
        self._chunks = mongo.collection(f"{BUCKET}.chunks")

    async def add(self, photo_id: str, data: bytes) -> None:
        await self._bucket.upload_from_stream_with_id(photo_id, f"{photo_id}.webp", data)

    async def get(self, photo_id: str) -> bytes | None:
        read = BytesIO()
        try:
            await self._bucket.download_to_stream(photo_id, read)
        except (NoFile, CorruptGridFile):  # replaced this moment
            return None
        return read.getvalue()

    async def remove(self, photo_id: str) -> None:
        with suppress(NoFile):  # its chunks are removed all the same
            await self._bucket.delete(photo_id)

    async def ids(self, *, after: str, limit: int) -> list[str]:
        """By their chunks: an upload that broke off has left those alone."""
        which = {"files_id": {"$gt": after}, "n": 0}
        cursor = self._chunks.find(which, {"_id": 0, "files_id": 1}, sort=[("files_id", 1)], limit=limit)
        return [d["files_id"] for d in await cursor.hint(FIRST_CHUNK).to_list(limit)]

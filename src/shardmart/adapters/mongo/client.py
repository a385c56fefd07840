"""The driver seam: Motor or PyMongo's AsyncMongoClient behind one face.

Both share almost all of their API. What differs is absorbed here and nowhere else (change streams: `streams`):
`aggregate()` and `start_transaction()` are awaited on the successor only, `start_session()` on both, `close()` on the
successor. Repositories are typed against the successor's classes; see docs/adr/0002.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from shardmart.adapters.mongo.pool import PoolMeter
from shardmart.adapters.mongo.streams import Batches, MotorStream, SuccessorStream

Document = dict[str, Any]
Collection = AsyncCollection[Document]
Session = AsyncClientSession

MAJORITY = WriteConcern("majority", wtimeout=8000)
PRIMARY_ALONE = WriteConcern(1)  # for the lab: what is acknowledged with it can be rolled back
WRITE_CONCERNS = {"majority": MAJORITY, "1": PRIMARY_ALONE}
READ_MAJORITY = ReadConcern("majority")
SNAPSHOT = ReadConcern("snapshot")

# An election takes about 3 s with the settings of `cluster`; waiting longer than a request makes no sense.
CLIENT_OPTIONS: Mapping[str, Any] = {
    "serverSelectionTimeoutMS": 5000,
    "connectTimeoutMS": 2000,
    "socketTimeoutMS": 9000,
    "heartbeatFrequencyMS": 1000,
    "maxPoolSize": 100,
    "retryWrites": True,
    "retryReads": True,
    "appname": "shardmart",
}


class Mongo:
    """A connected client and the shop's database. Everything is written with majority unless said otherwise."""

    def __init__(self, uri: str, *, database: str, driver: str, write_concern: WriteConcern = MAJORITY) -> None:
        self.uri = uri
        self.driver = driver
        self.client = cast("AsyncMongoClient[Document]", _connect(uri, driver))
        self.db: AsyncDatabase[Document] = self.client.get_database(database, write_concern=write_concern)
        self._successor = driver == "pymongo"

    def collection(self, name: str, *, secondary: bool = False, majority: bool = False) -> Collection:
        """A collection; read from secondaries when they answer, or with majority, when asked for."""
        return self.db.get_collection(
            name,
            read_preference=ReadPreference.SECONDARY_PREFERRED if secondary else None,
            read_concern=READ_MAJORITY if majority else None,
        )

    def bucket(self, name: str, *, chunk_bytes: int) -> AsyncGridFSBucket:
        """A GridFS bucket."""
        if self._successor:
            return AsyncGridFSBucket(self.db, name, chunk_size_bytes=chunk_bytes)
        from motor.motor_asyncio import AsyncIOMotorGridFSBucket  # noqa: PLC0415 - not needed with the successor

        db: Any = self.db
        return cast("AsyncGridFSBucket", AsyncIOMotorGridFSBucket(db, name, chunk_size_bytes=chunk_bytes))

    async def aggregate(
        self, collection: Collection, pipeline: Sequence[Mapping[str, Any]], **options: Any
    ) -> list[Document]:
        """All documents that the pipeline yields: for bounded results."""
        cursor: Any = collection.aggregate(pipeline, **options)
        if inspect.isawaitable(cursor):
            cursor = await cursor
        return cast("list[Document]", await cursor.to_list(None))

    async def stream(
        self, collection: Collection, pipeline: Sequence[Mapping[str, Any]], **options: Any
    ) -> AsyncIterator[Document]:
        """The documents that the pipeline yields, a batch in memory at a time."""
        cursor: Any = collection.aggregate(pipeline, **options)
        if inspect.isawaitable(cursor):
            cursor = await cursor
        async for document in cursor:
            yield document

    @asynccontextmanager
    async def watch(self, pipeline: Sequence[Mapping[str, Any]], **options: Any) -> AsyncIterator[Batches]:
        """A change stream over the shop's database, open when the block begins."""
        stream = SuccessorStream(self.db) if self._successor else MotorStream(self.db)
        try:
            await stream.open(pipeline, **options)
            yield stream
        finally:
            await stream.close()

    @asynccontextmanager
    async def session(self, **options: Any) -> AsyncIterator[Session]:
        """A session that ends with the block."""
        session = self.client.start_session(**options)
        if inspect.isawaitable(session):
            session = await session
        try:
            yield session
        finally:
            await session.end_session()

    async def begin(self, session: Session) -> None:
        """Starts a transaction that reads a snapshot and commits with majority."""
        started = session.start_transaction(
            read_concern=SNAPSHOT, write_concern=self.db.write_concern, read_preference=ReadPreference.PRIMARY
        )
        if inspect.isawaitable(started):
            await started

    async def close(self) -> None:
        closed = self.client.close()
        if inspect.isawaitable(closed):
            await closed


def _connect(uri: str, driver: str) -> Any:
    options = {**CLIENT_OPTIONS, "event_listeners": [PoolMeter()]}
    if driver == "pymongo":
        return AsyncMongoClient(uri, **options)
    # Motor's operations wait in threads, 5 a core unless it is told so before it is imported: as many that wait for a
    # shard which is away would stop all others.
    os.environ.setdefault("MOTOR_MAX_WORKERS", str(CLIENT_OPTIONS["maxPoolSize"]))
    from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - not needed with the successor

    return AsyncIOMotorClient(uri, **options)

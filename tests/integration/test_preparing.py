"""Preparing a database: by several app nodes at once, and again."""

from __future__ import annotations

import asyncio

from shardmart.adapters.mongo.schema import ensure_schema, require_schema
from tests.integration.lab import Cluster, opened, settings_for


async def test_app_nodes_that_start_at_once_prepare_one_database_together(cluster: Cluster) -> None:
    settings = settings_for(cluster.uri, "test_preparing", "pymongo")
    async with opened(settings, fresh=False) as lab:
        mongo = lab.running.mongo
        await mongo.client.drop_database(settings.mongo_database)
        await asyncio.gather(*(ensure_schema(mongo) for _ in range(8)))
        await require_schema(mongo)
        await ensure_schema(mongo)
        await mongo.client.drop_database(settings.mongo_database)
